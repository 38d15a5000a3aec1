"""Texts that actions of rules fill in, with placeholders of the mail: ``Order {order}``.

A placeholder is replaced once, so what a mail says is never read as a placeholder again; and
it is plain text, whatever the mail made of it.
"""

import re
from collections.abc import Mapping

#: What can be said of every mail. Named groups of patterns come with these.
OF_MAIL = (
    "from_name",
    "from_address",
    "from_domain",
    "to",
    "subject",
    "base_subject",
    "date",
    "alias",
)
#: The number of the ticket that is updated; a new one has none yet.
TICKET = "ticket"
PLACEHOLDER = re.compile(r"\{\s?([A-Za-z_]\w{0,60})\s?\}", re.ASCII)
#: Longest value of one placeholder (characters).
MAX_VALUE = 1000


def names_in(text: str) -> list[str]:
    """The names of the placeholders in a text, each once, in their order.

    >>> names_in("{subject} of {order} { subject }")
    ['subject', 'order']
    """
    return list(dict.fromkeys(PLACEHOLDER.findall(text or "")))


def fill(text: str, values: Mapping[str, str], limit: int) -> str:
    """A text with its placeholders replaced, on one line.

    :param limit: characters that are kept
    :raise KeyError: there is no value for a placeholder, which is the argument

    >>> fill("Order {order}", {"order": "<b> {subject}"}, 80)
    'Order <b> {subject}'
    """
    filled = PLACEHOLDER.sub(lambda match: values[match[1]][:MAX_VALUE], text or "")
    return one_line(filled)[:limit].strip()


def one_line(text: str) -> str:
    """A text without line ends and control characters, each run of white space one space."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
