# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import os
import uuid
import zlib

from odoo import api, fields, models
from odoo.tools import config

_logger = logging.getLogger(__name__)

#: Sources above this many bytes (compressed) lie in a file beside the database, since
#: a row of that size makes backups and updates slow.
FILE_FROM = 8 * 1024 * 1024


class HelpdeskIncomingMailSource(models.Model):
    """The raw source of an incoming mail.

    Compressed bytes in the database, in the same transaction as the ledger row; a
    large one in a file that is synced and renamed before the transaction commits.
    Odoo's filestore does not sync, so a power cut could leave a torn file behind.
    """

    _name = "helpdesk.incoming.mail.source"
    _description = "Source of an incoming mail"
    _log_access = False

    mail_id = fields.Many2one(
        "helpdesk.incoming.mail", required=True, ondelete="cascade", readonly=True
    )
    content = fields.Binary(attachment=False, readonly=True, help="Compressed by zlib")
    file_name = fields.Char(readonly=True)

    _mail_unique = models.Constraint("UNIQUE(mail_id)", "An incoming mail has one source.")

    @api.model
    def _folder(self) -> str:
        return os.path.join(config["data_dir"], "mailflow", self.env.cr.dbname)

    @api.model
    def _store(self, sources: dict[int, bytes]) -> None:
        """Keep the raw sources of incoming mails.

        One round trip: the ORM would encode the bytes to base64 and back.

        :param sources: ``helpdesk.incoming.mail`` id -> raw bytes
        :raise OSError: a large source could not be written
        """
        rows = []
        for mail_id, raw in sources.items():
            # most of a mail is base64: more effort saves a hundredth and takes half as long again
            packed = zlib.compress(raw, 1)
            if len(packed) >= FILE_FROM:
                rows.append((mail_id, None, self._write_file(packed)))
            else:
                rows.append((mail_id, packed, None))
        if not rows:
            return
        self.env.cr.execute_values(
            "INSERT INTO helpdesk_incoming_mail_source (mail_id, content, file_name) VALUES %s",
            rows,
        )
        self.invalidate_model()

    @api.model
    def _write_file(self, packed: bytes) -> str:
        """Write and sync a file; returns its name inside :meth:`_folder`."""
        folder = self._folder()
        os.makedirs(folder, mode=0o700, exist_ok=True)
        name = f"{uuid.uuid4().hex}.z"
        path = os.path.join(folder, name)
        part = f"{path}.part"
        try:
            with open(part, "wb") as target:
                target.write(packed)
                target.flush()
                os.fsync(target.fileno())
            os.replace(part, path)
        except OSError:
            if os.path.exists(part):
                os.unlink(part)
            raise
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        # a transaction that is rolled back leaves no file behind
        self.env.cr.postrollback.add(lambda: self._remove_files([path]))
        return name

    @api.model
    def _remove_files(self, paths) -> None:
        for path in paths:
            try:
                os.unlink(path)
            except FileNotFoundError:
                _logger.info("Source file %s was gone already", os.path.basename(path))

    @api.model
    def _load(self, mail_ids) -> dict[int, bytes]:
        """Raw sources of incoming mails, by their ids; those no longer kept are absent."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT mail_id, content, file_name FROM helpdesk_incoming_mail_source"
            " WHERE mail_id = ANY(%s)",
            [list(mail_ids)],
        )
        found = {}
        for mail_id, content, file_name in self.env.cr.fetchall():
            if file_name:
                with open(os.path.join(self._folder(), file_name), "rb") as source:
                    content = source.read()
            found[mail_id] = zlib.decompress(bytes(content))
        return found

    def unlink(self):
        paths = [os.path.join(self._folder(), name) for name in self.mapped("file_name") if name]
        result = super().unlink()
        if paths:
            self.env.cr.postcommit.add(lambda: self._remove_files(paths))
        return result
