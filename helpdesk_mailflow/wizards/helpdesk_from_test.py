# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import smtplib

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_domain_extract, email_normalize, format_datetime

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..mailflow.errors import MailboxError
from ..models import mailbox_errors, own_mail, trace

_logger = logging.getLogger(__name__)


class HelpdeskFromTest(models.TransientModel):
    """Send a test mail from a From address, and show what happened."""

    _name = "helpdesk.from.test"
    _description = "Test mail from a From address"

    address_id = fields.Many2one("helpdesk.from.address", required=True, ondelete="cascade")
    email_to = fields.Char(
        "To", required=True, default=lambda self: email_normalize(self.env.user.email or "")
    )
    state = fields.Selection(
        [("draft", "Not sent"), ("sent", "Sent"), ("failed", "Failed")],
        default="draft",
        readonly=True,
    )
    result = fields.Char(readonly=True)
    message_id = fields.Char("Message-ID", readonly=True)

    @api.depends("address_id", "email_to")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._(
                "Test mail from %(email)s", email=wizard.address_id.email
            )

    def action_send(self):
        """Send it now; opens itself again with what happened."""
        self.ensure_one()
        self.address_id.check_access("write")
        recipient = email_normalize(self.email_to or "")
        if not recipient:
            raise ValidationError(
                self.env._(
                    "“%(email)s” is not one e-mail address. Write it like anna@example.com.",
                    email=self.email_to or "",
                )
            )
        problem = self._refusal(recipient) or self._send(recipient)
        if problem:
            self.write({"state": "failed", "result": problem})
        else:
            self.write(
                {
                    "state": "sent",
                    "result": self.env._(
                        "The mail server took the mail for %(email)s at %(time)s. If it does not"
                        " arrive within some minutes, look into the spam folder.",
                        email=recipient,
                        time=format_datetime(self.env, fields.Datetime.now()),
                    ),
                }
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _refusal(self, recipient: str) -> str:
        """Why no test mail may be sent, or cannot; empty if it can."""
        # sudo: a manager may know whether the server works, not how it is reached
        address = self.address_id.sudo()
        if address._has_own_server():
            try:
                address._check_server()
            except MailboxError as error:
                return self._in_words(error)
        if address.state != "verified":
            return self.env._(
                "%(email)s is not verified, so nothing is sent from it. Send a verification mail"
                " to it first.",
                email=address.email,
            )
        # an address of ours may see whether it comes back; what managers filter stays filtered
        withheld = self.env["helpdesk.outgoing.filter"]._suppressed([recipient], address.company_id)
        note = withheld.get(recipient)
        if note and note.code == "withheld_filter":
            return trace.sentence(self.env, note.code, dict(note.values))
        return ""

    def _in_words(self, error: MailboxError) -> str:
        if self.env.user.has_group("base.group_system"):
            return mailbox_errors.sentence(self.env, error)
        return self.env._(
            "%(problem)s A system administrator finds out more with the connection test of the"
            " From address.",
            problem=mailbox_errors.kind_for_managers(self.env, error),
        )

    def _send(self, recipient: str) -> str:
        """Hand the mail to the server; returns what went wrong (empty: nothing)."""
        address = self.address_id
        Server = self.env["ir.mail_server"].with_context(
            domain_notifications_email=address.email, send_validated_to=[recipient]
        )
        message_id = own_mail.message_id(self.env, 0, email_domain_extract(address.email) or "")
        message = Server._build_email__(
            email_from=address._formatted(),
            email_to=[recipient],
            subject=self.env._("Test mail from %(email)s", email=address.email),
            body=self._body(),
            subtype="html",
            reply_to=address.email,
            message_id=message_id,
            headers={
                **own_mail.stamp_header(self.env, "test", address.id),
                "Auto-Submitted": "auto-generated",
            },
        )
        server = address._mail_server()
        try:
            Server.send_email(message, mail_server_id=server.id or None)
        except UserError as error:
            return str(error)
        except MailDeliveryException as error:
            return self._delivery_problem(error.__context__ or error, recipient)
        except (OSError, ValueError, AssertionError) as error:
            # of the network, TLS and SMTP; of names and addresses that cannot be sent
            return self._delivery_problem(error, recipient)
        self.message_id = message_id
        return ""

    def _delivery_problem(self, error: BaseException, recipient: str) -> str:
        _logger.info("Test mail of From address %s: %s", self.address_id.id, type(error).__name__)
        if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
            code, words = next(iter(error.recipients.values()))
            return self.env._(
                "The mail server does not take mail for %(email)s and said “%(answer)s”.",
                email=recipient,
                answer=_said(code, words),
            )
        if isinstance(error, smtplib.SMTPResponseException):
            return self.env._(
                "The mail server did not take the mail and said “%(answer)s”.",
                answer=_said(error.smtp_code, error.smtp_error),
            )
        if self.env.user.has_group("base.group_system"):
            return self.env._(
                "The mail could not be handed to the mail server: %(error)s", error=str(error)
            )
        return self.env._(
            "The mail could not be handed to the mail server. A system administrator finds out"
            " more with the connection test of the From address."
        )

    def _body(self) -> Markup:
        return Markup("<p>{}</p><p>{}</p>").format(
            self.env._(
                "This is a test: mail from %(email)s arrives here.", email=self.address_id.email
            ),
            self.env._("%(user)s sent it from Odoo.", user=self.env.user.name),
        )


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(f"{code} {text}".split())[:300]
