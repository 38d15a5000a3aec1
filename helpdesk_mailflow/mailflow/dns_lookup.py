"""What the DNS says, without exceptions: each lookup gives an :class:`Answer`.

Not being able to tell is an answer, too: without a network, or with name servers that hang, the
answer is :attr:`Status.FAILED` and says why.
"""

import ipaddress
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.resolver

from .domain import registrable_domain
from .note import Note, note

#: Seconds that one question may take, with its repetitions.
TIMEOUT = 4.0
#: Questions that one :class:`Lookup` asks; a zone that leads on and on is not followed further.
QUESTIONS = 300

_PORT = 53
_WITH_PORT = re.compile(r"\[?(?P<host>[0-9.]+|[0-9a-fA-F:.]+(?=\]))\]?:(?P<port>\d{1,5})")


class Status(str, Enum):
    """What became of a question."""

    FOUND = "found"
    EMPTY = "empty"  # the name exists, without records of this type
    NO_NAME = "no_name"  # NXDOMAIN: nothing has this name, nor anything below it (RFC 8020)
    FAILED = "failed"


@dataclass(frozen=True)
class Answer:
    """What was found under a name.

    :param records: TXT: the strings of each record joined (RFC 7208 section 3.3); A and AAAA: IP
        addresses; MX: ``"10 host"``, the best first; SRV: ``"priority weight port host"``, the best
        first; CNAME, PTR: names. Names without the final dot
    :param alias: the name that CNAMEs led to, "" where there were none
    :param why: with :attr:`Status.FAILED`, what went wrong
    """

    name: str
    status: Status
    records: tuple[str, ...] = ()
    alias: str = ""
    why: Note | None = None

    @property
    def failed(self) -> bool:
        return self.status is Status.FAILED


class Lookup:
    """Asks name servers and remembers the answers; for one check, in one thread.

    A domain whose name servers let one question time out is not asked again: a check of a domain
    that hangs takes one time-out, not one for each record.

    :param nameservers: ``"192.0.2.53"``, ``"127.0.0.1:5353"``, ``"[::1]:5353"``; none for those of
        the system
    :param timeout: seconds for each question
    :raise ValueError: a name server is not written as an IP address
    """

    def __init__(self, nameservers: Sequence[str] = (), timeout: float = TIMEOUT):
        self._timeout = timeout
        self._answers: dict[tuple[str, str], Answer] = {}
        self._hanging: dict[str, Note] = {}
        self._questions = 0
        self._no_resolver: Note | None = None
        self._resolver = self._make_resolver(nameservers)

    def txt(self, name: str) -> Answer:
        return self._ask(name, "TXT")

    def mx(self, name: str) -> Answer:
        return self._ask(name, "MX")

    def srv(self, name: str) -> Answer:
        """The servers of a service, such as ``_imaps._tcp.example.com`` (RFC 2782)."""
        return self._ask(name, "SRV")

    def cname(self, name: str) -> Answer:
        return self._ask(name, "CNAME")

    def ptr(self, address: str) -> Answer:
        """The names of an IP address."""
        return self._ask(ipaddress.ip_address(address).reverse_pointer, "PTR")

    def a(self, name: str) -> Answer:
        return self._ask(name, "A")

    def aaaa(self, name: str) -> Answer:
        return self._ask(name, "AAAA")

    def addresses(self, name: str) -> Answer:
        """The IPv4 and IPv6 addresses of a host."""
        four, six = self.a(name), self.aaaa(name)
        records = four.records + six.records
        if records:
            return Answer(name, Status.FOUND, records, four.alias or six.alias)
        return four if four.failed else six

    # ---- asking ----

    def _make_resolver(self, nameservers: Sequence[str]) -> dns.resolver.Resolver | None:
        try:
            resolver = dns.resolver.Resolver(configure=not nameservers)
        except (dns.resolver.NoResolverConfiguration, OSError) as error:
            self._no_resolver = note("dns_no_nameserver", reason=str(error))
            return None
        if nameservers:
            resolver.nameservers = [_nameserver(each) for each in nameservers]
        # room for a second try, since UDP loses packets
        resolver.timeout = self._timeout / 2
        resolver.lifetime = self._timeout
        # as a cache, ours is enough, and it knows failures
        resolver.cache = None
        return resolver

    def _ask(self, name: str, type_: str) -> Answer:
        name = name.rstrip(".").lower()
        key = (name, type_)
        if key not in self._answers:
            self._answers[key] = self._ask_anew(name, type_)
        return self._answers[key]

    def _ask_anew(self, name: str, type_: str) -> Answer:
        if self._no_resolver:
            return Answer(name, Status.FAILED, why=self._no_resolver)
        try:
            absolute = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):
            # such a name cannot be in the DNS (RFC 1035 section 2.3.4)
            return Answer(name, Status.NO_NAME)
        zone = registrable_domain(name)
        if zone in self._hanging:
            return Answer(name, Status.FAILED, why=self._hanging[zone])
        self._questions += 1
        if self._questions > QUESTIONS:
            return Answer(name, Status.FAILED, why=note("dns_limit", limit=QUESTIONS))
        begin = time.monotonic()
        try:
            found = self._resolver.resolve(
                absolute, type_, raise_on_no_answer=False, search=False, lifetime=self._timeout
            )
        except dns.resolver.NXDOMAIN as error:
            return Answer(name, Status.NO_NAME, alias=_alias(name, error.canonical_name))
        except dns.resolver.LifetimeTimeout:
            why = note("dns_timeout", name=zone, seconds=round(time.monotonic() - begin))
            self._hanging[zone] = why
            return Answer(name, Status.FAILED, why=why)
        except dns.resolver.NoNameservers as error:
            return Answer(name, Status.FAILED, why=_refusal(name, error))
        except (dns.exception.DNSException, OSError) as error:
            reason = str(error) or type(error).__name__
            return Answer(name, Status.FAILED, why=note("dns_error", name=name, reason=reason))
        alias = _alias(name, found.canonical_name)
        if found.rrset is None:
            return Answer(name, Status.EMPTY, alias=alias)
        return Answer(name, Status.FOUND, _texts(found.rrset, type_), alias)


