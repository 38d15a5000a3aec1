# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import models, tools


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _find_mail_server(self, email_from, mail_servers=None):
        """Odoo writes its own sender over one that no server names in its filter. A From address
        that was proven and sends through Odoo's own server stays."""
        server, smtp_from = super()._find_mail_server(email_from, mail_servers=mail_servers)
        wanted = tools.email_normalize(email_from or "")
        if wanted and tools.email_normalize(smtp_from or "") != wanted:
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
        """The server of a From address is for that address, not for whatever has none."""
        servers = super()._filter_mail_servers_fallback(servers)
        if not servers:
            return servers
        # sudo: which server belongs to which address is a system admin's to see
        kept = (
            self.env["helpdesk.from.address"]
            .sudo()
            .with_context(active_test=False)
            .search([("mail_server_id", "in", servers.ids)])
            .mail_server_id
        )
        return servers - kept

    # ------------------------------------------------------------
    # WHAT BECOMES OF A MAIL
    # ------------------------------------------------------------

    def _connect__(self, *args, **kwargs):
        report = self.env.context.get("mailflow_report")
        if report is None:
            return super()._connect__(*args, **kwargs)
        try:
            connection = super()._connect__(*args, **kwargs)
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
        except Exception as error:
            # Odoo's exception hides the server's own words in its cause
            report.failed(error.__cause__ or error.__context__ or error)
            raise
