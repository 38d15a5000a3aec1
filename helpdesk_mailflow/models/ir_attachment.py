# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import os

from odoo import api, models

_logger = logging.getLogger(__name__)


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model
    def _get_path(self, bin_data, sha):
        """Replace a file that was never finished.

        Odoo writes a file under its final name. One that a killed process or a full disk cut
        short would count as a collision of checksums from then on, so that a mail with this
        attachment could never be taken in.
        """
        path = self._full_path(f"{sha[:2]}/{sha}")
        if os.path.isfile(path) and os.path.getsize(path) < len(bin_data):
            with open(path, "rb") as source:
                begun = source.read()
            if bin_data.startswith(begun):
                _logger.warning("File %s of the filestore was cut short: it is replaced", sha)
                os.unlink(path)
        return super()._get_path(bin_data, sha)
