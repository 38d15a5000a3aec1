# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..mailflow.note import note
from .helpdesk_incoming_mail import RETRY_PAUSES
from .intake_values import REFERENCES, UNSETTLED, WAITING, Outcome, Plan, State

#: An answer looks that often, at the least, whether what it answers is dealt with.
LONGEST_PAUSE = timedelta(minutes=15)
#: So long an answer waits at the most: somewhat longer than all pauses of a mail that fails.
WAITS_AT_MOST = timedelta(days=1)
#: What a mail that answers a ticket never becomes.
WITHOUT_THREAD = (Outcome.TICKET, *UNSETTLED)


class HelpdeskIntakeWait(models.AbstractModel):
    """An answer to a mail that waits in the ledger waits for it, since only then there is the
    ticket that it belongs to.

    A mail waits for older ones only, so no two wait for each other. The older one ends done or
    held, and the wait is bounded besides.
    """

    _name = "helpdesk.intake.wait"
    _description = "Intake of mail: wait for what is answered"

    @api.model
    def _let_wait(self, plans: list[Plan]) -> list[Plan]:
        """Note the wait of those mails that answer one that waits itself.

        :return: the plans of the others, which are to be acted on
        """
        awaited = self._awaited([plan for plan in plans if self._may_wait(plan)])
        for plan in plans:
            entry = plan.verdict.entry
            if entry.row_id in awaited:
                self._wait(entry, *awaited[entry.row_id])
        return [plan for plan in plans if plan.verdict.entry.row_id not in awaited]

    @api.model
    def _may_wait(self, plan: Plan) -> bool:
        """Whether it would stand alone though it answers something, and is not too old."""
        entry = plan.verdict.entry
        if plan.verdict.thread or not self._answered(entry):
            return False
        if not any(delivery.outcome in WITHOUT_THREAD for delivery in plan.deliveries):
            return False
        row = self.env["helpdesk.incoming.mail"].browse(entry.row_id)
        return row.create_date > self.env.cr.now() - WAITS_AT_MOST

    @api.model
    def _answered(self, entry) -> tuple[str, ...]:
        """The Message-IDs of what a mail answers, the newest ones."""
        return (*entry.mail.references, *entry.mail.in_reply_to)[-REFERENCES:]

    @api.model
    def _awaited(self, plans) -> dict:
        """What these mails answer that waits: id of the row -> (Message-ID, when that is tried
        again or None)."""
        if not plans:
            return {}
        names = {name for plan in plans for name in self._answered(plan.verdict.entry)}
        # in one transaction another mail of the batch may just have failed
        self.env["helpdesk.incoming.mail"].flush_model(["message_id", "state", "next_try"])
        waiting = self.env.execute_query(
            SQL(
                "SELECT message_id, id, next_try FROM helpdesk_incoming_mail"
                " WHERE message_id = ANY(%s) AND state = ANY(%s) ORDER BY id",
                list(names),
                list(WAITING),
            )
        )
        awaited = {}
        for plan in plans:
            entry = plan.verdict.entry
            answered = self._answered(entry)
            for message_id, row_id, next_try in waiting:
                if row_id < entry.row_id and message_id in answered:
                    awaited[entry.row_id] = (message_id, next_try)
        return awaited

    @api.model
    def _wait(self, entry, message_id: str, next_try) -> None:
        row = self.env["helpdesk.incoming.mail"].browse(entry.row_id)
        now = self.env.cr.now()
        # the older one is taken up first when both are due; somebody may try it before that
        soonest = now + RETRY_PAUSES[0]
        when = min(max(next_try or soonest, soonest), now + LONGEST_PAUSE)
        row.write(
            {
                **self.env["helpdesk.intake.act"]._row_values(entry.mail),
                "state": State.NEW.value,
                "next_try": when,
                "error": False,
                "cut_offs": 0,
                # without a company no manager would see it
                "company_id": row.company_id.id or entry.company_id,
            }
        )
        sentence = note("act_waits", mail=message_id)
        last = (row.trace or [None])[-1]
        if not last or (last["code"], last["values"]) != (sentence.code, dict(sentence.values)):
            row._add_trace("act", sentence)
