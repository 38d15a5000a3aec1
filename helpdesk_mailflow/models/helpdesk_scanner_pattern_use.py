# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .condition_text import records_of
from .helpdesk_of_team import manages

#: What a pattern matches.
MEANING = frozenset(("where", "header_name", "operator", "text", "exact", "company_id"))


class HelpdeskScannerPattern(models.Model):
    """Which rules a pattern is used in, and who may change it.

    Helpdesk managers change the patterns of their companies. A team leader adds patterns and
    changes the own ones, unless they are used in a rule that the leader may not change: what
    they match would change for other teams. A pattern in use by an active rule cannot be deleted.
    """

    _inherit = "helpdesk.scanner.pattern"

    rule_ids = fields.Many2many(
        "helpdesk.scanner.rule",
        string="Used in",
        compute="_compute_rule_ids",
        context={"active_test": False},
        help="Rules that you may see",
    )
    rule_count = fields.Integer("Rules", compute="_compute_rule_ids")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_rule_ids(self):
        used = self._used_in()
        all_rules = self.env["helpdesk.scanner.rule"].sudo().union(*used.values())
        readable = all_rules.sudo(self.env.su)._filtered_access("read")
        for pattern in self:
            rules = used.get(pattern._origin.id, all_rules.browse())
            pattern.rule_ids = rules.sudo(self.env.su) & readable
            pattern.rule_count = len(pattern.rule_ids)

    def _used_in(self) -> dict[int, models.BaseModel]:
        """The rules, of all companies and switched off too, whose conditions name each pattern:
        id -> rules in sudo; without patterns that no rule uses."""
        # sudo: rules that the user does not see use it, too
        Rule = self.env["helpdesk.scanner.rule"].sudo().with_context(active_test=False)
        mails, own = self.env["helpdesk.incoming.mail"], set(self.ids)
        used = defaultdict(Rule.browse)
        for rule in Rule.search([("domain", "like", "pattern_ids")]):
            for pattern_id in records_of(mails, rule.domain).get(self._name, ()):
                if pattern_id in own:
                    used[pattern_id] |= rule
        return dict(used)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_in_use(self):
        used = self._used_in()
        for pattern in self:
            rules = used.get(pattern.id)
            rules = rules and rules.filtered("active")
            if rules:
                raise UserError(
                    self.env._(
                        "The pattern “%(pattern)s” is used in the rules %(rules)s. Take it out of"
                        " them first, or switch them off.",
                        pattern=pattern.name,
                        rules=", ".join(rules.mapped("name")),
                    )
                )

    @api.constrains("company_id")
    def _check_company_of_rules(self):
        used = self._used_in()
        for pattern in self:
            rules = used.get(pattern.id)
            if rules and rules.company_id != pattern.company_id:
                raise ValidationError(
                    self.env._(
                        "The pattern “%(pattern)s” is used in the rule %(rule)s of another"
                        " company.",
                        pattern=pattern.name,
                        rule=rules[0].name,
                    )
                )

    def write(self, vals):
        if not manages(self.env) and vals.keys() & MEANING:
            rules = self.env["helpdesk.scanner.rule"].sudo().union(*self._used_in().values())
            others = rules - rules.sudo(False)._filtered_access("write")
            if others:
                raise AccessError(
                    self.env._(
                        "Rules that you may not change use this pattern. Make a copy of it, and"
                        " use that one in your own rules."
                    )
                )
        result = super().write(vals)
        if not manages(self.env):
            # Odoo looks at record rules before it writes
            self.check_access("write")
        return result

    def copy_data(self, default=None):
        copies = super().copy_data(default)
        if "name" not in (default or {}):
            for values in copies:
                values["name"] = self.env._("%(name)s (copy)", name=values["name"])
        return copies
