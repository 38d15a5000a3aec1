"""Tokens by OAuth: real msal, against a real OpenID provider over HTTPS."""

import base64
import dataclasses
import datetime
import json
import logging
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from servers.openid_person import ANNA, BACK, STATE, SUPPORT, pem, refused, said, sign_in

from mailflow import errors, oauth, oauth_refusal
from mailflow.mailbox import MailServer, connect

# Of msal, at each sign-in; `mailflow.oauth` says why not, and pytest resets filters.
pytestmark = pytest.mark.filterwarnings("ignore:response_mode")


# --- signing in


def test_somebody_signs_in_with_the_browser(openid, app):
    granted = sign_in(openid, app)
    assert (granted.username, granted.name) == (ANNA, "Anna Example")
    assert openid.holder(granted.token) == ANNA
    assert granted.changed and granted.account_id
    left = granted.expires - datetime.datetime.now(datetime.timezone.utc)
    assert 3500 < left.total_seconds() <= 3600
    assert openid.sign_ins == 1


def test_the_account_is_the_one_chosen_in_the_browser(openid, app):
    assert sign_in(openid, app, user=SUPPORT).username == SUPPORT


def test_the_browser_is_asked_for_an_account_unless_one_is_named(app):
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert "prompt=select_account" in flow["auth_uri"]
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE, login_hint=SUPPORT)
    assert "login_hint=support%40example.com" in flow["auth_uri"]
    assert "prompt" not in flow["auth_uri"]


def test_the_verifier_stays_here(app):
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert flow == json.loads(json.dumps(flow))
    assert flow["code_verifier"] not in flow["auth_uri"]
    assert "code_challenge_method=S256" in flow["auth_uri"]


def test_permission_for_mail_and_graph_is_asked_for_at_once(openid, app):
    both = sign_in(openid, app, oauth.MAIL_SCOPES + oauth.GRAPH_SCOPES)
    graph = oauth.token_for(app, both.cache, both.account_id, oauth.GRAPH_SCOPES)
    assert openid.holder(both.token) == openid.holder(graph.token) == ANNA
    assert both.token != graph.token
    assert openid.sign_ins == 1
    again = oauth.token_for(app, graph.cache, both.account_id, oauth.MAIL_SCOPES)
    assert again.token == both.token


@pytest.mark.parametrize("change", [{"state": "another"}, {"state": ""}, {"state": None}])
def test_an_answer_for_another_session_is_refused(openid, app, change):
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    answer = {**openid.answer(flow["auth_uri"]), **change}
    error = refused(oauth.finish_sign_in, app, flow, answer)
    assert type(error) is errors.SignInRefused
    assert str(error) == "This sign-in was already finished, or is too old. Start it again."
    assert openid.sign_ins == 0
    assert not any("token" in request for request in openid.requests)


@pytest.mark.parametrize("answer", [{}, {"state": STATE}])
def test_an_answer_with_nothing_in_it_is_refused(app, answer):
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert refused(oauth.finish_sign_in, app, flow, answer).code == "sign_in_refused_stale"


def test_a_code_is_good_once(openid, app):
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    answer = openid.answer(flow["auth_uri"])
    oauth.finish_sign_in(app, flow, answer)
    error = refused(oauth.finish_sign_in, app, flow, answer)
    assert str(error) == "This sign-in was already finished, or is too old. Start it again."


def test_a_code_is_good_for_minutes(openid, app):
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    answer = openid.answer(flow["auth_uri"])
    openid.clock_skew += 1200
    assert refused(oauth.finish_sign_in, app, flow, answer).code == "sign_in_refused_stale"


def test_a_code_that_somebody_else_began_is_refused(openid, app):
    """PKCE: who has the code and not the verifier gets no token."""
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    other = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    answer = openid.answer(flow["auth_uri"])
    error = refused(oauth.finish_sign_in, app, other, answer)
    assert error.code == "sign_in_refused_stale"
    assert openid.sign_ins == 0


def test_an_id_token_with_another_nonce_is_refused(openid, app):
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    flow["nonce"] = "0ther-n0nce"
    error = refused(oauth.finish_sign_in, app, flow, openid.answer(flow["auth_uri"]))
    assert type(error) is errors.UnexpectedAnswer
    assert "0ther-n0nce" not in said(error)


