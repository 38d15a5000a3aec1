"""The connection under a mailbox session: addresses, TLS, time-outs, size limits.

The standard library's time-out is one for each read, so that a server that sends a byte
a minute is waited for without end. Here each command has a deadline, which moves on only
as far as data really arrives.
"""

from __future__ import annotations

import io
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from .errors import (
    CertificateNotTrusted,
    ConnectionLost,
    ConnectionRefused,
    ConnectionTimedOut,
    EncryptionNotOffered,
    LoginRefused,
    MailboxError,
    NameNotFound,
    UnexpectedAnswer,
)
from .refusal import explain, token_refused
from .sasl import check_safe
from .scrub import in_words, tells_secret

if TYPE_CHECKING:
    from .mailbox import MailServer as _Mailbox
    from .smtp import SmtpSettings

    MailServer = _Mailbox | SmtpSettings

_logger = logging.getLogger(__name__)

# Slower than this for longer than the time-out, and we give up: bytes per second.
MIN_RATE = 1024
# What one command may answer, in bytes. A message larger than this is not taken in.
MAX_ANSWER = 512 * 1024 * 1024
# A single line outside of message text. UID SEARCH answers in one line, however many UIDs.
MAX_LINE = 16 * 1024 * 1024
# What library code raises on answers that it cannot read.
GARBAGE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)

# Its name for people, and its registered port for TLS from the first byte (RFC 8314).
PROTOCOLS = {
    "imap": ("IMAP", 993),
    "pop": ("POP3", 995),
    "smtp": ("SMTP", 465),
    "https": ("HTTPS", 443),
}
# RFC 5530 and RFC 3206: response codes for trouble that is not the client's.
_TEMPORARY = re.compile(
    r"\[(UNAVAILABLE|SERVERBUG|INUSE|IN-USE|LIMIT|SYS/TEMP|LOGIN-DELAY)\b", re.IGNORECASE
)
# Handshake errors that mean "the other side does not speak TLS at all".
_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "UNKNOWN_PROTOCOL",
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
}
# X509_V_ERR_* of OpenSSL's x509_vfy.h
_EXPIRED = {10}
_SELF_SIGNED = {18}
_UNKNOWN_AUTHORITY = {2, 19, 20, 21, 27}
_WRONG_NAME = {62, 64}

T = TypeVar("T")


def is_temporary(answer: str) -> bool:
    """Whether the server's words carry a response code for passing trouble."""
    return bool(_TEMPORARY.search(answer))


