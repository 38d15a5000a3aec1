# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import contextlib

from ..mailflow.thread_index import answer, conversation
from ..models import own_mail
from ..models.thread_entrance import TABLE, Entrance, Evidence, Part, entrance
from .common import DOMAIN, MailflowCase, mail

MARTA = "Marta Lindqvist <marta@acorn-tests.example>"
COLLEAGUE = "Cora Colleague <cora@acorn-tests.example>"
OUTLOOK = "AQHUK7SGyb2wc5IOhUuAQlATdAYRMQ=="
SERVER = "mx.mailflow.test"


class ThreadCase(MailflowCase):
    """A ticket of Marta's, an agent, and a scanner whose server reports who is proven."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_user(
            "thread-agent",
            "helpdesk_mgmt.group_helpdesk_manager",
            name="Ada Agent",
            email="ada@our-office.example",
            notification_type="inbox",
        )
        cls.team.user_ids = cls.agent
        cls.scanner = cls.make_scanner(authserv_id=SERVER)
        cls.folder = (
            cls.env["helpdesk.mail.folder"].create({"scanner_id": cls.scanner.id, "name": "INBOX"})
            if not cls.scanner._all_folders()
            else cls.scanner._all_folders()[:1]
        )
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))

    def answer(self, ticket=None, **values):
        """What an agent answers to the requester."""
        ticket = ticket or self.ticket
        values.setdefault("subtype_xmlid", "mail.mt_comment")
        values.setdefault("partner_ids", ticket.partner_id.ids)
        with self.mock_mail_gateway():
            return ticket.with_user(self.agent).message_post(
                body="On our way.", message_type="comment", **values
            )

    def reply(self, to=None, result=None, from_=MARTA, tag=None, index=None, **values):
        """A mail that answers something.

        :param to: Message-ID that it names
        :param result: what the server says of DMARC, ``"silent"`` if it says nothing of use
        """
        headers = list(values.pop("headers", ()))
        if to:
            headers.append(("In-Reply-To", to))
        if index:
            headers.append(("Thread-Index", index))
        if result:
            domain = from_.rpartition("@")[2].strip(">")
            said = f"dmarc={result} header.from={domain}"
            if result == "silent":
                said = "spf=pass smtp.mailfrom=bulk-sender.example"
            headers.insert(0, ("Authentication-Results", f"{SERVER}; {said}"))
        if tag:
            values["subject"] = f"Re: [#{tag}] The printer burns"
        values.setdefault("subject", "Re: The printer burns")
        values.setdefault("text", "Now it is out.")
        return self.fetch(mail(from_=from_, headers=headers, **values))

    def check_joined(self, row, ticket=None):
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["reply"], row.why)
        self.assertEqual(row.ticket_ids, ticket or self.ticket)
        return row.delivery_ids.message_id

    def check_apart(self, row):
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["ticket"], row.why)
        self.assertNotEqual(row.ticket_ids, self.ticket)
        return row.ticket_ids

    def received(self, ticket=None):
        messages = (ticket or self.ticket).message_ids
        return messages.filtered(lambda each: each.message_type == "email").sorted("id")


class TestOrder(ThreadCase):
    """What leads a mail to its ticket, the first that counts."""

    def test_our_signed_message_id(self):
        row = self.reply(self.answer().message_id)
        self.check_joined(row)
        self.assertIn("thread_signed", self.codes(row))

    def test_our_signed_message_id_of_a_message_that_is_gone(self):
        """Also one that a mail server wrote another id into: the stored one is not the sent one."""
        name = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        row = self.reply(name)
        self.check_joined(row)
        self.assertIn("thread_signed", self.codes(row))

    def test_a_signed_id_makes_it_a_mail_for_tickets(self):
        name = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        raw = mail(to="someone@elsewhere.example", headers=[("In-Reply-To", name)])
        self.assertEqual(self.take(raw).ticket_ids, self.ticket)

    def test_an_id_that_others_signed_names_nothing(self):
        name = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        at = name.index("@") - 3
        forged = name[:at] + ("b" if name[at] != "b" else "c") + name[at + 1 :]
        row = self.reply(forged)
        self.check_apart(row)
        self.assertIn("thread_vain", self.codes(row))

    def test_signed_counts_more_than_another_reference(self):
        other = self.take_ticket(mail(message_id="<other@acorn-tests.example>"))
        name = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        self.check_joined(self.reply("<other@acorn-tests.example>", headers=[("References", name)]))
        self.check_joined(self.reply("<other@acorn-tests.example>"), other)

    def test_a_reference_counts_more_than_a_number(self):
        other = self.take_ticket(mail())
        self.check_joined(self.reply("<first@acorn-tests.example>", tag=other.number))

    def test_a_number_counts_more_than_the_conversation(self):
        other = self.take_ticket(mail(headers=[("Thread-Index", OUTLOOK)]))
        self.check_joined(self.reply(tag=self.ticket.number, index=OUTLOOK))
        self.assertEqual(len(self.received(other)), 1)

    def test_by_the_conversation_of_outlook(self):
        ticket = self.take_ticket(mail(headers=[("Thread-Index", OUTLOOK)]))
        row = self.reply(index=answer(OUTLOOK))
        self.check_joined(row, ticket)
        self.assertIn("thread_conversation", self.codes(row))
        self.assertEqual(row.conversation, conversation(OUTLOOK))

    def test_a_conversation_with_another_subject_is_another_matter(self):
        self.take_ticket(mail(headers=[("Thread-Index", OUTLOOK)]))
        row = self.reply(index=answer(OUTLOOK), subject="Fw: An invoice")
        self.assertEqual(row.delivery_ids.outcome, "ticket", row.why)

    def test_a_conversation_within_one_batch(self):
        rows = self.take_batch(
            mail(subject="Smoke", headers=[("Thread-Index", OUTLOOK)]),
            mail(subject="Re: Smoke", headers=[("Thread-Index", answer(OUTLOOK))]),
        )
        self.assertEqual(rows.mapped("delivery_ids.outcome"), ["ticket", "reply"])
        self.assertEqual(len(rows.ticket_ids), 1)

    def test_what_was_tried_in_vain_is_told(self):
        row = self.reply("<unknown@acorn-tests.example>")
        self.check_apart(row)
        self.assertIn("thread_vain", self.codes(row))
        self.assertNotIn("thread_vain", self.codes(self.take(mail())))

    def test_a_rule_that_wants_a_new_ticket_beats_all(self):
        self.env["helpdesk.scanner.rule"].create(
            {
                "name": "Always new",
                "domain": "[]",
                "action_ids": [(0, 0, {"kind": "new_ticket"})],
            }
        )
        self.company.helpdesk_append_open = True
        signed = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        outlook = self.take_ticket(mail(headers=[("Thread-Index", OUTLOOK)]))
        ways = {
            "signed": {"to": signed},
            "reference": {"to": "<first@acorn-tests.example>"},
            "tag": {"tag": self.ticket.number},
            "conversation": {"index": answer(OUTLOOK)},
            "open": {"subject": "Something else"},
        }
        for name, values in ways.items():
            with self.subTest(way=name):
                row = self.reply(**values)
                made = self.check_apart(row)
                self.assertNotEqual(made, outlook)


class TestOpen(ThreadCase):
    """The policy *append to the customer's open ticket*."""

    def setUp(self):
        super().setUp()
        self.company.helpdesk_append_open = True

    def test_off(self):
        self.company.helpdesk_append_open = False
        self.check_apart(self.take(mail(subject="Something else")))

    def test_a_new_mail_joins(self):
        row = self.take(mail(subject="Something else"))
        self.check_joined(row)
        self.assertIn("append_only", self.codes(row))

    def test_a_team_decides_otherwise(self):
        self.team.helpdesk_append_open = "no"
        self.check_apart(self.take(mail(subject="Something else")))

    def test_of_another_requester(self):
        self.check_apart(self.take(mail(from_=COLLEAGUE)))

    def test_of_another_alias_of_another_team(self):
        self.make_alias("Sales", "sales")
        self.check_apart(self.take(mail(to=f"sales@{DOMAIN}")))

    def test_of_another_alias_of_the_same_team(self):
        self.make_alias("Sales", "sales", team_id=self.team.id)
        self.check_joined(self.take(mail(to=f"sales@{DOMAIN}")))

    def test_a_closed_ticket_is_not_open(self):
        self.ticket.stage_id = self.done
        self.check_apart(self.take(mail()))

    def test_the_newest_of_several(self):
        self.company.helpdesk_append_open = False
        newest = self.take_ticket(mail())
        self.company.helpdesk_append_open = True
        row = self.take(mail(subject="Something else"))
        self.check_joined(row, newest)
        self.assertIn("append_newest", self.codes(row))

    def test_only_if_there_is_exactly_one(self):
        self.company.helpdesk_append_single = True
        self.check_joined(self.take(mail(subject="Something else")))
        self.company.helpdesk_append_open = False
        self.take_ticket(mail())
        self.company.helpdesk_append_open = True
        row = self.take(mail(subject="Something else"))
        self.check_apart(row)
        self.assertIn("append_several", self.codes(row))

    def test_programs_open_tickets_of_their_own(self):
        self.check_apart(self.take(mail(headers=[("Auto-Submitted", "auto-generated")])))

    def test_a_forged_sender_joins_nothing(self):
        row = self.reply(result="fail", subject="Something else")
        self.check_apart(row)
        self.assertIn("append_unproven", self.codes(row))

    def test_two_mails_of_one_batch(self):
        rows = self.take_batch(
            *(mail(subject=each, from_=COLLEAGUE) for each in ("One", "Two", "Three"))
        )
        self.assertEqual(len(rows.ticket_ids), 1, rows.mapped("why"))
        self.assertEqual(rows.delivery_ids.mapped("outcome"), ["ticket", "reply", "reply"])

    def test_a_rule_may_still_set_what_it_wants(self):
        self.env["helpdesk.scanner.rule"].create(
            {
                "name": "Prio",
                "domain": "[]",
                "action_ids": [(0, 0, {"kind": "set", "priority": "3"})],
            }
        )
        self.check_joined(self.take(mail(subject="Something else")))
        self.assertEqual(self.ticket.priority, "3")


