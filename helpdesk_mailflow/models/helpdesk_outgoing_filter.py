# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re
from collections import defaultdict
from collections.abc import Iterable

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL, escape_psql

from ..mailflow import wildcard
from ..mailflow.note import Note, note
from . import trace
from .email_address import canonical_email
from .mail_alias import PLUS

#: What neither an address nor a pattern has; quoted local parts are left out.
NOT_IN_ADDRESS = re.compile(r"[\s,;:<>()\"\\\x00-\x1f\x7f]")
#: What PostgreSQL cannot be asked about, so no server can be sent it either.
NOT_STORED = re.compile("[\x00\ud800-\udfff]")


def _in_other_letters(domain: str) -> str:
    """An international domain in ASCII, or one that is in ASCII in Unicode; the same if it has
    no other form."""
    try:
        if domain.isascii():
            return domain.encode("ascii").decode("idna")
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


class HelpdeskOutgoingFilter(models.Model):
    """An address, or a pattern of addresses, to which nothing about tickets is ever sent.

    Our own addresses are in the filter without a row of this model, so that nobody takes one
    out: :class:`~.helpdesk_own_address.HelpdeskOwnAddress`.
    """

    _name = "helpdesk.outgoing.filter"
    _description = "Outgoing filter"
    _order = "pattern, id"
    _rec_name = "pattern"

    pattern = fields.Char(
        "Address or pattern",
        required=True,
        index=True,
        help="* stands for any characters, ? for one: *@bounce.example",
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        index=True,
        help="All companies if empty",
    )
    active = fields.Boolean(default=True)
    note = fields.Char(help="Why nothing is sent there")
    create_uid = fields.Many2one("res.users", "Added by", readonly=True)
    create_date = fields.Datetime("Added on", readonly=True)

    _once = models.UniqueIndex(
        "(pattern, COALESCE(company_id, 0)) WHERE active",
        "This address or pattern is in the outgoing filter already.",
    )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(
            [dict(vals, pattern=self._normalize(vals.get("pattern"))) for vals in vals_list]
        )
        rows._refuse_for_all_companies()
        return rows

    def write(self, vals):
        if "pattern" in vals:
            vals = dict(vals, pattern=self._normalize(vals["pattern"]))
        self._refuse_for_all_companies()
        result = super().write(vals)
        self._refuse_for_all_companies()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_of_own_companies(self):
        self._refuse_for_all_companies()

    def _refuse_for_all_companies(self) -> None:
        if (
            not self.env.su
            and any(not row.company_id for row in self)
            and not self.env.user.has_group("base.group_system")
        ):
            raise AccessError(
                self.env._(
                    "Only a system admin decides what is sent to nobody in all companies. Choose a"
                    " company."
                )
            )

    @api.model
    def _normalize(self, value: str | None) -> str:
        """An address or pattern as it is compared.

        :raise ValidationError: it is neither, or it would match nearly everybody
        """
        value = (value or "").strip()
        if value.startswith("@"):
            value = f"*{value}"
        if not wildcard.is_pattern(value):
            address = tools.email_normalize(value)
            if not address or len(address) > wildcard.LONGEST:
                self._refuse_what_is_no_address(value)
            return address
        pattern = value.lower()
        local_part, at, domain = pattern.rpartition("@")
        if (
            not (local_part and at and domain)
            or "@" in local_part
            or len(pattern) > wildcard.LONGEST
            or NOT_IN_ADDRESS.search(pattern)
        ):
            if not wildcard.literal(pattern):
                self._refuse_what_matches_everybody(value)
            self._refuse_what_is_no_address(value)
        if wildcard.is_too_wide(pattern):
            self._refuse_what_matches_everybody(value)
        return pattern

    @api.model
    def _refuse_what_is_no_address(self, value: str):
        raise ValidationError(
            self.env._(
                "“%(value)s” is neither an e-mail address nor a pattern of addresses. Write it like"
                " jane@example.com or *@bounce.example, where * stands for any characters and ?"
                " for one.",
                value=value[:80],
            )
        )

    @api.model
    def _refuse_what_matches_everybody(self, value: str):
        raise ValidationError(
            self.env._(
                "“%(value)s” matches nearly every address: nobody would get an answer any more."
                " Name a domain, as in *@bounce.example, or the beginning of an address, as in"
                " no-reply*@*.",
                value=value[:80],
            )
        )

    # ------------------------------------------------------------
    # WHOM IT MEETS
    # ------------------------------------------------------------

    @api.onchange("pattern")
    def _onchange_pattern(self):
        """Say whom a pattern meets, before it is saved."""
        if not self.pattern:
            return None
        try:
            pattern = self._normalize(self.pattern)
        except ValidationError as error:
            return {"warning": {"title": self.env._("Not usable like this"), "message": str(error)}}
        self.pattern = pattern
        partners = self._partners_met(pattern)
        users = partners.filtered(lambda partner: partner.user_ids.filtered(lambda u: not u.share))
        if not (users or (partners and wildcard.is_pattern(pattern))):
            return None
        shown = ", ".join((users or partners)[:3].mapped("display_name"))
        message = (
            self.env._(
                "Colleagues have such addresses, and will not get any mail about tickets:"
                " %(names)s …",
                names=shown,
            )
            if users
            else self.env._(
                "%(count)s contacts have such addresses, and will not get any mail about tickets:"
                " %(names)s …",
                count=len(partners),
                names=shown,
            )
        )
        return {"warning": {"title": self.env._("This meets people"), "message": message}}

    @api.model
    def _partners_met(self, pattern: str):
        """Contacts whose address a pattern matches, as far as the user sees them."""
        like = escape_psql(pattern).replace("*", "%").replace("?", "_")
        return self.env["res.partner"].search([("email_normalized", "=like", like)])

    # ------------------------------------------------------------
    # DECIDING
    # ------------------------------------------------------------

    @api.model
    def _suppressed(
        self, emails: Iterable[str], company, allow: Iterable[str] = frozenset()
    ) -> dict[str, Note]:
        """To which of these addresses nothing is sent, and why; in one query.

        :param emails: normalized, or as somebody wrote them; without names
        :param company: ``res.company`` that sends; empty: only what is kept for all companies
        :param allow: addresses that the mail is meant for although they are ours
        :return: address as given -> sentence for a person; the others are absent
        """
        allowed = {email.lower() for email in allow}
        spellings = {
            email: self._spellings(email)
            for email in emails
            if email and "@" in email and not NOT_STORED.search(email)
            if email.lower() not in allowed
        }
        if not spellings:
            return {}
        given = defaultdict(list)
        for email, spelled in spellings.items():
            for each in spelled:
                given[each].append(email)
                without_detail = PLUS.sub("@", each)
                if without_detail != each:
                    given[without_detail].append(email)
        self.flush_model(["active", "company_id", "pattern"])
        rows = self.env.execute_query(
            SQL(
                "SELECT own.kind, own.email, own.alias_id, own.label FROM (%s) own"
                " WHERE own.email = ANY(%s) AND own.active AND NOT own.is_user"
                " UNION ALL"
                " SELECT 'filter', filter.pattern, NULL, NULL FROM %s filter"
                " WHERE filter.active AND (filter.company_id IS NULL OR filter.company_id = %s)"
                " AND (filter.pattern = ANY(%s) OR filter.pattern ~ '[*?]')",
                self.env["helpdesk.own.address"]._query(),
                list(given),
                SQL.identifier(self._table),
                company.id or None,
                [each for spelled in spellings.values() for each in spelled],
            )
        )
        found, patterns = {}, []
        for kind, email, alias_id, label in rows:
            if kind == "filter":
                patterns.append(email)
                continue
            for each in given[email]:
                found.setdefault(each, self._own_note(each, kind, alias_id, label))
        for email, spelled in spellings.items():
            if email in found:
                continue
            for pattern in patterns:
                if any(wildcard.matches(pattern, each) for each in spelled):
                    found[email] = note("withheld_filter", address=email, pattern=pattern)
                    break
        return found

    @api.model
    def _spellings(self, email: str) -> set[str]:
        """An address as it is written and as servers know it, with its domain in Unicode and in
        ASCII (RFC 5890)."""
        spelled = set()
        for each in (email.strip().lower(), canonical_email(email)):
            local_part, _at, domain = each.rpartition("@")
            spelled |= {
                f"{local_part}@{domain}"
                for domain in (domain, _in_other_letters(domain))
                if local_part and domain
            }
        return spelled

    @api.model
    def _own_note(self, email: str, kind: str, alias_id: int | None, label: str | None) -> Note:
        if alias_id:
            # sudo: the name of the queue, for whoever may read the message
            alias = self.env["helpdesk.support.alias"].sudo().browse(alias_id)
            return note("withheld_alias", address=email, alias=alias.name)
        if kind == "scanner":
            return note("withheld_scanner", address=email, scanner=label or "-")
        if kind == "from":
            return note("withheld_from", address=email)
        if kind == "domain":
            return note("withheld_domain", address=email)
        return note("withheld_odoo", address=email)

    @api.model
    def _without_filtered(
        self, recipients: list[dict], message, company, tell: bool = True
    ) -> list[dict]:
        """Those of a message's recipients that may be written to.

        :param recipients: as of ``_notify_get_recipients``; who reads in Odoo stays
        :param tell: say on the message who was left out
        """
        emails = {
            each["email_normalized"]
            for each in recipients
            if each["notif"] == "email" and each["email_normalized"]
        }
        if not emails:
            return recipients
        withheld = self.env["mail.followers"]._mailflow_remembered(
            emails, company, lambda unknown: self._suppressed(unknown, company)
        )
        if not withheld:
            return recipients
        kept = [
            each
            for each in recipients
            if each["notif"] != "email" or each["email_normalized"] not in withheld
        ]
        partners = {
            each["email_normalized"]: each["id"]
            for each in recipients
            if each["id"] and each["notif"] == "email"
        }
        if tell and message:
            self._tell(message, withheld, partners)
        return kept

    # ------------------------------------------------------------
    # TELLING
    # ------------------------------------------------------------

    @api.model
    def _tell(self, message, withheld: dict[str, Note], partners: dict[str, int]) -> None:
        """Show on a message that it was not sent to somebody: no error, but seen.

        :param message: ``mail.message``
        :param withheld: address -> why
        :param partners: address -> id of its contact, where there is one
        """
        # sudo: whoever sends need not be able to write what becomes of the mail
        Notification = self.env["mail.notification"].sudo()
        known = Notification.search([("mail_message_id", "=", message.id)])
        new = []
        for email, why in withheld.items():
            message._mailflow_note(why.code, **why.values)
            partner_id = partners.get(email, False)
            mine = known.filtered(
                lambda each, email=email, partner_id=partner_id: (
                    each.res_partner_id.id == partner_id
                    if partner_id
                    else each.mail_email_address == email
                )
            )
            values = {
                "notification_status": "canceled",
                "failure_type": "mailflow_filter",
                "failure_reason": trace.sentence(self.env, why.code, dict(why.values)),
            }
            if mine:
                mine.filtered(lambda each: each.notification_type == "email").write(values)
            else:
                new.append(
                    {
                        **values,
                        "mail_message_id": message.id,
                        "author_id": message.sudo().author_id.id,
                        "notification_type": "email",
                        "res_partner_id": partner_id,
                        "mail_email_address": False if partner_id else email,
                        "is_read": True,
                    }
                )
        Notification.create(new)
