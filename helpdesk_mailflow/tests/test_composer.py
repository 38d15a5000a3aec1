# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Writing an answer: what the composers show, and what the server makes of it."""

import json
from importlib import util
from unittest import skipUnless

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged

from .common import DOMAIN, MARTA, mail
from .test_answer_via import AnswerViaCase, plain

BOB = "bob@acorn-tests.example"
CARA = "cara@birch.example"


class ComposerCase(AnswerViaCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support_sender = cls.make_sender(f"support@{DOMAIN}", friendly_name="Acorn Support")
        cls.billing = cls.make_sender("billing@corp.test", friendly_name="Acorn Billing")
        cls.team.user_ids |= cls.agent

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail())
        self.marta = self.ticket.partner_id
        self.as_agent = self.ticket.with_user(self.agent)

    def compose(self, **context):
        """The full composer, as the chatter opens it."""
        defaults = {
            "model": "helpdesk.ticket",
            "res_ids": self.ticket.ids,
            "subtype_xmlid": "mail.mt_comment",
            "partner_ids": self.marta.ids,
            **context,
        }
        return Form(
            self.env["mail.compose.message"]
            .with_user(self.agent)
            .with_context(
                clicked_on_full_composer=True,
                **{f"default_{name}": value for name, value in defaults.items()},
            )
        )

    def put_back(self, form):
        """What the button does that puts the requester back into To."""
        composer = form.save()
        composer.helpdesk_put_back = True
        composer._onchange_helpdesk_put_back()
        return composer

    def send(self, form):
        """Send what the form holds: the message, and the mails to outsiders."""
        with self.sent_mails() as sent:
            _mails, message = form.save()._action_send_mail()
        return message, sent

    def post(self, **values):
        """Post as the chatter does."""
        values = {"partner_ids": self.marta.ids, "helpdesk_cc": "", "helpdesk_bcc": "", **values}
        with self.sent_mails() as sent:
            message = self.as_agent.sudo().message_post(
                body="Pull the plug.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                **values,
            )
        return message, sent

    def allow_private(self, allowed=True):
        self.company.helpdesk_private_answers = allowed


