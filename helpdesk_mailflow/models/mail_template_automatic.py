# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import models


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def send_mail_batch(self, res_ids, **kwargs):
        """Server actions and other programs send templates by this; the composer does not."""
        sending = self
        if self.model == "helpdesk.ticket":
            tickets = self.env["helpdesk.ticket"]._mailflow_as_automatic()
            sending = self.with_context(**tickets.env.context)
        return super(MailTemplate, sending).send_mail_batch(res_ids, **kwargs)
