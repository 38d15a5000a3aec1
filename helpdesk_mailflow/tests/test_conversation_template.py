# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The mail that carries an agent's answer to the customer, and what managers set about it."""

import base64
from unittest.mock import patch

from lxml import html
from markupsafe import Markup
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form
from odoo.tools import html2plaintext, mute_logger

from ..mailflow.quoted import OPENING
from ..models.helpdesk_conversation_template import DEFAULT_BODY, DEFAULT_SUBJECT
from .common import PIXEL, MailflowCase, mail

LAYOUT = "odoo.addons.helpdesk_mailflow.models.helpdesk_ticket_layout"
HOSTILE = '<img src=x onerror="x()">{answer}{subject}"\'&lt;b&gt;'


class TemplateCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_user(
            "brad",
            "helpdesk_mgmt.group_helpdesk_user",
            name="Brad Lee",
            email="brad@corp.test",
            signature="<p>Brad Lee, tel. 42</p>",
        )
        cls.manager = cls.make_user(
            "mona", "helpdesk_mgmt.group_helpdesk_manager", name="Mona", email="mona@corp.test"
        )
        cls.env["ir.mail_server"].create(
            {"name": "Odoo's", "smtp_host": "smtp.corp.test", "smtp_encryption": "none"}
        )
        cls.template = cls.env["helpdesk.conversation.template"]._of(cls.company, cls.team)
        cls.template = cls.template.sudo(False)

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))

    def answer(self, body="<p>We are on our way.</p>", ticket=None, user=None, **values):
        """What an agent's answer makes: the mails, in the order in which they are sent."""
        ticket = ticket or self.ticket
        values.setdefault("partner_ids", ticket.partner_id.ids)
        with self.sent_mails() as sent, self.enter_registry_test_mode():
            message = ticket.with_user(user or self.agent).message_post(
                body=Markup(body),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                **values,
            )
            self.env.cr.flush()
            self.env.cr.postcommit.run()
        self.message = message
        return sent

    def html_of(self, sent, to="marta@acorn-tests.example"):
        [one] = [each for each in sent if to in each.recipients]
        return one.message.get_body(("html",)).get_content()

    def text_of(self, sent, to="marta@acorn-tests.example"):
        return html2plaintext(self.html_of(sent, to), include_references=False)

    def customer_writes(self, text, **values):
        self.take(
            mail(
                subject="Re: The printer burns",
                text=text,
                headers=[("In-Reply-To", "<first@acorn-tests.example>")],
                **values,
            )
        )


