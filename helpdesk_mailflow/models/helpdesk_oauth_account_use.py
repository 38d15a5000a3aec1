# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""How mail scanners and outgoing servers use a connected account."""

import logging
from collections.abc import Callable
from typing import TypeVar

import psycopg2

from odoo import models

from ..mailflow.cloud import may_have_token
from ..mailflow.errors import HostNotOfCloud, MailboxNotAllowed, TokenRefused

_logger = logging.getLogger(__name__)

T = TypeVar("T")
#: What logs in with accounts, and may wait for a new one.
WAITING = ("fetchmail.server", "helpdesk.from.address", "helpdesk.mailbox.connection")


class HelpdeskOauthAccount(models.Model):
    _inherit = "helpdesk.oauth.account"

    def _check_host(self, host: str, protocol: str = "imap") -> None:
        """Whether a mail server may be told a token.

        :param protocol: of what the host should be ("imap" also for POP, else "smtp")
        :raise HostNotOfCloud: it may not
        """
        app = self.sudo().app_id  # sudo: scanners and senders use the account of whoever set it up
        if not may_have_token(app.authority_url or "", host):
            raise HostNotOfCloud(host=host, right=getattr(app._cloud(), protocol))

    def _with_token(self, use: Callable[[str], T], resource: str = "mail", mailbox: str = "") -> T:
        """Use a token; one that is refused though it has not expired is renewed once.

        :param use: is given the token; called again with another one after TokenRefused
        :param resource: as of :meth:`_access_token`
        :param mailbox: that is opened with it
        :raise MailboxError: of :meth:`_access_token`, or of `use`
        :raise MailboxNotAllowed: a new token is refused, too, for a mailbox that is not the
            account's own
        """
        token = self._access_token(resource)
        try:
            return use(token)
        except TokenRefused:
            token = self._access_token(resource, renew=token)
        try:
            return use(token)
        except TokenRefused as error:
            if self.flow == "app" or self._is_own_mailbox(mailbox):
                raise
            values = {"host": error.values.get("host", ""), "user": mailbox}
            raise MailboxNotAllowed(**values, account=self.display_name) from None

    def _is_own_mailbox(self, mailbox: str) -> bool:
        """Whether a mailbox is that of who signed in; what has only an app has none."""
        return self.flow == "user" and mailbox.strip().lower() == (self.username or "").lower()

    def _finish_sign_in(self, *args, **options):
        # what is read on other cursors
        self.env.flush_all()
        account = super()._finish_sign_in(*args, **options)
        account._use_where_wanted()
        return account

    def _use_where_wanted(self) -> None:
        """Let what asked for a new authorisation use it, now that there is one. What is busy
        does so itself, later."""
        for model in WAITING:
            found = self.env[model].sudo().with_context(active_test=False)  # sudo: as signed in
            for record in found.search([("new_account_id", "in", self.ids)]):
                try:
                    # the transaction that signs in must not fail any more
                    with self.env.registry.cursor() as cursor:
                        record.with_env(record.env(cr=cursor))._take_new_account()
                except psycopg2.OperationalError as error:
                    _logger.info("%s uses its new account later: %s", record, error)
                record.invalidate_recordset(flush=False)
