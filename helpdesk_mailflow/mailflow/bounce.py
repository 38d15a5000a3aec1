"""Who a mail did not reach, and why: a report of a mail system, read.

In the order of their evidence: the machine-readable part (RFC 3464), well-formed or in the text;
what a sending service notifies of in JSON; then the words of mail systems (:mod:`.bounce_text`).
Codes decide what kind of failure it is, the words where the codes do not (:mod:`.bounce_reason`).

Never raises, and everything it looks at is bounded.
"""

import json
import re
from dataclasses import dataclass
from email.utils import getaddresses

from . import bounce_text as words
from .bounce_reason import (
    HARD,
    MAX_DIAGNOSTIC,
    Reason,
    tell_reason,
    usual_status,
)
from .mail import Mail

__all__ = ["FailedRecipient", "Reason", "read_bounce"]

MAX_RECIPIENTS = words.MAX_RECIPIENTS
_MAX_JSON = 256 * 1024
#: Of what is said of one recipient: what is worth showing comes early.
MAX_LINES = 60
#: Recipients of whom it is looked at whether something is said of each.
_SAMPLE = 10

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]*(.*)$")
_IN_TEXT = re.compile(r"^[ \t>]{0,8}(?:final|original)-recipient:", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"^\s*([245]\.\d{1,3}\.\d{1,3})")
_ADDRESS = re.compile(r"(?:\"[^\"]{1,100}\"|[^\s<>;,\"]{1,200})@[^\s<>;,\"]{1,250}")
#: RFC 3463, X.4.7: delivery time expired.
_GAVE_UP = ".4.7"
_DELAY = re.compile(
    r"warning message only|do not need to re-?send|will (?:be retried|retry|keep trying|continue"
    r" (?:to )?try)|has been delayed|(?:is|been) delayed|not yet (?:been )?(?:delivered|received)"
    r"|temporary failure report|delayed for|still (?:in|being) (?:queue|tried)|delivery delayed"
    r"|wird weiter(?:hin)? versucht|noch nicht zugestellt|再送(?:信)?を試み(?:ます|ています)",
    re.IGNORECASE,
)
_PUT_OFF = re.compile(r"retry timeout exceeded|deferred:", re.IGNORECASE)
_DELAY_SUBJECT = re.compile(
    r"delay|warning|verz[öo]ger|retard|retras|atras|ritard|vertraag|opóźn|задерж|遅延",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class FailedRecipient:
    """A recipient of a report.

    :param address: as the report has it, ``""`` if it names none
    :param status: RFC 3463, such as ``"5.1.1"``; made up from the reason where the mail gives
        none, see ``status_given``; ``""`` if nothing failed and none is given
    :param reply_code: RFC 5321, such as ``"550"``; ``""`` if none is given
    :param action: RFC 3464 section 2.3.3, lower case: failed, delayed, delivered, relayed, expanded
    :param diagnostic: what mail systems wrote about it, at most 1000 characters
    :param hard: the address will not work tomorrow either
    :param original: the address that was written to, where it differs (RFC 3464 section 2.3.1)
    """

    address: str
    status: str
    reply_code: str
    action: str
    diagnostic: str
    reason: Reason
    hard: bool
    status_given: bool = True
    original: str = ""

    @property
    def failed(self) -> bool:
        """It is over: the server does not try again."""
        return self.action == "failed"


def read_bounce(mail: Mail) -> tuple[FailedRecipient, ...]:
    """Who a mail did not reach, as its report says; of other mail what looks like that.

    Also what reports say of recipients that were reached (``action`` is "delivered"), or that
    are still tried ("delayed"). Nothing of a mail that names no recipient and no reason.
    """
    found = _from_notification(mail) or _from_complaint(mail)
    if found:
        return found
    text = mail.text[: words.MAX_TEXT]
    blocks = [block for status in mail.delivery.statuses for block in _blocks(status)]
    if not blocks and _IN_TEXT.search(text):
        blocks = _blocks(text)
    if not blocks:
        for attachment in mail.attachments:
            if attachment.content_type.startswith("text/") and len(blocks) < MAX_RECIPIENTS:
                named = attachment.content[: words.MAX_TEXT].decode("ascii", "replace")
                if _IN_TEXT.search(named):
                    blocks += _blocks(named)
    if blocks:
        return _from_blocks(mail, blocks, text)
    return _from_words(mail, text)


# ------------------------------------------------------------------ RFC 3464


def _unfolded(text: str):
    """(name, value) of the lines; None for an empty line or one that is no field."""
    name, value = "", []
    for line in text[: words.MAX_TEXT].splitlines():
        if name and line[:1] in (" ", "\t") and line.strip():
            value.append(line.strip())
            continue
        if name:
            yield name, " ".join(value)
            name = ""
        match = _FIELD.match(line)
        if match:
            name, value = match[1].lower(), [match[2].strip()]
        elif not line.strip():
            yield None
    if name:
        yield name, " ".join(value)


def _blocks(text: str) -> list[dict[str, str]]:
    """The recipients' groups of fields. A new one begins where a field comes again, or after
    an empty line: some systems leave these out, others write one after each field."""
    blocks: list[dict[str, str]] = []
    current: dict[str, str] = {}

    def done():
        if "final-recipient" in current or "original-recipient" in current:
            blocks.append(dict(current))

    empty = False
    for field in _unfolded(text):
        if field is None:
            empty = True
            continue
        name, value = field
        again = name in current and name in ("final-recipient", "original-recipient", "action")
        complete = "action" in current or "status" in current
        starts = name in ("final-recipient", "original-recipient", "action")
        if again or (empty and complete and starts):
            done()
            current.clear()
        empty = False
        current.setdefault(name, value)
        if len(blocks) >= MAX_RECIPIENTS:
            break
    done()
    return blocks[:MAX_RECIPIENTS]


def _typed(value: str) -> str:
    """The part behind `rfc822;` or `smtp;` (RFC 3464 section 2.1.2)."""
    kind, semicolon, rest = value.partition(";")
    return (
        rest.strip() if semicolon and re.fullmatch(r"[\w.-]{1,30}", kind.strip()) else value.strip()
    )


def _address(value: str) -> str:
    match = _ADDRESS.search(_typed(value)[:600].replace("<", " ").replace(">", " "))
    return match[0] if match else ""


def _from_blocks(mail: Mail, blocks, text: str) -> tuple[FailedRecipient, ...]:
    named = {_address(block.get("final-recipient", "")).lower() for block in blocks}
    named |= {_address(block.get("original-recipient", "")).lower() for block in blocks}
    told = {
        each.address.lower(): each.words
        for each in words.recipients(text, known=frozenset(named - {""}))
    }
    above = words.above_copy(text)
    result = []
    for block in blocks:
        final, original = (
            _address(block.get(name, "")) for name in ("final-recipient", "original-recipient")
        )
        actual = _address(block.get("x-actual-recipient", ""))
        address = final or original or actual
        # "Recipient address: ... Original address: ... Reason: ...": each may have its own words
        said = "\n".join(
            told[each]
            for each in dict.fromkeys((final.lower(), original.lower()))
            if each and each in told
        )
        if not said and len(blocks) == 1:
            said = above
        diagnostic = _typed(block.get("diagnostic-code", ""))
        field = _STATUS.match(block.get("status", ""))
        result.append(
            _recipient(
                address,
                action=block.get("action", "").split(" ")[0].strip(";,").lower(),
                field=field[1] if field else "",
                comment=block.get("status", "").partition("(")[2].rstrip(") "),
                diagnostic=diagnostic,
                said=said,
                mail=mail,
                original=original if original.lower() != address.lower() else "",
                singled_out=_particular(field[1]) != 1 if field else True,
            )
        )
    return tuple(result)


# ------------------------------------------------------------- one recipient


def _particular(status: str) -> int:
    """How much a status says: 0 none, 1 its class alone, 2 its subject, 3 all."""
    if not status:
        return 0
    _class, subject, detail = status.split(".")
    if subject == "0":
        return 1
    return 2 if detail == "0" else 3


def _status_of(field: str, diagnostic: str, said: str) -> str:
    """What the server that refused the mail said counts more than what the reporting one made of
    it, unless it says less."""
    inner = words.statuses_of(diagnostic)
    gave_up = field[1:] == _GAVE_UP or any(each[1:] == _GAVE_UP for each in inner)
    if gave_up:
        # a queue that gave up tells so; why it had to, stands in the answers that it got
        answers = [*inner, *words.statuses_of(said)]
        inner = [each for each in answers if each[1:] != _GAVE_UP] or inner
    elif not inner and _particular(field) < 2:
        inner = words.statuses_of(said)
    first = max(inner, key=_particular, default="")
    if first and (gave_up or _particular(first) >= _particular(field)):
        return first
    return field or first


def _recipient(
    address, action, field, diagnostic, said, mail, comment="", original="", singled_out=False
) -> FailedRecipient:
    said = said[: 2 * MAX_DIAGNOSTIC]
    status = _status_of(field, diagnostic, said)
    reply_code = (
        words.reply_code_beside(status, diagnostic)
        or words.reply_code_of(diagnostic)
        or words.reply_code_of(said)
    )
    command = words.command_of(f"{diagnostic}\n{said}")
    delayed = action == "delayed" or (not action and _is_delay(mail, said or mail.text[:2000]))
    reason = Reason.UNDEFINED
    if action in ("delivered", "relayed", "expanded", "deliverable") or status.startswith("2."):
        reason, action = Reason.DELIVERED, "delivered"
    else:
        for text in (diagnostic, said, comment):
            if text.strip() or not said:
                reason = tell_reason(text, status, reply_code, command, singled_out)
                if reason is not Reason.UNDEFINED:
                    break
        if reason is Reason.UNDEFINED and not diagnostic and delayed:
            reason = Reason.EXPIRED
        action = "delayed" if delayed else "failed"
    temporary = delayed or status.startswith("4") or reply_code.startswith("4")
    # what a queue gave up on had been put off until then
    temporary = temporary or bool(not reply_code and _PUT_OFF.search(said[:4000]))
    given = bool(status)
    if not given:
        status = usual_status(reason, temporary)
    hard = reason in HARD and not delayed
    if reason is Reason.NOT_ACCEPT and (status.startswith("4") or reply_code.startswith("4")):
        hard = False
    shown = " ".join((diagnostic or _said_words(said)).split())[:1000]
    return FailedRecipient(
        address, status, reply_code, action, shown, reason, hard, given, original
    )


def _said_words(said: str) -> str:
    """What is worth showing of many words: from the first line with a code, else all."""
    lines = [line for line in said.splitlines() if line.strip()][:MAX_LINES]
    for number, line in enumerate(lines):
        if words.reply_code_of(line) or words.statuses_of(line):
            return " ".join(lines[number : number + 6])
    return " ".join(lines[:8])


def _is_delay(mail: Mail, said: str) -> bool:
    return bool(
        _DELAY.search(said[:4000])
        or (_DELAY_SUBJECT.search(mail.subject[:300]) and _DELAY.search(mail.text[:4000]))
    )


# -------------------------------------------------------------------- words


def _originally_to(mail: Mail, text: str) -> list[str]:
    """The recipients of the mail that came back."""
    for fields in mail.delivery.originals:
        for name, value in fields:
            if name.lower() == "to":
                return [each for _name, each in getaddresses([value[:2000]]) if "@" in each]
    value = words.header_of_copy(text, "To")
    return [each for _name, each in getaddresses([value]) if "@" in each]


def _never(mail: Mail) -> frozenset[str]:
    """Addresses that a report names without saying that they failed."""
    own = {each.normalized for each in mail.from_all}
    own |= {each.normalized for each in mail.to}
    for fields in mail.delivery.originals:
        for name, value in fields:
            if name.lower() in ("from", "sender", "return-path", "reply-to"):
                own |= {each.lower() for _name, each in getaddresses([value[:1000]]) if each}
    # sent to oneself: then it may well be the one that failed
    return frozenset(own - {each.lower() for each in _originally_to(mail, mail.text)})


def _from_words(mail: Mail, text: str) -> tuple[FailedRecipient, ...]:
    header = " , ".join(mail.header_all("X-Failed-Recipients"))[:4000]
    known = frozenset(each.lower() for each in _ADDRESS.findall(header))
    above = words.above_copy(text)
    told = words.recipients(text, known) if known else ()
    told = told or words.recipients(text, never=_never(mail))
    if not told:
        candidates = sorted(known) or _originally_to(mail, text)[:1] or [""]
        told = [words.Told(each, above) for each in candidates[:MAX_RECIPIENTS]]
    # what is said once for all stands above, or below, those whom it concerns
    shared = all(_says_nothing(each.words) for each in told[:_SAMPLE])
    result = []
    for each in told:
        said = f"{each.words}\n{above}" if shared else each.words
        result.append(_recipient(each.address, "", "", "", said, mail))
    return tuple(
        each
        for each in result
        if each.address or each.reason is not Reason.UNDEFINED or each.status_given
    )


def _says_nothing(said: str) -> bool:
    return tell_reason(said, "", "") is Reason.UNDEFINED


# ---------------------------------------------------- services that notify


def _from_notification(mail: Mail) -> tuple[FailedRecipient, ...]:
    """What Amazon SES notifies of in JSON, by itself or within SNS's envelope."""
    text = mail.text.lstrip()[:_MAX_JSON]
    if not text.startswith("{"):
        return ()
    try:
        # what follows the JSON is the footer of the service
        told, _end = json.JSONDecoder().raw_decode(text)
        if isinstance(told.get("Message"), str):
            told = json.loads(told["Message"][:_MAX_JSON])
    except (ValueError, AttributeError, RecursionError):
        return ()
    if not isinstance(told, dict):
        return ()
    kind = str(told.get("notificationType") or told.get("eventType") or "").lower()
    part = told.get(kind)
    if not isinstance(part, dict):
        return ()
    if kind == "complaint":
        return tuple(
            FailedRecipient(each, "", "", "", "", Reason.FEEDBACK, False, False)
            for each in _listed(part.get("complainedRecipients"))
        )
    if kind == "delivery":
        response = str(part.get("smtpResponse") or "")[:1000]
        status = (words.statuses_of(response) or [""])[0]
        code = words.reply_code_of(response)
        return tuple(
            FailedRecipient(
                each, status, code, "delivered", response, Reason.DELIVERED, False, bool(status)
            )
            for each in _listed(part.get("recipients"))
        )
    if kind != "bounce":
        return ()
    result = []
    for each in (part.get("bouncedRecipients") or [])[:MAX_RECIPIENTS]:
        if not isinstance(each, dict):
            continue
        field = _STATUS.match(str(each.get("status") or ""))
        result.append(
            _recipient(
                str(each.get("emailAddress") or "")[:500],
                action=str(each.get("action") or "failed").lower(),
                field=field[1] if field else "",
                diagnostic=_typed(str(each.get("diagnosticCode") or "")[:MAX_DIAGNOSTIC]),
                said=f"{part.get('bounceType', '')} {part.get('bounceSubType', '')}",
                mail=mail,
            )
        )
    return tuple(result)


def _listed(value) -> list[str]:
    """Addresses of a list of them, or of objects that have them."""
    if not isinstance(value, list):
        return []
    found = [each.get("emailAddress") if isinstance(each, dict) else each for each in value]
    return [each[:500] for each in found if isinstance(each, str)][:MAX_RECIPIENTS]


def _from_complaint(mail: Mail) -> tuple[FailedRecipient, ...]:
    """A feedback report (RFC 5965) says who complained, if it says that."""
    if not mail.delivery.feedbacks:
        return ()
    for text in mail.delivery.feedbacks:
        for field in _unfolded(text):
            if field and field[0] in ("original-rcpt-to", "removal-recipient"):
                address = _address(field[1])
                return (FailedRecipient(address, "", "", "", "", Reason.FEEDBACK, False, False),)
    return (FailedRecipient("", "", "", "", "", Reason.FEEDBACK, False, False),)
