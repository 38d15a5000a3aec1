# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The own SMTP server of a From address. What servers really answer is in tests/mailbox; that
mails leave by these servers, in tests/e2e."""

import smtplib
from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import file_open, mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..mailflow import errors
from ..mailflow.smtp import SmtpReport
from ..models import (
    helpdesk_from_address_mailbox,
    helpdesk_from_address_smtp,
    mailbox_errors,
)
from .test_from_address import GROUP, FromAddressCase

GOOD = SmtpReport(
    logged_in=True, tls="TLSv1.3", starttls_offered=False, max_megabytes=32.0, not_received=""
)
PASSWORD = "not-for-browsers"
SETTINGS = {
    "smtp_host": "smtp.acorn-tests.example",
    "smtp_user": "anna",
    "new_smtp_password": PASSWORD,
}


@tagged("post_install", "-at_install")
class SmtpCase(FromAddressCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_user("mf-from-system", "base.group_system")
        cls.Server = cls.env["ir.mail_server"]
        cls.own = cls.make_own("anna@acorn-tests.example")

    @classmethod
    def make_own(cls, email, **values):
        return cls.make_from(email, **{"sends_via": "smtp", **SETTINGS, **values})

    @contextmanager
    def answering(self, answer):
        """Let SMTP servers answer so: a report, or an error."""
        self.asked = []

        def check(settings):
            self.asked.append(settings)
            if isinstance(answer, Exception):
                raise answer
            return answer

        with patch.object(helpdesk_from_address_smtp, "check", check):
            yield

    def press(self, address=None, user=None, answer=GOOD):
        """Test connection; returns the notification."""
        address = (address or self.own).with_user(user or self.system)
        with self.answering(answer):
            return address.action_test_connection()["params"]


class TestServer(SmtpCase):
    """The ``ir.mail_server`` that an address makes and keeps."""

    def test_it_is_made(self):
        server = self.own.mail_server_id
        self.assertRecordValues(
            server,
            [
                {
                    "name": "From address anna@acorn-tests.example",
                    "from_filter": "anna@acorn-tests.example",
                    "smtp_host": "smtp.acorn-tests.example",
                    "smtp_port": 587,
                    "smtp_encryption": "starttls_strict",
                    "smtp_authentication": "login",
                    "smtp_user": "anna",
                    "smtp_pass": PASSWORD,
                    "active": True,
                }
            ],
        )
        self.assertEqual(self.own._mail_server(), server)

    def test_every_kind_of_encryption(self):
        expected = {
            ("none", True): "none",
            ("starttls", True): "starttls_strict",
            ("starttls", False): "starttls",
            ("tls", True): "ssl_strict",
            ("tls", False): "ssl",
        }
        for (encryption, is_checked), theirs in expected.items():
            self.own.write({"smtp_encryption": encryption, "smtp_check_certificate": is_checked})
            self.assertEqual(self.own.mail_server_id.smtp_encryption, theirs)
            self.env.invalidate_all()
            self.assertEqual(self.own.smtp_encryption, encryption)
            self.assertEqual(self.own.smtp_check_certificate, is_checked)

    def test_it_is_changed(self):
        server = self.own.mail_server_id
        self.own.write({"smtp_host": " other.example ", "smtp_port": 2525})
        self.assertEqual(self.own.mail_server_id, server)
        self.assertEqual((server.smtp_host, server.smtp_port), ("other.example", 2525))
        self.assertEqual(server.smtp_pass, PASSWORD, "what is not given stays")
        self.assertEqual(self.own.smtp_port_choice, "other")
        self.own.email = "Bert@acorn-tests.example"
        self.assertEqual(server.from_filter, "bert@acorn-tests.example")
        self.assertEqual(server.name, "From address bert@acorn-tests.example")

    def test_without_a_user_no_password_is_kept(self):
        self.own.smtp_user = False
        self.assertFalse(self.own.mail_server_id.smtp_pass)
        self.assertFalse(self.own.has_smtp_password)

    def test_it_goes_with_the_address(self):
        server = self.own.mail_server_id
        self.own.unlink()
        self.assertFalse(server.exists())

    def test_it_goes_when_the_address_sends_another_way(self):
        server = self.own.mail_server_id
        self.own.with_user(self.manager).sends_via = "odoo"
        self.assertFalse(server.exists())
        self.assertFalse(self.own.mail_server_id)

    def test_a_leader_of_the_team_does_not_give_it_up(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Desk", "company_id": self.company.id, "alias_name": False}
        )
        leader = self.make_user("mf-leader", "helpdesk_mgmt.group_helpdesk_user_own")
        team.write({"user_id": leader.id, "user_ids": [(4, leader.id)]})
        self.own.team_id = team
        server = self.own.mail_server_id
        mine = self.own.with_user(leader)
        for way in ("odoo", "mailbox"):
            with self.subTest(way=way), self.assertRaisesRegex(AccessError, "helpdesk manager"):
                mine.sends_via = way
        mine.write({"sends_via": "smtp", "friendly_name": "Anna"})
        self.assertTrue(server.exists())
        self.assertEqual(self.own.mail_server_id, server)
        self.assertEqual(server.smtp_pass, PASSWORD)

    def test_an_existing_server_that_was_chosen_stays(self):
        server = self.Server.create({"name": "By hand", "smtp_host": "x.example"})
        self.own.mail_server_id = server
        self.assertEqual(self.own.smtp_host, "x.example")
        self.assertEqual((server.name, server.from_filter), ("By hand", False))
        self.own.sends_via = "odoo"
        self.assertTrue(server.exists())

    def test_a_server_is_needed(self):
        with self.assertRaisesRegex(UserError, "Fill in the SMTP server"):
            self.make_from("c@acorn-tests.example", sends_via="smtp")
        with self.assertRaisesRegex(UserError, "Only a system administrator"):
            self.proven.with_user(self.manager).sends_via = "smtp"
        with self.assertRaisesRegex(ValidationError, "70000 is no port"):
            self.own.smtp_port = 70000

    def test_several_at_once(self):
        both = self.FromAddress.create(
            [
                {"email": "d@acorn-tests.example", "sends_via": "smtp", **SETTINGS},
                {"email": "e@acorn-tests.example"},
            ]
        )
        self.assertEqual(both[0].mail_server_id.from_filter, "d@acorn-tests.example")
        self.assertFalse(both[1].mail_server_id)
        with self.assertRaisesRegex(UserError, "Fill in the SMTP server that e@acorn"):
            both.write({"sends_via": "smtp"})


class TestSecrets(SmtpCase):
    """Who sees what of a server."""

    def test_the_password_is_written_and_never_read(self):
        own = self.own.with_user(self.system)
        own.new_smtp_password = "another"
        self.env.invalidate_all()
        self.assertFalse(own.new_smtp_password)
        self.assertTrue(own.has_smtp_password)
        self.assertEqual(own.mail_server_id.smtp_pass, "another")
        own.new_smtp_password = False
        self.assertEqual(own.mail_server_id.smtp_pass, "another", "empty: as it is")
        [values] = own.read()
        self.assertNotIn("another", str(values))
        self.assertNotIn(PASSWORD, str(own.message_ids.mapped("body")))

    def test_an_app_password_of_google_is_kept_without_its_spaces(self):
        own = self.own.with_user(self.system)
        own.write({"smtp_host": "smtp.gmail.com", "new_smtp_password": "abcd efgh ijkl mnop"})
        self.assertEqual(own.mail_server_id.smtp_pass, "abcdefghijklmnop")
        own.write({"smtp_host": "smtp.acorn-tests.example", "new_smtp_password": "a bcd efg h"})
        self.assertEqual(own.mail_server_id.smtp_pass, "a bcd efg h")

    def test_managers_see_that_it_has_a_server_but_not_which(self):
        own = self.own.with_user(self.manager)
        [values] = own.read()
        self.assertEqual(values["sends_via"], "smtp")
        for name in (*helpdesk_from_address_smtp.SETTINGS, "has_smtp_password", "mail_server_id"):
            self.assertNotIn(name, values)
            with self.assertRaises(AccessError):
                own.read([name])
        self.assertNotIn("smtp.acorn-tests.example", str(values))

    def test_managers_do_not_set_one_up(self):
        with self.assertRaises(AccessError):
            self.make_own_as(self.manager)
        for name, value in {**SETTINGS, "smtp_port": 25, "smtp_encryption": "none"}.items():
            with self.assertRaises(AccessError):
                self.own.with_user(self.manager).write({name: value})
        with self.assertRaises(AccessError):
            self.press(user=self.manager)

    def make_own_as(self, user):
        return self.FromAddress.with_user(user).create(
            {"email": "f@acorn-tests.example", "sends_via": "smtp", **SETTINGS}
        )

    def test_nor_do_leaders_of_its_team(self):
        self.team.user_id = self.agent
        self.own.team_id = self.team
        own = self.own.with_user(self.agent)
        own.friendly_name = "Front desk"
        with self.assertRaises(AccessError):
            own.smtp_host = "evil.example"
        with self.assertRaises(AccessError):
            own.read(["smtp_host"])

    def test_a_system_admin_needs_no_other_rights(self):
        own = self.make_own_as(self.system)
        self.assertEqual(own.mail_server_id.from_filter, "f@acorn-tests.example")
        own.with_user(self.system).unlink()

    def test_a_manager_may_rename_and_delete_an_address_with_a_server(self):
        server = self.own.mail_server_id
        self.own.with_user(self.manager).email = "new@acorn-tests.example"
        self.assertEqual(server.from_filter, "new@acorn-tests.example")
        self.own.with_user(self.manager).unlink()
        self.assertFalse(server.exists())

    def test_a_copy_of_the_database_cannot_send(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT id FROM ir_mail_server")
        for addon in ("base", "helpdesk_mailflow"):
            with file_open(f"{addon}/data/neutralize.sql") as script:
                self.env.cr.execute(script.read())
        self.env.invalidate_all()
        server = self.own.mail_server_id
        self.assertFalse(server.active)
        self.assertFalse(server.smtp_pass)
        with (
            patch.object(type(server), "_disable_send", lambda _self: False),
            self.assertRaisesRegex(UserError, "cannot be used because it is archived"),
        ):
            server._connect__(mail_server_id=server.id)
        self.own.smtp_host = "changed.example"
        self.assertFalse(server.active, "a change does not let it send again")


class TestProof(SmtpCase):
    """A successful log-in is the proof."""

    def test_a_log_in_proves_the_address(self):
        self.assertEqual(self.own.state, "unverified")
        said = self.press()
        self.assertEqual(
            said["message"],
            "The connection works: smtp.acorn-tests.example lets “anna” send as"
            " anna@acorn-tests.example.",
        )
        self.assertEqual(said["type"], "success")
        self.assertEqual((self.own.state, self.own.proof), ("verified", "login"))
        self.assertEqual(self.own.verified_by_id, self.system)
        self.assertTrue(self.own.smtp_tested_date)
        self.assertTrue(self.own.is_usable)
        [asked] = self.asked
        self.assertEqual(
            (asked.host, asked.port, asked.encryption, asked.sender, asked.user, asked.verify),
            ("smtp.acorn-tests.example", 587, "starttls", self.own.email, "anna", True),
        )
        self.assertEqual(asked.password, PASSWORD)

    def test_what_is_wrong_is_said(self):
        error = errors.LoginRefused(host="h", user="anna", answer="5.7.8 no")
        with self.assertRaises(UserError) as caught:
            self.press(answer=error)
        self.assertEqual(str(caught.exception), mailbox_errors.sentence(self.env, error))
        self.assertEqual(self.own.state, "unverified")
        self.assertFalse(self.own.smtp_tested_date)

    def test_without_a_log_in_nothing_is_proven(self):
        report = SmtpReport(False, "", True, None, "")
        self.own.smtp_user = False
        said = self.press(answer=report)
        self.assertEqual(
            said["message"],
            "The connection works: smtp.acorn-tests.example takes mail from"
            " anna@acorn-tests.example without a log-in. That does not prove that the address is"
            " yours: send a verification mail to it. Password and mails travel unencrypted,"
            " though the server offers STARTTLS: choose it.",
        )
        self.assertEqual(said["type"], "warning")
        self.assertEqual(self.own.state, "unverified")
        self.assertTrue(self.own.smtp_tested_date)

    def test_an_address_that_gets_no_mail_is_a_warning(self):
        said = self.press(answer=SmtpReport(True, "", False, None, "5.1.1 nobody here"))
        self.assertEqual(said["type"], "warning")
        self.assertIn("Password and mails travel unencrypted.", said["message"])
        self.assertIn("takes no mail to anna@acorn-tests.example (“5.1.1 nobody", said["message"])
        self.assertEqual(self.own.state, "verified")

    def test_what_is_changed_has_to_be_proven_again(self):
        for values in (
            {"smtp_host": "other.example"},
            {"smtp_user": "bert"},
            {"new_smtp_password": "another"},
            {"email": "other@acorn-tests.example"},
        ):
            with self.subTest(values=values):
                self.press()
                self.assertTrue(self.own.is_usable)
                self.own.write(values)
                self.assertEqual(self.own.state, "unverified")
                self.assertFalse(self.own.is_usable)

    def test_what_stays_the_same_changes_nothing(self):
        self.press()
        self.own.write({"smtp_host": "smtp.acorn-tests.example", "new_smtp_password": False})
        self.own.write({"friendly_name": "Anna"})
        self.assertTrue(self.own.is_usable)
        self.assertTrue(self.own.smtp_tested_date)
        self.own.write({"smtp_port": 465, "smtp_encryption": "tls"})
        self.assertTrue(self.own.is_usable, "the same user at the same server")
        self.assertFalse(self.own.smtp_tested_date)

    def test_a_proof_by_mail_outlasts_a_change(self):
        self.own._prove("mail")
        self.press()
        self.own.smtp_host = "other.example"
        self.assertEqual((self.own.state, self.own.proof), ("verified", "mail"))
        self.assertFalse(self.own.smtp_tested_date)

    def test_odoo_s_own_sender_stays_proven_by_that(self):
        self.of_odoo.write({"sends_via": "smtp", **SETTINGS})
        self.press(self.of_odoo)
        self.assertEqual(self.of_odoo.proof, "odoo")
        self.of_odoo.new_smtp_password = "another"
        self.assertTrue(self.of_odoo.is_usable)
        self.assertTrue(self.of_odoo.is_of_odoo)

    def test_the_default_is_the_default_again_after_a_new_password(self):
        self.press()
        self.own.is_default = True
        self.own.new_smtp_password = "another"
        self.assertFalse(self.own.is_default)
        self.assertTrue(self.of_odoo.is_default)
        self.press()
        self.assertTrue(self.own.is_default)
        self.assertFalse(self.of_odoo.is_default)

    def test_a_default_that_was_chosen_meanwhile_stays(self):
        self.press()
        self.own.is_default = True
        self.own.new_smtp_password = "another"
        self.proven.is_default = True
        self.press()
        self.assertTrue(self.proven.is_default)

    def test_the_last_address_may_get_a_new_password(self):
        self.press()
        self.own.is_default = True
        (self.proven | self.of_odoo).unlink()
        self.own.new_smtp_password = "another"
        self.assertFalse(self.own.is_usable)
        self.press()
        self.assertTrue(self.own.is_default)

    def test_nobody_says_by_rpc_that_it_was_tested(self):
        own = self.own.with_user(self.manager)
        with self.assertRaises(AccessError):
            own.write({"proof": "login", "state": "verified"})


class TestOdooServers(SmtpCase):
    """Odoo's own list of outgoing servers."""

    def test_a_server_in_use_is_not_deleted_there(self):
        server = self.own.mail_server_id.with_user(self.system)
        with self.assertRaisesRegex(UserError, "belongs to the From address anna@acorn"):
            server.unlink()
        with self.assertRaisesRegex(UserError, r"anna@acorn-tests.example \(From address"):
            server.active = False

    def test_nor_changed_there(self):
        server = self.own.mail_server_id.with_user(self.system)
        for values in (
            {"smtp_host": "evil.example"},
            {"smtp_pass": "x"},
            {"from_filter": False},
            {"smtp_encryption": "none"},
        ):
            with self.assertRaisesRegex(UserError, "change or delete it there"):
                server.write(values)
        server.write({"smtp_host": server.smtp_host, "sequence": 3, "max_email_size": 5})
        self.assertEqual(server.sequence, 3)

    def test_it_shows_whose_it_is(self):
        server = self.own.mail_server_id
        self.assertEqual(server.helpdesk_from_address_ids, self.own)
        with Form(server.with_user(self.system)) as form:
            self.assertEqual(form.helpdesk_from_address_ids._records[0]["id"], self.own.id)

    def test_others_do_not_send_through_it(self):
        self.press()
        self.Server.search([("id", "!=", self.own.mail_server_id.id)]).unlink()
        found, _sender = self.Server._find_mail_server("boss@mailflow.test")
        self.assertFalse(found, "Odoo's fallback is not a server of a From address")
        found, sender = self.Server._find_mail_server('"Anna" <anna@acorn-tests.example>')
        self.assertEqual(
            (found, sender), (self.own.mail_server_id, '"Anna" <anna@acorn-tests.example>')
        )

    def test_an_unproven_address_does_not_send_through_it(self):
        found, _sender = self.Server._find_mail_server("anna@acorn-tests.example")
        self.assertNotEqual(found, self.own.mail_server_id)
        servers = self.Server.search([])
        found, _sender = self.Server._find_mail_server("anna@acorn-tests.example", servers)
        self.assertNotEqual(found, self.own.mail_server_id)

    def test_a_chosen_server_stays_there_for_other_apps(self):
        self.Server.search([("id", "!=", self.own.mail_server_id.id)]).unlink()
        common = self.Server.create({"name": "Common", "smtp_host": "x.example"})
        own = self.make_from("c@acorn-tests.example", sends_via="smtp", mail_server_id=common.id)
        self.assertEqual((own.state, own.mail_server_id), ("unverified", common))
        for of_others in ("boss@elsewhere.example", False):
            self.assertEqual(self.Server._find_mail_server(of_others)[0], common)
        common.with_context(mailflow_by_address=True).from_filter = "boss@elsewhere.example"
        own.with_user(self.system).smtp_user = "c"
        self.assertEqual(common.from_filter, "boss@elsewhere.example, c@acorn-tests.example")
        self.assertEqual(self.Server._find_mail_server("boss@elsewhere.example")[0], common)
        self.assertEqual(self.Server._find_mail_server("z@unknown.example")[0], common)

    def test_the_server_of_odoo_s_sender_is_there_for_all(self):
        self.of_odoo.write({"sends_via": "smtp", **SETTINGS})
        found, sender = self.Server.with_context(
            domain_notifications_email=self.of_odoo.email
        )._find_mail_server("boss@elsewhere.example")
        self.assertEqual((found, sender), (self.of_odoo.mail_server_id, self.of_odoo.email))


