"""The demo: a database, a mail server, mails, a table, and a running Odoo."""

import argparse
import contextlib
import fcntl
import json
import shutil
import socket
import subprocess
import sys
import textwrap
import time
import unicodedata
import urllib.request
from pathlib import Path

import environment
import suites
from workbench import (
    ENV,
    LOGS,
    PYTHON,
    ROOT,
    STAMPS,
    Problem,
    Progress,
    digest,
    remove,
    say,
    stamp,
    stamped,
)

MODULES = "crm,contacts,helpdesk_mailflow"
FOLDER = ENV / "demo"
MAILDIR = FOLDER / "maildir"
PASSWORD = "demo"
SERVER_SECONDS = 90


def arguments_of(arguments):
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="bin/demo",
        description="Real e-mails become helpdesk tickets, in a running Odoo 19.",
    )
    parser.add_argument("--once", action="store_true", help="stop after the table")
    parser.add_argument(
        "--json", action="store_true", help="print the table as JSON, and nothing else; stop after"
    )
    parser.add_argument("--port", type=int, default=8069, help="of the web server (8069)")
    parser.add_argument("--database", default="mailflow", help="name of the database (mailflow)")
    parser.add_argument("--fresh", action="store_true", help="begin with a new database")
    return parser.parse_args(arguments)


def demo(arguments):
    """Run the demo as *arguments* (list of texts) say; return the exit code."""
    options = arguments_of(arguments)
    stays = not (options.once or options.json)
    if stays:
        _check_port(options.port)
    with _only_one():
        environment.setup()
        progress = Progress(4 if stays else 3)
        with progress.step(1, f"Database {options.database}"):
            _database(options)
        with contextlib.ExitStack() as stack:
            with progress.step(2, "Mail server"):
                ports = stack.enter_context(_mail_server())
            with progress.step(3, "Mails to tickets"):
                rows = _mails_to_tickets(options, ports)
            if options.json:
                print(json.dumps(rows, ensure_ascii=False, indent=2))
            else:
                print(table(rows, shutil.get_terminal_size((120, 40)).columns))
            sys.stdout.flush()
            if stays:
                _serve(options, ports, progress)
    return 0


def _check_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Problem(
                f"Port {port} is in use. Stop what uses it, or choose another: "
                f"bin/demo --port {port + 1}"
            ) from error


@contextlib.contextmanager
def _only_one():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Problem("The demo is running already. Stop it first (Ctrl-C).") from error
        yield


def _database(options):
    """Have the database with demo data; a changed addon is upgraded in it."""
    name = options.database
    mark = f"demo-{name}"
    value = digest(MODULES, suites.installed_sources())
    known = (STAMPS / mark).exists() and suites.exists(name)
    quiet = ("--stop-after-init", "--no-http", "--max-cron-threads=0")
    if known and not options.fresh:
        if stamped(mark, value):
            return
        environment.odoo(
            ["-d", name, "-u", "helpdesk_mailflow", *quiet], "demo-upgrade", "upgrade the demo"
        )
    else:
        if suites.exists(name) and not (STAMPS / mark).exists() and not _half_made(name):
            raise Problem(
                f"There is a database {name} that the demo did not make. Choose another name: "
                f"bin/demo --database {name}_demo"
            )
        remove(STAMPS / mark)
        (FOLDER / f"making-{name}").touch()
        suites.drop(name)
        remove(MAILDIR)
        environment.odoo(
            ["-d", name, "-i", MODULES, "--with-demo", *quiet], "demo-install", "install the demo"
        )
    stamp(mark, value)
    remove(FOLDER / f"making-{name}")


def _half_made(name):
    return (FOLDER / f"making-{name}").exists()


@contextlib.contextmanager
def _mail_server():
    """Run the mail server; yields its ports as a dict."""
    MAILDIR.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(exist_ok=True)
    path = LOGS / "demo-mailserver.log"
    with (
        open(path, "w") as log,
        subprocess.Popen(
            [PYTHON, Path(__file__).with_name("mailserver.py"), MAILDIR],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # Ctrl-C is ours: Odoo ends before its mail server
        ) as process,
    ):
        line = process.stdout.readline()
        if not line:
            process.wait()
            reason = path.read_text().strip().splitlines()[-1:] or ["no reason given"]
            raise Problem(f"The demo's mail server does not start: {reason[0]} Log: {path}")
        try:
            yield json.loads(line)
        finally:
            process.stdin.close()
            process.wait()


