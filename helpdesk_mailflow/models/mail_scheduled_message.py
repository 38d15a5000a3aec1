# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

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
            "notify_skip_followers",
            "outgoing_email_to",
        }
