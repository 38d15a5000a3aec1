# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models, tools
from odoo.tools import SQL

from .intake_values import Standing
from .thread_entrance import Part


class HelpdeskIntakeJudge(models.AbstractModel):
    """How writers take part in tickets."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _parts(self, wanted, successors, partners) -> dict:
        """How writers take part in the tickets that their mails point to, or in those that go on
        with their conversations.

        :param wanted: (ticket id, row id) -> Writer
        :param successors: ticket id -> Successor; those that are gone are absent
        :param partners: address -> ``res.partner``
        :return: (ticket id, row id) -> Part
        """
        result, unknown = {}, {}
        for (ticket_id, row_id), writer in wanted.items():
            successor = successors.get(ticket_id)
            if not successor:
                continue
            part = self._plain_part(successor.named | successor.ticket, writer)
            result[ticket_id, row_id] = part or Part.STRANGER
            if not part and writer.address.normalized:
                unknown[ticket_id, row_id] = writer, successor
        if not unknown:
            return result
        had = self._had_mails(
            {id_ for _writer, each in unknown.values() for id_ in (each.named.id, each.ticket.id)},
            {writer.address.normalized for writer, _each in unknown.values()},
        )
        for key, (writer, successor) in unknown.items():
            email, both = writer.address.normalized, successor.named | successor.ticket
            if any(email in each._mailflow_removed() for each in both):
                # an agent took them out for good
                continue
            found = {had[each.id, email] for each in both if (each.id, email) in had}
            if Part.CUSTOMER in found:
                result[key] = Part.CUSTOMER
            elif any(self._is_of_account(each, email, partners) for each in both):
                result[key] = Part.ACCOUNT
            elif found:
                result[key] = Part.FORWARDED
        return result

    @api.model
    def _plain_part(self, tickets, writer) -> Part | None:
        """What tickets tell themselves."""
        if writer.standing is Standing.IMPOSTOR:
            return Part.IMPOSTOR
        if any(self._is_customer(each, writer.address.normalized) for each in tickets):
            return Part.CUSTOMER
        # sudo: which companies an agent works in
        user = self.env["res.users"].sudo().browse(writer.user_id or [])
        if user and any(each.company_id in user.company_ids for each in tickets):
            return Part.AGENT
        return None

    @api.model
    def _is_customer(self, ticket, email: str) -> bool:
        """Whether an address takes part in a ticket from outside."""
        outside = ticket.message_partner_ids.filtered("partner_share") | ticket.partner_id
        known = {
            *outside.mapped("email_normalized"),
            *tools.email_normalize_all(ticket.email_cc or ""),
        }
        known.add(tools.email_normalize(ticket.partner_email or ""))
        agents = (ticket.team_id.user_ids | ticket.user_id).mapped("email_normalized")
        return bool(email) and email in known.difference(agents)

    @api.model
    def _is_of_account(self, ticket, email: str, partners) -> bool:
        """By policy colleagues of the requester take part: contacts of the same account, which is
        a company and not a person."""
        account = ticket.partner_id.commercial_partner_id
        if not account.is_company:
            return False
        of_account = [each.commercial_partner_id for each in partners.get(email, ())]
        return account in of_account and ticket.company_id._mailflow_policy(
            "same_account", ticket.team_id
        )

    @api.model
    def _had_mails(self, ticket_ids, emails) -> dict[tuple[int, str], Part]:
        """Who had or wrote messages of tickets, without being named by the ticket: (ticket id,
        address) -> CUSTOMER, or FORWARDED where it was only what the requester has not."""
        self.env["mail.message"].flush_model()
        self.env["mail.notification"].flush_model()
        result = {}

        def add(ticket_id, email, apart):
            if email in emails and not (apart and (ticket_id, email) in result):
                result[ticket_id, email] = Part.FORWARDED if apart else Part.CUSTOMER

        apart = SQL(
            # a forward that the requester sees is none
            "COALESCE(message.helpdesk_private, FALSE)"
            " OR COALESCE(message.is_internal, FALSE) OR (COALESCE(subtype.internal, FALSE)"
            "   AND message.message_type NOT IN ('auto_comment', 'email'))"
        )
        for row in self.env.execute_query(
            SQL(
                "SELECT message.res_id,"
                " COALESCE(partner.email_normalized, notification.mail_email_address), %s"
                " FROM mail_message message"
                " JOIN mail_notification notification ON notification.mail_message_id = message.id"
                " LEFT JOIN res_partner partner ON partner.id = notification.res_partner_id"
                " LEFT JOIN mail_message_subtype subtype ON subtype.id = message.subtype_id"
                " WHERE message.model = 'helpdesk.ticket' AND message.res_id = ANY(%s)"
                " AND COALESCE(partner.email_normalized, notification.mail_email_address)"
                "   = ANY(%s)",
                apart,
                list(ticket_ids),
                list(emails),
            )
        ):
            add(*row)
        patterns = [f"%{tools.escape_psql(email)}%" for email in emails]
        for ticket_id, *texts, is_apart in self.env.execute_query(
            SQL(
                "SELECT message.res_id, message.email_from, message.incoming_email_to,"
                " message.incoming_email_cc, %s"
                " FROM mail_message message"
                " LEFT JOIN mail_message_subtype subtype ON subtype.id = message.subtype_id"
                " WHERE message.model = 'helpdesk.ticket' AND message.res_id = ANY(%s)"
                " AND message.message_type = 'email'"
                " AND concat_ws(',', message.email_from, message.incoming_email_to,"
                "   message.incoming_email_cc) ILIKE ANY(%s)",
                apart,
                list(ticket_ids),
                patterns,
            )
        ):
            for text in filter(None, texts):
                for email in tools.email_normalize_all(text):
                    add(ticket_id, email, is_apart)
        return result
