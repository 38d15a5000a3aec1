# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models, tools

from .email_address import canonical_email


class HelpdeskTicket(models.Model):
    """What an agent has to know of the requester before writing."""

    _inherit = "helpdesk.ticket"

    requester_away_until = fields.Date(
        "Requester away until",
        compute="_compute_requester_away_until",
        groups="base.group_user",
        help="As the requester's out-of-office message says",
    )
    requester_complained_on = fields.Datetime(
        "Requester complained on",
        compute="_compute_requester_complained_on",
        groups="base.group_user",
        help="When the requester marked a mail of ours as spam",
    )

    @api.depends("partner_id.helpdesk_away_until")
    def _compute_requester_away_until(self):
        today = fields.Date.context_today(self)
        for ticket in self:
            # sudo: who reads a ticket may know whether its requester is there
            until = ticket.partner_id.sudo().helpdesk_away_until
            ticket.requester_away_until = until if until and until >= today else False

    @api.depends("partner_email", "company_id")
    def _compute_requester_complained_on(self):
        emails = {
            ticket: canonical_email(tools.email_normalize(ticket.partner_email or "") or "")
            for ticket in self
        }
        # sudo: as above
        rows = (
            self.env["helpdesk.spam.complaint"]
            .sudo()
            .search([("email", "in", [each for each in emails.values() if each])])
        )
        dates = {(row.email, row.company_id.id): row.date for row in rows}
        for ticket in self:
            ticket.requester_complained_on = dates.get(
                (emails[ticket], ticket.company_id.id), False
            )
