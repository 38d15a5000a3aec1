# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide's roads with user and password: what is found, where passwords go, both log-ins.

What name servers and mail servers really answer is in tests/engine and tests/mailbox, both
log-ins on real servers are in tests/e2e.
"""

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from odoo.tests import Form, tagged

from ..mailflow import errors
from ..mailflow.autoconfig import Candidate, Found, Source, look_up
from ..mailflow.mailbox import Folder
from ..mailflow.refusal import explain
from ..mailflow.smtp import SmtpReport
from ..models import (
    fetchmail_server,
    helpdesk_from_address_smtp,
    helpdesk_mailbox_connection_lookup,
    helpdesk_mailbox_connection_provider,
)
from .common import MailflowCase

EMAIL = "help@acorn-tests.example"
SECRET = "planted-secret-of-the-mailbox"
OTHER_SECRET = "planted-secret-for-sending"
GOOD = SmtpReport(
    logged_in=True, tls="TLSv1.3", starttls_offered=False, max_megabytes=32.0, not_received=""
)
IMAP = Candidate(
    "imap", "imap.acorn-tests.example", 993, "tls", EMAIL, Source.FILE, "autoconfig.acorn.example"
)
STARTTLS = Candidate(
    "imap", "imap.acorn-tests.example", 143, "starttls", EMAIL, Source.GUESS, "acorn-tests.example"
)
SMTP = Candidate(
    "smtp", "mail.elsewhere.example", 587, "starttls", EMAIL, Source.SRV, "acorn-tests.example"
)
FOUND = Found(EMAIL, name="Acorn Mail", incoming=(IMAP, STARTTLS), outgoing=(SMTP,))
GOOGLE = Found(
    EMAIL,
    provider="google",
    name="Google Workspace",
    road="gmail",
    via=Source.MX,
    where="smtp.google.com",
)
FOLDERS = (
    Folder("INBOX", "", True),
    Folder("[Gmail]", "", False),
    Folder("[Gmail]/Gesendet", "\\Sent", True),
    Folder("[Gmail]/Spam", "\\Junk", True),
)


class Mailbox:
    """A session with a mailbox that has folders."""

    def __init__(self, folders=FOLDERS):
        self._folders = folders

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        """Nothing to close."""

    def folders(self):
        return list(self._folders)


def login_refused(server, answer="no", code=""):
    return errors.LoginRefused(code, host=server.host, user=server.user, answer=answer)


@tagged("post_install", "-at_install")
class ConnectCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_user("mf-connect-system", "base.group_system")

    @contextmanager
    def world(self, found=FOUND, users=(EMAIL,), senders=(EMAIL,), error=None):
        """Let the world answer so.

        :param found: about each address, or None if nobody may be asked
        :param users: whose log-in to read works, with :data:`SECRET`
        :param senders: whose log-in to send works, with either secret
        :param error: what reading fails with, made of the server
        """
        self.logins = []

        def answer(email, **_options):
            self.assertIsNotNone(found, "nobody was to be asked")
            return found and replace(found, email=email)

        def connect(server):
            self.logins.append((server.protocol, server.user, server.password))
            if error:
                raise error(server)
            if server.user not in users or server.password != SECRET:
                raise login_refused(server)
            return Mailbox()

        def check(settings):
            self.logins.append(("smtp", settings.user, settings.password))
            if settings.user not in senders or settings.password not in (SECRET, OTHER_SECRET):
                raise login_refused(settings)
            return GOOD

        def choose(found, *_options):
            return next(iter(found.incoming), None), next(iter(found.outgoing), None)

        with (
            patch.object(helpdesk_mailbox_connection_lookup, "look_up", answer),
            patch.object(helpdesk_mailbox_connection_provider, "choose", choose),
            patch.object(fetchmail_server, "connect", connect),
            patch.object(helpdesk_from_address_smtp, "check", check),
        ):
            yield

    def begin(self, road="provider", user=None, **values):
        """A connection at the step *connect*."""
        connection = (
            self.env["helpdesk.mailbox.connection"]
            .with_user(user or self.system)
            .create({"email": EMAIL, **values})
        )
        connection.action_next()
        connection.road = road
        connection.action_next()
        self.assertEqual(connection.step, "connect", connection.problem)
        return connection

    def assertStays(self, connection, problem):
        connection.action_next()
        self.assertEqual(connection.step, "connect")
        self.assertEqual(connection.problem, problem)


@tagged("post_install", "-at_install")
class TestLookUp(ConnectCase):
    def address(self, found):
        with self.world(found):
            connection = (
                self.env["helpdesk.mailbox.connection"]
                .with_user(self.system)
                .create({"email": EMAIL})
            )
            connection.action_next()
        return connection

    def test_a_well_known_provider_is_suggested(self):
        connection = self.address(GOOGLE)
        self.assertEqual((connection.suggested_road, connection.road), ("gmail", "gmail"))
        self.assertEqual(
            connection.found_text,
            "Mail to acorn-tests.example is taken in by smtp.google.com: that is Google Workspace.",
        )

    def test_what_was_found_is_said_with_where(self):
        self.assertEqual(
            self.address(FOUND).found_text,
            "Found in the settings that autoconfig.acorn.example publishes.",
        )

    def test_mailboxes_that_nobody_can_read_are_to_be_forwarded(self):
        connection = self.address(
            Found(EMAIL, provider="outlook", name="Outlook.com", road="forward", via=Source.DOMAIN)
        )
        self.assertEqual(connection.road, "forward")
        self.assertEqual(
            connection.found_text,
            "help@acorn-tests.example is an address at Outlook.com.\nPersonal Outlook.com accounts"
            " cannot be read by Odoo. Forward the mailbox to a provided address.",
        )

    def test_nothing_found_suggests_nothing(self):
        connection = self.address(Found(EMAIL))
        self.assertFalse(connection.suggested_road)
        self.assertIn("says nothing about its mail servers", connection.found_text)
        connection = self.address(Found(EMAIL, complete=False))
        self.assertIn("Look again in a few minutes", connection.found_text)

    def test_the_same_address_is_looked_for_once(self):
        connection = self.address(FOUND)
        connection.action_back()
        with self.world(None):
            connection.action_next()
        self.assertEqual(connection.step, "road")
        with self.world(GOOGLE):
            connection.action_look_again()
        self.assertEqual(connection.suggested_road, "gmail")

    def test_another_address_is_not_taken_for_the_former(self):
        connection = self.address(FOUND)
        connection.email = "sales@acorn-tests.example"
        self.assertFalse(connection.found_text)

    def test_a_manager_learns_the_provider_but_no_host_of_settings(self):
        manager = self.make_user("mf-connect-mgr", "helpdesk_mgmt.group_helpdesk_manager")
        with self.world(GOOGLE):
            connection = (
                self.env["helpdesk.mailbox.connection"].with_user(manager).create({"email": EMAIL})
            )
            connection.action_next()
        self.assertEqual((connection.step, connection.suggested_road), ("road", "gmail"))
        self.assertFalse(connection.road, "what a manager cannot take is not chosen")
        self.assertTrue(connection.found_text)
        names = connection.fields_get().keys()
        self.assertFalse(
            names & {"found", "in_host", "new_password", "has_password", "outgoing_draft_id"}
        )

    def test_without_name_servers_the_step_is_left_all_the_same(self):
        parameters = self.env["ir.config_parameter"]
        # nobody listens at this port
        parameters.set_param("helpdesk_mailflow.dns_nameservers", "127.0.0.1:9")
        with patch.object(helpdesk_mailbox_connection_lookup, "look_up", look_up):
            connection = (
                self.env["helpdesk.mailbox.connection"]
                .with_user(self.system)
                .create({"email": EMAIL})
            )
            connection.action_next()
            self.assertEqual((connection.step, connection.problem), ("road", False))
            self.assertIn("Look again in a few minutes", connection.found_text)
            parameters.set_param("helpdesk_mailflow.dns_nameservers", "ns.example.com")
            connection.action_look_again()
        self.assertIn("does not name name servers", connection.problem)


@tagged("post_install", "-at_install")
class TestProvider(ConnectCase):
    def test_what_was_found_is_filled_in(self):
        with self.world():
            connection = self.begin()
        self.assertRecordValues(
            connection,
            [
                {
                    "in_protocol": "imap",
                    "in_host": "imap.acorn-tests.example",
                    "in_port": 993,
                    "in_encryption": "tls",
                    "in_user": EMAIL,
                    "out_host": "mail.elsewhere.example",
                    "out_port": 587,
                    "out_encryption": "starttls",
                    "out_user": EMAIL,
                }
            ],
        )
        self.assertEqual(
            connection.in_source_text,
            "Found in the settings that autoconfig.acorn.example publishes.\nAlso found:"
            " imap.acorn-tests.example:143 (IMAP, STARTTLS).",
        )
        self.assertEqual(
            connection.out_source_text,
            "Found in the DNS records of acorn-tests.example. mail.elsewhere.example belongs to"
            " somebody else: check that this is your provider before you type a password.",
        )

    def test_both_log_ins_make_scanner_and_from_address(self):
        with self.world():
            connection = self.begin(new_password=False)
            connection.write({"new_password": SECRET, "read_spam": True})
            connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("place", False))
        scanner = connection.scanner_id
        self.assertRecordValues(
            scanner,
            [
                {
                    "server": "imap.acorn-tests.example",
                    "port": 993,
                    "encryption": "tls",
                    "server_type": "imap",
                    "user": EMAIL,
                    "password": SECRET,
                    "state": "draft",
                    "is_scanner": True,
                }
            ],
        )
        self.assertEqual(scanner._folders_to_read().mapped("name"), ["INBOX", "[Gmail]/Spam"])
        address = connection.from_address_id
        self.assertRecordValues(
            address,
            [
                {
                    "email": EMAIL,
                    "sends_via": "smtp",
                    "state": "verified",
                    "proof": "login",
                    "smtp_host": "mail.elsewhere.example",
                    "smtp_port": 587,
                    "smtp_encryption": "starttls",
                    "smtp_user": EMAIL,
                }
            ],
        )
        self.assertEqual(address.mail_server_id.smtp_pass, SECRET)
        self.assertEqual(self.logins, [("imap", EMAIL, SECRET), ("smtp", EMAIL, SECRET)])

    def test_a_password_is_kept_where_it_belongs_and_nowhere_else(self):
        with self.world():
            connection = self.begin()
            connection.write(
                {
                    "new_password": SECRET,
                    "same_password": False,
                    "new_smtp_password": OTHER_SECRET,
                }
            )
            self.assertEqual(connection.scanner_id.password, SECRET)
            self.assertFalse(connection.from_address_id, "nothing sends before it was tried")
            draft = connection.outgoing_draft_id
            self.assertEqual((draft.smtp_pass, draft.active), (OTHER_SECRET, False))
            said = str(connection.read()) + str(connection.export_data(["new_password", "found"]))
            saved = connection.web_save(
                {"new_password": SECRET, "new_smtp_password": OTHER_SECRET},
                {"new_password": {}, "new_smtp_password": {}},
            )
            said += str(saved)
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertFalse(draft.exists())
        self.assertEqual(connection.from_address_id.mail_server_id.smtp_pass, OTHER_SECRET)
        said += str(connection.read()) + str(connection.problem)
        self.assertNotIn(SECRET, said)
        self.assertNotIn(OTHER_SECRET, said)
        self.env.cr.execute("SELECT * FROM helpdesk_mailbox_connection")
        self.assertNotIn("planted", str(self.env.cr.fetchall()))
        self.assertTrue(connection.has_password and connection.has_smtp_password)

    def test_a_refused_log_in_is_said_and_changes_nothing(self):
        with self.world(users=()):
            connection = self.begin()
            connection.new_password = SECRET
            self.assertStays(
                connection,
                "imap.acorn-tests.example refused to log in “help@acorn-tests.example” and said"
                " “no”. Check user and password; some providers want an app password here, or have"
                " to be told to allow this protocol.",
            )
        self.assertEqual(
            self.logins,
            [("imap", EMAIL, SECRET), ("imap", "help", SECRET)],
            "the local part is tried, too",
        )
        self.assertFalse(connection.from_address_id)
        # the password need not be typed again
        self.assertTrue(connection.has_password)

    def test_a_refused_sender_leaves_the_from_address_as_it_was(self):
        address = self.env["helpdesk.from.address"].create({"email": EMAIL})
        address._prove("mail")
        with self.world(senders=()):
            connection = self.begin()
            connection.new_password = SECRET
            connection.action_next()
        self.assertEqual(connection.step, "connect")
        self.assertIn("mail.elsewhere.example refused to log in", connection.problem)
        self.assertEqual((address.sends_via, address.state), ("odoo", "verified"))

    def test_a_user_that_is_the_local_part_is_found_by_trying(self):
        with self.world(users=("help",), senders=("help",)):
            connection = self.begin()
            connection.new_password = SECRET
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertEqual(connection.scanner_id.user, "help")
        self.assertEqual(connection.from_address_id.smtp_user, "help")
        self.assertEqual((connection.in_user, connection.out_user), ("help", "help"))

    def test_another_user_than_the_address_is_not_second_guessed(self):
        with self.world(users=()):
            connection = self.begin()
            connection.write({"new_password": SECRET, "in_user": "m0123456"})
            connection.action_next()
        self.assertEqual(self.logins, [("imap", "m0123456", SECRET)])

    def test_a_server_that_is_not_there_is_said(self):
        def gone(server):
            return errors.NameNotFound(host=server.host)

        with self.world(error=gone):
            connection = self.begin()
            connection.new_password = SECRET
            self.assertStays(
                connection,
                "The mail server “imap.acorn-tests.example” was not found. Check the spelling of"
                " its name, and that this server can look up names in the DNS.",
            )
        self.assertEqual(len(self.logins), 1)

    def test_incoming_only(self):
        with self.world():
            connection = self.begin(direction="in")
            connection.new_password = SECRET
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertTrue(connection.scanner_id)
        self.assertFalse(connection.from_address_id)
        self.assertEqual([login[0] for login in self.logins], ["imap"])

    def test_outgoing_only(self):
        with self.world():
            connection = self.begin(direction="out")
            connection.new_smtp_password = SECRET
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertFalse(connection.scanner_id)
        self.assertEqual(connection.from_address_id.mail_server_id.smtp_pass, SECRET)
        self.assertEqual([login[0] for login in self.logins], ["smtp"])

    def test_who_changes_to_outgoing_only_needs_no_scanner(self):
        with self.world():
            connection = self.begin()
            connection.new_password = SECRET
            scanner = connection.scanner_id
            connection.direction = "out"
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertFalse(scanner.exists())

    def test_what_is_missing_is_asked_for(self):
        with self.world(Found(EMAIL)):
            connection = self.begin()
            missing_host = (
                "Type the name of the mail server, as the provider of the mailbox tells its"
                " customers."
            )
            self.assertStays(connection, missing_host)
            connection.write({"in_host": " imap.by-hand.example ", "in_port": 70000})
            self.assertStays(connection, "70000 is no port.")
            connection.write({"in_port": 993, "in_user": False})
            self.assertStays(connection, "Type the user that the mailbox is read as.")
            connection.in_user = EMAIL
            self.assertStays(connection, missing_host)
            connection.out_host = "smtp.by-hand.example"
            self.assertStays(connection, "Type the password of the mailbox.")
            connection.write({"new_password": SECRET, "same_password": False})
            self.assertStays(connection, "Type the password for sending.")
            connection.new_smtp_password = OTHER_SECRET
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertEqual(connection.scanner_id.server, "imap.by-hand.example")

    def test_what_was_typed_stays_when_the_step_is_entered_again(self):
        with self.world():
            connection = self.begin()
            connection.in_host = "imap.by-hand.example"
            connection.action_back()
            connection.action_next()
            self.assertEqual(connection.in_host, "imap.by-hand.example")
            self.assertTrue(connection.in_source_text.startswith("Also found: "))
            connection.action_look_for_settings()
        self.assertEqual(connection.in_host, "imap.acorn-tests.example")

    def test_the_settings_of_another_address_are_found_anew(self):
        with self.world():
            connection = self.begin()
            connection.in_host = "imap.by-hand.example"
            connection.write({"step": "address", "email": "sales@acorn-tests.example"})
            connection.action_next()
            connection.action_next()
        self.assertEqual(connection.in_user, EMAIL, "of the candidate")
        self.assertNotEqual(connection.in_host, "imap.by-hand.example")

    def test_what_another_road_knew_does_not_stay(self):
        with self.world():
            connection = self.begin("gmail")
            connection.new_password = SECRET
            connection.action_next()
            self.assertEqual(connection.scanner_id.authserv_id, "mx.google.com")
            connection.write({"step": "road", "road": "provider"})
            connection.action_next()
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertFalse(connection.scanner_id.authserv_id)
        self.assertEqual(connection.from_address_id.smtp_host, "mail.elsewhere.example")

    def test_a_mailbox_that_is_read_by_another_name_is_not_read_twice(self):
        there = self.env["fetchmail.server"].create(
            {
                "name": "By its short name",
                "is_scanner": True,
                "server": "IMAP.acorn-tests.example",
                "user": EMAIL.partition("@")[0],
                "state": "done",
            }
        )
        settings = {"in_host": "imap.acorn-tests.example", "out_host": "smtp.acorn-tests.example"}
        with self.world():
            connection = self.begin()
            connection.write({**settings, "in_user": EMAIL, "new_password": SECRET})
            connection.action_next()
            self.assertEqual(connection.step, "connect")
            self.assertIn("is read by the mail scanner “By its short name”", connection.problem)
            # another server's user of that name is somebody else
            there.server = "imap.elsewhere.example"
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)

    def test_a_mailbox_that_is_read_may_still_be_answered_as(self):
        self.env["fetchmail.server"].create(
            {
                "name": "Reads it",
                "is_scanner": True,
                "server": "imap.acorn-tests.example",
                "user": EMAIL,
                "state": "done",
            }
        )
        with self.world():
            connection = self.begin(direction="out")
            connection.write({"out_host": "smtp.acorn-tests.example", "new_password": SECRET})
            connection.action_next()
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertEqual(connection.from_address_id.state, "verified")

    def test_discarding_takes_drafts_away(self):
        with self.world():
            connection = self.begin()
            connection.write({"new_password": SECRET, "new_smtp_password": OTHER_SECRET})
            scanner, draft = connection.scanner_id, connection.outgoing_draft_id
            connection.action_discard()
        self.assertFalse(scanner.exists() or draft.exists())

    def test_the_screen_says_what_it_is_at(self):
        with self.world():
            connection = self.begin()
            connection.new_password = SECRET
            first = connection.with_context(mailflow_with_words=True).action_next()
            self.assertEqual(first["tag"], "helpdesk_mailflow.go_on")
            self.assertEqual(
                first["params"]["message"],
                "Logging in to imap.acorn-tests.example as help@acorn-tests.example, to read …",
            )
            self.assertEqual(self.logins, [])
            second = self.go_on(connection, first)
            self.assertEqual(
                second["params"]["message"],
                "The mailbox can be read: 3 folders were found. Asking mail.elsewhere.example"
                " whether it sends as help@acorn-tests.example …",
            )
            self.assertEqual(connection.step, "connect")
            self.assertEqual([login[0] for login in self.logins], ["imap"])
            self.assertFalse(self.go_on(connection, second))
        self.assertEqual(connection.step, "place", connection.problem)
        self.assertEqual([login[0] for login in self.logins], ["imap", "smtp"])
        self.assertNotIn(SECRET, str([first, second]))

    def go_on(self, connection, action):
        params = action["params"]
        self.assertEqual((params["model"], params["id"]), (connection._name, connection.id))
        return getattr(connection.with_context(**params["context"]), params["method"])()

    def test_ports_follow_the_encryption_unless_chosen(self):
        with self.world():
            connection = self.begin()
        with Form(connection) as form:
            form.in_encryption = "starttls"
            self.assertEqual(form.in_port, 143)
            form.in_protocol = "pop"
            self.assertEqual(form.in_port, 110)
            form.in_port = 1110
            form.in_encryption = "tls"
            self.assertEqual(form.in_port, 1110)
            form.out_encryption = "tls"
            self.assertEqual(form.out_port, 465)


@tagged("post_install", "-at_install")
class TestGmail(ConnectCase):
    def test_the_spaces_that_google_shows_are_no_part_of_the_password(self):
        with self.world(GOOGLE):
            connection = self.begin("gmail")
            connection.new_password = " abcd efgh ijkl mnop "
            self.assertEqual(connection.scanner_id.password, "abcdefghijklmnop")
            connection.new_password = "with spaces of its own"
            self.assertEqual(connection.scanner_id.password, "with spaces of its own")

    def test_everything_is_set_up(self):
        with self.world(GOOGLE):
            connection = self.begin("gmail")
            connection.new_password = SECRET
            connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("place", False))
        self.assertRecordValues(
            connection.scanner_id,
            [
                {
                    "server": "imap.gmail.com",
                    "port": 993,
                    "encryption": "tls",
                    "verify_certificate": True,
                    "authserv_id": "mx.google.com",
                    "user": EMAIL,
                }
            ],
        )
        self.assertEqual(connection.scanner_id._folders_to_read().mapped("name"), ["INBOX"])
        self.assertRecordValues(
            connection.from_address_id,
            [{"smtp_host": "smtp.gmail.com", "smtp_port": 465, "state": "verified"}],
        )
        self.assertTrue(
            self.env["helpdesk.own.address"].search([("email", "=", EMAIL)]),
            "nothing is sent to the mailbox itself",
        )

    def test_without_a_password_it_stays(self):
        with self.world(GOOGLE):
            self.assertStays(
                self.begin("gmail"),
                "Paste the app password of help@acorn-tests.example: 16 letters that Google shows"
                " once.",
            )

    def test_what_google_means_is_said(self):
        """Tells a normal password, 2-step verification that is off, and IMAP that is off apart."""
        typed = {"app": "abcd efgh ijkl mnop", "normal": SECRET}
        credentials = "[AUTHENTICATIONFAILED] Invalid credentials (Failure)"
        for kind, answer, sentence in (
            (
                "normal",
                "[ALERT] Application-specific password required (Failure)",
                "Google does not take the normal password of “help@acorn-tests.example” here, since"
                " 2-step verification is on. Make an app password and use it instead:"
                " https://myaccount.google.com/apppasswords",
            ),
            (
                "normal",
                credentials,
                "Google refused to log in “help@acorn-tests.example” and said"
                f" “{credentials}”. What was typed does not look like an app password (16 letters),"
                " and Google takes no other password here. Switch on 2-step verification"
                " (https://myaccount.google.com/signinoptions/twosv), then make an app password:"
                " https://myaccount.google.com/apppasswords",
            ),
            (
                "app",
                credentials,
                "Google does not know this app password for “help@acorn-tests.example” and said"
                f" “{credentials}”. Check the address, and that the app password belongs to this"
                " account; changing the normal password removes all app passwords. Make a new one:"
                " https://myaccount.google.com/apppasswords",
            ),
            (
                "app",
                "[ALERT] Your account is not enabled for IMAP use.",
                "IMAP is switched off for the mailbox “help@acorn-tests.example” on imap.gmail.com,"
                " which said “[ALERT] Your account is not enabled for IMAP use.”. Switch it on in"
                " the settings of the mailbox on the provider's website (with Gmail under Settings"
                " › Forwarding and POP/IMAP).",
            ),
        ):
            with (
                self.subTest(answer=answer, kind=kind),
                self.world(GOOGLE, error=lambda server, said=answer: explain(server, said)),
            ):
                connection = self.begin("gmail")
                connection.new_password = typed[kind]
                self.assertStays(connection, sentence)
                self.assertEqual(len(self.logins), 1)

    def test_without_odoo_s_addon_there_is_no_sign_in(self):
        with self.world(GOOGLE):
            connection = self.begin("gmail")
        if connection.offers_google_sign_in:
            self.skipTest("Odoo's addon for Gmail is installed and set up")
        self.assertFalse(connection.action_sign_in_to_google())
        self.assertEqual(
            connection.problem,
            "Install Odoo's addon Gmail and fill in its client in the settings first, or use an app"
            " password.",
        )
        self.assertFalse(connection.scanner_id)

    def test_the_scanner_leads_back_to_the_guide(self):
        with self.world(GOOGLE):
            connection = self.begin("gmail")
            connection.new_password = SECRET
        scanner = connection.scanner_id
        self.assertTrue(scanner.is_in_guide)
        self.assertEqual(scanner.action_back_to_guide()["res_id"], connection.id)
        connection.sudo().activated_date = "2026-11-02 08:00:00"
        self.assertFalse(scanner.is_in_guide)

    def test_the_local_part_is_not_tried_at_google(self):
        with self.world(GOOGLE, users=()):
            connection = self.begin("gmail")
            connection.new_password = SECRET
            connection.action_next()
        self.assertEqual([login[1] for login in self.logins], [EMAIL])
