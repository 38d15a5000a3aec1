# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .helpdesk_ticket_team import INHERIT_YES_NO
from .res_company_intake import CLOSED


class HelpdeskTicketTeam(models.Model):
    """Policies of the company that a team may decide otherwise: whose mail it is, and which
    ticket it belongs to."""

    _inherit = "helpdesk.ticket.team"

    helpdesk_contact_from_reply_to = fields.Selection(
        INHERIT_YES_NO, "Contact from Reply-To", default="inherit", required=True
    )
    helpdesk_requester_from_forward = fields.Selection(
        INHERIT_YES_NO, "Requester from a forwarded mail", default="inherit", required=True
    )
    helpdesk_known_contacts_only = fields.Selection(
        INHERIT_YES_NO, "Known contacts only", default="inherit", required=True
    )
    helpdesk_cc_contacts = fields.Selection(
        INHERIT_YES_NO, "Contacts of people in copy", default="inherit", required=True
    )
    helpdesk_append_open = fields.Selection(
        INHERIT_YES_NO, "Append to the customer's open ticket", default="inherit", required=True
    )
    helpdesk_same_account = fields.Selection(
        INHERIT_YES_NO, "Colleagues of the requester take part", default="inherit", required=True
    )
    helpdesk_thanks_keep_closed = fields.Selection(
        INHERIT_YES_NO, "Thank-you answers reopen nothing", default="inherit", required=True
    )
    helpdesk_closed = fields.Selection(
        [("inherit", "As the company"), *CLOSED],
        "Answers to closed tickets",
        default="inherit",
        required=True,
    )
    helpdesk_closed_days = fields.Integer("Days after closing", default=14)

    @api.constrains("helpdesk_closed", "helpdesk_closed_days")
    def _check_helpdesk_closed_days(self):
        for team in self:
            if team.helpdesk_closed == "days" and team.helpdesk_closed_days < 1:
                raise ValidationError(
                    self.env._(
                        "Say after how many days an answer to a closed ticket opens a new one, at"
                        " least 1."
                    )
                )
