# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import AccessError

MANAGERS = "helpdesk_mgmt.group_helpdesk_manager"


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

    def write(self, vals):
        if self.env.su or self.env.user.has_group(MANAGERS):
            return super().write(vals)
        if "company_id" in vals and any(each.company_id.id != vals["company_id"] for each in self):
            raise AccessError(
                self.env._("Only a helpdesk manager can move this to another company.")
            )
        result = super().write(vals)
        self.check_access("write")
        return result

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Fields of a form are read only for those who could not save it."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            # fields of lists inside are those of other records
            for node in arch.xpath("//field[not(ancestor::field)][not(@readonly)]"):
                field = self._fields.get(node.get("name"))
                # the attribute would open what the model keeps to itself
                if field and not field.readonly:
                    node.set("readonly", "not can_change")
        return arch, view
