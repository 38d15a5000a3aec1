# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .own_mail import stamp_header
from .sender_name import sender_name

_logger = logging.getLogger(__name__)

TEMPLATE = "helpdesk_mailflow.automatic_answer_template"


class HelpdeskSupportAlias(models.Model):
    """Whether customers get a receipt of what they write."""

    _inherit = "helpdesk.support.alias"

    automatic_answer = fields.Boolean(
        "Answer automatically",
        tracking=True,
        help="Who opens a ticket by mail gets a receipt. Never sent to programs, mailing lists,"
        " automatic answers and our own addresses, and only so many to one address.",
    )
    automatic_answer_template_id = fields.Many2one(
        "mail.template",
        string="Text of the automatic answer",
        domain=[("model", "=", "helpdesk.ticket")],
        ondelete="set null",
        tracking=True,
        copy=True,
        help="If empty: “Helpdesk: automatic answer to a new ticket”",
    )

    def _automatic_template(self):
        """The ``mail.template`` of the receipt; none if the one that we ship was deleted."""
        self.ensure_one()
        found = self.automatic_answer_template_id or self.env.ref(TEMPLATE, False)
        return found or self.env["mail.template"]

    def _sample_from(self, sender) -> str:
        """The From header of automatic answers; the company's address without a From address."""
        if not sender:
            return self.company_id.email_formatted
        return sender._formatted(sender_name(sender, self, self.team_id, self.company_id))

    # ------------------------------------------------------------
    # SAMPLE
    # ------------------------------------------------------------

    def action_send_sample(self):
        """Send the automatic answer to who presses the button, filled with the last ticket.

        :raise AccessError: the alias is not the user's to change
        :raise UserError: there is no ticket, the user has no address, or what is wrong with the
            template or the mail server
        """
        self.ensure_one()
        self.check_access("write")
        user = self.env.user
        if not user.email_normalized:
            raise UserError(
                self.env._("You have no e-mail address yet. Add one to your user's contact.")
            )
        ticket = self._sample_ticket()
        self._send_sample(self._sample_mail(ticket, self._render_sample(ticket)))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("A sample is on its way to %(email)s.", email=user.email),
            },
        }

    def _sample_ticket(self):
        """The last ticket of the alias, else of its company, among those that the user reads.

        :raise UserError: there is none
        """
        Ticket = self.env["helpdesk.ticket"]
        ticket = Ticket.search(
            [("support_alias_id", "=", self.id)], order="id desc", limit=1
        ) or Ticket.search([("company_id", "=", self.company_id.id)], order="id desc", limit=1)
        if not ticket:
            raise UserError(
                self.env._(
                    "There is no ticket yet to fill the text with. Write a mail to this alias"
                    " first, or add a ticket."
                )
            )
        return ticket

    def _render_sample(self, ticket) -> dict:
        """The template filled with a ticket, as ``helpdesk.intake.answer`` renders it.

        :raise UserError: what is wrong with the template
        """
        # sudo: rendered as it will be for customers
        answers = self.env["helpdesk.intake.answer"].sudo()
        template = self.sudo()._automatic_template()
        rendered = answers._render(template, ticket.ids)[ticket.id]
        if isinstance(rendered, Exception):
            raise UserError(
                self.env._(
                    "The template %(template)s cannot be used: %(error)s",
                    template=template.name or "",
                    error=answers._error_text(rendered),
                )
            ) from rendered
        return rendered

    def _sample_mail(self, ticket, rendered: dict):
        """The mail to the user, in sudo: ``mail.mail``."""
        # sudo: mails are the system's
        alias = self.sudo()
        sender = alias.answers_via_id
        layout = alias.env["helpdesk.intake.answer"]._layout
        headers = {**stamp_header(self.env, "test", 0), "Auto-Submitted": "auto-generated"}
        return alias.env["mail.mail"].create(
            {
                "subject": self.env._("Sample: %(subject)s", subject=rendered["subject"]),
                "body_html": layout(alias._automatic_template(), ticket, rendered),
                "email_to": self.env.user.email_formatted,
                "email_from": self._sample_from(sender),
                "mail_server_id": sender._mail_server().id if sender else False,
                "headers": repr(headers),
                "auto_delete": True,
            }
        )

    def _send_sample(self, mail) -> None:
        """Send it now.

        :raise UserError: the mail server did not take it
        """
        try:
            mail.send(raise_exception=True)
        except MailDeliveryException as error:
            _logger.warning("The sample of support alias %s was not sent: %s", self.id, error)
            if not self.env.user.has_group("base.group_system"):
                # it may name hosts and users, which are a system admin's to see
                raise UserError(
                    self.env._(
                        "The sample could not be sent. Ask an administrator to check the outgoing"
                        " mail servers; the log tells why."
                    )
                ) from None
            raise UserError(
                self.env._("The sample could not be sent: %(error)s", error=error)
            ) from error
