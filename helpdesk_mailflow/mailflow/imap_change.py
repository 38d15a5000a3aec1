"""What an IMAP session changes in its mailbox: flags, copies, moves, deletions.

Part of :class:`.imap.ImapMailbox`, apart because reading never needs it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import FolderMissing, UnexpectedAnswer
from .mailbox import FolderStatus, MailServer

if TYPE_CHECKING:
    from .imap import _Client, _Imap4

_logger = logging.getLogger(__name__)

# Command lines stay below the 8,000 octets that every server takes (RFC 2683, 3.2.1.5).
UIDS_PER_COMMAND = 500
# RFC 9051, 7.1 and RFC 5530: the target of a copy is not there.
_NO_TARGET = re.compile(r"\[(TRYCREATE|NONEXISTENT)\b", re.IGNORECASE)
_ALREADY_THERE = re.compile(r"\[ALREADYEXISTS\b", re.IGNORECASE)


def chunks(uids: Iterable[int], size: int) -> Iterator[list[int]]:
    """UIDs without repetitions, in groups of at most `size`."""
    unique = list(dict.fromkeys(uids))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def uid_pairs(answer: bytes) -> dict[int, tuple[int, int]]:
    """Read a COPYUID response code (RFC 4315, 3): ``uidvalidity sources targets``.

    :return: old UID -> (UIDVALIDITY, UID) in the target; empty if it makes no sense
    """
    words = answer.split()
    try:
        uidvalidity = int(words[0])
        sources, targets = (list(_expand(word)) for word in words[1:3])
        pairs = dict(zip(sources, targets, strict=True))
    except (ValueError, IndexError):
        _logger.info("A COPYUID answer is not readable: %r", answer[:200])
        return {}
    return {source: (uidvalidity, target) for source, target in pairs.items()}


def _expand(uid_set: bytes) -> Iterator[int]:
    for part in uid_set.split(b","):
        first, _colon, last = part.partition(b":")
        low, high = sorted((int(first), int(last or first)))
        if high - low > 100_000:  # far more than we ever name in a command
            raise ValueError(part)
        yield from range(low, high + 1)


class ImapChanges:
    """The changing half of an IMAP session.

    Messages that have vanished meanwhile are passed over: whoever removed them was earlier.
    """

    server: MailServer
    _client: _Client
    _imap: _Imap4
    _ask: Callable
    _folder: str
    _read_only: bool

    # --- flags

    def set_flags(self, uids: Iterable[int], add: Iterable[str] = (), remove: Iterable[str] = ()):
        """Set and clear flags, e.g. ``\\Seen`` and ``\\Flagged``.

        :raises UnexpectedAnswer: ``unexpected_answer_read_only`` in a folder that may only be
            read; ``unexpected_answer_refused``
        """
        changes = [(b"+FLAGS", tuple(add)), (b"-FLAGS", tuple(remove))]
        for chunk in chunks(uids, UIDS_PER_COMMAND):
            self._check_writable()
            for command, flags in changes:
                if flags:
                    self._ask(
                        "marking messages",
                        self._client._store, command, chunk, flags, b"FLAGS", True,
                    )  # fmt: skip

    def _check_writable(self):
        if self._read_only:
            raise UnexpectedAnswer(
                "unexpected_answer_read_only",
                host=self.server.host,
                folder=self._folder,
                user=self.server.user,
            )

    # --- folders

    def ensure_folder(self, folder: str, create: bool = False) -> tuple[str, bool]:
        """The folder as the server names it, and whether it was made now.

        :param folder: a name; INBOX in any case; or a special use (RFC 6154), e.g. ``\\Junk``
        :param create: make it if it is not there
        :raises FolderMissing: it is not there
        """
        name = self._known_name(folder)
        if name is None:
            # somebody may have made it since we looked
            self.folders()
            name = self._known_name(folder)
        if name is not None:
            return name, False
        if not create:
            raise FolderMissing(host=self.server.host, folder=folder)
        name = folder.lstrip("\\")
        return name, self._create(name)

    def _create(self, name: str) -> bool:
        """Make a folder; whether it was not there before."""
        try:
            self._ask(f"creating the folder “{name}”", self._client.create_folder, name)
            made = True
        except UnexpectedAnswer as error:
            if not _ALREADY_THERE.search(error.values.get("answer", "")):
                raise
            made = False
        try:
            # Many mail programs show subscribed folders only (RFC 9051, 6.3.7).
            self._ask(f"subscribing to the folder “{name}”", self._client.subscribe_folder, name)
        except UnexpectedAnswer as error:
            if error.code != "unexpected_answer_refused":
                raise
            _logger.info("Subscribing: %s", error)
        self.folders()
        return made

    def status(self, folder: str) -> FolderStatus:
        """The state of a folder other than the selected one, without selecting it.

        :raises FolderMissing: there is no such folder, or it may not be looked at
        """
        with self._target_of(folder):
            answer = self._ask(
                f"looking at the folder “{folder}”",
                self._client.folder_status,
                self._raw_name(folder),
                ["UIDVALIDITY", "UIDNEXT", "MESSAGES"],
            )
        return FolderStatus(
            uidvalidity=int(answer.get(b"UIDVALIDITY", 0)),
            # Not promised by servers older than RFC 3501: all that is in it may be new.
            uidnext=int(answer.get(b"UIDNEXT", 1)),
            messages=int(answer.get(b"MESSAGES", 0)),
        )

    @contextmanager
    def _target_of(self, folder: str):
        """Tell a folder that is not there from any other refusal."""
        try:
            yield
        except UnexpectedAnswer as error:
            if error.code != "unexpected_answer_refused" or error.temporary:
                raise
            self.folders()  # what we knew of it may be out of date
            named = _NO_TARGET.search(error.values["answer"])
            if not named and self._known_name(folder) is not None:
                raise
            raise FolderMissing(host=self.server.host, folder=folder) from error

    # --- messages

    def still_there(self, uids: Iterable[int]) -> set[int]:
        """Those of the messages that are in the selected folder."""
        there: set[int] = set()
        for chunk in chunks(uids, UIDS_PER_COMMAND):
            # A server may tell of removed messages only between commands (RFC 9051, 7.5.1).
            self._ask("looking for new messages", self._client.noop)
            criteria = ["UID", ",".join(map(str, chunk))]
            there.update(self._ask("searching", self._client.search, criteria))
        return there

    def copy(
        self, uids: Iterable[int], folder: str, create: bool = False
    ) -> dict[int, tuple[int, int]]:
        """Copy messages into another folder.

        :param folder: as for :meth:`ensure_folder`
        :return: old UID -> (UIDVALIDITY, UID) of the copy, as far as the server tells
            (COPYUID, RFC 4315)
        :raises FolderMissing: it is not there and was not to be created
        """
        name, _created = self.ensure_folder(folder, create)
        places: dict[int, tuple[int, int]] = {}
        for chunk in chunks(uids, UIDS_PER_COMMAND):
            places.update(self._transfer("COPY", chunk, name, create))
        return places

    def move(
        self, uids: Iterable[int], folder: str, create: bool = False
    ) -> dict[int, tuple[int, int]]:
        """Move messages into another folder: MOVE (RFC 6851), or else copy and :meth:`delete`.

        Parameters, result and errors are those of :meth:`copy`.
        """
        self._check_writable()
        name, _created = self.ensure_folder(folder, create)
        places: dict[int, tuple[int, int]] = {}
        for chunk in chunks(uids, UIDS_PER_COMMAND):
            if self._offers("MOVE"):
                places.update(self._transfer("MOVE", chunk, name, create))
            else:
                places.update(self._transfer("COPY", chunk, name, create))
                self.delete(chunk)
        return places

    def delete(self, uids: Iterable[int]):
        """Remove messages for good, and no others.

        Without UID EXPUNGE (RFC 4315) a server only removes whatever is flagged \\Deleted,
        also by other clients. Then it is asked to if none but these messages are; else they
        stay, flagged, until somebody's client empties the folder.
        """
        uids = list(uids)
        self.set_flags(uids, add=["\\Deleted"])
        if self._offers("UIDPLUS"):
            for chunk in chunks(uids, UIDS_PER_COMMAND):
                self._ask("removing messages", self._imap.uid_expunge, chunk)
        elif uids:
            self._ask("looking for new messages", self._client.noop)
            deleted = set(self._ask("searching", self._client.search, ["DELETED"]))
            if deleted <= set(uids):
                self._ask("removing messages", self._client.expunge)

    def _transfer(
        self, command: str, uids: list[int], name: str, create: bool
    ) -> dict[int, tuple[int, int]]:
        doing = "moving messages" if command == "MOVE" else "copying messages"

        def transfer():
            with self._target_of(name):
                return self._ask(
                    doing, self._imap.uid_transfer, command, uids, self._raw_name(name)
                )

        try:
            return transfer()
        except FolderMissing:
            # removed since we looked
            if not create:
                raise
        self._create(name)
        return transfer()

    def _offers(self, extension: str) -> bool:
        """Whether the server names MOVE or UIDPLUS; one that speaks IMAP4rev2, of which they
        are part, has to name them to a client of IMAP4rev1 (RFC 9051, appendix A)."""
        offered = self._ask("asking what it can do", self._client.capabilities)
        return extension.encode() in {name.upper() for name in offered}

    # --- of the reading half

    def folders(self):
        raise NotImplementedError

    def _known_name(self, folder: str) -> str | None:
        raise NotImplementedError

    def _raw_name(self, folder: str) -> bytes:
        raise NotImplementedError
