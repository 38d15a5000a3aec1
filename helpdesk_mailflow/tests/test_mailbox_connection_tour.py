# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide *Connect a mailbox* in a browser: each road from the panel on the dashboard to what
was set up. What would leave the machine is put in the place of; the rest is as it runs."""

from contextlib import contextmanager
from datetime import datetime, timezone
from unittest.mock import patch

from odoo.tests import tagged

from ..mailflow import oauth
from ..mailflow.autoconfig import Candidate, Found, Source
from ..mailflow.smtp import SmtpReport
from ..models import (
    fetchmail_server,
    fetchmail_server_oauth,
    helpdesk_from_address_smtp,
    helpdesk_mailbox_connection_lookup,
    helpdesk_mailbox_connection_provider,
    ir_mail_server_oauth,
)
from .common import BrowserCase, MailflowCase, mail
from .oauth import CODE, Authority, OauthCase
from .test_tours import MemoryMailbox

EMAIL = "help@acorn-tests.example"
SECRET = "planted-secret-of-the-mailbox"
GROUPS = ("base.group_system", "helpdesk_mgmt.group_helpdesk_manager")
REPORT = SmtpReport(
    logged_in=True, tls="TLSv1.3", starttls_offered=False, max_megabytes=32.0, not_received=""
)
RECEIVED = datetime(2026, 3, 3, 9, 30, tzinfo=timezone.utc)


class GuideTourCase(BrowserCase, MailflowCase):
    """A company that has connected nothing yet, and somebody who may connect everything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.acorn = cls.make_company("Acorn Tests")
        cls.desk = cls.env["helpdesk.ticket.team"].create(
            {"name": "Acorn desk", "company_id": cls.acorn.id, "alias_name": False}
        )
        cls.admin = cls.make_user("acorn-admin", *GROUPS, company=cls.acorn, name="Ada Admin")
        cls.desk.user_ids = cls.admin

    def follow(self, tour, user=None):
        """The guide as a tour left it."""
        self.start_tour("/odoo/helpdesk-dashboard", tour, login=(user or self.admin).login)
        connection = self.env["helpdesk.mailbox.connection"].search(
            [("company_id", "=", self.acorn.id)]
        )
        self.assertEqual(len(connection), 1)
        self.assertEqual((connection.step, connection.state), ("done", "active"))
        return connection

    def assertMailBecomesTickets(self, connection):
        ticket = self.take_ticket(mail(to=connection.email or connection.alias_id.email))
        self.assertEqual(ticket.support_alias_id, connection.alias_id)
        self.assertEqual(ticket.team_id, connection.team_id)


@tagged("post_install", "-at_install")
class TestProviderTour(GuideTourCase):
    def test_a_mailbox_of_any_provider(self):
        mailbox = MemoryMailbox({1: (RECEIVED, mail(to=EMAIL))})
        self.logins = []
        with self.provider(mailbox):
            connection = self.follow("helpdesk_mailflow.connect_provider")
        scanner, sender = connection.scanner_id, connection.from_address_id
        self.assertEqual(set(self.logins), {("imap", EMAIL, SECRET), ("smtp", EMAIL, SECRET)})
        self.assertEqual((scanner.scanner_state, scanner.server), ("on", "imap.acorn.example"))
        self.assertEqual(scanner.company_id, self.acorn)
        self.assertEqual((sender.state, sender.proof), ("verified", "login"))
        self.assertEqual(connection.alias_id.answers_via_id, sender)
        self.assertEqual((connection.alias_id.name, connection.alias_id.color), ("Acorn help", 0))
        self.assertEqual(connection.team_id, self.desk)
        self.assertMailBecomesTickets(connection)

    @contextmanager
    def provider(self, mailbox):
        """A provider whose settings are found, and whose servers take :data:`SECRET`."""
        found = Found(
            EMAIL,
            name="Acorn Mail",
            incoming=(self._candidate("imap", "imap.acorn.example", 993),),
            outgoing=(self._candidate("smtp", "smtp.acorn.example", 465),),
        )

        def connect(server):
            self.logins.append((server.protocol, server.user, server.password))
            return mailbox

        def check(settings):
            self.logins.append(("smtp", settings.user, settings.password))
            return REPORT

        def choose(found, *_options):
            return found.incoming[0], found.outgoing[0]

        with (
            patch.object(helpdesk_mailbox_connection_lookup, "look_up", lambda *_, **__: found),
            patch.object(helpdesk_mailbox_connection_provider, "choose", choose),
            patch.object(fetchmail_server, "connect", connect),
            patch.object(helpdesk_from_address_smtp, "check", check),
        ):
            yield

    def _candidate(self, protocol, host, port):
        return Candidate(
            protocol, host, port, "tls", EMAIL, Source.FILE, "autoconfig.acorn.example"
        )


