"""Changing a mailbox over IMAP: against a real Dovecot with and without the extensions, and
against servers that break off."""

import contextlib
import imaplib

import pytest
from servers.hostile import Hostile, imap_script

from mailflow import errors
from mailflow.imap_change import uid_pairs
from mailflow.mailbox import MailServer, connect

#: Dovecot says no to nothing that it knows; what it does not name is not used.
CAPABILITIES = {
    "MOVE and UIDPLUS": None,
    "UIDPLUS": "IMAP4rev1 SASL-IR LITERAL+ SPECIAL-USE LIST-EXTENDED UIDPLUS",
    "neither": "IMAP4rev1 SASL-IR LITERAL+ SPECIAL-USE LIST-EXTENDED",
}


def mail(subject="Printer", message_id=None):
    head = f"Message-ID: {message_id}\r\n" if message_id else ""
    return f"{head}From: ann@example.com\r\nSubject: {subject}\r\n\r\nhello\r\n".encode()


@pytest.fixture(params=CAPABILITIES)
def server(request, dovecot, dovecot_with):
    """A Dovecot that names these capabilities after the log-in."""
    words = CAPABILITIES[request.param]
    chosen = dovecot if words is None else dovecot_with(extra=f"imap_capability = {words}\n")
    chosen.named = request.param
    return chosen


@pytest.fixture
def box(server, user, imap, like):
    """A mailbox with three mails on it."""
    if user not in server.users:
        server.add_user(user)
    for number in (1, 2, 3):
        server.append(mail(str(number), f"<{number}@example.com>"), user)
    return like(imap, port=server.imap_port)


@contextlib.contextmanager
def opened(box, folder="INBOX"):
    with connect(box) as mailbox:
        mailbox.select(folder)
        yield mailbox


def bodies(box, folder):
    with opened(box, folder) as mailbox:
        return [body for _uid, body in mailbox.fetch(mailbox.find())]


# --- flags


def test_flags_are_set_and_cleared(dovecot, imap, user):
    for _number in range(2):
        dovecot.deliver(mail(), user, seen=True)
    with opened(imap) as mailbox:
        mailbox.set_flags([1], add=["\\Flagged"], remove=["\\Seen"])
        mailbox.set_flags([1, 2], remove=["\\Answered"])
    flags = dovecot.flags(user)
    assert flags == {1: "\\Flagged", 2: "\\Seen"}


# --- copy and move


def test_a_message_is_moved_whatever_the_server_can(server, box, user):
    server.create_folder("Done", user)
    server.append(mail("earlier"), user, "Done")
    with opened(box) as mailbox:
        places = mailbox.move([1, 3], "Done")
        found = mailbox.find()
    # Dovecot tells also when it does not name UIDPLUS
    status = server_status(box, "Done")
    assert places == {1: (status.uidvalidity, 2), 3: (status.uidvalidity, 3)}
    assert found == [2]
    assert bodies(box, "Done") == [
        mail("earlier"),
        mail("1", "<1@example.com>"),
        mail("3", "<3@example.com>"),
    ]


def server_status(box, folder):
    with connect(box) as mailbox:
        return mailbox.select(folder)


def test_a_message_is_copied_and_stays(server, box, user):
    server.create_folder("Done", user)
    with opened(box) as mailbox:
        mailbox.set_flags([2], add=["\\Seen"])
        places = mailbox.copy([2, 99], "Done")
        assert mailbox.find() == [1, 2, 3]
        assert mailbox.copy([99], "Done") == {}
    assert set(places) == {2}
    assert bodies(box, "Done") == [mail("2", "<2@example.com>")]
    assert server.flags(user, "Done") == {1: "\\Seen"}


def test_a_message_is_deleted_and_no_other_one(server, box, user):
    with opened(box) as mailbox:
        mailbox.delete([2])
        assert mailbox.find() == [1, 3]


def test_what_another_client_marked_for_removal_is_not_removed(server, box, user):
    """Without UIDPLUS a server can only remove all that is so marked: then ours stays, too."""
    server.create_folder("Done", user)
    with opened(box) as mailbox:
        mailbox.set_flags([1], add=["\\Deleted"])
        mailbox.delete([2])
        mailbox.move([3], "Done")
        left = mailbox.find()
    if server.named == "neither":
        assert left == [1, 2, 3]
        assert server.flags(user) == dict.fromkeys((1, 2, 3), "\\Deleted")
    else:
        assert left == [1]
    assert bodies(box, "Done") == [mail("3", "<3@example.com>")]


