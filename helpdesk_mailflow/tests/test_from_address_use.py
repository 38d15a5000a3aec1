# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, UserError

from .common import DOMAIN, mail
from .test_from_address import GROUP, FromAddressCase


class TestOfTeam(FromAddressCase):
    def test_a_leader_adds_one_for_the_team(self):
        leader = self.make_user("mf-from-leader", GROUP + "user_team")
        self.team.user_id = leader
        team = self.team.with_user(leader)
        action = team.action_open_from_addresses()
        FromAddress = self.FromAddress.with_user(leader)
        address = FromAddress.with_context(**action["context"]).create(
            {"email": "front@acorn-tests.example"}
        )
        self.assertEqual(FromAddress.search(action["domain"]), address)
        self.assertEqual(team.from_address_count, 1)
        self.assertEqual((address.team_id, address.company_id), (self.team, self.company))
        with self.mock_mail_gateway():
            address.action_send_verification()
        self.assertEqual(address.state, "sent")
        action = address.action_delete()
        wizard = self.env["helpdesk.from.address.removal"].with_user(leader)
        wizard.with_context(**action["context"]).create({}).action_confirm()
        self.assertFalse(address.exists())


class TestRemoval(FromAddressCase):
    """Disabling and deleting ask first."""

    def setUp(self):
        super().setUp()
        self.support.answer_via_id = self.proven
        self.sales = self.make_alias("Sales", "sales", team_id=self.team.id)
        self.ticket = self.take_ticket(mail(to=f"sales@{DOMAIN}"))
        self.env.flush_all()

    def ask(self, addresses, removal, user=None):
        addresses = addresses.with_user(user or self.manager)
        action = addresses.action_disable() if removal == "disable" else addresses.action_delete()
        return (
            self.env["helpdesk.from.address.removal"]
            .with_user(user or self.manager)
            .with_context(**action["context"])
            .create({})
        )

    def test_it_names_what_falls_back_to_what(self):
        self.ticket.answer_via_id = self.proven
        for removal in ("disable", "delete"):
            wizard = self.ask(self.proven, removal)
            self.assertIn("Support", wizard.consequences)
            self.assertIn(self.of_odoo.email, wizard.consequences)
            self.assertNotIn("Sales", wizard.consequences)
            self.assertIn("1 open ticket", wizard.consequences)
            self.assertNotIn("becomes the default", wizard.consequences)
            self.assertTrue(self.proven.is_usable, "nothing is done yet")
        wizard.action_confirm()
        self.assertFalse(self.proven.exists())
        self.assertEqual(self.support.answers_via_id, self.of_odoo)
        self.assertEqual(self.ticket.answers_via_id, self.of_odoo)

    def test_what_it_says_comes_true(self):
        of_team = self.make_proven("team@acorn-tests.example", team_id=self.team.id)
        self.support.answer_via_id = False
        for address in (of_team, self.of_odoo):
            wizard = self.ask(address, "disable")
            (said,) = [
                wizard._consequences_in(self.company, address)["aliases"],
            ]
            wizard.action_confirm()
            self.assertFalse(address.enabled)
            for alias, sender in said:
                self.assertEqual(alias.answers_via_id, sender)
        self.assertTrue(self.proven.is_default)

    def test_open_tickets_are_counted_however_they_answer_via_it(self):
        Ticket = self.env["helpdesk.ticket"]
        team = self.env["helpdesk.ticket.team"].create({"name": "Back"})
        of_team = self.make_proven("back@acorn-tests.example", team_id=team.id)
        self.take_ticket(mail(to=f"support@{DOMAIN}"))
        Ticket.create(
            [
                {"name": "By the team", "description": "x", "team_id": team.id},
                {"name": "By the team too", "description": "x", "team_id": team.id},
            ]
        )
        closed = Ticket.create({"name": "Closed", "description": "x", "team_id": team.id})
        closed.stage_id = Ticket.stage_id.search([("closed", "=", True)], limit=1)
        chosen = Ticket.create({"name": "Chosen", "description": "x", "team_id": team.id})
        chosen.answer_via_id = self.proven
        still_open = Ticket.search(
            [("company_id", "=", self.company.id), ("stage_id.closed", "=", False)]
        )
        for leaving in (of_team, self.proven, self.of_odoo, of_team | self.proven):
            with self.subTest(leaving=leaving.mapped("email")):
                wizard = self.ask(leaving, "disable")
                said = wizard._consequences_in(self.company, leaving)["tickets"]
                self.assertTrue(said)
                self.assertNotIn("No support alias", wizard.consequences)
                by_sender = still_open.grouped("answers_via_id")
                answering = Ticket.union(*(by_sender.get(each, Ticket) for each in leaving))
                wizard.action_confirm()
                then = answering.grouped("answers_via_id")
                self.assertEqual(said, {each: len(found) for each, found in then.items()})
                leaving.enabled = True
                self.of_odoo.action_make_default()

    def test_many_tickets_are_counted_by_one_query(self):
        def asked():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            removal._open_tickets_in(self.company, self.of_odoo, usable)
            return self.cr.sql_log_count - before

        removal = self.env["helpdesk.from.address.removal"]
        usable = self.of_odoo._usable_for(self.company)
        queries = asked()
        self.env["helpdesk.ticket"].create(
            [{"name": f"Ticket {number}", "description": "x"} for number in range(30)]
        )
        self.env.flush_all()
        self.assertEqual(asked(), queries)
        self.assertGreaterEqual(
            removal._open_tickets_in(self.company, self.of_odoo, usable)[self.proven], 30
        )

    def test_the_default_is_named(self):
        wizard = self.ask(self.of_odoo, "disable")
        self.assertIn("becomes the default", wizard.consequences)
        self.assertIn(self.proven.email, wizard.consequences)
        self.assertIn("Sales", wizard.consequences)
        wizard.action_confirm()
        self.assertTrue(self.proven.is_default)

    def test_what_nothing_answers_via(self):
        wizard = self.ask(self.make_from("new@acorn-tests.example"), "delete")
        self.assertIn("No support alias and no open ticket", wizard.consequences)

    def test_the_last_ones_are_refused(self):
        wizard = self.ask(self.of_odoo | self.proven, "delete")
        self.assertTrue(wizard.is_refused)
        self.assertIn("could not send any more", wizard.consequences)
        with self.assertRaises(UserError):
            wizard.action_confirm()

    def test_it_does_not_lend_rights(self):
        with self.assertRaises(AccessError):
            self.ask(self.proven, "disable", self.agent)
        wizard = (
            self.env["helpdesk.from.address.removal"]
            .with_user(self.agent)
            .create({"address_ids": [(6, 0, self.proven.ids)], "removal": "delete"})
        )
        with self.assertRaises(AccessError):
            wizard.action_confirm()
        other = self.make_company("Branch")
        stranger = self.make_user("mf-from-other", GROUP + "manager", company=other)
        with self.assertRaises(AccessError):
            wizard = (
                self.env["helpdesk.from.address.removal"]
                .with_user(stranger)
                .create({"address_ids": [(6, 0, self.proven.ids)], "removal": "delete"})
            )
            self.env.invalidate_all()
            wizard.read(["consequences"])

    def test_a_name_is_not_html(self):
        self.support.name = "<img src=x onerror=alert(1)>"
        self.assertNotIn("<img", self.ask(self.proven, "disable").consequences)