class TestAnswerData(ComposerCase):
    """What the composers know before anything is written."""

    def data(self):
        return self.as_agent._mailflow_answer_data()

    def test_offers_usable_addresses_as_the_customer_will_read_them(self):
        other = self.env["helpdesk.ticket.team"].create({"name": "Back office"})
        self.make_sender("back@corp.test", team_id=other.id)
        self.make_sender("new@corp.test", proven=False)
        offered = self.data()["from_addresses"]
        self.assertEqual(
            {each["preview"] for each in offered},
            {
                f"Brad Lee <support@{DOMAIN}>",
                "Brad Lee <billing@corp.test>",
                f"Brad Lee <{self.first.email}>",
            },
        )
        self.assertEqual(self.data()["from_id"], self.support_sender.id)

    def test_preview_follows_the_policy(self):
        self.company.helpdesk_agent_name = False
        previews = {each["email"]: each["preview"] for each in self.data()["from_addresses"]}
        self.assertEqual(previews["billing@corp.test"], "Acorn Billing <billing@corp.test>")

    def test_ticket_s_own_address_is_offered_to_whoever_answers_it(self):
        other = self.env["helpdesk.ticket.team"].create({"name": "Back office"})
        self.support_sender.team_id = other
        self.assertIn(
            self.support_sender.id, [each["id"] for each in self.data()["from_addresses"]]
        )

    def test_who_takes_part_is_in_cc(self):
        self.ticket.email_cc = f'"Bob" <{BOB}>, {MARTA}, support@{DOMAIN}, brad@corp.test'
        cara = self.make_contact("Cara", CARA)
        self.ticket.message_subscribe((cara | self.agent.partner_id | self.marta).ids)
        self.assertEqual(
            self.data()["cc"],
            [{"name": "Bob", "email": BOB}, {"name": "Cara", "email": CARA}],
        )

    def test_follower_who_wants_no_messages_is_not_in_cc(self):
        cara = self.make_contact("Cara", CARA)
        self.ticket.message_subscribe(cara.ids, subtype_ids=self.env.ref("mail.mt_note").ids)
        self.assertEqual(self.data()["cc"], [])

    def test_requester(self):
        self.assertEqual(
            self.data()["requester"],
            {
                "partner_id": self.marta.id,
                "name": "Marta Lindqvist",
                "email": "marta@acorn-tests.example",
            },
        )

    def test_requester_without_a_contact(self):
        self.ticket.write({"partner_id": False, "partner_name": "Cara", "partner_email": CARA})
        self.assertEqual(
            self.data()["requester"], {"partner_id": False, "name": "Cara", "email": CARA}
        )
        self.ticket.partner_email = False
        self.ticket.partner_name = False
        self.assertFalse(self.data()["requester"])

    def test_suggested_recipients_are_those_of_to(self):
        self.ticket.email_cc = BOB
        suggested = self.as_agent._message_get_suggested_recipients(reply_discussion=True)
        self.assertEqual(suggested[0]["partner_id"], self.marta.id)
        self.assertNotIn(BOB, [each["email"] for each in suggested])

    def test_who_else_the_customer_wrote_to_is_suggested(self):
        ticket = self.take_ticket(mail(to=f"support@{DOMAIN}, {CARA}", headers=[("Cc", BOB)]))
        as_agent = ticket.with_user(self.agent)
        suggested = as_agent._message_get_suggested_recipients(reply_discussion=True)
        self.assertEqual([each["email"] for each in suggested], ["marta@acorn-tests.example", CARA])
        self.assertEqual([each["email"] for each in as_agent._mailflow_copied()], [BOB])

    def test_suggestions_make_no_contacts(self):
        self.ticket.write({"partner_id": False, "partner_email": CARA})
        count = self.env["res.partner"].search_count([])
        self.as_agent._message_get_suggested_recipients(reply_discussion=True, no_create=False)
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    def test_a_crowd_in_cc_is_not_prefilled(self):
        crowd = ", ".join(f"p{number}@crowd-tests.example" for number in range(101))
        self.ticket.email_cc = crowd
        self.assertEqual(self.ticket.with_user(self.agent)._mailflow_answer_data()["cc"], [])


class TestRequesterWithoutAddress(ComposerCase):
    def setUp(self):
        super().setUp()
        self.marta.email = False
        self.ticket.partner_email = False

    def test_agent_is_told(self):
        self.assertEqual(
            self.as_agent._mailflow_answer_data()["requester"],
            {"partner_id": False, "name": "Marta Lindqvist", "email": False},
        )

    def test_agent_adds_the_address(self):
        data = self.as_agent.action_set_requester_email(" Marta@Fir.example ")
        self.assertEqual(data["requester"]["email"], "marta@fir.example")
        self.assertEqual(data["requester"]["partner_id"], self.marta.id)
        self.assertEqual(self.marta.email, "marta@fir.example")
        _message, (sent,) = self.post(partner_ids=[])
        self.assertEqual(sent.recipients, ("marta@fir.example",))

    def test_without_a_contact_the_ticket_keeps_it(self):
        self.ticket.partner_id = False
        self.as_agent.action_set_requester_email("marta@fir.example")
        self.assertEqual(self.ticket.partner_email, "marta@fir.example")
        _message, (sent,) = self.post(partner_ids=[])
        self.assertEqual(sent.recipients, ("marta@fir.example",))

    def test_what_is_no_address_is_refused(self):
        for wrong in ("", "marta", "marta@fir", "a@fir.example, b@fir.example", "@fir.example"):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                self.as_agent.action_set_requester_email(wrong)

    def test_own_address_is_refused(self):
        with self.assertRaisesRegex(UserError, "our own"):
            self.as_agent.action_set_requester_email(f"support@{DOMAIN}")

    def test_address_that_is_there_is_not_replaced(self):
        self.marta.email = "marta@fir.example"
        with self.assertRaisesRegex(UserError, "marta@fir.example"):
            self.as_agent.action_set_requester_email("other@fir.example")

    def test_address_of_a_user_is_not_an_agent_s_to_set(self):
        self.make_user("marta-logs-in", "base.group_portal", partner_id=self.marta.id)
        self.marta.email = False
        with self.assertRaises(AccessError):
            self.as_agent.action_set_requester_email("thief@fir.example")

    def test_who_may_not_write_the_ticket_adds_nothing(self):
        other = self.make_user("other", "base.group_user")
        with self.assertRaises(AccessError):
            self.ticket.with_user(other).action_set_requester_email("marta@fir.example")


