import { ConditionSelector } from "./condition_editor";
import { FACTS_MODEL, problemsOf, toEdited } from "./conditions";
import { SHOW_MATCHES } from "./rule_try";
import { errorSentence } from "./server_error";

import { Domain } from "@web/core/domain";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useBus, useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { DomainField, domainField } from "@web/views/fields/domain/domain_field";
import { onWillStart } from "@odoo/owl";

const DAYS = 30;

/**
 * The conditions of a scanner rule.
 *
 * What they may look at is the server's list. It also counts, with the meaning that conditions
 * have when a mail comes in, which is not that of a search in Odoo.
 */
export class RuleDomainField extends DomainField {
    static template = "helpdesk_mailflow.RuleDomainField";
    static components = { ConditionSelector };

    setup() {
        super.setup();
        this.fieldService = useService("field");
        this.lastCount = new KeepLast();
        this.counted = null;
        Object.assign(this.state, { problems: [], refused: false, count: null });
        this.countSoon = useDebounced(this.count, 400);
        this.ready = this.loadFacts();
        onWillStart(() => this.ready);
        useBus(this.props.record.model.bus, "NEED_LOCAL_CHANGES", (ev) =>
            ev.detail.proms.push(this.refuseProblems())
        );
    }

    async loadFacts() {
        const [facts, fieldDefs] = await Promise.all([
            this.orm.call(this.props.record.resModel, "get_condition_fields", []),
            this.fieldService.loadFields(FACTS_MODEL),
        ]);
        this.fieldDefs = fieldDefs;
        this.facts = facts.filter(({ name }) => name in fieldDefs);
    }

    getResModel() {
        return FACTS_MODEL;
    }

    /** Called by Odoo's observer: on opening, and whenever the record changes. */
    async checkProps(props = this.props) {
        // read at once, for the observer to know what this depends on
        const domain = this.getDomain(props);
        const company = props.record.data.company_id;
        await this.ready;
        const problems = await this.findProblems(domain);
        this.state.problems = problems;
        if (!problems.length) {
            this.state.refused = false;
        }
        const asked = [domain, company?.id || false, DAYS];
        if (JSON.stringify(asked) !== this.counted || problems.length) {
            const first = this.counted === null;
            this.counted = problems.length ? "" : JSON.stringify(asked);
            this.state.count = null;
            this.countSoon.cancel();
            if (!problems.length) {
                first ? this.count(...asked) : this.countSoon(...asked);
            }
        }
    }

    /** @returns {Promise<String[]>} what keeps a domain from being saved */
    async findProblems(domain) {
        try {
            domain = new Domain(domain);
        } catch {
            return [_t("These conditions cannot be read. Start again.")];
        }
        const tree = await this.treeProcessor.treeFromDomain(FACTS_MODEL, domain, true);
        return problemsOf(toEdited(tree, this.fieldDefs), this.fieldDefs, this.facts);
    }

    /** Before a save: conditions that lack something keep the rule from being saved. */
    async refuseProblems() {
        const { record, name, readonly } = this.props;
        if (readonly) {
            return;
        }
        const problems = await this.findProblems(this.getDomain());
        this.state.problems = problems;
        if (problems.length) {
            this.state.refused = true;
            await record.setInvalidField(name);
        }
    }

    /** Ask how many mails the conditions match. */
    async count(domain, companyId, days) {
        const { resModel } = this.props.record;
        let count;
        try {
            count = await this.lastCount.add(
                this.orm.silent.call(resModel, "count_matches", [domain, companyId, days])
            );
        } catch (error) {
            count = { error: errorSentence(error) };
        }
        this.state.count = count;
    }

    showMatches() {
        this.props.record.model.bus.trigger(SHOW_MATCHES, { days: DAYS });
    }
}

registry.category("fields").add("helpdesk_rule_domain", {
    ...domainField,
    component: RuleDomainField,
    displayName: _t("Conditions of a scanner rule"),
    supportedOptions: [],
    supportedTypes: ["char"],
    // counting needs it; the forms of those who have one company leave it out
    fieldDependencies: [{ name: "company_id", type: "many2one", readonly: false }],
    extractProps: () => ({}),
});
