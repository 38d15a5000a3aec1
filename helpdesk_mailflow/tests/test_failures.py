# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import os
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.helpdesk_mgmt.models.helpdesk_ticket import HelpdeskTicket
from odoo.addons.mail.models.mail_thread import MailThread

from ..models import helpdesk_incoming_mail_source as source_module
from ..models import reviewed_overrides
from ..models.helpdesk_incoming_mail import CUT_OFF_LIMIT, RETRY_PAUSES
from ..models.intake import Arrival
from .common import MailflowCase, mail

INTAKE = "odoo.addons.helpdesk_mailflow.models.intake"


class Failures(MailflowCase):
    @contextmanager
    def failing(self, title="Bad", error=None):
        """No ticket with this title can be made."""
        original = HelpdeskTicket.create

        def create(model, vals_list):
            if any(vals["name"] == title for vals in vals_list):
                raise error or ValueError("the disk of the tickets is full")
            return original(model, vals_list)

        with patch.object(HelpdeskTicket, "create", create), mute_logger(INTAKE):
            yield

    def store(self, raw, **values):
        origin = ("stored_rpc", {"size": len(raw)})
        return self.env["helpdesk.intake"]._store([Arrival(raw, {"door": "rpc", **values}, origin)])

    def retry(self):
        with self.own_transaction() as env:
            env["helpdesk.intake"]._cron_retry()


