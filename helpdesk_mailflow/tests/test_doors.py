# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import xmlrpc.client
from unittest.mock import patch

from odoo.tests import mute_logger

from odoo.addons.crm.models.crm_lead import CrmLead
from odoo.addons.helpdesk_mgmt.models.helpdesk_ticket import HelpdeskTicket
from odoo.addons.mail.models.fetchmail import FetchmailServer

from .common import DOMAIN, MailflowCase, mail

GATEWAY = "odoo.addons.mail.models.mail_thread"


class TestDoors(MailflowCase):
    """Whoever hands over a mail: it is in the ledger, with its source."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leads = cls.env["mail.alias"].create(
            {
                "alias_name": "leads",
                "alias_domain_id": cls.domain.id,
                "alias_model_id": cls.env["ir.model"]._get_id("crm.lead"),
                "alias_contact": "everyone",
            }
        )

    def find_lead(self, subject):
        return self.env["crm.lead"].search([("name", "=", subject)])

    # ---- another program ----

    def test_bytes_text_and_xmlrpc_binary_are_taken(self):
        for wrap in (bytes, bytes.decode, xmlrpc.client.Binary, bytearray):
            with self.subTest(wrap=wrap):
                raw = mail()
                row = self.take(wrap(raw))
                self.assertEqual(row.door, "rpc")
                self.assertEqual(row.size, len(raw))
                self.assertEqual(self.deliveries(row), [("Support", "ticket")])
                source = self.env["helpdesk.incoming.mail.source"]._load(row.ids)[row.id]
                self.assertEqual(source, raw)

    def test_what_is_handed_over_is_kept_whole_also_above_the_size_limit(self):
        self.env["ir.config_parameter"].set_param("helpdesk_mailflow.max_size_mb", "1")
        raw = mail(attachments=[("a.bin", "application/x-data", bytes(1_000_000))])
        row = self.take(raw)
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])
        self.assertIn("stored_above_limit", self.codes(row))
        self.assertEqual(
            len(self.env["helpdesk.incoming.mail.source"]._load(row.ids)[row.id]), len(raw)
        )
        self.assertNotIn("stored_above_limit", self.codes(self.take(mail())))

    def test_raw_bytes_survive_a_caller_that_decodes_with_surrogates(self):
        raw = mail().replace(b"smoke", b"sm\xf6ke")
        row = self.take(raw.decode("utf-8", "surrogateescape"))
        source = self.env["helpdesk.incoming.mail.source"]._load(row.ids)[row.id]
        self.assertEqual(source, raw)

    def test_the_id_of_the_ticket_is_returned(self):
        ticket_id = self.env["mail.thread"].message_process(False, mail())
        ticket = self.env["helpdesk.ticket"].browse(ticket_id)
        self.assertEqual(ticket.name, "The printer burns")

    def test_false_is_returned_when_there_is_no_ticket(self):
        raw = mail(headers=[("Auto-Submitted", "auto-replied")], subject="Out of office")
        self.assertIs(self.env["mail.thread"].message_process(False, raw), False)

    def test_the_mailgate_is_named(self):
        row = self.env["helpdesk.incoming.mail"]
        self.env["mail.thread"].with_context(mailflow_door="mailgate").message_process(
            "helpdesk.ticket", mail()
        )
        row = row.search([], order="id desc", limit=1)
        self.assertEqual(row.door, "mailgate")
        self.assertIn("mail gateway script", str(row.trace_html))

    def test_values_of_the_caller_are_on_the_ticket(self):
        tag = self.env["helpdesk.ticket.tag"].create({"name": "By program"})
        row = self.take(
            mail(to="who@knows.example"),
            "helpdesk.ticket",
            custom_values={"team_id": self.team.id, "tag_ids": [(4, tag.id)], "priority": "2"},
        )
        ticket = row.ticket_ids
        self.assertEqual((ticket.team_id, ticket.tag_ids, ticket.priority), (self.team, tag, "2"))
        self.assertEqual(ticket.company_id, self.company)
        self.assertIn("no recipient leads to a support alias".lower(), str(row.trace_html).lower())

    def test_the_alias_of_a_recipient_counts_more_than_the_caller(self):
        other = self.env["helpdesk.ticket.team"].create({"name": "Other", "alias_name": False})
        row = self.take(mail(), "helpdesk.ticket", custom_values={"team_id": other.id})
        self.assertEqual(row.ticket_ids.team_id, self.team)

    def test_attachments_can_be_left_out(self):
        raw = mail(attachments=[("a.pdf", "application/pdf", b"%PDF")])
        row = self.take(raw, strip_attachments=True)
        messages = row.ticket_ids.message_ids
        self.assertFalse(messages.attachment_ids)
        source = self.env["helpdesk.incoming.mail.source"]._load(row.ids)[row.id]
        self.assertEqual(source, raw, "the source is as it came")

    def test_attachments_stay_out_when_it_is_taken_in_later(self):
        self.support.intake = False
        raw = mail(attachments=[("a.pdf", "application/pdf", b"%PDF")])
        row = self.take(raw, strip_attachments=True)
        row.action_take_in()
        self.assertTrue(row.ticket_ids)
        self.assertFalse(row.ticket_ids.message_ids.attachment_ids)

    # ---- Odoo's own incoming servers ----

    def make_server(self):
        return self.env["fetchmail.server"].create(
            {
                "name": "Old mailbox",
                "server_type": "imap",
                "server": "imap.acorn.example",
                "user": "old",
                "password": "x",
                "object_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
            }
        )

    def test_an_incoming_server_is_named(self):
        server = self.make_server()
        thread = self.env["mail.thread"].with_context(default_fetchmail_server_id=server.id)
        ticket_id = thread.message_process("helpdesk.ticket", mail())
        ticket = self.env["helpdesk.ticket"].browse(ticket_id)
        row = self.env["helpdesk.incoming.mail"].search([("ticket_ids", "in", ticket.ids)])
        self.assertEqual(row.door, "incoming_server")
        self.assertIn("Old mailbox", str(row.trace_html))

    @mute_logger("odoo.addons.mail.models.fetchmail")
    def test_odoo_s_fetchmail_commits_what_was_stored_before_it_is_acted_on(self):
        """It marks a mail as read whatever happens, so its row must be there by then."""
        server = self.make_server()
        server.state = "done"
        raws = [mail(subject="First of two"), mail(subject="Second of two")]

        class Mailbox:
            def check_unread_messages(self):
                return len(raws)

            def retrieve_unread_messages(self):
                return iter(enumerate(raws))

            def handled_message(self, _number):
                pass

            def disconnect(self):
                pass

        def break_off(*_args, **_kwargs):
            raise RuntimeError("the server process is restarted")

        Intake = self.registry["helpdesk.intake"]
        with (
            self.enter_registry_test_mode(),
            patch.object(self.env.cr, "commit", lambda: None),
            patch.object(FetchmailServer, "_connect__", lambda *_args, **_kwargs: Mailbox()),
            patch.object(Intake, "_process", break_off),
        ):
            server._fetch_mail()
        rows = self.env["helpdesk.incoming.mail"].search([("state", "=", "new")])
        self.assertEqual(len(rows), 2)
        rows._write({"write_date": "2020-01-01"})
        with self.own_transaction() as env:
            env["helpdesk.intake"]._cron_retry()
        self.assertEqual(rows.mapped("state"), ["done", "done"])
        self.assertEqual(set(rows.ticket_ids.mapped("name")), {"First of two", "Second of two"})

    @mute_logger("odoo.addons.mail.models.fetchmail", "odoo.sql_db")
    def test_odoo_s_fetchmail_keeps_a_mail_that_could_not_be_stored(self):
        """It would mark it as read, or delete it, and nobody else has it."""
        server = self.make_server()
        server.state = "done"
        raws = [
            mail(subject="No space"),
            mail(subject="Fits"),
            mail(subject="A lead", to=f"leads@{DOMAIN}"),
        ]
        handled = []

        class Mailbox:
            def check_unread_messages(self):
                return len(raws)

            def retrieve_unread_messages(self):
                return iter(enumerate(raws))

            def handled_message(self, number):
                handled.append(number)

            def disconnect(self):
                pass

        Source = self.registry["helpdesk.incoming.mail.source"]
        store = Source._store

        def full_disk(records, sources):
            if any(b"No space" in raw for raw in sources.values()):
                raise OSError(28, "No space left on device")
            return store(records, sources)

        with (
            self.enter_registry_test_mode(),
            patch.object(self.env.cr, "commit", lambda: None),
            patch.object(FetchmailServer, "_connect__", lambda *_args, **_kwargs: Mailbox()),
            patch.object(Source, "_store", full_disk),
            self.assertLogs("odoo.addons.helpdesk_mailflow", "WARNING") as logged,
        ):
            server._fetch_mail()
        self.assertEqual(handled, [1, 2])
        self.assertIn("stays in its mailbox", logged.output[0])
        self.assertFalse(self.env["helpdesk.incoming.mail"].search([("state", "=", "new")]))

    def test_a_caller_s_transaction_is_never_committed(self):
        server = self.make_server()
        thread = self.env["mail.thread"].with_context(
            default_fetchmail_server_id=server.id, fetchmail_cron_running=True
        )
        # the cursor of a test raises on commit
        self.assertTrue(thread.message_process("helpdesk.ticket", mail()))

    # ---- other models ----

    def test_a_mail_for_another_model_is_none_of_our_business(self):
        row = self.take(mail(to=f"leads@{DOMAIN}", subject="Buy a boat"))
        self.assertFalse(row)
        self.assertEqual(len(self.find_lead("Buy a boat")), 1)

    def test_a_mail_for_another_model_s_thread_is_none_of_our_business(self):
        self.take(mail(to=f"leads@{DOMAIN}", subject="Buy a boat", message_id="<boat@x.example>"))
        lead = self.find_lead("Buy a boat")
        row = self.take(
            mail(
                to="catchall@" + DOMAIN,
                subject="Re: Buy a boat",
                headers=[("In-Reply-To", "<boat@x.example>")],
            )
        )
        self.assertFalse(row)
        self.assertEqual(len(lead.message_ids.filtered(lambda m: m.message_type == "email")), 2)

    @mute_logger(GATEWAY)
    def test_a_mail_that_leads_nowhere_is_refused_as_odoo_does(self):
        with self.assertRaises(ValueError):
            self.env["mail.thread"].message_process(False, mail(to="nobody@knows.example"))

    def test_a_named_ticket_goes_odoo_s_way_where_nothing_else_leads_to_one(self):
        ticket = self.take_ticket(mail())
        raw = mail(to="who@knows.example", text="By the very number")
        row = self.take(raw, "helpdesk.ticket", thread_id=ticket.id)
        self.assertFalse(row)
        self.assertIn("By the very number", str(ticket.message_ids.mapped("body")))

    def test_a_named_ticket_does_not_keep_a_mail_to_an_alias_out_of_the_ledger(self):
        ticket = self.take_ticket(mail())
        row = self.take(mail(), "helpdesk.ticket", thread_id=ticket.id)
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_a_mail_for_helpdesk_and_sales_gives_a_ticket_and_a_lead(self):
        row = self.take(mail(to=f"support@{DOMAIN}, leads@{DOMAIN}", subject="Buy and repair"))
        self.assertEqual(len(row), 1)
        self.assertEqual(row.ticket_ids.name, "Buy and repair")
        self.assertEqual(len(self.find_lead("Buy and repair")), 1)
        self.assertIn(f"leads@{DOMAIN}", row.why)

    def test_its_copy_gives_neither(self):
        raw = mail(to=f"support@{DOMAIN}, leads@{DOMAIN}", subject="Buy and repair")
        self.take(raw)
        self.assertEqual(self.take(raw).state, "duplicate")
        self.assertEqual(len(self.find_lead("Buy and repair")), 1)
        self.assertEqual(
            self.env["helpdesk.ticket"].search_count([("name", "=", "Buy and repair")]), 1
        )

    @mute_logger("odoo.addons.helpdesk_mailflow.models.intake_act", GATEWAY)
    def test_a_failing_lead_does_not_undo_the_ticket(self):
        def fail(*_args, **_kwargs):
            raise ValueError("no leads today")

        # Odoo notes it on the alias, on a cursor of its own
        with self.enter_registry_test_mode(), patch.object(CrmLead, "message_new", fail):
            row = self.take(mail(to=f"support@{DOMAIN}, leads@{DOMAIN}", subject="Both"))
        self.assertEqual(row.ticket_ids.name, "Both")
        self.assertFalse(self.find_lead("Both"))
        self.assertIn("no leads today", row.why)

    @mute_logger("odoo.addons.helpdesk_mailflow.models.intake")
    def test_a_failing_ticket_does_not_undo_the_lead(self):
        def fail(*_args, **_kwargs):
            raise ValueError("no tickets today")

        with patch.object(HelpdeskTicket, "create", fail):
            row = self.take(mail(to=f"support@{DOMAIN}, leads@{DOMAIN}", subject="Both"))
        self.assertEqual(row.state, "failed")
        self.assertEqual(len(self.find_lead("Both")), 1)
        row.action_retry()
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(row.ticket_ids.name, "Both")
        self.assertEqual(len(self.find_lead("Both")), 1)
