# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.mail.tools.discuss import Store

from ..mailflow.authserv import NAMELESS
from .common import BrowserCase, MailflowCase, mail

SERVER = "mx.mailflow.test"
SHOP = "Jane <jane@shop-tests.example>"
PASS = f"{SERVER}; dmarc=pass header.from=shop-tests.example"
FAIL = f"{SERVER}; spf=softfail smtp.mailfrom=evil.example; dmarc=fail header.from=x.example"
NOTHING = f"{SERVER}; spf=pass smtp.mailfrom=evil.example; dkim=none"


def reported(*values, **parameters):
    """A mail on top of which stand these Authentication-Results."""
    before = "".join(f"Authentication-Results: {value}\n" for value in values)
    parameters.setdefault("from_", SHOP)
    return before.encode() + mail(**parameters)


class TrustCase(MailflowCase):
    """Mails of a scanner whose server is known."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scanner = cls.make_scanner(authserv_id=SERVER)
        cls.agent = cls.make_user("trust_agent", "helpdesk_mgmt.group_helpdesk_user")

    def message_of(self, row):
        return row.delivery_ids.message_id

    def marks(self, row):
        return [each["code"] for each in self.message_of(row).helpdesk_marks or []]


class TestTrust(TrustCase):
    """What the receiving server reports, on the mail and on its message."""

    def test_what_the_ledger_keeps(self):
        aligned = f"{SERVER}; dkim=pass header.d=shop-tests.example; spf=none"
        row = self.fetch(reported(aligned))
        self.assertEqual(row.trust_identity, "proven")
        self.assertEqual((row.trust_dkim, row.trust_spf, row.trust_dmarc), ("pass", "none", False))
        self.assertEqual((row.trust_aligned, row.trust_server), ("dkim", SERVER))
        # DMARC, which is what rules look at, was not reported
        self.assertEqual(row.fact_trust, "none")
        self.assertIn("trust_aligned", self.codes(row))
        for value, identity in ((PASS, "proven"), (FAIL, "failed"), (NOTHING, "unproven")):
            self.assertEqual(self.fetch(reported(value)).trust_identity, identity)
        found = row.search([("trust_identity", "in", ("failed", "unproven"))])
        self.assertEqual(len(found), 2)

    def test_badges(self):
        for values, code in (
            ([PASS], ["mark_proven"]),
            ([FAIL], ["mark_dmarc_failed"]),
            ([NOTHING], ["mark_unproven"]),
            ([], []),
        ):
            self.assertEqual(self.marks(self.fetch(reported(*values))), code)

    def test_forged_reports(self):
        """Whoever writes a mail writes its headers, too."""
        for forged in (
            [FAIL, PASS],
            [NOTHING, PASS],
            [FAIL, PASS.upper()],
            [FAIL, PASS.replace(SERVER, f'"{SERVER}"')],
            [FAIL, PASS.replace(SERVER, f"(really) {SERVER}")],
            ["mx.evil.example; none", PASS],
            [PASS.replace(SERVER, f"{SERVER}.evil.example")],
            [PASS.replace(SERVER, f"evil-{SERVER}")],
            [PASS.replace(f"{SERVER}; ", "")],
        ):
            row = self.fetch(reported(*forged))
            self.assertNotEqual(row.trust_identity, "proven", forged)
            self.assertNotIn("mark_proven", self.marks(row), forged)

    def test_other_doors_have_no_server(self):
        row = self.take(reported(PASS))
        self.assertEqual(row.trust_identity, "unknown")

    def test_a_server_without_a_name(self):
        self.scanner.write({"authserv_id": False, "authserv_choice": "nameless"})
        results = "spf=pass smtp.mailfrom=x.example;dmarc=pass action=none"
        row = self.fetch(reported(f"{results} header.from=shop-tests.example;compauth=pass"))
        self.assertEqual(row.trust_identity, "proven")
        self.assertEqual(row.trust_server, "Microsoft 365")
        self.assertEqual(self.fetch(reported(PASS)).trust_identity, "unknown")

    def test_none_is_believed(self):
        self.scanner.write({"authserv_id": False, "authserv_choice": "none"})
        self.assertEqual(self.fetch(reported(PASS)).trust_identity, "unknown")
        self.assertFalse(self.scanner._learn_authserv())

    def test_rules_see_what_they_saw(self):
        for value, trust in ((PASS, "pass"), (FAIL, "fail"), (NOTHING, "none")):
            self.assertEqual(self.fetch(reported(value)).fact_trust, trust)


class TestTrustOfAgents(TrustCase):
    """Mails that say to be from a colleague."""

    def test_an_agent_whom_the_server_proves(self):
        domain = self.agent.email.rpartition("@")[2]
        row = self.fetch(
            reported(f"{SERVER}; dmarc=pass header.from={domain}", from_=self.agent.email)
        )
        self.assertEqual(self.marks(row), ["mark_proven"])
        self.assertEqual(self.message_of(row).author_id, self.agent.partner_id)

    def test_a_pass_for_another_domain_proves_no_agent(self):
        for value in (
            PASS,
            f"{SERVER}; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example",
            f"{SERVER}; dmarc=fail",
            f"{SERVER}; dmarc=pass (",
        ):
            row = self.fetch(reported(value, from_=self.agent.email))
            self.assertEqual(self.marks(row), ["mark_impostor"], value)
            self.assertNotEqual(row.ticket_ids.user_id, self.agent, value)

    def test_two_senders(self):
        """One of whom is a colleague, and the other one's mail passes."""
        both = f"{self.agent.email}, {SHOP}"
        row = self.fetch(reported(PASS, from_=both))
        self.assertEqual(row.trust_identity, "unproven")
        self.assertNotIn("mark_proven", self.marks(row))


