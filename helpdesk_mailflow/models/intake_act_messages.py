# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging

from odoo import api, models

from .intake_values import Outcome
from .reviewed_overrides import unknown_overrides

_logger = logging.getLogger(__name__)


class HelpdeskIntakeAct(models.AbstractModel):
    """The messages that mails become on their tickets."""

    _inherit = "helpdesk.intake.act"

    @api.model
    def _make_messages(self, items) -> None:
        if not items:
            return
        unknown = unknown_overrides(self.env["helpdesk.ticket"], "message_post")
        root = self.env.ref("base.user_root")
        for item in items:
            # as OdooBot, who is archived: so the author is told from the message
            item.ticket = self._ticket_of(item).with_user(root).sudo()
        if unknown:
            _logger.info(
                "message_post goes mail by mail, it is overridden by %s", ", ".join(unknown)
            )
            for item in items:
                item.message = item.ticket.with_context(
                    mail_post_autofollow_author_skip=not item.partner
                ).message_post(**self._post_values(item), attachments=self._attachments(item))
                item.message._mailflow_set_marks(item.marks)
        else:
            self._post_in_batch(items)
        for item in items:
            participants = self._participants(item)
            if participants:
                # after the notification: they had the mail itself
                item.message.partner_ids = [(4, each) for each in participants.ids]
        self._show_inline_images(items)

    @api.model
    def _post_values(self, item, creation_subtype=None) -> dict:
        """Parameters of ``message_post``, as Odoo's gateway gives them.

        :param creation_subtype: id of the subtype of first messages, if it is known
        """
        mail = item.mail
        new = item.delivery.outcome is Outcome.TICKET
        internal = item.delivery.internal
        own, sender = item.plan.verdict.own_addresses, item.requester.address
        if new:
            subtype = creation_subtype or item.ticket._creation_subtype().id
        else:
            name = "mail.mt_note" if internal else "mail.mt_comment"
            subtype = self.env["ir.model.data"]._xmlid_to_res_id(name)
        return {
            "body": self._message_body(item),
            "subject": mail.subject or False,
            "message_type": "email",
            "email_from": sender.formatted if sender.email else False,
            "author_id": item.partner.id or False,
            "message_id": mail.message_id,
            "date": mail.date.replace(tzinfo=None) if mail.date else self.env.cr.now(),
            "parent_id": item.delivery.message_id or False,
            "subtype_id": subtype,
            "is_internal": internal,
            "partner_ids": self._told(item).ids,
            "incoming_email_to": ",".join(
                each.formatted for each in mail.to if each.normalized not in own
            ),
            "incoming_email_cc": ",".join(
                each.formatted for each in mail.cc if each.normalized not in own
            ),
        }

    @api.model
    def _told(self, item):
        """Colleagues who are told of a reply that is no message for followers: whoever wrote
        what it answers, as Odoo's gateway does, and the assigned agent."""
        found = self.env["res.partner"]
        if item.delivery.outcome is Outcome.REPLY and item.delivery.internal:
            asked = self.env["mail.message"].browse(item.delivery.message_id or [])
            found = (asked.author_id | item.ticket.user_id.partner_id) - item.partner
        return found.filtered(lambda each: not each.partner_share and each.active)

    @api.model
    def _attachments(self, item) -> list[tuple]:
        """Files of the message, as ``message_post`` takes them."""
        return self._files(item.mail.attachments)

    @api.model
    def _files(self, attachments) -> list[tuple]:
        return [(each.name, each.content, {"cid": each.cid}) for each in attachments]

    @api.model
    def _post_in_batch(self, items) -> None:
        """What ``message_post`` does, for many tickets at once."""
        tickets = self.env["helpdesk.ticket"].concat(*(item.ticket for item in items))
        domains = tickets.sudo()._mail_get_alias_domains(default_company=self.env.company)
        companies = tickets._mail_get_companies(default=self.env.company)
        reply_to = tickets._notify_get_reply_to()
        subtype = None
        if not unknown_overrides(tickets, "_creation_subtype"):
            subtype = tickets[:1]._creation_subtype().id
        all_values = []
        for item in items:
            ticket = item.ticket
            values = self._post_values(item, subtype)
            values.update(
                author_guest_id=False,
                email_add_signature=True,
                model=ticket._name,
                res_id=ticket.id,
                outgoing_email_to=False,
                record_alias_domain_id=domains[ticket.id].id,
                record_company_id=companies[ticket.id].id,
                reply_to=reply_to[ticket.id] or values["email_from"],
            )
            if item.delivery.outcome is not Outcome.TICKET:
                values["parent_id"] = ticket._message_compute_parent_id(values["parent_id"])
            values.update(ticket._process_attachments_for_post(self._attachments(item), [], values))
            all_values.append(values)
        messages = tickets[:1]._message_create(all_values)
        for item, message, values in zip(items, messages, all_values, strict=True):
            item.message = message
            message._mailflow_set_marks(item.marks)
            ticket = item.ticket._fallback_lang()
            if (
                item.partner
                and not item.partner.partner_share
                and item.delivery.outcome is Outcome.REPLY
            ):
                ticket._message_subscribe(partner_ids=item.partner.ids)
            ticket._message_post_after_hook(message, values)
        with self.env["mail.followers"]._mailflow_batch(tickets):
            for item, values in zip(items, all_values, strict=True):
                item.ticket._notify_thread(item.message, values)

    @api.model
    def _show_inline_images(self, items) -> None:
        """The description of a new ticket shows the images of its mail, as the message does."""
        for item in items:
            if item.delivery.outcome is Outcome.TICKET and any(
                info["cid"] and info["cid"] in self._body(item)
                for _name, _content, info in self._attachments(item)
            ):
                item.ticket.with_context(tracking_disable=True).description = item.message.body

    @api.model
    def _message_dict(self, item) -> dict:
        """The mail as Odoo's ``message_parse`` would give it, for somebody else's override."""
        mail = item.mail
        values = self._post_values(item) if item.ticket else {}
        return {
            **values,
            "message_type": "email",
            "message_id": mail.message_id,
            "subject": mail.subject,
            "from": mail.from_.formatted,
            "email_from": item.requester.address.formatted,
            "to": ",".join(each.formatted for each in mail.to),
            "cc": ",".join(each.formatted for each in mail.cc),
            "recipients": ",".join(each.email for each in mail.recipients),
            "body": self._message_body(item),
            "references": " ".join(mail.references),
            "in_reply_to": " ".join(mail.in_reply_to),
            "date": str(mail.date.replace(tzinfo=None, microsecond=0)) if mail.date else False,
            "author_id": item.partner.id or False,
            "parent_id": item.delivery.message_id or False,
            "is_internal": item.delivery.internal,
            "is_bounce": False,
            "attachments": self._attachments(item),
        }