def test_an_id_token_for_another_app_is_refused(openid, app, monkeypatch):
    flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
    answer = openid.answer(flow["auth_uri"])
    claims = type(openid._grants._token_grants[0][1][1]).get_client_claims
    monkeypatch.setattr(
        "servers.openid_store.IdToken.get_client_claims",
        lambda self, client: {**claims(self, client), "aud": "another-app"},
    )
    error = refused(oauth.finish_sign_in, app, flow, answer)
    assert str(error) == (
        "The sign-in server localhost answered something that is not OpenID Connect while "
        "giving a token: no ID token for this app registration. Check its address."
    )


def test_the_person_declines(openid, app):
    error = refused(sign_in, openid, app, choice="cancel")
    assert type(error) is errors.SignInRefused
    assert str(error) == (
        "The permissions were not accepted. Sign in again and accept them: without them no mail "
        "can be read or sent."
    )


def test_an_administrator_has_to_consent(openid, app):
    openid.admin_consent_needed = True
    error = refused(sign_in, openid, app)
    assert str(error) == (
        "Your organisation wants an administrator to allow this app first. Ask the administrator "
        "of your Microsoft 365 to grant admin consent to the app registration, then sign in again."
    )


def test_without_a_refresh_token_the_sign_in_is_refused(openid, app):
    openid.offline_access = False
    error = refused(sign_in, openid, app)
    assert str(error) == (
        "The sign-in server gave a permission for an hour only (no refresh token). Allow "
        "“offline_access” in the app registration, then sign in again."
    )


@pytest.mark.parametrize(
    "error, text, code, sentence",
    [
        (
            "invalid_grant",
            "AADSTS50020: User account from identity provider 'live.com' does not exist.",
            "sign_in_refused_account",
            "This account does not belong to the organisation of the app registration. Sign in "
            "with a work or school account of it; an Outlook.com account can be connected by "
            "forwarding.",
        ),
        (
            "invalid_grant",
            "AADSTS50105: The signed in user is not assigned to a role for the application.",
            "sign_in_refused_unassigned",
            "This account may not use the app registration. Ask the administrator of your "
            "Microsoft 365 to assign it to the app, then sign in again.",
        ),
        (
            "interaction_required",
            "AADSTS123456789: Something new happened.",
            "sign_in_refused",
            "The sign-in server refused the sign-in and said “AADSTS123456789: Something new "
            "happened.”. Sign in again.",
        ),
        (
            "something_else",
            "",
            "sign_in_refused",
            "The sign-in server refused the sign-in and said “something_else”. Sign in again.",
        ),
    ],
)
def test_other_refusals_of_a_sign_in(openid, app, error, text, code, sentence):
    openid.refuse_next(error, text)
    caught = refused(sign_in, openid, app)
    assert (type(caught), caught.code) == (errors.SignInRefused, code)
    assert str(caught) == sentence


def test_an_address_that_the_app_registration_does_not_know(openid, app):
    openid.refuse_next("invalid_client", "AADSTS50011: The redirect URI does not match.")
    error = refused(sign_in, openid, app)
    assert str(error) == (
        f"The app registration with client ID {app.client_id} does not know the address to which "
        "we come back from the sign-in. Add the redirect URI shown here to the app registration, "
        "as kind “Web”."
    )


# --- ever after


def test_a_token_is_taken_from_the_cache_while_it_is_good(openid, app, granted):
    again = oauth.token_for(app, granted.cache, granted.account_id, oauth.MAIL_SCOPES)
    assert again.token == granted.token
    assert not again.changed and again.cache == granted.cache
    assert openid.refreshes == 0


def test_a_token_of_which_little_is_left_is_refreshed(openid, app):
    openid.token_seconds = 200
    granted = sign_in(openid, app)
    again = oauth.token_for(app, granted.cache, granted.account_id, oauth.MAIL_SCOPES)
    assert again.token != granted.token
    assert again.changed and again.cache != granted.cache
    assert (again.username, again.account_id) == (ANNA, granted.account_id)
    assert openid.refreshes == 1


def test_a_token_that_a_mail_server_refused_is_renewed(openid, app, granted):
    again = oauth.token_for(app, granted.cache, granted.account_id, oauth.MAIL_SCOPES, renew=True)
    assert again.token != granted.token
    assert openid.holder(again.token) == ANNA


