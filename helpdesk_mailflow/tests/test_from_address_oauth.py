# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""From addresses that send with the token of a connected account. That real servers take their
mails is in tests/e2e/test_connect_microsoft.py."""

import base64
import smtplib
import ssl
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import MagicMock, patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..mailflow.errors import (
    AccountMissing,
    ConnectionTimedOut,
    MailboxNotAllowed,
    MailTooLarge,
    SenderRefused,
    SendingSlowed,
    SignInNeeded,
    SmtpAuthOff,
    TokenRefused,
)
from ..models import ir_mail_server_oauth, mailbox_errors
from ..models.sending_report import SendingReport
from .test_from_address_smtp import GOOD
from .test_oauth_account import AccountCase

ADDRESS = "support@acorn-tests.example"
HOST = "smtp.office365.com"
SWITCHED_OFF = (
    b"5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
)


class FromOauthCase(AccountCase):
    def setUp(self):
        super().setUp()
        self.sign_in()
        self.FromAddress = self.env["helpdesk.from.address"]
        self.Server = self.env["ir.mail_server"]
        self.address = self.make_address()

    def make_address(self, email=ADDRESS, **values):
        return self.FromAddress.create(
            {
                "email": email,
                "company_id": self.company.id,
                "sends_via": "mailbox",
                "oauth_account_id": self.account.id,
                **values,
            }
        )

    @contextmanager
    def answering(self, *answers):
        """Let SMTP servers answer so, one after the other: a report, or an error."""
        given, self.asked = list(answers), []

        def check(settings):
            self.asked.append(settings)
            answer = given.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        with patch.object(ir_mail_server_oauth, "check", check):
            yield

    def press(self, *answers, address=None):
        """Test connection; returns the notification."""
        address = (address or self.address).with_user(self.system)
        with self.answering(*(answers or (GOOD,))):
            return address.action_test_connection()["params"]

    def says(self, error, *answers, address=None):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self.press(*(answers or (error,)), address=address)
        self.assertEqual(str(caught.exception), self.sentence(error))

    def sentence(self, error):
        return mailbox_errors.sentence(self.env, error)


class TestServer(FromOauthCase):
    """The ``ir.mail_server`` that such an address makes and keeps."""

    def test_it_is_made_for_microsoft(self):
        self.assertRecordValues(
            self.address.mail_server_id,
            [
                {
                    "name": f"From address {ADDRESS}",
                    "from_filter": ADDRESS,
                    "smtp_host": HOST,
                    "smtp_port": 587,
                    "smtp_encryption": "starttls_strict",
                    "smtp_authentication": "helpdesk_oauth",
                    "smtp_user": ADDRESS,
                    "smtp_pass": False,
                    "helpdesk_oauth_account_id": self.account.id,
                    "helpdesk_send_by": "smtp",
                    "helpdesk_is_own": True,
                    "owner_user_id": False,
                }
            ],
        )
        self.assertEqual(self.address.state, "unverified")
        self.assertFalse(self.address.mailbox_hint)
        self.assertFalse(self.address.is_verified_by_mail)

    def test_mailbox_and_host_can_be_others(self):
        server = self.address.mail_server_id
        self.address.write(
            {
                "smtp_user": "shared@acorn-tests.example",
                "smtp_host": "smtp.partner.outlook.cn",
                "smtp_encryption": "tls",
                "smtp_port": 465,
            }
        )
        self.assertEqual(self.address.mail_server_id, server)
        self.assertRecordValues(
            server,
            [
                {
                    "smtp_user": "shared@acorn-tests.example",
                    "smtp_host": "smtp.partner.outlook.cn",
                    "smtp_encryption": "ssl_strict",
                    "smtp_port": 465,
                }
            ],
        )

    def test_a_token_is_never_sent_unencrypted(self):
        with self.assertRaisesRegex(ValidationError, "only sent over an encrypted connection"):
            self.address.smtp_encryption = "none"

    def test_it_is_changed_at_the_address(self):
        server = self.address.mail_server_id.with_user(self.system)
        for name, value in (("smtp_host", "x.example"), ("from_filter", False)):
            with self.assertRaisesRegex(UserError, "belongs to the From address"):
                server.write({name: value})
        with self.assertRaisesRegex(UserError, "belongs to the From address"):
            server.unlink()

    def test_it_goes_when_the_address_sends_another_way(self):
        server = self.address.mail_server_id
        self.address.sends_via = "odoo"
        self.assertFalse(server.exists())
        self.assertFalse(self.address.oauth_account_id)

    def test_it_becomes_an_own_smtp_server_and_back(self):
        first = self.address.mail_server_id
        self.address.write(
            {
                "sends_via": "smtp",
                "smtp_host": "smtp.acorn-tests.example",
                "smtp_user": "anna",
                "new_smtp_password": "x",
            }
        )
        own = self.address.mail_server_id
        self.assertFalse(first.exists())
        self.assertRecordValues(
            own,
            [
                {
                    "smtp_authentication": "login",
                    "smtp_host": "smtp.acorn-tests.example",
                    "smtp_pass": "x",
                    "helpdesk_oauth_account_id": False,
                }
            ],
        )
        self.address.write({"sends_via": "mailbox", "oauth_account_id": self.account.id})
        self.assertFalse(own.exists())
        self.assertEqual(self.address.mail_server_id.smtp_host, HOST)
        self.assertFalse(self.address.mail_server_id.smtp_pass)

    def test_odoo_s_own_form_says_how_it_logs_in(self):
        server = self.address.mail_server_id
        self.assertIn("connected account", server.smtp_authentication_info)
        self.assertEqual(server.smtp_authentication, "helpdesk_oauth", "Odoo empties what is new")
        with Form(server.with_user(self.system)) as form:
            form.sequence = 7
        self.assertRecordValues(
            server,
            [{"sequence": 7, "smtp_host": HOST, "smtp_port": 587, "from_filter": ADDRESS}],
        )

    def test_the_account_is_not_removed_meanwhile(self):
        with self.assertRaisesRegex(UserError, "while it is used by"):
            self.account.unlink()

    def test_an_unproven_address_may_wait_for_its_sign_in(self):
        Address = self.FromAddress.with_user(self.system)
        address = Address.create({"email": "new@acorn-tests.example", "sends_via": "mailbox"})
        self.assertIn("chooses a connected Microsoft 365 account", address.mailbox_hint)
        with self.assertRaisesRegex(UserError, "No mailbox new@acorn-tests.example is connected"):
            address.action_test_connection()
        self.assertFalse(address._mail_server())
        address._sign_in_with(self.app)
        self.authority.person = ("new@acorn-tests.example", "key-of-new", "New")
        self.sign_in(address.new_account_id)
        self.assertEqual(address.oauth_account_id.username, "new@acorn-tests.example")
        self.assertEqual(address.mail_server_id.smtp_user, "new@acorn-tests.example")

    def test_what_answers_already_is_not_left_without_a_server(self):
        self.press()
        self.address.write({"sends_via": "odoo"})
        self.address._prove("mail")
        with self.assertRaisesRegex(UserError, f"No mailbox {ADDRESS} is connected"):
            self.address.sends_via = "mailbox"


class TestRights(FromOauthCase):
    def test_managers_see_that_a_mailbox_is_connected_but_not_with_whom(self):
        address = self.address.with_user(self.manager)
        [values] = address.read()
        self.assertEqual(values["sends_via"], "mailbox")
        for name in ("oauth_account_id", "new_account_id", "oauth_problem", "oauth_send_by"):
            self.assertNotIn(name, values)
            with self.assertRaises(AccessError):
                address.read([name])
        with self.assertRaises(AccessError):
            address.write({"oauth_account_id": False})
        with self.assertRaises(AccessError):
            address.action_send_through_graph()

    def test_another_address_is_proven_again(self):
        self.press()
        self.address.with_user(self.manager).email = "other@acorn-tests.example"
        self.assertEqual(self.address.state, "unverified")
        self.assertEqual(self.address.mail_server_id.from_filter, "other@acorn-tests.example")
        self.assertEqual(self.address.mail_server_id.smtp_user, ADDRESS)


class TestConnection(FromOauthCase):
    def test_no_other_host_gets_a_token_of_microsoft(self):
        self.address.smtp_host = "smtp.elsewhere.example"
        said = "^smtp.elsewhere.example is not a mail server of .* Type smtp.office365.com as the"
        with self.assertRaisesRegex(UserError, said):
            self.press()
        self.assertFalse(getattr(self, "asked", None))
        # nor when a mail is sent
        connection = MagicMock()
        server = self.address.mail_server_id
        with self.assertRaisesRegex(smtplib.SMTPAuthenticationError, said):
            server._smtp_login__(connection, ADDRESS, "")
        self.assertFalse(connection.auth.called or connection.docmd.called)

    def test_a_log_in_proves_it(self):
        said = self.press()
        self.assertEqual(
            said["message"],
            f"The connection works: {HOST} lets “{ADDRESS}” send as {ADDRESS}.",
        )
        self.assertEqual((self.address.state, self.address.proof), ("verified", "mailbox"))
        [settings] = self.asked
        self.assertEqual(
            (settings.token, settings.password, settings.encryption, settings.verify),
            ("planted-access-1", "", "starttls", True),
        )
        self.assertNotIn("planted", repr(settings))

    def test_another_account_mailbox_or_host_proves_nothing(self):
        other = self.make_account()
        self.authority.person = ("other@acorn-tests.example", "key-of-other", "Other")
        self.sign_in(other)
        changes = (
            {"oauth_account_id": other.id},
            {"smtp_user": "x@acorn-tests.example"},
            {"smtp_host": "smtp-mail.outlook.com"},
        )
        for change in changes:
            with self.subTest(change=change):
                self.press()
                self.address.write(change)
                self.assertEqual(self.address.state, "unverified")
                self.assertFalse(self.address.smtp_tested_date)
        self.press()
        self.address.write({"friendly_name": "Support"})
        self.assertEqual(self.address.state, "verified")

    def test_a_refused_token_is_renewed_once(self):
        refused = TokenRefused(host=HOST, user=ADDRESS, answer="535 5.7.3")
        self.press(refused, GOOD)
        self.assertEqual(
            [each.token for each in self.asked], ["planted-access-1", "planted-access-2"]
        )
        self.says(refused, refused, refused)

    def test_a_mailbox_of_others_says_that_the_account_has_no_rights_on_it(self):
        self.address.smtp_user = "shared@acorn-tests.example"
        refused = TokenRefused(host=HOST, user="shared@acorn-tests.example", answer="535 5.7.3")
        self.says(
            MailboxNotAllowed(host=HOST, user="shared@acorn-tests.example", account=ADDRESS),
            refused,
            refused,
        )

    def test_where_smtp_is_switched_off_it_says_where_to_switch_it_on_and_what_else(self):
        error = SmtpAuthOff("smtp_auth_off_mailbox", host=HOST, user=ADDRESS, answer="5.7.139")
        self.says(error)
        self.assertIn("Authenticated SMTP", self.sentence(error))
        self.assertIn("Microsoft Graph", self.sentence(error))
        self.assertEqual(self.address.state, "unverified")

    def test_an_account_with_a_problem_asks_nobody(self):
        self.revoke()
        self.says(SignInNeeded("sign_in_needed_revoked", account=self.account.display_name))
        self.assertFalse(self.asked)

    def test_odoo_s_own_test_says_the_same(self):
        server = self.address.mail_server_id.with_user(self.system)
        error = SmtpAuthOff("smtp_auth_off_tenant", host=HOST, user=ADDRESS, answer="5.7.139")
        with self.answering(error), self.assertRaises(UserError) as caught:
            server.test_smtp_connection()
        self.assertEqual(str(caught.exception), self.sentence(error))
        with self.answering(GOOD):
            said = server.test_smtp_connection()["params"]["message"]
        self.assertEqual(said, "The connection works.")
        with self.answering(GOOD):
            server.action_retrieve_max_email_size()
        self.assertEqual(server.max_email_size, 32.0)

    def test_without_an_account_it_says_what_to_do(self):
        server = self.address.mail_server_id
        server.helpdesk_oauth_account_id = False
        with self.assertRaises(UserError) as caught:
            server.test_smtp_connection()
        self.assertEqual(str(caught.exception), self.sentence(AccountMissing()))


class TestGraph(FromOauthCase):
    """Sending through Microsoft Graph, where SMTP AUTH is switched off."""

    @contextmanager
    def graph(self, *errors):
        raised, self.sent, self.checked = list(errors), [], []

        def send_mail(token, mime, sender, recipients, *, mailbox, **_place):
            self.sent.append(
                SimpleNamespace(
                    token=token, mime=mime, to=recipients, sender=sender, mailbox=mailbox
                )
            )
            if raised:
                raise raised.pop(0)

        def check_sender(token, sender, *, mailbox, **_place):
            self.checked.append((token, sender, mailbox))
            if raised:
                raise raised.pop(0)

        fake = SimpleNamespace(send_mail=send_mail, check_sender=check_sender, BASE="")
        with patch.object(ir_mail_server_oauth, "graph", fake):
            yield

    @contextmanager
    def sending(self):
        with patch.object(type(self.Server), "_disable_send", lambda _self: False):
            yield

    def switch(self):
        self.sign_in(resource="graph")
        with self.graph():
            return self.address.with_user(self.system).action_send_through_graph()

    def test_it_is_a_button_away(self):
        said = self.switch()["params"]
        self.assertEqual(said["message"], f"Microsoft Graph lets {ADDRESS} send.")
        self.assertEqual(self.address.mail_server_id.helpdesk_send_by, "graph")
        self.assertEqual(self.checked, [("planted-access-2", ADDRESS, "")])
        self.assertEqual((self.address.state, self.address.proof), ("verified", "mailbox"))

    def test_consent_to_it_is_asked_for(self):
        self.authority.error = SignInNeeded("sign_in_needed_consent", account=ADDRESS)
        action = self.address.with_user(self.system).action_send_through_graph()
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertIn("resource=graph", action["url"])
        self.assertIn(f"then=%2Fodoo%2Ffrom-addresses%2F{self.address.id}", action["url"])
        self.assertFalse(self.account._has_problem(), "its mailboxes are read meanwhile")

    def test_back_to_smtp(self):
        self.switch()
        with self.answering(GOOD):
            self.address.with_user(self.system).action_send_through_smtp()
        self.assertEqual(self.address.mail_server_id.helpdesk_send_by, "smtp")

    def message(self, **values):
        return self.Server._build_email__(
            **{
                "email_from": f"Support <{ADDRESS}>",
                "email_to": ["anna@customer.example"],
                "subject": "Grüße",
                "body": "<p>Hello</p>",
                "subtype": "html",
                "email_bcc": ["blind@customer.example"],
                **values,
            }
        )

    def test_a_mail_is_handed_over_whole(self):
        self.switch()
        with self.graph(), self.sending():
            self.Server.send_email(self.message(), mail_server_id=self.address.mail_server_id.id)
        [sent] = self.sent
        self.assertEqual(sent.token, "planted-access-2")
        self.assertEqual(sent.sender, ADDRESS)
        self.assertEqual(sent.to, ["anna@customer.example", "blind@customer.example"])
        self.assertIn(b"Subject: =?utf-8?", sent.mime)
        self.assertNotIn(b"blind@", sent.mime)
        self.assertNotIn(b"\n", sent.mime.replace(b"\r\n", b""))

    def test_a_shared_mailbox_sends_in_its_own_name(self):
        self.address.smtp_user = "shared@acorn-tests.example"
        self.switch()
        self.assertEqual(self.checked[0][2], "shared@acorn-tests.example")
        with self.graph(), self.sending():
            self.Server.send_email(self.message(), mail_server_id=self.address.mail_server_id.id)
        self.assertEqual(self.sent[0].mailbox, "shared@acorn-tests.example")

    def test_it_is_found_by_the_sender_too(self):
        self.switch()
        with self.graph(), self.sending():
            self.Server.send_email(self.message())
        self.assertEqual(len(self.sent), 1)

    def test_a_refused_token_is_renewed_once(self):
        self.switch()
        refused = TokenRefused(host="graph.microsoft.com", user=ADDRESS, answer="401")
        with self.graph(refused), self.sending():
            self.Server.send_email(self.message(), mail_server_id=self.address.mail_server_id.id)
        self.assertEqual(
            [each.token for each in self.sent], ["planted-access-2", "planted-access-3"]
        )

    @mute_logger("odoo.addons.base.models.ir_mail_server")
    def test_what_is_not_taken_is_an_error_of_sending(self):
        self.switch()
        refused = SenderRefused(host="graph", user=ADDRESS, sender=ADDRESS, answer="SendAsDenied")
        with self.graph(refused), self.sending(), self.assertRaises(MailDeliveryException):
            self.Server.send_email(self.message(), mail_server_id=self.address.mail_server_id.id)


class Connection:
    """smtplib's connection, as far as a log-in needs it."""

    def __init__(self, *answers, offered="XOAUTH2 LOGIN"):
        self.esmtp_features = {"auth": offered}
        self.answers = list(answers)
        self.said = []
        self.sock = MagicMock(spec=ssl.SSLSocket)
        self.sock.context.verify_mode = ssl.CERT_REQUIRED
        self.sock.context.check_hostname = True
        self.debuglevel = 1
        self.levels = []

    def ehlo_or_helo_if_needed(self):
        pass

    def docmd(self, command, args=""):
        self.said.append(f"{command} {args}".strip())
        self.levels.append(self.debuglevel)
        return self.answers.pop(0)


