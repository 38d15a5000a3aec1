"""DMARC (RFC 7489): what receivers are asked to do with mail that is not proven to be ours."""

import re

from .dkim import tags
from .dns_lookup import Lookup
from .domain import registrable_domain
from .finding import Finding, Kind, Record, State
from .note import Note, note

POLICIES = ("none", "quarantine", "reject")

_VERSION = re.compile(r"\s*v\s*=\s*DMARC1\s*(?:;|$)")
#: What somebody meant as a DMARC record.
_MEANT = re.compile(r"[\s\"'“”]*(?:v\s*=\s*)?[\"'“”]?dmarc", re.I)
_VALUES = {
    "p": POLICIES,
    "sp": POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
}
_ADDRESS = re.compile(r"[^\s@:]+@[^\s@]+")


def check_dmarc(lookup: Lookup, domain: str) -> Finding:
    """Check the DMARC record that applies to a domain (section 6.6.3): its own, else the one of
    its organizational domain."""
    parent = registrable_domain(domain)
    for place in dict.fromkeys((domain, parent)):
        name = f"_dmarc.{place}"
        answer = lookup.txt(name)
        if answer.failed:
            return Finding(Kind.DMARC, State.UNKNOWN, (answer.why,), name)
        records = [text for text in answer.records if _VERSION.match(text)]
        meant = [text for text in answer.records if _MEANT.match(text) and text not in records]
        if records or meant:
            return _judge(name, records or meant, bool(records), domain, place)
    name = f"_dmarc.{parent}"
    # without reports: an address for them must not lead into the helpdesk
    publish = Record(name, "TXT", "v=DMARC1; p=none")
    return Finding(Kind.DMARC, State.MISSING, (note("dmarc_missing"),), name, publish=publish)


def _judge(name: str, records: list[str], is_read: bool, domain: str, place: str) -> Finding:
    found = "\n".join(records)
    read = tags(records[0].strip(" \"'“”")) or {}
    mended = _mended(read)
    wrong = []
    if len(records) > 1:
        wrong.append(note("dmarc_several", count=len(records)))
    if not is_read:
        wrong.append(note("dmarc_meant", text=records[0]))
    faults = [f"{tag}={value}" for tag, value in read.items() if mended.get(tag) != value]
    faults = [fault for fault in faults if not fault.startswith("v=")]
    if faults or not read:
        wrong.append(note("dmarc_syntax", tags=", ".join(faults) or records[0]))
    elif "p" not in read:
        wrong.append(note("dmarc_no_policy"))
    inherited = place != domain
    policy = mended["sp"] if inherited and "sp" in mended else mended["p"]
    if wrong:
        publish = Record(name, "TXT", _write(mended))
        return Finding(Kind.DMARC, State.WRONG, tuple(wrong), name, found, publish)
    said: list[Note] = [note("dmarc_ok", policy=policy)]
    if inherited:
        said.append(note("dmarc_inherited", domain=place))
    publish = None
    if policy == "none":
        said.append(note("dmarc_none"))
        tag = "sp" if inherited and "sp" in mended else "p"
        publish = Record(name, "TXT", _write({**mended, tag: "quarantine"}))
    if "s" in (mended.get("adkim"), mended.get("aspf")):
        said.append(note("dmarc_strict", domain=domain))
    return Finding(Kind.DMARC, State.OK, tuple(said), name, found, publish)


def _mended(read: dict[str, str]) -> dict[str, str]:
    """The tags of a record, with what makes no sense mended or left out."""
    mended = {"v": "DMARC1", "p": "none"}
    for tag, value in read.items():
        allowed = _VALUES.get(tag)
        if tag == "v":
            continue
        if allowed:
            if value.lower() in allowed:
                mended[tag] = value
        elif tag in ("rua", "ruf"):
            uris = [_uri(part) for part in value.split(",")]
            if uris := ",".join(filter(None, uris)):
                mended[tag] = value if uris == value.replace(" ", "") else uris
        elif tag == "pct":
            if value.isascii() and value.isdigit() and int(value) <= 100:
                mended[tag] = value
        else:
            mended[tag] = value
    return mended


def _uri(text: str) -> str:
    """A report address as a URI (section 6.2), or "" if it is none."""
    text = text.strip()
    if re.match(r"mailto:[^\s@]+@[^\s@]+$|https?://\S+$", text, re.I):
        return text
    return f"mailto:{text}" if _ADDRESS.fullmatch(text) else ""


def _write(found: dict[str, str]) -> str:
    return "; ".join(f"{tag}={value}" for tag, value in found.items())