class TestAnswer(TemplateCase):
    def test_a_customer_gets_the_answer_after_the_template(self):
        sent = self.answer()
        text = self.text_of(sent)
        self.assertTrue(text.startswith(OPENING), text)
        self.assertLess(text.index("above this line"), text.index("We are on our way."))
        self.assertLess(text.index("We are on our way."), text.index("tel. 42"))
        self.assertLess(text.index("tel. 42"), text.index("Earlier messages"))
        self.assertLess(text.index("Earlier messages"), text.index("It smells of smoke."))
        self.assertIn("Marta Lindqvist", text)
        self.assertEqual(
            sent[0].message["Subject"], f"Re: [#{self.ticket.number}] The printer burns"
        )

    def test_colleagues_get_odoo_s_layout(self):
        colleague = self.make_user("cora", "helpdesk_mgmt.group_helpdesk_manager", email="c@x.test")
        colleague.notification_type = "email"
        self.ticket.message_subscribe(colleague.partner_id.ids)
        sent = self.answer()
        inside = self.html_of(sent, "c@x.test")
        self.assertNotIn(OPENING, inside)
        self.assertIn("/mail/view", inside)
        self.assertIn(OPENING, self.html_of(sent))

    def test_a_customer_s_own_message_is_passed_on_as_it_is(self):
        bo = self.make_contact("Bo", "bo@acorn-tests.example")
        self.ticket.message_subscribe(bo.ids)
        with self.sent_mails() as sent:
            self.customer_writes("Now it is out.")
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        self.assertNotIn(OPENING, self.html_of(sent, "bo@acorn-tests.example"))

    def test_notes_stay_odoo_s(self):
        """A contact who is named in an internal note gets no conversation along."""
        with self.sent_mails() as sent:
            self.ticket.with_user(self.agent).message_post(
                body="fyi", subtype_xmlid="mail.mt_note", partner_ids=self.ticket.partner_id.ids
            )
            self.env.cr.postcommit.run()
        self.assertNotIn("Earlier messages", self.html_of(sent))

    def test_what_comes_back_is_cut(self):
        """The circle closes: our mail, quoted by the customer, is folded."""
        quoted = html.fromstring(self.html_of(self.answer()))
        body = html.tostring(quoted.find("body"), encoding="unicode")
        row = self.take(
            mail(
                subject=f"AW: [#{self.ticket.number}] The printer burns",
                html="<div>It is out.</div><div>On 3 Mar 2026 at 10:12 Support wrote:</div>"
                f"<blockquote>{body}</blockquote>",
                headers=[("In-Reply-To", self.message.message_id)],
            )
        )
        self.assertIn("act_folded", self.codes(row))
        message = row.delivery_ids.message_id
        seen = html.fragment_fromstring(message.body, create_parent="div")
        seen.xpath("//div[@data-o-mail-quote]")[0].drop_tree()
        self.assertEqual(html2plaintext(html.tostring(seen, encoding="unicode")), "It is out.")
        # and what is folded is not quoted again in the next answer
        self.assertEqual(self.text_of(self.answer("<p>Good.</p>")).count("above this line"), 1)

    def test_another_layout_is_somebody_s_wish(self):
        view = self.env["ir.ui.view"].create(
            {
                "name": "x",
                "type": "qweb",
                "key": "helpdesk_mailflow.a_wish",
                "arch": "<html><body>Wish: <t t-out='message.body'/></body></html>",
            }
        )
        self.env["ir.model.data"].create(
            {
                "module": "helpdesk_mailflow",
                "name": "a_wish",
                "model": "ir.ui.view",
                "res_id": view.id,
            }
        )
        sent = self.answer(email_layout_xmlid="helpdesk_mailflow.a_wish")
        self.assertIn("Wish:", self.text_of(sent))
        self.assertNotIn(OPENING, self.text_of(sent))


