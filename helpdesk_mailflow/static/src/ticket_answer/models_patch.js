import { formatAddresses, sameAddress } from "./addresses";

import { Composer } from "@mail/core/common/composer_model";
import { Message } from "@mail/core/common/message_model";
import { fields } from "@mail/core/common/record";
import { Store } from "@mail/core/common/store_service";
import { Thread } from "@mail/core/common/thread_model";
import { patch } from "@web/core/utils/patch";

/**
 * What the server knows of an answer to a ticket, see `_mailflow_answer_data`.
 *
 * @typedef {Object} AnswerData
 * @property {{ id: number, email: string, preview: string }[]} from_addresses
 * @property {number|false} from_id
 * @property {{ partner_id: number|false, name: string, email: string|false }|false} requester
 * @property {import("./addresses").Address[]} cc
 * @property {boolean} private_allowed
 * @property {{ number: string, reason: string }|false} text_message
 */

patch(Thread.prototype, {
    setup() {
        super.setup(...arguments);
        /** @type {AnswerData|undefined} */
        this.helpdesk_answer = fields.Attr(undefined, {
            onUpdate() {
                const { from_id, from_addresses = [] } = this.helpdesk_answer || {};
                if (!this.ticketAnswer?.isChanged) {
                    this.resetTicketAnswer();
                } else if (!from_addresses.some(({ id }) => id === this.ticketAnswer.from_id)) {
                    this.ticketAnswer.from_id = from_id;
                }
            },
        });
        /** What the agent has chosen so far. */
        this.ticketAnswer = fields.Attr(undefined);
    },

    resetTicketAnswer() {
        const data = this.helpdesk_answer;
        this.ticketAnswer = data && {
            isChanged: false,
            from_id: data.from_id,
            cc: data.cc.map((address) => ({ ...address })),
            bcc: [],
            // what was typed there and is no address
            pending: { cc: "", bcc: "" },
            showCc: Boolean(data.cc.length),
            showBcc: false,
            withoutRequester: false,
            asText: false,
        };
    },

    /** @param {Object} values of `ticketAnswer` */
    updateTicketAnswer(values) {
        Object.assign(this.ticketAnswer, values, { isChanged: true });
    },

    isRequester(recipient) {
        const requester = this.helpdesk_answer?.requester;
        return Boolean(
            requester &&
                ((requester.partner_id && requester.partner_id === recipient.partner_id) ||
                    sameAddress(requester.email, recipient.email))
        );
    },

    /** @returns {Object[]} To, without the requester */
    get otherRecipients() {
        return [...this.suggestedRecipients, ...this.additionalRecipients].filter(
            (recipient) => !this.isRequester(recipient)
        );
    },

    /** @returns {Object[]} of them those who are no contacts */
    get strangers() {
        return this.otherRecipients.filter(({ partner_id }) => !partner_id);
    },

    get isAnswerToRequester() {
        return Boolean(
            this.helpdesk_answer?.requester?.email && !this.ticketAnswer.withoutRequester
        );
    },

    get isPrivateAnswer() {
        return Boolean(
            this.helpdesk_answer?.requester?.email && this.ticketAnswer.withoutRequester
        );
    },

    /** @returns {number[]} contacts in To */
    get answerPartnerIds() {
        const ids = this.otherRecipients.map(({ partner_id }) => partner_id);
        if (this.isAnswerToRequester) {
            ids.unshift(this.helpdesk_answer.requester.partner_id);
        }
        return ids.filter(Boolean);
    },
});

patch(Store.prototype, {
    /** @override */
    async getMessagePostParams({ postData, thread }) {
        const params = await super.getMessagePostParams(...arguments);
        if (!postData.ticketAnswer) {
            return params;
        }
        const answer = thread.ticketAnswer;
        const data = params.post_data;
        data.partner_ids = [...new Set([...(data.partner_ids || []), ...thread.answerPartnerIds])];
        this.fillPartnersMentionToken(data);
        // Odoo would make contacts of them
        delete data.partner_emails;
        Object.assign(data, {
            outgoing_email_to: formatAddresses(thread.strangers),
            helpdesk_from_address_id: answer.from_id,
            helpdesk_cc: formatAddresses(answer.cc),
            helpdesk_bcc: formatAddresses(answer.bcc),
            helpdesk_private: thread.isPrivateAnswer,
        });
        return params;
    },
});

patch(Composer.prototype, {
    /** @override */
    clear() {
        super.clear(...arguments);
        this.thread?.resetTicketAnswer();
    },
});

patch(Message.prototype, {
    setup() {
        super.setup(...arguments);
        /** @type {string|false|undefined} */
        this.helpdesk_from = fields.Attr(undefined);
        /** @type {string|false|undefined} */
        this.helpdesk_cc = fields.Attr(undefined);
        /** @type {string|false|undefined} */
        this.helpdesk_bcc = fields.Attr(undefined);
        /** @type {boolean|undefined} */
        this.helpdesk_private = fields.Attr(undefined);
        /** @type {string[]|undefined} */
        this.helpdesk_notes = fields.Attr(undefined);
        this.helpdesk_receipts = fields.Attr(undefined);
    },

    /** What is only logged goes to nobody. */
    get wasSentFrom() {
        const isLogged = this.isNote || this.message_type === "notification";
        return isLogged ? "" : this.helpdesk_from || "";
    },

    get hasWayOut() {
        return Boolean(
            this.wasSentFrom ||
                this.helpdesk_cc ||
                this.helpdesk_bcc ||
                this.helpdesk_private ||
                this.helpdesk_notes?.length ||
                this.helpdesk_receipts?.length
        );
    },
});
