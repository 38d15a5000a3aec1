# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models


class HelpdeskTicketTeam(models.Model):
    _inherit = "helpdesk.ticket.team"

    support_alias_ids = fields.One2many("helpdesk.support.alias", "team_id")
    create_contacts = fields.Selection(
        [
            ("inherit", "As the company"),
            ("always", "Always"),
            ("rule", "Only when a rule says so"),
        ],
        string="Create contacts",
        default="inherit",
        required=True,
        help="Whether a contact is made of a sender whom nobody knows yet",
    )

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self.env["helpdesk.support.alias"]._adopt_teams(teams)
        return teams

    def unlink(self):
        # the team's Odoo alias goes with it, so its support alias has to let go first
        # sudo: who may delete a team need not be able to see every queue
        queues = (
            self.env["helpdesk.support.alias"]
            .sudo()
            .with_context(active_test=False)
            .search([("alias_id", "in", self.sudo().alias_id.ids)])
        )
        for queue in queues:
            queue.write({"of_team_id": False, "alias_id": False})
            queue._make_alias("")
        return super().unlink()
