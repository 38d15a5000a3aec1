# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Outgoing servers that a From address made to send with a connected account."""

import smtplib
from email.generator import BytesGenerator
from io import BytesIO

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import config, email_normalize_all

from ..mailflow import graph
from ..mailflow.errors import AccountMissing, MailboxError
from ..mailflow.smtp import SmtpReport, SmtpSettings, check, log_in_with_token
from . import mailbox_errors
from .helpdesk_oauth_app import CA_OPTION

#: Seconds that a server may take for each answer.
TIMEOUT = 15.0
#: The engine's word for smtp_encryption of ir.mail_server, where the certificate is checked.
ENCRYPTION = {"starttls_strict": "starttls", "ssl_strict": "tls"}
#: System parameter: where Microsoft Graph is, if not where it is in the account's cloud.
GRAPH = "helpdesk_mailflow.graph_url"
#: Mails within a minute, above which Exchange Online holds a mailbox up.
MAILS_A_MINUTE = 30


class NotLoggedIn(smtplib.SMTPAuthenticationError):
    """A log-in that was refused, in a user's words.

    :param code: SMTP reply code
    :param error: what the engine makes of it
    """

    def __init__(self, code: int, error: MailboxError, sentence: str):
        super().__init__(code, sentence)
        self.mailbox_error = error
        # what Odoo keeps as the reason
        self.args = (sentence,)

    def __str__(self):
        return str(self.smtp_error)


