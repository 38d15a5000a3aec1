# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import importlib.util
from datetime import timedelta

from odoo.tools.misc import file_path

from ..models.intake_values import FACTS
from .common import mail
from .test_scanner_rule import RuleCase

COLUMNS = ("body_text", "header_lines", "attachment_lines")


def migration(name):
    """A migration script as a module; its folder's name is no name of a package."""
    path = file_path(f"helpdesk_mailflow/migrations/19.0.3.0.0/{name}.py")
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestReread(RuleCase):
    """Facts of mails that came in before facts were kept, and their end."""

    def forget(self, rows):
        """Leave rows as an older version would."""
        self.env.flush_all()
        names = [
            name
            for name in FACTS
            if name not in ("kind", "folder_id") and rows._fields[name].type != "many2many"
        ]
        folded = {name for name in names if rows._fields[name].type == "text"}
        sets = ", ".join(
            f"{name} = ''" if name in folded else f"{name} = NULL"
            for name in (*names, *COLUMNS, "facts_read", "facts_due")
        )
        self.env.cr.execute(
            f"UPDATE helpdesk_incoming_mail SET {sets} WHERE id = ANY(%s)", [rows.ids]
        )
        for table in ("alias", "partner_tag", "pattern"):
            self.env.cr.execute(f"DELETE FROM helpdesk_incoming_mail_{table}_rel")
        self.env.invalidate_all()

    def values(self, rows):
        return rows.read([*FACTS, *COLUMNS, "facts_read"])

    def mark(self):
        self.env.flush_all()
        migration("post-migration").mark_mails_without_facts(self.env.cr)
        self.env.invalidate_all()

    def test_as_if_they_had_come_in_now(self):
        pattern = self.env["helpdesk.scanner.pattern"].create({"name": "Smoke", "text": "burns"})
        self.make_contact("Bo", "bo@strangers.example")
        rows = self.take(mail(attachments=[("a.pdf", "application/pdf", b"x")]))
        rows |= self.take(mail(from_="Bo <bo@strangers.example>", subject="Second"))
        rows |= self.take(mail(from_="Bo <bo@strangers.example>", subject="Third"))
        rows |= self.take(
            mail(from_="Cleo <cleo@elsewhere.example>", to="nobody@elsewhere.example"),
            model="helpdesk.ticket",
        )
        # contacts made within one transaction are as old as the mails
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = create_date - interval '1 day'"
            " WHERE email LIKE 'bo@%'"
        )
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = create_date - interval '1 hour'"
            " WHERE name = 'Second'"
        )
        before, kept = self.values(rows), rows.read(["state", "trace"])
        self.assertIn(pattern.id, before[0]["pattern_ids"])
        self.assertEqual(
            [each["fact_known_contact"] for each in before], [False, True, True, False]
        )
        self.assertEqual(
            [each["fact_open_tickets"] for each in before], [False, False, True, False]
        )
        # the transaction's time is one for all of them
        rows[1].received_at -= timedelta(hours=2)
        self.forget(rows)
        self.mark()
        self.assertEqual(rows.filtered("facts_due"), rows)
        with self.own_transaction() as env:
            env["helpdesk.incoming.mail"]._cron_read_facts()
        self.env.invalidate_all()
        self.assertFalse(rows.filtered("facts_due"))
        for one, other in zip(before, self.values(rows), strict=True):
            for name in ("fact_hour", "fact_working_hours", "fact_weekday"):
                # one came in at another time meanwhile
                one.pop(name)
                other.pop(name)
            self.assertEqual(one, other)
        self.assertEqual(rows.read(["state", "trace"]), kept)

    def test_only_what_can_be_read(self):
        gone, waiting, here = (self.take(mail()) for _each in range(3))
        self.forget(gone | waiting | here)
        self.env["helpdesk.incoming.mail.source"].search([("mail_id", "=", gone.id)]).unlink()
        waiting.state = "failed"
        self.mark()
        self.assertEqual((gone | waiting | here).filtered("facts_due"), here)
        self.env.cr.execute(
            "UPDATE helpdesk_incoming_mail_source SET content = 'x' WHERE mail_id = %s", [here.id]
        )
        with self.assertLogs("odoo.addons.helpdesk_mailflow", "WARNING"):
            here._read_facts()
        self.assertFalse(here.facts_due)
        self.assertFalse(here.facts_read)

    def test_one_bad_mail_keeps_no_other_from_it(self):
        rows = self.take(mail()) | self.take(mail(subject="Bad")) | self.take(mail())
        self.forget(rows)
        self.mark()
        judge = type(self.env["helpdesk.intake.judge"])
        judged = judge._judge

        def fail(model, entries):
            if any(each.mail.subject == "Bad" for each in entries):
                raise ValueError("bad")
            return judged(model, entries)

        self.patch(judge, "_judge", fail)
        with self.assertLogs("odoo.addons.helpdesk_mailflow", "WARNING"):
            rows._read_facts()
        self.assertEqual(rows.mapped("facts_read"), [True, False, True])
        self.assertFalse(rows.filtered("facts_due"))

    def test_text_goes_with_the_source(self):
        old, new = self.take(mail()), self.take(mail())
        self.env.cr.execute(
            "UPDATE helpdesk_incoming_mail SET create_date = create_date - interval '1000 days'"
            " WHERE id = %s",
            [old.id],
        )
        self.env["helpdesk.incoming.mail"]._gc_sources()
        self.assertFalse(old.fact_body or old.body_text or old.header_lines)
        self.assertTrue(old.fact_subject)
        self.assertTrue(new.fact_body and new.body_text and new.header_lines)
        old.received_at = self.env.cr.now()
        result = self.env["helpdesk.scanner.rule"].preview(
            False, {"name": "x", "domain": "[('fact_body', 'ilike', 'smoke')]"}, 7
        )
        self.assertEqual((result["count"], result["unread"]), (1, 1))
