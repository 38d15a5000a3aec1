# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from ..mailflow.invitation import methods
from ..mailflow.kind import Kind
from ..mailflow.note import note
from .intake_values import DeliveryPlan, Outcome


class HelpdeskIntakeDecide(models.AbstractModel):
    """What becomes of mails that join a ticket."""

    _inherit = "helpdesk.intake.decide"

    @api.model
    def _decide_reply(self, verdict):
        thread = verdict.thread
        if not thread:
            return None
        number = self._number(verdict)
        notes = [note("decide_reply", ticket=number)]
        if thread.internal:
            notes.append(note("decide_internal"))
        # a program's message on a closed ticket (solved again, delivered) opens nothing
        reopen = thread.closed and self._may_reopen(verdict)
        if thread.closed and not reopen:
            notes.append(note("decide_stays_closed", ticket=number))
        others = {each.alias_id for each in verdict.destinations} - {thread.alias_id, None}
        for alias in self.env["helpdesk.support.alias"].browse(sorted(others)):
            notes.append(note("decide_also_addressed", alias=alias.name, ticket=number))
        return self._on_thread(
            verdict, Outcome.REPLY, *notes, reopen=reopen, internal=thread.internal
        )

    @api.model
    def _may_reopen(self, verdict) -> bool:
        """Whether a mail is a reason to open a closed ticket again. Who accepts or declines an
        invitation wants nothing; who proposes another time does."""
        if verdict.kind.kind is Kind.CALENDAR:
            return methods(verdict.entry.mail) != {"REPLY"}
        return verdict.kind.kind is not Kind.AUTOMATIC

    @api.model
    def _join(self, verdict, destination, contact, ruling):
        """A mail that a rule adds to a ticket."""
        # sudo: mail joins tickets, whoever hands it in
        ticket = self.env["helpdesk.ticket"].sudo().browse(ruling.ticket_id)
        closed = ticket.stage_id.closed
        reopen = closed and verdict.kind.kind is Kind.MESSAGE
        notes = [*ruling.notes, note("decide_reply", ticket=ticket.number)]
        if closed and not reopen:
            notes.append(note("decide_stays_closed", ticket=ticket.number))
        delivery = DeliveryPlan(
            Outcome.REPLY,
            destination.alias_id,
            destination.company_id,
            ticket_id=ticket.id,
            reopen=reopen,
            internal=ruling.internal,
            contact=self._contact_by_rule(contact, ruling),
            ruling=ruling,
        )
        return delivery, notes
