# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..mailflow.domain import ascii_domain, is_free_mail, public_suffix
from .email_address import canonical_email
from .helpdesk_of_team import manages

#: A domain as the DNS has it (RFC 1035, 2.3.4), with underscores, which some senders use.
DOMAIN = re.compile(r"(?=.{3,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
#: What the part before the @ of an address does not have; quoted ones are left out. No wildcards:
#: who writes one expects more than an exact address.
NOT_IN_LOCAL_PART = re.compile(r"[\s,;:<>()\[\]@*%?\"\\\x00-\x1f\x7f\ud800-\udfff]")
#: RFC 5321, 4.5.3.1
LONGEST_LOCAL_PART, LONGEST_DOMAIN = 64, 253
#: What PostgreSQL cannot be asked about.
NOT_STORED = re.compile("[\x00\ud800-\udfff]")


class HelpdeskSender(models.Model):
    """Somebody whose mail a company ignores (*blocked*), or takes in whatever rules say of spam
    (*trusted*).

    Blocked mail is not refused and not deleted: it stays in the ledger, ignored, from where a
    person may take it in.
    """

    _name = "helpdesk.sender"
    _description = "Blocked or trusted sender"
    _order = "pattern, id"
    _rec_name = "pattern"

    pattern = fields.Char(
        "Address or domain",
        required=True,
        help="An address like jane@example.com, or a domain like example.com, which stands for"
        " everybody there and in the domains below it",
    )
    kind = fields.Selection(
        [("blocked", "Blocked"), ("trusted", "Trusted")],
        required=True,
        default="blocked",
        help="Mail of blocked senders stays in the list of incoming mails and becomes no ticket."
        " Mail of trusted senders is not held or taken for spam by rules.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    reason = fields.Char(help="For colleagues who wonder")
    whole_provider = fields.Boolean(
        "Everybody at this provider",
        help="Really meant for a free-mail provider, where people have nothing to do with each"
        " other",
    )
    is_free_mail = fields.Boolean(compute="_compute_is_free_mail")
    source = fields.Selection(
        [("person", "A person"), ("rule", "A rule")],
        string="Added by (kind)",
        required=True,
        default="person",
        readonly=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Added by",
        default=lambda self: self.env.user,
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    create_date = fields.Datetime("Added on", readonly=True)
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        ondelete="set null",
        index="btree_not_null",
        check_company=True,
        readonly=True,
        help="Where the sender was blocked",
    )
    mail_id = fields.Many2one(
        "helpdesk.incoming.mail",
        "Incoming mail",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        help="Where the sender was blocked",
    )

    # also what senders are looked up by
    _once = models.UniqueIndex(
        "(pattern, company_id)",
        "This address or domain is in the list of blocked and trusted senders already.",
    )

    @api.depends("pattern")
    def _compute_is_free_mail(self):
        for sender in self:
            pattern = (sender.pattern or "").strip().removeprefix("*").removeprefix("@")
            sender.is_free_mail = "@" not in pattern and is_free_mail(ascii_domain(pattern))

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        senders = super().create(
            [dict(vals, pattern=self._normalize(vals.get("pattern"))) for vals in vals_list]
        )
        senders._refuse_ours()
        return senders

    def write(self, vals):
        if "pattern" in vals:
            vals = dict(vals, pattern=self._normalize(vals["pattern"]))
        result = super().write(vals)
        if vals.keys() & {"pattern", "kind"}:
            self._refuse_ours()
        return result

    @api.model
    def _normalize(self, value: str | None) -> str:
        """An address or domain as it is stored: lower case, domains as the DNS has them.

        :raise ValidationError: it is neither
        """
        value = (value or "").strip()
        local_part, at, domain = canonical_email(value).rpartition("@")
        domain = ascii_domain(domain)
        if not DOMAIN.fullmatch(domain):
            self._refuse_what_is_no_sender(value)
        if not at or local_part in ("", "*"):
            return domain
        if len(local_part) > LONGEST_LOCAL_PART or NOT_IN_LOCAL_PART.search(local_part):
            self._refuse_what_is_no_sender(value)
        return f"{local_part}@{domain}"

    @api.model
    def _refuse_what_is_no_sender(self, value: str):
        raise ValidationError(
            self.env._(
                "“%(value)s” is neither an e-mail address nor a domain. Write it like"
                " jane@example.com or example.com, which stands for everybody there.",
                value=NOT_STORED.sub("\N{REPLACEMENT CHARACTER}", value[:80]),
            )
        )

    @api.constrains("pattern", "kind", "whole_provider")
    def _check_domain(self):
        for sender in self:
            if "@" in sender.pattern:
                continue
            if public_suffix(sender.pattern) == sender.pattern:
                raise ValidationError(
                    self.env._(
                        "Anybody can have a domain that ends with %(domain)s. Name the one that is"
                        " meant, as in shop.%(domain)s.",
                        domain=sender.pattern,
                    )
                )
            if sender.is_free_mail and not sender.whole_provider:
                raise ValidationError(
                    self.env._(
                        "%(domain)s gives addresses to everyone, so this would concern very many"
                        " people who have nothing to do with each other. Add single addresses, or"
                        " tick “Everybody at this provider”.",
                        domain=sender.pattern,
                    )
                )

    def _refuse_ours(self) -> None:
        """Look at what was written.

        :raise ValidationError: it is one of our own addresses, a colleague's or our domain
        """
        Filter = self.env["helpdesk.outgoing.filter"]
        spellings = {
            sender: Filter._spellings(sender.pattern) for sender in self if "@" in sender.pattern
        }
        emails = [email for found in spellings.values() for email in found]
        own = set(self.env["mail.alias.domain"].sudo()._find_aliases(emails))
        users = self._addresses_of_users(emails)
        for sender, found in spellings.items():
            if own.intersection(found):
                raise ValidationError(
                    self.env._(
                        "%(address)s is one of your own addresses. Mail of your own that comes back"
                        " is recognised by itself.",
                        address=sender.pattern,
                    )
                )
            if sender.kind == "blocked" and users.intersection(found):
                raise ValidationError(
                    self.env._(
                        "%(address)s belongs to a user. Mail of colleagues is never blocked.",
                        address=sender.pattern,
                    )
                )
        blocked = self.filtered(lambda each: each.kind == "blocked" and "@" not in each.pattern)
        own = blocked and self._own_domains()
        for sender in blocked:
            # a free-mail provider is not ours because one of our mailboxes is there
            if not sender.is_free_mail and any(
                domain == sender.pattern or domain.endswith(f".{sender.pattern}") for domain in own
            ):
                raise ValidationError(
                    self.env._(
                        "%(domain)s is a domain of your own addresses. Block single addresses"
                        " instead.",
                        domain=sender.pattern,
                    )
                )

    @api.model
    def _own_domains(self) -> set[str]:
        """Domains of all addresses that are ours, in any company."""
        return {
            ascii_domain(domain)
            for (domain,) in self.env.execute_query(
                SQL(
                    "SELECT split_part(own.email, '@', 2) FROM (%s) own"
                    " UNION SELECT name FROM mail_alias_domain",
                    # what is not written yet, alias domains too, is by then
                    self.env["helpdesk.own.address"]._query(),
                )
            )
            if domain
        }

    @api.model
    def _addresses_of_users(self, emails) -> set[str]:
        """Those of these addresses that internal users have."""
        # sudo: only to compare with; a colleague may be of another company
        partners = (
            self.env["res.partner"]
            .sudo()
            .search(
                [
                    ("email_normalized", "in", list(emails)),
                    ("user_ids", "any", [("share", "=", False), ("active", "=", True)]),
                ]
            )
        )
        return set(partners.mapped("email_normalized"))

    # ------------------------------------------------------------
    # LOOKING UP
    # ------------------------------------------------------------

    @api.model
    def _patterns(self, email: str) -> list[str]:
        """What an address is found by, the most specific first: itself, its domain, those
        above it.

        >>> self._patterns("Jane@shop.example.com")
        ['jane@shop.example.com', 'shop.example.com', 'example.com', 'com']
        """
        local_part, at, domain = canonical_email(email or "").rpartition("@")
        if not (local_part and at and domain) or NOT_STORED.search(email):
            return []
        domain = ascii_domain(domain)
        found = [f"{local_part}@{domain}"]
        if len(domain) > LONGEST_DOMAIN:
            # no such domain exists; what is above it in the text may
            domain = domain[-LONGEST_DOMAIN:].partition(".")[2]
        while domain:
            found.append(domain)
            domain = domain.partition(".")[2]
        return found

    @api.model
    def _lookup(self, emails_by_company: set[tuple[str, int]]) -> dict:
        """Which of these senders are blocked or trusted, in one query.

        The most specific pattern decides: an address before its domain, a domain before those
        above it. The user's rights apply; the intake looks up with sudo.

        :param emails_by_company: (address, company id)
        :return: (address, company id) -> ``helpdesk.sender``; the others are absent
        """
        patterns = {email: self._patterns(email) for email, _company_id in emails_by_company}
        wanted = {pattern for found in patterns.values() for pattern in found}
        if not wanted:
            return {}
        senders = self.search_fetch(
            [
                ("pattern", "in", list(wanted)),
                (
                    "company_id",
                    "in",
                    list({company_id for _email, company_id in emails_by_company}),
                ),
            ],
            ["pattern", "kind", "company_id", "user_id", "source", "create_date"],
        )
        if not senders:
            return {}
        by_place = {(each.pattern, each.company_id.id): each for each in senders}
        result = {}
        for email, company_id in emails_by_company:
            for pattern in patterns[email]:
                if (pattern, company_id) in by_place:
                    result[email, company_id] = by_place[pattern, company_id]
                    break
        return result

    # ------------------------------------------------------------
    # BLOCKING
    # ------------------------------------------------------------

    @api.model
    def _block(self, pattern: str, company, **values):
        """Block an address or domain, unless it is blocked already. Rights are the caller's to
        check, and to leave out by sudo.

        :raise ValidationError: it cannot be blocked
        :raise UserError: it is trusted, which nobody undoes by accident
        """
        pattern = self._normalize(pattern)
        sender = self.search([("pattern", "=", pattern), ("company_id", "=", company.id)])
        if sender.kind == "trusted":
            raise UserError(
                self.env._(
                    "%(pattern)s is a trusted sender. A helpdesk manager can change that under"
                    " Configuration, Blocked and trusted senders.",
                    pattern=pattern,
                )
            )
        return sender or self.create(
            {"pattern": pattern, "company_id": company.id, "kind": "blocked", **values}
        )

    def _may_unblock(self) -> bool:
        """Whether the user may take this sender off the list."""
        by_user = self.source == "person" and self.user_id == self.env.user
        return manages(self.env) or by_user

    def action_unblock(self):
        """Take senders off the list: whoever put them there, and helpdesk managers.

        :raise AccessError: it was somebody else, and the user is no helpdesk manager
        """
        # undone twice, or by somebody else meanwhile
        senders = self.exists()
        senders.check_access("read")
        if manages(self.env):
            senders.unlink()
            return True
        for sender in senders:
            if not sender._may_unblock():
                raise AccessError(
                    self.env._(
                        "%(user)s added %(pattern)s. Ask them or a helpdesk manager to take it off"
                        " the list.",
                        user=sender.sudo().user_id.name or self.env._("A rule"),
                        pattern=sender.pattern,
                    )
                )
        # sudo: the list is for managers to write; whoever added a sender may think again
        senders.sudo().unlink()
        return True

    # ------------------------------------------------------------
    # BY RULE
    # ------------------------------------------------------------

    @api.model
    def _add_from_rule(self, company, emails, mail_rows, reason=""):
        """Block the senders of mails that a rule marked as spam: single addresses, never whole
        domains.

        Left out are, since a forged sender or a clumsy rule must not cut off a customer: our own
        addresses, users (portal users, too), whoever is on the list already or is covered by a
        domain on it (trusted ones stay trusted), and who was ever answered in a ticket of the
        company.

        :param company: ``res.company``
        :param emails: senders, one for each of ``mail_rows``
        :param mail_rows: ``helpdesk.incoming.mail``, in the same order
        :param reason: shown in the list, like the name of the rule
        :return: the new ``helpdesk.sender``
        """
        mails = {}
        for email, mail in zip(emails, mail_rows, strict=True):
            try:
                pattern = self._normalize(email)
            except ValidationError:
                # no usable address, so there is nobody to block
                continue
            if "@" in pattern:
                mails.setdefault(pattern, mail)
        if not mails:
            return self.browse()
        # sudo: a rule runs for mail of whoever it is; the list is for managers to write
        senders = self.sudo()
        Filter = self.env["helpdesk.outgoing.filter"]
        spellings = {email: Filter._spellings(email) for email in mails}
        spelled = [each for found in spellings.values() for each in found]
        spared = set(self.env["mail.alias.domain"].sudo()._find_aliases(spelled))
        spared |= senders._addresses_of_known(spelled, company)
        listed = senders._lookup({(email, company.id) for email in mails})
        return senders.create(
            [
                {
                    "pattern": email,
                    "kind": "blocked",
                    "company_id": company.id,
                    "source": "rule",
                    "user_id": False,
                    "mail_id": mail.id,
                    "reason": reason,
                }
                for email, mail in mails.items()
                if (email, company.id) not in listed and not spared.intersection(spellings[email])
            ]
        )

    @api.model
    def _addresses_of_known(self, emails, company) -> set[str]:
        """Those of these addresses that a user has, or that an agent of the company has answered:
        the contact is a ticket's requester, or a mail of the address is part of a ticket, and an
        internal user wrote in it what the requester sees."""
        self.env.flush_all()
        return {
            email
            for (email,) in self.env.execute_query(
                SQL(
                    """
                    WITH known AS (
                        SELECT partner.email_normalized AS email, ticket.id AS ticket_id
                          FROM res_partner partner
                          JOIN helpdesk_ticket ticket ON ticket.partner_id = partner.id
                         WHERE partner.email_normalized = ANY(%(emails)s)
                           AND ticket.company_id = %(company)s
                         UNION ALL
                        SELECT mail.from_address, delivery.ticket_id
                          FROM helpdesk_incoming_mail mail
                          JOIN helpdesk_incoming_mail_delivery delivery
                            ON delivery.mail_id = mail.id
                         WHERE mail.from_address = ANY(%(emails)s)
                           AND delivery.company_id = %(company)s
                           AND delivery.ticket_id IS NOT NULL
                    )
                    SELECT partner.email_normalized
                      FROM res_partner partner
                      JOIN res_users usr ON usr.partner_id = partner.id AND usr.active
                     WHERE partner.email_normalized = ANY(%(emails)s)
                     UNION
                    SELECT known.email
                      FROM known
                     WHERE EXISTS (
                        SELECT 1
                          FROM mail_message message
                          JOIN res_users usr ON usr.partner_id = message.author_id
                               AND NOT usr.share
                          LEFT JOIN mail_message_subtype subtype
                            ON subtype.id = message.subtype_id
                         WHERE message.model = 'helpdesk.ticket'
                           AND message.res_id = known.ticket_id
                           AND message.message_type IN ('comment', 'email', 'email_outgoing')
                           AND NOT COALESCE(message.is_internal, FALSE)
                           AND NOT COALESCE(subtype.internal, FALSE)
                     )
                    """,
                    emails=list(emails),
                    company=company.id,
                )
            )
        }
