"""The Odoo side of the demo, executed by ``odoo shell`` with ``env`` at hand.

Settles a small company on the demo's mail server, sends it the demo mails, lets the scanner read
the mailbox, has an agent answer some, sends what comes back, and writes what became of each mail
as JSON. Everything is done once: a second run only brings up to date what has changed.
"""

import datetime
import email
import email.policy
import email.utils
import json
import os
import smtplib
import sys
import time
from pathlib import Path

DOMAIN = "mailflow.example"
HOST = "127.0.0.1"
# Message-ID of a customer's mail -> what an agent answers, and whether that closes the ticket
ANSWERS = {
    "<demo-01-login@kestrel.example>": (
        "Hello Marta, we restarted the session service. Does the log-in work again for you?",
        False,
    ),
    "<demo-03-invoice-question@kestrel.example>": (
        "Hello Erik, you are right, position 3 was billed twice. The corrected invoice is on its"
        " way.",
        True,
    ),
    "<demo-05-order@stroydom.example>": (
        "Hello Olga, the confirmation is on its way again. Tell us if it does not arrive.",
        False,
    ),
    "<demo-11-both@atelier-lune.example>": (
        "Hello Léa, the export works again with the update of this morning. Your licence is"
        " extended.",
        False,
    ),
    "<demo-13-invitation@brightwater.example>": (
        "Hello Tom, 13:00 suits us better. You will get our invitation.",
        False,
    ),
    "<demo-15-cc@atelier-lune.example>": (
        "Hello Léa, hello Jonas, which version does the terminal run, and is pairing switched on?",
        False,
    ),
}
ALERTS = "Monitoring alerts"
VISIT_SECONDS = 120
QUEUES = {
    "support": ("Support", 4),
    "sales": ("Sales", 10),
    "billing": ("Billing", 3),
    "partners": ("Partners", 7),
}
PARTNERS = "Partner desk"
# A header of demo mails that are sent after an answer: the Message-ID of the mail answered
ANSWERS_HEADER = "X-Demo-Answers"
# The name under which the demo's mail server reports about senders
AUTHSERV = "mail.mailflow.example"


def say(line):
    """Tell the person at the terminal what is being done."""
    print(line, file=sys.stderr, flush=True)


