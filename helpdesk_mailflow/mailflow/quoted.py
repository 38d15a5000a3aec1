"""Where the quote of our mail begins in a reply, told by our line.

The lines are those of a plain text or of an HTML body (:mod:`.quoted_html`): what programs put
before a quote is the same in both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from .quoted_intro import (
    Line,
    attribution,
    header_block,
    introduction,
    is_attribution,
    is_separator,
    previous,
)
from .quoted_words import DELIMITER, is_sent_from

#: Around the sentence of the line, in every language. Not "##-", which another helpdesk uses.
OPENING, CLOSING = "##~", "~##"
#: Class of the line's node; programs put something before it at most.
LINE_CLASS = "mailflow-reply-line"

_LINE_LENGTH = 300  # characters, between the marks
_MARKERS = 20  # lines of ours that are looked at
_WRAPPED_LINES = 8  # that the line is wrapped into
_QUOTE_WRAPPED_LENGTH = 60
# Between the header block and our line: "this mail comes from outside" of mail gateways.
_BANNER_LINES = 12
_BANNER_LENGTH = 1500


@dataclass(frozen=True)
class Stop:
    """Where the quote begins.

    :param index: of the first line that is all quote
    :param at: the very place, which may be within that line
    :param marked: the lines of the quote are marked, each as quoted
    """

    index: int
    at: object
    marked: bool = False


def find_cut(lines: list[Line], rewrapped: bool) -> Stop | None:
    """Where the quote with our line begins; None if nothing is to be cut there.

    :param rewrapped: long quoted lines may go on in a line without a mark
    """
    for first, last in islice(_markers(lines), _MARKERS):
        line = lines[first]
        before = line.text.partition(OPENING)[0] if OPENING in line.text else ""
        if before.strip() and not line.depth and not is_attribution(before):
            return Stop(first + 1, line.marker or line.at)  # written into the very line
        top, introduced = _top(lines, first)
        if _wrote(lines[:top]):
            if _answers_between(lines, last, rewrapped):
                return None
            return Stop(top, lines[top].at, bool(line.depth))
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


def _top(lines: list[Line], index: int) -> tuple[int, bool]:
    """The first line of the quote that holds our line, and whether something introduces it."""
    top, introduced = index, False
    if lines[index].depth:
        while (before := previous(lines, top)) >= 0 and lines[before].depth:
            top = before
            introduced = introduced or is_attribution(lines[before].text)
    for _each in range(4):
        found = introduction(lines, previous(lines, top))
        if found is None:
            break
        top, introduced = found, True
    if not introduced and not lines[index].depth:
        found = _behind_banner(lines, top)
        if found is not None:
            top, introduced = found, True
            while (found := introduction(lines, previous(lines, top))) is not None:
                top = found
    return top, introduced


def _behind_banner(lines: list[Line], top: int) -> int | None:
    """A header block some lines above: mail gateways put warnings at the start of our mail."""
    index, seen, length = previous(lines, top), 0, 0
    while index >= 0 and seen < _BANNER_LINES and length < _BANNER_LENGTH:
        found = header_block(lines, index)
        if found is None:
            found = attribution(lines, index)
        if found is not None:
            return found
        seen, length = seen + 1, length + len(lines[index].text)
        index = previous(lines, index)
    return None


def _wrote(lines: list[Line]) -> bool:
    """Whether somebody wrote something here: not only a quote or the start of a signature."""
    for line in lines:
        if line.depth or not line.text:
            continue
        if DELIMITER.fullmatch(line.text):
            return False
        if not (is_separator(line.text) or is_sent_from(line.text)):
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
