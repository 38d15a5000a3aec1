# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Who is told that a connected account stopped working, and that it works again."""

import logging

from odoo import SUPERUSER_ID, api, fields, models, tools

from . import mailbox_errors, own_mail
from .helpdesk_oauth_token import stored_problem
from .helpdesk_of_team import MANAGER, SYSTEM

_logger = logging.getLogger(__name__)


class HelpdeskOauthAccount(models.Model):
    _inherit = "helpdesk.oauth.account"

    # ------------------------------------------------------------
    # WHO
    # ------------------------------------------------------------

    @api.model
    def _users_with(self, group: str, company):
        """Active internal users of a group, in a company (none: in any)."""
        # sudo: who is told does not depend on who finds out
        domain = [
            ("all_group_ids", "in", self.env.ref(group).ids),
            ("share", "=", False),
            ("id", "!=", SUPERUSER_ID),
        ]
        if company:
            domain.append(("company_ids", "in", company.ids))
        return self.env["res.users"].sudo().search(domain)

    @api.model
    def _system_admins(self, company):
        return self._users_with(SYSTEM, company)

    # ------------------------------------------------------------
    # WHEN
    # ------------------------------------------------------------

    def _tell_problem(self) -> None:
        """Tell it once: an activity and a mail for each system admin and helpdesk manager of the
        company. In a transaction of its own, since what was asked for may be rolled back.

        Nothing that goes wrong here is in the way of the error itself; the cron tries again.
        """
        self.ensure_one()
        try:
            with self._own_transaction() as account:
                account._tell_once()
        except Exception:
            _logger.exception("Nobody could be told that connected account %s failed", self.id)
        self.env["mail.activity"].invalidate_model()

    def _tell_once(self) -> None:
        Token = self.env["helpdesk.oauth.token"]
        Token._read_locked(self.env.cr, self)
        row = Token.search([("account_id", "=", self.id)])
        row.invalidate_recordset(flush=False)
        if row.state != "problem" or row.is_told:
            return
        account = self.with_user(SUPERUSER_ID)
        error = stored_problem(row.problem_code or "", row.problem_values)
        admins = self._system_admins(self.company_id)
        managers = self._users_with(MANAGER, self.company_id) - admins
        row.activity_ids = account._warn_admins(admins, error) | account._warn_managers(managers)
        row.is_told = True
        _logger.warning("Connected account %s needs attention: %s", self.id, error.code)

    def _tell_recovery(self) -> None:
        """Tell those who were told of the problem that it is over."""
        self.ensure_one()
        try:
            with self._own_transaction() as account:
                account._tell_recovery_once()
                account._catch_up()
        except Exception:
            _logger.exception("Nobody could be told that connected account %s works", self.id)
        self.env["mail.activity"].invalidate_model()

    def _tell_recovery_once(self) -> None:
        Token = self.env["helpdesk.oauth.token"]
        Token._read_locked(self.env.cr, self)
        row = Token.search([("account_id", "=", self.id)])
        row.invalidate_recordset(flush=False)
        if not row.is_told:
            return
        row.activity_ids.unlink()
        row.is_told = False
        admins = self._system_admins(self.company_id)
        managers = self._users_with(MANAGER, self.company_id) - admins
        for user in admins | managers:
            words = self.with_context(lang=user.lang).env._
            self._send_notice(
                user,
                words("The mailbox connection works again"),
                words(
                    "The connection “%(account)s” works again. Mails that waited are read and sent"
                    " now; there is nothing to do.",
                    account=self._name_for(user, admins),
                ),
            )

    @api.model
    def _cron_tell(self) -> None:
        """Tell of problems, and that they are over, where that failed or the process was ended
        before: who was told of one is told of the next one only after that."""
        # sudo: rows of tokens are the addon's own
        rows = self.env["helpdesk.oauth.token"].sudo()
        for row in rows.search([("state", "=", "problem"), ("is_told", "=", False)]):
            row.account_id._tell_problem()
        for row in rows.search([("state", "=", "ok"), ("is_told", "=", True)]):
            row.account_id._tell_recovery()

    # ------------------------------------------------------------
    # WHAT
    # ------------------------------------------------------------

    def _name_for(self, user, admins) -> str:
        """Only system admins see which accounts there are."""
        if user in admins:
            return self.display_name
        return self.company_id.name

    def _warn_admins(self, users, error):
        activities = self.env["mail.activity"]
        for user in users:
            account = self.with_context(lang=user.lang)
            words = account.env._
            title = words("Sign in again: %(account)s", account=self.display_name)
            text = mailbox_errors.sentence(account.env, error)
            more = words(
                "Until then its mailboxes are not read and nothing is sent by it; afterwards it"
                " catches up by itself. Used by: %(users)s.",
                users=self.used_by or words("nothing yet"),
            )
            activities |= account.with_context(mail_activity_quick_update=True).activity_schedule(
                "helpdesk_mailflow.oauth_activity", user_id=user.id, summary=title, note=text
            )
            self._send_notice(user, title, text, more, self.get_base_url() + self._path())
        return activities

    def _warn_managers(self, users):
        """They cannot see the account, so that their activity stands for itself."""
        activities = self.env["mail.activity"]
        for user in users:
            words = self.with_context(lang=user.lang).env._
            title = words("A helpdesk mailbox has lost its connection")
            text = words(
                "The sign-in to a mailbox of %(company)s is no longer valid, so that its mails are"
                " not read and some answers wait. Ask a system administrator to sign in again;"
                " then everything catches up by itself.",
                company=self.company_id.name,
            )
            activities |= activities.with_context(mail_activity_quick_update=True).create(
                {
                    "activity_type_id": self.env.ref("helpdesk_mailflow.oauth_activity").id,
                    "user_id": user.id,
                    "summary": title,
                    "note": text,
                    "automated": True,
                }
            )
            self._send_notice(user, title, text)
        return activities

    def _send_notice(self, user, subject: str, text: str, more: str = "", link: str = "") -> None:
        """Queue a mail to a user, by a sender that does not need this account."""
        sender, server = self._notice_sender()
        if not user.email or not sender:
            return
        company = self.company_id
        email_from = tools.formataddr((company.name or "", sender))
        body = self.env["ir.qweb"]._render(
            "helpdesk_mailflow.oauth_notice_mail",
            {"user": user, "text": text, "more": more, "link": link},
            lang=user.lang,
            minimal_qcontext=True,
        )
        headers = {
            **own_mail.stamp_header(self.env, "automatic", 0),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        }
        self.env["mail.mail"].with_user(SUPERUSER_ID).with_company(company).create(
            {
                "subject": subject,
                "body_html": body,
                "email_from": email_from,
                "email_to": user.email_formatted,
                "reply_to": email_from,
                "headers": repr(headers),
                "mail_server_id": server.id,
                "record_company_id": company.id,
                "record_alias_domain_id": company.alias_domain_id.id,
                "is_internal": True,
                "auto_delete": True,
            }
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger(at=fields.Datetime.now())

    def _notice_sender(self):
        """(address, ``ir.mail_server`` or empty); the address is empty if there is none."""
        FromAddress = self.env["helpdesk.from.address"]
        servers = self.env["ir.mail_server"].sudo()
        if sender := FromAddress._odoo_sender(self.company_id):
            return sender, servers
        for address in FromAddress._usable_for(self.company_id):
            server = address._mail_server()
            if address.oauth_account_id != self:
                return address.email, server
        return "", servers
