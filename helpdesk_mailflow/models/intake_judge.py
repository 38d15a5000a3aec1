# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import ast
import re
from collections import defaultdict

from odoo import api, models, tools
from odoo.fields import Domain
from odoo.tools import SQL

from ..mailflow.domain import is_free_mail, registrable_domain
from ..mailflow.kind import tell_kind
from ..mailflow.mail import Mail, Recipient
from ..mailflow.note import Note, note
from ..mailflow.subject import check_tag_pattern, tag_pattern
from .intake_values import (
    GATEWAY_KEY,
    UNSETTLED,
    Contact,
    Destination,
    Entry,
    Known,
    Outcome,
    Thread,
    Verdict,
)

#: Where servers delivered a mail to. What the customer wrote into To and Cc comes first:
#: every support alias named there gets the mail. A mail that names none there (forwarded,
#: Bcc, redirected) goes by the first of these headers that leads to one. A collecting
#: mailbox writes its own address into Delivered-To, so that one comes last.
ENVELOPE_HEADERS = (
    "X-Original-To",
    "X-Forwarded-To",
    "Envelope-To",
    "Resent-To",
    "Resent-Cc",
    "Delivered-To",
)
#: References looked at, the newest ones: RFC 5322, 3.6.4 appends; Odoo looks at 32, too.
REFERENCES = 32
#: A ticket number in a subject: tagged as [#HT00042], [HT00042] or #HT00042, or at its start
#: behind Re: and the like, as in the subjects that we send ("HT00042 - The printer burns").
NUMBER = r"([A-Z]{1,8}[-/]?\d{3,12})"
TAG = re.compile(
    rf"\[#?{NUMBER}\]|(?<!\w)#{NUMBER}\b|^(?:\s*\w{{1,6}}(?:\[\d+\])?\s*:)*\s*{NUMBER}(?=\s+-\s)"
)
#: Contacts among To and Cc that follow a ticket, at the most.
PARTICIPANTS = 20
#: Outcomes that made something of a mail.
SETTLED = tuple(outcome.value for outcome in Outcome if outcome not in UNSETTLED)


