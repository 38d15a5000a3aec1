"""DKIM (RFC 6376): under which selectors keys are published, and what is wrong with them."""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .dns_lookup import Answer, Lookup, Status
from .domain import registrable_domain
from .finding import GOOGLE_KEY, OWN_KEY, SELECTOR, TENANT, Finding, Kind, Record, State
from .mail_providers import GOOGLE, MICROSOFT, Provider
from .note import Note, note

#: Bits of an RSA key: fewer are not accepted (RFC 8301 section 3.2), and what is advised.
LEAST_BITS = 1024
GOOD_BITS = 2048
#: Under which selectors keys are often found; tried where none is known.
COMMON = (
    *("default", "dkim", "mail", "smtp", "email", "key1", "dkim1", "selector1", "selector2"),
    *("google", "s1", "s2", "k1", "k2", "k3", "mx", "odoo", "sig1", "x", "s2048", "main"),
)

#: A record with a key to fill in.
KEY = "v=DKIM1; k=rsa; p={}"

_TAG = re.compile(r"[a-z][a-z0-9_]*", re.I)
_SELECTOR = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_-]+)*", re.I)
_ED25519_OCTETS = 32


@dataclass(frozen=True)
class Signature:
    """Who signed a mail: the ``d=`` and ``s=`` of a DKIM-Signature."""

    domain: str
    selector: str


def tags(text: str) -> dict[str, str] | None:
    """Read a list of tags (section 3.2): ``v=DKIM1; p=…``. None if it is none.

    The first of several tags of one name counts.
    """
    found: dict[str, str] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        if not equals or not _TAG.fullmatch(name.strip()):
            return None
        found.setdefault(name.strip().lower(), value.strip())
    return found


def read_signatures(values: Iterable[str]) -> tuple[Signature, ...]:
    """Who signed a mail, from the values of its DKIM-Signature headers; damaged ones left out."""
    found = []
    for value in values:
        read = tags(value) or {}
        domain = re.sub(r"\s", "", read.get("d", "")).rstrip(".").lower()
        selector = re.sub(r"\s", "", read.get("s", "")).lower()
        if is_selector(selector) and is_selector(domain) and "." in domain:
            found.append(Signature(domain, selector))
    return tuple(dict.fromkeys(found))


def is_selector(text: str) -> bool:
    """Whether it can stand before ``._domainkey.`` (section 3.1)."""
    return len(text) <= 200 and bool(_SELECTOR.fullmatch(text))


def is_aligned(signer: str, domain: str) -> bool:
    """Whether a signature counts for a From address (RFC 7489 section 3.1.1, relaxed)."""
    return registrable_domain(signer) == registrable_domain(domain)


# ------------------------------------------------------------
# Keys
# ------------------------------------------------------------


@dataclass(frozen=True)
class _Key:
    """A published key: what is wrong with it, or else what there is to say."""

    state: State
    said: tuple[Note, ...]
    found: str = ""


def _look(lookup: Lookup, name: str) -> _Key:
    """What is published for a selector."""
    answer = lookup.txt(name)
    if answer.failed:
        return _Key(State.UNKNOWN, (answer.why,))
    if answer.status is not Status.FOUND:
        if answer.alias:
            said = note("dkim_dangling", name=name, target=answer.alias)
            found = f"CNAME {answer.alias}"
            return _Key(State.WRONG, (said,), found)
        return _Key(State.MISSING, (note("dkim_missing", name=name),))
    records = [text for text in answer.records if "p=" in text.replace(" ", "")]
    found = "\n".join(answer.records)
    if not records:
        return _Key(State.WRONG, (note("dkim_unreadable", name=name),), found)
    if len(records) > 1:  # section 3.6.2.2
        return _Key(State.WRONG, (note("dkim_several", name=name, count=len(records)),), found)
    return _judge(name, records[0])


