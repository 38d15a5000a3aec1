from . import helpdesk_from_address_removal, helpdesk_from_test, helpdesk_scanner_begin
