# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import time
from unittest.mock import patch
from urllib.parse import parse_qs, urlencode, urlsplit

from odoo import http
from odoo.tests import HttpCase

from ..controllers import oauth as controller
from ..mailflow.errors import AppRefused
from .oauth import CODE, PLANTED, OauthCase, everything_logged

MODULE = "odoo.addons.helpdesk_mailflow.controllers.oauth"


class TestOauthController(OauthCase, HttpCase):
    """The way through the browser."""

    def setUp(self):
        super().setUp()
        self.log_in(self.system)

    def log_in(self, user):
        user.password = user.login
        self.env.flush_all()
        return self.authenticate(user.login, user.login)

    def get(self, path, **query):
        url = path + ("?" + urlencode(query) if query else "")
        return self.url_open(url, allow_redirects=False)

    def start(self, account=None, **query):
        """Where the browser is sent to, and the state that comes back."""
        self.env.flush_all()
        answer = self.get(f"{controller.START}{(account or self.account).id}", **query)
        self.assertEqual(answer.status_code, 303, answer.text)
        to = urlsplit(answer.headers["Location"])
        return to, parse_qs(to.query)["state"][0]

    def come_back(self, state, **answer):
        return self.get(controller.CALLBACK, **{"code": CODE, "state": state, **answer})

    def said(self, answer):
        """What the page says that tells why it did not work."""
        self.assertEqual(answer.status_code, 200)
        self.assertIn("The sign-in did not work", answer.text)
        self.assertNotIn(PLANTED, answer.text)
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        return answer.text

    def path(self, answer):
        self.assertEqual(answer.status_code, 303, answer.text)
        to = urlsplit(answer.headers["Location"])
        self.assertIn(to.netloc, ("", urlsplit(self.base_url()).netloc))
        return to.path + (f"?{to.query}" if to.query else "")

    # ---- there and back ----

    def test_a_system_admin_signs_in(self):
        to, state = self.start()
        self.assertEqual(to.netloc, "login.acorn-tests.example")
        answer = self.come_back(state)
        self.assertEqual(self.path(answer), f"/odoo/connected-accounts/{self.account.id}")
        self.env.invalidate_all()
        self.assertEqual(self.account.state, "ok")
        self.assertEqual(self.account._access_token(), "planted-access-1")
        _begin, _scopes, uri, _hint = self.authority.asked[0]
        self.assertEqual(uri, self.base_url() + "/helpdesk/oauth/callback")
        self.assertEqual(self.app.redirect_uri, uri)

    def test_the_button_leads_there(self):
        self.account.username = "support@acorn-tests.example"
        action = self.account.with_user(self.system)._sign_in_action(
            "/odoo/action-helpdesk_mailflow.mailbox_connection_action/7?debug=1"
        )
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "self"))
        self.env.flush_all()
        answer = self.url_open(action["url"], allow_redirects=False)
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
        self.assertEqual(
            self.path(self.come_back(state)),
            "/odoo/action-helpdesk_mailflow.mailbox_connection_action/7?debug=1",
        )
        self.assertEqual(self.authority.asked[0][3], "support@acorn-tests.example")

    def test_it_leads_back_into_odoo_alone(self):
        own = f"/odoo/connected-accounts/{self.account.id}"
        for then in (
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/odoo/../web/session/logout",
            "/odoo@evil.example",
            "/odoo.evil.example",
            "/web/session/logout",
            "/odoo/x\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "/odoo/a?next=https://evil.example",
            "",
        ):
            with self.subTest(then=then):
                _to, state = self.start(then=then)
                self.assertEqual(self.path(self.come_back(state)), own)

    def test_who_is_connected_already_is_shown(self):
        _to, state = self.start()
        self.come_back(state)
        second = self.make_account()
        _to, state = self.start(second)
        answer = self.come_back(state)
        self.assertEqual(self.path(answer), f"/odoo/connected-accounts/{self.account.id}")
        self.assertFalse(second.exists())

    # ---- who may ----

    def test_others_find_nothing(self):
        for user in (self.manager, self.make_user("mf-oauth-portal", "base.group_portal")):
            with self.subTest(user=user.login):
                self.log_in(user)
                self.assertEqual(self.get(f"{controller.START}{self.account.id}").status_code, 404)
                self.assertEqual(self.come_back("state").status_code, 404)
        self.authenticate(None, None)
        answer = self.get(f"{controller.START}{self.account.id}")
        self.assertIn("/web/login", answer.headers["Location"])
        # the log-in page would take the answer along
        self.assertIn("not logged in to Odoo", self.said(self.come_back("state")))
        self.assertEqual(self.authority.asked, [])

    def test_an_admin_of_another_company_finds_nothing(self):
        other = self.make_company("Birch")
        self.log_in(self.make_user("mf-oauth-birch", "base.group_system", company=other))
        self.assertEqual(self.get(f"{controller.START}{self.account.id}").status_code, 404)

    def test_an_account_that_is_gone_is_not_found(self):
        self.assertEqual(self.get(f"{controller.START}987654321").status_code, 404)

    def test_only_known_resources_are_asked_for(self):
        path = f"{controller.START}{self.account.id}"
        self.assertEqual(self.get(path, resource="files").status_code, 404)

    # ---- the state ----

    def test_an_answer_that_nobody_waits_for_changes_nothing(self):
        self.start()
        for state in ("", "another", "é"):
            with self.subTest(state=state):
                self.assertIn("is not known here", self.said(self.come_back(state)))
        self.assertEqual([each[0] for each in self.authority.asked], ["begin"])

    def test_an_answer_is_taken_once(self):
        _to, state = self.start()
        self.come_back(state)
        self.assertIn("was finished before", self.said(self.come_back(state)))
        self.assertEqual([each[0] for each in self.authority.asked], ["begin", "finish"])

    def test_an_answer_of_another_session_is_not_taken(self):
        _to, state = self.start()
        self.log_in(self.system)
        self.assertIn("is not known here", self.said(self.come_back(state)))

    def test_an_answer_of_another_person_is_not_taken(self):
        _to, state = self.start()
        session = http.root.session_store.get(self.session.sid)
        begun = session[controller.BEGUN]
        begun[state]["user"] = self.manager.id
        session[controller.BEGUN] = begun
        http.root.session_store.save(session)
        self.assertIn("is not known here", self.said(self.come_back(state)))

    def test_an_answer_is_taken_within_ten_minutes(self):
        _to, state = self.start()
        later = time.time() + 601
        with patch.object(controller.time, "time", lambda: later):
            self.assertIn("longer than 10", self.said(self.come_back(state)))
        self.env.invalidate_all()
        self.assertEqual(self.account.state, "new")

    def test_a_session_keeps_few_and_sealed(self):
        states = [self.start()[1] for _number in range(8)]
        session = http.root.session_store.get(self.session.sid)
        self.assertEqual(list(session[controller.BEGUN]), states[-5:])
        self.assertNotIn(PLANTED, str(dict(session)))

    # ---- what goes wrong ----

    def test_whoever_declines_reads_so(self):
        _to, state = self.start(then="/odoo/app-registrations")
        answer = self.said(self.come_back(state, code="", error="access_denied"))
        self.assertIn("The permissions were not accepted. Sign in again and accept them", answer)
        self.assertIn('href="/odoo/app-registrations"', answer)
        self.assertIn(
            f"{controller.START}{self.account.id}?then=%2Fodoo%2Fapp-registrations", answer
        )

    def test_the_words_of_a_stranger_are_not_shown(self):
        _to, state = self.start()
        answer = self.said(
            self.come_back(
                state, code="", error="<script>x</script>", error_description="call 555-EVIL"
            )
        )
        self.assertNotIn("555-EVIL", answer)
        self.assertNotIn("<script>x", answer)

    def test_a_wrong_person_reads_so(self):
        _to, state = self.start()
        self.come_back(state)
        self.authority.person = ("eva@acorn-tests.example", "key-of-eva", "Eva")
        _to, state = self.start()
        self.assertIn(
            "You signed in as eva@acorn-tests.example, but this is the connection of"
            " support@acorn-tests.example.",
            self.said(self.come_back(state)),
        )

    def test_an_app_that_is_refused_is_told_before_anybody_is_sent_away(self):
        self.authority.error = AppRefused("app_refused_tenant", tenant="acorn-tests.example")
        answer = self.get(f"{controller.START}{self.account.id}")
        self.assertIn("There is no tenant acorn-tests.example.", self.said(answer))

    def test_under_another_address_nobody_is_sent_away(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://odoo.acorn.example")
        self.env.flush_all()
        answer = self.said(self.get(f"{controller.START}{self.account.id}"))
        self.assertIn("leads back to https://odoo.acorn.example,", answer)
        self.assertEqual(self.authority.asked, [])

    def test_the_log_has_no_answer(self):
        with everything_logged("urllib3") as lines:
            _to, state = self.start()
            self.come_back(state)
            self.come_back(state, code=f"{PLANTED}-second")
        written = "\n".join(lines)
        self.assertIn("GET /helpdesk/oauth/callback?… HTTP", written)
        self.assertIn("UPDATE helpdesk_oauth_token", written, "also queries are seen")
        self.assertNotIn(PLANTED, written)
        self.assertNotIn("callback?code", written)
