# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, UserError

from .common import DOMAIN, mail
from .test_from_address import GROUP, ODOO_S, FromAddressCase


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


class TestTemplates(FromAddressCase):
    """Mail templates that still name an old sender."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Template = cls.env["mail.template"]
        Template.search([("model", "=", "helpdesk.ticket")]).email_from = False
        of_tickets = {"model_id": cls.env["ir.model"]._get_id("helpdesk.ticket")}
        server = cls.env["ir.mail_server"].create({"name": "Old", "smtp_host": "localhost"})
        cls.old, cls.dynamic, cls.current, cls.none = Template.create(
            [
                {
                    **of_tickets,
                    "name": "Old",
                    "email_from": "Acorn <old@acorn-tests.example>",
                    "mail_server_id": server.id,
                },
                {
                    **of_tickets,
                    "name": "Dynamic",
                    "email_from": "{{ object.company_id.partner_id.email }}",
                },
                {**of_tickets, "name": "Current", "email_from": cls.proven.email.upper()},
                {**of_tickets, "name": "None"},
            ]
        )
        cls.of_contacts = Template.create(
            {
                "name": "Of contacts",
                "model_id": cls.env["ir.model"]._get_id("res.partner"),
                "email_from": "old@acorn-tests.example",
            }
        )

    def offer(self, address=None, user=None, **values):
        address = (address or self.proven).with_user(user or self.manager)
        action = address.action_switch_templates()
        return (
            self.env["helpdesk.template.sender"]
            .with_user(user or self.manager)
            .with_context(**action["context"])
            .create(values)
        )

    def test_those_with_another_sender_are_listed(self):
        self.assertEqual(self.proven.with_user(self.manager).template_count, 2)
        self.assertEqual(self.offer().template_ids, self.old | self.dynamic)

    def test_they_are_switched_to_what_answers_the_ticket(self):
        self.offer().action_switch()
        self.assertFalse((self.old | self.dynamic).filtered("email_from"))
        self.assertFalse(self.old.mail_server_id)
        self.assertEqual(self.of_contacts.email_from, "old@acorn-tests.example")
        ticket = self.take_ticket(mail())
        with self.mock_mail_gateway():
            self.old.send_mail(ticket.id, force_send=True, email_values={"email_to": "a@b.example"})
        self.assertIn(f"<{ODOO_S}>", self._mails[-1]["email_from"])

    def test_or_to_this_address(self):
        self.offer(sender="address").action_switch()
        self.assertEqual(self.old.email_from, self.proven.email)
        ticket = self.take_ticket(mail())
        with self.mock_mail_gateway():
            self.old.send_mail(ticket.id, force_send=True, email_values={"email_to": "a@b.example"})
        self.assertIn(f"<{self.proven.email}>", self._mails[-1]["email_from"])

    def test_what_is_taken_out_of_the_list_stays(self):
        wizard = self.offer()
        wizard.template_ids -= self.dynamic
        wizard.action_switch()
        self.assertFalse(self.old.email_from)
        self.assertTrue(self.dynamic.email_from)

    def test_it_lends_no_rights(self):
        wizard = self.offer(template_ids=[(6, 0, (self.old | self.of_contacts | self.none).ids)])
        wizard.action_switch()
        self.assertEqual(self.of_contacts.email_from, "old@acorn-tests.example")
        with self.assertRaises(AccessError):
            self.offer(user=self.agent)
        with self.assertRaises(UserError):
            self.offer(self.make_from("new@acorn-tests.example")).action_switch()

    def test_no_program_gets_into_a_template(self):
        named = self.make_proven("x@acorn-tests.example", friendly_name="{{ object.env }}")
        self.offer(named, sender="address").action_switch()
        self.assertEqual(self.old.email_from, "x@acorn-tests.example")
        braces = self.make_proven("{{object.env}}@acorn-tests.example")
        with self.assertRaises(UserError):
            self.offer(braces, sender="address").action_switch()
