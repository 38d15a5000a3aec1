"""A mailbox session over IMAP (RFC 9051, RFC 3501).

`imapclient` makes the commands and reads the answers; the connection, its time-outs and
its limits are :mod:`.wire`'s. Callers never see protocol strings.
"""

from __future__ import annotations

import imaplib
import logging
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timezone

from imapclient import IMAPClient, imap_utf7
from imapclient.response_parser import parse_fetch_response

from . import sasl
from .errors import (
    EncryptionNotOffered,
    FolderMissing,
    LoginNotOffered,
    MailboxError,
    UnexpectedAnswer,
)
from .imap_change import UIDS_PER_COMMAND, ImapChanges, chunks, uid_pairs
from .mailbox import Folder, FolderStatus, Head, MailServer
from .refusal import NOT_CONNECTED
from .wire import (
    GARBAGE,
    Wire,
    check_sendable,
    login_refused,
    open_encrypted,
    tls_port,
)

_logger = logging.getLogger(__name__)

# Bodies are asked for in groups of about this many bytes: few round trips, little memory.
_BYTES_PER_FETCH = 4 * 1024 * 1024
_MESSAGES_PER_FETCH = 100
_MAX_UID = 2**32 - 1
_GOODBYE_SECONDS = 5.0

# RFC 6154; Gmail adds \Important (RFC 8457).
_SPECIAL_USES = {
    name.lower(): name
    for name in (
        "\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent", "\\Trash",
    )
}  # fmt: skip
# "UID command error: BAD [b'…']", "select failed: …", "command: LOGIN => …"
_LIBRARY_WORDS = re.compile(
    r"^(?:command: \w+ => )?(?:\w+ (?:command error|failed): )?(?:(?:BAD|NO) )?(.*)$", re.DOTALL
)
_BYTES_LITERAL = re.compile(r"^\[?b(['\"])(.*)\1\]?$", re.DOTALL)
# RFC 5530: the folder is there, but not for us or not now.
_NOT_MISSING = re.compile(
    r"\[(UNAVAILABLE|SERVERBUG|INUSE|LIMIT|NOPERM|OVERQUOTA|CONTACTADMIN|CORRUPTION)\b",
    re.IGNORECASE,
)


def _words(error: BaseException) -> str:
    """The server's own words in an exception of imaplib or imapclient."""
    text = _LIBRARY_WORDS.sub(r"\1", str(error))
    literal = _BYTES_LITERAL.match(text)
    return literal.group(2) if literal else text


def _quote(text: str | bytes) -> bytes:
    raw = text.encode("utf-8") if isinstance(text, str) else text
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _decode_name(raw: bytes) -> str:
    """A folder name from modified UTF-7 (RFC 3501, 5.1.3), or from what servers send instead."""
    try:
        name = imap_utf7.decode(raw) if raw.isascii() else raw.decode("utf-8")
        name.encode("utf-8")  # no lone surrogates
    except UnicodeError:
        return raw.decode("latin-1")
    return name


def _comparable(name: str) -> str:
    return "INBOX" if name.upper() == "INBOX" else unicodedata.normalize("NFC", name)


def _head(uid: int, answer: Mapping[bytes, object]) -> Head:
    received = answer.get(b"INTERNALDATE")
    if isinstance(received, datetime):
        try:
            received = received.astimezone(timezone.utc)
        except OverflowError:
            received = None
    else:
        received = None
    flags = answer.get(b"FLAGS")
    return Head(
        uid=str(uid),
        size=answer[b"RFC822.SIZE"],
        received=received,
        seen=isinstance(flags, tuple) and any(flag.lower() == b"\\seen" for flag in flags),
        message_id=_message_id(answer),
    )


def _message_id(answer: Mapping[bytes, object]) -> str:
    for key, value in answer.items():
        if key.startswith(b"BODY[HEADER.FIELDS") and isinstance(value, bytes):
            name, _colon, text = value.partition(b":")
            if name.strip().lower() == b"message-id":
                return "".join(text.decode("latin-1").split())
    return ""


