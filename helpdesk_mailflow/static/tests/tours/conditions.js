/** Steps in the condition editor. */

export const rows = ".o_rule_conditions.o_edit_mode .o_tree_editor_condition";
export const last = `${rows}:last`;
export const first = `${rows}:first`;

/** Choose what a condition looks at. */
export const chooseFact = (row, name) => ({
    content: `Choose ${name}`,
    trigger: `${row} .o_rule_fact`,
    run: `select ${name}`,
});

export const chooseOperator = (row, label) => ({
    content: `Choose “${label}”`,
    trigger: `${row} .o_tree_editor_editor:nth-child(2) select`,
    run: `selectByLabel ${label}`,
});

export const enter = (row, value) => ({
    content: `Enter ${value}`,
    trigger: `${row} .o_tree_editor_editor:nth-child(3) input`,
    run: `edit ${value} && press Tab`,
});

export const save = {
    content: "Save",
    trigger: ".o_form_button_save",
    run: "click",
};
