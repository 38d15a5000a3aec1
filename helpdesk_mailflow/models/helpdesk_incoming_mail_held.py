# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import UserError

from .intake_values import State

#: Mails of one sender that are taken in together, since somebody waits for it.
MOST = 100


class HelpdeskIncomingMail(models.Model):
    """Mails that are held: why, and the button for those of senders whom nobody knows."""

    _inherit = "helpdesk.incoming.mail"

    held_reason = fields.Selection(
        [
            ("unknown_sender", "Unknown sender"),
            ("unproven", "Sender is not proven"),
            ("rule", "A rule holds it"),
            ("own", "Looks like our own mail"),
            ("suspect", "Looks like another mail"),
            ("start_only", "Larger than the limit"),
        ],
        string="Held because",
        readonly=True,
    )
    unknown_email = fields.Char(
        "Unknown address",
        readonly=True,
        help="Address of the requester of whom there is no contact: the sender's, or that of"
        " Reply-To or of a forwarded mail",
    )
    make_contact = fields.Boolean(
        readonly=True, help="A person asked to make a contact of the sender"
    )
    can_make_contact = fields.Boolean(compute="_compute_can_make_contact")
    others_of_sender = fields.Integer(
        "Other held mails of the sender", compute="_compute_others_of_sender"
    )

    _held_index = models.Index(
        "(company_id, held_reason, unknown_email) WHERE held_reason IS NOT NULL"
    )

    @api.depends("state", "held_reason", "start_only", "unknown_email")
    @api.depends_context("uid")
    def _compute_can_make_contact(self):
        writer = self._sees_ledger()
        for mail in self:
            mail.can_make_contact = (
                writer
                and mail.state == State.HELD.value
                and mail.held_reason == "unknown_sender"
                and bool(mail.unknown_email)
                and not mail.start_only
            )

    @api.depends("can_make_contact", "unknown_email", "company_id")
    def _compute_others_of_sender(self):
        self.others_of_sender = 0
        mails = self.filtered("can_make_contact")
        if not mails:
            return
        counts = {
            (company, email): count
            for company, email, count in self._read_group(
                [*self._held_unknown(), ("unknown_email", "in", mails.mapped("unknown_email"))],
                ["company_id", "unknown_email"],
                ["__count"],
            )
        }
        for mail in mails:
            mail.others_of_sender = counts.get((mail.company_id, mail.unknown_email), 1) - 1

    def _outcomes_in(self, companies) -> dict:
        outcomes = super()._outcomes_in(companies)
        held = self.env._("Held")
        reasons = dict(self._fields["held_reason"]._description_selection(self.env))
        for mail in self:
            about_sender = mail.held_reason in ("unknown_sender", "unproven")
            if mail.state == State.HELD.value and about_sender and outcomes[mail] == held:
                outcomes[mail] = self.env._("Held: %(reason)s", reason=reasons[mail.held_reason])
        return outcomes

    @api.model
    def _held_unknown(self) -> list:
        """Held mails of senders whom nobody knows, as a domain."""
        return [
            ("state", "=", State.HELD.value),
            ("held_reason", "=", "unknown_sender"),
            ("start_only", "=", False),
        ]

    def action_make_contact(self):
        """Make contacts of the senders, and tickets of these mails.

        :raise AccessError: the user may not decide about these mails
        :raise UserError: some are not held because of their sender
        """
        self._check_may_decide()
        wrong = self.filtered(lambda mail: not mail.can_make_contact)
        if wrong:
            raise UserError(
                self.env._(
                    "Nothing was done, since this is only for mails that are held because nobody"
                    " knows their sender, and these are not: %(mails)s",
                    mails=", ".join(wrong[:5].mapped("display_name")),
                )
            )
        emails = sorted(set(self.mapped("unknown_email")))
        companies = self.company_id
        # sudo: as for taking in. Making contacts needs no further right: the intake makes one of
        # whoever writes, and would have of these
        self.sudo().make_contact = True
        self._ask_again("person_make_contact", forced=True)
        return self._tell_contacts(emails, companies)

    def action_make_contact_of_all(self):
        """The same for all held mails of these mails' senders."""
        self._check_may_decide()
        domain = [
            *self._held_unknown(),
            ("unknown_email", "in", self.filtered("can_make_contact").mapped("unknown_email")),
            ("company_id", "in", self.company_id.ids),
        ]
        mails = self | self.search(domain, limit=MOST)
        action = mails.action_make_contact()
        if isinstance(action, dict) and mails.ticket_ids:
            action["params"]["next"] = mails.action_open_tickets()
        return action

    def _tell_contacts(self, emails: list[str], companies):
        """What was made, and what else is held of the same senders."""
        # sudo: the contacts that were made a moment ago
        made = self.sudo().filtered(lambda mail: mail.state == State.DONE.value)
        if not made:
            return True
        left = self.search_count(
            [
                *self._held_unknown(),
                ("unknown_email", "in", emails),
                ("company_id", "in", companies.ids),
            ]
        )
        message = self.env._(
            "%(people)s is a contact now, and stays one also if the ticket is deleted.",
            people=", ".join(emails[:5]) + (" …" if len(emails) > 5 else ""),
        )
        following = self._show_result()
        if left:
            message += " " + self.env._(
                "Mails of the sender that are still held: %(count)s.", count=left
            )
        params = {"type": "success", "message": message}
        if isinstance(following, dict):
            params["next"] = following
        else:
            params["next"] = {"type": "ir.actions.client", "tag": "soft_reload"}
        return {"type": "ir.actions.client", "tag": "display_notification", "params": params}
