# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import io

from PIL import Image

from odoo.exceptions import AccessError

from ..models import own_mail
from .common import DOMAIN, mail
from .test_thread import MARTA, SERVER, ThreadCase

EVE = "Eve <eve@evil.example>"
COPY = ("Cc", "Mallory <mallory@evil.example>")
PROVEN = ("Authentication-Results", f"{SERVER}; dmarc=pass header.from=evil.example")
FAILED = ("Authentication-Results", f"{SERVER}; dmarc=fail header.from=acorn-tests.example")


class AttackCase(ThreadCase):
    """Mails of somebody who wants into the ticket of somebody else."""

    def check_kept_out(self):
        """Nothing of the attacker's is on the ticket, and nobody new takes part."""
        self.assertEqual(len(self.received()), 1)
        self.check_nobody_new()

    def check_nobody_new(self):
        self.assertNotIn("evil.example", str(self.ticket.helpdesk_participants))
        self.assertNotIn("evil.example", self.ticket.email_cc or "")


class TestAppendAttack(AttackCase):
    """The policy *append to the customer's open ticket* takes nobody's word for whose it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"helpdesk_append_open": True, "helpdesk_contact_from_reply_to": True})

    def test_a_stranger_names_the_customer_in_reply_to(self):
        for headers in ([PROVEN], []):
            with self.subTest(headers=headers):
                self.fetch(mail(from_=EVE, headers=[*headers, ("Reply-To", MARTA), COPY]))
                self.check_kept_out()

    def test_a_stranger_plays_a_web_form(self):
        sender = "Shop <no-reply@evil.example>"
        self.fetch(mail(from_=sender, headers=[PROVEN, ("Reply-To", MARTA), COPY]))
        self.check_kept_out()

    def test_a_list_that_is_none(self):
        self.company.helpdesk_contact_from_reply_to = False
        headers = [PROVEN, ("X-Original-From", MARTA), ("List-Id", "<x.evil.example>"), COPY]
        self.fetch(mail(from_=EVE, headers=headers))
        self.check_nobody_new()


class TestBadgeAttack(AttackCase):
    def test_that_the_sender_is_proven_says_nothing_of_reply_to(self):
        for policy, sender in ((False, "Shop <no-reply@evil.example>"), (True, EVE)):
            with self.subTest(sender=sender):
                self.company.helpdesk_contact_from_reply_to = policy
                row = self.fetch(mail(from_=sender, headers=[PROVEN, ("Reply-To", MARTA)]))
                message = row.delivery_ids.message_id
                self.assertIn("marta@", message.email_from)
                marks = [each["code"] for each in message.helpdesk_marks or []]
                self.assertNotIn("mark_proven", marks)


class TestGetIn(AttackCase):
    def test_addresses_that_look_like_the_customer_s(self):
        signed = self.answer().message_id
        for sender in (
            '"marta@acorn-tests.example" <eve@evil.example>',
            "eve@evil.example (marta@acorn-tests.example)",
            "(marta@acorn-tests.example) eve@evil.example",
            '"Marta <marta@acorn-tests.example>" <eve@evil.example>',
            "marta@acorn-tests.example <eve@evil.example>",
            "marta+x@acorn-tests.example",
            "m.arta@acorn-tests.example",
            "marta@acorn-tests.example.evil.example",
            '"marta@acorn-tests.example"@evil.example',
            "<@acorn-tests.example:eve@evil.example>",
            "m\u0430rta@acorn-tests.example",
            "=?utf-8?q?marta=40acorn-tests.example?= <eve@evil.example>",
            "=?utf-8?q?marta=40acorn-tests.example=2C?= <eve@evil.example>",
            "marta%acorn-tests.example@evil.example",
            "Group: eve@evil.example, marta@acorn-tests.example;",
        ):
            for pointer in ({"tag": self.ticket.number}, {"to": signed}):
                with self.subTest(sender=sender, pointer=pointer):
                    row = self.reply(from_=sender, result="pass", **pointer)
                    self.assertNotIn(self.ticket, row.ticket_ids, row.why)
                    self.check_kept_out()

    def test_several_in_from_do_not_make_less_of_a_failure(self):
        number = self.ticket.number
        for people in (f"{EVE}, {MARTA}", f"{MARTA}, {EVE}"):
            for sender in (MARTA, EVE):
                with self.subTest(people=people, sender=sender):
                    headers = [FAILED, ("Sender", sender)]
                    row = self.fetch(
                        mail(subject=f"Re: [#{number}] x", from_=people, headers=headers)
                    )
                    self.assertNotIn(self.ticket, row.ticket_ids, row.why)

    def test_a_report_of_the_sender_s_below_the_server_s(self):
        forged = ("Authentication-Results", f"{SERVER}; dmarc=pass header.from=acorn-tests.example")
        row = self.reply(tag=self.ticket.number, result="fail", headers=[forged])
        self.assertNotIn(self.ticket, row.ticket_ids, row.why)

    def test_nobody_becomes_an_agent_by_a_header(self):
        ada = "Ada <ada@our-office.example>"
        for headers in (
            [("X-Original-From", ada), ("List-Id", "<x.evil.example>")],
            [("Reply-To", ada)],
            [("Sender", ada)],
        ):
            with self.subTest(headers=headers):
                signed = self.answer().message_id
                row = self.reply(signed, from_=EVE, result="pass", headers=headers)
                self.assertNotIn(self.ticket, row.ticket_ids, row.why)

    def test_only_agents_forward_in_the_name_of_customers(self):
        self.company.helpdesk_requester_from_forward = True
        text = (
            "See below.\n\n---------- Forwarded message ---------\nFrom: Marta"
            " <marta@acorn-tests.example>\nDate: Mon, 3 Mar 2025\nSubject: X\nTo: a@b.example\n\nY"
        )
        of_agent = "Ada <ada@our-office.example>"
        for sender, said in (
            (EVE, "dmarc=pass header.from=evil.example"),
            (of_agent, "dmarc=fail header.from=our-office.example"),
            (of_agent, "spf=pass smtp.mailfrom=evil.example"),
        ):
            with self.subTest(sender=sender, said=said):
                report = ("Authentication-Results", f"{SERVER}; {said}")
                ticket = self.fetch(
                    mail(subject="Fwd: X", from_=sender, text=text, headers=[report])
                ).ticket_ids
                self.assertNotIn("marta@", ticket.partner_email or "")
                self.assertFalse(ticket.forwarded_mail)


class TestGoingOn(AttackCase):
    """Answers follow to the ticket that goes on with a conversation, so strangers open none."""

    def check_does_not_go_on(self, row):
        made = self.check_apart(row)
        self.assertTrue(made.unverified_sender)
        self.assertEqual(made.link_kind, "unverified")
        after = self.reply(own_mail.message_id(self.env, self.ticket.id, DOMAIN))
        self.assertNotIn(made, after.ticket_ids)

    def test_a_closed_ticket_and_a_forged_customer(self):
        self.company.helpdesk_closed = "new"
        self.ticket.stage_id = self.done
        row = self.reply(tag=self.ticket.number, result="silent", headers=[COPY])
        self.check_does_not_go_on(row)

    def test_an_archived_ticket_and_a_forged_customer(self):
        self.ticket.active = False
        row = self.reply(tag=self.ticket.number, result="silent", headers=[COPY])
        self.check_does_not_go_on(row)

    def test_nobody_leads_answers_into_tickets_of_others(self):
        own = self.make_user("attack-own", "helpdesk_mgmt.group_helpdesk_user_own")
        mine = self.take_ticket(mail(from_=EVE))
        mine.write({"user_id": own.id, "team_id": False})
        of_others = self.env["helpdesk.ticket"].create(
            {
                "name": "Of others",
                "description": "x",
                "company_id": self.make_company("Other").id,
            }
        )
        for ticket in (self.ticket, of_others):
            for name in ("merged_into_id", "linked_ticket_id"):
                with self.subTest(name=name, ticket=ticket.name), self.assertRaises(AccessError):
                    mine.with_user(own).write({name: ticket.id})
        with self.assertRaises(AccessError):
            self.env["helpdesk.ticket"].with_user(own).create(
                {
                    "name": "Mine",
                    "description": "x",
                    "user_id": own.id,
                    "merged_into_id": self.ticket.id,
                }
            )


class TestPortalAttack(AttackCase):
    def test_a_stranger_learns_nothing_of_the_ticket_that_was_named(self):
        row = self.reply(tag=self.ticket.number, from_=EVE)
        made = self.check_apart(row)
        made.partner_id.email = "eve@evil.example"
        user = self.make_user("attack-eve", "base.group_portal", partner_id=made.partner_id.id)
        fields = self.env["helpdesk.ticket"]._fields
        seen = self.env["helpdesk.ticket"].with_user(user).browse(made.id)
        self.assertEqual(seen.read(["number"])[0]["number"], made.number)
        for name in seen.fields_get():
            if fields[name].comodel_name in ("helpdesk.ticket", "mail.message"):
                with self.subTest(name=name):
                    self.assertNotIn(self.ticket.name, str(seen.read([name])))
        for name in ("linked_ticket_id", "merged_into_id", "forwarded_mail", "helpdesk_removed"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                seen.read([name])
        with self.assertRaises(AccessError):
            self.ticket.with_user(user).read(["name"])


class TestPictureAttack(AttackCase):
    """Pictures that Odoo cannot make smaller are kept as they came."""

    def png(self, width, height):
        picture = io.BytesIO()
        Image.new("1", (width, height)).save(picture, "PNG")
        return picture.getvalue()

    def check_kept(self, content, name="picture.png"):
        row = self.fetch(mail(attachments=[(name, "image/png", content)]))
        self.assertEqual(row.state, "done", row.why)
        (attachment,) = row.delivery_ids.message_id.attachment_ids
        self.assertEqual(attachment.raw, content)

    def test_cut_short(self):
        """Within a text that follows the picture, where Pillow stops with an error."""
        end = 12
        self.check_kept(self.png(4000, 4000)[:-end] + b"\0\0\x03\xe8tEXtcut")

    def test_larger_than_memory(self):
        self.check_kept(self.png(9000, 9000))
