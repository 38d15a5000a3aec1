# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The From address that each company has from the start: what Odoo itself sends as."""

from odoo import api, models, tools
from odoo.fields import Domain


class HelpdeskFromAddress(models.Model):
    _inherit = "helpdesk.from.address"

    @api.model
    def _odoo_sender(self, company) -> str | bool:
        """The address that Odoo sends as in a company: its alias domain's, else the system's.

        :return: normalized, or False if nobody has set one
        """
        # sudo: who asks need not be able to read alias domains
        server = self.env["ir.mail_server"].sudo().with_company(company)
        return tools.email_normalize(server._get_default_from_address() or "")

    def _recognise_odoo_s_sender(self) -> None:
        """What was typed may be what Odoo sends as: that is proof enough."""
        companies = self._by_system().search(
            [("company_id", "in", self.company_id.ids), ("is_of_odoo", "=", True)]
        )
        for company in self.company_id - companies.company_id:
            sender = self._odoo_sender(company)
            same = self.filtered(
                lambda address, company=company, sender=sender: (
                    address.company_id == company and address.email == sender
                )
            )
            same._become_odoo_s_sender()

    def _become_odoo_s_sender(self) -> None:
        self._by_system().write({"is_of_odoo": True})
        self.filtered(lambda address: address.state != "verified")._prove("odoo")

    def _recognise_generated(self) -> None:
        """An address that Odoo itself made on the alias domain leads to us and is nobody else's:
        that is proof enough.

        Not so for any other local part there, which may be a person's mailbox: a mail to it that
        comes back proves it, as everywhere.
        """
        unproven = self.filtered(lambda address: address.state != "verified")
        if proven := unproven._generated_here():
            proven._prove("domain")

    def _generated_here(self):
        """Those that Odoo made for their company, on an alias domain that is still one."""
        # sudo: who adds the address need not see the support alias
        found = self.env["helpdesk.support.alias.address"].sudo()
        found = found.search(
            [
                ("email", "in", self.mapped("email")),
                ("generated", "=", True),
                ("kind", "in", ("own", "past")),
            ]
        )
        names = {email.rpartition("@")[2] for email in found.mapped("email")}
        # sudo: as above
        domains = self.env["mail.alias.domain"].sudo().search([("name", "in", list(names))])
        led = set(domains.mapped("name"))
        ours = {
            (each.email, each.company_id) for each in found if each.email.rpartition("@")[2] in led
        }
        return self.filtered(lambda address: (address.email, address.company_id) in ours)

    @api.model
    def _withdraw_lost_domain(self, where) -> None:
        """What Odoo's alias domain proved, and no longer does: the support alias went to another
        company, or the domain is another one now.

        :param where: domain of the From addresses to look at
        """
        # sudo: proofs are the system's to write, and the company may be another one
        senders = self.sudo().search(Domain(where) & Domain("proof", "=", "domain"))
        lost = senders - senders._generated_here()
        if lost:
            lost._withdraw_proof()
            lost._log_as_system(
                self.env._(
                    "The address no longer leads to a support alias of this company, which is what"
                    " proved it. Send a verification mail to it if it is to be used further."
                )
            )
            lost._keep_defaults(lost.company_id)

    @api.model
    def _give_each_company_one(self, companies) -> None:
        """Give companies that can send as nothing what Odoo sends as, and keep what they were
        given in step with it. A company without any sender gets one as soon as there is one."""
        addresses = self._by_system().search([("company_id", "in", companies.ids)])
        by_company = addresses.grouped("company_id")
        for company in companies:
            here = by_company.get(company, addresses.browse())
            former = here.filtered("is_of_odoo")
            sender = self._odoo_sender(company)
            if former and former.email == sender:
                former.filtered(lambda address: address.state != "verified")._prove("odoo")
                continue
            current = here.filtered(lambda address, sender=sender: address.email == sender)
            if current or not sender:
                was_default = former.is_default
                former.write({"is_of_odoo": False})
                former.flush_recordset(["is_of_odoo"])
                former.filtered(lambda address: address.proof == "odoo")._withdraw_proof()
                current._become_odoo_s_sender()
                if was_default and current.is_usable:
                    current._make_default()
            elif former:
                # aliases that answer via it go on to do so
                former.write({"email": sender, "sends_via": "odoo"})
                former._prove("odoo")
            elif not any(here.mapped("is_usable")):
                self._by_system().create(
                    {"email": sender, "company_id": company.id, "is_of_odoo": True}
                )._prove("odoo")
        self._keep_defaults(companies)

    @api.model
    def _cron_keep_in_step(self) -> None:
        """The system's default sender is set in Odoo's configuration file, which nobody tells
        when it changes."""
        self._give_each_company_one(self.env["res.company"].search([("active", "=", True)]))
