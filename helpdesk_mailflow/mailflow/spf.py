"""SPF (RFC 7208): which servers may send for a domain.

Reading a record never fails; what makes no sense in it is kept as a fault, with a mending where
one is evident.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")

_VERSION = re.compile(r"v=spf1(?: |$)", re.I)
#: What somebody meant as an SPF record.
_MEANT = re.compile(r"[\s\"'“”]*(?:v\s*=\s*)?spf1\b[\s:;]|[\s\"'“”]*v\s*=\s*spf", re.I)
_MECHANISM = re.compile(r"([+\-~?]?)([a-z0-9]+)(?::([^/]*))?(?:/(\d{1,3}))?(?://(\d{1,3}))?", re.I)
_NETWORK = re.compile(r"([+\-~?]?)(ip4|ip6):([0-9a-f:.]+)(/\d{1,3})?", re.I)
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.I)
#: The macros of section 7, and what stands for a percent sign or a space.
MACRO = re.compile(r"%(?:\{([slodiphv])(\d{0,3})(r?)([-.+,/_=]*)\}|([%_-]))", re.I)
_NAME_CHARACTERS = re.compile(r"[a-z0-9._-]*", re.I)
_TOP_LABEL = re.compile(r"\.(?!\d+\.?$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?$", re.I)
_MISSPELT = {
    "ip": "ip4",
    "ipv4": "ip4",
    "ipv6": "ip6",
    "includes": "include",
    "inlcude": "include",
    "incude": "include",
}


@dataclass(frozen=True)
class Term:
    """A mechanism (``-all``, ``include:x``) or modifier (``redirect=x``) of a record.

    :param text: as written
    :param qualifier: one of + - ~ ?; "" for a modifier
    :param name: in lower case
    :param value: domain, network, or "" for the domain of the record
    :param four: length of the prefix for IPv4; ``six`` for IPv6
    :param faulty: it makes no sense, so receivers ignore the whole record (section 4.6)
    :param mended: with a fault, what was most likely meant, or ""
    """

    text: str
    qualifier: str = ""
    name: str = ""
    value: str = ""
    four: int = 32
    six: int = 128
    faulty: bool = False
    mended: str = ""

    @property
    def target(self) -> str:
        return self.value.rstrip(".").lower()

    @property
    def has_macro(self) -> bool:
        return "%" in self.value


@dataclass(frozen=True)
class SpfRecord:
    """A record that was read."""

    text: str
    terms: tuple[Term, ...]

    @property
    def faults(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term.faulty)

    @property
    def mechanisms(self) -> tuple[Term, ...]:
        """Those that count: ``all`` always matches, so nothing behind it does (section 5.1)."""
        found = []
        for term in self.terms:
            if term.qualifier and not term.faulty:
                found.append(term)
                if term.name == "all":
                    break
        return tuple(found)

    @property
    def all(self) -> Term | None:
        return next((term for term in self.mechanisms if term.name == "all"), None)

    @property
    def ignored(self) -> tuple[Term, ...]:
        """Mechanisms behind ``all``, and a ``redirect`` beside it (section 6.1)."""
        counted = self.mechanisms
        return tuple(
            term
            for term in self.terms
            if not term.faulty
            and ((term.qualifier and term not in counted) or (term.name == "redirect" and self.all))
        )

    @property
    def redirect(self) -> Term | None:
        """Where the record goes on when nothing in it matched (section 6.1)."""
        if self.all:
            return None
        return next((term for term in self.terms if term.name == "redirect"), None)

    @property
    def steps(self) -> tuple[Term, ...]:
        """What receivers go through, in order."""
        return self.mechanisms + ((self.redirect,) if self.redirect else ())


# ------------------------------------------------------------
# Reading
# ------------------------------------------------------------


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record (section 4.5)."""
    return bool(_VERSION.match(text))


def is_meant_as_spf(text: str) -> bool:
    """Whether a TXT record looks like SPF to people, but not to receivers."""
    return bool(_MEANT.match(text)) and not is_spf(text)


