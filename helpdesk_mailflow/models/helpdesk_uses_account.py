# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .helpdesk_of_team import SYSTEM

#: Where forms are, with the path of their action.
ODOO = "/odoo"


class HelpdeskUsesAccount(models.AbstractModel):
    """Something that logs in with the token of a connected account: a mail scanner, a From
    address, a connection of the guide. It has a ``company_id``."""

    _name = "helpdesk.uses.account"
    _description = "Uses a connected account"

    #: Where its form is, inside Odoo.
    _account_path = ""

    oauth_account_id = fields.Many2one(
        "helpdesk.oauth.account",
        string="Connected account",
        groups=SYSTEM,
        ondelete="restrict",
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('state', '!=', 'new')]",
        help="Who signed in, and has rights on the mailbox",
    )
    # what works goes on to be used until somebody has signed in with another account
    new_account_id = fields.Many2one(
        "helpdesk.oauth.account",
        string="New authorisation",
        groups=SYSTEM,
        ondelete="set null",
        index="btree_not_null",
        copy=False,
    )
    oauth_problem = fields.Text(
        "Problem of the account", related="oauth_account_id.problem", groups=SYSTEM
    )
    oauth_problem_since = fields.Datetime(
        "Account's problem since", related="oauth_account_id.problem_since", groups=SYSTEM
    )

    @api.constrains("oauth_account_id", "company_id")
    def _check_account_company(self):
        for record in self.sudo():  # sudo: a manager may change the company
            account = record.oauth_account_id
            if account and account.company_id != record.company_id:
                raise ValidationError(
                    self.env._(
                        "The connected account %(account)s belongs to another company. Choose"
                        " another one, or make a new authorisation.",
                        account=account.display_name,
                    )
                )

    # ------------------------------------------------------------
    # A NEW AUTHORISATION
    # ------------------------------------------------------------

    def action_new_authorisation(self):
        """Sign in with another account, and come back here with it."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New authorisation"),
            "res_model": "helpdesk.new.authorisation",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_res_model": self._name,
                "default_res_id": self.id,
                "default_company_id": self.company_id.id,
            },
        }

    def action_sign_in_again(self):
        """Renew the authorisation that is used here."""
        self.ensure_one()
        if not self.oauth_account_id:
            raise UserError(
                self.env._("Choose a connected account first, or make a new authorisation.")
            )
        return self.oauth_account_id._sign_in_action(self._form_path())

    def _sign_in_with(self, app, flow: str = "user"):
        """Begin a new authorisation that is used here once somebody has signed in.

        :param app: ``helpdesk.oauth.app``
        :return: an action
        """
        self.ensure_one()
        account = self.new_account_id
        if account.state != "new" or account.app_id != app or account.flow != flow:
            account = account.create(
                {"app_id": app.id, "company_id": self.company_id.id, "flow": flow}
            )
            self.new_account_id = account
        return account._sign_in_action(self._form_path())

    def _form_path(self) -> str:
        return f"{self._account_path}/{self.id}"

    def _take_new_account(self) -> None:
        """Use the new authorisation, if somebody has signed in.

        Whoever is at work with the record is not waited for.
        """
        for record in self:
            account = record.new_account_id
            if account.state == "ok" and record.try_lock_for_update(allow_referencing=True):
                record._use_account(account)
                record.new_account_id = False

    def _use_account(self, account) -> None:
        self.ensure_one()
        self.oauth_account_id = account
