"""Does SPF let our mail pass, and what would have to be published?"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from .dns_lookup import Lookup, Status
from .finding import Finding, Kind, Record, State
from .mail_providers import Provider, provider_of
from .note import Note, note
from .spf import SpfRecord, Term, is_meant_as_spf, read_spf, write_spf
from .spf_lookup import (
    LOOKUPS,
    VOID_LOOKUPS,
    IPAddress,
    Result,
    Survey,
    evaluate,
    mx_hosts,
    networks,
    spf_texts,
    survey,
)

#: Characters of one string of a TXT record (RFC 1035 section 3.3.14).
STRING = 255
#: Machines of a provider that are tried out.
_SAMPLES = 16
#: Addresses that may stand for a host or an ``mx``, where lookups are short.
_FEW = 4
#: Behind these nothing is delivered to the world: what leaves has another address.
_INTERNAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10"),
    )
)


@dataclass(frozen=True)
class Sender:
    """One of the machines or providers that deliver our mail.

    :param name: as it was given; the provider's name
    :param term: what lets it pass in an SPF record
    :param addresses: from which it delivers; some of a provider's
    :param plain: terms that let it pass without asking the DNS; none for a provider
    """

    name: str
    term: str
    addresses: tuple[IPAddress, ...]
    plain: tuple[str, ...] = ()


@dataclass(frozen=True)
class Senders:
    """Who delivers our mail, as far as it is known.

    :param unknown: names of servers of which that cannot be told
    :param why: the DNS did not tell
    """

    known: tuple[Sender, ...] = ()
    unknown: tuple[str, ...] = ()
    why: Note | None = None


def find_senders(lookup: Lookup, provider: Provider | None, hosts: Sequence[str] = ()) -> Senders:
    """Find out who delivers our mail.

    :param provider: that our mail leaves by, whatever the names of its servers
    :param hosts: names, IP addresses or networks of servers that deliver, or that belong to a
        provider; ``include:x`` for whatever x lists
    """
    known, unknown, why = [], [], None
    providers = {provider.include: provider.name} if provider else {}
    for host in hosts:
        host = host.strip().rstrip(".").lower()
        network = _network(host)
        if host.startswith("include:"):
            providers.setdefault(host.removeprefix("include:"), host.removeprefix("include:"))
        elif network:
            if not _is_internal(network[0]):
                term = _plain(network)
                known.append(Sender(host, term, (network[0],), (term,)))
        elif found := provider_of(host):
            providers.setdefault(found.include, found.name)
        else:
            answer = lookup.addresses(host)
            why = why or answer.why
            ips = tuple(ipaddress.ip_address(text) for text in answer.records)
            public = tuple(ip for ip in ips if not _is_internal(ip))
            if public:
                plain = tuple(_plain(ipaddress.ip_network(ip)) for ip in public)
                known.append(Sender(host, f"a:{host}", public, plain))
            else:
                unknown.append(host)
    for include, name in providers.items():
        answer = lookup.txt(include)
        why = why or answer.why
        samples = islice(networks(lookup, include), _SAMPLES)
        known.append(
            Sender(name, f"include:{include}", tuple(each.network_address for each in samples))
        )
    return Senders(tuple(known), tuple(unknown), why)


def _network(text: str):
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_internal(ip: IPAddress) -> bool:
    return any(ip in network for network in _INTERNAL)


def _plain(network) -> str:
    single = network.num_addresses == 1
    return f"ip{network.version}:{network.network_address if single else network}"


# ------------------------------------------------------------
# The check
# ------------------------------------------------------------


def check_spf(lookup: Lookup, domain: str, sender: str, senders: Senders) -> Finding:
    """Check the SPF record of a domain.

    :param sender: the address that we send as
    """
    answer = lookup.txt(domain)
    if answer.failed:
        return Finding(Kind.SPF, State.UNKNOWN, (answer.why,), domain)
    published = spf_texts(answer)
    meant = tuple(text for text in answer.records if is_meant_as_spf(text))
    draft = Draft()
    for text in published or meant:
        draft.take(read_spf(text))
    if not published and not meant:
        draft.ending = "~all"
    return _Check(lookup, domain, sender, senders, published, meant, draft).finding()


@dataclass
class Draft:
    """An SPF record in the making, from one or several that are published."""

    mechanisms: list[str] = field(default_factory=list)
    ending: str = ""
    modifiers: list[str] = field(default_factory=list)
    records: int = 0

    @property
    def text(self) -> str:
        return write_spf(self.mechanisms, self.ending, self.modifiers)

    def take(self, record: SpfRecord) -> None:
        """Take over what a record says, mended."""
        self.records += 1
        mended = read_spf(
            " ".join(
                ["v=spf1", *filter(None, (t.mended if t.faulty else t.text for t in record.terms))]
            )
        )
        for term in mended.mechanisms:
            if term.name != "all":
                self._add(term.text)
        if mended.redirect and self.records == 1:
            self.modifiers.append(mended.redirect.text)
        elif mended.redirect:
            self._add(f"include:{mended.redirect.target}")
        self.modifiers += [
            term.text
            for term in mended.terms
            if not term.qualifier and not term.faulty and term.name != "redirect"
        ]
        if self.records > 1:
            self._close_merged()
        elif mended.all and mended.all.qualifier != "+":
            self.ending = mended.all.text
        elif mended.all or not mended.redirect:
            self.ending = "~all"

    def _add(self, term: str) -> None:
        if term.lower() not in (other.lower() for other in self.mechanisms):
            self.mechanisms.append(term)

    def _close_merged(self) -> None:
        """Which of the endings was meant is not known: take the one that refuses nobody."""
        for text in [text for text in self.modifiers if text.lower().startswith("redirect=")]:
            self.modifiers.remove(text)
            self._add(f"include:{text.partition('=')[2]}")
        self.ending = "~all"

    def allow(self, term: str) -> None:
        """Let a sender pass, before anything that refuses it."""
        if term in self.mechanisms:
            self.mechanisms.remove(term)
        place = next(
            (index for index, text in enumerate(self.mechanisms) if text[0] in "-~?"),
            len(self.mechanisms),
        )
        self.mechanisms.insert(place, term)

    def drop(self, names: Sequence[str]) -> None:
        """Take out what includes these domains."""
        self.mechanisms = [
            text for text in self.mechanisms if _included(read_spf(f"v=spf1 {text}")) not in names
        ]
        kept = [
            text for text in self.modifiers if _included(read_spf(f"v=spf1 {text}")) not in names
        ]
        if len(kept) < len(self.modifiers):
            self.modifiers, self.ending = kept, self.ending or "~all"


def _included(record: SpfRecord) -> str:
    return next((t.target for t in record.terms if t.name in ("include", "redirect")), "")


class _Check:
    def __init__(self, lookup, domain, sender, senders, published, meant, draft):
        self._lookup: Lookup = lookup
        self._domain: str = domain
        self._sender: str = sender
        self._senders: Senders = senders
        self._published: tuple[str, ...] = published
        self._meant: tuple[str, ...] = meant
        self._draft: Draft = draft
        self._wrong: list[Note] = []
        self._unsure: list[Note] = []
        self._said: list[Note] = []
        self._better = False

    def finding(self) -> Finding:
        before = None
        if not self._published:
            self._wrong += [note("spf_meant", text=text) for text in self._meant[:1]]
        elif len(self._published) > 1:
            self._wrong.append(note("spf_several", count=len(self._published)))
        else:
            record = read_spf(self._published[0])
            before = survey(self._lookup, record, self._domain)
            self._look_at_terms(record)
            self._look_at_lookups(before)
        # also where several records were put together
        self._drop_broken()
        known = self._let_pass()
        missing = not self._published and not self._meant
        if missing:
            self._said.insert(0, note("spf_missing"))
        publish = self._publish(before)
        notes = [*self._wrong, *self._unsure, *self._said]
        if self._wrong:
            state = State.WRONG
        elif missing:
            state = State.MISSING
        elif not known:
            state = State.UNKNOWN
        else:
            state = State.OK
        found = "\n".join(self._published or self._meant)
        return Finding(Kind.SPF, state, tuple(notes), self._domain, found, publish)

    # ---- what is published ----

    def _look_at_terms(self, record: SpfRecord) -> None:
        if record.faults:
            self._wrong.append(note("spf_syntax", terms=_texts(record.faults)))
        if record.all and record.all.qualifier == "+":
            self._wrong.append(note("spf_all_pass"))
        elif record.all and record.all.qualifier == "?":
            self._said.append(note("spf_all_neutral"))
            self._draft.ending = "~all"
            self._better = True
        elif not record.all and not record.redirect:
            self._said.append(note("spf_no_all"))
            self._better = True
        if record.ignored:
            self._better = True
            self._said.append(note("spf_ignored", terms=_texts(record.ignored)))

    def _look_at_lookups(self, found: Survey) -> None:
        if found.why:
            self._unsure.append(found.why)
        if found.lookups > LOOKUPS:
            costly = sorted((-cost, text) for text, cost in found.costs if cost > 1)
            names = ", ".join(f"{text} ({-cost})" for cost, text in costly) or "–"
            self._wrong.append(note("spf_lookups", count=found.lookups, limit=LOOKUPS, terms=names))
        if len(found.void) > VOID_LOOKUPS:
            self._wrong.append(
                note("spf_void", count=len(found.void), limit=VOID_LOOKUPS, names=_list(found.void))
            )

    def _drop_broken(self) -> None:
        broken = survey(self._lookup, read_spf(self._draft.text), self._domain).broken
        own = [name for name in broken if f"include:{name}" in self._draft.text.lower()]
        own += [name for name in broken if f"redirect={name}" in self._draft.text.lower()]
        if broken and self._published:
            self._wrong.append(note("spf_include_broken", names=_list(broken)))
        self._draft.drop(own)

    # ---- who sends ----

    def _let_pass(self) -> bool:
        """See that the draft lets each sender pass.

        :return: whether each of them is known and passes already
        """
        if self._senders.why:
            self._unsure.append(self._senders.why)
        passing, refused, unsure = [], {}, []
        for sender in self._senders.known:
            failing, why = self._failing(sender)
            if why:
                unsure.append(why)
            elif failing:
                refused[sender] = failing
            else:
                passing.append(sender)
        for sender in refused:
            self._draft.allow(sender.term)
        if refused and (self._published or self._meant):
            self._wrong.append(note("spf_not_authorised", senders=_list(refused.values())))
        self._unsure += [why for why in unsure if why not in self._unsure]
        if self._senders.unknown:
            self._said.append(note("spf_host_unknown", hosts=_list(self._senders.unknown)))
            return False
        if not self._senders.known:
            self._said.append(note("spf_sender_unknown"))
            return False
        if refused or unsure:
            return False
        if self._published:
            self._said.insert(0, note("spf_ok", senders=_list(each.name for each in passing)))
        return True

    def _failing(self, sender: Sender) -> tuple[str, Note | None]:
        """Who of a sender is not let pass, in words, or "": and why that cannot be told."""
        text = self._draft.text
        if not sender.addresses:
            # a provider whose record lists no networks: that it is included has to do
            included = sender.term in (term.text.lower() for term in read_spf(text).mechanisms)
            return "" if included else sender.name, None
        failing = []
        for ip in sender.addresses:
            verdict = evaluate(self._lookup, ip, self._domain, self._sender, text)
            if verdict.result is Result.TEMPERROR:
                return "", verdict.why
            if verdict.result is not Result.PASS:
                failing.append(str(ip))
        if not failing or not sender.plain or failing == [sender.name]:
            return sender.name if failing else "", None
        return f"{sender.name} ({_list(failing)})", None

    # ---- what to publish ----

    def _publish(self, before: Survey | None) -> Record | None:
        if not self._published and not self._draft.mechanisms:
            return None  # nobody is known who may send
        text = self._shortened()
        if text is None or not (self._wrong or self._better or not self._published):
            return None
        if len(text) > STRING:
            self._said.append(note("spf_long", length=len(text), limit=STRING))
        return Record(self._domain, "TXT", text)

    def _shortened(self) -> str | None:
        """The text of the draft, with few enough lookups; None if that takes a person."""
        steps = [self._without_ptr, self._with_plain_senders, self._with_plain_hosts]
        while True:
            count = survey(self._lookup, read_spf(self._draft.text), self._domain).lookups
            if count <= LOOKUPS:
                return self._draft.text
            if not steps:
                if not any(each.code == "spf_lookups" for each in self._wrong):
                    self._wrong.append(note("spf_lookups_then", count=count, limit=LOOKUPS))
                return None
            steps.pop(0)()

    def _without_ptr(self) -> None:
        """Section 5.5 of RFC 7208 advises against ``ptr``."""
        self._draft.mechanisms = [
            text
            for text in self._draft.mechanisms
            if [term.name for term in read_spf(f"v=spf1 {text}").terms] != ["ptr"]
        ]

    def _with_plain_senders(self) -> None:
        for sender in self._senders.known:
            if sender.term in self._draft.mechanisms and 0 < len(sender.plain) <= _FEW:
                self._put_in_place(sender.term, sender.plain)

    def _with_plain_hosts(self) -> None:
        """Put addresses in place of ``a`` and ``mx``, as long as they are few."""
        for text in list(self._draft.mechanisms):
            terms = read_spf(f"v=spf1 {text}").terms
            term = terms[0] if len(terms) == 1 else None
            if term is None or term.name not in ("a", "mx") or term.has_macro:
                continue
            if (term.qualifier, term.four, term.six) != ("+", 32, 128):
                continue
            plain = self._addresses_of(term)
            if 0 < len(plain) <= _FEW:
                self._put_in_place(text, plain)

    def _addresses_of(self, term: Term) -> list[str]:
        target = term.target or self._domain
        hosts = [target] if term.name == "a" else mx_hosts(self._lookup.mx(target))
        found = []
        for host in hosts:
            answer = self._lookup.addresses(host)
            if answer.status is not Status.FOUND:
                return []
            found += [_plain(ipaddress.ip_network(text)) for text in answer.records]
        return found

    def _put_in_place(self, text: str, others: Sequence[str]) -> None:
        place = self._draft.mechanisms.index(text)
        new = [other for other in others if other not in self._draft.mechanisms]
        self._draft.mechanisms[place : place + 1] = new


def _list(names) -> str:
    return ", ".join(names)


def _texts(terms: Sequence[Term]) -> str:
    return _list(term.text for term in terms)