class TestTrustedForwarder(TrustCase):
    """ARC seals of forwarders that the company trusts."""

    SET = (
        "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example; s=x; b=abc\n"
        "ARC-Authentication-Results: i=1; mx.lists.example; dmarc=pass"
        " header.from=shop-tests.example\n"
    )

    def forwarded(self):
        report = f"Authentication-Results: {SERVER}; dmarc=fail; arc=pass\n"
        return self.fetch((report + self.SET).encode() + mail(from_=SHOP))

    def test_only_who_is_trusted(self):
        self.assertEqual(self.forwarded().trust_identity, "failed")
        self.company.helpdesk_arc_forwarders = "example.org, Lists.Example"
        row = self.forwarded()
        self.assertEqual((row.trust_identity, row.trust_forwarder), ("proven", "lists.example"))
        self.assertEqual((row.trust_dmarc, row.fact_trust), ("fail", "none"))
        self.assertEqual(self.marks(row), ["mark_proven_forwarder"])

    def test_what_is_a_domain(self):
        for text in ("example", "jane@example.com", "*.example.com"):
            with self.assertRaises(ValidationError):
                self.company.helpdesk_arc_forwarders = text


class TestDmarcPolicy(TrustCase):
    """What a support alias makes of mail that fails DMARC."""

    def test_it_is_accepted_and_marked(self):
        self.assertEqual(self.fetch(reported(FAIL)).state, "done")

    def test_it_is_held(self):
        self.support.dmarc_failure = "hold"
        row = self.fetch(reported(FAIL))
        self.assertEqual(row.state, "held")
        self.assertIn("decide_dmarc_hold", self.codes(row))
        for value in (PASS, NOTHING):
            self.assertEqual(self.fetch(reported(value)).state, "done")
        self.assertEqual(self.fetch(mail()).state, "done")
        # a person takes it in
        row.action_take_in()
        self.assertEqual(row.state, "done")
        self.assertEqual(self.marks(row), ["mark_dmarc_failed"])

    def test_it_is_spam(self):
        self.support.dmarc_failure = "spam"
        row = self.fetch(reported(FAIL))
        self.assertFalse(
            [each for each in row.mailbox_todo or () if each["do"] == "move"],
            "it stays where it is in a mailbox without a folder for junk",
        )
        inbox = self.scanner._all_folders()[:1]
        inbox.copy({"name": "Spam", "special_use": "\\Junk", "is_read": False})
        row = self.fetch(reported(FAIL), folder=inbox)
        self.assertEqual(row.state, "ignored")
        self.assertIn("decide_dmarc_spam", self.codes(row))
        self.assertIn({"do": "move", "folder": "\\Junk"}, row.mailbox_todo)
        self.assertFalse(self.env["helpdesk.sender"].search([("pattern", "ilike", "shop-tests")]))

    def test_a_reply_does_not_join(self):
        self.support.dmarc_failure = "hold"
        ticket = self.fetch(reported(PASS)).ticket_ids
        asked = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        answer = [("In-Reply-To", asked.message_id)]
        row = self.fetch(reported(FAIL, subject="Re: it", headers=answer))
        self.assertEqual(row.state, "held")
        self.assertFalse(row.ticket_ids)
        self.assertIn("decide_dmarc_reply", self.codes(row))
        row.action_take_in()
        self.assertEqual(row.ticket_ids, ticket)
        joined = self.fetch(reported(PASS, subject="Re: it", headers=answer))
        self.assertEqual(joined.ticket_ids, ticket)

    def test_what_is_not_confirmed_holds_nothing(self):
        self.support.dmarc_failure = "hold"
        self.scanner.write(
            {
                "authserv_id": False,
                "authserv_proposed": SERVER,
                "authserv_evidence": {"plausible": True, "count": 1},
            }
        )
        row = self.fetch(reported(FAIL))
        self.assertEqual((row.state, row.trust_identity), ("done", "unknown"))
        self.assertEqual((row.trust_dmarc, row.fact_trust), ("fail", "none"))
        self.assertEqual(self.marks(row), ["mark_dmarc_failed"])
        self.assertIn("trust_not_confirmed", self.codes(row))
        # nobody is proven, either
        self.assertFalse(self.marks(self.fetch(reported(PASS))))

    def test_one_alias_of_two(self):
        sales = self.make_alias("Sales", "sales")
        self.support.dmarc_failure = "spam"
        to = "support@mailflow.test, sales@mailflow.test"
        row = self.fetch(reported(FAIL, to=to))
        self.assertEqual(
            {(each.alias_id, each.outcome) for each in row.delivery_ids},
            {(self.support, "ignored"), (sales, "ticket")},
        )
        self.assertNotIn("move", [each["do"] for each in row.mailbox_todo or []])


