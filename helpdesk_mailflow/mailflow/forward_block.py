"""Where a forwarded mail begins in a body, told from its lines, and what its header says.

The lines are those of a plain text or of an HTML body (:mod:`.forward_html`): what programs put
before a forwarded mail is the same in both. Nothing here takes longer than linear time.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from . import forward_words as words
from . import header
from .header import Address
from .quoted_intro import ATTRIBUTION_LENGTH, SPACES, is_attribution

#: Lines that are looked through for the beginning, and characters of a line that count.
MAX_LINES = 5000
LINE = 2000
_BLOCK_LINES = 80
_GAP = 4  # blank lines and rules between a delimiter and its header
_MAX_ADDRESSES = 100
_MAX_NAME = 200
_WRAPPED = 55  # characters; shorter lines are not wrapped ones

_SHOWN = re.compile(r"[^\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\u034f\u00ad]")
_RULE = re.compile(r"[-_=*—–]{5,}")
_MAILTO = re.compile(r"[\[<(]?\s?mailto:([^\s\]>)<]{3,320})\s?[\]>)]?", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([^\s\[\]<>@]{1,100}@[^\s\[\]<>@]{1,200})\]")
_DOUBLED = re.compile(r"<([^\s<>]{3,320})<[^<>]{0,340}>\s?>")
_EMAIL = re.compile(r"[^\s<>()\[\]@,;:\"']{1,80}@[\w.-]{1,200}")
_ZONE = re.compile(r"[+-]\d{4}\b|\bGMT\b|\bUTC\b")


@dataclass
class Line:
    """A line as it is seen.

    :param text: without quote marks, spaces squeezed
    :param depth: how often it is quoted
    :param at: where it begins in the body
    :param boxes: nodes around it that programs make for quotes, the outermost first
    :param links: addresses behind links that do not show them
    :param mute: it is of a signature
    :param indented: it begins with white space
    """

    text: str
    depth: int
    at: object
    boxes: tuple = ()
    links: tuple[str, ...] = ()
    mute: bool = False
    indented: bool = False


@dataclass(frozen=True)
class Head:
    """The header that a program wrote above a forwarded mail.

    :param start: index of the first line of all that introduces it
    :param first: index of its first field
    :param end: index of the first line behind it
    :param sure: a delimiter says that it is a forward
    :param fields: by name, see :func:`.forward_words.field`
    :param links: addresses behind the From field
    """

    start: int
    first: int
    end: int
    sure: bool
    fields: dict[str, str] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    label: str = ""


def squeezed(text: str) -> str:
    """The start of a text on one line."""
    return SPACES.sub(" ", text[:LINE]).strip()


def says(text: str | None) -> bool:
    """Whether a text shows anything."""
    return bool(text and _SHOWN.search(text))


# ------------------------------------------------------------
# WHERE IT BEGINS
# ------------------------------------------------------------


def find_head(lines: list[Line], kind: str) -> Head | None:
    """The header of the forwarded mail; None if the body is none of a forward.

    Whatever else quotes a mail, if it comes first, makes a reply of the body: a mark of a
    forward further down belongs to what is quoted.

    :param kind: what the subject says, see :func:`.forward_words.subject_kind`
    """
    index, top = 0, None
    while index < min(len(lines), MAX_LINES):
        line = lines[index]
        if not line.text:
            index += 1
            continue
        if words.is_forwarded(line.text):
            head = read_head(lines, index + 1, 1)
            if head:
                return _with_start(head, index if top is None else top, True)
        elif words.is_original(line.text) or _RULE.fullmatch(line.text):
            if read_head(lines, index + 1, 2) or _marks_follow(lines, index + 1):
                top = index if top is None else top
                index += 1
                continue
        elif words.field(line.text):
            head = read_head(lines, index, 2)
            if head:
                found = _with_start(head, index if top is None else top, False)
                return found if _is_forward(kind, found) else None
        if line.depth or _is_attribution(lines, index):
            return None
        top = None
        index += 1
    return None


def _with_start(head: Head, start: int, sure: bool) -> Head:
    return Head(start, head.first, head.end, sure, head.fields, head.links, head.label)


def _is_forward(kind: str, head: Head) -> bool:
    """Of a header without a delimiter of forwards the subject decides."""
    if kind == "either":
        # "VS:" of Danish and Norwegian; the Finnish one is a reply
        return head.label.casefold() == "fra"
    return kind == "forward"


def _marks_follow(lines: list[Line], index: int) -> bool:
    """Whether the next line that says something is a delimiter of forwards."""
    following = next((each for each in lines[index : index + _GAP] if each.text), None)
    return bool(following) and words.is_forwarded(following.text)


def _is_attribution(lines: list[Line], index: int) -> bool:
    """*On …, … wrote:* before what is quoted."""
    line = lines[index]
    if not line.text.endswith((":", "：")):
        return False
    # wrapped into two lines at times
    before = lines[index - 1].text if index and len(lines[index - 1].text) >= _WRAPPED else ""
    text = f"{before} {line.text}"[-ATTRIBUTION_LENGTH:]
    if not (is_attribution(line.text[-ATTRIBUTION_LENGTH:]) or is_attribution(text)):
        return False
    following = next((each for each in lines[index + 1 : index + 1 + _GAP] if each.text), None)
    quoted = following and (following.depth > line.depth or len(following.boxes) > len(line.boxes))
    # Gmail and Proton have the sentence within the node of the quote
    return bool(quoted or line.boxes)


# ------------------------------------------------------------
# HEADER
# ------------------------------------------------------------


def read_head(lines: list[Line], index: int, more: int) -> Head | None:
    """The header that begins at a line, or some blank lines and rules below it.

    :param more: fields that it must have beside From
    """
    for _each in range(_GAP):
        if index >= len(lines):
            return None
        text = lines[index].text
        if text and not _RULE.fullmatch(text) and not words.is_original(text):
            break
        index += 1
    first = index
    fields: dict[str, str] = {}
    links: tuple[str, ...] = ()
    name, label, blanks, last = "", "", 0, index
    depth = lines[index].depth if index < len(lines) else 0
    while index < min(len(lines), first + _BLOCK_LINES):
        line = lines[index]
        if line.depth < depth:
            break
        if not line.text:
            blanks += 1
            index += 1
            if blanks > 1 or _complete(fields):
                break
            continue
        found = words.field(line.text)
        if found and (found[0] == "other" or found[0] not in fields):
            name = found[0]
            if name == "from":
                label, links = words.label(line.text)[0], line.links
            if name != "other":
                fields[name] = found[1]
        elif found or blanks or not fields:
            break
        elif _goes_on(fields.get(name, ""), name, line, lines[index - 1]):
            if name in fields:
                fields[name] = f"{fields[name]} {line.text}"[: 10 * LINE].strip()
            if name == "from":
                links += line.links
        elif not _unknown_field(lines, index, fields):
            break
        blanks = 0
        index += 1
        last = index
    known = {"to", "cc", "date", "subject"} & fields.keys()
    if "from" not in fields or len(known) < more:
        return None
    return Head(first, first, last, False, fields, links, label)


def _complete(fields) -> bool:
    return {"from", "to", "date", "subject"} <= fields.keys()


def _goes_on(value: str, name: str, line: Line, before: Line) -> bool:
    """Whether a line without a name belongs to the field above it."""
    if not value:
        return True  # names and values in the cells of a table
    if name in ("to", "cc", "from", "reply-to"):
        wrapped = value.endswith((",", ";", "<")) or (
            line.text.startswith("<") and "@" in line.text and "@" not in value
        )
        return wrapped or (line.indented and "@" in line.text)
    return name in ("subject", "date") and line.indented and len(before.text) >= _WRAPPED


def _unknown_field(lines: list[Line], index: int, fields) -> bool:
    """A field that we do not know, between two that we know."""
    if not words.label(lines[index].text) or index + 1 >= len(lines):
        return False
    following = words.field(lines[index + 1].text)
    return bool(following) and following[0] not in fields


# ------------------------------------------------------------
# VALUES
# ------------------------------------------------------------


def addresses(value: str, links: tuple[str, ...] = ()) -> tuple[Address, ...]:
    """The addresses of a field, as mail programs write them.

    :param links: of the same line; used when the value shows no address
    :return: with an empty ``email`` where only a name is given
    """
    value = value[: 10 * LINE]
    value = _DOUBLED.sub(r"<\1>", value)
    value = _MAILTO.sub(lambda match: f"<{match[1]}>" if "@" in match[1] else "", value)
    value = _BRACKETED.sub(r"<\1>", value).replace(";", ",")
    value = value.replace("<<", "<").replace(">>", ">")
    found = header.addresses(value, _MAX_ADDRESSES)
    usable = [each for each in found if _EMAIL.fullmatch(each.email)]
    if usable:
        return tuple(
            Address(
                "" if each.name.lower() == each.normalized else each.name.strip(" '\"")[:_MAX_NAME],
                each.email,
            )
            for each in dict.fromkeys(usable)
        )
    name = squeezed(re.sub(r"<[^<>]*>?|\[[^\[\]]*\]?", " ", value)).strip(" ,'\"*_")[:_MAX_NAME]
    if len(links) == 1 and _EMAIL.fullmatch(links[0]):
        return (Address(name, links[0].lower()),)
    return (Address(name, ""),) if name else ()


def date(value: str) -> datetime | None:
    """The date of a field in UTC, if it can be told for certain: programs write it as their
    user's language has it, most often without a time zone."""
    return header.date(value[:200]) if _ZONE.search(value[:200]) else None
