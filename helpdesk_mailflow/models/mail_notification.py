# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    failure_type = fields.Selection(
        selection_add=[("mailflow_filter", "On the outgoing filter")],
        ondelete={"mailflow_filter": lambda each: each.write({"failure_type": "mail_bl"})},
    )
