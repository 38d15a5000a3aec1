"""Reports on mail that we sent which are no failures: receipts and spam complaints.

Receipts are message disposition notifications (RFC 8098) and delivery status notifications of
success (RFC 3464); complaints are feedback reports (RFC 5965).
"""

import re
from dataclasses import dataclass
from datetime import datetime

from . import header, kind_words
from .mail import Mail

#: Recipients of one report that are looked at.
MAX_RECIPIENTS = 50

READ = "read"
DELETED = "deleted"  # without being read
DELIVERED = "delivered"
RELAYED = "relayed"  # handed to a system that sends no such reports

_FIELD = re.compile(r"^([A-Za-z-]{1,60}):[ \t]*([^\n]{0,1000})$", re.MULTILINE)
_UNFOLD = re.compile(r"\n[ \t]+")
_ADDRESS = re.compile(r"[^\s<>;,\"']{1,200}@[^\s<>;,\"']{1,250}")
_BLOCKS = re.compile(r"\n[ \t]*\n")
_NOT_READ = re.compile(
    r"^\s*(?:not read|nicht gelesen|ungelesen|non lu|no leído|não lid|non letto|"
    r"niet gelezen|inte läst)",
    re.IGNORECASE,
)
# What a sending service notifies of in JSON (Amazon SNS writes such mails).
_NOTIFIED_DELIVERY = re.compile(
    r'"delivery"\s*:\s*\{[^{}]{0,3000}?"recipients"\s*:\s*\[([^\]]{0,3000})\]'
)
_NOTIFIED_COMPLAINT = re.compile(r'"complainedRecipients"\s*:\s*\[([^\]]{0,3000})\]')
_MAX_JSON = 64 * 1024
_ACTIONS = {"delivered": DELIVERED, "relayed": RELAYED, "expanded": DELIVERED}


@dataclass(frozen=True)
class Receipt:
    """What became of a mail at one of its recipients.

    :param emails: normalized; the ways in which the report names the recipient
    :param what: :data:`READ`, :data:`DELETED`, :data:`DELIVERED` or :data:`RELAYED`
    :param moment: when the report was written (UTC), None if it does not say
    """

    emails: tuple[str, ...]
    what: str
    moment: datetime | None


def read_receipts(mail: Mail) -> tuple[Receipt, ...]:
    """The receipts in a mail of the kind ``receipt``."""
    found = []
    for text in mail.delivery.dispositions:
        fields = _fields(text)
        disposition = fields.get("disposition", "").rpartition(";")[2].strip().lower()
        what = DELETED if disposition.startswith("deleted") else READ
        if disposition.partition("/")[0] in ("displayed", "deleted", ""):
            found.append(Receipt(_recipients(fields, mail), what, mail.date))
    for text in mail.delivery.statuses:
        for block in _BLOCKS.split(text)[: MAX_RECIPIENTS + 1]:
            fields = _fields(block)
            what = _ACTIONS.get(fields.get("action", "").strip().lower())
            if what:
                found.append(Receipt(_recipients(fields, None), what, mail.date))
    delivered = _NOTIFIED_DELIVERY.search(mail.text[:_MAX_JSON])
    if not found and delivered:
        for email in _ADDRESS.findall(delivered[1])[:MAX_RECIPIENTS]:
            found.append(Receipt((email.lower(),), DELIVERED, mail.date))
    if not found and kind_words.RECEIPT_SUBJECT.match(mail.subject):
        what = DELETED if _NOT_READ.match(mail.subject) else READ
        found.append(Receipt((mail.from_.normalized,), what, mail.date))
    return tuple(found)[:MAX_RECIPIENTS]


def complained(mail: Mail) -> tuple[str, ...]:
    """Addresses whose owner may have complained, as a feedback report names them; normalized.

    Providers leave the address out at times; then there is none.
    """
    found: dict[str, None] = {}
    for text in mail.delivery.feedbacks:
        for match in _FIELD.finditer(_UNFOLD.sub(" ", text)):
            if match[1].lower() in ("original-rcpt-to", "removal-recipient"):
                _add(found, match[2])
    notified = _NOTIFIED_COMPLAINT.search(mail.text[:_MAX_JSON])
    if notified:
        _add(found, notified[1])
    _add(found, mail.header("X-HmXmrOriginalRecipient"))
    for fields in mail.delivery.originals:
        for name, value in fields:
            if name.lower() in ("to", "x-original-to", "delivered-to", "envelope-to"):
                _add(found, value)
    return tuple(found)[:MAX_RECIPIENTS]


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for match in _FIELD.finditer(_UNFOLD.sub(" ", text)):
        fields.setdefault(match[1].lower(), match[2])
    return fields


def _recipients(fields: dict[str, str], mail: Mail | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in ("original-recipient", "final-recipient"):
        _add(found, fields.get(name, ""))
    if mail and not found:
        found[mail.from_.normalized] = None
    return tuple(found)


def _add(found: dict[str, None], value: str) -> None:
    for match in _ADDRESS.findall(value)[:MAX_RECIPIENTS]:
        for address in header.addresses(match, 1):
            found.setdefault(address.normalized)
