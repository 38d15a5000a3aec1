from . import helpdesk_scanner_begin
