"""Which Authentication-Results headers are the receiving server's (RFC 8601).

Anybody can write such a header. What is believed, and why:

- Servers write on top, so a header is believed only if it is the topmost one and names the server
  that the mailbox is known to be behind (its authserv-id, pinned by an admin). Below a header of
  another name nothing is: whoever wrote that one, the pinned server was not the last.
- Some servers write several headers for a mail. Of those that follow each other under the pinned
  name, without another server's Received between them, all count that stand above the first
  Received: each SMTP server on the way writes one (RFC 5321, 4.4), so nothing above it came with
  the mail. Below it only as many count as the server always writes, since the first forged one
  stands right under them. A server that writes none for some mails has to remove forged ones
  (RFC 8601, 5).
- Exchange Online writes no name. Such a header counts only for a mailbox that is pinned to
  :data:`NAMELESS`, and only the topmost one of all.
"""

import re
from collections import Counter
from collections.abc import Sequence

from .domain import registrable_domain
from .mail import Mail
from .trust_report import COMMENTS, MAX_HEADER, METHOD

#: Stands for the name of a server that writes none.
NAMELESS = "(nameless)"
#: How such a server is called in notes; Exchange Online is the only one known to do so.
NAMELESS_LABEL = "Microsoft 365"

# The authserv-id after comments (RFC 8601 section 2.2): quoted or not, and often with a job's
# number behind a slash, which the grammar allows only in quotes.
_AUTHSERV_ID = re.compile(COMMENTS + r'(?:"([^"\\]{1,255})"|([^\s;()"=]{1,255}))(?=[\s;(]|$)')
# ``dmarc=none action=none``: what Exchange adds to a mail that it sends, under a name that it
# makes of the recipient's domain.
_EXCHANGE = re.compile(r"\bdmarc\s*=\s*\w+\s+action\s*=", re.I)


def authserv_candidate(mail: Mail) -> str:
    """Under which name the topmost report stands, to learn the receiving server's.

    :return: in lower case, :data:`NAMELESS`, or ``""`` if there is none that can be the server's
    """
    value = mail.header("Authentication-Results")
    name = _server(value) if value else None
    if name is None or (name and _EXCHANGE.search(value[:MAX_HEADER])):
        return ""
    return name or NAMELESS


def authserv_count(mail: Mail, authserv_id: str) -> int:
    """How many reports under a name follow each other at the top of a mail. Those of the sender
    may be among them: what counts is the least number of many mails."""
    pin = authserv_id.strip().lower()
    return len(believed_headers(mail, pin, len(mail.headers))[0]) if pin else 0


def authserv_names(mail: Mail) -> list[str]:
    """The names of the reports that follow each other at the top, down to the Received below the
    first; of different servers, too."""
    names: list[str] = []
    for name, value in mail.headers:
        if name.lower() == "received" and names:
            break
        if name.lower() == "authentication-results":
            server = _server(value)
            if server is None:
                break
            names.append(server or NAMELESS)
    return names


def common_name(mails: Sequence[Mail], share: float = 0.8) -> str:
    """What could be pinned, judged by many mails of a mailbox: the name that the topmost report
    has in most of them. ``*.example.com`` if that differs from host to host, or if the server
    has a name for each check, as Apple's have; ``""`` if there is none.

    :param share: of the mails that have to have it
    """
    tops = [authserv_candidate(each) for each in mails]
    wanted = max(1, share * len(mails))
    (top, count), *_rest = Counter(tops).most_common(1) or [("", 0)]
    if top and count >= wanted:
        organization = registrable_domain(top)
        several = sum(
            len({each for each in authserv_names(mail) if _is_within(each, organization)}) > 1
            for mail in mails
        )
        return f"*.{organization}" if several >= wanted else top
    organizations = Counter(registrable_domain(each) for each in tops if "." in each)
    (organization, count), *_rest = organizations.most_common(1) or [("", 0)]
    return f"*.{organization}" if organization and count >= wanted else ""


def _is_within(name: str, organization: str) -> bool:
    return name != NAMELESS and registrable_domain(name) == organization


#: Providers whose servers report under another domain than mailboxes are reached by.
_ELSEWHERE = {
    "gmail.com": "google.com",
    "googlemail.com": "google.com",
    "me.com": "icloud.com",
    "aol.com": "yahoo.com",
    "fastmail.com": "messagingengine.com",
    "strato.de": "rzone.de",
}
_BY = re.compile(r"\bby\s+([^\s;()]{1,255})", re.I)


def is_plausible(authserv_id: str, host: str, mails: Sequence[Mail]) -> bool:
    """Whether a server of that name may well be the one that receives for a mailbox: it belongs to
    the organization of the mailbox's host, or of the server that wrote the topmost Received,
    which cannot be forged as long as a server writes one at all.

    :param host: of IMAP or POP
    :param mails: of the mailbox
    """
    host = registrable_domain(host)
    near = {host, _ELSEWHERE.get(host, host)}
    for mail in mails[:5]:
        found = _BY.search(mail.header("Received"))
        if found:
            near.add(registrable_domain(found[1]))
    if authserv_id == NAMELESS:
        return bool(near & {"outlook.com", "office365.com"})
    return registrable_domain(authserv_id.removeprefix("*.")) in near


def is_pinned(authserv_id: str, name: str) -> bool:
    """Whether a topmost report, as :func:`authserv_candidate` names it, is the pinned server's."""
    return name == authserv_id or (name != NAMELESS and names_server(authserv_id, name))


def names_server(authserv_id: str, name: str) -> bool:
    """Whether a name is what a pin means.

    :param authserv_id: as for :func:`tell_trust`
    :param name: as from :func:`authserv_candidate`
    """
    pin, name = authserv_id.strip().lower(), name.strip().lower()
    if pin.startswith("*."):
        return name == pin[2:] or name.endswith(pin[1:])
    return bool(pin) and name == pin


def _server(value: str) -> str | None:
    """The authserv-id of a header in lower case, ``""`` if it begins with a result instead, None
    if it begins with neither."""
    if METHOD.match(value):
        return ""
    found = _AUTHSERV_ID.match(value)
    if not found:
        return None
    name = (found[1] or found[2]).lower()
    return name.partition("/")[0].rstrip(".") or None


def believed_headers(mail: Mail, pin: str, count: int) -> tuple[list[str], int, str | None]:
    """The headers that are the pinned server's.

    :return: their values, the index of the lowest in ``mail.headers``, and if there are none the
        name of the topmost report (None: there is no report)
    """
    values, lowest = [], -1
    names = [name.lower() for name, _value in mail.headers]
    # of a mail without any, nothing is known to stand above it
    received = names.index("received") if "received" in names else -1
    for index, (_name, value) in enumerate(mail.headers):
        name = names[index]
        if name == "received":
            if values:
                break
        elif name == "authentication-results":
            server = _server(value)
            if pin == NAMELESS:
                return ([value], index, None) if server == "" else ([], -1, server or value[:80])
            if not server or not names_server(pin, server):
                return values, lowest, None if values else (server or "")
            if index > received and len(values) >= count:
                break
            values.append(value)
            lowest = index
    return values, lowest, None
