# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import json
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.fields import Domain

from ..mailflow.note import note

#: How far the clock of a mail server may be behind ours. A mail that it got in this time
#: before reading began may come in when it gives new numbers: better than one that is lost.
CLOCK_MARGIN = timedelta(minutes=2)


class HelpdeskMailFolder(models.Model):
    """One folder of a mail scanner, as managers, rules and the ledger refer to it.

    They may not see the scanner, which has hosts and secrets.
    """

    _name = "helpdesk.mail.folder"
    _description = "Mail folder"
    _inherit = ["helpdesk.for.leaders"]
    _order = "company_id, scanner_label, name"
    _rec_name = "name"

    # groups: hosts and secrets are a system admin's; everyone else reads scanner_label
    scanner_id = fields.Many2one(
        "fetchmail.server",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
        groups="base.group_system",
    )
    scanner_label = fields.Char(
        string="Mail scanner", related="scanner_id.name", store=True, related_sudo=True
    )
    scanner_active = fields.Boolean(compute="_compute_scanner_active", compute_sudo=True)
    active = fields.Boolean(
        default=True, readonly=True, help="Off for a folder of a mailbox that was read before"
    )
    name = fields.Char("Folder", required=True, readonly=True)
    special_use = fields.Char(readonly=True, help="What the server says the folder is for")
    company_id = fields.Many2one(
        "res.company", related="scanner_id.company_id", store=True, related_sudo=True, index=True
    )
    is_read = fields.Boolean("Read this folder", default=False)
    is_read_by_rule = fields.Boolean(
        "Read for rules",
        compute="_compute_is_read_by_rule",
        search="_search_is_read_by_rule",
        help="Active rules look at its mails, so it is read as well",
    )
    on_server = fields.Boolean(
        "Found on the server", default=True, readonly=True, help="When it was last looked at"
    )
    # text, since UIDVALIDITY and UID exceed a 32-bit signed integer
    uidvalidity = fields.Char("UIDVALIDITY", readonly=True)
    next_uid = fields.Char(readonly=True, help="The first UID not yet looked at")
    start_uid = fields.Char(readonly=True, help="UIDNEXT when reading began")
    since = fields.Datetime(readonly=True, help="Mails that the server got before are not taken in")
    waiting_uids = fields.Text(
        readonly=True, help="UIDs that could not be fetched or stored yet, as JSON"
    )
    known_uids = fields.Text(
        readonly=True, help="POP: messages that were there when reading began, as JSON"
    )
    last_success = fields.Datetime("Last success", readonly=True)
    error = fields.Text(readonly=True)
    error_since = fields.Datetime("Error since", readonly=True)
    mail_count = fields.Integer(compute="_compute_mail_count")
    state = fields.Selection(
        [
            ("off", "Not read"),
            ("waiting", "Not activated"),
            ("ok", "Working"),
            ("error", "Error"),
        ],
        compute="_compute_state",
    )

    _once_listed = models.UniqueIndex(
        "(scanner_id, name) WHERE active", "A folder can be listed once for each scanner."
    )

    @api.depends("scanner_id.name", "name")
    def _compute_display_name(self):
        for folder in self:
            folder.display_name = f"{folder.scanner_label}: {folder.name}"

    @api.depends("scanner_id.active", "scanner_id.state")
    def _compute_scanner_active(self):
        for folder in self:
            folder.scanner_active = folder.scanner_id.active and folder.scanner_id.state == "done"

    def _compute_is_read_by_rule(self):
        wanted = self._read_by_rules()
        for folder in self:
            folder.is_read_by_rule = folder in wanted

    def _search_is_read_by_rule(self, operator, value):
        if operator != "in":
            return NotImplemented
        listed = self.search(Domain("active", "=", True))
        return Domain("id", "in", listed._read_by_rules().ids)

    def _read_by_rules(self):
        """Those of the folders that active rules look at."""
        folders = self.env["helpdesk.scanner.rule"]._read_folders()
        return folders.sudo(self.env.su) & self

    def _to_read(self):
        """Those of the folders that are read: chosen on their scanner, or by a rule."""
        return self.filtered(lambda folder: folder.is_read or folder.is_read_by_rule)

    @api.depends("is_read", "is_read_by_rule", "error", "scanner_active")
    def _compute_state(self):
        for folder in self:
            if not (folder.is_read or folder.is_read_by_rule):
                folder.state = "off"
            elif folder.error:
                folder.state = "error"
            else:
                folder.state = "ok" if folder.scanner_active else "waiting"

    def _compute_mail_count(self):
        counts = dict(
            self.env["helpdesk.incoming.mail"]._read_group(
                [("folder_id", "in", self.ids)], ["folder_id"], ["__count"]
            )
        )
        for folder in self:
            folder.mail_count = counts.get(folder, 0)

    def action_open_mails(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.incoming_mail_action"
        )
        action["domain"] = [("folder_id", "=", self.id)]
        return action

    # ------------------------------------------------------------
    # CURSOR
    # ------------------------------------------------------------

    def _begin(self, uidvalidity: int, uidnext: int, since: datetime | None) -> None:
        """Start reading at the next new mail, or with those received since a time.

        :param since: aware; None begins with the next new mail
        """
        if since:
            received_since = since.astimezone(timezone.utc).replace(tzinfo=None)
        else:
            received_since = self.env.cr.now() - CLOCK_MARGIN
        self.write(
            {
                "uidvalidity": str(uidvalidity),
                "start_uid": str(uidnext),
                "next_uid": "1" if since else str(uidnext),
                "since": received_since,
                "waiting_uids": False,
            }
        )

    def unlink(self):
        self.env["helpdesk.scanner.rule"]._switch_off_rules_of("folder_ids", self)
        return super().unlink()

    def _leave_behind(self) -> None:
        """The scanner reads another mailbox from now on, with folders of the same names.

        UIDVALIDITY and UID say nothing across mailboxes (RFC 9051, 2.3.1.1): the ledger's rows
        keep the old folders, so that mails of the new ones are neither taken for known nor
        marked in place of the old.
        """
        # sudo: also rows of companies that are not chosen at the moment
        rows = self.env["helpdesk.incoming.mail"].sudo()
        rows = rows.search([("folder_id", "in", self.ids), ("mailbox_todo", "!=", False)])
        rows.write({"mailbox_todo": False})
        rows._add_trace_to_all("mailbox", note("mailbox_left"))
        values = [
            {
                "scanner_id": folder.scanner_id.id,
                "name": folder.name,
                "special_use": folder.special_use,
                "is_read": folder.is_read,
            }
            for folder in self
        ]
        self.write({"active": False, "is_read": False, "error": False, "error_since": False})
        # the index allows the names again, and archived folders leave the scanner's list
        self.flush_recordset(["active"])
        self.scanner_id.invalidate_recordset(["folder_ids"])
        created = self.create(values)
        self.env["helpdesk.scanner.rule"]._follow_folders(zip(self, created, strict=True))

    def _restart(self, uidvalidity: int) -> None:
        """The server gave its messages new numbers (RFC 3501, 2.3.1.1): look at all of
        them again. What arrived before reading began stays out by its date, what came in
        already is known by its identity."""
        self.write(
            {
                "uidvalidity": str(uidvalidity),
                "next_uid": "1",
                "start_uid": str(2**63),
                "waiting_uids": False,
            }
        )

    def _waiting(self) -> list:
        return json.loads(self.waiting_uids or "[]")

    def _set_waiting(self, uids) -> None:
        """All of them, in the order in which they are tried: one left out would be lost."""
        self.waiting_uids = json.dumps(list(dict.fromkeys(uids))) if uids else False

    def _known(self) -> list[str]:
        return json.loads(self.known_uids or "[]")

    def _know(self, uids) -> None:
        """POP has no numbers that grow: remember what was there when reading began."""
        self.known_uids = json.dumps(list(uids))

    def _report(self, error: str | None) -> None:
        """Note how the last visit went."""
        now = fields.Datetime.now()
        for folder in self:
            if error:
                folder.write({"error": error, "error_since": folder.error_since or now})
            else:
                folder.write({"error": False, "error_since": False, "last_success": now})
