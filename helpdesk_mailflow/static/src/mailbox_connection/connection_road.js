import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component } from "@odoo/owl";

/** The choice how mail comes in: what each way is good for, and which one suits the address. */
export class ConnectionRoad extends Component {
    static template = "helpdesk_mailflow.ConnectionRoad";
    static props = { ...standardFieldProps };

    setup() {
        this.words = {
            microsoft: _t(
                "One sign-in, and no password is kept. The best way if your company has it."
            ),
            gmail: _t("With an app password, which Google makes for you."),
            provider: _t(
                "With user and password of the mailbox. The settings are looked up for you."
            ),
            forward: _t(
                "Needs no access to the mailbox: it forwards its mail to an address that Odoo provides."
            ),
            provided: _t("The easiest. Your customers do not know the address yet."),
        };
    }

    get data() {
        return this.props.record.data;
    }

    get roads() {
        const needCredentials = ["microsoft", "gmail", "provider"];
        const { may_use_credentials, suggested_road } = this.data;
        return this.props.record.fields[this.props.name].selection.map(([name, label]) => ({
            name,
            label,
            text: this.words[name],
            isChosen: name === this.data[this.props.name],
            isSuggested: name === suggested_road,
            isClosed: needCredentials.includes(name) && !may_use_credentials,
        }));
    }

    /** @param {String} name */
    choose(name) {
        if (!this.props.readonly) {
            this.props.record.update({ [this.props.name]: name });
        }
    }
}

registry.category("fields").add("helpdesk_connection_road", {
    component: ConnectionRoad,
    supportedTypes: ["selection"],
    fieldDependencies: [
        { name: "may_use_credentials", type: "boolean" },
        { name: "suggested_road", type: "selection" },
    ],
});
