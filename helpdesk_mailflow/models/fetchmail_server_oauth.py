# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A mail scanner that logs in with a token: of a connected account, or of Odoo's Gmail addon."""

from dataclasses import replace

import requests

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..mailflow.errors import AccountMissing, ConnectionRefused, TokenRefused
from ..mailflow.mailbox import connect
from .fetchmail_server import TIMEOUT
from .helpdesk_uses_account import ODOO

#: Where mailboxes are, by authentication and protocol. National clouds have other hosts, known
#: once the account is.
HOSTS = {
    ("oauth", "imap"): "outlook.office365.com",
    ("oauth", "pop"): "outlook.office365.com",
    ("gmail", "imap"): "imap.gmail.com",
    ("gmail", "pop"): "pop.gmail.com",
}
#: Where Google's tokens are renewed, for the sentence that it cannot be reached.
GOOGLE = {"host": "oauth2.googleapis.com", "port": 443}


class FetchmailServer(models.Model):
    _name = "fetchmail.server"
    _inherit = ["fetchmail.server", "helpdesk.uses.account"]

    _account_path = f"{ODOO}/mail-scanners"

    authentication = fields.Selection(
        selection_add=[("oauth", "Microsoft OAuth"), ("gmail", "Gmail OAuth")],
        ondelete={"oauth": "set default", "gmail": "set default"},
    )
    is_gmail_connected = fields.Boolean(compute="_compute_is_gmail_connected")

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Gmail's log-in is that of Odoo's addon."""
        described = super().fields_get(allfields, attributes)
        choices = described.get("authentication", {}).get("selection")
        if choices and not self._has_gmail():
            described["authentication"]["selection"] = [
                choice for choice in choices if choice[0] != "gmail"
            ]
        return described

    @api.model
    def _has_gmail(self) -> bool:
        """Whether Odoo's addon for Gmail is installed."""
        return "google_gmail_refresh_token" in self._fields

    def _compute_is_gmail_connected(self):
        for scanner in self:
            scanner.is_gmail_connected = self._has_gmail() and bool(
                scanner.google_gmail_refresh_token
            )

    def write(self, vals):
        if vals.get("authentication", "password") != "password":
            # no secret is kept that nobody needs
            vals = {**vals, "password": False}
        return super().write(vals)

    @api.onchange("authentication", "mailbox_protocol")
    def _onchange_authentication(self):
        host = HOSTS.get((self.authentication, self.mailbox_protocol or "imap"))
        # somebody may have typed the host of a national cloud
        is_there = self.authentication == "oauth" and "outlook" in (self.server or "")
        if not self.is_scanner or not host or is_there:
            return
        self.server = host
        self.encryption = "tls"
        self._onchange_encryption()

    @api.onchange("oauth_account_id")
    def _onchange_oauth_account_id(self):
        if not self.user:
            self.user = self.oauth_account_id.username
        if self.authentication == "oauth" and self.server == HOSTS["oauth", "imap"]:
            # national clouds have other hosts
            self.server = self.oauth_account_id.app_id._cloud().imap

    def action_connect_gmail(self):
        """To Google's page, by Odoo's addon for Gmail."""
        self.ensure_one()
        if not self._has_gmail():
            raise UserError(self.env._("Install Odoo's addon Gmail first."))
        return self.open_google_gmail_uri()

    def _use_account(self, account):
        if self.authentication != "oauth":
            self.authentication = "oauth"
        return super()._use_account(account)

    def _read_mailbox(self, seconds: float):
        # somebody may have signed in while the mailbox was being read
        self._take_new_account()
        return super()._read_mailbox(seconds)

    # ------------------------------------------------------------
    # LOG-IN
    # ------------------------------------------------------------

    def _connect_mailbox(self, timeout: float = TIMEOUT):
        """The same with a token, where that is how to log in. While the account has a problem
        the server is not asked."""
        if self.authentication == "password":
            return super()._connect_mailbox(timeout)
        server = replace(self._mail_server(timeout), password="")
        if self.authentication == "gmail":
            return self._connect_gmail(server)
        # sudo: whoever may read the mailbox may do it with its token
        account = self.sudo().oauth_account_id
        if not account:
            raise AccountMissing()
        account._check_host(server.host)
        server = replace(server, account=account.username or "")
        return account._with_token(
            lambda token: connect(replace(server, token=token)), mailbox=server.user
        )

    def _connect_gmail(self, server):
        """With what Odoo's addon for Gmail got."""
        try:
            return connect(replace(server, token=self._gmail_token()))
        except TokenRefused:
            self.google_gmail_access_token = False
        return connect(replace(server, token=self._gmail_token()))

    def _gmail_token(self) -> str:
        if not self.is_gmail_connected:
            raise AccountMissing("account_missing_gmail", user=self.user or "")
        try:
            # the addon hands it out within what is sent, which is ours to put together
            self._generate_oauth2_string(self.user, self.google_gmail_refresh_token)
        except UserError as error:
            raise AccountMissing("account_missing_gmail_refused", user=self.user or "") from error
        except requests.RequestException as error:
            raise ConnectionRefused(
                "connection_refused_unreachable", reason=type(error).__name__, **GOOGLE
            ) from error
        return self.google_gmail_access_token