def test_each_refresh_gives_a_new_refresh_token_and_it_works(openid, app, granted):
    openid.old_refresh_tokens_stay = False
    cache = granted.cache
    for number in range(1, 4):
        renewed = oauth.token_for(app, cache, granted.account_id, oauth.MAIL_SCOPES, renew=True)
        assert renewed.changed
        cache = renewed.cache
        assert openid.refreshes == number


def test_an_old_refresh_token_is_refused_and_logs_nobody_out(openid, app, granted):
    openid.old_refresh_tokens_stay = False
    options = granted.account_id, oauth.MAIL_SCOPES
    newer = oauth.token_for(app, granted.cache, *options, renew=True)
    error = refused(oauth.token_for, app, granted.cache, *options, renew=True)
    assert type(error) is errors.SignInNeeded
    assert openid.refused_refreshes == 1
    assert oauth.token_for(app, newer.cache, *options, renew=True).changed


def test_with_microsoft_an_old_refresh_token_stays_good(openid, app, granted):
    for _time in range(3):
        oauth.token_for(app, granted.cache, granted.account_id, oauth.MAIL_SCOPES, renew=True)
    assert openid.refreshes == 3


def test_a_revoked_consent_asks_for_a_sign_in_and_that_helps(openid, app, granted):
    openid.revoke(ANNA)
    options = granted.account_id, oauth.MAIL_SCOPES
    error = refused(oauth.token_for, app, granted.cache, *options, renew=True)
    assert type(error) is errors.SignInNeeded
    assert not error.temporary
    assert str(error) == (
        "The sign-in of “anna@example.com” was revoked; perhaps its password was changed, or an "
        "administrator signed it out. Sign in again."
    )
    again = sign_in(openid, app)
    assert again.account_id == granted.account_id
    assert oauth.token_for(app, again.cache, *options, renew=True).changed


def test_a_sign_in_that_was_not_used_for_long_has_expired(openid, app, granted):
    openid.refresh_token_seconds = 90 * 86400
    openid.clock_skew += 91 * 86400
    error = refused(
        oauth.token_for, app, granted.cache, granted.account_id, oauth.MAIL_SCOPES, renew=True
    )
    assert str(error) == "The sign-in of “anna@example.com” has expired. Sign in again."


@pytest.mark.parametrize(
    "number, sentence",
    [
        (
            code,
            "The organisation of “anna@example.com” asks for a second factor (multi-factor "
            "authentication). Sign in again, and confirm with it.",
        )
        for code in (50074, 50076, 50078, 50079)
    ]
    + [
        (
            65001,
            "“anna@example.com” has not allowed this app to use the mailbox, or the permission "
            "was taken away. Sign in again and accept; if that is not possible, ask the "
            "administrator of your Microsoft 365.",
        ),
        (
            50055,
            "The password of “anna@example.com” has expired. Choose a new one in Microsoft 365, "
            "then sign in again.",
        ),
        (
            50057,
            "The organisation of “anna@example.com” does not let it sign in at the moment "
            "(AADSTS50057: words). Ask the administrator of your Microsoft 365, then sign in "
            "again.",
        ),
        (
            53003,
            "The organisation of “anna@example.com” does not let it sign in at the moment "
            "(AADSTS53003: words). Ask the administrator of your Microsoft 365, then sign in "
            "again.",
        ),
        (50173, None),
        (70008, "The sign-in of “anna@example.com” has expired. Sign in again."),
        (700082, "The sign-in of “anna@example.com” has expired. Sign in again."),
        (70043, "The sign-in of “anna@example.com” has expired. Sign in again."),
        (
            987654,
            "The sign-in of “anna@example.com” is no longer valid (AADSTS987654: words). Sign "
            "in again.",
        ),
    ],
)
def test_why_somebody_has_to_sign_in_again(openid, app, granted, number, sentence):
    openid.refuse_next("invalid_grant", f"AADSTS{number}: words", times=2)
    error = refused(
        oauth.token_for, app, granted.cache, granted.account_id, oauth.MAIL_SCOPES, renew=True
    )
    assert type(error) is errors.SignInNeeded
    assert error.values["account"] == ANNA
    if sentence:
        assert str(error) == sentence


@pytest.mark.parametrize(
    "cache", ["", "{}", "no json", "[]", '{"Account": 3}', '{"Account": {"a": 1}}']
)
def test_a_cache_without_the_account_needs_a_sign_in(app, cache):
    error = refused(oauth.token_for, app, cache, "nobody", oauth.MAIL_SCOPES)
    assert type(error) is errors.SignInNeeded
    assert str(error) == (
        "Nobody has signed in to this account yet, or its sign-in was removed. Sign in."
    )


