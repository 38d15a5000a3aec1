"""Between HTML and plain text: what a body says, without its looks.

A single pass over the tags, since the HTML of mails is hostile at times: parsers that build
a tree stop at a depth (and lose the rest) or take quadratic time. The result is for reading,
searching and rules, never for display as HTML.
"""

import html
import re

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
_AROUND_BREAK = re.compile(r" *\n *")


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
    text = re.sub(r"(?:\n\r[ ]*)+", "\n\r", text)
    text = re.sub(r"\n[ ]*\n\r", "\n", text).replace("\n\r", "\n")
    text = _AROUND_BREAK.sub("\n", text) if "<pre" not in markup.lower() else text
    return _BLANK_LINES.sub("\n\n", text).strip()


def text_to_html(text: str) -> str:
    """Plain text as HTML of the same look: paragraphs, line breaks, indentation."""
    paragraphs = re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n").strip("\n"))
    return "\n".join(f"<p>{_lines(paragraph)}</p>" for paragraph in paragraphs if paragraph.strip())


def _lines(paragraph: str) -> str:
    lines = []
    for line in paragraph.split("\n"):
        stripped = line.lstrip(" ")
        indent = min(len(line) - len(stripped), 40)
        lines.append("&nbsp;" * indent + html.escape(stripped.rstrip(), quote=False))
    return "<br/>".join(lines)
