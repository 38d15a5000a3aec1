# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Mail scanners that log in with the token of a connected account. That real servers take these
is in tests/e2e/test_connect_microsoft.py."""

from contextlib import contextmanager
from unittest.mock import patch

import requests

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from ..mailflow.errors import (
    AccountMissing,
    ConnectionRefused,
    MailboxNotAllowed,
    SignInNeeded,
    TokenRefused,
)
from ..models import fetchmail_server_oauth, mailbox_errors
from .test_oauth_account import AccountCase
from .test_scanner import Mailbox

SHARED = "shared@acorn-tests.example"


class Session(Mailbox):
    """One that can be closed."""

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        pass


class Server:
    """Mail servers in the place of the engine's ``connect``.

    :param refuses: the tokens that it does not take
    """

    def __init__(self, refuses=()):
        self.refuses = refuses
        self.asked = []

    def connect(self, server):
        self.asked.append(server)
        if self.refuses == "all" or server.token in self.refuses:
            raise TokenRefused(host=server.host, user=server.user, answer="AUTHENTICATE failed.")
        return Session()

    @property
    def tokens(self):
        return [server.token for server in self.asked]


class ScannerOauthCase(AccountCase):
    def setUp(self):
        super().setUp()
        self.sign_in()
        self.scanner = self.make_scanner()

    def make_scanner(self, **values):
        return self.env["fetchmail.server"].create(
            {
                "name": "Support",
                "is_scanner": True,
                "authentication": "oauth",
                "oauth_account_id": self.account.id,
                "server": "outlook.office365.com",
                "user": "Support@Acorn-Tests.example",
                "company_id": self.company.id,
                **values,
            }
        )

    @contextmanager
    def server(self, refuses=()):
        server = Server(refuses)
        with patch.object(fetchmail_server_oauth, "connect", server.connect):
            yield server

    def sentence(self, error):
        return mailbox_errors.sentence(self.env, error)


class TestLogIn(ScannerOauthCase):
    def test_it_logs_in_with_the_token_of_the_account(self):
        self.scanner.password = "left over"
        with self.server() as server:
            self.assertEqual(len(self.scanner._look_up_folders()), 3)
        [asked] = server.asked
        self.assertEqual(
            (asked.token, asked.password, asked.user, asked.account),
            ("planted-access-1", "", "Support@Acorn-Tests.example", "support@acorn-tests.example"),
        )

    def test_no_other_host_gets_a_token_of_microsoft(self):
        self.scanner.server = "imap.elsewhere.example"
        self.authority.asked.clear()
        with self.server() as server, self.assertRaises(UserError) as caught:
            self.scanner._look_up_folders()
        self.assertEqual(
            str(caught.exception),
            "imap.elsewhere.example is not a mail server of Microsoft’s cloud that the account"
            " signs in to, and gets no access to its mailboxes. Type outlook.office365.com as the"
            " server.",
        )
        self.assertFalse(server.asked)
        self.assertFalse(self.authority.asked)
        # a national cloud has its own
        self.scanner.server = "outlook.office365.com"
        self.app.write(
            {"authority": "https://login.microsoftonline.us/acorn-tests.example", "new_secret": "x"}
        )
        self.sign_in()
        with self.server() as server, self.assertRaisesRegex(UserError, "outlook.office365.us as"):
            self.scanner._look_up_folders()
        self.assertFalse(server.asked)

    def test_another_openid_server_s_token_goes_where_an_admin_says(self):
        self.app.write({"authority": "https://id.acorn-tests.example/realm", "new_secret": "x"})
        self.sign_in()
        self.scanner.server = "imap.elsewhere.example"
        with self.server() as server:
            self.scanner._look_up_folders()
        self.assertEqual([each.host for each in server.asked], ["imap.elsewhere.example"])

    def test_a_token_that_is_refused_is_renewed_once(self):
        with self.server(refuses=["planted-access-1"]) as server:
            self.scanner._look_up_folders()
        self.assertEqual(server.tokens, ["planted-access-1", "planted-access-2"])
        self.assertEqual([each[0] for each in self.authority.asked], ["begin", "finish", "token"])

    def test_a_renewed_token_that_is_refused_too_is_told(self):
        refused = TokenRefused(
            host="outlook.office365.com", user=self.scanner.user, answer="AUTHENTICATE failed."
        )
        with self.server("all") as server, self.assertRaises(UserError) as caught:
            self.scanner.button_confirm_login()
        self.assertEqual(len(server.asked), 2)
        self.assertEqual(str(caught.exception), self.sentence(refused))

    def test_a_mailbox_of_others_says_that_the_account_has_no_rights_on_it(self):
        self.scanner.user = SHARED
        with self.server("all"), self.assertRaises(UserError) as caught:
            self.scanner.button_confirm_login()
        self.assertEqual(
            str(caught.exception),
            self.sentence(
                MailboxNotAllowed(
                    host="outlook.office365.com",
                    user=SHARED,
                    account="support@acorn-tests.example",
                )
            ),
        )
        self.assertIn(
            "The account “support@acorn-tests.example” has no rights on the mailbox"
            " “shared@acorn-tests.example”",
            str(caught.exception),
        )

    def test_without_an_account_it_says_what_to_do(self):
        self.scanner.oauth_account_id = False
        with self.server() as server, self.assertRaises(UserError) as caught:
            self.scanner.button_confirm_login()
        self.assertEqual(str(caught.exception), self.sentence(AccountMissing()))
        self.assertFalse(server.asked)

    def test_no_password_is_kept_that_nobody_needs(self):
        scanner = self.make_scanner(
            authentication="password", oauth_account_id=False, password="s3cret"
        )
        scanner.write({"authentication": "oauth", "oauth_account_id": self.account.id})
        self.assertFalse(scanner.password)

    def test_an_account_of_another_company_is_refused(self):
        other = self.env["res.company"].create({"name": "Other"})
        account = self.make_account(company_id=other.id)
        with self.assertRaisesRegex(ValidationError, "belongs to another company"):
            self.scanner.oauth_account_id = account

    def test_a_copy_uses_the_same_account(self):
        copy = self.scanner.copy()
        self.assertEqual(copy.oauth_account_id, self.account)
        self.assertEqual(copy.state, "draft")


class TestProblem(ScannerOauthCase):
    """Consent that was revoked, or has expired."""

    def setUp(self):
        super().setUp()
        self.scanner.folder_ids._begin(7, 4, None)
        self.scanner.state = "done"

    def test_it_stops_asking_says_since_when_and_catches_up(self):
        self.revoke()
        asked = len(self.authority.asked)
        with self.server() as server:
            for _time in range(3):
                error = self.scanner._visit(5)
        self.assertFalse(server.asked, "the mail server is not asked")
        self.assertEqual(len(self.authority.asked), asked, "nor is the sign-in server")
        sentence = self.sentence(
            SignInNeeded("sign_in_needed_revoked", account=self.account.display_name)
        )
        self.assertEqual(error, sentence)
        self.assertEqual((self.scanner.error_message, self.scanner.scanner_state), (error, "error"))
        self.assertEqual(self.scanner.oauth_problem, sentence)
        self.assertTrue(self.scanner.oauth_problem_since)
        self.env.invalidate_all()
        self.assertIn("A system administrator finds more", self.scanner.folder_ids.error)
        self.sign_in()
        with self.server() as server:
            self.assertIsNone(self.scanner._visit(5))
        self.assertEqual(len(server.asked), 1)
        self.assertFalse(self.scanner.oauth_problem)
        self.assertEqual(self.scanner.scanner_state, "on")

    def test_signing_in_again_comes_back_to_the_scanner(self):
        self.revoke()
        action = self.scanner.with_user(self.system).action_sign_in_again()
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertIn(f"then=%2Fodoo%2Fmail-scanners%2F{self.scanner.id}", action["url"])


class TestNewAuthorisation(ScannerOauthCase):
    """Signing in with another account, on the way from a scanner and back to it."""

    def begin(self, record=None):
        action = (record or self.scanner).with_user(self.system).action_new_authorisation()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.system)
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual(wizard.app_id, self.app)
        self.assertTrue(wizard.redirect_uri.endswith("/helpdesk/oauth/callback"))
        return wizard.action_sign_in()

    def test_what_works_is_used_until_somebody_has_signed_in(self):
        action = self.begin()
        self.assertIn(f"then=%2Fodoo%2Fmail-scanners%2F{self.scanner.id}", action["url"])
        new = self.scanner.new_account_id
        self.assertEqual((self.scanner.oauth_account_id, new.state), (self.account, "new"))
        self.authority.person = ("other@acorn-tests.example", "key-of-other", "Other")
        self.sign_in(new)
        self.assertEqual(self.scanner.oauth_account_id, new)
        self.assertFalse(self.scanner.new_account_id)
        self.assertEqual(self.account.state, "ok", "the former one stays")

    def test_one_that_was_given_up_is_begun_again(self):
        self.begin()
        new = self.scanner.new_account_id
        self.begin()
        self.assertEqual(self.scanner.new_account_id, new)

    def test_whoever_signs_in_as_somebody_known_gets_that_account(self):
        scanner = self.make_scanner(authentication="password", oauth_account_id=False, password="x")
        self.begin(scanner)
        new = scanner.new_account_id
        self.assertEqual(self.sign_in(new), self.account)
        self.assertFalse(new.exists())
        self.assertEqual(scanner.oauth_account_id, self.account)
        self.assertEqual(scanner.authentication, "oauth")

    def test_a_scanner_that_is_busy_uses_it_later(self):
        self.begin()
        new = self.scanner.new_account_id
        self.authority.person = ("other@acorn-tests.example", "key-of-other", "Other")
        Scanner = type(self.scanner)
        with patch.object(Scanner, "try_lock_for_update", lambda each, **_options: each.browse()):
            self.sign_in(new)
        self.assertEqual(self.scanner.oauth_account_id, self.account)
        with self.server() as server:
            self.scanner._visit(5)
            self.env.flush_all()
            self.scanner._visit(5)
        self.assertEqual(server.asked[-1].account, "other@acorn-tests.example")
        self.assertEqual(self.scanner.oauth_account_id, new)

    def test_without_an_app_registration_it_says_so(self):
        wizard = self.env["helpdesk.new.authorisation"].create(
            {
                "res_model": "fetchmail.server",
                "res_id": self.scanner.id,
                "company_id": self.company.id,
                "app_id": False,
            }
        )
        with self.assertRaisesRegex(UserError, "Choose the app registration"):
            wizard.action_sign_in()


class TestForm(ScannerOauthCase):
    def form(self, record=None):
        Server = self.env["fetchmail.server"].with_context(
            default_is_scanner=True, default_server_type="imap"
        )
        return Form(
            record or Server.with_user(self.system),
            view="helpdesk_mailflow.scanner_view_form",
        )

    def test_microsoft_is_filled_in(self):
        with self.form() as form:
            form.name = "New"
            form.authentication = "oauth"
            form.oauth_account_id = self.account
            self.assertEqual(form.user, "support@acorn-tests.example")
            self.assertEqual(
                (form.server, form.encryption, form.port), ("outlook.office365.com", "tls", 993)
            )
            form.mailbox_protocol = "pop"
            self.assertEqual((form.server, form.port), ("outlook.office365.com", 995))
        self.assertRecordValues(
            form.record,
            [
                {
                    "authentication": "oauth",
                    "server_type": "pop",
                    "port": 995,
                    "is_ssl": True,
                    "password": False,
                }
            ],
        )

    def test_the_host_of_a_national_cloud_stays(self):
        with self.form() as form:
            form.name, form.user = "New", SHARED
            form.server = "partner.outlook.cn"
            form.authentication = "oauth"
            form.mailbox_protocol = "pop"
            form.mailbox_protocol = "imap"
            self.assertEqual(form.server, "partner.outlook.cn")
            self.assertEqual(form.user, SHARED)

    def test_a_scanner_with_an_account_can_be_changed_in_odoo_s_own_form(self):
        with Form(self.scanner.with_user(self.system), view="mail.view_email_server_form") as form:
            form.name = "Another"
        self.assertRecordValues(
            self.scanner,
            [
                {
                    "oauth_account_id": self.account.id,
                    "authentication": "oauth",
                    "server": "outlook.office365.com",
                    "port": 993,
                }
            ],
        )


class TestGmail(ScannerOauthCase):
    """The log-in of Odoo's own addon for Gmail, where it is installed."""

    def setUp(self):
        super().setUp()
        if not self.scanner._has_gmail():
            self.skipTest("Odoo's addon for Gmail is not installed")
        self.gmail = self.make_scanner(
            authentication="gmail", oauth_account_id=False, server="imap.gmail.com"
        )

    @contextmanager
    def google(self, *answers):
        given = list(answers)

        def fetch(_mixin, refresh_token):
            self.assertEqual(refresh_token, "refresh")
            answer = given.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer, 2**31 - 1

        with patch.object(type(self.gmail), "_fetch_gmail_access_token", fetch):
            yield

    def test_it_is_offered_only_with_the_addon(self):
        def offered():
            described = self.env["fetchmail.server"].fields_get(["authentication"], ["selection"])
            return dict(described["authentication"]["selection"])

        self.assertEqual(list(offered()), ["password", "oauth", "gmail"])
        with patch.object(type(self.scanner), "_has_gmail", lambda _self: False):
            self.assertEqual(list(offered()), ["password", "oauth"])

    def test_it_says_that_nobody_has_connected_it(self):
        with self.server() as server, self.assertRaises(UserError) as caught:
            self.gmail.button_confirm_login()
        self.assertEqual(
            str(caught.exception),
            self.sentence(AccountMissing("account_missing_gmail", user=self.gmail.user)),
        )
        self.assertFalse(server.asked)

    def test_it_logs_in_with_the_addon_s_token(self):
        self.gmail.google_gmail_refresh_token = "refresh"
        with self.server(refuses=["one"]) as server, self.google("one", "two"):
            self.gmail._look_up_folders()
            self.gmail._look_up_folders()
        self.assertEqual(server.tokens, ["one", "two", "two"])
        self.assertEqual({each.host for each in server.asked}, {"imap.gmail.com"})

    def test_a_refusal_and_a_network_that_is_away_are_told_apart(self):
        self.gmail.google_gmail_refresh_token = "refresh"
        with self.server(), self.google(UserError("no")), self.assertRaises(UserError) as caught:
            self.gmail.button_confirm_login()
        self.assertEqual(
            str(caught.exception),
            self.sentence(AccountMissing("account_missing_gmail_refused", user=self.gmail.user)),
        )
        away = requests.ConnectionError("planted")
        with self.server(), self.google(away), self.assertRaises(ConnectionRefused) as refused:
            self.gmail._connect_mailbox()
        self.assertTrue(refused.exception.temporary)
        self.assertNotIn("planted", str(refused.exception))

    def test_its_own_servers_stay_as_they_are(self):
        own = self.env["fetchmail.server"].create(
            {
                "name": "Own",
                "server_type": "gmail",
                "server": "imap.gmail.com",
                "is_ssl": True,
                "user": "own@acorn-tests.example",
            }
        )
        self.assertEqual(own._get_connection_type(), "imap")
        with Form(own) as form:
            form.server_type = "imap"
            form.password = "x"
        self.assertEqual(self.gmail.server_type, "imap")
        self.assertFalse(own.is_scanner)
