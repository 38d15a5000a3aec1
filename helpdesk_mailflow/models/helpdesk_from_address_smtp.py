# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The outgoing server of a From address: its own SMTP server, or that of a connected mailbox."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import email_normalize

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
)
#: How Odoo's own addons log in to a mailbox, and the field that they keep the token in.
MAILBOX_TOKENS = {
    "gmail": "google_gmail_refresh_token",
    "outlook": "microsoft_outlook_refresh_token",
}


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
        help="Of the settings of its own SMTP server as they are now",
    )
    # it answers again by default once the log-in works again
    was_default = fields.Boolean(readonly=True, copy=False)
    mailbox_hint = fields.Char(compute="_compute_mailbox_hint")
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
    )
    def _compute_smtp(self):
        for address in self:
            settings = address._settings()
            address.update({name: settings[name] for name in SETTINGS})
            address.smtp_port_choice = _choice_of(settings["smtp_port"])
            address.has_smtp_password = bool(address.mail_server_id.smtp_pass)

    def _settings(self) -> dict:
        """:data:`SETTINGS` as they are on the server, without the password."""
        server = self.mail_server_id if self.sends_via == "smtp" else self.env["ir.mail_server"]
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
        }

    @api.depends("email", "sends_via")
    @api.depends_context("uid", "lang")
    def _compute_mailbox_hint(self):
        for address in self:
            address.mailbox_hint = False
            if address.sends_via != "mailbox":
                continue
            if address.proof != "mailbox" and not address._may_connect_mailboxes():
                address.mailbox_hint = address._who_connects_mailboxes()
            elif not address._connected_mailboxes():
                address.mailbox_hint = address._how_to_connect_a_mailbox()

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
        if settings or vals.keys() & {"email", "sends_via", "mail_server_id"}:
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
        if address.sends_via == "smtp":
            address._keep_own_server(settings)
        elif address.sends_via == "mailbox":
            address._keep_mailbox()
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
        if not server or server.helpdesk_is_own:
            values["name"] = self.env._("From address %(email)s", email=self.email)
            values["from_filter"] = self.email
        servers = server.with_context(mailflow_by_address=True)
        if server:
            if not server.helpdesk_is_own:
                self._let_in(server)
            values = {
                name: value for name, value in values.items() if (server[name] or "") != value
            }
            servers.write(values)
        else:
            self._by_system().write(
                {"mail_server_id": servers.create({**values, "helpdesk_is_own": True}).id}
            )
        if settings and values.keys() - {"name", "from_filter"}:
            self._by_system().write({"smtp_tested_date": False})
            if values.keys() & {"smtp_host", "smtp_user", "smtp_pass"}:
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
        proven = self.filtered(lambda address: address.proof == "login")
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
        """For the engine.

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
    # A CONNECTED MAILBOX
    # ------------------------------------------------------------

    def _connected_mailboxes(self):
        """The outgoing servers that Odoo's addons for Google and Microsoft connected with this
        address as user.

        :return: ``ir.mail_server`` with all rights
        """
        # sudo: whether there is one is no secret; the field mail_server_id has groups
        servers = self.env["ir.mail_server"].sudo()
        known = dict(servers._fields["smtp_authentication"].selection)
        ways = [way for way in MAILBOX_TOKENS if way in known]
        email = email_normalize(self.email or "")
        if not ways or not email:
            return servers
        return servers.search(
            [("smtp_authentication", "in", ways), ("owner_user_id", "=", False)]
        ).filtered(
            lambda server: (
                email_normalize(server.smtp_user or "") == email
                and server[MAILBOX_TOKENS[server.smtp_authentication]]
            )
        )

    def _keep_mailbox(self) -> None:
        mailboxes = self._connected_mailboxes()
        mailbox = mailboxes & self.mail_server_id or mailboxes[:1]
        if not mailbox:
            raise UserError(self._how_to_connect_a_mailbox())
        is_let_in = mailbox._match_from_filter(self.email, mailbox.from_filter)
        if mailbox == self.mail_server_id and is_let_in and self.state == "verified":
            return
        if not self._may_connect_mailboxes():
            raise AccessError(self._who_connects_mailboxes())
        if mailbox != self.mail_server_id:
            self._by_system().write({"mail_server_id": mailbox.id})
        self._let_in(mailbox)
        if self.state != "verified":
            self._prove("mailbox", self.env.user)

    def _may_connect_mailboxes(self) -> bool:
        """Whether the user may send through connected mailboxes: they are the company's, and
        that they are connected proves nothing of who asks. Record rules see to the company."""
        # whatever is done with all rights in the user's name stays the user's wish
        return manages(self.env(su=False))

    def _who_connects_mailboxes(self) -> str:
        return self.env._(
            "Only a helpdesk manager lets %(email)s send through a connected mailbox. Choose"
            " another way to send, or ask a helpdesk manager to do it.",
            email=self.email or "",
        )

    def _how_to_connect_a_mailbox(self) -> str:
        known = dict(self.env["ir.mail_server"]._fields["smtp_authentication"].selection)
        email = self.email or ""
        if not known.keys() & MAILBOX_TOKENS.keys():
            return self.env._(
                "No mailbox %(email)s is connected. A system administrator installs Odoo's addon"
                " Gmail or Microsoft Outlook, then connects an outgoing mail server with"
                " %(email)s as user. After that, choose this again.",
                email=email,
            )
        return self.env._(
            "No mailbox %(email)s is connected. A system administrator adds an outgoing mail"
            " server (in the settings, with Gmail or Outlook as authentication and %(email)s as"
            " user) and connects it there. After that, choose this again.",
            email=email,
        )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_test_connection(self):
        """Log in, and ask whether the address may send; a successful log-in proves it.

        :raise UserError: what is wrong, in a user's words
        """
        self.ensure_one()
        if self.sends_via == "mailbox":
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

    def _check_server(self) -> SmtpReport:
        """Ask its own SMTP server, and take a log-in for a proof.

        :raise MailboxError: what is wrong
        :raise AccessError: not a system admin
        """
        report = check(self._smtp_settings())
        self._by_system().write({"smtp_tested_date": fields.Datetime.now()})
        # what else proves the address holds whatever happens to the log-in
        if report.logged_in and (self.state != "verified" or self.proof == "login"):
            self._prove("login", self.env.user)
            if self.was_default:
                # sudo: who may choose the default has chosen it
                self.sudo()._make_default()
        return report

    def _report_in_words(self, report: SmtpReport) -> list[str]:
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
