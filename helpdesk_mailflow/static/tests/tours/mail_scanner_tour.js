import { openHelpdeskMenu } from "./helpdesk_mail";

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const edit = (field, value) => ({
    content: `Type ${field}`,
    trigger: `.o_form_view [name='${field}'] input`,
    run: `edit ${value}`,
});

registry.category("web_tour.tours").add("helpdesk_mailflow.mail_scanner", {
    steps: () => [
        ...openHelpdeskMenu(
            "helpdesk_mgmt.helpdesk_ticket_config_main_menu",
            "helpdesk_mailflow.scanner_menu"
        ),
        { content: "A new one", trigger: ".o_list_button_add", run: "click" },
        {
            content: "It says that it does nothing yet",
            trigger: ".alert:contains('This scanner does nothing until it is activated.')",
        },
        {
            content: "IMAP over TLS is the preset",
            trigger: ".o_form_view [name='port'] input:value('993')",
        },
        edit("name", "Tour mailbox"),
        edit("server", "imap.acorn-tests.example"),
        edit("user", "support"),
        edit("new_password", "secret"),
        ...stepUtils.saveForm(),
        {
            content: "Test the connection",
            trigger: ".o_statusbar_buttons button[name='button_confirm_login']",
            run: "click",
        },
        {
            content: "It says what it found",
            trigger:
                ".o_notification:contains('The connection works: 2 folders were found.')",
        },
        {
            content: "The folders can be chosen from",
            trigger: "[name='folder_ids'] .o_data_row:contains('Archive')",
        },
        {
            content: "Activate",
            trigger: ".o_statusbar_buttons button[name='action_activate']",
            run: "click",
        },
        {
            content: "By default what is in the mailbox stays as it is",
            trigger:
                ".modal .alert:contains('The mails that are in the mailbox now stay as they are.')",
        },
        {
            content: "Look back some days",
            trigger: ".modal [name='start'] .o_radio_item:contains('last days') input",
            run: "click",
        },
        {
            content: "It counts the mails that it would fetch",
            trigger: ".modal .alert:contains('2 mails would be fetched.')",
        },
        {
            content: "A week longer",
            trigger: ".modal [name='days'] input",
            run: "edit 14 && press Tab",
        },
        {
            content: "That makes one more",
            trigger: ".modal .alert:contains('3 mails would be fetched.')",
        },
        {
            content: "Activate",
            trigger: ".modal .modal-footer button[name='action_confirm']",
            run: "click",
        },
        {
            content: "It is active",
            trigger:
                "body:not(:has(.modal)) .o_form_view [name='scanner_state']:contains('Active')",
        },
        {
            content: "Run it now",
            trigger: ".o_statusbar_buttons button[name='action_run_now']",
            run: "click",
        },
        {
            content: "It says how many it fetched",
            trigger: ".o_notification:contains('3 mails were fetched.')",
        },
        {
            content: "They are counted on the form; open them",
            trigger: "button[name='action_open_mails']:contains('3')",
            run: "click",
        },
        {
            content: "They are in the ledger",
            trigger: ".o_data_row:contains('Ten days old'):contains('Done')",
        },
    ],
});
