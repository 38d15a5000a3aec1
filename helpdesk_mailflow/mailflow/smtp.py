"""Whether mail can be sent through an SMTP server as an address (RFC 5321, RFC 4954, RFC 3207,
RFC 6409). Nothing is sent.

The dialogue is smtplib's, which is what Odoo sends with: what works here works there.
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import ClassVar

from . import sasl
from .errors import (
    ConnectionLost,
    ConnectionRefused,
    ConnectionTimedOut,
    EncryptionNotOffered,
    LoginNotOffered,
    LoginRefused,
    MailboxError,
    SenderRefused,
    SmtpAuthOff,
    TokenNotSent,
    TokenRefused,
)
from .refusal import SEND_AS, explain, tidy_password
from .scrub import in_words
from .wire import (
    GARBAGE,
    Wire,
    check_sendable,
    login_refused,
    open_encrypted,
    tls_port,
)

_logger = logging.getLogger(__name__)

_GOODBYE_SECONDS = 5.0
#: The mechanisms that smtplib knows for user and password.
_MECHANISMS = {"CRAM-MD5", "PLAIN", "LOGIN"}
_MEGABYTE = 1024 * 1024
_MAX_LINES = 1000
_NO_WORDS = "nothing more"
_REPLY = re.compile(rb"([2-5]\d\d)(-| |(?=\r?\n))(.*)", re.DOTALL)
# RFC 3463: X.7.* is about rights; X.1.7 and X.1.8 are about the sender's address.
_SENDER_STATUS = re.compile(r"^5\.(7\.\d+|1\.[78])\b")
_STATUS = re.compile(r"^\d\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True)
class SmtpSettings:
    """Where and how to send mail, and as which address.

    :param encryption: ``none``, ``starttls`` (upgrade a plain connection) or ``tls`` (from
        the first byte)
    :param sender: the bare address
    :param user: empty for a server that takes mail without a log-in; with a token the name of
        the mailbox, which may be another than that of the account that signed in
    :param password: an app password of Google may have its spaces
    :param token: an access token, to log in with instead of the password; it is sent only over
        TLS, and only if `verify` is on
    :param account: who signed in, where known: tells "no rights on this mailbox" from "the token
        is not good"
    :param verify: check the certificate and its host name
    :param timeout: seconds to wait for a connection, and for each command to answer
    :param ca_file: PEM file of the authorities to trust instead of the system's
    """

    protocol: ClassVar[str] = "smtp"

    host: str
    port: int
    encryption: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    verify: bool = True
    timeout: float = 15.0
    ca_file: str | None = None
    token: str = field(default="", repr=False)
    account: str = ""

    def __post_init__(self):
        if self.encryption not in ("none", "starttls", "tls"):
            raise ValueError(f"unknown encryption {self.encryption!r}")
        object.__setattr__(self, "password", tidy_password(self.host, self.password))


@dataclass(frozen=True)
class SmtpReport:
    """What was found; the sender was accepted.

    :param logged_in: false if there is no user to log in
    :param tls: the version, such as ``TLSv1.3``; empty without encryption
    :param starttls_offered: on a connection that stayed unencrypted
    :param max_megabytes: the largest mail that the server takes; ``None`` if it does not say
    :param not_received: the server's words if it does not take mail *to* the address; empty
        if it does. An address without a mailbox gets no answers.
    """

    logged_in: bool
    tls: str
    starttls_offered: bool
    max_megabytes: float | None
    not_received: str


def check(settings: SmtpSettings) -> SmtpReport:
    """Connect, encrypt, log in, and ask whether the address may send, without sending.

    :raises MailboxError: see :mod:`.errors`; each says what an admin can do about it
    """
    if settings.token:
        check_sendable(settings)
    try:
        session = open_encrypted(settings, _Session)
    except ConnectionTimedOut as error:
        if error.code == "connection_timed_out" and settings.port == 25:
            raise ConnectionTimedOut("connection_timed_out_blocked", **error.values) from error
        raise
    try:
        try:
            session.log_in()
        except TokenRefused as error:
            raise sasl.explain(error, settings, _log_in) from None
        not_received = session.try_sender()
        report = SmtpReport(
            logged_in=bool(settings.user),
            tls=session.wire.tls_version(),
            starttls_offered=not session.wire.tls_version() and session.smtp.has_extn("starttls"),
            max_megabytes=session.max_megabytes(),
            not_received=not_received,
        )
        session.say_goodbye()
        return report
    finally:
        session.wire.close()


def log_in_with_token(connection: smtplib.SMTP, settings: SmtpSettings):
    """Log in on a connection of somebody else's, such as Odoo's, which has said EHLO.

    :param settings: with a token; host and port only serve to explain
    :raises TokenNotSent: the connection is not encrypted, or the certificate was not checked
    :raises LoginNotOffered: the server takes no tokens
    :raises LoginRefused: as :func:`check`; a :class:`TokenRefused` asks for a new token
    :raises smtplib.SMTPException, OSError: the connection
    """
    check_sendable(settings)
    sock = connection.sock
    if not isinstance(sock, ssl.SSLSocket):
        raise TokenNotSent(host=settings.host)
    if sock.context.verify_mode != ssl.CERT_REQUIRED or not sock.context.check_hostname:
        raise TokenNotSent("token_not_sent_unchecked", host=settings.host)
    mechanism = sasl.choose(settings, _offered(connection))
    # smtplib's debugging prints what is sent
    level, connection.debuglevel = connection.debuglevel, 0
    try:
        code, words = _say_token(connection, settings, mechanism)
    finally:
        connection.debuglevel = level
    if code // 100 != 2:
        raise _refused(settings, code, words)


def _offered(connection: smtplib.SMTP) -> list[str]:
    return connection.esmtp_features.get("auth", "").upper().split()


def _say_token(
    connection: smtplib.SMTP, settings: SmtpSettings, mechanism: str
) -> tuple[int, bytes]:
    """AUTH with an access token. It comes after the server's go-ahead: not every server reads a
    command line as long as this (RFC 4954, section 4)."""
    code, words = connection.docmd("AUTH", mechanism)
    for text in (sasl.response(settings, mechanism), sasl.closing(mechanism)):
        if code == 334:
            code, words = connection.docmd(text)
    return code, words


def _refused(settings: SmtpSettings, code: int, words: bytes) -> LoginRefused:
    if code // 100 != 4:
        return login_refused(settings, words)
    return LoginRefused(
        "login_refused_later",
        temporary=True,
        host=settings.host,
        user=settings.user,
        answer=in_words(words, settings) or _NO_WORDS,
    )


def _log_in(settings: SmtpSettings):
    session = open_encrypted(settings, _Session)
    try:
        session.log_in()
        session.say_goodbye()
    finally:
        session.wire.close()


class _Smtp(smtplib.SMTP):
    """smtplib over a :class:`Wire`."""

    def __init__(self, wire: Wire):
        super().__init__()
        self.wire = wire
        self.sock = wire
        self.refusal: smtplib.SMTPAuthenticationError | None = None

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply: its code, and its words without the codes."""
        lines: list[bytes] = []
        while len(lines) < _MAX_LINES:
            line = self.wire.read_line()
            parts = _REPLY.match(line)
            if not parts:
                break
            lines.append(parts[3].strip())
            if parts[2] != b"-":
                return self._code(int(parts[1]), b"\n".join(lines))
        self.wire.broken = True  # answers and questions may be out of step
        raise self.wire.not_understood(line)

    def _code(self, code: int, words: bytes) -> tuple[int, bytes]:
        """A server may turn us away at any command (RFC 5321, 3.8)."""
        if code != 421:
            return code, words
        self.wire.broken = True
        server = self.wire.server
        raise ConnectionRefused(
            "connection_refused_busy",
            host=server.host,
            port=server.port,
            answer=in_words(words, server) or _NO_WORDS,
        )

    def auth(self, mechanism, authobject, **options):
        """Try one mechanism; `login` tries the next, if the server still listens."""
        try:
            return super().auth(mechanism, authobject, **options)
        except smtplib.SMTPAuthenticationError as error:
            self.refusal = error
            raise

    def close(self):
        """Leave the closing to the owner of the wire."""


