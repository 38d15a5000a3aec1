# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import Counter

from odoo.exceptions import ValidationError

from .common import mail
from .test_scanner_rule_ticket import ValueCase, value


class TestRouting(ValueCase):
    """To which team and agent new tickets go."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = "helpdesk_mgmt.group_helpdesk_user"
        cls.agents = cls.env["res.users"].concat(
            *(cls.make_user(f"rule-agent-{each}", group) for each in "abc")
        )
        cls.second = cls.env["helpdesk.ticket.team"].create(
            {"name": "Second", "alias_name": False, "user_ids": [(6, 0, cls.agents.ids)]}
        )

    def batch(self, count, **values):
        rows = self.take_batch(*(mail(subject=f"No. {each}", **values) for each in range(count)))
        return rows.ticket_ids

    def test_route_to_a_team(self):
        self.support.alias_id.alias_defaults = repr(
            {"team_id": self.team.id, "user_id": self.agents[0].id}
        )
        self.make_rule([], {"kind": "route_team", "team_id": self.second.id})
        row = self.take(mail())
        self.assertEqual(row.ticket_ids.team_id, self.second)
        self.assertFalse(row.ticket_ids.user_id)
        self.assertIn("rule_to_team", self.codes(row))

    def test_a_reply_is_not_routed(self):
        self.take_ticket(mail(message_id="<route@acorn-tests.example>"))
        self.make_rule([], {"kind": "route_team", "team_id": self.second.id})
        row = self.take(mail(headers=[("In-Reply-To", "<route@acorn-tests.example>")]))
        self.assertEqual(row.ticket_ids.team_id, self.team)
        self.assertIn("rule_not_routed", self.codes(row))

    def test_this_agent(self):
        self.make_rule(
            [],
            {
                "kind": "route_agent",
                "team_id": self.second.id,
                "user_id": self.agents[1].id,
            },
        )
        row = self.take(mail())
        self.assertEqual(row.ticket_ids.user_id, self.agents[1])
        self.assertEqual(row.ticket_ids.team_id, self.second)
        self.assertIn("rule_to_agent", self.codes(row))

    def test_the_least_busy_agent(self):
        Ticket = self.env["helpdesk.ticket"]
        for agent, count in zip(self.agents, (3, 0, 1), strict=True):
            for _each in range(count):
                Ticket.create(
                    {
                        "name": "x",
                        "description": "x",
                        "team_id": self.second.id,
                        "user_id": agent.id,
                    }
                )
        self.make_rule(
            [],
            {"kind": "route_agent", "team_id": self.second.id, "assign": "least_busy"},
        )
        counts = Counter(self.batch(5).mapped("user_id.id"))
        tickets = self.env["helpdesk.ticket"].search([("team_id", "=", self.second.id)])
        self.assertEqual(
            Counter(each.user_id for each in tickets), Counter(dict.fromkeys(self.agents, 3))
        )
        self.assertNotIn(self.agents[0].id, counts)

    def test_in_turn(self):
        self.make_rule(
            [],
            self.action(
                "ticket", value("team_id", self.second), value("user_id", assign="round_robin")
            ),
        )
        tickets = self.batch(7).sorted("id")
        order = tickets.mapped(lambda each: each.user_id.id)
        self.assertEqual(order[:3], order[3:6])
        self.assertEqual(set(order), set(self.agents.ids))
        following = self.take_ticket(mail(subject="Next"))
        self.assertEqual(following.user_id.id, order[1])

    def test_only_agents_who_can_work_there(self):
        other = self.make_company("Other")
        self.agents[0].active = False
        self.agents[1].write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.make_rule(
            [],
            {"kind": "route_agent", "team_id": self.second.id, "assign": "round_robin"},
        )
        self.assertEqual(self.batch(3).user_id, self.agents[2])

    def test_a_team_without_members(self):
        self.second.user_ids = False
        rule = self.make_rule(
            [],
            {"kind": "route_agent", "team_id": self.second.id, "assign": "least_busy"},
        )
        row = self.take(mail())
        self.assertEqual(row.ticket_ids.team_id, self.second)
        self.assertFalse(row.ticket_ids.user_id)
        self.assertIn("rule_team_empty", self.codes(row))
        self.assertTrue(rule.fault)

    def test_an_archived_agent_and_a_deleted_team(self):
        third = self.second.copy({"name": "Third"})
        rule = self.make_rule(
            [],
            {"kind": "route_agent", "user_id": self.agents[0].id},
            {"kind": "route_team", "team_id": third.id},
            {"kind": "set", "priority": "3"},
        )
        self.agents[0].active = False
        third.unlink()
        row = self.take(mail())
        self.assertEqual(row.ticket_ids.priority, "3")
        self.assertEqual(row.ticket_ids.team_id, self.team)
        self.assertEqual(self.codes(row).count("rule_record_gone"), 2)
        self.assertEqual(len(rule.fault), 2)

    def test_a_team_of_another_company(self):
        other = self.make_company("Other")
        foreign = self.second.copy({"name": "Foreign", "company_id": other.id})
        with self.assertRaises(ValidationError):
            self.make_rule([], {"kind": "route_team", "team_id": foreign.id})
        rule = self.make_rule([], {"kind": "route_team", "team_id": self.second.id})
        with self.assertRaises(ValidationError):
            rule.company_id = other

    def test_an_update_assigns_if_it_says_so(self):
        self.team.user_ids = self.agents
        ticket = self.take_ticket(mail(message_id="<assign@acorn-tests.example>"))
        self.make_rule(
            [], self.action("ticket", value("user_id", assign="least_busy", update=True))
        )
        self.take(mail(headers=[("In-Reply-To", "<assign@acorn-tests.example>")]))
        self.assertIn(ticket.user_id, self.agents)
