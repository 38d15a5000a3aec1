# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..mailflow.color import READABLE, contrast, is_color
from ..mailflow.placeholder import placeholders

DEFAULT_SUBJECT = "Re: {subject_tag} {subject}"
DEFAULT_BODY = Markup("<p>{answer}</p><p>{signature}</p><p>{portal_link}</p><p>{conversation}</p>")
#: Placeholders by which a subject names its ticket.
NUMBERS = frozenset(("ticket_number", "subject_tag"))
#: Tickets that are looked at for one to show.
RECENT = 50
#: Most earlier messages in a mail.
MAX_MESSAGES = 20
COLORS = {
    "background_color": "#f3f4f6",
    "content_color": "#ffffff",
    "text_color": "#1f2328",
    "accent_color": "#714b67",
}


class HelpdeskConversationTemplate(models.Model):
    """How the mails look that carry an agent's answer to people outside of the company."""

    _name = "helpdesk.conversation.template"
    _description = "Conversation template"
    _order = "company_id, team_id NULLS FIRST, id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        check_company=True,
        ondelete="cascade",
        index="btree_not_null",
        help="Answers to this team's tickets look like this; those of all other teams as the"
        " template without a team says",
    )
    subject = fields.Char(required=True, translate=True, default=DEFAULT_SUBJECT)
    body = fields.Html(translate=True, default=DEFAULT_BODY, sanitize_overridable=False)
    message_count = fields.Integer(
        "Earlier messages",
        default=3,
        help="How many of the last messages between customer and company {conversation} shows",
    )
    send_to_contact = fields.Boolean(
        "Send to the contact",
        default=True,
        help="The contact of the ticket gets answers by mail. When off, only the others do who"
        " take part.",
    )
    # appearance
    background_color = fields.Char("Background", default=COLORS["background_color"], required=True)
    content_color = fields.Char("Paper", default=COLORS["content_color"], required=True)
    text_color = fields.Char("Text", default=COLORS["text_color"], required=True)
    accent_color = fields.Char("Links and buttons", default=COLORS["accent_color"], required=True)
    font = fields.Selection(
        [
            ("sans", "Arial"),
            ("verdana", "Verdana"),
            ("georgia", "Georgia"),
            ("system", "As the reader's device"),
        ],
        default="sans",
        required=True,
    )
    show_logo = fields.Boolean("Logo", default=True, help="The logo of the company")
    show_signature = fields.Boolean(
        "Signature",
        default=True,
        help="Of the assigned agent; of who answers if nobody is assigned. A support alias may"
        " have one of its own.",
    )
    reply_line = fields.Boolean(
        "“Write your reply above this line”",
        compute="_compute_reply_line",
        inverse="_inverse_reply_line",
        help="First line of the mail. Of a reply only what stands above it becomes the message."
        " It is the policy of the company or the team.",
    )
    # never stored, so that they follow what is being edited
    placeholder_help = fields.Json("Placeholders", compute="_compute_placeholder_help")
    warnings = fields.Html(compute="_compute_warnings", sanitize=False)
    preview_ticket_id = fields.Many2one(
        "helpdesk.ticket",
        "Shown with",
        compute="_compute_preview_ticket_id",
        readonly=False,
        store=False,
    )
    preview_subject = fields.Char(compute="_compute_preview")
    preview = fields.Text(compute="_compute_preview")

    _team_unique = models.UniqueIndex(
        "(company_id, COALESCE(team_id, 0))",
        "There is a conversation template for this company or team already.",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("company_id", "team_id")
    def _compute_display_name(self):
        for template in self:
            names = template.company_id.name, template.team_id.name
            template.display_name = " · ".join(name for name in names if name)

    @api.depends("company_id.helpdesk_reply_line", "team_id.helpdesk_reply_line")
    def _compute_reply_line(self):
        for template in self:
            company = template.company_id
            template.reply_line = bool(company) and company._mailflow_policy(
                "reply_line", template.team_id
            )

    def _inverse_reply_line(self):
        for template in self:
            # sudo: a helpdesk manager decides on this policy, whose rights on the template were
            # checked, and need not be able to change companies
            if template.team_id:
                template.team_id.sudo().helpdesk_reply_line = "yes" if template.reply_line else "no"
            else:
                template.company_id.sudo().helpdesk_reply_line = template.reply_line

    @api.depends_context("lang")
    def _compute_placeholder_help(self):
        self.placeholder_help = self._known_placeholders()

    @api.depends("subject", "body", "send_to_contact", *COLORS)
    @api.depends_context("lang")
    def _compute_warnings(self):
        for template in self:
            sentences = template._sentences_of_warning()
            template.warnings = (
                Markup("<ul class='mb-0 ps-3'>%s</ul>")
                % Markup().join(Markup("<li>%s</li>") % each for each in sentences)
                if sentences
                else False
            )

    def _sentences_of_warning(self) -> list[str]:
        """What does not work with a template as it is. None of it is refused."""
        self.ensure_one()
        found, known = [], self._known_placeholders()
        in_subject, in_body = placeholders(self.subject or ""), placeholders(self.body or "")
        if not NUMBERS.intersection(in_subject):
            found.append(
                self.env._(
                    "The subject holds neither {subject_tag} nor {ticket_number}: replies of mail"
                    " programs that drop the references will open new tickets."
                )
            )
        if "answer" not in in_body:
            found.append(
                self.env._(
                    "The body does not hold {answer}: customers get a mail without what the agent"
                    " wrote. They have to read it in the portal."
                )
            )
        if not self.send_to_contact:
            found.append(
                self.env._(
                    "“Send to the contact” is off: the contact of a ticket gets no answer by mail."
                )
            )
        unknown = [each for each in dict.fromkeys([*in_subject, *in_body]) if each not in known]
        if unknown:
            found.append(
                self.env._(
                    "Nothing is known by the name %(names)s: it is sent as it stands.",
                    names=", ".join(f"{{{each}}}" for each in unknown),
                )
            )
        if contrast(self._color("text_color"), self._color("content_color")) < READABLE:
            found.append(
                self.env._("The text is hard to read on the paper: choose colors that differ more.")
            )
        return found

    def _color(self, name: str) -> str:
        """One of :data:`COLORS`, also while something else is being typed."""
        return self[name] if is_color(self[name]) else COLORS[name]

    @api.depends("company_id", "team_id")
    def _compute_preview_ticket_id(self):
        for template in self:
            domain = [("company_id", "=", template.company_id.id)]
            if template.team_id:
                domain.append(("team_id", "=", template.team_id._origin.id))
            tickets = self.env["helpdesk.ticket"].search(domain, order="id desc", limit=RECENT)
            written = self.env["mail.message"]._read_group(
                [
                    ("model", "=", "helpdesk.ticket"),
                    ("res_id", "in", tickets.ids),
                    ("message_type", "=", "email"),
                ],
                aggregates=["res_id:max"],
            )
            # one with something to quote, if there is one
            newest = written[0][0] or tickets[:1].id
            template.preview_ticket_id = newest

    @api.depends(
        "company_id",
        "team_id",
        "subject",
        "body",
        "message_count",
        "font",
        "show_logo",
        "show_signature",
        "reply_line",
        "preview_ticket_id",
        *COLORS,
    )
    @api.depends_context("lang", "uid")
    def _compute_preview(self):
        for template in self:
            template.preview_subject, template.preview = template._render_preview()

    # ------------------------------------------------------------
    # CONSTRAINTS, CRUD
    # ------------------------------------------------------------

    @api.constrains(*COLORS)
    def _check_colors(self):
        for template in self:
            for name in COLORS:
                if not is_color(template[name]):
                    raise ValidationError(
                        self.env._(
                            "“%(color)s” is no color that all mail programs know. Choose one, or"
                            " write it as #rrggbb.",
                            color=template[name],
                        )
                    )

    @api.constrains("message_count")
    def _check_message_count(self):
        for template in self:
            if not 0 <= template.message_count <= MAX_MESSAGES:
                raise ValidationError(
                    self.env._(
                        "A mail shows between 0 and %(most)s earlier messages.", most=MAX_MESSAGES
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        templates = super().create(vals_list)
        templates._forget_choices()
        templates._tell_warnings()
        return templates

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"company_id", "team_id"}:
            self._forget_choices()
        if {"subject", "body", "send_to_contact"}.intersection(vals) and vals.get("body", True):
            self._tell_warnings()
        return result

    def _tell_warnings(self) -> None:
        """Who saved it is told what will not work."""
        for template in self:
            sentences = template._sentences_of_warning()
            if sentences:
                self.env.user._bus_send(
                    "simple_notification",
                    {
                        "type": "warning",
                        "title": self.env._("Saved, with warnings"),
                        "message": "\n".join(sentences),
                        "sticky": True,
                    },
                )

    def action_reset(self):
        """Have the subject and the text as they were at first, in all languages."""
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        for template in self:
            # emptied first, so that no translation of a part is kept
            template.body = False
            template.write({"subject": DEFAULT_SUBJECT, "body": DEFAULT_BODY})
            template.update_field_translations("subject", dict.fromkeys(languages, DEFAULT_SUBJECT))
        return True

    # ------------------------------------------------------------
    # WHICH ONE
    # ------------------------------------------------------------

    @api.model
    def _give_each_company_one(self, companies) -> None:
        """Make the template of companies that have none."""
        # sudo: in the name of the system, for whoever answers first
        own = self.sudo()
        found = own.search([("company_id", "in", companies.ids), ("team_id", "=", False)])
        own.create([{"company_id": each.id} for each in companies - found.company_id])

    @api.model
    def _of(self, company, team):
        """The template of a team, else the one of its company. In sudo: agents answer by it and
        need not see it."""
        return self._of_each([(company, team)])[company, team]

    @api.model
    def _of_each(self, places) -> dict:
        """The same for several companies and teams at once.

        :param places: pairs of a company and a team, which may be none
        :return: pair -> template
        """
        Company = self.env["res.company"]
        companies = Company.union(*(company for company, _team in places))
        team_ids = [team.id for _company, team in places if team]
        domain = [("company_id", "in", companies.ids), ("team_id", "in", [*team_ids, False])]
        own = self.sudo()
        found = own.search(domain)
        if companies - found.filtered(lambda each: not each.team_id).company_id:
            own._give_each_company_one(companies)
            found = own.search(domain)
        by_place = {(each.company_id.id, each.team_id.id): each for each in found}
        return {
            (company, team): by_place.get((company.id, team.id)) or by_place[company.id, False]
            for company, team in places
        }

    def _forget_choices(self) -> None:
        """Which template is a ticket's is computed from all of them."""
        self.env["helpdesk.ticket"].invalidate_model(["conversation_template_id"], flush=False)

    @api.model
    def action_open(self):
        """The template of the company; the list if there are several."""
        self._give_each_company_one(self.env.companies)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.conversation_template_action"
        )
        templates = self.search([], limit=2)
        if len(templates) == 1:
            action.update(res_id=templates.id, views=[(False, "form")], view_mode="form")
        return action