class TestQuickAnswer(ComposerCase):
    """What the chatter posts."""

    def test_from_cc_and_bcc(self):
        message, (sent,) = self.post(
            helpdesk_from_address_id=self.billing.id,
            helpdesk_cc=f'"Bob, the builder" <{BOB}>; Cara <{CARA}>',
            helpdesk_bcc="boss@corp.test",
        )
        self.assertEqual(plain(sent["From"]), "Brad Lee <billing@corp.test>")
        self.assertEqual(plain(sent["To"]), MARTA)
        self.assertEqual(plain(sent["Cc"]), f"Bob, the builder <{BOB}>, Cara <{CARA}>")
        self.assertEqual(
            set(sent.recipients), {"marta@acorn-tests.example", BOB, CARA, "boss@corp.test"}
        )
        self.assertIsNone(sent["Bcc"])
        self.assertEqual(message.helpdesk_from_address_id, self.billing)
        self.assertEqual(message.helpdesk_cc, f'"Bob, the builder" <{BOB}>, "Cara" <{CARA}>')
        self.assertEqual(message.helpdesk_bcc, "boss@corp.test")

    def test_address_of_another_team_is_refused(self):
        other = self.env["helpdesk.ticket.team"].create({"name": "Back office"})
        sender = self.make_sender("back@corp.test", team_id=other.id)
        with self.assertRaisesRegex(AccessError, "back@corp.test"):
            self.post(helpdesk_from_address_id=sender.id)

    def test_what_is_no_address_is_refused(self):
        for wrong in ("bob", f"{BOB}, cara", f"{BOB} {CARA}", "<>", "bob@"):
            with self.subTest(wrong), self.assertRaisesRegex(UserError, "no.* e-mail address"):
                self.post(helpdesk_cc=wrong)

    def test_headers_are_not_injected(self):
        with self.assertRaises(UserError):
            self.post(helpdesk_cc=f"{BOB}\r\nBcc: {CARA}")

    def test_mailing_is_refused(self):
        many = ", ".join(f"c{number}@acorn-tests.example" for number in range(101))
        with self.assertRaisesRegex(UserError, "at most 100"):
            self.post(helpdesk_bcc=many)

    def test_portal_user_chooses_nothing(self):
        user = self.make_user("marta-logs-in", "base.group_portal", partner_id=self.marta.id)
        ticket = self.ticket.with_user(user)
        self.assertNotIn("helpdesk_cc", ticket._get_allowed_message_params())
        self.assertNotIn("outgoing_email_to", ticket._get_allowed_message_params())
        with self.assertRaises(AccessError):
            ticket.sudo().message_post(body="x", helpdesk_cc=CARA)

    def test_who_is_in_cc_takes_part(self):
        self.post(helpdesk_cc=BOB)
        self.assertEqual(
            [each["email"] for each in self.as_agent._mailflow_answer_data()["cc"]], [BOB]
        )
        self.assertFalse(self.env["res.partner"].search([("email", "=", BOB)]))
        row = self.take(mail(from_=BOB, subject=f"Re: [#{self.ticket.number}]"))
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["reply"], row.why)
        self.assertEqual(row.ticket_ids, self.ticket)

    def test_follower_taken_out_of_cc_gets_nothing(self):
        cara = self.make_contact("Cara", CARA)
        self.ticket.message_subscribe(cara.ids)
        _message, (sent,) = self.post(helpdesk_cc=BOB)
        self.assertEqual(set(sent.recipients), {"marta@acorn-tests.example", BOB})
        message, (sent,) = self.post(helpdesk_cc="")
        self.assertEqual(set(sent.recipients), {"marta@acorn-tests.example"})
        message.invalidate_recordset()
        self.assertEqual(message.helpdesk_cc, "", "nobody, as the agent left it")
        _message, (sent,) = self.post(helpdesk_cc=CARA)
        self.assertEqual(plain(sent["Cc"]), f"Cara <{CARA}>")

    def test_requester_gets_each_answer(self):
        _message, (sent,) = self.post(partner_ids=[])
        self.assertEqual(plain(sent["To"]), MARTA)

    def test_requester_without_a_contact_gets_each_answer(self):
        self.ticket.write({"partner_id": False, "partner_name": "Cara", "partner_email": CARA})
        _message, (sent,) = self.post(partner_ids=[])
        self.assertEqual(plain(sent["To"]), f"Cara <{CARA}>")
        self.assertFalse(self.env["res.partner"].search([("email", "=", CARA)]))

    def test_stranger_in_to_takes_part_without_becoming_a_contact(self):
        _message, (sent,) = self.post(outgoing_email_to=CARA)
        self.assertEqual(plain(sent["To"]), f"{MARTA}, {CARA}")
        self.assertEqual(self.ticket.email_cc, CARA)
        self.assertFalse(self.env["res.partner"].search([("email", "=", CARA)]))

    def test_private_answer_needs_the_policy(self):
        with self.assertRaisesRegex(UserError, "switched off"):
            self.post(partner_ids=[], helpdesk_cc=BOB, helpdesk_private=True)

    def test_private_answer(self):
        self.allow_private()
        self.ticket.message_subscribe(self.marta.ids)
        message, (sent,) = self.post(helpdesk_cc=BOB, helpdesk_private=True)
        self.assertEqual(sent.recipients, (BOB,))
        self.assertTrue(message.is_internal)
        self.assertNotIn(self.marta, message.notified_partner_ids)

    def test_next_answer_knows_nothing_of_a_private_one(self):
        self.allow_private()
        supplier = self.make_contact("Pia Supplier", "pia@supplier.test")
        message, _sent = self.post(
            partner_ids=supplier.ids, outgoing_email_to=CARA, helpdesk_private=True
        )
        suggested = self.as_agent._message_get_suggested_recipients(reply_discussion=True)
        self.assertEqual([each["partner_id"] for each in suggested], self.marta.ids)
        self.assertFalse(self.ticket.email_cc)
        suggested = self.as_agent._message_get_suggested_recipients(reply_message=message)
        self.assertNotIn(self.marta.id, [each["partner_id"] for each in suggested])
        self.assertIn(supplier.id, [each["partner_id"] for each in suggested])

    def test_private_answer_that_the_requester_is_in_cc_of_is_refused(self):
        self.allow_private()
        with self.assertRaisesRegex(UserError, "Marta Lindqvist"):
            self.post(partner_ids=[], helpdesk_cc=f"{BOB}, {MARTA}", helpdesk_private=True)

    def test_private_answer_to_nobody_is_refused(self):
        self.allow_private()
        with self.assertRaisesRegex(UserError, "Nobody"):
            self.post(partner_ids=[], helpdesk_private=True)

    def test_team_may_allow_what_the_company_does_not(self):
        self.team.helpdesk_private_answers = "yes"
        _message, (sent,) = self.post(helpdesk_cc=BOB, helpdesk_private=True)
        self.assertEqual(sent.recipients, (BOB,))

    def test_note_stays_inside(self):
        with self.sent_mails() as sent:
            self.as_agent.message_post(body="He is rude.", subtype_xmlid="mail.mt_note")
        self.assertFalse(sent)


