# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from dataclasses import replace
from datetime import timezone

import pytz

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, ormcache

from ..mailflow.fold import frame
from ..mailflow.kind import Kind
from ..mailflow.language import language_of
from ..mailflow.mail import Mail
from ..mailflow.pattern import PatternSet, texts_of
from .intake_values import Entry, Facts

#: Kinds that a program writes.
AUTOMATIC = frozenset(
    (
        Kind.AUTOMATIC,
        Kind.AUTO_REPLY,
        Kind.BOUNCE,
        Kind.RECEIPT,
        Kind.FEEDBACK,
        Kind.FORWARDING,
    )
)


class HelpdeskIntakeFacts(models.AbstractModel):
    """What conditions of rules look at, for a whole batch at once. Writes nothing until act
    asks for it."""

    _name = "helpdesk.intake.facts"
    _description = "Intake of mail: facts"

    @api.model
    def _facts(
        self, entries: list[Entry], kinds, trusts, places, contacts
    ) -> dict[int, dict[int, Facts]]:
        """Facts of each mail, by row id and by company, the first place's company first.

        :param kinds: row id -> KindResult
        :param trusts: row id -> Trust
        :param places: row id -> [(company id, support alias id or None)]
        :param contacts: row id -> {(company id, team id): Contact}
        """
        patterns = self._patterns()
        who = self._who(entries, contacts)
        when = self._when(entries, places)
        result = {}
        for each in entries:
            mail = each.mail
            companies = list(dict.fromkeys(company for company, _alias in places[each.row_id]))
            companies = companies or [each.company_id]
            aliases = frozenset(alias for _company, alias in places[each.row_id] if alias)
            found = {}
            for company_id in companies:
                if found:
                    first = next(iter(found.values()))
                    found[company_id] = replace(
                        first, **who[each.row_id, company_id], **when[each.row_id, company_id]
                    )
                    continue
                found[company_id] = Facts(
                    **self._of_mail(mail),
                    kind=kinds[each.row_id].kind.value,
                    fact_automatic=kinds[each.row_id].kind in AUTOMATIC,
                    fact_trust=trusts[each.row_id].verdict,
                    alias_ids=aliases,
                    scanner_id=each.scanner_id or False,
                    folder_id=each.folder_id or False,
                    pattern_ids=patterns.matches(texts_of(mail)) if patterns else frozenset(),
                    **who[each.row_id, company_id],
                    **when[each.row_id, company_id],
                )
            result[each.row_id] = found
        return result

    @api.model
    def _of_mail(self, mail: Mail) -> dict:
        """The facts that stand in the mail itself."""
        return {
            "fact_from": frame([mail.from_.normalized or mail.from_.email]),
            "fact_from_name": frame([mail.from_.name]),
            "fact_to": frame(self._lines(mail.to)),
            "fact_cc": frame(self._lines(mail.cc)),
            "fact_recipients": frame(dict.fromkeys(each.email for each in mail.recipients)),
            "fact_reply_to": frame(self._lines(mail.reply_to)),
            "fact_subject": frame([mail.subject]),
            "fact_body": frame([mail.text]),
            "fact_attachment_names": frame(each.name for each in mail.attachments),
            "fact_attachment_types": frame(
                dict.fromkeys(each.content_type for each in mail.attachments)
            ),
            "fact_language": language_of(mail) or False,
            "fact_size_kb": -(-mail.size // 1024),
            "fact_has_attachments": any(not each.inline for each in mail.attachments),
        }

    @api.model
    def _lines(self, addresses) -> list[str]:
        """Addresses and names, each a line of its own."""
        return [
            line
            for each in addresses
            for line in (each.normalized or each.email, each.name)
            if line
        ]

    # ------------------------------------------------------------
    # PATTERNS
    # ------------------------------------------------------------

    @api.model
    @ormcache()
    def _patterns(self) -> PatternSet | None:
        """All patterns, compiled once and again after each change; None if there are none."""
        # sudo: patterns count for all mail, whoever hands it in
        patterns = self.env["helpdesk.scanner.pattern"].sudo()
        patterns = patterns.search(Domain("company_id.active", "=", True))
        return PatternSet([each._to_engine() for each in patterns]) if patterns else None

    # ------------------------------------------------------------
    # WHO AND WHEN
    # ------------------------------------------------------------

    @api.model
    def _who(self, entries, contacts) -> dict[tuple[int, int], dict]:
        """Facts of the requester in each company: (row id, company id) -> facts."""
        own = {each.row_id: each.own_ticket_ids for each in entries if each.own_ticket_ids}
        partner_of = {}
        for row_id, by_place in contacts.items():
            for (company_id, _team), contact in by_place.items():
                partner_of.setdefault((row_id, company_id), contact and contact.partner_id)
        ids = {each for each in partner_of.values() if each}
        # sudo: what a condition may ask of contacts is these few facts
        partners = self.env["res.partner"].sudo().browse(ids)
        waiting = {}
        if ids:
            aggregates = ["id:array_agg"] if own else []
            for partner, company, *tickets in (
                self.env["helpdesk.ticket"]
                .sudo()
                ._read_group(
                    Domain("partner_id", "in", list(ids)) & Domain("stage_id.closed", "=", False),
                    ["partner_id", "company_id"],
                    aggregates,
                )
            ):
                waiting[partner.id, company.id] = tickets
        known = {partner.id: self._of_partner(partner) for partner in partners}
        nobody = self._of_partner(partners.browse())

        def is_waiting(place, own_ids):
            if not own_ids:
                return place in waiting
            return place in waiting and not own_ids.issuperset(waiting[place][0])

        def facts(key):
            partner_id = partner_of.get(key)
            return {
                **(known[partner_id] if partner_id else nobody),
                "fact_open_tickets": is_waiting((partner_id, key[1]), own.get(key[0])),
            }

        return _Computed(facts)

    @api.model
    def _of_partner(self, partner) -> dict:
        return {
            "contact_id": partner.id,
            "fact_known_contact": bool(partner),
            "contact_account_id": partner.commercial_partner_id.id,
            "contact_tag_ids": frozenset(partner.category_id._ids),
            "contact_country_id": partner.country_id.id
            or partner.commercial_partner_id.country_id.id,
        }

    @api.model
    def _when(self, entries, places) -> dict[tuple[int, int], dict]:
        """Facts of the time of arrival by the calendar of each company."""
        times = {each.row_id: each.received_at or self.env.cr.now() for each in entries}
        first = min(times.values(), default=self.env.cr.now())
        last = max(times.values(), default=first)

        def calendar_of(company_id):
            company = self.env["res.company"].sudo().browse(company_id or [])
            calendar = company.resource_calendar_id
            zone = pytz.timezone(calendar.tz or "UTC")
            holidays = []
            if calendar:
                holidays = (
                    self.env["resource.calendar.leaves"]
                    .sudo()
                    .search_fetch(
                        Domain("resource_id", "=", False)
                        & Domain("company_id", "in", [company_id, False])
                        & Domain("calendar_id", "in", [calendar.id, False])
                        & Domain("date_from", "<=", last)
                        & Domain("date_to", ">=", first),
                        ["date_from", "date_to"],
                    )
                )
            return calendar, zone, [(each.date_from, each.date_to) for each in holidays]

        calendars = _Computed(calendar_of)

        def facts(key):
            row_id, company_id = key
            calendar, zone, holidays = calendars[company_id]
            at = times[row_id]
            local = at.replace(tzinfo=timezone.utc).astimezone(zone)
            working = not any(start <= at < end for start, end in holidays)
            return {
                "fact_weekday": str(local.weekday()),
                "fact_hour": local.hour,
                "fact_working_hours": working and self._is_working(calendar, local),
            }

        return _Computed(facts)

    @api.model
    def _is_working(self, calendar, local) -> bool:
        """Whether a working calendar has attendance at a local time."""
        hour = local.hour + local.minute / 60 + local.second / 3600
        week = str(self.env["resource.calendar.attendance"].get_week_type(local.date()))
        return any(
            each.dayofweek == str(local.weekday())
            and each.hour_from <= hour < each.hour_to
            and each.day_period != "lunch"
            and (not calendar.two_weeks_calendar or each.week_type == week)
            and not each.display_type
            for each in calendar.attendance_ids
        )

    # ------------------------------------------------------------
    # STORED
    # ------------------------------------------------------------

    @api.model
    def _columns(self, mail: Mail, facts: Facts) -> dict:
        """What of the facts is written into the row itself; see :meth:`_write_links`."""
        return {
            **{name: getattr(facts, name) for name in self._column_names()},
            "body_text": mail.text,
            "header_lines": "\n".join(
                f"{name}: {' '.join(value.split())}" for name, value in mail.headers
            ),
            "attachment_lines": "\n".join(each.name for each in mail.attachments),
            "facts_read": True,
            "facts_due": False,
        }

    @api.model
    @ormcache()
    def _column_names(self) -> tuple[str, ...]:
        model = self.env["helpdesk.incoming.mail"]
        kept = {"kind", "folder_id"}
        return tuple(
            name
            for name in Facts.__dataclass_fields__
            if name not in kept and model._fields[name].type != "many2many"
        )

    @api.model
    def _write_links(self, facts_of: dict[int, Facts]) -> None:
        """Write the facts that are several records, for a batch in a statement each.

        :param facts_of: by row id
        """
        model = self.env["helpdesk.incoming.mail"]
        rows = model.browse(facts_of)
        for name in ("alias_ids", "contact_tag_ids", "pattern_ids"):
            field = model._fields[name]
            table = SQL.identifier(field.relation)
            mail_column, link_column = map(SQL.identifier, (field.column1, field.column2))
            comodel = SQL.identifier(self.env[field.comodel_name]._table)
            pairs = [
                (row_id, link)
                for row_id, facts in facts_of.items()
                for link in getattr(facts, name)
            ]
            # a mail that is acted on again has other facts
            self.env.cr.execute(
                SQL("DELETE FROM %s WHERE %s = ANY(%s)", table, mail_column, list(facts_of))
            )
            if pairs:
                mails, links = zip(*pairs, strict=True)
                self.env.cr.execute(
                    SQL(
                        "INSERT INTO %s (%s, %s) SELECT pair.mail, pair.link"
                        " FROM unnest(%s, %s) AS pair(mail, link)"
                        " JOIN %s record ON record.id = pair.link",
                        *(table, mail_column, link_column, list(mails), list(links), comodel),
                    )
                )
        rows.invalidate_recordset(["alias_ids", "contact_tag_ids", "pattern_ids"])


class _Computed(dict):
    """Values that are computed when they are first asked for."""

    def __init__(self, compute):
        super().__init__()
        self._compute = compute

    def __missing__(self, key):
        self[key] = value = self._compute(key)
        return value
