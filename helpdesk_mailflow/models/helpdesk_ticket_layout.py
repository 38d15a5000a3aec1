# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""How mails of tickets look: answers as the conversation template says, all else as Odoo's."""

import logging
import re

import psycopg2
from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import NO_ACCESS
from odoo.tools import is_html_empty

from .helpdesk_ticket_automatic import automatic_of
from .helpdesk_ticket_notify import ANSWERS

_logger = logging.getLogger(__name__)

BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)

#: Odoo's layouts of messages. Who asks for another one means it.
LAYOUTS = frozenset(
    (
        "mail.mail_notification_layout",
        "mail.mail_notification_layout_with_responsible_signature",
        "mail.mail_notification_light",
    )
)


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    # looked up once for all tickets that are mailed about; agents answer by it and need not
    # see it
    conversation_template_id = fields.Many2one(
        "helpdesk.conversation.template",
        compute="_compute_conversation_template_id",
        compute_sudo=True,
        groups=NO_ACCESS,
    )

    @api.depends("company_id", "team_id")
    @api.depends_context("company")
    def _compute_conversation_template_id(self):
        places = {
            ticket: (ticket.company_id or self.env.company, ticket.team_id) for ticket in self
        }
        found = self.env["helpdesk.conversation.template"]._of_each(set(places.values()))
        for ticket, place in places.items():
            ticket.conversation_template_id = found[place]

    def _mailflow_template(self):
        """The conversation template of a ticket, in sudo."""
        self.ensure_one()
        return self.sudo().conversation_template_id

    def _mailflow_is_answer(self, message) -> bool:
        """Whether a message is for people outside of the company, from inside."""
        # sudo: who wrote it, and for whom
        own = message.sudo()
        return (
            own.message_type in ANSWERS
            and not own.subtype_id.internal
            and not own.author_id.partner_share
        )

    # ------------------------------------------------------------
    # SIGNATURE
    # ------------------------------------------------------------

    def _mailflow_signature(self, author_user):
        """The signature under mails of the ticket: of its support alias, of the assigned agent,
        or of who wrote. HTML, empty if there is none.

        :param author_user: ``res.users``, may be empty
        """
        self.ensure_one()
        # sudo: signatures are written for others to read
        ticket = self.sudo()
        own = ticket.support_alias_id.signature
        if not is_html_empty(own):
            return own
        signature = (ticket.user_id or author_user.sudo()).signature
        return Markup() if is_html_empty(signature) else signature

    def _notify_by_email_prepare_rendering_context(
        self,
        message,
        msg_vals=False,
        model_description=False,
        force_email_company=False,
        force_email_lang=False,
        force_record_name=False,
    ):
        """Under mails of a ticket stands the signature of whom it is assigned to."""
        context = super()._notify_by_email_prepare_rendering_context(
            message,
            msg_vals=msg_vals,
            model_description=model_description,
            force_email_company=force_email_company,
            force_email_lang=force_email_lang,
            force_record_name=force_record_name,
        )
        author = context["author_user"]
        if len(self) == 1 and context["email_add_signature"] and author and not author.share:
            ticket = self.with_context(lang=context["lang"])
            signature = ticket._mailflow_signature(author)
            context["signature"] = (
                Markup("<div>-- <br/>%s</div>") % signature if signature else Markup()
            )
        return context

    # ------------------------------------------------------------
    # LAYOUT
    # ------------------------------------------------------------

    def _mailflow_recipients_of_template(self, message, recipients) -> list[dict]:
        """A conversation template may keep answers from the contact.

        A step of ``_notify_get_recipients``.
        """
        if automatic_of(self.env) or not self._mailflow_is_answer(message):
            return recipients
        requester = self._mailflow_requester_emails()
        contact = self.sudo().partner_id.id
        kept = [
            each
            for each in recipients
            if each["email_normalized"] not in requester and (not contact or each["id"] != contact)
        ]
        if len(kept) == len(recipients) or self._mailflow_template().send_to_contact:
            return recipients
        message._mailflow_note("not_to_contact")
        return kept

    def _notify_by_email_render_layout(
        self, message, recipients_group, msg_vals=False, render_values=None
    ):
        """People outside of the company get answers as the conversation template says. Odoo's
        layouts are not touched: they stay those of colleagues, and step in for a template that
        cannot be rendered."""
        parameters = {"msg_vals": msg_vals, "render_values": render_values}
        if not self._mailflow_has_own_layout(message, recipients_group, msg_vals):
            return super()._notify_by_email_render_layout(message, recipients_group, **parameters)
        values = {**(render_values or {}), **recipients_group}
        try:
            with self.env.cr.savepoint():
                return self._mailflow_render(message, values)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            # nothing can be sent in this transaction
            raise
        except Exception as error:
            template = self._mailflow_template()
            _logger.warning(
                "Conversation template %s cannot be rendered, Odoo's layout is used",
                template.id,
                exc_info=True,
            )
            message._mailflow_note("template_broken", template=template.display_name, error=error)
        rendered = super()._notify_by_email_render_layout(message, recipients_group, **parameters)
        if not self.company_id._mailflow_policy("reply_line", self.team_id):
            return rendered
        line = template.with_context(lang=values.get("lang") or self.env.lang)._reply_line()
        body = BODY.search(rendered)
        start = body.end() if body else 0
        return Markup(rendered[:start]) + line + Markup(rendered[start:])

    def _mailflow_has_own_layout(self, message, recipients_group, msg_vals) -> bool:
        if len(self) != 1 or not self._mailflow_is_answer(message):
            return False
        layout = (msg_vals or {}).get("email_layout_xmlid") or message.sudo().email_layout_xmlid
        recipients = recipients_group.get("recipients_data") or []
        return (
            (not layout or layout in LAYOUTS)
            and bool(recipients)
            and all(each["share"] for each in recipients)
        )

    def _mailflow_render(self, message, values):
        """The mail after the conversation template.

        :param values: of Odoo's layout: those of the message and those of the recipients
        """
        lang = values.get("lang") or self.env.lang
        author = values.get("author_user")
        signature = Markup()
        if values.get("email_add_signature") and author and not author.share:
            signature = self.with_context(lang=lang)._mailflow_signature(author)
        url = values["button_access"]["url"] if values.get("has_button_access") else ""
        # who gets these has not had the conversation
        own = message.sudo()
        apart = own.helpdesk_private or own.helpdesk_forward
        return self._mailflow_template()._render_answer(
            self,
            message,
            lang=lang,
            signature=signature,
            portal_url=url,
            conversation=not apart,
        )
