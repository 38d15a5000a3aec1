import { formatAddresses } from "./addresses";

import { Composer } from "@mail/core/common/composer";
import { _t } from "@web/core/l10n/translation";
import { browser } from "@web/core/browser/browser";
import { patch } from "@web/core/utils/patch";
import { toRaw } from "@odoo/owl";

const FIELD_NAMES = { cc: _t("Cc"), bcc: _t("Bcc") };
const KEPT_IN_DRAFTS = ["from_id", "cc", "bcc", "showCc", "showBcc", "withoutRequester"];

patch(Composer.prototype, {
    /** Whether an answer to a ticket is written here, in its chatter. */
    get isTicketAnswer() {
        return Boolean(
            this.env.inChatter &&
                this.props.type !== "note" &&
                !this.props.composer.message &&
                this.thread?.ticketAnswer
        );
    },

    get isTextMessage() {
        return this.isTicketAnswer && this.thread.ticketAnswer.asText;
    },

    /** @override */
    get placeholder() {
        if (!this.isTicketAnswer || this.props.placeholder) {
            return super.placeholder;
        }
        return this.isTextMessage ? _t("Write your text message…") : _t("Write your answer…");
    },

    get SEND_TEXT() {
        return this.isTextMessage ? _t("Send text message") : super.SEND_TEXT;
    },

    get isSendButtonDisabled() {
        return (
            super.isSendButtonDisabled ||
            (this.isTextMessage && !this.props.composer.composerText.trim())
        );
    },

    get postData() {
        return { ...super.postData, ticketAnswer: this.isTicketAnswer };
    },

    /** @override */
    async sendMessage() {
        if (!this.isTicketAnswer) {
            return super.sendMessage(...arguments);
        }
        if (this.isTextMessage) {
            return this.sendTextMessage();
        }
        const { pending } = this.thread.ticketAnswer;
        for (const name of ["cc", "bcc"]) {
            if (pending[name]) {
                this.env.services.notification.add(
                    _t("%(field)s: “%(text)s” is not an e-mail address. Correct or remove it.", {
                        field: FIELD_NAMES[name],
                        text: pending[name],
                    }),
                    { type: "danger" }
                );
                return;
            }
        }
        // the ticket's contact may have been changed in the form
        if (!(await this.env.saveTicket?.())) {
            return;
        }
        try {
            return await super.sendMessage(...arguments);
        } finally {
            // what the server refuses can be corrected and sent again
            this.state.active = true;
        }
    },

    async sendTextMessage() {
        const composer = toRaw(this.props.composer);
        if (composer.attachments.length) {
            this.env.services.notification.add(
                _t("A text message carries no files. Remove them, or send an e-mail."),
                { type: "danger" }
            );
            return;
        }
        const { thread } = composer;
        try {
            await this.processMessage(async () => {
                await this.env.services.orm.call(thread.model, "action_send_text_message", [
                    [thread.id],
                    composer.composerText,
                ]);
                await thread.fetchNewMessages();
            });
        } finally {
            this.state.active = true;
        }
    },

    /** @override */
    get fullComposerAdditionalContext() {
        const context = super.fullComposerAdditionalContext;
        if (!this.isTicketAnswer) {
            return context;
        }
        const { thread } = this;
        const answer = thread.ticketAnswer;
        const strangers = [...thread.strangers];
        const { requester } = thread.helpdesk_answer;
        if (thread.isAnswerToRequester && !requester.partner_id) {
            strangers.unshift(requester);
        }
        return {
            ...context,
            default_partner_ids: thread.answerPartnerIds,
            default_helpdesk_to: formatAddresses(strangers),
            default_helpdesk_from_address_id: answer.from_id,
            default_helpdesk_cc: formatAddresses(answer.cc),
            default_helpdesk_bcc: formatAddresses(answer.bcc),
            ...(answer.asText && {
                default_helpdesk_medium: "sms",
                default_helpdesk_sms_body: this.props.composer.composerText,
            }),
        };
    },

    /** @override */
    async onClickFullComposer() {
        if (!this.isTicketAnswer) {
            return super.onClickFullComposer(...arguments);
        }
        // Odoo makes contacts of all recipients that have none, before it awaits anything else
        const { thread } = this;
        const { suggestedRecipients, additionalRecipients } = thread;
        const isContact = ({ partner_id }) => partner_id;
        thread.suggestedRecipients = suggestedRecipients.filter(isContact);
        thread.additionalRecipients = additionalRecipients.filter(isContact);
        const opened = super.onClickFullComposer(...arguments);
        thread.suggestedRecipients = suggestedRecipients;
        thread.additionalRecipients = additionalRecipients;
        return opened;
    },

    /** @override */
    saveContent() {
        super.saveContent(...arguments);
        const { localId } = this.props.composer;
        const saved = browser.localStorage.getItem(localId);
        if (saved && this.isTicketAnswer && this.thread.ticketAnswer.isChanged) {
            const answer = toRaw(this.thread.ticketAnswer);
            const ticketAnswer = Object.fromEntries(
                KEPT_IN_DRAFTS.map((name) => [name, answer[name]])
            );
            browser.localStorage.setItem(
                localId,
                JSON.stringify({ ...JSON.parse(saved), ticketAnswer })
            );
        }
    },

    /** @override */
    restoreContent() {
        super.restoreContent(...arguments);
        if (!this.isTicketAnswer) {
            return;
        }
        const saved = browser.localStorage.getItem(this.props.composer.localId);
        const answer = saved && JSON.parse(saved).ticketAnswer;
        if (!answer) {
            return;
        }
        const { from_addresses, private_allowed } = this.thread.helpdesk_answer;
        if (!from_addresses.some(({ id }) => id === answer.from_id)) {
            delete answer.from_id;
        }
        answer.withoutRequester &&= private_allowed;
        this.thread.updateTicketAnswer(answer);
    },
});
