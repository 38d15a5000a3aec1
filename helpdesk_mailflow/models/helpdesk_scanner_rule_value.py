# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..mailflow.rule_text import OF_MAIL, TICKET, names_in
from .rule_fields import ACCOUNT, Target, check_record, choices, convert, targets

#: Ways to assign a ticket.
ASSIGN = [
    ("user", "This agent"),
    ("least_busy", "The least busy agent of the team"),
    ("round_robin", "The agents of the team in turn"),
]


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
    takes = fields.Selection(
        [("text", "Text"), ("choice", "Choice"), ("record", "Record"), ("agent", "Agent")],
        compute="_compute_takes",
        help="What is filled in for the field",
    )
    text = fields.Char(
        "Value", help="May hold placeholders such as {from_name}, {subject} or {order_number}"
    )
    choice = fields.Selection("_select_choice")
    assign = fields.Selection(ASSIGN, default="user")
    record_model = fields.Char(compute="_compute_takes")
    record_ref = fields.Many2oneReference(
        "Record", model_field="record_model", help="Several lines with tags add up"
    )
    on_create = fields.Boolean(default=True)
    on_update = fields.Boolean()

    def _rules(self):
        return self.action_id.rule_id

    @api.model
    def _select_field_name(self):
        """Fields of tickets (``ticket.…``) and of contacts (``contact.…``) that really exist."""
        result = []
        for key, target in targets(self.env).items():
            label = target.field._description_string(self.env) or target.field.name
            if key == ACCOUNT:
                label = self.env._("Account (of a new contact)")
            elif target.of == "contact":
                label = self.env._("Contact: %(field)s", field=label)
            result.append((key, label))
        return result

    @api.model
    def _select_choice(self):
        """What can be chosen for all fields that offer a choice: ``ticket.priority:1``."""
        result = []
        for key, target in targets(self.env).items():
            if target.takes == "choice":
                field = target.field._description_string(self.env)
                result += [
                    (f"{key}:{value}", f"{field}: {label}")
                    for value, label in choices(self.env, target)
                ]
        return result

    @api.depends("field_name")
    def _compute_takes(self):
        known = targets(self.env)
        for value in self:
            target = known.get(value.field_name)
            value.takes = target and target.takes
            value.record_model = (
                target.field.comodel_name if target and target.field.relational else False
            )

    def _target(self) -> Target | None:
        """The field that is set; None if the model has it no more."""
        return targets(self.env).get(self.field_name)

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    @api.constrains(
        "action_id",
        "field_name",
        "text",
        "choice",
        "assign",
        "record_ref",
        "on_create",
        "on_update",
    )
    def _check_value(self):
        for value in self:
            target = value._target()
            if not target:
                raise ValidationError(
                    self.env._(
                        "The field %(field)s cannot be set. Choose another one.",
                        field=value.field_name,
                    )
                )
            kind = value.action_id.kind
            if (kind == "contact") != (target.of == "contact"):
                raise ValidationError(
                    self.env._(
                        "%(field)s is a field of contacts only for the action “Create contact if"
                        " missing”, and of tickets for the others. Choose another field.",
                        field=value._label(target),
                    )
                )
            if not self.env.su and not self.env[target.field.model_name]._has_field_access(
                target.field, "write"
            ):
                raise AccessError(
                    self.env._("You may not set %(field)s.", field=value._label(target))
                )
            getattr(value, f"_check_{target.takes}")(target)

    def _label(self, target: Target) -> str:
        return target.field._description_string(self.env) or target.field.name

    def _check_text(self, target: Target) -> None:
        label = self._label(target)
        text = (self.text or "").strip()
        if not text:
            raise ValidationError(self.env._("Enter a value for %(field)s.", field=label))
        names = names_in(text)
        known = self._placeholders()
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValidationError(
                self.env._(
                    "There is no placeholder {%(name)s} for %(field)s. These can be used:"
                    " %(known)s.",
                    name=unknown[0],
                    field=label,
                    known=", ".join(f"{{{each}}}" for each in known),
                )
            )
        if names:
            return
        try:
            convert(target, text)
        except (ValueError, OverflowError) as error:
            raise ValidationError(
                self.env._(
                    "“%(value)s” does not fit %(field)s. Enter a number as 4.5, a date as"
                    " 2026-03-31.",
                    value=text,
                    field=label,
                )
            ) from error

    def _placeholders(self) -> list[str]:
        """The placeholders that its text may hold."""
        names = [*OF_MAIL, *self.action_id.rule_id._group_names()]
        if self.on_update and not self.on_create:
            names.append(TICKET)
        return list(dict.fromkeys(names))

    def _check_choice(self, target: Target) -> None:
        if not (self.choice or "").startswith(f"{target.key}:"):
            raise ValidationError(
                self.env._("Choose a value for %(field)s.", field=self._label(target))
            )

    def _check_agent(self, target: Target) -> None:
        if self.assign == "user":
            self._check_record(target)

    def _check_record(self, target: Target) -> None:
        label = self._label(target)
        if not self.record_ref:
            raise ValidationError(self.env._("Choose a record for %(field)s.", field=label))
        record = self._record(target)
        check_record(record, self.action_id.rule_id.company_id, label)
        if target.key == "ticket.stage_id":
            self._check_stage(record)

    def _check_stage(self, stage) -> None:
        """A stage of the team that the same action sets, else of the rule's."""
        of_team = self.action_id.value_ids.filtered(
            lambda value: value.field_name == "ticket.team_id"
        )
        team = self.env["helpdesk.ticket.team"].browse(of_team[:1].record_ref or [])
        team = team or self.action_id.rule_id.team_id
        if team and stage.team_ids and team not in stage.team_ids:
            raise ValidationError(
                self.env._(
                    "The stage %(stage)s is none of the team %(team)s. Choose another one.",
                    stage=stage.name,
                    team=team.name,
                )
            )

    def _record(self, target: Target):
        """The record that was chosen; it may be gone."""
        return self.env[target.field.comodel_name].browse(self.record_ref or [])
