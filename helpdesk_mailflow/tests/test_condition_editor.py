# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, ValidationError

from ..models.intake_values import FACTS
from .common import MailflowCase


class TestConditionEditor(MailflowCase):
    """What the editor of conditions offers, and how it writes it."""

    def check(self, *leaf):
        """Make a rule of one condition; returns it as it is stored."""
        rule = self.env["helpdesk.scanner.rule"].create({"name": "Rule", "domain": repr([leaf])})
        return rule.domain

    def test_all_that_is_offered_may_be_saved(self):
        records = {
            name: self.env[field.comodel_name].search([], limit=1).ids
            for name, field in self.env["helpdesk.incoming.mail"]._fields.items()
            if name in FACTS and field.relational
        }
        values = {
            "text": "printer",
            "boolean": True,
            "integer": 8,
        }
        offered = self.env["helpdesk.scanner.rule"].get_condition_fields()
        self.assertEqual([each["name"] for each in offered], list(FACTS))
        for fact in offered:
            name = fact["name"]
            field = self.env["helpdesk.incoming.mail"]._fields[name]
            for operator in fact["operators"]:
                if field.relational:
                    # its editor has lists, and "is set"
                    value = records[name] if operator.endswith("in") else False
                    if value == []:
                        continue
                else:
                    value = values.get(field.type) or field.get_values(self.env)[0]
                    value = [value] if operator.endswith("in") else value
                with self.subTest(name, operator=operator):
                    self.check(name, operator, value)

    def test_as_it_writes_the_ends_of_a_text(self):
        for operator in ("=ilike", "not =ilike"):
            self.check("fact_from", operator, "%@acorn-tests.example")
            self.check("fact_subject", operator, "invoice%")

    def test_what_lacks_a_value_is_refused(self):
        for leaf in (
            ("fact_subject", "ilike", ""),
            ("fact_subject", "=ilike", "%"),
            ("fact_subject", "in", []),
            ("fact_subject", "in", [""]),
            ("alias_ids", "in", []),
        ):
            with self.subTest(leaf), self.assertRaises(ValidationError):
                self.check(*leaf)

    def test_only_for_those_who_see_rules(self):
        employee = self.make_user("mf-editor-employee", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["helpdesk.scanner.rule"].with_user(employee).get_condition_fields()
