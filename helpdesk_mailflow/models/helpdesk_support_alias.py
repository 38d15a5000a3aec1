# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import ast
import re

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

#: Local parts tried, in this order, for the alias that each company begins with.
FIRST_LOCAL_PARTS = ("support", "helpdesk", "service")
#: Written in the name of the system alone.
KEPT_BY_THE_ADDON = frozenset(("alias_id", "of_team_id"))


class HelpdeskSupportAlias(models.Model):
    """A queue that customers write to."""

    _name = "helpdesk.support.alias"
    _description = "Support alias"
    _inherit = ["mail.thread", "helpdesk.of.team"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    friendly_name = fields.Char(
        "Friendly name",
        help="Shown before the address wherever it is sent or listed; the name if empty",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        check_company=True,
        tracking=True,
        index="btree_not_null",
        help="Tickets that come in here go to this team",
    )
    intake = fields.Boolean(
        default=True, tracking=True, help="When off, mails are kept and can be taken in later"
    )
    # the mail.alias that Odoo routes by: its own, or the one of a team
    alias_id = fields.Many2one(
        "mail.alias", string="Odoo alias", ondelete="restrict", readonly=True, copy=False
    )
    of_team_id = fields.Many2one(
        "helpdesk.ticket.team",
        string="Adopted from team",
        ondelete="set null",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The team that the Odoo alias belongs to",
    )
    alias_name = fields.Char(
        "Local part",
        compute="_compute_alias_name",
        inverse="_inverse_alias_name",
        compute_sudo=True,
        help="What stands before the @",
    )
    alias_domain_name = fields.Char(compute="_compute_alias_name", compute_sudo=True)
    email = fields.Char(compute="_compute_email", compute_sudo=True, search="_search_email")
    display_email = fields.Char(compute="_compute_email", compute_sudo=True)
    address_ids = fields.One2many("helpdesk.support.alias.address", "alias_id", copy=False)
    external_address_ids = fields.One2many(
        "helpdesk.support.alias.address",
        "alias_id",
        domain=[("kind", "=", "external")],
        copy=False,
        help="Addresses elsewhere that are forwarded to this alias or fetched for it",
    )
    own_address_ids = fields.One2many(
        "helpdesk.support.alias.address",
        "alias_id",
        domain=[("kind", "!=", "external")],
        readonly=True,
        copy=False,
    )
    ticket_ids = fields.One2many("helpdesk.ticket", "support_alias_id")
    open_ticket_count = fields.Integer(compute="_compute_counts")
    unassigned_ticket_count = fields.Integer(compute="_compute_counts")
    waiting_mail_count = fields.Integer(
        compute="_compute_counts", help="Mails that were not taken in or are held"
    )
    mail_count = fields.Integer(compute="_compute_counts")
    several_teams = fields.Boolean(compute="_compute_several_teams")

    _alias_unique = models.Constraint(
        "UNIQUE(alias_id)", "An Odoo alias can belong to one support alias."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("alias_id.alias_name", "alias_id.alias_domain_id.name", "company_id")
    def _compute_alias_name(self):
        for queue in self:
            queue.alias_name = queue.alias_id.alias_name
            queue.alias_domain_name = (
                queue.alias_id.alias_domain_id
                if queue.alias_id
                else queue.company_id.alias_domain_id
            ).name

    def _inverse_alias_name(self):
        for queue in self:
            local_part = (queue.alias_name or "").strip()
            queue._check_local_part(local_part)
            # sudo: aliases are a system admin's; this one belongs to the queue, whose
            # rights were checked
            alias = queue.alias_id.sudo()
            if alias:
                # an alias stays on its domain when the company moves to another, since
                # customers know it; a new address is on the company's
                domain = (
                    alias.alias_domain_id if queue.of_team_id else queue.company_id.alias_domain_id
                )
                alias.write({"alias_name": local_part or False, "alias_domain_id": domain.id})
            else:
                queue._make_alias(local_part)

    def _check_local_part(self, local_part: str) -> None:
        # not alias_domain_name: it is not to be read while alias_name is being set
        domain = self.alias_id.sudo().alias_domain_id or self.company_id.alias_domain_id
        self._check_not_of_others(f"{local_part}@{domain.name}")
        if "@" in local_part:
            raise ValidationError(
                self.env._(
                    "Type only what stands before the @. The domain is the one of the company:"
                    " %(domain)s.",
                    domain=domain.name or self.env._("none is set"),
                )
            )

    def _check_not_of_others(self, email: str) -> None:
        """A new local part takes over the address from a queue that has or had it: only from
        one that the user may change."""
        if self.env.su:
            return
        normalized = tools.email_normalize(email)
        # sudo: to find it at all
        others = self.env["helpdesk.support.alias.address"].sudo()
        others = others.search([("email", "=", normalized), ("alias_id", "!=", self.id)])
        if others and not others.with_env(self.env).has_access("write"):
            raise AccessError(
                self.env._(
                    "%(email)s is or was the address of another support alias. Only a helpdesk"
                    " manager can move it.",
                    email=email,
                )
            )

    @api.depends(
        "name",
        "friendly_name",
        "alias_id.alias_full_name",
        "alias_id.alias_domain_id",
        "address_ids.email",
        "address_ids.kind",
    )
    @api.depends_context("lang")
    def _compute_email(self):
        for queue in self:
            own = queue.alias_id.alias_domain_id and queue.alias_id.alias_full_name
            external = queue.address_ids.filtered(lambda each: each.kind == "external")
            queue.email = own or external[:1].email
            # for people to read; headers get theirs from formataddr
            queue.display_email = (
                f"{queue.friendly_name or queue.name or ''} <{queue.email}>".strip()
                if queue.email
                else False
            )

    def _search_email(self, operator, value):
        return [("address_ids.email", operator, value)]

    @api.depends("name", "email")
    def _compute_display_name(self):
        for queue in self:
            queue.display_name = (
                f"{queue.name} <{queue.email}>"
                if queue.email and self.env.context.get("show_email")
                else queue.name
            )

    def _compute_counts(self):
        Ticket = self.env["helpdesk.ticket"]
        domain = [("support_alias_id", "in", self.ids), ("stage_id.closed", "=", False)]
        still_open = dict(Ticket._read_group(domain, ["support_alias_id"], ["__count"]))
        unassigned = dict(
            Ticket._read_group(
                [*domain, ("user_id", "=", False)], ["support_alias_id"], ["__count"]
            )
        )
        Mail, by_alias = self.env["helpdesk.incoming.mail"], [("alias_id", "in", self.ids)]
        mails = dict(Mail._read_group(by_alias, ["alias_id"], ["__count"]))
        waiting = dict(
            Mail._read_group(
                [*by_alias, ("state", "in", ("not_taken_in", "held", "failed"))],
                ["alias_id"],
                ["__count"],
            )
        )
        for queue in self:
            queue.open_ticket_count = still_open.get(queue, 0)
            queue.unassigned_ticket_count = unassigned.get(queue, 0)
            queue.mail_count = mails.get(queue, 0)
            queue.waiting_mail_count = waiting.get(queue, 0)

    @api.depends("company_id")
    def _compute_several_teams(self):
        count = self.env["helpdesk.ticket.team"].search_count([], limit=2)
        for queue in self:
            queue.several_teams = count > 1

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_foreign_alias(vals)
        if not self.env.su:
            defaults = {f"default_{name}": False for name in KEPT_BY_THE_ADDON}
            self = self.with_context(**defaults)
        local_parts = [vals.pop("alias_name", None) for vals in vals_list]
        queues = super().create(vals_list)
        for queue, local_part in zip(queues, local_parts, strict=True):
            if not queue.alias_id:
                queue._make_alias(local_part or "")
        queues._sync_alias_defaults()
        queues._sync_own_addresses()
        return queues

    def write(self, vals):
        self._refuse_foreign_alias(vals)
        if "company_id" in vals:
            leaving = self.filtered(lambda queue: queue.company_id.id != vals["company_id"])
            leaving._check_another_stays()
        result = super().write(vals)
        if "company_id" in vals:
            self._follow_company()
        if vals.keys() & {"team_id", "company_id", "alias_id"}:
            self._sync_alias_defaults()
        if vals.keys() & {"alias_id", "company_id"}:
            self._sync_own_addresses()
        if "company_id" in vals:
            # sudo: of which company each address is now
            emails = self.sudo().address_ids.mapped("email")
            self.env["helpdesk.from.address"]._withdraw_lost_domain([("email", "in", emails)])
        return result

    @api.model
    def _refuse_foreign_alias(self, vals) -> None:
        """A queue renames and deletes its Odoo alias with rights that its manager lacks, so which
        one that is must not be the manager's to say."""
        if not self.env.su and vals.keys() & KEPT_BY_THE_ADDON:
            raise AccessError(
                self.env._(
                    "Which Odoo alias belongs to a support alias is kept by Odoo itself. Change the"
                    " local part instead."
                )
            )

    @api.constrains("alias_id")
    def _check_alias_of_tickets(self):
        for queue in self:
            model = queue.sudo().alias_id.alias_model_id
            if model and model.model != "helpdesk.ticket":
                raise ValidationError(
                    self.env._(
                        "%(alias)s is an alias of something else (%(model)s).",
                        alias=queue.sudo().alias_id.display_name,
                        model=model.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_last(self):
        self._check_another_stays()

    def _check_another_stays(self) -> None:
        """Each company keeps a support alias.

        :raise UserError: without these a company has none
        """
        for company in self.company_id:
            left = self.sudo().search_count(
                [("company_id", "=", company.id), ("id", "not in", self.ids)], limit=1
            )
            if not left:
                raise UserError(
                    self.env._(
                        "%(alias)s is the last support alias of %(company)s. One has to stay: add"
                        " another one first, or switch its intake off.",
                        alias=self.grouped("company_id")[company][0].name,
                        company=company.name,
                    )
                )

    def unlink(self):
        self.env["helpdesk.scanner.rule"]._switch_off_rules_of("alias_ids", self)
        # an adopted alias goes back to its team; one of our own has no other use
        own = self.filtered(lambda queue: not queue.of_team_id).sudo().alias_id
        result = super().unlink()
        own.unlink()
        return result

    def copy_data(self, default=None):
        values = super().copy_data(default)
        return [
            dict(vals, name=self.env._("%s (copy)", queue.name))
            for queue, vals in zip(self, values, strict=True)
        ]

    # ------------------------------------------------------------
    # THE ODOO ALIAS
    # ------------------------------------------------------------

    def _make_alias(self, local_part: str) -> None:
        """Give the queue an Odoo alias of its own."""
        self.ensure_one()
        self._check_local_part(local_part)
        # sudo: as in _inverse_alias_name
        self.sudo().alias_id = (
            self.env["mail.alias"]
            .sudo()
            .create(
                {
                    "alias_name": local_part or False,
                    "alias_domain_id": self.company_id.alias_domain_id.id,
                    "alias_model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                    "alias_contact": "everyone",
                }
            )
        )

    def _follow_company(self) -> None:
        """Aliases of their own lie on the alias domain of their company."""
        for queue in self.filtered(lambda each: not each.of_team_id):
            # sudo: as in _inverse_alias_name
            alias, domain = queue.sudo().alias_id, queue.company_id.alias_domain_id
            if alias.alias_domain_id != domain:
                alias.alias_domain_id = domain

    def _follow_first_domain(self) -> None:
        """Aliases of companies that had no alias domain get an address with the first one."""
        self.filtered(lambda each: not each.sudo().alias_id.alias_domain_id)._follow_company()

    def _sync_alias_defaults(self) -> None:
        """Tickets that stock Odoo would make through the alias land in the same place."""
        for queue in self.filtered(lambda each: each.alias_id and not each.of_team_id):
            alias = queue.sudo().alias_id
            defaults = dict(ast.literal_eval(alias.alias_defaults or "{}"))
            defaults.update(company_id=queue.company_id.id, team_id=queue.team_id.id)
            alias.alias_defaults = repr({key: val for key, val in defaults.items() if val})

    def _sync_own_addresses(self) -> None:
        """Mirror the Odoo aliases' addresses; what they were before keeps leading here."""
        Address = self.env["helpdesk.support.alias.address"].sudo()
        for queue in self.sudo():
            alias = queue.alias_id
            current = alias.alias_full_name if alias.alias_domain_id and alias.alias_name else False
            own = queue.address_ids.filtered_domain([("kind", "=", "own")])
            same = own.filtered_domain([("email", "=", current)])
            (own - same).kind = "past"
            if not current or same:
                continue
            existing = Address.search([("email", "=", tools.email_normalize(current) or current)])
            if existing:
                existing.write({"alias_id": queue.id, "kind": "own", "generated": False})
            else:
                Address.create({"alias_id": queue.id, "email": current, "kind": "own"})

    # ------------------------------------------------------------
    # INSTALLATION
    # ------------------------------------------------------------

    @api.model
    def _adopt_teams(self, teams) -> None:
        """Make a support alias of each team's alias that has an address."""
        adopted = (
            self.sudo().with_context(active_test=False).search([("of_team_id", "in", teams.ids)])
        )
        for team in teams.sudo() - adopted.of_team_id:
            if not team.alias_name:
                continue
            self.sudo().create(
                {
                    "name": team.name,
                    "color": team.color,
                    "team_id": team.id,
                    "company_id": (team.company_id or self.env.company).id,
                    "alias_id": team.alias_id.id,
                    "of_team_id": team.id,
                    "sequence": team.sequence,
                }
            )

    @api.model
    def _give_each_company_one(self, companies) -> None:
        """A default support alias for companies that have none of their own."""
        served = self.sudo().search(
            [("company_id", "in", companies.ids), ("of_team_id", "=", False)]
        )
        for company in companies - served.company_id:
            teams = (
                self.env["helpdesk.ticket.team"].sudo().search([("company_id", "=", company.id)])
            )
            self.sudo().with_company(company).create(
                {
                    "name": self.env._("Support"),
                    "company_id": company.id,
                    "team_id": teams.id if len(teams) == 1 else False,
                    "alias_name": self._free_local_part(company),
                    "color": 4,
                    "sequence": 1,
                }
            )

    @api.model
    def _free_local_part(self, company) -> str:
        """The first usual local part that nothing on the company's alias domain has.

        A company that was made a moment ago has the first alias domain there is, and will
        often get one of its own: its alias should meet no other one there either.
        """
        domain = company.alias_domain_id
        slug = re.sub(r"[^a-z0-9]+", "-", tools.remove_accents(company.name).lower()).strip("-")
        suffixed = [f"support-{slug}"] if slug else []
        tries = [*FIRST_LOCAL_PARTS, *suffixed, f"support-{company.id}"]
        # sudo: aliases of other companies and models occupy addresses, too; those without
        # a domain get the company's once it has one
        taken = self.env["mail.alias"].sudo().search([("alias_name", "in", tries)])
        if not self.env.context.get("mailflow_new_company"):
            taken = taken.filtered(lambda alias: alias.alias_domain_id in (domain, domain.browse()))
        taken = {*taken.mapped("alias_name"), domain.catchall_alias, domain.bounce_alias}
        return next(each for each in tries if each not in taken)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_switch_intake(self):
        for queue in self:
            queue.intake = not queue.intake
        return True

    def action_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mgmt.helpdesk_ticket_action"
        )
        action["domain"] = [("support_alias_id", "=", self.id)]
        action["context"] = {"search_default_open": 1}
        return action

    def action_open_unassigned_tickets(self):
        action = self.action_open_tickets()
        action["context"]["search_default_unassigned"] = 1
        return action

    def action_open_waiting_mails(self):
        action = self.action_open_mails()
        action["context"] = {"search_default_to_look_at": 1}
        return action

    def action_open_mails(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.incoming_mail_action"
        )
        action["domain"] = [("alias_id", "=", self.id)]
        return action
