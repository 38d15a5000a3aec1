# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The step *Team and answers* of the guide *Connect a mailbox*."""

from odoo.tests import Form

from ..models.helpdesk_mailbox_connection import SEEN
from .common import DOMAIN, MailflowCase

EMAIL = "help@acorn-tests.example"


class TestMailboxConnectionPlace(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.acorn = cls.make_company("Acorn Tests")
        cls.env["helpdesk.support.alias"].search([("company_id", "=", cls.acorn.id)]).write(
            {"name": "Support"}
        )
        cls.boss = cls.make_user(
            "acorn-boss",
            "helpdesk_mgmt.group_helpdesk_manager",
            company=cls.acorn,
            name="Bea Boss",
        )
        # teams of all companies would be proposed as well
        cls.env["helpdesk.ticket.team"].search(
            [("company_id", "=", False)]
        ).company_id = cls.company

    def place(self, **values):
        """A guide that has come to the step."""
        connections = self.env["helpdesk.mailbox.connection"].with_user(self.boss)
        connection = connections.create(
            {"company_id": self.acorn.id, "email": EMAIL, "road": "forward", **values}
        )
        connection._enter("place")
        return connection

    def make_team(self, name="Front desk", **values):
        return self.env["helpdesk.ticket.team"].create(
            {"name": name, "company_id": self.acorn.id, "alias_name": False, **values}
        )

    def from_address(self, email=EMAIL, proven=True, **values):
        address = self.env["helpdesk.from.address"].create(
            {"email": email, "company_id": self.acorn.id, **values}
        )
        if proven:
            address._prove("mail")
        return address

    # --- team

    def test_the_only_team_is_proposed(self):
        team = self.make_team()
        self.assertEqual(self.place().team_id, team)

    def test_of_several_teams_one_is_chosen(self):
        self.make_team()
        self.make_team("Repairs")
        connection = self.place(alias_choice="new")
        self.assertFalse(connection.team_id)
        connection.action_next()
        self.assertEqual(connection.problem, "Choose the team that gets the tickets.")
        self.assertEqual(connection.step, "place")

    def test_without_a_team_a_new_one_is_made(self):
        connection = self.place()
        self.assertEqual((connection.team_choice, connection.new_team_name), ("new", "Support"))
        connection.new_team_name = " "
        connection.action_next()
        self.assertEqual(connection.problem, "Give the new team a name.")
        connection.new_team_name = "Customer care"
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("test", False))
        self.assertEqual(connection.team_id.name, "Customer care")
        self.assertEqual(connection.team_id.company_id, self.acorn)
        # coming back makes no second one
        connection.action_back()
        connection.action_next()
        teams = self.env["helpdesk.ticket.team"].search([("company_id", "=", self.acorn.id)])
        self.assertEqual(teams, connection.team_id)
        connection.action_next()
        self.assertEqual(connection.alias_id.team_id, connection.team_id)

    def test_a_new_team_s_own_queue_is_used(self):
        connection = self.place()
        connection = connection.with_context(mailflow_no_generated_address=False)
        connection.write(
            {
                "new_team_name": "Customer care",
                "alias_choice": "new",
                "alias_id": False,
                "new_alias_name": "Help",
                "new_alias_color": 5,
            }
        )
        queues = connection._aliases()
        connection.action_next()
        queue = connection.alias_id
        self.assertEqual(connection._aliases() - queues, queue)
        self.assertEqual((queue.name, queue.color), ("Help", 5))
        self.assertEqual(queue.email, f"customer-care@{DOMAIN}")
        self.assertIn(EMAIL, queue.address_ids.mapped("email"))
        team = connection.team_id
        connection.action_discard()
        self.assertFalse(queue.exists())
        self.assertFalse(team.exists())

    # --- support alias

    def test_the_queue_that_the_company_began_with_is_proposed(self):
        self.make_team()
        connection = self.place()
        self.assertEqual(
            (connection.alias_choice, connection.alias_id.name), ("existing", "Support")
        )
        connection.action_next()
        self.assertEqual(connection.alias_id.name, "Support")
        self.assertIn(EMAIL, connection.alias_id.external_address_ids.mapped("email"))

    def test_a_queue_in_use_is_not_proposed_but_a_new_one(self):
        self.make_team()
        self.place().action_next()
        connection = self.place(email="spare-parts@acorn-tests.example")
        self.assertEqual(
            (connection.alias_choice, connection.new_alias_name), ("new", "Spare parts")
        )
        connection.new_alias_name = ""
        connection.action_next()
        self.assertEqual(connection.problem, "Give the new support alias a name.")
        connection.write(
            {
                "new_alias_name": "Parts",
                "new_alias_friendly_name": "Acorn Parts",
                "new_alias_color": 3,
            }
        )
        connection.action_next()
        queue = connection.alias_id
        self.assertEqual(
            (queue.name, queue.friendly_name, queue.color), ("Parts", "Acorn Parts", 3)
        )
        # what is changed on coming back is changed, not made again
        connection.action_back()
        connection.new_alias_name = "Spares"
        connection.action_next()
        self.assertEqual((connection.alias_id, queue.name), (queue, "Spares"))

    def test_the_queue_that_the_address_leads_to_is_proposed(self):
        self.make_team()
        queue = self.make_alias("Hotline", "hotline", company_id=self.acorn.id)
        self.env["helpdesk.support.alias.address"].create({"alias_id": queue.id, "email": EMAIL})
        self.assertEqual(self.place().alias_id, queue)

    def test_a_queue_that_changes_its_team_is_said(self):
        desk, repairs = self.make_team(), self.make_team("Repairs")
        queue = self.make_alias("Hotline", "hotline", company_id=self.acorn.id, team_id=desk.id)
        connection = self.place(alias_id=queue.id)
        self.assertEqual(connection.team_id, desk)
        self.assertFalse(connection.place_note)
        connection.team_id = repairs
        self.assertEqual(
            connection.place_note,
            "New tickets of “Hotline” go to Repairs instead of Front desk from then on.",
        )

    def test_in_the_form_the_team_follows_the_queue(self):
        desk, repairs = self.make_team(), self.make_team("Repairs")
        queue = self.make_alias(
            "Hotline", "hotline", company_id=self.acorn.id, team_id=repairs.id, signature="<p>H</p>"
        )
        with Form(self.place(team_id=desk.id)) as form:
            form.alias_choice = "existing"
            form.alias_id = queue
            self.assertEqual(form.team_id, repairs)
            self.assertEqual(form.signature, "<p>H</p>")

    # --- answers

    def test_what_customers_will_see_is_shown(self):
        self.make_team()
        address = self.from_address()
        connection = self.place(from_address_id=address.id)
        connection.write({"alias_choice": "new", "new_alias_friendly_name": "Acorn Help"})
        self.assertTrue(connection.answers_as_itself)
        self.assertEqual(connection.answer_example, f'"Bea Boss" <{EMAIL}>')
        self.assertEqual(connection.automatic_example, f'"Acorn Help" <{EMAIL}>')
        self.assertFalse(connection.answer_note)
        connection.action_next()
        self.assertEqual(connection.alias_id.answers_via_id, address)
        self.assertEqual(connection.alias_id.automatic_from_preview, f"Acorn Help <{EMAIL}>")

    def test_what_answers_until_the_address_is_verified_is_said(self):
        self.make_team()
        self.from_address("office@acorn-tests.example")
        address = self.from_address(proven=False)
        connection = self.place(from_address_id=address.id)
        default = self.env["helpdesk.from.address"]._usable_for(self.acorn)._default_one()
        self.assertEqual(
            connection.answer_note,
            f"{EMAIL} is not verified yet. Until it is, answers leave as {default.email}.",
        )
        connection.action_next()
        self.assertEqual(connection.alias_id.answers_via_id, default)
        # and from then on nobody has to do anything
        address._prove("mail")
        self.assertEqual(connection.alias_id.answers_via_id, address)

    def test_when_only_tickets_come_in_another_address_is_chosen(self):
        self.make_team()
        office = self.from_address("office@acorn-tests.example", friendly_name="Acorn")
        connection = self.place(direction="in")
        self.assertFalse(connection.answers_as_itself)
        connection.answer_via_id = office
        self.assertEqual(connection.automatic_example, '"Acorn" <office@acorn-tests.example>')
        connection.action_next()
        connection.action_next()
        self.assertEqual(connection.alias_id.answer_via_id, office)

    def test_the_signature_is_the_queue_s(self):
        self.make_team()
        connection = self.place()
        connection.signature = "<p>Acorn, tel. 42</p>"
        connection.action_next()
        connection.action_next()
        self.assertEqual(connection.alias_id.signature, "<p>Acorn, tel. 42</p>")
        # of a queue that has one it is what there is to change
        other = self.place(alias_id=connection.alias_id.id)
        self.assertEqual(other.signature, "<p>Acorn, tel. 42</p>")

    def test_when_only_answers_leave_no_team_is_asked_for(self):
        connection = self.place(direction="out", from_address_id=self.from_address().id)
        self.assertEqual(connection.alias_id.name, "Support")
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("test", False))
        self.assertFalse(connection.team_id)
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("done", False))
        self.assertEqual(connection.alias_id.answers_via_id.email, EMAIL)

    def test_how_answers_look_is_shown_and_can_be_changed(self):
        self.make_team()
        connection = self.place()
        self.assertIn("<html", connection.template_preview)
        action = connection.action_open_template()
        self.assertEqual(action["res_model"], "helpdesk.conversation.template")

    def test_a_system_admin_need_not_be_a_helpdesk_manager(self):
        admin = self.make_user(
            "acorn-admin",
            "base.group_system",
            "helpdesk_mgmt.group_helpdesk_user_own",
            company=self.acorn,
        )
        self.boss = admin
        connection = self.place()
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("test", False))
        self.assertFalse(connection.template_preview)

    # --- beside what is there, and in several windows

    def queue_in_use(self):
        """A queue with team, sender and signature, and a guide that would change them."""
        desk, repairs = self.make_team(), self.make_team("Repairs")
        office = self.from_address("office@acorn-tests.example")
        queue = self.make_alias(
            "Hotline",
            "hotline",
            company_id=self.acorn.id,
            team_id=desk.id,
            answer_via_id=office.id,
            signature="<p>Hotline</p>",
        )
        connection = self.place(alias_id=queue.id, from_address_id=self.from_address().id)
        connection.write({"team_id": repairs.id, "signature": "<p>Help</p>"})
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("test", False))
        return connection, queue, (desk, office, "<p>Hotline</p>")

    def of(self, queue):
        return queue.team_id, queue.answer_via_id, str(queue.signature)

    def test_a_queue_in_use_goes_on_as_it_is_until_the_activation(self):
        connection, queue, former = self.queue_in_use()
        self.assertEqual(self.of(queue), former)
        connection.action_next()
        self.assertEqual((connection.step, connection.problem), ("done", False))
        self.assertEqual(
            self.of(queue), (connection.team_id, connection.from_address_id, "<p>Help</p>")
        )

    def test_discarding_leaves_a_queue_in_use_as_it_was(self):
        connection, queue, former = self.queue_in_use()
        connection.action_discard()
        self.assertEqual(self.of(queue), former)
        self.assertNotIn(EMAIL, queue.address_ids.mapped("email"))

    def test_a_button_of_another_window_leaves_no_step_unseen(self):
        self.make_team()
        connection = self.place()
        connection.action_next()
        self.assertEqual(connection.step, "test")
        for step in ("address", "place"):
            connection.with_context(**{SEEN: step}).action_next()
            self.assertEqual((connection.step, connection.state), ("test", "open"))
        connection.with_context(**{SEEN: "place"}).action_back()
        connection.with_context(**{SEEN: "address"}).action_use_provided()
        self.assertEqual((connection.step, connection.road), ("test", "forward"))
        connection.with_context(**{SEEN: "test"}).action_next()
        self.assertEqual((connection.state, connection.problem), ("active", False))
