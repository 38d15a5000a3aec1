# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import os
import uuid
import zlib

import psycopg2

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
        rows, files = [], []
        try:
            self._pack(sources, rows, files)
            if rows:
                self.env.cr.execute_values(
                    "INSERT INTO helpdesk_incoming_mail_source (mail_id, content, file_name)"
                    " VALUES %s",
                    rows,
                )
        except (OSError, psycopg2.Error):
            # the caller may go on behind a savepoint, so no rollback comes to remove them
            self._remove_files([os.path.join(self._folder(), name) for name in files])
            raise
        self.invalidate_model()

    @api.model
    def _replace(self, mail_id: int, raw: bytes) -> None:
        """Keep another raw source for an incoming mail.

        :raise OSError: a large source could not be written; the other one stays
        """
        self.search([("mail_id", "=", mail_id)]).unlink()
        self.env.flush_all()
        self._store({mail_id: raw})

    @api.model
    def _pack(self, sources, rows: list, files: list) -> None:
        """Append what is to be inserted to ``rows``, and the names of files to ``files``."""
        for mail_id, raw in sources.items():
            # most of a mail is base64: more effort saves a hundredth and takes half as long again
            packed = zlib.compress(raw, 1)
            if len(packed) >= FILE_FROM:
                files.append(self._write_file(packed))
                rows.append((mail_id, None, files[-1]))
            else:
                rows.append((mail_id, packed, None))

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
    def _load(
        self, mail_ids, errors: dict[int, str] | None = None, limit: int | None = None
    ) -> dict[int, bytes]:
        """Raw sources of incoming mails, by their ids; those no longer kept are absent, and so
        are those that cannot be read: one of them stands in nobody else's way.

        :param errors: why a source could not be read is put here, by the id of its mail
        :param limit: only so many bytes of each, without unpacking the rest
        """
        self.env.flush_all()
        # zlib makes nothing larger by more than a few bytes in a block
        packed_limit = limit + limit // 8 + 1024 if limit else None
        self.env.cr.execute(
            "SELECT mail_id, substring(content FOR COALESCE(%s, length(content))), file_name"
            " FROM helpdesk_incoming_mail_source WHERE mail_id = ANY(%s)",
            [packed_limit, list(mail_ids)],
        )
        found = {}
        for mail_id, content, file_name in self.env.cr.fetchall():
            try:
                if file_name:
                    with open(os.path.join(self._folder(), file_name), "rb") as source:
                        content = source.read(packed_limit or -1)
                if limit:
                    found[mail_id] = zlib.decompressobj().decompress(bytes(content), limit)
                else:
                    found[mail_id] = zlib.decompress(bytes(content))
            except (OSError, zlib.error) as error:
                # missing: a database that was copied or restored without the folder
                _logger.warning("The source of incoming mail %s cannot be read: %s", mail_id, error)
                if errors is not None:
                    errors[mail_id] = getattr(error, "strerror", None) or str(error)
        return found

    def unlink(self):
        names = [name for name in self.mapped("file_name") if name]
        result = super().unlink()
        if names:
            registry = self.env.registry
            self.env.cr.postcommit.add(lambda: self._remove_unused(registry, names))
        return result

    @api.model
    def _remove_unused(self, registry, names) -> None:
        """Remove files whose rows are gone: not if a savepoint brought them back."""
        with registry.cursor() as cursor:
            cursor.execute(
                "SELECT file_name FROM helpdesk_incoming_mail_source WHERE file_name = ANY(%s)",
                [names],
            )
            used = {row[0] for row in cursor.fetchall()}
            folder = os.path.join(config["data_dir"], "mailflow", cursor.dbname)
        self._remove_files([os.path.join(folder, name) for name in names if name not in used])
