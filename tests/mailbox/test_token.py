"""Logging in with an access token, against a real Dovecot that asks an authority about it."""

import base64
import dataclasses
import json
import logging
import traceback

import pytest
from servers.hostile import Hostile

from mailflow import errors, sasl
from mailflow.mailbox import MailServer, connect

TOKEN = "opaque-token-of-anna-0123456789"
ANNA, SUPPORT, SALES = "anna@example.com", "support@example.com", "sales@example.com"


def jwt(**claims):
    """A token that says something about itself; nobody checks its signature here."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + ".x"


@pytest.fixture(scope="module")
def dovecot(dovecot_with_tokens):
    return dovecot_with_tokens(
        users=(ANNA, SUPPORT, SALES), tokens={TOKEN: ANNA}, shared={SUPPORT: (ANNA,)}
    )


@pytest.fixture(scope="module")
def bad_dovecots(dovecot_with_tokens):
    """A Dovecot that takes the token, with a certificate that does not pass."""
    started = {}

    def start(certificate):
        if certificate not in started:
            started[certificate] = dovecot_with_tokens(
                users=(ANNA,), tokens={TOKEN: ANNA}, certificate=certificate
            )
        return started[certificate]

    return start


@pytest.fixture(params=["imap", "pop"])
def server(request, dovecot):
    """Anna's own mailbox, to be opened with her token."""
    port = dovecot.imaps_port if request.param == "imap" else dovecot.pops_port
    return MailServer(
        request.param,
        dovecot.host,
        port,
        "tls",
        ANNA,
        token=TOKEN,
        timeout=10,
        ca_file=dovecot.ca_file,
    )


def refused(server):
    """The error when one tries to log in."""
    with pytest.raises(errors.MailboxError) as caught:
        connect(server).close()
    return caught.value


# --- what works


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
@pytest.mark.parametrize("mechanism", sasl.MECHANISMS)
@pytest.mark.parametrize("token", [TOKEN, "a-long-token-" + "0123456789" * 300])
def test_a_token_opens_the_mailbox(dovecot, server, encryption, mechanism, token, monkeypatch):
    monkeypatch.setattr(sasl, "MECHANISMS", (mechanism,))
    dovecot.tokens[token] = ANNA
    if encryption == "starttls":
        port = dovecot.imap_port if server.protocol == "imap" else dovecot.pop_port
        server = dataclasses.replace(server, encryption=encryption, port=port)
    with connect(dataclasses.replace(server, token=token)) as mailbox:
        mailbox.select("INBOX")
    assert f"method={mechanism}" in dovecot.log()


def test_the_token_of_a_person_opens_a_shared_mailbox(dovecot, server):
    if not dovecot.can_share:
        pytest.skip("Dovecot 2.4 shares no mailboxes by token")
    dovecot.deliver(b"Subject: shared\n\nx\n", SUPPORT)
    with connect(dataclasses.replace(server, user=SUPPORT)) as mailbox:
        mailbox.select("INBOX")
        assert mailbox.find()


# --- what does not


@pytest.mark.parametrize("account", ["", ANNA])
def test_a_mailbox_without_rights(dovecot, server, account):
    token = TOKEN if account else jwt(upn=ANNA)
    dovecot.tokens[token] = ANNA
    error = refused(dataclasses.replace(server, user=SALES, token=token, account=account))
    assert type(error) is errors.MailboxNotAllowed
    assert not error.temporary
    assert str(error) == (
        "The account “anna@example.com” has no rights on the mailbox “sales@example.com” on "
        "localhost, or there is no such mailbox. Give the account full access to it (Exchange "
        "admin center › Mailboxes › Delegation; it takes up to an hour to work), or choose "
        "another account."
    )


@pytest.mark.parametrize("mechanism", sasl.MECHANISMS)
@pytest.mark.parametrize("user", [ANNA, SALES])
def test_a_token_that_is_not_good(monkeypatch, server, user, mechanism):
    monkeypatch.setattr(sasl, "MECHANISMS", (mechanism,))
    error = refused(dataclasses.replace(server, user=user, token="gone-0123456789", account=ANNA))
    assert type(error) is errors.TokenRefused
    assert not error.temporary
    answer = error.values["answer"]
    assert str(error) == (
        f"localhost did not accept the sign-in for the mailbox “{user}” and said “{answer}”. "
        "Check the name of the mailbox, and that it may be used with other mail programs; if both "
        "are right, sign in again."
    )


def test_an_app_that_nobody_has_let_in(server):
    error = refused(dataclasses.replace(server, token=jwt(idtyp="app", roles=["IMAP.AccessAsApp"])))
    assert (type(error), error.code) == (errors.TokenRefused, "token_refused_app")
    assert str(error).endswith(
        "Check the name of the mailbox, and that an administrator of Exchange has registered the "
        "app (New-ServicePrincipal) and given it rights on this mailbox (Add-MailboxPermission)."
    )


def test_a_server_that_takes_no_tokens(dovecot_with, server):
    other = dovecot_with()
    port = other.imaps_port if server.protocol == "imap" else other.pops_port
    error = refused(dataclasses.replace(server, port=port, ca_file=other.ca_file))
    assert (type(error), error.code) == (errors.LoginNotOffered, "login_not_offered_token")
    assert str(error) == (
        "localhost does not offer to log in with OAuth (it offers: LOGIN, PLAIN). Check host name "
        "and port number, or log in with user and password."
    )


# --- where a token may go


