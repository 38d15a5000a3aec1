import { AddressInput } from "./address_input";
import { formatAddresses, readAddresses } from "./addresses";
import { FromPicker } from "./from_picker";
import { MissingAddress } from "./missing_address";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component } from "@odoo/owl";

/** Addresses as text, divided by commas. */
export class AddressesField extends Component {
    static template = "helpdesk_mailflow.AddressesField";
    static components = { AddressInput };
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name] || "";
    }

    get addresses() {
        return readAddresses(this.value).addresses;
    }

    get label() {
        return this.props.record.fields[this.props.name].string;
    }

    update(addresses) {
        return this.props.record.update({ [this.props.name]: formatAddresses(addresses) });
    }

    /** What is typed and is no address keeps the form from being sent. */
    setPending(text) {
        const { record, name } = this.props;
        if (text) {
            record.setInvalidField(name);
        } else {
            record.resetFieldValidity(name);
        }
    }
}

registry.category("fields").add("helpdesk_addresses", {
    component: AddressesField,
    supportedTypes: ["char"],
});

/** The From addresses that the agent may use, as the customer will read them. */
export class FromPickerField extends Component {
    static template = "helpdesk_mailflow.FromPickerField";
    static components = { FromPicker };
    static props = { ...standardFieldProps };

    get addresses() {
        return this.props.record.data.helpdesk_answer?.from_addresses || [];
    }

    get chosen() {
        return this.props.record.data[this.props.name]?.id || false;
    }

    update(id) {
        const address = this.addresses.find((each) => each.id === id);
        return this.props.record.update({
            [this.props.name]: { id, display_name: address.preview },
        });
    }
}

registry.category("fields").add("helpdesk_from_picker", {
    component: FromPickerField,
    supportedTypes: ["many2one"],
});

/** What the agent has to know of the requester before writing. */
export class RequesterNotice extends Component {
    static template = "helpdesk_mailflow.RequesterNotice";
    static components = { MissingAddress };
    static props = { ...standardWidgetProps };

    get data() {
        return this.props.record.data.helpdesk_answer;
    }

    get requesterName() {
        const { requester } = this.data;
        return (requester && (requester.name || requester.email)) || "";
    }

    get isMissing() {
        return Boolean(
            this.data &&
                !this.data.requester?.email &&
                this.props.record.data.helpdesk_medium !== "sms"
        );
    }

    get privateText() {
        return _t("%s does not get this answer and doesn't see it in the portal.", [
            this.requesterName,
        ]);
    }

    putBack() {
        return this.props.record.update({ helpdesk_put_back: true });
    }

    async onAdded() {
        return this.props.record.update({ helpdesk_put_back: true });
    }
}

registry.category("view_widgets").add("helpdesk_requester_notice", {
    component: RequesterNotice,
    fieldDependencies: [
        { name: "helpdesk_answer", type: "json" },
        { name: "helpdesk_medium", type: "selection" },
        { name: "helpdesk_private", type: "boolean" },
        { name: "helpdesk_put_back", type: "boolean" },
        { name: "helpdesk_ticket_id", type: "many2one" },
    ],
});
