# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What an agent is shown and may choose while writing an answer."""

from odoo import SUPERUSER_ID, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.mail.tools.discuss import Store

from ..mailflow import header
from ..mailflow.charset import one_line
from .helpdesk_ticket_sender import CHOICES_OF_AGENTS

#: More than this many copies is a mailing, not an answer.
MAX_COPIES = 100


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    # ------------------------------------------------------------
    # WHAT THE COMPOSERS SHOW
    # ------------------------------------------------------------

    def _mailflow_requester(self) -> dict | bool:
        """Whom an answer is for.

        :return: ``name``, ``email`` (``False`` if there is none), ``partner_id`` (``False``
            unless the address is the contact's); ``False`` if the ticket names nobody
        """
        self.ensure_one()
        # sudo: who may read the ticket may know who asked
        ticket = self.sudo()
        partner = ticket.partner_id
        if partner.email_normalized:
            return {
                "partner_id": partner.id,
                "name": one_line(partner.name or partner.display_name or ""),
                "email": partner.email_normalized,
            }
        name, email = tools.parse_contact_from_email(ticket.partner_email)
        if not (partner or email or ticket.partner_name):
            return False
        return {
            "partner_id": False,
            "name": one_line(partner.name or ticket.partner_name or name or ""),
            "email": tools.email_normalize(email) or False,
        }

    def _mailflow_copied(self) -> list[dict]:
        """Who takes part without having asked, and gets copies: ``name`` and ``email`` of each.
        Nobody if they are more than one answer may go to: a crowd that a customer put in Cc is
        no addressee."""
        people = self._mailflow_participants()
        if len(people) > MAX_COPIES:
            return []
        addressed = self._mailflow_addressed()
        return [
            {"name": each["name"], "email": each["email"]}
            for each in people
            if each["email"] != self.env.user.email_normalized
            # suggested for To, as followers are not
            and (each["follows"] or each["email"] not in addressed)
        ]

    def _mailflow_addressed(self) -> set[str]:
        """Whom the last message of the conversation was addressed to."""
        self.ensure_one()
        # sudo: as _mailflow_participants
        messages = self.sudo()._sort_suggested_messages(self.sudo().message_ids)
        last = messages.filtered(lambda each: each.message_type in ("comment", "email"))[:1]
        return set(tools.email_normalize_all(last.incoming_email_to or ""))

    def _mailflow_answer_data(self) -> dict:
        """What the composers know of an answer to this ticket.

        ``from_addresses`` (``id``, ``email``, ``preview`` of each), ``from_id``, ``requester``
        (:meth:`_mailflow_requester`), ``cc`` (:meth:`_mailflow_copied`), ``private_allowed``,
        ``text_message`` (``False`` if Odoo cannot send any; else ``number`` and ``reason``, why
        this requester gets none).
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "from_addresses": [
                {
                    "id": address.id,
                    "email": address.email,
                    "preview": self._mailflow_from_shown(address),
                }
                for address in self._mailflow_offered()
            ],
            "from_id": self.answers_via_id.id,
            "requester": self._mailflow_requester(),
            "cc": self._mailflow_copied(),
            "private_allowed": self._mailflow_private_allowed(),
            "text_message": self._mailflow_text_message(),
        }

    def _mailflow_from_shown(self, address) -> str:
        """The From header of an answer as mail programs show it, without quotes."""
        name, _email = tools.parse_contact_from_email(
            self._mailflow_from(address, self.env.user.partner_id)
        )
        return address._shown(name)

    def _mailflow_private_allowed(self) -> bool:
        self.ensure_one()
        # sudo: policies are the managers' to set, and everybody's to follow
        ticket = self.sudo()
        return bool(ticket.company_id._mailflow_policy("private_answers", ticket.team_id))

    def _thread_to_store(self, store: Store, fields, *, request_list=None):
        result = super()._thread_to_store(store, fields, request_list=request_list)
        if "suggestedRecipients" in (request_list or ()) and self.env.user._is_internal():
            for ticket in self:
                data = ticket.sudo(False)._mailflow_answer_data()
                store.add(ticket, {"helpdesk_answer": data}, as_thread=True)
        return result

    def _sort_suggested_messages(self, messages):
        """Who was written to past the requester is not suggested for the next answer."""
        return super()._sort_suggested_messages(
            messages.filtered(lambda each: not each._mailflow_is_apart())
        )

    def _message_get_suggested_recipients_batch(
        self, *args, reply_message=None, no_create=True, **kwargs
    ):
        """The requester first, unless it goes on with what went past the requester; those in
        Cc are suggested there, and who has no address nowhere. No contacts are made of
        suggestions."""
        suggested = super()._message_get_suggested_recipients_batch(
            *args, reply_message=reply_message, no_create=True, **kwargs
        )
        is_apart = bool(reply_message and reply_message._mailflow_is_apart())
        for ticket in self:
            requester = ticket._mailflow_requester_emails()
            left_out = {False, *(each["email"] for each in ticket._mailflow_copied())}
            left_out |= ticket._mailflow_removed()
            if is_apart:
                left_out |= requester
            found = [each for each in suggested[ticket.id] if each["email"] not in left_out]
            # stable: the others stay as they are
            found.sort(key=lambda each: each["email"] not in requester)
            suggested[ticket.id] = found
        return suggested

    # ------------------------------------------------------------
    # A REQUESTER WITHOUT ADDRESS
    # ------------------------------------------------------------

    def action_set_requester_email(self, email: str) -> dict:
        """Give the requester, who has none, an address.

        :return: :meth:`_mailflow_answer_data`
        :raise ValidationError: it is not one address
        :raise UserError: it is ours, or the requester has one by now
        """
        self.ensure_one()
        self.check_access("write")
        read = header.addresses(email or "", 2)
        normalized = tools.email_normalize(email or "")
        if len(read) != 1 or not normalized or "." not in normalized.rpartition("@")[2]:
            raise ValidationError(
                self.env._(
                    "“%(email)s” is not an e-mail address. Write it like name@example.com.",
                    email=email or "",
                )
            )
        # sudo: which addresses are ours is no secret
        if self.env["mail.alias.domain"].sudo()._find_aliases([normalized]):
            raise UserError(
                self.env._(
                    "%(email)s is one of our own addresses. Write the customer's.", email=normalized
                )
            )
        requester = self._mailflow_requester()
        if requester and requester["email"]:
            raise UserError(
                self.env._(
                    "The requester has the address %(email)s by now. Reload the page.",
                    email=requester["email"],
                )
            )
        if self.partner_id:
            self._contact_to_complete().email = normalized
        self.partner_email = normalized
        return self._mailflow_answer_data()

    def _contact_to_complete(self):
        """The contact, to be given the address that it lacks."""
        partner = self.partner_id
        # sudo: agents seldom may change contacts, yet may tell where this one is reached. Not
        # if somebody logs in as it: passwords are reset by mail.
        users = partner.sudo().with_context(active_test=False).user_ids
        return partner if users or partner.has_access("write") else partner.sudo()

    # ------------------------------------------------------------
    # TEXT MESSAGES
    # ------------------------------------------------------------

    def _mailflow_text_message(self) -> dict | bool:
        """Whether the requester can be sent a text message; see :meth:`_mailflow_answer_data`."""
        self.ensure_one()
        # Odoo's sms, which this addon does not depend on
        if "sms.sms" not in self.env:
            return False
        # sudo: as _mailflow_requester
        info = self.sudo()._sms_get_recipients_info()[self.id]
        number, sanitized = info["number"], info["sanitized"]
        if sanitized:
            reason = ""
        elif number:
            reason = self.env._("%(number)s is no phone number", number=number)
        elif self.partner_id:
            reason = self.env._("The contact has no phone number")
        else:
            reason = self.env._("There is no contact with a phone number")
        return {"number": sanitized or number or "", "reason": reason}

    def action_send_text_message(self, body: str) -> int:
        """Answer by text message.

        :param body: plain text
        :return: id of the ``mail.message``
        :raise UserError: this is not possible, with the reason
        """
        self.ensure_one()
        self.check_access(self._mail_get_operation_for_mail_message_operation("create")[self])
        able = self._mailflow_text_message()
        if not able:
            raise UserError(
                self.env._("Text messages need the SMS app of Odoo. Ask a system admin for it.")
            )
        if able["reason"]:
            raise UserError(able["reason"])
        if not (body or "").strip():
            raise UserError(self.env._("Write something first."))
        return self._message_sms(body.strip()).id

    # ------------------------------------------------------------
    # WHAT IS POSTED
    # ------------------------------------------------------------

    def _get_allowed_message_params(self):
        allowed = super()._get_allowed_message_params()
        # people in To of whom no contact is made
        return allowed | {"outgoing_email_to"} if self.env.user._is_internal() else allowed

    def message_post(self, **kwargs):
        self._refuse_to_relay(kwargs)
        if CHOICES_OF_AGENTS & kwargs.keys():
            kwargs = self._mailflow_checked_choices(kwargs)
        return super().message_post(**kwargs)

    def _refuse_to_relay(self, values) -> None:
        """A customer who calls us past the portal, which posts with all rights and takes little
        along, has us write to no strangers.

        :param values: keyword arguments of ``message_post``
        :raise AccessError: by somebody in the portal
        """
        if self.env.su or not self.env.user.share:
            return
        # sudo: compared, never shown
        ticket = self.sudo()
        partners = ticket.env["res.partner"].browse(values.get("partner_ids") or [])
        strangers = partners.filtered("partner_share") - ticket.partner_id
        if (
            strangers - ticket.message_partner_ids
            or any(values.get(name) for name in ("outgoing_email_to", "helpdesk_forward"))
            or values.get("message_type") == "email"
        ):
            raise AccessError(self.env._("Only agents choose who an answer is from and goes to."))

    def _mailflow_checked_choices(self, values) -> dict:
        """What an agent chose in a composer, checked again.

        :param values: keyword arguments of ``message_post``
        :raise AccessError: by somebody in the portal
        :raise UserError: no such answer can be sent, with the reason
        """
        self.ensure_one()
        if self.env.user.share and self.env.uid != SUPERUSER_ID:
            raise AccessError(self.env._("Only agents choose who an answer is from and goes to."))
        values = dict(values)
        for name in ("helpdesk_cc", "helpdesk_bcc", "outgoing_email_to"):
            # None: the agent was not asked; "": the agent left nobody there
            if isinstance(values.get(name), str):
                values[name] = self._mailflow_checked_addresses(values[name])
        copies = f"{values.get('helpdesk_cc') or ''}, {values.get('helpdesk_bcc') or ''}"
        if len(tools.mail.email_split(copies)) > MAX_COPIES:
            raise UserError(
                self.env._("Cc and Bcc hold at most %(limit)s addresses.", limit=MAX_COPIES)
            )
        if values.get("helpdesk_private"):
            self._check_without_requester(f"{copies}, {values.get('outgoing_email_to') or ''}")
        # a forward goes to nobody but those who are named
        if not values.get("notify_skip_followers"):
            self._mailflow_settle_requester(values, copies)
        return values

    def _check_without_requester(self, addresses: str) -> None:
        if self._mailflow_requester_emails() & set(tools.mail.email_normalize_all(addresses)):
            requester = self._mailflow_requester()
            raise UserError(
                self.env._(
                    "%(name)s is not to see this message, but is among its recipients. Take them"
                    " out of Cc and Bcc, too.",
                    name=requester["name"] or requester["email"],
                )
            )

    def _mailflow_settle_requester(self, values, copies: str) -> None:
        """The requester gets each answer that is not private, and nothing of those that are."""
        requester = self._mailflow_requester()
        emails = self._mailflow_requester_emails()
        partner_ids = list(values.get("partner_ids") or [])
        to = values.get("outgoing_email_to") or ""
        if values.get("helpdesk_private"):
            if not self._mailflow_private_allowed():
                raise UserError(
                    self.env._(
                        "Answers without the requester are switched off for this team. Write an"
                        " internal note instead, or ask a helpdesk manager to allow private"
                        " answers."
                    )
                )
            if not (partner_ids or to or tools.mail.email_split(copies)):
                raise UserError(
                    self.env._(
                        "Nobody gets this answer. Add somebody to To, Cc or Bcc, or log a note"
                        " instead."
                    )
                )
            # sudo: as _mailflow_requester
            values["partner_ids"] = [pid for pid in partner_ids if pid != self.sudo().partner_id.id]
        elif not requester or not requester["email"]:
            return
        elif requester["partner_id"]:
            if requester["partner_id"] not in partner_ids:
                values["partner_ids"] = [*partner_ids, requester["partner_id"]]
        elif not emails & set(tools.mail.email_normalize_all(f"{copies}, {to}")):
            formatted = tools.formataddr((requester["name"], requester["email"]))
            values["outgoing_email_to"] = ", ".join(filter(None, (formatted, to)))

    def _mailflow_checked_addresses(self, text: str) -> str:
        """Addresses as an agent wrote them, as they are stored: each once.

        :raise UserError: one of them is none
        """
        found = {}
        for address in header.addresses(header.unfold(text), MAX_COPIES * 10):
            name, email = address.name, tools.email_normalize(address.email)
            # a missing comma makes a name of the address next to it
            swallowed = "@" in name and f"<{address.email}>" not in text
            if not email or swallowed:
                raise UserError(
                    self.env._(
                        "“%(text)s” is not an e-mail address. Correct or remove it.",
                        text=address.formatted,
                    )
                )
            found.setdefault(email, name)
        if text.strip(" ,;") and not found:
            raise UserError(
                self.env._("“%(text)s” is not an e-mail address. Correct or remove it.", text=text)
            )
        return ", ".join(tools.formataddr((name, email)) for email, name in found.items())

    def _mailflow_recipients_chosen(self, message, recipients) -> list[dict]:
        """Followers outside of the company whom the agent took out of Cc get nothing.

        A step of ``_notify_get_recipients``.
        """
        # sudo: Bcc is not for everyone to read
        own = message.sudo()
        if not isinstance(own.helpdesk_cc, str):
            return recipients
        named = self._mailflow_requester_emails() | set(
            tools.mail.email_normalize_all(
                ", ".join(filter(None, (own.helpdesk_cc, own.helpdesk_bcc, own.outgoing_email_to)))
            )
        )
        return [
            each
            for each in recipients
            if not each["share"]
            or not each["is_follower"]
            or each["id"] in own.partner_ids.ids
            or each["email_normalized"] in named
        ]
