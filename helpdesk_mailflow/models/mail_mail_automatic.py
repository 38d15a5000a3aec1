# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.tools.mail import email_normalize_all

from . import trace
from .helpdesk_ticket_automatic import automatic_headers, automatic_of

#: Longer than a mail server is waited for (Odoo: 60 s at each step).
SENDING = timedelta(minutes=10)


class MailMail(models.Model):
    _inherit = "mail.mail"

    # ------------------------------------------------------------
    # MADE OF A TEMPLATE
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Mails of templates, which are messages of their own: marked, and limited."""
        automatic = automatic_of(self.env)
        places = [
            place
            for place, vals in enumerate(vals_list)
            if automatic
            and vals.get("model") == "helpdesk.ticket"
            and vals.get("res_id")
            and not vals.get("mail_message_id")
        ]
        if not places:
            return super().create(vals_list)
        mails = super().create(vals_list)
        for place in places:
            mail = mails[place]
            mail.headers = repr({**mail._mailflow_headers(), **automatic_headers(automatic.value)})
            mail._mailflow_limit()
        return mails

    def _mailflow_limit(self) -> None:
        """Take recipients away who had too many; without any left, the mail is cancelled."""
        self.ensure_one()
        if self.state != "outgoing":
            return
        partners = self.recipient_ids
        outside = partners.filtered("partner_share")
        addresses = {
            name: tools.mail.email_split_and_format_normalize(self[name] or "")
            for name in ("email_to", "email_cc")
        }
        emails = set(outside.mapped("email_normalized")) - {False}
        for formatted in addresses.values():
            emails.update(email_normalize_all(", ".join(formatted)))
        ticket = self.env["helpdesk.ticket"].browse(self.res_id)
        withheld = ticket._mailflow_count(self.mail_message_id, emails)
        if not withheld:
            return
        partners -= outside.filtered(lambda each: each.email_normalized in withheld)
        values = {
            name: ", ".join(
                each for each in formatted if tools.email_normalize(each) not in withheld
            )
            for name, formatted in addresses.items()
        }
        if partners or any(values.values()):
            self.write({**values, "recipient_ids": [(6, 0, partners.ids)]})
            return
        notes = self.mail_message_id.sudo().helpdesk_notes or []
        reasons = [trace.sentence(self.env, each["code"], each["values"]) for each in notes]
        self.write({"state": "cancel", "failure_reason": "\n".join(reasons)})

    # ------------------------------------------------------------
    # SENT ONCE
    # ------------------------------------------------------------

    def _send(self, auto_commit=False, **kwargs):
        """The queue sends a receipt once at the most: who was killed while a mail server had it
        does not know whether it went out, and a customer needs no second one. (Answers of
        people are sent again then.)"""
        of_tickets = self._of_tickets() if auto_commit else self.browse()
        if not of_tickets:
            return super()._send(auto_commit=auto_commit, **kwargs)
        # sudo: the log is not for everybody
        rows = (
            self.env["helpdesk.automatic.answer"]
            .sudo()
            .search(
                [("kind", "=", "receipt"), ("message_id", "in", of_tickets.mail_message_id.ids)]
            )
            .grouped("message_id")
        )
        receipts = of_tickets.filtered(
            lambda mail: mail.mail_message_id in rows and mail.state == "outgoing"
        )
        result = super(MailMail, self - receipts)._send(auto_commit=auto_commit, **kwargs)
        for mail in receipts:
            row = rows[mail.mail_message_id]
            if row.handed_over:
                mail._mailflow_handed_over(row)
                continue
            row.handed_over = fields.Datetime.now()
            # the mark has to outlive this process
            self.env.cr.commit()  # pylint: disable=invalid-commit
            super(MailMail, mail)._send(auto_commit=auto_commit, **kwargs)
            row.handed_over = False
        return result

    def _mailflow_handed_over(self, row) -> None:
        """Another process sends it, or was killed while it did. After a while it was killed,
        and nobody knows whether the mail went out: leave it at that, and say so."""
        over = row.handed_over + SENDING
        if over > fields.Datetime.now():
            # sudo: whoever sends has it looked at again
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(over)
            return
        row.write({"outcome": "failed", "reason": "cut_off", "handed_over": False})
        code, values = row._why()
        self.mail_message_id._mailflow_note(code, **values)
        self.write({"state": "cancel", "failure_reason": trace.sentence(self.env, code, values)})
        self._postprocess_sent_message(
            success_pids=[],
            success_emails=[],
            failure_reason=self.failure_reason,
            failure_type="unknown",
        )
