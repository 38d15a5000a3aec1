# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Taking away what the guide made."""

from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    def action_discard(self):
        """Take away what the guide made, as long as nothing was activated."""
        for connection in self:
            if connection.state == "active":
                raise UserError(
                    self.env._(
                        "%(connection)s is active. Deactivate or delete its parts instead.",
                        connection=connection.display_name,
                    )
                )
        self.unlink()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.mailbox_connection_action"
        )

    def unlink(self):
        """Whoever deletes a guide that is not finished discards it: nobody would find what it
        made. What was activated stays."""
        unfinished = self.filtered(lambda connection: connection.state != "active")
        for connection in unfinished:
            kept = connection._used_meanwhile()
            # a mail scanner goes before the support alias that its mails go to
            made = list(reversed(connection.made or []))
            made.sort(key=lambda each: each[0] != "fetchmail.server")
            super(HelpdeskMailboxConnection, connection).unlink()
            for model, record_id in made:
                record = connection._by_keeper(self.env[model]).browse(record_id).exists()
                if record not in kept.get(model, ()):
                    record.unlink()
        return super(HelpdeskMailboxConnection, self - unfinished).unlink()

    def _used_meanwhile(self) -> dict:
        """Of what the guide made, what others need by now: a provided address is written to from
        the start, and each part has a form of its own.

        :return: model -> records that are to stay
        """
        self.ensure_one()
        ids = defaultdict(list)
        for model, record_id in self.made or []:
            ids[model].append(record_id)
        # sudo: also what the user does not see needs them
        made = {
            model: self.env[model].sudo().with_context(active_test=False).browse(found).exists()
            for model, found in ids.items()
        }
        nothing = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        queues, teams, addresses, senders, scanners = (
            made.get(model, self.env[model].sudo())
            for model in (
                "helpdesk.support.alias",
                "helpdesk.ticket.team",
                "helpdesk.support.alias.address",
                "helpdesk.from.address",
                "fetchmail.server",
            )
        )
        running = scanners.filtered(lambda each: each.state == "done")
        # tickets came in by these, or a mailbox is read into them
        in_use = nothing.search([("support_alias_id", "in", queues.ids)]).support_alias_id
        in_use |= running.default_alias_id & queues
        others = queues.sudo().search([("id", "not in", queues.ids)])
        used = {
            queues._name: in_use,
            teams._name: in_use.team_id
            | nothing.search([("team_id", "in", teams.ids)]).team_id
            | others.team_id,
            addresses._name: addresses.filtered(lambda each: each.alias_id in in_use),
            senders._name: (in_use | others).answer_via_id,
            scanners._name: running,
        }
        return {model: records.sudo(self.env.su) for model, records in used.items()}
