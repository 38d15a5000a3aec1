"""A mailbox by OAuth, from the sign-in in the browser to the ticket: real Odoo processes, a real
OpenID provider over HTTPS, real Dovecot with introspection, SMTP with XOAUTH2."""

import os
import time
from pathlib import Path

import pytest
from e2e.browser import PASSWORD, STEPS_OAUTH, Browser, sign_in
from e2e.builders import STEPS
from servers.odoo_process import Console, Database, Installation, OdooEnded, StepFailed, WebServer
from servers.openid import OpenId
from servers.openid_person import ANNA, SUPPORT, USERS


@pytest.fixture(scope="module")
def openid():
    with OpenId(users=USERS) as server:
        yield server


@pytest.fixture(autouse=True)
def as_microsoft(openid):
    """Each test begins with a provider that behaves as Microsoft's."""
    openid.old_refresh_tokens_stay = True
    openid.delay = 0.0
    openid.token_seconds = 3600


@pytest.fixture(scope="module")
def database(openid, tmp_path_factory):
    if not os.environ.get("MAILFLOW_ENV") or not os.environ.get("MAILFLOW_TEMPLATE"):
        pytest.fail("Run these tests with bin/test, which installs what they need.", pytrace=False)
    options = {
        "helpdesk_mailflow_ca_file": openid.ca_file,
        "helpdesk_mailflow_key": "a-key-for-the-tests-of-more-than-32-characters",
    }
    installation = Installation(Path(os.environ["MAILFLOW_ENV"]), options)
    folder = tmp_path_factory.mktemp("odoo")
    with Database(installation, os.environ["MAILFLOW_TEMPLATE"], folder) as database:
        yield database


@pytest.fixture(scope="module")
def odoo(database):
    with Console(database, STEPS, STEPS_OAUTH) as console:
        console.do("settle")
        console.do("password", PASSWORD)
        console.do("manager", "mona")
        yield console


@pytest.fixture(scope="module")
def other_odoo(database, odoo):
    with Console(database, STEPS, STEPS_OAUTH, log="other") as console:
        yield console


@pytest.fixture(scope="module")
def web(database, odoo):
    with WebServer(database) as server:
        yield server


@pytest.fixture
def browser(web):
    browser = Browser(web.url)
    browser.log_in("admin", PASSWORD)
    return browser


@pytest.fixture
def new_account(odoo, openid, web):
    """Make an account that nobody has signed in to."""

    def make(flow="user", username=False):
        return odoo.do(
            "connect_app",
            web.url,
            openid.issuer,
            openid.client_id,
            openid.client_secret,
            flow=flow,
            username=username,
        )

    return make


@pytest.fixture(scope="module")
def signed_in(odoo, openid, web):
    """Anna's account."""
    account = odoo.do("connect_app", web.url, openid.issuer, openid.client_id, openid.client_secret)
    browser = Browser(web.url)
    browser.log_in("admin", PASSWORD)
    status, text, to = sign_in(odoo, openid, browser, account)
    assert (status, to) == (303, "/odoo/connected-accounts"), text
    return account


# --- the sign-in


def test_somebody_signs_in_by_the_real_routes(odoo, openid, signed_in):
    said = odoo.do("account", signed_in)
    assert (said["state"], said["username"], said["problem"]) == ("ok", ANNA, "")
    assert openid.holder(odoo.do("token", signed_in)) == ANNA


def test_a_way_back_is_good_once(odoo, openid, browser, new_account):
    account = new_account()
    _status, _text, to = browser.get(odoo.do("sign_in_url", account, "/odoo"))
    back = openid.browse(to, SUPPORT)
    assert browser.get(back)[2] == "/odoo"
    before = openid.sign_ins
    status, text, _to = browser.get(back)
    assert status == 200
    assert "This sign-in is not known here, was finished before" in text
    assert openid.sign_ins == before


def test_a_way_back_belongs_to_the_browser_that_began(odoo, openid, browser, web, new_account):
    account = new_account()
    _status, _text, to = browser.get(odoo.do("sign_in_url", account, "/odoo"))
    back = openid.browse(to, SUPPORT)
    other = Browser(web.url)
    assert "You are not logged in to Odoo in this browser any more" in other.get(back)[1]
    other.log_in("admin", PASSWORD)
    assert "This sign-in is not known here" in other.get(back)[1]
    assert odoo.do("account", account)["state"] == "new"


def test_who_declines_is_told_what_to_do(odoo, openid, browser, new_account):
    account = new_account()
    status, text, _to = sign_in(odoo, openid, browser, account, choice="cancel")
    assert status == 200
    assert (
        "The permissions were not accepted. Sign in again and accept them: without them no mail "
        "can be read or sent." in text
    )
    assert odoo.do("account", account)["state"] == "new"


def test_the_app_itself_needs_nobody(odoo, openid, new_account):
    account = new_account(flow="app")
    assert odoo.do("check_app", account) == "display_notification"
    assert openid.holder(odoo.do("token", account)) == "app"
    assert odoo.do("account", account)["state"] == "ok"


# --- many at once, and ends in the middle


