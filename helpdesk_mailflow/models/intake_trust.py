# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace

from odoo import api, models

from ..mailflow.authserv import authserv_candidate
from ..mailflow.note import Note, note
from ..mailflow.trust import Trust, tell_trust
from .intake_values import COLUMN, Entry, Requester, Standing, Verdict


class HelpdeskIntakeTrust(models.AbstractModel):
    """What the servers that received the mails report about their senders. Writes nothing.

    Which server that is, an admin confirms on the mail scanner. Until then the results under the
    name that was learnt are shown, but nothing is decided by them, and nobody is called proven.
    """

    _name = "helpdesk.intake.trust"
    _description = "Intake of mail: trust"

    @api.model
    def _trusts(self, entries: list[Entry]) -> dict[int, Trust]:
        """Trust of each mail, by row id."""
        ids = {each.scanner_id for each in entries if each.scanner_id}
        # sudo: scanners are a system admin's
        scanners = self.env["fetchmail.server"].sudo().browse(ids)
        servers = {scanner.id: scanner._reporting_server() for scanner in scanners}
        return {
            each.row_id: self._trust(each, servers[each.scanner_id]) if each.scanner_id else Trust()
            for each in entries
        }

    @api.model
    def _trust(self, entry: Entry, server) -> Trust:
        trust = tell_trust(entry.mail, server.authserv_id, server.forwarders, server.count)
        if server.confirmed or trust.identity == "unknown":
            return trust if server.confirmed else Trust()
        told = note("trust_not_confirmed", server=trust.server)
        return replace(trust, identity="unknown", forwarder="", notes=(*trust.notes, told))

    @api.model
    def _columns(self, verdict: Verdict) -> dict:
        """What the ledger keeps of it."""
        trust = verdict.trust
        return {
            "trust_identity": trust.identity,
            "trust_spf": trust.spf or False,
            "trust_dkim": trust.dkim or False,
            "trust_dmarc": trust.dmarc or False,
            "trust_aligned": ", ".join(trust.aligned) or False,
            "trust_server": trust.server or False,
            "trust_forwarder": trust.forwarder[:COLUMN] or False,
            "trust_candidate": authserv_candidate(verdict.entry.mail) or False,
        }

    @api.model
    def _marks(self, verdict: Verdict, requester: Requester) -> list[Note]:
        """Badges of the message that a mail becomes.

        :param requester: who is shown as its author
        """
        trust, writer = verdict.trust, verdict.writer
        address = writer.address.email
        if writer.standing is Standing.IMPOSTOR:
            return [note("mark_impostor", address=address)]
        if trust.dmarc == "fail" and trust.identity != "proven":
            return [note("mark_dmarc_failed", server=trust.server, address=address)]
        if writer.identity == "unproven" and trust.identity != "unknown":
            return [note("mark_unproven", server=trust.server, address=address)]
        if requester.source in ("form", "reply_to") and (
            requester.address.normalized != writer.address.normalized
        ):
            # that the sender is proven says nothing of whom Reply-To names
            return []
        if writer.identity == "proven" and trust.forwarder:
            return [note("mark_proven_forwarder", forwarder=trust.forwarder, address=address)]
        if writer.identity == "proven":
            return [note("mark_proven", server=trust.server, address=address)]
        return []
