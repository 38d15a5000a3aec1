import { registry } from "@web/core/registry";

/** The text of mails lies in a shadow root, so they are told by their authors. */
const messageOf = (author) => `.o-mail-Message:has(.o-mail-Message-author:contains('${author}'))`;

const menuOf = (author) => [
    {
        content: `Open the menu of what ${author} wrote`,
        trigger: messageOf(author),
        run: `hover && click ${messageOf(author)} [title='Expand']`,
    },
];

registry.category("web_tour.tours").add("helpdesk_mailflow.forward", {
    steps: () => [
        {
            content: "Messages are loaded once they can be seen",
            trigger: ".o-mail-Chatter",
            run() {
                this.anchor.scrollIntoView();
            },
        },
        ...menuOf("Marta Lindqvist"),
        {
            content: "Odoo's own forward is not offered beside ours",
            trigger: ".o-dropdown-item:contains('Forward by e-mail')",
            run() {
                const labels = [...document.querySelectorAll(".o-dropdown-item")];
                if (labels.filter((each) => each.textContent.includes("Forward")).length !== 1) {
                    throw new Error("There are several ways to forward");
                }
            },
        },
        {
            trigger: ".o-dropdown-item:contains('Forward by e-mail')",
            run: "click",
        },
        {
            content: "The message is quoted",
            trigger: ".modal .odoo-editor-editable:contains('Forwarded message')",
        },
        {
            content: "Name the supplier",
            trigger: ".modal .o_field_widget[name='partner_ids'] input:visible",
            run: "edit Sam",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Sam Sturdy')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name='partner_ids'] .o_tag:contains('Sam Sturdy')",
        },
        {
            content: "Own words on top",
            trigger: ".modal .odoo-editor-editable",
            run: "editor Can you come on Tuesday?",
        },
        {
            content: "As an attached mail",
            trigger: ".modal .o_radio_item:contains('As an attached mail') input",
            run: "click",
        },
        {
            content: "The mail is attached, in place of its file",
            trigger:
                ".modal .o_field_widget[name='attachment_ids']:contains('The printer burns.eml'):not(:contains('smoke.pdf'))",
        },
        {
            content: "It is not shown to the requester",
            trigger: ".modal [name='helpdesk_show_requester'] input:not(:checked)",
        },
        {
            trigger: ".modal .o_mail_send:not([disabled])",
            run: "click",
        },
        { trigger: "body:not(:has(.modal))" },
        {
            content: "It is on the ticket",
            trigger: ".o-mail-Message:contains('Can you come on Tuesday?')",
        },
        ...menuOf("Sam Sturdy"),
        {
            trigger: ".o-dropdown-item:contains('Reply by e-mail')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name='partner_ids'] .o_tag:contains('Sam Sturdy')",
        },
        {
            trigger: ".modal .odoo-editor-editable:contains('I can come at nine.')",
        },
        {
            trigger: ".modal .modal-footer [special='cancel'], .modal .btn:contains('Discard')",
            run: "click",
        },
        { trigger: "body:not(:has(.modal))" },
    ],
});
