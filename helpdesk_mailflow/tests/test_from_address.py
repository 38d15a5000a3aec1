# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.migration import load_script
from odoo.tests import Form, tagged
from odoo.tools import config, file_path, mute_logger

from ..hooks import post_init_hook
from .common import DOMAIN, MailflowCase

GROUP = "helpdesk_mgmt.group_helpdesk_"
ODOO_S = f"notifications@{DOMAIN}"


@tagged("post_install", "-at_install")
class FromAddressCase(MailflowCase):
    """A manager, an agent, what Odoo sends as, and an address that was proven by mail."""

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

    def test_new_and_existing_databases_begin_with_the_same(self):
        path = "helpdesk_mailflow/migrations/19.0.2.0.0/post-migration.py"
        script = load_script(file_path(path), "post-migration")
        Template = self.env["helpdesk.conversation.template"]
        of_company = [("company_id", "=", self.company.id)]
        for begin in (lambda: script.migrate(self.env.cr, "19.0.1.0.0"), self.begin_anew):
            self.env.cr.execute("DELETE FROM helpdesk_from_address")
            self.env.cr.execute("DELETE FROM helpdesk_conversation_template")
            self.env.invalidate_all()
            for _again in range(2):
                begin()
                self.env.invalidate_all()
                self.assertEqual(self.of(self.company).mapped("email"), [ODOO_S])
                self.assertEqual(Template.search_count(of_company), 1)

    def begin_anew(self):
        post_init_hook(self.env)

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

    def test_the_sender_of_the_configuration_file(self):
        company = self.env["res.company"].create({"name": "Branch", "alias_domain_id": False})
        self.assertFalse(self.of(company))
        with patch.dict(config.options, {"email_from": "Acorn <odoo@acorn-tests.example>"}):
            self.FromAddress._cron_keep_in_step()
            self.assertEqual(self.of(company).email, "odoo@acorn-tests.example")
            self.assertTrue(self.of(company).is_usable)
            self.assertEqual(self.of_odoo.email, ODOO_S)

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


