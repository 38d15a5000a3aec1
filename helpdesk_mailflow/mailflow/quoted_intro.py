"""What mail programs put before a quote, told from the lines of a body.

Three things: an attribution (*On …, … wrote:*), a block of fields (*From: … Sent: …*), a line
that separates (*-----Original Message-----*). Some stand before quoted lines and need little
evidence; others are all that tells an original which is not marked, and need more.
"""

import re
from dataclasses import dataclass

from .quoted_words import (
    BEGIN_FORWARDED,
    DATE_OR_TO,
    FROM,
    ON,
    ORIGINAL,
    QUOTING,
    SENT,
    SUBJECT,
    WROTE,
)

SPACES = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\u034f\u00ad]+")
#: The text of a horizontal line.
RULE = "_____"

_EMAIL = re.compile(r"[^\s<>()\[\]@]{1,80}@[\w.-]{1,120}")
_BRACKETED = re.compile(r"[<(\[]\s?(?:mailto:)?[^\s<>()\[\]@]{1,80}@[\w.-]{1,120}")
_DATE = re.compile(r"(?<!\d)\d{4}(?!\d)|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}|\d{4}年|\d月")
_TIME = re.compile(r"(?<!\d)\d{1,2}\s?[:.h時点]\s?\d{2}(?!\d)|\d{1,2}\s?[時点시]")
_ATTRIBUTION_END = re.compile(r"(?:[:：]|--)[*_]{0,2}$")
ATTRIBUTION_LENGTH = 400
_ATTRIBUTION_LINES = 4
# Not "3." nor "Mon."
_SENTENCE_END = re.compile(r"[!?:;。！？：]$|\w{4}\.$")
# Shorter lines end because their writer ended them, not because a program wrapped them.
_WRAPPED_LENGTH = 40

_SOURCE = re.compile(r"[\d@>]")
# A name follows the verb, and nothing else.
_WROTE_NAME = re.compile(r"\d\S{0,3},? (?:schrieb|schreef|skrev|wrote) [^.!?:]{1,60}:?$")

_HEADER_LINE = re.compile(
    r"[*_]{0,2}([^\W\d_][^:：*_]{0,25}?)\s?[*_]{0,2}\s?[:：][*_]{0,2}(?:\s|$|\S)"
)
_HEADER_LINES = 3
_HEADER_REACH = 14  # lines, with folded ones
_FOLDED_LINES = 3
_SEPARATOR = re.compile(r"[-_=*—–─ ]{5,}|[-_=*—–]{3,}\s?[^-_=*—–]{1,60}\s?[-_=*—–]{3,}")
_DASHES = ("-", "_", "=", "*", "—", "–")
_WORDED = re.compile(r"[-_=*—–]{2,60}\s?([^_=*—–]{1,60}?)\s?[-_=*—–]{2,60}")


@dataclass
class Line:
    """A line as it is seen.

    :param text: without quote marks, spaces squeezed
    :param depth: how often it is quoted, or only indented
    :param at: where it begins in the body
    :param marker: where the opening mark of our line is, None if it has none
    :param named: its node is the one that we made for our line
    :param held: it is within a node that some program makes for quotes
    :param quoted: it is quoted for certain
    :param starts: a program says that the original begins here
    :param signed: it is within a node that some program makes for signatures
    :param shows: it is an image or the like
    """

    text: str
    depth: int
    at: object
    marker: object = None
    named: bool = False
    held: bool = False
    quoted: bool = False
    starts: bool = False
    signed: bool = False
    shows: bool = False


def squeezed(text: str) -> str:
    return SPACES.sub(" ", text).strip()


def previous(lines: list[Line], index: int) -> int:
    """The line before `index` that says something; -1 if there is none."""
    index -= 1
    while index >= 0 and not lines[index].text:
        index -= 1
    return index


# ------------------------------------------------------------
# BEFORE A QUOTE
# ------------------------------------------------------------


def introduction(lines: list[Line], end: int) -> int | None:
    """The first line of what introduces a quote and ends with line `end`."""
    if end < 0:
        return None
    for finder in (attribution, header_block, _separator):
        found = finder(lines, end)
        if found is not None:
            return found
    return None


def attribution(lines: list[Line], end: int, alone: bool = False) -> int | None:
    """*On …, … wrote:*, on one line or wrapped: its first line.

    :param alone: no marked quote follows it
    """
    if not _may_end_attribution(lines[end].text):
        return None
    text, found = "", None
    for start in range(end, max(end - _ATTRIBUTION_LINES, -1), -1):
        line = lines[start]
        if not line.text or line.shows or (start < end and _SENTENCE_END.search(line.text[-9:])):
            break
        if found is not None and not _goes_on(line.text, text):
            break
        text = f"{line.text} {text}".strip()
        if is_attribution(text, alone):
            found = start
        elif len(text) > ATTRIBUTION_LENGTH:
            break
    return found


def _goes_on(text: str, after: str) -> bool:
    """Whether an attribution that is one already began in the line before it."""
    if text.endswith((">", ",")) and _BRACKETED.search(text) and not _BRACKETED.search(after):
        return True  # of whom, and then when
    if _begins(after) and _DATE.search(after):
        return False
    wrapped = len(text) >= _WRAPPED_LENGTH or text.endswith(("<", ">", ",", "("))
    return wrapped or after.startswith("<") or _begins(text) or bool(_BRACKETED.search(text))


def _begins(text: str) -> bool:
    """Whether it begins as an attribution does that tells the date."""
    return bool(ON.match(text)) and bool(_DATE.search(text) or _TIME.search(text))


