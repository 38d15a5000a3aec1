"""The test suites: which there are, what each needs, how each is run."""

import io
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environment
import postgres
from workbench import (
    ADDON,
    CONF,
    CONSTRAINTS,
    ENV,
    PYTHON,
    ROOT,
    STAMPS,
    VENV,
    Problem,
    Progress,
    digest,
    lock,
    remove,
    run,
    say,
    stamp,
    stamped,
    tree_digest,
)

REQUIREMENTS = ROOT / "requirements-test.txt"
E2E = ROOT / "tests" / "e2e"
ADDON_TESTS = ADDON / "tests"
TEMPLATE = "mailflow_test_template"
DATABASE = "mailflow_test"
PEERS = "mailflow_peers"
MODULES = "crm,sms,helpdesk_mgmt,helpdesk_mailflow"
NO_TESTS_COLLECTED = 5  # pytest's exit code

# What is looked for, and the Debian package that has it.
TOOLS = {
    "dovecot": ("/usr/sbin/dovecot", "dovecot-core"),
    "imap": ("/usr/lib/dovecot/imap", "dovecot-imapd"),
    "pop3": ("/usr/lib/dovecot/pop3", "dovecot-pop3d"),
    "chromium": ("/usr/bin/chromium", "chromium"),
}


# ------------------------------------------------------------------
# What the tests need
# ------------------------------------------------------------------


def install_packages():
    """Have the Python packages that tests need in the environment."""
    value = digest(REQUIREMENTS, CONSTRAINTS, VENV, (STAMPS / "venv").read_text())
    if stamped("test-packages", value):
        return
    with lock(), Progress(1).step(1, "Python packages for tests"):
        environment.pip(
            *("install", "-r", REQUIREMENTS, "-c", CONSTRAINTS),
            what="install the Python packages that tests need",
            log="pip-test",
        )
        stamp("test-packages", value)


