"""Real messages of many mail programs, through a real mail server and a scanner.

What another parser's authors read in them (the JSON beside each) is what the ticket shows.
"""

import json
import re
from pathlib import Path

import pytest

from mailflow.mail import read

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
# A part that never ends, or whose header does not: what belongs to which part is a guess,
# theirs and ours (tests/engine/test_corpus.py looks at these).
GUESSWORK = {"boundary_unclosed", "header_end_missing", "header_line_unreadable"}


def files_of(kind):
    folder = CORPUS / kind
    if not folder.is_dir():
        pytest.skip(f"The collection of messages is not here: {folder}")
    return sorted(folder.glob("*.eml"))


def same(theirs, ours) -> bool:
    """Equal; where they gave up on a character (U+FFFD) we may have read one."""
    pattern = "".join(".+" if c == "\ufffd" else re.escape(c) for c in theirs or "")
    return re.fullmatch(pattern, ours, re.DOTALL) is not None


@pytest.fixture(scope="module")
def take_in(odoo, dovecot):
    """Deliver files to a new mailbox, have it read; rows of the ledger by file."""
    alias = odoo.do("settings")["alias"]

    def take(name, files):
        user = f"{name}@example.com"
        dovecot.add_user(user)
        scanner = odoo.do("scanner", user=user, port=dovecot.imap_port, default_alias_id=alias)
        for file in files:
            dovecot.deliver(file.read_bytes(), user)
        assert odoo.do("begin", scanner) == len(files)
        assert odoo.do("visit", scanner) is None
        rows = odoo.do("mails", scanner)
        assert len(rows) == len(files)
        assert all(r"\Seen" in flags for flags in dovecot.flags(user).values())
        # Dovecot numbers new mails by the names of their files, which grow
        return dict(zip(files, rows, strict=True))

    return take


@pytest.fixture(scope="module")
def ordinary(take_in):
    return take_in("mime", files_of("mime"))


@pytest.fixture(scope="module")
def tickets(ordinary, odoo):
    return {ticket["id"]: ticket for ticket in odoo.do("tickets")}


def test_each_message_is_one_ticket(ordinary):
    """But for copies: two files that are the same mail (Message-ID, From and Date) make one
    ticket, and one with that identity and another text waits for a person."""
    first, wrong = {}, {}
    for file, row in ordinary.items():
        mail = read(file.read_bytes())
        original = first.setdefault(mail.identity, mail)
        if original is mail:
            wanted = ("done", 1)
        elif original.body_digest == mail.body_digest:
            wanted = ("duplicate", 0)
        else:
            wanted = ("held", 0)
        if (row["state"], len(row["tickets"])) != wanted:
            wrong[file.name] = (row["state"], row["error"], row["why"])
    assert not wrong


def test_subjects(ordinary, tickets):
    wrong = {}
    for file, ticket, expected in _with_tickets(ordinary, tickets):
        if not same(expected["subject"] or "No Subject", ticket["subject"]):
            wrong[file.name] = (expected["subject"], ticket["subject"])
    assert not wrong


def test_senders(ordinary, tickets):
    wrong = {}
    for file, ticket, expected in _with_tickets(ordinary, tickets):
        theirs = (expected["from"] or [{}])[0]
        if (theirs.get("address") or "").lower() != ticket["email"].lower():
            wrong[file.name] = (theirs, ticket["email"])
        elif theirs.get("name") and not same(theirs["name"], ticket["name"]):
            wrong[file.name] = (theirs, ticket["name"])
    assert not wrong


def test_attachments(ordinary, tickets):
    wrong, compared = {}, 0
    for file, ticket, expected in _with_tickets(ordinary, tickets):
        mail = read(_as_on_the_wire(file))
        codes = {note.code for note in mail.notes}
        theirs = [each.get("filename") for each in expected["attachments"]]
        found = ticket["messages"][0]["attachments"]
        if [each["size"] for each in found] != [len(each.content) for each in mail.attachments]:
            wrong[file.name] = ([len(each.content) for each in mail.attachments], found)
        within = [read(a.content) for a in mail.attachments if a.content_type == "message/rfc822"]
        codes |= {note.code for each in within for note in each.notes}
        if codes & GUESSWORK:
            continue
        compared += 1
        extracted = sum(n.values["count"] for n in mail.notes if n.code == "uuencode_extracted")
        ours = [each["name"] for each in found][: len(found) - extracted]
        if len(ours) != len(theirs) or not all(
            # a Windows path: we keep its end
            name is None or same(name, own) or (re.match(r"[A-Za-z]:", name) and own in name)
            for own, name in zip(ours, theirs, strict=True)
        ):
            wrong[file.name] = (theirs, ours)
    assert not wrong
    assert compared > len(ordinary) * 0.6


def test_reports_of_mail_servers_are_no_tickets(take_in):
    files = files_of("bounces")
    rows = take_in("bounces", files)
    tickets = [file.name for file, row in rows.items() if row["tickets"]]
    bad = [file.name for file, row in rows.items() if row["state"] in ("new", "failed", "held")]
    print(f"{len(tickets)} of {len(files)} reports became tickets")
    assert not bad
    assert len(tickets) <= 0.03 * len(files), tickets


def _as_on_the_wire(file) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _with_tickets(rows, tickets):
    for file, row in rows.items():
        side = file.with_suffix(".json")
        if row["tickets"] and side.exists():
            yield file, tickets[row["tickets"][0]], json.loads(side.read_text("utf-8"))
