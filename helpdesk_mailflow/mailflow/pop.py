"""A mailbox session over POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034).

POP has one folder and no flags. Messages are known by their UIDL, which lasts from
session to session; within one they have numbers, which callers never see.
"""

from __future__ import annotations

import base64
import logging
import poplib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timezone
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from . import sasl
from .errors import (
    ChangeNotOffered,
    EncryptionNotOffered,
    FolderMissing,
    LoginNotOffered,
    MailboxError,
    UnexpectedAnswer,
)
from .mailbox import Folder, FolderStatus, Head, MailServer
from .wire import GARBAGE, Wire, check_sendable, login_refused, open_encrypted, tls_port

_logger = logging.getLogger(__name__)

_GOODBYE_SECONDS = 5.0
_STATUS_LINE = 64 * 1024
# Text is read in pieces of at most this many bytes, so that lines may be of any length.
_PIECE = 1024 * 1024
# TOP counts lines; lines of mail are seldom shorter on average.
_BYTES_PER_LINE = 40


class _Pop3(poplib.POP3):
    """poplib over a :class:`Wire`, without poplib's limit on the length of lines."""

    def __init__(self, wire: Wire):
        self.wire = wire
        self._status_ends_crlf = True
        self._logging_in = False
        super().__init__(wire.server.host, wire.server.port)

    def _create_socket(self, timeout):
        return self.wire

    def _getline(self):
        line = self.file.readline(_STATUS_LINE)
        if not line.endswith(b"\n"):
            raise poplib.error_proto(b"a line without end")
        self._status_ends_crlf = line.endswith(b"\r\n")
        return line[: -2 if self._status_ends_crlf else -1], len(line)

    def _getresp(self):
        line = super()._getresp()
        if not line.startswith((b"+OK", b"+ ")) and not (line == b"+" and self._logging_in):
            raise poplib.error_proto(line)
        return line

    def text(self, command: str) -> bytes:
        """The multi-line answer to a command, with the line endings that the server sent.

        A server that ends its own lines with CRLF also ends the text with CRLF.CRLF (RFC
        1939, section 3). Such a server may hand out mail in which ``\\n.\\n`` occurs, and
        that is not the end.
        """
        self._shortcmd(command)
        ending = b"\r\n" if self._status_ends_crlf else b"\n"
        text = bytearray()
        at_start = True
        while True:
            piece = self.file.readline(_PIECE)
            if at_start and piece[:1] == b".":
                if piece == b"." + ending:
                    return bytes(text)
                if piece[:2] == b"..":
                    piece = piece[1:]
            text += piece
            at_start = text.endswith(ending)

    def capabilities(self) -> dict[str, list[str]]:
        """CAPA (RFC 2449); empty if the server does not know the command."""
        try:
            return {name.upper(): words for name, words in self.capa().items()}
        except poplib.error_proto:
            return {}

    def token_login(self, mechanism: str):
        """AUTH with an access token. It comes after the server's go-ahead, since a command line
        has no room for it (RFC 5034, section 4)."""
        answers = [
            f"AUTH {mechanism}",
            sasl.response(self.wire.server, mechanism),
            sasl.closing(mechanism),
        ]
        self._logging_in = True
        for text in answers:
            answer = self._shortcmd(text)
            if answer.startswith(b"+OK"):
                self._logging_in = False
                return
        raise poplib.error_proto(answer)


