# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The panel *Get started* above the dashboard of teams: what it says, to whom, and until when."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BrowserCase, MailflowCase

MANAGER = "helpdesk_mgmt.group_helpdesk_manager"


class GetStartedCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # a company of its own, in which nothing is connected
        cls.fresh = cls.make_company("Acorn Tests")
        cls.boss = cls.make_user("acorn-boss", MANAGER, company=cls.fresh)

    def panel(self, user=None):
        return self.env["helpdesk.get.started"].with_user(user or self.boss).panel()

    def guide(self, **values):
        guides = self.env["helpdesk.mailbox.connection"].with_user(self.boss)
        return guides.create({"company_id": self.fresh.id, **values})

    def states(self):
        return [step["state"] for step in self.panel()["steps"]]


class TestGetStarted(GetStartedCase):
    def test_a_new_company_is_shown_the_first_step(self):
        panel = self.panel()
        self.assertEqual((panel["is_shown"], panel["state"]), (True, "new"))
        self.assertEqual(self.states(), ["next", "todo", "todo", "todo", "todo"])
        action = self.env["helpdesk.get.started"].with_user(self.boss).action_guide()
        self.assertEqual((action["res_model"], action["res_id"]), (self.guide()._name, False))

    def test_only_those_who_manage_see_it(self):
        started = self.env["helpdesk.get.started"]
        agent = self.make_user("acorn-agent", "helpdesk_mgmt.group_helpdesk_user")
        self.assertEqual(self.panel(agent), {"is_shown": False})
        for method in ("action_guide", "action_another", "action_close", "action_show"):
            with self.assertRaises(AccessError):
                getattr(started.with_user(agent), method)()
        admin = self.make_user(
            "acorn-admin",
            "base.group_system",
            "helpdesk_mgmt.group_helpdesk_user",
            company=self.fresh,
        )
        self.assertTrue(self.panel(admin)["is_shown"])

    def test_it_follows_the_guide(self):
        guide = self.guide(email="help@acorn-tests.example")
        self.assertEqual(self.panel()["state"], "open")
        self.assertEqual(self.panel()["email"], "help@acorn-tests.example")
        self.assertEqual(self.states()[:2], ["next", "todo"])
        for step, at in (("road", 1), ("connect", 1), ("place", 2), ("test", 3), ("done", 4)):
            guide.step = step
            self.assertEqual(self.states().index("next"), at, step)
            self.assertEqual(self.states().count("done"), at, step)
        action = self.env["helpdesk.get.started"].with_user(self.boss).action_guide()
        self.assertEqual(action["res_id"], guide.id)

    def test_it_goes_when_a_mailbox_is_connected_and_can_be_brought_back(self):
        guide = self.guide(step="done")
        guide.sudo().activated_date = "2026-03-03 10:00:00"
        self.assertFalse(self.panel()["is_shown"])
        # the next mailbox is nobody's first step
        another = self.guide()
        self.assertFalse(self.panel()["is_shown"])
        started = self.env["helpdesk.get.started"].with_user(self.boss)
        self.assertEqual(started.action_show()["res_model"], "helpdesk.ticket.team")
        self.assertEqual((self.panel()["is_shown"], self.panel()["state"]), (True, "done"))
        self.assertEqual(self.states(), ["done"] * 5)
        self.assertEqual(started.action_guide()["res_id"], guide.id)
        self.assertEqual(started.action_another()["res_id"], another.id)

    def test_it_is_closed_for_its_company_alone(self):
        both = self.make_user("both", MANAGER, companies=self.fresh | self.company)
        self.env["helpdesk.get.started"].with_user(self.boss).action_close()
        self.assertFalse(self.panel()["is_shown"])
        started = self.env["helpdesk.get.started"].with_user(both)
        in_fresh = started.with_context(allowed_company_ids=(self.fresh | self.company).ids)
        self.assertFalse(in_fresh.panel()["is_shown"])
        in_first = started.with_context(allowed_company_ids=(self.company | self.fresh).ids)
        self.assertTrue(in_first.panel()["is_shown"])
        self.assertEqual(in_first.panel()["company"], self.company.name)

    def test_mailboxes_that_are_read_already_are_named(self):
        scanners = self.env["fetchmail.server"].create(
            [
                {
                    "name": f"Mailbox {number}",
                    "is_scanner": True,
                    "company_id": self.fresh.id,
                    "state": "done",
                }
                for number in range(5)
            ]
        )
        panel = self.panel()
        self.assertEqual((panel["state"], panel["more"]), ("connected", 2))
        self.assertEqual(panel["mailboxes"], ["Mailbox 0", "Mailbox 1", "Mailbox 2"])
        # not in use: nothing comes in by them
        scanners.state = "draft"
        self.assertEqual(self.panel()["state"], "new")
        # of another company
        scanners.write({"state": "done", "company_id": self.company.id})
        self.assertEqual(self.panel()["state"], "new")


@tagged("post_install", "-at_install")
class TestGetStartedTour(BrowserCase, GetStartedCase):
    def test_the_panel_opens_the_guide_and_is_closed(self):
        self.start_tour("/odoo", "helpdesk_mailflow.get_started", login="acorn-boss")
        self.assertEqual(self.fresh.helpdesk_get_started, "shown")
        guide = self.env["helpdesk.mailbox.connection"].search([("company_id", "=", self.fresh.id)])
        self.assertEqual((guide.email, guide.step), ("help@acorn-tests.example", "road"))
