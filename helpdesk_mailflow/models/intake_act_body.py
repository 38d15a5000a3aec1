# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from markupsafe import Markup

from odoo import api, models

from ..mailflow.note import note
from ..mailflow.reply import cut_mail
from .intake_values import Outcome

#: Outcomes whose message shows what was written this time, with the rest folded.
FOLDED = frozenset((Outcome.REPLY, Outcome.NOTE))
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
        """What was written; of a reply what was written this time, with what it quotes folded."""
        if item.delivery.outcome not in FOLDED:
            return self._body(item)
        cut = cut_mail(item.mail)
        if not cut.rest:
            return self._body(item)
        item.notes.append(note("act_folded"))
        return Markup(cut.above) + FOLD % Markup(cut.rest)
