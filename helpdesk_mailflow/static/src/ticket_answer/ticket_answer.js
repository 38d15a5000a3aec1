import { AddressInput } from "./address_input";
import { formatAddress } from "./addresses";
import { FromPicker } from "./from_picker";
import { MissingAddress } from "./missing_address";
import { UndeliverableNotice } from "./undeliverable_notice";

import { RecipientsInput } from "@mail/core/web/recipients_input";
import { _t } from "@web/core/l10n/translation";
import { Component } from "@odoo/owl";

/** To of an answer to a ticket: the requester, who stays unless answers may be private. */
export class TicketRecipientsInput extends RecipientsInput {
    /** @override */
    getTagsFromMailThread() {
        const { thread } = this.props;
        const { requester, private_allowed } = thread.helpdesk_answer;
        const tags = super.getTagsFromMailThread().filter(
            (tag) => !thread.isRequester({ partner_id: tag.resId, email: tag.email })
        );
        if (thread.isAnswerToRequester) {
            const name = requester.name || requester.email;
            tags.unshift({
                id: "requester",
                resId: requester.partner_id,
                text: name,
                name,
                email: requester.email,
                icon: "fa-user",
                title: private_allowed
                    ? formatAddress(requester)
                    : _t("%s wrote the ticket and gets every answer", [formatAddress(requester)]),
                onDelete: private_allowed
                    ? () => thread.updateTicketAnswer({ withoutRequester: true })
                    : undefined,
            });
        }
        return tags;
    }

    /** @override */
    deleteTagByIndex(index) {
        this.getTagsFromMailThread()[index]?.onDelete?.();
    }

    /** @override */
    getAllMailThreadRecipients() {
        const { thread } = this.props;
        const others = super.getAllMailThreadRecipients();
        const { requester } = thread.helpdesk_answer;
        return requester ? [requester, ...others] : others;
    }

    /** @override */
    getPlaceholder() {
        return this.getTagsFromMailThread().length ? "" : _t("Add recipients…");
    }
}

/** What stands above the text of an answer to a ticket: from whom, to whom, and how. */
export class TicketAnswer extends Component {
    static template = "helpdesk_mailflow.TicketAnswer";
    static components = {
        AddressInput,
        FromPicker,
        MissingAddress,
        TicketRecipientsInput,
        UndeliverableNotice,
    };
    static props = {
        thread: Object,
    };

    get thread() {
        return this.props.thread;
    }

    get data() {
        return this.thread.helpdesk_answer;
    }

    get answer() {
        return this.thread.ticketAnswer;
    }

    get requesterName() {
        const { requester } = this.data;
        return (requester && (requester.name || requester.email)) || "";
    }

    get privateText() {
        return _t("%s does not get this answer and doesn't see it in the portal.", [
            this.requesterName,
        ]);
    }

    /** Everybody to whom this answer goes. */
    get emails() {
        const { thread } = this;
        const { cc, bcc } = this.answer;
        const people = [...thread.otherRecipients, ...cc, ...bcc];
        if (thread.isAnswerToRequester) {
            people.unshift(this.data.requester);
        }
        return people.map(({ email }) => email).filter(Boolean);
    }

    get hasRecipients() {
        const { cc, bcc } = this.answer;
        return Boolean(this.thread.otherRecipients.length || cc.length || bcc.length);
    }

    update(values) {
        this.thread.updateTicketAnswer(values);
    }

    setPending(name, text) {
        this.answer.pending[name] = text;
    }

    /** @param {import("./models_patch").AnswerData} data with the new address */
    onAddressAdded(data) {
        this.thread.helpdesk_answer = data;
        this.env.reloadTicket?.();
    }
}
