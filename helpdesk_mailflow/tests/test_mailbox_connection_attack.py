# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide *Connect a mailbox* in the hands of somebody who wants more than is theirs."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import mail
from .test_mailbox_connection_provider import EMAIL, OTHER_SECRET, SECRET, ConnectCase

OTHER_EMAIL = "sales@acorn-tests.example"


@tagged("post_install", "-at_install")
class TestConnectionAttack(ConnectCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("mf-attacker", "helpdesk_mgmt.group_helpdesk_manager")
        cls.elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})

    def guide(self, user=None, **values):
        Connection = self.env["helpdesk.mailbox.connection"].with_user(user or self.manager)
        return Connection.create({"email": EMAIL, **values})

    # ------------------------------------------------------------
    # WHAT IS DISCARDED
    # ------------------------------------------------------------

    def test_nobody_says_what_another_one_discards(self):
        victim = self.env["res.partner"].create({"name": "Kept"})
        made = [[victim._name, victim.id]]
        by_default = self.env["helpdesk.mailbox.connection"].with_context(default_made=made)
        for guide in (
            self.guide(made=made),
            by_default.with_user(self.manager).create({"email": EMAIL}),
            self.guide(),
        ):
            guide.write({"made": made})
            self.assertFalse(guide.made)
            guide.with_user(self.system).action_discard()
            self.assertTrue(victim.exists())

    def test_what_is_active_is_not_made_open_again(self):
        guide = self.guide(road="provided", email=False)
        guide.sudo().write({"activated_date": "2026-03-03 10:00:00"})
        guide.write({"activated_date": False})
        self.assertEqual(guide.state, "active")

    def test_the_guide_itself_still_knows_what_it_made(self):
        guide = self.guide(email=False)
        guide.write({"alias_choice": "new", "new_alias_name": "Provided"})
        guide.action_use_provided()
        guide.action_next()
        self.assertEqual(guide.step, "test", guide.problem)
        queue = guide.alias_id
        self.assertIn([queue._name, queue.id], guide.made)
        guide.action_discard()
        self.assertFalse(queue.exists())

    def test_what_tickets_came_in_by_stays(self):
        guide = self.guide(email=False)
        guide.write({"team_choice": "new", "new_team_name": "Early birds", "alias_choice": "new"})
        guide.write({"new_alias_name": "Early birds"})
        guide.action_use_provided()
        guide.action_next()
        self.assertEqual(guide.step, "test", guide.problem)
        queue, team, sender = guide.alias_id, guide.team_id, guide.from_address_id
        self.assertTrue(queue and team and sender)
        ticket = self.take_ticket(mail(to=guide.provided_email))
        guide.action_discard()
        self.assertTrue(queue.exists() and team.exists() and sender.exists())
        self.assertEqual((ticket.team_id, ticket.support_alias_id), (team, queue))
        self.assertEqual(self.take_ticket(mail(to=queue.email)).team_id, team)

    def test_a_scanner_that_runs_already_stays(self):
        with self.world():
            guide = self.begin()
            guide.new_password = SECRET
            guide.action_next()
        scanner = guide.scanner_id
        scanner._activate()
        guide.action_discard()
        self.assertTrue(scanner.exists())

    def test_deleting_a_guide_is_discarding_it(self):
        with self.world():
            guide = self.begin()
            guide.new_password = SECRET
            guide.action_next()
        scanner = guide.scanner_id
        self.assertEqual(guide.step, "place", guide.problem)
        with self.assertRaises(AccessError):
            guide.with_user(self.manager).unlink()
        self.assertTrue(guide.exists() and scanner.exists(), "only who may delete all of it does")
        guide.unlink()
        self.assertFalse(scanner.exists())

    def test_deleting_an_active_guide_leaves_what_it_set_up(self):
        guide = self.guide(email=False)
        guide.write({"alias_choice": "new", "new_alias_name": "Provided"})
        guide.action_use_provided()
        guide.action_next()
        guide.action_next()
        self.assertEqual(guide.state, "active", guide.problem)
        queue = guide.alias_id
        guide.unlink()
        self.assertTrue(queue.exists())

    # ------------------------------------------------------------
    # TWO CLICKS
    # ------------------------------------------------------------

    def test_a_second_click_does_not_take_another_step(self):
        guide = self.guide().with_context(mailflow_step="address")
        guide.action_next()
        guide.action_next()
        self.assertEqual((guide.step, guide.problem), ("road", False))

    def test_a_window_that_was_left_open_activates_nothing(self):
        guide = self.guide(step="test")
        guide.with_context(mailflow_step="place").action_next()
        self.assertEqual((guide.step, guide.state), ("test", "open"))

    def test_after_the_last_step_there_is_none(self):
        guide = self.guide(step="done")
        guide.action_next()
        self.assertEqual((guide.step, guide.problem), ("done", False))

    # ------------------------------------------------------------
    # RIGHTS
    # ------------------------------------------------------------

    def test_no_guide_is_put_into_another_company(self):
        guide = self.guide()
        with self.assertRaises(AccessError):
            guide.write({"company_id": self.elsewhere.id})

    def test_the_parts_of_another_company_are_not_taken(self):
        queue = self.env["helpdesk.support.alias"].search(
            [("company_id", "=", self.elsewhere.id)], limit=1
        )
        if not queue:
            queue = queue.create({"name": "Theirs", "company_id": self.elsewhere.id})
        with self.assertRaises(UserError):
            self.guide(alias_id=queue.id)

    def test_a_manager_touches_no_scanner(self):
        scanner = self.env["fetchmail.server"].create({"name": "Theirs", "is_scanner": True})
        for vals in (
            {"scanner_id": scanner.id},
            {"new_password": SECRET},
            {"outgoing_draft_id": 1},
            {"in_host": "imap.evil.example"},
        ):
            with self.assertRaises(AccessError):
                self.guide().write(vals)

    def test_neither_agents_nor_portal_nor_public_have_a_guide(self):
        guide = self.guide()
        for user in (
            self.make_user("mf-agent", "helpdesk_mgmt.group_helpdesk_user"),
            self.make_user("mf-portal", "base.group_portal"),
            self.env.ref("base.public_user"),
        ):
            panel = self.env["helpdesk.get.started"].with_user(user)
            self.assertEqual(panel.panel(), {"is_shown": False})
            for call in (panel.action_guide, panel.action_close, panel.action_show):
                with self.assertRaises(AccessError):
                    call()
            for method in ("action_next", "poll_test_mail", "poll_confirmation", "read"):
                with self.assertRaises(AccessError):
                    getattr(guide.with_user(user), method)()

    # ------------------------------------------------------------
    # PASSWORDS
    # ------------------------------------------------------------

    def test_the_password_of_one_address_does_not_go_to_the_server_of_another(self):
        with self.world():
            guide = self.begin()
            guide.new_password = SECRET
            self.assertTrue(guide.has_password)
            # whoever may write the guide sets another address
            guide.with_user(self.manager).write({"step": "address", "email": OTHER_EMAIL})
            guide.invalidate_recordset()
            self.assertFalse(guide.has_password)
            self.assertFalse(guide.has_smtp_password)
            guide.action_next()
            guide.action_next()
            self.assertStays(guide, "Type the password of the mailbox.")
        self.assertEqual(self.logins, [])

    def test_going_back_without_another_address_keeps_the_password(self):
        with self.world():
            guide = self.begin()
            guide.new_password = SECRET
            guide.action_back()
            guide.action_back()
            guide.email = EMAIL.upper()
            guide.action_next()
            guide.action_next()
            guide.action_next()
        self.assertEqual(guide.step, "place", guide.problem)

    def test_a_draft_s_password_does_not_go_to_the_server_of_another(self):
        with self.world(senders=(EMAIL, OTHER_EMAIL)):
            guide = self.begin(direction="out")
            guide.new_password = SECRET
            guide.write({"step": "address", "email": OTHER_EMAIL})
            guide.action_next()
            guide.action_next()
            self.assertStays(guide, "Type the password for sending.")
            self.assertEqual(self.logins, [])
            guide.new_password = OTHER_SECRET
            guide.action_next()
        self.assertEqual(guide.step, "place", guide.problem)
        self.assertEqual([password for *_who, password in self.logins], [OTHER_SECRET])

    def test_the_password_of_a_from_address_does_not_go_to_another_server(self):
        """A helpdesk manager prepares the guide, so that an admin who goes on with it sends the
        password of a From address to a server of the manager's choice."""
        boss = self.env["helpdesk.from.address"].create(
            {
                "email": "boss@acorn-tests.example",
                "company_id": self.company.id,
                "sends_via": "smtp",
                "smtp_host": "smtp.acorn-tests.example",
                "smtp_user": "boss@acorn-tests.example",
                "new_smtp_password": OTHER_SECRET,
            }
        )
        with self.world():
            guide = self.guide(direction="out", from_address_id=boss.id)
            guide = guide.with_user(self.system)
            guide.action_next()
            guide.road = "provider"
            guide.action_next()
            self.assertFalse(guide.has_smtp_password)
            self.assertStays(guide, "Type the password for sending.")
            self.assertEqual(self.logins, [])
            guide.new_password = SECRET
            guide.action_next()
        self.assertEqual(guide.step, "place", guide.problem)
        self.assertEqual(guide.from_address_id.email, EMAIL)
        self.assertEqual(boss.smtp_host, "smtp.acorn-tests.example")
        self.assertEqual(boss.mail_server_id.smtp_pass, OTHER_SECRET)
