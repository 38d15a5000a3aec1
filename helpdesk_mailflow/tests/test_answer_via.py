# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Which From address answers, and what the mails of a ticket look like outside."""

from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools.safe_eval import safe_eval

from .common import DOMAIN, MARTA, MailflowCase, mail


def plain(header):
    """Without the quotes that names need not have."""
    return header.replace('"', "")


class AnswerViaCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.env["helpdesk.from.address"].search([("company_id", "=", cls.company.id)])
        cls.agent = cls.make_user(
            "brad", "helpdesk_mgmt.group_helpdesk_user", name="Brad Lee", email="brad@corp.test"
        )
        cls.server = cls.env["ir.mail_server"].create(
            {"name": "Odoo's", "smtp_host": "smtp.corp.test", "smtp_encryption": "none"}
        )

    @classmethod
    def make_sender(cls, email, proven=True, **values):
        values.setdefault("company_id", cls.company.id)
        sender = cls.env["helpdesk.from.address"].create({"email": email, **values})
        if proven:
            sender._prove("mail")
        return sender


class TestAnswerVia(AnswerViaCase):
    def test_company_begins_with_what_odoo_sends_as(self):
        self.assertEqual(self.first.email, self.domain.default_from_email)
        self.assertTrue(self.first.is_usable)
        self.assertEqual(self.support.answers_via_id, self.first)

    def test_own_address_of_the_alias_comes_before_the_default(self):
        sender = self.make_sender(f"support@{DOMAIN}")
        self.assertEqual(self.support.answers_via_id, sender)

    def test_external_address_of_the_alias_comes_before_the_default(self):
        sender = self.make_sender("help@corp.test")
        self.assertEqual(self.support.answers_via_id, self.first)
        self.support.external_address_ids = [(0, 0, {"email": "help@corp.test"})]
        self.assertEqual(self.support.answers_via_id, sender)

    def test_address_of_the_team_comes_before_the_default(self):
        sender = self.make_sender("desk@corp.test", team_id=self.team.id)
        self.assertEqual(self.support.answers_via_id, sender)

    def test_chosen_address_comes_before_all(self):
        self.make_sender(f"support@{DOMAIN}")
        chosen = self.make_sender("service@corp.test")
        self.support.answers_via_id = chosen
        self.assertEqual(self.support.answer_via_id, chosen)
        self.assertEqual(self.support.answers_via_id, chosen)

    def test_emptied_choice_is_the_default_again(self):
        own = self.make_sender(f"support@{DOMAIN}")
        self.support.answers_via_id = self.make_sender("service@corp.test")
        self.support.answers_via_id = False
        self.assertEqual(self.support.answers_via_id, own)

    def test_unproven_address_answers_nothing(self):
        self.make_sender(f"support@{DOMAIN}", proven=False)
        self.assertEqual(self.support.answers_via_id, self.first)

    def test_what_cannot_be_sent_as_is_refused(self):
        unproven = self.make_sender("unproven@corp.test", proven=False)
        disabled = self.make_sender("disabled@corp.test")
        disabled.enabled = False
        ticket = self.env["helpdesk.ticket"].create({"name": "Hi", "description": "x"})
        for record in (self.support, ticket):
            for name in ("answer_via_id", "answers_via_id"):
                for sender, why in ((unproven, "is not verified"), (disabled, "is disabled")):
                    with (
                        self.subTest(record=record, name=name),
                        self.assertRaisesRegex(ValidationError, why),
                    ):
                        record[name] = sender
        with self.assertRaisesRegex(ValidationError, "is not verified"):
            self.env["helpdesk.support.alias"].create(
                {"name": "New", "team_id": self.team.id, "answer_via_id": unproven.id}
            )

    def test_address_of_another_team_is_not_an_agent_s_to_choose(self):
        team = self.team.copy({"name": "Back office", "user_ids": False})
        foreign = self.make_sender("back@corp.test", team_id=team.id)
        ticket = self.env["helpdesk.ticket"].create({"name": "Hi", "description": "x"})
        with self.assertRaisesRegex(AccessError, "belongs to another team"):
            ticket.with_user(self.agent).answers_via_id = foreign
        team.user_ids = self.agent
        ticket.with_user(self.agent).answers_via_id = foreign
        self.assertEqual(ticket.answer_via_id, foreign)

    def test_only_what_one_may_choose_is_listed(self):
        team = self.team.copy({"name": "Back office", "user_ids": False})
        foreign = self.make_sender("back@corp.test", team_id=team.id)
        mine = self.make_sender("mine@corp.test", team_id=self.team.id)
        self.team.user_ids = self.agent
        senders = self.env["helpdesk.from.address"].with_user(self.agent)
        ticket_form = self.env["helpdesk.ticket"].with_user(self.agent).get_view(view_type="form")
        (field,) = etree.fromstring(ticket_form["arch"]).xpath("//field[@name='answers_via_id']")
        queues = self.env["helpdesk.support.alias"].with_user(self.agent)
        for domain in (
            field.get("domain"),
            queues.fields_get(["answers_via_id"])["answers_via_id"]["domain"],
        ):
            listed = senders.search(safe_eval(domain, {"company_id": self.company.id}))
            self.assertIn(mine, listed)
            self.assertNotIn(foreign, listed)

    def test_nothing_answers_while_a_form_has_no_company(self):
        for model in ("helpdesk.ticket", "helpdesk.support.alias"):
            draft = self.env[model].new({"name": "x", "company_id": False})
            self.assertFalse(draft.answers_via_id)

    def test_address_of_another_company_answers_nothing(self):
        other = self.make_company("Birch")
        sender = self.make_sender("birch@corp.test", company_id=other.id)
        with self.assertRaises(UserError):
            self.support.answer_via_id = sender
            self.support.flush_recordset()

    def test_warnings(self):
        self.assertTrue(self.support.answer_via_lost)
        self.assertIn(f"support@{DOMAIN}", self.support.answer_via_warning)
        self.make_alias("Sales", "sales")
        self.support.answers_via_id = self.make_sender(f"sales@{DOMAIN}")
        self.assertFalse(self.support.answer_via_lost)
        self.assertIn(f"sales@{DOMAIN}", self.support.answer_via_warning)
        self.support.answers_via_id = self.make_sender(f"support@{DOMAIN}")
        self.assertFalse(self.support.answer_via_warning)

    def test_alias_answers_as_itself_once_its_own_mail_came_back(self):
        with self.sent_mails() as sent:
            action = self.support.action_answer_as_itself()
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        sender = self.env["helpdesk.from.address"].browse(action["res_id"])
        self.assertEqual((sender.email, sender.state), (f"support@{DOMAIN}", "sent"))
        self.assertEqual(self.support.answers_via_id, self.first)
        (verification,) = sent
        self.assertEqual(verification.recipients, (f"support@{DOMAIN}",))
        row = self.take(verification.message.as_bytes())
        self.assertFalse(row.ticket_ids, row.why)
        self.assertEqual(sender.state, "verified", row.why)
        self.assertEqual(self.support.answers_via_id, sender)

    def test_ticket_keeps_its_sender_when_it_moves_to_another_team(self):
        own = self.make_sender(f"support@{DOMAIN}")
        ticket = self.take_ticket(mail())
        self.assertEqual(ticket.answers_via_id, own)
        other = self.env["helpdesk.ticket.team"].create({"name": "Back office"})
        self.make_sender("back@corp.test", team_id=other.id)
        ticket.team_id = other
        self.assertEqual(ticket.answers_via_id, own)

    def test_ticket_without_a_queue_is_answered_by_its_team(self):
        of_team = self.make_sender("desk@corp.test", team_id=self.team.id)
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "By phone", "description": "x", "team_id": self.team.id}
        )
        self.assertEqual(ticket.answers_via_id, of_team)


