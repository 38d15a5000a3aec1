# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import timedelta

from odoo import fields

from ..models import own_mail
from .common import DOMAIN, mail
from .test_thread import MARTA, ThreadCase

COLLEAGUE = "Cora <cora@acorn-tests.example>"


class TestClosed(ThreadCase):
    """Answers to closed tickets."""

    def setUp(self):
        super().setUp()
        self.signed = self.answer().message_id
        self.ticket.stage_id = self.done
        self.ticket.closed_date = fields.Datetime.now() - timedelta(days=10)

    def check_new(self, row, kind="closed"):
        made = self.check_apart(row)
        self.assertEqual(made.linked_ticket_id, self.ticket)
        self.assertEqual(made.link_kind, kind)
        self.assertFalse(made.unverified_sender)
        return made

    def test_reopened_by_default(self):
        self.check_joined(self.reply(self.signed))
        self.assertFalse(self.ticket.stage_id.closed)

    def test_a_new_one(self):
        self.company.helpdesk_closed = "new"
        row = self.reply(self.signed, tag=self.ticket.number)
        made = self.check_new(row)
        self.assertTrue(self.ticket.stage_id.closed)
        self.assertEqual(made.partner_id, self.ticket.partner_id)
        self.assertEqual(made.support_alias_id, self.support)
        self.assertNotIn(self.ticket.number, made.name)
        self.assertIn("decide_closed_new", self.codes(row))
        self.assertEqual(len(self.received()), 1)

    def test_a_new_one_only_after_some_days(self):
        self.company.write({"helpdesk_closed": "days", "helpdesk_closed_days": 14})
        row = self.reply(self.signed)
        self.check_joined(row)
        self.assertFalse(self.ticket.stage_id.closed)
        self.assertIn("decide_closed_in_time", self.codes(row))
        self.ticket.stage_id = self.done
        self.ticket.closed_date = fields.Datetime.now() - timedelta(days=15)
        row = self.reply(self.signed)
        self.check_new(row)
        self.assertIn("decide_closed_days", self.codes(row))

    def test_a_team_decides_otherwise(self):
        self.company.helpdesk_closed = "new"
        self.team.helpdesk_closed = "reopen"
        self.check_joined(self.reply(self.signed))

    def test_the_conversation_goes_on_in_the_new_one(self):
        self.company.helpdesk_closed = "new"
        made = self.check_new(self.reply(self.signed))
        for values in (
            {"to": self.signed},
            {"tag": self.ticket.number},
            {"to": "<first@acorn-tests.example>"},
        ):
            with self.subTest(**values):
                row = self.reply(**values)
                self.check_joined(row, made)
                self.assertIn("thread_goes_on", self.codes(row))

    def test_the_newer_number_counts(self):
        self.company.helpdesk_closed = "new"
        made = self.check_new(self.reply(self.signed))
        subject = f"Re: [#{made.number}] Re: [#{self.ticket.number}] The printer burns"
        self.check_joined(self.reply(subject=subject), made)

    def test_the_new_one_is_closed_in_its_turn(self):
        self.company.helpdesk_closed = "new"
        second = self.check_new(self.reply(self.signed))
        second.stage_id = self.done
        third = self.reply(self.signed).ticket_ids
        self.assertEqual(third.linked_ticket_id, second)
        self.check_joined(self.reply(self.signed), third)

    def test_what_programs_send_leaves_it_closed(self):
        self.company.helpdesk_closed = "new"
        row = self.reply(self.signed, headers=[("Auto-Submitted", "auto-generated")])
        self.check_joined(row)
        self.assertTrue(self.ticket.stage_id.closed)

    def test_colleagues_open_no_new_one(self):
        self.company.helpdesk_closed = "new"
        row = self.reply(self.signed, from_="Ada <ada@our-office.example>")
        self.check_joined(row)
        self.assertTrue(self.ticket.stage_id.closed)

    def test_a_stranger_opens_one_that_is_marked(self):
        self.company.helpdesk_closed = "new"
        made = self.check_apart(self.reply(self.signed, from_="Eve <eve@evil.example>"))
        self.assertEqual(made.link_kind, "unverified")

    # ---- thanks ----

    def test_thanks_reopen_by_default(self):
        self.check_joined(self.reply(self.signed, text="Thank you!"))
        self.assertFalse(self.ticket.stage_id.closed)

    def test_thanks_keep_it_closed(self):
        self.company.helpdesk_thanks_keep_closed = True
        for choice in ("reopen", "new"):
            with self.subTest(choice=choice):
                self.company.helpdesk_closed = choice
                row = self.reply(self.signed, text="Vielen Dank!\n\nMit freundlichen Grüßen\nMarta")
                message = self.check_joined(row)
                self.assertIn("Vielen Dank", message.body)
                self.assertTrue(self.ticket.stage_id.closed)
                self.assertIn("decide_thanks", self.codes(row))

    def test_more_than_thanks(self):
        self.company.helpdesk_thanks_keep_closed = True
        for text in ("Thank you, but it still burns.", "Thanks. And the scanner?"):
            with self.subTest(text=text):
                self.ticket.stage_id = self.done
                self.check_joined(self.reply(self.signed, text=text))
                self.assertFalse(self.ticket.stage_id.closed)

    def test_thanks_with_a_file_are_more(self):
        self.company.helpdesk_thanks_keep_closed = True
        self.reply(self.signed, text="Thanks!", attachments=[("a.txt", "text/plain", b"x")])
        self.assertFalse(self.ticket.stage_id.closed)


