# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict
from datetime import timedelta

import psycopg2.errors

from odoo import api, fields, models
from odoo.tools import SQL

from ..mailflow.domain import is_free_mail, registrable_domain

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Rows of deleted tickets are kept as long as the limits look back, and somewhat longer.
KEPT_WITHOUT_TICKET = timedelta(days=7)
#: Why nothing is sent. The first ones are the kinds of mails that no program may answer
#: (:class:`..mailflow.kind.Kind`).
REASONS = [
    ("automatic", "Sent by a program"),
    ("list", "Mailing list or bulk mail"),
    ("auto_reply", "An automatic answer itself"),
    ("bounce", "Delivery report"),
    ("receipt", "Receipt"),
    ("feedback", "Spam complaint"),
    ("calendar", "Calendar message"),
    ("forwarding", "Confirmation of a forwarding"),
    ("no_address", "No usable address"),
    ("own_address", "One of our own addresses"),
    ("filtered", "In the outgoing filter"),
    ("undeliverable", "Not deliverable"),
    ("complained", "Marked our mail as spam"),
    ("flood", "Very many mails of the sender"),
    ("old", "Came in long ago"),
    ("hour", "Limit per hour"),
    ("day", "Limit per day"),
    ("domain", "Limit of a mail domain"),
    ("template", "Template cannot be used"),
    ("cut_off", "Sending was cut off"),
    ("unproven", "Sender is not proven"),
    ("elsewhere", "Sent by somebody else"),
    ("today", "Had it within a day"),
]
#: The sentence of each reason, in ``trace``.
SENTENCES = {
    "automatic": "automatic_withheld_automatic",
    "list": "automatic_withheld_list",
    "auto_reply": "automatic_withheld_auto_reply",
    "bounce": "automatic_withheld_bounce",
    "receipt": "automatic_withheld_receipt",
    "feedback": "automatic_withheld_feedback",
    "calendar": "automatic_withheld_calendar",
    "forwarding": "automatic_withheld_forwarding",
    "no_address": "automatic_withheld_no_address",
    "own_address": "automatic_withheld_own_address",
    "filtered": "automatic_withheld_filtered",
    "undeliverable": "automatic_withheld_undeliverable",
    "complained": "automatic_withheld_complained",
    "flood": "automatic_withheld_flood",
    "old": "automatic_withheld_old",
    "hour": "automatic_withheld_hour",
    "day": "automatic_withheld_day",
    "domain": "automatic_withheld_domain",
    "template": "automatic_withheld_template",
    "cut_off": "automatic_withheld_cut_off",
    "unproven": "automatic_withheld_unproven",
    "elsewhere": "automatic_withheld_elsewhere",
    "today": "automatic_withheld_today",
}


