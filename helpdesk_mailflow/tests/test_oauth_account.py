# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError, ValidationError
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from ..mailflow import oauth
from ..mailflow.errors import AppRefused, ConnectionTimedOut, KeyMissing, SignInNeeded
from ..models import mailbox_errors, secret_box
from .oauth import SECRET, Authority, OauthCase

REVOKED = (
    "The sign-in of “support@acorn-tests.example” was revoked; perhaps its password was changed, or"
    " an administrator signed it out. Sign in again."
)


class AccountCase(OauthCase):
    def setUp(self):
        super().setUp()
        mode = self.enter_registry_test_mode()
        mode.__enter__()
        self.addCleanup(mode.__exit__, None, None, None)

    def activities(self, *users):
        kind = self.env.ref("helpdesk_mailflow.oauth_activity")
        return self.env["mail.activity"].search(
            [("activity_type_id", "=", kind.id), ("user_id", "in", [user.id for user in users])]
        )

    def subjects(self, user):
        """Of the mails to a user that wait to be sent."""
        mails = self.env["mail.mail"].search([("email_to", "ilike", user.email)], order="id")
        return mails.mapped("subject")


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
        self.assertEqual(
            self.env["helpdesk.oauth.account"].search([("state", "=", "ok")]).ids, self.account.ids
        )

    def test_a_token_that_is_good_is_asked_for_once(self):
        self.sign_in()
        for _time in range(3):
            self.assertEqual(self.account._access_token(), "planted-access-1")
        self.assertEqual([each[0] for each in self.authority.asked], ["begin", "finish"])

    def test_each_refresh_goes_on_from_the_one_before(self):
        self.authority.seconds = 60
        self.sign_in()
        for number in (2, 3, 4):
            self.assertEqual(self.account._access_token(), f"planted-access-{number}")
        self.assertEqual(
            [(each[1], each[2]) for each in self.authority.asked if each[0] == "token"],
            [(f"planted-refresh-{number}", "key-of-support") for number in (1, 2, 3)],
        )

    def test_a_refused_token_is_replaced_once_for_all(self):
        self.sign_in()
        refused = self.account._access_token()
        new = self.account._access_token(renew=refused)
        self.assertEqual(new, "planted-access-2")
        # another worker, who was refused the same token
        self.assertEqual(self.account._access_token(renew=refused), new)
        self.assertEqual(self.account._access_token(renew=True), "planted-access-3")

    def test_without_a_sign_in_nothing_is_asked_and_nothing_is_broken(self):
        with self.assertRaisesRegex(SignInNeeded, "Nobody has signed in"):
            self.account._access_token()
        self.assertEqual(self.authority.asked, [])
        self.assertEqual(self.account.state, "new")
        self.assertFalse(self.account.problem)

    def test_mail_goes_on_while_sending_by_graph_is_not_allowed_yet(self):
        self.sign_in()
        self.authority.error = SignInNeeded("sign_in_needed_consent", account="support")
        self.refused(SignInNeeded, self.account._access_token, "graph")
        self.authority.error = None
        self.assertEqual(self.account.state, "ok")
        self.assertEqual(self.account._access_token(), "planted-access-1")
        self.sign_in(resource="graph")
        self.assertEqual(self.account._access_token("graph"), "planted-access-2")
        begin = self.authority.asked[-2]
        self.assertEqual(begin[1], oauth.GRAPH_SCOPES + oauth.MAIL_SCOPES)
        # the new sign-in is good for mail, too
        self.assertEqual(self.account._access_token(), "planted-access-3")
        self.assertEqual(self.authority.asked[-1][1], "planted-refresh-2")

    def test_a_missing_key_is_told_and_nothing_is_lost(self):
        self.sign_in()
        with (
            patch.dict(config.options, {secret_box.OPTION: "another key, also long enough " * 2}),
            self.assertRaisesRegex(KeyMissing, "encrypted with another key") as caught,
        ):
            self.account._access_token()
        self.assertIn("helpdesk_mailflow_key", mailbox_errors.sentence(self.env, caught.exception))
        self.assertEqual(self.account._access_token(), "planted-access-1")
        with patch.dict(config.options, {secret_box.OPTION: "a key for ever after, long " * 2}):
            self.app.new_secret = "typed again"
            self.sign_in()
            self.assertEqual(self.account._access_token(), "planted-access-2")

    def test_an_account_that_is_not_committed_yet_keeps_nothing(self):
        account = self.make_account(flow="app")
        Token = type(self.env["helpdesk.oauth.token"])
        with patch.object(Token, "_read", lambda *_arguments: None):
            self.assertEqual(account._access_token(), "planted-access-1")
        self.assertEqual(account.state, "new")