class TestConversation(TemplateCase):
    def exchange(self, count):
        for number in range(count):
            self.customer_writes(f"Question {number}?")
            self.answer(f"<p>Answer {number}.</p>")

    def test_the_last_messages_newest_first(self):
        self.exchange(3)
        self.template.message_count = 3
        text = self.text_of(self.answer())
        found = [each for each in ("Answer 2.", "Question 2?", "Answer 1.") if each in text]
        self.assertEqual(len(found), 3)
        self.assertEqual(sorted(found, key=text.index), found)
        for gone in ("Question 1?", "It smells of smoke."):
            self.assertNotIn(gone, text)

    def test_none(self):
        self.template.message_count = 0
        self.assertNotIn("Earlier messages", self.text_of(self.answer()))

    def test_all_others_come_before_a_message_that_is_only_rendered(self):
        stored = {"model": self.ticket._name, "res_id": self.ticket.id}
        rendered = self.env["mail.message"].new(stored)
        with self.assertNoLogs("odoo.domains", "WARNING"):
            found = self.template._public_messages(self.ticket, rendered)
        self.assertEqual(found.mapped("message_id"), ["<first@acorn-tests.example>"])

    def test_only_what_the_customer_may_know(self):
        self.ticket.with_user(self.agent).message_post(
            body="He is a fool", subtype_xmlid="mail.mt_note"
        )
        self.company.helpdesk_private_answers = True
        bo = self.make_contact("Bo", "bo@supplier.example")
        self.answer("<p>For Bo alone</p>", helpdesk_private=True, partner_ids=bo.ids)
        self.ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        self.ticket.message_post(body="Tracked", message_type="notification")
        text = self.text_of(self.answer())
        for hidden in ("fool", "For Bo alone", "Tracked", "In Progress"):
            self.assertNotIn(hidden, text)
        self.assertIn("It smells of smoke.", text)

    def test_a_private_answer_carries_no_conversation(self):
        self.company.helpdesk_private_answers = True
        bo = self.make_contact("Bo", "bo@supplier.example")
        sent = self.answer(partner_ids=bo.ids, helpdesk_private=True)
        self.assertNotIn("It smells of smoke.", self.text_of(sent, "bo@supplier.example"))

    def test_a_forward_carries_no_conversation_and_is_in_none(self):
        bo = self.make_contact("Bo", "bo@supplier.example")
        sent = self.answer(
            "<p>Please repair.</p>",
            partner_ids=bo.ids,
            helpdesk_private=True,
            helpdesk_forward=True,
            notify_skip_followers=True,
        )
        text = self.text_of(sent, "bo@supplier.example")
        self.assertIn("Please repair.", text)
        self.assertNotIn("It smells of smoke.", text)
        self.assertTrue(sent[0].message["Subject"].startswith("Fwd: "))
        self.assertNotIn("Please repair.", self.text_of(self.answer()))

    def test_agents_are_named_as_the_policy_says(self):
        self.answer("<p>First.</p>")
        self.assertIn("Brad Lee", self.text_of(self.answer()).partition("Earlier")[2])
        self.company.helpdesk_agent_name = False
        self.team.mail_display_name = "Front desk of Acorn"
        text = self.text_of(self.answer()).partition("Earlier")[2]
        self.assertNotIn("Brad Lee", text)
        self.assertIn("Front desk of Acorn", text)

    def test_long_conversations_stay_below_the_limit_of_mail_programs(self):
        self.template.message_count = 20
        for number in range(25):
            self.answer(f"<p>{number} " + "All work and no play makes Jack a dull boy. " * 300)
        self.answer("<table><tr><td>" + "</td><td>x".join(["wide"] * 3000) + "</td></tr></table>")
        rendered = self.html_of(self.answer())
        self.assertLess(len(rendered), 90_000)
        self.assertIn("…", rendered)

    def test_quotes_of_others_are_left_out(self):
        self.take(
            mail(
                html='<p>New words</p><blockquote type="cite">Old words</blockquote>',
                headers=[("In-Reply-To", "<first@acorn-tests.example>")],
            )
        )
        text = self.text_of(self.answer())
        self.assertIn("New words", text)
        self.assertNotIn("Old words", text)

    def test_mail_programs_fold_it(self):
        root = html.fromstring(self.html_of(self.answer()))
        [quote] = root.xpath("//blockquote[contains(@class,'gmail_quote')][@type='cite']")
        self.assertIn("It smells of smoke.", quote.text_content())
        self.assertNotIn("on our way", quote.text_content())


class TestSignature(TemplateCase):
    def test_of_the_author_if_nobody_is_assigned(self):
        self.assertIn("tel. 42", self.text_of(self.answer()))

    def test_of_the_assigned_agent(self):
        other = self.make_user("ann", signature="<p>Ann, tel. 43</p>", email="ann@corp.test")
        self.ticket.user_id = other
        colleague = self.make_user("cora", "helpdesk_mgmt.group_helpdesk_manager", email="c@x.test")
        colleague.notification_type = "email"
        self.ticket.message_subscribe(colleague.partner_id.ids)
        sent = self.answer()
        for reader in ("marta@acorn-tests.example", "c@x.test"):
            text = self.text_of(sent, reader)
            self.assertIn("tel. 43", text)
            self.assertNotIn("tel. 42", text)

    def test_of_the_support_alias(self):
        self.support.signature = "<p>Your front desk</p>"
        text = self.text_of(self.answer())
        self.assertIn("Your front desk", text)
        self.assertNotIn("tel. 42", text)

    def test_switched_off(self):
        self.template.show_signature = False
        self.assertNotIn("tel. 42", self.text_of(self.answer()))

    def test_not_twice_where_the_composer_wrote_one(self):
        sent = self.answer("<p>Here.</p><p>Brad Lee, tel. 42</p>", email_add_signature=False)
        self.assertEqual(self.text_of(sent).count("tel. 42"), 1)

    def test_nobody_has_one(self):
        self.agent.signature = False
        text = self.text_of(self.answer())
        self.assertNotIn("--", text)
        self.assertNotIn("{signature}", text)


