# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models

from ..mailflow.kind import OPENS_TICKET
from ..mailflow.note import note
from .intake_values import WANT_TICKET, Outcome, Standing

#: Settings of an Odoo alias that let only known contacts write to it.
CONTACTS_ONLY = ("partners", "followers")


class HelpdeskIntakeDecide(models.AbstractModel):
    """Mail of senders whom nobody knows, where only known contacts may write."""

    _inherit = "helpdesk.intake.decide"

    @api.model
    def _refused_as_unknown(self, verdict, destination, contact, ruling):
        """The policy *known contacts only*, and what an Odoo alias is set to.

        Known is whoever has a contact that the company may know, and a trusted sender. Who takes
        part in a ticket is not stopped when answering it.
        """
        if verdict.kind.kind not in OPENS_TICKET or (contact and contact.partner_id):
            return None
        address = verdict.requester(contact).address.email or "-"
        alias = self.env["helpdesk.support.alias"].browse(destination.alias_id or [])
        if alias.alias_id.alias_contact in CONTACTS_ONLY and not verdict.thread:
            return Outcome.HELD, note("decide_held_sender", alias=alias.name, address=address)
        if (
            not self._known_contacts_only(destination)
            or verdict.thread
            or self._is_welcome(verdict, destination, ruling)
        ):
            return None
        if verdict.writer.standing is Standing.IMPOSTOR:
            return Outcome.HELD, note("decide_held_impostor", address=address)
        if address.lower() in verdict.own_addresses:
            return None
        return Outcome.HELD, note("decide_held_unknown", address=address)

    @api.model
    def _known_contacts_only(self, destination) -> bool:
        company = self.env["res.company"].browse(destination.company_id or [])
        team = self.env["helpdesk.ticket.team"].browse(destination.team_id or [])
        return bool(company and company._mailflow_policy("known_contacts_only", team))

    @api.model
    def _is_welcome(self, verdict, destination, ruling) -> bool:
        """Whether somebody has decided before that such mail comes in: the sender is trusted, an
        agent forwards it, or a rule wants a ticket or a contact of it."""
        mark = verdict.senders.get(destination.company_id)
        trusted = (mark and mark.kind == "trusted") or verdict.writer.standing is Standing.AGENT
        return trusted or ruling.contact is not None or ruling.disposition in WANT_TICKET
