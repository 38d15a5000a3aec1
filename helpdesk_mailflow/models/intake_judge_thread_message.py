# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models
from odoo.tools import SQL

from . import own_mail
from .intake_values import REFERENCES
from .thread_entrance import Evidence
from .thread_pointer import Pointer


class HelpdeskIntakeJudge(models.AbstractModel):
    """Tickets whose messages a mail refers to."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _referred(self, entry, kind) -> list[tuple[str, str]]:
        """What a mail refers to: pairs of a header field and a Message-ID, the newest ones."""
        references = (*entry.mail.references, *entry.mail.in_reply_to)
        if entry.afresh:
            references = [one for one in references if one != entry.mail.message_id]
        return [
            *(("the report", one) for one in kind.original_message_ids[-REFERENCES:]),
            *(("References", one) for one in references[-REFERENCES:]),
        ]

    @api.model
    def _pointers_by_message(self, entries, kinds):
        """Ours before others, the newest first. An id that we signed names its ticket also where
        the message is gone, or a mail server wrote another id into it on its way."""
        referred = {each.row_id: self._referred(each, kinds[each.row_id]) for each in entries}
        messages = self._ticket_messages({one for pairs in referred.values() for _at, one in pairs})
        result = {}
        for row_id, pairs in referred.items():
            signed, others = [], []
            for place, (header, name) in enumerate(pairs):
                ticket_id = own_mail.read_message_id(self.env, name)
                message_id, owner_id, internal = messages.get(name, (0, ticket_id, False))
                if not owner_id:
                    continue
                pointer = Pointer(
                    Evidence.SIGNED if ticket_id else Evidence.REFERENCE,
                    # the message may have been moved since
                    owner_id,
                    header,
                    name,
                    message_id or None,
                    bool(internal),
                )
                (signed if ticket_id else others).append((message_id, place, pointer))
            result[row_id] = [
                pointer
                for group in (signed, others)
                for _message, _place, pointer in sorted(
                    group, key=lambda found: found[:2], reverse=True
                )
            ]
        return result

    @api.model
    def _is_of_ticket(self, mail) -> bool:
        """Whether a mail answers something of a ticket.

        :param mail: its headers are enough
        """
        references = (*mail.references, *mail.in_reply_to)[-REFERENCES:]
        return any(own_mail.read_message_id(self.env, one) for one in references) or bool(
            self._ticket_messages(set(references))
        )

    @api.model
    def _ticket_messages(self, message_ids):
        """Message-ID -> (mail.message id, ticket id, internal), the newest one of each."""
        if not message_ids:
            return {}
        rows = self.env.execute_query(
            SQL(
                "SELECT message.message_id, message.id, message.res_id,"
                " COALESCE(message.is_internal, FALSE) OR (COALESCE(subtype.internal, FALSE)"
                "   AND message.message_type NOT IN ('auto_comment', 'email'))"
                " FROM mail_message message"
                " LEFT JOIN mail_message_subtype subtype ON subtype.id = message.subtype_id"
                " WHERE message.message_id = ANY(%s) AND message.model = 'helpdesk.ticket'"
                " AND message.res_id > 0 ORDER BY message.id",
                list(message_ids),
            )
        )
        return {message_id: tuple(rest) for message_id, *rest in rows}
