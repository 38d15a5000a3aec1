# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, UserError

from .common import mail
from .test_scanner_rule import RuleCase


class TestApplyRules(RuleCase):
    """Mails of the ledger, processed again with the present rules."""

    def test_a_held_mail(self):
        rule = self.make_rule([], "hold")
        row = self.take(mail())
        self.assertEqual(row.state, "held")
        rule.action_ids.kind = "ignore"
        row.action_apply_rules()
        self.assertEqual(row.state, "ignored")
        self.assertIn("person_apply_rules", self.codes(row))
        self.assertEqual(self.deliveries(row), [("Support", "ignored")])
        rule.active = False
        row.action_apply_rules()
        self.assertEqual(row.state, "done")
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        self.assertFalse(row.replayed)

    def test_rules_may_ignore_what_was_taken_in_by_a_person(self):
        rule = self.make_rule([], "ignore")
        row = self.take(mail())
        row.action_take_in()
        self.assertTrue(row.ticket_ids)
        rule.action_ids.kind = "hold"
        self.confirm(row)
        self.assertEqual(row.state, "held")
        self.assertEqual(len(row.ticket_ids), 1)

    def confirm(self, rows):
        action = rows.action_apply_rules()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        told = str(wizard.consequences)
        wizard.action_confirm()
        return told

    def test_a_mail_with_a_ticket_only_after_confirmation(self):
        row = self.take(mail(subject="With a ticket"))
        held = self.take(mail(subject="Without"))
        ticket = row.ticket_ids
        count = self.env["helpdesk.ticket"].search_count([])
        self.assertEqual((row | held).action_apply_rules()["res_model"], "helpdesk.apply.rules")
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), count)
        told = self.confirm(row)
        self.assertIn("With a ticket", told)
        self.assertIn(ticket.number, told)
        self.assertIn("New ticket", told)
        self.assertEqual(len(row.ticket_ids), 2)
        self.confirm(row)
        self.assertEqual(len(row.ticket_ids), 3)
        self.assertEqual(len(row.delivery_ids), 3)
        # whoever answers joins one of them
        answer = self.take(
            mail(subject="Re: With", headers=[("In-Reply-To", row.message_id)], text="Thanks")
        )
        self.assertEqual(answer.delivery_ids.outcome, "reply")

    def test_a_reply_is_added_again(self):
        first = self.take(mail())
        row = self.take(mail(headers=[("In-Reply-To", first.message_id)]))
        self.assertEqual(row.delivery_ids.outcome, "reply")
        before = len(first.ticket_ids.message_ids)
        self.confirm(row)
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["reply", "reply"])
        self.assertGreater(len(first.ticket_ids.message_ids), before)

    def test_a_copy_that_came_later_has_its_place(self):
        self.make_alias("Sales", "sales")
        rule = self.make_rule([], "hold", alias_ids=[(6, 0, self.support.ids)])
        raw = mail(message_id="<both@acorn-tests.example>")
        row = self.take(raw)
        copy = self.take(raw)
        self.assertEqual(copy.state, "duplicate")
        rule.active = False
        row.action_apply_rules()
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        with self.assertRaises(UserError):
            copy.action_apply_rules()

    def test_rights_and_states(self):
        self.make_rule([], "hold")
        row = self.take(mail())
        agent = self.make_user("agent", "helpdesk_mgmt.group_helpdesk_user_team")
        with self.assertRaises(AccessError):
            row.with_user(agent).action_apply_rules()
        with self.assertRaises(AccessError):
            row.with_user(agent)._apply_rules()
        manager = self.make_user("boss", "helpdesk_mgmt.group_helpdesk_manager")
        row.with_user(manager).action_apply_rules()
        self.assertEqual(row.state, "held")
        row.state = "failed"
        with self.assertRaises(UserError):
            row.with_user(manager).action_apply_rules()

    def test_what_has_no_source(self):
        self.make_rule([], "hold")
        row = self.take(mail())
        self.env["helpdesk.incoming.mail.source"].search([("mail_id", "=", row.id)]).unlink()
        row.action_apply_rules()
        self.assertEqual(row.state, "held")
        self.assertIn("act_source_gone", self.codes(row))
