# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A sign-in server in the place of the engine's ``oauth``, for tests of what is kept of it."""

import itertools
import json
import logging
import os
import tempfile
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.tools import config

from ..mailflow import oauth
from ..mailflow.errors import SignInNeeded, SignInRefused
from ..mailflow.oauth import Granted
from ..models import secret_box
from .common import MailflowCase

#: What must not be found anywhere: the beginning of each secret.
PLANTED = "planted"
SECRET = f"{PLANTED}-app-secret"
CODE = f"{PLANTED}-code"


class Authority:
    """Gives tokens, and counts what it was asked.

    :param seconds: that a token is good for
    """

    def __init__(self):
        self.seconds = 3600
        self.asked = []
        self.apps = []
        #: raised at the next and all later questions
        self.error = None
        #: who signs in: (address, key, name)
        self.person = ("support@acorn-tests.example", "key-of-support", "Support Desk")
        self._numbers = itertools.count(1)

    def granted(self, app, **who):
        if self.error:
            raise self.error
        number = next(self._numbers)
        self.apps.append(app)
        return Granted(
            token=f"{PLANTED}-access-{number}",
            expires=datetime.now(timezone.utc) + timedelta(seconds=self.seconds),
            cache=json.dumps({"refresh": f"{PLANTED}-refresh-{number}"}),
            changed=True,
            **who,
        )

    def begin_sign_in(self, app, scopes, redirect_uri, *, state, login_hint=""):
        self.asked.append(("begin", tuple(scopes), redirect_uri, login_hint))
        if self.error:
            raise self.error
        return {
            "state": state,
            "code_verifier": f"{PLANTED}-verifier",
            "auth_uri": f"https://login.acorn-tests.example/authorize?state={state}",
        }

    def finish_sign_in(self, app, flow, answer):
        self.asked.append(("finish", flow["code_verifier"]))
        if answer.get("error"):
            raise SignInRefused("sign_in_refused_declined")
        if answer.get("code") != CODE or answer.get("state") != flow["state"]:
            raise SignInRefused("sign_in_refused_stale")
        username, key, name = self.person
        return self.granted(app, username=username, account_id=key, name=name)

    def token_for(self, app, cache, account_id, scopes, *, renew=False):
        self.asked.append(("token", json.loads(cache)["refresh"], account_id, tuple(scopes), renew))
        return self.granted(app, username=self.person[0], account_id=account_id)

    def app_token(self, app, cache, scopes, *, renew=False):
        self.asked.append(("app", tuple(scopes), renew))
        return self.granted(app)


@contextmanager
def everything_logged(*but: str):
    """All that is logged meanwhile, at the lowest level, as lines of text with tracebacks.

    :param but: names of loggers of the tests' own
    """
    lines = []

    class Listener(logging.Handler):
        def emit(self, record):
            if not record.name.startswith(but):
                lines.append(f"{record.name}: {self.format(record)}")

    known = [each for each in logging.root.manager.loggerDict.values() if hasattr(each, "level")]
    kept = [(each, each.level, each.disabled, each.propagate) for each in [logging.root, *known]]
    listener = Listener(logging.DEBUG)
    logging.root.addHandler(listener)
    try:
        for each, *_values in kept:
            each.setLevel(logging.DEBUG)
            each.disabled, each.propagate = False, True
        yield lines
    finally:
        logging.root.removeHandler(listener)
        for each, level, disabled, propagate in kept:
            each.setLevel(level)
            each.disabled, each.propagate = disabled, propagate


class OauthCase(MailflowCase):
    """An app registration, and an account that nobody has signed in to yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        patches = [
            patch.dict(config.options, {secret_box.OPTION: "a key of the tests, long enough " * 2}),
            patch.dict(os.environ),
        ]
        for each in patches:
            each.start()
            cls.addClassCleanup(each.stop)
        os.environ.pop(secret_box.VARIABLE, None)
        cls.app = cls.env["helpdesk.oauth.app"].create(
            {
                "name": "Acorn 365",
                "tenant": "acorn-tests.example",
                "client_id": "11111111-2222-3333-4444-555555555555",
                "new_secret": SECRET,
            }
        )
        cls.account = cls.make_account()
        cls.system = cls.make_user(
            "mf-oauth-system", "base.group_system", email="system@acorn-tests.example"
        )
        cls.manager = cls.make_user(
            "mf-oauth-manager",
            "helpdesk_mgmt.group_helpdesk_manager",
            email="manager@acorn-tests.example",
        )

    @classmethod
    def make_account(cls, **values):
        return cls.env["helpdesk.oauth.account"].create(
            {"app_id": cls.app.id, "company_id": cls.company.id, **values}
        )

    def setUp(self):
        super().setUp()
        self.authority = Authority()
        for name in ("begin_sign_in", "finish_sign_in", "token_for", "app_token"):
            patcher = patch.object(oauth, name, getattr(self.authority, name))
            patcher.start()
            self.addCleanup(patcher.stop)

    def sign_in(self, account=None, resource="mail", **answer):
        """As the way through the browser does it."""
        account = account or self.account
        self.env.flush_all()
        flow = account._begin_sign_in("state", resource)
        return account._finish_sign_in(flow, {"code": CODE, "state": "state", **answer}, resource)

    def refused(self, kind, function, *arguments, **options):
        """The error that a call raises. ``assertRaises`` of Odoo rolls back, also what was
        committed on another cursor, since tests have one transaction."""
        try:
            function(*arguments, **options)
        except kind as error:
            return error
        self.fail(f"{kind.__name__} not raised")

    def revoke(self, account=None):
        """Let the account find out that its sign-in is no longer valid."""
        account = account or self.account
        self.authority.error = SignInNeeded("sign_in_needed_revoked", account=account.display_name)
        self.refused(SignInNeeded, account._access_token, renew=True)
        self.authority.error = None
