# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools.misc import file_path

from .common import DOMAIN, MARTA, BrowserCase, MailflowCase, mail

GROUP = "helpdesk_mgmt.group_helpdesk_"
BO = "bo@cedar-tests.example"
#: The server of the company's mailbox, whose reports are believed.
SERVER = "mx.mailflow.test"


def report(dmarc, domain):
    """What the server says of a sender."""
    return [("Authentication-Results", f"{SERVER}; dmarc={dmarc} header.from={domain}")]


class KnownCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.helpdesk_known_contacts_only = True
        cls.manager = cls.make_user("mailflow-manager", GROUP + "manager", email="m@office.example")
        cls.account = cls.make_contact("Cedar", "info@cedar-tests.example", is_company=True)

    def contacts(self, *emails):
        return self.env["res.partner"].search([("email_normalized", "in", emails)])

    def check_held(self, row, reason="unknown_sender"):
        self.assertEqual(row.state, "held", row.why)
        self.assertEqual(row.held_reason, reason)
        self.assertFalse(row.ticket_ids)

    def check_in(self, row, outcome="ticket"):
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(row.delivery_ids.mapped("outcome"), [outcome])
        self.assertFalse(row.held_reason)


class TestHeld(KnownCase):
    def test_an_unknown_sender_is_held_and_can_be_found(self):
        row = self.take(mail(from_=f"Bo <{BO}>"))
        self.check_held(row)
        self.assertIn(f"nobody has the address {BO}", row.why)
        self.assertEqual(row.outcome, "Held: Unknown sender")
        self.assertEqual(row.unknown_email, BO)
        self.assertFalse(self.contacts(BO))

    def test_what_an_older_version_held_gets_its_reason(self):
        row = self.take(mail(from_=f"Bo <{BO}>"))
        row.write({"held_reason": False, "unknown_email": False})
        self.env.flush_all()
        path = file_path("helpdesk_mailflow/migrations/19.0.5.0.0/post-migration.py")
        load_script(path, "post-migration").migrate(self.env.cr, "19.0.4.0.0")
        self.env.invalidate_all()
        self.check_held(row)
        self.assertTrue(row.can_make_contact)

    def test_it_is_off_by_default(self):
        self.company.helpdesk_known_contacts_only = False
        self.check_in(self.take(mail(from_=f"Bo <{BO}>")))

    def test_a_contact_comes_in(self):
        self.make_contact("Bo", BO)
        self.check_in(self.take(mail(from_=f"Bo <{BO.upper()}>")))

    def test_a_contact_of_another_company_is_unknown(self):
        self.make_contact("Bo", BO, company_id=self.make_company("Branch").id)
        self.check_held(self.take(mail(from_=f"Bo <{BO}>")))

    def test_a_team_may_decide_otherwise(self):
        self.team.helpdesk_known_contacts_only = "no"
        self.check_in(self.take(mail(from_=f"Bo <{BO}>")))
        self.company.helpdesk_known_contacts_only = False
        self.team.helpdesk_known_contacts_only = "yes"
        self.check_held(self.take(mail(from_="cy@cedar-tests.example")))

    def test_one_alias_of_two_may_take_it_in(self):
        open_team = self.env["helpdesk.ticket.team"].create(
            {
                "name": "Sales",
                "company_id": self.company.id,
                "alias_name": False,
                "helpdesk_known_contacts_only": "no",
            }
        )
        self.make_alias("Sales", "sales", team_id=open_team.id)
        row = self.take(mail(from_=f"Bo <{BO}>", to=f"support@{DOMAIN}, sales@{DOMAIN}"))
        self.assertEqual(row.state, "held")
        self.assertEqual(row.held_reason, "unknown_sender")
        self.assertEqual(
            sorted(self.deliveries(row)), [("Sales", "ticket"), ("Support", "held")], row.why
        )

    def test_trusted_senders_are_known(self):
        self.env["helpdesk.sender"].create(
            {"kind": "trusted", "pattern": "cedar-tests.example", "company_id": self.company.id}
        )
        self.check_in(self.take(mail(from_=f"Bo <{BO}>")))

    def test_agents_are_known(self):
        self.check_in(self.take(mail(from_=self.manager.email)))

    def test_who_only_says_to_be_an_agent_is_held(self):
        self.scanner = self.make_scanner(authserv_id=SERVER)
        row = self.fetch(mail(from_=self.manager.email, headers=report("fail", "office.example")))
        self.check_held(row, "unproven")
        self.assertFalse(row.with_user(self.manager).can_make_contact)

    def test_a_participant_who_answers_is_not_stopped(self):
        self.make_contact("Marta", "marta@acorn-tests.example")
        ticket = self.take_ticket(
            mail(message_id="<first@acorn-tests.example>", headers=[("Cc", BO)])
        )
        row = self.take(
            mail(
                from_=f"Bo <{BO}>",
                subject="Re: The printer burns",
                headers=[("In-Reply-To", "<first@acorn-tests.example>")],
            )
        )
        self.check_in(row, "reply")
        self.assertEqual(row.ticket_ids, ticket)

    def test_the_requester_after_reply_to_counts(self):
        self.make_contact("Bo", BO)
        headers = [("Reply-To", BO)]
        self.check_held(self.take(mail(headers=headers)))
        self.company.helpdesk_contact_from_reply_to = True
        self.check_in(self.take(mail(headers=headers)))

    def test_what_an_odoo_alias_is_set_to_still_holds(self):
        self.company.helpdesk_known_contacts_only = False
        self.support.alias_id.alias_contact = "partners"
        row = self.take(mail(from_=f"Bo <{BO}>"))
        self.check_held(row)
        self.assertIn("accepts mail from known contacts only", row.why)

    def test_reports_stay_what_they_are(self):
        row = self.take(mail(from_=f"Bo <{BO}>", headers=[("Auto-Submitted", "auto-replied")]))
        self.assertNotEqual(row.state, "held", row.why)

    def test_a_dry_run_says_the_same(self):
        row = self.take(mail(from_=f"Bo <{BO}>"))
        row.action_take_in()
        self.assertEqual(row.state, "done")
        self.assertFalse(row.held_reason)


