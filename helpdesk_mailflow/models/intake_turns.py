# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Mails of one batch of which a later one joins the ticket that an earlier one opens: a rule
finds tickets by their subject or their requester, and alerts come in bursts.

What a ticket would be found by and what a mail looks for are the same keys. A mail that looks
for what an earlier one of its batch makes waits until that is made, and is judged anew then: all
that wait for one ticket join it together.
"""

from dataclasses import replace

from ..mailflow.subject import subject_key
from .intake_values import DeliveryPlan, Outcome, Plan


def subject_keys(company_id: int, key: str, requester=None) -> set[tuple]:
    """What a ticket is found by, by the key of its subject.

    :param requester: pair of contact and address; None: of anybody
    """
    if not key:
        return set()
    if requester is None:
        return {("subject", company_id, key)}
    return {("subject", company_id, key, each) for each in requester if each}


def append_keys(company_id: int, alias_id, team_id, requester) -> set[tuple]:
    """What a ticket is found by, by its requester at a support alias, else in a team."""
    places = {("alias", alias_id)} if alias_id else set()
    places |= {("team", team_id)} if team_id else set()
    return {("append", company_id, *place, each) for place in places for each in requester if each}


def in_turn(plans: list[Plan]) -> tuple[list[Plan], list[Plan]]:
    """Plans to act on now, and those whose mails are judged anew after that."""
    if not any(ruling.wants for plan in plans for ruling in plan.rulings):
        return plans, []
    now, later, made = [], [], set()
    for plan in plans:
        opening = [each for each in plan.deliveries if each.outcome is Outcome.TICKET]
        if any(not each.ruling.wants.isdisjoint(made) for each in opening):
            later.append(plan)
            continue
        now.append(plan)
        for delivery in opening:
            made |= _made(plan, delivery)
    return now, later


def joined(plans: list[Plan]) -> list[Plan]:
    """Plans that are only looked at, as if their mails came in in their order: those that look
    for what an earlier one makes join its ticket."""
    if not any(ruling.wants for plan in plans for ruling in plan.rulings):
        return plans
    result, makers = [], {}
    for plan in sorted(plans, key=lambda each: each.verdict.entry.row_id):
        row_id, deliveries, made = plan.verdict.entry.row_id, [], set()
        for each in plan.deliveries:
            if each.outcome is Outcome.TICKET:
                # the newest ticket, as it is looked up
                maker = max((makers[key] for key in each.ruling.wants if key in makers), default=0)
                if maker:
                    each = replace(each, outcome=Outcome.REPLY, joins_row=maker)
                else:
                    made |= _made(plan, each)
            deliveries.append(each)
        makers.update(dict.fromkeys(made, row_id))
        result.append(replace(plan, deliveries=tuple(deliveries)))
    return result


def wanted_by(plans: list[Plan]) -> set[tuple]:
    """What these plans looked for and did not find, so that they open tickets."""
    return {
        key
        for plan in plans
        for each in plan.deliveries
        if each.outcome is Outcome.TICKET
        for key in each.ruling.wants
    }


def _made(plan: Plan, delivery: DeliveryPlan) -> set[tuple]:
    """What the ticket of a delivery will be found by."""
    mail, contact = plan.verdict.entry.mail, delivery.contact
    values = delivery.values
    partner_id = values.get("partner_id") or (contact.partner_id if contact else None)
    email = plan.verdict.requester(contact).address.normalized
    requester = (partner_id, values.get("partner_email") or email)
    company_id, key = delivery.company_id, subject_key(mail.subject)
    return (
        subject_keys(company_id, key)
        | subject_keys(company_id, key, requester)
        | append_keys(company_id, delivery.alias_id, values.get("team_id"), requester)
    )
