# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DOMAIN, MailflowCase

GROUP = "helpdesk_mgmt.group_helpdesk_"
ODOO_S = f"notifications@{DOMAIN}"


@tagged("post_install", "-at_install")
class FromAddressCase(MailflowCase):
    """A manager, and an address that was proven before the tests begin."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.FromAddress = cls.env["helpdesk.from.address"]
        cls.manager = cls.make_user("mf-from-manager", GROUP + "manager")
        cls.agent = cls.make_user("mf-from-agent", GROUP + "user")
        cls.of_odoo = cls.FromAddress.search(
            [("company_id", "=", cls.company.id), ("is_of_odoo", "=", True)]
        )
        cls.proven = cls.make_proven("help@acorn-tests.example")
        cls.env.flush_all()

    @classmethod
    def make_from(cls, email, **values):
        values.setdefault("company_id", cls.company.id)
        return cls.FromAddress.create({"email": email, **values})

    @classmethod
    def make_proven(cls, email, proof="mail", **values):
        address = cls.make_from(email, **values)
        address._prove(proof)
        return address

    def of(self, company):
        return self.FromAddress.search([("company_id", "=", company.id)])


class TestOdooSender(FromAddressCase):
    """What each company has from the start."""

    def test_a_company_has_what_odoo_sends_as(self):
        self.assertEqual(self.of_odoo.email, ODOO_S)
        self.assertEqual(self.of_odoo.proof, "odoo")
        self.assertEqual(self.of_odoo.state, "verified")
        self.assertTrue(self.of_odoo.is_usable)
        self.assertTrue(self.of_odoo.is_default)
        self.assertEqual(self.of_odoo.sends_via, "odoo")

    def test_a_new_company_gets_one_once_there_is_a_sender(self):
        company = self.env["res.company"].create({"name": "Branch", "alias_domain_id": False})
        self.assertFalse(self.of(company))
        company.alias_domain_id = self.domain
        self.assertEqual(self.of(company).email, ODOO_S)
        self.assertTrue(self.of(company).is_default)

    def test_it_follows_the_default_sender(self):
        self.domain.default_from = "hello"
        self.assertEqual(self.of_odoo.email, f"hello@{DOMAIN}")
        self.domain.default_from = "Office@Acorn-Tests.example"
        self.assertEqual(self.of_odoo.email, "office@acorn-tests.example")
        self.assertTrue(self.of_odoo.is_usable)
        self.assertTrue(self.of_odoo.is_default)

    def test_it_follows_the_domain(self):
        domain = self.env["mail.alias.domain"].create(
            {"name": "other.test", "bounce_alias": "b", "catchall_alias": "c"}
        )
        self.company.alias_domain_id = domain
        self.assertEqual(self.of_odoo.email, "notifications@other.test")
        domain.name = "third.test"
        self.assertEqual(self.of_odoo.email, "notifications@third.test")

    def test_odoo_sends_as_one_that_was_added_before(self):
        self.domain.default_from = self.proven.email
        self.assertTrue(self.proven.is_of_odoo)
        self.assertTrue(self.proven.is_default)
        self.assertEqual(self.proven.proof, "mail")
        self.assertFalse(self.of_odoo.is_of_odoo)
        self.assertFalse(self.of_odoo.is_usable, "nothing proves it any more")

    def test_without_a_sender_it_is_not_proven(self):
        self.company.alias_domain_id = False
        self.assertFalse(self.of_odoo.is_usable)
        self.assertFalse(self.of_odoo.is_default)
        self.assertTrue(self.proven.is_default)
        self.company.alias_domain_id = self.domain
        self.assertTrue(self.of_odoo.is_of_odoo)
        self.assertTrue(self.of_odoo.is_usable)
        self.assertTrue(self.proven.is_default, "what answers now goes on to")

    def test_a_domain_that_is_deleted_proves_nothing(self):
        domain = self.env["mail.alias.domain"].create(
            {"name": "other.test", "bounce_alias": "b", "catchall_alias": "c"}
        )
        company = self.make_company("Branch", domain)
        self.assertEqual(self.of(company).email, "notifications@other.test")
        self.assertTrue(self.of(company).is_usable)
        self.support.search([("company_id", "=", company.id)]).alias_id.alias_domain_id = False
        domain.unlink()
        self.assertFalse(self.of(company).is_usable)

    def test_one_that_was_deleted_stays_away(self):
        self.of_odoo.unlink()
        self.FromAddress._give_each_company_one(self.company)
        self.domain.default_from = "hello"
        self.assertEqual(self.of(self.company), self.proven)

    def test_one_that_was_deleted_can_be_added_again(self):
        self.of_odoo.unlink()
        again = self.make_from(ODOO_S.upper())
        self.assertTrue(again.is_of_odoo)
        self.assertTrue(again.is_usable)
        self.assertFalse(again.is_default)

    def test_its_address_is_not_typed(self):
        with self.assertRaisesRegex(UserError, "alias domain"):
            self.of_odoo.with_user(self.manager).email = "boss@acorn-tests.example"
        self.of_odoo.with_user(self.manager).write({"email": ODOO_S, "friendly_name": "Acorn"})
        self.assertTrue(self.of_odoo.is_usable)
