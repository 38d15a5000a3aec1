"""Automatic answers, with processes that are killed and processes that race."""

import itertools
import threading

import pytest
from e2e.builders import STEPS, mail
from servers.odoo_process import Console
from servers.smtp import Smtp

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def smtp(odoo):
    with Smtp() as smtp:
        odoo.do("mail_server", smtp.port)
        odoo.do("change", "helpdesk.support.alias", odoo.do("settings")["alias"], **ON)
        yield smtp


ON = {"automatic_answer": True}


@pytest.fixture
def mailbox(odoo, dovecot, user, smtp):
    """A new mailbox with its scanner: (scanner id, deliver)."""
    smtp.take()
    smtp.behave()
    scanner = odoo.do("scanner", user=user, port=dovecot.imap_port)
    odoo.do("begin", scanner, "next")
    return scanner, lambda raw: dovecot.deliver(raw, user)


def customer():
    return f"customer{next(_numbers)}@customer.example"


def outcomes(odoo, recipient):
    return [
        (row["outcome"], row["reason"])
        for row in odoo.do("automatic_answers")
        if row["recipient"] == recipient
    ]


def second(database):
    return Console(database, STEPS, log=f"second{next(_numbers)}")


def test_a_process_killed_while_the_server_has_the_answer_sends_it_once(
    odoo, database, mailbox, smtp, wait_for
):
    scanner, deliver = mailbox
    sender = customer()
    deliver(mail(sender=sender))
    odoo.do("visit", scanner)
    assert smtp.take() == []
    smtp.hang("TAKEN")
    with second(database) as doomed:
        doomed.begin("send_queue")
        smtp.wait_for(1)
        doomed.kill()
    smtp.behave()
    odoo.do("send_queue")
    # as long as the one that was killed might be at it, others leave it alone
    assert outcomes(odoo, sender) == [("sent", "")]
    database.sql(
        "UPDATE helpdesk_automatic_answer SET handed_over = now() - interval '1 day'"
        " WHERE handed_over IS NOT NULL"
    )
    odoo.do("send_queue")
    odoo.do("send_queue")
    assert smtp.take() == [], "the customer has it already"
    assert outcomes(odoo, sender) == [("failed", "cut_off")]
    [ticket] = [each for each in odoo.do("tickets") if each["email"] == sender]
    [note] = odoo.do("notes", ticket["id"])
    assert "not sent again" in note


def test_a_process_killed_before_the_commit_answers_nobody(odoo, database, mailbox, smtp):
    scanner, deliver = mailbox
    sender = customer()
    deliver(mail(sender=sender))
    with second(database) as doomed:
        doomed.begin("scan_and_retry", "acted", 1)
        assert doomed.process.wait(60) == -9
    odoo.do("send_queue")
    assert smtp.take() == []
    # a row is taken up again by the cron when it was left for some minutes
    database.sql("UPDATE helpdesk_incoming_mail SET write_date = '2026-01-01' WHERE state = 'new'")
    odoo.do("visit", scanner)
    odoo.do("cron_retry")
    odoo.do("send_queue")
    [sent] = smtp.take()
    assert sent.recipients == (sender,)
    assert outcomes(odoo, sender) == [("sent", "")]


def test_a_server_that_is_away_gets_it_later_and_once(odoo, database, mailbox, smtp):
    scanner, deliver = mailbox
    deliver(mail(sender=customer()))
    smtp.stop()
    odoo.do("visit", scanner)
    odoo.do("send_queue")
    smtp.start()
    database.sql("UPDATE mail_mail SET scheduled_date = NULL WHERE state = 'outgoing'")
    odoo.do("send_queue")
    odoo.do("send_queue")
    assert len(smtp.take()) == 1


def test_two_processes_at_once_keep_the_limit(odoo, database, dovecot, mailbox, smtp):
    scanner, deliver = mailbox
    user = f"second{next(_numbers)}@example.com"
    dovecot.add_user(user)
    other = odoo.do("scanner", user=user, port=dovecot.imap_port)
    odoo.do("begin", other, "next")
    sender = customer()
    for number in range(8):
        deliver(mail(sender=sender, number=number))
        dovecot.deliver(mail(sender=sender, number=100 + number), user)
    with second(database) as rival:
        # small batches: many moments at which they meet
        for console in (odoo, rival):
            console.do("small_batches", 2)
        threads = [
            threading.Thread(target=console.do, args=("visit", of))
            for console, of in ((odoo, scanner), (rival, other))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    for of in (scanner, other):
        assert {row["state"] for row in odoo.do("mails", of)} == {"done"}
    odoo.do("send_queue")
    assert len(smtp.take()) == 5
    found = outcomes(odoo, sender)
    assert (found.count(("sent", "")), found.count(("withheld", "hour"))) == (5, 11)
