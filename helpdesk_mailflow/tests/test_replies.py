# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

from .common import DOMAIN, MARTA, MailflowCase, bounce, mail


class TestReplies(MailflowCase):
    """What answers a ticket joins it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_user(
            "mailflow-agent",
            "helpdesk_mgmt.group_helpdesk_manager",
            name="Ada Agent",
            email="ada@our-office.example",
            notification_type="inbox",
        )
        cls.team.user_ids = cls.agent

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))

    def received(self, ticket=None):
        """The messages of a ticket that came by mail, the oldest first."""
        messages = (ticket or self.ticket).message_ids
        return messages.filtered(lambda each: each.message_type == "email").sorted("id")

    def reply(self, to_id="<first@acorn-tests.example>", **values):
        values.setdefault("subject", "Re: The printer burns")
        values.setdefault("text", "Now it is out.")
        headers = [*values.pop("headers", ()), ("In-Reply-To", to_id)]
        return mail(headers=headers, **values)

    def answer(self, body="We are on our way.", **values):
        """What the composer does when an agent answers the requester."""
        values.setdefault("subtype_xmlid", "mail.mt_comment")
        values.setdefault("partner_ids", self.ticket.partner_id.ids)
        with self.mock_mail_gateway():
            return self.ticket.with_user(self.agent).message_post(
                body=body, message_type="comment", **values
            )

    def check_joined(self, row, ticket=None):
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["reply"], row.why)
        self.assertEqual(row.ticket_ids, ticket or self.ticket)

    # ---- how the thread is found ----

    def test_by_in_reply_to(self):
        row = self.take(self.reply())
        self.check_joined(row)
        message = self.received()[-1]
        self.assertIn("Now it is out.", message.body)
        self.assertEqual(message.author_id, self.ticket.partner_id)
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_comment"))
        self.assertEqual(message.parent_id, self.received()[0])
        self.assertEqual(row.delivery_ids.message_id, message)

    def test_by_references(self):
        headers = [("References", "<other@x.example> <first@acorn-tests.example> <lost@x.example>")]
        self.check_joined(self.take(mail(headers=headers)))

    def test_by_references_also_where_no_recipient_is_ours(self):
        raw = self.reply(to="undisclosed-recipients:;")
        self.check_joined(self.take(raw, "helpdesk.ticket"))

    def test_an_answer_of_an_agent_is_what_is_replied_to(self):
        message = self.answer()
        self.check_joined(self.take(self.reply(message.message_id)))

    def test_attachments_of_a_reply_are_on_its_message(self):
        files = [("log.txt", "application/octet-stream", b"log")]
        self.take(self.reply(attachments=files))
        self.assertEqual(self.received()[-1].attachment_ids.mapped("raw"), [b"log"])

    def test_by_the_number_in_the_subject_from_a_participant(self):
        for subject in ("Re: [#%s] x", "AW: [%s]", "#%s again"):
            with self.subTest(subject=subject):
                self.check_joined(self.take(mail(subject=subject % self.ticket.number)))

    def test_by_the_number_from_somebody_in_copy(self):
        self.ticket.email_cc = "Bo <bo@acorn-tests.example>"
        raw = mail(subject=f"[{self.ticket.number}]", from_="BO@acorn-tests.example")
        self.check_joined(self.take(raw))

    def test_by_the_number_in_the_company_s_own_pattern(self):
        self.company.helpdesk_subject_tag = "(Case {number})"
        self.ticket.number = "2026/17"
        self.check_joined(self.take(mail(subject="AW: (case 2026/17) The printer burns")))
        row = self.take(mail(subject="Re: (Case 2026/17) x", from_="eve@evil.example"))
        self.assertNotEqual(row.ticket_ids, self.ticket)
        self.assertIn("thread_tag_stranger", self.codes(row))

    def test_by_the_number_in_the_usual_pattern_after_a_change(self):
        """What was sent before the change comes back, too."""
        self.company.helpdesk_subject_tag = "(Case {number})"
        self.check_joined(self.take(mail(subject=f"Re: [#{self.ticket.number}] The printer")))

    def test_a_pattern_that_cannot_be_found_again_is_refused(self):
        for tag in ("[#]", "<{number}>", "{number} {agent}", "{number}" + "x" * 50):
            with self.assertRaises(ValidationError):
                self.company.helpdesk_subject_tag = tag

    def test_a_stranger_who_names_the_number_does_not_join(self):
        raw = mail(subject=f"Re: [#{self.ticket.number}] x", from_="eve@evil.example")
        row = self.take(raw)
        self.assertEqual(row.delivery_ids.outcome, "ticket")
        self.assertNotEqual(row.ticket_ids, self.ticket)
        self.assertIn("eve@evil.example takes no part in that ticket", str(row.trace_html))
        self.assertEqual(len(self.received()), 1)

    def test_a_reply_and_its_parent_in_one_batch(self):
        parent = mail(message_id="<parent@x.example>", subject="In one go")
        rows = self.take_batch(parent, self.reply("<parent@x.example>"), mail())
        self.assertEqual(rows.mapped("state"), ["done"] * 3)
        self.assertEqual(rows.delivery_ids.mapped("outcome"), ["ticket", "reply", "ticket"])
        self.assertEqual(rows[0].ticket_ids, rows[1].ticket_ids)
        self.assertEqual(len(rows.ticket_ids), 2)

    # ---- what joining does ----

    def test_a_reply_to_an_internal_note_stays_internal(self):
        note = self.answer(subtype_xmlid="mail.mt_note", partner_ids=[])
        self.take(self.reply(note.message_id, from_=self.agent.email))
        message = self.received()[-1]
        self.assertTrue(message.is_internal)
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_note"))

    def test_a_reply_to_the_mail_of_a_customer_is_not_internal(self):
        self.take(self.reply())
        self.assertFalse(self.received()[-1].is_internal)

    def test_a_closed_ticket_is_opened_again(self):
        self.ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        self.assertTrue(self.ticket.stage_id.closed)
        row = self.take(self.reply())
        self.check_joined(row)
        self.assertFalse(self.ticket.stage_id.closed)
        self.assertIn("was closed and is open again", row.why)

    def test_an_open_ticket_keeps_its_stage(self):
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_awaiting")
        self.ticket.stage_id = stage
        self.take(self.reply())
        self.assertEqual(self.ticket.stage_id, stage)

    def test_an_archived_ticket_is_left_alone(self):
        self.ticket.active = False
        row = self.take(self.reply())
        self.assertEqual(row.delivery_ids.outcome, "ticket")
        self.assertNotEqual(row.ticket_ids, self.ticket)
        self.assertIn("which is archived", str(row.trace_html))

    def test_who_is_in_copy_is_kept_on_the_ticket(self):
        self.take(self.reply(headers=[("Cc", f"Bo <bo@acorn-tests.example>, support@{DOMAIN}")]))
        self.take(self.reply(headers=[("Cc", "cy@acorn-tests.example")]))
        self.assertIn("bo@acorn-tests.example", self.ticket.email_cc)
        self.assertIn("cy@acorn-tests.example", self.ticket.email_cc)
        self.assertNotIn(DOMAIN, self.ticket.email_cc)

    def test_an_agent_s_reply_by_mail_is_in_the_agent_s_name(self):
        row = self.take(self.reply(from_="Ada <ADA@our-office.example>"))
        self.check_joined(row)
        self.assertEqual(self.received()[-1].author_id, self.agent.partner_id)
        self.assertEqual(self.ticket.partner_id.email, "marta@acorn-tests.example")

    def test_a_reply_of_somebody_in_copy_shows_who_wrote(self):
        self.ticket.email_cc = "bo@acorn-tests.example"
        self.check_joined(self.take(self.reply(from_="Bo <bo@acorn-tests.example>")))
        self.assertIn("bo@acorn-tests.example", self.received()[-1].email_from)

    # ---- answers go out ----

    def test_an_agent_s_answer_goes_to_the_requester_and_back_to_the_alias(self):
        self.answer()
        self.assertEqual(len(self._mails), 1)
        sent = self._mails[0]
        self.assertEqual(
            [email_normalize(each) for each in sent["email_to"]], ["marta@acorn-tests.example"]
        )
        self.assertEqual(email_normalize(sent["reply_to"]), f"support@{DOMAIN}")
        self.assertIn("We are on our way.", sent["body"])
        self.check_joined(self.take(self.reply(sent["message_id"], to=sent["reply_to"])))

    def test_answers_come_back_to_the_alias_that_the_mail_came_in_by(self):
        self.make_alias("Sales", "sales", team_id=self.team.id)
        self.ticket = self.take_ticket(mail(to=f"sales@{DOMAIN}"))
        self.answer()
        self.assertEqual(email_normalize(self._mails[0]["reply_to"]), f"sales@{DOMAIN}")

    def test_an_agent_s_reply_by_mail_reaches_the_requester(self):
        with self.mock_mail_gateway():
            self.take(self.reply(from_="Ada <ada@our-office.example>", text="By mail"))
        self.assertEqual(
            [email_normalize(to) for sent in self._mails for to in sent["email_to"]],
            ["marta@acorn-tests.example"],
        )

    def test_who_wrote_gets_no_copy_of_it(self):
        with self.mock_mail_gateway():
            self.take(self.reply())
        recipients = [to for sent in self._mails for to in sent["email_to"]]
        self.assertFalse([to for to in recipients if "marta@" in to])

    def test_our_own_message_coming_back_joins_nothing(self):
        message = self.answer()
        raw = mail(
            from_=f"Ada <support@{DOMAIN}>",
            subject=message.subject,
            message_id=message.message_id,
            headers=[("References", "<first@acorn-tests.example>")],
        )
        row = self.take(raw)
        self.assertEqual(row.state, "ignored", row.why)
        self.assertIn("own_answer", self.codes(row))
        self.assertEqual(len(self.received()), 1)


class TestKinds(MailflowCase):
    """What machines send."""

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        with self.mock_mail_gateway():
            self.sent = self.ticket.message_post(
                body="Solved.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.ticket.partner_id.ids,
            )

    def tickets(self):
        return self.env["helpdesk.ticket"].with_context(active_test=False).search_count([])

    def check_in_ledger_only(self, row, kind):
        self.assertEqual((row.kind, row.state), (kind, "done"), row.why)
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["ledger"])
        self.assertFalse(row.ticket_ids)

    def out_of_office(self, **values):
        headers = [("Auto-Submitted", "auto-replied"), *values.pop("headers", ())]
        return mail(subject="Out of office: x", headers=headers, **values)

    def test_an_out_of_office_on_a_thread_is_a_note_and_reopens_nothing(self):
        closed = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        self.ticket.stage_id = closed
        self.flush_tracking()  # tells the requester that it is closed
        with self.mock_mail_gateway():
            row = self.take(self.out_of_office(headers=[("In-Reply-To", self.sent.message_id)]))
        self.assertEqual(row.kind, "auto_reply")
        self.assertEqual(row.delivery_ids.outcome, "note")
        message = row.delivery_ids.message_id
        self.assertIn(message, self.ticket.message_ids)
        self.assertTrue(message.is_internal)
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_note"))
        self.assertEqual(self.ticket.stage_id, closed)
        self.assertFalse(self._mails, "nobody is written to")

    def test_an_out_of_office_without_a_thread_stays_in_the_ledger(self):
        self.check_in_ledger_only(self.take(self.out_of_office()), "auto_reply")

    def test_a_bounce_marks_the_message_that_was_not_delivered(self):
        before = len(self.ticket.message_ids)
        row = self.take(
            bounce(self.sent.message_id, f"bounce@{DOMAIN}", "marta@acorn-tests.example"),
            "helpdesk.ticket",
        )
        self.assertEqual((row.kind, row.state), ("bounce", "done"), row.why)
        self.assertEqual(row.delivery_ids.outcome, "bounce")
        self.assertEqual(row.ticket_ids, self.ticket)
        self.assertEqual(row.delivery_ids.message_id, self.sent)
        notification = self.sent.notification_ids
        self.assertEqual(notification.notification_status, "bounce")
        self.assertEqual(notification.failure_type, "mail_bounce")
        self.assertIn("mailbox full", notification.failure_reason)
        self.assertEqual(len(self.ticket.message_ids), before)

    def test_a_bounce_marks_only_who_it_names(self):
        bo = self.make_contact("Bo", "bo@acorn-tests.example")
        with self.mock_mail_gateway():
            sent = self.ticket.message_post(
                body="Hello",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=(self.ticket.partner_id | bo).ids,
            )
        self.take(bounce(sent.message_id, f"support@{DOMAIN}", "bo@acorn-tests.example"))
        status = {each.res_partner_id: each.notification_status for each in sent.notification_ids}
        self.assertEqual(status[bo], "bounce")
        self.assertEqual(status[self.ticket.partner_id], "sent")

    def test_a_bounce_of_something_else_stays_in_the_ledger(self):
        row = self.take(bounce("<x@y.example>", f"support@{DOMAIN}", "bo@acorn-tests.example"))
        self.check_in_ledger_only(row, "bounce")

    def test_a_read_receipt_marks_the_message_that_was_read(self):
        head = mail(
            subject="Read: Solved",
            headers=[("In-Reply-To", self.sent.message_id)],
        ).partition(b"Content-Type:")[0]
        raw = (
            head
            + (
                "Content-Type: multipart/report; report-type=disposition-notification;"
                ' boundary="mdn"\n\n--mdn\nContent-Type: text/plain\n\nRead.\n'
                "--mdn\nContent-Type: message/disposition-notification\n\n"
                "Final-Recipient: rfc822; marta@acorn-tests.example\n"
                f"Original-Message-ID: {self.sent.message_id}\n"
                "Disposition: manual-action/MDN-sent-manually; displayed\n\n--mdn--\n"
            ).encode()
        )
        row = self.take(raw)
        self.assertEqual((row.kind, row.delivery_ids.outcome), ("receipt", "receipt"), row.why)
        self.assertEqual(row.ticket_ids, self.ticket)
        self.assertEqual(row.delivery_ids.message_id, self.sent)

    def test_a_spam_complaint_stays_in_the_ledger(self):
        head = mail(subject="complaint", from_="fbl@isp.example").partition(b"Content-Type:")[0]
        raw = head + (
            b'Content-Type: multipart/report; report-type=feedback-report; boundary="arf"\n\n'
            b"--arf\nContent-Type: text/plain\n\nSpam.\n"
            b"--arf\nContent-Type: message/feedback-report\n\n"
            b"Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n\n"
            b"--arf\nContent-Type: message/rfc822\n\nSubject: x\n\nx\n--arf--\n"
        )
        self.check_in_ledger_only(self.take(raw), "feedback")

    def test_these_open_tickets(self):
        cases = {
            "automatic": [("Auto-Submitted", "auto-generated")],
            "list": [("List-Id", "<news.acorn-tests.example>"), ("Precedence", "bulk")],
        }
        for kind, headers in cases.items():
            with self.subTest(kind=kind):
                row = self.take(mail(headers=headers))
                self.assertEqual(row.kind, kind)
                self.assertEqual(row.delivery_ids.outcome, "ticket")

    def test_nothing_is_sent_to_machines(self):
        with self.mock_mail_gateway():
            self.take(mail(headers=[("Auto-Submitted", "auto-generated")]))
            self.take(self.out_of_office())
            self.take(bounce("<x@y.example>", f"support@{DOMAIN}", "bo@acorn-tests.example"))
        self.assertFalse(self._mails)

    def test_what_stays_in_the_ledger_can_still_be_taken_in(self):
        self.support.intake = False
        row = self.take(self.out_of_office(from_=MARTA))
        self.check_in_ledger_only(row, "auto_reply")
        self.assertEqual(self.take(self.out_of_office(from_=MARTA)).state, "done")

    def test_a_forwarding_confirmation_opens_a_ticket_also_with_intake_off(self):
        self.support.intake = False
        self.support.alias_id.sudo().alias_contact = "partners"
        raw = mail(
            subject="(#582914736) Gmail Forwarding Confirmation - Receive Mail from x@gmail.com",
            from_="Gmail Team <forwarding-noreply@google.com>",
            text="Confirmation code: 582914736\nhttps://mail-settings.google.com/mail/vf-x\n",
            headers=[("Auto-Submitted", "auto-generated")],
        )
        row = self.take(raw)
        self.assertEqual(row.kind, "forwarding")
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        self.assertFalse(row.ticket_ids.stage_id.closed)
        self.assertIn("582914736", row.ticket_ids.description)
