# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Mails that are more than a text: who is away, who has read, who complains, who accepts, and
what nobody here can open."""

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError

from odoo.addons.mail.tools.discuss import Store

from .common import MailflowCase, mail

DATE = "Tue, 03 Mar 2026 09:30:00 +0000"
EVENT = """BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VEVENT
UID:1@acorn-tests.example
SUMMARY:Review
DTSTART;TZID=Europe/Berlin:20260303T100000
DTEND;TZID=Europe/Berlin:20260303T110000
ATTENDEE;CN=Marta Lindqvist;PARTSTAT={status}:mailto:marta@acorn-tests.example
ORGANIZER;CN=Support:mailto:support@mailflow.test
LOCATION:Room 2
END:VEVENT
END:VCALENDAR
"""


def head(subject, sender="Marta Lindqvist <marta@acorn-tests.example>", **more):
    raw = mail(subject=subject, from_=sender, date=more.pop("date", DATE), **more)
    return raw.partition(b"Content-Type:")[0]


def parts(kind, *each, **more):
    body = "".join(f"--b\n{part}\n" for part in each) + "--b--\n"
    return head(**more) + f'Content-Type: multipart/{kind}; boundary="b"\n\n{body}'.encode()


def event(method="REQUEST", status="NEEDS-ACTION", **more):
    return parts(
        "alternative",
        "Content-Type: text/plain\n\nThe plan",
        f"Content-Type: text/calendar; method={method}\n\n"
        + EVENT.format(method=method, status=status),
        **{"subject": "Review", **more},
    )


class SpecialMailCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.lang = "en_US"
        cls.marta = cls.make_contact("Marta Lindqvist", "marta@acorn-tests.example")

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail())
        self.answer = self.ticket.message_post(
            body="Pull the plug.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.marta.ids,
        )

    def close(self):
        closed = self.env["helpdesk.ticket.stage"].search([("closed", "=", True)], limit=1)
        self.ticket.stage_id = closed
        return closed

    def shown(self, message):
        """What colleagues see under a message."""
        store = Store().add(message).get_result()
        found = next(each for each in store["mail.message"] if each["id"] == message.id)
        return found.get("helpdesk_receipts", []), found.get("helpdesk_notes", [])


@freeze_time("2026-03-03 10:00:00")
class TestAbsence(SpecialMailCase):
    def out_of_office(self, text="I am away until 12 March 2026.", *headers, **more):
        headers = [
            *headers,
            ("Auto-Submitted", "auto-replied"),
            ("In-Reply-To", self.answer.message_id),
        ]
        return mail(subject="Automatic reply: Your ticket", text=text, headers=headers, **more)

    def test_folded_with_the_date_in_its_first_line(self):
        row = self.take(self.out_of_office())
        self.assertEqual(row.delivery_ids.outcome, "note")
        body = str(row.delivery_ids.message_id.body)
        first, _fold, rest = body.partition("data-o-mail-quote")
        self.assertIn("Marta Lindqvist is away until March 12, 2026.", first)
        self.assertIn("I am away until 12 March 2026.", rest)
        self.assertNotIn("I am away", first)

    def test_without_a_date_it_says_what_it_is(self):
        row = self.take(self.out_of_office("I am away."))
        body = str(row.delivery_ids.message_id.body)
        self.assertIn("Automatic answer of Marta Lindqvist", body.partition("data-o-mail-")[0])

    def test_the_ticket_says_so_until_that_day(self):
        self.take(self.out_of_office("I am back on 13 March 2026."))
        self.assertEqual(self.ticket.requester_away_until, fields.Date.to_date("2026-03-12"))
        with freeze_time("2026-03-13 10:00:00"):
            self.ticket.invalidate_recordset()
            self.assertFalse(self.ticket.requester_away_until)

    def test_a_forged_one_is_not_believed(self):
        self.scanner = self.make_scanner(authserv_id="mx.mailflow.test")
        for result, believed in (("fail", False), ("pass", True)):
            with self.subTest(result=result):
                said = f"mx.mailflow.test; dmarc={result} header.from=acorn-tests.example"
                report = ("Authentication-Results", said)
                self.fetch(self.out_of_office("I am away until 12 March 2026.", report))
                self.ticket.invalidate_recordset()
                self.assertEqual(bool(self.ticket.requester_away_until), believed)

    def test_a_day_that_has_passed_is_not_shown(self):
        self.marta.helpdesk_away_until = fields.Date.to_date("2026-03-02")
        self.assertFalse(self.ticket.requester_away_until)

    def test_who_writes_is_back(self):
        self.take(self.out_of_office())
        self.take(mail(headers=[("In-Reply-To", self.answer.message_id)]))
        self.ticket.invalidate_recordset()
        self.assertFalse(self.ticket.requester_away_until)

    def test_it_opens_and_answers_nothing(self):
        closed = self.close()
        self.support.automatic_answer = True
        before = self.ticket.last_stage_update
        with self.sent_mails() as sent:
            row = self.take(self.out_of_office())
        self.assertEqual(self.ticket.stage_id, closed)
        self.assertEqual(self.ticket.last_stage_update, before)
        self.assertFalse(sent)
        self.assertTrue(row.delivery_ids.message_id.is_internal)


class TestReceipt(SpecialMailCase):
    def read_receipt(self, of, recipient="marta@acorn-tests.example", action="displayed", **more):
        return parts(
            "report; report-type=disposition-notification",
            "Content-Type: text/plain\n\nYour message was read.",
            "Content-Type: message/disposition-notification\n\n"
            f"Final-Recipient: rfc822; {recipient}\nOriginal-Message-ID: {of}\n"
            f"Disposition: manual-action/MDN-sent-manually; {action}",
            **{"subject": "Read: Your ticket", **more},
        )

    def delivered(self, of, recipient="marta@acorn-tests.example"):
        return parts(
            "report; report-type=delivery-status",
            "Content-Type: text/plain\n\nDelivered.",
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
            f"Final-Recipient: rfc822; {recipient}\nAction: delivered\nStatus: 2.0.0",
            f"Content-Type: text/rfc822-headers\n\nMessage-ID: {of}",
            subject="Delivered: Your ticket",
            sender="MAILER-DAEMON@mx.acorn-tests.example",
        )

    def test_it_shows_on_the_message_that_was_sent(self):
        row = self.take(self.read_receipt(self.answer.message_id))
        self.assertEqual(self.deliveries(row), [("Support", "receipt")])
        receipts, notes = self.shown(self.answer)
        self.assertEqual(len(receipts), 1)
        self.assertIn("Read by Marta Lindqvist on March 3, 2026 ", receipts[0])
        self.assertFalse(notes)
        self.assertIn("act_receipt", self.codes(row))

    def test_what_says_more_counts(self):
        self.take(self.delivered(self.answer.message_id))
        self.assertIn("Delivered to Marta Lindqvist", self.shown(self.answer)[0][0])
        self.take(self.read_receipt(self.answer.message_id))
        self.take(self.delivered(self.answer.message_id))
        receipts, _notes = self.shown(self.answer)
        self.assertEqual(len(receipts), 1)
        self.assertIn("Read by", receipts[0])

    def test_somebody_else_has_read_nothing(self):
        row = self.take(self.read_receipt(self.answer.message_id, "eve@evil.example"))
        self.assertEqual(self.shown(self.answer)[0], [])
        self.assertIn("act_receipt_foreign", self.codes(row))

    def test_a_message_that_we_did_not_send(self):
        theirs = self.ticket.message_ids.filtered(lambda each: each.message_type == "email")
        row = self.take(self.read_receipt(theirs.message_id))
        self.assertEqual(self.shown(theirs)[0], [])
        self.assertIn("act_bounce_not_ours", self.codes(row))
        row = self.take(self.read_receipt("<unknown@mailflow.test>"))
        self.assertEqual(row.delivery_ids.outcome, "ledger")

    def test_customers_do_not_see_it(self):
        self.take(self.read_receipt(self.answer.message_id))
        portal = self.make_user("marta", "base.group_portal")
        store = Store().add(self.answer.with_user(portal).sudo(False)).get_result()
        self.assertNotIn("helpdesk_receipts", str(store))

    def test_nobody_edits_it(self):
        agent = self.make_user("agent", "helpdesk_mgmt.group_helpdesk_user")
        message = self.ticket.with_user(agent).message_post(body="x")
        with self.assertRaises(AccessError):
            message.with_user(agent).write({"helpdesk_receipts": {"a@b.example": {}}})


class TestComplaint(SpecialMailCase):
    def complaint(self, of, recipient="marta@acorn-tests.example", **more):
        original = f"To: {recipient}\n" if recipient else ""
        return parts(
            "report; report-type=feedback-report",
            "Content-Type: text/plain\n\nThis is an abuse report.",
            "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n"
            + (f"Original-Rcpt-To: {recipient}\n" if recipient else ""),
            f"Content-Type: message/rfc822\n\nMessage-ID: {of}\n{original}Subject: x\n\nx",
            **{"subject": "FW: Your ticket", "sender": "fbl@provider.example", **more},
        )

    def test_the_message_and_the_contact_say_so(self):
        row = self.take(self.complaint(self.answer.message_id))
        self.assertEqual(self.deliveries(row), [("Support", "complaint")])
        self.assertIn("Marta Lindqvist marked this mail as spam", self.shown(self.answer)[1][0])
        self.assertTrue(self.marta.helpdesk_complained_on)
        self.assertTrue(self.ticket.requester_complained_on)

    def test_a_provider_that_leaves_the_address_out(self):
        self.take(self.complaint(self.answer.message_id, recipient=""))
        self.assertTrue(self.marta.helpdesk_complained_on)

    def test_of_somebody_else_it_changes_nothing(self):
        row = self.take(self.complaint(self.answer.message_id, "eve@evil.example"))
        other = self.take(self.complaint("<unknown@mailflow.test>"))
        self.assertEqual(other.delivery_ids.outcome, "ledger")
        self.assertIn("act_complaint_unknown", self.codes(row))
        self.assertFalse(self.env["helpdesk.spam.complaint"].search([]))
        self.assertFalse(self.shown(self.answer)[1])

    def test_nothing_automatic_is_sent_there_any_more_until_it_is_forgiven(self):
        self.support.automatic_answer = True
        date = fields.Datetime.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
        self.take(self.complaint(self.answer.message_id))
        self.take(self.complaint(self.answer.message_id, message_id="<second@provider.example>"))
        Answer = self.env["helpdesk.automatic.answer"]
        withheld = self.take_ticket(mail(date=date))
        answer = Answer.search([("ticket_id", "=", withheld.id)])
        self.assertEqual((answer.outcome, answer.reason), ("withheld", "complained"))
        complaint = self.env["helpdesk.spam.complaint"].search([])
        self.assertEqual(complaint.email, "marta@acorn-tests.example")
        complaint.action_forgive()
        sent = self.take_ticket(mail(date=date))
        self.assertEqual(Answer.search([("ticket_id", "=", sent.id)]).outcome, "sent")
        self.marta.invalidate_recordset()
        self.assertFalse(self.marta.helpdesk_complained_on)

    def test_agents_still_answer(self):
        self.take(self.complaint(self.answer.message_id))
        message = self.ticket.message_post(
            body="Better?",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.marta.ids,
        )
        self.assertIn(self.marta, message.notified_partner_ids)

    def test_managers_see_those_of_their_companies(self):
        other = self.make_company("Other")
        self.take(self.complaint(self.answer.message_id))
        manager = self.make_user("manager", "helpdesk_mgmt.group_helpdesk_manager")
        stranger = self.make_user("stranger", "helpdesk_mgmt.group_helpdesk_manager", company=other)
        Complaint = self.env["helpdesk.spam.complaint"]
        Complaint.with_user(manager).search([]).action_forgive()
        self.assertFalse(Complaint.search([]))
        found = Complaint.with_user(stranger).with_context(active_test=False).search([])
        self.assertFalse(found)


class TestCalendar(SpecialMailCase):
    def test_an_invitation_opens_a_ticket_that_says_what_it_is(self):
        ticket = self.take_ticket(event())
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        for text in (str(ticket.description), str(message.body)):
            self.assertIn("Invitation from Support: “Review”.", text)
            self.assertIn("Tuesday, March 3, 2026 10:00", text)
            self.assertIn("(Europe/Berlin)", text)
            self.assertIn("Where: Room 2", text)
        self.assertEqual([each.mimetype for each in message.attachment_ids], ["text/calendar"])

    def test_who_accepts_opens_no_closed_ticket(self):
        closed = self.close()
        reference = [("In-Reply-To", self.answer.message_id)]
        row = self.take(event("REPLY", "ACCEPTED", headers=reference))
        self.assertEqual(row.delivery_ids.outcome, "reply")
        self.assertEqual(self.ticket.stage_id, closed)
        body = str(row.delivery_ids.message_id.body)
        self.assertIn("Marta Lindqvist accepted “Review”.", body)
        # another time is a wish
        self.take(event("COUNTER", "TENTATIVE", headers=reference))
        self.assertNotEqual(self.ticket.stage_id, closed)

    def test_an_answer_without_a_thread_is_a_ticket(self):
        ticket = self.take_ticket(event("REPLY", "DECLINED"))
        self.assertIn("Marta Lindqvist declined “Review”.", str(ticket.description))

    def test_it_speaks_the_language_of_the_company(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.company.partner_id.lang = "fr_FR"
        self.assertIn("mardi 3 mars 2026", str(self.take_ticket(event()).description))

    def test_what_an_invitation_says_is_text(self):
        raw = event().replace(b"SUMMARY:Review", b"SUMMARY:<img src=x onerror=alert(1)>")
        description = str(self.take_ticket(raw).description)
        self.assertIn("&lt;img src=x", description)


class TestSecured(SpecialMailCase):
    def test_a_ticket_of_an_encrypted_mail_is_not_empty(self):
        raw = head(subject="Secret") + (
            b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n"
            b"Content-Transfer-Encoding: base64\n\nAAAA\n"
        )
        ticket = self.take_ticket(raw)
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        for text in (ticket.description, message.body):
            self.assertIn("This mail is encrypted (S/MIME)", str(text))
        self.assertEqual(message.attachment_ids.mapped("name"), ["smime.p7m"])

    def test_a_signed_mail_shows_its_text_and_no_box(self):
        ticket = self.take_ticket(
            parts(
                "signed",
                "Content-Type: text/plain\n\nPlease help.",
                "Content-Type: application/pgp-signature; name=signature.asc\n\n-----",
                subject="Signed",
            )
        )
        self.assertIn("Please help.", str(ticket.description))
        self.assertNotIn("alert", str(ticket.description))
