# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from .intake_values import Outcome, Plan


class HelpdeskIntakeConsequences(models.AbstractModel):
    """What scanner rules want beyond the ticket: followers, server actions, answers; and the
    book that is kept of their matches and faults."""

    _name = "helpdesk.intake.consequences"
    _description = "Intake of mail: consequences of scanner rules"

    @api.model
    def _act(self, plans: list[Plan], items) -> None:
        """Do what the rulings want once tickets and messages are made."""
        if not any(plan.rulings for plan in plans):
            return
        self._update([item for item in items if item.delivery.outcome is Outcome.REPLY])
        self._log(plans)

    @api.model
    def _update(self, items) -> None:
        """Values that a rule sets on a ticket that gets a message."""
        for item in items:
            if item.delivery.ruling.update:
                item.ticket.write(dict(item.delivery.ruling.update))

    @api.model
    def _log(self, plans) -> None:
        self.env["helpdesk.scanner.rule.match"]._log(
            {
                (rule_id, plan.verdict.entry.row_id)
                for plan in plans
                for ruling in plan.rulings
                for rule_id in ruling.rule_ids
            }
        )
        for plan in plans:
            for ruling in plan.rulings:
                for rule_id, sentence in ruling.faults:
                    self.env["helpdesk.scanner.rule"].browse(rule_id)._report_fault(sentence)
