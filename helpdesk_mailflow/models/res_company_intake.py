# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: What becomes of an answer to a closed ticket.
CLOSED = [
    ("reopen", "Reopen it"),
    ("new", "New ticket, linked to it"),
    ("days", "New ticket only after some days"),
]


class ResCompany(models.Model):
    """Policies about who wrote, and which ticket a mail belongs to."""

    _inherit = "res.company"

    helpdesk_contact_from_reply_to = fields.Boolean(
        "Contact from Reply-To",
        help="The first address of Reply-To is the contact, instead of the sender",
    )
    helpdesk_requester_from_forward = fields.Boolean(
        "Requester from a forwarded mail",
        help="When an agent forwards a customer's mail to a support alias, the ticket is the"
        " customer's: requester, title and text are those of the original mail",
    )
    helpdesk_known_contacts_only = fields.Boolean(
        "Known contacts only",
        help="Mail of senders whom nobody knows is held until somebody makes a contact of them",
    )
    helpdesk_cc_contacts = fields.Boolean(
        "Contacts of people in copy",
        help="Contacts are made of people in Cc, too. They take part in the ticket anyway.",
    )
    helpdesk_append_open = fields.Boolean(
        "Append to the customer's open ticket",
        help="A new mail of a requester who has an open ticket of the same support alias or team"
        " joins that ticket",
    )
    helpdesk_append_single = fields.Boolean(
        "Only if there is exactly one",
        help="With several open tickets the mail opens a new one; else it joins the newest",
    )
    helpdesk_same_account = fields.Boolean(
        "Colleagues of the requester take part",
        help="Whoever belongs to the requester's account may answer the ticket",
    )
    helpdesk_closed = fields.Selection(
        CLOSED, "Answers to closed tickets", default="reopen", required=True
    )
    helpdesk_closed_days = fields.Integer(
        "Days after closing",
        default=14,
        help="An answer that comes later opens a new ticket, linked to the closed one",
    )
    helpdesk_thanks_keep_closed = fields.Boolean(
        "Thank-you answers reopen nothing",
        help="An answer that only says thank you joins the closed ticket, which stays closed",
    )
    helpdesk_one_ticket = fields.Boolean(
        "One ticket for several support aliases",
        help="A mail to several support aliases opens one ticket, at the first one; else one for"
        " each alias",
    )

    @api.constrains("helpdesk_closed", "helpdesk_closed_days")
    def _check_helpdesk_closed_days(self):
        for company in self:
            if company.helpdesk_closed == "days" and company.helpdesk_closed_days < 1:
                raise ValidationError(
                    self.env._(
                        "Say after how many days an answer to a closed ticket opens a new one, at"
                        " least 1."
                    )
                )

    def _mailflow_closed(self, team=None) -> tuple[str, int]:
        """What becomes of an answer to a closed ticket of a team of the company.

        :return: one of :data:`CLOSED`, and the days that it is about
        """
        self.ensure_one()
        # sudo: policies hold for everyone, and whose they are is no secret
        own, company = team and team.sudo(), self.sudo()
        if own and own.helpdesk_closed not in (False, "inherit"):
            return own.helpdesk_closed, own.helpdesk_closed_days
        return company.helpdesk_closed, company.helpdesk_closed_days
