# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.tests import tagged

from .common import BrowserCase
from .test_conversation_template import TemplateCase


@tagged("post_install", "-at_install")
class TestConversationTemplateTour(TemplateCase, BrowserCase):
    def test_a_manager_writes_a_template(self):
        self.manager.password = "mona"
        self.start_tour("/odoo", "helpdesk_mailflow.conversation_template", login="mona")
        self.assertEqual(self.template.subject, "About {subject}")
        self.assertIn("Greetings from {company}", self.template.body)
        self.assertIn("{answer}", self.template.body)

    def test_the_composer_signs_as_the_assigned_agent(self):
        self.agent.write({"password": "brad"})
        other = self.make_user("ann", signature="<p>Ann, tel. 43</p>", email="ann@corp.test")
        self.ticket.user_id = other
        self.ticket.team_id.user_ids = self.agent
        url = f"/odoo/action-helpdesk_mgmt.helpdesk_ticket_action/{self.ticket.id}"
        self.start_tour(url, "helpdesk_mailflow.composer_signature", login="brad")
        message = self.ticket.message_ids.filtered(lambda each: each.message_type == "comment")
        self.assertTrue(message.email_add_signature)
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        self.assertTrue(mails)
        for mail in mails:
            self.assertIn("tel. 43", mail.body_html)
            self.assertNotIn("tel. 42", mail.body_html)