def _judge(name: str, text: str) -> _Key:
    read = tags(text)
    if read is None or read.get("v", "DKIM1") != "DKIM1" or "p" not in read:
        return _Key(State.WRONG, (note("dkim_unreadable", name=name),), text)
    data = re.sub(r"\s", "", read["p"])
    if not data:
        return _Key(State.WRONG, (note("dkim_revoked", name=name),), text)
    kind = read.get("k", "rsa").lower()
    services = {part.strip() for part in read.get("s", "*").split(":")}
    if services.isdisjoint(("*", "email")) or kind not in ("rsa", "ed25519"):
        return _Key(State.WRONG, (note("dkim_other_use", name=name),), text)
    bits = _bits(kind, data)
    if bits is None:
        return _Key(State.WRONG, (note("dkim_unreadable", name=name),), text)
    if kind == "rsa" and bits < LEAST_BITS:
        return _Key(State.WRONG, (note("dkim_short", name=name, bits=bits),), text)
    said = [note("dkim_ok", name=name)]
    if kind == "rsa" and bits < GOOD_BITS:
        said.append(note("dkim_longer", bits=bits, good=GOOD_BITS))
    if "y" in {part.strip() for part in read.get("t", "").split(":")}:  # section 3.6.1
        said.append(note("dkim_testing"))
    return _Key(State.OK, tuple(said), text)


def _bits(kind: str, data: str) -> int | None:
    """The length of a key; None if it is none."""
    try:
        octets = base64.b64decode(data, validate=True)
        if kind == "ed25519":  # RFC 8463 section 4.2: the bare key
            return 8 * _ED25519_OCTETS if len(octets) == _ED25519_OCTETS else None
        key = load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None


# ------------------------------------------------------------
# The check
# ------------------------------------------------------------


def check_dkim(
    lookup: Lookup,
    domain: str,
    provider: Provider | None = None,
    selectors: Sequence[str] = (),
    signatures: Sequence[Signature] = (),
    tenant: str = "",
) -> list[Finding]:
    """Check the DKIM keys of a domain.

    Only a mail shows how it is signed. So where neither a selector nor a signature is known, the
    provider's and the common ones are tried, and finding none proves nothing.

    :param selectors: typed by somebody
    :param signatures: of the last mail of ours that was seen from outside
    :param tenant: of Microsoft 365: the ``acorn`` of ``acorn.onmicrosoft.com``
    """
    return _Check(lookup, domain, provider, tenant).findings(selectors, signatures)


