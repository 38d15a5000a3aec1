# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models
from odoo.tools import SQL


class HelpdeskMailScanner(models.Model):
    """A mail scanner as helpdesk managers and rules refer to it: its name, without hosts and
    secrets, which are a system admin's."""

    _name = "helpdesk.mail.scanner"
    _description = "Mail scanner"
    _auto = False
    _order = "name, id"
    _depends = {"fetchmail.server": ["active", "company_id", "is_scanner", "name"]}

    name = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    active = fields.Boolean(readonly=True)

    @property
    def _table_query(self):
        return SQL(
            "SELECT id, name::text AS name, company_id, COALESCE(active, FALSE) AS active"
            " FROM fetchmail_server WHERE is_scanner"
        )
