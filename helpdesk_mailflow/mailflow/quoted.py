"""Where the quote of our mail begins in a reply, told from its lines.

The lines are those of a plain text or of an HTML body (:mod:`.reply` reads both): what
programs put before a quote is the same in both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

#: Around the sentence of the line, in every language. Not "##-", which another helpdesk uses.
OPENING, CLOSING = "##~", "~##"
#: Class of the line's node; programs put something before it at most.
LINE_CLASS = "mailflow-reply-line"

_LINE_LENGTH = 300  # characters, between the marks
_MARKERS = 20  # lines of ours that are looked at
_WRAPPED_LINES = 8  # that the line is wrapped into
SPACES = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\u034f\u00ad]+")

_EMAIL = re.compile(r"[^\s<>()\[\]@]{1,80}@[\w.-]{1,120}")
_DATE = re.compile(r"(?<!\d)\d{4}(?!\d)|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}|\d{4}年|\d月")
_TIME = re.compile(r"(?<!\d)\d{1,2}\s?[:.h時点]\s?\d{2}(?!\d)|\d{1,2}\s?[時点시]")
_ATTRIBUTION_END = re.compile(r"(?:[:：]|--)[*_]{0,2}$")
_ATTRIBUTION_LENGTH = 400
_ATTRIBUTION_LINES = 4
# Shorter lines end because their writer ended them, not because a program wrapped them.
_WRAPPED_LENGTH = 40
_QUOTE_WRAPPED_LENGTH = 60

_HEADER_LINE = re.compile(
    r"[*_]{0,2}([^\W\d_][^:：*_]{0,25}?)\s?[*_]{0,2}\s?[:：][*_]{0,2}(?:\s|$|\S)"
)
_FROM = re.compile(
    r"""[*_]{0,2}(?:from|von|de|da|van|från|fra|lähettäjä|od|от|від|отправитель|kimden|gönderen
    |feladó|expéditeur|remitente|mittente|afzender|nadawca|odesílatel|odosielateľ|expeditor
    |saatja|sender|absender|από|מאת|من|จาก|từ|dari|差出人|送信者|发件人|發件人|寄件者|寄件人
    |보낸\ ?사람|šalje|pošiljatelj)\s?[*_]{0,2}\s?[:：]""",
    re.IGNORECASE | re.VERBOSE,
)
_HEADER_LINES = 3
_HEADER_REACH = 14  # lines, with folded ones
RULE = "_____"
_SEPARATOR = re.compile(r"[-_=*—–─ ]{5,}|[-_=*—–]{3,}\s?[^-_=*—–]{1,60}\s?[-_=*—–]{3,}")
# Between the header block and our line: "this mail comes from outside" of mail gateways.
_BANNER_LINES = 12
_BANNER_LENGTH = 1500
_DELIMITER = re.compile(r"--\s?|—")
_SENT_FROM = re.compile(
    r"(?:sent (?:from|via|with)|get outlook for|gesendet (?:von|mit)|von meinem \S+ gesendet"
    r"|diese nachricht wurde von meinem|envoyé (?:de|depuis)|télécharger outlook|enviado (?:desde"
    r"|do|de)|inviato da|verzonden (?:vanaf|met)|skickat från|sendt fra|lähetetty|wysłane z"
    r"|odesláno z|отправлено (?:с|из)|надіслано з|iphone'?u?mdan gönderildi|iphoneから送信"
    r"|从我的|發自我的|发自我的|나의 \S+에서 보냄)",
    re.IGNORECASE,
)


@dataclass
class Line:
    """A line as it is seen.

    :param text: without quote marks, spaces squeezed
    :param depth: how often it is quoted
    :param at: where it begins in the body
    :param marker: where the opening mark is, None if it has none
    :param named: its node is the one that we made for the line
    :param held: it is within a node that some program makes for quotes
    """

    text: str
    depth: int
    at: object
    marker: object = None
    named: bool = False
    held: bool = False


def squeezed(text: str) -> str:
    return SPACES.sub(" ", text).strip()


def find_cut(lines: list[Line], rewrapped: bool):
    """Where the rest begins; None if nothing is to be cut.

    :param rewrapped: long quoted lines may go on in a line without a mark
    """
    for first, last in islice(_markers(lines), _MARKERS):
        line = lines[first]
        before = line.text.partition(OPENING)[0] if OPENING in line.text else ""
        if before.strip() and not line.depth and not _is_attribution(before):
            return line.marker or line.at  # written into the very line
        top, introduced = _top(lines, first)
        if _wrote(lines[:top]):
            return None if _answers_between(lines, last, rewrapped) else lines[top].at
        if introduced or line.depth or line.held:
            return None  # the answer is below its quote
        # Else it is the line of somebody else who sends as we do: ours may be in their quote.
    return None


def _markers(lines: list[Line]) -> Iterator[tuple[int, int]]:
    """Where a body has our line: indexes of its first and its last line."""
    for index, line in enumerate(lines):
        if not (line.named or OPENING in line.text):
            continue
        text = line.text.partition(OPENING)[2][:_LINE_LENGTH]
        last = index
        while CLOSING not in text and len(text) < _LINE_LENGTH and last - index < _WRAPPED_LINES:
            last += 1
            if last == len(lines):
                break
            text = f"{text} {lines[last].text[:_LINE_LENGTH]}"
        closed = CLOSING in text[: _LINE_LENGTH + len(CLOSING)]
        if OPENING in line.text:
            if closed or line.named:
                yield index, (last if closed else index)
        elif not (index and lines[index - 1].named) and (closed or line.depth or line.held):
            # Somebody's program changed the text. The name alone tells only within a quote:
            # who writes into that very node keeps its class.
            yield index, index


def _previous(lines: list[Line], index: int) -> int:
    """The line before `index` that says something; -1 if there is none."""
    index -= 1
    while index >= 0 and not lines[index].text:
        index -= 1
    return index


def _top(lines: list[Line], index: int) -> tuple[int, bool]:
    """The first line of the quote that holds our line, and whether something introduces it."""
    top, introduced = index, False
    if lines[index].depth:
        while (before := _previous(lines, top)) >= 0 and lines[before].depth:
            top = before
            introduced = introduced or _is_attribution(lines[before].text)
    for _each in range(4):
        found = _introduction(lines, _previous(lines, top))
        if found is None:
            break
        top, introduced = found, True
    if not introduced and not lines[index].depth:
        found = _behind_banner(lines, top)
        if found is not None:
            top, introduced = found, True
            while (found := _introduction(lines, _previous(lines, top))) is not None:
                top = found
    return top, introduced


def _introduction(lines: list[Line], end: int) -> int | None:
    """The first line of what introduces a quote and ends with line `end`."""
    if end < 0:
        return None
    for finder in (_attribution, _header_block, _separator):
        found = finder(lines, end)
        if found is not None:
            return found
    return None


def _attribution(lines: list[Line], end: int) -> int | None:
    """*On …, … wrote:*, on one line or wrapped."""
    if not _ATTRIBUTION_END.search(lines[end].text[-5:]):
        return None
    text = ""
    for start in range(end, max(end - _ATTRIBUTION_LINES, -1), -1):
        line = lines[start]
        wrapped = len(line.text) >= _WRAPPED_LENGTH or line.text.endswith(("<", ">", ","))
        if not line.text or (start < end and not wrapped):
            return None
        text = f"{line.text} {text}".strip()
        if _is_attribution(text):
            return start
    return None


def _is_attribution(text: str) -> bool:
    text = text.rstrip()
    if len(text) > _ATTRIBUTION_LENGTH or not _ATTRIBUTION_END.search(text):
        return False
    signs = (_EMAIL, _DATE, _TIME)
    return sum(bool(each.search(text)) for each in signs) >= 2


def _header_block(lines: list[Line], end: int) -> int | None:
    """*From: … Sent: … To: … Subject: …*, as Outlook puts it before a quote."""
    headers, folded, first, block = 0, 0, None, []
    for index in range(end, max(end - _HEADER_REACH, -1), -1):
        text = lines[index].text
        if not text:
            # a block with blank lines between its fields
            if not block:
                return None
            following = _previous(lines, index)
            if following < 0 or not _HEADER_LINE.match(lines[following].text):
                break
            continue
        block.append(text)
        if _HEADER_LINE.match(text):
            headers, folded, first = headers + 1, 0, index
            if _FROM.match(text):
                break
        elif _is_separator(text):
            break
        else:
            folded += 1
            if folded > 3:
                break
    if first is None or headers < _HEADER_LINES:
        return None
    fields = [each.text[:_ATTRIBUTION_LENGTH] for each in lines[first : end + 1]]
    has_from = any(_FROM.match(each) for each in fields)
    whole = " ".join(fields)
    if has_from or (_EMAIL.search(whole) and _DATE.search(whole) and _TIME.search(whole)):
        return first
    return None


def _separator(lines: list[Line], end: int) -> int | None:
    return end if _is_separator(lines[end].text) else None


def _is_separator(text: str) -> bool:
    return len(text) <= _ATTRIBUTION_LENGTH and bool(_SEPARATOR.fullmatch(text))


def _behind_banner(lines: list[Line], top: int) -> int | None:
    """A header block some lines above: mail gateways put warnings at the start of our mail."""
    index, seen, length = _previous(lines, top), 0, 0
    while index >= 0 and seen < _BANNER_LINES and length < _BANNER_LENGTH:
        found = _header_block(lines, index)
        if found is None:
            found = _attribution(lines, index)
        if found is not None:
            return found
        seen, length = seen + 1, length + len(lines[index].text)
        index = _previous(lines, index)
    return None


def _wrote(lines: list[Line]) -> bool:
    """Whether somebody wrote something here: not only a quote or the start of a signature."""
    for line in lines:
        if line.depth or not line.text:
            continue
        if _DELIMITER.fullmatch(line.text):
            return False
        if not (_is_separator(line.text) or _SENT_FROM.match(line.text)):
            return True
    return False


def _answers_between(lines: list[Line], index: int, rewrapped: bool) -> bool:
    """Whether there is text of its own between the quoted lines behind line `index`."""
    depth = lines[index].depth
    if not depth:
        return False
    run, adjacent, last = 0, True, lines[index]
    for line in lines[index + 1 :]:
        if line.depth:
            if line.text and run and line.depth >= depth:
                # the end of a quoted line that was too long?
                overhang = adjacent and run == 1 and len(last.text) >= _QUOTE_WRAPPED_LENGTH
                if not (rewrapped and overhang):
                    return True
                run = 0
            adjacent, last = True, line
        elif line.text:
            run += 1
        else:
            adjacent = False
    return False
