# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from odoo import api, models

from ..mailflow.subject import make_tag
from .intake_values import Outcome


class HelpdeskIntakeAct(models.AbstractModel):
    """New tickets that refer to others, and mails whose writer is in doubt."""

    _inherit = "helpdesk.intake.act"

    @api.model
    def _title(self, item) -> str:
        """Without the number of the other ticket: it would lead answers back there."""
        title = super()._title(item)
        linked_id = item.delivery.values.get("linked_ticket_id")
        if not linked_id:
            return title
        # sudo: as all of the intake
        linked = self.env["helpdesk.ticket"].sudo().browse(linked_id)
        number = re.escape(linked.number or "")
        tag = re.escape(make_tag(linked.company_id.helpdesk_subject_tag or "", linked.number or ""))
        found = rf"{tag}|\[#?{number}\]|(?<!\w)#{number}\b|\b{number}(?=\s+-\s)\s+-"
        if not number:
            return title
        return " ".join(re.sub(found, " ", title, flags=re.IGNORECASE).split()) or title

    @api.model
    def _make_tickets(self, items) -> None:
        result = super()._make_tickets(items)
        linked = [item for item in items if item.ticket and item.ticket.linked_ticket_id]
        for item in linked:
            if item.delivery.outcome is Outcome.TICKET:
                item.ticket._mailflow_tell_linked()
        return result

    @api.model
    def _post_values(self, item, creation_subtype=None) -> dict:
        """Whoever had a copy takes part, so nobody is named where who wrote is in doubt."""
        values = super()._post_values(item, creation_subtype)
        if item.delivery.alone and item.delivery.outcome is Outcome.REPLY:
            values.update(incoming_email_to=False, incoming_email_cc=False)
        return values