class HelpdeskAutomaticAnswer(models.Model):
    """The log of automatic mails, sent and withheld, by which they are limited.

    Limits are what stops a loop with a program that hides what it is.
    """

    _name = "helpdesk.automatic.answer"
    _description = "Automatic answer"
    _order = "id desc"
    _rec_name = "recipient"

    kind = fields.Selection(
        [
            ("receipt", "Receipt of a new ticket"),
            ("template", "Mail of a stage or a rule"),
            ("absence", "A colleague is away"),
            ("unknown", "To an unknown sender"),
        ],
        required=True,
        readonly=True,
    )
    outcome = fields.Selection(
        [("sent", "Sent"), ("withheld", "Withheld"), ("failed", "Failed")],
        required=True,
        readonly=True,
        help="“Sent” mails are in the queue of outgoing mails, or have left it",
    )
    reason = fields.Selection(REASONS, readonly=True, help="Why it was not sent")
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    recipient = fields.Char(readonly=True, help="Normalized address")
    domain = fields.Char(readonly=True, help="What somebody registered of the recipient's domain")
    # how many automatic mails the recipient has had with this one, 0 for one that was withheld:
    # its index lets no two workers send the same one, and so none above a limit
    turn = fields.Integer(readonly=True)
    ticket_id = fields.Many2one(
        "helpdesk.ticket", ondelete="set null", index="btree_not_null", readonly=True
    )
    alias_id = fields.Many2one(
        "helpdesk.support.alias",
        string="Support alias",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", index=True, readonly=True
    )
    message_id = fields.Many2one(
        "mail.message",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        help="What was sent",
    )
    handed_over = fields.Datetime(
        readonly=True,
        help="When it was given to a mail server whose answer is not known yet",
    )

    _once = models.UniqueIndex("(ticket_id) WHERE kind = 'receipt'")
    _turns = models.UniqueIndex("(recipient, turn) WHERE turn > 0")
    _domain_index = models.Index("(domain, date) WHERE turn > 0")

    # ------------------------------------------------------------
    # LIMITS
    # ------------------------------------------------------------

    @api.model
    def _take_turns(self, wishes: list[dict]):
        """Log automatic mails that somebody is about to make: as sent, or as withheld because
        of a limit. Limits are the ticket's company's; mails of the whole database count.

        :param wishes: values of rows: kind, recipient (normalized), company_id and what is
            known of the others
        :return: rows in the order of ``wishes``; those that may be sent have outcome ``sent``
        :raise psycopg2.errors.SerializationFailure: somebody else sends to one of the
            recipients at this moment. The transaction has to begin anew, to see that mail.
        """
        if not wishes:
            return self.browse()
        now = fields.Datetime.now()
        companies = self.env["res.company"].browse({wish["company_id"] for wish in wishes}).sudo()
        for wish in wishes:
            wish["domain"] = registrable_domain(wish["recipient"].rpartition("@")[2])
        depth = max(
            max(each.helpdesk_automatic_per_hour, each.helpdesk_automatic_per_day)
            for each in companies
        )
        complained = self.env["helpdesk.spam.complaint"]._who_complained(wishes)
        turns, dates = self._recent({wish["recipient"] for wish in wishes}, depth, now - DAY)
        by_domain = self._recent_of_domains({wish["domain"] for wish in wishes}, now - HOUR)
        values = []
        for wish in wishes:
            recipient, domain = wish["recipient"], wish["domain"]
            company = companies.browse(wish["company_id"])
            reason = self._limit(company, dates[recipient], by_domain[domain], domain, now)
            if (recipient, company.id) in complained:
                reason = "complained"
            if not reason:
                turns[recipient] += 1
                dates[recipient].append(now)
                by_domain[domain] += 1
            values.append(
                {
                    **wish,
                    "date": now,
                    "outcome": "withheld" if reason else "sent",
                    "reason": reason,
                    "turn": 0 if reason else turns[recipient],
                }
            )
        try:
            with self.env.cr.savepoint():
                # sudo: the log is nobody's to write
                return self.sudo().create(values)
        except psycopg2.errors.UniqueViolation as error:
            # one that every door of Odoo answers by beginning anew
            raise psycopg2.errors.SerializationFailure(str(error)) from error

    @api.model
    def _recent(self, recipients, depth: int, since):
        """What recipients have had: the last turn of each, and when, not more than ``depth``
        dates since then."""
        turns, dates = defaultdict(int), defaultdict(list)
        for recipient, turn, date in self.env.execute_query(
            SQL(
                "SELECT wanted.recipient, had.turn, had.date"
                " FROM unnest(%s::varchar[]) AS wanted(recipient), LATERAL ("
                "   SELECT turn, date FROM helpdesk_automatic_answer"
                "   WHERE recipient = wanted.recipient AND turn > 0"
                "   ORDER BY turn DESC LIMIT %s) AS had",
                list(recipients),
                depth,
            )
        ):
            turns[recipient] = max(turns[recipient], turn)
            if date > since:
                dates[recipient].append(date)
        return turns, dates

    @api.model
    def _recent_of_domains(self, domains, since):
        """How many mails went to the addresses of each mail domain. Two workers at once may
        both miss the other's last ones: this limit is generous, the recipient's is exact."""
        counts = defaultdict(int)
        wanted = [each for each in domains if not is_free_mail(each)]
        rows = self.sudo()._read_group(
            [("domain", "in", wanted), ("turn", ">", 0), ("date", ">", since)],
            ["domain"],
            ["__count"],
        )
        counts.update(rows)
        return counts

    @api.model
    def _limit(self, company, dates, of_domain: int, domain: str, now) -> str | bool:
        """Which limit is reached, if any: a key of :data:`REASONS`."""
        if sum(each > now - HOUR for each in dates) >= company.helpdesk_automatic_per_hour:
            return "hour"
        if len(dates) >= company.helpdesk_automatic_per_day:
            return "day"
        # people at a free-mail provider have nothing to do with each other
        limit = company.helpdesk_automatic_per_domain
        if limit and of_domain >= limit and not is_free_mail(domain):
            return "domain"
        return False

    @api.model
    def _log_withheld(self, wishes: list[dict]):
        """Log automatic mails that are not made, with their ``reason``."""
        # sudo: as in _take_turns
        return self.sudo().create([{**wish, "outcome": "withheld"} for wish in wishes])

    def _why(self) -> tuple[str, dict]:
        """The sentence of a mail that was withheld: code and values for ``trace``."""
        self.ensure_one()
        company = self.company_id.sudo()
        counts = {
            "hour": company.helpdesk_automatic_per_hour,
            "day": company.helpdesk_automatic_per_day,
            "domain": company.helpdesk_automatic_per_domain,
        }
        values = {"address": self.recipient or "", "domain": self.domain or ""}
        if self.reason in counts:
            values["count"] = counts[self.reason]
        return SENTENCES[self.reason], values

    # ------------------------------------------------------------
    # HOUSEKEEPING
    # ------------------------------------------------------------

    @api.autovacuum
    def _gc_without_ticket(self):
        """A deleted ticket's rows count until no limit looks back to them."""
        before = fields.Datetime.now() - KEPT_WITHOUT_TICKET
        domain = [("ticket_id", "=", False), ("date", "<", before)]
        rows = self.sudo().search(domain, limit=10_000)
        rows.unlink()
        return len(rows), self.sudo().search_count(domain, limit=1)
