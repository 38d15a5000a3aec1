# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""People who would send as somebody else, or have us write to strangers."""

from odoo.exceptions import AccessError
from odoo.fields import Command

from .common import DOMAIN, mail
from .test_answer_via import AnswerViaCase, plain


class HostileCase(AnswerViaCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_sender(f"support@{DOMAIN}")
        board = cls.env["helpdesk.ticket.team"].create({"name": "Board"})
        cls.board = cls.make_sender("board@corp.test", team_id=board.id)

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail())
        self.marta = self.ticket.partner_id

    def post(self, user, **values):
        return self.ticket.with_user(user).message_post(
            body="Hello",
            subtype_xmlid="mail.mt_comment",
            **{"message_type": "comment", "partner_ids": self.marta.ids, **values},
        )

    def waiting(self, message):
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        return mails.filtered(lambda each: each.state == "outgoing")


class TestHostileAgent(HostileCase):
    def test_agent_may_not_open_a_ticket_that_answers_as_another_team(self):
        tickets = self.env["helpdesk.ticket"].with_user(self.agent)
        with self.assertRaises(AccessError):
            tickets.create({"name": "x", "description": "x", "answer_via_id": self.board.id})

    def test_mailing_of_an_agent_does_not_leave_as_another_team(self):
        composer = self.env["mail.compose.message"].with_user(self.agent)
        composer.create(
            {
                "composition_mode": "mass_mail",
                "model": "helpdesk.ticket",
                "res_ids": repr(self.ticket.ids),
                "email_from": "Board <board@corp.test>",
                "subject": "News",
                "body": "<p>x</p>",
                "partner_ids": [Command.set(self.marta.ids)],
                "force_send": False,
            }
        )._action_send_mail()
        waiting = self.env["mail.mail"].search(
            [("res_id", "=", self.ticket.id), ("subject", "=", "News")]
        )
        message = waiting.mail_message_id
        with self.sent_mails() as sent:
            waiting.send()
        (mailing,) = sent
        self.assertIn(f"<support@{DOMAIN}>", mailing["From"])
        self.assertIn("board@corp.test", message._mailflow_sentences()[0])

    def test_message_that_waits_is_not_given_another_sender(self):
        message = self.post(self.agent)
        # nothing is sent before the commit
        (waiting,) = self.waiting(message)
        with self.assertRaises(AccessError):
            message.write({"helpdesk_from_address_id": self.board.id})
        message.write({"email_from": "Board <board@corp.test>"})
        self.env.flush_all()
        with self.sent_mails() as sent:
            waiting.send()
        self.assertEqual(plain(sent[0]["From"]), f"Brad Lee <support@{DOMAIN}>")

    def test_agent_sends_again_what_was_to_leave_as_a_disabled_sender(self):
        (waiting,) = self.waiting(self.post(self.agent))
        waiting.mail_message_id.helpdesk_from_address_id.enabled = False
        with self.sent_mails() as sent:
            waiting.with_user(self.agent).sudo().send()
        self.assertEqual(plain(sent[0]["From"]), f"Brad Lee <{self.domain.default_from_email}>")

    def test_line_breaks_in_names_make_no_recipients(self):
        self.marta.name = "Marta\r\nBcc: victim@x.example"
        self.support.friendly_name = "Support\r\nBcc: victim@x.example"
        self.company.helpdesk_auto_cc = True
        (waiting,) = self.waiting(self.post(self.agent))
        with self.sent_mails() as sent:
            waiting.send()
        self.assertEqual(
            set(sent[0].recipients), {"marta@acorn-tests.example", f"support@{DOMAIN}"}
        )

    def test_no_context_opens_the_outgoing_filter(self):
        self.ticket = self.ticket.with_context(mailflow_allow_own=True)
        message = self.post(self.agent, helpdesk_cc=f"bounce@{DOMAIN}")
        self.env["mail.mail"].search([("mail_message_id", "=", message.id)]).send()
        self.assertIn(f"bounce@{DOMAIN}", message._mailflow_sentences()[0])

    def test_requester_who_follows_is_written_to_once(self):
        self.ticket.message_subscribe(self.marta.ids)
        self.ticket.partner_id = False
        (waiting,) = self.waiting(self.post(self.agent, partner_ids=[], helpdesk_cc=""))
        with self.sent_mails() as sent:
            waiting.send()
        self.assertEqual(sent[0]["To"].count("marta@acorn-tests.example"), 1)


class TestHostileCustomer(HostileCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.make_user(
            "olle", "base.group_portal", name="Olle Persson", email="olle@acorn-tests.example"
        )

    def setUp(self):
        super().setUp()
        self.ticket.partner_id = self.customer.partner_id
        self.ticket.message_subscribe(self.customer.partner_id.ids)
        self.env.flush_all()

    def test_customer_writes_without_the_portal(self):
        message = self.post(self.customer, partner_ids=[])
        self.assertEqual(message.author_id, self.customer.partner_id)

    def test_customer_writes_though_the_chosen_sender_is_disabled(self):
        self.ticket.answer_via_id = self.make_sender("service@corp.test")
        self.ticket.answer_via_id.enabled = False
        message = self.post(self.customer, partner_ids=[])
        self.assertIn("service@corp.test", message._mailflow_sentences()[0])

    def test_customer_has_us_write_to_no_strangers(self):
        stranger = self.make_contact("Victim", "victim@x.example")
        for values in (
            {"outgoing_email_to": "victim@x.example"},
            {"message_type": "email", "outgoing_email_to": "victim@x.example"},
            {"message_type": "email", "email_from": "Board <board@corp.test>"},
            {"partner_ids": stranger.ids},
            {"helpdesk_forward": True},
            {"helpdesk_cc": "victim@x.example"},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                self.post(self.customer, **{"partner_ids": [], **values})

    def test_customer_changes_no_marks_of_a_message(self):
        message = self.post(self.customer, partner_ids=[])
        for values in ({"helpdesk_private": True}, {"helpdesk_cc": "victim@x.example"}):
            with self.subTest(values), self.assertRaises(AccessError):
                message.write(values)


class TestHostileCompany(HostileCase):
    """A manager of another company of the same database."""

    def verify_by_coming_back(self, *companies):
        other = self.make_company("Birch")
        boss = self.make_user(
            "boss",
            "helpdesk_mgmt.group_helpdesk_manager",
            company=other,
            companies=other.union(*companies),
        )
        addresses = self.env["helpdesk.from.address"].with_user(boss).with_company(other)
        sender = addresses.create({"email": f"help@{DOMAIN}", "company_id": other.id})
        self.make_alias("Help", "help")
        with self.sent_mails() as sent:
            sender.action_send_verification()
        self.take(sent[0].message.as_bytes())
        return sender

    def test_alias_of_another_company_proves_nothing(self):
        sender = self.verify_by_coming_back()
        self.assertEqual(sender.state, "sent")
        self.assertIn("another company", sender.sudo().message_ids[0].body)

    def test_who_works_for_both_companies_may_use_the_address_in_both(self):
        self.assertEqual(self.verify_by_coming_back(self.company).state, "verified")
