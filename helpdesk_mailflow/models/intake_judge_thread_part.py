# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict

from odoo import api, models, tools
from odoo.tools import SQL

from ..mailflow.domain import is_free_mail, registrable_domain
from .intake_rules import Place
from .intake_values import Standing
from .thread_entrance import Part


class HelpdeskIntakeJudge(models.AbstractModel):
    """How writers take part in tickets."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _parts(self, wanted, successors, own, partners) -> dict:
        """How writers take part in the tickets that their mails point to, or in those that go on
        with their conversations.

        :param wanted: (ticket id, row id) -> (Entry, Writer)
        :param successors: ticket id -> Successor; those that are gone are absent
        :param own: addresses of these mails that are ours
        :param partners: address -> ``res.partner``
        :return: (ticket id, row id) -> Part
        """
        result, unknown = {}, {}
        for (ticket_id, row_id), (entry, writer) in wanted.items():
            successor = successors.get(ticket_id)
            if not successor:
                continue
            both = successor.named | successor.ticket
            part = self._plain_part(both, writer)
            result[ticket_id, row_id] = part or Part.STRANGER
            if not part and writer.address.normalized:
                unknown[ticket_id, row_id] = entry, writer, both
        if not unknown:
            return result
        had = self._had_mails(
            {id_ for _entry, _writer, both in unknown.values() for id_ in both.ids},
            {writer.address.normalized for _entry, writer, _both in unknown.values()},
        )
        by_reply_to = {}
        for key, (entry, writer, both) in unknown.items():
            email = writer.address.normalized
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
            elif writer.reply_to:
                asked = both.filtered(
                    lambda each, entry=entry, writer=writer: self._is_asked_by_reply_to(
                        each, entry, writer, own, partners
                    )
                )
                if asked:
                    by_reply_to[key] = writer, asked
        return result | self._parts_by_reply_to(by_reply_to)

    @api.model
    def _is_asked_by_reply_to(self, ticket, entry, writer, own, partners) -> bool:
        """Whether a mail is from the requester of a ticket, by Reply-To and by what the policies
        of that ticket say of it."""
        place = Place(ticket.support_alias_id.id, ticket.company_id.id, ticket.team_id.id)
        choose = self.env["helpdesk.intake.requester"]
        requester = choose._requester(entry, writer, place, own, partners)
        return (
            requester.is_by_reply_to
            and requester.address.normalized in ticket._mailflow_requester_emails()
        )

    @api.model
    def _parts_by_reply_to(self, wanted) -> dict:
        """Those who write from where an earlier mail of the ticket came from: a shop puts a new
        address into From at times, but not another mail domain.

        :param wanted: key -> (Writer, ``helpdesk.ticket``)
        :return: key -> Part
        """
        if not wanted:
            return {}
        ways = self._ways_of({id_ for _writer, tickets in wanted.values() for id_ in tickets.ids})
        return {
            key: Part.REPLY_TO
            for key, (writer, tickets) in wanted.items()
            if any(self._way(writer.address.normalized) in ways[each.id] for each in tickets)
        }

    @api.model
    def _ways_of(self, ticket_ids) -> dict[int, set[str]]:
        """Where the mails of tickets came from, see :meth:`_way`."""
        ways = defaultdict(set)
        for ticket_id, email in self.env.execute_query(
            SQL(
                "SELECT DISTINCT delivery.ticket_id, mail.from_address"
                " FROM helpdesk_incoming_mail_delivery delivery"
                " JOIN helpdesk_incoming_mail mail ON mail.id = delivery.mail_id"
                " WHERE delivery.ticket_id = ANY(%s) AND delivery.outcome IN ('ticket', 'reply')"
                " AND mail.from_address IS NOT NULL",
                list(ticket_ids),
            )
        ):
            ways[ticket_id].add(self._way(email))
        return ways

    @api.model
    def _way(self, email: str) -> str:
        """Whose mail system an address is of: its organization's, or its own where everybody can
        have one."""
        domain = email.rpartition("@")[2]
        return email if is_free_mail(domain) else registrable_domain(domain)

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
