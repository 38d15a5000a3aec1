# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import smtplib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, email_normalize_all, str2bool

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from . import own_mail
from .mail_mail_filter import meant_for_own_address

_logger = logging.getLogger(__name__)

#: What a From address decides on its own server, and on that of a connected mailbox.
OF_OWN_SERVER = frozenset(
    (
        "name",
        "from_filter",
        "smtp_host",
        "smtp_port",
        "smtp_authentication",
        "smtp_encryption",
        "smtp_user",
        "smtp_pass",
        "smtp_ssl_certificate",
        "smtp_ssl_private_key",
        "owner_user_id",
        "helpdesk_is_own",
    )
)
OF_MAILBOX = frozenset(("from_filter", "smtp_authentication", "smtp_user", "owner_user_id"))


class IrMailServer(models.Model):
    """A server that a From address sends through is changed there, and sends for nobody else."""

    _inherit = "ir.mail_server"

    helpdesk_from_address_ids = fields.One2many(
        "helpdesk.from.address",
        "mail_server_id",
        string="From addresses",
        readonly=True,
        groups="base.group_system",
        help="Helpdesk answers from these addresses leave by this server",
    )
    helpdesk_is_own = fields.Boolean(
        "Made for a From address", readonly=True, copy=False, groups="base.group_system"
    )

    def write(self, vals):
        if not self.env.context.get("mailflow_by_address"):
            changed = self.filtered(lambda server: server._is_decided_elsewhere(vals))
            if changed:
                raise UserError(changed[0]._belongs_to_addresses())
        return super().write(vals)

    def _is_decided_elsewhere(self, vals) -> bool:
        addresses = self.sudo().helpdesk_from_address_ids  # sudo: of all companies
        is_own = self.sudo().helpdesk_is_own  # sudo: as above
        of_address = is_own or "smtp" in addresses.mapped("sends_via")
        decided = OF_OWN_SERVER if of_address else OF_MAILBOX
        if not is_own:
            decided = decided - {"name"}
        return bool(addresses) and any(
            name in vals and self._fields[name].convert_to_write(self[name], self) != vals[name]
            for name in decided
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_from_address(self):
        for server in self:
            if server.sudo().helpdesk_from_address_ids:  # sudo: of all companies
                raise UserError(server._belongs_to_addresses())

    def _belongs_to_addresses(self) -> str:
        return self.env._(
            "The outgoing mail server “%(server)s” belongs to the From address %(addresses)s:"
            " change or delete it there, or let the address send another way first.",
            server=self.name,
            addresses=", ".join(self.sudo().helpdesk_from_address_ids.mapped("email")),
        )

    def _active_usages_compute(self):
        usages = super()._active_usages_compute()
        for server in self:
            for address in server.sudo().helpdesk_from_address_ids:  # sudo: of all companies
                usages.setdefault(server.id, []).append(
                    self.env._("%(email)s (From address of helpdesk)", email=address.email)
                )
        return usages

    # ------------------------------------------------------------
    # WHICH SERVER A MAIL LEAVES BY
    # ------------------------------------------------------------

    def _find_mail_server(self, email_from, mail_servers=None):
        """Odoo writes its own sender over one that no server names in its filter. In mails of
        tickets (context ``mailflow_proven``) a From address that was proven and sends through
        Odoo's own server stays; elsewhere anybody could have it as an own address. The server
        that was made for one that is not proven sends nothing; others are there for all apps.
        """
        if mail_servers is None:
            domain = self._find_mail_server_allowed_domain()
            mail_servers = self.sudo().search(domain, order="sequence")
        # sudo: which server belongs to which address is a system admin's to see
        unproven = mail_servers.sudo().filtered(
            lambda server: (
                server.helpdesk_is_own
                and server.helpdesk_from_address_ids
                and "verified" not in server.helpdesk_from_address_ids.mapped("state")
            )
        )
        server, smtp_from = super()._find_mail_server(
            email_from, mail_servers=mail_servers - unproven
        )
        wanted = email_normalize(email_from or "")
        of_ticket = self.env.context.get("mailflow_proven")
        if of_ticket and wanted and email_normalize(smtp_from or "") != wanted:
            # sudo: whether an address is proven is no secret
            proven = (
                self.env["helpdesk.from.address"]
                .sudo()
                .search_count(
                    [
                        ("email", "=", wanted),
                        ("sends_via", "=", "odoo"),
                        ("is_usable", "=", True),
                    ],
                    limit=1,
                )
            )
            if proven:
                return server, email_from
        return server, smtp_from

    def _filter_mail_servers_fallback(self, servers):
        """The server that was made for a From address is for that address, not for whatever has
        none; but what Odoo sends as may be that address. A connected mailbox, or a server that
        was chosen, was there for all before."""
        servers = super()._filter_mail_servers_fallback(servers)
        sender = email_normalize(
            self.env.context.get("domain_notifications_email")
            or self._get_default_from_address()
            or ""
        )
        # sudo: which server belongs to which address is a system admin's to see
        kept = servers.sudo().filtered(
            lambda server: (
                server.helpdesk_is_own
                and server.helpdesk_from_address_ids
                and sender not in server.helpdesk_from_address_ids.mapped("email")
            )
        )
        return servers - kept

    # ------------------------------------------------------------
    # WHOM IT GOES TO
    # ------------------------------------------------------------

    @api.model
    def _prepare_smtp_to_list(self, message, smtp_session):
        """The last line of the outgoing filter: whatever road a mail of ours took."""
        recipients = super()._prepare_smtp_to_list(message, smtp_session)
        stamp = own_mail.read_stamp(self.env, message[own_mail.HEADER] or "")
        if not stamp or not recipients or meant_for_own_address(stamp):
            return recipients
        # sudo: who sends need not be able to read the ticket
        ticket = self.env["helpdesk.ticket"].sudo()
        if stamp[1].isdecimal():
            ticket = ticket.browse(int(stamp[1])).exists()
        allowed = email_normalize_all(ticket._mailflow_auto_cc()) if ticket else []
        withheld = self.env["helpdesk.outgoing.filter"]._suppressed(
            recipients, ticket.company_id or self.env.company, allow=allowed
        )
        if withheld:
            _logger.info(
                "The outgoing filter withheld %s of %s at the last moment",
                ", ".join(withheld),
                message["Message-Id"],
            )
        return [each for each in recipients if each not in withheld]

    # ------------------------------------------------------------
    # WHOM IT IS FROM
    # ------------------------------------------------------------

    def _prepare_email_message__(self, message, smtp_session):
        """Automatic answers leave with an empty envelope sender: what goes wrong with them is
        told to nobody, and no program answers to nobody (RFC 3834 section 3.3).

        Odoo takes a Return-Path of ``<>`` for no address at all, so it is set behind it. Servers
        that one logs in to look at whom the user may send as (RFC 6409 section 6.1) and refuse
        or replace an empty one; they keep the sender that Odoo gives them: the bounce address,
        or the From address, and neither of them ever answers. The system parameter
        ``helpdesk_mailflow.automatic_null_sender`` set to ``False`` keeps it everywhere: for
        companies whose domain has SPF, but no DKIM, which DMARC needs then.
        """
        sender, recipients, message = super()._prepare_email_message__(message, smtp_session)
        if (
            message["Auto-Submitted"] == "auto-replied"
            and message[own_mail.HEADER]
            and not getattr(smtp_session, "user", None)
            and self._mailflow_null_sender()
        ):
            del message["Return-Path"]
            message["Return-Path"] = "<>"
            sender = ""
        return sender, recipients, message

    def _mailflow_null_sender(self) -> bool:
        # sudo: a setting of the system
        param = self.env["ir.config_parameter"].sudo().get_param
        return str2bool(param("helpdesk_mailflow.automatic_null_sender", "True"), True)

    # ------------------------------------------------------------
    # WHAT BECOMES OF A MAIL
    # ------------------------------------------------------------

    def _connect__(self, *args, **kwargs):
        report = self.env.context.get("mailflow_report")
        if report is None:
            return super()._connect__(*args, **kwargs)
        # what is no ticket's had its sender written over before
        servers = super(IrMailServer, self.with_context(mailflow_proven=True))
        try:
            connection = servers._connect__(*args, **kwargs)
        except Exception as error:
            report.failed(error)
            raise
        if connection is not None:
            report.listen_to(connection)
        return connection

    def send_email(self, message, *args, **kwargs):
        report = self.env.context.get("mailflow_report")
        if report is None:
            return super().send_email(message, *args, **kwargs)
        report.begin()
        try:
            return super().send_email(message, *args, **kwargs)
        except smtplib.SMTPServerDisconnected as error:
            report.failed(error)
            if own_mail.HEADER not in message:
                raise
            # Odoo would break off all, and show an error to whoever has just answered, though
            # the answer is kept and waits
            raise MailDeliveryException("Mail Delivery Failed", str(error)) from error
        except Exception as error:
            # Odoo's exception hides the server's own words in its cause
            report.failed(error.__cause__ or error.__context__ or error)
            raise
