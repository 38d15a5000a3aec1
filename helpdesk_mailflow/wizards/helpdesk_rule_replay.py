# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import time
from datetime import datetime, timedelta, timezone

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..models.intake import BATCH
from ..models.intake_values import GATEWAY_KEY, WAITING, Outcome

#: How long one request works (seconds).
SECONDS = 4
#: Longest period (days).
LONGEST = 366
#: Differences that are listed; all are counted.
MOST_LINES = 2000


class HelpdeskRuleReplay(models.TransientModel):
    """*What would have been different*: the rules as they are now, over stored mails of a period.

    The browser asks for one piece after the other, so that it can be watched and stopped, and
    goes on after an interruption.
    """

    _name = "helpdesk.rule.replay"
    _description = "What would have been different"
    _transient_max_hours = 24

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date_from = fields.Date(
        "From", required=True, default=lambda self: fields.Date.context_today(self) - timedelta(30)
    )
    date_to = fields.Date("To", required=True, default=fields.Date.context_today)
    state = fields.Selection(
        [("draft", "Not begun"), ("running", "Running"), ("stopped", "Stopped"), ("done", "Done")],
        required=True,
        default="draft",
        readonly=True,
    )
    position = fields.Integer(readonly=True, help="Incoming mails below this id come next")
    total = fields.Integer(readonly=True)
    looked_at = fields.Integer(readonly=True)
    different = fields.Integer("Another outcome", readonly=True)
    other_rules = fields.Integer("Same outcome by other rules", readonly=True)
    gone = fields.Integer("Source no longer kept", readonly=True)
    failed = fields.Integer("Could not be told", readonly=True)
    summary = fields.Char(compute="_compute_summary")
    line_ids = fields.One2many("helpdesk.rule.replay.line", "replay_id", readonly=True)

    @api.depends_context("lang")
    def _compute_display_name(self):
        for replay in self:
            replay.display_name = self.env._("What would have been different")

    @api.constrains("date_from", "date_to")
    def _check_period(self):
        for replay in self:
            if replay.date_to < replay.date_from:
                raise ValidationError(self.env._("The period ends before it begins."))
            if (replay.date_to - replay.date_from).days > LONGEST:
                raise ValidationError(
                    self.env._("Choose a period of at most %(days)s days.", days=LONGEST)
                )

    @api.depends("state", "looked_at", "different", "other_rules", "gone", "failed", "line_ids")
    @api.depends_context("lang")
    def _compute_summary(self):
        for replay in self:
            if replay.state == "draft":
                replay.summary = False
                continue
            _ = self.env._
            parts = [
                _("%(count)s mails were looked at.", count=replay.looked_at),
                _("%(count)s would have another outcome.", count=replay.different),
            ]
            if replay.other_rules:
                parts.append(_("%(count)s the same one, by other rules.", count=replay.other_rules))
            if replay.gone:
                parts.append(_("The source of %(count)s is no longer kept.", count=replay.gone))
            if replay.failed:
                parts.append(_("%(count)s could not be told.", count=replay.failed))
            if replay.different + replay.other_rules > MOST_LINES:
                parts.append(_("The newest %(count)s are listed.", count=MOST_LINES))
            replay.summary = " ".join(parts)

    # ------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------

    def action_start(self):
        """Begin, or begin anew."""
        self._check_may_run()
        self.line_ids.unlink()
        newest = self.env["helpdesk.incoming.mail"].search(self._scope(), order="id desc", limit=1)
        self.write(
            {
                "state": "running" if newest else "done",
                "position": newest.id + 1 if newest else 0,
                "total": self.env["helpdesk.incoming.mail"].search_count(self._scope()),
                "looked_at": 0,
                "different": 0,
                "other_rules": 0,
                "gone": 0,
                "failed": 0,
            }
        )
        return True

    def action_stop(self):
        """End it where it is."""
        self._check_may_run()
        self.filtered(lambda each: each.state == "running").state = "stopped"
        return True

    def action_continue(self):
        """Go on where it was stopped."""
        self._check_may_run()
        self.filtered(lambda each: each.state == "stopped").state = "running"
        return True

    def run_on(self) -> dict:
        """Look at the next mails, for some seconds; the browser calls it until it is done.

        :return: ``{"state", "looked_at", "total"}``
        """
        self.ensure_one()
        self._check_may_run()
        until = time.monotonic() + SECONDS
        Mail = self.env["helpdesk.incoming.mail"]
        while self.state == "running":
            scope = self._scope() & Domain("id", "<", self.position)
            rows = Mail.search(scope, order="id desc", limit=BATCH)
            if not rows:
                self.state = "done"
                break
            self._look_at(rows)
            self.position = rows[-1].id
            if time.monotonic() > until:
                break
        return {"state": self.state, "looked_at": self.looked_at, "total": self.total}

    def _check_may_run(self) -> None:
        """
        :raise AccessError: the user is no helpdesk manager of the company
        """
        self.check_access("write")
        if not self.env["helpdesk.incoming.mail"]._sees_ledger():
            raise AccessError(self.env._("Only a helpdesk manager can look at all mails again."))
        if self.company_id - self.env.companies:
            raise UserError(self.env._("Choose a company that you work in."))

    def _scope(self) -> Domain:
        """Mails of the period by the user's clock, those that still wait left out."""
        zone = pytz.timezone(self.env.user.tz or "UTC")

        def at(day):
            local = zone.localize(datetime.combine(day, datetime.min.time()))
            return local.astimezone(timezone.utc).replace(tzinfo=None)

        return (
            Domain("company_id", "=", self.company_id.id)
            & Domain("received_at", ">=", at(self.date_from))
            & Domain("received_at", "<", at(self.date_to + timedelta(1)))
            & Domain("state", "not in", WAITING)
            & Domain("start_only", "=", False)
        )

    def _look_at(self, rows) -> None:
        """Count the differences of these mails, and list them."""
        trial = self.env["helpdesk.intake.trial"]
        deliveries = rows._deliveries()
        was = rows._outcomes_in(self.env.companies)
        matched = self._matched(rows)
        room = MOST_LINES - len(self.line_ids)
        lines, counts = [], dict.fromkeys(("different", "other_rules", "gone", "failed"), 0)
        for tried in trial._try_rows(rows):
            if tried.plan is None:
                counts["failed" if tried.error else "gone"] += 1
                continue
            row = rows.browse(tried.row_id)
            found = deliveries.get(row.id, self.env["helpdesk.incoming.mail.delivery"])
            rules = {each for ruling in tried.plan.rulings for each in ruling.rule_ids}
            if self._became(row, found) != self._would_become(tried.plan, deliveries):
                difference = "different"
            elif rules != matched.get(row.id, set()):
                difference = "other_rules"
            else:
                continue
            counts[difference] += 1
            lines.append(
                {
                    "replay_id": self.id,
                    "mail_id": row.id,
                    "joins_mail_id": next(
                        (each.joins_row for each in tried.plan.deliveries if each.joins_row), False
                    ),
                    "difference": difference,
                    "was": was[row],
                    "now": trial._outcome(tried.plan),
                    "rules_were": self._names(matched.get(row.id, ())),
                    "rules_now": self._names(rules),
                    "by_person": any(each["step"] == "person" for each in row.trace or ()),
                }
            )
        self.env["helpdesk.rule.replay.line"].create(lines[: max(room, 0)])
        self.write(
            {
                "looked_at": self.looked_at + len(rows),
                **{name: self[name] + count for name, count in counts.items()},
            }
        )

    @api.model
    def _became(self, row, deliveries):
        """What a mail became, to be compared: state, and what of it is where."""
        latest = {
            each.alias_key: (each.outcome, self._ticket_of(each.outcome, each.ticket_id.id))
            for each in deliveries.sorted("id")
            if each.alias_key != GATEWAY_KEY
        }
        return row.state, latest

    @api.model
    def _would_become(self, plan, deliveries):
        """The same of what it would become.

        :param deliveries: of the mails that are looked at, by their ids
        """

        def ticket_of(each):
            if not each.joins_row:
                return each.ticket_id
            # the same ticket as then, if the other mail made that
            made = deliveries.get(each.joins_row, self.env["helpdesk.incoming.mail.delivery"])
            made = made.filtered(lambda its: its.outcome == Outcome.TICKET.value)
            return made.ticket_id[:1].id

        latest = {
            each.alias_id or 0: (
                each.outcome.value,
                self._ticket_of(each.outcome, ticket_of(each)),
            )
            for each in plan.deliveries
        }
        return plan.state.value, latest

    @api.model
    def _ticket_of(self, outcome, ticket_id):
        # a new ticket is another one each time
        return None if outcome == Outcome.TICKET.value else ticket_id or None

    @api.model
    def _matched(self, rows) -> dict[int, set[int]]:
        """Rules that matched mails when they came in: row id -> rule ids."""
        # sudo: rules of the company, of which only the names are shown
        matches = self.env["helpdesk.scanner.rule.match"].sudo()
        matches = matches.search([("mail_id", "in", rows.ids)])
        return {mail.id: set(each.rule_id.ids) for mail, each in matches.grouped("mail_id").items()}

    @api.model
    def _names(self, rule_ids) -> str:
        # sudo: as in _matched
        rules = self.env["helpdesk.scanner.rule"].sudo().browse(rule_ids)
        rules = rules.filtered(lambda rule: rule.company_id in self.env.companies)
        return ", ".join(rules.sorted().mapped("name"))


