import { registry } from "@web/core/registry";

const next = {
    trigger: "div[name=buttons] button[name=action_next]:visible",
    run: "click",
};
const WAITING = ".o_helpdesk_waiting_for_mail";

registry.category("web_tour.tours").add("helpdesk_mailflow.forwarding", {
    steps: () => [
        {
            content: "The address to forward to can be copied",
            trigger: "div[name=connect_forward] .o_field_CopyClipboardChar .o_clipboard_button",
        },
        {
            content: "Say where the mailbox is",
            trigger: "div[name=connect_forward] .o_radio_item:contains('Gmail') input",
            run: "click",
        },
        {
            content: "How to do it there, and nothing else",
            trigger:
                "div[name=connect_forward]:has(div[name=how_gmail]:visible):not(:has(div[name=how_other]:visible))",
        },
        {
            content: "The page waits for the provider's mail",
            trigger: `div[name=connect_forward] ${WAITING}:contains('Waiting for the confirmation')`,
        },
        {
            content: "The code is shown when it is in, and what was chosen is kept",
            trigger: "div[name=confirmation]:visible:contains('429106883')",
            timeout: 20000,
        },
        {
            content: "The link is a button that a person clicks",
            trigger: "div[name=confirmation] button[name=action_open_confirmation]:visible",
        },
        next,
        { content: "Who gets the tickets", trigger: "div[name=step_place]:visible" },
        next,
        {
            content: "Send a test mail",
            trigger: "div[name=test_mail] button:contains('Send a test mail'):visible",
            run: "click",
        },
        {
            content: "The page waits for it",
            trigger: `div[name=test_mail] ${WAITING} .progress:visible`,
        },
        {
            content: "It is back, and the forwarding is called working",
            trigger: "div[name=test_mail] .alert-success:visible:contains('came back after 1 min')",
            timeout: 20000,
        },
        {
            content: "Nothing is waited for any more",
            trigger: "div[name=test_mail]:visible:not(:has(.progress))",
        },
    ],
});
