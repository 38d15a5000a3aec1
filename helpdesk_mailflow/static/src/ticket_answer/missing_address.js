import { isAddress } from "./addresses";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { Component, useState } from "@odoo/owl";

/** Says that the requester cannot be mailed, and takes an address. */
export class MissingAddress extends Component {
    static template = "helpdesk_mailflow.MissingAddress";
    static props = {
        ticketId: Number,
        // name of the requester, "" if the ticket has none
        name: String,
        // (AnswerData) -> void, once the address is stored
        onAdded: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ email: "", error: "", isBusy: false });
    }

    get text() {
        return this.props.name
            ? _t("%s has no e-mail address, so this answer will not reach them by e-mail.", [
                  this.props.name,
              ])
            : _t("This ticket has no contact and no e-mail address: nobody is answered.");
    }

    onKeydown(ev) {
        if (ev.key === "Enter") {
            ev.preventDefault();
            ev.stopPropagation();
            this.add();
        }
    }

    async add() {
        const email = this.state.email.trim();
        if (!isAddress(email)) {
            this.state.error = _t("Write the address like name@example.com.");
            return;
        }
        this.state.isBusy = true;
        try {
            const data = await this.orm.call("helpdesk.ticket", "action_set_requester_email", [
                [this.props.ticketId],
                email,
            ]);
            await this.props.onAdded(data);
        } finally {
            this.state.isBusy = false;
        }
    }
}