class TestLogIn(FromOauthCase):
    """XOAUTH2 on Odoo's own connection. Odoo's addons do not look at the answer."""

    def log_in(self, *answers, **options):
        connection = Connection(*answers, **options)
        self.address.mail_server_id._smtp_login__(connection, ADDRESS, "")
        return connection

    def test_it_logs_in(self):
        connection = self.log_in((334, b""), (235, b"2.7.0"))
        self.assertEqual(connection.said[0], "AUTH XOAUTH2")
        self.assertEqual(connection.user, ADDRESS)
        self.assertEqual(connection.levels, [0, 0], "nothing of it is logged")
        self.assertEqual(connection.debuglevel, 1)

    def test_a_refused_log_in_is_one(self):
        answers = [(334, b""), (535, SWITCHED_OFF)]
        with self.assertRaises(smtplib.SMTPAuthenticationError) as caught:
            self.log_in(*answers)
        self.assertIsInstance(caught.exception.mailbox_error, SmtpAuthOff)
        self.assertEqual(
            str(caught.exception),
            self.sentence(caught.exception.mailbox_error),
        )
        self.assertEqual(caught.exception.smtp_code, 535)

    def test_a_refused_token_is_renewed_on_the_same_connection(self):
        refused = [(334, b""), (334, b"eyJzdGF0dXMiOiI0MDEifQ=="), (535, b"5.7.3 unsuccessful")]
        connection = self.log_in(*refused, (334, b""), (235, b"2.7.0"))
        self.assertEqual(connection.said[2], "")
        self.assertEqual(len(connection.said), 5)
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.log_in(*refused, *refused)

    def test_a_busy_server_is_temporary(self):
        with self.assertRaises(smtplib.SMTPAuthenticationError) as caught:
            self.log_in((334, b""), (454, b"4.7.0 Temporary"))
        self.assertTrue(caught.exception.mailbox_error.temporary)
        self.assertEqual(caught.exception.smtp_code, 454)

    def test_other_servers_log_in_as_before(self):
        own = self.FromAddress.create(
            {
                "email": "own@acorn-tests.example",
                "sends_via": "smtp",
                "smtp_host": "smtp.acorn-tests.example",
                "smtp_user": "own",
                "new_smtp_password": "x",
            }
        )
        connection = SimpleNamespace(login=lambda *given: setattr(connection, "given", given))
        own.mail_server_id._smtp_login__(connection, "own", "x")
        self.assertEqual(connection.given, ("own", "x"))

    def test_the_servers_of_odoo_s_addon_for_outlook_log_in_as_before(self):
        if "microsoft_outlook_refresh_token" not in self.Server._fields:
            self.skipTest("Odoo's addon for Microsoft Outlook is not installed")
        server = self.Server.create(
            {
                "name": "Outlook",
                "smtp_host": "smtp.outlook.com",
                "smtp_authentication": "outlook",
                "smtp_encryption": "starttls",
                "smtp_user": "own@acorn-tests.example",
            }
        )
        connection = MagicMock()
        with patch.object(
            type(server), "_generate_outlook_oauth2_string", lambda _server, user: f"for {user}"
        ):
            server._smtp_login__(connection, "own@acorn-tests.example", "")
        [said] = connection.docmd.call_args_list
        encoded = base64.b64encode(b"for own@acorn-tests.example").decode()
        self.assertEqual(said.args, ("AUTH", f"XOAUTH2 {encoded}"))
        self.assertNotIn("connected account", server.smtp_authentication_info)
        selection = self.Server._fields["smtp_authentication"].get_values(self.env)
        self.assertEqual(len(selection), len(set(selection)))
        self.assertLessEqual({"login", "outlook", "helpdesk_oauth"}, set(selection))


