# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..models.helpdesk_undeliverable import SOFT_LIMIT
from .common import DOMAIN, MARTA, BrowserCase, MailflowCase, mail

MARTA_EMAIL = "marta@acorn-tests.example"
BO_EMAIL = "bo@acorn-tests.example"
UNKNOWN = "550 5.1.1 User unknown"
FULL = "552 5.2.2 Mailbox full"


def report(of, *failures, headers=()) -> bytes:
    """A delivery report (RFC 3464).

    :param of: Message-ID of what was not delivered
    :param failures: (address, action, status, answer of the server)
    """
    head = mail(
        subject="Undelivered Mail Returned to Sender",
        from_="Mail Delivery System <MAILER-DAEMON@mx.acorn-tests.example>",
        to=f"support@{DOMAIN}",
        headers=headers,
    ).partition(b"Content-Type:")[0]
    blocks = "\n".join(
        f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {answer}\n"
        for address, action, status, answer in failures
    )
    return (
        head
        + (
            'Content-Type: multipart/report; report-type=delivery-status; boundary="dsn"\n\n'
            "--dsn\nContent-Type: text/plain\n\nYour mail was not delivered.\n"
            "--dsn\nContent-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; mx.acorn-tests.example\n\n{blocks}\n"
            f"--dsn\nContent-Type: text/rfc822-headers\n\nMessage-ID: {of}\n\n--dsn--\n"
        ).encode()
    )


def hard(address=MARTA_EMAIL):
    return address, "failed", "5.1.1", UNKNOWN


def soft(address=MARTA_EMAIL):
    return address, "failed", "5.2.2", FULL


