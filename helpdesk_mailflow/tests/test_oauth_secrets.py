# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import date, datetime, timedelta, timezone
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import config, file_open

from ..mailflow.errors import AppRefused
from ..models import secret_box
from .oauth import PLANTED, SECRET, OauthCase, everything_logged
from .test_oauth_account import AccountCase

MODELS = ("helpdesk.oauth.app", "helpdesk.oauth.account", "helpdesk.oauth.token")
#: What nobody reads by a field.
HIDDEN = {
    "helpdesk.oauth.app": ("sealed_secret", "sealed_private_key", "warned_for"),
    "helpdesk.oauth.account": ("token_ids", "account_key"),
}


def pem(key, password=b""):
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


def certificate_of(key, expires):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "helpdesk")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=timezone.utc))
        .not_valid_after(expires)
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


class TestSecrets(AccountCase):
    """Secrets are planted, and then looked for wherever somebody could find them."""

    def test_a_secret_does_not_follow_to_another_sign_in_server(self):
        app = self.app
        app.write({"authority": "https://login.one.example/tenant", "new_secret": SECRET})
        app.authority = "https://login.one.example/another-tenant"
        self.assertTrue(app.has_secret)
        app.authority = "https://login.evil.example/tenant"
        self.assertFalse(app.has_secret)
        self.assertEqual(app._engine_app().secret, "")
        app.write({"authority": "https://login.two.example/tenant", "new_secret": SECRET})
        self.assertEqual(app._engine_app().secret, SECRET)

    def go_through_it(self):
        """Sign in, renew, fail, and sign in again, with an app of its own."""
        self.sign_in()
        self.account._access_token(renew=True)
        self.account._access_token("graph", renew=True)
        self.authority.error = AppRefused("app_refused_secret", client_id=self.app.client_id)
        self.refused(AppRefused, self.account._access_token, renew=True)
        self.authority.error = None
        self.app.with_user(self.system).write({"new_secret": f"{PLANTED}-second-secret"})
        self.account._access_token()
        self.revoke()
        self.sign_in()
        self.env.flush_all()

    def test_they_are_nowhere_in_the_database(self):
        self.go_through_it()
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables = [row[0] for row in self.env.cr.fetchall()]
        self.assertIn("helpdesk_oauth_token", tables)
        self.assertIn("ir_logging", tables)
        for table in tables:
            self.env.cr.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{PLANTED}%"]
            )
            self.assertEqual(self.env.cr.fetchone()[0], 0, table)

    def test_they_are_in_no_log(self):
        with everything_logged() as lines:
            self.go_through_it()
        written = "\n".join(lines)
        self.assertIn("UPDATE helpdesk_oauth_token", written)
        self.assertNotIn(PLANTED, written)

    def test_they_are_in_no_traceback_of_the_database(self):
        self.sign_in()
        self.env.cr.execute("ALTER TABLE helpdesk_oauth_token RENAME generation TO gone")
        with everything_logged() as lines:
            error = self.refused(Exception, self.account._access_token)
        self.env.cr.execute("ALTER TABLE helpdesk_oauth_token RENAME gone TO generation")
        self.assertNotIn(PLANTED, "\n".join(lines) + str(error) + repr(error))

    def test_nobody_reads_them(self):
        self.go_through_it()
        for user in (self.system, self.env.ref("base.user_admin")):
            for model, names in HIDDEN.items():
                records = self.env[model].with_user(user).search([])
                self.assertTrue(records)
                read = records.read()
                self.assertNotIn(PLANTED, str(read))
                for name in names:
                    self.assertNotIn(name, read[0])
                    with self.assertRaises(AccessError):
                        records.read([name])
                    with self.assertRaises(AccessError):
                        records.search([(name, "!=", False)])
                    with self.assertRaises(AccessError):
                        records.export_data([name])
                exported = records.export_data([name for name in read[0] if name != "id"])
                self.assertNotIn(PLANTED, str(exported))
            with self.assertRaises(AccessError):
                self.env["helpdesk.oauth.token"].with_user(user).search([])
            with self.assertRaises(AccessError):
                self.env["helpdesk.oauth.token"].with_user(user).search_count([])

    def test_what_was_typed_does_not_come_back(self):
        app = self.app.with_user(self.system)
        [saved] = app.web_save(
            {"new_secret": f"{PLANTED}-typed"}, {"new_secret": {}, "has_secret": {}, "name": {}}
        )
        self.assertFalse(saved["new_secret"])
        self.assertTrue(saved["has_secret"])
        self.assertEqual(self.app._engine_app().secret, f"{PLANTED}-typed")
        made = (
            self.env["helpdesk.oauth.app"]
            .with_user(self.system)
            .create(
                {
                    "name": "New",
                    "tenant": "acorn-tests.example",
                    "client_id": "x",
                    "new_secret": f"{PLANTED}-typed",
                }
            )
        )
        self.assertFalse(made.new_secret)
        self.assertTrue(made.has_secret)
        # leaving the field empty keeps what there is
        made.write({"new_secret": False, "name": "Newer"})
        self.assertEqual(made._engine_app().secret, f"{PLANTED}-typed")

    def test_messages_and_activities_have_none(self):
        self.go_through_it()
        found = self.env["mail.message"].search([("model", "in", MODELS)]).mapped(
            "body"
        ) + self.env["mail.tracking.value"].search([]).mapped("new_value_char")
        found += self.env["mail.activity"].search([]).mapped("note")
        found += self.env["mail.mail"].search([]).mapped("body_html")
        self.assertNotIn(PLANTED, str(found))

    def test_managers_and_agents_see_nothing_of_it(self):
        self.sign_in()
        agent = self.make_user("mf-oauth-agent", "helpdesk_mgmt.group_helpdesk_user")
        for user in (self.manager, agent):
            for model in MODELS:
                records = self.env[model].with_user(user)
                for operation in ("read", "write", "create", "unlink"):
                    self.assertFalse(records.has_access(operation), (user.login, model))
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            for name in ("oauth_account_menu", "oauth_app_menu"):
                self.assertNotIn(self.env.ref(f"helpdesk_mailflow.{name}").id, visible)

    def test_admins_of_another_company_see_nothing_of_it(self):
        other = self.make_company("Birch")
        stranger = self.make_user("mf-oauth-other", "base.group_system", company=other)
        accounts = self.env["helpdesk.oauth.account"].with_user(stranger)
        self.assertNotIn(self.account, accounts.search([]))
        with self.assertRaises(AccessError):
            self.account.with_user(stranger).action_sign_in()
        # the app is for all companies until it is one's
        self.assertIn(self.app, self.env["helpdesk.oauth.app"].with_user(stranger).search([]))
        self.app.company_id = self.company
        self.assertNotIn(self.app, self.env["helpdesk.oauth.app"].with_user(stranger).search([]))

    def test_a_copy_of_the_database_asks_nobody(self):
        self.sign_in()
        app_only = self.make_account(flow="app")
        app_only._access_token()
        asked = len(self.authority.asked)
        self.env.flush_all()
        with file_open("helpdesk_mailflow/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.account.state, "new")
        self.assertFalse(self.account._may_ask())
        self.assertFalse(app_only._may_ask())
        for account in self.account | app_only:
            error = self.refused(AppRefused, account._access_token)
            self.assertIn("has no secret or certificate yet", str(error))
        self.assertEqual(self.account.state, "new", "it is nobody's to mend")
        self.assertEqual(len(self.authority.asked), asked)
        self.assertFalse(self.app.has_secret)
        self.env.cr.execute("SELECT sealed FROM helpdesk_oauth_token WHERE sealed IS NOT NULL")
        self.assertFalse(self.env.cr.fetchall())


class TestApp(OauthCase):
    """What is entered of an app registration."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        cls.expires = datetime(2027, 3, 4, 12, tzinfo=timezone.utc)
        cls.certificate = certificate_of(cls.key, cls.expires)

    def test_the_id_of_a_secret_is_not_its_value(self):
        with self.assertRaisesRegex(ValidationError, "Copy its value instead"):
            self.app.new_secret = "0b1c2d3e-1111-2222-3333-444455556666"
        self.assertEqual(self.app._engine_app().secret, SECRET)

    def test_without_a_key_a_secret_is_refused_in_words(self):
        with (
            patch.dict(config.options, {secret_box.OPTION: "short"}),
            self.assertRaisesRegex(UserError, "too short to protect sign-ins") as caught,
        ):
            self.app.new_secret = f"{PLANTED}-new"
        self.assertNotIn(PLANTED, str(caught.exception))

    def test_a_certificate_takes_the_place_of_a_secret(self):
        self.app.write(
            {
                "credential": "certificate",
                "certificate": self.certificate,
                "new_private_key": pem(self.key),
            }
        )
        app = self.app._engine_app()
        self.assertFalse(app.secret)
        self.assertEqual(app.certificate, self.certificate)
        self.assertEqual(app.private_key, pem(self.key).strip())
        self.assertTrue(self.app._is_complete())
        self.assertEqual(self.app.secret_expires, date(2027, 3, 4))
        self.assertFalse(self.app.new_private_key)

    def test_what_is_no_certificate_or_key_is_refused_without_showing_it(self):
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        for values, words in (
            ({"certificate": f"{PLANTED}-rubbish"}, "BEGIN CERTIFICATE"),
            ({"new_private_key": f"{PLANTED}-rubbish"}, "BEGIN PRIVATE KEY"),
            ({"new_private_key": pem(self.key, b"planted")}, "protected by a password"),
            (
                {"certificate": self.certificate, "new_private_key": pem(other)},
                "does not belong to the certificate",
            ),
        ):
            with self.subTest(words=words):
                with self.assertRaisesRegex(ValidationError, words) as caught:
                    self.app.write(values)
                self.assertNotIn(PLANTED, str(caught.exception))
                self.assertIsNone(caught.exception.__cause__)

    def test_tenant_and_authority_are_addresses(self):
        for tenant in ("", "a b", "acorn/other", "acorn?x", "https://acorn", ".."):
            with self.subTest(tenant=tenant), self.assertRaises(ValidationError):
                self.app.tenant = tenant
        for authority in (
            "http://login.example/x",
            "login.example",
            "https://user:word@login.example/x",
            "https://login.example/x?y",
            "https://login.example/a b",
        ):
            with self.subTest(authority=authority), self.assertRaises(ValidationError):
                self.app.authority = authority
        self.app.write({"authority": " https://login.example/x/ ", "client_id": " id\n"})
        self.assertEqual(self.app.authority_url, "https://login.example/x")
        self.assertEqual(self.app.client_id, "id")

    def test_an_app_that_accounts_use_stays(self):
        self.account.username = "support@acorn-tests.example"
        with self.assertRaisesRegex(
            UserError,
            "^Acorn 365 cannot be removed while these accounts are signed in with it:"
            " support@acorn-tests.example. Remove them first.$",
        ):
            self.app.with_user(self.system).unlink()
        self.account.unlink()
        self.app.with_user(self.system).unlink()
        self.assertFalse(self.app.exists())

    def test_an_account_in_use_stays_and_says_where(self):
        scanner = self.env["fetchmail.server"].create(
            {
                "name": "Support inbox",
                "is_scanner": True,
                "server": "outlook.acorn-tests.example",
                "user": "support@acorn-tests.example",
                "company_id": self.company.id,
                "authentication": "oauth",
                "oauth_account_id": self.account.id,
            }
        )
        self.assertEqual(self.account.scanner_ids, scanner)
        self.assertEqual(self.account.used_by, "Support inbox")
        with self.assertRaisesRegex(UserError, "cannot be removed while it is used by Support"):
            self.account.with_user(self.system).unlink()
        with self.assertRaisesRegex(UserError, "is used by Support inbox. Make a new"):
            self.account.flow = "app"
        scanner.unlink()
        self.env.invalidate_all()
        self.account.with_user(self.system).unlink()
        self.assertFalse(self.env["helpdesk.oauth.token"].search([("account_id", "=", False)]))

    # ---- the expiry of secrets ----

    def look(self):
        self.env["helpdesk.oauth.app"]._cron_look_at_secrets()
        return self.app.activity_ids.filtered(lambda each: each.user_id == self.system)

    def test_admins_are_told_a_month_before_a_secret_expires(self):
        today = fields.Date.context_today(self.app)
        self.app.secret_expires = today + timedelta(days=31)
        self.assertFalse(self.look())
        self.app.secret_expires = today + timedelta(days=30)
        activity = self.look()
        self.assertEqual(len(activity), 1)
        self.assertIn("The secret of Acorn 365 expires on", activity.summary)
        self.assertEqual(activity.date_deadline, self.app.secret_expires)
        self.assertEqual(len(self.look()), 1, "once")
        activity.unlink()
        self.assertFalse(self.look(), "also after it was done")
        # a new one that expires soon as well
        self.app.secret_expires = today + timedelta(days=5)
        self.assertEqual(len(self.look()), 1)
        self.app.secret_expires = today + timedelta(days=700)
        self.assertFalse(self.look(), "it is done by the new secret")

    def test_managers_hear_nothing_of_secrets(self):
        self.app.secret_expires = fields.Date.context_today(self.app)
        self.look()
        self.assertFalse(self.env["mail.activity"].search([("user_id", "=", self.manager.id)]))
