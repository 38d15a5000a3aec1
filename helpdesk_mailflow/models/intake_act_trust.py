# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from .intake_values import Outcome


class HelpdeskIntakeAct(models.AbstractModel):
    """What is known of the sender, on the message and in the mailbox."""

    _inherit = "helpdesk.intake.act"

    @api.model
    def _make_messages(self, items) -> None:
        trust = self.env["helpdesk.intake.trust"]
        for item in items:
            item.marks[:0] = trust._marks(item.plan.verdict, item.requester)
        return super()._make_messages(items)

    @api.model
    def _steps(self, plan) -> list[dict]:
        steps = super()._steps(plan)
        # what became nothing anywhere; a mail that another alias took in stays where it is
        nothing = all(each.outcome is Outcome.IGNORED for each in plan.deliveries)
        spam = any(each.code == "decide_dmarc_spam" for each in plan.notes)
        if spam and nothing and self._has_junk_folder(plan.verdict.entry):
            steps.append({"do": "move", "folder": "\\Junk"})
        return steps

    @api.model
    def _has_junk_folder(self, entry) -> bool:
        """Whether the mailbox of a mail has a folder for junk; else spam stays where it is."""
        folders = self.env["helpdesk.mail.folder"].search_count(
            [("scanner_id", "=", entry.scanner_id or 0), ("special_use", "=ilike", r"\\Junk")],
            limit=1,
        )
        return bool(folders)
