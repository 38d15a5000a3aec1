"""Between HTML and plain text: what a body says, without its looks.

A single pass over the tags, since the HTML of mails is hostile at times: parsers that build
a tree stop at a depth (and lose the rest) or take quadratic time. The result is for reading,
searching and rules, never for display as HTML.
"""

import html
import re

from lxml import etree
from lxml.html import document_fromstring

MAX_ATTRIBUTES = 100  # of one tag
MAX_PARAGRAPHS = 2000  # of a plain text; one with more becomes a single paragraph
_SURE = 12_000  # characters; less than that cannot have too many elements
# Pairs of siblings; Odoo's sanitiser looks at each pair when it marks quotes, 0.3 µs each.
_MAX_PAIRS = 16_000_000

_BREAK = {"br", "tr", "li", "dt", "dd", "option", "caption", "figcaption", "legend", "hr"}
_BLOCK = {
    "address", "article", "aside", "blockquote", "body", "center", "div", "dl", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "main", "nav",
    "ol", "p", "pre", "section", "table", "tbody", "thead", "ul",
}  # fmt: skip
_PARAGRAPH = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "table"}
_SILENT = {"script", "style", "title", "head", "template", "noscript"}
# A body without </head> is seen; these end it as a browser would.
_ENDS_HEAD = {"body", "div", "p", "table", "span", "br", "font"}
_TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:-]*)")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_PRE = re.compile(r"<pre", re.IGNORECASE)

_EMPTY_LINES = re.compile(r"\n[ \t]*\n+")
_TAG_START = re.compile(r"</?([a-zA-Z][^\s/<>]*)")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/<>][^\s/<>=]*)(\s*=\s*)?")
_UNQUOTED = re.compile(r"[^\s<>]*")
_TAG_END = re.compile(r"[\s/]*>")
# Elements whose content is no markup.
_RAW_TEXT = {
    name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe")
}
_BARE = re.compile(r"<(?=[^<>]*<)")  # "<" that has no ">" of its own
_MAX_CUT_TAG = 1000  # characters of a tag that the end of the body cuts off
_LONG_WORD = re.compile(r"[\w-]{200}")
# What Odoo takes out before it parses.
_ODOO_ENCODING = re.compile(r"(<[^>]*\s)(encoding=([\"'][^\"']*?[\"']|[^\s\n\r>]+)(\s[^>]*|/)?>)")
_ODOO_OFFICE = re.compile(r"</?o:.*?>")


def html_to_text(markup: str) -> str:
    """The text of an HTML body: line breaks for blocks, blank lines around paragraphs."""
    out: list[str] = []
    chunks = markup.split("<")
    silent = ""  # the element whose content is not shown
    in_comment = False
    preformatted = 0

    def say(raw: str) -> None:
        if not raw:
            return
        if not preformatted:
            raw = _SPACES.sub(" ", raw)
        if "&" in raw:
            raw = html.unescape(raw)
        out.append(raw)

    say(chunks[0])
    last_comment_end = max((i for i, chunk in enumerate(chunks) if "-->" in chunk), default=-1)
    for index in range(1, len(chunks)):
        chunk = chunks[index]
        if in_comment:
            if "-->" not in chunk:
                continue
            in_comment = False
            if not silent:
                say(chunk.partition("-->")[2])
            continue
        if chunk.startswith("!--") and index <= last_comment_end:
            if "-->" in chunk[3:]:
                if not silent:
                    say(chunk[3:].partition("-->")[2])
            else:
                in_comment = True
            continue
        name_match = _TAG_NAME.match(chunk)
        if not name_match and not chunk.startswith(("!", "?", "/")):
            if not silent:
                say("<" + chunk)  # a bare "<", as in "a < b"
            continue
        _tag, closed, after = chunk.partition(">")
        if not closed:
            after = ""
        name = name_match[1].lower() if name_match else ""
        closing = chunk.startswith("/")
        if silent:
            if (closing and name == silent) or (silent == "head" and name in _ENDS_HEAD):
                silent = ""
            else:
                continue
        elif name in _SILENT and not closing and not _tag.endswith("/"):
            silent = name
            continue
        if name == "pre":
            preformatted = max(0, preformatted + (-1 if closing else 1))
        if name in _PARAGRAPH:
            out.append("\n\n")
        elif name in _BLOCK or (name in _BREAK and not closing):
            out.append("\n" if name in _BREAK else "\n\r")
        elif name in ("td", "th") and not closing:
            out.append(" ")
        say(after)
    # "\n\r" is a break that does not add to one already there.
    text = "".join(out).replace("\xa0", " ")
    lines = text.split("\n")
    kept = [lines[0]]
    for line in lines[1:]:
        soft = line.startswith("\r")
        if soft:
            line = line[1:]
            if len(kept) > 1 and not kept[-1].strip(" "):
                kept[-1] = line
                continue
        kept.append(line)
    if not _PRE.search(markup):
        kept = [line.strip(" ") for line in kept]
    return _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip()


def tame(markup: str) -> str:
    """HTML that a sanitiser gets through in linear time, and that shows the same.

    Odoo's ``html_sanitize`` searches with regular expressions that take cubic time on ``<``
    without ``>``, and compares the siblings of an element pair by pair: a mail of 12 kB would
    hold up the intake for a minute. So a ``<`` that opens nothing becomes ``&lt;``, as does
    one in the value of an attribute; attributes beyond :data:`MAX_ATTRIBUTES` go, and a style
    with a word of 200 characters. The length of a tag costs nothing: images in ``data:``
    addresses stay. HTML with too many siblings becomes its text. All else is left alone.

    :param markup: not sanitised; neither is the result
    """
    tamed = _Tamer(markup).read()
    if len(tamed) > _SURE and _has_too_many_siblings(tamed):
        return text_to_html(html_to_text(markup))
    return tamed


