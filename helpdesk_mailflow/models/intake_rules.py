# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations, islice

import psycopg2

from odoo import api, models

from ..mailflow.kind import OPENS_TICKET
from ..mailflow.note import Note, note
from .intake_rule_lookup import Lookup
from .intake_values import (
    Answer,
    CompiledRule,
    Contact,
    Disposition,
    Ruling,
    ServerRun,
    Verdict,
)

_logger = logging.getLogger(__name__)

#: What an action makes of a mail, by its kind.
DISPOSITIONS = {each.value: each for each in Disposition}
#: Kinds of actions that do nothing but set something of a ticket.
SETTING = frozenset(("route_team", "route_agent", "set", "followers"))
#: How often a mail is tried without some of what rules set, before all of it is left out.
MOST_WAYS = 20


@dataclass(frozen=True)
class Place:
    """Where a mail goes: a support alias, or the ticket that it answers."""

    alias_id: int | None
    company_id: int
    team_id: int | None
    is_thread: bool = False

    @property
    def key(self) -> tuple[int | None, int]:
        """Names the place among those of its mail."""
        return self.alias_id, self.company_id


@dataclass(frozen=True)
class Assign:
    """That an agent is looked for in a team.

    :param way: ``least_busy`` or ``round_robin``
    :param team_id: None: the team that the ticket gets
    """

    rule: CompiledRule
    way: str
    team_id: int | None = None


@dataclass
class Draft:
    """A ruling while the actions of the matching rules are gone through, in their order.

    What an earlier one has set, a later one does not change.

    :param assign: an agent to look for, for ``create`` and ``update``
    :param routed: the rule that routes it
    """

    verdict: Verdict
    place: Place
    rules: list[CompiledRule] = field(default_factory=list)
    lookup: Lookup | None = None
    disposition: Disposition | None = None
    ticket_id: int | None = None
    internal: bool = False
    marked: bool = False
    wants: set[tuple] = field(default_factory=set)
    assign: dict[str, Assign] = field(default_factory=dict)
    routed: CompiledRule | None = None
    create: dict = field(default_factory=dict)
    update: dict = field(default_factory=dict)
    new_contact: dict | None = None
    follower_ids: list[int] = field(default_factory=list)
    answer: Answer | None = None
    server_actions: list[ServerRun] = field(default_factory=list)
    mailbox: list[dict] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    faults: list[tuple[int, Note]] = field(default_factory=list)

    @property
    def contact(self) -> Contact | None:
        """Who wrote, as judged for this place."""
        return self.verdict.contacts.get((self.place.company_id, self.place.team_id))

    @property
    def requester(self) -> tuple[int, str]:
        """The requester: id of the contact or 0, and the address."""
        partner_id = self.contact.partner_id if self.contact else None
        return partner_id or 0, self.verdict.requester(self.contact).address.normalized

    @property
    def joins(self) -> int | None:
        """The ticket that gets the mail; None: it opens one, or becomes nothing."""
        if self.disposition is Disposition.NEW_TICKET:
            return None
        return self.verdict.thread.ticket_id if self.place.is_thread else self.ticket_id

    def tell(self, code: str, /, **values) -> None:
        """Add a sentence to the trace."""
        self.notes.append(note(code, **values))

    def fail(self, rule: CompiledRule, code: str, /, **values) -> None:
        """An action that cannot be done: the others go on, the rule is flagged."""
        self.tell(code, **values)
        self.faults.append((rule.rule_id, note(code, **values)))

    def frozen(self) -> Ruling:
        """The finished ruling."""
        return Ruling(
            rule_ids=tuple(rule.rule_id for rule in self.rules),
            disposition=self.disposition,
            ticket_id=self.ticket_id,
            internal=self.internal,
            marked=self.marked,
            wants=frozenset(self.wants),
            create=dict(self.create),
            update=dict(self.update),
            contact=self.new_contact,
            follower_ids=tuple(dict.fromkeys(self.follower_ids)),
            answer=self.answer,
            server_actions=tuple(self.server_actions),
            mailbox=tuple(self.mailbox),
            notes=tuple(self.notes),
            faults=tuple(self.faults),
        )


