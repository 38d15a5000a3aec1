# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Tokens for a mailbox by OAuth 2.0: Microsoft's sign-in, or another OpenID server.

Two ways lead to a token: somebody signs in once in the browser (authorisation code with
PKCE, RFC 7636: :func:`begin_sign_in`, :func:`finish_sign_in`, and then :func:`token_for` for
ever after), or the app registration speaks for itself (client credentials:
:func:`app_token`). `msal` does the protocol; what it keeps between two calls is a text, the
*cache*, which holds refresh tokens: keep it encrypted, and keep the new one of every answer
that says ``changed``. All errors are :class:`~.errors.MailboxError`.

Clocks: how long a token is good for comes as a number of seconds, so that the clock of the
sign-in server plays no part; it is counted from before the question, and a token of which
less than five minutes are left is replaced (`msal`). The times in an ID token are not looked
at: it comes over a checked connection at the moment of the sign-in and is used for the name
of the account alone, so that a wrong clock need not end the sign-in. The one thing that
needs a right clock here is a certificate's signature (:class:`~.errors.AppRefused`,
``app_refused_clock``).
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import msal
from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

from .errors import AppRefused, SignInNeeded, SignInRefused, UnexpectedAnswer
from .oauth_http import SECRETS, Client, NotReached, Refused
from .oauth_refusal import refusal

#: For IMAP, POP and SMTP as the person who signs in.
MAIL_SCOPES = (
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/POP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
)
#: For sending through Microsoft Graph as that person.
GRAPH_SCOPES = (
    "https://graph.microsoft.com/Mail.Send",
    "https://graph.microsoft.com/Mail.Send.Shared",
)
#: The same for an app by itself: what the app registration has been granted.
APP_MAIL_SCOPES = ("https://outlook.office365.com/.default",)
APP_GRAPH_SCOPES = ("https://graph.microsoft.com/.default",)

# msal warns at each sign-in that the browser had better come back by POST ("form_post"). Such
# a POST comes from another site, and so without the cookie of the session that has the state.
warnings.filterwarnings("ignore", message="response_mode='form_post' is recommended")

# What msal raises on an answer, or on a key, that it cannot read.
_GARBAGE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RuntimeError)
# msal adds these itself.
_RESERVED = {"openid", "profile", "offline_access"}


@dataclass(frozen=True)
class App:
    """An app registration, and how to reach the server that has it.

    :param authority: ``https://login.microsoftonline.com/<tenant>``, or the issuer of another
        OpenID server, with at least one part in its path
    :param secret: the client secret; or, instead of it:
    :param private_key: PEM of an RSA key without password
    :param certificate: PEM of the certificate for that key
    :param timeout: seconds for each request
    :param ca_file: PEM file of the authorities to trust instead of the system's
    """

    authority: str
    client_id: str
    secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    timeout: float = 20.0
    ca_file: str | None = None


@dataclass(frozen=True)
class Granted:
    """What the sign-in server gave.

    :param token: the access token
    :param expires: until when it is good, in UTC
    :param cache: to be kept, and handed in at the next time
    :param changed: it is not the cache that was handed in
    :param username: who signed in; empty for an app by itself, as are the next two
    :param account_id: names the account within the cache
    :param name: the person's name
    """

    token: str = field(repr=False)
    expires: datetime
    cache: str = field(repr=False)
    changed: bool
    username: str = ""
    account_id: str = ""
    name: str = ""


class _Cache(msal.SerializableTokenCache):
    def add(self, event, **options):
        """Keep what came, without telling the log what was sent for it."""
        data = {
            name: "***" if name in SECRETS else text for name, text in event.get("data", {}).items()
        }
        super().add({**event, "data": data}, **options)

    def secrets(self) -> list[str]:
        """All tokens in it."""
        kinds = (self.CredentialType.ACCESS_TOKEN, self.CredentialType.REFRESH_TOKEN)
        return [
            entry.get("secret", "")
            for kind in kinds
            for entry in self._cache.get(kind, {}).values()
        ]