class TestAppOnly(AccountCase):
    """The app registration itself may use mailboxes."""

    def test_the_app_needs_nobody_to_sign_in(self):
        account = self.make_account(flow="app")
        self.assertEqual(account.display_name, "Acorn 365")
        self.assertTrue(account._may_ask())
        said = account.with_user(self.system).action_sign_in()
        self.assertEqual(said["params"]["message"], "The app registration works.")
        self.assertEqual(account.state, "ok")
        self.assertEqual(account._access_token(), "planted-access-1")
        self.assertEqual(self.authority.asked, [("app", oauth.APP_MAIL_SCOPES, True)])
        self.assertEqual(account._access_token("graph"), "planted-access-2")
        self.assertEqual(self.authority.asked[-1], ("app", oauth.APP_GRAPH_SCOPES, False))

    def test_a_check_says_what_is_wrong(self):
        account = self.make_account(flow="app")
        self.authority.error = AppRefused("app_refused_expired", client_id=self.app.client_id)
        error = self.refused(UserError, account.with_user(self.system).action_sign_in)
        self.assertIn("has expired. Make a new client secret", str(error))
        self.assertEqual(account.state, "problem")
        self.authority.error = None
        account.with_user(self.system).action_sign_in()
        self.assertEqual(account.state, "ok")

    def test_it_works_for_one_organisation(self):
        self.app.tenant = "organizations"
        with self.assertRaisesRegex(ValidationError, "Fill in the tenant of Acorn 365"):
            self.make_account(flow="app")


