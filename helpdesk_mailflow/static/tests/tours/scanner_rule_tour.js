import { chooseFact, chooseOperator, enter, first, last, rows, save } from "./conditions";
import { openHelpdeskMenu } from "./helpdesk_mail";

import { dragenterFiles, dropFiles } from "@web/../tests/utils";
import { registry } from "@web/core/registry";

const SOURCE = [
    "From: Marta Lindqvist <marta@acorn-tests.example>",
    "To: support@mailflow.test",
    "Subject: Nothing to pay",
    "Date: Tue, 03 Mar 2026 09:30:00 +0000",
    "Message-ID: <nothing@acorn-tests.example>",
    "",
    "Only a letter.",
].join("\n");

/**
 * A new action of a kind.
 *
 * @param {Object[]} more steps in its form
 */
const addAction = (kind, more = []) => [
    {
        content: "Add an action",
        trigger: "[name='action_ids'] .o_field_x2many_list_row_add a",
        run: "click",
    },
    ...select("kind", kind),
    ...more,
    {
        content: "Done",
        trigger: ".modal .o_form_button_save",
        run: "click",
    },
    {
        trigger: `body:not(:has(.modal)) [name='action_ids']:contains('${kind}')`,
    },
];

const select = (field, label) => [
    {
        content: `Open the choice of ${field}`,
        trigger: `.modal .o_field_widget[name='${field}'] .o_select_menu_toggler`,
        run: "click",
    },
    {
        content: `Choose ${label}`,
        trigger: `.o_select_menu_item:contains('${label}')`,
        run: "click",
    },
];

registry.category("web_tour.tours").add("helpdesk_mailflow.scanner_rule", {
    steps: () => [
        ...openHelpdeskMenu(
            "helpdesk_mgmt.helpdesk_ticket_config_main_menu",
            "helpdesk_mailflow.scanner_rule_menu"
        ),
        {
            content: "A new rule",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "Name the rule",
            trigger: "[name='name'] input",
            run: "edit Invoices",
        },
        {
            content: "Not live yet",
            trigger: "[name='active'] input:not(:checked)",
        },
        {
            content: "Add a condition",
            trigger: ".o_rule_add_condition",
            run: "click",
        },
        {
            trigger: first,
        },
        enter(first, "invoice"),
        {
            content: "A group in it",
            trigger: ".o_rule_add_group",
            run: "click",
        },
        {
            trigger: ".o_rule_conditions:contains('any of:')",
        },
        chooseFact(last, "fact_from"),
        {
            trigger: `${last}:has(option[value='fact_from']:checked)`,
        },
        chooseOperator(last, "ends with"),
        enter(last, "@acorn-tests.example"),
        {
            content: "Another one in the group",
            trigger: ".o_rule_add_sibling",
            run: "click",
        },
        {
            trigger: `${rows}:eq(2)`,
        },
        chooseFact(last, "fact_has_attachments"),
        {
            content: "How many mails that would be",
            trigger: ".o_rule_count:contains('1 of the 2 mails')",
        },
        ...addAction("Always a new ticket"),
        ...addAction("Set tags and priority", select("priority", "Very High")),
        {
            content: "What was chosen is told",
            trigger: "[name='action_ids'] .o_data_row:contains('Very High')",
        },
        {
            content: "Show the mails that would match, without saving",
            trigger: ".o_rule_count",
            run: "click",
        },
        {
            content: "One of both; try it",
            trigger:
                ".o_rule_try_list:not(:contains('The printer burns')) button:contains('Invoice 4711')",
            run: "click",
        },
        {
            content: "All that would become of it",
            trigger:
                ".o_rule_try_result:has(.o_rule_try_matched):contains('Nothing was written or sent'):contains('The rule “Invoices” matches.')",
        },
        {
            content: "Drop a mail that it does not match",
            trigger: ".o_rule_try",
            async run() {
                const files = [new File([SOURCE], "letter.eml", { type: "message/rfc822" })];
                await dragenterFiles(".o_rule_try", files);
                await dropFiles(".o-Dropzone", files);
            },
        },
        {
            trigger: ".o_rule_try_result:contains('letter.eml'):has(.o_rule_try_unmatched)",
        },
        {
            content: "What is no mail gets a sentence",
            trigger: ".o_rule_try_paste",
            run: "click",
        },
        {
            trigger: ".o_rule_try_source",
            run: "edit Only some words",
        },
        {
            trigger: ".o_rule_try_pasted",
            run: "click",
        },
        {
            trigger:
                ".o_rule_try_result:contains('does not begin with mail headers'):not(:has(.o_rule_try_unmatched))",
        },
        {
            content: "A change is said to make what is shown old",
            trigger: ".o_rule_try:not(:has(.o_rule_try_again))",
        },
        {
            content: "Switch it on",
            trigger: "[name='active'] input:not(:checked)",
            run: "click",
        },
        {
            trigger: ".o_rule_try_again",
        },
        save,
        {
            trigger: ".o_form_saved",
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.scanner_rule_ticket", {
    steps: () => [
        ...openHelpdeskMenu("helpdesk_mailflow.mail_menu", "helpdesk_mailflow.incoming_mail_menu"),
        {
            content: "The mail that came in since",
            trigger: ".o_data_row:contains('Invoice 4712') [name='subject']",
            run: "click",
        },
        {
            content: "Its trace names the rule",
            trigger: ".o_form_view [name='trace_html']:contains('The rule “Invoices” matches.')",
        },
        {
            content: "Open its ticket",
            trigger: ".o_form_view button[name='action_open_tickets']",
            run: "click",
        },
        {
            content: "As the rule wants it",
            trigger: ".o_form_view:has([name='partner_email']) [name='priority'] .fa-star:eq(2)",
        },
    ],
});
