"""A customer's mail, the agent's answer, the customer's reply: over SMTP, IMAP and RPC."""

import email
import email.policy
import itertools
import os
import subprocess
import xmlrpc.client

import pytest
from aiosmtpd.controller import Controller
from e2e.builders import mail
from servers.odoo_process import ROOT, WebServer, free_port

MAILGATE = ROOT / "helpdesk_mailflow" / "static" / "scripts" / "mailflow-mailgate.py"
CUSTOMER = "ann@customer.example"
_numbers = itertools.count(1)


class Postman:
    """The mail transport agent: keeps what is sent."""

    def __init__(self):
        self.sent = []

    async def handle_DATA(self, _server, _session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.sent.append((envelope.mail_from, envelope.rcpt_tos, message))
        return "250 taken"


@pytest.fixture(scope="module")
def postman(odoo):
    handler = Postman()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    odoo.do("mail_server", controller.port)
    yield handler
    controller.stop()


@pytest.fixture(scope="module")
def web(database, odoo, postman):
    with WebServer(database) as server:
        yield server


@pytest.fixture(scope="module")
def rpc(web, odoo):
    """Call a method as the administrator, by XML-RPC."""
    odoo.do("password", "geheim")
    admin = odoo.do("settings")["admin"]
    proxy = xmlrpc.client.ServerProxy(f"{web.url}/xmlrpc/2/object", allow_none=True)

    def call(model, method, *args, **kwargs):
        return proxy.execute_kw(
            web.database.name, admin, "geheim", model, method, list(args), kwargs
        )

    return call


@pytest.fixture
def fetch(odoo, dovecot, user):
    """Deliver a mail to a new mailbox and have it read; the tickets that it is part of."""
    scanner = odoo.do("scanner", user=user, port=dovecot.imap_port)
    odoo.do("begin", scanner, "next")

    def fetch(raw):
        dovecot.deliver(raw, user)
        assert odoo.do("visit", scanner) is None
        return odoo.do("mails", scanner)[-1]

    return fetch


def test_an_answer_leaves_and_the_reply_comes_back_to_the_same_ticket(odoo, rpc, postman, fetch):
    first = mail(
        subject="Printer on fire",
        sender=f"Ann Example <{CUSTOMER}>",
        message_id="<first@c.example>",
    )
    [ticket] = fetch(first)["tickets"]
    [values] = rpc("helpdesk.ticket", "read", [ticket], ["partner_id", "number", "user_id"])
    assert not values["user_id"]
    assert postman.sent == [], "nothing is sent by itself"
    rpc(
        "helpdesk.ticket",
        "message_post",
        [ticket],
        body="Use the extinguisher.",
        message_type="comment",
        subtype_xmlid="mail.mt_comment",
        partner_ids=[values["partner_id"][0]],
    )
    odoo.do("send_queue")
    [(_envelope_from, recipients, answer)] = postman.sent
    assert recipients == [CUSTOMER]
    assert "example.com" in answer["From"]
    assert email.utils.parseaddr(answer["Reply-To"])[1] == "support@example.com"
    assert "Use the extinguisher." in answer.get_body(("plain",)).get_content()
    assert answer["Message-ID"]
    reply = mail(
        subject=f"Re: {answer['Subject']}",
        sender=f"Ann Example <{CUSTOMER}>",
        to=answer["Reply-To"],
        text="It is out now, thank you.\n",
        In_Reply_To=answer["Message-ID"],
        References=f"<first@c.example> {answer['Message-ID']}",
    )
    row = fetch(reply)
    assert (row["outcomes"], row["tickets"]) == (["reply"], [ticket])
    [found] = [each for each in odoo.do("tickets") if each["id"] == ticket]
    assert [message["email_from"] for message in found["messages"]] == [
        f'"Ann Example" <{CUSTOMER}>'
    ] * 2
    assert "It is out now" in found["messages"][1]["body"]
    odoo.do("send_queue")
    assert len(postman.sent) == 1, "the customer gets no copy of what she wrote"


def test_a_reply_with_only_the_answer_s_own_message_id(odoo, rpc, postman, fetch):
    postman.sent.clear()
    [ticket] = fetch(mail(subject="Second", sender="bob@customer.example"))["tickets"]
    [values] = rpc("helpdesk.ticket", "read", [ticket], ["partner_id"])
    rpc(
        "helpdesk.ticket",
        "message_post",
        [ticket],
        body="Answer",
        message_type="comment",
        subtype_xmlid="mail.mt_comment",
        partner_ids=[values["partner_id"][0]],
    )
    odoo.do("send_queue")
    [(_from, _recipients, answer)] = postman.sent
    row = fetch(
        mail(
            subject="another subject",
            sender="bob@customer.example",
            In_Reply_To=answer["Message-ID"],
        )
    )
    assert (row["outcomes"], row["tickets"]) == (["reply"], [ticket])


# --- the mail gateway script


@pytest.fixture
def mailgate(web, odoo, rpc):
    """Run the script; returns (exit code, what it said)."""

    def run(raw, password="geheim", url=None, *options):
        done = subprocess.run(
            [
                *(web.database.installation.python, MAILGATE, "--url", url or web.url),
                *("-d", web.database.name, "-u", str(odoo.do("settings")["admin"]), *options),
            ],
            input=raw,
            capture_output=True,
            env={**os.environ, "ODOO_PASSWORD": password},
            timeout=60,
        )
        return done.returncode, done.stderr.decode()

    return run


def raw_8bit(number):
    return (
        b"From: J\xfcrgen <juergen@customer.example>\r\nTo: support@example.com\r\n"
        b"Subject: Gr\xfc\xdfe %d\r\nMessage-ID: <raw-%d@customer.example>\r\n"
        b"Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n"
        b"\r\nGr\xfc\xdfe aus K\xf6ln\r\n" % (number, number)
    )


def test_the_mailgate_hands_over_byte_for_byte(odoo, mailgate):
    raw = raw_8bit(1)
    assert mailgate(raw) == (0, "")
    [row] = [row for row in odoo.do("mails") if row["message_id"] == "<raw-1@customer.example>"]
    assert row["state"] == "done"
    assert bytes.fromhex(odoo.do("source", row["id"])) == raw
    [ticket] = [each for each in odoo.do("tickets") if each["id"] in row["tickets"]]
    assert ticket["subject"] == "Grüße 1"
    assert "Grüße aus Köln" in ticket["description"]


def test_the_mailgate_asks_to_try_again_when_odoo_cannot_take_it(odoo, mailgate):
    raw = raw_8bit(2)
    code, said = mailgate(raw, "wrong")
    assert (code, "try again later" in said) == (75, True)
    assert "wrong" not in said
    code, said = mailgate(raw, url="http://127.0.0.1:9")
    assert (code, "cannot be reached" in said) == (75, True)
    assert not [row for row in odoo.do("mails") if row["message_id"] == "<raw-2@customer.example>"]
    assert mailgate(raw)[0] == 0
    assert mailgate(raw)[0] == 0, "the transport agent was not sure and sent it again"
    rows = [row for row in odoo.do("mails") if row["message_id"] == "<raw-2@customer.example>"]
    assert [(row["state"], len(row["tickets"])) for row in rows] == [("done", 1), ("duplicate", 0)]


# --- one mail to helpdesk and sales


@pytest.fixture(scope="module")
def sales(odoo):
    odoo.do("sales_alias", "sales")


def _both(number):
    return mail(
        subject=f"Both {number}",
        sender=f"Buyer {number} <buyer{number}@customer.example>",
        to="support@example.com, sales@example.com",
        message_id=f"<both-{number}@customer.example>",
    )


def _check_both(odoo, number):
    tickets = [each for each in odoo.do("tickets") if each["subject"] == f"Both {number}"]
    assert len(tickets) == 1
    assert len(tickets[0]["messages"]) == 1
    assert odoo.do("leads", f"Both {number}") == 1


def test_by_a_scanner(odoo, sales, fetch):
    raw = _both(1)
    assert fetch(raw)["state"] == "done"
    _check_both(odoo, 1)
    fetch(raw)
    _check_both(odoo, 1)


def test_by_rpc(odoo, sales, rpc):
    rpc("mail.thread", "message_process", False, xmlrpc.client.Binary(_both(2)))
    _check_both(odoo, 2)


def test_by_the_mailgate(odoo, sales, mailgate):
    assert mailgate(_both(3))[0] == 0
    _check_both(odoo, 3)


def test_by_an_incoming_server_of_odoo(odoo, sales, dovecot, user):
    dovecot.deliver(_both(4), user)
    odoo.do("incoming_server", user, dovecot.imap_port)
    _check_both(odoo, 4)


def test_by_a_dropped_file(odoo, sales):
    odoo.do("drop", _both(5).decode())
    _check_both(odoo, 5)


def test_a_mail_for_sales_only_is_odoo_s(odoo, sales, rpc):
    raw = mail(subject="Only sales", to="sales@example.com", sender="c@customer.example")
    rpc("mail.thread", "message_process", False, xmlrpc.client.Binary(raw))
    assert odoo.do("leads", "Only sales") == 1
    assert not [row for row in odoo.do("mails") if row["subject"] == "Only sales"]
