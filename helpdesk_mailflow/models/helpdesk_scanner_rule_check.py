# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from ..mailflow.pattern import PatternError, group_names
from .rule_condition import parse

#: What may change in a rule without making somebody else answerable for its server actions.
HARMLESS = frozenset(("active", "fault", "fault_date", "name", "sequence"))


class HelpdeskScannerRule(models.Model):
    """Rules whose actions have to fit them."""

    _inherit = "helpdesk.scanner.rule"

    def _condition_patterns(self):
        """The named patterns that the condition names: ``helpdesk.scanner.pattern``."""
        self.ensure_one()
        ids = set()
        try:
            leaves = parse(self.domain)
        except ValueError:
            leaves = []
        for leaf in leaves:
            if isinstance(leaf, (list, tuple)) and len(leaf) == 3 and leaf[0] == "pattern_ids":
                value = leaf[2] if isinstance(leaf[2], (list, tuple)) else [leaf[2]]
                ids.update(each for each in value if isinstance(each, int) and each)
        return self.env["helpdesk.scanner.pattern"].browse(sorted(ids)).exists()

    def _group_names(self) -> list[str]:
        """The named groups of the patterns of its condition: placeholders of its actions."""
        names = {}
        # sudo: the names of groups, of patterns that the condition's own check lets pass
        for pattern in self._condition_patterns().sudo():
            try:
                names.update(dict.fromkeys(group_names(pattern._to_engine())))
            except PatternError:
                # a pattern that is refused where it is saved
                continue
        return list(names)

    @api.constrains("domain", "company_id", "team_id")
    def _check_actions(self):
        """Actions that do not fit the rule any more."""
        self.action_ids._check_action()
        self.action_ids.value_ids._check_value()

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() - HARMLESS:
            # what server actions are run on is decided by whoever wrote the condition last
            self.action_ids._answer_for_server_actions()
        return result
