# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, ormcache

from .condition_text import gone_records
from .folded import text_test
from .helpdesk_scanner_rule_action_summary import NEEDED
from .rule_condition import canonical, names_of, parse, sees_reports

#: A rule that matched nothing for so long after its last change is pointed out.
UNUSED = timedelta(days=14)
#: How many of the newest mails are looked at to tell whether mail came in where a rule counts.
NEWEST = 5000
#: Operators that look for one substring of a folded text.
ONE_TEXT = ("ilike", "=ilike", "=like")
#: Actions on a ticket: without effect where a mail becomes none.
ON_TICKET = ("contact", "route_team", "route_agent", "set", "followers", "answer", "server_action")


@dataclass(frozen=True)
class Reach:
    """Which mail a rule can match, as far as that can be compared with another rule's.

    :param condition: in Odoo's normal form
    """

    rule_id: int
    name: str
    company_id: int
    team_id: int | None
    scanner_ids: frozenset[int]
    alias_ids: frozenset[int]
    folder_ids: frozenset[int]
    sees_reports: bool
    condition: Domain
    stop: bool

    def covers(self, other: "Reach") -> bool:
        """Whether this rule matches all that the other one can match. False means not proven."""
        return (
            self.company_id == other.company_id
            and (not self.team_id or self.team_id == other.team_id)
            and all(
                not own or (its and its <= own)
                for own, its in (
                    (self.scanner_ids, other.scanner_ids),
                    (self.alias_ids, other.alias_ids),
                    (self.folder_ids, other.folder_ids),
                )
            )
            and (self.sees_reports or not other.sees_reports)
            and implies(other.condition, self.condition)
        )


def implies(first: Domain, second: Domain) -> bool:
    """Whether all that meets the first condition meets the second. False means not proven."""
    if second.is_true() or first.is_false() or first == second:
        return True
    kinds = getattr(first, "OPERATOR", None), getattr(second, "OPERATOR", None)
    if kinds[0] == "|":
        return all(implies(child, second) for child in first.children)
    if kinds[1] == "&":
        return all(implies(first, child) for child in second.children)
    if kinds[1] == "|" and any(implies(first, child) for child in second.children):
        return True
    if kinds[0] == "&":
        return any(implies(child, second) for child in first.children)
    if kinds == (None, None) and not (first.is_true() or second.is_false()):
        return _leaf_implies(first, second)
    return False


def _leaf_implies(first, second) -> bool:
    if first.field_expr != second.field_expr:
        return False
    if first.operator == second.operator == "in":
        return set(first.value) <= set(second.value)
    if first.operator in ONE_TEXT and second.operator in ONE_TEXT:
        # what holds the longer text holds the shorter one
        longer = text_test(first.operator, first.value).needles[0]
        return text_test(second.operator, second.value).needles[0] in longer
    return False


