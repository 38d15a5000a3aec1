# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from markupsafe import Markup

from odoo import api, models

from ..mailflow.note import note
from ..mailflow.subject import subject_key

# its methods are overridden here, so it comes first
from . import intake_act_messages  # noqa: F401 # pylint: disable=unused-import
from .intake_values import Outcome

#: Badges that say whether the sender is proven.
ABOUT_SENDER = frozenset(("mark_proven", "mark_proven_forwarder", "mark_unproven"))


class HelpdeskIntakeAct(models.AbstractModel):
    """What an agent forwards becomes what the customer wrote; what the agent wrote above it
    becomes an internal note. The customer sees nothing of the agent's mail.

    Whoever forwarded it follows the ticket, as somebody who makes one by hand does.
    """

    _inherit = "helpdesk.intake.act"

    # ------------------------------------------------------------
    # THE CUSTOMER'S
    # ------------------------------------------------------------

    @api.model
    def _title(self, item) -> str:
        if item.original:
            return item.original.subject or self.env._("No Subject")
        return super()._title(item)

    @api.model
    def _body(self, item) -> Markup:
        if item.original:
            return Markup(item.original.body)
        return super()._body(item)

    @api.model
    def _written(self, item) -> Markup:
        if item.original:
            return self._body(item)
        return super()._written(item)

    @api.model
    def _ticket_values(self, item, channel) -> dict:
        values = super()._ticket_values(item, channel)
        if item.original:
            values["subject_key"] = subject_key(item.original.subject) or False
        forwarded = item.requester.forwarded
        if forwarded:
            values["forwarded_mail"] = {
                "by": item.plan.verdict.writer.address.normalized,
                "candidates": [[each.name, each.email] for each in forwarded.candidates],
            }
        return values

    @api.model
    def _post_values(self, item, creation_subtype=None) -> dict:
        values = super()._post_values(item, creation_subtype)
        if item.original:
            own = item.plan.verdict.own_addresses
            values["subject"] = item.original.subject or False
            for name, people in (("to", item.original.to), ("cc", item.original.cc)):
                values[f"incoming_email_{name}"] = ",".join(
                    each.formatted for each in people if each.normalized not in own
                )
        return values

    @api.model
    def _message_dict(self, item) -> dict:
        values = super()._message_dict(item)
        if item.original:
            values["subject"] = item.original.subject
            values["to"] = values["incoming_email_to"] if item.ticket else ""
            values["cc"] = values["incoming_email_cc"] if item.ticket else ""
        return values

    # ------------------------------------------------------------
    # FILES
    # ------------------------------------------------------------

    @api.model
    def _attachments(self, item) -> list[tuple]:
        if not item.original:
            return super()._attachments(item)
        return self._files(self._sorted_files(item)[0])

    @api.model
    def _sorted_files(self, item) -> tuple[list, list]:
        """Files of the customer, and those of the agent.

        What came with an attached mail is the customer's, and all else the agent's. Within a
        body nobody can tell, so all are the customer's but the images that the agent shows.
        """
        original, files = item.original, item.mail.attachments
        if original.attached:
            return list(original.attachments), list(files)
        html = item.mail.html or ""
        agents = [
            each
            for each in files
            if each.cid and f"cid:{each.cid}" in html and f"cid:{each.cid}" not in original.body
        ]
        return [each for each in files if each not in agents], agents

    # ------------------------------------------------------------
    # THE AGENT'S
    # ------------------------------------------------------------

    @api.model
    def _make_messages(self, items) -> None:
        for item in items:
            if item.original:
                # what is known of the sender is about the agent
                item.marks[:] = [each for each in item.marks if each.code not in ABOUT_SENDER]
                item.marks.insert(
                    0,
                    note(
                        "mark_forwarded",
                        agent=item.plan.verdict.writer.address.email,
                        address=item.requester.address.email,
                    ),
                )
        result = super()._make_messages(items)
        for item in items:
            if item.original:
                self._post_forwarders_note(item)
                self._follow_forwarded(item)
        return result

    @api.model
    def _post_forwarders_note(self, item) -> None:
        """What the agent wrote above the forwarded mail, and the mail itself if it was
        attached."""
        above = item.original.above
        _customers, agents = self._sorted_files(item)
        if not item.original.attached:
            agents = [each for each in agents if f"cid:{each.cid}" in above]
        agent = self.env["res.users"].browse(item.plan.verdict.writer.user_id)
        posted = item.ticket._post_agents_note(
            above,
            agent.partner_id,
            bool(agents),
            email_from=item.plan.verdict.writer.address.formatted,
            attachments=self._files(agents),
        )
        if posted:
            item.notes.append(note("act_forward_note", agent=agent.name))

    @api.model
    def _follow_forwarded(self, item) -> None:
        """After the message, which the agent knows already."""
        agent = self.env["res.users"].browse(item.plan.verdict.writer.user_id)
        if item.delivery.outcome is Outcome.TICKET and item.ticket.company_id in agent.company_ids:
            item.ticket._message_subscribe(agent.partner_id.ids)