class _Tamer:
    """One pass over the tags, after the tokeniser of the HTML standard (section 13.2.5)."""

    def __init__(self, markup: str):
        self.markup = markup
        self.next: dict[str, int] = {}

    def _find(self, what: str, start: int) -> int:
        """``str.find`` that never searches the same stretch twice; `start` only grows."""
        found = self.next.get(what, -2)
        if found == -1 or found >= start:
            return found
        self.next[what] = found = self.markup.find(what, start)
        return found

    def read(self) -> str:
        markup, out, position = self.markup, [], 0
        no_end = set()
        while (start := markup.find("<", position)) >= 0:
            out.append(markup[position:start])
            element = ""
            if markup.startswith("<!--", start):
                piece, position = self._section(start, 4, "-->")
            elif markup.startswith("<![CDATA[", start):
                piece, position = self._section(start, 9, "]]>")
            elif match := _TAG_START.match(markup, start):
                piece, position = self._tag(start, match.end())
                if markup[start + 1] != "/" and len(piece) > 4:
                    element = match[1].lower()
            else:
                piece, position = self._plain(start)
            out.append(piece)
            if element in _RAW_TEXT and element not in no_end:
                closing = _RAW_TEXT[element].search(markup, position)
                if closing:
                    # up to the "<" of the closing tag, for the last one before it
                    content = _BARE.sub("&lt;", markup[position : closing.start() + 1])
                    out.append(content[:-1])
                    position = closing.start()
                else:
                    no_end.add(element)
        out.append(markup[position:])
        return "".join(out)

    def _section(self, start: int, opening: int, closing: str) -> tuple[str, int]:
        """A comment or CDATA; one that never ends is shown as text."""
        markup = self.markup
        if opening == 4 and markup.startswith((">", "->"), start + 4):
            end = markup.index(">", start + 4) + 1
            return markup[start:end], end
        end = self._find(closing, start + opening)
        if end < 0:
            return "&lt;", start + 1
        end += len(closing)
        inner = _BARE.sub("&lt;", markup[start + opening : end])
        return markup[start : start + opening] + inner, end

    def _plain(self, start: int) -> tuple[str, int]:
        """`<` by what follows: kept when ``>`` comes before the next one, or at the very end."""
        end, following = self._find(">", start), self._find("<", start + 1)
        if end >= 0 and (following < 0 or end < following):
            return self.markup[start : end + 1], end + 1
        cut_off = following < 0 and len(self.markup) - start <= _MAX_CUT_TAG
        return ("<" if cut_off else "&lt;"), start + 1

    def _no_tag(self, start: int, position: int) -> tuple[str, int]:
        if self._find("<", start + 1) >= position or self._find("<", start + 1) < 0:
            return self._plain(start)
        # Not from start + 1, which would read the same attributes again and again.
        return self.markup[start:position].replace("<", "&lt;"), position

    def _tag(self, start: int, position: int) -> tuple[str, int]:
        """A tag with its attributes; what is no tag after all by :meth:`_no_tag`."""
        markup = self.markup
        out = [markup[start:position]]
        count = 0
        while not (end := _TAG_END.match(markup, position)):
            match = _ATTRIBUTE.match(markup, position)
            if not match:
                return self._no_tag(start, position)
            attribute = markup[position : match.end()]
            position = match.end()
            if match[2]:
                quote = markup[position : position + 1]
                if quote and quote in "\"'":
                    closing = self._find(quote, position + 1)
                    if closing < 0:
                        return self._no_tag(start, position)
                    closing += 1
                else:
                    closing = _UNQUOTED.match(markup, position).end()
                value = markup[position:closing]
                position = closing
                if match[1].lower() == "style" and _LONG_WORD.search(html.unescape(value)):
                    continue
                attribute += value.replace("<", "&lt;")
            count += 1
            if count <= MAX_ATTRIBUTES:
                out.append(attribute)
        out.append(end[0])
        return "".join(out), end.end()


def _has_too_many_siblings(markup: str) -> bool:
    """Whether marking the quotes would take Odoo more than some seconds."""
    try:
        tree = document_fromstring(_ODOO_OFFICE.sub("", _ODOO_ENCODING.sub("", markup)))
    except etree.ParserError:
        return False  # nothing but comments and white space
    except ValueError:
        return True  # an XML declaration that Odoo would not get past
    pairs = 0
    for element in tree.iter(etree.Element):
        # Each quoted line in a text becomes an element, and copies what follows it.
        text = element.text or ""
        quoted = text.count("\n>") + text.count("\n--")
        pairs += (len(element) + quoted) ** 2 + quoted * len(text) // 300
        if pairs > _MAX_PAIRS:
            return True
    return False


def text_to_html(text: str) -> str:
    """Plain text as HTML of the same look: paragraphs, line breaks, indentation."""
    paragraphs = [
        paragraph
        for paragraph in _EMPTY_LINES.split(text.replace("\r\n", "\n").strip("\n"))
        if paragraph.strip()
    ]
    if len(paragraphs) > MAX_PARAGRAPHS:
        # As many siblings would be too much for a sanitiser, see tame().
        paragraphs = ["\n\n".join(paragraphs)]
    return "\n".join(f"<p>{_lines(paragraph)}</p>" for paragraph in paragraphs)


def _lines(paragraph: str) -> str:
    lines = []
    for line in paragraph.split("\n"):
        stripped = line.lstrip(" ")
        indent = min(len(line) - len(stripped), 40)
        lines.append("&nbsp;" * indent + html.escape(stripped.rstrip(), quote=False))
    return "<br/>".join(lines)
