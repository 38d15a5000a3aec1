# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from lxml import etree

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form

from .common import DOMAIN, MailflowCase, mail

AGENT = "helpdesk_mgmt.group_helpdesk_user_own"
MANAGER = "helpdesk_mgmt.group_helpdesk_manager"


class TeamLeaderCase(MailflowCase):
    """Two teams with a leader each, a team below the first one, and a queue of nobody's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.make_company("Branch office")
        cls.agent = cls.make_user("mf-leader-agent", AGENT)
        cls.leader = cls.make_user("mf-leader", AGENT)
        cls.leader_of_back = cls.make_user("mf-leader-back", AGENT)
        cls.manager = cls.make_user("mf-leader-manager", MANAGER)
        cls.employee = cls.make_user("mf-leader-employee", "base.group_user")
        cls.leader_there = cls.make_user("mf-leader-there", AGENT, company=cls.other_company)
        cls.team.write({"user_id": cls.leader.id, "user_ids": [(4, cls.agent.id)]})
        Team = cls.env["helpdesk.ticket.team"]
        cls.back = Team.create({"name": "Back office", "user_id": cls.leader_of_back.id})
        cls.below = Team.create({"name": "Counter", "parent_id": cls.team.id})
        cls.there = Team.create(
            {
                "name": "There",
                "company_id": cls.other_company.id,
                "user_id": cls.leader_there.id,
            }
        )
        cls.queue_of_back = cls.make_alias("Back", "back", team_id=cls.back.id)
        cls.queue_below = cls.make_alias("Counter", "counter", team_id=cls.below.id)
        cls.queue_of_all = cls.make_alias("All", "all")
        cls.queue_there = cls.make_alias(
            "There", "there", company_id=cls.other_company.id, team_id=cls.there.id
        )

    def check_refused(self, call, *args, error=AccessError, **values):
        with self.assertRaises(error), self.env.cr.savepoint():
            call(*args, **values)
            self.env.flush_all()
        self.env.invalidate_all()


class TestTeamLeader(TeamLeaderCase):
    """The leader of a team changes its mail, and nobody else's."""

    # who leads what

    def test_a_leader_leads_the_teams_below(self):
        Team = self.env["helpdesk.ticket.team"]
        for user, teams in (
            (self.leader, self.team | self.below),
            (self.leader_of_back, self.back),
            (self.agent, Team),
            (self.manager, Team),
        ):
            with self.subTest(user=user.login):
                found = Team.with_user(user).search([("is_led", "=", True)])
                self.assertEqual(found.sudo(), found.sudo() & teams)
                self.assertEqual(len(found), len(teams))
                for team in self.team | self.below | self.back:
                    self.assertEqual(team.with_user(user).is_led, team in teams)

    def test_whoever_becomes_leader_may_write_at_once(self):
        self.check_refused(self.support.with_user(self.agent).write, {"name": "Mine"})
        self.team.user_id = self.agent
        self.support.with_user(self.agent).name = "Mine"
        self.check_refused(self.support.with_user(self.leader).write, {"name": "Mine"})

    # support aliases

    def test_a_leader_changes_the_queues_of_the_team(self):
        for queue in (self.support, self.queue_below):
            mine = queue.with_user(self.leader)
            self.assertTrue(mine.can_change)
            mine.write({"name": "Desk", "friendly_name": "Our desk", "intake": False, "color": 3})
            mine.action_switch_intake()
            self.assertTrue(queue.intake)
        self.support.with_user(self.leader).alias_name = "hello"
        self.assertEqual(self.support.email, f"hello@{DOMAIN}")

    def test_the_queues_of_others_are_read_only(self):
        for user, queues in (
            (self.leader, (self.queue_of_back, self.queue_of_all)),
            (self.leader_of_back, (self.support, self.queue_below, self.queue_of_all)),
            (self.agent, (self.support, self.queue_of_all)),
            (self.employee, (self.support,)),
        ):
            for queue in queues:
                with self.subTest(user=user.login, queue=queue.name):
                    theirs = queue.with_user(user)
                    self.assertTrue(theirs.name)
                    self.assertFalse(theirs.can_change)
                    self.check_refused(theirs.write, {"name": "Mine"})
                    self.check_refused(theirs.write, {"alias_name": "mine"})
                    self.check_refused(theirs.action_switch_intake)

    def test_the_queues_of_another_company_are_out_of_sight(self):
        for user, queue in (
            (self.leader, self.queue_there),
            (self.leader_there, self.support),
            (self.manager, self.queue_there),
        ):
            theirs = queue.with_user(user)
            self.check_refused(theirs.read, ["name"])
            self.check_refused(theirs.write, {"name": "Mine"})
            self.assertNotIn(theirs, theirs.search([]))

    def test_a_leader_adds_and_deletes_no_queue(self):
        Alias = self.env["helpdesk.support.alias"].with_user(self.leader)
        self.check_refused(Alias.create, {"name": "New", "team_id": self.team.id})
        with_default = Alias.with_context(default_team_id=self.team.id)
        self.check_refused(with_default.create, {"name": "New"})
        self.check_refused(self.support.with_user(self.leader).unlink)

    def test_a_queue_is_not_moved_out_of_or_into_a_team(self):
        mine = self.support.with_user(self.leader)
        for team in (self.back, self.back.browse()):
            self.check_refused(mine.write, {"team_id": team.id})
        self.check_refused(mine.write, {"company_id": self.other_company.id, "team_id": False})
        theirs = self.queue_of_back.with_user(self.leader)
        self.check_refused(theirs.write, {"team_id": self.team.id})
        self.check_refused(
            self.queue_of_all.with_user(self.leader).write, {"team_id": self.team.id}
        )
        self.assertEqual(self.support.team_id, self.team)
        # between teams that are both theirs
        mine.team_id = self.below
        self.assertEqual(self.support.team_id, self.below)

    def test_a_leader_of_teams_of_two_companies_moves_nothing_between_them(self):
        both = self.make_user("mf-both", AGENT, companies=self.company | self.other_company)
        (self.team | self.there).user_id = both
        ids = (self.company | self.other_company).ids
        mine = self.support.with_user(both).with_context(allowed_company_ids=ids)
        self.check_refused(
            mine.write, {"company_id": self.other_company.id, "team_id": self.there.id}
        )

    def test_a_leader_answers_as_no_other_team(self):
        FromAddress = self.env["helpdesk.from.address"]
        of_back, of_all, own = FromAddress.create(
            [
                {"email": "back@shop.example", "team_id": self.back.id},
                {"email": "all@shop.example"},
                {"email": "desk@shop.example", "team_id": self.team.id},
            ]
        )
        (of_back | of_all | own)._prove("mail")
        mine = self.support.with_user(self.leader)
        for name in ("answer_via_id", "answers_via_id"):
            self.check_refused(mine.write, {name: of_back.id})
            for allowed in (of_all, own):
                mine.write({name: allowed.id})
                self.assertEqual(self.support.answer_via_id, allowed)
        # what is offered may be chosen
        self.back.user_ids = self.leader
        mine.write({"answers_via_id": of_back.id})
        self.assertEqual(self.support.answer_via_id, of_back)

    def test_what_odoo_keeps_stays_odoo_s(self):
        leads = self.env["mail.alias"].create(
            {
                "alias_name": "leads",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("crm.lead"),
            }
        )
        mine = self.support.with_user(self.leader)
        self.check_refused(mine.write, {"alias_id": leads.id})
        self.check_refused(mine.write, {"of_team_id": self.back.id})

    def test_a_leader_takes_no_address_from_another_queue_by_a_new_name(self):
        self.queue_of_back.alias_name = "office"
        mine = self.support.with_user(self.leader)
        self.check_refused(mine.write, {"alias_name": "back"})
        self.queue_of_back.external_address_ids = [(0, 0, {"email": f"shop@{DOMAIN}"})]
        self.check_refused(mine.write, {"alias_name": "shop"})
        # one of the own teams' may be taken over
        self.queue_below.with_user(self.leader).alias_name = "till"
        mine.alias_name = "counter"
        row = self.take(mail(to=f"counter@{DOMAIN}"))
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    # addresses

    def test_a_leader_keeps_the_external_addresses_of_the_team(self):
        mine = self.support.with_user(self.leader)
        mine.external_address_ids = [(0, 0, {"email": "desk@old-shop.example"})]
        address = self.support.external_address_ids.with_user(self.leader)
        address.email = "desk@shop.example"
        row = self.take(mail(to="desk@shop.example"), model="helpdesk.ticket")
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        address.unlink()
        self.assertFalse(self.support.external_address_ids)

    def test_addresses_of_others_are_out_of_reach(self):
        self.queue_of_back.external_address_ids = [(0, 0, {"email": "back@shop.example"})]
        theirs = self.queue_of_back.external_address_ids
        values = {"email": "x@shop.example", "alias_id": self.queue_of_back.id}
        for user in (self.leader, self.agent):
            with self.subTest(user=user.login):
                address = theirs.with_user(user)
                self.check_refused(address.write, {"email": "y@shop.example"})
                self.check_refused(address.write, {"alias_id": self.support.id})
                self.check_refused(address.unlink)
                self.check_refused(address.create, values)
                self.check_refused(
                    address.with_context(default_alias_id=self.queue_of_back.id).create,
                    {"email": "x@shop.example"},
                )
        mine = self.support.with_user(self.leader)
        # by the list of the own queue
        self.check_refused(mine.write, {"address_ids": [(4, theirs.id)]})
        self.check_refused(mine.write, {"address_ids": [(1, theirs.id, {"email": "z@a.example"})]})
        self.check_refused(mine.write, {"external_address_ids": [(2, theirs.id)]})
        self.assertEqual(theirs.email, "back@shop.example")

    def test_an_address_is_not_moved_to_another_team(self):
        self.support.external_address_ids = [(0, 0, {"email": "desk@shop.example"})]
        mine = self.support.external_address_ids.with_user(self.leader)
        for queue in (self.queue_of_back, self.queue_of_all):
            self.check_refused(mine.write, {"alias_id": queue.id})
        mine.alias_id = self.queue_below
        self.assertEqual(mine.alias_id, self.queue_below)

    def test_own_addresses_are_not_written_by_hand(self):
        mine = self.support.own_address_ids.with_user(self.leader)
        self.check_refused(mine.write, {"email": "x@shop.example"})
        self.check_refused(mine.write, {"kind": "external"})
        self.check_refused(mine.unlink)
        with_default = mine.with_context(default_kind="own")
        self.check_refused(
            with_default.create, {"email": "x@shop.example", "alias_id": self.support.id}
        )

    def test_a_leader_leads_no_mailbox_of_another_team_away(self):
        self.env["fetchmail.server"].create(
            {
                "name": "Mailbox",
                "is_scanner": True,
                "server": "imap.acorn.example",
                "user": "Sales@shop.example",
                "company_id": self.company.id,
                "default_alias_id": self.queue_of_back.id,
            }
        )
        values = {"email": "sales@shop.example", "alias_id": self.support.id}
        Address = self.env["helpdesk.support.alias.address"]
        self.check_refused(Address.with_user(self.leader).create, values, error=ValidationError)
        Address.with_user(self.manager).create(values)

    def test_addresses_are_imported_for_the_own_team_only(self):
        Address = self.env["helpdesk.support.alias.address"].with_user(self.leader)
        fields = ["email", "alias_id"]
        self.support.name = "Front desk"
        good = Address.load(fields, [["desk@shop.example", "Front desk"]])
        self.assertFalse(good["messages"])
        self.assertEqual(self.support.external_address_ids.email, "desk@shop.example")
        bad = Address.load(fields, [["back@shop.example", "Back"]])
        self.assertFalse(bad["ids"])
        self.assertEqual(bad["messages"][0]["type"], "error")
        self.assertFalse(self.queue_of_back.external_address_ids)

    # From addresses

    def test_a_leader_keeps_the_from_addresses_of_the_team(self):
        FromAddress = self.env["helpdesk.from.address"].with_user(self.leader)
        mine = FromAddress.create({"email": "desk@shop.example", "team_id": self.team.id})
        self.assertTrue(mine.can_change)
        self.assertEqual(mine.state, "unverified")
        mine.write({"friendly_name": "Our desk", "enabled": False})
        mine.sudo()._prove("mail")
        mine.action_enable()
        # a new address needs a new proof
        mine.email = "counter@shop.example"
        self.assertEqual(mine.state, "unverified")
        mine.unlink()

    def test_from_addresses_of_others_are_out_of_reach(self):
        FromAddress = self.env["helpdesk.from.address"]
        of_back = FromAddress.create({"email": "back@shop.example", "team_id": self.back.id})
        of_all = FromAddress.create({"email": "all@shop.example"})
        for user in (self.leader, self.agent, self.employee):
            for address in (of_back, of_all):
                with self.subTest(user=user.login, address=address.email):
                    theirs = address.with_user(user)
                    self.check_refused(theirs.write, {"friendly_name": "Mine"})
                    self.check_refused(theirs.write, {"team_id": self.team.id})
                    self.check_refused(theirs.write, {"enabled": False})
                    self.check_refused(theirs.unlink)
        theirs = FromAddress.with_user(self.leader)
        for values in ({"team_id": self.back.id}, {"team_id": False}):
            self.check_refused(theirs.create, {"email": "x@shop.example", **values})
        with_default = theirs.with_context(default_team_id=self.back.id)
        self.check_refused(with_default.create, {"email": "x@shop.example"})
        bad = theirs.load(["email", "team_id"], [["x@shop.example", "Back office"]])
        self.assertFalse(bad["ids"])

    def test_a_from_address_is_not_moved_to_another_team_or_company(self):
        FromAddress = self.env["helpdesk.from.address"].with_user(self.leader)
        mine = FromAddress.create({"email": "desk@shop.example", "team_id": self.team.id})
        for values in (
            {"team_id": self.back.id},
            {"team_id": False},
            {"company_id": self.other_company.id, "team_id": False},
        ):
            self.check_refused(mine.write, values)
        self.assertEqual(mine.team_id, self.team)

    def test_the_default_of_the_company_is_no_leader_s(self):
        FromAddress = self.env["helpdesk.from.address"].with_user(self.leader)
        mine = FromAddress.create({"email": "desk@shop.example", "team_id": self.team.id})
        mine.sudo()._prove("mail")
        mine.sudo()._by_system().write({"is_default": False})
        self.check_refused(mine.action_make_default)
        self.check_refused(mine.write, {"is_default": True})
        values = {"email": "till@shop.example", "team_id": self.team.id, "is_default": True}
        self.check_refused(FromAddress.create, values)
        mine.with_user(self.manager).action_make_default()
        self.check_refused(mine.write, {"friendly_name": "Mine"})
        self.check_refused(mine.unlink)

    def test_a_leader_proves_nothing_and_sees_no_server(self):
        FromAddress = self.env["helpdesk.from.address"].with_user(self.leader)
        mine = FromAddress.create({"email": "desk@shop.example", "team_id": self.team.id})
        self.check_refused(mine.write, {"state": "verified"})
        self.check_refused(mine.read, ["mail_server_id"])
        server = self.env["ir.mail_server"].create({"name": "Own", "smtp_host": "smtp.example"})
        self.check_refused(mine.write, {"mail_server_id": server.id})
        with_default = FromAddress.with_context(default_state="verified", default_is_default=True)
        made = with_default.create({"email": "till@shop.example", "team_id": self.team.id})
        self.assertEqual((made.state, made.is_default), ("unverified", False))

    # the team

    def test_a_leader_writes_the_policies_of_the_team(self):
        for team in (self.team, self.below):
            team.with_user(self.leader).create_contacts = "rule"
            self.assertEqual(team.create_contacts, "rule")
        # as the form saves it
        self.team.with_user(self.leader).web_save({"create_contacts": "always"}, {"name": {}})
        self.assertEqual(self.team.create_contacts, "always")

    def test_a_leader_writes_nothing_else_of_the_team(self):
        mine = self.team.with_user(self.leader)
        for values in (
            {"name": "Mine"},
            {"user_id": self.agent.id},
            {"user_ids": [(4, self.leader.id)]},
            {"parent_id": self.back.id},
            {"company_id": self.other_company.id},
            {"active": False},
            {"support_alias_ids": [(4, self.queue_of_back.id)]},
            {"create_contacts": "rule", "name": "Mine"},
        ):
            with self.subTest(values=values):
                self.check_refused(mine.write, values)
        # Odoo passes over an alias that may not be written
        mine.alias_name = "mine"
        self.assertFalse(self.team.alias_name)
        self.check_refused(mine.unlink)
        self.check_refused(mine.create, {"name": "New", "user_id": self.leader.id})
        self.assertNotEqual(self.team.create_contacts, "rule")

    def test_others_write_nothing_of_the_team(self):
        for user in (self.agent, self.leader_of_back, self.leader_there, self.employee):
            with self.subTest(user=user.login):
                self.check_refused(self.team.with_user(user).write, {"create_contacts": "rule"})
        both = (self.team | self.back).with_user(self.leader)
        self.check_refused(both.write, {"create_contacts": "rule"})
        # of a company that is not chosen now
        self.there.user_id = self.leader
        self.check_refused(self.there.with_user(self.leader).write, {"create_contacts": "rule"})

    def test_a_manager_writes_everything(self):
        self.team.with_user(self.manager).write({"name": "Desk", "create_contacts": "rule"})
        mine = self.support.with_user(self.manager)
        mine.write({"team_id": self.back.id, "alias_name": "hello"})
        mine.external_address_ids = [(0, 0, {"email": "desk@shop.example"})]
        made = mine.create({"name": "New", "alias_name": "new"})
        made.unlink()

    # what they see

    def test_the_form_lets_the_leader_write_and_others_read(self):
        view = "helpdesk_mailflow.support_alias_view_form"
        with Form(self.support.with_user(self.leader), view) as form:
            form.friendly_name = "Our desk"
        self.assertEqual(self.support.friendly_name, "Our desk")
        form = Form(self.queue_of_back.with_user(self.leader), view)
        with self.assertRaisesRegex(AssertionError, "readonly"):
            form.friendly_name = "Mine"

    def test_the_leader_s_form_of_a_team(self):
        with Form(self.team.with_user(self.leader), "helpdesk_mailflow.my_team_view_form") as form:
            form.create_contacts = "rule"
        self.assertEqual(self.team.create_contacts, "rule")
        action = self.env["ir.actions.act_window"]._for_xml_id("helpdesk_mailflow.my_team_action")
        self.assertEqual(action["views"][1][1], "form")

    def test_who_leads_no_team_is_offered_nothing_to_add(self):
        for user, offered in ((self.agent, False), (self.leader, True), (self.manager, True)):
            FromAddress = self.env["helpdesk.from.address"].with_user(user)
            for kind in ("list", "form"):
                arch = etree.fromstring(FromAddress.get_view(view_type=kind)["arch"])
                with self.subTest(user=user.login, kind=kind):
                    self.assertEqual(arch.get("create") != "0", offered)

    def test_what_a_leader_adds_is_the_team_s(self):
        FromAddress = self.env["helpdesk.from.address"]
        mine = FromAddress.with_user(self.leader_of_back).create({"email": "back@shop.example"})
        self.assertEqual(mine.team_id, self.back)
        self.assertFalse(
            FromAddress.with_user(self.manager).create({"email": "a@b.example"}).team_id
        )

    def test_credentials_stay_a_system_admin_s(self):
        for model in ("ir.mail_server", "fetchmail.server"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.leader).search([])
        self.assertFalse(
            self.env["mail.alias"].with_user(self.leader).has_access("write"),
        )


