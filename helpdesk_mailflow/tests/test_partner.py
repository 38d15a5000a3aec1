# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.tests import TransactionCase, tagged

from ..mailflow.domain import is_free_mail, registrable_domain


@tagged("post_install", "-at_install")
class TestDomains(TransactionCase):
    """The domains that accounts are found by."""

    def test_mail_domain(self):
        cases = {
            "Bo <bo@Acorn.EXAMPLE>": "acorn.example",
            "bo@mail.acorn.co.uk": "acorn.co.uk",
            "bo@gmail.com": False,
            "bo@mail.ru": False,
            "no address": False,
            False: False,
        }
        for email, domain in cases.items():
            with self.subTest(email=email):
                partner = self.env["res.partner"].create({"name": "x", "email": email})
                self.assertEqual(partner.mail_domain, domain)
        partner.email = "bo@other.example"
        self.assertEqual(partner.mail_domain, "other.example")

    def test_website_domain(self):
        cases = {
            "https://www.acorn.co.uk/shop?x=1": "acorn.co.uk",
            "acorn.example": "acorn.example",
            "http://user@shop.acorn.example:8080": "acorn.example",
            "https://gmail.com/x": False,
            False: False,
        }
        for website, domain in cases.items():
            with self.subTest(website=website):
                partner = self.env["res.partner"].create({"name": "x", "website": website})
                self.assertEqual(partner.website_domain, domain)

    def test_domains(self):
        self.assertEqual(registrable_domain("A.B.Acorn.co.uk."), "acorn.co.uk")
        self.assertEqual(registrable_domain("localhost"), "localhost")
        self.assertTrue(is_free_mail("GMAIL.com"))
        self.assertFalse(is_free_mail("acorn.example"))

    def test_indexes_for_the_look_ups_of_each_mail_exist(self):
        self.env.cr.execute(
            "SELECT tablename, indexdef FROM pg_indexes"
            " WHERE tablename IN ('res_partner', 'helpdesk_ticket')"
        )
        indexes = self.env.cr.fetchall()
        for table, column in (
            ("res_partner", "email_normalized"),
            ("res_partner", "mail_domain"),
            ("res_partner", "website_domain"),
            ("helpdesk_ticket", "number"),
            ("helpdesk_ticket", "partner_id"),
        ):
            with self.subTest(column=column):
                self.assertTrue(
                    [each for name, each in indexes if name == table and f"({column})" in each]
                )


@tagged("post_install", "-at_install")
class TestSettings(TransactionCase):
    def test_settings_are_what_the_intake_goes_by(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.helpdesk_keep_source_days, 90)
        self.assertEqual(self.env["helpdesk.intake"]._limits().parts, 1000)
        settings.write(
            {
                "helpdesk_keep_source_days": 7,
                "helpdesk_max_parts": 50,
                "helpdesk_max_attachments": 3,
                "helpdesk_max_depth": 4,
                "helpdesk_max_text_kb": 5,
                "helpdesk_max_header_kb": 6,
                "helpdesk_create_contacts": "rule",
            }
        )
        settings.execute()
        self.assertEqual(self.env["helpdesk.incoming.mail"]._keep_source_days(), 7)
        limits = self.env["helpdesk.intake"]._limits()
        self.assertEqual((limits.parts, limits.attachments, limits.depth), (50, 3, 4))
        self.assertEqual((limits.text_bytes, limits.header_bytes), (5 * 1024, 6 * 1024))
        self.assertEqual(self.env.company.helpdesk_create_contacts, "rule")

    def test_zero_days_stay_zero(self):
        settings = self.env["res.config.settings"].create({"helpdesk_keep_source_days": 0})
        settings.execute()
        self.assertEqual(self.env["helpdesk.incoming.mail"]._keep_source_days(), 0)
        again = self.env["res.config.settings"].create({})
        self.assertEqual(again.helpdesk_keep_source_days, 0)
