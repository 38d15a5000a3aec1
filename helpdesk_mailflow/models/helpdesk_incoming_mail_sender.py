# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from .helpdesk_of_team import manages
from .helpdesk_sender_button import HelpdeskSenderButton


class HelpdeskIncomingMail(models.Model):
    """Blocking who sent a mail, also one that became no ticket."""

    _name = "helpdesk.incoming.mail"
    _inherit = ["helpdesk.incoming.mail", HelpdeskSenderButton._name]

    @api.depends("from_address", "company_id", "delivery_ids.company_id", "delivery_ids.ticket_id")
    def _compute_listed_sender(self):
        return super()._compute_listed_sender()

    def _sender_places(self) -> dict:
        places = {}
        for mail in self.filtered("from_address"):
            company = mail._blocking_company()
            if company:
                places[mail] = (mail.from_address, company)
        return places

    def _blocking_company(self):
        """The company whose list counts: of a ticket that the user may change, else one of the
        mail's that the user works in."""
        tickets = self.ticket_ids._filtered_access("write")
        companies = tickets.company_id or self.company_ids & self.env.companies
        return self.company_id if self.company_id in companies else companies[:1]

    def _sender_blockable(self):
        if not self.env["helpdesk.sender"].has_access("read"):
            return self.browse()
        readable = self._filtered_access("read")
        if manages(self.env):
            return readable
        return readable.filtered(lambda mail: mail.ticket_ids._filtered_access("write"))

    def _leads_sender_team(self) -> bool:
        return any(team.is_led for team in self.ticket_ids.team_id | self.alias_id.team_id)

    def _sender_origin(self) -> dict:
        ticket = self.ticket_ids.filtered(lambda each: each.company_id == self._blocking_company())
        return {"mail_id": self.id, "ticket_id": ticket[:1].id}