class TestProblem(AccountCase):
    """A sign-in that is no longer valid is noted once, told once, and mended by signing in."""

    def setUp(self):
        super().setUp()
        self.sign_in()

    def test_nothing_is_asked_until_somebody_signs_in_again(self):
        before = fields.Datetime.now()
        self.revoke()
        self.assertEqual(self.account.state, "problem")
        self.assertTrue(self.account._has_problem())
        self.assertFalse(self.account._may_ask())
        self.assertEqual(self.account.problem, REVOKED)
        self.assertAlmostEqual(self.account.problem_since, before, delta=timedelta(seconds=30))
        asked = len(self.authority.asked)
        for renew in (False, True, "planted-access-1"):
            caught = self.refused(SignInNeeded, self.account._access_token, renew=renew)
            self.assertEqual(mailbox_errors.sentence(self.env, caught), REVOKED)
        self.assertEqual(len(self.authority.asked), asked)
        self.sign_in()
        self.assertEqual(self.account.state, "ok")
        self.assertFalse(self.account.problem or self.account.problem_since)
        self.assertEqual(self.account._access_token(), "planted-access-2")

    def test_admins_and_managers_get_one_activity_and_one_mail(self):
        self.revoke()
        for _time in range(3):
            self.refused(SignInNeeded, self.account._access_token)
        self.env["helpdesk.oauth.account"]._cron_tell()
        for_admin, for_manager = self.activities(self.system), self.activities(self.manager)
        self.assertEqual((len(for_admin), len(for_manager)), (1, 1))
        self.assertEqual(for_admin.res_model, "helpdesk.oauth.account")
        self.assertEqual(for_admin.res_id, self.account.id)
        self.assertIn("was revoked", for_admin.note)
        # managers do not see which accounts there are
        self.assertFalse(for_manager.res_model)
        self.assertNotIn("support@", str(for_manager.note) + for_manager.summary)
        self.assertIn("Ask a system administrator", for_manager.with_user(self.manager).note)
        self.assertEqual(self.subjects(self.system), ["Sign in again: support@acorn-tests.example"])
        self.assertEqual(
            self.subjects(self.manager), ["A helpdesk mailbox has lost its connection"]
        )

    def test_the_mails_are_marked_as_automatic(self):
        self.revoke()
        mails = self.env["mail.mail"].search([("email_to", "ilike", self.system.email)])
        self.assertIn("'Auto-Submitted': 'auto-generated'", mails.headers)
        self.assertIn("X-Auto-Response-Suppress", mails.headers)
        self.assertIn("X-Helpdesk-Mailflow", mails.headers)
        self.assertIn(f"/odoo/connected-accounts/{self.account.id}", mails.body_html)
        self.assertIn("Nothing".lower(), mails.body_html.lower())

    def test_only_people_of_the_company_are_told(self):
        other = self.make_company("Birch")
        stranger = self.make_user(
            "mf-oauth-stranger", "base.group_system", company=other, email="x@birch.example"
        )
        self.revoke()
        self.assertFalse(self.activities(stranger))
        self.assertFalse(self.subjects(stranger))

    def test_recovery_is_told_and_takes_the_activities_away(self):
        self.revoke()
        self.sign_in()
        self.assertFalse(self.activities(self.system, self.manager))
        for user in (self.system, self.manager):
            self.assertEqual(self.subjects(user)[1:], ["The mailbox connection works again"])
        # the next problem is another one
        self.revoke()
        self.assertEqual(len(self.activities(self.system)), 1)

    def test_what_waited_goes_on_after_the_sign_in(self):
        cron = self.env.ref("helpdesk_mailflow.ir_cron_scan")
        triggers = self.env["ir.cron.trigger"]
        self.revoke()
        triggers.search([("cron_id", "=", cron.id)]).unlink()
        self.sign_in()
        self.assertTrue(triggers.search([("cron_id", "=", cron.id)]))

    def test_an_error_that_passes_is_no_problem_of_the_account(self):
        self.authority.error = ConnectionTimedOut(host="login.example", port=443, seconds=20)
        self.refused(ConnectionTimedOut, self.account._access_token, renew=True)
        self.assertEqual(self.account.state, "ok")
        self.assertFalse(self.activities(self.system, self.manager))
        self.authority.error = None
        self.assertEqual(self.account._access_token(), "planted-access-1")

    def test_a_new_secret_mends_what_the_old_one_broke(self):
        self.authority.error = AppRefused("app_refused_expired", client_id=self.app.client_id)
        self.refused(AppRefused, self.account._access_token, renew=True)
        self.assertEqual(self.account.state, "problem")
        self.authority.error = None
        self.refused(AppRefused, self.account._access_token)
        self.app.with_user(self.system).new_secret = "planted-new-secret"
        self.assertEqual(self.account.state, "ok")
        self.assertTrue(self.account._may_ask())
        self.assertEqual(self.account._access_token(renew=True), "planted-access-2")
        self.assertEqual(self.authority.apps[-1].secret, "planted-new-secret")
        self.assertFalse(self.activities(self.system, self.manager))

    def test_a_new_secret_does_not_mend_a_revoked_consent(self):
        self.revoke()
        self.app.new_secret = "planted-new-secret"
        self.assertEqual(self.account.state, "problem")

    def test_another_app_registration_needs_another_sign_in(self):
        self.app.client_id = "99999999-2222-3333-4444-555555555555"
        self.assertEqual(self.account.state, "new")
        # what is searched for is what is shown
        Account = self.env["helpdesk.oauth.account"].with_user(self.system)
        there = Account.search([("id", "=", self.account.id)])
        self.assertEqual(there.filtered_domain([("state", "=", "new")]), there)
        self.assertEqual(Account.search([("state", "=", "new")]), there)
        self.assertFalse(Account.search([("state", "in", ["ok", "problem"])]))
        self.assertFalse(Account.search([("state", "!=", "new")]))
        with self.assertRaisesRegex(SignInNeeded, "Nobody has signed in"):
            self.account._access_token()
        self.authority.person = ("other@acorn-tests.example", "other-key", "Other")
        self.sign_in()
        self.assertEqual(self.account.username, "other@acorn-tests.example")

    def test_nobody_to_tell_is_no_error(self):
        with patch.object(
            type(self.account), "_users_with", lambda *_arguments: self.env["res.users"]
        ):
            self.revoke()
        self.assertEqual(self.account.state, "problem")

    def test_trouble_with_telling_is_tried_again_and_hides_nothing(self):
        Account = type(self.account)
        with (
            patch.object(Account, "_warn_admins", side_effect=ValueError("no template")),
            self.assertLogs("odoo.addons.helpdesk_mailflow", "ERROR"),
        ):
            self.revoke()
        self.assertFalse(self.activities(self.system))
        self.env["helpdesk.oauth.account"]._cron_tell()
        self.assertEqual(len(self.activities(self.system)), 1)

    def test_a_recovery_that_was_not_told_is_told_later_and_so_is_the_next_problem(self):
        self.revoke()
        Account = type(self.account)
        with (
            patch.object(Account, "_send_notice", side_effect=ValueError("no template")),
            self.assertLogs("odoo.addons.helpdesk_mailflow", "ERROR"),
        ):
            self.sign_in()
        self.assertEqual(self.account.state, "ok")
        self.assertTrue(self.activities(self.system))
        self.env["helpdesk.oauth.account"]._cron_tell()
        self.assertFalse(self.activities(self.system) | self.activities(self.manager))
        self.revoke()
        self.assertEqual(len(self.activities(self.system)), 1)