class TestFailures(Failures):
    """A mail that cannot be acted on blocks no other one, and is never forgotten."""

    def failed(self, times=1):
        """A row that failed so many times."""
        with self.failing():
            row = self.take_batch(mail(subject="Bad"))
            for _again in range(times - 1):
                row.next_try = "2020-01-01"
                self.retry()
        return row

    def test_a_setting_that_is_no_number_does_not_stop_the_intake(self):
        for value in ("a lot", "-3"):
            for name in ("max_size_mb", "max_parts", "max_attachments", "keep_source_days"):
                self.env["ir.config_parameter"].set_param(f"helpdesk_mailflow.{name}", value)
            with self.subTest(value=value), self.assertLogs(INTAKE, "WARNING") as logged:
                self.assertTrue(self.take_ticket(mail()))
                self.assertEqual(self.env["helpdesk.intake"]._max_size(), 100 * 1024 * 1024)
                self.assertEqual(self.env["helpdesk.incoming.mail"]._keep_source_days(), 90)
            self.assertIn("max_parts is no number", "\n".join(logged.output))

    @mute_logger("odoo.addons.helpdesk_mailflow.models.helpdesk_incoming_mail_source")
    def test_a_source_that_cannot_be_read_blocks_no_other(self):
        with patch.object(source_module, "FILE_FROM", 1):
            missing = self.store(mail(subject="On the disk"))
        corrupt = self.store(mail(subject="Torn"))
        good = self.store(mail(subject="Whole"))
        sources = self.env["helpdesk.incoming.mail.source"]
        of_missing = sources.search([("mail_id", "=", missing.id)])
        os.unlink(os.path.join(sources._folder(), of_missing.file_name))
        self.env.cr.execute(
            "UPDATE helpdesk_incoming_mail_source SET content = substring(content FOR 40)"
            " WHERE mail_id = %s",
            [corrupt.id],
        )
        rows = missing | corrupt | good
        self.env["helpdesk.intake"]._process(rows)
        self.assertEqual(rows.mapped("state"), ["held", "held", "done"])
        self.assertEqual(good.ticket_ids.name, "Whole")
        self.assertIn("could not be read", corrupt.why)
        self.assertIn("No such file", missing.error)
        self.assertIn("cannot be read", missing.source_preview)
        self.assertEqual(corrupt.company_id, self.company)
        self.assertTrue(corrupt.can_retry)

    def test_one_bad_mail_of_a_batch_stands_alone(self):
        mails = [mail(subject=f"Good {number}") for number in range(6)]
        mails.insert(4, mail(subject="Bad"))
        with self.failing():
            rows = self.take_batch(*mails)
        bad = rows[4]
        self.assertEqual(bad.state, "failed")
        self.assertEqual(bad.error, "ValueError: the disk of the tickets is full")
        self.assertFalse(bad.ticket_ids)
        self.assertEqual((rows - bad).mapped("state"), ["done"] * 6)
        self.assertEqual(
            (rows - bad).ticket_ids.sorted("id").mapped("name"),
            [f"Good {number}" for number in range(6)],
        )

    def test_the_good_ones_are_made_once(self):
        with self.failing():
            self.take_batch(*(mail(subject=title) for title in ("Good", "Bad", "Fine")))
        for title, count in (("Good", 1), ("Fine", 1), ("Bad", 0)):
            self.assertEqual(
                self.env["helpdesk.ticket"].search_count([("name", "=", title)]), count
            )

    def test_a_failed_mail_says_what_it_is_and_why(self):
        row = self.failed()
        self.assertEqual(row.subject, "Bad")
        self.assertEqual(row.from_address, "marta@acorn-tests.example")
        self.assertIn("the disk of the tickets is full", row.why)
        self.assertEqual(row.company_id, self.company, "a manager has to see it")
        self.assertTrue(row.can_retry)

    def test_what_it_made_before_it_failed_is_undone(self):
        row = self.failed()
        self.assertFalse(
            self.env["res.partner"].search([("email_normalized", "=", "marta@acorn-tests.example")])
        )
        self.assertFalse(row.delivery_ids)

    def test_the_cron_tries_again_when_the_pause_is_over(self):
        row = self.failed()
        self.retry()
        self.assertEqual((row.state, row.tries), ("failed", 1), "its pause is not over")
        row.next_try = self.env.cr.now() - timedelta(seconds=1)
        self.retry()
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(row.ticket_ids.name, "Bad")
        self.assertFalse(row.error)
        self.assertFalse(row.next_try)

    def test_pauses_grow_and_after_the_last_it_is_held(self):
        row = self.failed()
        pauses = []
        with self.failing():
            while row.state == "failed":
                pauses.append(row.next_try - fields.Datetime.now())
                self.assertLessEqual(len(pauses), len(RETRY_PAUSES))
                row.next_try = "2020-01-01"
                self.retry()
        self.assertEqual(len(pauses), len(RETRY_PAUSES))
        for pause, wanted in zip(pauses, RETRY_PAUSES, strict=True):
            self.assertAlmostEqual(pause.total_seconds(), wanted.total_seconds(), delta=120)
        self.assertEqual(pauses, sorted(pauses))
        self.assertEqual(row.state, "held")
        self.assertIn(f"{len(RETRY_PAUSES) + 1} times", row.why)
        self.retry()
        self.assertEqual(row.state, "held")

    def test_a_person_tries_again_once_the_cause_is_gone(self):
        row = self.failed(len(RETRY_PAUSES) + 1)
        self.assertEqual(row.state, "held")
        action = row.action_retry()
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(row.ticket_ids.name, "Bad")
        self.assertEqual(action["res_id"], row.ticket_ids.id)
        self.assertIn("asked to try it again", row.why)

    def test_a_person_who_tries_too_early_sees_the_error(self):
        row = self.failed()
        with self.failing():
            row.action_retry()
        self.assertEqual((row.state, row.tries), ("failed", 1))

    def test_a_person_ignores_it(self):
        row = self.failed()
        row.action_ignore()
        self.assertEqual(row.state, "ignored")
        row.next_try = False
        self.retry()
        self.assertEqual(row.state, "ignored")
        self.assertTrue(row.can_take_in)
        row.action_take_in()
        self.assertEqual(row.state, "done")

    def test_what_is_done_can_be_neither_retried_nor_ignored_nor_taken_in(self):
        row = self.take(mail())
        for action in (row.action_retry, row.action_ignore, row.action_take_in):
            with self.subTest(action=action), self.assertRaises(UserError):
                action()

    def test_a_user_error_is_told_as_it_is(self):
        with self.failing(error=UserError("Choose a team first.")):
            row = self.take_batch(mail(subject="Bad"))
        self.assertEqual(row.error, "Choose a team first.")

    def test_a_database_error_does_not_end_the_batch(self):
        """A statement that PostgreSQL refuses leaves the transaction usable."""
        original = HelpdeskTicket.create

        def create(model, vals_list):
            if any(vals["name"] == "Bad" for vals in vals_list):
                model.env.cr.execute("SELECT 1/0")
            return original(model, vals_list)

        with (
            patch.object(HelpdeskTicket, "create", create),
            mute_logger(INTAKE, "odoo.sql_db"),
        ):
            rows = self.take_batch(mail(subject="Bad"), mail(subject="Good"))
        self.assertEqual(rows.mapped("state"), ["failed", "done"])

    def test_the_caller_s_transaction_meets_its_own_conflicts(self):
        """In a borrowed transaction only the caller can begin anew."""
        conflict = psycopg2.errors.SerializationFailure("could not serialize access")
        with self.failing(error=conflict), self.assertRaises(psycopg2.errors.SerializationFailure):
            self.env["mail.thread"].message_process(False, mail(subject="Bad"))

    def test_a_conflict_with_another_transaction_is_not_counted_against_the_mail(self):
        row = self.store(mail(subject="Bad"))
        original, calls = HelpdeskTicket.create, []

        def create(model, vals_list):
            calls.append(1)
            if len(calls) < 3:
                raise psycopg2.errors.SerializationFailure("could not serialize access")
            return original(model, vals_list)

        with self.own_transaction() as env, patch.object(HelpdeskTicket, "create", create):
            env.cr.commit()
            env["helpdesk.intake"]._process(
                env["helpdesk.incoming.mail"].browse(row.id), commit=True
            )
        self.assertEqual(len(calls), 3)
        self.assertEqual((row.state, row.tries, row.cut_offs), ("done", 0, 0), row.why)
        self.assertEqual(len(row.ticket_ids), 1)

    def test_a_conflict_without_end_leaves_the_mail_as_it_was(self):
        row = self.store(mail(subject="Bad"))
        conflict = psycopg2.errors.SerializationFailure("could not serialize access")
        with self.own_transaction() as env, self.failing(error=conflict):
            env.cr.commit()
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                env["helpdesk.intake"]._process(
                    env["helpdesk.incoming.mail"].browse(row.id), commit=True
                )
        self.assertEqual((row.state, row.tries, row.cut_offs), ("new", 0, 0))

    def test_a_mail_that_ends_processes_is_held_in_the_end(self):
        row = self.store(mail())
        row.cut_offs = CUT_OFF_LIMIT
        self.env.flush_all()
        row._write({"write_date": "2020-01-01"})
        self.retry()
        self.assertEqual(row.state, "held")
        self.assertIn(f"cut off {CUT_OFF_LIMIT} times", row.why)
        row.action_retry()
        self.assertEqual(row.state, "done")

    def test_a_mail_left_behind_is_taken_up(self):
        row = self.store(mail())
        self.retry()
        self.assertEqual(row.state, "new", "somebody may be at it at this moment")
        row._write({"write_date": "2020-01-01"})
        self.retry()
        self.assertEqual(row.state, "done")
        self.assertEqual(row.cut_offs, 0)

    def test_without_a_source_nothing_can_be_made_of_it_and_it_says_so(self):
        row = self.store(mail())
        self.env["helpdesk.incoming.mail.source"].search([("mail_id", "=", row.id)]).unlink()
        self.env["helpdesk.intake"]._process(row)
        self.assertEqual(row.state, "held")
        self.assertIn("source is no longer kept", row.why)

    def test_of_a_mail_too_large_only_the_start_is_held(self):
        row = self.store(mail(subject="Huge"), start_only=True)
        self.env["helpdesk.intake"]._process(row)
        self.assertEqual((row.state, row.subject), ("held", "Huge"))
        self.assertFalse(row.can_take_in)
        self.assertIn("only its start could be kept", row.why)

    def test_a_mail_that_cannot_be_read_is_a_ticket_all_the_same(self):
        raws = (
            b"\x00\xff\xfe" * 50,
            mail().replace(b"utf-8", b"no-such-charset"),
            b"From: a@acorn-tests.example\nTo: support@mailflow.test\n"
            b"Content-Type: multipart/mixed; boundary=x\n\n--y\nnothing fits",
            b"",
        )
        for raw in raws:
            with self.subTest(raw=raw[:20]):
                row = self.take_batch(raw)
                self.assertEqual(row.state, "done", row.why)
                self.assertEqual(len(row.ticket_ids), 1)


