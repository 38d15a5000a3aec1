import { registry } from "@web/core/registry";

// the text of a mail is apart from the page
const MESSAGE = ".o-mail-Message:has(.o-mail-Message-author:contains('Jane'))";
const MARK = `${MESSAGE} .o-helpdesk-MessageMarks [data-mark=mark_dmarc_failed]`;

registry.category("web_tour.tours").add("helpdesk_mailflow.message_marks", {
    steps: () => [
        {
            content: "The message says at a glance what is wrong with it",
            trigger: `${MARK}:contains('DMARC failed')[title*='mx.mailflow.test']`,
            run: "click",
        },
        {
            content: "Pressed, it says why, also on a phone",
            trigger: `${MESSAGE} [role=status]:contains('mx.mailflow.test reports that the mail is not from')`,
        },
        { content: "Once more", trigger: MARK, run: "click" },
        {
            content: "It is out of the way again",
            trigger: `${MESSAGE}:not(:has([role=status]))`,
        },
    ],
});
