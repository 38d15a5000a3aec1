# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The values that travel between the steps of a mail: Verdict and Plan.

Plain data, no recordsets: a Verdict can be made again from the stored source, a Plan
can be read without acting on it. Records are named by their database ids.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum

from ..mailflow.forwarded import Forwarded
from ..mailflow.header import Address
from ..mailflow.kind import KindResult
from ..mailflow.mail import Mail
from ..mailflow.note import Note
from ..mailflow.trust import Trust


class Outcome(str, Enum):
    """What an incoming mail became for one support alias."""

    TICKET = "ticket"
    REPLY = "reply"
    NOTE = "note"  # an automatic answer, kept on the thread it belongs to
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    COMPLAINT = "complaint"  # somebody marked a mail of ours as spam
    LEDGER = "ledger"  # stays in the ledger only
    NOT_TAKEN_IN = "not_taken_in"
    IGNORED = "ignored"  # by a rule, or since none matched
    HELD = "held"
    PASSED_ON = "passed_on"  # Odoo's own gateway has had it


#: References looked at, the newest ones: RFC 5322, 3.6.4 appends; Odoo looks at 32, too.
REFERENCES = 32
#: Longest header that is kept in a column of the ledger (characters).
COLUMN = 1000
#: Outcomes that made nothing of a mail: a person may still take it in.
UNSETTLED = frozenset((Outcome.NOT_TAKEN_IN, Outcome.IGNORED, Outcome.HELD))
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
    :param folder_id: ``helpdesk.mail.folder`` that it was fetched from
    :param scanner_id: whose folder that is
    :param folder_alias_id: the default support alias of the scanner it was fetched by
    :param leave_unmatched: a mail that no rule matches stays in the mailbox, and opens nothing
    :param received_at: when the mail server got it (UTC)
    :param fallback: values for the ticket if the mail came in for the model
        ``helpdesk.ticket`` without any address of ours (``None``: it did not)
    :param start_only: only its start could be kept
    :param forced: a person asked to take it in
    :param with_contact: a person asked for a contact of the sender, whatever the policy says
    :param afresh: judged as if it came in now for the first time: what was made of it before,
        and what came in after it, does not count
    :param own_ticket_ids: tickets that it opened before; not looked at when it is judged afresh
    """

    row_id: int
    mail: Mail
    company_id: int | None = None
    folder_id: int | None = None
    scanner_id: int | None = None
    folder_alias_id: int | None = None
    leave_unmatched: bool = False
    received_at: datetime | None = None
    fallback: dict | None = None
    start_only: bool = False
    forced: bool = False
    with_contact: bool = False
    afresh: bool = False
    own_ticket_ids: frozenset[int] = frozenset()


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
    """The ticket that a mail answers.

    :param closed_at: when it was closed (UTC, naive); None if nobody knows
    :param marked: the writer takes part, but who wrote is in doubt
    :param alone: whom the mail names does not take part by it
    """

    ticket_id: int
    alias_id: int | None
    company_id: int
    team_id: int | None
    message_id: int | None
    internal: bool
    closed: bool
    how: Note
    closed_at: datetime | None = None
    marked: bool = False
    alone: bool = False


class LinkKind(str, Enum):
    """Why a new ticket refers to another one."""

    UNVERIFIED = "unverified"  # its mail names that one, but the writer does not get in there
    CLOSED = "closed"  # that one was closed, and by policy its conversation goes on in a new one
    ARCHIVED = "archived"  # that one is archived


@dataclass(frozen=True)
class Quoted:
    """A ticket that a mail refers to without joining it."""

    ticket_id: int
    alias_id: int | None
    company_id: int
    team_id: int | None
    kind: LinkKind


class Standing(str, Enum):
    """What a writer may do."""

    OUTSIDER = "outsider"  # a customer, or anybody
    AGENT = "agent"  # an active internal user, proven or with nothing known against it
    IMPOSTOR = "impostor"  # says to be one of us, which the receiving server does not confirm


@dataclass(frozen=True)
class Writer:
    """Who wrote a mail.

    :param address: From, or whom a list wrote for
    :param source: see :class:`..mailflow.author.Author`
    :param identity: how far that is proven: as :attr:`..mailflow.trust.Trust.identity` says, which
        is about From
    :param user_id: the agent, if it acts as one
    :param reply_to: the first address of Reply-To, if it is another one
    :param forwarded: the mail that an agent forwards; None for anybody else
    :param notes: for the trace
    """

    address: Address
    source: str
    identity: str
    standing: Standing
    user_id: int | None = None
    reply_to: Address | None = None
    forwarded: Forwarded | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Requester:
    """Who a mail is from for the helpdesk, at one place.

    :param source: ``"writer"``, ``"reply_to"``, ``"form"`` or ``"forwarded"``
    :param notes: for the trace
    :param forwarded: the mail that an agent forwarded, whoever is the requester
    :param participants: of a forwarded mail who takes part, instead of the forward's To and Cc
    """

    address: Address
    source: str
    notes: tuple[Note, ...] = ()
    forwarded: Forwarded | None = None
    participants: tuple["Participant", ...] = ()

    @property
    def is_by_reply_to(self) -> bool:
        """Whether only Reply-To says so, into which anybody can write anything."""
        return self.source in ("reply_to", "form")


@dataclass(frozen=True)
class Contact:
    """The requester as a contact, found (``partner_id``) or to be made (``values``).

    :param user_id: the agent, if the requester is one and acts as one
    :param by_rule: it is made only if a rule says so
    """

    requester: Requester
    partner_id: int | None
    user_id: int | None
    values: dict | None
    notes: tuple[Note, ...] = ()
    by_rule: bool = False


@dataclass(frozen=True)
class Participant:
    """Somebody in To or Cc besides us.

    :param partner_ids: contacts of this address, of all companies
    """

    address: Address
    partner_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What conditions of rules look at, of one mail in one company. The names are fields of
    ``helpdesk.incoming.mail``, where the same is stored.

    Texts are framed (:func:`..mailflow.fold.frame`), records are ids, ``False`` is none.
    """

    fact_from: str
    fact_from_name: str
    fact_to: str
    fact_cc: str
    fact_recipients: str
    fact_reply_to: str
    fact_subject: str
    fact_body: str
    fact_attachment_names: str
    fact_attachment_types: str
    fact_language: str | bool
    kind: str
    fact_automatic: bool
    fact_trust: str
    fact_size_kb: int
    fact_has_attachments: bool
    alias_ids: frozenset[int]
    scanner_id: int | bool
    folder_id: int | bool
    contact_id: int | bool
    fact_known_contact: bool
    contact_account_id: int | bool
    contact_tag_ids: frozenset[int]
    contact_country_id: int | bool
    fact_open_tickets: bool
    fact_weekday: str
    fact_hour: int
    fact_working_hours: bool
    pattern_ids: frozenset[int]