class HelpdeskScannerRule(models.Model):
    """How often rules match, and what seems wrong with them."""

    _inherit = "helpdesk.scanner.rule"

    match_count = fields.Integer("Matches", compute="_compute_matches")
    last_match = fields.Datetime("Last match", compute="_compute_matches")
    hint = fields.Char("Hints", compute="_compute_hint", help="What seems wrong with the rule")

    @api.depends("match_ids")
    def _compute_matches(self):
        # sudo: how often a rule matched is no secret to who reads the rule
        Match = self.env["helpdesk.scanner.rule.match"].sudo()
        found = {
            rule.id: (count, last)
            for rule, count, last in Match._read_group(
                [("rule_id", "in", self.ids)], ["rule_id"], ["__count", "matched_at:max"]
            )
        }
        for rule in self:
            rule.match_count, rule.last_match = found.get(rule._origin.id, (0, False))

    @api.depends(
        "active", "stop", "sequence", "domain", "team_id", "alias_ids", "scanner_ids", "folder_ids",
        "action_ids.kind", "action_ids.folder_id", "action_ids.folder_name", "action_ids.value_ids",
        "action_ids.priority", "action_ids.tag_ids", "action_ids.assign",
        *(f"action_ids.{name}" for name in NEEDED.values()),
    )  # fmt: skip
    @api.depends_context("lang", "uid")
    def _compute_hint(self):
        hidden, unused, readable = self._hidden_by(), self._unused(), self._readable_ids()
        gone = gone_records(self.env["helpdesk.incoming.mail"], self.mapped("domain"))
        for rule in self:
            told = rule._hints_of_actions()
            if gone[rule.domain]:
                told.append(
                    self.env._(
                        "Its condition names something that was deleted: %(facts)s. What is “not”"
                        " that is all mail. Choose anew.",
                        facts=", ".join(gone[rule.domain]),
                    )
                )
            rule_id = rule._origin.id
            if rule.active and rule_id and rule_id not in readable:
                told.append(
                    self.env._("Its condition cannot be read, so it does nothing. Build it anew.")
                )
            elif rule.active and rule_id in hidden:
                earlier = hidden[rule_id]
                told.append(
                    self.env._("It can never match, since no mail meets its condition.")
                    if earlier is None
                    else self.env._(
                        "It is hidden: the earlier rule “%(rule)s” matches all its mail and stops"
                        " there. Put this rule before it, or let that one not stop.",
                        rule=earlier,
                    )
                )
            elif rule_id in unused:
                told.append(
                    self.env._(
                        "It has matched nothing since it was changed on %(date)s, although mail"
                        " came in where it counts.",
                        date=format_date(self.env, rule.write_date),
                    )
                )
            rule.hint = " ".join(told) or False

    def _hints_of_actions(self) -> list[str]:
        if not self.action_ids:
            if self.stop:
                return [
                    self.env._(
                        "It has no actions: mail that matches is taken in as without rules, and no"
                        " later rule is looked at."
                    )
                ]
            return [self.env._("It has no actions, so it does nothing.")]
        told = []
        kinds = self.action_ids.mapped("kind")
        labels = dict(self.action_ids._fields["kind"]._description_selection(self.env))
        for action in self.action_ids.sorted():
            if not action._is_complete():
                told.append(
                    self.env._(
                        "“%(action)s” is not filled in yet, and does nothing.",
                        action=labels[action.kind],
                    )
                )
        no_ticket = next((kind for kind in ("ignore", "spam") if kind in kinds), None)
        idle = [labels[kind] for kind in dict.fromkeys(kinds) if kind in ON_TICKET]
        if no_ticket and idle:
            told.append(
                self.env._(
                    "“%(action)s” has no effect, since there is no ticket: see “%(other)s”.",
                    action=idle[0],
                    other=labels[no_ticket],
                )
            )
        return told

    # ------------------------------------------------------------
    # HIDDEN AND UNUSED
    # ------------------------------------------------------------

    @api.model
    @ormcache()
    def _hidden_by(self) -> dict[int, str | None]:
        """Active rules that provably never match: id -> name of the rule that hides it, None if
        its own condition does. Made once, and again after each change."""
        # sudo: earlier rules count, whoever may read them
        rules = self.sudo().with_context(active_test=False).search([("active", "=", True)])
        readable = self._readable_ids()
        reaches = [rule._reach() for rule in rules if rule.id in readable]
        hidden, stopping = {}, []
        for reach in reaches:
            if reach.condition.is_false():
                hidden[reach.rule_id] = None
                continue
            earlier = next((each for each in stopping if each.covers(reach)), None)
            if earlier:
                hidden[reach.rule_id] = earlier.name
            elif reach.stop:
                stopping.append(reach)
        return hidden

    @api.model
    def _readable_ids(self) -> set[int]:
        """Active rules whose conditions can be read: the others do not count."""
        return {compiled.rule_id for compiled in self._compiled()}

    def _reach(self) -> Reach:
        self.ensure_one()
        model = self.env["helpdesk.incoming.mail"]
        return Reach(
            rule_id=self.id,
            name=self.name,
            company_id=self.company_id.id,
            team_id=self.team_id.id or None,
            **self._scope_ids(),
            sees_reports=sees_reports(names_of(self.domain)),
            condition=canonical(model, parse(self.domain)).optimize(model),
            stop=self.stop,
        )

    def _unused(self) -> set[int]:
        """Rules of long ago that matched nothing since, although mail came in where they count:
        their ids."""
        before = self.env.cr.now() - UNUSED
        old = self._origin.filtered(
            lambda rule: (
                rule.active
                and rule.write_date
                and rule.write_date < before
                and (not rule.last_match or rule.last_match < rule.write_date)
            )
        )
        if not old:
            return set()
        # sudo: whether mail came in, not which
        Mail = self.env["helpdesk.incoming.mail"].sudo()
        newest = Mail._search([], order="id desc", limit=NEWEST)
        groups = Mail._read_group(
            [("id", "in", newest), ("create_date", ">", before)],
            ["company_id", "alias_ids", "folder_id", "scanner_id"],
        )
        return {
            rule.id
            for rule in old
            if any(rule._counts_for(company, *place) for company, *place in groups)
        }

    def _counts_for(self, company, alias, folder, scanner) -> bool:
        """Whether mail that came in so is the rule's to look at."""
        return (
            company == self.company_id
            and (not self.team_id or alias.team_id == self.team_id)
            and (not self.alias_ids or alias in self.alias_ids)
            and (not self.folder_ids or folder in self.folder_ids)
            and (not self.scanner_ids or scanner in self.scanner_ids)
        )