class HelpdeskIntakeJudge(models.AbstractModel):
    """Mails + database -> Verdicts: kind, alias, thread, requester. Writes nothing.

    Everything is looked up for a whole batch at once.
    """

    _name = "helpdesk.intake.judge"
    _description = "Intake of mail: judge"

    @api.model
    def _judge(self, entries: list[Entry]) -> list[Verdict]:
        kinds = {each.row_id: tell_kind(each.mail) for each in entries}
        threads = self._threads(entries, kinds)
        addresses, retired = self._addresses(entries)
        own = self._own_addresses(entries)
        own_mails = self.env["helpdesk.intake.own"]._recognise(entries, kinds, own)
        known = self._known(entries, own)
        destinations = {
            each.row_id: self._destinations(each, addresses, threads.get(each.row_id))
            for each in entries
        }
        partners = self._partners(entries)
        senders, sender_notes = self.env["helpdesk.intake.sender"]._marks(
            entries, destinations, threads, own, partners
        )
        contacts = self._contacts(entries, destinations, threads, own, partners, senders)
        trusts = self.env["helpdesk.intake.facts"]._trusts(entries)
        facts = self.env["helpdesk.intake.facts"]._facts(
            entries, kinds, trusts, self._places(entries, destinations, threads), contacts
        )
        verdicts = []
        for each in entries:
            thread, thread_notes = threads.get(each.row_id, (None, ()))
            found = destinations[each.row_id]
            before = known[each.row_id]
            duplicate, suspect = self._known_for(before, found, thread), before.suspect
            judged_contacts = contacts[each.row_id]
            own_mail = own_mails.get(each.row_id)
            trust = trusts[each.row_id].note
            notes = [kinds[each.row_id].note, *([trust] if trust else [])]
            notes += own_mail.notes if own_mail else ()
            if not (own_mail and own_mail.decides):
                notes += thread_notes
                if thread:
                    notes.append(thread.how)
                else:
                    notes += self._retired_notes(each, retired)
                    notes += [destination.how for destination in found]
                notes += [each_note for each_note in (duplicate, suspect) if each_note]
                notes += sender_notes.get(each.row_id, ())
                left_out = self.env["helpdesk.intake.sender"]._companies_that_block(
                    each, senders[each.row_id]
                )
                for (company_id, _team_id), contact in judged_contacts.items():
                    if company_id not in left_out:
                        notes += [told for told in contact.notes if told not in notes]
            verdicts.append(
                Verdict(
                    entry=each,
                    kind=kinds[each.row_id],
                    destinations=found,
                    thread=thread,
                    contacts=judged_contacts,
                    known=duplicate,
                    known_aliases=before.settled.union(before.covered),
                    suspect=suspect,
                    other_models=self._other_models(each, addresses),
                    participants=self._participants(each, own, partners),
                    own_addresses=frozenset(own),
                    notes=tuple(notes),
                    own_mail=own_mail,
                    facts=facts[each.row_id],
                    senders=senders[each.row_id],
                )
            )
        return verdicts

    @api.model
    def _places(self, entries, destinations, threads) -> dict[int, list[tuple[int, int | None]]]:
        """Company and support alias of all that a mail is for, the one that counts first."""
        places = {}
        for each in entries:
            thread = threads.get(each.row_id, (None, ()))[0]
            found = [(thread.company_id, thread.alias_id)] if thread else []
            found += [(place.company_id, place.alias_id) for place in destinations[each.row_id]]
            places[each.row_id] = found
        return places

    @api.model
    def _concerns_helpdesk(self, mail: Mail, fallback) -> bool:
        """Whether a mail that was handed to Odoo's gateway is for tickets: by a recipient, by
        a message of a ticket that it answers, because it is a mail of ours that comes back, or
        because the caller asked for tickets and no recipient leads elsewhere.

        :param mail: its headers are enough
        """
        entry = Entry(row_id=0, mail=mail)
        addresses, _retired = self._addresses([entry])
        leads_to = [addresses[each.email] for each in mail.recipients if each.email in addresses]
        if any(
            queue or alias.alias_model_id.model == "helpdesk.ticket" for queue, alias in leads_to
        ):
            return True
        references = (*mail.references, *mail.in_reply_to)[-REFERENCES:]
        if self._ticket_messages(set(references)):
            return True
        if fallback is not None and not leads_to:
            return True
        return self.env["helpdesk.intake.own"]._concerns_us(mail, for_others=bool(leads_to))

    # ------------------------------------------------------------
    # KNOWN ALREADY
    # ------------------------------------------------------------

    @api.model
    def _known(self, entries, own_addresses) -> dict[int, Known]:
        """What came in before, by row id."""
        identities = [each.mail.identity for each in entries]
        rows = defaultdict(list)
        for identity, row_id, digest in self.env.execute_query(
            SQL(
                "SELECT identity, id, body_digest FROM helpdesk_incoming_mail"
                " WHERE identity = ANY(%s) AND NOT COALESCE(start_only, FALSE) ORDER BY id",
                identities,
            )
        ):
            rows[identity].append((row_id, digest))
        deliveries = defaultdict(list)
        for row_id, *rest in self.env.execute_query(
            SQL(
                "SELECT delivery.mail_id, delivery.alias_key, delivery.outcome,"
                " delivery.message_id FROM helpdesk_incoming_mail_delivery delivery"
                " JOIN helpdesk_incoming_mail mail ON mail.id = delivery.mail_id"
                " WHERE mail.identity = ANY(%s)",
                identities,
            )
        ):
            deliveries[row_id].append(rest)
        messages = self._messages_by_id([each.mail.message_id for each in entries])
        result = {}
        for each in entries:
            same, other, covered, settled, made = [], [], {}, set(), set()
            mail = each.mail
            before = [row for row in rows[mail.identity] if not self._is_later(each, row[0])]
            for row_id, digest in before:
                if row_id == each.row_id or digest == mail.body_digest:
                    same.append(row_id)
                elif row_id < each.row_id:
                    other.append(row_id)
            for row_id, _digest in rows[mail.identity]:
                for alias_key, _outcome, message_id in deliveries[row_id]:
                    made.add(message_id)
                    if alias_key == GATEWAY_KEY:
                        # Odoo's own gateway takes no Message-ID twice, whatever the body
                        settled.add(alias_key)
            for row_id in same:
                for alias_key, outcome, _message_id in deliveries[row_id]:
                    if row_id != each.row_id:
                        # also what waits there for a person: it is one mail
                        covered.setdefault(alias_key, row_id)
                    elif outcome in SETTLED:
                        settled.add(alias_key)
            has_copy = any(row_id != each.row_id for row_id in same)
            result[each.row_id] = Known(
                covered=covered,
                settled=frozenset(settled),
                message=self._known_message(each, messages, made, own_addresses),
                suspect=note("suspect_identity", mail=other[0]) if other and not has_copy else None,
            )
        return result

    @api.model
    def _is_later(self, entry: Entry, row_id: int) -> bool:
        """Whether a row does not count for a mail that is judged afresh: its own, those that came
        after it, and all of them for a mail that is not in the ledger."""
        return entry.afresh and (not entry.row_id or row_id >= entry.row_id)

    @api.model
    def _known_for(self, known: Known, destinations, thread) -> Note | None:
        """Whether everything that the mail is for has it already. A copy for a support alias
        that has nothing of it is no duplicate: one mail to two mailboxes of ours that do not
        show in each other's copy (Bcc, mailing list)."""
        if known.message:
            return known.message
        if thread:
            wanted = {thread.alias_id or 0}
        else:
            wanted = {destination.alias_id or 0 for destination in destinations} or {0}
        if wanted <= known.covered.keys():
            return note("known_delivery", mail=min(known.covered[key] for key in wanted))
        return None

    @api.model
    def _messages_by_id(self, message_ids):
        """Messages of Odoo with one of these Message-IDs: Message-ID -> [rows]."""
        found = defaultdict(list)
        for row in self.env.execute_query(
            SQL(
                "SELECT message_id, id, model, res_id, email_from, date, message_type"
                " FROM mail_message WHERE message_id = ANY(%s)",
                message_ids,
            )
        ):
            found[row[0]].append(row)
        return found

    @api.model
    def _known_message(self, entry: Entry, messages, made, own_addresses) -> Note | None:
        """The very message is in Odoo: our own that came back, or taken in another way.
        A Message-ID alone does not tell: devices use one again and again.

        What Odoo's gateway made of it elsewhere (a lead, say) is another part of it.

        :param made: ids of messages that the ledger's rows of this mail made
        :param own_addresses: what we send may come back with one of these as its sender
        """
        mail = entry.mail
        if not mail.message_id_given:
            return None
        tried = entry.afresh and not entry.row_id
        for _message_id, row_id, model, res_id, email_from, date, kind in messages[mail.message_id]:
            # whoever tries a mail that is here already asks what its first copy would become
            if row_id in made or (kind == "email" and (tried or model != "helpdesk.ticket")):
                continue
            same_sender = tools.email_normalize(email_from or "") == mail.from_.normalized
            same_date = (
                mail.date
                and date
                and abs((mail.date.replace(tzinfo=None) - date).total_seconds()) < 2
            )
            ours = kind != "email" and (same_sender or mail.from_.normalized in own_addresses)
            if ours or (same_sender and same_date):
                return note(
                    "known_message", message=row_id, record=f"{model or '-'} {res_id or ''}".strip()
                )
        return None

    # ------------------------------------------------------------
    # WHERE IT BELONGS
    # ------------------------------------------------------------

    @api.model
    def _addresses(self, entries):
        """Which recipients lead somewhere: email -> (support alias or None, Odoo alias or None),
        and which no longer do: email -> support alias."""
        emails = {recipient.email for each in entries for recipient in each.mail.recipients}
        local_parts = {email.partition("@")[0] for email in emails}
        found, retired = {}, {}
        aliases = self.env["mail.alias"].search(
            Domain("alias_full_name", "in", list(emails))
            | (
                Domain("alias_name", "in", list(local_parts))
                & Domain("alias_incoming_local", "=", True)
            )
        )
        local = aliases.filtered("alias_incoming_local")
        queues = self.env["helpdesk.support.alias"].search([("alias_id", "in", local.ids)])
        queues = {queue.alias_id: queue for queue in queues}
        # the very address counts more than its local part on any domain
        for alias in local:
            for email in emails:
                if email.partition("@")[0] == alias.alias_name:
                    found[email] = (queues.get(alias), alias)
        for alias in aliases - local:
            found[alias.alias_full_name] = (None, alias)
        addresses = self.env["helpdesk.support.alias.address"].search(
            [("email", "in", list(emails))]
        )
        for address in addresses:
            queue, alias = found.get(address.email, (None, None))
            if address.kind == "retired":
                if alias and alias.alias_full_name == address.email:
                    # given to something else in Odoo since then
                    continue
                # also where its local part counts on any domain
                found.pop(address.email, None)
                retired[address.email] = address.alias_id
                continue
            elsewhere = alias and not queue and alias.alias_model_id.model != "helpdesk.ticket"
            if alias and (address.kind == "past" or elsewhere):
                # given to something else in Odoo since then
                continue
            found[address.email] = (address.alias_id, address.alias_id.alias_id)
        return found, retired

    @api.model
    def _retired_notes(self, entry, retired) -> list[Note]:
        notes = {}
        for each in entry.mail.recipients:
            if each.email in retired and each.email not in notes:
                notes[each.email] = note(
                    "alias_retired",
                    address=each.email,
                    header=each.header,
                    alias=retired[each.email].name,
                )
        return list(notes.values())

    @api.model
    def _destinations(self, entry: Entry, addresses, judged_thread) -> tuple[Destination, ...]:
        mail = entry.mail
        visible = [Recipient("To", each.normalized) for each in mail.to]
        visible += [Recipient("Cc", each.normalized) for each in mail.cc]
        groups = [visible]
        for header in ENVELOPE_HEADERS:
            groups.append([each for each in mail.recipients if each.header == header])
        for recipients in groups:
            found = {}
            for recipient in recipients:
                destination = self._destination(recipient, addresses, entry)
                if destination:
                    found.setdefault((destination.alias_id, destination.company_id), destination)
            if found:
                return tuple(found.values())
        if judged_thread and judged_thread[0]:
            return ()
        return self._destination_of_last_resort(entry, addresses)

    @api.model
    def _destination(self, recipient, addresses, entry) -> Destination | None:
        queue, alias = addresses.get(recipient.email, (None, None))
        if queue:
            how = note(
                "alias_by_header",
                address=recipient.email,
                header=recipient.header,
                alias=queue.name,
            )
            return self._to_alias(queue, how)
        if alias and alias.alias_model_id.model == "helpdesk.ticket":
            values = dict(ast.literal_eval(alias.alias_defaults or "{}"))
            team = self.env["helpdesk.ticket.team"].browse(values.pop("team_id", None) or [])
            company = team.company_id.id or values.get("company_id") or entry.company_id
            how = note("alias_of_odoo", address=recipient.email, header=recipient.header)
            return Destination(None, company, team.id or None, True, how, values)
        return None

    @api.model
    def _to_alias(self, queue, how: Note) -> Destination:
        values = dict(ast.literal_eval(queue.alias_id.alias_defaults or "{}"))
        values.pop("team_id", None)
        values.pop("company_id", None)
        return Destination(
            queue.id, queue.company_id.id, queue.team_id.id or None, queue.intake, how, values
        )

    @api.model
    def _destination_of_last_resort(self, entry, addresses):
        """No recipient leads to a support alias: the scanner's default, a caller that asked
        for tickets, or a person."""
        if self._other_models(entry, addresses) and not entry.forced:
            return ()
        Alias = self.env["helpdesk.support.alias"]
        if entry.folder_alias_id:
            queue = Alias.browse(entry.folder_alias_id)
            return (self._to_alias(queue, note("alias_of_scanner", alias=queue.name)),)
        if entry.fallback is not None:
            values = dict(entry.fallback)
            team = self.env["helpdesk.ticket.team"].browse(values.pop("team_id", None) or [])
            company = team.company_id.id or values.get("company_id") or entry.company_id
            return (Destination(None, company, team.id or None, True, note("alias_none"), values),)
        if entry.forced or entry.company_id:
            queue = Alias.search([("company_id", "=", entry.company_id)], limit=1)
            if queue:
                code = "alias_by_person" if entry.forced else "alias_first"
                return (self._to_alias(queue, note(code, alias=queue.name)),)
        return ()

    @api.model
    def _other_models(self, entry, addresses) -> str:
        """An address of this mail that an alias of another model has; '' if none."""
        for recipient in entry.mail.recipients:
            _queue, alias = addresses.get(recipient.email, (None, None))
            if alias and alias.alias_model_id.model != "helpdesk.ticket":
                return recipient.email
        return ""

    # ------------------------------------------------------------
    # THREAD
    # ------------------------------------------------------------

    @api.model
    def _threads(self, entries, kinds):
        """Tickets that these mails answer: row id -> (Thread or None, notes)."""
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

    # ------------------------------------------------------------
    # CONTACT
    # ------------------------------------------------------------

    @api.model
    def _own_addresses(self, entries) -> set[str]:
        """The addresses of these mails that are ours: no contact is made of them."""
        emails = {
            email
            for each in entries
            for email in (each.mail.from_.normalized, *self._addressed(each.mail))
        }
        return set(
            self.env["mail.alias.domain"]._find_aliases([email for email in emails if email])
        )

    @api.model
    def _addressed(self, mail: Mail) -> list[str]:
        return [address.normalized for address in (*mail.to, *mail.cc)]

    @api.model
    def _partners(self, entries):
        """Contacts with an address of these mails: email -> res.partner."""
        emails = {
            email
            for each in entries
            for email in (each.mail.from_.normalized, *self._addressed(each.mail))
            if email
        }
        found = defaultdict(self.env["res.partner"].browse)
        partners = self.env["res.partner"].search([("email_normalized", "in", list(emails))])
        # the users of all at once: a requester is looked at by itself
        partners.user_ids.fetch(["active", "share"])
        for partner in partners:
            found[partner.email_normalized] |= partner
        return found

    @api.model
    def _participants(self, entry, own, partners) -> tuple[int, ...]:
        """Contacts among the recipients, as helpdesk_mgmt subscribes them; not more than
        :data:`PARTICIPANTS`, since each of them gets what is answered."""
        found = self.env["res.partner"]
        for email in self._addressed(entry.mail):
            if email not in own:
                found |= partners[email][:1]
        return tuple(found[:PARTICIPANTS].ids)

    @api.model
    def _contacts(self, entries, destinations, threads, own, partners, senders):
        """The requester for each place that a mail goes to, since companies have contacts of
        their own and teams policies: row id -> {(company id, team id): Contact}."""
        unknown, result = {}, {}
        for each in entries:
            thread = threads.get(each.row_id, (None, ()))[0]
            places = self.env["helpdesk.intake.sender"]._places(
                destinations[each.row_id], thread, senders[each.row_id]
            )
            found = result[each.row_id] = {}
            for place in places:
                contact = self._known_contact(each.mail, place.company_id, own, partners)
                found[place.company_id, place.team_id] = contact
                if not contact:
                    unknown[each.row_id, place.company_id] = each.mail.from_
        accounts = self._accounts(unknown)
        for each in entries:
            for (company_id, team_id), contact in result[each.row_id].items():
                if not contact:
                    result[each.row_id][company_id, team_id] = self._new_contact(
                        each.mail, company_id, team_id, accounts
                    )
        return result

    @api.model
    def _known_contact(self, mail, company_id, own, partners) -> Contact | None:
        address = mail.from_
        if not address.normalized or tools.email_normalize(address.email) != address.normalized:
            # also what Odoo would take for another or for several addresses
            return Contact(None, None, None, (note("contact_no_address"),))
        if address.normalized in own:
            return Contact(None, None, None, (note("contact_own_address", address=address.email),))
        found = partners[address.normalized].filtered(
            lambda partner: not partner.company_id or partner.company_id.id == company_id
        )
        if not found:
            return None
        partner, why = self._best_partner(found, company_id)
        user = partner.user_ids.filtered(lambda each: each.active and not each.share)[:1]
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
        return Contact(partner.id, user.id or None, None, (sentence,))

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
    def _new_contact(self, mail, company_id, team_id, accounts) -> Contact:
        address = mail.from_
        by_rule = not self._creates_contacts(company_id, team_id)
        code = "contact_by_rule_only" if by_rule else "contact_new"
        notes = [note(code, address=address.email)]
        values = {
            "name": address.name or address.email,
            "email": address.email,
            "is_company": False,
        }
        account, account_note = accounts.get((address.domain, company_id), (None, None))
        if account_note and not by_rule:
            notes.append(account_note)
        if account:
            values["parent_id"] = account.id
            values["company_id"] = account.company_id.id
        return Contact(None, None, values, tuple(notes), by_rule)

    @api.model
    def _creates_contacts(self, company_id, team_id) -> bool:
        """The policy *create contacts*: of the team, else of the company."""
        policy = self.env["helpdesk.ticket.team"].browse(team_id or []).create_contacts
        if policy in (False, "inherit"):
            policy = self.env["res.company"].browse(company_id).helpdesk_create_contacts
        return policy != "rule"

    @api.model
    def _accounts(self, unknown):
        """Accounts that unknown senders belong to, by their mail domain:
        (domain, company id) -> (res.partner or None, note or None)."""
        wanted = {
            (address.domain, company_id)
            for (_row, company_id), address in unknown.items()
            if address.domain
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
