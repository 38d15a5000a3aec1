# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Give each company the From address that Odoo sends as already, and a conversation
    template."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    companies = env["res.company"].with_context(active_test=False).search([])
    env["helpdesk.from.address"]._give_each_company_one(companies)
    env["helpdesk.conversation.template"]._give_each_company_one(companies)
