# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from markupsafe import Markup

from odoo import api, fields, models

from ..mailflow import secured
from ..mailflow.absence import return_date
from ..mailflow.invitation import read_invitations
from ..mailflow.kind import Kind
from ..mailflow.note import Note, note
from . import trace
from .intake_act_body import FOLD
from .intake_values import Outcome
from .invitation_words import invitation_lines

#: How a mail is signed or encrypted -> what is said of it. The marks have the same codes.
SECURED = {
    secured.SMIME_ENCRYPTED: "mark_encrypted_smime",
    secured.PGP_ENCRYPTED: "mark_encrypted_pgp",
    secured.SMIME_SIGNED: "mark_signed_smime",
    secured.PGP_SIGNED: "mark_signed_pgp",
}
ENCRYPTED = {
    secured.SMIME_ENCRYPTED: "notice_encrypted_smime",
    secured.PGP_ENCRYPTED: "notice_encrypted_pgp",
}
BOX = Markup('<div class="alert alert-%s" role="note" style="margin:0 0 8px 0">%s</div>')
LINE = Markup('<p style="margin:0">%s</p>')
MAX_INVITATIONS = 3


class HelpdeskIntakeAct(models.AbstractModel):
    """What stands above the body of a message, where the mail is more than what was written:
    invitations, absences, mails that are signed or encrypted."""

    _inherit = "helpdesk.intake.act"

    @api.model
    def _in_language(self, item):
        """The language of what is stored once, for all: the company's, else Odoo's own."""
        company = self.env["res.company"].browse(item.delivery.company_id)
        # sudo: the language of a company is no secret
        return self.with_context(lang=company.sudo().partner_id.lang or self.env.lang or "en_US")

    @api.model
    def _say(self, told: Note) -> str:
        return trace.sentence(self.env, told.code, dict(told.values))

    @api.model
    def _tell_marks(self, items) -> None:
        """Badges, for who sees the message in a list of many."""
        for item in items:
            marks = [note(SECURED[each]) for each in SECURED if each in item.mail.secured]
            kind = item.plan.verdict.kind.kind
            if kind is Kind.CALENDAR:
                marks.append(note("mark_calendar"))
            elif kind is Kind.AUTO_REPLY:
                marks.append(note("mark_auto_reply"))
            item.marks += [each for each in marks if each not in item.marks]

    @api.model
    def _notices(self, item) -> list[Markup]:
        here = self._in_language(item)
        boxes = [here._box(here._absence_lines(item), "info")]
        boxes += [
            here._box(invitation_lines(here.env, each), "info")
            for each in read_invitations(item.mail)[:MAX_INVITATIONS]
        ]
        boxes.append(here._box(here._secured_lines(item), "warning"))
        return [*filter(None, boxes), *super()._notices(item)]

    @api.model
    def _box(self, lines: list[str], look: str) -> Markup | None:
        return BOX % (look, Markup("").join(LINE % line for line in lines)) if lines else None

    @api.model
    def _secured_lines(self, item) -> list[str]:
        lines = [
            self._say(note(code)) for mark, code in ENCRYPTED.items() if mark in item.mail.secured
        ]
        if not lines and not item.mail.text.strip() and item.mail.secured:
            lines = [self._say(note("notice_signed_unreadable"))]
        return lines

    @api.model
    def _absence_lines(self, item) -> list[str]:
        if item.plan.verdict.kind.kind is not Kind.AUTO_REPLY:
            return []
        absence = return_date(item.mail)
        writer = item.plan.verdict.writer.address
        who = writer.name or writer.email
        if not absence:
            return [self._say(note("notice_auto_reply", who=who, subject=item.mail.subject))]
        code = "notice_away_back" if absence.back else "notice_away_until"
        return [self._say(note(code, who=who, day=absence.day.isoformat()))]

    @api.model
    def _written(self, item) -> Markup:
        """Automatic answers are folded whole: who reads a ticket looks for what people wrote."""
        written = super()._written(item)
        is_note = item.delivery.outcome is Outcome.NOTE
        if is_note and item.plan.verdict.kind.kind is Kind.AUTO_REPLY:
            return FOLD % written
        return written

    @api.model
    def _ticket_text(self, item) -> Markup:
        """What a ticket is about is in its boxes at times: it is never empty."""
        return Markup("").join((*self._notices(item), super()._ticket_text(item)))

    # ------------------------------------------------------------
    # WHO IS AWAY
    # ------------------------------------------------------------

    @api.model
    def _tell_absences(self, items) -> None:
        """Keep on contacts until when they are away, and that they are back: they write."""
        for item in items:
            verdict = item.plan.verdict
            # sudo: mail comes in for whoever hands it in
            partner = item.partner and item.partner.sudo()
            # of a forged sender nothing is believed; what is forwarded was written before
            if not partner or verdict.writer.identity == "failed" or item.original:
                continue
            if item.requester.address.normalized != verdict.writer.address.normalized:
                # whoever names somebody else in Reply-To knows nothing of them
                continue
            if verdict.kind.kind is Kind.MESSAGE and partner.helpdesk_away_until:
                partner.helpdesk_away_until = False
            if verdict.kind.kind is not Kind.AUTO_REPLY:
                continue
            absence = return_date(item.mail)
            if not absence:
                continue
            last = fields.Date.subtract(absence.day, days=1) if absence.back else absence.day
            if last >= fields.Date.context_today(self):
                partner.helpdesk_away_until = last
                item.notes.append(note("act_away", who=partner.name, day=last.isoformat()))
