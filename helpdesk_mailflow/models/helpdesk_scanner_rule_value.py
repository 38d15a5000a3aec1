# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models


class HelpdeskScannerRuleValue(models.Model):
    """A value that an action gives a field of a ticket or a contact."""

    _name = "helpdesk.scanner.rule.value"
    _description = "Value of a scanner rule's action"
    _inherit = ["helpdesk.scanner.compiled", "helpdesk.scanner.part"]
    _order = "action_id, sequence, id"
    _part_of = "action_id"

    action_id = fields.Many2one(
        "helpdesk.scanner.rule.action", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="action_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    field_name = fields.Selection("_select_field_name", string="Field", required=True)
    text = fields.Char(
        "Value", help="May hold placeholders such as {from_name}, {subject} or {order_number}"
    )
    record_model = fields.Char(compute="_compute_record_model")
    record_ref = fields.Many2oneReference("Record", model_field="record_model")
    on_create = fields.Boolean(default=True)
    on_update = fields.Boolean()

    def _rules(self):
        return self.action_id.rule_id

    @api.model
    def _select_field_name(self):
        """Fields of tickets (``ticket.…``) and of contacts (``contact.…``) that really exist."""
        return []

    @api.depends("field_name")
    def _compute_record_model(self):
        for value in self:
            value.record_model = False
