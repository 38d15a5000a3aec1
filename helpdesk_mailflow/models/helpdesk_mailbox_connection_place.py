# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The step *Team and answers* of the guide: who gets the tickets, and what customers see."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .sender_name import sender_name


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    is_proposed = fields.Boolean(copy=False, help="What is likely was filled in")
    team_choice = fields.Selection(
        [("existing", "An existing team"), ("new", "A new team")],
        string="Who gets the tickets",
        default="existing",
        required=True,
    )
    new_team_name = fields.Char("Name of the team")
    has_teams = fields.Boolean(compute="_compute_has_teams")
    alias_choice = fields.Selection(
        [("existing", "An existing one"), ("new", "A new one")],
        string="Queue",
        default="existing",
        required=True,
    )
    fresh_alias_id = fields.Many2one(
        "helpdesk.support.alias",
        readonly=True,
        copy=False,
        help="The support alias that the guide took to be this one: it may be renamed",
    )
    new_alias_name = fields.Char("Name")
    new_alias_friendly_name = fields.Char(
        "Name in mails",
        help="Stands before the address where no agent is named; the name of the support alias"
        " if empty",
    )
    new_alias_color = fields.Integer("Color")
    answer_via_id = fields.Many2one(
        "helpdesk.from.address",
        string="Answer via",
        check_company=True,
        ondelete="set null",
        domain="[('company_id', '=', company_id), ('is_offered', '=', True)]",
    )
    answers_as_itself = fields.Boolean(compute="_compute_answers_as_itself")
    signature = fields.Html(
        help="Under answers to tickets that come in here. Empty: the signature of the assigned"
        " agent, from the agent's preferences."
    )
    answer_example = fields.Char(compute="_compute_answer_example")
    automatic_example = fields.Char(compute="_compute_answer_example")
    answer_note = fields.Char(compute="_compute_answer_example")
    place_note = fields.Char(compute="_compute_place_note")
    template_preview = fields.Text(compute="_compute_template_preview")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("company_id")
    def _compute_has_teams(self):
        for connection in self:
            connection.has_teams = bool(connection._teams(limit=1))

    def _teams(self, limit=None):
        domain = [("company_id", "in", (False, self.company_id.id))]
        return self._by_keeper(self.env["helpdesk.ticket.team"]).search(domain, limit=limit)

    @api.depends("direction", "from_address_id")
    def _compute_answers_as_itself(self):
        for connection in self:
            connection.answers_as_itself = bool(
                connection.direction != "in" and connection.from_address_id
            )

    @api.depends(
        "company_id",
        "answers_as_itself",
        "from_address_id.is_usable",
        "activated_date",
        "answer_via_id",
        "team_choice",
        "team_id",
        "new_team_name",
        "alias_choice",
        "alias_id",
        "new_alias_name",
        "new_alias_friendly_name",
    )
    @api.depends_context("uid", "lang")
    def _compute_answer_example(self):
        me = self.env.user.partner_id
        for connection in self:
            queue, team = connection._queue_to_be(), connection._team_to_be()
            sender, meanwhile = connection._sender_to_be()
            names = [
                sender_name(sender, queue, team, connection.company_id, author)
                for author in (me, me.browse())
            ]
            shown = [f'"{name}" <{sender.email}>' if sender else False for name in names]
            connection.answer_example, connection.automatic_example = shown
            connection.answer_note = connection._answer_note(sender, meanwhile)

    def _answer_note(self, sender, meanwhile) -> str:
        """What stands in the way of answers that leave as they shall, or ""."""
        if not sender:
            return self.env._(
                "%(company)s has no From address yet, so answers wait. Verify one under Mail ›"
                " From addresses.",
                company=self.company_id.name,
            )
        if sender == meanwhile:
            return ""
        names = {"email": sender.email, "meanwhile": meanwhile.email or "–"}
        if sender.state == "verified":
            return self.env._(
                "%(email)s is disabled. Until it is enabled, answers leave as %(meanwhile)s.",
                **names,
            )
        if sender.state == "sent":
            return self.env._(
                "%(email)s is not verified yet: a mail with a link waits in its mailbox. Until it"
                " is opened, answers leave as %(meanwhile)s.",
                **names,
            )
        return self.env._(
            "%(email)s is not verified yet. Until it is, answers leave as %(meanwhile)s.", **names
        )

    def _team_to_be(self):
        """The team as it will be, for its names."""
        if self.team_choice == "new":
            values = {"name": self.new_team_name, "company_id": self.company_id.id}
            return self.env["helpdesk.ticket.team"].sudo().new(values)
        return self.team_id

    def _queue_to_be(self):
        """The support alias as it will be, for its names."""
        if self.alias_choice == "new":
            values = {
                "name": self.new_alias_name or self._alias_title(),
                "friendly_name": self.new_alias_friendly_name,
                "company_id": self.company_id.id,
            }
            return self.env["helpdesk.support.alias"].sudo().new(values)
        return self.alias_id

    def _sender_to_be(self):
        """The From address of answers, and the one that they leave as meanwhile."""
        # sudo: what answers leave as is told to whoever sets it up
        usable = self.env["helpdesk.from.address"]._usable_for(self.company_id)
        team = self.team_id if self.team_choice == "existing" else self.team_id.browse()
        queue = self.alias_id if self.alias_choice == "existing" else self.alias_id.browse()
        other = (
            (self.answer_via_id.sudo() & usable)
            or queue.sudo().answers_via_id
            or usable._of_team(team)
            or usable._default_one()
        )
        if not self.answers_as_itself:
            return other, other
        own = self.from_address_id.sudo()
        if self._is_sender_ready():
            return own, own
        return own, own & usable or other

    @api.depends("team_choice", "team_id", "alias_choice", "alias_id.team_id", "direction")
    def _compute_place_note(self):
        for connection in self:
            queue, team = connection.alias_id, connection.team_id
            connection.place_note = (
                self.env._(
                    "New tickets of “%(alias)s” go to %(team)s instead of %(former)s from then on.",
                    alias=queue.name,
                    team=team.name,
                    former=queue.team_id.name,
                )
                if connection.alias_choice == connection.team_choice == "existing"
                and connection.direction != "out"
                and queue.team_id
                and team
                and team != queue.team_id
                else False
            )

    @api.depends("company_id", "team_choice", "team_id", "step")
    @api.depends_context("uid", "lang")
    def _compute_template_preview(self):
        templates = self.env["helpdesk.conversation.template"]
        for connection in self:
            connection.template_preview = False
            # only where it is looked at
            if connection.step == "place" and templates.has_access("read"):
                team = connection.team_id if connection.team_choice == "existing" else None
                template = templates._of(connection.company_id, team or connection.team_id.browse())
                connection.template_preview = template.sudo(False)._render_preview()[1]

    @api.onchange("team_id")
    def _onchange_team_id(self):
        """A queue that was only proposed follows the team."""
        proposed = self.alias_choice == "existing" and self.alias_id not in self._made_aliases()
        if proposed and self.team_id and self.alias_id.team_id != self.team_id:
            found = self._unused_aliases().filtered(lambda queue: queue.team_id == self.team_id)
            if found and self.alias_id in self._unused_aliases():
                self.alias_id = found[0]
                self.signature = found[0].signature

    @api.onchange("alias_id")
    def _onchange_alias_id(self):
        if self.alias_choice == "existing" and self.alias_id:
            self.signature = self.alias_id.signature
            if self.alias_id.team_id and self.team_choice == "existing":
                self.team_id = self.alias_id.team_id

    # ------------------------------------------------------------
    # THE STEP
    # ------------------------------------------------------------

    def _enter_place(self):
        """Propose what is likely, once; coming back finds what was chosen."""
        if not self.is_proposed:
            self.is_proposed = True
            self._propose_alias()
            self._propose_team()
        if self.alias_id and self.alias_choice == "existing" and not self.signature:
            self.signature = self.alias_id.signature

    def _propose_alias(self) -> None:
        fresh = self.alias_id & self.fresh_alias_id
        self.new_alias_name = self.new_alias_name or fresh.name or self._alias_title()
        if self.alias_id in self._made_aliases():
            if fresh:
                self.new_alias_friendly_name = fresh.friendly_name
                self.new_alias_color = fresh.color
            self.alias_choice = "new"
            return
        queue = self.alias_id or self._leading_alias() or self._likely_alias()
        if not queue and self.direction == "out":
            queue = self._aliases()[:1]
        self.alias_choice = "existing" if queue else "new"
        self.alias_id = queue

    def _propose_team(self) -> None:
        if self.direction == "out":
            return
        if not self.team_id:
            teams = self._teams(limit=2)
            self.team_id = (
                self.alias_id.team_id if self.alias_choice == "existing" else False
            ) or (teams if len(teams) == 1 else False)
        if not self.has_teams:
            self.team_choice = "new"
            self.new_team_name = self.new_team_name or self.env._("Support")

    def _aliases(self):
        queues = self._by_keeper(self.env["helpdesk.support.alias"])
        return queues.search([("company_id", "=", self.company_id.id)])

    def _leading_alias(self):
        """The support alias that mail to the address goes to already."""
        addresses = self._by_keeper(self.env["helpdesk.support.alias.address"])
        return self.email and addresses.search([("email", "=", self.email)], limit=1).alias_id

    def _unused_aliases(self):
        return self._aliases().filtered(
            lambda queue: not queue.external_address_ids and not queue.mail_count
        )

    def _likely_alias(self):
        """The one of that name, or that the company began with, if nothing came in by it yet."""
        unused, title = self._unused_aliases(), self._alias_title()
        of_company = unused.filtered(lambda queue: not queue.of_team_id)
        named = unused.filtered(lambda queue: queue.name == title)
        return named[:1] or (of_company if len(of_company) == 1 else of_company.browse())

    def _made_aliases(self):
        """The support aliases that the guide made, or took for a new one."""
        ids = [record_id for model, record_id in self.made or [] if model == self.alias_id._name]
        return self.alias_id.browse(ids) | self.fresh_alias_id

    def _alias_title(self):
        return self.new_alias_name or super()._alias_title()

    def _leave_place(self):
        self._enter_place()
        self._check_place()
        if self.direction == "out":
            # nothing comes in, so nothing goes to another team either
            self.team_id = self.alias_id.team_id
        elif self.team_choice == "new":
            self._make_team()
        if self.alias_choice == "new" and self.alias_id not in self._made_aliases():
            self.alias_id = False
            self._take_alias_of_new_team()
        result = super()._leave_place()
        self._write_alias()
        return result

    def _check_place(self) -> None:
        """:raise UserError: something is left out"""
        if self.direction != "out":
            if self.team_choice == "new" and not (self.new_team_name or "").strip():
                raise UserError(self.env._("Give the new team a name."))
            if self.team_choice == "existing" and not self.team_id:
                raise UserError(self.env._("Choose the team that gets the tickets."))
        if self.alias_choice == "new" and not (self.new_alias_name or "").strip():
            raise UserError(self.env._("Give the new support alias a name."))
        if self.alias_choice == "existing" and not self.alias_id:
            raise UserError(self.env._("Choose a support alias."))

    def _make_team(self) -> None:
        teams = self._by_keeper(self.env["helpdesk.ticket.team"])
        self.team_id = teams.create(
            {"name": self.new_team_name.strip(), "company_id": self.company_id.id}
        )
        self._note_made(self.team_id)
        self.team_choice = "existing"

    def _take_alias_of_new_team(self) -> None:
        """A team that was made just now got a support alias with its generated address, so a
        second one is not needed."""
        made = [record_id for model, record_id in self.made or [] if model == self.team_id._name]
        if self.team_id.id in made:
            queue = self._by_keeper(self.team_id).support_alias_ids[:1]
            if queue:
                self.alias_id = queue
                self._note_made(queue)

    def _may_change_alias(self) -> bool:
        # one that nothing came in by is as good as new
        return super()._may_change_alias() or self.alias_id in self._made_aliases()

    def _activate(self) -> None:
        result = super()._activate()
        self._write_alias()
        return result

    def _write_alias(self) -> None:
        """What was chosen for the support alias."""
        if not self._may_change_alias():
            return
        vals = {}
        if self.alias_choice == "new":
            vals = {
                "name": self.new_alias_name.strip(),
                "friendly_name": self.new_alias_friendly_name,
                "color": self.new_alias_color,
            }
        if not self.answers_as_itself and self.answer_via_id:
            vals["answer_via_id"] = self.answer_via_id.id
        queue = self._by_keeper(self.alias_id)
        if (self.signature or "") != (queue.signature or ""):
            vals["signature"] = self.signature
        queue.write(vals)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_template(self):
        """How answers look."""
        self.ensure_one()
        template = self.env["helpdesk.conversation.template"]._of(self.company_id, self.team_id)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Conversation template"),
            "res_model": template._name,
            "res_id": template.id,
            "views": [(False, "form")],
        }
