# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from markupsafe import Markup

from odoo import api, models

from ..mailflow.note import note
from ..mailflow.reply import QUOTE, SIGNATURE, cut_mail
from ..mailflow.unfold import unfolded
from .intake_values import Outcome

#: Outcomes whose message shows what was written this time, with the rest folded.
FOLDED = frozenset((Outcome.REPLY, Outcome.NOTE))
#: What the trace says of what is folded.
FOLDED_NOTES = {QUOTE: "act_folded", SIGNATURE: "act_folded_signature"}
#: As Odoo's chatter and portal fold quotes.
FOLD = Markup('<div data-o-mail-quote="1">%s</div>')


class HelpdeskIntakeAct(models.AbstractModel):
    """What tickets and messages say: their titles and bodies."""

    _inherit = "helpdesk.intake.act"

    @api.model
    def _title(self, item) -> str:
        """The title of a new ticket."""
        return item.mail.subject or self.env._("No Subject")

    @api.model
    def _body(self, item) -> Markup:
        """What a mail says, whole. Tamed, but not sanitised: fields do that."""
        return Markup(item.mail.body_html)

    @api.model
    def _ticket_text(self, item) -> Markup:
        """The description of a new ticket."""
        return self._body(item) or Markup("<p></p>")

    @api.model
    def _message_body(self, item) -> Markup:
        """The body of a message: boxes about what it is, then what was written."""
        if item.body is None:
            item.body = Markup("").join((*self._notices(item), self._written(item)))
        return item.body

    @api.model
    def _notices(self, item) -> list[Markup]:
        """Boxes above what was written, about what cannot be read from it."""
        return []

    @api.model
    def _written(self, item) -> Markup:
        """What was written; of a reply what was written this time, with all else folded.

        Who writes first keeps all: that may be what it is about, and where a number to call is.
        """
        if item.delivery.outcome not in FOLDED:
            return self._body(item)
        cut = cut_mail(item.mail)
        item.notes.extend(note(FOLDED_NOTES[each]) for each in cut.folded)
        above = Markup(unfolded(cut.above))
        return above + FOLD % Markup(cut.rest) if cut.rest else above
