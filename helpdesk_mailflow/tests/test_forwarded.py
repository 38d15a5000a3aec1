# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from email.message import EmailMessage

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import DOMAIN, PIXEL, BrowserCase, MailflowCase, mail

AGENT = f"Ada Agent <ada@{DOMAIN}>"
NOTE = "She never pays in time."
BLOCK = """From: Cleo Client <cleo@client-tests.example>
Sent: Monday, 3 March 2025 14:03
To: Ada Agent <ada@mailflow.test>
Cc: Bob Boss <bob@client-tests.example>; Ben <ben@mailflow.test>
Subject: The printer burns

It smells of smoke.
"""
RESULTS = "mx.mailflow.test; dmarc={0} header.from=mailflow.test"


class ForwardCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_user(
            "ada", "helpdesk_mgmt.group_helpdesk_user", email=f"ada@{DOMAIN}", name="Ada Agent"
        )
        cls.company.helpdesk_requester_from_forward = True

    def forward(self, block=BLOCK, note=NOTE, subject="FW: The printer burns", **values):
        values.setdefault("from_", AGENT)
        return mail(subject=subject, text=f"{note}\n\n{block}", **values)

    def messages(self, ticket):
        """The customer's message, and the agent's notes."""
        first = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        notes = ticket.message_ids.filtered(lambda each: NOTE in str(each.body))
        return first, notes

    def attached(self, subject="FW: The printer burns", text=NOTE, originals=1):
        original = EmailMessage()
        original["From"] = "Cleo Client <cleo@client-tests.example>"
        original["To"] = f"ada@{DOMAIN}"
        original["Subject"] = "The printer burns"
        original.set_content("It smells of smoke.")
        original.add_attachment(b"log", "text", "plain", filename="printer.log")
        whole = EmailMessage()
        whole["From"], whole["To"] = AGENT, f"support@{DOMAIN}"
        whole["Subject"] = subject
        whole["Date"] = "Tue, 03 Mar 2026 09:30:00 +0000"
        whole["Message-ID"] = f"<attached-{originals}@mailflow.test>"
        whole.set_content(text)
        for number in range(originals):
            each = original
            if number:
                each = EmailMessage()
                each["From"], each["Subject"] = "Dan <dan@other-tests.example>", "Smoke"
                each.set_content("Smoke here, too.")
            whole.add_attachment(each)
        return whole.as_bytes()


