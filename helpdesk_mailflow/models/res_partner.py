# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from urllib.parse import urlsplit

from odoo import api, fields, models

from ..mailflow.domain import is_free_mail, registrable_domain


class ResPartner(models.Model):
    _inherit = "res.partner"

    # looked up for each incoming mail; core has no index on it
    email_normalized = fields.Char(index="btree_not_null")
    mail_domain = fields.Char(
        compute="_compute_mail_domain",
        store=True,
        index="btree_not_null",
        help="The registrable domain of the address, unless it is a free-mail provider's",
    )
    website_domain = fields.Char(
        compute="_compute_website_domain",
        store=True,
        index="btree_not_null",
        help="The registrable domain of the website",
    )

    @api.depends("email_normalized")
    def _compute_mail_domain(self):
        for partner in self:
            domain = (partner.email_normalized or "").rpartition("@")[2]
            partner.mail_domain = (
                registrable_domain(domain) if domain and not is_free_mail(domain) else False
            )

    @api.depends("website")
    def _compute_website_domain(self):
        for partner in self:
            website = partner.website or ""
            try:
                host = urlsplit(website if "//" in website else f"//{website}").hostname or ""
            except ValueError:
                # a website field takes any text; what is no address has no domain
                host = ""
            partner.website_domain = (
                registrable_domain(host) if host and not is_free_mail(host) else False
            )
