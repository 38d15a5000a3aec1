# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import time

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..mailflow.errors import MailboxError
from ..mailflow.mailbox import MailServer, connect
from . import mailbox_errors
from .mailbox_visit import Visit

_logger = logging.getLogger(__name__)

#: Seconds without an answer after which a server is given up.
TIMEOUT = 60.0
#: The same while somebody waits in front of the screen.
TIMEOUT_OF_TEST = 15.0
PORTS = {
    ("imap", "tls"): 993,
    ("imap", "starttls"): 143,
    ("imap", "none"): 143,
    ("pop", "tls"): 995,
    ("pop", "starttls"): 110,
    ("pop", "none"): 110,
}
#: Seconds of one visit while somebody waits in front of the screen.
RUN_NOW_SECONDS = 45.0
#: Seconds of one visit to a mailbox when nobody says how long it may take.
VISIT_SECONDS = 300.0


class Fetched:
    """Whether the mail that Odoo's own fetchmail has at hand may leave the mailbox."""

    is_safe = True


class OdooConnection:
    """A connection of Odoo's own fetchmail, which calls ``handled_message`` also for a mail that
    failed: POP deletes it then, IMAP marks it as read. Here one that could not be stored stays,
    and is fetched again.

    :param connection: of ``_connect__``
    :param fetched: what ``message_process`` tells of the mail at hand
    """

    def __init__(self, connection, fetched: Fetched):
        self._connection = connection
        self._fetched = fetched

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def handled_message(self, number):
        """Done with a message, unless it is nowhere but in the mailbox."""
        if self._fetched.is_safe:
            self._connection.handled_message(number)
        else:
            _logger.warning("A mail for helpdesk could not be stored and stays in its mailbox")
        self._fetched.is_safe = True


