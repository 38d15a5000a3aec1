# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import psycopg2
import psycopg2.errorcodes
import psycopg2.errors

from odoo import api, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools.misc import format_datetime

from ..mailflow.mail import Limits, Mail, given_message_id, read
from ..mailflow.note import note
from ..mailflow.thread_index import HEADER as THREAD_INDEX
from ..mailflow.thread_index import conversation
from . import trace
from .helpdesk_incoming_mail import CUT_OFF_LIMIT, CUT_OFFS_AT_ONCE, RETRY_PAUSES
from .helpdesk_sender import NOT_STORED
from .intake_rules import Refused
from .intake_turns import in_turn, wanted_by
from .intake_values import COLUMN, WAITING, Entry, Outcome, State

_logger = logging.getLogger(__name__)

#: Mails acted on in one transaction, and how many bytes of source at the most.
BATCH = 100
BATCH_BYTES = 24 * 1024 * 1024
#: Largest mail by default (megabytes); the setting ``helpdesk_mailflow.max_size_mb``.
MAX_SIZE_MB = 100
#: How often a batch is tried anew after it met another transaction.
CONCURRENCY_TRIES = 5
#: A row that waits longer than this was left behind by a process that ended.
LEFT_BEHIND_AFTER = timedelta(minutes=2)
#: What the database raises when two processes meet. A unique violation is one too: the same
#: mail by two ways at once; seen from a new snapshot the second one is a duplicate.
MEETS_ANOTHER = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, psycopg2.errors.UniqueViolation)
#: What a value that a rule sets can cause. All else (a full disk, a lock, a server that is away)
#: is not the rule's fault, and the mail is tried again as it is.
OF_A_VALUE = (
    UserError,
    ValueError,
    TypeError,
    psycopg2.IntegrityError,
    psycopg2.DataError,
    # longer than what an index takes
    psycopg2.errors.ProgramLimitExceeded,
)


@dataclass(frozen=True)
class Arrival:
    """A message at a door.

    :param values: of ``helpdesk.incoming.mail``: door, folder_id, uid, fallback …
    :param origin: the sentence that says where it came from
    """

    raw: bytes
    values: dict
    origin: tuple[str, dict]
    received_at: datetime | None = None
    notes: tuple = field(default=())


