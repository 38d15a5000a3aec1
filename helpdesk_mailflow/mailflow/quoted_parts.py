"""Which lines of a body were written this time, and which are quotes and signatures.

Own words are what is neither quoted nor said by a program. They are one stretch of lines:
from the first to the last, with the quotes that stand between them, since answers make no
sense without what they answer. What is before and behind is folded.
"""

from dataclasses import dataclass

from .quoted import OPENING, Stop, find_cut
from .quoted_intro import (
    Line,
    introduction,
    is_attribution,
    is_field,
    is_original_line,
    is_separator,
    original_begins,
    previous,
)
from .quoted_words import DELIMITER, DISCLAIMER, FOOTER, POSTSCRIPT, is_added

QUOTE, SIGNATURE = "quote", "signature"

_SIGNATURE_LINES = 15
_SIGNATURE_LENGTH = 1500  # characters
_DISCLAIMER_BEGINS = 4  # lines, within which its words must be
_INTRODUCTIONS = 4
_REACH = 16  # lines
# A quoted line of that length may have been wrapped, its end without a mark.
_WRAPPED_LENGTH = 60


@dataclass(frozen=True)
class Parts:
    """What is to be cut.

    :param start: the place where own words begin; None if at the beginning
    :param end: the place where they end; None if at the end
    :param folded: what is cut off, of QUOTE and SIGNATURE
    """

    start: object
    end: object
    folded: tuple[str, ...]


def find_parts(lines: list[Line], rewrapped: bool, answers: bool = True) -> Parts | None:
    """Where own words begin and end; None if all are, or nobody can tell.

    :param rewrapped: long quoted lines may go on in a line without a mark
    :param answers: the mail answers or forwards one, so that an original may follow that nothing
        marks line by line
    """
    stop = _stop(lines, rewrapped, answers)
    end = stop.index if stop else len(lines)
    quoted = _quoted(lines[:end], rewrapped)
    own = [
        index
        for index in range(end)
        if not quoted[index] and _says(lines[index]) and not _is_rule(lines[index])
    ]
    if not own:
        return None
    signed = _without_signatures(lines, quoted, own)
    if not own:
        return None
    first, last = own[0], own[-1]
    folded = [QUOTE] if stop else []
    start = None
    if _is_introduced(lines, quoted, first) and not any(quoted[first:last]):
        start = lines[first].at
        folded.append(QUOTE)
    behind = last + 1
    while behind < end and not _says(lines[behind]):
        behind += 1
    has_quote = any(quoted[behind:end])
    has_signature = any(index > last for index in signed)
    if has_quote:
        folded.append(QUOTE)
    if has_signature:
        folded.append(SIGNATURE)
    place = None
    if behind < end and (stop or has_quote or has_signature):
        place = lines[behind].at
    elif stop:
        place = stop.at
    if start is None and place is None:
        return None
    return Parts(start, place, tuple(dict.fromkeys(folded)))


def _is_introduced(lines: list[Line], quoted: list[bool], end: int) -> bool:
    """Whether a program put the quote at the beginning, and says so.

    Who picks a sentence and writes below it wants it to be seen.
    """
    return any(
        quoted[index]
        and (
            OPENING in lines[index].text
            or (lines[index].quoted and not lines[index].depth)
            or introduction(lines, index) is not None
        )
        for index in range(end)
    )


def _says(line: Line) -> bool:
    return bool(line.text) or line.shows


def _is_rule(line: Line) -> bool:
    return is_separator(line.text) and not any(each.isalnum() for each in line.text)


# ------------------------------------------------------------
# QUOTES
# ------------------------------------------------------------


def _stop(lines: list[Line], rewrapped: bool, answers: bool) -> Stop | None:
    """Where an original begins that goes on to the end, and is not marked line by line."""
    stop = find_cut(lines, rewrapped)
    if stop is not None and stop.marked:
        last = max(index for index in range(stop.index, len(lines)) if lines[index].depth)
        for line in lines[stop.index : last + 1]:
            line.quoted = True
        stop = None
    if not answers:
        return stop
    for index in range(stop.index if stop else len(lines)):
        line = lines[index]
        if line.depth or line.quoted or not (line.text or line.starts):
            continue
        found = original_begins(lines, index)
        if found is None or _quote_follows(lines, index):
            continue
        if any(_says(each) and not each.quoted for each in lines[:found]):
            return Stop(found, lines[found].at)
        break  # the answer is somewhere below, and nothing tells it from the original
    return stop


def _quote_follows(lines: list[Line], index: int) -> bool:
    """Whether the next line that is no field of a header is marked as quoted."""
    for line in lines[index + 1 : index + _REACH]:
        if line.depth or line.quoted:
            return True
        if _says(line) and not (is_field(line.text) or is_separator(line.text)):
            return False
    return False


