"""Placeholders in braces, such as ``{ticket_number}``, in subjects and in HTML.

Each is replaced once: what a value holds is never read as a placeholder again, nor as HTML
unless it was given as such. So a customer who is called ``{answer}`` or ``<b>`` changes nothing.
"""

import html
import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote

from lxml import etree
from lxml.html import document_fromstring

PLACEHOLDER = re.compile(r"\{\s?([a-z][a-z_]{1,40})\s?\}")
_IN_ADDRESS = re.compile(r"(?:\{|%7[Bb])(?:%20)?([a-z][a-z_]{1,40})(?:%20)?(?:\}|%7[Dd])")
_ADDRESSES = ("href", "src")
_TEXTS = ("alt", "title")
_SPACES = re.compile(r"\s+")
#: Nodes that end where a block begins, so they have to be another node then.
_NO_BLOCKS_WITHIN = {"p", "h1", "h2", "h3", "h4", "h5", "h6"}


def placeholders(text: str) -> list[str]:
    """The names of the placeholders in a text or HTML, each once."""
    return list(dict.fromkeys([*PLACEHOLDER.findall(text), *_IN_ADDRESS.findall(text)]))


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders replaced, on one line. Unknown ones stay as they are."""
    filled = PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
    return _SPACES.sub(" ", filled).strip()


def fill_html(
    markup: str,
    texts: Mapping[str, str],
    blocks: Mapping[str, str],
    addresses: Mapping[str, str] = {},
) -> str:
    """HTML with its placeholders replaced. Unknown ones stay as they are.

    :param markup: sanitised
    :param texts: values that are plain text; they are escaped
    :param blocks: values that are HTML of their own, sanitised and complete. A paragraph that
        holds nothing but one that is empty goes.
    :param addresses: values that may be the whole of a link's address. In addresses all others
        are quoted, so that none of them can be ``javascript:``.
    """
    if not markup or not markup.strip():
        return ""
    body = document_fromstring(f"<div>{markup}</div>").find("body")
    nonce = secrets.token_hex(8)  # nobody who chose a value can know it

    def mark(text: str) -> str:
        return PLACEHOLDER.sub(
            lambda match: (
                f"\ue000{nonce}:{match[1]}\ue001"
                if match[1] in texts or match[1] in blocks
                else match[0]
            ),
            text,
        )

    for element in list(body.iter(etree.Element)):
        _fill_attributes(element, texts, addresses)
        held = [
            name
            for text in (element.text, *(child.tail for child in element))
            for name in PLACEHOLDER.findall(text or "")
            if name in blocks
        ]
        if held and _is_left_empty(element, texts, blocks):
            element.drop_tree()
            continue
        if held and element.tag in _NO_BLOCKS_WITHIN:
            element.tag = "div"
        if element.text:
            element.text = mark(element.text)
        for child in element:
            if child.tail:
                child.tail = mark(child.tail)
    filled = etree.tostring(body[0], encoding="unicode", method="html", with_tail=False)
    filled = filled.removeprefix("<div>").removesuffix("</div>")

    def value(match: re.Match) -> str:
        if match[1] in blocks:
            return blocks[match[1]]
        return html.escape(texts[match[1]], quote=False)

    return re.sub(f"\ue000{nonce}:([a-z_]+)\ue001", value, filled)


def _is_left_empty(element, texts, blocks) -> bool:
    """Whether nothing is to be seen of a paragraph once its placeholders are replaced."""
    if len(element) or element.tag not in {*_NO_BLOCKS_WITHIN, "div"}:
        return False
    if element.getparent().tag == "body":
        return False

    def value(match):
        return blocks.get(match[1]) or texts.get(match[1]) or ("" if match[1] in blocks else "x")

    return not PLACEHOLDER.sub(value, element.text or "").strip(" \t\r\n\xa0")


def _fill_attributes(element, texts, addresses) -> None:
    for name in _TEXTS:
        if name in element.attrib:
            element.set(name, fill_text(element.get(name), texts))
    for name in _ADDRESSES:
        address = element.get(name)
        if not address or not _IN_ADDRESS.search(address):
            continue
        whole = _IN_ADDRESS.fullmatch(address.strip())
        if whole and whole[1] in addresses:
            element.set(name, addresses[whole[1]])
            continue
        element.set(
            name,
            _IN_ADDRESS.sub(
                lambda match: quote(texts[match[1]], safe="") if match[1] in texts else match[0],
                address,
            ),
        )
