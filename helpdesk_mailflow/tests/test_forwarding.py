# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).


from ..models.intake_decide import CONFIRMATIONS_AN_HOUR
from .common import DOMAIN, MailflowCase, mail

SUPPORT = "support@acorn-tests.example"
GMAIL = "Gmail Team <forwarding-noreply@google.com>"
LINK = "https://mail-settings.google.com/mail/vf-%5BANGjdJ8xYz%5D-Ab_c-d"
SUBJECT = f"(#429106883) Gmail Forwarding Confirmation - Receive Mail from {SUPPORT}"
TEXT = (
    f"{SUPPORT} has requested to automatically forward mail to your email address\n"
    "Confirmation code: 429106883\n\n"
    f"please click the link below to confirm the request:\n\n{LINK}\n"
)


def asks(**values) -> bytes:
    """Gmail's question whether a mailbox may be forwarded."""
    return mail(**{"subject": SUBJECT, "from_": GMAIL, "text": TEXT, **values})


class TestConfirmationMail(MailflowCase):
    """The mail by which a provider asks whether it may forward a mailbox."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scanner = cls.make_scanner(user=SUPPORT, authserv_id="mx.mailflow.test")

    def told(self, ticket) -> str:
        return "".join(ticket.message_ids.mapped("body"))

    def test_it_opens_a_ticket_that_says_what_to_do(self):
        row = self.take(asks())
        ticket = row.ticket_ids
        self.assertEqual((row.kind, row.state, len(ticket)), ("forwarding", "done", 1), row.why)
        self.assertFalse(ticket.stage_id.closed)
        told = self.told(ticket)
        self.assertIn(f"Gmail asks whether mail to {SUPPORT} may be forwarded here", told)
        self.assertIn("<b>429106883</b>", told)
        self.assertIn(f'href="{LINK}"', told)
        self.assertEqual(row.confirmation_code, "429106883")
        self.assertEqual(row.confirmation_link, LINK)
        self.assertEqual(row.confirmation_mailbox, SUPPORT)
        self.assertEqual(row.confirmation_provider, "Gmail")

    def test_nothing_opens_the_link_and_nothing_answers(self):
        self.support.write({"automatic_answer": True})
        with self.sent_mails() as sent:
            row = self.take(asks())
        self.assertEqual(sent, [])
        self.assertEqual(len(row.ticket_ids), 1)

    def test_before_known_contacts(self):
        self.support.alias_id.alias_contact = "partners"
        self.assertEqual(len(self.take(asks()).ticket_ids), 1)

    def test_while_intake_is_off(self):
        self.support.intake = False
        self.assertEqual(self.take(mail()).state, "not_taken_in")
        self.assertEqual(len(self.take(asks()).ticket_ids), 1)

    def test_before_blocked_senders(self):
        self.env["helpdesk.sender"].create(
            {"pattern": "forwarding-noreply@google.com", "kind": "blocked"}
        )
        self.assertEqual(len(self.take(asks()).ticket_ids), 1)

    def test_a_flood_of_them_can_be_blocked(self):
        self.env["helpdesk.sender"].create(
            {"pattern": "forwarding-noreply@google.com", "kind": "blocked"}
        )
        rows = [self.take(asks()) for _number in range(CONFIRMATIONS_AN_HOUR + 2)]
        opened = [row for row in rows if row.ticket_ids]
        self.assertEqual(len(opened), CONFIRMATIONS_AN_HOUR)
        self.assertFalse(rows[-1].ticket_ids)

    def test_a_flood_of_them_opens_tickets_like_other_mail(self):
        rows = [self.take(asks()) for _number in range(CONFIRMATIONS_AN_HOUR + 2)]
        self.assertTrue(all(row.ticket_ids for row in rows))
        self.support.intake = False
        self.assertEqual(self.take(asks()).state, "not_taken_in")

    def test_before_rules(self):
        self.env["helpdesk.scanner.rule"].create(
            {
                "name": "Nothing from Google",
                "domain": "[('fact_from', 'ilike', 'google')]",
                "action_ids": [(0, 0, {"kind": "ignore"})],
                "active": True,
            }
        )
        other = self.take(mail(from_="Ads <ads@google.com>"))
        self.assertEqual(other.state, "ignored", other.why)
        self.assertEqual(len(self.take(asks()).ticket_ids), 1)

    def test_however_automatic_it_looks(self):
        headers = [
            ("Auto-Submitted", "auto-replied"),
            ("Precedence", "bulk"),
            ("List-Id", "<x.google.com>"),
            ("Return-Path", "<>"),
        ]
        self.assertEqual(len(self.take(asks(headers=headers)).ticket_ids), 1)

    def test_in_a_mailbox_where_what_no_rule_matches_is_left_alone(self):
        self.scanner.unmatched = "leave"
        self.scanner.default_alias_id = self.support
        self.assertEqual(self.fetch(mail(to=SUPPORT)).state, "ignored")
        row = self.fetch(asks(to=SUPPORT))
        self.assertEqual(len(row.ticket_ids), 1, row.why)

    def test_a_forged_one_is_an_ordinary_mail(self):
        forged = [("Authentication-Results", "mx.mailflow.test; dmarc=fail header.from=google.com")]
        row = self.fetch(asks(to=f"support@{DOMAIN}", headers=forged))
        self.assertNotEqual(row.kind, "forwarding")
        self.assertFalse(row.confirmation_link)
        genuine = [
            ("Authentication-Results", "mx.mailflow.test; dmarc=pass header.from=google.com")
        ]
        row = self.fetch(asks(to=f"support@{DOMAIN}", headers=genuine))
        self.assertEqual(row.kind, "forwarding")

    def test_a_forged_one_is_blocked_as_any_other(self):
        self.env["helpdesk.sender"].create(
            {"pattern": "forwarding-noreply@google.com", "kind": "blocked"}
        )
        forged = [("Authentication-Results", "mx.mailflow.test; dmarc=fail header.from=google.com")]
        row = self.fetch(asks(to=f"support@{DOMAIN}", headers=forged))
        self.assertFalse(row.ticket_ids)

    def test_a_link_elsewhere_is_not_told(self):
        evil = "https://mail-settings.google.com.evil.example/mail/vf-1"
        row = self.take(asks(text=TEXT.replace(LINK, evil)))
        self.assertFalse(row.confirmation_link)
        log = row.ticket_ids.message_ids.filtered(
            lambda message: message.author_id == self.env.ref("base.partner_root")
        )
        told = "".join(log.mapped("body"))
        self.assertIn("429106883", told)
        self.assertNotIn("evil.example", told)


class TestOriginalRecipient(MailflowCase):
    """Where a forwarded mail was sent to, by what forwarders leave in its header."""

    def test_headers_of_forwarders(self):
        sales = self.make_alias("Sales", "sales")
        self.env["helpdesk.support.alias.address"].create(
            {"alias_id": sales.id, "email": "sales@acorn-tests.example"}
        )
        # the mail itself names nobody of ours: sent as Bcc, or to a list
        samples = {
            "Gmail": [
                ("X-Forwarded-To", f"anything@{DOMAIN}"),
                ("X-Forwarded-For", f"sales@acorn-tests.example anything@{DOMAIN}"),
                ("Delivered-To", "sales@acorn-tests.example"),
            ],
            "Google Workspace": [("X-Gm-Original-To", "sales@acorn-tests.example")],
            "Exchange, by a rule of the inbox": [
                ("Resent-From", "<sales@acorn-tests.example>"),
                ("X-MS-Exchange-Inbox-Rules-Loop", "sales@acorn-tests.example"),
                ("Auto-Submitted", "auto-generated"),
                ("X-MS-Exchange-Generated-Message-Source", "Mailbox Rules Agent"),
            ],
            "Exchange, by the mailbox's settings": [
                ("Resent-From", "<sales@acorn-tests.example>"),
                (
                    "X-MS-Exchange-ForwardingLoop",
                    "sales@acorn-tests.example;5a6dee4f-0a3c-4f5e-9d53-6b0c3a3a4f11",
                ),
            ],
            "Postfix": [("X-Original-To", "sales@acorn-tests.example")],
            "Exim": [("Envelope-To", "sales@acorn-tests.example")],
            "Fastmail": [("X-Delivered-to", "sales@acorn-tests.example")],
            "Yahoo": [("X-Apparently-To", "sales@acorn-tests.example; Tue, 3 Mar 2026 09:30:00")],
        }
        for forwarder, headers in samples.items():
            with self.subTest(forwarder=forwarder):
                row = self.take(
                    mail(to="undisclosed-recipients:;", headers=headers), model="helpdesk.ticket"
                )
                self.assertEqual(self.deliveries(row), [("Sales", "ticket")], row.why)
                self.assertEqual(row.kind, "message")

    def test_a_header_of_a_web_proxy_leads_nowhere(self):
        headers = [("X-Forwarded-For", "203.0.113.9, 198.51.100.7")]
        row = self.take(mail(headers=headers))
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])


class GuideCase(MailflowCase):
    """A helpdesk manager who goes by the guide."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("marie", "helpdesk_mgmt.group_helpdesk_manager")

    def connect(self, road="forward", email=SUPPORT, **values):
        """A connection that a helpdesk manager has taken to the step *connect*, or beyond."""
        connection = self.env["helpdesk.mailbox.connection"].with_user(self.manager)
        connection = connection.create({"email": email, "company_id": self.company.id, **values})
        if road == "provided":
            connection.action_use_provided()
            return connection
        self.go(connection)
        connection.road = road
        self.go(connection)
        return connection

    def go(self, connection, to=None):
        connection.action_next()
        self.assertFalse(connection.problem)
        if to:
            self.assertEqual(connection.step, to)