class HelpdeskIntake(models.AbstractModel):
    """The way of a mail: store, read, judge, decide, act.

    Every door calls :meth:`_store`, then :meth:`_process`. Only these two and ``act``
    write.
    """

    _name = "helpdesk.intake"
    _description = "Intake of mail"

    # ------------------------------------------------------------
    # STORE
    # ------------------------------------------------------------

    @api.model
    def _store(self, arrivals: Iterable[Arrival]):
        """Write messages into the ledger, as raw bytes, before anybody looks at them.

        :return: ``helpdesk.incoming.mail``, in the order of ``arrivals``
        :raise OSError: a large source could not be written
        """
        arrivals = list(arrivals)
        rows = self.env["helpdesk.incoming.mail"].create(
            [
                {
                    **arrival.values,
                    "size": arrival.values.get("size", len(arrival.raw)),
                    # known from now on: an answer may be acted on before it
                    "message_id": given_message_id(arrival.raw)[:COLUMN] or False,
                    "received_at": arrival.received_at or self.env.cr.now(),
                    "trace": [
                        trace.entry("store", each)
                        for each in (note(arrival.origin[0], **arrival.origin[1]), *arrival.notes)
                    ],
                }
                for arrival in arrivals
            ]
        )
        rows.flush_recordset()
        self.env["helpdesk.incoming.mail.source"]._store(
            {row.id: arrival.raw for row, arrival in zip(rows, arrivals, strict=True)}
        )
        return rows

    # ------------------------------------------------------------
    # READ
    # ------------------------------------------------------------

    @api.model
    def _number(self, name: str, default: int) -> int:
        """A setting that is a number; what is no number must not stop the intake.

        :param name: of our own; with its prefix if it is another addon's
        """
        key = name if "." in name else f"helpdesk_mailflow.{name}"
        # sudo: settings are a system admin's
        value = self.env["ir.config_parameter"].sudo().get_param(key)
        try:
            number = int(value) if value else default
        except ValueError:
            number = -1
        if number < 0:
            _logger.warning("Setting %s is no number: %r; %s is used", name, value, default)
            return default
        return number

    @api.model
    def _max_size(self) -> int:
        """The largest mail, in bytes."""
        return self._number("max_size_mb", MAX_SIZE_MB) * 1024 * 1024

    @api.model
    def _limits(self) -> Limits:
        """The bounds of reading, from the settings."""
        defaults = Limits()
        return Limits(
            parts=self._number("max_parts", defaults.parts),
            depth=self._number("max_depth", defaults.depth),
            attachments=self._number("max_attachments", defaults.attachments),
            text_bytes=self._number("max_text_kb", defaults.text_bytes // 1024) * 1024,
            header_bytes=self._number("max_header_kb", defaults.header_bytes // 1024) * 1024,
        )

    @api.model
    def _read(
        self,
        rows,
        sources: dict[int, bytes] | None = None,
        errors: dict[int, str] | None = None,
    ) -> dict[int, Mail]:
        """Parse stored messages; those whose source is no longer kept or cannot be read are
        absent.

        :param errors: why a source cannot be read is put here
        """
        if sources is None:
            sources = self.env["helpdesk.incoming.mail.source"]._load(rows.ids, errors)
        limits = self._limits()
        return {row_id: read(raw, limits) for row_id, raw in sources.items()}

    # ------------------------------------------------------------
    # PROCESS
    # ------------------------------------------------------------

    @api.model
    def _process(self, rows, sources=None, commit=False):
        """Take stored messages through read, judge, decide and act.

        A batch runs under a savepoint; when it fails it is halved until the one bad mail
        stands alone and is ``failed``.

        :param rows: ``helpdesk.incoming.mail`` in state *new*
        :param sources: their raw bytes, if the caller has them still
        :param commit: the transaction is ours: commit after each batch, and on a conflict
            with another transaction roll back and try again
        """
        for batch in self._batches(rows.sudo(), commit):
            if commit:
                batch = self._claim(batch)
            if not batch:
                continue
            given = {row.id: sources[row.id] for row in batch} if sources else None
            entries = self._entries(batch, given)
            try:
                for group in self._independent(entries):
                    self._run(group, commit)
            except psycopg2.OperationalError:
                if commit and not self.env.cr.connection.closed:
                    # not the mails' fault, so it does not count against them
                    self.env.cr.rollback()
                    self._unclaim(batch)
                raise

    @api.model
    def _batches(self, rows, commit):
        """Batches in the order of ``rows``, since an answer comes after what it answers.

        A mail whose processing was cut off before stands alone, so that one that ends
        processes harms no other.
        """
        waiting = [(row.id, row.size, commit and row.cut_offs) for row in rows]
        batch, size = [], 0
        for row_id, row_size, alone in waiting:
            if batch and (alone or len(batch) >= BATCH or size + row_size > BATCH_BYTES):
                yield rows.browse(batch)
                batch, size = [], 0
            batch.append(row_id)
            size += row_size
            if alone:
                yield rows.browse(batch)
                batch, size = [], 0
        if batch:
            yield rows.browse(batch)

    @api.model
    def _lock_waiting(self, rows):
        """Those rows that still wait and that no other process works on, locked until the
        transaction ends.

        :raise psycopg2.Error: another process changed one since the transaction began
        """
        rows = rows.try_lock_for_update(allow_referencing=True)
        rows.invalidate_recordset(["state", "cut_offs"])
        return rows.filtered(lambda row: row.state in WAITING)

    @api.model
    def _claim(self, rows):
        """Note, committed, that processing begins: whoever is killed by a mail leaves a mark.

        Any process may be killed, so a mail is suspected only when it was cut off again and
        again: then it waits with growing pauses while others go on, and in the end is held.
        """
        for attempt in range(1, CONCURRENCY_TRIES + 1):
            try:
                rows = self._lock_waiting(rows)
                break
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                if attempt == CONCURRENCY_TRIES:
                    raise
                self.env.cr.rollback()
        claimed = rows.browse()
        for row in rows:
            count = row.cut_offs
            if count >= CUT_OFF_LIMIT:
                row._add_trace("act", note("act_cut_off", count=count))
                row.write({"state": State.HELD.value, "next_try": False})
            elif count >= CUT_OFFS_AT_ONCE and row.state == State.NEW.value:
                error = self.env._("Processing was cut off %(count)s times.", count=count)
                self._postpone(row, error, RETRY_PAUSES[count - CUT_OFFS_AT_ONCE])
            else:
                row.write({"state": State.NEW.value, "cut_offs": count + 1, "next_try": False})
                claimed |= row
        self._commit()
        return claimed

    @api.model
    def _unclaim(self, rows) -> None:
        for row in self._lock_waiting(rows).filtered("cut_offs"):
            row.cut_offs -= 1
        self._commit()

    @api.model
    def _postpone(self, row, error: str, pause: timedelta) -> None:
        """Let a mail wait before it is tried again."""
        when = self.env.cr.now() + pause
        row.write({"state": State.FAILED.value, "error": error, "next_try": when})
        told = format_datetime(self.env, when, tz="UTC", dt_format="yyyy-MM-dd HH:mm 'UTC'")
        row._add_trace("act", note("act_failed", error=error, when=told))

    @api.model
    def _entries(self, rows, sources) -> list[Entry]:
        errors = {}
        mails = self._read(rows, sources, errors)
        for_rules = self.env["helpdesk.scanner.rule"]._read_folders()
        entries = []
        for row in rows:
            if row.id in mails:
                entries.append(self._entry(row, mails[row.id], for_rules, afresh=row.replayed))
                continue
            error = errors.get(row.id)
            row.write(
                {
                    "state": State.HELD.value,
                    "next_try": False,
                    "cut_offs": 0,
                    "error": error,
                    # without one no manager would see it
                    "company_id": self._company_of(row).id,
                }
            )
            if error:
                row._add_trace("act", note("act_source_unreadable", error=error))
            else:
                row._add_trace("act", note("act_source_gone"))
        return entries

    @api.model
    def _company_of(self, row):
        return row.folder_id.company_id or row.company_id or self.env.company

    @api.model
    def _entry(self, row, mail: Mail, for_rules, afresh: bool = False) -> Entry:
        """A row of the ledger on its way, with its mail as read.

        :param for_rules: folders that rules are for
        :param afresh: as if it came in now
        """
        if row.strip_attachments:
            mail = replace(mail, attachments=())
        folder = row.folder_id
        own = frozenset()
        if afresh:
            opened = row.delivery_ids.filtered(lambda each: each.outcome == Outcome.TICKET.value)
            own = frozenset(opened.ticket_id._ids)
        return Entry(
            row_id=row.id,
            mail=mail,
            company_id=self._company_of(row).id,
            folder_id=folder.id or None,
            scanner_id=folder.scanner_id.id or None,
            folder_alias_id=folder.scanner_id.default_alias_id.id or None,
            leave_unmatched=folder.scanner_id.unmatched == "leave"
            or (folder in for_rules and not folder.is_read),
            received_at=row.received_at,
            fallback=row.fallback if isinstance(row.fallback, dict) else None,
            start_only=row.start_only,
            forced=row.taken_in and not afresh,
            with_contact=row.make_contact and not afresh,
            afresh=afresh,
            own_ticket_ids=own,
        )

    @api.model
    def _independent(self, entries: list[Entry]) -> Iterable[list[Entry]]:
        """Groups in which no mail needs what another one of its group will become: the
        same mail twice, or an answer to a mail before it.

        What waits for another mail waits behind all that do not, so a conversation does not
        cut its batch into pieces.
        """
        groups, place_of = [], {}
        for each in entries:
            mail = each.mail
            talk = conversation(mail.header(THREAD_INDEX))
            needed = (mail.identity, mail.message_id, talk, *mail.references, *mail.in_reply_to)
            place = max((place_of[name] + 1 for name in needed if name in place_of), default=0)
            place_of[mail.identity] = place_of[mail.message_id] = place
            if talk:
                place_of[talk] = place
            if place == len(groups):
                groups.append([])
            groups[place].append(each)
        return groups

    @api.model
    def _run(self, entries: list[Entry], commit: bool, attempt: int = 1) -> None:
        """Act on a group, halving it when it fails; a mail that fails alone may be tried without
        what actions of rules set."""
        plans = []
        try:
            # outside of the savepoint, whose end would let go of the locks
            entries = self._still_waiting(entries)
            if not entries:
                return
            plans, later = in_turn(self._plans(entries))
            if self.env["helpdesk.intake.act"]._pass_on(plans):
                if commit:
                    self._commit()
                return self._run(entries, commit, attempt)
            with self.env.cr.savepoint():
                plans = self.env["helpdesk.intake.wait"]._let_wait(plans)
                self.env["helpdesk.intake.turn"]._take(wanted_by(plans))
                self.env["helpdesk.intake.act"]._act(plans)
        except MEETS_ANOTHER as error:
            if commit and attempt < CONCURRENCY_TRIES:
                _logger.info("Intake met another transaction (attempt %s): %s", attempt, error)
                self.env.cr.rollback()
                self._run(entries, commit, attempt + 1)
                return
            if self._is_same_mail_at_once(error):
                # the caller's transaction has to begin anew, to see what the other one did
                raise psycopg2.errors.SerializationFailure(str(error)) from error
            if not isinstance(error, psycopg2.errors.UniqueViolation):
                raise
            failure = error
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            if not self._is_of_the_mail(error):
                raise
            failure = error
        except Exception as error:  # noqa: BLE001 -- whatever a mail can cause ends in its row
            failure = error
        else:
            if commit:
                self._commit()
            if later:
                self._run([plan.verdict.entry for plan in later], commit)
            return
        if len(entries) > 1:
            _logger.info("A batch of %s mails failed and is halved: %s", len(entries), failure)
            half = len(entries) // 2
            self._run(entries[:half], commit)
            self._run(entries[half:], commit)
            return
        refused = self._next_way(plans, failure)
        if refused:
            _logger.info("Incoming mail %s is tried without what rules set", entries[0].row_id)
            self.with_context(mailflow_refused=refused)._run(entries, commit)
            return
        self._fail(entries[0], failure)
        if commit:
            self._commit()

    @api.model
    def _next_way(self, plans, failure: Exception) -> Refused | None:
        """How a mail is tried next that failed alone: without what one action of a rule sets, then
        without another one, in the end without all. None: it has failed."""
        if isinstance(failure, LockError) or not isinstance(failure, OF_A_VALUE):
            return None
        refused = self.env.context.get("mailflow_refused")
        if not isinstance(refused, Refused):
            ways = self.env["helpdesk.intake.rules"]._ways_to_leave_out(plans)
            refused = Refused(self._error_text(failure), ways=ways)
        if not refused.ways:
            return None
        return replace(refused, action_ids=refused.ways[0], ways=refused.ways[1:])

    @api.model
    def _is_same_mail_at_once(self, error: psycopg2.Error) -> bool:
        constraint = getattr(error.diag, "constraint_name", None) or ""
        return constraint == "helpdesk_incoming_mail_delivery_once"

    @api.model
    def _is_of_the_mail(self, error: psycopg2.Error) -> bool:
        """Whether the database refused what a mail asks of it (a value that fits into no index,
        a query that takes too long), rather than being away itself."""
        code = error.pgcode or ""
        refused = code[:2] in ("53", "54") or code == psycopg2.errorcodes.QUERY_CANCELED
        return refused and not self.env.cr.connection.closed

    @api.model
    def _still_waiting(self, entries: list[Entry]) -> list[Entry]:
        """Those that no other process has acted on or acts on at this moment. The lock stays
        until the outcome is committed."""
        rows = self.env["helpdesk.incoming.mail"].browse([each.row_id for each in entries])
        waiting = set(self._lock_waiting(rows)._ids)
        return [each for each in entries if each.row_id in waiting]

    @api.model
    def _plans(self, entries: list[Entry]):
        """Judge and decide: what would be done. Writes nothing."""
        verdicts = self.env["helpdesk.intake.judge"]._judge(entries)
        return self.env["helpdesk.intake.decide"]._decide(verdicts)

    @api.model
    def _fail(self, entry: Entry, error: Exception) -> None:
        """Keep a mail that could not be acted on, for another try or for a person."""
        row = self.env["helpdesk.incoming.mail"].browse(entry.row_id)
        _logger.warning("Incoming mail %s could not be acted on", row.id, exc_info=error)
        text = self._error_text(error)
        tries = row.tries + 1
        values = self.env["helpdesk.intake.act"]._row_values(entry.mail)
        values.update(tries=tries, error=text, cut_offs=0)
        # without a company no manager would see it
        values["company_id"] = row.company_id.id or entry.company_id
        row.write(values)
        if tries > len(RETRY_PAUSES):
            row.write({"state": State.HELD.value, "next_try": False})
            row._add_trace("act", note("act_held", count=tries, error=text))
        else:
            self._postpone(row, text, RETRY_PAUSES[tries - 1])
        self.env.flush_all()

    @api.model
    def _error_text(self, error: Exception) -> str:
        """An exception in one line: a user's error as it is, another one with its type."""
        text = " ".join(NOT_STORED.sub("\N{REPLACEMENT CHARACTER}", str(error)).split())[:500]
        if isinstance(error, UserError):
            return text
        return f"{type(error).__name__}: {text}" if text else type(error).__name__

    @api.model
    def _commit(self) -> None:
        """End a transaction that a door of ours owns (never a borrowed one): what was stored
        or acted on must be safe before the mailbox changes."""
        self.env.flush_all()
        self.env.cr.commit()  # pylint: disable=invalid-commit

    # ------------------------------------------------------------
    # RETRY
    # ------------------------------------------------------------

    @api.model
    def _cron_retry(self):
        """Take up mails whose pause is over, and those left behind by a process that ended in
        the middle."""
        now = self.env.cr.now()
        Mail = self.env["helpdesk.incoming.mail"].sudo()
        left_behind = Domain(
            [
                ("state", "=", State.NEW.value),
                ("next_try", "=", False),
                ("write_date", "<", now - LEFT_BEHIND_AFTER),
            ]
        )
        due = Domain([("state", "in", WAITING), ("next_try", "<=", now)])
        rows = Mail.search(left_behind | due, order="id", limit=500)
        self.env["ir.cron"]._commit_progress(remaining=len(rows))
        # one at a time: one of them may be the one that ends processes
        for row in rows:
            try:
                self._process(row, commit=True)
            except psycopg2.OperationalError:
                if self.env.cr.connection.closed:
                    raise
                _logger.warning("Incoming mail %s is left for the next time", row.id, exc_info=True)
                self.env.cr.rollback()
            if not self.env["ir.cron"]._commit_progress(1):
                break
