# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import os
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo.tools import mute_logger

from ..models import helpdesk_incoming_mail_source as source_module
from ..models.intake import Arrival
from .common import MailflowCase, mail

SOURCE = "odoo.addons.helpdesk_mailflow.models.helpdesk_incoming_mail_source"


class TestLedger(MailflowCase):
    """The rows, how long their sources are kept, and what is shown of them."""

    def age(self, rows, days):
        self.env.flush_all()
        rows._write({"create_date": self.env.cr.now() - timedelta(days=days)})
        rows.invalidate_recordset()

    def has_source(self, row):
        return row.id in self.env["helpdesk.incoming.mail.source"]._load(row.ids)

    def test_sources_of_settled_rows_are_dropped_after_the_days_that_are_set(self):
        old, young = self.take(mail()), self.take(mail())
        self.age(old, 91)
        self.age(young, 89)
        self.env["helpdesk.incoming.mail"]._gc_sources()
        self.assertFalse(self.has_source(old))
        self.assertTrue(self.has_source(young))
        self.assertTrue(old.exists())
        self.assertIn("no longer kept", old.source_preview)
        self.env["ir.config_parameter"].set_param("helpdesk_mailflow.keep_source_days", 30)
        self.env["helpdesk.incoming.mail"]._gc_sources()
        self.assertFalse(self.has_source(young))

    def test_nothing_is_dropped_with_zero_days(self):
        row = self.take(mail())
        self.age(row, 5000)
        self.env["ir.config_parameter"].set_param("helpdesk_mailflow.keep_source_days", 0)
        self.env["helpdesk.incoming.mail"]._gc_sources()
        self.assertTrue(self.has_source(row))

    def test_what_a_person_may_still_need_keeps_its_source(self):
        states = ("new", "failed", "held", "not_taken_in")
        for state in dict(self.env["helpdesk.incoming.mail"]._fields["state"].selection):
            with self.subTest(state=state):
                row = self.take(mail())
                row.state = state
                self.age(row, 5000)
                self.env["helpdesk.incoming.mail"]._gc_sources()
                self.assertEqual(self.has_source(row), state in states)

    # ---- large sources ----

    def files(self):
        folder = self.env["helpdesk.incoming.mail.source"]._folder()
        return set(os.listdir(folder)) if os.path.isdir(folder) else set()

    def store(self, env, raw, *more):
        arrivals = [
            Arrival(each, {"door": "rpc"}, ("stored_rpc", {"size": 1})) for each in (raw, *more)
        ]
        return env["helpdesk.intake"]._store(arrivals)

    def test_a_large_source_lies_in_a_file_that_survives_the_commit(self):
        before, raw = self.files(), mail()
        with patch.object(source_module, "FILE_FROM", 100):
            with self.own_transaction() as env:
                row_id = self.store(env, raw).id
                env.cr.commit()
            written = self.files() - before
            self.assertEqual(len(written), 1)
            self.assertFalse([name for name in written if name.endswith(".part")])
            row = self.env["helpdesk.incoming.mail"].browse(row_id)
            source = self.env["helpdesk.incoming.mail.source"]
            self.assertEqual(source._load(row.ids)[row.id], raw)
            self.env["helpdesk.intake"]._process(row)
            self.assertEqual(row.state, "done")
            # deleting the row takes the file along, once that is committed
            with self.own_transaction() as env:
                env["helpdesk.incoming.mail"].browse(row_id).unlink()
                self.assertEqual(self.files() - before, written)
                # the cursor of a test forgets what is to be done after the commit
                env.cr.postcommit.run()
                env.cr.commit()
        self.assertEqual(self.files(), before)

    def test_a_rollback_removes_the_file(self):
        before = self.files()
        with patch.object(source_module, "FILE_FROM", 100), self.own_transaction() as env:
            self.store(env, mail())
            self.assertEqual(len(self.files() - before), 1)
            env.cr.rollback()
            env.cr.postrollback.run()
        self.assertEqual(self.files(), before)

    def test_a_deletion_that_is_undone_leaves_the_file(self):
        before, raw = self.files(), mail()
        with patch.object(source_module, "FILE_FROM", 100), self.own_transaction() as env:
            row = self.store(env, raw)
            env.cr.commit()
            with suppress(ZeroDivisionError), env.cr.savepoint():
                row.unlink()
                raise ZeroDivisionError
            env.cr.postcommit.run()
            self.assertEqual(len(self.files() - before), 1)
            self.assertEqual(env["helpdesk.incoming.mail.source"]._load(row.ids)[row.id], raw)
            row.unlink()
            env.cr.postcommit.run()
        self.assertEqual(self.files(), before)

    def test_a_full_disk_leaves_no_files_behind(self):
        before = self.files()
        Source = self.registry["helpdesk.incoming.mail.source"]
        original, calls = Source._write_file, []

        def write_file(model, packed):
            calls.append(packed)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            return original(model, packed)

        with (
            patch.object(source_module, "FILE_FROM", 100),
            patch.object(Source, "_write_file", write_file),
            self.assertRaises(OSError),
        ):
            self.store(self.env, mail(), mail())
        self.assertEqual(self.files(), before)

    def test_a_file_that_is_missing_is_a_source_that_cannot_be_read(self):
        before = self.files()
        with patch.object(source_module, "FILE_FROM", 100):
            row = self.store(self.env, mail())
        folder = self.env["helpdesk.incoming.mail.source"]._folder()
        for name in self.files() - before:
            os.unlink(os.path.join(folder, name))
        with mute_logger(SOURCE):
            self.assertIn("cannot be read", row.source_preview)
            self.env["helpdesk.intake"]._process(row)
        self.assertEqual(row.state, "held")

    # ---- what is shown ----

    def test_the_preview_is_text_and_bounded(self):
        row = self.take(mail(html="<script>alert(1)</script>", text="x" * 70000))
        preview = row.source_preview
        self.assertTrue(preview.startswith("From: Marta Lindqvist"))
        self.assertLess(len(preview), 70000)
        self.assertRegex(preview, r"… \d+ bytes more$")

    def test_the_preview_unpacks_no_more_than_it_shows(self):
        head = b"From: a@acorn-tests.example\nSubject: Zeros and noise\n\n"
        for body, file_from in ((b"\0", 2**30), (b"\0", 1), (None, 2**30), (None, 1)):
            raw = head + (os.urandom(400_000) if body is None else body * 9_000_000)
            with patch.object(source_module, "FILE_FROM", file_from):
                row = self.store(self.env, raw)
            fail = patch.object(source_module.zlib, "decompress", side_effect=AssertionError)
            with self.subTest(body=body, file_from=file_from), fail:
                preview = row.source_preview
                self.assertEqual(preview[:51], raw[:51].decode())
                self.assertTrue(preview.endswith(f"… {len(raw) - 64 * 1024} bytes more"))

    def test_odd_bytes_do_not_break_the_preview(self):
        row = self.take(mail().replace(b"smoke", b"sm\x00\xf6\xffke"))
        self.assertIn("sm\N{REPLACEMENT CHARACTER}", row.source_preview)

    def test_the_trace_escapes_what_the_mail_says(self):
        row = self.take(mail(from_='"<img src=x onerror=alert(1)>" <x@acorn-tests.example>'))
        self.assertNotIn("<img", str(row.trace_html))
        self.assertIn("&lt;img", str(row.trace_html))

    def test_every_fate_is_explained(self):
        self.make_alias("Off", "off", intake=False)
        limited = self.make_alias("Limited", "limited")
        limited.alias_id.sudo().alias_contact = "partners"
        raw = mail(message_id="<same@x.example>")
        rows = {
            "done": self.take(raw),
            "duplicate": self.take(raw),
            "held": self.take(mail(message_id="<same@x.example>", text="Other")),
            "not_taken_in": self.take(mail(to="off@mailflow.test")),
            "new": self.store(self.env, mail()),
        }
        for state, row in rows.items():
            with self.subTest(state=state):
                self.assertEqual(row.state, state)
                self.assertTrue(row.why)
                self.assertTrue(row.outcome)
        explained = {row.why for row in rows.values()}
        self.assertEqual(len(explained), len(rows), "each fate has a reason of its own")
        ignored = rows["not_taken_in"]
        ignored.action_ignore()
        self.assertIn("decided to ignore it", ignored.why)

    def test_a_mail_for_nobody_says_so(self):
        rows = self.take_batch(mail(to="who@knows.example"))
        self.assertEqual(rows.state, "done", "the first alias of the company takes it")
        self.env["mail.alias"].create(
            {
                "alias_name": "leads",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("crm.lead"),
            }
        )
        row = self.take_batch(mail(to="leads@mailflow.test", subject="A lead only"))
        self.assertEqual(row.state, "passed_on")
        self.assertIn("not for the helpdesk", row.why)
        self.assertEqual(self.env["crm.lead"].search_count([("name", "=", "A lead only")]), 1)

    def test_the_columns_say_what_the_mail_says(self):
        row = self.take(mail(headers=[("Cc", "bo@acorn-tests.example")]))
        self.assertEqual(row.subject, "The printer burns")
        self.assertEqual(row.from_address, "marta@acorn-tests.example")
        self.assertIn("support@mailflow.test", row.email_to)
        self.assertIn("bo@acorn-tests.example", row.email_cc)
        self.assertEqual(str(row.date), "2026-03-03 09:30:00")
        self.assertEqual((row.kind, row.state), ("message", "done"))
        self.assertEqual(row.alias_id, self.support)
        self.assertEqual(row.company_id, self.company)

    def test_rows_are_found_by_their_ticket(self):
        row = self.take(mail())
        Mail = self.env["helpdesk.incoming.mail"]
        self.assertEqual(Mail.search([("ticket_ids", "in", row.ticket_ids.ids)]), row)
        self.assertEqual(Mail.search([("ticket_ids.number", "=", row.ticket_ids.number)]), row)
        self.assertIn(row.ticket_ids.number, row.outcome)

    def test_opening_the_tickets_of_a_row(self):
        row = self.take(mail())
        action = row.action_open_tickets()
        self.assertEqual(action["res_id"], row.ticket_ids.id)

    def test_a_deleted_ticket_leaves_the_row(self):
        row = self.take(mail())
        row.ticket_ids.unlink()
        self.assertTrue(row.exists())
        self.assertEqual(row.outcome, "New ticket")
