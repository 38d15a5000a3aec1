# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide's road *Microsoft 365*. That real servers take its tokens is in
tests/e2e/test_connect_microsoft.py."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from ..mailflow.errors import MailboxNotAllowed, SignInNeeded, SmtpAuthOff, TokenRefused
from ..models import fetchmail_server_oauth, ir_mail_server_oauth, mailbox_errors
from .test_from_address_smtp import GOOD
from .test_oauth_account import AccountCase
from .test_scanner_oauth import Server

ADDRESS = "support@acorn-tests.example"
SHARED = "shared@acorn-tests.example"
OFF = SmtpAuthOff(
    "smtp_auth_off_mailbox", host="smtp.office365.com", user=ADDRESS, answer="5.7.139"
)


class TestMicrosoft(AccountCase):
    def setUp(self):
        super().setUp()
        self.reading, self.sending = Server(), []
        self.smtp = GOOD

        def check(settings):
            self.sending.append(settings)
            if isinstance(self.smtp, Exception):
                raise self.smtp
            return self.smtp

        for module, name, value in (
            (fetchmail_server_oauth, "connect", lambda server: self.reading.connect(server)),
            (ir_mail_server_oauth, "check", check),
        ):
            patcher = patch.object(module, name, value)
            patcher.start()
            self.addCleanup(patcher.stop)
        self.connection = self.connect()

    def connect(self, email=ADDRESS, **values):
        """At the step *connect*."""
        connection = (
            self.env["helpdesk.mailbox.connection"]
            .with_user(self.system)
            .create({"email": email, "company_id": self.company.id, "step": "road"})
        )
        connection.write({"road": "microsoft", **values})
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("connect", False))
        return connection

    def signed_in(self, connection=None):
        connection = connection or self.connection
        action = connection.action_microsoft_sign_in()
        self.assertIn(f"then=%2Fodoo%2Fconnect-mailbox%2F{connection.id}", action["url"])
        self.sign_in(connection.new_account_id)
        return connection

    def next(self, connection=None):
        connection = connection or self.connection
        connection.action_next()
        return connection.step, connection.problem

    def sentence(self, error):
        return mailbox_errors.sentence(self.env, error)

    @contextmanager
    def graph(self):
        self.checked = []

        def check_sender(token, sender, *, mailbox, **_place):
            self.checked.append((token, sender, mailbox))

        with patch.object(ir_mail_server_oauth.graph, "check_sender", check_sender):
            yield

    def test_it_offers_what_is_known(self):
        self.assertEqual(self.connection.microsoft_app_id, self.app)
        self.assertFalse(self.connection.oauth_account_id)
        self.assertEqual(self.connection.microsoft_mailbox, ADDRESS)
        self.assertTrue(self.connection.microsoft_redirect_uri.endswith("/helpdesk/oauth/callback"))
        self.sign_in()
        self.assertEqual(self.connect().oauth_account_id, self.account)

    def test_somebody_has_to_sign_in(self):
        self.assertEqual(
            self.next(),
            ("connect", "Sign in with Microsoft first, or choose a connected account."),
        )
        self.connection.microsoft_app_id = False
        with self.assertRaisesRegex(UserError, "Choose the app registration"):
            self.connection.action_microsoft_sign_in()

    def test_one_sign_in_sets_up_all(self):
        self.signed_in()
        self.assertEqual(self.connection.step, "connect", "back at the same step")
        self.assertEqual(self.next(), ("place", False))
        account = self.connection.oauth_account_id
        self.assertEqual(account.username, ADDRESS)
        scanner, address = self.connection.scanner_id, self.connection.from_address_id
        self.assertRecordValues(
            scanner,
            [
                {
                    "authentication": "oauth",
                    "oauth_account_id": account.id,
                    "server": "outlook.office365.com",
                    "port": 993,
                    "encryption": "tls",
                    "user": ADDRESS,
                    "scanner_state": "off",
                }
            ],
        )
        self.assertRecordValues(
            address,
            [
                {
                    "email": ADDRESS,
                    "oauth_account_id": account.id,
                    "state": "verified",
                    "proof": "mailbox",
                    "smtp_host": "smtp.office365.com",
                    "smtp_port": 587,
                    "smtp_encryption": "starttls",
                    "smtp_user": ADDRESS,
                }
            ],
        )
        self.assertEqual(
            self.connection.connect_result,
            f"Reading works: {ADDRESS} was opened, and has 3 folders.\nThe connection works:"
            f" smtp.office365.com lets “{ADDRESS}” send as {ADDRESS}.",
        )
        self.assertEqual(self.next(), ("test", False))
        self.assertEqual(scanner.default_alias_id, self.connection.alias_id)
        suppressed = self.env["helpdesk.outgoing.filter"]._suppressed([ADDRESS], self.company)
        self.assertIn(ADDRESS, suppressed)

    def test_a_shared_mailbox(self):
        connection = self.signed_in(self.connect(SHARED))
        self.assertEqual(self.next(connection), ("place", False))
        self.assertEqual(connection.scanner_id.user, SHARED)
        self.assertEqual(self.sending[-1].user, SHARED)
        self.assertEqual(self.sending[-1].account, ADDRESS)
        self.assertEqual(connection.from_address_id.email, SHARED)

    def test_an_account_without_rights_on_it_gets_that_sentence(self):
        self.reading = Server("all")
        connection = self.signed_in(self.connect(SHARED))
        error = MailboxNotAllowed(host="outlook.office365.com", user=SHARED, account=ADDRESS)
        self.assertEqual(self.next(connection), ("connect", self.sentence(error)))
        self.assertFalse(connection.scanner_id, "what was refused leaves nothing behind")

    def test_it_says_that_reading_works_where_sending_does_not(self):
        self.smtp = TokenRefused(host="smtp.office365.com", user=ADDRESS, answer="5.7.3")
        self.signed_in()
        self.assertEqual(
            self.next(),
            (
                "connect",
                f"Reading works: {ADDRESS} was opened, and has 3 folders.\n\n"
                + self.sentence(self.smtp),
            ),
        )

    def test_where_smtp_is_switched_off_graph_is_offered(self):
        self.smtp = OFF
        self.signed_in()
        step, problem = self.next()
        self.assertEqual(step, "connect")
        self.assertIn("Reading works", problem)
        self.assertIn(self.sentence(OFF), problem)
        self.assertTrue(self.connection.microsoft_smtp_is_off)
        scanner = self.connection.scanner_id
        self.authority.error = SignInNeeded("sign_in_needed_consent", account=ADDRESS)
        action = self.connection.action_microsoft_graph()
        self.assertIn("resource=graph", action["url"])
        self.authority.error = None
        self.sign_in(self.connection.oauth_account_id, resource="graph")
        with self.graph():
            self.connection.action_microsoft_graph()
        self.assertEqual((self.connection.step, self.connection.problem), ("place", False))
        self.assertEqual(self.checked[0][1:], (ADDRESS, ""))
        self.assertEqual(self.connection.from_address_id.state, "verified")
        self.assertEqual(self.connection.from_address_id.oauth_send_by, "graph")
        self.assertEqual(self.connection.scanner_id, scanner)

    def test_or_it_is_switched_on(self):
        self.smtp = OFF
        self.signed_in()
        self.next()
        self.smtp = GOOD
        self.assertEqual(self.next(), ("place", False))
        self.assertFalse(self.connection.microsoft_smtp_is_off)

    def test_only_in_and_only_out(self):
        self.signed_in().direction = "out"
        self.assertEqual(self.next(), ("place", False))
        self.assertFalse(self.connection.scanner_id)
        self.assertFalse(self.reading.asked)
        self.assertEqual(self.connection.from_address_id.state, "verified")
        self.sending.clear()
        other = self.connect("other@acorn-tests.example", direction="in")
        other.oauth_account_id = self.connection.oauth_account_id
        self.assertEqual(self.next(other), ("place", False))
        self.assertFalse(other.from_address_id)
        self.assertFalse(self.sending)

    def test_each_step_is_said_while_it_goes_on(self):
        self.signed_in()
        connection = self.connection.with_context(mailflow_with_words=True)
        first = connection.action_next()
        self.assertIn(f"Opening the mailbox {ADDRESS}", first["params"]["message"])
        connection = connection.with_context(**first["params"]["context"])
        second = connection.action_next()
        self.assertIn("Reading works", second["params"]["message"])
        self.assertIn("Asking Microsoft", second["params"]["message"])
        connection.with_context(**second["params"]["context"]).action_next()
        self.assertEqual(self.connection.step, "place")
        self.assertIn("Reading works", self.connection.connect_result)
        self.assertIn("lets “", self.connection.connect_result)

    def test_national_clouds_have_their_own_hosts(self):
        self.app.authority = "https://login.microsoftonline.us/acorn-tests.example"
        connection = self.connect()
        self.assertFalse(connection.microsoft_is_worldwide)
        self.assertEqual(
            (connection.microsoft_imap_host, connection.microsoft_smtp_host),
            ("outlook.office365.us", "smtp.office365.us"),
        )

    def test_discarding_takes_it_away(self):
        self.signed_in()
        self.next()
        scanner, address = self.connection.scanner_id, self.connection.from_address_id
        server, account = address.mail_server_id, self.connection.oauth_account_id
        self.connection.action_discard()
        self.assertFalse(scanner.exists() or address.exists() or server.exists())
        self.assertTrue(account.exists(), "others may use it, and it can be removed")

    def test_a_manager_sees_nothing_of_it(self):
        connection = self.connection.with_user(self.manager)
        for name in ("oauth_account_id", "microsoft_app_id", "microsoft_mailbox"):
            with self.assertRaises(AccessError):
                connection.read([name])
        with self.assertRaises(AccessError):
            connection.action_microsoft_sign_in()
        connection.action_next()
        self.assertIn("only a system administrator can do", connection.problem)

    def test_the_form(self):
        self.sign_in()
        with Form(self.connection) as form:
            form.oauth_account_id = self.account
            form.microsoft_mailbox = SHARED
            form.direction = "in"
        self.assertEqual(self.next(), ("place", False))
        self.assertEqual(self.connection.scanner_id.user, SHARED)

    def test_what_sends_goes_on_to_where_smtp_is_switched_off(self):
        address = self.env["helpdesk.from.address"].create(
            {
                "email": ADDRESS,
                "company_id": self.company.id,
                "sends_via": "smtp",
                "smtp_host": "smtp.acorn-tests.example",
                "smtp_user": ADDRESS,
                "new_smtp_password": "Sesame",
            }
        )
        address._prove("login")
        self.smtp = OFF
        self.signed_in()
        step, problem = self.next()
        self.assertEqual(step, "connect")
        self.assertIn(self.sentence(OFF), problem)
        self.assertEqual((address.state, address.sends_via), ("verified", "smtp"))
        self.assertEqual(address.smtp_host, "smtp.acorn-tests.example")
        self.assertTrue(self.connection.scanner_id, "what can be read stays")

    def test_an_address_that_is_corrected_leaves_the_former_alone(self):
        self.signed_in()
        self.next()
        former = self.connection.from_address_id
        self.connection.write({"step": "address", "email": "office@acorn-tests.example"})
        self.connection.action_next()
        self.connection.action_next()
        self.assertEqual(self.connection.microsoft_mailbox, "office@acorn-tests.example")
        self.assertEqual(self.next(), ("place", False))
        self.assertEqual(self.connection.from_address_id.email, "office@acorn-tests.example")
        self.assertEqual(self.connection.scanner_id.user, "office@acorn-tests.example")
        self.assertFalse(former.exists(), "what the guide made for it goes with it")

    def test_a_mailbox_that_is_read_is_not_discarded(self):
        self.signed_in()
        self.next()
        self.connection.write({"alias_choice": "new", "new_alias_name": "Help"})
        self.assertEqual(self.next(), ("test", False))
        scanner, queue = self.connection.scanner_id, self.connection.alias_id
        # somebody has activated it by hand
        scanner.state = "done"
        self.connection.action_discard()
        self.assertTrue(scanner.exists())
        self.assertEqual(scanner.default_alias_id, queue, "where its mails go")

    def test_two_guides_do_not_read_one_mailbox_twice(self):
        self.signed_in()
        self.next()
        other = self.connect()
        self.assertEqual(self.next(other), ("place", False))
        self.connection.scanner_id.state = "done"
        other.step = "test"
        step, problem = self.next(other)
        self.assertEqual(step, "test")
        self.assertIn("already", problem)

    def test_an_account_that_only_a_guide_knows_can_be_removed(self):
        self.signed_in()
        account = self.connection.oauth_account_id
        account.unlink()
        self.assertFalse(self.connection.oauth_account_id)

    def test_in_a_national_cloud_its_own_resources_are_asked_for(self):
        self.app.write(
            {
                "authority": "https://login.microsoftonline.us/acorn-tests.example",
                "new_secret": "what the national cloud knows",
            }
        )
        self.signed_in()
        self.assertEqual(self.next(), ("place", False))
        self.assertEqual(self.sending[-1].host, "smtp.office365.us")
        account = self.connection.oauth_account_id
        self.assertEqual(
            account._scopes("mail")[0], "https://outlook.office365.us/IMAP.AccessAsUser.All"
        )
        server = self.connection.from_address_id.mail_server_id
        self.assertEqual(server._helpdesk_graph()["base"], "https://graph.microsoft.us/v1.0")
        # and by hand
        scanner = self.env["fetchmail.server"].new(
            {
                "is_scanner": True,
                "server": "outlook.office365.com",
                "authentication": "oauth",
                "oauth_account_id": account.id,
            }
        )
        scanner._onchange_oauth_account_id()
        self.assertEqual(scanner.server, "outlook.office365.us")
