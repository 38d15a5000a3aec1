# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide's road *Microsoft 365*: one sign-in for reading and sending."""

from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..mailflow.cloud import NATIONAL
from ..mailflow.errors import MailboxError, SignInNeeded, SmtpAuthOff
from . import mailbox_errors
from .helpdesk_mailbox_connection_login import STAGE, WITH_WORDS
from .helpdesk_of_team import SYSTEM
from .helpdesk_uses_account import ODOO

WORLDWIDE = "login.microsoftonline.com"


class HelpdeskMailboxConnection(models.Model):
    _name = "helpdesk.mailbox.connection"
    _inherit = ["helpdesk.mailbox.connection", "helpdesk.uses.account"]

    _account_path = f"{ODOO}/connect-mailbox"

    # a guide that is finished, or was left, does not keep an account from being removed
    oauth_account_id = fields.Many2one(ondelete="set null", copy=False)
    microsoft_app_id = fields.Many2one(
        "helpdesk.oauth.app",
        string="App registration",
        groups=SYSTEM,
        ondelete="set null",
        copy=False,
        domain="[('company_id', 'in', (False, company_id))]",
    )
    microsoft_redirect_uri = fields.Char(
        "Redirect URI", compute="_compute_microsoft_redirect_uri", groups=SYSTEM
    )
    microsoft_mailbox = fields.Char(
        "Mailbox name",
        groups=SYSTEM,
        copy=False,
        help="The address of the mailbox. That of a shared mailbox differs from the account",
    )
    microsoft_is_worldwide = fields.Boolean(
        compute="_compute_microsoft_is_worldwide", groups=SYSTEM
    )
    microsoft_imap_host = fields.Char("Incoming server", groups=SYSTEM, copy=False)
    microsoft_imap_port = fields.Integer("Incoming port", default=993, groups=SYSTEM, copy=False)
    microsoft_smtp_host = fields.Char("Outgoing server", groups=SYSTEM, copy=False)
    microsoft_smtp_port = fields.Integer("Outgoing port", default=587, groups=SYSTEM, copy=False)
    microsoft_send_by = fields.Selection(
        [("smtp", "SMTP"), ("graph", "Microsoft Graph")],
        string="Answers leave by",
        default="smtp",
        required=True,
        groups=SYSTEM,
        copy=False,
    )
    microsoft_smtp_is_off = fields.Boolean(
        readonly=True, groups=SYSTEM, copy=False, help="SMTP AUTH is switched off for the mailbox"
    )
    connect_result = fields.Text(readonly=True, groups=SYSTEM, copy=False)

    # ------------------------------------------------------------
    # FIELDS
    # ------------------------------------------------------------

    def _compute_microsoft_redirect_uri(self):
        # the same for all app registrations, and needed before there is any
        self.microsoft_redirect_uri = self.env["helpdesk.oauth.app"].new().redirect_uri

    @api.depends("microsoft_app_id.authority", "oauth_account_id.app_id.authority")
    def _compute_microsoft_is_worldwide(self):
        for connection in self:
            connection.microsoft_is_worldwide = connection._microsoft_sign_in_host() == WORLDWIDE

    def _microsoft_sign_in_host(self) -> str:
        app = self.oauth_account_id.app_id or self.microsoft_app_id
        return urlsplit(app.authority_url or "").hostname or WORLDWIDE

    @api.onchange("microsoft_app_id", "oauth_account_id")
    def _onchange_microsoft_cloud(self):
        if self._microsoft_sign_in_host() in (WORLDWIDE, *NATIONAL):
            cloud = (self.oauth_account_id.app_id or self.microsoft_app_id)._cloud()
            self.microsoft_imap_host, self.microsoft_smtp_host = cloud.imap, cloud.smtp

    @api.onchange("oauth_account_id", "microsoft_mailbox", "direction")
    def _onchange_microsoft_mailbox(self):
        self.microsoft_smtp_is_off = False

    def write(self, vals):
        if vals.get("email"):
            # sudo: that the mailbox has another name is a system admin's to see
            for connection in self.sudo().filtered("email"):
                if connection.microsoft_mailbox == connection.email != vals["email"]:
                    connection.microsoft_mailbox = False
        return super().write(vals)

    # ------------------------------------------------------------
    # SIGN-IN
    # ------------------------------------------------------------

    def action_microsoft_sign_in(self):
        """Make a new authorisation, and come back to this step."""
        self.ensure_one()
        self.check_access("write")
        if not self.microsoft_app_id:
            raise UserError(
                self.env._(
                    "Choose the app registration to sign in with, or create one: press “Create and"
                    " edit” in the field."
                )
            )
        self.problem = False
        return self._sign_in_with(self.microsoft_app_id)

    def _use_account(self, account):
        result = super()._use_account(account)
        self._onchange_microsoft_cloud()
        return result

    # ------------------------------------------------------------
    # STEP
    # ------------------------------------------------------------

    def _enter_connect_microsoft(self):
        values = {"connect_result": False}
        apps = self.env["helpdesk.oauth.app"].search(
            [("company_id", "in", (False, self.company_id.id))]
        )
        if not self.microsoft_app_id:
            # the company's own before what all use
            values["microsoft_app_id"] = apps.sorted(lambda app: not app.company_id)[:1].id
        if not self.oauth_account_id:
            accounts = self.env["helpdesk.oauth.account"].search(
                [("company_id", "=", self.company_id.id), ("state", "=", "ok")]
            )
            values["oauth_account_id"] = self._account_to_offer(accounts).id
        if not self.microsoft_mailbox:
            values["microsoft_mailbox"] = self.email
        self.write(values)
        if not (self.microsoft_imap_host and self.microsoft_smtp_host):
            self._onchange_microsoft_cloud()

    def _account_to_offer(self, accounts):
        """The one whose mailbox it is, else the only one."""
        own = accounts.filtered(
            lambda account: (account.username or "").lower() == (self.email or "").lower()
        )
        return own[:1] or (accounts if len(accounts) == 1 else accounts.browse())

    def _leave_connect_microsoft(self):
        """Log in for reading and for sending, and keep what works."""
        if not self.oauth_account_id:
            raise UserError(
                self.env._("Sign in with Microsoft first, or choose a connected account.")
            )
        self.microsoft_mailbox = (self.microsoft_mailbox or "").strip() or self.email
        stages = {"in": ["in"], "out": ["out"], "both": ["in", "out"]}[self.direction]
        stage = self.env.context.get(STAGE)
        if self.env.context.get(WITH_WORDS) and not stage:
            return self._go_on(stages[0], self._microsoft_words_before(stages[0]))
        self.microsoft_smtp_is_off = False
        if not stage or stage == stages[0]:
            self.connect_result = False
        for each in [stage] if stage else stages:
            said = self._connect_microsoft_in() if each == "in" else self._connect_microsoft_out()
            if self.microsoft_smtp_is_off:
                # what can be read stays; another way to send is offered
                self.problem = "\n\n".join(filter(None, (self.connect_result, said)))
                return {"type": "ir.actions.client", "tag": "soft_reload"}
            self.connect_result = "\n".join(filter(None, (self.connect_result, said)))
            after = stages[stages.index(each) + 1 :]
            if stage and after:
                return self._go_on(after[0], f"{said} {self._microsoft_words_before(after[0])}")
        if self.direction == "out":
            self._drop_scanner()
        if self.direction == "in":
            self._leave_sender()
        return None

    def _set_up_sender_microsoft(self):
        said = self._connect_microsoft_out()
        if self.microsoft_smtp_is_off:
            raise UserError(said)

    def _microsoft_words_before(self, stage: str) -> str:
        if stage == "in":
            return self.env._("Opening the mailbox %(mailbox)s …", mailbox=self.microsoft_mailbox)
        return self.env._("Asking Microsoft whether %(email)s may send …", email=self.email)

    def _connect_microsoft_in(self) -> str:
        """Keep the mail scanner, and log in.

        :raise UserError: it does not work
        """
        scanner = self._keep_scanner(
            {
                "authentication": "oauth",
                "oauth_account_id": self.oauth_account_id.id,
                "user": self.microsoft_mailbox,
                "server_type": "imap",
                "server": (self.microsoft_imap_host or "").strip(),
                # Exchange Online reports about senders under no name
                "authserv_id": False,
                "authserv_choice": "nameless",
                "port": self.microsoft_imap_port,
                "encryption": "tls",
                "verify_certificate": True,
            }
        )
        found = scanner._look_up_folders()
        return self.env._(
            "Reading works: %(mailbox)s was opened, and has %(count)s folders.",
            mailbox=self.microsoft_mailbox,
            count=len(found),
        )

    def _connect_microsoft_out(self) -> str:
        """Keep the From address, and log in, which proves it.

        :return: what was found; also that SMTP AUTH is switched off (``microsoft_smtp_is_off``)
        :raise UserError: it does not work
        """
        settings = {
            "sends_via": "mailbox",
            "oauth_account_id": self.oauth_account_id.id,
            "oauth_send_by": self.microsoft_send_by,
            "smtp_user": self.microsoft_mailbox,
            "smtp_host": (self.microsoft_smtp_host or "").strip(),
            "smtp_port": self.microsoft_smtp_port,
            "smtp_encryption": "tls" if self.microsoft_smtp_port == 465 else "starttls",
        }
        try:
            return self._set_up_sender(lambda: self._keep_microsoft_sender(settings))
        except SmtpAuthOff as error:
            self.microsoft_smtp_is_off = True
            return mailbox_errors.sentence(self.env, error)
        except MailboxError as error:
            said = (self.connect_result, mailbox_errors.sentence(self.env, error))
            raise UserError("\n\n".join(filter(None, said))) from error

    def _keep_microsoft_sender(self, settings: dict) -> str:
        address = self._keep_from_address(settings)
        return " ".join(address._report_in_words(address._check_server()))

    def action_microsoft_graph(self):
        """Send through Microsoft Graph instead of SMTP; asks to sign in again if the account has
        not consented to that, then goes on."""
        self.ensure_one()
        self.check_access("write")
        self.write({"microsoft_send_by": "graph", "microsoft_smtp_is_off": False, "problem": False})
        try:
            self.oauth_account_id._access_token("graph")
        except SignInNeeded:
            return self.oauth_account_id._sign_in_action(self._form_path(), resource="graph")
        except MailboxError as error:
            self.problem = mailbox_errors.sentence(self.env, error)
            return None
        return self.action_next()
