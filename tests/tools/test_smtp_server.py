"""The SMTP server of the tests, as smtplib sees it."""

import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers.certificates import Authority
from servers.dovecot import Dovecot, DovecotMissing
from servers.smtp import Smtp

MAIL = b"From: a@example.com\r\nTo: b@customer.example\r\nSubject: Dots\r\n\r\n.one\r\n..two\r\n"


def connect(server, check=True, timeout=10):
    context = ssl.create_default_context(cafile=server.ca_file)
    if not check:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if server.encryption == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=context)
    client = smtplib.SMTP(server.host, server.port, timeout=timeout)
    if server.encryption == "starttls":
        client.starttls(context=context)
    return client


def send(server, user=None, sender="a@example.com", recipients=("b@customer.example",)):
    with connect(server) as client:
        if user:
            client.login(user, server.users[user])
        return client.sendmail(sender, recipients, MAIL)


@pytest.mark.parametrize("encryption", ["none", "starttls", "tls"])
def test_a_mail_arrives_byte_for_byte_over_every_kind_of_connection(encryption):
    with Smtp(users={"anna": "secret"}, encryption=encryption) as server:
        send(server, "anna", recipients=["b@customer.example", "c@customer.example"])
        [mail] = server.wait_for(1)
        assert mail.raw == MAIL
        assert mail.sender == "a@example.com"
        assert mail.recipients == ("b@customer.example", "c@customer.example")
        assert (mail.user, mail.encrypted) == ("anna", encryption != "none")
        assert mail.message["Subject"] == "Dots"
        assert server.take() == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_wrong_password_is_refused_and_so_is_mail_without_log_in(mechanism):
    with Smtp(users={"anna": "secret"}, mechanisms=[mechanism]) as server:
        with connect(server) as client:
            client.ehlo()
            assert client.esmtp_features["auth"].split() == [mechanism]
            assert client.mail("a@example.com")[0] == 530
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("anna", "guess")
        send(server, "anna")
        assert len(server.wait_for(1)) == 1


def test_log_in_is_offered_only_where_it_is_possible():
    with Smtp() as server, connect(server) as client:
        client.ehlo()
        assert not client.has_extn("auth")
    server = Smtp(users={"anna": "secret"}, encryption="starttls")
    with server, smtplib.SMTP(server.host, server.port) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.has_extn("starttls")


@pytest.mark.parametrize(
    "certificate", ["expired", "self-signed", "wrong host name", "unknown authority"]
)
@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_bad_certificate_does_not_pass(encryption, certificate):
    with Smtp(encryption=encryption, certificate=certificate) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(server)
        with connect(server, check=False) as client:
            assert client.noop()[0] == 250


def test_servers_may_share_an_authority(tmp_path):
    authority = Authority(tmp_path)
    one = Smtp(encryption="tls", authority=authority)
    with one, Smtp(encryption="starttls", authority=authority) as other:
        for server in (one, other, one):
            send(server)
        assert (len(one.arrived), len(other.arrived)) == (2, 1)


def test_it_refuses_what_it_is_told_to():
    with Smtp() as server:
        server.refuse("RCPT", "550 5.1.1 no such user", "gone@customer.example")
        refused = send(server, recipients=["b@customer.example", "Gone@customer.example"])
        assert refused == {"Gone@customer.example": (550, b"5.1.1 no such user")}
        assert server.wait_for(1)[0].recipients == ("b@customer.example",)
        server.refuse("MAIL", "451 4.3.0 later")
        with pytest.raises(smtplib.SMTPSenderRefused) as caught:
            send(server)
        assert caught.value.smtp_code == 451
        server.behave()
        server.refuse("CONNECT", "421 4.7.0 too many connections")
        with pytest.raises(smtplib.SMTPConnectError):
            send(server)
        server.behave()
        server.refuse("DATA", "554 5.6.0 no")
        with pytest.raises(smtplib.SMTPDataError):
            send(server)
        server.behave()
        assert server.take() == []
        send(server)
        assert len(server.wait_for(1)) == 1


def test_a_user_may_send_only_as_who_they_are():
    owned = {"anna": ["a@example.com"]}
    with Smtp(users={"anna": "secret"}, may_send_as=owned) as server:
        send(server, "anna", sender="A@example.com")
        with pytest.raises(smtplib.SMTPSenderRefused) as caught:
            send(server, "anna", sender="boss@example.com")
        assert caught.value.smtp_code == 553


@pytest.mark.parametrize("encryption", ["none", "starttls", "tls"])
def test_it_goes_down_and_comes_back_on_the_same_port(encryption):
    with Smtp(encryption=encryption) as server:
        client = connect(server)
        server.stop()
        with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
            client.docmd("NOOP")
        with pytest.raises(ConnectionRefusedError):
            connect(server)
        server.start()
        send(server)
        assert len(server.wait_for(1)) == 1


def test_it_hangs_or_drops_the_connection_where_it_is_told_to():
    with Smtp() as server:
        server.hang("MAIL")
        impatient = connect(server, timeout=0.3)
        with impatient, pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            impatient.sendmail("a@example.com", ["b@customer.example"], MAIL)
        server.behave()
        server.cut("TAKEN")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(server)
        assert len(server.wait_for(1)) == 1, "taken, though the client does not know"
        server.behave()
        send(server)
        assert len(server.wait_for(1)) == 1


def test_it_holds_a_client_until_it_behaves():
    with Smtp() as server, ThreadPoolExecutor(1) as pool:
        server.hold("DATA")
        sending = pool.submit(send, server)
        server.wait_for_held()
        assert server.take() == []
        server.behave()
        sending.result(10)
        assert len(server.wait_for(1)) == 1


def test_what_arrives_is_delivered_to_the_recipients_mailboxes():
    try:
        dovecot = Dovecot(users={"b@customer.example": "secret", "box": "secret"})
    except DovecotMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    with dovecot, Smtp(dovecot=dovecot, mailboxes={"help@example.com": "box"}) as server:
        send(server, recipients=["b@customer.example", "Help@example.com", "x@other.example"])
        server.wait_for(1)
        assert len(dovecot.flags("b@customer.example")) == 1
        [file] = (dovecot.maildir("box") / "new").iterdir()
        head, _, rest = file.read_bytes().partition(b"From: ")
        assert b"From: " + rest == MAIL.replace(b"\r\n", b"\n")
        assert head.startswith(
            b"Return-Path: <a@example.com>\nDelivered-To: Help@example.com\nReceived: from "
        )
