"""The way to a sign-in server: down, slow, not trusted, or no sign-in server at all."""

import dataclasses
import json
import logging
import time

import pytest
from servers.hostile import Hostile
from servers.openid import OpenId
from servers.openid_person import BACK, STATE, refused, said, sign_in
from servers.ports import free_ports

from mailflow import errors, oauth, oauth_http

# Of msal, at each sign-in; `mailflow.oauth` says why not, and pytest resets filters.
pytestmark = pytest.mark.filterwarnings("ignore:response_mode")


def at(port, timeout=5.0, ca_file=None):
    return oauth.App(
        f"https://localhost:{port}/tenant",
        "cid",
        secret="cl13nt-secret",
        timeout=timeout,
        ca_file=ca_file,
    )


def test_a_sign_in_server_that_does_not_exist():
    app = oauth.App("https://login.nowhere.invalid/tenant", "cid", secret="cl13nt-secret")
    error = refused(oauth.app_token, app, "", oauth.APP_MAIL_SCOPES)
    assert type(error) is errors.NameNotFound
    assert str(error) == (
        "The sign-in server “login.nowhere.invalid” was not found. Check the spelling of its "
        "name, and that this server can look up names in the DNS."
    )


def test_a_sign_in_server_that_is_down():
    [port] = free_ports(1)
    error = refused(oauth.app_token, at(port), "", oauth.APP_MAIL_SCOPES)
    assert type(error) is errors.ConnectionRefused
    assert error.temporary
    assert str(error) == (
        f"The sign-in server localhost cannot be reached on port {port}. Check its address, the "
        "network and the firewalls."
    )


def test_a_sign_in_server_that_is_slow(openid, app, granted):
    """Within the time-out it is waited for, beyond it is not."""
    openid.delay = 0.5
    options = granted.account_id, oauth.MAIL_SCOPES
    assert oauth.token_for(app, granted.cache, *options, renew=True).changed
    openid.delay = 3
    short = dataclasses.replace(app, timeout=1.0)
    started = time.monotonic()
    error = refused(oauth.token_for, short, granted.cache, *options, renew=True)
    assert time.monotonic() - started < 2.5
    assert type(error) is errors.ConnectionTimedOut
    assert error.temporary
    assert str(error) == (
        f"The sign-in server localhost did not answer on port {openid.port} within 1 seconds. "
        "Check its address, and that no firewall is in the way."
    )


def test_a_sign_in_server_that_says_nothing():
    with Hostile(lambda client: client.hang()) as server:
        error = refused(oauth.app_token, at(server.port, timeout=0.5), "", oauth.APP_MAIL_SCOPES)
    assert type(error) is errors.ConnectionTimedOut
    assert error.temporary


def test_a_sign_in_server_that_hangs_up():
    def reads_and_closes(client):
        client.line()
        client.close()

    with Hostile(reads_and_closes) as server:
        error = refused(oauth.app_token, at(server.port), "", oauth.APP_MAIL_SCOPES)
    assert type(error) is errors.ConnectionLost
    assert str(error) == (
        "The sign-in server localhost closed the connection while connecting. If this happens "
        "again, check its address, and that no firewall is in the way."
    )


def test_a_sign_in_server_without_encryption():
    def plain(client):
        client.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        client.hang()

    with Hostile(plain) as server:
        error = refused(oauth.app_token, at(server.port), "", oauth.APP_MAIL_SCOPES)
    assert type(error) is errors.EncryptionNotOffered
    assert str(error) == (
        f"The sign-in server localhost does not speak HTTPS on port {server.port}. Check its "
        "address."
    )


@pytest.mark.parametrize(
    "certificate, reason",
    [
        ("expired", "expired"),
        ("self-signed", "self-signed"),
        ("unknown authority", "unknown authority"),
        ("wrong host name", "wrong host name"),
    ],
)
def test_a_sign_in_server_that_is_not_trusted(certificate, reason):
    with OpenId(certificate=certificate) as openid:
        app = at(openid.port, ca_file=openid.ca_file)
        error = refused(oauth.app_token, app, "", oauth.APP_MAIL_SCOPES)
        assert openid.requests == []
    assert type(error) is errors.CertificateNotTrusted
    assert error.values["reason"] == reason
    assert str(error).startswith(f"The certificate of localhost is not trusted ({reason}): ")


def test_the_system_s_authorities_are_trusted_unless_others_are_named(openid, app):
    error = refused(
        oauth.app_token, dataclasses.replace(app, ca_file=None), "", oauth.APP_MAIL_SCOPES
    )
    assert type(error) is errors.CertificateNotTrusted


