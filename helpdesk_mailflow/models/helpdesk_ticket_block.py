# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models, tools


class HelpdeskTicket(models.Model):
    """Blocking the requester."""

    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "helpdesk.sender.button"]

    @api.depends("partner_email", "company_id", "team_id", "user_id")
    def _compute_listed_sender(self):
        return super()._compute_listed_sender()

    def _sender_places(self) -> dict:
        return {
            ticket: (email, ticket.company_id or self.env.company)
            for ticket in self
            if (email := tools.email_normalize(ticket.partner_email or ""))
        }

    def _sender_blockable(self):
        if not self.env["helpdesk.sender"].has_access("read"):
            return self.browse()
        return self._filtered_access("write")

    def _leads_sender_team(self) -> bool:
        return self.team_id.is_led

    def _sender_origin(self) -> dict:
        return {"ticket_id": self.id}
