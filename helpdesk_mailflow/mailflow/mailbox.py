"""A mailbox on a mail server: where it is, what is in it, and how to get at it.

:func:`connect` gives an :class:`~.imap.ImapMailbox` or a :class:`~.pop.PopMailbox`. Both
have ``folders``, ``select``, ``find``, ``heads``, ``fetch`` and ``fetch_start`` for reading,
``set_flags``, ``copy``, ``move`` and ``delete`` for changing (POP can only delete, and does it
at ``quit``), both are context managers, and both raise nothing but
:class:`~.errors.MailboxError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from . import sasl
from .errors import TokenRefused
from .refusal import tidy_password

if TYPE_CHECKING:
    from .imap import ImapMailbox
    from .pop import PopMailbox


def first_day(since: datetime) -> date:
    """The day from which IMAP's SINCE certainly finds what was received since a moment.

    SINCE compares the date in the server's own time zone (RFC 9051, 6.4.4), which west of
    UTC may still be the day before. It finds more than was meant: look at the time of each.

    :param since: in UTC, naive or aware
    """
    return since.date() - timedelta(days=1)


@dataclass(frozen=True)
class MailServer:
    """Where a mailbox is and how to log in.

    :param protocol: ``imap`` or ``pop``
    :param encryption: ``none``, ``starttls`` (upgrade a plain connection) or ``tls`` (from
        the first byte)
    :param user: with a token the name of the mailbox, which may be another than that of the
        account that signed in
    :param password: an app password of Google may have its spaces
    :param token: an access token, to log in with instead of the password; it is sent only over
        TLS, and only if `verify` is on
    :param account: who signed in, where known: tells "no rights on this mailbox" from "the token
        is not good"
    :param verify: check the certificate and its host name
    :param timeout: seconds to wait for a connection, and for each command to answer
    :param ca_file: PEM file of the authorities to trust instead of the system's
    """

    protocol: str
    host: str
    port: int
    encryption: str
    user: str
    password: str = field(default="", repr=False)
    verify: bool = True
    timeout: float = 60.0
    ca_file: str | None = None
    token: str = field(default="", repr=False)
    account: str = ""

    def __post_init__(self):
        if self.protocol not in ("imap", "pop"):
            raise ValueError(f"unknown protocol {self.protocol!r}")
        if self.encryption not in ("none", "starttls", "tls"):
            raise ValueError(f"unknown encryption {self.encryption!r}")
        object.__setattr__(self, "password", tidy_password(self.host, self.password))


@dataclass(frozen=True)
class Folder:
    """A folder of a mailbox.

    :param name: the full name, decoded from modified UTF-7
    :param special_use: RFC 6154, e.g. ``\\Sent``; empty for ordinary folders
    :param selectable: false for one that only holds other folders
    """

    name: str
    special_use: str
    selectable: bool


@dataclass(frozen=True)
class FolderStatus:
    """What a server says about a folder when it is selected (RFC 9051, section 2.3.1.1).

    ``uidvalidity`` and ``uidnext`` are unsigned 32-bit numbers on IMAP, and 0 on POP.
    """

    uidvalidity: int
    uidnext: int
    messages: int


@dataclass(frozen=True)
class Head:
    """A message as the server lists it, without its content.

    :param size: octets, as the server says (some servers guess)
    :param received: INTERNALDATE, aware, in UTC; ``None`` if unknown
    :param message_id: as it stands in the header, without white space; empty if there is none
        or it was not asked for
    """

    uid: str
    size: int
    received: datetime | None
    seen: bool
    message_id: str = ""


def connect(server: MailServer) -> ImapMailbox | PopMailbox:
    """Connect, encrypt and log in.

    :raises MailboxError: see :mod:`.errors`; each says what an admin can do about it
    """
    try:
        return _connect(server)
    except TokenRefused as error:
        raise sasl.explain(error, server, lambda own: _connect(own).close()) from None


def _connect(server: MailServer) -> ImapMailbox | PopMailbox:
    # Only the protocol in use is imported: `imap` needs a third-party library.
    if server.protocol == "imap":
        from .imap import ImapMailbox

        return ImapMailbox(server)
    from .pop import PopMailbox

    return PopMailbox(server)
