import { formatAddresses, readAddresses } from "./addresses";

import { Message } from "@mail/core/common/message";
import { _t } from "@web/core/l10n/translation";
import { Component, useState } from "@odoo/owl";

const SHOWN = 3;

function shortName({ name, email }) {
    return name.includes(",") ? `“${name}”` : name || email;
}

/** Tells colleagues how a ticket's message left: from whom, to whom else, what went wrong. */
export class WayOut extends Component {
    static template = "helpdesk_mailflow.WayOut";
    static props = { message: Object };

    setup() {
        this.state = useState({ isOpen: false });
    }

    get from() {
        return formatAddresses(readAddresses(this.props.message.wasSentFrom || "").addresses);
    }

    get copies() {
        const { helpdesk_cc, helpdesk_bcc } = this.props.message;
        return [
            { id: "cc", label: _t("Cc"), text: helpdesk_cc },
            { id: "bcc", label: _t("Bcc"), text: helpdesk_bcc },
        ]
            .filter(({ text }) => text)
            .map(({ id, label, text }) => {
                const { addresses } = readAddresses(text);
                const shown = this.state.isOpen ? addresses : addresses.slice(0, SHOWN);
                return {
                    id,
                    label,
                    text,
                    names: shown.map(shortName).join(", "),
                    hidden: addresses.length - shown.length,
                };
            });
    }
}

Message.components = { ...Message.components, WayOut };
