# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Each team has an address on the alias domain: to forward to, and to be written to directly."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .helpdesk_ticket_team import INHERIT_YES_NO


class HelpdeskTicketTeam(models.Model):
    _inherit = "helpdesk.ticket.team"

    inbound_email = fields.Char(
        "Inbound address",
        compute="_compute_inbound_email",
        compute_sudo=True,
        help="Mail to this address opens tickets of the team. Forward a mailbox to it, or write to"
        " it directly.",
    )
    helpdesk_hidden_address = fields.Selection(
        INHERIT_YES_NO,
        "Inbound address that is hard to guess",
        default="inherit",
        required=True,
        help="Holds from the next address on that is made for the team",
    )
    inbound_is_own = fields.Boolean(compute="_compute_inbound_email", compute_sudo=True)
    has_alias_domain = fields.Boolean(compute="_compute_has_alias_domain", compute_sudo=True)

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends(
        "alias_id.alias_full_name",
        "alias_id.alias_domain_id",
        "support_alias_ids.alias_id.alias_full_name",
        "support_alias_ids.alias_id.alias_domain_id",
    )
    def _compute_inbound_email(self):
        for team in self:
            leading = team.alias_id | team.support_alias_ids.alias_id
            leading = leading.filtered(lambda alias: alias.alias_name and alias.alias_domain_id)
            team.inbound_email = leading[:1].alias_full_name
            team.inbound_is_own = bool(leading) and leading[0] == team.alias_id

    @api.depends("company_id.alias_domain_id", "alias_id.alias_domain_id")
    def _compute_has_alias_domain(self):
        for team in self:
            team.has_alias_domain = bool(team._inbound_domain())

    def _inbound_domain(self):
        """The alias domain that an address of the team is on; empty if there is none."""
        self.ensure_one()
        if self.company_id:
            return self.company_id.alias_domain_id
        return self.alias_id.alias_domain_id or self.env.company.alias_domain_id

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        teams._give_addresses()
        return teams

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active") or "company_id" in vals:
            self._give_addresses()
        return result

    # ------------------------------------------------------------
    # ADDRESSES
    # ------------------------------------------------------------

    def _give_addresses(self) -> None:
        """Give teams that nobody can write to an address, and by it a support alias.

        Teams that a support alias with an address leads to have theirs already. Without an alias
        domain there is nothing to give; the teams get theirs as soon as the company has one.
        """
        if self.env.context.get("mailflow_no_generated_address"):
            return
        # sudo: who may make teams need not be able to see aliases and addresses
        for team in self.sudo():
            if team.active and not team.inbound_email and team._inbound_domain():
                team._take_generated_address()

    def _take_generated_address(self) -> None:
        self.ensure_one()
        domain = self._inbound_domain()
        company = self.company_id or self.env.company
        local_part = self.env["helpdesk.support.alias"]._generated_local_part(
            self.name, domain, hidden=company._mailflow_policy("hidden_address", self)
        )
        self.alias_id.write({"alias_name": local_part, "alias_domain_id": domain.id})
        self.env["helpdesk.support.alias.address"]._mark_generated(f"{local_part}@{domain.name}")

    def action_generate_address(self):
        """Give the team an address, or another one than it has; the former one keeps leading here
        until it is retired.

        :raise UserError: there is no alias domain
        """
        self.check_access("write")
        for team in self.sudo():
            if not team._inbound_domain():
                raise UserError(
                    self.env._(
                        "%(company)s has no alias domain, which the address would be on. Set one"
                        " in the general settings first.",
                        company=(team.company_id or self.env.company).name,
                    )
                )
            team._take_generated_address()
        return True
