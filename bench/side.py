"""One side of a benchmark: an Odoo process of its own, told what to do over its standard input.

Speaks JSON, one object a line; standard output has nothing else.
"""

import json
import os
import resource
import sys
import time

import ruleset
import world


class Side:
    """A process that reads a mailbox; the two sides differ in :meth:`begin` and :meth:`read`."""

    def __init__(self, env, port: int, user: str, password: str):
        self.env = env
        self.server = self.connect(port, user, password)
        env.cr.commit()

    def connect(self, port: int, user: str, password: str):
        """Set up the incoming mail server, as an admin would."""
        raise NotImplementedError

    def read(self) -> None:
        """Read the mailbox until nothing new is in it."""
        raise NotImplementedError

    def matches(self) -> int:
        """How often a scanner rule matched a mail."""
        return 0

    def counts(self) -> dict:
        """Records so far."""
        mails = [("model", "=", "helpdesk.ticket"), ("message_type", "=", "email")]
        return {
            "tickets": self.env["helpdesk.ticket"].with_context(active_test=False).search_count([]),
            "messages": self.env["mail.message"].search_count(mails),
            "contacts": self.env["res.partner"].with_context(active_test=False).search_count([]),
            "attachments": self.env["ir.attachment"].search_count(
                [("res_model", "=", "helpdesk.ticket")]
            ),
        }


class Stock(Side):
    """Odoo's own incoming mail server; its alias of the helpdesk team is in the template."""

    def connect(self, port, user, password):
        return self.env["fetchmail.server"].create(
            {
                "name": "Bench",
                "server_type": "imap",
                "server": "localhost",
                "port": port,
                "is_ssl": False,
                "user": user,
                "password": password,
                "attach": True,
                "original": False,
                "state": "done",
            }
        )

    def read(self):
        # Odoo's button reads fifty mails
        before = None
        while (now := self.env["mail.message"].search_count([])) != before:
            before = now
            self.server.fetch_mail()
            self.env.cr.commit()


class Addon(Side):
    """The addon's mail scanner."""

    def connect(self, port, user, password):
        scanner = self.env["fetchmail.server"].create(
            {
                "name": "Bench",
                "is_scanner": True,
                "server_type": "imap",
                "server": "localhost",
                "port": port,
                "encryption": "none",
                "user": user,
                "password": password,
            }
        )
        begin = self.env["helpdesk.scanner.begin"].create(
            {"scanner_id": scanner.id, "then": "activate", "start": "next"}
        )
        begin.action_confirm()
        return scanner

    def read(self):
        error = self.server._visit(3600)
        self.env.cr.commit()
        if error:
            raise RuntimeError(error)


class Rules(Addon):
    """The addon with many scanner rules; BENCH_RULES says how many."""

    def connect(self, port, user, password):
        env = self.env
        patterns = env["helpdesk.scanner.pattern"].create(ruleset.patterns(20))
        alias = env["helpdesk.support.alias"].search([], limit=1)
        tags = env["helpdesk.ticket.tag"].create(
            [{"name": f"Tag {number}", "company_id": env.company.id} for number in range(10)]
        )
        domains = ruleset.conditions(int(os.environ["BENCH_RULES"]), patterns.ids, alias.id)
        env["helpdesk.scanner.rule"].create(
            [
                {
                    "name": f"Rule {number}",
                    "sequence": number,
                    "domain": repr(domain),
                    # the next rules are looked at, too
                    "stop": False,
                    "action_ids": [
                        (0, 0, {"kind": "set", "tag_ids": [(4, tags[number % len(tags)].id)]})
                    ],
                }
                for number, domain in enumerate(domains)
            ]
        )
        return super().connect(port, user, password)

    def matches(self):
        return self.env["helpdesk.scanner.rule.match"].search_count([])


