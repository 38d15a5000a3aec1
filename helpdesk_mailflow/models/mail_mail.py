# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The face of each mail of a ticket, whichever road it takes out of Odoo."""

from collections import defaultdict
from datetime import timedelta

from odoo import SUPERUSER_ID, fields, models, tools
from odoo.tools.mail import email_normalize_all

from ..mailflow import thread_index
from ..mailflow.subject import base_subject, make_tag, tagged_subject
from .helpdesk_ticket_sender import NOT_OURS
from .own_mail import HEADER, stamp_header
from .sending_report import GIVE_UP, WAITING, SendingReport, next_try


class MailMail(models.Model):
    _inherit = "mail.mail"

    helpdesk_tries = fields.Integer(
        "Tries", readonly=True, help="How often its mail server did not take it"
    )
    helpdesk_only_to = fields.Char(
        "Only to",
        readonly=True,
        help="Those of its recipients that the mail server did not take at first; the others have"
        " it",
    )

    def _of_tickets(self):
        return self.filtered(lambda mail: mail.model == "helpdesk.ticket" and mail.res_id)

    def _ticket(self):
        return self.env["helpdesk.ticket"].browse(self.res_id).exists()

    # ------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """The steps of sending, in their order. Before a connection is made, whom nothing is
        sent to is taken out and a report is begun. Then Odoo calls
        :meth:`_split_by_mail_configuration`, which settles who each mail is from and its server;
        :meth:`_send` for each server, which marks receipts; and :meth:`_prepare_outgoing_list`
        for each mail, which gives it its face."""
        cancelled = self._mailflow_withhold()
        if cancelled and post_send_callback:
            post_send_callback(cancelled.ids)
        mails = (self - cancelled)._mailflow_with_report()
        return super(MailMail, mails).send(
            auto_commit=auto_commit,
            raise_exception=raise_exception,
            post_send_callback=post_send_callback,
        )

    # ------------------------------------------------------------
    # FROM
    # ------------------------------------------------------------

    def _split_by_mail_configuration(self):
        """Templates, server actions and waiting mails get the sender of their ticket here."""
        mails = self._of_tickets().with_context(mailflow_proven=True)
        relayed = mails.filtered(lambda mail: mail.message_type in NOT_OURS)
        mails -= relayed
        mails._mailflow_settle_sender()
        yield from super(MailMail, self - mails - relayed)._split_by_mail_configuration()
        yield from super(MailMail, mails)._split_by_mail_configuration()
        yield from relayed._mailflow_split_relayed()

    def _mailflow_settle_sender(self) -> None:
        """Give mails of tickets a From address that may still send."""
        mails = self._of_tickets()
        tickets = self.env["helpdesk.ticket"].browse(mails.mapped("res_id")).exists()
        # one computation for all
        tickets.sudo().mapped("answers_via_id")
        usable = self.env["helpdesk.from.address"]._usable_by_company(tickets.sudo().company_id)
        ids, astray = set(tickets.ids), mails._mailflow_replies_astray()
        for mail in mails.filtered(lambda each: each.res_id in ids):
            message, ticket = mail.mail_message_id, tickets.browse(mail.res_id)
            sender = message.helpdesk_from_address_id
            # its author may have changed the message while it waited
            if sender.is_usable and tools.email_normalize(mail.email_from or "") == sender.email:
                server = sender._mail_server()
                if mail.mail_server_id != server:
                    mail.mail_server_id = server
                continue
            if not sender:
                sender = mail._mailflow_named_sender(ticket, usable[ticket.sudo().company_id])
            values = ticket.sudo()._mailflow_sender_values(
                {
                    "author_id": message.author_id.id,
                    "message_type": message.message_type,
                    "helpdesk_from_address_id": sender.id,
                },
                check=False,
            )
            for each in values.pop("helpdesk_notes", None) or []:
                message._mailflow_note(each["code"], **each["values"])
            if values and mail in astray:
                found = ticket.sudo()._notify_get_reply_to(default=values["email_from"])
                values["reply_to"] = found[ticket.id]
            if values:
                mail.write(values)

    def _mailflow_replies_astray(self):
        """Those that name a Reply-To of which no answer comes back: a template's old one. Who
        asked for a thread elsewhere has it."""
        emails = {
            mail: tools.email_normalize(mail.reply_to or "")
            for mail in self
            if mail.reply_to and not mail.reply_to_force_new
        }
        # sudo: which addresses are ours is no secret
        domains = self.env["mail.alias.domain"].sudo()
        own = set(domains._find_aliases(list({*emails.values()} - {False})))
        return self.browse(mail.id for mail, email in emails.items() if email not in own)

    def _mailflow_named_sender(self, ticket, usable):
        """The From address that a template or a composer names, if it is for this ticket: one of
        all teams, of the ticket's, or one that who made the mail may choose. The ticket's own
        steps in for another team's.

        :param usable: From addresses of the ticket's company, with all rights
        """
        ticket, user = ticket.sudo(), self.create_uid
        named = tools.email_normalize(self.email_from or "")
        sender = usable.filtered(lambda address: address.email == named)
        if (
            not sender
            or sender.team_id in (ticket.team_id, sender.team_id.browse())
            or user.id == SUPERUSER_ID
            or sender in usable._offered_to(user, ticket.company_id)
        ):
            return sender
        if ticket.answers_via_id != sender:
            self.mail_message_id._mailflow_note(
                "sender_fallback", wished=named, sender=ticket.answers_via_id.email or ""
            )
        return sender.browse()

    def _mailflow_split_relayed(self):
        """What came in by mail, passed on: in the writer's name but from our address, since
        the writer's own would be a forgery."""
        groups = defaultdict(list)
        for mail in self:
            sender = mail._ticket().sudo().answers_via_id
            server_id, smtp_from = False, mail.email_from
            if sender:
                server = sender._mail_server()
                server_id, smtp_from = server.id, mail._mailflow_relayed_from(sender)
            groups[server_id, mail.record_alias_domain_id.id, smtp_from].append(mail.id)
        for (server_id, domain_id, smtp_from), ids in groups.items():
            yield server_id, domain_id, smtp_from, ids

    def _mailflow_relayed_from(self, sender) -> str:
        if self.author_id:
            return self._ticket()._mailflow_from(sender, self.author_id)
        name, _email = tools.mail.parse_contact_from_email(self.email_from or "")
        return sender._formatted(name)

    # ------------------------------------------------------------
    # SUBJECT, THREAD, RECIPIENTS
    # ------------------------------------------------------------

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        results = super()._prepare_outgoing_list(
            mail_server=mail_server, doc_to_followers=doc_to_followers
        )
        ticket = self._of_tickets() and self._ticket().sudo()
        if not ticket:
            return results
        last = ticket._mailflow_last_mail()
        thread = self._mailflow_thread(ticket, last)
        subject = self._mailflow_subject(ticket, bool(last))
        self._mailflow_join_copies(results)
        for values in results:
            values["headers"] = {**thread["headers"], **values["headers"]}
            values["references"] = thread["references"]
            values["subject"] = subject
            # Odoo reads the field from the headers, and takes it out before sending; what is
            # not in this list gets nothing
            blind = values["headers"].get("Bcc")
            if blind:
                values["email_to_normalized"] += email_normalize_all(blind)
            if self.helpdesk_only_to:
                values["email_to_normalized"] = email_normalize_all(self.helpdesk_only_to)
        return results

    def _mailflow_join_copies(self, results) -> None:
        """Odoo sends Cc beside the contacts as a mail of its own that has no To. Here they see
        each other."""
        copies = [each for each in results if each["email_cc"] and not each["email_to"]]
        contacts = [each for each in results if each["email_to"]]
        for each in copies:
            if len(contacts) == 1:
                results.remove(each)
                contacts[0]["email_cc"] = each["email_cc"]
                contacts[0]["email_to_normalized"] += each["email_to_normalized"]
            else:
                each["email_to"], each["email_cc"] = each["email_cc"], []

    def _mailflow_subject(self, ticket, has_mail: bool) -> str:
        """The subject with the ticket's number, once; that of an answer as the conversation
        template says.

        :param has_mail: whether a mail from outside is there to be answered
        """
        subject = self.subject or ticket.name or ""
        pattern = ticket.company_id.helpdesk_subject_tag
        tag = make_tag(pattern, ticket.number) if pattern else ""
        if self.mail_message_id.helpdesk_forward:
            return self.mail_message_id._mailflow_apart_subject(subject, tag)
        answers = has_mail and base_subject(subject) == base_subject(ticket.name or "")
        if ticket._mailflow_is_answer(self.mail_message_id):
            return ticket._mailflow_template()._render_subject(ticket, subject, answers)
        return tagged_subject(subject, tag, answers)

    def _mailflow_thread(self, ticket, last: str) -> dict:
        """In-Reply-To and References to the customer's last mail (RFC 5322 section 3.6.4), so
        that mail programs show the answer in its thread; and our stamp.

        :param last: Message-ID of the customer's last mail, or ""
        :return: ``references``, ``headers``
        """
        ids = [each for each in (self.references or "").split() if each != self.message_id]
        headers = {}
        message = self.mail_message_id
        if message.helpdesk_forward:
            # others have a thread of their own
            ids, purpose = [], "forward"
        elif "Auto-Submitted" in (self.headers or ""):
            purpose = "automatic"
        else:
            purpose = "answer"
        if message.helpdesk_forward:
            last = message._mailflow_asked_apart()
        elif message.helpdesk_private:
            last = ""
        if last and last != self.message_id:
            headers["In-Reply-To"] = last
            index = self._mailflow_thread_index(last)
            if index:
                headers[thread_index.HEADER] = index
            ids = [*(each for each in ids if each != last), last]
        if HEADER not in (self.headers or ""):
            headers.update(stamp_header(self.env, purpose, ticket.id))
        # relays that write an own Message-ID leave References alone: answers to the first mail
        # of a ticket are found by ours in there
        return {"references": " ".join(ids or [self.message_id]), "headers": headers}

    def _mailflow_thread_index(self, answered: str) -> str:
        """The place of an answer in Outlook's conversation, whose answers may name nothing else.

        :param answered: Message-ID of the customer's mail
        """
        # sudo: who answers a mail need not be able to read the ledger
        rows = self.env["helpdesk.incoming.mail"].sudo()
        row = rows.search([("message_id", "=", answered)], order="id desc", limit=1)
        return thread_index.answer(row.thread_index or "")

    # ------------------------------------------------------------
    # WHAT BECAME OF IT
    # ------------------------------------------------------------

    def _mailflow_with_report(self):
        """The same mails; what their servers say is kept."""
        if not self._of_tickets() or self.env.context.get("mailflow_report") is not None:
            return self
        return self.with_context(mailflow_report=SendingReport())

    def write(self, vals):
        """A mail of a ticket that its server does not take now waits, instead of failing for
        good; in the same write, so that nothing is lost in between."""
        report = self.env.context.get("mailflow_report")
        waiting = self.browse()
        if vals.get("state") == "exception" and report and report.is_temporary:
            oldest = fields.Datetime.now() - timedelta(hours=GIVE_UP)
            waiting = self._of_tickets().filtered(
                lambda mail: report.is_about_sign_in or mail.create_date > oldest
            )
            for mail in waiting:
                mail._mailflow_wait(vals, report)
            # told; the next mail of the batch is another matter
            report.begin()
        if vals.get("state") in ("sent", "exception", "cancel"):
            settled = self._of_tickets() - waiting
            settled.mail_message_id._mailflow_forget_notes(*WAITING)
        left = self - waiting
        return super(MailMail, left).write(vals) if left or not waiting else True

    def _mailflow_wait(self, vals, report) -> None:
        now = fields.Datetime.now()
        at = max(next_try(self.helpdesk_tries, now), now + timedelta(seconds=report.pause))
        self.with_context(mailflow_report=None).write(
            {
                **vals,
                "state": "outgoing",
                "scheduled_date": at,
                "helpdesk_tries": self.helpdesk_tries + 1,
            }
        )
        message = self.mail_message_id
        message._mailflow_forget_notes(*WAITING)
        code, values = report.why()
        sender = message.helpdesk_from_address_id.email or tools.email_normalize(self.email_from)
        message._mailflow_note(code, sender=sender or "", **values)
        # sudo: whoever sends has the mail sent again
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(at)

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """One mail goes to several people: the server may refuse some of them."""
        report = self.env.context.get("mailflow_report")
        # mails of other apps may be sent in the same batch, and stay as Odoo has them
        refused = report.refused if report and not failure_type and self._of_tickets() else {}
        reasons = {
            tools.email_normalize(address): (
                code,
                text.decode(errors="replace") if isinstance(text, bytes) else str(text),
            )
            for address, (code, text) in refused.items()
        }
        later = {address for address, (code, _reason) in reasons.items() if 400 <= code < 500}
        by_address = self._mailflow_notifications_of(reasons)
        for address, (code, reason) in reasons.items():
            told = "recipient_waits" if address in later else "recipient_refused"
            self.mail_message_id._mailflow_note(told, address=address, code=code, reason=reason)
        waiting = self.filtered(lambda mail: failure_type and mail.state == "outgoing")
        rest = self._mailflow_send_later_to(later)
        # it deletes what was sent
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        waiting._mailflow_show_waiting()
        for address, notifications in by_address.items():
            notifications.invalidate_recordset()
            code, reason = reasons[address]
            values = {
                "notification_status": "exception",
                "failure_type": "mail_email_invalid",
                "failure_reason": f"{code} {reason}",
            }
            if address in later:
                values = {
                    "notification_status": "ready",
                    "failure_type": False,
                    "mail_mail_id": rest.id,
                }
            notifications.write(values)
        return result

    def _mailflow_notifications_of(self, addresses) -> dict:
        """The notifications of this mail's recipients: address -> ``mail.notification``."""
        # sudo: whoever sends is told, as Odoo does for its own failures
        found = self.env["mail.notification"].sudo()
        if not addresses:
            return {}
        notifications = found.search(
            [("mail_mail_id", "in", self.ids), ("notification_type", "=", "email")]
        )
        return {
            address: notifications.filtered(
                lambda each, address=address: (
                    address in (each.res_partner_id.email_normalized, each.mail_email_address)
                )
            )
            for address in addresses
        }

    def _mailflow_send_later_to(self, addresses):
        """The same mail again, for those whom the server asked to come back for (4yz); the
        others have it."""
        if not addresses:
            return self.browse()
        at = next_try(self.helpdesk_tries, fields.Datetime.now())
        rest = self.with_context(mailflow_report=None).create(
            {
                "mail_message_id": self.mail_message_id.id,
                "body_html": self.body_html,
                "email_to": self.email_to,
                "email_cc": self.email_cc,
                "headers": self.headers,
                "references": self.references,
                "auto_delete": self.auto_delete,
                "helpdesk_only_to": ", ".join(sorted(addresses)),
                "helpdesk_tries": self.helpdesk_tries + 1,
                "scheduled_date": at,
            }
        )
        # sudo: whoever sends has the mail sent again
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(at)
        return rest

    def _mailflow_show_waiting(self) -> None:
        """What waits has not failed: nobody should send it a second time by hand."""
        if not self:
            return
        # sudo: as Odoo does for its own states
        notifications = self.env["mail.notification"].sudo()
        notifications.search(
            [("mail_mail_id", "in", self.ids), ("notification_type", "=", "email")]
        ).write({"notification_status": "ready", "failure_type": False})
        self.mail_message_id._notify_message_notification_update()
