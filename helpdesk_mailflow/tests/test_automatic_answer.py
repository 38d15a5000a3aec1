# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Receipts of new tickets, and other mails that nobody wrote: to whom, how many, how marked."""

from datetime import timedelta
from email.utils import format_datetime
from unittest.mock import patch

import psycopg2.errors
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..models.intake import Arrival
from ..models.own_mail import HEADER, read_stamp
from .common import DOMAIN, MARTA, MailflowCase, bounce, mail

ADDRESS = "marta@acorn-tests.example"
ANSWER = "odoo.addons.helpdesk_mailflow.models.intake_answer"


class AutomaticAnswerCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support.automatic_answer = True
        cls.server = cls.env["ir.mail_server"].create(
            {"name": "Odoo's", "smtp_host": "smtp.corp.test", "smtp_encryption": "none"}
        )

    def answers(self, of):
        """The automatic answers on tickets, oldest first."""
        found = of.message_ids.filtered(lambda each: each.message_type == "auto_comment")
        return found.sorted("id")

    def rows(self, **values):
        domain = [(name, "=", value) for name, value in values.items()]
        return self.env["helpdesk.automatic.answer"].search(domain, order="id")

    def take_and_send(self, raw, **values):
        """The ticket, and the mails that left when the queue was worked on."""
        with self.sent_mails() as sent:
            ticket = self.take_ticket(raw, **values)
            self.assertFalse(sent, "nothing leaves before the ticket is committed")
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        return ticket, sent

    def assert_withheld(self, row, reason):
        """Nothing is sent for a mail that opened tickets, and everybody says why."""
        ticket = row.ticket_ids
        self.assertTrue(ticket, row.why)
        self.assertFalse(self.answers(ticket))
        logged = self.rows(ticket_id=ticket.id)
        self.assertEqual((logged.outcome, logged.reason), ("withheld", reason))
        code = f"automatic_withheld_{reason}"
        self.assertIn(code, self.codes(row))
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        self.assertEqual([each["code"] for each in message.helpdesk_notes], [code])
        [sentence] = message._mailflow_sentences()
        self.assertNotIn(code, sentence)


