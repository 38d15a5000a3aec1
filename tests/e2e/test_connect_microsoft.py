"""The guide *Connect a mailbox* with Microsoft 365: real Odoo processes and a browser's way, an
OpenID provider over HTTPS, Dovecot and SMTP that take its tokens alone, and Microsoft Graph's
sendMail. One sign-in reads and sends."""

import itertools
import os
from pathlib import Path

import pytest
from e2e.browser import PASSWORD, STEPS_OAUTH, Browser
from e2e.builders import STEPS, mail
from servers.certificates import Authority
from servers.dns import Dns
from servers.dovecot import Dovecot, DovecotMissing
from servers.graph import Graph
from servers.odoo_process import Console, Database, Installation, WebServer
from servers.openid import OpenId
from servers.openid_person import ANNA, SUPPORT, USERS
from servers.smtp import REFUSALS, Smtp

ANN = "ann@customer.example"
SALES = "sales@example.com"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def openid():
    with OpenId(users=USERS) as server:
        yield server


@pytest.fixture(scope="module")
def mailboxes(openid):
    try:
        server = Dovecot(
            users={ANNA: "x", SUPPORT: "x", SALES: "x", ANN: "x"},
            introspection_url=openid.introspection_url,
            introspection_ca=openid.ca_file,
            shared={SUPPORT: (ANNA,)},
        )
    except DovecotMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    with server:
        yield server


