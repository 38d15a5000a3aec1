# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
from collections import defaultdict
from dataclasses import dataclass, field

import psycopg2
from markupsafe import Markup

from odoo import api, models, tools
from odoo.tools import SQL

from ..mailflow.forwarded import Forwarded
from ..mailflow.mail import Mail
from ..mailflow.note import Note, note
from ..mailflow.subject import subject_key
from .intake_values import GATEWAY_KEY, DeliveryPlan, Outcome, Participant, Plan, Requester
from .reviewed_overrides import unknown_overrides

_logger = logging.getLogger(__name__)

#: Context of everything that a mail makes, as Odoo's gateway has it: nobody follows what
#: arrives by mail only because the gateway runs as them, and no "created" note is needed.
GATEWAY_CONTEXT = {
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "attachments_mime_plainxml": True,
}
#: Outcomes of mails about a message that we sent.
REPORTS = (Outcome.BOUNCE, Outcome.RECEIPT, Outcome.COMPLAINT)


@dataclass
class Item:
    """One delivery while it is acted on: its records come to be one after the other.

    :param marks: badges that the message gets
    :param quiet: why nothing may answer it automatically, see ``helpdesk.intake.answer``
    :param joining: people in To and Cc who take part in the ticket from now on
    """

    plan: Plan
    delivery: DeliveryPlan
    partner: object = None
    ticket: object = None
    message: object = None
    notes: list[Note] = field(default_factory=list)
    marks: list[Note] = field(default_factory=list)
    quiet: str = ""
    body: Markup | None = None
    joining: tuple[Participant, ...] = ()

    @property
    def mail(self) -> Mail:
        return self.plan.verdict.entry.mail

    @property
    def requester(self) -> Requester:
        return self.plan.verdict.requester(self.delivery.contact)

    @property
    def original(self) -> Forwarded | None:
        """The customer's mail, if an agent forwarded it and it is taken in as the customer's."""
        requester = self.requester
        return requester.forwarded if requester.source == "forwarded" else None

    @property
    def people(self) -> tuple[Participant, ...]:
        """Who had the mail, besides us."""
        return self.requester.participants if self.original else self.plan.verdict.participants


