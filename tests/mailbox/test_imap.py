"""An IMAP mailbox: against a real Dovecot, and against servers that misbehave."""

import base64
import dataclasses
import logging
import time
from contextlib import contextmanager
from datetime import date, datetime, timezone

import pytest
from servers.dovecot import Dovecot
from servers.hostile import Hostile, imap_script

from mailflow import errors
from mailflow.mailbox import Folder, FolderStatus, Head, MailServer, connect, first_day

MAIL = b"Subject: %b\r\nFrom: someone@example.org\r\n\r\nHello\r\n"


def mail(subject="Printer"):
    return MAIL % subject.encode()


def hostile(server, timeout=5.0, encryption="none", password="secret", protocol="imap"):
    return MailServer(
        protocol, server.host, server.port, encryption, "anna", password, timeout=timeout
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


# --- reading


@pytest.mark.parametrize("encryption", ["none", "starttls", "tls"])
def test_a_mail_is_read_over_every_kind_of_connection(dovecot, imap, user, like, encryption):
    dovecot.deliver(mail(), user)
    port = dovecot.imaps_port if encryption == "tls" else dovecot.imap_port
    server = like(imap, encryption=encryption, port=port, ca_file=dovecot.ca_file)
    with connect(server) as mailbox:
        mailbox.select("INBOX")
        assert list(mailbox.fetch(mailbox.find())) == [(1, mail())]


def test_select_says_what_is_in_the_folder(dovecot, imap, user):
    dovecot.deliver(mail(), user)
    dovecot.deliver(mail(), user)
    with connect(imap) as mailbox:
        status = mailbox.select("INBOX")
    assert (status.messages, status.uidnext) == (2, 3)
    assert status.uidvalidity > 0


def test_find_has_the_semantics_of_a_cursor(dovecot, imap, user):
    for number in range(3):
        dovecot.append(mail(str(number)), user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        assert mailbox.find() == [1, 2, 3]
        assert mailbox.find(first_uid=2) == [2, 3]
        assert mailbox.find(first_uid=3) == [3]
        # "4:*" is the last message, UID 3, to the server.
        assert mailbox.find(first_uid=4) == []
        assert mailbox.find(first_uid=2**32) == []
        dovecot.append(mail("3"), user)
        assert mailbox.find(first_uid=4) == [4]


def test_a_server_west_of_utc_is_asked_from_the_day_before(dovecot_with, like, imap, user):
    dovecot = dovecot_with(extra="import_environment = TZ=America/Los_Angeles\n")
    dovecot.add_user(user)
    since = datetime(2026, 3, 5, 5, tzinfo=timezone.utc)
    received = datetime(2026, 3, 5, 6, tzinfo=timezone.utc)  # the evening of the 4th there
    dovecot.append(mail(), user, received=received.timestamp())
    with connect(like(imap, port=dovecot.imap_port)) as mailbox:
        mailbox.select("INBOX")
        assert mailbox.find(since=since.date()) == [], "the server's day"
        assert mailbox.find(since=first_day(since)) == [1]
        assert mailbox.heads([1])[1].received == received


def test_find_in_an_empty_folder(imap):
    with connect(imap) as mailbox:
        assert mailbox.select("INBOX").messages == 0
        assert mailbox.find() == []
        assert mailbox.find(first_uid=5, unseen=True, since=date(2026, 1, 1)) == []


def test_find_only_unread_or_only_since_a_day(dovecot, imap, user):
    moments = [datetime(2026, 3, day, 12, tzinfo=timezone.utc) for day in (1, 5, 9)]
    for moment in moments:
        dovecot.append(mail(), user, received=moment.timestamp())
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        assert mailbox.find(since=date(2026, 3, 5)) == [2, 3]
        mailbox.set_flags([2], add=["\\Seen"])
        assert mailbox.find(unseen=True) == [1, 3]
        assert mailbox.find(unseen=True, since=date(2026, 3, 5)) == [3]
        assert mailbox.find(first_uid=2, unseen=True) == [3]


def test_heads_tell_size_date_and_state(dovecot, imap, user):
    moment = datetime(2026, 3, 5, 12, 34, 56, tzinfo=timezone.utc)
    dovecot.append(mail(), user, received=moment.timestamp())
    dovecot.append(mail("Other"), user, received=moment.timestamp())
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        mailbox.set_flags([2], add=["\\Seen"])
        assert mailbox.heads([1, 2, 99]) == {
            1: Head("1", len(mail()), moment, False),
            2: Head("2", len(mail("Other")), moment, True),
        }


def test_fetch_leaves_unread_what_is_unread(dovecot, imap, user):
    dovecot.deliver(mail(), user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        assert len(list(mailbox.fetch([1]))) == 1
        mailbox.fetch_start(1, 10)
        mailbox.heads([1])
        assert mailbox.heads([1])[1].seen is False
    assert "Seen" not in dovecot.flags(user)[1]


def test_flags_are_set_on_these_messages_and_no_others(dovecot, imap, user):
    for _number in range(3):
        dovecot.deliver(mail(), user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        mailbox.set_flags([1, 3, 99], add=["\\Seen"])
        mailbox.set_flags([], add=["\\Seen"])
    flags = dovecot.flags(user)
    assert ["Seen" in flags[uid] for uid in (1, 2, 3)] == [True, False, True]


def test_fetch_hands_out_in_the_order_asked_for(dovecot, imap, user):
    for number in range(4):
        dovecot.append(mail(str(number)), user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        assert [uid for uid, _body in mailbox.fetch([3, 1, 4, 3])] == [3, 1, 4]


def test_vanished_messages_are_absent(dovecot, imap, user):
    for number in range(3):
        dovecot.append(mail(str(number)), user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        uids = mailbox.find()
        dovecot.expunge(2, user=user)
        assert [uid for uid, _body in mailbox.fetch(uids)] == [1, 3]
        assert list(mailbox.fetch([2])) == []
        assert list(mailbox.heads(uids)) == [1, 3]
        with pytest.raises(errors.UnexpectedAnswer) as caught:
            mailbox.fetch_start(2, 100)
    assert str(caught.value) == "The mailbox on localhost no longer has message 2."


def test_fetch_start_reads_no_more_than_asked_for(dovecot, imap, user):
    dovecot.deliver(mail(), user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        assert mailbox.fetch_start(1, 7) == b"Subject"
        assert mailbox.fetch_start(1, 100_000) == mail()


def test_hundreds_of_messages_come_in_groups(dovecot, imap, user):
    for number in range(620):
        dovecot.deliver(mail(str(number)), user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        uids = mailbox.find()
        assert len(mailbox.heads(uids)) == 620
        bodies = {body for _uid, body in mailbox.fetch(uids)}
        mailbox.set_flags(uids, add=["\\Seen"])
        assert mailbox.find(unseen=True) == []
    assert bodies == {mail(str(number)) for number in range(620)}


def test_a_message_of_60_megabytes(dovecot, imap, user):
    line = b"x" * 998 + b"\r\n"
    large = mail() + line * 60_000
    dovecot.deliver(large, user)
    dovecot.deliver(mail("After"), user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        assert mailbox.heads([1])[1].size == len(large)
        first, second = mailbox.fetch([1, 2])
    assert first == (1, large)
    assert second == (2, mail("After"))


def test_eight_bit_text_and_nul_like_bytes_arrive_as_they_are(dovecot, imap, user):
    raw = b'Subject: \xff\xfe\r\n\r\n{5}\r\n) FETCH \x80\xe4 \\ " \r\n'
    dovecot.deliver(raw, user)
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        assert list(mailbox.fetch([1])) == [(1, raw)]


def test_a_message_that_the_server_cannot_read_is_named_and_the_others_are_read(dovecot_with):
    """Dovecot hangs up on a message that it cannot read."""
    server = dovecot_with(extra="# its mail gets broken")
    for number in range(3):
        server.append(mail(str(number)))
    imap = MailServer(
        "imap", server.host, server.imap_port, "none", "support@example.com", "secret", timeout=10
    )
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        files = list((server.maildir() / "cur").iterdir())
        next(file for file in files if b"Subject: 1" in file.read_bytes()).chmod(0)
        got, error = collect(mailbox, [1, 2, 3])
    assert [uid for uid, _body in got] == [1]
    assert type(error) is errors.ConnectionLost
    assert error.values["uid"] == "2"
    with connect(imap) as mailbox:
        mailbox.select("INBOX")
        assert [body for _uid, body in mailbox.fetch([1, 3])] == [mail("0"), mail("2")]


# --- folders


NAMES = ["Übersicht/Ärger & Co", 'He said "yes"', "back\\slash", "two words", "日本語", "&", "100%"]


@pytest.mark.parametrize("name", NAMES)
def test_folders_by_any_name(dovecot, imap, user, name):
    dovecot.create_folder(name, user)
    dovecot.deliver(mail(name), user, folder=name)
    with connect(imap) as mailbox:
        assert Folder(name, "", True) in mailbox.folders()
        assert mailbox.select(name).messages == 1
        assert [body for _uid, body in mailbox.fetch([1])] == [mail(name)]
    with connect(imap) as mailbox:  # also without listing them first
        assert mailbox.select(name).messages == 1


def test_folders_tell_their_use_and_whether_they_can_be_opened(dovecot, imap, user):
    dovecot.create_folder("Übersicht/Ärger", user)
    with connect(imap) as mailbox:
        folders = {folder.name: folder for folder in mailbox.folders()}
    assert folders["Sent"] == Folder("Sent", "\\Sent", True)
    assert folders["INBOX"] == Folder("INBOX", "", True)
    assert folders["Übersicht"].selectable is False


def test_a_missing_folder(dovecot, imap, user):
    with connect(imap) as mailbox:
        with pytest.raises(errors.FolderMissing) as caught:
            mailbox.select("Ärger")
        assert str(caught.value) == (
            "There is no folder “Ärger” on localhost, or it cannot be opened. Choose the folders "
            "of this mailbox again."
        )
        assert caught.value.values == {"host": "localhost", "folder": "Ärger"}
        assert mailbox.select("INBOX").messages == 0  # the session goes on


def test_a_recreated_folder_has_another_uidvalidity(dovecot, imap, user):
    dovecot.create_folder("Queue", user)
    with connect(imap) as mailbox:
        before = mailbox.select("Queue")
    dovecot.delete_folder("Queue", user)
    dovecot.create_folder("Queue", user)
    with connect(imap) as mailbox:
        after = mailbox.select("Queue")
    assert before.uidvalidity != after.uidvalidity


def test_a_read_only_folder_can_be_read_but_not_marked(like):
    def select(client, line):
        client.send(b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n")
        client.ok(b"[READ-ONLY] done")

    with session(imap_script({b"SELECT": select, b"EXAMINE": select})) as mailbox:
        assert mailbox.select("Shared") == FolderStatus(7, 1, 0)
        assert mailbox.find() == []
        with pytest.raises(errors.UnexpectedAnswer) as caught:
            mailbox.set_flags([1], add=["\\Seen"])
    assert caught.value.code == "unexpected_answer_read_only"
    assert "The folder “Shared” on 127.0.0.1 is read-only for “anna”" in str(caught.value)


def test_a_folder_name_that_is_not_modified_utf7_can_still_be_opened():
    selected = []

    def listing(client, line):
        client.send('* LIST () "/" "Ärger"\r\n* LIST () "/" "&bad"\r\n'.encode())
        client.ok()

    def select(client, line):
        selected.append(line)
        client.send(b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n")
        client.ok()

    with session(imap_script({b"LIST": listing, b"SELECT": select})) as mailbox:
        first, second = mailbox.folders()
        mailbox.select(first.name)
        mailbox.select(second.name)
    assert first.name == "Ärger"
    assert selected[0].endswith('"Ärger"'.encode())
    assert selected[1].endswith(b'"&bad"')


def test_a_folder_that_is_busy_is_not_missing():
    def select(client, line):
        client.send(client.tag + b" NO [INUSE] Mailbox is locked\r\n")

    with (
        session(imap_script({b"SELECT": select})) as mailbox,
        pytest.raises(errors.MailboxError) as caught,
    ):
        mailbox.select("INBOX")
    assert type(caught.value) is errors.UnexpectedAnswer
    assert caught.value.temporary
    assert str(caught.value) == (
        "127.0.0.1 refused while opening the folder “INBOX” and said “[INUSE] Mailbox is locked”."
    )


def test_numbers_up_to_the_unsigned_32_bits():
    with session(imap_script(messages={4294967290: mail(), 4294967294: mail("2")})) as mailbox:
        status = mailbox.select("INBOX")
        assert (status.uidvalidity, status.uidnext) == (4294967295, 4294967295)
        assert mailbox.find(first_uid=4294967291) == [4294967294]
        assert dict(mailbox.fetch([4294967294])) == {4294967294: mail("2")}
        assert mailbox.heads([4294967290])[4294967290].received == datetime(
            2026, 2, 1, 2, 4, 5, tzinfo=timezone.utc
        )


def test_without_uidnext_the_cursor_is_behind_the_last_message():
    def select(client, line):
        client.send(b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n")
        client.ok()

    with session(imap_script({b"SELECT": select}, messages={5: mail(), 9: mail()})) as mailbox:
        assert mailbox.select("INBOX") == FolderStatus(7, 10, 2)


def test_without_uidvalidity_a_folder_cannot_be_followed():
    def select(client, line):
        client.send(b"* 2 EXISTS\r\n")
        client.ok()

    with (
        session(imap_script({b"SELECT": select})) as mailbox,
        pytest.raises(errors.UnexpectedAnswer) as caught,
    ):
        mailbox.select("INBOX")
    assert caught.value.code == "unexpected_answer_no_uidvalidity"


def test_a_mailbox_of_200000_messages_is_listed_in_one_line():
    count = 200_000

    def search(client, line):
        numbers = b"".join(b" %d" % (10_000_000 + number) for number in range(count))
        client.send(b"* SEARCH" + numbers + b"\r\n")
        client.ok()

    with session(imap_script({b"UID SEARCH": search})) as mailbox:
        mailbox.select("INBOX")
        assert len(mailbox.find()) == count


# --- logging in


@pytest.mark.parametrize(
    "password", ["pässwörd€", 'quote"back\\slash', "with space", "日本", "trailing ", "%{}()*"]
)
def test_passwords_of_any_characters(dovecot, imap, like, password):
    name = f"{base64.b32encode(password.encode()).decode().rstrip('=').lower()}@example.com"
    dovecot.add_user(name, password)
    with connect(like(imap, user=name, password=password)) as mailbox:
        assert mailbox.select("INBOX").messages == 0


def test_a_password_that_cannot_be_quoted_goes_as_a_literal():
    got = []

    def login(client, line):
        got.append(line.split(b" ", 2)[2])
        client.send(b"+ go on\r\n")
        tag = client.tag
        got.append(client.line())
        client.tag = tag
        client.ok()

    script = imap_script({b"LOGIN": login}, capabilities=b"IMAP4rev1")
    with Hostile(script) as server, connect(hostile(server, password="pässwörd")):
        pass
    assert got == [b'"anna" {10}', "pässwörd".encode()]


def test_a_wrong_password(imap, like, user):
    error = refused(like(imap, password="not this one"))
    assert type(error) is errors.LoginRefused
    assert str(error) == (
        f"localhost refused to log in “{user}” and said “[AUTHENTICATIONFAILED] Authentication "
        "failed.”. Check user and password; some providers want an app password here, or have to "
        "be told to allow this protocol."
    )
    assert not error.temporary


def test_a_login_that_may_work_later():
    def login(client, line):
        client.send(client.tag + b" NO [UNAVAILABLE] Database is down\r\n")

    with Hostile(imap_script({b"LOGIN": login})) as server:
        error = refused(hostile(server))
    assert type(error) is errors.LoginRefused
    assert error.temporary
    assert str(error) == (
        "127.0.0.1 cannot log in “anna” at the moment and said “[UNAVAILABLE] Database is down”. "
        "We try again later."
    )


def test_no_password_in_an_error_even_if_the_server_repeats_it():
    password = 's3cret, "quoted"'

    def login(client, line):
        client.send(client.tag + b" NO what is " + line + b"?\r\n")

    with Hostile(imap_script({b"LOGIN": login})) as server:
        error = refused(hostile(server, password=password))
    assert "s3cret" not in str(error)
    assert "s3cret" not in str(error.values)
    assert "***" in str(error)


@pytest.mark.parametrize("password", ["s3cret", "s3crét"])
def test_no_password_in_the_log(dovecot, imap, like, caplog, password):
    caplog.set_level(logging.DEBUG)
    name = f"log{len(password.encode())}@example.com"
    dovecot.add_user(name, password)
    server = like(imap, user=name, password=password)
    with connect(server) as mailbox:
        mailbox.select("INBOX")
    refused(like(server, password=password + "x"))
    assert "s3cr" not in caplog.text
    assert "s3cr" not in repr(server)
    plain = f"\0{name}\0{password}".encode()
    assert base64.b64encode(plain).decode()[:-4] not in caplog.text


def test_no_password_over_an_unencrypted_connection(dovecot_with):
    server = dovecot_with(ssl="required", plain_text=False)
    imap = MailServer(
        "imap",
        server.remote_host,
        server.imap_port,
        "none",
        "support@example.com",
        "secret",
        timeout=5,
    )
    error = refused(imap)
    assert type(error) is errors.LoginNotOffered
    assert str(error) == (
        "127.0.0.2 does not accept a password over an unencrypted connection. Choose STARTTLS or "
        "SSL/TLS."
    )


def test_a_server_that_wants_another_way_to_log_in():
    script = imap_script(capabilities=b"IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2")
    with Hostile(script) as server:
        error = refused(hostile(server))
    assert str(error).startswith("127.0.0.1 does not accept a password over an unencrypted")


def test_a_password_that_cannot_be_sent():
    with Hostile(imap_script()) as server:
        error = refused(hostile(server, password="a\udc80b"))
        assert type(error) is errors.LoginRefused
        assert "udc80" not in repr(error.__cause__)
        error = refused(dataclasses.replace(hostile(server), user="anna\r\nx LOGOUT"))
    assert type(error) is errors.LoginRefused


# --- certificates and encryption


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (
            "expired",
            "The certificate of localhost is not trusted (expired): its time is over. The operator "
            "of the mail server has to renew it.",
        ),
        (
            "self-signed",
            "The certificate of localhost is not trusted (self-signed): no authority vouches for "
            "it. Ask the operator of the mail server for its certificate and name it as trusted, "
            "or for one by a public authority.",
        ),
        (
            "wrong host name",
            "The certificate of localhost is not trusted (wrong host name): it is for "
            "mail.example.com. Use a name that is in the certificate.",
        ),
        (
            "unknown authority",
            "The certificate of localhost is not trusted (unknown authority): the authority that "
            "issued it is not among the trusted ones, or the mail server does not send the "
            "certificates in between.",
        ),
    ],
)
@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_bad_certificates(dovecot_with, kind, sentence, encryption):
    server = dovecot_with(certificate=kind)
    port = server.imaps_port if encryption == "tls" else server.imap_port
    imap = MailServer(
        "imap",
        server.host,
        port,
        encryption,
        "support@example.com",
        "secret",
        ca_file=server.ca_file,
        timeout=5,
    )
    error = refused(imap)
    assert type(error) is errors.CertificateNotTrusted
    assert error.values["reason"] == kind
    assert str(error) == sentence
    assert not error.temporary
    assert "Login" not in server.log()


def test_a_bad_certificate_is_taken_when_the_check_is_off(dovecot_with):
    server = dovecot_with(certificate="self-signed", ssl="yes")
    imap = MailServer(
        "imap",
        server.host,
        server.imaps_port,
        "tls",
        "support@example.com",
        "secret",
        verify=False,
        timeout=5,
    )
    with connect(imap) as mailbox:
        assert mailbox.select("INBOX").messages == 0


def test_the_test_authority_is_not_trusted_unless_named(dovecot, imap, like):
    error = refused(like(imap, encryption="tls", port=dovecot.imaps_port))
    assert error.values["reason"] == "unknown authority"


def test_a_file_of_authorities_that_is_not_there(dovecot, imap, like):
    error = refused(
        like(imap, encryption="tls", port=dovecot.imaps_port, ca_file="/no/such/file.pem")
    )
    assert str(error) == (
        "The certificate of localhost is not trusted (no authorities): the file of trusted "
        "authorities (/no/such/file.pem) cannot be read."
    )


def test_no_starttls(dovecot_with):
    server = dovecot_with(ssl="no")
    imap = MailServer(
        "imap",
        server.host,
        server.imap_port,
        "starttls",
        "support@example.com",
        "secret",
        timeout=5,
    )
    error = refused(imap)
    assert type(error) is errors.EncryptionNotOffered
    assert str(error) == (
        f"localhost does not offer STARTTLS on port {server.imap_port}. Choose SSL/TLS with its "
        "own port (usually 993), or no encryption if the mail server is in your own network."
    )


def test_tls_on_a_plain_port(dovecot, imap, like):
    error = refused(like(imap, encryption="tls"))
    assert type(error) is errors.EncryptionNotOffered
    assert str(error) == (
        f"localhost does not speak TLS on port {dovecot.imap_port}: does this port expect "
        "encryption? Choose STARTTLS, or the port for SSL/TLS (usually 993)."
    )


def test_no_encryption_on_a_tls_port(dovecot, imap, like):
    error = refused(like(imap, port=dovecot.imaps_port, timeout=0.3))
    assert type(error) is errors.ConnectionTimedOut
    assert str(error) == (
        f"localhost accepted the connection on port {dovecot.imaps_port} but said nothing within "
        "0.3 seconds. Does this port expect encryption? Then choose SSL/TLS."
    )


def test_words_before_the_handshake_are_not_believed():
    def starttls(client, line):
        client.send(client.tag + b" OK go\r\n* CAPABILITY IMAP4rev1 AUTH=EVIL\r\n")

    script = imap_script({b"STARTTLS": starttls}, capabilities=b"IMAP4rev1 STARTTLS")
    with Hostile(script) as server:
        error = refused(hostile(server, encryption="starttls"))
    assert type(error) is errors.UnexpectedAnswer
    assert "data before the encryption began" in str(error)


def test_a_server_that_skips_the_login_cannot_avoid_the_encryption():
    with Hostile(
        imap_script(greeting=b"* PREAUTH hi\r\n", capabilities=b"IMAP4rev1 STARTTLS")
    ) as server:
        assert type(refused(hostile(server, encryption="starttls"))) is errors.EncryptionNotOffered


# --- bad days


def test_a_name_that_does_not_exist(imap, like):
    error = refused(like(imap, host="no-such-host.invalid"))
    assert type(error) is errors.NameNotFound
    assert str(error) == (
        "The mail server “no-such-host.invalid” was not found. Check the spelling of its name, "
        "and that this server can look up names in the DNS."
    )


@pytest.mark.parametrize("host", ["", "a..b", "x" * 70 + ".example.com", "a\0b", "two words"])
def test_a_name_that_cannot_exist(imap, like, host):
    assert type(refused(like(imap, host=host))) is errors.NameNotFound


def test_nobody_listens(imap, like):
    with Hostile(imap_script()) as server:
        port = server.port
    error = refused(like(imap, host="127.0.0.1", port=port))
    assert type(error) is errors.ConnectionRefused
    assert str(error) == (
        f"127.0.0.1 does not accept connections on port {port}. Check the port number, and that "
        "the mail server is running."
    )
    assert error.temporary


def test_a_port_that_does_not_exist(imap, like):
    error = refused(like(imap, port=70_000))
    assert type(error) is errors.ConnectionRefused
    assert not error.temporary


def test_a_server_that_closes_at_the_greeting():
    with Hostile(lambda client: client.close()) as server:
        error = refused(hostile(server))
    assert type(error) is errors.ConnectionLost
    assert str(error) == (
        "127.0.0.1 closed the connection while waiting for the greeting. If this happens again, "
        "ask the operator of the mail server."
    )


def test_a_server_that_greets_with_a_goodbye():
    with Hostile(imap_script(greeting=b"* BYE Too many connections\r\n")) as server:
        error = refused(hostile(server))
    assert type(error) is errors.ConnectionLost
    assert str(error) == (
        "127.0.0.1 closed the connection while waiting for the greeting and said “Too many "
        "connections”. If this happens again, ask the operator of the mail server."
    )


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n", b"\xff\xfe\x00\r\n", b"220 mail ESMTP\r\n", b"\r\n"],
)
def test_a_server_that_speaks_something_else(greeting):
    with Hostile(imap_script(greeting=greeting)) as server:
        error = refused(hostile(server))
    assert type(error) is errors.UnexpectedAnswer
    assert "answered something that is not IMAP while waiting for the greeting" in str(error)
    assert "\n" not in str(error) and "\0" not in str(error)


def test_a_goodbye_in_the_middle():
    def search(client, line):
        client.send(b"* BYE Server shutting down\r\n")
        client.close()

    with session(imap_script({b"UID SEARCH": search})) as mailbox:
        mailbox.select("INBOX")
        with pytest.raises(errors.ConnectionLost) as caught:
            mailbox.find()
        assert "searching and said “Server shutting down”" in str(caught.value)
        with pytest.raises(errors.ConnectionLost):  # and it stays so
            mailbox.find()


def half_a_literal(ending):
    """UID FETCH answers with the first message and half of the second."""

    def fetch(client, line):
        if b"BODY" not in line:
            client.send(b"* 1 FETCH (UID 1 RFC822.SIZE 50)\r\n* 2 FETCH (UID 2 RFC822.SIZE 50)\r\n")
            client.ok()
            return
        client.send(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%b)\r\n" % (len(mail()), mail()))
        client.send(b"* 2 FETCH (UID 2 BODY[] {5000}\r\nSubject: half")
        ending(client)

    return imap_script({b"UID FETCH": fetch})


def collect(mailbox, uids):
    """What fetch gave, and the error it ended with."""
    got = []
    with pytest.raises(errors.MailboxError) as caught:
        for message in mailbox.fetch(uids):
            got.append(message)
    return got, caught.value


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_drops_in_the_middle_of_a_message(how):
    with session(half_a_literal(lambda client: getattr(client, how)())) as mailbox:
        mailbox.select("INBOX")
        got, error = collect(mailbox, [1, 2])
    # A reset also throws away what has arrived but was not read yet.
    assert how == "reset" or got == [(1, mail())]
    assert type(error) is errors.ConnectionLost
    assert error.values["uid"] == ("2" if got else "1")
    assert str(error) == (
        "127.0.0.1 closed the connection while reading messages. If this happens again, ask the "
        "operator of the mail server."
    )


def test_a_server_that_hangs_in_the_middle_of_a_message():
    with session(half_a_literal(lambda client: client.hang()), timeout=0.3) as mailbox:
        mailbox.select("INBOX")
        started = time.monotonic()
        got, error = collect(mailbox, [1, 2])
        assert time.monotonic() - started < 1.5
    assert got == [(1, mail())]
    assert type(error) is errors.ConnectionTimedOut
    assert str(error) == (
        "127.0.0.1 stopped answering while reading messages; we waited 0.3 seconds. If this "
        "happens again, ask the operator of the mail server."
    )


@pytest.mark.parametrize("command", [b"CAPABILITY", b"LOGIN", b"SELECT", b"UID SEARCH", b"LIST"])
def test_a_server_that_hangs_anywhere(command):
    with Hostile(imap_script({command: lambda client, line: client.hang()})) as server:
        started = time.monotonic()
        with (
            pytest.raises(errors.ConnectionTimedOut) as caught,
            connect(hostile(server, timeout=0.2)) as mailbox,
        ):
            mailbox.folders()
            mailbox.select("INBOX")
            mailbox.find()
        assert time.monotonic() - started < 1.5
    assert caught.value.temporary


def test_a_server_that_drips_is_not_waited_for_without_end():
    def search(client, line):
        client.drip(b"* SEARCH" + b" 1" * 1000 + b"\r\n", 0.05)

    with session(imap_script({b"UID SEARCH": search}), timeout=0.3) as mailbox:
        mailbox.select("INBOX")
        started = time.monotonic()
        with pytest.raises(errors.ConnectionTimedOut):
            mailbox.find()
        assert time.monotonic() - started < 1.5


def test_a_server_that_does_not_finish_the_handshake():
    with Hostile(lambda client: client.hang()) as server:
        started = time.monotonic()
        error = refused(hostile(server, timeout=0.2, encryption="tls"))
        assert time.monotonic() - started < 1.5
    assert type(error) is errors.ConnectionTimedOut
    assert "stopped answering while starting the encryption" in str(error)


def test_a_server_that_hangs_at_the_goodbye_does_not_hide_the_error():
    with Hostile(imap_script({b"LOGOUT": lambda client, line: client.hang()})) as server:
        with pytest.raises(KeyError), connect(hostile(server, timeout=0.2)):
            raise KeyError("ours")
        with connect(hostile(server, timeout=0.2)):
            pass


@pytest.mark.parametrize(
    "answer",
    [
        b"* SEARCH one two\r\n",
        b"* SEARCH 1 2\r\n* SEARCH 3\r\n",
        b"* SEARCH \xff\xff\r\n",
        b"blah\r\n",
        b"* \r\n",
        b"* SEARCH 1 2",
        b"XX99 OK done\r\n",
        b"* SEARCH {99999999999999}\r\n",
        b"* SEARCH (" + b"(" * 5000 + b"\r\n",
        b"* SEARCH " + b"9" * 5000 + b"\r\n",
    ],
)
def test_garbage_for_a_search(answer):
    def search(client, line):
        client.send(answer)
        if answer.endswith(b"\n"):
            client.ok()
        client.close()

    with session(imap_script({b"UID SEARCH": search})) as mailbox:
        mailbox.select("INBOX")
        with pytest.raises((errors.UnexpectedAnswer, errors.ConnectionLost)) as caught:
            mailbox.find()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "answer",
    [
        b"* 2 FETCH (UID 2 BODY[] NIL)\r\n",
        b"* 2 FETCH (UID two BODY[] {3}\r\nabc)\r\n",
        b"* 2 FETCH (BODY[]\r\n",
        b'* 2 FETCH (UID 2 BODY[] "unterminated)\r\n',
        b"* 2 FETCH " + b"(" * 3000 + b"\r\n",
        b"",
    ],
)
def test_one_message_of_garbage_does_not_hide_the_others(answer):
    def fetch(client, line):
        uids = line.split(b" ")[3].split(b",")
        for uid in (b"1", b"2", b"3"):
            if uid not in uids:
                continue
            if b"BODY" not in line:
                client.send(b"* %b FETCH (UID %b RFC822.SIZE 9)\r\n" % (uid, uid))
            elif uid == b"2":
                client.send(answer)
            else:
                client.send(
                    b"* %b FETCH (UID %b BODY[] {%d}\r\n%b)\r\n" % (uid, uid, 9, b"Subject:\n")
                )
        if b"BODY" in line and b"2" in uids:
            client.send(client.tag + b" NO Some messages could not be fetched\r\n")
        else:
            client.ok()

    listed = dict.fromkeys((1, 2, 3), b"")
    with session(imap_script({b"UID FETCH": fetch}, messages=listed)) as mailbox:
        mailbox.select("INBOX")
        got, error = collect(mailbox, [1, 2, 3])
    assert dict(got) == {1: b"Subject:\n", 3: b"Subject:\n"}
    assert error.code == "unexpected_answer_message"
    assert error.values["uid"] == "2"


def test_a_message_that_is_refused_because_it_was_deleted_meanwhile_is_absent():
    def fetch(client, line):
        if b"BODY" in line:
            client.send(client.tag + b" NO [EXPUNGEISSUED] Some messages are gone\r\n")
            return
        client.send(b"* 1 FETCH (UID 1 RFC822.SIZE 9)\r\n")
        client.ok()

    with session(imap_script({b"UID FETCH": fetch})) as mailbox:
        mailbox.select("INBOX")
        assert list(mailbox.fetch([1])) == []


def test_a_literal_larger_than_any_mail_is_not_read():
    def fetch(client, line):
        client.send(b"* 1 FETCH (UID 1 BODY[] {5000000000}\r\n")
        client.hang()

    with session(imap_script({b"UID FETCH": fetch}), timeout=1) as mailbox:
        mailbox.select("INBOX")
        _got, error = collect(mailbox, [1])
    assert error.code == "unexpected_answer_too_large"


def test_news_of_other_messages_is_not_taken_for_an_answer():
    """Sequence number 7 is not UID 7 (RFC 9051, 2.3.1.2)."""

    def fetch(client, line):
        client.send(b"* 7 FETCH (FLAGS (\\Seen))\r\n")
        client.send(b"* 2 FETCH (UID 7 RFC822.SIZE 3 FLAGS ())\r\n")
        client.send(b"* 7 FETCH (FLAGS (\\Seen))\r\n* 3 FETCH (UID 8 FLAGS (\\Seen))\r\n")
        client.ok()

    with session(imap_script({b"UID FETCH": fetch})) as mailbox:
        mailbox.select("INBOX")
        assert mailbox.heads([7]) == {7: Head("7", 3, None, False)}


def test_dovecot_killed_in_the_middle_of_a_session(dovecot, user):
    with Dovecot() as server:
        for number in range(3):
            server.deliver(mail(str(number)))
        imap = MailServer(
            "imap",
            server.host,
            server.imap_port,
            "none",
            "support@example.com",
            "secret",
            timeout=5,
        )
        with connect(imap) as mailbox:
            mailbox.select("INBOX")
            uids = mailbox.find()
            server.kill()
            with pytest.raises(errors.ConnectionLost):
                mailbox.find()
        assert type(refused(imap)) is errors.ConnectionRefused
        server.start()
        with connect(imap) as mailbox:
            mailbox.select("INBOX")
            assert [uid for uid, _body in mailbox.fetch(uids)] == uids


# --- the errors themselves


def test_every_class_has_a_sentence_and_every_sentence_a_class():
    family, classes = set(), [errors.MailboxError]
    for cls in classes:
        classes += cls.__subclasses__()
        family.add(cls.code)
    family.discard("mailbox_error")
    assert family <= set(errors.SENTENCES)
    for code in set(errors.SENTENCES) - {"mailbox_error"}:
        assert any(code == base or code.startswith(base + "_") for base in family), code
