# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Whom an answer goes to: one mail to all who are outside of the company."""

import ast

from odoo import models, tools
from odoo.tools.mail import email_normalize_all
from odoo.tools.misc import clean_context

from ..mailflow.charset import one_line
from .helpdesk_ticket_automatic import automatic_of

#: Messages that may be answers to people outside of the company.
ANSWERS = frozenset(("comment", "auto_comment", "email_outgoing"))


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def _mailflow_requester_emails(self) -> set[str]:
        """Normalized addresses of the requester."""
        self.ensure_one()
        # sudo: compared, never shown
        ticket = self.sudo()
        found = {ticket.partner_id.email_normalized}
        found.update(email_normalize_all(ticket.partner_email or ""))
        return found - {False, ""}

    # ------------------------------------------------------------
    # RECIPIENTS
    # ------------------------------------------------------------

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Whom Odoo would notify, and what we make of it, from the first step to the last.

        Each step takes ``(message, recipients)``, the latter in the shape of Odoo's method, and
        returns the recipients that remain. Limits come last: who gets nothing takes no turn.
        """
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        if not self:
            return recipients
        recipients = self._mailflow_recipients_with_copies(message, recipients)
        recipients = self._mailflow_recipients_private(message, recipients)
        recipients = self._mailflow_recipients_chosen(message, recipients)
        recipients = self._mailflow_recipients_of_template(message, recipients)
        # what waits is asked about again
        waits = self._is_notification_scheduled(kwargs.get("scheduled_date"))
        recipients = self.env["helpdesk.outgoing.filter"]._without_filtered(
            recipients, message, self.sudo().company_id, tell=not waits
        )
        return self._mailflow_recipients_within_limits(message, recipients)

    def _mailflow_recipients_with_copies(self, message, recipients) -> list[dict]:
        """Who is in Cc and Bcc is a recipient, too."""
        # sudo: Bcc is not for everyone to read
        own = message.sudo()
        present = {each["email_normalized"] for each in recipients}
        added = []
        for name, email in tools.mail.email_split_tuples(
            ", ".join(filter(None, (own.helpdesk_cc, own.helpdesk_bcc)))
        ):
            normalized = tools.email_normalize(email)
            if normalized and normalized not in present:
                present.add(normalized)
                added.append(self._mailflow_recipient(name, normalized))
        return [*recipients, *added]

    def _mailflow_recipients_private(self, message, recipients) -> list[dict]:
        """A private answer is not for the requester, nor for other outsiders that nobody
        named."""
        # sudo: as _mailflow_requester_emails
        own, ticket = message.sudo(), self.sudo()
        if not own.helpdesk_private:
            return recipients
        requester = self._mailflow_requester_emails()
        named = {*own.partner_ids.ids, False}
        return [
            each
            for each in recipients
            if each["email_normalized"] not in requester
            and each["id"] != ticket.partner_id.id
            and (not each["share"] or each["id"] in named)
        ]

    def _mailflow_recipient(self, name: str, email: str) -> dict:
        """An address as a recipient, in the shape of ``_notify_get_recipients``."""
        return {
            "active": True,
            "email_normalized": email,
            "id": False,
            "is_follower": False,
            "name": name or email,
            "lang": False,
            "groups": [],
            "notif": "email",
            "share": True,
            "type": "customer",
            "uid": False,
            "ushare": False,
        }

    def _message_post_after_hook(self, message, msg_values):
        """Whoever an agent writes to, and people in Cc, take part from now on, without becoming
        contacts; not those whom something is forwarded to."""
        result = super()._message_post_after_hook(message, msg_values)
        # sudo: whoever may answer may have somebody take part
        own, ticket = message.sudo(), self.sudo()
        written_to = ", ".join(filter(None, (own.outgoing_email_to, own.helpdesk_cc)))
        if written_to and not own._mailflow_is_apart():
            ticket._mailflow_add_cc(written_to)
        return result

    # ------------------------------------------------------------
    # THE MAIL
    # ------------------------------------------------------------

    def _notify_thread_by_email(
        self,
        message,
        recipients_data,
        *,
        msg_vals=False,
        mail_auto_delete=True,
        model_description=False,
        force_email_company=False,
        force_email_lang=False,
        force_record_name=False,
        subtitles=None,
        force_send=True,
        send_after_commit=True,
        **kwargs,
    ):
        """As people write to each other: those outside of the company get one mail with all of
        them in To and Cc. Colleagues get Odoo's notification."""
        outside = self._mailflow_outside(message, recipients_data)
        inside = [each for each in recipients_data if each not in outside]
        layout = {
            "model_description": model_description,
            "force_email_company": force_email_company,
            "force_email_lang": force_email_lang,
            "force_record_name": force_record_name,
            "subtitles": subtitles,
        }
        result = super()._notify_thread_by_email(
            message,
            inside,
            msg_vals=msg_vals,
            mail_auto_delete=mail_auto_delete,
            force_send=force_send,
            send_after_commit=send_after_commit,
            **layout,
            **kwargs,
        )
        if outside:
            mail = self._mailflow_conversation_mail(
                message,
                outside,
                msg_vals,
                layout,
                {"auto_delete": mail_auto_delete, "headers": kwargs.get("mail_headers") or {}},
            )
            if self.env.context.get("mail_notify_force_send", force_send):
                mail.send_after_commit() if send_after_commit else mail.send()
        return result

    def _mailflow_outside(self, message, recipients_data) -> list[dict]:
        """The recipients of an answer that are customers or other outsiders."""
        # sudo: who wrote
        author = message.sudo().author_id
        # an agent may have written it in a mail program
        by_mail = message.message_type == "email" and author
        if not self or author.partner_share or not (by_mail or message.message_type in ANSWERS):
            return []
        return [
            each
            for each in recipients_data
            if each["notif"] == "email" and each["share"] and each["email_normalized"]
        ]

    def _mailflow_conversation_mail(self, message, outside, msg_vals, layout, more):
        """The one mail to the outsiders.

        :param outside: of ``_mailflow_outside``
        :param layout: parameters of ``_notify_get_classified_recipients_iterator``
        :param more: values for the ``mail.mail``
        """
        to, cc, bcc = self._mailflow_roles(message, outside)
        values = self._notify_by_email_get_base_mail_values(
            message, outside, additional_values=more
        )
        headers = ast.literal_eval(values.get("headers") or "{}")
        # Odoo adds the others to the To of each single mail; here they stand in it
        headers.pop("X-Msg-To-Add", None)
        if bcc:
            headers["Bcc"] = ", ".join(bcc)
        copy_to = self._mailflow_auto_cc()
        if copy_to and not automatic_of(self.env):
            cc.append(copy_to)
        values.update(
            headers=repr(headers),
            body_html=self._mailflow_conversation_body(message, outside, msg_vals, layout),
            email_to=", ".join(to),
            email_cc=", ".join(cc),
        )
        # sudo: as Odoo does for its notifications; nothing of the context is meant for them
        sudo = self.env(su=True, context=clean_context(self.env.context))
        mail = sudo["mail.mail"].create(values)
        base = self._notify_by_email_get_base_notification_values(message)
        sudo["mail.notification"].create(
            [
                {
                    **base,
                    "mail_mail_id": mail.id,
                    **(
                        {"res_partner_id": each["id"]}
                        if each["id"]
                        else {"mail_email_address": each["email_normalized"]}
                    ),
                }
                for each in outside
            ]
        )
        return mail

    def _mailflow_roles(self, message, outside) -> tuple[list[str], list[str], list[str]]:
        """To, Cc and Bcc of an answer: formatted addresses.

        To is the requester and whoever the agent named, Cc who was put there and who follows.
        A mail that would have no To has its Cc there.
        """
        own = message.sudo()
        blind = set(email_normalize_all(own.helpdesk_bcc or ""))
        copies = set(email_normalize_all(own.helpdesk_cc or ""))
        requester = self._mailflow_requester_emails()
        to, cc, bcc = [], [], []
        # a contact may follow whose address an agent has written, too
        for email, each in {each["email_normalized"]: each for each in outside}.items():
            named = each["id"] in own.partner_ids.ids or not each["id"]
            if email in blind:
                place = bcc
            elif email in copies or not (named or email in requester):
                place = cc
            else:
                place = to
            name = each["name"] if each["name"] != email else ""
            # a line break in a contact's name would make addresses of what follows it
            formatted = tools.formataddr((one_line(name or ""), email))
            if email in requester:
                place.insert(0, formatted)
            else:
                place.append(formatted)
        if not to:
            to, cc = cc, []
        return to, cc, bcc

    def _mailflow_auto_cc(self) -> str:
        """The support address that a copy of each answer goes to, or ""."""
        self.ensure_one()
        # sudo: as Reply-To
        ticket = self.sudo()
        queue = ticket.support_alias_id
        if not queue.email or not ticket.company_id._mailflow_policy("auto_cc", ticket.team_id):
            return ""
        return tools.formataddr((one_line(queue.friendly_name or queue.name or ""), queue.email))

    def _mailflow_conversation_body(self, message, outside, msg_vals, layout):
        """The mail's HTML. With the link into the portal for a single reader only: it lets in
        whoever has it."""
        first = outside[0]
        if len(outside) > 1 or self._mailflow_auto_cc():
            first = {**first, "id": False, "uid": False, "type": "customer", "is_follower": False}
        groups = self._notify_get_classified_recipients_iterator(
            message, [first], msg_vals=msg_vals, **layout
        )
        _lang, render_values, group = next(iter(groups))
        return self._notify_by_email_render_layout(
            message, group, msg_vals=msg_vals, render_values=render_values
        )
