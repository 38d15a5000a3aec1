# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The last step of the guide *Connect a mailbox*: what was set up, and what is still open."""

from unittest.mock import patch

from odoo.exceptions import AccessError

from .common import DOMAIN, MailflowCase

EMAIL = "help@acorn-tests.example"


class TestMailboxConnectionDone(MailflowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = cls.make_user("acorn-boss", "helpdesk_mgmt.group_helpdesk_manager")
        cls.team.user_ids = cls.boss
        cls.address = cls.env["helpdesk.from.address"].create({"email": EMAIL})
        cls.scanner = cls.env["fetchmail.server"].create(
            {
                "name": "Acorn mailbox",
                "is_scanner": True,
                "server": "imap.acorn-tests.example",
                "user": EMAIL,
                "state": "done",
            }
        )
        cls.env["helpdesk.mail.folder"].create(
            [
                {"scanner_id": cls.scanner.id, "name": name, "is_read": is_read}
                for name, is_read in (("Sales", True), ("Junk", False))
            ]
        )

    def done(self, user=None, **values):
        connection = self.env["helpdesk.mailbox.connection"].create(
            {
                "email": EMAIL,
                "road": "provider",
                "step": "done",
                "activated_date": "2026-03-03 10:00:00",
                "alias_id": self.support.id,
                "team_id": self.team.id,
                "from_address_id": self.address.id,
                "scanner_id": self.scanner.id,
                **values,
            }
        )
        return connection.with_user(user or self.env.user)

    def rows(self, connection):
        connection.invalidate_recordset()
        return {row["name"]: row for row in connection.result}

    def test_everything_is_listed(self):
        self.address._prove("mail")
        connection = self.done()
        rows = self.rows(connection)
        values = {name: row["value"] for name, row in rows.items()}
        self.assertEqual(
            values,
            {
                "scanner": "Acorn mailbox",
                "folders": "INBOX, Sales",
                "inbound": f"support@{DOMAIN}",
                "alias": "Support",
                "team": "Front desk",
                "from_address": EMAIL,
                "setup": "acorn-tests.example",
                "filter": f"{EMAIL}, support@{DOMAIN}",
                "test": "Not tested",
                "rules": "What becomes of which mail",
            },
        )
        self.assertEqual({row["state"] for row in rows.values()}, {"ok", "info"})
        self.assertIn(f"Mail to {EMAIL} opens tickets for Front desk", connection.result_sentence)
        self.assertTrue(rows["inbound"]["copy"])

    def test_each_row_opens_what_it_is_about(self):
        connection = self.done()
        targets = {
            "scanner": ("fetchmail.server", self.scanner.id),
            "folders": ("helpdesk.mail.folder", None),
            "alias": ("helpdesk.support.alias", self.support.id),
            "team": ("helpdesk.ticket.team", self.team.id),
            "from_address": ("helpdesk.from.address", self.address.id),
            "filter": ("helpdesk.own.address", None),
            "rules": ("helpdesk.scanner.rule", None),
        }
        for name, target in targets.items():
            action = connection.action_open_result(name)
            self.assertEqual((action["res_model"], action.get("res_id") or None), target, name)
        self.assertIsNone(connection.action_open_result("unlink"))

    def test_what_is_open_says_what_to_do(self):
        self.team.user_ids = False
        self.support.intake = False
        connection = self.done()
        rows = self.rows(connection)
        self.assertEqual(
            {name: row["note"] for name, row in rows.items() if row["state"] == "open"},
            {
                "alias": "Its intake is off: mails are only kept.",
                "team": "It has no members yet. Add those who shall answer.",
                "from_address": "Not verified yet. Open it to send a verification mail.",
            },
        )
        with self.sent_mails():
            self.address.action_send_verification()
        self.assertEqual(
            self.rows(connection)["from_address"]["note"],
            "Not verified yet: a mail with a link waits in its mailbox.",
        )
        self.address._prove("mail")
        self.assertEqual(self.rows(connection)["from_address"]["state"], "ok")
        self.scanner.error_message = "The server does not answer."
        self.assertEqual(self.rows(connection)["scanner"]["note"], "The server does not answer.")
        self.scanner.write({"error_message": False, "state": "draft"})
        self.assertEqual(
            self.rows(connection)["scanner"]["note"], "Not activated: no mail comes in by it."
        )

    def test_the_set_up_is_checked_by_its_link(self):
        connection = self.done()
        self.assertEqual(self.rows(connection)["setup"]["state"], "info")
        addresses = type(self.address)
        with patch.object(addresses, "action_check_setup") as check:
            action = connection.action_open_result("setup")
        check.assert_called_once()
        self.assertEqual(action["res_id"], self.address.id)
        self.address._by_system().check_date = "2026-03-03 10:00:00"
        self.assertEqual(self.rows(connection)["setup"]["state"], "ok")
        with patch.object(addresses, "action_check_setup") as check:
            connection.action_open_result("setup")
        check.assert_not_called()

    def test_the_test_mail_leads_to_its_trace(self):
        connection = self.done(self.boss, road="forward", scanner_id=False)
        self.assertEqual(self.rows(connection)["test"]["state"], "open")
        with self.sent_mails() as sent:
            connection.action_send_test_mail()
        self.assertEqual(self.rows(connection)["test"]["value"], "On its way")
        row = self.take(sent[0].message.as_bytes())
        test = self.rows(connection)["test"]
        self.assertEqual((test["value"], test["state"], test["opens"]), ("Working", "ok", True))
        self.assertEqual(connection.action_open_result("test")["res_id"], row.id)

    def test_a_manager_sees_it_without_what_is_a_system_admin_s(self):
        connection = self.done(self.boss)
        rows = self.rows(connection)
        self.assertEqual(rows["scanner"]["value"], "Acorn mailbox")
        self.assertFalse(rows["scanner"]["opens"])
        with self.assertRaises(AccessError):
            connection.action_open_result("scanner")
        self.assertEqual(connection.action_open_tickets()["res_model"], "helpdesk.ticket")

    def test_a_forwarded_mailbox_and_a_provided_address_end_in_the_same_place(self):
        forwarded = self.done(self.boss, road="forward", scanner_id=False)
        rows = self.rows(forwarded)
        self.assertNotIn("scanner", rows)
        # only a test mail that came back shows it
        self.assertEqual(
            (rows["inbound"]["state"], rows["inbound"]["note"], rows["test"]["state"]),
            ("open", f"Forward {EMAIL} to it, if that is not done yet.", "open"),
        )
        self.assertIn("as soon as it is forwarded", forwarded.result_sentence)
        with self.sent_mails() as sent:
            forwarded.action_send_test_mail()
        self.take(sent[0].message.as_bytes())
        rows = self.rows(forwarded)
        self.assertEqual(
            (rows["inbound"]["state"], rows["inbound"]["note"]),
            ("ok", f"{EMAIL} is forwarded to it."),
        )
        provided = self.done(
            self.boss, road="provided", email=False, scanner_id=False, from_address_id=False
        )
        rows = self.rows(provided)
        self.assertEqual(rows["inbound"]["note"], "Tell it to your customers.")
        self.assertIn(f"Mail to support@{DOMAIN}", provided.result_sentence)

    def test_when_only_answers_leave_nothing_comes_in(self):
        self.address._prove("mail")
        connection = self.done(direction="out", scanner_id=False)
        rows = self.rows(connection)
        self.assertFalse({"scanner", "inbound", "team", "test", "rules"} & rows.keys())
        self.assertEqual(rows["from_address"]["value"], EMAIL)

    def test_before_it_is_active_nothing_is_listed(self):
        connection = self.done(step="place", activated_date=False)
        self.assertFalse(connection.result)

    def test_the_next_mailbox_has_a_guide_of_its_own(self):
        self.env["helpdesk.mailbox.connection"].search([]).unlink()
        connection = self.done(self.boss)
        self.assertFalse(connection.action_another()["res_id"])
