from . import test_contact, test_doors, test_exactly_once, test_replies, test_support_alias, test_ticket
