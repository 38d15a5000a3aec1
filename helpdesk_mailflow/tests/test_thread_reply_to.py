# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import contextlib

from ..models import own_mail
from ..models.thread_entrance import Entrance, Evidence, Part, entrance
from .common import DOMAIN, mail
from .test_thread import ThreadCase

SHOP = "Bea via Acorn Market <orders@market.example>"
BUYER = "Bea <b7k2@relay.market.example>"
REPLY_TO = ("Reply-To", BUYER)
FIRST = "<first@market.example>"
#: What a server says for each column of the table.
RESULTS = {"proven": "pass", "unknown": None, "unproven": "silent", "failed": "fail"}


class TestByReplyTo(ThreadCase):
    """A marketplace writes as itself and names the buyer in Reply-To, each time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.helpdesk_contact_from_reply_to = True

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail(from_=SHOP, message_id=FIRST, headers=[REPLY_TO]))

    def answer(self, from_=SHOP, reply_to=REPLY_TO, **values):
        return self.reply(from_=from_, headers=[reply_to], **values)

    def signed(self):
        return own_mail.message_id(self.env, self.ticket.id, DOMAIN)

    def test_the_answer_joins_as_the_requesters(self):
        row = self.answer(to=self.signed())
        message = self.check_joined(row)
        self.assertEqual(message.author_id, self.ticket.partner_id)
        self.assertIn("b7k2@relay.market.example", message.email_from)
        self.assertFalse(message.is_internal)
        self.assertIn("thread_by_reply_to", self.codes(row))

    def test_each_cell(self):
        ways = {
            Evidence.SIGNED: {"to": self.signed()},
            Evidence.REFERENCE: {"to": FIRST},
            Evidence.TAG: {"tag": self.ticket.number},
        }
        for evidence, values in ways.items():
            for identity, result in RESULTS.items():
                with (
                    self.subTest(evidence=evidence, identity=identity),
                    contextlib.closing(self.env.cr.savepoint()),
                ):
                    row = self.answer(result=result, **values)
                    expected = entrance(evidence, Part.REPLY_TO, identity)
                    if expected is Entrance.APART:
                        self.check_apart(row)
                    else:
                        self.check_joined(row)
                        marked = expected is Entrance.MARKED
                        self.assertEqual("thread_marked" in self.codes(row), marked)
                    self.env.flush_all()
                self.env.invalidate_all()

    def test_from_another_address_of_the_marketplace(self):
        self.check_joined(self.answer("Bea <messages@eu.market.example>", to=self.signed()))

    def test_whoever_else_names_the_requester_in_reply_to_stays_out(self):
        """It takes no more than a header to write in anybody's name, and a proven one of one's
        own says nothing about that."""
        row = self.answer("Eve <eve@evil.example>", to=self.signed(), result="pass")
        self.check_apart(row)
        self.assertIn("thread_stranger", self.codes(row))

    def test_another_customer_of_the_marketplace_stays_out(self):
        other = ("Reply-To", "Carl <c3x9@relay.market.example>")
        self.check_apart(self.answer(reply_to=other, to=self.signed()))

    def test_one_provider_of_mail_for_everybody_is_not_one_place(self):
        self.ticket = self.take_ticket(
            mail(from_="Bea <bea@gmail.com>", message_id="<g@gmail.com>", headers=[REPLY_TO])
        )
        self.check_joined(self.answer("Bea <bea@gmail.com>", to="<g@gmail.com>"))
        self.check_apart(self.answer("Eve <eve@gmail.com>", to="<g@gmail.com>"))

    def test_not_where_the_policy_is_off(self):
        self.team.helpdesk_contact_from_reply_to = "no"
        self.check_apart(self.answer(to=self.signed()))

    def test_a_form_that_nobody_reads_needs_no_policy(self):
        self.company.helpdesk_contact_from_reply_to = False
        form = "Orders <no-reply@market.example>"
        self.ticket = self.take_ticket(
            mail(from_=form, message_id="<form@market.example>", headers=[REPLY_TO])
        )
        self.check_joined(self.answer(form, to="<form@market.example>"))

    def test_an_open_ticket_is_for_those_who_wrote_to_it_before(self):
        """Whom a mail names in Cc gets all answers from then on."""
        self.company.helpdesk_append_open = True
        self.check_joined(self.answer(subject="Another question"))
        headers = [REPLY_TO, ("Cc", "eve@evil.example")]
        row = self.reply(
            from_="Eve <eve@evil.example>", result="pass", subject="New", headers=headers
        )
        self.check_apart(row)
        self.assertFalse(self.ticket.email_cc)
