# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import models


class MailMessage(models.Model):
    """Messages that are moved from one ticket to another, as whatever merges tickets does."""

    _inherit = "mail.message"

    def write(self, vals):
        left = self.env["helpdesk.ticket"]
        target_id = vals.get("res_id")
        if target_id and vals.get("model", "helpdesk.ticket") == "helpdesk.ticket":
            # sudo: which tickets they were on, not what they say
            own = self.sudo().filtered(lambda each: each.model == "helpdesk.ticket")
            left = left.browse({each.res_id for each in own} - {target_id, 0}).exists()
        result = super().write(vals)
        if left and left.browse(target_id).exists():
            left._mailflow_has_moved_to(target_id)
        return result
