import { messageActionsRegistry, registerMessageAction } from "@mail/core/common/message_actions";
import "@mail/core/web/message_actions_patch";
import { _t } from "@web/core/l10n/translation";

const isTicket = (thread) => thread?.model === "helpdesk.ticket";

/** Odoo's own "Forward" goes out as an answer that the requester sees; tickets have this one. */
const forward = messageActionsRegistry.get("forward");
messageActionsRegistry.add(
    "forward",
    {
        ...forward,
        condition: (params) => !isTicket(params.thread) && forward.condition(params),
    },
    { force: true }
);

registerMessageAction("helpdesk-forward", {
    condition: ({ message, thread }) => isTicket(thread) && message.canForward(thread),
    icon: "fa fa-share",
    name: _t("Forward by e-mail"),
    onSelected: async ({ message, owner, thread, store }) => {
        const action = await store.env.services.orm.call("helpdesk.ticket", "action_forward", [
            [thread.id],
            message.id,
        ]);
        owner.env.services.action.doAction(action, {
            onClose: () => thread.fetchNewMessages(),
        });
    },
    sequence: 72,
});
