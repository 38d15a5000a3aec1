# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace

from odoo import api, models, tools

from ..mailflow.note import note
from .intake_values import Contact, Participant, Thread


class HelpdeskIntakeJudge(models.AbstractModel):
    """Who takes part in what a mail is about, besides its writer and us."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _participants(self, entry, own, partners) -> tuple[Participant, ...]:
        """Whoever stands in To and Cc, each once, those in To first.

        :param own: addresses that are ours
        :param partners: address -> ``res.partner``, of all companies
        """
        found = {}
        for address in (*entry.mail.to, *entry.mail.cc):
            email = address.normalized
            # also left out: what Odoo would take for another or for several addresses
            if email in own or email in found or tools.email_normalize(address.email) != email:
                continue
            found[email] = Participant(address, tuple(partners[email].ids))
        return tuple(found.values())

    @api.model
    def _contact_of_participant(self, contact: Contact, thread: Thread) -> Contact:
        """Of who takes part by address no contact is made for an answer, unless contacts are made
        of people in Cc anyway.

        :param contact: as it would be made for any mail
        """
        # sudo: mail joins tickets, whoever hands it in
        ticket = self.env["helpdesk.ticket"].sudo().browse(thread.ticket_id)
        address = contact.requester.address
        by_address = set(tools.email_normalize_all(ticket.email_cc or ""))
        by_address -= ticket._mailflow_requester_emails()
        if address.normalized not in by_address or ticket.company_id._mailflow_policy(
            "cc_contacts", ticket.team_id
        ):
            return contact
        told = note("contact_participant", address=address.email, ticket=ticket.number)
        return replace(contact, by_rule=True, notes=(told,))
