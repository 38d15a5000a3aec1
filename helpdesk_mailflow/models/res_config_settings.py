# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    helpdesk_create_contacts = fields.Selection(
        related="company_id.helpdesk_create_contacts", readonly=False
    )
    helpdesk_agent_name = fields.Boolean(related="company_id.helpdesk_agent_name", readonly=False)
    helpdesk_agent_name_pattern = fields.Char(
        related="company_id.helpdesk_agent_name_pattern", readonly=False
    )
    helpdesk_team_name = fields.Boolean(related="company_id.helpdesk_team_name", readonly=False)
    helpdesk_auto_cc = fields.Boolean(related="company_id.helpdesk_auto_cc", readonly=False)
    helpdesk_private_answers = fields.Boolean(
        related="company_id.helpdesk_private_answers", readonly=False
    )
    helpdesk_reply_line = fields.Boolean(related="company_id.helpdesk_reply_line", readonly=False)
    helpdesk_automatic_per_hour = fields.Integer(
        related="company_id.helpdesk_automatic_per_hour", readonly=False
    )
    helpdesk_automatic_per_day = fields.Integer(
        related="company_id.helpdesk_automatic_per_day", readonly=False
    )
    helpdesk_automatic_per_domain = fields.Integer(
        related="company_id.helpdesk_automatic_per_domain", readonly=False
    )
    helpdesk_subject_tag = fields.Char(related="company_id.helpdesk_subject_tag", readonly=False)
    helpdesk_hidden_address = fields.Boolean(
        related="company_id.helpdesk_hidden_address", readonly=False
    )
    helpdesk_contact_from_reply_to = fields.Boolean(
        related="company_id.helpdesk_contact_from_reply_to", readonly=False
    )
    helpdesk_requester_from_forward = fields.Boolean(
        related="company_id.helpdesk_requester_from_forward", readonly=False
    )
    helpdesk_known_contacts_only = fields.Boolean(
        related="company_id.helpdesk_known_contacts_only", readonly=False
    )
    helpdesk_unknown_answer = fields.Boolean(
        related="company_id.helpdesk_unknown_answer", readonly=False
    )
    helpdesk_unknown_template_id = fields.Many2one(
        related="company_id.helpdesk_unknown_template_id", readonly=False
    )
    helpdesk_cc_contacts = fields.Boolean(related="company_id.helpdesk_cc_contacts", readonly=False)
    helpdesk_append_open = fields.Boolean(related="company_id.helpdesk_append_open", readonly=False)
    helpdesk_append_single = fields.Boolean(
        related="company_id.helpdesk_append_single", readonly=False
    )
    helpdesk_same_account = fields.Boolean(
        related="company_id.helpdesk_same_account", readonly=False
    )
    helpdesk_thanks_keep_closed = fields.Boolean(
        related="company_id.helpdesk_thanks_keep_closed", readonly=False
    )
    helpdesk_arc_forwarders = fields.Char(
        related="company_id.helpdesk_arc_forwarders", readonly=False
    )
    helpdesk_one_ticket = fields.Boolean(related="company_id.helpdesk_one_ticket", readonly=False)
    helpdesk_closed = fields.Selection(related="company_id.helpdesk_closed", readonly=False)
    helpdesk_closed_days = fields.Integer(related="company_id.helpdesk_closed_days", readonly=False)
    helpdesk_from_preview = fields.Char(compute="_compute_helpdesk_from_preview")
    helpdesk_automatic_from_preview = fields.Char(compute="_compute_helpdesk_from_preview")
    helpdesk_keep_source_days = fields.Integer(
        "Keep sources for",
        default=90,
        config_parameter="helpdesk_mailflow.keep_source_days",
        help="Days. The raw source of a mail is needed to read it again; afterwards only its row"
        " stays. 0 keeps sources for good.",
    )
    helpdesk_max_size_mb = fields.Integer(
        "Largest mail",
        default=100,
        config_parameter="helpdesk_mailflow.max_size_mb",
        help="Megabytes. Of a larger mail only the start is kept, and it is held for a person.",
    )
    helpdesk_max_parts = fields.Integer(
        "Parts read of a mail", default=1000, config_parameter="helpdesk_mailflow.max_parts"
    )
    helpdesk_max_attachments = fields.Integer(
        "Attachments kept of a mail",
        default=200,
        config_parameter="helpdesk_mailflow.max_attachments",
    )

    helpdesk_max_depth = fields.Integer(
        "Levels of parts opened",
        default=30,
        config_parameter="helpdesk_mailflow.max_depth",
        help="Of mails within mails and parts within parts",
    )
    helpdesk_max_text_kb = fields.Integer(
        "Text kept of a mail",
        default=2048,
        config_parameter="helpdesk_mailflow.max_text_kb",
        help="Kilobytes of all its body text together",
    )
    helpdesk_max_header_kb = fields.Integer(
        "Header read of a mail",
        default=256,
        config_parameter="helpdesk_mailflow.max_header_kb",
        help="Kilobytes, and as much of each part",
    )

    @api.depends("company_id", "helpdesk_agent_name", "helpdesk_agent_name_pattern")
    def _compute_helpdesk_from_preview(self):
        """What customers would see with what is typed now."""
        for settings in self:
            company = settings.company_id
            sender = self.env["helpdesk.from.address"].sudo()._usable_for(company)._default_one()
            agent = self.env.user.name
            pattern = settings.helpdesk_agent_name_pattern or "{agent}"
            try:
                named = pattern.format(agent=agent, team=self.env._("Team"), company=company.name)
            except (KeyError, IndexError, ValueError):
                # said when it is saved
                named = pattern
            plain = sender.friendly_name or company.name
            settings.helpdesk_from_preview = sender and sender._shown(
                named if settings.helpdesk_agent_name else plain
            )
            settings.helpdesk_automatic_from_preview = sender and sender._shown(plain)

    @api.constrains(
        "helpdesk_keep_source_days",
        "helpdesk_max_size_mb",
        "helpdesk_max_parts",
        "helpdesk_max_attachments",
        "helpdesk_max_depth",
        "helpdesk_max_text_kb",
        "helpdesk_max_header_kb",
    )
    def _check_helpdesk_limits(self):
        for settings in self:
            if settings.helpdesk_keep_source_days < 0:
                raise ValidationError(self.env._("Sources cannot be kept for less than 0 days."))
            limits = (
                settings.helpdesk_max_size_mb,
                settings.helpdesk_max_parts,
                settings.helpdesk_max_attachments,
                settings.helpdesk_max_depth,
                settings.helpdesk_max_text_kb,
                settings.helpdesk_max_header_kb,
            )
            if min(limits) < 1:
                raise ValidationError(
                    self.env._("Each limit of incoming mail has to be 1 at the least.")
                )

    def set_values(self):
        result = super().set_values()
        if not self.helpdesk_keep_source_days:
            # Odoo forgets a parameter that is set to 0, and the default would be back
            self.env["ir.config_parameter"].set_param("helpdesk_mailflow.keep_source_days", "0")
        return result
