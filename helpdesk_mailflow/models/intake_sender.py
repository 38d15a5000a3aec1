# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace

from odoo import api, fields, models

from ..mailflow.kind import Kind
from ..mailflow.note import Note, note
from .intake_values import DeliveryPlan, Entry, Outcome, Plan, SenderMark, State, Verdict

#: Sentences about entries of the list, by kind.
BY_PERSON = {"blocked": "sender_blocked", "trusted": "sender_trusted"}
BY_RULE = {"blocked": "sender_blocked_rule", "trusted": "sender_trusted_rule"}


class HelpdeskIntakeSender(models.AbstractModel):
    """Blocked and trusted senders: each company has its own, so a mail to two companies may be
    blocked in one of them and go on as usual in the other."""

    _name = "helpdesk.intake.sender"
    _description = "Intake of mail: blocked and trusted senders"

    # ------------------------------------------------------------
    # JUDGE
    # ------------------------------------------------------------

    @api.model
    def _marks(self, entries: list[Entry], destinations, threads, writers, own, partners):
        """Who of the senders is blocked or trusted where the mails go to.

        Never ourselves, nor a colleague: forged mail of theirs is for other checks to find. Who
        wrote counts before the list that wrote for them in From.

        :param destinations: row id -> Destinations
        :param threads: row id -> (Thread or None, notes)
        :param writers: row id -> Writer
        :param own: addresses of these mails that are ours
        :param partners: address -> ``res.partner``
        :return: row id -> {company id: SenderMark}, and row id -> notes of the judge
        """
        wanted = {}
        for each in entries:
            writer, sender = writers[each.row_id].address, each.mail.from_
            emails = dict.fromkeys((writer.normalized, sender.normalized))
            emails = [email for email in emails if email and email not in own]
            thread = threads.get(each.row_id, (None, ()))[0]
            places = [*destinations[each.row_id], *([thread] if thread else [])]
            if emails and places:
                companies = sorted({place.company_id for place in places})
                wanted[each.row_id] = [
                    (email, company_id) for email in emails for company_id in companies
                ]
        # sudo: mail comes in for all companies
        Sender = self.env["helpdesk.sender"].sudo()
        found = Sender._lookup({pair for pairs in wanted.values() for pair in pairs})
        marks, notes = {each.row_id: {} for each in entries}, {}
        for row_id, pairs in wanted.items():
            for email, company_id in pairs:
                sender = found.get((email, company_id))
                if not sender or company_id in marks[row_id]:
                    continue
                if sender.kind == "blocked" and self._is_colleague(email, partners):
                    told = note("sender_colleague", address=email, pattern=sender.pattern)
                else:
                    told = self._told(email, sender)
                    marks[row_id][company_id] = SenderMark(
                        sender.kind, sender.pattern, sender.id, told
                    )
                if sender.kind != "blocked" or company_id not in marks[row_id]:
                    notes.setdefault(row_id, []).append(told)
        return marks, notes

    @api.model
    def _is_colleague(self, email: str, partners) -> bool:
        users = partners[email].user_ids if email in partners else ()
        return any(user.active and not user.share for user in users)

    @api.model
    def _told(self, email: str, sender) -> Note:
        """Which entry of the list it is, and who put it there when."""
        values = {
            "address": email,
            "pattern": sender.pattern,
            "company": sender.company_id.name,
            "when": fields.Date.to_string(sender.create_date),
        }
        if sender.source == "rule":
            return note(BY_RULE[sender.kind], **values)
        return note(BY_PERSON[sender.kind], user=sender.user_id.name or "-", **values)

    @api.model
    def _places(self, destinations, thread, marks: dict[int, SenderMark]) -> list:
        """Where a mail may go to: its ticket, and if the sender is blocked there, the support
        aliases of other companies that it is for, too."""
        if not thread:
            return list(destinations)
        if not self._blocks(thread, marks):
            return [thread]
        return [thread, *(each for each in destinations if not self._blocks(each, marks))]

    @api.model
    def _companies_that_block(self, entry: Entry, marks: dict[int, SenderMark]) -> set[int]:
        """Where a mail has no requester, since nothing becomes of it."""
        if entry.forced:
            return set()
        return {company_id for company_id, mark in marks.items() if mark.kind == "blocked"}

    @api.model
    def _blocks(self, place, marks: dict[int, SenderMark]) -> bool:
        mark = marks.get(place.company_id)
        return bool(mark) and mark.kind == "blocked"

    # ------------------------------------------------------------
    # DECIDE
    # ------------------------------------------------------------

    @api.model
    def _split(self, verdict: Verdict) -> tuple[list, list]:
        """The places where the sender of a mail is blocked, and the others that it goes to:
        there rules count. Places are its Thread and its Destinations.

        What a person takes in goes everywhere.
        """
        thread, marks = verdict.thread, verdict.senders
        if verdict.entry.forced:
            return [], [thread] if thread else list(verdict.destinations)
        if thread and thread.message_id and verdict.kind.kind is Kind.BOUNCE:
            # of a mail that we sent: whoever wrote to a blocked domain wants to know
            return [], [thread]
        places = self._places(verdict.destinations, thread, marks)
        blocked = [each for each in places if self._blocks(each, marks)]
        return blocked, [each for each in places if not self._blocks(each, marks)]

    @api.model
    def _decide(self, verdict: Verdict) -> Plan | None:
        """A mail of a blocked sender becomes nothing where the sender is blocked, and what it is
        elsewhere as usual."""
        blocked, left = self._split(verdict)
        if not blocked:
            return None
        marks, decide = verdict.senders, self.env["helpdesk.intake.decide"]
        if left:
            others = {key: mark for key, mark in marks.items() if mark.kind != "blocked"}
            # only a blocked ticket lets support aliases stand beside it
            rest = replace(verdict, thread=None, destinations=tuple(left), senders=others)
            plan = decide._decide_one(rest)
        else:
            plan = decide._plan(verdict, State.IGNORED, [], note("decide_blocked"))
        taken = {delivery.alias_id or 0 for delivery in plan.deliveries} | verdict.known_aliases
        kept = {
            each.alias_id: DeliveryPlan(Outcome.IGNORED, each.alias_id, each.company_id)
            for each in blocked
            if (each.alias_id or 0) not in taken
        }
        told = {each.company_id: marks[each.company_id].note for each in blocked}
        return replace(
            plan,
            verdict=verdict,
            deliveries=(*plan.deliveries, *kept.values()),
            notes=(*told.values(), *plan.notes),
        )
