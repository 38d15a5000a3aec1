# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import base64

from odoo.exceptions import AccessError

from .common import MailflowCase, mail

GROUP = "helpdesk_mgmt.group_helpdesk_"


class TestUpload(MailflowCase):
    """Mails that somebody saved as files, and drops onto the ledger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("mf-upload-manager", GROUP + "manager")

    def upload(self, *raws, user=None, name="saved.eml"):
        """Upload files; returns (their rows, what the person is told)."""
        Mail = self.env["helpdesk.incoming.mail"]
        last = Mail.search([], order="id desc", limit=1)
        files = [{"name": name, "content": base64.b64encode(raw).decode()} for raw in raws]
        told = Mail.with_user(user or self.manager).take_in_files(files)
        return Mail.search([("id", ">", last.id or 0)], order="id"), told

    def check_refused(self, raw, words, **values):
        rows, told = self.upload(raw, **values)
        self.assertFalse(rows, "what is no mail makes no row")
        self.assertEqual([each["type"] for each in told], ["danger"])
        self.assertIn(words, told[0]["message"])
        self.assertIn(values.get("name", "saved.eml"), told[0]["message"], "which file it was")

    def test_a_saved_mail_becomes_a_ticket(self):
        row, told = self.upload(mail(subject="Saved by hand"))
        self.assertEqual((row.door, row.state, row.company_id), ("upload", "done", self.company))
        self.assertEqual(row.ticket_ids.name, "Saved by hand")
        self.assertEqual(row.ticket_ids.support_alias_id, self.support)
        number = row.ticket_ids.number
        self.assertEqual(
            told, [{"type": "success", "message": f"Saved by hand: New ticket {number}"}]
        )
        self.assertIn(f"Dropped here as a file by {self.manager.name}", str(row.trace_html))

    def test_several_at_once_each_say_what_they_became(self):
        rows, told = self.upload(mail(subject="First"), b"", mail(subject="Second"))
        self.assertEqual(rows.mapped("subject"), ["First", "Second"])
        self.assertEqual(sorted(each["type"] for each in told), ["danger", "success", "success"])

    def test_only_managers_may(self):
        for group in ("user", "user_team", "user_own"):
            user = self.make_user(f"mf-upload-{group}", GROUP + group)
            with self.subTest(group=group), self.assertRaises(AccessError):
                self.upload(mail(), user=user)
        with self.assertRaises(AccessError):
            self.upload(mail(), user=self.make_user("mf-upload-employee", "base.group_user"))

    def test_an_empty_file(self):
        self.check_refused(b"", "empty")
        self.check_refused(b" \r\n\r\n", "empty")

    def test_outlooks_own_format(self):
        msg = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)
        self.check_refused(msg, "Save the mail as .eml", name="Printer.msg")

    def test_a_file_without_headers(self):
        self.check_refused(b"Just some words in a file\n", "does not begin with mail headers")
        self.check_refused(b"%PDF-1.7\n%\xe2\xe3", "does not begin with mail headers")

    def test_a_saved_mail_may_begin_as_programs_save_it(self):
        starts = {
            "an mbox separator": b"From marta@acorn-tests.example Tue Mar  3 09:30:00 2026\n",
            "a byte order mark": b"\xef\xbb\xbf",
            "empty lines": b"\r\n\r\n",
        }
        for what, start in starts.items():
            with self.subTest(what):
                row, _told = self.upload(start + mail(subject=f"With {what}"))
                self.assertEqual((row.state, row.subject), ("done", f"With {what}"), row.why)

    def test_content_that_did_not_arrive_whole(self):
        Mail = self.env["helpdesk.incoming.mail"].with_user(self.manager)
        for content in ("abc", "not base64 §", "QQ=Q"):
            with self.subTest(content):
                told = Mail.take_in_files([{"name": "half.eml", "content": content}])
                self.assertEqual(told[0]["type"], "danger")
                self.assertIn("half.eml: it did not arrive whole", told[0]["message"])

    def test_a_file_above_the_limit(self):
        self.env["ir.config_parameter"].set_param("helpdesk_mailflow.max_size_mb", 1)
        self.check_refused(mail(text="smoke\n" * 200_000), "larger than the limit of 1 MB")

    def test_the_same_twice_makes_one_ticket(self):
        raw = mail(subject="Dropped twice")
        first, _told = self.upload(raw)
        second, told = self.upload(raw)
        self.assertEqual((first.state, second.state), ("done", "duplicate"))
        self.assertEqual(told[0]["type"], "warning")
        self.assertFalse(second.ticket_ids - first.ticket_ids)
        self.assertEqual(
            self.env["helpdesk.ticket"].search_count([("name", "=", "Dropped twice")]), 1
        )

    def test_the_same_twice_in_one_go(self):
        raw = mail(subject="Twice in one go")
        rows, _told = self.upload(raw, raw)
        self.assertEqual(rows.mapped("state"), ["done", "duplicate"])
        self.assertEqual(len(rows.ticket_ids), 1)

    def test_a_mail_that_reached_the_helpdesk_before_is_known(self):
        raw = mail(subject="Fetched before")
        self.take_ticket(raw)
        row, _told = self.upload(raw)
        self.assertEqual(row.state, "duplicate")

    def test_a_mail_to_elsewhere_goes_to_the_first_alias(self):
        row, _told = self.upload(mail(to="somebody@elsewhere.example"))
        first = self.env["helpdesk.support.alias"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        self.assertEqual(row.ticket_ids.support_alias_id, first)
