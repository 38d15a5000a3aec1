"""The set-up check of a From address: what the DNS of its domain says about mail from it.

Asks for SPF, DKIM, DMARC and MX, and says of each whether it is right, and what to publish if
it is not. Without a network it says that, too.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum

from .dkim import Signature, check_dkim
from .dmarc import check_dmarc
from .dns_lookup import TIMEOUT, Answer, Lookup, Status
from .domain import is_free_mail, registrable_domain
from .finding import MAIL_HOST, Finding, Kind, Record, State, worst
from .mail_providers import GOOGLE, MICROSOFT, Provider, provider_of
from .note import Note, note
from .spf_advice import check_spf, find_senders

#: Domains that are checked at the same time, so that one that hangs holds up none.
AT_A_TIME = 8


class Via(str, Enum):
    """The way that mails of an address take."""

    SERVER = "server"  # Odoo's outgoing server, or one of its own
    MICROSOFT = "microsoft"
    GOOGLE = "google"


@dataclass(frozen=True)
class Question:
    """What is to be checked.

    :param address: that we send as
    :param hosts: names, IP addresses or networks of the servers that deliver its mails, as far as
        known; ``include:x`` for whatever the SPF record of x lists
    :param selectors: of DKIM, as typed by somebody
    :param signatures: of the last mail of ours that was seen from outside
    :param envelope: domain of the envelope sender, which SPF is about; "" for the address's own
    :param tenant: of Microsoft 365: the ``acorn`` of ``acorn.onmicrosoft.com``
    """

    address: str
    via: Via = Via.SERVER
    hosts: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    envelope: str = ""
    tenant: str = ""

    @property
    def domain(self) -> str:
        """In the letters of the DNS (RFC 5890), as far as it can be written so."""
        domain = self.address.rpartition("@")[2].rstrip(".").lower()
        try:
            return domain.encode("ascii").decode()
        except UnicodeError:
            return _to_ascii(domain)

    @property
    def provider(self) -> Provider | None:
        """The provider that its mails leave by."""
        if self.via is not Via.SERVER:
            return MICROSOFT if self.via is Via.MICROSOFT else GOOGLE
        return next(filter(None, map(provider_of, self.hosts)), None)


@dataclass(frozen=True)
class DomainCheck:
    """The answer to a :class:`Question`."""

    question: Question
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        return worst(self.findings)


def check_domain(
    question: Question, nameservers: Sequence[str] = (), timeout: float = TIMEOUT
) -> DomainCheck:
    """Check the domain of one address.

    :param nameservers: see :class:`~.dns_lookup.Lookup`
    :param timeout: seconds for each question to a name server
    :raise ValueError: a name server is not written as an IP address
    """
    lookup = Lookup(nameservers, timeout)
    domain = question.domain
    first, second = lookup.mx(domain), lookup.txt(domain)
    if first.failed and second.failed:
        # nothing of this domain can be told: do not wait for other names
        return _all_of_them(question, State.UNKNOWN, second.why)
    if Status.NO_NAME in (first.status, second.status):
        return _all_of_them(question, State.WRONG, note("domain_unknown", domain=domain))
    senders = find_senders(lookup, question.provider, question.hosts)
    spf = _with_envelope(check_spf(lookup, domain, question.address, senders), question)
    if is_free_mail(domain):
        findings = _of_free_mail(lookup, domain, spf)
    else:
        dkim = check_dkim(
            lookup,
            domain,
            question.provider,
            question.selectors,
            question.signatures,
            question.tenant,
        )
        findings = [spf, *dkim, check_dmarc(lookup, domain), check_mx(lookup, domain, question)]
    return DomainCheck(question, tuple(findings))


def check_domains(
    questions: Iterable[Question], nameservers: Sequence[str] = (), timeout: float = TIMEOUT
) -> dict[Question, DomainCheck]:
    """Check several, some at the same time; each question once."""
    questions = list(dict.fromkeys(questions))
    with ThreadPoolExecutor(min(AT_A_TIME, len(questions)) or 1) as pool:
        checks = pool.map(lambda each: check_domain(each, nameservers, timeout), questions)
        return dict(zip(questions, checks, strict=True))


def _all_of_them(question: Question, state: State, said: Note) -> DomainCheck:
    findings = (Finding(kind, state, (said,), question.domain) for kind in Kind)
    return DomainCheck(question, tuple(findings))


def _to_ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain  # cannot be in the DNS: no such name is what the check will find


def _with_envelope(spf: Finding, question: Question) -> Finding:
    """SPF is about the envelope sender, and counts for DMARC only if that is of our domain."""
    if not question.envelope or registrable_domain(question.envelope) == registrable_domain(
        question.domain
    ):
        return spf
    return replace(spf, notes=(*spf.notes, note("spf_envelope", domain=question.envelope)))


def _of_free_mail(lookup: Lookup, domain: str, spf: Finding) -> list[Finding]:
    """Nobody but the provider can publish records there, or sign for it."""
    if spf.state in (State.OK, State.UNKNOWN):
        said = note("free_mail_ok" if spf.state is State.OK else "free_mail_unknown", domain=domain)
        state = spf.state
    else:
        said, state = note("free_mail_refused", domain=domain), State.WRONG
    spf = Finding(Kind.SPF, state, (said,), spf.name, spf.found)
    dkim = Finding(Kind.DKIM, state, (said,), f"_domainkey.{domain}")
    others = [check_dmarc(lookup, domain), check_mx(lookup, domain, None)]
    return [spf, dkim, *(replace(each, publish=None) for each in others)]


# ------------------------------------------------------------
# MX
# ------------------------------------------------------------


def check_mx(lookup: Lookup, domain: str, question: Question | None) -> Finding:
    """Check where answers to an address go."""
    answer = lookup.mx(domain)
    if answer.failed:
        return Finding(Kind.MX, State.UNKNOWN, (answer.why,), domain)
    found = "\n".join(answer.records)
    publish = Record(domain, "MX", _mx_value(domain, question))
    hosts = [record.partition(" ")[2] for record in answer.records]
    if not hosts:
        implicit = lookup.addresses(domain)
        if implicit.failed:
            return Finding(Kind.MX, State.UNKNOWN, (implicit.why,), domain)
        if implicit.records:  # RFC 5321 section 5.1
            said = note("mx_implicit", domain=domain, addresses=", ".join(implicit.records))
            return Finding(Kind.MX, State.WRONG, (said,), domain, found, publish)
        said = note("mx_missing", domain=domain)
        return Finding(Kind.MX, State.MISSING, (said,), domain, found, publish)
    if "." in hosts:  # RFC 7505
        code = "mx_null" if len(hosts) == 1 else "mx_null_mixed"
        return Finding(Kind.MX, State.WRONG, (note(code, domain=domain),), domain, found, publish)
    targets = {host: lookup.addresses(host) for host in hosts}
    problems = {host: _problem_of_host(host, answer) for host, answer in targets.items()}
    wrong = [problem for problem in problems.values() if problem]
    unsure = [each.why for each in targets.values() if each.failed]
    if len(unsure) == len(hosts):
        return Finding(Kind.MX, State.UNKNOWN, (unsure[0],), domain, found)
    if len(wrong) == len(hosts):
        alias = targets[hosts[0]].alias
        if wrong[0].code == "mx_alias":
            publish = replace(publish, value=answer.records[0].replace(hosts[0], alias))
        return Finding(Kind.MX, State.WRONG, tuple(wrong), domain, found, publish)
    # some may be wrong: mail still comes in by the others
    said = (note("mx_ok", hosts=", ".join(hosts)), *wrong)
    return Finding(Kind.MX, State.OK, said, domain, found)


def _problem_of_host(host: str, answer: Answer) -> Note | None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if answer.failed or (answer.records and not answer.alias):
            return None
        if answer.records:  # RFC 2181 section 10.3
            return note("mx_alias", host=host, target=answer.alias)
        return note("mx_host_unknown", host=host)
    return note("mx_address", host=host)


def _mx_value(domain: str, question: Question | None) -> str:
    provider = question.provider if question else None
    if provider is GOOGLE:
        return "1 smtp.google.com"
    if provider is MICROSOFT:
        return f"0 {domain.replace('.', '-')}.mail.protection.outlook.com"
    return f"10 {MAIL_HOST}"
