"""Marks by which we know mail of our own again: a header field, and Message-IDs.

Relays rewrite Message-IDs, so each mail carries its mark in a field of its own, too. Both are
signed. Whoever gets a mail of ours can copy its marks onto a mail of his own, so a mark alone
says that a mail of ours existed, not that this is it: what else has to fit is the caller's to say.

:func:`read_stamp` and :func:`read_message_id` take whatever a stranger wrote, and raise on none
of it.
"""

import base64
import hashlib
import hmac
import re
import secrets

#: The header field that carries the stamp.
HEADER = "X-Helpdesk-Mailflow"
#: What mails of ours are for.
PURPOSES = ("answer", "automatic", "verification", "test", "connection", "forward")

#: Octets of a signature; RFC 2104 section 5 allows to truncate to half of the hash.
_SIGNATURE = 16
#: Octets of chance in a Message-ID.
_RANDOM = 10
#: Characters looked at; ours are far shorter.
_LONGEST = 400

_PURPOSE = re.compile(r"[a-z][a-z-]{0,31}")
_SUBJECT = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._@+-]{0,127}")
_STAMP = re.compile(
    rf"\s*({_PURPOSE.pattern})\s*;\s*({_SUBJECT.pattern})\s*;\s*([0-9a-f]{{{2 * _SIGNATURE}}})\s*",
    re.ASCII,
)
_MESSAGE_ID = re.compile(
    r"<hd\.([1-9][0-9]{0,18}|0)\.([a-z2-7]{16})\.([a-z2-7]{26})@[^<>@\s]{1,255}>", re.ASCII
)
#: RFC 2606 section 2; for a domain that cannot be written in ASCII.
_NO_DOMAIN = "mailflow.invalid"
_HOST_NAME = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*", re.ASCII)


def stamp(secret: str, purpose: str, subject: str) -> str:
    """The value of :data:`HEADER` for a mail that we send.

    :param secret: of the database; another one's stamps are not ours
    :param purpose: one of :data:`PURPOSES`
    :param subject: what the mail is about within its purpose: the id of a ticket or of a From
        address, ``"0"`` if nothing
    :raise ValueError: no secret, or something that a header cannot carry
    """
    if purpose not in PURPOSES:
        raise ValueError(f"No purpose of a mail: {purpose!r}; it is one of {', '.join(PURPOSES)}")
    if not _SUBJECT.fullmatch(subject):
        raise ValueError(f"No subject of a stamp: {subject!r}")
    return f"{purpose}; {subject}; {_sign(secret, 'stamp', purpose, subject).hex()}"


def read_stamp(secret: str, value: str) -> tuple[str, str] | None:
    """What a stamp says, if we made it.

    :param value: of the header field, unfolded or not
    :return: (purpose, subject); None for anything that is not a stamp of this secret
    """
    found = _STAMP.fullmatch(value) if len(value) <= _LONGEST else None
    if not found or not secret:
        return None
    purpose, subject, signature = found.groups()
    if not hmac.compare_digest(bytes.fromhex(signature), _sign(secret, "stamp", purpose, subject)):
        return None
    return purpose, subject


def message_id(secret: str, ticket_id: int, domain: str) -> str:
    """A Message-ID (RFC 5322 section 3.6.4) that nobody else can make and nobody can guess.

    :param ticket_id: the ticket that the mail belongs to; 0 for none
    :param domain: of the From address, which spam filters expect there; international ones
        become ASCII
    :return: with its angle brackets, new at each call
    :raise ValueError: no secret, or no id
    """
    if ticket_id < 0:
        raise ValueError(f"No id of a ticket: {ticket_id!r}")
    ticket = str(int(ticket_id))
    random = _base32(secrets.token_bytes(_RANDOM))
    signature = _base32(_sign(secret, "message-id", ticket, random))
    return f"<hd.{ticket}.{random}.{signature}@{_ascii_domain(domain)}>"


def read_message_id(secret: str, value: str) -> int | None:
    """The ticket that a Message-ID of ours belongs to.

    :param value: with its angle brackets; one that was put into lower or upper case on its way
        is understood
    :return: id of a ticket, 0 for a mail without one; None for an id that we did not make
    """
    if len(value) > _LONGEST or not value.isascii() or not secret:
        return None
    found = _MESSAGE_ID.fullmatch(value.strip().lower())
    if not found:
        return None
    ticket, random, signature = found.groups()
    expected = _base32(_sign(secret, "message-id", ticket, random))
    return int(ticket) if hmac.compare_digest(signature, expected) else None


def _sign(secret: str, *parts: str) -> bytes:
    """HMAC-SHA256 over parts that hold no NUL, so no two lists of parts are the same text."""
    if not secret:
        raise ValueError("There is no secret to sign with")
    text = "\0".join(parts).encode("ascii")
    key = secret.encode("utf-8", "surrogatepass")
    return hmac.digest(key, text, hashlib.sha256)[:_SIGNATURE]


def _base32(data: bytes) -> str:
    """Lower case and digits: survives whatever changes the case."""
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _ascii_domain(domain: str) -> str:
    domain = domain.strip().strip(".").lower()
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii").lower()
        except UnicodeError:
            # an unusual domain must not keep a mail from being sent
            return _NO_DOMAIN
    fits = len(domain) <= 253 and _HOST_NAME.fullmatch(domain)
    return domain if fits else _NO_DOMAIN
