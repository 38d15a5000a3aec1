# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Addresses that Odoo makes up on an alias domain: free, and if wanted hard to guess."""

import itertools
import re
import secrets

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.fields import Domain

#: RFC 2142, and what mail systems take for their own.
RESERVED = frozenset(
    (
        *("abuse", "hostmaster", "mailer-daemon", "noc", "postmaster", "root", "security"),
        *("admin", "administrator", "no-reply", "noreply", "webmaster", "www"),
    )
)
#: Without what is mixed up when somebody types it from paper: i and l, o and 0, 1.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
#: Characters of the random part: 31 ** 8 are about 40 bits, which nobody tries by mail.
RANDOM = 8
#: Characters kept of a name; RFC 5321 section 4.5.3.1.1 allows 64 in all.
LONGEST = 40


class HelpdeskSupportAlias(models.Model):
    _inherit = "helpdesk.support.alias"

    has_generated_address = fields.Boolean(compute="_compute_has_generated_address")

    @api.depends("address_ids.generated", "address_ids.kind")
    def _compute_has_generated_address(self):
        for queue in self:
            queue.has_generated_address = any(
                address.generated and address.kind == "own" for address in queue.address_ids
            )

    def action_generate_address(self):
        """Give the support alias a new address; the former one keeps leading here until it is
        retired.

        :raise UserError: there is no alias domain
        """
        self.check_access("write")
        for queue in self:
            domain = queue.sudo().alias_id.alias_domain_id or queue.company_id.alias_domain_id
            if not domain:
                raise UserError(
                    self.env._(
                        "%(company)s has no alias domain, which the address would be on. Set one"
                        " in the general settings first.",
                        company=queue.company_id.name,
                    )
                )
            hidden = queue.company_id._mailflow_policy("hidden_address", queue.team_id)
            queue.alias_name = queue._generated_local_part(queue.name, domain, hidden)
            queue.address_ids._mark_generated(f"{queue.alias_name}@{domain.name}")
        return True

    @api.model
    def _generated_local_part(self, name: str, domain, hidden: bool) -> str:
        """A local part that nothing we know of has on a domain.

        Where people have their mailboxes on the domain, too, it always has a random part: it
        could be the name of a mailbox that Odoo has never heard of.

        :param name: of a team or support alias
        :param domain: ``mail.alias.domain``
        :param hidden: with a random part
        """
        slug = re.sub(r"[^a-z0-9]+", "-", tools.remove_accents((name or "").casefold())).strip("-")
        slug = slug[:LONGEST].strip("-") or "helpdesk"
        if hidden or self._has_mailboxes_of_people(domain):
            tries = (f"{slug}.{self._random_part()}" for _ in itertools.count())
        else:
            numbered = (f"{slug}-{number}" for number in itertools.count(2))
            tries = itertools.chain((slug, f"helpdesk-{slug}"), numbered)
        while True:
            some = list(itertools.islice(tries, 10))
            taken = self._taken_local_parts(some, domain)
            for each in some:
                if each not in taken:
                    return each

    @api.model
    def _random_part(self) -> str:
        return "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))

    @api.model
    def _has_mailboxes_of_people(self, domain) -> bool:
        """Whether a user, a company or a mail scanner has a mailbox on a domain: then there may
        be others, that Odoo has never heard of."""
        there = f"%@{domain.name}"
        # sudo: only whether there is one
        users = self.env["res.users"].sudo().with_context(active_test=False)
        internal = Domain("share", "=", False)
        if users.search_count(
            internal
            & (
                Domain("partner_id.email_normalized", "=like", there)
                | Domain("login", "=ilike", there)
            ),
            limit=1,
        ):
            return True
        scanners = self.env["fetchmail.server"].sudo().with_context(active_test=False)
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        companies = companies.search([("partner_id.email_normalized", "=like", there)])
        emails = {
            *companies.partner_id.mapped("email_normalized"),
            *map(
                tools.email_normalize,
                scanners.search([("is_scanner", "=", True), ("user", "=ilike", there)]).mapped(
                    "user"
                ),
            ),
        } - {False, domain.catchall_email, domain.bounce_email, domain.default_from_email}
        # a company that is written to by an alias has no mailbox for that
        aliases = self.env["mail.alias"].sudo().search([("alias_full_name", "in", list(emails))])
        return bool(emails - {*aliases.mapped("alias_full_name")})

    @api.model
    def _taken_local_parts(self, local_parts, domain) -> set[str]:
        """Which of these are an address of somebody or something already."""
        emails = [f"{each}@{domain.name}" for each in local_parts]
        # sudo: also what is of other companies, models and people
        aliases = self.env["mail.alias"].sudo().search([("alias_name", "in", local_parts)])
        aliases = aliases.filtered(
            lambda alias: (
                alias.alias_incoming_local
                # what has no domain yet gets the first one there is
                or alias.alias_domain_id in (domain, domain.browse())
            )
        )
        own = self.env["helpdesk.own.address"].sudo().search([("email", "in", emails)])
        senders = self.env["helpdesk.from.address"].sudo().search([("email", "in", emails)])
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        users = self.env["res.users"].sudo().with_context(active_test=False)
        found = {
            *own.mapped("email"),
            *senders.mapped("email"),
            *partners.search([("email_normalized", "in", emails)]).mapped("email_normalized"),
            *users.search([("login", "in", emails)]).mapped("login"),
            domain.catchall_email,
            domain.bounce_email,
            domain.default_from_email,
        } - {False}
        return {
            *(RESERVED & {*local_parts}),
            *aliases.mapped("alias_name"),
            *(email.rpartition("@")[0] for email in found),
        }
