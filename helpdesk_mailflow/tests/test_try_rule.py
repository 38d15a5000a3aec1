# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import base64
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2.errors

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from odoo.addons.mail.models.mail_thread import MailThread

from .common import mail
from .test_scanner_rule import RuleCase


class TryCase(RuleCase):
    """A rule's form, as the browser sends it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Rule = cls.env["helpdesk.scanner.rule"]

    def changes(self, domain, *actions, **values):
        """Values of a form that is not saved."""
        actions = [each if isinstance(each, dict) else {"kind": each} for each in actions]
        commands = [(0, f"virtual_{number}", each) for number, each in enumerate(actions)]
        return {"name": "Tried", "domain": repr(domain), "action_ids": commands, **values}

    def try_source(self, changes, raw, rule=False):
        return self.Rule.try_on(rule, changes, {"source": base64.b64encode(raw).decode()})

    def sentences(self, result):
        return " ".join(text for step in result["steps"] for text in step["sentences"])

    @contextmanager
    def nothing_happens(self):
        """Fails if anything is written, drawn from a sequence, or sent."""
        tables = (
            "helpdesk_ticket",
            "helpdesk_incoming_mail",
            "helpdesk_incoming_mail_delivery",
            "helpdesk_scanner_rule",
            "helpdesk_scanner_rule_action",
            "helpdesk_scanner_rule_match",
            "mail_message",
            "mail_mail",
            "res_partner",
        )
        self.env.flush_all()

        def state():
            found = []
            for table in tables:
                self.env.cr.execute(f"SELECT count(*), max(xmin::text::bigint) FROM {table}")
                found.append((table, self.env.cr.fetchone()))
            self.env.cr.execute(
                "SELECT sequencename, last_value FROM pg_sequences"
                " WHERE sequencename NOT LIKE 'helpdesk_rule_replay%' ORDER BY 1"
            )
            return found, self.env.cr.fetchall()

        before = state()
        with self.sent_mails() as sent, patch.object(MailThread, "message_post") as posted:
            yield
        self.env.flush_all()
        self.assertEqual(state(), before)
        self.assertFalse(sent)
        posted.assert_not_called()


class TestTryRule(TryCase):
    """*Try it*: the intake without its last step."""

    def test_what_is_tried_cannot_write(self):
        trial = self.env["helpdesk.intake.trial"]
        partner = self.make_contact("Marta", "marta@acorn-tests.example")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.ReadOnlySqlTransaction),
            trial._read_only(),
        ):
            partner.name = "Written"
        self.assertEqual(partner.name, "Marta")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.ReadOnlySqlTransaction),
            trial._read_only(),
        ):
            self.env["ir.sequence"].next_by_code("helpdesk.ticket.sequence")
        # and afterwards again
        partner.name = "Written"
        self.env.flush_all()

    def test_the_trace_of_a_mail_that_is_not_here(self):
        changes = self.changes([("fact_subject", "ilike", "printer")], "seen", "ignore")
        with self.nothing_happens():
            result = self.try_source(changes, mail())
        self.assertTrue(result["matched"])
        self.assertEqual(result["outcome"], "Ignored")
        self.assertEqual(result["problems"], [])
        self.assertIn("Tried", self.sentences(result))
        self.assertIn("Marks it as read.", self.sentences(result))
        with self.nothing_happens():
            result = self.try_source(changes, mail(subject="Toner"))
        self.assertFalse(result["matched"])
        self.assertEqual(result["outcome"], "New ticket")
        self.assertIn("Opens a ticket for the support alias Support.", self.sentences(result))

    def test_all_of_it_in_a_read_only_transaction(self):
        rule = self.make_rule([], "hold")
        row = self.take(mail())
        self.env.flush_all()
        with self.env.cr.savepoint():
            self.env.cr.execute("SET TRANSACTION READ ONLY")
            self.assertEqual(self.Rule.try_on(rule.id, {}, {"mail_id": row.id})["outcome"], "Held")
            result = self.Rule.preview(rule.id, {}, 7)
            self.assertEqual(result["count"], 1)
            self.assertEqual(self.Rule.count_matches("[]", self.company.id, 7)["count"], 1)

    def test_what_is_tried_is_what_happens(self):
        self.make_contact("Marta", "marta@acorn-tests.example")
        ticket = self.take_ticket(mail(subject="First", message_id="<first@acorn-tests.example>"))
        raws = (
            mail(subject="Newsletter"),
            mail(subject="Other"),
            mail(subject="Re: First", headers=[("In-Reply-To", "<first@acorn-tests.example>")]),
            mail(headers=[("Auto-Submitted", "auto-replied")]),
            mail(from_="Bo <bo@strangers.example>"),
            mail(to="nobody@elsewhere.example"),
        )
        self.make_rule([("fact_subject", "ilike", "newsletter")], "ignore")
        changes = self.changes([("fact_subject", "=", "Other")], "hold")
        with self.nothing_happens():
            told = [self.try_source(changes, raw) for raw in raws]
        self.Rule.create(changes)
        for raw, expected in zip(raws, told, strict=True):
            row = self.take_batch(raw)
            outcome = row.outcome.replace(row.ticket_ids.number or "-", "").strip()
            said = expected["outcome"].replace(ticket.number, "").strip()
            self.assertEqual(outcome, said)
            happened = [item for item in row.trace if item["step"] in ("read", "judge", "decide")]
            steps = [step for step in expected["steps"] if "ould" not in step["title"]]
            self.assertEqual(sum(len(step["sentences"]) for step in steps), len(happened), row.why)

    def test_a_mail_is_no_duplicate_of_itself(self):
        row = self.take(mail())
        ticket = row.ticket_ids
        result = self.Rule.try_on(False, self.changes([], "seen"), {"mail_id": row.id})
        self.assertEqual(result["outcome"], "New ticket")
        raw = mail(message_id="<again@acorn-tests.example>")
        self.take(raw)
        self.assertEqual(self.try_source(self.changes([], "seen"), raw)["outcome"], "New ticket")
        answer = self.take(mail(headers=[("References", raw and "<again@acorn-tests.example>")]))
        self.assertEqual(answer.delivery_ids.outcome, "reply")
        result = self.Rule.try_on(False, self.changes([], "seen"), {"mail_id": answer.id})
        self.assertIn("Added to ticket", result["outcome"])
        self.assertTrue(ticket.exists())

    def test_its_own_ticket_is_not_open_yet(self):
        self.make_contact("Marta", "marta@acorn-tests.example")
        row = self.take(mail())
        changes = self.changes([("fact_open_tickets", "=", True)], "hold")
        self.assertFalse(self.Rule.try_on(False, changes, {"mail_id": row.id})["matched"])
        second = self.take(mail(subject="Another"))
        self.assertTrue(self.Rule.try_on(False, changes, {"mail_id": second.id})["matched"])

    def test_changes_that_are_not_saved(self):
        rule = self.make_rule([("fact_subject", "ilike", "printer")], "ignore")
        row = self.take(mail())
        action = rule.action_ids
        for changes, outcome in (
            ({}, "Ignored"),
            ({"domain": "[('fact_subject', 'ilike', 'toner')]"}, "New ticket"),
            ({"action_ids": [(1, action.id, {"kind": "hold"})]}, "Held"),
            ({"action_ids": [(2, action.id, 0), (0, 0, {"kind": "hold"})]}, "Held"),
            ({"action_ids": [(2, action.id, 0)]}, "New ticket"),
        ):
            with self.subTest(changes=changes), self.nothing_happens():
                result = self.Rule.try_on(rule.id, changes, {"mail_id": row.id})
                self.assertEqual(result["outcome"], outcome)
        self.assertEqual(rule.action_ids.kind, "ignore")

    def test_tickets_of_its_own_are_not_joined(self):
        self.make_contact("Marta", "marta@acorn-tests.example")
        first = self.take(mail())
        second = self.take(mail(subject="Toner"))
        changes = self.changes([], "append")
        result = self.Rule.try_on(False, changes, {"mail_id": first.id})
        self.assertEqual(result["outcome"], f"Added to ticket {second.ticket_ids.number}")
        second.ticket_ids.active = False
        result = self.Rule.try_on(False, changes, {"mail_id": first.id})
        self.assertEqual(result["outcome"], "New ticket")

    def test_values_of_a_form_that_is_not_saved(self):
        pattern = self.env["helpdesk.scanner.pattern"].create(
            {"name": "Host", "operator": "regex", "text": r"on (?P<host>\w+)"}
        )
        value = {"field_name": "ticket.name", "text": "Alert of {host}"}
        action = {"kind": "new_ticket", "value_ids": [(0, "virtual_9", value)]}
        changes = self.changes([("pattern_ids", "in", pattern.ids)], action)
        with self.nothing_happens():
            result = self.try_source(changes, mail(subject="Down: disk on alpha"))
        self.assertEqual(result["problems"], [])
        self.assertIn("Alert of alpha", self.sentences(result))

    def test_in_its_place_among_the_others(self):
        self.make_rule([("fact_subject", "ilike", "printer")], "hold", name="First", sequence=5)
        row = self.take(mail())
        later = self.changes([], "ignore", sequence=9, active=False)
        result = self.Rule.try_on(False, later, {"mail_id": row.id})
        self.assertFalse(result["matched"])
        self.assertIn("First", " ".join(result["problems"]))
        sooner = self.changes([], "ignore", sequence=1, active=False)
        result = self.Rule.try_on(False, sooner, {"mail_id": row.id})
        self.assertTrue(result["matched"])
        self.assertEqual(result["outcome"], "Ignored")

    def test_what_cannot_be_tried_says_why(self):
        row = self.take(mail())
        for changes in (
            {"domain": "nonsense", "name": "x"},
            self.changes([("message_id", "=", "x")], "hold"),
            self.changes([("fact_subject", "ilike", "")], "hold"),
            self.changes([], "hold", scanner_ids=[(6, 0, [2**30])]),
            {"name": "x", "action_ids": "nonsense"},
            {"name": "x", "domain": 5},
        ):
            with self.subTest(changes=changes):
                result = self.Rule.try_on(False, changes, {"mail_id": row.id})
                self.assertTrue(result["problems"])
                self.assertFalse(result["matched"])
                self.assertEqual(self.Rule.preview(False, changes, 7)["count"], 0)
        changes = self.changes([], "hold")
        for source in ("", "%", base64.b64encode(b"\xff\xfe no mail").decode()):
            result = self.Rule.try_on(False, changes, {"source": source})
            self.assertTrue(result["problems"])
        self.assertTrue(self.Rule.count_matches("[", self.company.id, 7)["error"])

    def test_a_source_that_is_gone(self):
        row = self.take(mail())
        self.env["helpdesk.incoming.mail.source"].search([("mail_id", "=", row.id)]).unlink()
        result = self.Rule.try_on(False, self.changes([], "hold"), {"mail_id": row.id})
        self.assertIn("no longer kept", " ".join(result["problems"]))


class TestPreview(TryCase):
    """Which mails of the ledger a rule would match."""

    def test_count_and_list(self):
        rows = self.env["helpdesk.incoming.mail"].union(
            *(self.take(mail(subject=f"Printer {number}")) for number in range(3))
        )
        self.take(mail(subject="Toner"))
        condition = [("fact_subject", "ilike", "PRINTER")]
        result = self.Rule.preview(False, self.changes(condition, "hold"), 7)
        self.assertEqual([each["id"] for each in result["mails"]], rows.sorted("id").ids[::-1])
        self.assertEqual((result["count"], result["looked_at"], result["capped"]), (3, 4, False))
        self.assertEqual(result["mails"][0]["subject"], "Printer 2")
        result = self.Rule.count_matches(repr(condition), self.company.id, 7)
        self.assertEqual(result["count"], 3)
        self.assertIn("3 of the 4", result["sentence"])
        rows[0].received_at = "2020-01-01"
        self.assertEqual(self.Rule.count_matches(repr(condition), self.company.id, 7)["count"], 2)

    def test_only_where_the_rule_counts(self):
        sales = self.make_alias("Sales", "sales")
        self.take(mail())
        row = self.take(mail(to="sales@mailflow.test"))
        changes = self.changes([], "hold", alias_ids=[(6, 0, sales.ids)])
        result = self.Rule.preview(False, changes, 7)
        self.assertEqual([each["id"] for each in result["mails"]], row.ids)
        changes = self.changes([], "hold", team_id=self.team.id)
        self.assertEqual(self.Rule.preview(False, changes, 7)["count"], 1)
        self.take(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.assertEqual(self.Rule.preview(False, self.changes([], "hold"), 7)["count"], 2)

    def test_patterns_count_as_they_are_now(self):
        row = self.take(mail(headers=[("X-Priority", "1 (urgent)")]))
        self.take(mail())
        pattern = self.env["helpdesk.scanner.pattern"].create(
            {"name": "Urgent", "where": "header", "header_name": "x-priority", "text": "urgent"}
        )
        for condition, expected in (
            ([("pattern_ids", "in", pattern.ids)], row.ids),
            (["!", ("pattern_ids", "not in", pattern.ids)], row.ids),
            (["!", "|", ("pattern_ids", "not in", pattern.ids), ("kind", "=", "list")], row.ids),
            (
                ["!", "&", ("pattern_ids", "in", pattern.ids), ("fact_subject", "ilike", "burns")],
                [row.id + 1],
            ),
        ):
            with self.subTest(condition=condition):
                result = self.Rule.preview(False, self.changes(condition, "hold"), 7)
                self.assertEqual([each["id"] for each in result["mails"]], expected)
        pattern.text = "nothing"
        self.assertFalse(
            self.Rule.preview(False, self.changes([("pattern_ids", "in", pattern.ids)], "hold"), 7)[
                "mails"
            ]
        )

    def test_mails_that_were_never_read_are_told(self):
        row = self.take(mail())
        row.facts_read = False
        result = self.Rule.preview(False, self.changes([], "hold"), 7)
        self.assertEqual((result["count"], result["unread"]), (0, 1))

    def test_not_more_than_there_is_time_for(self):
        for number in range(4):
            self.take(mail(subject=f"Mail {number}"))
        module = "odoo.addons.helpdesk_mailflow.models.intake_trial"
        with patch(f"{module}.IN_SQL", 2), patch(f"{module}.MOST_MAILS", 3):
            result = self.Rule.preview(False, self.changes([], "hold"), 7)
            self.assertTrue(result["capped"])
        with patch(f"{module}.IN_SQL", 2), patch(f"{module}.SECONDS", -1):
            result = self.Rule.preview(False, self.changes([], "hold"), 7)
        self.assertEqual((result["count"], result["looked_at"], result["capped"]), (2, 2, True))


class TestWhoMayTry(TryCase):
    """Nobody reads by a trial what they may not read else."""

    def test_managers_of_the_company(self):
        row = self.take(mail())
        manager = self.make_user("boss", "helpdesk_mgmt.group_helpdesk_manager")
        Rule = self.Rule.with_user(manager)
        self.assertEqual(Rule.preview(False, self.changes([], "hold"), 7)["count"], 1)
        self.assertTrue(Rule.try_on(False, self.changes([], "hold"), {"mail_id": row.id})["steps"])
        other = self.make_company("Other")
        with self.assertRaises(AccessError):
            Rule.count_matches("[]", other.id, 7)
        stranger = self.make_user("boss2", "helpdesk_mgmt.group_helpdesk_manager", company=other)
        Rule = self.Rule.with_user(stranger)
        self.assertEqual(Rule.preview(False, self.changes([], "hold"), 7)["count"], 0)
        with self.assertRaises(AccessError):
            Rule.try_on(False, self.changes([], "hold"), {"mail_id": row.id})

    def test_leaders_of_the_team(self):
        leader = self.make_user("leader", "helpdesk_mgmt.group_helpdesk_user_team")
        self.team.write({"user_ids": [(4, leader.id)], "user_id": leader.id})
        row = self.take(mail())
        sales = self.make_alias("Sales", "sales")
        foreign = self.take(mail(to="sales@mailflow.test"))
        Rule = self.Rule.with_user(leader)
        changes = self.changes([], "hold", team_id=self.team.id)
        result = Rule.preview(False, changes, 7)
        self.assertEqual([each["id"] for each in result["mails"]], row.ids)
        self.assertEqual(Rule.count_matches("[]", self.company.id, 7)["count"], 1)
        self.assertTrue(Rule.try_on(False, changes, {"mail_id": row.id})["matched"])
        with self.assertRaises(AccessError):
            Rule.try_on(False, changes, {"mail_id": foreign.id})
        source = base64.b64encode(mail(to=sales.alias_id.alias_full_name)).decode()
        result = Rule.try_on(False, changes, {"source": source})
        self.assertEqual(result["steps"], [])
        self.assertTrue(result["problems"])

    def test_others_may_not(self):
        agent = self.make_user("agent", "helpdesk_mgmt.group_helpdesk_user_team")
        nobody = self.make_user("nobody", "base.group_user")
        for user in (agent, nobody):
            Rule = self.Rule.with_user(user)
            with self.assertRaises(AccessError):
                Rule.count_matches("[]", self.company.id, 7)
            with self.assertRaises(AccessError):
                Rule.preview(False, self.changes([], "hold"), 7)
            with self.assertRaises(AccessError):
                Rule.try_on(False, self.changes([], "hold"), {"source": "eA=="})

    def test_names_of_records_that_one_may_not_see(self):
        manager = self.make_user("boss", "helpdesk_mgmt.group_helpdesk_manager")
        other = self.make_company("Other")
        secret = self.make_contact("Secret", "secret@other.example", company_id=other.id)
        action = {"kind": "followers", "partner_ids": [(6, 0, secret.ids)]}
        result = self.Rule.with_user(manager).try_on(
            False,
            self.changes([], action),
            {"source": base64.b64encode(mail()).decode()},
        )
        self.assertNotIn("Secret", str(result))
        self.assertTrue(result["problems"])
