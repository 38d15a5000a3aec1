import { _t } from "@web/core/l10n/translation";
import { CopyButton } from "@web/core/copy_button/copy_button";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component } from "@odoo/owl";

/** What the guide set up: what is still open first, each with the way to it. */
export class ConnectionResult extends Component {
    static template = "helpdesk_mailflow.ConnectionResult";
    static components = { CopyButton };
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.copied = _t("Copied");
    }

    get rows() {
        return this.props.record.data[this.props.name] || [];
    }

    get parts() {
        const open = this.rows.filter((row) => row.state === "open");
        const others = this.rows.filter((row) => row.state !== "open");
        return [
            { name: "open", title: _t("Still open"), rows: open },
            { name: "set_up", title: _t("Its parts"), rows: others },
        ].filter((part) => part.rows.length);
    }

    /** @param {String} name of the row */
    async open(name) {
        const { resId, resModel } = this.props.record;
        const action = await this.orm.call(resModel, "action_open_result", [[resId], name]);
        if (action) {
            await this.action.doAction(action);
        }
    }
}

registry.category("fields").add("helpdesk_connection_result", {
    component: ConnectionResult,
    supportedTypes: ["json", "jsonb"],
});
