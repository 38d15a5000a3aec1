"""A choice made on the way of a mail, as data.

The engine knows no language. It says *which* sentence and with which values; the
addon holds the translatable sentences (``models/trace.py``), so that a reader gets
the trace in a language of their own and a stored trace can be read again later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Note:
    """One sentence of the trace.

    :param code: names the sentence, e.g. ``kind_auto_reply``
    :param values: what to put into its placeholders; plain strings and numbers only,
        since they are stored as JSON
    """

    code: str
    values: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))


def note(code: str, **values: str | int) -> Note:
    """Make a :class:`Note`."""
    return Note(code, MappingProxyType(values))