def _may_end_attribution(text: str) -> bool:
    if _ATTRIBUTION_END.search(text[-5:]):
        return True
    if not _SOURCE.search(text):
        return False
    return bool(WROTE.search(text[-40:]) or _WROTE_NAME.search(text[-80:]))


def is_attribution(text: str, alone: bool = False) -> bool:
    """Whether a text introduces a quote.

    :param alone: nothing else tells that a quote follows
    """
    text = text.rstrip()
    if len(text) > ATTRIBUTION_LENGTH:
        return False
    colon = bool(_ATTRIBUTION_END.search(text))
    signs = sum(bool(each.search(text)) for each in (_EMAIL, _DATE, _TIME))
    bracketed = bool(_BRACKETED.search(text))
    verb = bool(WROTE.search(text[-80:]))
    if alone:
        if verb or QUOTING.match(text):
            return colon and (bracketed or (signs >= 2 and _begins(text)))
        if bracketed:
            return colon and signs == 3
        return colon and signs >= 2 and _begins(text) and bool(_WROTE_NAME.search(text))
    if colon:
        return signs >= 2 or bracketed or verb or bool(QUOTING.match(text))
    if verb:
        return signs >= 2 or bracketed
    return signs >= 2 and _begins(text) and bool(_WROTE_NAME.search(text))


def header_block(lines: list[Line], end: int) -> int | None:
    """*From: … Sent: … To: … Subject: …*, as Outlook puts it before a quote: its first line."""
    headers, folded, first, block = 0, 0, None, []
    for index in range(end, max(end - _HEADER_REACH, -1), -1):
        text = lines[index].text
        if not text:
            # a block with blank lines between its fields
            if not block:
                return None
            following = previous(lines, index)
            if following < 0 or not _HEADER_LINE.match(lines[following].text):
                break
            continue
        block.append(text)
        if _HEADER_LINE.match(text):
            headers, folded, first = headers + 1, 0, index
            if FROM.match(text):
                break
        elif is_separator(text):
            break
        else:
            folded += 1
            if folded > _FOLDED_LINES:
                break
    if first is None or headers < _HEADER_LINES:
        return None
    fields = [each.text[:ATTRIBUTION_LENGTH] for each in lines[first : end + 1]]
    has_from = any(FROM.match(each) for each in fields)
    whole = " ".join(fields)
    if has_from or (_EMAIL.search(whole) and _DATE.search(whole) and _TIME.search(whole)):
        return first
    return None


def _separator(lines: list[Line], end: int) -> int | None:
    return end if is_separator(lines[end].text) else None


def is_separator(text: str) -> bool:
    return len(text) <= ATTRIBUTION_LENGTH and bool(_SEPARATOR.fullmatch(text))


# ------------------------------------------------------------
# BEFORE WHAT IS NOT MARKED AS A QUOTE
# ------------------------------------------------------------


def original_begins(lines: list[Line], index: int) -> int | None:
    """The first line of what says, at line `index`, that all from here on is an original."""
    line, fields = lines[index], False
    if line.starts:
        found = index
    elif not line.text:
        return None
    elif is_original_line(line.text):
        found = index
    elif header_block_begins(lines, index):
        found, fields = index, True
    else:
        found = attribution(lines, index, alone=True)
        if found is None:
            return None
    while (before := previous(lines, found)) >= 0 and (
        _is_rule(lines[before].text)
        or (fields and before == found - 1 and is_separator(lines[before].text))
    ):
        found = before
    return found


def _is_rule(text: str) -> bool:
    return is_separator(text) and not any(each.isalnum() for each in text)


def is_original_line(text: str) -> bool:
    """*-----Original Message-----* and *Begin forwarded message:*, in many languages."""
    if len(text) > ATTRIBUTION_LENGTH:
        return False
    if text.endswith((":", "：")):
        return bool(BEGIN_FORWARDED.fullmatch(text))
    if not text.startswith(_DASHES) or not any(map(str.isalpha, text)):
        return False
    worded = _WORDED.fullmatch(text)
    return bool(worded and ORIGINAL.search(worded[1].strip("- ")))


def header_block_begins(lines: list[Line], index: int) -> bool:
    """Whether the fields of an original begin at a line.

    People list things, too (*From: Uppsala, To: Berlin, Date: …*): so there must be a subject, an
    address, or the word for when a mail was sent.
    """
    text = lines[index].text[:ATTRIBUTION_LENGTH]
    known = (FROM, SENT, DATE_OR_TO, SUBJECT)
    if not _HEADER_LINE.match(text) or not any(each.match(text) for each in known):
        return False
    headers = folded = 0
    has_from = told = False
    for line in lines[index : index + _HEADER_REACH]:
        text = line.text[:ATTRIBUTION_LENGTH]
        if not text:
            folded += 1
            if folded > 1 and headers:
                break
            continue
        if line.depth != lines[index].depth:
            break
        if _HEADER_LINE.match(text):
            headers, folded = headers + 1, 0
            is_from = bool(FROM.match(text))
            has_from = has_from or is_from
            told = told or bool(
                SENT.match(text) or SUBJECT.match(text) or (is_from and _EMAIL.search(text))
            )
            if has_from and told and headers >= _HEADER_LINES:
                return True
            if headers > _HEADER_LINES and not has_from:
                return False
        else:
            folded += 1
            told = told or (has_from and headers == 1 and bool(_EMAIL.search(text)))
            if folded > _FOLDED_LINES:
                break
    return False


def is_field(text: str) -> bool:
    """Whether a line looks like a field of a header."""
    return bool(_HEADER_LINE.match(text))