def install_tools():
    """Have Dovecot and Chromium on the machine.

    Raises:
        Problem: they are missing and cannot be installed; says which command does it.
    """
    missing = [
        package
        for name, (place, package) in TOOLS.items()
        if not (shutil.which(name) or Path(place).exists())
    ]
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        command = ["sudo", "-n", *command]
    line = " ".join(command).replace(" -n", "")
    if not shutil.which(command[0]) or not shutil.which("apt-get"):
        raise Problem(f"The tests need {', '.join(missing)}. As root: {line.replace('sudo ', '')}")
    say(f"The tests need Debian packages that are missing; installing them as root: {line}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    what, hint = "install " + ", ".join(missing), f"Try it yourself: {line}"
    with Progress(1).step(1, "Debian packages for tests"):
        prefix = command[: command.index("apt-get")]
        run([*prefix, "apt-get", "-q", "update"], "apt-tools-update", what, hint, env=quiet)
        run(command, "apt-tools", what, hint, env=quiet)


# ------------------------------------------------------------------
# Databases
# ------------------------------------------------------------------


def installed_sources():
    """Return a hash of all that decides what an installed database looks like."""
    own = [
        child
        for child in sorted(ADDON.iterdir())
        if child.is_dir() and child.name not in ("tests", "readme", "static", "__pycache__")
    ]
    files = [*sorted(ADDON.glob("*.py")), CONF, CONSTRAINTS]
    steps = [STAMPS / name for name in ("odoo", "helpdesk", "packages")]
    return digest(
        os.environ.get("ODOO_PATH", ""),
        tree_digest(*own),
        *files,
        *(step for step in steps if step.exists()),
    )


def database(name, modules):
    """Have a database *name* with *modules* installed from the present sources.

    Raises:
        Problem: the installation failed, with the reason from Odoo's log.
    """
    value = digest(name, modules, installed_sources())
    with lock("databases.lock"):
        if stamped(f"database-{name}", value) and exists(name):
            return
        with Progress(1).step(1, f"Database {name} with {modules}"):
            remove(STAMPS / f"database-{name}")
            drop(name)
            environment.odoo(
                [
                    *("-d", name, "-i", modules, "--stop-after-init", "--without-demo"),
                    *("--no-http", "--max-cron-threads=0", "--log-level=info"),
                ],
                log=f"install-{name}",
                what=f"install {modules}",
            )
            stamp(f"database-{name}", value)


def copy(template, name):
    """Make the database *name* a copy of *template*, filestore included."""
    drop(name)
    postgres.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    source = ENV / "data" / "filestore" / template
    if source.is_dir():
        # Files of a filestore are named by their content and never change.
        shutil.copytree(source, source.with_name(name), copy_function=os.link)


def drop(name):
    """Remove the database *name* and its filestore, whoever is connected."""
    postgres.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    remove(ENV / "data" / "filestore" / name)


def exists(name):
    return bool(postgres.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


# ------------------------------------------------------------------
# Suites
# ------------------------------------------------------------------


def plain_folders():
    """Return the folders of tests/ that need neither Odoo nor a database."""
    folders = sorted(path for path in (ROOT / "tests").glob("*") if path.is_dir())
    return [path for path in folders if path != E2E and any(path.rglob("test_*.py"))]


class Suite:
    """One run of pytest: a name, the folders it covers, the options it needs.

    One that *waits* (for servers and processes of its own, rather than for the processor) runs
    beside those before it that do; its output comes after theirs.
    """

    def __init__(self, name, folders, options, prepare=None, waits=False):
        self.name = name
        self.folders = folders
        self.options = options
        self.prepare = prepare or dict
        self.waits = waits

    def share(self, paths):
        """Return which of *paths* (texts, perhaps with ::node) are this suite's to run."""
        mine = []
        for text in paths:
            path = Path(text.split("::")[0])
            if any(path == folder or folder in path.parents for folder in self.folders):
                mine.append(text)
            else:
                mine += [str(folder) for folder in self.folders if path in folder.parents]
        return mine


def suites():
    """Return the suites, cheapest first."""
    no_odoo = ["-p", "no:odoo", "--import-mode=importlib"]
    odoo = [
        f"--odoo-config={CONF}",
        f"--odoo-database={DATABASE}",
        "--odoo-http",
        # The addon's own folders (models, tests …) must not become top-level modules.
        *("-o", "pythonpath="),
    ]
    return [
        Suite("engine", plain_folders(), no_odoo),
        Suite("addon", [ADDON_TESTS], odoo, _prepare_addon, waits=True),
        Suite("end to end", [E2E], no_odoo, _prepare_e2e, waits=True),
    ]


def _prepare_addon():
    install_tools()
    database(TEMPLATE, MODULES)
    copy(TEMPLATE, DATABASE)
    return {}


def _prepare_e2e():
    install_tools()
    database(TEMPLATE, MODULES)
    return {"MAILFLOW_ENV": str(ENV), "MAILFLOW_TEMPLATE": TEMPLATE}


def split(arguments):
    """Return (paths, options) of pytest's *arguments*: a path is what exists as a file.

    Paths are returned absolute, since pytest runs in the project's folder.
    """
    paths, options = [], []
    for item in arguments:
        file, mark, node = item.partition("::")
        if item.startswith("-") or not Path(file).exists():
            options.append(item)
        else:
            paths.append(f"{Path(file).resolve()}{mark}{node}")
    return paths, options


def run_suites(arguments):
    """Run lint and all suites, or only what *arguments* names; return the exit code."""
    paths, options = split(arguments)
    install_packages()
    results, chosen = [], []
    if not paths:
        results.append(("lint", *lint()))
    for suite in suites():
        wanted = suite.share(paths) if paths else [str(folder) for folder in suite.folders]
        if wanted or not paths:
            chosen.append((suite, wanted))
    codes = []
    for suite, (code, line) in zip(
        [suite for suite, _wanted in chosen], _run_chosen(chosen, options), strict=True
    ):
        codes.append(code)
        # one suite of several may have nothing that -k or -m selects
        results.append((suite.name, 0 if code == NO_TESTS_COLLECTED else code, line))
    selected = any(code != NO_TESTS_COLLECTED for code in codes)
    if not results:
        raise Problem(f"No suite contains {' '.join(paths)}.")
    say("")
    for name, code, line in results:
        say(f"{name:>10}: {'ok    ' if code == 0 else 'FAILED'} {line}")
    if not selected:
        raise Problem(f"No test was selected by {' '.join(arguments)}.")
    return 1 if any(code for _, code, _ in results) else 0


def _run_chosen(chosen, options):
    """Run suites; yield (pytest's exit code, its closing line) of each.

    :param chosen: (suite, paths) of each
    """
    patient = [each for each in chosen if each[0].waits]
    if len(patient) < 2 or _is_interactive(options):
        for suite, paths in chosen:
            yield _run_suite(suite, paths, options)
        return
    for suite, paths in chosen:
        if not suite.waits:
            yield _run_suite(suite, paths, options)
    first, *others = patient
    with ThreadPoolExecutor(len(others)) as pool:
        outputs = [io.StringIO() for _ in others]
        running = [
            pool.submit(_run_suite, suite, paths, options, output)
            for (suite, paths), output in zip(others, outputs, strict=True)
        ]
        yield _run_suite(*first, options)
        for result, output in zip(running, outputs, strict=True):
            result = result.result()
            sys.stdout.write(output.getvalue())
            sys.stdout.flush()
            yield result


def _is_interactive(options):
    return any(option in ("--pdb", "-s", "--trace", "--capture=no") for option in options)


def _run_suite(suite, paths, options, output=None):
    """Run one suite; return (pytest's exit code, its closing line).

    :param output: where its output goes; the terminal if empty
    """
    tell = (lambda text: print(text, file=output)) if output else say
    tell(f"\n── {suite.name} " + "─" * (74 - len(suite.name)))
    folders = [Path(path.split("::")[0]) for path in paths]
    if not any(f.is_file() or any(f.rglob("test_*.py")) for f in folders):
        tell(f"There are no {suite.name} tests yet.")
        return NO_TESTS_COLLECTED, "no tests yet"
    try:
        extra = suite.prepare()
    except Problem as problem:
        tell(str(problem))
        return 1, str(problem)
    command = [PYTHON, "-m", "pytest", *suite.options, *options, *paths]
    variables = {**environment.odoo_environment(), **extra}
    code, line = stream(command, variables, options, output)
    if code == NO_TESTS_COLLECTED:
        tell(f"No {suite.name} test was selected.")
    return code, line


def stream(command, variables, options=(), output=None):
    """Run *command*, passing its output on; return (exit code, last line of the output)."""
    command = [str(part) for part in command]
    output = output or sys.stdout
    if _is_interactive(options):
        return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode, ""
    if sys.stdout.isatty() and "pytest" in command:
        command.append("--color=yes")
    last = ""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            output.write(line)
            output.flush()
            last = line.strip() or last
    last = re.sub(r"\x1b\[[0-9;]*m", "", last)
    return process.returncode, last.strip("= ")


def lint():
    """Run ruff and pylint-odoo; return (exit code, what they say in one line)."""
    say("── lint " + "─" * 70)
    checks = {
        "ruff check": [PYTHON, "-m", "ruff", "check", "--output-format=concise", "."],
        "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "."],
        "pylint-odoo": [PYTHON, "-m", "pylint", "--rcfile=.pylintrc", ADDON.name],
    }
    if not (ADDON / "__manifest__.py").exists():
        del checks["pylint-odoo"]
        say("pylint-odoo: there is no addon yet.")
    failed = []
    for name, command in checks.items():
        code, _ = stream(command, dict(os.environ))
        say(f"{name}: {'ok' if code == 0 else 'FAILED'}")
        if code:
            failed.append(name)
    return (1, "see " + ", ".join(failed)) if failed else (0, ", ".join(checks))


# ------------------------------------------------------------------
# The tests of Odoo and helpdesk_mgmt, with this addon installed
# ------------------------------------------------------------------


def run_peers():
    """Run the gateway tests of Odoo and those of helpdesk_mgmt; return the exit code."""
    database(PEERS + "_template", "crm,sms,helpdesk_mgmt,test_mail,helpdesk_mailflow")
    copy(PEERS + "_template", PEERS)
    # test_mail makes an alias of that name, and is not written for a company that has one.
    postgres.sql("UPDATE mail_alias SET alias_name = 'helpdesk' WHERE alias_name = 'help'", PEERS)
    started = time.monotonic()
    code, line = stream(
        [PYTHON, Path(__file__).with_name("peers.py"), CONF, PEERS],
        environment.odoo_environment(),
    )
    say(f"({time.monotonic() - started:.0f} s)")
    if not re.fullmatch(r"\d+ passed, \d+ failed", line):
        raise Problem("The run of the peers' tests broke off; see its output above.")
    return code
