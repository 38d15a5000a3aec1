# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide *Connect a mailbox*: its steps, what it keeps, and who may take them."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import MailflowCase


class TestMailboxConnection(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "connector", groups="helpdesk_mgmt.group_helpdesk_manager"
        )

    def _connection(self, user=None, **values):
        Connection = self.env["helpdesk.mailbox.connection"].with_user(user or self.env.user)
        return Connection.create({"email": "Help@Acorn-Tests.example", **values})

    def test_the_address_is_asked_for_first(self):
        connection = self._connection(email=False)
        connection.action_next()
        self.assertEqual(connection.step, "address")
        self.assertEqual(
            connection.problem,
            "Type the address that your customers write to. If there is none yet, use a provided"
            " one.",
        )

    def test_what_is_no_address_is_refused_and_said(self):
        connection = self._connection(email="support at example")
        connection.action_next()
        self.assertEqual(connection.step, "address")
        self.assertIn("is not an e-mail address", connection.problem)

    def test_an_address_leads_to_the_choice_of_roads(self):
        connection = self._connection()
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("road", False))
        self.assertEqual(connection.email, "help@acorn-tests.example")

    def test_a_mailbox_that_is_read_already_is_named(self):
        self.env["fetchmail.server"].create(
            {
                "name": "The old one",
                "is_scanner": True,
                "server": "imap.acorn-tests.example",
                "user": "HELP@acorn-tests.example",
                "state": "done",
            }
        )
        connection = self._connection()
        said = (
            "The mailbox help@acorn-tests.example is read by the mail scanner “The old one”"
            " already. How it is read is changed there. To answer as it, choose “Only answers"
            " leave” here, or add it under Mail › From addresses."
        )
        # said early, and refused once it is known that it shall be read
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("road", False))
        self.assertEqual(connection.other_scanner, said)
        connection.road = "forward"
        connection.action_next()
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("connect", said))
        connection.direction = "out"
        self.assertFalse(connection.other_scanner)

    def test_a_mailbox_of_another_company_is_refused_at_once(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["fetchmail.server"].create(
            {
                "name": "Theirs",
                "is_scanner": True,
                "server": "imap.acorn-tests.example",
                "user": "help@acorn-tests.example",
                "state": "done",
                "company_id": elsewhere.id,
            }
        )
        connection = self._connection(direction="out")
        connection.action_next()
        self.assertEqual(connection.step, "address")
        self.assertIn("is read for another company already", connection.problem)

    def test_a_mail_scanner_that_rests_is_named(self):
        resting = self.env["fetchmail.server"].create(
            {
                "name": "Of last year",
                "is_scanner": True,
                "server": "imap.acorn-tests.example",
                "user": "help@acorn-tests.example",
                "company_id": self.env.company.id,
            }
        )
        connection = self._connection()
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("road", False))
        self.assertIn("“Of last year” is for the same mailbox", connection.other_scanner)
        # one that a guide made is that guide's
        connection.sudo().scanner_id = resting
        other = self._connection()
        self.assertFalse(other.other_scanner)

    def test_a_manager_is_told_whom_to_ask_for_roads_with_a_password(self):
        connection = self._connection(user=self.manager)
        connection.action_next()
        connection.road = "provider"
        connection.action_next()
        self.assertEqual(connection.step, "road")
        self.assertIn("only a system administrator can do", connection.problem)

    def test_what_was_refused_leaves_nothing_behind(self):
        connection = self._connection(user=self.manager, step="place", road="forward")
        other = self.env["helpdesk.support.alias"].create({"name": "Another"})
        self.env["helpdesk.support.alias.address"].create(
            {"alias_id": other.id, "email": "help@acorn-tests.example"}
        )
        connection.write({"email": "help@acorn-tests.example", "alias_id": self.support.id})
        count = self.env["helpdesk.support.alias"].search_count([])
        connection.action_next()
        self.assertEqual(connection.step, "place")
        self.assertIn("goes to the support alias “Another” already", connection.problem)
        self.assertEqual(self.env["helpdesk.support.alias"].search_count([]), count)

    def test_discarding_takes_away_what_the_guide_made_and_nothing_else(self):
        connection = self._connection(user=self.manager, step="place", road="forward")
        connection.write(
            {
                "email": "help@acorn-tests.example",
                "team_id": self.team.id,
                "alias_choice": "new",
                "new_alias_name": "Help",
            }
        )
        queues = self.env["helpdesk.support.alias"].search([])
        connection.action_next()
        self.assertEqual(connection.step, "test")
        made = self.env["helpdesk.support.alias"].search([]) - queues
        self.assertEqual(made.external_address_ids.email, "help@acorn-tests.example")
        connection.action_discard()
        self.assertFalse(made.exists())
        self.assertEqual(self.env["helpdesk.support.alias"].search([]), queues)

    def test_an_agent_connects_nothing(self):
        agent = new_test_user(self.env, "agent-c", groups="helpdesk_mgmt.group_helpdesk_user")
        with self.assertRaises(AccessError):
            self._connection(user=agent)
        with self.assertRaises(AccessError):
            self.env["helpdesk.mailbox.connection"].with_user(agent).action_connect()

    def test_a_manager_does_not_see_scanner_nor_host(self):
        connection = self._connection(user=self.manager)
        with self.assertRaises(AccessError):
            connection.read(["scanner_id"])
