"""A mail as read by :mod:`.mail`: frozen values that the later steps only read."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from .armor import without_armor
from .header import Address
from .html import tame, text_to_html
from .note import Note

# What the delivering servers noted, then what the sender wrote. An address is listed under the
# first of these; a collecting mailbox writes its own into Delivered-To, so that one says least.
RECIPIENT_HEADERS = (
    # Postfix; Google Workspace routing
    "X-Original-To",
    "X-Gm-Original-To",
    # Gmail writes both when it forwards: where to, and from which mailbox to which address
    "X-Forwarded-To",
    "X-Forwarded-For",
    # Exim, Fastmail, Yahoo, qmail and others: the envelope's recipient
    "Envelope-To",
    "X-Envelope-To",
    "X-Rcpt-To",
    "X-Delivered-To",
    "X-Apparently-To",
    "Resent-To",
    "Resent-Cc",
    # Exchange writes the forwarding mailbox: of a rule of its inbox, or of its settings
    "X-MS-Exchange-Inbox-Rules-Loop",
    "X-MS-Exchange-ForwardingLoop",
    "Delivered-To",
    "To",
    "Cc",
)

NOBODY = Address("", "")


@dataclass(frozen=True)
class Limits:
    """What one mail may cost. The defaults let every mail through that a person writes.

    :param parts: MIME parts that are looked at
    :param depth: levels of multiparts that are looked into
    :param attachments: kept
    :param header_bytes: of the header of the mail, and of each part. One field gets a
        quarter of it at most; those that the mail is understood by have the same again
    :param text_bytes: of all body text together, before decoding the charset
    :param addresses: in one header field
    :param references: message ids of one header field; the first and the last ones are kept
    """

    parts: int = 1000
    depth: int = 30
    attachments: int = 200
    header_bytes: int = 256 * 1024
    text_bytes: int = 2 * 1024 * 1024
    addresses: int = 1000
    references: int = 100


@dataclass(frozen=True)
class Recipient:
    """An address that the mail was for, and the header field that says so.

    :param header: one of :data:`RECIPIENT_HEADERS`
    :param email: normalized
    """

    header: str
    email: str


@dataclass(frozen=True)
class Attachment:
    """A file that came with the mail.

    :param name: never empty, without folders and control characters
    :param content: decoded; of ``message/rfc822`` the attached mail itself
    :param cid: Content-ID without brackets, ``""`` if none
    :param inline: meant to be shown in the body rather than listed
    """

    name: str
    content_type: str
    content: bytes
    cid: str
    inline: bool


@dataclass(frozen=True)
class Delivery:
    """The machine-readable parts of reports, for :mod:`.kind`.

    :param report_type: of ``multipart/report`` (RFC 6522), lower case
    :param statuses: texts of ``message/delivery-status`` parts (RFC 3464)
    :param dispositions: texts of ``message/disposition-notification`` parts (RFC 8098)
    :param feedbacks: texts of ``message/feedback-report`` parts (RFC 5965)
    :param originals: header fields of returned or attached messages
    :param calendar_methods: upper case, of invitations in the body (RFC 6047), not of files
    """

    report_type: str = ""
    statuses: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    feedbacks: tuple[str, ...] = ()
    originals: tuple[tuple[tuple[str, str], ...], ...] = ()
    calendar_methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mail:
    """A mail as read. No text in it holds NUL or lone surrogates.

    :param size: octets of the raw source
    :param identity: SHA-256 (hex) of Message-ID, From and Date; without a Date of Subject and
        the topmost Received too; without a Message-ID of everything. The same mail
        fetched twice has the same one.
    :param body_digest: SHA-256 (hex) of what follows the header
    :param message_id: with brackets, never empty; made up from the content if need be
    :param from_: the first author that has an address; both parts empty if there is none
    :param return_path: envelope sender; None if not recorded, ``""`` for ``<>``
    :param recipients: in the order of :data:`RECIPIENT_HEADERS`, each address once
    :param date: in UTC
    :param in_reply_to: message ids with brackets
    :param references: message ids with brackets, the thread's first one first
    :param headers: decoded, in the order received
    :param text: the body as plain text, from the HTML if there is nothing else
    :param html: the body as HTML (not sanitised!), None if the mail has none
    :param text_parts: parts of plain text that the body is made of
    :param html_parts: parts of HTML that the body is made of
    :param secured: how it is signed or encrypted, see :mod:`.secured`; nothing of that is checked
    """

    size: int
    identity: str
    body_digest: str
    message_id: str
    message_id_given: bool
    subject: str = ""
    from_: Address = NOBODY
    from_all: tuple[Address, ...] = ()
    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    return_path: str | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    date: datetime | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/plain"
    text: str = ""
    html: str | None = None
    text_parts: int = 0
    html_parts: int = 0
    secured: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)
    notes: tuple[Note, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name.lower(), []).append(value)
        return {name: tuple(values) for name, values in found.items()}

    def header(self, name: str, default: str = "") -> str:
        """The first value of a header field, decoded; names fold case."""
        values = self._by_name.get(name.lower())
        return values[0] if values else default

    def header_all(self, name: str) -> tuple[str, ...]:
        """All values of a header field, the topmost first."""
        return self._by_name.get(name.lower(), ())

    @cached_property
    def body_html(self) -> str:
        """The body as HTML, made from the text when there is none, without the armor of an
        OpenPGP signature. Tamed, but not sanitised."""
        return text_to_html(self.text) if self.html is None else without_armor(tame(self.html))


DEFAULT_LIMITS = Limits()
