"""Where the mail of an address is read and sent, from the address alone.

:func:`look_up` asks, in this order of trust: a table of well-known providers (by the domain of the
address, then by the hosts that take its mail), the settings that the domain publishes in a file,
its SRV records (RFC 6186, RFC 8314), and names that are common. :func:`first_that_answers` then
sees which of what was found is there. Nothing logs in, and only encrypted ways are found.

Somebody waits: what is independent is asked at the same time, and all of it has a deadline. Without
a network, or with a domain that makes no sense, little or nothing is found; nothing is raised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as NotReady  # not the builtin one in Python 3.10
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import quote

from . import autoconfig_xml
from .autoconfig_probe import probe
from .autoconfig_xml import Settings, is_host
from .dns_lookup import Lookup
from .domain import ascii_domain, public_suffix, registrable_domain
from .errors import ConnectionTimedOut, MailboxError
from .mailbox_provider import MailboxProvider
from .mailbox_provider_table import MICROSOFT_365
from .mailbox_providers import provider_of_domain, provider_of_mx, provider_of_server
from .web_file import WebFiles

#: Seconds for :func:`look_up`, for :func:`first_that_answers`, and for one question to the DNS.
TIMEOUT = 7.0
TIMEOUT_OF_ANSWER = 5.0
TIMEOUT_OF_DNS = 3.0
#: Seconds at the end of which nothing new is begun.
_TOO_LATE = 0.5
_THREADS = 16
_MAX_CANDIDATES = 12

# RFC 6186 section 3, RFC 8314 section 3.3; what begins unencrypted is upgraded or not used
_SERVICES = (
    ("_imaps._tcp", "imap", "tls"),
    ("_imap._tcp", "imap", "starttls"),
    ("_pop3s._tcp", "pop", "tls"),
    ("_pop3._tcp", "pop", "starttls"),
    ("_submissions._tcp", "smtp", "tls"),
    ("_submission._tcp", "smtp", "starttls"),
)
_PORTS = {
    ("imap", "tls"): 993,
    ("imap", "starttls"): 143,
    ("pop", "tls"): 995,
    ("pop", "starttls"): 110,
    ("smtp", "tls"): 465,
    ("smtp", "starttls"): 587,
}
# the first host that is there decides; POP only as its own name says so
_GUESSES = (("imap", ("imap", "mail")), ("pop", ("pop",)), ("smtp", ("smtp", "mail")))
_AUTODISCOVER = ("autodiscover.outlook.com", "autodiscover-s.outlook.com")


class Source(str, Enum):
    """How a candidate was found, the most certain first."""

    DOMAIN = "domain"  # a well-known provider, by the domain of the address
    MX = "mx"  # a well-known provider, by the host that takes the mail of the domain
    FILE = "file"  # settings that the domain publishes
    SRV = "srv"  # SRV records of the domain
    GUESS = "guess"  # a common name that exists


@dataclass(frozen=True)
class Candidate:
    """A server that may have the mailbox, or send for it.

    :param protocol: ``imap``, ``pop`` or ``smtp``
    :param encryption: ``tls`` or ``starttls``
    :param user: to log in with
    :param where: with a file, the web server that it is on; with MX, the host that takes the mail;
        else the domain of the address
    :param password: whether it takes a password, as far as is known; else it wants OAuth
    """

    protocol: str
    host: str
    port: int
    encryption: str
    user: str
    source: Source
    where: str = ""
    password: bool = True

    def is_within(self, domain: str) -> bool:
        """Whether the server belongs to the same domain as the address. A name server can lie
        about others (RFC 6186, section 6): show the host before a password goes there."""
        return registrable_domain(self.host) == registrable_domain(domain)


@dataclass(frozen=True)
class Found:
    """What is known about an address.

    :param email: as it was given, its domain as the DNS has it; empty if it is no address
    :param provider: key of a well-known provider (``microsoft``, ``google``, ``gmx`` …), or empty
    :param name: of the provider, for people
    :param road: one of :data:`.mailbox_provider.ROADS`; ``provider`` where nothing is known
    :param needs: what has to be done first, of :data:`.mailbox_provider.NEEDS`
    :param help: page of the provider about it
    :param via: how the provider was recognised
    :param where: the host that takes the mail, or that has the settings
    :param incoming: the best first
    :param outgoing: the best first
    :param complete: everything was asked in time and answered; else *Look again* may find more
    """

    email: str = ""
    provider: str = ""
    name: str = ""
    road: str = "provider"
    needs: tuple[str, ...] = ()
    help: str = ""
    via: Source = Source.GUESS
    where: str = ""
    incoming: tuple[Candidate, ...] = ()
    outgoing: tuple[Candidate, ...] = ()
    complete: bool = True


def look_up(
    email: str,
    *,
    lookup: Callable[[], Lookup] | None = None,
    files: WebFiles | None = None,
    timeout: float = TIMEOUT,
) -> Found:
    """Find provider and settings of an address.

    :param lookup: makes what asks the DNS; each thread has one of its own. By default the name
        servers of the system
    :param files: how files are fetched, by default as :class:`.web_file.WebFiles` does; their
        hosts are looked up by ``lookup``
    :param timeout: seconds
    """
    local, at, domain = email.strip().rpartition("@")
    domain = ascii_domain(domain)
    if not at or not local or not is_host(domain) or any(char.isspace() for char in local):
        return Found()
    email = f"{local}@{domain}"
    if provider := provider_of_domain(domain):
        return _by_table(email, provider, Source.DOMAIN, domain)
    lookup = lookup or (lambda: Lookup(timeout=min(TIMEOUT_OF_DNS, timeout)))
    files = files or WebFiles(autoconfig_xml.MAX_SIZE)
    return _Search(email, lookup, files, timeout).run()


def first_that_answers(
    candidates: Iterable[Candidate],
    timeout: float = TIMEOUT_OF_ANSWER,
    *,
    ca_file: str | None = None,
) -> Candidate | None:
    """The best candidate whose server is there, encrypts, and has a certificate for its name.

    :param candidates: the best first; any protocol
    :param timeout: seconds for all of them
    :param ca_file: PEM file of the authorities to trust instead of the system's
    """
    return next(
        (
            tried.candidate
            for tried in try_out(candidates, timeout, ca_file=ca_file)
            if tried.error is None
        ),
        None,
    )


def choose(
    found: Found, timeout: float = TIMEOUT_OF_ANSWER, *, ca_file: str | None = None
) -> tuple[Candidate | None, Candidate | None]:
    """The best candidates of both directions whose servers are there, asked at the same time;
    those of a well-known provider need not be asked."""
    lists = (found.incoming, found.outgoing)
    with ThreadPoolExecutor(len(lists), thread_name_prefix="autoconfig") as pool:
        incoming, outgoing = pool.map(
            lambda candidates: (
                candidates[0]
                if candidates and candidates[0].source in (Source.DOMAIN, Source.MX)
                else first_that_answers(candidates, timeout, ca_file=ca_file)
            ),
            lists,
        )
    return incoming, outgoing


@dataclass(frozen=True)
class Tried:
    """What became of asking a candidate's server.

    :param error: ``None`` if it answered as it should
    """

    candidate: Candidate
    error: MailboxError | None


def try_out(
    candidates: Iterable[Candidate],
    timeout: float = TIMEOUT_OF_ANSWER,
    *,
    ca_file: str | None = None,
) -> tuple[Tried, ...]:
    """Ask the servers of candidates at the same time, without logging in.

    Stops as soon as the best that answers is known: the worse ones that have not answered by then
    are left out, and so is what begins unencrypted and is not upgraded.

    :return: in the order of the candidates
    """
    tls = [each for each in candidates if each.encryption != "none"][:_MAX_CANDIDATES]
    # from the first byte before the upgrade, but never a worse source before a better one
    tls.sort(key=lambda each: (list(Source).index(each.source), each.encryption != "tls"))
    return _in_parallel(tls, lambda each: _try(each, timeout, ca_file), timeout)


def _try(candidate: Candidate, timeout: float, ca_file: str | None) -> Tried:
    try:
        probe(
            candidate.protocol,
            candidate.host,
            candidate.port,
            candidate.encryption,
            timeout=timeout,
            ca_file=ca_file,
        )
    except MailboxError as error:
        return Tried(candidate, error)
    return Tried(candidate, None)


def _in_parallel(candidates: Sequence[Candidate], ask, timeout: float) -> tuple[Tried, ...]:
    if not candidates:
        return ()
    deadline = time.monotonic() + timeout
    pool = ThreadPoolExecutor(min(_THREADS, len(candidates)), thread_name_prefix="autoconfig")
    try:
        futures = [pool.submit(ask, each) for each in candidates]
        open_ = set(futures)
        while open_ and not _is_decided(futures):
            done, open_ = wait(open_, max(0, deadline - time.monotonic()), FIRST_COMPLETED)
            if not done:
                break
        decided = _is_decided(futures)
        tried = []
        for candidate, future in zip(candidates, futures, strict=True):
            if future.done():
                tried.append(future.result())
            elif not decided:
                tried.append(Tried(candidate, _too_late(candidate, timeout)))
        return tuple(tried)
    finally:
        # a thread that still waits for a server ends by that server's own time-out
        pool.shutdown(wait=False, cancel_futures=True)


def _too_late(candidate: Candidate, timeout: float) -> ConnectionTimedOut:
    return ConnectionTimedOut(host=candidate.host, port=candidate.port, seconds=f"{timeout:g}")


def _is_decided(futures: Sequence[Future]) -> bool:
    for future in futures:
        if not future.done():
            return False
        if future.result().error is None:
            return True
    return False


class _Search:
    """One look-up: what was asked, and what came of it."""

    def __init__(self, email: str, lookup, files: WebFiles, timeout: float):
        self._email = email
        self._domain = email.rpartition("@")[2]
        self._lookup = lookup
        self._files = replace(files, addresses=self._addresses)
        self._deadline = time.monotonic() + timeout
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="autoconfig")
        self._complete = True

    def run(self) -> Found:
        """Ask all that is independent at once, and put it into one order."""
        try:
            mx = self._pool.submit(self._ask_mx)
            cname = self._pool.submit(self._ask_autodiscover)
            urls = self._urls(self._domain)
            # what a file is asked for are two look-ups in the DNS and a connection each
            found_files = [self._pool.submit(self._ask_file, url) for url in urls]
            services = [self._pool.submit(self._ask_srv, *service) for service in _SERVICES]
            guesses = [
                self._pool.submit(self._ask_guess, protocol, hosts) for protocol, hosts in _GUESSES
            ]
            exchangers = self._result(mx, ())
            provider, where = _provider_of_mx(exchangers)
            via = Source.MX
            if not provider and self._result(cname, False):
                provider, where, via = MICROSOFT_365, f"autodiscover.{self._domain}", Source.SRV
            if provider and provider.road != "provider":
                # no host and password to look for, and the settings of others cannot be better
                return _by_table(self._email, provider, via, where)
            candidates = list(_candidates(provider, self._email, where)) if provider else []
            settings = next(filter(None, (self._result(each, None) for each in found_files)), None)
            if not settings and not provider:
                settings = self._file_of_mx(exchangers)
            name = ""
            if settings:
                name = settings[1].name
                candidates += self._of_file(*settings)
            for each in services:
                candidates += self._result(each, ())
            if not provider:
                provider, where, via = _provider_of_servers(candidates)
            if provider and provider.road != "provider":
                return _by_table(self._email, provider, via, where)
            if not {"imap", "smtp"} <= {each.protocol for each in candidates}:
                missing = {"imap", "pop", "smtp"} - {each.protocol for each in candidates}
                for each in guesses:
                    candidates += [one for one in self._result(each, ()) if one.protocol in missing]
            found = _found(self._email, provider, candidates, name, self._complete)
            return replace(found, via=via, where=where) if provider else found
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _result(self, future: Future, default):
        """What a thread found, if it is ready in time."""
        try:
            return future.result(max(0.0, self._deadline - time.monotonic()))
        except NotReady:
            self._complete = False
            return default

    def _records(self, answer) -> tuple[str, ...]:
        if answer.failed:
            self._complete = False
        return answer.records

    def _addresses(self, host: str) -> tuple[str, ...]:
        return self._records(self._lookup().addresses(host))

    # ---- questions; each runs in a thread of its own

    def _ask_mx(self) -> tuple[str, ...]:
        records = self._records(self._lookup().mx(self._domain))
        # "0 ." means: no mail (RFC 7505)
        return tuple(host for host in (each.split()[-1] for each in records) if is_host(host))

    def _ask_autodiscover(self) -> bool:
        """Whether mail programs of the domain are sent to Microsoft 365: its mail may pass a
        filter of somebody else before."""
        answer = self._lookup().cname(f"autodiscover.{self._domain}")
        return bool(set(self._records(answer)) & set(_AUTODISCOVER))

    def _ask_srv(self, service: str, protocol: str, encryption: str) -> list[Candidate]:
        candidates = []
        for record in self._records(self._lookup().srv(f"{service}.{self._domain}")):
            port, host = record.split()[2:]
            # "." means: not offered (RFC 6186, section 3.4)
            if is_host(host) and int(port) > 0:
                candidates.append(
                    Candidate(
                        protocol,
                        host,
                        int(port),
                        encryption,
                        self._email,
                        Source.SRV,
                        self._domain,
                    )
                )
        return candidates

    def _ask_guess(self, protocol: str, labels: Iterable[str]) -> list[Candidate]:
        candidates = []
        for label in labels:
            host = f"{label}.{self._domain}"
            if self._addresses(host):
                candidates += [
                    Candidate(
                        protocol,
                        host,
                        _PORTS[protocol, encryption],
                        encryption,
                        self._email,
                        Source.GUESS,
                        self._domain,
                    )
                    for encryption in ("tls", "starttls")
                ]
        return candidates

    # ---- files

    def _urls(self, domain: str) -> list[str]:
        address = quote(self._email, safe="@")
        return [
            f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={address}",
            f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
        ]

    def _ask_file(self, url: str) -> tuple[str, Settings] | None:
        """The host that has the file, and what it says."""
        left = self._deadline - time.monotonic()
        if left < _TOO_LATE:
            self._complete = False
            return None
        content = self._files.fetch(url, left)
        if content is None:
            if time.monotonic() > self._deadline - _TOO_LATE:
                self._complete = False
            return None
        settings = autoconfig_xml.parse(content, self._email)
        return (url.split("/")[2], settings) if settings.servers else None

    def _file_of_mx(self, exchangers: Sequence[str]) -> tuple[str, Settings] | None:
        """What the provider publishes that takes the mail, where the domain publishes nothing."""
        for host in exchangers[:1]:
            domain = registrable_domain(host)
            if domain in (registrable_domain(self._domain), public_suffix(domain)):
                return None
            futures = [self._pool.submit(self._ask_file, url) for url in self._urls(domain)]
            return next(filter(None, (self._result(each, None) for each in futures)), None)
        return None

    def _of_file(self, where: str, settings: Settings) -> list[Candidate]:
        return [
            Candidate(
                server.protocol,
                server.host,
                server.port,
                server.encryption,
                server.user or self._email,
                Source.FILE,
                where,
                server.password,
            )
            for server in settings.servers
        ]


def _provider_of_mx(exchangers: Sequence[str]) -> tuple[MailboxProvider | None, str]:
    for host in exchangers:
        if provider := provider_of_mx(host):
            return provider, host
    return None, ""


def _provider_of_servers(
    candidates: Iterable[Candidate],
) -> tuple[MailboxProvider | None, str, Source]:
    """The well-known provider that settings lead to, as where mail passes a filter first; and
    where these settings are."""
    for each in candidates:
        if each.protocol != "smtp" and (provider := provider_of_server(each.host)):
            return provider, each.where, each.source
    return None, "", Source.GUESS


def _by_table(email: str, provider: MailboxProvider, source: Source, where: str) -> Found:
    found = _found(email, provider, _candidates(provider, email, where, source), "", True)
    return replace(found, via=source, where=where)


def _candidates(
    provider: MailboxProvider, email: str, where: str, source: Source = Source.MX
) -> Iterable[Candidate]:
    local, _at, domain = email.rpartition("@")
    user = local if provider.user == "local" and domain in provider.domains else email
    for protocol, host, port, encryption in provider.servers(where):
        yield Candidate(protocol, host, port, encryption, user, source, where)


def _found(
    email: str,
    provider: MailboxProvider | None,
    candidates: Iterable[Candidate],
    name: str,
    complete: bool,
) -> Found:
    """Without what was found twice, the more certain first; IMAP before POP."""
    known: dict[tuple, Candidate] = {}
    for each in candidates:
        key = (each.protocol, each.host, each.port)
        known.setdefault(key, each)
    # one that wants OAuth is kept at the end: it says why a password does not work
    ordered = sorted(known.values(), key=lambda each: (not each.password, each.protocol == "pop"))
    found = Found(
        email=email,
        name=name,
        incoming=tuple(e for e in ordered if e.protocol != "smtp")[:_MAX_CANDIDATES],
        outgoing=tuple(e for e in ordered if e.protocol == "smtp")[:_MAX_CANDIDATES],
        complete=complete,
    )
    if provider:
        found = replace(
            found,
            provider=provider.key,
            name=provider.name,
            road=provider.road,
            needs=provider.needs,
            help=provider.help,
        )
    return found
