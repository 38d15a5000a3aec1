"""A real SMTP server for tests, on aiosmtpd: TLS, log-in, refusals, bad days, and delivery
into the mailboxes of a :class:`~.dovecot.Dovecot`.

Runs in a thread of the test's process, on a port of the loopback interface that stays its own
while it is stopped::

    with Smtp(users={"anna": "secret"}, encryption="starttls", authority=authority) as smtp:
        smtp.refuse("RCPT", "550 5.1.1 no such user", "gone@customer.example")
        ...
        [mail] = smtp.wait_for(1)
        assert mail.sender == "support@example.com"
"""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import json
import logging
import re
import shutil
import ssl
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from aiosmtpd.smtp import MISSING, SMTP, AuthResult

from .certificates import Authority
from .ports import free_ports

if TYPE_CHECKING:
    from .dovecot import Dovecot

#: Where a server can be told to misbehave: when a client connects, at these commands, when a
#: mail has come in whole but is not taken yet, and when it is taken but that is not said yet.
#: CREDENTIALS is when a password or token has come in and is not looked at yet.
PLACES = (
    "CONNECT", "EHLO", "STARTTLS", "AUTH", "CREDENTIALS", "MAIL", "RCPT", "DATA", "TAKEN",
)  # fmt: skip
#: What providers say to credentials that they do not take, for :meth:`Smtp.refuse`; as seen in
#: public reports.
REFUSALS = {
    "microsoft: off for the mailbox": (
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
        "Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information. "
        "[AM0PR01CA0004.eurprd01.prod.exchangelabs.com]"
    ),
    "microsoft: off for the tenant": (
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
        "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. "
        "[AM0PR01CA0004.eurprd01.prod.exchangelabs.com]"
    ),
    "microsoft: no passwords": (
        "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. "
        "[AM0PR01CA0004.eurprd01.prod.exchangelabs.com]"
    ),
    "microsoft: security defaults": (
        "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security "
        "defaults policy. Contact your administrator. "
        "[AM0PR01CA0004.eurprd01.prod.exchangelabs.com]"
    ),
    "microsoft: not good": (
        "535 5.7.3 Authentication unsuccessful [AM0PR01CA0004.eurprd01.prod.exchangelabs.com]"
    ),
    "google: normal password": (
        "534-5.7.9 Application-specific password required. For more information, go to\r\n"
        "534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor x1sm1 - gsmtp"
    ),
    "google: not good": (
        "535-5.7.8 Username and Password not accepted. For more information, go to\r\n"
        "535 5.7.8  https://support.google.com/mail/?p=BadCredentials x1sm1 - gsmtp"
    ),
    "google: sign in with the browser": (
        "534-5.7.14 Please log in via your web browser and then try again. Learn more at\r\n"
        "534 5.7.14  https://support.google.com/mail/answer/78754 x1sm1 - gsmtp"
    ),
}
#: What Microsoft says to a sender that the user may not be, at MAIL, or once the mail is there.
SEND_AS_DENIED = {
    "MAIL": "550 5.7.60 SMTP; Client does not have permissions to send as this sender "
    "[AM0PR01CA0004.eurprd01.prod.exchangelabs.com]",
    "DATA": "554 5.2.252 SendAsDenied; anna@example.com not allowed to send as "
    "support@example.com; STOREDRV.Submission.Exception:SendAsDeniedException."
    "MapiExceptionSendAsDenied; Failed to process message due to a permanent exception",
}
ANYBODY = "*"
_START_SECONDS = 15.0
_HANG, _CUT, _HOLD = "hang", "cut", "hold"
# aiosmtpd warns of what it does itself, and tells each command
logging.getLogger("mail.log").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Arrived:
    """A mail as it came in.

    :param raw: the bytes, with CRLF, without the dots that SMTP adds
    :param sender: of the envelope; empty for a bounce
    :param recipients: of the envelope, in the order of the client
    :param user: who had logged in
    """

    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    user: str | None
    encrypted: bool

    @cached_property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)


