# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide's road for any provider: host and settings as they were found, or by hand."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..mailflow.autoconfig import Candidate, choose
from .fetchmail_server import PORTS as INCOMING_PORTS
from .helpdesk_from_address_smtp import PORTS as OUTGOING_PORTS
from .helpdesk_mailbox_connection_gmail import AUTHSERV_ID
from .helpdesk_of_team import SYSTEM

ENCRYPTIONS = [("tls", "SSL/TLS"), ("starttls", "STARTTLS"), ("none", "None")]
#: Of other candidates that are named.
_OTHERS = 3


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    in_protocol = fields.Selection(
        [("imap", "IMAP"), ("pop", "POP")], string="Protocol", default="imap", groups=SYSTEM
    )
    in_host = fields.Char("Server for incoming mail", groups=SYSTEM)
    in_port = fields.Integer("Port for incoming mail", default=993, groups=SYSTEM)
    in_encryption = fields.Selection(
        ENCRYPTIONS, string="Encryption of incoming mail", default="tls", groups=SYSTEM
    )
    in_check_certificate = fields.Boolean(
        "Check the certificate of the incoming server",
        default=True,
        groups=SYSTEM,
        help="Without the check anybody on the way can read the password and the mails",
    )
    in_user = fields.Char(
        "User", groups=SYSTEM, help="Most providers know it by the address, some by its first part"
    )
    out_host = fields.Char("Server for outgoing mail", groups=SYSTEM)
    out_port = fields.Integer("Port for outgoing mail", default=465, groups=SYSTEM)
    out_encryption = fields.Selection(
        ENCRYPTIONS, string="Encryption of outgoing mail", default="tls", groups=SYSTEM
    )
    out_check_certificate = fields.Boolean(
        "Check the certificate of the outgoing server",
        default=True,
        groups=SYSTEM,
        help="Without the check anybody on the way can read the password and the mails",
    )
    out_user = fields.Char("User for sending", groups=SYSTEM)
    # so that settings of one address are not taken for those of another
    settings_for = fields.Char(readonly=True, copy=False, groups=SYSTEM)
    in_source_text = fields.Text(compute="_compute_in_source_text", groups=SYSTEM)
    out_source_text = fields.Text(compute="_compute_out_source_text", groups=SYSTEM)

    @api.depends("found", "in_protocol", "in_host", "in_port", "in_encryption")
    @api.depends_context("lang")
    def _compute_in_source_text(self):
        for connection in self:
            connection.in_source_text = connection._where_found(
                connection._found().incoming,
                (
                    connection.in_protocol,
                    connection.in_host,
                    connection.in_port,
                    connection.in_encryption,
                ),
            )

    @api.depends("found", "out_host", "out_port", "out_encryption")
    @api.depends_context("lang")
    def _compute_out_source_text(self):
        for connection in self:
            connection.out_source_text = connection._where_found(
                connection._found().outgoing,
                ("smtp", connection.out_host, connection.out_port, connection.out_encryption),
            )

    def _where_found(self, candidates: tuple[Candidate, ...], settings: tuple) -> str | bool:
        """Where these settings were found, and what else was.

        :param settings: (protocol, host, port, encryption)
        """
        used = next((each for each in candidates if _settings_of(each) == settings), None)
        said = []
        if used:
            said.append(self._source_in_words(used))
            if not used.password:
                said.append(self.env._("The provider takes no password here, but wants a sign-in."))
        others = [each for each in candidates if each is not used][:_OTHERS]
        if others:
            names = dict(ENCRYPTIONS)
            said.append(
                self.env._(
                    "Also found: %(others)s.",
                    others=", ".join(
                        f"{each.host}:{each.port} ({each.protocol.upper()},"
                        f" {names[each.encryption]})"
                        for each in others
                    ),
                )
            )
        return "\n".join(said) or False

    @api.onchange("in_protocol", "in_encryption")
    def _onchange_in_encryption(self):
        if self.in_port in (*INCOMING_PORTS.values(), 0):
            self.in_port = INCOMING_PORTS.get((self.in_protocol, self.in_encryption), 0)

    @api.onchange("out_encryption")
    def _onchange_out_encryption(self):
        if self.out_port in (*OUTGOING_PORTS.values(), 0):
            self.out_port = OUTGOING_PORTS.get(self.out_encryption, 0)

    # ------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------

    def _enter_connect_provider(self):
        if self.settings_for != self.email:
            self._take_what_was_found()

    def action_look_for_settings(self):
        """Look for the settings again, and put what is found in place of what was typed."""
        self.ensure_one()
        return self._go(self._look_for_settings)

    def _look_for_settings(self) -> None:
        self._check_rights()
        self._look_again()
        self._take_what_was_found()

    def _take_what_was_found(self) -> None:
        """Fill in the best settings that were found, of servers that answer if any does."""
        found = self._found()
        incoming, outgoing = self._choose_settings(found)
        incoming = incoming or next(iter(found.incoming), None)
        outgoing = outgoing or next(iter(found.outgoing), None)
        values = {"settings_for": self.email, "in_user": self.email, "out_user": self.email}
        if incoming:
            values.update(
                in_protocol=incoming.protocol,
                in_host=incoming.host,
                in_port=incoming.port,
                in_encryption=incoming.encryption,
                in_check_certificate=True,
                in_user=incoming.user,
            )
        if outgoing:
            values.update(
                out_host=outgoing.host,
                out_port=outgoing.port,
                out_encryption=outgoing.encryption,
                out_check_certificate=True,
                out_user=outgoing.user,
            )
        self.write(values)

    @api.model
    def _choose_settings(self, found) -> tuple[Candidate | None, Candidate | None]:
        """Ask the servers that were found which of them are there."""
        return choose(found)

    def _leave_connect_provider(self):
        if self.direction != "out":
            self._check_server_is_typed(self.in_host, self.in_port)
            if not (self.in_user or "").strip():
                raise UserError(self.env._("Type the user that the mailbox is read as."))
        if self.direction != "in":
            self._check_server_is_typed(self.out_host, self.out_port)
        action = self._log_in(self._provider_incoming(), self._provider_outgoing())
        # the user may have been found by trying
        if self.direction != "out" and self.scanner_id:
            self.in_user = self.scanner_id.user
        sends = self.from_address_id.sends_via == "smtp" and not self.sender_waits
        if self.direction != "in" and sends and not action:
            self.out_user = self.from_address_id.smtp_user
        return action

    def _set_up_sender_provider(self):
        self._log_in_to_send(self._provider_outgoing())
        self._drop_outgoing_draft()

    def _check_server_is_typed(self, host: str, port: int) -> None:
        if not (host or "").strip():
            raise UserError(
                self.env._(
                    "Type the name of the mail server, as the provider of the mailbox tells its"
                    " customers."
                )
            )
        if not 0 < port < 65536:
            raise UserError(self.env._("%(port)s is no port.", port=port))

    def _provider_incoming(self) -> dict:
        """The mail scanner's settings."""
        # what another road knew of another provider does not hold here
        scanner, forgotten = self.scanner_id, {}
        if scanner.authserv_id == AUTHSERV_ID or scanner.authserv_choice == "nameless":
            forgotten = {"authserv_id": False, "authserv_choice": "learn"}
        return {
            **forgotten,
            "server_type": self.in_protocol,
            "server": (self.in_host or "").strip(),
            "port": self.in_port,
            "encryption": self.in_encryption,
            "verify_certificate": self.in_check_certificate,
            "user": (self.in_user or "").strip(),
        }

    def _provider_outgoing(self) -> dict:
        """The From address's settings."""
        return {
            "smtp_host": (self.out_host or "").strip(),
            "smtp_port": self.out_port,
            "smtp_encryption": self.out_encryption,
            "smtp_check_certificate": self.out_check_certificate,
            "smtp_user": (self.out_user or "").strip(),
        }


def _settings_of(candidate: Candidate) -> tuple:
    return candidate.protocol, candidate.host, candidate.port, candidate.encryption
