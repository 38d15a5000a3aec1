"""Make sure that the commands run on a Python that Odoo 19 supports.

Imported before anything else, also by Pythons that are too old for the rest, so it
keeps to syntax that they understand (3.6).
"""

import os
import subprocess
import sys

OLDEST, NEWEST = (3, 10), (3, 13)
CHECK = "import ensurepip, sys, venv; sys.stdout.write('%d.%d' % sys.version_info[:2])"


def _version_of(program):
    """Return the (major, minor) of *program*, or None if it cannot make environments."""
    try:
        answer = subprocess.run(
            [program, "-c", CHECK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if answer.returncode:
        return None
    return tuple(int(part) for part in answer.stdout.decode().split("."))


def ensure():
    """Continue on this interpreter if it fits, else start again on one that does.

    The variable PYTHON names one; otherwise python3.13 down to python3.10 are looked for.
    Ends the process with one line if there is none.
    """
    wanted = os.environ.get("PYTHON")
    current = sys.version_info[:2]
    if not wanted and OLDEST <= current <= NEWEST and _version_of(sys.executable) == current:
        return
    if os.environ.get("MAILFLOW_INTERPRETER") == sys.executable:
        return
    newest_first = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for program in [wanted] if wanted else newest_first:
        version = _version_of(program)
        if version and OLDEST <= version <= NEWEST:
            found = subprocess.check_output(
                [program, "-c", "import sys; sys.stdout.write(sys.executable)"]
            ).decode()
            os.environ["MAILFLOW_INTERPRETER"] = found
            os.execv(found, [found, *sys.argv])
    refused = f" (PYTHON={wanted} is not)" if wanted else ""
    sys.exit(
        f"Python 3.{OLDEST[1]} to 3.{NEWEST[1]} with its venv module is needed{refused}. Install "
        "one (on Debian: apt install python3 python3-venv), or name it: "
        f"PYTHON=/path/to/python3.12 {sys.argv[0]}"
    )
