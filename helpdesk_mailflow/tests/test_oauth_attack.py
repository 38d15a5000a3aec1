# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re
from urllib.parse import urlencode, urlsplit

from odoo.http import root
from odoo.tests import HttpCase

from ..models.helpdesk_oauth_account import START
from ..models.helpdesk_oauth_app import CALLBACK
from .oauth import CODE, PLANTED, OauthCase

PASSWORD = "a-l0ng-passw0rd"
NOT_KNOWN = "This sign-in is not known here"


class TestAttack(OauthCase, HttpCase):
    """What others can do to the sign-in of an admin: nothing."""

    def setUp(self):
        super().setUp()
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("web.base.url", self.base_url())
        parameters.set_param("web.base.url.freeze", "True")
        for user in (self.system, self.manager):
            user.password = PASSWORD

    def start(self, account=None, headers=None, **query):
        """GET of the address that the button leads to."""
        account = account or self.account
        url = f"{START}{account.id}?{urlencode(query)}"
        return self.url_open(url, allow_redirects=False, headers=headers)

    def state_of(self, response):
        self.assertEqual(response.status_code, 303, response.text[:2000])
        return re.search(r"state=([\w-]+)", response.headers["Location"])[1]

    def come_back(self, state, **answer):
        query = urlencode({"code": CODE, "state": state, **answer})
        return self.url_open(f"{CALLBACK}?{query}", allow_redirects=False)

    def as_system(self):
        self.authenticate(self.system.login, PASSWORD)

    def assertNothingCame(self, account=None):
        self.env.invalidate_all()
        account = account or self.account
        self.assertEqual(account.state, "new")
        self.assertNotIn("finish", [each[0] for each in self.authority.asked])

    # --- who may

    def test_only_system_admins_begin_and_come_back(self):
        portal = self.make_user("mf-oauth-portal", "base.group_portal", email="p@x.example")
        portal.password = PASSWORD
        for user in (self.manager, portal):
            self.authenticate(user.login, PASSWORD)
            self.assertEqual(self.start().status_code, 404)
            self.assertEqual(self.come_back("x").status_code, 404)
            missing = self.url_open(f"{START}{2**31 - 1}", allow_redirects=False)
            self.assertEqual(missing.status_code, 404, "whether there is one is not told")
        self.authenticate(None, None)
        self.assertIn("/web/login", self.start().headers["Location"])
        self.assertNothingCame()

    def test_another_company_s_account_is_not_there(self):
        other = self.env["res.company"].create({"name": "Beech"})
        account = self.make_account(company_id=other.id)
        self.as_system()
        self.assertEqual(self.start(account).status_code, 404)

    # --- the state

    def test_a_state_of_somebody_else_s_choice_is_none(self):
        """Login CSRF: an attacker's answer does not connect the attacker's mailbox."""
        self.as_system()
        for state in ("", "chosen", "é", "\U0001f511", "a" * 43):
            response = self.come_back(state)
            self.assertEqual(response.status_code, 200)
            self.assertIn(NOT_KNOWN, response.text)
        self.state_of(self.start(state="chosen"))
        for state in ("", "chosen", "é", "\udcff", "\U0001f511"):
            query = urlencode({"code": CODE, "state": state.encode(errors="surrogateescape")})
            response = self.url_open(f"{CALLBACK}?{query}", allow_redirects=False)
            self.assertEqual(response.status_code, 200)
            self.assertIn(NOT_KNOWN, response.text)
        self.assertNothingCame()

    def test_a_state_belongs_to_the_session_and_to_its_user(self):
        self.as_system()
        state = self.state_of(self.start())
        other = self.make_user("mf-oauth-system-2", "base.group_system", email="s2@x.example")
        other.password = PASSWORD
        self.authenticate(other.login, PASSWORD)
        self.assertIn(NOT_KNOWN, self.come_back(state).text)
        # and if the other has the same session
        state = self.state_of(self.start())
        begun = dict(root.session_store.get(self.session.sid)["helpdesk_oauth"])
        self.as_system()
        session = root.session_store.get(self.session.sid)
        session["helpdesk_oauth"] = begun
        root.session_store.save(session)
        self.assertIn(NOT_KNOWN, self.come_back(state).text)
        self.assertNothingCame()

    def test_a_state_is_good_once_also_if_it_failed(self):
        self.as_system()
        state = self.state_of(self.start())
        self.assertIn("The sign-in did not work", self.come_back(state, code="wrong").text)
        self.assertIn(NOT_KNOWN, self.come_back(state).text)
        self.assertEqual(self.account.state, "new")

    def test_each_sign_in_has_its_own_state_and_only_some_are_kept(self):
        self.as_system()
        states = [self.state_of(self.start()) for _time in range(7)]
        self.assertEqual(len(set(states)), 7)
        self.assertGreaterEqual(min(map(len, states)), 43, "256 bits")
        for state in states[:2]:
            self.assertIn(NOT_KNOWN, self.come_back(state).text)
        self.assertEqual(self.come_back(states[-1]).status_code, 303)

    def test_a_sign_in_as_somebody_else_is_not_taken_for_a_connected_account(self):
        self.as_system()
        self.come_back(self.state_of(self.start()))
        self.assertEqual(self.account.username, "support@acorn-tests.example")
        self.authority.person = ("mallory@evil.example", "key-of-mallory", "Mallory")
        response = self.come_back(self.state_of(self.start()))
        self.assertIn("You signed in as mallory@evil.example", response.text)
        self.env.invalidate_all()
        self.assertEqual(self.account.username, "support@acorn-tests.example")

    # --- where it begins

    def test_other_sites_and_mails_do_not_begin_a_sign_in(self):
        self.as_system()
        for site in ("cross-site", "same-site", "none"):
            response = self.start(headers={"Sec-Fetch-Site": site})
            self.assertEqual(response.status_code, 200)
            self.assertIn("A link from outside of Odoo has led you here.", response.text)
            self.assertIn(f'href="{START}{self.account.id}?', response.text)
            self.assertEqual(response.headers["X-Frame-Options"], "DENY")
        self.assertFalse(self.authority.asked)
        self.state_of(self.start(headers={"Sec-Fetch-Site": "same-origin"}))

    def test_only_get(self):
        self.as_system()
        for url in (f"{START}{self.account.id}", CALLBACK):
            response = self.url_open(url, data={"x": "y"}, allow_redirects=False)
            self.assertEqual(response.status_code, 405)

    # --- where it ends

    def test_it_leads_back_into_odoo_only(self):
        home = f"/odoo/connected-accounts/{self.account.id}"
        self.as_system()
        for then in (
            "https://evil.example/",
            "//evil.example/odoo",
            "/\\evil.example",
            "/odoo@evil.example",
            "/odoo.evil.example",
            "/odoo/../web/session/logout",
            "/odoo/..%2fweb",
            "/odoo/\r\nSet-Cookie: x=y",
            "/web/session/logout",
            "javascript:alert(1)",
            "/odoo?x=<script>",
            "/odoo//evil.example",
        ):
            with self.subTest(then=then):
                to = self.come_back(self.state_of(self.start(then=then))).headers["Location"]
                parts = urlsplit(to)
                self.assertIn(parts.netloc, ("", urlsplit(self.base_url()).netloc))
                if then != "/odoo//evil.example":
                    self.assertEqual(parts.path, home)
        to = self.come_back(self.state_of(self.start(then="/odoo/x/5?debug=1"))).headers
        self.assertEqual(urlsplit(to["Location"]).path, "/odoo/x/5")

    # --- what is seen

    def test_who_is_logged_out_loses_the_answer_and_nothing_shows_it(self):
        self.as_system()
        state = self.state_of(self.start())
        self.authenticate(None, None)
        response = self.come_back(state)
        self.assertEqual(response.status_code, 200)
        self.assertIn("You are not logged in to Odoo in this browser any more.", response.text)
        self.assertNothingCame()
        for text in (response.text, str(response.headers)):
            self.assertNotIn(CODE, text)
            self.assertNotIn(state, text)

    def test_an_answer_is_shown_as_text_and_leaves_no_trace(self):
        self.as_system()
        self.start()
        for answer in ({"error": "<script>alert(1)</script>"}, {"error_description": "<b>x</b>"}):
            response = self.come_back("x", **answer)
            for text in (CODE, "alert(1)", "<b>x</b>"):
                self.assertNotIn(text, response.text)
            self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_the_session_has_the_verifier_sealed(self):
        self.as_system()
        self.state_of(self.start())
        kept = repr(dict(root.session_store.get(self.session.sid)))
        self.assertIn("helpdesk_oauth", kept)
        self.assertNotIn(PLANTED, kept)
