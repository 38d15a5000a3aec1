# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The test mail of the guide: sent to the support address, and waited for until it is back."""

from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..mailflow.errors import MailboxError
from .helpdesk_mailbox_test import LATE_MINUTES
from .helpdesk_of_team import SYSTEM


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    test_state = fields.Selection(
        [
            ("none", "Not tested"),
            ("sent", "On its way"),
            ("back", "Working"),
            ("late", "Test mail is late"),
        ],
        string="Test mail",
        compute="_compute_test",
        compute_sudo=True,
    )
    test_sent = fields.Datetime("Test mail sent on", compute="_compute_test", compute_sudo=True)
    test_back = fields.Datetime("Came back on", compute="_compute_test", compute_sudo=True)
    test_sentence = fields.Text(compute="_compute_test", compute_sudo=True)
    test_warning = fields.Text(compute="_compute_test", compute_sudo=True)

    def _test(self):
        """The newest test mail to the present address, with all rights; possibly empty."""
        self.ensure_one()
        # sudo: rows are the system's
        return (
            self.env["helpdesk.mailbox.test"]
            .sudo()
            .search(
                [
                    ("connection_id", "=", self._origin.id or 0),
                    ("email", "=", tools.email_normalize(self.email or "") or ""),
                ],
                limit=1,
            )
        )

    @api.depends("email", "road", "step")
    @api.depends_context("lang")
    def _compute_test(self):
        for connection in self:
            test = connection._test()
            state = connection._state_of_test(test)
            connection.test_state = state
            connection.test_sent = test.sent
            connection.test_back = test.back
            connection.test_sentence = connection._sentence_of_test(test, state)
            connection.test_warning = connection._warning_of_test(test)

    @api.model
    def _state_of_test(self, test) -> str:
        if not test:
            return "none"
        if test.back:
            return "back"
        late = test.bounced or test.sent <= fields.Datetime.now() - timedelta(minutes=LATE_MINUTES)
        return "late" if late else "sent"

    def _sentence_of_test(self, test, state: str) -> str | bool:
        if state == "none":
            return False
        if state == "sent":
            return self.env._(
                "A test mail was sent to %(email)s. As a rule it is back within a few minutes.",
                email=test.email,
            )
        if state == "back":
            if test.way == "seen":
                return self.env._(
                    "The test mail arrived in the mailbox of %(email)s, and can be read there.",
                    email=test.email,
                )
            return self.env._(
                "The test mail came back after %(minutes)s min: mail to %(email)s comes in here.",
                minutes=max(1, round((test.back - test.sent).total_seconds() / 60)),
                email=test.email,
            )
        if test.bounced:
            return self.env._(
                "The test mail to %(email)s could not be delivered. Check that the address is"
                " right, and where its mail is forwarded to.",
                email=test.email,
            )
        return self._what_to_check(test)

    def _what_to_check(self, test) -> str:
        """What may keep a test mail from coming back."""
        told = self.env._("The test mail is not back after %(minutes)s min.", minutes=LATE_MINUTES)
        if self.road == "forward":
            check = self.env._(
                "Look whether it is in the mailbox of %(email)s, or in its spam folder. If it is"
                " there, the forwarding is not on or is blocked: check its confirmation, and with"
                " Microsoft 365 the outbound spam policy. If it is not, check the address.",
                email=test.email,
            )
        elif self.road == "provided":
            check = self.env._(
                "Mail to the alias domain does not reach Odoo yet: check the MX record of the"
                " domain, and what brings its mail to Odoo."
            )
        else:
            check = self.env._(
                "Look for it in the mailbox of %(email)s, also in its spam folder, and check that"
                " the folder is one of those that are read.",
                email=test.email,
            )
        return f"{told} {check}"

    def _warning_of_test(self, test) -> str | bool:
        if not test.back or not test.came_from:
            return False
        return self.env._(
            "It came back with %(sender)s as its sender, instead of %(real)s: the mailbox forwards"
            " mails in its own name, so tickets would not be from your customers. Let it redirect"
            " mails instead; the instructions say how.",
            sender=test.came_from,
            real=test.sender,
        )

    # ------------------------------------------------------------
    # SENDING AND WAITING
    # ------------------------------------------------------------

    def _test_sender(self):
        """What a test mail leaves as, and by which server: the From address of the connection
        if answers leave by it, too, else what Odoo sends as.

        To an address that is forwarded it is always the latter: many mailboxes do not send on
        what they have sent themselves, and only another sender shows whether it stays as it is.

        :return: (address, ``ir.mail_server`` or empty)
        :raise UserError: nobody has set any sender
        """
        sender = self.from_address_id
        # one that the guide has made is enabled by the activation
        is_proven = sender.is_usable or (self._has_made(sender) and sender.state == "verified")
        if self.direction != "in" and self.road != "forward" and is_proven:
            return sender.email, sender._mail_server()
        return self.env["helpdesk.from.verification"]._sender(self.company_id)

    def _send_test_mail(self):
        """Send a test mail to the support address.

        :raise UserError: too many were sent, or it cannot be sent
        """
        self.ensure_one()
        self.check_access("write")
        self._refuse_nothing_to_test()
        return self.env["helpdesk.mailbox.test"]._send_for(self)

    def _refuse_nothing_to_test(self) -> None:
        if self.direction == "out":
            raise UserError(
                self.env._("No mail comes in by this connection, so there is none to wait for.")
            )

    def action_send_test_mail(self):
        self.ensure_one()
        self._go(self._send_test_mail)
        self.invalidate_recordset(["test_state"])

    def poll_test_mail(self) -> dict:
        """What is known of the test mail now; asked for by the form every few seconds.

        :return: ``state``, ``sentence`` (of the guide's step), ``problem`` (why the mailbox cannot
            be looked into; empty if it can)
        """
        self.ensure_one()
        self.check_access("read")
        problem = ""
        test = self._test()
        if test and not test.back and not test._look_in_ledger():
            problem = self._look_for(test)
        self.invalidate_recordset(["test_state"])
        return {"state": self.test_state, "sentence": self.test_sentence, "problem": problem}

    def _look_for(self, test) -> str:
        """Look for a test mail in a mailbox that is not read yet."""
        if not self.env.user.has_group(SYSTEM):
            return ""
        scanner = self.scanner_id
        if not scanner or scanner.state == "done":
            # what is active is read by itself
            return ""
        try:
            test._look_in_mailbox(scanner)
        except MailboxError as error:
            return scanner._in_words(error)
        return ""
