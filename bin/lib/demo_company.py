"""The Odoo side of the demo, executed by ``odoo shell`` with ``env`` at hand.

Settles a small company on the demo's mail server, sends it the demo mails, lets the scanner read
the mailbox, has an agent answer, sends the customer's reply, and writes what became of each mail
as JSON. Everything is done once: a second run only brings up to date what has changed.
"""

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
ANSWERED = "<demo-01-login@kestrel.example>"
ANSWER = "Hello Marta, we restarted the session service. Does the log-in work again for you?"
ALERTS = "Monitoring alerts"
VISIT_SECONDS = 120
QUEUES = {"support": ("Support", 4), "sales": ("Sales", 10), "billing": ("Billing", 3)}


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

    def send(self, files, values):
        """Send the mails of *files* that were not sent yet, filled with *values*, over SMTP."""
        parameters = self.env["ir.config_parameter"].sudo()
        sent = json.loads(parameters.get_param("helpdesk_mailflow.demo_sent") or "[]")
        todo = [file for file in files if file.name not in sent]
        for number, file in enumerate(todo, 1):
            say(f"      · {number:2d}/{len(todo)} {file.name}")
            raw = file.read_bytes().replace(b"\n", b"\r\n")
            # A minute apart, so that they are listed in this order.
            date = email.utils.formatdate(
                time.time() - 60 * (len(self.mails) - self.mails.index(file))
            )
            for name, value in {**values, "date": date}.items():
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

    def answer(self):
        """Have an agent answer the first customer; return the placeholders of the replies."""
        mail = self.env["helpdesk.incoming.mail"].search([("message_id", "=", ANSWERED)], limit=1)
        ticket = mail.ticket_ids[:1]
        if not ticket:
            raise RuntimeError(f"{ANSWERED} has become no ticket: {mail.outcome} {mail.why}")
        found = self._answer_in_mailbox()
        if not found:
            say("      · an agent answers ticket " + (ticket.number or ""))
            agent = self.env.ref("base.user_admin")
            ticket.with_user(agent).message_post(
                body=ANSWER,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=ticket.partner_id.ids,
            )
            self.env.cr.commit()
            until = time.monotonic() + 20
            while not found and time.monotonic() < until:
                time.sleep(0.2)
                found = self._answer_in_mailbox()
        if not found:
            raise RuntimeError("The agent's answer did not arrive in the customer's mailbox.")
        return {
            "answer_message_id": found["Message-ID"].strip(),
            "answer_references": (found["References"] or "").replace("\r\n", "").strip(),
            "answer_subject": " ".join(str(found["Subject"]).split()),
            "answer_reply_to": found["Reply-To"] or found["From"],
            "answer_from": found["From"],
            "answer_envelope_from": found["Return-Path"].strip("<> "),
        }

    def _answer_in_mailbox(self):
        """Return the newest message to the first customer in the customers' mailbox, or None."""
        box = Path(self.options["maildir"]) / "customers"
        files = [file for part in ("new", "cur") for file in (box / part).iterdir()]
        for file in sorted(files, key=lambda file: file.name, reverse=True):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.compat32)
            if "marta.lindqvist@kestrel.example" in message.get("To", ""):
                return message
        return None


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
    replies = [file for file in demo.mails if b"{{answer_" in file.read_bytes()]
    if demo.send([file for file in demo.mails if file not in replies], {}):
        scan()
    values = demo.answer()
    if demo.send(replies, values):
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
