import { openHelpdeskMenu } from "./helpdesk_mail";

import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("helpdesk_mailflow.team_leader", {
    steps: () => [
        ...openHelpdeskMenu("helpdesk_mailflow.mail_menu", "helpdesk_mailflow.my_team_menu"),
        {
            content: "Only the own team is listed; open it",
            trigger:
                ".o_list_view:not(:has(.o_data_row:contains('Back office'))) .o_data_row [name='complete_name']:contains('Front desk')",
            run: "click",
        },
        {
            content: "What the team is called in mails",
            trigger: ".o_form_view [name='mail_display_name'] input",
            run: "edit Acorn care",
        },
        {
            content: "Past addresses",
            trigger: ".o_notebook .nav-link:contains('Past addresses')",
            run: "click",
        },
        {
            content: "Retire one",
            trigger: ".o_data_row:contains('hello@mailflow.test') button[name='action_retire']",
            run: "click",
        },
        {
            content: "It is retired",
            trigger: ".o_data_row:contains('hello@mailflow.test') .badge:contains('Retired')",
        },
        {
            content: "And brought back",
            trigger: ".o_data_row:contains('hello@mailflow.test') button[name='action_bring_back']",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains('hello@mailflow.test') .badge:contains('Past')",
        },
        {
            content: "The queues of others can be read",
            trigger: ".o_menu_sections [data-menu-xmlid='helpdesk_mailflow.mail_menu']",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu [data-menu-xmlid='helpdesk_mailflow.support_alias_menu']",
            run: "click",
        },
        {
            trigger: ".o_kanban_record:contains('Reception'):not(:has(button[name='action_switch_intake']))",
            run: "click",
        },
        {
            content: "But not changed",
            trigger:
                ".o_form_view:not(:has([name='name'] input)):not(:has([name='action_switch_intake'])) [name='name']:contains('Reception')",
        },
    ],
});