class TestReplyLine(TemplateCase):
    def test_policy_of_the_company_and_the_team(self):
        self.company.helpdesk_reply_line = False
        self.assertFalse(self.template.reply_line)
        self.assertNotIn(OPENING, self.text_of(self.answer()))
        self.team.helpdesk_reply_line = "yes"
        self.assertIn(OPENING, self.text_of(self.answer()))

    def test_the_template_sets_the_policy(self):
        self.template.with_user(self.manager).reply_line = False
        self.assertFalse(self.company.helpdesk_reply_line)
        of_team = self.template.create({"company_id": self.company.id, "team_id": self.team.id})
        self.assertFalse(of_team.reply_line)
        of_team.with_user(self.manager).reply_line = True
        self.assertEqual(self.team.helpdesk_reply_line, "yes")
        self.assertFalse(self.template.reply_line)

    def test_in_the_reader_s_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.ticket.partner_id.lang = "de_DE"
        seen = []
        translate = type(self.env)._

        def record(env, source, *args, **kwargs):
            if str(source).startswith("Please write your reply"):
                seen.append(env.lang)
            return translate(env, source, *args, **kwargs)

        with patch.object(type(self.env), "_", record):
            rendered = self.html_of(self.answer())
        self.assertEqual(seen, ["de_DE"])
        self.assertEqual(html.fromstring(rendered).get("lang"), "de-DE")

    def test_first_wherever_the_body_has_it_not(self):
        root = html.fromstring(self.html_of(self.answer()))
        first = root.find("body")[0]
        self.assertIn("mailflow-reply-line", first.get("class"))
        # what Odoo's own gateway takes out of quotes
        self.assertIn("o_mail_notification", first.get("class"))

    def test_once_where_the_body_has_it(self):
        self.template.body = "<p>Acorn</p><p>{reply_line}</p><p>{answer}</p>"
        text = self.text_of(self.answer())
        self.assertEqual(text.count(OPENING), 1)
        self.assertLess(text.index("Acorn"), text.index(OPENING))


class TestPlaceholders(TemplateCase):
    def test_all(self):
        self.team.mail_display_name = "Front desk of Acorn"
        self.template.body = (
            "<p>"
            + "|".join(
                f"{{{name}}}"
                for name in ("ticket_number", "subject_tag", "subject", "agent", "team", "company")
            )
            + "</p><p>{answer}</p><p><a href='{portal_link}'>here</a></p>"
        )
        number = self.ticket.number
        rendered = self.html_of(self.answer())
        self.assertIn(
            f"{number}|[#{number}]|The printer burns|Brad Lee|Front desk of Acorn|"
            f"{self.company.name}",
            rendered,
        )
        [link] = html.fromstring(rendered).xpath("//a[text()='here']/@href")
        self.assertIn("/mail/view?", link)
        self.assertIn("access_token=", link)

    def test_the_portal_is_for_a_single_reader_only(self):
        self.assertIn("View ticket", self.text_of(self.answer()))
        sent = self.answer(helpdesk_cc="Bo <bo@acorn-tests.example>")
        self.assertNotIn("access_token", self.html_of(sent))
        self.assertNotIn("View ticket", self.text_of(sent))

    def test_subject(self):
        self.template.subject = "Ticket {ticket_number}: {subject} ({company})"
        sent = self.answer()
        self.assertEqual(
            sent[0].message["Subject"],
            f"Ticket {self.ticket.number}: The printer burns ({self.company.name})",
        )

    def test_subject_however_answers_pile_up(self):
        sent = self.answer(subject=f"SV: AW: Re: [#{self.ticket.number}] The printer burns")
        self.assertEqual(
            sent[0].message["Subject"], f"Re: [#{self.ticket.number}] The printer burns"
        )

    def test_another_subject_is_no_re(self):
        sent = self.answer(subject="Your invoice")
        self.assertEqual(sent[0].message["Subject"], f"[#{self.ticket.number}] Your invoice")

    def test_an_empty_subject_falls_back(self):
        self.template.subject = "Re:"
        self.assertIn(self.ticket.number, self.answer()[0].message["Subject"])

    def test_hostile_names_and_subjects(self):
        self.template.body = (
            '<p title="{subject}">{agent}|{team}|{company}|{subject}</p><p>{answer}</p>'
            '<p><a href="{subject}">x</a></p><p>{conversation}</p>'
        )
        self.template.subject = "{subject_tag} {agent} {subject}"
        partner = self.make_contact(HOSTILE, "marta2@acorn-tests.example")
        ticket = self.take_ticket(
            mail(subject="javascript:x()//" + HOSTILE, from_="marta2@acorn-tests.example")
        )
        self.assertEqual(ticket.partner_id, partner)
        self.team.name = self.agent.name = HOSTILE
        sent = self.answer("<p>The answer, {subject} {conversation}</p>", ticket=ticket)
        rendered = self.html_of(sent, "marta2@acorn-tests.example")
        root = html.fromstring(rendered)
        self.assertFalse(root.xpath("//img[@src='x']"))
        self.assertFalse(root.xpath("//*[@onerror]"))
        self.assertEqual(rendered.count("The answer, {subject} {conversation}"), 1)
        self.assertFalse([h for h in root.xpath("//a/@href") if h.startswith("javascript:")])
        self.assertIn("{answer}", sent[0].message["Subject"])

    def test_hostile_colors_are_refused(self):
        for color in ("red;}", "#fff", '"><script>', "url(x)"):
            with self.assertRaises(ValidationError):
                self.template.accent_color = color


