"""Why a mail could not be delivered: from codes and from the words of mail systems.

The words for reasons are those of the bounce parsers in use (sisimai, and after it many mail
services). A code of RFC 3463 that says something particular decides, unless the text names one of
those reasons that servers give under any code (a full mailbox, a block list); a general code
(x.0.0, x.5.0, x.7.1) leaves it to the text. The texts are what mail systems write: RFC 5321
section 4.2.2, RFC 3463, RFC 7372, the manuals of the servers and the error pages of providers.

All expressions are RE2's, which takes linear time whatever it is given.
"""

import re
from enum import Enum

import re2

from . import bounce_words as words
from .bounce_words_provider import PROVIDERS

#: Of a diagnostic, in characters: what comes later explains, it does not say why.
MAX_DIAGNOSTIC = 4000


class Reason(str, Enum):
    """Why a mail was not delivered, or what else a report says."""

    USER_UNKNOWN = "userunknown"
    HOST_UNKNOWN = "hostunknown"
    HAS_MOVED = "hasmoved"
    NOT_ACCEPT = "notaccept"
    MAILBOX_FULL = "mailboxfull"
    MESSAGE_TOO_BIG = "mesgtoobig"
    EXCEED_LIMIT = "exceedlimit"
    SUSPEND = "suspend"
    FILTERED = "filtered"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    BAD_REPUTATION = "badreputation"
    SPAM_DETECTED = "spamdetected"
    VIRUS_DETECTED = "virusdetected"
    POLICY_VIOLATION = "policyviolation"
    AUTH_FAILURE = "authfailure"
    REQUIRE_PTR = "requireptr"
    NOT_COMPLIANT = "notcompliantrfc"
    NO_RELAYING = "norelaying"
    SECURITY_ERROR = "securityerror"
    CONTENT_ERROR = "contenterror"
    SYNTAX_ERROR = "syntaxerror"
    EXPIRED = "expired"
    NETWORK_ERROR = "networkerror"
    RATE_LIMITED = "ratelimited"
    TOO_MANY_CONNECTIONS = "toomanyconn"
    SYSTEM_ERROR = "systemerror"
    SYSTEM_FULL = "systemfull"
    MAILER_ERROR = "mailererror"
    FAILED_STARTTLS = "failedstarttls"
    ON_HOLD = "onhold"
    UNDEFINED = "undefined"
    DELIVERED = "delivered"
    FEEDBACK = "feedback"
    VACATION = "vacation"


#: The address will not work tomorrow either.
HARD = frozenset((Reason.USER_UNKNOWN, Reason.HOST_UNKNOWN, Reason.HAS_MOVED, Reason.NOT_ACCEPT))
#: Nothing failed.
NO_FAILURE = frozenset((Reason.DELIVERED, Reason.FEEDBACK, Reason.VACATION))

