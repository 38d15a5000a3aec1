"""``Thread-Index``: by what Outlook and Exchange hold the mails of a conversation together.

Base64 of 22 octets, which all mails of a conversation share (a time, and a GUID drawn for its
first mail), and of 5 octets for each answer on the way ([MS-OXOMSG] section 2.2.1.3). Some
programs of this family leave References out, but none leaves this out of an answer to a mail that
had it.

The GUID stands at the end of the 22 octets. In which of them it begins differs between versions of
Outlook, so the last 16 are compared, which hold all or nearly all of it in each.
"""

import base64
import binascii
import re
import secrets
from datetime import datetime, timezone

#: The header field.
HEADER = "Thread-Index"
#: Octets of the part that all mails of a conversation share, and of one answer's part.
_HEAD, _CHILD = 22, 5
#: Octets of the head that are compared: the GUID.
_GUID = 16
#: Octets of a head that say something: a GUID of fewer different ones was not drawn.
_VARIETY = 5
#: Answers within one conversation; longer values are cut, so that no header grows for ever.
_MOST_CHILDREN = 60
#: Characters that are looked at.
_LONGEST = 4000
_SPACE = re.compile(r"\s+")
#: FILETIME counts 100 nanoseconds from here on ([MS-DTYP] section 2.3.3).
_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


def conversation(value: str) -> str:
    """The conversation that a mail belongs to.

    :param value: of the header field, folded or not
    :return: 32 hexadecimal digits; ``""`` for anything that names none. Raises on nothing.
    """
    octets = _octets(value)
    if octets is None:
        return ""
    guid = octets[_HEAD - _GUID : _HEAD]
    # devices and programs that write zeros or a pattern there
    return guid.hex() if len(set(guid)) >= _VARIETY else ""


def answer(value: str, now: datetime | None = None) -> str:
    """The value for an answer to a mail: one child more.

    :param value: of the mail that is answered
    :param now: aware; the present time by default
    :return: ``""`` if that one named no conversation
    """
    octets = _octets(value)
    if octets is None or not conversation(value):
        return ""
    if len(octets) >= _HEAD + _MOST_CHILDREN * _CHILD:
        octets = octets[:_HEAD]
    return base64.b64encode(octets + _child(octets, now)).decode("ascii")


def _octets(value: str) -> bytes | None:
    """The octets of a value; None if it has no whole head."""
    if not value or len(value) > _LONGEST:
        return None
    packed = _SPACE.sub("", value)
    try:
        octets = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return octets if len(octets) >= _HEAD else None


def _child(octets: bytes, now: datetime | None) -> bytes:
    """The part of one answer: how long after the head's time, and chance. Programs sort by it,
    nothing is found by it."""
    passed = (now or datetime.now(timezone.utc)) - _EPOCH
    ticks = (passed.days * 86_400 + passed.seconds) * 10_000_000
    # the head has the upper octets of the time; some versions have one octet before it
    start = octets[:8] if octets[:2] != b"\x01\x01" else octets[1:9]
    begun = int.from_bytes(start[:6], "big") << 16
    since = max(ticks - begun, 0)
    # the delta code tells which bits of the difference are kept
    long = since >> 49 > 0
    delta = (long << 31) | ((since >> (23 if long else 18)) & 0x7FFFFFFF)
    return delta.to_bytes(4, "big") + secrets.token_bytes(1)