class HelpdeskIntakeRules(models.AbstractModel):
    """Which scanner rules match a mail, and what they want of it. Writes nothing."""

    _name = "helpdesk.intake.rules"
    _description = "Intake of mail: scanner rules"

    @api.model
    def _rules(self) -> tuple[CompiledRule, ...]:
        """The rules that count, in their order; others than the active ones while somebody
        tries a rule."""
        tried = self.env.context.get("mailflow_rules")
        if isinstance(tried, Tried):
            return tried.rules
        return self.env["helpdesk.scanner.rule"]._compiled()

    @api.model
    def _add_rulings(self, verdicts: list[Verdict]) -> list[Verdict]:
        """The verdicts with what the rules say of each place."""
        rules = self._rules()
        if not rules:
            return verdicts
        drafts = []
        for verdict in verdicts:
            for place in self._places(verdict):
                draft = self._draft(verdict, place, rules)
                if draft.rules:
                    drafts.append(draft)
        if not drafts:
            return verdicts
        self._apply(drafts)
        rulings = {}
        for draft in drafts:
            by_place = rulings.setdefault(draft.verdict.entry.row_id, {})
            by_place[draft.place.key] = draft.frozen()
        return [
            replace(each, rulings=rulings[each.entry.row_id])
            if each.entry.row_id in rulings
            else each
            for each in verdicts
        ]

    @api.model
    def _ways_to_leave_out(self, plans) -> tuple[frozenset[int], ...]:
        """Which actions a mail is tried without that could not be acted on with what they set:
        each one alone, pairs, and so on, but at most :data:`MOST_WAYS`; in the end all."""
        rule_ids = {
            rule_id for plan in plans for ruling in plan.rulings for rule_id in ruling.rule_ids
        }
        ids = [
            each for rule in self._rules() if rule.rule_id in rule_ids for each in rule.action_ids
        ]
        # sudo: as in _apply
        actions = self.env["helpdesk.scanner.rule.action"].sudo().browse(ids)
        setting = actions.filtered(lambda each: each.kind in SETTING or each.value_ids)._ids
        ways = (
            frozenset(way) for size in range(1, len(setting)) for way in combinations(setting, size)
        )
        return (*islice(ways, MOST_WAYS), *((frozenset(setting),) if setting else ()))

    @api.model
    def _left_out(self) -> frozenset[int]:
        """Actions whose values a mail is tried without."""
        refused = self.env.context.get("mailflow_refused")
        return refused.action_ids if isinstance(refused, Refused) else frozenset()

    @api.model
    def _places(self, verdict: Verdict) -> list[Place]:
        _blocked, left = self.env["helpdesk.intake.sender"]._split(verdict)
        return [
            Place(each.alias_id, each.company_id, each.team_id, is_thread=each is verdict.thread)
            for each in left
        ]

    @api.model
    def _draft(self, verdict: Verdict, place: Place, rules: Iterable[CompiledRule]) -> Draft:
        """Which rules match at a place."""
        draft = Draft(verdict, place)
        facts = verdict.facts.get(place.company_id)
        if facts is None:
            return draft
        entry, is_report = verdict.entry, verdict.kind.kind not in OPENS_TICKET
        for rule in rules:
            if (
                rule.company_id != place.company_id
                or (rule.team_id and rule.team_id != place.team_id)
                or (rule.alias_ids and place.alias_id not in rule.alias_ids)
                or (rule.folder_ids and entry.folder_id not in rule.folder_ids)
                or (rule.scanner_ids and entry.scanner_id not in rule.scanner_ids)
                or (is_report and not rule.sees_reports)
                or not rule.matches(facts)
            ):
                continue
            draft.rules.append(rule)
            if rule.stop:
                break
        return draft

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    @api.model
    def _apply(self, drafts: list[Draft]) -> None:
        """Go through the actions of the rules that matched."""
        # sudo: rules count for all mail; what they may name was checked when they were saved
        Action = self.env["helpdesk.scanner.rule.action"].sudo()
        ids = {each for draft in drafts for rule in draft.rules for each in rule.action_ids}
        # another process may have deleted one since the rules were compiled
        actions = {action.id: action for action in Action.browse(ids).exists()}
        lookup = Lookup(
            Action.env,
            [
                (draft, actions[each])
                for draft in drafts
                for rule in draft.rules
                for each in rule.action_ids
                if each in actions
            ],
        )
        for draft in drafts:
            draft.lookup = lookup
            for rule in draft.rules:
                draft.tell("rule_matched", rule=rule.name)
                for action_id in rule.action_ids:
                    if action_id in actions:
                        self._apply_one(draft, rule, actions[action_id])
        self._finish(drafts)

    @api.model
    def _finish(self, drafts: list[Draft]) -> None:
        """What can be told only once all actions are gone through."""

    @api.model
    def _apply_one(self, draft: Draft, rule: CompiledRule, action) -> None:
        """One action. Whatever is wrong with it keeps neither the mail nor the other actions."""
        if action.id in self._left_out():
            error = self.env.context["mailflow_refused"].error
            draft.fail(rule, "rule_action_failed", rule=rule.name, error=error)
            if action.kind in SETTING:
                return
        try:
            getattr(self, f"_apply_{action.kind}")(draft, rule, action)
        except psycopg2.Error:
            # the transaction is over
            raise
        except Exception as error:
            _logger.exception("An action of rule %s cannot be planned", rule.rule_id)
            text = self.env["helpdesk.intake"]._error_text(error)
            draft.fail(rule, "rule_action_failed", rule=rule.name, error=text)

    @api.model
    def _dispose(self, draft: Draft, rule: CompiledRule, action) -> bool:
        """Decide what becomes of the mail, unless that is decided already."""
        wanted = DISPOSITIONS[action.kind]
        if draft.disposition is None:
            draft.disposition = wanted
            return True
        if draft.disposition is not wanted:
            draft.tell("rule_decided_before", rule=rule.name)
        return False

    @api.model
    def _apply_ignore(self, draft, rule, action):
        self._dispose(draft, rule, action)

    @api.model
    def _apply_hold(self, draft, rule, action):
        if not self._spares_trusted(draft, rule):
            self._dispose(draft, rule, action)

    @api.model
    def _apply_spam(self, draft, rule, action):
        if not self._spares_trusted(draft, rule):
            self._dispose(draft, rule, action)

    @api.model
    def _spares_trusted(self, draft, rule) -> bool:
        """Whether the company trusts the sender, which counts more than suspicion by rule."""
        mark = draft.verdict.senders.get(draft.place.company_id)
        if not mark or mark.kind != "trusted":
            return False
        draft.tell("rule_trusted", rule=rule.name, pattern=mark.pattern)
        return True

    # ------------------------------------------------------------
    # MAILBOX
    # ------------------------------------------------------------

    @api.model
    def _add_step(self, draft: Draft, rule: CompiledRule, **step) -> None:
        draft.mailbox.append({**step, "rule": rule.rule_id})

    @api.model
    def _apply_seen(self, draft, rule, action):
        self._add_step(draft, rule, do=action.kind)

    _apply_unseen = _apply_flag = _apply_unflag = _apply_delete = _apply_seen

    @api.model
    def _apply_move(self, draft, rule, action):
        folder = action.folder_id.name or (action.folder_name or "").strip()
        if not folder:
            draft.fail(rule, "rule_folder_gone", rule=rule.name)
            return
        of = action.folder_id.sudo().scanner_id
        if of and draft.verdict.entry.scanner_id not in (None, of.id):
            draft.fail(rule, "rule_folder_elsewhere", rule=rule.name, folder=folder)
            return
        self._add_step(
            draft, rule, do=action.kind, folder=folder, create=bool(action.create_folder)
        )

    _apply_copy = _apply_move


@dataclass(frozen=True)
class Refused:
    """What actions of rules set was refused, in the context of an environment: no client can send
    one.

    :param error: why, in words
    :param action_ids: actions whose values are left out
    :param ways: those to leave out next, if it fails again
    """

    error: str
    action_ids: frozenset[int] = frozenset()
    ways: tuple[frozenset[int], ...] = ()


@dataclass(frozen=True)
class Tried:
    """Rules that somebody tries, in the context of an environment: no client can send one.

    :param rules: as they would count
    """

    rules: tuple[CompiledRule, ...]
