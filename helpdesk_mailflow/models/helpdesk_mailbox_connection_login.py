# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Logging in to a mailbox with user and password, for the roads that do so: where the passwords
go that are typed in the guide, and the tests of both log-ins."""

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..mailflow.errors import LoginRefused, MailboxError
from . import mailbox_errors
from .helpdesk_mailbox_connection import SEEN
from .helpdesk_of_team import SYSTEM

#: Of the context, set by the screen: the log-ins are tried one by one, and what happens is said.
WITH_WORDS = "mailflow_with_words"
#: Of the context: which of the log-ins is tried now.
STAGE = "mailflow_stage"


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    # Typed in here, kept by the mail scanner or by an outgoing server that is not in use yet, so
    # that they are never on the connection, and never go to a browser.
    new_password = fields.Char(
        "Password",
        compute="_compute_passwords",
        inverse="_inverse_new_password",
        groups=SYSTEM,
        copy=False,
    )
    has_password = fields.Boolean(compute="_compute_passwords", groups=SYSTEM)
    new_smtp_password = fields.Char(
        "Password for sending",
        compute="_compute_passwords",
        inverse="_inverse_new_smtp_password",
        groups=SYSTEM,
        copy=False,
    )
    has_smtp_password = fields.Boolean(compute="_compute_passwords", groups=SYSTEM)
    same_password = fields.Boolean("Same password for sending", default=True, groups=SYSTEM)
    # What the From address sends through stays as it is until the log-in was tried.
    outgoing_draft_id = fields.Many2one(
        "ir.mail_server", readonly=True, copy=False, groups=SYSTEM, ondelete="set null"
    )
    # so that the password of one address never goes to the server of another
    password_for = fields.Char(readonly=True, copy=False, groups=SYSTEM)
    read_spam = fields.Boolean(
        "Read the spam folder, too",
        groups=SYSTEM,
        help="Providers take some mails of customers for spam. They become tickets then, too.",
    )

    @api.depends(
        "scanner_id.password", "outgoing_draft_id.smtp_pass", "direction", "email", "password_for"
    )
    def _compute_passwords(self):
        for connection in self:
            connection.new_password = False
            connection.new_smtp_password = False
            connection.has_password = bool(connection._password())
            connection.has_smtp_password = bool(connection._smtp_password())

    def _inverse_new_password(self):
        for connection in self.filtered("new_password"):
            password = connection._as_password(connection.new_password)
            if connection.direction == "out":
                connection._keep_smtp_password(password)
            else:
                connection._keep_scanner({"authentication": "password", "password": password})
                connection.password_for = connection._address_of_password()
        # what was typed is not read back, not even by the call that wrote it
        self.invalidate_recordset(["new_password"], flush=False)

    def _inverse_new_smtp_password(self):
        for connection in self.filtered("new_smtp_password"):
            connection._keep_smtp_password(connection._as_password(connection.new_smtp_password))
        self.invalidate_recordset(["new_smtp_password"], flush=False)

    def _as_password(self, typed: str) -> str:
        """What was typed, as the road's provider wants it (``_as_password_<road>``)."""
        of_road = getattr(self, f"_as_password_{self.road}", None)
        return of_road(typed) if of_road else typed

    def _keep_smtp_password(self, password: str) -> None:
        self._check_rights()
        if self.outgoing_draft_id:
            self.outgoing_draft_id.write(
                {"from_filter": self.email, "smtp_user": self.email, "smtp_pass": password}
            )
            return
        self.outgoing_draft_id = self.env["ir.mail_server"].create(
            {
                "name": self.env._("Not tried yet: %(email)s", email=self.email),
                "active": False,
                "from_filter": self.email,
                "smtp_user": self.email,
                "smtp_pass": password,
            }
        )
        self._note_made(self.outgoing_draft_id)

    def _address_of_password(self) -> str:
        return tools.email_normalize(self.email or "") or ""

    def _password(self) -> str:
        """For reading; for sending where nothing is read."""
        if self.direction == "out":
            return self._smtp_password()
        return self._password_of_scanner()

    def _password_of_scanner(self) -> str:
        """Unless it was typed for another address: somebody went back and changed that."""
        if self.password_for != self._address_of_password():
            return ""
        return self.scanner_id.password or ""

    def _smtp_password(self) -> str:
        draft = self.outgoing_draft_id
        own = (draft.from_filter == self.email and draft.smtp_pass) or ""
        if self.direction == "out":
            return own or self._password_of_scanner() or self._smtp_password_in_use()
        if self.same_password:
            return self._password_of_scanner()
        return own or self._smtp_password_in_use()

    def _smtp_password_in_use(self) -> str:
        address = self._own_from_address()
        return (address.sends_via == "smtp" and address.mail_server_id.smtp_pass) or ""

    # ------------------------------------------------------------
    # BOTH LOG-INS
    # ------------------------------------------------------------

    def _log_in(self, incoming: dict, outgoing: dict):
        """Try the log-ins that the direction needs, then keep what works.

        :param incoming: of ``fetchmail.server``
        :param outgoing: of ``helpdesk.from.address``
        :return: an action that says what comes next and goes on, where the screen asked for
            words; None when all is done
        :raise UserError: why a log-in does not work
        """
        stages = {"in": ["in"], "out": ["out"], "both": ["in", "out"]}[self.direction]
        with_words = self.env.context.get(WITH_WORDS)
        stage = self.env.context.get(STAGE)
        if with_words and not stage:
            return self._go_on(stages[0], self._words_before(stages[0], incoming, outgoing))
        for each in [stage] if stage else stages:
            said = (
                self._log_in_to_read(incoming) if each == "in" else self._log_in_to_send(outgoing)
            )
            after = stages[stages.index(each) + 1 :]
            if stage and after:
                words = self._words_before(after[0], incoming, outgoing)
                return self._go_on(after[0], f"{said} {words}")
        if self.direction == "in":
            self._leave_sender()
        if self.direction == "out":
            if self.sender_waits and self._smtp_password():
                # the activation logs in again
                self._keep_smtp_password(self._smtp_password())
            self._drop_scanner()
        if not self.sender_waits:
            self._drop_outgoing_draft()
        return None

    def _leave_sender(self) -> None:
        """Nothing is sent."""
        self.write({"from_address_id": False, "sender_waits": False})

    def _words_before(self, stage: str, incoming: dict, outgoing: dict) -> str:
        if stage == "in":
            return self.env._(
                "Logging in to %(host)s as %(user)s, to read …",
                host=incoming["server"],
                user=incoming["user"],
            )
        return self.env._(
            "Asking %(host)s whether it sends as %(email)s …",
            host=outgoing["smtp_host"],
            email=self.email,
        )

    def _go_on(self, stage: str, message: str) -> dict:
        return {
            "type": "ir.actions.client",
            "tag": "helpdesk_mailflow.go_on",
            "params": {
                "message": message,
                "model": self._name,
                "id": self.id,
                "method": "action_next",
                "context": {WITH_WORDS: True, STAGE: stage, SEEN: self.step},
            },
        }

    def _log_in_to_read(self, vals: dict) -> str:
        """Log in to the mailbox; the folders to read are chosen.

        :return: what was seen, for the user
        """
        if not self._password():
            raise UserError(self.env._("Type the password of the mailbox."))
        scanner = self._keep_scanner({**vals, "authentication": "password"})
        folders = self._first_user_that_works(
            vals["user"], lambda user: self._look_up_folders(scanner, user)
        )
        self._choose_folders(folders)
        return self.env._(
            "The mailbox can be read: %(count)s folders were found.", count=len(folders)
        )

    def _choose_folders(self, folders) -> None:
        """The inbox is read, whatever it is called; the spam folder if wanted."""
        junk = folders.filtered(lambda folder: folder.special_use == "\\Junk")
        if any(folder.is_read != self.read_spam for folder in junk):
            junk.is_read = self.read_spam

    def _look_up_folders(self, scanner, user: str):
        if scanner.user != user:
            scanner.user = user
        return scanner._look_up_folders()

    def _log_in_to_send(self, vals: dict) -> str:
        """Log in to send; that proves the From address.

        :return: what was seen, for the user
        """
        password = self._smtp_password()
        if not password and vals["smtp_user"]:
            raise UserError(self.env._("Type the password for sending."))
        settings = {"sends_via": "smtp", **vals, "new_smtp_password": password}
        self._set_up_sender(lambda: self._keep_sender(settings))
        return self.env._("Mail can be sent as %(email)s.", email=self.email)

    def _keep_sender(self, settings: dict) -> None:
        address = self._keep_from_address(settings)
        if address.smtp_user:
            self._first_user_that_works(
                address.smtp_user, lambda user: self._check_sender(address, user)
            )
        else:
            self._check_sender(address, "")

    def _check_sender(self, address, user: str):
        if (address.smtp_user or "") != user:
            address.smtp_user = user
        try:
            return address._check_server()
        except MailboxError as error:
            raise UserError(mailbox_errors.sentence(self.env, error)) from error

    def _first_user_that_works(self, user: str, log_in):
        """What a log-in gives; where the server may know the user by the local part of the
        address, that is tried, too.

        :param log_in: with a user; raises UserError because of a MailboxError
        """
        try:
            return log_in(user)
        except UserError as refusal:
            other = (self.email or "").partition("@")[0]
            error = refusal.__cause__
            # what is refused for a reason that is known is not because of the user
            is_unknown = type(error) is LoginRefused and not error.temporary
            # a well-known provider is known to want the address; each refusal counts there
            if user != self.email or not is_unknown or self._found().provider:
                raise
            try:
                return log_in(other)
            except UserError:
                raise refusal from refusal.__cause__

    def _drop_scanner(self) -> None:
        """Nothing is read any more: what the guide made for it goes, if it never ran."""
        scanner = self.scanner_id
        if self._has_made(scanner) and scanner.state != "done":
            self.scanner_id = False
            scanner.unlink()

    def _drop_outgoing_draft(self) -> None:
        draft = self.outgoing_draft_id
        self.outgoing_draft_id = False
        draft.unlink()
