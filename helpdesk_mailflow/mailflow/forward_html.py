"""The lines of an HTML body with their places, and the body cut into pieces at such places."""

import re
from copy import deepcopy
from dataclasses import dataclass

from .forward_block import LINE, Line, says, squeezed
from .html_tree import BLOCKS, MAX_DEPTH, SHOWS, SILENT, Place, inner, put_mark

#: Nodes that hold a quoted or forwarded mail, by program: Gmail, Thunderbird, Yahoo, Proton.
_BOX = re.compile(r"gmail_quote|moz-forward-container|yahoo_quoted|protonmail_quote|ydp\w*quoted")
#: Nodes that hold a signature: Gmail, Thunderbird, Outlook, Proton.
_SIGNATURE = re.compile(
    r"gmail_signature|moz-signature|protonmail_signature_block"
    r"|(?:^|\s)(?:Signature|ms-outlook-mobile-signature)(?:\s|$)"
)
_OURS = re.compile(r"gmail_|yahoo_quoted|protonmail_quote|moz-|OutlookMessageHeader|ydp\w*quoted")
_RULE = "__________"
_MARK = "data-mailflow-cut"


class TooDeep(Exception):
    """The body cannot be taken apart safely."""


def lines(body) -> list[Line]:
    """The lines that a body shows.

    :raise TooDeep: it is nested too deeply
    """
    reader = _Reader()
    reader.element(body, 0, _Around())
    reader.close()
    return reader.lines


@dataclass(frozen=True)
class _Around:
    depth: int = 0
    boxes: tuple = ()
    mute: bool = False
    pre: bool = False


class _Reader:
    def __init__(self):
        self.lines: list[Line] = []
        self.pieces: list[str] = []  # of the line that is being read
        self.size = 0

    def close(self) -> None:
        """End a line."""
        if self.pieces:
            self.lines[-1].text = squeezed("".join(self.pieces))
        self.pieces, self.size = [], 0

    def line(self, place, around: _Around, text="") -> None:
        self.close()
        self.lines.append(Line(text, around.depth, place, around.boxes, (), around.mute))

    def say(self, element, where, raw, around: _Around) -> None:
        if not raw:
            return
        if not (around.pre and "\n" in raw):
            self._words(element, where, 0, raw, around)
            return
        offset = 0
        for number, piece in enumerate(raw.split("\n")):
            if number:
                if self.pieces:
                    self.close()
                else:
                    self.line(Place(element, where, offset), around)
            self._words(element, where, offset, piece, around)
            offset += len(piece) + 1

    def _words(self, element, where, offset, raw, around) -> None:
        if not says(raw):
            if self.pieces:
                self.pieces.append(" ")
            return
        if not self.pieces:
            start = offset + len(raw) - len(raw.lstrip())
            self.line(Place(element, where, start), around)
        if self.size < LINE:
            self.pieces.append(raw[:LINE])
        self.size += len(raw)

    def element(self, element, level, around: _Around) -> None:
        if level > MAX_DEPTH:
            raise TooDeep
        tag = element.tag
        if not isinstance(tag, str) or tag in SILENT:
            return
        around = _inside(element, tag, around)
        if tag == "br":
            if self.pieces:
                self.close()
            else:
                self.line(Place(element, None), around)
            return
        if tag == "hr":
            self.line(Place(element, None), around, _RULE)
            return
        block = tag in BLOCKS
        if block:
            self.close()
        elif tag in ("td", "th") and self.pieces:
            self.pieces.append(" ")
        self.say(element, "text", element.text, around)
        for child in element:
            self.element(child, level + 1, around)
            self.say(child, "tail", child.tail, around)
        if tag == "a":
            self._link(element)
        if block:
            self.close()

    def _link(self, element) -> None:
        """The address behind a link that shows a name."""
        target = (element.get("href") or "")[:400].strip()
        if target[:7].lower() == "mailto:" and self.lines and self.pieces:
            email = target[7:].partition("?")[0].strip()
            if email and "@" not in "".join(element.itertext()):
                self.lines[-1].links += (email,)