class TestForwarded(ForwardCase):
    """The policy *requester from a forwarded mail*."""

    def test_it_is_off_from_the_start(self):
        self.assertFalse(self.make_company("Other").helpdesk_requester_from_forward)

    def test_the_customer_is_the_requester(self):
        row = self.take(self.forward())
        ticket = row.ticket_ids
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")
        self.assertEqual(ticket.partner_name, "Cleo Client")
        self.assertEqual(ticket.partner_id.email, "cleo@client-tests.example")
        self.assertEqual(ticket.name, "The printer burns")
        self.assertIn("It smells of smoke.", ticket.description)
        self.assertNotIn(NOTE, ticket.description)
        self.assertNotIn("Monday", ticket.description)
        self.assertIn(
            f"ada@{DOMAIN} forwarded a mail of cleo@client-tests.example", str(row.trace_html)
        )
        self.assertIn("No server that is believed reports", str(row.trace_html))
        self.assertEqual(row.from_address, f"ada@{DOMAIN}", "the list shows who sent")
        self.assertFalse(ticket.is_forwarders_own)

    def test_the_agents_words_are_an_internal_note(self):
        ticket = self.take_ticket(self.forward())
        first, notes = self.messages(ticket)
        self.assertEqual(first.author_id, ticket.partner_id)
        self.assertIn("cleo@client-tests.example", first.email_from)
        self.assertNotIn(NOTE, str(first.body))
        self.assertEqual(first.subject, "The printer burns")
        self.assertNotIn("support@", first.incoming_email_to or "")
        self.assertEqual(notes.author_id, self.agent.partner_id)
        self.assertEqual(notes.subtype_id, self.env.ref("mail.mt_note"))
        self.assertTrue(notes.is_internal)
        self.assertFalse(notes.partner_ids)

    def test_nothing_said_is_no_note(self):
        ticket = self.take_ticket(self.forward(note="-- \nAda Agent\nFront desk"))
        self.assertNotIn("Front desk", " ".join(ticket.message_ids.mapped(lambda m: str(m.body))))
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")

    def test_the_agent_follows(self):
        ticket = self.take_ticket(self.forward())
        self.assertIn(self.agent.partner_id, ticket.message_partner_ids)
        self.assertIn(ticket.partner_id, ticket.message_partner_ids)

    def test_an_agent_of_another_company_does_not_follow(self):
        other = self.make_company("Other")
        self.make_user("eve", company=other, email=f"eve@{DOMAIN}", name="Eve")
        ticket = self.take_ticket(self.forward(from_=f"eve@{DOMAIN}"))
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")
        self.assertNotIn("Eve", ticket.message_partner_ids.mapped("name"))

    def test_who_had_a_copy_takes_part(self):
        self.make_user("ben", email=f"ben@{DOMAIN}", name="Ben")
        raw = self.forward(headers=[("Cc", "spy@supplier-tests.example")])
        ticket = self.take_ticket(raw)
        self.assertIn("bob@client-tests.example", ticket.email_cc)
        self.assertNotIn("ada@", ticket.email_cc)
        self.assertNotIn("spy@", ticket.email_cc)
        self.assertIn("Ben", ticket.message_partner_ids.mapped("name"))

    def test_the_receipt_goes_to_the_customer(self):
        self.support.automatic_answer = True
        with self.sent_mails() as sent:
            self.take(self.forward())
            self.env["mail.mail"].process_email_queue()
        self.assertEqual([each.recipients for each in sent], [("cleo@client-tests.example",)])
        self.assertNotIn(NOTE, sent[0].html)
        self.assertNotIn("ada@", str(sent[0].message))

    def test_off(self):
        self.company.helpdesk_requester_from_forward = False
        row = self.take(self.forward())
        ticket = row.ticket_ids
        self.assertEqual(ticket.partner_email, f"ada@{DOMAIN}")
        self.assertEqual(ticket.name, "FW: The printer burns")
        self.assertIn(NOTE, ticket.description)
        self.assertIn("requester_forward_off", self.codes(row))
        self.assertTrue(ticket.is_forwarders_own)

    def test_a_team_decides_otherwise(self):
        self.team.helpdesk_requester_from_forward = "no"
        ticket = self.take_ticket(self.forward())
        self.assertEqual(ticket.partner_email, f"ada@{DOMAIN}")

    def test_of_anybody_else_it_is_a_mail_as_any_other(self):
        ticket = self.take_ticket(self.forward(from_="Fred <fred@friends.example>"))
        self.assertEqual(ticket.partner_email, "fred@friends.example")
        self.assertFalse(ticket.forwarded_mail)

    def test_an_archived_agent_is_anybody(self):
        self.agent.active = False
        ticket = self.take_ticket(self.forward())
        self.assertEqual(ticket.partner_email, f"ada@{DOMAIN}")
        self.assertFalse(ticket.forwarded_mail)

    def test_an_impostor_is_anybody(self):
        self.scanner = self.make_scanner(authserv_id="mx.mailflow.test")
        failed = ("Authentication-Results", RESULTS.format("fail"))
        row = self.fetch(self.forward(headers=[failed]))
        self.assertNotIn("cleo@client-tests.example", row.ticket_ids.mapped("partner_email"))
        self.assertFalse(any(row.ticket_ids.mapped("forwarded_mail")))
        proven = ("Authentication-Results", RESULTS.format("pass"))
        row = self.fetch(self.forward(headers=[proven]))
        self.assertEqual(row.ticket_ids.partner_email, "cleo@client-tests.example")
        first, _notes = self.messages(row.ticket_ids)
        codes = [each["code"] for each in first.helpdesk_marks]
        self.assertEqual(codes, ["mark_forwarded"], "nothing proves who wrote the original")

    def test_a_reply_is_no_forward(self):
        row = self.take(self.forward(subject="RE: The printer burns"))
        self.assertEqual(row.ticket_ids.partner_email, f"ada@{DOMAIN}")
        self.assertFalse(row.ticket_ids.forwarded_mail)

    def test_a_forward_of_a_customers_answer_joins_its_ticket_as_before(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        raw = self.forward(headers=[("References", "<first@acorn-tests.example>")])
        row = self.take(raw)
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["reply"])
        self.assertEqual(ticket.partner_email, "marta@acorn-tests.example")

    def test_an_open_ticket_of_the_customer_gets_it_as_the_customers(self):
        self.company.helpdesk_append_open = True
        first = self.take_ticket(mail(from_="cleo@client-tests.example", subject="Hello"))
        row = self.take(self.forward())
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["reply"], row.why)
        self.assertEqual(row.ticket_ids, first)
        message = row.delivery_ids.message_id
        self.assertEqual(message.author_id, first.partner_id)
        self.assertNotIn(NOTE, str(message.body))
        self.assertIn(NOTE, " ".join(first.message_ids.mapped(lambda each: str(each.body))))

    def test_who_is_forwarded_by_an_agent_is_no_stranger(self):
        self.company.helpdesk_known_contacts_only = True
        ticket = self.take_ticket(self.forward())
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")

    def test_a_known_contact_is_used(self):
        cleo = self.make_contact("Cleo", "Cleo@client-tests.example")
        self.assertEqual(self.take_ticket(self.forward()).partner_id, cleo)

    def test_a_colleagues_forward_of_a_forward(self):
        self.make_user("ben", email=f"ben@{DOMAIN}", name="Ben")
        block = (
            f"From: Ben <ben@{DOMAIN}>\nSent: Tuesday\nTo: Ada\nSubject: FW: The printer burns\n\n"
            f"Not mine.\n\n{BLOCK}"
        )
        ticket = self.take_ticket(self.forward(block))
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")
        _first, notes = self.messages(ticket)
        self.assertIn("Not mine.", str(notes.body))
        self.assertNotIn("Not mine.", str(ticket.description))

    def test_our_own_address_is_no_requester(self):
        block = BLOCK.replace("cleo@client-tests.example", f"support@{DOMAIN}")
        row = self.take(self.forward(block))
        self.assertEqual(row.ticket_ids.partner_email, f"ada@{DOMAIN}")
        self.assertIn("requester_forward_unsure", self.codes(row))

    def test_inline_images(self):
        html = (
            f"<p>{NOTE} <img src='cid:screen'></p><hr><div id='divRplyFwdMsg'><b>From:</b> Cleo"
            " &lt;cleo@client-tests.example&gt;<br><b>Sent:</b> today<br><b>To:</b> Ada<br>"
            "<b>Subject:</b> The printer burns</div><p>Look: <img src='cid:flame'></p>"
        )
        raw = mail(
            subject="FW: The printer burns",
            from_=AGENT,
            html=html,
            inline=[("screen", PIXEL), ("flame", PIXEL)],
            attachments=[("printer.log", "text/x-log", b"hot")],
        )
        ticket = self.take_ticket(raw)
        first, notes = self.messages(ticket)
        self.assertEqual(sorted(first.attachment_ids.mapped("name")), ["flame.png", "printer.log"])
        self.assertEqual(notes.attachment_ids.mapped("name"), ["screen.png"])
        self.assertIn("/web/image/", ticket.description)
        self.assertNotIn("cid:", ticket.description)
        self.assertNotIn("cid:", str(notes.body))
        self.assertNotIn("data-o-mail-quote", ticket.description)

    def test_attached_mail(self):
        ticket = self.take_ticket(self.attached())
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")
        self.assertIn("It smells of smoke.", ticket.description)
        first, notes = self.messages(ticket)
        self.assertEqual(first.attachment_ids.mapped("name"), ["printer.log"])
        self.assertEqual(len(notes.attachment_ids), 1)
        self.assertTrue(notes.attachment_ids.name.endswith(".eml"))
        self.assertEqual(ticket.portal_attachment_ids, first.attachment_ids)

    def test_several_attached_mails(self):
        ticket = self.take_ticket(self.attached(originals=2))
        self.assertEqual(ticket.partner_email, f"ada@{DOMAIN}")
        emails = [email for _name, email in ticket.forwarded_mail["candidates"]]
        self.assertEqual(emails, ["cleo@client-tests.example", "dan@other-tests.example"])

    def test_a_dry_run_writes_nothing(self):
        intake = self.env["helpdesk.intake"]
        row = self.take(self.forward())
        mails = intake._read(row)
        self.env.flush_all()
        self.env.cr.execute("SAVEPOINT dry; SET TRANSACTION READ ONLY")
        entry = intake._entry(row, mails[row.id], self.env["helpdesk.mail.folder"], afresh=True)
        [plan] = intake._plans([entry])
        self.env.cr.execute("ROLLBACK TO SAVEPOINT dry")
        self.assertEqual(plan.deliveries[0].contact.requester.source, "forwarded")


