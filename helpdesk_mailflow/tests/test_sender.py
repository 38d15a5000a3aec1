# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DOMAIN, BrowserCase, MailflowCase, bounce, mail
from .test_scanner_rule import RuleCase

GROUP = "helpdesk_mgmt.group_helpdesk_"
AGENT, MANAGER = GROUP + "user", GROUP + "manager"
JOE = "joe@acme.example"


class SenderCase(MailflowCase):
    """Two companies with a queue each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.make_company("Branch office")
        cls.other_company.helpdesk_create_contacts = "always"
        cls.branch = cls.make_alias("Branch", "branch", company_id=cls.other_company.id)
        cls.Sender = cls.env["helpdesk.sender"]

    def block(self, pattern, company=None, kind="blocked", **values):
        values.update(pattern=pattern, kind=kind, company_id=(company or self.company).id)
        return self.Sender.create(values)

    def check_refused(self, call, *args, error=AccessError, **values):
        with self.assertRaises(error) as caught, self.env.cr.savepoint():
            call(*args, **values)
            self.env.flush_all()
        self.env.invalidate_all()
        return str(caught.exception)


class TestSenderList(SenderCase):
    """What the list takes, and whom it finds."""

    def test_patterns_are_normalized(self):
        for given, kept in (
            ("  Joe@ACME.example ", JOE),
            ("ACME.Example.", "acme.example"),
            ('"ann"@acme.example.', "ann@acme.example"),
            ("@acme2.example", "acme2.example"),
            ("*@acme3.example", "acme3.example"),
            ("o'joe_x+y%z@acme.example".replace("%", ""), "o'joe_x+yz@acme.example"),
            ("jörg@BÜCHER.example", "jörg@xn--bcher-kva.example"),
            ("straße.example", "xn--strae-oqa.example"),
        ):
            with self.subTest(given=given):
                self.assertEqual(self.block(given).pattern, kept)

    def test_what_is_no_address_is_refused(self):
        for pattern in (
            "",
            " ",
            "@",
            "*",
            "%",
            "_",
            "%@%",
            "%@acme.example",
            "j*@acme.example",
            "*.acme.example",
            "joe@",
            "joe",
            "joe@localhost",
            "joe@a@acme.example",
            "Joe <joe@acme.example>",
            "joe@acme.example, ann@acme.example",
            "joe\x00@acme.example",
            "joe@acme.exam\x00ple",
            "joe\ud800@acme.example",
            "acme..example",
            "-acme.example",
            "a" * 300 + ".example",
            "a" * 65 + "@acme.example",
        ):
            with self.subTest(pattern=pattern):
                told = self.check_refused(self.block, pattern, error=ValidationError)
                self.assertIn("neither an e-mail address nor a domain", told)

    def test_nobody_is_listed_twice(self):
        self.block(JOE)
        with mute_logger("odoo.sql_db"):
            self.check_refused(self.block, JOE.upper(), kind="trusted", error=IntegrityError)
        self.block(JOE, self.other_company)
        sender = self.block("ann@acme.example")
        sender.pattern = "ANN@Acme2.example"
        self.assertEqual(sender.pattern, "ann@acme2.example")

    def test_a_free_mail_provider_is_no_single_sender(self):
        told = self.check_refused(self.block, "gmail.com", error=ValidationError)
        self.assertIn("gives addresses to everyone", told)
        self.check_refused(self.block, "gmail.com", kind="trusted", error=ValidationError)
        self.assertTrue(self.block("gmail.com", whole_provider=True).is_free_mail)
        self.assertFalse(self.block("joe@gmail.com").is_free_mail)

    def test_whole_top_level_domains_are_refused(self):
        for domain in ("co.uk", "github.io"):
            told = self.check_refused(self.block, domain, error=ValidationError)
            self.assertIn("Anybody can have a domain", told)

    def test_we_block_neither_ourselves_nor_colleagues(self):
        user = self.make_user("mf-colleague", email="sue@staff.example")
        self.make_alias("Shop", "shop").write(
            {"address_ids": [(0, 0, {"email": "shop@mail.shop.example", "kind": "external"})]}
        )
        for pattern in (
            f"support@{DOMAIN}",
            f"Support+detail@{DOMAIN}",
            f"bounce@{DOMAIN}",
            "shop@mail.shop.example",
            user.email,
            DOMAIN,
            "shop.example",
        ):
            with self.subTest(pattern=pattern):
                self.check_refused(self.block, pattern, error=ValidationError)
        # trusting a domain of ours says nothing about single addresses
        self.assertTrue(self.block("shop.example", kind="trusted"))
        self.assertTrue(self.block("deep.mail.shop.example"))
        trusted = self.block(user.email, kind="trusted")
        self.check_refused(trusted.write, {"kind": "blocked"}, error=ValidationError)

    def test_the_most_specific_entry_decides(self):
        domain = self.block("acme.example")
        below = self.block("shop.acme.example", kind="trusted")
        joe = self.block("joe@shop.acme.example")
        there = self.block("acme.example", self.other_company, kind="trusted")
        here, other = self.company.id, self.other_company.id
        pairs = {
            ("Joe@Shop.ACME.example", here): joe,
            ("ann@shop.acme.example", here): below,
            ("ann@deep.shop.acme.example", here): below,
            ("joe@acme.example", here): domain,
            ('"joe"@shop.acme.example.', here): joe,
            ("joe@shop.acme.example", other): there,
            ("joe@notacme.example", here): None,
            ("acme.example@other.example", here): None,
            ("", here): None,
            ("joe", here): None,
            ("a\x00@acme.example", here): None,
            ("x@" + "deep." * 200 + "acme.example", here): domain,
        }
        with self.assertQueryCount(1):
            found = self.Sender._lookup(set(pairs))
        self.assertEqual(found, {pair: sender for pair, sender in pairs.items() if sender})

    def test_wildcards_of_the_database_are_letters(self):
        self.block("j_e@acme.example")
        self.assertFalse(self.Sender._lookup({(JOE, self.company.id)}))

    def test_export_and_import(self):
        sender = self.block(JOE, kind="trusted", reason="Pays on time")
        names = ["id", "pattern", "kind", "company_id/id", "reason"]
        manager = self.make_user("mf-sender-manager", MANAGER, "base.group_allow_export")
        rows = sender.with_user(manager).export_data(names)["datas"]
        sender.unlink()
        made = self.Sender.with_user(manager).load(names[1:], [row[1:] for row in rows])
        self.assertFalse(made["messages"])
        again = self.Sender.browse(made["ids"])
        self.assertEqual(
            (again.pattern, again.kind, again.reason, again.user_id),
            (JOE, "trusted", "Pays on time", manager),
        )


class TestSenderIntake(SenderCase):
    """What becomes of their mail."""

    def from_joe(self, address=JOE, **values):
        return mail(from_=f"Joe <{address}>", **values)

    def test_mail_of_a_blocked_sender_stays_in_the_ledger(self):
        self.block(JOE)
        row = self.take(self.from_joe())
        self.assertEqual(row.state, "ignored")
        self.assertEqual(self.deliveries(row), [("Support", "ignored")])
        self.assertFalse(row.ticket_ids)
        self.assertIn("sender_blocked", self.codes(row))
        self.assertNotIn("contact_new", self.codes(row))
        self.assertIn(f"{self.env.user.name} blocked {JOE}", row.why)
        self.assertFalse(self.env["res.partner"].search([("email", "=", JOE)]))
        # nobody else is
        self.take_ticket(self.from_joe("ann@acme.example"))

    def test_a_second_copy_is_known(self):
        self.block(JOE)
        raw = self.from_joe()
        self.take(raw)
        self.assertEqual(self.take(raw).state, "duplicate")

    def test_a_blocked_domain_covers_what_is_below(self):
        self.block("bücher.example")
        for address in ("ann@bücher.example", "ann@mail.xn--bcher-kva.example"):
            row = self.take(self.from_joe(address))
            self.assertEqual((row.state, row.ticket_ids.ids), ("ignored", []), row.why)

    def test_a_person_takes_it_in_nevertheless(self):
        self.block(JOE)
        row = self.take(self.from_joe())
        row.action_take_in()
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        self.assertEqual(row.ticket_ids.partner_email, JOE)

    def test_a_reply_taken_in_joins_its_ticket(self):
        ticket = self.take_ticket(self.from_joe())
        self.block(JOE)
        row = self.take(self.reply_to(ticket))
        self.assertEqual(row.state, "ignored")
        self.assertEqual(self.deliveries(row), [("Support", "ignored")])
        self.assertEqual(len(ticket.message_ids.filtered("email_from")), 1)
        row.action_take_in()
        self.assertEqual(row.ticket_ids, ticket)
        self.assertEqual(self.deliveries(row), [("Support", "reply")])

    def reply_to(self, ticket, address=JOE, **values):
        first = ticket.message_ids.filtered(lambda each: each.message_type == "email")[-1]
        headers = [("In-Reply-To", first.message_id)]
        return self.from_joe(address, subject="Re: smoke", headers=headers, **values)

    def test_automatic_answers_of_a_blocked_sender_are_ignored(self):
        ticket = self.take_ticket(self.from_joe())
        self.block("acme.example")
        headers = [("Auto-Submitted", "auto-replied")]
        row = self.take(self.from_joe(headers=headers))
        self.assertEqual(row.state, "ignored")
        # a mail of ours that could not be delivered is not the sender's
        sent = ticket.message_post(
            body="Pull the plug.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        raw = bounce(sent.message_id, f"support@{DOMAIN}", JOE).replace(
            b"MAILER-DAEMON@mx.acorn-tests.example", b"MAILER-DAEMON@mx.acme.example"
        )
        row = self.take(raw)
        self.assertEqual([each.outcome for each in row.delivery_ids], ["bounce"], row.why)

    def test_only_the_company_that_blocks_does_without(self):
        self.block(JOE)
        row = self.take(self.from_joe(to=f"support@{DOMAIN}, branch@{DOMAIN}"))
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(
            sorted(self.deliveries(row)), [("Branch", "ticket"), ("Support", "ignored")]
        )
        self.assertEqual(row.ticket_ids.company_id, self.other_company)
        self.assertTrue(row.ticket_ids.partner_id)
        self.assertIn("sender_blocked", self.codes(row))

    def test_a_reply_reaches_the_company_that_does_not_block(self):
        ticket = self.take_ticket(self.from_joe())
        self.block(JOE)
        row = self.take(self.reply_to(ticket, to=f"support@{DOMAIN}, branch@{DOMAIN}"))
        self.assertEqual(row.ticket_ids.company_id, self.other_company)
        self.assertEqual(row.ticket_ids.partner_id.email, JOE)
        # the other way round nothing changes
        self.Sender.search([]).company_id = self.other_company
        row = self.take(self.reply_to(ticket, to=f"support@{DOMAIN}, branch@{DOMAIN}"))
        self.assertEqual(row.ticket_ids, ticket)

    def test_both_companies_block(self):
        self.block(JOE)
        self.block("acme.example", self.other_company)
        row = self.take(self.from_joe(to=f"support@{DOMAIN}, branch@{DOMAIN}"))
        self.assertEqual(row.state, "ignored")
        self.assertEqual(
            sorted(self.deliveries(row)), [("Branch", "ignored"), ("Support", "ignored")]
        )
        self.assertEqual(self.codes(row).count("sender_blocked"), 2)

    def test_mail_of_colleagues_is_never_blocked(self):
        self.block("staff.example")
        self.make_user("mf-colleague", email="sue@staff.example")
        row = self.take(self.from_joe("sue@staff.example"))
        self.assertEqual(row.state, "done")
        self.assertIn("sender_colleague", self.codes(row))
        self.assertEqual(self.take(self.from_joe("tom@staff.example")).state, "ignored")

    def test_an_address_that_became_ours_is_not_blocked(self):
        self.block("desk@acme.example")
        self.support.write(
            {"address_ids": [(0, 0, {"email": "desk@acme.example", "kind": "external"})]}
        )
        self.assertNotEqual(self.take(self.from_joe("desk@acme.example")).state, "ignored")

    def test_trust_is_told(self):
        self.block("acme.example", kind="trusted")
        row = self.take(self.from_joe())
        self.assertEqual(row.state, "done")
        self.assertIn("sender_trusted", self.codes(row))
        self.block(JOE)
        self.assertEqual(self.take(self.from_joe()).state, "ignored")

    def test_the_batch_is_looked_up_at_once(self):
        self.block(JOE)
        entries = self.env["helpdesk.intake"]._entries(
            self.take(self.from_joe()) | self.take(self.from_joe("ann@acme.example")), None
        )
        verdicts = self.env["helpdesk.intake.judge"]._judge(entries)
        blocked, free = (verdict.senders for verdict in verdicts)
        self.assertEqual(blocked[self.company.id].pattern, JOE)
        self.assertEqual(free, {})


class TestSenderBeforeRules(SenderCase, RuleCase):
    """The list is consulted before the rules."""

    def test_no_rule_sees_mail_of_a_blocked_sender(self):
        condition = [("fact_subject", "ilike", "printer")]
        rule = self.make_rule(condition, "hold")
        there = self.make_rule(condition, "hold", company_id=self.other_company.id)
        self.block(JOE)
        row = self.take(mail(from_=JOE, to=f"support@{DOMAIN}, branch@{DOMAIN}"))
        self.assertEqual(sorted(self.deliveries(row)), [("Branch", "held"), ("Support", "ignored")])
        self.assertFalse(rule.match_ids)
        self.assertEqual(there.match_ids.mail_id, row)
        row = self.take(mail(from_=JOE))
        self.assertEqual(row.state, "ignored")
        row.action_take_in()
        self.assertEqual(rule.match_ids.mail_id, row)
        self.assertTrue(row.ticket_ids)

    def test_rules_do_not_suspect_trusted_senders(self):
        self.block("acme.example", kind="trusted")
        for kind, state in (("hold", "held"), ("spam", "ignored")):
            with self.subTest(kind=kind):
                rule = self.make_rule([("fact_subject", "ilike", "printer")], kind)
                row = self.take(mail(from_=JOE))
                self.assertEqual(row.state, "done", row.why)
                self.assertIn("rule_trusted", self.codes(row))
                self.assertEqual(self.take(mail(from_="ann@other.example")).state, state)
                rule.active = False
        self.make_rule([("fact_subject", "ilike", "printer")], "ignore")
        self.assertEqual(self.take(mail(from_=JOE)).state, "ignored")


class TestSenderOfRule(SenderCase):
    """What rules put on the list."""

    def add(self, *addresses, company=None):
        rows = self.env["helpdesk.incoming.mail"]
        for address in addresses:
            rows |= self.take(mail(from_=f"X <{address}>"))
        found = self.Sender._add_from_rule(
            company or self.company, list(addresses), rows, reason="Lottery"
        )
        return found.mapped("pattern")

    def test_strangers_are_blocked(self):
        self.assertEqual(
            self.add("A@spam.example", "b@spam.example"),
            [
                "a@spam.example",
                "b@spam.example",
            ],
        )
        sender = self.Sender.search([("pattern", "=", "a@spam.example")])
        self.assertEqual(
            (sender.kind, sender.source, sender.reason, sender.user_id.id),
            ("blocked", "rule", "Lottery", False),
        )
        self.assertEqual(sender.mail_id.from_address, "a@spam.example")
        self.assertEqual(self.add("a@spam.example"), [])
        row = self.take(mail(from_="A <a@spam.example>"))
        self.assertIn("sender_blocked_rule", self.codes(row))

    def test_who_is_known_is_left_alone(self):
        self.make_user("mf-colleague", email="sue@staff.example")
        self.block("trusted.example", kind="trusted")
        answered = self.take_ticket(mail(from_="C <c@customer.example>"))
        answered.message_post(
            body="Pull the plug.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        noted = self.take_ticket(mail(from_="D <d@customer.example>"))
        noted.message_post(body="Who is that?", subtype_xmlid="mail.mt_note")
        self.assertEqual(
            self.add(
                f"support@{DOMAIN}",
                "sue@staff.example",
                "x@trusted.example",
                "c@customer.example",
                "d@customer.example",
            ),
            ["d@customer.example"],
        )

    def test_an_answer_counts_without_a_contact(self):
        self.company.helpdesk_create_contacts = "rule"
        ticket = self.take_ticket(mail(from_="C <c@customer.example>"))
        self.assertFalse(ticket.partner_id)
        ticket.message_post(
            body="Pull the plug.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(self.add("c@customer.example"), [])
        # what another company answered is its own business
        self.assertEqual(
            self.add("c@customer.example", company=self.other_company), ["c@customer.example"]
        )


class TestSenderButtons(SenderCase):
    """Who may block whom, and undo it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_user("mf-block-agent", AGENT)
        cls.colleague = cls.make_user("mf-block-colleague", AGENT)
        cls.own_only = cls.make_user("mf-block-own", GROUP + "user_own")
        cls.leader = cls.make_user("mf-block-leader", AGENT)
        cls.manager = cls.make_user("mf-block-manager", MANAGER)
        cls.employee = cls.make_user("mf-block-employee", "base.group_user")
        cls.there = cls.make_user("mf-block-there", MANAGER, company=cls.other_company)
        cls.team.user_id = cls.leader

    def setUp(self):
        super().setUp()
        self.row = self.take(mail(from_=f"Joe <{JOE}>"))
        self.ticket = self.row.ticket_ids

    def buttons(self, record, user):
        record = record.with_user(user)
        return (
            record.listed_sender_kind or "",
            record.can_block_sender,
            record.can_block_domain,
            record.can_unblock_sender,
        )

    def test_an_agent_blocks_an_address_and_undoes_it(self):
        for record in (self.ticket, self.row):
            with self.subTest(model=record._name):
                self.assertEqual(self.buttons(record, self.agent), ("", True, False, False))
                action = record.with_user(self.agent).action_block_sender()
                sender = self.Sender.search([("pattern", "=", JOE)])
                self.assertEqual(action["params"]["sender_id"], sender.id)
                self.assertEqual(
                    (sender.kind, sender.source, sender.user_id, sender.company_id),
                    ("blocked", "person", self.agent, self.company),
                )
                self.assertEqual(sender.ticket_id, self.ticket)
                self.assertEqual(self.buttons(record, self.agent), ("blocked", False, False, True))
                self.assertEqual(
                    self.buttons(record, self.colleague), ("blocked", False, False, False)
                )
                self.check_refused(sender.with_user(self.colleague).action_unblock)
                sender.with_user(self.agent).action_unblock()
                self.assertFalse(sender.exists())
                # pressed twice
                sender.with_user(self.agent).action_unblock()
                self.env.invalidate_all()
        self.assertEqual(self.ticket.stage_id.closed, False)

    def test_blocking_twice_says_so(self):
        self.ticket.with_user(self.agent).action_block_sender()
        action = self.ticket.with_user(self.colleague).action_block_sender()
        self.assertFalse(action["params"]["sender_id"])
        self.assertEqual(self.Sender.search([("pattern", "=", JOE)]).user_id, self.agent)

    def test_unblock_on_the_ticket(self):
        self.ticket.with_user(self.agent).action_block_sender()
        self.check_refused(self.ticket.with_user(self.colleague).action_unblock_sender)
        self.ticket.with_user(self.manager).action_unblock_sender()
        self.assertFalse(self.Sender.search([("pattern", "=", JOE)]))
        self.ticket.with_user(self.agent).action_unblock_sender()

    def test_what_a_rule_blocked_is_unblocked_by_managers(self):
        self.Sender._add_from_rule(self.company, [JOE], self.row)
        self.check_refused(self.ticket.with_user(self.agent).action_unblock_sender)
        self.ticket.with_user(self.manager).action_unblock_sender()
        self.assertFalse(self.Sender.search([("pattern", "=", JOE)]))

    def test_domains_are_for_managers_and_leaders(self):
        for record in (self.ticket, self.row):
            self.check_refused(record.with_user(self.agent).action_block_domain)
            for user in (self.leader, self.manager):
                with self.subTest(model=record._name, user=user.login):
                    self.assertEqual(self.buttons(record, user), ("", True, True, False))
                    record.with_user(user).action_block_domain()
                    self.assertEqual(self.buttons(record, user), ("blocked", False, False, True))
                    sender = self.Sender.search([("pattern", "=", "acme.example")])
                    self.assertEqual(sender.user_id, user)
                    record.with_user(user).action_unblock_sender()
                    self.assertFalse(sender.exists())
                    self.env.invalidate_all()

    def test_a_leader_blocks_no_domain_for_other_teams(self):
        self.ticket.team_id = self.env["helpdesk.ticket.team"].create({"name": "Back office"})
        self.check_refused(self.ticket.with_user(self.leader).action_block_domain)

    def test_from_the_address_to_its_domain(self):
        self.ticket.with_user(self.manager).action_block_sender()
        self.assertEqual(self.buttons(self.ticket, self.manager), ("blocked", False, True, True))

    def test_free_mail_is_not_offered_as_a_domain(self):
        for address in ("joe@gmail.com", "joe@co.uk"):
            self.ticket.partner_email = address
            self.assertEqual(self.buttons(self.ticket, self.manager), ("", True, False, False))
        self.ticket.partner_email = "joe@gmail.com"
        self.check_refused(
            self.ticket.with_user(self.manager).action_block_domain, error=ValidationError
        )

    def test_nobody_is_offered_to_block_us(self):
        self.ticket.partner_email = f"support@{DOMAIN}"
        self.assertEqual(self.buttons(self.ticket, self.manager), ("", False, False, False))
        self.ticket.partner_email = self.agent.email = "sue@staff.example"
        self.assertEqual(self.buttons(self.ticket, self.manager), ("", False, False, False))
        self.ticket.partner_email = False
        self.assertEqual(self.buttons(self.ticket, self.manager), ("", False, False, False))
        self.check_refused(self.ticket.with_user(self.agent).action_block_sender, error=UserError)

    def test_a_trusted_sender_is_not_blocked_by_accident(self):
        self.block(JOE, kind="trusted")
        self.assertEqual(self.buttons(self.ticket, self.agent), ("trusted", False, False, False))
        self.check_refused(self.ticket.with_user(self.agent).action_block_sender, error=UserError)

    def test_who_may_not_change_the_ticket_blocks_nobody(self):
        self.ticket.user_id = self.agent
        self.check_refused(self.ticket.with_user(self.own_only).action_block_sender)
        self.ticket.message_subscribe(self.employee.partner_id.ids)
        self.assertEqual(self.buttons(self.ticket, self.employee), ("", False, False, False))
        self.check_refused(self.ticket.with_user(self.employee).action_block_sender)
        self.check_refused(self.ticket.with_user(self.there).action_block_sender)
        self.check_refused(self.row.with_user(self.there).action_block_sender)
        self.assertFalse(self.Sender.search([]))

    def test_each_company_blocks_for_itself(self):
        row = self.take(mail(from_=f"Joe <{JOE}>", to=f"support@{DOMAIN}, branch@{DOMAIN}"))
        row.with_user(self.there).action_block_sender()
        self.assertEqual(self.Sender.search([]).company_id, self.other_company)
        self.assertEqual(self.buttons(row, self.manager), ("", True, True, False))
        self.assertEqual(self.buttons(row, self.there), ("blocked", False, True, True))

    def test_the_list_is_for_managers_to_write(self):
        sender = self.block(JOE)
        there = self.block(JOE, self.other_company)
        for user in (self.agent, self.leader):
            self.assertEqual(self.Sender.with_user(user).search([]), sender)
            self.check_refused(sender.with_user(user).write, {"kind": "trusted"})
            self.check_refused(sender.with_user(user).unlink)
            self.check_refused(self.Sender.with_user(user).create, {"pattern": "x.example.org"})
        self.check_refused(self.Sender.with_user(self.employee).search, [])
        mine = self.Sender.with_user(self.manager)
        self.assertEqual(mine.search([]), sender)
        mine.create({"pattern": "acme.example"})
        self.check_refused(
            mine.create, {"pattern": "ann@acme.example", "company_id": self.other_company.id}
        )
        self.check_refused(there.with_user(self.manager).action_unblock)
        sender.with_user(self.manager).unlink()

    def test_the_list_outlives_what_it_came_from(self):
        self.ticket.with_user(self.agent).action_block_sender()
        self.ticket.unlink()
        self.assertTrue(self.Sender.search([("pattern", "=", JOE), ("ticket_id", "=", False)]))


@tagged("post_install", "-at_install")
class TestSenderTour(SenderCase, BrowserCase):
    """The buttons in a browser."""

    def test_an_agent_blocks_a_sender_and_undoes_it(self):
        user = self.make_user("mf-tour-block", MANAGER, password="mf-tour-block")
        ticket = self.take_ticket(mail(from_=f"Joe <{JOE}>"))
        action = self.env.ref("helpdesk_mgmt.helpdesk_ticket_action")
        url = f"/odoo/action-{action.id}/{ticket.id}"
        self.start_tour(url, "helpdesk_mailflow.block_sender", login=user.login)
        self.assertEqual(self.Sender.search([]).mapped("pattern"), ["spam.example"])
