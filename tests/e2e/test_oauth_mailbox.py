"""Mail in and out with tokens: scanners on a real Dovecot that asks the OpenID provider about
each token, answers through an SMTP server that does, and what becomes of a revoked consent."""

import os
from pathlib import Path

import pytest
from e2e.browser import PASSWORD, STEPS_OAUTH, Browser, sign_in
from e2e.builders import STEPS, mail
from servers.dovecot import Dovecot, DovecotMissing
from servers.odoo_process import Console, Database, Installation, WebServer
from servers.openid import OpenId
from servers.openid_person import ANNA, SUPPORT, USERS
from servers.smtp import Smtp

SHARED, PRIVATE = "shared@example.com", "private@example.com"


@pytest.fixture(scope="module")
def openid():
    with OpenId(users=USERS) as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(openid):
    boxes = (ANNA, SUPPORT, SHARED, PRIVATE)
    try:
        server = Dovecot(
            users=dict.fromkeys(boxes, "secret"),
            introspection_url=openid.introspection_url,
            introspection_ca=openid.ca_file,
            shared={SHARED: (ANNA,)},
        )
    except DovecotMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    with server:
        yield server


@pytest.fixture(scope="module")
def smtp(openid):
    """Takes mail from who has a token of Anna's, as Anna and as the shared mailbox."""
    with Smtp(
        encryption="starttls",
        tokens=openid.holder,
        shared={SHARED: (ANNA,)},
        may_send_as={SHARED: (SHARED,), ANNA: (ANNA,)},
    ) as server:
        yield server


@pytest.fixture(scope="module")
def trust(openid, dovecot, smtp, tmp_path_factory):
    """The system's authorities, for Odoo: those of these servers."""
    file = tmp_path_factory.mktemp("trust") / "authorities.pem"
    parts = (openid.ca_file, dovecot.ca_file, smtp.ca_file)
    file.write_text("".join(Path(part).read_text() for part in parts))
    return {"SSL_CERT_FILE": str(file)}


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
def odoo(database, trust):
    with Console(database, STEPS, STEPS_OAUTH, variables=trust) as console:
        console.do("settle")
        console.do("password", PASSWORD)
        console.do("manager", "mona")
        yield console


@pytest.fixture(scope="module")
def web(database, odoo, trust):
    with WebServer(database, variables=trust) as server:
        yield server


@pytest.fixture(scope="module")
def browser(web):
    browser = Browser(web.url)
    browser.log_in("admin", PASSWORD)
    return browser


@pytest.fixture(scope="module")
def account(odoo, openid, web, browser):
    """Anna's, signed in."""
    made = odoo.do("connect_app", web.url, openid.issuer, openid.client_id, openid.client_secret)
    status, text, _to = sign_in(odoo, openid, browser, made)
    assert status == 303, text
    return made


@pytest.fixture
def scanner_on(odoo, dovecot):
    """Make a scanner on a mailbox, which begins with the next mail; retired afterwards."""
    made = []

    def make(mailbox, account, **values):
        made.append(
            odoo.do(
                "scanner",
                authentication="oauth",
                oauth_account_id=account,
                encryption="tls",
                user=mailbox,
                password=False,
                **{"port": dovecot.imaps_port, **values},
            )
        )
        return made[-1]

    yield make
    for scanner in made:
        odoo.do("change", "fetchmail.server", scanner, active=False)


def subjects(odoo, scanner):
    """Of the mails that became tickets."""
    rows = odoo.do("mails", scanner)
    return [row["subject"] for row in rows if row["outcomes"] == ["ticket"]]


# --- in


@pytest.mark.parametrize("protocol", ["imap", "pop"])
def test_a_mailbox_is_read_with_the_token_of_who_signed_in(
    odoo, dovecot, account, scanner_on, protocol
):
    port = dovecot.imaps_port if protocol == "imap" else dovecot.pops_port
    scanner = scanner_on(ANNA, account, server_type=protocol, port=port)
    odoo.do("begin", scanner, "next")
    subject = f"For Anna by {protocol}"
    dovecot.deliver(mail(subject=subject), ANNA)
    assert odoo.do("visit", scanner) is None
    assert subjects(odoo, scanner) == [subject]


def test_a_shared_mailbox_is_read_with_the_token_of_who_has_rights_on_it(
    odoo, dovecot, account, scanner_on
):
    scanner = scanner_on(SHARED, account)
    odoo.do("begin", scanner, "next")
    dovecot.deliver(mail(subject="For all"), SHARED)
    assert odoo.do("visit", scanner) is None
    assert subjects(odoo, scanner) == ["For all"]


def test_a_mailbox_without_rights_on_it_says_so(odoo, account, scanner_on):
    scanner = scanner_on(PRIVATE, account)
    said = odoo.do("error_of", scanner, "button_confirm_login")
    assert said == (
        f"The account “{ANNA}” has no rights on the mailbox “{PRIVATE}” on localhost, or there "
        "is no such mailbox. Give the account full access to it (Exchange admin center › "
        "Mailboxes › Delegation; it takes up to an hour to work), or choose another account."
    )


