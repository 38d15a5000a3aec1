# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What of a log-in to an outgoing server is told: nothing that opens a mailbox."""

import base64
import smtplib

from odoo import models

from ..mailflow.oauth_refusal import without


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _smtp_login__(self, connection, smtp_user, smtp_password):
        """Odoo logs the whole dialogue of a server with *Debugging*, and in any case what a
        server says to a log-in that it refuses: some quote what they were sent. What it says
        also ends up in errors, and in what agents read of a mail that waits.
        """
        level = getattr(connection, "debuglevel", 0)
        if level:
            connection.debuglevel = 0
        try:
            return super()._smtp_login__(connection, smtp_user, smtp_password)
        except smtplib.SMTPResponseException as error:
            secrets = _forms(smtp_user or "", smtp_password or "")
            said = error.smtp_error
            words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
            told = without(words, secrets)
            if told == words:
                raise
            # in place: what has it already does not tell more than what gets it
            error.smtp_error = told.encode() if isinstance(said, bytes) else told
            error.args = (error.smtp_code, error.smtp_error, *error.args[2:])
            raise
        finally:
            if level:
                connection.debuglevel = level


def _forms(user: str, password: str) -> list[str]:
    """The password in the forms in which it travels (RFC 4616, AUTH LOGIN)."""
    if not password:
        return []
    plain = f"\0{user}\0{password}"
    return [
        password,
        *(base64.b64encode(text.encode()).decode() for text in (plain, password)),
    ]
