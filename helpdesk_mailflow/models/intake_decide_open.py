# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import dataclass, replace

from odoo import api, models

from ..mailflow.kind import Kind
from ..mailflow.note import note
from .intake_rule_lookup import Lookup
from .intake_rules import Draft, Place
from .intake_turns import append_keys
from .intake_values import Disposition, Standing
from .thread_entrance import Entrance, Evidence, Part, entrance

#: Kinds of mail that people write. What programs and lists send is about something else each time.
BY_PEOPLE = (Kind.MESSAGE, Kind.CALENDAR)
#: What rules may say so that the policy still counts.
LEAVES_OPEN = (None, Disposition.TICKET)


@dataclass(frozen=True)
class Append:
    """What to look up for a draft: the shape of a rule's action."""

    kind: str = "append"


class HelpdeskIntakeDecide(models.AbstractModel):
    """The policies *append to the customer's open ticket* and *one ticket for several support
    aliases*."""

    _inherit = "helpdesk.intake.decide"

    # ------------------------------------------------------------
    # APPEND
    # ------------------------------------------------------------

    @api.model
    def _add_appends(self, verdicts):
        """The verdicts with the open tickets that mails without a thread join by policy, looked
        up for all of them at once."""
        drafts = [
            Draft(each, Place(destination.alias_id, destination.company_id, destination.team_id))
            for each in verdicts
            for destination in each.destinations
            if self._may_append(each, destination)
        ]
        if not drafts:
            return verdicts
        # sudo: mail joins tickets, whoever hands it in
        lookup = Lookup(self.env(su=True), [(draft, Append()) for draft in drafts])
        ways = self._ways(drafts, lookup)
        appends = {}
        for draft in drafts:
            of_mail = appends.setdefault(draft.verdict.entry.row_id, {})
            of_mail[draft.place.key] = self._append(draft, lookup, ways)
        return [
            replace(each, appends=appends[each.entry.row_id])
            if each.entry.row_id in appends
            else each
            for each in verdicts
        ]

    @api.model
    def _may_append(self, verdict, destination) -> bool:
        if verdict.thread or verdict.quoted or verdict.kind.kind not in BY_PEOPLE:
            return False
        company = self.env["res.company"].browse(destination.company_id)
        team = self.env["helpdesk.ticket.team"].browse(destination.team_id or [])
        if not company._mailflow_policy("append_open", team):
            return False
        ruling = verdict.ruling(destination.alias_id, destination.company_id)
        return ruling.disposition in LEAVES_OPEN and not ruling.ticket_id

    @api.model
    def _ways(self, drafts, lookup) -> dict[int, set[str]]:
        """Where the mails of open tickets came from whose requester is only named in Reply-To: as
        in any ticket, an earlier one has to be from the same place."""
        named = [each for each in drafts if each.verdict.requester(each.contact).is_by_reply_to]
        tickets = {each for draft in named for each in lookup.open_tickets(draft)._ids}
        return self.env["helpdesk.intake.judge"]._ways_of(tickets) if tickets else {}

    @api.model
    def _append(self, draft, lookup, ways):
        """(ticket or None, what it waits for, whether who wrote is in doubt, sentences).

        :param ways: see :meth:`_ways`
        """
        place, writer = draft.place, draft.verdict.writer
        if not any(draft.requester):
            return None, frozenset(), False, []
        requester = draft.verdict.requester(draft.contact)
        if writer.standing is Standing.IMPOSTOR:
            part = Part.IMPOSTOR
        else:
            part = Part.REPLY_TO if requester.is_by_reply_to else Part.CUSTOMER
        found = entrance(Evidence.OPEN, part, writer.identity)
        if found is Entrance.APART:
            return None, frozenset(), False, [note("append_unproven")]
        tickets = lookup.open_tickets(draft)
        if part is Part.REPLY_TO:
            way = self.env["helpdesk.intake.judge"]._way(writer.address.normalized)
            tickets = tickets.filtered(lambda each: way in ways[each.id])
        company = self.env["res.company"].browse(place.company_id)
        if len(tickets) > 1 and company.sudo().helpdesk_append_single:
            return None, frozenset(), False, [note("append_several")]
        if tickets:
            number = tickets[:1].number
            code = "append_newest" if len(tickets) > 1 else "append_only"
            marked = found is Entrance.MARKED
            told = [note(code, ticket=number)]
            return tickets[:1].id, frozenset(), marked, told
        keys = append_keys(place.company_id, place.alias_id, place.team_id, draft.requester)
        return None, frozenset(keys), False, [note("append_none")]

    @api.model
    def _appended(self, verdict, destination, ruling):
        """The ruling at a place, with what the policies add to it."""
        company = self.env["res.company"].browse(destination.company_id)
        # sudo: policies hold for everyone
        if company.sudo().helpdesk_one_ticket:
            # two processes with copies of it for two support aliases open one ticket, too
            key = "one", company.id, verdict.entry.mail.identity
            ruling = replace(ruling, wants=ruling.wants | {key})
        found = verdict.appends.get((destination.alias_id, destination.company_id))
        if not found:
            return ruling
        ticket_id, wants, marked, notes = found
        return replace(
            ruling,
            ticket_id=ticket_id,
            marked=marked,
            wants=ruling.wants | wants,
            notes=(*ruling.notes, *notes),
        )

    # ------------------------------------------------------------
    # SEVERAL SUPPORT ALIASES
    # ------------------------------------------------------------

    @api.model
    def _one_for_all(self, verdict, destinations):
        """The places of a mail where it opens a ticket, and the sentences about the others: by
        policy only the first place of a company, in the order of To and then Cc."""
        first, left, notes = {}, [], []
        for each in destinations:
            company = self.env["res.company"].browse(each.company_id)
            # sudo: policies hold for everyone
            one = each.company_id in first and company.sudo().helpdesk_one_ticket
            if not one:
                first.setdefault(each.company_id, each)
                left.append(each)
                continue
            alias = self.env["helpdesk.support.alias"].browse(each.alias_id or [])
            counts = alias.browse(first[each.company_id].alias_id or [])
            notes.append(
                note("decide_one_ticket", alias=alias.name or "-", first=counts.name or "-")
            )
        return left, notes
