# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..mailflow.errors import LoginRefused, NameNotFound, UnexpectedAnswer
from ..models.fetchmail_server import FetchmailServer
from ..models.intake import Arrival
from ..models.mailbox_visit import Visit
from .common import MailflowCase, mail


class Mailbox:
    """A mailbox of three mails, received on the first days of March 2026."""

    def __init__(self, folders=("INBOX", "Support", "Trash")):
        self.names = folders
        self.message = mail(subject="Whole")

    def folders(self):
        return [SimpleNamespace(name=name, selectable=True, special_use="") for name in self.names]

    def select(self, _name):
        return SimpleNamespace(uidvalidity=4294967295, uidnext=4)

    def find(self, since_uid=1, unseen=False, since=None):
        # a server west of UTC, where the day begins later
        west = timezone(timedelta(hours=-8))
        uids = [uid for uid in (1, 2, 3) if uid >= since_uid]
        return [
            uid for uid in uids if not since or self.received(uid).astimezone(west).date() >= since
        ]

    def heads(self, uids):
        return {uid: SimpleNamespace(received=self.received(uid), seen=False) for uid in uids}

    def fetch(self, uids):
        for uid in uids:
            yield uid, self.message

    def set_flags(self, uids, add=(), remove=()):
        self.marked = uids

    def received(self, uid):
        return datetime(2026, 3, uid, tzinfo=timezone.utc)


