# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import UserError


class HelpdeskNewAuthorisation(models.TransientModel):
    """Sign in with Microsoft for a mail scanner or a From address, and come back to it."""

    _name = "helpdesk.new.authorisation"
    _description = "New authorisation"

    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    company_id = fields.Many2one("res.company", required=True)
    app_id = fields.Many2one(
        "helpdesk.oauth.app",
        string="App registration",
        domain="[('company_id', 'in', (False, company_id))]",
        compute="_compute_app_id",
        store=True,
        readonly=False,
    )
    redirect_uri = fields.Char("Redirect URI", compute="_compute_redirect_uri")

    @api.depends("company_id")
    def _compute_app_id(self):
        for wizard in self:
            # the company's own before what all use
            apps = self.env["helpdesk.oauth.app"].search(
                [("company_id", "in", (False, wizard.company_id.id))]
            )
            wizard.app_id = apps.sorted(lambda app: not app.company_id)[:1]

    def _compute_redirect_uri(self):
        # the same for all, and needed before there is any
        self.redirect_uri = self.env["helpdesk.oauth.app"].new().redirect_uri

    def action_sign_in(self):
        """To the sign-in page."""
        self.ensure_one()
        if not self.app_id:
            raise UserError(
                self.env._("Choose the app registration to sign in with, or create one.")
            )
        user = self.env[self.res_model].browse(self.res_id)
        if "new_account_id" not in user._fields:
            raise UserError(self.env._("This does not log in with a connected account."))
        user.check_access("write")
        return user._sign_in_with(self.app_id)
