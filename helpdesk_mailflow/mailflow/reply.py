"""What was written this time: the part of a reply above our line.

Each of our answers begins with a line, *"Please write your reply above this line"*, between
marks that no translation changes. What comes back holds that line somewhere in its quote. All
from the quote on, with what mail programs put before it (*"On … wrote:"*, the From/Sent/To
block of Outlook), is the rest: the caller keeps it, folded.

Nothing is cut where that could hide an answer: none above the line (people who write below
their quote), answers between the quoted lines, or a body that cannot be taken apart safely.
"""

import re
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement, document_fromstring

from .html import text_to_html
from .mail import Mail
from .quoted import CLOSING, LINE_CLASS, OPENING, RULE, Line, find_cut, squeezed

_QUOTE_MARK = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
_BLOCKS = {
    "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "main", "nav",
    "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_SILENT = {"head", "script", "style", "title", "template", "noscript"}
_SHOWS = {"img", "video", "audio", "object", "svg", "picture"}
#: Classes of the nodes that hold a quote, by program: Gmail, Yahoo, Proton, Outlook.
_QUOTE_CLASS = re.compile(
    r"gmail_quote|yahoo_quoted|protonmail_quote|moz-cite|OutlookMessageHeader"
)
# "#" and "~" as character references
_ENCODED = re.compile(r"&(?:#0{0,8}(?:35|126)|#x0{0,8}(?:23|7e)|num;)", re.IGNORECASE)
# libxml2 leaves out what is nested deeper than 256.
_MAX_DEPTH = 250
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")


@dataclass(frozen=True)
class Cut:
    """A body in two parts.

    :param above: what was written this time; all if nothing was cut
    :param rest: the quote with our line; empty if nothing was cut
    """

    above: str
    rest: str


def reply_line(sentence: str) -> str:
    """The line as it stands in our mails: a sentence in the reader's language, marked."""
    return f"{OPENING} {sentence} {CLOSING}"


def cut_mail(mail: Mail) -> Cut:
    """The body of a reply as HTML, in two parts. Tamed, but not sanitised."""
    if mail.html is None:
        cut = cut_text(mail.text)
        return Cut(text_to_html(cut.above), text_to_html(cut.rest))
    return cut_html(mail.body_html)


def cut_text(text: str) -> Cut:
    """Cut a plain text, quoted with ``>`` or not at all (Outlook)."""
    if OPENING not in text:
        return Cut(text, "")
    lines, offset = [], 0
    for raw in text.split("\n"):
        mark = _QUOTE_MARK.match(raw)
        depth = mark[0].count(">") if mark else 0
        shown = raw[mark.end() :] if mark else raw
        found = raw.find(OPENING)
        marker = offset + found if found >= 0 else None
        lines.append(Line(squeezed(shown), depth, offset, marker))
        offset += len(raw) + 1
    position = find_cut(lines, rewrapped=True)
    if position is None:
        return Cut(text, "")
    return Cut(text[:position].rstrip(), text[position:])


def cut_html(markup: str) -> Cut:
    """Cut an HTML body by its structure.

    :param markup: tamed (:func:`.html.tame`), not sanitised; neither are the parts
    """
    whole = Cut(markup, "")
    if OPENING not in markup and LINE_CLASS not in markup and not _ENCODED.search(markup):
        return whole
    try:
        body = document_fromstring(_XML_DECLARATION.sub("", markup, count=1)).find("body")
    except (etree.ParserError, ValueError):
        return whole  # nothing but comments, or an encoding declared where none can be
    lines = _html_lines(body) if body is not None else None
    position = find_cut(lines, rewrapped=False) if lines else None
    if position is None:
        return whole
    mark = _mark(position)
    return _split(body, mark, _raised(mark, body))


# ------------------------------------------------------------
# HTML
# ------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """A place in a tree: in the text of an element, in its tail, or (None) before it."""

    element: etree._Element
    where: str | None
    offset: int = 0


class _LineReader:
    """The lines that a body shows, with their places."""

    def __init__(self):
        self.lines: list[Line] = []
        self.pieces: list[str] = []  # of the line that is being read
        self.too_deep = False

    def read(self, body) -> None:
        self._element(body, 0, 0, False, False)
        self._close()

    def _line(self, element, where, offset, quoted, named, held) -> Line:
        self._close()
        line = Line("", quoted, _Place(element, where, offset), None, named, held)
        self.lines.append(line)
        return line

    def _close(self) -> None:
        """End a line."""
        if self.pieces:
            self.lines[-1].text = squeezed("".join(self.pieces))
        self.pieces = []

    def _say(self, element, where, raw, quoted, named, held) -> None:
        if not raw or not squeezed(raw):
            if raw and self.pieces:
                self.pieces.append(" ")
            return
        if not self.pieces:
            start = len(raw) - len(raw.lstrip())
            self._line(element, where, start, quoted, named, held)
        self.pieces.append(raw)
        line = self.lines[-1]
        line.named = line.named or named
        if line.marker is None and OPENING in raw:
            line.marker = _Place(element, where, raw.index(OPENING))

    def _element(self, element, level, quoted, named, held) -> None:
        if level > _MAX_DEPTH:
            self.too_deep = True
            return
        tag = element.tag
        if not isinstance(tag, str) or tag in _SILENT:
            return
        names = f"{element.get('class', '')} {element.get('id', '')}"
        named = named or LINE_CLASS in names
        held = held or bool(_QUOTE_CLASS.search(names))
        if tag == "blockquote" or (tag == "div" and element.get("name") == "quote"):
            quoted += 1
        if tag == "br":
            if self.pieces:
                self._close()
            else:
                self._line(element, None, 0, quoted, named, held)
            return
        if tag == "hr":
            self._line(element, None, 0, quoted, named, held).text = RULE
            return
        block = tag in _BLOCKS
        if block:
            self._close()
        self._say(element, "text", element.text, quoted, named, held)
        for child in element:
            self._element(child, level + 1, quoted, named, held)
            self._say(child, "tail", child.tail, quoted, named, held)
        if block:
            self._close()


def _html_lines(body) -> list[Line] | None:
    """The lines of a body; None if it cannot be taken apart safely."""
    reader = _LineReader()
    reader.read(body)
    return None if reader.too_deep else reader.lines


def _mark(place: _Place):
    """Put an empty element where the cut is, and return it."""
    mark = HtmlElement()
    mark.tag = "span"
    element = place.element
    if place.where == "text":
        mark.tail = element.text[place.offset :]
        element.text = element.text[: place.offset]
        element.insert(0, mark)
    else:
        parent = element.getparent()
        index = parent.index(element)
        if place.where == "tail":
            text = element.tail
            element.tail = text[: place.offset]
            mark.tail = text[place.offset :]
            index += 1
        parent.insert(index, mark)
    return mark


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
    if element.tag in _SHOWS or element.tag == "hr":
        return True
    return bool(squeezed("".join(element.itertext()))) or any(
        each.tag in _SHOWS for each in element.iter(etree.Element)
    )


def _split(body, mark, element) -> Cut:
    """The body before and from an element on, each with the elements around it.

    :param mark: to be taken out again
    """
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
    mark.drop_tag()
    return Cut(_inner(above), _inner(rest))


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


def _inner(body) -> str:
    text = etree.Element("span")
    text.text = body.text
    opening = etree.tostring(text, encoding="unicode", method="html")
    start = opening.removeprefix("<span>").removesuffix("</span>")
    return start + "".join(
        etree.tostring(child, encoding="unicode", method="html") for child in body
    )
