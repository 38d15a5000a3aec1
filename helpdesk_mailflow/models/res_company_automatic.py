# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    """How many automatic mails somebody may get.

    RFC 3834 section 2 asks responders to limit what they send to one recipient. A customer who
    writes again and again needs no receipt of each; a program that answers every receipt is
    stopped after an hour's allowance at the latest.
    """

    _inherit = "res.company"

    helpdesk_automatic_per_hour = fields.Integer(
        "Automatic mails to one address per hour",
        default=5,
        required=True,
        help="Automatic answers and mails of stages within 60 minutes, of all companies together."
        " Further ones are withheld, and the ticket says so.",
    )
    helpdesk_automatic_per_day = fields.Integer(
        "Automatic mails to one address per day", default=20, required=True, help="Within 24 hours"
    )
    helpdesk_automatic_per_domain = fields.Integer(
        "Automatic mails to one mail domain per hour",
        default=100,
        required=True,
        help="To all addresses of a mail domain together, except of free-mail providers. 0: no"
        " limit.",
    )

    @api.constrains(
        "helpdesk_automatic_per_hour",
        "helpdesk_automatic_per_day",
        "helpdesk_automatic_per_domain",
    )
    def _check_helpdesk_automatic_limits(self):
        for company in self:
            limits = (company.helpdesk_automatic_per_hour, company.helpdesk_automatic_per_day)
            if min(limits) < 1 or company.helpdesk_automatic_per_domain < 0:
                raise ValidationError(
                    self.env._(
                        "At least 1 automatic mail per hour and per day has to be allowed. To send"
                        " none, switch automatic answers off at the support aliases."
                    )
                )