class Smtp:
    """An SMTP server that runs from construction (or :meth:`start`) to :meth:`close`.

    :param users: passwords by user name; with any, who does not log in may not send
    :param encryption: ``none``, ``starttls`` (offered, and needed to log in) or ``tls``
    :param certificate: one of :data:`.certificates.KINDS`
    :param authority: who signs it; several servers may share one. By default one of its own
    :param mechanisms: to log in with, of ``PLAIN`` and ``LOGIN``
    :param tokens: whose an access token is, to log in with XOAUTH2 or OAUTHBEARER: user names by
        token, which may be changed at will, or a function from a token to a user name (empty: not
        good), such as an introspection server's
    :param shared: who may log in to a mailbox with their own tokens, by mailbox, as with
        Microsoft; who logged in is then the mailbox
    :param may_send_as: addresses by user name, for a server that looks at them
    :param capabilities: further lines of its answer to EHLO
    :param dovecot: whose users get what arrives for their addresses
    :param mailboxes: users of `dovecot` by recipient address, where the two differ
    """

    host = "localhost"

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        encryption: str = "none",
        certificate: str = "good",
        authority: Authority | None = None,
        mechanisms: Collection[str] = ("PLAIN", "LOGIN"),
        may_send_as: Mapping[str, Collection[str]] | None = None,
        capabilities: Sequence[str] = (),
        dovecot: Dovecot | None = None,
        mailboxes: Mapping[str, str] | None = None,
        tokens: Mapping[str, str] | Callable[[str], str] | None = None,
        shared: Mapping[str, Collection[str]] | None = None,
    ):
        assert encryption in ("none", "starttls", "tls"), encryption
        self.users = dict(users or {})
        self.encryption = encryption
        self.may_send_as = may_send_as
        self.arrived: list[Arrived] = []
        [self.port] = free_ports(1)
        self._folder = Path(tempfile.mkdtemp(prefix="smtp-"))
        self._authority = authority or Authority(self._folder)
        self._context = self._make_context(certificate) if encryption != "none" else None
        self._mechanisms = tuple(mechanisms) if self.users else ()
        self._tokens = tokens
        if tokens is not None:
            self._mechanisms += ("XOAUTH2", "OAUTHBEARER")
        self.shared = dict(shared or {})
        self._capabilities = tuple(capabilities)
        self._dovecot = dovecot
        self._mailboxes = dict(mailboxes or {})
        self._orders: dict[tuple[str, str], str] = {}
        self._news = threading.Condition()
        self._released = asyncio.Event()
        self._holding = threading.Event()
        self._clients: set[_Client] = set()
        self._listener: asyncio.AbstractServer | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    # --- what tests need to know

    @property
    def ca_file(self) -> str:
        """The authority behind the good certificate."""
        return str(self._authority.file)

    def wait_for(self, count: int = 1, seconds: float = 30.0) -> list[Arrived]:
        """Wait until so many mails have arrived, and take all there are: the next call waits
        for others."""
        with self._news:
            enough = self._news.wait_for(lambda: len(self.arrived) >= count, seconds)
            assert enough, f"{len(self.arrived)} of {count} mails within {seconds} s"
            return self.take()

    def take(self) -> list[Arrived]:
        """The mails that have arrived since the last time."""
        with self._news:
            taken, self.arrived[:] = list(self.arrived), []
            return taken

    # --- bad days

    def refuse(self, place: str, answer: str, address: str = ANYBODY):
        """Answer with these words, beginning with the reply code, at one of the
        :data:`PLACES`.

        :param address: at MAIL and RCPT, only that one
        """
        assert place in PLACES, place
        self._orders[place, address.lower()] = answer

    def hang(self, place: str):
        """Say nothing more to a client that gets there."""
        self.refuse(place, _HANG)

    def cut(self, place: str):
        """Drop the connection to a client that gets there."""
        self.refuse(place, _CUT)

    def hold(self, place: str):
        """Let a client that gets there wait until :meth:`behave`."""
        self._run(self._set_released(False))
        self.refuse(place, _HOLD)

    def wait_for_held(self, seconds: float = 30.0):
        """Wait until a client is held."""
        assert self._holding.wait(seconds), f"nobody is held within {seconds} s"

    def behave(self):
        """Forget all of these; who hangs goes on hanging, who is held goes on."""
        self._orders.clear()
        self._run(self._set_released(True))

    # --- life

    def start(self):
        """Listen; also after :meth:`stop`, on the same port."""
        assert self._listener is None, "already started"
        self._listener = self._run(
            self._loop.create_server(
                lambda: _Client(self),
                "127.0.0.1",
                self.port,
                ssl=self._context if self.encryption == "tls" else None,
            )
        )

    def stop(self):
        """Drop all connections and listen no more, as when the server is down."""
        if self._listener is not None:
            self._run(self._shut())
            self._listener = None

    def close(self):
        """Stop for good, and remove the files."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)
        self._loop.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- inside

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_START_SECONDS)

    async def _set_released(self, is_released: bool):
        self._holding.clear()
        if is_released:
            self._released.set()
        else:
            self._released.clear()

    async def _shut(self):
        self._listener.close()
        waiting = []
        for client in list(self._clients):
            waiting.append(client.task)
            client.drop()
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def _make_context(self, kind: str) -> ssl.SSLContext:
        made = self._authority.certificate(kind)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.chain, made.key)
        return context

    def _order(self, place: str, address: str = ANYBODY) -> str | None:
        return self._orders.get((place, address.lower())) or self._orders.get((place, ANYBODY))

    def _log_in(self, _server, _session, _envelope, _mechanism, credentials) -> AuthResult:
        user, password = credentials.login.decode(), credentials.password.decode()
        order = self._order("CREDENTIALS")
        if order:
            return AuthResult(success=False, handled=False, message=order)
        if self.users.get(user) == password:
            return AuthResult(success=True, auth_data=user)
        return AuthResult(
            success=False, handled=False, message="535 5.7.8 Authentication credentials invalid"
        )

    def _log_in_with_token(self, user: str, token: str) -> bool:
        """Whether the token opens the mailbox."""
        owner = self._tokens(token) if callable(self._tokens) else self._tokens.get(token, "")
        return bool(owner) and (owner == user or owner in self.shared.get(user, ()))

    def _may_send(self, user: str | None, address: str) -> bool:
        if self.may_send_as is None:
            return True
        allowed = {each.lower() for each in self.may_send_as.get(user or "", ())}
        return address.lower() in allowed

    def _take_in(self, mail: Arrived):
        for recipient in mail.recipients:
            self._deliver(mail, recipient)
        with self._news:
            self.arrived.append(mail)
            self._news.notify_all()

    def _deliver(self, mail: Arrived, recipient: str):
        """Put the mail into the recipient's mailbox, with what a delivery agent adds (RFC
        5321, 4.4; Delivered-To as Postfix writes it)."""
        address = recipient.lower()
        user = self._mailboxes.get(address, address)
        if self._dovecot is None or user not in self._dovecot.users:
            return
        trace = (
            f"Return-Path: <{mail.sender}>\r\nDelivered-To: {recipient}\r\n"
            f"Received: from [127.0.0.1] by {self.host} with ESMTP"
            f"{'S' if mail.encrypted else ''}{'A' if mail.user else ''}\r\n"
            f"\tfor <{recipient}>; {formatdate(localtime=True)}\r\n"
        )
        self._dovecot.deliver(trace.encode() + mail.raw, user)


_XOAUTH2 = re.compile(r"user=([^\x01]*)\x01auth=Bearer ([^\x01]+)\x01\x01")
_OAUTHBEARER = re.compile(
    r"n,a=([^,]*),\x01(?:[a-z]+=[^\x01]*\x01)*?auth=Bearer ([^\x01]+)\x01\x01"
)


class _Client(SMTP):
    """One connection."""

    # RFC 4954, 4 for what tokens need; aiosmtpd takes its limit for reading from here
    line_length_limit = 12288

    def __init__(self, owner: Smtp):
        self._owner = owner
        starttls = owner.encryption == "starttls"
        super().__init__(
            _Hooks(owner),
            hostname=owner.host,
            ident="ESMTP",
            enable_SMTPUTF8=True,
            tls_context=owner._context if starttls else None,
            auth_require_tls=starttls,
            auth_exclude_mechanism={"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"}
            - set(owner._mechanisms),
            authenticator=owner._log_in,
            loop=owner._loop,
        )
        self.line_length_limit = SMTP.line_length_limit
        self.command_size_limits["AUTH"] = _Client.line_length_limit
        self._auth_required = bool(owner._mechanisms)  # the parameter warns when it is without TLS

    @property
    def task(self) -> asyncio.Task:
        """What talks to the client."""
        return self._handler_coroutine

    def connection_made(self, transport):
        self._owner._clients.add(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        self._owner._clients.discard(self)
        super().connection_lost(error)

    def drop(self):
        """End the connection without a word."""
        # above TLS there is no way to end it at once: below there is
        transport = self._original_transport or self.transport
        if transport is not None:
            transport.abort()

    async def obey(self, place: str, address: str = ANYBODY):
        """Do what the test ordered for here; returns the answer, or MISSING to go on."""
        order = self._owner._order(place, address)
        if order == _HANG:
            await asyncio.Event().wait()
        if order == _CUT:
            self.drop()
            await asyncio.Event().wait()
        if order == _HOLD:
            self._owner._holding.set()
            await self._owner._released.wait()
            return MISSING
        return order or MISSING

    async def _handle_client(self):
        answer = await self.obey("CONNECT")
        if answer is MISSING:
            await super()._handle_client()
        else:
            await self.push(answer)
            self.transport.close()

    async def auth_XOAUTH2(self, _server, args):
        """The protocol that Google and Microsoft describe."""
        return await self._auth_token(args, _XOAUTH2, b"")

    async def auth_OAUTHBEARER(self, _server, args):
        """RFC 7628."""
        return await self._auth_token(args, _OAUTHBEARER, b"\1")

    async def _auth_token(self, args, pattern: re.Pattern, closing: bytes):
        if len(args) == 2:
            said = base64.b64decode(args[1])
        else:
            said = await self.challenge_auth("")
            if said is MISSING:
                return AuthResult(success=False)
        found = pattern.fullmatch(said.decode(errors="replace"))
        answer = await self.obey("CREDENTIALS")
        if answer is not MISSING:
            return AuthResult(success=False, handled=False, message=answer)
        if not found:
            return AuthResult(success=False, handled=False, message="501 5.5.4 Malformed")
        user, token = found[1].replace("=2C", ",").replace("=3D", "="), found[2]
        if self._owner._log_in_with_token(user, token):
            return AuthResult(success=True, auth_data=user)
        # What is wrong comes as a challenge, which has to be answered before the refusal.
        trouble = {"status": "401", "schemes": "bearer", "scope": "https://mail.example.com/"}
        said = await self.challenge_auth(json.dumps(trouble))
        if said is MISSING:
            return AuthResult(success=False)
        if said != closing:
            return AuthResult(success=False, handled=False, message="501 5.5.4 Malformed")
        return AuthResult(success=False, handled=False, message=REFUSALS["microsoft: not good"])

    async def smtp_STARTTLS(self, arg):
        answer = await self.obey("STARTTLS")
        if answer is MISSING:
            await super().smtp_STARTTLS(arg)
        else:
            await self.push(answer)


class _Hooks:
    """What aiosmtpd asks before it does a command; MISSING: do it."""

    def __init__(self, owner: Smtp):
        self._owner = owner

    async def handle_EHLO(self, server, session, _envelope, hostname, responses):
        answer = await server.obey("EHLO")
        if answer is not MISSING:
            return [answer]
        session.host_name = hostname
        *lines, last = responses
        # aiosmtpd offers AUTH also when there is no mechanism
        lines = [line for line in lines if line.strip() != "250-AUTH"]
        return [*lines, *(f"250-{line}" for line in self._owner._capabilities), last]

    async def handle_AUTH(self, server, _session, _envelope, _args):
        return await server.obey("AUTH")

    async def handle_MAIL(self, server, session, _envelope, address, _options):
        answer = await server.obey("MAIL", address)
        if answer is MISSING and not self._owner._may_send(session.auth_data, address):
            return f"553 5.7.1 <{address}>: Sender address rejected: not owned by user"
        return answer

    async def handle_RCPT(self, server, _session, _envelope, address, _options):
        return await server.obey("RCPT", address)

    async def handle_DATA(self, server, session, envelope):
        answer = await server.obey("DATA")
        if answer is not MISSING:
            return answer
        self._owner._take_in(
            Arrived(
                raw=envelope.original_content,
                sender=envelope.mail_from.replace("<>", ""),
                recipients=tuple(envelope.rcpt_tos),
                user=session.auth_data,
                encrypted=session.ssl is not None or self._owner.encryption == "tls",
            )
        )
        answer = await server.obey("TAKEN")
        return "250 2.0.0 taken" if answer is MISSING else answer