class _Session:
    """Connected, greeted and encrypted, not logged in."""

    def __init__(self, server: SmtpSettings, check_name: bool):
        self.server = server
        self.wire = Wire(server)
        try:
            self.smtp = _Smtp(self.wire)
            if server.encryption == "tls":
                with _talk(self.wire, "starting the encryption"):
                    self.wire.encrypt(check_name)
            self._greet()
            if server.encryption == "starttls":
                self._upgrade(check_name)
        except BaseException:
            self.wire.close()
            raise

    def _greet(self):
        with _talk(self.wire, "waiting for the greeting"):
            code, words = self.smtp.getreply()
        if code // 100 != 2:
            temporary = code // 100 == 4
            raise ConnectionRefused(
                "connection_refused_busy" if temporary else "connection_refused_unwelcome",
                temporary=temporary,
                host=self.server.host,
                port=self.server.port,
                answer=self._words(words),
            )
        self._hello()

    def _hello(self):
        with _talk(self.wire, "saying hello"):
            code, words = self.smtp.ehlo()
            if code // 100 == 5:  # a server that does not know EHLO
                code, words = self.smtp.helo()
            if code // 100 != 2:
                raise self.wire.refused(words)

    def _upgrade(self, check_name: bool):
        server = self.server
        where = {"host": server.host, "port": server.port, "tls_port": tls_port(server)}
        if not self.smtp.has_extn("starttls"):
            raise EncryptionNotOffered("encryption_not_offered_starttls", **where)
        with _talk(self.wire, "starting the encryption"):
            code, words = self.smtp.docmd("STARTTLS")
            if code != 220:
                raise EncryptionNotOffered(
                    "encryption_not_offered_failed", reason=self._words(words), **where
                )
            self.wire.encrypt(check_name)
        # what was said before the encryption does not count (RFC 3207, 4.2)
        self.smtp.esmtp_features = {}
        self._hello()

    # --- questions

    def log_in(self):
        """Log in, if there is a user.

        :raises LoginNotOffered, LoginRefused:
        """
        server = self.server
        if not server.user:
            return
        if server.token:
            self._token_login()
            return
        user = _ascii_domain(server.user)
        if not (user + server.password).isascii() or "\0" in user + server.password:
            raise LoginRefused("login_refused_characters", host=server.host)
        self._check_mechanisms()
        try:
            with _talk(self.wire, "logging in"):
                self.smtp.login(user, server.password)
        except _Refused as error:
            raise self._login_refused(error.code, error.words) from error.__cause__
        except (ConnectionLost, ConnectionRefused) as error:
            if self.smtp.refusal is None:
                raise
            # it did not want to hear a second mechanism
            refusal = self.smtp.refusal
            raise self._login_refused(refusal.smtp_code, refusal.smtp_error) from error

    def _token_login(self):
        mechanism = sasl.choose(self.server, _offered(self.smtp))
        try:
            with _talk(self.wire, "logging in"):
                code, words = _say_token(self.smtp, self.server, mechanism)
                if code // 100 != 2:
                    raise _Refused(code, words)
        except _Refused as error:
            raise self._login_refused(error.code, error.words) from error.__cause__

    def _check_mechanisms(self):
        server = self.server
        offered = self.smtp.esmtp_features.get("auth", "").split()
        if _MECHANISMS & set(offered):
            return
        if offered:
            raise LoginNotOffered(host=server.host, methods=", ".join(offered))
        if not self.wire.tls_version() and self.smtp.has_extn("starttls"):
            raise LoginNotOffered("login_not_offered_unencrypted", host=server.host)
        raise LoginNotOffered("login_not_offered_submission", host=server.host, port=server.port)

    def _login_refused(self, code: int, words: bytes) -> MailboxError:
        # RFC 4954, 6 and RFC 3207, 4: not without encryption
        if code == 538 or (code == 530 and not self.wire.tls_version()):
            return LoginNotOffered("login_not_offered_unencrypted", host=self.server.host)
        return _refused(self.server, code, words)

    def try_sender(self) -> str:
        """Begin a mail from the address to itself, and take it back.

        Postfix, for one, looks at the sender only when it hears of a recipient.

        :return: the server's words if it does not take mail to the address; empty if it does
        :raises LoginRefused: the server wants a log-in
        :raises SenderRefused:
        """
        address = _ascii_domain(self.server.sender)
        if not address.isascii():
            raise SenderRefused("sender_refused_characters", sender=self.server.sender)
        with _talk(self.wire, "asking about the sender"):
            code, words = self.smtp.mail(address)
            if code // 100 != 2:
                raise self._sender_refused(code, words)
            code, words = self.smtp.rcpt(address)
            if self._is_about_sender(code, words):
                raise self._sender_refused(code, words)
            # greylisting and the like (4xx) says nothing about the address
            not_received = self._words(words) if code // 100 == 5 else ""
            self.smtp.rset()
        return not_received

    def _is_about_sender(self, code: int, words: bytes) -> bool:
        """Whether a refusal of the recipient means the sender: by its enhanced status code,
        or by the words of a server that sends none."""
        if code // 100 != 5:
            return False
        text = words.decode("utf-8", "replace").strip()
        if _STATUS.match(text):
            return bool(_SENDER_STATUS.match(text))
        return code in (530, 553) or bool(re.search(r"sender|relay", text, re.IGNORECASE))

    def _sender_refused(self, code: int, words: bytes) -> MailboxError:
        server = self.server
        values = {"host": server.host, "answer": self._words(words)}
        if code == 530 and not server.user:
            return LoginRefused("login_refused_needed", **values)
        known = explain(server, values["answer"])
        if isinstance(known, SmtpAuthOff):  # some of Microsoft's servers say it only here
            return known
        values.update(sender=server.sender, user=server.user)
        if SEND_AS.search(values["answer"]) and server.user:
            return SenderRefused("sender_refused_send_as", **values)
        if code // 100 == 4:
            return SenderRefused("sender_refused_temporary", temporary=True, **values)
        return SenderRefused("" if server.user else "sender_refused_anonymous", **values)

    def max_megabytes(self) -> float | None:
        """The largest mail that the server takes (SIZE, RFC 1870), if it says."""
        size = self.smtp.esmtp_features.get("size", "").strip()
        return int(size) / _MEGABYTE if size.isdigit() and int(size) else None

    def say_goodbye(self):
        """QUIT; a server that is gone is none of our trouble."""
        self.wire.server = replace(self.server, timeout=min(self.server.timeout, _GOODBYE_SECONDS))
        try:
            with _talk(self.wire, "saying goodbye"):
                self.smtp.putcmd("QUIT")
                self.smtp.getreply()
        except MailboxError as error:
            _logger.info("Saying goodbye: %s", error)

    def _words(self, words: bytes) -> str:
        return in_words(words, self.server) or _NO_WORDS


class _Refused(Exception):
    """The server did not accept user and password."""

    def __init__(self, code: int, words: bytes):
        super().__init__("refused")
        self.code = code
        self.words = words


@contextmanager
def _talk(wire: Wire, doing: str) -> Iterator[None]:
    """Turn what smtplib raises into our own errors, for the commands of one step."""
    wire.begin(doing)
    try:
        yield
    except (MailboxError, _Refused):
        raise
    except smtplib.SMTPAuthenticationError as error:
        raise _Refused(error.smtp_code, error.smtp_error) from wire.cause(error)
    except smtplib.SMTPException as error:
        raise wire.not_understood(error) from wire.cause(error)
    except OSError as error:
        if isinstance(error, ValueError):  # ssl.SSLCertVerificationError, explained elsewhere
            raise
        raise wire.lost() from wire.cause(error)
    except (ArithmeticError, *GARBAGE) as error:
        raise wire.not_understood(error) from wire.cause(error)


def _ascii_domain(address: str) -> str:
    """An address with its domain as the DNS knows it (RFC 3490), like Odoo sends it."""
    local, at, domain = address.rpartition("@")
    if not at or domain.isascii():
        return address
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return address
