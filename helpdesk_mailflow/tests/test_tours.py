# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.tests import tagged

from ..mailflow.mailbox import Folder, FolderStatus, Head
from ..models.fetchmail_server import FetchmailServer
from ..models.helpdesk_from_verification import PATH
from .common import DOMAIN, BrowserCase, MailflowCase, mail

GROUP = "helpdesk_mgmt.group_helpdesk_"
RECEPTION = f"reception@{DOMAIN}"


class MemoryMailbox:
    """A session with a mailbox that lies in memory: what :mod:`..mailflow.imap` gives.

    :param messages: UID -> (when it was received, bytes)
    """

    def __init__(self, messages):
        self.messages = messages
        self.seen = set()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        pass

    def folders(self):
        return [Folder("INBOX", "", True), Folder("Archive", "\\Archive", True)]

    def select(self, _folder):
        return FolderStatus(7, max(self.messages) + 1, len(self.messages))

    def find(self, first_uid=1, unseen=False, since=None):
        return [
            uid
            for uid, (received, _raw) in sorted(self.messages.items())
            if uid >= first_uid
            and not (unseen and uid in self.seen)
            and not (since and received.date() < since)
        ]

    def heads(self, uids):
        return {
            uid: Head(str(uid), len(self.messages[uid][1]), self.messages[uid][0], uid in self.seen)
            for uid in uids
        }

    def fetch(self, uids):
        for uid in uids:
            yield uid, self.messages[uid][1]

    def set_flags(self, uids, add=(), remove=()):
        self.seen.update(uids)


