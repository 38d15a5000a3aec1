# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Who a mail of a ticket is from, and where its answers go."""

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import AccessError

from ..mailflow.charset import one_line
from .helpdesk_support_alias_address import LEADING
from .helpdesk_ticket_notify import ANSWERS
from .sender_name import sender_name

#: Messages that did not begin here: they keep the sender that they came with.
NOT_OURS = frozenset(("email", "sms", "whatsapp", "snailmail"))
#: Messages that a person wrote; what templates send is of other types.
BY_A_PERSON = frozenset(("comment",))
#: Fields of a message that an agent chooses while writing.
CHOICES_OF_AGENTS = frozenset(
    ("helpdesk_bcc", "helpdesk_cc", "helpdesk_from_address_id", "helpdesk_private")
)
#: Odoo's limit of a formatted address, beyond which Python folds the header wrongly.
FOLDED = 68


class HelpdeskTicket(models.Model):
    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "helpdesk.answers.via"]

    answers_via_id = fields.Many2one(
        domain="[('company_id', '=', company_id), ('is_usable', '=', True)]",
        help="The From address of this ticket's mails. Empty it for the default: that of the queue"
        " it came in by.",
    )

    @api.depends("support_alias_id.answers_via_id")
    def _compute_answers_via_id(self):
        return super()._compute_answers_via_id()

    def _answering_unchosen(self, usable):
        return self.support_alias_id.answers_via_id & usable

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        if any(vals.get("answer_via_id") for vals in vals_list):
            tickets._check_offered()
        return tickets

    def write(self, vals):
        result = super().write(vals)
        if vals.get("answer_via_id"):
            self._check_offered()
        return result

    def _check_offered(self) -> None:
        """An agent chooses among the From addresses of all teams and of the own ones.

        :raise AccessError: one of another team was chosen
        """
        # not a constraint: those have all rights
        if self.env.su:
            return
        for company, tickets in self.grouped("company_id").items():
            offered = self.env["helpdesk.from.address"]._offered_to(self.env.user, company)
            foreign = tickets.sudo().answer_via_id - offered
            if foreign:
                raise AccessError(self._not_offered(foreign[0]))

    def _not_offered(self, address) -> str:
        return self.env._(
            "You cannot answer as %(sender)s: it is not verified, is disabled, or belongs to"
            " another team. Choose another From address.",
            sender=address.sudo().email or address.id,
        )

    def _mailflow_last_mail(self) -> str:
        """Message-ID of the last mail that came from outside of the company, or ""."""
        self.ensure_one()
        # sudo: the mail goes out whoever may read the ticket
        message = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("message_type", "=", "email"),
                    ("is_internal", "=", False),
                    "|",
                    ("author_id", "=", False),
                    ("author_id.partner_share", "=", True),
                ],
                order="id desc",
                limit=1,
            )
        )
        return message.message_id or ""

    def _message_compute_subject(self):
        """Answers carry the customer's subject; the number is added on the way out."""
        return self.name or super()._message_compute_subject()

    def _mailflow_wished_sender(self):
        """The From address that would answer if it could: the one that somebody chose, else the
        disabled one that customers write to."""
        self.ensure_one()
        ticket = self.sudo()
        queue = ticket.support_alias_id
        return ticket.answer_via_id or queue.answer_via_id or queue._disabled_from_address()

    # ------------------------------------------------------------
    # FROM
    # ------------------------------------------------------------

    def _mailflow_from(self, sender, author) -> str:
        """The From header of a mail of this ticket.

        :param author: who wrote it, none for automatic mail
        """
        self.ensure_one()
        ticket = self.sudo()
        return sender._formatted(
            sender_name(sender, ticket.support_alias_id, ticket.team_id, ticket.company_id, author)
        )

    @api.model
    def _mailflow_author(self, values):
        """The person who wrote a message, by its values; none if a program did."""
        author = self.env["res.partner"].browse(values.get("author_id") or [])
        root_id = self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root")
        by_person = values.get("message_type", "comment") in BY_A_PERSON
        return author if by_person and author.id != root_id else author.browse()

    @api.model
    def _mailflow_goes_out(self, values) -> bool:
        """Whether a message, by its values, is for people outside of the company."""
        note_id = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")
        return values.get("message_type") in ANSWERS and values.get("subtype_id") != note_id

    def _mailflow_offered(self):
        """The From addresses that the user may choose from for this ticket."""
        self.ensure_one()
        # the ticket's own comes with the ticket, whichever teams the user is in
        return (
            self.env["helpdesk.from.address"]._offered_to(self.env.user, self.company_id)
            | self.answers_via_id
        )

    def _mailflow_sender_values(self, values, check: bool = True) -> dict:
        """What a message of this ticket is sent as.

        :param values: of a ``mail.message``
        :param check: whether the user chooses the From address now
        :return: values for it; none if the company has no From address
        :raise AccessError: the chosen From address is not the user's to choose
        """
        self.ensure_one()
        chosen = self.env["helpdesk.from.address"].browse(
            values.get("helpdesk_from_address_id") or []
        )
        notes = []
        # the chatter posts with sudo, so the rights of a user do not tell; OdooBot may
        check = check and self.env.uid != SUPERUSER_ID
        if chosen and check and chosen not in self._mailflow_offered():
            raise AccessError(self._not_offered(chosen))
        wished = chosen.sudo() or self._mailflow_wished_sender()
        sender = wished if wished.is_usable else self.sudo().answers_via_id
        if not sender:
            return {}
        if wished and wished != sender and self._mailflow_goes_out(values):
            notes.append(
                {
                    "code": "sender_fallback",
                    "values": {"wished": wished.email, "sender": sender.email},
                }
            )
        return {
            "email_from": self._mailflow_from(sender, self._mailflow_author(values)),
            "mail_server_id": sender._mail_server().id,
            "helpdesk_from_address_id": sender.id,
            "helpdesk_notes": notes or False,
        }

    # ------------------------------------------------------------
    # MESSAGES
    # ------------------------------------------------------------

    def _get_message_create_valid_field_names(self):
        return super()._get_message_create_valid_field_names() | {
            *CHOICES_OF_AGENTS,
            "helpdesk_notes",
        }

    def _get_allowed_message_params(self):
        allowed = super()._get_allowed_message_params()
        # a customer in the portal must not have us write to strangers
        return allowed | CHOICES_OF_AGENTS if self.env.user._is_internal() else allowed

    def _message_create(self, values_list):
        """What we say leaves as the ticket's From address, whoever is logged in."""
        tickets = self.browse(
            {values["res_id"] for values in values_list if values.get("model") == self._name}
        )
        # one computation for all
        tickets.sudo().mapped("answers_via_id")
        notes = []
        for values in values_list:
            notes.append(False)
            if values.get("model") != self._name or not values.get("res_id"):
                continue
            if values.get("message_type") in NOT_OURS:
                continue
            values.update(self.browse(values["res_id"])._mailflow_sender_values(values))
            notes[-1] = values.pop("helpdesk_notes", False)
            if values.get("helpdesk_private"):
                values["is_internal"] = True
        messages = super()._message_create(values_list)
        for message, found in zip(messages, notes, strict=True):
            if found:
                # sudo: a customer in the portal may cause them, and write none
                message.sudo().helpdesk_notes = found
        return messages

    # ------------------------------------------------------------
    # REPLY-TO
    # ------------------------------------------------------------

    def _notify_get_reply_to(self, default=None, author_id=False):
        result = super()._notify_get_reply_to(default=default, author_id=author_id)
        return {**result, **self._reply_to_of_queues()}

    def _notify_get_reply_to_batch(self, defaults=None, author_ids=None):
        result = super()._notify_get_reply_to_batch(defaults=defaults, author_ids=author_ids)
        return {**result, **self._reply_to_of_queues()}

    def _reply_to_of_queues(self) -> dict[int, str]:
        """Answers come back to the support alias that the ticket came in by: ticket id ->
        formatted address. The From address itself, if it leads there, so that customers see
        one address only; else the alias's own."""
        found = {}
        # sudo: a queue's rights do not matter for writing to its address
        for ticket in self.sudo():
            queue, sender = ticket.support_alias_id, ticket.answers_via_id
            if not queue.email:
                continue
            name = one_line(queue.friendly_name or queue.name or "")
            if sender.email in queue.address_ids.filtered(lambda a: a.kind in LEADING).mapped(
                "email"
            ):
                email = sender.email
            else:
                email = queue.email
            formatted = tools.formataddr((name, email))
            found[ticket.id] = formatted if len(formatted) < FOLDED else email
        return found
