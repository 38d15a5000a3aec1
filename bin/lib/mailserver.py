"""A mail server for the demo: SMTP in, IMAP out, on the loopback interface only.

Mail for the local domain goes to the account "support", all other mail to "customers", so that
what the company sends can be seen arriving. Executed inside the environment; prints one line of
JSON when it is ready, and ends when its standard input does, so it never outlives its parent.
"""

import argparse
import contextlib
import email
import email.utils
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HOST = "127.0.0.1"
PASSWORD = "demo"
ACCOUNTS = ("support", "customers")
LARGEST = 100 * 1024 * 1024  # octets of a message
USERS = "users"
NAME = "mail.mailflow.example"

_counter = iter(range(10**9))


def deliver(maildir, raw):
    """Write the message *raw* (bytes) into *maildir* as maildir(5) wants it: whole or not."""
    name = f"{time.time():.6f}.{os.getpid()}_{next(_counter)}.{NAME}"
    temporary = maildir / "tmp" / name
    with open(temporary, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(maildir / "new" / name)


def report_of(content):
    """Return (report about the sender, message without the header that asks for it).

    A server at large would look into the DNS. This one says that a sender is proven, unless the
    header X-Demo-Report of the message (bytes) wants something else: so anybody can try both.
    """
    head, gap, body = content.partition(b"\r\n\r\n")
    found = re.search(rb"^X-Demo-Report:[ \t]*([^\r\n]*)\r\n", head + b"\r\n", re.M | re.I)
    if found:
        head = (head + b"\r\n").replace(found[0], b"", 1)[:-2]
        return found[1].decode("ascii", "replace"), head + gap + body
    fields = email.message_from_bytes(head + b"\r\n\r\n")
    sender = email.utils.parseaddr(str(fields["From"] or ""))[1]
    domain = re.sub(r"[^a-z0-9.-]", "", sender.rpartition("@")[2].lower())
    return (f"dmarc=pass header.from={domain}" if domain else "none"), head + gap + body


class Handler:
    """What aiosmtpd does with a message: one copy per account, with the headers of a delivery."""

    def __init__(self, folder, domain):
        self.folder = folder
        self.domain = domain

    async def handle_DATA(self, server, session, envelope):
        """Deliver; called by aiosmtpd for each message."""
        accounts = {}
        for recipient in envelope.rcpt_tos:
            local = recipient.lower().endswith("@" + self.domain)
            accounts.setdefault("support" if local else "customers", []).append(recipient)
        content = re.sub(rb"\r?\n", b"\r\n", envelope.original_content or envelope.content)
        report, content = report_of(content)
        for account, recipients in accounts.items():
            lines = [f"Return-Path: <{envelope.mail_from or ''}>"]
            lines += [f"Delivered-To: {recipient}" for recipient in recipients]
            lines += [
                f"Received: from {session.host_name} ([{session.peer[0]}]) by {NAME} with ESMTP;",
                f"\t{email.utils.formatdate(localtime=False)}",
            ]
            lines.append(f"Authentication-Results: {NAME}; {report}")
            head = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")
            deliver(self.folder / account, head + content)
        return "250 2.0.0 delivered"


def prepare(folder):
    """Make the accounts below *folder*: their Maildirs and the IMAP server's user files."""
    from passlib.hash import pbkdf2_sha256, sha256_crypt

    secret = pbkdf2_sha256.using(rounds=1000).hash(PASSWORD)
    crypt = sha256_crypt.using(rounds=1000).hash(PASSWORD)
    for account in ACCOUNTS:
        for part in ("tmp", "new", "cur"):
            (folder / account / part).mkdir(parents=True, exist_ok=True)
    users = "".join(f"{account}:x::::{account}:\n" for account in ACCOUNTS)
    shadow = "".join(f"{account}:{secret}:::::::\n" for account in ACCOUNTS)
    (folder / "pymap-etc-passwd").write_text(users)
    (folder / "pymap-etc-shadow").write_text(shadow)
    # For the pymap that Python 3.10 gets (0.27): one file, named on the command line.
    (folder / USERS).write_text("".join(f"{name}:{name}:{crypt}\n" for name in ACCOUNTS))


def imap_command(folder, port):
    """Return the command that runs the IMAP server over *folder* on *port*."""
    command = [sys.executable, "-c", "from pymap.main import main; main()"]
    command += ["--no-tls", "--host", HOST, "--port", str(port), "maildir"]
    if importlib.util.find_spec("pymap.backend.maildir.users"):
        return [*command, str(folder)]
    return [*command, str(folder / USERS), "--base-dir", str(folder)]


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def wait_for(port, process, seconds=20):
    """Wait until something answers on *port*; end the program if *process* ends first."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    sys.exit(f"The IMAP server did not start on port {port}.")


def main():
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--domain", default="mailflow.example")
    parser.add_argument("--smtp-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--imap-port", type=int, default=0, help="0: any free one")
    options = parser.parse_args()
    SMTP.line_length_limit = 1024 * 1024  # as lenient with long lines as servers at large
    prepare(options.folder)
    imap_port = options.imap_port or free_port()
    imap = subprocess.Popen(
        imap_command(options.folder, imap_port),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    smtp = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        wait_for(imap_port, imap)
        smtp = Controller(
            Handler(options.folder, options.domain),
            hostname=HOST,
            port=options.smtp_port or free_port(),
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            decode_data=False,
            server_hostname=NAME,
        )
        smtp.start()
        print(json.dumps({"smtp_port": smtp.port, "imap_port": imap_port}), flush=True)
        sys.stdin.buffer.read()
    finally:
        if smtp:
            smtp.stop()
        imap.terminate()
        imap.wait()


if __name__ == "__main__":
    main()