class _Exchange:
    """What to say, one by one, each time that the server asks for more."""

    def __init__(self, answers: Iterable[str]):
        self._answers = [answer.encode("ascii") for answer in answers]

    def answer(self, _challenge: bytes) -> bytes:
        """The next of them."""
        if not self._answers:
            raise imaplib.IMAP4.abort("one challenge after the other")
        return self._answers.pop(0)


class _Imap4(imaplib.IMAP4):
    """imaplib over a :class:`Wire`."""

    def __init__(self, wire: Wire):
        self.wire = wire
        super().__init__(wire.server.host, wire.server.port)

    def open(self, host="", port=imaplib.IMAP4_PORT, timeout=None):
        self.host = host
        self.port = port
        self.sock = self.wire.socket

    def read(self, size):
        return self.wire.read_exactly(size)

    def readline(self):
        return self.wire.read_line()

    def send(self, data):
        self.wire.sendall(data)

    def shutdown(self):
        self.wire.close()

    def _log(self, line):
        """imaplib remembers the last commands, with the secrets in them: better not."""

    def _check_bye(self):
        bye = self.untagged_responses.get("BYE")
        if bye:
            raise self.wire.said_goodbye(bye[-1])

    def upgrade(self, check_name: bool):
        """STARTTLS; what was learnt before it is forgotten (RFC 9051, 6.2.1)."""
        typ, data = self._simple_command("STARTTLS")
        if typ != "OK":
            raise self.error(f"STARTTLS failed: {data[-1]!r}")
        self.wire.encrypt(check_name)
        self.sock = self.wire.socket
        self.untagged_responses = {}
        self._get_capabilities()

    def password_login(self, user: str, password: str):
        """LOGIN; a literal carries what cannot be quoted."""
        if password.isascii() and password.isprintable():
            typ, data = self._simple_command("LOGIN", _quote(user), _quote(password))
        else:
            self.literal = password.encode("utf-8")
            typ, data = self._simple_command("LOGIN", _quote(user))
        if typ != "OK":
            raise self.error(data[-1].decode("utf-8", "replace"))
        self.state = "AUTH"

    def token_login(self, mechanism: str):
        """AUTHENTICATE with an access token; in one go where the server allows it (SASL-IR,
        RFC 4959)."""
        response = sasl.response(self.wire.server, mechanism)
        at_once = [response] if "SASL-IR" in self.capabilities else []
        exchange = _Exchange([*([] if at_once else [response]), sasl.closing(mechanism)])
        self.literal = exchange.answer
        try:
            typ, data = self._simple_command("AUTHENTICATE", mechanism, *at_once)
        finally:
            self.literal = None
        if typ != "OK":
            raise self.error(data[-1].decode("utf-8", "replace"))
        self.state = "AUTH"

    def uid_fetch(self, uids: Iterable[int], items: str) -> str:
        """UID FETCH. The answers are in :meth:`fetched`, also after an error."""
        self.untagged_responses.pop("FETCH", None)
        uid_set = ",".join(map(str, uids))
        typ, data = self._simple_command("UID", "FETCH", uid_set, items)
        if typ != "OK":
            raise self.error(f"FETCH failed: {data[-1]!r}")
        return typ

    def uid_transfer(
        self, command: str, uids: Iterable[int], folder: bytes
    ) -> dict[int, tuple[int, int]]:
        """UID COPY or UID MOVE; the pairs of its COPYUID answers, of which MOVE may have
        several and untagged ones (RFC 6851, 4.3)."""
        self.untagged_responses.pop("COPYUID", None)
        uid_set = ",".join(map(str, uids))
        typ, data = self._simple_command("UID", command, uid_set, _quote(folder))
        if typ != "OK":
            raise self.error(f"{command} failed: {data[-1]!r}")
        pairs = {}
        for answer in self.untagged_responses.pop("COPYUID", []):
            pairs.update(uid_pairs(answer))
        return pairs

    def uid_expunge(self, uids: Iterable[int]):
        """UID EXPUNGE (RFC 4315, 2.1)."""
        typ, data = self._simple_command("UID", "EXPUNGE", ",".join(map(str, uids)))
        if typ != "OK":
            raise self.error(f"EXPUNGE failed: {data[-1]!r}")

    def fetched(self) -> tuple[dict[int, dict[bytes, object]], list[bytes]]:
        """The complete FETCH answers so far by UID, and what could not be read.

        One answer is a line, or literals each with the line before it, and the rest of the
        line. An answer that stops behind a literal is incomplete.
        """
        answers: dict[int, dict[bytes, object]] = {}
        unreadable = []
        lines: list[object] = []
        for item in self.untagged_responses.pop("FETCH", []):
            lines.append(item)
            if isinstance(item, tuple):
                continue
            try:
                # Keyed by sequence number: one that lacks a UID is not an answer to us, and
                # its sequence number must not be taken for a UID.
                parsed = parse_fetch_response(lines, normalise_times=False, uid_is_key=False)
                for answer in parsed.values():
                    if b"UID" in answer:
                        answers.setdefault(int(answer[b"UID"]), {}).update(answer)
            except (imaplib.IMAP4.error, ArithmeticError, *GARBAGE) as error:
                _logger.info("A FETCH answer of %s is not readable: %s", self.host, error)
                unreadable.append(item)
            lines = []
        return answers, unreadable


