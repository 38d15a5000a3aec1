"""A POP mailbox: against a real Dovecot, and against servers that misbehave."""

import base64
import time
from contextlib import contextmanager
from datetime import datetime, timezone

import pytest
from servers.hostile import Hostile, pop_script

from mailflow import errors
from mailflow.mailbox import Folder, FolderStatus, MailServer, connect

MAIL = b"Subject: %b\r\nFrom: someone@example.org\r\n\r\nHello\r\n"


def mail(subject="Printer"):
    return MAIL % subject.encode()


def hostile(server, timeout=5.0, encryption="none", password="secret"):
    return MailServer(
        "pop", server.host, server.port, encryption, "anna", password, timeout=timeout
    )


@contextmanager
def session(script, **options):
    """A mailbox on a server with this script."""
    with Hostile(script) as server, connect(hostile(server, **options)) as mailbox:
        yield mailbox


def refused(server):
    """The error of connecting."""
    with pytest.raises(errors.MailboxError) as caught:
        connect(server)
    return caught.value


def collect(mailbox, uids):
    """What fetch gave, and the error it ended with."""
    got = []
    with pytest.raises(errors.MailboxError) as caught:
        for message in mailbox.fetch(uids):
            got.append(message)
    return got, caught.value


# --- reading


@pytest.mark.parametrize("encryption", ["none", "starttls", "tls"])
def test_a_mail_is_read_over_every_kind_of_connection(dovecot, pop, user, like, encryption):
    dovecot.deliver(mail(), user)
    port = dovecot.pops_port if encryption == "tls" else dovecot.pop_port
    server = like(pop, encryption=encryption, port=port, ca_file=dovecot.ca_file)
    with connect(server) as mailbox:
        assert mailbox.select("INBOX") == FolderStatus(0, 0, 1)
        [uid] = mailbox.find()
        assert list(mailbox.fetch([uid])) == [(uid, mail())]


def test_there_is_one_folder(pop):
    with connect(pop) as mailbox:
        assert mailbox.folders() == [Folder("INBOX", "", True)]
        assert mailbox.select("INBOX").messages == 0
        assert mailbox.find() == []
        with pytest.raises(errors.FolderMissing) as caught:
            mailbox.select("Sent")
    assert str(caught.value).startswith("There is no folder “Sent” on localhost")


def test_names_of_messages_last_from_session_to_session(dovecot, pop, user):
    dovecot.append(mail("1"), user)
    with connect(pop) as mailbox:
        first = mailbox.find()
    dovecot.append(mail("2"), user)
    with connect(pop) as mailbox:
        both = mailbox.find()
        assert both[:1] == first
        assert dict(mailbox.fetch(both)) == {both[0]: mail("1"), both[1]: mail("2")}


def test_heads_tell_the_size(dovecot, pop, user):
    dovecot.append(mail(), user)
    with connect(pop) as mailbox:
        [uid] = mailbox.find()
        heads = mailbox.heads([uid, "unknown"])
    assert list(heads) == [uid]
    head = heads[uid]
    assert (head.uid, head.size, head.received, head.seen) == (uid, len(mail()), None, False)


def test_dates_come_from_received_then_from_date(dovecot, pop, user):
    received = (
        b"Received: from a by b; Thu, 5 Mar 2026 12:00:00 +0100\r\n"
        b"Received: from c by a; Thu, 5 Mar 2026 01:00:00 +0100\r\n"
    )
    sent = b"Date: Wed, 4 Mar 2026 10:00:00 -0000\r\n"
    for header in (received + sent, sent, b"Date: yesterday\r\n", b""):
        dovecot.append(header + mail(), user)
    with connect(pop) as mailbox:
        uids = mailbox.find()
        dates = mailbox.dates([*uids, "unknown"])
    assert dates == {
        uids[0]: datetime(2026, 3, 5, 11, tzinfo=timezone.utc),
        uids[1]: datetime(2026, 3, 4, 10, tzinfo=timezone.utc),
    }


def test_fetch_start_reads_the_header_and_no_more_bytes_than_asked_for(dovecot, pop, user):
    large = mail() + b"line of text\r\n" * 10_000
    dovecot.append(large, user)
    with connect(pop) as mailbox:
        [uid] = mailbox.find()
        assert mailbox.fetch_start(uid, 7) == b"Subject"
        start = mailbox.fetch_start(uid, 4000)
        assert large.startswith(start)
        assert 1000 < len(start) <= 4000
        with pytest.raises(errors.UnexpectedAnswer) as caught:
            mailbox.fetch_start("unknown", 7)
    assert caught.value.code == "unexpected_answer_gone"


