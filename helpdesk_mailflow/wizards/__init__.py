from . import (
    helpdesk_forward,
    helpdesk_from_address_removal,
    helpdesk_from_test,
    helpdesk_scanner_begin,
    helpdesk_template_sender,
    mail_compose_message,
)
