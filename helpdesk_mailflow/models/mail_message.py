# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from lxml import html as lxml_html

from odoo import fields, models, tools
from odoo.exceptions import AccessError

from odoo.addons.mail.tools.discuss import Store

from ..mailflow.rebuild import File, rebuild
from ..mailflow.subject import tagged_subject
from . import own_mail, trace

#: What a picture in a message of Odoo is called by.
IMAGE = re.compile(r"/web/(?:image|content)/(\d+)\b")

#: What a message keeps as it was when it was posted.
KEPT_BY_THE_ADDON = frozenset(
    (
        "helpdesk_bcc",
        "helpdesk_cc",
        "helpdesk_forward",
        "helpdesk_from_address_id",
        "helpdesk_marks",
        "helpdesk_notes",
        "helpdesk_private",
        "helpdesk_receipts",
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
    helpdesk_forward = fields.Boolean(
        "Forwarded",
        groups="base.group_user",
        help="It sends what was said before on to others",
    )
    # beside helpdesk_forward; no matter what the agent made of the subject
    helpdesk_reply_apart = fields.Boolean(
        "Answers a reply to a forward",
        groups="base.group_user",
        help="It answers what one of those wrote whom something was forwarded to",
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

    def _mailflow_forget_note(self, code: str, **values) -> None:
        """Take back one sentence of :meth:`_mailflow_note`, with these values."""
        entry = {"code": code, "values": {key: str(value) for key, value in values.items()}}
        # sudo: as in _mailflow_note
        for message in self.sudo():
            left = [each for each in message.helpdesk_notes or [] if each != entry]
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

    # ------------------------------------------------------------
    # FORWARDING
    # ------------------------------------------------------------

    def _mailflow_apart_subject(self, subject: str, tag: str) -> str:
        """The subject of a mail that goes past the requester, with the ticket's tag."""
        if self.helpdesk_reply_apart:
            return tagged_subject(subject, tag, True)
        return f"Fwd: {tagged_subject(subject, tag, False)}"

    def _mailflow_asked_apart(self) -> str:
        """Message-ID of the mail that such a message answers, or ""."""
        if not self.helpdesk_reply_apart:
            return ""
        found = self.search(
            [
                ("model", "=", self.model),
                ("res_id", "=", self.res_id),
                ("message_type", "=", "email"),
                ("author_id", "in", self.partner_ids.ids),
                ("id", "<", self.id),
            ],
            order="id desc",
            limit=1,
        )
        return found.message_id or ""

    def _mailflow_to(self) -> str:
        """Whom it went to, as formatted addresses: those that it came with, else whom it was sent
        to outside of the company, without copies and blind copies."""
        if self.message_type == "email":
            return self.incoming_email_to or ""
        copies = tools.mail.email_normalize_all(
            f"{self.helpdesk_cc or ''},{self.helpdesk_bcc or ''}"
        )
        outside = self.notified_partner_ids.filtered(
            lambda each: each.partner_share and each.email_normalized not in copies
        )
        return ", ".join(outside.mapped("email_formatted"))

    def _mailflow_sources(self) -> dict[int, bytes]:
        """The mails that these messages came in as: message id -> raw bytes, for those whose
        source is still kept."""
        deliveries = self.env["helpdesk.incoming.mail.delivery"].search(
            [
                ("message_id", "in", self.ids),
                ("outcome", "in", ("ticket", "reply", "note")),
                ("mail_id.start_only", "=", False),
            ]
        )
        sources = self.env["helpdesk.incoming.mail.source"]._load(deliveries.mail_id.ids)
        return {
            each.message_id.id: sources[each.mail_id.id]
            for each in deliveries
            if each.mail_id.id in sources
        }

    def _mailflow_rebuilt(self) -> bytes:
        """The message as a mail, made of what Odoo has kept of it."""
        self.ensure_one()
        # sudo: names and addresses of those who had a message that the user may read
        own = self.sudo()
        body, files = own._mailflow_body_with_cids()
        return rebuild(
            [
                ("From", own.email_from or own.author_id.email_formatted or ""),
                ("To", own._mailflow_to()),
                ("Cc", own.incoming_email_cc or own.helpdesk_cc or ""),
                ("Subject", own.subject or own.record_name or ""),
                ("Message-ID", own.message_id or ""),
            ],
            own.date,
            tools.html2plaintext(body),
            body,
            files,
        )

    def _mailflow_body_with_cids(self) -> tuple[str, list[File]]:
        """The body, in which pictures are those that come with it; and all attachments."""
        cids = {}
        body = str(self.body or "")
        own_ids = set(self.attachment_ids.ids)
        if own_ids and IMAGE.search(body):
            tree = lxml_html.fragment_fromstring(body, create_parent="div")
            for image in tree.iter("img"):
                found = IMAGE.search(image.get("src") or "")
                if found and int(found[1]) in own_ids:
                    cids[int(found[1])] = f"picture-{found[1]}@mailflow"
                    image.set("src", f"cid:{cids[int(found[1])]}")
            body = lxml_html.tostring(tree, encoding="unicode")
        files = [
            File(each.name, each.raw or b"", each.mimetype or "", cids.get(each.id, ""))
            for each in self.attachment_ids.sorted("id")
        ]
        return body, files
