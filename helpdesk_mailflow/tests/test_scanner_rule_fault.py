# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from contextlib import closing
from unittest.mock import patch

from odoo.exceptions import LockError, ValidationError
from odoo.sql_db import db_connect
from odoo.tools import mute_logger

from ..mailflow.note import note
from .common import mail
from .test_scanner_rule import RuleCase

INTAKE = "odoo.addons.helpdesk_mailflow.models.intake"
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

    def test_a_rule_that_is_deleted_at_this_moment_keeps_no_mail(self):
        rule = self.example()
        kept = self.make_rule([], "seen")
        row = self.take(mail())
        self.env.flush_all()
        with closing(db_connect(self.env.cr.dbname).cursor()) as other:
            other.execute("DELETE FROM helpdesk_scanner_rule WHERE id = %s", [rule.id])
            self.env.cr.execute("SET LOCAL statement_timeout = '5s'")
            self.env["helpdesk.scanner.rule.match"]._log({(rule.id, row.id), (kept.id, row.id)})
            self.assertEqual(row.match_ids.rule_id, kept)
            other.rollback()
        self.env["helpdesk.scanner.rule.match"]._log({(rule.id, row.id)})
        self.assertEqual(row.match_ids.rule_id, rule | kept)

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

    # ------------------------------------------------------------
    # VALUES THAT ARE REFUSED
    # ------------------------------------------------------------

    def refusing(self, *unwanted):
        """No ticket with one of these values can be made."""
        Ticket = type(self.env["helpdesk.ticket"])
        create = Ticket.create

        def refuse(tickets, vals_list):
            for vals in vals_list:
                for name, value in unwanted:
                    if vals.get(name) == value:
                        raise ValidationError(tickets.env._("Not this %s", name))
            return create(tickets, vals_list)

        return patch.object(Ticket, "create", refuse)

    def three_rules(self):
        team = self.env["helpdesk.ticket.team"].create({"name": "Printers"})
        follower = self.make_contact("Frida", "frida@acorn-tests.example")
        tag = self.env["helpdesk.ticket.tag"].create({"name": "Toner"})
        rules = (
            self.make_rule([], {"kind": "route_team", "team_id": team.id}, stop=False),
            self.make_rule([], {"kind": "set", "priority": "3"}, "seen", stop=False),
            self.make_rule(
                [],
                {"kind": "set", "tag_ids": [(6, 0, tag.ids)]},
                {"kind": "followers", "partner_ids": [(6, 0, follower.ids)]},
            ),
        )
        return rules, team, tag, follower

    def test_of_values_only_the_refused_one_is_left_out(self):
        rules, team, tag, follower = self.three_rules()
        with self.refusing(("priority", "3")):
            ticket = self.take_ticket(mail())
        self.assertEqual((ticket.team_id, ticket.tag_ids), (team, tag))
        self.assertIn(follower, ticket.message_partner_ids)
        self.assertNotEqual(ticket.priority, "3")
        self.assertEqual([bool(rule.fault) for rule in rules], [False, True, False])
        self.assertIn("Not this priority", rules[1].fault_text)

    def test_nor_more_than_two_of_them(self):
        rules, team, tag, follower = self.three_rules()
        with self.refusing(("priority", "3"), ("team_id", team.id)):
            ticket = self.take_ticket(mail())
        self.assertEqual(ticket.tag_ids, tag)
        self.assertIn(follower, ticket.message_partner_ids)
        self.assertEqual([bool(rule.fault) for rule in rules], [True, True, False])

    def test_what_is_no_fault_of_a_value_is_tried_again_with_it(self):
        rule = self.make_rule([], {"kind": "set", "priority": "3"})
        Ticket = type(self.env["helpdesk.ticket"])
        for error in (OSError("No space left on device"), LockError("locked")):
            with self.subTest(error=error):
                create = Ticket.create
                errors = iter([error])

                def fail(tickets, vals_list, create=create, errors=errors):
                    for each in errors:
                        raise each
                    return create(tickets, vals_list)

                with patch.object(Ticket, "create", fail), mute_logger(INTAKE):
                    row = self.take(mail(subject=str(type(error))))
                    self.assertEqual(row.state, "failed", row.why)
                    self.assertFalse(rule.fault)
                    row.next_try = self.env.cr.now()
                    self.env["helpdesk.intake"]._process(row)
                self.assertEqual(row.ticket_ids.priority, "3", row.why)
