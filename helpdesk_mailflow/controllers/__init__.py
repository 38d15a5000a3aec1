from . import from_address, source
