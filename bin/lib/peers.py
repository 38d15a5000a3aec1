"""Run the peers' tests by Odoo's own runner in one process; executed inside the environment.

Odoo runs "at install" tests in the middle of loading, when addons that come later are not there
yet. Here the whole registry is loaded first, so that they meet this addon.
"""

import sys
import threading

TAGS = ",".join(
    [
        "/test_mail/tests/test_mail_gateway.py",
        "/test_mail/tests/test_mail_alias.py",
        "/test_mail/tests/test_mail_flow.py",
        "/mail/tests/test_fetchmail.py",
        "/mail/tests/test_ir_mail_server.py",
        "/helpdesk_mgmt",
        # Needs a browser, and fails in it without this addon too: Debian's package leaves out a
        # script of mail's (selfie_segmentation).
        "-/helpdesk_mgmt:TestHelpdesMgmtJs",
    ]
)
MODULES = ("mail", "test_mail", "helpdesk_mgmt")


def main(config_file, database):
    from odoo.modules.registry import Registry
    from odoo.service import server
    from odoo.tests import loader
    from odoo.tools import config

    config.parse_config(
        [
            *("-c", config_file, "-d", database, "--http-port", free_port()),
            *("--max-cron-threads", "0", "--log-level", "warn", "--test-tags", TAGS),
        ]
    )
    from odoo import http

    server.load_server_wide_modules()
    server.server = server.ThreadedServer(http.root)
    config["test_enable"] = False
    server.server.start(stop=False)
    threading.current_thread().dbname = database
    registry = Registry(database)
    config["test_enable"] = True
    threading.current_thread().testing = True
    passed = failed = 0
    for position in ("at_install", "post_install"):
        suite = loader.make_suite(MODULES, position)
        result = loader.run_suite(suite, global_report=registry._assertion_report)
        bad = result.failures_count + result.errors_count
        failed += bad
        passed += result.testsRun - bad - result.skipped
    server.server.stop()
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
