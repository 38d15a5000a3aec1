# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models


class ResPartner(models.Model):
    """Whether mail to a contact gets through."""

    _inherit = "res.partner"

    helpdesk_undeliverable_id = fields.Many2one(
        "helpdesk.undeliverable",
        string="Trouble with the address",
        compute="_compute_helpdesk_undeliverable",
        groups="helpdesk_mgmt.group_helpdesk_user_own",
    )
    helpdesk_undeliverable_text = fields.Char(
        "What is wrong with the address",
        compute="_compute_helpdesk_undeliverable",
        groups="helpdesk_mgmt.group_helpdesk_user_own",
    )
    helpdesk_undeliverable_date = fields.Datetime(
        "Mail came back on",
        compute="_compute_helpdesk_undeliverable",
        groups="helpdesk_mgmt.group_helpdesk_user_own",
    )
    helpdesk_not_deliverable = fields.Boolean(
        "Not deliverable",
        compute="_compute_helpdesk_undeliverable",
        groups="helpdesk_mgmt.group_helpdesk_user_own",
    )

    @api.depends("email_normalized")
    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_helpdesk_undeliverable(self):
        Undeliverable = self.env["helpdesk.undeliverable"]
        emails = {each for each in self.mapped("email_normalized") if each}
        rows = Undeliverable.browse()
        if emails and Undeliverable.has_access("read"):
            # the newest of each address that the user may see, also of what passes
            found = Undeliverable.search([("email", "in", list(emails))])
            rows = found.sorted(lambda row: (not row.blocked, -row.id))
        by_email = {email: group[:1] for email, group in rows.grouped("email").items()}
        for partner in self:
            row = by_email.get(partner.email_normalized) or Undeliverable
            partner.helpdesk_undeliverable_id = row
            partner.helpdesk_undeliverable_text = row.sentence
            partner.helpdesk_undeliverable_date = row.date
            partner.helpdesk_not_deliverable = row.blocked

    def action_helpdesk_deliverable_again(self) -> bool:
        """The address works, whatever came back."""
        self.check_access("read")
        emails = {each for each in self.mapped("email_normalized") if each}
        rows = self.env["helpdesk.undeliverable"].search([("email", "in", list(emails))])
        return rows.action_deliverable_again()
