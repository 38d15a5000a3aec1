# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The mail that a conversation template makes of an answer."""

from datetime import timedelta

from lxml import etree, html
from markupsafe import Markup, escape

from odoo import fields, models
from odoo.tools import format_date, format_time, html2plaintext, html_sanitize, is_html_empty

from ..mailflow.color import text_on
from ..mailflow.placeholder import fill_html, fill_text
from ..mailflow.quoted import LINE_CLASS
from ..mailflow.reply import reply_line
from ..mailflow.subject import base_subject, make_tag, tagged_subject
from .helpdesk_conversation_template import COLORS
from .helpdesk_ticket_forward import split_quote

FONTS = {
    "sans": "Arial, Helvetica, sans-serif",
    "verdana": "Verdana, Geneva, sans-serif",
    "georgia": "Georgia, 'Times New Roman', serif",
    "system": "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
}
#: For all programs that read styles at all; what matters stands at the elements.
STYLES = Markup(
    "img { max-width: 100%%; height: auto; } pre { white-space: pre-wrap; }"
    # without a doctype tables take neither from what they are in
    " .mf-content table { font-size: inherit; color: inherit; }"
    " a { color: %(accent_color)s; }"
    " @media (max-width: 480px) { .mf-page { padding: 0 !important; }"
    " .mf-content { padding: 16px !important; } }"
)
# Outlook on the desk knows no max-width.
OUTLOOK_START = Markup(
    '<!--[if mso]><table role="presentation" width="680" align="center"><tr><td><![endif]-->'
)
OUTLOOK_END = Markup("<!--[if mso]></td></tr></table><![endif]-->")
#: Gmail shows no more than 102 kB of a mail; the rest is left for the answer.
MAX_CONVERSATION = 50_000  # characters of HTML
MAX_MESSAGE = 15_000  # characters of HTML; of longer ones the text
MAX_TEXT = 3_000
#: Messages of people, as opposed to what happened to the ticket.
BY_PEOPLE = ("comment", "email", "email_outgoing")
#: Messages that are looked at for those to show.
REACH = 60
#: A day and an hour that look like some.
SAMPLE_AGE = timedelta(hours=3)