class TestFullComposer(ComposerCase):
    def test_begins_as_the_ticket_answers(self):
        self.ticket.email_cc = BOB
        form = self.compose()
        self.assertEqual(form.helpdesk_from_address_id, self.support_sender)
        self.assertEqual(form.helpdesk_cc, BOB)
        self.assertFalse(form.helpdesk_bcc)
        self.assertFalse(form.helpdesk_private)

    def test_goes_on_with_what_the_chatter_held(self):
        form = self.compose(
            helpdesk_from_address_id=self.billing.id, helpdesk_cc="", helpdesk_bcc=CARA
        )
        self.assertEqual(form.helpdesk_from_address_id, self.billing)
        self.assertFalse(form.helpdesk_cc)
        self.assertEqual(form.helpdesk_bcc, CARA)

    def test_sends_with_from_cc_and_bcc(self):
        form = self.compose()
        form.body = "<p>Pull the <b>plug</b>.</p>"
        form.helpdesk_from_address_id = self.billing
        form.helpdesk_cc = f'"Bob" <{BOB}>'
        form.helpdesk_bcc = CARA
        message, (sent,) = self.send(form)
        self.assertEqual(plain(sent["From"]), "Brad Lee <billing@corp.test>")
        self.assertEqual(plain(sent["Cc"]), f"Bob <{BOB}>")
        self.assertEqual(set(sent.recipients), {"marta@acorn-tests.example", BOB, CARA})
        self.assertEqual(message.helpdesk_bcc, CARA)

    def test_template_does_not_change_the_sender(self):
        template = self.env["mail.template"].create(
            {
                "name": "Greeting",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "Hello",
                "body_html": "<p>Hello</p>",
                "email_from": "somebody@elsewhere.example",
                "reply_to": "nobody@elsewhere.example",
                "use_default_to": True,
            }
        )
        form = self.compose()
        form.helpdesk_from_address_id = self.billing
        form.template_id = template
        message, (sent,) = self.send(form)
        self.assertEqual(plain(sent["From"]), "Brad Lee <billing@corp.test>")
        self.assertEqual(plain(sent["Reply-To"]), f"Support <support@{DOMAIN}>")
        self.assertEqual(message.author_id, self.agent.partner_id)
        self.assertIn("Hello", sent["Subject"])
        self.assertIn("Hello", message.body)

    def test_requester_comes_back_when_answers_are_not_private(self):
        form = self.compose()
        cara = self.make_contact("Cara", CARA)
        form.partner_ids.add(cara)
        form.partner_ids.remove(id=self.marta.id)
        self.assertEqual(form.partner_ids[:], cara | self.marta)
        self.assertFalse(form.helpdesk_private)

    def test_requester_is_taken_out_of_a_private_answer(self):
        self.allow_private()
        form = self.compose()
        form.helpdesk_cc = BOB
        form.body = "<p>Is she right?</p>"
        form.partner_ids.remove(id=self.marta.id)
        self.assertTrue(form.helpdesk_private)
        message, (sent,) = self.send(form)
        self.assertEqual(sent.recipients, (BOB,))
        self.assertTrue(message.helpdesk_private)

    def test_requester_is_put_back(self):
        self.allow_private()
        form = self.compose(partner_ids=[])
        self.assertTrue(form.helpdesk_private)
        composer = self.put_back(form)
        self.assertFalse(composer.helpdesk_private)
        self.assertEqual(composer.partner_ids, self.marta)
        self.assertFalse(composer.helpdesk_put_back)

    def test_requester_without_a_contact(self):
        self.ticket.write({"partner_id": False, "partner_name": "Cara", "partner_email": CARA})
        form = self.compose(partner_ids=[])
        self.assertEqual(form.helpdesk_to, f'"Cara" <{CARA}>')
        form.helpdesk_to = False
        self.assertEqual(form.helpdesk_to, f'"Cara" <{CARA}>')
        form.body = "<p>Hello</p>"
        _message, (sent,) = self.send(form)
        self.assertEqual(plain(sent["To"]), f"Cara <{CARA}>")
        self.assertFalse(self.env["res.partner"].search([("email", "=", CARA)]))

    def test_address_added_while_writing(self):
        self.marta.email = self.ticket.partner_email = False
        form = self.compose(partner_ids=[])
        self.assertFalse(form.helpdesk_answer["requester"]["email"])
        self.as_agent.action_set_requester_email("marta@fir.example")
        composer = self.put_back(form)
        self.assertEqual(composer.helpdesk_answer["requester"]["email"], "marta@fir.example")
        self.assertEqual(composer.partner_ids, self.marta)

    def test_forward_has_a_sender_but_no_requester(self):
        form = self.compose(partner_ids=[], composition_comment_option="forward")
        self.assertEqual(form.helpdesk_from_address_id, self.support_sender)
        self.assertFalse(form.helpdesk_private)
        form.partner_ids.add(self.make_contact("Cara", CARA))
        form.body = "<p>See below</p>"
        _message, (sent,) = self.send(form)
        self.assertEqual(sent.recipients, (CARA,))
        self.assertEqual(plain(sent["From"]), f"Brad Lee <support@{DOMAIN}>")

    def test_refused_sender(self):
        other = self.env["helpdesk.ticket.team"].create({"name": "Back office"})
        sender = self.make_sender("back@corp.test", team_id=other.id)
        form = self.compose(helpdesk_from_address_id=sender.id)
        form.body = "<p>Hello</p>"
        with self.assertRaisesRegex(AccessError, "back@corp.test"):
            self.send(form)

    def test_note_knows_nothing_of_it(self):
        form = self.compose(partner_ids=[], subtype_xmlid="mail.mt_note")
        self.assertFalse(form.helpdesk_ticket_id)
        form.body = "<p>He is rude.</p>"
        message, sent = self.send(form)
        self.assertFalse(sent)
        self.assertNotIn(self.marta, message.partner_ids)

    def test_other_documents_know_nothing_of_it(self):
        composer = self.env["mail.compose.message"].with_user(self.agent)
        form = Form(
            composer.with_context(default_model="res.partner", default_res_ids=self.marta.ids)
        )
        self.assertFalse(form.helpdesk_ticket_id)
        self.assertFalse(form.helpdesk_from_address_id)
        self.assertFalse(form.helpdesk_answer)

    def test_several_tickets_at_once(self):
        other = self.take_ticket(mail(subject="Again"))
        tickets = self.ticket | other
        composer = self.env["mail.compose.message"].with_user(self.agent)
        wizard = composer.with_context(
            default_model="helpdesk.ticket", default_res_ids=tickets.ids
        ).create({"body": "<p>We are on it.</p>", "partner_ids": self.marta.ids})
        self.assertFalse(wizard.helpdesk_ticket_id)
        _mails, messages = wizard._action_send_mail()
        self.assertEqual(messages.helpdesk_from_address_id, self.support_sender)

    def test_scheduled_answer_keeps_its_choices(self):
        form = self.compose()
        form.body = "<p>Later</p>"
        form.helpdesk_from_address_id = self.billing
        form.helpdesk_cc = BOB
        form.helpdesk_bcc = CARA
        wizard = form.save()
        wizard.scheduled_date = "2099-01-01 00:00:00"
        scheduled = wizard._action_schedule_message()
        self.assertEqual(json.loads(scheduled.notification_parameters)["helpdesk_cc"], BOB)
        self.assertEqual(
            scheduled._mailflow_way(),
            {
                "wasSentFrom": '"Brad Lee" <billing@corp.test>',
                "helpdesk_cc": BOB,
                "helpdesk_bcc": CARA,
                "helpdesk_private": False,
            },
        )
        with self.sent_mails() as sent:
            scheduled.post_message()
        (sent,) = sent
        self.assertEqual(plain(sent["From"]), "Brad Lee <billing@corp.test>")
        self.assertEqual(set(sent.recipients), {"marta@acorn-tests.example", BOB, CARA})