class RedirectingAuthority(Authority):
    """Whoever is sent there has accepted, and is sent back at once.

    :param url: of Odoo
    """

    def __init__(self, url):
        super().__init__()
        self._url = url
        self.person = (EMAIL, "key-of-help", "Acorn Help")

    def begin_sign_in(self, app, scopes, redirect_uri, *, state, login_hint=""):
        flow = super().begin_sign_in(app, scopes, redirect_uri, state=state, login_hint=login_hint)
        return {**flow, "auth_uri": f"{redirect_uri}?code={CODE}&state={state}"}


@tagged("post_install", "-at_install")
class TestMicrosoftTour(OauthCase, GuideTourCase):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("web.base.url", self.base_url())
        self.authority = RedirectingAuthority(self.base_url())
        for name in ("begin_sign_in", "finish_sign_in", "token_for", "app_token"):
            self.startPatcher(patch.object(oauth, name, getattr(self.authority, name)))

    def test_a_mailbox_of_microsoft_365(self):
        self.logins = []
        with self.microsoft(MemoryMailbox({1: (RECEIVED, mail(to=EMAIL))})):
            connection = self.follow("helpdesk_mailflow.connect_microsoft")
        scanner, sender = connection.scanner_id, connection.from_address_id
        account = connection.oauth_account_id
        self.assertEqual((account.state, account.username), ("ok", EMAIL))
        self.assertEqual((scanner.scanner_state, scanner.oauth_account_id), ("on", account))
        self.assertEqual(scanner.server, "outlook.office365.com")
        self.assertEqual((sender.sends_via, sender.oauth_account_id), ("mailbox", account))
        self.assertEqual((sender.state, sender.proof), ("verified", "mailbox"))
        self.assertEqual(connection.alias_id.answers_via_id, sender)
        # by tokens alone
        self.assertEqual({kind for kind, _user, _token in self.logins}, {"imap", "smtp"})
        for _kind, user, token in self.logins:
            self.assertEqual((user, token[:14]), (EMAIL, "planted-access"))
        self.assertMailBecomesTickets(connection)

    @contextmanager
    def microsoft(self, mailbox):
        """Servers that take the tokens of the account."""

        def connect(server):
            self.logins.append((server.protocol, server.user, server.token))
            return mailbox

        def check(settings):
            self.logins.append(("smtp", settings.user, settings.token))
            return REPORT

        found = Found(
            EMAIL,
            provider="microsoft",
            name="Microsoft 365",
            road="microsoft",
            via=Source.MX,
            where="acorn.mail.protection.outlook.com",
        )
        with (
            patch.object(helpdesk_mailbox_connection_lookup, "look_up", lambda *_, **__: found),
            patch.object(fetchmail_server_oauth, "connect", connect),
            patch.object(ir_mail_server_oauth, "check", check),
        ):
            yield


@tagged("post_install", "-at_install")
class TestForwardTour(GuideTourCase):
    """By a helpdesk manager, who may use no password; left, and continued when the mail is back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = cls.make_user(
            "acorn-boss",
            "helpdesk_mgmt.group_helpdesk_manager",
            company=cls.acorn,
            name="Ada Admin",
        )

    def test_a_mailbox_that_is_forwarded(self):
        with self.sent_mails() as sent:
            self.start_tour(
                "/odoo/helpdesk-dashboard",
                "helpdesk_mailflow.connect_forward",
                login=self.boss.login,
            )
        connection = self.env["helpdesk.mailbox.connection"].search(
            [("company_id", "=", self.acorn.id)]
        )
        self.assertEqual((connection.step, connection.test_state), ("test", "sent"))
        provided = connection.provided_email
        self.assertEqual(connection.forwarded_to, provided)
        [test] = [each for each in sent if each["X-Helpdesk-Connection-Test"]]
        self.assertEqual(test.recipients, (EMAIL,))
        # the mailbox sends it on
        self.take(f"Delivered-To: {provided}\n".encode() + test.message.as_bytes())
        connection.invalidate_recordset()
        self.assertEqual(connection.test_state, "back")
        self.assertEqual(self.follow("helpdesk_mailflow.connect_forward_on", self.boss), connection)
        self.assertEqual((connection.alias_id.name, connection.team_id), ("Acorn help", self.desk))
        self.assertMailBecomesTickets(connection)

    def test_a_provided_address(self):
        connection = self.follow("helpdesk_mailflow.connect_provided", self.boss)
        self.assertEqual(connection.email, connection.provided_email)
        self.assertTrue(connection.alias_id.answers_via_id)
        self.assertMailBecomesTickets(connection)
