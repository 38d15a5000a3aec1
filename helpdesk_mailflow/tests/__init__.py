from . import (
    test_access,
    test_contact,
    test_doors,
    test_exactly_once,
    test_failures,
    test_replies,
    test_support_alias,
    test_ticket,
)
