"""Scanner rules in several processes at once."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from e2e.builders import STEPS, mail
from servers.odoo_process import Console

_numbers = itertools.count(1)


@pytest.fixture
def processes(database, odoo):
    """Two further processes on the database."""
    with Console(database, STEPS) as first, Console(database, STEPS) as second:
        yield first, second


@pytest.fixture
def mailboxes(odoo, dovecot):
    """Two mailboxes, each with its scanner."""
    made = []
    for number in itertools.islice(_numbers, 2):
        name = f"alerts{number}@example.com"
        dovecot.add_user(name)
        scanner = odoo.do("scanner", user=name, port=dovecot.imap_port)
        odoo.do("begin", scanner, "next")
        made.append((name, scanner))
    return made


def at_once(*calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(*call) for call in calls]]


def test_a_burst_of_alerts_at_two_mailboxes_is_one_ticket(odoo, dovecot, processes, mailboxes):
    action = {"kind": "ticket", "match_by": "subject", "same_subject_of": "any"}
    rule = odoo.do("rule", [("fact_subject", "ilike", "disk full")], [action])
    for number in range(12):
        for name, _scanner in mailboxes:
            dovecot.deliver(mail(subject="Disk full on web1", number=number), name)
    at_once(
        *(
            (each.do, "visit", scanner)
            for each, (_name, scanner) in zip(processes, mailboxes, strict=False)
        )
    )
    found = [each for each in odoo.do("tickets") if each["subject"] == "Disk full on web1"]
    rows = [row for _name, scanner in mailboxes for row in odoo.do("mails", scanner)]
    odoo.do("delete", "helpdesk.scanner.rule", rule)
    assert [row["state"] for row in rows] == ["done"] * 24
    assert len(found) == 1


def test_a_rule_changed_in_one_process_counts_in_the_other(odoo, dovecot, processes, mailboxes):
    (name, scanner), _other = mailboxes
    first, second = processes
    rule = first.do("rule", [("fact_subject", "ilike", "stale")], [{"kind": "ignore"}])
    dovecot.deliver(mail(subject="stale 1"), name)
    second.do("visit", scanner)
    first.do("change", "helpdesk.scanner.rule", rule, active=False)
    dovecot.deliver(mail(subject="stale 2"), name)
    second.do("visit", scanner)
    first.do("change", "helpdesk.scanner.rule", rule, active=True)
    dovecot.deliver(mail(subject="stale 3"), name)
    second.do("visit", scanner)
    first.do("delete", "helpdesk.scanner.rule", rule)
    dovecot.deliver(mail(subject="stale 4"), name)
    second.do("visit", scanner)
    states = {row["subject"]: row["state"] for row in odoo.do("mails", scanner)}
    assert states == {
        "stale 1": "ignored",
        "stale 2": "done",
        "stale 3": "ignored",
        "stale 4": "done",
    }
