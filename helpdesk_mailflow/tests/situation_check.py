# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What became of the mail of a situation, compared with what it says."""

import re

from lxml import html as lxml_html

from odoo.tools import email_normalize, html2plaintext

from ..models import trace
from .situation_file import OUTCOMES, Situation, Unclear
from .situation_world import SituationWorld, same_person

#: States of a mail that no support alias had anything of.
WITHOUT_DELIVERY = ("ignored", "held", "duplicate", "not_taken_in", "passed_on", "failed", "done")

#: Badges that say that nobody knows whether the sender is who the mail says.
UNVERIFIED = frozenset(("mark_unproven", "mark_unverified", "mark_dmarc_failed", "mark_impostor"))


def plain(text: str) -> str:
    """Text on one line, with single spaces."""
    return re.sub(r"\s+", " ", text or "").strip()


def split_fold(body: str) -> tuple[str, str]:
    """What a message shows, and what of it is folded; as plain text."""
    if not body:
        return "", ""
    root = lxml_html.fromstring(f"<div>{body}</div>")
    folded = []
    for node in root.xpath("//*[@data-o-mail-quote or @data-o-mail-quote-node]"):
        if node.getparent() is not None and not node.xpath("ancestor::*[@data-o-mail-quote]"):
            folded.append(node.text_content())
            tail = node.tail
            node.drop_tree()
            node.tail = tail
    return plain(root.text_content()), plain(" ".join(folded))


def method_name(word: str) -> str:
    """The method of :class:`SituationCase` that compares what a word says."""
    return "_then_" + re.sub(r"\W", "_", word)


