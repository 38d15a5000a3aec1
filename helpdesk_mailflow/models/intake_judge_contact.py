# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict
from functools import partial

from odoo import api, models, tools
from odoo.tools import SQL

from ..mailflow.domain import is_free_mail, registrable_domain
from ..mailflow.mail import Mail
from ..mailflow.note import note
from .intake_values import Contact, Standing


class HelpdeskIntakeJudge(models.AbstractModel):
    """The contacts of a mail: who wrote, and who else takes part."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _emails(self, entries, authors) -> set[str]:
        """Addresses in these mails that may be somebody's whom we know, or our own.

        :param authors: row id -> Author
        """
        emails = {
            email
            for each in entries
            for email in (
                each.mail.from_.normalized,
                authors[each.row_id].address.normalized,
                *(address.normalized for address in each.mail.reply_to[:1]),
                *self._addressed(each.mail),
            )
        }
        return emails - {""}

    @api.model
    def _own_addresses(self, emails) -> set[str]:
        """Those addresses that are ours: no contact is made of them."""
        return set(self.env["mail.alias.domain"]._find_aliases(list(emails)))

    @api.model
    def _addressed(self, mail: Mail) -> list[str]:
        return [address.normalized for address in (*mail.to, *mail.cc)]

    @api.model
    def _partners(self, emails):
        """Contacts with each of these addresses: email -> res.partner, empty if there are none."""
        found = dict.fromkeys(emails, self.env["res.partner"])
        partners = self.env["res.partner"].search([("email_normalized", "in", list(emails))])
        # the users of all at once: a requester is looked at by itself
        partners.user_ids.fetch(["active", "share"])
        for partner in partners:
            found[partner.email_normalized] |= partner
        return found

    @api.model
    def _contacts(self, entries, destinations, threads, writers, own, partners, senders):
        """The requester for each place that a mail goes to, since companies have contacts of
        their own and teams policies: row id -> {(company id, team id): Contact}; and the addresses
        of all these mails that are ours."""
        choose = self.env["helpdesk.intake.requester"]
        further = {
            address.normalized
            for each in entries
            for address in choose._candidates(writers[each.row_id])
        }
        further -= partners.keys() | {""}
        if further:
            own = own | self._own_addresses(further)
            partners.update(self._partners(further))
        writers = choose._settle_forwards(writers, own, partners)
        unknown, result = {}, {}
        by_person = {each.row_id for each in entries if each.with_contact}
        for each in entries:
            writer = writers[each.row_id]
            thread = threads.get(each.row_id, (None, ()))[0]
            places = self.env["helpdesk.intake.sender"]._places(
                destinations[each.row_id], thread, senders[each.row_id]
            )
            found = result[each.row_id] = {}
            for place in places:
                requester = choose._requester(each, writer, place, own, partners)
                company_id, team_id = place.company_id, place.team_id
                contact = self._known_contact(requester, writer, company_id, own, partners)
                found[company_id, team_id] = contact
                if not contact:
                    unknown[each.row_id, company_id, team_id] = requester
        accounts = self._accounts(unknown)
        for (row_id, company_id, team_id), requester in unknown.items():
            asked = row_id in by_person
            contact = self._new_contact(requester, company_id, team_id, accounts, asked)
            thread = threads.get(row_id, (None, ()))[0]
            if thread and (thread.company_id, thread.team_id) == (company_id, team_id):
                contact = self._contact_of_participant(contact, thread)
            result[row_id][company_id, team_id] = contact
        return result, own

    @api.model
    def _known_contact(self, requester, writer, company_id, own, partners) -> Contact | None:
        """The contact of a requester; None if one may be made."""
        address = requester.address
        nobody = partial(Contact, requester, None, None, None)
        if not address.normalized or tools.email_normalize(address.email) != address.normalized:
            # also what Odoo would take for another or for several addresses
            return nobody((note("contact_no_address"),))
        if address.normalized in own:
            return nobody((note("contact_own_address", address=address.email),))
        agent = self.env["helpdesk.intake.writer"]._agent(partners, address)
        if agent and writer.standing is Standing.IMPOSTOR and requester.source == "writer":
            # nothing is posted in the agent's name
            return nobody((note("contact_impostor", address=address.email),))
        found = partners[address.normalized].filtered(
            lambda partner: not partner.company_id or partner.company_id.id == company_id
        )
        if not found:
            return None
        partner, why = self._best_partner(found, company_id)
        acts = requester.source == "writer" and writer.standing is Standing.AGENT
        user_id = writer.user_id if acts else None
        if len(found) > 1:
            sentence = note(
                "contact_chosen",
                count=len(found),
                address=address.email,
                contact=partner.display_name,
                why=why,
            )
        else:
            sentence = note("contact_found", address=address.email, contact=partner.display_name)
        return Contact(requester, partner.id, user_id, None, (sentence,))

    @api.model
    def _best_partner(self, partners, company_id):
        """One of several contacts with the same address, and why that one."""
        if len(partners) == 1:
            return partners, ""
        open_tickets = dict(
            self.env["helpdesk.ticket"]._read_group(
                [("partner_id", "in", partners.ids), ("stage_id.closed", "=", False)],
                ["partner_id"],
                ["__count"],
            )
        )
        last_message = dict(
            self.env.execute_query(
                SQL(
                    "SELECT author_id, max(id) FROM mail_message WHERE author_id = ANY(%s)"
                    " GROUP BY author_id",
                    partners.ids,
                )
            )
        )
        reasons = (
            (lambda each: bool(each.user_ids), self.env._("it belongs to a user")),
            (lambda each: not each.is_company, self.env._("it is a person")),
            (
                lambda each: each.company_id.id == company_id,
                self.env._("it is of the same company"),
            ),
            (lambda each: open_tickets.get(each, 0) > 0, self.env._("it has an open ticket")),
            (lambda each: last_message.get(each.id, 0), self.env._("it wrote last")),
            (lambda each: each.id, self.env._("it is the newest")),
        )
        left = partners
        for key, why in reasons:
            best = max(key(each) for each in left)
            chosen = left.filtered(lambda each, key=key, best=best: key(each) == best)
            if len(chosen) == 1:
                return chosen, why
            left = chosen
        return left[:1], reasons[-1][1]

    @api.model
    def _new_contact(self, requester, company_id, team_id, accounts, asked=False) -> Contact:
        """
        :param asked: a person asked for the contact
        """
        address = requester.address
        by_rule = not asked and not self._creates_contacts(company_id, team_id)
        code = "contact_by_rule_only" if by_rule else "contact_new"
        notes = [note(code, address=address.email)]
        account, account_note = accounts.get((address.domain, company_id), (None, None))
        if account_note and not by_rule:
            notes.append(account_note)
        values = self._contact_values(address, account)
        return Contact(requester, None, None, values, tuple(notes), by_rule)

    @api.model
    def _contact_values(self, address, account) -> dict:
        """Values of a new contact, under an account or none."""
        values = {
            "name": address.name or address.email,
            "email": address.email,
            "is_company": False,
        }
        if account:
            values["parent_id"] = account.id
            values["company_id"] = account.company_id.id
        return values

    @api.model
    def _creates_contacts(self, company_id, team_id) -> bool:
        """The policy *create contacts*: of the team, else of the company."""
        policy = self.env["helpdesk.ticket.team"].browse(team_id or []).create_contacts
        if policy in (False, "inherit"):
            policy = self.env["res.company"].browse(company_id).helpdesk_create_contacts
        return policy != "rule"

    @api.model
    def _accounts(self, unknown):
        """Accounts that unknown requesters belong to, by their mail domain:
        (domain, company id) -> (res.partner or None, note or None).

        :param unknown: (row id, company id, team id) -> Requester, or what else has an ``address``
        """
        wanted = {
            (requester.address.domain, company_id)
            for (_row, company_id, _team), requester in unknown.items()
            if requester.address.domain
        }
        result, by_domain = {}, defaultdict(list)
        for domain, company_id in wanted:
            if is_free_mail(domain):
                result[domain, company_id] = None, note("account_free_mail", domain=domain)
            else:
                by_domain[registrable_domain(domain)].append((domain, company_id))
        if not by_domain:
            return result
        counts = defaultdict(lambda: defaultdict(int))
        for domain, account_id, count in self.env.execute_query(
            SQL(
                "SELECT partner.mail_domain, partner.commercial_partner_id, count(*)"
                " FROM res_partner partner"
                " JOIN res_partner account ON account.id = partner.commercial_partner_id"
                " WHERE partner.mail_domain = ANY(%s) AND partner.active AND account.active"
                " AND account.is_company GROUP BY 1, 2",
                list(by_domain),
            )
        ):
            counts[domain][account_id] += count
        for domain, account_id in self.env.execute_query(
            SQL(
                "SELECT website_domain, commercial_partner_id FROM res_partner"
                " WHERE website_domain = ANY(%s) AND active AND is_company",
                list(by_domain),
            )
        ):
            counts[domain][account_id] += 1
        Partner = self.env["res.partner"]
        # all accounts at once: below those of a domain are looked at by themselves
        Partner.browse({each for found in counts.values() for each in found}).fetch(["company_id"])
        for registrable, pairs in by_domain.items():
            ranked = sorted(counts[registrable].items(), key=lambda item: (-item[1], item[0]))
            for domain, company_id in pairs:
                usable = Partner.browse([account for account, _count in ranked]).filtered(
                    lambda each, company_id=company_id: each.company_id.id in (False, company_id)
                )
                if not usable:
                    continue
                account = usable[0]
                code = "account_several" if len(usable) > 1 else "account_by_domain"
                values = {"domain": registrable, "account": account.display_name}
                if len(usable) > 1:
                    values["count"] = len(usable)
                result[domain, company_id] = account, note(code, **values)
        return result