class TestWaiting(FromOauthCase):
    """Answers wait while the account has a problem, and leave after the sign-in."""

    def setUp(self):
        super().setUp()
        self.press()
        self.ticket = self.env["helpdesk.ticket"].create(
            {"name": "Printer", "partner_email": "anna@customer.example", "description": "."}
        )

    def mail(self, **values):
        return self.env["mail.mail"].create(
            {
                "model": "helpdesk.ticket",
                "res_id": self.ticket.id,
                "email_from": ADDRESS,
                "email_to": "anna@customer.example",
                "subject": "Printer",
                "body_html": "<p>Hello</p>",
                "mail_server_id": self.address.mail_server_id.id,
                "state": "outgoing",
                **values,
            }
        )

    def send(self, mails):
        """Nobody may be connected to."""
        connect = patch.object(smtplib, "SMTP", side_effect=AssertionError("connected"))
        sending = patch.object(type(self.Server), "_disable_send", lambda _self: False)
        settle = patch.object(
            type(mails), "_mailflow_settle_sender", lambda mails: None
        )  # whose face it is has its own tests
        with connect, sending, settle:
            mails.send()

    def test_they_wait_without_a_connection_however_long_it_takes(self):
        self.revoke()
        mails = self.mail() + self.mail()
        self.env.cr.execute(
            "UPDATE mail_mail SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=30), mails[0].id],
        )
        self.env.invalidate_all()
        self.send(mails)
        self.assertEqual(mails.mapped("state"), ["outgoing", "outgoing"])
        self.assertEqual(mails.mapped("helpdesk_tries"), [1, 1])
        self.assertTrue(all(mails.mapped("scheduled_date")))
        self.sign_in()
        self.env.invalidate_all()
        self.assertFalse(any(mails.mapped("scheduled_date")), "they leave with the next run")

    def test_what_waits_for_what(self):
        report = SendingReport()
        cases = (
            (SignInNeeded("sign_in_needed_first"), True, True, "mail_waits_sign_in"),
            (AccountMissing(), True, True, "mail_waits_sign_in"),
            (
                ConnectionTimedOut(host="h", port=1, seconds=1),
                True,
                False,
                "mail_waits_away",
            ),
            (TokenRefused(host="h", user="u", answer="a"), True, False, "mail_waits_login"),
            (SenderRefused(host="h", user="u", sender="s", answer="a"), False, False, None),
            (SendingSlowed(host="h", sender="s", answer="a", seconds=90), True, False, None),
            (MailTooLarge(host="h", limit="3", size="4"), False, False, None),
        )
        for error, waits, about_sign_in, code in cases:
            with self.subTest(error=error.code):
                report.failed(error)
                self.assertEqual(report.is_temporary, waits)
                self.assertEqual(report.is_about_sign_in, about_sign_in)
                if code:
                    self.assertEqual(report.why()[0], code)


class TestForm(FromOauthCase):
    def test_microsoft_is_filled_in(self):
        with Form(self.FromAddress.with_user(self.system)) as form:
            form.email = "new@acorn-tests.example"
            form.sends_via = "mailbox"
            form.oauth_account_id = self.account
            self.assertEqual(form.smtp_user, "new@acorn-tests.example")
            self.assertEqual((form.smtp_host, form.smtp_port_choice), (HOST, "587"))
            form.smtp_user = "shared@acorn-tests.example"
        self.assertRecordValues(
            form.record.mail_server_id,
            [{"smtp_user": "shared@acorn-tests.example", "smtp_host": HOST, "smtp_port": 587}],
        )