class TestGuide(GuideCase):
    """The roads of the guide that need no access to a mailbox."""

    def test_forwarding_shows_the_address_to_forward_to(self):
        connection = self.connect()
        self.assertEqual(connection.step, "connect")
        queue = connection.alias_id
        self.assertTrue(connection.provided_email)
        self.assertEqual(connection.provided_email, queue.email)
        self.assertEqual(queue.external_address_ids.email, SUPPORT)
        # mail to the mailbox leads there, however it is forwarded
        forwarded = mail(to=SUPPORT, headers=[("Delivered-To", connection.provided_email)])
        self.assertEqual(self.take_ticket(forwarded).support_alias_id, queue)

    def test_nothing_is_sent_to_the_mailbox_from_then_on(self):
        connection = self.connect()
        withheld = self.env["helpdesk.outgoing.filter"]._suppressed(
            [SUPPORT, connection.provided_email], self.company
        )
        self.assertEqual(set(withheld), {SUPPORT, connection.provided_email})

    def test_an_alias_without_an_address_gets_one(self):
        self.support.alias_name = False
        connection = self.connect(alias_id=self.support.id)
        self.assertEqual(connection.alias_id, self.support)
        self.assertTrue(connection.provided_email.endswith(f"@{DOMAIN}"))

    def test_without_an_alias_domain_it_says_what_to_do(self):
        self.support.alias_name = False
        self.support.alias_id.alias_domain_id = False
        self.company.alias_domain_id = False
        connection = self.env["helpdesk.mailbox.connection"].create(
            {"email": SUPPORT, "alias_id": self.support.id, "road": "forward", "step": "road"}
        )
        connection.action_next()
        self.assertEqual(connection.step, "road")
        self.assertIn("has no alias domain", connection.problem)
        self.assertIn("general settings", connection.problem)

    def test_an_address_of_odoo_is_not_forwarded(self):
        connection = self.env["helpdesk.mailbox.connection"].create(
            {"email": f"support@{DOMAIN}", "road": "forward", "step": "road"}
        )
        connection.action_next()
        self.assertIn("is an address of Odoo's own", connection.problem)

    def test_the_confirmation_mail_shows_in_the_guide(self):
        connection = self.connect()
        self.assertFalse(connection.poll_confirmation())
        self.take(asks(to=connection.provided_email))
        self.assertTrue(connection.poll_confirmation())
        self.assertEqual(connection.confirmation_code, "429106883")
        self.assertEqual(connection.confirmation_provider, "Gmail")
        self.assertEqual(connection.confirmation_of, SUPPORT)
        action = connection.action_open_confirmation()
        self.assertEqual((action["type"], action["url"]), ("ir.actions.act_url", LINK))

    def test_that_of_another_mailbox_does_not(self):
        connection = self.connect()
        other = asks(
            to=connection.provided_email,
            subject=SUBJECT.replace(SUPPORT, "ceo@acorn-tests.example"),
            text=TEXT.replace(SUPPORT, "ceo@acorn-tests.example"),
        )
        self.take(other)
        self.assertFalse(connection.poll_confirmation())

    def test_the_mailbox_is_offered_as_from_address_and_proves_itself(self):
        connection = self.connect()
        with self.sent_mails() as sent:
            self.go(connection, "place")
        (verification,) = sent
        self.assertEqual(verification.recipients, (SUPPORT,))
        address = connection.from_address_id
        self.assertEqual((address.email, address.state), (SUPPORT, "sent"))
        # a rule of an Exchange mailbox redirects it
        rule = (
            f"Resent-From: <{SUPPORT}>\nX-MS-Exchange-Inbox-Rules-Loop: {SUPPORT}\n"
            f"Delivered-To: {connection.provided_email}\n"
        )
        row = self.take(rule.encode() + verification.message.as_bytes())
        self.assertEqual(row.state, "ignored", row.why)
        self.assertEqual((address.state, address.proof), ("verified", "mail"))

    def test_somebody_who_redirects_the_verification_mail_by_hand_proves_nothing(self):
        connection = self.connect()
        with self.sent_mails() as sent:
            self.go(connection)
        by_hand = f"Resent-From: <{SUPPORT}>\nDelivered-To: {connection.provided_email}\n"
        self.take(by_hand.encode() + sent[0].message.as_bytes())
        self.assertEqual(connection.from_address_id.state, "sent")

    def test_incoming_only_makes_no_from_address(self):
        connection = self.connect(direction="in")
        with self.sent_mails() as sent:
            self.go(connection, "place")
        self.assertFalse(sent)
        self.assertFalse(connection.from_address_id)

    def test_a_provided_address_can_be_written_to_and_answers(self):
        connection = self.connect(road="provided", email=False)
        connection.write({"alias_choice": "new", "new_alias_name": "Care", "team_id": self.team.id})
        self.go(connection, "test")
        queue = connection.alias_id
        self.assertEqual(connection.provided_email, f"care@{DOMAIN}")
        self.assertEqual(connection.email, connection.provided_email)
        self.assertFalse(queue.external_address_ids)
        self.assertEqual(connection.from_address_id.proof, "domain")
        self.assertEqual(queue.answer_via_id, connection.from_address_id)
        ticket = self.take_ticket(mail(to=connection.provided_email))
        self.assertEqual((ticket.support_alias_id, ticket.team_id), (queue, self.team))
        self.go(connection, "done")
        self.assertEqual(connection.state, "active")

    def test_choosing_another_alias_afterwards_takes_the_mailbox_along(self):
        connection = self.connect(direction="in")
        self.go(connection, "place")
        other = self.make_alias("Sales", "sales", team_id=self.team.id)
        connection.write(
            {"alias_choice": "existing", "alias_id": other.id, "team_id": self.team.id}
        )
        self.go(connection, "test")
        self.assertEqual(other.external_address_ids.email, SUPPORT)
        self.assertEqual(self.take_ticket(mail(to=SUPPORT)).support_alias_id, other)

    def test_discarding_takes_it_away_again(self):
        connection = self.connect()
        with self.sent_mails():
            self.go(connection)
        connection.action_discard()
        Address = self.env["helpdesk.support.alias.address"]
        self.assertFalse(Address.search([("email", "=", SUPPORT)]))
        self.assertFalse(self.env["helpdesk.from.address"].search([("email", "=", SUPPORT)]))
