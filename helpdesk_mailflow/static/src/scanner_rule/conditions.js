import { _t } from "@web/core/l10n/translation";
import { condition, Expression, operate } from "@web/core/tree_editor/condition_tree";
import { domainFromTree } from "@web/core/tree_editor/domain_from_tree";

/** @typedef {import("@web/core/tree_editor/condition_tree").Tree} Tree */
/** @typedef {import("@web/core/tree_editor/condition_tree").Condition} Condition */

/** What the conditions of a rule look at: its facts are fields of this model. */
export const FACTS_MODEL = "helpdesk.incoming.mail";

/** The facts in the order in which they are offered. */
const GROUPS = [
    [_t("What it says"), ["fact_subject", "fact_body", "fact_language", "pattern_ids"]],
    [
        _t("Sender and recipients"),
        ["fact_from", "fact_from_name", "fact_reply_to", "fact_recipients", "fact_to", "fact_cc"],
    ],
    [
        _t("Who wrote"),
        [
            "fact_known_contact",
            "contact_id",
            "contact_account_id",
            "contact_tag_ids",
            "contact_country_id",
            "fact_open_tickets",
        ],
    ],
    [_t("What kind of mail"), ["kind", "fact_automatic", "fact_trust"]],
    [
        _t("Attachments and size"),
        [
            "fact_has_attachments",
            "fact_attachment_names",
            "fact_attachment_types",
            "fact_size_kb",
        ],
    ],
    [_t("Where it came in"), ["alias_ids", "scanner_id", "folder_id"]],
    [_t("When it came in"), ["fact_weekday", "fact_hour", "fact_working_hours"]],
];

/**
 * @param {{name: String}[]} facts that the server allows
 * @returns {{label: String, names: String[]}[]}
 */
export function groupFacts(facts) {
    const left = new Set(facts.map(({ name }) => name));
    const groups = [];
    for (const [label, members] of GROUPS) {
        const known = members.filter((name) => left.delete(name));
        if (known.length) {
            groups.push({ label: String(label), names: known });
        }
    }
    if (left.size) {
        groups.push({ label: String(_t("Other")), names: [...left] });
    }
    return groups;
}

// ---------------------------------------------------------------------------
// operators
// ---------------------------------------------------------------------------

const TEXT = [
    "ilike",
    "not ilike",
    "=",
    "!=",
    "starts with",
    "not starts with",
    "ends with",
    "not ends with",
    "in",
    "not in",
    "set",
    "not set",
];
const OPERATORS = {
    boolean: ["set", "not set"],
    char: TEXT,
    integer: ["=", "!=", "<", ">", "between"],
    many2many: ["in", "not in", "set", "not set"],
    many2one: ["in", "not in", "set", "not set"],
    selection: ["=", "!=", "in", "not in", "set", "not set"],
    text: TEXT,
};
const LABELS = {
    "=": _t("is"),
    "!=": _t("is not"),
    "<": _t("is less than"),
    ">": _t("is greater than"),
    "<=": _t("is at most"),
    ">=": _t("is at least"),
    ilike: _t("contains"),
    "not ilike": _t("does not contain"),
    "=ilike": _t("is"),
    "not =ilike": _t("is not"),
    "starts with": _t("starts with"),
    "not starts with": _t("does not start with"),
    "ends with": _t("ends with"),
    "not ends with": _t("does not end with"),
    in: _t("is in"),
    "not in": _t("is not in"),
    between: _t("is between"),
    set: _t("is set"),
    "not set": _t("is not set"),
};
const LABELS_BY_TYPE = {
    boolean: { set: _t("yes"), "not set": _t("no") },
};
const LABELS_BY_FACT = {
    pattern_ids: { in: _t("matches"), "not in": _t("does not match") },
};
const PATTERN_OPERATORS = ["in", "not in"];

/** Operators that are written as another one in a domain. */
const WRITTEN_AS = {
    "starts with": "=ilike",
    "not starts with": "not =ilike",
    "ends with": "=ilike",
    "not ends with": "not =ilike",
    between: ">=",
    set: "!=",
    "not set": "=",
};

/**
 * The operators offered for a fact, the usual one first.
 *
 * @param {Object} fieldDef
 * @param {{name: String, operators: String[]}[]} facts what the server allows
 * @returns {String[]}
 */
export function operatorsOf(fieldDef, facts) {
    const allowed = facts.find(({ name }) => name === fieldDef?.name)?.operators || [];
    const offered =
        fieldDef?.name === "pattern_ids" ? PATTERN_OPERATORS : OPERATORS[fieldDef?.type] || [];
    return offered.filter((each) => allowed.includes(WRITTEN_AS[each] || each));
}

/** @returns {String} "does not contain" */
export function operatorLabel(fieldDef, operator, negate = false) {
    const label =
        LABELS_BY_FACT[fieldDef?.name]?.[operator] ||
        LABELS_BY_TYPE[fieldDef?.type]?.[operator] ||
        LABELS[operator] ||
        operator;
    return negate ? _t("not: %s", label) : String(label);
}

