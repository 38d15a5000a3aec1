# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

from ..mailflow.subject import subject_key


class HelpdeskTicket(models.Model):
    """Tickets that scanner rules find by the subject that they came in with, by who wrote, and
    by who works on them."""

    _inherit = "helpdesk.ticket"

    subject_key = fields.Char(
        "Subject to compare by",
        readonly=True,
        copy=False,
        help="The subject that it came in with, without Re: and the like. It stays when the title"
        " changes, so that further mails with the same subject find the ticket.",
    )

    # stored, so that neither index nor search goes through closed tickets
    closed = fields.Boolean(store=True)

    _subject_key_index = models.Index(
        "(subject_key, company_id) WHERE subject_key IS NOT NULL AND closed IS NOT TRUE"
    )
    _partner_email_index = models.Index("(lower(partner_email)) WHERE partner_email IS NOT NULL")
    _turn_index = models.Index(
        "(team_id, user_id, assigned_date DESC, id DESC) WHERE assigned_date IS NOT NULL"
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [
                vals
                if "subject_key" in vals
                else {**vals, "subject_key": subject_key(vals.get("name") or "") or False}
                for vals in vals_list
            ]
        )