class TestWho(AccountCase):
    """Which person a connected account is of."""

    def test_another_person_does_not_take_over_an_account(self):
        self.sign_in()
        self.authority.person = ("eva@acorn-tests.example", "key-of-eva", "Eva")
        caught = self.refused(UserError, self.sign_in)
        self.assertEqual(
            str(caught),
            "You signed in as eva@acorn-tests.example, but this is the connection of"
            " support@acorn-tests.example. Sign in as support@acorn-tests.example, or make a new"
            " authorisation for eva@acorn-tests.example.",
        )
        self.assertEqual(self.account.username, "support@acorn-tests.example")
        self.assertEqual(self.account._access_token(), "planted-access-1")

    def test_who_is_connected_already_is_renewed_and_not_doubled(self):
        self.sign_in()
        self.revoke()
        second = self.make_account()
        self.assertEqual(self.sign_in(second), self.account)
        self.assertFalse(second.exists())
        self.assertEqual(self.account.state, "ok")
        self.assertEqual(self.account._access_token(), "planted-access-2")

    def test_another_company_connects_the_same_person_for_itself(self):
        self.sign_in()
        other = self.make_company("Birch")
        second = self.make_account(company_id=other.id)
        self.assertEqual(self.sign_in(second), second)
        self.assertEqual(second.username, self.account.username)

    def test_a_new_address_of_the_same_person_is_taken_over(self):
        self.sign_in()
        self.authority.person = ("help@acorn-tests.example", "key-of-support", "Help Desk")
        self.sign_in()
        self.assertEqual(self.account.username, "help@acorn-tests.example")

    def test_without_a_secret_nobody_is_sent_away(self):
        app = self.app.copy({"name": "Copy"})
        self.assertFalse(app.has_secret or app.sudo().sealed_secret)
        account = self.make_account(app_id=app.id)
        with self.assertRaisesRegex(UserError, "Copy has no secret or certificate yet"):
            account.with_user(self.system).action_sign_in()

    def test_an_app_of_one_company_is_not_another_s(self):
        self.app.company_id = self.company
        other = self.make_company("Birch")
        with self.assertRaises(UserError):
            self.make_account(company_id=other.id)