#: What codes of RFC 3463 and its registry (IANA, SMTP Enhanced Status Codes) say, by their
#: subject and detail. Codes that say too little are left out.
_BY_CODE = {
    "1.0": Reason.USER_UNKNOWN,
    "1.1": Reason.USER_UNKNOWN,
    "1.2": Reason.HOST_UNKNOWN,
    "1.3": Reason.USER_UNKNOWN,
    "1.4": Reason.FILTERED,
    "1.6": Reason.HAS_MOVED,
    "1.7": Reason.REJECTED,
    "1.8": Reason.REJECTED,
    "1.9": Reason.SYSTEM_ERROR,
    "1.10": Reason.NOT_ACCEPT,  # RFC 7505
    "2.0": Reason.FILTERED,
    "2.1": Reason.FILTERED,
    "2.2": Reason.MAILBOX_FULL,
    "2.3": Reason.EXCEED_LIMIT,
    "2.4": Reason.FILTERED,
    "3.0": Reason.SYSTEM_ERROR,
    "3.1": Reason.SYSTEM_FULL,
    "3.2": Reason.NOT_ACCEPT,
    "3.3": Reason.SYSTEM_ERROR,
    "3.4": Reason.MESSAGE_TOO_BIG,
    "3.5": Reason.SYSTEM_ERROR,
    "4.0": Reason.NETWORK_ERROR,
    "4.1": Reason.EXPIRED,
    "4.2": Reason.NETWORK_ERROR,
    "4.3": Reason.SYSTEM_ERROR,
    "4.4": Reason.HOST_UNKNOWN,
    "4.5": Reason.NETWORK_ERROR,
    "4.6": Reason.NETWORK_ERROR,
    "4.7": Reason.EXPIRED,
    "4.316": Reason.EXPIRED,
    "5.1": Reason.SYNTAX_ERROR,
    "5.2": Reason.SYNTAX_ERROR,
    "5.3": Reason.TOO_MANY_CONNECTIONS,
    "5.4": Reason.SYNTAX_ERROR,
    "5.5": Reason.SYNTAX_ERROR,
    "5.6": Reason.SYNTAX_ERROR,
    "6.0": Reason.CONTENT_ERROR,
    "6.1": Reason.CONTENT_ERROR,
    "6.2": Reason.CONTENT_ERROR,
    "6.3": Reason.CONTENT_ERROR,
    "6.4": Reason.CONTENT_ERROR,
    "6.5": Reason.CONTENT_ERROR,
    "6.6": Reason.CONTENT_ERROR,
    "6.7": Reason.CONTENT_ERROR,
    "6.8": Reason.CONTENT_ERROR,
    "6.10": Reason.CONTENT_ERROR,
    "6.9": Reason.CONTENT_ERROR,
    "7.2": Reason.SECURITY_ERROR,
    "7.3": Reason.SECURITY_ERROR,
    "7.4": Reason.SECURITY_ERROR,
    "7.5": Reason.SECURITY_ERROR,
    "7.6": Reason.SECURITY_ERROR,
    "7.7": Reason.SECURITY_ERROR,
    "7.8": Reason.SECURITY_ERROR,
    "7.9": Reason.SECURITY_ERROR,
    "7.10": Reason.SECURITY_ERROR,
    "7.11": Reason.SECURITY_ERROR,
    "7.12": Reason.SECURITY_ERROR,
    "7.13": Reason.SUSPEND,
    "7.14": Reason.SECURITY_ERROR,
    "7.15": Reason.POLICY_VIOLATION,
    "7.16": Reason.MESSAGE_TOO_BIG,
    # RFC 7293: the mailbox, the domain, belongs to somebody else now
    "7.17": Reason.HAS_MOVED,
    "7.18": Reason.HAS_MOVED,
    "7.19": Reason.SYSTEM_ERROR,
    # RFC 7372, RFC 8616
    "7.20": Reason.AUTH_FAILURE,
    "7.21": Reason.AUTH_FAILURE,
    "7.22": Reason.AUTH_FAILURE,
    "7.23": Reason.AUTH_FAILURE,
    "7.24": Reason.AUTH_FAILURE,
    "7.25": Reason.REQUIRE_PTR,
    "7.26": Reason.AUTH_FAILURE,
    "7.27": Reason.NOT_ACCEPT,  # RFC 7505: the sender's domain accepts no mail
    "7.28": Reason.RATE_LIMITED,
    "7.29": Reason.AUTH_FAILURE,
    "7.30": Reason.AUTH_FAILURE,
    # Exchange and Exchange Online, as Microsoft lists them
    "1.20": Reason.NOT_COMPLIANT,
    "1.90": Reason.RATE_LIMITED,
    "2.121": Reason.RATE_LIMITED,
    "2.122": Reason.RATE_LIMITED,
    "4.11": Reason.CONTENT_ERROR,
    "4.14": Reason.NETWORK_ERROR,
    "4.300": Reason.EXPIRED,
    "4.310": Reason.HOST_UNKNOWN,
    "4.312": Reason.NETWORK_ERROR,
    "4.317": Reason.FAILED_STARTTLS,
    "4.318": Reason.NETWORK_ERROR,
    "7.57": Reason.SECURITY_ERROR,
    "7.124": Reason.REJECTED,
    "7.129": Reason.REJECTED,
    "7.133": Reason.REJECTED,
    "7.134": Reason.REJECTED,
    "7.136": Reason.REJECTED,
    "7.322": Reason.FAILED_STARTTLS,
    "7.323": Reason.FAILED_STARTTLS,
    "7.325": Reason.FAILED_STARTTLS,
    "7.501": Reason.SPAM_DETECTED,
    "7.502": Reason.SPAM_DETECTED,
    "7.503": Reason.SPAM_DETECTED,
    "7.504": Reason.FILTERED,
    "7.505": Reason.FILTERED,
    "7.506": Reason.BLOCKED,
    "7.507": Reason.BLOCKED,
    "7.508": Reason.BLOCKED,
    "7.509": Reason.AUTH_FAILURE,
    "7.511": Reason.BLOCKED,
    "7.512": Reason.NOT_COMPLIANT,
    "7.513": Reason.BLOCKED,
    "7.514": Reason.BLOCKED,
    "7.515": Reason.AUTH_FAILURE,
    "7.606": Reason.BLOCKED,
    "7.650": Reason.BAD_REPUTATION,
    "7.703": Reason.BLOCKED,
    "7.705": Reason.RATE_LIMITED,
    "7.708": Reason.RATE_LIMITED,
}
#: Codes under which servers say anything; the text is asked first.
_GENERAL = {"0.0", "1.0", "2.0", "3.0", "4.0", "4.1", "4.4", "5.0", "5.1", "5.2", "5.4", "6.0"}
_GENERAL |= {"3.2", "5.5"}
_GENERAL |= {f"7.{detail}" for detail in range(13)}

