import { readAddresses, sameAddress } from "./addresses";

import { MailComposerFormRenderer } from "@mail/chatter/web/mail_composer_form";
import { patch } from "@web/core/utils/patch";
import { toRaw } from "@odoo/owl";

/** An answer that is closed by accident goes on where it was begun, with From, Cc and Bcc. */
patch(MailComposerFormRenderer.prototype, {
    setup() {
        super.setup(...arguments);
        // raw: the dialog would render again for what is written here, endlessly
        const dialogData = toRaw(this.env.dialogData);
        const dismiss = dialogData.dismiss;
        dialogData.dismiss = async (...args) => {
            const { data } = this.props.record;
            const ticketId = data.helpdesk_ticket_id?.id;
            const thread =
                ticketId && this.mailStore.Thread.get({ model: "helpdesk.ticket", id: ticketId });
            const strangers = thread?.strangers || [];
            await dismiss?.(...args);
            if (!thread?.ticketAnswer) {
                return;
            }
            const to = readAddresses(data.helpdesk_to || "").addresses;
            for (const { name, email } of to) {
                const known = strangers.find((stranger) => sameAddress(stranger.email, email));
                const recipient = known || { name: name || email, email, partner_id: false };
                if (!thread.isRequester(recipient)) {
                    thread.additionalRecipients.push(recipient);
                }
            }
            const cc = readAddresses(data.helpdesk_cc || "").addresses;
            const bcc = readAddresses(data.helpdesk_bcc || "").addresses;
            thread.updateTicketAnswer({
                from_id: data.helpdesk_from_address_id?.id || false,
                cc,
                bcc,
                showCc: thread.ticketAnswer.showCc || Boolean(cc.length),
                showBcc: thread.ticketAnswer.showBcc || Boolean(bcc.length),
                withoutRequester: data.helpdesk_private,
            });
        };
    },
});