class FetchmailServer(models.Model):
    """Mail scanner: transport and secrets of one mailbox."""

    _inherit = "fetchmail.server"

    is_scanner = fields.Boolean("Mail scanner", index=True, readonly=True)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company, index=True)
    encryption = fields.Selection(
        [("tls", "SSL/TLS"), ("starttls", "STARTTLS"), ("none", "None")],
        default="tls",
        required=True,
    )
    # as smtp_pass of ir.mail_server; typed into new_password, so it never goes to a browser
    password = fields.Char(groups="base.group_system")
    new_password = fields.Char(
        "New password",
        compute="_compute_new_password",
        inverse="_inverse_new_password",
        groups="base.group_system",
        copy=False,
    )
    has_password = fields.Boolean(compute="_compute_new_password")
    mailbox_protocol = fields.Selection(
        [("imap", "IMAP"), ("pop", "POP")],
        string="Protocol",
        compute="_compute_mailbox_protocol",
        inverse="_inverse_mailbox_protocol",
    )
    scanner_state = fields.Selection(
        [("off", "Not activated"), ("on", "Active"), ("error", "Error")],
        string="State",
        compute="_compute_scanner_state",
    )
    authentication = fields.Selection([("password", "Password")], default="password", required=True)
    verify_certificate = fields.Boolean(
        "Check the certificate",
        default=True,
        help="Without the check anybody on the way can read the password and the mails",
    )
    scan_type = fields.Selection(
        [
            ("everything", "Everything since the last scan"),
            ("unread", "Only unread mails"),
        ],
        string="Scan type",
        default="everything",
        required=True,
    )
    authserv_id = fields.Char(
        "Authentication server",
        help="The name that the receiving server puts first into its Authentication-Results"
        " header. Only results under this name are believed. *.example.com stands for any name in"
        " example.com.",
    )
    unmatched = fields.Selection(
        [("ticket", "Becomes a ticket"), ("leave", "Is left alone")],
        string="A mail that no rule matches",
        default="ticket",
        required=True,
        help="Left alone: it stays in the mailbox as it is, and is listed here. Replies to tickets"
        " always join them.",
    )
    mark_read = fields.Boolean("Mark as read", default=True, help="Once the ticket is committed")
    default_alias_id = fields.Many2one(
        "helpdesk.support.alias",
        string="Default support alias",
        ondelete="restrict",
        check_company=True,
        domain="[('company_id', '=', company_id)]",
        help="For mails whose recipients lead to no support alias",
    )
    folder_ids = fields.One2many("helpdesk.mail.folder", "scanner_id")
    read_folder_ids = fields.Many2many(
        "helpdesk.mail.folder",
        string="Folders to read",
        compute="_compute_read_folder_ids",
        inverse="_inverse_read_folder_ids",
        domain="[('scanner_id', '=', id)]",
    )
    folder_names = fields.Char("Folders", compute="_compute_read_folder_ids")
    begun = fields.Boolean(compute="_compute_begun", help="Where to begin was chosen")
    mail_count = fields.Integer(compute="_compute_mail_count")
    rule_count = fields.Integer(compute="_compute_rule_count")

    # ------------------------------------------------------------
    # FIELDS
    # ------------------------------------------------------------

    @api.depends("password")
    def _compute_new_password(self):
        for scanner in self:
            scanner.new_password = False
            scanner.has_password = bool(scanner.password)

    def _inverse_new_password(self):
        for scanner in self.filtered("new_password"):
            scanner.password = scanner.new_password
        # what was typed is not read back, not even by the call that wrote it
        self.invalidate_recordset(["new_password"], flush=False)

    @api.depends("server_type")
    def _compute_mailbox_protocol(self):
        for scanner in self:
            known = scanner.server_type in ("imap", "pop")
            scanner.mailbox_protocol = known and scanner.server_type

    def _inverse_mailbox_protocol(self):
        for scanner in self.filtered("mailbox_protocol"):
            scanner.server_type = scanner.mailbox_protocol

    @api.onchange("mailbox_protocol")
    def _onchange_mailbox_protocol(self):
        if self.is_scanner and self.mailbox_protocol:
            self.server_type = self.mailbox_protocol
            self._onchange_encryption()

    @api.depends("state", "error_message")
    def _compute_scanner_state(self):
        for scanner in self:
            if scanner.state != "done":
                scanner.scanner_state = "off"
            else:
                scanner.scanner_state = "error" if scanner.error_message else "on"

    @api.depends("folder_ids.is_read")
    def _compute_read_folder_ids(self):
        for scanner in self:
            scanner.read_folder_ids = scanner.folder_ids.filtered("is_read")
            scanner.folder_names = ", ".join(scanner._folders_to_read().mapped("name"))

    def _inverse_read_folder_ids(self):
        for scanner in self:
            chosen = scanner.read_folder_ids
            (scanner.folder_ids - chosen).filtered("is_read").is_read = False
            chosen.filtered(lambda folder: not folder.is_read).is_read = True

    @api.depends("folder_ids.uidvalidity", "folder_ids.is_read")
    def _compute_begun(self):
        for scanner in self:
            scanner.begun = any(folder.uidvalidity for folder in scanner._folders_to_read())

    def _compute_mail_count(self):
        counts = dict(
            self.env["helpdesk.incoming.mail"]
            .sudo()
            ._read_group([("folder_id", "in", self._all_folders().ids)], ["folder_id"], ["__count"])
        )
        for scanner in self:
            scanner.mail_count = sum(counts.get(folder, 0) for folder in scanner._all_folders())

    def _compute_rule_count(self):
        for scanner in self:
            # sudo: a number; the rules themselves are a helpdesk manager's
            rules = self.env["helpdesk.scanner.rule"].sudo()
            scanner.rule_count = rules.search_count(scanner._concerned_rules())

    def unlink(self):
        rules = self.env["helpdesk.scanner.rule"]
        rules._switch_off_rules_of("scanner_ids", self)
        # the database deletes these with their scanner
        rules._switch_off_rules_of("folder_ids", self._all_folders())
        return super().unlink()

    def _concerned_rules(self) -> Domain:
        """Rules that look at mails of this scanner."""
        self.ensure_one()
        return (
            Domain("company_id", "=", self.company_id.id)
            & (Domain("scanner_ids", "=", False) | Domain("scanner_ids", "in", self.ids))
            & (Domain("folder_ids", "=", False) | Domain("folder_ids", "in", self.folder_ids.ids))
        )

    def _folders_to_read(self):
        """Those chosen here, and those that active rules look at."""
        return self.folder_ids._to_read()

    def _all_folders(self):
        """Also those of mailboxes that the scanners read before."""
        return self.with_context(active_test=False).folder_ids

    @api.onchange("server_type", "encryption", "is_scanner")
    def _onchange_encryption(self):
        if self.is_scanner:
            self.is_ssl = self.encryption == "tls"
            # in a form that shows the protocol only, server_type is still what it was
            protocol = self.mailbox_protocol or self.server_type
            self.port = PORTS.get((protocol, self.encryption), 0)

    @api.onchange("company_id")
    def _onchange_company_id(self):
        if self.default_alias_id.company_id != self.company_id:
            self.default_alias_id = False

    @api.constrains("is_scanner", "server_type", "default_alias_id", "company_id")
    def _check_scanner(self):
        for scanner in self.filtered("is_scanner"):
            if scanner.server_type not in ("imap", "pop"):
                raise ValidationError(self.env._("A mail scanner reads a mailbox by IMAP or POP."))
            if not scanner.company_id:
                raise ValidationError(self.env._("A mail scanner belongs to a company. Choose it."))
            alias = scanner.default_alias_id
            if alias and alias.company_id != scanner.company_id:
                raise ValidationError(
                    self.env._(
                        "The default support alias %(alias)s belongs to another company.",
                        alias=alias.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        by_default = self.env.context.get("default_is_scanner")
        for vals in vals_list:
            if vals.get("is_scanner", by_default):
                encryption = vals.get("encryption", "tls")
                vals["is_ssl"] = encryption == "tls"
                vals["port"] = (
                    vals.get("port") or PORTS[vals.get("server_type", "imap"), encryption]
                )
        servers = super().create(vals_list)
        scanners = servers.filtered("is_scanner")
        # the folder that every mailbox has; the others are chosen from what the server lists
        self.env["helpdesk.mail.folder"].create(
            [
                {"scanner_id": scanner.id, "name": "INBOX", "is_read": True}
                for scanner in scanners
                if not scanner.folder_ids
            ]
        )
        return servers

    def write(self, vals):
        if "encryption" in vals and len(self.filtered("is_scanner")) == len(self) and self:
            vals = dict(vals, is_ssl=vals["encryption"] == "tls")
        moved = self.filtered(
            lambda scanner: (
                scanner.is_scanner
                and any(
                    key in vals and vals[key] != scanner[key]
                    for key in ("server", "user", "server_type")
                )
            )
        )
        result = super().write(vals)
        if moved:
            # another mailbox: begin is chosen again
            moved.folder_ids._leave_behind()
            moved.filtered(lambda scanner: scanner.state == "done").set_draft()
        return result

    # ------------------------------------------------------------
    # CONNECTION
    # ------------------------------------------------------------

    def _mail_server(self, timeout: float = TIMEOUT) -> MailServer:
        """How to reach the mailbox, for the engine."""
        self.ensure_one()
        return MailServer(
            protocol=self.server_type,
            host=self.server or "",
            port=self.port,
            encryption=self.encryption,
            user=self.user or "",
            password=self.password or "",
            verify=self.verify_certificate,
            timeout=timeout,
        )

    def _connect_mailbox(self, timeout: float = TIMEOUT):
        """A session of the engine; a context manager.

        :raise MailboxError: in a user's words by :meth:`_in_words`
        """
        return connect(self._mail_server(timeout))

    def _in_words(self, error: MailboxError) -> str:
        return mailbox_errors.sentence(self.env, error)

    def button_confirm_login(self):
        """Test connection: say what is wrong in a user's words, or what was found."""
        scanners = self.filtered("is_scanner")
        if others := self - scanners:
            super(FetchmailServer, others).button_confirm_login()
        for scanner in scanners:
            found = scanner._look_up_folders()
        if not scanners:
            return True
        missing = scanners.folder_ids.filtered(lambda folder: not folder.on_server)._to_read()
        if missing:
            raise UserError(
                self.env._(
                    "The log-in works, but these folders are not on the server: %(folders)s. Choose"
                    " others.",
                    folders=", ".join(missing.mapped("name")),
                )
            )
        return self._notification(
            self.env._("The connection works: %(count)s folders were found.", count=len(found)),
            "success",
        )

    def action_look_up_folders(self):
        """List the folders of the server, to choose from."""
        for scanner in self:
            found = scanner._look_up_folders()
        return self._notification(
            self.env._("%(count)s folders were found.", count=len(found)), "success"
        )

    def _look_up_folders_of_rules(self):
        """The same for someone who sets up a rule, for several scanners.

        :raise UserError: there is none, or a server cannot be reached
        """
        self.check_access("write")
        if not self:
            raise UserError(self.env._("There is no mail scanner yet that has folders."))
        return self.action_look_up_folders()

    def _look_up_folders(self):
        """Bring the list of folders up to date with the server.

        :return: ``helpdesk.mail.folder``, those on the server
        :raise UserError: the server cannot be reached, in a user's words
        """
        self.ensure_one()
        try:
            with self._connect_mailbox(TIMEOUT_OF_TEST) as mailbox:
                listed = {folder.name: folder for folder in mailbox.folders() if folder.selectable}
        except MailboxError as error:
            raise UserError(self._in_words(error)) from error
        known = {folder.name: folder for folder in self.folder_ids}
        for name, folder in known.items():
            # INBOX is written in any case (RFC 9051, 5.1)
            there = name in listed or (
                name.upper() == "INBOX" and "INBOX" in map(str.upper, listed)
            )
            if folder.on_server != there:
                folder.on_server = there
        self.env["helpdesk.mail.folder"].create(
            [
                {"scanner_id": self.id, "name": name, "special_use": folder.special_use}
                for name, folder in listed.items()
                if name not in known and not (name.upper() == "INBOX" and "INBOX" in known)
            ]
        )
        return self.folder_ids.filtered("on_server")

    def _notification(self, message: str, kind: str) -> dict:
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # ------------------------------------------------------------
    # BUTTONS
    # ------------------------------------------------------------

    def action_activate(self):
        """Ask where to begin, the first time; else go on where it stopped."""
        self.ensure_one()
        if not self.begun:
            return self._ask_where_to_begin("activate")
        self._activate()
        return self._hint_at_rules() or True

    def _activate(self):
        if not self._folders_to_read():
            raise UserError(self.env._("Choose at least one folder to read."))
        self.write({"state": "done", "active": True, "error_date": False, "error_message": False})
        self.env.ref("helpdesk_mailflow.ir_cron_scan")._trigger()

    def _hint_at_rules(self, then: dict | None = None) -> dict | None:
        """After activation: what becomes of mails while no rule looks at them.

        :param then: the action that follows, by default the form is loaded again
        :return: a client action; None if there are rules
        """
        self.ensure_one()
        if self.rule_count:
            return None
        if self.unmatched == "leave":
            kind = "warning"
            text = self.env._(
                "The scanner is active, but no rule looks at its mails yet, and a mail that no rule"
                " matches is left alone: new mails become no tickets. %(rules)s",
                rules="%s",  # where the link goes
            )
        else:
            kind = "success"
            text = self.env._(
                "The scanner is active. No rule looks at its mails yet: each new one becomes a"
                " ticket. %(rules)s",
                rules="%s",
            )
        action = self._notification(text, kind)
        action["params"]["links"] = [
            {
                "label": self.env._("Set up rules"),
                "url": "/odoo/action-helpdesk_mailflow.scanner_rule_action",
            }
        ]
        if then:
            action["params"]["next"] = then
        return action

    def action_open_rules(self):
        """The rules that look at mails of this scanner."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.scanner_rule_action"
        )
        action["domain"] = list(self._concerned_rules())
        action["context"] = {
            "default_active": False,
            "default_company_id": self.company_id.id,
            "default_scanner_ids": self.ids,
        }
        return action

    def action_deactivate(self):
        self.set_draft()
        return True

    def action_run_now(self):
        """Read the mailbox once, now, also while the scanner is inactive."""
        self.ensure_one()
        if not self.begun:
            return self._ask_where_to_begin("run")
        return self._run_now()

    def _run_now(self):
        self.check_access("write")
        began = time.monotonic()
        error, count = self._read_mailbox(RUN_NOW_SECONDS)
        if error:
            return self._notification(error, "danger")
        if time.monotonic() - began >= RUN_NOW_SECONDS:
            # what is left is the cron's, which the visit has triggered
            message = self.env._(
                "%(count)s mails were fetched so far. An active scanner goes on in the background;"
                " else run it again for the rest.",
                count=count,
            )
        elif count:
            message = self.env._("%(count)s mails were fetched.", count=count)
        else:
            message = self.env._("There is no new mail.")
        return self._notification(message, "success")

    def _ask_where_to_begin(self, then: str):
        if not self._folders_to_read():
            raise UserError(self.env._("Choose at least one folder to read."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Where to begin"),
            "res_model": "helpdesk.scanner.begin",
            "view_mode": "form",
            "target": "new",
            "context": {"default_scanner_id": self.id, "default_then": then},
        }

    def action_open_scanner(self):
        """From Odoo's own form of incoming servers to that of mail scanners."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("helpdesk_mailflow.scanner_action")
        form = self.env.ref("helpdesk_mailflow.scanner_view_form")
        action.update(res_id=self.id, views=[(form.id, "form")], view_mode="form")
        return action

    def action_open_mails(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.incoming_mail_action"
        )
        action["domain"] = [("folder_id", "in", self._all_folders().ids)]
        return action

    # ------------------------------------------------------------
    # READING
    # ------------------------------------------------------------

    def fetch_mail(self):
        """Odoo's *Fetch Now* button."""
        if self.is_scanner:
            return self.action_run_now()
        return super().fetch_mail()

    def _fetch_mail(self, batch_limit=50):
        """Odoo's cron for incoming servers: scanners have one of their own, so that neither
        waits for the other.

        What a mail is processed in has the context of ``self``, not that of the servers.
        """
        servers = self.filtered(lambda server: not server.is_scanner)
        servers = servers.with_context(mailflow_fetched=Fetched())
        return super(FetchmailServer, servers)._fetch_mail(batch_limit=batch_limit)

    def _connect__(self, allow_archived=False):
        connection = super()._connect__(allow_archived=allow_archived)
        fetched = self.env.context.get("mailflow_fetched")
        return OdooConnection(connection, fetched) if fetched and connection else connection

    @api.model
    def _active_scanners(self) -> Domain:
        return Domain("is_scanner", "=", True) & Domain("state", "=", "done")

    @api.model
    def _cron_scan(self):
        """Visit the mailboxes of all activated scanners, the longest unvisited first. One that
        hangs or fails does not stop the others."""
        scanners = self.search(self._active_scanners(), order="date nulls first, id")
        cron = self.env["ir.cron"]
        left = cron._commit_progress(remaining=len(scanners))
        for index, scanner in enumerate(scanners):
            share = max(left / (len(scanners) - index), 5.0)
            scanner._visit(min(share, VISIT_SECONDS))
            left = cron._commit_progress(1)
            if not left:
                break

    def _visit(self, seconds: float) -> str | None:
        """Read the mailbox once; returns what went wrong, in a user's words (None: nothing)."""
        return self._read_mailbox(seconds)[0]

    def _read_mailbox(self, seconds: float) -> tuple[str | None, int]:
        """Read the mailbox once: store, commit, act, commit, then mark.

        In a transaction of its own, while this one keeps other processes away from the
        mailbox.

        :param seconds: after which no further batch is begun
        :return: what went wrong, in a user's words (None: nothing), and how many mails were
            fetched
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            return self.env._("The mailbox is being read already."), 0
        visit = None
        try:
            with self.env.registry.cursor() as cursor:
                # sudo: whoever may run a scanner may see what comes of it only by the ledger's
                # rights
                scanner = self.with_env(self.env(cr=cursor)).sudo()
                visit = Visit(scanner, time.monotonic() + seconds)
                error = visit.run()
        except Exception as problem:
            # told on the scanner; the mailbox is as safe as if the process had been killed,
            # and the other scanners go on
            _logger.exception("The visit of scanner %s broke off", self.id)
            error = self.env._(
                "Reading broke off and is tried again: %(error)s",
                error=self.env["helpdesk.intake"]._error_text(problem),
            )
        values = {"date": fields.Datetime.now(), **(visit.learnt if visit else {})}
        if error:
            values.update(error_date=self.error_date or fields.Datetime.now(), error_message=error)
        elif self.error_date:
            values.update(error_date=False, error_message=False)
        self.with_context(fetchmail_cron_running=True).write(values)
        return error, visit.count if visit else 0
