# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import json
from datetime import timedelta
from email.utils import parseaddr

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..mailflow.note import Note, note
from . import trace
from .intake_values import CAN_BE_TAKEN_IN, State

#: Pauses before a failed mail is tried again; after the last one it is held.
RETRY_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
#: How much of the source the form shows.
PREVIEW_BYTES = 64 * 1024
#: How often processing of one mail may be cut off (killed) before it is held, and before
#: it is tried again with pauses instead of at once.
CUT_OFF_LIMIT = 6
CUT_OFFS_AT_ONCE = 3
#: Rows dropped of their source in one run of the vacuum.
GC_LIMIT = 5000

#: How the codes of those judgements begin that decide what becomes of a mail.
JUDGED = (
    *("kind_", "known_", "suspect_", "requester_", "thread_", "writer_own_"),
    *("writer_agent_failed", "writer_agent_unproven", "writer_agent_by_list"),
)


class HelpdeskIncomingMail(models.Model):
    """The ledger: one row for each message that arrived, and what became of it."""

    _name = "helpdesk.incoming.mail"
    _description = "Incoming mail"
    _order = "id desc"
    _rec_name = "subject"
    _rec_names_search = ("subject", "email_from", "message_id")

    # what arrived
    door = fields.Selection(
        [
            ("scanner", "Mail scanner"),
            ("incoming_server", "Odoo incoming server"),
            ("rpc", "Another program"),
            ("mailgate", "Mail gateway script"),
            ("upload", "Dropped file"),
        ],
        required=True,
        readonly=True,
    )
    folder_id = fields.Many2one(
        "helpdesk.mail.folder", ondelete="set null", index="btree_not_null", readonly=True
    )
    # not stored: a scanner that is renamed would rewrite each of its rows
    scanner_label = fields.Char(related="folder_id.scanner_label", string="Scanner")
    uidvalidity = fields.Char("UIDVALIDITY", readonly=True)
    uid = fields.Char("UID", readonly=True)
    size = fields.Integer(readonly=True, help="Bytes")
    received_at = fields.Datetime(
        readonly=True, help="When the mail server got it; else when it was stored here"
    )
    # what it says of itself
    identity = fields.Char(readonly=True, help="Of the mail: Message-ID, From and Date")
    body_digest = fields.Char(readonly=True)
    message_id = fields.Char("Message-ID", readonly=True, index="btree_not_null")
    thread_index = fields.Char("Thread-Index", readonly=True, copy=False)
    conversation = fields.Char(
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="By what Outlook and Exchange hold the mails of a conversation together",
    )
    subject = fields.Char(readonly=True)
    email_from = fields.Char("From (as received)", readonly=True)
    from_address = fields.Char("Sender's address", readonly=True, index="btree_not_null")
    sender = fields.Char(
        "From", compute="_compute_sender", help="Name and address, for people to read"
    )
    email_to = fields.Char("To", readonly=True)
    email_cc = fields.Char("Cc", readonly=True)
    date = fields.Datetime("Sent", readonly=True)
    # where it stands
    state = fields.Selection(
        [
            ("new", "Waiting"),
            ("done", "Done"),
            ("ignored", "Ignored"),
            ("not_taken_in", "Not taken in"),
            ("duplicate", "Came twice"),
            ("passed_on", "Not for helpdesk"),
            ("failed", "Failed"),
            ("held", "Held"),
        ],
        required=True,
        readonly=True,
        default="new",
    )
    kind = fields.Selection(
        [
            ("message", "Message"),
            ("automatic", "Automatic message"),
            ("list", "List or bulk mail"),
            ("auto_reply", "Auto-reply"),
            ("bounce", "Bounce"),
            ("receipt", "Receipt"),
            ("feedback", "Feedback report"),
            ("calendar", "Calendar"),
            ("forwarding", "Forwarding confirmation"),
        ],
        readonly=True,
    )
    error = fields.Text(readonly=True)
    tries = fields.Integer(readonly=True, help="How often it could not be acted on")
    cut_offs = fields.Integer(readonly=True, help="How often processing began and did not end")
    next_try = fields.Datetime(readonly=True)
    start_only = fields.Boolean(readonly=True, help="Larger than the limit: its start is kept")
    taken_in = fields.Boolean(
        readonly=True, help="A person asked to take it in, whatever was decided before"
    )
    replayed = fields.Boolean(
        readonly=True,
        help="A person asked for it to be processed with the present rules, as if it came in now",
    )
    mailbox_todo = fields.Json(
        "To do in the mailbox",
        readonly=True,
        help="Steps that are still to be done in the mailbox, once the outcome is committed;"
        " see mailbox_steps.py",
    )
    fallback = fields.Json(
        readonly=True, help="Ticket values of a caller that asked for tickets in general"
    )
    strip_attachments = fields.Boolean(
        readonly=True, help="The incoming server is set to take in no attachments"
    )
    trace = fields.Json("Trace (data)", readonly=True)
    trace_html = fields.Html(compute="_compute_trace_html", string="Trace", sanitize=False)
    why = fields.Char(compute="_compute_why", help="The sentence that decided")
    company_id = fields.Many2one("res.company", index="btree_not_null", readonly=True)
    company_ids = fields.Many2many(
        "res.company",
        compute="_compute_company_ids",
        search="_search_company_ids",
        compute_sudo=True,
        string="Companies",
        help="Those of its tickets, too",
    )
    delivery_ids = fields.One2many("helpdesk.incoming.mail.delivery", "mail_id", readonly=True)
    alias_id = fields.Many2one(
        "helpdesk.support.alias",
        string="Support alias",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        help="The first one, when the mail went to several",
    )
    ticket_ids = fields.Many2many(
        "helpdesk.ticket",
        compute="_compute_ticket_ids",
        search="_search_ticket_ids",
        string="Tickets",
    )
    ticket_count = fields.Integer(compute="_compute_ticket_ids")
    outcome = fields.Char(compute="_compute_outcome")
    can_take_in = fields.Boolean(compute="_compute_can")
    can_retry = fields.Boolean(compute="_compute_can")
    can_ignore = fields.Boolean(compute="_compute_can")
    source_preview = fields.Text(compute="_compute_source_preview")

    _fetched_once = models.UniqueIndex(
        "(folder_id, uidvalidity, uid) WHERE folder_id IS NOT NULL AND uid IS NOT NULL"
    )
    _identity_index = models.Index("(identity) WHERE identity IS NOT NULL")
    _todo_index = models.Index("(state, next_try) WHERE state IN ('new', 'failed')")
    _mailbox_todo_index = models.Index("(folder_id) WHERE mailbox_todo IS NOT NULL")
    _list_index = models.Index("(company_id, state, id)")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("subject")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for mail in self:
            mail.display_name = mail.subject or self.env._("(no subject)")

    @api.depends("email_from", "from_address")
    def _compute_sender(self):
        for mail in self:
            name, address = parseaddr(mail.email_from or "")
            address = mail.from_address or address
            if name and address and name != address:
                mail.sender = f"{name} <{address}>"
            else:
                mail.sender = address or mail.email_from

    @api.depends("trace")
    @api.depends_context("lang")
    def _compute_trace_html(self):
        for mail in self:
            blocks, step = [], None
            for item in mail.trace or []:
                if item["step"] != step:
                    step = item["step"]
                    title = self.env._(trace.STEPS[step])
                    blocks.append(Markup('<div class="fw-bolder mt-2">%s</div>') % title)
                blocks.append(
                    Markup("<div>%s</div>") % trace.sentence(self.env, item["code"], item["values"])
                )
            mail.trace_html = Markup("").join(blocks)

    @api.depends("trace")
    @api.depends_context("lang")
    def _compute_why(self):
        for mail in self:
            sentences = [
                trace.sentence(self.env, item["code"], item["values"])
                for item in mail.trace or []
                if item["step"] in ("decide", "act", "person")
                or item["code"].startswith(JUDGED)
                or (item["code"] == "trust_dmarc" and item["values"].get("result") == "fail")
            ]
            # a mail that was tried several times was judged as often
            mail.why = " ".join(dict.fromkeys(sentences)) or self.env._("It waits to be processed.")

    @api.depends("state", "delivery_ids.outcome", "delivery_ids.ticket_id")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_outcome(self):
        outcomes = self._outcomes_in(None if self.env.su else self.env.companies)
        for mail in self:
            mail.outcome = outcomes[mail]

    def _outcomes_in(self, companies) -> dict:
        """What each mail became, in these companies (None: in all of them).

        :return: ``helpdesk.incoming.mail`` -> text
        """
        Delivery = self.env["helpdesk.incoming.mail.delivery"]
        outcomes = dict(Delivery._fields["outcome"]._description_selection(self.env))
        states = dict(self._fields["state"]._description_selection(self.env))
        deliveries = self._deliveries()
        told = {}
        for mail in self:
            parts = []
            for delivery in deliveries.get(mail.id, ()):
                # the number of a ticket is no secret to who may read this row, but it is to
                # another company
                if companies is None or not delivery.company_id or delivery.company_id in companies:
                    number = delivery.ticket_id.number
                    label = outcomes[delivery.outcome]
                    parts.append(f"{label} {number}" if number else label)
            told[mail] = ", ".join(parts) or states[mail.state]
        return told

    def _deliveries(self) -> dict:
        """All deliveries, those of other companies too: id of the mail -> records with sudo.

        Not by ``delivery_ids``, whose cache would keep what the user may not read.
        """
        found = self.env["helpdesk.incoming.mail.delivery"].sudo()
        found = found.search([("mail_id", "in", self.ids)])
        return {mail.id: each for mail, each in found.grouped("mail_id").items()}

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can(self):
        writer = self._sees_ledger()
        for mail in self:
            mail.can_take_in = writer and mail.state in CAN_BE_TAKEN_IN and not mail.start_only
            mail.can_retry = writer and (
                mail.state in ("failed", "held") and (not mail.start_only or bool(mail.folder_id))
            )
            mail.can_ignore = writer and mail.state in ("failed", "held", "not_taken_in")

    @api.depends("delivery_ids.ticket_id")
    @api.depends_context("uid")
    def _compute_ticket_ids(self):
        # the deliveries of all companies; the tickets themselves are filtered by rights
        deliveries = self._deliveries()
        tickets = {
            mail_id: each.ticket_id.sudo(self.env.su) for mail_id, each in deliveries.items()
        }
        readable = self.env["helpdesk.ticket"].union(*tickets.values())._filtered_access("read")
        for mail in self:
            mail.ticket_ids = tickets.get(mail.id, readable.browse()) & readable
            mail.ticket_count = len(mail.ticket_ids)

    def _search_ticket_ids(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return Domain("delivery_ids", "any!", [("ticket_id", operator, value)])

    @api.depends("company_id", "delivery_ids.company_id")
    def _compute_company_ids(self):
        deliveries = self._deliveries()
        for mail in self:
            others = deliveries[mail.id].company_id if mail.id in deliveries else mail.company_id
            mail.company_ids = mail.company_id | others

    def _search_company_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("company_id", "in", value) | Domain(
            "delivery_ids", "any!", [("company_id", "in", value)]
        )

    def _compute_source_preview(self):
        self.check_access("read")
        # sudo: the side table has no rights of its own; who reads the row may read it
        errors = {}
        sources = (
            self.env["helpdesk.incoming.mail.source"]
            .sudo()
            ._load(self.ids, errors, limit=PREVIEW_BYTES + 1)
        )
        for mail in self:
            raw = sources.get(mail.id)
            if mail.id in errors:
                mail.source_preview = self.env._(
                    "The source cannot be read: %(error)s", error=errors[mail.id]
                )
                continue
            if raw is None:
                mail.source_preview = self.env._(
                    "The source is no longer kept. How long sources are kept is set in the"
                    " helpdesk settings."
                )
                continue
            text = (
                raw[:PREVIEW_BYTES]
                .decode("utf-8", "replace")
                .replace("\x00", "\N{REPLACEMENT CHARACTER}")
            )
            if len(raw) > PREVIEW_BYTES:
                text += self.env._("\n… %(left)s bytes more", left=mail.size - PREVIEW_BYTES)
            mail.source_preview = text

    # ------------------------------------------------------------
    # ACCESS
    # ------------------------------------------------------------
    # Managers see the ledger of their companies (record rule) and have the buttons. Other
    # agents see the rows of the tickets that they may read. Nobody writes rows by hand.

    @api.model
    def _sees_ledger(self) -> bool:
        return (
            self.env.su
            or self.env.user.has_group("helpdesk_mgmt.group_helpdesk_manager")
            or self.env.user.has_group("base.group_system")
        )

    @api.model
    def _of_readable_tickets(self) -> Domain:
        tickets = self.env["helpdesk.ticket"].with_context(active_test=False)._search([])
        return Domain("delivery_ids", "any!", [("ticket_id", "in", tickets)])

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, *, bypass_access=False, **kwargs):
        if not bypass_access and not self._sees_ledger():
            domain = Domain(domain) & self._of_readable_tickets()
        return super()._search(domain, offset, limit, order, bypass_access=bypass_access, **kwargs)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if not self or self._sees_ledger():
            return result
        allowed = self - result[0] if result else self
        if operation == "read":
            # sudo: the ticket's rights are applied by the sub-select
            readable = self.sudo().search(
                Domain("id", "in", allowed.ids) & self._of_readable_tickets()
            )
            forbidden = allowed - readable.sudo(False)
        else:
            forbidden = allowed
        if not forbidden:
            return result
        if result:
            forbidden |= result[0]
        return forbidden, lambda: AccessError(
            self.env._(
                "You may see the incoming mails of tickets that you may read, and a helpdesk"
                " manager may change them."
            )
        )

    # ------------------------------------------------------------
    # TRACE
    # ------------------------------------------------------------

    def _add_trace(self, step: str, *notes: Note) -> None:
        """Append sentences to the trace of one incoming mail."""
        self.ensure_one()
        self.trace = (self.trace or []) + [trace.entry(step, each) for each in notes]

    def _add_trace_to_all(self, step: str, sentence: Note) -> None:
        """Append one sentence to the traces of these incoming mails, in one statement."""
        self.flush_recordset(["trace"])
        self.env.cr.execute(
            "UPDATE helpdesk_incoming_mail SET trace = COALESCE(trace, '[]'::jsonb) || %s::jsonb"
            " WHERE id = ANY(%s)",
            [json.dumps([trace.entry(step, sentence)]), self.ids],
        )
        self.invalidate_recordset(["trace", "trace_html", "why"])

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_retry(self):
        """Try failed and held mails again, now."""
        starts = self.filtered("start_only")
        if starts:
            starts._ask_for_whole()
        if self - starts:
            (self - starts)._ask_again("person_retry", forced=False)
            return (self - starts)._show_result()
        return True

    def _ask_for_whole(self) -> None:
        """Have mails of which only the start is kept fetched again at the next visit.

        :raise UserError: they are above the limit still
        """
        self._check_may_decide()
        if not all(mail.can_retry for mail in self):
            raise UserError(self.env._("Only the start of this mail is kept, and nowhere else."))
        limit = self.env["helpdesk.intake"]._max_size()
        largest = max(self.mapped("size"))
        if largest > limit:
            raise UserError(
                self.env._(
                    "With %(size)s MB this mail is above the limit of %(limit)s MB. Once the limit"
                    " is raised in the settings, the whole mail is fetched at the next visit.",
                    size=-(-largest // 2**20),
                    limit=limit // 2**20,
                )
            )
        for mail in self.sudo():
            mail._add_trace("person", note("person_retry", user=self.env.user.name))
        # sudo: to visit mailboxes somewhat earlier is no right of its own
        self.env.ref("helpdesk_mailflow.ir_cron_scan").sudo()._trigger()

    def _replace_start(self, raw: bytes, mailbox_todo: list[dict]) -> None:
        """The whole of a mail of which the start was kept; it waits to be processed.

        :param mailbox_todo: as for any mail that arrives
        :raise OSError: it could not be stored
        """
        self.ensure_one()
        self.env["helpdesk.incoming.mail.source"]._replace(self.id, raw)
        self.write(
            {
                "start_only": False,
                "size": len(raw),
                "state": State.NEW.value,
                "tries": 0,
                "cut_offs": 0,
                "error": False,
                "mailbox_todo": mailbox_todo,
            }
        )
        self._add_trace("store", note("stored_whole", size=len(raw)))

    def action_take_in(self):
        """Make tickets of mails that were kept out."""
        self._ask_again("person_take_in", forced=True)
        return self._show_result()

    def _check_may_decide(self) -> None:
        """The buttons are a manager's, the row itself nobody's to write: what it says of a mail,
        its mailbox and its trace is what happened.

        :raise AccessError: the user is no helpdesk manager of the mails' companies
        """
        self.check_access("read")
        if not self._sees_ledger():
            raise AccessError(
                self.env._("Only a helpdesk manager can decide what becomes of incoming mails.")
            )

    def _ask_again(self, code: str, forced: bool) -> None:
        self._check_may_decide()
        wrong = self.filtered(lambda mail: not (mail.can_take_in if forced else mail.can_retry))
        if wrong:
            names = ", ".join(wrong[:5].mapped("display_name"))
            raise UserError(
                self.env._(
                    "Nothing was done, since these mails cannot be taken in (they are done or wait"
                    " already, or only their start is kept): %(mails)s",
                    mails=names,
                )
                if forced
                else self.env._(
                    "Nothing was done, since only mails that failed or are held can be tried again,"
                    " and these are not: %(mails)s",
                    mails=names,
                )
            )
        # sudo: rights on the row were checked; tickets are made as for any incoming mail
        mails = self.sudo()
        for mail in mails:
            mail._add_trace("person", note(code, user=self.env.user.name))
        mails.write(
            {"state": State.NEW.value, "tries": 0, "cut_offs": 0, "error": False, "next_try": False}
        )
        if forced:
            mails.taken_in = True
        self.env["helpdesk.intake"].sudo()._process(mails.sorted("id"))

    def action_ignore(self):
        """Leave mails as they are, for good."""
        self._check_may_decide()
        wrong = self.filtered(lambda mail: not mail.can_ignore)
        if wrong:
            raise UserError(
                self.env._("Only mails that failed, are held or were not taken in can be ignored.")
            )
        for mail in self.sudo():
            mail._add_trace("person", note("person_ignore", user=self.env.user.name))
        self.sudo().write({"state": State.IGNORED.value, "error": False, "next_try": False})
        return True

    def _show_result(self):
        if len(self) == 1 and len(self.sudo().ticket_ids) == 1:
            return self.action_open_tickets()
        return True

    def action_open_tickets(self):
        """Open the tickets that these mails are part of."""
        tickets = self.ticket_ids
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mgmt.helpdesk_ticket_action"
        )
        action["domain"] = [("id", "in", tickets.ids)]
        action["context"] = {"active_test": False}
        if len(tickets) == 1:
            action.update(res_id=tickets.id, views=[(False, "form")], view_mode="form")
        return action

    def action_download_source(self):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/helpdesk_mailflow/source/{self.id}",
            "target": "download",
        }

    # ------------------------------------------------------------
    # UPKEEP
    # ------------------------------------------------------------

    @api.model
    def _keep_source_days(self) -> int:
        """Days that raw sources are kept; 0 keeps them for good."""
        return self.env["helpdesk.intake"]._number("keep_source_days", 90)

    @api.autovacuum
    def _gc_sources(self):
        """Drop raw sources that are older than what is set, and what is kept of their text; the
        rows stay."""
        days = self._keep_source_days()
        if days <= 0:
            return
        limit = self.env.cr.now() - timedelta(days=days)
        kept = [State.NEW.value, State.FAILED.value, State.HELD.value, State.NOT_TAKEN_IN.value]
        found = self.env.execute_query(
            SQL(
                "SELECT source.id, mail.id FROM helpdesk_incoming_mail_source source"
                " JOIN helpdesk_incoming_mail mail ON mail.id = source.mail_id"
                " WHERE mail.create_date < %s AND NOT (mail.state = ANY(%s)) LIMIT %s",
                limit,
                kept,
                GC_LIMIT,
            )
        )
        sources, mails = zip(*found, strict=True) if found else ((), ())
        self.env["helpdesk.incoming.mail.source"].browse(sources).unlink()
        self.flush_model()
        self.env.cr.execute(
            "UPDATE helpdesk_incoming_mail SET body_text = NULL, fact_body = '',"
            " header_lines = NULL, attachment_lines = NULL, facts_due = FALSE"
            " WHERE id = ANY(%s)",
            [list(mails)],
        )
        self.invalidate_model(
            ["body_text", "fact_body", "header_lines", "attachment_lines", "facts_due"]
        )
        return len(found), len(found) == GC_LIMIT

    def unlink(self):
        # the source's own unlink takes its file along; a cascade in SQL would not
        self.env["helpdesk.incoming.mail.source"].sudo().search(
            [("mail_id", "in", self.ids)]
        ).unlink()
        return super().unlink()
