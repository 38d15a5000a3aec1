# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The way to a sign-in server (authority): one HTTPS request at a time, for `msal`.

It stands on :class:`~.wire.Wire`, so that time-outs, size limits and what is wrong with a
certificate are the same as with mail servers. Nothing of the environment plays a part: no
proxy, no netrc, no other authorities. Redirects are not followed and nothing is tried twice:
a request may carry a secret, and a refresh token may be taken once only.
"""

from __future__ import annotations

import binascii
import http.client
import json
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

from requests import RequestException

from .errors import (
    AppRefused,
    CertificateNotTrusted,
    ConnectionLost,
    ConnectionRefused,
    ConnectionTimedOut,
    EncryptionNotOffered,
    MailboxError,
    NameNotFound,
    UnexpectedAnswer,
)
from .oauth_refusal import without
from .wire import Wire, open_encrypted

#: What a request for a token may hold that nobody else may see.
SECRETS = ("code", "code_verifier", "client_assertion", "client_secret", "refresh_token")
# No answer of a sign-in server comes near this, in bytes.
MAX_ANSWER = 1024 * 1024
# How long the addresses of a sign-in server are believed, in seconds.
DISCOVERY_SECONDS = 3600.0

_discovered: dict[tuple[str, str | None], tuple[float, str]] = {}
_lock = threading.Lock()


class NotReached(RequestException):
    """What `msal` sees of a :class:`MailboxError`: with a token in hand that is still valid,
    it goes on with that token."""

    def __init__(self, error: MailboxError):
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class Place:
    """Where a sign-in server is, in the shape that :class:`Wire` knows."""

    host: str
    port: int
    timeout: float
    ca_file: str | None
    protocol: str = "https"
    encryption: str = "tls"
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    verify: bool = True


@dataclass(frozen=True)
class Answer:
    """A response in the shape that `msal` knows."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def raise_for_status(self):
        """Nothing to do: bad answers do not come as far as this."""


class _Socket:
    """A :class:`Wire` for `http.client`, which closes what it reads from too early."""

    def __init__(self, wire: Wire):
        self._wire = wire

    def sendall(self, data: bytes):
        self._wire.sendall(data)

    def makefile(self, mode: str = "rb"):
        return self._wire.reader

    def close(self):
        pass


class Client:
    """The HTTP client of one `msal` application.

    :param authority: its address, for errors
    :param timeout: seconds for each request
    :param ca_file: PEM file of the authorities to trust instead of the system's
    :param fresh: ask for the addresses of the sign-in server even if they are known
    """

    def __init__(
        self, authority: str, timeout: float, ca_file: str | None = None, fresh: bool = False
    ):
        self._authority = authority
        self._timeout = timeout
        self._ca_file = ca_file
        self._fresh = fresh

    def get(self, url: str, params=None, headers=None, **_options) -> Answer:
        """The discovery document (OpenID Connect Discovery 1.0, section 4)."""
        key = (url, self._ca_file)
        if not self._fresh:
            with _lock:
                until, text = _discovered.get(key, (0.0, ""))
            if until > time.monotonic():
                return Answer(200, text, {})
        if params:
            url = f"{url}?{urlencode(params)}"
        doing = "telling its addresses"
        answer = self._exchange("GET", url, None, headers or {}, doing)
        said = self._read(url, answer, doing)
        if answer.status_code == 200:
            for name in ("authorization_endpoint", "token_endpoint"):
                endpoint = said.get(name)
                if not isinstance(endpoint, str) or not endpoint.startswith("https://"):
                    raise NotReached(self._not_openid(url, answer, doing))
            with _lock:
                if len(_discovered) > 100:
                    _discovered.clear()
                _discovered[key] = (time.monotonic() + DISCOVERY_SECONDS, answer.text)
        elif "error" in said:
            # Microsoft says at this early point that a tenant does not exist.
            raise Refused(said)
        else:
            raise NotReached(self._not_openid(url, answer, doing))
        return answer

    def post(self, url: str, params=None, data=None, headers=None, **_options) -> Answer:
        """A request to the token endpoint (RFC 6749, section 3.2).

        What `msal` would stumble over is taken out of the answer: by then the sign-in
        server may have replaced a refresh token, which must not be lost for it.
        """
        if params:
            url = f"{url}?{urlencode(params)}"
        doing = "giving a token"
        body = urlencode(data or {}).encode()
        headers = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        answer = self._exchange("POST", url, body, headers, doing)
        said = self._read(url, answer, doing)
        if not ("error" in said or isinstance(said.get("access_token"), str)):
            raise NotReached(self._not_openid(url, answer, doing))
        cleaned = _cleaned(said)
        for name in ("error", "error_description"):
            if name in cleaned:
                # msal logs these words: not if they quote what we sent.
                sent = [text for part, text in (data or {}).items() if part in SECRETS]
                cleaned[name] = without(str(cleaned[name]), map(str, sent))
        return Answer(answer.status_code, json.dumps(cleaned), answer.headers)

    def close(self):
        """Nothing to do: connections live for one request."""

    # --- one request

    def _place(self, url: str) -> tuple[Place, str]:
        try:
            parts = urlsplit(url)
            port = parts.port or 443
        except ValueError as error:
            raise self._not_an_address() from error
        if parts.scheme != "https" or not parts.hostname:
            raise self._not_an_address()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not target.isascii() or not target.isprintable() or " " in target:
            raise self._not_an_address()
        return Place(parts.hostname, port, self._timeout, self._ca_file), target

    def _not_an_address(self) -> NotReached:
        return NotReached(AppRefused("app_refused_authority", authority=self._authority))

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], doing: str
    ) -> Answer:
        place, target = self._place(url)
        # An account's id among them may be anything.
        headers = {
            name: str(text)
            for name, text in headers.items()
            if text and str(text).isascii() and str(text).isprintable()
        }
        try:
            answer = request(place, method, target, body, headers, doing)
        except MailboxError as error:
            raise NotReached(_of_authority(error)) from error
        except (http.client.HTTPException, ValueError) as error:
            raise NotReached(_unexpected(place.host, doing, "no HTTP")) from error
        if answer.status_code == 429 or answer.status_code >= 500:
            raise NotReached(
                ConnectionRefused(
                    "connection_refused_authority_busy",
                    host=place.host,
                    port=place.port,
                    answer=f"HTTP {answer.status_code}",
                )
            )
        return answer

    def _read(self, url: str, answer: Answer, doing: str) -> dict:
        try:
            said = json.loads(answer.text)
        except (ValueError, RecursionError) as error:
            raise NotReached(self._not_openid(url, answer, doing)) from error
        if not isinstance(said, dict):
            raise NotReached(self._not_openid(url, answer, doing))
        return said

    def _not_openid(self, url: str, answer: Answer, doing: str) -> UnexpectedAnswer:
        # Not the answer itself: it may hold a token.
        kind = answer.headers.get("Content-Type", "").split(";")[0][:50]
        kind = "".join(char for char in kind if char.isprintable())
        words = f"HTTP {answer.status_code}" + (f", {kind}" if kind else "")
        return _unexpected(urlsplit(url).hostname or "", doing, words)