// ---------------------------------------------------------------------------
// trees
// ---------------------------------------------------------------------------

const NEGATIONS = [
    ["=", "!="],
    ["ilike", "not ilike"],
    ["=ilike", "not =ilike"],
    ["starts with", "not starts with"],
    ["ends with", "not ends with"],
    ["in", "not in"],
    ["set", "not set"],
    ["<", ">="],
    [">", "<="],
].flatMap(([a, b]) => [
    [a, b],
    [b, a],
]);
const OPPOSITE = Object.fromEntries(NEGATIONS);

const RELATIONS = ["many2one", "many2many"];

/**
 * The tree that is edited. Odoo's own has a *starts with*; *ends with*, their negations and
 * *is set* of a relation are added here.
 *
 * @param {Tree} tree as Odoo's tree processor makes it
 * @param {Object} fieldDefs
 * @returns {Tree}
 */
export function toEdited(tree, fieldDefs) {
    return operate((leaf) => {
        const { path } = leaf;
        let { operator, value, negate } = leaf;
        const type = fieldDefs[path]?.type;
        if (["=ilike", "not =ilike"].includes(operator) && typeof value === "string") {
            const not = operator === "=ilike" ? "" : "not ";
            if (value.length > 1 && value.startsWith("%") && !value.endsWith("%")) {
                [operator, value] = [`${not}ends with`, value.slice(1)];
            } else if (value.length > 1 && value.endsWith("%")) {
                [operator, value] = [`${not}starts with`, value.slice(0, -1)];
            }
        } else if (RELATIONS.includes(type) && ["=", "!="].includes(operator)) {
            if (value === false) {
                operator = operator === "=" ? "not set" : "set";
            } else if (!Array.isArray(value)) {
                [operator, value] = [operator === "=" ? "in" : "not in", [value]];
            }
        }
        if (negate && operator in OPPOSITE) {
            [operator, negate] = [OPPOSITE[operator], false];
        }
        return condition(path, operator, value, negate);
    }, tree);
}

/**
 * @param {Tree} tree as it was edited
 * @returns {Tree} one that Odoo writes as a domain
 */
function fromEdited(tree) {
    return operate((leaf) => {
        const { path, operator, value, negate } = leaf;
        switch (operator) {
            case "ends with":
                return condition(path, "=ilike", `%${value}`, negate);
            case "not ends with":
                return condition(path, "not =ilike", `%${value}`, negate);
            case "not starts with":
                return condition(path, "not =ilike", `${value}%`, negate);
        }
    }, tree);
}

/** @returns {String} the domain of a tree as it was edited */
export function domainFromEdited(tree) {
    return domainFromTree(fromEdited(tree));
}

/** @returns {Condition[]} in the order in which they are shown */
function leavesOf(tree) {
    return tree.type === "connector" ? tree.children.flatMap(leavesOf) : [tree];
}

/**
 * What keeps conditions from being saved.
 *
 * @param {Tree} tree as it is edited
 * @param {Object} fieldDefs
 * @param {{name: String}[]} facts that the server allows
 * @returns {String[]} sentences, each once
 */
export function problemsOf(tree, fieldDefs, facts) {
    const problems = new Set();
    for (const leaf of leavesOf(tree)) {
        const problem = problemOf(leaf, fieldDefs, facts);
        if (problem) {
            problems.add(String(problem));
        }
    }
    return [...problems];
}

function problemOf({ path, operator, value }, fieldDefs, facts) {
    if (!facts.some(({ name }) => name === path)) {
        if ([0, 1].includes(path)) {
            return; // all mails, or none
        }
        return _t("“%s” is nothing that conditions can look at. Choose a field of the list.", path);
    }
    const fieldDef = fieldDefs[path];
    const values = Array.isArray(value) ? value : [value];
    const named = { field: fieldDef.string, operator: operatorLabel(fieldDef, operator) };
    if (["set", "not set"].includes(operator)) {
        return;
    }
    if (values.some((each) => each instanceof Expression)) {
        return _t("“%(field)s %(operator)s” takes fixed values only.", named);
    }
    if (!values.length || values.some((each) => each === false || !String(each).trim())) {
        return _t(
            "“%(field)s %(operator)s” lacks a value. Fill it in, or delete the condition.",
            named
        );
    }
    if (fieldDef.type === "integer") {
        if (!values.every(Number.isInteger)) {
            return _t("“%(field)s %(operator)s” needs a whole number.", named);
        }
        if (operator === "between" && values[0] > values[1]) {
            return _t("“%(field)s %(operator)s” needs the smaller number first.", named);
        }
    }
    // written as “%…%”, of which the server makes “contains”
    if (
        (operator.endsWith("starts with") && value.startsWith("%")) ||
        (operator.endsWith("ends with") && value.endsWith("%"))
    ) {
        return _t(
            "%s: a percent sign at an end of this text would stand for anything. Use a pattern to look for it.",
            fieldDef.string
        );
    }
}
