# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from odoo import api, models

from ..mailflow.note import note
from .intake_values import COLUMN

#: What stands between the addresses of a delivery report.
NO_ADDRESS = re.compile(r"[\s<>;,:\"'()\[\]]+")


class HelpdeskIntakeAct(models.AbstractModel):
    """Reports about messages that we sent."""

    _inherit = "helpdesk.intake.act"

    @api.model
    def _find_reported(self, items) -> None:
        """Bounces and receipts belong to the message that we sent."""
        for item in items:
            self._ticket_of(item)
            item.message = self.env["mail.message"].browse(item.delivery.message_id or [])

    @api.model
    def _mark_bounces(self, items) -> None:
        """Show on the message that we sent that it did not arrive, and at whom."""
        for item in items:
            notifications = self.env["mail.notification"].search(
                [("mail_message_id", "in", item.message.ids), ("notification_type", "=", "email")]
            )
            report = "\n".join((item.mail.text, *item.mail.delivery.statuses)).lower()
            named = {word.strip(".") for word in NO_ADDRESS.split(report)}
            failed = notifications.filtered(
                lambda each, named=named: (
                    (each.res_partner_id.email_normalized or each.mail_email_address) in named
                )
            )
            if not failed and len(notifications) == 1:
                failed = notifications
            failed.write(
                {
                    "notification_status": "bounce",
                    "failure_type": "mail_bounce",
                    "failure_reason": item.mail.text[:COLUMN],
                }
            )
            if failed:
                names = failed.mapped(
                    lambda each: each.res_partner_id.display_name or each.mail_email_address
                )
                item.notes.append(note("act_bounce", address=", ".join(filter(None, names))))
            else:
                item.notes.append(note("act_bounce_unknown"))