class TestAppearance(TemplateCase):
    def test_colors_and_font(self):
        self.template.write(
            {
                "background_color": "#101820",
                "content_color": "#fff4e0",
                "text_color": "#201000",
                "accent_color": "#00529b",
                "font": "georgia",
            }
        )
        rendered = self.html_of(self.answer())
        for value in ("#101820", "#fff4e0", "#201000", "#00529b", "Georgia"):
            self.assertIn(value, rendered)

    def test_logo(self):
        self.company.logo = False
        self.assertNotIn("logo.png", self.html_of(self.answer()))
        self.company.logo = base64.b64encode(PIXEL)
        rendered = self.html_of(self.answer())
        self.assertIn("/logo.png?company=", rendered)
        self.assertNotIn('src="/logo.png', rendered)
        self.template.show_logo = False
        self.assertNotIn("logo.png", self.html_of(self.answer()))

    def test_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.ticket.partner_id.lang = "ar_001"
        self.ticket.name = "الطابعة تحترق"
        root = html.fromstring(self.html_of(self.answer("<p>نحن في الطريق</p>")))
        self.assertEqual(root.get("dir"), "rtl")
        self.assertIn("نحن في الطريق", root.text_content())
        self.assertIn("border-right: 3px", root.xpath("//blockquote/@style")[0])

    def test_text_of_another_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.template.body = "<p>Hello,</p><p>{answer}</p>"
        self.template.update_field_translations("body", {"de_DE": {"Hello,": "Guten Tag,"}})
        self.ticket.partner_id.lang = "de_DE"
        self.assertIn("Guten Tag,", self.text_of(self.answer()))
        self.ticket.partner_id.lang = "en_US"
        self.assertNotIn("Guten Tag,", self.text_of(self.answer()))


