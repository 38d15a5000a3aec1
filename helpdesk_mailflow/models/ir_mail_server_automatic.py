# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import models
from odoo.tools import str2bool

from .own_mail import HEADER


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

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
            and message[HEADER]
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
