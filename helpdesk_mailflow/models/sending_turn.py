# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Limits on mails that users have sent, which hold also for those who press at the same moment."""

from datetime import datetime

from odoo.tools import SQL


def take_turns(env, *keys: str) -> bool:
    """Be the only transaction that sends what each of these keys stands for, until it ends.

    Nobody is waited for: the other one may be waiting for a mail server.

    :return: False while another transaction has one of the turns
    """
    for key in sorted(keys):
        locked = SQL("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", key)
        if not env.execute_query(locked)[0][0]:
            return False
    return True


def latest(records, domain, field: str, limit: int) -> list[datetime]:
    """When the latest mails were sent, newest first, as it is now.

    A transaction sees what was there when it began, so that those who came in meanwhile are
    looked for in another one. Whoever has the turn (:func:`take_turns`) gets all of them.

    :param records: the model that keeps them, newest first
    :param field: that says when
    """
    found = {row.id: row[field] for row in records.search(domain, limit=limit)}
    with records.env.registry.cursor() as cursor:
        there = records.with_env(records.env(cr=cursor))
        found.update((row.id, row[field]) for row in there.search(domain, limit=limit))
    return sorted(found.values(), reverse=True)[:limit]