class _Check:
    def __init__(self, lookup: Lookup, domain: str, provider: Provider | None, tenant: str):
        self._lookup = lookup
        self._domain = domain
        self._provider = provider
        self._tenant = tenant

    def findings(self, selectors: Sequence[str], signatures: Sequence[Signature]) -> list[Finding]:
        aligned = [each for each in signatures if is_aligned(each.domain, self._domain)]
        wanted = {_name(each, self._domain): each for each in selectors}
        wanted |= {_name(each.selector, each.domain): each.selector for each in aligned}
        found = self._look_at(wanted)
        strangers = sorted({each.domain for each in signatures} - {s.domain for s in aligned})
        if strangers and not aligned:
            found.insert(0, self._not_aligned(strangers))
        if any(each.state is State.OK for each in found):
            return found
        if self._provider in (MICROSOFT, GOOGLE):
            own = {_name(each, self._domain): each for each in self._provider.selectors}
            return found + self._look_at({n: s for n, s in own.items() if n not in wanted})
        return found or self._guess()

    def _look_at(self, names: dict[str, str]) -> list[Finding]:
        """What there is to say of selectors: name in the DNS -> selector."""
        keys = {name: _look(self._lookup, name) for name in names}
        working = any(key.state is State.OK for key in keys.values())
        return [self._finding(name, names[name], key, working) for name, key in keys.items()]

    def _finding(self, name: str, selector: str, key: _Key, working: bool) -> Finding:
        if key.state in (State.OK, State.UNKNOWN):
            return Finding(Kind.DKIM, key.state, key.said, name, key.found)
        if self._provider and selector in self._provider.selectors:
            if self._provider is MICROSOFT:
                return self._microsoft(name, selector, key, working)
            if self._provider is GOOGLE:
                said = (*key.said, note("dkim_google", domain=self._domain))
                publish = Record(name, "TXT", KEY.format(GOOGLE_KEY))
                return Finding(Kind.DKIM, key.state, said, name, key.found, publish)
        dangling = key.said[0].code == "dkim_dangling"
        publish = None if dangling else Record(name, "TXT", KEY.format(OWN_KEY))
        return Finding(Kind.DKIM, key.state, key.said, name, key.found, publish)

    def _not_aligned(self, strangers: Sequence[str]) -> Finding:
        said = note("dkim_not_aligned", signers=", ".join(strangers), domain=self._domain)
        return Finding(Kind.DKIM, State.WRONG, (said,), f"_domainkey.{self._domain}")

    # ---- Microsoft 365 ----

    def _microsoft(self, name: str, selector: str, key: _Key, working: bool) -> Finding:
        """Microsoft signs with one of two keys, and changes to the other when it renews them."""
        alias = self._lookup.txt(name).alias
        if alias and self._is_of_microsoft(alias):
            # its key appears once signing is switched on, or the keys are renewed
            if working:
                said = (note("dkim_next_key", name=name),)
                return Finding(Kind.DKIM, State.OK, said, name, key.found)
            said = (note("dkim_switch_on", name=name, domain=self._domain),)
            return Finding(Kind.DKIM, State.WRONG, said, name, key.found)
        target, sure = self._target(selector)
        said = (*key.said, note("dkim_microsoft" if sure else "dkim_microsoft_look"))
        publish = Record(name, "CNAME", target)
        return Finding(Kind.DKIM, key.state, said, name, key.found, publish)

    def _target(self, selector: str) -> tuple[str, bool]:
        """Where the CNAME of a selector of Microsoft 365 has to lead, and whether that is sure.

        Domains added since May 2025 lead elsewhere than older ones, with a letter that only
        Microsoft knows; the other selector tells it.
        """
        for other in MICROSOFT.selectors:
            alias = self._lookup.cname(_name(other, self._domain)).records
            if other != selector and alias and self._is_of_microsoft(alias[0]):
                return alias[0].replace(f"{other}-", f"{selector}-", 1), True
        dashed = self._domain.replace(".", "-")
        tenant = self._tenant or TENANT
        return f"{selector}-{dashed}._domainkey.{tenant}.onmicrosoft.com", False

    @staticmethod
    def _is_of_microsoft(name: str) -> bool:
        return name.endswith((".onmicrosoft.com", ".dkim.mail.microsoft"))

    # ---- nothing is known ----

    def _guess(self) -> list[Finding]:
        place = f"_domainkey.{self._domain}"
        answer: Answer = self._lookup.txt(place)
        if answer.failed:
            return [Finding(Kind.DKIM, State.UNKNOWN, (answer.why,), place)]
        if answer.status is Status.NO_NAME:  # RFC 8020: then there is nothing below it
            said = (note("dkim_none", domain=self._domain),)
            publish = Record(f"{SELECTOR}.{place}", "TXT", KEY.format(OWN_KEY))
            return [Finding(Kind.DKIM, State.MISSING, said, place, publish=publish)]
        own = self._provider.selectors if self._provider else ()
        found = []
        tried = list(dict.fromkeys((*own, *COMMON)))
        for selector in tried:
            name = _name(selector, self._domain)
            key = _look(self._lookup, name)
            if key.state is State.OK:
                said = (*key.said, note("dkim_guessed"))
                found.append(Finding(Kind.DKIM, State.OK, said, name, key.found))
        if found:
            return found
        said = (note("dkim_selector_unknown", count=len(tried)),)
        return [Finding(Kind.DKIM, State.UNKNOWN, said, place)]


def _name(selector: str, domain: str) -> str:
    return f"{selector.strip().lower()}._domainkey.{domain}"
