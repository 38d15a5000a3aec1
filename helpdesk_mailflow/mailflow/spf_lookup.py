"""What an SPF record says once the DNS is asked: for one IP address, and as a whole.

Sections are those of RFC 7208.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from .dns_lookup import Answer, Lookup, Status
from .note import Note
from .spf import MACRO, SpfRecord, Term, is_spf, read_spf

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Terms of a record, and of those it includes, that may ask the DNS (section 4.6.4).
LOOKUPS = 10
#: Of these, lookups that may find nothing (section 4.6.4).
VOID_LOOKUPS = 2
#: Hosts of an ``mx`` term, names of a ``ptr`` term (section 4.6.4).
HOSTS = 10
#: Terms that we follow; records beyond it are far out of order anyway.
FOLLOWED = 60

ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")


class Result(str, Enum):
    """What SPF says of an IP address (section 2.6)."""

    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_OF_QUALIFIER = {
    "+": Result.PASS,
    "-": Result.FAIL,
    "~": Result.SOFTFAIL,
    "?": Result.NEUTRAL,
}


def spf_texts(answer: Answer) -> tuple[str, ...]:
    """The SPF records among the TXT records of a name."""
    return tuple(text for text in answer.records if is_spf(text))


# ------------------------------------------------------------
# Evaluating
# ------------------------------------------------------------


class _Stop(Exception):
    """The evaluation ends here, whatever comes behind."""

    def __init__(self, result: Result, why: Note | None = None):
        super().__init__(result.value)
        self.result = result
        self.why = why


@dataclass(frozen=True)
class Verdict:
    """What SPF says of an IP address, and why it could not be told."""

    result: Result
    why: Note | None = None


def evaluate(
    lookup: Lookup, ip: IPAddress, domain: str, sender: str, text: str | None = None
) -> Verdict:
    """Whether a server may send for a domain (``check_host`` of section 4).

    Terms are followed further than receivers do it, so that a record with too many lookups can
    be told from one that does not name the server.

    :param sender: address of the envelope sender, for macros
    :param text: the record, where it is not yet published
    """
    evaluation = _Evaluation(lookup, ip, sender)
    try:
        if text is None:
            return Verdict(evaluation.check_host(domain))
        return Verdict(evaluation.check_record(read_spf(text), domain))
    except _Stop as stop:
        return Verdict(stop.result, stop.why)


class _Evaluation:
    def __init__(self, lookup: Lookup, ip: IPAddress, sender: str):
        self._lookup = lookup
        self._ip = ip
        self._sender = sender
        self._followed = 0

    def check_host(self, domain: str) -> Result:
        texts = spf_texts(self._found(self._lookup.txt(domain)))
        if not texts:
            return Result.NONE
        if len(texts) > 1:
            raise _Stop(Result.PERMERROR)
        return self.check_record(read_spf(texts[0]), domain)

    def check_record(self, record: SpfRecord, domain: str) -> Result:
        if record.faults:
            raise _Stop(Result.PERMERROR)
        for term in record.mechanisms:
            if self._matches(term, domain):
                return _OF_QUALIFIER[term.qualifier]
        if record.redirect:
            self._count()
            result = self.check_host(self._expand(record.redirect.value, domain))
            if result is Result.NONE:
                raise _Stop(Result.PERMERROR)
            return result
        return Result.NEUTRAL

    def _matches(self, term: Term, domain: str) -> bool:
        if term.name == "all":
            return True
        if term.name in ("ip4", "ip6"):
            return self._ip in ipaddress.ip_network(term.value)
        self._count()
        target = self._expand(term.value, domain) if term.value else domain
        if term.name == "include":
            result = self.check_host(target)
            if result is Result.NONE:
                raise _Stop(Result.PERMERROR)
            return result is Result.PASS
        if term.name == "exists":
            return self._found(self._lookup.a(target)).status is Status.FOUND
        if term.name == "ptr":
            return self._has_name(target)
        hosts = [target] if term.name == "a" else mx_hosts(self._found(self._lookup.mx(target)))
        return any(self._is_of(host, term) for host in hosts[:HOSTS])

    def _is_of(self, host: str, term: Term) -> bool:
        ask = self._lookup.a if self._ip.version == 4 else self._lookup.aaaa
        prefix = term.four if self._ip.version == 4 else term.six
        return any(
            self._ip in ipaddress.ip_network(f"{address}/{prefix}", strict=False)
            for address in self._found(ask(host)).records
        )

    def _has_name(self, target: str) -> bool:
        """Section 5.5. A failing lookup is no match there."""
        for name in self._lookup.ptr(str(self._ip)).records[:HOSTS]:
            if (name == target or name.endswith(f".{target}")) and str(
                self._ip
            ) in self._lookup.addresses(name).records:
                return True
        return False

    def _found(self, answer: Answer) -> Answer:
        if answer.failed:
            raise _Stop(Result.TEMPERROR, answer.why)
        return answer

    def _count(self) -> None:
        self._followed += 1
        if self._followed > FOLLOWED:
            raise _Stop(Result.PERMERROR)

    def _expand(self, text: str, domain: str) -> str:
        """Section 7.3. The HELO name is not known before a mail is sent."""
        local, _at, host = self._sender.rpartition("@")
        values = {
            "s": self._sender,
            "l": local or "postmaster",
            "o": host,
            "d": domain,
            "i": _dotted(self._ip),
            "p": "unknown",
            "v": "in-addr" if self._ip.version == 4 else "ip6",
            "h": "unknown",
        }

        def one(match: re.Match) -> str:
            letter, digits, turn, delimiters, literal = match.groups()
            if literal:
                return {"%": "%", "_": " ", "-": "%20"}[literal]
            parts = re.split(f"[{re.escape(delimiters or '.')}]", values[letter.lower()])
            if turn:
                parts.reverse()
            value = ".".join(parts[-int(digits) :] if digits and int(digits) else parts)
            return quote(value, safe="-._~") if letter.isupper() else value

        expanded = MACRO.sub(one, text)
        while len(expanded) > 253 and "." in expanded:
            expanded = expanded.partition(".")[2]
        return expanded.rstrip(".").lower()


def mx_hosts(answer: Answer) -> list[str]:
    """The hosts of an answer to an MX question, the best first."""
    return [record.partition(" ")[2] for record in answer.records]


def _dotted(ip: IPAddress) -> str:
    return str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))


# ------------------------------------------------------------
# The whole record
# ------------------------------------------------------------


@dataclass(frozen=True)
class Survey:
    """A record with all that it includes.

    :param lookups: terms that ask the DNS, at the most (:data:`LOOKUPS` are allowed)
    :param void: names of its lookups that find nothing (:data:`VOID_LOOKUPS` are allowed)
    :param broken: domains that it includes although they have no readable SPF record, or that
        include one another: receivers give up there (section 5.2)
    :param includes: every domain that it includes or redirects to, in order
    :param costs: lookups of each of its own terms, by text
    :param has_macro: what it includes depends on the mail
    :param why: something could not be looked up, so that the rest is incomplete
    """

    lookups: int
    void: tuple[str, ...]
    broken: tuple[str, ...]
    includes: tuple[str, ...]
    costs: tuple[tuple[str, int], ...]
    has_macro: bool
    why: Note | None


def survey(lookup: Lookup, record: SpfRecord, domain: str) -> Survey:
    """Follow each term of a record, as no single mail makes a receiver do it."""
    walk = _Walk(lookup)
    costs = []
    for term in record.steps:
        before = walk.lookups
        walk.term(term, domain, (domain.lower(),))
        costs.append((term.text, walk.lookups - before))
    return Survey(
        walk.lookups,
        tuple(dict.fromkeys(walk.void)),
        tuple(dict.fromkeys(walk.broken)),
        tuple(dict.fromkeys(walk.includes)),
        tuple(costs),
        walk.has_macro,
        walk.why,
    )


class _Walk:
    def __init__(self, lookup: Lookup):
        self._lookup = lookup
        self.lookups = 0
        self.void: list[str] = []
        self.broken: list[str] = []
        self.includes: list[str] = []
        self.has_macro = False
        self.why: Note | None = None

    def term(self, term: Term, domain: str, path: tuple[str, ...]) -> None:
        if term.name not in ASKING or self.lookups > FOLLOWED:
            return
        self.lookups += 1
        if term.has_macro:
            self.has_macro = True
            return
        target = term.target or domain
        if term.name in ("include", "redirect"):
            self.includes.append(target)
            self._included(target, path)
        elif term.name == "a":
            self._note_void(self._lookup.addresses(target))
        elif term.name == "mx":
            self._note_void(self._lookup.mx(target))

    def _included(self, target: str, path: tuple[str, ...]) -> None:
        if target in path:
            self.broken.append(target)
            return
        answer = self._lookup.txt(target)
        if answer.failed:
            self.why = self.why or answer.why
            return
        self._note_void(answer)
        texts = spf_texts(answer)
        record = read_spf(texts[0]) if len(texts) == 1 else None
        if record is None or record.faults:
            self.broken.append(target)
            return
        for term in record.steps:
            self.term(term, target, (*path, target))

    def _note_void(self, answer: Answer) -> None:
        if answer.failed:
            self.why = self.why or answer.why
        elif answer.status is not Status.FOUND:
            self.void.append(answer.name)


def networks(lookup: Lookup, domain: str) -> Iterator[IPNetwork]:
    """The networks that the SPF record of a provider lists, with what it includes."""
    seen, todo = set(), [domain]
    while todo and len(seen) < FOLLOWED:
        domain = todo.pop(0)
        texts = () if domain in seen else spf_texts(lookup.txt(domain))
        seen.add(domain)
        for term in read_spf(texts[0]).steps if len(texts) == 1 else ():
            if term.qualifier not in ("+", "") or term.has_macro:
                continue
            if term.name in ("ip4", "ip6"):
                yield ipaddress.ip_network(term.value)
            elif term.name in ("include", "redirect"):
                todo.append(term.target)