@tagged("post_install", "-at_install")
class TestTours(MailflowCase, BrowserCase):
    """The addon's screens in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reception = cls.make_alias(
            "Reception",
            "reception",
            friendly_name="Acorn Reception",
            team_id=cls.team.id,
        )

    def make_login(self, login, *groups, **values):
        """A user with a log-in for :meth:`start_tour`, whose password is the log-in."""
        return self.make_user(login, *groups, password=login, **values)

    def test_a_manager_takes_a_mail_in(self):
        user = self.make_login("mf-tour-manager", GROUP + "manager")
        self.take_ticket(mail(subject="Came in on a workday", to=RECEPTION))
        self.take_ticket(mail(subject=None, to=RECEPTION))
        self.reception.intake = False
        row = self.take(mail(subject="Kept during the holidays", to=RECEPTION))
        self.assertEqual(row.state, "not_taken_in")
        self.start_tour("/odoo", "helpdesk_mailflow.take_in", login=user.login)
        row.invalidate_recordset()
        self.assertEqual(row.state, "done")
        self.assertEqual(row.ticket_ids.mapped("name"), ["Kept during the holidays"])

    def test_a_manager_sets_up_an_alias(self):
        user = self.make_login("mf-tour-manager", GROUP + "manager")
        self.start_tour("/odoo", "helpdesk_mailflow.support_alias", login=user.login)
        self.reception.invalidate_recordset()
        self.assertTrue(self.reception.intake)
        self.assertEqual(
            self.reception.external_address_ids.mapped("email"), ["reception@old-shop.example"]
        )
        ticket = self.take_ticket(mail(to="reception@old-shop.example"), model="helpdesk.ticket")
        self.assertEqual(ticket.support_alias_id, self.reception)

    def test_a_manager_adds_a_from_address(self):
        user = self.make_login("mf-tour-manager", GROUP + "manager")
        with self.mock_mail_gateway():
            self.start_tour("/odoo", "helpdesk_mailflow.from_address_add", login=user.login)
        (sent,) = self._mails
        self.assertEqual(sent["email_to"], ["sales@acorn-tests.example"])
        (link,) = set(re.findall(re.escape(PATH) + r"[\w-]+", sent["body"]))
        address = self.env["helpdesk.from.address"].search([("email", "=", sent["email_to"][0])])
        self.assertEqual(address.state, "sent")
        # whoever reads the mailbox
        self.start_tour(link, "helpdesk_mailflow.from_address_confirm", login=None)
        address.invalidate_recordset()
        self.assertTrue(address.is_usable)
        self.start_tour("/odoo", "helpdesk_mailflow.from_address_use", login=user.login)
        address.invalidate_recordset()
        self.assertTrue(address.is_usable)

    def test_saved_mails_become_rows(self):
        user = self.make_login("mf-tour-manager", GROUP + "manager")
        self.start_tour("/odoo", "helpdesk_mailflow.saved_mails", login=user.login)
        rows = self.env["helpdesk.incoming.mail"].search([("door", "=", "upload")], order="id")
        self.assertEqual(
            rows.mapped("subject"), ["A mail that was chosen", "A mail that was dropped"]
        )
        self.assertEqual(rows.ticket_ids.support_alias_id, self.reception)

    def test_an_agent_sees_why(self):
        user = self.make_login("mf-tour-agent", GROUP + "user_own")
        mine = self.take_ticket(mail(subject="For me", to=RECEPTION))
        mine.user_id = user
        self.take_ticket(mail(subject="For somebody else", to=RECEPTION))
        action = self.env.ref("helpdesk_mgmt.helpdesk_ticket_action")
        url = f"/odoo/action-{action.id}/{mine.id}"
        self.start_tour(url, "helpdesk_mailflow.agent", login=user.login)

    # ------------------------------------------------------------
    # Answers
    # ------------------------------------------------------------

    def make_answered_ticket(self):
        """A ticket of an agent who may answer as two addresses; its URL."""
        own = self.make_proven_address(f"support@{DOMAIN}")
        billing = self.make_proven_address("billing@acorn-tests.example")
        agent = self.make_login("mf-tour-agent", GROUP + "user_own", name="Tess Agent")
        ticket = self.take_ticket(mail(to=f"support@{DOMAIN}"))
        ticket.user_id = agent
        self.assertEqual(ticket.answers_via_id, own)
        action = self.env.ref("helpdesk_mgmt.helpdesk_ticket_action")
        return agent, ticket, billing, f"/odoo/action-{action.id}/{ticket.id}"

    def make_proven_address(self, email):
        address = self.env["helpdesk.from.address"].create(
            {"email": email, "company_id": self.company.id}
        )
        address._prove("mail")
        return address

    def answer_of(self, ticket, text):
        return ticket.message_ids.filtered(lambda message: text in message.body)

    def test_an_agent_answers_in_the_chatter(self):
        agent, ticket, billing, url = self.make_answered_ticket()
        self.make_contact("Bob Known", "bob@fir.example")
        self.start_tour(url, "helpdesk_mailflow.quick_answer", login=agent.login)
        message = self.answer_of(ticket, "Pull the plug.")
        self.assertEqual(message.helpdesk_from_address_id, billing)
        self.assertEqual(
            message.helpdesk_cc,
            'new@fir.example, "Bob Known" <bob@fir.example>, "Lee, Ann" <ann@fir.example>',
        )
        self.assertEqual(message.helpdesk_bcc, "boss@fir.example")
        self.assertEqual(message.partner_ids, ticket.partner_id)
        self.assertFalse(self.env["res.partner"].search([("email", "=", "new@fir.example")]))

    def test_an_agent_answers_without_the_requester(self):
        self.company.helpdesk_private_answers = True
        agent, ticket, _billing, url = self.make_answered_ticket()
        self.start_tour(url, "helpdesk_mailflow.private_answer", login=agent.login)
        message = self.answer_of(ticket, "Is she right?")
        self.assertTrue(message.helpdesk_private)
        self.assertFalse(message.partner_ids)
        self.assertEqual(message.helpdesk_cc, "supplier@fir.example")

    def test_an_agent_answers_in_the_full_composer(self):
        agent, ticket, billing, url = self.make_answered_ticket()
        self.start_tour(url, "helpdesk_mailflow.full_answer", login=agent.login)
        message = self.answer_of(ticket, "Pull the plug.")
        self.assertEqual(message.helpdesk_from_address_id, billing)
        self.assertEqual(message.helpdesk_cc, "new@fir.example")
        self.assertEqual(message.helpdesk_bcc, "boss@fir.example")
        self.assertEqual(message.partner_ids, ticket.partner_id)

    def test_an_agent_adds_the_missing_address(self):
        agent, ticket, _billing, url = self.make_answered_ticket()
        ticket.partner_id.email = ticket.partner_email = False
        self.start_tour(url, "helpdesk_mailflow.missing_address", login=agent.login)
        ticket.invalidate_recordset()
        self.assertEqual(ticket.partner_id.email, "marta@fir.example")
        self.assertEqual(ticket.partner_email, "marta@fir.example")
        self.assertEqual(self.answer_of(ticket, "Pull the plug.").partner_ids, ticket.partner_id)

    def test_an_agent_sends_a_text_message(self):
        if "sms.sms" not in self.env:
            self.skipTest("Odoo's sms is not installed")
        agent, ticket, _billing, url = self.make_answered_ticket()
        ticket.partner_id.phone = "+46701740610"
        self.start_tour(url, "helpdesk_mailflow.text_message", login=agent.login)
        self.assertEqual(self.answer_of(ticket, "Pull the plug.").message_type, "sms")

    def test_a_system_admin_connects_a_mailbox(self):
        user = self.make_login("mf-tour-system", "base.group_system", GROUP + "manager")
        now = datetime.now(timezone.utc)
        subjects = {30: "A month old", 10: "Ten days old", 5: "Five days old", 1: "Of yesterday"}
        mailbox = MemoryMailbox(
            {
                uid: (now - timedelta(days=days), mail(subject=subject, to=RECEPTION))
                for uid, (days, subject) in enumerate(subjects.items(), start=1)
            }
        )
        with patch.object(FetchmailServer, "_connect_mailbox", lambda *_args: mailbox):
            self.start_tour("/odoo", "helpdesk_mailflow.mail_scanner", login=user.login)
        scanner = self.env["fetchmail.server"].search([("name", "=", "Tour mailbox")])
        self.assertEqual(scanner.state, "done")
        rows = self.env["helpdesk.incoming.mail"].search(
            [("folder_id", "in", scanner.folder_ids.ids)], order="id"
        )
        self.assertEqual(rows.mapped("subject"), ["Ten days old", "Five days old", "Of yesterday"])
        self.assertEqual(mailbox.seen, {2, 3, 4}, "what came in before stays unread")

    def test_an_agent_forwards_a_message(self):
        user = self.make_login("mf-tour-agent", GROUP + "user", email="agent@corp.example")
        sam = self.make_contact("Sam Sturdy", "sam@sturdy.example")
        self.env["helpdesk.from.address"]._give_each_company_one(self.company)
        ticket = self.take_ticket(
            mail(to=RECEPTION, attachments=[("smoke.pdf", "application/pdf", b"%PDF-1.4 smoke")])
        )
        ticket.user_id = user
        ticket.message_post(
            body="I can come at nine.",
            message_type="email",
            author_id=sam.id,
            is_internal=True,
            subtype_xmlid="mail.mt_note",
        )
        action = self.env.ref("helpdesk_mgmt.helpdesk_ticket_action")
        url = f"/odoo/action-{action.id}/{ticket.id}"
        self.start_tour(url, "helpdesk_mailflow.forward", login=user.login)
        message = ticket.message_ids.filtered("helpdesk_forward")
        self.assertEqual(message.notified_partner_ids, sam)
        self.assertTrue(message.is_internal)
        self.assertEqual(message.attachment_ids.mapped("mimetype"), ["message/rfc822"])

    def test_a_leader_keeps_the_mail_of_the_team(self):
        user = self.make_login("mf-tour-leader", GROUP + "user_own")
        self.team.user_id = user
        self.reception.team_id = self.env["helpdesk.ticket.team"].create({"name": "Back office"})
        self.support.alias_name = "hello"
        self.support.alias_name = "frontdesk"
        self.start_tour("/odoo", "helpdesk_mailflow.team_leader", login=user.login)
        self.assertEqual(self.team.mail_display_name, "Acorn care")
        bodies = " ".join(self.support.message_ids.mapped("body"))
        self.assertIn("was retired", bodies)
        self.assertIn("was brought back", bodies)
