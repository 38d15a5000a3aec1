"""Logging in with an access token: SASL XOAUTH2 (as Google and Microsoft describe it) and
OAUTHBEARER (RFC 7628), for IMAP, POP and SMTP alike.

A token opens the mailbox for whoever holds it, without a password: it is sent over TLS to a
server whose certificate was checked, and to nobody else (RFC 6750, section 5.3).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from .errors import LoginNotOffered, LoginRefused, MailboxError, MailboxNotAllowed, TokenNotSent

if TYPE_CHECKING:
    from .mailbox import MailServer as _Mailbox
    from .smtp import SmtpSettings

    MailServer = _Mailbox | SmtpSettings

#: Best first: everybody who takes tokens knows XOAUTH2, and most know only that.
MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
#: What ends the exchange after the server has said what it does not like: an empty line, and
#: for OAUTHBEARER a lone ^A (RFC 7628, 3.2.3).
_CLOSINGS = {"XOAUTH2": "", "OAUTHBEARER": "AQ=="}
#: Claims in which authorities name the account that signed in, best first.
_NAMES = ("upn", "preferred_username", "unique_name", "email")


def check_safe(server: MailServer):
    """Refuse to send a token where others could read it. Before anything is sent.

    :raises TokenNotSent:
    """
    if server.encryption == "none":
        raise TokenNotSent(host=server.host)
    if not server.verify:
        raise TokenNotSent("token_not_sent_unchecked", host=server.host)


def choose(server: MailServer, offered: Collection[str]) -> str:
    """The mechanism to use, of those that the server offers.

    :raises LoginNotOffered:
    """
    for mechanism in MECHANISMS:
        if mechanism in offered:
            return mechanism
    raise LoginNotOffered(
        "login_not_offered_token",
        host=server.host,
        methods=", ".join(sorted(offered)) or "nothing",
    )


def response(server: MailServer, mechanism: str) -> str:
    """The one thing that we have to say, in base64."""
    if mechanism == "XOAUTH2":
        text = f"user={server.user}\1auth=Bearer {server.token}\1\1"
    else:
        name = server.user.replace("=", "=3D").replace(",", "=2C")
        text = (
            f"n,a={name},\1host={server.host}\1port={server.port}\1auth=Bearer {server.token}\1\1"
        )
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")


def closing(mechanism: str) -> str:
    """What to say, in base64, when the server answers with an error in words of its own."""
    return _CLOSINGS[mechanism]


def secret_forms(server: MailServer) -> list[str]:
    """The token in all forms in which it travels."""
    return [
        server.token,
        base64.b64encode(server.token.encode("utf-8", "surrogatepass")).decode("ascii"),
        *(response(server, mechanism) for mechanism in MECHANISMS),
    ]


def claims(token: str) -> dict[str, object]:
    """What a token says about itself (RFC 7519), unchecked: only to explain a refusal better.
    Empty if it says nothing."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def account_of(server: MailServer) -> str:
    """The account that signed in; empty if that is not known, or if none did (app-only)."""
    if server.account:
        return server.account
    said = claims(server.token)
    return next((said[name] for name in _NAMES if isinstance(said.get(name), str)), "")


def explain(
    refused: LoginRefused, server: MailServer, log_in: Callable[[MailServer], None]
) -> LoginRefused:
    """Why a server does not take a token. It says the same to a bad token as to a good one of
    somebody without rights on the mailbox: the account's own mailbox tells the two apart.

    :param log_in: logs in and out again
    """
    account = account_of(server)
    if not account or account.lower() == server.user.lower():
        return refused
    try:
        log_in(replace(server, user=account))
    except MailboxError:
        return refused
    return MailboxNotAllowed(host=server.host, user=server.user, account=account)


def is_app_only(token: str) -> bool:
    """Whether a token was given to an app itself, without a person (Microsoft: ``idtyp``, or
    ``roles`` without ``scp``)."""
    said = claims(token)
    return said.get("idtyp") == "app" or bool(said.get("roles") and not said.get("scp"))
