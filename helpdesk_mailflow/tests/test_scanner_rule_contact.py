# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import ValidationError

from .common import mail
from .test_scanner_rule_ticket import ValueCase, value

EVE = "Eve Adler <eve@nowhere-tests.example>"


class TestContactByRule(ValueCase):
    """Contacts that rules make."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.helpdesk_create_contacts = "rule"
        cls.tag = cls.env["res.partner.category"].create({"name": "By mail"})

    def test_a_contact_with_values(self):
        account = self.env["res.partner"].create({"name": "Adler Ltd", "is_company": True})
        country = self.env.ref("base.se")
        user = self.make_user("rule-seller")
        self.make_rule(
            [],
            self.action(
                "contact",
                value("contact.parent_id", account),
                value("contact.category_id", self.tag),
                value("contact.user_id", user),
                value("contact.country_id", country),
                value("contact.company_id", self.company),
                value("contact.lang", choice="contact.lang:en_US"),
                value("contact.function", "Wrote to {alias}"),
                value("contact.comment", "<b>{subject}</b>"),
            ),
        )
        ticket = self.take_ticket(mail(from_=EVE, subject="<script>1</script>"))
        contact = ticket.partner_id
        self.assertEqual(contact.email, "eve@nowhere-tests.example")
        self.assertEqual(contact.name, "Eve Adler")
        self.assertEqual(contact.parent_id, account)
        self.assertEqual(ticket.commercial_partner_id, account)
        self.assertEqual(contact.category_id, self.tag)
        self.assertEqual(contact.company_id, self.company)
        self.assertEqual(contact.country_id, country)
        self.assertEqual((contact.user_id, contact.lang), (user, "en_US"))
        self.assertEqual(contact.function, "Wrote to Support")
        self.assertIn("&lt;b&gt;&lt;script&gt;", contact.comment)

    def test_without_such_a_rule_there_is_none(self):
        self.assertFalse(self.take_ticket(mail(from_=EVE)).partner_id)

    def test_a_known_contact_is_not_changed(self):
        contact = self.make_contact("Eve", "eve@nowhere-tests.example")
        self.make_rule([], self.action("contact", value("contact.name", "Other")))
        row = self.take(mail(from_=EVE))
        self.assertEqual(row.ticket_ids.partner_id, contact)
        self.assertEqual(contact.name, "Eve")
        self.assertIn("rule_contact_known", self.codes(row))

    def test_several_mails_make_one_contact(self):
        self.make_rule([], self.action("contact", value("contact.category_id", self.tag)))
        rows = self.take_batch(*(mail(from_=EVE, subject=str(each)) for each in range(5)))
        self.assertEqual(len(rows.ticket_ids), 5)
        self.assertEqual(len(rows.ticket_ids.partner_id), 1)

    def test_the_account_of_another_company(self):
        other = self.make_company("Other")
        account = self.env["res.partner"].create(
            {"name": "Adler Ltd", "is_company": True, "company_id": other.id}
        )
        for refused in (
            value("contact.company_id", other),
            value("contact.parent_id", account),
            value("ticket.priority", choice="ticket.priority:1"),
        ):
            with self.subTest(refused=refused), self.assertRaises(ValidationError):
                self.make_rule([], self.action("contact", refused))
        account.company_id = False
        rule = self.make_rule([], self.action("contact", value("contact.parent_id", account)))
        account.company_id = other
        row = self.take(mail(from_=EVE))
        self.assertFalse(row.ticket_ids.partner_id.parent_id)
        self.assertTrue(row.ticket_ids.partner_id)
        self.assertTrue(rule.fault)

    def test_the_account_of_a_ticket(self):
        account = self.env["res.partner"].create(
            {"name": "Adler Ltd", "is_company": True, "email": "info@nowhere-tests.example"}
        )
        self.make_rule(
            [],
            self.action(
                "ticket",
                {**value("commercial_partner_id", account), "on_update": True},
                match_by="none",
            ),
        )
        ticket = self.take_ticket(mail(from_=EVE, message_id="<eve@nowhere-tests.example>"))
        self.assertEqual(ticket.commercial_partner_id, account)
        self.assertEqual(ticket.partner_id.parent_id, account)
        self.assertEqual(ticket.partner_id.email, "eve@nowhere-tests.example")
        # who is known keeps the account
        marta = self.make_contact("Marta", "marta@known-tests.example")
        for headers in ([], [("In-Reply-To", "<eve@nowhere-tests.example>")]):
            row = self.take(mail(from_=marta.email, headers=headers))
            self.assertIn("rule_account_left", self.codes(row))
        self.assertFalse(marta.parent_id)
        self.assertEqual(ticket.commercial_partner_id, account)

    def test_an_override_of_the_requester(self):
        boss = self.make_contact("Boss", "boss@nowhere-tests.example")
        self.make_rule([], self.action("ticket", value("partner_id", boss)))
        ticket = self.take_ticket(mail(from_=EVE))
        self.assertEqual(ticket.partner_id, boss)
        self.assertEqual(ticket.partner_email, "eve@nowhere-tests.example")
