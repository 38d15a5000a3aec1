"""Servers that misbehave, full disks, a database that goes away, mails that are broken.

Each time: nothing lost, the others go on, and a clear line says so.
"""

import contextlib
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from e2e.builders import STEPS, mail
from servers.hostile import Hostile, imap_script
from servers.odoo_process import ROOT, Console, Database, Installation

_numbers = itertools.count(1)
ALL = [f"number {number}" for number in range(1, 7)]


@pytest.fixture
def messages():
    """What a mailbox holds, by UID."""
    return {uid: mail(subject=subject) for uid, subject in enumerate(ALL, 1)}


@pytest.fixture
def healthy(odoo, dovecot):
    """A mailbox that works, with a mail; says whether the mail became a ticket."""
    user = f"healthy{next(_numbers)}@example.com"
    dovecot.add_user(user)
    scanner = odoo.do("scanner", user=user, port=dovecot.imap_port)
    odoo.do("begin", scanner, "next")
    dovecot.deliver(mail(subject="elsewhere"), user)
    yield lambda: [row["state"] for row in odoo.do("mails", scanner)] == ["done"]
    odoo.do("press", scanner, "action_deactivate")


@pytest.fixture
def on_server(odoo):
    """Make a scanner for a scripted server and activate it."""
    odoo.do("be_impatient", 1.5)
    made = []

    def make(server):
        scanner = odoo.do(
            "scanner", name=f"hostile {len(made)}", user="u", server=server.host, port=server.port
        )
        # the servers of these tests say nothing of dates: begin with everything
        odoo.do("begin_with_everything", scanner)
        made.append(scanner)
        return scanner

    yield make
    for scanner in made:
        odoo.do("press", scanner, "action_deactivate")


def subjects(odoo, scanner):
    return sorted(row["subject"] for row in odoo.do("mails", scanner) if row["tickets"])


class Fetch:
    """Answers UID FETCH of whole messages by a function, other commands as they should be.

    :param answer: called with this, the client, the UIDs asked for, and how often it was
    """

    def __init__(self, messages, answer):
        self.messages, self.answer, self.calls = messages, answer, 0
        self.script = imap_script({b"UID FETCH": self.fetch}, messages=messages)

    def fetch(self, client, line):
        uids = [int(uid) for uid in line.split(b" ")[3].split(b",")]
        if b"BODY.PEEK[]" in line:
            self.calls += 1
            self.answer(self, client, uids, self.calls)
            return
        for uid in uids:
            client.send(
                b"* %d FETCH (UID %d RFC822.SIZE %d FLAGS () INTERNALDATE "
                b'"01-Feb-2026 03:04:05 +0100")\r\n' % (uid, uid, len(self.messages[uid]))
            )
        client.ok()

    def send(self, client, uid, length=None):
        message = self.messages[uid]
        client.send(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (uid, uid, len(message)))
        client.send(message[:length])
        if length is None:
            client.send(b")\r\n")


def test_a_connection_that_drops_half_way_costs_nothing(odoo, on_server, healthy, messages):
    def drops_once(fetch, client, uids, calls):
        for uid in uids:
            if calls == 1 and uid == 3:
                fetch.send(client, uid, 100)
                client.reset()
                return
            fetch.send(client, uid)
        client.ok()

    with Hostile(Fetch(messages, drops_once).script) as server:
        scanner = on_server(server)
        odoo.do("cron_scan")
    assert subjects(odoo, scanner) == ALL
    assert odoo.do("scanner_state", scanner)["state"] == "on"
    assert healthy()


@pytest.mark.parametrize("how", ["close", "hang", "garbage"])
def test_a_message_at_which_the_server_breaks_does_not_hold_back_the_others(
    odoo, on_server, healthy, messages, how
):
    broken = {3}

    def breaks_at_three(fetch, client, uids, _calls):
        for uid in uids:
            if uid in broken:
                if how == "garbage":
                    client.send(b"* 3 FETCH (UID 3 BODY[] {99999999999999\r\n%%%)\x00\r\n")
                    client.ok()
                elif how == "hang":
                    fetch.send(client, uid, 10)
                    client.hang()
                client.close()
                return
            fetch.send(client, uid)
        client.ok()

    with Hostile(Fetch(messages, breaks_at_three).script) as server:
        scanner = on_server(server)
        odoo.do("cron_scan")
        assert subjects(odoo, scanner) == [each for each in ALL if each != "number 3"]
        state = odoo.do("scanner_state", scanner)
        assert state["state"] == "error"
        assert "127.0.0.1" in state["error"]
        assert state["folders"]["INBOX"]["error"]
        assert healthy()
        odoo.do("cron_scan")
        assert len(odoo.do("mails", scanner)) == 5
        broken.clear()
        odoo.do("cron_scan")
    assert subjects(odoo, scanner) == ALL
    assert odoo.do("scanner_state", scanner)["state"] == "on"


