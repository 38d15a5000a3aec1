import { openHelpdeskMenu } from "./helpdesk_mail";

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const openFromAddresses = () =>
    openHelpdeskMenu("helpdesk_mailflow.mail_menu", "helpdesk_mailflow.from_address_menu");
const ROW = ".o_data_row:contains('sales@acorn-tests.example')";

registry.category("web_tour.tours").add("helpdesk_mailflow.from_address_add", {
    steps: () => [
        ...openFromAddresses(),
        {
            content: "What Odoo sends as is there, verified",
            trigger: ".o_data_row:contains('notifications@mailflow.test'):contains('Verified')",
        },
        { content: "Add another one", trigger: ".o_list_button_add", run: "click" },
        {
            content: "Type the address",
            trigger: ".o_form_view [name='email'] input",
            run: "edit Sales@Acorn-Tests.example",
        },
        {
            content: "Type the friendly name",
            trigger: ".o_form_view [name='friendly_name'] input",
            run: "edit Acorn Sales",
        },
        ...stepUtils.saveForm(),
        {
            content: "It says that nothing is sent as it yet",
            trigger: ".o_form_view .alert:contains('Nothing is sent as this address')",
        },
        {
            content: "It cannot be the default",
            trigger: ".o_form_view:not(:has(button[name='action_make_default']))",
        },
        {
            content: "Send it a mail",
            trigger: "button[name='action_send_verification']:contains('Send verification')",
            run: "click",
        },
        {
            content: "It says what to do now",
            trigger: ".o_form_view .alert:contains('spam folder')",
        },
        {
            content: "Be impatient",
            trigger: "button[name='action_send_verification']:contains('Send again')",
            run: "click",
        },
        {
            content: "Another mail so soon would be no help",
            trigger: ".modal .modal-body:contains('less than a minute ago')",
        },
        { content: "All right", trigger: ".modal .modal-footer button", run: "click" },
        { content: "The question is gone", trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.from_address_confirm", {
    steps: () => [
        {
            content: "The page says what is to be confirmed",
            trigger: ".o_helpdesk_from_verification:contains('sales@acorn-tests.example')",
        },
        {
            content: "Confirm",
            trigger: ".o_helpdesk_from_verification button:contains('Confirm')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is confirmed",
            trigger: ".o_helpdesk_from_verification[data-status='confirmed']",
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.from_address_use", {
    steps: () => [
        ...openFromAddresses(),
        {
            content: "It is verified",
            trigger: `${ROW}:contains('Verified') [name='email']`,
            run: "click",
        },
        {
            content: "Make it the default",
            trigger: "button[name='action_make_default']",
            run: "click",
        },
        {
            content: "It answers for the support aliases now",
            trigger:
                ".o_form_view:not(:has(button[name='action_make_default'])) button[name='action_open_aliases']",
        },
        { content: "Disable it", trigger: "button[name='action_disable']", run: "click" },
        {
            content: "It names what falls back to what",
            trigger:
                ".modal .modal-body:contains('Reception'):contains('notifications@mailflow.test')",
        },
        {
            content: "Do it",
            trigger: ".modal .modal-footer button[name='action_confirm']",
            run: "click",
        },
        {
            content: "It is disabled",
            trigger: ".o_form_view button[name='action_enable']",
        },
        { content: "Enable it again", trigger: "button[name='action_enable']", run: "click" },
        {
            content: "It is offered again",
            trigger: ".o_form_view button[name='action_make_default']",
        },
        { content: "What else can be done", trigger: ".o_cp_action_menus button", run: "click" },
        { content: "Delete it", trigger: ".o_menu_item:contains('Delete')", run: "click" },
        {
            content: "It asks",
            trigger: ".modal .modal-body:contains('is deleted')",
        },
        {
            content: "Keep it",
            trigger: ".modal .modal-footer button:contains('Keep it')",
            run: "click",
        },
        { content: "The question is gone", trigger: "body:not(:has(.modal))" },
    ],
});
