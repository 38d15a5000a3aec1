# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What a mail says of the ticket that it belongs to, before anybody asks who wrote it."""

from dataclasses import dataclass

from ..mailflow.note import Note
from .thread_entrance import Evidence


@dataclass(frozen=True)
class Pointer:
    """Something in a mail that points to a ticket.

    :param evidence: what it is
    :param ticket_id: which may be gone
    :param said: what the mail names it by: a header field, a number
    :param name: the Message-ID, if it is one
    :param message_id: ``mail.message`` that is answered, if it is known
    :param internal: customers do not see that message
    """

    evidence: Evidence
    ticket_id: int
    said: str
    name: str = ""
    message_id: int | None = None
    internal: bool = False


@dataclass(frozen=True)
class Successor:
    """Where the conversation of a ticket goes on.

    :param named: ``helpdesk.ticket``
    :param ticket: the same one if nothing came after it
    :param notes: how it came to that
    """

    named: object
    ticket: object
    notes: tuple[Note, ...] = ()
