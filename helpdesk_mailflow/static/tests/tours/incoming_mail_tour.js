import { clickAndConfirm, openHelpdeskMenu } from "./helpdesk_mail";

import { dragenterFiles, dropFiles, inputFiles } from "@web/../tests/utils";
import { registry } from "@web/core/registry";

const openIncomingMail = () =>
    openHelpdeskMenu("helpdesk_mailflow.mail_menu", "helpdesk_mailflow.incoming_mail_menu");

const savedMail = (name, subject) =>
    new File(
        [
            "From: Marta Lindqvist <marta@acorn-tests.example>\r\n",
            "To: reception@mailflow.test\r\n",
            `Subject: ${subject}\r\n`,
            "Date: Tue, 03 Mar 2026 09:30:00 +0000\r\n",
            `Message-ID: <${name}@acorn-tests.example>\r\n`,
            "\r\nIt smells of smoke.\r\n",
        ],
        name,
        { type: "message/rfc822" }
    );

registry.category("web_tour.tours").add("helpdesk_mailflow.take_in", {
    steps: () => [
        ...openIncomingMail(),
        {
            content: "Both mails are listed",
            trigger: ".o_data_row:contains('Came in on a workday')",
        },
        {
            content: "One that has no subject is told as such",
            trigger: ".o_data_row [name='subject']:contains('(no subject)')",
        },
        {
            content: "Look at the filters",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            content: "Filter what is to be looked at",
            trigger: ".o_filter_menu .o_menu_item:contains('To look at')",
            run: "click",
        },
        {
            content: "What became a ticket is no longer listed",
            trigger: ".o_list_view:not(:has(.o_data_row:contains('Came in on a workday')))",
        },
        {
            content: "The mail that was kept out is; open it",
            trigger: ".o_data_row:contains('Kept during the holidays') [name='subject']",
            run: "click",
        },
        {
            content: "It says why",
            trigger:
                ".o_form_view [name='trace_html']:contains('Intake of the support alias Reception is off.')",
        },
        {
            content: "Its source can be read",
            trigger: ".o_notebook .nav-link:contains('Source')",
            run: "click",
        },
        {
            trigger: "[name='source_preview']:contains('Subject: Kept during the holidays')",
        },
        ...clickAndConfirm(
            ".o_statusbar_buttons button[name='action_take_in']",
            "Take this mail in?",
            "Take in"
        ),
        {
            content: "Its ticket is open",
            trigger:
                ".o_form_view:has([name='partner_email']) [name='support_alias_id']:contains('Reception')",
        },
        {
            content: "Back to the mails that it is made of",
            trigger: ".o_form_view button[name='action_open_incoming_mails']",
            run: "click",
        },
        {
            content: "It is done, and says who took it in",
            trigger:
                ".o_form_view:has([name='state']:contains('Done')) [name='trace_html']:contains('asked to take it in.')",
        },
        {
            content: "It cannot be taken in twice",
            trigger: ".o_form_view:not(:has(button[name='action_take_in']))",
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.saved_mails", {
    steps: () => [
        ...openIncomingMail(),
        {
            content: "The button for saved mails",
            trigger: ".o_incoming_mail_upload",
            async run() {
                await inputFiles("input[accept*='.eml']", [
                    savedMail("chosen.eml", "A mail that was chosen"),
                ]);
            },
        },
        {
            content: "It says what became of it",
            trigger: ".o_notification:contains('A mail that was chosen: New ticket')",
        },
        {
            content: "It is a row; drop another two, one of them no mail",
            trigger: ".o_data_row:contains('A mail that was chosen'):contains('Done')",
            async run() {
                const files = [
                    new File(["Only some words"], "words.eml", { type: "message/rfc822" }),
                    savedMail("dropped.eml", "A mail that was dropped"),
                ];
                await dragenterFiles(".o_list_view", files);
                await dropFiles(".o-Dropzone", files);
            },
        },
        {
            content: "What is no mail is refused",
            trigger: ".o_notification:contains('words.eml: this is no saved mail (.eml)')",
        },
        {
            content: "The other one is a row nevertheless",
            trigger: ".o_data_row:contains('A mail that was dropped'):contains('Done')",
        },
    ],
});

registry.category("web_tour.tours").add("helpdesk_mailflow.agent", {
    steps: () => [
        {
            content: "The ticket leads to its mail",
            trigger: ".o_form_view button[name='action_open_incoming_mails']",
            run: "click",
        },
        {
            content: "Why it became this ticket",
            trigger: ".o_form_view [name='trace_html']:contains('It opens a ticket.')",
        },
        {
            content: "The source can be had",
            trigger: ".o_statusbar_buttons button[name='action_download_source']",
        },
        {
            content: "What managers do is not offered",
            trigger:
                ".o_form_view:not(:has(button[name='action_take_in'])):not(:has(button[name='action_retry'])):not(:has(button[name='action_ignore']))",
        },
        {
            content: "Nor is the page for each alias",
            trigger: ".o_notebook:not(:has(.nav-link:contains('What became of it')))",
        },
        {
            content: "All mails that this agent may see",
            trigger: ".o_menu_sections [data-menu-xmlid='helpdesk_mailflow.mail_menu']",
            run: "click",
        },
        {
            content: "The folders of mailboxes are not for agents",
            trigger:
                ".o-dropdown--menu:not(:has([data-menu-xmlid='helpdesk_mailflow.mail_folder_menu'])) [data-menu-xmlid='helpdesk_mailflow.incoming_mail_menu']",
            run: "click",
        },
        {
            content: "Those of the own ticket, not those of others",
            trigger:
                ".o_list_view:has(.o_data_row:contains('For me')):not(:has(.o_data_row:contains('For somebody else')))",
        },
        {
            content: "No upload either",
            trigger: ".o_list_view:not(:has(.o_incoming_mail_upload))",
        },
        {
            content: "Choose the mail",
            trigger: ".o_data_row:contains('For me') .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Nothing can be done with it",
            trigger:
                ".o_list_view:has(.o_selection_box):not(:has(button[name='action_take_in'])):not(:has(button[name='action_ignore']))",
        },
    ],
});
