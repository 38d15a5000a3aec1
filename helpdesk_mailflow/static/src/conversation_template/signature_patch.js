import { Composer } from "@mail/core/common/composer";
import { patch } from "@web/core/utils/patch";

/**
 * Under answers to tickets stands the signature of whom the ticket is assigned to, which the
 * server adds, instead of that of who writes.
 */
patch(Composer.prototype, {
    get isTicketSigned() {
        return this.thread?.model === "helpdesk.ticket" && this.props.type !== "note";
    },

    /** @override */
    formatDefaultBodyForFullComposer(defaultBody, signature = "") {
        return super.formatDefaultBodyForFullComposer(
            defaultBody,
            this.isTicketSigned ? "" : signature
        );
    },

    /** @override */
    get fullComposerAdditionalContext() {
        const context = super.fullComposerAdditionalContext;
        return this.isTicketSigned ? { ...context, default_email_add_signature: true } : context;
    },
});
