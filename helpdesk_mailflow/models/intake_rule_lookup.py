# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict
from dataclasses import dataclass, field

from odoo.fields import Domain
from odoo.tools import SQL

from ..mailflow.pattern import texts_of
from ..mailflow.subject import base_subject, subject_key
from ..mailflow.ticket_number import find_numbers
from .intake_values import Standing
from .rule_fields import is_elsewhere, is_gone
from .thread_entrance import Entrance, Evidence, Part, entrance

#: Characters of the To addresses that a placeholder holds.
MAX_TO = 200
#: A ticket of who wrote.
OF_REQUESTER = SQL(
    "(ticket.partner_id = NULLIF(wish.partner_id, 0)"
    " OR lower(ticket.partner_email) = NULLIF(wish.email, ''))"
)


@dataclass
class Load:
    """How busy an agent is with the tickets of a team."""

    open_count: int = 0
    last: tuple = field(default=())  # when the newest one was assigned, and its id


class Lookup:
    """What actions of rules have to know of the database, for all mails of a batch at once.

    It is asked for a mail, and looks up for all. Writes nothing.
    """

    def __init__(self, env, pairs):
        """
        :param env: with all rights
        :param pairs: of a draft and an action that is done for it
        """
        self.env = env
        self._pairs = pairs
        self._problems = {}
        self._numbers = {}
        self._groups = {}
        self._texts = {}
        self._found_by_number = None
        self._found_by_subject = None
        self._found_open = None
        self._junk = None
        self._forwarded = {}
        self._loads = defaultdict(dict)
        self._given = 0
        self._aliases = env["helpdesk.support.alias"].browse(
            {draft.place.alias_id for draft, _action in pairs} - {None}
        )

    # ------------------------------------------------------------
    # RECORDS
    # ------------------------------------------------------------

    def problem(self, record, company_id: int) -> str:
        """What is wrong with a record that an action names: ``gone``, ``elsewhere`` or nothing."""
        key = record._name, record.id, company_id
        if key not in self._problems:
            if not record or is_gone(record):
                self._problems[key] = "gone"
            else:
                self._problems[key] = "elsewhere" if is_elsewhere(record, company_id) else ""
        return self._problems[key]

    def junk_folder(self, scanner_id: int) -> str:
        """The name of a scanner's folder for junk; empty if it has none."""
        if self._junk is None:
            scanners = {draft.verdict.entry.scanner_id for draft, _action in self._pairs} - {None}
            folders = self.env["helpdesk.mail.folder"].search(
                Domain("scanner_id", "in", list(scanners))
                & Domain("special_use", "=ilike", r"\\Junk")
            )
            self._junk = {each.scanner_id.id: each.name for each in folders}
        return self._junk.get(scanner_id, "")

    # ------------------------------------------------------------
    # PLACEHOLDERS
    # ------------------------------------------------------------

    def placeholders(self, draft, action) -> dict[str, str]:
        """What the placeholders of an action hold for a mail."""
        mail = draft.verdict.entry.mail
        ticket = self.ticket(draft.joins)
        alias = self._aliases.browse(draft.place.alias_id or [])
        return {
            **self._group_values(draft, action.rule_id),
            "from_name": mail.from_.name or mail.from_.email,
            "from_address": mail.from_.normalized or mail.from_.email,
            "from_domain": mail.from_.domain or "",
            "to": ", ".join(each.normalized for each in mail.to if each.normalized)[:MAX_TO],
            "subject": mail.subject,
            "base_subject": base_subject(mail.subject),
            "date": (mail.date or draft.verdict.entry.received_at or self.env.cr.now())
            .date()
            .isoformat(),
            "alias": alias.name or "",
            "ticket": ticket.number or "",
        }

    def _group_values(self, draft, rule) -> dict[str, str]:
        """What the named groups of the patterns of a rule's condition hold."""
        if rule.id not in self._groups:
            self._groups[rule.id] = (rule._condition_patterns(), rule._group_names())
        patterns, names = self._groups[rule.id]
        values = dict.fromkeys(names, "")
        compiled = names and self.env["helpdesk.intake.facts"]._patterns()
        if not compiled:
            return values
        mail = draft.verdict.entry.mail
        matched = draft.verdict.facts[draft.place.company_id].pattern_ids
        for pattern in patterns:
            if pattern.id in matched:
                found = compiled.groups(pattern.id, texts_of(mail))
                values.update({name: value for name, value in found.items() if value})
        return values

    # ------------------------------------------------------------
    # TICKETS
    # ------------------------------------------------------------

    def ticket(self, ticket_id):
        """``helpdesk.ticket``, read together with the others that the mails join."""
        Ticket = self.env["helpdesk.ticket"]
        if not ticket_id:
            return Ticket
        joined = {draft.joins for draft, _action in self._pairs} - {None}
        return Ticket.browse(ticket_id).with_prefetch({*joined, ticket_id})

    def by_number(self, draft, action):
        """Tickets whose numbers a mail names, the first one first."""
        if self._found_by_number is None:
            wanted = self._wishes("number", "both")
            numbers = {each for one, its in wanted for each in self._numbers_in(one, its)}
            companies = {one.place.company_id for one, _its in wanted}
            tickets = self.env["helpdesk.ticket"].search(
                [("number", "in", list(numbers)), ("company_id", "in", list(companies))],
                order="id desc",
            )
            self._found_by_number = tickets.grouped(lambda each: (each.number, each.company_id.id))
        none = self.env["helpdesk.ticket"]
        found = none.union(
            *(
                self._found_by_number.get((number, draft.place.company_id), none)
                for number in self._numbers_in(draft, action)
            )
        )
        return found - none.browse(draft.verdict.entry.own_ticket_ids)

    def _wishes(self, *match_by):
        """Pairs of a mail and an action that looks for a ticket to update."""
        return [
            (draft, action)
            for draft, action in self._pairs
            if action.kind == "ticket" and action.match_by in match_by and not draft.place.is_thread
        ]

    def _numbers_in(self, draft, action) -> list[str]:
        key = id(draft), action.id
        if key not in self._numbers:
            mail = draft.verdict.entry.mail
            places = [mail.subject]
            if action.look_in in ("body", "source"):
                places.append(mail.text)
            if action.look_in == "source":
                places.append("\n".join(f"{name}: {value}" for name, value in mail.headers))
                places.append(mail.html or "")
                places += [
                    each.content.decode("utf-8", "replace")
                    for each in mail.attachments
                    if each.content_type.startswith("text/")
                ]
            self._numbers[key] = find_numbers(action.number_pattern or "", *places)
        return self._numbers[key]

    def by_subject(self, draft, action):
        """The newest open ticket with the subject of a mail."""
        if self._found_by_subject is None:
            wishes = {self._subject_wish(*pair) for pair in self._wishes("subject", "both")}
            self._found_by_subject = self._newest_open(
                {each for each in wishes if each[0]},
                SQL(
                    "ticket.subject_key = wish.name AND ticket.subject_key IS NOT NULL"
                    " AND ((wish.partner_id = 0 AND wish.email = '') OR %s)",
                    OF_REQUESTER,
                ),
            )
        return self._one_of(self._found_by_subject, self._subject_wish(draft, action))

    def _subject_wish(self, draft, action) -> tuple:
        mail = draft.verdict.entry.mail
        key = subject_key(mail.subject)
        if action.same_subject_of == "any":
            return key, draft.place.company_id, 0, 0, 0, "", self._own(draft)
        key = key if any(draft.requester) else ""
        return key, draft.place.company_id, 0, 0, *draft.requester, self._own(draft)

    def _own(self, draft) -> str:
        """Tickets that a mail does not find since it opened them, as PostgreSQL writes them."""
        return "{" + ",".join(map(str, sorted(draft.verdict.entry.own_ticket_ids))) + "}"

    def open_ticket(self, draft):
        """The newest open ticket of who wrote, at the support alias, else of the team."""
        return self.open_tickets(draft)[:1]

    def open_tickets(self, draft):
        """The two newest of these."""
        if self._found_open is None:
            wishes = {
                self._open_wish(one)
                for one, action in self._pairs
                if action.kind == "append" and not one.place.is_thread
            }
            self._found_open = self._newest_open(
                {each for each in wishes if any(each[4:6])},
                # nothing but the requester leads to an index here
                SQL(
                    "%s AND (ticket.support_alias_id = wish.alias_id"
                    " OR ticket.team_id = wish.team_id"
                    " OR (wish.alias_id = 0 AND wish.team_id = 0))",
                    OF_REQUESTER,
                ),
            )
        found = self._found_open.get(self._open_wish(draft), [])
        every = {each for several in self._found_open.values() for each in several}
        return self.env["helpdesk.ticket"].browse(found).with_prefetch(tuple(every))

    def _open_wish(self, draft) -> tuple:
        place = draft.place
        where = place.company_id, place.alias_id or 0, place.team_id or 0
        return "", *where, *draft.requester, self._own(draft)

    def _one_of(self, found: dict[tuple, list[int]], wish: tuple):
        """The ticket that was found for a wish; it is read together with the others."""
        tickets = self.env["helpdesk.ticket"].browse(found.get(wish, [])[:1])
        return tickets.with_prefetch(tuple(each[0] for each in found.values()))

    def _newest_open(self, wishes, condition: SQL) -> dict[tuple, list[int]]:
        """For each wish the two newest open tickets that fit it, those of the support alias first.

        :param wishes: (name, company, support alias, team, contact, address, tickets that do not
            count); no contact and no address: of anybody
        :param condition: of ``ticket`` and ``wish``
        """
        if not wishes:
            return {}
        wishes = sorted(wishes)
        self.env["helpdesk.ticket"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT wish.at, found.id"
                " FROM unnest(%s::text[], %s::int[], %s::int[], %s::int[], %s::int[], %s::text[],"
                "   %s::text[])"
                "   WITH ORDINALITY AS wish(name, company_id, alias_id, team_id, partner_id,"
                "   email, own, at),"
                " LATERAL ("
                "   SELECT ticket.id FROM helpdesk_ticket ticket"
                "   WHERE ticket.company_id = wish.company_id AND ticket.active"
                # as the index by subject has it
                "   AND ticket.closed IS NOT TRUE AND %s"
                "   AND ticket.id <> ALL (wish.own::int[])"
                "   ORDER BY COALESCE(ticket.support_alias_id = wish.alias_id, FALSE) DESC,"
                "     ticket.id DESC LIMIT 2) AS found",
                *map(list, zip(*wishes, strict=True)),
                condition,
            )
        )
        result = {}
        for at, ticket_id in rows:
            result.setdefault(wishes[at - 1], []).append(ticket_id)
        return result

    def entrance(self, draft, ticket, of_strangers: bool) -> Entrance:
        """As what a mail joins a ticket that a rule found.

        Agents and those whom they forwarded it to join as an internal note, so that nothing of it
        leaves: anybody can write the address of an agent.

        :param of_strangers: the rule adds mails of anybody; those who may not be who they say are
            marked
        """
        judge = self.env["helpdesk.intake.judge"]
        writer = draft.verdict.writer
        email = writer.address.normalized
        if writer.standing is Standing.IMPOSTOR or writer.identity == "failed":
            # a number is no secret, and who wrote is not who it says
            return Entrance.MARKED if of_strangers else Entrance.APART
        if judge._is_customer(ticket, email):
            return entrance(Evidence.TAG, Part.CUSTOMER, writer.identity)
        inside = ticket.message_partner_ids | (ticket.team_id.user_ids | ticket.user_id).partner_id
        if email and email in inside.mapped("email_normalized"):
            return Entrance.INSIDE
        if email in self._forwarded_to(ticket):
            return Entrance.INSIDE
        if not of_strangers:
            return Entrance.APART
        if draft.contact and draft.contact.user_id:
            return Entrance.INSIDE
        named = draft.verdict.requester(draft.contact).is_by_reply_to
        return Entrance.MARKED if named else Entrance.JOIN

    def _forwarded_to(self, ticket) -> set[str]:
        """Addresses that agents sent something of a ticket on to."""
        if ticket.id not in self._forwarded:
            found = set()
            for tickets in (
                {**(self._found_by_subject or {}), **(self._found_open or {})}
            ).values():
                found.update(tickets)
            for tickets in (self._found_by_number or {}).values():
                found.update(tickets._ids)
            wanted = {*found, ticket.id} - self._forwarded.keys()
            self._forwarded.update({each: set() for each in wanted})
            forwards = self.env["mail.message"].search(
                [
                    ("model", "=", ticket._name),
                    ("res_id", "in", list(wanted)),
                    ("helpdesk_forward", "=", True),
                ]
            )
            for sent in forwards.notification_ids:
                emails = {sent.res_partner_id.email_normalized, sent.mail_email_address} - {False}
                self._forwarded[sent.mail_message_id.res_id] |= emails
        return self._forwarded[ticket.id]

    # ------------------------------------------------------------
    # AGENTS
    # ------------------------------------------------------------

    def load_teams(self, wishes) -> None:
        """Look at how busy the agents of teams are.

        :param wishes: pairs of a team's and a company's id
        """
        teams = self.env["helpdesk.ticket.team"].browse({team_id for team_id, _company in wishes})
        for team in teams:
            for user in team.user_ids:
                if user.active and not user.share:
                    self._loads[team.id].setdefault(user, Load())
        pairs = [(team_id, user.id) for team_id, users in self._loads.items() for user in users]
        if not pairs:
            return
        self.env["helpdesk.ticket"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT pair.team_id, pair.user_id, busy.count, last.assigned_date, last.id"
                " FROM unnest(%s, %s) AS pair(team_id, user_id), LATERAL ("
                "   SELECT count(*) FROM helpdesk_ticket ticket"
                "   LEFT JOIN helpdesk_ticket_stage stage ON stage.id = ticket.stage_id"
                "   WHERE ticket.team_id = pair.team_id AND ticket.user_id = pair.user_id"
                "   AND ticket.active AND NOT COALESCE(stage.closed, FALSE)) AS busy"
                " LEFT JOIN LATERAL ("
                "   SELECT assigned_date, id FROM helpdesk_ticket ticket"
                "   WHERE ticket.team_id = pair.team_id AND ticket.user_id = pair.user_id"
                "   AND ticket.assigned_date IS NOT NULL"
                "   ORDER BY assigned_date DESC, id DESC LIMIT 1) AS last ON TRUE",
                *map(list, zip(*pairs, strict=True)),
            )
        )
        users = self.env["res.users"]
        for team_id, user_id, count, assigned, ticket_id in rows:
            load = self._loads[team_id][users.browse(user_id)]
            load.open_count = count
            load.last = (0, assigned.timestamp(), ticket_id) if assigned else ()

    def next_agent(self, team_id: int, company_id: int, way: str):
        """Who gets a ticket of a team next: ``res.users``, empty if nobody can.

        :param way: ``least_busy`` (of equally busy ones, whose turn it is) or ``round_robin``
        """
        able = {
            user: load
            for user, load in self._loads[team_id].items()
            if company_id in user.company_ids._ids
        }
        if not able:
            return self.env["res.users"]

        def key(user):
            load = able[user]
            busy = load.open_count if way == "least_busy" else 0
            return busy, load.last, user.id

        chosen = min(able, key=key)
        self.took(team_id, chosen)
        return chosen

    def took(self, team_id: int, user) -> None:
        """Count a ticket of this batch, which is not made yet."""
        if user in self._loads[team_id]:
            self._given += 1
            self._loads[team_id][user].open_count += 1
            self._loads[team_id][user].last = (1, float(self._given), 0)
