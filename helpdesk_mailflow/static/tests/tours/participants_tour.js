import { registry } from "@web/core/registry";

const FIELD = ".o_field_widget[name='helpdesk_participants']";
const CC = ".o-helpdesk-TicketAnswer [data-field=cc]";
const COMPOSER = ".o-mail-Composer textarea";

registry.category("web_tour.tours").add("helpdesk_mailflow.participants", {
    steps: () => [
        {
            content: "Who takes part is listed, the first of many",
            trigger: `${FIELD}:has(.o_tag:contains('Bo Ek')):not(:has(.o_tag:contains('p9@')))`,
        },
        {
            content: "Show the others",
            trigger: `${FIELD} .o-helpdesk-Participants-more`,
            run: "click",
        },
        { content: "All are there", trigger: `${FIELD} .o_tag:contains('p9@crowd-tests.example')` },
        {
            content: "Begin an answer",
            trigger: ".o-mail-Chatter-sendMessage:not(.active)",
            run: "click",
        },
        { content: "They are offered in Cc", trigger: `${CC} .o_tag:contains('Bo Ek')` },
        {
            content: "Not for this answer",
            trigger: `${CC} .o_tag:contains('p8@crowd-tests.example') .o_delete`,
            run: "click",
        },
        {
            content: "It is out of this answer, not of the ticket",
            trigger: `body:not(:has(${CC} .o_tag:contains('p8@'))) ${FIELD} .o_tag:contains('p8@crowd-tests.example')`,
        },
        {
            content: "Somebody is out for good",
            trigger: `${FIELD} .o_tag:contains('p9@crowd-tests.example') .o_delete`,
            run: "click",
        },
        {
            content: "Out of the answer, too, which keeps what was chosen",
            trigger: `body:not(:has(.o_tag:contains('p9@'))):not(:has(${CC} .o_tag:contains('p8@'))) ${CC} .o_tag:contains('Bo Ek')`,
        },
        {
            content: "Somebody new",
            trigger: `${FIELD} .o-autocomplete input`,
            run: "edit new@fir.example",
        },
        { trigger: `${FIELD} .o-autocomplete input`, run: "press Enter" },
        {
            content: "Takes part, and gets this answer",
            trigger: `body:has(${FIELD} .o_tag:contains('new@fir.example')) ${CC} .o_tag:contains('new@fir.example')`,
        },
        { content: "Write", trigger: COMPOSER, run: "edit Pull the plug." },
        { content: "Send", trigger: ".o-mail-Composer-send:enabled", run: "click" },
        {
            content: "It is sent",
            trigger: ".o-mail-Message:contains('Pull the plug.'):contains('Cc Bo Ek')",
        },
        {
            content: "The ticket says who was taken out",
            trigger: ".o-mail-Message:contains('p9@crowd-tests.example takes no part any more')",
        },
    ],
});
