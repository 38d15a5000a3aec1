# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from unittest.mock import patch

from odoo.tests import tagged

from .common import BrowserCase
from .test_forwarding import GuideCase, asks


@tagged("post_install", "-at_install")
class TestForwardingTour(GuideCase, BrowserCase):
    """The road *forward* in a browser: it waits for two mails."""

    def test_waiting_for_mails(self):
        self.manager.password = self.manager.login
        connection = self.connect(direction="in")
        connection.team_id = self.team
        Connection = type(self.env["helpdesk.mailbox.connection"])
        Test = type(self.env["helpdesk.mailbox.test"])
        poll, asked = Connection.poll_confirmation, []

        def poll_confirmation(records):
            asked.append(records.ids)
            if len(asked) == 2:
                self.take(asks(to=connection.provided_email))
            return poll(records)

        looked = []

        def look_in_ledger(test):
            looked.append(test.ids)
            return len(looked) > 1 and test._came_back()

        with (
            patch.object(Connection, "poll_confirmation", poll_confirmation),
            patch.object(Test, "_look_in_ledger", look_in_ledger),
            self.sent_mails() as sent,
        ):
            self.start_tour(
                f"/odoo/connect-mailbox/{connection.id}",
                "helpdesk_mailflow.forwarding",
                login=self.manager.login,
                timeout=120,
            )
        # written by requests with caches of their own
        self.env.invalidate_all()
        self.assertEqual(len(sent), 1)
        self.assertEqual(connection.forward_from, "gmail")
        self.assertEqual(connection.test_state, "back")
        # every few seconds, not all the time
        self.assertEqual((len(asked), len(looked)), (2, 2))