class Demo:
    """One run of the demo in the environment *env*.

    Args:
        env: Odoo environment of the administrator.
        options: dict with smtp_port, imap_port, password, mails (folder), maildir (folder).
    """

    def __init__(self, env, options):
        self.env = env
        self.options = options
        self.mails = sorted(Path(options["mails"]).glob("*.eml"))

    # ------------------------------------------------------------------
    # The company
    # ------------------------------------------------------------------

    def _one(self, model, domain, values):
        """Return the record of *model* that *domain* finds, or make it from *values*."""
        Model = self.env[model].with_context(active_test=False)
        return Model.search(domain, limit=1) or Model.create(values)

    def settle(self):
        """Have the company's mail domain, queues, rules, contacts, servers and scanner."""
        env, options = self.env, self.options
        company = env.company
        domain = self._one("mail.alias.domain", [("name", "=", DOMAIN)], {"name": DOMAIN})
        if company.alias_domain_id != domain:
            company.alias_domain_id = domain
        company.email = f"office@{DOMAIN}"
        self._account("Kestrel Logistics", "kestrel.example", "Marta Lindqvist", "marta.lindqvist")
        self._account("Brightwater Cafe", "brightwater.example", None, None)
        for local_part, (name, color) in QUEUES.items():
            self._queue(local_part, name, color)
        self._policies()
        self._rules()
        server = self._one(
            "ir.mail_server",
            [("name", "=", "Demo mail server")],
            {"name": "Demo mail server", "smtp_host": HOST, "from_filter": DOMAIN},
        )
        server.write({"smtp_port": options["smtp_port"], "smtp_encryption": "none", "sequence": 1})
        scanner = self._one(
            "fetchmail.server",
            [("is_scanner", "=", True), ("name", "=", "Demo mailbox")],
            {
                "name": "Demo mailbox",
                "is_scanner": True,
                "server_type": "imap",
                "server": HOST,
                "port": options["imap_port"],
                "encryption": "none",
                "user": "support",
                "password": options["password"],
                "scan_type": "everything",
                # As if an administrator had confirmed what the scanner learnt.
                "authserv_id": AUTHSERV,
            },
        )
        scanner.write({"port": options["imap_port"], "password": options["password"]})
        env.cr.commit()
        if not scanner.begun:
            # As an administrator activates it: begin with the next new mail.
            env["helpdesk.scanner.begin"].create(
                {"scanner_id": scanner.id, "then": "activate", "start": "next"}
            ).action_confirm()
        env.cr.commit()
        return scanner

    def _account(self, name, domain, person, local_part):
        account = self._one(
            "res.partner",
            [("name", "=", name), ("is_company", "=", True)],
            {
                "name": name,
                "is_company": True,
                "email": f"info@{domain}",
                "website": f"https://www.{domain}",
            },
        )
        if person:
            address = f"{local_part}@{domain}"
            self._one(
                "res.partner",
                [("email_normalized", "=", address)],
                {"name": person, "email": address, "parent_id": account.id},
            )

    def _queue(self, local_part, name, color):
        Alias = self.env["helpdesk.support.alias"]
        if not Alias.search([("email", "=", f"{local_part}@{DOMAIN}")], limit=1):
            Alias.create(
                {
                    "name": name,
                    "friendly_name": f"Mailflow {name}",
                    "alias_name": local_part,
                    "color": color,
                }
            )

    def _policies(self):
        """Have two policies at work: what agents forward is the customer's, and one team takes
        mail of known contacts only."""
        Team = self.env["helpdesk.ticket.team"].with_context(active_test=False)
        if Team.search([("name", "=", PARTNERS)], limit=1):
            return
        self.env.company.helpdesk_requester_from_forward = True
        team = Team.create({"name": PARTNERS, "helpdesk_known_contacts_only": "yes"})
        queue = self.env["helpdesk.support.alias"].search([("email", "=", f"partners@{DOMAIN}")])
        queue.team_id = team

    def _rules(self):
        """Have two scanner rules at work: a ready example, and one with a nested condition."""
        Rule = self.env["helpdesk.scanner.rule"].with_context(active_test=False)
        company = self.env.company
        if Rule.search([("name", "=", ALERTS), ("company_id", "=", company.id)], limit=1):
            return
        Rule.search([("example", "=", "newsletter"), ("company_id", "=", company.id)]).active = True
        tag = self._one("helpdesk.ticket.tag", [("name", "=", "Alert")], {"name": "Alert"})
        condition = [
            *("&", ("kind", "=", "automatic")),
            *("|", ("fact_subject", "ilike", "PROBLEM"), ("fact_from", "=ilike", "monitor@%")),
        ]
        Rule.create(
            {
                "name": ALERTS,
                "domain": repr(condition),
                "action_ids": [
                    (0, 0, {"kind": "ticket", "match_by": "subject"}),
                    (0, 0, {"kind": "set", "tag_ids": [(6, 0, tag.ids)], "priority": "3"}),
                ],
            }
        )

    def prove_senders(self):
        """Have the queues answer as themselves: a verification mail goes to each address, and
        proves it when the scanner brings it back. Return how many are under way."""
        Alias = self.env["helpdesk.support.alias"]
        addresses = [f"{local_part}@{DOMAIN}" for local_part in QUEUES]
        queues = Alias.search([("email", "in", addresses)])
        unproven = queues.filtered(lambda queue: queue.answers_via_id.email != queue.email)
        for queue in unproven:
            queue.action_answer_as_itself()
        self.env.cr.commit()
        return len(unproven)

    # ------------------------------------------------------------------
    # Mail
    # ------------------------------------------------------------------

    def _values(self):
        """Return what any demo mail may repeat."""
        agent = self.env.ref("base.user_admin").partner_id
        day = datetime.date.today() + datetime.timedelta(days=7)
        return {
            "agent_name": agent.name,
            "agent_email": agent.email,
            "agent_domain": agent.email.rpartition("@")[2],
            "in_a_week": f"{day.day} {day:%B %Y}",
        }

    def send(self, files, answers):
        """Send the mails of *files* that were not sent yet over SMTP.

        They are filled with what *answers*, a dict, has for the Message-ID that they follow.
        """
        parameters = self.env["ir.config_parameter"].sudo()
        sent = json.loads(parameters.get_param("helpdesk_mailflow.demo_sent") or "[]")
        todo = [file for file in files if file.name not in sent]
        for number, file in enumerate(todo, 1):
            say(f"      · {number:2d}/{len(todo)} {file.name}")
            raw = file.read_bytes().replace(b"\n", b"\r\n")
            # A minute apart, to be listed in this order; what follows an answer comes after it.
            first = [each for each in self.mails if not answered_by(each)]
            before = 60 * (len(first) - first.index(file)) if file in first else 0
            date = email.utils.formatdate(time.time() - before)
            values = {**self._values(), **answers.get(answered_by(file), {}), "date": date}
            for name, value in values.items():
                raw = raw.replace(b"{{%s}}" % name.encode(), value.encode())
            sender, recipients, raw = envelope(raw)
            with smtplib.SMTP(HOST, self.options["smtp_port"], timeout=30) as smtp:
                smtp.sendmail(sender, recipients, raw, mail_options=["BODY=8BITMIME"])
            sent.append(file.name)
            parameters.set_param("helpdesk_mailflow.demo_sent", json.dumps(sent))
            self.env.cr.commit()
        return len(todo)

    def arrived(self, scanner):
        """Return the rows of the demo mails; the verification mails are our own."""
        own = self.env["helpdesk.from.address"].search([]).mapped("email")
        return self.env["helpdesk.incoming.mail"].search(
            [("folder_id", "in", scanner.folder_ids.ids), ("from_address", "not in", own)],
            order="date, id",
        )

    def answers(self):
        """Have an agent answer the tickets of ANSWERS that are not answered yet.

        Return the placeholders of what is sent after that: Message-ID answered -> dict.
        """
        agent = self.env.ref("base.user_admin")
        found = {}
        for message_id, (text, closes) in ANSWERS.items():
            mail = self.env["helpdesk.incoming.mail"].search(
                [("message_id", "=", message_id)], limit=1
            )
            ticket = mail.ticket_ids[:1]
            if not ticket:
                raise RuntimeError(f"{message_id} has become no ticket: {mail.outcome} {mail.why}")
            found[message_id] = ticket, self._answer_to(ticket)
            if not found[message_id][1]:
                say(f"      · an agent answers ticket {ticket.number or ''}")
                people = ticket.partner_id
                ticket.with_user(agent).message_post(
                    body=text,
                    message_type="comment",
                    subtype_xmlid="mail.mt_comment",
                    partner_ids=people.ids,
                )
                found[message_id] = ticket, self._answer_to(ticket)
                if closes:
                    stages = self.env["helpdesk.ticket.stage"]
                    ticket.with_user(agent).stage_id = stages.search(
                        [("closed", "=", True)], order="sequence, id", limit=1
                    )
                self.env.cr.commit()
        return {
            message_id: self._placeholders(ticket, answer)
            for message_id, (ticket, answer) in found.items()
        }

    def _answer_to(self, ticket):
        """Return the first answer of the agent to *ticket*; empty if there is none."""
        agent = self.env.ref("base.user_admin").partner_id
        return self.env["mail.message"].search(
            [
                ("model", "=", "helpdesk.ticket"),
                ("res_id", "=", ticket.id),
                ("author_id", "=", agent.id),
                ("message_type", "=", "comment"),
            ],
            order="id",
            limit=1,
        )

    def _placeholders(self, ticket, answer):
        """Return what the mails that follow *answer* repeat of it, as it arrived."""
        found, until = None, time.monotonic() + 20
        while not found and time.monotonic() < until:
            found = self._in_mailbox(answer.message_id)
            if not found:
                time.sleep(0.2)
        if not found:
            raise RuntimeError(
                f"The answer to ticket {ticket.number} did not arrive in the customer's mailbox."
            )
        return {
            "answer_message_id": found["Message-ID"].strip(),
            "answer_references": (found["References"] or "").replace("\r\n", "").strip(),
            "answer_subject": " ".join(str(found["Subject"]).split()),
            "answer_reply_to": found["Reply-To"] or found["From"],
            "answer_from": found["From"],
            "answer_envelope_from": found["Return-Path"].strip("<> "),
        }

    def _in_mailbox(self, message_id):
        """Return the message *message_id* of the customers' mailbox, or None."""
        box = Path(self.options["maildir"]) / "customers"
        files = [file for part in ("new", "cur") for file in (box / part).iterdir()]
        for file in sorted(files, key=lambda file: file.name, reverse=True):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.compat32)
            if message.get("Message-ID", "").strip() == message_id.strip():
                return message
        return None


