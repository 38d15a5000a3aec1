"""The same mailbox on a real Dovecot, read by stock Odoo and by the addon, in turns."""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import environment
import postgres
import suites
import world
from servers.dovecot import Dovecot, DovecotMissing
from workbench import (
    CONF,
    CONSTRAINTS,
    LOGS,
    PYTHON,
    STAMPS,
    Problem,
    Progress,
    digest,
    lock,
    remove,
    run,
    say,
    stamp,
    stamped,
)

HERE = Path(__file__).parent
STOCK_MODULES = "crm,sms,helpdesk_mgmt"
ADDON = "helpdesk_mailflow"
#: Mails read before the clock starts: a server in use has its caches filled.
WARM_UP = 12
SIDES = ("stock", "addon")
PASSWORD = "bench"


def main(arguments: list[str]) -> int:
    """Run the benchmark; see bin/bench ingest --help."""
    options = _parser().parse_args(arguments)
    if options.mails > 4 * options.contacts:
        raise Problem(f"{options.mails} mails need at least {options.mails // 4 + 1} contacts.")
    try:
        dovecot = Dovecot({})
    except DovecotMissing as missing:
        raise Problem(str(missing)) from missing
    # one at a time: two would share the machine, and the names of the databases
    with dovecot, lock("bench.lock"):
        templates = dict(zip(SIDES, make_templates(options.contacts), strict=True))
        runs = {side: [] for side in SIDES}
        progress = Progress(options.rounds * len(SIDES))
        number = 0
        for turn in range(options.rounds):
            # who goes first alternates, so that neither always finds the machine warmer
            for side in SIDES if turn % 2 == 0 else SIDES[::-1]:
                number += 1
                with progress.step(number, f"{options.mails} mails, {side}"):
                    runs[side].append(run_side(side, templates[side], dovecot, options, number))
    result = _summary(runs, options)
    say(_table(result))
    if options.json:
        print(json.dumps(result), flush=True)
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="bin/bench ingest", description=__doc__)
    parser.add_argument("--mails", type=int, default=400, help="in the mailbox (default: 400)")
    parser.add_argument(
        "--contacts", type=int, default=1000, help="that are there before it (default: 1000)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of each side (default: 3)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument(
        "--profile", metavar="FOLDER", help="keep cProfile's figures of each run (slower) there"
    )
    return parser


# ------------------------------------------------------------------
# Databases
# ------------------------------------------------------------------


def make_templates(contacts: int) -> tuple[str, str]:
    """The databases that each run gets a copy of: with stock Odoo, and the same one with the
    addon installed into it. Made once, and again when what they are made of has changed."""
    stock, addon = f"bench_stock_{contacts}", f"bench_addon_{contacts}"
    installed = [STAMPS / name for name in ("odoo", "helpdesk", "packages")]
    value = digest(
        *(os.environ.get("ODOO_PATH", ""), CONF, CONSTRAINTS, contacts),
        *(HERE / name for name in ("world.py", "ruleset.py", "side.py")),
        *(each for each in installed if each.exists()),
    )
    with lock("databases.lock"):
        _template(stock, value, lambda: _make_stock(stock, contacts))
        value = digest(value, suites.installed_sources())
        _template(addon, value, lambda: _make_addon(addon, stock))
    return stock, addon


def _template(name, value, make):
    if stamped(f"database-{name}", value) and suites.exists(name):
        return
    remove(STAMPS / f"database-{name}")
    with Progress(1).step(1, f"Database {name}"):
        make()
    stamp(f"database-{name}", value)


def _install(name, modules):
    environment.odoo(
        [
            *("-d", name, "-i", modules, "--stop-after-init", "--without-demo"),
            *("--no-http", "--max-cron-threads=0", "--log-level=info"),
        ],
        log=f"install-{name}",
        what=f"install {modules}",
    )
    # as autovacuum does in time; a fresh copy has no statistics for the planner
    postgres.sql("VACUUM ANALYZE", name)


def _make_stock(name, contacts):
    suites.drop(name)
    _install(name, STOCK_MODULES)
    run(
        [PYTHON, HERE / "side.py", CONF, name, "seed", contacts],
        *(f"seed-{name}", "make the contacts of the benchmark"),
        env=_variables(),
    )
    postgres.sql("VACUUM ANALYZE", name)


def _make_addon(name, stock):
    suites.copy(stock, name)
    _install(name, ADDON)


# ------------------------------------------------------------------
# Runs
# ------------------------------------------------------------------