class GraphSession:
    """What Odoo sends by, in place of smtplib's connection: each mail is handed to Microsoft
    Graph.

    :param server: ``ir.mail_server`` with all rights
    :param smtp_from: as Odoo has found it for this connection
    """

    def __init__(self, server, smtp_from):
        self._server = server
        self.from_filter = server.from_filter
        self.smtp_from = smtp_from
        self.user = server.smtp_user

    def send_message(self, message, sender, recipients):
        """As smtplib's.

        :raise MailboxError: it was not taken
        :return: the recipients that were refused: Graph takes all, or none
        """
        self._server._helpdesk_hand_to_graph(message, list(recipients))
        return {}

    def quit(self):
        """There is nothing to end."""

    close = quit


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    smtp_authentication = fields.Selection(
        selection_add=[("helpdesk_oauth", "Connected account of Helpdesk")],
        ondelete={"helpdesk_oauth": "set default"},
    )
    # follows the From address that the server was made for
    helpdesk_oauth_account_id = fields.Many2one(
        "helpdesk.oauth.account",
        string="Connected account",
        readonly=True,
        groups="base.group_system",
        ondelete="restrict",
        index="btree_not_null",
        copy=False,
    )
    helpdesk_send_by = fields.Selection(
        [("smtp", "SMTP"), ("graph", "Microsoft Graph")],
        string="Sends by",
        default="smtp",
        readonly=True,
        groups="base.group_system",
        copy=False,
    )

    def _compute_smtp_authentication_info(self):
        ours = self._helpdesk_with_account()
        ours.smtp_authentication_info = self.env._(
            "It logs in with a connected account. The From address that it belongs to says which."
        )
        return super(IrMailServer, self - ours)._compute_smtp_authentication_info()

    def _helpdesk_with_account(self):
        return self.filtered(lambda server: server.smtp_authentication == "helpdesk_oauth")

    def _get_personal_mail_servers_limit(self):
        if self.smtp_authentication == "helpdesk_oauth":
            return min(super()._get_personal_mail_servers_limit(), MAILS_A_MINUTE)
        return super()._get_personal_mail_servers_limit()

    # ------------------------------------------------------------
    # CONNECTION
    # ------------------------------------------------------------

    def _connect__(self, host=None, *args, smtp_from=None, mail_server_id=None, **options):
        """While the account of a server has a problem the server is not asked; and where mail
        leaves by Microsoft Graph, there is none."""
        server = self.browse()
        if not self._disable_send():
            server, smtp_from_found = self._helpdesk_server_of(host, smtp_from, mail_server_id)
        if not server:
            return super()._connect__(
                host, *args, smtp_from=smtp_from, mail_server_id=mail_server_id, **options
            )
        report = self.env.context.get("mailflow_report")
        is_graph = server.helpdesk_send_by == "graph"
        try:
            server._helpdesk_account()._access_token("graph" if is_graph else "mail")
            if is_graph:
                allow_archived = options.get("allow_archived", False)
                self._check_forced_mail_server(server, allow_archived, smtp_from)
        except (MailboxError, UserError) as error:
            if report is not None:
                report.failed(error)
            raise
        if not is_graph:
            return super()._connect__(
                host, *args, smtp_from=smtp_from, mail_server_id=mail_server_id, **options
            )
        session = GraphSession(server, smtp_from_found)
        if report is not None:
            report.listen_to(session)
        return session

    def _helpdesk_server_of(self, host, smtp_from, mail_server_id):
        """The server that a mail leaves by if it is one of ours, with all rights, and the
        envelope sender that goes with it."""
        servers = self.sudo()  # sudo: as Odoo does to send
        if mail_server_id:
            server = servers.browse(mail_server_id)
        elif host or not servers.search_count(
            [("smtp_authentication", "=", "helpdesk_oauth")], limit=1
        ):
            server = servers.browse()
        else:
            if self.env.context.get("mailflow_report") is not None:
                # what is no ticket's had its sender written over before
                servers = servers.with_context(mailflow_proven=True)
            server, smtp_from = servers._find_mail_server(smtp_from)
        server = server or servers.browse()
        return server._helpdesk_with_account(), smtp_from

    def _smtp_login__(self, connection, smtp_user, smtp_password):
        if len(self) != 1 or self.smtp_authentication != "helpdesk_oauth":
            return super()._smtp_login__(connection, smtp_user, smtp_password)
        server = self.sudo()  # sudo: as Odoo does to send
        connection.ehlo_or_helo_if_needed()
        try:
            account = server._helpdesk_account()
            account._check_host(server.smtp_host or "", "smtp")
            account._with_token(
                lambda token: log_in_with_token(
                    connection, server._helpdesk_settings("", token, smtp_user)
                ),
                mailbox=smtp_user,
            )
        except MailboxError as error:
            code = 454 if error.temporary else 535
            raise NotLoggedIn(code, error, mailbox_errors.sentence(self.env, error)) from error
        # smtplib keeps it, too: who has logged in sends as somebody
        connection.user = smtp_user
        return None

    def _helpdesk_account(self):
        """:raise AccountMissing: there is none"""
        if not self.helpdesk_oauth_account_id:
            raise AccountMissing()
        return self.helpdesk_oauth_account_id

    def _helpdesk_settings(self, sender: str, token: str, user: str = "") -> SmtpSettings:
        """For the engine."""
        return SmtpSettings(
            host=self.smtp_host or "",
            port=self.smtp_port,
            encryption=ENCRYPTION.get(self.smtp_encryption, "none"),
            sender=sender,
            user=user or self.smtp_user or "",
            token=token,
            account=self.helpdesk_oauth_account_id.username or "",
            timeout=TIMEOUT,
        )

    # ------------------------------------------------------------
    # TEST
    # ------------------------------------------------------------

    def test_smtp_connection(self, autodetect_max_email_size=False):
        ours = self._helpdesk_with_account()
        others = self - ours
        result = None
        if others or not ours:
            result = super(IrMailServer, others).test_smtp_connection(
                autodetect_max_email_size=autodetect_max_email_size
            )
        for server in ours:
            try:
                report = server._helpdesk_ask(server._get_test_email_from())
            except MailboxError as error:
                raise UserError(mailbox_errors.sentence(self.env, error)) from error
            if autodetect_max_email_size:
                if not report.max_megabytes:
                    raise UserError(
                        self.env._(
                            "%(server)s does not say how large a mail may be.", server=server.name
                        )
                    )
                server.max_email_size = report.max_megabytes
        return result or {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("The connection works."),
                "type": "success",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _helpdesk_ask(self, sender: str, timeout: float = TIMEOUT) -> SmtpReport:
        """Whether mail can be sent as an address, without sending any.

        :raise MailboxError: what is wrong
        """
        self.ensure_one()
        account = self._helpdesk_account()
        if self.helpdesk_send_by == "graph":
            account._with_token(
                lambda token: graph.check_sender(token, sender, **self._helpdesk_graph()),
                "graph",
                self.smtp_user or "",
            )
            return SmtpReport(
                logged_in=True,
                tls="TLS",
                starttls_offered=False,
                max_megabytes=None,
                not_received="",
            )
        account._check_host(self.smtp_host or "", "smtp")
        return account._with_token(
            lambda token: check(self._helpdesk_settings(sender, token)),
            mailbox=self.smtp_user or "",
        )

    # ------------------------------------------------------------
    # MICROSOFT GRAPH
    # ------------------------------------------------------------

    def _helpdesk_hand_to_graph(self, message, recipients: list[str]) -> None:
        """:raise MailboxError: it was not taken"""
        mime = BytesIO()
        # as smtplib does: CRLF, and nothing that needs SMTPUTF8
        BytesGenerator(mime, policy=message.policy.clone(utf8=False)).flatten(
            message, linesep="\r\n"
        )
        [sender] = email_normalize_all(message["From"])[:1] or [self.smtp_user]
        self._helpdesk_account()._with_token(
            lambda token: graph.send_mail(
                token, mime.getvalue(), sender, recipients, **self._helpdesk_graph()
            ),
            "graph",
            self.smtp_user or "",
        )

    def _helpdesk_graph(self) -> dict:
        """Where Graph is, and whose mailbox it sends from (empty: that of who signed in)."""
        mailbox = self.smtp_user or ""
        # sudo: this parameter only, which an admin may set for another cloud
        base = self.env["ir.config_parameter"].sudo().get_param(GRAPH)
        return {
            "mailbox": "" if self.helpdesk_oauth_account_id._is_own_mailbox(mailbox) else mailbox,
            "base": base or f"{self.helpdesk_oauth_account_id.app_id._cloud().graph}/v1.0",
            "ca_file": config.get(CA_OPTION) or None,
        }
