import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";

/** What Odoo raises with a sentence for whoever uses it. */
const TOLD = /^odoo\.exceptions\.(UserError|ValidationError|AccessError|MissingError)$/;

/**
 * What to show where a call failed, in place of Odoo's dialog with a traceback.
 *
 * @param {Error} error
 * @returns {String} a sentence
 * @throws what is no error of a call
 */
export function errorSentence(error) {
    if (error instanceof ConnectionLostError) {
        return _t("The server cannot be reached. Try again in a moment.");
    }
    if (!(error instanceof RPCError)) {
        throw error;
    }
    if (TOLD.test(error.exceptionName) && error.data?.message) {
        return error.data.message;
    }
    return _t("The server failed at this. The cause is in its log.");
}
