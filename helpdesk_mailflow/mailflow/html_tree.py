"""The tree of an HTML body: its lines' places, and marks put where it is to be cut.

What reads replies (:mod:`.quoted_html`) and forwarded mails (:mod:`.forward_html`) share. What a
line is differs between them: a header in a table is one line for each of its rows.
"""

import re
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement, document_fromstring

#: Elements that begin a line, beside the cells of a table.
BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "main", "nav",
    "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
#: Elements whose content is not shown.
SILENT = frozenset(("head", "script", "style", "title", "template", "noscript"))
#: Elements that show something without a text.
SHOWS = frozenset(("img", "video", "audio", "object", "svg", "picture"))
#: libxml2 leaves out what is nested deeper than 256.
MAX_DEPTH = 250

# Only at the start: looked for anywhere, long white space takes quadratic time.
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*>")


@dataclass(frozen=True)
class Place:
    """A place in a tree: in the text of an element, in its tail, or (None) before it."""

    element: etree._Element
    where: str | None
    offset: int = 0


def parse(markup: str):
    """The body of a tamed HTML (:func:`.html.tame`); None if there is none."""
    try:
        return document_fromstring(_XML_DECLARATION.sub("", markup, count=1)).find("body")
    except (etree.ParserError, ValueError):
        return None  # nothing but comments, or an encoding declared where none can be


def put_mark(place: Place):
    """Put an empty ``span`` at a place, and return it."""
    mark = HtmlElement()
    mark.tag = "span"
    element = place.element
    if place.where == "text":
        mark.tail = element.text[place.offset :]
        element.text = element.text[: place.offset]
        element.insert(0, mark)
        return mark
    parent = element.getparent()
    index = parent.index(element)
    if place.where == "tail":
        text = element.tail
        element.tail = text[: place.offset]
        mark.tail = text[place.offset :]
        index += 1
    parent.insert(index, mark)
    return mark


def inner(body) -> str:
    """What a body holds, as HTML."""
    text = etree.Element("span")
    text.text = body.text
    opening = etree.tostring(text, encoding="unicode", method="html")
    start = opening.removeprefix("<span>").removesuffix("</span>")
    return start + "".join(
        etree.tostring(child, encoding="unicode", method="html") for child in body
    )