#: What a reason is called as a status where a mail gives none: x.0.9nn, in the range of RFC 3463
#: ("999") that nobody else assigns, as sisimai numbers them.
_USUAL = {
    Reason.UNDEFINED: 900,
    Reason.ON_HOLD: 901,
    Reason.SYNTAX_ERROR: 902,
    Reason.NO_RELAYING: 909,
    Reason.FILTERED: 910,
    Reason.USER_UNKNOWN: 911,
    Reason.HOST_UNKNOWN: 912,
    Reason.HAS_MOVED: 916,
    Reason.REJECTED: 918,
    Reason.SUSPEND: 921,
    Reason.MAILBOX_FULL: 922,
    Reason.EXCEED_LIMIT: 923,
    Reason.SYSTEM_ERROR: 930,
    Reason.SYSTEM_FULL: 931,
    Reason.NOT_ACCEPT: 932,
    Reason.MESSAGE_TOO_BIG: 934,
    Reason.MAILER_ERROR: 939,
    Reason.NETWORK_ERROR: 944,
    Reason.TOO_MANY_CONNECTIONS: 945,
    Reason.RATE_LIMITED: 945,
    Reason.EXPIRED: 947,
    Reason.CONTENT_ERROR: 960,
    Reason.SECURITY_ERROR: 970,
    Reason.BLOCKED: 971,
    Reason.VIRUS_DETECTED: 971,
    Reason.AUTH_FAILURE: 972,
    Reason.POLICY_VIOLATION: 972,
    Reason.REQUIRE_PTR: 973,
    Reason.NOT_COMPLIANT: 974,
    Reason.BAD_REPUTATION: 975,
    Reason.FAILED_STARTTLS: 976,
    Reason.SPAM_DETECTED: 980,
}


def _compiled(pattern: str):
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    lines = re.sub(r"\n\s*\+", "", pattern).split("\n")
    return re2.compile("|".join(line.strip() for line in lines if line.strip()), options)


_PREFERENCE = _compiled(words.PREFERENCES)
_UNASKED = _compiled(words.UNASKED)
_CERTAINLY_UNKNOWN = _compiled(words.CERTAIN)
_PROVIDERS = tuple((Reason(name), _compiled(pattern)) for name, pattern in PROVIDERS)
_COMPILED = tuple((Reason(name), _compiled(pattern)) for name, pattern in words.TEXTS)
#: Whichever code stands beside them: servers send these under all sorts.
_STRONG = {
    Reason.MAILBOX_FULL,
    Reason.SUSPEND,
    Reason.NO_RELAYING,
    Reason.AUTH_FAILURE,
    Reason.REQUIRE_PTR,
    Reason.NOT_COMPLIANT,
    Reason.BAD_REPUTATION,
    Reason.RATE_LIMITED,
    Reason.TOO_MANY_CONNECTIONS,
}
_LINK = re.compile(r"\bhttps?://([^\s/<>\"]{1,200})[^\s<>\"]{0,500}", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:\"[^\"]{1,100}\"|[^\s<>()\[\]:;,@\"]{1,200})@[^\s<>()\[\]:;,@\"]{1,250}")
#: A server that is quoted is no host that is unknown.
_QUOTED_SERVER = re.compile(
    r"\b(?:remote |smtp )?(?:host|server|mx|mailer)[\w.:\[\] -]{0,120}?"
    r" (?:said|says|returned|responded|replied|answered|rejected it with)\b:?"
    r"|\b(?:host|server|mx):? [\w.-]{1,100}(?: ?[\[(][\w.:]{1,60}[\])])?:? (?=[245]\d\d[ -])",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"recipient address rejected:(?! access denied)", re.IGNORECASE)
