from . import test_contact, test_doors, test_support_alias, test_ticket
