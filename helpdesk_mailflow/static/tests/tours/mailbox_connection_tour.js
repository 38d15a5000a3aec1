import { registry } from "@web/core/registry";

const EMAIL = "help@acorn-tests.example";

const next = (step) => ({
    content: `Leave the step ${step}`,
    trigger: `.o_form_view:has(.o_helpdesk_steps [data-step=${step}][data-state=next]) div[name=buttons] button[name=action_next]:visible`,
    run: "click",
});

const at = (step) => ({
    content: `The guide is at the step ${step}`,
    trigger: `.o_helpdesk_steps [data-step=${step}][data-state=next]`,
});

/** From the panel on the dashboard to the choice of roads, then this one. */
const beginWith = (road) => [
    {
        content: "The dashboard leads to the guide",
        trigger: ".o_helpdesk_get_started button:contains('Connect a mailbox')",
        run: "click",
    },
    {
        content: "Say what customers write to",
        trigger: ".o_field_widget[name=email] input",
        run: `edit ${EMAIL}`,
    },
    next("address"),
    at("road"),
    {
        content: `Choose the road ${road}`,
        trigger: `.o_helpdesk_roads [data-value=${road}] input:enabled`,
        run: "click",
    },
    { trigger: `.o_helpdesk_roads [data-value=${road}].o_chosen` },
    next("road"),
];

/** Who gets the tickets, a queue of its own, and what customers see. */
const place = (sender) => [
    at("place"),
    {
        content: "The only team is proposed",
        trigger: ".o_field_widget[name=team_id] input:value('Acorn desk')",
    },
    {
        content: "A new queue",
        trigger: ".o_field_widget[name=alias_choice] .o_radio_item:contains('A new one') input",
        run: "click",
    },
    {
        content: "Call it",
        trigger: ".o_field_widget[name=new_alias_name] input",
        run: "edit Acorn help",
    },
    {
        content: "What customers will see is shown",
        trigger: `.o_helpdesk_connection_example:contains('"Ada Admin" <${sender}>')`,
        run: "click",
    },
    next("place"),
];

const activate = [
    at("test"),
    {
        content: "Activate",
        trigger: "div[name=buttons] button[name=action_next]:contains('Activate')",
        run: "click",
    },
];

/** What was set up is listed, these rows of it in order, and leads on. */
const done = (...rows) => [
    {
        content: "All steps are done",
        trigger: ".o_helpdesk_steps [data-step=done][data-state=done]",
    },
    ...rows.map((row) => ({
        content: `${row} is set up`,
        trigger: `.o_helpdesk_result [data-row=${row}][data-state=ok]`,
    })),
    {
        content: "See the support alias",
        trigger: ".o_helpdesk_result [data-row=alias] button:contains('Acorn help')",
        run: "click",
    },
    { trigger: ".o_form_view .o_field_widget[name=name] input:value('Acorn help')" },
    {
        content: "Back to the guide",
        trigger: `.o_breadcrumb a:contains('${EMAIL}'), .breadcrumb-item:contains('${EMAIL}')`,
        run: "click",
    },
    {
        content: "On to the tickets",
        trigger: "button[name=action_open_tickets]",
        run: "click",
    },
    { trigger: ".o_list_view, .o_kanban_view:not(:has(.o_helpdesk_team_dashboard))" },
];

registry.category("web_tour.tours").add("helpdesk_mailflow.connect_provider", {
    steps: () => [
        ...beginWith("provider"),
        {
            content: "The settings were found",
            trigger: ".o_field_widget[name=in_host] input:value('imap.acorn.example')",
        },
        {
            content: "Type the password",
            trigger: "div[name=connect_provider] .o_field_widget[name=new_password] input",
            run: "edit planted-secret-of-the-mailbox",
        },
        next("connect"),
        ...place(EMAIL),
        ...activate,
        ...done("scanner", "folders", "team", "from_address", "filter"),
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.connect_microsoft", {
    steps: () => [
        ...beginWith("microsoft"),
        {
            content: "It says what has to be on",
            trigger: "div[name=connect_microsoft]:contains('SMTP AUTH must be on')",
        },
        {
            content: "The app registration is there",
            trigger: ".o_field_widget[name=microsoft_app_id] input:value('Acorn 365')",
        },
        {
            content: "Sign in",
            trigger: "button[name=action_microsoft_sign_in]:contains('Sign in with Microsoft')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Back in the guide the account is there",
            trigger: `.o_field_widget[name=oauth_account_id] input:value('${EMAIL}')`,
        },
        next("connect"),
        {
            content: "It says what works",
            trigger: ".alert:contains('Reading works'):contains('The connection works')",
        },
        ...place(EMAIL),
        ...activate,
        ...done("scanner", "account", "folders", "team", "from_address", "filter"),
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.connect_forward", {
    steps: () => [
        ...beginWith("forward"),
        {
            content: "The address to forward to is there",
            trigger:
                "div[name=connect_forward] .o_field_widget[name=provided_email]:contains('@mailflow.test')",
        },
        {
            content: "Only tickets come in",
            trigger:
                "div[name=connect_forward] .o_field_widget[name=answers_too] input",
            run: "click",
        },
        next("connect"),
        at("place"),
        {
            content: "Call the queue",
            trigger: ".o_field_widget[name=new_alias_name] input",
            run: "edit Acorn help",
        },
        next("place"),
        at("test"),
        {
            content: "Send a test mail",
            trigger: "button[name=action_send_test_mail]:contains('Send a test mail')",
            run: "click",
        },
        {
            content: "It is waited for",
            trigger: `div[name=test_mail]:contains('A test mail was sent to ${EMAIL}')`,
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.connect_forward_on", {
    steps: () => [
        {
            content: "Continue where it was left",
            trigger: ".o_helpdesk_get_started button:contains('Continue')",
            run: "click",
        },
        {
            content: "The test mail is back",
            trigger: "div[name=test_mail] .alert-success:contains('The test mail came back')",
        },
        ...activate,
        ...done("inbound", "team", "filter", "test"),
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.connect_provided", {
    steps: () => [
        {
            content: "The dashboard leads to the guide",
            trigger: ".o_helpdesk_get_started button:contains('Connect a mailbox')",
            run: "click",
        },
        {
            content: "There is no support address yet",
            trigger: "button[name=action_use_provided]",
            run: "click",
        },
        at("place"),
        {
            content: "A new queue",
            trigger: ".o_field_widget[name=alias_choice] .o_radio_item:contains('A new one') input",
            run: "click",
        },
        {
            content: "Call it",
            trigger: ".o_field_widget[name=new_alias_name] input",
            run: "edit Acorn help",
        },
        next("place"),
        {
            content: "The address is there",
            trigger: "div[name=provided_address] .o_field_widget[name=provided_email]:contains('acorn-help@mailflow.test')",
        },
        ...activate,
        {
            content: "It can be copied",
            trigger: ".o_helpdesk_result [data-row=inbound] :contains('acorn-help@mailflow.test')",
        },
        {
            content: "On to the tickets",
            trigger: "button[name=action_open_tickets]",
            run: "click",
        },
        { trigger: ".o_list_view, .o_kanban_view:not(:has(.o_helpdesk_team_dashboard))" },
    ],
});