def listener():
    """A server that no token may be sent to: it would fail the test."""

    def script(client):
        raise AssertionError(client.line())

    return Hostile(script)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"encryption": "none"},
            "A sign-in by OAuth is sent only over an encrypted connection. Choose SSL/TLS or "
            "STARTTLS for 127.0.0.1.",
        ),
        (
            {"verify": False},
            "A sign-in by OAuth is sent only to a mail server whose certificate is checked. "
            "Switch the check on for 127.0.0.1.",
        ),
    ],
)
def test_a_token_stays_here_unless_the_connection_is_safe(server, values, sentence):
    with listener() as other:
        error = refused(dataclasses.replace(server, host=other.host, port=other.port, **values))
    assert type(error) is errors.TokenNotSent
    assert str(error) == sentence


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("expired", "expired"),
        ("self-signed", "self-signed"),
        ("wrong host name", "wrong host name"),
        ("unknown authority", "unknown authority"),
    ],
)
def test_a_token_stays_here_if_the_certificate_does_not_pass(
    server, bad_dovecots, certificate, reason, encryption
):
    other = bad_dovecots(certificate)
    ports = {
        ("imap", "tls"): other.imaps_port,
        ("imap", "starttls"): other.imap_port,
        ("pop", "tls"): other.pops_port,
        ("pop", "starttls"): other.pop_port,
    }
    error = refused(
        dataclasses.replace(
            server,
            encryption=encryption,
            port=ports[server.protocol, encryption],
            ca_file=other.ca_file,
        )
    )
    assert type(error) is errors.CertificateNotTrusted
    assert error.values["reason"] == reason
    assert not other.introspections


def test_a_server_that_says_it_needs_no_encryption_gets_no_token(server):
    """Somebody in between may take STARTTLS out of what the server offers."""
    said = []

    def script(client):
        client.send(
            b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\r\n"
            if server.protocol == "imap"
            else b"+OK ready\r\n"
        )
        while True:
            said.append(client.line())
            if server.protocol == "pop":
                client.send(b"-ERR no\r\n")
            elif b"CAPABILITY" in said[-1]:
                client.send(b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\n")
                client.ok()
            else:
                client.ok()

    with Hostile(script) as other:
        error = refused(
            dataclasses.replace(server, host=other.host, port=other.port, encryption="starttls")
        )
    assert type(error) is errors.EncryptionNotOffered
    assert not any(b"AUTH" in line for line in said)


@pytest.mark.parametrize("character", ["\0", "\1", "\r\n", "\udc80", "ä"])
def test_a_token_that_cannot_travel(server, character):
    error = refused(dataclasses.replace(server, token=TOKEN + character))
    assert isinstance(error, errors.LoginRefused)
    assert TOKEN not in whole(error)


# --- secrets


def whole(error):
    """All that could get into a log: the traceback with its causes."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__dict__)


def test_no_token_in_what_is_printed(server):
    assert TOKEN not in repr(server)
    assert TOKEN not in repr(dataclasses.replace(server, user=SALES))


def test_no_token_in_the_log(server, caplog):
    with caplog.at_level(logging.DEBUG):
        connect(server).close()
        refused(dataclasses.replace(server, user=SALES))
    for secret in sasl.secret_forms(server):
        assert secret not in caplog.text


@pytest.mark.parametrize("protocol", ["imap", "pop"])
def test_a_server_that_repeats_the_token_is_not_repeated(protocol, caplog, monkeypatch):
    """Whole, in base64, in part and over several lines; for once on a connection that the test can
    speak on."""
    monkeypatch.setattr(sasl, "check_safe", lambda server: None)
    monkeypatch.setattr("mailflow.wire.check_safe", lambda server: None)
    server = MailServer(protocol, "127.0.0.1", 1, "none", ANNA, token=TOKEN, timeout=5)
    line = sasl.response(server, "XOAUTH2")

    def imap(client):
        client.send(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\r\n")
        while b"AUTHENTICATE" not in client.line():
            client.ok()
        client.send(
            client.tag + f" BAD what is {line[:50]} {line[50:]} {TOKEN[3:20]}...\r\n".encode()
        )

    def pop(client):
        client.send(b"+OK ready\r\n")
        client.line()
        client.send(b"+OK\r\nSASL XOAUTH2\r\n.\r\n")
        client.line()
        client.send(b"+\r\n")
        client.line()
        client.send(f"-ERR what is {line[:50]} {line[50:]} {TOKEN[3:20]}...\r\n".encode())

    with Hostile(imap if protocol == "imap" else pop) as other, caplog.at_level(logging.DEBUG):
        error = refused(dataclasses.replace(server, port=other.port))
    assert type(error) is errors.TokenRefused
    assert error.values["answer"] == "what is *** *** ***..."
    text = whole(error) + caplog.text
    for secret in sasl.secret_forms(server):
        for position in range(len(secret) - 8):
            assert secret[position : position + 8] not in text


def test_a_server_that_asks_for_ever_is_not_answered_for_ever(monkeypatch):
    monkeypatch.setattr("mailflow.wire.check_safe", lambda server: None)

    def script(client):
        client.send(b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] ready\r\n")
        while True:
            if b"CAPABILITY" in client.line():
                client.send(b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n")
                client.ok()
            else:
                client.send(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")

    with Hostile(script) as other:
        server = MailServer("imap", other.host, other.port, "none", ANNA, token=TOKEN, timeout=5)
        error = refused(server)
    assert type(error) is errors.UnexpectedAnswer
    assert TOKEN not in whole(error)
