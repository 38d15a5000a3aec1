# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models
from odoo.exceptions import UserError


class WholeRule:
    """In a context: the rule that is being written looks at all of its parts itself at the end.
    No client can send one."""


class HelpdeskScannerPart(models.AbstractModel):
    """An action of a rule, or a value of an action. Who may change the rule may change it."""

    _name = "helpdesk.scanner.part"
    _description = "Part of a scanner rule"

    #: Field that names what it is a part of.
    _part_of = "rule_id"

    def _rules(self):
        """The rules that these are parts of."""
        return self.rule_id

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_rules()
        return parts

    def write(self, vals):
        if self._part_of in vals and any(
            part[self._part_of].id != vals[self._part_of] for part in self
        ):
            # Odoo looks at the rights of where it comes from only
            raise UserError(
                self.env._("A part of a rule cannot be moved to another rule. Make it anew there.")
            )
        result = super().write(vals)
        self._check_rules()
        return result

    def _check_rules(self) -> None:
        if not isinstance(self.env.context.get("mailflow_whole_rule"), WholeRule):
            self._rules()._check_as_a_whole()