class HelpdeskIntakeAct(models.AbstractModel):
    """Plans -> contacts, tickets, messages; then state, outcome and trace."""

    _name = "helpdesk.intake.act"
    _description = "Intake of mail: act"

    @api.model
    def _act(self, plans: list[Plan]) -> None:
        """Make of the mails what was planned, all or none."""
        self = self.with_context(**GATEWAY_CONTEXT)
        items = [
            Item(plan, delivery, marks=list(delivery.marks))
            for plan in plans
            for delivery in plan.deliveries
        ]
        # before anything is answered
        self._hear_from_senders(plans, items)
        self.env["helpdesk.intake.answer"]._tell_quiet(items)
        self._make_contacts(items)
        self._tell_participants(items)
        self._tell_marks(items)
        self._tell_absences(items)
        self._make_cc_contacts(items)
        self._make_tickets([item for item in items if item.delivery.outcome is Outcome.TICKET])
        self._update_tickets([item for item in items if item.delivery.outcome is Outcome.REPLY])
        # before the messages, of which they are told
        self.env["helpdesk.intake.consequences"]._add_followers(items)
        self._make_messages(
            [
                item
                for item in items
                if item.delivery.outcome in (Outcome.TICKET, Outcome.REPLY, Outcome.NOTE)
            ]
        )
        self.env["helpdesk.intake.answer"]._answer(
            [item for item in items if item.delivery.outcome in (Outcome.TICKET, Outcome.REPLY)]
        )
        self.env["helpdesk.intake.answer"]._answer_unknown(
            [item for item in items if item.delivery.outcome is Outcome.HELD]
        )
        self._find_reported([item for item in items if item.delivery.outcome in REPORTS])
        self._mark_bounces([item for item in items if item.delivery.outcome is Outcome.BOUNCE])
        self._mark_receipts([item for item in items if item.delivery.outcome is Outcome.RECEIPT])
        self._mark_complaints(
            [item for item in items if item.delivery.outcome is Outcome.COMPLAINT]
        )
        self.env["helpdesk.intake.own"]._act(plans)
        self.env["helpdesk.intake.confirmation"]._act(plans, items)
        self.env["helpdesk.intake.consequences"]._act(plans, items)
        self._write_deliveries(items)
        self._write_rows(plans, items)
        self.env.flush_all()

    # ------------------------------------------------------------
    # OTHER PARTS OF ODOO
    # ------------------------------------------------------------

    @api.model
    def _pass_on(self, plans: list[Plan]) -> bool:
        """Let Odoo's own gateway have the mails that concern others, too: each once, before
        the batch and outside of its savepoint. Odoo sends its refusals at once, so a batch
        that is halved must not have them sent again. An error there undoes nothing here.

        :return: whether there were any
        """
        entries = [plan.verdict.entry for plan in plans if plan.pass_on]
        sources = self.env["helpdesk.incoming.mail.source"]._load([each.row_id for each in entries])
        for entry in entries:
            row = self.env["helpdesk.incoming.mail"].browse(entry.row_id)
            row.write(self._row_values(entry.mail))
            row.flush_recordset()
            # first, since its unique index keeps another process with the same mail waiting
            self.env["helpdesk.incoming.mail.delivery"].create(
                {
                    "mail_id": row.id,
                    "identity": entry.mail.identity,
                    "alias_key": GATEWAY_KEY,
                    "company_id": entry.company_id,
                    "outcome": Outcome.PASSED_ON.value,
                }
            )
            gateway = self.env["mail.thread"].with_context(
                mailflow_door=False, mailflow_without_tickets=True
            )
            try:
                with self.env.cr.savepoint():
                    made = gateway.message_process(False, sources[row.id])
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                # met another transaction: both parts are tried again
                raise
            except Exception as error:
                _logger.warning("Odoo's gateway refused incoming mail %s", row.id, exc_info=True)
                text = self.env["helpdesk.intake"]._error_text(error)
                row._add_trace("act", note("act_pass_on_failed", error=text))
            else:
                row._add_trace("act", note("act_passed_on" if made else "act_passed_on_nothing"))
        return bool(entries)

    # ------------------------------------------------------------
    # CONTACTS
    # ------------------------------------------------------------

    @api.model
    def _make_contacts(self, items) -> None:
        Partner = self.env["res.partner"]
        wanted = {}
        for item in items:
            contact = item.delivery.contact
            if not contact:
                item.partner = Partner
            elif (
                contact.values
                and not contact.by_rule
                and item.delivery.outcome in (Outcome.TICKET, Outcome.REPLY)
            ):
                key = (
                    tools.email_normalize(contact.values["email"]),
                    contact.values.get("company_id"),
                )
                wanted.setdefault(key, []).append(item)
            else:
                item.partner = Partner.browse(contact.partner_id or [])
        partners = Partner.create([group[0].delivery.contact.values for group in wanted.values()])
        for partner, group in zip(partners, wanted.values(), strict=True):
            for item in group:
                item.partner = partner
            if partner.parent_id:
                made = note(
                    "act_contact_account",
                    contact=partner.name,
                    account=partner.parent_id.display_name,
                )
            else:
                made = note("act_contact", contact=partner.name)
            group[0].notes.append(made)

    # ------------------------------------------------------------
    # TICKETS
    # ------------------------------------------------------------

    @api.model
    def _make_tickets(self, items) -> None:
        if not items:
            return
        channel = self.env.ref(
            "helpdesk_mgmt.helpdesk_ticket_channel_email", raise_if_not_found=False
        )
        unknown = unknown_overrides(self.env["helpdesk.ticket"], "message_new")
        if unknown:
            _logger.info(
                "message_new goes mail by mail, it is overridden by %s", ", ".join(unknown)
            )
        for (user_id, quiet), group in self._by_author(items).items():
            Ticket = (
                self.env["helpdesk.ticket"]
                .with_user(user_id)
                .sudo()
                .with_context(**GATEWAY_CONTEXT, mailflow_no_automatic_answer=quiet)
            )
            values = [self._ticket_values(item, channel) for item in group]
            self._add_stages(values)
            self._add_numbers(values)
            if unknown:
                tickets = Ticket.concat(
                    *(
                        Ticket.message_new(self._message_dict(item), dict(vals))
                        for item, vals in zip(group, values, strict=True)
                    )
                )
            else:
                with self.env["mail.followers"]._mailflow_batch():
                    tickets = Ticket.create(values)
            for item, ticket in zip(group, tickets, strict=True):
                item.ticket = ticket
                item.notes.append(note("act_ticket", ticket=ticket.number))
                self._tell_new(item, tools.email_normalize_all(ticket.email_cc or ""))
        self._subscribe(items)

    @api.model
    def _by_author(self, items) -> dict[tuple[int, str], list]:
        """Items by the user in whose name their tickets are made (an agent who writes to a
        support alias, else OdooBot, as in Odoo's gateway), and why nothing is answered
        automatically: stages may have a mail template, which starts loops with programs."""
        groups = defaultdict(list)
        root_id = self.env["ir.model.data"]._xmlid_to_res_id("base.user_root")
        for item in items:
            contact = item.delivery.contact
            groups[(contact and contact.user_id) or root_id, item.quiet].append(item)
        return groups

    @api.model
    def _stages(self, team_id, company_id):
        """Stages of a team; without a team those of the company, which `helpdesk_mgmt` takes
        from the environment."""
        team = self.env["helpdesk.ticket.team"].browse(team_id or [])
        return team.with_company(company_id)._get_applicable_stages()

    @api.model
    def _add_stages(self, all_values) -> None:
        """The first stage, which `helpdesk_mgmt` looks up for each ticket anew."""
        stages = {}
        for values in all_values:
            if "stage_id" in values:
                continue
            place = values.get("team_id"), values["company_id"]
            if place not in stages:
                stages[place] = self._stages(*place)[:1].id
            values["stage_id"] = stages[place]

    @api.model
    def _add_numbers(self, all_values) -> None:
        """Draw the numbers of new tickets together; one by one they cost two queries each.

        Only from a PostgreSQL sequence, and if nobody numbers tickets in another way; else each
        ticket draws its number when it is created.
        """
        Sequence = self.env["ir.sequence"]
        if unknown_overrides(self.env["helpdesk.ticket"], "_prepare_ticket_number") or any(
            unknown_overrides(Sequence, method) for method in ("next_by_code", "_next", "_next_do")
        ):
            return
        by_company = defaultdict(list)
        for values in all_values:
            if "number" not in values:
                by_company[values["company_id"]].append(values)
        for company_id, group in by_company.items():
            sequence = Sequence.search(
                [
                    ("code", "=", "helpdesk.ticket.sequence"),
                    ("company_id", "in", [company_id, False]),
                ],
                order="company_id",
                limit=1,
            )
            if sequence.implementation != "standard" or sequence.use_date_range:
                continue
            drawn = self.env.execute_query(
                SQL(
                    "SELECT nextval(%s) FROM generate_series(1, %s)",
                    f"ir_sequence_{sequence.id:03d}",
                    len(group),
                )
            )
            for values, (number,) in zip(group, drawn, strict=True):
                values["number"] = sequence.get_next_char(number)

    @api.model
    def _ticket_values(self, item, channel) -> dict:
        delivery, requester, title = item.delivery, item.requester.address, self._title(item)
        values = {
            "name": title,
            "description": self._ticket_text(item),
            "partner_id": item.partner.id,
            "partner_name": requester.name or item.partner.name or requester.email,
            "partner_email": requester.email,
            "email_cc": ", ".join(self._cc_addresses(item)),
            "company_id": delivery.company_id,
            "user_id": False,
            "channel_id": channel.id if channel else False,
            "support_alias_id": delivery.alias_id,
            "subject_key": subject_key(item.mail.subject) or False,
        }
        values.update(
            {key: value for key, value in delivery.values.items() if value or key != "team_id"}
        )
        return values

    @api.model
    def _subscribe(self, items) -> None:
        """The requester, and the contacts among To and Cc, follow the ticket."""
        _all, internal, external = self.env["mail.message.subtype"]._default_subtypes(
            "helpdesk.ticket"
        )
        values = []
        for item in items:
            partners = item.partner | self._participants(item)
            for partner in partners:
                subtypes = external if partner.partner_share else [*external, *internal]
                values.append(
                    {
                        "res_model": "helpdesk.ticket",
                        "res_id": item.ticket.id,
                        "partner_id": partner.id,
                        "subtype_ids": [(6, 0, subtypes)],
                    }
                )
        # the ticket was made a moment ago; a responsible may have been subscribed by that
        following = {
            (row.res_id, row.partner_id.id)
            for row in self.env["mail.followers"].search(
                [
                    ("res_model", "=", "helpdesk.ticket"),
                    ("res_id", "in", [item.ticket.id for item in items]),
                ]
            )
        }
        self.env["mail.followers"].create(
            [each for each in values if (each["res_id"], each["partner_id"]) not in following]
        )

    @api.model
    def _update_tickets(self, items) -> None:
        """What a reply changes on its ticket."""
        if not items:
            return
        unknown = unknown_overrides(self.env["helpdesk.ticket"], "message_update")
        if unknown:
            _logger.info(
                "message_update goes mail by mail, it is overridden by %s", ", ".join(unknown)
            )
        for item in items:
            ticket = self._ticket_of(item)
            if item.delivery.internal:
                # who had a copy of what the requester does not see gets none of the rest
                if unknown:
                    ticket.message_update({**self._message_dict(item), "to": "", "cc": ""})
            else:
                if unknown:
                    cc = ", ".join(self._cc_addresses(item))
                    ticket.message_update({**self._message_dict(item), "cc": cc})
                self._add_cc(item)
            if item.delivery.reopen:
                item.notes.append(self._reopen(ticket))
            item.notes.append(note("act_reply", ticket=ticket.number))

    @api.model
    def _reopen(self, ticket) -> Note:
        """Put a closed ticket into its first stage of work. Returns the sentence."""
        stages = self._stages(ticket.team_id.id, ticket.company_id.id)
        stages = stages.filtered(lambda stage: not stage.closed)
        if not stages:
            return note("act_stays_closed", ticket=ticket.number)
        ticket.stage_id = stages.filtered(lambda stage: not stage.unattended)[:1] or stages[:1]
        return note("act_reopened", ticket=ticket.number, stage=ticket.stage_id.name)

    @api.model
    def _ticket_of(self, item):
        if not item.ticket:
            contact = item.delivery.contact
            root_id = self.env["ir.model.data"]._xmlid_to_res_id("base.user_root")
            user = (contact and contact.user_id) or root_id
            item.ticket = (
                self.env["helpdesk.ticket"]
                .with_user(user)
                .sudo()
                .with_context(**GATEWAY_CONTEXT, mailflow_no_automatic_answer=item.quiet)
                .browse(item.delivery.ticket_id)
            )
        return item.ticket