@pytest.mark.parametrize(
    "authority",
    [
        "http://login.example.com/tenant",
        "https://login.example.com",
        "https://login.example.com/",
        "login.example.com/tenant",
        "https://",
        "",
        "https://a b/tenant",
        "https://login.example.com:port/tenant",
        "https://user:pw@login.example.com/tenant",
        "https://login.example.com/tenant?x=1",
        "https://[::1/tenant",
    ],
)
def test_what_is_no_address_of_a_sign_in_server(authority):
    app = oauth.App(authority, "cid", secret="cl13nt-secret")
    error = refused(oauth.begin_sign_in, app, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert str(error) == (
        f"“{authority}” is not the address of a sign-in server: it begins with https:// and "
        "names the tenant, such as https://login.microsoftonline.com/example.com."
    )


GARBAGE = {
    "web page": (200, "<html>Welcome</html>", "text/html"),
    "no object": (200, "[1, 2]", "application/json"),
    "empty": (200, "", "application/json"),
    "no endpoints": (200, "{}", "application/json"),
    "plain endpoints": (
        200,
        '{"authorization_endpoint": "http://x/y", "token_endpoint": "http://x/z"}',
        "application/json",
    ),
    "numbers": (200, '{"authorization_endpoint": 1, "token_endpoint": 2}', "application/json"),
    "not found": (404, "nothing here", "text/plain"),
    "redirect": (302, "", "text/html"),
    "deep": (200, "[" * 100_000, "application/json"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_sign_in_server_that_talks_nonsense(openid, app, monkeypatch, name):
    status, body, kind = GARBAGE[name]
    answer_with(monkeypatch, openid, status, body, kind)
    error = refused(oauth.begin_sign_in, app, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert type(error) is errors.UnexpectedAnswer
    shown = "application/json" if kind == "application/json" else "text/html"
    assert str(error) == (
        "The sign-in server localhost answered something that is not OpenID Connect while "
        f"telling its addresses: HTTP {status}, {shown}. Check its address."
    )


def answer_with(monkeypatch, openid, status, body, kind="application/json"):
    """Let the provider answer everything with this."""
    made = json.loads(body) if kind == "application/json" and body in ("{}", "[1, 2]") else body
    if kind == "application/json" and isinstance(made, str):
        made = _Raw(made)
    headers = [("Location", "https://evil.example.com/")] if status == 302 else []
    monkeypatch.setattr(openid, "handle", lambda request: (status, made, headers))


class _Raw(dict):
    """A body that goes out as it is."""

    def __init__(self, text):
        super().__init__()
        self.text = text


@pytest.fixture(autouse=True)
def raw_bodies(monkeypatch):
    """Let a test answer with JSON that is none."""
    dumps = json.dumps

    def raw(value, **options):
        return value.text if isinstance(value, _Raw) else dumps(value, **options)

    monkeypatch.setattr("servers.openid.json.dumps", raw)


TOKEN = "t0ken-that-must-not-be-seen"


@pytest.mark.parametrize(
    "body",
    [
        f'{{"access_token": "{TOKEN}"',
        f'["{TOKEN}"]',
        f'{{"refresh_token": "{TOKEN}"}}',
        f'{{"access_token": ["{TOKEN}"]}}',
        f"<html>{TOKEN}</html>",
    ],
)
def test_an_answer_with_a_token_in_it_that_is_no_answer(
    openid, app, granted, monkeypatch, caplog, body
):
    caplog.set_level(logging.DEBUG)
    answer_with(monkeypatch, openid, 200, body)
    error = refused(
        oauth.token_for, app, granted.cache, granted.account_id, oauth.MAIL_SCOPES, renew=True
    )
    assert type(error) is errors.UnexpectedAnswer
    assert TOKEN not in said(error) + caplog.text


@pytest.mark.parametrize(
    "odd",
    [
        {"expires_in": "soon"},
        {"expires_in": None},
        {"expires_in": "3600"},
        {"expires_in": 3600.5, "ext_expires_in": [], "refresh_in": "x"},
        {"id_token": "no.token"},
        {"id_token": "a.b.c"},
        {"id_token": 7},
        {"id_token": "e30.W10.x"},
        {"client_info": "???"},
        {"client_info": "W10"},
        {"scope": 3},
    ],
)
def test_an_odd_answer_does_not_lose_a_new_refresh_token(openid, app, granted, monkeypatch, odd):
    openid.old_refresh_tokens_stay = False
    handle = openid.handle

    def odd_answer(request):
        status, body, headers = handle(request)
        return status, {**body, **odd} if "access_token" in body else body, headers

    monkeypatch.setattr(openid, "handle", odd_answer)
    options = granted.account_id, oauth.MAIL_SCOPES
    renewed = oauth.token_for(app, granted.cache, *options, renew=True)
    monkeypatch.undo()
    assert oauth.token_for(app, renewed.cache, *options, renew=True).changed
    assert openid.refused_refreshes == 0


def test_an_answer_that_is_too_long(openid, app, monkeypatch):
    answer_with(monkeypatch, openid, 200, "x" * (2 * 1024 * 1024))
    error = refused(oauth.begin_sign_in, app, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert type(error) is errors.UnexpectedAnswer


def test_nothing_of_the_environment_plays_a_part(openid, app, monkeypatch, tmp_path):
    """No proxy (it would see whom we ask), no netrc (its passwords), no other authorities."""
    [port] = free_ports(1)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password 0ther\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path / "missing.pem"))
    monkeypatch.setenv("MSAL_FORCE_REGION", "westeurope")
    granted = sign_in(openid, app)
    assert oauth.token_for(app, granted.cache, granted.account_id, oauth.MAIL_SCOPES, renew=True)
    assert oauth.app_token(app, "", oauth.APP_MAIL_SCOPES).token


def test_the_addresses_are_asked_for_once_in_a_while(openid, app, granted, monkeypatch):
    def asked():
        return sum("openid-configuration" in request for request in openid.requests)

    before = asked()
    options = granted.account_id, oauth.MAIL_SCOPES
    for _time in range(3):
        oauth.token_for(app, granted.cache, *options, renew=True)
    assert asked() == before
    # A sign-in begins with fresh ones.
    oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert asked() == before + 1
    monkeypatch.setattr(oauth_http, "_discovered", {})
    oauth.token_for(app, granted.cache, *options, renew=True)
    assert asked() == before + 2


def test_microsoft_s_own_address_is_asked_in_its_own_way():
    """Without going there."""
    asked = []

    class Nowhere(oauth_http.Client):
        def _exchange(self, method, url, *_about):
            asked.append((method, url))
            raise oauth_http.NotReached(errors.ConnectionLost(host="h", port=1, doing="x"))

    app = oauth.App("https://login.microsoftonline.com/organizations", "cid", secret="x" * 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oauth, "Client", Nowhere)
        refused(oauth.begin_sign_in, app, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert asked == [
        (
            "GET",
            "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration",
        )
    ]