class Wire(io.RawIOBase):
    """A connection to a mail server; also a raw stream, to be read through :attr:`reader`.

    :attr:`broken` is set once nothing more can be asked: the connection is gone, or the
    answers no longer belong to the questions.
    """

    def __init__(self, server: MailServer):
        self.server = server
        self.broken = False
        self._doing = "connecting"
        self._started = time.monotonic()
        self._received = 0
        self._paused = False
        self._sock: socket.socket | None = None
        self._sock = self._dial()
        self.reader = io.BufferedReader(self, 256 * 1024)

    # --- time and size

    def begin(self, doing: str):
        """A new command: `doing` in words (“reading messages”); its deadline starts now."""
        if self.broken:
            raise self.lost(doing)
        self._doing = doing
        self._started = time.monotonic()
        self._received = 0

    def _remaining(self) -> float:
        allowed = self.server.timeout + self._received / MIN_RATE
        left = self._started + allowed - time.monotonic()
        if left <= 0:
            raise self._timed_out()
        # No pause may be longer than the time-out, however much came before.
        return min(left, self.server.timeout)

    def _timed_out(self) -> ConnectionTimedOut:
        self.broken = True
        server = self.server
        code = {
            "connecting": "",
            "waiting for the greeting": "connection_timed_out_greeting",
        }.get(self._doing, "connection_timed_out_command")
        if code == "connection_timed_out_greeting" and server.encryption == "tls":
            code = "connection_timed_out_command"
        return ConnectionTimedOut(
            code,
            host=server.host,
            port=server.port,
            seconds=f"{server.timeout:g}",
            doing=self._doing,
        )

    def lost(self, doing: str = "") -> ConnectionLost:
        """The error for a connection that ended, or cannot be used any more."""
        self.broken = True
        server = self.server
        return ConnectionLost(host=server.host, port=server.port, doing=doing or self._doing)

    def said_goodbye(self, answer: object) -> ConnectionLost:
        """The error for a server that ends the session with some words."""
        self.broken = True
        return ConnectionLost(
            "connection_lost_bye",
            host=self.server.host,
            port=self.server.port,
            doing=self._doing,
            answer=in_words(answer, self.server),
        )

    def not_understood(self, answer: object) -> UnexpectedAnswer:
        """The error for an answer that breaks the protocol."""
        return UnexpectedAnswer(
            host=self.server.host,
            protocol=PROTOCOLS[self.server.protocol][0],
            doing=self._doing,
            answer=in_words(answer, self.server),
        )

    def refused(self, answer: object) -> UnexpectedAnswer:
        """The error for a server that understood and said no."""
        words = in_words(answer, self.server)
        return UnexpectedAnswer(
            "unexpected_answer_refused",
            temporary=is_temporary(words),
            host=self.server.host,
            doing=self._doing,
            answer=words,
        )

    def cause(self, error: BaseException) -> BaseException | None:
        """The error as the cause of one of ours; `None` if its words have a secret in them,
        which would stand in the traceback."""
        return None if tells_secret(error, self.server) else error

    # --- connecting

    def _dial(self) -> socket.socket:
        server = self.server
        where = {"host": server.host, "port": server.port}
        if not 0 < server.port < 65536:  # the C library would take it modulo 65536
            raise ConnectionRefused(
                "connection_refused_unreachable", reason="no such port", temporary=False, **where
            )
        try:
            if not server.host:
                raise socket.gaierror(socket.EAI_NONAME, "empty host name")
            addresses = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameNotFound(
                host=server.host, temporary=error.errno == socket.EAI_AGAIN
            ) from error
        except (OSError, ValueError) as error:  # UnicodeError: not a name in the DNS at all
            raise NameNotFound(host=server.host) from error
        failure: OSError | None = None
        for position, (family, kind, proto, _name, address) in enumerate(addresses):
            sock = socket.socket(family, kind, proto)
            try:
                # An address that swallows packets (IPv6, often) leaves time for the next.
                sock.settimeout(self._remaining() / (len(addresses) - position))
                sock.connect(address)
            except OSError as error:
                sock.close()
                # "Refused" by one address says more than "no route" to another.
                if not isinstance(failure, ConnectionRefusedError):
                    failure = error
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        if isinstance(failure, ConnectionRefusedError):
            raise ConnectionRefused(**where) from failure
        if isinstance(failure, TimeoutError):
            raise self._timed_out() from failure
        reason = (failure and failure.strerror) or "no address"
        raise ConnectionRefused(
            "connection_refused_unreachable", reason=reason, **where
        ) from failure

    def encrypt(self, check_name: bool = True):
        """Start TLS on the connection, and check the certificate if the server asks for it.

        :raises ssl.SSLCertVerificationError: for :func:`open_encrypted` to explain
        """
        server = self.server
        if self._leftover():
            # Words sent before the handshake could be anybody's (CVE-2011-0411 and the like).
            raise self.not_understood("data before the encryption began")
        try:
            context = ssl.create_default_context(cafile=server.ca_file)
        except (OSError, ValueError) as error:
            raise CertificateNotTrusted(
                host=server.host,
                names="",
                reason="no authorities",
                detail=f"the file of trusted authorities ({server.ca_file}) cannot be read.",
            ) from error
        context.check_hostname = server.verify and check_name
        context.verify_mode = ssl.CERT_REQUIRED if server.verify else ssl.CERT_NONE
        where = {"host": server.host, "port": server.port, "tls_port": tls_port(server)}
        self._sock.settimeout(self._remaining())
        try:
            self._sock = context.wrap_socket(self._sock, server_hostname=server.host)
        except ssl.SSLCertVerificationError:
            raise
        except ssl.SSLError as error:
            if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
                raise self.lost() from error
            reason = error.reason or "handshake failed"
            if reason in _NOT_TLS:
                raise EncryptionNotOffered(**where) from error
            raise EncryptionNotOffered(
                "encryption_not_offered_failed",
                reason=reason.replace("_", " ").lower(),
                **where,
            ) from error
        except TimeoutError as error:
            raise self._timed_out() from error
        except OSError as error:
            raise self.lost() from error
        except ValueError as error:  # a host name that cannot be sent or checked
            raise NameNotFound(host=server.host) from error

    def tls_version(self) -> str:
        """Such as ``TLSv1.3``; empty without encryption."""
        return (self._sock.version() or "") if isinstance(self._sock, ssl.SSLSocket) else ""

    def certificate_names(self) -> list[str]:
        """The host names in the server's certificate; empty if they are not known."""
        if not isinstance(self._sock, ssl.SSLSocket):
            return []
        certificate = self._sock.getpeercert() or {}
        names = [name for _kind, name in certificate.get("subjectAltName", ())]
        if not names:
            names = [
                value
                for part in certificate.get("subject", ())
                for kind, value in part
                if kind == "commonName"
            ]
        return names

    def _leftover(self) -> bytes:
        self._paused = True
        try:
            return self.reader.peek(1)
        finally:
            self._paused = False

    # --- as a socket, for the libraries above

    @property
    def socket(self) -> socket.socket:
        """The socket itself, to wait on; read through :attr:`reader`."""
        return self._sock

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        """The one reader of this connection (what `socket.makefile` is to `poplib`)."""
        return self.reader

    def sendall(self, data: bytes):
        """Send within the deadline of the command."""
        self._sock.settimeout(self._remaining())
        try:
            self._sock.sendall(data)
        except TimeoutError as error:
            raise self._timed_out() from error
        except OSError as error:
            raise self.lost() from error

    def shutdown(self, how: int):
        """Nothing to do: :meth:`close` ends the connection."""

    def close(self):
        """End the connection without a word; safe to call again."""
        self.broken = True
        if self._sock is not None:
            self._sock.close()
        super().close()

    # --- as a raw stream

    def readable(self) -> bool:
        """Always: this is the reading side."""
        return True

    def readinto(self, buffer) -> int | None:
        """Read what there is. The end of the connection is always an error here: there is
        no answer that may be cut short."""
        if self._paused:
            return None
        self._sock.settimeout(self._remaining())
        try:
            count = self._sock.recv_into(buffer)
        except TimeoutError as error:
            raise self._timed_out() from error
        except OSError as error:
            raise self.lost() from error
        if not count:
            raise self.lost()
        self._received += count
        if self._received > MAX_ANSWER:
            raise self.too_large()
        return count

    def too_large(self) -> UnexpectedAnswer:
        """The error for an answer without end."""
        self.broken = True
        return UnexpectedAnswer(
            "unexpected_answer_too_large",
            host=self.server.host,
            doing=self._doing,
            limit=MAX_ANSWER // (1024 * 1024),
        )

    def read_exactly(self, size: int) -> bytes:
        """Read `size` bytes, all of them or an error."""
        if size > MAX_ANSWER:
            raise self.too_large()
        data = self.reader.read(size) if size else b""
        if len(data) != size:
            raise self.lost()
        return data

    def read_line(self) -> bytes:
        """Read one line with its line ending."""
        line = self.reader.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            self.broken = True
            raise self.not_understood(line[:100])
        return line