class TestBounce(MailflowCase):
    """What comes back of what we sent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_user(
            "mailflow-bounce-agent",
            "helpdesk_mgmt.group_helpdesk_user_team",
            name="Ada Agent",
            email="ada@our-office.example",
            notification_type="inbox",
        )
        cls.team.user_ids = cls.agent

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        self.marta = self.ticket.partner_id
        self.sent = self.answer()

    def answer(self, **values):
        values.setdefault("partner_ids", self.ticket.partner_id.ids)
        with self.mock_mail_gateway():
            return self.ticket.with_user(self.agent).message_post(
                body="We are on our way.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                **values,
            )

    def bounced(self, *failures, of=None, **values):
        return self.take(report(of or self.sent.message_id, *failures, **values))

    def rows(self, email=MARTA_EMAIL):
        return (
            self.env["helpdesk.undeliverable"]
            .with_context(active_test=False)
            .search([("email", "=", email)])
        )

    def sentences(self, message=None):
        return "\n".join((message or self.sent)._mailflow_sentences())

    def notes(self):
        """Internal notes for the agent."""
        return self.ticket.message_ids.filtered(
            lambda each: (
                each.subtype_id == self.env.ref("mail.mt_note")
                and self.agent.partner_id in each.partner_ids
            )
        )

    def check_nothing_changed(self, row, code):
        self.assertIn(code, self.codes(row), row.why)
        self.assertFalse(self.rows())
        self.assertFalse(self.sent.helpdesk_notes)
        self.assertNotIn("bounce", self.sent.notification_ids.mapped("notification_status"))
        self.assertFalse(self.notes())

    # ---- what is shown ----

    def test_a_hard_bounce_is_shown_on_the_message_and_on_the_contact(self):
        row = self.bounced(hard())
        self.assertEqual(row.delivery_ids.outcome, "bounce", (row.why, row.trace))
        notification = self.sent.notification_ids
        self.assertEqual(notification.notification_status, "bounce")
        self.assertIn("does not exist", notification.failure_reason)
        self.assertIn(UNKNOWN, notification.failure_reason)
        self.assertIn(f"The address {MARTA_EMAIL} does not exist.", self.sentences())
        kept = self.rows()
        self.assertTrue(kept.blocked)
        self.assertEqual(
            (kept.status, kept.reply_code, kept.reason), ("5.1.1", "550", "userunknown")
        )
        self.assertEqual((kept.ticket_id, kept.message_id), (self.ticket, self.sent))
        marta = self.marta.with_user(self.agent)
        self.assertTrue(marta.helpdesk_not_deliverable)
        self.assertIn("does not exist", marta.helpdesk_undeliverable_text)
        self.assertEqual(marta.helpdesk_undeliverable_date, kept.date)

    def test_a_full_mailbox_does_not_make_the_address_undeliverable(self):
        self.bounced(soft())
        self.assertEqual(self.sent.notification_ids.notification_status, "bounce")
        self.assertFalse(self.rows().blocked)
        self.assertEqual(self.rows().soft_count, 1)
        self.assertIn("is full", self.sentences())
        marta = self.marta.with_user(self.agent)
        self.assertFalse(marta.helpdesk_not_deliverable)
        self.assertIn("is full", marta.helpdesk_undeliverable_text)

    def test_a_delay_is_told_but_is_no_failure(self):
        self.bounced((MARTA_EMAIL, "delayed", "4.2.2", "452 4.2.2 Mailbox full"))
        self.assertNotEqual(self.sent.notification_ids.notification_status, "bounce")
        self.assertIn("The server keeps trying", self.sentences())
        self.assertFalse(self.rows())
        self.assertFalse(self.notes())
        self.bounced(hard())
        self.assertNotIn("keeps trying", self.sentences())

    def test_of_two_recipients_the_one_that_failed(self):
        bo = self.make_contact("Bo", BO_EMAIL)
        self.sent = self.answer(partner_ids=(self.marta | bo).ids)
        self.bounced(hard(BO_EMAIL))
        status = {
            each.res_partner_id: each.notification_status for each in self.sent.notification_ids
        }
        self.assertEqual(status[bo], "bounce")
        self.assertNotEqual(status[self.marta], "bounce")
        self.assertTrue(self.rows(BO_EMAIL).blocked)
        self.assertFalse(self.rows())

    def test_a_copy_without_a_contact(self):
        self.sent = self.answer(helpdesk_cc=f"Bo <{BO_EMAIL}>", helpdesk_bcc="")
        self.bounced(hard(BO_EMAIL))
        self.assertTrue(self.rows(BO_EMAIL).blocked)
        failed = self.sent.notification_ids.filtered(
            lambda each: each.notification_status == "bounce"
        )
        self.assertEqual(failed.mail_email_address, BO_EMAIL)
        self.assertFalse(self.env["res.partner"].search([("email_normalized", "=", BO_EMAIL)]))

    # ---- who is told ----

    def test_the_author_is_told_at_once(self):
        self.bounced(hard())
        note = self.notes()
        self.assertEqual(len(note), 1)
        self.assertIn("Your message was not delivered", note.body)
        self.assertIn("does not exist", note.body)
        self.assertIn('data-o-mail-quote="1"', note.body)
        self.assertEqual(note.notification_ids.mapped("res_partner_id"), self.agent.partner_id)
        self.assertEqual(note.notification_ids.notification_type, "inbox")

    def test_the_assigned_agent_is_told_rather_than_the_author(self):
        other = self.make_user(
            "mailflow-bounce-other",
            "helpdesk_mgmt.group_helpdesk_user_team",
            email="otto@our-office.example",
            notification_type="inbox",
        )
        self.ticket.user_id = other
        self.bounced(hard())
        note = self.ticket.message_ids.filtered(lambda each: other.partner_id in each.partner_ids)
        self.assertEqual(len(note), 1)
        self.assertFalse(self.notes())

    def test_a_closed_ticket_stays_closed(self):
        self.ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        self.bounced(hard())
        self.assertTrue(self.ticket.stage_id.closed)
        self.assertEqual(len(self.notes()), 1)

    def test_the_portal_shows_nothing_of_it(self):
        self.bounced(hard())
        customer = new_test_user(
            self.env, "mailflow-bounce-portal", groups="base.group_portal", email=MARTA_EMAIL
        )
        self.ticket.partner_id = customer.partner_id
        visible = (
            self.env["mail.message"]
            .with_user(customer)
            .search([("model", "=", "helpdesk.ticket"), ("res_id", "=", self.ticket.id)])
        )
        self.assertIn(self.sent, visible)
        self.assertFalse(visible & self.notes())
        for name in ("helpdesk_undeliverable_text", "helpdesk_not_deliverable"):
            with self.assertRaises(AccessError):
                customer.partner_id.with_user(customer)[name]  # pylint: disable=W0104
        with self.assertRaises(AccessError):
            self.env["helpdesk.undeliverable"].with_user(customer).warnings([MARTA_EMAIL])

    # ---- what does not count ----

    def test_a_report_about_nothing_we_sent(self):
        row = self.bounced(hard(), of="<forged@evil.example>")
        self.assertEqual(row.delivery_ids.outcome, "ledger")
        self.assertFalse(self.rows())

    def test_a_report_about_the_mail_of_a_customer(self):
        """Its Message-ID is the customer's own, and so no secret."""
        row = self.bounced(hard(), of="<first@acorn-tests.example>")
        self.check_nothing_changed(row, "act_bounce_not_ours")

    def test_a_report_about_a_message_whose_id_is_not_signed(self):
        self.sent.sudo().message_id = "<guessed@our-office.example>"
        row = self.bounced(hard())
        self.check_nothing_changed(row, "act_bounce_not_ours")

    def test_a_report_about_somebody_whom_the_message_did_not_go_to(self):
        row = self.bounced(hard("eve@elsewhere.example"))
        self.check_nothing_changed(row, "act_bounce_stranger")
        self.assertFalse(self.rows("eve@elsewhere.example"))

    def failing(self):
        """Header fields by which our own server reports a forged sender of a scanner's mail."""
        self.scanner = self.make_scanner(authserv_id="mx.mailflow.test")
        result = "mx.mailflow.test; dmarc=fail header.from=acorn-tests.example"
        return [("Authentication-Results", result)]

    def test_a_report_whose_sender_is_forged(self):
        raw = report(self.sent.message_id, hard(), headers=self.failing())
        self.check_nothing_changed(self.fetch(raw), "act_bounce_forged")

    # ---- until it works again ----

    def test_mail_from_the_address_clears_it(self):
        self.bounced(hard())
        self.rows().date -= timedelta(hours=1)
        row = self.take(mail(subject="Here I am"))
        self.assertIn("act_deliverable_again", self.codes(row))
        kept = self.rows()
        self.assertFalse(kept.active or kept.blocked or kept.cleared_by_id)
        self.assertFalse(self.marta.with_user(self.agent).helpdesk_undeliverable_id)

    def test_a_forged_mail_from_the_address_does_not_clear_it(self):
        self.bounced(hard())
        self.rows().date -= timedelta(hours=1)
        self.fetch(mail(subject="Not me", headers=self.failing()))
        self.assertTrue(self.rows().blocked)

    def test_a_mail_that_came_in_before_does_not_clear_it(self):
        self.bounced(hard())
        self.rows().date += timedelta(hours=1)
        self.take(mail())
        self.assertTrue(self.rows().blocked)

    def test_another_report_does_not_clear_it(self):
        self.bounced(hard())
        self.rows().date -= timedelta(hours=1)
        self.bounced(soft(), headers=[("Reply-To", MARTA)])
        self.assertTrue(self.rows().blocked)
        self.assertEqual(self.rows().reason, "userunknown", "what passes hides nothing")

    def test_an_agent_clears_it(self):
        self.bounced(hard())
        self.marta.with_user(self.agent).action_helpdesk_deliverable_again()
        kept = self.rows()
        self.assertFalse(kept.active or kept.blocked)
        self.assertEqual(kept.cleared_by_id, self.agent)
        self.bounced(hard())
        self.assertTrue(self.rows().active and self.rows().blocked)

    def test_passing_failures_are_a_hint_once_they_are_many(self):
        ask = self.env["helpdesk.undeliverable"].with_user(self.agent).warnings
        for _again in range(SOFT_LIMIT - 1):
            self.bounced(soft())
        self.assertFalse(ask([MARTA_EMAIL]))
        self.rows().soft_since -= timedelta(days=5)
        self.bounced(soft())
        (warning,) = ask([MARTA_EMAIL])
        self.assertFalse(warning["blocked"])
        self.assertIn("came back 3 times", warning["text"])
        self.assertIn("several times lately", self.notes()[0].body)

    # ---- where it counts ----

    def test_composers_warn(self):
        ask = self.env["helpdesk.undeliverable"].with_user(self.agent).warnings
        self.assertFalse(ask([MARTA_EMAIL]))
        self.bounced(hard())
        (warning,) = ask([f"Marta <{MARTA_EMAIL.upper()}>", "nobody", ""])
        self.assertEqual((warning["email"], warning["blocked"]), (MARTA_EMAIL, True))
        self.assertEqual(len(ask([], self.marta.ids)), 1)

    def test_nothing_is_answered_automatically(self):
        self.bounced(hard())
        template = self.env["mail.template"].create(
            {
                "name": "Stage",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "New stage",
                "body_html": "<p>Hello</p>",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        stage = self.env["helpdesk.ticket.stage"].create(
            {"name": "With mail", "mail_template_id": template.id}
        )
        with self.mock_mail_gateway():
            self.ticket.with_context(tracking_disable=False).stage_id = stage
            self.flush_tracking()
        self.assertFalse([each for each in self._mails if MARTA_EMAIL in str(each["email_to"])])

    # ---- rights ----

    def test_another_company_knows_nothing_of_it(self):
        company = self.make_company("Elsewhere")
        other = self.make_user(
            "mailflow-bounce-elsewhere",
            "helpdesk_mgmt.group_helpdesk_manager",
            company=company,
            email="eli@elsewhere.example",
        )
        self.bounced(hard())
        mine = self.env["helpdesk.undeliverable"].with_user(other)
        self.assertFalse(mine.warnings([MARTA_EMAIL]))
        self.assertFalse(mine._blocked([MARTA_EMAIL], company))
        self.assertFalse(self.marta.with_user(other).helpdesk_undeliverable_id)
        with self.assertRaises(AccessError):
            self.rows().with_user(other).action_deliverable_again()

    def test_nobody_writes_rows_by_hand(self):
        self.bounced(hard())
        row = self.rows().with_user(self.agent)
        with self.assertRaises(AccessError):
            row.write({"email": "x@y.example"})
        with self.assertRaises(AccessError):
            row.unlink()


@tagged("post_install", "-at_install")
class TestBounceScreens(MailflowCase, BrowserCase):
    """What an agent sees before writing to an address that mail does not reach."""

    def setUp(self):
        super().setUp()
        self.agent = self.make_user(
            "mf-tour-bounce",
            "helpdesk_mgmt.group_helpdesk_user_own",
            name="Tess Agent",
            email="tess@our-office.example",
            password="mf-tour-bounce",
        )
        self.ticket = self.take_ticket(mail())
        self.ticket.user_id = self.agent
        with self.mock_mail_gateway():
            sent = self.ticket.message_post(
                body="Hello",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.ticket.partner_id.ids,
            )
        self.take(report(sent.message_id, hard()))
        self.row = self.env["helpdesk.undeliverable"].search([("email", "=", MARTA_EMAIL)])
        self.assertTrue(self.row.blocked)

    def test_the_composers_warn(self):
        action = self.env.ref("helpdesk_mgmt.helpdesk_ticket_action")
        url = f"/odoo/action-{action.id}/{self.ticket.id}"
        self.start_tour(url, "helpdesk_mailflow.undeliverable", login=self.agent.login)
        self.assertEqual(self.row.cleared_by_id, self.agent)

    def test_the_contact_shows_it(self):
        url = f"/odoo/res.partner/{self.ticket.partner_id.id}"
        self.start_tour(url, "helpdesk_mailflow.undeliverable_contact", login=self.agent.login)
        self.assertFalse(self.row.blocked)
