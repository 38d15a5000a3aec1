import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("helpdesk_mailflow.set_requester", {
    steps: () => [
        {
            content: "The ticket is the agent's, and asks whose mail it was",
            trigger: ".alert:contains('Who wrote it?') button[name='action_set_requester']",
            run: "click",
        },
        {
            content: "All who wrote one of the attached mails are offered",
            trigger: ".modal [name='candidate_id']:contains('cleo@client-tests.example')",
        },
        {
            content: "Choose the other one",
            trigger: ".modal [name='candidate_id'] label:contains('dan@other-tests.example')",
            run: "click",
        },
        {
            content: "The address is that of the chosen one",
            trigger: ".modal [name='email'] input:value(dan@other-tests.example)",
        },
        {
            content: "Nothing is wider than the screen",
            trigger: ".modal-content",
            run() {
                const body = this.anchor.querySelector(".modal-body");
                if (body.scrollWidth > body.clientWidth + 1) {
                    throw new Error("The wizard is wider than the screen");
                }
            },
        },
        {
            trigger: ".modal footer button[name='action_set']",
            run: "click",
        },
        {
            content: "The question is answered",
            trigger: ".o_form_view:not(:has(.alert:contains('Who wrote it?')))",
        },
    ],
});
