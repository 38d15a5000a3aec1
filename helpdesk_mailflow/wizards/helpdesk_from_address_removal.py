# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models


class HelpdeskFromAddressRemoval(models.TransientModel):
    """Asks before From addresses are disabled or deleted, naming what answers as them and what
    that falls back to."""

    _name = "helpdesk.from.address.removal"
    _description = "Disable or delete From addresses"

    address_ids = fields.Many2many("helpdesk.from.address", required=True)
    removal = fields.Selection([("disable", "Disable"), ("delete", "Delete")], required=True)
    consequences = fields.Html(compute="_compute_consequences", sanitize=False)
    is_refused = fields.Boolean(compute="_compute_consequences")

    @api.depends("address_ids", "removal")
    def _compute_consequences(self):
        for wizard in self:
            # the addresses of a record that is not saved yet, too
            leaving = wizard.address_ids._origin
            leaving.check_access("read")
            companies = [
                self._consequences_in(company, addresses)
                for company, addresses in leaving.grouped("company_id").items()
            ]
            wizard.is_refused = any(each["is_refused"] for each in companies)
            wizard.consequences = self.env["ir.qweb"]._render(
                "helpdesk_mailflow.from_address_removal_consequences",
                {
                    "wizard": wizard,
                    "leaving": leaving,
                    "companies": companies,
                    "several": len(companies) > 1,
                },
                lang=self.env.lang,
                minimal_qcontext=True,
            )

    @api.model
    def _consequences_in(self, company, leaving) -> dict:
        """What becomes of a company without these addresses: ``company``, ``is_refused`` (none
        would be left), ``default`` (what becomes the default, if that changes), ``aliases``
        (alias, From address that answers then), ``tickets`` (From address that answers then ->
        how many open tickets answer via one of these)."""
        # sudo: what depends on an address is told to whoever may remove it, also of other teams
        leaving = leaving.sudo()
        usable = leaving._usable_for(company)
        left = usable - leaving
        aliases = self.env["helpdesk.support.alias"].sudo()
        aliases = aliases.search([("company_id", "=", company.id)])
        affected = aliases.filtered(
            lambda alias: (alias.answers_via_id | alias.answer_via_id) & leaving
        )
        return {
            "company": company,
            "is_refused": bool(usable) and not left,
            "default": left._default_one() if leaving.filtered("is_default") else left.browse(),
            "aliases": [(alias, alias._answering(left)) for alias in affected],
            "tickets": self._open_tickets_in(company, leaving, usable),
        }

    @api.model
    def _open_tickets_in(self, company, leaving, usable) -> dict:
        """What open tickets of a company answer via without some of its From addresses: address
        -> how many tickets that answer via one of these now, or for which one was chosen.

        There may be a great many: those with the same choice, alias and team are one row.
        """
        left = usable - leaving
        # sudo: as in _consequences_in
        rows = (
            self.env["helpdesk.ticket"]
            .sudo()
            ._read_group(
                [("company_id", "=", company.id), ("stage_id.closed", "=", False)],
                ["answer_via_id", "support_alias_id", "team_id"],
                ["__count"],
            )
        )

        def sender(chosen, alias, team, addresses):
            # as in _compute_answers_via_id of tickets
            of_alias = alias and alias.company_id == company and alias._answering(addresses)
            return (
                (chosen & addresses)
                or of_alias
                or addresses._of_team(team)
                or addresses._default_one()
            )

        found = {}
        for chosen, alias, team, count in rows:
            if (chosen | sender(chosen, alias, team, usable)) & leaving:
                then = sender(chosen, alias, team, left)
                found[then] = found.get(then, 0) + count
        return found

    def action_confirm(self):
        """Do it, with the rights of the user.

        :return: the list, since the form of a deleted address is gone
        """
        self.ensure_one()
        if self.removal == "disable":
            self.address_ids.write({"enabled": False})
            return {"type": "ir.actions.act_window_close"}
        self.address_ids.unlink()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.from_address_action"
        )
        return {**action, "target": "main"}
