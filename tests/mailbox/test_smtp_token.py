"""Logging in to send with an access token, against a real SMTP server."""

import dataclasses
import logging
import smtplib
import ssl
import traceback

import pytest
from servers.hostile import Hostile
from servers.smtp import REFUSALS, Smtp

from mailflow import errors, sasl
from mailflow.smtp import SmtpSettings, check, log_in_with_token

TOKEN = "opaque-token-of-anna-0123456789"
ANNA, SUPPORT, SALES = "anna@example.com", "support@example.com", "sales@example.com"
TOKENS = {TOKEN: ANNA, TOKEN * 80: ANNA}


def settings(server, **values):
    """Anna's way to the server."""
    return SmtpSettings(
        **{
            "host": server.host,
            "port": server.port,
            "encryption": server.encryption,
            "sender": ANNA,
            "user": ANNA,
            "token": TOKEN,
            "ca_file": server.ca_file,
            "timeout": 10,
            **values,
        }
    )


def refused(server, **values):
    """The error when one tries."""
    with pytest.raises(errors.MailboxError) as caught:
        check(settings(server, **values))
    return caught.value


@pytest.fixture(scope="module")
def smtp():
    """A server that knows tokens and passwords; whatever it was told is forgotten each time."""
    with Smtp(
        users={ANNA: "secret"},
        encryption="starttls",
        tokens=TOKENS,
        shared={SUPPORT: {ANNA}},
        may_send_as={ANNA: {ANNA}, SUPPORT: {SUPPORT}},
    ) as server:
        yield server


@pytest.mark.parametrize("mechanism", sasl.MECHANISMS)
@pytest.mark.parametrize("encryption", ["tls", "starttls"])
@pytest.mark.parametrize("token", list(TOKENS), ids=["short", "long"])
def test_a_token_logs_in(monkeypatch, mechanism, encryption, token):
    monkeypatch.setattr(sasl, "MECHANISMS", (mechanism,))
    with Smtp(encryption=encryption, tokens=TOKENS, may_send_as={ANNA: {ANNA}}) as server:
        assert check(settings(server, token=token)).logged_in


def test_the_token_of_a_person_sends_as_the_shared_mailbox(smtp):
    assert check(settings(smtp, user=SUPPORT, sender=SUPPORT)).logged_in


def test_a_mailbox_without_rights(smtp):
    error = refused(smtp, user=SALES, sender=SALES, account=ANNA)
    assert type(error) is errors.MailboxNotAllowed
    assert error.values == {"host": "localhost", "user": SALES, "account": ANNA}


@pytest.mark.parametrize("mechanism", sasl.MECHANISMS)
@pytest.mark.parametrize("account", ["", ANNA])
def test_a_token_that_is_not_good(monkeypatch, smtp, account, mechanism):
    monkeypatch.setattr(sasl, "MECHANISMS", (mechanism,))
    error = refused(smtp, user=SUPPORT, token="gone-0123456789", account=account)
    assert type(error) is errors.TokenRefused
    # the server's challenge was answered as it has to be: else it would speak of a malformed one
    assert error.values["answer"].startswith("5.7.3 Authentication unsuccessful")


def test_a_sender_without_rights(smtp):
    error = refused(smtp, sender=SALES)
    assert type(error) is errors.SenderRefused


def test_a_server_that_takes_no_tokens():
    with Smtp(users={ANNA: "secret"}, encryption="tls") as server:
        error = refused(server)
    assert str(error) == (
        "localhost does not offer to log in with OAuth (it offers: LOGIN, PLAIN). Check host name "
        "and port number, or log in with user and password."
    )


@pytest.mark.parametrize("values", [{"encryption": "none"}, {"verify": False}])
def test_a_token_stays_here_unless_the_connection_is_safe(values):
    def script(client):
        raise AssertionError(client.line())

    with Hostile(script) as server:
        settings = SmtpSettings(
            **{"encryption": "tls", **values},
            host=server.host,
            port=server.port,
            sender=ANNA,
            user=ANNA,
            token=TOKEN,
        )
        with pytest.raises(errors.TokenNotSent):
            check(settings)


