# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    helpdesk_create_contacts = fields.Selection(
        [("always", "Always"), ("rule", "Only when a rule says so")],
        string="Create contacts",
        default="always",
        required=True,
        help="Whether a contact is made of a sender whom nobody knows yet. If only by rule, the"
        " ticket keeps name and address as received.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        self.env["helpdesk.support.alias"].with_context(
            mailflow_new_company=True
        )._give_each_company_one(companies)
        self.env["helpdesk.from.address"]._give_each_company_one(companies)
        return companies

    def write(self, vals):
        result = super().write(vals)
        if vals.get("alias_domain_id"):
            # sudo: who sets up companies need not be a helpdesk manager
            queues = self.env["helpdesk.support.alias"].sudo()
            queues.search([("company_id", "in", self.ids)])._follow_first_domain()
        if "alias_domain_id" in vals:
            self.env["helpdesk.from.address"]._give_each_company_one(self)
        return result
