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

const openComposer = async (method, { message, owner, thread, store }) => {
    const action = await store.env.services.orm.call("helpdesk.ticket", method, [
        [thread.id],
        message.id,
    ]);
    owner.env.services.action.doAction(action, { onClose: () => thread.fetchNewMessages() });
};

registerMessageAction("helpdesk-forward", {
    condition: ({ message, thread }) => isTicket(thread) && message.canForward(thread),
    icon: "fa fa-share",
    name: _t("Forward by e-mail"),
    onSelected: (params) => openComposer("action_forward", params),
    sequence: 72,
});

/** What came in by mail and is kept among colleagues has no other way to be answered. */
registerMessageAction("helpdesk-reply-apart", {
    condition: ({ message, thread }) =>
        isTicket(thread) &&
        message.message_type === "email" &&
        message.isNote &&
        Boolean(message.author_id) &&
        !message.isSelfAuthored,
    icon: "fa fa-reply",
    name: _t("Reply by e-mail"),
    onSelected: (params) => openComposer("action_reply_apart", params),
    sequence: 71,
});
