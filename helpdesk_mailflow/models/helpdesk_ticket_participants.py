# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..mailflow.charset import one_line
from .helpdesk_ticket_composer import MAX_COPIES


class HelpdeskTicket(models.Model):
    """Who takes part in a ticket besides its requester: people who had a copy of a mail, and
    followers from outside. They are listed, answers are offered to go to them as Cc, and their
    replies join the ticket. No contacts are made of them for that."""

    _inherit = "helpdesk.ticket"

    helpdesk_participants = fields.Json(
        "Participants",
        compute="_compute_helpdesk_participants",
        # sudo: who may read the ticket may know who takes part
        compute_sudo=True,
        groups="base.group_user",
        help="Other people who get answers as Cc, and whose replies join the ticket. Whoever is"
        " removed takes no part any more, also when a mail names them in Cc again.",
    )
    helpdesk_removed = fields.Char(
        "Removed participants",
        copy=False,
        groups="base.group_user",
        help="Addresses that an agent took out for good",
    )

    @api.depends("email_cc", "message_follower_ids", "partner_id", "partner_email")
    def _compute_helpdesk_participants(self):
        for ticket in self:
            ticket.helpdesk_participants = ticket._mailflow_participants()

    def _mailflow_participants(self) -> list[dict]:
        """People from outside who take part without having asked: the ticket's Cc and those who
        follow its messages.

        :return: ``name``, ``email`` (normalized) and ``follows`` of each, in the order in which
            they came
        """
        self.ensure_one()
        # sudo: who may read the ticket may know who takes part
        ticket = self.sudo()
        found, following = {}, set()
        for name, email in tools.mail.email_split_tuples(ticket.email_cc):
            found.setdefault(tools.email_normalize(email), name)
        comment_id = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment")
        for follower in ticket.message_follower_ids:
            partner = follower.partner_id
            if partner.partner_share and partner.active and comment_id in follower.subtype_ids.ids:
                found[partner.email_normalized] = partner.name or ""
                following.add(partner.email_normalized)
        for email in {False} | ticket._mailflow_requester_emails():
            found.pop(email, None)
        # sudo: which addresses are ours is no secret
        own = self.env["mail.alias.domain"].sudo()._find_aliases(list(found))
        return [
            {"name": one_line(name), "email": email, "follows": email in following}
            for email, name in found.items()
            if email not in own
        ]

    def _mailflow_removed(self) -> set[str]:
        """Normalized addresses that an agent took out for good."""
        self.ensure_one()
        # sudo: as _mailflow_participants
        return set(tools.email_normalize_all(self.sudo().helpdesk_removed or ""))

    def _mailflow_add_cc(self, people: str) -> None:
        """Have people take part whom a person of ours chose, also those who were removed before.

        :param people: addresses, with or without names
        """
        self.ensure_one()
        known = self._mail_cc_sanitized_raw_dict(self.email_cc)
        new = self._mail_cc_sanitized_raw_dict(people)
        for email in self._mailflow_requester_emails():
            new.pop(email, None)
        removed = self._mailflow_removed()
        if removed & new.keys():
            self.helpdesk_removed = ", ".join(sorted(removed - new.keys()))
        if new.keys() - known.keys():
            self.email_cc = ", ".join((known | new).values())

    # ------------------------------------------------------------
    # BUTTONS
    # ------------------------------------------------------------

    def action_add_participants(self, people: str) -> list[dict]:
        """Have people take part. No contacts are made.

        :param people: addresses as somebody writes them
        :return: :meth:`_mailflow_participants`
        :raise UserError: one is no address or ours, or they are too many
        """
        self.ensure_one()
        self.check_access("write")
        checked = self._mailflow_checked_addresses(people)
        emails = tools.email_normalize_all(checked)
        # sudo: which addresses are ours is no secret
        own = self.env["mail.alias.domain"].sudo()._find_aliases(emails)
        if own:
            raise UserError(
                self.env._(
                    "%(email)s is one of our own addresses, which take no part in tickets.",
                    email=own[0],
                )
            )
        if len(self._mailflow_participants()) + len(emails) > MAX_COPIES:
            raise UserError(
                self.env._("At most %(limit)s people take part in a ticket.", limit=MAX_COPIES)
            )
        self._mailflow_add_cc(checked)
        self._message_log(
            body=self.env._("%(people)s takes part from now on.", people=", ".join(emails))
        )
        return self._mailflow_participants()

    def action_remove_participant(self, email: str) -> list[dict]:
        """Take somebody out for good: no answers are offered to go there, replies from there do
        not join, and mails that name the address in Cc do not bring it back.

        :param email: normalized address
        :return: :meth:`_mailflow_participants`
        """
        self.ensure_one()
        self.check_access("write")
        if email not in {each["email"] for each in self._mailflow_participants()}:
            return self._mailflow_participants()
        cc = self._mail_cc_sanitized_raw_dict(self.email_cc)
        cc.pop(email, None)
        self.write(
            {
                "email_cc": ", ".join(cc.values()),
                "helpdesk_removed": ", ".join(sorted(self._mailflow_removed() | {email})),
            }
        )
        # sudo: agents seldom may read all contacts, yet decide who follows their tickets
        ticket = self.sudo()
        followers = ticket.message_partner_ids.filtered(
            lambda each: each.partner_share and each.email_normalized == email
        )
        # not the requester, who may have the same address
        ticket.message_unsubscribe((followers - ticket.partner_id).ids)
        self._message_log(body=self.env._("%(email)s takes no part any more.", email=email))
        return self._mailflow_participants()
