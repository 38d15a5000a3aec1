# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import ast

from odoo.tests import tagged

from .common import BrowserCase, MailflowCase, mail

GROUP = "helpdesk_mgmt.group_helpdesk_"


@tagged("post_install", "-at_install")
class TestScannerRuleTour(MailflowCase, BrowserCase):
    """Rules in a browser."""

    def setUp(self):
        super().setUp()
        self.manager = self.make_user(
            "mf-rule-manager", GROUP + "manager", password="mf-rule-manager"
        )

    def start(self, tour, view, rule=None):
        """Take a tour on a form that has nothing but what it is about."""
        action = self.env["ir.actions.act_window"].create(
            {
                "name": "Rules",
                "res_model": "helpdesk.scanner.rule",
                "view_mode": "form",
                "view_id": self.env["ir.ui.view"]
                .create(
                    {
                        "name": "rule",
                        "model": "helpdesk.scanner.rule",
                        "arch": f"<form><sheet>{view}</sheet></form>",
                        "priority": 1000,
                    }
                )
                .id,
            }
        )
        where = f"/odoo/action-{action.id}/{rule.id if rule else 'new'}"
        self.start_tour(where, tour, login=self.manager.login)

    def test_conditions_are_edited_and_shown_again(self):
        Rule = self.env["helpdesk.scanner.rule"]
        self.start(
            "helpdesk_mailflow.condition_editor",
            """<field name="name"/><field name="domain" widget="helpdesk_rule_domain"/>""",
        )
        rule = Rule.search([], order="id desc", limit=1)
        self.assertEqual(
            ast.literal_eval(rule.domain),
            [
                "&",
                "&",
                ("fact_subject", "ilike", "invoice"),
                "|",
                ("fact_from", "=ilike", "%@acorn-tests.example"),
                ("fact_has_attachments", "!=", False),
                ("contact_id", "!=", False),
            ],
        )
        self.start(
            "helpdesk_mailflow.condition_editor_again",
            """<field name="domain" widget="helpdesk_rule_domain"/>
            <field name="domain" widget="helpdesk_rule_domain" readonly="1"/>""",
            rule,
        )

    def test_a_rule_is_tried_before_it_is_live(self):
        tried = self.take_ticket(mail(subject="Invoice 4711"))
        self.take_ticket(mail(subject="The printer burns"))
        tickets = self.env["helpdesk.ticket"].search([])
        self.start_tour("/odoo", "helpdesk_mailflow.scanner_rule", login=self.manager.login)
        self.assertEqual(self.env["helpdesk.ticket"].search([]), tickets, "it was only tried")
        rule = self.env["helpdesk.scanner.rule"].search([("name", "=", "Invoices")])
        self.assertEqual(rule.action_ids.mapped("kind"), ["new_ticket", "set"])
        self.assertEqual(rule.action_ids[1].priority, "3")
        self.assertFalse(rule.match_ids, "it was only tried")
        ticket = self.take_ticket(mail(subject="Invoice 4712"))
        self.assertNotEqual(ticket, tried)
        self.assertEqual(ticket.priority, "3")
        self.assertTrue(rule.match_ids)
        self.start_tour("/odoo", "helpdesk_mailflow.scanner_rule_ticket", login=self.manager.login)
