# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import unicodedata

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError

from ..mailflow.pattern import PatternError
from ..mailflow.ticket_number import check_number_pattern
from . import pattern_errors
from .rule_fields import check_record

#: Records that an action refers to, and that have to be of the rule's company.
RECORDS = ("team_id", "user_id", "tag_ids", "partner_ids", "template_id", "server_action_id")
#: Longest name of a folder that is typed (characters).
LONGEST_FOLDER_NAME = 250


class HelpdeskScannerRuleAction(models.Model):
    """Actions that can be done, as far as that can be told when they are saved."""

    _inherit = "helpdesk.scanner.rule.action"

    run_as_id = fields.Many2one(
        "res.users",
        string="Run as",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="Whoever saved the action or its rule's condition last: the server action has that"
        " user's rights",
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([{**vals, "run_as_id": self._runs_as()} for vals in vals_list])

    def write(self, vals):
        if vals.keys() - {"sequence"}:
            # also when somebody writes that it is somebody else
            vals = {**vals, "run_as_id": self._runs_as()}
        return super().write(vals)

    @api.model
    def _runs_as(self) -> int | bool:
        """Whose rights a server action has: the user's. Not Odoo's own, which has all."""
        return self.env.uid if self.env.uid != SUPERUSER_ID else False

    def _answer_for_server_actions(self) -> None:
        """Let the server actions run with the rights of the user from now on."""
        theirs = self.filtered(
            lambda action: (
                action.kind == "server_action" and action.run_as_id.id != action._runs_as()
            )
        )
        theirs.write({"run_as_id": self._runs_as()})

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    @api.constrains(
        "kind",
        "match_by",
        "number_pattern",
        "assign",
        "value_ids",
        "folder_id",
        "folder_name",
        *RECORDS,
    )
    def _check_action(self):
        for action in self:
            if action.kind == "ticket" and action.match_by in ("number", "both"):
                action._check_number_pattern()
            action._check_records()
            action._check_folder_name()
            action.value_ids._check_value()

    def _check_number_pattern(self) -> None:
        try:
            check_number_pattern(self.number_pattern)
        except PatternError as error:
            raise ValidationError(
                self.env._(
                    "The pattern of ticket numbers cannot be used. %(error)s",
                    error=pattern_errors.sentence(self.env, error, self.number_pattern or ""),
                )
            ) from error

    def _check_folder_name(self) -> None:
        """A name that a mail server can be told."""
        name = self.folder_name or ""
        if len(name) > LONGEST_FOLDER_NAME or any(
            unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in name
        ):
            raise ValidationError(
                self.env._(
                    "No folder can have the name that you entered: it has to be one line of at"
                    " most %(most)s characters.",
                    most=LONGEST_FOLDER_NAME,
                )
            )

    def _check_records(self) -> None:
        """Records of the rule's company that the author may see. What an action of another
        kind left in its fields counts for nothing."""
        company = self.rule_id.company_id
        for name in (*RECORDS, "folder_id"):
            for record in self[name] if self._uses(name) else ():
                check_record(record, company, self._fields[name]._description_string(self.env))
        template, server_action = self.template_id.sudo(), self.server_action_id.sudo()
        if self.kind == "answer" and template and template.model != "helpdesk.ticket":
            raise ValidationError(self.env._("Choose a template for tickets."))
        if self.kind == "server_action" and server_action and not server_action.helpdesk_released:
            raise ValidationError(
                self.env._(
                    "A system administrator has to release the server action for helpdesk rules"
                    " first."
                )
            )

    def _uses(self, name: str) -> bool:
        """Whether an action of its kind looks at a field."""
        return name in {
            "route_team": ("team_id",),
            "route_agent": ("team_id", "user_id") if self.assign == "user" else ("team_id",),
            "set": ("tag_ids",),
            "followers": ("partner_ids",),
            "answer": ("template_id",),
            "server_action": ("server_action_id",),
            "move": ("folder_id",),
            "copy": ("folder_id",),
            "spam": ("folder_id",),
        }.get(self.kind, ())
