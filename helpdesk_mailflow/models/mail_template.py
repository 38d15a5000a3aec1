# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models, tools
from odoo.fields import Domain

#: What a template may fix about who a mail comes from.
SENDER_FIELDS = ("email_from", "reply_to", "mail_server_id")


class MailTemplate(models.Model):
    """Templates of tickets leave the sender to the ticket, or name one of their own."""

    _inherit = "mail.template"

    helpdesk_former_sender = fields.Json(
        "Sender before the switch",
        readonly=True,
        copy=False,
        help="What the template named before it was switched to the sender of the ticket",
    )

    @api.model
    def _helpdesk_templates(self):
        """The templates that tickets are mailed with."""
        # sudo: stages of any company; only which templates they use
        stages = (
            self.env["helpdesk.ticket.stage"].sudo().search([("mail_template_id", "!=", False)])
        )
        of_stages = Domain("id", "in", stages.mail_template_id.ids)
        return self.search(Domain("model", "=", "helpdesk.ticket") | of_stages, order="name, id")

    def _helpdesk_sets_sender(self):
        """Those of the templates that name a sender, a Reply-To or a server of their own."""
        return self.filtered(lambda each: any(each[name] for name in SENDER_FIELDS))

    def _helpdesk_names_old_sender(self):
        """Those that name something else than one of our From addresses: it is not sent as."""
        # sudo: of any company, since templates are of all
        senders = self.env["helpdesk.from.address"].sudo().search([("is_usable", "=", True)])
        usable = set(senders.mapped("email"))
        return self._helpdesk_sets_sender().filtered(
            lambda each: tools.email_normalize(each.email_from or "") not in usable
        )

    def _helpdesk_switch_sender(self, email: str | None = None) -> None:
        """Leave the sender to the ticket, and remember what was named.

        :param email: name this bare address instead
        """
        for template in self._helpdesk_sets_sender():
            former = {name: template[name] or False for name in ("email_from", "reply_to")}
            former["mail_server_id"] = template.mail_server_id.id
            template.write(
                {
                    "email_from": email or False,
                    "reply_to": False,
                    "mail_server_id": False,
                    "helpdesk_former_sender": former,
                }
            )

    def _helpdesk_put_back_sender(self) -> None:
        """Name again what was named before the switch."""
        for template in self.filtered("helpdesk_former_sender"):
            former = template.helpdesk_former_sender
            # sudo: only whether the server is still there
            server = self.env["ir.mail_server"].sudo().browse(former["mail_server_id"] or [])
            template.write(
                {
                    "email_from": former["email_from"],
                    "reply_to": former["reply_to"],
                    "mail_server_id": server.exists().id,
                    "helpdesk_former_sender": False,
                }
            )

    def write(self, vals):
        if "helpdesk_former_sender" not in vals and any(vals.get(name) for name in SENDER_FIELDS):
            # somebody names another sender: what was before the switch is no longer of use
            vals = {**vals, "helpdesk_former_sender": False}
        return super().write(vals)

    def send_mail_batch(self, res_ids, **kwargs):
        """Server actions and other programs send templates by this; the composer does not."""
        sending = self
        if self.model == "helpdesk.ticket":
            tickets = self.env["helpdesk.ticket"]._mailflow_as_automatic()
            sending = self.with_context(**tickets.env.context)
        return super(MailTemplate, sending).send_mail_batch(res_ids, **kwargs)
