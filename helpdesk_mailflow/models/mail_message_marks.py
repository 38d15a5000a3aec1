# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

"""Badges on messages: what agents should know of a mail at a glance.

A mark is a note whose code has a sentence in ``trace.SENTENCES``, which is its tooltip, and a
label in :data:`LABELS`. Steps of the intake add marks to ``Item.marks``.
"""

from odoo import fields, models
from odoo.tools.translate import LazyTranslate

from odoo.addons.mail.tools.discuss import Store

from . import trace

_lt = LazyTranslate(__name__)

#: Code -> label and kind: ``success``, ``info``, ``warning`` or ``danger``.
LABELS = {
    "mark_proven": (_lt("Sender proven"), "success"),
    "mark_proven_forwarder": (_lt("Sender proven"), "success"),
    "mark_unproven": (_lt("Unverified sender"), "warning"),
    "mark_dmarc_failed": (_lt("DMARC failed"), "danger"),
    "mark_forwarded": (_lt("Forwarded"), "info"),
    "mark_impostor": (_lt("Not proven to be a colleague"), "danger"),
    "mark_encrypted_smime": (_lt("Encrypted"), "warning"),
    "mark_encrypted_pgp": (_lt("Encrypted"), "warning"),
    "mark_signed_smime": (_lt("Signed, not checked"), "info"),
    "mark_signed_pgp": (_lt("Signed, not checked"), "info"),
    "mark_calendar": (_lt("Calendar"), "info"),
    "mark_auto_reply": (_lt("Automatic answer"), "info"),
    "mark_unverified": (_lt("Unverified participant"), "warning"),
}
_OTHER = _lt("Note")


class MailMessage(models.Model):
    _inherit = "mail.message"

    # [{"code", "values"}], as in a trace
    helpdesk_marks = fields.Json("Badges", groups="base.group_user", copy=False)

    def _mailflow_marks(self) -> list[dict]:
        """The badges in the reader's language: label, sentence and kind of each."""
        self.ensure_one()
        # sudo: who reads the message may know what is known of it
        found = []
        for each in self.sudo().helpdesk_marks or []:
            label, kind = LABELS.get(each["code"], (_OTHER, "info"))
            found.append(
                {
                    "code": each["code"],
                    "label": self.env._(label),
                    "sentence": trace.sentence(self.env, each["code"], each["values"]),
                    "kind": kind,
                }
            )
        return found

    def _mailflow_set_marks(self, notes) -> None:
        """Give a message its badges.

        :param notes: of ``mailflow.note.Note``, the first one first
        """
        if notes:
            # sudo: whoever causes it may not be who wrote the message
            self.sudo().helpdesk_marks = [
                {"code": each.code, "values": dict(each.values)} for each in notes
            ]

    def _mailflow_mark(self, note) -> None:
        """Add a badge to messages that are there already.

        :param note: ``mailflow.note.Note``; one of the same code is replaced
        """
        mark = {"code": note.code, "values": dict(note.values)}
        # sudo: as in _mailflow_set_marks
        for message in self.sudo():
            others = [each for each in message.helpdesk_marks or [] if each["code"] != mark["code"]]
            message.helpdesk_marks = [*others, mark]

    def _to_store_defaults(self, target: Store.Target):
        result = super()._to_store_defaults(target)
        if not target.is_internal(self.env):
            return result
        return [
            *result,
            Store.Attr(
                "helpdesk_marks",
                lambda each: each._mailflow_marks(),
                predicate=lambda each: each.model == "helpdesk.ticket",
            ),
        ]
