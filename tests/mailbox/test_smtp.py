"""The check of an SMTP server: against a real one, and against servers that misbehave.

Each error is compared with the sentence that the admin reads.
"""

import dataclasses
import logging
import socket
from types import SimpleNamespace

import pytest
from servers.hostile import Hostile
from servers.smtp import Smtp

from mailflow import errors
from mailflow.smtp import SmtpReport, SmtpSettings, check

SENDER = "support@example.com"
USERS = {"anna": "s3cret-word"}


def settings(server, **values):
    """How to send as :data:`SENDER` through a server of the tests."""
    given = {
        "host": server.host,
        "port": server.port,
        "encryption": getattr(server, "encryption", "none"),
        "sender": SENDER,
        "user": "anna",
        "password": USERS["anna"],
        "timeout": 5.0,
        "ca_file": getattr(server, "ca_file", None),
    }
    return SmtpSettings(**{**given, **values})


def refused(server, **values):
    """The error of a check."""
    with pytest.raises(errors.MailboxError) as caught:
        check(settings(server, **values))
    return caught.value


def told(error, kind, sentence, temporary=False):
    """Compare an error with what it has to be."""
    assert type(error) is kind
    assert str(error) == sentence
    assert error.temporary is temporary
    assert USERS["anna"] not in str(error)


def smtp_script(answers=None, greeting=b"220 hello\r\n", hello=b"250-hello\r\n250 AUTH PLAIN\r\n"):
    """A server that behaves, but for the commands in `answers`: called with the client."""
    special = dict(answers or {})

    def script(client):
        client.send(greeting)
        while True:
            command = client.line().split(b" ")[0].upper()
            if command in special:
                special[command](client)
            elif command in (b"EHLO", b"HELO"):
                client.send(hello)
            else:
                client.send(b"221 bye\r\n" if command == b"QUIT" else b"250 fine\r\n")
                if command == b"QUIT":
                    return

    return script


def says(text):
    """An answer."""
    return lambda client: client.send(text)


# --- it works


