# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models, tools

from ..mailflow.author import Author, author_of
from ..mailflow.domain import is_free_mail, registrable_domain
from ..mailflow.forwarded import tell_forwarded
from ..mailflow.header import Address
from ..mailflow.note import note
from .intake_values import Entry, Standing, Writer

#: What the receiving server says of a sender who is not who the mail says.
NOT_PROVEN = frozenset(("failed", "unproven"))
#: The sentences about an agent, and about somebody else of ours, by what proves them.
OF_AGENT = {
    "proven": "writer_agent_proven",
    "unknown": "writer_agent_unknown",
    "failed": "writer_agent_failed",
    "unproven": "writer_agent_unproven",
}
OF_OURS = {"failed": "writer_own_failed", "unproven": "writer_own_unproven"}


class HelpdeskIntakeWriter(models.AbstractModel):
    """Who wrote the mails, and what they may do. Writes nothing.

    ==========================  ===============================  =================
    says to be                  the receiving server reports     standing
    ==========================  ===============================  =================
    an agent, in From           that it is proven                AGENT
    an agent, in From           nothing, as many servers do      AGENT, and told
    an agent, in From           that it fails or is not proven   IMPOSTOR
    an agent, as a list says    whatever                         IMPOSTOR
    of our own domain           that it fails or is not proven   IMPOSTOR
    anybody else                whatever                         OUTSIDER
    ==========================  ===============================  =================
    """

    _name = "helpdesk.intake.writer"
    _description = "Intake of mail: who wrote"

    @api.model
    def _authors(self, entries: list[Entry]) -> dict[int, Author]:
        """Who the mails say that wrote them, by row id."""
        return {each.row_id: author_of(each.mail) for each in entries}

    @api.model
    def _writers(self, entries: list[Entry], authors, trusts, own, partners) -> dict[int, Writer]:
        """Who wrote the mails, by row id.

        :param authors: row id -> Author
        :param trusts: row id -> Trust
        :param own: addresses of these mails that are ours
        :param partners: address -> ``res.partner``
        """
        identities = {
            each.row_id: self._identity(each, authors[each.row_id], trusts[each.row_id])
            for each in entries
        }
        domains = set()
        if NOT_PROVEN.intersection(identities.values()):
            domains = self._own_domains()
        result = {}
        for each in entries:
            author, identity = authors[each.row_id], identities[each.row_id]
            address = author.address
            agent = self._agent(partners, address)
            standing, notes = self._standing(author, identity, agent, own, domains)
            if author.note:
                notes = (author.note, *notes)
            acts = standing is Standing.AGENT
            result[each.row_id] = Writer(
                address,
                author.source,
                identity,
                standing,
                user_id=agent.id if acts else None,
                reply_to=self._reply_to(each.mail, author),
                forwarded=tell_forwarded(each.mail) if acts else None,
                notes=notes,
            )
        return result

    @api.model
    def _identity(self, entry: Entry, author: Author, trust) -> str:
        """How far the author is proven, not only From."""
        sender = entry.mail.from_
        if author.address.normalized == sender.normalized:
            return trust.identity
        same = registrable_domain(author.address.domain) == registrable_domain(sender.domain)
        if author.source == "from":
            # one of several authors in From, of whom servers look at one at the most
            known = trust.identity == "failed" or (same and trust.identity != "proven")
            return trust.identity if known else "unproven"
        return trust.identity if trust.identity in ("failed", "unknown") or same else "unproven"

    @api.model
    def _agent(self, partners, address: Address):
        """The active internal user with an address, empty if there is none."""
        users = partners.get(address.normalized, self.env["res.partner"]).user_ids
        return users.filtered(lambda user: user.active and not user.share)[:1]

    @api.model
    def _standing(self, author: Author, identity: str, agent, own, domains):
        """What a writer may do, and the sentences about it."""
        email = author.address.email
        if agent:
            if author.source != "from":
                return Standing.IMPOSTOR, (note("writer_agent_by_list", address=email),)
            told = note(OF_AGENT[identity], address=email, agent=agent.name)
            return Standing.IMPOSTOR if identity in NOT_PROVEN else Standing.AGENT, (told,)
        ours = author.address.normalized in own or author.address.domain in domains
        if ours and identity in OF_OURS:
            return Standing.IMPOSTOR, (note(OF_OURS[identity], address=email),)
        return Standing.OUTSIDER, ()

    @api.model
    def _own_domains(self) -> set[str]:
        """Mail domains that only we write from."""
        # sudo: mail comes in for all companies; the answer stays in here
        domains = self.env["mail.alias.domain"].sudo()._read_group([], ["name"])
        senders = self.env["helpdesk.from.address"].sudo()
        senders = senders.search_fetch([("state", "=", "verified")], ["email"])
        found = {name for (name,) in domains}
        found.update(each.rpartition("@")[2] for each in senders.mapped("email"))
        return {each.lower() for each in found if each and not is_free_mail(each)}

    @api.model
    def _reply_to(self, mail, author: Author) -> Address | None:
        """The first address of Reply-To, if it is another one than the author's."""
        first = next(iter(mail.reply_to), None)
        if not first or first.normalized in ("", author.address.normalized):
            return None
        # not what Odoo would take for another or for several addresses
        return first if tools.email_normalize(first.email) == first.normalized else None
