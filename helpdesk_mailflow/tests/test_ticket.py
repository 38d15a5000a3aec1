# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import datetime

from .common import DOMAIN, MARTA, PIXEL, MailflowCase, mail


class TestTicket(MailflowCase):
    """What a ticket has of the mail that it is made of."""

    def test_a_ticket_is_made_of_the_mail(self):
        ticket = self.take_ticket(mail())
        self.assertEqual(ticket.name, "The printer burns")
        self.assertIn("It smells of smoke.", ticket.description)
        self.assertEqual(ticket.partner_name, "Marta Lindqvist")
        self.assertEqual(ticket.partner_email, "marta@acorn-tests.example")
        self.assertEqual(ticket.team_id, self.team)
        self.assertEqual(ticket.company_id, self.company)
        self.assertEqual(ticket.support_alias_id, self.support)
        self.assertEqual(
            ticket.channel_id, self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_email")
        )
        self.assertNotEqual(ticket.number, "/")

    def test_the_message_of_the_ticket_is_the_mail(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        self.assertEqual(len(message), 1)
        self.assertEqual(message.message_id, "<first@acorn-tests.example>")
        self.assertEqual(message.email_from, '"Marta Lindqvist" <marta@acorn-tests.example>')
        self.assertEqual(message.author_id, ticket.partner_id)
        self.assertEqual(message.date, datetime(2026, 3, 3, 9, 30))
        self.assertEqual(message.subject, "The printer burns")
        self.assertIn("It smells of smoke.", message.body)

    def test_a_mail_without_subject_gets_a_title(self):
        for subject in (None, "", "   "):
            with self.subTest(subject=subject):
                ticket = self.take_ticket(mail(subject=subject))
                self.assertEqual(ticket.name, "No Subject")

    def test_hostile_html_is_sanitised_in_ticket_and_message(self):
        html = (
            "<p onclick='steal()'>Hello <b>you</b></p><script>steal()</script>"
            "<a href='javascript:steal()'>click</a><img src='x' onerror='steal()'>"
            "<iframe src='https://evil.example'></iframe>"
        )
        ticket = self.take_ticket(mail(html=html))
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        for body in (ticket.description, message.body):
            self.assertIn("<b>you</b>", body)
            for bad in ("script", "onclick", "onerror", "steal", "iframe"):
                self.assertNotIn(bad, body)

    def test_an_inline_image_shows_in_ticket_and_message(self):
        agent = self.make_user("mailflow-agent-image", "helpdesk_mgmt.group_helpdesk_user")
        html = '<p>See:</p><img src="cid:shot@acorn">'
        ticket = self.take_ticket(mail(html=html, inline=[("shot@acorn", PIXEL)]))
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        image = message.attachment_ids
        self.assertEqual(len(image), 1)
        for body in (ticket.description, message.body):
            self.assertNotIn("cid:", body)
            self.assertIn(f"/web/image/{image.id}", body)
        self.assertEqual(image.with_user(agent).raw, PIXEL)

    def test_a_text_mail_keeps_its_lines(self):
        text = "Hello,\n\nfirst line\nsecond <b>line</b> & more\n"
        ticket = self.take_ticket(mail(text=text))
        self.assertIn("second &lt;b&gt;line&lt;/b&gt; &amp; more", ticket.description)
        self.assertRegex(ticket.description, r"first line\s*<br\s*/?>\s*second")

    def test_an_empty_mail_is_a_ticket_with_an_empty_description(self):
        ticket = self.take_ticket(mail(text=""))
        self.assertEqual(ticket.name, "The printer burns")

    def test_attachments_are_on_the_message_of_the_ticket(self):
        files = [
            ("plan.pdf", "application/pdf", b"%PDF-1.4 plan"),
            ("Größe.txt", "text/plain", "Größe".encode()),
        ]
        ticket = self.take_ticket(
            mail(attachments=[files[0], ("Größe.txt", "application/octet-stream", files[1][2])])
        )
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        found = {each.name: each.raw for each in message.attachment_ids}
        self.assertEqual(found, {"plan.pdf": files[0][2], "Größe.txt": files[1][2]})
        self.assertEqual(
            {(each.res_model, each.res_id) for each in message.attachment_ids},
            {("helpdesk.ticket", ticket.id)},
        )

    def test_nobody_is_made_responsible(self):
        self.company.helpdesk_mgmt_ticket_auto_assign = True
        agent = self.make_user("mailflow-auto", "helpdesk_mgmt.group_helpdesk_manager")
        self.team.user_ids = agent
        for user in (agent, self.env.user):
            with self.subTest(user=user.login):
                thread = self.env["mail.thread"].with_user(user).sudo()
                ticket_id = thread.message_process(False, mail())
                self.assertFalse(self.env["helpdesk.ticket"].browse(ticket_id).user_id)

    def test_name_and_address_stay_as_received(self):
        contact = self.make_contact("M. Lindqvist-Berg", "Marta@Acorn-Tests.example")
        ticket = self.take_ticket(mail(from_="Marta at Acorn <MARTA@acorn-tests.example>"))
        self.assertEqual(ticket.partner_id, contact)
        self.assertEqual(ticket.partner_name, "Marta at Acorn")
        self.assertEqual(ticket.partner_email, "MARTA@acorn-tests.example")
        self.assertEqual(contact.name, "M. Lindqvist-Berg")

    def test_the_number_is_drawn_from_the_sequence_of_the_company(self):
        company = self.make_company("Branch office")
        self.env["ir.sequence"].create(
            {
                "name": "Tickets of the branch",
                "code": "helpdesk.ticket.sequence",
                "prefix": "BRANCH",
                "padding": 3,
                "company_id": company.id,
            }
        )
        self.make_alias("Branch", "branch", company_id=company.id)
        row = self.take(mail(to=f"branch@{DOMAIN}, support@{DOMAIN}"))
        numbers = {ticket.company_id: ticket.number for ticket in row.ticket_ids}
        self.assertEqual(numbers[company], "BRANCH001")
        self.assertFalse(numbers[self.company].startswith("BRANCH"))

    def test_the_number_is_right_also_when_only_the_team_tells_the_company(self):
        company = self.make_company("Branch office")
        self.env["ir.sequence"].create(
            {
                "name": "Tickets of the branch",
                "code": "helpdesk.ticket.sequence",
                "prefix": "BRANCH",
                "company_id": company.id,
            }
        )
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Branch team", "company_id": company.id, "alias_name": False}
        )
        row = self.take(
            mail(to="who@knows.example"), "helpdesk.ticket", custom_values={"team_id": team.id}
        )
        self.assertEqual(row.ticket_ids.company_id, company)
        self.assertTrue(row.ticket_ids.number.startswith("BRANCH"), row.ticket_ids.number)

    def test_cc_addresses_are_kept_on_the_ticket(self):
        ticket = self.take_ticket(
            mail(headers=[("Cc", f"Bo <bo@acorn-tests.example>, support@{DOMAIN}")])
        )
        self.assertIn("bo@acorn-tests.example", ticket.email_cc)
        self.assertNotIn(DOMAIN, ticket.email_cc)

    def test_the_requester_follows_the_ticket(self):
        bo = self.make_contact("Bo", "bo@acorn-tests.example")
        ticket = self.take_ticket(mail(headers=[("Cc", "bo@acorn-tests.example")]))
        self.assertEqual(ticket.message_partner_ids, ticket.partner_id | bo)

    def test_no_mail_goes_out_for_a_new_ticket(self):
        with self.mock_mail_gateway():
            self.take_ticket(mail(from_=MARTA))
        self.assertFalse(self._mails)

    def test_a_nul_in_subject_and_name_does_no_harm(self):
        raw = mail(subject="Bad\x00 subject", from_="Nu\x00l <nul@acorn-tests.example>")
        ticket = self.take_ticket(raw)
        self.assertNotIn("\x00", ticket.name)
        self.assertNotIn("\x00", ticket.partner_name)
