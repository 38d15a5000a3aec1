# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: Types that run with the rights of a user: Odoo runs the others with all rights.
RELEASABLE = ("code",)


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    helpdesk_released = fields.Boolean(
        "Released for helpdesk rules",
        copy=False,
        help="Helpdesk managers and team leaders may let scanner rules run it on tickets, with"
        " their own rights",
    )

    @api.constrains("helpdesk_released", "model_id", "state")
    def _check_helpdesk_released(self):
        for action in self.filtered("helpdesk_released"):
            if action.model_id.model != "helpdesk.ticket" or action.state not in RELEASABLE:
                raise ValidationError(
                    self.env._(
                        "Only actions on the model Helpdesk Ticket of the type Execute Code can be"
                        " released for helpdesk rules: Odoo runs the other types without regard"
                        " to the rights of users."
                    )
                )