def test_a_message_of_60_megabytes(dovecot, pop, user):
    large = mail() + (b"x" * 998 + b"\r\n") * 60_000
    dovecot.deliver(large, user)
    with connect(pop) as mailbox:
        [uid] = mailbox.find()
        assert dict(mailbox.fetch([uid])) == {uid: large}


@pytest.mark.parametrize(
    "text",
    [
        b".\r\n..\r\n...dots\r\n. \r\n",
        b"long " + b"x" * 3_000_000 + b"\r\n.y" + b"." * 3_000_000 + b"\r\n",
        b"\xff\xfe eight bit\r\n",
        b"\r\n\r\n\r\n",
        b"",
    ],
)
def test_messages_arrive_byte_by_byte_as_they_are(dovecot, pop, user, text):
    dovecot.append(mail() + text, user)
    with connect(pop) as mailbox:
        [uid] = mailbox.find()
        assert dict(mailbox.fetch([uid])) == {uid: mail() + text}


@pytest.mark.parametrize(
    "text", [b"bare\n.\nlinefeed\r\n", b"a\r.\r\r\n", b"x" * (1024 * 1024) + b".\r\n", b"\n.\r\n"]
)
def test_what_only_looks_like_the_end_is_not_the_end(text):
    messages = {b"a": mail() + text, b"b": mail("after")}
    with Hostile(pop_script(messages=messages)) as server, connect(hostile(server)) as mailbox:
        assert dict(mailbox.fetch(["a", "b"])) == {"a": mail() + text, "b": mail("after")}


def test_a_server_that_ends_lines_with_linefeeds_only():
    def retr(client, line):
        client.send(b"+OK\nSubject: x\n\n..dot\n.\n")

    with session(pop_script({b"RETR": retr}, messages={b"a": b"12"})) as mailbox:
        assert dict(mailbox.fetch(["a"])) == {"a": b"Subject: x\n\n.dot\n"}


def test_identical_copies_with_one_name_count_once():
    def uidl(client, line):
        client.send(b"+OK\r\n1 same\r\n2 same\r\n3 other\r\n.\r\n")

    with session(
        pop_script({b"UIDL": uidl}, messages={b"1": b"", b"2": b"", b"3": b""})
    ) as mailbox:
        assert mailbox.find() == ["same", "other"]


# --- logging in


@pytest.mark.parametrize("password", ["pässwörd€", 'quote"back\\slash', "with space", "日本"])
def test_passwords_of_any_characters(dovecot, pop, like, password):
    name = f"pop{base64.b32encode(password.encode()).decode().rstrip('=').lower()}@example.com"
    dovecot.add_user(name, password)
    with connect(like(pop, user=name, password=password)) as mailbox:
        assert mailbox.select("INBOX").messages == 0


def test_a_wrong_password(pop, like, user):
    error = refused(like(pop, password="not this one"))
    assert type(error) is errors.LoginRefused
    assert str(error) == (
        f"localhost refused to log in “{user}” and said “[AUTH] Authentication failed.”. Check "
        "user and password; some providers want an app password here, or have to be told to allow "
        "this protocol."
    )
    assert not error.temporary


def test_a_mailbox_that_another_client_has_locked():
    def pass_(client, line):
        client.send(b"-ERR [IN-USE] Mailbox is locked\r\n")

    with Hostile(pop_script({b"PASS": pass_})) as server:
        error = refused(hostile(server))
    assert type(error) is errors.LoginRefused
    assert error.temporary
    assert "cannot log in “anna” at the moment and said “[IN-USE] Mailbox is locked”" in str(error)


def test_no_password_in_an_error_even_if_the_server_repeats_it():
    def pass_(client, line):
        client.send(b"-ERR what is " + line + b"?\r\n")

    with Hostile(pop_script({b"PASS": pass_})) as server:
        error = refused(hostile(server, password="s3cret"))
    assert "s3cret" not in str(error)
    assert "***" in str(error)


def test_no_password_over_an_unencrypted_connection(dovecot_with):
    server = dovecot_with(ssl="required", plain_text=False)
    pop = MailServer(
        "pop",
        server.remote_host,
        server.pop_port,
        "none",
        "support@example.com",
        "secret",
        timeout=5,
    )
    error = refused(pop)
    assert type(error) is errors.LoginNotOffered
    assert error.code == "login_not_offered_unencrypted"


def test_a_password_cannot_smuggle_commands():
    with Hostile(pop_script(capabilities=b"USER\r\nUIDL\r\n")) as server:
        error = refused(hostile(server, password="x\r\nDELE 1"))
    assert type(error) is errors.LoginRefused


