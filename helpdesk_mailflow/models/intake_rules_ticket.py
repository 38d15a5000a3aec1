# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections.abc import Iterable

from odoo import SUPERUSER_ID, api, models
from odoo.fields import Command
from odoo.orm.identifiers import NewId

from ..mailflow.rule_text import fill
from ..mailflow.subject import subject_key
from .intake_rules import Assign
from .intake_turns import append_keys, subject_keys
from .intake_values import Answer, Disposition, ServerRun
from .rule_fields import ACCOUNT, LONGEST, convert
from .thread_entrance import Entrance

#: Characters of a value that a sentence quotes.
QUOTED = 80
#: Dispositions that make nothing of a mail.
NOTHING = (Disposition.IGNORE, Disposition.HOLD, Disposition.SPAM)


class HelpdeskIntakeRules(models.AbstractModel):
    """What actions of rules want of tickets and contacts."""

    _inherit = "helpdesk.intake.rules"

    # ------------------------------------------------------------
    # WHICH TICKET
    # ------------------------------------------------------------

    @api.model
    def _apply_ticket(self, draft, rule, action):
        if self._dispose(draft, rule, action) and not draft.place.is_thread:
            self._find_ticket(draft, rule, action)
        self._set_values(draft, rule, action)

    @api.model
    def _find_ticket(self, draft, rule, action) -> None:
        """The ticket that a mail updates, by the number that it names or by its subject."""
        lookup, email = draft.lookup, draft.verdict.writer.address.email
        if action.match_by in ("number", "both"):
            for ticket in lookup.by_number(draft, action):
                found = lookup.entrance(draft, ticket, action.of_strangers)
                if found is not Entrance.APART:
                    self._join(draft, ticket, found, "rule_by_number")
                    return
                draft.tell("rule_stranger", ticket=ticket.number, address=email)
        if action.match_by in ("subject", "both"):
            of_anybody = action.same_subject_of == "any"
            ticket = lookup.by_subject(draft, action)
            if ticket:
                found = lookup.entrance(draft, ticket, of_strangers=True)
                self._join(draft, ticket, found, "rule_by_subject")
                return
            key = subject_key(draft.verdict.entry.mail.subject)
            draft.wants |= subject_keys(
                draft.place.company_id, key, None if of_anybody else draft.requester
            )
        if action.match_by != "none":
            draft.tell("rule_finds_none", rule=rule.name)

    @api.model
    def _join(self, draft, ticket, found: Entrance, code: str) -> None:
        draft.ticket_id = ticket.id
        draft.internal = found is Entrance.INSIDE
        draft.marked = found is Entrance.MARKED
        draft.tell(code, ticket=ticket.number)
        if draft.marked:
            draft.tell("rule_marked", ticket=ticket.number)
        if draft.internal:
            draft.tell("decide_internal")

    @api.model
    def _apply_new_ticket(self, draft, rule, action):
        if self._dispose(draft, rule, action) and draft.place.is_thread:
            ticket = draft.lookup.ticket(draft.verdict.thread.ticket_id)
            draft.tell("rule_new_beside", ticket=ticket.number)
        self._set_values(draft, rule, action)

    @api.model
    def _apply_append(self, draft, rule, action):
        if not self._dispose(draft, rule, action) or draft.place.is_thread:
            return
        ticket = draft.lookup.open_ticket(draft)
        if ticket:
            found = draft.lookup.entrance(draft, ticket, of_strangers=True)
            self._join(draft, ticket, found, "rule_appended")
            return
        place = draft.place
        draft.wants |= append_keys(place.company_id, place.alias_id, place.team_id, draft.requester)
        draft.tell("rule_append_none", rule=rule.name)

    # ------------------------------------------------------------
    # VALUES
    # ------------------------------------------------------------

    @api.model
    def _apply_contact(self, draft, rule, action):
        contact = draft.contact
        if contact and contact.partner_id:
            draft.tell("rule_contact_known", rule=rule.name)
            return
        if not contact or not contact.values:
            draft.tell("rule_contact_none", rule=rule.name)
            return
        if draft.new_contact is None:
            draft.new_contact = {}
            draft.tell("rule_contact", rule=rule.name)
        self._fill_in(draft, rule, action.value_ids, draft.new_contact)

    @api.model
    def _apply_set(self, draft, rule, action):
        values = {"priority": action.priority} if action.priority else {}
        tags = []
        for tag in action.tag_ids._origin:
            if self._is_fine(draft, rule, tag, "tag_ids"):
                tags.append(Command.link(tag.id))
        for into in (draft.create, draft.update):
            for name, value in values.items():
                into.setdefault(name, value)
            if tags:
                into["tag_ids"] = self._added(into.get("tag_ids", []), tags)
        told = [
            self._label("helpdesk.ticket", name)
            for name in (*values, *(["tag_ids"] if tags else []))
        ]
        if told:
            draft.tell("rule_sets", rule=rule.name, fields=", ".join(told))

    @api.model
    def _set_values(self, draft, rule, action) -> None:
        """The values of an action, for a new ticket or for the one that gets the mail."""
        if draft.disposition in NOTHING:
            return
        if draft.joins:
            values = action.value_ids.filtered("on_update")
            self._fill_in(draft, rule, values, draft.update, "update")
        else:
            values = action.value_ids.filtered("on_create")
            self._fill_in(draft, rule, values, draft.create, "create")

    @api.model
    def _fill_in(self, draft, rule, values, into: dict, usage: str = "contact") -> None:
        """Set fields that no earlier action has set; tags add up."""
        left_out = self._left_out()
        if left_out:
            values = values.filtered(lambda each: each.action_id.id not in left_out)
        before, told, placeholders = set(into), [], None
        if usage in draft.assign:
            before.add("user_id")
        for value in values.sorted():
            target = value._target()
            if not target:
                draft.fail(rule, "rule_field_gone", rule=rule.name, field=value.field_name or "")
                continue
            name, adds = target.field.name, target.field.type == "many2many"
            if name in before and not adds:
                continue
            if target.takes == "text":
                if placeholders is None:
                    placeholders = draft.lookup.placeholders(draft, value.action_id)
                found = self._text_of(draft, rule, value, target, placeholders)
            elif target.takes == "choice":
                found = self._choice_of(draft, rule, value, target)
            elif target.takes == "agent" and value.assign != "user":
                draft.assign.setdefault(usage, Assign(rule, value.assign))
                continue
            else:
                record = value._record(target)
                if isinstance(value.id, NewId) and not record.sudo(False).has_access("read"):
                    # tried before it is saved: its name would be shown
                    record = record.browse()
                fine = self._is_fine(draft, rule, record, name, target.field.model_name)
                found = record.id if fine else None
            if found is None:
                continue
            if adds:
                into[name] = self._added(into.get(name, []), [Command.link(found)])
            else:
                into[name] = found
            told.append(self._label(target.field.model_name, name))
        if told:
            told = ", ".join(dict.fromkeys(told))
            draft.tell("rule_sets", rule=rule.name, fields=told)

    @api.model
    def _text_of(self, draft, rule, value, target, placeholders):
        """A text with what the mail says; None if it does not fit the field."""
        label = self._label(target.field.model_name, target.field.name)
        try:
            text = fill(value.text, placeholders, LONGEST["text"])
        except KeyError as error:
            name = error.args[0]
            draft.fail(rule, "rule_placeholder_gone", rule=rule.name, field=label, name=name)
            return None
        try:
            return convert(target, text)
        except (ValueError, OverflowError):
            # of the mail, not of the rule
            draft.tell("rule_value_unfit", rule=rule.name, field=label, value=text[:QUOTED])
            return None

    @api.model
    def _choice_of(self, draft, rule, value, target):
        chosen = (value.choice or "").removeprefix(f"{target.key}:")
        if target.field.type == "boolean":
            return chosen == "1"
        if chosen not in dict(target.field._description_selection(self.env)):
            label = self._label(target.field.model_name, target.field.name)
            draft.fail(rule, "rule_record_gone", rule=rule.name, field=label)
            return None
        return chosen

    @api.model
    def _added(self, commands: Iterable, more: Iterable) -> list:
        return [*commands, *(each for each in more if each not in commands)]

    @api.model
    def _label(self, model: str, name: str) -> str:
        return self.env[model]._fields[name]._description_string(self.env) or name

    @api.model
    def _is_fine(self, draft, rule, record, name: str, model="helpdesk.ticket") -> bool:
        """Whether a record can be used; else the fault is told."""
        problem = draft.lookup.problem(record, draft.place.company_id)
        if problem == "gone":
            label = self._label(model, name)
            draft.fail(rule, "rule_record_gone", rule=rule.name, field=label)
        elif problem:
            draft.fail(
                rule,
                "rule_record_elsewhere",
                rule=rule.name,
                field=self._label(model, name),
            )
        return not problem

    # ------------------------------------------------------------
    # ROUTING
    # ------------------------------------------------------------

    @api.model
    def _apply_route_team(self, draft, rule, action):
        if not self._is_fine(draft, rule, action.team_id, "team_id") or draft.routed:
            return
        draft.routed = rule
        if "team_id" not in draft.create:
            draft.create["team_id"] = action.team_id.id
            draft.create.setdefault("user_id", False)

    @api.model
    def _apply_route_agent(self, draft, rule, action):
        team = action.team_id
        if team and not self._is_fine(draft, rule, team, "team_id"):
            return
        if action.assign == "user" and not self._is_fine(draft, rule, action.user_id, "user_id"):
            return
        if draft.routed or "user_id" in draft.create or "create" in draft.assign:
            return
        draft.routed = rule
        if team:
            draft.create.setdefault("team_id", team.id)
        if action.assign == "user":
            draft.create["user_id"] = action.user_id.id
        else:
            draft.assign["create"] = Assign(rule, action.assign)

    @api.model
    def _finish(self, drafts):
        settled = [draft for draft in drafts if draft.disposition not in NOTHING]
        for draft in settled:
            self._settle_account(draft)
            self._settle_team(draft)
        self._assign_agents(settled)
        for draft in settled:
            self._tell_route(draft)
            in_thread = draft.joins and draft.place.is_thread
            if draft.answer and (draft.internal or (in_thread and draft.verdict.thread.internal)):
                draft.answer = None
                draft.tell("rule_answers_no_note")
        return super()._finish(drafts)

    @api.model
    def _settle_account(self, draft) -> None:
        """A ticket's account is that of its contact. So the contact that is made for it gets the
        account, also where contacts are made by rules only. The account itself is no requester:
        answers would go to its address in place of the one who wrote."""
        _of, _dot, name = ACCOUNT.partition(".")
        values = draft.update if draft.joins else draft.create
        account_id = values.pop(name, None)
        if not account_id:
            return
        if draft.joins or "partner_id" in values or not (draft.contact and draft.contact.values):
            rule = self._rule_of_value(draft, ACCOUNT)
            draft.tell("rule_account_left", rule=rule.name)
        else:
            draft.new_contact = {"parent_id": account_id, **(draft.new_contact or {})}

    @api.model
    def _settle_team(self, draft) -> None:
        """A stage has to be one of the ticket's team; who is responsible by default for mail of
        a support alias is not so in another team. And a contact is of its account's company."""
        contact = draft.new_contact or {}
        if contact.get("parent_id") and "company_id" not in contact:
            account = draft.lookup.env["res.partner"].browse(contact["parent_id"])
            contact["company_id"] = account.company_id.id
        values = draft.update if draft.joins else draft.create
        team_id = self._team_of(draft)
        if "stage_id" in values:
            stage = draft.lookup.env["helpdesk.ticket.stage"].browse(values["stage_id"])
            if stage.team_ids and team_id not in stage.team_ids._ids:
                del values["stage_id"]
                rule = self._rule_of_value(draft, "ticket.stage_id")
                draft.fail(rule, "rule_stage_elsewhere", rule=rule.name, stage=stage.name)
        if not draft.joins and team_id != draft.place.team_id and "create" not in draft.assign:
            draft.create.setdefault("user_id", False)

    @api.model
    def _rule_of_value(self, draft, key: str):
        """The first rule that sets a field."""
        Action = draft.lookup.env["helpdesk.scanner.rule.action"]
        return next(
            rule
            for rule in draft.rules
            if key in Action.browse(rule.action_ids).value_ids.mapped("field_name")
        )

    @api.model
    def _team_of(self, draft) -> int | None:
        """The team that the ticket has in the end."""
        if draft.joins:
            ticket = draft.lookup.ticket(draft.joins)
            return draft.update.get("team_id", ticket.team_id.id) or None
        return draft.create.get("team_id", draft.place.team_id) or None

    @api.model
    def _assign_agents(self, drafts) -> None:
        """Look for agents, one mail after the other, so that the mails of a batch go round."""
        wanted = []
        for draft in drafts:
            usage = "update" if draft.joins else "create"
            assign = draft.assign.get(usage)
            if assign and not getattr(draft, usage).get("user_id"):
                wanted.append((draft, usage, assign, self._team_of(draft)))
        if not wanted:
            return
        lookup = wanted[0][0].lookup
        lookup.load_teams({(team_id, draft.place.company_id) for draft, *_x, team_id in wanted})
        for draft, usage, assign, team_id in wanted:
            agent = team_id and lookup.next_agent(team_id, draft.place.company_id, assign.way)
            if agent:
                getattr(draft, usage)["user_id"] = agent.id
                continue
            team = lookup.env["helpdesk.ticket.team"].browse(team_id or [])
            draft.fail(assign.rule, "rule_team_empty", rule=assign.rule.name, team=team.name or "-")

    @api.model
    def _tell_route(self, draft) -> None:
        """Where a ticket goes to; what joins one goes nowhere."""
        if not draft.routed:
            return
        rule = draft.routed.name
        if draft.joins:
            draft.tell("rule_not_routed", rule=rule, ticket=draft.lookup.ticket(draft.joins).number)
            return
        env = draft.lookup.env
        team = env["helpdesk.ticket.team"].browse(self._team_of(draft) or [])
        agent = env["res.users"].browse(draft.create.get("user_id") or [])
        if agent:
            draft.tell("rule_to_agent", rule=rule, team=team.name or "-", agent=agent.name)
        else:
            draft.tell("rule_to_team", rule=rule, team=team.name or "-")

    # ------------------------------------------------------------
    # BESIDE THE TICKET
    # ------------------------------------------------------------

    @api.model
    def _apply_followers(self, draft, rule, action):
        added = [
            partner
            for partner in action.partner_ids._origin
            if self._is_fine(draft, rule, partner, "message_partner_ids")
        ]
        draft.follower_ids += [each.id for each in added]
        if added:
            names = ", ".join(each.display_name for each in added)
            draft.tell("rule_followers", rule=rule.name, names=names)
        elif not action.partner_ids:
            draft.fail(rule, "rule_followers_gone", rule=rule.name)

    @api.model
    def _apply_answer(self, draft, rule, action):
        template = action.template_id._origin
        if draft.lookup.problem(template, draft.place.company_id) or (
            template.model != "helpdesk.ticket"
        ):
            draft.fail(rule, "rule_template_gone", rule=rule.name)
        elif draft.answer is None:
            draft.answer = Answer(rule.rule_id, template.id)
            draft.tell("rule_answers", rule=rule.name, template=template.name)

    @api.model
    def _apply_server_action(self, draft, rule, action):
        server_action, user = action.server_action_id._origin, action.run_as_id
        if not action._origin:
            # tried before it is saved, which makes whoever tries it answerable
            user = self.env.user
        if draft.lookup.problem(server_action, draft.place.company_id) or not (
            server_action.helpdesk_released
        ):
            draft.fail(rule, "rule_server_action_gone", rule=rule.name)
        elif user.id == SUPERUSER_ID or draft.lookup.problem(user, draft.place.company_id):
            draft.fail(rule, "rule_server_action_nobody", rule=rule.name, action=server_action.name)
        else:
            draft.server_actions.append(
                ServerRun(rule.rule_id, rule.name, server_action.id, user.id)
            )
            draft.tell(
                "rule_server_action", rule=rule.name, action=server_action.name, user=user.name
            )

    @api.model
    def _apply_spam(self, draft, rule, action):
        before = draft.disposition
        super()._apply_spam(draft, rule, action)
        entry = draft.verdict.entry
        if before or draft.disposition is not Disposition.SPAM or entry.forced:
            return
        if not entry.scanner_id:
            return
        folder = action.folder_id.name or (action.folder_name or "").strip()
        folder = folder or draft.lookup.junk_folder(entry.scanner_id)
        if folder:
            create = bool(action.create_folder)
            self._add_step(draft, rule, do="move", folder=folder, create=create)
        else:
            draft.tell("rule_no_junk_folder", rule=rule.name)