@tagged("-at_install", "post_install")
class TestTextMessage(ComposerCase):
    def setUp(self):
        super().setUp()
        if "sms.sms" not in self.env:
            self.skipTest("Odoo's sms is not installed")
        self.company.country_id = self.env.ref("base.se")

    def able(self):
        return self.as_agent._mailflow_text_message()

    def test_contact_without_a_number_can_only_be_mailed(self):
        self.assertEqual(self.able(), {"number": "", "reason": "The contact has no phone number"})
        self.ticket.partner_id = False
        self.assertEqual(self.able()["reason"], "There is no contact with a phone number")
        with self.assertRaises(UserError):
            self.as_agent.action_send_text_message("Hello")

    @skipUnless(util.find_spec("phonenumbers"), "Odoo tells numbers by the package phonenumbers")
    def test_wrong_number(self):
        self.marta.phone = "ask Bob"
        self.assertEqual(self.able()["reason"], "ask Bob is no phone number")

    def test_text_message(self):
        self.marta.phone = "+46701740610"
        self.assertEqual(self.able(), {"number": "+46701740610", "reason": ""})
        with self.sent_mails() as sent:
            message_id = self.as_agent.action_send_text_message("Pull the plug.\nAt once!")
        message = self.env["mail.message"].browse(message_id)
        self.assertFalse(sent)
        self.assertEqual(message.message_type, "sms")
        self.assertEqual(message.res_id, self.ticket.id)
        notification = message.notification_ids
        self.assertEqual(notification.notification_type, "sms")
        self.assertEqual(notification.sms_number, "+46701740610")
        sms = self.env["sms.sms"].search([("mail_message_id", "=", message.id)])
        self.assertEqual(sms.body, "Pull the plug.\nAt once!")

    def test_empty_text_is_refused(self):
        self.marta.phone = "+46701740610"
        with self.assertRaises(UserError):
            self.as_agent.action_send_text_message("  ")

    def test_who_may_not_answer_sends_none(self):
        self.marta.phone = "+46701740610"
        other = self.make_user("other", "base.group_user")
        with self.assertRaises(AccessError):
            self.ticket.with_user(other).action_send_text_message("Hello")

    def test_from_the_full_composer(self):
        self.marta.phone = "+46701740610"
        form = self.compose(helpdesk_medium="sms", helpdesk_sms_body="Pull the plug.")
        self.assertEqual(form.helpdesk_sms_number, "+46701740610")
        message, sent = self.send(form)
        self.assertFalse(sent)
        self.assertEqual(message.message_type, "sms")


