import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component, useEffect, useRef } from "@odoo/owl";

/** Where the guide "Connect a mailbox" stands: its steps in a row; in one line on a phone. */
export class ConnectionSteps extends Component {
    static template = "helpdesk_mailflow.ConnectionSteps";
    static props = { ...standardFieldProps };

    setup() {
        const root = useRef("root");
        useEffect(
            () => {
                // where the new step begins, and where it is said why there is none
                root.el.closest(".o_content")?.scrollTo({ top: 0 });
            },
            () => [this.props.record.data[this.props.name], this.props.record.data.problem]
        );
    }

    get steps() {
        const { data, fields } = this.props.record;
        const current = data[this.props.name];
        const selection = fields[this.props.name].selection.filter(
            // a provided address has nothing to connect
            ([name]) => name !== "connect" || data.road !== "provided" || current === "connect"
        );
        const at = selection.findIndex(([name]) => name === current);
        const isActive = data.state === "active";
        return selection.map(([name, label], number) => ({
            name,
            label,
            number: number + 1,
            state:
                number < at || (number === at && isActive)
                    ? "done"
                    : number === at
                      ? "next"
                      : "todo",
        }));
    }

    get current() {
        return this.steps.find((step) => step.name === this.props.record.data[this.props.name]);
    }

    get sentence() {
        return _t("Step %(number)s of %(count)s", {
            number: this.current.number,
            count: this.steps.length,
        });
    }

    get percent() {
        return Math.round((100 * this.current.number) / this.steps.length);
    }
}

registry.category("fields").add("helpdesk_connection_steps", {
    component: ConnectionSteps,
    supportedTypes: ["selection"],
    fieldDependencies: [
        { name: "problem", type: "text" },
        { name: "road", type: "selection" },
        { name: "state", type: "selection" },
    ],
});