@pytest.mark.parametrize("encryption", ["none", "starttls", "tls"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_log_in_over_every_kind_of_connection(encryption, mechanism):
    with Smtp(users=USERS, encryption=encryption, mechanisms=[mechanism]) as server:
        report = check(settings(server))
        assert report == SmtpReport(
            logged_in=True,
            tls="" if encryption == "none" else "TLSv1.3",
            starttls_offered=False,
            max_megabytes=32.0,
            not_received="",
        )
        assert server.take() == [], "nothing is sent"


def test_the_user_may_have_another_name_than_the_address():
    owned = {"anna": [SENDER, "other@example.com"]}
    with Smtp(users=USERS, may_send_as=owned) as server:
        assert check(settings(server)).logged_in


def test_a_server_in_the_own_network_needs_no_log_in():
    with Smtp() as server:
        assert check(settings(server, user="", password="")).logged_in is False


def test_it_says_that_encryption_would_be_there():
    with Smtp(encryption="starttls") as server:
        report = check(settings(server, encryption="none", user=""))
        assert (report.starttls_offered, report.tls) == (True, "")


def test_without_the_check_any_certificate_will_do():
    with Smtp(users=USERS, encryption="tls", certificate="self-signed") as server:
        assert check(settings(server, verify=False)).tls


def test_an_address_that_gets_no_mail_there_may_still_send():
    with Smtp(users=USERS) as server:
        server.refuse("RCPT", "550 5.1.1 no such user here")
        assert check(settings(server)).not_received == "5.1.1 no such user here"
        server.refuse("RCPT", "450 4.2.0 greylisted, come back later")
        assert check(settings(server)).not_received == ""


def test_a_domain_in_another_script_travels_in_ascii():
    with Smtp(users=USERS, may_send_as={"anna": ["help@xn--mnchen-3ya.example"]}) as server:
        assert check(settings(server, sender="help@münchen.example")).logged_in


def test_a_server_that_is_gone_at_the_end_has_done_its_work():
    def hang_up(client):
        client.close()

    script = smtp_script({b"AUTH": says(b"235 ok\r\n"), b"QUIT": hang_up})
    with Hostile(script) as server:
        assert check(settings(server)).logged_in


def test_old_servers_say_helo():
    script = smtp_script({b"EHLO": says(b"502 what?\r\n")}, hello=b"250 hello\r\n")
    with Hostile(script) as server:
        assert check(settings(server, user="")).max_megabytes is None


# --- no way there


def test_an_unknown_host():
    error = refused(SimpleNamespace(host="smtp.nowhere.invalid", port=587))
    told(
        error,
        errors.NameNotFound,
        "The mail server “smtp.nowhere.invalid” was not found. Check the spelling of its name, "
        "and that this server can look up names in the DNS.",
        temporary=error.temporary,  # without a DNS server nobody knows
    )


def test_nobody_listens():
    with Smtp() as server:
        server.stop()
        told(
            refused(server),
            errors.ConnectionRefused,
            f"localhost does not accept connections on port {server.port}. Check the port "
            "number, and that the mail server is running.",
            temporary=True,
        )


def test_an_address_that_swallows_packets():
    # a full backlog: the kernel drops further connection attempts
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = []
        for _number in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            waiting.append(client)
        error = refused(SimpleNamespace(host="127.0.0.1", port=port), timeout=0.5)
        told(
            error,
            errors.ConnectionTimedOut,
            f"127.0.0.1 did not answer on port {port} within 0.5 seconds. Check host name and "
            "port number, and that no firewall is in the way.",
            temporary=True,
        )
        for client in waiting:
            client.close()


def test_port_25_is_often_blocked(monkeypatch):
    def swallow(_self, _address):
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", swallow)
    told(
        refused(SimpleNamespace(host="127.0.0.1", port=25)),
        errors.ConnectionTimedOut,
        "127.0.0.1 did not answer on port 25 within 5 seconds. Many networks block port 25: use "
        "port 587 with STARTTLS or port 465 with SSL/TLS.",
        temporary=True,
    )


def test_too_many_connections():
    with Smtp(users=USERS) as server:
        server.refuse("CONNECT", "421 4.7.0 Too many connections")
        sentence = (
            "localhost has too many connections or too much to do at the moment and said “4.7.0 "
            "Too many connections”. Try again in a few minutes; if it stays like this, ask the "
            "operator of the mail server."
        )
        told(refused(server), errors.ConnectionRefused, sentence, temporary=True)
        server.behave()
        for place in ("EHLO", "AUTH", "MAIL", "RCPT"):
            server.refuse(place, "421 4.7.0 Too many connections")
            told(refused(server), errors.ConnectionRefused, sentence, temporary=True)
            server.behave()


def test_we_are_not_welcome():
    with Smtp(users=USERS) as server:
        server.refuse("CONNECT", "554 5.7.1 You are on a block list")
        told(
            refused(server),
            errors.ConnectionRefused,
            "localhost does not take mail from this server and said “5.7.1 You are on a block "
            "list”. Ask the operator of the mail server why.",
        )


@pytest.mark.parametrize("place", ["EHLO", "AUTH", "MAIL", "RCPT"])
def test_a_server_that_hangs(place):
    doing = {"EHLO": "saying hello", "AUTH": "logging in"}.get(place, "asking about the sender")
    with Smtp(users=USERS) as server:
        server.hang(place)
        told(
            refused(server, timeout=0.3),
            errors.ConnectionTimedOut,
            f"localhost stopped answering while {doing}; we waited 0.3 seconds. If this happens "
            "again, ask the operator of the mail server.",
            temporary=True,
        )


def test_a_server_that_hangs_up():
    with Smtp(users=USERS) as server:
        server.cut("MAIL")
        told(
            refused(server),
            errors.ConnectionLost,
            "localhost closed the connection while asking about the sender. If this happens "
            "again, ask the operator of the mail server.",
            temporary=True,
        )


# --- the wrong port


def test_tls_spoken_to_a_plain_port():
    for encryption in ("none", "starttls"):
        with Smtp(users=USERS, encryption=encryption) as server:
            told(
                refused(server, encryption="tls"),
                errors.EncryptionNotOffered,
                f"localhost does not speak TLS on port {server.port}: does this port expect "
                "encryption? Choose STARTTLS, or the port for SSL/TLS (usually 465).",
            )


@pytest.mark.parametrize("encryption", ["none", "starttls"])
def test_plain_words_to_a_tls_port(encryption):
    with Smtp(users=USERS, encryption="tls") as server:
        told(
            refused(server, encryption=encryption, timeout=0.3),
            errors.ConnectionTimedOut,
            f"localhost accepted the connection on port {server.port} but said nothing within "
            "0.3 seconds. Does this port expect encryption? Then choose SSL/TLS.",
            temporary=True,
        )


def test_the_port_of_the_mailbox():
    with Hostile(lambda client: client.send(b"* OK IMAP4rev1 ready\r\n")) as server:
        told(
            refused(server),
            errors.UnexpectedAnswer,
            "127.0.0.1 answered something that is not SMTP while waiting for the greeting: “* OK "
            "IMAP4rev1 ready”. Check that the port is the right one for SMTP.",
        )


@pytest.mark.parametrize("babble", [b"", b"\r\n", b"25", b"250-x\r\n" * 2000, b"999 x\r\n"])
def test_answers_that_are_none(babble):
    with Hostile(smtp_script({b"MAIL": lambda c: (c.send(babble), c.close())})) as server:
        error = refused(server, user="")
        assert isinstance(error, (errors.UnexpectedAnswer, errors.ConnectionLost))


# --- encryption


def test_starttls_is_not_offered():
    with Smtp(users=USERS) as server:
        told(
            refused(server, encryption="starttls"),
            errors.EncryptionNotOffered,
            f"localhost does not offer STARTTLS on port {server.port}. Choose SSL/TLS with its "
            "own port (usually 465), or no encryption if the mail server is in your own network.",
        )


def test_starttls_does_not_work():
    with Smtp(users=USERS, encryption="starttls") as server:
        server.refuse("STARTTLS", "454 4.7.0 TLS not available due to local problem")
        told(
            refused(server),
            errors.EncryptionNotOffered,
            f"localhost and we could not agree on an encryption on port {server.port} (4.7.0 TLS "
            "not available due to local problem). The mail server may be too old; ask its "
            "operator.",
        )


CERTIFICATES = {
    "expired": "(expired): its time is over. The operator of the mail server has to renew it.",
    "self-signed": "(self-signed): no authority vouches for it. Ask the operator of the mail "
    "server for its certificate and name it as trusted, or for one by a public authority.",
    "unknown authority": "(unknown authority): the authority that issued it is not among the "
    "trusted ones, or the mail server does not send the certificates in between.",
    "wrong host name": "(wrong host name): it is for mail.example.com. Use a name that is in the "
    "certificate.",
}


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
@pytest.mark.parametrize("certificate", sorted(CERTIFICATES))
def test_a_certificate_that_does_not_pass(encryption, certificate):
    with Smtp(users=USERS, encryption=encryption, certificate=certificate) as server:
        told(
            refused(server),
            errors.CertificateNotTrusted,
            f"The certificate of localhost is not trusted {CERTIFICATES[certificate]}",
        )


def test_words_before_the_encryption_do_not_count():
    script = smtp_script(
        {b"STARTTLS": says(b"220 go\r\n250 injected\r\n")},
        hello=b"250-hello\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
    )
    with Hostile(script) as server:
        error = refused(server, encryption="starttls")
        assert type(error) is errors.UnexpectedAnswer
        assert "data before the encryption began" in str(error)


# --- log-in


@pytest.mark.parametrize("mechanisms", [["PLAIN"], ["LOGIN"], ["PLAIN", "LOGIN"]])
def test_a_wrong_password(mechanisms):
    with Smtp(users={"anna": "other"}, mechanisms=mechanisms) as server:
        told(
            refused(server),
            errors.LoginRefused,
            "localhost refused to log in “anna” and said “5.7.8 Authentication credentials "
            "invalid”. Check user and password; some providers want an app password here, or "
            "have to be told to allow this protocol.",
        )


def test_a_server_that_hangs_up_after_a_wrong_password():
    def refuse_once(client):
        client.send(b"535 5.7.8 wrong\r\n")
        client.close()

    script = smtp_script({b"AUTH": refuse_once}, hello=b"250-hello\r\n250 AUTH PLAIN LOGIN\r\n")
    with Hostile(script) as server:
        told(
            refused(server),
            errors.LoginRefused,
            "127.0.0.1 refused to log in “anna” and said “5.7.8 wrong”. Check user and password; "
            "some providers want an app password here, or have to be told to allow this protocol.",
        )


def test_no_log_in_at_the_moment():
    with Smtp(users=USERS) as server:
        server.refuse("AUTH", "454 4.7.0 Temporary authentication failure")
        told(
            refused(server),
            errors.LoginRefused,
            "localhost cannot log in “anna” at the moment and said “4.7.0 Temporary "
            "authentication failure”. Try again in a few minutes.",
            temporary=True,
        )


def test_a_log_in_is_needed():
    with Smtp(users=USERS) as server:
        told(
            refused(server, user="", password=""),
            errors.LoginRefused,
            "localhost takes mail only from users who log in, and said “5.7.0 Authentication "
            "required”. Fill in user and password.",
        )


def test_log_in_is_offered_only_with_encryption():
    with Smtp(users=USERS, encryption="starttls") as server:
        sentence = (
            "localhost does not accept a password over an unencrypted connection. Choose "
            "STARTTLS or SSL/TLS."
        )
        told(refused(server, encryption="none"), errors.LoginNotOffered, sentence)
    for answer in (b"538 5.7.11 Encryption required\r\n", b"530 5.7.0 STARTTLS first\r\n"):
        with Hostile(smtp_script({b"AUTH": says(answer)})) as server:
            error = refused(server)
            told(error, errors.LoginNotOffered, sentence.replace("localhost", "127.0.0.1"))


def test_no_log_in_is_offered():
    with Smtp() as server:
        told(
            refused(server),
            errors.LoginNotOffered,
            f"localhost does not offer to log in on port {server.port}. Use its port for sending "
            "(usually 587 with STARTTLS or 465 with SSL/TLS), or leave the user empty if it "
            "takes mail without a log-in.",
        )


def test_log_in_is_offered_only_by_oauth():
    with Smtp(capabilities=["AUTH XOAUTH2"]) as server:
        told(
            refused(server),
            errors.LoginNotOffered,
            "localhost does not offer to log in with user and password (it offers: XOAUTH2). It "
            "may want OAuth.",
        )


@pytest.mark.parametrize("password", ["pässword", "nul\0"])
def test_a_password_that_cannot_travel(password):
    with Smtp(users=USERS) as server:
        error = refused(server, password=password)
        told(
            error,
            errors.LoginRefused,
            "User or password have characters that cannot be sent to localhost. Choose a "
            "password of letters without accents, digits and common signs.",
        )


@pytest.mark.parametrize("mechanisms", [["PLAIN"], ["LOGIN"]])
def test_a_server_that_quotes_the_password_is_not_quoted(mechanisms, caplog):
    caplog.set_level(logging.DEBUG)

    def quoting(client):
        client.send(b"535 no: %b\r\n" % USERS["anna"].encode())

    offered = " ".join(mechanisms).encode()
    script = smtp_script({b"AUTH": quoting}, hello=b"250-hello\r\n250 AUTH " + offered + b"\r\n")
    with Hostile(script) as server:
        error = refused(server)
        assert "***" in str(error)
        assert USERS["anna"] not in str(error) + caplog.text
        assert USERS["anna"] not in repr(settings(server))


# --- the sender


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("MAIL", "550 5.7.1 Not yours"),
        ("MAIL", "553 Not yours"),
        ("RCPT", "553 5.7.1 Sender address rejected: not owned by user anna"),
        ("RCPT", "550 5.1.8 No such sender domain"),
        ("RCPT", "550 Sender verify failed"),
    ],
)
def test_the_user_may_not_send_as_the_address(place, answer):
    words = answer.partition(" ")[2]
    with Smtp(users=USERS) as server:
        server.refuse(place, answer)
        told(
            refused(server),
            errors.SenderRefused,
            f"localhost does not let “anna” send as {SENDER} and said “{words}”. Give this user "
            "the right to send as the address, or log in as the user that it belongs to.",
        )


