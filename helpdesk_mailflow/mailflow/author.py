"""Who wrote a mail: From, or whom a list wrote for.

Mailing lists and groups put themselves into From where the DMARC policy of the author's domain
would have the mail refused (RFC 7960 section 4.1), and name the author elsewhere: Google Groups
in ``X-Original-From``, others in Reply-To. What stands in From otherwise is the author;
``Sender`` is only who typed or sent it (RFC 5322 section 3.6.2).

Nothing proves what these headers say, so whoever believes them must not let their author do more
than a stranger may.

Codes of the notes: ``author_list`` (values: address, header, list), ``author_several`` (address,
count), ``author_sender`` (address, sender).
"""

import re
from dataclasses import dataclass

from . import header
from .mail import Mail
from .note import Note, note

Address = header.Address

#: Header fields that name the author of a mail that a list has put itself into From of. Google
#: Groups writes the second one into every mail.
ORIGINAL_FROM = ("X-Original-From", "X-Original-Sender")
_LIST_HEADERS = ("List-Id", "List-Post", "X-Google-Group-Id", "X-Mailing-List", "Mailing-List")
# 'Jane Roe' via Support; Mailman writes "via" in the language of the list
_VIA = re.compile(
    r"^\s*['\"]?(?P<name>[^'\"].*?)['\"]?\s+(?:via|über|a través de|tramite|przez|através)\s",
    re.IGNORECASE,
)
_MAILTO = re.compile(r"<mailto:([^<>?\s]{3,320})")


@dataclass(frozen=True)
class Author:
    """Who wrote a mail.

    :param source: ``"from"``, ``"original_from"`` or ``"list_reply_to"``
    :param note: for the trace, if it is not simply From
    """

    address: Address
    source: str
    note: Note | None = None


def author_of(mail: Mail) -> Author:
    """Who wrote a mail, as far as it says so. Raises on no mail."""
    return _of_list(mail) or _of_several(mail) or _of_from(mail)


def _of_list(mail: Mail) -> Author | None:
    """The author of a mail that a list has put itself into From of."""
    if not any(mail.header(name).strip() for name in _LIST_HEADERS):
        return None
    for name in ORIGINAL_FROM:
        for found in header.addresses(mail.header(name))[:1]:
            rewritten = name == "X-Original-From" or _VIA.match(mail.from_.name)
            if rewritten and found.normalized and found.normalized != mail.from_.normalized:
                return _listed(mail, found, name, "original_from")
    others = [each for each in mail.reply_to if each.normalized != mail.from_.normalized]
    if len(others) == 1 and others[0].normalized and _is_list_address(mail):
        return _listed(mail, others[0], "Reply-To", "list_reply_to")
    return None


def _listed(mail: Mail, found: Address, name: str, source: str) -> Author:
    via = _VIA.match(mail.from_.name)
    address = Address(found.name or (via["name"] if via else ""), found.email)
    told = note(
        "author_list", address=address.email, header=name, list=mail.from_.email or mail.from_.name
    )
    return Author(address, source, told)


def _is_list_address(mail: Mail) -> bool:
    """Whether From is the list itself: where it is written to, or what its id is made of
    (RFC 2919, RFC 2369), and From's name says so, too."""
    email = mail.from_.normalized
    if not email or not _VIA.match(mail.from_.name):
        return False
    posts = {each.lower() for each in _MAILTO.findall(mail.header("List-Post"))}
    list_id = mail.header("List-Id").rpartition("<")[2].rstrip("> ").lower()
    return email in posts or email.replace("@", ".") == list_id


def _of_several(mail: Mail) -> Author | None:
    """Of several authors the one who sent it, else the first: RFC 5322 section 3.6.2 asks for
    a Sender then."""
    usable = [each for each in mail.from_all if each.normalized]
    if len(usable) < 2:
        return None
    sender = mail.sender.normalized if mail.sender else ""
    found = next((each for each in usable if each.normalized == sender), mail.from_)
    told = note("author_several", address=found.email, count=len(usable))
    return Author(found, "from", told)


def _of_from(mail: Mail) -> Author:
    sender = mail.sender
    told = None
    if sender and sender.normalized and sender.normalized != mail.from_.normalized:
        told = note("author_sender", address=mail.from_.email, sender=sender.email)
    return Author(mail.from_, "from", told)
