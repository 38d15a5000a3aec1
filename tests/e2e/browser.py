"""A browser, as far as the sign-in needs one: cookies and redirects, over real HTTP."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.request
from urllib.parse import urlencode, urljoin

from e2e.builders import STEPS
from servers.openid_person import ANNA

#: Steps about connected accounts.
STEPS_OAUTH = STEPS.with_name("steps_oauth.py")
#: Of the admin.
PASSWORD = "a-l0ng-passw0rd"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_about):
        return None


class Browser:
    """A person at the web client of an Odoo.

    :param url: of Odoo

    :attr:`answers` has all that came: addresses, headers and texts.
    """

    def __init__(self, url: str):
        self.url = url
        self.answers: list[str] = []
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            urllib.request.ProxyHandler({}),
            _Stay,
        )

    def get(self, path: str, form: dict | None = None) -> tuple[int, str, str]:
        """Open an address: status, text, and where it leads."""
        return self._open(path, urlencode(form).encode() if form else None)

    def call(self, model: str, method: str, *args, **kwargs) -> dict:
        """What the web client does: call a method of a model; the whole answer, which has
        `result` or `error`."""
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        question = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "call", "params": params})
        path = f"/web/dataset/call_kw/{model}/{method}"
        return json.loads(self._open(path, question.encode(), "application/json")[1])

    def _open(self, path: str, data: bytes | None, kind: str = "") -> tuple[int, str, str]:
        request = urllib.request.Request(urljoin(self.url, path), data)
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with self._opener.open(request, timeout=60) as response:
                status, headers, text = response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            status, headers, text = error.code, error.headers, error.read().decode()
        self.answers.append(f"{headers}\n{text}")
        return status, text, headers.get("Location", "")

    def log_in(self, login: str, password: str):
        """Log in with user and password."""
        _status, page, _to = self.get("/web/login")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        status, _page, to = self.get(
            "/web/login", {"csrf_token": token, "login": login, "password": password}
        )
        assert (status, "/web/login" in to) == (303, False), (status, to)


def sign_in(odoo, openid, browser, account, user=ANNA, choice="accept"):
    """Press *Sign in*, be sent to the provider, accept, and be sent back.

    :return: status, text, and where Odoo leads then
    """
    start = odoo.do("sign_in_url", account, "/odoo/connected-accounts")
    status, text, to = browser.get(start)
    assert status == 303, (status, text)
    assert to.startswith(openid.issuer), to
    return browser.get(openid.browse(to, user, choice))