def begin_sign_in(
    app: App,
    scopes: Sequence[str],
    redirect_uri: str,
    *,
    state: str,
    login_hint: str = "",
) -> dict:
    """Begin a sign-in in the browser.

    :param scopes: of one or of several resources; the first token will be for the resource
        of the first scope, the person is asked for all of them at once
    :param state: hard to guess, bound to the browser's session (RFC 6749, 10.12)
    :returns: the flow, to be kept secret (it has the PKCE verifier) until
        :func:`finish_sign_in`, and used once; JSON-able. The browser goes to ``["auth_uri"]``.
    """
    scopes = [scope for scope in scopes if scope not in _RESERVED]
    session = _Session(app, "", fresh=True)
    options = {"login_hint": login_hint} if login_hint else {"prompt": "select_account"}
    options["response_mode"] = "query"
    flow = session.call(
        "initiate_auth_code_flow", scopes, redirect_uri=redirect_uri, state=state, **options
    )
    resource = _resource(scopes[0]) if scopes else ""
    # A token is for one resource, though permission may be asked for several at once.
    flow["first"] = [scope for scope in scopes if _resource(scope) == resource]
    return json.loads(json.dumps(flow, default=list))


def finish_sign_in(app: App, flow: Mapping, answer: Mapping[str, str]) -> Granted:
    """Finish a sign-in with what the browser brought back.

    :param flow: from :func:`begin_sign_in`
    :param answer: the query parameters of the redirect URI
    :raises SignInRefused: declined, not for this flow, too late, administrator needed, …
    :raises AppRefused: the app registration is not accepted
    """
    secrets = [answer.get("code", ""), flow.get("code_verifier", ""), flow.get("nonce", "")]
    session = _Session(app, "", secrets=secrets)
    if not flow.get("state") or flow["state"] != answer.get("state"):
        raise SignInRefused("sign_in_refused_stale")
    if not answer.get("code") and not answer.get("error"):
        raise SignInRefused("sign_in_refused_stale")
    if not answer.get("code"):
        raise session.refused(answer, signing_in=True)
    started = _now()
    result = session.call(
        "acquire_token_by_auth_code_flow", dict(flow), dict(answer), flow["first"]
    )
    if "error" in result:
        raise session.refused(result, signing_in=True)
    known = result.get("id_token_claims") or {}
    audience = known.get("aud")
    accounts = session.msal.get_accounts()
    if not accounts or app.client_id not in (audience if type(audience) is list else [audience]):
        raise session.not_understood("no ID token for this app registration")
    if "refresh_token" not in result:
        raise SignInRefused("sign_in_refused_brief")
    return session.granted(result, started, accounts[0], known)


def token_for(
    app: App, cache: str, account_id: str, scopes: Sequence[str], *, renew: bool = False
) -> Granted:
    """A token for an account that has signed in: from the cache while it is good, else
    refreshed. Nobody has to be there.

    Of those who refresh with the same cache at the same time only one may get a new refresh
    token: call this under a lock, and keep the new cache before it is let go.

    :param account_id: from :class:`Granted`
    :param renew: do not take the one from the cache
    :raises SignInNeeded: the person has to sign in again
    :raises AppRefused: the app registration is not accepted
    """
    session = _Session(app, cache)
    account = next(
        (each for each in session.accounts() if each["home_account_id"] == account_id), None
    )
    if account is None:
        raise SignInNeeded("sign_in_needed_first", account="")
    started = _now()
    result = session.call(
        "acquire_token_silent_with_error", list(scopes), account, force_refresh=renew
    )
    if not result:
        raise SignInNeeded("sign_in_needed_first", account=account.get("username", ""))
    if "error" in result:
        raise session.refused(result, account=account.get("username") or account_id)
    return session.granted(result, started, account, {})


def app_token(app: App, cache: str, scopes: Sequence[str], *, renew: bool = False) -> Granted:
    """A token for the app registration by itself (client credentials).

    :param renew: do not take the one from the cache
    :raises AppRefused: the app registration is not accepted
    """
    # Nothing in it is lost if it cannot be read.
    session = _Session(app, cache if _is_cache(cache) else "")
    if renew:
        session.call("remove_tokens_for_client")
    started = _now()
    result = session.call("acquire_token_for_client", list(scopes))
    if "error" in result:
        raise session.refused(result)
    return session.granted(result, started, {}, {})


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _resource(scope: str) -> str:
    return scope.rpartition("/")[0]


def _is_cache(text: str) -> bool:
    """Whether msal can read it: entries by key, by kind."""
    try:
        kinds = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return False
    return isinstance(kinds, dict) and all(
        isinstance(entries, dict) and all(isinstance(entry, dict) for entry in entries.values())
        for entries in kinds.values()
    )


