# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What the addon leaves behind where it is uninstalled."""

from ..hooks import uninstall_hook
from .test_from_address_oauth import ADDRESS, FromOauthCase


class TestUninstall(FromOauthCase):
    def smtp(self, email):
        return self.FromAddress.create(
            {
                "email": email,
                "company_id": self.company.id,
                "sends_via": "smtp",
                "smtp_host": "smtp.acorn-tests.example",
                "smtp_user": email,
                "new_smtp_password": "Sesame",
            }
        )

    def test_servers_that_cannot_log_in_any_more_go(self):
        self.address._prove("mailbox")
        proven = self.smtp("proven@acorn-tests.example")
        proven._prove("login")
        by_password = proven.mail_server_id
        by_account, unproven = (
            self.address.mail_server_id,
            self.smtp("unproven@acorn-tests.example").mail_server_id,
        )
        # a template that named one leaves by what Odoo finds
        template = self.env["mail.template"].create(
            {"name": "Invoice", "mail_server_id": by_account.id, "email_from": ADDRESS}
        )
        connection = self.env["helpdesk.mailbox.connection"].with_user(self.system)
        connection = connection.create({"email": ADDRESS, "road": "provider"})
        connection.write({"direction": "out", "new_smtp_password": "Sesame"})
        draft = connection.outgoing_draft_id
        other = self.Server.create({"name": "Of Odoo", "smtp_host": "mail.acorn-tests.example"})
        uninstall_hook(self.env)
        self.assertFalse(by_account.exists() or unproven.exists() or draft.exists())
        self.assertFalse(template.mail_server_id)
        self.assertEqual((by_password | other).exists().mapped("active"), [True, True])
        self.assertEqual(by_password.smtp_pass, "Sesame")

    def test_no_mailbox_is_read_that_has_nowhere_to_go(self):
        scanners = self.env["fetchmail.server"].create(
            [
                {
                    "name": name,
                    "is_scanner": is_scanner,
                    "state": "done",
                    "server_type": "imap",
                    "server": "imap.acorn-tests.example",
                    "user": name,
                    "company_id": self.company.id,
                }
                for name, is_scanner in (("scanner", True), ("of Odoo", False))
            ]
        )
        scanners[0].write({"authentication": "oauth", "oauth_account_id": self.account.id})
        uninstall_hook(self.env)
        self.assertEqual(scanners.mapped("state"), ["draft", "done"])