def test_nobody_may_send_as_the_address_without_log_in():
    with Smtp() as server:
        server.refuse("RCPT", "554 5.7.1 Relay access denied")
        told(
            refused(server, user=""),
            errors.SenderRefused,
            f"localhost does not take mail from {SENDER} and said “5.7.1 Relay access denied”. "
            "Fill in user and password, or ask the operator of the mail server.",
        )


def test_no_mail_from_the_address_at_the_moment():
    with Smtp(users=USERS) as server:
        server.refuse("MAIL", "451 4.3.0 No space")
        told(
            refused(server),
            errors.SenderRefused,
            f"localhost cannot take mail from {SENDER} at the moment and said “4.3.0 No space”. "
            "Try again in a few minutes.",
            temporary=True,
        )


def test_an_address_that_cannot_travel():
    with Smtp(users=USERS) as server:
        told(
            refused(server, sender="größe@example.com"),
            errors.SenderRefused,
            "Mail cannot be sent as größe@example.com: before the @ there may only be letters "
            "without accents, digits and common signs.",
        )


def test_settings_are_checked_and_can_be_changed():
    with Smtp() as server:
        with pytest.raises(ValueError, match="encryption"):
            settings(server, encryption="ssl")
        assert dataclasses.replace(settings(server), port=1).port == 1
