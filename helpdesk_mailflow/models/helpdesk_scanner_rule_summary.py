# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

from . import trace
from .condition_text import Describer, from_names, with_names


class HelpdeskScannerRule(models.Model):
    """Scanner rules in sentences: where they count, what they look for, what they do."""

    _inherit = "helpdesk.scanner.rule"

    note = fields.Text("What it is for")
    where_summary = fields.Char("Where it counts", compute="_compute_where_summary")
    condition_summary = fields.Char("Which mail", compute="_compute_condition_summary")
    action_summary = fields.Char("What happens", compute="_compute_action_summary")
    fault_text = fields.Text("What could not be done", compute="_compute_fault_text")
    domain_by_names = fields.Char(
        "Condition, with names",
        compute="_compute_domain_by_names",
        inverse="_inverse_domain_by_names",
        help="For export to another database: records are named, not numbered",
    )

    @api.depends("team_id", "alias_ids", "scanner_ids", "folder_ids")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_where_summary(self):
        for rule in self:
            named = rule.folder_ids.mapped("display_name") or rule.scanner_ids.mapped("name")
            parts = [
                *rule.team_id.mapped("name"),
                ", ".join(rule.alias_ids.mapped("name")),
                ", ".join(named),
            ]
            rule.where_summary = " · ".join(filter(None, parts)) or self.env._("Everywhere")

    @api.depends("domain")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_condition_summary(self):
        describe = Describer(self.env["helpdesk.incoming.mail"], self.mapped("domain"))
        for rule in self:
            rule.condition_summary = describe(rule.domain)

    @api.depends("action_ids.summary", "action_ids.sequence")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_action_summary(self):
        for rule in self:
            sentences = [action.summary for action in rule.action_ids.sorted()]
            rule.action_summary = "; ".join(sentences) or self.env._("Nothing yet")

    @api.depends("fault")
    @api.depends_context("lang")
    def _compute_fault_text(self):
        for rule in self:
            rule.fault_text = "\n".join(
                trace.sentence(self.env, each["code"], each["values"]) for each in rule.fault or []
            )

    @api.depends("domain")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_domain_by_names(self):
        named = with_names(self.env["helpdesk.incoming.mail"], self.mapped("domain"))
        for rule in self:
            rule.domain_by_names = named[rule.domain]

    def _inverse_domain_by_names(self):
        model = self.env["helpdesk.incoming.mail"]
        for rule in self:
            rule.domain = from_names(model, rule.domain_by_names, rule.company_id)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [
                self._with_condition(
                    vals, self.env["res.company"].browse(vals.get("company_id")) or self.env.company
                )
                for vals in vals_list
            ]
        )

    def write(self, vals):
        if "domain_by_names" in vals and len(self.company_id) == 1:
            company = self.env["res.company"].browse(vals.get("company_id")) or self.company_id
            vals = self._with_condition(vals, company)
        return super().write(vals)

    @api.model
    def _with_condition(self, vals: dict, company) -> dict:
        """Values with the condition itself: actions are looked at before Odoo calls inverses,
        and their placeholders are those of the condition."""
        if "domain_by_names" not in vals:
            return vals
        rest = {name: value for name, value in vals.items() if name != "domain_by_names"}
        text = vals["domain_by_names"]
        return {**rest, "domain": from_names(self.env["helpdesk.incoming.mail"], text, company)}

    def copy_data(self, default=None):
        """A copy is switched off, so that nothing changes until somebody has looked at it."""
        copies = super().copy_data({"active": False, **(default or {})})
        if "name" not in (default or {}):
            for values in copies:
                values["name"] = self.env._("%(name)s (copy)", name=values["name"])
        return copies

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_mended(self):
        """Take the flag off: what could not be done can be done now."""
        self.check_access("write")
        self.write({"fault": False, "fault_date": False})

    def action_open_matches(self):
        """The incoming mails that the rule matched."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.incoming_mail_action"
        )
        action["domain"] = [("rule_ids", "in", self.ids)]
        action["context"] = {}
        action["display_name"] = self.env._("Mails that “%(rule)s” matched", rule=self.name)
        return action

    def action_look_up_folders(self):
        """Bring the folders to choose from up to date with the mail servers.

        :raise AccessError: the user is no system admin
        :raise UserError: a server cannot be reached, or there is none to look at
        """
        self.ensure_one()
        scanners = self.env["fetchmail.server"].browse(self.scanner_ids.ids)
        if not scanners:
            scanners = scanners.search(
                [("is_scanner", "=", True), ("company_id", "=", self.company_id.id)]
            )
        return scanners._look_up_folders_of_rules()
