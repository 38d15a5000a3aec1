import {
    domainFromEdited,
    groupFacts,
    operatorLabel,
    operatorsOf,
    toEdited,
} from "./conditions";

import { Domain } from "@web/core/domain";
import { DomainSelector } from "@web/core/domain_selector/domain_selector";
import { _t } from "@web/core/l10n/translation";
import { condition, formatValue } from "@web/core/tree_editor/condition_tree";
import { TreeEditor } from "@web/core/tree_editor/tree_editor";
import { Select } from "@web/core/tree_editor/tree_editor_components";
import { getDefaultValue } from "@web/core/tree_editor/tree_editor_value_editors";
import { Component } from "@odoo/owl";

/** A choice among the facts, in groups. */
export class FactSelect extends Component {
    static template = "helpdesk_mailflow.FactSelect";
    static props = {
        value: String,
        groups: Array,
        update: Function,
    };
}

/** Odoo's editor of nested groups; texts and operators speak of conditions and mails. */
export class ConditionTreeEditor extends TreeEditor {
    static template = "helpdesk_mailflow.ConditionTreeEditor";
    static components = { ...TreeEditor.components, TreeEditor: ConditionTreeEditor };

    async prepareInfo(props) {
        await super.prepareInfo(props);
        if (props.readonly) {
            const describe = this.getConditionDescription;
            this.getConditionDescription = (node) => ({
                ...describe(node),
                operatorDescription: operatorLabel(
                    this.getFieldDef(node.path),
                    node.operator,
                    node.negate
                ),
            });
        }
    }
}

/** The conditions of a scanner rule: nested groups of conditions on facts. */
export class ConditionSelector extends DomainSelector {
    static template = "helpdesk_mailflow.ConditionSelector";
    static components = { ...DomainSelector.components, TreeEditor: ConditionTreeEditor };
    static props = {
        ...DomainSelector.props,
        facts: Array,
        fieldDefs: Object,
    };

    async onPropsUpdated(props) {
        this.groups = groupFacts(props.facts).map(({ label, names }) => ({
            label,
            options: names.map((name) => [name, props.fieldDefs[name].string]),
        }));
        if (props.domain === this.written?.domain) {
            // as it was edited: “ends with 100%” is also written as what begins with something
            this.tree = this.written.tree;
            return;
        }
        let domain;
        try {
            domain = new Domain(props.domain);
        } catch {
            this.tree = null; // the template says so, and offers to start again
            return;
        }
        const tree = await this.treeProcessor.treeFromDomain(props.resModel, domain, true);
        this.tree = toEdited(tree, props.fieldDefs);
    }

    getDefaultCondition(fieldDefs) {
        const name = this.groups[0].options[0][0];
        const [operator] = operatorsOf(fieldDefs[name], this.props.facts);
        return condition(name, operator, getDefaultValue(fieldDefs[name], operator));
    }

    getDefaultOperator(fieldDef) {
        return operatorsOf(fieldDef, this.props.facts)[0];
    }

    getOperatorEditorInfo(fieldDef) {
        const operators = operatorsOf(fieldDef, this.props.facts);
        return {
            component: Select,
            extractProps: ({ update, value: [operator, negate] }) => {
                const options = operators.map((each) => [each, operatorLabel(fieldDef, each)]);
                let value = operator;
                if (negate || !operators.includes(operator)) {
                    // what somebody imported stays as it is until it is changed
                    value = JSON.stringify([operator, negate]);
                    options.push([value, operatorLabel(fieldDef, operator, negate)]);
                }
                return {
                    value,
                    options,
                    update: (chosen) => operators.includes(chosen) && update(chosen, false),
                };
            },
            defaultValue: () => operators[0],
            isSupported: ([operator]) => typeof operator === "string",
            message: _t("Operator not supported"),
            stringify: ([operator, negate]) => operatorLabel(fieldDef, operator, negate),
        };
    }

    getPathEditorInfo(_resModel, defaultCondition) {
        return {
            component: FactSelect,
            extractProps: ({ update, value }) => ({ value, update, groups: this.groups }),
            isSupported: (path) => this.props.facts.some(({ name }) => name === path),
            defaultValue: () => defaultCondition.path,
            stringify: (path) => formatValue(path),
            message: _t("Conditions cannot look at this"),
        };
    }

    update(tree) {
        const domain = domainFromEdited(tree);
        this.written = { domain, tree };
        this.props.update(domain);
    }
}