def test_a_server_without_capa_gets_user_and_pass():
    def capa(client, line):
        client.send(b"-ERR unknown command\r\n")

    with Hostile(pop_script({b"CAPA": capa})) as server, connect(hostile(server)) as mailbox:
        assert mailbox.find() == []


def test_a_server_without_lasting_names():
    def uidl(client, line):
        client.send(b"-ERR not implemented\r\n")

    with (
        session(pop_script({b"UIDL": uidl})) as mailbox,
        pytest.raises(errors.UnexpectedAnswer) as caught,
    ):
        mailbox.select("INBOX")
    assert str(caught.value) == (
        "127.0.0.1 gives its messages no lasting names (UIDL), so that new mail cannot be told "
        "from known mail. Use IMAP for this mailbox."
    )


# --- certificates and encryption


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("expired", "(expired): its time is over."),
        ("self-signed", "(self-signed): no authority vouches for it."),
        ("wrong host name", "(wrong host name): it is for mail.example.com."),
        ("unknown authority", "(unknown authority): the authority that issued it is not among"),
    ],
)
@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_bad_certificates(dovecot_with, kind, words, encryption):
    server = dovecot_with(certificate=kind)
    port = server.pops_port if encryption == "tls" else server.pop_port
    pop = MailServer(
        "pop",
        server.host,
        port,
        encryption,
        "support@example.com",
        "secret",
        ca_file=server.ca_file,
        timeout=5,
    )
    error = refused(pop)
    assert type(error) is errors.CertificateNotTrusted
    assert error.values["reason"] == kind
    assert words in str(error)


def test_no_starttls(dovecot_with):
    server = dovecot_with(ssl="no")
    pop = MailServer(
        "pop", server.host, server.pop_port, "starttls", "support@example.com", "secret", timeout=5
    )
    error = refused(pop)
    assert type(error) is errors.EncryptionNotOffered
    assert str(error) == (
        f"localhost does not offer STARTTLS on port {server.pop_port}. Choose SSL/TLS with its own "
        "port (usually 995), or no encryption if the mail server is in your own network."
    )


def test_tls_on_a_plain_port(dovecot, pop, like):
    error = refused(like(pop, encryption="tls"))
    assert type(error) is errors.EncryptionNotOffered
    assert "does this port expect encryption?" in str(error)


def test_no_encryption_on_a_tls_port(dovecot, pop, like):
    error = refused(like(pop, port=dovecot.pops_port, timeout=0.3))
    assert error.code == "connection_timed_out_greeting"


def test_words_before_the_handshake_are_not_believed():
    def stls(client, line):
        client.send(b"+OK go\r\n+OK and more\r\n")

    with Hostile(pop_script({b"STLS": stls})) as server:
        error = refused(hostile(server, encryption="starttls"))
    assert "data before the encryption began" in str(error)


# --- bad days


def test_a_name_that_does_not_exist(pop, like):
    assert type(refused(like(pop, host="no-such-host.invalid"))) is errors.NameNotFound


def test_a_server_that_closes_at_the_greeting():
    with Hostile(lambda client: client.close()) as server:
        error = refused(hostile(server))
    assert type(error) is errors.ConnectionLost


def test_a_server_that_greets_with_an_error():
    with Hostile(pop_script(greeting=b"-ERR too many connections\r\n")) as server:
        error = refused(hostile(server))
    assert type(error) is errors.ConnectionLost
    assert "waiting for the greeting and said “too many connections”" in str(error)


@pytest.mark.parametrize(
    "greeting", [b"* OK IMAP4rev1\r\n", b"HTTP/1.1 400\r\n", b"\xff\0\r\n", b"\r\n", b"+\r\n"]
)
def test_a_server_that_speaks_something_else(greeting):
    with Hostile(pop_script(greeting=greeting)) as server:
        error = refused(hostile(server))
    assert type(error) is errors.UnexpectedAnswer
    assert "answered something that is not POP3 while waiting for the greeting" in str(error)


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_drops_in_the_middle_of_a_message(how):
    def retr(client, line):
        if line.endswith(b" 1"):
            client.send(b"+OK\r\n" + mail() + b".\r\n")
            return
        client.send(b"+OK\r\nSubject: half\r\n")
        getattr(client, how)()

    messages = {b"a": mail(), b"b": mail(), b"c": mail()}
    with session(pop_script({b"RETR": retr}, messages=messages)) as mailbox:
        got, error = collect(mailbox, mailbox.find())
    assert got == [("a", mail())]
    assert type(error) is errors.ConnectionLost
    assert error.values["uid"] == "b"


