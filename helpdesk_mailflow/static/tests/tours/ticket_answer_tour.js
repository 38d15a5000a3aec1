import { formatAddresses, readAddresses } from "@helpdesk_mailflow/ticket_answer/addresses";

import { registry } from "@web/core/registry";

const ANSWER = ".o-helpdesk-TicketAnswer";
const MESSAGE = ".o-mail-Message";
const COMPOSER = ".o-mail-Composer textarea";

const openAnswer = () => [
    {
        content: "Begin an answer",
        trigger: ".o-mail-Chatter-sendMessage:not(.active)",
        run: "click",
    },
    { content: "It says from whom, to whom", trigger: `${ANSWER}:contains('From'):contains('To')` },
];

const send = (text) => [
    { content: "Write", trigger: COMPOSER, run: `edit ${text}` },
    { content: "Send", trigger: ".o-mail-Composer-send:enabled", run: "click" },
    { content: "It is sent", trigger: `${MESSAGE}:contains('${text}')` },
];

/**
 * @param {String} row selector
 * @param {String} text what is typed, and ends with Enter
 * @param {String} shown what stands in the tag then
 */
const addAddress = (row, text, shown) => [
    { content: `Type ${text}`, trigger: `${row} .o-autocomplete input`, run: `edit ${text}` },
    { content: "Enter", trigger: `${row} .o-autocomplete input`, run: "press Enter" },
    { content: `${shown} is there`, trigger: `${row} .o_tag:contains('${shown}')` },
];

function paste(element, text) {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    element.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })
    );
}

/** What people type and paste, and what it is read as. */
function checkAddresses() {
    const read = {
        "ann@a.example": ["ann@a.example", ""],
        "Ann Lee <ann@a.example>, bob@b.example": ["Ann Lee <ann@a.example>, bob@b.example", ""],
        '"Lee, Ann" <ann@a.example>;bob@b.example;': [
            '"Lee, Ann" <ann@a.example>, bob@b.example',
            "",
        ],
        "Lee, Ann <ann@a.example>; Cole, Dan <dan@a.example>": [
            '"Lee, Ann" <ann@a.example>, "Cole, Dan" <dan@a.example>',
            "",
        ],
        "ann@a.example bob@b.example": ["ann@a.example, bob@b.example", ""],
        "ann@a.example\nbob@b.example\tcy@c.example": [
            "ann@a.example, bob@b.example, cy@c.example",
            "",
        ],
        "Ann ann@a.example": ["Ann <ann@a.example>", ""],
        "ann@a.example <ann@a.example>": ["ann@a.example", ""],
        "ann, bob@b.example": ["bob@b.example", "ann"],
        "ann@a": ["", "ann@a"],
        "ann@@a.example": ["", "ann@@a.example"],
        "": ["", ""],
    };
    for (const [text, [expected, expectedRest]] of Object.entries(read)) {
        const { addresses, rest } = readAddresses(text);
        const found = formatAddresses(addresses);
        if (found !== expected || rest !== expectedRest) {
            throw new Error(`${JSON.stringify(text)} is read as ${found}, ${rest} is left`);
        }
    }
}

