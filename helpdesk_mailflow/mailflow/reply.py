"""What was written this time: of a reply what is neither quote nor signature.

Our answers begin with a line, *"Please write your reply above this line"*, between marks that
no translation changes; a company may do without. What comes back is cut at that line, and at
what mail programs make of quotes: in HTML by structure, in text by its marks, in both by what
introduces them. All that is cut off is the rest: the caller keeps it, folded.

Nothing is cut where that could hide an answer: nobody can tell it from what it answers, or a
body cannot be taken apart safely. Answers between quoted lines keep what they answer.
"""

import re
from dataclasses import dataclass, replace

from .html import text_to_html
from .html_tree import parse
from .mail import Mail
from .quoted import CLOSING, LINE_CLASS, OPENING
from .quoted_html import cut_body, html_lines
from .quoted_intro import Line, squeezed
from .quoted_parts import QUOTE, SIGNATURE, find_parts
from .quoted_words import is_added
from .subject import has_prefix

__all__ = [
    "CLOSING", "LINE_CLASS", "OPENING", "QUOTE", "SIGNATURE", "Cut", "cut_html", "cut_mail",
    "cut_text", "reply_line",
]  # fmt: skip

_QUOTE_MARK = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
# A quote or a signature has at least one of these, or its last line tells.
_SIGNS = re.compile(r"[>:：—–]|--")
# The end of an address that begins in the line before: "<", new line, "ada@…", new line, ">:"
_OPEN_ADDRESS = re.compile(r"<[^<>]{0,200}$")


@dataclass(frozen=True)
class Cut:
    """A body in two parts.

    :param above: what was written this time; all if nothing was cut
    :param rest: the quotes and the signature; empty if nothing was cut
    :param folded: what the rest is, of ``QUOTE`` and ``SIGNATURE``
    """

    above: str
    rest: str
    folded: tuple[str, ...] = ()


def reply_line(sentence: str) -> str:
    """The line as it stands in our mails: a sentence in the reader's language, marked."""
    return f"{OPENING} {sentence} {CLOSING}"


def cut_mail(mail: Mail) -> Cut:
    """The body of a mail as HTML, in two parts. Tamed, but not sanitised."""
    answers = bool(mail.in_reply_to or mail.references) or has_prefix(mail.subject)
    if mail.html is None:
        cut = cut_text(mail.text, answers)
        return replace(cut, above=text_to_html(cut.above), rest=text_to_html(cut.rest))
    return cut_html(mail.body_html, answers)


def cut_text(text: str, answers: bool = True) -> Cut:
    """Cut a plain text, quoted with ``>`` or not at all (Outlook).

    :param answers: whether the header says that the mail answers or forwards one. If not, what
        looks like an original without marks is the message: web forms write *From: … Subject: …*
    """
    if not _SIGNS.search(text) and not is_added(text.rstrip().rpartition("\n")[2]):
        return Cut(text, "")
    lines, offset, before = [], 0, ""
    for raw in text.split("\n"):
        mark = _QUOTE_MARK.match(raw)
        if mark and _OPEN_ADDRESS.search(before[-200:]):
            mark = None
        depth = mark[0].count(">") if mark else 0
        shown = raw[mark.end() :] if mark else raw
        found = raw.find(OPENING)
        marker = offset + found if found >= 0 else None
        lines.append(Line(squeezed(shown), depth, offset, marker, quoted=depth > 0))
        offset += len(raw) + 1
        before = raw
    parts = find_parts(lines, rewrapped=True, answers=answers)
    if parts is None:
        return Cut(text, "")
    start = parts.start or 0
    end = len(text) if parts.end is None else parts.end
    rest = [text[:start].rstrip(), text[end:]]
    return Cut(text[start:end].rstrip(), "\n\n".join(filter(None, rest)), parts.folded)


def cut_html(markup: str, answers: bool = True) -> Cut:
    """Cut an HTML body by its structure.

    :param markup: tamed (:func:`.html.tame`), not sanitised; neither are the parts
    :param answers: see :func:`cut_text`
    """
    body = parse(markup)
    lines = html_lines(body) if body is not None else None
    parts = find_parts(lines, rewrapped=False, answers=answers) if lines else None
    if parts is None:
        return Cut(markup, "")
    above, rest = cut_body(body, parts.start, parts.end)
    return Cut(above, rest, parts.folded)
