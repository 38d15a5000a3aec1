# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.fields import Domain


class HelpdeskIncomingMail(models.Model):
    """Which scanner rules matched a mail."""

    _inherit = "helpdesk.incoming.mail"

    match_ids = fields.One2many("helpdesk.scanner.rule.match", "mail_id", readonly=True)
    rule_ids = fields.Many2many(
        "helpdesk.scanner.rule",
        string="Rules that matched",
        compute="_compute_rule_ids",
        search="_search_rule_ids",
        context={"active_test": False},
        help="Those that you may see; the trace names all",
    )

    @api.depends("match_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_rule_ids(self):
        # sudo: rights to the rules are applied below, and rules that are switched off count
        Match = self.env["helpdesk.scanner.rule.match"].sudo()
        matches = Match.search([("mail_id", "in", self.ids)]).grouped("mail_id")
        rules = {mail.id: each.rule_id.sorted() for mail, each in matches.items()}
        all_rules = self.env["helpdesk.scanner.rule"].sudo().union(*rules.values())
        allowed = all_rules.sudo(self.env.su)._filtered_access("read")
        for mail in self:
            found = rules.get(mail._origin.id, all_rules.browse())
            mail.rule_ids = found.sudo(self.env.su) & allowed

    def _search_rule_ids(self, operator, value):
        Rule = self.env["helpdesk.scanner.rule"].with_context(active_test=False)
        if not Rule.has_access("read"):
            return Domain.FALSE
        if operator == "in":
            rules = Rule._search([("id", "in", list(value))])
        elif operator == "any":
            rules = Rule._search(value)
        else:
            return NotImplemented
        return Domain("match_ids", "any!", [("rule_id", "in", rules)])
