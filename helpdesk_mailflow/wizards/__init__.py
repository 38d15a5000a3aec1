from . import helpdesk_from_test, helpdesk_scanner_begin