def test_a_mailbox_is_read_with_the_token_of_the_app_itself(odoo, openid, dovecot, web, scanner_on):
    openid.app_mailbox = SUPPORT
    by_app = odoo.do(
        "connect_app", web.url, openid.issuer, openid.client_id, openid.client_secret, flow="app"
    )
    scanner = scanner_on(SUPPORT, by_app)
    odoo.do("begin", scanner, "next")
    dovecot.deliver(mail(subject="For the app"), SUPPORT)
    assert odoo.do("visit", scanner) is None
    assert subjects(odoo, scanner) == ["For the app"]
    assert openid.app_tokens > 0


def test_a_token_that_is_refused_before_its_time_is_renewed(
    odoo, openid, dovecot, account, scanner_on
):
    scanner = scanner_on(ANNA, account)
    odoo.do("begin", scanner, "next")
    dovecot.deliver(mail(subject="With a new token"), ANNA)
    openid.forget(odoo.do("token", account))
    refreshes = openid.refreshes
    assert odoo.do("visit", scanner) is None
    assert subjects(odoo, scanner) == ["With a new token"]
    assert openid.refreshes == refreshes + 1


# --- out


def test_an_answer_leaves_with_the_token(odoo, dovecot, smtp, account, scanner_on):
    sender = odoo.do("oauth_sender", SHARED, account, smtp.port)
    assert (sender["state"], sender["proof"]) == ("verified", "mailbox"), sender
    scanner = scanner_on(SHARED, account)
    odoo.do("begin", scanner, "next")
    dovecot.deliver(mail(subject="Please answer", to=SHARED), SHARED)
    assert odoo.do("visit", scanner) is None
    ticket = odoo.do("answer_from", scanner, sender["id"], "Here it is.")
    [arrived] = smtp.wait_for(1)
    assert (arrived.user, arrived.sender) == (SHARED, SHARED)
    assert arrived.encrypted
    assert "Here it is." in arrived.raw.decode()
    assert ticket


# --- a consent that is taken away


def test_a_revoked_consent_stops_everything_and_a_sign_in_lets_it_catch_up(
    database, trust, odoo, openid, dovecot, smtp, browser, account, scanner_on, wait_for
):
    scanner = scanner_on(SHARED, account)
    odoo.do("begin", scanner, "next")
    dovecot.deliver(mail(subject="Before", to=SHARED), SHARED)
    assert odoo.do("visit", scanner) is None
    assert subjects(odoo, scanner) == ["Before"]
    sender = odoo.do("sender_of", SHARED)
    odoo.do("forget_told")

    openid.revoke(ANNA)
    dovecot.deliver(mail(subject="Meanwhile 1", to=SHARED), SHARED)
    odoo.do("cron_scan")
    said = odoo.do("account", account)
    assert (said["state"], said["since"]) == ("problem", True)
    assert said["problem"] == (
        f"The sign-in of “{ANNA}” was revoked; perhaps its password was changed, or an "
        "administrator signed it out. Sign in again."
    )
    told = odoo.do("told")
    assert [login for login, _summary in told["activities"]] == ["admin", "mona"]
    assert len(told["mails"]) == 2

    # Nobody is asked any more: neither the provider nor the mail servers.
    requests, asked = len(openid.requests), openid.introspections
    dovecot.deliver(mail(subject="Meanwhile 2", to=SHARED), SHARED)
    for _time in range(3):
        odoo.do("cron_scan")
    odoo.do("answer_from", scanner, sender, "This one waits.")
    odoo.do("send_queue")
    assert (len(openid.requests), openid.introspections) == (requests, asked)
    assert subjects(odoo, scanner) == ["Before"]
    assert smtp.take() == []
    assert len(odoo.do("told")["activities"]) == 2

    # Somebody signs in; the rest happens by itself, in an Odoo that does what is due.
    with WebServer(database, log="cron", cron_threads=1, variables=trust):
        assert sign_in(odoo, openid, browser, account)[0] == 303
        wait_for(lambda: subjects(odoo, scanner) == ["Before", "Meanwhile 1", "Meanwhile 2"], 90)
        [arrived] = smtp.wait_for(1, 90)
    assert "This one waits." in arrived.raw.decode()
    assert odoo.do("account", account)["state"] == "ok"
    assert odoo.do("told")["activities"] == []


# --- secrets


def test_no_secret_is_in_a_log_or_in_the_database(database, openid, dovecot, account):
    """After all of the above."""
    secrets = {secret.encode() for secret in openid.secrets}
    for log in database.folder.glob("*.log"):
        text = log.read_bytes()
        assert not [secret for secret in secrets if secret in text], log.name
    for table, text in database.texts():
        assert not [secret for secret in secrets if secret in text], table
