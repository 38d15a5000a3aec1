# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import email
import email.policy
from unittest.mock import patch

from odoo.tools import mute_logger

from odoo.addons.helpdesk_mgmt.models.helpdesk_ticket import HelpdeskTicket
from odoo.addons.mail.models.mail_thread import MailThread

from ..models.own_mail import HEADER, read_stamp
from .common import DOMAIN, MARTA, MailflowCase, mail

INTAKE = "odoo.addons.helpdesk_mailflow.models.intake"


class SeveralPlaces(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.make_alias("Sales", "sales")
        cls.leads = cls.env["mail.alias"].create(
            {
                "alias_name": "leads",
                "alias_domain_id": cls.domain.id,
                "alias_model_id": cls.env["ir.model"]._get_id("crm.lead"),
            }
        )

    def copies(self, *recipients):
        """Copies of one mail that differ only in where a server delivered them."""
        return [
            mail(
                to="undisclosed-recipients:;",
                message_id="<one@acorn-tests.example>",
                headers=[("X-Original-To", f"{each}@{DOMAIN}")],
            )
            for each in recipients
        ]


class TestCopies(SeveralPlaces):
    """One mail to several of our addresses that do not show in each other's copy."""

    def test_a_copy_is_no_duplicate_of_one_that_failed_for_another_alias(self):
        first, second = self.copies("support", "sales")
        create = HelpdeskTicket.create

        def failing(model, vals_list):
            if any(vals.get("support_alias_id") == self.support.id for vals in vals_list):
                raise ValueError("no ticket for Support")
            return create(model, vals_list)

        with patch.object(HelpdeskTicket, "create", failing), mute_logger(INTAKE):
            failed = self.take(first)
            taken = self.take(second)
        self.assertEqual(failed.state, "failed")
        self.assertEqual(self.deliveries(taken), [("Sales", "ticket")])
        failed.action_retry()
        self.assertEqual(self.deliveries(failed), [("Support", "ticket")])

    def test_a_retried_mail_whose_copy_was_taken_in_is_a_duplicate(self):
        raw = self.copies("support")[0]
        with (
            patch.object(HelpdeskTicket, "create", side_effect=ValueError("no")),
            mute_logger(INTAKE),
        ):
            failed = self.take(raw)
        self.assertEqual(self.deliveries(self.take(raw)), [("Support", "ticket")])
        failed.action_retry()
        self.assertEqual(failed.state, "duplicate")

    def test_a_second_copy_of_what_waits_for_a_person_is_a_duplicate(self):
        self.support.intake = False
        raw = self.copies("support")[0]
        self.assertEqual(self.take(raw).state, "not_taken_in")
        self.assertEqual(self.take(raw).state, "duplicate")

    def test_two_automatic_answers_to_two_aliases_stay_in_the_ledger(self):
        raw = mail(
            to=f"support@{DOMAIN}, sales@{DOMAIN}", headers=[("Auto-Submitted", "auto-replied")]
        )
        self.assertEqual(
            {outcome for _alias, outcome in self.deliveries(self.take(raw))}, {"ledger"}
        )
        self.assertEqual(self.take(raw).state, "duplicate")

    def test_a_copy_for_sales_only_is_handed_to_odoo(self):
        ours, theirs = self.copies("support", "leads")
        self.take_ticket(ours)
        scanner_row = self.take_batch(theirs)
        self.assertEqual(scanner_row.state, "passed_on")
        # Odoo knows a Message-ID once only, whoever has it
        self.assertIn("act_passed_on_nothing", self.codes(scanner_row))

    def test_policies_of_two_teams_hold_for_their_tickets(self):
        self.team.create_contacts = "rule"
        row = self.take(mail(to=f"support@{DOMAIN}, sales@{DOMAIN}"))
        by_alias = {each.alias_id: each.ticket_id for each in row.delivery_ids}
        self.assertFalse(by_alias[self.support].partner_id)
        self.assertTrue(by_alias[self.sales].partner_id)


class TestOtherModels(SeveralPlaces):
    """A mail that concerns tickets and something else goes both ways, each once."""

    def test_a_reply_that_also_goes_to_sales_joins_its_ticket(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        row = self.take(
            mail(
                to=f"leads@{DOMAIN}",
                headers=[("In-Reply-To", "<first@acorn-tests.example>")],
            )
        )
        self.assertEqual(row.ticket_ids, ticket)
        self.assertIn("act_passed_on", self.codes(row))

    def test_a_refusal_by_the_other_part_is_marked_as_automatic(self):
        self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        self.leads.alias_contact = "followers"
        first = ("In-Reply-To", "<first@acorn-tests.example>")
        with self.sent_mails() as sent, mute_logger("odoo.addons.mail.models.mail_thread"):
            row = self.take(mail(to=f"leads@{DOMAIN}", headers=[first]))
        self.assertIn("act_passed_on_nothing", self.codes(row))
        [refusal] = sent
        self.assertEqual(refusal["Auto-Submitted"], "auto-replied")
        self.assertEqual(refusal["X-Auto-Response-Suppress"], "All")
        self.assertEqual(read_stamp(self.env, refusal[HEADER]), ("automatic", "0"))

    def test_refusals_by_aliases_are_marked_if_they_make_tickets(self):
        incoming = email.message_from_bytes(mail(), policy=email.policy.SMTP)
        values = {"email_from": MARTA, "message_id": incoming["Message-ID"], "body": "Smoke"}
        marked = {}
        for alias in (self.support.alias_id, self.leads):
            with self.sent_mails() as sent:
                alias._alias_bounce_incoming_email(incoming, values, set_invalid=False)
            [refusal] = sent
            marked[alias.alias_name] = (refusal["Auto-Submitted"], bool(refusal[HEADER]))
        self.assertEqual(marked, {"support": ("auto-replied", True), "leads": (None, False)})

    def test_odoo_has_a_mail_once_when_its_batch_is_halved(self):
        handed_over = []
        original = MailThread.message_process

        def process(model, *args, **kwargs):
            if model.env.context.get("mailflow_without_tickets"):
                handed_over.append(args[1])
            return original(model, *args, **kwargs)

        create = HelpdeskTicket.create

        def failing(model, vals_list):
            if any(vals["name"] == "Bad" for vals in vals_list):
                raise ValueError("no")
            return create(model, vals_list)

        both = mail(to=f"support@{DOMAIN}, leads@{DOMAIN}")
        mails = [both, *(mail(subject="Bad" if n == 5 else "Good") for n in range(8))]
        with (
            patch.object(MailThread, "message_process", process),
            patch.object(HelpdeskTicket, "create", failing),
            mute_logger(INTAKE),
        ):
            rows = self.take_batch(*mails)
        self.assertEqual(len(handed_over), 1)
        self.assertEqual(rows.mapped("state").count("failed"), 1)
        self.assertEqual(rows[0].state, "done")

    def test_another_alias_of_a_reply_is_named(self):
        self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        row = self.take(
            mail(
                to=f"support@{DOMAIN}, sales@{DOMAIN}",
                headers=[("In-Reply-To", "<first@acorn-tests.example>")],
            )
        )
        self.assertEqual([outcome for _alias, outcome in self.deliveries(row)], ["reply"])
        self.assertIn("decide_also_addressed", self.codes(row))


class TestNumbers(SeveralPlaces):
    """The number in a subject, for programs that strip the references."""

    def test_the_subject_that_we_send_leads_back(self):
        ticket = self.take_ticket(mail())
        with self.sent_mails() as sent:
            ticket.message_post(
                body="Pull the plug.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=ticket.partner_id.ids,
            )
        subject = sent[0]["Subject"].removeprefix("Re: ")
        self.assertIn(ticket.number, subject)
        for prefix in ("Re: ", "AW: RE[2]: ", ""):
            with self.subTest(prefix=prefix):
                row = self.take(mail(subject=f"{prefix}{subject}"))
                self.assertEqual(row.ticket_ids, ticket, row.why)

    def test_a_number_in_the_middle_of_a_sentence_is_no_tag(self):
        ticket = self.take_ticket(mail())
        row = self.take(mail(subject=f"The same as {ticket.number} - again"))
        self.assertNotEqual(row.ticket_ids, ticket)

    def test_the_same_number_in_two_companies(self):
        other = self.make_company("Second")
        theirs = self.make_alias("Second", "second", company_id=other.id)
        mine = self.take_ticket(mail())
        hers = self.take_ticket(mail(from_="Ida <ida@birch-tests.example>", to=f"second@{DOMAIN}"))
        self.assertEqual(hers.support_alias_id, theirs)
        hers.number = mine.number
        row = self.take(
            mail(subject=f"[#{mine.number}] more", from_="Ida <ida@birch-tests.example>")
        )
        self.assertEqual(row.ticket_ids, hers)

    def test_who_takes_no_part_does_not_join_by_a_reference(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        answer = [("In-Reply-To", "<first@acorn-tests.example>")]
        row = self.take(mail(from_="Eve <eve@elsewhere.example>", headers=answer))
        self.assertNotEqual(row.ticket_ids, ticket)
        self.assertIn("thread_stranger", self.codes(row))
        self.assertNotIn("thread_stranger", self.codes(self.take(mail(headers=answer))))


class TestStages(SeveralPlaces):
    def test_a_ticket_without_a_team_takes_a_stage_of_its_company(self):
        other = self.make_company("Second")
        self.make_alias("Second", "second", company_id=other.id)
        self.env["helpdesk.ticket.stage"].create(
            {"name": "First company only", "sequence": -5, "company_id": self.company.id}
        )
        ticket = self.take_ticket(mail(to=f"second@{DOMAIN}"))
        self.assertIn(ticket.stage_id.company_id, (other, other.browse()))

    def test_no_program_gets_an_automatic_answer(self):
        template = self.env["mail.template"].create(
            {
                "name": "Received",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "We have it",
                "body_html": "<p>We have it</p>",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        self.team._get_applicable_stages()[:1].mail_template_id = template
        for headers, answered in (
            ([], True),
            ([("Auto-Submitted", "auto-generated")], False),
            ([("List-Id", "<news.acorn-tests.example>")], False),
        ):
            with self.subTest(headers=headers), self.mock_mail_gateway():
                ticket = self.take_ticket(mail(headers=headers))
                self.flush_tracking()
                sent = ticket.message_ids.filtered(lambda each: each.subject == "We have it")
                self.assertEqual(bool(sent), answered)

    def closed_ticket(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        closed = ticket.team_id._get_applicable_stages().filtered("closed")
        self.assertTrue(closed)
        ticket.stage_id = closed[0]
        return ticket

    def answer(self, *headers):
        return self.take(mail(headers=[("In-Reply-To", "<first@acorn-tests.example>"), *headers]))

    def test_an_answer_through_a_mailing_list_opens_again(self):
        ticket = self.closed_ticket()
        row = self.answer(("List-Id", "<staff.acorn-tests.example>"))
        self.assertFalse(ticket.closed)
        self.assertIn("act_reopened", self.codes(row))

    def test_a_program_does_not_open_again(self):
        ticket = self.closed_ticket()
        row = self.answer(("Auto-Submitted", "auto-generated"))
        self.assertTrue(ticket.closed)
        self.assertIn("decide_stays_closed", self.codes(row))

    def test_without_an_open_stage_it_says_so(self):
        ticket = self.closed_ticket()
        ticket.team_id._get_applicable_stages().closed = True
        row = self.answer()
        self.assertTrue(ticket.closed)
        self.assertIn("act_stays_closed", self.codes(row))


class TestTakenIn(SeveralPlaces):
    def test_a_wish_to_take_in_outlives_a_failure(self):
        self.support.intake = False
        row = self.take(mail())
        with (
            patch.object(HelpdeskTicket, "create", side_effect=ValueError("no")),
            mute_logger(INTAKE),
        ):
            row.action_take_in()
        self.assertEqual(row.state, "failed")
        row.action_retry()
        self.assertEqual(self.deliveries(row), [("Support", "ticket")])

    def test_a_mail_that_leads_nowhere_names_the_first_alias(self):
        row = self.take_batch(mail(to="someone@elsewhere.example", from_=MARTA))
        self.assertIn("alias_first", self.codes(row))
