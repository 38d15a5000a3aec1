"""Named patterns: what a condition asks of a mail that no field holds.

A regular expression, or the search for a text, in a header by its name, in the whole line of
any header, in the subject, the body or the names of attachments. Each header, each name and the
body as a whole is one *value*; one that matches is enough.

- Without ``exact`` neither case nor accents matter. Texts are compared as conditions do
  (:mod:`.fold`: white space does not matter either). A regular expression looks at the text
  without accents, with its white space (:mod:`.plain`), and ignores the case unless it says
  otherwise itself (``(?-i:…)``).
- In a body ``^`` and ``$`` stand for the ends of each line, ``\\A`` and ``\\z`` for those of the
  body. ``.`` does not match a line end (``(?s)`` changes that).
- The engine is RE2: no expression takes more than linear time. What is linear may still be slow
  when an expression is large, so a large one looks at the beginning of a long text only, see
  :data:`BUDGET`.
- ``\\w``, ``\\b``, ``\\d`` and ``\\s`` are those of ASCII, ``\\pL`` is a letter of any language.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import re2

from .expression import (
    MAX_TEXT,
    PatternError,
    check_expression,
    compile_expression,
    options,
)
from .fold import frame, needle
from .mail import Mail
from .plain import PlainText, plain_expression

__all__ = [
    "OPERATORS",
    "WHERE",
    "Pattern",
    "PatternError",
    "PatternSet",
    "Texts",
    "check",
    "group_names",
    "texts_of",
    "texts_of_lines",
]

WHERE = ("header", "any_header", "subject", "body", "attachment")
OPERATORS = ("regex", "contains", "is", "starts", "ends")
#: Octets of a text times instructions of an expression. RE2 needs up to half a second for them
#: when it has to try all instructions at each octet. A usual expression has below 100, so it
#: looks at 600 kB at least; see also :data:`.expression.MAX_PROGRAM`.
BUDGET = 60_000_000
#: Octets that the largest expression looks at.
MIN_REACH = 40_000
#: Octets of a match within which its groups are looked for.
MAX_GROUPS = 100_000
#: From that many on, patterns are tried only where the letters that they need occur.
_FILTER_FROM = 4
#: And that many share a filter, since its memory is bounded.
_FILTER_SIZE = 200
#: In each text that is filtered, so that a filter out of memory shows.
_SENTINEL = "\x01\x02 mailflow \x02\x01"


@dataclass(frozen=True)
class Pattern:
    """One named pattern.

    :param where: one of :data:`WHERE`
    :param header: name of the header, of ``where`` "header" only
    :param operator: one of :data:`OPERATORS`
    :param text: what the user typed
    :param exact: case and accents matter
    """

    id: int
    where: str
    header: str
    operator: str
    text: str
    exact: bool = False


@dataclass(frozen=True)
class Texts:
    """What patterns look at.

    :param headers: name and value, decoded, each run of white space one space
    :param attachments: names
    """

    headers: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    body: str = ""
    attachments: tuple[str, ...] = ()


def texts_of(mail: Mail) -> Texts:
    """The texts of a mail as read: the same as :func:`texts_of_lines` gives of a stored one."""
    headers = tuple((name, " ".join(value.split())) for name, value in mail.headers)
    names = tuple(attachment.name for attachment in mail.attachments)
    return Texts(headers, mail.subject, mail.text, names)


def texts_of_lines(
    header_lines: str, body: str, subject: str, attachments: Iterable[str] = ()
) -> Texts:
    """The texts of a mail as stored.

    :param header_lines: one "Name: value" a line, each run of white space one space
    :param attachments: names
    """
    pairs = (line.partition(":") for line in header_lines.split("\n") if line)
    headers = tuple((name, value.removeprefix(" ")) for name, _colon, value in pairs)
    return Texts(headers, subject, body, tuple(attachments))


def check(pattern: Pattern) -> None:
    """Check a pattern before it is stored.

    :raise PatternError: it cannot be used; see there
    """
    if pattern.where not in WHERE or pattern.operator not in OPERATORS:
        raise ValueError(f"no such pattern: {pattern.where} {pattern.operator}")
    if pattern.where == "header" and not _name(pattern):
        raise PatternError("header_missing")
    if len(pattern.text) > MAX_TEXT:
        raise PatternError("too_long")
    if not pattern.text.strip():
        raise PatternError("empty")
    try:
        pattern.text.encode()
    except UnicodeEncodeError as error:
        raise PatternError("bad_character") from error
    if pattern.operator == "regex":
        check_expression(pattern.text)
    _test(pattern)


def group_names(pattern: Pattern) -> tuple[str, ...]:
    """Names of the groups of a pattern, in their order.

    :raise PatternError: the pattern cannot be used
    """
    return _Expression(pattern).names if pattern.operator == "regex" else ()


class PatternSet:
    """Patterns made ready once, for many mails.

    A pattern that cannot be used (any more) never matches, and is named in :attr:`faults`.
    """

    def __init__(self, patterns: Iterable[Pattern]):
        self.faults: dict[int, PatternError] = {}
        self._expressions: dict[int, _Expression] = {}
        tests: dict[tuple, list] = {}
        for pattern in patterns:
            try:
                check(pattern)
                test = _test(pattern)
            except PatternError as error:
                self.faults[pattern.id] = error
                continue
            if isinstance(test, _Expression):
                self._expressions[pattern.id] = test
            key = (pattern.where, _name(pattern), type(test), pattern.exact)
            tests.setdefault(key, []).append(test)
        self._groups = [
            (where, name, _Filtered(found[at : at + _FILTER_SIZE]))
            for (where, name, *_kind), found in tests.items()
            for at in range(0, len(found), _FILTER_SIZE)
        ]

    def matches(self, texts: Texts) -> frozenset[int]:
        """Ids of the patterns that match. Raises on no text."""
        values: dict[tuple[str, str], list[_Value]] = {}
        found: set[int] = set()
        for where, name, tests in self._groups:
            key = (where, name)
            if key not in values:
                values[key] = _values(texts, where, name)
            if values[key]:
                found.update(tests.matches(values[key]))
        return frozenset(found)

    def groups(self, pattern_id: int, texts: Texts) -> dict[str, str]:
        """What the named groups of a regular expression hold, in the first value that it matches.

        :return: name -> a piece of the text as written. ``""`` for a group that takes no part,
            for all when the pattern does not match, or when its match is beyond
            :data:`MAX_GROUPS`. Empty for patterns of another kind and unknown ones.
        """
        expression = self._expressions.get(pattern_id)
        if expression is None or not expression.names:
            return {}
        pattern = expression.pattern
        for value in _values(texts, pattern.where, _name(pattern)):
            found = expression.groups(value)
            if found is not None:
                return found
        return dict.fromkeys(expression.names, "")


class _Value:
    """A value in the forms that tests look at, each made when first needed."""

    def __init__(self, text: str):
        self.text = text

    @cached_property
    def framed(self) -> str:
        return frame([self.text])

    @cached_property
    def stripped(self) -> str:
        return self.text.strip()

    @cached_property
    def plain(self) -> PlainText:
        return PlainText(self.text)

    @cached_property
    def octets(self) -> bytes:
        return _octets(self.text)

    @cached_property
    def plain_octets(self) -> bytes:
        return self.octets if self.text.isascii() else _octets(self.plain.text)


def _octets(text: str) -> bytes:
    # a lone surrogate has no form in UTF-8; one character stays one character
    return text.encode("utf-8", "replace")


def _name(pattern: Pattern) -> str:
    if pattern.where != "header":
        return ""
    return pattern.header.strip().rstrip(":").strip().lower()


def _values(texts: Texts, where: str, name: str) -> list[_Value]:
    if where == "subject":
        return [_Value(texts.subject)]
    if where == "body":
        return [_Value(texts.body)]
    if where == "attachment":
        return [_Value(each) for each in texts.attachments]
    if where == "any_header":
        return [_Value(f"{each}: {value}") for each, value in texts.headers]
    return [_Value(value) for each, value in texts.headers if each.lower() == name]


class _Expression:
    """A regular expression, exact or not."""

    def __init__(self, pattern: Pattern):
        self.pattern = pattern
        self.id = pattern.id
        text = pattern.text if pattern.exact else plain_expression(pattern.text)
        self.source = f"(?m){text}" if pattern.where == "body" else text
        self.options = options(pattern.exact)
        self._search = compile_expression(self.source, pattern.exact)
        self._reach = max(BUDGET // max(self._search.programsize, 1), MIN_REACH)

    @cached_property
    def _capturing(self):
        return compile_expression(self.source, self.pattern.exact, capture=True)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self._index)

    @cached_property
    def _index(self) -> dict[str, int]:
        return dict(sorted(self._capturing.groupindex.items(), key=lambda item: item[1]))

    def look_at(self, value: _Value) -> bytes:
        return value.octets if self.pattern.exact else value.plain_octets

    def matches(self, value: _Value) -> bool:
        return self._search.search(self.look_at(value), 0, self._reach) is not None

    def groups(self, value: _Value) -> dict[str, str] | None:
        """The named groups in a value, None if it does not match."""
        octets = self.look_at(value)
        whole = self._search.search(octets, 0, self._reach)
        if whole is None:
            return None
        # Groups cost far more than the place of the match, so they are looked for there only.
        begin, end = whole.span()
        end = min(end, begin + MAX_GROUPS)
        match = self._capturing.match(octets, begin, end)
        if match is None:
            return dict.fromkeys(self.names, "")
        return {
            name: self._original(value, octets, match.span(number))
            for name, number in self._index.items()
        }

    def _original(self, value: _Value, octets: bytes, span: tuple[int, int]) -> str:
        start, end = span
        if start < 0:
            return ""
        before = start if octets.isascii() else len(octets[:start].decode("utf-8", "replace"))
        length = len(octets[start:end].decode("utf-8", "replace"))
        if self.pattern.exact:
            return value.text[before : before + length]
        return value.plain.origin(before, before + length)


class _Needle:
    """A text to look for without regard to case, accents and white space."""

    def __init__(self, pattern: Pattern):
        self.id = pattern.id
        self.options = options(exact=True)
        starts = pattern.operator in ("is", "starts")
        ends = pattern.operator in ("is", "ends")
        try:
            self.needle = needle(pattern.text, starts, ends)
        except ValueError as error:
            raise PatternError("empty") from error
        self.source = re2.escape(self.needle)

    def look_at(self, value: _Value) -> bytes:
        return _octets(value.framed)

    def matches(self, value: _Value) -> bool:
        return self.needle in value.framed


class _Exact:
    """A text to look for as it is; white space around a value does not matter."""

    def __init__(self, pattern: Pattern):
        self.id = pattern.id
        self.options = options(exact=True)
        self.operator = pattern.operator
        self.text = pattern.text
        if self.operator in ("is", "starts"):
            self.text = self.text.lstrip()
        if self.operator in ("is", "ends"):
            self.text = self.text.rstrip()
        self.source = re2.escape(self.text)

    def look_at(self, value: _Value) -> bytes:
        return value.octets

    def matches(self, value: _Value) -> bool:
        if self.operator == "contains":
            return self.text in value.text
        if self.operator == "is":
            return self.text == value.stripped
        if self.operator == "starts":
            return value.stripped.startswith(self.text)
        return value.stripped.endswith(self.text)


def _test(pattern: Pattern) -> "_Expression | _Needle | _Exact":
    if pattern.operator == "regex":
        return _Expression(pattern)
    return _Exact(pattern) if pattern.exact else _Needle(pattern)


class _Filtered:
    """Tests of one kind, tried only where the letters that they need occur.

    ``re2.Filter`` looks for the literal pieces of all expressions in one go. Not ``re2.Set``,
    which would answer directly: a few expressions with ``.*`` make its automaton grow beyond
    measure, and each octet then costs as much as all expressions together.
    """

    def __init__(self, tests: list):
        self._tests = tests
        self._filter = None
        if len(tests) < _FILTER_FROM:
            return
        chosen = re2.Filter()
        for test in tests:
            chosen.Add(test.source, test.options)
        self._sentinel = chosen.Add(re2.escape(_SENTINEL), options(exact=True))
        try:
            chosen.Compile()
        except re2.error:
            return  # too many for its memory: they are all tried
        self._filter = chosen

    def matches(self, values: list[_Value]) -> Iterable[int]:
        """Ids of those that match one of the values."""
        return [
            test.id
            for test in self._candidates(values)
            if any(test.matches(value) for value in values)
        ]

    def _candidates(self, values: list[_Value]) -> list:
        if self._filter is None:
            return self._tests
        look_at = self._tests[0].look_at
        octets = b"\n".join([*(look_at(value) for value in values), _SENTINEL.encode()])
        found = self._filter.Match(octets, potential=True) or ()
        if self._sentinel not in found:
            return self._tests  # it ran out of memory while it looked, and says nothing of it
        return [self._tests[index] for index in found if index != self._sentinel]
