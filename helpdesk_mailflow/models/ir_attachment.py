# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import io
import logging
import os
import struct
import zlib

from PIL import Image

from odoo import api, models
from odoo.tools import SQL
from odoo.tools.image import IMAGE_MAX_RESOLUTION

_logger = logging.getLogger(__name__)

#: Formats that Odoo reads, and makes smaller.
RESIZED = ("BMP", "JPEG", "PNG")
#: What Pillow raises on pictures that are broken or cut short.
BROKEN_PICTURE = (
    EOFError,
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


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

    def _postprocess_contents(self, values):
        """Leave a picture as it is that Odoo cannot make smaller: one that is cut short, or so
        large that it would take all memory, must not keep its mail from being taken in."""
        raw = values.get("raw")
        if isinstance(raw, bytes) and self._mailflow_is_huge_picture(raw):
            values["mimetype"] = self._compute_mimetype(values)
            return values
        try:
            return super()._postprocess_contents(values)
        except BROKEN_PICTURE as error:
            _logger.info("A picture is kept as it is: %s", error)
            return values

    @api.model
    def _mailflow_is_huge_picture(self, raw: bytes) -> bool:
        """Whether a picture has more pixels than Odoo reads elsewhere; its header tells."""
        try:
            with Image.open(io.BytesIO(raw), formats=RESIZED) as picture:
                width, height = picture.size
        except Image.DecompressionBombError:
            return True
        except BROKEN_PICTURE:
            return False
        return width * height > IMAGE_MAX_RESOLUTION

    def _mailflow_of_hidden_messages(self):
        """Those that came with messages of tickets which customers do not see, and with none
        that they see."""
        # what this transaction has changed counts, too
        self.env["mail.message"].flush_model(
            ["attachment_ids", "is_internal", "message_type", "model", "subtype_id"]
        )
        self.env["mail.message.subtype"].flush_model(["internal"])
        rows = self.env.execute_query(
            SQL(
                "SELECT attachment.id FROM ir_attachment attachment"
                " JOIN message_attachment_rel rel ON rel.attachment_id = attachment.id"
                " JOIN mail_message message ON message.id = rel.message_id"
                " LEFT JOIN mail_message_subtype subtype ON subtype.id = message.subtype_id"
                " WHERE attachment.id = ANY(%s) AND message.model = 'helpdesk.ticket'"
                " GROUP BY attachment.id HAVING bool_and("
                "   COALESCE(message.is_internal, FALSE) OR (COALESCE(subtype.internal, FALSE)"
                "   AND message.message_type NOT IN ('auto_comment', 'email')))",
                list(self.ids),
            )
        )
        return self.browse(row[0] for row in rows)
