import { clickAndConfirm, openHelpdeskMenu } from "./helpdesk_mail";

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const CARD = ".o_kanban_record:contains('Reception')";

registry.category("web_tour.tours").add("helpdesk_mailflow.support_alias", {
    steps: () => [
        ...openHelpdeskMenu(
            "helpdesk_mailflow.mail_menu",
            "helpdesk_mailflow.support_alias_menu"
        ),
        {
            content: "The address is shown with the friendly name",
            trigger: `${CARD}:contains('Acorn Reception <reception@mailflow.test>'):contains('Intake on')`,
        },
        ...clickAndConfirm(
            `${CARD} button[name='action_switch_intake']`,
            "Switch intake off?",
            "Switch off"
        ),
        { content: "It is off", trigger: `${CARD}:contains('Intake off')` },
        ...clickAndConfirm(
            `${CARD} button[name='action_switch_intake']`,
            "Switch intake on?",
            "Switch on"
        ),
        { content: "It is on again", trigger: `${CARD}:contains('Intake on')` },
        { content: "Open it", trigger: CARD, run: "click" },
        {
            content: "Only the local part is typed",
            trigger: ".o_form_view:contains('@mailflow.test') [name='alias_name'] input:value('reception')",
        },
        {
            content: "Add an external address",
            trigger: "[name='external_address_ids'] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            content: "Type it",
            trigger: "[name='external_address_ids'] .o_selected_row [name='email'] input",
            run: "edit Reception@Old-Shop.example",
        },
        ...stepUtils.saveForm(),
        {
            content: "It is listed, normalised",
            trigger:
                "[name='external_address_ids'] .o_data_row:contains('reception@old-shop.example')",
        },
        { content: "What else can be done", trigger: ".o_cp_action_menus button", run: "click" },
        { content: "Delete it", trigger: ".o_menu_item:contains('Delete')", run: "click" },
        {
            content: "It says what deleting does, and what to do instead",
            trigger: ".modal .modal-body:contains('switch its intake off instead')",
        },
        {
            content: "Keep it",
            trigger: ".modal .modal-footer button:contains('No, keep it')",
            run: "click",
        },
        { content: "It is still there", trigger: "body:not(:has(.modal)) .o_form_view" },
    ],
});
