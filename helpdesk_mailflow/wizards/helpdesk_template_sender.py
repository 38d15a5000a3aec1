# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class HelpdeskTemplateSender(models.TransientModel):
    """Offers to switch the mail templates of tickets that name another sender, once there is a
    new From address."""

    _name = "helpdesk.template.sender"
    _description = "Switch the sender of mail templates"

    address_id = fields.Many2one("helpdesk.from.address", required=True, ondelete="cascade")
    template_ids = fields.Many2many(
        "mail.template",
        string="Mail templates",
        compute="_compute_template_ids",
        store=True,
        readonly=False,
    )
    sender = fields.Selection(
        [
            ("answering", "What answers the ticket, by its support alias"),
            ("address", "Always this From address"),
        ],
        string="Send them as",
        required=True,
        default="answering",
    )

    @api.depends("address_id")
    def _compute_template_ids(self):
        naming = self.env["helpdesk.from.address"]._templates_that_name_a_sender()
        for wizard in self:
            wizard.template_ids = wizard.address_id._templates_of_others(naming)

    def action_switch(self):
        """Switch the templates that are left in the list.

        :raise AccessError: not a helpdesk manager
        :raise UserError: the address cannot be sent as
        """
        self.ensure_one()
        if not self.env.user.has_group("helpdesk_mgmt.group_helpdesk_manager"):
            raise AccessError(
                self.env._("Only a helpdesk manager switches the sender of mail templates.")
            )
        address = self.address_id
        address.check_access("read")
        if not address.is_usable:
            raise UserError(
                self.env._(
                    "%(email)s cannot be sent as. Verify and enable it first.", email=address.email
                )
            )
        # the field is a program that Odoo runs: only a bare address, and none with a brace, goes
        # in there; the name before it is the ticket's to say. Without a sender of its own a mail
        # gets that of its ticket
        email_from = address.email if self.sender == "address" else False
        if email_from and "{" in email_from:
            raise UserError(
                self.env._("%(email)s cannot be written into a mail template.", email=email_from)
            )
        # sudo: templates are their authors' and editors' to change; here it is only who tickets
        # are answered as, which is a helpdesk manager's to say
        naming = address._templates_that_name_a_sender()
        templates = (self.template_ids & address._templates_of_others(naming)).sudo()
        templates.write({"email_from": email_from, "mail_server_id": False})
        return {"type": "ir.actions.act_window_close"}
