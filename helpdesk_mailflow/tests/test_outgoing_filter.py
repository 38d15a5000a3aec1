# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Nothing about tickets is sent to our own addresses or to filtered ones, on any road."""

import email
import time
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..mailflow.wildcard import LONGEST
from ..models import own_mail
from .common import DOMAIN, MailflowCase, mail

FILTERED = "jane@bounce.example"
OTHER = "marta@acorn-tests.example"


class OutgoingFilterCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Filter = cls.env["helpdesk.outgoing.filter"]
        cls.rule = cls.Filter.create({"pattern": "*@bounce.example", "note": "Never read"})
        cls.filtered = cls.make_contact("Jane", FILTERED)
        cls.customer = cls.make_contact("Marta", OTHER)
        cls.ticket = cls.env["helpdesk.ticket"].create(
            {
                "name": "The printer burns",
                "description": "<p>It smells of smoke.</p>",
                "partner_id": cls.customer.id,
                "team_id": cls.team.id,
                "company_id": cls.company.id,
                "support_alias_id": cls.support.id,
            }
        )

    @classmethod
    def make_from_address(cls, address, **values):
        return (
            cls.env["helpdesk.from.address"]
            .with_context(mailflow_by_system=True)
            .create(
                {
                    "email": address,
                    "company_id": cls.company.id,
                    "state": "verified",
                    "proof": "mail",
                    **values,
                }
            )
        )

    def sent_to(self):
        """Addresses that anything was sent to."""
        return sorted(
            address
            for sent in self._mails
            for each in (*sent["email_to"], *(sent["email_cc"] or ()))
            for address in [email.utils.parseaddr(each)[1]]
        )

    def suppressed(self, *emails, company=None):
        found = self.Filter._suppressed(emails, self.company if company is None else company)
        return {address: why.code for address, why in found.items()}

    def notes(self, message):
        return {each["values"]["address"]: each["code"] for each in message.helpdesk_notes or []}

    def check_told(self, message, address, code, partner=None):
        """The message shows that it was not sent there, and that this is no error."""
        self.assertEqual(self.notes(message).get(address), code)
        notification = message.notification_ids.filtered(
            lambda each: (
                each.res_partner_id == partner if partner else each.mail_email_address == address
            )
        )
        self.assertEqual(notification.notification_status, "canceled")
        self.assertEqual(notification.failure_type, "mailflow_filter")
        self.assertIn(address, notification.failure_reason)
        self.assertFalse(message.has_error)