#: Names of the facts, in the order in which they are offered.
FACTS = tuple(each.name for each in fields(Facts))


@dataclass(frozen=True)
class CompiledRule:
    """A scanner rule as the intake evaluates it.

    :param rule_id: a ``NewId`` for a rule that is not saved, as in ``action_ids``
    :param matches: the condition
    :param sees_reports: the condition names the kind, so it is meant for bounces, receipts,
        complaints and automatic answers, too
    """

    rule_id: object
    name: str
    company_id: int
    team_id: int | None
    scanner_ids: frozenset[int]
    alias_ids: frozenset[int]
    folder_ids: frozenset[int]
    matches: Callable[[Facts], bool]
    sees_reports: bool
    action_ids: tuple
    stop: bool


class Disposition(str, Enum):
    """What a rule makes of a mail."""

    TICKET = "ticket"  # update the ticket that is found, else create one
    NEW_TICKET = "new_ticket"
    APPEND = "append"
    IGNORE = "ignore"
    HOLD = "hold"
    SPAM = "spam"


#: Dispositions that want a ticket.
WANT_TICKET = frozenset((Disposition.TICKET, Disposition.NEW_TICKET, Disposition.APPEND))


@dataclass(frozen=True)
class Answer:
    """An automatic answer that a rule wants: ``mail.template``."""

    rule_id: object
    template_id: int


@dataclass(frozen=True)
class ServerRun:
    """A server action that a rule wants to run: ``ir.actions.server``, with the rights of
    ``res.users``."""

    rule_id: object
    rule: str
    action_id: int
    user_id: int


