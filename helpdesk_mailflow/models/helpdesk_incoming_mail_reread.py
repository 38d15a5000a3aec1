# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
from dataclasses import replace

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from .intake import BATCH
from .intake_values import Facts

_logger = logging.getLogger(__name__)


class HelpdeskIncomingMail(models.Model):
    """Facts of mails that came in before facts were kept: read from their stored sources, a
    batch at a time, until none is left."""

    _inherit = "helpdesk.incoming.mail"

    @api.model
    def _cron_read_facts(self):
        """Read the facts of old mails, the newest first: conditions are tried on these."""
        left = self.search_count([("facts_due", "=", True)])
        self.env["ir.cron"]._commit_progress(remaining=left)
        while rows := self.search([("facts_due", "=", True)], order="id desc", limit=BATCH):
            rows._read_facts()
            if not self.env["ir.cron"]._commit_progress(len(rows)):
                break

    def _read_facts(self) -> None:
        """Write the facts of these mails, and nothing else of them. Those that cannot be read
        are not tried again."""
        for batch in self.env["helpdesk.intake"]._batches(self, commit=False):
            try:
                with self.env.cr.savepoint():
                    batch._read_facts_of_batch()
            except psycopg2.OperationalError:
                # another transaction has one of the rows: the next run does it
                raise
            except Exception:
                if len(batch) > 1:
                    for row in batch:
                        row._read_facts()
                    continue
                _logger.warning("Facts of incoming mail %s cannot be told", batch.id, exc_info=True)
                batch.facts_due = False
        self.flush_recordset()

    def _read_facts_of_batch(self) -> None:
        intake = self.env["helpdesk.intake"]
        facts_model = self.env["helpdesk.intake.facts"]
        mails = intake._read(self)
        for_rules = self.env["helpdesk.scanner.rule"]._read_folders()
        entries = [
            intake._entry(row, mails[row.id], for_rules, afresh=True)
            for row in self
            if row.id in mails
        ]
        # sources that are gone or unreadable
        (self - self.browse([each.row_id for each in entries])).facts_due = False
        found = {}
        for verdict in self.env["helpdesk.intake.judge"]._judge(entries):
            row = self.browse(verdict.entry.row_id)
            facts = verdict.facts.get(row.company_id.id) or next(iter(verdict.facts.values()))
            found[row.id] = verdict.entry.mail, facts
        then = self._as_then({row_id: facts for row_id, (_mail, facts) in found.items()})
        for row_id, (mail, _facts) in found.items():
            self.browse(row_id).write(facts_model._columns(mail, then[row_id]))
        self.flush_recordset()
        facts_model._write_links(then)

    def _as_then(self, facts_of: dict[int, Facts]) -> dict[int, Facts]:
        """Facts as they were when the mails came in, as far as that can be told now: what was
        made of a mail was not there before it."""
        nobody = self.env["helpdesk.intake.facts"]._of_partner(self.env["res.partner"])
        partners = self.env["res.partner"].browse(
            {facts.contact_id for facts in facts_of.values() if facts.contact_id}
        )
        tickets = {}
        for partner_id, company_id, made, closed in self.env.execute_query(
            SQL(
                "SELECT partner_id, company_id, create_date, closed_date FROM helpdesk_ticket"
                " WHERE partner_id = ANY(%s)",
                partners.ids,
            )
        ):
            tickets.setdefault((partner_id, company_id), []).append((made, closed))
        made_at = {partner.id: partner.create_date for partner in partners}
        result = {}
        for row_id, facts in facts_of.items():
            row = self.browse(row_id)
            at = row.received_at or row.create_date
            if facts.contact_id and made_at[facts.contact_id] >= at:
                result[row_id] = replace(facts, **nobody, fact_open_tickets=False)
                continue
            waiting = any(
                made < at and (not closed or closed > at)
                for made, closed in tickets.get((facts.contact_id, row.company_id.id), ())
            )
            result[row_id] = replace(facts, fact_open_tickets=waiting)
        return result
