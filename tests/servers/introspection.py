"""What a mail server asks about access tokens (RFC 7662), between Dovecot and an authority.

It knows tokens of its own, and asks an authority about others. Under ``/introspect/MAILBOX`` a
token of somebody who may open the mailbox passes for the mailbox's own: so a mail server that
wants user and token to have one name behaves as Microsoft's, which lets people with rights on
a shared mailbox in with their own tokens.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Collection, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

_SECONDS = 10.0


class Introspection:
    """Runs in a thread, from construction to :meth:`close`.

    :param tokens: user names by token, to be changed at will
    :param authority_url: who is asked about other tokens; user and password in the address
    :param authority_ca: PEM file of the authorities to trust there
    """

    def __init__(
        self, tokens: dict[str, str], authority_url: str = "", authority_ca: str | None = None
    ):
        self.tokens = tokens
        self.shared: Mapping[str, Collection[str]] = {}
        #: How many times it was asked.
        self.asked = 0
        self._authority_url = authority_url
        self._authority_ca = authority_ca
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.owner = self
        self.url = f"http://127.0.0.1:{self._server.server_port}/introspect"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def close(self):
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_SECONDS)

    def answer(self, token: str, mailbox: str) -> dict:
        """What Dovecot is told about a token, with which a mailbox is to be opened (empty: the
        user's own)."""
        self.asked += 1
        user = self.user_of(token)
        if not user or (mailbox and user != mailbox and user not in self.shared.get(mailbox, ())):
            return {"active": False}
        return {"active": True, "username": mailbox or user, "scope": "mail"}

    def user_of(self, token: str) -> str:
        """Whose token it is; empty if it is not good."""
        if token in self.tokens or not self._authority_url:
            return self.tokens.get(token, "")
        parts = urlsplit(self._authority_url)
        where = parts._replace(netloc=parts.netloc.rpartition("@")[2])
        request = Request(urlunsplit(where), urlencode({"token": token}).encode())
        if parts.username:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            request.add_header("Authorization", f"Basic {base64.b64encode(login).decode()}")
        context = None
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self._authority_ca)
        with urlopen(request, timeout=_SECONDS, context=context) as answer:
            said = json.load(answer)
        return said.get("username", "") if said.get("active") else ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        [token] = parse_qs(self.rfile.read(size).decode()).get("token", [""])
        mailbox = unquote(self.path.removeprefix("/introspect").lstrip("/"))
        body = json.dumps(self.server.owner.answer(token, mailbox)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Nothing: addresses could name tokens."""
