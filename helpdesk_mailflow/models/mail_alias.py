# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, escape_psql

from .email_address import canonical_email

#: The detail of support+detail@example.com, which lands in the same mailbox.
PLUS = re.compile(r"\+[^@]*@")


class MailAlias(models.Model):
    _inherit = "mail.alias"

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"alias_name", "alias_domain_id"}:
            self._mailflow_sync()
        return result

    def _alias_bounce_incoming_email(self, message, message_dict, set_invalid=True):
        """Refusals by an alias that makes tickets are marked as automatic."""
        # sudo: whose alias it is. Odoo calls it in a transaction of its own, which does not see
        # an alias that was made in the one that failed
        of_tickets = self.sudo().exists().alias_model_id.model == "helpdesk.ticket"
        alias = self.with_context(mailflow_refused_by_alias=of_tickets)
        return super(MailAlias, alias)._alias_bounce_incoming_email(
            message, message_dict, set_invalid=set_invalid
        )

    def _mailflow_sync(self):
        """The addresses of support aliases follow those of their Odoo aliases."""
        # sudo: support aliases of other companies may share the alias domain
        Queue = self.env["helpdesk.support.alias"].sudo()
        queues = Queue.search([("alias_id", "in", self.ids)])
        queues._sync_own_addresses()
        teams = (
            self.env["helpdesk.ticket.team"]
            .sudo()
            .search([("alias_id", "in", (self - queues.alias_id).ids)])
        )
        Queue._adopt_teams(teams)


class MailAliasDomain(models.Model):
    _inherit = "mail.alias.domain"

    @api.model_create_multi
    def create(self, vals_list):
        domains = super().create(vals_list)
        domains._mailflow_sync()
        return domains

    def write(self, vals):
        former = self._mailflow_addresses()
        result = super().write(vals)
        if "name" in vals:
            self._mailflow_sync()
            self.env["helpdesk.from.address"]._withdraw_lost_domain(former)
        if vals.keys() & {"name", "default_from"}:
            self._mailflow_sync_senders(self._mailflow_companies())
        return result

    def unlink(self):
        companies = self._mailflow_companies()
        former = self._mailflow_addresses()
        result = super().unlink()
        self.env["helpdesk.from.address"]._withdraw_lost_domain(former)
        companies.invalidate_recordset(["alias_domain_id"])
        self._mailflow_sync_senders(companies)
        return result

    def _mailflow_addresses(self):
        """All addresses on these domains, as they are called now."""
        return Domain.OR(
            Domain("email", "=ilike", f"%@{escape_psql(domain.name)}") for domain in self
        )

    def _mailflow_companies(self):
        # sudo, and also archived ones: a domain serves companies that its admin may not see
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return companies.search([("alias_domain_id", "in", self.ids)])

    @api.model
    def _mailflow_sync_senders(self, companies):
        self.env["helpdesk.from.address"]._give_each_company_one(companies)

    def _mailflow_sync(self):
        aliases = self.env["mail.alias"].sudo().search([("alias_domain_id", "in", self.ids)])
        aliases._mailflow_sync()

    @api.model
    def _find_aliases(self, email_list):
        """Also ours: external and past addresses of support aliases, mailboxes of scanners,
        From addresses that are no user's."""
        found = super()._find_aliases(email_list)
        left = [email for email in email_list if email and "@" in email and email not in found]
        if not left:
            return found
        spelled = {}
        for email in left:
            canonical = canonical_email(email)
            spelled[email] = {email, canonical, PLUS.sub("@", email), PLUS.sub("@", canonical)}
        # also of a scanner that is archived; not a user's address, although we may send as it
        own = {
            email
            for (email,) in self.env.execute_query(
                SQL(
                    "SELECT own.email FROM (%s) own WHERE own.email = ANY(%s) AND NOT own.is_user",
                    self.env["helpdesk.own.address"]._query(),
                    [each for spellings in spelled.values() for each in spellings],
                )
            )
        }
        return found + [email for email in left if spelled[email] & own]
