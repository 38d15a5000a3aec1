# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError, UserError

from ..models import own_mail
from .common import DOMAIN, mail
from .test_thread import MARTA, ThreadCase

EVE = "Eve <eve@evil.example>"


class TestStrangers(ThreadCase):
    """Who takes no part in a ticket does not get in, whatever the mail names."""

    def lines(self, ticket=None):
        """What agents are told on a ticket, as text."""
        messages = (ticket or self.ticket).message_ids
        return " ".join(str(each.body) for each in messages if each.message_type == "notification")

    def test_by_a_message_id(self):
        row = self.reply(self.answer().message_id, from_=EVE)
        made = self.check_apart(row)
        self.assertTrue(made.unverified_sender)
        self.assertEqual(made.linked_ticket_id, self.ticket)
        self.assertEqual(made.link_kind, "unverified")
        self.assertEqual(len(self.received()), 1)
        self.assertIn("eve@evil.example takes no part in that ticket", str(row.trace_html))

    def test_by_a_number(self):
        made = self.check_apart(self.reply(tag=self.ticket.number, from_=EVE))
        self.assertTrue(made.unverified_sender)
        self.assertEqual(made.linked_ticket_id, self.ticket)
        self.assertNotIn(self.ticket.number, made.name, "answers must not lead there")

    def test_the_agents_of_the_other_ticket_see_the_link_and_nothing_else(self):
        made = self.check_apart(
            self.reply(tag=self.ticket.number, from_=EVE, text="A secret of Eve's")
        )
        self.assertEqual(self.ticket.linking_ticket_count, 1)
        action = self.ticket.action_open_linking_tickets()
        self.assertEqual(self.env["helpdesk.ticket"].search(action["domain"]), made)
        self.assertIn(made.number, self.lines())
        self.assertNotIn("secret", self.lines())

    def test_a_hostile_name_is_no_markup(self):
        self.reply(tag=self.ticket.number, from_='"<img src=x>" <eve@evil.example>')
        self.assertNotIn("<img", self.lines())

    def test_the_line_is_no_message_for_customers(self):
        with self.mock_mail_gateway():
            self.reply(tag=self.ticket.number, from_=EVE)
        self.assertFalse([each for each in self._mails if "marta@" in str(each["email_to"])])

    def test_the_stranger_s_own_ticket_goes_on(self):
        signed = self.answer().message_id
        made = self.check_apart(self.reply(signed, from_=EVE, message_id="<own@evil.example>"))
        row = self.reply("<own@evil.example>", from_=EVE, headers=[("References", signed)])
        self.check_joined(row, made)
        again = self.reply(self.answer(made).message_id, from_=EVE)
        self.check_joined(again, made)

    def test_of_another_company_nothing_is_named(self):
        other = self.make_company("Second")
        self.make_alias("Second", "second", company_id=other.id)
        row = self.take(
            mail(
                from_=EVE,
                to=f"second@{DOMAIN}",
                headers=[("In-Reply-To", self.answer().message_id)],
            )
        )
        made = row.ticket_ids
        self.assertEqual(made.company_id, other)
        self.assertTrue(made.unverified_sender)
        self.assertFalse(made.linked_ticket_id)
        self.assertNotIn(made.number or "-", self.lines())

    def test_without_an_address_of_ours_it_opens_where_the_other_ticket_is(self):
        sales = self.make_alias("Sales", "sales")
        ticket = self.take_ticket(mail(to=f"sales@{DOMAIN}"))
        name = own_mail.message_id(self.env, ticket.id, DOMAIN)
        row = self.take(
            mail(from_=EVE, to="undisclosed-recipients:;", headers=[("In-Reply-To", name)])
        )
        self.assertEqual(row.ticket_ids.support_alias_id, sales, row.why)
        self.assertNotEqual(row.ticket_ids, ticket)

    def test_an_agent_s_address_that_is_not_proven(self):
        for result in ("fail", "silent"):
            with self.subTest(result=result):
                row = self.reply(
                    self.answer().message_id, from_="Ada <ada@our-office.example>", result=result
                )
                made = self.check_apart(row)
                self.assertTrue(made.unverified_sender)
                self.assertIn("thread_impostor", self.codes(row))

    def test_whom_an_agent_wrote_to_takes_part(self):
        bo = self.make_contact("Bo", "bo@supplier.example")
        sent = self.answer(partner_ids=bo.ids)
        message = self.check_joined(self.reply(sent.message_id, from_="bo@supplier.example"))
        self.assertFalse(message.is_internal)

    def test_who_had_a_copy_of_the_first_mail_takes_part(self):
        raw = mail(headers=[("Cc", "Bo <bo@acorn-tests.example>")])
        ticket = self.take_ticket(raw)
        row = self.reply(self.answer(ticket).message_id, from_="bo@acorn-tests.example")
        self.check_joined(row, ticket)

    def test_who_was_taken_out_takes_no_part_any_more(self):
        raw = mail(headers=[("Cc", "Bo <bo@acorn-tests.example>")])
        ticket = self.take_ticket(raw)
        signed = self.answer(ticket).message_id
        ticket.write({"email_cc": False, "helpdesk_removed": "bo@acorn-tests.example"})
        row = self.reply(signed, from_="bo@acorn-tests.example")
        self.assertNotEqual(row.ticket_ids, ticket)

    def test_an_absence_told_from_another_address_is_kept_inside(self):
        signed = self.answer().message_id
        row = self.reply(
            signed,
            from_="Marta <m.lindqvist@acorn-mail.example>",
            subject="Out of office",
            headers=[("Auto-Submitted", "auto-replied")],
        )
        self.assertEqual(row.delivery_ids.outcome, "note", row.why)
        self.assertEqual(row.ticket_ids, self.ticket)

    # ---- what an agent decides ----

    def apart(self):
        return self.check_apart(
            self.reply(
                self.answer().message_id,
                from_="Marta <marta@private-mail.example>",
                attachments=[("log.txt", "text/plain", b"log")],
                message_id="<private@private-mail.example>",
            )
        )

    def test_it_belongs_to_that_ticket(self):
        made = self.apart()
        action = made.with_user(self.agent).action_belongs_to_linked()
        self.assertEqual(action["res_id"], self.ticket.id)
        self.assertFalse(made.active)
        moved = self.received()[-1]
        self.assertIn("private-mail", moved.email_from)
        self.assertEqual(moved.attachment_ids.res_id, self.ticket.id)
        self.assertIn("marta@private-mail.example", self.ticket.email_cc)
        self.assertIn(
            made,
            self.ticket.with_context(active_test=False).search(
                [("merged_into_id", "=", self.ticket.id)]
            ),
        )
        # what is written next joins, too
        row = self.reply(
            "<private@private-mail.example>", from_="Marta <marta@private-mail.example>"
        )
        self.check_joined(row)
        row = self.reply(
            own_mail.message_id(self.env, made.id, DOMAIN),
            from_="Marta <marta@private-mail.example>",
        )
        self.check_joined(row)
        self.assertIn("thread_merged", self.codes(row))

    def test_it_stays_apart(self):
        made = self.apart()
        made.with_user(self.agent).action_keep_apart()
        self.assertFalse(made.unverified_sender)
        self.assertEqual(made.linked_ticket_id, self.ticket)

    def test_only_who_may_write_both(self):
        made = self.apart()
        own = self.make_user("thread-own", "helpdesk_mgmt.group_helpdesk_user_own")
        made.user_id = own
        with self.assertRaises(AccessError):
            made.with_user(own).action_belongs_to_linked()

    def test_what_refers_to_nothing_is_added_to_nothing(self):
        with self.assertRaises(UserError):
            self.ticket.with_user(self.agent).action_belongs_to_linked()

    def test_marta_herself_is_none(self):
        row = self.reply(self.answer().message_id, from_=MARTA)
        self.check_joined(row)
        self.assertFalse(self.ticket.unverified_sender)