class TestPastAddresses(TeamLeaderCase):
    """Addresses of the past lead in until somebody retires them."""

    def setUp(self):
        super().setUp()
        self.support.alias_name = "helpme"
        self.past = self.support.address_ids.filtered(lambda each: each.kind == "past")

    def test_they_are_listed_on_the_queue_and_the_team(self):
        self.assertEqual(self.past.email, f"support@{DOMAIN}")
        for user in (self.leader, self.agent):
            team = self.team.with_user(user)
            self.assertEqual(team.past_address_ids.sudo(), self.past)
        self.past.action_retire()
        self.assertEqual(self.team.past_address_ids, self.past)
        self.assertFalse(self.back.past_address_ids)

    def test_a_retired_address_no_longer_leads_in(self):
        self.past.with_user(self.leader).action_retire()
        self.assertEqual(self.past.kind, "retired")
        self.assertIn("was retired", self.support.message_ids[0].body)
        # where unknown recipients go
        row = self.take(mail(), model="helpdesk.ticket")
        self.assertNotEqual(row.ticket_ids.support_alias_id, self.support)
        self.assertIn("alias_first", self.codes(row))
        self.assertIn("alias_retired", self.codes(row))
        self.assertIn("is retired", row.trace_html)
        # and it is nobody's of ours else
        with self.assertRaises(ValueError):
            self.take(mail())

    def test_a_mail_that_names_another_queue_goes_there(self):
        self.past.action_retire()
        row = self.take(mail(to=f"support@{DOMAIN}, back@{DOMAIN}"))
        self.assertEqual(self.deliveries(row), [("Back", "ticket")])

    def test_it_can_be_brought_back(self):
        self.past.action_retire()
        self.past.with_user(self.leader).action_bring_back()
        row = self.take(mail())
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        self.assertNotIn("alias_retired", self.codes(row))

    def test_a_retired_address_is_still_known_as_ours(self):
        self.past.action_retire()
        row = self.take(mail(from_=f"Old <support@{DOMAIN}>", to=f"helpme@{DOMAIN}"))
        self.assertFalse(row.ticket_ids.partner_id)
        row = self.take(mail(to=f"helpme@{DOMAIN}", headers=[("Cc", f"support@{DOMAIN}")]))
        self.assertFalse(row.ticket_ids.email_cc)

    def test_deleted_it_may_become_somebody_s(self):
        self.check_refused(self.past.with_user(self.manager).unlink)
        self.past.action_retire()
        self.past.with_user(self.leader).action_delete()
        self.assertFalse(self.past.exists())
        ticket = self.take_ticket(mail(from_=f"Eva <support@{DOMAIN}>", to=f"helpme@{DOMAIN}"))
        self.assertEqual(ticket.partner_id.email, f"support@{DOMAIN}")

    def test_only_past_ones_are_retired(self):
        self.support.external_address_ids = [(0, 0, {"email": "desk@shop.example"})]
        self.support.address_ids.action_retire()
        kinds = {each.email: each.kind for each in self.support.address_ids}
        self.assertEqual(
            kinds,
            {
                f"helpme@{DOMAIN}": "own",
                f"support@{DOMAIN}": "retired",
                "desk@shop.example": "external",
            },
        )

    def test_the_name_given_again_makes_it_own_again(self):
        self.past.action_retire()
        self.support.alias_name = "support"
        self.assertEqual(self.past.kind, "own")
        row = self.take(mail())
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_it_is_not_typed_anew(self):
        self.past.action_retire()
        with self.assertRaisesRegex(ValidationError, "Bring it back"):
            self.queue_of_back.external_address_ids = [(0, 0, {"email": f"support@{DOMAIN}"})]
        self.queue_of_back.external_address_ids = [(0, 0, {"email": "x@shop.example"})]
        with self.assertRaisesRegex(ValidationError, "Bring it back"):
            self.queue_of_back.external_address_ids.email = f"support@{DOMAIN}"

    def test_a_local_part_that_counts_on_any_domain_does_not_revive_it(self):
        self.support.alias_name = "support"
        self.domain.name = "new-name.test"
        self.support.alias_id.sudo().alias_incoming_local = True
        old = self.support.address_ids.filtered(lambda each: each.email == f"support@{DOMAIN}")
        self.assertEqual(old.kind, "past")
        old.action_retire()
        row = self.take(mail(), model="helpdesk.ticket")
        self.assertNotEqual(row.ticket_ids.support_alias_id, self.support)

    def test_one_is_used_as_a_from_address_once_it_is_verified(self):
        mine = self.past.with_user(self.leader)
        self.support.friendly_name = "Our desk"
        action = mine.action_use_as_from_address()
        address = self.env["helpdesk.from.address"].browse(action["res_id"])
        self.assertEqual(address.email, f"support@{DOMAIN}")
        self.assertEqual(address.friendly_name, "Our desk")
        self.assertEqual(address.team_id, self.team)
        self.assertEqual(address.state, "unverified")
        self.assertFalse(address.is_usable)
        # the same one when asked again
        self.assertEqual(mine.action_use_as_from_address()["res_id"], address.id)
        for user in (self.agent, self.leader_of_back):
            address.unlink() if address.exists() else None
            self.check_refused(self.past.with_user(user).action_use_as_from_address)

    def test_others_retire_nothing(self):
        for user in (self.agent, self.leader_of_back, self.employee, self.leader_there):
            with self.subTest(user=user.login):
                self.check_refused(self.past.with_user(user).action_retire)
        self.assertEqual(self.past.kind, "past")
        self.past.action_retire()
        for user in (self.agent, self.leader_of_back):
            self.check_refused(self.past.with_user(user).action_bring_back)
            self.check_refused(self.past.with_user(user).action_delete)
