"""What reports in plain words say: which recipients failed, and the words about each.

Mail systems write reports in a few shapes (an address that opens a line, or a line after a phrase
such as "could not be delivered to"), above a copy of the mail. Nothing here depends on one
system: the shapes are those of qmail, Exim, Postfix, sendmail, Courier, Exchange, Notes, Google,
Yahoo, Amazon, Mail.Ru, Zoho, of filters and of Japanese mobile providers.
"""

import re
from dataclasses import dataclass

#: Of the text, in characters and lines: what a mail system says stands at the top.
MAX_TEXT = 64 * 1024
MAX_LINES = 600
MAX_RECIPIENTS = 100

_ADDRESS = r"[^\s<>()\[\]:;,@\"']{1,200}@[A-Za-z0-9.\-_]{1,200}[A-Za-z0-9]"
_QUOTED = r"\"[^\"\r\n]{1,100}\"@[A-Za-z0-9.\-_]{1,200}[A-Za-z0-9]"
_ANY = rf"(?:{_ADDRESS}|{_QUOTED})"
#: Where the copy of the mail begins.
_COPY = re.compile(
    r"""^[ \t>]{0,8}(?:
      -{2,}[ ]{0,2}(?:this\ is\ a\ copy|original\ message|below\ this\ line|enclosed\ is
        |returned\ message|unsent\ message|the\ (?:body|header|original)|copy\ of
        |message\ (?:header|text)|start\ of|returned\ mail)
    | (?:below|included|attached|enclosed|here|following)\ is\ a\ copy
    | (?:message\ headers|original\ message|the\ original\ message)\ (?:follows?|headers)
    | original\ message\ headers: | original\ message\ text | -+\ ?original\ mail
    | received:\s{0,4}(?:from|by|\() | return-path:\ | content-type:\ {0,4}message/rfc822
    )""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
#: An address that the line is about: it opens it, or follows one of these phrases.
_OPENS = re.compile(
    rf"^[ \t>*\-]{{0,12}}(?:\[?(?:status|recipient|rcpt[ ]to|to|address|addressed[ ]to)"
    rf"[^<>@\n]{{0,30}}?:?[ \t]*)?"
    rf"(?:[45]\d\d[ ]{{1,4}})?<?[\"']?({_ANY})[\"']?>?"
    rf"(?=$|[\s:;,()<>\[\]\"']|\.(?:\s|$)|[^\x00-\x7f])",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    rf"""(?:
      \b(?:delivered?|delivering|deliver|delivery|sent|send|message|mail|relayed)\b[^<>@\n]{{0,60}}\b(?:to|for)\b
    | \b(?:recipients?|address(?:es)?|adresse?|to|for|rcpt\ to|user|attempts|errors)\b
    | (?:rejected|refused|failed|invalid|unknown)\ (?:recipient|address|user|account)s?
    )[\s:;,]{{0,4}}<?(?<![^\s:;,<])({_ANY})>?""",
    re.IGNORECASE | re.VERBOSE,
)
#: From where an address came, which the line above names.
_ORIGIN = re.compile(
    r"^[ \t>]{0,12}\((?:expanded|generated) from|^[ \t>]{0,12}\((?:was|originally) addressed",
    re.IGNORECASE,
)
#: Exchange lists the fields of the mail, then this, then whom it did not reach.
_LISTED_BELOW = re.compile(
    r"did not reach the following recipient|could not be delivered to the following recipient"
    r"|(?:nicht|konnte)[^\n]{0,40}folgenden? empfänger",
    re.IGNORECASE,
)
_LOOSE = re.compile(rf"(?<![^\s:;,<(\[='\"])({_ADDRESS})")
_TALK = re.compile(
    r"contact|support@|postmaster|please|help|question|wenden|сообщ|sincerely|hello|hallo|^hi\b|^dear"
    r"|subject:|^from:|sent:|message-id|in reply to|ご連絡|^received|reporting-mta",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"(?:(?:in reply to|after|in|for|to our|following|like our(?: final)?|error following)\s+"
    r"(?:end of )?|>>>\s*|SMTP:|\[)"
    r"(MAIL[ _]FROM|RCPT[ _]TO|MAIL|RCPT|DATA|EHLO|HELO|STARTTLS|BDAT|QUIT|CONN"
    r"|initial connection)\b",
    re.IGNORECASE,
)
_END_OF_DATA = re.compile(
    r"end of (?:data|message)|final \.|dot command|after i sent the message", re.IGNORECASE
)
#: qmail's words, and those of filters, for what they were told after RCPT TO.
_REFUSED_RECIPIENT = re.compile(
    r"does not like recipient|\[rcpt_to\]|recipient address rejected|rejected recipient|rcpt to:"
    r"|rcpt to (?:generated|command)|recipient verification",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"(?:^|[\s:;,'\"(\[#<=]|error_code :|code )([245]\d\d)(?=[\s\-:,;.)\]'\"]|$)", re.IGNORECASE
)
_REPLY_SURE = re.compile(
    r"(?:said|returned|responded|response(?:code)?|reply|failed with|error_code|refused|rejected"
    r"|message|was|host [^\n:]{1,200})"
    r"[:\s'\"\[(]{1,6}([245]\d\d)(?=[\s\-:,;.)\]'\"])",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?![\d.]\d)")


@dataclass(frozen=True)
class Told:
    """What a text says of one recipient."""

    address: str
    words: str


def command_of(text: str) -> str:
    """The last SMTP command that a text names, ``""`` if none."""
    text = text[:MAX_TEXT]
    if _END_OF_DATA.search(text):
        return "DATA"
    if _REFUSED_RECIPIENT.search(text):
        return "RCPT"
    found = ""
    for match in _COMMAND.finditer(text):
        word = match[1].upper().replace("_", " ")
        if word not in ("QUIT",):
            found = {"MAIL FROM": "MAIL", "RCPT TO": "RCPT", "INITIAL CONNECTION": "CONN"}.get(
                word, word
            )
    return found


def _is_reply_code(value: str) -> bool:
    """RFC 5321 section 4.2.1; of the positive ones only those in use."""
    if value[0] == "2":
        return value in ("211", "214", "220", "221", "250", "251", "252", "253")
    return value[1] < "6" or value == "571"


def reply_code_of(text: str) -> str:
    """The first reply code of RFC 5321 that stands like one."""
    text = text[:8000]
    found = [each[1] for each in _REPLY.finditer(text)]
    found = [each for each in found if _is_reply_code(each)]
    sure = _REPLY_SURE.search(text)
    if sure and _is_reply_code(sure[1]):
        return sure[1]
    return next((each for each in found if each[0] in "45"), found[0] if found else "")


def reply_code_beside(status: str, text: str) -> str:
    """The reply code of the very answer that has this status (RFC 2034); ``""`` if none has."""
    if not status:
        return ""
    found = re.search(rf"(?<!\d)([245]\d\d)[ -]#?{re.escape(status)}(?!\d)", text[:8000])
    return found[1] if found and _is_reply_code(found[1]) else ""


def statuses_of(text: str) -> list[str]:
    """The codes of RFC 3463 in a text, as far as they are no addresses of hosts."""
    return [each[1] for each in _STATUS.finditer(text[:8000])]


def above_copy(text: str) -> str:
    """What a mail system wrote, without the copy of the mail."""
    text = text[:MAX_TEXT]
    found = _COPY.search(text)
    return text[: found.start()] if found else text


def header_of_copy(text: str, name: str) -> str:
    """A field of the copy of the mail below the words of the system, ``""`` if none."""
    text = text[:MAX_TEXT]
    found = _COPY.search(text)
    if not found:
        return ""
    field = re.compile(
        rf"^[ \t>]{{0,8}}{name}:[ \t]{{0,4}}(.{{1,500}})$", re.IGNORECASE | re.MULTILINE
    )
    match = field.search(text, found.start())
    return match[1].strip() if match else ""


def recipients(text: str, known: frozenset[str] = frozenset(), never: frozenset[str] = frozenset()):
    """Recipients that the text says of that a mail did not reach them.

    :param known: addresses that failed for certain, lower case; then no others count
    :param never: addresses that are none of them: of the sender, of the system
    :return: list of :class:`Told`, in their order, each address once
    """
    lines = above_copy(text).splitlines()[:MAX_LINES]
    starts = _started(lines, _below(lines), known, never) or _started(lines, 0, known, never)
    if not starts:
        starts = _named_anywhere(lines, never)
    told = []
    for index, (number, address) in enumerate(starts):
        end = starts[index + 1][0] if index + 1 < len(starts) else len(lines)
        told.append(Told(address, "\n".join(lines[number:end])))
    return told


def _below(lines) -> int:
    """The line after the one that says that the recipients follow; 0 if there is none."""
    found = (number for number, line in enumerate(lines) if _LISTED_BELOW.search(line[:300]))
    return next(found, -1) + 1


def _started(lines, first: int, known, never) -> list[tuple[int, str]]:
    """The lines at which what is said of a recipient begins, and who he is."""
    starts = []
    seen = set()
    for number, line in enumerate(lines[first:], first):
        line = line[:1000]
        if _ORIGIN.match(line):
            continue
        match = _OPENS.match(line)
        if match is None and not _TALK.search(line[:200]):
            match = _PHRASE.search(line)
        if match is None:
            continue
        address = match[1]
        key = address.lower()
        if key in never or (known and key not in known):
            continue
        if key not in seen and len(seen) < MAX_RECIPIENTS:
            starts.append((number, address))
            seen.add(key)
    return starts


def _named_anywhere(lines, never) -> list[tuple[int, str]]:
    """The first address that a report names at all, apart from those to turn to."""
    for number, line in enumerate(lines):
        if not _TALK.search(line[:200]):
            for match in _LOOSE.finditer(line[:1000]):
                if match[1].lower() not in never:
                    return [(number, match[1])]
    return []
