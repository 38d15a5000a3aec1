import { errorSentence } from "../scanner_rule/server_error";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, onWillUnmount, useEffect, useState } from "@odoo/owl";

/**
 * How far a replay of rules is. Asks the server for one piece after the other while it runs, so
 * that it ends with the screen, and goes on when that is opened again.
 */
export class RuleReplayProgress extends Component {
    static template = "helpdesk_mailflow.RuleReplayProgress";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ lookedAt: 0, total: 0, error: "" });
        this.isGone = false;
        this.isAsking = false;
        onWillUnmount(() => {
            this.isGone = true;
        });
        useEffect(
            () => {
                this.state.lookedAt = this.data.looked_at;
                this.state.total = this.data.total;
                this.runOn();
            },
            () => [this.data.state, this.props.record.resId]
        );
    }

    get data() {
        return this.props.record.data;
    }

    get percent() {
        const { lookedAt, total } = this.state;
        return total ? Math.min(Math.round((100 * lookedAt) / total), 100) : 100;
    }

    get sentence() {
        return _t("%(count)s of %(total)s mails", {
            count: this.state.lookedAt,
            total: this.state.total,
        });
    }

    get isRunning() {
        return this.data.state === "running" && !this.isGone;
    }

    async runOn() {
        const { record } = this.props;
        if (this.isAsking || !record.resId) {
            return;
        }
        this.isAsking = true;
        this.state.error = "";
        try {
            while (this.isRunning) {
                const told = await this.orm.silent.call(record.resModel, "run_on", [
                    [record.resId],
                ]);
                if (this.isGone) {
                    return;
                }
                this.state.lookedAt = told.looked_at;
                this.state.total = told.total;
                if (told.state !== "running") {
                    await record.load();
                }
            }
        } catch (error) {
            if (this.isGone) {
                return;
            }
            this.state.error = errorSentence(error);
        } finally {
            this.isAsking = false;
        }
    }
}

registry.category("view_widgets").add("helpdesk_rule_replay_progress", {
    component: RuleReplayProgress,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "looked_at", type: "integer" },
        { name: "total", type: "integer" },
    ],
});
