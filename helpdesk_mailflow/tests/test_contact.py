# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from .common import DOMAIN, MARTA, MailflowCase, mail


class TestContactFound(MailflowCase):
    """Whose ticket it is, when contacts have the address."""

    def contact_of(self, raw=None):
        row = self.take(raw or mail())
        return row.ticket_ids.partner_id, str(row.trace_html)

    def test_the_address_is_compared_normalised(self):
        contact = self.make_contact("Marta", "  Marta L. <MARTA@Acorn-Tests.example> ")
        found, trace = self.contact_of()
        self.assertEqual(found, contact)
        self.assertIn("marta@acorn-tests.example is the contact Marta.", trace)

    def test_no_second_contact_is_made(self):
        self.take(mail())
        self.take(mail())
        found = self.env["res.partner"].search(
            [("email_normalized", "=", "marta@acorn-tests.example")]
        )
        self.assertEqual(len(found), 1)

    def test_in_one_batch_a_new_sender_becomes_one_contact(self):
        rows = self.take_batch(mail(), mail(), mail())
        self.assertEqual(len(rows.ticket_ids), 3)
        self.assertEqual(len(rows.ticket_ids.partner_id), 1)

    def test_the_account_of_the_contact_is_on_the_ticket(self):
        account = self.make_contact("Acorn Ltd", False, is_company=True)
        contact = self.make_contact("Marta", "marta@acorn-tests.example", parent_id=account.id)
        ticket = self.take_ticket(mail())
        self.assertEqual(ticket.partner_id, contact)
        self.assertEqual(ticket.commercial_partner_id, account)

    def test_an_archived_contact_is_not_used(self):
        old = self.make_contact("Marta", "marta@acorn-tests.example", active=False)
        found, _trace = self.contact_of()
        self.assertTrue(found)
        self.assertNotEqual(found, old)

    def several(self, *values):
        return [
            self.make_contact(f"Marta {number}", "marta@acorn-tests.example", **each)
            for number, each in enumerate(values, 1)
        ]

    def check_chosen(self, chosen, why, count=2):
        found, trace = self.contact_of()
        self.assertEqual(found, chosen, trace)
        self.assertIn(f"{count} contacts have the address", trace)
        self.assertIn(f"{chosen.display_name} was chosen: {why}.", trace)

    def test_of_several_a_person_is_preferred(self):
        person, _company = self.several({}, {"is_company": True})
        self.check_chosen(person, "it is a person")

    def test_of_several_one_of_the_same_company_is_preferred(self):
        mine, _shared = self.several({"company_id": self.company.id}, {})
        self.check_chosen(mine, "it is of the same company")

    def test_of_several_one_with_an_open_ticket_is_preferred(self):
        busy, done = self.several({}, {})
        closed = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        Ticket = self.env["helpdesk.ticket"]
        Ticket.create({"name": "Open", "description": "x", "partner_id": busy.id})
        Ticket.create(
            {"name": "Closed", "description": "x", "partner_id": done.id, "stage_id": closed.id}
        )
        self.check_chosen(busy, "it has an open ticket")

    def test_of_several_the_one_that_wrote_last_is_preferred(self):
        last, first = self.several({}, {})
        for author in (first, last):
            self.company.partner_id.message_post(body="Hello", author_id=author.id)
        self.check_chosen(last, "it wrote last")

    def test_of_several_equal_ones_the_newest_is_taken(self):
        _old, _newer, newest = self.several({}, {}, {})
        self.check_chosen(newest, "it is the newest", 3)

    def test_of_several_a_user_is_preferred(self):
        user = self.make_user("mailflow-marta", email="marta@acorn-tests.example")
        self.several({}, {})
        self.check_chosen(user.partner_id, "it belongs to a user", 3)

    def test_a_contact_of_another_company_is_not_used(self):
        other = self.make_company("Branch office")
        theirs = self.make_contact("Marta", "marta@acorn-tests.example", company_id=other.id)
        ticket = self.take_ticket(mail())
        self.assertTrue(ticket.partner_id)
        self.assertNotEqual(ticket.partner_id, theirs)

    def test_each_company_s_ticket_has_a_contact_it_may_use(self):
        other = self.make_company("Branch office")
        self.make_alias("Branch", "branch", company_id=other.id)
        theirs = self.make_contact("Marta B", "marta@acorn-tests.example", company_id=other.id)
        ours = self.make_contact("Marta A", "marta@acorn-tests.example", company_id=self.company.id)
        row = self.take(mail(to=f"support@{DOMAIN}, branch@{DOMAIN}"))
        contacts = {ticket.company_id: ticket.partner_id for ticket in row.ticket_ids}
        self.assertEqual(contacts, {self.company: ours, other: theirs})


