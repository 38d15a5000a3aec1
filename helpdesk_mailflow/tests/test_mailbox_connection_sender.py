# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""How the From address of a connection sends: nothing of it changes before the activation."""

from unittest.mock import patch

from odoo.tests import tagged

from .test_mailbox_connection_provider import EMAIL, GOOGLE, SECRET, ConnectCase

FORMER = "smtp.former.example"


@tagged("post_install", "-at_install")
class TestSender(ConnectCase):
    def setUp(self):
        super().setUp()
        self.FromAddress = self.env["helpdesk.from.address"]

    def former(self):
        """A From address that sends already, by another server."""
        address = self.FromAddress.create(
            {
                "email": EMAIL,
                "sends_via": "smtp",
                "smtp_host": FORMER,
                "smtp_user": EMAIL,
                "new_smtp_password": "former",
            }
        )
        address._prove("login")
        return address

    def at_test(self, road="provider", **values):
        connection = self.begin(road, **values)
        connection.write(
            {"new_smtp_password": SECRET}
            if values.get("direction") == "out"
            else {"new_password": SECRET}
        )
        return self.to_test(connection)

    def to_test(self, connection):
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("place", False))
        connection.write({"alias_choice": "new", "new_alias_name": "Help", "team_id": self.team.id})
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("test", False))
        return connection

    def activate(self, connection):
        self.press(connection)
        self.assertEqual((connection.step, connection.problem), ("done", False))

    def press(self, connection):
        scanners = type(self.env["fetchmail.server"])
        # the scanner's own activation is tested with it
        with (
            patch.object(scanners, "_begin_reading", lambda self, since: None),
            patch.object(scanners, "_activate", lambda self: None),
        ):
            connection.action_next()

    def test_what_sends_already_goes_on_as_it_is_until_the_activation(self):
        self.assertGoesOn()

    def test_what_sends_already_goes_on_where_nothing_comes_in(self):
        self.assertGoesOn(direction="out")

    def assertGoesOn(self, **values):
        address = self.former()
        server = address.mail_server_id
        before = (FORMER, "verified", "former")
        with self.world():
            connection = self.at_test(**values)
            self.assertEqual(connection.from_address_id, address)
            self.assertIn(EMAIL, connection.answer_example)
            self.assertFalse(connection.answer_note)
            self.assertEqual((address.smtp_host, address.state, server.smtp_pass), before)
            scanner, draft = connection.scanner_id, connection.outgoing_draft_id
            connection.action_discard()
            self.assertEqual((address.smtp_host, address.state, server.smtp_pass), before)
            self.assertFalse(scanner.exists() or draft.exists())
            connection = self.at_test(**values)
            self.activate(connection)
        self.assertEqual(
            (address.smtp_host, address.state, server.smtp_pass),
            ("mail.elsewhere.example", "verified", SECRET),
        )
        self.assertFalse(connection.outgoing_draft_id or connection.sender_waits)
        self.assertEqual(connection.alias_id.answer_via_id, address)

    def test_what_is_refused_at_the_activation_changes_nothing(self):
        address = self.former()
        with self.world():
            connection = self.at_test()
        with self.world(senders=()):
            self.press(connection)
        self.assertEqual((connection.step, connection.state), ("test", "open"))
        self.assertIn("refused to log in", connection.problem)
        self.assertEqual((address.smtp_host, address.state), (FORMER, "verified"))

    def test_a_new_one_is_the_default_after_the_activation_only(self):
        company = self.env.company
        for address in self.FromAddress.search([("company_id", "=", company.id)]):
            address._by_system().write({"state": "unverified", "is_default": False})
        with self.world():
            connection = self.at_test()
            address = connection.from_address_id
            self.assertEqual((address.state, address.is_usable), ("verified", False))
            self.assertFalse(address.is_default)
            self.assertIn(EMAIL, connection.answer_example)
            self.assertFalse(connection.answer_note)
            self.assertEqual(connection._test_sender()[0], EMAIL)
            self.activate(connection)
        self.assertTrue(address.is_usable and address.is_default)
        self.assertEqual(connection.alias_id.answer_via_id, address)

    def test_google_s_server_is_made_by_the_activation(self):
        guide = type(self.env["helpdesk.mailbox.connection"])
        servers = self.env["ir.mail_server"]

        def keep(connection, scanner):
            server = servers.create(
                {"name": "Gmail", "smtp_host": "smtp.gmail.com", "from_filter": EMAIL}
            )
            connection._note_made(server)

        with (
            self.world(GOOGLE),
            patch.object(guide, "_is_signed_in_to_google", lambda self: True),
            patch.object(guide, "_keep_google_sender", keep),
            patch.object(
                type(self.FromAddress),
                "_connected_mailboxes",
                lambda self: servers.sudo().search([("name", "=", "Gmail")]),
            ),
        ):
            connection = self.at_test("gmail")
            address = connection.from_address_id
            self.assertFalse(servers.search([("name", "=", "Gmail")]))
            self.assertEqual((address.sends_via, address.is_usable), ("odoo", False))
            self.assertFalse(connection.answer_note)
            self.activate(connection)
        self.assertEqual(address.mail_server_id, servers.search([("name", "=", "Gmail")]))
        self.assertEqual((address.sends_via, address.is_usable), ("mailbox", True))

    def test_a_former_address_that_others_use_by_now_stays(self):
        with self.world():
            connection = self.begin()
            connection.new_password = SECRET
            connection.action_next()
            former = connection.from_address_id
            former.enabled = True
            other = self.env["helpdesk.support.alias"].create(
                {"name": "Another", "answer_via_id": former.id}
            )
            connection.write({"step": "address", "email": "sales@acorn-tests.example"})
            connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("road", False))
        self.assertEqual(other.answer_via_id, former)
        self.assertFalse(connection.from_address_id)
