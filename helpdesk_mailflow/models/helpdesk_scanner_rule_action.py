# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models

KINDS = [
    ("contact", "Create contact if missing"),
    ("ticket", "Create or update ticket"),
    ("new_ticket", "Always a new ticket"),
    ("append", "Append to open ticket"),
    ("route_team", "Route to team"),
    ("route_agent", "Route to agent"),
    ("set", "Set tags and priority"),
    ("followers", "Add followers"),
    ("answer", "Answer automatically"),
    ("server_action", "Run a server action"),
    ("ignore", "Ignore"),
    ("hold", "Hold for review"),
    ("spam", "Mark as spam"),
    ("move", "Move to folder"),
    ("copy", "Copy to folder"),
    ("seen", "Mark as read"),
    ("unseen", "Mark as unread"),
    ("flag", "Flag"),
    ("unflag", "Take the flag off"),
    ("delete", "Delete from the mailbox"),
]
#: A ticket number in the text: as our own subjects have it, or with its letters alone.
NUMBER_PATTERN = r"\b(?P<number>[A-Z]{1,8}[-/]?\d{3,12})\b"


class HelpdeskScannerRuleAction(models.Model):
    """One thing that a rule does with a mail that matches; in the order listed."""

    _name = "helpdesk.scanner.rule.action"
    _description = "Action of a scanner rule"
    _inherit = ["helpdesk.scanner.compiled", "helpdesk.scanner.part"]
    _check_company_auto = True
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one(
        "helpdesk.scanner.rule", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="rule_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(KINDS, string="Action", required=True, default="ticket")

    # tickets and contacts
    value_ids = fields.One2many(
        "helpdesk.scanner.rule.value", "action_id", string="Values", copy=True
    )
    match_by = fields.Selection(
        [
            ("number", "Ticket number"),
            ("subject", "Same subject"),
            ("both", "Ticket number, else same subject"),
            ("none", "Nothing: only replies update"),
        ],
        string="Find the ticket to update by",
        default="number",
    )
    number_pattern = fields.Char(
        default=NUMBER_PATTERN,
        help="A regular expression; its group “number” is the ticket number",
    )
    look_in = fields.Selection(
        [
            ("subject", "Subject"),
            ("body", "Subject and body"),
            ("source", "Whole source (finds false numbers)"),
        ],
        string="Look for it in",
        default="subject",
    )
    of_strangers = fields.Boolean(
        "Also tickets of others",
        help="Tickets in which the writer takes no part. Who writes gets into their conversation.",
    )
    same_subject_of = fields.Selection(
        [
            ("requester", "Open tickets of the same requester"),
            ("any", "Any open ticket"),
        ],
        string="Same subject among",
        default="requester",
    )
    # routing
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        check_company=True,
        domain="[('company_id', 'in', (company_id, False))]",
        ondelete="set null",
    )
    assign = fields.Selection(
        [
            ("user", "This agent"),
            ("least_busy", "The least busy agent of the team"),
            ("round_robin", "The agents of the team in turn"),
        ],
        default="user",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Agent",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        ondelete="set null",
    )
    # set
    priority = fields.Selection(
        selection=lambda self: (
            self.env["helpdesk.ticket"]._fields["priority"]._description_selection(self.env)
        )
    )
    tag_ids = fields.Many2many(
        "helpdesk.ticket.tag",
        "helpdesk_scanner_rule_action_tag_rel",
        "action_id",
        "tag_id",
        string="Tags",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        "helpdesk_scanner_rule_action_partner_rel",
        "action_id",
        "partner_id",
        string="Followers",
        check_company=True,
    )
    template_id = fields.Many2one(
        "mail.template",
        domain="[('model', '=', 'helpdesk.ticket')]",
        ondelete="set null",
    )
    server_action_id = fields.Many2one(
        "ir.actions.server",
        string="Server action",
        domain="[('helpdesk_released', '=', True)]",
        ondelete="set null",
    )
    # mailbox
    folder_id = fields.Many2one(
        "helpdesk.mail.folder",
        check_company=True,
        domain="[('company_id', '=', company_id)]",
        ondelete="set null",
    )
    folder_name = fields.Char("Folder (typed)", help="As the server names it")
    create_folder = fields.Boolean("Create it if it is missing")