class TestEntrance(ThreadCase):
    """The table of what points to a ticket, who wrote, and how far that is proven."""

    #: What a server says for each column of the table.
    RESULTS = {"proven": "pass", "unknown": None, "unproven": "silent", "failed": "fail"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        account = cls.env["res.partner"].create({"name": "Acorn", "is_company": True})
        cls.marta = cls.make_contact("Marta", "marta@acorn-tests.example", parent_id=account.id)
        cls.make_contact("Cora", "cora@acorn-tests.example", parent_id=account.id)
        cls.company.helpdesk_same_account = True
        cls.writers = {
            Part.CUSTOMER: MARTA,
            Part.ACCOUNT: COLLEAGUE,
            Part.AGENT: "Ada <ada@our-office.example>",
            Part.FORWARDED: "Sam Supplier <sam@supplier.example>",
        }

    def ways(self, index):
        return {
            Evidence.SIGNED: {"to": own_mail.message_id(self.env, self.ticket.id, DOMAIN)},
            Evidence.REFERENCE: {"to": "<first@acorn-tests.example>"},
            Evidence.TAG: {"tag": self.ticket.number},
            Evidence.CONVERSATION: {"index": answer(index)},
        }

    def test_each_cell(self):
        self.ticket = self.take_ticket(
            mail(
                message_id="<first@acorn-tests.example>",
                date="Tue, 03 Mar 2026 09:31:00 +0000",
                headers=[("Thread-Index", OUTLOOK)],
            )
        )
        with self.mock_mail_gateway():
            self.ticket.with_user(self.agent).message_post(
                body="Please look.",
                message_type="comment",
                subtype_xmlid="mail.mt_note",
                partner_ids=self.make_contact("Sam", "sam@supplier.example").ids,
            )
        for evidence, values in self.ways(OUTLOOK).items():
            for part, from_ in self.writers.items():
                for identity, result in self.RESULTS.items():
                    with (
                        self.subTest(evidence=evidence, part=part, identity=identity),
                        contextlib.closing(self.env.cr.savepoint()),
                    ):
                        row = self.reply(from_=from_, result=result, **values)
                        expected = entrance(evidence, part, identity)
                        if part is Part.AGENT and identity in ("unproven", "failed"):
                            expected = Entrance.APART
                        self.check_cell(row, expected)
                        # the next one finds everything as this one did
                        self.env.flush_all()
                    self.env.invalidate_all()

    def check_cell(self, row, expected):
        if expected is Entrance.APART:
            made = self.check_apart(row)
            self.assertTrue(made.unverified_sender)
            self.assertEqual(made.linked_ticket_id, self.ticket)
            return
        message = self.check_joined(row)
        self.assertEqual(message.is_internal, expected is Entrance.INSIDE, row.why)
        self.assertEqual("thread_marked" in self.codes(row), expected is Entrance.MARKED)

    def test_strangers_and_impostors_never_get_in(self):
        for evidence in Evidence:
            for part in (Part.STRANGER, Part.IMPOSTOR):
                for identity in self.RESULTS:
                    self.assertIs(entrance(evidence, part, identity), Entrance.APART)

    def test_the_table_names_all(self):
        for evidence in Evidence:
            self.assertIn(evidence.value, TABLE)

    def test_without_the_policy_a_colleague_is_a_stranger(self):
        self.company.helpdesk_same_account = False
        self.check_apart(self.reply("<first@acorn-tests.example>", from_=COLLEAGUE))

    def test_a_doubtful_mail_lets_nobody_take_part(self):
        row = self.reply(
            self.answer().message_id, result="fail", headers=[("Cc", "eve@evil.example")]
        )
        self.check_joined(row)
        self.assertNotIn("eve@evil.example", self.ticket.email_cc or "")

    def test_the_queries_do_not_grow_with_the_batch(self):
        judge = self.env["helpdesk.intake.judge"]
        intake = self.env["helpdesk.intake"]

        def entries(count):
            rows = self.env["helpdesk.incoming.mail"].create(
                [{"door": "rpc", "company_id": self.company.id} for _n in range(count)]
            )
            raws = [
                mail(
                    from_=f"Somebody <s{number}@stranger.example>",
                    subject=f"Re: [#{self.ticket.number}] x",
                    headers=[
                        ("In-Reply-To", "<first@acorn-tests.example>"),
                        ("Thread-Index", answer(OUTLOOK)),
                    ],
                )
                for number in range(count)
            ]
            sources = {row.id: raw for row, raw in zip(rows, raws, strict=True)}
            return intake._entries(rows, sources)

        judge._judge(entries(2))
        counts = []
        for size in (2, 12):
            batch = entries(size)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            judge._judge(batch)
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
