# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The state of the database that a situation begins with."""

import itertools
from email.utils import parseaddr

from odoo import fields
from odoo.tools import email_normalize

from ..models.intake import Arrival
from .common import DOMAIN, MailflowCase
from .situation_file import Unclear
from .situation_mail import SERVER, MailBuilder

BRAD = f"Brad Lee <brad@{DOMAIN}>"
#: Words of policies -> field of the company (of the team, where it is called otherwise).
POLICY_FIELDS = {
    "create contacts": "helpdesk_create_contacts",
    "contact from reply-to": "helpdesk_contact_from_reply_to",
    "requester from forwarded mail": "helpdesk_requester_from_forward",
    "known contacts only": "helpdesk_known_contacts_only",
    "answer unknown senders": "helpdesk_unknown_answer",
    "append to open ticket": "helpdesk_append_open",
    "append only to a single ticket": "helpdesk_append_single",
    "closed tickets": "helpdesk_closed",
    "days": "helpdesk_closed_days",
    "thank-you keeps closed": "helpdesk_thanks_keep_closed",
    "same account takes part": "helpdesk_same_account",
    "contacts of cc people": "helpdesk_cc_contacts",
    "one ticket for several aliases": "helpdesk_one_ticket",
    "number in the subject": "helpdesk_subject_tag",
}
TEAM_FIELDS = {**POLICY_FIELDS, "create contacts": "create_contacts"}
POLICY_VALUES = {
    "always": "always",
    "by rule": "rule",
    "reopen": "reopen",
    "new ticket": "new",
    "new ticket after days": "days",
}
DMARC_FAILURE = {"accept and mark": "accept", "hold": "hold", "spam": "spam"}
#: What a situation begins with, in an order in which it can be made: tickets come in before
#: policies that would keep them from that.
ORDER = (
    "companies",
    "accounts",
    "contacts",
    "agents",
    "portal users",
    "support alias",
    "aliases",
    "lead alias",
    "from addresses",
    "trusted forwarders",
    "tickets",
    "policies",
    "team policies",
    "earlier mails",
    "blocked senders",
    "trusted senders",
    "rules",
)


