# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.fields import Domain

from .helpdesk_of_team import manages


class HelpdeskForLeaders(models.AbstractModel):
    """Records that team leaders read, and agents who lead no team do not.

    A field, since record rules are cached for each user, and who leads a team changes.
    """

    _name = "helpdesk.for.leaders"
    _description = "Record that team leaders may see"

    for_leaders = fields.Boolean(
        compute="_compute_for_leaders",
        search="_search_for_leaders",
        help="The user manages the helpdesk or leads a team",
    )

    @api.depends_context("uid")
    def _compute_for_leaders(self):
        self.for_leaders = self._user_leads()

    @api.model
    def _search_for_leaders(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return Domain(self._user_leads())

    @api.model
    def _user_leads(self) -> bool:
        """Whether the user of the environment manages the helpdesk or leads a team; also in
        sudo, as record rules are."""
        env = self.env(su=False)
        return manages(env) or bool(
            # sudo: a team may be of a company that is not chosen now
            env["helpdesk.ticket.team"].sudo().search_count([("is_led", "=", True)], limit=1)
        )
