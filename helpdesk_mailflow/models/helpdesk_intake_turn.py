# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Longer than any transaction that takes in mail.
KEPT = timedelta(days=1)


class HelpdeskIntakeTurn(models.Model):
    """That a transaction opened a ticket which others may look for at the same time.

    A rule finds the ticket that mails update by its subject or its requester. Two processes
    with mails of one burst would each find none and open one. Both write the same row here:
    the later one fails to, since the row has changed after its snapshot (PostgreSQL manual,
    13.2.2), begins anew, and finds the ticket.
    """

    _name = "helpdesk.intake.turn"
    _description = "Turn in opening a ticket that others look for"
    _log_access = False

    key = fields.Char(required=True, readonly=True, help="What the ticket is found by, hashed")
    taken_at = fields.Datetime(required=True, readonly=True)

    _once = models.UniqueIndex("(key)")

    @api.model
    def _take(self, keys: Iterable[tuple]) -> None:
        """Be the only one to open tickets that are found by these keys, until the transaction
        ends.

        :param keys: as :mod:`.intake_turns` makes them
        :raise psycopg2.errors.SerializationFailure: somebody else did so meanwhile
        """
        # in one order everywhere, so that no two wait for each other
        digests = sorted(hashlib.sha256(repr(key).encode()).hexdigest()[:32] for key in keys)
        if digests:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO helpdesk_intake_turn (key, taken_at)"
                    " SELECT wanted.key, %s FROM unnest(%s) AS wanted(key) ORDER BY wanted.key"
                    " ON CONFLICT (key) DO UPDATE SET taken_at = EXCLUDED.taken_at",
                    self.env.cr.now(),
                    digests,
                )
            )

    @api.autovacuum
    def _gc_turns(self):
        self.env.cr.execute(
            SQL("DELETE FROM helpdesk_intake_turn WHERE taken_at < %s", self.env.cr.now() - KEPT)
        )
