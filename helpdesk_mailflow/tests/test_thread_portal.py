# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError
from odoo.tests import HttpCase

from ..mailflow.thread_index import conversation
from .common import DOMAIN, bounce, mail
from .test_thread import MARTA, OUTLOOK, ThreadCase

#: What each mail of the conversation says, and what customers must not see.
SEEN = ("It smells of smoke.", "On our way.", "Now it is out.", "Many thanks for asking.")
UNSEEN = (
    "Between us",
    "I agree with you",
    "Please look",
    "We know nothing",
    "I am away",
    "mailbox full",
    "A stranger wrote",
    "takes no part",
    "By number only",
)


class TestPortal(ThreadCase, HttpCase):
    """What a portal user sees is exactly the conversation with the customer."""

    def setUp(self):
        super().setUp()
        self.customer = self.env["res.users"].create(
            {
                "name": "Marta",
                "login": "marta-portal",
                "password": "marta-portal",
                "partner_id": self.ticket.partner_id.id,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )

    def post(self, body, **values):
        with self.mock_mail_gateway():
            return self.ticket.with_user(self.agent).message_post(
                body=body, message_type="comment", **values
            )

    def test_exactly_the_conversation(self):
        sent = self.answer()
        self.reply(sent.message_id)
        self.reply(sent.message_id, from_=MARTA, result="fail", text="Many thanks for asking.")
        inside = self.post("Between us", subtype_xmlid="mail.mt_note")
        self.reply(inside.message_id, from_=self.agent.email, text="I agree with you")
        supplier = self.make_contact("Sam", "sam@supplier.example")
        asked = self.post("Please look", subtype_xmlid="mail.mt_note", partner_ids=supplier.ids)
        self.reply(asked.message_id, from_=supplier.email, text="We know nothing")
        self.reply(
            sent.message_id,
            text="I am away",
            subject="Out of office",
            headers=[("Auto-Submitted", "auto-replied")],
        )
        self.fetch(bounce(sent.message_id, f"bounce@{DOMAIN}", "marta@acorn-tests.example"))
        self.reply(sent.message_id, from_="Eve <eve@evil.example>", text="A stranger wrote")
        self.reply(tag=self.ticket.number, from_=self.agent.email, text="By number only")
        self.env.flush_all()

        self.authenticate("marta-portal", "marta-portal")
        page = self.url_open(f"/my/ticket/{self.ticket.id}").text
        fetched = self.make_jsonrpc_request(
            "/mail/chatter_fetch",
            {"thread_model": "helpdesk.ticket", "thread_id": self.ticket.id},
        )
        # the first mail is the description, above the messages
        self.assertIn(SEEN[0], page)
        for text in SEEN[1:]:
            self.assertIn(text, str(fetched))
        self.assertEqual(len(fetched["messages"]), len(SEEN) - 1)
        for text in UNSEEN:
            self.assertNotIn(text, str(fetched))
            self.assertNotIn(text, page)
        for word in ("helpdesk_marks", "mark_unverified", "Unverified", "mark_"):
            self.assertNotIn(word, str(fetched))

    def test_the_link_to_another_ticket_is_for_agents(self):
        made = self.check_apart(
            self.reply(self.answer().message_id, from_="Eve <eve@evil.example>")
        )
        self.authenticate("marta-portal", "marta-portal")
        page = self.url_open(f"/my/ticket/{self.ticket.id}").text
        self.assertNotIn(made.number, page)
        self.assertNotIn("eve@evil.example", page)

    def test_a_stranger_learns_nothing_of_the_ticket_that_the_mail_names(self):
        """Whoever may read a reference reads the title of what it refers to."""
        made = self.check_apart(
            self.reply(self.answer().message_id, from_="Eve <eve@evil.example>")
        )
        self.assertEqual(made.linked_ticket_id, self.ticket)
        self.customer.partner_id = made.partner_id
        own = made.with_user(self.customer)
        self.assertTrue(own.read(["name"]))
        for name in ("linked_ticket_id", "linking_ticket_ids", "merged_into_id"):
            with self.subTest(field=name), self.assertRaises(AccessError):
                own.read([name])


class TestThreadIndex(ThreadCase):
    """Our answers stay in the conversation of Outlook."""

    def test_an_answer_is_of_the_customer_s_conversation(self):
        ticket = self.take_ticket(mail(headers=[("Thread-Index", OUTLOOK)]))
        with self.sent_mails() as sent:
            ticket.with_user(self.agent).message_post(
                body="On our way.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=ticket.partner_id.ids,
            )
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        [out] = [each for each in sent if "marta@acorn-tests.example" in each.recipients]
        self.assertEqual(conversation(out["Thread-Index"]), conversation(OUTLOOK))
        self.assertNotEqual(out["Thread-Index"], OUTLOOK)
