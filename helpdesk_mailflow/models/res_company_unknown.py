# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models

TEMPLATE = "helpdesk_mailflow.unknown_sender_template"


class ResCompany(models.Model):
    """The polite answer to unknown senders."""

    _inherit = "res.company"

    helpdesk_unknown_answer = fields.Boolean(
        "Answer unknown senders",
        help="Whoever is held for being unknown is told so, once a day at the most. Never programs,"
        " mailing lists, no-reply addresses and senders who are not proven.",
    )
    helpdesk_unknown_template_id = fields.Many2one(
        "mail.template",
        string="Text of the answer to unknown senders",
        domain=[("model", "=", "helpdesk.incoming.mail")],
        ondelete="set null",
        help="If empty: “Helpdesk: answer to an unknown sender”",
    )

    def _unknown_template(self):
        """The ``mail.template``; none if the one that we ship was deleted."""
        self.ensure_one()
        # sudo: as the automatic answers of support aliases
        company = self.sudo()
        found = company.helpdesk_unknown_template_id or company.env.ref(TEMPLATE, False)
        return found or company.env["mail.template"]
