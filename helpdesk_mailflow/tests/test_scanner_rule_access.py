# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, UserError, ValidationError

from .common import mail
from .test_scanner_rule import RuleCase
from .test_team_leader import TeamLeaderCase

#: Columns of a value in a file.
VALUE = ("id", "field_name", "text", "choice", "record_ref", "on_create", "on_update", "sequence")


class RuleAccessCase(RuleCase, TeamLeaderCase):
    """Rules of a company, of two teams, and of another company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Rule = cls.env["helpdesk.scanner.rule"].with_context(active_test=False)
        values = {"domain": "[('fact_subject', 'ilike', 'x')]", "stop": False}
        cls.of_all, cls.of_team, cls.of_back, cls.of_there = cls.Rule.create(
            [
                {"name": "All", "action_ids": [(0, 0, {"kind": "hold"})], **values},
                {
                    "name": "Front",
                    "team_id": cls.team.id,
                    "action_ids": [
                        (0, 0, {"kind": "hold"}),
                        (0, 0, {"kind": "seen"}),
                    ],
                    **values,
                },
                {
                    "name": "Back",
                    "team_id": cls.back.id,
                    "action_ids": [(0, 0, {"kind": "hold"})],
                    **values,
                },
                {
                    "name": "There",
                    "company_id": cls.other_company.id,
                    "action_ids": [(0, 0, {"kind": "hold"})],
                    **values,
                },
            ]
        )
        cls.rules = cls.of_all | cls.of_team | cls.of_back | cls.of_there

    def seen_by(self, user, records=None):
        records = self.rules if records is None else records
        return records.browse(
            records.with_user(user).search([("id", "in", records.ids)]).ids
        ).mapped("name" if records._name != "helpdesk.scanner.rule.action" else "rule_id.name")

    def make_scanner(self, alias):
        return self.env["fetchmail.server"].create(
            {
                "name": f"Mailbox of {alias.name}",
                "is_scanner": True,
                "server": "imap.mailflow.test",
                "user": alias.name,
                "company_id": alias.company_id.id,
                "default_alias_id": alias.id,
            }
        )


class TestScannerRuleAccess(RuleAccessCase):
    """Who reads and changes which rule."""

    def test_who_reads_which(self):
        self.assertEqual(set(self.seen_by(self.manager)), {"All", "Front", "Back"})
        self.assertEqual(set(self.seen_by(self.leader)), {"All", "Front"})
        self.assertEqual(set(self.seen_by(self.leader_of_back)), {"All", "Back"})
        self.assertEqual(self.seen_by(self.leader_there), ["There"])
        self.assertEqual(self.seen_by(self.agent), [])
        with self.assertRaises(AccessError):
            self.seen_by(self.employee)

    def test_actions_follow_their_rule(self):
        actions = self.rules.action_ids
        self.assertEqual(set(self.seen_by(self.leader, actions)), {"All", "Front"})
        self.assertEqual(self.seen_by(self.agent, actions), [])
        theirs = self.of_back.action_ids.with_user(self.leader)
        self.check_refused(theirs.write, {"kind": "ignore"})
        self.check_refused(self.of_all.action_ids.with_user(self.leader).unlink)
        self.check_refused(theirs.create, {"rule_id": self.of_back.id, "kind": "ignore"})
        self.of_team.action_ids[0].with_user(self.leader).kind = "ignore"

    def test_who_leads_no_team_any_more_sees_nothing(self):
        self.assertTrue(self.seen_by(self.leader))
        self.team.user_id = self.agent
        self.assertFalse(self.seen_by(self.leader))
        self.assertEqual(set(self.seen_by(self.agent)), {"All", "Front"})

    def test_a_leader_makes_rules_for_the_own_team(self):
        Rule = self.Rule.with_user(self.leader)
        rule = Rule.create(
            {
                "name": "Mine",
                "team_id": self.team.id,
                "alias_ids": [(6, 0, self.support.ids)],
                "action_ids": [
                    (0, 0, {"kind": "set", "priority": "2"}),
                    (0, 0, {"kind": "route_team", "team_id": self.back.id}),
                ],
            }
        )
        self.assertEqual(rule.action_ids.mapped("kind"), ["set", "route_team"])
        rule.write(
            {
                "action_ids": [
                    (1, rule.action_ids[0].id, {"priority": "1"}),
                    (0, 0, {"kind": "seen"}),
                ]
            }
        )
        self.assertEqual(len(rule.action_ids), 3)
        self.assertTrue(rule.can_change)
        self.assertFalse(self.of_all.with_user(self.leader).can_change)
        rule.active = False
        rule.unlink()
        for values in (
            {},
            {"team_id": self.back.id},
            {"team_id": self.below.id, "alias_ids": [(6, 0, self.support.ids)]},
        ):
            with self.subTest(values=values):
                self.check_refused(
                    Rule.create,
                    {"name": "Not mine", "team_id": False, **values},
                    error=UserError,
                )

    def test_a_leader_leaves_the_rules_of_others(self):
        for rule in (self.of_all, self.of_back):
            with self.subTest(rule=rule.name):
                own = rule.with_user(self.leader)
                self.check_refused(own.write, {"name": "Mine"})
                self.check_refused(own.write, {"active": False})
                self.check_refused(own.unlink)
                self.check_refused(own.write, {"team_id": self.team.id})
        for team in (self.back, self.env["helpdesk.ticket.team"]):
            self.check_refused(self.of_team.with_user(self.leader).write, {"team_id": team.id})

    def test_nobody_moves_an_action_to_another_rule(self):
        action = self.of_team.action_ids[0]
        for user in (self.leader, self.manager):
            self.check_refused(
                action.with_user(user).write, {"rule_id": self.of_all.id}, error=UserError
            )
            self.check_refused(
                self.of_team.with_user(user).write,
                {"action_ids": [(1, action.id, {"rule_id": self.of_all.id})]},
                error=UserError,
            )
        # nor is one taken from another's rule
        theirs = self.of_all.action_ids
        self.check_refused(
            self.of_team.with_user(self.leader).write,
            {"action_ids": [(4, theirs.id)]},
            error=UserError,
        )
        self.assertEqual(theirs.rule_id, self.of_all)

    def test_values_follow_their_action(self):
        Value = self.env["helpdesk.scanner.rule.value"]
        values = {"field_name": "contact.function", "text": "1"}
        action = {"rule_id": self.of_back.id, "kind": "contact"}
        theirs = self.env["helpdesk.scanner.rule.action"].create(action)
        self.check_refused(Value.with_user(self.leader).create, {"action_id": theirs.id, **values})

    def test_a_leader_moves_and_deletes_in_own_mailboxes_only(self):
        rule = self.of_team.with_user(self.leader)
        rule.write({"action_ids": [(0, 0, {"kind": "flag"})]})
        delete = {"action_ids": [(0, 0, {"kind": "delete"})]}
        self.check_refused(rule.write, delete)
        self.check_refused(rule.action_ids.create, {"rule_id": rule.id, "kind": "delete"})
        shared = self.make_scanner(self.queue_of_back)
        own = self.make_scanner(self.support)
        self.check_refused(rule.write, {"scanner_ids": [(6, 0, (own | shared).ids)], **delete})
        rule.write({"scanner_ids": [(6, 0, own.ids)], **delete})
        self.check_refused(rule.write, {"scanner_ids": [(5,)]})
        folder = self.env["helpdesk.mail.folder"].create(
            {"scanner_id": shared.id, "name": "Theirs"}
        )
        self.check_refused(
            rule.write,
            {"action_ids": [(0, 0, {"kind": "copy", "folder_id": folder.id})]},
        )
        # a manager may
        self.of_all.with_user(self.manager).write(delete)

    def test_mail_of_a_team_joins_no_tickets_of_just_anybody(self):
        rule = self.of_team.with_user(self.leader)
        rule.write({"action_ids": [(5,), (0, 0, {"kind": "ticket", "match_by": "both"})]})
        action = rule.action_ids
        self.check_refused(action.write, {"of_strangers": True})
        self.check_refused(action.write, {"same_subject_of": "any"})
        self.check_refused(
            rule.copy,
            {
                "action_ids": [
                    (0, 0, {"kind": "ticket", "match_by": "subject", "same_subject_of": "any"})
                ]
            },
        )
        # by subject alone no number is looked for
        action.write({"match_by": "subject", "of_strangers": True})
        action.with_user(self.manager).write({"same_subject_of": "any"})

    def test_nothing_goes_to_another_company(self):
        manager = self.make_user(
            "mf-rule-both",
            "helpdesk_mgmt.group_helpdesk_manager",
            companies=self.company | self.other_company,
        )
        self.there.with_user(manager).read(["name"])
        Rule = self.Rule.with_user(manager).with_context(
            allowed_company_ids=(self.company | self.other_company).ids
        )
        contact = self.make_contact(
            "There", "there@acorn-tests.example", company_id=self.other_company.id
        )
        folder = self.env["helpdesk.mail.folder"].create(
            {"scanner_id": self.make_scanner(self.queue_there).id, "name": "Archive"}
        )
        for values in (
            {"team_id": self.there.id},
            {"alias_ids": [(6, 0, self.queue_there.ids)]},
            {"folder_ids": [(6, 0, folder.ids)]},
            {"domain": repr([("alias_ids", "in", self.queue_there.ids)])},
            {"domain": repr([("contact_id", "in", contact.ids)])},
            {"action_ids": [(0, 0, {"kind": "route_team", "team_id": self.there.id})]},
            {"action_ids": [(0, 0, {"kind": "followers", "partner_ids": [(6, 0, contact.ids)]})]},
            {"action_ids": [(0, 0, {"kind": "move", "folder_id": folder.id})]},
        ):
            with self.subTest(values=values):
                values = {"name": "Across", "company_id": self.company.id, **values}
                self.check_refused(Rule.create, values, error=UserError)
        named = Rule.create(
            {"name": "Named", "domain": repr([("alias_ids", "in", self.support.ids)])}
        )
        self.check_refused(named.copy, {"company_id": self.other_company.id}, error=ValidationError)
        self.check_refused(
            named.write, {"company_id": self.other_company.id}, error=ValidationError
        )

    def test_conditions_name_what_the_author_may_read(self):
        other = self.make_contact(
            "Secret", "secret@acorn-tests.example", company_id=self.other_company.id
        )
        domain = repr([("contact_id", "in", other.ids)])
        own = self.of_team.with_user(self.leader)
        self.check_refused(own.write, {"domain": domain}, error=ValidationError)
        self.check_refused(
            self.Rule.with_user(self.manager).with_context(default_domain=domain).create,
            {"name": "By default"},
            error=ValidationError,
        )
        result = self.Rule.with_user(self.manager).load(["name", "domain"], [["Imported", domain]])
        self.assertFalse(result["ids"])
        self.check_refused(
            self.of_all.with_user(self.manager).copy, {"domain": domain}, error=ValidationError
        )

    def test_a_rule_of_a_team_leaves_the_mail_of_others_alone(self):
        self.rules.unlink()
        self.Rule.with_user(self.leader).create(
            {"name": "Mine", "team_id": self.team.id, "action_ids": [(0, 0, {"kind": "ignore"})]}
        )
        self.assertEqual(self.take(mail()).state, "ignored")
        self.take_ticket(mail(to=f"back@{self.domain.name}"))
        self.take_ticket(mail(to=f"all@{self.domain.name}"))


class TestScannerPatternAccess(RuleAccessCase):
    """Who reads and changes which pattern."""

    def make_pattern(self, user=None, name="Order", **values):
        Pattern = self.env["helpdesk.scanner.pattern"]
        Pattern = Pattern.with_user(user) if user else Pattern
        return Pattern.create({"name": name, "text": "order", **values})

    def test_who_reads_and_writes_which(self):
        pattern = self.make_pattern()
        self.assertEqual(pattern.with_user(self.leader).name, "Order")
        self.check_refused(pattern.with_user(self.leader).write, {"text": "x"})
        self.check_refused(pattern.with_user(self.agent).read, ["name"])
        self.check_refused(self.make_pattern, self.agent, name="Mine")
        own = self.make_pattern(self.leader, name="Mine")
        own.text = "x"
        self.check_refused(own.with_user(self.leader_of_back).write, {"text": "y"})
        self.check_refused(own.write, {"company_id": self.other_company.id})
        own.unlink()

    def test_a_pattern_in_use_stays(self):
        pattern = self.make_pattern(self.leader)
        domain = repr([("pattern_ids", "in", pattern.ids)])
        self.of_team.domain = domain
        pattern.text = "y"
        with self.assertRaisesRegex(UserError, "Front"), self.env.cr.savepoint():
            pattern.with_user(self.leader).unlink()
        self.assertEqual(pattern.with_user(self.manager).rule_ids, self.of_team)
        self.of_all.domain = domain
        self.check_refused(pattern.write, {"text": "z"})
        pattern.with_user(self.leader).name = "Another name"
        self.check_refused(
            pattern.sudo().write, {"company_id": self.other_company.id}, error=ValidationError
        )
        (self.of_all | self.of_team).active = False
        pattern.unlink()
        self.check_refused(self.of_all.write, {"active": True}, error=ValidationError)


class TestScannerRuleAsData(RuleAccessCase):
    """Rules as files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.group_ids += cls.env.ref("base.group_allow_export")

    def export(self, records, columns):
        """What a file has of them."""
        rows = records.export_data(columns)["datas"]
        return [["" if each is False else str(each) for each in row] for row in rows]

    def content(self, rule):
        """What a rule says, without ids of its own parts."""
        values = rule.copy_data()[0]
        for _command, _id, action in values["action_ids"]:
            del action["rule_id"]
            for _command, _id, value in action["value_ids"]:
                del value["action_id"]
        return values

    def test_out_and_in_again(self):
        pattern = self.env["helpdesk.scanner.pattern"].create({"name": "Order", "text": "order"})
        rule = self.make_rule(
            ["&", ("fact_subject", "ilike", "order"), ("pattern_ids", "in", pattern.ids)],
            {"kind": "route_team", "team_id": self.back.id},
            {"kind": "move", "folder_name": "Orders", "create_folder": True},
            {
                "kind": "ticket",
                "value_ids": [
                    (0, 0, {"field_name": "ticket.name", "text": "Order: {subject}"}),
                    (0, 0, {"field_name": "ticket.priority", "choice": "ticket.priority:2"}),
                    (0, 0, {"field_name": "ticket.team_id", "record_ref": self.back.id}),
                ],
            },
            name="Orders",
            team_id=self.team.id,
            alias_ids=[(6, 0, self.support.ids)],
        ).with_user(self.manager)
        columns = [
            "id", "name", "sequence", "active", "stop", "company_id", "team_id", "domain",
            "alias_ids/id", "action_ids/id", "action_ids/kind", "action_ids/sequence",
            "action_ids/team_id/id", "action_ids/folder_name", "action_ids/create_folder",
            *(f"action_ids/value_ids/{name}" for name in VALUE),
        ]  # fmt: skip
        exported = self.export(rule, columns)
        self.assertEqual(len(exported), 5)
        before = self.content(rule)
        rule.write({"name": "Changed", "stop": False, "domain": "[]"})
        rule.action_ids[0].team_id = self.team
        rule.action_ids[2].value_ids[0].text = "Changed"
        result = rule.load(columns, exported)
        self.assertEqual(result["ids"], rule.ids, result["messages"])
        self.assertEqual(self.content(rule), before)

    def test_placeholders_of_a_condition_by_names(self):
        pattern = self.env["helpdesk.scanner.pattern"].create(
            {"name": "Order", "operator": "regex", "text": r"Order (?P<order>\d+)"}
        )
        value = {"field_name": "ticket.name", "text": "Order {order}"}
        rule = self.make_rule(
            [("pattern_ids", "in", pattern.ids)],
            {"kind": "ticket", "value_ids": [(0, 0, value)]},
            name="Orders",
        ).with_user(self.manager)
        columns = ["name", "domain_by_names", "action_ids/kind"]
        columns += [f"action_ids/value_ids/{name}" for name in value]
        exported = self.export(rule, columns)
        before = self.content(rule)
        rule.unlink()
        result = self.Rule.with_user(self.manager).load(columns, exported)
        again = self.Rule.browse(result["ids"])
        self.assertTrue(again, result["messages"])
        self.assertEqual(self.content(again), before)

    def test_into_another_database_by_names(self):
        pattern = self.env["helpdesk.scanner.pattern"].create({"name": "Order", "text": "order"})
        tag = self.env["res.partner.category"].create({"name": "Gold"})
        rule = self.make_rule(
            [
                "|",
                ("pattern_ids", "in", pattern.ids),
                "&",
                ("contact_tag_ids", "in", tag.ids),
                ("alias_ids", "not in", self.queue_of_all.ids),
            ],
            "hold",
            "seen",
            name="Orders",
            team_id=self.team.id,
        ).with_user(self.manager)
        columns = ["name", "team_id", "domain_by_names", "action_ids/kind", "action_ids/sequence"]
        exported = self.export(rule, columns)
        self.assertIn("'Gold'", exported[0][2])
        before = self.content(rule)
        rule.unlink()
        result = self.Rule.with_user(self.manager).load(columns, exported)
        again = self.Rule.browse(result["ids"])
        self.assertTrue(again, result["messages"])
        self.assertEqual(self.content(again), before)
        exported[0][2] = exported[0][2].replace("Gold", "Silver")
        result = self.Rule.with_user(self.manager).load(columns, exported)
        self.assertFalse(result["ids"])
        self.assertIn("Silver", result["messages"][0]["message"])
