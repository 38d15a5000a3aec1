# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The outgoing server of a From address that was made for it."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..mailflow.errors import MailboxError
from ..mailflow.refusal import tidy_password
from ..mailflow.smtp import SmtpReport, SmtpSettings, check
from . import mailbox_errors
from .helpdesk_of_team import manages

SYSTEM = "base.group_system"
#: Seconds that somebody waits in front of the screen for each answer of a server.
TIMEOUT = 15.0
#: The ports that mail is handed in at (RFC 6409, RFC 8314, RFC 5321), by encryption.
PORTS = {"starttls": 587, "tls": 465, "none": 25}
#: smtp_encryption of ir.mail_server, by ours and whether the certificate is checked.
ODOO_ENCRYPTION = {
    ("none", True): "none",
    ("none", False): "none",
    ("starttls", True): "starttls_strict",
    ("starttls", False): "starttls",
    ("tls", True): "ssl_strict",
    ("tls", False): "ssl",
}
OUR_ENCRYPTION = {theirs: ours for ours, theirs in ODOO_ENCRYPTION.items() if theirs != "none"}
#: What is kept on the server alone, so that nothing is kept twice.
SETTINGS = (
    "smtp_host",
    "smtp_port",
    "smtp_encryption",
    "smtp_check_certificate",
    "smtp_user",
    "new_smtp_password",
    "oauth_send_by",
)
#: What a log-in says nothing of, once it is another.
PROVEN_BY_LOG_IN = frozenset(("smtp_host", "smtp_user", "smtp_pass", "helpdesk_oauth_account_id"))
#: What else changes the server of an address.
DECIDE = frozenset(("email", "sends_via", "mail_server_id", "oauth_account_id"))