def test_a_message_that_the_server_cannot_hand_out_does_not_hide_the_others():
    def retr(client, line):
        if line.endswith(b" 2"):
            client.send(b"-ERR [SYS/PERM] cannot read it\r\n")
            return
        client.send(b"+OK\r\n" + mail() + b".\r\n")

    messages = {b"a": mail(), b"b": mail(), b"c": mail()}
    with session(pop_script({b"RETR": retr}, messages=messages)) as mailbox:
        got, error = collect(mailbox, mailbox.find())
    assert [uid for uid, _body in got] == ["a", "c"]
    assert str(error) == (
        "127.0.0.1 cannot hand out message b and said “[SYS/PERM] cannot read it”. Open this "
        "message in another mail program, and move or delete it if it cannot be read there either."
    )


@pytest.mark.parametrize("command", [b"CAPA", b"PASS", b"UIDL", b"LIST", b"RETR"])
def test_a_server_that_hangs_anywhere(command):
    script = pop_script({command: lambda client, line: client.hang()}, messages={b"a": mail()})
    with Hostile(script) as server:
        started = time.monotonic()
        with (
            pytest.raises(errors.ConnectionTimedOut),
            connect(hostile(server, timeout=0.2)) as mailbox,
        ):
            list(mailbox.fetch(mailbox.find()))
        assert time.monotonic() - started < 1.5


def test_a_server_that_drips_is_not_waited_for_without_end():
    def retr(client, line):
        client.send(b"+OK\r\n")
        client.drip(b"x\r\n" * 1000, 0.05)

    with session(pop_script({b"RETR": retr}, messages={b"a": mail()}), timeout=0.3) as mailbox:
        started = time.monotonic()
        _got, error = collect(mailbox, ["a"])
        assert time.monotonic() - started < 1.5
    assert type(error) is errors.ConnectionTimedOut


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"UIDL", b"+OK\r\none two\r\n.\r\n"),
        (b"UIDL", b"+OK\r\n1\r\n.\r\n"),
        (b"LIST", b"+OK\r\n1 many\r\n.\r\n"),
        (b"LIST", b"what?\r\n"),
        (b"UIDL", b"\xff" * 100_000),
        (b"UIDL", b"+OK\r\n" + b"9" * 5000 + b" a\r\n.\r\n"),
    ],
)
def test_garbage(command, answer):
    script = pop_script({command: lambda client, line: client.send(answer)})
    with session(script) as mailbox, pytest.raises(errors.UnexpectedAnswer) as caught:
        mailbox.find()
    assert "answered something that is not POP3 while listing messages" in str(caught.value)


def test_a_server_that_hangs_at_the_goodbye_does_not_hide_the_error():
    script = pop_script({b"QUIT": lambda client, line: client.hang()})
    with pytest.raises(KeyError), session(script, timeout=0.2):
        raise KeyError("ours")


# --- changes


def test_a_message_is_deleted_when_the_session_ends(dovecot, pop, user):
    for number in range(3):
        dovecot.append(mail(str(number)), user)
    with connect(pop) as mailbox:
        first, second, third = mailbox.find()
        mailbox.delete([first, third, "unknown", first])
        assert len(dovecot.flags(user)) == 3, "not before QUIT"
        mailbox.quit()
    assert len(dovecot.flags(user)) == 1
    with connect(pop) as mailbox:
        assert mailbox.find() == [second]
        mailbox.delete([first])


def test_a_session_that_breaks_before_its_end_deletes_nothing(dovecot, pop, user):
    dovecot.append(mail(), user)
    mailbox = connect(pop)
    mailbox.delete(mailbox.find())
    mailbox._wire.close()
    assert len(dovecot.flags(user)) == 1


def test_a_server_that_could_not_delete_says_so():
    def quit_(client, line):
        client.send(b"-ERR some deleted messages not removed\r\n")

    script = pop_script({b"QUIT": quit_}, messages={b"one": mail()})
    with session(script) as mailbox:
        mailbox.delete(["one"])
        with pytest.raises(errors.UnexpectedAnswer) as caught:
            mailbox.quit()
    assert "not removed" in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda mailbox: mailbox.set_flags(["one"], add=["\\Seen"]),
        lambda mailbox: mailbox.copy(["one"], "Done"),
        lambda mailbox: mailbox.move(["one"], "Done", create=True),
    ],
)
def test_pop_can_do_nothing_else(pop, change):
    with connect(pop) as mailbox, pytest.raises(errors.ChangeNotOffered) as caught:
        change(mailbox)
    assert "POP" in str(caught.value)
