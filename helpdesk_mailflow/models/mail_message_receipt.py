# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models

from odoo.addons.mail.tools.discuss import Store

from . import trace

#: What became of a message at one recipient -> its sentence; what comes later counts more.
WHAT = {
    "relayed": "receipt_relayed",
    "delivered": "receipt_delivered",
    "deleted": "receipt_deleted",
    "read": "receipt_read",
}


class MailMessage(models.Model):
    """What recipients' mail systems say of a message that we sent."""

    _inherit = "mail.message"

    # {address: {"what", "who", "moment"}}, the furthest that each got
    helpdesk_receipts = fields.Json("Receipts", groups="base.group_user")

    def _mailflow_receipt(self, what: str, email: str, who: str, moment) -> None:
        """Keep a receipt.

        :param what: key of :data:`WHAT`
        :param email: canonical address of the recipient
        :param moment: naive, UTC
        """
        self.ensure_one()
        # sudo: nobody edits these
        message = self.sudo()
        known = dict(message.helpdesk_receipts or {})
        order = list(WHAT)
        if email in known and order.index(known[email]["what"]) >= order.index(what):
            return
        known[email] = {"what": what, "who": who, "moment": moment.isoformat()}
        message.helpdesk_receipts = known

    def _mailflow_receipt_sentences(self) -> list[str]:
        """The receipts in the reader's language and time zone."""
        self.ensure_one()
        # sudo: who reads the message may know what became of it
        receipts = (self.sudo().helpdesk_receipts or {}).values()
        return [
            trace.sentence(
                self.env, WHAT[each["what"]], {"who": each["who"], "moment": each["moment"]}
            )
            for each in sorted(receipts, key=lambda each: each["moment"])
        ]

    def _to_store_defaults(self, target: Store.Target):
        result = super()._to_store_defaults(target)
        if not target.is_internal(self.env):
            return result
        return [
            *result,
            Store.Attr(
                "helpdesk_receipts",
                lambda each: each._mailflow_receipt_sentences(),
                predicate=lambda each: each.model == "helpdesk.ticket",
            ),
        ]
