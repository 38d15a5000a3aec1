# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Forwarding a ticket, or a message of one, to others; and what they reply."""

import email
import email.policy

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged

from odoo.addons.helpdesk_mailflow.models.helpdesk_ticket_forward import split_quote

from ..models import own_mail
from .common import DOMAIN, MARTA, PIXEL, mail
from .test_answer_via import AnswerViaCase

SUPPLIER = "Sam Sturdy <sam@sturdy.example>"
VIEW = "mail.email_compose_message_wizard_form"


class ForwardCase(AnswerViaCase):
    """A ticket of Marta's with a file, an answer and a note."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.user_ids = cls.agent
        cls.supplier = cls.make_contact("Sam Sturdy", "sam@sturdy.example")
        cls.colleague = cls.make_user("colleague", email="cora@corp.test", name="Cora")

    def setUp(self):
        super().setUp()
        self.raw = mail(
            from_=MARTA,
            html="<p>It smells of <b>smoke</b>.</p>",
            attachments=[("smoke.pdf", "application/pdf", b"%PDF-1.4 smoke")],
        )
        self.ticket = self.take_ticket(self.raw)
        self.ticket.user_id = self.agent
        self.first = self.ticket.message_ids.filtered(lambda each: each.message_type == "email")
        with self.sent_mails():
            self.mine = self.ticket.with_user(self.agent)
            self.answer = self.mine.message_post(
                body="We look at it.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
            self.note = self.mine.message_post(body="She is always late with paying.")

    def composer(self, message=None, user=None, **values):
        """The composer as the web client fills it."""
        action = self.ticket.with_user(user or self.agent).action_forward(message and message.id)
        form = Form(
            self.env["mail.compose.message"]
            .with_user(user or self.agent)
            .with_context(**action["context"]),
            VIEW,
        )
        for name, value in values.items():
            setattr(form, name, value)
        return form

    def forward(self, message=None, to=None, body=None, **values):
        """Forward it; returns (the message, the mails sent)."""
        form = self.composer(message, **values)
        for partner in self.supplier if to is None else to:
            form.partner_ids.add(partner)
        if body:
            form.body = f"<p>{body}</p>{form.body}"
        with self.sent_mails() as sent:
            _mails, message = form.save()._action_send_mail()
        return message.sudo(), sent

    def reply(self, to, from_=SUPPLIER, subject=None, **values):
        """What comes back to a mail of ours; returns its row."""
        headers = [("In-Reply-To", to["Message-Id"]), *values.pop("headers", [])]
        return self.take(
            mail(
                from_=from_,
                to=to["Reply-To"],
                subject=subject or f"Re: {to['Subject']}",
                text="Turn it off.",
                headers=headers,
                **values,
            )
        )


class TestForward(ForwardCase):
    def test_a_message_is_forwarded_as_a_quote(self):
        message, sent = self.forward(self.first, body="Can you help?")
        self.assertEqual(len(sent), 1)
        (out,) = sent
        self.assertEqual(out.recipients, ("sam@sturdy.example",))
        self.assertIn("sam@sturdy.example", out["To"])
        self.assertFalse(out["Cc"])
        tag = f"[#{self.ticket.number}]"
        self.assertEqual(out["Subject"], f"Fwd: {tag} The printer burns")
        self.assertIn(self.ticket.answers_via_id.email, out["From"])
        self.assertIn("Can you help?", out.html)
        self.assertLess(out.html.index("Can you help?"), out.html.index("Forwarded message"))
        self.assertIn("smoke</b>", out.html)
        self.assertIn("marta@acorn-tests.example", out.html)
        names = [part.get_filename() for part in out.message.iter_attachments()]
        self.assertEqual(names, ["smoke.pdf"])
        self.assertTrue(message.helpdesk_forward and message.helpdesk_private)
        self.assertTrue(message.is_internal)

    def test_others_are_not_told_what_else_was_said(self):
        _message, (out,) = self.forward(self.first)
        for part in out.message.walk():
            if not part.is_multipart():
                text = part.get_payload(decode=True).decode(errors="replace")
                self.assertNotIn("We look at it.", text)
                self.assertNotIn("late with paying", text)
                # nobody gets into the portal by it
                self.assertNotIn("access_token", text)

    def test_it_is_a_thread_of_its_own_with_our_stamp(self):
        message, (out,) = self.forward(self.first)
        self.assertFalse(out["In-Reply-To"])
        self.assertEqual(out["References"], message.message_id)
        stamp = own_mail.read_stamp(self.env, out[own_mail.HEADER])
        self.assertEqual(stamp, ("forward", str(self.ticket.id)))
        self.assertIn(f"support@{DOMAIN}", out["Reply-To"])

    def test_the_prefix_does_not_pile_up(self):
        self.ticket.name = "Fwd: WG: Re: The printer burns"
        form = self.composer()
        self.assertEqual(form.subject, "Fwd: The printer burns")
        _message, (out,) = self.forward()
        self.assertEqual(out["Subject"], f"Fwd: [#{self.ticket.number}] The printer burns")

    def test_only_those_who_were_named_get_it(self):
        self.ticket.message_subscribe((self.ticket.partner_id | self.colleague.partner_id).ids)
        message, sent = self.forward(self.first)
        self.assertEqual([each.recipients for each in sent], [("sam@sturdy.example",)])
        self.assertEqual(message.notified_partner_ids, self.supplier)
        self.assertNotIn(self.supplier, self.ticket.message_partner_ids)
        self.assertFalse(self.ticket.email_cc)

    def test_a_colleague_gets_it_too(self):
        message, _sent = self.forward(self.first, to=self.supplier | self.colleague.partner_id)
        self.assertEqual(message.notified_partner_ids, self.supplier | self.colleague.partner_id)

    def test_the_auto_cc_policy_holds(self):
        self.ticket.company_id.helpdesk_auto_cc = True
        _message, (out,) = self.forward(self.first)
        self.assertIn(f"support@{DOMAIN}", out["Cc"])
        row = self.take(out.message.as_bytes())
        self.assertFalse(row.ticket_ids)
        self.assertIn("own_forward", self.codes(row))

    def test_the_agent_takes_a_file_out_and_puts_one_in(self):
        form = self.composer(self.first)
        self.assertEqual(form.attachment_ids[:].mapped("name"), ["smoke.pdf"])
        form.attachment_ids.clear()
        mine = (
            self.env["ir.attachment"]
            .with_user(self.agent)
            .create(
                {
                    "name": "plan.txt",
                    "raw": b"plan",
                    "res_model": "mail.compose.message",
                    "res_id": 0,
                }
            )
        )
        form.attachment_ids.add(mine)
        form.partner_ids.add(self.supplier)
        with self.sent_mails() as sent:
            form.save()._action_send_mail()
        names = [part.get_filename() for part in sent[0].message.iter_attachments()]
        self.assertEqual(names, ["plan.txt"])
        # the customer's file is where it was
        self.assertEqual(self.first.attachment_ids.mapped("name"), ["smoke.pdf"])

    # as an attached mail

    def attached(self, out):
        return [
            part
            for part in out.message.iter_attachments()
            if part.get_content_type() == "message/rfc822"
        ]

    def test_the_original_mail_is_attached(self):
        _message, (out,) = self.forward(
            self.first, body="See below.", helpdesk_forward_as="attachment"
        )
        parts = list(out.message.iter_attachments())
        self.assertEqual([part.get_filename() for part in parts], ["The printer burns.eml"])
        # as it goes over the wire
        whole = email.message_from_bytes(out.message.as_bytes(), policy=email.policy.default)
        (wire,) = [
            each for each in whole.iter_attachments() if each.get_content_type() == "message/rfc822"
        ]
        original = email.message_from_bytes(self.raw, policy=email.policy.default)
        found = wire.get_content()
        self.assertEqual(found["Message-ID"], original["Message-ID"])
        self.assertEqual(found["From"], original["From"])
        self.assertEqual(
            [each.get_content() for each in found.iter_attachments()], [b"%PDF-1.4 smoke"]
        )
        self.assertNotIn("Forwarded message", out.html)
        self.assertIn("See below.", out.html)

    def test_a_mail_whose_source_is_gone_is_made_anew(self):
        self.env["helpdesk.incoming.mail.source"].search([]).unlink()
        _message, (out,) = self.forward(self.first, helpdesk_forward_as="attachment")
        (part,) = self.attached(out)
        found = email.message_from_bytes(
            part.get_payload(0).as_bytes(), policy=email.policy.default
        )
        self.assertEqual(found["Message-ID"], self.first.message_id)
        self.assertIn("marta@acorn-tests.example", found["From"])
        self.assertEqual(found["Subject"], "The printer burns")
        self.assertTrue(found["Date"])
        self.assertIn("smoke", found.get_body(("html",)).get_content())
        self.assertIn("smoke", found.get_body(("plain",)).get_content())
        self.assertEqual(
            [each.get_content() for each in found.iter_attachments()], [b"%PDF-1.4 smoke"]
        )

    def test_pictures_within_are_in_the_mail_that_is_made_anew(self):
        ticket = self.take_ticket(
            mail(
                subject="Picture",
                html='<p>See <img src="cid:shot"></p>',
                inline=[("shot", PIXEL)],
            )
        )
        self.env["helpdesk.incoming.mail.source"].search([]).unlink()
        message = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        files = ticket._forwarded_files(message, "attachment")
        found = email.message_from_bytes(files.raw, policy=email.policy.default)
        html = found.get_body(("html",)).get_content()
        (image,) = [each for each in found.walk() if each.get_content_type() == "image/png"]
        self.assertEqual(image.get_content(), PIXEL)
        self.assertIn(f"cid:{image['Content-ID'].strip('<>')}", html)

    def test_a_mail_that_python_cannot_write_goes_as_a_file(self):
        raw = self.raw
        with self.patch_attachable(False):
            files = self.mine._forwarded_files(self.first, "attachment")
        self.assertEqual(files.mimetype, "application/x-eml")
        self.assertEqual(files.raw, raw)

    def patch_attachable(self, answer):
        from unittest.mock import patch

        path = "odoo.addons.helpdesk_mailflow.models.helpdesk_ticket_forward.is_attachable"
        return patch(path, lambda _raw: answer)

    def test_the_manner_is_changed_while_writing(self):
        form = self.composer(self.first)
        form.body = f"<p>Can you help?</p>{form.body}"
        own = (
            self.env["ir.attachment"]
            .with_user(self.agent)
            .create(
                {
                    "name": "plan.txt",
                    "raw": b"plan",
                    "res_model": "mail.compose.message",
                    "res_id": 0,
                }
            )
        )
        form.attachment_ids.add(own)
        form.helpdesk_forward_as = "attachment"
        self.assertNotIn("Forwarded message", form.body)
        self.assertIn("Can you help?", form.body)
        self.assertEqual(
            sorted(form.attachment_ids[:].mapped("name")), ["The printer burns.eml", "plan.txt"]
        )
        form.helpdesk_forward_as = "quote"
        self.assertEqual(form.body.count("Forwarded message"), 1)
        self.assertIn("Can you help?", form.body)
        self.assertEqual(sorted(form.attachment_ids[:].mapped("name")), ["plan.txt", "smoke.pdf"])

    # the whole ticket

    def test_a_ticket_is_forwarded_without_its_notes(self):
        with self.sent_mails():
            self.forward(self.first, body="Between us")
        _message, (out,) = self.forward()
        self.assertIn("To:</b> Marta Lindqvist &lt;marta@acorn-tests.example&gt;", out.html)
        self.assertLess(out.html.index("We look at it."), out.html.index("smoke</b>"))
        self.assertNotIn("late with paying", out.html)
        self.assertNotIn("Between us", out.html)
        names = [part.get_filename() for part in out.message.iter_attachments()]
        self.assertEqual(names, ["smoke.pdf"])

    def test_a_ticket_is_forwarded_as_mails(self):
        _message, (out,) = self.forward(helpdesk_forward_as="attachment")
        names = [part.get_filename() for part in out.message.iter_attachments()]
        self.assertEqual(names, ["The printer burns.eml", "The printer burns (2).eml"])

    def test_a_ticket_that_no_mail_began_shows_its_description(self):
        ticket = self.env["helpdesk.ticket"].create(
            {
                "name": "Call back",
                "description": "<p>She rang.</p>",
                "partner_name": "Marta",
                "partner_email": "marta@acorn-tests.example",
                "team_id": self.team.id,
                "company_id": self.company.id,
                "user_id": self.agent.id,
            }
        )
        self.ticket = ticket
        _message, (out,) = self.forward()
        self.assertIn("She rang.", out.html)
        self.assertIn("marta@acorn-tests.example", out.html)

    def test_hostile_text_stays_text(self):
        ticket = self.take_ticket(
            mail(
                subject="<script>alert(1)</script>",
                from_='"<img src=x onerror=alert(1)>" <eve@evil.example>',
                html="<p onclick='alert(1)'>x</p><script>alert(2)</script>",
            )
        )
        quote = ticket._forwarded_quote(ticket._forwarded_messages(), True)
        for bad in ("<script", "<img", "onclick"):
            self.assertNotIn(bad, quote)

    # whom it may not go to

    def test_a_forward_needs_a_recipient(self):
        form = self.composer(self.first)
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.agent)
            .create(
                {
                    "model": "helpdesk.ticket",
                    "res_ids": str(self.ticket.ids),
                    "composition_mode": "comment",
                    "composition_comment_option": "forward",
                    "body": form.body,
                    "subject": "x",
                }
            )
        )
        with self.assertRaisesRegex(UserError, "Name somebody"):
            composer._action_send_mail()

    def test_it_is_not_forwarded_past_the_requester_to_the_requester(self):
        with self.assertRaisesRegex(UserError, "is the requester"):
            self.forward(self.first, to=self.ticket.partner_id)
        _message, sent = self.forward(
            self.first, to=self.ticket.partner_id, helpdesk_show_requester=True
        )
        self.assertEqual(sent[0].recipients, ("marta@acorn-tests.example",))

    def test_it_goes_to_somebody_who_is_no_contact(self):
        message, (out,) = self.forward(
            self.first,
            to=self.supplier.browse(),
            helpdesk_to="Otto <otto@sturdy.example>",
            helpdesk_cc="clara@sturdy.example",
        )
        self.assertEqual(set(out.recipients), {"otto@sturdy.example", "clara@sturdy.example"})
        self.assertEqual(out["To"].replace('"', ""), "Otto <otto@sturdy.example>")
        self.assertIn("clara@sturdy.example", out["Cc"])
        self.assertFalse(self.ticket.email_cc, "who has a copy of it takes no part")
        with self.sent_mails():
            row = self.reply(out, from_="Otto <otto@sturdy.example>")
        self.assertEqual(row.ticket_ids, self.ticket)
        self.assertTrue(row.delivery_ids.message_id.is_internal)
        self.assertTrue(message.is_internal)

    def test_nor_by_a_copy(self):
        for name in ("helpdesk_to", "helpdesk_cc", "helpdesk_bcc"):
            with self.subTest(field=name), self.assertRaisesRegex(UserError, "is the requester"):
                self.forward(self.first, **{name: MARTA})

    def test_only_messages_of_the_ticket_that_the_agent_may_read(self):
        stranger = self.make_user("mf-stranger", "helpdesk_mgmt.group_helpdesk_user_own")
        with self.assertRaises(AccessError):
            self.ticket.with_user(stranger).action_forward()
        other = self.take_ticket(mail(subject="Of somebody else", text="Secret"))
        foreign = other.message_ids.filtered(lambda each: each.message_type == "email")
        self.assertFalse(self.mine._forwarded_messages(foreign.id))
        # the ids come from the web
        action = self.mine.action_forward(self.first.id)
        context = {**action["context"], "default_helpdesk_forwarded_ids": foreign.ids}
        Composer = self.env["mail.compose.message"].with_user(self.agent)
        form = Form(Composer.with_context(**context), VIEW)
        self.assertNotIn("Secret", form.body)

    # sent later

    def test_a_forward_that_is_sent_later_stays_private(self):
        form = self.composer(self.first)
        form.partner_ids.add(self.supplier)
        composer = form.save()
        composer.scheduled_date = "2026-12-24 12:00:00"
        later = composer._action_schedule_message()
        with self.sent_mails() as sent:
            later.sudo()._post_message()
        message = self.ticket.message_ids.filtered("helpdesk_forward")
        self.assertTrue(message.helpdesk_private)
        self.assertEqual([each.recipients for each in sent], [("sam@sturdy.example",)])
        self.assertTrue(sent[0]["Subject"].startswith("Fwd:"))


class TestReplyToForward(ForwardCase):
    def setUp(self):
        super().setUp()
        self.requester = self.ticket.partner_id
        self.ticket.message_subscribe(self.requester.ids)

    def test_a_reply_joins_the_ticket_without_the_requester(self):
        _message, (out,) = self.forward(self.first)
        with self.sent_mails() as sent:
            row = self.reply(out)
        self.assertEqual(row.ticket_ids, self.ticket)
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["reply"])
        self.assertIn("decide_internal", self.codes(row))
        message = row.delivery_ids.message_id
        self.assertTrue(message.is_internal)
        self.assertEqual(message.author_id, self.supplier)
        self.assertIn("Turn it off.", message.body)
        everyone = {each for one in sent for each in one.recipients}
        self.assertNotIn("marta@acorn-tests.example", everyone)
        self.assertNotIn(self.requester, message.notified_partner_ids)

    def test_the_agent_is_told(self):
        message, (out,) = self.forward(self.first)
        self.ticket.user_id = self.env.ref("base.user_admin")
        self.team.user_ids |= self.ticket.user_id
        with self.sent_mails():
            row = self.reply(out)
        told = row.delivery_ids.message_id.notified_partner_ids
        self.assertIn(message.author_id, told)

    def test_their_copies_take_no_part(self):
        self.make_contact("Clara", "clara@sturdy.example")
        _message, (out,) = self.forward(self.first)
        with self.sent_mails():
            row = self.reply(
                out, headers=[("Cc", "Clara <clara@sturdy.example>, Dirk <dirk@sturdy.example>")]
            )
        self.assertTrue(row.delivery_ids.message_id.is_internal)
        self.assertFalse(self.ticket.email_cc)
        followers = self.ticket.message_partner_ids.mapped("email")
        self.assertNotIn("clara@sturdy.example", followers)
        # so the next answer goes to the requester alone
        with self.sent_mails() as sent:
            self.mine.message_post(
                body="Turn it off.", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        self.assertEqual(
            {each for one in sent for each in one.recipients if "sturdy" in each}, set()
        )

    def test_a_reply_that_has_the_number_alone_stays_internal(self):
        _message, (out,) = self.forward(self.first)
        with self.sent_mails():
            row = self.take(
                mail(from_=SUPPLIER, subject=f"Re: {out['Subject']}", text="Turn it off.")
            )
        self.assertEqual(row.ticket_ids, self.ticket)
        self.assertIn("thread_tag_forward", self.codes(row))
        self.assertTrue(row.delivery_ids.message_id.is_internal)
        # of anybody else it opens a ticket
        row = self.take(mail(from_="x@other.example", subject=f"Re: {out['Subject']}"))
        self.assertNotEqual(row.ticket_ids, self.ticket)

    def test_the_agent_answers_apart(self):
        _message, (out,) = self.forward(self.first)
        with self.sent_mails():
            theirs = self.reply(out).delivery_ids.message_id
        action = self.mine.action_reply_apart(theirs.id)
        Composer = self.env["mail.compose.message"].with_user(self.agent)
        form = Form(Composer.with_context(**action["context"]), VIEW)
        self.assertEqual(form.partner_ids[:], self.supplier)
        form.body = f"<p>Thank you, Sam.</p>{form.body}"
        with self.sent_mails() as sent:
            _mails, message = form.save()._action_send_mail()
        self.assertTrue(message.is_internal)
        (back,) = sent
        self.assertEqual(back.recipients, ("sam@sturdy.example",))
        self.assertEqual(back["Subject"], f"Re: [#{self.ticket.number}] The printer burns")
        self.assertEqual(back["In-Reply-To"], theirs.message_id)
        self.assertIn(theirs.message_id, back["References"])
        self.assertIn("Turn it off.", back.html)
        self.assertNotIn("smells of", back.html)
        with self.sent_mails():
            row = self.reply(back)
        self.assertEqual(row.ticket_ids, self.ticket)
        self.assertTrue(row.delivery_ids.message_id.is_internal)

    def test_what_the_agent_makes_of_the_subject_decides_nothing(self):
        tag = f"[#{self.ticket.number}]"
        with self.sent_mails():
            theirs = self.take(
                mail(from_=SUPPLIER, to=f"support@{DOMAIN}", subject="Offer", text="We sell.")
            ).delivery_ids.message_id
        # they wrote in this ticket before, which a reply apart would look for
        theirs.res_id = self.ticket.id
        message, (out,) = self.forward(self.first, subject="Re: The printer burns")
        self.assertFalse(message.helpdesk_reply_apart)
        self.assertEqual(out["Subject"], f"Fwd: {tag} The printer burns")
        self.assertFalse(out["In-Reply-To"])
        with self.sent_mails():
            theirs = self.reply(out).delivery_ids.message_id
        action = self.mine.action_reply_apart(theirs.id)
        for subject in ("Sv: The printer burns", "The printer burns", "WG: The printer burns"):
            with self.subTest(subject=subject):
                Composer = self.env["mail.compose.message"].with_user(self.agent)
                form = Form(Composer.with_context(**action["context"]), VIEW)
                form.subject = subject
                with self.sent_mails() as sent:
                    _mails, message = form.save()._action_send_mail()
                self.assertTrue(message.helpdesk_reply_apart)
                self.assertEqual(sent[0]["Subject"], f"Re: {tag} The printer burns")
                self.assertEqual(sent[0]["In-Reply-To"], theirs.message_id)

    def test_shown_to_the_requester(self):
        message, (out,) = self.forward(self.first, helpdesk_show_requester=True)
        self.assertFalse(message.is_internal or message.helpdesk_private)
        self.assertEqual(out.recipients, ("sam@sturdy.example",))
        with self.sent_mails():
            row = self.reply(out)
        self.assertFalse(row.delivery_ids.message_id.is_internal)

    def test_who_was_only_typed_takes_no_part_either(self):
        self.forward(
            self.first,
            to=self.supplier.browse(),
            helpdesk_to="Otto <otto@sturdy.example>",
            helpdesk_show_requester=True,
        )
        self.assertFalse(self.ticket.email_cc)

    def test_a_customer_s_later_mail_is_still_seen(self):
        self.forward(self.first)
        with self.sent_mails():
            row = self.take(
                mail(
                    subject="Re: The printer burns",
                    text="Still burning.",
                    headers=[("In-Reply-To", self.answer.message_id)],
                )
            )
        self.assertEqual(row.ticket_ids, self.ticket)
        self.assertFalse(row.delivery_ids.message_id.is_internal)


@tagged("post_install", "-at_install")
class TestForwardInPortal(ForwardCase, HttpCase):
    """What the requester sees of it: nothing."""

    def setUp(self):
        super().setUp()
        self.user = self.make_user(
            "mf-marta", "base.group_portal", password="mf-marta", name="Marta"
        )
        self.ticket.partner_id = self.user.partner_id
        self.mark = "plan-of-the-supplier"
        _message, (out,) = self.forward(self.first, body="Between us.")
        with self.sent_mails():
            row = self.reply(
                out, attachments=[(f"{self.mark}.pdf", "application/pdf", b"%PDF-1.4 plan")]
            )
        self.hidden = row.delivery_ids.message_id
        self.env.flush_all()

    def test_messages_are_not_seen(self):
        messages = self.env["mail.message"].with_user(self.user)
        domain = [("model", "=", "helpdesk.ticket"), ("res_id", "=", self.ticket.id)]
        found = messages.search(domain).sudo()
        self.assertIn(self.answer.sudo(), found)
        self.assertNotIn(self.hidden, found)
        self.assertFalse(found.filtered("helpdesk_forward"))

    def test_files_are_not_had(self):
        hidden = self.hidden.attachment_ids
        self.assertEqual(len(hidden), 1)
        self.assertEqual(
            self.ticket.portal_attachment_ids.mapped("name"), ["smoke.pdf"], "without the copy"
        )
        self.authenticate(self.user.login, self.user.login)
        answer = self.url_open(f"/web/content/{hidden.id}?download=true")
        self.assertEqual(answer.status_code, 404)
        self.assertTrue(hidden.with_user(self.agent).has_access("read"))

    def test_whom_else_we_wrote_to_is_not_told(self):
        with self.sent_mails():
            answer = self.mine.message_post(
                body="Pull the plug.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                helpdesk_cc="clara@sturdy.example",
            )
        theirs = answer.with_user(self.user)
        self.assertTrue(theirs.read(["body"]))
        for name in (
            "helpdesk_bcc",
            "helpdesk_cc",
            "helpdesk_forward",
            "helpdesk_private",
            "helpdesk_reply_apart",
        ):
            with self.subTest(field=name):
                self.assertTrue(answer.read([name]))
                with self.assertRaises(AccessError):
                    theirs.read([name])
                with self.assertRaises(AccessError):
                    theirs.search([(name, "!=", False)])

    def test_a_customer_writes_in_the_portal(self):
        self.authenticate(self.user.login, self.user.login)
        with self.sent_mails():
            posted = self.make_jsonrpc_request(
                "/mail/message/post",
                {
                    "thread_model": "helpdesk.ticket",
                    "thread_id": self.ticket.id,
                    "post_data": {"body": "Still burning.", "message_type": "comment"},
                },
            )
        self.assertNotIn("helpdesk_cc", str(posted))
        self.assertIn("Still burning.", self.ticket.message_ids[0].body)

    def test_what_was_changed_just_now_counts(self):
        hidden = self.hidden.attachment_ids
        self.assertEqual(hidden._mailflow_of_hidden_messages(), hidden)
        self.hidden.is_internal = False
        self.assertFalse(hidden._mailflow_of_hidden_messages())
        note = self.mine.message_post(body="See this.", attachments=[("a.txt", b"x")]).sudo()
        self.assertEqual(note.attachment_ids._mailflow_of_hidden_messages(), note.attachment_ids)
        note.is_internal = False
        note.subtype_id.internal = False
        self.assertFalse(note.attachment_ids._mailflow_of_hidden_messages())
        other = self.hidden.attachment_ids.copy()
        note.attachment_ids += other
        note.subtype_id.internal = True
        self.assertEqual(other._mailflow_of_hidden_messages(), other)

    def test_the_page_shows_neither(self):
        self.authenticate(self.user.login, self.user.login)
        page = self.url_open(f"/my/ticket/{self.ticket.id}").text
        self.assertIn("smoke.pdf", page)
        self.assertNotIn(self.mark, page)
        self.assertNotIn("Between us.", page)
        # once: the copy that was forwarded is no other file of the ticket
        self.assertEqual(page.count('title="smoke.pdf"'), 1)
        fetched = self.make_jsonrpc_request(
            "/mail/chatter_fetch",
            {"thread_model": "helpdesk.ticket", "thread_id": self.ticket.id},
        )
        self.assertIn("We look at it.", str(fetched))
        self.assertNotIn("Between us.", str(fetched))
        self.assertNotIn("Turn it off.", str(fetched))


class TestSplitQuote(ForwardCase):
    def test_words_and_quote(self):
        quote = self.mine._forwarded_quote(self.first, False)
        words, found = split_quote(f"a &lt; <b>b</b>{quote}c")
        self.assertEqual(words, "a &lt; <b>b</b>c")
        self.assertIn("Forwarded message", found)
        self.assertEqual(split_quote("<p>only words</p>"), ("<p>only words</p>", ""))
        self.assertEqual(split_quote(False), ("", ""))

    def test_a_quote_within_a_quote_stays_there(self):
        inner = self.mine._forwarded_quote(self.first, False)
        words, found = split_quote(f'<p>x</p><div class="o_helpdesk_forwarded">y{inner}</div>')
        self.assertEqual(words, "<p>x</p>")
        self.assertEqual(found.count("Forwarded message"), 1)

    def test_the_agent_signs_the_own_words(self):
        self.agent.signature = "<p>Brad, Front desk</p>"
        for body in (False, "<p>{answer}</p><p>{signature}</p>"):
            if body:
                # nothing of it is lost where the template does not place it
                template = self.ticket._mailflow_template()
                template.body = body
            _message, (out,) = self.forward(self.first, body="Can you help?")
            with self.subTest(body=body):
                places = [
                    out.html.index(each)
                    for each in ("Can you help?", "Brad, Front desk", "Forwarded message")
                ]
                if not body:
                    self.assertEqual(places, sorted(places))
