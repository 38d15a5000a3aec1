import { openHelpdeskMenu } from "./helpdesk_mail";

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const EDITOR = ".o_helpdesk_mail_body .odoo-editor-editable";
const MAIL = ".o_helpdesk_mail_preview iframe";

/** Wait until the preview shows a text. */
function waitForMail(text) {
    return {
        content: `The preview shows “${text}”`,
        trigger: MAIL,
        async run({ waitUntil }) {
            await waitUntil(
                () => {
                    const frame = document.querySelector(MAIL);
                    return frame?.contentDocument?.body?.textContent.includes(text);
                },
                { timeout: 8000 }
            );
        },
    };
}

registry.category("web_tour.tours").add("helpdesk_mailflow.conversation_template", {
    steps: () => [
        ...openHelpdeskMenu(
            "helpdesk_mgmt.helpdesk_ticket_config_main_menu",
            "helpdesk_mailflow.conversation_template_menu"
        ),
        waitForMail("It smells of smoke."),
        {
            content: "Write into the text",
            trigger: `${EDITOR} > *:first-child`,
            run: "editor Greetings from {company}",
        },
        waitForMail("Greetings from"),
        {
            content: "There is no answer in it any more",
            trigger: ".alert-warning:contains('without what the agent wrote')",
        },
        {
            content: "A click writes a placeholder where the cursor is",
            trigger: ".o_helpdesk_placeholders button:contains('{answer}')",
            run: "click",
        },
        { content: "It is there", trigger: `${EDITOR}:contains('{answer}')` },
        waitForMail("We found the cause"),
        { content: "Nothing to warn of", trigger: "body:not(:has(.alert-warning:visible))" },
        {
            content: "Leave the number out",
            trigger: "[name='subject'] input",
            run: "edit About {subject}",
        },
        {
            content: "The subject follows",
            trigger: "[name='preview_subject']:contains('About The printer burns')",
        },
        ...stepUtils.saveForm(),
        {
            content: "It is saved, and says what will not work",
            trigger: ".o_notification:contains('will open new tickets')",
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.composer_signature", {
    steps: () => [
        { content: "Answer", trigger: ".o-mail-Chatter-sendMessage", run: "click" },
        {
            content: "Write",
            trigger: ".o-mail-Composer-input",
            run: "edit We are on our way.",
        },
        {
            content: "Open the full composer",
            trigger: ".o-mail-Composer-fullComposer, .o-mail-Composer button[title='Open Full Composer']",
            run: "click",
        },
        {
            content: "What was written is there, and no signature of who writes",
            trigger: ".modal .odoo-editor-editable:contains('on our way'):not(:contains('tel. 42'))",
        },
        {
            content: "Send",
            trigger: ".modal button[name='action_send_mail']",
            run: "click",
        },
        { content: "It is sent", trigger: ".o-mail-Message:contains('on our way')" },
    ],
});
