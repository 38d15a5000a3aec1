"""Real Odoo processes on databases of their own, copied from a template.

A :class:`Console` is one Odoo process that runs steps (functions ``step(env, ...)`` of a file)
one after the other, each in a transaction of its own; it can be killed at any time. A
:class:`WebServer` is Odoo as users reach it, over HTTP.
"""

from __future__ import annotations

import configparser
import contextlib
import itertools
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
_CONSOLE = Path(__file__).with_name("odoo_console.py")
_START_SECONDS = 120.0
_numbers = itertools.count(1)


class StepFailed(Exception):
    """A step raised; the text is its traceback."""


class OdooEnded(Exception):
    """The process is gone; the text is the end of its log."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Installation:
    """Where Odoo is: a folder with `venv` and `odoo.conf`, as bin/setup makes it.

    :param options: of odoo.conf, instead of the file's own
    """

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None):
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        config = configparser.RawConfigParser()
        config.read(folder / "odoo.conf")
        self.options = {**config["options"], **(options or {})}

    @property
    def data(self) -> Path:
        return Path(self.options["data_dir"])

    def connect(self, database: str = "postgres"):
        """A connection in autocommit mode."""
        names = {"db_host": "host", "db_port": "port", "db_user": "user", "db_password": "password"}
        given = {
            parameter: self.options[option]
            for option, parameter in names.items()
            if self.options.get(option) not in (None, "", "False")
        }
        connection = psycopg2.connect(dbname=database, **given)
        connection.autocommit = True
        return connection

    def write_configuration(self, path: Path):
        """Write an odoo.conf for these options, readable for us only: it has a password."""
        config = configparser.RawConfigParser()
        config["options"] = self.options
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
            config.write(target)


class Database:
    """A copy of the template database, with its filestore; a context manager.

    :param folder: for logs and the configuration file
    """

    def __init__(self, installation: Installation, template: str, folder: Path):
        self.installation = installation
        self.folder = folder
        self.name = f"mailflow_e2e_{os.getpid()}_{next(_numbers)}"
        self.configuration = folder / "odoo.conf"
        installation.write_configuration(self.configuration)
        self._filestore = installation.data / "filestore" / self.name
        self.drop()
        with contextlib.closing(installation.connect()) as connection:
            connection.cursor().execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"')
        source = self._filestore.with_name(template)
        if source.is_dir():
            # files of a filestore are named by their content and never change
            shutil.copytree(source, self._filestore, copy_function=os.link)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.drop()

    def drop(self):
        """Remove the database with its files, whoever is connected."""
        with contextlib.closing(self.installation.connect()) as connection:
            connection.cursor().execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        shutil.rmtree(self._filestore, ignore_errors=True)
        shutil.rmtree(self.installation.data / "mailflow" / self.name, ignore_errors=True)

    def sql(self, statement: str, *parameters) -> list[tuple]:
        """What another connection sees: only what is committed."""
        with contextlib.closing(self.installation.connect(self.name)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def texts(self):
        """All that a dump of the database would show in words: (table, its texts)."""
        tables: dict[str, list[str]] = {}
        for table, column in self.sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
            " AND data_type IN ('character varying', 'text', 'jsonb', 'bytea')"
        ):
            tables.setdefault(table, []).append(f'"{column}"::text')
        for table, columns in tables.items():
            # the program's own words
            if not table.startswith(("ir_model", "ir_ui", "ir_asset", "ir_act")):
                rows = self.sql(f'SELECT concat_ws(chr(10), {", ".join(columns)}) FROM "{table}"')
                yield table, "\n".join(row for (row,) in rows).encode()

    def wait_for_blocked(self, seconds: float = 60.0) -> list[str]:
        """Wait until a transaction waits for a lock of another one.

        :return: the statements that wait
        :raises AssertionError: none in this many seconds
        """
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            waiting = self.sql(
                "SELECT query FROM pg_stat_activity WHERE datname = current_database()"
                " AND cardinality(pg_blocking_pids(pid)) > 0"
            )
            if waiting:
                return [query for (query,) in waiting]
            time.sleep(0.05)
        raise AssertionError(f"no transaction has waited for another one within {seconds} s")


class _Process:
    """An Odoo process in a session of its own, so that a kill reaches its children."""

    def __init__(self, database: Database, command: list, log: str, variables=None):
        self.database = database
        self._log = database.folder / f"{log}.log"
        # Odoo takes these instead of its configuration
        names = [name for name in database.installation.options if name.startswith("db_")]
        ours = {f"PG{name.removeprefix('db_').upper()}" for name in names}
        environment = {
            key: value for key, value in os.environ.items() if key not in {"ODOO_RC", *ours}
        }
        environment.update(variables or {}, PYTHONUNBUFFERED="1")
        with self._log.open("ab") as errors:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.kill()

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def log(self) -> str:
        """The end of what the process wrote; put it into the message of an assertion."""
        return self._log.read_text(errors="replace")[-4000:]

    def kill(self):
        """SIGKILL, as when the power fails."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


