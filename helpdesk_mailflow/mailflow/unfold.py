"""What was written this time, so that it is not folded again by what shows it.

Odoo's sanitiser tells quotes by itself, from marks that programs make (``gmail_quote``,
``blockquote``, …), and its chatter hides them: with answers between the parts of a quote, or in
an indented block, that is the whole message. What is shown loses these marks and keeps its looks.
"""

import re

from lxml import etree
from lxml.html import HtmlElement

from .html_tree import MAX_DEPTH, inner, parse

# What Odoo's tag_quote looks for in classes and ids.
_NAMES = (
    r"gmail_extra|gmail_quote|gmail_signature|SkyDrivePlaceholder|stopSpelling|yahoo_quoted"
    r"|odoo_signature_wrapper|appendonsend|divRplyFwdMsg"
)
_MARKS = re.compile(rf"{_NAMES}|^Signature$")
_ANY = re.compile(rf"{_NAMES}|Signature|blockquote|data-o-mail|--", re.IGNORECASE)
_FOLDS = "data-o-mail-"
_DELIMITER = re.compile(r"(?:^|\n)--\s?$")
_QUOTE_STYLE = "margin:0 0 0 0.8ex;border-left:1px solid #ccc;padding-left:1ex"


def unfolded(markup: str) -> str:
    """HTML that says and looks the same, without marks of quotes and signatures.

    :param markup: tamed (:func:`.html.tame`), not sanitised; neither is the result
    """
    if not _ANY.search(markup):
        return markup
    body = parse(markup)
    if body is None or _is_deep(body):
        return markup
    changed = False
    for element in list(body.iter(etree.Element)):
        changed = _unmark(element) or changed
    return inner(body) if changed else markup


def _is_deep(body) -> bool:
    level = 0
    for event, _element in etree.iterwalk(body, events=("start", "end")):
        level += 1 if event == "start" else -1
        if level > MAX_DEPTH:
            return True
    return False


def _unmark(element) -> bool:
    """Take the marks off an element; whether it had any."""
    marks = [name for name in element.attrib if name.lower().startswith(_FOLDS)]
    for name in marks:
        del element.attrib[name]
    changed = bool(marks)
    if _MARKS.search(element.get("id") or ""):
        del element.attrib["id"]
        changed = True
    classes = (element.get("class") or "").split()
    kept = [each for each in classes if not _MARKS.search(each)]
    if kept != classes:
        element.set("class", " ".join(kept))
        changed = True
    if element.tag == "blockquote":
        element.tag = "div"
        if not element.get("style"):
            element.set("style", _QUOTE_STYLE)
        changed = True
    if element.text and _DELIMITER.search(element.text) and element.find("br") is not None:
        # begins a signature for Odoo, and all that follows is folded with it
        text = HtmlElement()
        text.tag = "span"
        text.text, element.text = element.text, None
        element.insert(0, text)
        changed = True
    return changed