class TestAnswersToWhatWaits(Failures):
    """An answer to a mail that waits in the ledger waits for it, and joins its ticket."""

    def answer_to(self, *message_ids, **values):
        return mail(headers=[("References", " ".join(message_ids))], **values)

    def let_pauses_be_over(self, rows):
        rows.filtered("next_try").next_try = "2020-01-01"

    def test_an_answer_to_a_mail_that_failed_joins_its_ticket(self):
        with self.failing():
            rows = self.take_batch(
                mail(subject="Bad", message_id="<first@a.example>"),
                self.answer_to("<first@a.example>", subject="More of it"),
                mail(subject="Another"),
            )
            first, answer, _other = rows
            self.assertEqual(rows.mapped("state"), ["failed", "new", "done"])
            self.assertEqual(answer.next_try, first.next_try)
            self.assertIn("waits for that one", answer.why)
            self.assertIn("&lt;first@a.example&gt;", answer.trace_html)
            self.assertFalse(answer.error)
            self.assertEqual(answer.subject, "More of it", "the list says what waits")
            self.assertEqual(answer.company_id, self.company, "a manager has to see it")
            self.let_pauses_be_over(rows)
            self.retry()
        self.assertEqual((first.tries, answer.tries), (2, 0))
        self.assertEqual(self.codes(answer).count("act_waits"), 1, "told once")
        self.let_pauses_be_over(rows)
        self.retry()
        self.assertEqual(rows.mapped("state"), ["done"] * 3)
        self.assertEqual(answer.delivery_ids.outcome, "reply", answer.why)
        self.assertEqual(answer.ticket_ids, first.ticket_ids)
        self.assertFalse(answer.next_try)

    def test_an_answer_to_a_mail_that_nobody_has_looked_at_waits(self):
        first = self.store(mail(message_id="<first@a.example>"))
        answer = self.take_batch(self.answer_to("<first@a.example>"))
        self.assertEqual((first.state, answer.state), ("new", "new"))
        first._write({"write_date": "2020-01-01"})
        self.let_pauses_be_over(answer)
        self.retry()
        self.assertEqual(answer.ticket_ids, first.ticket_ids, answer.why)
        self.assertEqual(len(first.ticket_ids), 1)

    def test_an_answer_of_an_answer_waits_for_both(self):
        with self.failing():
            rows = self.take_batch(
                mail(subject="Bad", message_id="<first@a.example>"),
                self.answer_to("<first@a.example>", message_id="<second@a.example>"),
                self.answer_to("<second@a.example>"),
            )
        self.assertEqual(rows.mapped("state"), ["failed", "new", "new"])
        self.let_pauses_be_over(rows)
        self.retry()
        self.assertEqual(len(rows.ticket_ids), 1)
        self.assertEqual([row.delivery_ids.outcome for row in rows], ["ticket", "reply", "reply"])

    def test_once_the_other_one_is_held_the_answer_goes_on_by_itself(self):
        with self.failing():
            first, answer = rows = self.take_batch(
                mail(subject="Bad", message_id="<first@a.example>"),
                self.answer_to("<first@a.example>"),
            )
            for _again in RETRY_PAUSES:
                self.assertEqual(answer.state, "new")
                self.let_pauses_be_over(rows)
                self.retry()
        self.assertEqual((first.state, answer.state), ("held", "done"))
        self.assertEqual(answer.delivery_ids.outcome, "ticket")

    def test_an_answer_waits_a_day_at_the_most(self):
        self.store(mail(message_id="<first@a.example>"))
        answer = self.store(self.answer_to("<first@a.example>"))
        self.env.flush_all()
        answer._write({"create_date": self.env.cr.now() - timedelta(hours=25)})
        answer.invalidate_recordset()
        self.env["helpdesk.intake"]._process(answer)
        self.assertEqual(answer.state, "done")

    def test_of_two_mails_that_answer_each_other_the_older_one_goes_first(self):
        rows = self.take_batch(
            self.answer_to("<second@a.example>", message_id="<first@a.example>"),
            self.answer_to("<first@a.example>", message_id="<second@a.example>"),
        )
        self.assertEqual(rows.mapped("state"), ["done", "done"])
        self.assertEqual(len(rows.ticket_ids), 1)

    def test_an_answer_to_a_ticket_waits_for_nothing(self):
        first = self.take_batch(mail(message_id="<first@a.example>"))
        self.store(mail(message_id="<second@a.example>"))
        answer = self.take_batch(self.answer_to("<first@a.example>", "<second@a.example>"))
        self.assertEqual(answer.ticket_ids, first.ticket_ids)

    def test_a_scanner_does_not_take_up_what_waits_before_its_time(self):
        """Each visit begins with what was left behind."""
        first = self.store(mail(message_id="<first@a.example>"))
        answer = self.take_batch(self.answer_to("<first@a.example>"))
        first.state = "held"
        self.env.flush_all()
        answer._write({"write_date": "2020-01-01"})
        self.retry()
        self.assertEqual(answer.state, "new")
        self.let_pauses_be_over(answer)
        self.retry()
        self.assertEqual(answer.state, "done")


