# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Mails of a ticket that no person wrote: marked as such, and limited.

The context tells them: ``mailflow_automatic`` is an :class:`Automatic`. While a mail is taken
in, ``mailflow_no_automatic_answer`` is there: why nothing may answer it, or empty.
"""

from dataclasses import dataclass

from odoo import models, tools

#: No ``Precedence: bulk``: it is no standard (RFC 2076 section 3.9 discourages it), programs that
#: look at it look at Auto-Submitted, too, and mail systems file what carries it as
#: advertisement or drop it.
SUPPRESS = {"auto-replied": "All", "auto-generated": "OOF, AutoReply"}


@dataclass(frozen=True)
class Automatic:
    """What is known of a mail that nobody writes. Of a type of its own, which no client can put
    into the context of a call: JSON and XML bring text, numbers, lists and mappings.

    :param value: of its Auto-Submitted field (RFC 3834 section 5)
    :param answers: Message-ID that it answers (section 3.1.3)
    :param is_counted: its recipients were counted already
    :param is_absence: it answers for a colleague who is away
    :param withheld_from: normalized address that gets none, or empty
    :param reason: why, a key of ``helpdesk_automatic_answer.REASONS``
    """

    value: str
    answers: str = ""
    is_counted: bool = False
    is_absence: bool = False
    withheld_from: str = ""
    reason: str = ""


def automatic_of(env) -> Automatic | None:
    """What is sent now if nobody writes it, else None."""
    found = env.context.get("mailflow_automatic")
    return found if isinstance(found, Automatic) else None


def automatic_headers(value: str) -> dict[str, str]:
    """The fields that keep other programs from answering.

    :param value: ``auto-replied`` or ``auto-generated`` (RFC 3834 section 5). X-Auto-Response-
        Suppress is Exchange's word for the same (MS-OXCMAIL 2.2.3.2.14)
    """
    return {"Auto-Submitted": value, "X-Auto-Response-Suppress": SUPPRESS[value]}


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def _mailflow_as_automatic(self):
        """The same tickets; what is sent now was written by nobody."""
        if automatic_of(self.env):
            return self
        answers = "mailflow_no_automatic_answer" in self.env.context
        return self.with_context(
            mailflow_automatic=Automatic("auto-replied" if answers else "auto-generated")
        )

    # ------------------------------------------------------------
    # STAGES AND RULES
    # ------------------------------------------------------------

    def _track_template(self, tracking):
        """Stages may have a mail template. Never to automatic mail, lists, bounces: that is how
        loops begin."""
        templates = super()._track_template(tracking)
        if not templates:
            return templates
        reason = self.env.context.get("mailflow_no_automatic_answer")
        if reason:
            self._mailflow_withhold_template(reason)
            return {}
        for _template, values in templates.values():
            # Odoo would talk to the mail server within the transaction, and again when that is
            # begun anew
            values["force_send"] = False
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return templates

    def _mailflow_withhold_template(self, reason: str) -> None:
        """Say under the customer's mail that a stage has sent nothing, and why."""
        self.ensure_one()
        ticket = self.sudo()
        row = self.env["helpdesk.automatic.answer"]._log_withheld(
            [
                {
                    "kind": "template",
                    "reason": reason,
                    "ticket_id": ticket.id,
                    "alias_id": ticket.support_alias_id.id,
                    "company_id": ticket.company_id.id,
                    "recipient": tools.email_normalize(ticket.partner_email or ""),
                }
            ]
        )
        mail = self.env["mail.message"].sudo()
        mail = mail.search(
            [
                ("model", "=", self._name),
                ("res_id", "=", ticket.id),
                ("message_type", "=", "email"),
            ],
            order="id desc",
            limit=1,
        )
        code, values = row._why()
        mail._mailflow_note(code, **values)

    def message_mail_with_source(self, source_ref, **kwargs):
        return super(HelpdeskTicket, self._mailflow_by_source(source_ref)).message_mail_with_source(
            source_ref, **kwargs
        )

    def message_post_with_source(self, source_ref, **kwargs):
        return super(HelpdeskTicket, self._mailflow_by_source(source_ref)).message_post_with_source(
            source_ref, **kwargs
        )

    def _mailflow_by_source(self, source_ref):
        """Who opens the composer writes, also with a template; these methods are for programs."""
        template, _view = self._get_source_from_ref(source_ref)
        return self._mailflow_as_automatic() if template else self

    def _notify_thread_with_out_of_office(self, message, recipients_data, msg_vals=False, **kwargs):
        """Odoo answers for colleagues who are away."""
        if self.env.context.get("mailflow_no_automatic_answer"):
            return self.env["mail.message"]
        away = self.with_context(mailflow_automatic=Automatic("auto-replied", is_absence=True))
        return super(HelpdeskTicket, away)._notify_thread_with_out_of_office(
            message, recipients_data, msg_vals=msg_vals, **kwargs
        )

    # ------------------------------------------------------------
    # MARKS AND LIMITS
    # ------------------------------------------------------------

    def _notify_by_email_get_headers(self, headers=None):
        headers = super()._notify_by_email_get_headers(headers=headers)
        automatic = automatic_of(self.env)
        if not automatic:
            return headers
        headers = {**headers, **automatic_headers(automatic.value)}
        if automatic.answers:
            headers["In-Reply-To"] = automatic.answers
        return headers

    def _mailflow_recipients_within_limits(self, message, recipients) -> list[dict]:
        """Outsiders who had too many automatic mails get no more for now.

        The last step of ``_notify_get_recipients``: who remains has taken a turn.
        """
        automatic = automatic_of(self.env)
        if not automatic or automatic.is_counted:
            return recipients
        outside = {
            each["email_normalized"]
            for each in recipients
            if each["share"] and each["notif"] == "email" and each["email_normalized"]
        }
        withheld = self._mailflow_count(message, outside)
        return [each for each in recipients if each["email_normalized"] not in withheld]

    def _mailflow_count(self, message, emails) -> set[str]:
        """Take turns for a message that nobody wrote; asked again, the answer is the same.

        :param emails: normalized addresses of outsiders
        :return: those that it is withheld from, which the message says
        """
        self.ensure_one()
        # sudo: the log is not for everybody
        Answer = self.env["helpdesk.automatic.answer"].sudo()
        known = Answer.search([("message_id", "in", message.ids)])
        ticket = self.sudo()
        automatic = automatic_of(self.env)
        wishes = [
            {
                "kind": "absence" if automatic and automatic.is_absence else "template",
                "ticket_id": ticket.id,
                "alias_id": ticket.support_alias_id.id,
                "company_id": ticket.company_id.id,
                "recipient": email,
                "message_id": message.id,
            }
            for email in sorted(set(emails).difference(known.mapped("recipient")))
        ]
        never = automatic and automatic.withheld_from
        refused = [wish for wish in wishes if wish["recipient"] == never]
        known |= Answer._log_withheld([{**wish, "reason": automatic.reason} for wish in refused])
        wishes = [wish for wish in wishes if wish["recipient"] != never]
        blocked = self.env["helpdesk.undeliverable"]._blocked(
            {wish["recipient"] for wish in wishes}, self.company_id
        )
        known |= Answer._log_withheld(
            [{**wish, "reason": "undeliverable"} for wish in wishes if wish["recipient"] in blocked]
        )
        known |= Answer._take_turns([wish for wish in wishes if wish["recipient"] not in blocked])
        withheld = known.filtered(lambda row: row.outcome == "withheld")
        for row in withheld:
            code, values = row._why()
            message._mailflow_note(code, **values)
        return set(withheld.mapped("recipient")) & set(emails)