class TestMailbox(SmtpCase):
    """A connected mailbox: an outgoing server that Odoo's own addons have connected."""

    @contextmanager
    def connected(self, email="help@acorn-tests.example", token="token"):
        """As if Odoo's addon for Gmail were there; the selection and the token are its own."""
        server = self.Server.create(
            {"name": "Gmail", "smtp_host": "smtp.gmail.com", "smtp_user": email}
        )
        mailboxes = server if token else server.browse()

        def find(address):
            return mailboxes.filtered(lambda each: each.smtp_user == address.email)

        with patch.object(type(self.FromAddress), "_connected_mailboxes", find):
            yield server

    def test_it_is_found_and_is_proof_enough(self):
        with self.connected("g@acorn-tests.example") as server:
            address = self.make_from("g@acorn-tests.example")
            address.with_user(self.manager).sends_via = "mailbox"
        self.assertEqual(address._mail_server(), server)
        self.assertEqual((address.state, address.proof), ("verified", "mailbox"))
        self.assertFalse(server.from_filter, "what else leaves by it goes on to do so")
        self.assertIn(server, self.Server._filter_mail_servers_fallback(server))
        with self.assertRaisesRegex(UserError, "belongs to the From address"):
            server.with_user(self.system).smtp_user = "x@acorn-tests.example"
        address.sends_via = "odoo"
        self.assertTrue(server.exists(), "not ours to delete")
        self.assertEqual(address.state, "unverified")

    def test_it_stays_there_for_other_apps(self):
        self.own.unlink()
        self.Server.search([]).unlink()
        for from_filter in (False, "boss@elsewhere.example"):
            with self.subTest(from_filter=from_filter), self.connected("g@a.example") as server:
                server.from_filter = from_filter
                address = self.make_from("g@a.example", sends_via="mailbox")
                address._withdraw_proof()
                for of_others in ("boss@elsewhere.example", "z@unknown.example"):
                    self.assertEqual(self.Server._find_mail_server(of_others)[0], server)
                address.unlink()
                server.unlink()

    def test_a_leader_proves_nothing_by_it(self):
        leader = self.make_user("mf-from-leader", GROUP + "user_own")
        self.team.user_id = leader
        FromAddress = self.FromAddress.with_user(leader)
        refused = self.assertRaisesRegex(AccessError, "Only a helpdesk manager lets ceo@")
        with self.connected("ceo@acorn-tests.example") as server:
            server.from_filter = "ceo@acorn-tests.example"
            values = {"email": "ceo@acorn-tests.example", "team_id": self.team.id}
            with refused, self.env.cr.savepoint():
                FromAddress.create({**values, "sends_via": "mailbox"})
            mine = FromAddress.create(values)
            with refused, self.env.cr.savepoint():
                mine.sends_via = "mailbox"
            self.env.invalidate_all()
            self.assertEqual((mine.state, mine.sends_via), ("unverified", "odoo"))
            draft = FromAddress.new({**values, "sends_via": "mailbox"})
            self.assertIn("Only a helpdesk manager", draft.mailbox_hint)
            mine.with_user(self.manager).sends_via = "mailbox"
            self.assertEqual((mine.state, mine.proof), ("verified", "mailbox"))
            mine.write({"sends_via": "mailbox", "friendly_name": "Boss"})
            self.assertEqual(mine.state, "verified", "what stays as it is may be saved")
            self.assertFalse(mine.mailbox_hint)
        with self.connected("info@acorn-tests.example") as server:
            server.from_filter = "boss@acorn-tests.example"
            with (
                self.assertRaisesRegex(AccessError, "Only a helpdesk manager lets info@"),
                self.env.cr.savepoint(),
            ):
                mine.email = "info@acorn-tests.example"
            self.assertEqual(server.from_filter, "boss@acorn-tests.example")

    def test_it_may_be_for_other_addresses_too(self):
        with self.connected("g@acorn-tests.example") as server:
            server.from_filter = "info@acorn-tests.example"
            self.make_from("g@acorn-tests.example").sends_via = "mailbox"
        self.assertEqual(server.from_filter, "info@acorn-tests.example, g@acorn-tests.example")

    def test_without_one_it_says_how_to_connect_one(self):
        with self.assertRaisesRegex(UserError, "No mailbox help@acorn-tests.example is connected"):
            self.proven.sends_via = "mailbox"
        draft = self.FromAddress.new({"email": "h@acorn-tests.example", "sends_via": "mailbox"})
        self.assertIn("No mailbox h@acorn-tests.example is connected", draft.mailbox_hint)
        self.assertFalse(self.own.mailbox_hint)

    def test_a_mailbox_of_another_address_does_not_do(self):
        with (
            self.connected("other@acorn-tests.example") as server,
            self.assertRaisesRegex(UserError, "No mailbox help@"),
        ):
            self.proven.write({"sends_via": "mailbox", "mail_server_id": server.id})

    def test_odoo_s_addons_connect_a_mailbox(self):
        selection = dict(self.Server._fields["smtp_authentication"].selection)
        ways = selection.keys() & helpdesk_from_address_mailbox.MAILBOX_TOKENS.keys()
        if not ways:
            self.skipTest("Neither Odoo's addon for Gmail nor that for Outlook is installed")
        for way in ways:
            with self.subTest(way=way):
                email = f"{way}@acorn-tests.example"
                server = self.Server.create(
                    {
                        "name": way,
                        "smtp_host": "smtp.example",
                        "smtp_authentication": way,
                        "smtp_encryption": "starttls",
                        "smtp_user": email.upper(),
                    }
                )
                address = self.make_from(email)
                with self.assertRaisesRegex(UserError, "adds an outgoing mail server"):
                    address.with_user(self.manager).sends_via = "mailbox"
                server[helpdesk_from_address_mailbox.MAILBOX_TOKENS[way]] = "token"
                address.sends_via = "mailbox"
                self.assertEqual(address._mail_server(), server)
                self.assertEqual(address.proof, "mailbox")
                server.owner_user_id = False

    def test_an_ordinary_server_is_no_mailbox(self):
        self.Server.create({"name": "x", "smtp_host": "x.example", "smtp_user": self.proven.email})
        self.assertFalse(self.proven._connected_mailboxes())