class HelpdeskConversationTemplate(models.Model):
    """A template and a message -> subject and HTML. Writes nothing."""

    _inherit = "helpdesk.conversation.template"

    def _known_placeholders(self) -> dict[str, str]:
        """Placeholder -> what it stands for."""
        return {
            "ticket_number": self.env._("Number of the ticket"),
            "subject_tag": self.env._("Number in the subject, in the company's pattern"),
            "subject": self.env._("Subject of the ticket"),
            "answer": self.env._("What the agent wrote"),
            "conversation": self.env._("Earlier messages"),
            "reply_line": self.env._("“Write your reply above this line”; first if not placed"),
            "signature": self.env._("Signature of the assigned agent"),
            "portal_link": self.env._("Link to the ticket in the portal, if the reader has access"),
            "agent": self.env._("Name of who answers"),
            "team": self.env._("Name of the team"),
            "company": self.env._("Name of the company"),
        }

    # ------------------------------------------------------------
    # SUBJECT
    # ------------------------------------------------------------

    def _render_subject(self, ticket, subject: str, answers: bool) -> str:
        """The subject of a mail of a ticket.

        :param subject: of the message
        :param answers: whether it answers a mail, so that it may begin with ``Re:``
        """
        self.ensure_one()
        pattern = ticket.company_id.helpdesk_subject_tag
        tag = make_tag(pattern, ticket.number or "") if pattern else ""
        return self._fill_subject(self._texts_of(ticket, tag=tag), subject, tag, answers)

    def _fill_subject(self, texts, subject: str, tag: str, answers: bool) -> str:
        bare = tagged_subject(subject or "", tag, False).removeprefix(tag).strip()
        filled = fill_text(self.subject or "", {**texts, "subject": bare, "subject_tag": tag})
        if not answers and filled[:3].lower() == "re:":
            filled = filled[3:].strip()
        return filled if base_subject(filled) else tagged_subject(subject, tag, answers)

    # ------------------------------------------------------------
    # BODY
    # ------------------------------------------------------------

    def _render_answer(
        self, ticket, message, lang=None, signature="", portal_url="", conversation=True
    ) -> Markup:
        """The mail that brings a message to people outside of the company.

        :param message: ``mail.message`` of the ticket
        :param lang: code of the reader's language
        :param signature: HTML, sanitised; empty if there is none
        :param portal_url: link for the reader; empty if there is none
        :param conversation: whether earlier messages are for these readers
        """
        self.ensure_one()
        template = self.with_context(lang=lang or self.env.lang)
        # sudo: the mail looks the same, whoever of the agents sends it
        ticket, message = ticket.sudo(), message.sudo()
        company, team = ticket.company_id, ticket.team_id
        answer, before = message.body or Markup(), Markup()
        if conversation:
            before = template._conversation(ticket, message)
        elif message.helpdesk_forward and "{conversation}" in (template.body or ""):
            # the agent signs the own words, not what they stand above
            answer, before = split_quote(answer)
        blocks = {
            "answer": Markup('<div dir="auto">%s</div>') % answer,
            "conversation": before,
            "signature": signature,
        }
        return template._render_mail(
            template._texts_of(ticket, message),
            blocks,
            company,
            portal_url,
            company._mailflow_policy("reply_line", team),
        )

    def _texts_of(self, ticket, message=None, tag="") -> dict[str, str]:
        ticket = ticket.sudo()
        author = message.author_id if message else ticket.user_id.partner_id
        team = ticket.team_id
        return {
            "ticket_number": ticket.number or "",
            "subject_tag": tag
            or make_tag(ticket.company_id.helpdesk_subject_tag or "{number}", ticket.number or ""),
            "subject": ticket.name or "",
            "agent": author.name or "",
            "team": team.mail_display_name or team.name or "",
            "company": ticket.company_id.name or "",
        }

    def _render_mail(self, texts, blocks, company, portal_url, with_line) -> Markup:
        """The whole mail.

        :param texts: values of placeholders that are plain text
        :param blocks: values of placeholders that are HTML, sanitised
        :param with_line: whether it has the line to reply above
        """
        line = self._reply_line() if with_line else Markup()
        body = self.body or ""
        placed = "{reply_line}" in body
        link = self._portal_link(texts, portal_url)
        content = fill_html(
            body,
            texts,
            {
                **{name: str(value) for name, value in blocks.items()},
                "signature": str(self._signature_block(blocks.get("signature"))),
                "reply_line": str(line) if placed else "",
                "portal_link": str(link),
            },
            {"portal_link": portal_url} if portal_url else {},
        )
        colors = {name: self._color(name) for name in COLORS}
        return self.env["ir.qweb"]._render(
            "helpdesk_mailflow.conversation_mail",
            {
                "colors": colors,
                "company": company,
                "content": Markup(content),
                "direction": self._direction(),
                "font": FONTS[self.font],
                "has_logo": self.show_logo and not company.uses_default_logo,
                "language": (self.env.lang or "en_US").replace("_", "-"),
                "outlook_start": OUTLOOK_START,
                "outlook_end": OUTLOOK_END,
                "reply_line": Markup() if placed else line,
                "styles": STYLES % colors,
            },
            minimal_qcontext=True,
        )

    def _direction(self) -> str:
        """Of the language of the environment: ``ltr`` or ``rtl``."""
        return self.env["res.lang"]._get_data(code=self.env.lang or "en_US").direction or "ltr"

    def _reply_line(self) -> Markup:
        """The line above which people are to reply, in the language of the environment.

        Odoo's own gateway takes nodes of the class ``o_mail_notification`` out of quotes, with
        what follows them in the same node: so it stands in one of its own.
        """
        return Markup(
            '<div class="o_mail_notification %s" dir="auto" style="padding: 4px 8px;'
            " color: #767676; font-size: 12px; font-family: Arial, sans-serif;"
            ' text-align: center;">%s</div>'
        ) % (LINE_CLASS, reply_line(self.env._("Please write your reply above this line")))

    def _signature_block(self, signature) -> Markup:
        if not self.show_signature or is_html_empty(signature):
            return Markup()
        return Markup('<div style="margin-top: 16px;">%s</div>') % Markup(signature)

    def _portal_link(self, texts, portal_url) -> Markup:
        if not portal_url:
            return Markup()
        accent = self._color("accent_color")
        return Markup(
            '<a href="%s" style="display: inline-block; margin-top: 8px; padding: 9px 16px;'
            " border-radius: 4px; text-decoration: none; background-color: %s;"
            ' color: %s;">%s</a>'
        ) % (
            portal_url,
            accent,
            text_on(accent),
            self.env._("View ticket %(number)s", number=texts["ticket_number"]),
        )

    # ------------------------------------------------------------
    # CONVERSATION
    # ------------------------------------------------------------

    def _conversation(self, ticket, before) -> Markup:
        """The last public messages before one, the newest first, in a node that mail programs
        and Odoo fold.

        :param before: ``mail.message``; empty: up to now
        """
        entries, size = [], 0
        for message in self._public_messages(ticket, before):
            entry = self._entry(
                self._shown_name(message, ticket), message.date, message.body, ticket
            )
            size += len(entry)
            if len(entries) == self.message_count or (entries and size > MAX_CONVERSATION):
                break
            entries.append(entry)
        return self._quote(entries)

    def _public_messages(self, ticket, before):
        """Messages between customer and company before one, the newest first."""
        if not self.message_count:
            return self.env["mail.message"]
        # sudo: these are public, whoever of the agents answers
        messages = self.env["mail.message"].sudo()
        domain = [
            ("model", "=", "helpdesk.ticket"),
            ("res_id", "=", ticket.id),
            ("message_type", "in", BY_PEOPLE),
            ("is_internal", "=", False),
            ("helpdesk_private", "=", False),
            ("helpdesk_forward", "=", False),
            ("subtype_id", "!=", False),
            # the first mail of a ticket may have a subtype for colleagues
            "|",
            ("subtype_id.internal", "=", False),
            ("message_type", "=", "email"),
        ]
        # a message that is only rendered is not stored yet: all others came before it
        if before and before._origin:
            domain.append(("id", "<", before._origin.id))
        found = messages.search(domain, order="id desc", limit=REACH)
        return found.filtered(lambda each: not is_html_empty(_without_quotes(each.body)))

    def _shown_name(self, message, ticket) -> str:
        """Who wrote a message, as customers may know it."""
        author = message.author_id
        company, team = ticket.company_id, ticket.team_id
        if author and not author.partner_share:
            if company._mailflow_policy("agent_name", team):
                return author.name
            return team.mail_display_name or company.name
        return author.name or message.email_from or ticket.partner_name or ""

    def _entry(self, name, date, body, ticket) -> Markup:
        body = _without_quotes(body)
        if len(body) > MAX_MESSAGE:
            text = html2plaintext(body, include_references=False)
            shortened = text[:MAX_TEXT] + ("…" if len(text) > MAX_TEXT else "")
            body = Markup("<p>%s</p>") % Markup("<br/>").join(
                escape(line) for line in shortened.split("\n")
            )
        zone = ticket._mail_get_timezone() or "UTC"
        local = fields.Datetime.context_timestamp(self.with_context(tz=zone), date)
        day = format_date(self.env, local.date(), date_format="long")
        when = f"{day}, {format_time(self.env, date, tz=zone, time_format='short')}"
        return Markup(
            '<div style="margin: 0 0 14px;"><p style="margin: 0 0 4px; font-size: 12px;">'
            '<b><bdi>%s</bdi></b> · <bdi>%s</bdi></p><div dir="auto">%s</div></div>'
        ) % (name, when, Markup(body))

    def _quote(self, entries) -> Markup:
        if not entries:
            return Markup()
        return Markup(
            '<div class="gmail_quote" style="margin-top: 24px;"><p style="margin: 0 0 8px;'
            ' font-size: 12px;">%s</p><blockquote class="gmail_quote" type="cite" style="margin:'
            ' 0; padding: 0 12px; border: 0; border-%s: 3px solid #c8ccd1; font-size: 13px;">%s'
            "</blockquote></div>"
        ) % (
            self.env._("Earlier messages"),
            "right" if self._direction() == "rtl" else "left",
            Markup().join(entries),
        )

    # ------------------------------------------------------------
    # PREVIEW
    # ------------------------------------------------------------

    def _render_preview(self) -> tuple[str, str]:
        """Subject and HTML of an answer to the newest ticket, or to one that is made up."""
        self.ensure_one()
        # sudo: only names and texts of what the user may read, and of the company
        company, user = self.company_id.sudo() or self.env.company, self.env.user
        ticket = self.preview_ticket_id._origin
        answer = Markup("<p>%s</p><p>%s</p>") % (
            self.env._("Hello,"),
            self.env._("Thank you for writing. We found the cause, and it works again."),
        )
        if ticket and ticket.has_access("read"):
            texts = self._texts_of(ticket)
            conversation = self._conversation(ticket, None)
            subject, signature = ticket.name, ticket._mailflow_signature(user)
        else:
            pattern = company.helpdesk_subject_tag or "{number}"
            texts = {
                "ticket_number": "HT00042",
                "subject_tag": make_tag(pattern, "HT00042"),
                "team": self.team_id.sudo().name or self.env._("Support"),
                "company": company.name,
            }
            texts["subject"] = subject = self.env._("The printer does not print")
            ticket = self.env["helpdesk.ticket"].sudo().new({"company_id": company.id})
            entry = self._entry(
                self.env._("A customer"),
                fields.Datetime.now() - SAMPLE_AGE,
                Markup("<p>%s</p>") % self.env._("Since this morning nothing comes out of it."),
                ticket,
            )
            conversation = self._quote([entry] if self.message_count else [])
            signature = user.signature
        texts["agent"] = user.name
        tag = texts["subject_tag"] if company.helpdesk_subject_tag else ""
        blocks = {
            "answer": answer,
            "conversation": conversation,
            "signature": html_sanitize(signature or ""),
        }
        rendered = self._render_mail(texts, blocks, company, "#", self.reply_line)
        return self._fill_subject(texts, subject, tag, True), rendered


def _without_quotes(body) -> str:
    """The HTML of a message without what it quotes."""
    if not body:
        return ""
    root = html.fragment_fromstring(str(body), create_parent="div")
    for node in root.xpath("//*[@data-o-mail-quote]"):
        parent = node.getparent()
        if parent is not None:
            node.drop_tree()
    inner = etree.tostring(root, encoding="unicode", method="html")
    return inner.removeprefix("<div>").removesuffix("</div>")
