# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import psycopg2
from psycopg2 import IntegrityError

from odoo.tools import mute_logger

from ..models.intake_values import Known
from .common import DOMAIN, MailflowCase, mail


class TestExactlyOnce(MailflowCase):
    """Whatever comes twice becomes one ticket."""

    def test_the_same_mail_twice_is_one_ticket(self):
        raw = mail()
        first, second = self.take(raw), self.take(raw)
        self.assertEqual(len(first.ticket_ids), 1)
        self.assertEqual(second.state, "duplicate")
        self.assertIn(f"incoming mail {first.id}", second.why)
        self.assertFalse(second.ticket_ids)

    def test_the_same_mail_twice_in_one_batch_is_one_ticket(self):
        raw = mail()
        rows = self.take_batch(raw, mail(), raw)
        self.assertEqual(rows.mapped("state"), ["done", "done", "duplicate"])
        self.assertEqual(len(rows.ticket_ids), 2)

    def test_other_headers_of_servers_on_the_way_do_not_make_it_another_mail(self):
        raw = mail()
        self.take(b"Received: from a by b\nX-Spam-Score: 1\n" + raw)
        self.assertEqual(self.take(b"Received: from c by d\n" + raw).state, "duplicate")

    def test_a_reused_message_id_of_another_sender_or_date_is_another_mail(self):
        self.take(mail(message_id="<same@device.example>"))
        cases = {
            "sender": {"from_": "scanner@other.example"},
            "date": {"date": "Wed, 04 Mar 2026 09:30:00 +0000"},
        }
        for name, values in cases.items():
            with self.subTest(name):
                row = self.take(mail(message_id="<same@device.example>", **values))
                self.assertEqual(row.delivery_ids.mapped("outcome"), ["ticket"], row.why)

    def test_without_message_id_the_content_tells(self):
        first = mail(text="one").replace(b"Message-ID", b"X-Was-Message-ID")
        second = mail(text="two").replace(b"Message-ID", b"X-Was-Message-ID")
        rows = self.take(first) | self.take(second)
        self.assertEqual(len(rows.ticket_ids), 2)
        self.assertEqual(self.take(first).state, "duplicate")

    def test_the_same_identity_with_another_text_is_held_and_can_be_taken_in(self):
        first = self.take(mail(message_id="<same@x.example>"))
        row = self.take(mail(message_id="<same@x.example>", text="Something else"))
        self.assertEqual(row.state, "held")
        self.assertFalse(row.ticket_ids)
        self.assertIn(f"incoming mail {first.id}, but another text", row.why)
        row.action_take_in()
        self.assertEqual(row.state, "done")
        self.assertEqual(len(row.ticket_ids), 1)
        self.assertNotEqual(row.ticket_ids, first.ticket_ids)

    def test_a_duplicate_can_be_taken_in_beside_the_first(self):
        raw = mail()
        first, second = self.take(raw), self.take(raw)
        second.action_take_in()
        self.assertEqual(second.state, "done")
        self.assertEqual(len((first | second).ticket_ids), 2)

    def test_the_same_reply_twice_is_one_message(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        raw = mail(subject="Re: x", headers=[("In-Reply-To", "<first@acorn-tests.example>")])
        self.take(raw)
        count = len(ticket.message_ids)
        self.assertEqual(self.take(raw).state, "duplicate")
        self.assertEqual(len(ticket.message_ids), count)

    def test_the_same_auto_reply_twice_is_in_the_ledger_twice(self):
        raw = mail(headers=[("Auto-Submitted", "auto-replied")])
        self.assertEqual(self.take(raw).state, "done")
        self.assertEqual(self.take(raw).state, "duplicate")

    def test_a_mail_that_odoo_took_in_before_is_not_taken_in_again(self):
        """Before this addon was installed."""
        ticket = self.env["helpdesk.ticket"].create({"name": "Long ago", "description": "x"})
        self.env["mail.message"].create(
            {
                "model": "helpdesk.ticket",
                "res_id": ticket.id,
                "message_type": "email",
                "message_id": "<old@acorn-tests.example>",
                "email_from": "Marta Lindqvist <marta@acorn-tests.example>",
                "date": "2026-03-03 09:30:00",
            }
        )
        raw = mail(message_id="<old@acorn-tests.example>")
        row = self.take(raw)
        self.assertEqual(row.state, "duplicate")
        self.assertIn(f"helpdesk.ticket {ticket.id}", row.why)

    def test_a_lead_made_of_the_mail_before_does_not_keep_its_ticket_away(self):
        lead = self.env["crm.lead"].create({"name": "x"})
        self.env["mail.message"].create(
            {
                "model": "crm.lead",
                "res_id": lead.id,
                "message_type": "email",
                "message_id": "<both@acorn-tests.example>",
                "email_from": "marta@acorn-tests.example",
                "date": "2026-03-03 09:30:00",
            }
        )
        self.take_ticket(mail(message_id="<both@acorn-tests.example>"))

    def test_the_database_itself_refuses_a_second_outcome(self):
        row = self.take(mail())
        delivery = row.delivery_ids
        self.env.cr.execute(
            "SELECT count(*) FROM pg_index WHERE indisunique AND indexrelid = "
            "'helpdesk_incoming_mail_delivery_once'::regclass"
        )
        self.assertEqual(self.env.cr.fetchone()[0], 1)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            delivery.copy({"identity": delivery.identity, "alias_key": delivery.alias_key})
            self.env.flush_all()

    def test_the_database_itself_refuses_a_message_of_a_folder_twice(self):
        scanner = self.env["fetchmail.server"].create(
            {"name": "Mailbox", "is_scanner": True, "server": "x.example", "user": "u"}
        )
        values = {
            "door": "scanner",
            "folder_id": scanner.folder_ids.id,
            "uidvalidity": "4294967295",
            "uid": "4294967294",
        }
        Mail = self.env["helpdesk.incoming.mail"]
        Mail.create({**values, "uid": "1"})
        Mail.create(values)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            Mail.create(values)
            self.env.flush_all()

    def test_an_outcome_that_another_process_wrote_first_is_seen(self):
        """Two processes judge the same mail at the same time: the second one's delivery is
        refused by the index, and it is judged anew."""
        raw = mail()
        first = self.take(raw)
        intake = self.env["helpdesk.intake"]
        from ..models.intake import Arrival

        second = intake._store([Arrival(raw, {"door": "rpc"}, ("stored_rpc", {"size": 1}))])
        judge = type(self.env["helpdesk.intake.judge"])
        blind = {"count": 0}
        original = judge._known

        def blind_once(model, entries, own_addresses):
            blind["count"] += 1
            if blind["count"] == 1:
                unknown = Known(covered={}, settled=frozenset(), message=None, suspect=None)
                return dict.fromkeys((each.row_id for each in entries), unknown)
            return original(model, entries, own_addresses)

        self.patch(judge, "_known", blind_once)
        # the transaction is the caller's, who has to begin anew
        with (
            mute_logger("odoo.sql_db", "odoo.addons.helpdesk_mailflow.models.intake"),
            self.assertRaises(psycopg2.errors.SerializationFailure),
        ):
            intake._process(second)
        self.assertFalse(second.ticket_ids)
        intake._process(second)
        self.assertEqual(
            self.env["helpdesk.ticket"].search_count([("id", ">=", first.ticket_ids.id)]), 1
        )
        self.assertEqual(second.state, "duplicate")

    def test_one_mail_in_two_mailboxes_of_two_companies_is_one_ticket_each(self):
        other = self.make_company("Branch office")
        branch = self.make_alias("Branch", "branch", company_id=other.id)
        raw = mail(to="undisclosed-recipients:;")
        rows = self.take(f"Delivered-To: support@{DOMAIN}\n".encode() + raw)
        rows |= self.take(f"Delivered-To: branch@{DOMAIN}\n".encode() + raw)
        self.assertEqual(rows.ticket_ids.support_alias_id, self.support | branch)
        self.assertEqual(rows.ticket_ids.company_id, self.company | other)
        self.assertEqual(len(rows.ticket_ids), 2)
