# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import AccessError

MANAGER, SYSTEM = "helpdesk_mgmt.group_helpdesk_manager", "base.group_system"


def manages(env) -> bool:
    """Whether the user may write more than what is of a team that the user leads."""
    return env.su or env.user.has_group(MANAGER) or env.user.has_group(SYSTEM)


class HelpdeskOfTeam(models.AbstractModel):
    """Records that the leader of their team may change.

    Access rights let every agent write them and record rules only leaders of the team. Odoo
    checks a rule before it writes, so a record could be written out of its reach: what a leader
    wrote is checked again afterwards.
    """

    _name = "helpdesk.of.team"
    _description = "Record of a helpdesk team"

    can_change = fields.Boolean(
        compute="_compute_can_change", compute_sudo=False, help="The user may change it"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_can_change(self):
        may_create = self.has_access("create")
        changeable = self._origin._filtered_access("write")
        for record in self:
            record.can_change = record._origin in changeable if record._origin else may_create

    @api.model
    def default_get(self, fields):
        """What the leader of a team adds is the team's."""
        result = super().default_get(fields)
        if "team_id" in fields and not result.get("team_id") and not manages(self.env):
            led = self._led_teams().filtered(
                lambda team: team.company_id.id in (False, result.get("company_id"))
            )
            if led:
                result["team_id"] = led[0].id
        return result

    def write(self, vals):
        if manages(self.env):
            return super().write(vals)
        if "company_id" in vals and any(each.company_id.id != vals["company_id"] for each in self):
            raise AccessError(
                self.env._("Only a helpdesk manager can move this to another company.")
            )
        result = super().write(vals)
        self.check_access("write")
        self._check_by_leader(vals)
        return result

    def _check_by_leader(self, vals) -> None:
        """Look at what the leader of a team wrote.

        :raise AccessError: it concerns another team
        """

    # ------------------------------------------------------------
    # VIEWS
    # ------------------------------------------------------------

    @api.model
    def _led_teams(self):
        return self.env["helpdesk.ticket.team"].search([("is_led", "=", True)])

    @api.model
    def _changes_some(self) -> bool:
        return manages(self.env) or bool(self._led_teams())

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, self._changes_some())

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Fields of a form are read only for those who could not save it, and agents who lead no
        team are not offered to add anything."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if not self._changes_some() and arch.tag in ("form", "kanban", "list"):
            for operation in ("create", "delete", "edit"):
                arch.set(operation, "0")
        if view_type == "form":
            # fields of lists inside are those of other records
            for node in arch.xpath("//field[not(ancestor::field)][not(@readonly)]"):
                field = self._fields.get(node.get("name"))
                # the attribute would open what the model keeps to itself
                if field and not field.readonly:
                    node.set("readonly", "not can_change")
        return arch, view
