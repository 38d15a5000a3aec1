# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from ..mailflow import oauth
from ..mailflow.errors import AppRefused, ConnectionTimedOut, KeyMissing, SignInNeeded
from .oauth import PLANTED, SECRET, OauthCase


class AccountCase(OauthCase):
    def setUp(self):
        super().setUp()
        mode = self.enter_registry_test_mode()
        mode.__enter__()
        self.addCleanup(mode.__exit__, None, None, None)


class TestToken(AccountCase):
    """One sign-in serves for ever after."""

    def test_after_a_sign_in_there_is_a_token(self):
        self.assertEqual(self.account.state, "new")
        self.assertFalse(self.account._may_ask())
        self.assertEqual(self.sign_in(), self.account)
        self.assertEqual(self.account.state, "ok")
        self.assertTrue(self.account._may_ask())
        self.assertEqual(self.account.username, "support@acorn-tests.example")
        self.assertEqual(self.account.person_name, "Support Desk")
        self.assertEqual(self.account.display_name, "support@acorn-tests.example")
        self.assertEqual(self.account._access_token(), "planted-access-1")
        self.assertEqual(self.authority.apps[0].secret, SECRET)
        self.assertEqual(
            self.authority.apps[0].authority,
            "https://login.microsoftonline.com/acorn-tests.example",
        )

    def test_a_token_that_is_good_is_asked_for_once(self):
        self.sign_in()
        for _time in range(3):
            self.assertEqual(self.account._access_token(), "planted-access-1")
        self.assertEqual([each[0] for each in self.authority.asked], ["begin", "finish"])
