# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import re
from contextlib import closing
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import html

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError
from odoo.sql_db import db_connect
from odoo.tests import HttpCase, tagged
from odoo.tools import misc, mute_logger

from ..models import own_mail
from ..models.helpdesk_from_verification import (
    EXPIRY_HOURS,
    HEADER,
    PATH,
    SENDS_A_DAY,
    SENDS_AN_HOUR,
)
from ..models.sending_turn import take_turns
from .common import DOMAIN
from .test_from_address import GROUP, FromAddressCase

SALES = "sales@acorn-tests.example"


class VerificationCase(FromAddressCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Verification = cls.env["helpdesk.from.verification"]
        cls.sales = cls.make_from(SALES)

    def send(self, address=None, user=None):
        """Press the button; returns the mail as the SMTP server got it."""
        address = address or self.sales
        with self.mock_mail_gateway(mail_unlink_sent=True):
            address.with_user(user or self.manager).action_send_verification()
        self.assertEqual(len(self._mails), 1)
        return self._mails[0]

    def token(self, sent) -> str:
        (token,) = set(re.findall(re.escape(PATH) + r"([\w-]+)", sent["body"]))
        return token

    def status(self, token) -> str:
        return self.Verification._read_token(token)[0]

    def confirm(self, token, user=None) -> str:
        return self.Verification._confirm(token, user or self.env.ref("base.public_user"))[0]

    def later(self, **delta):
        return freeze_time(fields.Datetime.now() + timedelta(**delta))


@tagged("post_install", "-at_install")
class TestVerification(VerificationCase):
    """A mail to the address itself, and its link."""

    def test_the_mail(self):
        sent = self.send()
        self.assertEqual(sent["email_to"], [SALES])
        self.assertIn(f"<notifications@{DOMAIN}>", sent["email_from"])
        self.assertIn(f"<notifications@{DOMAIN}>", sent["reply_to"])
        self.assertFalse(sent["email_cc"])
        self.assertIn(SALES, sent["body"])
        self.assertIn(self.company.name, sent["body"])
        self.assertIn(str(EXPIRY_HOURS), sent["body"])
        headers = sent["headers"]
        self.assertEqual(headers["Auto-Submitted"], "auto-generated")
        self.assertEqual(
            own_mail.read_stamp(self.env, headers[own_mail.HEADER]),
            ("verification", str(self.sales.id)),
        )
        self.assertEqual(headers[HEADER], self.token(sent))
        self.assertEqual(own_mail.read_message_id(self.env, sent["message_id"]), 0)
        self.assertEqual(self.sales.state, "sent")
        self.assertTrue(self.sales.sent_date)
        self.assertFalse(self.sales.is_usable)

    def test_of_several_that_are_sent_at_once_one_is(self):
        keys = [f"{self.company.id}:{SALES}", self.manager.id]
        for key in keys:
            with closing(db_connect(self.env.cr.dbname).cursor()) as cursor:
                others = api.Environment(cursor, SUPERUSER_ID, {})
                self.assertTrue(take_turns(others, f"helpdesk.from.verification:{key}"))
                # by a savepoint, as by the end of the request, its other turn is given back
                with self.assertRaises(UserError) as refused:
                    self.send(user=self.manager)
                self.assertRegex(str(refused.exception), "^Another verification mail is being sent")
        self.send(user=self.manager)

    def test_whoever_reads_the_mailbox_confirms(self):
        token = self.token(self.send())
        self.assertEqual(self.status(token), "open")
        self.assertEqual(self.sales.state, "sent", "reading changes nothing")
        self.assertEqual(self.confirm(token), "confirmed")
        self.assertTrue(self.sales.is_usable)
        self.assertEqual(self.sales.proof, "mail")
        self.assertEqual(self.sales.verified_by_id, self.manager, "who asked for it")
        self.assertTrue(self.sales.verified_date)

    def test_who_confirms_is_known_when_logged_in(self):
        token = self.token(self.send())
        self.flush_tracking()
        self.assertEqual(self.confirm(token, self.agent), "confirmed")
        self.assertEqual(self.sales.verified_by_id, self.agent)
        self.flush_tracking()
        self.assertIn(self.agent.partner_id, self.sales.message_ids.author_id)

    def test_a_portal_user_is_nobody(self):
        portal = self.make_user("mf-verification-portal", "base.group_portal")
        self.confirm(self.token(self.send()), portal)
        self.assertEqual(self.sales.verified_by_id, self.manager)

    def test_a_link_works_once(self):
        token = self.token(self.send())
        self.confirm(token)
        self.assertEqual(self.status(token), "used")
        self.sales.email = "other@acorn-tests.example"
        self.sales.email = SALES
        self.assertNotEqual(self.confirm(token), "confirmed")
        self.assertFalse(self.sales.is_usable)

    def test_a_link_expires(self):
        token = self.token(self.send())
        with self.later(hours=EXPIRY_HOURS, seconds=-60):
            self.assertEqual(self.status(token), "open")
        with self.later(hours=EXPIRY_HOURS, seconds=1):
            self.sales.invalidate_recordset(["verification_expired"])
            self.assertTrue(self.sales.verification_expired)
            self.assertEqual(self.confirm(token), "expired")
        self.assertEqual(self.sales.state, "sent")

    def test_an_expired_link_says_so_when_nothing_is_known_of_it(self):
        token = self.token(self.send())
        with self.later(days=100):
            self.Verification._gc_verifications()
            self.assertFalse(self.Verification.search([("email", "=", SALES)]))
            self.assertEqual(self.status(token), "expired")

    def test_a_changed_address_needs_another_one(self):
        token = self.token(self.send())
        self.sales.email = "other@acorn-tests.example"
        self.assertEqual(self.confirm(token), "changed")
        self.assertEqual(self.sales.state, "unverified")
        self.sales.email = SALES
        self.assertEqual(self.confirm(token), "void")
        self.assertEqual(self.sales.state, "unverified")

    def test_another_company_needs_another_one(self):
        token = self.token(self.send())
        self.sales.company_id = self.make_company("Branch")
        self.assertEqual(self.confirm(token), "changed")

    def test_a_deleted_address_is_not_confirmed(self):
        token = self.token(self.send())
        self.sales.unlink()
        self.assertEqual(self.confirm(token), "gone")
        again = self.make_from(SALES)
        self.assertEqual(self.confirm(token), "gone")
        self.assertFalse(again.is_usable)

    def test_a_link_is_of_one_record(self):
        victim = self.make_from("boss@acorn-tests.example")
        token = self.token(self.send())
        row = self.Verification._read_token(token)[1]
        # what an attacker who could write rows, but not sign, would try
        row.address_id = victim
        self.assertEqual(self.confirm(token), "gone")
        row.email = victim.email
        self.assertEqual(self.confirm(token), "unknown")
        self.assertFalse(victim.is_usable)

    def test_made_up_links(self):
        token = self.token(self.send())
        row = self.Verification._read_token(token)[1]
        values = [row.id, self.sales.id, SALES, row.nonce, int(row.expires.timestamp())]
        of_another_scope = misc.hash_sign(self.env(su=True), "signup", values)
        wrong_nonce = misc.hash_sign(
            self.env(su=True),
            "helpdesk_mailflow.from_verification",
            [*values[:3], "guessed", values[4]],
        )
        middle = len(token) // 2
        changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
        for bad in ("", "x", "AQ", "é" * 40, "%00", token[:-10], changed, of_another_scope):
            with self.subTest(token=bad):
                self.assertEqual(self.confirm(bad), "unknown")
        self.assertEqual(self.confirm(wrong_nonce), "unknown")
        self.assertEqual(self.status(token), "open")
        self.assertFalse(self.sales.is_usable)

    def test_send_again(self):
        first = self.token(self.send())
        with self.assertRaisesRegex(UserError, "spam folder"):
            self.send()
        with self.later(minutes=2):
            second = self.token(self.send())
            self.assertNotEqual(first, second)
            self.assertEqual(self.confirm(first), "confirmed", "a late mail is as good")
            self.assertEqual(self.confirm(second), "used")

    def test_only_so_many_a_day(self):
        for number in range(SENDS_A_DAY):
            with self.later(minutes=2 * number):
                self.send()
        with self.later(hours=1), self.assertRaisesRegex(UserError, "within a day"):
            self.send()
        with self.later(hours=1):
            # neither by deleting nor by renaming it
            self.sales.unlink()
            self.sales = self.make_from("other@acorn-tests.example")
            self.sales.email = SALES
            with self.assertRaisesRegex(UserError, "within a day"):
                self.send()
        with self.later(hours=25):
            self.send()

    def test_a_user_sends_only_so_many_an_hour(self):
        addresses = [
            self.make_from(f"x{each}@acorn-tests.example") for each in range(SENDS_AN_HOUR)
        ]
        for address in addresses:
            self.send(address)
        with self.later(minutes=30), self.assertRaisesRegex(UserError, "within an hour"):
            self.send()
        colleague = self.make_user("mf-colleague", "helpdesk_mgmt.group_helpdesk_manager")
        with self.later(minutes=30):
            self.send(user=colleague)
        with self.later(minutes=61):
            self.send(self.make_from("later@acorn-tests.example"))

    def test_what_needs_no_mail(self):
        with self.assertRaisesRegex(UserError, "verified already"):
            self.proven.with_user(self.manager).action_send_verification()
        own = self.make_from(
            "own@acorn-tests.example", sends_via="smtp", smtp_host="h.example", smtp_user="own"
        )
        with self.assertRaisesRegex(UserError, "log-in"):
            own.with_user(self.manager).action_send_verification()

    def test_a_server_without_a_log_in_proves_nothing(self):
        own = self.make_from("own@acorn-tests.example", sends_via="smtp", smtp_host="h.example")
        self.assertIn(own.email, self.send(own)["email_to"])

    def test_without_any_sender(self):
        self.company.alias_domain_id = False
        sent = self.send()
        self.assertIn(f"<{self.proven.email}>", sent["email_from"])
        self.proven._withdraw_proof()
        with self.later(hours=1), self.assertRaisesRegex(UserError, "alias domain"):
            self.send()

    def test_it_leaves_by_the_company_s_own_sender(self):
        domain = self.env["mail.alias.domain"].create(
            {"name": "branch.test", "bounce_alias": "b", "catchall_alias": "c"}
        )
        other = self.make_company("Branch", domain)
        manager = self.make_user(
            "mf-verification-both", GROUP + "manager", companies=self.company | other
        )
        address = self.make_from(SALES, company_id=other.id)
        sent = self.send(address, manager)
        self.assertIn("<notifications@branch.test>", sent["email_from"])
        self.assertEqual(sent["headers"]["Return-Path"], "b@branch.test")

    def test_a_server_that_is_down(self):
        def refuse(*_args, **_values):
            raise ConnectionRefusedError("smtp.secret-host.example: connection refused")

        Mail = self.env["mail.mail"].sudo()
        before = Mail.search_count([])
        IrMailServer = type(self.env["ir.mail_server"])
        system = self.make_user("mf-verification-system", "base.group_system", GROUP + "manager")
        for user, seen in ((self.manager, False), (system, True)):
            with (
                self.mock_mail_gateway(),
                patch.object(IrMailServer, "_connect__", refuse),
                mute_logger("odoo.addons.helpdesk_mailflow.models.helpdesk_from_verification"),
                self.assertRaisesRegex(UserError, "could not be sent") as caught,
                self.env.cr.savepoint(),
            ):
                self.sales.with_user(user).action_send_verification()
            self.assertEqual("secret-host" in str(caught.exception), seen)
        self.assertEqual(self.sales.state, "unverified")
        self.assertEqual(Mail.search_count([]), before)
        self.send()

    def test_nobody_reads_the_link_in_odoo(self):
        Message = self.env["mail.message"]
        last = Message.search([], order="id desc", limit=1).id
        created = []
        create = type(self.env["mail.mail"]).create

        def keep(records, vals_list):
            mails = create(records, vals_list)
            created.extend(mails.mail_message_id.ids)
            for user in (self.manager, self.agent):
                mine = Message.with_user(user).browse(mails.mail_message_id.ids)
                with self.assertRaises(AccessError):
                    mine.read(["body"])
            return mails

        with patch.object(type(self.env["mail.mail"]), "create", keep):
            token = self.token(self.send())
        self.assertTrue(created)
        self.assertFalse(Message.browse(created).exists(), "nothing stays behind")
        messages = Message.search([("id", ">", last)])
        self.assertFalse([each for each in messages if token in (each.body or "")])

    def test_rows_are_nobody_s(self):
        self.send()
        for user in (self.manager, self.agent):
            with self.assertRaises(AccessError):
                self.Verification.with_user(user).search([])
        system = self.make_user("mf-verification-system", "base.group_system", GROUP + "manager")
        rows = self.Verification.with_user(system).search([])
        with self.assertRaises(AccessError):
            rows.read(["nonce"])
        with self.assertRaises(AccessError):
            rows.write({"state": "open"})
        with self.assertRaises(AccessError):
            rows.create({"email": SALES, "company_id": self.company.id})

    def test_it_comes_back_by_our_own_alias(self):
        ours = self.make_from(self.support.email)
        sent = self.send(ours)
        # folded, as a long header field arrives
        folded = sent["headers"][HEADER]
        folded = f" {folded[:60]}\r\n {folded[60:]}"
        self.assertTrue(self.FromAddress._verification_came_back(folded))
        self.assertTrue(ours.is_usable)
        self.assertEqual(ours.proof, "mail")
        self.assertFalse(self.FromAddress._verification_came_back(folded))
        self.assertFalse(self.FromAddress._verification_came_back("made up"))

    def test_it_bounces(self):
        sent = self.send()
        others = ["<somebody@acorn-tests.example>"]
        self.assertFalse(self.FromAddress._verification_bounced(others))
        found = self.FromAddress._verification_bounced([*others, sent["message_id"]])
        self.assertEqual(found, self.sales)
        self.assertEqual(self.sales.state, "unverified")
        self.assertTrue(self.sales.verification_bounced)
        self.assertEqual(self.status(self.token(sent)), "void")
        self.assertIn("could not be delivered", self.sales.message_ids[0].body)
        with self.later(minutes=2):
            self.send()
        self.assertFalse(self.sales.verification_bounced)

    def test_a_late_bounce_takes_nothing_away(self):
        sent = self.send()
        self.confirm(self.token(sent))
        self.FromAddress._verification_bounced([sent["message_id"]])
        self.assertTrue(self.sales.is_usable)


@tagged("post_install", "-at_install")
class TestVerificationPage(VerificationCase, HttpCase):
    """The page that a link opens, for somebody who is not logged in."""

    def setUp(self):
        super().setUp()
        self.link = PATH + self.token(self.send())
        self.env.flush_all()

    def page(self, link=None, data=None):
        response = self.url_open(link or self.link, data=data, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def status_of(self, response):
        (card,) = html.fromstring(response.content).find_class("o_helpdesk_from_verification")
        return card.get("data-status")

    def csrf_token(self, response):
        (field,) = html.fromstring(response.content).xpath("//input[@name='csrf_token']")
        return field.get("value")

    def test_opening_changes_nothing(self):
        for _time in range(2):
            response = self.page()
            self.assertEqual(response.status_code, 200)
            self.assertEqual(self.status_of(response), "open")
        self.assertEqual(self.opener.head(self.base_url() + self.link).status_code, 200)
        self.assertEqual(self.sales.state, "sent")
        self.assertIn(SALES, response.text)
        self.assertIn("width=device-width", response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")

    def test_the_button_confirms_once(self):
        data = {"csrf_token": self.csrf_token(self.page())}
        response = self.page(data=data)
        self.assertEqual(self.status_of(response), "confirmed")
        self.assertEqual(self.sales.state, "verified")
        self.assertEqual(self.status_of(self.page(data=data)), "used")
        self.assertEqual(self.status_of(self.page()), "used")

    @mute_logger("odoo.http")
    def test_a_form_of_another_site_does_not(self):
        self.page()
        for data in ({"x": "y"}, {"csrf_token": "made-up"}):
            self.assertEqual(self.page(data=data).status_code, 400)
        self.assertEqual(self.sales.state, "sent")

    def test_each_state_has_its_page(self):
        self.sales.email = "other@acorn-tests.example"
        self.assertEqual(self.status_of(self.page()), "changed")
        self.sales.email = SALES
        self.assertEqual(self.status_of(self.page()), "void")
        self.sales.unlink()
        self.assertEqual(self.status_of(self.page()), "gone")
        response = self.page(self.link[:-8])
        self.assertEqual(response.status_code, 404)
        self.assertEqual(self.status_of(response), "unknown")

    def test_an_expired_link(self):
        self.Verification.search([]).expires = fields.Datetime.now() - timedelta(seconds=1)
        self.env.flush_all()
        response = self.page()
        self.assertEqual(self.status_of(response), "expired")
        self.assertNotIn('csrf_token" value', response.text)

    def test_the_log_does_not_keep_the_link(self):
        # Odoo gives the name INFO to a level of its own
        with self.assertLogs("werkzeug", logging.INFO) as requests:
            self.page()
        token = self.link.removeprefix(PATH)
        self.assertTrue([line for line in requests.output if PATH in line])
        self.assertFalse([line for line in requests.output if token in line])
        with self.assertLogs("odoo.http", logging.WARNING) as refused:
            self.page(data={"x": "y"})
        self.assertFalse([line for line in refused.output if token in line])
