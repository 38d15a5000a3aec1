#!/usr/bin/env python3
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Hand a mail from a mail transport agent to Odoo, byte for byte.

The mail comes on standard input. In postfix's /etc/aliases, for example:

    support: "|/usr/local/bin/mailflow-mailgate.py --url https://odoo.example.com -d DB -u 2"

The password (or API key) is read from the environment variable ODOO_PASSWORD or from a
file named with --password-file, so that it does not show in the list of processes.

Exit codes (sysexits.h): 0 Odoo has the mail; 75 (EX_TEMPFAIL) try again later, whatever
went wrong: the transport agent keeps the mail in its queue and nothing bounces to the
customer; 64 (EX_USAGE) the options are wrong.
"""

import argparse
import os
import socket
import ssl
import sys
import xmlrpc.client

EX_OK, EX_USAGE, EX_TEMPFAIL = 0, 64, 75


def main(argv=None) -> int:
    options = _options(argv)
    try:
        password = _password(options)
    except OSError as error:
        return _later(f"cannot read the password: {error.strerror}")
    if not password:
        return _later("no password: set ODOO_PASSWORD or use --password-file")
    raw = sys.stdin.buffer.read()
    if not raw.strip():
        return _later("standard input is empty")
    socket.setdefaulttimeout(options.timeout)
    context = ssl.create_default_context(cafile=options.ca_file)
    arguments = {"context": context} if options.url.startswith("https:") else {}
    try:
        proxy = xmlrpc.client.ServerProxy(f"{options.url.rstrip('/')}/xmlrpc/2/object", **arguments)
        proxy.execute_kw(
            options.database,
            options.user,
            password,
            "mail.thread",
            "message_process",
            [options.model or False, xmlrpc.client.Binary(raw)],
            {"context": {"mailflow_door": "mailgate"}},
        )
    except xmlrpc.client.Fault as fault:
        return _later(f"Odoo refused: {fault.faultString.strip().splitlines()[-1]}")
    except xmlrpc.client.ProtocolError as error:
        return _later(f"Odoo answered {error.errcode} {error.errmsg}")
    except (OSError, xmlrpc.client.Error, ValueError) as error:
        return _later(f"Odoo cannot be reached: {error}")
    return EX_OK


def _options(argv):
    parser = argparse.ArgumentParser(description="Hand a mail from standard input to Odoo.")
    parser.add_argument("--url", default="http://localhost:8069", help="of Odoo")
    parser.add_argument("-d", "--database", required=True)
    parser.add_argument("-u", "--user", type=int, required=True, help="id of the user to log in as")
    parser.add_argument("--password-file", help="its first line is the password or API key")
    parser.add_argument("--model", help="model for mails that no address leads anywhere")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds")
    parser.add_argument("--ca-file", help="authorities to trust instead of the system's")
    try:
        return parser.parse_args(argv)
    except SystemExit as end:
        sys.exit(EX_USAGE if end.code else EX_OK)


def _password(options) -> str:
    if options.password_file:
        with open(options.password_file, encoding="utf-8") as source:
            return source.readline().rstrip("\r\n")
    return os.environ.get("ODOO_PASSWORD", "")


def _later(reason: str) -> int:
    sys.stderr.write(f"mailflow-mailgate: {reason}; try again later\n")
    return EX_TEMPFAIL


if __name__ == "__main__":
    sys.exit(main())