@dataclass(frozen=True)
class Ruling:
    """What the rules want of a mail at one place.

    :param rule_ids: the rules that matched, in their order
    :param disposition: None: the rules leave it to the defaults
    :param ticket_id: the ticket that it joins, found by number, subject or requester
    :param internal: it joins as a note
    :param marked: it joins, but who wrote is in doubt
    :param wants: what other tickets would make it join them, see ``intake_turns``
    :param create: values of a new ticket, ready for ``create``
    :param update: values of a ticket that it joins, ready for ``write``
    :param contact: values of a contact that is made if there is none; None: no rule makes one
    :param follower_ids: contacts that follow the ticket
    :param mailbox: steps in the mailbox, see ``mailbox_steps``
    :param notes: a sentence for each choice
    :param faults: pairs of a rule and what of it could not be done
    """

    rule_ids: tuple = ()
    disposition: Disposition | None = None
    ticket_id: int | None = None
    internal: bool = False
    marked: bool = False
    wants: frozenset[tuple] = frozenset()
    create: Mapping[str, object] = field(default_factory=dict)
    update: Mapping[str, object] = field(default_factory=dict)
    contact: Mapping[str, object] | None = None
    follower_ids: tuple[int, ...] = ()
    answer: Answer | None = None
    server_actions: tuple[ServerRun, ...] = ()
    mailbox: tuple[Mapping[str, object], ...] = ()
    notes: tuple[Note, ...] = ()
    faults: tuple[tuple[int, Note], ...] = ()


NO_RULING = Ruling()


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
class SenderMark:
    """What a company thinks of a sender.

    :param kind: ``"blocked"`` or ``"trusted"``
    :param pattern: the address or domain that its list has
    :param sender_id: ``helpdesk.sender``
    :param note: who put it on the list and when
    """

    kind: str
    pattern: str
    sender_id: int
    note: Note


@dataclass(frozen=True)
class Verdict:
    """What a mail is, and where it belongs, before anything is decided."""

    entry: Entry
    kind: KindResult
    trust: Trust
    writer: Writer
    destinations: tuple[Destination, ...]
    thread: Thread | None
    contacts: dict[tuple[int, int | None], Contact]  # by company and team
    known: Note | None  # it came in before: which, and where it is
    known_aliases: frozenset[int]  # support aliases (0: none) that made something of it
    suspect: Note | None  # the identity of another mail with another body
    other_models: str  # an address of another model that it is for, too
    participants: tuple[Participant, ...]  # people in To and Cc, without us
    own_addresses: frozenset[str]  # addresses of this mail that are ours
    notes: tuple[Note, ...]
    own_mail: OwnMail | None = None  # a mail of ours that came back, or its copied marks
    quoted: tuple[Quoted, ...] = ()  # what it refers to without joining it
    senders: dict[int, SenderMark] = field(default_factory=dict)  # by company
    facts: dict[int, Facts] = field(default_factory=dict)  # by company, the first place's first
    # what the rules want, by place (support alias or None, company); decide adds it
    rulings: dict[tuple[int | None, int], Ruling] = field(default_factory=dict)
    # by the same places the open ticket that it joins by policy, if there is one, what other
    # tickets it would join, and the sentences; decide adds it
    appends: dict[tuple[int | None, int], tuple] = field(default_factory=dict)

    def requester(self, contact: Contact | None) -> Requester:
        """Who it is from at the place that a contact was judged for; without one, who wrote."""
        return contact.requester if contact else Requester(self.writer.address, "writer")

    def ruling(self, alias_id: int | None, company_id: int) -> Ruling:
        """What the rules want at a place; an empty one if none matched."""
        return self.rulings.get((alias_id, company_id)) or NO_RULING


@dataclass(frozen=True)
class DeliveryPlan:
    """What to do with a mail for one support alias.

    :param marks: badges of its message
    :param alone: whom the mail names does not take part by it
    :param joins_row: only of mails that are tried: the incoming mail whose ticket it joins, which
        is not made
    :param reason: code of the sentence that says why it becomes nothing here
    """

    outcome: Outcome
    alias_id: int | None
    company_id: int
    ticket_id: int | None = None
    message_id: int | None = None
    reopen: bool = False
    internal: bool = False
    values: dict = field(default_factory=dict)
    contact: Contact | None = None
    ruling: Ruling = NO_RULING
    marks: tuple[Note, ...] = ()
    alone: bool = False
    joins_row: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """What becomes of a mail, with a sentence for each choice.

    :param leave: nothing is done in the mailbox
    """

    verdict: Verdict
    state: State
    deliveries: tuple[DeliveryPlan, ...]
    pass_on: bool
    notes: tuple[Note, ...]
    leave: bool = False

    @property
    def rulings(self) -> tuple[Ruling, ...]:
        """What the rules want at each place that the mail goes to; nothing where something else
        was decided before the rules."""
        rulings = {id(each.ruling): each.ruling for each in self.deliveries}
        return tuple(each for each in rulings.values() if each.rule_ids or each.wants)
