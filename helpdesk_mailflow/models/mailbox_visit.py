# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import time
from datetime import timezone

import psycopg2

from ..mailflow.errors import ConnectionTimedOut, MailboxError
from ..mailflow.mailbox import first_day
from ..mailflow.note import note
from . import mailbox_errors
from .intake import Arrival
from .mailbox_change import MailboxChanges

_logger = logging.getLogger(__name__)

#: Mails fetched, stored and acted on together, and how many bytes at the most.
BATCH = 100
BATCH_BYTES = 24 * 1024 * 1024
#: Heads (size, date) asked for in one command.
HEADS = 500
#: How much is kept of a mail above the size limit.
START_BYTES = 256 * 1024
#: How often one visit connects anew after the connection broke.
RECONNECTS = 5
#: Errors after which the session goes on; any other one has broken it.
SESSION_GOES_ON = frozenset(
    (
        "folder_missing",
        "unexpected_answer_gone",
        "unexpected_answer_message",
        "unexpected_answer_read_only",
        "unexpected_answer_refused",
    )
)


class Visit:
    """One visit to the mailbox of a scanner: fetch, store, commit, act, commit, mark.

    The transaction is its own. Killed anywhere and begun again it makes the same tickets:
    what was not stored is fetched again, what was stored is known by folder, UIDVALIDITY
    and UID, and what is still to be done in the mailbox stands in the row.

    :param scanner: ``fetchmail.server`` on a cursor of the visit's own
    :param until: ``time.monotonic()`` after which no batch is begun
    """

    def __init__(self, scanner, until: float):
        self.scanner = scanner
        self.env = scanner.env
        self.until = until
        self.mailbox = None
        self.errors = []
        self.reconnects = 0
        self.changes = MailboxChanges(self, SESSION_GOES_ON)
        #: mails fetched and stored
        self.count = 0
        #: values for the scanner, which somebody else holds meanwhile
        self.learnt = {}

    # ------------------------------------------------------------
    # CONNECTION
    # ------------------------------------------------------------

    def run(self) -> str | None:
        """Read all folders. Returns what went wrong, in a user's words.

        :raise psycopg2.Error: the database went away; what was committed is safe, and the
            rest is fetched again
        """
        folders = self.scanner._folders_to_read()
        if not folders:
            return self.env._("No folder is chosen to be read.")
        try:
            self._take_up_left_behind()
            self._visit_folders(folders)
        finally:
            self._close()
        if self.count:
            self.learnt = self.scanner._learn_authserv()
        return "\n".join(dict.fromkeys(self.errors)) or None

    def _take_up_left_behind(self):
        """Act on what a process stored that was ended before it could act on it. Before any
        new mail, since that may answer it, and whether the mailbox answers or not."""
        rows = self.env["helpdesk.incoming.mail"].search(
            [
                ("folder_id", "in", self.scanner._all_folders().ids),
                ("state", "=", "new"),
                # what waits for another mail is not left behind
                ("next_try", "=", False),
            ],
            order="id",
        )
        if rows:
            _logger.info("Scanner %s: %s mails were left behind", self.scanner.id, len(rows))
            self.env["helpdesk.intake"]._commit()
            self.env["helpdesk.intake"]._process(rows, commit=True)

    def _visit_folders(self, folders):
        work = [(folder, self._settle) for folder in self.changes.begun_folders()]
        work += [(folder, self._visit_folder) for folder in folders]
        for index, (folder, visit) in enumerate(work):
            try:
                if self.mailbox is None:
                    self._connect()
                visit(folder)
            except MailboxError as error:
                if error.code in SESSION_GOES_ON:
                    self._note_error(folder, error)
                    continue
                connected = self.mailbox is not None
                self._close()
                if not connected or isinstance(error, ConnectionTimedOut):
                    # the next folder would wait for the same server
                    self._note_error(folder.union(*(each for each, _visit in work[index:])), error)
                    return
                self._note_error(folder, error)

    def _connect(self):
        """Open the session, or another one after it broke.

        :raise MailboxError: it cannot be opened, or breaks again and again
        """
        self._close()
        self.mailbox = self.scanner._connect_mailbox()

    def _close(self):
        if self.mailbox is not None:
            self.mailbox.close()
            self.mailbox = None

    def _connect_again(self, folder, error: MailboxError):
        """Another session after this error.

        :raise MailboxError: this error, if it was one too many; or the mailbox is gone
        """
        self._close()
        if self.reconnects >= RECONNECTS:
            raise error
        self.reconnects += 1
        self._connect()
        self.mailbox.select(folder.name)

    def _note_error(self, folders, *errors: Exception):
        self.env.cr.rollback()
        texts = [
            mailbox_errors.sentence(self.env, error)
            if isinstance(error, MailboxError)
            else self.env["helpdesk.intake"]._error_text(error)
            for error in errors
        ]
        text = "\n".join(dict.fromkeys(texts))
        _logger.info("Scanner %s: %s", self.scanner.id, text)
        self.errors.append(text)
        told = [mailbox_errors.sentence_for_managers(self.env, error) for error in errors]
        folders._report("\n".join(dict.fromkeys(told)))
        self.env["helpdesk.intake"]._commit()

    @property
    def _time_is_up(self) -> bool:
        return time.monotonic() >= self.until

    # ------------------------------------------------------------
    # FOLDER
    # ------------------------------------------------------------

    def _settle(self, folder):
        """Bring to an end what was begun in a folder and cut off, before any folder is read."""
        status = self.mailbox.select(folder.name)
        if folder.uidvalidity == str(status.uidvalidity):
            problems = self._finish(folder)
            if problems:
                self._note_error(folder, *problems)

    def _visit_folder(self, folder):
        status = self.mailbox.select(folder.name)
        if not folder.uidvalidity:
            # chosen after the scanner was activated: begins with the next new mail
            self._begin(folder, status)
        elif self._is_imap and folder.uidvalidity != str(status.uidvalidity):
            _logger.info("UIDVALIDITY of folder %s changed", folder.id)
            folder._restart(status.uidvalidity)
        problems = self._finish(folder)
        waiting = self._not_in_ledger(folder, folder._waiting())
        fresh = [uid for uid in self._fresh(folder) if uid not in waiting]
        for batch in self._batches(folder, fresh, problems):
            if self._time_is_up:
                break
            problems += self._take(folder, batch)
        else:
            self._pass_over(folder, status)
        # what could not be had before comes last, one by one: it may break the session again
        for uid in waiting:
            if self._time_is_up:
                break
            told = len(problems)
            heads = self._heads(folder, [uid], problems)
            if heads:
                problems += self._take(folder, heads)
            elif len(problems) == told:
                self._forget(folder, uid)
        self._fetch_whole(folder, problems)
        if not self._is_imap:
            self._end_on_pop(folder, problems)
        if self._time_is_up:
            self.env.ref("helpdesk_mailflow.ir_cron_scan")._trigger()
        if problems:
            self._note_error(folder, *problems)
        else:
            folder._report(None)
            self.env["helpdesk.intake"]._commit()

    def _end_on_pop(self, folder, problems):
        """POP deletes when its session ends, and it has one folder: this comes last."""
        try:
            problems += self.changes.perform_on_pop(folder)
        except MailboxError as error:
            problems.append(error)
            if error.code not in SESSION_GOES_ON:
                self._close()

    def _fetch_whole(self, folder, problems):
        """Have what was above the size limit when it arrived, and no longer is.

        :param problems: errors of messages that cannot be had or stored are appended here
        """
        rows = self.env["helpdesk.incoming.mail"].search(
            [
                ("folder_id", "=", folder.id),
                ("uidvalidity", "=", folder.uidvalidity),
                ("start_only", "=", True),
                ("state", "=", "held"),
                ("size", "<=", self._max_size()),
            ],
            order="id",
        )
        for row in rows:
            if self._time_is_up:
                break
            uid = int(row.uid) if self._is_imap else row.uid
            try:
                fetched = list(self.mailbox.fetch([uid]))
                if not fetched:
                    row.error = self.env._("It is no longer in the mailbox.")
                    continue
                raw = fetched[0][1]
                head = self.mailbox.heads([uid])[uid]
                with self.env.cr.savepoint():
                    row._replace_start(raw, self._default_steps(head))
            except MailboxError as error:
                problems.append(error)
                if error.code not in SESSION_GOES_ON:
                    self._connect_again(folder, error)
                continue
            except OSError as error:
                problems.append(error)
                continue
            self.env["helpdesk.intake"]._commit()
            self.env["helpdesk.intake"]._process(row, {row.id: raw}, commit=True)
            problems += self._finish(folder)

    def _forget(self, folder, uid):
        """Somebody removed a message from the mailbox before it could be had."""
        folder._set_waiting([each for each in folder._waiting() if each != uid])

    @property
    def _is_imap(self) -> bool:
        return self.scanner.server_type == "imap"

    def _begin(self, folder, status):
        folder._begin(status.uidvalidity, status.uidnext, None)
        if not self._is_imap:
            folder._know(self.mailbox.find())
        self.env["helpdesk.intake"]._commit()

    def _pass_over(self, folder, status):
        """The whole folder was looked at: what lies below UIDNEXT needs no second look."""
        if self._is_imap and self.scanner.scan_type == "everything":
            folder.next_uid = str(max(int(folder.next_uid or 1), status.uidnext))
            self.env["helpdesk.intake"]._commit()

    def _fresh(self, folder) -> list:
        """UIDs in the folder that the ledger does not have, in the mailbox's order."""
        if not self._is_imap:
            known = set(folder._known())
            found = [uid for uid in self.mailbox.find() if uid not in known]
        else:
            unseen = self.scanner.scan_type == "unread"
            next_uid, start_uid = int(folder.next_uid or 1), int(folder.start_uid or 1)
            found = []
            if next_uid < start_uid:
                since = first_day(folder.since) if folder.since else None
                found = [
                    uid
                    for uid in self.mailbox.find(next_uid, unseen=unseen, since=since)
                    if uid < start_uid
                ]
            found += self.mailbox.find(max(next_uid, start_uid), unseen=unseen)
        return self._not_in_ledger(folder, found)

    def _not_in_ledger(self, folder, uids) -> list:
        if not uids:
            return []
        known = self._in_ledger(folder, folder.uidvalidity, uids)
        return [uid for uid in uids if str(uid) not in known]

    def _in_ledger(self, folder, uidvalidity, uids) -> set[str]:
        """UIDs of messages that came in by this folder, or that we put there."""
        place = [folder.id, str(uidvalidity), [str(uid) for uid in uids]]
        self.env.cr.execute(
            "SELECT uid FROM helpdesk_incoming_mail"
            " WHERE folder_id = %s AND uidvalidity = %s AND uid = ANY(%s)"
            " UNION ALL SELECT uid FROM helpdesk_incoming_mail_place"
            " WHERE folder_id = %s AND uidvalidity = %s AND uid = ANY(%s)",
            place * 2,
        )
        return {row[0] for row in self.env.cr.fetchall()}

    def _heads(self, folder, uids, problems) -> list:
        """What the server says of messages, without those from before reading began.

        :param problems: errors of messages that the server cannot describe are appended here
        """
        heads = self._describe(folder, uids, problems)
        old = folder.since.replace(tzinfo=timezone.utc) if folder.since else None
        start_uid = int(folder.start_uid or 1) if self._is_imap else 0
        return [
            heads[uid]
            for uid in uids
            if uid in heads
            and not (
                self._is_imap
                and uid < start_uid
                and old
                and heads[uid].received
                and heads[uid].received < old
            )
        ]

    def _describe(self, folder, uids, problems) -> dict:
        """Heads by UID. Some servers hang up on a message that they cannot read; then each is
        asked for alone, and that message waits."""
        if len(uids) > 1:
            try:
                return self.mailbox.heads(uids)
            except MailboxError as error:
                if error.code in SESSION_GOES_ON:
                    raise
                _logger.info("Listing %s messages broke off: %s", len(uids), error)
                self._connect_again(folder, error)
        heads = {}
        for uid in uids:
            try:
                heads.update(self.mailbox.heads([uid]))
            except MailboxError as error:
                problems.append(error)
                folder._set_waiting([*(each for each in folder._waiting() if each != uid), uid])
                self.env["helpdesk.intake"]._commit()
                if error.code not in SESSION_GOES_ON:
                    self._connect_again(folder, error)
        return heads

    def _uid(self, head):
        """A message's number as the session of the mailbox takes it."""
        return int(head.uid) if self._is_imap else head.uid

    def _batches(self, folder, uids, problems):
        batch, size = [], 0
        for start in range(0, len(uids), HEADS):
            for head in self._heads(folder, uids[start : start + HEADS], problems):
                if batch and (len(batch) >= BATCH or size + head.size > BATCH_BYTES):
                    yield batch
                    batch, size = [], 0
                batch.append(head)
                size += head.size
        if batch:
            yield batch

    # ------------------------------------------------------------
    # MAILS
    # ------------------------------------------------------------

    def _take(self, folder, heads) -> list[Exception]:
        """Fetch, store and process a batch. What cannot be fetched or stored now waits; its
        errors are returned, and the others go on.

        :raise MailboxError: the session is broken for good; what came before that is safe
        """
        problems, arrivals, suspects, broken = [], [], [], None
        try:
            for head, raw in self._fetch(folder, heads, problems, suspects):
                arrivals.append(self._arrival(folder, head, raw))
        except MailboxError as error:
            broken = error
        rows, sources = self._store(folder, arrivals, problems)
        self.count += len(rows)
        stored = {row.uid for row in rows}
        missing = [self._uid(head) for head in heads if head.uid not in stored]
        if broken:
            # the cursor stays, so that the next visit finds the rest
            self._wait(folder, heads, [uid for uid in missing if uid in suspects])
        else:
            self._wait(folder, heads, missing if problems else [])
            self._advance(folder, heads)
        self.env["helpdesk.intake"]._commit()
        if rows:
            self.env["helpdesk.intake"]._process(rows, sources, commit=True)
        if broken:
            raise broken
        if rows:
            problems += self._finish(folder)
        return problems

    def _fetch(self, folder, heads, problems, suspects):
        """Pairs of head and message. The message that breaks the session is asked for once
        more after the others, alone: it need not be to blame.

        :param problems: errors of messages that cannot be had are appended here
        :param suspects: the UIDs of messages at which the session broke, too
        :raise MailboxError: the session cannot be opened again
        """
        limit = self._max_size()
        by_uid = {self._uid(head): head for head in heads}
        pending = [uid for uid, head in by_uid.items() if head.size <= limit]
        alone = [uid for uid, head in by_uid.items() if head.size > limit]
        several = len(pending) > 1
        while pending:
            try:
                for uid, raw in self.mailbox.fetch(pending):
                    pending = [each for each in pending if each != uid]
                    yield by_uid[uid], raw
                break
            except MailboxError as error:
                if error.code in SESSION_GOES_ON:
                    problems.append(error)
                    break
                named = error.values.get("uid")
                broke = [uid for uid in pending if str(uid) == str(named)] or pending[:1]
                suspects += broke
                pending = [uid for uid in pending if uid not in broke]
                if several:
                    alone += broke
                else:
                    problems.append(error)
                _logger.info("Fetching broke off at message %s: %s", broke, error)
                self._connect_again(folder, error)
        for uid in alone:
            try:
                if by_uid[uid].size > limit:
                    yield by_uid[uid], self.mailbox.fetch_start(uid, START_BYTES)
                else:
                    for _uid, raw in self.mailbox.fetch([uid]):
                        yield by_uid[uid], raw
            except MailboxError as error:
                problems.append(error)
                if error.code not in SESSION_GOES_ON:
                    suspects.append(uid)
                    self._connect_again(folder, error)

    def _max_size(self) -> int:
        return self.env["helpdesk.intake"]._max_size()

    def _arrival(self, folder, head, raw: bytes) -> Arrival:
        start_only = head.size > self._max_size()
        notes = (
            [note("stored_start_only", size=head.size, limit=self._max_size())]
            if start_only
            else []
        )
        received = head.received
        return Arrival(
            raw,
            {
                "door": "scanner",
                "folder_id": folder.id,
                "uidvalidity": folder.uidvalidity,
                "uid": head.uid,
                "company_id": folder.company_id.id,
                "size": head.size if start_only else len(raw),
                "start_only": start_only,
                # it stays unread for whoever looks for it in the mailbox
                "mailbox_todo": False if start_only else self._default_steps(head),
            },
            ("stored_scanner", {"folder": folder.display_name, "size": len(raw)}),
            received.astimezone(timezone.utc).replace(tzinfo=None) if received else None,
            notes,
        )

    def _default_steps(self, head) -> list[dict]:
        """What the scanner wants of the mailbox, whatever becomes of the mail."""
        marks = self._is_imap and self.scanner.mark_read and not head.seen
        return [{"do": "seen"}] if marks else []

    def _store(self, folder, arrivals, problems):
        """Rows and their sources; halves a batch that cannot be stored (a full disk) until the
        mail that does not fit stands alone."""
        Mail = self.env["helpdesk.incoming.mail"]
        if not arrivals:
            return Mail, {}
        try:
            with self.env.cr.savepoint():
                rows = self.env["helpdesk.intake"]._store(arrivals)
            sources = {row.id: arrival.raw for row, arrival in zip(rows, arrivals, strict=True)}
            return rows, sources
        except (OSError, psycopg2.DatabaseError) as error:
            if isinstance(error, psycopg2.OperationalError) and self.env.cr.connection.closed:
                raise
            if len(arrivals) == 1:
                problems.append(error)
                return Mail, {}
        half = len(arrivals) // 2
        first, first_sources = self._store(folder, arrivals[:half], problems)
        second, second_sources = self._store(folder, arrivals[half:], problems)
        return first | second, {**first_sources, **second_sources}

    def _wait(self, folder, heads, missing):
        """Of these messages the missing ones are tried again at the next visit, behind those
        that wait already."""
        uids = {self._uid(head) for head in heads}
        before = folder._waiting()
        waiting = [uid for uid in before if uid not in uids] + missing
        if waiting != before:
            folder._set_waiting(waiting)

    def _advance(self, folder, heads):
        """Move the cursor behind these messages."""
        uids = [self._uid(head) for head in heads]
        if self._is_imap and self.scanner.scan_type == "everything" and uids:
            next_uid = max(int(folder.next_uid or 1), max(uids) + 1)
            folder.next_uid = str(next_uid)

    def _finish(self, folder) -> list[MailboxError]:
        """What the rows still want of the mailbox, now that their outcome is committed. POP does
        it at the end of its session.

        :return: why it could not be done; it is tried again at the next visit
        :raise MailboxError: the session is broken
        """
        return self.changes.perform(folder) if self._is_imap else []
