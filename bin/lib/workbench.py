"""What the commands share: where things are, progress, errors, locks, stamps, processes.

Standard library only: it runs before the environment exists.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENV = ROOT / ".env"
VENV = ENV / "venv"
PYTHON = VENV / "bin" / "python"
LOGS = ENV / "logs"
STAMPS = ENV / "stamps"
CONF = ENV / "odoo.conf"
CONSTRAINTS = ROOT / "constraints.txt"
ADDON = ROOT / "helpdesk_mailflow"


class Problem(Exception):
    """Something the user can mend; the message is one line that says how."""


def main(function):
    """Run *function* as a command: a Problem becomes one line and exit code 1.

    Args:
        function: takes the list of arguments, returns an exit code or None.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        code = function(sys.argv[1:])
    except Problem as problem:
        sys.exit(f"{Path(sys.argv[0]).name}: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has left; nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(f"No space left on the disk of {ENV}. Free some and run this again.")
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            sys.exit(
                f"Not permitted: {error.filename}. Run this as the user who owns {ROOT}, "
                "or clone the project to a folder of your own."
            )
        raise
    sys.exit(code)


def say(line):
    """Print *line* for the person at the terminal; standard output stays for results."""
    print(line, file=sys.stderr, flush=True)


class Progress:
    """Show the steps of one command with the seconds they take, on standard error.

    On a terminal the running step's line counts up; elsewhere it is printed when it ends.
    """

    def __init__(self, total):
        self.total = total

    @contextlib.contextmanager
    def step(self, number, title):
        """Show step *number*, *title*, while the body runs, and how long it took."""
        head = f"[{number}/{self.total}] {title} …"
        started = time.monotonic()
        done = threading.Event()
        tick = None
        if sys.stderr.isatty():
            tick = threading.Thread(target=self._tick, args=(head, started, done), daemon=True)
            tick.start()
        end = "failed"
        try:
            yield
            end = ""
        finally:
            done.set()
            if tick:
                tick.join()
            seconds = time.monotonic() - started
            start = "\r" if tick else ""
            say(f"{start}{head} {seconds:3.0f} s {end}".rstrip())

    @staticmethod
    def _tick(head, started, done):
        while not done.wait(0.5):
            sys.stderr.write(f"\r{head} {time.monotonic() - started:3.0f} s ")
            sys.stderr.flush()


@contextlib.contextmanager
def lock(name="lock"):
    """Hold the environment's lock *name*, waiting for whoever has it."""
    ENV.mkdir(exist_ok=True)
    with open(ENV / name, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another command is setting up this environment; waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def digest(*parts):
    """Return a hash of *parts*: a file counts by its content, anything else by its text."""
    total = hashlib.sha256()
    for part in parts:
        by_content = isinstance(part, Path) and part.is_file()
        data = part.read_bytes() if by_content else str(part).encode()
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()


def tree_digest(*folders):
    """Return a hash of the files below *folders*, by relative path and content."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                data = path.read_bytes()
                total.update(f"{path.relative_to(folder)}:{len(data)}:".encode() + data)
    return total.hexdigest()


def stamped(name, value):
    """Tell whether the step *name* was finished for the inputs hashed to *value*."""
    try:
        return (STAMPS / name).read_text() == value
    except FileNotFoundError:
        return False


def stamp(name, value):
    """Note that the step *name* is finished for the inputs hashed to *value*."""
    write(STAMPS / name, value)


def write(path, text, mode=0o644):
    """Write *text* to *path* so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    temporary.replace(path)


def remove(path):
    """Delete the file or folder *path* if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


NETWORK_SIGNS = (
    "Temporary failure",
    "Could not resolve",
    "NewConnectionError",
    "Name or service not known",
    "Network is unreachable",
    "Connection refused",
    "Connection failed",
    "Could not connect",
    "Cannot initiate the connection",
    "Max retries exceeded",
    "ConnectTimeout",
    "No route to host",
)


def run(command, log, what, hint="", **options):
    """Run *command* with its output kept in the log file *log*.

    Args:
        command: list of arguments.
        log: name of the file in .env/logs that keeps the output of the last run.
        what: what the command does, for the error line ("install the Python packages").
        hint: what to do if it fails and the reason is not an evident one.
        options: passed to subprocess.run.

    Returns:
        The output, as text.

    Raises:
        Problem: the command is missing or failed.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    options.setdefault("stdin", subprocess.DEVNULL)
    with open(path, "w+", errors="replace") as output:
        try:
            result = subprocess.run(
                [str(part) for part in command],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **options,
            )
        except FileNotFoundError as error:
            raise Problem(f"Cannot {what}: {error.filename} is not installed. {hint}") from error
        output.seek(0)
        text = output.read()
    if result.returncode:
        raise Problem(explain(what, text, hint, path))
    return text


def explain(what, text, hint, path):
    """Return the line that tells why *what* failed, going by the output *text*."""
    if "No space left on device" in text or "not enough free space" in text:
        return f"Cannot {what}: no space left on the disk. Free some and run this again."
    if any(sign in text for sign in NETWORK_SIGNS):
        return (
            f"Cannot {what}: no network, or a proxy is needed. Connect (or set https_proxy) "
            f"and run this again. Details: {path}"
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "fatal"))]
    # What a traceback ends with says more than what else was logged as an error.
    raised = [
        line
        for line in text.splitlines()
        if re.match(r"([a-z]\w*\.)*([A-Z]\w*)?(Error|Exception|Violation|Warning): ", line)
    ]
    reason = (raised or errors or lines or ["no output"])[-1][:200]
    return f"Cannot {what}: {reason} {hint} Details: {path}".replace("  ", " ")
