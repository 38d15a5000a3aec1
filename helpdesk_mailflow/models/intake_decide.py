# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from ..mailflow.kind import Kind
from ..mailflow.note import note
from .intake_values import GATEWAY_KEY, Contact, DeliveryPlan, Outcome, Plan, State, Verdict


class HelpdeskIntakeDecide(models.AbstractModel):
    """Verdict and policies -> Plan. Writes nothing."""

    _name = "helpdesk.intake.decide"
    _description = "Intake of mail: decide"

    @api.model
    def _decide(self, verdicts: list[Verdict]) -> list[Plan]:
        return [self._decide_one(verdict) for verdict in verdicts]

    @api.model
    def _checks(self):
        """The order of decisions, read from top to bottom; the first Plan made counts."""
        return (
            self._decide_start_only,
            self._decide_own,
            self._decide_known,
            self._decide_not_ours,
            self._decide_forwarding,
            self._decide_bounce,
            self._decide_receipt,
            self._decide_feedback,
            self._decide_auto_reply,
            self._decide_suspect,
            self._decide_reply,
            self._decide_destinations,
        )

    @api.model
    def _decide_one(self, verdict: Verdict) -> Plan:
        for check in self._checks():
            plan = check(verdict)
            if plan:
                return plan
        return self._plan(verdict, State.IGNORED, [], note("decide_for_nobody"))

    @api.model
    def _plan(self, verdict, state, deliveries, *notes) -> Plan:
        entry = verdict.entry
        for_others = bool(verdict.other_models) and not (
            entry.start_only or state is State.DUPLICATE
        )
        if for_others and state is not State.PASSED_ON:
            notes = (*notes, note("decide_pass_on", address=verdict.other_models))
        pass_on = for_others and GATEWAY_KEY not in verdict.known_aliases
        return Plan(verdict, state, tuple(deliveries), pass_on, tuple(notes))

    @api.model
    def _in_ledger(self, verdict, *notes) -> Plan:
        """It stays in the ledger; the deliveries make sure that a second copy is known."""
        company_id = verdict.entry.company_id
        places = [(each.alias_id, each.company_id) for each in verdict.destinations]
        deliveries = [
            DeliveryPlan(Outcome.LEDGER, alias_id, place)
            for alias_id, place in places or [(None, company_id)]
            if (alias_id or 0) not in verdict.known_aliases
        ]
        return self._plan(verdict, State.DONE, deliveries, *notes)

    @api.model
    def _on_thread(self, verdict, outcome, *notes, **more) -> Plan:
        thread = verdict.thread
        delivery = DeliveryPlan(
            outcome,
            thread.alias_id,
            thread.company_id,
            ticket_id=thread.ticket_id,
            message_id=thread.message_id,
            contact=verdict.contacts.get((thread.company_id, thread.team_id)),
            **more,
        )
        return self._plan(verdict, State.DONE, [delivery], *notes)

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    @api.model
    def _decide_start_only(self, verdict):
        if verdict.entry.start_only:
            return self._plan(verdict, State.HELD, [], note("decide_held_start_only"))

    @api.model
    def _decide_own(self, verdict):
        """What we sent ourselves is no mail to us, whatever brought it back. Before duplicates,
        since it came back however often it did."""
        own = verdict.own_mail
        if not own or not own.decides:
            return None
        if own.genuine:
            # nor is it one to other parts of Odoo
            return Plan(verdict, State.IGNORED, (), False, (note("decide_own"),))
        return self._plan(verdict, State.HELD, [], note("decide_held_own"))

    @api.model
    def _decide_known(self, verdict):
        if verdict.known and not verdict.entry.forced:
            return self._plan(verdict, State.DUPLICATE, [], note("decide_duplicate"))

    @api.model
    def _decide_suspect(self, verdict):
        if verdict.suspect and not verdict.entry.forced:
            return self._plan(verdict, State.HELD, [])

    @api.model
    def _decide_not_ours(self, verdict):
        """Addressed to other parts of Odoo only."""
        if verdict.other_models and not verdict.destinations and not verdict.thread:
            return self._plan(
                verdict,
                State.PASSED_ON,
                [],
                note("decide_passed_on", address=verdict.other_models),
            )

    @api.model
    def _decide_forwarding(self, verdict):
        """Before any other check of kinds: somebody waits for this code."""
        if verdict.kind.kind is Kind.FORWARDING:
            return self._decide_destinations(verdict)

    @api.model
    def _decide_bounce(self, verdict):
        if verdict.kind.kind is not Kind.BOUNCE or verdict.entry.forced:
            return None
        if verdict.thread:
            return self._on_thread(
                verdict, Outcome.BOUNCE, note("decide_bounce", ticket=self._number(verdict))
            )
        return self._in_ledger(verdict, note("decide_bounce_ledger"))

    @api.model
    def _decide_receipt(self, verdict):
        if verdict.kind.kind is not Kind.RECEIPT or verdict.entry.forced:
            return None
        if verdict.thread:
            return self._on_thread(
                verdict, Outcome.RECEIPT, note("decide_receipt", ticket=self._number(verdict))
            )
        return self._in_ledger(verdict, note("decide_bounce_ledger"))

    @api.model
    def _decide_feedback(self, verdict):
        if verdict.kind.kind is Kind.FEEDBACK and not verdict.entry.forced:
            return self._in_ledger(verdict, note("decide_feedback"))

    @api.model
    def _decide_auto_reply(self, verdict):
        if verdict.kind.kind is not Kind.AUTO_REPLY or verdict.entry.forced:
            return None
        if verdict.thread:
            return self._on_thread(
                verdict,
                Outcome.NOTE,
                note("decide_note", ticket=self._number(verdict)),
                internal=True,
            )
        return self._in_ledger(verdict, note("decide_auto_reply_ledger"))

    @api.model
    def _decide_reply(self, verdict):
        thread = verdict.thread
        if not thread:
            return None
        number = self._number(verdict)
        notes = [note("decide_reply", ticket=number)]
        if thread.internal:
            notes.append(note("decide_internal"))
        # a program's message on a closed ticket (solved again, delivered) opens nothing
        reopen = thread.closed and verdict.kind.kind is not Kind.AUTOMATIC
        if thread.closed and not reopen:
            notes.append(note("decide_stays_closed", ticket=number))
        others = {each.alias_id for each in verdict.destinations} - {thread.alias_id, None}
        for alias in self.env["helpdesk.support.alias"].browse(sorted(others)):
            notes.append(note("decide_also_addressed", alias=alias.name, ticket=number))
        return self._on_thread(
            verdict, Outcome.REPLY, *notes, reopen=reopen, internal=thread.internal
        )

    @api.model
    def _decide_destinations(self, verdict):
        """A ticket for each support alias that the mail is for and that has none of it."""
        deliveries, notes = [], []
        forced = verdict.entry.forced
        # a person took in what is or may be a copy: it stands beside the first one
        beside = verdict.known or verdict.suspect
        for destination in verdict.destinations:
            if (destination.alias_id or 0) in verdict.known_aliases and not beside:
                continue
            contact = verdict.contacts.get((destination.company_id, destination.team_id))
            refusal = None if forced else self._refusal(verdict, destination, contact)
            if refusal:
                outcome, sentence = refusal
                notes.append(sentence)
            else:
                outcome = Outcome.TICKET
                notes.append(note("decide_ticket"))
            deliveries.append(
                DeliveryPlan(
                    outcome,
                    destination.alias_id,
                    destination.company_id,
                    values=dict(destination.values, team_id=destination.team_id),
                    contact=contact if outcome is Outcome.TICKET else None,
                )
            )
        if not deliveries:
            return None
        return self._plan(verdict, self._state_of(deliveries), deliveries, *notes)

    @api.model
    def _refusal(self, verdict, destination, contact: Contact | None):
        """Why a mail is not taken in for an alias: (outcome, sentence), or None."""
        if verdict.kind.kind is Kind.FORWARDING:
            return None
        alias = self.env["helpdesk.support.alias"].browse(destination.alias_id or [])
        if not destination.intake:
            return Outcome.NOT_TAKEN_IN, note("decide_not_taken_in", alias=alias.name)
        if alias.alias_id.alias_contact in ("partners", "followers") and not (
            contact and contact.partner_id
        ):
            return Outcome.HELD, note(
                "decide_held_sender", alias=alias.name, address=verdict.entry.mail.from_.email
            )
        return None

    @api.model
    def _state_of(self, deliveries) -> State:
        """What still waits for a person shows, also when another alias made a ticket."""
        outcomes = {delivery.outcome for delivery in deliveries}
        if Outcome.HELD in outcomes:
            return State.HELD
        return State.NOT_TAKEN_IN if Outcome.NOT_TAKEN_IN in outcomes else State.DONE

    @api.model
    def _number(self, verdict) -> str:
        return self.env["helpdesk.ticket"].browse(verdict.thread.ticket_id).number
