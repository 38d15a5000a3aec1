# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""From addresses that send through a mailbox which Odoo's own addons have connected."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize

from .helpdesk_of_team import SYSTEM, manages

#: How Odoo's own addons log in to a mailbox, and the field that they keep the token in.
MAILBOX_TOKENS = {
    "gmail": "google_gmail_refresh_token",
    "outlook": "microsoft_outlook_refresh_token",
}


class HelpdeskFromAddress(models.Model):
    _inherit = "helpdesk.from.address"

    mailbox_hint = fields.Char(compute="_compute_mailbox_hint")

    @api.depends("email", "sends_via", "oauth_account_id")
    @api.depends_context("uid", "lang")
    def _compute_mailbox_hint(self):
        for address in self:
            address.mailbox_hint = False
            # sudo: that it sends with an account is no secret
            if address.sends_via != "mailbox" or address.sudo().oauth_account_id:
                continue
            if address.proof != "mailbox" and not address._may_connect_mailboxes():
                address.mailbox_hint = address._who_connects_mailboxes()
            elif not address._connected_mailboxes():
                address.mailbox_hint = address._how_to_connect_a_mailbox()

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

    def _keep_mailbox(self, settings: dict) -> None:
        """Send through a mailbox that an addon of Odoo's connected."""
        mailboxes = self._connected_mailboxes()
        mailbox = mailboxes & self.mail_server_id or mailboxes[:1]
        if not mailbox:
            if self.state != "verified" and self.env(su=False).user.has_group(SYSTEM):
                # nothing is sent as it yet, and whoever may sign in for it does so next
                return
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
                "No mailbox %(email)s is connected. A system administrator chooses a connected"
                " Microsoft 365 account here; or installs Odoo's addon Gmail or Microsoft Outlook,"
                " connects an outgoing mail server with %(email)s as user, and chooses this"
                " again.",
                email=email,
            )
        return self.env._(
            "No mailbox %(email)s is connected. A system administrator chooses a connected"
            " Microsoft 365 account here; or adds an outgoing mail server (in the settings, with"
            " Gmail or Outlook as authentication and %(email)s as user), connects it there, and"
            " chooses this again.",
            email=email,
        )
