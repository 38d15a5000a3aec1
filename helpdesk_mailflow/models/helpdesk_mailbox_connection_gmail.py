# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The guide's road for Gmail and Google Workspace: address and app password are all it asks, or
a sign-in where Odoo's own addon for Gmail is set up."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import escape_psql

from ..mailflow.refusal import tidy_password
from .helpdesk_of_team import SYSTEM, manages

IMAP_HOST, SMTP_HOST = "imap.gmail.com", "smtp.gmail.com"
#: The name under which Gmail tells what it found out about a sender.
AUTHSERV_ID = "mx.google.com"
#: What Odoo's addon for Gmail keeps of a sign-in, on incoming and outgoing servers alike.
TOKENS = (
    "google_gmail_refresh_token",
    "google_gmail_access_token",
    "google_gmail_access_token_expiration",
)
#: What an admin fills in to set that addon up.
CLIENT = ("google_gmail_client_id", "google_gmail_client_secret")


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    offers_google_sign_in = fields.Boolean(
        compute="_compute_offers_google_sign_in",
        groups=SYSTEM,
        help="Odoo's addon for Gmail is installed and set up",
    )
    is_signed_in_to_google = fields.Boolean(
        compute="_compute_is_signed_in_to_google", groups=SYSTEM
    )

    def _compute_offers_google_sign_in(self):
        self.offers_google_sign_in = self._may_sign_in_to_google()

    @api.model
    def _may_sign_in_to_google(self) -> bool:
        scanners = self.env["fetchmail.server"]
        if not scanners._has_gmail():
            return False
        # sudo: whether these parameters are filled in
        parameters = self.env["ir.config_parameter"].sudo()
        return all(parameters.get_param(name) for name in CLIENT)

    @api.depends("scanner_id.authentication")
    def _compute_is_signed_in_to_google(self):
        for connection in self:
            connection.is_signed_in_to_google = connection._is_signed_in_to_google()

    def _is_signed_in_to_google(self) -> bool:
        scanner = self.scanner_id
        return scanner.authentication == "gmail" and scanner.is_gmail_connected

    # ------------------------------------------------------------
    # SETTINGS
    # ------------------------------------------------------------

    def _gmail_incoming(self) -> dict:
        """The mail scanner's settings."""
        return {
            "server_type": "imap",
            "server": IMAP_HOST,
            "port": 993,
            "encryption": "tls",
            "verify_certificate": True,
            "user": self.email,
            "authserv_id": AUTHSERV_ID,
        }

    def _gmail_outgoing(self) -> dict:
        """The From address's settings."""
        return {
            "smtp_host": SMTP_HOST,
            "smtp_port": 465,
            "smtp_encryption": "tls",
            "smtp_check_certificate": True,
            "smtp_user": self.email,
        }

    def _as_password_gmail(self, typed: str) -> str:
        return tidy_password(IMAP_HOST, typed)

    # ------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------

    def _enter_connect_gmail(self):
        # one password is for both, there is no other
        self.same_password = True

    def _leave_connect_gmail(self):
        if self._is_signed_in_to_google() and self.direction != "out":
            return self._leave_connect_google()
        if not self._password():
            raise UserError(
                self.env._(
                    "Paste the app password of %(email)s: 16 letters that Google shows once.",
                    email=self.email,
                )
            )
        return self._log_in(self._gmail_incoming(), self._gmail_outgoing())

    def action_sign_in_to_google(self):
        """To Google's page, which leads back to the mail scanner, and that to the guide."""
        self.ensure_one()
        return self._go(self._sign_in_to_google)

    def _sign_in_to_google(self):
        if not self._may_sign_in_to_google():
            raise UserError(
                self.env._(
                    "Install Odoo's addon Gmail and fill in its client in the settings first, or"
                    " use an app password."
                )
            )
        scanner = self._keep_scanner({**self._gmail_incoming(), "authentication": "gmail"})
        return scanner.action_connect_gmail()

    def _leave_connect_google(self) -> None:
        """One sign-in is for reading and for sending: what Odoo's addon asks Google for is."""
        scanner = self._keep_scanner(self._gmail_incoming())
        self._choose_folders(scanner._look_up_folders())
        if self.direction == "both":
            if not manages(self.env):
                raise UserError(
                    self.env._(
                        "Only a helpdesk manager lets answers leave by a connected mailbox. Ask"
                        " one to go on with this, or choose that only tickets come in."
                    )
                )
            # Odoo's own outgoing server may be there already, and be used by all
            self._set_up_sender(self._keep_google_from_address, others_use_it=True)
        if self.direction == "in":
            self._leave_sender()
        self._drop_outgoing_draft()

    def _set_up_sender_gmail(self):
        if self._is_signed_in_to_google() and self.direction != "out":
            self._keep_google_from_address()
        else:
            self._log_in_to_send(self._gmail_outgoing())
            self._drop_outgoing_draft()

    def _keep_google_from_address(self) -> None:
        self._keep_google_sender(self.scanner_id)
        self._keep_from_address({"sends_via": "mailbox"})

    def _keep_google_sender(self, scanner):
        """The outgoing server of Odoo's addon for the address."""
        servers = self.env["ir.mail_server"]
        server = servers.search(
            [
                ("smtp_authentication", "=", "gmail"),
                ("smtp_user", "=ilike", escape_psql(self.email)),
            ],
            limit=1,
        )
        tokens = {name: scanner[name] for name in TOKENS}
        if server:
            server.with_context(mailflow_by_address=True).write(tokens)
            return
        server = servers.create(
            {
                "name": self.env._("Gmail %(email)s", email=self.email),
                "smtp_authentication": "gmail",
                "smtp_host": SMTP_HOST,
                "smtp_port": 587,
                "smtp_encryption": "starttls",
                "smtp_user": self.email,
                "from_filter": self.email,
                **tokens,
            }
        )
        server.test_smtp_connection()
        self._note_made(server)
