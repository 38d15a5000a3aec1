# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import MailflowCase, mail

GROUP = "helpdesk_mgmt.group_helpdesk_"
OLD = "old@zylker.example"


@tagged("post_install", "-at_install")
class TestSwitchTemplates(MailflowCase):
    """Mail templates that name a sender of their own are offered to leave it to the ticket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Template = cls.env["mail.template"]
        cls.editor = cls.env.ref("mail.group_mail_template_editor")
        # as where only some may edit templates
        cls.env.ref("base.group_user").implied_ids -= cls.editor
        cls.manager = cls.make_user(
            "mf-switch-manager", GROUP + "manager", "mail.group_mail_template_editor"
        )
        cls.locked = cls.make_user("mf-switch-locked", GROUP + "manager")
        cls.agent = cls.make_user("mf-switch-agent", GROUP + "user")
        cls.from_address = cls.env["helpdesk.from.address"].create(
            {"email": "help@acorn-tests.example", "company_id": cls.company.id}
        )
        cls.from_address._prove("mail")
        cls.env["mail.template"]._helpdesk_templates().write(
            {"email_from": False, "reply_to": False, "mail_server_id": False}
        )
        cls.server = cls.env["ir.mail_server"].create({"name": "Old", "smtp_host": "old.example"})
        cls.fixed = cls.make_template("Fixed", email_from=OLD)
        cls.made = cls.make_template("Made", email_from="{{ object.company_id.email }}")
        cls.with_server = cls.make_template(
            "With server", mail_server_id=cls.server.id, reply_to="Old <reply@zylker.example>"
        )
        cls.ours = cls.make_template("Ours", email_from=f"Acorn <{cls.from_address.email}>")
        cls.left = cls.make_template("Left to the ticket")
        cls.other = cls.make_template("Of contacts", model="res.partner", email_from=OLD)
        cls.env.flush_all()

    @classmethod
    def make_template(cls, name, model="helpdesk.ticket", **values):
        return cls.Template.create(
            {
                "name": name,
                "model_id": cls.env["ir.model"]._get_id(model),
                "subject": "Something",
                "body_html": "<p>Hello</p>",
                **values,
            }
        )

    def wizard(self, user=None):
        wizards = self.env["helpdesk.switch.templates"].with_user(user or self.manager)
        return wizards.with_context(default_address_id=self.from_address.id).create({})

    def named(self, lines):
        return {line.name: line.chosen for line in lines}

    def sender(self, template):
        return (template.email_from, template.reply_to, template.mail_server_id)

    def test_templates_with_a_sender_are_listed_and_old_ones_ticked(self):
        wizard = self.wizard()
        self.assertEqual(
            self.named(wizard.line_ids),
            {"Fixed": True, "Made": True, "With server": True, "Ours": False},
        )
        self.assertFalse(wizard.switched_line_ids)
        self.assertFalse(wizard.locked_count)
        said = {line.name: line.sender for line in wizard.line_ids}
        self.assertEqual(said["Fixed"], OLD)
        self.assertIn("Reply-To Old <reply@zylker.example>", said["With server"])
        self.assertIn("server of its own", said["With server"])
        self.assertNotIn("old.example", said["With server"], "hosts are a system admin's")

    def test_a_template_of_a_stage_says_which(self):
        stage = self.env["helpdesk.ticket.stage"].create(
            {"name": "Waiting for parts", "mail_template_id": self.fixed.id}
        )
        line = self.wizard().line_ids.filtered(lambda each: each.template_id == self.fixed)
        self.assertEqual(line.used_by, stage.name)

    def test_what_is_ticked_leaves_the_sender_to_the_ticket(self):
        wizard = self.wizard()
        wizard.line_ids.filtered(lambda line: line.name == "Made").chosen = False
        wizard.action_switch()
        none = (False, False, self.env["ir.mail_server"])
        self.assertEqual(self.sender(self.fixed), none)
        self.assertEqual(self.sender(self.with_server), none)
        self.assertTrue(self.made.email_from)
        self.assertTrue(self.ours.email_from)
        self.assertEqual(self.other.email_from, OLD)

    def test_what_was_switched_can_be_put_back(self):
        before = {each: self.sender(each) for each in self.fixed | self.with_server}
        self.wizard().action_switch()
        wizard = self.wizard()
        self.assertEqual(
            self.named(wizard.switched_line_ids),
            {"Fixed": False, "Made": False, "With server": False},
        )
        self.assertIn(OLD, wizard.switched_line_ids.mapped("sender"))
        back = wizard.switched_line_ids.filtered(lambda line: line.name != "Made")
        back.chosen = True
        wizard.action_put_back()
        self.assertEqual({each: self.sender(each) for each in before}, before)
        self.assertFalse(self.fixed.helpdesk_former_sender)
        self.assertFalse(self.made.email_from)

    def test_a_server_that_is_gone_is_not_put_back(self):
        self.wizard().action_switch()
        self.server.unlink()
        wizard = self.wizard()
        wizard.switched_line_ids.chosen = True
        wizard.action_put_back()
        self.assertFalse(self.with_server.mail_server_id)
        self.assertEqual(self.with_server.reply_to, "Old <reply@zylker.example>")

    def test_a_sender_that_is_typed_later_is_not_overwritten(self):
        self.wizard().action_switch()
        self.fixed.with_user(self.manager).email_from = "new@zylker.example"
        wizard = self.wizard()
        self.assertIn("Fixed", self.named(wizard.line_ids))
        self.assertNotIn("Fixed", self.named(wizard.switched_line_ids))

    def test_who_may_not_change_templates_is_told(self):
        wizard = self.wizard(self.locked)
        self.assertEqual(wizard.locked_count, 4)
        self.assertFalse(wizard.can_switch)
        self.assertFalse(any(self.named(wizard.line_ids).values()))
        with self.assertRaisesRegex(UserError, "Choose the templates"):
            wizard.action_switch()
        wizard.line_ids.filtered(lambda line: line.name == "Fixed").chosen = True
        with self.assertRaisesRegex(UserError, "You may not change.*Fixed.*Editor"):
            wizard.action_switch()
        self.assertEqual(self.fixed.email_from, OLD)

    def test_own_templates_can_be_changed_all_the_same(self):
        self.fixed.user_id = self.locked
        wizard = self.wizard(self.locked)
        self.assertEqual(wizard.locked_count, 3)
        wizard.action_switch()
        self.assertFalse(self.fixed.email_from)

    def test_agents_do_not_come_here(self):
        with self.assertRaises(AccessError):
            self.wizard(self.agent)

    def test_the_form_of_a_from_address_offers_it(self):
        self.assertEqual(self.from_address.with_user(self.manager).template_count, 3)
        self.assertTrue(self.from_address.with_user(self.manager).offers_templates)
        self.from_address._by_system().verified_date = "2026-01-01"
        self.assertFalse(self.from_address.with_user(self.manager).offers_templates)
        action = self.from_address.with_user(self.manager).action_switch_templates()
        self.assertEqual(action["context"], {"default_address_id": self.from_address.id})
        self.wizard().action_switch()
        self.from_address.invalidate_recordset()
        self.assertEqual(self.from_address.with_user(self.manager).template_count, 0)
        wizards = self.env["helpdesk.switch.templates"].with_user(self.manager)
        with Form(wizards) as form:
            self.assertEqual(len(form.switched_line_ids), 3)

    def test_a_switched_template_leaves_as_the_ticket_s_from_address(self):
        self.support.answer_via_id = self.from_address
        ticket = self.take_ticket(mail())
        self.wizard().action_switch()
        with self.mock_mail_gateway():
            self.fixed.send_mail(
                ticket.id, force_send=True, email_values={"email_to": "marta@acorn.example"}
            )
        self.assertTrue(self._mails)
        for each in self._mails:
            self.assertIn(f"<{self.from_address.email}>", each["email_from"])

    def switch_to(self, address):
        wizards = self.env["helpdesk.switch.templates"].with_user(self.manager)
        wizards.create({"address_id": address.id, "sender": "address"}).action_switch()

    def test_or_always_as_this_address(self):
        self.switch_to(self.from_address)
        self.assertEqual(self.fixed.email_from, self.from_address.email)
        wizard = self.wizard()
        self.assertIn("Fixed", self.named(wizard.switched_line_ids))
        wizard.switched_line_ids.chosen = True
        wizard.action_put_back()
        self.assertEqual(self.fixed.email_from, OLD)

    def test_an_address_that_cannot_send_is_not_named(self):
        new = self.from_address.create(
            {"email": "new@acorn-tests.example", "company_id": self.company.id}
        )
        with self.assertRaisesRegex(UserError, "cannot be sent as"):
            self.switch_to(new)

    def test_no_program_gets_into_a_template(self):
        self.from_address.friendly_name = "{{ object.env }}"
        self.switch_to(self.from_address)
        self.assertEqual(self.fixed.email_from, self.from_address.email)
        braces = self.from_address.create(
            {"email": "{{object.env}}@acorn-tests.example", "company_id": self.company.id}
        )
        braces._prove("mail")
        self.fixed.email_from = OLD
        with self.assertRaisesRegex(UserError, "cannot be written"):
            self.switch_to(braces)

    def test_only_templates_of_tickets_are_switched(self):
        wizard = self.wizard()
        wizard.line_ids[0].template_id = self.other
        wizard.action_switch()
        self.assertEqual(self.other.email_from, OLD)