@pytest.mark.parametrize("cache", ["no json", '{"AccessToken": 3}'])
def test_an_app_does_without_a_cache_that_cannot_be_read(app, cache):
    assert oauth.app_token(app, cache, oauth.APP_MAIL_SCOPES).changed


def test_trouble_at_the_sign_in_server_does_not_end_the_sign_in(openid, app, granted):
    options = granted.account_id, oauth.MAIL_SCOPES
    for number in (90033, 90006, 50196, 987654):
        openid.refuse_next("temporarily_unavailable", f"AADSTS{number}: Busy.")
        error = refused(oauth.token_for, app, granted.cache, *options, renew=True)
        assert type(error) is errors.ConnectionRefused
        assert error.temporary
        assert str(error) == (
            "The sign-in server localhost has trouble at the moment and said "
            f"“AADSTS{number}: Busy.”. We try again later."
        )
    for status in (429, 500, 503):
        openid.refuse_next("server_error", "Oh", status=status)
        error = refused(oauth.token_for, app, granted.cache, *options, renew=True)
        assert error.temporary
        assert str(error) == (
            "The sign-in server localhost has trouble at the moment and said "
            f"“HTTP {status}”. We try again later."
        )
    # Nothing of it is remembered.
    assert oauth.token_for(app, granted.cache, *options, renew=True).changed