@pytest.mark.parametrize("name", ["Erledigt/Größe", "完了", "R&D", 'a "b" \\c', "Über uns"])
def test_folders_of_any_name_are_made_and_filled(server, box, user, name):
    with opened(box) as mailbox:
        with pytest.raises(errors.FolderMissing) as caught:
            mailbox.copy([1], name)
        assert name in str(caught.value)
        assert mailbox.ensure_folder(name, create=True) == (name, True)
        assert mailbox.ensure_folder(name, create=True) == (name, False)
        mailbox.copy([1], name)
        mailbox.move([2], name, create=True)
        assert mailbox.find() == [1, 3]
        assert name in [folder.name for folder in mailbox.folders()]
    assert len(bodies(box, name)) == 2


def test_a_folder_that_is_made_is_shown_by_mail_programs(server, box, user):
    with opened(box) as mailbox:
        mailbox.move([1], "Queue/New", create=True)
    client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=10)
    with client:
        client.login(user, "secret")
        _typ, listed = client.lsub()
    assert any(b"Queue/New" in line for line in listed)


def test_a_folder_is_found_by_its_use_and_inbox_in_any_case(dovecot, imap, user):
    dovecot.append(mail(), user)
    with opened(imap) as mailbox:
        assert mailbox.ensure_folder("\\junk") == ("Junk", False)
        assert mailbox.ensure_folder("Inbox") == ("INBOX", False)
        mailbox.move([1], "\\Junk")
        with pytest.raises(errors.FolderMissing):
            mailbox.copy([1], "\\Archive")
        assert mailbox.ensure_folder("\\Archive", create=True) == ("Archive", True)
    assert len(bodies(imap, "Junk")) == 1


def test_accents_are_written_in_two_ways(dovecot, imap, user):
    dovecot.create_folder("Größe", user)
    with opened(imap) as mailbox:
        assert mailbox.ensure_folder("Gro\u0308ße") == ("Größe", False)


def test_a_folder_that_is_removed_after_we_looked(server, box, user):
    with opened(box) as mailbox:
        mailbox.ensure_folder("Queue", create=True)
        server.delete_folder("Queue", user)
        with pytest.raises(errors.FolderMissing):
            mailbox.move([1], "Queue")
        mailbox.ensure_folder("Queue", create=True)
        server.delete_folder("Queue", user)
        mailbox.move([1], "Queue", create=True)
        assert mailbox.find() == [2, 3]
    assert len(bodies(box, "Queue")) == 1


def test_the_state_of_another_folder(dovecot, imap, user):
    dovecot.create_folder("Größe", user)
    dovecot.append(mail(), user, "Größe")
    with opened(imap) as mailbox:
        status = mailbox.status("Größe")
        assert (status.messages, status.uidnext) == (1, 2)
        with pytest.raises(errors.FolderMissing):
            mailbox.status("Gone")
        assert mailbox.select("Größe").uidvalidity == status.uidvalidity


def test_what_is_still_there(server, box, user):
    with opened(box) as mailbox:
        server.expunge(2, user=user)
        assert mailbox.still_there([1, 2, 3, 77]) == {1, 3}
        assert mailbox.still_there([]) == set()


def test_heads_tell_the_message_id(dovecot, imap, user):
    for raw in (
        mail("a", "<a@example.com>"),
        mail("b"),
        b"message-id:\r\n <c@\r\n example.com>\r\n\r\nc\r\n",
    ):
        dovecot.append(raw, user)
    with opened(imap) as mailbox:
        heads = mailbox.heads([1, 2, 3, 9], message_ids=True)
        assert mailbox.heads([1])[1].message_id == ""
    assert [heads[uid].message_id for uid in (1, 2, 3)] == [
        "<a@example.com>",
        "",
        "<c@example.com>",
    ]


def test_hundreds_of_messages_are_moved_at_once(server, user, imap, like):
    if user not in server.users:
        server.add_user(user)
    for _number in range(620):
        server.deliver(mail(), user)
    with opened(like(imap, port=server.imap_port)) as mailbox:
        uids = mailbox.find()
        places = mailbox.move(uids[:-1], "Done", create=True)
        assert mailbox.find() == uids[-1:]
    assert sorted(places) == uids[:-1]
    assert sorted(uid for _validity, uid in places.values()) == list(range(1, 620))


# --- answers


