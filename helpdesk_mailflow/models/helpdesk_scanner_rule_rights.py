# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from .condition_text import records_of
from .helpdesk_of_team import manages
from .helpdesk_scanner_part import WholeRule

#: What becomes of a mail: a rule has one of them.
DISPOSITIONS = ("ticket", "new_ticket", "append", "ignore", "hold", "spam")
#: Actions of which a rule has one at most, since the second undoes the first.
CONTRARY = (DISPOSITIONS, ("seen", "unseen"), ("flag", "unflag"), ("move", "delete"))
#: What takes mail out of sight of others who read the mailbox, or puts it somewhere.
ON_MAILBOX = ("move", "copy", "delete")


class HelpdeskScannerRule(models.Model):
    """Who may make which rule.

    - Helpdesk managers and system admins: the rules of their companies.
    - The leader of a team: rules for that team (``team_id``), which count only for mail to its
      support aliases and for replies to its tickets. They may route mail on to any team of the
      company, as a leader may hand on tickets, but decide nothing about mail of other teams.
      A mailbox is often shared between teams: a leader's rule moves, copies or deletes mail
      only in mailboxes that are the team's own, which is where the scanner's default support
      alias is of a team that the leader leads; the rule has to name these scanners. Flags and
      read marks hide nothing, so every rule may set them. Nor does a leader's rule join mail to
      tickets of just anybody, since these may be of other teams: whoever writes takes part in
      the ticket already.
    - Leaders read the rules that are for no team, since these count for their mail, too.
    - Other agents: nothing. What a rule did is in the trace of the mail.
    """

    _name = "helpdesk.scanner.rule"
    _inherit = ["helpdesk.scanner.rule", "helpdesk.for.leaders"]
    _check_company_auto = True

    @api.model
    def _search_for_leaders(self, operator, value):
        """Rules that the leader of a team reads: the own team's, and those for no team."""
        domain = super()._search_for_leaders(operator, value)
        if domain is NotImplemented:
            return domain
        return domain & (Domain("team_id", "=", False) | Domain("team_id.is_led", "=", True))

    @api.model_create_multi
    def create(self, vals_list):
        whole = self.with_context(mailflow_whole_rule=WholeRule())
        rules = super(HelpdeskScannerRule, whole).create(vals_list).with_env(self.env)
        rules._check_as_a_whole()
        return rules

    def write(self, vals):
        whole = self.with_context(mailflow_whole_rule=WholeRule())
        result = super(HelpdeskScannerRule, whole).write(vals)
        self._check_as_a_whole()
        return result

    def _check_as_a_whole(self) -> None:
        """Look at rules with their actions, once all of it is written.

        :raise ValidationError: what a rule does contradicts itself
        :raise AccessError: the leader of a team does more than is the team's
        """
        for rule in self:
            rule._check_contrary()
        if not manages(self.env):
            self._check_of_leader()

    def _check_contrary(self) -> None:
        kinds = set(self.action_ids.mapped("kind"))
        labels = dict(self.action_ids._fields["kind"]._description_selection(self.env))
        for contrary in CONTRARY:
            both = [labels[kind] for kind in contrary if kind in kinds]
            if len(both) > 1:
                raise ValidationError(
                    self.env._(
                        "The rule “%(rule)s” cannot do both “%(one)s” and “%(other)s”. Take one"
                        " of them out.",
                        rule=self.name,
                        one=both[0],
                        other=both[1],
                    )
                )

    def _check_of_leader(self) -> None:
        """See the docstring of the class."""
        for rule in self:
            if any(action._joins_anybody() for action in rule.action_ids):
                raise AccessError(
                    self.env._(
                        "Only a helpdesk manager can let mail join tickets of others or any open"
                        " ticket with the same subject, since these may be of other teams."
                    )
                )
            actions = rule.action_ids.filtered(
                lambda action: (
                    action.kind in ON_MAILBOX
                    # spam goes to the folder for junk, unless another one is named
                    or (action.kind == "spam" and (action.folder_id or action.folder_name))
                )
            )
            if not actions:
                continue
            # sudo: whose mail a mailbox is read for; scanners are a system admin's
            scanners = self.env["fetchmail.server"].sudo().browse(rule.scanner_ids.ids)
            teams = [scanner.default_alias_id.team_id for scanner in scanners]
            if not teams or not all(team.with_user(self.env.user).sudo().is_led for team in teams):
                raise AccessError(
                    self.env._(
                        "Your rule “%(rule)s” may move, copy or delete mail only in mailboxes of"
                        " your own team: choose mail scanners whose default support alias is of"
                        " your team, or ask a helpdesk manager.",
                        rule=rule.name,
                    )
                )
            # sudo: the scanner of a folder is a system admin's field
            if actions.folder_id.sudo().scanner_id - scanners:
                raise AccessError(
                    self.env._(
                        "Your rule “%(rule)s” names a folder of a mailbox that it is not for.",
                        rule=rule.name,
                    )
                )

    # ------------------------------------------------------------
    # CONDITION
    # ------------------------------------------------------------

    @api.constrains("active")
    def _check_domain_when_switched_on(self):
        """What a condition names may be gone by now."""
        self.filtered("active")._check_domain()

    @api.constrains("domain", "company_id")
    def _check_domain_company(self):
        """A condition names nothing of another company, also after it was copied there."""
        model = self.env["helpdesk.incoming.mail"]
        for rule in self:
            for name, ids in records_of(model, rule.domain).items():
                records = self.env[name].with_context(active_test=False)
                if "company_id" not in records._fields:
                    continue
                # sudo: the author may read them, which was checked; only whose they are
                strangers = records.sudo().search(
                    [
                        ("id", "in", list(ids)),
                        ("company_id", "not in", [rule.company_id.id, False]),
                    ],
                    limit=1,
                )
                if strangers:
                    raise ValidationError(
                        self.env._(
                            "The condition of “%(rule)s” names %(record)s, which is of another"
                            " company than the rule.",
                            rule=rule.name,
                            record=strangers.display_name,
                        )
                    )