class TestUnknownOverrides(Failures):
    maxDiff = None

    """Somebody else's override of a gateway method is honoured, mail by mail."""

    def summary(self, rows):
        return [
            (
                row.state,
                ticket.name,
                ticket.description,
                ticket.partner_id.email,
                ticket.partner_name,
                ticket.partner_email,
                ticket.email_cc,
                ticket.team_id,
                ticket.channel_id,
                ticket.user_id,
                ticket.support_alias_id,
                ticket.company_id,
                ticket.message_partner_ids,
                [
                    (
                        message.body,
                        message.message_type,
                        message.subtype_id,
                        message.author_id,
                        message.email_from,
                        message.date,
                        message.is_internal,
                        message.message_id in [row.message_id for row in rows],
                        message.attachment_ids.mapped("name"),
                    )
                    for message in ticket.message_ids.sorted("id")
                ],
            )
            for row in rows
            for ticket in row.ticket_ids
        ]

    def test_tickets_are_the_same_by_either_path(self):
        self.make_contact("Marta", "marta@acorn-tests.example")

        def mails(mark):
            return [
                mail(subject="A", message_id=f"<a{mark}@x.example>"),
                mail(
                    subject="B",
                    message_id=f"<b{mark}@x.example>",
                    html="<p>Hello <b>you</b></p>",
                    attachments=[("a.pdf", "application/pdf", b"%PDF")],
                    headers=[("Cc", "Bo <bo@acorn-tests.example>")],
                ),
                mail(
                    subject="Re: A",
                    message_id=f"<c{mark}@x.example>",
                    headers=[("In-Reply-To", f"<a{mark}@x.example>")],
                ),
            ]

        fast = self.summary(self.take_batch(*mails(1)))
        nothing = {method: set() for method in reviewed_overrides.REVIEWED}
        original, calls = HelpdeskTicket.message_new, []

        def message_new(*args, **kwargs):
            calls.append(args)
            return original(*args, **kwargs)

        with (
            patch.dict(reviewed_overrides.REVIEWED, nothing),
            patch.object(HelpdeskTicket, "message_new", message_new),
        ):
            slow = self.summary(self.take_batch(*mails(2)))
        self.assertEqual(len(calls), 2, "one for each new ticket")
        self.assertEqual(len(fast), 3)
        self.assertEqual(fast, slow)

    def test_an_unknown_message_new_is_called_for_each_mail(self):
        seen = []
        original = MailThread.message_new

        def message_new(model, msg_dict, custom_values=None):
            seen.append(
                (model._name, msg_dict["subject"], msg_dict["from"], custom_values["team_id"])
            )
            return original(model, msg_dict, dict(custom_values, priority="3"))

        with (
            patch.object(MailThread, "message_new", message_new),
            patch.dict(reviewed_overrides.REVIEWED, {"message_new": {"helpdesk_mgmt"}}),
        ):
            # as if nobody had looked at what mail does
            rows = self.take_batch(mail(subject="A"), mail(subject="B"))
        sender = '"Marta Lindqvist" <marta@acorn-tests.example>'
        self.assertEqual(
            seen,
            [("helpdesk.ticket", title, sender, self.team.id) for title in ("A", "B")],
        )
        self.assertEqual(rows.ticket_ids.mapped("priority"), ["3", "3"])

    def test_an_unknown_message_post_is_called_for_each_mail(self):
        seen = []
        original = MailThread.message_post

        def message_post(model, **values):
            seen.append((model._name, values["message_type"], values["subject"]))
            return original(model, **values)

        reviewed = reviewed_overrides.REVIEWED["message_post"] - {"mail"}
        with (
            patch.object(MailThread, "message_post", message_post),
            patch.dict(reviewed_overrides.REVIEWED, {"message_post": reviewed}),
        ):
            self.take_batch(mail(subject="A"), mail(subject="B"))
        self.assertEqual(
            seen, [("helpdesk.ticket", "email", "A"), ("helpdesk.ticket", "email", "B")]
        )

    def test_the_addon_of_an_override_is_named(self):
        with patch.dict(reviewed_overrides.REVIEWED, {"message_new": {"mail"}}):
            self.assertEqual(
                reviewed_overrides.unknown_overrides(self.env["helpdesk.ticket"], "message_new"),
                ["helpdesk_mgmt"],
            )
        self.assertFalse(
            reviewed_overrides.unknown_overrides(self.env["helpdesk.ticket"], "message_new")
        )
