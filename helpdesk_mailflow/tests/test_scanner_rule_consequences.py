# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError

from .common import mail
from .test_scanner_rule_ticket import ValueCase


class ConsequenceCase(ValueCase):
    """What rules do beside the ticket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user(
            "rule-manager", "helpdesk_mgmt.group_helpdesk_manager", "base.group_partner_manager"
        )

    def make_template(self, **values):
        return self.env["mail.template"].create(
            {
                "name": "Thanks",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "Thanks for {{ object.number }}",
                "body_html": "<p>We are on it.</p>",
                **values,
            }
        )

    def make_server_action(self, code, **values):
        return self.env["ir.actions.server"].create(
            {
                "name": "Mark it",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "state": "code",
                "code": code,
                "helpdesk_released": True,
                **values,
            }
        )

    def rule_of_manager(self, *actions, domain=()):
        """A rule that a helpdesk manager saved."""
        actions = [(0, 0, each) for each in actions]
        rules = self.env["helpdesk.scanner.rule"].with_user(self.manager)
        return rules.create(
            {"name": "Managed", "domain": repr(list(domain)), "action_ids": actions}
        ).sudo()


class TestConsequences(ConsequenceCase):
    # ------------------------------------------------------------
    # FOLLOWERS
    # ------------------------------------------------------------

    def test_followers(self):
        friend = self.make_contact("Friend", "friend@nowhere-tests.example")
        agent = self.manager.partner_id
        self.make_rule([], {"kind": "followers", "partner_ids": [(6, 0, (friend | agent).ids)]})
        ticket = self.take_ticket(mail())
        self.assertLessEqual(friend | agent, ticket.message_partner_ids)

    def test_a_follower_of_another_company(self):
        friend = self.make_contact("Friend", "friend@nowhere-tests.example")
        other = self.make_company("Other")
        rule = self.make_rule([], {"kind": "followers", "partner_ids": [(6, 0, friend.ids)]})
        friend.company_id = other
        row = self.take(mail())
        self.assertNotIn(friend, row.ticket_ids.message_partner_ids)
        self.assertIn("rule_record_elsewhere", self.codes(row))
        self.assertTrue(rule.fault)
        with self.assertRaises(ValidationError):
            self.make_rule([], {"kind": "followers", "partner_ids": [(6, 0, friend.ids)]})

    # ------------------------------------------------------------
    # ANSWERS
    # ------------------------------------------------------------

    def answers(self):
        return self.env["helpdesk.automatic.answer"].search([], order="id")

    def test_an_answer_in_the_place_of_the_receipt(self):
        self.support.automatic_answer = True
        before = self.answers()
        self.make_rule([], {"kind": "answer", "template_id": self.make_template().id})
        row = self.take(mail(date=None))
        log = self.answers() - before
        self.assertEqual(log.mapped("kind"), ["template"], row.why)
        self.assertEqual(log.outcome, "sent")
        self.assertIn("We are on it.", log.message_id.body)
        self.assertEqual(log.recipient, "marta@acorn-tests.example")

    def test_replies_are_answered_and_programs_never(self):
        self.take_ticket(mail(message_id="<answer@acorn-tests.example>"))
        self.make_rule([], {"kind": "answer", "template_id": self.make_template().id})
        reply = [("In-Reply-To", "<answer@acorn-tests.example>")]
        before = self.answers()
        self.take(mail(headers=reply))
        self.assertEqual((self.answers() - before).outcome, "sent")
        before = self.answers()
        row = self.take(mail(headers=[*reply, ("Auto-Submitted", "auto-generated")]))
        self.assertEqual((self.answers() - before).outcome, "withheld")
        self.assertEqual(row.state, "done")

    def test_a_template_that_is_gone_or_broken(self):
        template = self.make_template()
        rule = self.make_rule([], {"kind": "answer", "template_id": template.id})
        template.unlink()
        row = self.take(mail())
        self.assertEqual(row.state, "done")
        self.assertIn("rule_template_gone", self.codes(row))
        self.assertTrue(rule.fault)
        broken = self.make_template()
        with patch.object(type(broken), "_check_can_be_rendered", lambda *_arguments, **_: None):
            # broken by what it refers to, which is gone since it was saved
            broken.body_html = "<p t-out='object.nonsense'/>"
        rule = self.make_rule([], {"kind": "answer", "template_id": broken.id}, sequence=1)
        row = self.take(mail())
        self.assertEqual(row.state, "done")
        self.assertTrue(row.ticket_ids)
        self.assertIn("automatic_withheld_template", self.codes(row))
        self.assertTrue(rule.fault)

    # ------------------------------------------------------------
    # SERVER ACTIONS
    # ------------------------------------------------------------

    def test_a_server_action_with_the_rights_of_who_saved_it(self):
        action = self.make_server_action(
            "record.write({'partner_name': '%s %s %s' % (env.uid, env.su, records.ids)})"
        )
        rule = self.rule_of_manager({"kind": "server_action", "server_action_id": action.id})
        self.assertEqual(rule.action_ids.run_as_id, self.manager)
        row = self.take(mail())
        ticket = row.ticket_ids
        self.assertEqual(ticket.partner_name, f"{self.manager.id} False [{ticket.id}]", row.why)
        self.assertIn("rule_server_action_done", self.codes(row))

    def test_it_may_not_more_than_who_saved_it(self):
        action = self.make_server_action("env['ir.config_parameter'].set_param('x', 'y')")
        rule = self.rule_of_manager(
            {"kind": "server_action", "server_action_id": action.id},
            {"kind": "set", "priority": "3"},
        )
        row = self.take(mail())
        self.assertEqual(row.state, "done")
        self.assertEqual(row.ticket_ids.priority, "3")
        self.assertIn("rule_server_action_failed", self.codes(row))
        self.assertTrue(rule.fault)

    def test_what_fails_undoes_itself_only(self):
        action = self.make_server_action(
            "record.write({'partner_name': 'half'})\nraise UserError('no %s' % record.id)"
        )
        rule = self.rule_of_manager({"kind": "server_action", "server_action_id": action.id})
        rows = self.take_batch(*(mail(subject=str(each)) for each in range(12)))
        self.assertEqual(set(rows.mapped("state")), {"done"})
        self.assertEqual(len(rows.ticket_ids), 12)
        self.assertNotIn("half", rows.ticket_ids.mapped("partner_name"))
        # one error in other words
        self.assertEqual(len(rule.fault), 1)

    def test_whoever_changes_the_condition_answers_for_it(self):
        action = self.make_server_action("record.write({'partner_name': env.user.login})")
        rule = self.rule_of_manager({"kind": "server_action", "server_action_id": action.id})
        second = self.make_user("rule-second", "helpdesk_mgmt.group_helpdesk_manager")
        rule.with_user(second).write({"domain": "[('fact_size_kb', '>', 0)]"})
        self.assertEqual(rule.action_ids.run_as_id, second)
        second.active = False
        row = self.take(mail())
        self.assertIn("rule_server_action_nobody", self.codes(row))
        rule.with_user(self.manager).action_ids.write({"sequence": 3})
        self.assertEqual(rule.action_ids.run_as_id, second)
        rule.with_user(self.manager).action_ids.write({"run_as_id": 1})
        self.assertEqual(rule.action_ids.run_as_id, self.manager)

    def test_never_with_all_rights(self):
        action = self.make_server_action("record.write({'partner_name': 'all'})")
        self.make_rule([], {"kind": "server_action", "server_action_id": action.id})
        row = self.take(mail())
        self.assertNotEqual(row.ticket_ids.partner_name, "all")
        self.assertIn("rule_server_action_nobody", self.codes(row))

    def test_only_what_is_released(self):
        action = self.make_server_action("pass", helpdesk_released=False)
        with self.assertRaises(ValidationError):
            self.rule_of_manager({"kind": "server_action", "server_action_id": action.id})
        self.assertFalse(self.env["ir.actions.server"].with_user(self.manager).search([]) & action)
        action.helpdesk_released = True
        self.assertIn(action, self.env["ir.actions.server"].with_user(self.manager).search([]))
        with self.assertRaises(AccessError):
            action.with_user(self.manager).helpdesk_released = False
        with self.assertRaises(AccessError):
            action.with_user(self.manager).read(["code"])
        rule = self.rule_of_manager({"kind": "server_action", "server_action_id": action.id})
        action.helpdesk_released = False
        row = self.take(mail())
        self.assertIn("rule_server_action_gone", self.codes(row))
        self.assertTrue(rule.fault)
        with self.assertRaises(ValidationError):
            action.write({"state": "multi", "helpdesk_released": True})

    # ------------------------------------------------------------
    # SPAM
    # ------------------------------------------------------------

    def test_spam_blocks_its_sender(self):
        self.make_rule([("fact_subject", "ilike", "prize")], "spam")
        row = self.take(mail(subject="Your PRIZE", from_="Win <win@spam-tests.example>"))
        self.assertEqual(row.state, "ignored")
        self.assertFalse(row.ticket_ids)
        self.assertIn("rule_sender_blocked", self.codes(row))
        row = self.take(mail(subject="Hello", from_="win@spam-tests.example"))
        self.assertEqual(row.state, "ignored")
        self.assertIn("decide_blocked", self.codes(row))