def _variables():
    return {**environment.odoo_environment(), "PYTHONPATH": os.pathsep.join(sys.path)}


def run_side(side, template, dovecot, options, number, variables=()) -> dict:
    """One side reads one mailbox, in a database and a process of its own.

    :param variables: of its environment, besides those of Odoo
    :return: what ``side.measure`` says
    """
    database = f"bench_{side}"
    suites.copy(template, database)
    user = f"{side}-{number}@{world.DOMAIN}"
    dovecot.add_user(user, PASSWORD)
    variables = {**_variables(), **dict(variables)}
    if options.profile:
        folder = Path(options.profile).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        variables["BENCH_PROFILE"] = str(folder / f"{side}-{number}.prof")
    warm_up = world.mailbox(WARM_UP, options.contacts, "warm")
    mailbox = world.mailbox(options.mails, options.contacts, "main")
    command = [PYTHON, HERE / "side.py", CONF, database, side, dovecot.imap_port, user, PASSWORD]
    with (
        open(LOGS / f"bench-{side}.log", "w") as log,
        subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=variables,
        ) as process,
    ):
        try:
            _answer(process, side)
            _deliver(dovecot, user, warm_up)
            _ask(process, side, "read")
            _deliver(dovecot, user, mailbox)
            result = _ask(process, side, "measure")
        finally:
            process.stdin.close()
    _check(side, result["made"], mailbox)
    suites.drop(database)
    return result


def _deliver(dovecot, user, mailbox):
    for mail in mailbox.mails:
        dovecot.deliver(mail, user)


def _ask(process, side, what):
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
    return _answer(process, side)


def _answer(process, side) -> dict:
    line = process.stdout.readline()
    if not line:
        raise Problem(f"The run of {side} broke off. See {LOGS / f'bench-{side}.log'}.")
    return json.loads(line)


def _check(side, made, mailbox):
    """A fast side that loses mail is no fast side."""
    expected = {
        "tickets": mailbox.tickets,
        "messages": len(mailbox.mails),
        # Odoo's gateway makes no contacts of senders
        "contacts": mailbox.new_contacts if side != "stock" else 0,
        "attachments": mailbox.attachments,
    }
    if made != expected:
        raise Problem(f"{side} made {made} of the mailbox, but {expected} is right.")


# ------------------------------------------------------------------
# Result
# ------------------------------------------------------------------


def _summary(runs, options) -> dict:
    figures = {}
    for side, results in runs.items():
        seconds = statistics.median(each["seconds"] for each in results)
        made = results[0]["made"]
        figures[side] = {
            "tickets_per_second": round(made["tickets"] / seconds, 1),
            "mails_per_second": round(options.mails / seconds, 1),
            "ms_per_mail": round(1000 * seconds / options.mails, 2),
            "python_ms_per_mail": round(
                1000
                * statistics.median(each["processor_seconds"] for each in results)
                / options.mails,
                2,
            ),
            "queries_per_mail": round(
                statistics.median(each["queries"] for each in results) / options.mails, 1
            ),
            "peak_mb": round(max(each["peak_mb"] for each in results)),
            "seconds": [round(each["seconds"], 2) for each in results],
            "made": made,
        }
    ours = figures["addon"]["tickets_per_second"]
    stock = figures["stock"]["tickets_per_second"]
    return {
        "ratio": round(ours / stock, 2),
        "ours": ours,
        "stock": stock,
        "mails": options.mails,
        "contacts": options.contacts,
        "rounds": options.rounds,
        "figures": figures,
    }


def _table(result) -> str:
    stock, addon = (result["figures"][side] for side in SIDES)
    rows = [("", "stock Odoo", "this addon")]
    for title, name in (
        ("tickets per second", "tickets_per_second"),
        ("mails per second", "mails_per_second"),
        ("ms per mail", "ms_per_mail"),
        ("of it in Python", "python_ms_per_mail"),
        ("SQL queries per mail", "queries_per_mail"),
        ("peak memory (MB)", "peak_mb"),
    ):
        rows.append((title, stock[name], addon[name]))
    for name in stock["made"]:
        rows.append((f"{name} made", stock["made"][name], addon["made"][name]))
    lines = [f"{title:<22}{one:>12}{other:>12}" for title, one, other in rows]
    head = (
        f"\n{result['mails']} mails, {result['contacts']} contacts before, median of"
        f" {result['rounds']} rounds"
    )
    return "\n".join([head, *lines, f"{'ratio':<22}{result['ratio']:>24}"])
