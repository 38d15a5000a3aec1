import { registry } from "@web/core/registry";

const PANEL = ".o_helpdesk_get_started";

registry.category("web_tour.tours").add("helpdesk_mailflow.get_started", {
    url: "/odoo/helpdesk-dashboard",
    steps: () => [
        {
            content: "The first step is the next one",
            trigger: `${PANEL} [data-step=address][data-state=next]`,
        },
        {
            content: "Begin",
            trigger: `${PANEL} button:contains('Connect a mailbox')`,
            run: "click",
        },
        {
            content: "Say what customers write to",
            trigger: ".o_field_widget[name=email] input",
            run: "edit help@acorn-tests.example",
        },
        {
            trigger: "div[name=buttons] button[name=action_next]",
            run: "click",
        },
        {
            content: "Leave the guide",
            trigger: "div[name=step_road]:contains('help@acorn-tests.example')",
        },
        { trigger: ".o_back_button, .breadcrumb-item:contains('Dashboard')", run: "click" },
        {
            content: "The panel says what was begun",
            trigger: `${PANEL}:contains('help@acorn-tests.example') [data-step=connect][data-state=next]`,
        },
        { trigger: `${PANEL} [data-step=address][data-state=done]` },
        {
            content: "Continue",
            trigger: `${PANEL} button:contains('Continue')`,
            run: "click",
        },
        { trigger: "div[name=step_road]:contains('help@acorn-tests.example')" },
        { trigger: ".o_back_button, .breadcrumb-item:contains('Dashboard')", run: "click" },
        {
            content: "Close the panel",
            trigger: `${PANEL} .o_helpdesk_get_started_close`,
            run: "click",
        },
        {
            content: "It says how to get it back",
            trigger: ".o_notification:contains('Configuration › Get started')",
        },
        { trigger: `.o_helpdesk_team_dashboard:not(:has(${PANEL}))` },
        {
            trigger: "[data-menu-xmlid='helpdesk_mgmt.helpdesk_ticket_config_main_menu']",
            run: "click",
        },
        {
            content: "Bring it back",
            trigger: "[data-menu-xmlid='helpdesk_mailflow.get_started_menu']",
            run: "click",
        },
        { trigger: `${PANEL} button:contains('Continue')` },
    ],
});