def test_of_concurrent_refreshes_under_a_lock_none_is_refused(openid, app, granted):
    """What callers are told to do; without the lock, the next test."""
    openid.old_refresh_tokens_stay = False
    lock, box, found = threading.Lock(), [granted.cache], []

    def work():
        with lock:
            renewed = oauth.token_for(
                app, box[0], granted.account_id, oauth.MAIL_SCOPES, renew=True
            )
            box[0] = renewed.cache
            found.append(renewed.token)

    threads = [threading.Thread(target=work) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 8 == openid.refreshes
    assert openid.refused_refreshes == 0


# --- the app by itself


def test_an_app_gets_a_token_by_its_secret(openid, app):
    granted = oauth.app_token(app, "", oauth.APP_MAIL_SCOPES)
    assert openid.holder(granted.token) == "app"
    assert (granted.username, granted.account_id, granted.name) == ("", "", "")
    again = oauth.app_token(app, granted.cache, oauth.APP_MAIL_SCOPES)
    assert again.token == granted.token and not again.changed
    assert openid.app_tokens == 1
    renewed = oauth.app_token(app, granted.cache, oauth.APP_MAIL_SCOPES, renew=True)
    assert renewed.token != granted.token and renewed.changed
    assert openid.app_tokens == 2


def test_an_app_gets_a_token_by_its_certificate(openid, app, key_and_certificate):
    key, certificate = key_and_certificate
    app = dataclasses.replace(app, secret="", private_key=key, certificate=certificate)
    granted = oauth.app_token(app, "", oauth.APP_MAIL_SCOPES)
    assert openid.holder(granted.token) == "app"
    # The same for people.
    assert sign_in(openid, app).username == ANNA


def test_the_key_may_stand_before_the_certificate_in_one_file(openid, app, key_and_certificate):
    key, certificate = key_and_certificate
    both = key + "\n" + certificate
    app = dataclasses.replace(app, secret="", private_key=both, certificate=both)
    assert oauth.app_token(app, "", oauth.APP_MAIL_SCOPES).token


@pytest.mark.parametrize("way", ["app", "finish", "refresh"])
def test_a_wrong_secret(openid, app, granted, way):
    wrong = dataclasses.replace(app, secret="wr0ng-secret")
    error = refused(*refresh_or_so(openid, wrong, granted, way))
    assert type(error) is errors.AppRefused
    assert str(error) == (
        f"The secret of the app registration with client ID {app.client_id} is wrong. Copy the "
        "value of the client secret, not its ID; if it is no longer shown, make a new one."
    )
    assert "wr0ng-secret" not in said(error)


@pytest.mark.parametrize("way", ["app", "finish", "refresh"])
def test_an_expired_secret(openid, app, granted, way):
    call = refresh_or_so(openid, app, granted, way)
    openid.secret_expired = True
    error = refused(*call)
    assert type(error) is errors.AppRefused
    assert str(error) == (
        f"The secret of the app registration with client ID {app.client_id} has expired. Make a "
        "new client secret, and fill in its value."
    )


def refresh_or_so(openid, app, granted, way):
    """A call in which the app registration has to prove itself."""
    if way == "app":
        return oauth.app_token, app, "", oauth.APP_MAIL_SCOPES
    if way == "finish":
        flow = oauth.begin_sign_in(app, oauth.MAIL_SCOPES, BACK, state=STATE)
        return oauth.finish_sign_in, app, flow, openid.answer(flow["auth_uri"])
    openid.token_seconds = 100
    short = sign_in(openid, dataclasses.replace(app, secret=openid.client_secret))
    return oauth.token_for, app, short.cache, short.account_id, oauth.MAIL_SCOPES


def test_an_unknown_client_id(app):
    error = refused(
        oauth.app_token,
        dataclasses.replace(app, client_id="0000-unknown"),
        "",
        oauth.APP_MAIL_SCOPES,
    )
    assert type(error) is errors.AppRefused
    assert str(error) == (
        "There is no app registration with client ID 0000-unknown in this tenant. Check the "
        "client ID and the tenant."
    )


def test_an_unknown_tenant(openid, app):
    nowhere = dataclasses.replace(app, authority=openid.issuer.replace("/tenant", "/nowhere"))
    error = refused(oauth.begin_sign_in, nowhere, oauth.MAIL_SCOPES, BACK, state=STATE)
    assert type(error) is errors.AppRefused
    assert str(error) == (
        "There is no tenant nowhere. Copy the Directory (tenant) ID from the app registration."
    )


def test_a_certificate_that_is_not_registered(app):
    key, certificate = pem(rsa.generate_private_key(65537, 2048))
    other = dataclasses.replace(app, secret="", private_key=key, certificate=certificate)
    error = refused(oauth.app_token, other, "", oauth.APP_MAIL_SCOPES)
    assert str(error) == (
        f"The certificate of the app registration with client ID {app.client_id} is not "
        "accepted. Upload the same certificate to the app registration, and check that it is "
        "still valid."
    )


@pytest.mark.parametrize(
    "key, certificate", [("no key", "no certificate"), (None, "no certificate"), ("ec", None)]
)
def test_a_key_that_cannot_be_used(app, key_and_certificate, key, certificate):
    if key == "ec":
        key, certificate = pem(ec.generate_private_key(ec.SECP256R1()))
    key = key or key_and_certificate[0]
    other = dataclasses.replace(app, secret="", private_key=key, certificate=certificate)
    error = refused(oauth.app_token, other, "", oauth.APP_MAIL_SCOPES)
    assert str(error) == (
        "The certificate cannot be used: fill in an RSA private key without password and its "
        "certificate, both in PEM format."
    )


def test_an_app_without_consent(openid, app):
    openid.admin_consented = False
    error = refused(oauth.app_token, app, "", oauth.APP_MAIL_SCOPES)
    assert type(error) is errors.AppRefused
    assert str(error) == (
        f"The app registration with client ID {app.client_id} has no permission for the mail "
        "(AADSTS65001: The administrator has not consented to the app.). Add the permissions in "
        "the app registration, and have admin consent granted."
    )


@pytest.mark.parametrize(
    "number, code",
    [
        (7000215, "app_refused_secret"),
        (7000222, "app_refused_expired"),
        (700016, "app_refused_client"),
        (90002, "app_refused_tenant"),
        (50194, "app_refused_tenant_needed"),
        (9001023, "app_refused_tenant_needed"),
        (700027, "app_refused_certificate"),
        (7000112, "app_refused_disabled"),
        (65001, "app_refused_permission"),
        (500011, "app_refused_permission"),
        (987654, "app_refused"),
    ],
)
def test_why_an_app_is_refused(openid, app, number, code):
    openid.refuse_next("invalid_request", f"AADSTS{number}: words")
    error = refused(oauth.app_token, app, "", oauth.APP_MAIL_SCOPES)
    assert (type(error), error.code) == (errors.AppRefused, code)


@pytest.mark.parametrize(
    "code, sentence",
    [
        (
            "app_refused",
            "The sign-in server did not accept the app registration with client ID cid and said "
            "“words”. Check the app registration.",
        ),
        (
            "app_refused_tenant_needed",
            "The app registration with client ID cid is for one organisation only. Fill in the "
            "tenant: the Directory (tenant) ID, or a domain of the organisation.",
        ),
        (
            "app_refused_disabled",
            "The app registration with client ID cid is disabled. Ask the administrator of your "
            "Microsoft 365 to enable it.",
        ),
    ],
)
def test_the_other_sentences_of_apps(code, sentence):
    assert str(errors.AppRefused(code, client_id="cid", reason="words", tenant="t")) == sentence


@pytest.mark.parametrize(
    "answer, kind",
    [
        ({"error": "invalid_client"}, "app_refused_secret"),
        ({"error": "unauthorized_client"}, "app_refused"),
        ({"error": "invalid_scope"}, "app_refused_permission"),
        ({"error": "invalid_grant", "error_codes": [7000222]}, "app_refused_expired"),
        ({"error": "invalid_grant", "error_codes": "x"}, "app_refused"),
        ({"error": 7, "error_description": ["x"]}, "app_refused"),
        ({"error": "temporarily_unavailable"}, "connection_refused_authority_busy"),
    ],
)
def test_the_words_of_the_standard_suffice(answer, kind):
    """Another OpenID server has no numbers."""
    error = oauth_refusal.refusal(
        answer, client_id="c", tenant="t", host="h", port=443, with_certificate=False
    )
    assert error.code == kind


# --- clocks


@pytest.mark.parametrize("minutes", [-300, -10, 10, 300])
def test_another_clock_at_the_sign_in_server_changes_nothing(openid, app, minutes):
    """How long a token is good for is told in seconds, and an ID token is not asked for its
    times."""
    openid.clock_skew = minutes * 60
    granted = sign_in(openid, app)
    left = granted.expires - datetime.datetime.now(datetime.timezone.utc)
    assert 3500 < left.total_seconds() <= 3600
    assert openid.valid(granted.token)
    again = oauth.token_for(app, granted.cache, granted.account_id, oauth.MAIL_SCOPES)
    assert again.token == granted.token


@pytest.mark.parametrize("seconds", [1, 60, 299])
def test_no_token_is_used_when_it_may_have_expired(openid, app, seconds):
    openid.token_seconds = seconds
    granted = oauth.app_token(app, "", oauth.APP_MAIL_SCOPES)
    again = oauth.app_token(app, granted.cache, oauth.APP_MAIL_SCOPES)
    assert again.token != granted.token


def test_our_own_clock_may_be_set_while_a_token_is_kept(openid, app, granted, monkeypatch):
    """Set forward, the token is replaced; set back, msal would believe it for longer than it
    is good, and the mail server's refusal brings a new one (renew)."""
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 7200)
    again = oauth.token_for(app, granted.cache, granted.account_id, oauth.MAIL_SCOPES)
    assert again.token != granted.token


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_certificate_needs_the_right_clock(openid, app, key_and_certificate, minutes):
    key, certificate = key_and_certificate
    app = dataclasses.replace(app, secret="", private_key=key, certificate=certificate)
    openid.clock_skew = minutes * 60
    error = refused(oauth.app_token, app, "", oauth.APP_MAIL_SCOPES)
    assert str(error) == (
        "The clock of this server is not the one of the sign-in server, so that the "
        "certificate's signature is not valid yet or no longer. Set the clock of this server."
    )


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_certificate_bears_minutes(openid, app, key_and_certificate, minutes):
    key, certificate = key_and_certificate
    app = dataclasses.replace(app, secret="", private_key=key, certificate=certificate)
    openid.clock_skew = minutes * 60
    assert oauth.app_token(app, "", oauth.APP_MAIL_SCOPES).token


