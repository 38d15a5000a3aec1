# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from .intake_values import Outcome, State

#: Sentences by which a mail is held, and the reason by which it is found in the ledger.
REASONS = {
    "decide_held_unknown": "unknown_sender",
    "decide_held_sender": "unknown_sender",
    "decide_held_impostor": "unproven",
    "decide_dmarc_hold": "unproven",
    "rule_held": "rule",
    "decide_held_own": "own",
    "suspect_identity": "suspect",
    "decide_held_start_only": "start_only",
}


class HelpdeskIntakeAct(models.AbstractModel):
    """Why mails are held, for the ledger."""

    _inherit = "helpdesk.intake.act"

    @api.model
    def _held_values(self, plan, items) -> dict:
        """Columns of the ledger that say why a mail is held, and whom nobody knows."""
        values = {"held_reason": False, "unknown_email": False}
        if plan.state is not State.HELD:
            return values
        held = [item for item in items if item.delivery.outcome is Outcome.HELD]
        told = [*plan.notes, *([plan.verdict.suspect] if plan.verdict.suspect else [])]
        codes = [*(item.delivery.reason for item in held), *(each.code for each in told)]
        reasons = [REASONS[code] for code in codes if code in REASONS]
        if reasons:
            values["held_reason"] = reasons[0]
        for item in held:
            if REASONS.get(item.delivery.reason) == "unknown_sender":
                values["unknown_email"] = item.requester.address.normalized or False
                break
        return values
