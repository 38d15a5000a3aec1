"""Runs in an Odoo process: does the steps that it is told on standard input.

``python odoo_console.py CONFIGURATION DATABASE STEPS_FILE...``; one JSON object a line, both
ways: ``{"step", "args", "kwargs"}``, answered by ``{"begun"}`` and ``{"result"}`` or ``{"error"}``.
"""

import importlib.util
import json
import os
import sys
import traceback

# Python looks beside this file first: dns.py and smtp.py of these tests are no libraries
sys.path[:] = [place for place in sys.path if place != os.path.dirname(os.path.abspath(__file__))]

# what Odoo prints must not get between our lines
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def answer(**values):
    ANSWERS.write(json.dumps(values) + "\n")


def main(configuration, database, *steps_files):
    from odoo.tools import config

    config.parse_config(
        ["-c", configuration, "-d", database, "--no-http", "--max-cron-threads=0",
         f"--log-level={os.environ.get('MAILFLOW_LOG_LEVEL', 'info')}"],
        setup_logging=True,
    )  # fmt: skip
    from odoo import api
    from odoo.modules.registry import Registry

    steps = {}
    for steps_file in steps_files:
        spec = importlib.util.spec_from_file_location("steps", steps_file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        steps.update(vars(module))
    registry = Registry(database)
    with registry.cursor() as cursor:
        admin = api.Environment(cursor, api.SUPERUSER_ID, {}).ref("base.user_admin").id
    answer(ready=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer(begun=request["step"])
        try:
            registry.check_signaling()
            with registry.cursor() as cursor:
                env = api.Environment(cursor, admin, {"lang": "en_US"})
                step = steps[request["step"]]
                result = step(env, *request["args"], **request["kwargs"])
            registry.signal_changes()
            line = json.dumps({"result": result})
        except Exception:  # noqa: BLE001 -- told to the test, which decides
            ANSWERS.write(json.dumps({"error": traceback.format_exc()}) + "\n")
        else:
            ANSWERS.write(line + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
