"""Mails that are broken or too much, among good ones, through a real mail server: each ends
in the ledger as it should, with its note, and the others become tickets."""

import base64
import random
import time

import pytest
from e2e.builders import mail

# for a mail of nearly 70 MB and a message of ten thousand parts, on a slow machine
BOUND = 120.0
SIZE = 50 * 1024 * 1024


def head(subject, number, *lines, content_type="text/plain; charset=utf-8"):
    return "\r\n".join(
        (
            "From: Ann Example <ann@customer.example>",
            "To: support@example.com",
            f"Subject: {subject}",
            f"Date: Mon, 05 Jan 2026 09:{number:02d}:00 +0000",
            f"Message-ID: <bad-{number}@customer.example>",
            "MIME-Version: 1.0",
            f"Content-Type: {content_type}",
            *lines,
            "",
            "",
        )
    ).encode()


def parts(count):
    yield head("ten thousand parts", 10, content_type="multipart/mixed; boundary=b")
    for number in range(count):
        yield b"--b\r\nContent-Type: text/plain\r\n\r\npart %d\r\n" % number
    yield b"--b--\r\n"


def nested(depth):
    yield head("deep", 11, content_type="multipart/mixed; boundary=b0")
    for level in range(depth):
        yield b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1)
    yield b"--b%d\r\n\r\nat the bottom\r\n" % depth


