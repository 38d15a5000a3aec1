# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import string

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..mailflow.subject import MAX_TAG_PATTERN, check_tag_pattern

#: What the pattern of an agent's name may hold.
NAME_PLACEHOLDERS = ("agent", "team", "company")


class ResCompany(models.Model):
    _inherit = "res.company"

    # policies: what a company decides, and its teams may decide otherwise
    helpdesk_create_contacts = fields.Selection(
        [("always", "Always"), ("rule", "Only when a rule says so")],
        string="Create contacts",
        default="always",
        required=True,
        help="Whether a contact is made of a sender whom nobody knows yet. If only by rule, the"
        " ticket keeps name and address as received.",
    )
    helpdesk_agent_name = fields.Boolean(
        "Agent's name in From",
        default=True,
        help="Answers are from “Brad Lee <support@…>”; else from the name of the address",
    )
    helpdesk_agent_name_pattern = fields.Char(
        "Pattern of the agent's name",
        default="{agent}",
        help="May hold {agent}, {team} and {company}, such as “{agent} ({company})”",
    )
    helpdesk_team_name = fields.Boolean(
        "Team's display name in From",
        help="The display name of the team instead of the name of the address, where no agent is"
        " named and in automatic answers",
    )
    helpdesk_auto_cc = fields.Boolean(
        "Copy of answers to the support address",
        help="Each answer and forward goes once, as Cc, to the address that the ticket came in by."
        " It makes no new ticket there.",
    )
    helpdesk_private_answers = fields.Boolean(
        "Answers without the requester",
        help="Agents may take the requester off the recipients. The others get the answer, it does"
        " not show in the portal, and replies to it stay private.",
    )
    helpdesk_reply_line = fields.Boolean(
        "“Write your reply above this line”",
        default=True,
        help="Only what a customer writes above it becomes the message; the rest is folded",
    )
    helpdesk_subject_tag = fields.Char(
        "Number in the subject",
        default="[#{number}]",
        help="By it an answer finds its ticket when a mail program drops the references. Has to"
        " hold {number}.",
    )

    helpdesk_hidden_address = fields.Boolean(
        "Inbound addresses that are hard to guess",
        help="Addresses that are made for teams end in a random part, such as"
        " front-desk.x7k2p9qd@…, so that nobody writes to them who was not told",
    )

    # RFC 3834 section 2 asks responders to limit what they send to one recipient. A customer who
    # writes again and again needs no receipt of each; a program that answers every receipt is
    # stopped after an hour's allowance at the latest
    helpdesk_automatic_per_hour = fields.Integer(
        "Automatic mails to one address per hour",
        default=5,
        required=True,
        help="Automatic answers and mails of stages within 60 minutes, of all companies together."
        " Further ones are withheld, and the ticket says so.",
    )
    helpdesk_automatic_per_day = fields.Integer(
        "Automatic mails to one address per day", default=20, required=True, help="Within 24 hours"
    )
    helpdesk_automatic_per_domain = fields.Integer(
        "Automatic mails to one mail domain per hour",
        default=100,
        required=True,
        help="To all addresses of a mail domain together, except of free-mail providers. 0: no"
        " limit.",
    )

    helpdesk_get_started = fields.Selection(
        [("shown", "Shown"), ("closed", "Closed")],
        string="Panel “Get started”",
        help="Above the helpdesk dashboard; empty: until a mailbox is connected by its guide",
    )

    @api.constrains("helpdesk_agent_name_pattern")
    def _check_helpdesk_agent_name_pattern(self):
        for company in self:
            pattern = company.helpdesk_agent_name_pattern or "{agent}"
            try:
                # "" is {}, a placeholder without a name; what follows a name would format it
                names = {
                    name if not (spec or conversion) else pattern
                    for _text, name, spec, conversion in string.Formatter().parse(pattern)
                    if name is not None
                }
            except ValueError:
                names = {pattern}
            if not names or names - set(NAME_PLACEHOLDERS):
                raise ValidationError(
                    self.env._(
                        "The pattern of the agent's name may hold {agent}, {team} and {company}, at"
                        " least one of them, and any other text without braces: “%(pattern)s”.",
                        pattern=pattern,
                    )
                )

    @api.constrains("helpdesk_subject_tag")
    def _check_helpdesk_subject_tag(self):
        for company in self:
            tag = company.helpdesk_subject_tag
            wrong = tag and check_tag_pattern(tag)
            if wrong == "no_number":
                raise ValidationError(
                    self.env._(
                        "The number in the subject has to hold {number} once, such as [#{number}]:"
                        " “%(tag)s”.",
                        tag=tag,
                    )
                )
            if wrong:
                raise ValidationError(
                    self.env._(
                        "Write the number in the subject with {number}, letters, digits, spaces and"
                        " simple signs such as [#{number}], not longer than %(limit)s characters:"
                        " “%(tag)s”.",
                        limit=MAX_TAG_PATTERN,
                        tag=tag,
                    )
                )

    @api.constrains(
        "helpdesk_automatic_per_hour",
        "helpdesk_automatic_per_day",
        "helpdesk_automatic_per_domain",
    )
    def _check_helpdesk_automatic_limits(self):
        for company in self:
            limits = (company.helpdesk_automatic_per_hour, company.helpdesk_automatic_per_day)
            if min(limits) < 1 or company.helpdesk_automatic_per_domain < 0:
                raise ValidationError(
                    self.env._(
                        "At least 1 automatic mail per hour and per day has to be allowed. To send"
                        " none, switch automatic answers off at the support aliases."
                    )
                )

    def _mailflow_policy(self, name: str, team=None) -> bool:
        """What holds for a team of the company: its own choice if it made one.

        :param name: such as ``agent_name``; a Boolean ``helpdesk_<name>`` of the company
        :param team: a team or none
        """
        self.ensure_one()
        # sudo: policies hold for everyone, and whose they are is no secret
        own = team.sudo()[f"helpdesk_{name}"] if team else "inherit"
        if own and own != "inherit":
            return own == "yes"
        return self.sudo()[f"helpdesk_{name}"]

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        self.env["helpdesk.support.alias"].with_context(
            mailflow_new_company=True
        )._give_each_company_one(companies)
        self.env["helpdesk.from.address"]._give_each_company_one(companies)
        self.env["helpdesk.conversation.template"]._give_each_company_one(companies)
        self.env["helpdesk.scanner.rule"]._give_each_company_examples(companies)
        return companies

    def write(self, vals):
        result = super().write(vals)
        if vals.get("alias_domain_id"):
            # sudo: who sets up companies need not be a helpdesk manager
            queues = self.env["helpdesk.support.alias"].sudo()
            queues.search([("company_id", "in", self.ids)])._follow_first_domain()
            # sudo: as above
            teams = self.env["helpdesk.ticket.team"].sudo()
            teams.search([("company_id", "in", self.ids)])._give_addresses()
        if "alias_domain_id" in vals:
            self.env["helpdesk.from.address"]._give_each_company_one(self)
        return result
