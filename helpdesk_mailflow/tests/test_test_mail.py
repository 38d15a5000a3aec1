# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import email.policy
import re
from contextlib import closing
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError
from odoo.sql_db import db_connect

from ..mailflow.errors import LoginRefused
from ..models import own_mail, trace
from ..models.fetchmail_server import FetchmailServer
from ..models.helpdesk_mailbox_test import HEADER, SENDS_AN_HOUR
from ..models.sending_turn import take_turns
from .common import DOMAIN, MailflowCase, bounce, mail

SUPPORT = "support@acorn-tests.example"
OUTLOOK = "Support <support@acorn-tests.example>"


class TestTestMail(MailflowCase):
    """The test mail of the guide: sent to the support address, and waited for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("marie", "helpdesk_mgmt.group_helpdesk_manager")
        cls.connection = cls.make_connection(cls.manager)

    @classmethod
    def make_connection(cls, user=None, email=SUPPORT, road="forward", **values):
        connection = cls.env["helpdesk.mailbox.connection"].with_user(user or cls.env.user)
        connection = connection.create(
            {"email": email, "road": road, "alias_id": cls.support.id, **values}
        )
        connection._keep_alias()
        connection.step = "test"
        return connection

    def send(self, connection=None):
        """Press the button; returns the mail as the mail server got it."""
        connection = connection or self.connection
        with self.sent_mails() as sent:
            connection.action_send_test_mail()
        self.assertFalse(connection.problem)
        self.assertEqual(len(sent), 1)
        return sent[0]

    def forwarded(self, sent, changes=(), drop=(), headers=(), body=None) -> bytes:
        """The mail as a forwarder sends it on.

        :param changes: (name, value) of header fields that it rewrites
        :param drop: what names of header fields that it strips begin with
        :param headers: that it adds on top
        """
        message = sent.message
        fields_ = [
            (name, dict(changes).get(name, str(value)))
            for name, value in message.items()
            if not any(name.lower().startswith(each.lower()) for each in drop)
            and name.lower() not in ("content-type", "content-transfer-encoding", "mime-version")
        ]
        text = message.get_body(("plain", "html")).get_content()
        return mail(
            headers=[*headers, *fields_],
            from_=None,
            to=None,
            subject=None,
            date=None,
            message_id="",
            text=body(text) if body else text,
        ).replace(b"Message-ID: \n", b"")

    def gmail(self, sent, **more):
        headers = [
            ("Delivered-To", f"support@{DOMAIN}"),
            ("X-Forwarded-To", f"support@{DOMAIN}"),
            ("X-Forwarded-For", f"{SUPPORT} support@{DOMAIN}"),
        ]
        return self.forwarded(sent, headers=headers, **more)

    def later(self, **delta):
        return freeze_time(fields.Datetime.now() + timedelta(**delta))

    # -- sending

    def test_the_mail(self):
        sent = self.send()
        self.assertEqual(sent.recipients, (SUPPORT,))
        row = self.connection._test()
        self.assertEqual(
            own_mail.read_stamp(self.env, sent[own_mail.HEADER]), ("connection", str(row.id))
        )
        token = row._token()
        self.assertEqual(sent[HEADER], token)
        self.assertIn(token, sent["Subject"])
        self.assertIn(token, sent.html)
        self.assertEqual(sent["Auto-Submitted"], "auto-generated")
        self.assertEqual(self.connection.test_state, "sent")
        self.assertFalse(self.env["mail.mail"].search([("message_id", "=", row.message_id)]))

    def test_not_more_than_a_few_an_hour(self):
        for _each in range(SENDS_AN_HOUR):
            self.send()
        again = self.make_connection(self.manager)
        with self.sent_mails() as sent:
            again.action_send_test_mail()
        self.assertFalse(sent)
        self.assertRegex(again.problem, r"^6 test mails were sent within an hour\. Another one can")
        with self.later(minutes=61), self.sent_mails() as sent:
            again.action_send_test_mail()
        self.assertEqual(len(sent), 1)

    def refused_in_another_worker(self, *keys):
        """What is said while another worker has these turns."""
        with closing(db_connect(self.env.cr.dbname).cursor()) as cursor:
            others = api.Environment(cursor, SUPERUSER_ID, {})
            self.assertTrue(take_turns(others, *keys))
            with self.sent_mails() as sent:
                self.connection.action_send_test_mail()
            self.assertFalse(sent)
        return self.connection.problem

    def test_of_several_guides_that_send_at_once_one_does(self):
        limited = (f"{self.company.id}:{SUPPORT}", self.manager.id)
        for key in limited:
            self.assertEqual(
                self.refused_in_another_worker(f"helpdesk.mailbox.test:{key}"),
                "Another test mail is being sent at this moment. Try again in a minute.",
            )
        self.send()

    def test_what_others_sent_since_the_transaction_began_counts(self):
        company = self.env.ref("base.main_company")
        values = [
            {
                "company_id": company.id,
                "email": SUPPORT,
                "sender": SUPPORT,
                "nonce": "planted",
                "message_id": f"<planted-{number}@acorn-tests.example>",
                "sent": fields.Datetime.now(),
            }
            for number in range(SENDS_AN_HOUR)
        ]
        with closing(db_connect(self.env.cr.dbname).cursor()) as cursor:
            rows = api.Environment(cursor, SUPERUSER_ID, {})["helpdesk.mailbox.test"].create(values)
            cursor.commit()
            try:
                tests = self.env["helpdesk.mailbox.test"]
                self.assertFalse(tests.search([("email", "=", SUPPORT)]), "as it was")
                with self.assertRaisesRegex(UserError, "^6 test mails were sent within an hour"):
                    tests._check_rate(company, SUPPORT)
            finally:
                rows.unlink()
                cursor.commit()

    def test_what_cannot_be_sent_is_said_and_not_waited_for(self):
        def refuse(_host, _message, _recipients):
            raise OSError("no route to host")

        logger = "odoo.addons.helpdesk_mailflow.models.helpdesk_mailbox_test"
        with self.sent_mails(refuse), self.assertLogs(logger, level="WARNING"):
            self.connection.action_send_test_mail()
        self.assertIn("The test mail could not be sent", self.connection.problem)
        self.assertNotIn("no route", self.connection.problem)
        self.assertEqual(self.connection.test_state, "none")

    def test_an_agent_sends_none(self):
        agent = self.make_user("adam", "helpdesk_mgmt.group_helpdesk_user")
        connection = self.connection.with_user(agent)
        with self.assertRaises(AccessError):
            connection.action_send_test_mail()
        with self.assertRaises(AccessError):
            connection.poll_test_mail()

    def test_through_the_new_from_address(self):
        sender = self.env["helpdesk.from.address"].create({"email": "brand@acorn-tests.example"})
        sender._prove("mail")
        connection = self.make_connection(
            email=f"support@{DOMAIN}", road="provided", from_address_id=sender.id
        )
        self.assertIn("<brand@acorn-tests.example>", self.send(connection)["From"])
        connection.direction = "in"
        self.assertIn(f"<notifications@{DOMAIN}>", self.send(connection)["From"])
        # a mailbox need not send on what it sent itself
        self.connection.from_address_id = sender
        self.assertIn(f"<notifications@{DOMAIN}>", self.send()["From"])

    # -- coming back

    def test_it_ends_in_the_ledger_and_proves_that_mail_comes_in(self):
        sent = self.send()
        row = self.take(self.gmail(sent))
        self.assertEqual((row.state, len(row.ticket_ids)), ("ignored", 0), row.why)
        self.assertIn("own_connection", self.codes(row))
        (told,) = [each for each in row.trace if each["code"] == "own_connection"]
        self.assertEqual(
            trace.sentence(self.env, told["code"], told["values"]),
            f"It is the test mail to {SUPPORT}, which came back: mail to this address comes in"
            " here.",
        )
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.test_state, "back")
        self.assertRegex(self.connection.test_sentence, "came back after 1 min")
        self.assertFalse(self.connection.test_warning)
        told = self.connection.poll_test_mail()
        self.assertEqual((told["state"], told["problem"]), ("back", ""))

    def test_with_all_its_marks_taken_out_but_the_token(self):
        changes = [("Message-Id", "<rewritten@relay.example>")]
        for drop in (("X-",), ("X-", "Subject"), ("X-", "Message-Id")):
            with self.subTest(drop=drop):
                sent = self.send()
                row = self.take(self.gmail(sent, drop=drop, changes=changes))
                self.assertEqual(row.state, "ignored", row.why)
                self.connection.invalidate_recordset()
                self.assertEqual(self.connection.test_state, "back")

    def test_the_token_in_the_subject_alone_is_enough(self):
        sent = self.send()
        raw = self.gmail(sent, drop=("X-", "Message-Id"), body=lambda _text: "(removed)")
        self.assertEqual(self.take(raw).state, "ignored")
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.test_state, "back")

    def test_a_mailbox_that_forwards_in_its_own_name_is_told_of(self):
        sent = self.send()
        raw = self.forwarded(
            sent,
            drop=("X-", "Message-Id", "To"),
            changes=[("From", OUTLOOK), ("Subject", "FW: " + sent["Subject"])],
            headers=[("To", f"support@{DOMAIN}")],
            body=lambda text: f"From: Odoo\nTo: {SUPPORT}\n\n{text}",
        )
        row = self.take(raw)
        self.assertEqual(row.state, "ignored", row.why)
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.test_state, "back")
        self.assertIn(f"with {SUPPORT} as its sender", self.connection.test_warning)
        self.assertIn("redirect", self.connection.test_warning)

    def test_a_second_copy_proves_nothing_and_opens_no_ticket(self):
        sent = self.send()
        self.take(self.gmail(sent))
        back = self.connection._test().back
        row = self.take(self.gmail(sent, changes=[("Message-Id", "<other@relay.example>")]))
        self.assertEqual((row.state, len(row.ticket_ids)), ("ignored", 0), row.why)
        self.assertEqual(self.connection._test().back, back)

    def test_a_token_counts_for_one_mail_of_a_batch(self):
        sent = self.send()
        copied = re.search(r"hdtest-[0-9a-f-]+", sent["Subject"])[0]
        rows = self.take_batch(
            self.gmail(sent),
            *(
                mail(subject=f"Order {number} {copied}", to=f"support@{DOMAIN}")
                for number in range(2)
            ),
        )
        self.assertEqual(rows[0].state, "ignored", rows[0].why)
        self.assertEqual([len(row.ticket_ids) for row in rows], [0, 1, 1])

    def test_a_forged_token_is_a_customer_s_mail(self):
        self.send()
        row_id = self.connection._test().id
        forged = f"hdtest-{row_id}-{'0' * 32}"
        for values in ({"subject": f"Test [{forged}]"}, {"headers": [(HEADER, forged)]}):
            with self.subTest(values=values):
                ticket = self.take_ticket(mail(**values))
                self.assertEqual(ticket.support_alias_id, self.support)
        self.assertEqual(self.connection.test_state, "sent")

    def test_numbers_that_no_database_has(self):
        for number in ("0", "999999999", "99999999999999999999"):
            self.take_ticket(mail(subject=f"hdtest-{number}-{'a' * 32}"))

    def test_a_copied_stamp_proves_nothing(self):
        sent = self.send()
        row = self.take(mail(headers=[(own_mail.HEADER, sent[own_mail.HEADER])]))
        self.assertEqual(row.state, "held")
        self.assertEqual(self.connection.test_state, "sent")
        # nor one of ours that comes from us, without the token
        self.take(
            mail(
                headers=[(own_mail.HEADER, sent[own_mail.HEADER])],
                from_=f"notifications@{DOMAIN}",
            )
        )
        self.assertEqual(self.connection.test_state, "sent")

    def test_an_old_one_proves_nothing(self):
        sent = self.send()
        with self.later(hours=25):
            self.take(self.gmail(sent))
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.test_state, "sent")

    def test_it_is_of_one_connection_and_its_address(self):
        sent = self.send()
        other = self.make_connection(email="other@acorn-tests.example", alias_id=self.support.id)
        self.connection.email = "another@acorn-tests.example"
        self.take(self.gmail(sent))
        self.assertEqual(other.test_state, "none")
        self.assertEqual(self.connection.test_state, "none")
        self.connection.email = SUPPORT
        self.assertEqual(self.connection.test_state, "sent")

    def test_what_answers_it_is_not_it(self):
        sent = self.send()
        about = {"subject": f"Re: {sent['Subject']}", "text": sent.html}
        self.take_ticket(mail(**about))
        absent = {**about, "subject": f"Automatic reply: {sent['Subject']}"}
        self.take(mail(**absent, headers=[("Auto-Submitted", "auto-replied")]))
        self.assertEqual(self.connection.test_state, "sent")

    def test_one_that_cannot_be_delivered(self):
        self.send()
        test = self.connection._test()
        row = self.take(
            bounce(test.message_id, f"notifications@{DOMAIN}", SUPPORT), model="helpdesk.ticket"
        )
        self.assertIn("own_connection_bounced", self.codes(row))
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.test_state, "late")
        self.assertIn("could not be delivered", self.connection.test_sentence)

    def test_late_says_what_to_check(self):
        self.send()
        said = {
            "forward": "the forwarding is not on or is blocked",
            "provided": "check the MX record",
            "provider": "also in its spam folder",
        }
        with self.later(minutes=31):
            for road, words in said.items():
                self.connection.road = road
                self.connection.invalidate_recordset()
                self.assertEqual(self.connection.test_state, "late")
                self.assertIn(words, self.connection.test_sentence)
            self.assertEqual(self.connection.poll_test_mail()["state"], "late")

    def test_one_that_came_in_before_anybody_knew_of_it(self):
        sent = self.send()
        test = self.connection._test()
        # as if the transaction that sent it was not yet committed
        with patch.object(type(test), "_proven_by", lambda *_args: {}):
            row = self.take(self.gmail(sent))
        self.assertEqual(row.state, "ignored")
        self.assertEqual(self.connection.poll_test_mail()["state"], "back")

    # -- a mailbox that is not read yet

    def make_scanner(self):
        return self.env["fetchmail.server"].create(
            {
                "name": "Support mailbox",
                "server": "imap.acorn-tests.example",
                "server_type": "imap",
                "user": SUPPORT,
                "is_scanner": True,
                "company_id": self.company.id,
            }
        )

    def test_in_a_mailbox_that_is_not_read_yet_it_is_looked_for_and_left_there(self):
        scanner = self.make_scanner()
        connection = self.make_connection(road="provider")
        connection.scanner_id = scanner
        sent = self.send(connection)
        mailbox = FakeMailbox([mail(), mail(subject="Another")])
        before = self.env["helpdesk.incoming.mail"].search_count([])
        with mailbox.connected():
            self.assertEqual(connection.poll_test_mail()["state"], "sent")
            mailbox.mails.append(sent.message.as_bytes(policy=email.policy.SMTP))
            # not at each question
            self.assertEqual(connection.poll_test_mail()["state"], "sent")
            with self.later(seconds=15):
                told = connection.poll_test_mail()
        self.assertEqual(told["state"], "back")
        self.assertRegex(told["sentence"], "arrived in the mailbox")
        self.assertEqual(mailbox.visits, 2)
        self.assertEqual(self.env["helpdesk.incoming.mail"].search_count([]), before)

    def test_a_mailbox_that_cannot_be_read_is_told_without_ending_the_wait(self):
        connection = self.make_connection(road="provider")
        connection.scanner_id = self.make_scanner()
        self.send(connection)

        def connect(*_args, **_kwargs):
            raise LoginRefused(
                "login_refused", host="imap.acorn-tests.example", user=SUPPORT, answer="No"
            )

        with patch.object(FetchmailServer, "_connect_mailbox", connect):
            told = connection.poll_test_mail()
        self.assertEqual(told["state"], "sent")
        self.assertTrue(told["problem"])

    def test_a_manager_s_questions_visit_no_mailbox(self):
        connection = self.make_connection(road="provider")
        connection.scanner_id = self.make_scanner()
        self.send(connection)
        mailbox = FakeMailbox([])
        with mailbox.connected():
            connection.with_user(self.manager).poll_test_mail()
        self.assertEqual(mailbox.visits, 0)

    def test_the_token_is_in_no_readable_field(self):
        self.send()
        token = self.connection._test()._token()
        values = self.connection.read()[0]
        self.assertNotIn(token, repr(values))
        self.assertFalse(re.search(r"hdtest-\d+", repr(values)))
        with self.assertRaises(AccessError):
            self.connection._test().with_user(self.manager).sudo(False).read(["email"])


class FakeMailbox:
    """A mailbox in memory."""

    def __init__(self, mails):
        self.mails = mails
        self.visits = 0

    def connected(self):
        def connect(_scanner, *_args, **_kwargs):
            self.visits += 1
            return self

        return patch.object(FetchmailServer, "_connect_mailbox", connect)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return False

    def select(self, _name):
        return SimpleNamespace(uidvalidity=1, uidnext=len(self.mails) + 1)

    def find(self, first_uid=1, unseen=False, since=None):
        return list(range(1, len(self.mails) + 1))

    def heads(self, uids):
        return {uid: SimpleNamespace(size=len(self.mails[uid - 1])) for uid in uids}

    def fetch_start(self, uid, size):
        return self.mails[uid - 1][:size]
