# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import BrowserCase, mail
from .test_try_rule import TryCase

MODULE = "odoo.addons.helpdesk_mailflow.wizards.helpdesk_rule_replay"


class TestRuleReplay(TryCase):
    """*What would have been different*."""

    def replay(self, user=None, **values):
        replay = self.env["helpdesk.rule.replay"].with_user(user or self.env.user).create(values)
        replay.action_start()
        while replay.run_on()["state"] == "running":
            pass
        return replay

    def test_nothing_if_nothing_changed(self):
        self.make_rule([("fact_subject", "ilike", "newsletter")], "ignore")
        self.make_rule([("fact_subject", "ilike", "hold")], "hold")
        first = self.take(mail(message_id="<first@acorn-tests.example>"))
        self.take(mail(headers=[("In-Reply-To", "<first@acorn-tests.example>")]))
        self.take(mail(message_id="<first@acorn-tests.example>"))
        self.take(mail(subject="Newsletter"))
        self.take(mail(subject="On hold"))
        self.take(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.make_alias("Sales", "sales")
        self.take(mail(to="support@mailflow.test, sales@mailflow.test"))
        self.assertEqual(first.state, "done")
        replay = self.replay()
        self.assertEqual(replay.state, "done")
        self.assertFalse(replay.line_ids, replay.line_ids.mapped("now"))
        self.assertEqual((replay.looked_at, replay.total), (7, 7))

    def test_what_new_rules_change(self):
        rule = self.make_rule([("fact_subject", "ilike", "newsletter")], "ignore", name="News")
        ignored = self.take(mail(subject="Newsletter"))
        ticket = self.take(mail(subject="Toner"))
        same = self.take(mail(subject="Printer"))
        rule.active = False
        self.make_rule([("fact_subject", "ilike", "toner")], "hold", name="Toner")
        self.make_rule([("fact_subject", "ilike", "printer")], name="Printer")
        replay = self.env["helpdesk.rule.replay"].create({})
        replay.action_start()
        with self.nothing_happens():
            replay.run_on()
        lines = {line.mail_id: line for line in replay.line_ids}
        self.assertEqual(lines.keys(), {ignored, ticket, same})
        self.assertEqual((lines[ignored].was, lines[ignored].now), ("Ignored", "New ticket"))
        self.assertEqual((lines[ignored].rules_were, lines[ignored].rules_now), ("News", ""))
        self.assertEqual((lines[ticket].now, lines[ticket].rules_now), ("Held", "Toner"))
        self.assertEqual(lines[same].difference, "other_rules")
        self.assertEqual((replay.different, replay.other_rules), (2, 1))
        self.assertIn("2 would have another outcome", replay.summary)
        action = lines[ticket].action_trace()
        shown = self.env[action["res_model"]].browse(action["res_id"])
        self.assertIn("Toner", str(shown.would_be))
        self.assertTrue(str(shown.was))

    def test_mails_of_which_one_joins_the_ticket_of_the_other(self):
        first, second = self.take_batch(mail(subject="Disk full"), mail(subject="Disk full"))
        tickets = first.ticket_ids | second.ticket_ids
        tickets.stage_id = self.env["helpdesk.ticket.stage"].search([("closed", "=", True)])[:1]
        rule = self.make_rule(
            [], {"kind": "ticket", "match_by": "subject", "same_subject_of": "requester"}
        )
        line = self.replay().line_ids.filtered(lambda each: each.difference == "different")
        self.assertEqual(line.mail_id, second)
        self.assertIn("New ticket", line.was)
        self.assertIn("Joins the ticket that “Disk full” of ", line.now)
        self.assertEqual(line.joins_mail_id, first)
        action = line.action_trace()
        shown = self.env[action["res_model"]].browse(action["res_id"])
        self.assertIn("Joins the ticket", str(shown.would_be))
        # which is what happens
        row = self.take_batch(mail(subject="Tape full"), mail(subject="Tape full"))
        self.assertEqual(len(row.ticket_ids), 1)
        row.ticket_ids.stage_id = tickets.stage_id
        lines = self.replay().line_ids
        self.assertFalse(lines.filtered(lambda each: each.mail_id in row), lines.mapped("now"))
        rule.active = False
        lines = self.replay().line_ids.filtered(lambda each: each.difference == "different")
        self.assertEqual((lines.mail_id, lines.now), (row[1], "New ticket"))

    def test_piece_by_piece_and_stopped(self):
        rows = self.env["helpdesk.incoming.mail"].union(
            *(self.take(mail(subject=f"Mail {number}")) for number in range(5))
        )
        self.make_rule([], "hold")
        replay = self.env["helpdesk.rule.replay"].create({})
        replay.action_start()
        with patch(f"{MODULE}.BATCH", 2), patch(f"{MODULE}.SECONDS", 0):
            self.assertEqual(replay.run_on(), {"state": "running", "looked_at": 2, "total": 5})
            replay.action_stop()
            self.assertEqual(replay.run_on()["looked_at"], 2)
            replay.action_continue()
            replay.run_on()
            # what comes in meanwhile is no part of it
            self.take(mail())
            replay.run_on()
            self.assertEqual(replay.run_on()["state"], "done")
        self.assertEqual(replay.line_ids.mail_id, rows)
        self.assertEqual(replay.different, 5)

    def test_what_cannot_be_told_is_counted(self):
        gone, bad, other = self.take(mail()), self.take(mail(subject="Bad")), self.take(mail())
        self.env["helpdesk.incoming.mail.source"].search([("mail_id", "=", gone.id)]).unlink()
        self.make_rule([], "hold")
        decide = type(self.env["helpdesk.intake.decide"])
        decided = decide._decide_one

        def fail(model, verdict):
            if verdict.entry.mail.subject == "Bad":
                raise ValueError("bad")
            return decided(model, verdict)

        self.patch(decide, "_decide_one", fail)
        replay = self.replay()
        self.assertEqual((replay.gone, replay.failed, replay.different), (1, 1, 1))
        self.assertEqual(replay.line_ids.mail_id, other)
        self.assertTrue(bad.exists())

    def test_only_so_many_are_listed(self):
        for number in range(3):
            self.take(mail(subject=f"Mail {number}"))
        self.make_rule([], "hold")
        with patch(f"{MODULE}.MOST_LINES", 2):
            replay = self.replay()
            self.assertEqual((len(replay.line_ids), replay.different), (2, 3))
            self.assertIn("The newest 2", replay.summary)

    def test_only_of_the_period_and_the_company(self):
        row = self.take(mail())
        row.received_at = "2026-01-15 10:00:00"
        self.make_rule([], "hold")
        self.assertFalse(self.replay(date_from="2026-01-16", date_to="2026-01-20").line_ids)
        self.assertTrue(self.replay(date_from="2026-01-15", date_to="2026-01-15").line_ids)
        with self.assertRaises(ValidationError):
            self.replay(date_from="2026-01-16", date_to="2026-01-15")
        other = self.make_company("Other")
        manager = self.make_user("boss", "helpdesk_mgmt.group_helpdesk_manager")
        with self.assertRaises(UserError):
            self.replay(manager, company_id=other.id)
        agent = self.make_user("agent", "helpdesk_mgmt.group_helpdesk_user_team")
        with self.assertRaises(AccessError):
            self.env["helpdesk.rule.replay"].with_user(agent).create({})


@tagged("post_install", "-at_install")
class TestRuleReplayTour(BrowserCase, TryCase):
    def test_rule_replay_tour(self):
        for number in range(3):
            self.take(mail(subject=f"Printer {number}"))
        self.make_rule([("fact_subject", "ilike", "printer")], "hold", name="Printers wait")
        self.start_tour("/odoo", "helpdesk_mailflow_rule_replay", login="admin")
