# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What a sign-in server's refusal means, as an error that says what to do.

RFC 6749 (4.1.2.1, 5.2) has few and coarse values for ``error``; Microsoft adds numbers, in
``error_codes`` and at the beginning of ``error_description`` (“AADSTS7000222: …”). Microsoft
reserves the right to change them: an unknown number falls back to ``error``, and the server's
words are shown. The numbers are from Microsoft's “Microsoft Entra authentication and
authorization error codes”.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .errors import (
    AppRefused,
    ConnectionRefused,
    MailboxError,
    SignInNeeded,
    SignInRefused,
)

# --- the app registration, whoever signs in

_APP: Mapping[int, str] = {
    code: name
    for name, codes in {
        "app_refused_client": (70001, 700011, 700016),
        "app_refused_tenant": (50059, 50128, 90002, 90019, 900021, 900023),
        "app_refused_tenant_needed": (50194, 90124, 90130, 9001023),
        "app_refused_secret": (70002, 7000215, 7000216, 7000218),
        "app_refused_expired": (7000222,),
        "app_refused_certificate": (50012, 700027, 700030),
        "app_refused_clock": (700024,),
        "app_refused_disabled": (7000112, 1000031),
        "app_refused_permission": (
            *(28002, 65005, 70011, 500011, 650051, 650052, 650054, 650056, 650057),
            *(700022, 700023, 1002012),
        ),
        "app_refused_redirect": (50011, 70004, 900971),
    }.items()
    for code in codes
}

# --- an account that was signed in before

_NEEDED: Mapping[int, str] = {
    code: name
    for name, codes in {
        "sign_in_needed_revoked": (50132, 50133, 50173, 50139, 70000, 70044),
        "sign_in_needed_expired": (50089, 50085, 70008, 70043, 700082, 700084),
        "sign_in_needed_factor": (*(50072, 50074, 50076, 50078, 50079, 50158, 53004, 500121),),
        "sign_in_needed_consent": (65001, 65004, 90008, 90094, 90095),
        "sign_in_needed_password": (50055, 50144),
        "sign_in_needed_blocked": (
            *(50005, 50053, 50057, 50097, 50105, 50129, 50131, 50135, 53000, 53001, 53002),
            *(53003, 53011, 530032, 530034, 530035),
        ),
    }.items()
    for code in codes
}

# --- somebody who signs in now

_REFUSED: Mapping[int, str] = {
    code: name
    for name, codes in {
        "sign_in_refused_declined": (65004,),
        "sign_in_refused_admin": (65001, 90008, 90094, 90095, 900941),
        "sign_in_refused_stale": (
            *(54005, 50089, 50147, 70000, 70008, 501481, 501491, 700005, 9002313),
        ),
        "sign_in_refused_account": (
            *(16000, 16003, 50014, 50020, 50034, 50180, 51004, 90072, 500208, 9002332),
        ),
        "sign_in_refused_unassigned": (50105,),
    }.items()
    for code in codes
}

# Passes by itself: trouble at Microsoft, or too many requests.
_LATER = frozenset(
    (
        *(40010, 50000, 50033, 50087, 50166, 50196, 70012, 80001, 80002, 80005, 80014, 90006),
        *(90012, 90024, 90033, 90055, 90090, 90091, 501621, 1000007),
    )
)

# The values of RFC 6749, OpenID Connect Core (3.1.2.6), and Microsoft's own.
_APP_WORDS = {
    "unauthorized_client": "app_refused",
    "invalid_tenant": "app_refused_tenant",
    "invalid_scope": "app_refused_permission",
    "invalid_resource": "app_refused_permission",
    "unsupported_grant_type": "app_refused",
    "unsupported_response_type": "app_refused",
}
_REFUSED_WORDS = {
    "access_denied": "sign_in_refused_declined",
    "consent_required": "sign_in_refused_admin",
    "invalid_grant": "sign_in_refused_stale",
}
_NEEDED_WORDS = {
    "consent_required": "sign_in_needed_consent",
    "access_denied": "sign_in_needed_consent",
}
_LATER_WORDS = frozenset(("temporarily_unavailable", "server_error", "slow_down"))

_CODE = re.compile(r"\bAADSTS(\d{4,12})\b")
# What Microsoft appends for its own search in its logs.
_TRAILER = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)
_JWT = re.compile(r"\beyJ[\w-]{10,}(\.[\w-]*){0,4}")


def refusal(
    said: Mapping[str, object],
    *,
    client_id: str,
    tenant: str,
    host: str,
    port: int,
    with_certificate: bool,
    account: str | None = None,
    signing_in: bool = False,
    secrets: Iterable[str] = (),
) -> MailboxError:
    """The error for what the sign-in server said.

    :param said: its answer, with ``error``, and perhaps ``error_description`` and
        ``error_codes``
    :param with_certificate: the app registration proves itself by a certificate
    :param account: who was signed in before; none for the app by itself
    :param signing_in: somebody is signing in at this moment
    :param secrets: what may not appear in the error, should the server quote it
    """
    error = str(said.get("error") or "")
    codes = _codes(said)
    reason = _in_words(said, codes, secrets)
    app = {"client_id": client_id, "tenant": tenant, "reason": reason}
    later = ConnectionRefused(
        "connection_refused_authority_busy", host=host, port=port, answer=reason
    )
    if any(code in _LATER for code in codes):
        return later
    for code in codes:
        if code in _APP:
            return AppRefused(_APP[code], **app)
        if signing_in and code in _REFUSED:
            return SignInRefused(_REFUSED[code], reason=reason)
        if not signing_in and account is not None and code in _NEEDED:
            return SignInNeeded(_NEEDED[code], account=account, reason=reason)
        if not signing_in and account is None and code in _NEEDED:
            return AppRefused("app_refused_permission", **app)
    if error in _LATER_WORDS:
        return later
    if error == "invalid_client":
        how = "app_refused_certificate" if with_certificate else "app_refused_secret"
        return AppRefused(how, **app)
    if error in _APP_WORDS:
        return AppRefused(_APP_WORDS[error], **app)
    if signing_in:
        # A number that we do not know says more than the coarse word.
        kind = "" if codes else _REFUSED_WORDS.get(error, "")
        return SignInRefused(kind, reason=reason)
    if account is None:
        return AppRefused(**app)
    kind = "" if codes else _NEEDED_WORDS.get(error, "")
    return SignInNeeded(kind, account=account, reason=reason)


def _codes(said: Mapping[str, object]) -> list[int]:
    codes = said.get("error_codes")
    found = [code for code in codes if type(code) is int] if isinstance(codes, list) else []
    if not found:
        found = [int(code) for code in _CODE.findall(str(said.get("error_description") or ""))]
    return found


def _in_words(said: Mapping[str, object], codes: list[int], secrets: Iterable[str]) -> str:
    """The server's words for a person: one line, at most 200 characters, no secrets."""
    text = str(said.get("error_description") or said.get("error") or "no reason given")
    text = _TRAILER.sub("", text)
    if codes and not _CODE.search(text):
        text = f"AADSTS{codes[0]}: {text}"
    return scrub(text, secrets)


def scrub(text: str, secrets: Iterable[str]) -> str:
    """One printable line of at most 200 characters, without these secrets and without
    anything that looks like a token."""
    text = without(text, secrets)
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:199] + "…"


def without(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets and without anything that looks like a token."""
    for secret in sorted((each for each in secrets if len(each) >= 4), key=len, reverse=True):
        text = text.replace(secret, "***")
    return _JWT.sub("***", text)
