"""Text without accents but with its case and white space, for regular expressions.

:func:`.fold.fold` will not do for them: it changes white space, and nobody can fold a regular
expression (``\\S`` is not ``\\s``). So text and expression lose their accents, the engine
ignores the case, and places in the plain text lead back to the text as it was.
"""

import re
import unicodedata
from bisect import bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate

#: Characters that are looked at one by one to find a place.
_CHUNK = 4096
#: The letters that have a plain form lie below; what is beyond is only looked up singly.
_RANGE_END = 0x10000
_SPECIAL = frozenset("\\.+*?()|[]{}^$-")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_HEX = re.compile(r"\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))")
_OCTAL = re.compile(r"\\(0[0-7]{0,2}|[1-7][0-7]{1,2})")
_PROPERTY = re.compile(r"\\[pP](?:\{[^}]*\}|.)", re.DOTALL)
_CLASS_NAME = re.compile(r"\[:\^?[a-z]+:\]")
_GROUP_NAME = re.compile(r"\(\?P?<[^>]*>")
_QUOTE_START, _QUOTE_END = "\\Q", "\\E"


class _Plain(dict):
    """Code point -> its plain form, for ``str.translate``; grows with the characters seen."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        parts = unicodedata.normalize("NFKD", char)
        if parts == char and len(char.casefold()) > 1:
            parts = char.casefold()  # ß, which has no capital form of one letter in most texts
        kept = "".join(each for each in parts if not unicodedata.combining(each))
        plain = unicodedata.normalize("NFC", kept)  # syllables of Hangul stay one character
        self[code] = plain
        return plain


_PLAIN = _Plain()


def plain(text: str) -> str:
    """The text without accents and compatibility forms; case and white space stay.

    >>> plain("Crème  Brûlée ½ Straße")
    'Creme  Brulee 1⁄2 Strasse'
    """
    return text if text.isascii() else text.translate(_PLAIN)


class PlainText:
    """A text, its plain form, and the way back."""

    def __init__(self, text: str):
        self.original = text
        self.text = plain(text)

    @cached_property
    def _chunks(self) -> list[int]:
        """Where each chunk of the original begins in the plain text."""
        text = self.original
        lengths = (len(plain(text[at : at + _CHUNK])) for at in range(0, len(text), _CHUNK))
        return list(accumulate(lengths, initial=0))

    def origin(self, start: int, end: int) -> str:
        """What of the original has become ``text[start:end]``, accents behind it included."""
        if self.text is self.original or start == end:
            return self.original[start:end]
        first, last = self._place(start), self._place(end - 1) + 1
        while last < len(self.original) and not plain(self.original[last]):
            last += 1
        return self.original[first:last]

    def _place(self, position: int) -> int:
        """Index in the original of the character that has become the one at a position."""
        chunk = bisect_right(self._chunks, position) - 1
        at, reached = chunk * _CHUNK, self._chunks[chunk]
        while True:
            reached += len(plain(self.original[at]))
            if reached > position:
                return at
            at += 1


@lru_cache(maxsize=1024)
def plain_expression(text: str) -> str:
    """A regular expression that finds in plain text what ``text`` finds in the original.

    :param text: valid in the syntax of RE2
    """
    if text.isascii() and "\\" not in text:
        return text
    return _Rewriter(text).expression()


def _literal(char: str) -> str:
    """A character as part of an expression."""
    return f"\\{char}" if char in _SPECIAL else char


class _Rewriter:
    """Goes once through an expression, replacing what stands for a character."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0

    def expression(self) -> str:
        out: list[str] = []
        while self.at < len(self.text):
            if self.text.startswith(_QUOTE_START, self.at):
                out.extend(_outside(char) for char in self._quoted())
            elif self.text[self.at] == "[":
                out.append(self._class())
            elif name := _GROUP_NAME.match(self.text, self.at):
                out.append(name[0])
                self.at = name.end()
            else:
                piece, char = self._one()
                out.append(piece if char is None else _outside(char, piece))
        return "".join(out)

    def _quoted(self) -> str:
        begin = self.at + len(_QUOTE_START)
        end = self.text.find(_QUOTE_END, begin)
        stop = len(self.text) if end < 0 else end
        self.at = stop if end < 0 else end + len(_QUOTE_END)
        return self.text[begin:stop]

    def _one(self) -> tuple[str, str | None]:
        """The next piece, and the character that it stands for unless it is none beyond ASCII."""
        begin = self.at
        for shape in (_HEX, _OCTAL):
            if found := shape.match(self.text, begin):
                self.at = found.end()
                digits = found[1] or found[2] if shape is _HEX else found[1]
                return found[0], _character(int(digits, 16 if shape is _HEX else 8))
        if found := _PROPERTY.match(self.text, begin):
            self.at = found.end()
            return found[0], None
        self.at += 2 if self.text[begin] == "\\" else 1
        piece = self.text[begin : self.at]
        return piece, None if len(piece) > 1 or piece.isascii() else piece

    def _class(self) -> str:
        """A character class: what its characters look like without accents is added to it."""
        begin = self.at
        self.at += 2 if self.text.startswith("[^", begin) else 1
        added: dict[str, None] = {}
        first = True
        while self.at < len(self.text) and (first or self.text[self.at] != "]"):
            first = False
            if name := _CLASS_NAME.match(self.text, self.at):
                self.at = name.end()
                continue
            low = high = self._one()[1]
            if self._is_range():
                self.at += 1
                high = self._one()[1]
            if high is not None:
                found = _plain_of_range(ord(low) if low else 0, ord(high))
                added.update(dict.fromkeys(found))
        end = self.at
        self.at += 1
        return self.text[begin:end] + "".join(_literal(char) for char in added) + "]"

    def _is_range(self) -> bool:
        return self.text[self.at : self.at + 1] == "-" and self.text[self.at + 1 :][:1] != "]"


def _character(code: int) -> str | None:
    return chr(code) if 0x80 <= code <= 0x10FFFF else None


def _outside(char: str, piece: str | None = None) -> str:
    """A character outside of a class, as it looks without accents."""
    form = plain(char)
    if form == char:
        return _literal(char) if piece is None else piece
    escaped = "".join(_literal(each) for each in form)
    return f"(?:{escaped})" if len(form) > 1 else escaped


@lru_cache(maxsize=256)
def _plain_of_range(low: int, high: int) -> tuple[str, ...]:
    """Letters and digits that characters of a range look like without accents."""
    codes = range(max(low, 0x80), min(high, _RANGE_END - 1) + 1) if high > low else (high,)
    found: dict[str, None] = {}
    for code in codes:
        char = chr(code)
        form = plain(char)
        if form != char:
            found.update(dict.fromkeys(each for each in form if each.isalnum()))
    return tuple(found)
