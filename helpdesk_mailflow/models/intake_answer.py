# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import psycopg2
from markupsafe import Markup

from odoo import api, models, tools
from odoo.exceptions import UserError
from odoo.tools.mail import is_html_empty

from ..mailflow.kind import Kind
from ..mailflow.note import note
from .helpdesk_ticket_automatic import Automatic
from .intake_values import Outcome

_logger = logging.getLogger(__name__)

#: Nobody expects a receipt of a mail that came in longer ago: a mailbox is read for the first
#: time, was out of reach, or a person took in what had been left.
OLD = timedelta(days=1)
#: Of a template; the recipient is who wrote, and the sender is the ticket's.
RENDERED = ("subject", "body_html")
LAYOUT = "helpdesk_mailflow.automatic_answer_layout"


class HelpdeskIntakeAnswer(models.AbstractModel):
    """What is answered by itself to mails that were acted on, and to which nothing is."""

    _name = "helpdesk.intake.answer"
    _description = "Intake of mail: automatic answers"

    # ------------------------------------------------------------
    # WHETHER
    # ------------------------------------------------------------

    @api.model
    def _tell_quiet(self, items) -> None:
        """To which mails nothing may answer automatically, whatever answers: those of programs,
        of ourselves, of nobody, old ones, and those of senders who write very much (by Odoo's
        own limits against loops). ``item.quiet`` is why, a key of ``REASONS``, or empty."""
        number = self.env["helpdesk.intake"]._number
        minutes = number("mail.gateway.loop.minutes", 120)
        limit = number("mail.gateway.loop.threshold", 20)
        counts = defaultdict(int)
        for item in items:
            counts[item.mail.from_.normalized] += 1
        now = self.env.cr.now()
        for sender, count in self.env["helpdesk.incoming.mail"]._read_group(
            [
                ("from_address", "in", list(counts)),
                ("create_date", ">", now - timedelta(minutes=minutes)),
            ],
            ["from_address"],
            ["__count"],
        ):
            counts[sender] += count
        rows = self.env["helpdesk.incoming.mail"].browse(
            [item.plan.verdict.entry.row_id for item in items]
        )
        for item, row in zip(items, rows, strict=True):
            verdict, sender = item.plan.verdict, item.requester.address.normalized
            if verdict.kind.kind is not Kind.MESSAGE:
                item.quiet = verdict.kind.kind.value
            elif not sender:
                item.quiet = "no_address"
            elif sender in verdict.own_addresses:
                item.quiet = "own_address"
            elif self._received(row, item.mail) < now - OLD:
                item.quiet = "old"
            elif counts[item.mail.from_.normalized] > limit:
                item.quiet = "flood"

    @api.model
    def _received(self, row, mail) -> datetime:
        """When we had a mail for the first time (UTC). POP and files that a person drops do
        not say, so the topmost Received header counts, which our own server wrote."""
        try:
            found = parsedate_to_datetime(mail.header("Received").rpartition(";")[2])
            if found.tzinfo:
                found = found.astimezone(timezone.utc).replace(tzinfo=None)
        except (ArithmeticError, IndexError, TypeError, ValueError):
            return row.received_at
        return min(found, row.received_at)

    # ------------------------------------------------------------
    # RECEIPTS OF NEW TICKETS, ANSWERS BY RULE
    # ------------------------------------------------------------

    @api.model
    def _answer(self, items) -> None:
        """Answer mails that opened a ticket, if their support alias does so, and mails that a
        rule answers, which comes in the place of that. The answers lie in the queue of outgoing
        mails until the tickets are committed.

        A template that cannot be used must not keep a ticket from being made.
        """
        for item in items:
            if item.delivery.ruling.answer and not self._is_answered(item):
                item.notes.append(note("rule_answer_left_out"))
        items = [item for item in items if self._is_answered(item)]
        if not items:
            return
        self._tell_filtered(items)
        Answer = self.env["helpdesk.automatic.answer"]
        may = [item for item in items if not item.quiet]
        rows = Answer._take_turns([self._wish(item) for item in may])
        withheld = [item for item in items if item.quiet]
        logged = Answer._log_withheld(
            [{**self._wish(item), "reason": item.quiet} for item in withheld]
        )
        for item, row in zip([*may, *withheld], [*rows, *logged], strict=True):
            if row.outcome == "withheld":
                self._tell(item, *row._why())
        taken = [(item, row) for item, row in zip(may, rows, strict=True) if row.outcome == "sent"]
        self._make(taken)

    @api.model
    def _is_answered(self, item) -> bool:
        if item.delivery.internal:
            # whoever wrote it may have forged the sender
            return False
        if item.delivery.ruling.answer:
            return not self._is_work(item)
        is_new = item.delivery.outcome is Outcome.TICKET
        return is_new and item.ticket.support_alias_id.automatic_answer

    @api.model
    def _is_work(self, item) -> bool:
        """Whether a colleague works on the ticket of somebody else by mail: answers of rules are
        for those who ask."""
        contact = item.delivery.contact
        is_reply = item.delivery.outcome is Outcome.REPLY
        return bool(
            is_reply and contact and contact.user_id and item.ticket.partner_id != item.partner
        )

    @api.model
    def _template(self, item):
        """The ``mail.template`` that answers a mail."""
        answer = item.delivery.ruling.answer
        if answer:
            # sudo: its use was checked when the rule was saved
            return self.env["mail.template"].sudo().browse(answer.template_id)
        return item.ticket.support_alias_id._automatic_template()

    @api.model
    def _wish(self, item) -> dict:
        """A row of the log, for :meth:`_take_turns`."""
        return {
            "kind": "template" if item.delivery.ruling.answer else "receipt",
            "ticket_id": item.ticket.id,
            "alias_id": item.ticket.support_alias_id.id,
            "company_id": item.ticket.company_id.id,
            "recipient": item.requester.address.normalized,
        }

    @api.model
    def _tell_filtered(self, items) -> None:
        """Nothing is sent to addresses in the outgoing filter, or that are not deliverable."""
        by_company = defaultdict(list)
        for item in items:
            if not item.quiet:
                by_company[item.ticket.company_id].append(item)
        for company, group in by_company.items():
            senders = {item.requester.address.normalized for item in group}
            suppressed = self.env["helpdesk.outgoing.filter"]._suppressed(senders, company)
            blocked = self.env["helpdesk.undeliverable"]._blocked(senders, company)
            for item in group:
                if item.requester.address.normalized in suppressed:
                    item.quiet = "filtered"
                elif item.requester.address.normalized in blocked:
                    item.quiet = "undeliverable"

    @api.model
    def _tell(self, item, code: str, values: dict) -> None:
        """Say it in the trace of the mail and under its message on the ticket."""
        item.notes.append(note(code, **values))
        item.message._mailflow_note(code, **values)

    @api.model
    def _make(self, taken) -> None:
        """Post the answers on the tickets.

        :param taken: pairs of an item and its row in the log
        """
        by_template = defaultdict(list)
        for item, row in taken:
            by_template[self._template(item)].append((item, row))
        for template, group in by_template.items():
            rendered = self._render(template, [item.ticket.id for item, _row in group])
            for item, row in group:
                try:
                    with self.env.cr.savepoint():
                        row.message_id = self._post(item, template, rendered[item.ticket.id])
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    # of the database, not of the template
                    raise
                except Exception as error:  # noqa: BLE001 -- templates are programs of others
                    self._tell_failed(item, row, error)
                else:
                    address = item.requester.address.normalized
                    item.notes.append(note("automatic_sent", address=address))
        if taken:
            # without it Odoo's queue would wait for its next hour
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    @api.model
    def _tell_failed(self, item, row, error: Exception) -> None:
        _logger.warning("No automatic answer on %s", item.ticket.number, exc_info=error)
        row.write({"outcome": "failed", "reason": "template"})
        text = self._error_text(error)
        values = {"template": self._template(item).name or "", "error": text}
        self._tell(item, "automatic_withheld_template", values)
        if answer := item.delivery.ruling.answer:
            rule = self.env["helpdesk.scanner.rule"].browse(answer.rule_id)
            rule._report_fault(note("automatic_withheld_template", **values))

    @api.model
    def _error_text(self, error: BaseException) -> str:
        """What is wrong with a template, in one line: Odoo's own error quotes its whole
        traceback, with the cause behind it."""
        while error.__cause__:
            error = error.__cause__
        return self.env["helpdesk.intake"]._error_text(error)

    @api.model
    def _render(self, template, ticket_ids: list[int]) -> dict:
        """Subject, body and language for each ticket, or the exception that its rendering
        raised: ticket id -> dict or Exception."""
        try:
            with self.env.cr.savepoint():
                if not template:
                    raise UserError(
                        self.env._("There is no template. Choose one at the support alias.")
                    )
                found = template._generate_template(ticket_ids, RENDERED)
                languages = template._render_lang(ticket_ids)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 -- told at the ticket it belongs to
            if len(ticket_ids) == 1:
                return {ticket_ids[0]: error}
            # one ticket's values may be what breaks it
            return {
                ticket_id: value
                for each in ticket_ids
                for ticket_id, value in self._render(template, [each]).items()
            }
        return {
            ticket_id: {
                "subject": values["subject"],
                "body": values["body_html"],
                "lang": languages.get(ticket_id),
            }
            for ticket_id, values in found.items()
        }

    @api.model
    def _layout(self, template, ticket, rendered) -> str:
        """The HTML of a mail with the answer, as :meth:`_post` makes it."""
        language = {"lang": rendered["lang"]} if rendered["lang"] else {}
        return template.with_context(**language)._render_encapsulate(
            template.email_layout_xmlid or LAYOUT,
            rendered["body"],
            add_context={"company": ticket.company_id, "lang": rendered["lang"]},
            context_record=ticket.with_context(**language),
        )

    @api.model
    def _post(self, item, template, rendered):
        """The answer as a message of the ticket, to who wrote. Returns the message."""
        if isinstance(rendered, Exception):
            raise rendered
        if is_html_empty(rendered["body"]):
            raise UserError(self.env._("Its text is empty."))
        sender = item.requester.address
        ticket = item.ticket.with_context(
            mailflow_automatic=Automatic(
                "auto-replied", answers=item.mail.message_id, is_counted=True
            ),
            mail_post_autofollow_author_skip=True,
        )
        return ticket.message_post(
            body=Markup(rendered["body"]),
            subject=rendered["subject"],
            message_type="auto_comment",
            subtype_xmlid="mail.mt_comment",
            author_id=self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root"),
            outgoing_email_to=tools.formataddr((sender.name, sender.normalized)),
            attachments=[(each.name, each.raw) for each in template.attachment_ids],
            email_layout_xmlid=template.email_layout_xmlid or LAYOUT,
            force_email_lang=rendered["lang"],
            notify_skip_followers=True,
            force_send=False,
        )
