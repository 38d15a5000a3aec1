import { Component } from "@odoo/owl";

/** Choose who an answer is from, as the customer will read it. */
export class FromPicker extends Component {
    static template = "helpdesk_mailflow.FromPicker";
    static props = {
        // of AnswerData, see models_patch.js
        addresses: Array,
        chosen: { type: [Number, { value: false }] },
        // (id) -> void
        update: Function,
        id: { type: String, optional: true },
    };

    get chosenAddress() {
        return this.props.addresses.find(({ id }) => id === this.props.chosen);
    }

    onChange(ev) {
        this.props.update(Number(ev.target.value));
    }
}