@tagged("post_install", "-at_install")
class TestWorkers(TransactionCase):
    """Several workers, each with a connection of its own to the database."""

    def setUp(self):
        super().setUp()
        patcher = patch.dict(
            config.options, {secret_box.OPTION: "a key of the tests, long enough " * 2}
        )
        patcher.start()
        self.addCleanup(patcher.stop)
        self.authority = Authority()
        for name in ("begin_sign_in", "finish_sign_in", "token_for", "app_token"):
            patcher = patch.object(oauth, name, getattr(self.authority, name))
            patcher.start()
            self.addCleanup(patcher.stop)
        with self.worker() as env:
            app = env["helpdesk.oauth.app"].create(
                {
                    "name": "Of several workers",
                    "tenant": "acorn-tests.example",
                    "client_id": "workers",
                    "new_secret": SECRET,
                }
            )
            account = env["helpdesk.oauth.account"].create({"app_id": app.id, "username": "w@x"})
            self.app_id, self.account_id = app.id, account.id
        self.addCleanup(self.remove)
        with self.worker() as env:
            account = env["helpdesk.oauth.account"].browse(self.account_id)
            account._finish_sign_in(
                account._begin_sign_in("state", "mail"),
                {"code": "planted-code", "state": "state"},
                "mail",
            )

    def worker(self):
        from contextlib import contextmanager

        @contextmanager
        def environment():
            with closing(db_connect(self.env.cr.dbname).cursor()) as cursor:
                yield api.Environment(cursor, SUPERUSER_ID, {})
                cursor.commit()

        return environment()

    def remove(self):
        with self.worker() as env:
            account = env["helpdesk.oauth.account"].browse(self.account_id)
            rows = env["helpdesk.oauth.token"].search([("account_id", "=", account.id)])
            rows.activity_ids.unlink()
            env["mail.mail"].search([("subject", "=like", "%: w@x")]).unlink()
            account.unlink()
            env["helpdesk.oauth.app"].browse(self.app_id).unlink()

    def slowly(self, seconds=0.3):
        """The sign-in server takes its time, so that all workers are there."""
        token_for = self.authority.token_for

        def slow(*arguments, **options):
            time.sleep(seconds)
            return token_for(*arguments, **options)

        patcher = patch.object(oauth, "token_for", slow)
        patcher.start()
        self.addCleanup(patcher.stop)

    def ask(self, _number=0, **options):
        with self.worker() as env:
            return env["helpdesk.oauth.account"].browse(self.account_id)._access_token(**options)

    def refreshes(self):
        return [each for each in self.authority.asked if each[0] == "token"]

    def test_of_twenty_that_need_a_new_token_one_asks(self):
        self.slowly()
        with ThreadPoolExecutor(20) as pool:
            tokens = list(
                pool.map(lambda each: self.ask(each, renew="planted-access-1"), range(20))
            )
        self.assertEqual(set(tokens), {"planted-access-2"})
        self.assertEqual(len(self.refreshes()), 1)
        self.assertEqual(self.ask(), "planted-access-2")

    def test_a_rollback_loses_no_refresh_token(self):
        with closing(db_connect(self.env.cr.dbname).cursor()) as cursor:
            env = api.Environment(cursor, SUPERUSER_ID, {})
            account = env["helpdesk.oauth.account"].browse(self.account_id)
            self.assertEqual(account._access_token(renew=True), "planted-access-2")
            cursor.rollback()
        self.assertEqual(self.ask(renew=True), "planted-access-3")
        self.assertEqual(self.refreshes()[-1][1], "planted-refresh-2")

    def test_whoever_edits_the_account_keeps_nobody_waiting(self):
        with closing(db_connect(self.env.cr.dbname).cursor()) as cursor:
            env = api.Environment(cursor, SUPERUSER_ID, {})
            account = env["helpdesk.oauth.account"].browse(self.account_id)
            account.app_id.name = "Renamed"
            account.username = "w@x"
            env.flush_all()
            began = time.monotonic()
            self.assertEqual(account._access_token(renew=True), "planted-access-2")
            self.assertEqual(self.ask(renew=True), "planted-access-3")
            self.authority.error = SignInNeeded("sign_in_needed_revoked", account="w@x")
            with self.assertRaises(SignInNeeded):
                account._access_token(renew=True)
            self.assertLess(time.monotonic() - began, 10)
            cursor.rollback()
        with self.worker() as env:
            account = env["helpdesk.oauth.account"].browse(self.account_id)
            self.assertEqual(account.state, "problem")
            self.assertTrue(account.sudo().token_ids.is_told)

    def test_of_twenty_that_find_a_revoked_sign_in_one_asks_and_tells(self):
        self.slowly()
        self.authority.error = SignInNeeded("sign_in_needed_revoked", account="w@x")

        def ask(number):
            try:
                return self.ask(number, renew="planted-access-1")
            except SignInNeeded as error:
                return error.code

        with ThreadPoolExecutor(20) as pool:
            said = set(pool.map(ask, range(20)))
        self.assertEqual(said, {"sign_in_needed_revoked"})
        self.assertEqual(len(self.refreshes()), 1)
        with self.worker() as env:
            admins = env["helpdesk.oauth.account"]._system_admins(env.company)
            managers = env["helpdesk.oauth.account"]._users_with(
                "helpdesk_mgmt.group_helpdesk_manager", env.company
            )
            row = env["helpdesk.oauth.token"].search([("account_id", "=", self.account_id)])
            self.assertEqual(len(row.activity_ids), len(admins | managers))
