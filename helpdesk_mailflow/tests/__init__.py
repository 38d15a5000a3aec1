from . import test_doors, test_support_alias, test_ticket
