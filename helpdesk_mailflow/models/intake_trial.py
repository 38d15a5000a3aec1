# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What would become of mails: the intake without its last step."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.misc import format_datetime

from ..mailflow.pattern import PatternSet, texts_of_lines
from . import trace
from .intake_rules import Tried
from .intake_turns import joined
from .intake_values import WAITING, CompiledRule, Entry, Outcome, Plan, State
from .mailbox_steps import merge_steps
from .rule_condition import canonical, compile_condition, names_of, parse

#: Mails of the ledger that are looked at, the newest ones, and for how long (seconds).
MOST_MAILS = 20_000
SECONDS = 20
#: Of those so many at once in SQL, and so many at once in memory.
IN_SQL, IN_MEMORY = 1000, 100
#: Mails that are listed.
SHOWN = 80
#: States of mails that rules were never asked about.
NOT_ASKED = (*WAITING, State.DUPLICATE.value, State.PASSED_ON.value)
#: What patterns look at.
TEXTS = ("header_lines", "subject", "body_text", "attachment_lines")


@dataclass(frozen=True)
class Found:
    """Mails of the ledger that match a condition.

    :param rows: the newest ones
    :param count: how many in all
    :param looked_at: among so many
    :param capped: there are more that were not looked at
    :param unread: mails of which the condition cannot tell, since what it looks at is not kept
    """

    rows: object
    count: int
    looked_at: int
    capped: bool
    unread: int


@dataclass(frozen=True)
class Trial:
    """What would become of one mail.

    :param plan: None if it could not be told
    :param error: why, in words
    """

    row_id: int
    plan: Plan | None = None
    error: str = ""


def without_patterns(domain: Domain, negated: bool = False) -> Domain:
    """A domain that SQL can tell: all that the given one finds and more, since patterns may
    have been made or changed after a mail came in, so what is stored of them counts for nothing.

    :param domain: as :func:`.rule_condition.canonical` gives it
    """
    kind = getattr(domain, "OPERATOR", None)
    if domain.is_true() or domain.is_false():
        return ~domain if negated else domain
    if kind in ("&", "|"):
        parts = [without_patterns(child, negated) for child in domain.children]
        return Domain.AND(parts) if (kind == "&") is not negated else Domain.OR(parts)
    if kind == "!":
        return without_patterns(domain.child, not negated)
    if domain.field_expr == "pattern_ids":
        return Domain.TRUE
    return ~domain if negated else domain


