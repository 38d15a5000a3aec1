"""Text as conditions compare it: case, accents and white space do not matter.

Folded text is what the ledger stores, so that memory and database compare the same
characters, whatever locale the database has.
"""

import re
import unicodedata
from collections.abc import Iterable

_SPACE = re.compile(r"\s+")
_NOT_ASCII = re.compile(r"([^\x00-\x7f]+)")
#: More rounds than folding a character needs; see :class:`_Folded`.
_ROUNDS = 4


class _Folded(dict):
    """Code point -> folded, for ``str.translate``; grows with the characters that occur."""

    def __missing__(self, code: int) -> str:
        text = chr(code)
        for _round in range(_ROUNDS):
            # what one of the two makes may be something for the other: ℌ becomes H, İ an i
            # with a dot above
            decomposed = unicodedata.normalize("NFKD", text.casefold())
            folded = "".join(each for each in decomposed if not unicodedata.combining(each))
            if folded == text:
                break
            text = folded
        self[code] = text
        return text


_FOLDED = _Folded()


def fold(text: str) -> str:
    """Case, compatibility forms and accents folded (Unicode 3.13 and UAX 15), each run of
    white space one space. Folding what is folded changes nothing, and folding the pieces of a
    text gives the pieces of the folded text.

    >>> fold("Straße  CAFÉ")
    'strasse cafe'
    """
    if not text.isascii():
        pieces = _NOT_ASCII.split(text)
        pieces[::2] = [piece.lower() for piece in pieces[::2]]
        pieces[1::2] = [piece.translate(_FOLDED) for piece in pieces[1::2]]
        return _SPACE.sub(" ", "".join(pieces))
    return _SPACE.sub(" ", text.lower())


def frame(lines: Iterable[str]) -> str:
    """Several texts as one, each folded and between line ends; ``""`` if there are none.

    A line end never comes out of :func:`fold`, so that *contains*, *is*, *starts with* and
    *ends with* are each the search for one substring, see :func:`needle`.

    >>> frame(["Marta", "ACORN"])
    '\\nmarta\\nacorn\\n'
    """
    folded = [each for each in (fold(line).strip() for line in lines) if each]
    return "\n" + "\n".join(folded) + "\n" if folded else ""


def needle(text: str, starts: bool = False, ends: bool = False) -> str:
    """What to look for in a framed text.

    :param starts: a line has to start with it
    :param ends: a line has to end with it; both: it is the whole line
    :raise ValueError: nothing is left of it to look for
    """
    folded = fold(text)
    if starts:
        folded = folded.lstrip()
    if ends:
        folded = folded.rstrip()
    if not folded.strip():
        raise ValueError("nothing to look for")
    return ("\n" if starts else "") + folded + ("\n" if ends else "")
