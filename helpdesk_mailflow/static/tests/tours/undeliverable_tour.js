import { registry } from "@web/core/registry";

const WARNING = ".o-helpdesk-Undeliverable:contains('Not deliverable'):contains('does not exist')";

registry.category("web_tour.tours").add("helpdesk_mailflow.undeliverable", {
    steps: () => [
        {
            content: "Begin an answer",
            trigger: ".o-mail-Chatter-sendMessage:not(.active)",
            run: "click",
        },
        {
            content: "The composer says that it will not arrive",
            trigger: `.o-helpdesk-TicketAnswer ${WARNING}`,
        },
        {
            content: "Open the full composer",
            trigger: ".o-mail-Composer button[name='open-full-composer']",
            run: "click",
        },
        { content: "So does this one", trigger: `.modal ${WARNING}` },
        {
            content: "The address works",
            trigger: `.modal ${WARNING} button:contains('Deliverable again')`,
            run: "click",
        },
        {
            content: "Nothing is said any more",
            trigger: ".modal:not(:has(.o-helpdesk-Undeliverable))",
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.undeliverable_contact", {
    steps: () => [
        {
            content: "The contact says what is wrong, and since when",
            trigger:
                ".o-helpdesk-undeliverable:contains('does not exist'):contains('Mail came back on')",
        },
        {
            content: "The address works",
            trigger: ".o-helpdesk-undeliverable button:contains('Deliverable again')",
            run: "click",
        },
        {
            content: "Nothing is said any more",
            trigger: ".o_form_view:not(:has(.o-helpdesk-undeliverable))",
        },
    ],
});
