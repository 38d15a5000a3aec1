# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace

from odoo import api, models

from ..mailflow.domain import registrable_domain
from ..mailflow.header import Address
from ..mailflow.kind import is_no_reply
from ..mailflow.note import Note, note
from .intake_values import Entry, Requester, Writer


class HelpdeskIntakeRequester(models.AbstractModel):
    """Who a mail is from for the helpdesk: the writer, or somebody whom the mail is about.

    Policies of companies and teams have a say, so it may be another one at each place. Writes
    nothing.
    """

    _name = "helpdesk.intake.requester"
    _description = "Intake of mail: requester"

    @api.model
    def _candidates(self, writer: Writer) -> list[Address]:
        """Addresses that may become the requester beside the writer, to be looked up for all mails
        of a batch at once."""
        return [writer.reply_to] if writer.reply_to else []

    @api.model
    def _choosers(self):
        """The order of choices, read from top to bottom; the first Requester counts.

        Each takes an Entry, its Writer, the place (a Destination or a Thread), the addresses of
        these mails that are ours, contacts by address and a list, to which it adds its sentences.
        It returns a Requester or None.
        """
        return (
            self._of_form,
            self._of_reply_to,
            self._of_writer,
        )

    @api.model
    def _requester(self, entry: Entry, writer: Writer, place, own, partners) -> Requester:
        """Who a mail is from at a place."""
        notes: list[Note] = []
        for choose in self._choosers():
            found = choose(entry, writer, place, own, partners, notes)
            if found:
                return replace(found, notes=(*notes, *found.notes))
        raise AssertionError("the writer is always there")

    @api.model
    def _policy(self, name: str, place) -> bool:
        """What a policy says at a place."""
        company = self.env["res.company"].browse(place.company_id)
        team = self.env["helpdesk.ticket.team"].browse(place.team_id or [])
        return company._mailflow_policy(name, team)

    # ------------------------------------------------------------
    # CHOICES
    # ------------------------------------------------------------

    @api.model
    def _of_form(self, entry, writer, place, own, partners, notes) -> Requester | None:
        """Forms on web pages and shops write as an address of ours or as one that nobody reads,
        and name who filled them in in Reply-To."""
        reply_to, sender = writer.reply_to, writer.address
        if not reply_to or self._is_ours(reply_to, own, partners) or is_no_reply(reply_to.email):
            return None
        if sender.normalized in own:
            code = "requester_form_own"
        elif is_no_reply(sender.email):
            code = "requester_form_no_reply"
        else:
            return None
        told = note(code, address=reply_to.email, sender=sender.email)
        return Requester(reply_to, "form", (told,))

    @api.model
    def _of_reply_to(self, entry, writer, place, own, partners, notes) -> Requester | None:
        """The policy *contact from Reply-To*."""
        reply_to, sender = writer.reply_to, writer.address
        if not reply_to or not self._policy("contact_from_reply_to", place):
            return None
        if self._is_ours(reply_to, own, partners):
            notes.append(note("requester_reply_to_own", address=reply_to.email))
            return None
        told = [note("requester_reply_to", address=reply_to.email, sender=sender.email)]
        elsewhere = registrable_domain(reply_to.domain) != registrable_domain(sender.domain)
        if elsewhere and writer.identity == "failed":
            told.append(note("requester_reply_to_elsewhere", address=reply_to.email))
        name = reply_to.name or sender.name
        return Requester(Address(name, reply_to.email), "reply_to", tuple(told))

    @api.model
    def _of_writer(self, entry, writer, place, own, partners, notes) -> Requester:
        return Requester(writer.address, "writer")

    @api.model
    def _is_ours(self, address: Address, own, partners) -> bool:
        """Whether an address is one of our own, or an agent's: nobody becomes an agent by
        naming one."""
        agent = self.env["helpdesk.intake.writer"]._agent(partners, address)
        return address.normalized in own or bool(agent)
