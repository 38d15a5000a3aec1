# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

#: What a team may decide otherwise than its company.
INHERIT_YES_NO = [("inherit", "As the company"), ("yes", "Yes"), ("no", "No")]
#: What the leader of a team may change on it, without being a helpdesk manager.
OF_LEADERS = frozenset(
    (
        "create_contacts",
        "helpdesk_agent_name",
        "helpdesk_append_open",
        "helpdesk_auto_cc",
        "helpdesk_cc_contacts",
        "helpdesk_closed",
        "helpdesk_closed_days",
        "helpdesk_contact_from_reply_to",
        "helpdesk_known_contacts_only",
        "helpdesk_private_answers",
        "helpdesk_reply_line",
        "helpdesk_requester_from_forward",
        "helpdesk_same_account",
        "helpdesk_team_name",
        "helpdesk_thanks_keep_closed",
        "mail_display_name",
    )
)


class HelpdeskTicketTeam(models.Model):
    _inherit = "helpdesk.ticket.team"

    support_alias_ids = fields.One2many("helpdesk.support.alias", "team_id")
    from_address_ids = fields.One2many("helpdesk.from.address", "team_id")
    from_address_count = fields.Integer(compute="_compute_from_address_count")
    create_contacts = fields.Selection(
        [
            ("inherit", "As the company"),
            ("always", "Always"),
            ("rule", "Only when a rule says so"),
        ],
        string="Create contacts",
        default="inherit",
        required=True,
        help="Whether a contact is made of a sender whom nobody knows yet",
    )
    mail_display_name = fields.Char(
        "Display name in mails",
        translate=True,
        help="Shown to customers instead of the name of the team",
    )
    helpdesk_agent_name = fields.Selection(
        INHERIT_YES_NO, "Agent's name in From", default="inherit", required=True
    )
    helpdesk_team_name = fields.Selection(
        INHERIT_YES_NO, "Team's display name in From", default="inherit", required=True
    )
    helpdesk_auto_cc = fields.Selection(
        INHERIT_YES_NO, "Copy of answers to the support address", default="inherit", required=True
    )
    helpdesk_private_answers = fields.Selection(
        INHERIT_YES_NO, "Answers without the requester", default="inherit", required=True
    )
    helpdesk_reply_line = fields.Selection(
        INHERIT_YES_NO, "“Write your reply above this line”", default="inherit", required=True
    )

    is_led = fields.Boolean(
        "I lead this team",
        compute="_compute_is_led",
        search="_search_is_led",
        compute_sudo=True,
        recursive=True,
        help="The user is its team leader, or the one of a team above it",
    )
    past_address_ids = fields.Many2many(
        "helpdesk.support.alias.address",
        string="Past addresses",
        compute="_compute_past_address_ids",
        help="What its support aliases were called before",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("user_id", "parent_id.is_led")
    @api.depends_context("uid")
    def _compute_is_led(self):
        for team in self:
            team.is_led = team.user_id == self.env.user or team.parent_id.is_led

    def _search_is_led(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        # sudo: a team above may be of a company that the user does not see now
        led = self.sudo().with_context(active_test=False).search([("user_id", "=", self.env.uid)])
        return [("id", "child_of", led.ids)]

    @api.depends("from_address_ids")
    def _compute_from_address_count(self):
        for team in self:
            team.from_address_count = len(team.from_address_ids)

    @api.depends("support_alias_ids.address_ids.kind")
    def _compute_past_address_ids(self):
        for team in self:
            team.past_address_ids = team.support_alias_ids.address_ids.filtered(
                lambda address: address.kind in ("past", "retired")
            )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self.env["helpdesk.support.alias"]._adopt_teams(teams)
        return teams

    def write(self, vals):
        if self._is_written_by_leader(vals):
            # sudo: teams are a helpdesk manager's to write; these fields of the own team are
            # its leader's, too
            return super(HelpdeskTicketTeam, self.sudo()).write(vals)
        return super().write(vals)

    def _is_written_by_leader(self, vals) -> bool:
        return (
            bool(self)
            and not self.env.su
            and vals.keys() <= OF_LEADERS
            and not self.has_access("write")
            and self.has_access("read")
            and all(team.is_led for team in self)
        )

    def unlink(self):
        # the team's Odoo alias goes with it, so its support alias has to let go first
        # sudo: who may delete a team need not be able to see every queue
        queues = (
            self.env["helpdesk.support.alias"]
            .sudo()
            .with_context(active_test=False)
            .search([("alias_id", "in", self.sudo().alias_id.ids)])
        )
        for queue in queues:
            queue.write({"of_team_id": False, "alias_id": False})
            queue._make_alias("")
        return super().unlink()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_scanner_rules(self):
        """The scanner rules of this team, and those for no team, which count for it, too."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.scanner_rule_action"
        )
        action["domain"] = [("team_id", "in", [self.id, False])]
        context = {"active_test": False, "default_active": False, "default_team_id": self.id}
        if self.company_id:
            context["default_company_id"] = self.company_id.id
        action["context"] = context
        return action

    def action_open_from_addresses(self):
        """The From addresses that are for this team alone."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.from_address_action"
        )
        action["domain"] = [("team_id", "=", self.id)]
        context = {"default_team_id": self.id}
        if self.company_id:
            context["default_company_id"] = self.company_id.id
        action["context"] = context
        return action