class HelpdeskIntakeTrial(models.AbstractModel):
    """Which mails a condition finds, and what would become of a mail with these rules. Writes
    nothing: PostgreSQL itself refuses it."""

    _name = "helpdesk.intake.trial"
    _description = "Intake of mail: trial"

    @contextmanager
    def _read_only(self):
        """Nothing inside can be written, drawn from a sequence or locked.

        A savepoint's end gives the transaction its right to write back (PostgreSQL manual,
        SET TRANSACTION).
        """
        # what was written before is flushed before, and what is written inside shows at the end
        with self.env.cr.savepoint():
            self.env.cr.execute("SET TRANSACTION READ ONLY")
            yield

    # ------------------------------------------------------------
    # FIND
    # ------------------------------------------------------------

    @api.model
    def _may_see(self) -> Domain:
        """Mails that the user may try rules on: those that they may read; of these the leader of
        a team has those for the team's support aliases.

        Rights and record rules count besides.
        """
        companies = Domain("company_id", "in", self.env.companies.ids)
        if self.env["helpdesk.incoming.mail"]._sees_ledger():
            return companies
        teams = self.env["helpdesk.scanner.rule"]._led_teams()
        # sudo: which aliases a team has, for a search
        aliases = self.env["helpdesk.support.alias"].sudo().search([("team_id", "in", teams.ids)])
        return companies & Domain("alias_ids", "in", aliases.ids)

    @api.model
    def _since(self, days: int) -> Domain:
        return Domain("received_at", ">=", self.env.cr.now() - timedelta(days=days))

    @api.model
    def _find(self, text: str, scope: Domain) -> Found:
        """Mails of the ledger that match a condition, as the user may see them.

        :param text: the condition, checked
        :param scope: where it counts
        """
        Mail = self.env["helpdesk.incoming.mail"]
        names = names_of(text)
        domain = canonical(Mail, parse(text)).optimize(Mail)
        wide = without_patterns(domain)
        seen = scope & self._may_see() & Domain("state", "not in", NOT_ASKED)
        seen &= Domain("start_only", "=", False)
        known = Domain("facts_read", "=", True)
        if names & {"fact_body", "pattern_ids"}:
            # dropped together with the source; no mail is without any header
            known &= Domain("header_lines", "!=", False)
        unread = Mail.search_count(seen & ~known)
        ids = Mail.search(seen & known, order="id desc", limit=MOST_MAILS + 1).ids
        capped = len(ids) > MOST_MAILS
        until = time.monotonic() + SECONDS
        in_memory = self._in_memory(text) if "pattern_ids" in names else None
        shown, count, looked_at = [], 0, 0
        for start in range(0, len(ids), IN_SQL):
            if start >= MOST_MAILS or (start and time.monotonic() > until):
                capped = True
                break
            part = ids[start : start + IN_SQL]
            found = Mail.search(Domain("id", "in", part) & wide, order="id desc")
            if in_memory:
                found = in_memory(found)
            shown += found.ids[: SHOWN - len(shown)]
            count += len(found)
            looked_at += len(part)
        return Found(Mail.browse(shown), count, looked_at, capped, unread)

    @api.model
    def _in_memory(self, text: str):
        """A filter of rows by a condition that names patterns, which count as they are now."""
        Mail = self.env["helpdesk.incoming.mail"]
        matches = compile_condition(Mail, text)
        names = names_of(text) - {"pattern_ids"}
        # empty: none of them matches anything
        patterns = self.env["helpdesk.intake.facts"]._patterns() or PatternSet([])

        def matching(rows):
            kept = []
            for start in range(0, len(rows), IN_MEMORY):
                part = rows[start : start + IN_MEMORY]
                # sudo: rows were found by the user's rights; facts name records without showing
                # them
                records = part.sudo().with_context(active_test=False)
                records.fetch([*names, *TEXTS])
                for row in records:
                    facts = {name: self._fact(row, name) for name in names}
                    texts = texts_of_lines(
                        row.header_lines or "",
                        row.body_text or "",
                        row.subject or "",
                        (row.attachment_lines or "").splitlines(),
                    )
                    if matches(SimpleNamespace(**facts, pattern_ids=patterns.matches(texts))):
                        kept.append(row.id)
                part.invalidate_recordset([*names, *TEXTS], flush=False)
            return rows.browse(kept)

        return matching

    @api.model
    def _fact(self, row, name: str):
        """A stored fact as ``Facts`` has it."""
        field, value = row._fields[name], row[name]
        if field.type == "many2many":
            return frozenset(value._ids)
        if field.type == "many2one":
            return value.id
        return value or "" if field.type == "text" else value

    # ------------------------------------------------------------
    # TRY
    # ------------------------------------------------------------

    @api.model
    def _try_rows(self, rows, rules: Iterable[CompiledRule] | None = None) -> Iterator[Trial]:
        """What would become of mails of the ledger if they came in now. Those whose source is
        no longer kept have no plan and no error.

        :param rules: that count instead of the active ones
        """
        intake = self._intake(rules)
        for_rules = intake.env["helpdesk.scanner.rule"]._read_folders()
        for batch in intake._batches(rows.sudo(), commit=False):
            errors = {}
            batch = batch.with_env(intake.env)
            mails = intake._read(batch, None, errors)
            entries = []
            for row in batch:
                if row.id in mails:
                    entries.append(intake._entry(row, mails[row.id], for_rules, afresh=True))
                else:
                    yield Trial(row.id, error=errors.get(row.id, ""))
            yield from self._try_entries(intake, entries)

    @api.model
    def _try_entries(self, intake, entries: list[Entry]) -> list[Trial]:
        """Judge and decide, and one by one if that fails."""
        try:
            with self._read_only():
                plans = joined(intake._plans(entries))
            return [Trial(plan.verdict.entry.row_id, plan) for plan in plans]
        except Exception as error:  # noqa: BLE001 -- whatever a mail can cause is told of it
            if len(entries) > 1:
                return [trial for entry in entries for trial in self._try_entries(intake, [entry])]
            return [Trial(each.row_id, error=intake._error_text(error)) for each in entries]

    @api.model
    def _try_source(self, raw: bytes, company, folder, rules) -> Trial:
        """What would become of a mail that is in no ledger.

        :param folder: as if it was fetched from there; may be none
        """
        intake = self._intake(rules)
        mail = intake._read(None, {0: raw})[0]
        scanner = folder.sudo().scanner_id
        entry = Entry(
            row_id=0,
            mail=mail,
            company_id=company.id,
            folder_id=folder.id or None,
            scanner_id=scanner.id or None,
            folder_alias_id=scanner.default_alias_id.id or None,
            leave_unmatched=scanner.unmatched == "leave",
            received_at=self.env.cr.now(),
            afresh=True,
        )
        return self._try_entries(intake, [entry])[0]

    @api.model
    def _intake(self, rules):
        """The intake as it runs for all mail, with other rules."""
        # sudo: mail is judged with all rights, whoever hands it in
        intake = self.env["helpdesk.intake"].sudo()
        return intake if rules is None else intake.with_context(mailflow_rules=Tried(tuple(rules)))

    # ------------------------------------------------------------
    # TELL
    # ------------------------------------------------------------

    @api.model
    def _outcome(self, plan: Plan) -> str:
        """What a mail would become, in few words; as ``outcome`` of the ledger."""
        Delivery = self.env["helpdesk.incoming.mail.delivery"]
        labels = dict(Delivery._fields["outcome"]._description_selection(self.env))
        states = self.env["helpdesk.incoming.mail"]._fields["state"]
        companies = self.env.companies.ids
        parts = []
        for each in plan.deliveries:
            if each.company_id and each.company_id not in companies:
                continue
            # sudo: the number of a ticket is no secret to whoever may see this mail
            number = self.env["helpdesk.ticket"].sudo().browse(each.ticket_id or []).number
            label = labels[each.outcome.value]
            if each.joins_row:
                label = self._joins_in_words(each)
            parts.append(f"{label} {number}" if number else label)
        return ", ".join(parts) or dict(states._description_selection(self.env))[plan.state.value]

    @api.model
    def _joins_in_words(self, delivery) -> str:
        # sudo: a mail of the same company and subject or sender
        other = self.env["helpdesk.incoming.mail"].sudo().browse(delivery.joins_row)
        return self.env._(
            "Joins the ticket that “%(mail)s” of %(when)s makes",
            mail=other.display_name,
            when=format_datetime(self.env, other.received_at, dt_format="short"),
        )

    @api.model
    def _steps(self, plan: Plan) -> list[dict]:
        """The trace of what would happen: ``{"title", "sentences"}`` for each step."""
        verdict = plan.verdict
        story = [("read", each) for each in verdict.entry.mail.notes]
        story += [("judge", each) for each in verdict.notes]
        story += [("decide", each) for each in plan.notes]
        steps = {}
        for step, each in story:
            steps.setdefault(self.env._(trace.STEPS[step]), []).append(
                trace.sentence(self.env, each.code, dict(each.values))
            )
        done = [text for each in plan.deliveries for text in self._would_do(plan, each)]
        if done:
            steps[self.env._("Would be done")] = done
        mailbox = self._would_do_in_mailbox(plan)
        if mailbox:
            steps[self.env._("Would be done in the mailbox")] = mailbox
        return [{"title": title, "sentences": texts} for title, texts in steps.items()]

    @api.model
    def _would_do(self, plan: Plan, delivery) -> list[str]:
        """Sentences for what a delivery would write."""
        outcome, ruling = delivery.outcome, delivery.ruling
        # sudo: these are names of what the mail is for and what rules name
        env = self.env(su=True)
        alias = env["helpdesk.support.alias"].browse(delivery.alias_id or []).name
        number = env["helpdesk.ticket"].browse(delivery.ticket_id or []).number
        told = []
        contact = delivery.contact
        made = contact and not contact.by_rule and contact.values
        if made and outcome in (Outcome.TICKET, Outcome.REPLY):
            name, email = made["name"], made["email"]
            told.append(
                self.env._("Makes the contact %(name)s (%(email)s).", name=name, email=email)
            )
        if outcome is Outcome.TICKET:
            told.append(
                self.env._("Opens a ticket for the support alias %(alias)s.", alias=alias)
                if alias
                else self.env._("Opens a ticket.")
            )
            told += self._values_in_words(env, ruling.create)
        elif delivery.joins_row:
            # what it sets on the ticket is told once that is made
            told.append(f"{self._joins_in_words(delivery)}.")
        elif outcome in (Outcome.REPLY, Outcome.NOTE):
            told.append(self.env._("Adds a message to ticket %(ticket)s.", ticket=number))
            told += self._values_in_words(env, ruling.update)
            if delivery.reopen:
                told.append(self.env._("Opens ticket %(ticket)s again.", ticket=number))
        if outcome not in (Outcome.TICKET, Outcome.REPLY):
            return told
        followers = env["res.partner"].browse(ruling.follower_ids)
        if followers:
            names = ", ".join(followers.mapped("display_name"))
            told.append(self.env._("Adds as followers: %(names)s.", names=names))
        if ruling.answer:
            name = env["mail.template"].browse(ruling.answer.template_id).name
            told.append(
                self.env._(
                    "Answers with the template %(name)s, within the limits of automatic answers.",
                    name=name,
                )
            )
        for run in ruling.server_actions:
            name = env["ir.actions.server"].browse(run.action_id).name
            told.append(self.env._("Runs the server action %(name)s.", name=name))
        return told

    @api.model
    def _values_in_words(self, env, values) -> list[str]:
        """Values of a ticket that rules set, each as "Field: value"."""
        Ticket = env["helpdesk.ticket"]
        told = []
        for name, value in values.items():
            field = Ticket._fields.get(name)
            if field is None:
                continue
            shown = Ticket.new({name: value})[name]
            if isinstance(shown, models.BaseModel):
                shown = ", ".join(shown._origin.mapped("display_name"))
            elif field.type == "selection":
                shown = dict(field._description_selection(self.env)).get(shown, shown)
            told.append(f"{field._description_string(self.env)}: {shown or '-'}")
        return told

    @api.model
    def _would_do_in_mailbox(self, plan: Plan) -> list[str]:
        if plan.leave:
            return [self.env._("It stays as it is.")]
        protocol = "imap"
        if plan.verdict.entry.row_id:
            # sudo: scanners are a system admin's
            scanner = self.env["fetchmail.server"].sudo()
            scanner = scanner.browse(plan.verdict.entry.scanner_id or [])
            protocol = scanner.server_type or ""
        wanted = [step for ruling in plan.rulings for step in ruling.mailbox]
        steps, left_out = merge_steps([], wanted, protocol)
        sentences = {
            "seen": self.env._("Marks it as read."),
            "unseen": self.env._("Marks it as unread."),
            "flag": self.env._("Flags it."),
            "unflag": self.env._("Takes its flag off."),
            "delete": self.env._("Deletes it."),
        }
        told = []
        for step in steps:
            if step["do"] == "move":
                told.append(self.env._("Moves it to %(folder)s.", folder=step["folder"]))
            elif step["do"] == "copy":
                told.append(self.env._("Copies it to %(folder)s.", folder=step["folder"]))
            else:
                told.append(sentences[step["do"]])
        left = [trace.sentence(self.env, each.code, dict(each.values)) for each in left_out]
        return told + left
