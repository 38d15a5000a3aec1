# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..mailflow.errors import MailboxError
from ..mailflow.mailbox import first_day
from ..models.fetchmail_server import TIMEOUT_OF_TEST


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
            if not wizard.scanner_id or wizard.start == "next":
                continue
            try:
                with wizard.scanner_id._connect_mailbox(TIMEOUT_OF_TEST) as mailbox:
                    for folder in wizard.scanner_id._folders_to_read():
                        _status, uids = wizard._look(mailbox, folder)
                        wizard.count += len(uids)
            except MailboxError as error:
                wizard.problem = wizard.scanner_id._in_words(error)

    def _since(self):
        """Begin of the time that is looked back at (aware), or None for the next new mail."""
        if self.start == "next":
            return None
        return (fields.Datetime.now() - timedelta(days=max(self.days, 0))).replace(
            tzinfo=timezone.utc
        )

    def _look(self, mailbox, folder):
        """Select a folder: (status, UIDs of the mails that would be taken in)."""
        status = mailbox.select(folder.name)
        since = self._since()
        if since is None:
            return status, []
        if self.scanner_id.server_type == "pop":
            dates = mailbox.dates(mailbox.find())
        else:
            unseen = self.scanner_id.scan_type == "unread"
            heads = mailbox.heads(mailbox.find(unseen=unseen, since=first_day(since)))
            dates = {uid: head.received for uid, head in heads.items()}
        return status, [uid for uid, date in dates.items() if date is None or date >= since]

    def action_confirm(self):
        self.ensure_one()
        scanner = self.scanner_id
        if self.start == "days" and self.days < 1:
            raise UserError(self.env._("How many days? Choose at least one."))
        try:
            with scanner._connect_mailbox(TIMEOUT_OF_TEST) as mailbox:
                for folder in scanner._folders_to_read():
                    status, uids = self._look(mailbox, folder)
                    folder._begin(status.uidvalidity, status.uidnext, self._since())
                    if scanner.server_type == "pop":
                        folder._know(set(mailbox.find()) - set(uids))
        except MailboxError as error:
            raise UserError(scanner._in_words(error)) from error
        if self.then == "run":
            # the visit has a transaction of its own and has to see where to begin
            self.env["helpdesk.intake"]._commit()
            return scanner._run_now()
        scanner._activate()
        close = {"type": "ir.actions.act_window_close"}
        return scanner._hint_at_rules(then=close) or close
