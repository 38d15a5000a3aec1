"""Addresses with ``*`` (any characters, also none) and ``?`` (exactly one).

Own code rather than ``fnmatch``: that one knows ``[…]`` too, which is valid in an address
(RFC 5321 section 4.1.3), and builds a regular expression from what a user typed. Here each
piece between two asterisks is looked for once, from left to right: the first place is as good
as any later one, so nothing is ever tried again.
"""

from functools import lru_cache

from .domain import public_suffix

#: Longest address (RFC 5321 section 4.5.3.1: 64 + 1 + 255), and so the longest pattern of use.
LONGEST = 320
#: Letters and digits that a pattern has to have if it names no whole domain.
LITERAL = 3


def is_pattern(value: str) -> bool:
    """Whether a value has a wildcard."""
    return "*" in value or "?" in value


def literal(pattern: str) -> str:
    """What of a pattern has to be there literally, all together; ``""`` for ``*`` or ``?*``."""
    return pattern.replace("*", "").replace("?", "")


def is_too_wide(pattern: str) -> bool:
    """Whether a pattern of addresses names neither a whole domain nor enough of an address, as
    ``*@*.com``: it would match nearly everybody."""
    local_part, _at, domain = pattern.rpartition("@")
    if domain and not is_pattern(domain):
        return False
    fixed = literal(domain).strip(".")
    fixed = fixed.removesuffix(public_suffix(fixed))
    return sum(each.isalnum() for each in literal(local_part) + fixed) < LITERAL


@lru_cache(maxsize=4096)
def _pieces(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.casefold().split("*"))


def matches(pattern: str, address: str) -> bool:
    """Whether a pattern matches the whole of an address; letters fold case.

    Takes no more steps than the length of the address times the length of the pattern.
    """
    address = address.casefold()
    first, *rest = _pieces(pattern)
    if not rest:
        return len(first) == len(address) and _fits(first, address, 0)
    last = rest.pop()
    end = len(address) - len(last)
    if len(first) > end or not _fits(first, address, 0) or not _fits(last, address, end):
        return False
    start = len(first)
    for piece in rest:
        start = _find(piece, address, start, end)
        if start < 0:
            return False
        start += len(piece)
    return True


def _fits(piece: str, address: str, start: int) -> bool:
    """Whether a piece without asterisks fits at a place where it has room."""
    if "?" not in piece:
        return address.startswith(piece, start)
    return all(
        wanted in ("?", found)
        for wanted, found in zip(piece, address[start : start + len(piece)], strict=True)
    )


def _find(piece: str, address: str, start: int, end: int) -> int:
    """The first place between ``start`` and ``end`` where a piece fits, -1 if none."""
    if "?" not in piece:
        return address.find(piece, start, end)
    for place in range(start, end - len(piece) + 1):
        if _fits(piece, address, place):
            return place
    return -1
