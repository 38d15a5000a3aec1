# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import base64
import binascii

from odoo import api, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command, Domain

from ..mailflow.kind import OPENS_TICKET
from .helpdesk_of_team import manages
from .intake_values import CompiledRule
from .rule_condition import check_condition, names_of, sees_reports

#: Longest period that is looked at (days).
LONGEST = 365


class HelpdeskScannerRule(models.Model):
    """*Try it*: what a rule would do, also while it is not saved. Writes nothing."""

    _inherit = "helpdesk.scanner.rule"

    @api.model
    @api.readonly
    def count_matches(self, domain_text: str, company_id: int, days: int) -> dict:
        """How many mails of the ledger match a condition.

        :return: ``{"count", "capped", "sentence"}``, or ``{"error": …}``
        :raise AccessError: the user writes no rules
        """
        self._check_may_try()
        try:
            check_condition(self.env, domain_text)
        except ValidationError as error:
            return {"error": error.args[0]}
        days = self._days(days)
        trial = self.env["helpdesk.intake.trial"]
        scope = Domain("company_id", "=", self._company(company_id).id)
        with trial._read_only():
            found = trial._find(
                domain_text, scope & self._seen(names_of(domain_text)) & trial._since(days)
            )
        values = {"count": found.count, "looked_at": found.looked_at, "days": days}
        if found.capped:
            sentence = self.env._(
                "%(count)s of the newest %(looked_at)s mails match; older ones were not looked at.",
                **values,
            )
        else:
            sentence = self.env._(
                "%(count)s of the %(looked_at)s mails of the last %(days)s days match.", **values
            )
        return {"count": found.count, "capped": found.capped, "sentence": sentence}

    @api.model
    @api.readonly
    def preview(self, rule_id: int | bool, changes: dict, days: int) -> dict:
        """Mails of the ledger that a rule would match, the newest ones listed.

        :param rule_id: False for a new one
        :param changes: values that are not saved, as for ``write``
        :return: ``{"count", "capped", "looked_at", "unread", "mails": [{"id", "subject",
            "sender", "received_at", "outcome"}], "problems": [text]}``
        :raise AccessError: the user writes no rules
        """
        self._check_may_try()
        trial = self.env["helpdesk.intake.trial"]
        result = {"count": 0, "capped": False, "looked_at": 0, "unread": 0, "mails": []}
        with trial._read_only():
            rule, compiled, problems = self._tried(rule_id, changes)
            if compiled is None:
                return {**result, "problems": problems}
            scope = rule._scope(compiled) & trial._since(self._days(days))
            found = trial._find(rule.domain, scope)
            outcomes = found.rows._outcomes_in(self.env.companies)
            mails = [
                {
                    "id": row.id,
                    "subject": row.display_name,
                    "sender": row.sender or "",
                    "received_at": row.received_at,
                    "outcome": outcomes[row],
                }
                for row in found.rows
            ]
            due = self.env["helpdesk.incoming.mail"].search_count([("facts_due", "=", True)])
        if due:
            problems.append(
                self.env._(
                    "%(count)s mails from before scanner rules wait to be read again. Until then no"
                    " condition finds them.",
                    count=due,
                )
            )
        return {
            "count": found.count,
            "capped": found.capped,
            "looked_at": found.looked_at,
            "unread": found.unread,
            "mails": mails,
            "problems": problems,
        }

    @api.model
    @api.readonly
    def try_on(self, rule_id: int | bool, changes: dict, mail: dict) -> dict:
        """What would become of a mail with all rules, this one as it is in the form.

        :param mail: ``{"mail_id": …}`` of the ledger, or ``{"source": base64}``
        :return: ``{"matched", "outcome", "steps": [{"title", "sentences"}], "problems"}``
        :raise AccessError: the user writes no rules, or may not see the mail
        """
        self._check_may_try()
        trial = self.env["helpdesk.intake.trial"]
        with trial._read_only():
            rule, compiled, problems = self._tried(rule_id, changes)
            result = {"matched": False, "outcome": "", "steps": [], "problems": problems}
            if compiled is None:
                return result
            rules = rule._with_others(compiled)
            if mail.get("mail_id"):
                tried, told = self._try_row(rule, rules, mail["mail_id"])
            else:
                tried, told = self._try_file(rule, rules, mail.get("source") or "")
            problems += told
            if tried is None or tried.plan is None:
                return result
            plan = tried.plan
            if not self._may_see_plan(plan):
                problems.append(
                    self.env._(
                        "This mail is not for your team, so what would become of it is not shown."
                    )
                )
                return result
            matched = any(compiled.rule_id in ruling.rule_ids for ruling in plan.rulings)
            problems += self._why_not(compiled, plan, matched)
            return {
                "matched": matched,
                "outcome": trial._outcome(plan),
                "steps": trial._steps(plan),
                "problems": problems,
            }

    def action_open_replay(self):
        """What the rules would have made of mails that came in before."""
        return self.env["ir.actions.act_window"]._for_xml_id("helpdesk_mailflow.rule_replay_action")

    # ------------------------------------------------------------
    # RIGHTS
    # ------------------------------------------------------------

    @api.model
    def _check_may_try(self) -> None:
        """Methods that the browser calls are open to everybody who may log in.

        :raise AccessError: the user writes no rules
        """
        self.check_access("read")
        if not self._changes_some():
            raise AccessError(
                self.env._("Only helpdesk managers and team leaders can try scanner rules.")
            )

    @api.model
    def _company(self, company_id: int):
        """One of the companies that the user works in.

        :raise AccessError: it is none of them
        """
        if company_id not in self.env.companies.ids:
            raise AccessError(self.env._("Choose a company that you work in."))
        return self.env["res.company"].browse(company_id)

    @api.model
    def _days(self, days) -> int:
        return min(max(int(days or 1), 1), LONGEST)

    @api.model
    def _may_see_plan(self, plan) -> bool:
        """Whether what would become of a mail is shown: to managers, and to the leader of the
        team that it is for."""
        if self.env["helpdesk.incoming.mail"]._sees_ledger():
            return True
        verdict = plan.verdict
        places = [verdict.thread] if verdict.thread else verdict.destinations
        teams = set(self._led_teams()._ids)
        return bool(places) and all(place.team_id in teams for place in places)

    # ------------------------------------------------------------
    # THE RULE AS IT IS IN THE FORM
    # ------------------------------------------------------------

    @api.model
    def _tried(self, rule_id, changes: dict):
        """A rule with values that are not saved.

        :return: the rule, its CompiledRule (None if it cannot count), and what is wrong, in words
        """
        rule = self.browse(rule_id or [])
        rule.check_access("read")
        # what an earlier trial of this transaction left would count for the same rule
        self.env.invalidate_all()
        changes = {name: value for name, value in (changes or {}).items() if name in self._fields}
        try:
            self._check_named(self, changes)
            tried = self.new(changes, origin=rule) if rule else self.new(changes)
            self._company(tried.company_id.id)
            # the lines are those of this form, not of the rule as it is stored
            for action in tried.action_ids:
                action.rule_id = tried
                action.value_ids.action_id = action
            tried._check_values_named()
            if not manages(self.env):
                tried._check_of_leader()
            check_condition(self.env, tried.domain)
            compiled = tried._compile()
        except (AccessError, ValidationError) as error:
            return rule, None, [error.args[0]]
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            told = self.env._(
                "The form holds what cannot be understood (%(error)s). Reload it.", error=error
            )
            return rule, None, [told]
        return tried, compiled, tried._problems()

    @api.model
    def _check_named(self, model, values: dict) -> None:
        """Refuse records that the user may not see: their names would be shown.

        :raise ValidationError: in a user's words
        """
        for name, value in values.items():
            field = model._fields.get(name)
            if field is None or not field.relational or not value:
                continue
            comodel = self.env[field.comodel_name]
            if field.type == "many2one":
                ids = [value]
            else:
                ids = []
                for command in value:
                    if command[0] in (Command.CREATE, Command.UPDATE):
                        self._check_named(comodel, command[2])
                        if command[0] == Command.UPDATE:
                            ids.append(command[1])
                    elif command[0] == Command.LINK:
                        ids.append(command[1])
                    elif command[0] == Command.SET:
                        ids += command[2]
            self._check_seen(comodel.browse(ids), field)

    def _check_values_named(self) -> None:
        """The same for records that values of actions set, unless they are saved."""
        for value in self.action_ids.value_ids:
            target, saved = value._target(), value._origin
            if not target or not value.record_ref or not target.field.relational:
                continue
            if (saved.field_name, saved.record_ref) != (value.field_name, value.record_ref):
                self._check_seen(value._record(target), target.field)

    @api.model
    def _check_seen(self, records, field) -> None:
        """
        :raise ValidationError: one does not exist or is not for the user to see
        :raise ValueError: these are no ids
        """
        if not all(isinstance(each, int) for each in records._ids):
            raise ValueError(records._ids)
        found = records.with_context(active_test=False).exists()
        if len(found._filtered_access("read")) < len(set(records._ids)):
            raise ValidationError(
                self.env._(
                    "%(field)s names a record that does not exist or that you may not see.",
                    field=field._description_string(self.env),
                )
            )

    def _problems(self) -> list[str]:
        """Why the rule could not be saved as it is, in words."""
        problems = []
        for records in (self, self.action_ids, self.action_ids.value_ids):
            for check in records._constraint_methods:
                for record in records:
                    try:
                        check(record)
                    except (AccessError, ValidationError) as error:
                        problems.append(error.args[0])
        return list(dict.fromkeys(problems))

    def _with_others(self, compiled: CompiledRule) -> tuple[CompiledRule, ...]:
        """All rules of the company in their order, with this one in its place."""
        # sudo: a trial shows what all rules make of a mail, as its trace in the ledger will
        active = self.sudo().with_context(active_test=True)
        others = active.search([("company_id", "=", self.company_id.id)]) - self._origin
        by_id = {each.rule_id: each for each in self._compiled()}
        place = (self.sequence, self._origin.id or float("inf"))
        before = others.filtered(lambda each: (each.sequence, each.id) < place)
        return (
            *(by_id[each.id] for each in before if each.id in by_id),
            compiled,
            *(by_id[each.id] for each in others - before if each.id in by_id),
        )

    def _scope(self, compiled: CompiledRule) -> Domain:
        """Mails of the ledger that the rule is for, as far as the ledger tells."""
        scope = Domain("company_id", "=", compiled.company_id)
        if compiled.scanner_ids:
            scope &= Domain("scanner_id", "in", list(compiled.scanner_ids))
        if compiled.folder_ids:
            scope &= Domain("folder_id", "in", list(compiled.folder_ids))
        if compiled.alias_ids:
            scope &= self._for_aliases(list(compiled.alias_ids))
        if compiled.team_id:
            # sudo: which aliases a team has, for a search
            aliases = self.env["helpdesk.support.alias"].sudo()
            aliases = aliases.search([("team_id", "=", compiled.team_id)])
            scope &= self._for_aliases(aliases.ids) | self._with_delivery(
                Domain("ticket_id.team_id", "=", compiled.team_id)
            )
        return scope if compiled.sees_reports else scope & self._seen(())

    @api.model
    def _seen(self, names) -> Domain:
        """Mails that a rule sees whose condition names these facts."""
        if sees_reports(names):
            return Domain.TRUE
        return Domain("kind", "in", [kind.value for kind in OPENS_TICKET])

    @api.model
    def _for_aliases(self, alias_ids: list[int]) -> Domain:
        """Mails for support aliases. A reply counts where its ticket is, not for others that it
        is addressed to."""
        undelivered = Domain("alias_ids", "in", alias_ids) & ~self._with_delivery(Domain.TRUE)
        return self._with_delivery(Domain("alias_id", "in", alias_ids)) | undelivered

    @api.model
    def _with_delivery(self, domain: Domain) -> Domain:
        # sudo: as a sub-select; which mails are shown is up to the rights of the user
        deliveries = self.env["helpdesk.incoming.mail.delivery"].sudo()
        return Domain("id", "in", deliveries._search(domain).subselect("mail_id"))

    # ------------------------------------------------------------
    # ONE MAIL
    # ------------------------------------------------------------

    @api.model
    def _try_row(self, rule, rules, mail_id: int):
        """What would become of a mail of the ledger: a Trial or None, and problems."""
        trial = self.env["helpdesk.intake.trial"]
        Mail = self.env["helpdesk.incoming.mail"]
        row = Mail.search(Domain("id", "=", int(mail_id)) & trial._may_see())
        if not row:
            raise AccessError(self.env._("This mail is gone, or you may not see it."))
        told = []
        if rule.company_id not in row.company_ids:
            told.append(self.env._("This mail belongs to another company than the rule."))
            return None, told
        if row.start_only:
            told.append(self.env._("Only the start of this mail is kept, so it is held."))
        tried = next(trial._try_rows(row, rules))
        if tried.plan is None:
            told.append(
                self.env._("The mail cannot be tried: %(error)s", error=tried.error)
                if tried.error
                else self.env._(
                    "The source of this mail is no longer kept, so it cannot be tried. How long"
                    " sources are kept is set in the helpdesk settings."
                )
            )
        return tried, told

    @api.model
    def _try_file(self, rule, rules, source: str):
        """The same for a mail as text."""
        try:
            raw = base64.b64decode(source, validate=True)
        except (binascii.Error, ValueError, TypeError):
            return None, [self.env._("The file did not arrive whole. Try again.")]
        problem = self.env["helpdesk.incoming.mail"]._problem_of_file(raw)
        if problem:
            return None, [self.env._("This cannot be tried: %(problem)s", problem=problem)]
        # sudo: names of folders, of a rule that the user may see
        folder = rule.sudo().folder_ids._origin[:1]
        if not folder and rule.scanner_ids:
            scanner = self.env["fetchmail.server"].sudo().browse(rule.scanner_ids._origin[0].id)
            folder = self.env["helpdesk.mail.folder"].sudo()
            folder = folder.search([("scanner_id", "=", scanner.id)], limit=1)
        told = []
        if folder:
            told.append(
                self.env._("It is tried as if it came from the folder %(name)s.", name=folder.name)
            )
        trial = self.env["helpdesk.intake.trial"]
        tried = trial._try_source(raw, rule.company_id, folder, rules)
        if tried.error:
            told.append(self.env._("The mail cannot be tried: %(error)s", error=tried.error))
        return tried, told

    @api.model
    def _why_not(self, compiled: CompiledRule, plan, matched: bool) -> list[str]:
        """Why a rule whose condition is met is not asked."""
        if matched:
            return []
        rules = self.env["helpdesk.intake.rules"]
        for place in rules._places(plan.verdict):
            if not rules._draft(plan.verdict, place, [compiled]).rules:
                continue
            earlier = plan.verdict.ruling(place.alias_id, place.company_id)
            if earlier.rule_ids:
                last = self.sudo().browse(earlier.rule_ids[-1])
                return [
                    self.env._(
                        "The rule's condition is met, but the rule %(rule)s comes first and stops.",
                        rule=last.name,
                    )
                ]
            return [
                self.env._("The rule's condition is met, but rules are not asked about this mail.")
            ]
        return []
