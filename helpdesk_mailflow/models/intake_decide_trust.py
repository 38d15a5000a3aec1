# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from ..mailflow.kind import OPENS_TICKET
from ..mailflow.note import note
from .intake_decide import REFUSING
from .intake_values import DeliveryPlan, Outcome

#: What a support alias makes of a mail whose sender fails DMARC: outcome and sentence.
FAILURES = {
    "hold": (Outcome.HELD, "decide_dmarc_hold"),
    "spam": (Outcome.IGNORED, "decide_dmarc_spam"),
}


class HelpdeskIntakeDecide(models.AbstractModel):
    """Mails whose sender fails DMARC, by the policy of the support alias.

    Replies are looked at before they join a ticket. What tells of another mail (bounces, automatic
    answers) opens nothing anyway. Senders whom the company trusts are spared, so that somebody
    whose provider breaks DMARC can write; what a failure means is shown on the message.
    """

    _inherit = "helpdesk.intake.decide"

    @api.model
    def _checks(self):
        checks = super()._checks()
        return (*checks[:1], self._decide_dmarc_of_reply, *checks[1:])

    @api.model
    def _refusals(self):
        refusals = super()._refusals()
        # after rules, which may make less of a mail, before what is about the alias alone
        return (*refusals[:1], self._refused_by_dmarc, *refusals[1:])

    @api.model
    def _refused_by_dmarc(self, verdict, destination, contact, ruling):
        return self._dmarc_failure(verdict, destination.alias_id, destination.company_id)

    @api.model
    def _decide_dmarc_of_reply(self, verdict):
        thread = verdict.thread
        if not thread or verdict.entry.forced:
            return None
        ruling = verdict.ruling(thread.alias_id, thread.company_id)
        if ruling.disposition in REFUSING:
            return None
        failure = self._dmarc_failure(verdict, thread.alias_id, thread.company_id)
        if not failure:
            return None
        outcome, told = failure
        number = self._number(verdict)
        delivery = DeliveryPlan(outcome, thread.alias_id, thread.company_id, ruling=ruling)
        notes = [*ruling.notes, told, note("decide_dmarc_reply", ticket=number)]
        return self._plan(verdict, self._state_of([delivery]), [delivery], *notes)

    @api.model
    def _dmarc_failure(self, verdict, alias_id: int | None, company_id: int):
        """(outcome, sentence) if the sender fails DMARC and the alias does not accept that."""
        if verdict.trust.identity != "failed" or verdict.kind.kind not in OPENS_TICKET:
            return None
        alias = self.env["helpdesk.support.alias"].browse(alias_id or [])
        if alias.dmarc_failure not in FAILURES:
            return None
        mark = verdict.senders.get(company_id)
        if mark and mark.kind == "trusted":
            return None
        outcome, code = FAILURES[alias.dmarc_failure]
        address = verdict.entry.mail.from_.email
        return outcome, note(code, address=address, alias=alias.name)