class Console(_Process):
    """An Odoo process that does what :meth:`do` says.

    :param steps: the Python files with the steps; not imported into the process of the test
    :param variables: more of the environment
    """

    def __init__(self, database: Database, *steps: Path, log: str = "console", variables=None):
        command = [
            database.installation.python,
            _CONSOLE,
            database.configuration,
            database.name,
            *steps,
        ]
        super().__init__(database, command, log, variables)
        self._answers: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self._wait_for("ready", _START_SECONDS)

    def do(self, step: str, *args, timeout: float = 120.0, **kwargs):
        """Run a step and commit; returns what the step returns (JSON values).

        :raises StepFailed: the step raised; it was rolled back
        :raises OdooEnded: the process ended instead
        """
        self.begin(step, *args, **kwargs)
        return self.result(timeout)

    def begin(self, step: str, *args, **kwargs):
        """Start a step without waiting for its end; returns when it has begun."""
        request = json.dumps({"step": step, "args": args, "kwargs": kwargs})
        self.process.stdin.write(request.encode() + b"\n")
        self.process.stdin.flush()
        self._wait_for("begun", 30.0)

    def result(self, timeout: float = 120.0):
        """What the step returned that was begun.

        :raises queue.Empty: not in this many seconds
        """
        answer = self._next(timeout)
        if "error" in answer:
            raise StepFailed(answer["error"])
        return answer["result"]

    def _read(self):
        for line in self.process.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _next(self, timeout: float) -> dict:
        answer = self._answers.get(timeout=timeout)
        if answer is None:
            self._answers.put(None)
            raise OdooEnded(self.log())
        return answer

    def _wait_for(self, word: str, timeout: float):
        answer = self._next(timeout)
        assert word in answer, answer


class WebServer(_Process):
    """Odoo on a free port of the loopback interface.

    :param cron_threads: which do by themselves what is due
    :param variables: more of the environment
    :param level: of what it logs
    """

    def __init__(
        self,
        database: Database,
        log: str = "web",
        cron_threads: int = 0,
        variables=None,
        level: str = "warn",
    ):
        self.port = free_port()
        command = [
            *(database.installation.python, "-m", "odoo", "server"),
            *("-c", database.configuration, "-d", database.name),
            *("--http-interface=127.0.0.1", f"--http-port={self.port}"),
            *("--workers=0", f"--max-cron-threads={cron_threads}", "--no-database-list"),
            f"--log-level={level}",
        ]
        super().__init__(database, command, log, variables)
        self.url = f"http://127.0.0.1:{self.port}"
        give_up = time.monotonic() + _START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/web/login", timeout=30).read()
                return
            except (OSError, urllib.error.URLError) as error:
                if not self.is_running or time.monotonic() > give_up:
                    self.kill()
                    raise OdooEnded(f"{error}\n{self.log()}") from error
                time.sleep(0.05)