class SituationCase(SituationWorld):
    """Runs situations."""

    def run_situation(self, situation: Situation) -> None:
        """Prepare, hand the mail in, compare."""
        self.prepare(situation.given)
        spec = situation.mail
        raw = None
        if "same as" in spec:
            if spec["same as"] not in self.earlier:
                raise Unclear(f"No earlier mail is called {spec['same as']!r}")
            raw = self.earlier[spec["same as"]]
        self.env.flush_all()
        before = self._counts()
        last_message = self.env["mail.message"].search([], order="id desc", limit=1).id
        with self.mock_mail_gateway():
            self.row = self.hand_in(spec, raw)
            self.flush_tracking()
            self.mails_sent = len(self._new_mails)
        self.made = {key: value - before[key] for key, value in self._counts().items()}
        self.new_messages = self.env["mail.message"].search([("id", ">", last_message)])
        self.told = [
            trace.sentence(self.env, each["code"], each["values"]) for each in self.row.trace or []
        ]
        for word, wanted in self._expected(situation.then).items():
            with self.subTest(word):
                getattr(self, method_name(word))(wanted)

    def _expected(self, then: dict) -> dict:
        """What is compared: also what a situation need not say."""
        outcome = then.get("outcome")
        if outcome is None and "outcomes" not in then:
            raise Unclear("Say the “outcome” (or the “outcomes” of several aliases)")
        made = {"tickets made": int(outcome == "ticket")} if outcome else {}
        return {**made, **then}

    def _counts(self):
        tickets = self.env["helpdesk.ticket"].with_context(active_test=False)
        partners = self.env["res.partner"].with_context(active_test=False)
        return {"tickets": tickets.search_count([]), "contacts": partners.search_count([])}

    # ------------------------------------------------------------
    # WHAT IS LOOKED AT
    # ------------------------------------------------------------

    @property
    def ticket(self):
        """The ticket that the mail made or joined."""
        tickets = self.row.delivery_ids.ticket_id
        self.assertEqual(len(tickets), 1, self._story())
        return tickets

    @property
    def message(self):
        """The message that the mail became."""
        message = self.row.delivery_ids.message_id
        self.assertEqual(len(message), 1, self._story())
        return message

    def _story(self) -> str:
        """The trace, for who reads a failure."""
        return "The trace says:\n  " + "\n  ".join(self.told)

    def _named(self, name):
        if name not in self.tickets:
            raise Unclear(f"No ticket is called {name!r} here")
        return self.tickets[name]

    def assert_has(self, wanted, text, what):
        for each in wanted:
            each = plain(self.builder.fill(each))
            if each.lower() not in text.lower():
                self.fail(f"{what} lacks “{each}”. It is:\n  {text}\n{self._story()}")

    def assert_same_person(self, wanted, name, email, what):
        if not same_person(wanted, name, email):
            self.fail(f"{what} is “{name} <{email}>”, not “{wanted}”. {self._story()}")

    # ------------------------------------------------------------
    # THEN
    # ------------------------------------------------------------

    def _then_outcome(self, wanted):
        found = set(self.row.delivery_ids.mapped("outcome")) or {self.row.state}
        self.assertEqual(found, {OUTCOMES[wanted]}, self._story())

    def _then_outcomes(self, wanted):
        found = {each.alias_id.name or "-": each.outcome for each in self.row.delivery_ids}
        self.assertEqual(
            found, {name: OUTCOMES[each] for name, each in wanted.items()}, self._story()
        )

    def _then_kind(self, wanted):
        self.assertEqual(self.row.kind, wanted, self._story())

    def _then_ticket(self, wanted):
        if wanted == "none":
            self.assertFalse(self.row.delivery_ids.ticket_id, self._story())
        elif wanted == "new":
            self.assertNotIn(self.ticket.id, self.ticket_ids.values(), self._story())
        else:
            names = {ticket.id: name for name, ticket in self.tickets.items()}
            found = self.row.delivery_ids.ticket_id
            self.assertEqual(
                [names.get(each, "new") for each in found.ids], [wanted], self._story()
            )

    def _then_tickets_made(self, wanted):
        self.assertEqual(self.made["tickets"], wanted, self._story())

    def _then_contacts_made(self, wanted):
        self.assertEqual(self.made["contacts"], wanted, self._story())

    def _then_mails_sent(self, wanted):
        self.assertEqual(self.mails_sent, wanted, self._story())

    def _then_requester(self, wanted):
        ticket = self.ticket
        self.assert_same_person(wanted, ticket.partner_name, ticket.partner_email, "The requester")

    def _then_contact(self, wanted):
        partner = self.ticket.partner_id
        if wanted == "none":
            self.assertFalse(partner, self._story())
        else:
            self.assert_same_person(wanted, partner.name, partner.email, "The contact")

    def _then_title(self, wanted):
        self.assertEqual(self.ticket.name, self.builder.fill(wanted), self._story())

    def _then_description_has(self, wanted):
        text = plain(html2plaintext(self.ticket.description or ""))
        self.assert_has(wanted, text, "The description")

    def _then_author(self, wanted):
        message = self.message
        if wanted == "none":
            self.assertFalse(message.author_id, self._story())
        else:
            author = message.author_id
            self.assert_same_person(wanted, author.name, author.email, "The author")

    def _then_message_has(self, wanted):
        self.assert_has(wanted, split_fold(self.message.body)[0], "The message")

    def _then_message_lacks(self, wanted):
        text = split_fold(self.message.body)[0]
        for each in wanted:
            self.assertNotIn(plain(self.builder.fill(each)).lower(), text.lower(), self._story())

    def _then_folded(self, wanted):
        self.assert_has(wanted, split_fold(self.message.body)[1], "What is folded")

    def _then_attachments(self, wanted):
        self.assertEqual(
            sorted(self.message.attachment_ids.mapped("name")), sorted(wanted), self._story()
        )

    def _then_internal(self, wanted):
        message = self.message
        found = message.is_internal or message.subtype_id.internal
        self.assertEqual(found, wanted, self._story())

    def _then_customer_sees_it(self, wanted):
        partner = self.ticket.partner_id
        user = self.portal_user(partner)
        # as the portal shows messages: what its user may read, and not what goes past him
        seen = self.env["mail.message"].with_user(user).search([("id", "=", self.message.id)])
        self.assertEqual(bool(seen) and not seen.sudo().helpdesk_private, wanted, self._story())

    def _then_reopened(self, wanted):
        self.assertEqual("act_reopened" in self.codes(self.row), wanted, self._story())
        if wanted:
            self.assertFalse(self.ticket.stage_id.closed, self._story())

    def _then_state(self, wanted):
        self.assertEqual(self.ticket.stage_id.closed, wanted == "closed", self._story())

    def _then_assigned_to(self, wanted):
        user = self.ticket.user_id
        if wanted == "nobody":
            self.assertFalse(user, self._story())
        else:
            self.assert_same_person(wanted, user.name, user.email, "The assigned agent")

    def _then_cc(self, wanted):
        found = re.split(r",\s*", self.ticket.email_cc or "")
        self.assertEqual(
            sorted(filter(None, (email_normalize(each) for each in found))),
            sorted(email_normalize(each) for each in wanted),
            self._story(),
        )

    def _then_linked_to(self, wanted):
        names = {ticket.id: name for name, ticket in self.tickets.items()}
        linked = self.ticket.linked_ticket_id
        self.assertEqual(names.get(linked.id, linked.number), wanted, self._story())

    def _then_marked(self, wanted):
        labels = [each["label"] for each in self.message._mailflow_marks()]
        self.assert_has(wanted, ", ".join(labels), "The badges")

    def _then_unverified(self, wanted):
        codes = {each["code"] for each in self.message._mailflow_marks()}
        self.assertEqual(bool(codes & UNVERIFIED), wanted, f"{codes}. {self._story()}")

    def _then_notes(self, wanted):
        notes = self.new_messages.filtered(
            lambda each: (
                each.model == "helpdesk.ticket" and (each.is_internal or each.subtype_id.internal)
            )
        )
        text = plain(" ".join(html2plaintext(each.body or "") for each in notes))
        self.assert_has(wanted, text, "The notes")

    def _then_not_delivered_to(self, wanted):
        failed = self.env["mail.notification"].search(
            [
                ("mail_message_id", "in", self.message.ids),
                ("notification_status", "in", ("bounce", "exception")),
            ]
        )
        found = [each.res_partner_id.email or each.mail_email_address for each in failed]
        self.assertEqual(sorted(found), sorted(wanted), self._story())

    def _then_sent_message_says(self, wanted):
        message = self.message
        told = [*message._mailflow_sentences(), *message._mailflow_receipt_sentences()]
        self.assert_has(wanted, " ".join(told), "What stands under our message")

    def _blocked(self, emails):
        rows = self.env["helpdesk.undeliverable"].search([("email", "in", emails)])
        return set(rows.filtered("blocked").mapped("email"))

    def _then_not_deliverable(self, wanted):
        self.assertEqual(self._blocked(wanted), set(wanted), self._story())

    def _then_still_deliverable(self, wanted):
        self.assertEqual(self._blocked(wanted), set(), self._story())

    def _then_why(self, wanted):
        self.assert_has(wanted, plain(" ".join(self.told)), "The trace")

    def _then_but_not(self, wanted):
        text = plain(" ".join(self.told))
        for each in wanted:
            self.assertNotIn(plain(self.builder.fill(each)).lower(), text.lower(), self._story())