def measure(side: Side) -> dict:
    """Read the mailbox once and say what it took."""
    from odoo import sql_db

    before, queries = side.counts(), sql_db.sql_counter
    side.env.cr.commit()
    started, worked = time.perf_counter(), time.process_time()
    profile = start_profile()
    side.read()
    if profile:
        profile.disable()
        profile.dump_stats(os.environ["BENCH_PROFILE"])
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    queries = sql_db.sql_counter - queries
    side.env.cr.rollback()
    side.env.invalidate_all()
    after = side.counts()
    return {
        "seconds": seconds,
        "processor_seconds": processor,
        "queries": queries,
        # Linux counts in kilobytes
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "matches": side.matches(),
        "made": {name: after[name] - before[name] for name in after},
    }


def start_profile():
    """A running profiler if the variable BENCH_PROFILE names a file for its result."""
    if not os.environ.get("BENCH_PROFILE"):
        return None
    import cProfile

    profile = cProfile.Profile()
    profile.enable()
    return profile


def seed(env, contacts: int) -> None:
    """Give a database the world before the first mail: customers, their accounts, an agent, a
    helpdesk alias, and tickets that have been answered."""
    company = env.company
    company.alias_domain_id = env["mail.alias.domain"].create({"name": world.DOMAIN})
    Partner = env["res.partner"].with_context(tracking_disable=True, mail_create_nolog=True)
    accounts = Partner.create(
        [
            {"name": world.account_name(number), "is_company": True}
            for number in range(world.account_count(contacts))
        ]
    )
    people = world.known_people(contacts)
    partners = Partner
    for start in range(0, len(people), 1000):
        partners |= Partner.create(
            [
                {
                    "name": each.name,
                    "email": each.email,
                    "parent_id": accounts[each.account].id if each.account is not None else False,
                }
                for each in people[start : start + 1000]
            ]
        )
        env.flush_all()
    agent = env["res.users"].create(
        {
            "name": "Agent",
            "login": "agent",
            "email": f"agent@{world.DOMAIN}",
            # answers reach them in Odoo: neither side sends mail here
            "notification_type": "inbox",
            "group_ids": [(4, env.ref("helpdesk_mgmt.group_helpdesk_user_team").id)],
        }
    )
    team = env["helpdesk.ticket.team"].create(
        {
            "name": "Support",
            "alias_name": world.SUPPORT.partition("@")[0],
            "user_ids": [(6, 0, agent.ids)],
        }
    )
    for number in range(min(world.OPEN_TICKETS, len(partners))):
        ticket = env["helpdesk.ticket"].create(
            {
                "name": f"Open question {number}",
                "description": "<p>It does not work.</p>",
                "team_id": team.id,
                "partner_id": partners[number].id,
                "partner_name": partners[number].name,
                "partner_email": partners[number].email,
                "user_id": agent.id,
            }
        )
        ticket.with_user(agent).sudo().with_context(mail_notify_noemail=True).message_post(
            body="We look into it.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            message_id=world.ticket_message_id(number),
        )


def main():
    """side.py CONF DATABASE seed CONTACTS, or CONF DATABASE stock|addon|rules PORT USER PASSWORD"""
    configuration, database, what, *rest = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    # whatever else prints goes to the log
    os.dup2(2, 1)
    import odoo
    from odoo.modules.registry import Registry

    options = ["-c", configuration, "-d", database, "--max-cron-threads=0", "--log-level=info"]
    odoo.tools.config.parse_config(options, setup_logging=True)
    with Registry(database).cursor() as cursor:
        env = odoo.api.Environment(cursor, odoo.SUPERUSER_ID, {})
        if what == "seed":
            seed(env, int(rest[0]))
            cursor.commit()
            return
        port, user, password = rest
        side = {"stock": Stock, "addon": Addon, "rules": Rules}[what](
            env, int(port), user, password
        )
        print(json.dumps({"ready": True}), file=answers)
        for line in sys.stdin:
            if json.loads(line) == "read":
                side.read()
                print(json.dumps({"ready": True}), file=answers)
            else:
                print(json.dumps(measure(side)), file=answers)


if __name__ == "__main__":
    main()
