# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import escape_psql


class HelpdeskSupportAliasAddress(models.Model):
    """An address that leads to a support alias."""

    _name = "helpdesk.support.alias.address"
    _description = "Address of a support alias"
    _order = "kind desc, email"
    _rec_name = "email"

    alias_id = fields.Many2one(
        "helpdesk.support.alias",
        string="Support alias",
        required=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="alias_id.company_id", store=True, index=True)
    email = fields.Char("Address", required=True)
    kind = fields.Selection(
        [
            ("own", "Own"),
            ("external", "Forwarded or fetched"),
            ("past", "Past"),
        ],
        required=True,
        default="external",
    )

    _email_unique = models.Constraint(
        "UNIQUE(email)", "This address already leads to a support alias."
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["email"] = self._normalize(vals.get("email"))
        addresses = super().create(vals_list)
        addresses._refuse_kept_by_sync()
        return addresses

    def write(self, vals):
        if "email" in vals:
            vals = dict(vals, email=self._normalize(vals["email"]))
        self._refuse_kept_by_sync()
        result = super().write(vals)
        self._refuse_kept_by_sync()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_external_only(self):
        self._refuse_kept_by_sync()

    def _refuse_kept_by_sync(self) -> None:
        """Own and past addresses follow the Odoo alias; typed by hand they would take mail away
        from whatever has the address in Odoo."""
        kept = self.filtered(lambda address: address.kind != "external")
        if kept and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(email)s follows the local part of its support alias. Only addresses that"
                    " are forwarded or fetched are written by hand.",
                    email=kept[0].email,
                )
            )

    @api.model
    def _normalize(self, email: str | None) -> str:
        """The address as it is looked up.

        :raise ValidationError: it is not an address
        """
        normalized = tools.email_normalize(email or "")
        if not normalized:
            raise ValidationError(
                self.env._(
                    "“%(email)s” is not an e-mail address. Write it like support@example.com.",
                    email=email or "",
                )
            )
        return normalized

    @api.constrains("email", "kind")
    def _check_not_of_odoo(self):
        """An external address must not be one that Odoo itself gives to something else."""
        external = self.filtered(lambda address: address.kind == "external")
        # sudo: aliases of other models, too
        taken = (
            self.env["mail.alias"]
            .sudo()
            .search([("alias_full_name", "in", external.mapped("email"))])
        )
        if taken:
            raise ValidationError(
                self.env._(
                    "%(email)s is an alias of Odoo's own (%(model)s). Mail to it is routed there.",
                    email=taken[0].alias_full_name,
                    model=taken[0].alias_model_id.name,
                )
            )
        # sudo: these may belong to other companies
        names = [email.rpartition("@")[2] for email in external.mapped("email")]
        domains = self.env["mail.alias.domain"].sudo().search([("name", "in", names)])
        scanners = self.env["fetchmail.server"].sudo().with_context(active_test=False)
        for address in external:
            if address.email in (
                *domains.mapped("catchall_email"),
                *domains.mapped("bounce_email"),
                *domains.mapped("default_from_email"),
            ):
                raise ValidationError(
                    self.env._("Odoo itself sends and answers as %(email)s.", email=address.email)
                )
            if scanners.search_count(
                [
                    ("is_scanner", "=", True),
                    ("user", "=ilike", escape_psql(address.email)),
                    ("company_id", "!=", address.company_id.id),
                ],
                limit=1,
            ):
                raise ValidationError(
                    self.env._(
                        "%(email)s is the mailbox of another company's mail scanner.",
                        email=address.email,
                    )
                )
