"""Whether the sender is who they seem to be, as the receiving server reported it (RFC 8601).

Which of the headers that say so are the server's: see :mod:`.authserv`. Nothing is checked here
by cryptography or by DNS; the server's word counts.

The notes have the codes ``trust_dmarc`` (values: server, result), ``trust_dmarc_other`` (server,
domain: another one than the sender's was checked), ``trust_aligned`` (server, method, domain),
``trust_unproven`` (server, spf, dkim, dmarc), ``trust_several_from``, ``trust_unreadable``
(server), ``trust_internal`` (server), ``trust_other_server`` (server, other), ``trust_no_report``
(server), ``trust_forwarder`` (server, forwarder) and ``trust_forwarder_unknown`` (forwarder).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .authserv import NAMELESS, NAMELESS_LABEL, believed_headers
from .domain import ascii_domain, registrable_domain
from .mail import Mail
from .note import Note, note
from .trust_report import MAX_HEADER, Report, Result, common_word

_NAME = 255  # characters of a name or domain that a note repeats
_INSTANCES = 50  # ARC sets of a mail (RFC 8617, 5.1.1.1)
IDENTITIES = ("proven", "failed", "unproven", "unknown")

_INSTANCE = re.compile(r"\s*i\s*=\s*(\d{1,2})\s*;")
_TAG = re.compile(r"\s*([a-z]{1,3})\s*=\s*([^;]*)", re.I)


@dataclass(frozen=True)
class Trust:
    """What the receiving server found out.

    :param identity: of the address in From: ``"proven"`` (DMARC passed; or it said neither pass
        nor fail, and DKIM, SPF or a log-in passed for the same organization), ``"failed"`` (DMARC
        failed), ``"unproven"`` (the server reported, and nothing proves From), ``"unknown"`` (no
        report that can be believed)
    :param spf: one of :data:`.trust_report.RESULTS` as the server reported it, or ``""``
    :param dkim: likewise, the best of several signatures
    :param dmarc: likewise
    :param aligned: which of ``"dkim"``, ``"spf"`` and ``"auth"`` passed for the organization of
        From (RFC 7489, 3.1, relaxed)
    :param server: who reported
    :param forwarder: domain of the trusted forwarder whose word proves the sender, where the
        server's own checks do not; ``""`` otherwise
    :param sender: the address that it is about, normalized; ``""`` without a report
    :param notes: for the trace; none without a pinned server
    """

    identity: str = "unknown"
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    aligned: tuple[str, ...] = ()
    server: str = ""
    forwarder: str = ""
    sender: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def verdict(self) -> str:
        """DMARC as rules know it: ``"pass"``, ``"fail"`` or ``"none"``, which also stands for a
        failure that a trusted forwarder explains."""
        if self.identity == "failed":
            return "fail"
        return "pass" if self.identity == "proven" and self.dmarc == "pass" else "none"


def tell_trust(
    mail: Mail, authserv_id: str | None, forwarders: Iterable[str] = (), count: int = 1
) -> Trust:
    """Read what the receiving server reported. Raises on no mail.

    :param authserv_id: the name under which that server reports, ``*.example.com`` for any name
        in a domain, or :data:`NAMELESS`; without one nothing is believed
    :param forwarders: domains whose ARC seals are believed (RFC 8617), with what is below them. If
        the server reports that the chain is intact, the results that the newest one of them
        recorded prove the sender, where the server's own do not. The server has checked the
        chain and that the seal is of that domain; not that the forwarder is honest, nor that
        it left the mail as it was.
    :param count: how many headers the server writes for each mail, at least
    """
    pin = (authserv_id or "").strip().lower()
    if not pin:
        return Trust()
    label = NAMELESS_LABEL if pin == NAMELESS else pin[:_NAME]
    if pin == NAMELESS and _is_internal(mail):
        told = note("trust_internal", server=label)
        return Trust("proven", server=label, sender=mail.from_.normalized, notes=(told,))
    values, lowest, other = believed_headers(mail, pin, count)
    if not values:
        told = (
            note("trust_no_report", server=label)
            if other is None
            else note("trust_other_server", server=label, other=other[:_NAME] or NAMELESS_LABEL)
        )
        return Trust(notes=(told,))
    report = Report.of(values)
    trust = _judge(mail, report, label)
    if trust.identity != "proven" and trust.identity != "unknown":
        trust = _by_forwarder(mail, trust, report, lowest, tuple(forwarders))
    return trust


def _is_internal(mail: Mail) -> bool:
    """Exchange took the mail from a user of its own organization, who logged in. It reports
    nothing on such mails, and takes headers of this name out of mails from outside."""
    values = mail.header_all("X-MS-Exchange-Organization-AuthAs")
    return bool(values) and {each.strip().lower() for each in values} == {"internal"}


# ----------------------------------------------------------------
# WHAT FOLLOWS
# ----------------------------------------------------------------


def _domain_of(value: str) -> str:
    return ascii_domain(value.rpartition("@")[2].strip().strip("<>"))


def _organization(value: str) -> str:
    return registrable_domain(_domain_of(value))


def _judge(mail: Mail, report: Report, server: str) -> Trust:
    """What a report says about the sender."""
    sender = mail.from_.normalized or mail.from_.email.lower()
    dkim = report.by("dkim")
    # the best of several signatures: anybody on the way may add one that fails
    words = [each.word for each in dkim]
    best = next((word for word in ("pass", "fail") if word in words), words[0] if words else "")
    checked = _spf(report)
    dmarc = common_word(report.by("dmarc"))
    trust = Trust(
        spf=common_word(checked),
        dkim=best,
        dmarc=dmarc,
        server=server,
        sender=sender,
    )
    if not report.whole:
        # whoever can make the report unreadable must not gain by it
        identity = "failed" if dmarc == "fail" else "unproven"
        return replace(trust, identity=identity, notes=(note("trust_unreadable", server=server),))
    if dmarc == "fail":
        told = note("trust_dmarc", server=server, result="fail")
        return replace(trust, identity="failed", notes=(told,))
    if not (trust.spf or trust.dkim or trust.dmarc or report.by("auth")):
        return Trust(notes=(note("trust_dmarc", server=server, result="none"),))
    if len({_organization(each.email) for each in mail.from_all if each.email}) > 1:
        # which of them was checked is not told
        return replace(trust, identity="unproven", notes=(note("trust_several_from"),))
    aligned = _aligned(report, checked, sender)
    trust = replace(trust, aligned=tuple(dict.fromkeys(method for method, _domain in aligned)))
    if dmarc == "pass":
        for each in report.by("dmarc"):
            # A server that understands From in another way than we do has proven nothing to us.
            domain, own = _domain_of(each.property("header.from")), _domain_of(sender)
            if not each.read:
                return _unproven(trust)
            if domain and own != domain and not own.endswith(f".{domain}"):
                told = note("trust_dmarc_other", server=server, domain=domain[:_NAME])
                return replace(trust, identity="unproven", aligned=(), notes=(told,))
        told = note("trust_dmarc", server=server, result="pass")
        return replace(trust, identity="proven", notes=(told,))
    if aligned:
        method, domain = aligned[0]
        label = {"dkim": "DKIM", "spf": "SPF", "auth": "log-in"}[method]
        told = note("trust_aligned", server=server, method=label, domain=domain[:_NAME])
        return replace(trust, identity="proven", notes=(told,))
    return _unproven(trust)


def _unproven(trust: Trust) -> Trust:
    told = note(
        "trust_unproven",
        server=trust.server,
        spf=trust.spf or "-",
        dkim=trust.dkim or "-",
        dmarc=trust.dmarc or "-",
    )
    return replace(trust, identity="unproven", notes=(told,))


def _spf(report: Report) -> list[Result]:
    """The results of SPF that count: of the envelope sender if there is one, else of the name
    that the client gave itself (RFC 7489, 4.1)."""
    results = report.by("spf")
    return [each for each in results if each.property("smtp.mailfrom", "smtp.mfrom")] or results


def _aligned(report: Report, spf: list[Result], sender: str) -> list[tuple[str, str]]:
    """What passed for the organization of the sender: (method, domain)."""
    organization = _organization(sender)
    if not organization or "@" not in sender:
        return []
    proofs = [("dkim", each, each.property("header.d", "header.i")) for each in report.by("dkim")]
    if common_word(spf) == "pass":
        names = ("smtp.mailfrom", "smtp.mfrom", "smtp.helo")
        proofs += [("spf", each, each.property(*names)) for each in spf]
    # of a log-in only an account that is itself an address tells whose it is
    proofs += [
        ("auth", each, each.property("smtp.auth"))
        for each in report.by("auth")
        if "@" in each.property("smtp.auth")
    ]
    return [
        (method, _domain_of(value))
        for method, each, value in proofs
        if each.read and each.word == "pass" and value and _organization(value) == organization
    ]


# ----------------------------------------------------------------
# FORWARDERS
# ----------------------------------------------------------------


def _by_forwarder(
    mail: Mail, trust: Trust, report: Report, lowest: int, forwarders: tuple[str, ...]
) -> Trust:
    """What a forwarder reports of the mail as it came to them, if they are trusted and the
    server says that their seal is intact."""
    arc = report.by("arc")
    intact = common_word(arc) == "pass" and all(each.read for each in arc)
    if trust.server == NAMELESS_LABEL and not intact:
        # Exchange keeps its own result of ARC elsewhere; 130 stands for a chain that it relied on
        composite = report.by("compauth")
        intact = common_word(composite) == "pass" and any(
            each.reason == "130" for each in composite
        )
    if not intact or not report.whole:
        return trust
    newest = _newest_set(mail, lowest)
    if not newest:
        return trust
    domain, results = newest
    told_of = {_domain_of(each.property("header.as-d")) for each in arc} - {""}
    if told_of and told_of != {domain}:
        return trust
    wanted = [ascii_domain(each.strip()) for each in forwarders if each.strip(" .")]
    if not any(domain == each or domain.endswith(f".{each}") for each in wanted):
        unknown = note("trust_forwarder_unknown", forwarder=domain[:_NAME])
        return replace(trust, notes=(*trust.notes, unknown))
    found = _judge(mail, Report.of([results]), trust.server)
    if found.identity != "proven":
        return trust
    told = note("trust_forwarder", server=trust.server, forwarder=domain[:_NAME])
    return replace(trust, identity="proven", forwarder=domain, notes=(*trust.notes, told))


def _newest_set(mail: Mail, lowest: int) -> tuple[str, str] | None:
    """The newest ARC set that the mail came with: the domain of its seal, and the results that it
    recorded. None if there is none, or not exactly one seal and one record of each instance.

    :param lowest: index of the lowest header of the receiving server. ARC sets above it are its
        own; whatever else they call themselves, those below it came with the mail.
    """
    seals: dict[int, dict[str, str]] = {}
    records: dict[int, str] = {}
    for name, value in mail.headers[lowest + 1 :]:
        name = name.lower()
        if name not in ("arc-seal", "arc-authentication-results") or len(value) > MAX_HEADER:
            continue
        if name == "arc-seal":
            tags: dict[str, str] = {}
            for piece in value.split(";"):
                found = _TAG.match(piece)
                if found:
                    tags.setdefault(found[1].lower(), found[2].strip())
            instance = int(tags["i"]) if re.fullmatch(r"\d{1,2}", tags.get("i", "")) else 0
            found_before, content = seals, tags
        else:
            begin = _INSTANCE.match(value)
            instance = int(begin[1]) if begin else 0
            found_before, content = records, value[begin.end() :] if begin else ""
        if not 1 <= instance <= _INSTANCES or instance in found_before:
            return None
        found_before[instance] = content
    newest = max(seals, default=0)
    if not newest or set(seals) != set(range(1, newest + 1)) or set(records) != set(seals):
        return None
    seal = seals[newest]
    if seal.get("cv", "").lower() != ("none" if newest == 1 else "pass"):
        return None
    domain = ascii_domain(seal.get("d", ""))
    return (domain, records[newest]) if domain else None
