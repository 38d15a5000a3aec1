# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide's road for Gmail and Google Workspace: address and app password are all it asks."""

from odoo import models
from odoo.exceptions import UserError

from ..mailflow.refusal import tidy_password

IMAP_HOST, SMTP_HOST = "imap.gmail.com", "smtp.gmail.com"


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    def _gmail_incoming(self) -> dict:
        """The mail scanner's settings."""
        return {
            "server_type": "imap",
            "server": IMAP_HOST,
            "port": 993,
            "encryption": "tls",
            "verify_certificate": True,
            "user": self.email,
            # the name under which Gmail tells what it found out about a sender
            "authserv_id": "mx.google.com",
        }

    def _gmail_outgoing(self) -> dict:
        """The From address's settings."""
        return {
            "smtp_host": SMTP_HOST,
            "smtp_port": 465,
            "smtp_encryption": "tls",
            "smtp_check_certificate": True,
            "smtp_user": self.email,
        }

    def _as_password_gmail(self, typed: str) -> str:
        return tidy_password(IMAP_HOST, typed)

    def _enter_connect_gmail(self):
        # one password is for both, there is no other
        self.same_password = True

    def _leave_connect_gmail(self):
        if not self._password():
            raise UserError(
                self.env._(
                    "Paste the app password of %(email)s: 16 letters that Google shows once.",
                    email=self.email,
                )
            )
        return self._log_in(self._gmail_incoming(), self._gmail_outgoing())
