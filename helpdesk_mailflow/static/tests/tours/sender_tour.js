import { openHelpdeskMenu } from "./helpdesk_mail";

import { registry } from "@web/core/registry";

const block = ".o_statusbar_buttons button[name='action_block_sender']";
const unblock = ".o_statusbar_buttons button[name='action_unblock_sender']";
const badge = ".o_form_view .o_listed_sender:contains('Blocked')";

registry.category("web_tour.tours").add("helpdesk_mailflow.block_sender", {
    steps: () => [
        { content: "Block the sender", trigger: block, run: "click" },
        { content: "The ticket shows it", trigger: badge },
        {
            content: "Undo it",
            trigger:
                ".o_notification:contains('joe@acme.example is blocked') button:contains('Undo')",
            run: "click",
        },
        { content: "It can be blocked again", trigger: `body:not(:has(${badge})) ${block}` },
        {
            content: "Block the whole domain",
            trigger: ".o_statusbar_buttons button[name='action_block_domain']",
            run: "click",
        },
        {
            content: "It says what was blocked",
            trigger: ".o_notification:contains('acme.example is blocked')",
        },
        { content: "Unblock it on the ticket", trigger: unblock, run: "click" },
        {
            content: "It says so",
            trigger: ".o_notification:contains('acme.example is no longer blocked')",
        },
        { content: "Block once more, to stay", trigger: block, run: "click" },
        { trigger: badge },
        ...openHelpdeskMenu(
            "helpdesk_mgmt.helpdesk_ticket_config_main_menu",
            "helpdesk_mailflow.sender_menu"
        ),
        {
            content: "The list has it; choose it",
            trigger: ".o_data_row:contains('joe@acme.example') .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Take it off",
            trigger: "button[name='action_unblock']",
            run: "click",
        },
        {
            content: "The list is empty; add one",
            trigger: ".o_list_view:not(:has(.o_data_row)) .o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_form_view [name='pattern'] input",
            run: "edit GMail.com",
        },
        { trigger: ".o_form_view [name='reason'] input", run: "click" },
        {
            content: "A provider for everyone is warned of",
            trigger: ".o_form_view .alert:contains('gives addresses to everyone')",
        },
        {
            trigger: ".o_form_view [name='pattern'] input",
            run: "edit @Spam.example",
        },
        { trigger: ".o_form_view [name='reason'] input", run: "click" },
        { content: "No warning any more", trigger: ".o_form_view:not(:has(.alert-warning))" },
        { trigger: ".o_form_button_save", run: "click" },
        { content: "Saved", trigger: ".o_form_saved" },
    ],
});