class HelpdeskFromAddress(models.Model):
    _inherit = "helpdesk.from.address"

    smtp_host = fields.Char(
        "SMTP server", compute="_compute_smtp", readonly=False, groups=SYSTEM, copy=False
    )
    smtp_port = fields.Integer(
        "Port number", compute="_compute_smtp", readonly=False, groups=SYSTEM, copy=False
    )
    smtp_port_choice = fields.Selection(
        [
            ("587", "587 (STARTTLS)"),
            ("465", "465 (SSL/TLS)"),
            ("25", "25"),
            ("other", "Another"),
        ],
        string="Port",
        compute="_compute_smtp",
        readonly=False,
        groups=SYSTEM,
        copy=False,
    )
    smtp_encryption = fields.Selection(
        [("starttls", "STARTTLS"), ("tls", "SSL/TLS"), ("none", "None")],
        string="Encryption",
        compute="_compute_smtp",
        readonly=False,
        groups=SYSTEM,
        copy=False,
    )
    smtp_check_certificate = fields.Boolean(
        "Check the certificate",
        compute="_compute_smtp",
        readonly=False,
        groups=SYSTEM,
        copy=False,
        help="Without the check anybody on the way can read the password and the mails",
    )
    smtp_user = fields.Char(
        "User",
        compute="_compute_smtp",
        readonly=False,
        groups=SYSTEM,
        copy=False,
        help="It may differ from the address. Empty for a server that asks for no log-in",
    )
    # typed in here, kept in smtp_pass of the server, so it never goes to a browser
    new_smtp_password = fields.Char(
        "New SMTP password", compute="_compute_smtp", readonly=False, groups=SYSTEM, copy=False
    )
    has_smtp_password = fields.Boolean(compute="_compute_smtp", groups=SYSTEM)
    smtp_tested_date = fields.Datetime(
        "Last successful test",
        readonly=True,
        copy=False,
        help="Of the settings of its own server as they are now",
    )
    # it answers again by default once the log-in works again
    was_default = fields.Boolean(readonly=True, copy=False)
    is_verified_by_mail = fields.Boolean(
        compute="_compute_is_verified_by_mail",
        help="No log-in can prove the address: a verification mail has to",
    )

    # ------------------------------------------------------------
    # FIELDS
    # ------------------------------------------------------------

    @api.depends(
        "mail_server_id.smtp_host",
        "mail_server_id.smtp_port",
        "mail_server_id.smtp_encryption",
        "mail_server_id.smtp_user",
        "mail_server_id.smtp_pass",
        "mail_server_id.helpdesk_send_by",
    )
    def _compute_smtp(self):
        for address in self:
            settings = address._settings()
            address.update({name: settings[name] for name in SETTINGS})
            address.smtp_port_choice = _choice_of(settings["smtp_port"])
            address.has_smtp_password = bool(address.mail_server_id.smtp_pass)

    def _settings(self) -> dict:
        """:data:`SETTINGS` as they are on the server, without the password."""
        server = self._own_server()
        if not server and self.sends_via == "mailbox":
            return self._settings_of_microsoft()
        encryption, is_checked = OUR_ENCRYPTION.get(server.smtp_encryption, ("none", True))
        if not server:
            encryption = "starttls"
        return {
            "smtp_host": server.smtp_host,
            "smtp_port": server.smtp_port if server else PORTS[encryption],
            "smtp_encryption": encryption,
            "smtp_check_certificate": is_checked,
            "smtp_user": server.smtp_user,
            "new_smtp_password": False,
            "oauth_send_by": server.helpdesk_send_by or "smtp",
        }

    def _own_server(self):
        """Its own SMTP server, or the one that was made to send with a connected account."""
        server = self.mail_server_id
        kept = self.sends_via == "smtp" or (
            self.sends_via == "mailbox" and server.smtp_authentication == "helpdesk_oauth"
        )
        return server if kept else server.browse()

    @api.depends("sends_via", "mail_server_id.smtp_user")
    def _compute_is_verified_by_mail(self):
        for address in self:
            # sudo: whether there is a user is no secret
            server = address.sudo().mail_server_id
            address.is_verified_by_mail = address.sends_via == "odoo" or (
                address.sends_via == "smtp" and bool(server) and not server.smtp_user
            )

    @api.onchange("smtp_port_choice")
    def _onchange_smtp_port_choice(self):
        if self.smtp_port_choice in (False, "other"):
            return
        self.smtp_port = int(self.smtp_port_choice)
        if self.smtp_port == PORTS["tls"]:
            self.smtp_encryption = "tls"
        elif self.smtp_encryption == "tls":
            self.smtp_encryption = "starttls"

    @api.onchange("smtp_encryption")
    def _onchange_smtp_encryption(self):
        if self.smtp_encryption and self.smtp_port in PORTS.values():
            # STARTTLS is at home on 25, too
            if not (self.smtp_encryption == "starttls" and self.smtp_port == PORTS["none"]):
                self.smtp_port = PORTS[self.smtp_encryption]
            self.smtp_port_choice = _choice_of(self.smtp_port)

    @api.onchange("sends_via", "email")
    def _onchange_smtp_user(self):
        # most servers know the user by the address
        if self.env.user.has_group(SYSTEM) and self.sends_via == "smtp" and not self.smtp_host:
            self.smtp_user = self.email

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        split = [self._split_settings(vals) for vals in vals_list]
        addresses = super().create([vals for vals, _settings in split])
        for address, (_vals, settings) in zip(addresses, split, strict=True):
            address._keep_server(settings)
        return addresses

    def write(self, vals):
        self._refuse_to_drop_a_server(vals)
        vals, settings = self._split_settings(vals)
        # sudo: a server that nobody needs any more goes with the way to send, whoever changes it
        former = {address: address.mail_server_id for address in self.sudo()}
        result = super().write(vals)
        if self.env.context.get("mailflow_server_settled"):
            return result
        if settings or vals.keys() & DECIDE:
            for address in self:
                address._keep_server(settings)
            self._drop(
                [server for address, server in former.items() if address.mail_server_id != server]
            )
        return result

    def _refuse_to_drop_a_server(self, vals) -> None:
        """A server goes with its password, which only a system admin could type in again, and a
        mailbox is connected by few: no leader of a team gives them up.

        :raise AccessError: a leader would send another way
        """
        if "sends_via" not in vals or manages(self.env):
            return
        kept = self.filtered(lambda each: each.sends_via not in ("odoo", vals["sends_via"]))
        if kept:
            raise AccessError(
                self.env._(
                    "%(email)s sends through a server of its own or a connected mailbox. Only a"
                    " helpdesk manager can change that.",
                    email=kept[0].email,
                )
            )

    def unlink(self):
        servers = self.sudo().mail_server_id  # sudo: as in write
        result = super().unlink()
        self._drop(servers)
        return result

    def _split_settings(self, vals) -> tuple[dict, dict]:
        """What is kept on the address, and what is kept on its server.

        :raise AccessError: the settings are a system admin's
        """
        settings = {name: value for name, value in vals.items() if name in SETTINGS}
        for name in settings:
            self._check_field_access(self._fields[name], "write")
        kept = {name: value for name, value in vals.items() if name not in SETTINGS}
        kept.pop("smtp_port_choice", None)
        return kept, settings

    @api.model
    def _drop(self, servers) -> None:
        """Delete servers that were made for an address, and have none any more."""
        for server in servers:
            # sudo: as in write
            server = server.sudo().exists()
            if server.helpdesk_is_own and not server.helpdesk_from_address_ids:
                server.with_context(mailflow_by_address=True).unlink()

    # ------------------------------------------------------------
    # THE SERVER
    # ------------------------------------------------------------

    def _keep_server(self, settings: dict) -> None:
        """Make or change the ``ir.mail_server`` that the address sends through.

        :param settings: those of :data:`SETTINGS` that change
        :raise UserError: the address would have no way to send
        """
        self.ensure_one()
        # sudo: settings were checked for the user's right to them; the rest follows from the
        # address, and is no secret
        address = self.sudo()
        address._leave_account()
        if address.sends_via == "smtp":
            address._keep_own_server(settings)
        elif address.sends_via == "mailbox":
            address._keep_mailbox(settings)
        elif address.mail_server_id:
            address._by_system().write({"mail_server_id": False})

    def _keep_own_server(self, settings: dict) -> None:
        server = self.mail_server_id
        before = self._settings()
        after = {**before, **settings}
        if not (after["smtp_host"] or "").strip():
            raise UserError(
                self.env._(
                    "Fill in the SMTP server that %(email)s sends through. Only a system"
                    " administrator can do so, since it has a password.",
                    email=self.email,
                )
            )
        if not 0 < after["smtp_port"] < 65536:
            raise ValidationError(
                self.env._("%(port)s is no port. Choose 587, 465 or 25.", port=after["smtp_port"])
            )
        encryption = (after["smtp_encryption"] or "none", bool(after["smtp_check_certificate"]))
        values = {
            "smtp_authentication": "login",
            "smtp_host": after["smtp_host"].strip(),
            "smtp_port": after["smtp_port"],
            "smtp_encryption": ODOO_ENCRYPTION[encryption],
            "smtp_user": (after["smtp_user"] or "").strip(),
        }
        if after["new_smtp_password"]:
            # Odoo sends it as it is kept
            values["smtp_pass"] = tidy_password(values["smtp_host"], after["new_smtp_password"])
        elif not values["smtp_user"]:
            values["smtp_pass"] = False
        self._write_server(server, values)

    def _write_server(self, server, values: dict) -> None:
        """Make or change a server, and want a new proof where the old one says nothing of it.

        :param server: ``ir.mail_server``; empty to make one
        :param values: of ``ir.mail_server``
        """
        if not server or server.helpdesk_is_own:
            values["name"] = self.env._("From address %(email)s", email=self.email)
            values["from_filter"] = self.email
        servers = server.with_context(mailflow_by_address=True)
        if server:
            if not server.helpdesk_is_own:
                self._let_in(server)
            values = {
                name: value
                for name, value in values.items()
                if (server._fields[name].convert_to_write(server[name], server) or "")
                != (value or "")
            }
            servers.write(values)
        else:
            self._by_system().write(
                {"mail_server_id": servers.create({**values, "helpdesk_is_own": True}).id}
            )
        if values.keys() - {"name", "from_filter"}:
            self._by_system().write({"smtp_tested_date": False})
            if values.keys() & PROVEN_BY_LOG_IN:
                self._withdraw_log_in()

    def _let_in(self, server) -> None:
        """Have a server that others use, too, take mail from the address: what else leaves by it
        goes on to do so."""
        if not server._match_from_filter(self.email, server.from_filter):
            server.with_context(
                mailflow_by_address=True
            ).from_filter = f"{server.from_filter}, {self.email}"

    def _withdraw_log_in(self) -> None:
        """Another server, user or password is not proven by the log-in of the former."""
        proven = self.filtered(lambda address: address.proof in ("login", "mailbox"))
        proven.filtered("is_default")._by_system().write({"was_default": True})
        proven._withdraw_proof()
        self._keep_defaults(proven.company_id)

    def _make_default(self):
        result = super()._make_default()
        # who chooses another default means it
        former = self._by_system().search(
            [("company_id", "=", self.company_id.id), ("was_default", "=", True)]
        )
        former.write({"was_default": False})
        return result

    def _smtp_settings(self) -> SmtpSettings:
        """Of its own SMTP server, for the engine.

        :raise AccessError: not a system admin
        """
        return SmtpSettings(
            host=self.smtp_host or "",
            port=self.smtp_port,
            encryption=self.smtp_encryption,
            sender=self.email,
            user=self.smtp_user or "",
            password=self.mail_server_id.smtp_pass or "",
            verify=self.smtp_check_certificate,
            timeout=TIMEOUT,
        )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_test_connection(self):
        """Log in, and ask whether the address may send; a successful log-in proves it.

        :raise UserError: what is wrong, in a user's words
        """
        self.ensure_one()
        if not self.mail_server_id:
            raise UserError(self._how_to_connect_a_mailbox())
        if not self._has_own_server():
            return self.mail_server_id.test_smtp_connection()
        try:
            report = self._check_server()
        except MailboxError as error:
            raise UserError(mailbox_errors.sentence(self.env, error)) from error
        message = " ".join(self._report_in_words(report))
        is_fine = report.tls and not report.not_received and self.state == "verified"
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "success" if is_fine else "warning",
                "sticky": not is_fine,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _has_own_server(self) -> bool:
        """Whether there is a server that was made for the address, to be tested here."""
        # sudo: that it sends with an account is no secret
        return self.sends_via == "smtp" or self.sudo()._sends_with_account()

    def _check_server(self) -> SmtpReport:
        """Ask its own server, and take a log-in for a proof.

        :raise MailboxError: what is wrong
        :raise AccessError: not a system admin
        """
        if self.sends_via == "smtp":
            report, proof = check(self._smtp_settings()), "login"
        else:
            report, proof = self.mail_server_id._helpdesk_ask(self.email, TIMEOUT), "mailbox"
        self._by_system().write({"smtp_tested_date": fields.Datetime.now()})
        # what else proves the address holds whatever happens to the log-in
        if report.logged_in and (self.state != "verified" or self.proof == proof):
            self._prove(proof, self.env.user)
            if self.was_default:
                # sudo: who may choose the default has chosen it
                self.sudo()._make_default()
        return report

    def _report_in_words(self, report: SmtpReport) -> list[str]:
        if self.oauth_send_by == "graph":
            return [
                self.env._("Microsoft Graph lets %(email)s send.", email=self.email),
            ]
        said = [
            self.env._(
                "The connection works: %(host)s lets “%(user)s” send as %(email)s.",
                host=self.smtp_host,
                user=self.smtp_user,
                email=self.email,
            )
            if report.logged_in
            else self.env._(
                "The connection works: %(host)s takes mail from %(email)s without a log-in.",
                host=self.smtp_host,
                email=self.email,
            )
        ]
        if self.state != "verified":
            said.append(
                self.env._(
                    "That does not prove that the address is yours: send a verification mail to it."
                )
            )
        if report.starttls_offered:
            said.append(
                self.env._(
                    "Password and mails travel unencrypted, though the server offers STARTTLS:"
                    " choose it."
                )
            )
        elif not report.tls:
            said.append(self.env._("Password and mails travel unencrypted."))
        if report.not_received:
            said.append(
                self.env._(
                    "But the server takes no mail to %(email)s (“%(answer)s”): see that answers"
                    " of customers arrive.",
                    email=self.email,
                    answer=report.not_received,
                )
            )
        return said


def _choice_of(port: int) -> str:
    return str(port) if port in PORTS.values() else "other"
