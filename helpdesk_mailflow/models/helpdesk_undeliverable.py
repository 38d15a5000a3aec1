# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools import format_date

from . import bounce_sentences, trace

#: So many passing failures, over so long a time, are no accident any more.
SOFT_LIMIT = 3
SOFT_SPAN = timedelta(days=2)
#: After a time without one they are counted anew.
SOFT_FORGOTTEN = timedelta(days=30)
#: Addresses that one question of a composer may be about.
MAX_ASKED = 500


class HelpdeskUndeliverable(models.Model):
    """An address to which a company's mail did not get through.

    By address and not by contact: who has a copy may be no contact, and an address may be
    that of several. Each company knows of its own mail only.
    """

    _name = "helpdesk.undeliverable"
    _description = "Undeliverable address"
    _order = "date desc, id desc"
    _rec_name = "email"

    email = fields.Char("Address", required=True, readonly=True, index=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    active = fields.Boolean(default=True, readonly=True, help="Off once the address works again")
    blocked = fields.Boolean(
        "Not deliverable",
        readonly=True,
        help="The address will not work later either; off where the reason passes",
    )
    reason = fields.Selection(bounce_sentences.REASONS, required=True, readonly=True)
    status = fields.Char(readonly=True, help="Code of RFC 3463, such as 5.1.1")
    reply_code = fields.Char(readonly=True, help="SMTP reply code, such as 550")
    diagnostic = fields.Text("Their server's answer", readonly=True)
    date = fields.Datetime("Came back on", required=True, readonly=True)
    soft_count = fields.Integer("Passing failures", readonly=True)
    soft_since = fields.Datetime("Passing failures since", readonly=True)
    message_id = fields.Many2one(
        "mail.message",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="helpdesk_mgmt.group_helpdesk_manager",
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="helpdesk_mgmt.group_helpdesk_manager",
    )
    cleared_date = fields.Datetime("Works again since", readonly=True)
    cleared_by_id = fields.Many2one(
        "res.users",
        string="Cleared by",
        readonly=True,
        ondelete="set null",
        help="Nobody: mail came in from the address",
    )
    sentence = fields.Char("What is wrong", compute="_compute_sentence")

    _once = models.UniqueIndex("(email, company_id)")

    @api.depends("email", "reason", "soft_count", "soft_since", "blocked")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for row in self:
            values = {"address": row.email or ""}
            sentences = [trace.sentence(self.env, bounce_sentences.code(row.reason), values)]
            if not row.blocked and row._is_repeated():
                values.update(count=row.soft_count, since=format_date(self.env, row.soft_since))
                sentences.append(trace.sentence(self.env, "bounce_repeated", values))
            row.sentence = " ".join(sentences)

    def _is_repeated(self) -> bool:
        """Whether it failed so often that somebody should ask for another address."""
        self.ensure_one()
        return bool(
            self.soft_count >= SOFT_LIMIT
            and self.soft_since
            and self.date - self.soft_since >= SOFT_SPAN
        )

    # ------------------------------------------------------------
    # WHAT BOUNCES AND MAILS TELL
    # ------------------------------------------------------------

    @api.model
    def _add_failures(self, failures: list[dict]):
        """Keep that mails to addresses failed for good.

        :param failures: ``email`` (normalized), ``company_id``, ``failed`` (a
            :class:`..mailflow.bounce.FailedRecipient`), ``message``, ``date`` of each; in the
            order in which they came in
        :return: the rows, in that order
        """
        # sudo: kept by the intake, read by agents
        rows = self.sudo().with_context(active_test=False)
        known = {
            (row.email, row.company_id.id): row
            for row in rows.search(
                [
                    ("email", "in", list({each["email"] for each in failures})),
                    ("company_id", "in", list({each["company_id"] for each in failures})),
                ]
            )
        }
        result = rows.browse()
        for each in failures:
            key = each["email"], each["company_id"]
            row = known.get(key)
            values = self._failure_values(row, each)
            if row:
                row.write(values)
            else:
                row = known[key] = rows.create({"email": key[0], "company_id": key[1], **values})
            result += row
        return result

    @api.model
    def _failure_values(self, row, failure) -> dict:
        failed, date = failure["failed"], failure["date"]
        was = row if row and row.active else None
        values = {
            "active": True,
            "blocked": failed.hard or bool(was and was.blocked),
            "date": date,
            "cleared_date": False,
            "cleared_by_id": False,
            "message_id": failure["message"].id,
            "ticket_id": failure["message"].res_id,
        }
        if failed.hard or not (was and was.blocked):
            # what passes does not hide that the address does not exist
            values.update(
                reason=failed.reason.value,
                status=failed.status if failed.status_given else False,
                reply_code=failed.reply_code or False,
                diagnostic=failed.diagnostic or False,
            )
        if not failed.hard:
            goes_on = was and was.soft_since and date - was.date < SOFT_FORGOTTEN
            values["soft_count"] = (was.soft_count if goes_on else 0) + 1
            values["soft_since"] = was.soft_since if goes_on else date
        return values

    @api.model
    def _heard_from(self, dates: dict):
        """Mail came in from addresses, so they work.

        :param dates: normalized address -> when it came in (UTC); what failed after that stays
        :return: the rows that are cleared
        """
        # sudo: as in _add_failures; whichever company the mail is for, the address works
        rows = self.sudo().search([("email", "in", list(dates))])
        works = rows.filtered(lambda row: row.date < dates[row.email])
        works.write({"active": False, "blocked": False, "soft_count": 0, "soft_since": False})
        for date, group in works.grouped(lambda row: dates[row.email]).items():
            group.cleared_date = date
        return works

    @api.model
    def _blocked(self, emails, company) -> set[str]:
        """Of these normalized addresses those that are not deliverable for a company."""
        # sudo: whoever sends need not be able to read the list
        rows = self.sudo().search(
            [
                ("email", "in", list(emails)),
                ("company_id", "=", company.id),
                ("blocked", "=", True),
            ]
        )
        return set(rows.mapped("email"))

    # ------------------------------------------------------------
    # WHAT AGENTS SEE AND DO
    # ------------------------------------------------------------

    @api.model
    def warnings(self, emails: list[str], partner_ids: list[int] = ()) -> list[dict]:
        """What an agent should know of addresses before writing to them.

        :param partner_ids: contacts who are written to, too
        :return: ``id``, ``email``, ``text`` and ``blocked`` of each of them that is in trouble
        """
        self.check_access("read")
        partners = self.env["res.partner"].browse(partner_ids[:MAX_ASKED]).exists()
        asked = set(partners._filtered_access("read").mapped("email_normalized"))
        asked |= {tools.email_normalize(each or "") for each in emails[:MAX_ASKED]}
        found = self._in_trouble(asked - {False, ""})
        return [
            {"id": row.id, "email": row.email, "text": row.sentence, "blocked": row.blocked}
            for row in found
        ]

    @api.model
    def _in_trouble(self, emails):
        """Rows of these addresses that the user may see and should know of; each address once,
        the worst first."""
        rows = self.search(
            Domain("email", "in", list(emails))
            & (Domain("blocked", "=", True) | Domain("soft_count", ">=", SOFT_LIMIT))
        )
        rows = rows.filtered(lambda row: row.blocked or row._is_repeated())
        rows = rows.sorted(lambda row: (not row.blocked, -row.id))
        return self.concat(*(group[:1] for group in rows.grouped("email").values()))

    def action_deliverable_again(self) -> bool:
        """An agent knows better: the address works."""
        self.check_access("read")
        # sudo: agents may change nothing of a row but this
        self.sudo().write(
            {
                "active": False,
                "blocked": False,
                "soft_count": 0,
                "soft_since": False,
                "cleared_date": fields.Datetime.now(),
                "cleared_by_id": self.env.uid,
            }
        )
        return True