def _thumbprint_ready(pem: str) -> str:
    """The first certificate in the text: msal reads no other."""
    found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem, re.DOTALL)
    return found.group() if found else pem


class _Session:
    """`msal`'s application for one call of ours: its errors are ours, and it knows what may
    not be said."""

    def __init__(self, app: App, cache: str, fresh: bool = False, secrets: Sequence[str] = ()):
        self._app = app
        self._secrets = [app.secret, *secrets]
        self._cache = _Cache()
        self._came_in = cache
        if _is_cache(cache):
            self._cache.deserialize(cache)
        elif cache:
            # Whatever it was, it is no sign-in any more.
            raise SignInNeeded("sign_in_needed_first", account="")
        authority = app.authority.rstrip("/")
        try:
            parts = urlsplit(authority)
            self._host, self._port = parts.hostname or "", parts.port or 443
        except ValueError as error:
            raise self._not_an_address() from error
        self._tenant = parts.path.strip("/")
        if parts.scheme != "https" or not self._host or not self._tenant:
            raise self._not_an_address()
        if parts.query or parts.fragment or "@" in parts.netloc or re.search(r"\s", authority):
            raise self._not_an_address()
        microsoft = self._host.lower() in WELL_KNOWN_AUTHORITY_HOSTS
        self.msal = self._call(
            msal.ConfidentialClientApplication,
            app.client_id,
            client_credential=self._credential(),
            **{"authority" if microsoft else "oidc_authority": authority},
            # What it asks the sign-in servers of the world about each other, and about
            # itself in the environment, is not needed with an address that we were given.
            instance_discovery=False,
            azure_region=False,
            token_cache=self._cache,
            http_client=Client(authority, app.timeout, app.ca_file, fresh),
        )

    def _not_an_address(self) -> AppRefused:
        return AppRefused("app_refused_authority", authority=self._app.authority)

    def _credential(self) -> str | dict | None:
        app = self._app
        if app.private_key:
            _check_key(app.private_key, app.certificate)
            return {
                "private_key": app.private_key,
                "public_certificate": _thumbprint_ready(app.certificate),
            }
        return app.secret or None

    def call(self, method: str, *arguments, **options):
        """Call a method of `msal`'s application."""
        return self._call(getattr(self.msal, method), *arguments, **options)

    def _call(self, function, *arguments, **options):
        try:
            return function(*arguments, **options)
        except NotReached as error:
            raise error.error from error.__cause__
        except Refused as error:
            raise self.refused(error.said) from None
        except _GARBAGE:
            # Without its text and its frames: both may hold tokens.
            raise self.not_understood("not understood") from None

    def accounts(self) -> list[dict]:
        """The accounts in the cache."""
        return self.call("get_accounts")

    def refused(
        self, said: Mapping, *, account: str | None = None, signing_in: bool = False
    ) -> Exception:
        """The error for a refusal in the sign-in server's words."""
        return refusal(
            said,
            client_id=self._app.client_id,
            tenant=self._tenant,
            host=self._host,
            port=self._port,
            with_certificate=bool(self._app.private_key),
            account=account,
            signing_in=signing_in,
            secrets=[*self._secrets, *self._cache.secrets()],
        )

    def not_understood(self, words: str) -> UnexpectedAnswer:
        """The error for an answer that makes no sense."""
        return UnexpectedAnswer(
            "unexpected_answer_authority",
            host=self._host,
            doing="giving a token",
            answer=words,
        )

    def granted(self, result: dict, started: datetime, account: dict, known: dict) -> Granted:
        """What is handed out."""
        cache = self._cache.serialize()
        return Granted(
            token=result["access_token"],
            expires=started + timedelta(seconds=int(result.get("expires_in", 600))),
            cache=cache,
            changed=cache != self._came_in,
            username=account.get("username") or "",
            account_id=account.get("home_account_id") or "",
            name=str(known.get("name") or ""),
        )


def _check_key(private_key: str, certificate: str):
    """Refuse what msal would stumble over, without a word of the key."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(private_key.encode(), None)
        x509.load_pem_x509_certificate(_thumbprint_ready(certificate).encode())
    except (ValueError, TypeError) as error:
        raise AppRefused("app_refused_key") from error
    if not isinstance(key, RSAPrivateKey):
        raise AppRefused("app_refused_key")