def test_many_messages_at_which_the_server_breaks(odoo, on_server, messages):
    """More of them than a visit connects anew: still the others come, visit by visit."""
    broken = set(messages) - {6}

    def breaks(fetch, client, uids, _calls):
        for uid in uids:
            if uid in broken:
                client.close()
                return
            fetch.send(client, uid)
        client.ok()

    with Hostile(Fetch(messages, breaks).script) as server:
        scanner = on_server(server)
        for _visit in range(3):
            odoo.do("visit", scanner)
        assert subjects(odoo, scanner) == ["number 6"]
        broken -= {4}
        for _visit in range(3):
            odoo.do("visit", scanner)
        assert subjects(odoo, scanner) == ["number 4", "number 6"]
        broken.clear()
        for _visit in range(2):
            odoo.do("visit", scanner)
    assert subjects(odoo, scanner) == ALL
    assert odoo.do("scanner_state", scanner)["state"] == "on"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (lambda client: client.hang(), "said nothing within"),
        (lambda client: client.close(), "closed the connection"),
        (lambda client: client.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not IMAP"),
        (
            imap_script({b"SELECT": lambda client, _line: client.hang()}),
            "stopped answering while opening the folder",
        ),
        (
            imap_script({b"UID SEARCH": lambda client, _line: client.send(b"* SEARCH x\r\n")}),
            "while searching",
        ),
    ],
    ids=["hangs", "hangs up", "other protocol", "hangs later", "garbage"],
)
def test_what_the_server_did_is_said(odoo, on_server, healthy, messages, script, words):
    with Hostile(imap_script(messages=messages)) as good:
        scanner = on_server(good)
        with Hostile(script) as bad:
            odoo.do("move", scanner, bad.port)
            started = time.monotonic()
            odoo.do("cron_scan")
            assert time.monotonic() - started < 20
            assert words in odoo.do("scanner_state", scanner)["error"]
            assert healthy()
        odoo.do("move", scanner, good.port)
        assert odoo.do("visit", scanner) is None
    assert subjects(odoo, scanner) == ALL


def test_a_message_that_the_mail_server_cannot_read(odoo, dovecot, user, healthy):
    """Dovecot hangs up on it."""
    scanner = odoo.do("scanner", user=user, port=dovecot.imap_port, name="unreadable")
    odoo.do("begin", scanner, "next")
    files = [dovecot.deliver(mail(subject=f"number {number}"), user) for number in range(1, 6)]
    files[2].write_bytes(files[2].read_bytes())
    files[2].chmod(0)
    odoo.do("cron_scan")
    expected = [f"number {number}" for number in (1, 2, 4, 5)]
    state = odoo.do("scanner_state", scanner)
    assert subjects(odoo, scanner) == expected
    assert "localhost" in state["error"]
    assert state["folders"]["INBOX"]["state"] == "error"
    assert healthy()
    dovecot.deliver(mail(subject="number 6"), user)
    odoo.do("cron_scan")
    assert subjects(odoo, scanner) == [*expected, "number 6"]
    [hidden] = files[2].parents[1].rglob(f"{files[2].name}*")
    hidden.chmod(0o600)
    assert odoo.do("visit", scanner) is None
    assert len(subjects(odoo, scanner)) == 6
    odoo.do("press", scanner, "action_deactivate")


