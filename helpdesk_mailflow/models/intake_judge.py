# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import ast
from collections import defaultdict

from odoo import api, models, tools
from odoo.fields import Domain
from odoo.tools import SQL

from ..mailflow.kind import tell_kind
from ..mailflow.mail import RECIPIENT_HEADERS, Mail, Recipient
from ..mailflow.note import Note, note
from .intake_values import (
    GATEWAY_KEY,
    UNSETTLED,
    Destination,
    Entry,
    Known,
    Outcome,
    Verdict,
)

#: Where servers delivered a mail to. What the customer wrote into To and Cc comes first:
#: every support alias named there gets the mail. A mail that names none there (forwarded,
#: Bcc, redirected) goes by the first of these headers that leads to one. A collecting
#: mailbox writes its own address into Delivered-To, so that one comes last.
ENVELOPE_HEADERS = tuple(name for name in RECIPIENT_HEADERS if name not in ("To", "Cc"))
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
        trusts = self.env["helpdesk.intake.trust"]._trusts(entries)
        kinds = {
            each.row_id: tell_kind(each.mail, trusts[each.row_id].verdict == "fail")
            for each in entries
        }
        writing = self.env["helpdesk.intake.writer"]
        authors = writing._authors(entries)
        emails = self._emails(entries, authors)
        own, partners = self._own_addresses(emails), self._partners(emails)
        writers = writing._writers(entries, authors, trusts, own, partners)
        threads = self._threads(entries, kinds, writers, own, partners)
        addresses, retired = self._addresses(entries)
        own_mails = self.env["helpdesk.intake.own"]._recognise(entries, kinds, own)
        known = self._known(entries, own)
        destinations = {
            each.row_id: self._destinations(each, addresses, threads[each.row_id])
            for each in entries
        }
        senders, sender_notes = self.env["helpdesk.intake.sender"]._marks(
            entries, destinations, threads, writers, own, partners
        )
        contacts, own = self._contacts(
            entries, destinations, threads, writers, own, partners, senders
        )
        facts = self.env["helpdesk.intake.facts"]._facts(
            entries, kinds, trusts, self._places(entries, destinations, threads), contacts
        )
        verdicts = []
        for each in entries:
            thread, thread_notes, quoted = threads[each.row_id]
            found = destinations[each.row_id]
            before = known[each.row_id]
            duplicate, suspect = self._known_for(before, found, thread), before.suspect
            judged_contacts = contacts[each.row_id]
            own_mail = own_mails.get(each.row_id)
            trust, writer = trusts[each.row_id], writers[each.row_id]
            notes = [kinds[each.row_id].note, *trust.notes]
            notes += own_mail.notes if own_mail else ()
            if not (own_mail and own_mail.decides):
                notes += writer.notes
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
                        about = (*contact.requester.notes, *contact.notes)
                        notes += [told for told in about if told not in notes]
            verdicts.append(
                Verdict(
                    entry=each,
                    kind=kinds[each.row_id],
                    trust=trust,
                    writer=writer,
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
                    quoted=quoted,
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
        if self._is_of_ticket(mail):
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
        return None if thread else self._known_in_all(known, destinations)

    @api.model
    def _known_in_all(self, known: Known, destinations) -> Note | None:
        """By policy a mail opens one ticket of a company in all: then a copy for another support
        alias is a duplicate, too."""
        # sudo: policies hold for everyone
        companies = self.env["res.company"].sudo().browse(each.company_id for each in destinations)
        if not known.covered or not all(each.helpdesk_one_ticket for each in companies):
            return None
        alias_ids = [key for key in known.covered if key > 0]
        aliases = self.env["helpdesk.support.alias"].browse(alias_ids).exists()
        rows = {each.company_id.id: known.covered[each.id] for each in aliases}
        if companies and rows.keys() >= set(companies._ids):
            return note("known_delivery", mail=min(rows.values()))
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
        thread, _notes, quoted = judged_thread
        if thread:
            return ()
        return self._destination_of_last_resort(entry, addresses, quoted)

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
    def _destination_of_last_resort(self, entry, addresses, quoted):
        """No recipient leads to a support alias: the scanner's default, where the ticket is that
        it refers to, a caller that asked for tickets, or a person."""
        if self._other_models(entry, addresses) and not entry.forced:
            return ()
        Alias = self.env["helpdesk.support.alias"]
        if entry.folder_alias_id:
            queue = Alias.browse(entry.folder_alias_id)
            return (self._to_alias(queue, note("alias_of_scanner", alias=queue.name)),)
        for each in quoted:
            if each.company_id == entry.company_id:
                return (
                    Destination(
                        each.alias_id, each.company_id, each.team_id, True, note("alias_of_quoted")
                    ),
                )
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