@tagged("-at_install", "post_install")
class TestChatterRoutes(ComposerCase, HttpCase):
    """Over HTTP, as the web client asks and posts."""

    def setUp(self):
        super().setUp()
        self.agent.password = "brad-tests"
        self.authenticate("brad", "brad-tests")

    def chatter(self, request_list):
        return self.make_jsonrpc_request(
            "/mail/data",
            {
                "fetch_params": [
                    [
                        "mail.thread",
                        {
                            "access_params": {},
                            "request_list": request_list,
                            "thread_id": self.ticket.id,
                            "thread_model": "helpdesk.ticket",
                        },
                    ]
                ]
            },
        )

    def test_chatter_is_told(self):
        (thread,) = [
            each
            for each in self.chatter(["suggestedRecipients"])["mail.thread"]
            if each["id"] == self.ticket.id
        ]
        self.assertEqual(thread["helpdesk_answer"]["from_id"], self.support_sender.id)
        self.assertEqual(thread["helpdesk_answer"]["requester"]["partner_id"], self.marta.id)
        (thread,) = [
            each
            for each in self.chatter(["followers"])["mail.thread"]
            if each["id"] == self.ticket.id
        ]
        self.assertNotIn("helpdesk_answer", thread)

    def test_chatter_posts(self):
        result = self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": "helpdesk.ticket",
                "thread_id": self.ticket.id,
                "post_data": {
                    "body": "Pull the plug.",
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                    "partner_ids": self.marta.ids,
                    "helpdesk_from_address_id": self.billing.id,
                    "helpdesk_cc": BOB,
                    "helpdesk_bcc": "",
                    "helpdesk_private": False,
                    "outgoing_email_to": CARA,
                },
            },
        )
        message = self.env["mail.message"].browse(result["message_id"])
        self.assertEqual(message.helpdesk_from_address_id, self.billing)
        self.assertEqual(message.helpdesk_cc, BOB)
        self.assertEqual(message.outgoing_email_to, CARA)
        (data,) = [
            each for each in result["store_data"]["mail.message"] if each["id"] == message.id
        ]
        self.assertEqual(data["helpdesk_from"], '"Brad Lee" <billing@corp.test>')
        self.assertEqual(data["helpdesk_cc"], BOB)