class TestForm(SmtpCase):
    """What the form suggests."""

    def test_ports_and_encryption_follow_each_other(self):
        draft = self.FromAddress.new({"email": "j@acorn-tests.example", "sends_via": "smtp"})
        self.assertEqual((draft.smtp_port, draft.smtp_encryption), (587, "starttls"))
        self.assertTrue(draft.smtp_check_certificate)
        draft._onchange_smtp_user()
        self.assertEqual(draft.smtp_user, "j@acorn-tests.example")
        for encryption, port in (("tls", 465), ("none", 25), ("starttls", 25), ("tls", 465)):
            draft.smtp_encryption = encryption
            draft._onchange_smtp_encryption()
            self.assertEqual((draft.smtp_port, draft.smtp_port_choice), (port, str(port)))
        draft.smtp_port_choice = "587"
        draft._onchange_smtp_port_choice()
        self.assertEqual((draft.smtp_port, draft.smtp_encryption), (587, "starttls"))
        draft.smtp_port_choice = "other"
        draft._onchange_smtp_port_choice()
        draft.smtp_port = 2525
        draft.smtp_encryption = "tls"
        draft._onchange_smtp_encryption()
        self.assertEqual(draft.smtp_port, 2525, "typed by hand")


class TestTestMail(SmtpCase):
    """Send a test mail, and see what happened."""

    def send(self, address=None, to="anna@example.com", user=None, raising=None, answer=GOOD):
        """Returns the wizard; the mails are in self.sent, with their server."""
        self.sent = []

        def send_email(server, message, mail_server_id=None, **_options):
            self.sent.append((message, mail_server_id))
            if raising:
                try:
                    raise raising
                except smtplib.SMTPException as error:
                    # as Odoo does: what caused it is its context only
                    raise MailDeliveryException("Mail Delivery Failed", str(error)) from None
            return message["Message-Id"]

        wizard = (
            self.env["helpdesk.from.test"]
            .with_user(user or self.manager)
            .create({"address_id": (address or self.own).id, "email_to": to})
        )
        with (
            self.answering(answer),
            patch.object(type(self.Server), "send_email", send_email),
            mute_logger("odoo.addons.helpdesk_mailflow.wizards.helpdesk_from_test"),
        ):
            wizard.action_send()
        return wizard

    def test_it_leaves_as_the_address_by_its_server(self):
        wizard = self.send()
        self.assertEqual(wizard.state, "sent", wizard.result)
        self.assertIn("took the mail for anna@example.com", wizard.result)
        [(message, server_id)] = self.sent
        self.assertEqual(server_id, self.own.mail_server_id.id)
        self.assertEqual(message["From"], f"{self.company.name} <anna@acorn-tests.example>")
        self.assertEqual(message["To"], "anna@example.com")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertRegex(message["X-Helpdesk-Mailflow"], rf"^test; {self.own.id}; [0-9a-f]+$")
        self.assertEqual(message["Message-Id"], wizard.message_id)
        self.assertTrue(wizard.message_id.endswith("@acorn-tests.example>"))
        self.assertEqual(self.own.state, "verified", "the log-in proved it")

    def test_it_goes_to_whoever_sends_it_by_default(self):
        wizard = self.env["helpdesk.from.test"].with_user(self.manager).new()
        self.assertEqual(wizard.email_to, self.manager.email)

    def test_an_unproven_address_does_not_send(self):
        address = self.make_from("k@acorn-tests.example")
        wizard = self.send(address)
        self.assertEqual(wizard.state, "failed")
        self.assertIn("k@acorn-tests.example is not verified", wizard.result)
        self.assertFalse(self.sent)

    def test_a_broken_server_is_explained_to_system_admins(self):
        error = errors.NameNotFound(host="smtp.acorn-tests.example")
        wizard = self.send(user=self.system, answer=error)
        self.assertEqual(wizard.result, mailbox_errors.sentence(self.env, error))
        wizard = self.send(answer=error)
        self.assertIn("The mail server was not found. A system administrator", wizard.result)
        self.assertNotIn("smtp.acorn-tests.example", wizard.result)
        self.assertFalse(self.sent)

    def test_a_refused_recipient_is_named(self):
        refused = smtplib.SMTPRecipientsRefused({"anna@example.com": (550, b"5.1.1 unknown")})
        wizard = self.send(raising=refused)
        self.assertEqual(
            wizard.result,
            "The mail server does not take mail for anna@example.com and said “550 5.1.1 unknown”.",
        )
        wizard = self.send(raising=smtplib.SMTPDataError(554, b"5.6.0 spam"))
        self.assertIn("said “554 5.6.0 spam”", wizard.result)

    def test_it_may_go_to_an_own_address_but_to_no_filtered_one(self):
        self.env["helpdesk.outgoing.filter"].create({"pattern": "*@bounce.example"})
        wizard = self.send(to="anna@bounce.example")
        self.assertEqual(wizard.state, "failed")
        self.assertIn("the outgoing filter has *@bounce.example", wizard.result)
        self.assertFalse(self.sent)
        self.assertEqual(self.send(to=self.support.email).state, "sent")

    def test_no_host_is_told_to_managers(self):
        error = smtplib.SMTPException("no way to smtp.secret.example")
        self.assertNotIn("secret", self.send(self.proven, raising=error).result)
        self.assertIn("secret", self.send(self.proven, user=self.system, raising=error).result)

    def test_not_an_address(self):
        with self.assertRaisesRegex(ValidationError, "is not one e-mail address"):
            self.send(to="anna")

    def test_the_leader_of_its_team_sends_one(self):
        self.team.user_id = self.agent
        self.own.team_id = self.team
        self.assertEqual(self.send(user=self.agent).state, "sent")

    def test_other_agents_do_not(self):
        with self.assertRaises(AccessError):
            self.send(user=self.agent)
