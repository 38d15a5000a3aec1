# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import SUPERUSER_ID, api, models
from odoo.tools import SQL

from ..mailflow.note import note


class HelpdeskScannerRule(models.Model):
    """Rules whose places are deleted or replaced: without any place a rule is for all mail."""

    _inherit = "helpdesk.scanner.rule"

    @api.model
    def _switch_off_rules_of(self, name: str, places) -> None:
        """Switch off the rules that are for these places only, before they are deleted.

        :param name: ``alias_ids``, ``folder_ids`` or ``scanner_ids``
        :param places: records of that field's model
        """
        # superuser: what must not happen to mail does not depend on who deletes
        rules = self.with_user(SUPERUSER_ID).with_context(active_test=False)
        found = rules.search([(name, "in", places.ids), ("active", "=", True)])
        emptied = found.filtered(lambda rule: set(rule[name]._ids) <= set(places._ids))
        if not emptied:
            return
        names = {rule: ", ".join(rule[name].mapped("display_name")) for rule in emptied}
        emptied.write({"active": False})
        for rule, told in names.items():
            rule._report_fault(note("rule_place_gone", places=told))

    @api.model
    def _follow_folders(self, successors) -> None:
        """Let rules and their actions name the folders that came in the place of others.

        :param successors: pairs of ``helpdesk.mail.folder``, the old one and the new one
        """
        pairs = [(before.id, after.id) for before, after in successors]
        if not pairs:
            return
        old, new = zip(*pairs, strict=True)
        actions = self.env["helpdesk.scanner.rule.action"]
        self.env.flush_all()
        # not write(): who answers for the server actions of a rule stays the same
        for table in ("helpdesk_scanner_rule_folder_rel", actions._table):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET folder_id = pair.new FROM unnest(%s, %s) AS pair(old, new)"
                    " WHERE folder_id = pair.old",
                    SQL.identifier(table),
                    list(old),
                    list(new),
                )
            )
        self.invalidate_model(["folder_ids"])
        actions.invalidate_model(["folder_id"])
        self._forget_compiled()
