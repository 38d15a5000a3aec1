# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import SUPERUSER_ID, api

from odoo.addons.helpdesk_mailflow.hooks import give_each_company_examples


def migrate(cr, version):
    """What a new database has from the start."""
    give_each_company_examples(api.Environment(cr, SUPERUSER_ID, {}))