@tagged("post_install", "-at_install")
class TestSuppressed(OutgoingFilterCase):
    """Which addresses are filtered, and why."""

    def test_managers_add_addresses_and_patterns(self):
        self.Filter.create({"pattern": "Kim <Kim@Quiet.example>"})
        self.assertEqual(
            self.suppressed(FILTERED, "kim@quiet.example", "KIM@quiet.example", OTHER),
            {
                FILTERED: "withheld_filter",
                "kim@quiet.example": "withheld_filter",
                "KIM@quiet.example": "withheld_filter",
            },
        )

    def test_support_aliases_are_in_it(self):
        self.support.external_address_ids = [(0, 0, {"email": "help@zylker.example"})]
        self.support.alias_name = "care"
        self.assertEqual(
            self.suppressed(
                f"care@{DOMAIN}",
                f"support@{DOMAIN}",  # in the past
                f"Care+4711@{DOMAIN}",
                "help@zylker.example",
                "help+x@zylker.example",
            ),
            dict.fromkeys(
                (
                    f"care@{DOMAIN}",
                    f"support@{DOMAIN}",
                    f"Care+4711@{DOMAIN}",
                    "help@zylker.example",
                    "help+x@zylker.example",
                ),
                "withheld_alias",
            ),
        )
        why = self.Filter._suppressed(["help@zylker.example"], self.company)
        self.assertEqual(why["help@zylker.example"].values["alias"], "Support")

    def test_mailboxes_of_scanners_are_in_it(self):
        scanner = self.env["fetchmail.server"].create(
            {
                "name": "Old mailbox",
                "is_scanner": True,
                "server_type": "imap",
                "server": "imap.zylker.example",
                "user": "Mailbox@zylker.example",
                "company_id": self.company.id,
            }
        )
        box = "mailbox@zylker.example"
        self.assertEqual(self.suppressed(box), {box: "withheld_scanner"})
        scanner.active = False
        self.assertFalse(self.suppressed(box))

    def test_odoos_own_server_that_makes_tickets_is_in_it(self):
        self.env["fetchmail.server"].create(
            {
                "name": "Stock",
                "server_type": "imap",
                "user": "stock@zylker.example",
                "object_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
            }
        )
        self.assertEqual(
            self.suppressed("stock@zylker.example"), {"stock@zylker.example": "withheld_scanner"}
        )

    def test_verified_from_addresses_are_in_it(self):
        self.make_from_address("billing@zylker.example")
        self.env["helpdesk.from.address"].create(
            {"email": "unproven@zylker.example", "company_id": self.company.id}
        )
        self.assertEqual(
            self.suppressed("billing@zylker.example", "unproven@zylker.example"),
            {"billing@zylker.example": "withheld_from"},
        )

    def test_a_user_that_we_may_send_as_still_gets_mail(self):
        user = self.make_user("mf-kim", email="kim@zylker.example")
        self.make_from_address("kim@zylker.example")
        self.assertFalse(self.suppressed("kim@zylker.example"))
        find = self.env["mail.alias.domain"]._find_aliases
        self.assertFalse(find(["kim@zylker.example"]))
        user.active = False
        self.assertEqual(
            self.suppressed("kim@zylker.example"), {"kim@zylker.example": "withheld_from"}
        )
        self.assertEqual(find(["kim@zylker.example"]), ["kim@zylker.example"])

    def test_a_users_address_that_opens_tickets_gets_none(self):
        self.make_user("mf-kim", email="kim@zylker.example")
        self.make_from_address("kim@zylker.example")
        self.support.external_address_ids = [(0, 0, {"email": "kim@zylker.example"})]
        self.assertEqual(
            self.suppressed("kim@zylker.example"), {"kim@zylker.example": "withheld_alias"}
        )

    def test_what_odoo_itself_receives_is_in_it(self):
        self.assertEqual(
            self.suppressed(f"bounce@{DOMAIN}", f"catchall@{DOMAIN}"),
            {f"bounce@{DOMAIN}": "withheld_domain", f"catchall@{DOMAIN}": "withheld_domain"},
        )

    def test_other_aliases_that_open_tickets_are_in_it(self):
        self.env["mail.alias"].create(
            {
                "alias_name": "tickets",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
            }
        )
        self.env["mail.alias"].create(
            {
                "alias_name": "sales",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("crm.lead"),
            }
        )
        self.assertEqual(
            self.suppressed(f"tickets@{DOMAIN}", f"sales@{DOMAIN}"),
            {f"tickets@{DOMAIN}": "withheld_odoo"},
        )

    def test_a_domain_is_the_same_in_unicode_and_in_ascii(self):
        self.support.external_address_ids = [(0, 0, {"email": "help@müller.example"})]
        self.Filter.create({"pattern": "*@xn--bcher-kva.example"})
        self.assertEqual(
            self.suppressed("help@xn--mller-kva.example", "x@bücher.example"),
            {
                "help@xn--mller-kva.example": "withheld_alias",
                "x@bücher.example": "withheld_filter",
            },
        )

    def test_an_address_is_the_same_however_it_is_written(self):
        """Mail servers take a dot behind the domain and quotes around the local part away."""
        self.Filter.create({"pattern": "bob@acorn-tests.example"})
        ours = (
            f"support@{DOMAIN}.",
            f'"support"@{DOMAIN}',
            f'"Sup\\port+x"@{DOMAIN}.',
        )
        self.assertEqual(
            self.suppressed(*ours, '"bob"@acorn-tests.example.'),
            {
                **dict.fromkeys(ours, "withheld_alias"),
                '"bob"@acorn-tests.example.': "withheld_filter",
            },
        )
        Domain = self.env["mail.alias.domain"]
        self.assertEqual(Domain._find_aliases(list(ours)), list(ours), "no contact is made of it")
        self.assertFalse(self.suppressed(f'"other"@{DOMAIN}', '""@acorn-tests.example', '"@x.'))

    def test_of_another_company_only_for_that_company(self):
        other = self.make_company("Branch office")
        self.Filter.create({"pattern": "branch@quiet.example", "company_id": other.id})
        self.Filter.create({"pattern": "all@quiet.example", "company_id": False})
        for company, met in ((self.company, {"all"}), (other, {"all", "branch"})):
            found = self.suppressed("all@quiet.example", "branch@quiet.example", company=company)
            self.assertEqual({each.partition("@")[0] for each in found}, met)
        self.assertEqual(
            self.suppressed(FILTERED, "all@quiet.example", company=self.env["res.company"]),
            {"all@quiet.example": "withheld_filter"},
        )

    def test_own_addresses_of_all_companies_are_in_it(self):
        other = self.make_company("Branch office")
        self.make_alias("Branch", "branch", company_id=other.id)
        self.assertEqual(
            self.suppressed(f"branch@{DOMAIN}"), {f"branch@{DOMAIN}": "withheld_alias"}
        )

    def test_archived_rows_do_not_count(self):
        self.rule.active = False
        self.assertFalse(self.suppressed(FILTERED))

    def test_what_a_mail_is_meant_for_is_allowed(self):
        own = f"support@{DOMAIN}"
        self.assertFalse(self.Filter._suppressed([own], self.company, allow={own.upper()}))

    def test_one_query_for_many_addresses(self):
        self.Filter.create([{"pattern": f"*@quiet-{number}.example"} for number in range(50)])
        emails = [f"x@quiet-{number}.example" for number in range(100)]
        self.Filter._suppressed(emails, self.company)
        with self.assertQueryCount(1):
            self.assertEqual(len(self.Filter._suppressed(emails, self.company)), 50)

    def test_no_addresses_no_query(self):
        with self.assertQueryCount(0):
            self.assertFalse(self.Filter._suppressed(["", False, "nobody"], self.company))

    def test_hostile_addresses_are_asked_about_without_an_error(self):
        for address in (
            "@",
            "a@",
            "@b",
            "a@..",
            "ü@ü" * 100,
            "%@%",
            "x'--@y",
            "a@\udcff",
            "\x00@x",
        ):
            with self.subTest(address):
                self.assertFalse(self.suppressed(address))

    def test_hostile_patterns_take_no_time(self):
        pattern = "*" + "?a*" * 100 + "@x.example"
        self.Filter.create({"pattern": pattern})
        begin = time.perf_counter()
        self.assertFalse(self.suppressed("a" * 300 + "@y.example"))
        self.assertLess(time.perf_counter() - begin, 1)


