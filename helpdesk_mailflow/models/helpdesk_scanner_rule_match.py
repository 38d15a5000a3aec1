# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.tools import SQL


class HelpdeskScannerRuleMatch(models.Model):
    """That a rule matched a mail. A row of its own, since a counter in the rule would make
    mails that come in at once wait for each other."""

    _name = "helpdesk.scanner.rule.match"
    _description = "Match of a scanner rule"
    _order = "id desc"
    _log_access = False

    rule_id = fields.Many2one(
        "helpdesk.scanner.rule", required=True, ondelete="cascade", readonly=True
    )
    mail_id = fields.Many2one(
        "helpdesk.incoming.mail", required=True, ondelete="cascade", index=True, readonly=True
    )
    matched_at = fields.Datetime(required=True, readonly=True)

    _once = models.UniqueIndex("(rule_id, mail_id)")
    _last_index = models.Index("(rule_id, matched_at)")

    @api.model
    def _log(self, pairs: set[tuple[int, int]]) -> None:
        """Note matches: pairs of rule id and incoming mail id, in one statement.

        A rule that somebody deletes at this moment is left out, and the others cannot be deleted
        until the transaction ends.
        """
        if not pairs:
            return
        rules, mails = zip(*sorted(pairs), strict=True)
        self.env.cr.execute(
            SQL(
                "INSERT INTO helpdesk_scanner_rule_match (rule_id, mail_id, matched_at)"
                " SELECT rule.id, pair.mail_id, %s"
                " FROM unnest(%s, %s) AS pair(rule_id, mail_id)"
                " JOIN helpdesk_scanner_rule rule ON rule.id = pair.rule_id"
                " FOR KEY SHARE OF rule SKIP LOCKED"
                " ON CONFLICT (rule_id, mail_id) DO UPDATE SET matched_at = EXCLUDED.matched_at",
                self.env.cr.now(),
                list(rules),
                list(mails),
            )
        )
        self.env["helpdesk.scanner.rule"].invalidate_model(
            ["match_ids", "match_count", "last_match"]
        )
        self.env["helpdesk.incoming.mail"].invalidate_model(["match_ids", "rule_ids"])