def _inside(element, tag, around: _Around) -> _Around:
    names = f"{element.get('class', '')} {element.get('id', '')}"
    depth, boxes = around.depth, around.boxes
    if tag == "blockquote" or (tag == "div" and element.get("name") == "quote"):
        depth, boxes = depth + 1, (*boxes, element)
    elif _BOX.search(names):
        boxes = (*boxes, element)
    mute = around.mute or bool(_SIGNATURE.search(names))
    pre = around.pre or tag == "pre" or "pre-" in (element.get("style") or "").lower()
    if (depth, boxes, mute, pre) == (around.depth, around.boxes, around.mute, around.pre):
        return around
    return _Around(depth, boxes, mute, pre)


# ------------------------------------------------------------
# PIECES
# ------------------------------------------------------------


def pieces(body, places: list[Place]) -> list[str]:
    """The body cut at places: what is before the first one, between each two, and behind the
    last one. Each keeps the elements around it; of those that programs make for a forwarded mail
    only the content stays.

    :param places: in the order of the body, each of another place
    """
    for number, place in reversed(list(enumerate(places))):
        put_mark(place).set(_MARK, str(number))
    result = []
    for number in range(len(places) + 1):
        part = deepcopy(body)
        marks = {each.get(_MARK): each for each in part.iter("span") if each.get(_MARK)}
        if number:
            _remove_before(part, marks[str(number - 1)])
        if number < len(places):
            _remove_after(part, marks[str(number)])
        for mark in [each for each in part.iter("span") if each.get(_MARK)]:
            mark.drop_tag()
        trim(part)
        if number:
            _open(part)
        result.append(inner(part))
    return result


def unframe(found: list[Line], depth: int) -> None:
    """Make the quotes that a program put around the original plain nodes: Odoo folds quotes.

    :param found: the lines of the original
    :param depth: how often it is quoted
    """
    frames = {}
    for line in found:
        quotes = [each for each in line.boxes if each.tag == "blockquote"]
        frames.update((each, None) for each in quotes[:depth])
    for each in frames:
        _neutralise(each)


def _remove_before(part, mark) -> None:
    node = mark
    while node is not part:
        parent = node.getparent()
        for sibling in list(node.itersiblings(preceding=True)):
            parent.remove(sibling)
        parent.text = None
        if parent is not part:
            _neutralise(parent)
        node = parent


def _remove_after(part, mark) -> None:
    mark.tail = None
    node = mark
    while node is not part:
        parent = node.getparent()
        for sibling in list(node.itersiblings()):
            parent.remove(sibling)
        if parent is not part:
            parent.tail = None
        node = parent


def _neutralise(element) -> None:
    """Leave nothing of a program's frame around a forwarded mail: Odoo folds such quotes."""
    if element.tag == "blockquote":
        element.tag = "div"
        element.attrib.clear()
    names = f"{element.get('class', '')} {element.get('id', '')}"
    if _OURS.search(names) or element.get("name") == "quote":
        for name in ("class", "id", "name", "style"):
            element.attrib.pop(name, None)
    element.attrib.pop("id", None)


def _open(part) -> None:
    """The only element of a piece is a frame, too."""
    node = part
    while len(node) == 1 and not says(node.text) and not says(node[0].tail):
        node = node[0]
        if node.tag not in ("div", "blockquote"):
            break
        _neutralise(node)


def trim(element) -> None:
    """Take out what shows nothing, and rules, at both ends of an element."""
    node = element
    while len(node) and not says(node[-1].tail):
        if not _says(node[-1]):
            node.remove(node[-1])
        else:
            node[-1].tail = None
            node = node[-1]
    node = element
    while len(node) and not says(node.text):
        if _says(node[0]):
            node = node[0]
        elif says(node[0].tail):
            node.text, child = node[0].tail, node[0]
            child.tail = None
            node.remove(child)
        else:
            node[0].tail = None
            node.remove(node[0])


def _says(element) -> bool:
    """Whether an element, without what follows it, shows anything."""
    if not isinstance(element.tag, str):
        return False
    if element.tag in SHOWS or says(element.text):
        return True
    return any(
        (isinstance(each.tag, str) and (each.tag in SHOWS or says(each.text))) or says(each.tail)
        for each in element.iterdescendants()
    )
