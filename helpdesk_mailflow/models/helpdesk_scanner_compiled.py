# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models


class HelpdeskScannerCompiled(models.AbstractModel):
    """Records that rules are made of: rules are compiled once, and again after each change."""

    _name = "helpdesk.scanner.compiled"
    _description = "Part of scanner rules"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self._forget_compiled()
        return records

    def write(self, vals):
        result = super().write(vals)
        self._forget_compiled()
        return result

    def unlink(self):
        result = super().unlink()
        self._forget_compiled()
        return result

    @api.model
    def _forget_compiled(self) -> None:
        registry = self.env.registry
        registry.clear_cache()
        # another thread may have compiled what was valid until now
        self.env.cr.postcommit.add(registry.clear_cache)
