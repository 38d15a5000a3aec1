from . import from_address, oauth, source
