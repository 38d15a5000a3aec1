import { readAddresses } from "./addresses";

import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, onWillUpdateProps, useState } from "@odoo/owl";

/** Says which of these addresses mail does not get through to, before it is sent. */
export class UndeliverableNotice extends Component {
    static template = "helpdesk_mailflow.UndeliverableNotice";
    static props = {
        emails: { type: Array, element: String },
        // contacts who are written to, too
        partnerIds: { type: Array, element: Number, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ warnings: [] });
        // kept: a composer draws itself again with each key
        this.asked = "";
        this.ask(this.props);
        onWillUpdateProps((props) => {
            this.ask(props);
        });
    }

    async ask({ emails, partnerIds = [] }) {
        const addresses = [...new Set(emails.filter(Boolean))].sort();
        const ids = [...new Set(partnerIds)].sort();
        const asked = JSON.stringify([addresses, ids]);
        if (asked === this.asked) {
            return;
        }
        this.asked = asked;
        const isNobody = !addresses.length && !ids.length;
        const warnings = isNobody
            ? []
            : await this.orm.silent.call("helpdesk.undeliverable", "warnings", [addresses, ids]);
        // the answer to an older question may come later
        if (asked === this.asked) {
            this.state.warnings = warnings;
        }
    }

    async clear(warning) {
        await this.orm.call("helpdesk.undeliverable", "action_deliverable_again", [[warning.id]]);
        this.state.warnings = this.state.warnings.filter(({ id }) => id !== warning.id);
    }
}

/** The same in the full composer. */
export class UndeliverableWidget extends Component {
    static template = "helpdesk_mailflow.UndeliverableWidget";
    static components = { UndeliverableNotice };
    static props = { ...standardWidgetProps };

    get data() {
        return this.props.record.data;
    }

    get isShown() {
        return this.data.helpdesk_medium !== "sms";
    }

    get emails() {
        const { helpdesk_to, helpdesk_cc, helpdesk_bcc } = this.data;
        const text = [helpdesk_to, helpdesk_cc, helpdesk_bcc].filter(Boolean).join(", ");
        return readAddresses(text).addresses.map(({ email }) => email);
    }

    get partnerIds() {
        return this.data.partner_ids.currentIds.filter((id) => typeof id === "number");
    }
}

registry.category("view_widgets").add("helpdesk_undeliverable", {
    component: UndeliverableWidget,
    fieldDependencies: [
        { name: "helpdesk_to", type: "char" },
        { name: "helpdesk_cc", type: "char" },
        { name: "helpdesk_bcc", type: "char" },
        { name: "helpdesk_medium", type: "selection" },
    ],
});
