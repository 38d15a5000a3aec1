"""The results in an Authentication-Results header (RFC 8601), by ``authres``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import authres
import authres.arc
import authres.dmarc

#: Characters; a header of a real server is below 2,000.
MAX_HEADER = 10_000
_PIECES = 200  # results in a header; more are not of a real server

#: Words of RFC 8601 section 2.7 and RFC 7489 section 11.2 that a result may have here.
RESULTS = (
    "pass",
    "fail",
    "softfail",
    "neutral",
    "none",
    "policy",
    "temperror",
    "permerror",
    "other",
)
# As some servers spell them.
_SPELLINGS = {"hardfail": "fail", "unknown": "none", "error": "temperror", "bestguesspass": "none"}
#: Methods that are looked at.
_METHODS = ("spf", "dkim", "dmarc", "auth", "arc", "compauth")

_FEATURES = authres.FeatureContext(authres.dmarc, authres.arc)
COMMENTS = r"\s*(?:\([^()]{0,200}\)\s*){0,5}"
#: How a result begins: ``spf=pass``.
METHOD = re.compile(
    COMMENTS + r"([a-z][a-z0-9.-]{0,40})\s*(?:/\s*\d{1,9}\s*)?=\s*([a-z]{1,40})?", re.I
)


@dataclass(frozen=True)
class Result:
    """One result of a report.

    :param word: one of :data:`RESULTS`
    :param read: what belongs to it could be read, too
    """

    method: str
    word: str
    read: bool = False
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()

    def property(self, *names: str) -> str:
        """The first value of a property, such as ``header.d``; ``""`` without one."""
        for wanted in names:
            for name, value in self.properties:
                if name == wanted and value:
                    return value
        return ""


@dataclass(frozen=True)
class Report:
    """The results of headers that belong together.

    :param whole: all could be read
    """

    results: tuple[Result, ...]
    whole: bool

    @classmethod
    def of(cls, values: Iterable[str]) -> "Report":
        """Read headers; what is their name makes no difference."""
        results, whole = [], True
        for value in values:
            pieces = _pieces(value)
            if pieces is None:
                whole = False
                continue
            results += filter(None, map(_result, pieces))
        return cls(tuple(results), whole)

    def by(self, method: str) -> list[Result]:
        """The results of a method."""
        return [each for each in self.results if each.method == method]


def _pieces(value: str) -> list[str] | None:
    """What semicolons separate, without comments; None if it cannot be read.

    A server repeats what the sender chose (the envelope sender, for one), so semicolons in quotes
    and comments separate nothing.
    """
    if len(value) > MAX_HEADER:
        return None
    pieces, piece, depth, quoted, escaped = [], [], 0, False, False
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif depth:
            depth += (char == "(") - (char == ")")
            continue
        elif char == '"':
            quoted = not quoted
        elif quoted:
            pass
        elif char == "(":
            depth = 1
            piece.append(" ")
            continue
        elif char == ";":
            pieces.append("".join(piece).strip())
            piece = []
            continue
        if not depth:
            piece.append(char)
    if depth or quoted or len(pieces) > _PIECES:
        return None
    return [*pieces, "".join(piece).strip()]


def _result(piece: str) -> Result | None:
    """One result; None if it is none. Names of servers and what Exchange puts between results are
    none, either."""
    found = METHOD.match(piece)
    if not found:
        return None
    method, word = found[1].lower(), _word(found[2] or "")
    if method not in _METHODS:
        return None
    try:
        (result,) = _FEATURES.parse_value(f"x; {piece}").results
    except (authres.AuthResError, ValueError, RecursionError):
        return Result(method, word)
    properties = tuple(
        (f"{each.type}.{each.name}".lower(), str(each.value or "")) for each in result.properties
    )
    return Result(method, _word(result.result), True, str(result.reason or ""), properties)


def _word(word: str) -> str:
    word = word.lower()
    word = _SPELLINGS.get(word, word)
    return word if word in RESULTS else "other"


def common_word(results: list[Result]) -> str:
    """The word of results that agree; a failure counts more than the others."""
    words = {each.word for each in results}
    if "fail" in words:
        return "fail"
    return words.pop() if len(words) == 1 else "other" if words else ""
