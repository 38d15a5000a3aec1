"""Two helpdesks that answer automatically write to each other: they have to stop.

Two databases, each with its mailbox, talk over SMTP; what they send lies in the other's mailbox.
"""

import email
import email.policy
import itertools
import os
from dataclasses import dataclass

import pytest
from e2e.builders import STEPS, mail
from servers.odoo_process import Console, Database
from servers.smtp import Smtp

#: More rounds than that are a loop.
ROUNDS = 40
_numbers = itertools.count(1)
#: What is left of a mail behind a program that hides what it is.
KEPT = ("From", "To", "Subject", "Date", "MIME-Version", "Content-Type")


class Hostile(Smtp):
    """Takes every mark off the mails on their way, so that each looks like a person's first."""

    hostile = False
    count = 0

    def _deliver(self, mail, recipient):
        if self.hostile:
            self.count += 1
            mail = type(mail)(self._strip(mail), "someone@relay.example", *_rest(mail))
        super()._deliver(mail, recipient)

    def _strip(self, mail):
        message = email.message_from_bytes(mail.raw, policy=email.policy.SMTP)
        for name in {*message.keys()}:
            if name.title() not in {each.title() for each in KEPT}:
                del message[name]
        message.replace_header("Subject", f"Question {self.count}")
        message["Message-ID"] = f"<{self.count}.{os.urandom(4).hex()}@relay.example>"
        return message.as_bytes()


def _rest(mail):
    return mail.recipients, mail.user, mail.encrypted


@dataclass
class Helpdesk:
    """One database with its mailbox."""

    name: str
    odoo: Console
    scanner: int

    @property
    def address(self):
        return f"support@{self.name}"

    def work(self):
        """Read the mailbox, then send what waits."""
        assert self.odoo.do("visit", self.scanner) is None
        self.odoo.do("send_queue")

    def log(self):
        return [(row["outcome"], row["reason"]) for row in self.odoo.do("automatic_answers")]


@pytest.fixture(scope="module")
def smtp(dovecot):
    with Hostile(dovecot=dovecot) as smtp:
        yield smtp


@pytest.fixture
def helpdesks(installation, tmp_path, dovecot, smtp):
    """Two of them, connected."""
    smtp.take()
    smtp.hostile = False
    opened, made = [], []
    try:
        number = next(_numbers)
        for name in (f"alder{number}.example", f"birch{number}.example"):
            folder = tmp_path / name
            folder.mkdir()
            database = Database(installation, os.environ["MAILFLOW_TEMPLATE"], folder)
            opened.append(database)
            odoo = Console(database, STEPS)
            opened.append(odoo)
            # both are copies of one database, and would know each other's mails as their own
            odoo.do("new_secret")
            alias = odoo.do("settle", name)
            odoo.do("change", "helpdesk.support.alias", alias, automatic_answer=True)
            odoo.do("mail_server", smtp.port, name)
            odoo.do("proven_sender", f"support@{name}")
            user = f"support@{name}"
            dovecot.add_user(user)
            scanner = odoo.do("scanner", user=user, port=dovecot.imap_port)
            odoo.do("begin", scanner, "next")
            made.append(Helpdesk(name, odoo, scanner))
        yield made
    finally:
        for each in reversed(opened):
            each.__exit__(None, None, None)


def talk(helpdesks, smtp):
    """Let both work by turns until none has anything to say; returns the mails, in order."""
    mails = []
    for _round in range(ROUNDS):
        for helpdesk in helpdesks:
            helpdesk.work()
        said = smtp.take()
        if not said:
            return mails
        mails += said
    raise AssertionError(f"a loop: {len(mails)} mails in {ROUNDS} rounds")


def test_they_stop_after_the_first_answer(helpdesks, smtp, dovecot):
    alder, birch = helpdesks
    dovecot.deliver(mail(sender=f"Birch <{birch.address}>", to=alder.address), alder.address)
    [answer] = talk(helpdesks, smtp)
    assert answer.recipients == (birch.address,)
    assert answer.sender == ""
    message = answer.message
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Precedence"] is None
    assert message["In-Reply-To"] in message["References"]
    assert email.utils.parseaddr(message["Reply-To"])[1] == alder.address
    assert len(alder.odoo.do("tickets")) == 1
    assert alder.log() == [("sent", "")]
    # the other one has it in the ledger, and answers nothing
    [row] = birch.odoo.do("mails", birch.scanner)
    assert (row["kind"], row["outcomes"]) == ("auto_reply", ["ledger"])
    assert birch.log() == []


def test_an_agent_who_writes_to_the_other_helpdesk_gets_one_answer(helpdesks, smtp, dovecot):
    alder, birch = helpdesks
    # an agent of the one answers a mail that came from the other's address
    dovecot.deliver(
        mail(
            sender=f"Birch <{birch.address}>",
            to=alder.address,
            Auto_Submitted="auto-generated",
        ),
        alder.address,
    )
    assert talk(helpdesks, smtp) == []
    assert alder.log() == [("withheld", "automatic")]
    [ticket] = alder.odoo.do("tickets")
    [note] = alder.odoo.do("notes", ticket["id"])
    assert "No automatic answer was sent" in note
    alder.odoo.do("answer", ticket["id"], "What do you want?")
    first, second = talk(helpdesks, smtp)
    assert (first.recipients, first.message["Auto-Submitted"]) == ((birch.address,), None)
    assert second.recipients == (alder.address,)
    assert second.message["Auto-Submitted"] == "auto-replied"
    assert len(birch.odoo.do("tickets")) == 1
    # it is kept on the ticket that it belongs to, which is not opened anew
    row = alder.odoo.do("mails", alder.scanner)[-1]
    assert (row["outcomes"], row["tickets"]) == (["note"], [ticket["id"]])


def test_a_hostile_peer_is_stopped_by_the_limits(helpdesks, smtp, dovecot):
    alder, birch = helpdesks
    smtp.hostile = True
    dovecot.deliver(mail(sender=f"Birch <{birch.address}>", to=alder.address), alder.address)
    mails = talk(helpdesks, smtp)
    to = [each.recipients[0] for each in mails]
    assert (to.count(birch.address), to.count(alder.address)) == (5, 5)
    assert alder.log() == [("sent", "")] * 5 + [("withheld", "hour")]
    assert birch.log() == [("sent", "")] * 5
    tickets = alder.odoo.do("tickets")
    assert len(tickets) == 6, "what a stranger writes opens a ticket all the same"
    [note] = alder.odoo.do("notes", tickets[-1]["id"])
    assert birch.address in note and "5" in note
