# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What of a ticket is forwarded to others: as a quote, or as mails."""

import re

from lxml import html as lxml_html
from markupsafe import Markup, escape

from odoo import api, fields, models, tools
from odoo.tools.misc import format_datetime

from ..mailflow.rebuild import is_attachable
from ..mailflow.subject import base_subject

#: Messages of a ticket that are forwarded with it, at the most: the newest ones.
NEWEST = 30
#: Types of messages that somebody wrote.
WRITTEN = ("email", "comment", "email_outgoing", "auto_comment")
#: What a file name may not have on some computer.
NO_NAME = re.compile(r'[\x00-\x1f\\/:*?"<>|]+')
#: The part of a forwarding message that is not the agent's own words.
QUOTE_CLASS = "o_helpdesk_forwarded"


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    # helpdesk_mgmt lists all attachments of a ticket in the portal
    portal_attachment_ids = fields.Many2many(
        "ir.attachment", compute="_compute_portal_attachment_ids", string="Files for the customer"
    )

    @api.depends("attachment_ids")
    def _compute_portal_attachment_ids(self):
        for ticket in self:
            files = ticket.attachment_ids
            ticket.portal_attachment_ids = files - files._mailflow_of_hidden_messages()

    def action_forward(self, message_id: int | None = None):
        """Open the composer to send a message of the ticket, or what of the ticket the requester
        may see, on to others.

        :param message_id: of the ticket; the whole ticket if None
        """
        self.ensure_one()
        messages = self._forwarded_messages(message_id)
        title = messages.subject or self.name if message_id else self.name
        return self._forward_action(
            messages,
            self.env._("Forward"),
            default_subject=f"Fwd: {base_subject(title or '')}",
            default_helpdesk_forwards_ticket=not message_id,
        )

    def action_reply_apart(self, message_id: int):
        """Open the composer to answer somebody whom something was forwarded to: the requester is
        no part of that either.

        :param message_id: what they wrote
        """
        self.ensure_one()
        message = self._forwarded_messages(message_id)
        return self._forward_action(
            message,
            self.env._("Reply by e-mail"),
            default_subject=f"Re: {base_subject(message.subject or self.name or '')}",
            default_partner_ids=message.author_id.ids,
            default_helpdesk_reply_apart=True,
        )

    def _forward_action(self, messages, title: str, **defaults) -> dict:
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "dialog_size": "large",
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_composition_comment_option": "forward",
                "default_subtype_xmlid": "mail.mt_comment",
                "default_helpdesk_forward_as": "quote",
                "default_helpdesk_forwarded_ids": messages.ids,
                **defaults,
            },
        }

    def _forwarded_messages(self, message_id=None):
        """The messages to be forwarded, the newest first.

        A whole ticket is what the requester sees of it: notes are forwarded one by one.
        """
        self.ensure_one()
        domain = [("model", "=", self._name), ("res_id", "=", self.id)]
        if message_id:
            return self.env["mail.message"].search([*domain, ("id", "=", message_id)])
        domain += [
            ("message_type", "in", WRITTEN),
            ("is_internal", "=", False),
            ("helpdesk_forward", "=", False),
            # the first mail of a ticket has a subtype for colleagues only
            "|",
            ("subtype_id.internal", "=", False),
            ("message_type", "in", ("auto_comment", "email")),
        ]
        return self.env["mail.message"].search(domain, order="id desc", limit=NEWEST)

    def _forwarded_quote(self, messages, whole: bool) -> Markup:
        """The part of the composer's text that quotes.

        :param whole: the ticket is forwarded, not only these messages
        """
        self.ensure_one()
        blocks = [self._forwarded_block(message) for message in messages]
        if whole and not self._begins_with_mail():
            blocks.append(self._forwarded_description())
        if whole and len(messages) == NEWEST:
            blocks.append(Markup("<p>%s</p>") % self.env._("Earlier messages are left out."))
        return Markup('<div class="%s" data-o-mail-quote="1">%s</div>') % (
            QUOTE_CLASS,
            Markup().join(blocks),
        )

    def _begins_with_mail(self) -> bool:
        """Whether the first message says what the description does."""
        # sudo: a yes or no
        return bool(
            self.env["mail.message"]
            .sudo()
            .search_count(
                [
                    ("model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("message_type", "=", "email"),
                    ("subtype_id", "=", self._creation_subtype().id),
                ],
                limit=1,
            )
        )

    def _forwarded_block(self, message) -> Markup:
        # sudo: names and addresses of those who had a message that the user may read
        own = message.sudo()
        return self._forwarded_part(
            own.email_from or own.author_id.email_formatted or "",
            own.date,
            own.subject or self.name,
            own._mailflow_to(),
            own.incoming_email_cc or own.helpdesk_cc or "",
            own.body,
        )

    def _forwarded_description(self) -> Markup:
        ticket = self.sudo()
        who = ticket.partner_id.email_formatted or tools.formataddr(
            (ticket.partner_name or "", ticket.partner_email or "")
        )
        return self._forwarded_part(
            who if ticket.partner_id or ticket.partner_email else ticket.partner_name or "",
            ticket.create_date,
            ticket.name,
            "",
            "",
            ticket.description,
        )

    @api.model
    def _forwarded_part(self, sender, date, subject, to, cc, body) -> Markup:
        """One message as mail programs show a forwarded one."""
        lines = [
            (self.env._("From:"), self._for_people(sender)),
            (self.env._("Date:"), date and format_datetime(self.env, date)),
            (self.env._("Subject:"), subject),
            (self.env._("To:"), self._for_people(to)),
            (self.env._("Cc:"), self._for_people(cc)),
        ]
        head = Markup("<br/>").join(
            Markup("<b>%s</b> %s") % (label, value) for label, value in lines if value
        )
        return Markup("<p>---------- %s ----------<br/>%s</p><div>%s</div><p><br/></p>") % (
            self.env._("Forwarded message"),
            head,
            body or "",
        )

    @api.model
    def _for_people(self, addresses: str) -> str:
        """Formatted addresses without the quotes that headers need."""
        pairs = tools.mail.email_split_tuples(addresses or "")
        shown = ", ".join(f"{name} <{email}>" if name else email for name, email in pairs)
        return shown or addresses

    def _get_message_create_valid_field_names(self):
        return super()._get_message_create_valid_field_names() | {
            "helpdesk_forward",
            "helpdesk_reply_apart",
        }

    # ------------------------------------------------------------
    # ATTACHMENTS
    # ------------------------------------------------------------

    def _forwarded_files(self, messages, how: str):
        """What is attached to the forwarding message, as new attachments of the composer, so that
        the agent may take some out.

        :param how: ``quote``: what the messages have attached; ``attachment``: the messages
        """
        self.ensure_one()
        place = {"res_model": "mail.compose.message", "res_id": 0}
        if how == "quote":
            copies = self.env["ir.attachment"]
            for attachment in messages.attachment_ids.sorted("id"):
                copies |= attachment.copy(place)
            return copies
        # sudo: who may read the ticket may read the mails it is made of, as they came in
        sources = messages.sudo()._mailflow_sources()
        values, names = [], set()
        for message in messages:
            raw = sources.get(message.id) or message._mailflow_rebuilt()
            name = self._eml_name(message.subject or self.name, names)
            fits = is_attachable(raw)
            values.append(
                {
                    **place,
                    "name": name,
                    "raw": raw,
                    # Odoo would guess anew what is an octet stream
                    "mimetype": "message/rfc822" if fits else "application/x-eml",
                }
            )
        return self.env["ir.attachment"].create(values)

    @api.model
    def _eml_name(self, subject: str, taken: set[str]) -> str:
        """A file name that is none of ``taken``, and becomes one."""
        stem = " ".join(NO_NAME.sub(" ", subject or "").split())[:80].strip(". ")
        stem = stem or self.env._("Mail")
        name, number = f"{stem}.eml", 1
        while name in taken:
            number += 1
            name = f"{stem} ({number}).eml"
        taken.add(name)
        return name


def split_quote(body) -> tuple[Markup, Markup]:
    """A forwarding message: the agent's own words, and what they stand above."""
    if QUOTE_CLASS not in (body or ""):
        return Markup(body or ""), Markup()
    tree = lxml_html.fragment_fromstring(str(body), create_parent="div")
    quotes = []
    for node in tree.find_class(QUOTE_CLASS):
        # one within another goes with it
        if not any(QUOTE_CLASS in (each.get("class") or "") for each in node.iterancestors()):
            quotes.append(node)
    quote = Markup()
    for node in quotes:
        tail, node.tail = node.tail, None
        quote += Markup(lxml_html.tostring(node, encoding="unicode"))
        node.tail = tail
        node.drop_tree()
    words = escape(tree.text or "") + Markup().join(
        Markup(lxml_html.tostring(child, encoding="unicode")) for child in tree
    )
    return words, quote
