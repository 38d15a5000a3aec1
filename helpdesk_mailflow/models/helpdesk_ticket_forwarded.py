# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Tickets of mails that an agent forwarded: whose they are."""

import re

from markupsafe import Markup

from odoo import api, fields, models, tools
from odoo.tools.mail import is_html_empty

from ..mailflow.forwarded import Forwarded, tell_forwarded
from ..mailflow.header import Address
from ..mailflow.html import html_to_text
from ..mailflow.mail import Attachment, Mail
from ..mailflow.note import note
from ..mailflow.subject import subject_key
from .helpdesk_ticket_composer import MAX_COPIES

# Odoo's own marks of what it takes for a quote.
_FOLDED = re.compile(r"\sdata-o-mail-quote[\w-]*=\"1\"")
_IMAGE = re.compile(r"/web/(?:image|content)/(\d+)")


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    # Who may have written the mail that an agent forwarded: {"by": e-mail of the agent,
    # "candidates": [[name, e-mail], …]}. Kept here, since the source of a mail is not kept for
    # ever. All else is read again from the first message, which is kept as long as the ticket.
    forwarded_mail = fields.Json(copy=False, groups="base.group_user")
    is_forwarded_mail = fields.Boolean(
        compute="_compute_is_forwarded_mail", groups="base.group_user"
    )
    is_forwarders_own = fields.Boolean(
        "Is whoever forwarded it the requester?",
        compute="_compute_is_forwarded_mail",
        groups="base.group_user",
    )

    @api.depends("forwarded_mail", "partner_id", "partner_email")
    def _compute_is_forwarded_mail(self):
        for ticket in self:
            forwarded = ticket.forwarded_mail or {}
            ticket.is_forwarded_mail = bool(forwarded)
            ticket.is_forwarders_own = bool(
                forwarded and forwarded.get("by") in ticket._mailflow_requester_emails()
            )

    def action_set_requester(self):
        """Open the wizard that makes somebody else the requester."""
        self.ensure_one()
        self.check_access("write")
        wizard = self.env["helpdesk.set.requester"].create({"ticket_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set requester"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    # ------------------------------------------------------------
    # THE ORIGINAL
    # ------------------------------------------------------------

    def _forwarded_message(self):
        """The message that the forwarded mail became."""
        self.ensure_one()
        # sudo: who may read the ticket may read what it is made of
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("message_type", "=", "email"),
                ],
                order="id",
                limit=1,
            )
        )

    def _forwarded_original(self) -> Forwarded | None:
        """The original of the mail that an agent forwarded, read from its message; None if there
        is none any more, as after it was taken over."""
        self.ensure_one()
        message = self._forwarded_message()
        if not self.forwarded_mail or not message:
            return None
        body = _FOLDED.sub("", str(message.body or ""))
        found = tell_forwarded(
            Mail(
                size=len(body),
                identity="",
                body_digest="",
                message_id=message.message_id or "",
                message_id_given=False,
                subject=message.subject or "",
                text=html_to_text(body),
                html=body,
                attachments=tuple(
                    Attachment(each.name, each.mimetype, each.raw, "", False)
                    for each in self._attached_mails(message)
                ),
            )
        )
        if not found:
            return None
        # sudo: whose addresses these are is looked up as the intake does
        judge = self.env["helpdesk.intake.judge"].sudo()
        own, partners = judge._own_addresses(found.emails), judge._partners(found.emails)
        requester = self.env["helpdesk.intake.requester"].sudo()
        return found.settled(lambda address: requester._is_ours(address, own, partners))

    def _attached_mails(self, message):
        return message.attachment_ids.filtered(
            lambda each: each.mimetype == "message/rfc822" or each.name.lower().endswith(".eml")
        )

    # ------------------------------------------------------------
    # THE REQUESTER
    # ------------------------------------------------------------

    def _set_requester(self, partner, address: Address, take_original: bool) -> None:
        """Make somebody the requester.

        :param partner: their contact; may be empty
        :param take_original: title and text become those of the forwarded mail, and what the
            agent wrote above it an internal note
        """
        self.ensure_one()
        self.check_access("write")
        before = self.partner_id
        original = self._forwarded_original() if take_original else None
        if original:
            self._take_original(original, partner, address)
        self.write(
            {
                "partner_id": partner.id,
                "partner_name": address.name or partner.name or address.email,
                "partner_email": address.email,
            }
        )
        # sudo: the customer before must not get what is answered to another one
        if before != partner and before.partner_share:
            self.sudo().message_unsubscribe(before.ids)
        if partner:
            self.message_subscribe(partner.ids)
        # sudo: an agent may not write the ledger, where all that is done with a mail is told
        deliveries = self.env["helpdesk.incoming.mail.delivery"].sudo()
        delivery = deliveries.search(
            [("ticket_id", "=", self.id), ("outcome", "=", "ticket")], order="id", limit=1
        )
        if delivery:
            told = address.formatted or partner.display_name
            delivery.mail_id._add_trace(
                "person", note("person_set_requester", user=self.env.user.name, requester=told)
            )

    def _take_original(self, original: Forwarded, partner, address: Address) -> None:
        message = self._forwarded_message()
        forwarder = message.author_id
        files = [(each.name, each.content, {"cid": each.cid}) for each in original.attachments]
        values = {"body": Markup(original.body), "model": self._name, "res_id": self.id}
        values.update(self.sudo()._process_attachments_for_post(files, [], values))
        agents = self._agents_files(message, original)
        posted = self._post_agents_note(original.above, forwarder, bool(agents))
        # sudo: they are of the same ticket, but of a message of somebody else
        posted.sudo().attachment_ids = [(4, each.id) for each in agents]
        message.write(
            {
                "body": values["body"],
                "subject": original.subject or message.subject,
                "author_id": partner.id,
                "email_from": address.formatted or message.email_from,
                "attachment_ids": [
                    *values.get("attachment_ids", ()),
                    *((3, each.id) for each in agents),
                ],
            }
        )
        message._mailflow_set_marks(
            [note("mark_forwarded", agent=forwarder.email or "", address=address.email)]
        )
        self.write(
            {
                "name": original.subject or self.name,
                "description": message.body,
                "subject_key": subject_key(original.subject or self.name or "") or False,
                "email_cc": self._with_people_of(original, address),
            }
        )

    def _agents_files(self, message, original: Forwarded):
        """Files of the message that are not the customer's: the attached mail as a whole, and
        pictures among the agent's own words."""
        own = set(_IMAGE.findall(original.above)) - set(_IMAGE.findall(original.body))
        found = message.attachment_ids.filtered(lambda each: str(each.id) in own)
        return found | (message.attachment_ids if original.attached else found)

    def _post_agents_note(self, above: str, forwarder, has_files: bool, **values):
        """What an agent wrote above a forwarded mail, as an internal note.

        :param above: HTML, tamed
        :param forwarder: contact of the agent
        :param has_files: files of the agent are there, too
        :param values: further ones of ``message_post``
        :return: ``mail.message``, empty if the agent added nothing
        """
        if is_html_empty(above) and not has_files:
            return self.env["mail.message"]
        if is_html_empty(above):
            above = Markup("<p>%s</p>") % self.env._("The mail as it was forwarded is attached.")
        return self.with_context(mail_post_autofollow_author_skip=True).message_post(
            body=Markup(above),
            subtype_xmlid="mail.mt_note",
            author_id=forwarder.id or None,
            is_internal=True,
            **values,
        )

    def _with_people_of(self, original: Forwarded, address: Address) -> str:
        """Who takes part by address, with whom the original was sent to."""
        people = [each for each in (*original.to, *original.cc) if each.email]
        # sudo: as in _forwarded_original
        judge = self.env["helpdesk.intake.judge"].sudo()
        emails = {each.normalized for each in people}
        own, partners = judge._own_addresses(emails), judge._partners(emails)
        requester = self.env["helpdesk.intake.requester"].sudo()
        known = self._mail_cc_sanitized_raw_dict(self.email_cc)
        left_out = {address.normalized, *known, *self._mailflow_removed()}
        for each in people:
            email = each.normalized
            if email in left_out or tools.email_normalize(email) != email:
                continue
            if len(known) < MAX_COPIES and not requester._is_ours(each, own, partners):
                known[email] = tools.formataddr((each.name, email))
        return ", ".join(known.values())