def read_spf(text: str) -> SpfRecord:
    """Read an SPF record; also one that is only meant as such."""
    body = re.sub(r"^[\s\"'“”]*(?:v\s*=\s*)?spf[12]?(?:\.0)?[\s:;]*", "", text, flags=re.I)
    words = body.strip("\"'“” ").split()
    terms: list[Term] = []
    while words:
        word = words.pop(0)
        if re.fullmatch(r"[+\-~?]?(include|ip4|ip6|exists):", word, re.I) and words:
            # a space behind the colon
            joined = word + words.pop(0)
            mended = "" if _read_term(joined).faulty else joined
            terms.append(Term(joined.replace(":", ": ", 1), faulty=True, mended=mended))
        else:
            terms.append(_read_term(word))
    seen: set[str] = set()
    for index, term in enumerate(terms):
        if term.name in ("redirect", "exp") and not term.faulty:
            if term.name in seen:  # section 6: once at most
                terms[index] = Term(term.text, faulty=True)
            seen.add(term.name)
    return SpfRecord(text, tuple(terms))


def _read_term(word: str) -> Term:
    term = _network(word) or _mechanism(word) or _modifier(word)
    return term or Term(word, faulty=True, mended=_mend(word))


def _network(word: str) -> Term | None:
    match = _NETWORK.fullmatch(word)
    if not match:
        return None
    qualifier, name, address, prefix = match.groups()
    try:
        network = ipaddress.ip_network(address + (prefix or ""), strict=False)
    except ValueError:
        return None
    if network.version != int(name[2]):
        return None
    return Term(word, qualifier or "+", name.lower(), str(network))


def _mechanism(word: str) -> Term | None:
    match = _MECHANISM.fullmatch(word)
    if not match or match[2].lower() not in MECHANISMS:
        return None
    qualifier, name, value, four, six = match.groups()
    name = name.lower()
    if name in ("ip4", "ip6"):
        return None
    if (four or six) and name not in ("a", "mx"):
        return None
    if name == "all" and value is not None:
        return None
    if value is None and name in ("include", "exists"):
        return None
    if value is not None and not _is_domain_spec(value):
        return None
    if int(four or 0) > 32 or int(six or 0) > 128:
        return None
    return Term(word, qualifier or "+", name, value or "", int(four or 32), int(six or 128))


def _modifier(word: str) -> Term | None:
    match = _MODIFIER.fullmatch(word)
    if not match:
        return None
    name, value = match[1].lower(), match[2]
    if name in ("redirect", "exp"):
        return Term(word, name=name, value=value) if _is_domain_spec(value) else None
    if name in MECHANISMS or name in _MISSPELT or name == "v":
        # receivers take it for an unknown modifier and go on, but somebody meant a mechanism
        return None
    return Term(word, name=name, value=value)


def _is_domain_spec(text: str) -> bool:
    """Section 7.1: letters, digits and macros, with a top-level domain or a macro at the end."""
    literal = MACRO.sub("", text)
    if "%" in literal or not _NAME_CHARACTERS.fullmatch(literal):
        return False
    return bool(_TOP_LABEL.search(text)) or text.endswith("}")


def _mend(word: str) -> str:
    """What a term that makes no sense was meant to be, or ""."""
    plain = word.strip("\"'“”,; ")
    candidates = [plain]
    match = re.fullmatch(r"([+\-~?]?)([a-z0-9]+)[:=](.*)", plain, re.I)
    if match:
        qualifier, name, value = match[1], match[2].lower(), match[3]
        name = _MISSPELT.get(name, name)
        if name in ("redirect", "exp"):
            candidates.append(f"{name}={value}")
        elif value:
            candidates.append(f"{qualifier}{name}:{value}")
            if name in ("ip4", "ip6"):
                candidates.append(f"{qualifier}ip{6 if ':' in value else 4}:{value}")
        elif name in ("a", "mx"):
            candidates.append(f"{qualifier}{name}")
    candidates += [f"ip4:{plain}", f"ip6:{plain}"]
    for candidate in candidates:
        if candidate != word and (
            _network(candidate) or _mechanism(candidate) or _modifier(candidate)
        ):
            return candidate
    return ""


# ------------------------------------------------------------
# Writing
# ------------------------------------------------------------


def write_spf(mechanisms: Iterable[str], ending: str, modifiers: Iterable[str] = ()) -> str:
    """The text of a record.

    :param ending: ``"~all"`` and the like, or "" where a ``redirect`` takes its place
    """
    return " ".join(filter(None, ["v=spf1", *mechanisms, ending, *modifiers]))
