# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace
from datetime import timedelta

from odoo import api, models

from ..mailflow.kind import OPENS_TICKET, Kind
from ..mailflow.note import note
from .intake_values import (
    GATEWAY_KEY,
    WANT_TICKET,
    Contact,
    DeliveryPlan,
    Destination,
    Disposition,
    Outcome,
    Plan,
    State,
    Verdict,
)

#: Confirmation mails of one sender within an hour that go before all other checks.
CONFIRMATIONS_AN_HOUR = 20
#: What a rule makes of a mail that becomes no ticket: outcome and sentence.
REFUSING = {
    Disposition.IGNORE: (Outcome.IGNORED, "rule_ignored"),
    Disposition.HOLD: (Outcome.HELD, "rule_held"),
    Disposition.SPAM: (Outcome.IGNORED, "rule_spam"),
}


class HelpdeskIntakeDecide(models.AbstractModel):
    """Verdict, policies and scanner rules -> Plan. Writes nothing."""

    _name = "helpdesk.intake.decide"
    _description = "Intake of mail: decide"

    @api.model
    def _decide(self, verdicts: list[Verdict]) -> list[Plan]:
        """A Plan for each mail. Rules are looked at only for those that they may rule on."""
        plans = {id(each): self._first_plan(self._checks_before_rules(), each) for each in verdicts}
        left = [each for each in verdicts if not plans[id(each)]]
        ruled = self._add_appends(self.env["helpdesk.intake.rules"]._add_rulings(left))
        for each, verdict in zip(left, ruled, strict=True):
            plans[id(each)] = self._decide_one(verdict)
        return [plans[id(each)] for each in verdicts]

    @api.model
    def _checks_before_rules(self):
        """The order of decisions that no rule changes, read from top to bottom; the first Plan
        made counts."""
        return (
            self._decide_start_only,
            self._decide_own,
            self._decide_known,
            self._decide_not_ours,
            self._decide_forwarding,
            self._decide_suspect,
        )

    @api.model
    def _checks(self):
        """The order of the other decisions."""
        return (
            self._decide_blocked,
            self._decide_by_rule,
            self._decide_bounce,
            self._decide_receipt,
            self._decide_feedback,
            self._decide_auto_reply,
            self._decide_reply,
            self._decide_destinations,
        )

    @api.model
    def _decide_one(self, verdict: Verdict) -> Plan:
        plan = self._first_plan(self._checks(), verdict)
        return plan or self._plan(verdict, State.IGNORED, [], note("decide_for_nobody"))

    @api.model
    def _first_plan(self, checks, verdict: Verdict) -> Plan | None:
        for check in checks:
            plan = check(verdict)
            if plan:
                return plan
        return None

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
            DeliveryPlan(Outcome.LEDGER, alias_id, place, ruling=verdict.ruling(alias_id, place))
            for alias_id, place in places or [(None, company_id)]
            if (alias_id or 0) not in verdict.known_aliases
        ]
        told = [each for delivery in deliveries for each in delivery.ruling.notes]
        return self._plan(verdict, State.DONE, deliveries, *notes, *told)

    @api.model
    def _on_thread(self, verdict, outcome, *notes, **more) -> Plan:
        thread = verdict.thread
        ruling = verdict.ruling(thread.alias_id, thread.company_id)
        contact = verdict.contacts.get((thread.company_id, thread.team_id))
        delivery = DeliveryPlan(
            outcome,
            thread.alias_id,
            thread.company_id,
            ticket_id=thread.ticket_id,
            message_id=thread.message_id,
            contact=self._contact_by_rule(contact, ruling),
            ruling=ruling,
            **more,
        )
        return self._plan(verdict, State.DONE, [delivery], *notes, *ruling.notes)

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
        # what tells of another mail opens no ticket anyway
        opens = verdict.kind.kind in OPENS_TICKET
        if verdict.suspect and opens and not verdict.entry.forced:
            return self._plan(verdict, State.HELD, [])

    @api.model
    def _decide_blocked(self, verdict):
        """Before what a mail is matters: also its replies and automatic answers."""
        return self.env["helpdesk.intake.sender"]._decide(verdict)

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
        if self._is_waited_for(verdict):
            return self._decide_destinations(verdict)

    @api.model
    def _is_waited_for(self, verdict) -> bool:
        """Whether it is a confirmation mail that has to be seen, whatever is blocked or off.

        Nobody sets up so many in an hour: what comes above that is somebody who writes in the
        name of a provider, and can be blocked.
        """
        if verdict.kind.kind is not Kind.FORWARDING:
            return False
        # such mails are rare, and all of a batch are in the ledger already
        return (
            self.env["helpdesk.incoming.mail"].search_count(
                [
                    ("from_address", "=", verdict.entry.mail.from_.normalized),
                    ("create_date", ">", self.env.cr.now() - timedelta(hours=1)),
                    ("id", "!=", verdict.entry.row_id),
                ],
                limit=CONFIRMATIONS_AN_HOUR,
            )
            < CONFIRMATIONS_AN_HOUR
        )

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
        if verdict.kind.kind is not Kind.FEEDBACK or verdict.entry.forced:
            return None
        if verdict.thread:
            return self._on_thread(
                verdict, Outcome.COMPLAINT, note("decide_complaint", ticket=self._number(verdict))
            )
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
    def _decide_by_rule(self, verdict):
        """What rules decide of bounces, receipts, complaints and automatic answers, which the
        checks below would keep from becoming tickets; and of a reply, that it joins nothing."""
        wanted = {self._disposition(verdict, each) for each in verdict.rulings.values()} - {None}
        if not wanted:
            return None
        if verdict.thread and not wanted & {*REFUSING, Disposition.NEW_TICKET}:
            return self._decide_reply(verdict)
        return self._decide_destinations(verdict)

    @api.model
    def _disposition(self, verdict, ruling) -> Disposition | None:
        """What the rules make of a mail, unless a person has decided to take it in."""
        refused = ruling.disposition in REFUSING and verdict.entry.forced
        return None if refused else ruling.disposition

    @api.model
    def _decide_destinations(self, verdict):
        """A ticket for each support alias that the mail is for and that has none of it."""
        deliveries = []
        # a person took in what is or may be a copy: it stands beside the first one
        beside = verdict.known or verdict.suspect
        destinations, notes = self._one_for_all(verdict, self._destinations(verdict))
        for destination in destinations:
            if (destination.alias_id or 0) in verdict.known_aliases and not beside:
                continue
            delivery, told = self._at(verdict, destination)
            deliveries.append(delivery)
            notes += told
        if not deliveries:
            return None
        plan = self._plan(verdict, self._state_of(deliveries), deliveries, *notes)
        left = verdict.entry.leave_unmatched and not verdict.rulings
        return replace(plan, leave=left and plan.state is State.IGNORED)

    @api.model
    def _destinations(self, verdict) -> tuple[Destination, ...]:
        """Where tickets are made. Of a mail that would be a reply, those of the ticket's company
        that it is addressed to, else the ticket's own."""
        thread = verdict.thread
        if not thread:
            return verdict.destinations
        addressed = [each for each in verdict.destinations if each.company_id == thread.company_id]
        own = Destination(thread.alias_id, thread.company_id, thread.team_id, True, how=thread.how)
        return tuple(addressed) or (own,)

    @api.model
    def _at(self, verdict, destination):
        """What becomes of a mail at one place: the DeliveryPlan, and the sentences."""
        thread = verdict.thread
        ruling = (
            verdict.ruling(thread.alias_id, thread.company_id)
            if thread
            else verdict.ruling(destination.alias_id, destination.company_id)
        )
        # who answers a ticket is looked at for its team only
        judged = verdict.contacts.get((thread.company_id, thread.team_id)) if thread else None
        contact = verdict.contacts.get((destination.company_id, destination.team_id)) or judged
        refusal = self._refusal(verdict, destination, contact, ruling)
        if refusal:
            outcome, *told = refusal
            delivery = DeliveryPlan(
                outcome,
                destination.alias_id,
                destination.company_id,
                # who is asked for; nobody is made a contact
                contact=contact and replace(contact, values=None),
                ruling=ruling,
                reason=told[0].code,
            )
            return delivery, [*ruling.notes, *told]
        linked, told = verdict, []
        ruling = self._appended(verdict, destination, ruling)
        if ruling.ticket_id and ruling.disposition is not Disposition.NEW_TICKET:
            delivery, told = self._join(verdict, destination, contact, ruling)
            if delivery:
                return delivery, told
            linked = self._in_place_of(verdict, ruling.ticket_id)
        link, about_link = self._link(linked, destination)
        delivery = DeliveryPlan(
            Outcome.TICKET,
            destination.alias_id,
            destination.company_id,
            values={**self._values(destination, ruling), **link},
            contact=self._contact_by_rule(contact, ruling),
            ruling=ruling,
            marks=self._link_marks(linked),
        )
        return delivery, [*ruling.notes, *told, note("decide_ticket"), *about_link]

    @api.model
    def _values(self, destination, ruling) -> dict:
        """Values of a new ticket. What a rule sets counts more than the defaults of the support
        alias; tags add up."""
        values = {**destination.values, "team_id": destination.team_id, **ruling.create}
        if ruling.create.get("tag_ids") and destination.values.get("tag_ids"):
            values["tag_ids"] = [*destination.values["tag_ids"], *ruling.create["tag_ids"]]
        return values

    @api.model
    def _contact_by_rule(self, contact: Contact | None, ruling) -> Contact | None:
        """The requester, made if a rule wants it to be."""
        if ruling.contact is None or not contact or not contact.values:
            return contact
        return replace(contact, values={**contact.values, **ruling.contact}, by_rule=False)

    @api.model
    def _refusal(self, verdict, destination, contact: Contact | None, ruling):
        """Why a mail becomes nothing at a place: (outcome, sentence), or None."""
        if verdict.entry.forced or self._is_waited_for(verdict):
            return None
        for refuses in self._refusals():
            refusal = refuses(verdict, destination, contact, ruling)
            if refusal:
                return refusal
        return None

    @api.model
    def _refusals(self):
        """The order of reasons for which a mail becomes no ticket at a place, read from top to
        bottom. Each takes a Verdict, the Destination, the Contact there (or None) and the Ruling,
        and returns (outcome, sentence) or None."""
        return (
            self._refused_by_rule,
            self._refused_as_off,
            self._refused_as_unknown,
            self._refused_as_report,
            self._refused_as_unmatched,
        )

    @api.model
    def _refused_by_rule(self, verdict, destination, contact, ruling):
        if ruling.disposition in REFUSING:
            outcome, code = REFUSING[ruling.disposition]
            return outcome, note(code)

    @api.model
    def _refused_as_off(self, verdict, destination, contact, ruling):
        if not destination.intake:
            alias = self.env["helpdesk.support.alias"].browse(destination.alias_id or [])
            return Outcome.NOT_TAKEN_IN, note("decide_not_taken_in", alias=alias.name)

    @api.model
    def _refused_as_report(self, verdict, destination, contact, ruling):
        """What tells of another mail opens a ticket only if a rule wants that."""
        if verdict.kind.kind not in OPENS_TICKET and ruling.disposition not in WANT_TICKET:
            return Outcome.LEDGER, note("decide_report_ledger")

    @api.model
    def _refused_as_unmatched(self, verdict, destination, contact, ruling):
        if verdict.entry.leave_unmatched and not ruling.rule_ids:
            return Outcome.IGNORED, note("decide_left_alone")

    @api.model
    def _state_of(self, deliveries) -> State:
        """What still waits for a person shows, also when another alias made a ticket."""
        outcomes = {delivery.outcome for delivery in deliveries}
        if Outcome.HELD in outcomes:
            return State.HELD
        if Outcome.NOT_TAKEN_IN in outcomes:
            return State.NOT_TAKEN_IN
        return State.IGNORED if outcomes <= {Outcome.IGNORED, Outcome.LEDGER} else State.DONE

    @api.model
    def _number(self, verdict) -> str:
        return self.env["helpdesk.ticket"].browse(verdict.thread.ticket_id).number
