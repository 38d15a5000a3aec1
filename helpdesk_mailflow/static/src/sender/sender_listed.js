import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/** Long enough to read two lines and to find the button. */
const DELAY = 10000;

/**
 * Says what happened to a sender. If somebody was blocked, it can be undone there.
 *
 * @param {Object} params
 * @param {String} params.message
 * @param {Number|false} params.sender_id of the new entry of the list
 */
function senderListed(env, { params: { message, sender_id } }) {
    const buttons = [];
    if (sender_id) {
        buttons.push({
            name: _t("Undo"),
            icon: "fa-undo",
            onClick: async () => {
                close();
                await env.services.orm.call("helpdesk.sender", "action_unblock", [[sender_id]]);
                env.services.notification.add(_t("Undone."), { type: "info" });
                await env.services.action.doAction("soft_reload");
            },
        });
    }
    const close = env.services.notification.add(message, {
        type: "success",
        buttons,
        autocloseDelay: DELAY,
    });
    // so that the form shows it
    return { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("helpdesk_mailflow.sender_listed", senderListed);