def _mails_to_tickets(options, ports):
    """Have the mails sent and read; return the rows of the table."""
    report = FOLDER / "report.json"
    remove(report)
    settings = {
        **ports,
        "password": PASSWORD,
        "mails": str(ROOT / "demo" / "mails"),
        "maildir": str(MAILDIR),
        "report": str(report),
    }
    command = environment.odoo_command(
        ["shell", "-d", options.database, "--no-http", "--max-cron-threads=0", "--log-level=warn"]
    )
    log = LOGS / "demo-company.log"
    with open(log, "w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={
                **environment.odoo_environment(),
                "MAILFLOW_DEMO": json.dumps(settings),
                "PYTHONPATH": str(Path(__file__).parent),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        process.stdin.write("import demo_company; demo_company.main(env)\n")
        process.stdin.close()
        for line in process.stderr:
            errors.write(line)
            if line.startswith("      · "):
                say(line.rstrip())
        process.wait()
    if not report.exists():
        lines = [line for line in log.read_text().splitlines() if line and line[0] not in " 2"]
        raise Problem(f"The demo broke off: {(lines or ['no output'])[-1]} Log: {log}")
    return json.loads(report.read_text())


def _serve(options, ports, progress):
    """Run Odoo until the user stops it."""
    address = f"http://127.0.0.1:{options.port}"
    log = LOGS / "demo-odoo.log"
    command = environment.odoo_command(
        [
            *("-d", options.database, f"--db-filter=^{options.database}$"),
            f"--http-port={options.port}",
        ]
    )
    with (
        open(log, "w") as output,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment.odoo_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            with progress.step(4, "Odoo"):
                _wait_for(f"{address}/web/login", process, log)
            say("")
            say(f"Odoo runs at {address}/odoo/helpdesk-dashboard  log-in: admin  password: admin")
            say(
                f"Write to it yourself: SMTP at 127.0.0.1:{ports['smtp_port']}, to "
                "support@mailflow.example; the scanner looks every minute."
            )
            say(
                "To try the guide's “Another provider”: IMAP at "
                f"127.0.0.1:{ports['imap_port']}, user customers, password {PASSWORD}; SMTP as "
                "above with no user; no encryption."
            )
            say(f"Log: {log}   Ctrl-C stops.")
            if process.wait():
                raise Problem(f"Odoo ended unexpectedly. Log: {log}")
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()


def _wait_for(address, process, log):
    until = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Problem(f"Odoo does not start. Log: {log}")
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=30):
            return
        time.sleep(0.3)
    raise Problem(f"Odoo did not answer within {SERVER_SECONDS} seconds. Log: {log}")


# ------------------------------------------------------------------
# The table
# ------------------------------------------------------------------


def table(rows, width):
    """Return *rows* as a table for a terminal of *width* columns; the last column wraps."""
    for row in rows:
        named = [row["contact"], row["account"]]
        row["customer"] = " · ".join(name for name in named if name) or "–"
    columns = {"message": 34, "from": 26, "outcome": 26, "customer": 30}
    titles = {"message": "Mail", "from": "From", "outcome": "Became", "customer": "Customer"}
    used = sum(columns.values()) + 2 * len(columns)
    beside = width - used >= 40
    lines = []
    head = "  ".join(pad(titles[name], size) for name, size in columns.items())
    lines.append(head + ("  Why" if beside else ""))
    lines.append("─" * min(width, used + (width - used if beside else 0)))
    for row in rows:
        text = "  ".join(pad(row[name], size) for name, size in columns.items())
        if beside:
            why = textwrap.wrap(row["why"], width - used) or [""]
            lines.append(f"{text}  {why[0]}")
            lines += [" " * used + part for part in why[1:]]
        else:
            lines.append(text.rstrip())
            lines += [
                "    " + part for part in textwrap.wrap("why: " + row["why"], max(width - 4, 40))
            ]
    return "\n".join(lines)


def pad(text, size):
    """Return *text* cut or filled to *size* columns of a terminal (East Asian ones take two)."""
    text = " ".join(text.split())
    shown, used = "", 0
    for character in text:
        step = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used + step > size:
            while shown and used >= size:
                used -= 2 if unicodedata.east_asian_width(shown[-1]) in "WF" else 1
                shown = shown[:-1]
            shown, used = shown + "…", used + 1
            break
        shown, used = shown + character, used + step
    return shown + " " * (size - used)
