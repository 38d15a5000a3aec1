# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import Form
from odoo.tools import SQL

from ..mailflow.note import note
from .common import mail
from .test_scanner_rule import RuleCase
from .test_team_leader import TeamLeaderCase


class TestScannerRuleScreens(RuleCase, TeamLeaderCase):
    """What the screens say of rules."""

    def test_the_form(self):
        Rule = self.env["helpdesk.scanner.rule"].with_user(self.manager)
        with Form(Rule) as form:
            form.name = "Orders"
            form.domain = "[('fact_subject', 'ilike', 'order')]"
            with form.action_ids.new() as action:
                action.kind = "route_team"
                action.team_id = self.back
            with form.action_ids.new() as action:
                action.kind = "set"
                action.priority = "2"
        rule = form.record
        self.assertEqual(rule.action_ids.mapped("kind"), ["route_team", "set"])
        with Form(rule.with_user(self.leader_of_back)) as form, self.assertRaises(AssertionError):
            form.name = "Mine"
        with Form(Rule.with_user(self.leader)) as form:
            form.name = "Of my team"
            self.assertEqual(form.team_id, self.team)

    def test_values_of_an_action(self):
        Rule = self.env["helpdesk.scanner.rule"].with_user(self.manager)
        with Form(Rule) as form:
            form.name = "Orders"
            with form.action_ids.new() as action:
                action.kind = "ticket"
                with action.value_ids.new() as value:
                    self.assertFalse([x for x in value.fields_offered if "contact." in x])
                    value.field_name = "ticket.priority"
                    self.assertIn("ticket.priority:2", value.choices_offered)
                    self.assertTrue(all("priority" in each for each in value.choices_offered))
                    value.choice = "ticket.priority:2"
                with action.value_ids.new() as value:
                    value.field_name = "ticket.name"
                    value.text = "Order: {subject}"
            with form.action_ids.new() as action:
                action.kind = "contact"
                with action.value_ids.new() as value:
                    self.assertTrue(all("contact." in each for each in value.fields_offered))
                    value.field_name = "contact.function"
                    value.text = "Buyer"
        summary = form.record.action_summary
        self.assertIn("Priority High", summary)
        self.assertIn("Order: {subject}", summary)

    def test_views_load(self):
        for user in (self.manager, self.leader, self.agent):
            for name in ("helpdesk.scanner.rule", "helpdesk.scanner.pattern"):
                model = self.env[name].with_user(user)
                model.get_views([(False, kind) for kind in ("list", "kanban", "form", "search")])
                model.search([])
                model.web_search_read([], {"display_name": {}})

    def test_a_leader_finds_the_rules_of_the_team(self):
        rule = self.make_rule([], "hold", team_id=self.team.id)
        other = self.make_rule([], "hold", team_id=self.back.id)
        action = self.team.with_user(self.leader).action_open_scanner_rules()
        Rule = rule.with_user(self.leader).with_context(**action["context"])
        found = Rule.search(action["domain"])
        self.assertIn(rule, found)
        self.assertNotIn(other, found)
        self.assertEqual(Form(Rule).team_id, self.team)

    def test_conditions_in_words(self):
        tag = self.env["res.partner.category"].create({"name": "Gold"})
        for domain, words in (
            ([], "All mail"),
            ([("fact_subject", "ilike", "x")], "Subject (text) contains “x”"),
            ([("fact_subject", "=ilike", "x%")], "Subject (text) starts with “x”"),
            ([("fact_from", "=ilike", "%x")], "From (address) ends with “x”"),
            ([("fact_from", "not ilike", "x")], "From (address) does not contain “x”"),
            ([("fact_cc", "=", False)], "Cc (address or name) is not set"),
            ([("fact_automatic", "=", True)], "Automatic: yes"),
            ([("fact_automatic", "!=", True)], "Automatic: no"),
            ([("kind", "in", ["list", "bounce"])], "Kind is List or bulk mail or Bounce"),
            ([("fact_size_kb", ">=", 20)], "Size (kB) is at least 20"),
            ([("contact_tag_ids", "in", tag.ids)], "Contact's tags is Gold"),
            (
                ["|", ("fact_hour", "<", 8), "&", ("fact_hour", ">", 17), ("kind", "=", "list")],
                "Arrival hour is less than 8 or (Arrival hour is greater than 17 and Kind is"
                " List or bulk mail)",
            ),
        ):
            with self.subTest(domain=domain):
                rule = self.make_rule(domain)
                self.assertEqual(rule.condition_summary, words)

    def test_what_a_reader_may_not_see_is_not_named(self):
        contact = self.make_contact("Secret", "s@acorn-tests.example")
        rule = self.make_rule([("contact_id", "in", contact.ids)], "hold")
        contact.company_id = self.other_company
        rule.invalidate_recordset()
        summary = rule.with_user(self.manager).condition_summary
        self.assertNotIn("Secret", summary)
        self.assertIn("may not see", summary)

    def test_actions_in_words(self):
        tag = self.env["helpdesk.ticket.tag"].create({"name": "Urgent"})
        rule = self.make_rule(
            [],
            {"kind": "ticket", "match_by": "subject"},
            {"kind": "set", "priority": "2", "tag_ids": [(6, 0, tag.ids)]},
            {"kind": "route_agent", "user_id": self.agent.id},
            {"kind": "move", "folder_name": "Done", "create_folder": True},
        )
        for words in (
            "same subject and requester",
            "Set tags and priority: tags Urgent, priority High",
            f"Route to agent: {self.agent.name}",
            "Move to folder: Done, created if missing",
        ):
            self.assertIn(words, rule.action_summary)
        self.assertEqual(rule.where_summary, "Everywhere")
        self.assertFalse(any(rule.action_ids.mapped("warning")))
        rule.action_ids[0].write({"match_by": "both", "look_in": "source", "of_strangers": True})
        warning = rule.action_ids[0].warning
        self.assertIn("whole source", warning)
        self.assertIn("gets into the conversation", warning)

    def test_what_contradicts_itself_is_refused(self):
        rule = self.make_rule([], "ignore")
        for kinds in (
            ("ignore", "ticket"),
            ("hold", "spam"),
            ("seen", "unseen"),
            ("move", "delete"),
        ):
            with self.subTest(kinds=kinds), self.assertRaises(ValidationError):
                self.make_rule([], *kinds)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.env["helpdesk.scanner.rule.action"].create({"rule_id": rule.id, "kind": "hold"})
        # at once: the one goes, the other comes
        action = rule.action_ids
        rule.write({"action_ids": [(0, 0, {"kind": "hold"}), (2, action.id)]})
        self.assertEqual(rule.action_ids.kind, "hold")

    def test_a_copy_is_switched_off(self):
        rule = self.make_rule([], "hold", "seen")
        copy = rule.copy()
        self.assertFalse(copy.active)
        self.assertEqual(copy.name, "Rule (copy)")
        self.assertEqual(copy.action_ids.mapped("kind"), ["hold", "seen"])

    # statistics

    def test_matches_are_counted(self):
        rule = self.make_rule([("fact_subject", "ilike", "printer")], "hold", name="Printers")
        self.assertEqual((rule.match_count, rule.last_match), (0, False))
        row = self.take(mail())
        self.take(mail())
        self.take(mail(subject="Other"))
        self.assertEqual(rule.match_count, 2)
        self.assertTrue(rule.last_match)
        found = self.env["helpdesk.incoming.mail"].search(rule.action_open_matches()["domain"])
        self.assertEqual(len(found), 2)
        self.assertIn(row, found)
        self.assertEqual(row.with_user(self.manager).rule_ids, rule)
        self.assertIn(row, row.search([("rule_ids", "ilike", "printers")]))
        self.assertFalse(
            row.with_user(self.agent).sudo(False).search([("rule_ids", "in", rule.ids)])
        )
        rule.active = False
        self.assertEqual(row.rule_ids, rule)
        row.unlink()
        self.assertEqual(rule.match_count, 1)

    def test_a_fault_is_told_and_mended(self):
        rule = self.make_rule([], "hold")
        rule._report_fault(note("rule_folder_gone", rule=rule.name))
        self.assertTrue(rule.fault_text)
        found = rule.search([("fault_date", "!=", False)])
        self.assertIn(rule, found)
        rule.with_user(self.manager).action_mended()
        self.assertFalse(rule.fault_text)
        self.assertFalse(rule.fault_date)

    # hints

    def hint(self, rule):
        rule.invalidate_recordset(["hint"])
        return rule.hint or ""

    def test_hidden_by_an_earlier_rule(self):
        later = self.make_rule(
            [("fact_subject", "ilike", "newsletter"), ("fact_size_kb", ">", 5)],
            "ignore",
            name="Later",
            sequence=20,
            alias_ids=[(6, 0, self.support.ids)],
        )
        hides = (
            {"domain": []},
            {"domain": [("fact_size_kb", ">", 5)]},
            {"domain": [("fact_subject", "ilike", "newsletter")]},
            {"domain": [("fact_subject", "ilike", "NEWS")]},
            {"domain": [("fact_size_kb", ">", 5), ("fact_subject", "ilike", "newsletter")]},
            {"domain": ["|", ("fact_size_kb", ">", 5), ("kind", "=", "list")]},
            {"domain": [], "alias_ids": [(6, 0, (self.support | self.queue_of_all).ids)]},
        )
        does_not = (
            {"domain": [], "stop": False},
            {"domain": [], "active": False},
            {"domain": [], "sequence": 30},
            {"domain": [], "team_id": self.team.id},
            {"domain": [], "alias_ids": [(6, 0, self.queue_of_all.ids)]},
            {"domain": [("fact_size_kb", ">", 6)]},
            {"domain": [("fact_subject", "ilike", "newsletters")]},
            {"domain": [("fact_subject", "not ilike", "newsletter")]},
            {"domain": [("fact_size_kb", ">", 5), ("kind", "=", "list")]},
        )
        earlier = self.make_rule([], "hold", name="Earlier", sequence=5)
        start = {"stop": True, "active": True, "sequence": 5, "team_id": False, "alias_ids": [(5,)]}
        for values, hidden in [(each, True) for each in hides] + [
            (each, False) for each in does_not
        ]:
            with self.subTest(values=values):
                earlier.write({**start, **values, "domain": repr(values["domain"])})
                self.assertEqual("Earlier" in self.hint(later), hidden)
        # a rule for reports is reached, since the earlier one is not asked about them
        earlier.write({**start, "domain": "[]"})
        later.domain = repr([("kind", "=", "bounce")])
        self.assertNotIn("Earlier", self.hint(later))

    def test_never_matches(self):
        rule = self.make_rule([("fact_subject", "ilike", "unicorn")], "hold")
        impossible = self.make_rule([(0, "=", 1)], "hold")
        self.assertIn("never match", self.hint(impossible))
        self.env.flush_all()
        then = fields.Datetime.now() - timedelta(days=20)
        self.env.cr.execute(
            SQL("UPDATE helpdesk_scanner_rule SET write_date = %s WHERE id = %s", then, rule.id)
        )
        rule.invalidate_recordset()
        self.assertFalse(self.hint(rule))
        self.take(mail())
        self.assertIn("matched nothing", self.hint(rule))
        elsewhere = self.make_alias("Elsewhere", "elsewhere")
        self.env.cr.execute(
            SQL(
                "INSERT INTO helpdesk_scanner_rule_alias_rel (rule_id, alias_id) VALUES (%s, %s)",
                rule.id,
                elsewhere.id,
            )
        )
        rule.invalidate_recordset()
        self.assertFalse(self.hint(rule))

    def test_actions_without_effect(self):
        rule = self.make_rule([])
        self.assertIn("no actions", self.hint(rule))
        rule.action_ids = [(0, 0, {"kind": "ignore"}), (0, 0, {"kind": "set", "priority": "1"})]
        self.assertIn("no effect", self.hint(rule))
        rule.action_ids = [(5,), (0, 0, {"kind": "route_team"})]
        self.assertIn("not filled in", self.hint(rule))
        rule.action_ids.team_id = self.back
        self.assertFalse(self.hint(rule))

    def test_hints_do_not_cost_more_for_more_rules(self):
        Rule = self.env["helpdesk.scanner.rule"]

        def queries(count):
            Rule.search([]).unlink()
            for number in range(count):
                self.make_rule([("fact_subject", "ilike", f"x{number}")], "hold")
            self.env.flush_all()
            self.env.invalidate_all()
            shown = "hint", "match_count", "condition_summary", "action_summary", "where_summary"
            spec = {name: {} for name in shown}
            before = self.env.cr.sql_log_count
            Rule.web_search_read([], spec)
            return self.env.cr.sql_log_count - before

        self.assertLessEqual(queries(30), queries(3) + 3)


