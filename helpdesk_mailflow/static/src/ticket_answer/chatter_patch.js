import { TicketAnswer } from "./ticket_answer";

import "@mail/chatter/web/chatter_patch";
import { Chatter } from "@mail/chatter/web_portal/chatter";
import { patch } from "@web/core/utils/patch";

Object.assign(Chatter.components, { TicketAnswer });

patch(Chatter.prototype, {
    /** @override */
    get childSubEnv() {
        return Object.assign(super.childSubEnv, {
            saveTicket: () => this.saveTicket(),
            reloadTicket: () => this.props.record?.load(),
        });
    },

    get isTicketAnswer() {
        return this.state.composerType === "message" && Boolean(this.state.thread?.ticketAnswer);
    },

    /** @returns {Promise<boolean>} whether what the form shows is what the server knows */
    async saveTicket() {
        const { record } = this.props;
        if (!record || !(await record.isDirty())) {
            return true;
        }
        return Boolean(await this.props.saveRecord?.());
    },

    /** @override */
    toggleComposer(mode = false) {
        const toggle = super.toggleComposer.bind(this, ...arguments);
        if (mode === "message" && this.state.thread?.ticketAnswer) {
            // the answer goes to the contact that is stored
            this.saveTicket().then((isSaved) => isSaved && toggle());
        } else {
            toggle();
        }
    },
});
