# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

from .rule_fields import targets


class HelpdeskScannerRuleValue(models.Model):
    """What the screens offer of a value: fields that fit the action, choices that fit the
    field."""

    _inherit = "helpdesk.scanner.rule.value"

    fields_offered = fields.Json(compute="_compute_fields_offered")
    choices_offered = fields.Json(compute="_compute_choices_offered")

    @api.depends("action_id.kind")
    def _compute_fields_offered(self):
        known = targets(self.env)
        for value in self:
            wanted = "contact" if value.action_id.kind == "contact" else "ticket"
            value.fields_offered = [key for key, each in known.items() if each.of == wanted]

    @api.depends("field_name")
    def _compute_choices_offered(self):
        choices = [key for key, _label in self._select_choice()]
        for value in self:
            of_field = f"{value.field_name}:"
            value.choices_offered = [key for key in choices if key.startswith(of_field)]

    @api.onchange("field_name")
    def _onchange_field_name(self):
        """What was chosen for another field does not fit."""
        if not (self.choice or "").startswith(f"{self.field_name}:"):
            self.choice = False
        if self.takes not in ("record", "agent") or self.field_name != self._origin.field_name:
            self.record_ref = False

    def _in_words(self) -> str:
        """The value as its author reads it; what the reader may not see is not named."""
        self.ensure_one()
        if self.takes == "agent" and self.assign != "user":
            assigns = self._fields["assign"]._description_selection(self.env)
            return dict(assigns).get(self.assign, "")
        if self.takes in ("agent", "record") and self.record_model:
            record = self.env[self.record_model].browse(self.record_ref or []).exists()
            return record._filtered_access("read").display_name or self.env._("(not visible)")
        if self.takes == "choice":
            label = dict(self._select_choice()).get(self.choice, "")
            return label.partition(": ")[2]
        return self.text or ""
