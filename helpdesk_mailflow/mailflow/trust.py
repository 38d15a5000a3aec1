"""Whether the sender is who they seem to be, as the receiving server reported it (RFC 8601).

Anybody can write an Authentication-Results header. One is believed only when it names the
server that the mailbox is known to be behind, and of those the topmost: what came with the mail
stands further down. The server has to remove forged ones (RFC 8601 section 5) to be sure of it
in mails that it does not check at all.

The notes have the codes ``trust_dmarc`` (values: server, result), ``trust_dmarc_other`` (server,
domain: another one than the sender's was checked) and ``trust_unreadable`` (server).
"""

import re
from dataclasses import dataclass

import authres
import authres.dmarc

from .mail import Mail
from .note import Note, note

#: Characters; a header of a real server is below 2,000.
MAX_HEADER = 10_000
_RESULT = 40  # characters of a result that a note repeats

_FEATURES = authres.FeatureContext(authres.dmarc)
# The authserv-id, after comments; RFC 8601 section 2.2 allows quotes.
_AUTHSERV_ID = re.compile(r'\s*(?:\([^()]{0,200}\)\s*){0,5}"?([^\s;()"]{1,255})"?')


@dataclass(frozen=True)
class Trust:
    """What the receiving server found out.

    :param dmarc: "pass", "fail", or "none" for everything else and for no report
    :param note: for the trace; None without a report
    """

    dmarc: str = "none"
    note: Note | None = None

    @property
    def identity(self) -> str:
        """How far From is proven: "proven", "failed", "unproven" (the server reports, and proves
        nothing) or "unknown" (nothing is reported that can be believed)."""
        if self.dmarc == "none":
            return "unproven" if self.note else "unknown"
        return "proven" if self.dmarc == "pass" else "failed"


def tell_trust(mail: Mail, authserv_id: str | None) -> Trust:
    """Read what the receiving server reported. Raises on no mail.

    :param authserv_id: the name under which that server reports; without one nothing is believed
    """
    wanted = (authserv_id or "").strip().lower()
    if not wanted:
        return Trust()
    for value in mail.header_all("Authentication-Results"):
        found = _AUTHSERV_ID.match(value)
        if found and found[1].lower() == wanted:
            return _trust(mail, wanted, value)
    return Trust()


def _trust(mail: Mail, server: str, value: str) -> Trust:
    try:
        if len(value) > MAX_HEADER:
            raise authres.SyntaxError("too long")
        results = _FEATURES.parse_value(value).results
    except (authres.AuthResError, ValueError, RecursionError):
        return Trust(note=note("trust_unreadable", server=server))
    reports = [each for each in results if each.method == "dmarc"]
    said = {each.result for each in reports}
    if "fail" in said:
        return Trust("fail", note("trust_dmarc", server=server, result="fail"))
    if said != {"pass"}:
        result = ", ".join(sorted(said))[:_RESULT] or "none"
        return Trust(note=note("trust_dmarc", server=server, result=result))
    sender = (mail.from_.normalized or mail.from_.email).rpartition("@")[2].lower()
    for each in reports:
        checked = (each.header_from or "").rpartition("@")[2].lower()
        # A server that understands From in another way than we do has proven nothing to us.
        if checked and sender != checked and not sender.endswith(f".{checked}"):
            return Trust(note=note("trust_dmarc_other", server=server, domain=checked[:255]))
    return Trust("pass", note("trust_dmarc", server=server, result="pass"))
