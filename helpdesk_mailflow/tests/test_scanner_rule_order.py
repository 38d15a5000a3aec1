# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from unittest.mock import patch

from odoo.modules.migration import load_script
from odoo.tools import SQL
from odoo.tools.misc import file_path

from .common import mail
from .test_scanner_rule import RuleCase, ScannerCase


class TestScannerRuleLookup(RuleCase):
    """What rules look up of tickets, which there may be many of."""

    def many_tickets(self, closed=False):
        """Tickets of many requesters, of which the planner knows."""
        stages = self.env["helpdesk.ticket.stage"].search([])
        stage = stages.filtered(lambda each: each.closed == closed)[:1]
        self.env.cr.execute(
            "INSERT INTO helpdesk_ticket"
            " (name, number, description, active, company_id, stage_id, closed, partner_email,"
            "  subject_key)"
            " SELECT 'Printer', 'HTM' || %(closed)s || n, '', TRUE, %(company)s, %(stage)s,"
            "  %(closed)s, 'm' || n || '@many-tests.example', 'printer'"
            " FROM generate_series(1, 20000) AS n",
            {"company": self.company.id, "stage": stage.id, "closed": closed},
        )
        self.env.cr.execute("ANALYZE helpdesk_ticket")

    def plans_of_lookups(self):
        """How PostgreSQL looks up tickets while a mail comes in."""
        asked, execute = [], type(self.env.cr).execute

        def explain(cursor, query, *arguments, **options):
            if "AS wish(" in str(query):
                execute(cursor, SQL("EXPLAIN (ANALYZE, COSTS OFF) %s", query))
                asked.append("\n".join(line for (line,) in cursor.fetchall()))
            return execute(cursor, query, *arguments, **options)

        with patch.object(type(self.env.cr), "execute", explain):
            self.take(mail(subject="Printer"))
        self.assertTrue(asked)
        return asked

    def test_tickets_of_a_requester_are_found_by_an_index(self):
        self.make_rule([], "append", sequence=5)
        self.many_tickets()
        for plan in self.plans_of_lookups():
            self.assertIn("helpdesk_ticket_partner_email_index", plan)
            self.assertIn("helpdesk_ticket__partner_id_index", plan)

    def test_closed_tickets_are_not_looked_at(self):
        self.make_rule([], {"kind": "ticket", "match_by": "subject", "same_subject_of": "any"})
        self.many_tickets(closed=True)
        for plan in self.plans_of_lookups():
            self.assertIn("helpdesk_ticket_subject_key_index", plan)
            self.assertNotIn("Rows Removed by Filter", plan)
            self.assertNotIn("rows=20000", plan)

    def test_an_older_database_knows_which_tickets_are_closed(self):
        ticket, other = self.take_ticket(mail()), self.take_ticket(mail(subject="Other"))
        ticket.stage_id = self.env["helpdesk.ticket.stage"].search([("closed", "=", True)])[:1]
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE helpdesk_ticket DROP COLUMN closed")
        path = file_path("helpdesk_mailflow/migrations/19.0.3.0.0/pre-migration.py")
        script = load_script(path, "pre-migration")
        for _again in range(2):
            script.store_whether_tickets_are_closed(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual((ticket | other).mapped("closed"), [True, False])

    def test_a_ticket_that_is_opened_again_is_found_again(self):
        stages = self.env["helpdesk.ticket.stage"].search([])
        closed, opened = stages.filtered("closed")[0], stages.filtered(lambda s: not s.closed)[0]
        self.make_rule([], {"kind": "ticket", "match_by": "subject", "same_subject_of": "any"})
        first = self.take_ticket(mail(subject="Printer"))
        first.name = "Ink"

        def joins(expected):
            row = self.take(mail(subject="Re: Printer"))
            self.assertEqual(row.ticket_ids == first, expected, row.why)
            (row.ticket_ids - first).stage_id = closed

        joins(True)
        first.stage_id = closed
        joins(False)
        first.write({"stage_id": opened.id})
        joins(True)
        opened.closed = True
        joins(False)
        opened.closed = False
        joins(True)


class TestScannerRuleOrder(ScannerCase):
    """What is decided before the rules is left alone by them, in the mailbox as well."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env["helpdesk.scanner.rule"].create(
            {
                "name": "Tidy up",
                "domain": "[('fact_subject', 'ilike', 'printer')]",
                "action_ids": [
                    (0, 0, {"kind": "contact"}),
                    (0, 0, {"kind": "append"}),
                    (0, 0, {"kind": "delete"}),
                ],
            }
        )

    def assertUntouched(self, row, matches):
        self.assertFalse(row.mailbox_todo, row.why)
        self.assertEqual(self.rule.match_ids, matches, row.why)
        self.assertNotIn("rule_matched", self.codes(row))

    def test_a_mail_of_which_only_the_start_is_stored_stays_in_the_mailbox(self):
        row = self.fetch(mail(subject="The printer burns"), start_only=True)
        self.assertEqual(row.state, "held", row.why)
        self.assertUntouched(row, self.rule.match_ids.browse())

    def test_a_second_copy(self):
        first = self.fetch(
            mail(subject="The printer burns", message_id="<one@acorn-tests.example>")
        )
        self.assertEqual([each["do"] for each in first.mailbox_todo], ["delete"])
        self.assertEqual(self.rule.match_ids.mail_id, first)
        matches = self.rule.match_ids
        second = self.fetch(
            mail(subject="The printer burns", message_id="<one@acorn-tests.example>")
        )
        self.assertEqual(second.state, "duplicate", second.why)
        self.assertUntouched(second, matches)

    def test_the_code_of_a_forwarding_provider_opens_a_ticket_of_its_own(self):
        asked = mail(
            from_="forwarding-noreply@google.com",
            subject="(#123456789) Gmail Forwarding Confirmation - printer",
            text="Confirmation code: 123456789",
        )
        ticket = self.fetch(asked).ticket_ids
        self.assertTrue(ticket)
        row = self.fetch(asked.replace(b"123456789", b"987654321").replace(b"<mail-", b"<next-"))
        self.assertEqual(row.kind, "forwarding")
        self.assertNotEqual(row.ticket_ids, ticket)
        self.assertUntouched(row, self.rule.match_ids.browse())

    def test_the_trace_of_a_report_names_the_rule_that_matched(self):
        self.rule.domain = "[('kind', '=', 'auto_reply')]"
        self.rule.action_ids.filtered(lambda action: action.kind != "delete").unlink()
        row = self.fetch(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.assertIn("rule_matched", self.codes(row))
        self.assertEqual(self.rule.match_ids.mail_id, row)

    def test_what_a_rule_wanted_before_is_decided_anew(self):
        self.rule.action_ids.filtered(lambda action: action.kind == "append").kind = "ignore"
        row = self.fetch(mail(), mailbox_todo=[{"do": "seen"}])
        self.assertEqual(row.state, "ignored", row.why)
        self.assertEqual([each["do"] for each in row.mailbox_todo], ["seen", "delete"])
        self.rule.active = False
        row.action_apply_rules()
        self.assertTrue(row.ticket_ids, row.why)
        self.assertEqual([each["do"] for each in row.mailbox_todo], ["seen"])


class TestScannerRulePlaces(ScannerCase):
    """A rule for one place never becomes a rule for all mail."""

    def test_an_archived_folder_or_scanner(self):
        self.make_rule([], "ignore", folder_ids=[(6, 0, self.folder.ids)])
        self.make_rule([], "ignore", scanner_ids=[(6, 0, self.scanner.ids)])
        self.folder.sudo().active = False
        self.scanner.active = False
        self.env.registry.clear_cache()
        self.take_ticket(mail())

    def test_what_is_deleted_switches_off_its_rules(self):
        sales = self.make_alias("Sales", "sales")
        places = (("alias_ids", sales), ("folder_ids", self.folder), ("scanner_ids", self.scanner))
        for name, place in places:
            with self.subTest(place=name):
                rule = self.make_rule([], "ignore", **{name: [(6, 0, place.ids)]})
                both = name == "alias_ids" and self.make_rule(
                    [], "ignore", sequence=1, alias_ids=[(6, 0, (sales | self.support).ids)]
                )
                place.unlink()
                self.assertFalse(rule.active)
                self.assertEqual([each["code"] for each in rule.fault], ["rule_place_gone"])
                if both:
                    self.assertTrue(both.active)
                    both.active = False
                self.take_ticket(mail())

    def test_the_folders_of_a_deleted_scanner(self):
        rule = self.make_rule([], "ignore", folder_ids=[(6, 0, self.folder.ids)])
        self.scanner.unlink()
        self.assertFalse(rule.active)
        self.take_ticket(mail())

    def test_another_mailbox_with_the_same_folders(self):
        rule = self.make_rule(
            [],
            {"kind": "copy", "folder_id": self.folder.id},
            "ignore",
            folder_ids=[(6, 0, self.folder.ids)],
        )
        self.folder._leave_behind()
        new = self.scanner.folder_ids
        self.assertEqual(new.mapped("name"), self.folder.mapped("name"))
        self.assertEqual((rule.folder_ids, rule.action_ids.folder_id), (new, new))
        self.take_ticket(mail())
        self.assertEqual(self.fetch(mail(), folder=new).state, "ignored")
