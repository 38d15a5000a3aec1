# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""From addresses that send with the token of a connected account."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..mailflow.errors import MailboxError, SignInNeeded
from . import mailbox_errors
from .helpdesk_of_team import SYSTEM
from .helpdesk_uses_account import ODOO

#: How Microsoft 365 takes mail.
MICROSOFT = {"smtp_port": 587, "smtp_encryption": "starttls"}
#: smtp_encryption of ir.mail_server; a token is never sent without both.
ODOO_ENCRYPTION = {"starttls": "starttls_strict", "tls": "ssl_strict"}


class HelpdeskFromAddress(models.Model):
    _name = "helpdesk.from.address"
    _inherit = ["helpdesk.from.address", "helpdesk.uses.account"]

    _account_path = f"{ODOO}/from-addresses"

    oauth_account_id = fields.Many2one(copy=False, tracking=True)
    oauth_send_by = fields.Selection(
        [("smtp", "SMTP"), ("graph", "Microsoft Graph")],
        string="Sends by",
        compute="_compute_smtp",
        readonly=False,
        groups=SYSTEM,
        copy=False,
    )

    def _sends_with_account(self) -> bool:
        """Whether it has a server that was made to send with a connected account."""
        return self.sends_via == "mailbox" and bool(self.oauth_account_id)

    @api.onchange("sends_via", "oauth_account_id")
    def _onchange_oauth_account_id(self):
        if (
            self.env.user.has_group(SYSTEM)
            and self._sends_with_account()
            and self.mail_server_id.smtp_authentication != "helpdesk_oauth"
        ):
            self.update(self._settings_of_microsoft())

    # ------------------------------------------------------------
    # THE SERVER
    # ------------------------------------------------------------

    def _settings_of_microsoft(self) -> dict:
        """What is kept on the server, as Microsoft 365 has it."""
        return {
            **MICROSOFT,
            "smtp_host": self.oauth_account_id.app_id._cloud().smtp,
            "smtp_check_certificate": True,
            "smtp_user": self.email,
            "new_smtp_password": False,
            "oauth_send_by": "smtp",
        }

    def _leave_account(self) -> None:
        """An account is let go of, and its server, when the address sends another way."""
        values = {}
        if self.oauth_account_id and self.sends_via != "mailbox":
            values["oauth_account_id"] = False
        uses_account = self.mail_server_id.smtp_authentication == "helpdesk_oauth"
        if uses_account and (values or not self._sends_with_account()):
            values["mail_server_id"] = False
        if values:
            self._by_system().with_context(mailflow_server_settled=True).write(values)

    def _keep_mailbox(self, settings: dict) -> None:
        if not self.oauth_account_id:
            super()._keep_mailbox(settings)
            return
        server = self._own_server()
        after = {**self._settings(), **settings}
        encryption = ODOO_ENCRYPTION.get(after["smtp_encryption"])
        if not encryption:
            raise ValidationError(
                self.env._("A sign-in is only sent over an encrypted connection. Choose STARTTLS.")
            )
        if not 0 < after["smtp_port"] < 65536:
            raise ValidationError(
                self.env._("%(port)s is no port. Choose 587.", port=after["smtp_port"])
            )
        self._write_server(
            server,
            {
                "smtp_authentication": "helpdesk_oauth",
                "helpdesk_oauth_account_id": self.oauth_account_id.id,
                "helpdesk_send_by": after["oauth_send_by"] or "smtp",
                "smtp_host": (after["smtp_host"] or "").strip()
                or self.oauth_account_id.app_id._cloud().smtp,
                "smtp_port": after["smtp_port"],
                "smtp_encryption": encryption,
                "smtp_user": (after["smtp_user"] or "").strip() or self.email,
                "smtp_pass": False,
            },
        )

    def _use_account(self, account) -> None:
        self.ensure_one()
        self.write({"sends_via": "mailbox", "oauth_account_id": account.id})

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_send_through_graph(self):
        """Send by Microsoft Graph from now on, where SMTP is switched off for the mailbox; asks
        to sign in again if the account has not consented to that.

        :raise UserError: what is wrong, in a user's words
        """
        return self._send_by("graph")

    def action_send_through_smtp(self):
        """Back to SMTP.

        :raise UserError: what is wrong, in a user's words
        """
        return self._send_by("smtp")

    def _send_by(self, way: str):
        self.ensure_one()
        if not self._sends_with_account():
            raise UserError(
                self.env._("Choose a connected account first, or make a new authorisation.")
            )
        self.oauth_send_by = way
        account, resource = self.oauth_account_id, "graph" if way == "graph" else "mail"
        if not account._has_problem():
            try:
                account._access_token(resource)
            except SignInNeeded:
                # not consented to so far
                return account._sign_in_action(self._form_path(), resource=resource)
            except MailboxError as error:
                raise UserError(mailbox_errors.sentence(self.env, error)) from error
        return self.action_test_connection()
