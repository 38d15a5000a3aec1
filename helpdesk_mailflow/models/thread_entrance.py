# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Who gets into a ticket: what points to it, who wrote, and how far that is proven.

A Message-ID that we signed, and to a lesser degree any Message-ID of the conversation, is known
only to those who have seen a mail of it. A number can be guessed, and an address can be forged. So
what points to the ticket and what proves the writer make up for each other, as :data:`TABLE` says.

Nobody else gets in, whatever points there: neither strangers nor whoever says to be one of us and
is not (an agent who is not proven is such an impostor already, see ``helpdesk.intake.writer``).

- *join*: it is added. *marked*: it is added, with a badge, and whom it names in Cc does not take
  part by it: forwards and lists break DMARC, and so do forgers. *inside*: it is added as an
  internal note. *apart*: a ticket of its own, linked and marked as of an unverified sender.
- Where a number alone leads there, whom the mail names takes part only if the writer is proven.
- *customer* is the requester, who is in Cc, follows from outside, or had or wrote a mail of the
  conversation; *forwarded to* is who had something that the requester has not.
- *by Reply-To* is who writes through a shop, a marketplace or a form: Reply-To names the requester,
  as it did before in a mail of the ticket from the same place. Anybody can write any Reply-To, so
  it takes more than a number.
- How far the writer is proven is :attr:`.intake_values.Writer.identity`.
"""

import re
from enum import Enum


class Evidence(str, Enum):
    """What points to a ticket, in the order in which it counts."""

    SIGNED = "signed"  # a Message-ID that we signed
    REFERENCE = "reference"  # the Message-ID of another message of the ticket
    TAG = "tag"  # the number in the subject
    CONVERSATION = "conversation"  # Thread-Index
    OPEN = "open"  # nothing but who wrote: the policy "append to the customer's open ticket"


class Part(str, Enum):
    """How a writer takes part in a ticket."""

    CUSTOMER = "customer"
    ACCOUNT = "same account"
    AGENT = "agent"
    FORWARDED = "forwarded to"
    REPLY_TO = "by Reply-To"
    STRANGER = "stranger"
    IMPOSTOR = "impostor"


class Entrance(str, Enum):
    """What becomes of a mail at a ticket."""

    JOIN = "join"
    MARKED = "marked"
    INSIDE = "inside"
    APART = "apart"


#: What is read here is what counts; a blank in a name is one blank, columns are two apart.
TABLE = """
points there  writer               proven   unknown   unproven  failed
signed        customer             join     join      join      marked
signed        same account         join     join      join      marked
signed        agent                join     join      apart     apart
signed        forwarded to         inside   inside    inside    inside
signed        by Reply-To          join     join      join      marked
reference     customer             join     join      join      marked
reference     same account         join     join      join      apart
reference     agent                join     join      apart     apart
reference     forwarded to         inside   inside    inside    apart
reference     by Reply-To          join     join      join      apart
tag           customer             join     join      marked    apart
tag           same account         join     join      apart     apart
tag           agent                join     inside    apart     apart
tag           forwarded to         inside   inside    inside    apart
conversation  customer             join     join      join      apart
conversation  same account         join     join      join      apart
conversation  agent                join     join      apart     apart
conversation  forwarded to         inside   inside    inside    apart
open          customer             join     join      marked    apart
open          by Reply-To          join     join      marked    apart
"""


def _table() -> dict[tuple[Evidence, Part, str], Entrance]:
    head, *rows = TABLE.strip().splitlines()
    identities = re.split(r" {2,}", head.strip())[2:]
    result = {}
    for row in rows:
        evidence, part, *entrances = re.split(r" {2,}", row.strip())
        for identity, each in zip(identities, entrances, strict=True):
            result[Evidence(evidence), Part(part), identity] = Entrance(each)
    return result


ENTRANCES = _table()


def entrance(evidence: Evidence, part: Part, identity: str) -> Entrance:
    """What becomes of a mail at a ticket, by the table above."""
    return ENTRANCES.get((evidence, part, identity), Entrance.APART)
