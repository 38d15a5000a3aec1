# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace

from odoo import api, models, tools

from ..mailflow.forwarded import Forwarded
from ..mailflow.header import Address
from ..mailflow.note import note
from .intake_values import Destination, Participant, Requester, Writer


class HelpdeskIntakeRequester(models.AbstractModel):
    """The policy *requester from a forwarded mail*: what an agent forwards is its author's.

    ======================================  ==============================================
    the original is of                      requester
    ======================================  ==============================================
    one address that is not ours            that address
    an agent or an address of ours, who     the author of that one
    forwarded another mail
    somebody of our own domain, who         not certain: the agent
    forwarded another mail
    an agent or an address of ours          not certain: the agent
    a name alone, or several addresses      not certain: the agent
    ======================================  ==============================================

    Only active agents count. One whose identity the receiving server does not report counts,
    too, as many servers report nothing. What answers a ticket is no forward.
    """

    _inherit = "helpdesk.intake.requester"

    @api.model
    def _candidates(self, writer: Writer) -> list[Address]:
        emails = writer.forwarded.emails if writer.forwarded else ()
        return [*super()._candidates(writer), *(Address("", each) for each in emails)]

    @api.model
    def _settle_forwards(self, writers: dict[int, Writer], own, partners) -> dict[int, Writer]:
        """The writers with what agents forward told from whose addresses these are.

        :param writers: row id -> Writer
        """
        if not any(each.forwarded for each in writers.values()):
            return writers
        domains = self.env["helpdesk.intake.writer"]._own_domains()
        return {
            row_id: replace(
                each,
                forwarded=each.forwarded.settled(
                    lambda address: self._is_ours(address, own, partners),
                    lambda address: address.domain in domains,
                ),
            )
            if each.forwarded
            else each
            for row_id, each in writers.items()
        }

    @api.model
    def _choosers(self):
        return (self._of_forward, *super()._choosers())

    @api.model
    def _requester(self, entry, writer, place, own, partners) -> Requester:
        found = super()._requester(entry, writer, place, own, partners)
        if found.forwarded:
            return found
        # for "Set requester" on the agent's ticket
        return replace(found, forwarded=self._forwarded_to(place, writer))

    @api.model
    def _of_forward(self, entry, writer, place, own, partners, notes) -> Requester | None:
        """The author of the mail that an agent forwards."""
        forwarded = self._forwarded_to(place, writer)
        if not forwarded:
            return None
        agent = writer.address.email
        if not self._policy("requester_from_forward", place):
            notes.append(note("requester_forward_off", agent=agent))
            return None
        author = forwarded.author
        if not author or tools.email_normalize(author.email) != author.normalized:
            notes.append(note("requester_forward_unsure", agent=agent))
            return None
        told = note("requester_forwarded", agent=agent, address=author.email)
        people = self._people(entry, forwarded, own, partners)
        return Requester(author, "forwarded", (told,), forwarded, people)

    @api.model
    def _forwarded_to(self, place, writer: Writer) -> Forwarded | None:
        """What an agent forwards to a place; what answers a ticket is no forward."""
        return writer.forwarded if isinstance(place, Destination) else None

    @api.model
    def _people(self, entry, forwarded, own, partners) -> tuple[Participant, ...]:
        """Whom the original was sent to besides us and its author, and colleagues who had the
        forward. What the agent sends to anybody else is none of the customer's business."""
        found = {}
        author = forwarded.author.normalized if forwarded.author else ""
        for address in (*forwarded.to, *forwarded.cc):
            email = address.normalized
            if email not in own and email != author and tools.email_normalize(email) == email:
                found.setdefault(email, Participant(address, tuple(partners[email].ids)))
        for address in (*entry.mail.to, *entry.mail.cc):
            email = address.normalized
            agent = self.env["helpdesk.intake.writer"]._agent(partners, address)
            if agent and email not in own:
                found.setdefault(email, Participant(address, tuple(partners[email].ids)))
        return tuple(found.values())
