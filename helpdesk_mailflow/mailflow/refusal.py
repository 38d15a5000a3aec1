"""What it means when a well-known provider refuses to log in.

One table: provider, pattern of the answer → error. The answers are those of public reports (read
in 2026). What no answer says — that a mailbox lets no mail programs in until that is switched on —
comes from the table of providers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import (
    AppPassword,
    ImapOff,
    LoginRefused,
    MailboxNotAllowed,
    PasswordsOff,
    SmtpAuthOff,
    TokenRefused,
)
from .mailbox_providers import provider_of_server
from .sasl import is_app_only

if TYPE_CHECKING:
    from .mailbox import MailServer as _Mailbox
    from .smtp import SmtpSettings

    MailServer = _Mailbox | SmtpSettings

#: The domains that the mail servers of a provider are in.
DOMAINS = {
    "google": ("gmail.com", "googlemail.com", "google.com"),
    "microsoft": (
        "office365.com",
        "outlook.com",
        "office.com",
        "hotmail.com",
        "office365.us",
        "partner.outlook.cn",
    ),
}
# Google shows an app password as four groups of four small letters; the spaces do not count.
_APP_PASSWORD = re.compile(r"[a-z]{16}", re.IGNORECASE)
# The same for a wrong app password and for what is none.
_GOOGLE_WRONG = re.compile(
    r"AUTHENTICATIONFAILED|Invalid credentials|BadCredentials|not accepted|\[AUTH\]", re.IGNORECASE
)
#: Microsoft: logged in, but not to this mailbox.
NOT_CONNECTED = re.compile(r"User is authenticated but not connected", re.IGNORECASE)
#: Microsoft: who logged in may not send as the address.
SEND_AS = re.compile(
    r"5\.7\.60\b|SendAsDenied|permissions? to send (as|on behalf of) this sender", re.IGNORECASE
)


@dataclass(frozen=True)
class Refusal:
    """A row of the table.

    :param provider: a key of :data:`DOMAINS`; empty for words that nobody else uses
    :param pattern: what the answer has in it, in any case
    :param by: ``password`` or ``token``, if it means this only for one of them
    :param protocols: in which it means this; empty for all
    """

    provider: str
    pattern: str
    error: type[LoginRefused]
    code: str = ""
    by: str = ""
    protocols: tuple[str, ...] = ()
    temporary: bool = False

    def matches(self, server: MailServer, answer: str) -> bool:
        """Whether it is about this answer of this server."""
        return (
            (not self.provider or is_at(server.host, self.provider))
            and (not self.by or self.by == ("token" if server.token else "password"))
            and (not self.protocols or server.protocol in self.protocols)
            and re.search(self.pattern, answer, re.IGNORECASE) is not None
        )


#: The first row that matches counts.
TABLE: Sequence[Refusal] = (
    # --- Microsoft 365 and Outlook.com
    Refusal(
        "",
        r"SmtpClientAuthentication is disabled for the Mailbox",
        SmtpAuthOff,
        "smtp_auth_off_mailbox",
    ),
    Refusal(
        "",
        r"SmtpClientAuthentication is disabled for the Tenant",
        SmtpAuthOff,
        "smtp_auth_off_tenant",
    ),
    Refusal("", r"security defaults policy", PasswordsOff, "passwords_off_policy", "password"),
    Refusal("", r"basic authentication is disabled|BasicAuthBlocked", PasswordsOff),
    # by policy, but not said by which
    Refusal("", r"5\.7\.139 .*did not meet the criteria", SmtpAuthOff),
    Refusal(
        "",
        NOT_CONNECTED.pattern,
        MailboxNotAllowed,
        "mailbox_not_allowed_not_connected",
    ),
    # IMAP and POP have taken no passwords since 2023, and say no more than this.
    Refusal(
        "microsoft",
        r"(LOGIN|AUTHENTICATE) failed|Logon failure|Authentication failure",
        PasswordsOff,
        "passwords_off_old",
        "password",
        ("imap", "pop"),
    ),
    # --- Google
    Refusal(
        "",
        r"Application-specific password required|p=InvalidSecondFactor",
        AppPassword,
        "app_password_needed",
        "password",
    ),
    Refusal("", r"not enabled for (IMAP|POP)", ImapOff),
    Refusal("", r"(IMAP|POP) access is disabled for your domain", ImapOff, "imap_off_domain"),
    Refusal(
        "google",
        r"Too many simultaneous connections|\[OVERQUOTA\]|bandwidth limits",
        LoginRefused,
        "login_refused_temporary",
        temporary=True,
    ),
    # --- several
    Refusal(
        "", r"log ?in (to your account )?via (a|your) web browser|Web login required|WEBALERT",
        LoginRefused, "login_refused_browser",
    ),
    Refusal("", r"yet to enable (IMAP|POP)", ImapOff),
)  # fmt: skip


def is_at(host: str, provider: str) -> bool:
    """Whether a mail server belongs to a provider of :data:`DOMAINS`."""
    host = host.rstrip(".").lower()
    return any(host == domain or host.endswith(f".{domain}") for domain in DOMAINS[provider])


def tidy_password(host: str, password: str) -> str:
    """The password as it has to be sent: an app password of Google loses the spaces with which
    Google shows it. Any other is left as it was typed, since spaces may belong to it."""
    bare = "".join(password.split())
    if bare != password and is_at(host, "google") and _APP_PASSWORD.fullmatch(bare):
        return bare
    return password


def looks_like_app_password(password: str) -> bool:
    """Whether it has the shape of Google's app passwords: 16 letters, spaces do not count.

    A normal password of that shape is taken for one: the sentence is then about app passwords that
    are wrong, which also says how to make one.
    """
    return _APP_PASSWORD.fullmatch("".join(password.split())) is not None


def explain(server: MailServer, answer: str) -> LoginRefused | None:
    """What the refusal of a log-in means; `None` if nothing more is known than the answer.

    :param answer: the server's words, without secrets
    """
    values = {"host": server.host, "user": server.user, "answer": answer}
    values["protocol"] = {"imap": "IMAP", "pop": "POP", "smtp": "SMTP"}[server.protocol]
    for row in TABLE:
        if row.matches(server, answer):
            return row.error(row.code, temporary=row.temporary or None, **values)
    if server.token:
        return None
    if is_at(server.host, "google"):
        if not _GOOGLE_WRONG.search(answer):
            return None
        is_one = looks_like_app_password(server.password)
        return AppPassword("app_password_wrong" if is_one else "app_password_first", **values)
    return _explain_by_needs(server, values)


def token_refused(server: MailServer, answer: str) -> TokenRefused:
    """The refusal of a token, of which the answer does not say why.

    :param answer: the server's words, without secrets
    """
    values = {"host": server.host, "user": server.user, "answer": answer}
    if is_app_only(server.token):
        return TokenRefused("token_refused_app", **values)
    if not is_at(server.host, "microsoft"):
        return TokenRefused(**values)
    if server.protocol == "smtp":
        return TokenRefused("token_refused_smtp", **values)
    protocol = "IMAP" if server.protocol == "imap" else "POP"
    return TokenRefused("token_refused_microsoft", protocol=protocol, **values)


def _explain_by_needs(server: MailServer, values: dict[str, str]) -> LoginRefused | None:
    provider = provider_of_server(server.host.rstrip(".").lower())
    if provider is None or not provider.help:
        return None
    values |= {"provider": provider.name, "help": provider.help}
    app_password = {"app_password", "app_password_2fa"} & set(provider.needs)
    if "switch_on" in provider.needs:
        return ImapOff("imap_off_maybe_2fa" if app_password else "imap_off_maybe", **values)
    if "own_password" in provider.needs:
        return AppPassword("app_password_own", **values)
    if "app_password" in provider.needs:
        return AppPassword(**values)
    return AppPassword("app_password_2fa", **values) if app_password else None
