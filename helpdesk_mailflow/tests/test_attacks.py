# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import psycopg2

from odoo.exceptions import ValidationError
from odoo.tools import mute_logger

from odoo.addons.helpdesk_mgmt.models.helpdesk_ticket import HelpdeskTicket

from .common import DOMAIN, MARTA, MailflowCase, bounce, mail

INTAKE = "odoo.addons.helpdesk_mailflow.models.intake"


class TestAttacks(MailflowCase):
    """What a stranger tries with nothing but mail, and a manager with another company's."""

    def test_an_agent_s_address_and_a_number_send_nothing_to_the_customer(self):
        agent = self.make_user(
            "agent", "helpdesk_mgmt.group_helpdesk_user", email="agent@corp.example"
        )
        self.team.user_ids = agent
        ticket = self.take_ticket(mail())
        with self.mock_mail_gateway():
            row = self.take(
                mail(subject=f"[#{ticket.number}] pay here", from_="Agent <agent@corp.example>")
            )
            self.assertFalse(self._new_mails.filtered(lambda each: each.res_id == ticket.id))
        self.assertEqual(row.ticket_ids, ticket)
        self.assertTrue(row.delivery_ids.message_id.is_internal)
        self.assertIn("thread_tag_agent", self.codes(row))

    def test_two_addresses_in_one_do_not_reach_a_contact(self):
        self.take_ticket(mail(from_="Victim <victim@x-tests.example>"))
        self.take(mail(from_="Vic <victim@x-tests.example,attacker@evil.example>"))
        ticket = self.take_ticket(mail(from_="Victim <victim@x-tests.example>"))
        self.assertEqual(ticket.partner_id.email, "victim@x-tests.example")
        self.assertFalse(self.env["res.partner"].search([("email", "like", "%,%evil.example")]))

    def test_a_sender_who_writes_very_much_gets_no_automatic_answer(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "3")
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
        answered = 0
        for _number in range(6):
            with self.mock_mail_gateway():
                ticket = self.take_ticket(mail())
                self.flush_tracking()
            answered += "We have it" in ticket.message_ids.mapped("subject")
        self.assertEqual(answered, 3)

    def test_what_the_database_refuses_is_the_fault_of_that_mail_alone(self):
        create = HelpdeskTicket.create

        def too_large(model, vals_list):
            if any(vals["name"] == "Bad" for vals in vals_list):
                model.env.cr.execute(
                    "CREATE TEMP TABLE too_large (t text); CREATE INDEX ON too_large (t);"
                    "INSERT INTO too_large SELECT string_agg(md5(n::text), '')"
                    " FROM generate_series(1, 1000) n"
                )
            return create(model, vals_list)

        self.patch(HelpdeskTicket, "create", too_large)
        with mute_logger(INTAKE, "odoo.sql_db"):
            rows = self.take_batch(mail(), mail(subject="Bad"), mail())
        self.assertEqual(rows.mapped("state"), ["done", "failed", "done"])

    def test_contacts_of_another_company_do_not_follow(self):
        other = self.make_company("Second")
        theirs = self.make_contact("Theirs", "sb@cust-tests.example", company_id=other.id)
        ours = self.make_contact("Ours", "sa@cust-tests.example")
        ticket = self.take_ticket(
            mail(to=f"support@{DOMAIN}, sa@cust-tests.example, sb@cust-tests.example")
        )
        self.assertIn(ours, ticket.message_partner_ids)
        self.assertNotIn(theirs, ticket.message_partner_ids)

    def test_a_crowd_does_not_follow(self):
        for number in range(40):
            self.make_contact(f"P{number}", f"p{number}@crowd-tests.example")
        crowd = ", ".join(f"p{number}@crowd-tests.example" for number in range(40))
        ticket = self.take_ticket(mail(to=f"support@{DOMAIN}, {crowd}"))
        self.assertLessEqual(len(ticket.message_partner_ids), 21)

    def test_what_odoo_alone_reads_as_ours_has_a_row(self):
        many = ", ".join(f"r{number}@crowd-tests.example" for number in range(1100))
        for to in (f'"support"@{DOMAIN}', f"support @{DOMAIN}", f"{many}, support@{DOMAIN}"):
            with self.subTest(to=to[:30]):
                self.assertEqual(len(self.take(mail(to=to))), 1)

    def test_a_stranger_with_the_message_id_of_our_answer_is_seen_by_a_person(self):
        ticket = self.take_ticket(mail())
        answer = ticket.message_post(
            body="Here", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        row = self.take(mail(from_="Eve <eve@evil.example>", message_id=answer.message_id))
        self.assertEqual(row.state, "held", row.why)
        row.action_take_in()
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(len(row.ticket_ids), 1)

    def test_an_integer_is_no_message(self):
        with self.assertRaises(TypeError):
            self.env["mail.thread"].message_process(False, 4 * 10**8)

    def test_our_address_with_a_detail_is_no_contact(self):
        ticket = self.take_ticket(mail(from_=f"support+x@{DOMAIN}"))
        self.assertFalse(ticket.partner_id)

    def test_a_bounce_marks_whom_it_names(self):
        ticket = self.take_ticket(mail(from_="A <x@acme-tests.example>"))
        other = self.make_contact("B", "x@acme-tests.ex")
        with self.mock_mail_gateway():
            answer = ticket.message_post(
                body="Here",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=(ticket.partner_id | other).ids,
            )
        self.take(bounce(answer.message_id, f"support@{DOMAIN}", "x@acme-tests.example"))
        status = {each.res_partner_id: each.notification_status for each in answer.notification_ids}
        self.assertEqual(status[ticket.partner_id], "bounce")
        self.assertNotEqual(status[other], "bounce")

    def test_a_manager_cannot_divert_another_company_s_mailbox(self):
        other = self.make_company("Second")
        theirs = self.make_alias("Second", "second", company_id=other.id)
        self.env["fetchmail.server"].create(
            {
                "name": "Info",
                "is_scanner": True,
                "server": "imap.acorn-tests.example",
                "user": "info@acorn-tests.example",
                "company_id": self.company.id,
            }
        )
        for email in ("info@acorn-tests.example", f"catchall@{DOMAIN}", f"bounce@{DOMAIN}"):
            with self.subTest(email=email), self.assertRaises(ValidationError):
                self.env["helpdesk.support.alias.address"].create(
                    {"alias_id": theirs.id, "email": email}
                )

    def test_settings_do_not_destroy(self):
        for values in ({"helpdesk_keep_source_days": -1}, {"helpdesk_max_size_mb": -1}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.env["res.config.settings"].create(values)

    def test_the_same_mail_at_once_is_handed_over_once(self):
        """The index lets one process alone hand a mail to Odoo's own gateway."""
        row = self.take(mail(from_=MARTA))
        values = {
            "mail_id": row.id,
            "identity": row.identity,
            "alias_key": -1,
            "outcome": "passed_on",
        }
        Delivery = self.env["helpdesk.incoming.mail.delivery"]
        Delivery.create(values)
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            Delivery.create(values)
