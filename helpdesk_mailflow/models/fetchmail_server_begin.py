# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Where a mail scanner begins to read a mailbox that it has not read before."""

from datetime import datetime, timedelta, timezone

from odoo import fields, models
from odoo.exceptions import UserError

from ..mailflow.errors import MailboxError
from ..mailflow.mailbox import first_day

#: Seconds without an answer while somebody waits in front of the screen.
TIMEOUT = 15.0


class FetchmailServer(models.Model):
    _inherit = "fetchmail.server"

    def _count_since(self, since: datetime) -> int:
        """How many mails would be taken in, had they come in since a moment (aware).

        :raise MailboxError: the mailbox cannot be read
        """
        self.ensure_one()
        with self._connect_mailbox(TIMEOUT) as mailbox:
            return sum(
                len(self._uids_since(mailbox, folder, since)[1])
                for folder in self._folders_to_read()
            )

    def _begin_reading(self, since: datetime | None) -> None:
        """Set where reading begins.

        :param since: mails that came in since then are taken in (aware); None for the next new
            mail
        :raise UserError: the mailbox cannot be read, in a user's words
        """
        self.ensure_one()
        try:
            with self._connect_mailbox(TIMEOUT) as mailbox:
                for folder in self._folders_to_read():
                    status, uids = self._uids_since(mailbox, folder, since)
                    folder._begin(status.uidvalidity, status.uidnext, since)
                    if self.server_type == "pop":
                        folder._know(set(mailbox.find()) - set(uids))
        except MailboxError as error:
            raise UserError(self._in_words(error)) from error

    def _uids_since(self, mailbox, folder, since: datetime | None):
        """Select a folder: (status, UIDs of the mails that would be taken in)."""
        status = mailbox.select(folder.name)
        if since is None:
            return status, []
        if self.server_type == "pop":
            dates = mailbox.dates(mailbox.find())
        else:
            unseen = self.scan_type == "unread"
            heads = mailbox.heads(mailbox.find(unseen=unseen, since=first_day(since)))
            dates = {uid: head.received for uid, head in heads.items()}
        return status, [uid for uid, date in dates.items() if date is None or date >= since]


def days_ago(env, days: int) -> datetime:
    """The moment that looking back some days begins with, aware.

    :raise UserError: that is no time to look back
    """
    if days < 1:
        raise UserError(env._("How many days? Choose at least one."))
    return (fields.Datetime.now() - timedelta(days=days)).replace(tzinfo=timezone.utc)
