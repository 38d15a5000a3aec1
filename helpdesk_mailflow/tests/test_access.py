# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .common import MailflowCase, mail

GROUP = "helpdesk_mgmt.group_helpdesk_"


class TestAccess(MailflowCase):
    """Access to a row of the ledger follows its ticket's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_company("Branch office")
        cls.branch = cls.make_alias("Branch", "branch", company_id=cls.other.id)
        cls.manager = cls.make_user("mf-manager", GROUP + "manager")
        cls.manager_of_both = cls.make_user(
            "mf-manager-both", GROUP + "manager", companies=cls.company | cls.other
        )
        cls.manager_of_other = cls.make_user(
            "mf-manager-other", GROUP + "manager", company=cls.other
        )
        cls.all_tickets = cls.make_user("mf-all", GROUP + "user")
        cls.of_team = cls.make_user("mf-team", GROUP + "user_team")
        cls.personal = cls.make_user("mf-own", GROUP + "user_own")
        cls.employee = cls.make_user("mf-employee", "base.group_user")
        cls.portal = cls.make_user("mf-portal", "base.group_portal")
        cls.system = cls.make_user("mf-system", "base.group_system")
        cls.team.user_ids = cls.of_team
        cls.second = cls.env["helpdesk.ticket.team"].create(
            {"name": "Back office", "company_id": cls.company.id, "alias_name": False}
        )
        cls.make_alias("Back", "back", team_id=cls.second.id)

    def setUp(self):
        super().setUp()
        self.of_front = self.take(mail(subject="Front"))
        self.of_back = self.take(mail(subject="Back", to="back@mailflow.test"))
        self.of_branch = self.take(mail(subject="Branch", to="branch@mailflow.test"))
        self.unmatched = self.take(mail(headers=[("Auto-Submitted", "auto-replied")]))
        self.mine = self.take(mail(subject="Mine", to="back@mailflow.test"))
        self.mine.ticket_ids.user_id = self.personal
        self.rows = self.of_front | self.of_back | self.of_branch | self.unmatched | self.mine
        self.env.flush_all()

    def check_sees(self, user, rows):
        Mail = self.env["helpdesk.incoming.mail"].with_user(user)
        domain = [("id", "in", self.rows.ids)]
        self.assertEqual(Mail.search(domain).ids, rows.sorted("id", reverse=True).ids)
        self.assertEqual(Mail.search_count(domain), len(rows))
        grouped = Mail._read_group(domain, ["state"], ["__count"])
        self.assertEqual(sum(count for _state, count in grouped), len(rows))
        readable = self.rows.with_user(user)._filtered_access("read")
        self.assertEqual(readable.ids, [row.id for row in self.rows if row in rows])
        for row in self.rows:
            mine = row.with_user(user)
            mine.invalidate_recordset()
            with self.subTest(user=user.login, row=row.subject):
                if row in rows:
                    self.assertTrue(mine.read(["subject", "outcome", "why", "trace_html"]))
                else:
                    with self.assertRaises(AccessError):
                        mine.read(["subject"])

    def test_a_manager_sees_the_ledger_of_the_companies(self):
        self.check_sees(self.manager, self.rows - self.of_branch)
        self.check_sees(self.manager_of_other, self.of_branch)

    def test_a_manager_of_two_companies_sees_those_chosen(self):
        both = self.manager_of_both
        ledger = self.env["helpdesk.incoming.mail"].with_user(both)
        domain = [("id", "in", self.rows.ids)]
        companies = (self.company | self.other).ids
        found = ledger.with_context(allowed_company_ids=companies).search(domain)
        self.assertEqual(len(found), 5)
        found = ledger.with_context(allowed_company_ids=self.other.ids).search(domain)
        self.assertEqual(found.ids, self.of_branch.ids)

    def test_a_mail_to_two_companies_is_a_row_of_both(self):
        agent = self.make_user("mf-all-other", GROUP + "user", company=self.other)
        row = self.take(mail(to="support@mailflow.test, branch@mailflow.test"))
        here, there = row.ticket_ids.sorted(lambda ticket: ticket.company_id != self.company)
        self.assertEqual((here.company_id, there.company_id), (self.company, self.other))
        for user, mine, other in (
            (self.manager, here, there),
            (self.manager_of_other, there, here),
            (agent, there, here),
        ):
            with self.subTest(user=user.login):
                seen = row.with_user(user)
                self.env.invalidate_all()
                self.assertEqual(seen.search([("id", "=", row.id)]), seen)
                self.assertEqual(seen.ticket_ids.ids, mine.ids)
                self.assertEqual(seen.ticket_count, 1)
                self.assertIn(mine.number, seen.outcome)
                self.assertNotIn(other.number, seen.outcome)
                if user != agent:
                    self.assertEqual(seen.delivery_ids.ticket_id.ids, mine.ids)
        both = row.with_user(self.manager_of_both).with_context(
            allowed_company_ids=(self.company | self.other).ids
        )
        self.assertIn(here.number, both.outcome)
        self.assertIn(there.number, both.outcome)

    def test_an_agent_sees_the_rows_of_the_tickets_that_are_readable(self):
        tickets = self.rows.ticket_ids
        for user in (self.all_tickets, self.of_team, self.personal):
            readable = tickets.with_user(user)._filtered_access("read")
            rows = self.rows.filtered(
                lambda row, readable=readable: (
                    row.ticket_ids.ids and set(row.ticket_ids.ids) <= set(readable.ids)
                )
            )
            self.check_sees(user, rows)
        # and these are the ones that one would expect
        self.check_sees(self.all_tickets, self.of_front | self.of_back | self.mine)
        self.check_sees(self.of_team, self.of_front)
        self.check_sees(self.personal, self.mine)

    def test_an_agent_who_loses_a_ticket_loses_its_mails(self):
        ticket = self.mine.ticket_ids
        ticket.user_id = self.of_team
        ticket.message_unsubscribe(self.personal.partner_id.ids)
        self.check_sees(self.personal, self.env["helpdesk.incoming.mail"])

    def test_rows_of_archived_tickets_stay_visible(self):
        self.mine.ticket_ids.active = False
        self.check_sees(self.personal, self.mine)

    def test_others_see_nothing(self):
        for user in (self.employee, self.portal, self.env.ref("base.public_user")):
            with self.subTest(user=user.login):
                Mail = self.env["helpdesk.incoming.mail"].with_user(user)
                with self.assertRaises(AccessError):
                    Mail.search([])
                with self.assertRaises(AccessError):
                    self.of_front.with_user(user).read(["subject"])
                with self.assertRaises(AccessError):
                    self.env["helpdesk.incoming.mail.delivery"].with_user(user).search([])

    def test_rows_without_a_company_are_for_system_admins(self):
        self.unmatched.company_id = self.unmatched.delivery_ids.company_id = False
        self.check_sees(self.manager, self.rows - self.of_branch - self.unmatched)
        self.check_sees(self.system, self.rows - self.of_branch)

    def test_an_agent_changes_nothing(self):
        row = self.of_front.with_user(self.all_tickets)
        self.assertFalse(row.can_take_in or row.can_retry or row.can_ignore)
        with self.assertRaises(AccessError):
            row.write({"subject": "x"})
        with self.assertRaises(AccessError):
            row.unlink()
        with self.assertRaises(AccessError):
            row.create({"door": "rpc"})

    def test_the_buttons_are_refused_to_agents(self):
        self.support.intake = False
        row = self.take(mail())
        row.delivery_ids.ticket_id = self.mine.ticket_ids  # readable, and still waiting
        mine = row.with_user(self.personal)
        self.assertEqual(mine.state, "not_taken_in")
        for button in (mine.action_take_in, mine.action_retry, mine.action_ignore):
            with self.subTest(button=button.__name__), self.assertRaises(AccessError):
                button()

    def test_a_manager_may_use_the_buttons(self):
        self.support.intake = False
        row = self.take(mail()).with_user(self.manager)
        self.assertTrue(row.can_take_in)
        row.action_take_in()
        self.assertEqual(row.sudo().state, "done")
        self.assertEqual(row.ticket_ids.name, "The printer burns")

    def test_the_ledger_is_not_forged(self):
        for user in (self.manager, self.system):
            row = self.of_front.with_user(user)
            for values in (
                {"mailbox_todo": [{"do": "seen"}], "uid": "1"},
                {"folder_id": False},
                {"trace": []},
                {"state": "new"},
            ):
                with self.subTest(user=user.login, values=values), self.assertRaises(AccessError):
                    row.write(values)
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                row.create({"door": "rpc", "state": "done", "subject": "Never sent"})

    def test_a_system_admin_may_use_the_buttons(self):
        self.support.intake = False
        row = self.take(mail()).with_user(self.system)
        self.assertTrue(row.can_take_in and row.can_ignore)
        row.action_ignore()
        self.assertEqual(row.sudo().state, "ignored")
        self.assertIn("person_ignore", self.codes(row.sudo()))

    def test_a_manager_of_another_company_may_not(self):
        self.support.intake = False
        row = self.take(mail()).with_user(self.manager_of_other)
        with self.assertRaises(AccessError):
            row.action_take_in()

    def test_a_manager_cannot_delete_rows(self):
        with self.assertRaises(AccessError):
            self.of_front.with_user(self.manager).unlink()

    def test_the_button_of_a_ticket_opens_its_mails(self):
        ticket = self.mine.ticket_ids.with_user(self.personal)
        self.assertEqual(ticket.incoming_mail_count, 1)
        action = ticket.action_open_incoming_mails()
        self.assertEqual(action["res_id"], self.mine.id)
        found = self.env["helpdesk.incoming.mail"].with_user(self.personal).search(action["domain"])
        self.assertEqual(found.ids, self.mine.ids)

    def test_secrets_are_a_system_admin_s(self):
        scanner = self.env["fetchmail.server"].create(
            {
                "name": "Mailbox",
                "is_scanner": True,
                "server": "imap.acorn.example",
                "user": "support",
                "password": "s3cret",
                "company_id": self.company.id,
            }
        )
        folder = scanner.folder_ids.with_user(self.manager)
        self.assertEqual(folder.read(["name", "scanner_label"])[0]["scanner_label"], "Mailbox")
        self.assertEqual(folder.display_name, "Mailbox: INBOX")
        self.assertEqual(folder.state, "waiting")
        with self.assertRaises(AccessError):
            folder.read(["scanner_id"])
        with self.assertRaises(AccessError):
            folder.search([("scanner_id.password", "like", "s3%")])
        with self.assertRaises(AccessError):
            scanner.with_user(self.manager).read(["name"])
        with self.assertRaises(AccessError):
            self.env["helpdesk.incoming.mail"].with_user(self.manager).search(
                [("folder_id.scanner_id.password", "like", "s3%")]
            )
        self.assertFalse(scanner.with_user(self.system).new_password)
        self.assertTrue(scanner.with_user(self.system).has_password)
        with self.assertRaises(AccessError):
            folder.write({"is_read": False})

    def test_the_source_is_not_read_past_its_row(self):
        for user in (self.manager, self.all_tickets):
            with self.assertRaises(AccessError):
                self.env["helpdesk.incoming.mail.source"].with_user(user).search([])
        self.assertIn("Mine", self.mine.with_user(self.personal).source_preview)
        with self.assertRaises(AccessError):
            self.of_front.with_user(self.personal).read(["source_preview"])

    def test_support_aliases_are_of_the_company(self):
        Alias = self.env["helpdesk.support.alias"]
        self.assertNotIn(self.branch, Alias.with_user(self.manager).search([]))
        with self.assertRaises(AccessError):
            self.branch.with_user(self.manager).write({"name": "x"})
        with self.assertRaises(AccessError):
            self.support.with_user(self.all_tickets).write({"name": "x"})


@tagged("post_install", "-at_install")
class TestSourceDownload(MailflowCase, HttpCase):
    """The raw source, as a file."""

    def setUp(self):
        super().setUp()
        self.raw = mail(html="<script>alert(1)</script>")
        self.row = self.take(self.raw)
        self.env.flush_all()

    def get(self):
        url = f"/helpdesk_mailflow/source/{self.row.id}"
        return self.url_open(url, allow_redirects=False)

    def test_whoever_may_read_the_ticket_gets_it_as_an_attachment(self):
        user = self.make_user("mf-http-agent", GROUP + "user", password="mf-http-agent")
        self.authenticate(user.login, user.login)
        answer = self.get()
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.content, self.raw)
        self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertTrue(answer.headers["Content-Disposition"].startswith("attachment"))

    def test_others_get_nothing(self):
        for login, group in (
            ("mf-http-own", GROUP + "user_own"),
            ("mf-http-employee", "base.group_user"),
            ("mf-http-portal", "base.group_portal"),
        ):
            with self.subTest(login=login):
                self.make_user(login, group, password=login)
                self.authenticate(login, login)
                answer = self.get()
                self.assertEqual(answer.status_code, 404)
                self.assertNotIn(b"script", answer.content)

    def test_strangers_are_sent_to_the_log_in(self):
        self.authenticate(None, None)
        answer = self.get()
        self.assertIn(answer.status_code, (302, 303))
        self.assertIn("/web/login", answer.headers["Location"])

    def test_a_source_no_longer_kept_is_not_found(self):
        user = self.make_user("mf-http-gone", GROUP + "manager", password="mf-http-gone")
        self.authenticate(user.login, user.login)
        self.env["helpdesk.incoming.mail.source"].search([("mail_id", "=", self.row.id)]).unlink()
        self.assertEqual(self.get().status_code, 404)
