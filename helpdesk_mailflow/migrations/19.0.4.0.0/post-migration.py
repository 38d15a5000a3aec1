# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import SUPERUSER_ID, api

from odoo.addons.helpdesk_mailflow.hooks import give_each_team_an_address


def migrate(cr, version):
    """What a new database has from the start, and what the data of older ones lacks."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    give_each_team_an_address(env)