# --- secrets


def test_no_secret_in_log_errors_or_repr(openid, app, key_and_certificate, caplog):
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("msal", "requests", "urllib3", "mailflow", "http")):
            caplog.set_level(logging.DEBUG, logger=name)
    key, certificate = key_and_certificate
    seen = []
    for each in (
        app,
        dataclasses.replace(app, secret="", private_key=key, certificate=certificate),
    ):
        flow = oauth.begin_sign_in(each, oauth.MAIL_SCOPES, BACK, state=STATE)
        answer = openid.answer(flow["auth_uri"])
        granted = oauth.finish_sign_in(each, flow, answer)
        seen += [flow["code_verifier"], flow["nonce"], answer["code"], STATE]
        options = granted.account_id, oauth.MAIL_SCOPES
        renewed = oauth.token_for(each, granted.cache, *options, renew=True)
        by_app = oauth.app_token(each, "", oauth.APP_MAIL_SCOPES)
        texts = [repr(each), repr(granted), repr(renewed), str(by_app)]
        failures = [refused(oauth.finish_sign_in, each, flow, answer)]
        refresh_token = next(iter(json.loads(renewed.cache)["RefreshToken"].values()))["secret"]
        for quoted in (
            each.secret,
            granted.token,
            refresh_token,
            base64.b64encode(b"x" * 40).decode(),
        ):
            openid.refuse_next("invalid_grant", f"AADSTS424242: Your {quoted} is bad", times=2)
            failures.append(refused(oauth.token_for, each, renewed.cache, *options, renew=True))
            openid.store.count["x"] += 1
            openid._refusals.clear()
        openid.refuse_next("invalid_grant", f"AADSTS424242: Your {answer['code']} is bad")
        failures.append(refused(oauth.finish_sign_in, each, flow, answer))
        texts += [said(error) for error in failures]
        for text in texts:
            for secret in {*seen, *openid.secrets, key, each.secret} - {""}:
                assert secret not in text
    body = [line for line in key.splitlines() if not line.startswith("-")]
    mine = [text for text in caplog.text.splitlines() if "authlib" not in text]
    for secret in {*seen, *openid.secrets, *body}:
        assert not any(secret in line for line in mine)


