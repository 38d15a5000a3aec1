# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from markupsafe import Markup

from odoo import api, fields, models

from ..mailflow.kind import Kind
from .intake_values import Outcome


class HelpdeskIncomingMail(models.Model):
    """What a forwarding provider wants to have confirmed by a mail."""

    _inherit = "helpdesk.incoming.mail"

    confirmation_code = fields.Char(readonly=True)
    confirmation_link = fields.Char(
        readonly=True, help="At a host of the provider; opened by a person only"
    )
    confirmation_mailbox = fields.Char(
        readonly=True, help="The mailbox that is to be forwarded, if the provider names it"
    )
    confirmation_provider = fields.Char(readonly=True)


class HelpdeskIntakeConfirmation(models.AbstractModel):
    """Confirmation mails of forwarding providers: the ticket says in words what to do, and the
    ledger keeps code and link for the guide *Connect a mailbox*. Nothing opens the link."""

    _name = "helpdesk.intake.confirmation"
    _description = "Intake of mail: confirmations of forwarding"

    @api.model
    def _act(self, plans, items) -> None:
        """Keep and tell what the mails want to have confirmed.

        :param items: whose tickets and messages are made
        """
        for plan in plans:
            kind = plan.verdict.kind
            if kind.kind is not Kind.FORWARDING:
                continue
            self.env["helpdesk.incoming.mail"].browse(plan.verdict.entry.row_id).write(
                {
                    "confirmation_code": kind.code,
                    "confirmation_link": kind.link,
                    "confirmation_mailbox": kind.mailbox,
                    "confirmation_provider": kind.note.values["provider"],
                }
            )
        odoobot = self.env.ref("base.partner_root")
        for item in items:
            kind = item.plan.verdict.kind
            if kind.kind is Kind.FORWARDING and item.delivery.outcome is Outcome.TICKET:
                # whoever reads it: nobody is asked for a language here
                lang = item.ticket.company_id.partner_id.lang or self.env.lang
                told = self.with_context(lang=lang)._in_words(kind)
                item.ticket._message_log(body=told, author_id=odoobot.id)

    @api.model
    def _in_words(self, kind) -> Markup:
        """What to do with code and link."""
        provider = kind.note.values["provider"]
        if kind.mailbox:
            asked = self.env._(
                "%(provider)s asks whether mail to %(mailbox)s may be forwarded here. Confirm it"
                " only if you are setting that up.",
                provider=provider,
                mailbox=kind.mailbox,
            )
        else:
            asked = self.env._(
                "%(provider)s asks whether a mailbox may be forwarded here. Confirm it only if you"
                " are setting that up.",
                provider=provider,
            )
        told = Markup("<p>%s</p>") % asked
        if kind.code:
            typed = self.env._("Code to type in the settings of %(provider)s:", provider=provider)
            told += Markup("<p>%s <b>%s</b></p>") % (typed, kind.code)
        if kind.link:
            opened = (
                self.env._("Or open this link:") if kind.code else self.env._("Open this link:")
            )
            told += Markup(
                '<p>%s <a href="%s" target="_blank" rel="noopener noreferrer">%s</a></p>'
            ) % (opened, kind.link, kind.link)
        return told
