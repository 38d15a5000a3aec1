# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

#: Kinds of which a field has to be filled in: which one.
NEEDED = {
    "route_team": "team_id",
    "route_agent": "user_id",
    "answer": "template_id",
    "server_action": "server_action_id",
    "followers": "partner_ids",
}


class HelpdeskScannerRuleAction(models.Model):
    """Actions in a sentence each."""

    _inherit = "helpdesk.scanner.rule.action"

    summary = fields.Char("What it does", compute="_compute_summary")
    warning = fields.Char(compute="_compute_warning")

    def _kind_label(self) -> str:
        return dict(self._fields["kind"]._description_selection(self.env)).get(self.kind, "")

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for action in self:
            action.display_name = action._kind_label()

    @api.depends(
        "kind",
        "value_ids.field_name",
        "value_ids.text",
        "value_ids.record_ref",
        "value_ids.choice",
        "value_ids.assign",
        "match_by",
        "look_in",
        "same_subject_of",
        "team_id.name",
        "assign",
        "user_id.name",
        "priority",
        "tag_ids.name",
        "partner_ids.name",
        "template_id.name",
        "server_action_id.name",
        "folder_id.name",
        "folder_name",
        "create_folder",
    )
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_summary(self):
        for action in self:
            details = [each for each in action._details() if each]
            label = action._kind_label()
            action.summary = f"{label}: {', '.join(details)}" if details else label

    def _details(self) -> list[str]:
        """What an action says about itself after its kind."""
        kind = self.kind
        if kind == "ticket":
            return [*self._values_in_words(), self._matching_in_words()]
        if kind == "contact":
            return self._values_in_words()
        if kind in ("route_team", "route_agent"):
            return self._routing_in_words()
        if kind == "set":
            return self._set_in_words()
        if kind == "spam":
            return [self.folder_id.name or ""]
        if kind in ("move", "copy"):
            folder = self.folder_id.name or self.folder_name or self.env._("no folder chosen")
            create = self.create_folder and self.env._("created if missing")
            return [folder, create or ""]
        needed = NEEDED.get(kind)
        if needed:
            return [
                ", ".join(self._names(self[needed])) or self.env._("nothing chosen"),
            ]
        return []

    def _names(self, records) -> list[str]:
        """Names of records, as far as the user may see them."""
        return records._filtered_access("read").mapped("display_name")

    def _values_in_words(self) -> list[str]:
        labels = dict(self.env["helpdesk.scanner.rule.value"]._select_field_name())
        told = []
        for value in self.value_ids.sorted():
            label = labels.get(value.field_name, value.field_name or "")
            told.append(f"{label} {value._in_words()}".strip())
        return told

    def _matching_in_words(self) -> str:
        # whole phrases: not every language writes the names of places small within a sentence
        number = {
            "body": self.env._("number in subject and body"),
            "source": self.env._("number in the whole source"),
        }.get(self.look_in, self.env._("number in the subject"))
        subject = (
            self.env._("same subject in any open ticket")
            if self.same_subject_of == "any"
            else self.env._("same subject and requester")
        )
        found_by = {
            "number": number,
            "subject": subject,
            "both": self.env._("%(number)s or %(subject)s", number=number, subject=subject),
        }.get(self.match_by)
        if not found_by:
            return self.env._("only replies update a ticket")
        return self.env._("updates the ticket found by %(what)s", what=found_by)

    def _routing_in_words(self) -> list[str]:
        told = self._names(self.team_id)
        if self.kind == "route_agent":
            if self.assign == "user":
                told += self._names(self.user_id)
            else:
                assigns = dict(self._fields["assign"]._description_selection(self.env))
                told.append(assigns.get(self.assign) or "")
        return told or [self.env._("nothing chosen")]

    def _set_in_words(self) -> list[str]:
        told = []
        if self.tag_ids:
            tags = ", ".join(self._names(self.tag_ids))
            told.append(self.env._("tags %(tags)s", tags=tags))
        if self.priority:
            priorities = dict(self._fields["priority"]._description_selection(self.env))
            told.append(
                self.env._("priority %(priority)s", priority=priorities.get(self.priority, ""))
            )
        return told or [self.env._("nothing chosen")]

    @api.depends("kind", "look_in", "match_by", "of_strangers", "same_subject_of")
    @api.depends_context("lang")
    def _compute_warning(self):
        for action in self:
            action.warning = " ".join(action._warnings()) or False

    def _warnings(self) -> list[str]:
        """What the author of an action should know before it is live."""
        told = []
        if self.kind == "ticket":
            by_number = self.match_by in ("number", "both")
            if by_number and self.look_in == "source":
                told.append(
                    self.env._(
                        "The whole source holds message numbers, dates and quoted mails: mail may"
                        " join a ticket that it has nothing to do with."
                    )
                )
            if by_number and self.of_strangers:
                told.append(
                    self.env._(
                        "Whoever writes a ticket number gets into the conversation of that ticket,"
                        " and may be sent its answers."
                    )
                )
            if self.match_by in ("subject", "both") and self.same_subject_of == "any":
                told.append(
                    self.env._(
                        "Different customers may write the same subject: their mails join one"
                        " ticket, and each may be sent the answers to the other."
                    )
                )
        if self.kind == "delete":
            told.append(
                self.env._(
                    "Once the ticket is made, the mail is gone from the mailbox. It stays in the"
                    " list of incoming mail."
                )
            )
        return told

    def _joins_anybody(self) -> bool:
        """Whether a mail may join a ticket in which its writer takes no part."""
        return self.kind == "ticket" and (
            (self.match_by in ("number", "both") and self.of_strangers)
            or (self.match_by in ("subject", "both") and self.same_subject_of == "any")
        )

    def _is_complete(self) -> bool:
        """Whether all is chosen that the action cannot do without."""
        if self.kind in ("move", "copy"):
            return bool(self.folder_id or (self.folder_name or "").strip())
        if self.kind == "set":
            return bool(self.tag_ids or self.priority)
        if self.kind == "route_agent":
            return bool(self.user_id if self.assign == "user" else self.assign)
        needed = NEEDED.get(self.kind)
        return not needed or bool(self[needed])