@pytest.mark.parametrize("certificate", ["expired", "self-signed", "wrong host name"])
def test_a_token_stays_here_if_the_certificate_does_not_pass(certificate):
    asked = []
    with Smtp(
        encryption="starttls", tokens=lambda token: asked.append(token), certificate=certificate
    ) as server:
        error = refused(server)
    assert type(error) is errors.CertificateNotTrusted
    assert not asked


def test_a_server_that_repeats_the_token_is_not_repeated(smtp, caplog):
    """Whole, in base64, in part and over several lines: into no error, traceback or log."""
    line = sasl.response(settings(smtp), "XOAUTH2")
    smtp.refuse(
        "CREDENTIALS",
        f"535-5.7.3 what is {line[:40]}\r\n535-5.7.3 {line[40:]}\r\n"
        f"535-5.7.3 {TOKEN[5:20]}... {TOKEN}\r\n535 5.7.3 ?",
    )
    try:
        with caplog.at_level(logging.DEBUG):
            error = refused(smtp)
    finally:
        smtp.behave()
    text = "".join(traceback.format_exception(error)) + repr(error.__dict__) + caplog.text
    for secret in sasl.secret_forms(settings(smtp)):
        for position in range(len(secret) - 8):
            assert secret[position : position + 8] not in text
    assert error.values["answer"] == "5.7.3 what is *** 5.7.3 *** 5.7.3 ***... *** 5.7.3 ?"


def test_no_token_in_what_is_printed(smtp):
    assert TOKEN not in repr(dataclasses.replace(settings(smtp), sender=SUPPORT))


# --- on a connection of smtplib's own


@pytest.fixture
def connection(smtp):
    """As Odoo makes it: encrypted, and the certificate checked."""
    with smtplib.SMTP(smtp.host, smtp.port, timeout=10) as made:
        made.starttls(context=ssl.create_default_context(cafile=smtp.ca_file))
        made.ehlo()
        yield made


def test_another_connection_logs_in_and_sends(smtp, connection):
    log_in_with_token(connection, settings(smtp))
    connection.sendmail(ANNA, ["customer@customer.example"], "Subject: x\r\n\r\nx")
    [mail] = smtp.wait_for(1)
    assert mail.user == ANNA


def test_another_connection_with_a_token_that_is_not_good(smtp, connection):
    with pytest.raises(errors.TokenRefused):
        log_in_with_token(connection, settings(smtp, token="gone-0123456789"))
    log_in_with_token(connection, settings(smtp))  # it can be tried again with a new one


def test_another_connection_when_smtp_is_switched_off(smtp, connection):
    smtp.refuse("CREDENTIALS", REFUSALS["microsoft: off for the mailbox"])
    try:
        with pytest.raises(errors.SmtpAuthOff) as caught:
            log_in_with_token(connection, settings(smtp))
    finally:
        smtp.behave()
    assert caught.value.code == "smtp_auth_off_mailbox"


def test_another_connection_when_the_server_is_busy(smtp, connection):
    smtp.refuse("CREDENTIALS", "454 4.7.0 Temporary authentication failure")
    try:
        with pytest.raises(errors.LoginRefused) as caught:
            log_in_with_token(connection, settings(smtp))
    finally:
        smtp.behave()
    assert caught.value.temporary
    assert type(caught.value) is errors.LoginRefused


def test_another_connection_that_prints_what_it_sends_prints_no_token(smtp, connection, capfd):
    connection.set_debuglevel(1)
    log_in_with_token(connection, settings(smtp))
    connection.noop()
    printed = capfd.readouterr().err
    assert "noop" in printed
    for secret in sasl.secret_forms(settings(smtp)):
        assert secret not in printed


def test_another_connection_that_is_not_safe(smtp):
    asked = []
    with (
        Smtp(encryption="none", tokens=lambda token: asked.append(token)) as plain,
        smtplib.SMTP(plain.host, plain.port, timeout=10) as made,
    ):
        made.ehlo()
        with pytest.raises(errors.TokenNotSent) as caught:
            log_in_with_token(made, settings(plain, encryption="starttls"))
    assert caught.value.code == "token_not_sent"
    with smtplib.SMTP(smtp.host, smtp.port, timeout=10) as made:
        made.starttls(context=ssl._create_unverified_context())
        made.ehlo()
        with pytest.raises(errors.TokenNotSent) as caught:
            log_in_with_token(made, settings(smtp))
    assert caught.value.code == "token_not_sent_unchecked"
    assert not asked