@pytest.fixture(scope="module")
def smtp(openid, tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with Smtp(
        encryption="starttls", authority=authority, tokens=openid.holder, shared={SUPPORT: (ANNA,)}
    ) as server:
        yield server


@pytest.fixture(scope="module")
def graph(openid):
    with Graph(tokens=openid.holder, mailboxes=[ANNA, SUPPORT]) as server:
        yield server


@pytest.fixture(scope="module")
def trusted(openid, mailboxes, smtp, graph, tmp_path_factory):
    """The file of all private authorities."""
    file = tmp_path_factory.mktemp("trusted") / "trusted.pem"
    parts = (openid.ca_file, mailboxes.ca_file, smtp.ca_file, graph.ca_file)
    file.write_bytes(b"\n".join(Path(part).read_bytes() for part in parts))
    return file


@pytest.fixture(scope="module")
def database(trusted, tmp_path_factory):
    if not os.environ.get("MAILFLOW_ENV") or not os.environ.get("MAILFLOW_TEMPLATE"):
        pytest.fail("Run these tests with bin/test, which installs what they need.", pytrace=False)
    options = {
        "helpdesk_mailflow_ca_file": str(trusted),
        "helpdesk_mailflow_key": "a-key-for-the-tests-of-more-than-32-characters",
    }
    installation = Installation(Path(os.environ["MAILFLOW_ENV"]), options)
    folder = tmp_path_factory.mktemp("odoo")
    with Database(installation, os.environ["MAILFLOW_TEMPLATE"], folder) as database:
        yield database


@pytest.fixture(scope="module")
def odoo(database, trusted):
    steps = (
        STEPS,
        STEPS_OAUTH,
        STEPS.with_name("steps_connect.py"),
        STEPS.with_name("steps_microsoft.py"),
    )
    with (
        Dns({"example.com": {"MX": ["10 mail.example.com."]}}) as names,
        Console(database, *steps, variables={"SSL_CERT_FILE": str(trusted)}) as console,
    ):
        console.do("settle")
        console.do("parameter", "dns_nameservers", names.address)
        console.do("password", PASSWORD)
        yield console


@pytest.fixture(scope="module")
def web(database, odoo, openid):
    with WebServer(database) as server:
        odoo.do("connect_app", server.url, openid.issuer, openid.client_id, openid.client_secret)
        yield server


@pytest.fixture(scope="module")
def browser(web):
    browser = Browser(web.url)
    browser.log_in("admin", PASSWORD)
    return browser


def go(openid, browser, url, user, connection):
    """From Odoo to the provider and back to the guide."""
    status, text, to = browser.get(url)
    assert status == 303, text
    status, text, to = browser.get(openid.browse(to, user))
    assert (status, to) == (303, f"/odoo/connect-mailbox/{connection}"), text


@pytest.fixture
def connect(odoo, openid, browser, mailboxes, smtp):
    """Begin a connection, and sign in."""

    def begin(email=SUPPORT, user=ANNA, **values):
        connection = odoo.do("connect", email, "microsoft")
        values = {
            "microsoft_imap_host": "localhost",
            "microsoft_imap_port": mailboxes.imaps_port,
            "microsoft_smtp_host": "localhost",
            "microsoft_smtp_port": smtp.port,
            **values,
        }
        go(openid, browser, odoo.do("microsoft_sign_in", connection), user, connection)
        return connection, odoo.do("next_step", connection, **values)

    return begin


@pytest.fixture(scope="module")
def can_share(mailboxes):
    if not mailboxes.can_share:
        pytest.skip("Dovecot 2.4 shares no mailboxes by token")


def to_the_end(odoo, connection):
    """From the step after the log-ins to activation."""
    for step in ("test", "done"):
        assert odoo.do("next_step", connection) == {"step": step, "problem": False}
    return odoo.do("set_up", connection)["scanner"]


def a_ticket(odoo, mailboxes, scanner, mailbox=SUPPORT):
    """A customer writes to the mailbox, which is read; returns the ticket."""
    subject = f"Printer {next(_numbers)}"
    mailboxes.deliver(mail(subject=subject, sender=ANN, to=mailbox), mailbox)
    assert odoo.do("visit", scanner) is None
    ticket = odoo.do("last_ticket", subject)
    assert ticket, f"no ticket of {subject}"
    return ticket


def test_an_account_without_rights_on_the_mailbox_gets_that_sentence(connect):
    _connection, said = connect(SALES)
    assert said == {
        "step": "connect",
        "problem": f"The account “{ANNA}” has no rights on the mailbox “{SALES}” on localhost, or"
        " there is no such mailbox. Give the account full access to it (Exchange admin center ›"
        " Mailboxes › Delegation; it takes up to an hour to work), or choose another account.",
    }


def test_one_sign_in_reads_and_sends_for_a_shared_mailbox(
    odoo, openid, mailboxes, smtp, connect, can_share
):
    before = openid.sign_ins
    connection, said = connect()
    assert said == {"step": "place", "problem": False}
    assert openid.sign_ins == before + 1
    what = odoo.do("microsoft", connection)
    assert (what["account"], what["authentication"]) == (ANNA, "oauth")
    assert what["said"] == (
        f"Reading works: {SUPPORT} was opened, and has 3 folders.\nThe connection works:"
        f" localhost lets “{SUPPORT}” send as {SUPPORT}."
    )
    scanner = to_the_end(odoo, connection)
    made = odoo.do("set_up", connection)
    assert (made["from_state"], made["proof"], made["scanner_state"]) == (
        "verified",
        "mailbox",
        "on",
    )
    assert (made["answers_via"], made["filtered"]) == (SUPPORT, True)
    ticket = a_ticket(odoo, mailboxes, scanner)
    odoo.do("answer", ticket, "Turn it off and on.")
    odoo.do("send_queue")
    [sent] = smtp.wait_for(1)
    assert (sent.recipients, sent.encrypted) == ((ANN,), True)
    assert SUPPORT in sent.message["From"]
    # a token that the servers do not take any more, though it should be good
    openid.clock_skew = 2 * openid.token_seconds
    refreshes = openid.refreshes
    try:
        a_ticket(odoo, mailboxes, scanner)
    finally:
        openid.clock_skew = 0
    assert openid.refreshes == refreshes + 1
    # consent is revoked: nobody is asked any more, answers wait
    openid.revoke(ANNA)
    odoo.do("token_or_error", what["account_id"], renew=True)
    asked = openid.refreshes
    for _time in range(2):
        assert "sign in again" in odoo.do("visit", scanner).lower()
    odoo.do("answer", ticket, "Is it on now?")
    odoo.do("send_queue")
    assert odoo.do("waiting") == [1]
    assert not smtp.take()
    assert openid.refreshes == asked
    assert odoo.do("microsoft", connection)["scanner_problem"]


def test_after_a_sign_in_everything_catches_up(odoo, openid, browser, mailboxes, smtp, can_share):
    account = odoo.do("account_of", ANNA)
    if odoo.do("account", account)["state"] != "problem":
        pytest.fail("The test before has left the account as it should not")
    url = odoo.do("sign_in_url", account, "/odoo")
    _status, _text, to = browser.get(url)
    assert browser.get(openid.browse(to, ANNA))[2] == "/odoo"
    odoo.do("send_queue")
    [sent] = smtp.wait_for(1)
    assert "Is it on now?" in sent.message.get_body(("plain",)).get_content()
    assert odoo.do("waiting") == []


def test_where_smtp_is_off_mail_leaves_through_graph(
    odoo, openid, browser, mailboxes, smtp, graph, connect
):
    smtp.refuse("AUTH", REFUSALS["microsoft: off for the mailbox"])
    try:
        connection, said = connect(ANNA, microsoft_mailbox=ANNA)
        assert said["step"] == "connect"
        assert said["problem"] == (
            f"Reading works: {ANNA} was opened, and has 3 folders.\n\nSending by SMTP is switched"
            f" off for the mailbox “{ANNA}”. An administrator can switch it on: Microsoft 365 admin"
            " center › Users › Active users › the user › Mail › Manage email apps › Authenticated"
            " SMTP (https://aka.ms/smtp_auth_disabled). Or send through Microsoft Graph, which does"
            " not need it."
        )
        assert odoo.do("microsoft", connection)["smtp_is_off"]
        said = odoo.do("microsoft_graph", connection, graph.base)
        if said["url"]:
            go(openid, browser, said["url"], ANNA, connection)
            said = odoo.do("microsoft_graph", connection, graph.base)
        assert said == {"url": "", "step": "place", "problem": False}
        assert odoo.do("microsoft", connection)["send_by"] == "graph"
        scanner = to_the_end(odoo, connection)
        ticket = a_ticket(odoo, mailboxes, scanner, ANNA)
        odoo.do("answer", ticket, "Turn it off and on.")
        odoo.do("send_queue")
        [sent] = graph.take()
        assert (sent.sender, sent.recipients) == (ANNA, (ANN,))
        assert ANNA in sent.message["From"]
        assert not smtp.take()
        graph.slow_down(seconds=1200)
        odoo.do("answer", ticket, "And now?")
        odoo.do("send_queue")
        assert odoo.do("waiting") == [1], "it waits, as Graph asks"
    finally:
        smtp.behave()


def test_no_secret_is_in_a_log_or_in_the_database(database, openid, odoo):
    """After all of the above."""
    secrets = {secret.encode() for secret in openid.secrets}
    assert secrets
    for log in database.folder.glob("*.log"):
        text = log.read_bytes()
        assert not [secret for secret in secrets if secret in text], log.name
    for table, text in database.texts():
        assert not [secret for secret in secrets if secret in text], table
