"""A server that sends mail as Microsoft Graph does: ``sendMail`` with MIME content, over HTTPS.

It takes what its knobs say, and else what Graph's documentation and public reports say::

    with Graph(tokens={"t0ken": "anna@example.com"}) as graph:
        graph.slow_down(seconds=30)
        ...
        [mail] = graph.take()
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import http.server
import json
import shutil
import ssl
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping
from email.utils import getaddresses, parseaddr
from pathlib import Path
from urllib.parse import unquote

from .certificates import Authority
from .smtp import Arrived

_MAX_REQUEST = 4 * 1024 * 1024
_SECONDS = 10.0


class Graph:
    """Runs in a thread, from construction to :meth:`close`.

    :param tokens: whose an access token is: addresses by token, or a function from a token to an
        address (empty: not good; ``app``: the app's own, which may send from every mailbox)
    :param mailboxes: that exist, besides those of the tokens
    :param send_as: who may send as whom, besides themselves: addresses by account
    :param certificate: one of :data:`.certificates.KINDS`
    """

    host = "localhost"

    def __init__(
        self,
        tokens: Mapping[str, str] | Callable[[str], str],
        mailboxes: Collection[str] = (),
        send_as: Mapping[str, Collection[str]] | None = None,
        certificate: str = "good",
    ):
        self.tokens = tokens
        self.mailboxes = set(mailboxes)
        self.send_as = dict(send_as or {})
        #: Whether a mail that is too large is answered with 200 and dropped, as Graph did.
        self.swallows_large = False
        self.requests: list[str] = []
        self._arrived: list[Arrived] = []
        self._orders: list[tuple[int, str, str, dict[str, str]] | str] = []
        self._lock = threading.Lock()
        self._folder = Path(tempfile.mkdtemp(prefix="graph-"))
        authority = Authority(self._folder)
        made = authority.certificate(certificate)
        #: The authority behind the good certificate.
        self.ca_file = str(authority.file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.chain, made.key)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_port
        self.base = f"https://{self.host}:{self.port}/v1.0"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        """Answer no more, and remove the files."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- what tests do to it, and need to know

    def take(self) -> list[Arrived]:
        """The mails that were sent since the last time; their raw form has no Bcc."""
        with self._lock:
            taken, self._arrived = self._arrived, []
            return taken

    def refuse_next(self, status: int, code: str, message: str, **headers: str):
        """Answer the next request with an error; ``_`` in names of headers stands for ``-``."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self._orders.append((status, code, message, named))

    def slow_down(self, seconds: int | str = 30):
        """Answer the next request with "too many requests"."""
        self.refuse_next(
            429,
            "ApplicationThrottled",
            "Application is over its MailboxConcurrency limit.",
            Retry_After=str(seconds),
        )

    def cut_next(self):
        """Take the next mail, and drop the connection without a word."""
        self._orders.append("cut")

    # --- inside

    def holder(self, token: str) -> str:
        """Whose a token is."""
        return self.tokens(token) if callable(self.tokens) else self.tokens.get(token, "")

    def answer(self, path: str, token: str, kind: str, body: bytes) -> tuple[int, object, dict]:
        """Status, content and headers of the answer to a request."""
        self.requests.append(path)
        order = self._orders.pop(0) if self._orders else None
        if isinstance(order, tuple):
            status, code, message, headers = order
            return _error(status, code, message, headers)
        holder = self.holder(token)
        if not holder:
            return _error(401, "InvalidAuthenticationToken", f"Access token {token} is not valid.")
        _version, _slash, place = path.removeprefix("/").partition("/")
        owner, _slash, action = place.rpartition("/")
        if action != "sendMail" or not (owner == "me" or owner.startswith("users/")):
            return _error(400, "BadRequest", "Resource not found for the segment.")
        if owner == "me" and holder == "app":
            return _error(400, "BadRequest", "/me request is only valid with delegated flow.")
        mailbox = holder if owner == "me" else unquote(owner.removeprefix("users/"))
        if not self._exists(mailbox):
            return _error(404, "ErrorInvalidUser", f"The requested user '{mailbox}' is invalid.")
        if not self._may(holder, mailbox):
            return _error(
                403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
            )
        if len(body) > _MAX_REQUEST:
            if self.swallows_large:
                return 200, {}, {}
            return _error(413, "RequestEntityTooLarge", "The request is too large.")
        return self._send(holder, mailbox, kind, body, cut=order == "cut")

    def _send(
        self, holder: str, mailbox: str, kind: str, body: bytes, cut: bool
    ) -> tuple[int, object, dict]:
        try:
            raw = base64.b64decode(body, validate=True)
        except binascii.Error:
            raw = b""
        if kind != "text/plain" or not raw:
            return _error(
                400,
                "ErrorMimeContentInvalidBase64String",
                "Invalid base64 string for MIME content.",
            )
        message = email.message_from_bytes(raw, policy=email.policy.default)
        sender = parseaddr(str(message.get("From", "")))[1].lower()
        recipients = [
            address
            for name in ("To", "Cc", "Bcc")
            for _name, address in getaddresses([str(text) for text in message.get_all(name, [])])
            if address
        ]
        if not recipients:
            return _error(
                400, "ErrorInvalidRecipients", "A message can't be sent because it contains no "
                "recipients.",
            )  # fmt: skip
        if not (sender == mailbox.lower() or self._may(holder, sender)):
            return _error(
                403,
                "ErrorSendAsDenied",
                "The user account which was used to submit this request does not have the right "
                "to send mail on behalf of the specified sending account.",
            )
        del message["Bcc"]
        head, _blank, content = raw.partition(b"\r\n\r\n")
        kept = [line for line in _unfolded(head) if not line.lower().startswith(b"bcc:")]
        with self._lock:
            self._arrived.append(
                Arrived(
                    raw=b"\r\n".join(kept) + b"\r\n\r\n" + content,
                    sender=sender,
                    recipients=tuple(recipients),
                    user=mailbox,
                    encrypted=True,
                )
            )
        return (0 if cut else 202), None, {}

    def _exists(self, mailbox: str) -> bool:
        known = {each.lower() for each in self.mailboxes}
        if not callable(self.tokens):
            known |= {each.lower() for each in self.tokens.values()}
            return mailbox.lower() in known
        return not known or mailbox.lower() in known

    def _may(self, holder: str, address: str) -> bool:
        allowed = {holder.lower(), *(each.lower() for each in self.send_as.get(holder, ()))}
        return holder == "app" or address.lower() in allowed


def _unfolded(head: bytes) -> list[bytes]:
    lines: list[bytes] = []
    for line in head.split(b"\r\n"):
        if lines and line[:1] in (b" ", b"\t"):
            lines[-1] += b"\r\n" + line
        else:
            lines.append(line)
    return lines


def _error(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> tuple[int, object, dict]:
    inner = {"date": "2026-11-22T10:00:00", "request-id": "0", "client-request-id": "0"}
    content = {"error": {"code": code, "message": message, "innerError": inner}}
    return status, content, dict(headers or {})


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that does not like our certificate, or is gone."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        kind = self.headers.get("Content-Type", "").split(";")[0]
        status, content, headers = self.server.owner.answer(self.path, token, kind, body)
        if not status:
            self.close_connection = True
            return
        text = json.dumps(content).encode() if content is not None else b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_about):
        """Nothing: requests carry tokens."""
