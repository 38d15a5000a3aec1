# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import ValidationError

from .common import MailflowCase, mail


class RuleCase(MailflowCase):
    """Rules of one company."""

    def make_rule(self, domain, *actions, **values):
        """A rule with actions: a kind, or a dict of values with it."""
        actions = [each if isinstance(each, dict) else {"kind": each} for each in actions]
        return self.env["helpdesk.scanner.rule"].create(
            {
                "name": values.pop("name", "Rule"),
                "domain": repr(domain),
                "action_ids": [(0, 0, each) for each in actions],
                **values,
            }
        )


class TestScannerRule(RuleCase):
    """What becomes of mails that rules match."""

    def test_a_rule_ignores_what_it_matches(self):
        rule = self.make_rule([("fact_subject", "ilike", "NEWSletter")], "ignore")
        row = self.take(mail(subject="Our Néwsletter of May"))
        self.assertEqual(row.state, "ignored")
        self.assertIn("rule_matched", self.codes(row))
        self.assertFalse(row.ticket_ids)
        self.assertEqual(rule.match_ids.mail_id, row)
        self.take_ticket(mail(subject="The printer burns"))

    def test_what_is_ignored_can_be_taken_in(self):
        self.make_rule([("fact_subject", "ilike", "newsletter")], "ignore")
        row = self.take(mail(subject="Newsletter"))
        row.action_take_in()
        self.assertEqual(row.state, "done")
        self.assertTrue(row.ticket_ids)

    def test_hold(self):
        self.make_rule([("fact_from", "=", "marta@acorn-tests.example")], "hold")
        row = self.take(mail())
        self.assertEqual(row.state, "held")

    def test_only_where_it_counts(self):
        other = self.make_alias("Sales", "sales")
        self.make_rule([], "ignore", alias_ids=[(6, 0, other.ids)])
        self.take_ticket(mail())
        self.assertEqual(self.take(mail(to="sales@mailflow.test")).state, "ignored")

    def test_a_bounce_is_seen_by_rules_that_name_the_kind(self):
        self.make_rule([], "hold")
        row = self.take(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.assertEqual(row.state, "done")
        self.make_rule([("kind", "=", "auto_reply")], "hold", sequence=1)
        row = self.take(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.assertEqual(row.state, "held")

    def test_the_first_rule_that_matches_stops(self):
        self.make_rule([], "hold", sequence=1)
        second = self.make_rule([], "ignore", sequence=2)
        self.assertEqual(self.take(mail()).state, "held")
        self.assertFalse(second.match_ids)

    def test_what_an_earlier_rule_decides_stands(self):
        self.make_rule([], "hold", sequence=1, stop=False)
        self.make_rule([], "ignore", sequence=2)
        row = self.take(mail())
        self.assertEqual(row.state, "held")
        self.assertIn("rule_decided_before", self.codes(row))

    def test_what_a_condition_must_not_ask(self):
        for domain in (
            [("message_id", "=", "x")],
            [("contact_id.email", "=", "x")],
            [("fact_subject", "ilike", "")],
            [("fact_subject", "ilike", " ")],
            [("fact_subject", ">", "a")],
            [("alias_ids", "any", [("name", "=", "x")])],
            [("kind", "=", "nonsense")],
            [("fact_size_kb", ">", "many")],
            [("contact_id", "in", [2**30])],
            ["&", ("fact_hour", ">", 3)],
            "nonsense",
        ):
            with self.subTest(domain=domain), self.assertRaises(ValidationError):
                self.make_rule(domain, "ignore")
