# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from ..mailflow.note import note
from ..mailflow.receipt import complained, read_receipts
from .email_address import canonical_email


class HelpdeskIntakeAct(models.AbstractModel):
    """Receipts and spam complaints about messages that we sent.

    They count for whom the message was sent to; what anybody else claims changes nothing.
    """

    _inherit = "helpdesk.intake.act"

    @api.model
    def _mark_receipts(self, items) -> None:
        """Show on the message that we sent who has read it, or whom it was delivered to."""
        for item in items:
            if not self._is_ours(item):
                continue
            # sudo: mail comes in for whoever hands it in
            message = item.message.sudo()
            recipients = self._recipients_of(message)
            for receipt in read_receipts(item.mail):
                found = self._among(recipients, receipt.emails)
                if not found:
                    item.notes.append(
                        note("act_receipt_foreign", address=", ".join(receipt.emails)[:200])
                    )
                    continue
                email, who = found
                moment = (receipt.moment or item.mail.date or self.env.cr.now()).replace(
                    tzinfo=None, microsecond=0
                )
                message._mailflow_receipt(receipt.what, email, who, moment)
                item.notes.append(note("act_receipt", who=who))

    @api.model
    def _mark_complaints(self, items) -> None:
        """Show on the message that somebody marked it as spam, and write nothing automatic to
        that address any more."""
        complaints = []
        for item in items:
            if not self._is_ours(item):
                continue
            # sudo: mail comes in for whoever hands it in
            message = item.message.sudo()
            recipients = self._recipients_of(message)
            named = complained(item.mail)
            found = self._among(recipients, named)
            if not named and len(recipients) == 1:
                # providers leave the address out; it went to nobody else
                found = next(iter(recipients.items()))
            if not found:
                item.notes.append(note("act_complaint_unknown"))
                continue
            email, who = found
            moment = (item.mail.date or self.env.cr.now()).replace(tzinfo=None, microsecond=0)
            message._mailflow_note("complaint", who=who, moment=moment.isoformat())
            item.notes.append(note("act_complaint", address=email))
            complaints.append(
                {
                    "email": email,
                    "company_id": item.delivery.company_id,
                    "ticket_id": item.ticket.id,
                    "message_id": message.id,
                    "mail_id": item.plan.verdict.entry.row_id or False,
                    "date": moment,
                }
            )
        self.env["helpdesk.spam.complaint"].sudo()._take_note(complaints)

    @api.model
    def _recipients_of(self, message) -> dict[str, str]:
        """Whom a message was sent to: canonical address -> name."""
        notifications = message.notification_ids.filtered(
            lambda each: each.notification_type == "email"
        )
        found = {}
        for email, name in self._went_to(message, notifications).items():
            found.setdefault(canonical_email(email), name)
        return found

    @api.model
    def _among(self, recipients: dict[str, str], emails) -> tuple[str, str] | None:
        for email in emails:
            wanted = canonical_email(email)
            if wanted in recipients:
                return wanted, recipients[wanted]
        return None
