"""The lines of an HTML body, and the body cut at a place of theirs.

What is a quote is told by the structure that programs make: elements of their own classes and
ids, `blockquote` with a mark of its own (one without indents what somebody wrote).
"""

import re
from copy import deepcopy
from dataclasses import dataclass, replace

from lxml import etree

from .html_tree import BLOCKS, MAX_DEPTH, SHOWS, SILENT, Place, inner, put_mark
from .quoted import LINE_CLASS, OPENING
from .quoted_intro import RULE, Line, squeezed

# A cell of a table is a line of its own.
_BLOCKS = BLOCKS | {"td", "th"}
#: Classes of the nodes that hold a quote, by program: Gmail, Yahoo, Proton, Outlook.
_HOLDS = re.compile(r"gmail_quote|yahoo_quoted|protonmail_quote|moz-cite|OutlookMessageHeader")
#: Ids, classes and names of elements that hold a quote and nothing else: Yahoo, Outlook on
#: telephones and for Mac, Zoho, Tuta, NetEase, GMX, Thunderbird, Newton, Front.
_QUOTES = re.compile(
    r"yahoo_quoted|mail-editor-reference-message-container|ms-outlook-mobile-reference-message"
    r"|OLK_SRC_BODY_SECTION|zmail_extra|tutanota_quote|isReplyContent|moz-forward-container"
    r"|moz-email-headers-table|\bcm_quote|missive_quote|front-blockquote|aolReplacedBody"
    r"|__QUOTED_TEXT__|__HEADERS__"
)
#: Elements that hold the quote with what introduces it, and the answers between its parts.
_WRAPS = re.compile(r"gmail_quote|protonmail_quote")
#: What introduces a quote: Gmail, Thunderbird, Roundcube.
_INTRODUCES = re.compile(r"gmail_attr|moz-cite-prefix|reply-intro")
#: From here on all is the original: Outlook in the browser, Outlook Express, Hotmail, Zimbra.
_STARTS = re.compile(r"divRplyFwdMsg|OutlookMessageHeader|stopSpelling|zwchr|__DIVIDER__")
_SIGNS = re.compile(
    r"gmail_signature|moz-signature|ms-outlook-mobile-signature|AppleMailSignature"
    r"|composer_signature|protonmail_signature|messageSignatureSection|odoo_signature_wrapper"
    r"|\bSignature\b|yahoo-signature|\bsignature_old\b|spark_signature|_rc_sig\b|__SIG_"
    r"|front-signature|edo-signature|tutaSignature"
)
_NAMES = ("class", "id", "name", "data-marker", "data-smartmail")
_LEFT_BORDER = re.compile(r"border-left(?:-width|-style|-color)?\s*:\s*(?!\s|none|0|initial)", re.I)
_QUOTE_NAME = re.compile(r"(?<!block)quote", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


@dataclass(frozen=True)
class _Kind:
    """What the elements around a line say of it; see :class:`Line`."""

    depth: int = 0
    named: bool = False
    held: bool = False
    quoted: bool = False
    signed: bool = False


class _LineReader:
    """The lines that a body shows, with their places."""

    def __init__(self):
        self.lines: list[Line] = []
        self.pieces: list[str] = []  # of the line that is being read
        self.too_deep = False

    def read(self, body) -> None:
        self._element(body, 0, _Kind())
        self._close()

    def _line(self, element, where, offset, kind) -> Line:
        self._close()
        line = Line(
            "",
            kind.depth,
            Place(element, where, offset),
            named=kind.named,
            held=kind.held,
            quoted=kind.quoted,
            signed=kind.signed,
        )
        self.lines.append(line)
        return line

    def _close(self) -> None:
        """End a line."""
        if self.pieces:
            self.lines[-1].text = squeezed("".join(self.pieces))
        self.pieces = []

    def _say(self, element, where, raw, kind) -> None:
        if not raw or not squeezed(raw):
            if raw and self.pieces:
                self.pieces.append(" ")
            return
        if not self.pieces:
            start = len(raw) - len(raw.lstrip())
            self._line(element, where, start, kind)
        self.pieces.append(raw)
        line = self.lines[-1]
        line.named = line.named or kind.named
        if line.marker is None and OPENING in raw:
            line.marker = Place(element, where, raw.index(OPENING))

    def _element(self, element, level, kind) -> None:
        if level > MAX_DEPTH:
            self.too_deep = True
            return
        tag = element.tag
        if not isinstance(tag, str) or tag in SILENT:
            return
        names = " ".join(filter(None, map(element.get, _NAMES)))
        if names or tag == "blockquote":
            kind = _kind_of(element, tag, names, kind)
        if names and _STARTS.search(names):
            self._line(element, None, 0, kind).starts = True
        if tag == "br":
            if self.pieces:
                self._close()
            else:
                self._line(element, None, 0, kind)
            return
        if tag == "hr":
            self._line(element, None, 0, kind).text = RULE
            return
        if tag in SHOWS and _is_seen(element):
            if not self.pieces:
                self._line(element, None, 0, kind)
            self.lines[-1].shows = True
        block = tag in _BLOCKS
        if block:
            self._close()
        self._say(element, "text", element.text, kind)
        for child in element:
            self._element(child, level + 1, kind)
            self._say(child, "tail", child.tail, kind)
        if block:
            self._close()


def _kind_of(element, tag: str, names: str, kind: _Kind) -> _Kind:
    """What an element says of its lines."""
    blockquote = tag == "blockquote"
    named_quote = tag == "div" and element.get("name") == "quote"
    wraps = bool(_WRAPS.search(names)) and not blockquote
    has_parts = wraps and any(child.tag == "blockquote" for child in element)
    return replace(
        kind,
        depth=kind.depth + (blockquote or named_quote),
        named=kind.named or LINE_CLASS in names,
        held=kind.held or bool(_HOLDS.search(names)),
        quoted=kind.quoted
        or named_quote
        or (blockquote and _is_marked(element, names))
        or bool(_QUOTES.search(names) or _INTRODUCES.search(names))
        or (wraps and not has_parts),
        signed=kind.signed or bool(_SIGNS.search(names)),
    )


def _is_marked(element, names: str) -> bool:
    """Whether a blockquote is one of a quote, and does not only indent."""
    return (
        (element.get("type") or "").lower() == "cite"
        or element.get("cite") is not None
        or bool(_QUOTE_NAME.search(names))
        or bool(_LEFT_BORDER.search(element.get("style") or ""))
    )


def _is_seen(element) -> bool:
    """Whether an image is one to look at, and does not only count who looks."""
    size = (element.get("width"), element.get("height"))
    return not (
        any(each in ("0", "1", "2") for each in size) or _HIDDEN.search(element.get("style") or "")
    )


def html_lines(body) -> list[Line] | None:
    """The lines of a body; None if it cannot be taken apart safely."""
    reader = _LineReader()
    reader.read(body)
    return None if reader.too_deep else reader.lines


def cut_body(body, start: Place | None, end: Place | None) -> tuple[str, str]:
    """What is between two places of a body, and what is before and behind.

    :param start: None for the beginning
    :param end: None for the end
    """
    # The later place first: its offset counts from the beginning of a text.
    end_mark = put_mark(end) if end is not None else None
    rest = []
    if start is not None:
        mark = put_mark(start)
        before, body = _split(body, _raised(mark, body))
        mark.drop_tag()
        rest.append(inner(before))
    above = body
    if end_mark is not None:
        above, body = _split(body, _raised(end_mark, body))
        end_mark.drop_tag()
        rest.append(inner(body))
    return inner(above), "".join(rest)


def _raised(element, body):
    """The outermost element that begins with this one: the whole quote, not its first line."""
    while (parent := element.getparent()) is not body and not _shows_before(element):
        element = parent
    return element


def _shows_before(element) -> bool:
    """Whether its parent shows something before this element."""
    if squeezed(element.getparent().text or ""):
        return True
    return any(
        _shows(each) or squeezed(each.tail or "") for each in element.itersiblings(preceding=True)
    )


def _shows(element) -> bool:
    if not isinstance(element.tag, str):
        return False
    if element.tag in SHOWS or element.tag == "hr":
        return True
    return bool(squeezed("".join(element.itertext()))) or any(
        each.tag in SHOWS for each in element.iter(etree.Element)
    )


def _split(body, element):
    """A body before, and itself from an element on, each with the elements around it."""
    path = []
    node = element
    while node is not body:
        path.append(node.getparent().index(node))
        node = node.getparent()
    path.reverse()
    above, rest = deepcopy(body), body
    node = _at(above, path)
    while node is not above:
        parent = node.getparent()
        for sibling in list(node.itersiblings()):
            parent.remove(sibling)
        if parent is not above:
            parent.tail = None
        node = parent
    first = _at(above, path)
    first.getparent().remove(first)
    _trim(above)
    node = _at(rest, path)
    while node is not rest:
        parent = node.getparent()
        for sibling in list(node.itersiblings(preceding=True)):
            parent.remove(sibling)
        parent.text = None
        node = parent
    return above, rest


def _at(root, path):
    for index in path:
        root = root[index]
    return root


def _trim(element) -> None:
    """Take out what shows nothing at the end of an element."""
    while len(element) and not squeezed(element[-1].tail or "") and not _shows(element[-1]):
        element.remove(element[-1])
    if len(element) and not squeezed(element[-1].tail or ""):
        _trim(element[-1])
