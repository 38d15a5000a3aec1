# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from markupsafe import Markup

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..models.helpdesk_ticket_forward import split_quote


class MailComposeMessage(models.TransientModel):
    """The composer when it forwards a ticket, or a message of one."""

    _inherit = "mail.compose.message"

    helpdesk_forwarding = fields.Boolean(compute="_compute_helpdesk_forwarding")
    helpdesk_forwarded_ids = fields.Many2many(
        "mail.message",
        "mail_compose_message_forwarded_rel",
        "composer_id",
        "message_id",
        string="Forwarded messages",
    )
    helpdesk_forwards_ticket = fields.Boolean()
    # it answers somebody whom something was forwarded to
    helpdesk_reply_apart = fields.Boolean()
    # those of the attachments that were put there, not by the agent
    helpdesk_forwarded_file_ids = fields.Many2many(
        "ir.attachment", "mail_compose_message_forwarded_file_rel", "composer_id", "attachment_id"
    )
    helpdesk_forward_as = fields.Selection(
        [("quote", "In the text"), ("attachment", "As an attached mail")],
        string="Forward",
        default="quote",
    )
    helpdesk_show_requester = fields.Boolean(
        "Show to the requester",
        help="The requester sees this message and the replies to it in the portal, and gets those"
        " replies. Otherwise both stay among colleagues.",
    )

    @api.depends("model", "composition_comment_option", "composition_mode")
    def _compute_helpdesk_forwarding(self):
        for composer in self:
            composer.helpdesk_forwarding = (
                composer.model == "helpdesk.ticket"
                and composer.composition_mode == "comment"
                and composer.composition_comment_option == "forward"
            )

    def _forwarded_ticket(self):
        return self.env["helpdesk.ticket"].browse(self._evaluate_res_ids()[:1])

    # ------------------------------------------------------------
    # CONTENT
    # ------------------------------------------------------------

    @api.depends("helpdesk_forwarded_ids")
    def _compute_body(self):
        """A template stands before the quote."""
        result = super()._compute_body()
        for composer in self.filtered("helpdesk_forwarding"):
            if composer.helpdesk_forward_as == "quote":
                composer.body = composer._forwarded_body(composer.body)
        return result

    def _forwarded_body(self, words):
        """The agent's words, if any, with the quote behind them."""
        quote = self._forwarded_ticket()._forwarded_quote(
            self._readable_forwarded(), self.helpdesk_forwards_ticket
        )
        return Markup("%s%s") % (
            Markup("<p><br/></p>") if tools.is_html_empty(words) else words,
            quote,
        )

    @api.depends("helpdesk_forwarded_ids")
    def _compute_attachment_ids(self):
        result = super()._compute_attachment_ids()
        for composer in self.filtered("helpdesk_forwarding"):
            composer._attach_forwarded()
        return result

    def _attach_forwarded(self) -> None:
        files = self._forwarded_ticket()._forwarded_files(
            self._readable_forwarded(), self.helpdesk_forward_as
        )
        self.attachment_ids = (self.attachment_ids - self.helpdesk_forwarded_file_ids) | files
        self.helpdesk_forwarded_file_ids = files

    def _readable_forwarded(self):
        """Messages of this ticket alone, which the user may read: their ids come from the web."""
        messages, ticket = self.helpdesk_forwarded_ids._origin, self._forwarded_ticket()
        messages.check_access("read")
        return messages.filtered(
            lambda message: message.model == ticket._name and message.res_id == ticket.id
        )

    @api.onchange("helpdesk_forward_as")
    def _onchange_helpdesk_forward_as(self):
        """Change the manner, and keep what the agent wrote and attached."""
        if not self.helpdesk_forwarding:
            return
        words, _quote = split_quote(self.body)
        as_quote = self.helpdesk_forward_as == "quote"
        self.body = self._forwarded_body(words) if as_quote else words
        self._attach_forwarded()

    # ------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------

    def _prepare_mail_values_static(self):
        values = super()._prepare_mail_values_static()
        if self.helpdesk_forwarding:
            self._check_forward_recipients()
            values.update(
                helpdesk_forward=True,
                helpdesk_reply_apart=self.helpdesk_reply_apart,
                helpdesk_private=not self.helpdesk_show_requester,
                # only to whom the agent named
                notify_skip_followers=True,
            )
        return values

    def _check_forward_recipients(self) -> None:
        """A forwarded mail has a recipient, and is kept from the requester unless it is shown.

        :raise UserError: it is not
        """
        ticket = self._forwarded_ticket()
        typed = tools.mail.email_split_tuples(
            ", ".join(filter(None, (self.helpdesk_to, self.helpdesk_cc, self.helpdesk_bcc)))
        )
        if not self.partner_ids and not typed:
            raise UserError(self.env._("Name somebody to forward it to."))
        if self.helpdesk_show_requester:
            return
        requester = ticket._mailflow_requester_emails()
        names = [
            partner.display_name
            for partner in self.partner_ids
            if partner == ticket.sudo().partner_id or partner.email_normalized in requester
        ]
        names += [email for _name, email in typed if tools.email_normalize(email) in requester]
        if names:
            raise UserError(
                self.env._(
                    "%(name)s is the requester of this ticket, and this message is not shown to"
                    " the requester. Write an answer instead, or switch “Show to the"
                    " requester” on.",
                    name=names[0],
                )
            )
