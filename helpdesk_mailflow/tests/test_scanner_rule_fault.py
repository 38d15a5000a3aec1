# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from contextlib import closing

from odoo.sql_db import db_connect
from odoo.tools import mute_logger

from ..mailflow.note import note
from .common import mail
from .test_scanner_rule import RuleCase

MODEL = "odoo.addons.helpdesk_mailflow.models.helpdesk_scanner_rule"


class TestScannerRuleFault(RuleCase):
    """What is wrong with a rule keeps no mail from coming in."""

    def example(self):
        """A rule that other transactions see: one of the examples."""
        rules = self.env["helpdesk.scanner.rule"].with_context(active_test=False)
        return rules.search([("create_date", "<", self.env.cr.now())], order="id", limit=1)

    def test_mails_that_find_the_same_fault_do_not_wait_for_each_other(self):
        rule = self.example()
        self.env.flush_all()
        with closing(db_connect(self.env.cr.dbname).cursor()) as other:
            other.execute("UPDATE helpdesk_scanner_rule SET fault = '[]' WHERE id = %s", [rule.id])
            self.env.cr.execute("SET LOCAL statement_timeout = '5s'")
            rule._report_fault(note("rule_folder_gone", rule=rule.name))
            self.assertFalse(rule.fault)
            other.rollback()
        rule._report_fault(note("rule_folder_gone", rule=rule.name))
        self.assertEqual([each["code"] for each in rule.fault], ["rule_folder_gone"])

    def test_nor_begin_anew_after_one_that_was_committed(self):
        rule = self.example()
        self.env.flush_all()
        with closing(db_connect(self.env.cr.dbname).cursor()) as other:
            other.execute("UPDATE helpdesk_scanner_rule SET fault = fault WHERE id = %s", [rule.id])
            other.commit()
        rule._report_fault(note("rule_folder_gone", rule=rule.name))
        self.assertFalse(rule.fault)
        self.take_ticket(mail())

    def test_one_error_in_other_words_is_one_fault(self):
        rule = self.make_rule([], "hold")
        for number in ("HT1", "HT2"):
            rule._report_fault(note("rule_action_failed", rule="x", error=f"{number} is locked"))
        self.assertEqual(len(rule.fault), 1)
        rule._report_fault(note("rule_action_failed", rule="y", error="HT1 is locked"))
        self.assertEqual(len(rule.fault), 2)

    def test_a_condition_that_cannot_be_read_keeps_no_mail(self):
        rule = self.make_rule([], "hold")
        good = self.make_rule([], "hold", sequence=20)
        for condition in ("nonsense", "[('fact_of_yesterday', '=', 1)]", "[1, 2, 3]"):
            with self.subTest(condition=condition):
                self.env.cr.execute(
                    "UPDATE helpdesk_scanner_rule SET domain = %s WHERE id = %s",
                    [condition, rule.id],
                )
                self.env.invalidate_all()
                self.env.registry.clear_cache()
                with mute_logger(MODEL):
                    row = self.take(mail())
                self.assertEqual(row.state, "held", row.why)
                self.assertEqual(row.rule_ids, good)
                self.assertIn("cannot be read", rule.hint)
                self.assertFalse(good.hint)
