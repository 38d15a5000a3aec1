# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import ValidationError

from .common import MailflowCase

SWITCHES = (
    "contact_from_reply_to",
    "requester_from_forward",
    "known_contacts_only",
    "cc_contacts",
    "append_open",
    "same_account",
    "thanks_keep_closed",
)


class TestIntakePolicies(MailflowCase):
    """What companies and teams decide about who wrote and which ticket it is."""

    def test_what_a_new_company_starts_with(self):
        company = self.make_company("Other")
        for name in (*SWITCHES, "append_single", "one_ticket"):
            self.assertFalse(company[f"helpdesk_{name}"], name)
        self.assertEqual(company._mailflow_closed(), ("reopen", 14))

    def test_a_team_decides_otherwise(self):
        for name in SWITCHES:
            field = f"helpdesk_{name}"
            with self.subTest(name):
                self.assertFalse(self.company._mailflow_policy(name, self.team))
                self.team[field] = "yes"
                self.assertTrue(self.company._mailflow_policy(name, self.team))
                self.assertFalse(self.company._mailflow_policy(name))
                self.company[field] = True
                self.team[field] = "no"
                self.assertFalse(self.company._mailflow_policy(name, self.team))
                self.team[field] = "inherit"
                self.assertTrue(self.company._mailflow_policy(name, self.team))

    def test_answers_to_closed_tickets(self):
        self.company.write({"helpdesk_closed": "days", "helpdesk_closed_days": 30})
        self.assertEqual(self.company._mailflow_closed(self.team), ("days", 30))
        self.team.write({"helpdesk_closed": "days", "helpdesk_closed_days": 3})
        self.assertEqual(self.company._mailflow_closed(self.team), ("days", 3))
        self.assertEqual(self.company._mailflow_closed(), ("days", 30))
        self.team.helpdesk_closed = "new"
        self.assertEqual(self.company._mailflow_closed(self.team)[0], "new")

    def test_days_have_to_be_days(self):
        for record in (self.company, self.team):
            with self.subTest(record), self.assertRaisesRegex(ValidationError, "how many days"):
                record.write({"helpdesk_closed": "days", "helpdesk_closed_days": 0})

    def test_a_leader_decides_for_the_own_team(self):
        leader = self.make_user("lea", "helpdesk_mgmt.group_helpdesk_user")
        self.team.user_id = leader
        self.team.with_user(leader).write(
            {f"helpdesk_{name}": "yes" for name in SWITCHES} | {"helpdesk_closed": "new"}
        )
        self.assertEqual(self.team.helpdesk_closed, "new")