def without(raw, name):
    header, _, body = raw.partition(b"\r\n\r\n")
    lines = [line for line in header.split(b"\r\n") if not line.startswith(name)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def large():
    encoded = base64.encodebytes(random.Random(2).randbytes(SIZE)).replace(b"\n", b"\r\n")
    yield head("fifty megabytes", 12, content_type="multipart/mixed; boundary=b")
    yield b"--b\r\n\r\nsee attachment\r\n--b\r\nContent-Type: application/octet-stream\r\n"
    yield b"Content-Disposition: attachment; filename=large.bin\r\n"
    yield b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded + b"--b--\r\n"


REPORT = (
    head(
        "Undelivered",
        13,
        "Auto-Submitted: auto-replied",
        content_type="multipart/report; report-type=delivery-status; boundary=b",
    ).replace(b"Ann Example <ann@customer.example>", b"MAILER-DAEMON@customer.example")
    + b"--b\r\n\r\nIt could not be delivered.\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Final-Recipient\r\n\x00\xff: :::\r\nStatus: no\r\n\r\n\r\n: \r\n--b\r\n"
    b"Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n"
)

# name -> (mail, kind, notes that its trace has to have)
BAD = {
    "charset name": (
        head("charset name", 1, content_type='text/plain; charset="no-such-charset-8"')
        + b"caf\xe9\r\n",
        "message",
        ["charset_unknown"],
    ),
    "charset lie": (head("charset lie", 2) + b"caf\xe9 \xff\xfe\r\n", "message", ["charset_wrong"]),
    "no Message-ID": (
        without(head("no Message-ID", 3) + b"text\r\n", b"Message-ID"),
        "message",
        ["message_id_missing"],
    ),
    "no Date": (
        without(head("no Date", 4) + b"text\r\n", b"Date"),
        "message",
        ["date_missing"],
    ),
    "no From": (
        without(head("no From", 5) + b"text\r\n", b"From"),
        "message",
        ["from_missing"],
    ),
    "empty": (head("empty", 6), "message", []),
    "NUL": (head("N\x00UL", 7) + b"a\x00b\x00\r\n\x00", "message", []),
    "unclosed": (
        head("unclosed", 8, content_type="multipart/mixed; boundary=b") + b"--b\r\n\r\ntext\r\n",
        "message",
        ["boundary_unclosed"],
    ),
    "no boundary": (
        head("no boundary", 9, content_type="multipart/mixed") + b"text\r\n",
        "message",
        ["boundary_missing"],
    ),
    "parts": (b"".join(parts(10_000)), "message", ["parts_limit"]),
    "deep": (b"".join(nested(3_000)), "message", ["depth_limit"]),
    "long header": (
        head("long header", 14, "X-Long: " + "x" * 1_000_000) + b"text\r\n",
        "message",
        ["header_too_long"],
    ),
    "long subject": (head("s" * 1_000_000, 15) + b"text\r\n", "message", ["subject_limit"]),
    "many headers": (
        head("many headers", 16, *(f"X-{n}: y" for n in range(100_000))) + b"text\r\n",
        "message",
        [],
    ),
    "many recipients": (
        head("many recipients", 17, "Cc: " + ", ".join(f"a{n}@b.example" for n in range(20_000)))
        + b"text\r\n",
        "message",
        [],
    ),
    "broken base64": (
        head("broken base64", 18, "Content-Transfer-Encoding: base64") + b"=?!%&/abc=def==\r\n",
        "message",
        ["base64_damaged"],
    ),
    "no header": (b"\r\njust text, no header at all\r\n", "message", ["from_missing"]),
    "binary": (random.Random(3).randbytes(5_000), "message", ["from_missing"]),
    "report": (REPORT, "bounce", []),
    "large": (b"".join(large()), "message", []),
}
# for a mail without any address of ours the scanner's default alias counts


@pytest.fixture(scope="module")
def outcome(odoo, dovecot):
    """Rows of the ledger by name of the mail, the good mails' rows, and how long it took."""
    user = "bad@example.com"
    dovecot.add_user(user)
    alias = odoo.do("settings")["alias"]
    scanner = odoo.do("scanner", user=user, port=dovecot.imap_port, default_alias_id=alias)
    odoo.do("begin", scanner, "next")
    order = []
    for name, (raw, _kind, _notes) in BAD.items():
        dovecot.deliver(raw, user)
        dovecot.deliver(mail(subject=f"good after {name}"), user)
        order += [name, f"good after {name}"]
    started = time.monotonic()
    assert odoo.do("visit", scanner, 600, timeout=600) is None
    seconds = time.monotonic() - started
    rows = sorted(odoo.do("mails", scanner), key=lambda row: int(row["uid"]))
    assert len(rows) == len(order)
    flags = dovecot.flags(user)
    assert all(r"\Seen" in each for each in flags.values())
    return dict(zip(order, rows, strict=True)), seconds


@pytest.fixture(scope="module")
def tickets(odoo):
    return {ticket["id"]: ticket for ticket in odoo.do("tickets")}


def test_it_takes_bounded_time(outcome):
    print(f"{outcome[1]:.1f} s")
    assert outcome[1] < BOUND


def test_good_mails_among_them_become_tickets(outcome):
    good = {name: row for name, row in outcome[0].items() if name.startswith("good")}
    assert {(row["state"], len(row["tickets"])) for row in good.values()} == {("done", 1)}


@pytest.mark.parametrize("name", BAD)
def test_each_ends_as_it_should_and_says_what_was_wrong(outcome, name):
    row = outcome[0][name]
    _raw, kind, notes = BAD[name]
    assert (row["state"], row["kind"]) == ("done", kind), row
    assert row["outcomes"] == (["ticket"] if kind == "message" else ["ledger"])
    assert set(notes) <= set(row["trace"])


def test_a_large_attachment_is_whole(outcome, tickets):
    [ticket] = outcome[0]["large"]["tickets"]
    [attachment] = tickets[ticket]["messages"][0]["attachments"]
    assert (attachment["name"], attachment["size"]) == ("large.bin", SIZE)


def test_texts_are_readable(outcome, tickets):
    def text(name):
        return tickets[outcome[0][name]["tickets"][0]]["description"]

    assert "café" in text("charset name")
    assert "caf" in text("charset lie")
    assert "text" in text("unclosed")
    assert "\x00" not in text("NUL")


def test_of_a_mail_over_the_size_limit_the_start_is_kept_and_held(odoo, dovecot, user):
    odoo.do("parameter", "max_size_mb", "1")
    scanner = odoo.do("scanner", user=user, port=dovecot.imap_port)
    odoo.do("begin", scanner, "next")
    too_large = mail(subject="too large", attachments=[("a.bin", bytes(2_000_000))])
    dovecot.deliver(too_large, user)
    dovecot.deliver(mail(subject="after it"), user)
    assert odoo.do("visit", scanner) is None
    odoo.do("parameter", "max_size_mb", "100")
    rows = {row["subject"]: row for row in odoo.do("mails", scanner)}
    assert rows["after it"]["state"] == "done"
    held = rows["too large"]
    assert (held["state"], held["tickets"]) == ("held", [])
    assert "stored_start_only" in held["trace"]
    assert "decide_held_start_only" in held["trace"]
    assert "start" in held["why"]
    assert sum(r"\Seen" not in flags for flags in dovecot.flags(user).values()) == 1
    # the limit was raised, so the next visit has the whole
    assert odoo.do("visit", scanner) is None
    whole = next(row for row in odoo.do("mails", scanner) if row["subject"] == "too large")
    assert (whole["state"], len(whole["tickets"])) == ("done", 1)
    assert "stored_whole" in whole["trace"]
    assert all(r"\Seen" in flags for flags in dovecot.flags(user).values())