class TestMakeContact(KnownCase):
    def hold(self, number=1, **values):
        values.setdefault("from_", f"Bo Ek <{BO}>")
        rows = self.env["helpdesk.incoming.mail"]
        for _each in range(number):
            rows |= self.take(mail(**values))
        return rows

    def test_one_click_makes_the_contact_and_the_ticket(self):
        row = self.hold()
        action = row.with_user(self.manager).action_make_contact()
        self.check_in(row)
        bo = self.contacts(BO)
        self.assertEqual((bo.name, bo.parent_id), ("Bo Ek", self.account))
        self.assertEqual(row.ticket_ids.partner_id, bo)
        self.assertIn("stays one also if the ticket is deleted", action["params"]["message"])
        self.assertEqual(action["params"]["next"]["res_id"], row.ticket_ids.id)
        self.assertIn("asked to make a contact", row.why)

    def test_also_where_contacts_are_made_by_rules_only(self):
        self.company.helpdesk_create_contacts = "rule"
        row = self.hold()
        row.with_user(self.manager).action_make_contact()
        self.assertEqual(row.ticket_ids.partner_id, self.contacts(BO))
        self.assertTrue(self.contacts(BO))

    def test_others_of_the_sender_are_offered(self):
        rows = self.hold(3) | self.hold(from_="cy@cedar-tests.example")
        first = rows[0].with_user(self.manager)
        self.assertEqual(first.others_of_sender, 2)
        first.action_make_contact_of_all()
        self.assertEqual(rows.mapped("state"), ["done"] * 3 + ["held"])
        self.assertEqual(len(self.contacts(BO)), 1)
        self.assertEqual(len(rows.ticket_ids), 3)

    def test_what_is_still_held_is_told(self):
        rows = self.hold(3)
        action = rows[0].with_user(self.manager).action_make_contact()
        self.assertIn("still held: 2", action["params"]["message"])
        self.assertEqual(rows[1].state, "held")

    def test_several_in_the_list(self):
        rows = self.hold(2) | self.hold(from_="cy@cedar-tests.example")
        rows.with_user(self.manager).action_make_contact()
        self.assertEqual(rows.mapped("state"), ["done"] * 3)
        self.assertEqual(len(self.contacts(BO, "cy@cedar-tests.example")), 2)

    def test_next_mail_comes_in(self):
        self.hold().with_user(self.manager).action_make_contact()
        self.check_in(self.take(mail(from_=f"Bo <{BO}>")))

    def test_of_reply_to_the_named_one_becomes_the_contact(self):
        self.company.helpdesk_contact_from_reply_to = True
        row = self.hold(headers=[("Reply-To", "Cy <cy@cedar-tests.example>")])
        self.assertEqual(row.unknown_email, "cy@cedar-tests.example")
        row.with_user(self.manager).action_make_contact()
        self.assertFalse(self.contacts(BO))
        self.assertEqual(row.ticket_ids.partner_id, self.contacts("cy@cedar-tests.example"))

    def test_only_of_mails_that_are_held_for_that(self):
        self.make_contact("Bo", BO)
        done = self.take(mail(from_=f"Bo <{BO}>"))
        with self.assertRaisesRegex(UserError, "Nothing was done"):
            (done | self.hold(from_="cy@cedar-tests.example")).action_make_contact()

    def test_agents_may_not(self):
        row = self.hold()
        agent = self.make_user("mailflow-agent", GROUP + "user_team")
        for method in ("action_make_contact", "action_make_contact_of_all"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(row.with_user(agent), method)()

    def test_managers_of_another_company_may_not(self):
        row = self.hold()
        branch = self.make_company("Branch")
        other = self.make_user("mailflow-branch", GROUP + "manager", company=branch)
        with self.assertRaises(AccessError):
            row.with_user(other).action_make_contact()

    def test_the_policy_applied_again_makes_no_contact(self):
        row = self.hold()
        row.with_user(self.manager).action_make_contact()
        self.contacts(BO).active = False
        row._apply_rules()
        self.assertFalse(row.make_contact)


class TestPoliteAnswer(KnownCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.helpdesk_unknown_answer = True

    def hold(self, **values):
        values.setdefault("date", None)
        values.setdefault("from_", f"Bo Ek <{BO}>")
        row = self.take(mail(**values))
        self.assertEqual(row.state, "held", row.why)
        return row

    def answers(self):
        Answer = self.env["helpdesk.automatic.answer"]
        return [
            (each.recipient, each.outcome, each.reason)
            for each in Answer.search([("kind", "=", "unknown")], order="id")
        ]

    def test_it_is_off_by_default(self):
        self.company.helpdesk_unknown_answer = False
        self.hold()
        self.assertEqual(self.answers(), [])

    def test_an_unknown_sender_is_told(self):
        row = self.hold(message_id="<q@cedar-tests.example>", subject="Cheap pills")
        self.assertEqual(self.answers(), [(BO, "sent", False)])
        self.assertIn("was told that somebody looks at it first", row.why)
        with self.sent_mails() as sent:
            self.env["mail.mail"].process_email_queue()
        (answer,) = [each for each in sent if BO in each.recipients]
        self.assertEqual(answer["Auto-Submitted"], "auto-replied")
        self.assertEqual(answer["In-Reply-To"], "<q@cedar-tests.example>")
        self.assertIn("we do not know your address yet", answer.html)
        self.assertNotIn("pills", str(answer.message))
        self.assertIn(f"support@{DOMAIN}", answer["Reply-To"])

    def test_what_comes_back_opens_nothing(self):
        self.hold()
        with self.sent_mails() as sent:
            self.env["mail.mail"].process_email_queue()
        (answer,) = [each for each in sent if BO in each.recipients]
        row = self.take(answer.message.as_bytes() + b"\n", model="helpdesk.ticket")
        self.assertFalse(row.ticket_ids, row.why)
        self.assertEqual(len(self.answers()), 1)

    def test_once_a_day(self):
        self.hold()
        row = self.hold()
        self.assertIn("had this answer within a day", row.why)
        self.assertEqual(
            [each[1:] for each in self.answers()], [("sent", False), ("withheld", "today")]
        )
        log = self.env["helpdesk.automatic.answer"].search([("kind", "=", "unknown")])
        for each in log:
            each.date -= timedelta(days=2)
        self.hold()
        self.assertEqual([each[1] for each in self.answers()], ["sent", "withheld", "sent"])

    def test_once_in_a_batch(self):
        self.take_batch(
            *(mail(from_=f"Bo <{BO}>", date=None, subject=subject) for subject in ("A", "B"))
        )
        self.assertEqual([each[1] for each in self.answers()], ["sent", "withheld"])

    def check_quiet(self, reason, **values):
        self.hold(**values)
        self.assertEqual([each[1:] for each in self.answers()], [("withheld", reason)])

    def test_never_to_programs_and_lists(self):
        self.check_quiet("list", headers=[("List-Id", "<x.cedar-tests.example>")])

    def test_never_to_automatic_mail(self):
        self.check_quiet("automatic", headers=[("Auto-Submitted", "auto-generated")])

    def test_never_to_no_reply(self):
        self.hold(from_="no-reply@cedar-tests.example")
        self.assertEqual([each[1] for each in self.answers()], ["withheld"])

    def test_never_to_whom_the_filter_has(self):
        self.env["helpdesk.outgoing.filter"].create({"pattern": "*@cedar-tests.example"})
        self.check_quiet("filtered")

    def test_never_to_somebody_in_reply_to(self):
        self.company.helpdesk_contact_from_reply_to = True
        self.check_quiet("elsewhere", headers=[("Reply-To", "victim@cedar-tests.example")])

    def test_never_to_senders_who_are_not_proven(self):
        self.scanner = self.make_scanner(authserv_id=SERVER)
        for dmarc in ("fail", "none"):
            headers = report(dmarc, "cedar-tests.example")
            row = self.fetch(mail(from_=f"{dmarc}@cedar-tests.example", date=None, headers=headers))
            self.assertEqual(row.held_reason, "unknown_sender", row.why)
        self.assertEqual([each[1:] for each in self.answers()], [("withheld", "unproven")] * 2)

    def test_a_template_that_cannot_be_used_holds_the_mail_all_the_same(self):
        self.env.ref(
            "helpdesk_mailflow.unknown_sender_template"
        ).body_html = "<p t-out='object.no_such_field'/>"
        row = self.hold()
        self.assertIn("cannot be used", row.why)
        self.assertEqual([each[1:] for each in self.answers()], [("failed", "template")])


@tagged("post_install", "-at_install")
class TestKnownContactsTour(BrowserCase, KnownCase):
    def test_a_manager_makes_a_contact_and_tickets(self):
        user = self.make_user("mf-tour-known", GROUP + "manager", password="mf-tour-known")
        rows = self.env["helpdesk.incoming.mail"]
        for subject in ("First question", "Second question"):
            rows |= self.take(mail(from_=f"Bo Ek <{BO}>", subject=subject))
        rows |= self.take(mail(subject="Quite another", from_=MARTA))
        self.start_tour("/odoo", "helpdesk_mailflow.unknown_sender", login=user.login)
        rows.invalidate_recordset()
        self.assertEqual(rows.mapped("state"), ["done", "done", "held"])
        self.assertEqual(len(self.contacts(BO)), 1)