def test_a_full_disk(odoo, dovecot, user, database):
    chance = random.Random(1)
    scanner = odoo.do("scanner", user=user, port=dovecot.imap_port, name="full disk")
    odoo.do("begin", scanner, "next")
    large = [("large.bin", chance.randbytes(2_000_000))]
    medium = [("medium.bin", chance.randbytes(600_000))]
    dovecot.deliver(mail(subject="small one"), user)
    dovecot.deliver(mail(subject="source does not fit", attachments=large), user)
    dovecot.deliver(mail(subject="attachment does not fit", attachments=medium), user)
    dovecot.deliver(mail(subject="small two"), user)
    with Console(database, STEPS, log="full") as full:
        full.do("keep_sources_in_files", 1_000_000)
        full.do("limit_files", 400_000)
        error = full.do("visit", scanner)
        assert "File too large" in error
        assert subjects(odoo, scanner) == ["small one", "small two"]
        rows = {row["subject"]: row["state"] for row in odoo.do("mails", scanner)}
        assert rows.pop("attachment does not fit") == "failed"
        assert rows == {"small one": "done", "small two": "done"}
        state = odoo.do("scanner_state", scanner)
        assert state["error"] == error
        assert state["folders"]["INBOX"]["state"] == "error"
        unread = [uid for uid, each in dovecot.flags(user).items() if r"\Seen" not in each]
        assert unread == [2, 3], "what is not dealt with stays unread"
        folder = database.installation.data / "mailflow" / database.name
        assert not list(folder.glob("*")), "no half files stay behind"
        full.do("limit_files", 0)
        assert full.do("visit", scanner) is None
        full.do("due_now")
        full.do("cron_retry")
        assert full.do("visit", scanner) is None
    assert {row["state"] for row in odoo.do("mails", scanner)} == {"done"}
    sizes = {
        ticket["subject"]: ticket["messages"][0]["attachments"][0]["size"]
        for ticket in odoo.do("tickets")
        if "does not fit" in ticket["subject"]
    }
    assert sizes == {"source does not fit": 2_000_000, "attachment does not fit": 600_000}
    assert all(r"\Seen" in each for each in dovecot.flags(user).values())
    assert odoo.do("scanner_state", scanner)["state"] == "on"


# --- the database


@pytest.fixture
def own_postgresql(installation):
    """A PostgreSQL of this test's own, to be stopped and started."""
    if str(ROOT / "bin" / "lib") not in sys.path:
        sys.path.insert(0, str(ROOT / "bin" / "lib"))
    import postgres
    from workbench import Problem

    try:
        programs = postgres.binaries()
    except Problem as problem:
        pytest.skip(f"There is no PostgreSQL to start and stop: {problem}")
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = postgres.Embedded()
        server.bin = programs if server._can_run(programs / "postgres") else server.bin
        server.home = Path(folder)
        server.data, server.socket = server.home / "data", server.home / "socket"
        server.log = server.home / "postgresql.log"
        server.start()
        try:
            yield server
        finally:
            server.stop()


def test_a_database_that_is_restarted_in_the_middle(
    installation, own_postgresql, dovecot, user, tmp_path, wait_for
):
    own = Installation(
        installation.folder,
        {"db_host": str(own_postgresql.socket), "db_port": "5432", "db_user": "odoo"},
    )
    template = os.environ["MAILFLOW_TEMPLATE"]
    _copy_database(installation, own, template, own_postgresql.bin)
    with Database(own, template, tmp_path) as database, Console(database, STEPS) as odoo:
        odoo.do("settle")
        scanner = odoo.do("scanner", user=user, port=dovecot.imap_port)
        odoo.do("begin", scanner, "next")
        for number in range(120):
            dovecot.deliver(mail(subject=f"number {number}"), user)
        odoo.do("small_batches", 10)
        for stored in (20, 60):
            odoo.begin("scan_and_retry")
            query = "SELECT count(*) FROM helpdesk_incoming_mail"
            wait_for(lambda: database.sql(query)[0][0] >= stored)  # noqa: B023
            own_postgresql._call(
                *("pg_ctl", "-D", own_postgresql.data, "-m", "immediate", "-w", "stop"), what="stop"
            )
            own_postgresql.start()
            with contextlib.suppress(Exception):
                odoo.result()
            assert database.sql(query)[0][0] < 120, "restarted too late to mean anything"
        assert odoo.is_running, odoo.log()
        for _round in range(5):
            odoo.do("scan_and_retry")
        rows = odoo.do("mails", scanner)
        assert {row["state"] for row in rows} == {"done"}
        assert sorted(t["subject"] for t in odoo.do("tickets")) == sorted(
            f"number {number}" for number in range(120)
        )
        assert all(r"\Seen" in each for each in dovecot.flags(user).values())


def _copy_database(source, target, name, programs):
    with contextlib.closing(target.connect()) as connection:
        connection.cursor().execute(f'CREATE DATABASE "{name}"')
    names = {"-h": "db_host", "-p": "db_port", "-U": "db_user"}
    places = [
        [
            part
            for flag, name in names.items()
            if each.options.get(name)
            for part in (flag, each.options[name])
        ]
        for each in (source, target)
    ]
    dump = subprocess.Popen(
        [programs / "pg_dump", *places[0], "--no-owner", name], stdout=subprocess.PIPE
    )
    subprocess.run(
        [programs / "psql", *places[1], "-q", "-d", name],
        stdin=dump.stdout,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert dump.wait() == 0
