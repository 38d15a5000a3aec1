# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..mailflow.domain import ascii_domain

_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")
_BETWEEN = re.compile(r"[\s,;]+")


class ResCompany(models.Model):
    """Whose word counts about senders, beside the receiving mail server's."""

    _inherit = "res.company"

    helpdesk_arc_forwarders = fields.Char(
        "Trusted forwarders",
        help="Domains whose ARC seals are believed, divided by commas: services that send mail on"
        " and break the sender's proofs by that, such as mailing lists and forwarding providers",
    )

    @api.constrains("helpdesk_arc_forwarders")
    def _check_helpdesk_arc_forwarders(self):
        for company in self:
            for domain in company._mailflow_arc_forwarders():
                if not _DOMAIN.fullmatch(domain):
                    raise ValidationError(
                        self.env._(
                            "%(domain)s is no domain. Write trusted forwarders as example.com,"
                            " example.org.",
                            domain=domain,
                        )
                    )

    def _mailflow_arc_forwarders(self) -> tuple[str, ...]:
        """Domains whose seals are believed in the company's mail."""
        # sudo: a policy holds for everyone, whoever hands a mail in
        text = self.sudo().helpdesk_arc_forwarders or ""
        return tuple(ascii_domain(each) for each in _BETWEEN.split(text) if each.strip("."))