class TestAnswer(AutomaticAnswerCase):
    def test_who_opens_a_ticket_by_mail_gets_a_receipt(self):
        ticket, [sent] = self.take_and_send(mail(message_id="<first@acorn-tests.example>"))
        self.assertEqual(sent.recipients, (ADDRESS,))
        self.assertIn("Marta Lindqvist", sent["To"])
        self.assertIn(ticket.number, sent.html)
        self.assertIn(f"[#{ticket.number}]", sent["Subject"])
        self.assertEqual(sent["Subject"].count(ticket.number), 1)
        self.assertNotIn("href", sent.html)
        row = self.rows(ticket_id=ticket.id)
        self.assertEqual((row.outcome, row.kind, row.recipient), ("sent", "receipt", ADDRESS))
        self.assertEqual(row.message_id, self.answers(ticket))
        incoming = self.env["helpdesk.incoming.mail"].search([("ticket_ids", "in", ticket.ids)])
        self.assertIn("automatic_sent", self.codes(incoming))

    def test_it_is_marked_as_rfc_3834_asks(self):
        ticket, [sent] = self.take_and_send(mail(message_id="<first@acorn-tests.example>"))
        self.assertEqual(sent["Auto-Submitted"], "auto-replied")
        self.assertEqual(sent["X-Auto-Response-Suppress"], "All")
        self.assertIsNone(sent["Precedence"])
        self.assertEqual(sent["In-Reply-To"], "<first@acorn-tests.example>")
        self.assertIn("<first@acorn-tests.example>", sent["References"])
        self.assertEqual(read_stamp(self.env, sent[HEADER]), ("automatic", str(ticket.id)))
        self.assertEqual(sent.sender, "")
        self.assertEqual(sent.message.get_all("Return-Path"), ["<>"])

    def test_it_is_from_the_address_that_answers_the_alias(self):
        self.support.friendly_name = "Acorn care"
        _ticket, [sent] = self.take_and_send(mail())
        self.assertIn(self.support.answers_via_id.email, sent["From"])
        self.assertIn(f"support@{DOMAIN}", sent["Reply-To"])

    def test_a_reply_to_it_joins_the_ticket_and_gets_none(self):
        ticket, [sent] = self.take_and_send(mail())
        answer = mail(subject="Re: x", headers=[("In-Reply-To", sent["Message-ID"])])
        with self.sent_mails() as more:
            row = self.take(answer)
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        self.assertEqual(self.deliveries(row), [("Support", "reply")])
        self.assertFalse(row.delivery_ids.message_id.is_internal)
        self.assertFalse(more)
        self.assertEqual(len(self.answers(ticket)), 1)

    def test_off_is_the_default(self):
        self.make_alias("Sales", "sales")
        row = self.take(mail(to=f"sales@{DOMAIN}"))
        self.assertFalse(self.answers(row.ticket_ids))
        self.assertFalse(self.rows(ticket_id=row.ticket_ids.id))
        message = row.ticket_ids.message_ids.filtered(lambda each: each.message_type == "email")
        self.assertFalse(message.helpdesk_notes, "nothing was to be sent, so nothing is said")

    def test_a_ticket_that_an_agent_adds_gets_none(self):
        contact = self.make_contact("Marta", ADDRESS)
        ticket = self.env["helpdesk.ticket"].create(
            {
                "name": "By telephone",
                "description": "It burns",
                "partner_id": contact.id,
                "support_alias_id": self.support.id,
            }
        )
        self.assertFalse(self.answers(ticket))

    def test_it_is_in_the_language_of_the_contact(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("helpdesk_mailflow.automatic_answer_template")
        template.with_context(lang="fr_FR").write(
            {"subject": "Réponse automatique", "body_html": "<p>Merci</p>"}
        )
        self.make_contact("Marta", ADDRESS, lang="fr_FR")
        _ticket, [sent] = self.take_and_send(mail())
        self.assertIn("Réponse automatique", sent["Subject"])
        self.assertIn("Merci", sent.html)
        self.assertIn('lang="fr_FR"', sent.html)

    def test_each_alias_has_its_own_text(self):
        template = self.env.ref("helpdesk_mailflow.automatic_answer_template").copy(
            {"subject": "Sales has it", "body_html": "<p>Sales</p>"}
        )
        self.make_alias(
            "Sales", "sales", automatic_answer=True, automatic_answer_template_id=template.id
        )
        self.make_alias("Quiet", "quiet")
        row = self.take(mail(to=f"support@{DOMAIN}, sales@{DOMAIN}, quiet@{DOMAIN}"))
        subjects = {
            ticket.support_alias_id.name: [each.subject[:12] for each in self.answers(ticket)]
            for ticket in row.ticket_ids
        }
        self.assertEqual(
            subjects, {"Support": ["Automatic re"], "Sales": ["Sales has it"], "Quiet": []}
        )

    def test_a_batch_is_answered_each(self):
        rows = self.take_batch(
            *(mail(from_=f"Customer <c{number}@acorn-tests.example>") for number in range(3))
        )
        for number, row in enumerate(rows):
            [notification] = self.answers(row.ticket_ids).notification_ids
            self.assertEqual(notification.mail_email_address, f"c{number}@acorn-tests.example")

    def test_what_a_stranger_writes_is_no_markup(self):
        _ticket, [sent] = self.take_and_send(
            mail(subject="<b>x</b> {{ object.company_id.id }}", from_="<i>E</i> <e@x.example>")
        )
        self.assertIn("<b>x</b> {{ object.company_id.id }}", sent["Subject"])
        self.assertNotIn("<b>x", sent.html)

    def test_attachments_of_the_template_are_sent(self):
        template = self.env.ref("helpdesk_mailflow.automatic_answer_template")
        template.attachment_ids = [(0, 0, {"name": "hours.txt", "raw": b"9 to 5"})]
        _ticket, [sent] = self.take_and_send(mail())
        [attachment] = sent.message.iter_attachments()
        self.assertEqual(attachment.get_filename(), "hours.txt")
        self.assertEqual(template.attachment_ids.res_model, "mail.template")

    def test_followers_are_not_told(self):
        agent = self.make_user("mailflow-follows", "helpdesk_mgmt.group_helpdesk_manager")
        self.team.user_ids = agent
        self.team.message_subscribe(agent.partner_id.ids)
        with self.sent_mails() as sent:
            ticket = self.take_ticket(mail())
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        self.assertEqual([each["Auto-Submitted"] for each in sent].count("auto-replied"), 1)
        self.assertEqual(
            self.answers(ticket).notification_ids.mapped("mail_email_address"), [ADDRESS]
        )

    def test_an_agent_who_writes_gets_a_mail_not_a_notification(self):
        new_test_user(
            self.env,
            "mailflow-writes",
            "base.group_user",
            email=ADDRESS,
            notification_type="inbox",
        )
        ticket, sent = self.take_and_send(mail(message_id="<first@acorn-tests.example>"))
        [answer] = [each for each in sent if each.recipients == (ADDRESS,)]
        self.assertEqual(answer["In-Reply-To"], "<first@acorn-tests.example>")
        self.assertIn("<first@acorn-tests.example>", answer["References"])
        self.assertFalse(self.answers(ticket).notification_ids.filtered("res_partner_id"))


class TestNever(AutomaticAnswerCase):
    """To whom nothing is sent."""

    def test_programs(self):
        for headers in (
            [("Auto-Submitted", "auto-generated")],
            [("Auto-Submitted", "auto-notified")],
            [("X-Auto-Response-Suppress", "OOF")],
            [("X-Auto-Response-Suppress", "All")],
            [("X-Loop", "yes")],
            [("Return-Path", "<>")],
        ):
            with self.subTest(headers=headers):
                self.assert_withheld(self.take(mail(headers=headers)), "automatic")

    def test_who_does_not_want_an_answer(self):
        row = self.take(mail(from_="No reply <no-reply@acorn-tests.example>"))
        self.assert_withheld(row, "automatic")

    def test_another_helpdesk_whose_marks_were_stripped(self):
        row = self.take(mail(headers=[(HEADER, "automatic; 7; 0123456789abcdef")]))
        self.assert_withheld(row, "automatic")

    def test_lists_and_bulk_mail(self):
        for headers in (
            [("List-Id", "<news.acorn-tests.example>")],
            [("List-Unsubscribe", "<mailto:off@acorn-tests.example>")],
            [("Precedence", "bulk")],
        ):
            with self.subTest(headers=headers):
                self.assert_withheld(self.take(mail(headers=headers)), "list")

    def test_automatic_answers(self):
        row = self.take(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.assertEqual(self.deliveries(row), [("Support", "ledger")])
        self.assertFalse(self.rows())

    def test_automatic_answers_on_a_ticket(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        headers = [
            ("Auto-Submitted", "auto-replied"),
            ("In-Reply-To", "<first@acorn-tests.example>"),
        ]
        self.take(mail(headers=headers))
        self.assertEqual(len(self.answers(ticket)), 1)

    def test_bounces(self):
        row = self.take(
            bounce("<x@elsewhere.example>", f"support@{DOMAIN}", "gone@acorn-tests.example")
        )
        self.assertEqual(self.deliveries(row), [("Support", "ledger")])
        self.assertFalse(self.rows())

    def test_calendars(self):
        invitation = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
        raw = mail().replace(b"Content-Type: text/plain", b"Content-Type: text/calendar", 1)
        head, _blank, _body = raw.partition(b"\n\n")
        row = self.take(head + b"\n\n" + invitation)
        self.assertEqual(row.kind, "calendar")
        self.assert_withheld(row, "calendar")

    def test_providers_who_ask_to_confirm_a_forwarding(self):
        row = self.take(
            mail(
                subject="(#123456789) Gmail Forwarding Confirmation",
                from_="forwarding-noreply@google.com",
                text="Confirmation code: 123456789",
            )
        )
        self.assertEqual(row.kind, "forwarding")
        self.assert_withheld(row, "forwarding")

    def test_own_addresses(self):
        sales = self.make_alias("Sales", "sales")
        sales.external_address_ids = [(0, 0, {"email": "sales@elsewhere.example"})]
        for address in (f"sales@{DOMAIN}", "sales@elsewhere.example", f"catchall@{DOMAIN}"):
            with self.subTest(address=address):
                self.assert_withheld(self.take(mail(from_=address)), "own_address")

    def test_nobody(self):
        for sender in (None, "", "Marta Lindqvist", "undisclosed:;"):
            with self.subTest(sender=sender):
                self.assert_withheld(self.take(mail(from_=sender)), "no_address")

    def test_filtered_addresses(self):
        self.env["helpdesk.outgoing.filter"].create({"pattern": "*@acorn-tests.example"})
        self.assert_withheld(self.take(mail()), "filtered")

    def test_who_writes_very_much(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "2")
        self.take_batch(mail(), mail())
        self.assert_withheld(self.take(mail()), "flood")

    def store(self, raw, ago, **values):
        received = self.env.cr.now() - ago
        arrival = Arrival(raw, {"door": "rpc", **values}, ("stored_rpc", {"size": 1}), received)
        return self.env["helpdesk.intake"]._store([arrival])

    def test_mails_that_came_in_long_ago(self):
        row = self.store(mail(), timedelta(hours=24, minutes=1))
        self.env["helpdesk.intake"]._process(row)
        self.assert_withheld(row, "old")

    def test_mails_of_today_are_answered(self):
        row = self.store(mail(), timedelta(hours=23, minutes=59))
        self.env["helpdesk.intake"]._process(row)
        self.assertTrue(self.answers(row.ticket_ids))

    def test_mails_taken_in_by_hand_days_later(self):
        self.support.intake = False
        row = self.store(mail(), timedelta(days=3))
        self.env["helpdesk.intake"]._process(row)
        self.assertEqual(row.state, "not_taken_in")
        row.action_take_in()
        self.assert_withheld(row, "old")

    def test_mails_taken_in_by_hand_at_once_are_answered(self):
        self.support.intake = False
        row = self.take(mail())
        row.action_take_in()
        self.assertTrue(self.answers(row.ticket_ids))

    def test_a_file_of_an_old_mail(self):
        def received(ago):
            when = format_datetime(self.env.cr.now() - ago)
            return ("Received", f"from a by b; {when}")

        row = self.take(mail(headers=[received(timedelta(days=2)), received(timedelta(days=3))]))
        self.assert_withheld(row, "old")
        for value in ("garbage", "from a by b; yesterday", ""):
            with self.subTest(value=value):
                row = self.take(mail(headers=[("Received", value)]))
                self.assertTrue(self.answers(row.ticket_ids))


class TestLimits(AutomaticAnswerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"helpdesk_automatic_per_hour": 2, "helpdesk_automatic_per_day": 3})

    def take_at(self, moment, **values):
        with freeze_time(moment):
            return self.take(mail(**values))

    def answered(self, row):
        return bool(self.answers(row.ticket_ids))

    def test_per_hour_at_the_boundary(self):
        start = fields.Datetime.now()
        first, second = self.take_at(start), self.take_at(start + timedelta(minutes=30))
        self.assertTrue(self.answered(first) and self.answered(second))
        third = self.take_at(start + timedelta(minutes=59, seconds=59))
        self.assert_withheld(third, "hour")
        # the first one is an hour ago now
        self.assertTrue(self.answered(self.take_at(start + timedelta(hours=1))))
        self.assert_withheld(self.take_at(start + timedelta(hours=1, seconds=1)), "hour")

    def test_per_day_at_the_boundary(self):
        start = fields.Datetime.now()
        for hours in (0, 2, 4):
            self.assertTrue(self.answered(self.take_at(start + timedelta(hours=hours))))
        late = start + timedelta(hours=23, minutes=59, seconds=59)
        self.assert_withheld(self.take_at(late), "day")
        self.assertTrue(self.answered(self.take_at(start + timedelta(hours=24))))

    def test_withheld_ones_do_not_count(self):
        start = fields.Datetime.now()
        for _number in range(4):
            self.take_at(start)
        self.assertTrue(self.answered(self.take_at(start + timedelta(hours=1))))

    def test_the_sentence_names_the_limit(self):
        row = self.take_batch(mail(), mail(), mail())[2]
        [sentence] = row.ticket_ids.message_ids.filtered("helpdesk_notes")._mailflow_sentences()
        self.assertIn(ADDRESS, sentence)
        self.assertIn("2", sentence)

    def test_within_one_batch(self):
        rows = self.take_batch(*(mail() for _number in range(4)))
        self.assertEqual([self.answered(row) for row in rows], [True, True, False, False])
        self.assertEqual(rows.mapped("state"), ["done"] * 4, "tickets are made all the same")

    def test_addresses_are_the_same_however_they_are_written(self):
        for sender in (MARTA, "MARTA@Acorn-Tests.Example", '"M" <Marta@acorn-tests.example>'):
            row = self.take(mail(from_=sender))
        self.assert_withheld(row, "hour")
        self.assertTrue(self.answered(self.take(mail(from_="bo@acorn-tests.example"))))

    def test_across_aliases(self):
        self.make_alias("Sales", "sales", automatic_answer=True)
        row = self.take(mail(to=f"support@{DOMAIN}, sales@{DOMAIN}"))
        self.assertEqual(len(self.answers(row.ticket_ids)), 2)
        self.assert_withheld(self.take(mail(to=f"sales@{DOMAIN}")), "hour")

    def test_across_companies_each_with_its_own_limit(self):
        other = self.make_company("Birch")
        other.write({"helpdesk_automatic_per_hour": 3, "helpdesk_automatic_per_day": 10})
        self.make_alias("Birch", "birch", company_id=other.id, automatic_answer=True)
        for _number in range(2):
            self.assertTrue(self.answered(self.take(mail())))
        self.assert_withheld(self.take(mail()), "hour")
        self.assertTrue(self.answered(self.take(mail(to=f"birch@{DOMAIN}"))))
        row = self.take(mail(to=f"birch@{DOMAIN}"))
        self.assert_withheld(row, "hour")
        self.assertIn(
            "3",
            row.ticket_ids.message_ids.filtered("helpdesk_notes").mapped(
                lambda each: each._mailflow_sentences()[0]
            )[0],
        )

    def test_per_mail_domain(self):
        self.company.helpdesk_automatic_per_domain = 3
        rows = self.take_batch(
            *(mail(from_=f"c{number}@mx{number}.acorn-tests.example") for number in range(4))
        )
        self.assertEqual([self.answered(row) for row in rows], [True, True, True, False])
        self.assert_withheld(rows[3], "domain")
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
            row = self.take(mail(from_="c9@acorn-tests.example"))
        self.assertTrue(self.answered(row))

    def test_free_mail_providers_have_no_limit_of_their_domain(self):
        self.company.helpdesk_automatic_per_domain = 1
        rows = self.take_batch(*(mail(from_=f"customer{n}@gmail.com") for n in range(3)))
        self.assertTrue(all(self.answered(row) for row in rows))

    def test_no_limit_of_a_domain(self):
        self.company.helpdesk_automatic_per_domain = 0
        rows = self.take_batch(*(mail(from_=f"c{n}@acorn-tests.example") for n in range(3)))
        self.assertTrue(all(self.answered(row) for row in rows))

    def test_deleted_tickets_count(self):
        for _number in range(2):
            self.take(mail()).ticket_ids.unlink()
        self.assert_withheld(self.take(mail()), "hour")

    def test_rows_of_deleted_tickets_are_forgotten_later(self):
        self.take(mail()).ticket_ids.unlink()
        kept = self.take(mail()).ticket_ids
        with freeze_time(fields.Datetime.now() + timedelta(days=8)):
            self.env["helpdesk.automatic.answer"]._gc_without_ticket()
        self.assertEqual(self.rows().ticket_id, kept)

    def test_two_workers_at_once(self):
        """The second one cannot see the first one's mail, as in a snapshot of before it."""
        Answer = type(self.env["helpdesk.automatic.answer"])
        recent, blind = Answer._recent, [True]

        def recent_before(model, *args):
            return (
                recent(model, {"nobody@nowhere.example"}, *args[1:])
                if blind.pop()
                else recent(model, *args)
            )

        self.take(mail())
        with (
            patch.object(Answer, "_recent", recent_before),
            self.assertRaises(psycopg2.errors.SerializationFailure),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.take(mail())
        self.assertTrue(self.answered(self.take(mail())))
        self.assert_withheld(self.take(mail()), "hour")

    def test_limits_that_make_no_sense_are_refused(self):
        for values in (
            {"helpdesk_automatic_per_hour": 0},
            {"helpdesk_automatic_per_day": -1},
            {"helpdesk_automatic_per_domain": -1},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.company.write(values)


class TestOnce(AutomaticAnswerCase):
    def test_a_ticket_has_one_receipt_for_good(self):
        ticket = self.take_ticket(mail())
        with (
            self.assertRaises(psycopg2.errors.SerializationFailure),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["helpdesk.automatic.answer"]._take_turns(
                [
                    {
                        "kind": "receipt",
                        "ticket_id": ticket.id,
                        "company_id": self.company.id,
                        "recipient": "someone@else.example",
                    }
                ]
            )

    def test_what_fails_after_it_takes_it_along(self):
        act = type(self.env["helpdesk.intake.act"])
        with (
            patch.object(act, "_write_rows", side_effect=ValueError("no")),
            mute_logger("odoo.addons.helpdesk_mailflow.models.intake"),
        ):
            row = self.take(mail())
        self.assertEqual(row.state, "failed")
        self.assertFalse(self.rows())
        row.action_retry()
        self.assertEqual(len(self.answers(row.ticket_ids)), 1)
        self.assertEqual(len(self.rows()), 1)

    def queue_of(self, env, ticket):
        return env["mail.mail"].search([("res_id", "=", ticket.id), ("state", "=", "outgoing")])

    def test_who_was_killed_while_sending_does_not_send_again(self):
        ticket = self.take_ticket(mail())
        with self.own_transaction() as env, self.sent_mails() as sent:
            queued = self.queue_of(env, ticket)
            row = env["helpdesk.automatic.answer"].search([("ticket_id", "=", ticket.id)])
            # as the process that was killed left it
            row.handed_over = fields.Datetime.now()
            queued.send(auto_commit=True)
            self.assertFalse(sent)
            self.assertEqual(queued.state, "outgoing", "another process may be at it")
            row.handed_over -= timedelta(minutes=11)
            queued.send(auto_commit=True)
            self.assertFalse(sent)
            self.assertEqual(queued.state, "cancel")
            self.assertEqual((row.outcome, row.reason), ("failed", "cut_off"))
            [sentence] = row.message_id._mailflow_sentences()
            self.assertIn(ADDRESS, sentence)
            self.assertEqual(row.message_id.notification_ids.notification_status, "exception")

    def test_the_mark_is_there_while_a_server_has_it_and_gone_afterwards(self):
        ticket = self.take_ticket(mail())
        marks = []
        with self.own_transaction() as env:
            row = env["helpdesk.automatic.answer"].search([("ticket_id", "=", ticket.id)])

            def look(_host, message, _recipients):
                if message is not None:
                    marks.append(bool(row.handed_over))

            with self.sent_mails(refuse=look) as sent:
                self.queue_of(env, ticket).send(auto_commit=True)
            self.assertEqual((marks, len(sent)), ([True], 1))
            self.assertFalse(row.handed_over)

    def test_a_server_that_is_away_gets_it_later(self):
        ticket = self.take_ticket(mail())
        away = [True]

        def refuse(_host, message, _recipients):
            if message is not None and away:
                raise ConnectionResetError("gone")

        with self.own_transaction() as env, self.sent_mails(refuse=refuse) as sent:
            queued = self.queue_of(env, ticket)
            with mute_logger("odoo.addons.base.models.ir_mail_server"):
                queued.send(auto_commit=True)
            self.assertFalse(sent)
            self.assertEqual(queued.state, "outgoing")
            away.clear()
            queued.send(auto_commit=True)
            self.assertEqual(len(sent), 1)


class TestEnvelope(AutomaticAnswerCase):
    def sender_with(self, **server):
        self.server.write(server)
        _ticket, [sent] = self.take_and_send(mail())
        return sent.sender

    def test_servers_without_log_in_get_an_empty_sender(self):
        self.assertEqual(self.sender_with(), "")

    def test_a_parameter_keeps_the_sender(self):
        self.env["ir.config_parameter"].set_param(
            "helpdesk_mailflow.automatic_null_sender", "False"
        )
        self.assertEqual(self.sender_with(), f"bounce@{DOMAIN}")

    def test_answers_of_people_keep_theirs(self):
        ticket = self.take_ticket(mail())
        self.env["mail.mail"].search([]).unlink()
        with self.sent_mails() as sent:
            ticket.message_post(
                body="Use water",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=ticket.partner_id.ids,
            )
        [answer] = sent
        self.assertEqual(answer.sender, f"bounce@{DOMAIN}")
        self.assertIsNone(answer["Auto-Submitted"])


class TestTemplateOfStage(AutomaticAnswerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support.automatic_answer = False
        cls.template = cls.env["mail.template"].create(
            {
                "name": "Stage",
                "model_id": cls.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "It moved",
                "body_html": "<p>It moved</p>",
                "partner_to": "{{ object.partner_id.id }}",
                "use_default_to": False,
                "auto_delete": False,
            }
        )
        stages = cls.team._get_applicable_stages()
        cls.first, cls.second = stages[0], stages[1]

    def send_queue(self):
        with self.sent_mails() as sent:
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        return sent

    def test_what_an_agent_s_click_sends_is_generated(self):
        self.second.mail_template_id = self.template
        ticket = self.take_ticket(mail())
        with self.sent_mails() as sent:
            ticket.stage_id = self.second
            self.flush_tracking()
            self.assertFalse(sent, "not within the transaction")
        [sent] = self.send_queue()
        self.assertEqual(sent["Auto-Submitted"], "auto-generated")
        self.assertEqual(read_stamp(self.env, sent[HEADER]), ("automatic", str(ticket.id)))
        row = self.rows(ticket_id=ticket.id)
        self.assertEqual((row.kind, row.outcome, row.recipient), ("template", "sent", ADDRESS))

    def test_what_answers_a_mail_is_replied(self):
        self.first.mail_template_id = self.template
        self.take(mail(message_id="<first@acorn-tests.example>"))
        self.flush_tracking()
        [sent] = self.send_queue()
        self.assertEqual(sent["Auto-Submitted"], "auto-replied")
        self.assertEqual(sent["In-Reply-To"], "<first@acorn-tests.example>")

    def test_programs_get_none_and_the_ticket_says_so(self):
        self.first.mail_template_id = self.template
        row = self.take(mail(headers=[("List-Id", "<news.acorn-tests.example>")]))
        self.flush_tracking()
        self.assertFalse(self.send_queue())
        message = row.delivery_ids.message_id
        self.assertEqual(
            [each["code"] for each in message.helpdesk_notes], ["automatic_withheld_list"]
        )
        self.assertEqual(self.rows(ticket_id=row.ticket_ids.id).reason, "list")

    def test_they_count_in_the_same_limits(self):
        self.company.helpdesk_automatic_per_hour = 2
        self.support.automatic_answer = True
        self.second.mail_template_id = self.template
        ticket = self.take_ticket(mail())
        other = self.take_ticket(mail())
        ticket.stage_id = self.second
        self.flush_tracking()
        withheld = self.env["mail.mail"].search([("subject", "=", "It moved")])
        self.assertEqual(withheld.state, "cancel")
        self.assertEqual(
            [each["code"] for each in withheld.mail_message_id.helpdesk_notes],
            ["automatic_withheld_hour"],
        )
        self.assertIn(ADDRESS, withheld.failure_reason)
        self.assertEqual(withheld.mail_message_id.notification_ids.notification_status, "canceled")
        self.assertEqual(len(self.send_queue()), 2, "the receipts")
        self.assertTrue(other)

    def test_templates_sent_by_a_program_count_and_are_marked(self):
        ticket = self.take_ticket(mail())
        self.template.send_mail(ticket.id)
        ticket.message_post_with_source(self.template, subtype_xmlid="mail.mt_comment")
        sent = [each for each in self.send_queue() if "It moved" in each["Subject"]]
        self.assertEqual([each["Auto-Submitted"] for each in sent], ["auto-generated"] * 2)
        self.assertEqual(self.rows(ticket_id=ticket.id).mapped("outcome"), ["sent"] * 2)

    def test_posted_templates_are_withheld_from_who_had_too_many(self):
        self.company.helpdesk_automatic_per_hour = 1
        ticket = self.take_ticket(mail())
        messages = [
            ticket.message_post_with_source(self.template, subtype_xmlid="mail.mt_comment")
            for _number in range(2)
        ]
        self.assertEqual([bool(each.notification_ids) for each in messages], [True, False])
        self.assertEqual(
            [each["code"] for each in messages[1].helpdesk_notes], ["automatic_withheld_hour"]
        )

    def test_no_client_says_that_they_were_counted(self):
        """A client's context is made of text, numbers, lists and mappings."""
        self.company.helpdesk_automatic_per_hour = 1
        claims = (
            {"mailflow_automatic": "auto-replied", "mailflow_counted": True},
            {"mailflow_automatic": {"value": "auto-replied", "is_counted": True}},
        )
        ticket = self.take_ticket(mail())
        told = [
            ticket.with_context(**claim).message_post_with_source(
                self.template, subtype_xmlid="mail.mt_comment"
            )
            for claim in claims
        ]
        self.assertEqual([bool(each.notification_ids) for each in told], [True, False])
        [sent] = self.send_queue()
        self.assertEqual(sent["Auto-Submitted"], "auto-generated")

    def test_who_is_left_out_takes_no_turn(self):
        self.company.helpdesk_private_answers = True
        follower = self.make_contact("Kim", "kim@follower.example")
        supplier = self.make_contact("Sol", "sol@supplier.example")
        ticket = self.take_ticket(mail())
        ticket.message_subscribe((ticket.partner_id | follower).ids)

        def turns(**values):
            message = ticket._mailflow_as_automatic().message_post(
                body="Hello", message_type="comment", subtype_xmlid="mail.mt_comment", **values
            )
            return sorted(self.rows(message_id=message.id).mapped("recipient"))

        self.assertEqual(turns(), [follower.email, ADDRESS])
        with self.subTest("private"):
            private = {"helpdesk_private": True, "partner_ids": supplier.ids}
            self.assertEqual(turns(**private), [supplier.email])
        with self.subTest("taken out of Cc"):
            self.assertEqual(turns(helpdesk_cc=""), [ADDRESS])
        with self.subTest("filtered"):
            self.env["helpdesk.outgoing.filter"].create({"pattern": ADDRESS})
            self.assertEqual(turns(), [follower.email])

    def test_who_is_in_cc_takes_a_turn(self):
        self.company.helpdesk_automatic_per_hour = 1
        ticket = self.take_ticket(mail())
        automatic = ticket._mailflow_as_automatic()
        for number in range(2):
            automatic.message_post(
                body=f"Hello {number}",
                subtype_xmlid="mail.mt_comment",
                message_type="comment",
                helpdesk_cc="kim@copy.example",
            )
        rows = self.rows(recipient="kim@copy.example")
        self.assertEqual(rows.mapped("outcome"), ["sent", "withheld"])

    def test_colleagues_have_no_limit(self):
        agent = self.make_user("mailflow-many", "helpdesk_mgmt.group_helpdesk_manager")
        self.template.partner_to = str(agent.partner_id.id)
        ticket = self.take_ticket(mail())
        for _number in range(6):
            self.template.send_mail(ticket.id)
        self.assertFalse(self.rows(ticket_id=ticket.id))
        self.assertEqual(len(self.send_queue()), 6)

    def test_what_a_person_writes_with_a_template_is_the_person_s(self):
        ticket = self.take_ticket(mail())
        composer = self.env["mail.compose.message"].with_context(
            default_composition_mode="comment",
            default_model="helpdesk.ticket",
            default_res_ids=ticket.ids,
            default_template_id=self.template.id,
        )
        with self.sent_mails() as sent:
            composer.create({})._action_send_mail()
        [sent] = [each for each in sent if "It moved" in each["Subject"]]
        self.assertIsNone(sent["Auto-Submitted"])
        self.assertFalse(self.rows(ticket_id=ticket.id))

    def test_colleagues_who_are_away_answer_no_program(self):
        agent = self.make_user("mailflow-away", "helpdesk_mgmt.group_helpdesk_manager")
        self.team.user_ids = agent
        now = fields.Datetime.now()
        agent.write(
            {
                "out_of_office_from": now - timedelta(days=1),
                "out_of_office_to": now + timedelta(days=1),
                "out_of_office_message": "<p>Skiing</p>",
            }
        )
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        ticket.user_id = agent
        reply = [("In-Reply-To", "<first@acorn-tests.example>")]
        self.take(mail(headers=[*reply, ("Precedence", "bulk")]))
        self.assertFalse(ticket.message_ids.filtered(lambda m: m.message_type == "out_of_office"))
        self.take(mail(headers=reply))
        away = ticket.message_ids.filtered(lambda m: m.message_type == "out_of_office")
        self.assertEqual(len(away), 1)
        self.assertEqual(self.rows(ticket_id=ticket.id).kind, "absence")


class TestTemplate(AutomaticAnswerCase):
    def broken(self, **values):
        template = self.env.ref("helpdesk_mailflow.automatic_answer_template")
        # broken by what it refers to, which is gone since it was saved
        with patch.object(type(template), "_check_can_be_rendered"):
            template = template.copy({"name": "Broken", **values})
        self.support.automatic_answer_template_id = template
        return template

    def assert_failed(self, row):
        ticket = row.ticket_ids
        self.assertEqual(row.state, "done")
        self.assertFalse(self.answers(ticket))
        logged = self.rows(ticket_id=ticket.id)
        self.assertEqual((logged.outcome, logged.reason), ("failed", "template"))
        self.assertIn("automatic_withheld_template", self.codes(row))
        [sentence] = ticket.message_ids.filtered("helpdesk_notes")._mailflow_sentences()
        self.assertIn("Broken", sentence)

    def test_a_broken_template_keeps_no_ticket_from_being_made(self):
        self.broken(body_html="<p t-out='object.no_such_field'/>")
        with mute_logger(ANSWER, "odoo.addons.mail.models.mail_render_mixin"):
            self.assert_failed(self.take(mail()))

    def test_an_empty_template_says_so(self):
        self.broken(body_html="<p><br/></p>")
        with mute_logger(ANSWER):
            self.assert_failed(self.take(mail()))

    def test_one_ticket_s_values_break_only_its_own(self):
        self.broken(
            body_html="<p t-out=\"object.name if object.name != 'Bad' else object.no_field\"/>"
        )
        with mute_logger(ANSWER, "odoo.addons.mail.models.mail_render_mixin"):
            rows = self.take_batch(mail(), mail(subject="Bad"), mail())
        self.assertEqual([len(self.answers(row.ticket_ids)) for row in rows], [1, 0, 1])
        self.assert_failed(rows[1])

    def test_a_deleted_template_is_replaced_by_the_one_that_we_ship(self):
        self.broken().unlink()
        self.assertTrue(self.answers(self.take(mail()).ticket_ids))

    def test_no_template_at_all_says_so(self):
        self.env.ref("helpdesk_mailflow.automatic_answer_template").unlink()
        with mute_logger(ANSWER):
            row = self.take(mail())
        self.assertEqual(self.rows(ticket_id=row.ticket_ids.id).outcome, "failed")
        self.assertIn(
            "Choose one",
            row.ticket_ids.message_ids.filtered("helpdesk_notes").mapped(
                lambda each: each._mailflow_sentences()[0]
            )[0],
        )


class TestSample(AutomaticAnswerCase):
    def test_the_user_gets_what_customers_get(self):
        ticket = self.take_ticket(mail())
        manager = self.make_user(
            "mailflow-sample", "helpdesk_mgmt.group_helpdesk_manager", email="me@corp.test"
        )
        with self.sent_mails() as sent:
            action = self.support.with_user(manager).action_send_sample()
        [sent] = sent
        self.assertEqual(sent.recipients, ("me@corp.test",))
        self.assertIn(ticket.number, sent.html)
        self.assertEqual(read_stamp(self.env, sent[HEADER])[0], "test")
        self.assertIn("me@corp.test", action["params"]["message"])
        self.assertEqual(len(self.rows()), 1, "only the customer's counts")
        self.assertEqual(len(self.answers(ticket)), 1)

    def test_who_may_not_change_the_alias_sends_nothing(self):
        self.take(mail())
        for group in ("base.group_user", "helpdesk_mgmt.group_helpdesk_user"):
            agent = self.make_user(f"mailflow-{group}", group, email="me@corp.test")
            with (
                self.subTest(group=group),
                self.sent_mails() as sent,
                self.assertRaises(AccessError),
            ):
                self.support.with_user(agent).action_send_sample()
            self.assertFalse(sent)

    def test_without_a_ticket_it_says_what_to_do(self):
        other = self.make_company("Birch")
        alias = self.make_alias("Birch", "birch", company_id=other.id)
        with self.assertRaisesRegex(UserError, "Write a mail"):
            alias.action_send_sample()

    def test_what_is_wrong_with_the_template_is_told(self):
        self.take(mail())
        template = self.env.ref("helpdesk_mailflow.automatic_answer_template")
        with patch.object(type(template), "_check_can_be_rendered"):
            template.body_html = "<p t-out='object.no_such_field'/>"
        with (
            self.assertRaisesRegex(UserError, "no_such_field"),
            mute_logger("odoo.addons.mail.models.mail_render_mixin"),
        ):
            self.support.action_send_sample()

    def test_a_mail_server_that_is_away_is_told(self):
        self.take(mail())

        def refuse(*_args):
            raise ConnectionRefusedError("nobody there")

        manager = self.make_user(
            "mailflow-sample", "helpdesk_mgmt.group_helpdesk_manager", email="me@corp.test"
        )
        logger = "odoo.addons.helpdesk_mailflow.models.helpdesk_support_alias_automatic"
        with self.sent_mails(refuse=refuse), mute_logger(logger):
            with self.assertRaisesRegex(UserError, "nobody there"):
                self.support.action_send_sample()
            with self.assertRaisesRegex(UserError, "Ask an administrator") as caught:
                self.support.with_user(manager).action_send_sample()
        self.assertNotIn("nobody there", str(caught.exception))


class TestRights(AutomaticAnswerCase):
    def test_managers_read_the_log_of_their_companies(self):
        other = self.make_company("Birch")
        self.make_alias("Birch", "birch", company_id=other.id, automatic_answer=True)
        self.take(mail(to=f"support@{DOMAIN}, birch@{DOMAIN}"))
        manager = self.make_user("mailflow-manager", "helpdesk_mgmt.group_helpdesk_manager")
        seen = self.env["helpdesk.automatic.answer"].with_user(manager).search([])
        self.assertEqual(seen.company_id, self.company)
        with self.assertRaises(AccessError):
            seen.write({"outcome": "withheld"})
        with self.assertRaises(AccessError):
            seen.unlink()

    def test_agents_and_customers_read_no_log(self):
        self.take(mail())
        for login, group in (
            ("mailflow-agent", "helpdesk_mgmt.group_helpdesk_user"),
            ("mailflow-portal", "base.group_portal"),
        ):
            user = self.make_user(login, group)
            with self.assertRaises(AccessError):
                self.env["helpdesk.automatic.answer"].with_user(user).search([]).read(["recipient"])

    def test_agents_cause_template_mails_without_rights_on_the_log(self):
        template = self.env["mail.template"].create(
            {
                "name": "Stage",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "It moved",
                "body_html": "<p>It moved</p>",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        stage = self.team._get_applicable_stages()[1]
        stage.mail_template_id = template
        ticket = self.take_ticket(mail())
        agent = self.make_user("mailflow-agent", "helpdesk_mgmt.group_helpdesk_manager")
        agent.group_ids -= self.env.ref("base.group_system")
        ticket.with_user(agent).stage_id = stage
        self.flush_tracking()
        self.assertEqual(self.rows(ticket_id=ticket.id, kind="template").outcome, "sent")
