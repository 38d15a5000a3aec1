# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import json
import logging

from ..mailflow.errors import ConnectionTimedOut, FolderMissing, MailboxError
from ..mailflow.note import Note, note
from . import mailbox_errors
from .mailbox_steps import FLAGS, same_command

_logger = logging.getLogger(__name__)

#: Mails of one command, and between two commits.
GROUP = 200
#: What the trace says when a step is done; a copy or a move names its folder.
DONE = {
    "seen": "mailbox_seen",
    "unseen": "mailbox_unseen",
    "flag": "mailbox_flagged",
    "unflag": "mailbox_unflagged",
    "copy": "mailbox_copied",
    "move": "mailbox_moved",
    "delete": "mailbox_deleted",
}
#: What it says when a step cannot be done.
FAILED = {
    "seen": "mailbox_failed_seen",
    "unseen": "mailbox_failed_unseen",
    "flag": "mailbox_failed_flag",
    "unflag": "mailbox_failed_unflag",
    "copy": "mailbox_failed_copy",
    "move": "mailbox_failed_move",
    "delete": "mailbox_failed_delete",
}


class MailboxChanges:
    """Does in the mailbox what the rows of the ledger want of it, once their outcome is
    committed: one command for all mails with the same step, each step taken out of its row and
    committed when it is done.

    Killed anywhere and begun again, each step is done once. Flags and deletions may be done
    twice without harm. A copy or a move is marked as begun and committed before, with the
    target's UIDNEXT: met again, the message is first looked for among what the target got
    since. What we put into a folder that is read, too, is known there by its new UID, which the
    server tells (COPYUID) or which is looked up in the same way. If neither finds it, it comes
    in again, is known by its identity and opens no second ticket.

    :param visit: :class:`.mailbox_visit.Visit`
    """

    def __init__(self, visit, goes_on: frozenset[str]):
        self.visit = visit
        self.env = visit.env
        self.goes_on = goes_on
        #: rows that are left for the next visit
        self.waiting = set()

    @property
    def mailbox(self):
        return self.visit.mailbox

    def _rows(self, folders, *more):
        return self.env["helpdesk.incoming.mail"].search(
            [
                ("folder_id", "in", folders.ids),
                ("mailbox_todo", "!=", False),
                ("state", "not in", ("new", "failed")),
                *more,
            ],
            order="id",
        )

    def begun_folders(self):
        """IMAP folders of which a copy or a move was begun, and not noted as done.

        They come first in a visit: the target may be read as well, and what is there already
        must be known before.
        """
        folders = self.visit.scanner.folder_ids
        self.env.cr.execute(
            "SELECT DISTINCT folder_id FROM helpdesk_incoming_mail"
            " WHERE folder_id = ANY(%s) AND mailbox_todo IS NOT NULL"
            " AND mailbox_todo->0 ? 'begun' AND state NOT IN ('new', 'failed')",
            [folders.ids],
        )
        return folders.browse([row[0] for row in self.env.cr.fetchall()])

    # ------------------------------------------------------------
    # IMAP
    # ------------------------------------------------------------

    def perform(self, folder) -> list[MailboxError]:
        """Do what the rows of the selected folder want.

        :return: what could not be done and is tried again at the next visit
        :raise MailboxError: the session is broken for good
        """
        rows = self._rows(folder)
        old = rows.filtered(lambda row: row.uidvalidity != folder.uidvalidity)
        if old:
            old.write({"mailbox_todo": False})
            old._add_trace_to_all("mailbox", note("mailbox_left"))
            self.env["helpdesk.intake"]._commit()
        problems = []
        while pending := (rows - old).filtered(
            lambda row: row.mailbox_todo and row.id not in self.waiting
        ):
            self._do(folder, self._next_group(pending), problems)
        return problems

    def _next_group(self, rows):
        """Rows with the same first step. A step that was begun and met again stands alone: its
        message may be the one at which the connection breaks."""
        first = rows[0].mailbox_todo[0]
        if first.get("begun"):
            return rows[0]
        key = same_command(first)
        group = rows.filtered(
            lambda row: (
                same_command(row.mailbox_todo[0]) == key and not row.mailbox_todo[0].get("begun")
            )
        )
        return group[:GROUP]

    def _do(self, folder, rows, problems):
        """Do the first step of these rows.

        :param problems: what is tried again at the next visit is appended here
        :raise MailboxError: the session is broken for good
        """
        step = rows[0].mailbox_todo[0]
        uids = [int(row.uid) for row in rows]
        try:
            if step["do"] in FLAGS:
                self.mailbox.set_flags(uids, **FLAGS[step["do"]])
                self._done(rows, note(DONE[step["do"]]))
            elif step["do"] == "delete":
                self.mailbox.delete(uids)
                self._done(rows, note("mailbox_deleted"))
            else:
                self._transfer(folder, step, rows)
        except MailboxError as error:
            if error.code in self.goes_on:
                self._refused(folder, step, rows, error, problems)
                return
            if isinstance(error, ConnectionTimedOut):
                raise
            # reading goes on, whatever the server does not want to do
            self.waiting.update(rows.ids)
            problems.append(error)
            self.visit._connect_again(folder, error)

    def _refused(self, folder, step, rows, error, problems):
        if len(rows) > 1 and step["do"] not in FLAGS and not isinstance(error, FolderMissing):
            # it may be one message that the server does not want there
            half = len(rows) // 2
            for part in (rows[:half], rows[half:]):
                self._do(folder, part, problems)
            return
        own = rows.filtered(lambda row: not row.mailbox_todo[0].get("rule"))
        later = rows if error.temporary else own
        if later:
            self.waiting.update(later.ids)
            problems.append(error)
        if rows - later:
            self._give_up(rows - later, step, error)

    def _give_up(self, rows, step, error):
        """A step of a rule that cannot be done: told, not tried for ever."""
        if isinstance(error, FolderMissing):
            problem = note("mailbox_folder_missing", folder=step.get("folder") or "")
        else:
            words = error.values.get("answer") or mailbox_errors.kind_for_managers(self.env, error)
            problem = note(FAILED[step["do"]], error=words)
        rules = {row.mailbox_todo[0].get("rule") for row in rows} - {None}
        if rules:
            found = self.env["helpdesk.scanner.rule"].browse(sorted(rules)).exists()
            found._report_fault(problem)
        self._done(rows, problem)

    def _transfer(self, folder, step, rows):
        """Copy or move, once, however often it is begun."""
        target, created = self.mailbox.ensure_folder(step["folder"], bool(step.get("create")))
        if created:
            rows._add_trace_to_all("mailbox", note("mailbox_created", folder=target))
        if target == folder.name:
            self._done(rows, note("mailbox_there_already", folder=target))
            return
        again = rows.filtered(lambda row: row.mailbox_todo[0].get("begun"))
        if rows - again:
            self._begin(rows - again, self.mailbox.status(target))
        uids = {row.id: int(row.uid) for row in rows}
        there = self.mailbox.still_there(uids.values())
        places = self._look_in(target, folder, again, there) if again else {}
        left = [uid for row_id, uid in uids.items() if uid in there and row_id not in places]
        told = {}
        if left:
            change = self.mailbox.move if step["do"] == "move" else self.mailbox.copy
            told = change(left, target, bool(step.get("create")))
        if step["do"] == "move":
            copied = [uids[row_id] for row_id in places if uids[row_id] in there]
            if copied:
                # the copy was made before, its removal was not
                self.mailbox.delete(copied)
        places |= {row_id: told[uid] for row_id, uid in uids.items() if uid in told}
        unknown = rows.filtered(lambda row: uids[row.id] in left and row.id not in places)
        record = self._folder_record(folder, target)
        if unknown and record._to_read():
            places |= self._look_in(target, folder, unknown, there)
        if record and places:
            self.env["helpdesk.incoming.mail.place"]._remember(record, places)
        # a message that left its folder after the move was begun was moved
        gone = rows.filtered(lambda row: uids[row.id] not in there and row.id not in places)
        if step["do"] == "move":
            gone -= again
        if gone:
            self._done(gone, note("mailbox_gone"))
        if rows - gone:
            self._done(rows - gone, note(DONE[step["do"]], folder=target))

    def _folder_record(self, folder, name: str):
        """``helpdesk.mail.folder`` of the same scanner; empty if the folder is not listed."""
        named = folder.scanner_id.folder_ids.filtered(lambda each: each.name == name)
        if not named and name.upper() == "INBOX":
            named = folder.scanner_id.folder_ids.filtered(lambda each: each.name.upper() == "INBOX")
        return named[:1]

    def _look_in(self, target: str, folder, rows, there) -> dict[int, tuple[int, int]]:
        """Where in the target messages are that were put there after their step was begun.

        :param there: UIDs that are in the source
        :return: row -> (UIDVALIDITY, UID) in the target
        """
        uids = {row.id: int(row.uid) for row in rows}
        sources = self.mailbox.heads(
            [uid for uid in uids.values() if uid in there], message_ids=True
        )
        begun = {row.id: row.mailbox_todo[0]["begun"] for row in rows}
        status = self.mailbox.select(target)
        try:
            first = {
                row_id: mark["uidnext"] if mark["uidvalidity"] == status.uidvalidity else 1
                for row_id, mark in begun.items()
            }
            found = self.mailbox.find(min(first.values()))
            candidates = self.mailbox.heads(found, message_ids=True) if found else {}
        finally:
            self.mailbox.select(folder.name)
        record = self._folder_record(folder, target)
        if record:
            known = self.visit._in_ledger(record, status.uidvalidity, candidates)
            candidates = {uid: head for uid, head in candidates.items() if str(uid) not in known}
        places = {}
        for row in rows:
            uid = next(
                (
                    uid
                    for uid, head in candidates.items()
                    if uid >= first[row.id] and _is_copy(head, sources.get(uids[row.id]), row)
                ),
                None,
            )
            if uid is not None:
                del candidates[uid]
                places[row.id] = (status.uidvalidity, uid)
        return places

    # ------------------------------------------------------------
    # POP
    # ------------------------------------------------------------

    def perform_on_pop(self, folder) -> list[MailboxError]:
        """Delete what is to be deleted, and end the session, which is when POP does it.

        :return: what could not be deleted and is tried again at the next visit
        :raise MailboxError: not all of it was deleted; it is tried again at the next visit
        """
        rows = self._rows(folder)
        problems = []
        deletions = rows.filtered(
            lambda row: any(step["do"] == "delete" for step in row.mailbox_todo)
        )
        if rows - deletions:
            (rows - deletions).write({"mailbox_todo": False})
            (rows - deletions)._add_trace_to_all("mailbox", note("mailbox_pop_only_deletes"))
            self.env["helpdesk.intake"]._commit()
        deleted = deletions.browse()
        for row in deletions:
            step = next(step for step in row.mailbox_todo if step["do"] == "delete")
            try:
                self.mailbox.delete([row.uid])
                deleted |= row
            except MailboxError as error:
                if error.code not in self.goes_on:
                    raise
                row.mailbox_todo = [step]
                self._refused(folder, step, row, error, problems)
        if deleted:
            self.mailbox.quit()
            deleted.write({"mailbox_todo": False})
            deleted._add_trace_to_all("mailbox", note("mailbox_deleted"))
            self.env["helpdesk.intake"]._commit()
        return problems

    # ------------------------------------------------------------
    # ROWS
    # ------------------------------------------------------------

    def _begin(self, rows, status) -> None:
        """Mark the first step of rows as begun, and commit."""
        rows.flush_recordset(["mailbox_todo"])
        mark = {"uidvalidity": status.uidvalidity, "uidnext": status.uidnext}
        self.env.cr.execute(
            "UPDATE helpdesk_incoming_mail"
            " SET mailbox_todo = jsonb_set(mailbox_todo, '{0,begun}', %s::jsonb)"
            " WHERE id = ANY(%s)",
            [json.dumps(mark), rows.ids],
        )
        rows.invalidate_recordset(["mailbox_todo"])
        self.env["helpdesk.intake"]._commit()

    def _done(self, rows, sentence: Note) -> None:
        """Take the first step out of rows, say what became of it, and commit."""
        rows.flush_recordset(["mailbox_todo"])
        self.env.cr.execute(
            "UPDATE helpdesk_incoming_mail"
            " SET mailbox_todo = NULLIF(mailbox_todo - 0, '[]'::jsonb) WHERE id = ANY(%s)",
            [rows.ids],
        )
        rows.invalidate_recordset(["mailbox_todo"])
        rows._add_trace_to_all("mailbox", sentence)
        self.env["helpdesk.intake"]._commit()


def _is_copy(head, source, row) -> bool:
    """Whether a message in the target is the one that we put there.

    :param head: of the message in the target
    :param source: head of the message in its folder; None if it is no longer there
    :param row: ``helpdesk.incoming.mail``, for a message that is gone
    """
    if source is not None:
        same = (head.message_id, head.size) == (source.message_id, source.size)
        # RFC 9051, 6.4.7: a copy should keep its INTERNALDATE
        return same and (bool(head.message_id) or head.received == source.received)
    if head.message_id:
        return bool(row.message_id) and row.message_id.strip("<>") in head.message_id
    received = head.received and head.received.replace(tzinfo=None)
    return head.size == row.size and received == row.received_at
