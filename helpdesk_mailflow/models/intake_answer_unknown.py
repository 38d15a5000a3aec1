# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
from collections import defaultdict

import psycopg2

from odoo import api, models, tools
from odoo.exceptions import UserError
from odoo.tools.mail import is_html_empty

from ..mailflow.note import note
from . import own_mail
from .helpdesk_automatic_answer import DAY
from .helpdesk_ticket_automatic import automatic_headers
from .intake_act_held import REASONS
from .intake_answer import RENDERED
from .intake_writer import NOT_PROVEN

_logger = logging.getLogger(__name__)

LAYOUT = "helpdesk_mailflow.automatic_answer_layout"


class HelpdeskIntakeAnswer(models.AbstractModel):
    """The polite answer to unknown senders whose mail is held: that somebody looks at it first.

    There is no ticket that it could be a message of. It goes through all checks of automatic
    answers, and some more: whoever forges a sender must not have us write to strangers
    (RFC 3834 section 7 and 8).
    """

    _inherit = "helpdesk.intake.answer"

    @api.model
    def _answer_unknown(self, items) -> None:
        """Answer mails that are held since nobody knows their sender, if their company does so.

        :param items: all that are held
        """
        items = [item for item in items if self._is_told(item)]
        if not items:
            return
        self._tell_quiet_to_strangers(items)
        Answer = self.env["helpdesk.automatic.answer"]
        may = [item for item in items if not item.quiet]
        rows = Answer._take_turns([self._wish_unknown(item) for item in may])
        withheld = [item for item in items if item.quiet]
        logged = Answer._log_withheld(
            [{**self._wish_unknown(item), "reason": item.quiet} for item in withheld]
        )
        for item, row in zip([*may, *withheld], [*rows, *logged], strict=True):
            if row.outcome == "withheld":
                code, values = row._why()
                item.notes.append(note(code, **values))
        taken = [(item, row) for item, row in zip(may, rows, strict=True) if row.outcome == "sent"]
        for item, row in taken:
            self._send_to_unknown(item, row)
        if taken:
            # without it Odoo's queue would wait for its next hour
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    @api.model
    def _is_told(self, item) -> bool:
        delivery = item.delivery
        company = self.env["res.company"].browse(delivery.company_id or [])
        return bool(
            REASONS.get(delivery.reason) == "unknown_sender"
            and delivery.alias_id
            and company.helpdesk_unknown_answer
        )

    @api.model
    def _tell_quiet_to_strangers(self, items) -> None:
        """What else keeps an answer from being sent, than what keeps any automatic one."""
        addresses = {item.requester.address.normalized for item in items}
        # sudo: the log is nobody's to read
        told = set(
            self.env["helpdesk.automatic.answer"]
            .sudo()
            .search(
                [
                    ("kind", "=", "unknown"),
                    ("outcome", "=", "sent"),
                    ("recipient", "in", list(addresses)),
                    ("date", ">", self.env.cr.now() - DAY),
                ]
            )
            .mapped("recipient")
        )
        suppressed = self._suppressed_of(items)
        for item in items:
            writer, address = item.plan.verdict.writer, item.requester.address.normalized
            if item.quiet:
                continue
            if writer.identity in NOT_PROVEN:
                item.quiet = "unproven"
            elif address != writer.address.normalized:
                # whoever names somebody else in Reply-To has not proven to be that one
                item.quiet = "elsewhere"
            elif (item.delivery.company_id, address) in suppressed:
                item.quiet = "filtered"
            elif address in told:
                item.quiet = "today"
            else:
                told.add(address)

    @api.model
    def _suppressed_of(self, items) -> set[tuple[int, str]]:
        """Whom nothing is sent to: pairs of a company and an address."""
        by_company = defaultdict(set)
        for item in items:
            by_company[item.delivery.company_id].add(item.requester.address.normalized)
        Filter, Company = self.env["helpdesk.outgoing.filter"], self.env["res.company"]
        return {
            (company_id, email)
            for company_id, emails in by_company.items()
            for email in Filter._suppressed(emails, Company.browse(company_id))
        }

    @api.model
    def _wish_unknown(self, item) -> dict:
        """A row of the log."""
        return {
            "kind": "unknown",
            "alias_id": item.delivery.alias_id,
            "company_id": item.delivery.company_id,
            "recipient": item.requester.address.normalized,
        }

    @api.model
    def _send_to_unknown(self, item, row) -> None:
        """Put the answer into the queue of outgoing mails.

        A template that cannot be used must not keep a mail from being held.
        """
        template = row.company_id._unknown_template()
        try:
            with self.env.cr.savepoint():
                mail = self._mail_to_unknown(item, row, template)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            # of the database, not of the template
            raise
        except Exception as error:
            # templates are programs of others
            _logger.warning("No answer to an unknown sender", exc_info=error)
            row.write({"outcome": "failed", "reason": "template"})
            text = self._error_text(error)
            item.notes.append(
                note("automatic_unknown_failed", template=template.name or "", error=text)
            )
        else:
            row.message_id = mail.mail_message_id
            item.notes.append(note("automatic_unknown", address=row.recipient))

    @api.model
    def _mail_to_unknown(self, item, row, template):
        """The ``mail.mail``, as :meth:`_post` would make it on a ticket.

        :raise UserError: there is no template, or its text is empty
        """
        if not template:
            raise UserError(self.env._("There is no template. Choose one in the settings."))
        row_id = item.plan.verdict.entry.row_id
        # what the template may name is written at the end of the batch
        incoming = self.env["helpdesk.incoming.mail"].browse(row_id)
        incoming.write(
            {
                **self.env["helpdesk.intake.act"]._row_values(item.mail),
                "company_id": item.delivery.company_id,
                "alias_id": item.delivery.alias_id,
            }
        )
        rendered = template._generate_template([row_id], RENDERED)[row_id]
        language = template._render_lang([row_id]).get(row_id)
        if is_html_empty(rendered["body_html"]):
            raise UserError(self.env._("Its text is empty."))
        alias, sender = row.alias_id, row.alias_id.answers_via_id
        address, answered = item.requester.address, item.mail.message_id
        email_from = alias._sample_from(sender)
        headers = {
            **automatic_headers("auto-replied"),
            **own_mail.stamp_header(self.env, "automatic", 0),
        }
        if item.mail.message_id_given:
            headers["In-Reply-To"] = answered
        domain = (tools.email_normalize(email_from or "") or "").rpartition("@")[2]
        context = {"lang": language} if language else {}
        return (
            self.env["mail.mail"]
            .sudo()
            .create(
                {
                    "subject": rendered["subject"],
                    "body_html": template.with_context(**context)._render_encapsulate(
                        template.email_layout_xmlid or LAYOUT,
                        rendered["body_html"],
                        add_context={"company": row.company_id, "lang": language},
                        context_record=incoming.with_context(**context),
                    ),
                    "email_to": tools.formataddr((address.name, address.normalized)),
                    "email_from": email_from,
                    "reply_to": alias.email or email_from,
                    "message_id": own_mail.message_id(self.env, 0, domain),
                    "references": answered if item.mail.message_id_given else False,
                    "mail_server_id": sender._mail_server().id if sender else False,
                    "headers": repr(headers),
                    "auto_delete": True,
                }
            )
        )
