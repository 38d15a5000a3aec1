# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import NO_ACCESS
from odoo.tools import config

from ..mailflow.cloud import Cloud, cloud_of
from ..mailflow.errors import KeyMissing
from ..mailflow.oauth import App
from . import mailbox_errors
from .secret_box import open_sealed, seal

MICROSOFT = "https://login.microsoftonline.com"
#: Where the authority sends the browser after the sign-in.
CALLBACK = "/helpdesk/oauth/callback"
#: Names that stand for many tenants; an app can ask in its own name only in one.
MANY_TENANTS = ("organizations", "common", "consumers")
#: Days before the secret expires from which an admin is told.
WARNED_BEFORE = 30
#: A PEM file of authorities to trust instead of the system's, for an OpenID server in one's own
#: network: an option of Odoo's configuration file.
CA_OPTION = "helpdesk_mailflow_ca_file"

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: What the accounts are signed in with: tokens of one are refused by the other.
_IDENTITY = ("tenant", "authority", "client_id")
_CREDENTIALS = ("credential", "new_secret", "new_private_key", "certificate")


class HelpdeskOauthApp(models.Model):
    """An app registration: as what Odoo signs in to the mailboxes of a Microsoft 365 tenant.

    Its secret, or the private key of its certificate, is kept encrypted (``secret_box``), and
    typed into a field that is never read.
    """

    _name = "helpdesk.oauth.app"
    _description = "App registration"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="All companies may use the app if empty",
    )
    tenant = fields.Char(
        default="organizations",
        help="Directory (tenant) ID or domain of the organisation. “organizations” lets people"
        " of any organisation sign in, for an app registration that allows several",
    )
    authority = fields.Char(
        help="Only for a national cloud or another OpenID server: the address that people sign in"
        " at, such as https://login.microsoftonline.us/contoso.com",
    )
    authority_url = fields.Char(compute="_compute_authority_url")
    client_id = fields.Char("Application (client) ID", required=True)
    credential = fields.Selection(
        [("secret", "Client secret"), ("certificate", "Certificate")],
        string="Proves itself by",
        default="secret",
        required=True,
    )
    new_secret = fields.Char(
        "Client secret", compute="_compute_new", inverse="_inverse_new_secret", copy=False
    )
    has_secret = fields.Boolean(compute="_compute_has")
    sealed_secret = fields.Text(groups=NO_ACCESS, copy=False)
    new_private_key = fields.Text(
        "Private key", compute="_compute_new", inverse="_inverse_new_private_key", copy=False
    )
    has_private_key = fields.Boolean(compute="_compute_has")
    sealed_private_key = fields.Text(groups=NO_ACCESS, copy=False)
    certificate = fields.Text(copy=False, help="PEM; the same as uploaded to the app registration")
    secret_expires = fields.Date(
        "Expires on",
        copy=False,
        help="Of the client secret, as the portal shows it, or of the certificate. Administrators"
        " get an activity 30 days before",
    )
    warned_for = fields.Date(groups=NO_ACCESS, copy=False)
    redirect_uri = fields.Char("Redirect URI", compute="_compute_redirect_uri")
    redirect_is_taken = fields.Boolean(compute="_compute_redirect_uri")
    account_ids = fields.One2many("helpdesk.oauth.account", "app_id", string="Connected accounts")
    account_count = fields.Integer(compute="_compute_account_count")

    # ------------------------------------------------------------
    # FIELDS
    # ------------------------------------------------------------

    @api.depends("tenant", "authority")
    def _compute_authority_url(self):
        for app in self:
            tenant = (app.tenant or "").strip()
            app.authority_url = app.authority or (f"{MICROSOFT}/{tenant}" if tenant else False)

    def _compute_new(self):
        # written only
        self.new_secret = self.new_private_key = False

    @api.depends("sealed_secret", "sealed_private_key")
    def _compute_has(self):
        # sudo: nobody reads what is sealed; that there is something is for who sees the app
        for app, kept in zip(self, self.sudo(), strict=True):
            app.has_secret = bool(kept.sealed_secret)
            app.has_private_key = bool(kept.sealed_private_key)

    def _inverse_new_secret(self):
        for app in self.filtered("new_secret"):
            secret = app.new_secret.strip()
            if _GUID.fullmatch(secret):
                raise ValidationError(
                    self.env._(
                        "This is the ID of a client secret. Copy its value instead: the portal"
                        " shows it only once, right after the secret was made. If it is lost, make"
                        " a new one."
                    )
                )
            # sudo: as in _compute_has
            app.sudo().sealed_secret = app._sealed(secret)
        self._forget_what_was_typed()

    def _inverse_new_private_key(self):
        for app in self.filtered("new_private_key"):
            _read_private_key(self.env, app.new_private_key)
            # sudo: as in _compute_has
            app.sudo().sealed_private_key = app._sealed(app.new_private_key.strip())
        self._forget_what_was_typed()

    def _sealed(self, text: str) -> str:
        """:raise UserError: there is no key to encrypt it with"""
        try:
            return seal(self.env, text)
        except KeyMissing as error:
            raise UserError(mailbox_errors.sentence(self.env, error)) from None

    def _forget_what_was_typed(self) -> None:
        """Nothing that reads the record afterwards finds the secret in the cache."""
        self.invalidate_recordset(["new_secret", "new_private_key"], flush=False)

    def _compute_redirect_uri(self):
        # of no record: it is the same for all
        uri = self.browse().get_base_url() + CALLBACK
        parts = urlsplit(uri)
        for app in self:
            app.redirect_uri = uri
            # Microsoft takes unencrypted addresses only of the own machine
            app.redirect_is_taken = parts.scheme == "https" or parts.hostname == "localhost"

    def _compute_account_count(self):
        accounts = self.env["helpdesk.oauth.account"]
        counts = dict(accounts._read_group([("app_id", "in", self.ids)], ["app_id"], ["__count"]))
        for app in self:
            app.account_count = counts.get(app, 0)

    @api.onchange("certificate")
    def _onchange_certificate(self):
        if expires := _expiry_of(self.certificate):
            self.secret_expires = expires

    @api.constrains("tenant", "authority")
    def _check_authority(self):
        for app in self:
            if app.authority:
                parts = urlsplit(app.authority)
                fits = parts.scheme == "https" and parts.hostname and not parts.username
                if (
                    not fits
                    or parts.query
                    or parts.fragment
                    or app.authority.split() != [app.authority]
                ):
                    raise ValidationError(
                        self.env._(
                            "The authority is an address such as"
                            " https://login.microsoftonline.us/contoso.com."
                        )
                    )
            elif not _TENANT.fullmatch(app.tenant or ""):
                raise ValidationError(
                    self.env._(
                        "The tenant is its directory ID or one of its domains, such as"
                        " contoso.com. The portal shows it beside the application ID."
                    )
                )

    @api.constrains("certificate", "sealed_private_key", "credential")
    def _check_certificate(self):
        for app in self.sudo().filtered("certificate"):
            certificate = _read_certificate(self.env, app.certificate)
            if not app.sealed_private_key:
                continue
            try:
                key = _read_private_key(self.env, open_sealed(self.env, app.sealed_private_key))
            except KeyMissing as error:
                raise UserError(mailbox_errors.sentence(self.env, error)) from None
            if _public(certificate) != _public(key):
                raise ValidationError(
                    self.env._(
                        "The private key does not belong to the certificate. Enter the two that"
                        " were made together."
                    )
                )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._cleaned(vals) for vals in vals_list])

    def write(self, vals):
        vals = self._cleaned(vals)
        moved = self.filtered(
            lambda app: any(key in vals and vals[key] != app[key] for key in _IDENTITY)
        )
        hosts = {app: app._host() for app in self}
        result = super().write(vals)
        if "authority" in vals and not vals.get("new_secret"):
            # a secret that one server was told is not told another (a private key stays here)
            elsewhere = self.filtered(lambda app: hosts[app] and app._host() != hosts[app])
            # sudo: as in _compute_has
            elsewhere.sudo().filtered("sealed_secret").write({"sealed_secret": False})
        if "secret_expires" in vals:
            # what it warned of is done, or is told again
            self.activity_unlink(["helpdesk_mailflow.oauth_activity"])
        # sudo: accounts of all companies
        moved.sudo().account_ids._forget_who()
        if any(vals.get(key) for key in (*_IDENTITY, *_CREDENTIALS)):
            # what was refused before is tried again
            self.sudo().account_ids._catch_up()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: accounts of all companies keep it
        for app in self.sudo().filtered("account_ids"):
            raise UserError(
                self.env._(
                    "%(app)s cannot be removed while these accounts are signed in with it:"
                    " %(accounts)s. Remove them first.",
                    app=app.name,
                    accounts=", ".join(app.account_ids.mapped("display_name")),
                )
            )

    def _host(self) -> str:
        """Where the app proves itself."""
        return urlsplit(self.authority_url or "").hostname or ""

    def _cleaned(self, vals) -> dict:
        """What was pasted, without what was copied along with it."""
        vals = dict(vals)
        for key in ("tenant", "authority", "client_id", "name"):
            if isinstance(vals.get(key), str):
                vals[key] = vals[key].strip().rstrip("/" if key == "authority" else None)
        if not vals.get("secret_expires") and (expires := _expiry_of(vals.get("certificate"))):
            vals["secret_expires"] = expires
        return vals

    # ------------------------------------------------------------
    # USE
    # ------------------------------------------------------------

    def _engine_app(self) -> App:
        """The registration for the engine, with its secret.

        :raise KeyMissing: the secret cannot be decrypted
        """
        self.ensure_one()
        # sudo: the secret is no user's to read
        app = self.sudo()
        by_secret = app.credential == "secret"

        def opened(sealed):
            return open_sealed(self.env, sealed) if sealed else ""

        return App(
            authority=app.authority_url or "",
            client_id=app.client_id or "",
            secret=opened(app.sealed_secret) if by_secret else "",
            private_key="" if by_secret else opened(app.sealed_private_key),
            certificate="" if by_secret else (app.certificate or ""),
            ca_file=config.get(CA_OPTION) or None,
        )

    def _cloud(self) -> Cloud:
        """Where mailboxes are that it signs in to."""
        return cloud_of(self.authority_url or "")

    def _is_complete(self) -> bool:
        """Whether it has what it proves itself by."""
        self.ensure_one()
        if self.credential == "secret":
            return self.has_secret
        return bool(self.has_private_key and self.certificate)

    def _is_of_one_tenant(self) -> bool:
        self.ensure_one()
        return urlsplit(self.authority_url or "").path.strip("/").lower() not in MANY_TENANTS

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_accounts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.oauth_account_action"
        )
        action["domain"] = [("app_id", "=", self.id)]
        action["context"] = {"default_app_id": self.id}
        return action

    @api.model
    def _cron_look_at_secrets(self) -> None:
        """Tell system admins in time that a secret or certificate expires, once for each date."""
        today = fields.Date.context_today(self)
        apps = self.search([("secret_expires", "<=", today + timedelta(days=WARNED_BEFORE))])
        # sudo: warned_for is kept by the addon alone
        for app in apps.sudo().filtered(lambda each: each.warned_for != each.secret_expires):
            app._warn_of_expiry()
            app.warned_for = app.secret_expires

    def _warn_of_expiry(self) -> None:
        self.ensure_one()
        users = self.env["helpdesk.oauth.account"]._system_admins(self.company_id)
        for user in users:
            words = self.with_context(lang=user.lang).env._
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "helpdesk_mailflow.oauth_activity",
                date_deadline=self.secret_expires,
                user_id=user.id,
                summary=words(
                    "The secret of %(app)s expires on %(date)s",
                    app=self.name,
                    date=self.secret_expires,
                )
                if self.credential == "secret"
                else words(
                    "The certificate of %(app)s expires on %(date)s",
                    app=self.name,
                    date=self.secret_expires,
                ),
                note=words(
                    "After that no mailbox that is connected by this app can be read or sent from."
                    " Make a new one in the portal, and enter it here with its new date."
                ),
            )


# ------------------------------------------------------------
# CERTIFICATES
# ------------------------------------------------------------


def _read_certificate(env, pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise ValidationError(
            env._("The certificate is a text that begins with -----BEGIN CERTIFICATE-----.")
        ) from None


def _read_private_key(env, pem: str):
    try:
        return load_pem_private_key(pem.strip().encode(), password=None)
    except TypeError:
        problem = env._(
            "The private key is protected by a password. Enter it without one: it is kept"
            " encrypted here."
        )
    except ValueError:
        problem = env._("The private key is a text that begins with -----BEGIN PRIVATE KEY-----.")
    # outside of the handler: what the library says of a key is told to nobody
    raise ValidationError(problem)


def _expiry_of(pem):
    """The last day of a certificate, if it is one."""
    try:
        certificate = x509.load_pem_x509_certificate((pem or "").encode())
    except ValueError:
        return None
    return certificate.not_valid_after_utc.date()


def _public(owner) -> bytes:
    return owner.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