def _quoted(lines: list[Line], rewrapped: bool) -> list[bool]:
    """Of each line, whether it is a quote or introduces one."""
    quoted = [line.quoted for line in lines]
    if rewrapped:
        _add_overhangs(lines, quoted)
    index = 0
    while index < len(lines):
        if not (lines[index].depth or quoted[index]):
            index += 1
            continue
        begin = index
        while index < len(lines) and (
            lines[index].depth or quoted[index] or not _says(lines[index])
        ):
            index += 1
        _add_introduction(lines, quoted, begin, index, rewrapped)
    return quoted


def _add_introduction(
    lines: list[Line], quoted: list[bool], begin: int, end: int, plain: bool
) -> None:
    """Tell of a run of lines that may be quoted what it is, and mark what introduces it."""
    top = begin
    for _each in range(_INTRODUCTIONS):
        found = introduction(lines, previous(lines, top))
        if found is None or any(lines[index].depth for index in range(found, top)):
            break
        text = lines[found].text
        if is_separator(text) and not (
            _is_rule(lines[found]) or is_original_line(text) or is_attribution(text)
        ):
            break
        top = found
    if top == begin:
        before = previous(lines, begin) if plain and lines[begin].depth else -1
        if before >= 0 and lines[before].text.endswith((":", "：")):
            # "The display says:" and what it says is the writer's own
            quoted[begin:end] = [False] * (end - begin)
            return
    else:
        # An indented block that is introduced is a quote.
        for index in range(begin, end):
            quoted[index] = quoted[index] or bool(lines[index].depth)
    quoted[top:begin] = [True] * (begin - top)


def _add_overhangs(lines: list[Line], quoted: list[bool]) -> None:
    """Mark the ends of quoted lines that a program has wrapped after it had marked them."""
    for index in range(1, len(lines) - 1):
        line, before = lines[index], lines[index - 1]
        if (
            line.text
            and not quoted[index]
            and quoted[index - 1]
            and quoted[index + 1]
            and len(before.text) >= _WRAPPED_LENGTH
            and len(line.text) < len(before.text)
            and not before.text.endswith((".", "!", "?", ":", "。", "？", "！"))
            and not line.text[0].isupper()
        ):
            quoted[index] = True


# ------------------------------------------------------------
# SIGNATURES
# ------------------------------------------------------------


def _without_signatures(lines: list[Line], quoted: list[bool], own: list[int]) -> list[int]:
    """Take signatures off the end of `own`; those below the last quote, and above it."""
    signed: list[int] = []
    first_quote = quoted.index(True) if True in quoted else len(quoted)
    while own:
        begin = len(own) - 1
        while begin and not any(quoted[own[begin - 1] + 1 : own[begin]]):
            begin -= 1
        stretch = own[begin:]
        keep = _own_of(lines, stretch, below_quote=first_quote < stretch[0])
        signed.extend(stretch[keep:])
        del own[begin + keep :]
        if keep:
            break
    # One above the quote, with the answer below it.
    end = 1
    while end < len(own) and not any(quoted[own[end - 1] + 1 : own[end]]):
        end += 1
    if end < len(own) and not _own_of(lines, own[:end], below_quote=False):
        signed.extend(own[:end])
        del own[:end]
    return signed


def _own_of(lines: list[Line], stretch: list[int], below_quote: bool) -> int:
    """How many of the lines of a stretch are own, and no signature."""
    keep = _without_lines(lines, stretch, len(stretch))
    if below_quote and _is_footer(lines, stretch[:keep]):
        return 0
    for at in range(max(0, keep - _SIGNATURE_LINES - 1), keep):
        if not DELIMITER.fullmatch(lines[stretch[at]].text):
            continue
        rest = [lines[index].text for index in stretch[at + 1 : keep]]
        if len(rest) <= _SIGNATURE_LINES and sum(map(len, rest)) <= _SIGNATURE_LENGTH:
            if any(POSTSCRIPT.match(text) for text in rest):
                continue
            return _without_lines(lines, stretch, at)
    return keep


def _without_lines(lines: list[Line], stretch: list[int], keep: int) -> int:
    """How many lines are left without those that programs have added at the end."""
    while keep:
        line = lines[stretch[keep - 1]]
        added = line.signed or is_added(line.text)
        if not added and (keep == len(stretch) or not DELIMITER.fullmatch(line.text)):
            break
        keep -= 1
    return keep


def _is_footer(lines: list[Line], stretch: list[int]) -> bool:
    """Whether what stands below a quote is what servers and companies put there."""
    return any(
        FOOTER.match(lines[index].text) or DISCLAIMER.search(lines[index].text[:1000])
        for index in stretch[:_DISCLAIMER_BEGINS]
    )
