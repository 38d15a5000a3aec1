import { chooseFact, chooseOperator, enter, first, last, rows, save } from "./conditions";

import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("helpdesk_mailflow.condition_editor", {
    steps: () => [
        {
            content: "Without conditions, every mail",
            trigger: ".o_rule_conditions:contains('Every mail')",
        },
        {
            content: "Name the rule",
            trigger: "[name='name'] input",
            run: "edit Invoices",
        },
        {
            content: "Add a condition",
            trigger: ".o_rule_add_condition",
            run: "click",
        },
        {
            content: "It lacks a value, which is said",
            trigger: ".o_rule_problem.text-warning:contains('lacks a value')",
        },
        save,
        {
            content: "So it cannot be saved",
            trigger: ".o_rule_problem.text-danger:contains('lacks a value')",
        },
        {
            content: "Only facts are offered, and nothing behind them",
            trigger: `${first}:has(optgroup[label='What it says']):not(:has(option[value='id'])):not(:has(option[value='trace'])):not(:has(.o_model_field_selector))`,
        },
        enter(first, "invoice"),
        {
            content: "Nothing is missing now",
            trigger: ".o_rule_domain:not(:has(.o_rule_problem))",
        },
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
        {
            content: "What could stand for anything is refused",
            trigger: `${last} .o_tree_editor_editor:nth-child(3) input`,
            run: "edit 100% && press Tab",
        },
        {
            trigger: ".o_rule_problem:contains('a percent sign at an end')",
        },
        {
            content: "It stays what was chosen",
            trigger: `${last}:has(option:contains('ends with'):checked)`,
        },
        enter(last, "@acorn-tests.example"),
        {
            trigger: ".o_rule_domain:not(:has(.o_rule_problem))",
        },
        {
            content: "Another one in the group",
            trigger: ".o_rule_add_sibling:last",
            run: "click",
        },
        {
            trigger: `${rows}:eq(2)`,
        },
        chooseFact(last, "fact_has_attachments"),
        {
            content: "Booleans are yes or no",
            trigger: `${last}:has(option:contains('yes'):checked)`,
        },
        {
            content: "One at the end",
            trigger: ".o_rule_add_condition",
            run: "click",
        },
        {
            trigger: `${rows}:eq(3)`,
        },
        chooseFact(last, "contact_id"),
        {
            trigger: `${last}:has(option[value='contact_id']:checked)`,
        },
        chooseOperator(last, "is set"),
        {
            trigger: `${last}:has(option:contains('is set'):checked):not(:has(input))`,
        },
        save,
        {
            trigger: ".o_form_saved",
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.condition_editor_again", {
    steps: () => [
        {
            content: "It is shown as it was entered",
            trigger: `${rows}:eq(1):has(option:contains('ends with'):checked)`,
            run() {
                const shown = [...document.querySelectorAll(rows)].map((row) =>
                    [...row.querySelectorAll("select, input")]
                        .map((each) => each.selectedOptions?.[0].textContent ?? each.value)
                        .join(" ")
                );
                const expected = [
                    "Subject (text) contains invoice",
                    "From (address) ends with @acorn-tests.example",
                    "Has attachments yes",
                    "Contact is set",
                ];
                if (JSON.stringify(shown) !== JSON.stringify(expected)) {
                    console.error(`Shown: ${shown.join("; ")}`);
                }
            },
        },
        {
            content: "Who may not change it reads it",
            trigger:
                ".o_rule_conditions.o_read_mode:has(.o_tree_editor_condition:contains('ends with'):contains('@acorn-tests.example')):has(.o_tree_editor_condition:contains('Has attachments'):contains('yes'))",
        },
    ],
});
