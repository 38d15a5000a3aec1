# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace
from datetime import timedelta
from enum import Enum

from odoo import api, models

from ..mailflow.html import html_to_text
from ..mailflow.invitation import methods
from ..mailflow.kind import Kind
from ..mailflow.note import note
from ..mailflow.reply import cut_mail
from ..mailflow.thanks import is_thanks
from .intake_values import DeliveryPlan, LinkKind, Outcome, Standing


class Fate(Enum):
    """What becomes of a ticket that a mail is added to."""

    STAYS = "stays"
    REOPENED = "reopened"
    REPLACED = "replaced"  # it is left alone, the mail opens a new one that is linked to it


class HelpdeskIntakeDecide(models.AbstractModel):
    """What becomes of mails that join a ticket."""

    _inherit = "helpdesk.intake.decide"

    @api.model
    def _decide_reply(self, verdict):
        thread = verdict.thread
        if not thread:
            return None
        # sudo: mail joins tickets, whoever hands it in
        ticket = self.env["helpdesk.ticket"].sudo().browse(thread.ticket_id)
        fate, told = self._fate(verdict, ticket, self._may_reopen(verdict), thread.internal)
        if fate is Fate.REPLACED:
            return self._decide_beside(verdict, ticket, told)
        number = ticket.number
        notes = [note("decide_reply", ticket=number)]
        if thread.internal:
            notes.append(note("decide_internal"))
        notes += [*told, *self._tell_alone(verdict, thread.alone)]
        others = {each.alias_id for each in verdict.destinations} - {thread.alias_id, None}
        for alias in self.env["helpdesk.support.alias"].browse(sorted(others)):
            notes.append(note("decide_also_addressed", alias=alias.name, ticket=number))
        return self._on_thread(
            verdict,
            Outcome.REPLY,
            *notes,
            reopen=fate is Fate.REOPENED,
            internal=thread.internal,
            marks=(note("mark_unverified"),) if thread.marked else (),
            alone=thread.alone,
        )

    @api.model
    def _may_reopen(self, verdict) -> bool:
        """Whether a mail is a reason to open a closed ticket again. Who accepts or declines an
        invitation wants nothing; who proposes another time does."""
        if verdict.kind.kind is Kind.CALENDAR:
            return methods(verdict.entry.mail) != {"REPLY"}
        return verdict.kind.kind is not Kind.AUTOMATIC

    @api.model
    def _decide_beside(self, verdict, ticket, told):
        """A new ticket in place of a closed one."""
        plan = self._decide_destinations(self._in_place_of(verdict, ticket.id))
        return plan and replace(plan, notes=(*told, *plan.notes))

    @api.model
    def _in_place_of(self, verdict, ticket_id: int):
        """The verdict on a mail whose ticket is linked to a closed one."""
        # sudo: as above
        ticket = self.env["helpdesk.ticket"].sudo().browse(ticket_id)
        # what may be somebody else's does not go on with the conversation: later answers of
        # the customer would follow to it
        thread = verdict.thread
        doubtful = bool(thread) and thread.ticket_id == ticket.id and thread.marked
        kind = LinkKind.UNVERIFIED if doubtful else LinkKind.CLOSED
        linked = self.env["helpdesk.intake.judge"]._quoted(ticket, kind)
        return replace(verdict, quoted=(linked,))

    @api.model
    def _join(self, verdict, destination, contact, ruling):
        """A mail that a rule or a policy adds to a ticket: its DeliveryPlan, and the sentences.
        None, and the sentences, if a new one takes the place of that ticket."""
        # sudo: mail joins tickets, whoever hands it in
        ticket = self.env["helpdesk.ticket"].sudo().browse(ruling.ticket_id)
        opens = verdict.kind.kind is Kind.MESSAGE
        fate, told = self._fate(verdict, ticket, opens, ruling.internal)
        if fate is Fate.REPLACED:
            return None, told
        # nothing but who wrote leads there
        alone = ruling.marked or verdict.writer.identity != "proven"
        notes = [*ruling.notes, note("decide_reply", ticket=ticket.number), *told]
        notes += self._tell_alone(verdict, alone)
        delivery = DeliveryPlan(
            Outcome.REPLY,
            destination.alias_id,
            destination.company_id,
            ticket_id=ticket.id,
            reopen=fate is Fate.REOPENED,
            internal=ruling.internal,
            contact=self._contact_by_rule(contact, ruling),
            ruling=ruling,
            marks=(note("mark_unverified"),) if ruling.marked else (),
            alone=alone,
        )
        return delivery, notes

    @api.model
    def _tell_alone(self, verdict, alone: bool):
        """That nobody whom a mail names takes part by it, if it names anybody."""
        mail, own = verdict.entry.mail, verdict.own_addresses
        named = {each.normalized for each in (*mail.to, *mail.cc)} - own - {""}
        return [note("decide_alone")] if alone and named else []

    # ------------------------------------------------------------
    # CLOSED TICKETS
    # ------------------------------------------------------------

    @api.model
    def _fate(self, verdict, ticket, opens: bool, internal: bool):
        """What becomes of a ticket that a mail is for, and the sentences about it.

        :param opens: mail of this kind opens closed tickets
        :param internal: it is added as an internal note
        """
        if not ticket.stage_id.closed:
            return Fate.STAYS, []
        number = ticket.number
        if not opens:
            # a program's message on a closed ticket (solved again, delivered)
            return Fate.STAYS, [note("decide_stays_closed", ticket=number)]
        company, team = ticket.company_id, ticket.team_id
        if company._mailflow_policy("thanks_keep_closed", team) and self._is_thanks(verdict):
            return Fate.STAYS, [note("decide_thanks", ticket=number)]
        choice, days = company._mailflow_closed(team)
        if choice == "reopen":
            return Fate.REOPENED, []
        if internal or verdict.writer.standing is Standing.AGENT:
            # colleagues among each other, and what an agent adds later
            return Fate.STAYS, [note("decide_colleague_stays_closed", ticket=number)]
        if choice == "new":
            return Fate.REPLACED, [note("decide_closed_new", ticket=number)]
        closed = ticket.closed_date
        if closed and self._arrived(verdict) - closed > timedelta(days=days):
            return Fate.REPLACED, [note("decide_closed_days", ticket=number, days=days)]
        return Fate.REOPENED, [note("decide_closed_in_time", ticket=number, days=days)]

    @api.model
    def _arrived(self, verdict):
        """When a mail arrived (UTC, naive): what counts for one that waited in the ledger."""
        return verdict.entry.received_at or self.env.cr.now()

    @api.model
    def _is_thanks(self, verdict) -> bool:
        """Whether somebody from outside says thanks and nothing else."""
        mail = verdict.entry.mail
        if verdict.writer.standing is Standing.AGENT or any(
            not each.inline for each in mail.attachments
        ):
            return False
        return is_thanks(html_to_text(cut_mail(mail).above))

    # ------------------------------------------------------------
    # LINKS
    # ------------------------------------------------------------

    @api.model
    def _link_marks(self, verdict):
        """The badges of a mail that opens a ticket of its own."""
        unverified = any(each.kind is LinkKind.UNVERIFIED for each in verdict.quoted)
        return (note("mark_unverified"),) if unverified else ()

    @api.model
    def _link(self, verdict, destination):
        """What a new ticket says of the ticket that its mail refers to: values, and sentences.
        Tickets of other companies are not named: whoever sees this one may not see those."""
        for each in verdict.quoted:
            unverified = each.kind is LinkKind.UNVERIFIED
            values = {"unverified_sender": True} if unverified else {}
            if each.company_id == destination.company_id:
                values.update(linked_ticket_id=each.ticket_id, link_kind=each.kind.value)
            elif not unverified:
                continue
            return values, [note("decide_unverified")] if unverified else []
        return {}, []
