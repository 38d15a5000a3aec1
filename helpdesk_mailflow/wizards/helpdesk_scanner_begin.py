# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

from ..mailflow.errors import MailboxError
from ..models.fetchmail_server_begin import days_ago


class HelpdeskScannerBegin(models.TransientModel):
    """Where a mail scanner begins: with the next new mail, or some days back."""

    _name = "helpdesk.scanner.begin"
    _description = "Where a mail scanner begins"

    scanner_id = fields.Many2one("fetchmail.server", required=True, ondelete="cascade")
    then = fields.Selection([("activate", "Activate"), ("run", "Run once")], required=True)
    start = fields.Selection(
        [
            ("next", "With the next new mail"),
            ("days", "With the mails of the last days"),
        ],
        default="next",
        required=True,
    )
    days = fields.Integer(default=7)
    count = fields.Integer(compute="_compute_count")
    problem = fields.Char(compute="_compute_count")
    rule_count = fields.Integer(related="scanner_id.rule_count")
    unmatched = fields.Selection(related="scanner_id.unmatched")

    @api.depends("scanner_id", "start", "days")
    def _compute_count(self):
        for wizard in self:
            wizard.count, wizard.problem = 0, False
            if not wizard.scanner_id or wizard.start == "next" or wizard.days < 1:
                continue
            try:
                wizard.count = wizard.scanner_id._count_since(days_ago(self.env, wizard.days))
            except MailboxError as error:
                wizard.problem = wizard.scanner_id._in_words(error)

    def action_confirm(self):
        self.ensure_one()
        scanner = self.scanner_id
        scanner._begin_reading(days_ago(self.env, self.days) if self.start == "days" else None)
        if self.then == "run":
            # the visit has a transaction of its own and has to see where to begin
            self.env["helpdesk.intake"]._commit()
            return scanner._run_now()
        scanner._activate()
        close = {"type": "ir.actions.act_window_close"}
        return scanner._hint_at_rules(then=close) or close