class TestFromAddress(FromAddressCase):
    """What may be sent as, and what may not."""

    def test_an_address_is_normalised_and_unique_in_its_company(self):
        address = self.make_from(" Sales@Acorn-Tests.EXAMPLE ", friendly_name="Sales")
        self.assertEqual(address.email, "sales@acorn-tests.example")
        self.assertEqual(address.display_name, '"Sales" <sales@acorn-tests.example>')
        other = self.make_company("Branch")
        self.make_from("sales@acorn-tests.example", company_id=other.id)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.make_from("SALES@acorn-tests.example")

    def test_what_is_no_address_is_refused(self):
        for email in ("", "sales", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example"):
            with self.subTest(email=email), self.assertRaises(ValidationError):
                self.make_from(email)
        with self.assertRaises(ValidationError):
            self.proven.email = "sales"

    def test_until_it_is_verified_it_is_in_no_list(self):
        address = self.make_from("sales@acorn-tests.example").with_user(self.manager)
        self.assertFalse(address.is_usable)
        usable = self.of_odoo | self.proven
        self.assertEqual(self.FromAddress._usable_for(self.company), usable)
        self.assertEqual(self.FromAddress.search([("is_usable", "=", True)]) & usable, usable)
        self.assertIn(address, self.FromAddress.search([("is_usable", "=", False)]))
        self.assertNotIn(address, self.FromAddress._offered_to(self.manager, self.company))
        with self.assertRaisesRegex(UserError, "not verified"):
            address.action_make_default()

    def test_a_disabled_one_is_in_no_list(self):
        self.proven.enabled = False
        self.assertEqual(self.FromAddress._usable_for(self.company), self.of_odoo)
        with self.assertRaisesRegex(UserError, "disabled"):
            self.proven.action_make_default()
        self.proven.action_enable()
        self.assertIn(self.proven, self.FromAddress._usable_for(self.company))

    def test_one_default_for_each_company(self):
        self.proven.with_user(self.manager).action_make_default()
        self.assertTrue(self.proven.is_default)
        self.assertFalse(self.of_odoo.is_default)
        with self.assertRaisesRegex(UserError, "Make another one the default"):
            self.proven.is_default = False
        self.assertEqual(self.FromAddress._usable_for(self.company)[0], self.proven)

    def test_the_default_moves_on(self):
        for leave in (
            lambda address: address.write({"enabled": False}),
            lambda address: address.unlink(),
            lambda address: address.write({"email": "new@acorn-tests.example"}),
        ):
            address = self.make_proven("leaving@acorn-tests.example")
            address.action_make_default()
            leave(address.with_user(self.manager))
            self.assertTrue(self.of_odoo.is_default)
            address.exists().unlink()

    def test_the_first_default_can_go_while_another_stays(self):
        self.of_odoo.with_user(self.manager).enabled = False
        self.assertTrue(self.proven.is_default)
        self.of_odoo.with_user(self.manager).unlink()
        self.assertEqual(self.of(self.company), self.proven)

    def test_the_last_one_stays(self):
        self.of_odoo.unlink()
        unverified = self.make_from("sales@acorn-tests.example")
        last = self.proven.with_user(self.manager)
        for leave in (
            lambda: last.write({"enabled": False}),
            lambda: (last | unverified).unlink(),
            lambda: last.write({"email": "new@acorn-tests.example"}),
            lambda: last.write({"company_id": self.make_company("Branch").id}),
        ):
            with self.assertRaisesRegex(UserError, "verify another one first"):
                leave()
        self.assertTrue(last.is_usable and last.is_default)
        unverified.with_user(self.manager).enabled = False
        unverified.with_user(self.manager).unlink()

    def test_both_at_once_are_the_last_ones(self):
        with self.assertRaises(UserError):
            (self.of_odoo | self.proven).unlink()
        with self.assertRaises(UserError):
            (self.of_odoo | self.proven).write({"enabled": False})

    def test_another_address_or_company_is_not_proven(self):
        other = self.make_company("Branch")
        for values in ({"email": "new@acorn-tests.example"}, {"company_id": other.id}):
            address = self.make_proven("leaving@acorn-tests.example")
            address.write(values)
            self.assertEqual(address.state, "unverified")
            self.assertFalse(address.proof or address.verified_date or address.is_default)
            address.unlink()

    def test_the_same_address_stays_proven(self):
        self.proven.write({"email": "HELP@acorn-tests.example", "friendly_name": "Help"})
        self.assertTrue(self.proven.is_usable)

    def test_a_log_in_proves_its_own_server_only(self):
        address = self.make_proven(
            "smtp@acorn-tests.example", "login", sends_via="smtp", smtp_host="smtp.example"
        )
        self.assertTrue(address.is_usable)
        address.with_user(self.manager).sends_via = "odoo"
        self.assertFalse(address.is_usable)

    def test_a_mail_proves_any_way_to_send(self):
        self.proven.write({"sends_via": "smtp", "smtp_host": "smtp.example"})
        self.proven._prove("login")
        self.proven.sends_via = "odoo"
        self.assertTrue(self.proven.is_usable)
        self.assertEqual(self.proven.proof, "mail")

    def back(self):
        return self.env["helpdesk.ticket.team"].create(
            {"name": "Back office", "company_id": self.company.id, "alias_name": False}
        )

    def test_who_is_offered_what(self):
        back = self.back()
        of_back = self.make_proven("back@acorn-tests.example", team_id=back.id)
        offered = self.FromAddress._offered_to
        self.assertEqual(offered(self.agent, self.company), self.of_odoo | self.proven)
        self.assertIn(of_back, offered(self.manager, self.company))
        back.user_ids = self.agent
        self.assertIn(of_back, offered(self.agent, self.company))
        back.user_ids = False
        back.user_id = self.agent
        self.assertIn(of_back, offered(self.agent, self.company))
        above = back.copy({"name": "Above", "alias_name": False})
        back.write({"user_id": False, "parent_id": above.id})
        self.assertIn(of_back, offered(self.agent, self.company), "leads the team above")
        above.user_id = False
        self.assertNotIn(of_back, offered(self.agent, self.company))

    def test_what_is_offered_is_found(self):
        of_back = self.make_proven("back@acorn-tests.example", team_id=self.back().id)
        unproven = self.make_from("new@acorn-tests.example")
        of_team = self.make_proven("desk@acorn-tests.example", team_id=self.team.id)
        self.team.user_ids = self.agent
        domain = [("is_offered", "=", True), ("company_id", "=", self.company.id)]
        for user, extra in ((self.agent, of_team), (self.manager, of_team | of_back)):
            with self.subTest(user=user.login):
                addresses = self.FromAddress.with_user(user)
                found = addresses.search(domain)
                self.assertEqual(found, self.of_odoo | self.proven | extra)
                every = (found | of_back | unproven).with_user(user)
                self.assertEqual(every.filtered("is_offered"), found)

    def test_a_team_of_another_company_is_refused(self):
        other = self.make_company("Branch")
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Branch desk", "company_id": other.id, "alias_name": False}
        )
        with self.assertRaises(UserError):
            self.proven.team_id = team

    def test_the_from_header(self):
        self.assertEqual(self.of_odoo._formatted("Brad Lee"), f'"Brad Lee" <{ODOO_S}>')
        self.of_odoo.friendly_name = "Acorn Help"
        self.assertEqual(self.of_odoo._formatted(), f'"Acorn Help" <{ODOO_S}>')
        self.of_odoo.friendly_name = False
        self.assertIn(self.company.name, self.of_odoo._formatted())
        injected = self.of_odoo._formatted("Brad\r\nBcc: victim@acorn-tests.example")
        self.assertNotRegex(injected, r"[\r\n]")

    def test_the_server_that_keeps_the_address(self):
        Server = self.env["ir.mail_server"]
        Server.search([]).active = False
        self.assertFalse(self.proven._mail_server())
        common = Server.create({"name": "Common", "smtp_host": "localhost", "sequence": 1})
        self.assertEqual(self.proven._mail_server(), common)
        of_domain = Server.create(
            {
                "name": "Of the domain",
                "smtp_host": "localhost",
                "sequence": 2,
                "from_filter": "acorn-tests.example",
            }
        )
        self.assertEqual(self.proven._mail_server(), of_domain)
        self.assertEqual(self.of_odoo._mail_server(), common)
        self.proven.write({"sends_via": "smtp", "smtp_host": "smtp.example"})
        own = self.proven.mail_server_id
        self.assertEqual(self.proven.with_user(self.agent)._mail_server(), own)
        self.proven.mail_server_id = common
        self.assertEqual(self.proven.with_user(self.agent)._mail_server(), common)

    def test_changes_are_in_the_chatter(self):
        address = self.make_from("sales@acorn-tests.example")
        self.flush_tracking()
        address.with_user(self.manager)._prove("mail", user=self.manager)
        address.with_user(self.manager).enabled = False
        self.flush_tracking()
        tracked = address.message_ids.sudo().tracking_value_ids
        self.assertLessEqual({"state", "enabled"}, set(tracked.field_id.mapped("name")))
        self.assertIn(self.manager.partner_id, address.message_ids.author_id)

    def test_the_form(self):
        form = Form(self.FromAddress.with_user(self.manager))
        form.email = "Form@Acorn-Tests.example"
        form.friendly_name = "Form"
        address = form.save()
        self.assertEqual(address.email, "form@acorn-tests.example")
        self.assertEqual(address.state, "unverified")


