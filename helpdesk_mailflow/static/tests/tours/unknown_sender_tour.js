import { openHelpdeskMenu } from "./helpdesk_mail";

import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("helpdesk_mailflow.unknown_sender", {
    steps: () => [
        ...openHelpdeskMenu("helpdesk_mailflow.mail_menu", "helpdesk_mailflow.incoming_mail_menu"),
        {
            content: "It says how many are held",
            trigger: ".o_incoming_mail_unknown:contains('3')",
            run: "click",
        },
        {
            content: "They are filtered",
            trigger: ".o_searchview_facet:contains('Unknown senders')",
        },
        {
            content: "The list says why each is held; open one",
            trigger:
                ".o_data_row:contains('Held: Unknown sender') [name='subject']:contains('First question')",
            run: "click",
        },
        {
            content: "It names who is unknown, and the other mail",
            trigger: ".alert:contains('bo@cedar-tests.example') [name='others_of_sender']:contains('1')",
        },
        {
            content: "The sender can be blocked as well",
            trigger: ".o_statusbar_buttons button[name='action_block_sender']",
        },
        {
            content: "Make the contact and the tickets",
            trigger: "button[name='action_make_contact_of_all']",
            run: "click",
        },
        {
            content: "It says what was made, and that it stays",
            trigger:
                ".o_notification:contains('bo@cedar-tests.example is a contact now, and stays one')",
        },
        {
            content: "Both have their ticket: they are listed",
            trigger: ".o_data_row:contains('Bo Ek') , .o_kanban_record:contains('Bo Ek')",
        },
    ],
});
