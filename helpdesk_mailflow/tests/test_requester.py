# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from .common import DOMAIN, MailflowCase, mail

SHOP = "Acorn Shop <orders@acorn-shop.example>"
BUYER = "Bea Buyer <bea@buyers.example>"
RESULTS = "mx.mailflow.test; dmarc={0} header.from={1}"


class TestReplyTo(MailflowCase):
    """The policy *contact from Reply-To*."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.helpdesk_contact_from_reply_to = True

    def take_from_shop(self, reply_to=BUYER, from_=SHOP):
        row = self.take(mail(from_=from_, headers=[("Reply-To", reply_to)]))
        return row, row.ticket_ids

    def test_it_is_off_from_the_start(self):
        self.assertFalse(self.make_company("Other").helpdesk_contact_from_reply_to)

    def test_off(self):
        self.company.helpdesk_contact_from_reply_to = False
        _row, ticket = self.take_from_shop()
        self.assertEqual(ticket.partner_email, "orders@acorn-shop.example")

    def test_the_first_address_is_the_contact(self):
        row, ticket = self.take_from_shop(f"{BUYER}, other@buyers.example")
        self.assertEqual(ticket.partner_email, "bea@buyers.example")
        self.assertEqual(ticket.partner_name, "Bea Buyer")
        self.assertEqual(ticket.partner_id.email, "bea@buyers.example")
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        self.assertEqual(message.author_id, ticket.partner_id)
        self.assertIn(
            "Answers are to go to bea@buyers.example (Reply-To), so that is the contact and not"
            " orders@acorn-shop.example.",
            str(row.trace_html),
        )
        self.assertEqual(row.from_address, "orders@acorn-shop.example", "the list shows who sent")

    def test_without_a_name_that_of_the_sender_stays(self):
        _row, ticket = self.take_from_shop("bea@buyers.example")
        self.assertEqual(ticket.partner_name, "Acorn Shop")

    def test_our_own_addresses_are_ignored_with_a_note(self):
        row, ticket = self.take_from_shop(f"support@{DOMAIN}")
        self.assertEqual(ticket.partner_email, "orders@acorn-shop.example")
        self.assertIn(
            f"Reply-To names support@{DOMAIN}, which is one of our own.", str(row.trace_html)
        )

    def test_nobody_becomes_an_agent_by_naming_one(self):
        agent = self.make_user("brad", email=f"brad@{DOMAIN}", name="Brad")
        _row, ticket = self.take_from_shop(f"brad@{DOMAIN}")
        self.assertNotEqual(ticket.partner_id, agent.partner_id)
        self.assertEqual(ticket.partner_email, "orders@acorn-shop.example")

    def test_a_team_decides_otherwise(self):
        self.team.helpdesk_contact_from_reply_to = "no"
        _row, ticket = self.take_from_shop()
        self.assertEqual(ticket.partner_email, "orders@acorn-shop.example")

    def test_two_teams_of_one_mail(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Returns", "alias_name": False, "helpdesk_contact_from_reply_to": "no"}
        )
        returns = self.make_alias("Returns", "returns", team_id=team.id)
        row = self.take(
            mail(
                from_=SHOP,
                to=f"support@{DOMAIN}, returns@{DOMAIN}",
                headers=[("Reply-To", BUYER)],
            )
        )
        found = {each.support_alias_id: each.partner_email for each in row.ticket_ids}
        self.assertEqual(
            found, {self.support: "bea@buyers.example", returns: "orders@acorn-shop.example"}
        )

    def test_another_domain_with_a_sender_that_failed_is_flagged(self):
        self.scanner = self.make_scanner(authserv_id="mx.mailflow.test")
        failed = ("Authentication-Results", RESULTS.format("fail", "acorn-shop.example"))
        row = self.fetch(mail(from_=SHOP, headers=[failed, ("Reply-To", BUYER)]))
        self.assertEqual(row.ticket_ids.partner_email, "bea@buyers.example")
        flag = "Be careful: bea@buyers.example is at another mail domain"
        self.assertIn(flag, str(row.trace_html))
        same = ("Reply-To", "returns@mail.acorn-shop.example")
        row = self.fetch(mail(from_=SHOP, headers=[failed, same]))
        self.assertNotIn("Be careful", str(row.trace_html))

    def test_a_loop_by_way_of_reply_to_gets_no_receipts(self):
        """The limit is on who writes: contacts may be as many as there are mails."""
        self.support.automatic_answer = True
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("mail.gateway.loop.threshold", "2")
        for number in range(3):
            _row, ticket = self.take_from_shop(f"b{number}@buyers.example")
        rows = self.env["helpdesk.automatic.answer"].search([("ticket_id", "=", ticket.id)])
        self.assertEqual(rows.mapped("reason"), ["flood"])

    def test_the_receipt_goes_to_the_contact(self):
        self.support.automatic_answer = True
        with self.sent_mails() as sent:
            self.take_from_shop()
            self.env["mail.mail"].process_email_queue()
        self.assertEqual([each.recipients for each in sent], [("bea@buyers.example",)])


class TestForms(MailflowCase):
    """Mails that a program sends for somebody else, without any policy."""

    def test_a_form_that_writes_as_an_address_of_ours(self):
        row = self.take(mail(from_=f"Web <support@{DOMAIN}>", headers=[("Reply-To", BUYER)]))
        self.assertEqual(row.ticket_ids.partner_email, "bea@buyers.example")
        self.assertIn("whom Reply-To names", str(row.trace_html))

    def test_a_form_that_writes_as_nobody(self):
        row = self.take(mail(from_="no-reply@forms.example", headers=[("Reply-To", BUYER)]))
        self.assertEqual(row.ticket_ids.partner_email, "bea@buyers.example")
        self.assertIn("Nobody reads mail to no-reply@forms.example.", str(row.trace_html))

    def test_a_form_without_a_name_for_its_visitor(self):
        ticket = self.take_ticket(mail(from_=f"support@{DOMAIN}"))
        self.assertFalse(ticket.partner_id)

    def test_nobody_behind_nobody(self):
        ticket = self.take_ticket(
            mail(from_="noreply@shop.example", headers=[("Reply-To", "no-reply@shop.example")])
        )
        self.assertEqual(ticket.partner_email, "noreply@shop.example")


class TestLists(MailflowCase):
    """Groups and lists that put themselves into From."""

    GROUP = (
        ("List-Id", "<helpdesk.acorn-tests.example>"),
        ("X-Original-From", "Marta Lindqvist <marta@acorn-tests.example>"),
    )

    def test_the_author_is_the_requester(self):
        row = self.take(
            mail(from_="'Marta' via Help <helpdesk@acorn-group.example>", headers=self.GROUP)
        )
        ticket = row.ticket_ids
        self.assertEqual(ticket.partner_id.email, "marta@acorn-tests.example")
        self.assertIn("X-Original-From names marta@acorn-tests.example", str(row.trace_html))

    def take_by_group(self):
        from_ = "'Marta' via Help <helpdesk@acorn-group.example>"
        return self.take(mail(from_=from_, headers=self.GROUP))

    def test_the_author_or_the_list_may_be_blocked(self):
        for pattern in ("marta@acorn-tests.example", "helpdesk@acorn-group.example"):
            with self.subTest(pattern=pattern):
                blocked = self.env["helpdesk.sender"].create(
                    {"pattern": pattern, "kind": "blocked"}
                )
                row = self.take_by_group()
                self.assertFalse(row.ticket_ids, row.why)
                self.assertIn(pattern, str(row.trace_html))
                blocked.unlink()

    def test_the_entry_of_the_author_counts_before_that_of_the_list(self):
        for kind, who in (("blocked", "helpdesk@acorn-group"), ("trusted", "marta@acorn-tests")):
            self.env["helpdesk.sender"].create({"pattern": f"{who}.example", "kind": kind})
        self.assertTrue(self.take_by_group().ticket_ids)

    def test_a_rule_for_spam_blocks_the_author_and_not_the_list(self):
        self.env["helpdesk.scanner.rule"].create(
            {"name": "Spam", "domain": "[]", "action_ids": [(0, 0, {"kind": "spam"})]}
        )
        self.take_by_group()
        self.assertEqual(
            self.env["helpdesk.sender"].search([("source", "=", "rule")]).mapped("pattern"),
            ["marta@acorn-tests.example"],
        )

    def test_nobody_becomes_an_agent_by_way_of_a_list(self):
        agent = self.make_user("brad", email=f"brad@{DOMAIN}", name="Brad")
        row = self.take(
            mail(
                from_="'Brad' via Help <helpdesk@acorn-group.example>",
                headers=[("List-Id", "<x.example>"), ("X-Original-From", f"brad@{DOMAIN}")],
            )
        )
        ticket = row.ticket_ids
        self.assertFalse(ticket.partner_id)
        self.assertNotIn(agent.partner_id, ticket.message_ids.author_id)
        self.assertNotEqual(ticket.create_uid, agent)
        self.assertIn("where anybody can say that", str(row.trace_html))


class TestAgents(MailflowCase):
    """Who writes as an agent acts as one only if the receiving server does not say otherwise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_user(
            "brad", "helpdesk_mgmt.group_helpdesk_user", email=f"brad@{DOMAIN}", name="Brad"
        )
        cls.scanner = cls.make_scanner(authserv_id="mx.mailflow.test")

    def fetch_from_agent(self, *results, from_=f"brad@{DOMAIN}"):
        headers = [("Authentication-Results", each.format(DOMAIN)) for each in results]
        row = self.fetch(mail(from_=from_, headers=headers))
        return row, row.ticket_ids

    def test_proven(self):
        row, ticket = self.fetch_from_agent("mx.mailflow.test; dmarc=pass header.from={0}")
        self.assertEqual(ticket.create_uid, self.agent)
        self.assertEqual(ticket.partner_id, self.agent.partner_id)
        self.assertIn("which the receiving server confirms", str(row.trace_html))

    def test_without_any_report(self):
        row, ticket = self.fetch_from_agent()
        self.assertEqual(ticket.create_uid, self.agent)
        self.assertIn("so it is taken as it says", str(row.trace_html))

    def check_stranger(self, *results):
        row, ticket = self.fetch_from_agent(*results)
        self.assertTrue(ticket, row.why)
        self.assertNotEqual(ticket.create_uid, self.agent)
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.partner_email, f"brad@{DOMAIN}")
        self.assertNotIn(self.agent.partner_id, ticket.message_ids.author_id)
        self.assertNotIn(self.agent.partner_id, ticket.message_partner_ids)
        self.assertIn("So it is treated as a stranger", str(row.trace_html))

    def test_failed(self):
        self.check_stranger("mx.mailflow.test; dmarc=fail header.from={0}")

    def test_not_proven(self):
        self.check_stranger("mx.mailflow.test; dmarc=none header.from={0}; spf=none")

    def test_a_pass_further_down_is_forged(self):
        self.check_stranger(
            "mx.mailflow.test; dmarc=fail header.from={0}",
            "mx.mailflow.test; dmarc=pass header.from={0}",
        )

    def test_an_archived_user_is_no_agent(self):
        self.agent.active = False
        row, ticket = self.fetch_from_agent()
        self.assertNotEqual(ticket.create_uid, self.agent)
        self.assertNotIn("agent", str(row.trace_html))

    def test_our_own_domain(self):
        failed = "mx.mailflow.test; dmarc=fail header.from={0}"
        row, _ticket = self.fetch_from_agent(failed, from_=f"boss@{DOMAIN}")
        self.assertIn(f"It says to be from boss@{DOMAIN} of our own", str(row.trace_html))
        row, _ticket = self.fetch_from_agent(from_=f"boss@{DOMAIN}")
        self.assertNotIn("of our own", str(row.trace_html))