_LAST_STAGES = {"DATA", "EOM", "BDAT"}


def _plain(diagnostic: str) -> str:
    """The words alone: what addresses and the paths of links are called says nothing."""
    text = _LINK.sub(r"\1", " ".join(diagnostic[:MAX_DIAGNOSTIC].split()))
    text = _ADDRESS.sub("@", text)
    text = _QUOTED_SERVER.sub("said:", text)
    # Postfix says that of whatever it refuses at RCPT, and then why
    why = _PREFIX.sub("", text)
    return why if len(why) > len(text) - 200 and re.search(r"[^\W\d]{3}", why) else text


def texts(diagnostic: str):
    """The reasons that a text names, the most particular one first."""
    text = _plain(diagnostic)
    return (reason for reason, pattern in _COMPILED if pattern.search(text))


def of_provider(diagnostic: str) -> Reason | None:
    """The reason that a provider's own code stands for; None if there is none."""
    text = " ".join(diagnostic[:MAX_DIAGNOSTIC].split())
    return next((reason for reason, pattern in _PROVIDERS if pattern.search(text)), None)


def of_status(status: str) -> Reason | None:
    """What a status of RFC 3463 says by itself; None for one that is general or unknown."""
    kind, _dot, rest = status.partition(".")
    if kind == "2":
        return Reason.DELIVERED
    return _BY_CODE.get(rest)


def tell_reason(
    diagnostic: str,
    status: str = "",
    reply_code: str = "",
    command: str = "",
    singled_out: bool = False,
) -> Reason:
    """Why a mail was not delivered.

    :param diagnostic: what the mail systems wrote about this recipient
    :param status: RFC 3463
    :param reply_code: RFC 5321
    :param command: the last command of the session (RFC 5321), ``""`` if not known
    :param singled_out: a machine-readable part blames this recipient, and no status denies it
    """
    by_code = of_status(status) if status else None
    if by_code is Reason.DELIVERED:
        return by_code
    if _PREFERENCE.search(" ".join(diagnostic[:MAX_DIAGNOSTIC].split())):
        return Reason.FILTERED
    if _UNASKED.search(" ".join(diagnostic[:MAX_DIAGNOSTIC].split())):
        return Reason.EXPIRED
    if _CERTAINLY_UNKNOWN.search(_plain(diagnostic)):
        return Reason.USER_UNKNOWN
    coded = of_provider(diagnostic)
    if coded:
        return coded
    named = tuple(texts(diagnostic))
    detail = status.partition(".")[2]
    if by_code and detail not in _GENERAL:
        strong = next((each for each in named if each in _STRONG), None)
        if strong and by_code is not Reason.USER_UNKNOWN:
            return strong
        if by_code is Reason.FILTERED and Reason.USER_UNKNOWN in named:
            return _unknown_user(reply_code, command, singled_out)
        return by_code
    for reason in named:
        if reason is Reason.USER_UNKNOWN and not detail.startswith("1."):
            return _unknown_user(reply_code, command, singled_out)
        return reason
    return by_code or Reason.UNDEFINED


def _unknown_user(reply_code: str, command: str, singled_out: bool) -> Reason:
    """A recipient is unknown for certain when he was refused as such, or where the reporting
    system knows its own ones. One whom a server had accepted, and then refuses in these words, is
    kept from the mail by a filter; an answer of another server without its stage may be that.
    """
    refused = command == "RCPT" or singled_out
    if command in _LAST_STAGES or (reply_code and not refused):
        return Reason.FILTERED
    return Reason.USER_UNKNOWN


def usual_status(reason: Reason, temporary: bool) -> str:
    """A status for a mail that gives none; ``""`` if nothing failed."""
    number = _USUAL.get(reason)
    return f"{4 if temporary else 5}.0.{number}" if number else ""
