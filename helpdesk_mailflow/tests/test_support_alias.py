# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..hooks import post_init_hook
from .common import DOMAIN, MailflowCase, mail


class TestAliasOfMail(MailflowCase):
    """Which support alias a mail is for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.make_alias("Sales", "sales")

    def aliases_of(self, raw):
        return self.take(raw).delivery_ids.alias_id.mapped("name")

    def test_every_header_that_tells_a_recipient_is_looked_at(self):
        for header in (
            "Cc",
            "X-Original-To",
            "X-Forwarded-To",
            "Envelope-To",
            "Resent-To",
            "Delivered-To",
        ):
            with self.subTest(header=header):
                raw = mail(to="list@elsewhere.example", headers=[(header, f"sales@{DOMAIN}")])
                row = self.take(raw)
                self.assertEqual(row.delivery_ids.alias_id, self.sales)
                self.assertIn(f"in {header} leads to", str(row.trace_html))

    def test_to_and_cc_come_first_all_of_them(self):
        raw = mail(
            to=f"support@{DOMAIN}",
            headers=[("Cc", f"sales@{DOMAIN}"), ("Delivered-To", f"support@{DOMAIN}")],
        )
        row = self.take(raw)
        self.assertEqual(sorted(self.deliveries(row)), [("Sales", "ticket"), ("Support", "ticket")])
        self.assertEqual(len(row.ticket_ids), 2)

    def test_without_to_and_cc_the_first_header_in_the_documented_order_counts(self):
        order = (
            "X-Original-To",
            "X-Forwarded-To",
            "Envelope-To",
            "Resent-To",
            "Delivered-To",
        )
        for index, first in enumerate(order[:-1]):
            for second in order[index + 1 :]:
                with self.subTest(first=first, second=second):
                    headers = [(second, f"support@{DOMAIN}"), (first, f"sales@{DOMAIN}")]
                    raw = mail(to="list@elsewhere.example", headers=headers)
                    self.assertEqual(self.aliases_of(raw), ["Sales"])

    def test_an_address_in_two_headers_counts_where_it_says_most(self):
        raw = mail(
            to="list@elsewhere.example",
            headers=[
                ("Delivered-To", f"support@{DOMAIN}"),
                ("Delivered-To", f"sales@{DOMAIN}"),
                ("X-Original-To", f"sales@{DOMAIN}"),
            ],
        )
        self.assertEqual(self.aliases_of(raw), ["Sales"])

    def test_to_wins_over_the_envelope(self):
        raw = mail(to=f"sales@{DOMAIN}", headers=[("Delivered-To", f"support@{DOMAIN}")])
        self.assertEqual(self.aliases_of(raw), ["Sales"])

    def test_the_case_of_an_address_does_not_matter(self):
        self.assertEqual(self.aliases_of(mail(to=f"SALES@{DOMAIN.upper()}")), ["Sales"])

    def test_an_external_address_leads_to_its_alias(self):
        self.sales.external_address_ids = [(0, 0, {"email": "Shop@Old-Host.example"})]
        self.assertEqual(self.sales.external_address_ids.email, "shop@old-host.example")
        self.assertEqual(self.aliases_of(mail(to="shop@old-host.example")), ["Sales"])

    def test_a_mail_for_two_aliases_makes_one_ticket_each_and_its_copy_none(self):
        raw = mail(to=f"support@{DOMAIN}, sales@{DOMAIN}")
        first = self.take(raw)
        self.assertEqual(len(first.ticket_ids), 2)
        self.assertEqual(first.ticket_ids.support_alias_id, self.support | self.sales)
        again = self.take(raw)
        self.assertEqual(again.state, "duplicate")
        self.assertFalse(again.ticket_ids)

    def test_two_addresses_of_one_alias_make_one_ticket(self):
        self.sales.external_address_ids = [(0, 0, {"email": "shop@old-host.example"})]
        row = self.take(mail(to=f"sales@{DOMAIN}, shop@old-host.example"))
        self.assertEqual(self.deliveries(row), [("Sales", "ticket")])

    def test_a_copy_for_another_alias_that_was_hidden_makes_its_ticket(self):
        raw = mail(to="undisclosed-recipients:;", message_id="<bcc@acorn-tests.example>")
        first = self.take(b"X-Original-To: support@%s\n" % DOMAIN.encode() + raw)
        second = self.take(b"X-Original-To: sales@%s\n" % DOMAIN.encode() + raw)
        third = self.take(b"X-Original-To: sales@%s\n" % DOMAIN.encode() + raw)
        self.assertEqual(self.deliveries(first), [("Support", "ticket")])
        self.assertEqual(self.deliveries(second), [("Sales", "ticket")])
        self.assertEqual(third.state, "duplicate")

    def test_the_defaults_of_the_odoo_alias_are_values_of_the_ticket(self):
        self.support.alias_id.sudo().alias_defaults = "{'priority': '3'}"
        self.assertEqual(self.take_ticket(mail()).priority, "3")

    def test_an_alias_for_known_contacts_holds_strangers(self):
        self.support.alias_id.sudo().alias_contact = "partners"
        row = self.take(mail())
        self.assertEqual(row.state, "held")
        self.assertEqual(self.deliveries(row), [("Support", "held")])
        self.assertIn("marta@acorn-tests.example is unknown", row.why)
        self.make_contact("Bo", "bo@acorn-tests.example")
        self.take_ticket(mail(from_="bo@acorn-tests.example"))
        row.action_take_in()
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])


class TestIntakeSwitch(MailflowCase):
    def test_with_intake_off_mails_are_kept_and_taken_in_once_later(self):
        self.support.action_switch_intake()
        raw = mail()
        row = self.take(raw)
        self.assertEqual(row.state, "not_taken_in")
        self.assertFalse(row.ticket_ids)
        self.assertIn("Intake of the support alias Support is off", row.why)
        self.assertTrue(row.can_take_in)
        row.action_take_in()
        self.assertEqual(row.state, "done")
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        with self.assertRaises(UserError):
            row.action_take_in()
        self.support.action_switch_intake()
        self.assertTrue(self.support.intake)
        again = self.take(raw)
        self.assertEqual(again.state, "duplicate", again.why)
        self.assertEqual(len((row | again).ticket_ids), 1)

    def test_of_two_copies_kept_out_only_one_becomes_a_ticket(self):
        self.support.intake = False
        raw = mail()
        rows = self.take(raw) | self.take(raw)
        self.support.intake = True
        waiting = rows.filtered(lambda row: row.state == "not_taken_in")
        waiting.action_take_in()
        self.assertEqual(len(rows.ticket_ids), 1)

    def test_a_mail_to_an_alias_on_and_one_off_makes_the_one_ticket_and_waits(self):
        sales = self.make_alias("Sales", "sales", intake=False)
        row = self.take(mail(to=f"support@{DOMAIN}, sales@{DOMAIN}"))
        self.assertEqual(row.state, "not_taken_in")
        self.assertEqual(
            sorted(self.deliveries(row)), [("Sales", "not_taken_in"), ("Support", "ticket")]
        )
        row.action_take_in()
        self.assertEqual(row.ticket_ids.support_alias_id, self.support | sales)
        self.assertEqual(len(row.ticket_ids), 2)
        self.assertEqual(row.state, "done")

    def test_replies_join_their_ticket_also_with_intake_off(self):
        ticket = self.take_ticket(mail(message_id="<open@acorn-tests.example>"))
        self.support.intake = False
        row = self.take(
            mail(subject="Re: x", headers=[("In-Reply-To", "<open@acorn-tests.example>")])
        )
        self.assertEqual(self.deliveries(row), [("Support", "reply")])
        self.assertEqual(row.ticket_ids, ticket)


class TestSupportAlias(MailflowCase):
    """Support aliases, their addresses, and the Odoo aliases behind them."""

    def test_only_the_local_part_is_typed(self):
        with self.assertRaisesRegex(ValidationError, "only what stands before the @.*" + DOMAIN):
            self.support.alias_name = f"help@{DOMAIN}"
        with self.assertRaisesRegex(ValidationError, "only what stands before the @"):
            self.make_alias("Other", f"other@{DOMAIN}")

    def test_the_domain_is_the_one_of_the_company(self):
        self.assertEqual(self.support.email, f"support@{DOMAIN}")
        self.support.friendly_name = "Zylker Support"
        self.assertEqual(self.support.display_email, f"Zylker Support <support@{DOMAIN}>")
        self.support.friendly_name = False
        self.assertEqual(self.support.display_email, f"Support <support@{DOMAIN}>")

    def test_a_past_address_keeps_leading_here(self):
        self.support.alias_name = "helpme"
        self.assertEqual(self.support.email, f"helpme@{DOMAIN}")
        kinds = {each.email: each.kind for each in self.support.address_ids}
        self.assertEqual(kinds, {f"helpme@{DOMAIN}": "own", f"support@{DOMAIN}": "past"})
        for local_part in ("support", "helpme"):
            row = self.take(mail(to=f"{local_part}@{DOMAIN}"))
            self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_a_past_address_given_to_another_alias_leads_there(self):
        self.support.alias_name = "helpme"
        other = self.make_alias("Other", "support")
        self.assertEqual(other.email, f"support@{DOMAIN}")
        row = self.take(mail())
        self.assertEqual(self.deliveries(row), [("Other", "ticket")])

    def test_a_past_address_given_to_another_model_leads_there(self):
        self.support.alias_name = "helpme"
        self.env["mail.alias"].create(
            {
                "alias_name": "support",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("crm.lead"),
            }
        )
        self.assertFalse(self.take(mail(subject="Now a lead")))
        self.assertEqual(self.env["crm.lead"].search_count([("name", "=", "Now a lead")]), 1)

    def test_a_local_part_that_counts_on_any_domain_leads_to_its_alias(self):
        self.support.alias_id.sudo().alias_incoming_local = True
        row = self.take(mail(to="support@elsewhere.example"))
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_renaming_back_makes_the_address_own_again(self):
        self.support.alias_name = "helpme"
        self.support.alias_name = "support"
        kinds = {each.email: each.kind for each in self.support.address_ids}
        self.assertEqual(kinds, {f"support@{DOMAIN}": "own", f"helpme@{DOMAIN}": "past"})

    def test_renaming_the_domain_keeps_the_old_addresses(self):
        self.domain.name = "new-name.test"
        self.assertEqual(self.support.email, "support@new-name.test")
        for domain in (DOMAIN, "new-name.test"):
            row = self.take(mail(to=f"support@{domain}"))
            self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_an_external_address_is_normalised_and_unique(self):
        self.support.external_address_ids = [(0, 0, {"email": "Help Desk <HELP@old.example>"})]
        self.assertEqual(self.support.external_address_ids.email, "help@old.example")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.make_alias("Other", "other").external_address_ids = [
                (0, 0, {"email": "help@old.example"})
            ]

    def test_what_is_no_address_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "is not an e-mail address"):
            self.support.external_address_ids = [(0, 0, {"email": "help at old"})]

    def test_an_address_that_odoo_routes_is_refused(self):
        self.env["mail.alias"].create(
            {
                "alias_name": "leads",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("crm.lead"),
            }
        )
        with self.assertRaisesRegex(ValidationError, f"leads@{DOMAIN} is an alias of Odoo"):
            self.support.external_address_ids = [(0, 0, {"email": f"leads@{DOMAIN}"})]

    def test_the_last_alias_of_a_company_stays(self):
        company = self.make_company("Branch office")
        queues = self.env["helpdesk.support.alias"].search([("company_id", "=", company.id)])
        self.assertEqual(len(queues), 1, "each company gets a support alias to begin with")
        with self.assertRaisesRegex(UserError, "last support alias of Branch office"):
            queues.unlink()
        second = self.make_alias("Second", "second", company_id=company.id)
        with self.assertRaises(UserError):
            (queues | second).unlink()
        queues.unlink()
        self.assertTrue(second.exists())

    def test_deleting_an_alias_removes_its_odoo_alias_and_its_mails_stay(self):
        queue = self.make_alias("Sales", "sales")
        alias = queue.alias_id
        row = self.take(mail(to=f"sales@{DOMAIN}"))
        queue.unlink()
        self.assertFalse(alias.exists())
        self.assertTrue(row.ticket_ids.exists())
        self.assertFalse(row.ticket_ids.support_alias_id)
        again = self.make_alias("Sales", "sales")
        self.assertEqual(again.email, f"sales@{DOMAIN}")

    def test_a_team_with_an_alias_is_adopted(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Field service", "company_id": self.company.id, "alias_name": "field"}
        )
        queue = team.support_alias_ids
        self.assertEqual(queue.alias_id, team.alias_id)
        self.assertEqual(queue.of_team_id, team)
        self.assertEqual(queue.name, "Field service")
        row = self.take(mail(to=f"field@{DOMAIN}"))
        self.assertEqual(self.deliveries(row), [("Field service", "ticket")])
        self.assertEqual(row.ticket_ids.team_id, team)

    def test_a_team_is_adopted_when_it_gets_an_address_later(self):
        self.assertFalse(self.team.alias_name)
        self.assertEqual(self.team.support_alias_ids, self.support)
        self.team.alias_name = "desk"
        adopted = self.team.support_alias_ids - self.support
        self.assertEqual(adopted.of_team_id, self.team)
        self.assertEqual(adopted.email, f"desk@{DOMAIN}")

    def test_adopting_twice_changes_nothing(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Field service", "company_id": self.company.id, "alias_name": "field"}
        )
        self.env["helpdesk.support.alias"]._adopt_teams(team)
        self.assertEqual(len(team.support_alias_ids), 1)

    def test_deleting_gives_a_team_its_alias_back(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Field service", "company_id": self.company.id, "alias_name": "field"}
        )
        team.support_alias_ids.unlink()
        self.assertTrue(team.alias_id.exists())
        self.assertEqual(team.alias_id.alias_full_name, f"field@{DOMAIN}")
        # its mail still opens tickets, as it did before
        row = self.take(mail(to=f"field@{DOMAIN}"))
        self.assertEqual(row.ticket_ids.team_id, team)
        self.assertFalse(row.ticket_ids.support_alias_id)

    def test_renaming_an_adopted_alias_renames_the_team_s(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Field service", "company_id": self.company.id, "alias_name": "field"}
        )
        team.support_alias_ids.alias_name = "onsite"
        self.assertEqual(team.alias_name, "onsite")
        team.alias_name = "outside"
        self.assertEqual(team.support_alias_ids.email, f"outside@{DOMAIN}")

    def test_deleting_a_team_leaves_its_support_alias_with_an_alias_of_its_own(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Field service", "company_id": self.company.id, "alias_name": "field"}
        )
        queue = team.support_alias_ids
        ticket = self.take(mail(to=f"field@{DOMAIN}")).ticket_ids
        team.unlink()
        self.assertTrue(queue.exists())
        self.assertTrue(queue.alias_id.exists())
        self.assertEqual(ticket.support_alias_id, queue)
        row = self.take(mail(to=f"field@{DOMAIN}"))
        self.assertEqual(self.deliveries(row), [("Field service", "ticket")])

    def test_the_installation_can_be_repeated(self):
        Alias = self.env["helpdesk.support.alias"]
        before = Alias.search([])
        post_init_hook(self.env)
        self.assertEqual(Alias.search([]), before)

    def test_the_installation_adopts_teams_and_serves_each_company(self):
        company = self.make_company("Branch office")
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Field service", "company_id": company.id, "alias_name": "field"}
        )
        Alias = self.env["helpdesk.support.alias"]
        # as before the installation
        Alias.search([("company_id", "=", company.id)])._write({"company_id": self.company.id})
        self.env.invalidate_all()
        team.support_alias_ids.write({"of_team_id": False, "alias_id": False})
        self.env.flush_all()
        post_init_hook(self.env)
        found = Alias.search([("company_id", "=", company.id)])
        self.assertEqual(found.of_team_id, team)
        self.assertEqual(len(found - found.filtered("of_team_id")), 1)
        self.assertNotEqual(
            (found - found.filtered("of_team_id")).email, self.support.email, "it is occupied"
        )

    def test_two_companies_on_one_domain_have_different_addresses(self):
        companies = self.make_company("Branch one") | self.make_company("Branch two")
        queues = self.env["helpdesk.support.alias"].search([("company_id", "in", companies.ids)])
        self.assertEqual(len(queues), 2)
        emails = queues.mapped("email")
        self.assertEqual(len(set(emails)), 2)
        self.assertNotIn(f"support@{DOMAIN}", emails)
        for queue in queues:
            with self.subTest(queue=queue.email):
                ticket = self.take(mail(to=queue.email)).ticket_ids
                self.assertEqual(ticket.company_id, queue.company_id)
                self.assertEqual(ticket.support_alias_id, queue)

    def test_a_company_without_an_alias_domain_gets_its_address_later(self):
        company = self.env["res.company"].create({"name": "Offline", "alias_domain_id": False})
        queue = self.env["helpdesk.support.alias"].search([("company_id", "=", company.id)])
        self.assertEqual(len(queue), 1)
        self.assertFalse(queue.email)
        domain = self.env["mail.alias.domain"].create({"name": "first.test"})
        company.alias_domain_id = domain
        self.assertEqual(queue.email, f"{queue.alias_name}@first.test")
        row = self.take(mail(to=queue.email))
        self.assertEqual(row.delivery_ids.alias_id, queue)

    def test_an_alias_without_address_lives_by_its_external_ones(self):
        queue = self.make_alias("Outside", False)
        self.assertFalse(queue.email)
        queue.external_address_ids = [(0, 0, {"email": "out@old.example"})]
        self.assertEqual(queue.email, "out@old.example")
        row = self.take(mail(to="out@old.example"))
        self.assertEqual(self.deliveries(row), [("Outside", "ticket")])

    def test_an_alias_is_found_by_its_address(self):
        found = self.env["helpdesk.support.alias"].search([("email", "=", f"support@{DOMAIN}")])
        self.assertEqual(found, self.support)

    def test_counts(self):
        self.take(mail())
        self.take(mail())
        self.support.intake = False
        self.take(mail())
        self.support.invalidate_recordset()
        self.assertEqual(self.support.open_ticket_count, 2)
        self.assertEqual(self.support.unassigned_ticket_count, 2)
        self.assertEqual(self.support.waiting_mail_count, 1)
        self.assertEqual(self.support.mail_count, 3)

    def test_a_manager_makes_renames_and_deletes_aliases(self):
        manager = self.make_user("mailflow-manager-alias", "helpdesk_mgmt.group_helpdesk_manager")
        Alias = self.env["helpdesk.support.alias"].with_user(manager)
        queue = Alias.create({"name": "Returns", "alias_name": "returns"})
        self.assertEqual(queue.email, f"returns@{DOMAIN}")
        queue.write({"alias_name": "rma", "intake": False})
        self.assertEqual(queue.email, f"rma@{DOMAIN}")
        queue.external_address_ids = [(0, 0, {"email": "rma@old.example"})]
        queue.unlink()


class TestRights(MailflowCase):
    """What a helpdesk manager may not do by any way, since the queue acts with more rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("mf-alias-manager", "helpdesk_mgmt.group_helpdesk_manager")
        cls.mine = cls.support.with_user(cls.manager)
        cls.leads = cls.env["mail.alias"].create(
            {
                "alias_name": "leads",
                "alias_domain_id": cls.domain.id,
                "alias_model_id": cls.env["ir.model"]._get_id("crm.lead"),
            }
        )

    def test_a_manager_does_not_take_an_alias_of_something_else(self):
        for values in ({"alias_id": self.leads.id}, {"of_team_id": self.team.id}):
            with self.subTest(values=values):
                with self.assertRaises(AccessError):
                    self.mine.write(values)
                with self.assertRaises(AccessError):
                    self.mine.create({"name": "Mine now", **values})
        with_default = self.mine.with_context(default_alias_id=self.leads.id)
        made = with_default.create({"name": "Quiet", "alias_name": "quiet"})
        self.assertEqual(made.email, f"quiet@{DOMAIN}")
        self.assertEqual(self.leads.alias_name, "leads")

    def test_nobody_gives_a_queue_an_alias_of_another_model(self):
        with self.assertRaisesRegex(ValidationError, "alias of something else"):
            self.support.alias_id = self.leads

    def test_own_and_past_addresses_follow_the_alias_alone(self):
        Address = self.env["helpdesk.support.alias.address"].with_user(self.manager)
        own = self.support.own_address_ids.with_user(self.manager)
        for kind in ("own", "past"):
            values = {"alias_id": self.support.id, "email": f"{kind}@knows.example"}
            external = Address.create(values)
            with self.subTest(kind=kind):
                with self.assertRaises(AccessError):
                    external.kind = kind
                external.unlink()
                with self.assertRaises(AccessError):
                    Address.create({**values, "kind": kind})
        for values in ({"email": "x@knows.example"}, {"kind": "external"}):
            with self.assertRaises(AccessError):
                own.write(values)
        with self.assertRaises(AccessError):
            own.unlink()

    def test_a_live_alias_of_something_else_counts_more_than_an_external_address(self):
        self.support.external_address_ids = [(0, 0, {"email": f"boats@{DOMAIN}"})]
        self.leads.alias_name = "boats"
        self.assertFalse(self.take(mail(to=f"boats@{DOMAIN}", subject="Buy a boat")))
        self.assertTrue(self.env["crm.lead"].search([("name", "=", "Buy a boat")]))

    def test_the_last_queue_of_a_company_is_not_moved_away(self):
        other = self.make_company("Branch office")
        queues = self.env["helpdesk.support.alias"].search([("company_id", "=", other.id)])
        with self.assertRaisesRegex(UserError, "One has to stay"):
            queues.company_id = self.company
        queues.company_id = other
        self.make_alias("Branch", "branch", company_id=other.id)
        queues.company_id = self.company
        self.assertEqual(queues.company_id, self.company)
