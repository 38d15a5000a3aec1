# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from odoo.exceptions import AccessError, UserError

from ..hooks import give_each_team_an_address
from .common import DOMAIN, MailflowCase, mail


class TestGeneratedAddress(MailflowCase):
    """Each team has an address on the alias domain."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, mailflow_no_generated_address=False))
        cls.company = cls.company.with_env(cls.env)

    def make_team(self, name="Field service", **values):
        values.setdefault("company_id", self.company.id)
        return self.env["helpdesk.ticket.team"].create({"name": name, **values})

    def test_a_new_team_can_be_written_to(self):
        team = self.make_team("Außendienst & Montage")
        self.assertEqual(team.inbound_email, f"aussendienst-montage@{DOMAIN}")
        self.assertEqual(team.support_alias_ids.email, team.inbound_email)
        ticket = self.take_ticket(mail(to=team.inbound_email))
        self.assertEqual(ticket.team_id, team)

    def test_names_in_any_script_give_an_address(self):
        for name in ("客服", "Ελλάδα", "!!!", "x" * 200):
            with self.subTest(name=name):
                local_part = self.make_team(name).inbound_email.partition("@")[0]
                self.assertRegex(local_part, r"^[a-z0-9][a-z0-9-]{0,63}$")

    def test_a_team_of_its_own_address_keeps_it(self):
        team = self.make_team(alias_name="field")
        self.assertEqual(team.inbound_email, f"field@{DOMAIN}")
        self.assertEqual(len(team.support_alias_ids), 1)

    def test_a_team_that_a_support_alias_leads_to_gets_no_second_one(self):
        give_each_team_an_address(self.env)
        self.assertEqual(self.team.support_alias_ids, self.support)
        self.assertEqual(self.team.inbound_email, f"support@{DOMAIN}")

    def test_teams_from_before_get_one_when_the_addon_is_updated(self):
        team = self.make_team().with_context(mailflow_no_generated_address=True)
        team.support_alias_ids.unlink()
        team.alias_name = False
        self.assertFalse(team.inbound_email)
        give_each_team_an_address(self.env)
        self.assertEqual(team.inbound_email, f"field-service@{DOMAIN}")
        before = team.support_alias_ids
        give_each_team_an_address(self.env)
        self.assertEqual(team.support_alias_ids, before)

    def test_where_a_company_or_a_scanner_has_a_mailbox_no_name_is_taken(self):
        """Whoever names a queue "CEO" gets no address that a person there may have, which would
        count as proven to be ours."""
        emails = []
        self.company.email = f"support@{DOMAIN}"
        emails.append(self.make_team("CEO 1").inbound_email)
        self.company.email = f"info@{DOMAIN}"
        emails.append(self.make_team("CEO 2").inbound_email)
        self.company.email = False
        scanner = self.env["fetchmail.server"].create(
            {"name": "Post", "is_scanner": True, "user": f"post@{DOMAIN}"}
        )
        emails.append(self.make_team("CEO 3").inbound_email)
        scanner.unlink()
        self.make_user(f"old@{DOMAIN}", active=False)
        emails.append(self.make_team("CEO 4").inbound_email)
        self.assertEqual(emails[0], f"ceo-1@{DOMAIN}", "an alias of ours is no mailbox")
        for number, email in enumerate(emails[1:], 2):
            self.assertRegex(email, rf"^ceo-{number}\.[a-z0-9]{{8}}@")

    def test_what_is_taken_is_left_alone(self):
        self.make_contact("Sales", f"SALES@{DOMAIN}")
        emails = {
            self.make_team(name).inbound_email.partition("@")[0]
            for name in ("Support", "Support", "Sales", "Catchall", "Bounce", "Postmaster")
        }
        self.assertEqual(
            emails,
            {
                "helpdesk-support",
                "support-2",
                "helpdesk-sales",
                "helpdesk-catchall",
                "helpdesk-bounce",
                "helpdesk-postmaster",
            },
        )

    def test_an_address_that_led_elsewhere_before_is_not_given_again(self):
        old = self.make_alias("Old", "press")
        old.alias_name = "media"
        self.assertEqual(self.make_team("Press").inbound_email, f"helpdesk-press@{DOMAIN}")
        self.assertIn(f"press@{DOMAIN}", old.address_ids.mapped("email"))

    def test_companies_have_addresses_on_their_own_domains(self):
        domain = self.env["mail.alias.domain"].create({"name": "branch.test"})
        branch = self.make_company("Branch", domain)
        ours, theirs = self.make_team(), self.make_team(company_id=branch.id)
        self.assertEqual(ours.inbound_email, f"field-service@{DOMAIN}")
        self.assertEqual(theirs.inbound_email, "field-service@branch.test")
        self.assertEqual(theirs.support_alias_ids.company_id, branch)

    def test_a_team_of_no_company_has_one_on_the_domain_of_the_present_company(self):
        team = self.make_team(company_id=False)
        self.assertEqual(team.inbound_email, f"field-service@{DOMAIN}")

    def test_without_an_alias_domain_the_team_waits_for_one(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        branch.alias_domain_id = False
        team = self.make_team(company_id=branch.id)
        self.assertFalse(team.inbound_email)
        self.assertFalse(team.has_alias_domain)
        with self.assertRaisesRegex(UserError, "Branch has no alias domain"):
            team.action_generate_address()
        branch.alias_domain_id = self.domain
        self.assertEqual(team.inbound_email, f"field-service@{DOMAIN}")

    def test_hard_to_guess_if_wanted(self):
        self.company.helpdesk_hidden_address = True
        local_part = self.make_team().inbound_email.partition("@")[0]
        self.assertRegex(local_part, r"^field-service\.[a-z2-9]{8}$")
        other = self.make_team(helpdesk_hidden_address="no")
        self.assertEqual(other.inbound_email, f"field-service@{DOMAIN}")
        self.company.helpdesk_hidden_address = False
        third = self.make_team("Third", helpdesk_hidden_address="yes")
        self.assertRegex(third.inbound_email, r"^third\.[a-z2-9]{8}@")

    def test_where_people_have_mailboxes_an_address_is_never_one_of_theirs(self):
        self.make_user("brad", email=f"brad@{DOMAIN}")
        self.assertRegex(self.make_team("CEO").inbound_email, r"^ceo\.[a-z2-9]{8}@")

    def test_a_new_address_leaves_the_former_one_working_until_it_is_retired(self):
        team = self.make_team(helpdesk_hidden_address="yes")
        former = team.inbound_email
        team.action_generate_address()
        self.assertNotEqual(team.inbound_email, former)
        self.assertEqual(len(team.support_alias_ids), 1)
        self.assertEqual(self.take_ticket(mail(to=former)).team_id, team)
        self.assertEqual(self.take_ticket(mail(to=team.inbound_email)).team_id, team)
        past = team.past_address_ids
        self.assertEqual((past.email, past.kind), (former, "past"))
        past.action_retire()
        self.assertEqual(past.kind, "retired")

    def test_a_support_alias_gets_a_new_address_too(self):
        manager = self.make_user("marie", "helpdesk_mgmt.group_helpdesk_manager")
        self.support.with_user(manager).action_generate_address()
        self.assertEqual(self.support.email, f"helpdesk-support@{DOMAIN}")
        self.assertTrue(self.support.has_generated_address)
        agent = self.make_user("adam", "helpdesk_mgmt.group_helpdesk_user")
        with self.assertRaises(AccessError):
            self.support.with_user(agent).action_generate_address()
        with self.assertRaises(AccessError):
            self.team.with_user(agent).action_generate_address()

    # -- the sender

    def make_sender(self, email, user=None, **values):
        values.setdefault("company_id", self.company.id)
        model = self.env["helpdesk.from.address"].with_user(user or self.env.user)
        return model.create({"email": email, **values})

    def test_what_odoo_made_on_the_alias_domain_is_proven_by_it(self):
        manager = self.make_user("marie", "helpdesk_mgmt.group_helpdesk_manager")
        team = self.make_team()
        sender = self.make_sender(team.inbound_email, manager)
        self.assertEqual((sender.state, sender.proof), ("verified", "domain"))
        # also by the button beside the address
        team.action_generate_address()
        own = team.support_alias_ids.address_ids.filtered(lambda each: each.kind == "own")
        action = own.with_user(manager).action_use_as_from_address()
        opened = self.env["helpdesk.from.address"].browse(action["res_id"])
        self.assertEqual(opened.proof, "domain")

    def test_a_proof_by_the_domain_ends_when_its_alias_goes_to_another_company(self):
        team = self.make_team()
        sender = self.make_sender(team.inbound_email)
        self.assertEqual(sender.proof, "domain")
        elsewhere = self.env["res.company"].create(
            {"name": "Elsewhere", "alias_domain_id": self.domain.id}
        )
        queue = team.support_alias_ids
        queue.of_team_id = False
        queue.write({"company_id": elsewhere.id, "team_id": False})
        self.assertEqual((sender.state, sender.proof), ("unverified", False))
        self.assertFalse(sender.is_default)
        self.assertIn("no longer leads to a support alias", sender.message_ids[0].body)

    def test_a_proof_by_the_domain_ends_with_the_domain_s_name(self):
        team = self.make_team()
        sender = self.make_sender(team.inbound_email)
        # the former address goes on to lead here
        team.action_generate_address()
        self.assertEqual(sender.proof, "domain")
        self.domain.name = "renamed.example"
        self.assertEqual((sender.state, sender.proof), ("unverified", False))
        # nor is it proven anew
        email = sender.email
        sender.unlink()
        self.assertEqual(self.make_sender(email).state, "unverified")

    def test_a_local_part_that_somebody_typed_is_not_proven_by_the_domain(self):
        manager = self.make_user("marie", "helpdesk_mgmt.group_helpdesk_manager")
        self.support.with_user(manager).alias_name = "ceo"
        self.assertEqual(self.make_sender(f"ceo@{DOMAIN}", manager).state, "unverified")

    def test_nobody_says_of_an_address_that_it_was_generated(self):
        manager = self.make_user("marie", "helpdesk_mgmt.group_helpdesk_manager")
        Address = self.env["helpdesk.support.alias.address"].with_user(manager)
        values = {"alias_id": self.support.id, "email": "ceo@acorn-tests.example"}
        address = Address.create({**values, "generated": True})
        self.assertFalse(address.generated)
        address.write({"generated": True})
        self.assertFalse(address.generated)
        other = Address.with_context(default_generated=True).create(
            {**values, "email": "cfo@acorn-tests.example"}
        )
        self.assertFalse(other.generated)
        # typed again after it was generated for another support alias
        generated = self.make_team().support_alias_ids
        taken = generated.alias_name
        generated.action_generate_address()
        self.support.alias_name = taken
        row = self.support.address_ids.filtered(lambda each: each.kind == "own")
        self.assertEqual(row.email, f"{taken}@{DOMAIN}")
        self.assertFalse(row.generated)

    def test_another_company_s_address_is_not_proven(self):
        branch = self.make_company("Branch")
        team = self.make_team(company_id=branch.id)
        self.assertEqual(self.make_sender(team.inbound_email).state, "unverified")

    def test_a_retired_address_is_no_longer_proven(self):
        team = self.make_team()
        sender = self.make_sender(team.inbound_email)
        team.action_generate_address()
        self.assertEqual(sender.state, "verified")
        team.past_address_ids.action_retire()
        self.assertEqual(sender.state, "unverified")

    def test_lists_show_the_address_to_be_copied(self):
        views = {
            "helpdesk_mgmt.view_helpdesk_team_tree": "inbound_email",
            "helpdesk_mailflow.my_team_view_list": "inbound_email",
            "helpdesk_mailflow.support_alias_view_list": "email",
        }
        for view, field in views.items():
            model = self.env.ref(view).model
            arch = self.env[model].get_view(self.env.ref(view).id)["arch"]
            self.assertTrue(
                re.search(rf'name="{field}"[^>]*widget="CopyClipboardChar"', arch), (view, arch)
            )
