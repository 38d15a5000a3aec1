# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain

from ..mailflow.mail import Mail
from ..mailflow.thread_index import HEADER, conversation
from . import trace
from .intake_values import COLUMN, UNSETTLED
from .mailbox_steps import merge_steps


class HelpdeskIntakeAct(models.AbstractModel):
    """What the ledger keeps of mails that were acted on."""

    _inherit = "helpdesk.intake.act"

    @api.model
    def _write_deliveries(self, items) -> None:
        Delivery = self.env["helpdesk.incoming.mail.delivery"]
        waiting = {
            (each.identity, each.alias_key): each
            for each in Delivery.search(
                [
                    ("identity", "in", [item.mail.identity for item in items]),
                    ("outcome", "in", [outcome.value for outcome in UNSETTLED]),
                ]
            )
        }
        again = self._delivered_before([item for item in items if item.plan.verdict.entry.afresh])
        new = []
        for item in items:
            verdict, delivery = item.plan.verdict, item.delivery
            identity = item.mail.identity
            if verdict.known or verdict.suspect:
                # a person took it in beside the first one
                identity = f"{identity}:{verdict.entry.row_id}"
            values = {
                "outcome": delivery.outcome.value,
                "ticket_id": item.ticket.id if item.ticket else False,
                "message_id": item.message.id if item.message else False,
            }
            earlier = waiting.get((identity, delivery.alias_id or 0))
            if verdict.entry.afresh:
                identity, earlier = self._beside(item, identity, again)
            if earlier:
                earlier.write(values)
            else:
                new.append(
                    {
                        **values,
                        "mail_id": verdict.entry.row_id,
                        "identity": identity,
                        "alias_id": delivery.alias_id,
                        "alias_key": delivery.alias_id or 0,
                        "company_id": delivery.company_id,
                    }
                )
        Delivery.create(new)

    @api.model
    def _delivered_before(self, items):
        """Deliveries of mails that a person has processed again, and those of their copies."""
        rows = [item.plan.verdict.entry.row_id for item in items]
        identities = [item.mail.identity for item in items]
        Delivery = self.env["helpdesk.incoming.mail.delivery"]
        return rows and Delivery.search(
            Domain("mail_id", "in", rows) | Domain("identity", "in", identities)
        )

    @api.model
    def _beside(self, item, identity: str, before):
        """Where the outcome of a mail that is processed again is written: its identity, and the
        delivery that it replaces. What was made of it before stays, and stays known."""
        row_id, alias_key = item.plan.verdict.entry.row_id, item.delivery.alias_id or 0
        here = before.filtered(lambda each: each.alias_key == alias_key)
        own = here.filtered(lambda each: each.mail_id.id == row_id)
        empty = own.filtered(lambda each: not each.ticket_id and not each.message_id)
        if empty:
            return empty[0].identity, empty[0]
        if identity in here.mapped("identity"):
            number = len(before.filtered(lambda each: each.mail_id.id == row_id))
            identity = f"{identity}:{row_id}:{number}"
        return identity, None

    @api.model
    def _row_values(self, mail: Mail) -> dict:
        """What a mail says of itself, for the columns of the ledger."""
        return {
            "identity": mail.identity,
            "body_digest": mail.body_digest,
            "message_id": mail.message_id[:COLUMN],
            "subject": mail.subject[:COLUMN],
            "email_from": mail.from_.formatted[:COLUMN],
            "from_address": mail.from_.normalized[:COLUMN],
            "email_to": ", ".join(each.formatted for each in mail.to)[:COLUMN],
            "email_cc": ", ".join(each.formatted for each in mail.cc)[:COLUMN],
            "date": mail.date.replace(tzinfo=None) if mail.date else False,
            "thread_index": mail.header(HEADER)[:COLUMN] or False,
            "conversation": conversation(mail.header(HEADER)) or False,
        }

    @api.model
    def _steps(self, plan) -> list[dict]:
        """What the rules want of the mailbox."""
        return [dict(step) for ruling in plan.rulings for step in ruling.mailbox]

    @api.model
    def _write_rows(self, plans, items) -> None:
        by_plan = defaultdict(list)
        for item in items:
            by_plan[id(item.plan)].append(item)
        facts_of = {}
        for plan in plans:
            verdict = plan.verdict
            entry = verdict.entry
            row = self.env["helpdesk.incoming.mail"].browse(entry.row_id)
            own = by_plan[id(plan)]
            company_id = own[0].delivery.company_id if own else entry.company_id
            alias_ids = [item.delivery.alias_id for item in own if item.delivery.alias_id]
            alias_ids += [each.alias_id for each in verdict.destinations if each.alias_id]
            story = [("read", each) for each in entry.mail.notes]
            story += [("judge", each) for each in verdict.notes]
            story += [("decide", each) for each in plan.notes]
            story += [("act", each) for item in own for each in item.notes]
            facts = verdict.facts.get(company_id) or next(iter(verdict.facts.values()))
            facts_of[row.id] = facts
            mailbox = {}
            # what rules wanted when it was acted on before is decided anew
            before = row.mailbox_todo or []
            default = [each for each in before if "rule" not in each or "begun" in each]
            steps = self._steps(plan)
            if plan.leave or steps or default != before:
                default = [] if plan.leave else default
                protocol = row.folder_id.scanner_id.server_type or ""
                todo, left_out = merge_steps(default, [] if plan.leave else steps, protocol)
                mailbox = {"mailbox_todo": todo or False}
                story += [("decide", each) for each in left_out]
            row.write(
                {
                    **self._row_values(entry.mail),
                    **self.env["helpdesk.intake.facts"]._columns(entry.mail, facts),
                    **self.env["helpdesk.intake.trust"]._columns(verdict),
                    **mailbox,
                    **self._held_values(plan, own),
                    "kind": verdict.kind.kind.value,
                    "state": plan.state.value,
                    "company_id": company_id,
                    "alias_id": alias_ids[0] if alias_ids else False,
                    "error": False,
                    "next_try": False,
                    "cut_offs": 0,
                    "replayed": False,
                    "trace": (row.trace or []) + [trace.entry(step, each) for step, each in story],
                }
            )
        self.env["helpdesk.intake.facts"]._write_links(facts_of)