class TestToWhom(TemplateCase):
    def test_not_to_the_contact(self):
        bo = self.make_contact("Bo", "bo@acorn-tests.example")
        self.template.send_to_contact = False
        sent = self.answer(partner_ids=(self.ticket.partner_id | bo).ids)
        self.assertEqual([each.recipients for each in sent], [("bo@acorn-tests.example",)])
        self.assertTrue(
            any("contact did not get it" in x for x in self.message._mailflow_sentences())
        )

    def test_the_team_s_own_template(self):
        of_team = self.template.create(
            {
                "company_id": self.company.id,
                "team_id": self.team.id,
                "body": "<p>Front desk:</p><p>{answer}</p>",
            }
        )
        self.assertIn("Front desk:", self.text_of(self.answer()))
        self.ticket.team_id = self.env["helpdesk.ticket.team"].create({"name": "Other"})
        self.assertNotIn("Front desk:", self.text_of(self.answer()))
        self.assertEqual(of_team.display_name, f"{self.company.name} · Front desk")

    def test_one_for_each(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.template.create({"company_id": self.company.id})

    def test_each_company_has_one_from_the_start(self):
        other = self.make_company("Birch")
        Template = self.env["helpdesk.conversation.template"]
        found = Template.search([("company_id", "=", other.id)])
        self.assertEqual(found.mapped("subject"), [DEFAULT_SUBJECT])
        found.unlink()
        # and again on first use
        self.assertEqual(Template._of(other, self.env["helpdesk.ticket.team"]).body, DEFAULT_BODY)

    def test_it_is_looked_up_once_for_all_tickets(self):
        tickets = self.ticket | self.ticket.copy() | self.ticket.copy({"team_id": False})
        Template = self.env["helpdesk.conversation.template"]
        of_team = Template.create({"company_id": self.company.id, "team_id": self.team.id})
        self.env.flush_all()
        with patch.object(type(Template), "_of_each", autospec=True) as looked_up:
            looked_up.side_effect = lambda model, places: {
                place: of_team if place[1] else self.template for place in places
            }
            for _again in range(2):
                for ticket in tickets:
                    ticket._mailflow_template()
        self.assertEqual(looked_up.call_count, 1)
        self.assertEqual(
            [each._mailflow_template() for each in tickets], [of_team, of_team, self.template]
        )
        self.assertEqual(self.ticket._mailflow_template(), of_team)
        of_team.unlink()
        self.assertEqual(self.ticket._mailflow_template(), self.template)

    def test_managers_of_the_company_only(self):
        other = self.make_company("Birch")
        theirs = self.env["helpdesk.conversation.template"].search([("company_id", "=", other.id)])
        with self.assertRaises(AccessError):
            theirs.with_user(self.manager).read(["body"])
        with self.assertRaises(AccessError):
            self.template.with_user(self.agent).read(["body"])
        self.template.with_user(self.manager).body = "<p>{answer}</p>"
        action = self.template.with_user(self.manager).action_open()
        self.assertEqual(action["res_model"], "helpdesk.conversation.template")


class TestOdooSLayouts(TemplateCase):
    def test_a_customised_layout_stays_and_is_not_touched(self):
        layout = self.env.ref("mail.mail_notification_layout")
        self.env["ir.ui.view"].create(
            {
                "name": "House style",
                "type": "qweb",
                "inherit_id": layout.id,
                "arch": "<xpath expr=\"//div[@t-out='message.body']\" position='before'>"
                "<p>House style</p></xpath>",
            }
        )
        before = layout.arch
        colleague = self.make_user("cora", "helpdesk_mgmt.group_helpdesk_manager", email="c@x.test")
        colleague.notification_type = "email"
        self.ticket.message_subscribe(colleague.partner_id.ids)
        sent = self.answer()
        self.assertIn("House style", self.text_of(sent, "c@x.test"))
        self.assertNotIn("House style", self.text_of(sent))
        self.assertEqual(layout.arch, before)
        self.assertFalse(
            self.env["ir.ui.view"].search_count(
                [
                    ("inherit_id", "in", self.layouts().ids),
                    ("key", "=like", "helpdesk_mailflow.%"),
                ]
            )
        )

    def layouts(self):
        return self.env.ref("mail.mail_notification_layout") | self.env.ref(
            "mail.mail_notification_light"
        )

    def test_a_template_that_cannot_be_rendered_falls_back(self):
        frame = self.env.ref("helpdesk_mailflow.conversation_mail")
        frame.arch = "<html><t t-out='nothing.like.this'/></html>"
        with mute_logger(LAYOUT), self.assertLogs(LAYOUT, "WARNING") as logs:
            sent = self.answer()
        self.assertIn("cannot be rendered", logs.output[0])
        text = self.text_of(sent)
        self.assertIn("We are on our way.", text)
        self.assertTrue(
            any("could not be used" in each for each in self.message._mailflow_sentences())
        )
        # replies to it can be cut all the same
        self.assertTrue(text.startswith(OPENING), text)


class TestForm(TemplateCase):
    def warnings(self):
        return html2plaintext(self.template.warnings or "")

    def test_warnings(self):
        self.assertFalse(self.template.warnings)
        self.template.subject = "Re: {subject}"
        self.assertIn("will open new tickets", self.warnings())
        self.template.body = "<p>{conversation}</p>"
        self.assertIn("without what the agent wrote", self.warnings())
        self.template.send_to_contact = False
        self.assertIn("gets no answer by mail", self.warnings())
        self.template.body = "<p>{answer} {anser}</p>"
        self.assertIn("{anser}", self.warnings())
        self.template.text_color = "#eeeeee"
        self.assertIn("hard to read", self.warnings())

    def test_saving_warns_and_saves(self):
        with patch.object(type(self.env["res.users"]), "_bus_send") as told:
            self.template.with_user(self.manager).subject = "Re: {subject}"
            self.assertEqual(told.call_count, 1)
            self.assertIn("new tickets", told.call_args.args[1]["message"])
            told.reset_mock()
            self.template.with_user(self.manager).subject = "{ticket_number} {subject}"
            self.assertEqual(told.call_count, 0)
        self.assertEqual(self.template.subject, "{ticket_number} {subject}")

    def test_the_preview_follows_what_is_typed(self):
        with Form(self.template.with_user(self.manager)) as form:
            self.assertIn("It smells of smoke.", form.preview)
            self.assertEqual(form.preview_ticket_id, self.ticket)
            self.assertIn(self.ticket.number, form.preview_subject)
            form.body = "<p>Hello from us</p><p>{answer}</p>"
            self.assertIn("Hello from us", form.preview)
            form.accent_color = "#00529b"
            self.assertIn("#00529b", form.preview)
            form.subject = "About {subject}"
            self.assertEqual(form.preview_subject, "About The printer burns")
            form.reply_line = False
            self.assertNotIn(OPENING, form.preview)
            form.message_count = 0
            self.assertNotIn("It smells of smoke.", form.preview)
        self.assertFalse(self.company.helpdesk_reply_line)

    def test_the_preview_without_a_ticket(self):
        other = self.make_company("Birch")
        self.manager.company_ids |= other
        theirs = self.env["helpdesk.conversation.template"].search([("company_id", "=", other.id)])
        with Form(theirs.with_user(self.manager).with_company(other)) as form:
            self.assertFalse(form.preview_ticket_id)
            self.assertIn("HT00042", form.preview)
            self.assertIn("nothing comes out", form.preview)

    def test_the_preview_is_harmless(self):
        self.ticket.name = HOSTILE
        self.template.body = "<p>{subject}</p><script>x()</script><p onclick='x()'>{answer}</p>"
        self.assertNotIn("<script", self.template.preview)
        self.assertNotIn("onclick", self.template.preview)
        self.assertFalse(html.fromstring(self.template.preview).xpath("//img[@src='x']"))

    def test_the_preview_while_a_color_is_typed(self):
        form = Form(self.template.with_user(self.manager))
        form.accent_color = "#12"
        self.assertIn("We found the cause", form.preview)

    def test_reset(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.template.write(
            {"body": "<p>y</p><p>{answer}</p>", "accent_color": "#00529b", "subject": "y"}
        )
        self.template.update_field_translations(
            "body", {"de_DE": {"y": "z", "{answer}": "z {answer}"}}
        )
        self.template.with_context(lang="de_DE").subject = "z"
        self.template.with_user(self.manager).action_reset()
        for lang in ("en_US", "de_DE"):
            template = self.template.with_context(lang=lang)
            self.assertEqual(template.body, DEFAULT_BODY)
            self.assertEqual(template.subject, DEFAULT_SUBJECT)
        self.assertEqual(self.template.accent_color, "#00529b")
