# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The way of an admin's browser to the authority and back.

The authority answers in the query of a redirect, which keeps the session's cookie: a form that
it posts (``response_mode=form_post``) comes from another site, and ``SameSite=Lax`` cookies do
not come along, so the answer could not be bound to the session. What a query may leave behind in
logs and histories is worthless: a code can be used once, within minutes, only with the PKCE
verifier and the app's secret, which never leave the server. We use it up before anything is
shown, keep it out of our own log, and send the browser on. Who is not logged in any more is told
so here: Odoo's redirect to its log-in page would take the whole answer along, into that page, the
log and the history.

A sign-in is begun from Odoo's own pages alone, which browsers tell us (Fetch Metadata): a link on
another site, or in a mail, could else have an admin who is signed in to Microsoft 365 connect an
account without a question.
"""

import json
import logging
import re
import secrets
import time
from urllib.parse import quote, urlsplit

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..log_secrets import mask_paths
from ..mailflow.cloud import RESOURCES
from ..mailflow.errors import MailboxError
from ..models import mailbox_errors
from ..models.helpdesk_oauth_account import START
from ..models.helpdesk_oauth_app import CALLBACK
from ..models.secret_box import open_sealed, seal

_logger = logging.getLogger(__name__)

#: Where a session keeps the sign-ins that were begun: state -> values.
BEGUN = "helpdesk_oauth"
#: Seconds that somebody has for a sign-in.
SECONDS = 600
#: Sign-ins that a session keeps; one that is begun on top ends the oldest.
MOST = 5
#: What a sign-in may lead back to.
INSIDE = re.compile(r"/odoo(/[\w./-]*)?(\?[\w.=&%-]*)?(#[\w.=&%/-]*)?", re.ASCII)

mask_paths(CALLBACK + "?", r"[^\s'\"]*")


class OauthController(http.Controller):
    """Sign-ins to connected accounts; for system admins."""

    @http.route(START + "<int:account_id>", type="http", auth="user", methods=["GET"])
    def start(self, account_id, then="", resource="mail", **_query):
        """Send the browser to the authority."""
        account = self._account(account_id)
        if account.flow != "user" or resource not in RESOURCES:
            raise request.not_found()
        then = then if INSIDE.fullmatch(then) and ".." not in then else account._path()
        # absent without HTTPS and from old browsers; no page can leave it out or change it
        if request.httprequest.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return self._page(
                request.env._(
                    "A link from outside of Odoo has led you here. If you want to sign in to"
                    " “%(account)s”, go on by the button.",
                    account=account.display_name,
                ),
                then,
                account,
                asks=True,
            )
        home = urlsplit(account.app_id.redirect_uri)
        if request.httprequest.host != home.netloc:
            # the session of this address would not be known at the one that we come back to
            return self._page(
                request.env._(
                    "The sign-in leads back to %(address)s, but you use Odoo under another"
                    " address. Open Odoo there, and sign in again. If that address is wrong, an"
                    " administrator corrects it in the system parameter web.base.url.",
                    address=f"{home.scheme}://{home.netloc}",
                ),
                then,
            )
        state = secrets.token_urlsafe(32)
        try:
            flow = account._begin_sign_in(state, resource)
            sealed = seal(request.env, json.dumps(flow))
        except MailboxError as error:
            return self._page(mailbox_errors.sentence(request.env, error), then)
        begun = self._begun()
        while len(begun) >= MOST:
            begun.pop(min(begun, key=lambda each: begun[each]["until"]))
        begun[state] = {
            "flow": sealed,
            "account": account.id,
            "user": request.env.uid,
            "resource": resource,
            "then": then,
            "until": time.time() + SECONDS,
        }
        request.session[BEGUN] = begun
        return self._no_store(request.redirect(flow["auth_uri"], local=False))

    @http.route(CALLBACK, type="http", auth="public", methods=["GET"])
    def callback(self, **answer):
        """Where the authority sends the browser back to."""
        if request.env.user._is_public():
            return self._page(
                request.env._(
                    "You are not logged in to Odoo in this browser any more. Log in, and begin the"
                    " sign-in again."
                ),
                "/odoo/connected-accounts",
            )
        if not request.env.user.has_group("base.group_system"):
            raise request.not_found()
        values = self._take(answer.get("state", ""))
        if not values:
            return self._page(
                request.env._(
                    "This sign-in is not known here, was finished before, or took longer than 10"
                    " minutes. Begin it again, in this browser."
                ),
                "/odoo/connected-accounts",
            )
        account, then = self._account(values["account"]), values["then"]
        try:
            flow = json.loads(open_sealed(request.env, values["flow"]))
            signed_in = account._finish_sign_in(flow, answer, values["resource"])
        except MailboxError as error:
            _logger.info("Sign-in to connected account %s: %s", account.id, error.code)
            return self._page(mailbox_errors.sentence(request.env, error), then, account)
        except UserError as error:
            return self._page(str(error), then, account)
        if then == account._path():
            then = signed_in._path()
        return self._no_store(request.redirect(then))

    # ------------------------------------------------------------
    # SESSION
    # ------------------------------------------------------------

    def _begun(self) -> dict:
        """Sign-ins that can still be finished."""
        begun = request.session.get(BEGUN) or {}
        now = time.time()
        return {state: values for state, values in begun.items() if values["until"] > now}

    def _take(self, state: str) -> dict | None:
        """What was begun under a state, which nothing else can use from now on."""
        begun = self._begun()
        values = begun.pop(state, None)
        request.session[BEGUN] = begun
        if values and values["user"] == request.env.uid:
            return values
        return None

    def _account(self, account_id: int):
        """An account that the user may sign in to.

        :raise NotFound: else; nobody else learns which accounts there are
        """
        if not request.env.user.has_group("base.group_system"):
            raise request.not_found()
        account = request.env["helpdesk.oauth.account"].browse(account_id).exists()
        if not account or not account.has_access("write"):
            raise request.not_found()
        return account

    # ------------------------------------------------------------
    # ANSWERS
    # ------------------------------------------------------------

    def _page(self, text: str, then: str, account=None, asks: bool = False):
        """Say what went wrong, and what can be done.

        :param account: that a button leads to the sign-in of
        :param asks: nothing went wrong, but somebody has to want it
        """
        again = f"{START}{account.id}?then={quote(then, safe='')}" if account else ""
        response = request.render(
            "helpdesk_mailflow.oauth_page",
            {"text": text, "then": then, "again": again, "asks": asks},
        )
        return self._no_store(response)

    @staticmethod
    def _no_store(response):
        # the address of the page has the answer
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        # nobody gets a click on its button by a frame
        response.headers["X-Frame-Options"] = "DENY"
        return response
