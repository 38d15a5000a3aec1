# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict

from odoo import api, models

from ..mailflow.kind import Kind
from ..mailflow.note import note
from .intake_values import LinkKind, Quoted, Thread
from .thread_entrance import Entrance, Evidence, Part, entrance
from .thread_pointer import Pointer

#: What tells of a mail that we sent: who sends it never takes part.
REPORTS = (Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK)
#: The sentence of what leads a mail to a ticket.
HOW = {
    Evidence.SIGNED: "thread_signed",
    Evidence.REFERENCE: "thread_reference",
    Evidence.TAG: "thread_tag",
    Evidence.CONVERSATION: "thread_conversation",
}
#: Likewise where the number in its subject lets it in as an internal note.
INSIDE = {Part.AGENT: "thread_tag_agent", Part.FORWARDED: "thread_tag_forward"}
#: Where a mail was seen that carries what points to a ticket.
SEEN = {Evidence.SIGNED, Evidence.REFERENCE, Evidence.CONVERSATION}


class HelpdeskIntakeJudge(models.AbstractModel):
    """The ticket that a mail answers."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _thread_steps(self):
        """What may point to a ticket, in the order in which it counts. Each takes the entries and
        their kinds, looks up for all of them, and returns row id -> [Pointer]."""
        return (
            self._pointers_by_message,
            self._pointers_by_tag,
            self._pointers_by_conversation,
        )

    @api.model
    def _threads(self, entries, kinds, writers, own, partners):
        """Tickets that these mails answer: row id -> (Thread or None, notes, what it refers to
        without joining it).

        :param kinds: row id -> KindResult
        :param writers: row id -> Writer
        :param own: addresses of these mails that are ours
        :param partners: address -> ``res.partner``
        """
        pointers = defaultdict(list)
        for step in self._thread_steps():
            for row_id, found in step(entries, kinds).items():
                pointers[row_id] += found
        for each in entries:
            pointers[each.row_id] = [
                one for one in pointers[each.row_id] if one.ticket_id not in each.own_ticket_ids
            ]
        ticket_ids = {each.ticket_id for found in pointers.values() for each in found}
        tickets = (
            self.env["helpdesk.ticket"].with_context(active_test=False).browse(ticket_ids).exists()
        )
        successors = self._successors(tickets)
        parts = self._parts(
            {
                (one.ticket_id, each.row_id): (each, writers[each.row_id])
                for each in entries
                if kinds[each.row_id].kind not in REPORTS
                for one in pointers[each.row_id]
            },
            successors,
            own,
            partners,
        )
        return {
            each.row_id: self._thread_of(
                each,
                kinds[each.row_id].kind,
                writers[each.row_id],
                pointers[each.row_id],
                successors,
                parts,
            )
            for each in entries
        }

    @api.model
    def _thread_of(self, entry, kind, writer, pointers, successors, parts):
        """The first ticket that a mail points to and that its writer gets into."""
        notes, quoted = [], {}
        for pointer in pointers:
            successor = successors.get(pointer.ticket_id)
            if not successor:
                self._tell(notes, note("thread_deleted", number=pointer.ticket_id))
                continue
            named = successor.named
            if kind in REPORTS:
                # about a mail of that very ticket, whatever became of it since
                if not named.active:
                    self._tell(notes, note("thread_gone", ticket=named.number))
                    continue
                thread = self._thread(named, pointer, None, Entrance.JOIN, "proven")
                return thread, tuple(notes), ()
            part = parts[pointer.ticket_id, entry.row_id]
            found = entrance(pointer.evidence, part, writer.identity)
            if (
                found is Entrance.APART
                and kind is Kind.AUTO_REPLY
                and pointer.evidence is Evidence.SIGNED
            ):
                # who is away often says so from another address than we wrote to
                found = Entrance.INSIDE
            ticket = successor.ticket
            if found is Entrance.APART:
                self._tell(notes, self._refusal_note(pointer, part, named, writer))
                quoted.setdefault(ticket.id, self._quoted(ticket, LinkKind.UNVERIFIED))
                continue
            for told in successor.notes:
                self._tell(notes, told)
            if not ticket.active:
                self._tell(notes, note("thread_gone", ticket=ticket.number))
                # who may be somebody else, or had no more than a forward, does not go on with the
                # conversation: later answers of the customer would follow to it
                goes_on = found is Entrance.JOIN
                link = LinkKind.ARCHIVED if goes_on else LinkKind.UNVERIFIED
                quoted[ticket.id] = self._quoted(ticket, link)
                continue
            for told in self._entrance_notes(pointer, part, found, named, writer):
                self._tell(notes, told)
            thread = self._thread(ticket, pointer, part, found, writer.identity)
            return thread, tuple(notes), ()
        if not notes and not pointers:
            self._tell_vain(entry, kind, notes)
        return None, tuple(notes), tuple(quoted.values())

    @api.model
    def _tell(self, notes: list, told) -> None:
        if told not in notes:
            notes.append(told)

    @api.model
    def _tell_vain(self, entry, kind, notes) -> None:
        """Why what looks like an answer leads nowhere."""
        mail = entry.mail
        answered = {*mail.references, *mail.in_reply_to} - {mail.message_id}
        if answered and kind not in REPORTS:
            notes.append(note("thread_vain", count=len(answered)))

    @api.model
    def _refusal_note(self, pointer, part, ticket, writer):
        """Why a mail does not get in where something in it points to."""
        values = {"ticket": ticket.number, "address": writer.address.email or "-"}
        if part is Part.IMPOSTOR:
            return note("thread_impostor", **values)
        if part is not Part.STRANGER:
            return note("thread_unproven", **values)
        code = "thread_tag_stranger" if pointer.evidence is Evidence.TAG else "thread_stranger"
        return note(code, **values)

    @api.model
    def _entrance_notes(self, pointer, part, found, ticket, writer):
        """As what it gets in, where that is not plain."""
        values = {"ticket": ticket.number, "address": writer.address.email or "-"}
        if found is Entrance.MARKED:
            yield note("thread_marked", **values)
        if part is Part.ACCOUNT:
            yield note("thread_account", **values)
        if part is Part.FORWARDED and pointer.evidence is not Evidence.TAG:
            yield note("thread_forwarded", **values)
        if part is Part.REPLY_TO:
            reply_to = writer.reply_to.email
            yield note("thread_by_reply_to", reply_to=reply_to, **values)
        if part is Part.STRANGER:
            yield note("thread_auto_reply", **values)

    @api.model
    def _thread(
        self, ticket, pointer: Pointer, part: Part | None, found: Entrance, identity: str
    ) -> Thread:
        code, values = HOW[pointer.evidence], {"ticket": ticket.number}
        inside = found is Entrance.INSIDE
        if pointer.evidence in SEEN:
            values.update(header=pointer.said, message_id=pointer.name)
        else:
            values["tag"] = pointer.said
        if inside and pointer.evidence is Evidence.TAG:
            # nothing of it leaves
            code = INSIDE[part]
        return Thread(
            ticket_id=ticket.id,
            alias_id=ticket.support_alias_id.id or None,
            company_id=ticket.company_id.id,
            team_id=ticket.team_id.id or None,
            message_id=pointer.message_id,
            internal=pointer.internal or inside,
            closed=ticket.stage_id.closed,
            how=note(code, **values),
            closed_at=ticket.closed_date or None,
            marked=found is Entrance.MARKED,
            # a number can be guessed, and an address forged
            alone=found is Entrance.MARKED
            or (pointer.evidence is Evidence.TAG and identity != "proven"),
        )

    @api.model
    def _quoted(self, ticket, kind: LinkKind) -> Quoted:
        return Quoted(
            ticket_id=ticket.id,
            alias_id=ticket.support_alias_id.id or None,
            company_id=ticket.company_id.id,
            team_id=ticket.team_id.id or None,
            kind=kind,
        )