@pytest.mark.parametrize(
    ("answer", "pairs"),
    [
        (b"7 1 9", {1: (7, 9)}),
        (b"4294967295 304,319:320 3956:3958", {n: (4294967295, m) for n, m in
            ((304, 3956), (319, 3957), (320, 3958))}),
        (b"7 3:1 4:6", {1: (7, 4), 2: (7, 5), 3: (7, 6)}),
        (b"7 1:3 9", {}),
        (b"7", {}),
        (b"", {}),
        (b"seven 1 2", {}),
        (b"7 1:4294967295 1:4294967295", {}),
    ],
)  # fmt: skip
def test_copyuid(answer, pairs):
    assert uid_pairs(answer) == pairs


def hostile(answers, capabilities=b"IMAP4rev1 AUTH=PLAIN MOVE UIDPLUS"):
    messages = {1: mail(), 2: mail()}

    def listing(client, line):
        client.send(b'* LIST () "/" INBOX\r\n* LIST () "/" Done\r\n')
        client.ok()

    return Hostile(
        imap_script({b"LIST": listing, **answers}, b"* OK x\r\n", capabilities, messages)
    )


@contextlib.contextmanager
def session(server):
    with connect(
        MailServer("imap", server.host, server.port, "none", "anna", "secret", timeout=5)
    ) as mailbox:
        mailbox.select("INBOX")
        yield mailbox


def test_move_tells_where_to_before_it_is_done():
    """RFC 6851, 4.3: in untagged answers, one for each part of the work."""

    def move(client, line):
        client.send(b"* OK [COPYUID 7 1 21] x\r\n* 1 EXPUNGE\r\n* OK [COPYUID 7 2 22] x\r\n")
        client.ok(b"done")

    with hostile({b"UID MOVE": move}) as server, session(server) as mailbox:
        assert mailbox.move([1, 2], "Done") == {1: (7, 21), 2: (7, 22)}


def test_a_refusal_for_another_reason_is_not_a_missing_folder():
    for words, code in (
        (b"[NOPERM] not yours", "unexpected_answer_refused"),
        (b"no", "unexpected_answer_refused"),
        (b"[TRYCREATE] no", "folder_missing"),
        (b"[UNAVAILABLE] later", "unexpected_answer_refused"),
    ):

        def move(client, line, words=words):
            client.send(client.tag + b" NO " + words + b"\r\n")

        with hostile({b"UID MOVE": move}) as server, session(server) as mailbox:
            with pytest.raises(errors.MailboxError) as caught:
                mailbox.move([1], "Done")
            assert caught.value.code == code
            assert caught.value.temporary is (b"UNAVAILABLE" in words)
            assert mailbox.find(), "the session goes on"


def test_nothing_is_changed_in_a_folder_that_may_only_be_read():
    asked = []

    def select(client, line):
        client.send(b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 3] x\r\n")
        client.ok(b"[READ-ONLY] done")

    def remember(client, line):
        asked.append(line)
        client.ok()

    commands = dict.fromkeys((b"UID MOVE", b"UID STORE", b"UID EXPUNGE"), remember)
    with (
        hostile({b"SELECT": select, b"EXAMINE": select, **commands}) as server,
        session(server) as mailbox,
    ):
        for change in (lambda: mailbox.move([1], "Done"), lambda: mailbox.delete([1])):
            with pytest.raises(errors.UnexpectedAnswer) as caught:
                change()
            assert caught.value.code == "unexpected_answer_read_only"
    assert not asked


@pytest.mark.parametrize("command", [b"UID MOVE", b"UID COPY", b"UID STORE", b"UID EXPUNGE"])
def test_a_connection_that_breaks_in_the_middle_of_a_change(command):
    def reset(client, line):
        client.reset()

    capabilities = b"IMAP4rev1 AUTH=PLAIN UIDPLUS"
    if command == b"UID MOVE":
        capabilities += b" MOVE"
    with (
        hostile({command: reset}, capabilities) as server,
        session(server) as mailbox,
        pytest.raises(errors.ConnectionLost),
    ):
        mailbox.move([1], "Done")


def test_without_uidplus_nothing_is_expunged_that_is_not_ours():
    commands = []

    def search(client, line):
        client.send(b"* SEARCH 1 2\r\n")
        client.ok()

    def expunge(client, line):
        commands.append(line)
        client.ok()

    with (
        hostile(
            {b"UID SEARCH": search, b"EXPUNGE": expunge, b"UID EXPUNGE": expunge},
            b"IMAP4rev1 AUTH=PLAIN",
        ) as server,
        session(server) as mailbox,
    ):
        mailbox.delete([1])
        assert commands == []
        mailbox.delete([1, 2])
        assert len(commands) == 1
