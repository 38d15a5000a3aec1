# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..mailflow.authserv import (
    NAMELESS,
    NAMELESS_LABEL,
    authserv_count,
    common_name,
    is_pinned,
    is_plausible,
)
from ..mailflow.domain import registrable_domain
from ..mailflow.mail import Mail

#: Mails that a name is learnt from, the newest ones of a scanner.
LOOKED_AT = 30
#: A name is proposed when it tops at least so many mails, of so many organizations, that came in
#: over such a time. One sender, or one evening, is no evidence: whoever writes to a server that
#: reports nothing can write any name.
MAILS = 5
SENDERS = 3
SPREAD = timedelta(hours=1)
#: So many mails in a row without a report of the confirmed server are told.
SILENT = 10


@dataclass(frozen=True)
class ReportingServer:
    """Whose word counts for the mails of a scanner; parameters of ``mailflow.trust.tell_trust``.

    :param confirmed: an admin has said so
    """

    authserv_id: str
    count: int
    forwarders: tuple[str, ...]
    confirmed: bool


class FetchmailServer(models.Model):
    """Which server receives the mail of a scanner, and reports about its senders."""

    _inherit = "fetchmail.server"

    authserv_choice = fields.Selection(
        [
            ("learn", "Learn it from the mails"),
            ("name", "The server of this name"),
            ("nameless", "It names no server (Microsoft 365)"),
            ("none", "None is believed"),
        ],
        string="Reports about senders",
        compute="_compute_authserv_choice",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="The receiving mail server checks who a mail is from and writes that into the"
        " Authentication-Results header. Anybody can write one: only that of your server counts.",
    )
    authserv_count = fields.Integer(
        "Reports in each mail",
        default=1,
        help="How many Authentication-Results headers the server writes into each mail, at least."
        " Further ones below may come from the sender and do not count.",
    )
    authserv_proposed = fields.Char(readonly=True, copy=False)
    # {"mails", "of", "senders", "first", "last", "count", "plausible"}; without a proposal "silent"
    authserv_evidence = fields.Json(readonly=True, copy=False)
    authserv_refused = fields.Char(readonly=True, copy=False)
    authserv_told = fields.Text(compute="_compute_authserv_told")

    @api.depends("authserv_id")
    def _compute_authserv_choice(self):
        for scanner in self:
            if scanner.authserv_id:
                scanner.authserv_choice = "name"
            elif scanner.authserv_choice in (False, "name"):
                scanner.authserv_choice = "learn"

    @api.constrains("authserv_choice", "authserv_id", "authserv_count")
    def _check_authserv(self):
        for scanner in self:
            if scanner.authserv_choice == "name" and not (scanner.authserv_id or "").strip():
                raise ValidationError(
                    self.env._("Type the name of the server that reports about senders.")
                )
            if scanner.authserv_count < 1:
                raise ValidationError(
                    self.env._("The server writes at least 1 report into each mail.")
                )

    @api.depends("authserv_choice", "authserv_id", "authserv_proposed", "authserv_evidence")
    def _compute_authserv_told(self):
        for scanner in self:
            scanner.authserv_told = scanner._authserv_sentence()

    def _authserv_sentence(self) -> str | bool:
        """What was learnt, or what has changed, for the admin."""
        evidence = self.authserv_evidence or {}
        told = []
        if evidence.get("silent"):
            told.append(
                self.env._(
                    "None of the last %(count)s mails has a report of %(server)s, so nothing is"
                    " known about their senders.",
                    count=evidence["silent"],
                    server=self._authserv_label(self._authserv_pin()),
                )
            )
        if self.authserv_proposed:
            told.append(
                self.env._(
                    "%(mails)s of the last %(of)s mails, of %(senders)s different senders from"
                    " %(first)s to %(last)s, carry on top a report about the sender by"
                    " %(server)s.",
                    mails=evidence.get("mails", 0),
                    of=evidence.get("of", 0),
                    senders=evidence.get("senders", 0),
                    first=format_date(self.env, evidence.get("first")),
                    last=format_date(self.env, evidence.get("last")),
                    server=self._authserv_label(self.authserv_proposed),
                )
            )
            if evidence.get("plausible"):
                told.append(
                    self.env._(
                        "That belongs to the mail server of this mailbox. Confirm it, so that"
                        " nobody can write in a colleague's name. Until then results are shown, and"
                        " nothing is decided by them."
                    )
                )
            else:
                told.append(
                    self.env._(
                        "Nothing shows that it belongs to this mailbox: ask the provider before you"
                        " confirm it. Until then nothing of it counts."
                    )
                )
        return "\n".join(told) or False

    def _authserv_label(self, name: str) -> str:
        if name == NAMELESS:
            return self.env._("a server that names itself not, as %s does", NAMELESS_LABEL)
        return name

    # ------------------------------------------------------------
    # WHOSE WORD COUNTS
    # ------------------------------------------------------------

    def _authserv_pin(self) -> str:
        """The server that an admin has confirmed, as the engine takes it; ``""`` for none."""
        if self.authserv_choice == "name":
            return (self.authserv_id or "").strip().lower()
        return NAMELESS if self.authserv_choice == "nameless" else ""

    def _reporting_server(self) -> ReportingServer:
        """Whose word counts for the mails of this scanner."""
        self.ensure_one()
        pin, evidence = self._authserv_pin(), self.authserv_evidence or {}
        forwarders = self.company_id._mailflow_arc_forwarders()
        if pin or self.authserv_choice == "none" or not evidence.get("plausible"):
            return ReportingServer(pin, self.authserv_count, forwarders, True)
        proposed = self.authserv_proposed or ""
        return ReportingServer(proposed, evidence.get("count", 1), forwarders, False)

    # ------------------------------------------------------------
    # LEARNING
    # ------------------------------------------------------------

    def _learn_authserv(self) -> dict:
        """What the newest mails tell of the receiving server.

        Writes nothing: who visits the mailbox does not hold the scanner.

        :return: values to write, empty if nothing is new
        """
        self.ensure_one()
        if self.authserv_choice == "none":
            return {}
        rows = self.env["helpdesk.incoming.mail"].search_fetch(
            [
                ("folder_id", "in", self._all_folders().ids),
                ("trust_identity", "!=", False),
            ],
            ["from_address", "header_lines", "received_at", "trust_candidate"],
            order="id desc",
            limit=LOOKED_AT,
        )
        pin = self._authserv_pin()
        values = {"authserv_proposed": False, "authserv_evidence": False}
        if pin:
            values.update(self._fewer_reports(pin, rows))
            newest = rows[:SILENT]
            if len(newest) < SILENT or any(
                is_pinned(pin, each.trust_candidate or "") for each in newest
            ):
                return self._what_is_new(values)
            values["authserv_evidence"] = {"silent": len(newest)}
            rows = newest
        values.update(self._proposal(rows, values["authserv_evidence"] or {}))
        return self._what_is_new(values)

    def _what_is_new(self, values: dict) -> dict:
        return {
            name: value
            for name, value in values.items()
            if (self[name] or False) != (value or False)
        }

    def _fewer_reports(self, pin: str, rows) -> dict:
        """The server wrote fewer reports into a mail than it is known to. More prove nothing,
        since the sender can add some."""
        counts = [
            authserv_count(_headers(each), pin)
            for each in rows
            if is_pinned(pin, each.trust_candidate or "")
        ]
        least = min(counts, default=self.authserv_count)
        return {"authserv_count": least} if 0 < least < self.authserv_count else {}

    def _proposal(self, rows, evidence: dict) -> dict:
        """A name that enough mails of enough senders carry."""
        mails = [_headers(each) for each in rows]
        name = common_name(mails)
        if not name or name == self.authserv_refused:
            return {}
        pairs = [
            (row, mail)
            for row, mail in zip(rows, mails, strict=True)
            if is_pinned(name, row.trust_candidate or "")
        ]
        senders = {
            registrable_domain((row.from_address or "").rpartition("@")[2]) for row, _mail in pairs
        }
        times = sorted(row.received_at for row, _mail in pairs if row.received_at)
        if len(pairs) < MAILS or len(senders) < SENDERS:
            return {}
        if not times or times[-1] - times[0] < SPREAD:
            return {}
        counts = [authserv_count(mail, name) for _row, mail in pairs]
        return {
            "authserv_proposed": name,
            "authserv_evidence": {
                **evidence,
                "mails": len(pairs),
                "of": len(rows),
                "senders": len(senders),
                "first": fields.Date.to_string(times[0].date()),
                "last": fields.Date.to_string(times[-1].date()),
                "count": max(min(counts), 1),
                "plausible": is_plausible(name, self.server or "", mails),
            },
        }

    # ------------------------------------------------------------
    # BUTTONS
    # ------------------------------------------------------------

    def action_confirm_authserv(self):
        """Believe the proposed server from now on."""
        self.ensure_one()
        name = self.authserv_proposed
        if not name:
            raise UserError(self.env._("There is no server to confirm any more."))
        values = {
            "authserv_count": (self.authserv_evidence or {}).get("count", 1),
            "authserv_refused": False,
            "authserv_proposed": False,
            "authserv_evidence": False,
        }
        if name == NAMELESS:
            self.write({**values, "authserv_choice": "nameless", "authserv_id": False})
        else:
            self.write({**values, "authserv_choice": "name", "authserv_id": name})
        return True

    def action_refuse_authserv(self):
        """It is not ours: it is not proposed again."""
        self.ensure_one()
        self.write(
            {
                "authserv_refused": self.authserv_proposed,
                "authserv_proposed": False,
                "authserv_evidence": False,
            }
        )
        return True

    def action_open_authserv_mails(self):
        """The mails that a name was learnt from, or that have no report any more."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.incoming_mail_action"
        )
        action["domain"] = [
            ("folder_id", "in", self._all_folders().ids),
            ("trust_identity", "!=", False),
        ]
        action["limit"] = LOOKED_AT
        return action


def _headers(row) -> Mail:
    """The header of a mail as the ledger keeps it."""
    lines = (row.header_lines or "").split("\n")
    pairs = tuple((name, value) for name, _colon, value in (line.partition(": ") for line in lines))
    return Mail(
        size=0,
        identity="",
        body_digest="",
        message_id="",
        message_id_given=False,
        headers=pairs,
    )