class Refused(Exception):
    """The sign-in server said no; :attr:`said` is its answer (RFC 6749, section 5.2)."""

    def __init__(self, said: Mapping[str, object]):
        super().__init__("refused")
        self.said = said


def request(
    place: Place,
    method: str,
    target: str,
    body: bytes | None,
    headers: Mapping[str, str],
    doing: str,
) -> Answer:
    """One request, over a connection of its own.

    :param target: path and query
    :param doing: in words, for errors
    :raises MailboxError: the way there; what the server says is not looked at
    :raises http.client.HTTPException, ValueError: it does not speak HTTP
    """
    wire = open_encrypted(place, _connect).wire
    try:
        wire.begin(doing)
        return _ask(wire, method, target, body, {**headers, "Connection": "close"})
    finally:
        wire.close()


def _connect(place: Place, check_name: bool) -> SimpleNamespace:
    wire = Wire(place)
    try:
        wire.encrypt(check_name)
    except BaseException:
        wire.close()
        raise
    return SimpleNamespace(wire=wire)


def _ask(
    wire: Wire, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
) -> Answer:
    place = wire.server
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.default_port = 443
    connection.sock = _Socket(wire)
    connection.request(method, target, body, dict(headers))
    response = connection.getresponse()
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            piece = response.read1(65536)
        except ConnectionLost:
            if response.length is not None or response.chunked:
                raise
            break  # without a length, the end of the connection is the end of the answer
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
        if size > MAX_ANSWER:
            raise http.client.HTTPException("too large")
    if response.length:
        raise wire.lost()
    text = b"".join(pieces).decode("utf-8", "replace")
    return Answer(response.status, text, response.headers)


def _unexpected(host: str, doing: str, words: str) -> UnexpectedAnswer:
    return UnexpectedAnswer("unexpected_answer_authority", host=host, doing=doing, answer=words)


def _of_authority(error: MailboxError) -> MailboxError:
    """The same error in words for a sign-in server."""
    for kind in (
        NameNotFound,
        ConnectionRefused,
        ConnectionTimedOut,
        ConnectionLost,
        EncryptionNotOffered,
    ):
        if isinstance(error, kind):
            return kind(f"{kind.code}_authority", temporary=error.temporary, **error.values)
    if isinstance(error, CertificateNotTrusted):
        return error
    return _unexpected(
        error.values.get("host", ""), error.values.get("doing", "connecting"), "no HTTP"
    )


# --- what is in an answer


def claims(id_token: object) -> dict:
    """What an ID token says, unchecked: it came from the sign-in server itself, over a
    connection whose certificate was checked (OpenID Connect Core 1.0, 3.1.3.7, number 6).

    :raises ValueError: it is no ID token
    """
    try:
        said = _part(str(id_token).split(".")[1])
    except (LookupError, binascii.Error, RecursionError) as error:
        raise ValueError("no ID token") from error
    if not isinstance(said, dict) or not isinstance(said.get("sub"), str):
        raise ValueError("no ID token")
    return said


def _part(encoded: str) -> object:
    return json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))


def _cleaned(said: dict) -> dict:
    cleaned = dict(said)
    for name in ("expires_in", "ext_expires_in", "refresh_in", "expires_on"):
        if name in cleaned:
            try:
                cleaned[name] = int(cleaned[name])
            except (TypeError, ValueError, OverflowError):
                del cleaned[name]
    if "id_token" in cleaned:
        try:
            claims(cleaned["id_token"])
        except ValueError:
            del cleaned["id_token"]
    if "client_info" in cleaned:
        try:
            known = isinstance(_part(str(cleaned["client_info"])), dict)
        except (ValueError, RecursionError):
            known = False
        if not known:
            del cleaned["client_info"]
    for name in ("refresh_token", "scope"):
        if name in cleaned and not isinstance(cleaned[name], str):
            del cleaned[name]
    return cleaned