class TestContactMade(MailflowCase):
    """What is made of a sender whom nobody knows."""

    def make_account(self, name, **values):
        return self.make_contact(name, values.pop("email", False), is_company=True, **values)

    def test_with_name_and_address(self):
        contact = self.take_ticket(mail()).partner_id
        self.assertEqual(contact.name, "Marta Lindqvist")
        self.assertEqual(contact.email, "marta@acorn-tests.example")
        self.assertFalse(contact.is_company)
        self.assertFalse(contact.parent_id)

    def test_without_a_name_the_address_is_the_name(self):
        contact = self.take_ticket(mail(from_="bo@acorn-tests.example")).partner_id
        self.assertEqual(contact.name, "bo@acorn-tests.example")

    def test_under_the_account_whose_contacts_share_its_domain(self):
        account = self.make_account("Acorn Ltd")
        self.make_contact("Bo", "bo@acorn-tests.example", parent_id=account.id)
        row = self.take(mail())
        self.assertEqual(row.ticket_ids.partner_id.parent_id, account)
        self.assertEqual(row.ticket_ids.commercial_partner_id, account)
        self.assertIn("is the mail domain of the account Acorn Ltd", str(row.trace_html))

    def test_under_the_account_that_has_the_domain_itself(self):
        account = self.make_account("Acorn Ltd", email="info@acorn-tests.example")
        self.assertEqual(self.take_ticket(mail()).partner_id.parent_id, account)

    def test_under_the_account_whose_website_has_the_domain(self):
        account = self.make_account("Acorn Ltd", website="https://www.acorn-tests.example/shop")
        self.assertEqual(self.take_ticket(mail()).partner_id.parent_id, account)

    def test_subdomains_belong_to_the_registered_domain(self):
        account = self.make_account("Acorn Ltd", email="info@mail.acorn.co.uk")
        ticket = self.take_ticket(mail(from_="Bo <bo@eu.acorn.co.uk>"))
        self.assertEqual(ticket.partner_id.parent_id, account)
        stranger = self.take_ticket(mail(from_="Eve <eve@other.co.uk>"))
        self.assertFalse(stranger.partner_id.parent_id)

    def test_never_by_a_free_mail_domain(self):
        self.make_account("Kim's Shop", email="kims.shop@gmail.com", website="https://gmail.com")
        row = self.take(mail(from_="Jo <jo@gmail.com>"))
        self.assertFalse(row.ticket_ids.partner_id.parent_id)
        self.assertIn("gmail.com is a free-mail provider", str(row.trace_html))

    def test_of_several_accounts_the_one_with_most_contacts(self):
        small = self.make_account("Acorn West", email="west@acorn-tests.example")
        big = self.make_account("Acorn East", email="east@acorn-tests.example")
        self.make_contact("Bo", "bo@acorn-tests.example", parent_id=big.id)
        row = self.take(mail())
        self.assertEqual(row.ticket_ids.partner_id.parent_id, big)
        self.assertNotEqual(row.ticket_ids.partner_id.parent_id, small)
        self.assertIn("2 accounts share the domain", str(row.trace_html))

    def test_not_under_an_account_of_another_company(self):
        other = self.make_company("Branch office")
        self.make_account("Acorn Ltd", email="info@acorn-tests.example", company_id=other.id)
        self.assertFalse(self.take_ticket(mail()).partner_id.parent_id)

    def test_a_person_without_a_company_is_no_account(self):
        self.make_contact("Bo", "bo@acorn-tests.example")
        self.assertFalse(self.take_ticket(mail()).partner_id.parent_id)

    def test_not_when_the_company_s_policy_says_only_by_rule(self):
        self.company.helpdesk_create_contacts = "rule"
        row = self.take(mail())
        ticket = row.ticket_ids
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.partner_name, "Marta Lindqvist")
        self.assertEqual(ticket.partner_email, "marta@acorn-tests.example")
        self.assertIn("only when a rule says so", str(row.trace_html))

    def test_the_team_s_policy_overrides_the_company_s(self):
        self.team.create_contacts = "rule"
        self.assertFalse(self.take_ticket(mail()).partner_id)
        self.company.helpdesk_create_contacts = "rule"
        self.team.create_contacts = "always"
        self.assertTrue(self.take_ticket(mail()).partner_id)
        self.team.create_contacts = "inherit"
        self.assertFalse(self.take_ticket(mail(from_="bo@acorn-tests.example")).partner_id)

    def test_a_known_contact_is_used_also_by_rule_only(self):
        contact = self.make_contact("Marta", "marta@acorn-tests.example")
        self.company.helpdesk_create_contacts = "rule"
        self.assertEqual(self.take_ticket(mail()).partner_id, contact)

    def test_our_own_addresses_never_become_contacts(self):
        self.support.external_address_ids = [(0, 0, {"email": "shop@old-host.example"})]
        self.support.alias_name = "helpme"  # support@ is a past address now
        self.env["fetchmail.server"].create(
            {
                "name": "Mailbox",
                "is_scanner": True,
                "server": "imap.acorn.example",
                "user": "Mailbox@old-host.example",
                "password": "x",
            }
        )
        for email in (
            f"helpme@{DOMAIN}",
            f"support@{DOMAIN}",
            "shop@old-host.example",
            "mailbox@old-host.example",
            f"catchall@{DOMAIN}",
        ):
            with self.subTest(email=email):
                row = self.take(mail(from_=f"Us <{email}>", to=f"helpme@{DOMAIN}"))
                self.assertEqual(row.state, "done", row.why)
                self.assertFalse(row.ticket_ids.partner_id)
                self.assertFalse(self.env["res.partner"].search([("email_normalized", "=", email)]))
                self.assertIn("one of our own addresses", str(row.trace_html))

    def test_no_contact_without_a_usable_address(self):
        for from_ in (None, "", "undisclosed", '"Nobody" <>'):
            with self.subTest(from_=from_):
                row = self.take(mail(from_=from_))
                self.assertEqual(row.state, "done", row.why)
                self.assertFalse(row.ticket_ids.partner_id)

    def test_hostile_names_do_no_harm(self):
        names = (
            '"<script>alert(1)</script>" <evil@acorn-tests.example>',
            '"a@b.example, c@d.example" <evil@acorn-tests.example>',
            "=?utf-8?q?Eve=0ABcc=3A_x=40y.example?= <evil@acorn-tests.example>",
            f'"{"x" * 5000}" <evil@acorn-tests.example>',
        )
        for number, name in enumerate(names):
            with self.subTest(number=number):
                from_ = name.replace("evil@", f"evil{number}@")
                row = self.take(mail(from_=from_))
                contact = row.ticket_ids.partner_id
                self.assertEqual(contact.email_normalized, f"evil{number}@acorn-tests.example")
                self.assertNotIn("\n", contact.name)
                self.assertNotIn("<script>", str(row.trace_html))

    def test_copies_make_no_contacts(self):
        self.take(mail(headers=[("Cc", "Bo <bo@acorn-tests.example>")]))
        self.assertFalse(
            self.env["res.partner"].search([("email_normalized", "=", "bo@acorn-tests.example")])
        )

    def test_mails_that_open_nothing_make_no_contacts(self):
        row = self.take(mail(headers=[("Auto-Submitted", "auto-replied")], from_=MARTA))
        self.assertEqual(row.delivery_ids.outcome, "ledger")
        self.assertFalse(
            self.env["res.partner"].search([("email_normalized", "=", "marta@acorn-tests.example")])
        )
