"""A database for each test file, copied from the template that bin/test installs, an Odoo
process on it, and a real Dovecot.

bin/test sets MAILFLOW_ENV (the folder with `venv` and `odoo.conf`) and MAILFLOW_TEMPLATE (the
name of the database)."""

import itertools
import os
import time
from pathlib import Path

import pytest
from e2e.builders import STEPS
from servers.dovecot import Dovecot, DovecotMissing
from servers.odoo_process import Console, Database, Installation

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def installation():
    if not os.environ.get("MAILFLOW_ENV") or not os.environ.get("MAILFLOW_TEMPLATE"):
        pytest.fail("Run these tests with bin/test, which installs what they need.", pytrace=False)
    return Installation(Path(os.environ["MAILFLOW_ENV"]))


@pytest.fixture(scope="session")
def start_dovecot():
    """Start a Dovecot with options, once for each set of them."""
    started = {}

    def start(**options):
        key = tuple(sorted(options.items()))
        if key not in started:
            try:
                started[key] = Dovecot(**options)
            except DovecotMissing as missing:
                pytest.fail(str(missing), pytrace=False)
        return started[key]

    yield start
    for server in started.values():
        server.close()


@pytest.fixture(scope="session")
def dovecot(start_dovecot):
    return start_dovecot()


@pytest.fixture
def user(dovecot):
    """The name of a new, empty mailbox."""
    name = f"box{next(_numbers)}@example.com"
    dovecot.add_user(name)
    return name


@pytest.fixture(scope="module")
def database(installation, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odoo")
    with Database(installation, os.environ["MAILFLOW_TEMPLATE"], folder) as database:
        yield database


@pytest.fixture(scope="module")
def odoo(database):
    """An Odoo process on the module's database, with a mail domain and a support alias."""
    with Console(database, STEPS) as console:
        console.do("settle")
        yield console


@pytest.fixture
def wait_for():
    """Ask again and again, briefly, until the answer is true."""

    def wait(question, seconds=30.0):
        give_up = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < give_up, f"not within {seconds} s: {question}"
            time.sleep(0.05)
        return answer

    return wait