class SituationWorld(MailflowCase):
    """Mailbox, team and agent that are there in all situations; and what a situation adds."""

    uids = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.brad = cls.make_agent(BRAD)
        cls.team.user_ids = cls.brad
        cls.scanner = cls.env["fetchmail.server"].create(
            {
                "name": "Support mailbox",
                "server": "imap.mailflow.test",
                "server_type": "imap",
                "user": f"support@{DOMAIN}",
                "is_scanner": True,
                "company_id": cls.company.id,
                "authserv_id": SERVER,
            }
        )
        cls.folder = cls.scanner._all_folders()[:1]

    @classmethod
    def make_agent(cls, address, **values):
        name, email = parseaddr(address)
        return cls.make_user(
            email,
            "helpdesk_mgmt.group_helpdesk_manager",
            name=name or email,
            email=email,
            notification_type="inbox",
            **values,
        )

    def setUp(self):
        super().setUp()
        self.tickets, self.numbers, self.ticket_ids = {}, {}, {}
        self.message_ids, self.subjects, self.earlier, self.companies = {}, {}, {}, {}
        self.leavers = self.env["res.users"]
        self.builder = MailBuilder(
            self.env, self.numbers, self.message_ids, self.subjects, self.ticket_ids
        )

    # ------------------------------------------------------------
    # DOORS
    # ------------------------------------------------------------

    def hand_in(self, spec, raw=None):
        """A mail by the door that the situation names; returns its row of the ledger."""
        raw = self.builder.build(spec) if raw is None else raw
        if spec.get("comes by") == "gateway":
            return self.take(raw)
        intake = self.env["helpdesk.intake"]
        values = {"door": "scanner", "folder_id": self.folder.id, "uidvalidity": "1"}
        values["uid"] = str(next(self.uids))
        origin = ("stored_scanner", {"folder": "INBOX", "size": len(raw)})
        rows = intake._store([Arrival(raw, values, origin)])
        intake._process(rows)
        return rows

    # ------------------------------------------------------------
    # GIVEN
    # ------------------------------------------------------------

    def prepare(self, given: dict) -> None:
        """Make what a situation begins with, in an order in which it can be made."""
        for word in ORDER:
            if word in given:
                getattr(self, "_given_" + word.replace(" ", "_"))(given[word])
        # agents who left had a part in tickets before
        self.leavers.active = False

    def _given_policies(self, policies, company=None):
        (company or self.company).write(
            {POLICY_FIELDS[word]: self._value(each) for word, each in policies.items()}
        )

    def _given_team_policies(self, policies):
        values = {}
        for word, each in policies.items():
            value = self._value(each)
            if isinstance(value, bool):
                value = "yes" if value else "no"
            values[TEAM_FIELDS[word]] = value
        self.team.write(values)

    def _value(self, value):
        return POLICY_VALUES.get(value, value) if isinstance(value, str) else value

    def _given_companies(self, companies):
        for each in companies:
            company = self.make_company(each["company"])
            self.companies[each["company"]] = company
            self._given_policies(each.get("policies", {}), company)

    def _company(self, name):
        if name and name not in self.companies:
            raise Unclear(f"No company is called {name!r}; name it under “companies”")
        return self.companies.get(name, self.company)

    def _given_accounts(self, accounts):
        for each in accounts:
            values = {"name": each["account"], "is_company": True}
            if "website" in each:
                values["website"] = each["website"]
            self.env["res.partner"].create(values)

    def _account(self, name):
        account = self.env["res.partner"].search([("name", "=", name), ("is_company", "=", True)])
        if not account:
            raise Unclear(f"No account is called {name!r}; name it under “accounts”")
        return account

    def _given_contacts(self, contacts):
        for each in contacts:
            name, email = parseaddr(each["contact"])
            values = {"active": not each.get("archived", False)}
            if "account" in each:
                values["parent_id"] = self._account(each["account"]).id
            if "company" in each:
                company = each["company"]
                values["company_id"] = self._company("" if company == "ours" else company).id
            contact = self.make_contact(name or email, email, **values)
            if each.get("not deliverable"):
                self.make_undeliverable(contact)

    def _given_agents(self, agents):
        for each in agents:
            agent = self.make_agent(each["agent"])
            if each.get("in the team", True):
                self.team.user_ids |= agent
            if not each.get("active", True):
                self.leavers |= agent

    def _given_portal_users(self, addresses):
        for address in addresses:
            self.portal_user(self.contact(address))

    def portal_user(self, partner):
        """The portal user of a contact."""
        found = partner.user_ids.filtered("share")[:1]
        return found or self.make_user(
            f"portal-{partner.email}", "base.group_portal", partner_id=partner.id
        )

    def contact(self, address):
        """The contact that an address has; made if there is none."""
        name, email = parseaddr(address)
        found = self.env["res.partner"].search(
            [("email_normalized", "=", email_normalize(email))], limit=1
        )
        return found or self.make_contact(name or email, email)

    def _given_support_alias(self, words):
        self._set_alias(self.support, words)

    def _set_alias(self, alias, words):
        if "intake" in words:
            alias.intake = words["intake"]
        if "known contacts only" in words:
            alias.alias_id.alias_contact = (
                "partners" if words["known contacts only"] else "everyone"
            )
        if "automatic answer" in words:
            alias.automatic_answer = words["automatic answer"]
        if "when dmarc fails" in words:
            alias.dmarc_failure = DMARC_FAILURE[words["when dmarc fails"]]
        for email in words.get("other addresses", ()):
            self.env["helpdesk.support.alias.address"].create(
                {"alias_id": alias.id, "email": email, "kind": "external"}
            )

    def _given_aliases(self, aliases):
        for each in aliases:
            company = self._company(each.get("company"))
            values = {"company_id": company.id}
            if each.get("same team"):
                values["team_id"] = self.team.id
            alias = self.make_alias(each["alias"].capitalize(), each["alias"], **values)
            self._set_alias(alias, each)

    def _given_lead_alias(self, local_part):
        self.env["mail.alias"].create(
            {
                "alias_name": local_part,
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("crm.lead"),
            }
        )

    def _given_from_addresses(self, emails):
        self.env["helpdesk.from.address"].with_context(mailflow_by_system=True).create(
            [
                {
                    "email": email,
                    "company_id": self.company.id,
                    "state": "verified",
                    "proof": "mail",
                }
                for email in emails
            ]
        )

    def _given_blocked_senders(self, patterns, kind="blocked"):
        self.env["helpdesk.sender"].create(
            [{"pattern": each, "kind": kind, "company_id": self.company.id} for each in patterns]
        )

    def _given_trusted_senders(self, patterns):
        self._given_blocked_senders(patterns, "trusted")

    def _given_trusted_forwarders(self, domains):
        self.company.helpdesk_arc_forwarders = ", ".join(domains)

    def _given_rules(self, rules):
        kinds = {"new ticket": "new_ticket"}
        for each in rules:
            self.env["helpdesk.scanner.rule"].create(
                {
                    "name": each.get("name", "Rule"),
                    "domain": each.get("when", "[]"),
                    "action_ids": [(0, 0, {"kind": kinds.get(one, one)}) for one in each["do"]],
                }
            )

    def _given_earlier_mails(self, mails):
        for each in mails:
            with self.mock_mail_gateway():
                raw = self.builder.build(each)
                row = self.hand_in(each, raw)
            self.earlier[each["mail"]] = raw
            self.message_ids[each["mail"]] = row.message_id
            self.subjects[each["mail"]] = each.get("subject", "The printer burns")
            if row.delivery_ids.mapped("outcome") == ["ticket"]:
                self._name_ticket(each["mail"], row.ticket_ids[:1])

    # ------------------------------------------------------------
    # TICKETS
    # ------------------------------------------------------------

    def _name_ticket(self, name, ticket):
        self.tickets[name] = ticket
        self.numbers[name] = ticket.number
        self.ticket_ids[name] = ticket.id

    def _given_tickets(self, tickets):
        for each in tickets:
            self._make_ticket(each)
        for each in tickets:
            self._bring_into_state(self.tickets[each["ticket"]], each)
        self.flush_tracking()

    def _make_ticket(self, words):
        name = words["ticket"]
        subject = words.get("subject", "The printer burns")
        spec = {
            key: words[key]
            for key in ("from", "to", "text", "outlook conversation")
            if words.get(key)
        }
        if words.get("cc"):
            spec["cc"] = ", ".join(words["cc"])
        row = self.hand_in({**spec, "subject": subject})
        ticket = row.ticket_ids
        if row.delivery_ids.mapped("outcome") != ["ticket"]:
            raise Unclear(f"Ticket {name} could not be made: {row.why}")
        self._name_ticket(name, ticket)
        self.message_ids[name] = row.message_id
        self.subjects[name] = subject
        for _number in range(words.get("answers", 0)):
            answer = self._post(
                ticket,
                self.brad,
                "We look at it.",
                subtype_xmlid="mail.mt_comment",
                partner_ids=ticket.partner_id.ids,
            )
            self._name_message(f"last answer of {name}", answer, f"Re: {subject}")
        if "internal note by" in words:
            user = self._agent(words["internal note by"])
            note = self._post(ticket, user, "She never pays in time.", subtype_xmlid="mail.mt_note")
            self._name_message(f"internal note of {name}", note, subject)
        if "assigned to" in words:
            ticket.user_id = self._agent(words["assigned to"])
        for address in words.get("followers", ()):
            ticket.message_subscribe(self.contact(address).ids)
        if "forwarded to" in words:
            forward = self._post(
                ticket,
                self.brad,
                "Can you help?",
                subtype_xmlid="mail.mt_note",
                partner_ids=self.contact(words["forwarded to"]).ids,
            )
            # sudo: as the composer of forwards does
            forward.sudo().write({"helpdesk_forward": True, "helpdesk_private": True})
            self._name_message(f"forward of {name}", forward, f"Fwd: {subject}")

    def _agent(self, address):
        email = parseaddr(address)[1] or address
        found = self.env["res.users"].search([("login", "=", email)])
        if not found:
            raise Unclear(f"No agent has the address {email}; name it under “agents”")
        return found

    def _name_message(self, name, message, subject):
        self.message_ids[name] = message.message_id
        self.subjects[name] = subject

    def _post(self, ticket, user, body, **values):
        user.company_ids |= ticket.company_id
        with self.mock_mail_gateway():
            return ticket.with_user(user).message_post(body=body, message_type="comment", **values)

    def _bring_into_state(self, ticket, words):
        state = words.get("state", "open")
        if state == "closed":
            with self.mock_mail_gateway():
                ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
                self.flush_tracking()
            days = words.get("closed days ago", 0)
            ticket.closed_date = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        elif state == "archived":
            ticket.active = False
        elif state == "deleted":
            ticket.unlink()
            self.tickets.pop(words["ticket"])
        elif state == "merged":
            self.merge(ticket, self.tickets[words["merged into"]])

    # ------------------------------------------------------------
    # HOOKS OF FEATURES
    # ------------------------------------------------------------

    def make_undeliverable(self, contact):
        """As a bounce of a while ago leaves it."""
        self.env["helpdesk.undeliverable"].create(
            {
                "email": contact.email_normalized,
                "company_id": self.company.id,
                "blocked": True,
                "reason": "userunknown",
                "date": fields.Datetime.subtract(fields.Datetime.now(), days=9),
            }
        )

    def merge(self, ticket, survivor):
        """As the addon helpdesk_mgmt_merge does: the messages move, the ticket is archived."""
        ticket.message_change_thread(survivor)
        ticket.active = False


def same_person(wanted: str, name: str, email: str) -> bool:
    """Whether a name and an address are those that a situation wants; a mere address leaves the
    name open."""
    wanted_name, wanted_email = parseaddr(wanted)
    same = email_normalize(wanted_email) == (email_normalize(email or "") or None)
    return same and (not wanted_name or wanted_name == name)
