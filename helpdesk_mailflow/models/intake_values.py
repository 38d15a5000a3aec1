# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The values that travel between the steps of a mail: Verdict and Plan.

Plain data, no recordsets: a Verdict can be made again from the stored source, a Plan
can be read without acting on it. Records are named by their database ids.
"""

from dataclasses import dataclass, field
from enum import Enum

from ..mailflow.kind import KindResult
from ..mailflow.mail import Mail
from ..mailflow.note import Note


class Outcome(str, Enum):
    """What an incoming mail became for one support alias."""

    TICKET = "ticket"
    REPLY = "reply"
    NOTE = "note"  # an automatic answer, kept on the thread it belongs to
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    LEDGER = "ledger"  # stays in the ledger only
    NOT_TAKEN_IN = "not_taken_in"
    HELD = "held"
    PASSED_ON = "passed_on"  # Odoo's own gateway has had it


#: Longest header that is kept in a column of the ledger (characters).
COLUMN = 1000
#: Stands for Odoo's own gateway where a support alias' id stands else.
GATEWAY_KEY = -1


class State(str, Enum):
    """Where an incoming mail stands."""

    NEW = "new"
    DONE = "done"
    IGNORED = "ignored"
    NOT_TAKEN_IN = "not_taken_in"
    DUPLICATE = "duplicate"
    PASSED_ON = "passed_on"
    FAILED = "failed"
    HELD = "held"


#: States in which a mail waits to be acted on.
WAITING = (State.NEW.value, State.FAILED.value)
#: States that a person may still turn into a ticket.
CAN_BE_TAKEN_IN = (
    State.IGNORED.value,
    State.NOT_TAKEN_IN.value,
    State.DUPLICATE.value,
    State.HELD.value,
    State.FAILED.value,
)


@dataclass(frozen=True)
class Entry:
    """One mail on its way.

    :param row_id: ``helpdesk.incoming.mail``
    :param mail: as read from the stored source
    :param folder_alias_id: the default support alias of the scanner it was fetched by
    :param fallback: values for the ticket if the mail came in for the model
        ``helpdesk.ticket`` without any address of ours (``None``: it did not)
    :param start_only: only its start could be kept
    :param forced: a person asked to take it in
    """

    row_id: int
    mail: Mail
    company_id: int | None = None
    folder_alias_id: int | None = None
    fallback: dict | None = None
    start_only: bool = False
    forced: bool = False


@dataclass(frozen=True)
class Destination:
    """A support alias that a mail is for.

    ``alias_id`` is None for a mail that came in for tickets in general.
    """

    alias_id: int | None
    company_id: int
    team_id: int | None
    intake: bool
    how: Note
    values: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Thread:
    """The ticket that a mail answers."""

    ticket_id: int
    alias_id: int | None
    company_id: int
    team_id: int | None
    message_id: int | None
    internal: bool
    closed: bool
    how: Note


@dataclass(frozen=True)
class Contact:
    """The requester, found (``partner_id``) or to be made (``values``)."""

    partner_id: int | None
    user_id: int | None
    values: dict | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Known:
    """What came in before that has the identity of a mail.

    :param covered: support alias (0: none) -> row of a copy that was delivered for it
    :param settled: support aliases (0: none) that made something of this very row
    :param message: it is a message of Odoo already
    :param suspect: a mail of the same identity has another body
    """

    covered: dict[int, int]
    settled: frozenset[int]
    message: Note | None
    suspect: Note | None


@dataclass(frozen=True)
class OwnMail:
    """A mail that carries the marks of one that we sent.

    :param purpose: of its stamp, one of :data:`..mailflow.stamp.PURPOSES`; ``""`` if only its
        Message-ID tells
    :param subject: of its stamp: id of a ticket or of a From address
    :param genuine: its sender is ours, too
    :param returned: it reports about a mail of ours, rather than being that mail
    :param decides: nothing else about the mail matters
    """

    purpose: str
    subject: str
    genuine: bool
    returned: bool
    decides: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Verdict:
    """What a mail is, and where it belongs, before anything is decided."""

    entry: Entry
    kind: KindResult
    destinations: tuple[Destination, ...]
    thread: Thread | None
    contacts: dict[tuple[int, int | None], Contact]  # by company and team
    known: Note | None  # it came in before: which, and where it is
    known_aliases: frozenset[int]  # support aliases (0: none) that made something of it
    suspect: Note | None  # the identity of another mail with another body
    other_models: str  # an address of another model that it is for, too
    participants: tuple[int, ...]  # contacts in To and Cc, without our own
    own_addresses: frozenset[str]  # addresses of this mail that are ours
    notes: tuple[Note, ...]
    own_mail: OwnMail | None = None  # a mail of ours that came back, or its copied marks


@dataclass(frozen=True)
class DeliveryPlan:
    """What to do with a mail for one support alias."""

    outcome: Outcome
    alias_id: int | None
    company_id: int
    ticket_id: int | None = None
    message_id: int | None = None
    reopen: bool = False
    internal: bool = False
    values: dict = field(default_factory=dict)
    contact: Contact | None = None


@dataclass(frozen=True)
class Plan:
    """What becomes of a mail, with a sentence for each choice."""

    verdict: Verdict
    state: State
    deliveries: tuple[DeliveryPlan, ...]
    pass_on: bool
    notes: tuple[Note, ...]