registry.category("web_tour.tours").add("helpdesk_mailflow.quick_answer", {
    steps: () => [
        {
            content: "Addresses are read as people write them",
            trigger: ".o-mail-Chatter-sendMessage",
            run: checkAddresses,
        },
        {
            content: "A note has no From",
            trigger: ".o-mail-Chatter-logNote",
            run: "click",
        },
        {
            content: "Only the text",
            trigger: `.o-mail-Chatter:has(.o-mail-Composer):not(:has(${ANSWER}))`,
        },
        ...openAnswer(),
        {
            content: "It goes to the requester, who stays",
            trigger: `${ANSWER} .o_tag:contains('Marta Lindqvist'):not(:has(.o_delete))`,
        },
        {
            content: "Answer as another",
            trigger: `${ANSWER} select`,
            run: "selectByLabel Tess Agent <billing@acorn-tests.example>",
        },
        { content: "Open Cc", trigger: `${ANSWER}-showCc`, run: "click" },
        ...addAddress("[data-field=cc]", "new@fir.example", "new@fir.example"),
        {
            content: "Look for a contact",
            trigger: "[data-field=cc] .o-autocomplete input",
            run: "edit Bob Known",
        },
        {
            content: "Take it",
            trigger: ".o-autocomplete--dropdown-item a:contains('Bob Known <bob@fir.example>')",
            run: "click",
        },
        { content: "By name", trigger: "[data-field=cc] .o_tag:contains('Bob Known')" },
        {
            content: "Paste a list, in which one is wrong",
            trigger: "[data-field=cc] .o-autocomplete input",
            run: ({ anchor }) =>
                paste(anchor, "Lee, Ann <ann@fir.example>; wrong; BOB@fir.example\ncy@fir.example"),
        },
        {
            content: "The others are taken, and nobody twice",
            trigger:
                "[data-field=cc]:has(.o_tag:contains('Lee, Ann')):has(.o_tag:contains('cy@fir.example')):not(:has(.o_tag:contains('bob@fir.example')))",
        },
        {
            content: "The wrong one is told",
            trigger: "[data-field=cc] [role=alert]:contains('“wrong” is not an e-mail address')",
        },
        { content: "Write", trigger: COMPOSER, run: "edit Pull the plug." },
        { content: "Send", trigger: ".o-mail-Composer-send:enabled", run: "click" },
        {
            content: "Not like this",
            trigger: ".o_notification:contains('Cc: “wrong” is not an e-mail address')",
        },
        {
            content: "Take it out",
            trigger: "[data-field=cc] .o-autocomplete input",
            run: "clear",
        },
        { content: "No complaint", trigger: "[data-field=cc]:not(:has([role=alert]))" },
        {
            content: "And somebody else",
            trigger: "[data-field=cc] .o_tag:contains('cy@fir.example') .o_delete",
            run: "click",
        },
        { content: "Open Bcc", trigger: `${ANSWER}-showBcc`, run: "click" },
        ...addAddress("[data-field=bcc]", "boss@fir.example", "boss@fir.example"),
        ...send("Pull the plug."),
        {
            content: "Colleagues see how it left",
            trigger: `${MESSAGE}:contains('Pull the plug.') .o-helpdesk-WayOut:contains('From Tess Agent <billing@acorn-tests.example>'):contains('Cc new@fir.example, Bob Known, “Lee, Ann”'):contains('Bcc boss@fir.example')`,
        },
        ...openAnswer(),
        {
            content: "Who is in Cc takes part from now on; who is in Bcc does not",
            trigger: `${ANSWER}:has([data-field=cc] .o_tag:contains('Lee, Ann')):not(:has([data-field=bcc]))`,
        },
        {
            content: "And the ticket answers as before",
            trigger: `${ANSWER} select option:checked:contains('<support@mailflow.test>'):not(:visible)`,
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.private_answer", {
    steps: () => [
        ...openAnswer(),
        {
            content: "Take the requester out",
            trigger: `${ANSWER} .o_tag:contains('Marta Lindqvist') .o_delete`,
            run: "click",
        },
        {
            content: "It says what that means",
            trigger: `${ANSWER}-private:contains("Marta Lindqvist does not get this answer and doesn't see it in the portal."):contains('Nobody else')`,
        },
        {
            content: "Put her back",
            trigger: `${ANSWER}-private button:contains('Put back')`,
            run: "click",
        },
        {
            content: "She is back",
            trigger: `${ANSWER}:not(:has(${ANSWER}-private)) .o_tag:contains('Marta Lindqvist')`,
        },
        {
            content: "Out again",
            trigger: `${ANSWER} .o_tag:contains('Marta Lindqvist') .o_delete`,
            run: "click",
        },
        { content: "Open Cc", trigger: `${ANSWER}-showCc`, run: "click" },
        ...addAddress("[data-field=cc]", "supplier@fir.example", "supplier@fir.example"),
        ...send("Is she right?"),
        {
            content: "It is marked",
            trigger: `${MESSAGE}:contains('Is she right?') .o-helpdesk-WayOut:contains('Private: without the requester')`,
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.full_answer", {
    steps: () => [
        ...openAnswer(),
        { content: "Open Cc", trigger: `${ANSWER}-showCc`, run: "click" },
        ...addAddress("[data-field=cc]", "new@fir.example", "new@fir.example"),
        { content: "Write", trigger: COMPOSER, run: "edit Pull the plug." },
        {
            content: "Go on in the full composer",
            trigger: ".o-mail-Composer button[name='open-full-composer']",
            run: "click",
        },
        {
            content: "It has what was chosen so far",
            trigger:
                ".modal .o_form_view:has([name='helpdesk_cc'] .o_tag:contains('new@fir.example')):has([name='partner_ids'] .o_tag:contains('Marta Lindqvist')) [name='body']:contains('Pull the plug.')",
        },
        {
            content: "The requester cannot be taken out",
            trigger: ".modal [name='partner_ids'] .o_tag:contains('Marta Lindqvist') .o_delete",
            run: "click",
        },
        {
            content: "It says so",
            trigger: ".o_notification:contains('Marta Lindqvist gets every answer')",
        },
        {
            content: "She is back",
            trigger: ".modal [name='partner_ids'] .o_tag:contains('Marta Lindqvist')",
        },
        {
            content: "Answer as another",
            trigger: ".modal [name='helpdesk_from_address_id'] select",
            run: "selectByLabel Tess Agent <billing@acorn-tests.example>",
        },
        ...addAddress(".modal [name='helpdesk_bcc']", "boss@fir.example", "boss@fir.example"),
        { content: "Send", trigger: ".modal .o_mail_send:enabled", run: "click" },
        {
            content: "It left so",
            trigger: `${MESSAGE}:contains('Pull the plug.') .o-helpdesk-WayOut:contains('From Tess Agent <billing@acorn-tests.example>'):contains('Cc new@fir.example'):contains('Bcc boss@fir.example')`,
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.missing_address", {
    steps: () => [
        ...openAnswer(),
        {
            content: "The agent is told before writing",
            trigger: ".o-helpdesk-MissingAddress:contains('Marta Lindqvist has no e-mail address')",
        },
        {
            content: "In the full composer, too",
            trigger: ".o-mail-Composer button[name='open-full-composer']",
            run: "click",
        },
        {
            content: "The same",
            trigger:
                ".modal .o-helpdesk-MissingAddress:contains('Marta Lindqvist has no e-mail address')",
        },
        { content: "Back", trigger: ".modal .modal-header .btn-close", run: "click" },
        { content: "It is closed", trigger: "body:not(:has(.modal))" },
        ...openAnswer(),
        {
            content: "Type what is no address",
            trigger: ".o-helpdesk-MissingAddress input",
            run: "edit marta@fir",
        },
        {
            content: "Add it",
            trigger: ".o-helpdesk-MissingAddress button:contains('Add address')",
            run: "click",
        },
        {
            content: "That is none",
            trigger: ".o-helpdesk-MissingAddress:contains('Write the address like')",
        },
        {
            content: "Type an address",
            trigger: ".o-helpdesk-MissingAddress input",
            run: "edit marta@fir.example",
        },
        {
            content: "Add it",
            trigger: ".o-helpdesk-MissingAddress button:contains('Add address')",
            run: "click",
        },
        {
            content: "She can be answered now",
            trigger: `${ANSWER}:not(:has(.o-helpdesk-MissingAddress)) .o_tag:contains('Marta Lindqvist')`,
        },
        ...send("Pull the plug."),
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.text_message", {
    steps: () => [
        ...openAnswer(),
        {
            content: "By text message",
            trigger: `${ANSWER} button:enabled:contains('Text message')`,
            run: "click",
        },
        {
            content: "It goes to the number",
            trigger: `${ANSWER}:contains('+46701740610'):not(:contains('From'))`,
        },
        { content: "Write", trigger: COMPOSER, run: "edit Pull the plug." },
        {
            content: "Send",
            trigger: ".o-mail-Composer-send:enabled:contains('Send text message')",
            run: "click",
        },
        { content: "It is sent", trigger: `${MESSAGE}:contains('Pull the plug.')` },
    ],
});
