# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict
from dataclasses import replace

from odoo import api, models, tools
from odoo.tools import SQL

from ..mailflow.kind import is_no_reply
from ..mailflow.note import note
from .helpdesk_ticket_composer import MAX_COPIES
from .intake_values import Outcome

#: Contacts among To and Cc that follow a ticket, or are made of them, at the most.
PARTICIPANTS = 20
#: Addresses that a sentence of the trace names.
NAMED = 5


class HelpdeskIntakeAct(models.AbstractModel):
    """People in To and Cc take part in the ticket: they are listed there, answers are offered to
    go to them, and their replies join. No contact is made of them unless a policy says so."""

    _inherit = "helpdesk.intake.act"

    # ------------------------------------------------------------
    # WHO
    # ------------------------------------------------------------

    @api.model
    def _tell_participants(self, items) -> None:
        """Who takes part from now on: ``item.joining``."""
        by_company = defaultdict(list)
        for item in items:
            delivery = item.delivery
            joins = delivery.outcome is Outcome.TICKET or (
                # who had a copy of what the requester does not see gets none of the rest
                delivery.outcome is Outcome.REPLY
                and not delivery.internal
                # nobody gets in by a mail that somebody else may have written
                and not delivery.alone
            )
            if joins and item.people:
                by_company[delivery.company_id].append(item)
        for company_id, group in by_company.items():
            people = [each for item in group for each in item.people]
            left_out = self._never_take_part(people, company_id)
            for item in group:
                self._tell_joining(item, left_out)

    @api.model
    def _tell_joining(self, item, left_out) -> None:
        # who asks is no participant, but the requester
        left_out = left_out | self._requester_emails(item)
        if item.delivery.outcome is Outcome.TICKET:
            left_out.add(item.partner.email_normalized)
        else:
            left_out |= self._ticket_of(item)._mailflow_removed()
        found = [each for each in item.people if each.address.normalized not in left_out]
        if len(found) > MAX_COPIES:
            item.notes.append(note("act_crowd", count=len(found), limit=MAX_COPIES))
            partners = self.env["res.partner"]
            found = [
                each
                for each in found
                if any(not one.partner_share for one in partners.browse(each.partner_ids))
            ]
        item.joining = tuple(found)

    @api.model
    def _requester_emails(self, item) -> set[str]:
        """Addresses of whoever asked: of a new ticket the writer's."""
        if item.delivery.outcome is Outcome.TICKET:
            # of a mail that somebody else is asked for (Reply-To, a forward) the sender, too
            return {item.mail.from_.normalized, item.requester.address.normalized}
        return self._ticket_of(item)._mailflow_requester_emails()

    @api.model
    def _never_take_part(self, people, company_id) -> set[str]:
        """Addresses that nothing is sent to: ours in any spelling, and those in the outgoing
        filter."""
        emails = {each.address.normalized for each in people}
        company = self.env["res.company"].browse(company_id or [])
        suppressed = set(self.env["helpdesk.outgoing.filter"]._suppressed(emails, company))
        # a colleague's own address may be that of a connected account, too
        accounts = {
            email
            for (email,) in self.env.execute_query(
                SQL(
                    "SELECT lower(account.username) FROM helpdesk_oauth_account account"
                    " WHERE lower(account.username) = ANY(%s) AND NOT EXISTS ("
                    "   SELECT 1 FROM res_users usr"
                    "   JOIN res_partner partner ON partner.id = usr.partner_id"
                    "   WHERE usr.active AND NOT usr.share"
                    "   AND partner.email_normalized = lower(account.username))",
                    list(emails),
                )
            )
        }
        return suppressed | accounts

    @api.model
    def _usable_contact(self, participant, company_id):
        """The contact of a participant that the ticket's company may know."""
        found = self.env["res.partner"].browse(participant.partner_ids)
        found = found.filtered(lambda each: each.company_id.id in (False, company_id))
        return found.sorted(lambda each: not each.company_id)[:1]

    @api.model
    def _participants(self, item):
        """Contacts who follow the ticket from now on."""
        company_id = item.delivery.company_id
        found = self.env["res.partner"]
        for each in item.joining:
            found |= self._usable_contact(each, company_id)
        return found[:PARTICIPANTS]

    @api.model
    def _cc_addresses(self, item) -> list[str]:
        """Who takes part by address. Not colleagues who follow: they read it in Odoo."""
        inside = self._participants(item).filtered(lambda each: not each.partner_share)
        emails = set(inside.mapped("email_normalized"))
        return [
            tools.formataddr((each.address.name, each.address.normalized))
            for each in item.joining
            if each.address.normalized not in emails
        ]

    # ------------------------------------------------------------
    # WHAT BECOMES OF THEM
    # ------------------------------------------------------------

    @api.model
    def _add_cc(self, item) -> None:
        """Add who takes part by a reply to those who do already."""
        ticket = self._ticket_of(item)
        known = ticket._mail_cc_sanitized_raw_dict(ticket.email_cc)
        new = ticket._mail_cc_sanitized_raw_dict(", ".join(self._cc_addresses(item)))
        new = {email: formatted for email, formatted in new.items() if email not in known}
        room = max(MAX_COPIES - len(known), 0)
        if len(new) > room:
            item.notes.append(note("act_cc_full", count=len(new) - room, limit=MAX_COPIES))
            new = dict(list(new.items())[:room])
        if new:
            ticket.email_cc = ", ".join((known | new).values())
        participants = self._participants(item)
        if participants:
            ticket._message_subscribe(participants.ids)
        self._tell_new(item, list(new))

    @api.model
    def _tell_new(self, item, emails: list[str]) -> None:
        if emails:
            named = ", ".join(emails[:NAMED])
            if len(emails) > NAMED:
                named += " …"
            item.notes.append(note("act_cc", count=len(emails), addresses=named))

    @api.model
    def _make_cc_contacts(self, items) -> None:
        """Contacts of people in To and Cc, by policy; under an account as requesters are."""
        wanted, values = defaultdict(list), {}
        made = {
            (item.partner.email_normalized, item.delivery.company_id): item.partner
            for item in items
            if item.partner
        }
        for item in items:
            for email, participant in self._without_contact(item):
                place = email, item.delivery.company_id
                wanted[place].append((item, participant))
        missing = {place: each for place, each in wanted.items() if place not in made}
        judge = self.env["helpdesk.intake.judge"]
        accounts = judge._accounts(
            {
                (number, company_id, None): people[0][1]
                for number, ((_email, company_id), people) in enumerate(missing.items())
            }
        )
        for (email, company_id), people in missing.items():
            address = people[0][1].address
            account, _why = accounts.get((address.domain, company_id), (None, None))
            values[email, company_id] = judge._contact_values(address, account)
        partners = self.env["res.partner"].create(list(values.values()))
        made.update(zip(values, partners, strict=True))
        for place, people in wanted.items():
            for item, participant in people:
                known = replace(participant, partner_ids=(made[place].id,))
                item.joining = tuple(
                    known if each is participant else each for each in item.joining
                )
        for place in values:
            partner, item = made[place], wanted[place][0][0]
            account = partner.parent_id.display_name
            item.notes.append(
                note("act_contact_account", contact=partner.name, account=account)
                if account
                else note("act_contact", contact=partner.name)
            )

    @api.model
    def _without_contact(self, item) -> list[tuple]:
        """Participants of whom the policy of their ticket wants contacts: (address, participant).
        No answer ever comes from no-reply addresses, and of a crowd nobody has use."""
        company = self.env["res.company"].browse(item.delivery.company_id or [])
        if not item.joining or not company:
            return []
        if item.delivery.outcome is Outcome.TICKET:
            team_id = item.delivery.values.get("team_id")
            team = self.env["helpdesk.ticket.team"].browse(team_id or [])
        else:
            team = self._ticket_of(item).team_id
        if not company._mailflow_policy("cc_contacts", team):
            return []
        found = [
            (each.address.normalized, each)
            for each in item.joining
            if not self._usable_contact(each, company.id)
            and not is_no_reply(each.address.normalized)
        ]
        room = PARTICIPANTS - (len(item.joining) - len(found))
        if len(found) > max(room, 0):
            item.notes.append(note("act_cc_contacts_limit", limit=PARTICIPANTS))
        return found[: max(room, 0)]
