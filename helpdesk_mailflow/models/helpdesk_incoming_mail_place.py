# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from psycopg2.extras import execute_values

from odoo import fields, models


class HelpdeskIncomingMailPlace(models.Model):
    """Where we put an incoming mail in its mailbox, besides the place that it came in by.

    A folder that is read may be one that a rule moves mails to: they are known there.
    """

    _name = "helpdesk.incoming.mail.place"
    _description = "Place of an incoming mail in its mailbox"
    _rec_name = "uid"

    mail_id = fields.Many2one(
        "helpdesk.incoming.mail", required=True, ondelete="cascade", index=True, readonly=True
    )
    folder_id = fields.Many2one(
        "helpdesk.mail.folder", required=True, ondelete="cascade", readonly=True
    )
    # text, since both exceed a 32-bit signed integer
    uidvalidity = fields.Char("UIDVALIDITY", required=True, readonly=True)
    uid = fields.Char("UID", required=True, readonly=True)

    _once = models.UniqueIndex("(folder_id, uidvalidity, uid)")

    def _remember(self, folder, places: dict[int, tuple[int, int]]) -> None:
        """Note where mails were put.

        :param folder: ``helpdesk.mail.folder``
        :param places: id of the incoming mail -> (UIDVALIDITY, UID)
        """
        rows = [
            (mail_id, folder.id, str(uidvalidity), str(uid), self.env.uid, self.env.uid)
            for mail_id, (uidvalidity, uid) in places.items()
        ]
        # what was looked up again after an interruption may be known already
        execute_values(
            self.env.cr._obj,
            "INSERT INTO helpdesk_incoming_mail_place"
            " (mail_id, folder_id, uidvalidity, uid, create_uid, write_uid,"
            " create_date, write_date)"
            " VALUES %s ON CONFLICT (folder_id, uidvalidity, uid) DO NOTHING",
            rows,
            template="(%s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')",
        )