class _Client(IMAPClient):
    """imapclient over an :class:`_Imap4`."""

    def __init__(self, wire: Wire):
        self.wire = wire
        super().__init__(wire.server.host, wire.server.port, ssl=False)
        # imapclient turns on imaplib's debugging, which formats each line for the log.
        self._imap.debug = 0
        self.normalise_times = False

    def _create_IMAP4(self):
        return _Imap4(self.wire)

    def _set_read_timeout(self):
        """The wire sets the time-outs."""

    def _normalise_folder(self, folder_name):
        # Bytes: a name as the server sent it, which need not be modified UTF-7.
        if isinstance(folder_name, bytes):
            return _quote(folder_name)
        return super()._normalise_folder(folder_name)


class ImapMailbox(ImapChanges):
    """A logged-in IMAP session. See :func:`.mailbox.connect`."""

    def __init__(self, server: MailServer):
        self.server = server
        self._raw_names: dict[str, bytes] = {}
        self._special_uses: dict[str, str] = {}
        self._folder = ""
        self._read_only = False
        self._fresh = False
        check_sendable(server)
        session = open_encrypted(server, _Session)
        self._wire = session.wire
        self._client = session.client
        self._imap: _Imap4 = self._client._imap
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
                self._ask("logging out", self._imap.logout)
            except MailboxError as error:
                _logger.info("Logging out: %s", error)
        self._wire.close()

    def _login(self):
        server = self.server
        if self._imap.state == "AUTH":  # PREAUTH: a tunnel that has logged us in
            return
        offered = set(self._imap.capabilities)
        if server.token:
            self._token_login(offered)
            return
        secrets = server.user + server.password
        plain_text = secrets.isascii() and secrets.isprintable()
        try:
            with _talk(self._wire, "logging in"):
                if "LOGINDISABLED" not in offered and (plain_text or "AUTH=PLAIN" not in offered):
                    self._imap.password_login(server.user, server.password)
                elif "AUTH=PLAIN" in offered:
                    # RFC 4616: UTF-8, whatever the characters.
                    self._client.plain_login(server.user, server.password)
                else:
                    raise self._login_not_offered(offered)
        except _Refused as error:
            raise login_refused(server, error.answer) from error.__cause__

    def _token_login(self, offered: set[str]):
        methods = {name[5:] for name in offered if name.startswith("AUTH=")}
        mechanism = sasl.choose(self.server, methods)
        try:
            with _talk(self._wire, "logging in"):
                self._imap.token_login(mechanism)
        except _Refused as error:
            raise login_refused(self.server, error.answer) from error.__cause__

    def _login_not_offered(self, offered: set[str]) -> LoginNotOffered:
        if self.server.encryption == "none":
            return LoginNotOffered("login_not_offered_unencrypted", host=self.server.host)
        methods = sorted(name[5:] for name in offered if name.startswith("AUTH="))
        return LoginNotOffered(host=self.server.host, methods=", ".join(methods) or "nothing")

    # --- folders

    def folders(self) -> list[Folder]:
        """All folders, in the server's order."""
        with _talk(self._wire, "listing the folders"):
            self._client.folder_encode = False
            try:
                listed = self._client.list_folders()
            finally:
                self._client.folder_encode = True
            found = []
            self._raw_names, self._special_uses = {}, {}
            for flags, _delimiter, raw in listed:
                raw = raw.encode("ascii") if isinstance(raw, str) else raw
                name = _decode_name(raw)
                self._raw_names[name] = raw
                lower = [flag.decode("ascii", "replace").lower() for flag in flags]
                uses = [_SPECIAL_USES[flag] for flag in lower if flag in _SPECIAL_USES]
                for use in uses:
                    self._special_uses.setdefault(use.lower(), name)
                found.append(
                    Folder(
                        name=name,
                        special_use=uses[0] if uses else "",
                        selectable="\\noselect" not in lower and "\\nonexistent" not in lower,
                    )
                )
            return found

    def select(self, folder: str) -> FolderStatus:
        """Open a folder for reading and flagging.

        :raises FolderMissing: there is no such folder, or it cannot be opened
        """
        self._folder = ""
        try:
            with _talk(self._wire, f"opening the folder “{folder}”"):
                status = self._select(self._raw_name(folder))
        except _Refused as error:
            if _NOT_MISSING.search(error.answer):
                raise self._wire.refused(error.answer) from error.__cause__
            raise FolderMissing(host=self.server.host, folder=folder) from error.__cause__
        if not status.get(b"UIDVALIDITY"):
            raise UnexpectedAnswer(
                "unexpected_answer_no_uidvalidity", host=self.server.host, folder=folder
            )
        self._folder = folder
        self._fresh = True
        uidnext = status.get(b"UIDNEXT")
        if uidnext is None:
            # Not promised by servers older than RFC 3501.
            uidnext = max(self.find(), default=0) + 1
        return FolderStatus(
            uidvalidity=status[b"UIDVALIDITY"],
            uidnext=uidnext,
            messages=status.get(b"EXISTS", 0),
        )

    def _raw_name(self, folder: str) -> bytes:
        """A folder name as it travels: as the server listed it, or in modified UTF-7."""
        raw = self._raw_names.get(folder)
        return imap_utf7.encode(folder) if raw is None else raw

    def _known_name(self, folder: str) -> str | None:
        """The listed folder of this name or special use; ``None`` if none is."""
        if folder.startswith("\\"):
            return self._special_uses.get(folder.lower())
        if folder in self._raw_names:
            return folder
        # RFC 9051, 5.1: INBOX in any case. Accents may be written in two ways.
        wanted = _comparable(folder)
        return next((name for name in self._raw_names if _comparable(name) == wanted), None)

    def _select(self, raw: bytes) -> dict:
        self._read_only = False
        try:
            return self._client.select_folder(raw)
        except imaplib.IMAP4.readonly:
            self._read_only = True
            return self._client.select_folder(raw, readonly=True)

    # --- messages

    def find(
        self, first_uid: int = 1, unseen: bool = False, since: date | None = None
    ) -> list[int]:
        """UIDs in the selected folder, sorted.

        :param first_uid: only from this UID on
        :param unseen: only those without the flag \\Seen
        :param since: only those received on this day or later (the server's INTERNALDATE,
            its time zone disregarded: RFC 9051, 6.4.4)
        """
        if first_uid > _MAX_UID:
            return []
        criteria: list[object] = []
        if first_uid > 1:
            # "n:*" always matches the last message, also when its UID is below n.
            criteria += ["UID", f"{first_uid}:*"]
        if unseen:
            criteria.append("UNSEEN")
        if since is not None:
            criteria += ["SINCE", since]
        if not self._fresh:
            # A server may tell of new messages only between commands (RFC 9051, 5.2).
            self._ask("looking for new messages", self._client.noop)
        self._fresh = False
        found = self._ask("searching", self._client.search, criteria or ["ALL"])
        return sorted({uid for uid in found if uid >= first_uid})

    def heads(self, uids: Iterable[int], message_ids: bool = False) -> dict[int, Head]:
        """Size, date and state of messages; those that have vanished are absent.

        A message that the server cannot describe has the size 0 and no date.

        :param message_ids: with their Message-ID
        """
        items = "UID RFC822.SIZE INTERNALDATE FLAGS"
        if message_ids:
            items += " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
        heads: dict[int, Head] = {}
        for chunk in chunks(uids, UIDS_PER_COMMAND):
            answers, failure = self._fetch(chunk, f"({items})", "listing messages")
            if failure is not None and self._wire.broken:
                raise failure
            for uid in chunk:
                answer = answers.get(uid)
                if answer is not None and isinstance(answer.get(b"RFC822.SIZE"), int):
                    heads[uid] = _head(uid, answer)
                elif failure is not None and len(chunk) > 1:
                    heads.update(self.heads([uid], message_ids))
                elif failure is not None or answer is not None:
                    # It is there, and `fetch` will say what is wrong with it.
                    heads[uid] = Head(uid=str(uid), size=0, received=None, seen=False)
        return heads

    def fetch(self, uids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """The messages as they are on the server, in the order asked for.

        \\Seen stays as it is. Messages that have vanished are absent. When the connection
        breaks, what came before is handed out, then the error is raised; its value ``uid`` is
        the first message that did not come. A message that the
        server cannot hand out does not keep the others back: the error comes last.

        :raises UnexpectedAnswer: ``unexpected_answer_message``, ``uid`` names the messages
            that could not be had
        """
        failed: list[tuple[int, str, BaseException]] = []
        for group in self._by_size(uids):
            yield from self._fetch_group(group, failed)
        # Servers refuse a message that another client has just deleted (RFC 5530: EXPUNGEISSUED,
        # or without a code); after NOOP they no longer list it.
        there = self.still_there(uid for uid, _answer, _error in failed)
        failed = [failure for failure in failed if failure[0] in there]
        if failed:
            raise UnexpectedAnswer(
                "unexpected_answer_message",
                host=self.server.host,
                uid=", ".join(str(uid) for uid, _answer, _error in failed),
                answer=failed[0][1],
            ) from failed[0][2]

    def _fetch_group(self, group, failed) -> Iterator[tuple[int, bytes]]:
        answers, failure = self._fetch(group, "(UID BODY.PEEK[])", "reading messages")
        missing = []
        for uid in group:
            answer = answers.pop(uid, {})
            body = answer.get(b"BODY[]")
            if isinstance(body, bytes):
                yield uid, body
            elif b"BODY[]" in answer or failure is not None:
                missing.append(uid)
        if failure is not None and self._wire.broken:
            # Some servers hang up on a message that they cannot read: name the suspect.
            failure.values["uid"] = str(missing[0]) if missing else ""
            raise failure
        if not missing:
            return
        if len(group) > 1:
            for uid in missing:
                yield from self._fetch_group([uid], failed)
            return
        words = failure.values.get("answer", "") if failure is not None else "NIL"
        failed.append((group[0], words, failure))

    def fetch_start(self, uid: int, size: int) -> bytes:
        """The first `size` bytes of a message; \\Seen stays as it is.

        :raises UnexpectedAnswer: ``unexpected_answer_gone`` if there is no such message
        """
        answers, failure = self._fetch(
            [uid], f"(UID BODY.PEEK[]<0.{int(size)}>)", "reading the start of a message"
        )
        if failure is not None:
            raise failure
        for key, value in answers.get(uid, {}).items():
            if key.startswith(b"BODY[]") and isinstance(value, bytes):
                return value[:size]
        raise UnexpectedAnswer("unexpected_answer_gone", host=self.server.host, uid=uid)

    # --- asking

    def _ask(self, doing: str, command, *args, **kwargs):
        try:
            with _talk(self._wire, doing):
                return command(*args, **kwargs)
        except _Refused as error:
            raise self._wire.refused(error.answer) from error.__cause__

    def _fetch(
        self, uids: Collection[int], items: str, doing: str
    ) -> tuple[dict[int, dict[bytes, object]], MailboxError | None]:
        """What the server gave, and why it is not all."""
        failure: MailboxError | None = None
        try:
            self._ask(doing, self._imap.uid_fetch, uids, items)
        except MailboxError as error:
            failure = error
        answers, unreadable = self._imap.fetched()
        if failure is None and unreadable:
            failure = self._wire.not_understood(unreadable[0])
        return answers, failure

    def _by_size(self, uids: Iterable[int]) -> Iterator[list[int]]:
        """Groups of messages that are small enough together to be read at once."""
        for chunk in chunks(uids, UIDS_PER_COMMAND):
            answers, failure = self._fetch(chunk, "(UID RFC822.SIZE)", "listing messages")
            if failure is not None and self._wire.broken:
                raise failure
            group: list[int] = []
            total = 0
            for uid in chunk:
                answer = answers.get(uid)
                if answer is None and failure is None:
                    continue  # vanished
                size = answer.get(b"RFC822.SIZE") if answer else None
                size = size if isinstance(size, int) else _BYTES_PER_FETCH
                if group and (total + size > _BYTES_PER_FETCH or len(group) >= _MESSAGES_PER_FETCH):
                    yield group
                    group, total = [], 0
                group.append(uid)
                total += size
            if group:
                yield group


class _Session:
    """Connected and encrypted, not logged in."""

    def __init__(self, server: MailServer, check_name: bool):
        self.wire = Wire(server)
        try:
            with _talk(self.wire, "starting the encryption"):
                if server.encryption == "tls":
                    self.wire.encrypt(check_name)
            with _talk(self.wire, "waiting for the greeting"):
                self.client = _Client(self.wire)
            if server.encryption == "starttls":
                self._upgrade(server, check_name)
        except _Refused as error:
            greeting = error.answer.partition("BYE ")
            failure = (
                self.wire.said_goodbye(greeting[2])
                if greeting[1]
                else self.wire.not_understood(error.answer)
            )
            self.wire.close()
            raise failure from error.__cause__
        except BaseException:
            self.wire.close()
            raise

    def _upgrade(self, server: MailServer, check_name: bool):
        imap = self.client._imap
        if "STARTTLS" not in imap.capabilities or imap.state != "NONAUTH":
            raise _no_starttls(server)
        try:
            with _talk(self.wire, "starting the encryption"):
                imap.upgrade(check_name)
        except _Refused as error:
            raise _no_starttls(server) from error.__cause__


def _no_starttls(server: MailServer) -> EncryptionNotOffered:
    return EncryptionNotOffered(
        "encryption_not_offered_starttls",
        host=server.host,
        port=server.port,
        tls_port=tls_port(server),
    )


class _Refused(Exception):
    """The server said NO or BAD; what that means depends on the question."""

    def __init__(self, answer: str):
        super().__init__("refused")
        self.answer = answer


@contextmanager
def _talk(wire: Wire, doing: str):
    """Turn what the libraries raise into our own errors, for one command."""
    wire.begin(doing)
    try:
        yield
    except MailboxError:
        raise
    except imaplib.IMAP4.readonly as error:
        raise _Refused("the folder is read-only now") from wire.cause(error)
    except imaplib.IMAP4.abort as error:
        # imaplib and imapclient give up: the answers no longer belong to the questions.
        wire.broken = True
        raise wire.not_understood(_words(error)) from wire.cause(error)
    except imaplib.IMAP4.error as error:
        words = _words(error)
        if NOT_CONNECTED.search(words):
            # Microsoft lets people log in to mailboxes that they may not open, and says so only
            # at the next command
            raise login_refused(wire.server, words) from wire.cause(error)
        raise _Refused(words) from wire.cause(error)
    except OSError as error:
        if isinstance(error, ValueError):  # ssl.SSLCertVerificationError, explained elsewhere
            raise
        raise wire.lost() from wire.cause(error)
    except (ArithmeticError, *GARBAGE) as error:
        raise wire.not_understood(error) from wire.cause(error)