class TestSetRequester(ForwardCase):
    """The wizard *Set requester*."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.helpdesk_requester_from_forward = False

    def wizard(self, ticket, user=None):
        action = ticket.with_user(user or self.agent).action_set_requester()
        return (
            self.env["helpdesk.set.requester"]
            .with_user(user or self.agent)
            .browse(action["res_id"])
        )

    def test_the_customer_is_chosen_from_the_start(self):
        row = self.take(self.forward())
        ticket = row.ticket_ids
        wizard = self.wizard(ticket)
        self.assertEqual(wizard.candidate_id.email, "cleo@client-tests.example")
        self.assertTrue(wizard.take_original)
        self.assertEqual(wizard.original_title, "The printer burns")
        self.assertIn(NOTE, wizard.agents_words)
        wizard.action_set()
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")
        self.assertEqual(ticket.partner_id.name, "Cleo Client")
        self.assertEqual(ticket.name, "The printer burns")
        self.assertIn("It smells of smoke.", ticket.description)
        self.assertNotIn(NOTE, ticket.description)
        first, notes = self.messages(ticket)
        self.assertNotIn(NOTE, str(first.body))
        self.assertEqual(first.author_id, ticket.partner_id)
        self.assertEqual(notes.author_id, self.agent.partner_id)
        self.assertTrue(notes.is_internal)
        self.assertIn("bob@client-tests.example", ticket.email_cc)
        self.assertNotIn("ada@", ticket.email_cc)
        self.assertIn(ticket.partner_id, ticket.message_partner_ids)
        self.assertFalse(ticket.is_forwarders_own)
        self.assertIn("Ada Agent made", str(row.trace_html))

    def test_title_and_text_may_stay(self):
        ticket = self.take_ticket(self.forward())
        wizard = self.wizard(ticket)
        wizard.take_original = False
        wizard.action_set()
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")
        self.assertEqual(ticket.name, "FW: The printer burns")

    def test_setting_it_again_undoes_it(self):
        ticket = self.take_ticket(self.forward())
        self.wizard(ticket).action_set()
        cleo = ticket.partner_id
        wizard = self.wizard(ticket)
        self.assertFalse(wizard.has_original)
        with Form(wizard) as form:
            form.candidate_id = wizard.candidate_ids.filtered(
                lambda each: each.email == f"ada@{DOMAIN}"
            )
        wizard.action_set()
        self.assertEqual(ticket.partner_id, self.agent.partner_id)
        self.assertNotIn(cleo, ticket.message_partner_ids, "they get no answers to another one")
        self.assertTrue(ticket.is_forwarders_own)

    def test_a_form_of_the_wizard(self):
        dan = self.make_contact("Dan", "dan@other-tests.example")
        ticket = self.take_ticket(self.attached(originals=2))
        with Form(self.wizard(ticket)) as form:
            form.candidate_id = form._record.candidate_ids[1]
            self.assertEqual(form.partner_id, dan)
            self.assertEqual(form.email, "dan@other-tests.example")
            form.partner_id = self.env["res.partner"]
            form.email = "eve@other-tests.example"
            form.name = "Eve"
        form.record.action_set()
        self.assertEqual(ticket.partner_email, "eve@other-tests.example")
        self.assertEqual(ticket.partner_id.name, "Eve")

    def test_a_known_contact_comes_first(self):
        cleo = self.make_contact("Cleo", "cleo@client-tests.example")
        elsewhere = self.make_company("Other")
        self.make_contact("Cleo of others", "cleo@client-tests.example", company_id=elsewhere.id)
        ticket = self.take_ticket(self.forward())
        wizard = self.wizard(ticket)
        self.assertEqual(wizard.partner_id, cleo)
        wizard.action_set()
        self.assertEqual(ticket.partner_id, cleo)

    def test_no_contact_is_made_where_only_rules_make_them(self):
        self.company.helpdesk_create_contacts = "rule"
        ticket = self.take_ticket(self.forward())
        self.wizard(ticket).action_set()
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.partner_email, "cleo@client-tests.example")

    def test_a_name_alone(self):
        block = BLOCK.replace(" <cleo@client-tests.example>", "")
        self.company.helpdesk_requester_from_forward = True
        ticket = self.take_ticket(self.forward(block))
        self.assertEqual(ticket.partner_email, f"ada@{DOMAIN}")
        wizard = self.wizard(ticket)
        self.assertEqual(wizard.candidate_id.name, "Cleo Client")
        with self.assertRaisesRegex(UserError, "Choose a contact"):
            wizard.action_set()
        wizard.email = "cleo@client-tests.example"
        wizard.action_set()
        self.assertEqual(ticket.partner_name, "Cleo Client")

    def test_own_addresses_and_contacts_of_others_are_refused(self):
        ticket = self.take_ticket(self.forward())
        wizard = self.wizard(ticket)
        wizard.partner_id = False
        wizard.email = f"support@{DOMAIN}"
        with self.assertRaisesRegex(UserError, "our own addresses"):
            wizard.action_set()
        elsewhere = self.make_company("Other")
        wizard.partner_id = self.make_contact("Dan", "d@o.example", company_id=elsewhere.id)
        with self.assertRaisesRegex(UserError, "another company"):
            wizard.action_set()

    def test_an_attached_mail_is_taken_apart(self):
        ticket = self.take_ticket(self.attached())
        self.wizard(ticket).action_set()
        self.assertIn("It smells of smoke.", ticket.description)
        first, notes = self.messages(ticket)
        self.assertEqual(first.attachment_ids.mapped("name"), ["printer.log"])
        self.assertTrue(notes.attachment_ids.name.endswith(".eml"))
        self.assertEqual(ticket.portal_attachment_ids, first.attachment_ids)

    def test_who_may_not_write_the_ticket_may_not_set_it(self):
        ticket = self.take_ticket(self.forward())
        stranger = self.make_user("stranger", "helpdesk_mgmt.group_helpdesk_user_own")
        other = self.make_user("other", "helpdesk_mgmt.group_helpdesk_user")
        ticket.user_id = other
        with self.assertRaises(AccessError):
            ticket.with_user(stranger).action_set_requester()
        wizard = self.wizard(ticket)
        with self.assertRaises(AccessError):
            wizard.with_user(stranger).action_set()

    def test_an_ordinary_ticket_has_nothing_to_set(self):
        ticket = self.take_ticket(mail())
        self.assertFalse(ticket.is_forwarded_mail)


@tagged("post_install", "-at_install")
class TestSetRequesterTour(ForwardCase, BrowserCase):
    """The wizard *Set requester* in a browser, at the width of a phone."""

    browser_size = "375x667"
    touch_enabled = True

    def test_set_requester(self):
        self.company.helpdesk_requester_from_forward = False
        self.agent.password = self.agent.login
        ticket = self.take_ticket(self.attached(originals=2))
        self.start_tour(
            f"/odoo/helpdesk.ticket/{ticket.id}",
            "helpdesk_mailflow.set_requester",
            login=self.agent.login,
            timeout=120,
        )
        self.env.invalidate_all()
        self.assertEqual(ticket.partner_email, "dan@other-tests.example")