class TestAttacks(FromAddressCase):
    """Sending as somebody else."""

    def test_nobody_says_that_an_address_is_verified(self):
        victim = {"email": "boss@acorn-tests.example"}
        system = self.make_user("mf-from-system", "base.group_system", GROUP + "manager")
        unverified = self.make_from("sales@acorn-tests.example")
        for user in (self.manager, system):
            FromAddress = self.FromAddress.with_user(user)
            for values in (
                {"state": "verified"},
                {"proof": "odoo"},
                {"is_of_odoo": True},
                {"verified_date": "2026-01-01 00:00:00"},
                {"verified_by_id": user.id},
                {"sent_date": "2026-01-01 00:00:00"},
                {"verification_bounced": True},
                {"is_usable": True, "is_default": True},
            ):
                with self.subTest(user=user.login, values=values):
                    with self.assertRaisesRegex(AccessError, "verification mail"):
                        FromAddress.create({**victim, **values})
                    with self.assertRaisesRegex(AccessError, "verification mail"):
                        unverified.with_user(user).write(values)

    def test_nor_by_an_import(self):
        result = self.FromAddress.with_user(self.manager).load(
            ["email", "state"], [["boss@acorn-tests.example", "Verified"]]
        )
        self.assertFalse(result["ids"])
        self.assertIn("verification mail", result["messages"][0]["message"])
        result = self.FromAddress.with_user(self.manager).load(
            ["email", "is_default"], [["boss@acorn-tests.example", "True"]]
        )
        self.assertFalse(result["ids"])
        self.assertIn("not verified", result["messages"][0]["message"])

    def test_nor_by_defaults_of_the_context(self):
        context = {
            "default_state": "verified",
            "default_proof": "odoo",
            "default_is_default": True,
            "default_is_of_odoo": True,
            "default_verified_by_id": self.manager.id,
            "mailflow_by_system": True,
        }
        FromAddress = self.FromAddress.with_user(self.manager).with_context(**context)
        address = FromAddress.create({"email": "boss@acorn-tests.example"})
        self.assertEqual(address.state, "unverified")
        self.assertFalse(address.proof or address.is_default or address.is_of_odoo)
        self.assertFalse(address.verified_by_id)
        with self.assertRaises(AccessError):
            address.write({"state": "verified"})
        self.proven.with_user(self.manager).with_context(**context).email = "x@acorn-tests.example"
        self.assertFalse(self.proven.is_usable)

    def test_nor_by_a_user_default(self):
        self.env["ir.default"].set("helpdesk.from.address", "state", "verified")
        address = self.FromAddress.with_user(self.manager).create({"email": "boss@acorn.example"})
        self.assertEqual(address.state, "unverified")

    def test_nor_by_a_copy(self):
        copy = self.proven.with_user(self.manager).copy({"email": "boss@acorn-tests.example"})
        self.assertEqual(copy.state, "unverified")
        self.assertFalse(copy.proof)

    def test_the_outgoing_server_is_a_system_admin_s(self):
        server = self.env["ir.mail_server"].create({"name": "Own", "smtp_host": "localhost"})
        with self.assertRaises(AccessError):
            self.proven.with_user(self.manager).write({"mail_server_id": server.id})
        with self.assertRaises(AccessError):
            self.proven.with_user(self.manager).read(["mail_server_id"])
        with self.assertRaises(AccessError):
            self.FromAddress.with_user(self.manager).search([("mail_server_id.smtp_pass", "!=", 0)])

    def test_an_agent_reads_and_changes_nothing(self):
        mine = self.proven.with_user(self.agent)
        self.assertEqual(mine.read(["email", "state"])[0]["state"], "verified")
        for action in (
            lambda: mine.write({"friendly_name": "x"}),
            lambda: mine.unlink(),
            lambda: mine.create({"email": "boss@acorn-tests.example"}),
            mine.action_make_default,
            mine.action_enable,
            mine.action_disable,
            mine.action_send_verification,
        ):
            with self.assertRaises(AccessError):
                action()

    def test_others_see_nothing(self):
        for user in (
            self.make_user("mf-from-employee", "base.group_user"),
            self.make_user("mf-from-portal", "base.group_portal"),
            self.env.ref("base.public_user"),
        ):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    self.FromAddress.with_user(user).search([])
                with self.assertRaises(AccessError):
                    self.proven.with_user(user).read(["email"])

    def test_a_manager_of_another_company_has_no_say(self):
        other = self.make_company("Branch")
        stranger = self.make_user("mf-from-other", GROUP + "manager", company=other)
        self.assertNotIn(self.proven, self.FromAddress.with_user(stranger).search([]))
        theirs = self.proven.with_user(stranger)
        for action in (
            lambda: theirs.read(["email"]),
            lambda: theirs.write({"enabled": False}),
            lambda: theirs.unlink(),
            theirs.action_make_default,
            theirs.action_send_verification,
            lambda: theirs.create({"email": "x@acorn.example", "company_id": self.company.id}),
        ):
            with self.assertRaises(AccessError):
                action()
        self.assertTrue(self.proven.is_usable)
