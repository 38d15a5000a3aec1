# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""From a mail scanner back to the guide that sets it up: Google's sign-in ends at the scanner."""

from odoo import api, fields, models

from .helpdesk_of_team import SYSTEM


class FetchmailServer(models.Model):
    _inherit = "fetchmail.server"

    connection_ids = fields.One2many(
        "helpdesk.mailbox.connection", "scanner_id", readonly=True, groups=SYSTEM
    )
    is_in_guide = fields.Boolean(
        compute="_compute_is_in_guide", help="The guide that sets it up is not finished"
    )

    @api.depends("connection_ids.state")
    def _compute_is_in_guide(self):
        for scanner in self:
            scanner.is_in_guide = bool(scanner._open_connection())

    def _open_connection(self):
        # sudo: which connection it is part of is no secret to who sees the scanner
        return self.sudo().connection_ids.filtered(lambda each: each.state == "open")[:1]

    def action_back_to_guide(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.mailbox_connection_action"
        )
        action.update(res_id=self._open_connection().id, views=[(False, "form")])
        return action
