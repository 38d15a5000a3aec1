# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DOMAIN, MARTA, BrowserCase, MailflowCase, mail

BO, CY = "bo@acorn-tests.example", "cy@cedar-tests.example"


def crowd(count):
    return ", ".join(f"p{number}@crowd-tests.example" for number in range(count))


class CcCase(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_user(
            "mailflow-agent",
            "helpdesk_mgmt.group_helpdesk_user_team",
            name="Ada Agent",
            email="ada@our-office.example",
        )
        cls.team.user_ids = cls.agent

    def people(self, ticket):
        ticket.invalidate_recordset()
        return [each["email"] for each in ticket.helpdesk_participants or ()]

    def reply(self, to_id="<first@acorn-tests.example>", cc=None, **values):
        headers = [("In-Reply-To", to_id), *([("Cc", cc)] if cc else [])]
        return mail(subject="Re: The printer burns", headers=headers, **values)

    def first(self, **values):
        values.setdefault("headers", [("Cc", f"Bo <{BO}>")])
        return self.take_ticket(mail(message_id="<first@acorn-tests.example>", **values))

    def contacts(self, *emails):
        return self.env["res.partner"].search([("email_normalized", "in", emails)])


class TestParticipants(CcCase):
    def test_people_in_to_and_cc_take_part_without_a_contact(self):
        ticket = self.first(to=f"support@{DOMAIN}, Cy <{CY}>")
        self.assertEqual(self.people(ticket), [CY, BO])
        self.assertFalse(self.contacts(BO, CY))

    def test_the_trace_names_them(self):
        row = self.take(mail(headers=[("Cc", f"Bo <{BO}>")]))
        self.assertIn(f"Takes part from now on (1 from To and Cc): {BO}.", row.why)

    def test_whoever_asks_is_not_listed(self):
        ticket = self.first(headers=[("Cc", f"{MARTA}, {BO}")])
        self.assertEqual(self.people(ticket), [BO])
        self.assertNotIn("marta", ticket.email_cc)

    def test_colleagues_follow_and_are_no_copies(self):
        ticket = self.first(headers=[("Cc", f"Ada <{self.agent.email}>, {BO}")])
        self.assertIn(self.agent.partner_id, ticket.message_partner_ids)
        self.assertEqual(self.people(ticket), [BO])
        self.assertNotIn("ada@", ticket.email_cc)

    def test_a_contact_follows(self):
        bo = self.make_contact("Bo Ek", BO)
        ticket = self.first()
        self.assertIn(bo, ticket.message_partner_ids)
        self.assertEqual(
            ticket.helpdesk_participants, [{"name": "Bo Ek", "email": BO, "follows": True}]
        )

    def test_a_contact_of_another_company_is_not_used(self):
        theirs = self.make_contact("Theirs", BO, company_id=self.make_company("Branch").id)
        ticket = self.first()
        self.assertNotIn(theirs, ticket.message_partner_ids)
        self.assertEqual(
            ticket.helpdesk_participants, [{"name": "Bo", "email": BO, "follows": False}]
        )

    def test_the_own_contact_is_used_beside_one_of_another_company(self):
        theirs = self.make_contact("Theirs", BO, company_id=self.make_company("Branch").id)
        ours = self.make_contact("Ours", BO)
        ticket = self.first()
        self.assertIn(ours, ticket.message_partner_ids)
        self.assertNotIn(theirs, ticket.message_partner_ids)


class TestReplies(CcCase):
    def test_a_reply_of_a_participant_joins_without_a_contact(self):
        ticket = self.first()
        row = self.take(self.reply(from_=f"Bo <{BO}>"))
        self.assertEqual(row.ticket_ids, ticket, row.why)
        self.assertEqual(row.delivery_ids.outcome, "reply")
        self.assertFalse(self.contacts(BO))
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")[0]
        self.assertFalse(message.author_id)
        self.assertIn(BO, message.email_from)
        self.assertIn("contact_participant", self.codes(row))

    def test_a_participant_who_answers_is_not_the_requester(self):
        ticket = self.first()
        asked = ticket.partner_id
        self.take(self.reply(from_=f"Bo <{BO}>"))
        self.assertEqual(ticket.partner_id, asked)
        self.assertEqual(ticket.partner_email, "marta@acorn-tests.example")

    def test_whom_a_participant_names_takes_part(self):
        ticket = self.first()
        self.take(self.reply(from_=f"Bo <{BO}>", cc=f"{CY}, {MARTA}"))
        self.assertEqual(self.people(ticket), [BO, CY])

    def test_who_is_dropped_from_cc_still_takes_part(self):
        ticket = self.first()
        self.take(self.reply())
        self.assertEqual(self.people(ticket), [BO])

    def test_nobody_joins_by_an_internal_reply(self):
        ticket = self.first(headers=[])
        note = ticket.with_user(self.agent).message_post(body="?", subtype_xmlid="mail.mt_note")
        self.take(self.reply(note.message_id, from_=self.agent.email, cc=BO))
        self.assertEqual(self.people(ticket), [])


class TestOwnAddresses(CcCase):
    """Own addresses never take part."""

    def check_alone(self, cc):
        self.assertFalse(self.first(headers=[("Cc", cc)]).email_cc)

    def test_aliases_in_any_spelling(self):
        self.make_alias("Sales desk", "sales")
        self.check_alone(
            f"support+x@{DOMAIN}, SUPPORT@{DOMAIN.upper()}, sales+a+b@{DOMAIN}, catchall@{DOMAIN},"
            f" bounce+1-helpdesk.ticket-2@{DOMAIN}"
        )

    def test_past_and_external_addresses(self):
        self.support.alias_name = "helpme"
        self.support.external_address_ids = [(0, 0, {"email": "desk@shop.example"})]
        ticket = self.take_ticket(
            mail(to=f"helpme@{DOMAIN}", headers=[("Cc", f"support@{DOMAIN}, desk+a@shop.example")])
        )
        self.assertFalse(ticket.email_cc)

    def test_mailboxes_of_scanners(self):
        self.env["fetchmail.server"].create(
            {
                "name": "Box",
                "server_type": "imap",
                "server": "imap.test",
                "user": "Box@mailbox-tests.example",
                "password": "x",
                "is_scanner": True,
                "company_id": self.company.id,
            }
        )
        self.check_alone("box+Tag@mailbox-tests.example")

    def test_connected_accounts(self):
        app = self.env["helpdesk.oauth.app"].create(
            {"name": "App", "client_id": "x", "tenant": "acorn-tests.example"}
        )
        self.env["helpdesk.oauth.account"].create(
            {"app_id": app.id, "username": "Robot@tenant-tests.example"}
        )
        self.check_alone("robot@tenant-tests.example")

    def test_what_the_outgoing_filter_has(self):
        self.env["helpdesk.outgoing.filter"].create(
            {"pattern": "*@relay-tests.example", "company_id": self.company.id}
        )
        self.check_alone("x@relay-tests.example")


class TestCrowd(CcCase):
    def test_of_a_crowd_nobody_takes_part(self):
        row = self.take(mail(headers=[("Cc", f"{self.agent.email}, {crowd(1000)}")]))
        ticket = row.ticket_ids
        self.assertEqual(self.people(ticket), [])
        self.assertIn(self.agent.partner_id, ticket.message_partner_ids)
        self.assertIn("Of more than 100 nobody takes part", row.why)

    def test_a_ticket_has_room_for_so_many(self):
        ticket = self.first(headers=[("Cc", crowd(90))])
        more = ", ".join(f"q{number}@crowd-tests.example" for number in range(30))
        row = self.take(self.reply(cc=more))
        self.assertEqual(len(self.people(ticket)), 100)
        self.assertIn("20 more people in To and Cc take no part", row.why)


class TestContacts(CcCase):
    """The policy that makes contacts of people in Cc."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.helpdesk_cc_contacts = True

    def test_contacts_are_made_and_follow(self):
        account = self.make_contact("Cedar", "info@cedar-tests.example", is_company=True)
        row = self.take(mail(headers=[("Cc", f"Cy Ek <{CY}>, noreply@cedar-tests.example")]))
        cy = self.contacts(CY)
        self.assertEqual(cy.name, "Cy Ek")
        self.assertEqual(cy.parent_id, account)
        self.assertIn(cy, row.ticket_ids.message_partner_ids)
        self.assertFalse(self.contacts("noreply@cedar-tests.example"))
        self.assertIn("Contact Cy Ek was made under the account Cedar", row.why)

    def test_one_contact_for_two_mails_at_once(self):
        rows = self.take_batch(
            mail(headers=[("Cc", f"Cy <{CY}>")]),
            mail(subject="Another", headers=[("Cc", f"Cy <{CY}>")]),
            mail(subject="Mine", from_=f"Cy <{CY}>"),
        )
        self.assertEqual(rows.mapped("state"), ["done"] * 3)
        self.assertEqual(len(self.contacts(CY)), 1)
        self.assertEqual(rows[2].ticket_ids.partner_id, self.contacts(CY))

    def test_not_more_than_a_few(self):
        row = self.take(mail(headers=[("Cc", crowd(30))]))
        made = self.env["res.partner"].search_count([("email", "like", "@crowd-tests.example")])
        self.assertEqual(made, 20)
        self.assertEqual(len(self.people(row.ticket_ids)), 30)
        self.assertIn("at most 20 contacts", row.why)

    def test_a_team_may_decide_otherwise(self):
        self.team.helpdesk_cc_contacts = "no"
        self.first()
        self.assertFalse(self.contacts(BO))

    def test_a_reply_makes_them_too(self):
        self.first(headers=[])
        self.take(self.reply(cc=CY))
        self.assertTrue(self.contacts(CY))


class TestAgents(CcCase):
    """What agents do with who takes part."""

    def setUp(self):
        super().setUp()
        self.ticket = self.first()
        self.as_agent = self.ticket.with_user(self.agent)

    def copied(self):
        return [each["email"] for each in self.as_agent._mailflow_answer_data()["cc"]]

    def suggested(self):
        found = self.as_agent._message_get_suggested_recipients(reply_discussion=True)
        return [each["email"] for each in found]

    def answer(self, **values):
        with self.mock_mail_gateway():
            self.as_agent.message_post(
                body="On our way",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.ticket.partner_id.ids,
                **values,
            )
        return {email for each in self._mails for email in each["email_to"] + each["email_cc"]}

    def test_the_composer_offers_them(self):
        self.assertEqual(self.copied(), [BO])

    def test_one_answer_without_somebody(self):
        self.answer(helpdesk_cc="")
        self.assertFalse([each for each in self._mails if BO in str(each)])
        self.assertEqual(self.copied(), [BO])

    def test_removed_for_good(self):
        self.as_agent.action_remove_participant(BO)
        self.assertEqual((self.copied(), self.people(self.ticket)), ([], []))
        self.assertNotIn(BO, self.suggested())
        # everybody else answers to all for a while
        self.take(self.reply(cc=f"{BO}, {CY}"))
        self.assertEqual(self.people(self.ticket), [CY])
        self.assertNotIn(BO, self.suggested())

    def test_a_follower_removed_for_good(self):
        bo = self.make_contact("Bo", BO)
        self.ticket.message_subscribe(bo.ids)
        self.as_agent.action_remove_participant(BO)
        self.assertNotIn(bo, self.ticket.message_partner_ids)
        self.take(self.reply(cc=BO))
        self.assertNotIn(bo, self.ticket.message_partner_ids)

    def test_removed_and_written_to_again(self):
        self.as_agent.action_remove_participant(BO)
        self.answer(helpdesk_cc=BO)
        self.assertEqual(self.people(self.ticket), [BO])
        self.assertFalse(self.ticket.helpdesk_removed)

    def test_added_by_hand(self):
        people = self.as_agent.action_add_participants(f"Cy Ek <{CY}>")
        self.assertEqual([each["email"] for each in people], [BO, CY])
        self.assertEqual(self.copied(), [BO, CY])
        self.assertFalse(self.contacts(CY))
        self.assertIn("takes part from now on", self.ticket.message_ids[0].body)

    def test_own_addresses_are_not_added(self):
        with self.assertRaisesRegex(UserError, "own addresses"):
            self.as_agent.action_add_participants(f"support+x@{DOMAIN}")

    def test_nor_what_is_no_address(self):
        with self.assertRaisesRegex(UserError, "not an e-mail address"):
            self.as_agent.action_add_participants("Bo")

    def test_who_may_not_write_the_ticket_changes_nobody(self):
        stranger = self.make_user("mailflow-stranger", "helpdesk_mgmt.group_helpdesk_user_own")
        ticket = self.ticket.with_user(stranger)
        for method, value in (("action_remove_participant", BO), ("action_add_participants", CY)):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(ticket, method)(value)

    def test_customers_do_not_see_who_else_takes_part(self):
        portal = self.make_user("mailflow-portal", "base.group_portal")
        self.ticket.message_subscribe(portal.partner_id.ids)
        with self.assertRaises(AccessError):
            self.ticket.with_user(portal).read(["helpdesk_participants"])


@tagged("post_install", "-at_install")
class TestParticipantsTour(BrowserCase, CcCase):
    def test_an_agent_decides_who_takes_part(self):
        user = self.make_user(
            "mf-tour-cc",
            "helpdesk_mgmt.group_helpdesk_manager",
            password="mf-tour-cc",
            email="tess@our-office.example",
        )
        ticket = self.first(headers=[("Cc", f"Bo Ek <{BO}>, {crowd(10)}")])
        action = self.env.ref("helpdesk_mgmt.helpdesk_ticket_action")
        url = f"/odoo/action-{action.id}/{ticket.id}"
        with self.mock_mail_gateway():
            self.start_tour(url, "helpdesk_mailflow.participants", login=user.login)
        people = self.people(ticket)
        self.assertEqual(len(people), 11)
        self.assertNotIn("p9@crowd-tests.example", people)
        self.assertIn("new@fir.example", people)
        answer = ticket.message_ids.filtered(lambda each: "Pull the plug" in each.body)
        self.assertIn("new@fir.example", answer.helpdesk_cc)
        self.assertNotIn("p8@", answer.helpdesk_cc)