class HelpdeskRuleReplayLine(models.TransientModel):
    """A mail of which something else would become."""

    _name = "helpdesk.rule.replay.line"
    _description = "Mail of which something else would become"
    _order = "difference, mail_id desc"
    _transient_max_hours = 24

    replay_id = fields.Many2one(
        "helpdesk.rule.replay", required=True, ondelete="cascade", index=True
    )
    mail_id = fields.Many2one("helpdesk.incoming.mail", ondelete="cascade")
    joins_mail_id = fields.Many2one(
        "helpdesk.incoming.mail",
        string="Joins that of",
        ondelete="cascade",
        help="Whose ticket the mail would join",
    )
    received_at = fields.Datetime(related="mail_id.received_at")
    sender = fields.Char(related="mail_id.sender")
    difference = fields.Selection(
        [("different", "Another outcome"), ("other_rules", "Other rules")], required=True
    )
    was = fields.Char("Outcome then")
    now = fields.Char("Outcome now")
    rules_were = fields.Char("Rules then")
    rules_now = fields.Char("Rules now")
    by_person = fields.Boolean("Decided by a person")

    @api.constrains("mail_id")
    def _check_mail(self):
        # fields that are related to the mail are read with all rights, and Odoo checks transient
        # records with all rights, too
        self.mail_id.with_user(self.env.uid).check_access("read")

    def action_open(self):
        """The mail and its trace."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.incoming.mail",
            "res_id": self.mail_id.id,
            "views": [(False, "form")],
        }

    def action_trace(self):
        """The trace of what would become of the mail now."""
        self.ensure_one()
        self.replay_id._check_may_run()
        self.mail_id.check_access("read")
        trial = self.env["helpdesk.intake.trial"]
        rows = self.mail_id | self.joins_mail_id
        tried = next(each for each in trial._try_rows(rows) if each.row_id == self.mail_id.id)
        steps = trial._steps(tried.plan) if tried.plan else []
        shown = self.env["helpdesk.rule.replay.trace"].create(
            {
                "mail_id": self.mail_id.id,
                "would_be": self.env["ir.qweb"]._render(
                    "helpdesk_mailflow.rule_replay_trace",
                    {"steps": steps, "error": tried.error},
                    lang=self.env.lang,
                    minimal_qcontext=True,
                ),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.mail_id.display_name,
            "res_model": shown._name,
            "res_id": shown.id,
            "views": [(False, "form")],
            "target": "new",
        }


class HelpdeskRuleReplayTrace(models.TransientModel):
    """What became of a mail beside what would become of it now."""

    _name = "helpdesk.rule.replay.trace"
    _description = "Trace of a mail, then and now"

    mail_id = fields.Many2one("helpdesk.incoming.mail", required=True, ondelete="cascade")
    was = fields.Html(related="mail_id.trace_html", string="Then", sanitize=False)
    would_be = fields.Html("Now", readonly=True, sanitize=False)

    @api.constrains("mail_id")
    def _check_mail(self):
        # as for lines
        self.mail_id.with_user(self.env.uid).check_access("read")
