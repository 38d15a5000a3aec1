# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Mail of our own that comes back opens no ticket, and is not lost without a word either."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..mailflow import stamp as marks
from ..models import own_mail
from .common import DOMAIN, MARTA, MailflowCase, bounce, mail

SUPPORT = f"Brad Lee <support@{DOMAIN}>"


@tagged("post_install", "-at_install")
class TestOwnMail(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.from_address = (
            cls.env["helpdesk.from.address"]
            .with_context(mailflow_by_system=True)
            .create(
                {
                    "email": "billing@zylker.example",
                    "company_id": cls.company.id,
                    "state": "verified",
                    "proof": "mail",
                }
            )
        )

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail())

    def stamped(self, purpose="answer", subject=None, **values):
        """A mail with a stamp of ours."""
        subject = self.ticket.id if subject is None else subject
        headers = own_mail.stamp_header(self.env, purpose, subject)
        return mail(**{"from_": SUPPORT, "headers": list(headers.items()), **values})

    def check_ours(self, row, code, **values):
        """It stays in the ledger, and its trace says which mail of ours it is."""
        self.assertEqual(row.state, "ignored", row.why)
        self.assertFalse(row.delivery_ids)
        told = {item["code"]: item["values"] for item in row.trace}
        self.assertEqual(told.get(code), values, row.trace)
        self.assertIn("decide_own", told)
        self.assertFalse([each for each in told if each.startswith(("contact_", "thread_"))])

    def check_held(self, row, address):
        """It waits for a person, who reads why."""
        self.assertEqual(row.state, "held", row.why)
        told = {item["code"]: item["values"] for item in row.trace}
        self.assertEqual(told["own_copied"], {"address": address})
        self.assertIn("decide_held_own", told)

    # ------------------------------------------------------------
    # OURS
    # ------------------------------------------------------------

    def test_a_copy_of_an_answer_to_the_support_address_opens_no_ticket(self):
        messages = self.ticket.message_ids
        row = self.take(self.stamped(to=MARTA, headers=[
            ("Delivered-To", f"support@{DOMAIN}"),
            *own_mail.stamp_header(self.env, "answer", self.ticket.id).items(),
        ]))  # fmt: skip
        self.check_ours(row, "own_answer", ticket=self.ticket.number)
        self.assertEqual(self.ticket.message_ids, messages)
        self.assertIn(self.ticket.number, row.trace_html)

    def test_it_joins_no_ticket_by_its_references_either(self):
        first = self.ticket.message_ids.filtered(lambda each: each.message_type == "email")
        row = self.take(
            self.stamped(
                headers=[
                    ("References", first.message_id),
                    *own_mail.stamp_header(self.env, "answer", self.ticket.id).items(),
                ]
            )
        )
        self.check_ours(row, "own_answer", ticket=self.ticket.number)

    def test_an_automatic_answer_that_comes_back_is_ours(self):
        row = self.take(
            self.stamped(
                "automatic",
                headers=[
                    ("Auto-Submitted", "auto-replied"),
                    *own_mail.stamp_header(self.env, "automatic", self.ticket.id).items(),
                ],
            )
        )
        self.check_ours(row, "own_automatic", ticket=self.ticket.number)

    def test_a_forward_that_comes_back_is_ours(self):
        row = self.take(self.stamped("forward"))
        self.check_ours(row, "own_forward", ticket=self.ticket.number)

    def test_verification_and_test_mails_that_come_back_are_ours(self):
        for purpose in ("verification", "test"):
            with self.subTest(purpose):
                row = self.take(self.stamped(purpose, self.from_address.id))
                self.check_ours(row, f"own_{purpose}", address="billing@zylker.example")

    def test_a_verification_mail_to_an_address_that_no_alias_has_is_ours_too(self):
        row = self.take(
            self.stamped(
                "verification",
                self.from_address.id,
                from_="billing@zylker.example",
                to="billing@zylker.example",
            )
        )
        self.check_ours(row, "own_verification", address="billing@zylker.example")

    def test_a_relay_may_have_rewritten_its_message_id(self):
        row = self.take(self.stamped(message_id="<0100018f-relay@relay.example>"))
        self.check_ours(row, "own_answer", ticket=self.ticket.number)

    def test_a_relay_may_have_taken_out_its_stamp(self):
        message_id = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        row = self.take(mail(from_=SUPPORT, message_id=message_id))
        self.check_ours(row, "own_answer", ticket=self.ticket.number)

    def test_it_may_come_from_any_verified_from_address(self):
        row = self.take(self.stamped(from_="Billing <BILLING@zylker.example>"))
        self.check_ours(row, "own_answer", ticket=self.ticket.number)

    def test_it_may_come_from_whom_odoo_sent_the_very_message_as(self):
        """Before From addresses, and of addresses that were deleted since."""
        message = self.env["mail.message"].create(
            {
                "model": "helpdesk.ticket",
                "res_id": self.ticket.id,
                "message_type": "comment",
                "email_from": "Kim <kim@agents.example>",
                "message_id": "<former@agents.example>",
                "body": "Have you tried water?",
            }
        )
        row = self.take(self.stamped(from_="kim@agents.example", message_id=message.message_id))
        self.check_ours(row, "own_answer", ticket=self.ticket.number)

    def test_it_is_ours_also_if_somebody_redirects_it_to_us(self):
        row = self.take(
            self.stamped(
                to=MARTA,
                headers=[
                    ("Resent-From", MARTA),
                    ("Resent-To", f"support@{DOMAIN}"),
                    *own_mail.stamp_header(self.env, "answer", self.ticket.id).items(),
                ],
            )
        )
        self.check_ours(row, "own_answer", ticket=self.ticket.number)
        resent = [item["values"] for item in row.trace if item["code"] == "own_resent"]
        self.assertEqual(resent, [{"address": "marta@acorn-tests.example"}])

    def test_it_may_come_back_twice(self):
        raw = self.stamped()
        for _again in range(2):
            self.check_ours(self.take(raw), "own_answer", ticket=self.ticket.number)

    def test_it_may_be_of_a_ticket_that_is_gone(self):
        raw = self.stamped()
        self.ticket.unlink()
        self.check_ours(self.take(raw), "own_message")

    def test_it_may_be_of_no_ticket(self):
        self.check_ours(self.take(self.stamped("automatic", 0)), "own_message")

    def test_a_person_can_take_it_in_all_the_same(self):
        row = self.take(self.stamped())
        row.action_take_in()
        self.assertEqual(row.state, "done", row.why)
        self.assertTrue(row.ticket_ids)

    def test_a_batch_tells_them_apart(self):
        rows = self.take_batch(mail(subject="One"), self.stamped(), mail(subject="Two"))
        self.assertEqual(rows.mapped("state"), ["done", "ignored", "done"])

    # ------------------------------------------------------------
    # VERIFICATION MAILS
    # ------------------------------------------------------------

    def send_verification(self):
        """Returns the unverified address and the mail to it, as a server would get it."""
        address = self.env["helpdesk.from.address"].create(
            {"email": "desk@zylker.example", "company_id": self.company.id}
        )
        with self.mock_mail_gateway(mail_unlink_sent=True):
            address.action_send_verification()
        (sent,) = self._mails
        self.assertEqual(sent["email_to"], ["desk@zylker.example"])
        return address, sent

    def arrived(self, sent, headers=(), **values):
        return mail(
            **{
                "subject": sent["subject"],
                "from_": sent["email_from"],
                "to": sent["email_to"][0],
                "message_id": sent["message_id"],
                "headers": [*headers, *sent["headers"].items()],
                **values,
            }
        )

    def test_a_verification_mail_that_comes_back_verifies(self):
        address, sent = self.send_verification()
        row = self.take(
            self.arrived(
                sent,
                headers=[("Delivered-To", f"support@{DOMAIN}")],
                message_id="<rewritten@relay.example>",
            )
        )
        self.check_ours(row, "own_verification", address="desk@zylker.example")
        self.assertEqual((address.state, address.proof), ("verified", "mail"))

    def test_it_comes_back_by_odoos_own_gateway_where_nothing_else_wants_it(self):
        address, sent = self.send_verification()
        self.check_ours(
            self.take(self.arrived(sent)), "own_verification", address="desk@zylker.example"
        )
        self.assertEqual(address.state, "verified")

    def test_somebody_who_only_sends_it_on_verifies_nothing(self):
        address, sent = self.send_verification()
        headers = [("Resent-From", "desk@zylker.example"), ("Resent-To", f"support@{DOMAIN}")]
        row = self.take(self.arrived(sent, headers=headers))
        self.check_ours(row, "own_verification", address="desk@zylker.example")
        self.assertEqual(address.state, "sent")

    def test_a_verification_mail_with_a_foreign_sender_verifies_nothing(self):
        address, sent = self.send_verification()
        row = self.take(self.arrived(sent, from_=MARTA, to=f"support@{DOMAIN}"))
        self.check_held(row, "marta@acorn-tests.example")
        self.assertEqual(address.state, "sent")

    def test_a_verification_mail_that_bounces(self):
        address, sent = self.send_verification()
        row = self.take(bounce(sent["message_id"], f"support@{DOMAIN}", "desk@zylker.example"))
        self.assertEqual((row.kind, row.state), ("bounce", "done"))
        told = {item["code"]: item["values"] for item in row.trace}
        self.assertEqual(told["own_verification_bounced"], {"address": "desk@zylker.example"})
        self.assertFalse(row.ticket_ids)
        self.assertTrue(address.verification_bounced)

    # ------------------------------------------------------------
    # OTHER PARTS OF ODOO
    # ------------------------------------------------------------

    def make_sales_alias(self):
        self.env["mail.alias"].create(
            {
                "alias_name": "sales",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("crm.lead"),
            }
        )

    def test_a_mail_of_ours_becomes_no_lead(self):
        self.make_sales_alias()
        for to in (f"sales@{DOMAIN}", f"sales@{DOMAIN}, support@{DOMAIN}"):
            with self.subTest(to):
                leads = self.env["crm.lead"].search([])
                self.check_ours(
                    self.take(self.stamped(to=to, message_id=f"<{to[-9]}@relay.example>")),
                    "own_answer",
                    ticket=self.ticket.number,
                )
                self.assertEqual(self.env["crm.lead"].search([]), leads)

    def test_a_copied_stamp_on_a_mail_to_others_is_theirs(self):
        self.make_sales_alias()
        leads = self.env["crm.lead"].search([])
        self.assertFalse(self.take(self.stamped(from_=MARTA, to=f"sales@{DOMAIN}")))
        self.assertEqual(len(self.env["crm.lead"].search([]) - leads), 1)

    # ------------------------------------------------------------
    # NOT OURS
    # ------------------------------------------------------------

    def test_an_answer_that_quotes_our_mail_is_the_customers(self):
        quoted = "".join(
            f"> {name}: {value}\n"
            for name, value in own_mail.stamp_header(self.env, "answer", self.ticket.id).items()
        )
        first = self.ticket.message_ids.filtered(lambda each: each.message_type == "email")
        row = self.take(
            mail(
                subject="Re: The printer burns",
                text=f"Still burning.\n\n> From: {SUPPORT}\n{quoted}",
                headers=[("In-Reply-To", first.message_id)],
            )
        )
        self.assertEqual(self.deliveries(row), [("Support", "reply")])

    def test_an_answer_to_a_message_id_of_ours_is_the_customers(self):
        ours = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        row = self.take(mail(headers=[("In-Reply-To", ours), ("References", ours)]))
        self.assertEqual(row.state, "done", row.why)
        self.assertNotIn("decide_own", self.codes(row))

    def test_a_mail_with_our_mail_attached_is_the_customers(self):
        raw = mail(attachments=[("your mail.eml", "message/rfc822", b"")])
        head, boundary, tail = raw.partition(b"Content-Type: message/rfc822")
        attached = boundary + b"\nContent-Disposition: attachment\n\n" + self.stamped()
        end = tail.rpartition(b"\n--")[2]
        row = self.take(head + attached + b"\n--" + end)
        self.assertEqual(row.state, "done", row.why)
        self.assertNotIn("own_answer", self.codes(row))
        attached = row.ticket_ids.message_ids.attachment_ids
        self.assertIn(own_mail.HEADER.encode(), attached.raw)

    def test_marks_of_another_database_are_nobodys(self):
        secret = "not the secret of this database"
        row = self.take(
            mail(
                headers=[(marks.HEADER, marks.stamp(secret, "automatic", "17"))],
                message_id=marks.message_id(secret, 17, "helpdesk.example"),
            )
        )
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_mail_of_another_database_is_of_its_kind(self):
        secret = "not the secret of this database"
        row = self.take(
            mail(
                headers=[
                    (marks.HEADER, marks.stamp(secret, "automatic", "17")),
                    ("Auto-Submitted", "auto-replied"),
                ]
            )
        )
        self.assertEqual((row.kind, row.ticket_ids.ids), ("auto_reply", []))

    # ------------------------------------------------------------
    # ATTACKS
    # ------------------------------------------------------------

    def test_a_copied_stamp_has_no_mail_overlooked(self):
        row = self.take(self.stamped(from_=MARTA))
        self.check_held(row, "marta@acorn-tests.example")
        row.action_take_in()
        self.assertEqual(row.ticket_ids.partner_email, "marta@acorn-tests.example")

    def test_a_copied_message_id_has_no_mail_overlooked(self):
        message_id = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        row = self.take(mail(message_id=message_id))
        self.check_held(row, "marta@acorn-tests.example")

    def test_a_copied_stamp_with_a_copied_message_id_neither(self):
        message_id = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        row = self.take(self.stamped(from_=MARTA, message_id=message_id))
        self.check_held(row, "marta@acorn-tests.example")

    def test_a_message_that_came_in_makes_its_sender_none_of_ours(self):
        first = self.ticket.message_ids.filtered(lambda each: each.message_type == "email")
        row = self.take(self.stamped(from_=MARTA, message_id=first.message_id, text="Another text"))
        self.check_held(row, "marta@acorn-tests.example")

    def test_an_address_that_is_not_verified_is_none_of_ours(self):
        self.env["helpdesk.from.address"].create(
            {"email": "marta@acorn-tests.example", "company_id": self.company.id}
        )
        self.check_held(self.take(self.stamped(from_=MARTA)), "marta@acorn-tests.example")

    def test_hostile_stamps_are_nothing(self):
        for value in (
            "",
            ";;",
            "answer; 1; " + "0" * 32,
            "answer; " + "9" * 300 + "; " + "0" * 32,
            "=?utf-8?b?AAAA?=",
            "answer;\t\x0b;",
        ):
            with self.subTest(value):
                row = self.take(mail(headers=[(own_mail.HEADER, value)]))
                self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_many_stamps_are_not_all_looked_at(self):
        forged = [(own_mail.HEADER, f"answer; {number}; {'0' * 32}") for number in range(500)]
        row = self.take(mail(headers=forged))
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_an_automatic_reply_that_repeats_our_header_is_one(self):
        first = self.ticket.message_ids.filtered(lambda each: each.message_type == "email")
        row = self.take(
            self.stamped(
                from_=MARTA,
                headers=[
                    ("Auto-Submitted", "auto-replied"),
                    ("In-Reply-To", first.message_id),
                    *own_mail.stamp_header(self.env, "answer", self.ticket.id).items(),
                ],
            )
        )
        self.assertEqual(self.deliveries(row), [("Support", "note")])

    def test_a_bounce_that_repeats_our_header_is_a_bounce(self):
        message = self.ticket.message_post(body="Try water", message_type="comment")
        row = self.take(
            bounce(
                message.message_id,
                f"support@{DOMAIN}",
                "marta@acorn-tests.example",
                headers=list(own_mail.stamp_header(self.env, "answer", self.ticket.id).items()),
            )
        )
        self.assertEqual(self.deliveries(row), [("Support", "bounce")])

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_the_secret_is_in_no_text(self):
        secret = own_mail._secret(self.env)
        row = self.take(self.stamped())
        self.assertNotIn(secret, str(row.trace) + row.source_preview)