@tagged("post_install", "-at_install")
class TestRoads(OutgoingFilterCase):
    """Every road that a mail about a ticket can take."""

    def test_a_follower(self):
        self.ticket._message_subscribe((self.filtered | self.customer).ids)
        with self.mock_mail_gateway():
            message = self.ticket.message_post(
                body="Try water.", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        self.assertEqual(self.sent_to(), [OTHER])
        self.check_told(message, FILTERED, "withheld_filter", self.filtered)
        self.assertEqual(
            message.notification_ids.filtered(
                lambda each: each.res_partner_id == self.customer
            ).notification_status,
            "sent",
        )

    def test_who_is_mentioned_or_written_to(self):
        own = self.make_contact("Our own support", f"support+x@{DOMAIN}")
        with self.mock_mail_gateway():
            message = self.ticket.message_post(
                body="Try water.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=(own | self.customer).ids,
                outgoing_email_to=FILTERED,
            )
        self.assertEqual(self.sent_to(), [OTHER])
        self.check_told(message, f"support+x@{DOMAIN}", "withheld_alias", own)
        self.check_told(message, FILTERED, "withheld_filter")

    def test_nobody_is_left(self):
        with self.mock_mail_gateway():
            message = self.ticket.message_post(
                body="Try water.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.filtered.ids,
            )
        self.assertFalse(self._mails)
        self.check_told(message, FILTERED, "withheld_filter", self.filtered)

    def test_a_message_that_is_scheduled(self):
        """It is asked about when it leaves."""
        later = fields.Datetime.now() + timedelta(hours=1)
        message = self.ticket.message_post(
            body="Try water.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=(self.filtered | self.customer).ids,
            scheduled_date=later,
        )
        self.assertFalse(message.notification_ids)
        self.rule.active = False
        self.Filter.create({"pattern": OTHER})
        with self.mock_mail_gateway(), freeze_time(later + timedelta(minutes=1)):
            self.env["mail.message.schedule"]._send_notifications_cron()
            self.assertEqual(self.sent_to(), [FILTERED])
        self.check_told(message, OTHER, "withheld_filter", self.customer)

    def test_a_note_to_a_colleague(self):
        self.Filter.create({"pattern": "colleague@quiet.example"})
        user = self.make_user("mf-colleague", email="colleague@quiet.example")
        user.notification_type = "email"
        with self.mock_mail_gateway():
            self.ticket.message_post(body="Look!", partner_ids=user.partner_id.ids)
        self.assertFalse(self._mails)

    def test_a_colleague_who_reads_in_odoo_is_told_there(self):
        self.Filter.create({"pattern": "colleague@quiet.example"})
        user = self.make_user("mf-colleague", email="colleague@quiet.example")
        user.notification_type = "inbox"
        message = self.ticket.message_post(body="Look!", partner_ids=user.partner_id.ids)
        self.assertEqual(message.notification_ids.notification_type, "inbox")
        self.assertFalse(message.helpdesk_notes)

    def test_the_composer(self):
        for mode in ("comment", "mass_mail"):
            with self.subTest(mode), self.mock_mail_gateway():
                composer = (
                    self.env["mail.compose.message"]
                    .with_context(
                        default_model="helpdesk.ticket",
                        default_res_ids=self.ticket.ids,
                        default_composition_mode=mode,
                        default_partner_ids=(self.filtered | self.customer).ids,
                        default_force_send=True,
                    )
                    .create({"body": "<p>Try water.</p>", "subject": "Re: fire"})
                )
                composer._action_send_mail()
                self.assertNotIn(FILTERED, self.sent_to())

    def test_a_template(self):
        template = self.env["mail.template"].create(
            {
                "name": "Received",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "We got it",
                "body_html": "<p>We got it.</p>",
                "email_to": f'"Jane" <{FILTERED}>, {OTHER}',
                "email_cc": f"support@{DOMAIN}",
                "use_default_to": False,
                "auto_delete": True,
            }
        )
        with self.mock_mail_gateway():
            sent = template.send_mail(self.ticket.id, force_send=True)
        self.assertEqual(self.sent_to(), [OTHER])
        message = self.env["mail.mail"].browse(sent).mail_message_id
        self.assertEqual(
            self.notes(message),
            {FILTERED: "withheld_filter", f"support@{DOMAIN}": "withheld_alias"},
        )

    def test_a_template_to_nobody_else_is_cancelled(self):
        template = self.env["mail.template"].create(
            {
                "name": "Received",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "body_html": "<p>We got it.</p>",
                "email_to": FILTERED,
                "use_default_to": False,
                "auto_delete": True,
            }
        )
        with self.mock_mail_gateway():
            sent = template.send_mail(self.ticket.id, force_send=True, raise_exception=True)
        self.assertFalse(self._mails)
        mail_mail = self.env["mail.mail"].browse(sent)
        self.assertEqual(mail_mail.state, "cancel")
        self.assertIn("*@bounce.example", mail_mail.failure_reason)
        self.check_told(mail_mail.mail_message_id, FILTERED, "withheld_filter")
        self.assertIn(mail_mail.mail_message_id, self.ticket.message_ids)

    def test_a_stage_with_a_template(self):
        template = self.env["mail.template"].create(
            {
                "name": "In progress",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "body_html": "<p>We work on it.</p>",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        self.ticket.partner_id = self.filtered
        stage = self.env["helpdesk.ticket.stage"].create(
            {"name": "Burning", "mail_template_id": template.id}
        )
        with self.mock_mail_gateway():
            self.ticket.stage_id = stage
            self.flush_tracking()
        self.assertFalse(self._mails)

    def test_the_queue(self):
        """What was put on the list after a mail was written counts, too."""
        queued = self.env["mail.mail"].create(
            [
                {
                    "model": "helpdesk.ticket",
                    "res_id": self.ticket.id,
                    "body_html": "<p>x</p>",
                    "email_to": address,
                    "email_from": f"support@{DOMAIN}",
                }
                for address in ("late@quiet.example", OTHER)
            ]
        )
        self.Filter.create({"pattern": "late@quiet.example"})
        with self.mock_mail_gateway():
            self.env["mail.mail"].process_email_queue(queued.ids)
            self.assertEqual(self.sent_to(), [OTHER])
        self.assertEqual(queued[0].state, "cancel")

    def test_a_contact_with_two_addresses(self):
        self.filtered.email = f"{FILTERED}, jane@acorn-tests.example"
        queued = self.env["mail.mail"].create(
            {
                "model": "helpdesk.ticket",
                "res_id": self.ticket.id,
                "body_html": "<p>x</p>",
                "recipient_ids": [(6, 0, self.filtered.ids)],
                "email_from": f"support@{DOMAIN}",
                "headers": repr(own_mail.stamp_header(self.env, "answer", self.ticket.id)),
            }
        )
        with self.mock_smtplib_connection():
            queued.send()
        self.assertEqual(queued.state, "sent")
        self.assertEqual(
            [each["smtp_to_list"] for each in self.emails], [["jane@acorn-tests.example"]]
        )

    def test_a_mail_with_our_stamp_that_belongs_to_no_ticket(self):
        queued = self.env["mail.mail"].create(
            {
                "body_html": "<p>x</p>",
                "email_to": FILTERED,
                "headers": repr(own_mail.stamp_header(self.env, "automatic", 0)),
            }
        )
        with self.mock_mail_gateway():
            queued.send()
        self.assertFalse(self._mails)
        self.assertEqual(queued.state, "cancel")

    def test_what_came_past_everything_else_is_stopped_at_the_server(self):
        message = self.env["ir.mail_server"]._build_email__(
            f"support@{DOMAIN}",
            [FILTERED, OTHER],
            "x",
            "x",
            email_cc=[f"support@{DOMAIN}"],
            email_bcc=[f"catchall@{DOMAIN}"],
            headers=own_mail.stamp_header(self.env, "answer", self.ticket.id),
        )
        self.assertEqual(self.env["ir.mail_server"]._prepare_smtp_to_list(message, None), [OTHER])

    # ------------------------------------------------------------
    # WHAT IS MEANT FOR US
    # ------------------------------------------------------------

    def test_verification_and_test_mails_go_to_our_own_addresses(self):
        for purpose in ("verification", "test"):
            with self.subTest(purpose):
                queued = self.env["mail.mail"].create(
                    {
                        "body_html": "<p>x</p>",
                        "email_to": f"support@{DOMAIN}",
                        "email_from": f"support@{DOMAIN}",
                        "headers": repr(own_mail.stamp_header(self.env, purpose, 1)),
                    }
                )
                with self.mock_mail_gateway():
                    queued.send()
                    self.assertEqual(self.sent_to(), [f"support@{DOMAIN}"])
                message = self.env["ir.mail_server"]._build_email__(
                    "a@b.example",
                    [f"support@{DOMAIN}"],
                    "x",
                    "x",
                    headers=own_mail.stamp_header(self.env, purpose, 1),
                )
                self.assertEqual(
                    self.env["ir.mail_server"]._prepare_smtp_to_list(message, None),
                    [f"support@{DOMAIN}"],
                )

    def test_a_stamp_that_is_not_ours_allows_nothing(self):
        queued = self.env["mail.mail"].create(
            {
                "model": "helpdesk.ticket",
                "res_id": self.ticket.id,
                "body_html": "<p>x</p>",
                "email_to": f"support@{DOMAIN}",
                "headers": repr({own_mail.HEADER: "test; 1; " + "0" * 32}),
            }
        )
        with self.mock_mail_gateway():
            queued.send()
        self.assertFalse(self._mails)

    # ------------------------------------------------------------
    # OTHER PARTS OF ODOO
    # ------------------------------------------------------------

    def test_mail_of_other_apps_is_sent(self):
        lead = self.env["crm.lead"].create({"name": "Ten printers"})
        with self.mock_mail_gateway():
            lead.message_post(
                body="Our offer.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.filtered.ids,
            )
        self.assertEqual(self.sent_to(), [FILTERED])

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_refusals_of_the_gateway_never_go_to_our_own_addresses(self):
        """A mail to the catchall address is refused by Odoo's gateway."""
        for sender, answered in (
            (f"support@{DOMAIN}", []),
            (FILTERED, []),
            (OTHER, [OTHER]),
        ):
            with self.subTest(sender), self.mock_mail_gateway():
                self.env["mail.thread"].message_process(
                    False, mail(from_=sender, to=f"catchall@{DOMAIN}")
                )
                self.assertEqual(self.sent_to(), answered)


@tagged("post_install", "-at_install")
class TestAnswers(OutgoingFilterCase):
    """An agent's answer, as it is handed to the mail server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = f"support@{DOMAIN}"
        cls.make_from_address(cls.own)
        cls.agent = cls.make_user("mf-brad", "helpdesk_mgmt.group_helpdesk_user")
        cls.env["ir.mail_server"].create(
            {"name": "Odoo's", "smtp_host": "smtp.corp.test", "smtp_encryption": "none"}
        )

    def answer(self, **values):
        values.setdefault("partner_ids", self.customer.ids)
        with self.sent_mails() as sent:
            message = self.ticket.with_user(self.agent).message_post(
                body="Pull the plug.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                **values,
            )
        return message.sudo(), sent

    def test_cc_and_bcc(self):
        message, (sent,) = self.answer(
            helpdesk_cc=f"Olle <olle@acorn-tests.example>, {FILTERED}",
            helpdesk_bcc=f"{self.own}, boss@corp.test",
        )
        self.assertEqual(
            set(sent.recipients), {OTHER, "olle@acorn-tests.example", "boss@corp.test"}
        )
        self.assertNotIn(FILTERED, str(sent))
        self.check_told(message, FILTERED, "withheld_filter")
        self.check_told(message, self.own, "withheld_alias")
        self.assertIn("*@bounce.example", " ".join(message._mailflow_sentences()))

    def test_only_a_copy_is_left(self):
        self.ticket.partner_id = self.filtered
        message, (sent,) = self.answer(
            partner_ids=self.filtered.ids, helpdesk_cc="olle@acorn-tests.example"
        )
        self.assertEqual(sent.recipients, ("olle@acorn-tests.example",))
        self.check_told(message, FILTERED, "withheld_filter", self.filtered)

    def test_nobody_is_left(self):
        self.ticket.partner_id = self.filtered
        message, sent = self.answer(partner_ids=self.filtered.ids)
        self.assertFalse(sent)
        self.check_told(message, FILTERED, "withheld_filter", self.filtered)

    def test_the_copy_to_the_support_address_goes_out(self):
        self.company.helpdesk_auto_cc = True
        message, (sent,) = self.answer()
        self.assertEqual(set(sent.recipients), {OTHER, self.own})
        self.assertFalse(message.helpdesk_notes)

    def test_the_copy_comes_back_and_opens_no_ticket(self):
        self.company.helpdesk_auto_cc = True
        _message, (sent,) = self.answer()
        row = self.take(sent.message.as_bytes())
        self.assertEqual(row.state, "ignored", row.why)
        self.assertIn("own_answer", self.codes(row))

    def test_no_copy_of_a_mail_that_went_to_nobody(self):
        """What was put on the list while the mail waited."""
        self.company.helpdesk_auto_cc = True
        message = self.ticket.with_user(self.agent).with_context(mail_notify_force_send=False)
        message = message.message_post(
            body="Pull the plug.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.customer.ids,
        )
        waiting = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        self.assertIn(self.own, waiting.email_cc)
        self.Filter.create({"pattern": OTHER})
        with self.sent_mails() as sent:
            waiting.send()
        self.assertFalse(sent)
        self.assertEqual(waiting.state, "cancel")
        self.check_told(message.sudo(), OTHER, "withheld_filter", self.customer)

    def test_bcc_of_a_mail_that_waited(self):
        message = self.ticket.with_user(self.agent).with_context(mail_notify_force_send=False)
        message = message.message_post(
            body="Pull the plug.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.customer.ids,
            helpdesk_bcc="boss@corp.test, spy@corp.test",
        )
        waiting = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        self.Filter.create({"pattern": "spy@*.test"})
        with self.sent_mails() as sent:
            waiting.send()
        self.assertEqual(set(sent[0].recipients), {OTHER, "boss@corp.test"})
        self.check_told(message.sudo(), "spy@corp.test", "withheld_filter")


@tagged("post_install", "-at_install")
class TestFilterRows(OutgoingFilterCase):
    """Who may write what into the filter."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_company("Branch office")
        cls.manager = cls.make_user("mf-filter-manager", "helpdesk_mgmt.group_helpdesk_manager")
        cls.agent = cls.make_user("mf-filter-agent", "helpdesk_mgmt.group_helpdesk_user")
        cls.system = cls.make_user("mf-filter-system", "base.group_system")

    def test_what_was_typed_is_kept_as_it_is_compared(self):
        for typed, kept in (
            ("  Kim <KIM@Quiet.example> ", "kim@quiet.example"),
            ("@Quiet.example", "*@quiet.example"),
            ("No-Reply*@*.quiet.example", "no-reply*@*.quiet.example"),
            ("bounce-????@quiet.example", "bounce-????@quiet.example"),
        ):
            with self.subTest(typed):
                self.assertEqual(self.Filter.create({"pattern": typed}).pattern, kept)

    def test_patterns_of_everybody_are_refused_also_on_import(self):
        for pattern in ("*", "**", "?*", "*@*", "*@*.*", "*@*.com", "?@?", "*@*.co.uk"):
            with self.subTest(pattern):
                with self.assertRaisesRegex(ValidationError, "matches nearly every address"):
                    self.Filter.create({"pattern": pattern})
                with self.assertRaises(ValidationError):
                    self.rule.pattern = pattern
                result = self.Filter.load(["pattern"], [[pattern]])
                self.assertFalse(result["ids"])
                self.assertIn("matches nearly every address", result["messages"][0]["message"])

    def test_what_is_no_address_is_refused(self):
        for pattern in (
            "",
            "jane",
            "jane*",
            "a@b@c*",
            "*@quiet.example, x@y.example",
            "* @quiet.example",
            "*@quiet.example\nBcc: x",
            '"*"@quiet.example',
            "*" * (LONGEST - 5) + "@quiet.example",
        ):
            with self.subTest(pattern), self.assertRaises(ValidationError):
                self.Filter.create({"pattern": pattern})

    @mute_logger("odoo.sql_db")
    def test_nothing_is_in_it_twice(self):
        with self.assertRaisesRegex(Exception, "outgoing_filter"), self.env.cr.savepoint():
            self.Filter.create({"pattern": "*@BOUNCE.example"})
        self.rule.active = False
        self.rule.flush_recordset()
        self.Filter.create({"pattern": "*@bounce.example"})

    def test_managers_keep_those_of_their_companies(self):
        rows = self.Filter.with_user(self.manager)
        mine = rows.create({"pattern": "*@quiet.example"})
        self.assertEqual(mine.company_id, self.company)
        self.assertEqual(mine.create_uid, self.manager)
        mine.note = "They asked for it"
        mine.unlink()
        theirs = self.Filter.create({"pattern": "x@y.example", "company_id": self.other.id})
        self.assertNotIn(theirs, rows.search([]))
        with self.assertRaises(AccessError):
            theirs.with_user(self.manager).pattern = "z@y.example"

    def test_those_for_all_companies_are_a_system_admins(self):
        of_all = self.Filter.with_user(self.system).create(
            {"pattern": "x@y.example", "company_id": False}
        )
        mine = of_all.with_user(self.manager)
        self.assertEqual(mine.pattern, "x@y.example")
        with self.assertRaisesRegex(AccessError, "all companies"):
            mine.active = False
        with self.assertRaisesRegex(AccessError, "all companies"):
            mine.unlink()
        with self.assertRaisesRegex(AccessError, "all companies"):
            self.Filter.with_user(self.manager).create(
                {"pattern": "z@y.example", "company_id": False}
            )
        with self.assertRaisesRegex(AccessError, "all companies"):
            self.rule.with_user(self.manager).company_id = False

    def test_agents_keep_nothing(self):
        with self.assertRaises(AccessError):
            self.Filter.with_user(self.agent).create({"pattern": "x@y.example"})
        with self.assertRaises(AccessError):
            self.Filter.with_user(self.agent).search([])

    def test_agents_are_held_to_it_all_the_same(self):
        with self.mock_mail_gateway():
            message = self.ticket.with_user(self.agent).message_post(
                body="Try water.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.filtered.ids,
            )
        self.assertFalse(self._mails)
        self.check_told(message.sudo(), FILTERED, "withheld_filter", self.filtered)

    def test_a_form_says_whom_a_pattern_meets(self):
        with Form(self.Filter.with_user(self.manager)) as form:
            form.pattern = "@acorn-tests.example"
            self.assertEqual(form.pattern, "*@acorn-tests.example")
        result = self.Filter.new({"pattern": "*@acorn-tests.example"})._onchange_pattern()
        self.assertIn("Marta", result["warning"]["message"])
        result = self.Filter.new({"pattern": self.manager.email})._onchange_pattern()
        self.assertIn("Colleagues", result["warning"]["message"])
        result = self.Filter.new({"pattern": "*"})._onchange_pattern()
        self.assertIn("nearly every address", result["warning"]["message"])
        self.assertFalse(self.Filter.new({"pattern": "x@y.example"})._onchange_pattern())

    def test_managers_see_own_addresses_and_where_they_come_from(self):
        self.make_from_address("billing@zylker.example", friendly_name="Billing")
        branch = self.make_alias("Branch", "branch", company_id=self.other.id)
        Own = self.env["helpdesk.own.address"].with_user(self.manager)
        seen = {each.email: (each.kind, each.source) for each in Own.search([])}
        self.assertEqual(seen[f"support@{DOMAIN}"], ("alias", "Support"))
        self.assertEqual(seen["billing@zylker.example"], ("from", "Billing"))
        self.assertEqual(seen[f"catchall@{DOMAIN}"], ("domain", DOMAIN))
        self.assertNotIn(branch.email, seen)
        with self.assertRaises(AccessError):
            Own.search([], limit=1).unlink()
        self.assertFalse(self.Filter.search([("pattern", "=", f"support@{DOMAIN}")]))