class TestScanner(MailflowCase):
    """Mail scanners, without a mail server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scanner = cls.make_scanner("Mailbox")

    @classmethod
    def make_scanner(cls, name, **values):
        return cls.env["fetchmail.server"].create(
            {
                "name": name,
                "is_scanner": True,
                "server": "imap.acorn.example",
                "user": "support",
                "password": "s3cret",
                "company_id": cls.company.id,
                **values,
            }
        )

    @contextmanager
    def mailbox(self, mailbox=None):
        @contextmanager
        def connect(_scanner, *_args, **_kwargs):
            if isinstance(mailbox, Exception):
                raise mailbox
            yield mailbox or Mailbox()

        with patch.object(FetchmailServer, "_connect_mailbox", connect):
            yield

    def begin(self, then="activate", **values):
        return self.env["helpdesk.scanner.begin"].create(
            {"scanner_id": self.scanner.id, "then": then, **values}
        )

    # ---- a new scanner ----

    def test_a_new_scanner_does_nothing_until_it_is_activated(self):
        self.assertEqual((self.scanner.state, self.scanner.scanner_state), ("draft", "off"))
        self.assertFalse(self.scanner.begun)
        self.assertFalse(self.scanner.search(self.scanner._active_scanners()) & self.scanner)
        self.assertEqual(self.scanner.server_type, "imap")
        self.assertTrue(self.scanner.verify_certificate)
        self.assertTrue(self.scanner.mark_read)
        self.assertEqual(self.scanner.read_folder_ids.mapped("name"), ["INBOX"])

    def test_the_port_follows_protocol_and_encryption(self):
        ports = {
            ("imap", "tls"): 993,
            ("imap", "starttls"): 143,
            ("imap", "none"): 143,
            ("pop", "tls"): 995,
            ("pop", "starttls"): 110,
            ("pop", "none"): 110,
        }
        view = "helpdesk_mailflow.scanner_view_form"
        Scanner = self.env["fetchmail.server"].with_context(default_is_scanner=True)
        for (protocol, encryption), port in ports.items():
            with self.subTest(protocol=protocol, encryption=encryption):
                made = self.make_scanner("x", server_type=protocol, encryption=encryption)
                self.assertEqual(made.port, port)
                self.assertEqual(made.is_ssl, encryption == "tls")
                form = Form(Scanner, view)
                form.mailbox_protocol = protocol
                form.encryption = encryption
                self.assertEqual(form.port, port)

    def test_a_port_that_is_given_stays(self):
        self.assertEqual(self.make_scanner("x", port=10993).port, 10993)

    def test_a_scanner_reads_a_mailbox_for_a_company(self):
        with self.assertRaisesRegex(ValidationError, "IMAP or POP"):
            self.scanner.server_type = "local"
        with self.assertRaisesRegex(ValidationError, "belongs to a company"):
            self.make_scanner("Other", company_id=False)

    def test_the_default_alias_is_of_the_scanner_s_company(self):
        other = self.make_company("Branch office")
        branch = self.make_alias("Branch", "branch", company_id=other.id)
        with self.assertRaises(UserError):
            self.scanner.default_alias_id = branch
        self.scanner.default_alias_id = self.support
        with self.assertRaises(UserError):
            self.scanner.company_id = other

    def test_an_alias_that_a_scanner_needs_is_not_deleted(self):
        sales = self.make_alias("Sales", "sales")
        self.scanner.default_alias_id = sales
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            sales.unlink()
        self.assertTrue(sales.exists())

    def test_a_password_is_kept_when_none_is_typed(self):
        self.scanner.new_password = False
        self.assertEqual(self.scanner.password, "s3cret")
        self.scanner.new_password = "other"
        self.assertEqual(self.scanner.password, "other")
        self.scanner.invalidate_recordset()
        self.assertFalse(self.scanner.new_password)

    def test_odoo_s_own_fetching_leaves_scanners_alone(self):
        self.scanner.state = "done"
        fetched = []
        stock = "odoo.addons.mail.models.fetchmail.FetchmailServer._fetch_mail"
        with patch(stock, lambda servers, **_values: fetched.append(servers)):
            self.scanner._fetch_mail()
        self.assertEqual([each.ids for each in fetched], [[]])

    # ---- activation ----

    def test_activation_asks_where_to_begin_the_first_time(self):
        action = self.scanner.action_activate()
        self.assertEqual(action["res_model"], "helpdesk.scanner.begin")
        self.assertEqual(action["context"]["default_then"], "activate")
        self.assertEqual(self.scanner.state, "draft")
        self.assertEqual(self.scanner.action_run_now()["context"]["default_then"], "run")

    def test_the_next_new_mail_is_the_begin_unless_said_otherwise(self):
        with self.mailbox():
            wizard = self.begin()
            self.assertEqual((wizard.start, wizard.count), ("next", 0))
            wizard.action_confirm()
        folder = self.scanner.read_folder_ids
        self.assertEqual((folder.uidvalidity, folder.next_uid), ("4294967295", "4"))
        self.assertEqual((self.scanner.state, self.scanner.scanner_state), ("done", "on"))
        self.assertEqual(folder.state, "ok")
        self.scanner.action_deactivate()
        told = self.scanner.action_activate()
        self.assertEqual(self.scanner.state, "done", "it goes on where it stopped")
        self.assertIn("No rule looks at its mails yet", told["params"]["message"])

    def test_going_back_some_days_says_how_many_mails_that_are(self):
        now = datetime(2026, 3, 4)
        with self.mailbox(), patch("odoo.fields.Datetime.now", lambda: now):
            wizard = self.begin(start="days", days=2)
            self.assertEqual(wizard.count, 2)
            wizard.days = 30
            self.assertEqual(wizard.count, 3)
            wizard.action_confirm()
        folder = self.scanner.read_folder_ids
        self.assertEqual((folder.next_uid, folder.start_uid), ("1", "4"))

    def test_zero_days_are_refused(self):
        with self.mailbox(), self.assertRaisesRegex(UserError, "How many days"):
            self.begin(start="days", days=0).action_confirm()

    def test_a_server_that_cannot_be_reached_is_told_in_words(self):
        error = NameNotFound(host="imap.acorn.example")
        with self.mailbox(error):
            self.assertIn("was not found", self.begin(start="days").problem)
            self.assertFalse(self.begin().problem, "the next new mail needs no connection yet")
            with self.assertRaisesRegex(UserError, "was not found"):
                self.begin().action_confirm()
            with self.assertRaisesRegex(UserError, "was not found"):
                self.scanner.button_confirm_login()
        self.assertEqual(self.scanner.state, "draft")

    def test_no_secret_is_in_an_error(self):
        error = LoginRefused(host="imap.acorn.example", user="support", answer="no")
        with self.mailbox(error), self.assertRaises(UserError) as caught:
            self.scanner.button_confirm_login()
        self.assertNotIn("s3cret", str(caught.exception))

    def test_without_a_folder_there_is_nothing_to_activate(self):
        self.scanner.read_folder_ids = False
        with self.assertRaisesRegex(UserError, "at least one folder"):
            self.scanner.action_activate()

    def test_running_now_does_not_keep_somebody_waiting(self):
        clock, given = [1000.0], []

        def read(_scanner, seconds):
            given.append(seconds)
            clock[0] += 44 if len(given) == 1 else 46
            return None, 7

        module = "odoo.addons.helpdesk_mailflow.models.fetchmail_server"
        with (
            patch.object(FetchmailServer, "_read_mailbox", read),
            patch(f"{module}.time", SimpleNamespace(monotonic=lambda: clock[0])),
        ):
            told = [self.scanner._run_now()["params"]["message"] for _run in range(2)]
        self.assertEqual(given, [45.0, 45.0])
        self.assertEqual(told[0], "7 mails were fetched.")
        self.assertIn("7 mails were fetched so far", told[1])

    # ---- rules ----

    def make_rule(self, **values):
        return self.env["helpdesk.scanner.rule"].create(
            {"name": "Rule", "company_id": self.company.id, **values}
        )

    def test_activating_without_rules_hints_at_them(self):
        with self.mailbox():
            wizard = self.begin()
            self.assertFalse(wizard.rule_count)
            hint = wizard.action_confirm()
        self.assertEqual(hint["tag"], "display_notification")
        self.assertEqual(hint["params"]["next"], {"type": "ir.actions.act_window_close"})
        self.assertIn("each new one becomes a ticket. %s", hint["params"]["message"])
        self.assertEqual(len(hint["params"]["links"]), 1)
        self.scanner.unmatched = "leave"
        hint = self.scanner._hint_at_rules()["params"]
        self.assertEqual(hint["type"], "warning")
        self.assertIn("new mails become no tickets", hint["message"])
        self.make_rule()
        self.scanner.invalidate_recordset(["rule_count"])
        self.assertIsNone(self.scanner._hint_at_rules())
        with self.mailbox():
            self.assertTrue(self.begin().rule_count)
            self.assertEqual(self.begin().action_confirm(), {"type": "ir.actions.act_window_close"})

    def test_rules_that_look_at_its_mails_are_counted(self):
        other = self.make_scanner("Other")
        branch = self.make_company("Branch office")
        self.make_rule(name="every mailbox")
        self.make_rule(name="this one", scanner_ids=[(6, 0, self.scanner.ids)])
        self.make_rule(name="the other one", scanner_ids=[(6, 0, other.ids)])
        self.make_rule(name="this folder", folder_ids=[(6, 0, self.scanner.folder_ids.ids)])
        self.make_rule(name="another folder", folder_ids=[(6, 0, other.folder_ids.ids)])
        self.make_rule(name="of the branch", company_id=branch.id)
        self.make_rule(name="off", active=False)
        self.assertEqual(self.scanner.rule_count, 3)
        action = self.scanner.action_open_rules()
        rules = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(set(rules.mapped("name")), {"every mailbox", "this one", "this folder"})

    def test_a_folder_is_read_for_a_rule(self):
        with self.mailbox():
            self.scanner.action_look_up_folders()
            self.begin().action_confirm()
        support = self.scanner.folder_ids.filtered(lambda folder: folder.name == "Support")
        self.assertEqual((support.state, self.scanner.folder_names), ("off", "INBOX"))
        rule = self.make_rule(folder_ids=[(6, 0, support.ids)])
        self.env.invalidate_all()
        self.assertEqual((support.is_read, support.is_read_by_rule), (False, True))
        self.assertEqual(support.state, "ok")
        self.assertEqual(self.scanner.folder_names, "INBOX, Support")
        Folder = self.env["helpdesk.mail.folder"]
        self.assertEqual(Folder.search([("is_read_by_rule", "=", True)]), support)
        self.assertNotIn(support, Folder.search([("is_read_by_rule", "=", False)]))
        with (
            self.mailbox(Mailbox(["INBOX", "Trash"])),
            self.assertRaisesRegex(UserError, "not on the server: Support"),
        ):
            self.scanner.button_confirm_login()
        rule.active = False
        self.env.invalidate_all()
        self.assertEqual((support.is_read_by_rule, support.state), (False, "off"))

    def test_a_folder_that_a_rule_chose_later_begins_with_the_next_new_mail(self):
        with self.mailbox():
            self.scanner.action_look_up_folders()
            self.begin().action_confirm()
        support = self.scanner.folder_ids.filtered(lambda folder: folder.name == "Support")
        self.make_rule(folder_ids=[(6, 0, support.ids)])
        with self.own_transaction() as env:
            scanner = self.scanner.with_env(env)
            visit = Visit(scanner, float("inf"))
            visit.mailbox = Mailbox()
            self.assertIn(support.id, scanner._folders_to_read().ids)
            visit._begin(support.with_env(env), visit.mailbox.select("Support"))
        self.assertEqual((support.next_uid, support.start_uid), ("4", "4"))

    def test_a_scanner_reads_for_rules_alone(self):
        with self.mailbox():
            self.scanner.action_look_up_folders()
        support = self.scanner.folder_ids.filtered(lambda folder: folder.name == "Support")
        self.make_rule(folder_ids=[(6, 0, support.ids)])
        self.scanner.read_folder_ids = False
        self.env.invalidate_all()
        with self.mailbox():
            self.begin().action_confirm()
        self.assertEqual(self.scanner.state, "done")
        self.assertEqual(support.next_uid, "4")

    # ---- folders ----

    def test_folders_are_chosen_from_those_on_the_server(self):
        with self.mailbox():
            self.scanner.action_look_up_folders()
        self.assertEqual(self.scanner.folder_ids.mapped("name"), ["INBOX", "Support", "Trash"])
        self.assertEqual(self.scanner.read_folder_ids.mapped("name"), ["INBOX"])
        with self.mailbox(Mailbox(["Inbox", "Trash"])):
            self.scanner.action_look_up_folders()
        gone = self.scanner.folder_ids.filtered(lambda folder: not folder.on_server)
        self.assertEqual(gone.mapped("name"), ["Support"])
        self.assertEqual(len(self.scanner.folder_ids), 3, "INBOX is written in any case")

    def test_a_test_says_which_folder_is_missing(self):
        with self.mailbox():
            self.scanner.action_look_up_folders()
        self.scanner.read_folder_ids = self.scanner.folder_ids
        with (
            self.mailbox(Mailbox(["INBOX", "Trash"])),
            self.assertRaisesRegex(UserError, "not on the server: Support"),
        ):
            self.scanner.button_confirm_login()

    def test_another_mailbox_begins_anew(self):
        with self.mailbox():
            self.begin().action_confirm()
        for values in (
            {"server": "imap.other.example"},
            {"user": "other"},
            {"server_type": "pop"},
        ):
            with self.subTest(values=values):
                self.scanner.folder_ids.write({"uidvalidity": "1", "next_uid": "9"})
                self.scanner.state = "done"
                left = self.scanner.folder_ids
                self.scanner.write(values)
                self.assertFalse(self.scanner.begun)
                self.assertFalse(self.scanner.folder_ids.next_uid)
                self.assertEqual(self.scanner.state, "draft")
                self.assertFalse(left & self.scanner.folder_ids)
                self.assertFalse(left.active or left.is_read)
                self.assertEqual(self.scanner.read_folder_ids.mapped("name"), ["INBOX"])

    def triggers(self):
        scan = self.env.ref("helpdesk_mailflow.ir_cron_scan")
        return self.env["ir.cron.trigger"].search([("cron_id", "=", scan.id)])

    def arrive(self, folder, uid, **values):
        """A row of a mail as a visit stores it."""
        values = {
            "door": "scanner",
            "folder_id": folder.id,
            "uidvalidity": folder.uidvalidity,
            "uid": uid,
            **values,
        }
        origin = ("stored_scanner", {"folder": "INBOX", "size": 1})
        return self.env["helpdesk.intake"]._store([Arrival(mail(), values, origin)])

    def test_a_scanner_that_is_renamed_rewrites_no_row(self):
        row = self.arrive(self.scanner.folder_ids, "1", company_id=self.company.id)
        self.env["helpdesk.intake"]._process(row)
        row._write({"write_date": "2020-01-01"})
        self.env.cr.execute("SELECT ctid FROM helpdesk_incoming_mail WHERE id = %s", [row.id])
        before = self.env.cr.fetchall()
        self.scanner.name = "Renamed"
        self.env.flush_all()
        self.env.cr.execute("SELECT ctid FROM helpdesk_incoming_mail WHERE id = %s", [row.id])
        self.assertEqual(self.env.cr.fetchall(), before)
        # an agent may not see folders, but where a mail of the ticket came from
        agent = self.make_user("mf-scan-agent", "helpdesk_mgmt.group_helpdesk_user")
        found = self.env["helpdesk.incoming.mail"].with_user(agent)
        found = found.search([("scanner_label", "ilike", "renam"), ("id", "=", row.id)])
        self.assertEqual(found.scanner_label, "Renamed")
        groups = found.formatted_read_group([("id", "=", row.id)], ["folder_id"], ["__count"])
        self.assertEqual(groups[0]["folder_id"][1], "Renamed: INBOX")

    def test_numbers_of_the_mailbox_before_say_nothing_of_another(self):
        with self.mailbox():
            self.begin(start="days", days=36500).action_confirm()
        folder = self.scanner.read_folder_ids
        row = self.arrive(folder, "1", mailbox_todo=[{"do": "seen"}], state="done")
        visit = Visit(self.scanner, 0)
        visit.mailbox = Mailbox()
        self.assertEqual(visit._fresh(folder), [2, 3])
        self.scanner.user = "other"
        with self.mailbox():
            self.begin(start="days", days=36500).action_confirm()
        self.assertEqual(visit._fresh(self.scanner.read_folder_ids), [1, 2, 3])
        self.assertFalse(row.mailbox_todo, "it would mark another mail")
        self.assertIn("mailbox_left", self.codes(row))
        self.assertEqual(self.scanner.mail_count, 1)
        self.assertEqual(row.folder_id, folder)

    def test_the_whole_of_a_mail_above_the_limit_can_be_had_later(self):
        manager = self.make_user("mf-scan-manager", "helpdesk_mgmt.group_helpdesk_manager")
        folder = self.scanner.read_folder_ids
        folder._begin(1, 4, None)
        row = self.arrive(folder, "1", start_only=True, size=3 * 2**20, company_id=self.company.id)
        self.env["helpdesk.intake"]._process(row)
        self.assertEqual((row.state, row.can_take_in), ("held", False))
        limit = "helpdesk_mailflow.max_size_mb"
        self.env["ir.config_parameter"].set_param(limit, "2")
        visit = Visit(self.scanner, float("inf"))
        visit.mailbox = Mailbox()
        visit._fetch_whole(folder, [])
        self.assertTrue(row.start_only, "it is above the limit still")
        with self.assertRaisesRegex(UserError, "3 MB this mail is above the limit of 2 MB"):
            row.with_user(manager).action_retry()
        self.env["ir.config_parameter"].set_param(limit, "4")
        self.triggers().unlink()
        row.with_user(manager).action_retry()
        self.assertTrue(self.triggers())
        with self.own_transaction() as env:
            visit = Visit(self.scanner.with_env(env), float("inf"))
            visit.mailbox = Mailbox()
            visit._fetch_whole(folder.with_env(env), [])
        self.assertEqual((row.state, row.start_only), ("done", False), row.why)
        self.assertEqual(row.ticket_ids.name, "Whole")
        self.assertEqual(visit.mailbox.marked, [1])
        source = self.env["helpdesk.incoming.mail.source"]._load(row.ids)[row.id]
        self.assertEqual(source, visit.mailbox.message)

    def test_a_message_that_a_pop_server_keeps_does_not_keep_the_others(self):
        self.scanner.server_type = "pop"
        folder = self.scanner.read_folder_ids
        folder._begin(0, 0, None)
        rule = self.make_rule()
        rows = [
            self.arrive(folder, uid, state="done", mailbox_todo=[{"do": "delete", **by}])
            for uid, by in (("a", {"rule": rule.id}), ("b", {}), ("c", {}), ("d", {}))
        ]
        refused = UnexpectedAnswer("unexpected_answer_refused", host="x", doing="x", answer="no")
        deleted = []

        def delete(uids):
            if uids in (["a"], ["c"]):
                raise refused
            deleted.extend(uids)

        with self.own_transaction() as env:
            visit = Visit(self.scanner.with_env(env), float("inf"))
            visit.mailbox = SimpleNamespace(delete=delete, quit=lambda: deleted.append("QUIT"))
            problems = visit.changes.perform_on_pop(folder.with_env(env))
        self.env.invalidate_all()
        self.assertEqual(deleted, ["b", "d", "QUIT"])
        self.assertEqual(problems, [refused], "tried again at the next visit")
        self.assertEqual([bool(row.mailbox_todo) for row in rows], [False, False, True, False])
        self.assertEqual(self.codes(rows[0])[-1], "mailbox_failed_delete")
        self.assertEqual([each["code"] for each in rule.fault], ["mailbox_failed_delete"])

    def test_numbers_of_another_pop_mailbox_are_new(self):
        self.scanner.server_type = "pop"
        folder = self.scanner.read_folder_ids
        folder._begin(1, 1, None)
        folder._know(["1"])
        self.arrive(folder, "2")
        self.scanner.server = "pop.other.example"
        visit = Visit(self.scanner, 0)
        visit.mailbox = Mailbox()
        folder = self.scanner.read_folder_ids
        folder._begin(1, 1, None)
        self.assertEqual(visit._fresh(folder), [1, 2, 3])

    def test_another_password_goes_on(self):
        self.scanner.folder_ids.write({"uidvalidity": "1", "next_uid": "9"})
        self.scanner.state = "done"
        self.scanner.write({"password": "new", "user": "support", "port": 1993})
        self.assertTrue(self.scanner.begun)
        self.assertEqual(self.scanner.state, "done")

    def test_numbers_above_31_bits_fit(self):
        folder = self.scanner.folder_ids
        folder._begin(2**32 - 1, 2**32 - 1, None)
        folder._restart(2**32 - 2)
        self.env.flush_all()
        self.assertEqual(folder.uidvalidity, str(2**32 - 2))

    def test_an_error_of_a_folder_is_shown_until_it_is_over(self):
        folder = self.scanner.folder_ids
        folder._report("The log-in was refused.")
        since = folder.error_since
        folder._report("It still is.")
        self.assertEqual((folder.state, folder.error_since), ("error", since))
        folder._report(None)
        self.assertFalse(folder.error)
        self.assertTrue(folder.last_success)

    def test_a_mail_without_our_address_goes_to_the_scanner_s_default_alias(self):
        sales = self.make_alias("Sales", "sales")
        self.scanner.default_alias_id = sales
        values = {"door": "scanner", "folder_id": self.scanner.folder_ids.id, "uid": "1"}
        origin = ("stored_scanner", {"folder": "INBOX", "size": 1})
        raw = mail(to="who@knows.example")
        row = self.env["helpdesk.intake"]._store([Arrival(raw, values, origin)])
        self.env["helpdesk.intake"]._process(row)
        self.assertEqual(self.deliveries(row), [("Sales", "ticket")])
        self.assertIn("goes to the default alias Sales", str(row.trace_html))
