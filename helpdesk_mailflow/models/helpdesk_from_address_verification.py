# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A From address is verified by a mail to itself."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .helpdesk_from_verification import EXPIRY_HOURS


class HelpdeskFromAddress(models.Model):
    _inherit = "helpdesk.from.address"

    verification_bounced = fields.Boolean(
        readonly=True, copy=False, help="The verification mail could not be delivered"
    )
    verification_expired = fields.Boolean(
        compute="_compute_verification_expired", help="The link in the mail is too old"
    )

    @api.depends("state", "sent_date")
    def _compute_verification_expired(self):
        since = fields.Datetime.now() - timedelta(hours=EXPIRY_HOURS)
        for address in self:
            address.verification_expired = (
                address.state == "sent" and (address.sent_date or since) <= since
            )

    def action_send_verification(self):
        self._send_verification()
        return True

    def _send_verification(self) -> None:
        """Send a mail to the address, whose link verifies it.

        :raise UserError: it needs none, too many were sent, or it cannot be sent
        """
        self.ensure_one()
        self.check_access("write")
        if self.state == "verified":
            raise UserError(self.env._("%(email)s is verified already.", email=self.email))
        if not self.is_verified_by_mail:
            raise UserError(
                self.env._(
                    "%(email)s has an outgoing server of its own, and needs no verification mail:"
                    " a log-in there verifies it. Test the connection instead.",
                    email=self.email,
                )
            )
        self.env["helpdesk.from.verification"]._send_to(self)

    @api.model
    def _verification_came_back(self, token: str) -> bool:
        """A verification mail came in by one of our own doors: the address leads to us.

        To be called for a mail that carries our stamp with the purpose ``verification``; it makes
        no ticket.

        :param token: the value of the header field ``X-Helpdesk-Verification``
            (:data:`helpdesk_from_verification.HEADER`), folded or not
        :return: whether it verified an address just now
        """
        Verification = self.env["helpdesk.from.verification"]
        # long header fields are folded on their way (RFC 5322 section 2.2.3)
        token = "".join(token.split())
        status, row = Verification._read_token(token)
        if status == "open" and row._leads_to_another_company():
            row.address_id._log_as_system(
                self.env._(
                    "The verification mail came in by an address of another company, which proves"
                    " nothing. Somebody who works for both companies has to send it again."
                )
            )
            return False
        status, row = Verification._confirm(token, self.env.user.browse())
        if status != "confirmed":
            return False
        row.address_id._log_as_system(
            self.env._("The verification mail came in by one of our own support aliases.")
        )
        return True

    @api.model
    def _verification_bounced(self, message_ids):
        """Verification mails could not be delivered: their links are void, and the From addresses
        say so.

        :param message_ids: Message-IDs that a bounce is about, with their angle brackets
        :return: the From addresses that they were sent to; empty if none is a verification mail
        """
        # sudo: rows are the system's
        rows = self.env["helpdesk.from.verification"].sudo()
        rows = rows.search([("message_id", "in", list(message_ids))])
        waiting = rows.filtered(lambda row: row.state == "open" and row.address_id)
        waiting.state = "void"
        for address in waiting.address_id:
            if address.state == "verified" or address.email not in waiting.mapped("email"):
                continue
            address._by_system().write({"state": "unverified", "verification_bounced": True})
            address._log_as_system(
                self.env._(
                    "The verification mail to %(email)s could not be delivered. Check that the"
                    " address is right.",
                    email=address.email,
                )
            )
        return rows.address_id

    def _log_as_system(self, body: str) -> None:
        """A line in the chatter, written by nobody in particular."""
        odoobot = self.env.ref("base.partner_root")
        for address in self._by_system():
            address._message_log(body=body, author_id=odoobot.id)
