# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from ..mailflow.note import note
from .intake_values import LinkKind
from .thread_pointer import Successor

#: Steps from a ticket to the one that goes on with its conversation.
MOST_STEPS = 20
#: Links by which a conversation goes on in a new ticket.
GOES_ON = (LinkKind.CLOSED.value, LinkKind.ARCHIVED.value)


class HelpdeskIntakeJudge(models.AbstractModel):
    """Where the conversations of tickets go on that are merged, closed or archived."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _successors(self, tickets) -> dict[int, Successor]:
        """Of a merged ticket the survivor; of a closed or archived one the newest ticket that was
        opened in its place. Several steps, if it has to be, and in no circle.

        :param tickets: ``helpdesk.ticket``, also archived ones
        :return: by the id of each
        """
        result = {ticket.id: Successor(ticket, ticket) for ticket in tickets}
        seen = {ticket.id: {ticket.id} for ticket in tickets}
        moving = set(result)
        for _step in range(MOST_STEPS):
            over = tickets.browse().union(
                *(
                    result[each].ticket
                    for each in moving
                    if not result[each].ticket.active or result[each].ticket.stage_id.closed
                )
            )
            if not over:
                break
            following = self._following(over)
            moved = set()
            for ticket_id in moving:
                found = result[ticket_id]
                code, after = following.get(found.ticket.id, ("", None))
                if after is None or after.id in seen[ticket_id]:
                    continue
                told = note(code, ticket=found.ticket.number, survivor=after.number)
                result[ticket_id] = Successor(found.named, after, (*found.notes, told))
                seen[ticket_id].add(after.id)
                moved.add(ticket_id)
            moving = moved
            if not moving:
                break
        return result

    @api.model
    def _following(self, tickets) -> dict:
        """The next ticket after each of these: id -> (code of the sentence, ticket)."""
        result = {}
        for ticket in tickets:
            if ticket.merged_into_id and not ticket.active:
                result[ticket.id] = "thread_merged", ticket.merged_into_id
        left = [each.id for each in tickets if each.id not in result]
        newer = left and tickets.search(
            [("linked_ticket_id", "in", left), ("link_kind", "in", GOES_ON)], order="id"
        )
        for ticket in newer or ():
            # the newest one stays
            result[ticket.linked_ticket_id.id] = "thread_goes_on", ticket
        return result
