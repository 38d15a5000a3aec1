# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import json

from odoo import api, models

from odoo.addons.mail.tools.discuss import Store

from .helpdesk_ticket_sender import CHOICES_OF_AGENTS


class MailScheduledMessage(models.Model):
    _inherit = "mail.scheduled.message"

    @api.model
    def _notification_parameters_whitelist(self):
        """What is sent later goes to the same people: without these a private message would go
        to the requester, and a forwarded one to all followers."""
        return super()._notification_parameters_whitelist() | {
            *CHOICES_OF_AGENTS,
            "helpdesk_forward",
            "helpdesk_reply_apart",
            "notify_skip_followers",
            "outgoing_email_to",
        }

    def _to_store_defaults(self, target):
        return [
            *super()._to_store_defaults(target),
            Store.Attr(
                "helpdesk_way",
                lambda each: each._mailflow_way(),
                predicate=lambda each: each.model == "helpdesk.ticket" and not each.is_note,
            ),
        ]

    def _mailflow_way(self) -> dict | bool:
        """How an answer to a ticket will leave, as the web client shows it of messages."""
        self.ensure_one()
        values = json.loads(self.notification_parameters or "{}")
        ticket = self.env["helpdesk.ticket"].browse(self.res_id).exists()
        sender = self.env["helpdesk.from.address"].browse(
            values.get("helpdesk_from_address_id") or []
        )
        if not ticket or not CHOICES_OF_AGENTS & values.keys():
            return False
        return {
            "wasSentFrom": sender.exists() and ticket._mailflow_from(sender, self.author_id),
            "helpdesk_cc": values.get("helpdesk_cc") or False,
            "helpdesk_bcc": values.get("helpdesk_bcc") or False,
            "helpdesk_private": values.get("helpdesk_private") or False,
        }
