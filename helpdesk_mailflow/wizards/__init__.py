from . import (
    helpdesk_apply_rules,
    helpdesk_from_address_removal,
    helpdesk_from_test,
    helpdesk_new_authorisation,
    helpdesk_rule_replay,
    helpdesk_scanner_begin,
    helpdesk_set_requester,
    helpdesk_switch_templates,
    mail_compose_message,
    mail_compose_message_forward,
)