class TestGone(ThreadCase):
    """Archived, deleted and merged tickets."""

    def test_an_archived_ticket(self):
        signed = self.answer().message_id
        self.ticket.active = False
        row = self.reply(signed)
        made = self.check_apart(row)
        self.assertEqual((made.linked_ticket_id, made.link_kind), (self.ticket, "archived"))
        self.assertIn("which is archived. It opens a new one.", str(row.trace_html))
        self.check_joined(self.reply(signed), made)

    def test_a_deleted_ticket(self):
        signed = self.answer().message_id
        self.ticket.unlink()
        row = self.reply(signed)
        self.assertEqual(row.delivery_ids.outcome, "ticket", row.why)
        self.assertIn("answers a ticket that was deleted", str(row.trace_html))

    def merge(self, source, into):
        """What addons do that merge tickets: move the messages, archive the ticket."""
        into.message_subscribe(source.message_partner_ids.ids)
        source.message_ids.filtered(lambda each: each.message_type != "notification").write(
            {"res_id": into.id}
        )
        source.active = False

    def test_a_merged_ticket(self):
        into = self.take_ticket(mail(from_=COLLEAGUE))
        signed = self.answer().message_id
        gone = own_mail.message_id(self.env, self.ticket.id, DOMAIN)
        self.merge(self.ticket, into)
        self.assertEqual(self.ticket.merged_into_id, into)
        for values in (
            {"to": signed},
            {"to": gone},
            {"to": "<first@acorn-tests.example>"},
            {"tag": self.ticket.number},
        ):
            with self.subTest(**values):
                self.check_joined(self.reply(from_=MARTA, **values), into)

    def test_over_several_merges(self):
        second = self.take_ticket(mail(from_=COLLEAGUE))
        third = self.take_ticket(mail(from_=COLLEAGUE, subject="Third"))
        self.merge(self.ticket, second)
        self.merge(second, third)
        row = self.reply(tag=self.ticket.number)
        self.check_joined(row, third)

    def test_in_a_circle(self):
        second = self.take_ticket(mail(from_=COLLEAGUE))
        (self.ticket | second).active = False
        self.ticket.merged_into_id = second
        second.merged_into_id = self.ticket
        row = self.reply(tag=self.ticket.number)
        self.assertEqual(row.delivery_ids.outcome, "ticket", row.why)

    def test_a_merged_ticket_that_is_used_again(self):
        into = self.take_ticket(mail(from_=COLLEAGUE))
        self.merge(self.ticket, into)
        self.ticket.active = True
        self.check_joined(self.reply(tag=self.ticket.number))

    def test_a_single_message_that_is_moved_merges_nothing(self):
        into = self.take_ticket(mail(from_=COLLEAGUE))
        self.answer()
        self.received()[:1].write({"res_id": into.id})
        self.assertFalse(self.ticket.merged_into_id)


class TestSeveralAliases(ThreadCase):
    """The same mail to several of our addresses, and the same mail again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.make_alias("Sales", "sales")

    def both(self, *recipients, **values):
        to = ", ".join(f"{each}@{DOMAIN}" for each in recipients)
        return mail(to=to, message_id="<both@acorn-tests.example>", **values)

    def test_one_ticket_for_each(self):
        row = self.take(self.both("support", "sales"))
        self.assertEqual(self.deliveries(row), [("Support", "ticket"), ("Sales", "ticket")])

    def test_one_in_all_at_the_first(self):
        self.company.helpdesk_one_ticket = True
        row = self.take(self.both("sales", headers=[("Cc", f"support@{DOMAIN}")]))
        self.assertEqual(self.deliveries(row), [("Sales", "ticket")])
        self.assertIn("decide_one_ticket", self.codes(row))

    def test_one_in_all_of_copies_that_do_not_show_each_other(self):
        self.company.helpdesk_one_ticket = True
        copies = [
            self.both(headers=[("X-Original-To", f"{each}@{DOMAIN}")])
            for each in ("support", "sales")
        ]
        rows = self.take_batch(*copies)
        self.assertEqual(len(rows.ticket_ids), 1, rows.mapped("why"))
        self.assertEqual(rows.mapped("state"), ["done", "duplicate"])

    def test_one_in_each_company(self):
        other = self.make_company("Second")
        self.make_alias("Second", "second", company_id=other.id)
        self.company.helpdesk_one_ticket = True
        row = self.take(self.both("support", "sales", "second"))
        self.assertEqual(self.deliveries(row), [("Support", "ticket"), ("Second", "ticket")])

    def test_never_two_in_one(self):
        rows = self.take_batch(
            self.both("support"),
            self.both("support", headers=[("Received", "from relay.example; " + "x" * 20)]),
            self.both("support", headers=[("X-Spam-Score", "0"), ("Delivered-To", "x@y.example")]),
        )
        self.assertEqual(len(rows.ticket_ids), 1)
        self.assertEqual(rows.mapped("state"), ["done", "duplicate", "duplicate"])

    def test_a_reply_to_a_ticket_twice(self):
        raw = mail(
            message_id="<again@acorn-tests.example>",
            headers=[("In-Reply-To", "<first@acorn-tests.example>")],
        )
        rows = self.take_batch(raw, raw)
        self.assertEqual(rows.mapped("state"), ["done", "duplicate"])
        self.assertEqual(len(self.received()), 2)
