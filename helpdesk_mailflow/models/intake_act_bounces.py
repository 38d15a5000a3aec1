# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace

from markupsafe import Markup

from odoo import api, models, tools

from ..mailflow.bounce import FailedRecipient, Reason, read_bounce
from ..mailflow.kind import Kind
from ..mailflow.note import note
from . import bounce_sentences, own_mail, trace
from .intake_values import COLUMN

#: Kinds of mails that somebody's mailbox sends, so that it exists. A report comes from elsewhere.
FROM_A_MAILBOX = (Kind.MESSAGE, Kind.AUTO_REPLY, Kind.CALENDAR)
#: Fields of a message that name recipients of whom no contact is made.
NAMED = ("outgoing_email_to", "helpdesk_cc", "helpdesk_bcc")


class HelpdeskIntakeAct(models.AbstractModel):
    """Reports about messages that we sent.

    Anybody can write a report. It counts if it is about a message of ours, by the Message-ID
    that we signed, and about somebody whom that message went to; else it changes nothing.
    """

    _inherit = "helpdesk.intake.act"

    @api.model
    def _find_reported(self, items) -> None:
        """Bounces and receipts belong to the message that we sent."""
        for item in items:
            self._ticket_of(item)
            item.message = self.env["mail.message"].browse(item.delivery.message_id or [])

    @api.model
    def _mark_bounces(self, items) -> None:
        """Show on the message that we sent that it did not arrive, and at whom; keep that of the
        address; tell the agent."""
        items = [item for item in items if self._is_ours(item)]
        if not items:
            return
        messages = self.env["mail.message"].concat(*(item.message for item in items))
        notifications = self.env["mail.notification"].search(
            [("mail_message_id", "in", messages.ids), ("notification_type", "=", "email")]
        )
        by_message = notifications.grouped("mail_message_id")
        failures = []
        for item in items:
            known = by_message.get(item.message, notifications.browse())
            for email, failed in self._failed_recipients(item, known).items():
                failures.append((item, known, email, failed))
        final = [each for each in failures if each[3].failed]
        rows = self.env["helpdesk.undeliverable"]._add_failures(
            [
                {
                    "email": email,
                    "company_id": item.delivery.company_id,
                    "failed": failed,
                    "message": item.message,
                    "date": self.env.cr.now(),
                }
                for item, _known, email, failed in final
            ]
        )
        repeated = {
            (item.message, email)
            for (item, _known, email, failed), row in zip(final, rows, strict=True)
            if not row.blocked and row._is_repeated()
        }
        told = {}
        for item, known, email, failed in failures:
            codes = self._tell_bounce(item, email, failed)
            if failed.failed:
                self._mark_notification(item, known, email, failed, codes)
                again = (item.message, email) in repeated
                told.setdefault(id(item), (item, []))[1].append((email, failed, codes, again))
        for item, entries in told.values():
            self._tell_agent_of_bounce(item, entries)
        self.env["mail.message"].concat(
            *(item.message for item, _entries in told.values())
        )._notify_message_notification_update()

    @api.model
    def _is_ours(self, item) -> bool:
        """Whether a report is about a message that we sent, and may be believed. Customers know
        the ids of what we sent them, so what is proven to be forged counts for nothing."""
        message = item.message
        signed = message and own_mail.read_message_id(self.env, message.message_id or "")
        if not message or message.message_type == "email" or signed != message.res_id:
            item.notes.append(note("act_bounce_not_ours"))
            return False
        if item.plan.verdict.trust.identity == "failed":
            item.notes.append(note("act_bounce_forged"))
            return False
        return True

    @api.model
    def _failed_recipients(self, item, notifications) -> dict[str, FailedRecipient]:
        """Whom the message went to and did not reach: normalized address -> what was said.

        :param notifications: of the message
        """
        went_to = self._went_to(item.message, notifications)
        result = {}
        for failed in read_bounce(item.mail):
            if failed.reason in (Reason.DELIVERED, Reason.FEEDBACK):
                continue
            named = [
                tools.email_normalize(each) for each in (failed.address, failed.original) if each
            ]
            email = next((each for each in named if each in went_to), None)
            if not email and not named and len(went_to) == 1:
                (email,) = went_to
            if not email:
                item.notes.append(
                    note("act_bounce_stranger", address=failed.address)
                    if failed.address
                    else note("act_bounce_unknown")
                )
                continue
            before = result.get(email)
            if before is None or (failed.failed and not before.failed) or failed.hard:
                result[email] = failed
        return {email: replace(failed, address=email) for email, failed in result.items()}

    @api.model
    def _went_to(self, message, notifications) -> dict[str, str]:
        """Whom a message was sent to: normalized address -> name, the address if there is none.

        :param notifications: of the message
        """
        # sudo: blind copies; compared, never shown
        own, found = message.sudo(), {}
        for each in notifications:
            partner = each.res_partner_id
            for email in (partner.email_normalized, tools.email_normalize(each.mail_email_address)):
                found.setdefault(email, partner.name or email)
        for partner in own.partner_ids:
            found.setdefault(partner.email_normalized, partner.name)
        copies = ", ".join(own[name] or "" for name in NAMED)
        for name, email in tools.mail.email_split_tuples(copies):
            found.setdefault(tools.email_normalize(email), name or email)
        return {email: name for email, name in found.items() if email}

    @api.model
    def _tell_bounce(self, item, email: str, failed: FailedRecipient) -> list[str]:
        """Say it under the message and in the trace. Returns the codes of the sentences."""
        outcome = "delayed" if not failed.failed else "hard" if failed.hard else "soft"
        codes = [bounce_sentences.code(failed.reason.value), f"bounce_{outcome}"]
        # what was delayed, and then came back, is delayed no longer
        if failed.failed:
            item.message._mailflow_forget_note("bounce_delayed", address=email)
        for code in codes:
            item.message._mailflow_note(code, address=email)
        code = "act_bounce" if failed.failed else "act_bounce_delayed"
        item.notes.append(
            note(
                code,
                address=email,
                status=failed.status if failed.status_given else "-",
                reply=failed.reply_code or "-",
                reason=failed.reason.value,
            )
        )
        return codes

    @api.model
    def _bounce_sentences(self, env, email: str, codes) -> str:
        return " ".join(trace.sentence(env, code, {"address": email}) for code in codes)

    @api.model
    def _mark_notification(self, item, notifications, email, failed, codes) -> None:
        reason = "\n".join(
            filter(
                None,
                (
                    self._bounce_sentences(self.env, email, codes),
                    self._bounce_details(failed),
                ),
            )
        )
        values = {
            "notification_status": "bounce",
            "failure_type": "mail_bounce",
            "failure_reason": reason[:COLUMN],
        }
        mine = notifications.filtered(
            lambda each: (
                email
                in (
                    each.res_partner_id.email_normalized,
                    tools.email_normalize(each.mail_email_address or ""),
                )
            )
        )
        if mine:
            mine.write(values)
            return
        # a copy: Odoo keeps nothing of those who are no contacts
        self.env["mail.notification"].create(
            {
                **values,
                "mail_message_id": item.message.id,
                "author_id": item.message.author_id.id,
                "notification_type": "email",
                "mail_email_address": email,
                "is_read": True,
            }
        )

    @api.model
    def _bounce_details(self, failed: FailedRecipient) -> str:
        """What the server said, for those who want to know."""
        codes = [failed.reply_code, failed.status if failed.status_given else ""]
        missing = [each for each in codes if each and each not in failed.diagnostic]
        return " ".join([*missing, failed.diagnostic]).strip()

    @api.model
    def _tell_agent_of_bounce(self, item, entries) -> None:
        """A note on the ticket for the assigned agent, else for whoever wrote the message: an
        answer will not come. The ticket stays as closed as it is.

        :param entries: (address, failed, codes, whether it happens again and again) of each
        """
        agents = item.ticket.user_id or item.message.author_id.user_ids
        agent = agents.filtered(lambda user: user.active and not user.share)[:1]
        if not agent:
            # the message itself shows it
            return
        env = self.with_context(lang=agent.lang).env
        lines, details = [], []
        for email, failed, codes, again in entries:
            text = self._bounce_sentences(env, email, codes)
            if again:
                text = f"{text} {env._('That has happened several times lately.')}"
            lines.append(Markup("<p>%s</p>") % text)
            said = self._bounce_details(failed)
            if said:
                details.append(Markup("<p>%s: %s</p>") % (email, said))
        heading = env._("Your message was not delivered")
        body = Markup("<p><b>%s</b></p>") % heading + Markup("").join(lines)
        if details:
            fold = Markup('<div data-o-mail-quote="1">%s</div>')
            body += fold % Markup("").join(details)
        root = self.env.ref("base.user_root")
        item.ticket.with_user(root).sudo().message_post(
            body=body,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
            author_id=root.partner_id.id,
            partner_ids=agent.partner_id.ids,
            parent_id=item.message.id,
        )

    # ------------------------------------------------------------
    # ADDRESSES THAT WORK
    # ------------------------------------------------------------

    @api.model
    def _hear_from_senders(self, plans, items) -> None:
        """Who writes can be written to, unless the server found the sender forged."""
        rows = self.env["helpdesk.incoming.mail"].browse(
            [plan.verdict.entry.row_id for plan in plans]
        )
        dates = {}
        for plan, row in zip(plans, rows, strict=True):
            verdict = plan.verdict
            email = verdict.writer.address.normalized
            if (
                email
                and verdict.kind.kind in FROM_A_MAILBOX
                and verdict.writer.identity != "failed"
                and not verdict.own_mail
                and not verdict.known
            ):
                received = self.env["helpdesk.intake.answer"]._received(row, verdict.entry.mail)
                dates[email] = max(received, dates.get(email, received))
        if not dates:
            return
        works = set(self.env["helpdesk.undeliverable"]._heard_from(dates).mapped("email"))
        for item in items:
            email = item.plan.verdict.writer.address.normalized
            if email in works:
                item.notes.append(note("act_deliverable_again", address=email))
                works.discard(email)
