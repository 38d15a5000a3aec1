# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models, tools
from odoo.exceptions import AccessError

from odoo.addons.mail.tools.discuss import Store

from . import own_mail, trace

#: What a message keeps as it was when it was posted.
KEPT_BY_THE_ADDON = frozenset(
    (
        "helpdesk_bcc",
        "helpdesk_cc",
        "helpdesk_forward",
        "helpdesk_from_address_id",
        "helpdesk_notes",
        "helpdesk_private",
        "helpdesk_reply_apart",
    )
)


class MailMessage(models.Model):
    """What a ticket's message tells of how it left."""

    _inherit = "mail.message"

    helpdesk_from_address_id = fields.Many2one(
        "helpdesk.from.address",
        string="Sent as",
        ondelete="set null",
        index="btree_not_null",
        help="The From address that the message was sent as",
    )
    # customers read messages in the portal, and know nobody else who takes part
    helpdesk_cc = fields.Char(
        "Copies to",
        groups="base.group_user",
        help="Who had a copy: addresses, divided by commas",
    )
    helpdesk_bcc = fields.Char("Blind copies to", groups="base.group_user")
    helpdesk_private = fields.Boolean(
        "Without the requester",
        groups="base.group_user",
        help="The requester neither got it nor sees it in the portal",
    )
    # [{"code", "values"}], as in a trace
    helpdesk_notes = fields.Json("Notes on the way out", groups="base.group_user")

    def write(self, vals):
        """Whoever wrote a message may edit it, but not what it left as and whom it went to."""
        if (
            vals.keys() & KEPT_BY_THE_ADDON
            and not self.env.su
            and not self.env.user.has_group("base.group_system")
        ):
            raise AccessError(
                self.env._("Who a message is from and went to cannot be changed afterwards.")
            )
        return super().write(vals)

    def _mailflow_note(self, code: str, /, **values) -> None:
        """Add a sentence for the colleagues to what is told under the message.

        :param code: of ``trace.SENTENCES``
        """
        entry = {"code": code, "values": {key: str(value) for key, value in values.items()}}
        # sudo: whoever causes a mail may be told what became of it; nobody edits these
        for message in self.sudo():
            notes = message.helpdesk_notes or []
            if entry not in notes:
                message.helpdesk_notes = [*notes, entry]

    def _mailflow_is_apart(self) -> bool:
        """Whether it goes past the requester."""
        self.ensure_one()
        # sudo: whether a message is for colleagues only is no secret to them
        own = self.sudo()
        return own.helpdesk_private or own.is_internal or own.helpdesk_forward

    def _mailflow_forget_notes(self, *codes: str) -> None:
        """Take back what holds no longer."""
        # sudo: as in _mailflow_note
        for message in self.sudo():
            left = [each for each in message.helpdesk_notes or [] if each["code"] not in codes]
            if len(left) != len(message.helpdesk_notes or []):
                message.helpdesk_notes = left or False

    def _mailflow_sentences(self) -> list[str]:
        """The notes in the reader's language."""
        self.ensure_one()
        return [
            trace.sentence(self.env, each["code"], each["values"])
            for each in self.sudo().helpdesk_notes or []
        ]

    def _get_message_id(self, values):
        """Messages of tickets have signed ids, so that answers and bounces are known for sure."""
        if values.get("model") != "helpdesk.ticket" or not values.get("res_id"):
            return super()._get_message_id(values)
        sender = tools.email_normalize(values.get("email_from") or "") or ""
        if not values.get("helpdesk_from_address_id"):
            # a template's sender is replaced when the mail leaves
            # sudo: the domain of an address that customers see anyway
            ticket = self.env["helpdesk.ticket"].sudo().browse(values["res_id"])
            sender = ticket.exists().answers_via_id.email or sender
        return own_mail.message_id(self.env, values["res_id"], sender.rpartition("@")[2])

    def _to_store_defaults(self, target: Store.Target):
        result = super()._to_store_defaults(target)
        if not target.is_internal(self.env):
            return result

        def of_tickets(message):
            return message.model == "helpdesk.ticket"

        # sudo: who reads the message may know how it left
        return [
            *result,
            Store.Attr(
                "helpdesk_notes", lambda each: each._mailflow_sentences(), predicate=of_tickets
            ),
            Store.Attr(
                "helpdesk_from",
                lambda each: bool(each.sudo().helpdesk_from_address_id) and each.email_from,
                predicate=of_tickets,
            ),
            Store.Attr("helpdesk_cc", predicate=of_tickets),
            Store.Attr("helpdesk_bcc", predicate=of_tickets),
            Store.Attr("helpdesk_private", predicate=of_tickets),
        ]
