# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What a From address is used for, and what asks before that changes."""

from datetime import timedelta

from odoo import api, fields, models

#: How long a new From address offers to switch templates by itself.
OFFERED = timedelta(days=3)


class HelpdeskFromAddress(models.Model):
    _inherit = "helpdesk.from.address"

    alias_ids = fields.Many2many(
        "helpdesk.support.alias",
        string="Answers for",
        compute="_compute_alias_ids",
        compute_sudo=True,
        help="Support aliases whose tickets are answered as this address",
    )
    alias_count = fields.Integer(compute="_compute_alias_ids", compute_sudo=True)
    template_count = fields.Integer(
        "Templates with an old sender",
        compute="_compute_template_count",
        help="Mail templates of tickets that name a sender that is none of our From addresses",
    )
    offers_templates = fields.Boolean(
        compute="_compute_offers_templates",
        help="It is new, and there are templates that name an old sender",
    )

    @api.depends("company_id", "is_usable", "is_default")
    def _compute_alias_ids(self):
        aliases = self.env["helpdesk.support.alias"].search(
            [("company_id", "in", self.company_id.ids)]
        )
        by_sender = aliases.grouped("answers_via_id")
        for address in self:
            address.alias_ids = by_sender.get(address._origin, aliases.browse())
            address.alias_count = len(address.alias_ids)

    def action_disable(self):
        """Ask first, naming what answers as these addresses."""
        self.check_access("write")
        return self._action_remove("disable", self.env._("Disable a From address"))

    def action_delete(self):
        """The same before they are deleted."""
        self.check_access("unlink")
        return self._action_remove("delete", self.env._("Delete a From address"))

    def _action_remove(self, removal: str, name: str) -> dict:
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.from_address_removal_action"
        )
        action["name"] = name
        action["context"] = {"default_address_ids": self.ids, "default_removal": removal}
        return action

    def action_open_aliases(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.support_alias_action"
        )
        action["domain"] = [("id", "in", self.alias_ids.ids)]
        return action

    @api.depends_context("uid")
    def _compute_template_count(self):
        self.template_count = len(
            self.env["mail.template"]._helpdesk_templates()._helpdesk_names_old_sender()
        )

    @api.depends("verified_date", "is_usable", "template_count")
    def _compute_offers_templates(self):
        since = fields.Datetime.now() - OFFERED
        for address in self:
            address.offers_templates = (
                address.is_usable
                and address.template_count
                and (address.verified_date or address.create_date or since) > since
            )

    def action_switch_templates(self):
        """Offer to switch the senders of mail templates."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.switch_templates_action"
        )
        action["context"] = {"default_address_id": self.id}
        return action