def check_sendable(server: MailServer):
    """Refuse credentials that no login command can carry.

    :raises LoginRefused: before anything is sent; says nothing about which characters
    :raises TokenNotSent: a token, and a connection that is not safe enough for it
    """
    if server.token:
        check_safe(server)
    for text, forbidden in (
        (server.user, "\0\1\r\n" if server.token else "\0\r\n"),
        (server.password, "\0"),
        (server.token, "\0\1\r\n"),
    ):
        if any(char in forbidden or "\ud800" <= char <= "\udfff" for char in text):
            raise login_refused(server, "characters that cannot be sent")


def login_refused(server: MailServer, answer: object) -> LoginRefused:
    """The error for a login that did not work, with the server's words."""
    words = in_words(answer, server) or "no reason given"
    values = {"host": server.host, "user": server.user, "answer": words}
    known = explain(server, words)
    if known is not None and (known.temporary or not is_temporary(words)):
        return known
    if is_temporary(words):
        return LoginRefused("login_refused_temporary", temporary=True, **values)
    if server.token:
        return token_refused(server, words)
    return LoginRefused(**values)


def tls_port(server: MailServer) -> int:
    """The registered port for TLS from the first byte (RFC 8314)."""
    return PROTOCOLS[server.protocol][1]


def open_encrypted(server: MailServer, open_session: Callable[[MailServer, bool], T]) -> T:
    """Open a session, and explain a certificate that does not pass.

    :param open_session: connects and encrypts, but does not log in; its second argument
        says whether to check the host name. It is called a second time, without that check,
        to learn for whom a certificate is that is not for this host: TLS tells us only after
        a handshake. That second session is closed at once.
    """
    try:
        return open_session(server, True)
    except ssl.SSLCertVerificationError as error:
        names: list[str] = []
        if error.verify_code in _WRONG_NAME:
            names = _names_offered(server, open_session)
        raise _not_trusted(server, error, names) from error


def _names_offered(server: MailServer, open_session: Callable[[MailServer, bool], T]) -> list[str]:
    try:
        session = open_session(server, False)
    except (MailboxError, ssl.SSLError) as error:
        _logger.info("The names in the certificate of %s are not known: %s", server.host, error)
        return []
    wire: Wire = session.wire  # type: ignore[attr-defined]
    try:
        return wire.certificate_names()
    finally:
        wire.close()


def _not_trusted(
    server: MailServer, error: ssl.SSLCertVerificationError, names: list[str]
) -> CertificateNotTrusted:
    code = error.verify_code
    listed = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    if code in _EXPIRED:
        reason = "expired"
        detail = "its time is over. The operator of the mail server has to renew it."
    elif code in _SELF_SIGNED:
        reason = "self-signed"
        detail = (
            "no authority vouches for it. Ask the operator of the mail server for its certificate "
            "and name it as trusted, or for one by a public authority."
        )
    elif code in _UNKNOWN_AUTHORITY:
        reason = "unknown authority"
        detail = (
            "the authority that issued it is not among the trusted ones, or the mail server does "
            "not send the certificates in between."
        )
    elif code in _WRONG_NAME:
        reason = "wrong host name"
        detail = (
            f"it is for {listed}. Use a name that is in the certificate."
            if listed
            else "it is for another host. Use the name that the provider of the mailbox gives."
        )
    else:
        reason = error.verify_message or "check failed"
        detail = "the operator of the mail server has to replace it."
    return CertificateNotTrusted(host=server.host, reason=reason, detail=detail, names=listed)
