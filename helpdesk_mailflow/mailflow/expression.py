"""Whether a regular expression can be used, and if not, which piece of it is at fault.

The engine is RE2: linear in the length of the text, and so without look-around and
back-references. Its own messages name the whole expression in some cases and the first
characters of a construct in others; here the faulty piece is named as the user typed it.
"""

import re
from collections.abc import Iterator

import re2

#: Characters of a pattern.
MAX_TEXT = 2000
#: Instructions of a compiled expression. See :data:`.pattern.BUDGET`.
MAX_PROGRAM = 5000
#: What :class:`PatternError` may give as its reason.
REASONS = (
    "atomic_group",
    "backreference",
    "bad_character",
    "bad_class",
    "bad_escape",
    "bad_group",
    "bad_group_name",
    "bad_repeat",
    "bad_syntax",
    "duplicate_group",
    "empty",
    "header_missing",
    "lookaround",
    "missing_bracket",
    "missing_parenthesis",
    "too_large",
    "too_long",
    "unexpected_parenthesis",
)

#: Octets that an expression and the automaton that grows from it may take.
MAX_MEMORY = 2 << 20

_PIECE = 60  # characters of an expression that an error repeats
_LOOKAROUND = re.compile(r"\(\?<?[=!]")
_BACKREFERENCE = re.compile(
    r"\\[1-9]\d?(?!\d)|\\g(?:\d+|\{[^}]*\}|<[^>]*>)|\\k(?:<[^>]*>|\{[^}]*\}|'[^']*')"
    r"|\(\?P=[^)]*\)?"
)
_ATOMIC = re.compile(r"\(\?>")
_NAMED = re.compile(r"\(\?P?<([^>]*)>")
_QUOTED = re.compile(r"\\Q.*?(?:\\E|\Z)", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:x\{[^}]*\}|x[0-9A-Fa-f]{1,2}|[1-7][0-7]{1,2}|0[0-7]{0,2}|[pP]\{[^}]*\}|[pP]?.)",
    re.DOTALL,
)
_CLASS_NAME = re.compile(r"\[:\^?\w*:\]")
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
#: How RE2 says it -> the reason; what follows is the piece.
_MESSAGES = {
    "missing )": "missing_parenthesis",
    "unexpected )": "unexpected_parenthesis",
    "missing ]": "missing_bracket",
    "bad repetition operator": "bad_repeat",
    "no argument for repetition operator": "bad_repeat",
    "invalid repetition size": "bad_repeat",
    "invalid perl operator": "bad_group",
    "invalid escape sequence": "bad_escape",
    "trailing \\": "bad_escape",
    "invalid character class range": "bad_class",
    "invalid character class": "bad_class",
    "invalid named capture group": "bad_group_name",
    "duplicate capture group name": "duplicate_group",
    "pattern too large": "too_large",
    "expression nests too deeply": "too_large",
    "invalid UTF-8": "bad_character",
}


class PatternError(ValueError):
    """A pattern that cannot be used.

    :param reason: one of :data:`REASONS`
    :param piece: of the pattern, as the user typed it; ``""`` when all of it is meant
    """

    def __init__(self, reason: str, piece: str = ""):
        self.reason = reason
        self.piece = piece if len(piece) <= _PIECE else piece[: _PIECE - 1] + "…"
        super().__init__(f"{reason}: {self.piece}" if piece else reason)


def options(exact: bool, capture: bool = False) -> re2.Options:
    """How expressions are compiled: without a word on stderr, which RE2 is fond of."""
    wanted = re2.Options()
    wanted.log_errors = False
    wanted.max_mem = MAX_MEMORY
    wanted.case_sensitive = exact
    wanted.never_capture = not capture
    return wanted


def check_expression(text: str) -> None:
    """Check an expression as it was typed.

    :raise PatternError: RE2 does not take it, it is too large, or two groups have one name
    """
    _check_pieces(text)
    compile_expression(text, exact=True)


def compile_expression(text: str, exact: bool, capture: bool = False):
    """Compile an expression.

    :param capture: with its groups; else only whether and where it matches
    :raise PatternError:
    """
    try:
        compiled = re2.compile(text, options(exact, capture))
    except re2.error as error:
        raise _explained(text, error) from error
    if compiled.programsize > MAX_PROGRAM:
        raise PatternError("too_large")
    return compiled


def _explained(text: str, error: re2.error) -> PatternError:
    said = error.args[0] if error.args else b""
    message = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    for start, reason in _MESSAGES.items():
        if not message.startswith(start):
            continue
        piece = message[len(start) :].removeprefix(":").strip(" ")
        if reason == "too_large":
            return PatternError(reason)
        if message.startswith("trailing"):
            return PatternError(reason, "\\")
        if message.startswith("invalid repetition size"):
            found = _REPEAT.fullmatch(piece)
            turned = found and found[2] and int(found[2]) < int(found[1])
            return PatternError("bad_repeat" if turned else "too_large", piece)
        if reason in ("missing_parenthesis", "unexpected_parenthesis"):
            piece = _unbalanced(text) or piece
        return PatternError(reason, piece)
    return PatternError("bad_syntax", text)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """What stands outside of classes, piece by piece, with its place: an escape, or the rest
    from an unescaped character on."""
    at, in_class = 0, -1
    while at < len(text):
        char = text[at]
        if char == "\\":
            quoted = _QUOTED.match(text, at)
            found = quoted or _ESCAPE.match(text, at)
            if in_class < 0 and not quoted:
                yield at, text[at:]
            at = found.end() if found else at + 1
            continue
        if in_class >= 0:
            name = _CLASS_NAME.match(text, at)
            if char == "]" and at > in_class:
                in_class = -1
            at = name.end() if name else at + 1
            continue
        if char == "[":
            in_class = at + (2 if text.startswith("[^", at) else 1)
            at = in_class
            continue
        yield at, text[at:]
        at += 1


def _check_pieces(text: str) -> None:
    """What RE2 does not know, or knows under another name."""
    names: set[str] = set()
    for at, rest in _pieces(text):
        if rest[0] not in "\\(":
            continue
        for reason, shape in (
            ("lookaround", _LOOKAROUND),
            ("backreference", _BACKREFERENCE),
            ("atomic_group", _ATOMIC),
        ):
            if found := shape.match(rest):
                raise PatternError(reason, found[0])
        if rest.startswith("\\C"):
            raise PatternError("bad_escape", "\\C")  # one octet of a character
        if found := _NAMED.match(text, at):
            if found[1] in names:
                raise PatternError("duplicate_group", found[0])
            names.add(found[1])


def _unbalanced(text: str) -> str:
    """From the parenthesis on that has no partner."""
    opened: list[int] = []
    for at, rest in _pieces(text):
        if rest[0] == "(":
            opened.append(at)
        elif rest[0] == ")":
            if not opened:
                return rest
            opened.pop()
    return text[opened[-1] :] if opened else ""
