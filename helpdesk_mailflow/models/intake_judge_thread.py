# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from odoo import api, models, tools
from odoo.tools import SQL

from ..mailflow.mail import Mail
from ..mailflow.note import note
from ..mailflow.subject import check_tag_pattern, tag_pattern
from .intake_values import REFERENCES, Thread

#: A ticket number in a subject: tagged as [#HT00042], [HT00042] or #HT00042, or at its start
#: behind Re: and the like, as in the subjects that we send ("HT00042 - The printer burns").
NUMBER = r"([A-Z]{1,8}[-/]?\d{3,12})"
TAG = re.compile(
    rf"\[#?{NUMBER}\]|(?<!\w)#{NUMBER}\b|^(?:\s*\w{{1,6}}(?:\[\d+\])?\s*:)*\s*{NUMBER}(?=\s+-\s)"
)


class HelpdeskIntakeJudge(models.AbstractModel):
    """The ticket that a mail answers."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _threads(self, entries, kinds, writers):
        """Tickets that these mails answer: row id -> (Thread or None, notes).

        :param kinds: row id -> KindResult
        :param writers: row id -> Writer
        """
        wanted = {}
        for each in entries:
            reports = kinds[each.row_id].original_message_ids
            references = (*each.mail.references, *each.mail.in_reply_to)
            if each.afresh:
                references = [one for one in references if one != each.mail.message_id]
            wanted[each.row_id] = (
                *(("the report", one) for one in reports[-REFERENCES:]),
                *(("References", one) for one in references[-REFERENCES:]),
            )
        message_ids = {one for pairs in wanted.values() for _header, one in pairs}
        messages = self._ticket_messages(message_ids)
        tags, by_number = self._tagged_tickets(entries)
        ticket_ids = {row[1] for row in messages.values()}.union(*by_number.values())
        tickets = (
            self.env["helpdesk.ticket"].with_context(active_test=False).browse(ticket_ids).exists()
        )
        tickets = {ticket.id: ticket for ticket in tickets}
        result = {}
        for each in entries:
            found = self._thread_by_reference(each, wanted[each.row_id], messages, tickets)
            result[each.row_id] = (
                found
                if found[0]
                else self._thread_by_tag(each, tags[each.row_id], by_number, tickets, found[1])
            )
        return result

    @api.model
    def _ticket_messages(self, message_ids):
        """Message-ID -> (mail.message id, ticket id, internal), the newest one of each."""
        if not message_ids:
            return {}
        rows = self.env.execute_query(
            SQL(
                "SELECT message.message_id, message.id, message.res_id,"
                " COALESCE(message.is_internal, FALSE) OR (COALESCE(subtype.internal, FALSE)"
                "   AND message.message_type NOT IN ('auto_comment', 'email'))"
                " FROM mail_message message"
                " LEFT JOIN mail_message_subtype subtype ON subtype.id = message.subtype_id"
                " WHERE message.message_id = ANY(%s) AND message.model = 'helpdesk.ticket'"
                " AND message.res_id > 0 ORDER BY message.id",
                list(message_ids),
            )
        )
        return {message_id: tuple(rest) for message_id, *rest in rows}

    @api.model
    def _thread_by_reference(self, entry, wanted, messages, tickets):
        candidates = [(messages[one][0], header, one) for header, one in wanted if one in messages]
        notes = []
        for message_row, header, one in sorted(candidates, reverse=True):
            _message, ticket_id, internal = messages[one]
            ticket = tickets.get(ticket_id)
            if not ticket or ticket_id in entry.own_ticket_ids:
                continue
            if not ticket.active:
                notes.append(note("thread_gone", ticket=ticket.number))
                continue
            how = note("thread_reference", ticket=ticket.number, header=header, message_id=one)
            address = entry.mail.from_
            if not self._takes_part(ticket, address.normalized):
                newcomer = note("thread_newcomer", ticket=ticket.number, address=address.email)
                notes.append(newcomer)
            return self._thread(ticket, message_row, internal, how), tuple(notes)
        return None, tuple(notes[:1])

    @api.model
    def _thread(self, ticket, message_id, internal, how) -> Thread:
        return Thread(
            ticket_id=ticket.id,
            alias_id=ticket.support_alias_id.id or None,
            company_id=ticket.company_id.id,
            team_id=ticket.team_id.id or None,
            message_id=message_id,
            internal=bool(internal),
            closed=ticket.stage_id.closed,
            how=how,
        )

    @api.model
    def _tags(self, mail: Mail, patterns) -> list[str]:
        """Ticket numbers in a subject, each once, those in a company's own tag first."""
        found = [each["number"] for one in patterns for each in one.finditer(mail.subject)]
        found += [next(filter(None, groups)) for groups in TAG.findall(mail.subject)]
        return list(dict.fromkeys(found))

    @api.model
    def _tag_patterns(self) -> list[re.Pattern]:
        """What the tags look like that companies chose. They are not kept apart: a number
        leads only those to a ticket who take part in it."""
        # sudo: how subjects look is no secret, and mail comes in for all companies
        groups = self.env["res.company"].sudo()._read_group([], ["helpdesk_subject_tag"])
        return [tag_pattern(tag) for (tag,) in groups if tag and not check_tag_pattern(tag)]

    @api.model
    def _tagged_tickets(self, entries):
        """Tickets that subjects name: row id -> their numbers, and number -> ids of the tickets
        that have it, one in each company."""
        patterns = self._tag_patterns()
        tags = {each.row_id: self._tags(each.mail, patterns) for each in entries}
        numbers = {number for found in tags.values() for number in found}
        if not numbers:
            return tags, {}
        found = self.env["helpdesk.ticket"].search_fetch(
            [("number", "in", list(numbers))], ["number"]
        )
        return tags, {number: tickets.ids for number, tickets in found.grouped("number").items()}

    @api.model
    def _thread_by_tag(self, entry, tags, by_number, tickets, notes):
        """The number in a subject is no secret: who uses it must take part in the ticket."""
        address = entry.mail.from_
        for number in tags:
            ids = [each for each in by_number.get(number, ()) if each not in entry.own_ticket_ids]
            named = [tickets[each] for each in ids if tickets[each].active]
            for ticket in named:
                if self._is_customer(ticket, address.normalized):
                    how = note("thread_tag", tag=number, ticket=ticket.number)
                    return self._thread(ticket, None, False, how), notes
                if self._takes_part(ticket, address.normalized):
                    # anybody can write an agent's address and a number: nothing of it leaves
                    how = note("thread_tag_agent", tag=number, ticket=ticket.number)
                    return self._thread(ticket, None, True, how), notes
                if self._was_forwarded_to(ticket, address.normalized):
                    # programs that name no message that they answer
                    how = note("thread_tag_forward", tag=number, ticket=ticket.number)
                    return self._thread(ticket, None, True, how), notes
            if named:
                stranger = note("thread_tag_stranger", ticket=number, address=address.email)
                notes = (*notes, stranger)
        return None, notes

    @api.model
    def _was_forwarded_to(self, ticket, email: str) -> bool:
        """Whether an agent sent something of a ticket on to an address."""
        forwards = self.env["mail.message"].search(
            [
                ("model", "=", ticket._name),
                ("res_id", "=", ticket.id),
                ("helpdesk_forward", "=", True),
            ]
        )
        sent_to = forwards.notification_ids
        return bool(email) and email in {
            *sent_to.res_partner_id.mapped("email_normalized"),
            *sent_to.mapped("mail_email_address"),
        }

    @api.model
    def _is_customer(self, ticket, email: str) -> bool:
        """Whether an address takes part in a ticket from outside."""
        outside = ticket.message_partner_ids.filtered("partner_share") | ticket.partner_id
        known = {
            *outside.mapped("email_normalized"),
            *tools.email_normalize_all(ticket.email_cc or ""),
        }
        known.add(tools.email_normalize(ticket.partner_email or ""))
        agents = (ticket.team_id.user_ids | ticket.user_id).mapped("email_normalized")
        return bool(email) and email in known.difference(agents)

    @api.model
    def _takes_part(self, ticket, email: str) -> bool:
        inside = ticket.message_partner_ids.mapped("email_normalized")
        inside += (ticket.team_id.user_ids | ticket.user_id).mapped("email_normalized")
        return bool(email) and (email in inside or self._is_customer(ticket, email))
