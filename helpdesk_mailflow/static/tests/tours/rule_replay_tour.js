import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("helpdesk_mailflow_rule_replay", {
    url: "/odoo/mail-rules",
    steps: () => [
        {
            content: "Look at what would have been different",
            trigger: "button:contains('Look back')",
            run: "click",
        },
        { content: "Begin", trigger: "button[name=action_start]:contains('Begin')", run: "click" },
        {
            content: "It says how many were looked at",
            trigger: ".o_field_widget[name=summary]:contains('would have another outcome')",
        },
        {
            content: "Mails whose outcome changes are listed",
            trigger: ".o_data_row:contains('Printers wait') .o_data_cell[name=now]:contains('Held')",
        },
        {
            content: "Open the trace of one",
            trigger: ".o_data_row button[name=action_trace]",
            run: "click",
        },
        {
            content: "The trace names the rule",
            trigger: ".modal .o_field_widget[name=would_be]:contains('Printers wait')",
        },
        {
            content: "Close it",
            trigger: ".modal-footer button:contains('Close')",
            run: "click",
        },
        { trigger: "body:not(:has(.modal))" },
    ],
});