def answered_by(file):
    """Return the Message-ID of the mail whose answer the demo mail *file* follows, or None."""
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.compat32)
    return message[ANSWERS_HEADER]


def envelope(raw):
    """Return (sender, recipients, message) of a demo mail.

    Its Return-Path, which the last mail server would add, names the sender; who of our domain is
    in To and Cc receives it.
    """
    first, _, rest = raw.partition(b"\r\n")
    name, _, value = first.partition(b":")
    if name.lower() == b"return-path":
        sender, raw = value.decode().strip().strip("<>"), rest
    message = email.message_from_bytes(raw)
    if name.lower() != b"return-path":
        sender = email.utils.parseaddr(message["From"])[1]
    listed = email.utils.getaddresses(message.get_all("To", []) + message.get_all("Cc", []))
    return sender, [address for _, address in listed if address.endswith("@" + DOMAIN)], raw


def scan_and_report(env, options):
    """Run the demo; return a list of dicts: what became of each mail, and why.

    Raises:
        RuntimeError: something did not happen that the demo is there to show.
    """
    demo = Demo(env, options)
    say("      · setting up the company, its support aliases and the mail scanner")
    scanner = demo.settle()

    def scan():
        say("      · the scanner reads the mailbox")
        if error := scanner._visit(VISIT_SECONDS):
            raise RuntimeError(f"The scanner says: {error}")
        env.cr.commit()
        env.invalidate_all()

    if demo.prove_senders():
        scan()
    replies = [file for file in demo.mails if answered_by(file)]
    if demo.send([file for file in demo.mails if file not in replies], {}):
        scan()
    answers = demo.answers()
    if demo.send(replies, answers):
        scan()
    rows = demo.arrived(scanner)
    if len(rows) < len(demo.mails):
        scan()  # left over from a start that was broken off
        rows = demo.arrived(scanner)
    if len(rows) < len(demo.mails):
        raise RuntimeError(f"Of {len(demo.mails)} mails sent {len(rows)} arrived.")
    return [report(mail) for mail in rows]


def report(mail):
    """Return what became of one ledger row, as a dict of texts (ticket: list of numbers)."""
    tickets = mail.ticket_ids
    contacts = tickets.partner_id
    accounts = contacts.commercial_partner_id - contacts
    return {
        "message": mail.subject or "(no subject)",
        "from": mail.email_from or "",
        "outcome": mail.outcome,
        "ticket": ", ".join(number for number in tickets.mapped("number") if number),
        "contact": ", ".join(contacts.mapped("name")),
        "account": ", ".join(accounts.mapped("name")),
        "why": mail.why,
    }


def main(env):
    """Entry point: reads the options from MAILFLOW_DEMO and writes the report where they say."""
    options = json.loads(os.environ["MAILFLOW_DEMO"])
    rows = scan_and_report(env, options)
    Path(options["report"]).write_text(json.dumps(rows, ensure_ascii=False, indent=2))