@pytest.mark.parametrize("stay", [True, False])
def test_of_twenty_that_renew_at_once_one_does_it(odoo, other_odoo, openid, signed_in, stay):
    """In two processes; with Microsoft, and with a provider that takes a refresh token once."""
    openid.old_refresh_tokens_stay = stay
    openid.delay = 0.3
    refused = odoo.do("token", signed_in)
    refreshes, losers = openid.refreshes, openid.refused_refreshes
    at = time.time() + 1
    for process in (odoo, other_odoo):
        process.begin("many_tokens", signed_in, 10, at, refused)
    tokens = odoo.result() + other_odoo.result()
    assert len(tokens) == 20
    assert len(set(tokens)) == 1, set(tokens)
    assert openid.holder(tokens[0]) == ANNA and tokens[0] != refused
    assert openid.refreshes == refreshes + 1
    assert openid.refused_refreshes == losers
    # Nobody was logged out.
    for process in (odoo, other_odoo):
        assert process.do("account", signed_in)["state"] == "ok"
        assert openid.holder(process.do("token", signed_in, renew=True)) == ANNA
    assert openid.refused_refreshes == losers


def test_a_rollback_does_not_lose_a_new_refresh_token(odoo, openid, signed_in):
    openid.old_refresh_tokens_stay = False
    refreshes = openid.refreshes
    for _time in range(3):
        with pytest.raises(StepFailed, match="something else went wrong"):
            odoo.do("token_and_rollback", signed_in)
    assert openid.refreshes == refreshes + 3
    assert openid.refused_refreshes == 0
    assert openid.holder(odoo.do("token", signed_in, renew=True)) == ANNA


def test_killed_with_a_new_token_in_hand_nothing_is_lost_with_microsoft(
    database, odoo, openid, signed_in
):
    """An old refresh token stays good there; the new one that nobody knows is not missed."""
    refreshes = openid.refreshes
    with Console(database, STEPS, STEPS_OAUTH, log="killed") as console, pytest.raises(OdooEnded):
        console.do("die_with_token", signed_in)
    assert openid.refreshes == refreshes + 1
    assert openid.holder(odoo.do("token", signed_in, renew=True)) == ANNA
    assert odoo.do("account", signed_in)["state"] == "ok"


def test_killed_with_a_new_token_in_hand_a_strict_provider_wants_a_sign_in(
    database, odoo, openid, browser, new_account
):
    """It takes each refresh token once, and the new one is lost: nobody can help that, so the
    account says it, and asks no more until somebody signs in."""
    account = new_account()
    assert sign_in(odoo, openid, browser, account, SUPPORT)[2] == "/odoo/connected-accounts"
    account = odoo.do("account_of", SUPPORT)
    openid.old_refresh_tokens_stay = False
    with Console(database, STEPS, STEPS_OAUTH, log="killed") as console, pytest.raises(OdooEnded):
        console.do("die_with_token", account)
    assert odoo.do("token_or_error", account, renew=True) == "sign_in_needed_revoked"
    said = odoo.do("account", account)
    assert (said["state"], said["since"]) == ("problem", True)
    assert said["problem"].startswith(f"The sign-in of “{SUPPORT}” was revoked; perhaps its ")
    attempts = openid.store.count["refresh_attempts"]
    for _time in range(3):
        assert odoo.do("token_or_error", account) == "sign_in_needed_revoked"
    assert openid.store.count["refresh_attempts"] == attempts
    assert sign_in(odoo, openid, browser, account, SUPPORT)[2] == "/odoo/connected-accounts"
    assert odoo.do("account", account)["state"] == "ok"
    assert openid.holder(odoo.do("token", account)) == SUPPORT


# --- the consent ends


def test_a_revoked_consent_is_told_once_and_a_sign_in_mends_it(
    odoo, other_odoo, openid, browser, signed_in
):
    odoo.do("forget_told")
    assert odoo.do("token", signed_in)
    openid.revoke(ANNA)
    at = time.time() + 0.5
    for process in (odoo, other_odoo):
        process.begin("many_tokens", signed_in, 5, at, True)
    errors = odoo.result() + other_odoo.result()
    sentence = (
        f"The sign-in of “{ANNA}” was revoked; perhaps its password was changed, or an "
        "administrator signed it out. Sign in again."
    )
    assert set(errors) == {f"SignInNeeded: {sentence}"}
    said = odoo.do("account", signed_in)
    assert (said["state"], said["problem"], said["since"]) == ("problem", sentence, True)
    told = odoo.do("told")
    assert told["activities"] == [
        ["admin", f"Sign in again: {ANNA}"],
        ["mona", "A helpdesk mailbox has lost its connection"],
    ]
    assert sorted(subject for _to, subject in told["mails"]) == [
        "A helpdesk mailbox has lost its connection",
        f"Sign in again: {ANNA}",
    ]
    odoo.do("forget_triggers")
    assert sign_in(odoo, openid, browser, signed_in)[2] == "/odoo/connected-accounts"
    assert odoo.do("account", signed_in)["state"] == "ok"
    assert odoo.do("scan_is_due")
    told = odoo.do("told")
    assert told["activities"] == []
    assert len(told["mails"]) == 4, "and each is told that it works again"
    assert openid.holder(odoo.do("token", signed_in, renew=True)) == ANNA


# --- secrets


def test_no_secret_is_in_a_log_or_in_the_database(database, openid, signed_in):
    """After all of the above."""
    secrets = {secret.encode() for secret in openid.secrets}
    assert len(secrets) > 20
    for log in database.folder.glob("*.log"):
        text = log.read_bytes()
        assert not [secret for secret in secrets if secret in text], log.name
    for table, text in database.texts():
        assert not [secret for secret in secrets if secret in text], table
