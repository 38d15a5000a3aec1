import { registry } from "@web/core/registry";

/**
 * Say what happens next, do it, and show the form as it is then: a step that takes its time in
 * several calls, so that whoever waits sees at what.
 *
 * @param {Object} env
 * @param {Object} action
 * @param {{message: String, model: String, id: Number, method: String, context: Object}}
 *     action.params
 * @returns {Promise<Object>} the action that comes next
 */
async function goOn(env, { params }) {
    env.services.ui.block({ message: params.message, delay: 0 });
    try {
        const next = await env.services.orm.call(params.model, params.method, [[params.id]], {
            context: params.context,
        });
        return next || { type: "ir.actions.client", tag: "soft_reload" };
    } finally {
        env.services.ui.unblock();
    }
}

registry.category("actions").add("helpdesk_mailflow.go_on", goOn);
