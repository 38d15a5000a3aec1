# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
from collections import defaultdict
from contextlib import contextmanager

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError

from ..mailflow.note import note
from .helpdesk_ticket_automatic import Automatic
from .intake_values import Disposition, Outcome, Plan

_logger = logging.getLogger(__name__)

#: Outcomes with a ticket that actions of rules are done on.
ON_TICKET = (Outcome.TICKET, Outcome.REPLY)
#: Methods of a cursor that end its transaction.
TRANSACTION_ENDS = ("commit", "rollback")


class HelpdeskIntakeConsequences(models.AbstractModel):
    """What scanner rules want beyond the ticket: followers, server actions, senders that are
    blocked; and the book that is kept of their matches and faults."""

    _name = "helpdesk.intake.consequences"
    _description = "Intake of mail: consequences of scanner rules"

    @api.model
    def _act(self, plans: list[Plan], items) -> None:
        """Do what the rulings want once tickets and messages are made."""
        if not any(plan.rulings for plan in plans):
            return
        self._update([item for item in items if item.delivery.outcome is Outcome.REPLY])
        self._log(plans)
        self._block_senders(items)
        self._run_server_actions([item for item in items if item.delivery.outcome in ON_TICKET])

    # ------------------------------------------------------------
    # TICKETS
    # ------------------------------------------------------------

    @api.model
    def _add_followers(self, items) -> None:
        """Let contacts follow the tickets that a rule wants them to."""
        groups = defaultdict(self.env["helpdesk.ticket"].browse)
        for item in items:
            follower_ids = item.delivery.ruling.follower_ids
            if follower_ids and item.delivery.outcome in ON_TICKET:
                groups[follower_ids] |= item.ticket
        for follower_ids, tickets in groups.items():
            tickets._message_subscribe(partner_ids=list(follower_ids))

    @api.model
    def _update(self, items) -> None:
        """Values that a rule sets on a ticket that gets a message, written once for several
        messages that want the same of it."""
        done = set()
        for item in items:
            values = dict(item.delivery.ruling.update)
            key = item.ticket.id, repr(sorted(values.items()))
            if values and key not in done:
                done.add(key)
                item.ticket.write(values)

    # ------------------------------------------------------------
    # SERVER ACTIONS
    # ------------------------------------------------------------

    @api.model
    def _run_server_actions(self, items) -> None:
        """Run server actions on tickets, each by itself: what fails undoes nothing else."""
        for item in items:
            for run in item.delivery.ruling.server_actions:
                action = self.env["ir.actions.server"].browse(run.action_id)
                # sudo: what it is called is no secret
                told = {"rule": run.rule, "action": action.sudo().name}
                try:
                    with self.env.cr.savepoint():
                        with self._in_one_transaction():
                            self._run_server_action(item, run)
                        self._check_still_there(items)
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    # met another transaction: all is done again
                    raise
                except Exception as error:
                    _logger.warning(
                        "Server action %s failed on %s",
                        run.action_id,
                        item.ticket.number,
                        exc_info=True,
                    )
                    text = self.env["helpdesk.intake.answer"]._error_text(error)
                    failed = note("rule_server_action_failed", **told, error=text)
                    item.notes.append(failed)
                    self.env["helpdesk.scanner.rule"].browse(run.rule_id)._report_fault(failed)
                else:
                    item.notes.append(note("rule_server_action_done", **told))

    @api.model
    def _run_server_action(self, item, run) -> None:
        """One server action, with the rights of a user: never with all rights, in the company
        of the ticket only, and with nothing of the gateway's context. What it sends was written
        by nobody: it is marked and limited as such, or two programs would write to each other
        without end.

        :raise UserError: it is not to be run any more
        """
        user = self.env["res.users"].browse(run.user_id)
        ticket = item.ticket
        context = {
            "active_model": ticket._name,
            "active_id": ticket.id,
            "active_ids": ticket.ids,
            "allowed_company_ids": ticket.company_id.ids,
            "lang": user.sudo().lang,
            "tz": user.sudo().tz,
            "mailflow_no_automatic_answer": item.quiet,
            "mailflow_automatic": Automatic(
                "auto-replied",
                withheld_from=item.requester.address.normalized if item.quiet else "",
                reason=item.quiet,
            ),
        }
        env = self.env(user=user.id, su=False, context=context)
        action = env["ir.actions.server"].browse(run.action_id)
        # sudo: whether it is released and what it is, is an administrator's to see
        action.sudo()._check_helpdesk_released()
        if not action.sudo().helpdesk_released:
            raise UserError(self.env._("It is not released for helpdesk rules."))
        action.run()
        env.flush_all()

    @contextmanager
    def _in_one_transaction(self):
        """Whoever ends the transaction would leave tickets whose mails are not in the ledger,
        and which are made again when the mails are."""
        cursor = self.env.cr

        def refuse():
            raise UserError(
                self.env._(
                    "It must not commit or roll back the transaction, in which the mail is taken"
                    " in. Take that out of its code."
                )
            )

        before = {name: vars(cursor)[name] for name in TRANSACTION_ENDS if name in vars(cursor)}
        vars(cursor).update(dict.fromkeys(TRANSACTION_ENDS, refuse))
        try:
            yield
        finally:
            for name in TRANSACTION_ENDS:
                del vars(cursor)[name]
            vars(cursor).update(before)

    @api.model
    def _check_still_there(self, items) -> None:
        """
        :raise UserError: what was made of mails was deleted. The ledger could not refer to it.
        """
        tickets = self.env["helpdesk.ticket"].union(*(item.ticket for item in items))
        messages = self.env["mail.message"].union(*(item.message for item in items if item.message))
        # sudo: only whether they exist
        if len(tickets.sudo().exists()) < len(tickets) or (
            len(messages.sudo().exists()) < len(messages)
        ):
            raise UserError(
                self.env._(
                    "It must not delete tickets or messages of mail that is just taken in. Let"
                    " the rule ignore such mail instead."
                )
            )

    # ------------------------------------------------------------
    # SENDERS
    # ------------------------------------------------------------

    @api.model
    def _block_senders(self, items) -> None:
        """Who sent what a rule calls spam is on the list of blocked senders."""
        spam = defaultdict(list)
        for item in items:
            ruling = item.delivery.ruling
            if (
                ruling.disposition is Disposition.SPAM
                and item.delivery.outcome is Outcome.IGNORED
                and not item.plan.verdict.entry.forced
            ):
                spam[item.delivery.company_id, ruling.rule_ids].append(item)
        for (company_id, rule_ids), group in spam.items():
            # sudo: the name of the rule is shown in the list
            rules = self.env["helpdesk.scanner.rule"].sudo().browse(rule_ids)
            rule = rules.filtered(lambda each: "spam" in each.action_ids.mapped("kind"))[:1]
            row_ids = [item.plan.verdict.entry.row_id for item in group]
            blocked = self.env["helpdesk.sender"]._add_from_rule(
                self.env["res.company"].browse(company_id),
                [item.plan.verdict.writer.address.normalized for item in group],
                self.env["helpdesk.incoming.mail"].browse(row_ids),
                reason=rule.name or "",
            )
            addresses = set(blocked.mapped("pattern"))
            for item in group:
                address = item.plan.verdict.writer.address.normalized
                if address in addresses:
                    item.notes.append(note("rule_sender_blocked", address=address))

    # ------------------------------------------------------------
    # BOOK
    # ------------------------------------------------------------

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
