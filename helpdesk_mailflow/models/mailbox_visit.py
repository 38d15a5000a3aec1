# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import time
from datetime import timezone

import psycopg2

from ..mailflow.errors import FolderMissing, MailboxError
from ..mailflow.note import note
from . import mailbox_errors
from .intake import Arrival

_logger = logging.getLogger(__name__)

#: Mails fetched, stored and acted on together, and how many bytes at the most.
BATCH = 50
BATCH_BYTES = 24 * 1024 * 1024
#: Heads (size, date) asked for in one command.
HEADS = 500
#: How much is kept of a mail above the size limit.
START_BYTES = 256 * 1024
#: Largest mail by default (megabytes); the setting ``helpdesk_mailflow.max_size_mb``.
MAX_SIZE_MB = 100
#: How often one visit connects anew after the connection broke.
RECONNECTS = 5


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

    # ------------------------------------------------------------
    # CONNECTION
    # ------------------------------------------------------------

    def run(self) -> str | None:
        """Read all folders. Returns what went wrong, in a user's words."""
        folders = self.scanner.folder_ids.filtered("is_read")
        if not folders:
            return self.env._("No folder is chosen to be read.")
        try:
            self.mailbox = self.scanner._connect_mailbox()
            for folder in folders:
                self._visit_folder(folder)
        except MailboxError as error:
            self._note_error(folders, error)
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            # nothing can be written now; what was committed is safe, the rest is fetched again
            _logger.exception("The database went away during a visit to a mailbox")
            return self.env._("The database went away: %(error)s", error=str(error).strip())
        finally:
            self._close()
        return "\n".join(self.errors) or None

    def _close(self):
        if self.mailbox is not None:
            self.mailbox.__exit__(None, None, None)
            self.mailbox = None

    def _connect_again(self, folder):
        self._close()
        self.reconnects += 1
        self.mailbox = self.scanner._connect_mailbox()
        self.mailbox.select(folder.name)

    def _note_error(self, folders, error: Exception):
        self.env.cr.rollback()
        text = (
            mailbox_errors.sentence(self.env, error)
            if isinstance(error, MailboxError)
            else self.env["helpdesk.intake"]._error_text(error)
        )
        _logger.info("Scanner %s: %s", self.scanner.id, text)
        self.errors.append(text)
        folders._report(text)
        self.env["helpdesk.intake"]._commit()

    @property
    def _time_is_up(self) -> bool:
        return time.monotonic() >= self.until

    # ------------------------------------------------------------
    # FOLDER
    # ------------------------------------------------------------

    def _visit_folder(self, folder):
        try:
            status = self.mailbox.select(folder.name)
        except FolderMissing as error:
            self._note_error(folder, error)
            return
        if not folder.uidvalidity:
            # chosen after the scanner was activated: begins with the next new mail
            self._begin(folder, status)
        elif self._is_imap and folder.uidvalidity != str(status.uidvalidity):
            _logger.info("UIDVALIDITY of folder %s changed", folder.id)
            folder._restart(status.uidvalidity)
        self._finish(folder)
        problems = []
        waiting = self._not_in_ledger(folder, folder._waiting())
        fresh = self._fresh(folder)
        for batch in self._batches(folder, fresh):
            if self._time_is_up:
                self.env.ref("helpdesk_mailflow.ir_cron_scan")._trigger()
                break
            problems += self._take(folder, batch)
        else:
            if not problems:
                for uid in waiting:
                    problems += self._take(folder, self._heads(folder, [uid]))
                self._pass_over(folder, status)
        if problems:
            self._note_error(folder, problems[0])
        else:
            folder._report(None)
            self.env["helpdesk.intake"]._commit()

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
                since = folder.since.date() if folder.since else None
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
        self.env.cr.execute(
            "SELECT uid FROM helpdesk_incoming_mail"
            " WHERE folder_id = %s AND uidvalidity = %s AND uid = ANY(%s)",
            [folder.id, folder.uidvalidity, [str(uid) for uid in uids]],
        )
        known = {row[0] for row in self.env.cr.fetchall()}
        return [uid for uid in uids if str(uid) not in known]

    def _heads(self, folder, uids) -> list:
        """What the server says of messages, without those from before reading began."""
        heads = self.mailbox.heads(uids)
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

    def _uid(self, head):
        """A message's number as the session of the mailbox takes it."""
        return int(head.uid) if self._is_imap else head.uid

    def _batches(self, folder, uids):
        batch, size = [], 0
        for start in range(0, len(uids), HEADS):
            for head in self._heads(folder, uids[start : start + HEADS]):
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
        errors are returned, and the others go on."""
        problems, arrivals = [], []
        for head, raw in self._fetch(folder, heads, problems):
            arrivals.append(self._arrival(folder, head, raw))
        rows, sources = self._store(folder, arrivals, problems)
        fetched = {row.uid for row in rows}
        missing = [self._uid(head) for head in heads if head.uid not in fetched]
        self._advance(folder, heads, missing if problems else [])
        self.env["helpdesk.intake"]._commit()
        if rows:
            self.env["helpdesk.intake"]._process(rows, sources, commit=True)
            self._finish(folder)
        return problems

    def _fetch(self, folder, heads, problems):
        """The messages of these heads; after a broken connection the rest one by one, so that
        the message that breaks it is found and the others are not held up."""
        limit = self._max_size()
        whole = [head for head in heads if head.size <= limit]
        for head in heads:
            if head.size > limit:
                yield head, self.mailbox.fetch_start(self._uid(head), START_BYTES)
        by_uid = {self._uid(head): head for head in whole}
        got = set()
        try:
            for uid, raw in self.mailbox.fetch(list(by_uid)):
                got.add(uid)
                yield by_uid[uid], raw
            return
        except MailboxError as error:
            if self.reconnects >= RECONNECTS:
                problems.append(error)
                return
            _logger.info("Fetching broke off after %s of %s mails: %s", len(got), len(whole), error)
        for uid, head in by_uid.items():
            if uid in got:
                continue
            try:
                self._connect_again(folder)
                for _uid, raw in self.mailbox.fetch([uid]):
                    yield head, raw
            except MailboxError as error:
                problems.append(error)
                if self.reconnects >= RECONNECTS:
                    return

    def _max_size(self) -> int:
        param = self.env["ir.config_parameter"].sudo().get_param
        return int(param("helpdesk_mailflow.max_size_mb", MAX_SIZE_MB)) * 1024 * 1024

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
                "mailbox_todo": "seen" if self._marks(head) else False,
            },
            ("stored_scanner", {"folder": folder.display_name, "size": len(raw)}),
            received.astimezone(timezone.utc).replace(tzinfo=None) if received else None,
            notes,
        )

    def _marks(self, head) -> bool:
        return self._is_imap and self.scanner.mark_read and not head.seen

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

    def _advance(self, folder, heads, missing):
        """Move the cursor behind this batch; what is missing of it waits."""
        uids = [self._uid(head) for head in heads]
        waiting = set(folder._waiting()) - set(uids) | set(missing)
        if waiting != set(folder._waiting()):
            folder._set_waiting(waiting)
        if self._is_imap and self.scanner.scan_type == "everything" and uids:
            next_uid = max(int(folder.next_uid or 1), max(uids) + 1)
            folder.next_uid = str(next_uid)

    def _finish(self, folder):
        """What the rows still want of the mailbox, now that their outcome is committed."""
        rows = self.env["helpdesk.incoming.mail"].search(
            [
                ("folder_id", "=", folder.id),
                ("mailbox_todo", "!=", False),
                ("state", "not in", ("new", "failed")),
            ]
        )
        if not rows:
            return
        current = rows.filtered(lambda row: row.uidvalidity == folder.uidvalidity)
        if current:
            self.mailbox.mark_seen([int(row.uid) for row in current])
        rows.write({"mailbox_todo": False})
        self.env["helpdesk.intake"]._commit()
