"""An OpenID provider for tests: real HTTPS on loopback, `authlib` behind it.

It speaks like Microsoft's where that matters: numbers in the descriptions of its errors, an
``organizations``-like first part of the path, one resource for each token, refresh tokens
that are replaced at each use while the old one stays good (:attr:`OpenId.old_refresh_tokens_stay`).
"""

from __future__ import annotations

import base64
import html
import http.server
import json
import logging
import re
import ssl
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from authlib.oauth2 import OAuth2Error
from joserfc import jwk

from .certificates import Authority
from .openid_store import Grants, Refusal, Request, Store

_PAGE = """<!DOCTYPE html><html><head><title>Sign in</title></head><body>
<h1>{title}</h1>{text}</body></html>"""
_FORM = """<form method="post" action="{action}">
<p>The app wants to: {scope}</p>
<p>Account: <select name="user">{users}</select></p>
<button id="accept" name="choice" value="accept">Accept</button>
<button id="cancel" name="choice" value="cancel">Cancel</button></form>"""


class OpenId:
    """Runs from construction to :meth:`close`; a context manager.

    :param users: names by account; the first is who signs in by default
    :param certificate: one of :data:`.certificates.KINDS`
    :param client_certificate: PEM with which the app registration may prove itself
    :param token_seconds: how long access tokens are good for

    Knobs, at any time: :attr:`clock_skew` (seconds that its clock is ahead),
    :attr:`token_seconds`, :attr:`refresh_token_seconds` (idle time; None: for ever),
    :attr:`old_refresh_tokens_stay`, :attr:`offline_access`, :attr:`admin_consented`,
    :attr:`secret_expired`, :attr:`redirect_uris` (None: any), :attr:`auto` (who is signed in
    without a page, empty: the page with its buttons), :attr:`delay` (seconds before each
    answer to a request for a token), :attr:`app_mailbox` (whose mailbox the app by itself
    opens), :meth:`refuse_next`, :meth:`revoke`.
    """

    host = "localhost"

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        certificate: str = "good",
        client_certificate: str = "",
        token_seconds: int = 3600,
    ):
        self.users = dict(users or {"support@example.com": "Support"})
        self.client_certificate = client_certificate
        self.token_seconds = token_seconds
        self.refresh_token_seconds: float | None = None
        self.old_refresh_tokens_stay = True
        self.offline_access = True
        self.admin_consented = True
        self.admin_consent_needed = False
        self.secret_expired = False
        self.clock_skew = 0.0
        self.delay = 0.0
        self.auto = ""
        self.app_mailbox = next(iter(self.users))
        self.redirect_uris: set[str] | None = None
        self.client_id = str(uuid.uuid4())
        self.client_secret = "Cl13nt-" + uuid.uuid4().hex
        self.tenant = "tenant"
        self.tenant_id = str(uuid.uuid4())
        self.key = jwk.ECKey.generate_key("P-256", auto_kid=True)
        self.store = Store()
        self._introspection_password = "Intr0spect-" + uuid.uuid4().hex
        self.store.secrets |= {self.client_secret, self._introspection_password}
        #: Method and path of each request.
        self.requests: list[str] = []
        self._refusals: list[tuple[str, str, int]] = []
        self._grants = Grants(self)
        self._folder = tempfile.TemporaryDirectory(prefix="openid-")
        Path(self._folder.name).chmod(0o755)
        authority = Authority(Path(self._folder.name))
        made = authority.certificate(certificate)
        #: The authority behind the good certificate.
        self.ca_file = str(authority.file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.chain, made.key)
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_port
        # The handshake is left to each connection's thread.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        self._folder.cleanup()

    # --- what tests need to know

    @property
    def issuer(self) -> str:
        return f"https://{self.host}:{self.port}/{self.tenant}"

    @property
    def token_endpoint(self) -> str:
        return f"{self.issuer}/oauth2/v2.0/token"

    @property
    def introspection_url(self) -> str:
        """For a mail server (RFC 7662), with the user and password that it takes there."""
        login = f"mail-server:{self._introspection_password}"
        return f"https://{login}@{self.host}:{self.port}/{self.tenant}/introspect"

    @property
    def refreshes(self) -> int:
        """How many refreshes were granted."""
        return self.store.count["refreshes"]

    @property
    def refused_refreshes(self) -> int:
        """How many came with a refresh token that had been used before."""
        return self.store.count["refused_refreshes"]

    @property
    def sign_ins(self) -> int:
        return self.store.count["sign_ins"]

    @property
    def app_tokens(self) -> int:
        return self.store.count["app_tokens"]

    @property
    def introspections(self) -> int:
        return self.store.count["introspections"]

    @property
    def secrets(self) -> set[str]:
        """Every secret that was in play: to search for in logs."""
        return {each for each in self.store.secrets if each}

    def now(self) -> float:
        """The time by its own clock."""
        return time.time() + self.clock_skew

    def user_id(self, user: str) -> str:
        """The lasting id of an account."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{user}"))

    # --- what tests do to it

    def revoke(
        self,
        user: str,
        why: str = "AADSTS50173: The provided grant has expired due to it being revoked.",
        access: bool = True,
    ):
        """Take the consent of an account away: its refresh tokens, and its access tokens too
        (with Microsoft these live on for up to an hour: `access=False`)."""
        with self.store.lock:
            for token in self.store.refresh.values():
                if token.user == user:
                    token.revoked, token.why = True, why
            if access:
                for token in list(self.store.access.values()):
                    if token.user == user:
                        del self.store.access[token.access]

    def forget(self, token: str):
        """Let an access token be no good any more, before its time."""
        with self.store.lock:
            del self.store.access[token]

    def refuse_next(self, error: str, description: str, times: int = 1, status: int = 400):
        """Answer the next requests for a token with this error."""
        self._refusals += [(error, description, status)] * times

    def valid(self, token: str) -> bool:
        """Whether an access token is good now."""
        with self.store.lock:
            found = self.store.access.get(token)
            return bool(found) and self.now() < found.issued + found.seconds

    def holder(self, token: str) -> str:
        """Whose an access token is: an account, `app`, or empty if it is not good."""
        if not self.valid(token):
            return ""
        return self.store.access[token].user or "app"

    def browse(self, uri: str, user: str = "", choice: str = "accept") -> str:
        """Be the person at the browser: open the page, choose an account and a button.
        Returns where the browser is sent then."""
        page = self._open(uri)
        if page.startswith("https://") or page.startswith("http://"):
            return page
        action = html.unescape(re.search(r'action="([^"]+)"', page).group(1))
        form = {"user": user or next(iter(self.users)), "choice": choice}
        return self._open(action, urlencode(form).encode())

    def answer(self, uri: str, user: str = "", choice: str = "accept") -> dict[str, str]:
        """The query parameters with which the browser comes back."""
        return dict(parse_qsl(urlsplit(self.browse(uri, user, choice)).query))

    def _open(self, uri: str, form: bytes | None = None) -> str:
        context = ssl.create_default_context(cafile=self.ca_file)
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), _Stay, urllib.request.ProxyHandler({})
        )
        try:
            with opener.open(uri, form, timeout=20) as response:
                return response.read().decode()
        except urllib.error.HTTPError as moved:
            if moved.code in (302, 303):
                return moved.headers["Location"]
            raise AssertionError(moved.read().decode()) from moved

    # --- what it answers

    def handle(self, request: Request) -> tuple[int, object, list[tuple[str, str]]]:
        """Answer a request: status, a body (text, or what becomes JSON), headers."""
        path = urlsplit(request.uri).path
        with self.store.lock:
            self.requests.append(f"{request.method} {path}")
        parts = path.strip("/").split("/", 1)
        if parts[0] != self.tenant:
            refused = Refusal(
                "invalid_tenant", f"AADSTS90002: Tenant '{parts[0]}' not found. Check the tenant."
            )
            return self._refused(refused)
        rest = parts[1] if len(parts) > 1 else ""
        if rest == "oauth2/v2.0/token" and self.delay:
            time.sleep(self.delay)
        with self.store.lock:
            if rest in (
                ".well-known/openid-configuration",
                "v2.0/.well-known/openid-configuration",
            ):
                return 200, self._discovery(), []
            if rest == "keys":
                return 200, {"keys": [self.key.as_dict(private=False)]}, []
            if rest == "oauth2/v2.0/authorize":
                return self._authorize(request)
            if rest == "oauth2/v2.0/token":
                return self._token(request)
            if rest == "introspect":
                return self._introspect(request)
        return 404, {"error": "not_found"}, []

    def _discovery(self) -> dict:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/oauth2/v2.0/authorize",
            "token_endpoint": self.token_endpoint,
            "jwks_uri": f"{self.issuer}/keys",
            "introspection_endpoint": f"{self.issuer}/introspect",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }

    def _refused(self, error: OAuth2Error) -> tuple[int, dict, list]:
        status, body, _headers = error(None)
        body = dict(body)
        text = body.get("error_description", "")
        codes = [int(code) for code in re.findall(r"AADSTS(\d+)", text)]
        if codes:
            body["error_codes"] = codes
            body["error_description"] = (
                f"{text}\r\nTrace ID: {uuid.uuid4()}\r\nCorrelation ID: {uuid.uuid4()}\r\n"
                "Timestamp: 2026-01-01 00:00:00Z"
            )
        return status, body, []

    def _authorize(self, request: Request) -> tuple[int, object, list]:
        try:
            grant = self._grants.get_consent_grant(request)
        except OAuth2Error as error:
            # As with Microsoft, what is wrong with the app is shown and not sent back.
            text = html.escape(f"{error.error}: {error.description}")
            return 400, _PAGE.format(title="Sorry", text=text), []
        asked = request.payload.data
        if self.admin_consent_needed:
            return self._send_back(
                asked, "consent_required", "AADSTS90094: Admin consent is required."
            )
        if self.auto:
            user = self.auto
        elif request.method == "GET":
            return 200, self._sign_in_page(request), []
        elif request.form.get("choice") != "accept":
            return self._send_back(
                asked, "access_denied", "AADSTS65004: User declined to consent to access the app."
            )
        else:
            user = request.form["user"]
        return self._grants.create_authorization_response(request, grant_user=user, grant=grant)

    def _send_back(self, asked: Mapping, error: str, text: str) -> tuple[int, str, list]:
        answer = {"error": error, "error_description": text, "state": asked.get("state", "")}
        return 302, "", [("Location", f"{asked['redirect_uri']}?{urlencode(answer)}")]

    def _sign_in_page(self, request: Request) -> str:
        hint = request.args.get("login_hint", "")
        users = "".join(
            f'<option value="{html.escape(user)}"{" selected" if user == hint else ""}>'
            f"{html.escape(user)}</option>"
            for user in self.users
        )
        form = _FORM.format(
            action=html.escape(f"{self.issuer}/oauth2/v2.0/authorize?{urlencode(request.args)}"),
            scope=html.escape(request.args.get("scope", "")),
            users=users,
        )
        return _PAGE.format(title="Sign in", text=form)

    def _token(self, request: Request) -> tuple[int, object, list]:
        if self._refusals:
            error, text, status = self._refusals.pop(0)
            return self._refused(Refusal(error, text, status))
        status, body, headers = self._grants.create_token_response(request)
        if "error" in body:
            return self._refused(_Said(status, body))
        return status, body, headers

    def _introspect(self, request: Request) -> tuple[int, object, list]:
        token = request.form.get("token", "")
        login = f"mail-server:{self._introspection_password}".encode()
        expected = f"Basic {base64.b64encode(login).decode()}"
        if request.headers.get("Authorization") != expected:
            return 401, {"error": "invalid_client"}, [("WWW-Authenticate", "Basic")]
        self.store.count["introspections"] += 1
        if not self.valid(token):
            return 200, {"active": False}, []
        found = self.store.access[token]
        user = found.user or self.app_mailbox
        return (
            200,
            {
                "active": True,
                "client_id": self.client_id,
                "username": user,
                "email": user,
                "scope": found.scope,
                "sub": self.user_id(user),
                "exp": int(found.issued + found.seconds - self.clock_skew),
            },
            [],
        )


class _Said(OAuth2Error):
    """An error that `authlib` has already put into words."""

    def __init__(self, status: int, body: Mapping[str, str]):
        text = body.get("error_description", "")
        if "Code challenge failed" in text:
            text = "AADSTS501481: The Code_Verifier does not match the code_challenge supplied."
        super().__init__(error=body["error"], description=text, status_code=status)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_about):
        return None


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Clients that hang up, or do not trust us, are what is tested here."""
        logging.getLogger(__name__).debug("A connection broke off", exc_info=True)


def _handler(openid: OpenId) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self):
            self._answer()

        def do_POST(self):
            self._answer()

        def log_message(self, *_about):
            """Quiet: a path may hold a code."""

        def _answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            form = dict(parse_qsl(self.rfile.read(length).decode())) if length else {}
            query = dict(parse_qsl(urlsplit(self.path).query))
            uri = f"https://{openid.host}:{openid.port}{self.path}"
            request = Request(self.command, uri, query, form, dict(self.headers))
            status, body, headers = openid.handle(request)
            text = body if isinstance(body, str) else json.dumps(body)
            kind = "text/html" if isinstance(body, str) else "application/json"
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers:
                if name.lower() == "location":
                    self.send_header(name, quote(value, safe=":/?&=%#+@~,;!$'()*"))
            self.end_headers()
            self.wfile.write(data)

    return Handler
