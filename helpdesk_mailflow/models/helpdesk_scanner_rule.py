# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging

import psycopg2
import psycopg2.errors

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, ormcache

from ..mailflow.note import Note
from . import trace
from .intake_values import FACTS, CompiledRule
from .rule_condition import (
    OPERATORS,
    check_condition,
    compile_condition,
    names_of,
    sees_reports,
)

_logger = logging.getLogger(__name__)

#: Faults that a rule keeps, the newest ones.
MOST_FAULTS = 10


def _without_error(told: dict) -> dict:
    """A fault without the words of a program, which may differ from mail to mail."""
    values = {key: value for key, value in told["values"].items() if key != "error"}
    return {"code": told["code"], "values": values}


class HelpdeskScannerRule(models.Model):
    """What to do with which mail: where it counts, conditions, and actions in their order.

    The condition is a domain over the facts of an incoming mail.
    """

    _name = "helpdesk.scanner.rule"
    _description = "Scanner rule"
    _inherit = ["helpdesk.scanner.compiled", "helpdesk.of.team"]
    _order = "sequence, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10, help="The first rule that matches comes first")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        check_company=True,
        domain="[('company_id', 'in', (company_id, False))]",
        ondelete="cascade",
        index="btree_not_null",
        help="Only mail for support aliases of this team, and replies to its tickets",
    )
    scanner_ids = fields.Many2many(
        "helpdesk.mail.scanner",
        "helpdesk_scanner_rule_scanner_rel",
        "rule_id",
        "scanner_id",
        string="Mail scanners",
        # shown when it is archived, too, since the rule is for nothing else still
        context={"active_test": False},
        domain="[('company_id', '=', company_id)]",
        help="None: all of them, and mail that comes in another way",
    )
    alias_ids = fields.Many2many(
        "helpdesk.support.alias",
        "helpdesk_scanner_rule_alias_rel",
        "rule_id",
        "alias_id",
        string="Support aliases",
        check_company=True,
        domain="[('company_id', '=', company_id)]",
        help="None: all of them",
    )
    folder_ids = fields.Many2many(
        "helpdesk.mail.folder",
        "helpdesk_scanner_rule_folder_rel",
        "rule_id",
        "folder_id",
        string="Folders",
        context={"active_test": False},
        check_company=True,
        domain="[('company_id', '=', company_id)]",
        help="Only mail from these folders; their scanners read them while the rule is active."
        " None: all that are read.",
    )
    domain = fields.Char("Condition", required=True, default="[]")
    action_ids = fields.One2many(
        "helpdesk.scanner.rule.action", "rule_id", string="Actions", copy=True
    )
    stop = fields.Boolean(
        "Stop after this rule",
        default=True,
        help="No later rule is looked at for a mail that matches this one",
    )
    fault = fields.Json(readonly=True, copy=False, help="What could not be done, as notes")
    fault_date = fields.Datetime(readonly=True, copy=False)
    match_ids = fields.One2many("helpdesk.scanner.rule.match", "rule_id", readonly=True)

    # ------------------------------------------------------------
    # CONDITION
    # ------------------------------------------------------------

    @api.constrains("domain", "company_id")
    def _check_domain(self):
        for rule in self:
            check_condition(rule.env, rule.domain)

    @api.constrains("company_id", "team_id", "alias_ids", "folder_ids", "scanner_ids")
    def _check_scope(self):
        for rule in self:
            strangers = rule.scanner_ids.filtered(
                lambda scanner, rule=rule: scanner.company_id not in (rule.company_id, False)
            )
            if strangers:
                raise ValidationError(
                    self.env._(
                        "The mail scanner %(scanner)s belongs to another company.",
                        scanner=strangers[0].name,
                    )
                )
            if rule.team_id and rule.alias_ids.team_id - rule.team_id:
                raise ValidationError(
                    self.env._(
                        "The rule is for team %(team)s only, but the support alias %(alias)s is"
                        " not of that team.",
                        team=rule.team_id.name,
                        alias=(
                            rule.alias_ids.filtered(
                                lambda alias, rule=rule: alias.team_id != rule.team_id
                            )[0].name
                        ),
                    )
                )

    # ------------------------------------------------------------
    # COMPILED
    # ------------------------------------------------------------

    @api.model
    @ormcache()
    def _compiled(self) -> tuple[CompiledRule, ...]:
        """All active rules, in their order; made once, and again after each change."""
        # sudo: rules count for all mail, whoever hands it in; and whatever the caller shows
        rules = self.sudo().search(Domain("active", "=", True))
        return tuple(compiled for rule in rules if (compiled := rule._compile_if_readable()))

    def _compile_if_readable(self) -> CompiledRule | None:
        """None for a rule whose condition cannot be read (another version of this addon has
        stored it, say): no rule keeps all mail from coming in."""
        try:
            return self._compile()
        except (ValueError, KeyError, TypeError):
            _logger.exception("The condition of scanner rule %s cannot be read", self.id)
            return None

    def _compile(self) -> CompiledRule:
        """The rule as the intake evaluates it; also of a rule that is not saved."""
        self.ensure_one()
        model = self.env["helpdesk.incoming.mail"]
        names = names_of(self.domain)
        return CompiledRule(
            rule_id=self._origin.id or self.id,
            name=self.name or "",
            company_id=self.company_id.id,
            team_id=self.team_id.id or None,
            **self._scope_ids(),
            matches=compile_condition(model, self.domain),
            sees_reports=sees_reports(names),
            action_ids=tuple(self.action_ids.sorted()._ids),
            stop=self.stop,
        )

    def _scope_ids(self) -> dict[str, frozenset[int]]:
        """Where the rule counts: ids by field. Archived ones are among them: a rule for these
        alone counts nowhere, not everywhere."""
        rule = self.with_context(active_test=False)
        return {
            name: frozenset(rule[name]._origin.ids)
            for name in ("scanner_ids", "alias_ids", "folder_ids")
        }

    # ------------------------------------------------------------
    # FAULTS
    # ------------------------------------------------------------

    def _report_fault(self, *notes: Note) -> None:
        """Flag rules of which an action could not be done. It stays until somebody changes
        the rule."""
        # what write() keeps back must not come after what is written here
        self.flush_recordset(["fault", "fault_date"])
        told = [{"code": each.code, "values": dict(each.values)} for each in notes]
        for rule in self:
            known = list(map(_without_error, rule.fault or []))
            new = [each for each in told if _without_error(each) not in known]
            if new:
                rule._write_fault([*(rule.fault or []), *new][-MOST_FAULTS:])
        self.invalidate_recordset(["fault", "fault_date"])

    def _write_fault(self, fault: list[dict]) -> None:
        """Flag the rule, unless somebody else changes it at this moment: mails that come in at
        once must neither wait for each other nor begin anew for a flag. The trace of the mail
        tells of the fault, and the next mail flags the rule."""
        cr = self.env.cr
        try:
            with cr.savepoint(flush=False):
                cr.execute(
                    SQL(
                        "SELECT FROM helpdesk_scanner_rule WHERE id = %s FOR NO KEY UPDATE NOWAIT",
                        self.id,
                    ),
                    log_exceptions=False,
                )
                # not write(): nothing that the rule is compiled from has changed
                cr.execute(
                    SQL(
                        "UPDATE helpdesk_scanner_rule SET fault = %s::jsonb, fault_date = %s"
                        " WHERE id = %s",
                        trace.dumps(fault),
                        cr.now(),
                        self.id,
                    )
                )
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.SerializationFailure) as error:
            _logger.info("Scanner rule %s is flagged another time: %s", self.id, error)

    def write(self, vals):
        if vals.keys() - {"sequence", "fault", "fault_date"}:
            # whoever changes a rule has looked at what was wrong with it
            vals = {"fault": False, "fault_date": False, **vals}
        return super().write(vals)

    # ------------------------------------------------------------
    # FOLDERS
    # ------------------------------------------------------------

    @api.model
    def _read_folders(self):
        """Folders that active rules are for: their scanners read them, too."""
        # sudo: whoever runs a scanner reads all of its folders
        rules = self.sudo().with_context(active_test=True)
        return rules.search(Domain("folder_ids", "!=", False)).folder_ids

    @api.model
    def get_condition_fields(self) -> list[dict]:
        """What the condition editor offers: ``[{"name", "operators"}]``, the facts in their order
        with the operators of a domain that fit them."""
        self.browse().check_access("read")
        model = self.env["helpdesk.incoming.mail"]
        return [
            {"name": name, "operators": list(OPERATORS[model._fields[name].type])} for name in FACTS
        ]