class TestScannerRuleGone(RuleCase):
    """Conditions that name a record which is gone."""

    def test_the_rule_says_so(self):
        tags = self.env["res.partner.category"].create([{"name": "Red"}, {"name": "Blue"}])
        sales = self.make_alias("Sales", "sales")
        conditions = (
            [("contact_tag_ids", "not in", tags.ids), ("fact_subject", "ilike", "x")],
            ["|", ("alias_ids", "=", sales.id), ("contact_tag_ids", "in", tags[0].ids)],
            [("contact_tag_ids", "in", tags[1].ids), ("contact_id", "=", False)],
            [("fact_size_kb", ">", 5)],
        )
        rules = self.env["helpdesk.scanner.rule"].union(
            *(self.make_rule(each, "ignore", stop=False) for each in conditions)
        )
        self.assertFalse(any(rules.mapped("hint")), rules.mapped("hint"))
        tags[0].unlink()
        sales.unlink()
        rules.invalidate_recordset()
        self.assertIn("something that was deleted: Contact's tags.", rules[0].hint)
        self.assertIn("deleted: Support aliases, Contact's tags.", rules[1].hint)
        self.assertFalse(rules[2].hint)
        self.assertFalse(rules[3].hint)


class TestScannerRuleExamples(RuleCase):
    """Ready examples: switched off, and each works once it is switched on."""

    def example(self, key, company=None):
        company = company or self.company
        return (
            self.env["helpdesk.scanner.rule"]
            .with_context(active_test=False)
            .search([("example", "=", key), ("company_id", "=", company.id)])
        )

    def test_each_company_has_them(self):
        keys = set(self.env["helpdesk.scanner.rule"]._examples())
        company = self.make_company("Newcomer")
        for each in (self.company, company):
            rules = self.env["helpdesk.scanner.rule"].with_context(active_test=False)
            rules = rules.search([("example", "!=", False), ("company_id", "=", each.id)])
            self.assertEqual(set(rules.mapped("example")), keys)
            self.assertFalse(any(rules.mapped("active")))
            self.assertTrue(all(rules.mapped("note")))
        rules[0].unlink()
        rules._give_each_company_examples(company)
        self.assertEqual(len(rules.exists()), len(keys) - 1)

    def test_no_example_becomes_one_for_all_mail(self):
        self.env.ref("helpdesk_mailflow.partner_category_vip").unlink()
        examples = self.env["helpdesk.scanner.rule"]._examples()
        self.assertTrue(examples)
        self.assertFalse([key for key, each in examples.items() if each["domain"] == "[]"])
        company = self.make_company("Newcomer")
        self.assertFalse(self.example("vip", company))
        self.assertTrue(self.example("newsletter", company))

    def test_none_needs_anything(self):
        for key in self.env["helpdesk.scanner.rule"]._examples():
            rule = self.example(key)
            rule.active = True
            self.assertFalse(rule.hint, key)
            rule.active = False

    def test_newsletters(self):
        self.example("newsletter").active = True
        lists = [
            ("List-Id", "<news.acorn-tests.example>"),
            ("List-Unsubscribe", "<mailto:u@a.example>"),
        ]
        self.assertEqual(self.take(mail(headers=lists)).state, "ignored")
        self.take_ticket(mail())

    def test_out_of_office(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        count = len(ticket.message_ids)
        self.example("out_of_office").active = True
        row = self.take(
            mail(
                subject="Out of office",
                headers=[
                    ("Auto-Submitted", "auto-replied"),
                    ("In-Reply-To", "<first@acorn-tests.example>"),
                ],
            )
        )
        self.assertEqual(row.state, "ignored", row.why)
        self.assertEqual(len(ticket.message_ids), count)
        self.take_ticket(mail(subject="Out of office chair"))

    def test_invoices(self):
        rule = self.example("invoice")
        rule.active = True
        pdf = ("application/pdf", b"%PDF-1.4")
        for name in ("Invoice-17.pdf", "RECHNUNG 4.pdf", "Счет 5.pdf"):
            with self.subTest(name=name):
                row = self.take(mail(attachments=[(name, *pdf)]))
                self.assertEqual(row.rule_ids, rule)
                self.assertEqual(row.state, "done")
                self.assertEqual(len(row.ticket_ids), 1)
        for attachment in (("Letter.pdf", *pdf), ("invoice.png", "image/png", b"x")):
            self.assertFalse(self.take(mail(attachments=[attachment])).rule_ids)

    def test_important_customers(self):
        rule = self.example("vip")
        rule.active = True
        vip = self.env.ref("helpdesk_mailflow.partner_category_vip")
        self.make_contact("Vera", "vera@acorn-tests.example", category_id=[(6, 0, vip.ids)])
        row = self.take(mail(from_="vera@acorn-tests.example"))
        self.assertEqual(row.rule_ids, rule)
        self.assertFalse(self.take(mail()).rule_ids)
        if hasattr(type(self.env["helpdesk.intake.rules"]), "_apply_set"):
            self.assertEqual(row.ticket_ids.priority, "2")

    def test_monitoring_alerts(self):
        if not hasattr(type(self.env["helpdesk.intake.rules"]), "_apply_ticket"):
            self.skipTest("tickets are not updated by rules yet")
        self.example("monitoring").active = True
        alert = {
            "subject": "PROBLEM: disk full on db1",
            "from_": "monitor@acorn-tests.example",
            "headers": [("Auto-Submitted", "auto-generated")],
        }
        ticket = self.take_ticket(mail(**alert))
        row = self.take(mail(**alert))
        self.assertEqual(row.ticket_ids, ticket, row.why)
        other = self.take_ticket(mail(**{**alert, "subject": "PROBLEM: db2"}))
        self.assertNotEqual(other, ticket)
        person = self.take_ticket(mail(subject=alert["subject"]))
        self.assertNotEqual(person, ticket)
        closed = self.env["helpdesk.ticket.stage"].search([("closed", "=", True)], limit=1)
        ticket.stage_id = closed
        self.assertNotEqual(self.take_ticket(mail(**alert)), ticket)