# --- with a mail server


def test_dovecot_takes_the_token_until_it_is_revoked(openid, app, dovecot_with_tokens):
    dovecot = dovecot_with_tokens(
        users=(ANNA, SUPPORT),
        introspection_url=openid.introspection_url,
        introspection_ca=openid.ca_file,
    )
    server = MailServer(
        "imap", dovecot.host, dovecot.imaps_port, "tls", ANNA, timeout=10, ca_file=dovecot.ca_file
    )
    granted = sign_in(openid, app)
    with connect(dataclasses.replace(server, token=granted.token)) as mailbox:
        assert mailbox.select("INBOX").messages == 0
    openid.app_mailbox = SUPPORT
    by_app = oauth.app_token(app, "", oauth.APP_MAIL_SCOPES)
    with connect(dataclasses.replace(server, user=SUPPORT, token=by_app.token)) as mailbox:
        assert mailbox.select("INBOX").messages == 0
    assert openid.introspections >= 2
    openid.revoke(ANNA)
    with pytest.raises(errors.TokenRefused):
        connect(dataclasses.replace(server, token=granted.token))


# --- Microsoft


@pytest.fixture
def microsoft(openid, monkeypatch):
    """Let the provider stand among Microsoft's own hosts."""
    hosts = frozenset([openid.host])
    monkeypatch.setattr(oauth, "WELL_KNOWN_AUTHORITY_HOSTS", hosts)
    monkeypatch.setattr("msal.authority.WELL_KNOWN_AUTHORITY_HOSTS", hosts)


def test_the_whole_way_as_with_microsoft(openid, app, microsoft, key_and_certificate):
    """Its discovery is elsewhere, and msal treats it in other ways."""
    granted = sign_in(openid, app, oauth.MAIL_SCOPES + oauth.GRAPH_SCOPES)
    assert granted.username == ANNA
    options = granted.account_id, oauth.MAIL_SCOPES
    again = oauth.token_for(app, granted.cache, *options)
    assert again.token == granted.token
    openid.revoke(ANNA)
    error = refused(oauth.token_for, app, granted.cache, *options, renew=True)
    assert error.code == "sign_in_needed_revoked"
    assert oauth.app_token(app, "", oauth.APP_MAIL_SCOPES).token
    key, certificate = key_and_certificate
    app = dataclasses.replace(app, secret="", private_key=key, certificate=certificate)
    assert oauth.app_token(app, "", oauth.APP_MAIL_SCOPES).token
    paths = {request.split(" ")[1] for request in openid.requests}
    assert paths == {
        "/tenant/v2.0/.well-known/openid-configuration",
        "/tenant/oauth2/v2.0/authorize",
        "/tenant/oauth2/v2.0/token",
    }


def test_an_unknown_tenant_at_microsoft(openid, app, microsoft):
    nowhere = dataclasses.replace(app, authority=openid.issuer.replace("/tenant", "/nowhere"))
    assert refused(oauth.app_token, nowhere, "", oauth.APP_MAIL_SCOPES).code == (
        "app_refused_tenant"
    )