class PopMailbox:
    """A logged-in POP3 session. See :func:`.mailbox.connect`."""

    def __init__(self, server: MailServer):
        self.server = server
        self._numbers: dict[str, int] | None = None
        self._sizes: dict[int, int] = {}
        self._marked: set[int] = set()
        check_sendable(server)
        session = open_encrypted(server, _Session)
        self._wire = session.wire
        self._pop: _Pop3 = session.pop
        try:
            self._login()
        except MailboxError:
            self._wire.close()
            raise

    # --- session

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()

    def close(self):
        """Log out and close the connection; a server that is gone is none of our trouble."""
        if not self._wire.broken:
            self._wire.server = replace(
                self.server, timeout=min(self.server.timeout, _GOODBYE_SECONDS)
            )
            try:
                self._ask("logging out", self._pop._shortcmd, "QUIT")
            except MailboxError as error:
                _logger.info("Logging out: %s", error)
        self._wire.close()

    def _login(self):
        server = self.server
        offered = self._ask("logging in", self._pop.capabilities)
        methods = [word.upper() for word in offered.get("SASL", [])]
        mechanism = sasl.choose(server, methods) if server.token else ""
        secrets = server.user + server.password
        plain_text = secrets.isascii() and secrets.isprintable() and " " not in server.user
        try:
            with _talk(self._wire, "logging in"):
                if mechanism:
                    self._pop.token_login(mechanism)
                elif "PLAIN" in methods and not (plain_text and "USER" in offered):
                    words = f"\0{server.user}\0{server.password}".encode()
                    self._pop._shortcmd("AUTH PLAIN " + base64.b64encode(words).decode("ascii"))
                elif offered and "USER" not in offered:
                    raise self._login_not_offered(methods)
                elif any(char in server.password for char in "\r\n"):
                    raise login_refused(server, "characters that cannot be sent")
                else:
                    self._pop.user(server.user)
                    self._pop.pass_(server.password)
        except _Refused as error:
            raise login_refused(server, error.answer) from error.__cause__

    def _login_not_offered(self, methods: list[str]) -> LoginNotOffered:
        if self.server.encryption == "none":
            return LoginNotOffered("login_not_offered_unencrypted", host=self.server.host)
        return LoginNotOffered(host=self.server.host, methods=", ".join(methods) or "nothing")

    # --- folders

    def folders(self) -> list[Folder]:
        """The one folder of POP."""
        return [Folder(name="INBOX", special_use="", selectable=True)]

    def select(self, folder: str) -> FolderStatus:
        """The state of the one folder; POP knows neither UIDVALIDITY nor UIDNEXT (both 0).

        :raises FolderMissing: any other folder than ``INBOX``
        """
        if folder.upper() != "INBOX":
            raise FolderMissing(host=self.server.host, folder=folder)
        return FolderStatus(uidvalidity=0, uidnext=0, messages=len(self._listed()))

    def _listed(self) -> dict[str, int]:
        """Message numbers by UIDL, as they are for the whole session.

        RFC 1939, section 7: identical copies may have the same UIDL; one of them is enough.
        """
        if self._numbers is None:
            try:
                with _talk(self._wire, "listing messages"):
                    uidl = self._pop.text("UIDL")
            except _Refused as error:
                raise UnexpectedAnswer(
                    "unexpected_answer_no_uidl", host=self.server.host
                ) from error.__cause__
            sizes = self._ask("listing messages", self._pop.text, "LIST")
            with _talk(self._wire, "listing messages"):
                numbers: dict[str, int] = {}
                for number, uid in _pairs(uidl):
                    numbers.setdefault(uid.decode("ascii", "backslashreplace"), number)
                self._sizes = {number: int(size) for number, size in _pairs(sizes)}
                self._numbers = numbers
        return self._numbers

    # --- messages

    def find(
        self, first_uid: int = 1, unseen: bool = False, since: date | None = None
    ) -> list[str]:
        """The UIDL of all messages, in the order of the mailbox.

        POP cannot search: the parameters are those of IMAP, and are not looked at.
        """
        return list(self._listed())

    def heads(self, uids: Iterable[str]) -> dict[str, Head]:
        """Sizes of messages; those that are not there are absent. POP knows no date (see
        :meth:`dates`) and no flags."""
        numbers = self._listed()
        return {
            uid: Head(uid=uid, size=self._sizes.get(numbers[uid], 0), received=None, seen=False)
            for uid in uids
            if uid in numbers
        }

    def dates(self, uids: Iterable[str]) -> dict[str, datetime]:
        """When messages were received: the topmost Received header, else Date; aware, in UTC.

        One round trip for each message. Absent where no header says.
        """
        dates = {}
        for uid in uids:
            if uid not in self._listed():
                continue
            try:
                header = self._top(uid, 0)
            except UnexpectedAnswer as error:
                if self._wire.broken:
                    raise
                _logger.info("The header of a message is not known: %s", error)
                continue
            found = _date_of(header)
            if found is not None:
                dates[uid] = found
        return dates

    def fetch(self, uids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The messages as the server sends them, in the order asked for.

        Messages that are not there are absent. When the connection breaks, what came before
        has been handed out; the value ``uid`` of the error is the message that did not come.
        A message that the server cannot hand out does not keep the others back: the error
        comes last.

        :raises UnexpectedAnswer: ``unexpected_answer_message``, ``uid`` names the messages
            that could not be had
        """
        failed: list[tuple[str, MailboxError]] = []
        for uid in dict.fromkeys(uids):
            number = self._listed().get(uid)
            if number is None:
                continue
            try:
                message = self._ask("reading messages", self._pop.text, f"RETR {number}")
            except MailboxError as error:
                if self._wire.broken:
                    error.values["uid"] = uid
                    raise
                failed.append((uid, error))
                continue
            yield uid, message
        if failed:
            raise UnexpectedAnswer(
                "unexpected_answer_message",
                host=self.server.host,
                uid=", ".join(uid for uid, _error in failed),
                answer=failed[0][1].values.get("answer", ""),
            ) from failed[0][1]

    def fetch_start(self, uid: str, size: int) -> bytes:
        """About the first `size` bytes of a message, at most: POP counts lines, and short ones
        give less. All of the header is read.

        :raises UnexpectedAnswer: ``unexpected_answer_gone`` if there is no such message
        """
        if uid not in self._listed():
            raise UnexpectedAnswer("unexpected_answer_gone", host=self.server.host, uid=uid)
        return self._top(uid, size // _BYTES_PER_LINE + 1)[:size]

    def delete(self, uids: Iterable[str]):
        """Mark messages for removal, which happens at :meth:`quit` (RFC 1939, 6).

        Messages that are not there are passed over.

        :raises UnexpectedAnswer: ``unexpected_answer_refused``
        """
        for uid in dict.fromkeys(uids):
            number = self._listed().get(uid)
            if number is None or number in self._marked:
                continue
            self._ask("removing messages", self._pop._shortcmd, f"DELE {number}")
            self._marked.add(number)

    def set_flags(self, uids: Iterable[str], add: Iterable[str] = (), remove: Iterable[str] = ()):
        """:raises ChangeNotOffered: always, POP has no flags"""
        raise self._not_offered()

    def copy(self, uids: Iterable[str], folder: str, create: bool = False):
        """:raises ChangeNotOffered: always, POP has one folder"""
        raise self._not_offered()

    def move(self, uids: Iterable[str], folder: str, create: bool = False):
        """:raises ChangeNotOffered: always, POP has one folder"""
        raise self._not_offered()

    def _not_offered(self) -> ChangeNotOffered:
        return ChangeNotOffered(host=self.server.host)

    def quit(self):
        """End the session, which removes what :meth:`delete` has marked.

        :raises MailboxError: not all of it may have been removed
        """
        try:
            self._ask("removing messages", self._pop._shortcmd, "QUIT")
        finally:
            self._wire.broken = True
            self._wire.close()

    # --- asking

    def _top(self, uid: str, lines: int) -> bytes:
        number = self._listed()[uid]
        return self._ask("reading the start of a message", self._pop.text, f"TOP {number} {lines}")

    def _ask(self, doing: str, command, *args):
        try:
            with _talk(self._wire, doing):
                return command(*args)
        except _Refused as error:
            raise self._wire.refused(error.answer) from error.__cause__


class _Session:
    """Connected and encrypted, not logged in."""

    def __init__(self, server: MailServer, check_name: bool):
        self.wire = Wire(server)
        try:
            if server.encryption == "tls":
                with _talk(self.wire, "starting the encryption"):
                    self.wire.encrypt(check_name)
            with _talk(self.wire, "waiting for the greeting"):
                self.pop = _Pop3(self.wire)
            if server.encryption == "starttls":
                self._upgrade(server, check_name)
        except _Refused as error:
            failure = self.wire.said_goodbye(error.answer)
            self.wire.close()
            raise failure from error.__cause__
        except BaseException:
            self.wire.close()
            raise

    def _upgrade(self, server: MailServer, check_name: bool):
        try:
            with _talk(self.wire, "starting the encryption"):
                self.pop._shortcmd("STLS")
                self.wire.encrypt(check_name)
        except _Refused as error:
            raise EncryptionNotOffered(
                "encryption_not_offered_starttls",
                host=server.host,
                port=server.port,
                tls_port=tls_port(server),
            ) from error.__cause__


class _Refused(Exception):
    """The server said -ERR; what that means depends on the question."""

    def __init__(self, answer: str):
        super().__init__("refused")
        self.answer = answer


@contextmanager
def _talk(wire: Wire, doing: str):
    """Turn what poplib raises into our own errors, for one command."""
    wire.begin(doing)
    try:
        yield
    except MailboxError:
        raise
    except poplib.error_proto as error:
        answer = error.args[0] if error.args else b""
        answer = answer if isinstance(answer, bytes) else str(answer).encode()
        if answer.startswith(b"-ERR"):
            raise _Refused(answer[4:].decode("utf-8", "replace").strip()) from wire.cause(error)
        # Neither +OK nor -ERR: answers and questions may be out of step.
        wire.broken = True
        raise wire.not_understood(answer) from wire.cause(error)
    except OSError as error:
        if isinstance(error, ValueError):  # ssl.SSLCertVerificationError, explained elsewhere
            raise
        raise wire.lost() from wire.cause(error)
    except (ArithmeticError, *GARBAGE) as error:
        raise wire.not_understood(error) from wire.cause(error)


def _pairs(text: bytes) -> Iterator[tuple[int, bytes]]:
    for line in text.splitlines():
        if line:
            number, value = line.split()[:2]
            yield int(number), value


def _date_of(header: bytes) -> datetime | None:
    headers = BytesHeaderParser().parsebytes(header)
    received = str(headers.get("Received", "")).rpartition(";")[2]
    for text in (received, str(headers.get("Date", ""))):
        try:
            found = parsedate_to_datetime(text)
            if found.tzinfo is None:
                found = found.replace(tzinfo=timezone.utc)
            return found.astimezone(timezone.utc)
        except (ArithmeticError, *GARBAGE):
            continue
    return None
