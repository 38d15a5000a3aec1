# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

from .email_address import canonical_email


class ResPartner(models.Model):
    """What automatic mails said of a contact."""

    _inherit = "res.partner"

    helpdesk_away_until = fields.Date(
        "Away until",
        groups="base.group_user",
        copy=False,
        help="The last day away, as an out-of-office message says",
    )
    helpdesk_complained_on = fields.Datetime(
        "Marked our mail as spam on",
        compute="_compute_helpdesk_complained_on",
        groups="base.group_user",
    )

    @api.depends("email_normalized")
    @api.depends_context("allowed_company_ids")
    def _compute_helpdesk_complained_on(self):
        emails = {each: canonical_email(each.email_normalized or "") for each in self}
        # sudo: who reads a contact may know that nothing automatic goes there
        rows = (
            self.env["helpdesk.spam.complaint"]
            .sudo()
            .search(
                [
                    ("email", "in", [each for each in emails.values() if each]),
                    ("company_id", "in", self.env.companies.ids),
                ],
                order="date",
            )
        )
        dates = {row.email: row.date for row in rows}
        for partner in self:
            partner.helpdesk_complained_on = dates.get(emails[partner], False)
