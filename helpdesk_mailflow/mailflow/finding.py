"""What a set-up check finds, as values."""

from dataclasses import dataclass
from enum import Enum

from .note import Note

#: Stand in a record to publish for what cannot be known from here; for the reader to fill in.
OWN_KEY = "<public key of your mail server>"
GOOGLE_KEY = "<key from the Google Admin console>"
TENANT = "<your tenant>"
SELECTOR = "<selector>"
MAIL_HOST = "<server that receives your mail>"


class Kind(str, Enum):
    """What was looked at."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    MX = "mx"


class State(str, Enum):
    """How it is, the worst last."""

    OK = "ok"
    UNKNOWN = "unknown"  # it could not be told, most often because the DNS did not answer
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True)
class Record:
    """A record of the DNS to publish.

    :param name: in full, without the final dot
    :param type: TXT, CNAME or MX
    :param value: without the quotes of zone files; parts in angle brackets are to be filled in
    """

    name: str
    type: str
    value: str


@dataclass(frozen=True)
class Finding:
    """One line of a set-up check.

    :param notes: what there is to say, the weightiest first
    :param name: under which name was looked
    :param found: what is published there, one record a line; "" for nothing
    :param publish: what to publish, in place of what was found (same name and type); None if
        nothing is to be changed, or if what is to be done cannot be told from here
    """

    kind: Kind
    state: State
    notes: tuple[Note, ...]
    name: str
    found: str = ""
    publish: Record | None = None


def worst(findings) -> State:
    """The state of a whole check; UNKNOWN for an empty one.

    Only where nothing is missing or wrong does it matter that something could not be told.
    """
    order = list(State)
    return max((each.state for each in findings), key=order.index, default=State.UNKNOWN)
