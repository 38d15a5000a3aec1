# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models, tools
from odoo.exceptions import UserError


class MailComposeMessage(models.TransientModel):
    """An answer to one ticket has a From address, Cc and Bcc, and may go without its requester."""

    _inherit = "mail.compose.message"

    helpdesk_ticket_id = fields.Many2one(
        "helpdesk.ticket", compute="_compute_helpdesk_ticket_id", compute_sudo=False
    )
    # see helpdesk.ticket._mailflow_answer_data
    helpdesk_answer = fields.Json(compute="_compute_helpdesk_answer", compute_sudo=False)
    helpdesk_from_address_id = fields.Many2one(
        "helpdesk.from.address",
        string="From address",
        compute="_compute_helpdesk_from_address_id",
        store=True,
        readonly=False,
        compute_sudo=False,
    )
    helpdesk_to = fields.Char(
        "To, without a contact",
        compute="_compute_helpdesk_to",
        store=True,
        readonly=False,
        compute_sudo=False,
        help="Recipients who are not contacts, divided by commas",
    )
    helpdesk_cc = fields.Char(
        "Cc", compute="_compute_helpdesk_cc", store=True, readonly=False, compute_sudo=False
    )
    helpdesk_bcc = fields.Char("Bcc")
    helpdesk_private = fields.Boolean(
        "Without the requester", compute="_compute_helpdesk_private", compute_sudo=False
    )
    # set by a button of the form: the requester comes back into To
    helpdesk_put_back = fields.Boolean(store=False)
    helpdesk_medium = fields.Selection(
        [("mail", "E-mail"), ("sms", "Text message")],
        string="Send by",
        default="mail",
        required=True,
    )
    helpdesk_sms_allowed = fields.Boolean(compute="_compute_helpdesk_sms", compute_sudo=False)
    helpdesk_sms_reason = fields.Char(compute="_compute_helpdesk_sms", compute_sudo=False)
    helpdesk_sms_number = fields.Char(
        "Phone number", compute="_compute_helpdesk_sms", compute_sudo=False
    )
    helpdesk_sms_body = fields.Text("Text")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("composition_mode", "composition_batch", "model", "res_ids", "subtype_id")
    def _compute_helpdesk_ticket_id(self):
        for composer in self:
            ticket = self.env["helpdesk.ticket"]
            if (
                composer.model == ticket._name
                and composer.composition_mode == "comment"
                and not composer.composition_batch
                and not composer.subtype_is_log
            ):
                res_ids = composer._evaluate_res_ids()
                ticket = ticket.browse(res_ids[:1]).exists()
            composer.helpdesk_ticket_id = ticket

    @api.depends("helpdesk_ticket_id")
    def _compute_helpdesk_answer(self):
        for composer in self:
            ticket = composer.helpdesk_ticket_id
            composer.helpdesk_answer = ticket and ticket._mailflow_answer_data()

    @api.depends("helpdesk_ticket_id")
    def _compute_helpdesk_from_address_id(self):
        for composer in self:
            composer.helpdesk_from_address_id = composer.helpdesk_ticket_id.answers_via_id

    @api.depends("helpdesk_ticket_id", "composition_comment_option")
    def _compute_helpdesk_to(self):
        for composer in self:
            names = {}
            if composer._is_answer_to_requester():
                requester = composer.helpdesk_answer["requester"] or {"email": False}
                suggested = composer.helpdesk_ticket_id._message_get_suggested_recipients(
                    reply_discussion=True
                )
                for each in (requester, *suggested):
                    if each["email"] and not each["partner_id"]:
                        names.setdefault(each["email"], each["name"])
            composer.helpdesk_to = ", ".join(
                tools.formataddr((name if name != email else "", email))
                for email, name in names.items()
            )

    @api.depends("helpdesk_ticket_id", "composition_comment_option")
    def _compute_helpdesk_cc(self):
        for composer in self:
            copied = ()
            if composer._is_answer_to_requester():
                copied = composer.helpdesk_answer["cc"]
            composer.helpdesk_cc = ", ".join(
                tools.formataddr((each["name"], each["email"])) for each in copied
            )

    @api.depends("helpdesk_answer", "partner_ids", "helpdesk_to", "composition_comment_option")
    def _compute_helpdesk_private(self):
        for composer in self:
            composer.helpdesk_private = (
                composer._is_without_requester() and composer.helpdesk_answer["private_allowed"]
            )

    @api.depends("helpdesk_answer")
    def _compute_helpdesk_sms(self):
        for composer in self:
            able = (composer.helpdesk_answer or {}).get("text_message") or {}
            composer.helpdesk_sms_allowed = bool(able)
            composer.helpdesk_sms_reason = able.get("reason")
            composer.helpdesk_sms_number = able.get("number")

    @api.depends("helpdesk_ticket_id")
    def _compute_authorship(self):
        """Who answers a ticket is who writes, whatever sender a template names: the From
        address is chosen apart."""
        result = super()._compute_authorship()
        for composer in self.filtered("helpdesk_ticket_id"):
            composer.author_id = self.env.user.partner_id
            composer.email_from = self.env.user.email_formatted
        return result

    @api.depends("helpdesk_ticket_id")
    def _compute_reply_to(self):
        """Answers come back to the ticket."""
        result = super()._compute_reply_to()
        self.filtered("helpdesk_ticket_id").reply_to = False
        return result

    @api.depends("helpdesk_ticket_id")
    def _compute_mail_server_id(self):
        """The From address brings its server."""
        result = super()._compute_mail_server_id()
        self.filtered("helpdesk_ticket_id").mail_server_id = False
        return result

    @api.depends("helpdesk_ticket_id")
    def _compute_partner_ids(self):
        result = super()._compute_partner_ids()
        for composer in self:
            composer._keep_requester()
        return result

    # ------------------------------------------------------------
    # THE REQUESTER
    # ------------------------------------------------------------

    def _is_answer_to_requester(self) -> bool:
        """Not a forward, which goes to others."""
        self.ensure_one()
        return bool(self.helpdesk_ticket_id and self.composition_comment_option != "forward")

    def _is_without_requester(self) -> bool:
        """There is a requester with an address, and To lacks them."""
        self.ensure_one()
        if not self._is_answer_to_requester():
            return False
        requester = self.helpdesk_answer["requester"]
        if not requester or not requester["email"]:
            return False
        if requester["partner_id"] and requester["partner_id"] in self.partner_ids._origin.ids:
            return False
        return requester["email"] not in tools.mail.email_normalize_all(self.helpdesk_to or "")

    def _put_requester_back(self) -> None:
        self.ensure_one()
        requester = self.helpdesk_answer["requester"]
        if requester["partner_id"]:
            self.partner_ids |= self.env["res.partner"].browse(requester["partner_id"])
        else:
            formatted = tools.formataddr((requester["name"], requester["email"]))
            self.helpdesk_to = ", ".join(filter(None, (formatted, self.helpdesk_to)))

    def _keep_requester(self) -> bool:
        """Whether the requester was missing and may not be, and is back now."""
        self.ensure_one()
        if not self._is_without_requester() or self.helpdesk_answer["private_allowed"]:
            return False
        self._put_requester_back()
        return True

    @api.onchange("partner_ids", "helpdesk_to")
    def _onchange_recipients_keep_requester(self):
        if not self._keep_requester():
            return None
        requester = self.helpdesk_answer["requester"]
        return {
            "warning": {
                "type": "notification",
                "title": self.env._("The requester stays"),
                "message": self.env._(
                    "%(name)s gets every answer. Helpdesk managers can allow private answers in"
                    " the settings.",
                    name=requester["name"] or requester["email"],
                ),
            }
        }

    @api.onchange("helpdesk_put_back")
    def _onchange_helpdesk_put_back(self):
        if not self.helpdesk_put_back:
            return
        self.helpdesk_put_back = False
        if self.helpdesk_ticket_id:
            # an address may have been added meanwhile
            self.helpdesk_answer = self.helpdesk_ticket_id._mailflow_answer_data()
            if self._is_without_requester():
                self._put_requester_back()

    # ------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------

    def _prepare_mail_values_static(self):
        values = super()._prepare_mail_values_static()
        if self.helpdesk_ticket_id:
            values.update(
                helpdesk_from_address_id=self.helpdesk_from_address_id.id,
                helpdesk_cc=self.helpdesk_cc or "",
                helpdesk_bcc=self.helpdesk_bcc or "",
                outgoing_email_to=self.helpdesk_to or False,
            )
        if self._is_answer_to_requester():
            values["helpdesk_private"] = self.helpdesk_private
        return values

    def _action_send_mail_comment(self, res_ids):
        self.ensure_one()
        if self.helpdesk_ticket_id and self.helpdesk_medium == "sms":
            message_id = self.helpdesk_ticket_id.action_send_text_message(self.helpdesk_sms_body)
            return self.env["mail.message"].browse(message_id)
        return super()._action_send_mail_comment(res_ids)

    def _action_schedule_message(self):
        if any(each.helpdesk_ticket_id and each.helpdesk_medium == "sms" for each in self):
            raise UserError(
                self.env._("A text message cannot be scheduled. Send it now, or send an e-mail.")
            )
        return super()._action_schedule_message()