def _nameserver(text: str) -> dns.nameserver.Nameserver:
    match = _WITH_PORT.fullmatch(text.strip())
    host, port = (match["host"], int(match["port"])) if match else (text.strip(" []"), _PORT)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(f"Not the IP address of a name server: {text}") from None
    return dns.nameserver.Do53Nameserver(host, port)


def _alias(name: str, canonical: dns.name.Name) -> str:
    other = canonical.to_text(omit_final_dot=True).lower()
    return "" if other == name else other


def _texts(rrset, type_: str) -> tuple[str, ...]:
    if type_ == "TXT":
        return tuple(_text(b"".join(each.strings)) for each in rrset)
    if type_ == "MX":
        ordered = sorted((each.preference, _plain(each.exchange)) for each in rrset)
        return tuple(f"{preference} {host}" for preference, host in ordered)
    if type_ == "SRV":
        # of the same priority, the larger weight is to be asked more often
        ordered = sorted(
            (each.priority, -each.weight, each.port, _plain(each.target)) for each in rrset
        )
        return tuple(
            f"{priority} {-weight} {port} {host}" for priority, weight, port, host in ordered
        )
    if type_ in ("CNAME", "PTR"):
        return tuple(_plain(each.target) for each in rrset)
    return tuple(each.to_text() for each in rrset)


def _text(octets: bytes) -> str:
    """Whatever somebody published, as text that can be shown and stored."""
    text = octets.decode("utf-8", errors="backslashreplace")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", text)


def _plain(name: dns.name.Name) -> str:
    """Without the final dot; the root stays a dot (RFC 7505: no mail)."""
    return "." if name == dns.name.root else name.to_text(omit_final_dot=True).lower()


def _refusal(name: str, error: dns.resolver.NoNameservers) -> Note:
    """Why no name server gave an answer."""
    answers, reasons = [], []
    for _server, _tcp, _port, problem, response in error.kwargs.get("errors", ()):
        if isinstance(response, dns.message.Message):
            answers.append(dns.rcode.to_text(response.rcode()))
        else:
            reasons.append(str(problem) or type(problem).__name__)
    if answers:
        return note("dns_refused", name=name, answer=answers[0])
    return note("dns_unreachable", name=name, reason=reasons[0] if reasons else "")
