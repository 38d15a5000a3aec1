# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import ValidationError

from ..mailflow.expression import REASONS
from ..models.pattern_errors import SENTENCES
from .common import MailflowCase, mail


class RuleCase(MailflowCase):
    """Rules of one company."""

    def make_rule(self, domain, *actions, **values):
        """A rule with actions: a kind, or a dict of values with it."""
        actions = [each if isinstance(each, dict) else {"kind": each} for each in actions]
        return self.env["helpdesk.scanner.rule"].create(
            {
                "name": values.pop("name", "Rule"),
                "domain": repr(domain),
                "action_ids": [(0, 0, each) for each in actions],
                **values,
            }
        )


class TestScannerRule(RuleCase):
    """What becomes of mails that rules match."""

    def test_a_rule_ignores_what_it_matches(self):
        rule = self.make_rule([("fact_subject", "ilike", "NEWSletter")], "ignore")
        row = self.take(mail(subject="Our Néwsletter of May"))
        self.assertEqual(row.state, "ignored")
        self.assertIn("rule_matched", self.codes(row))
        self.assertFalse(row.ticket_ids)
        self.assertEqual(rule.match_ids.mail_id, row)
        self.take_ticket(mail(subject="The printer burns"))

    def test_what_is_ignored_can_be_taken_in(self):
        self.make_rule([("fact_subject", "ilike", "newsletter")], "ignore")
        row = self.take(mail(subject="Newsletter"))
        row.action_take_in()
        self.assertEqual(row.state, "done")
        self.assertTrue(row.ticket_ids)

    def test_hold(self):
        self.make_rule([("fact_from", "=", "marta@acorn-tests.example")], "hold")
        row = self.take(mail())
        self.assertEqual(row.state, "held")

    def test_only_where_it_counts(self):
        other = self.make_alias("Sales", "sales")
        self.make_rule([], "ignore", alias_ids=[(6, 0, other.ids)])
        self.take_ticket(mail())
        self.assertEqual(self.take(mail(to="sales@mailflow.test")).state, "ignored")

    def test_a_rule_that_is_switched_off_does_nothing(self):
        rule = self.make_rule([], "ignore", active=False)
        # as from a list that shows what is switched off, too
        gateway = self.env["mail.thread"].with_context(active_test=False)
        gateway.message_process(False, mail())
        row = self.env["helpdesk.incoming.mail"].search([], order="id desc", limit=1)
        self.assertTrue(row.ticket_ids)
        self.assertFalse(rule.match_ids)

    def test_a_bounce_is_seen_by_rules_that_name_the_kind(self):
        self.make_rule([], "hold")
        row = self.take(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.assertEqual(row.state, "done")
        self.make_rule([("kind", "=", "auto_reply")], "hold", sequence=1)
        row = self.take(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.assertEqual(row.state, "held")

    def test_the_first_rule_that_matches_stops(self):
        self.make_rule([], "hold", sequence=1)
        second = self.make_rule([], "ignore", sequence=2)
        self.assertEqual(self.take(mail()).state, "held")
        self.assertFalse(second.match_ids)

    def test_what_an_earlier_rule_decides_stands(self):
        self.make_rule([], "hold", sequence=1, stop=False)
        self.make_rule([], "ignore", sequence=2)
        row = self.take(mail())
        self.assertEqual(row.state, "held")
        self.assertIn("rule_decided_before", self.codes(row))

    def test_an_action_deleted_by_another_process_keeps_no_mail(self):
        rule = self.make_rule([], "ticket", {"kind": "set", "priority": "3"})
        self.env["helpdesk.scanner.rule"]._compiled()
        self.env.flush_all()
        # as another process does, whose signal has not arrived
        self.env.cr.execute(
            "DELETE FROM helpdesk_scanner_rule_action WHERE rule_id = %s AND kind = 'ticket'",
            [rule.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.take_ticket(mail()).priority, "3")

    def test_a_copy_of_a_mail_is_none_of_the_rules_business(self):
        rule = self.make_rule([], "flag")
        raw = mail()
        first = self.take(raw)
        second = self.take(raw)
        self.assertEqual(second.state, "duplicate")
        self.assertEqual(rule.match_ids.mail_id, first)
        self.assertNotIn("rule_matched", self.codes(second))

    def test_what_a_condition_must_not_ask(self):
        for domain in (
            [("message_id", "=", "x")],
            [("contact_id.email", "=", "x")],
            [("fact_subject", "ilike", "")],
            [("fact_subject", "ilike", " ")],
            [("fact_subject", ">", "a")],
            [("alias_ids", "any", [("name", "=", "x")])],
            [("kind", "=", "nonsense")],
            [("fact_size_kb", ">", "many")],
            [("contact_id", "in", [2**30])],
            ["&", ("fact_hour", ">", 3)],
            "nonsense",
        ):
            with self.subTest(domain=domain), self.assertRaises(ValidationError):
                self.make_rule(domain, "ignore")


class TestScannerRuleReplies(RuleCase):
    """Rules and replies."""

    def reply(self, ticket, **values):
        asked = ticket.message_ids.filtered(lambda each: each.message_type == "email")[:1]
        return mail(
            subject=f"Re: {ticket.name}", headers=[("In-Reply-To", asked.message_id)], **values
        )

    def test_always_a_new_ticket_also_of_a_reply(self):
        ticket = self.take_ticket(mail())
        self.make_rule([("fact_body", "ilike", "something else")], "new_ticket")
        row = self.take(self.reply(ticket, text="Now something else: the door squeaks."))
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        self.assertNotEqual(row.ticket_ids, ticket)
        row = self.take(self.reply(ticket, text="Still smoking."))
        self.assertEqual(row.ticket_ids, ticket)

    def test_a_reply_may_be_ignored(self):
        ticket = self.take_ticket(mail())
        self.make_rule([("fact_body", "ilike", "unsubscribe")], "ignore")
        row = self.take(self.reply(ticket, text="UNSUBSCRIBE me"))
        self.assertEqual(row.state, "ignored")
        row.action_take_in()
        self.assertEqual(row.ticket_ids, ticket)


class ScannerCase(RuleCase):
    """Mails that a scanner fetches."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scanner = cls.make_scanner()
        cls.folder = cls.scanner.folder_ids


class TestScannerRuleUnmatched(ScannerCase):
    """Mails that no rule matches."""

    def test_a_rule_for_an_archived_mailbox_alone_counts_nowhere(self):
        self.make_rule([], "ignore", scanner_ids=[(6, 0, self.scanner.ids)])
        self.scanner.active = False
        self.env.invalidate_all()
        self.take_ticket(mail())

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scanner.unmatched = "leave"

    def test_it_is_left_alone(self):
        row = self.fetch(mail())
        self.assertEqual(row.state, "ignored")
        self.assertFalse(row.mailbox_todo)
        self.assertIn("decide_left_alone", self.codes(row))

    def test_it_may_be_taken_in_later(self):
        row = self.fetch(mail())
        row.action_take_in()
        self.assertTrue(row.ticket_ids)

    def test_what_a_rule_matches_becomes_a_ticket(self):
        self.make_rule([("scanner_id", "in", self.scanner.ids)], "seen")
        self.assertTrue(self.fetch(mail()).ticket_ids)

    def test_a_reply_joins(self):
        ticket = self.take_ticket(mail())
        asked = ticket.message_ids.filtered(lambda each: each.message_type == "email")[:1]
        row = self.fetch(mail(subject="Re: it", headers=[("In-Reply-To", asked.message_id)]))
        self.assertEqual(row.ticket_ids, ticket)


class TestScannerPattern(RuleCase):
    """Named patterns in conditions."""

    def make_pattern(self, **values):
        values.setdefault("name", "Pattern")
        return self.env["helpdesk.scanner.pattern"].create(values)

    def test_a_regular_expression(self):
        pattern = self.make_pattern(operator="regex", text=r"order\s+(?P<order>\d+)")
        self.make_rule([("pattern_ids", "in", pattern.ids)], "hold")
        row = self.take(mail(subject="About ÓRDER 4711"))
        self.assertEqual(row.state, "held")
        self.assertEqual(row.pattern_ids, pattern)
        self.take_ticket(mail(subject="About orders"))

    def test_a_header_by_its_name(self):
        pattern = self.make_pattern(
            where="header", header_name="x-PRIORITY", operator="is", text="1"
        )
        self.make_rule([("pattern_ids", "in", pattern.ids)], "hold")
        self.assertEqual(self.take(mail(headers=[("X-Priority", "1")])).state, "held")
        self.take_ticket(mail(headers=[("X-Priority", "11")]))

    def test_the_faulty_piece_is_named(self):
        for text, piece in (("a(b", "(b"), (r"a(?=b)", "(?="), (r"(a)\1", r"\1"), ("a**", "**")):
            with (
                self.subTest(text=text),
                self.assertRaises(ValidationError) as caught,
            ):
                self.make_pattern(operator="regex", text=text)
            self.assertIn(f"“{piece}”", str(caught.exception))

    def test_every_reason_has_a_sentence(self):
        self.assertEqual(set(REASONS), set(SENTENCES))

    def test_a_changed_pattern_counts_at_once(self):
        pattern = self.make_pattern(text="smoke", where="body")
        self.make_rule([("pattern_ids", "in", pattern.ids)], "hold")
        self.assertEqual(self.take(mail()).state, "held")
        pattern.text = "water"
        self.take_ticket(mail())


class TestTrust(ScannerCase):
    """What the receiving server reports of a sender is a fact."""

    RESULTS = "mx.mailflow.test; dmarc=fail header.from=acorn-tests.example"

    def test_only_the_scanner_s_own_server_is_believed(self):
        self.scanner.authserv_id = "mx.mailflow.test"
        self.make_rule([("fact_trust", "=", "fail")], "hold")
        row = self.fetch(mail(headers=[("Authentication-Results", self.RESULTS)]))
        self.assertEqual(row.state, "held")
        self.assertIn("trust_dmarc", self.codes(row))
        forged = self.RESULTS.replace("mx.", "mx2.")
        row = self.fetch(mail(headers=[("Authentication-Results", forged)]))
        self.assertEqual(row.fact_trust, "none")
