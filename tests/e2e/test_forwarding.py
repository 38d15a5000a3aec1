"""A mailbox elsewhere that is forwarded to an address of ours, over real SMTP and IMAP.

The support mailbox lies at a provider that sends its mails on, as Gmail and Exchange do; the mail
of the alias domain lies in a mailbox that a scanner reads.
"""

import base64
import itertools
import smtplib

import pytest
from e2e.builders import STEPS, mail
from servers.dovecot import Dovecot, DovecotMissing
from servers.odoo_process import Console
from servers.smtp import Smtp

SUPPORT = "support@acme.example"
OURS = "support@example.com"
ANN = "ann@customer.example"
LINK = "https://mail-settings.google.com/mail/vf-%5BANGjdJ8xYz%5D-Ab_c-d"


_numbers = itertools.count(1)


class Forwarder:
    """The provider of a mailbox, which sends on what comes in there."""

    def __init__(self, smtp: Smtp, mailbox: str, to: str):
        self.smtp, self.mailbox, self.to = smtp, mailbox, to

    def forward(self, way, count=1):
        """Send on the mails that came in for the mailbox since the last time.

        :param way: a method of this class: (header lines, body) -> (envelope sender, mail)
        """
        arrived = [each for each in self.smtp.wait_for(count) if self.mailbox in each.recipients]
        self.smtp.take()
        for each in arrived:
            head, _empty, body = each.raw.partition(b"\r\n\r\n")
            lines = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
            sender, raw = way(lines, body, each)
            with smtplib.SMTP("127.0.0.1", self.smtp.port) as client:
                client.sendmail(sender, [self.to], raw)
        self.smtp.wait_for(len(arrived))
        self.smtp.take()
        return arrived

    def gmail(self, lines, body, _mail):
        """All stays as it is; the envelope is rewritten, and says where it came from."""
        user, _at, domain = self.mailbox.partition("@")
        lines = [
            f"X-Forwarded-To: {self.to}".encode(),
            f"X-Forwarded-For: {self.mailbox} {self.to}".encode(),
            f"Delivered-To: {self.mailbox}".encode(),
            b"X-Gm-Message-State: AOJu0YyQ",
            *lines,
        ]
        sender = f"{user}+caf_={self.to.replace('@', '=')}@{domain}"
        return sender, b"\r\n".join([*lines, b"", body])

    def exchange(self, lines, body, _mail):
        """A rule that redirects: fields of others are stripped, the Message-ID is another."""
        gone = (b"x-helpdesk", b"message-id:", b"auto-submitted:", b"x-auto-response")
        lines = [line for line in lines if not line.lower().startswith(gone)]
        lines = [
            f"Resent-From: <{self.mailbox}>".encode(),
            f"X-MS-Exchange-Inbox-Rules-Loop: {self.mailbox}".encode(),
            b"X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
            b"Auto-Submitted: auto-generated",
            f"Message-ID: <E19084B5{next(_numbers)}@AM0PR01.eurprd01.prod.example>".encode(),
            *lines,
        ]
        return self.mailbox, b"\r\n".join([*lines, b"", body])

    def in_its_own_name(self, _lines, _body, arrived):
        """A rule that forwards: a new mail of the mailbox, which holds the other one's text."""
        message = arrived.message
        text = message.get_body(("plain", "html")).get_content()
        text = f"From: {message['From']}\nTo: {message['To']}\n\n{text}"
        head = (
            f"From: Support <{self.mailbox}>\r\nTo: {self.to}\r\n"
            f"Subject: FW: {message['Subject']}\r\nDate: {message['Date']}\r\n"
            "Message-ID: <DB7PR04MB4204@DB7PR04MB4204.eurprd04.prod.example>\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        )
        return self.mailbox, head.encode() + base64.encodebytes(text.encode())


@pytest.fixture(scope="module")
def dovecot():
    try:
        server = Dovecot(users=dict.fromkeys((SUPPORT, OURS), "secret"))
    except DovecotMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    with server:
        yield server


@pytest.fixture(scope="module")
def smtp(dovecot):
    with Smtp(dovecot=dovecot) as server:
        yield server


@pytest.fixture(scope="module")
def odoo(database, dovecot, smtp):
    with Console(database, STEPS, STEPS.with_name("steps_forwarding.py")) as console:
        console.do("settle")
        console.do("mail_server", smtp.port)
        console.team = console.do("team", "Front desk")
        console.scanner = console.do("scanner", user=OURS, port=dovecot.imap_port)
        console.do("begin", console.scanner, "next")
        yield console


@pytest.fixture(scope="module")
def guide(odoo, smtp):
    """The guide at the step that shows where to forward to."""
    smtp.take()
    connection = odoo.do("forward", SUPPORT)
    assert (connection["step"], connection["problem"]) == ("connect", "")
    assert connection["provided"] == OURS
    return connection["id"]


@pytest.fixture(scope="module")
def provider(smtp):
    return Forwarder(smtp, SUPPORT, OURS)


def newest(odoo):
    return odoo.do("mails")[-1]


def test_the_provider_s_confirmation_mail_shows_in_the_guide_and_as_a_ticket(odoo, guide, smtp):
    asks = mail(
        subject=f"(#429106883) Gmail Forwarding Confirmation - Receive Mail from {SUPPORT}",
        sender="Gmail Team <forwarding-noreply@google.com>",
        to=OURS,
        text=f"Confirmation code: 429106883\nplease click the link below:\n\n{LINK}\n",
        Auto_Submitted="auto-generated",
    )
    with smtplib.SMTP("127.0.0.1", smtp.port) as client:
        client.sendmail("forwarding-noreply@google.com", [OURS], asks)
    smtp.wait_for(1)
    smtp.take()
    assert odoo.do("visit", odoo.scanner) is None
    row = newest(odoo)
    assert (row["kind"], row["state"], len(row["tickets"])) == ("forwarding", "done", 1), row
    connection = odoo.do("said", guide)
    assert (connection["code"], connection["link"]) == ("429106883", LINK)
    # and nothing answered it
    assert smtp.take() == []


def test_the_from_address_verifies_itself_through_the_forwarding(odoo, guide, smtp, provider):
    connection = odoo.do("go_on", guide)
    assert (connection["step"], connection["problem"]) == ("place", "")
    assert connection["sender"] == "sent"
    [verification] = provider.forward(provider.gmail)
    assert "Confirm the address" in verification.message["Subject"]
    assert odoo.do("visit", odoo.scanner) is None
    assert newest(odoo)["state"] == "ignored"
    assert odoo.do("said", guide)["sender"] == "verified"
    connection = odoo.do("go_on", guide, team_id=odoo.team, alias_choice="existing")
    assert (connection["step"], connection["problem"]) == ("test", "")


@pytest.mark.parametrize("way", ["gmail", "exchange", "in_its_own_name"])
def test_the_test_mail_comes_back_however_it_is_sent_on(odoo, guide, smtp, provider, way):
    connection = odoo.do("send_test", guide)
    assert (connection["test"], connection["problem"]) == ("sent", "")
    assert odoo.do("poll", guide)["state"] == "sent"
    provider.forward(getattr(provider, way))
    tickets = len(odoo.do("tickets"))
    assert odoo.do("visit", odoo.scanner) is None
    connection = odoo.do("poll", guide)
    assert connection["state"] == "back"
    row = newest(odoo)
    assert (row["state"], row["tickets"]) == ("ignored", [])
    assert "own_connection" in row["trace"]
    assert len(odoo.do("tickets")) == tickets
    assert ("redirect" in connection["warning"]) == (way == "in_its_own_name")


def test_a_mail_that_is_not_sent_on_is_waited_for(odoo, guide, smtp):
    connection = odoo.do("send_test", guide)
    smtp.wait_for(1)
    smtp.take()
    assert odoo.do("visit", odoo.scanner) is None
    connection = odoo.do("poll", guide)
    assert (connection["state"], connection["problem"]) == ("sent", "")


@pytest.mark.parametrize("way", ["gmail", "exchange"])
def test_customers_mails_become_their_tickets(odoo, guide, smtp, provider, way):
    connection = odoo.do("said", guide)
    if connection["step"] == "test":
        assert odoo.do("go_on", guide)["step"] == "done"
    # written to a list: only the forwarder tells which mailbox it came in by
    for to in (SUPPORT, "everybody@lists.example"):
        subject = f"The printer burns ({way}, {to})"
        with smtplib.SMTP("127.0.0.1", smtp.port) as client:
            client.sendmail(ANN, [SUPPORT], mail(subject, sender=f"Ann <{ANN}>", to=to))
        provider.forward(getattr(provider, way))
        assert odoo.do("visit", odoo.scanner) is None
        ticket = odoo.do("tickets")[-1]
        assert (ticket["subject"], ticket["email"], ticket["alias"]) == (subject, ANN, "Support")
        assert newest(odoo)["kind"] == "message"


def test_a_mailbox_that_is_not_read_yet_is_looked_into_and_left_as_it_is(odoo, dovecot, smtp):
    mailbox = "care@acme.example"
    dovecot.add_user(mailbox)
    dovecot.deliver(mail("Waiting"), mailbox)
    scanner = odoo.do("scanner", user=mailbox, port=dovecot.imap_port)
    connection = odoo.do("of_scanner", mailbox, scanner)
    odoo.do("send_test", connection["id"])
    smtp.wait_for(1)
    smtp.take()
    before = len(odoo.do("mails"))
    told = odoo.do("poll", connection["id"])
    assert (told["state"], told["problem"]) == ("back", "")
    assert "arrived in the mailbox" in told["sentence"]
    assert len(odoo.do("mails")) == before
    flags = dovecot.flags(mailbox)
    assert len(flags) == 2
    assert not any("Seen" in each for each in flags.values())