class TestMailsOfTickets(AnswerViaCase):
    """What would go to the mail server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support_sender = cls.make_sender(f"support@{DOMAIN}", friendly_name="Zylker Support")

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        self.marta = self.ticket.partner_id

    def answer(self, body="Pull the plug.", user=None, ticket=None, **values):
        """Post as an agent; returns the mails to outsiders as they would be sent."""
        values.setdefault("partner_ids", self.marta.ids)
        ticket = (ticket or self.ticket).with_user(user or self.agent)
        with self.sent_mails() as sent:
            message = ticket.message_post(
                body=body, message_type="comment", subtype_xmlid="mail.mt_comment", **values
            )
        return message, sent

    def test_from_reply_to_and_thread(self):
        message, (sent,) = self.answer()
        self.assertEqual(plain(sent["From"]), f"Brad Lee <support@{DOMAIN}>")
        self.assertEqual(plain(sent["Reply-To"]), f"Support <support@{DOMAIN}>")
        self.assertEqual(plain(sent["To"]), MARTA)
        self.assertEqual(sent["In-Reply-To"], "<first@acorn-tests.example>")
        self.assertEqual(sent["References"].split()[-1], "<first@acorn-tests.example>")
        self.assertEqual(sent["Subject"], f"Re: [#{self.ticket.number}] The printer burns")
        self.assertRegex(sent["Message-Id"], rf"^<hd\.{self.ticket.id}\..*@{DOMAIN}>$")
        self.assertEqual(message.email_from, f'"Brad Lee" <support@{DOMAIN}>')
        self.assertEqual(message.helpdesk_from_address_id, self.support_sender)

    def test_cc_and_bcc_are_one_mail(self):
        _message, (sent,) = self.answer(
            helpdesk_cc="Olle Persson <olle@acorn-tests.example>, lisa@acorn-tests.example",
            helpdesk_bcc="boss@corp.test",
        )
        self.assertEqual(plain(sent["To"]), MARTA)
        self.assertIn("Olle Persson <olle@acorn-tests.example>", plain(sent["Cc"]))
        self.assertIn("lisa@acorn-tests.example", sent["Cc"])
        self.assertIsNone(sent["Bcc"])
        self.assertEqual(
            set(sent.recipients),
            {
                "marta@acorn-tests.example",
                "olle@acorn-tests.example",
                "lisa@acorn-tests.example",
                "boss@corp.test",
            },
        )
        self.assertIn("olle@acorn-tests.example", self.ticket.email_cc)
        self.assertNotIn("boss@corp.test", self.ticket.email_cc or "")

    def test_agent_may_not_answer_as_another_team(self):
        other = self.env["helpdesk.ticket.team"].create({"name": "Back office"})
        sender = self.make_sender("back@corp.test", team_id=other.id)
        with self.assertRaises(AccessError):
            self.answer(helpdesk_from_address_id=sender.id)

    def test_address_that_is_disabled_meanwhile_is_replaced_and_said(self):
        self.support.answer_via_id = self.support_sender
        self.support_sender.enabled = False
        message, (sent,) = self.answer()
        self.assertEqual(plain(sent["From"]), f"Brad Lee <{self.domain.default_from_email}>")
        (sentence,) = message._mailflow_sentences()
        self.assertIn(f"support@{DOMAIN}", sentence)

    def test_address_that_is_disabled_while_the_mail_waits(self):
        with self.sent_mails() as sent:
            message = (
                self.ticket.with_user(self.agent)
                .with_context(mail_notify_force_send=False)
                .message_post(
                    body="Later",
                    message_type="comment",
                    subtype_xmlid="mail.mt_comment",
                    partner_ids=self.marta.ids,
                )
            )
            self.assertFalse(sent)
            self.support_sender.enabled = False
            self.env["mail.mail"].search([("mail_message_id", "=", message.id)]).send()
        self.assertEqual(plain(sent[0]["From"]), f"Brad Lee <{self.domain.default_from_email}>")
        self.assertTrue(message._mailflow_sentences())

    def test_stage_template_leaves_as_the_ticket_s_sender(self):
        closed = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        with self.sent_mails() as sent:
            self.ticket.with_user(self.agent).stage_id = closed
            self.env.cr.flush()
            self.assertFalse(sent, "not within the transaction")
            self.env["mail.mail"].search([("res_id", "=", self.ticket.id)]).send()
        outside = [each for each in sent if "marta@acorn-tests.example" in each.recipients]
        self.assertEqual(len(outside), 1)
        self.assertEqual(plain(outside[0]["From"]), f"Zylker Support <support@{DOMAIN}>")
        self.assertEqual(plain(outside[0]["Reply-To"]), f"Support <support@{DOMAIN}>")
        self.assertEqual(outside[0]["In-Reply-To"], "<first@acorn-tests.example>")
        self.assertEqual(outside[0]["Subject"].count(self.ticket.number), 2)
        self.assertTrue(outside[0]["Message-Id"].endswith(f"@{DOMAIN}>"))

    def test_disabled_address_of_the_alias_is_told_on_answers_only(self):
        self.support_sender.enabled = False
        answer, (sent,) = self.answer()
        self.assertEqual(plain(sent["From"]), f"Brad Lee <{self.domain.default_from_email}>")
        self.assertEqual([each["code"] for each in answer.helpdesk_notes], ["sender_fallback"])
        self.assertEqual(answer.helpdesk_notes[0]["values"]["wished"], f"support@{DOMAIN}")
        note = self.ticket.message_post(body="For us", message_type="comment")
        self.assertFalse(note.helpdesk_notes)
        self.support.answers_via_id = self.first
        answer, _sent = self.answer()
        self.assertFalse(answer.helpdesk_notes, "somebody chose it")

    def test_template_with_an_old_sender(self):
        template = self.env["mail.template"].create(
            {
                "name": "Old",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "News",
                "body_html": "<p>Soon</p>",
                "email_from": "old@elsewhere.example",
                "reply_to": "old@elsewhere.example",
                "email_to": "marta@acorn-tests.example",
            }
        )
        with self.sent_mails() as sent:
            template.send_mail(self.ticket.id, force_send=True)
            self.make_alias("Sales", "sales")
            template.reply_to = f"Sales <sales@{DOMAIN}>"
            template.send_mail(self.ticket.id, force_send=True)
        self.assertEqual(
            [plain(each["From"]) for each in sent], [f"Zylker Support <support@{DOMAIN}>"] * 2
        )
        self.assertEqual(plain(sent[0]["Reply-To"]), f"Support <support@{DOMAIN}>")
        self.assertEqual(plain(sent[1]["Reply-To"]), f"Sales <sales@{DOMAIN}>", "it is ours")

    def test_mail_of_other_apps_in_the_same_batch_stays_as_it_is(self):
        other = self.env["mail.mail"].create(
            {
                "subject": "Offer",
                "body_html": "<p>x</p>",
                "email_from": "shop@corp.test",
                "email_to": "a@x.example",
                "auto_delete": False,
            }
        )
        own = self.env["mail.mail"].create(
            {
                "subject": "Ticket",
                "body_html": "<p>x</p>",
                "model": "helpdesk.ticket",
                "res_id": self.ticket.id,
                "email_to": "a@x.example",
                "auto_delete": False,
            }
        )

        def refuse(_host, message, _recipients):
            return {"a@x.example": (550, b"no")} if message else None

        with self.sent_mails(refuse=refuse):
            (other | own).send()
        self.assertTrue(own.mail_message_id.helpdesk_notes)
        self.assertFalse(other.mail_message_id.helpdesk_notes)

    def test_patterns_that_break_names_are_refused(self):
        for pattern in ("{agent} {}", "{agent:>9999}", "{agent!r}", "{agent.name}", "no one", "{"):
            with self.subTest(pattern=pattern), self.assertRaises(ValidationError):
                self.company.helpdesk_agent_name_pattern = pattern

    def test_auto_cc_goes_once_to_the_alias(self):
        self.company.helpdesk_auto_cc = True
        _message, (sent,) = self.answer(helpdesk_cc="olle@acorn-tests.example")
        self.assertEqual(sent["Cc"].count(f"support@{DOMAIN}"), 1)
        self.assertIn(f"support@{DOMAIN}", sent.recipients)
        self.assertNotIn(f"support@{DOMAIN}", self.ticket.email_cc or "")

    def test_team_may_want_no_copy(self):
        self.company.helpdesk_auto_cc = True
        self.team.helpdesk_auto_cc = "no"
        _message, (sent,) = self.answer()
        self.assertIsNone(sent["Cc"])

    def test_names(self):
        cases = (
            ({"helpdesk_agent_name": True}, {}, "Brad Lee"),
            (
                {"helpdesk_agent_name": True, "helpdesk_agent_name_pattern": "{agent} ({team})"},
                {},
                "Brad Lee (Front desk)",
            ),
            ({"helpdesk_agent_name": False}, {}, "Zylker Support"),
            ({"helpdesk_agent_name": True}, {"helpdesk_agent_name": "no"}, "Zylker Support"),
            (
                {"helpdesk_agent_name": False, "helpdesk_team_name": True},
                {"helpdesk_agent_name": "inherit", "mail_display_name": "Customer care"},
                "Customer care",
            ),
        )
        for company, team, name in cases:
            with self.subTest(company=company, team=team):
                self.company.write(company)
                self.team.write(team)
                _message, (sent,) = self.answer()
                self.assertEqual(sent.message["From"].addresses[0].display_name, name)

    def test_private_answer_is_not_for_the_requester(self):
        self.company.helpdesk_private_answers = True
        supplier = self.make_contact("Pia Supplier", "pia@supplier.test")
        message, (sent,) = self.answer(partner_ids=supplier.ids, helpdesk_private=True)
        self.assertEqual(sent.recipients, ("pia@supplier.test",))
        self.assertTrue(message.is_internal)
        self.assertIsNone(sent["In-Reply-To"])
        row = self.take(
            mail(
                from_="Pia Supplier <pia@supplier.test>",
                headers=[("References", sent["Message-Id"])],
                text="We can deliver.",
            )
        )
        self.assertEqual(row.ticket_ids, self.ticket)
        self.assertTrue(row.delivery_ids.message_id.is_internal)

    def test_customer_in_the_portal_chooses_nothing(self):
        portal = self.make_user("marta", "base.group_portal", partner_id=self.marta.id)
        self.assertNotIn("helpdesk_cc", self.ticket.with_user(portal)._get_allowed_message_params())

    def test_server_that_is_down(self):
        down = True

        def refuse(_host, message, _recipients):
            if down and message is None:
                raise ConnectionRefusedError(111, "Connection refused")

        with self.sent_mails(refuse) as sent:
            message = self.ticket.with_user(self.agent).message_post(
                body="Pull the plug.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.marta.ids,
            )
            waiting = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
            self.assertFalse(sent)
            self.assertEqual(waiting.state, "outgoing")
            self.assertTrue(waiting.scheduled_date)
            self.assertIn("cannot be reached. It waits", message._mailflow_sentences()[0])
            self.assertEqual(message.notification_ids.mapped("notification_status"), ["ready"])
            down = False
            waiting.scheduled_date = False
            self.env["mail.mail"].process_email_queue()
        self.assertEqual(len(sent), 1)
        self.assertFalse(message._mailflow_sentences())
        self.assertEqual(message.notification_ids.mapped("notification_status"), ["sent"])

    def test_refused_recipient_among_several(self):
        def refuse(_host, message, _recipients):
            return message and {"olle@acorn-tests.example": (550, b"5.1.1 No such user")}

        with self.sent_mails(refuse):
            message = self.ticket.with_user(self.agent).message_post(
                body="Pull the plug.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.marta.ids,
                helpdesk_cc="olle@acorn-tests.example",
            )
        status = {
            each.res_partner_id.email_normalized or each.mail_email_address: (
                each.notification_status
            )
            for each in message.notification_ids
        }
        self.assertEqual(
            status,
            {"marta@acorn-tests.example": "sent", "olle@acorn-tests.example": "exception"},
        )
        self.assertIn("No such user", message._mailflow_sentences()[0])

    def test_recipient_that_is_to_wait_gets_it_later_alone(self):
        busy = True

        def refuse(_host, message, recipients):
            if busy and message and "olle@acorn-tests.example" in recipients:
                return {"olle@acorn-tests.example": (450, b"4.2.1 Try again later")}

        with self.sent_mails(refuse) as sent:
            message = self.ticket.with_user(self.agent).message_post(
                body="Pull the plug.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.marta.ids,
                helpdesk_cc="olle@acorn-tests.example",
            )
            self.assertIn("Try again later", message._mailflow_sentences()[0])
            states = message.notification_ids.mapped("notification_status")
            self.assertEqual(sorted(states), ["ready", "sent"])
            busy = False
            rest = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
            self.assertEqual((rest.state, bool(rest.scheduled_date)), ("outgoing", True))
            rest.scheduled_date = False
            self.env["mail.mail"].process_email_queue()
        first, later = sent
        self.assertEqual(later.recipients, ("olle@acorn-tests.example",))
        for header in ("From", "To", "Cc", "Subject", "Message-Id", "In-Reply-To"):
            self.assertEqual(first[header], later[header])
        self.assertEqual(set(message.notification_ids.mapped("notification_status")), {"sent"})
        self.assertFalse(message._mailflow_sentences())

    def test_proven_address_is_kept_in_mails_of_tickets_only(self):
        self.server.from_filter = "elsewhere.test"
        self.agent.email = f"support@{DOMAIN}"
        with self.sent_mails() as sent:
            self.marta.with_user(self.agent).sudo().message_post(
                body="Past the helpdesk",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.marta.ids,
                email_from=f"Brad Lee <support@{DOMAIN}>",
            )
        (past,) = sent
        self.assertNotIn(f"support@{DOMAIN}", past["From"])
        _message, (sent,) = self.answer()
        self.assertEqual(plain(sent["From"]), f"Brad Lee <support@{DOMAIN}>")

    def test_customer_s_mail_passed_on_to_a_follower_is_no_forgery(self):
        follower = self.make_user("lena", "helpdesk_mgmt.group_helpdesk_user")
        self.ticket.message_subscribe(follower.partner_id.ids)
        with self.sent_mails() as sent:
            self.take(
                mail(
                    subject="Re: The printer burns",
                    headers=[("References", "<first@acorn-tests.example>")],
                )
            )
            self.env["mail.mail"].search([("res_id", "=", self.ticket.id)]).send()
        passed_on = [each for each in sent if follower.email in each.recipients]
        self.assertEqual(len(passed_on), 1)
        self.assertEqual(plain(passed_on[0]["From"]), f"Marta Lindqvist <support@{DOMAIN}>")

    def test_agent_s_answer_from_a_mail_program(self):
        notified = self.ticket.message_ids[:1].message_id
        with self.sent_mails() as sent:
            self.take(
                mail(
                    from_="Brad Lee <brad@corp.test>",
                    subject="Re: The printer burns",
                    text="Pull the plug.",
                    headers=[("References", notified)],
                )
            )
            self.env["mail.mail"].search([("res_id", "=", self.ticket.id)]).send()
        outside = [each for each in sent if "marta@acorn-tests.example" in each.recipients]
        self.assertEqual(len(outside), 1)
        self.assertEqual(plain(outside[0]["From"]), f"Brad Lee <support@{DOMAIN}>")
        self.assertEqual(plain(outside[0]["To"]), MARTA)
        self.assertNotIn("brad@corp.test", outside[0].message.as_string())
