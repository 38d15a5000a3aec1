# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ..mailflow.subject import subject_key
from ..mailflow.thread_index import HEADER, conversation
from .thread_entrance import Evidence
from .thread_pointer import Pointer


class HelpdeskIntakeJudge(models.AbstractModel):
    """Tickets with mails of the same conversation, as Outlook and Exchange tell them."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _pointers_by_conversation(self, entries, kinds):
        """Tickets that other mails of the conversation are on, the newest ones first. Only those
        with the same subject: what is forwarded keeps its conversation, too, and may be about
        something else each time."""
        wanted = {}
        for each in entries:
            key = conversation(each.mail.header(HEADER))
            subject = subject_key(each.mail.subject)
            if key and subject:
                wanted[each.row_id] = key, subject
        if not wanted:
            return {}
        rows = self.env.execute_query(
            SQL(
                "SELECT mail.conversation, ticket.id, ticket.subject_key"
                " FROM helpdesk_incoming_mail mail"
                " JOIN helpdesk_incoming_mail_delivery delivery ON delivery.mail_id = mail.id"
                " JOIN helpdesk_ticket ticket ON ticket.id = delivery.ticket_id"
                " WHERE mail.conversation = ANY(%s) AND delivery.outcome IN ('ticket', 'reply')"
                " GROUP BY mail.conversation, ticket.id, ticket.subject_key"
                " ORDER BY max(delivery.id) DESC",
                list({key for key, _subject in wanted.values()}),
            )
        )
        found = defaultdict(list)
        for key, ticket_id, subject in rows:
            found[key, subject].append(ticket_id)
        return {
            row_id: [
                Pointer(Evidence.CONVERSATION, ticket_id, HEADER) for ticket_id in found[place]
            ]
            for row_id, place in wanted.items()
        }
