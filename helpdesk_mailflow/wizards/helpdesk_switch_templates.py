# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class HelpdeskSwitchTemplates(models.TransientModel):
    """Mail templates that name a sender of their own: leave it to the ticket, or put it back."""

    _name = "helpdesk.switch.templates"
    _description = "Mail templates that name a sender"

    address_id = fields.Many2one("helpdesk.from.address", ondelete="cascade")
    line_ids = fields.One2many(
        "helpdesk.switch.templates.line",
        "wizard_id",
        domain=[("is_switched", "=", False)],
        string="Templates that name a sender",
    )
    switched_line_ids = fields.One2many(
        "helpdesk.switch.templates.line",
        "wizard_id",
        domain=[("is_switched", "=", True)],
        string="Templates that were switched",
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
    can_be_named = fields.Boolean(related="address_id.is_usable")
    locked_count = fields.Integer(compute="_compute_locked_count")
    can_switch = fields.Boolean(compute="_compute_locked_count")
    can_put_back = fields.Boolean(compute="_compute_locked_count")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        templates = self.env["mail.template"]._helpdesk_templates()
        switched = templates.filtered("helpdesk_former_sender")
        fixed = (templates - switched)._helpdesk_sets_sender()
        # one of our From addresses may well be meant
        old = fixed._helpdesk_names_old_sender()
        values["line_ids"] = [
            Command.create({"template_id": each.id, "chosen": each.can_write and each in old})
            for each in fixed
        ]
        values["switched_line_ids"] = [
            Command.create({"template_id": each.id, "is_switched": True}) for each in switched
        ]
        return values

    @api.depends("line_ids.can_change", "switched_line_ids.can_change")
    def _compute_locked_count(self):
        for wizard in self:
            lines = wizard.line_ids | wizard.switched_line_ids
            wizard.locked_count = len(lines.filtered(lambda line: not line.can_change))
            wizard.can_switch = any(wizard.line_ids.mapped("can_change"))
            wizard.can_put_back = any(wizard.switched_line_ids.mapped("can_change"))

    def action_switch(self):
        """Leave the sender of the chosen templates to the ticket, or make them name this address.

        :raise UserError: none is chosen, they are not the user's to change, or the address
            cannot be named
        """
        templates = self._chosen(self.line_ids)
        templates._helpdesk_switch_sender(self._email() if self.sender == "address" else None)
        return self._told(
            self.env._(
                "%(count)s mail templates were switched. That can be undone here.",
                count=len(templates),
            )
        )

    def _email(self) -> str:
        """The address as it is named in a template.

        :raise UserError: it cannot be sent as, or cannot be written there
        """
        address = self.address_id
        address.check_access("read")
        if not address.is_usable:
            raise UserError(
                self.env._(
                    "%(email)s cannot be sent as. Verify and enable it first.",
                    email=address.email or "",
                )
            )
        # the field is a program that Odoo runs: a bare address only, and none with a brace
        if "{" in address.email:
            raise UserError(
                self.env._("%(email)s cannot be written into a mail template.", email=address.email)
            )
        return address.email

    def action_put_back(self):
        """Name again what the chosen templates named before they were switched."""
        templates = self._chosen(self.switched_line_ids)
        templates._helpdesk_put_back_sender()
        return self._told(
            self.env._("%(count)s templates name their former sender again.", count=len(templates))
        )

    def _chosen(self, lines):
        """The templates that were ticked.

        :raise UserError: none was, or the user may not change them
        """
        self.ensure_one()
        # a line names whatever the browser says
        templates = lines.filtered("chosen").template_id
        templates &= self.env["mail.template"]._helpdesk_templates()
        if not templates:
            raise UserError(self.env._("Choose the templates first."))
        locked = templates - templates._filtered_access("write")
        if locked:
            raise UserError(
                self.env._(
                    "You may not change these mail templates: %(names)s. Ask a system"
                    " administrator to do it, or to give you the right “Mail Template Editor”.",
                    names=", ".join(locked.mapped("name")),
                )
            )
        return templates

    @api.model
    def _told(self, message: str) -> dict:
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


class HelpdeskSwitchTemplatesLine(models.TransientModel):
    """One mail template in the wizard."""

    _name = "helpdesk.switch.templates.line"
    _description = "Mail template that names a sender"

    wizard_id = fields.Many2one("helpdesk.switch.templates", required=True, ondelete="cascade")
    template_id = fields.Many2one("mail.template", required=True, ondelete="cascade")
    is_switched = fields.Boolean()
    chosen = fields.Boolean()
    name = fields.Char(related="template_id.name")
    can_change = fields.Boolean(compute="_compute_can_change")
    sender = fields.Char("Names", compute="_compute_sender")
    used_by = fields.Char("Used by", compute="_compute_used_by")

    @api.depends("template_id")
    @api.depends_context("uid")
    def _compute_can_change(self):
        changeable = self.template_id._filtered_access("write")
        for line in self:
            line.can_change = line.template_id in changeable

    @api.depends("template_id", "is_switched")
    def _compute_sender(self):
        for line in self:
            template = line.template_id
            named = (line.is_switched and template.helpdesk_former_sender) or {
                "email_from": template.email_from,
                "reply_to": template.reply_to,
                "mail_server_id": template.mail_server_id.id,
            }
            said = [
                named["email_from"],
                named["reply_to"] and self.env._("Reply-To %(address)s", address=named["reply_to"]),
                named["mail_server_id"] and self.env._("an outgoing server of its own"),
            ]
            line.sender = "; ".join(filter(None, said))

    @api.depends("template_id")
    def _compute_used_by(self):
        stages = self.env["helpdesk.ticket.stage"].search(
            [("mail_template_id", "in", self.template_id.ids)]
        )
        by_template = stages.grouped("mail_template_id")
        for line in self:
            names = by_template.get(line.template_id, stages.browse()).mapped("name")
            line.used_by = ", ".join(dict.fromkeys(names))