class TestLearning(TrustCase):
    """Which server receives the mail of a scanner is learnt, and confirmed by an admin."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scanner.write({"authserv_id": False, "server": "imap.mailflow.test"})

    def arrive(self, *names, count=6, senders=6, hours=3, first=0, prefix=""):
        """Mails on top of which stand these names."""
        rows = self.env["helpdesk.incoming.mail"]
        for number in range(count):
            values = [f"{name}; spf=pass smtp.mailfrom=x.example" for name in names]
            raw = reported(*values, from_=f"a@shop{first + number % senders}.example")
            at = f"2026-03-03 {9 + number * hours // count:02d}:30:00"
            row = self.fetch(prefix.encode() + raw)
            row.received_at = at
            rows |= row
        self.scanner.write(self.scanner._learn_authserv())
        return rows

    def test_a_name_is_proposed_and_confirmed(self):
        self.assertEqual(self.scanner.authserv_choice, "learn")
        rows = self.arrive(SERVER)
        self.assertEqual(set(rows.mapped("trust_candidate")), {SERVER})
        self.assertEqual(self.scanner.authserv_proposed, SERVER)
        self.assertTrue(self.scanner.authserv_evidence["plausible"])
        self.assertIn(SERVER, self.scanner.authserv_told)
        self.assertFalse(self.scanner._authserv_pin())
        self.scanner.action_confirm_authserv()
        self.assertEqual(self.scanner.authserv_choice, "name")
        self.assertEqual(self.scanner.authserv_id, SERVER)
        self.assertFalse(self.scanner.authserv_told)
        self.assertEqual(self.fetch(reported(PASS)).trust_identity, "proven")

    def test_one_sender_or_one_hour_is_no_evidence(self):
        """Somebody who writes to a server that reports nothing."""
        for parameters in ({"senders": 2}, {"hours": 0}, {"count": 4}):
            with self.subTest(parameters):
                self.env["helpdesk.incoming.mail"].search([]).unlink()
                self.arrive(SERVER, **parameters)
                self.assertFalse(self.scanner.authserv_proposed)

    def test_most_mails_have_to_have_it(self):
        self.arrive(count=5)
        self.arrive(SERVER)
        self.assertFalse(self.scanner.authserv_proposed)

    def test_a_name_from_elsewhere_counts_for_nothing(self):
        self.arrive("mx.elsewhere.example")
        self.assertEqual(self.scanner.authserv_proposed, "mx.elsewhere.example")
        self.assertFalse(self.scanner.authserv_evidence["plausible"])
        failing = FAIL.replace(SERVER, "mx.elsewhere.example")
        row = self.fetch(reported(failing))
        self.assertEqual((row.trust_dmarc, self.marks(row)), (False, []))

    def test_a_name_that_is_refused_is_not_proposed_again(self):
        self.arrive(SERVER)
        self.scanner.action_refuse_authserv()
        self.assertFalse(self.scanner._learn_authserv())

    def test_a_name_for_each_host(self):
        for number in range(3):
            self.arrive(f"mx{number}.mailflow.test", count=2, first=number)
        self.assertEqual(self.scanner.authserv_proposed, "*.mailflow.test")
        self.scanner.action_confirm_authserv()
        other = PASS.replace(SERVER, "mx77.mailflow.test")
        self.assertEqual(self.fetch(reported(other)).trust_identity, "proven")

    def test_several_reports_in_a_mail(self):
        received = "Received: from a.example by mx.mailflow.test; Tue, 3 Mar 2026 09:30:00 +0000\n"
        self.arrive(SERVER, SERVER, prefix=received)
        self.assertEqual(self.scanner.authserv_evidence["count"], 2)
        self.scanner.action_confirm_authserv()
        self.assertEqual(self.scanner.authserv_count, 2)
        # one mail with less, and the sender's own would be the second
        self.arrive(SERVER, prefix=received, count=1)
        self.assertEqual(self.scanner.authserv_count, 1)
        self.arrive(SERVER, SERVER, SERVER, prefix=received)
        self.assertEqual(self.scanner.authserv_count, 1)

    def test_microsoft_365(self):
        self.scanner.server = "outlook.office365.com"
        nothing = "spf=pass smtp.mailfrom=x.example;dmarc=none action=none"
        for number in range(6):
            raw = reported(nothing, from_=f"a@shop{number}.example")
            self.fetch(raw).received_at = f"2026-03-03 {9 + number:02d}:30:00"
        self.scanner.write(self.scanner._learn_authserv())
        self.assertEqual(self.scanner.authserv_proposed, NAMELESS)
        self.assertNotIn(NAMELESS, self.scanner.authserv_told)
        self.scanner.action_confirm_authserv()
        self.assertEqual(self.scanner.authserv_choice, "nameless")

    def test_the_provider_changes(self):
        self.scanner.authserv_id = SERVER
        self.arrive(SERVER)
        self.assertFalse(self.scanner.authserv_told)
        self.arrive("mx.newprovider.example", count=10)
        self.assertEqual(self.scanner.authserv_proposed, "mx.newprovider.example")
        self.assertIn(SERVER, self.scanner.authserv_told)
        # the confirmed one counts until somebody says otherwise
        self.assertEqual(self.fetch(reported(PASS)).trust_identity, "proven")
        self.scanner.write(self.scanner._learn_authserv())
        self.assertFalse(self.scanner.authserv_told)
        self.arrive(count=10)
        self.assertFalse(self.scanner.authserv_proposed)
        self.assertIn("10", self.scanner.authserv_told)

    def test_a_choice_without_a_name(self):
        with self.assertRaises(ValidationError):
            self.scanner.authserv_choice = "name"


class TestMarks(TrustCase):
    """Badges are for colleagues only."""

    def sent_to(self, user, message):
        store = Store(bus_channel=None, bus_subchannel=None)
        store.add(message.with_user(user))
        return store.get_result()["mail.message"][0]

    def test_who_sees_them(self):
        row = self.fetch(reported(FAIL))
        message = self.message_of(row)
        (mark,) = message._mailflow_marks()
        self.assertEqual((mark["label"], mark["kind"]), ("DMARC failed", "danger"))
        self.assertIn(SERVER, mark["sentence"])
        self.assertEqual(self.sent_to(self.env.user, message)["helpdesk_marks"], [mark])
        portal = self.make_user("trust_portal", "base.group_portal")
        portal.partner_id.email = "jane@shop-tests.example"
        row.ticket_ids.message_subscribe(portal.partner_id.ids)
        with self.assertRaises(AccessError):
            message.with_user(portal).read(["helpdesk_marks"])

    def test_nobody_edits_them(self):
        message = self.message_of(self.fetch(reported(FAIL)))
        with self.assertRaises(AccessError):
            message.with_user(self.agent).write({"helpdesk_marks": False})


@tagged("post_install", "-at_install")
class TestMarksInTheBrowser(TrustCase, BrowserCase):
    def test_tour(self):
        ticket = self.fetch(reported(FAIL)).ticket_ids
        user = self.make_user("trust_marks", "helpdesk_mgmt.group_helpdesk_user")
        ticket.user_id = user
        url = f"/odoo/helpdesk.ticket/{ticket.id}"
        self.start_tour(url, "helpdesk_mailflow.message_marks", login=user.login)
