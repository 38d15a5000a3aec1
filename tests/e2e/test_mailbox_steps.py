"""What is done in the mailbox after the tickets are safe: once, whatever breaks meanwhile."""

import dataclasses
import itertools
from collections import Counter

import pytest
from e2e.builders import STEPS, mail
from servers.dovecot import Dovecot
from servers.odoo_process import Console, OdooEnded

_numbers = itertools.count(1)
CAPABILITIES = {
    "MOVE": None,
    "UIDPLUS": "IMAP4rev1 SASL-IR LITERAL+ SPECIAL-USE LIST-EXTENDED UIDPLUS",
}
SUBJECTS = ["one", "two", "three"]
MOVE = {"do": "move", "folder": "Done", "create": True}
COPY = {"do": "copy", "folder": "Archive/Größe", "create": True}


@dataclasses.dataclass
class Box:
    """A mailbox with mails that have become tickets, and their scanner."""

    odoo: object
    dovecot: Dovecot
    user: str
    scanner: int

    def get(self, *subjects, folder="INBOX"):
        for subject in subjects:
            self.dovecot.deliver(mail(subject=subject), self.user, folder)

    def visit(self):
        return self.odoo.do("visit", self.scanner)

    def want(self, *steps, subjects=None):
        return self.odoo.do("want", self.scanner, list(steps), subjects)

    def rows(self):
        return self.odoo.do("mails", self.scanner)

    def traces(self):
        """Codes of the last steps in the mailbox, by subject."""
        return {
            row["subject"]: [code for code in row["trace"] if code.startswith("mailbox_")]
            for row in self.rows()
        }

    def todo(self):
        return self.odoo.do("todo", self.scanner)

    def read(self, *names):
        """Read these folders, from the next new mail on."""
        self.odoo.do("look_up_folders", self.scanner)
        self.odoo.do("choose_folders", self.scanner, *names)
        self.visit()

    def subjects(self, folder="INBOX"):
        maildir = self.dovecot.maildir(self.user, folder)
        found = []
        for file in [*maildir.glob("new/*"), *maildir.glob("cur/*")]:
            if "T" not in file.name.rpartition(":2,")[2]:  # \Deleted
                [line] = [x for x in file.read_bytes().splitlines() if x.startswith(b"Subject: ")]
                found.append(line[9:].decode())
        return sorted(found)

    def flags(self, folder="INBOX"):
        return self.dovecot.flags(self.user, folder)


@pytest.fixture
def box_on(odoo):
    def make(dovecot, **values):
        user = f"moved{next(_numbers)}@example.com"
        dovecot.add_user(user)
        values = {"user": user, "port": dovecot.imap_port, **values}
        box = Box(odoo, dovecot, user, odoo.do("scanner", **values))
        odoo.do("begin", box.scanner, "next")
        box.get(*SUBJECTS)
        assert not box.visit()
        assert [row["outcomes"] for row in box.rows()] == [["ticket"]] * 3
        return box

    return make


@pytest.fixture
def box(box_on, dovecot):
    return box_on(dovecot)


@pytest.fixture(params=CAPABILITIES)
def any_box(request, box_on, start_dovecot):
    """On a server with MOVE, and on one without."""
    words = CAPABILITIES[request.param]
    extra = {} if words is None else {"extra": f"imap_capability = {words}\n"}
    return box_on(start_dovecot(**extra))


def test_flags_follow_what_is_wanted(box):
    assert set(box.flags().values()) == {r"\Seen"}
    box.want({"do": "unseen"}, {"do": "flag"}, subjects=["two"])
    box.visit()
    assert box.flags() == {1: r"\Seen", 2: r"\Flagged", 3: r"\Seen"}
    box.want({"do": "seen"}, {"do": "unflag"}, subjects=["two"])
    box.visit()
    assert box.flags() == dict.fromkeys((1, 2, 3), r"\Seen")
    assert box.traces()["two"] == [
        "mailbox_seen",
        "mailbox_unseen",
        "mailbox_flagged",
        "mailbox_seen",
        "mailbox_unflagged",
    ]
    assert not box.todo()


def test_mails_are_copied_and_moved(any_box):
    box = any_box
    box.want({"do": "flag"}, COPY, MOVE, subjects=["one", "three"])
    assert not box.visit()
    assert box.subjects() == ["two"]
    assert box.subjects("Done") == box.subjects("Archive/Größe") == ["one", "three"]
    assert all(r"\Flagged \Seen" in flags for flags in box.flags("Done").values())
    assert box.traces()["three"][1:] == [
        "mailbox_flagged",
        "mailbox_created",
        "mailbox_copied",
        "mailbox_created",
        "mailbox_moved",
    ]
    assert not box.todo()


def test_mails_are_deleted_and_no_others(any_box):
    any_box.want({"do": "delete"}, subjects=["two"])
    assert not any_box.visit()
    assert any_box.subjects() == ["one", "three"]
    assert any_box.traces()["two"][-1] == "mailbox_deleted"


def test_pop_deletes_at_the_end_of_its_session_and_can_do_nothing_else(box_on, dovecot):
    box = box_on(dovecot, server_type="pop", port=dovecot.pop_port)
    box.want({"do": "delete"}, subjects=["two"])
    box.want(MOVE, subjects=["three"])
    box.get("four")
    assert not box.visit()
    assert box.subjects() == ["four", "one", "three"]
    assert [row["outcomes"] for row in box.rows()] == [["ticket"]] * 4
    assert box.traces()["two"] == ["mailbox_deleted"]
    assert box.traces()["three"] == ["mailbox_pop_only_deletes"]
    assert not box.visit()
    assert len(box.rows()) == 4


# --- folders that are read, too


@pytest.fixture(params=["told", "looked up"])
def copyuid(request, odoo):
    """The server tells where a copy is, or does not."""
    odoo.do("tell_copyuid", request.param == "told")
    yield
    odoo.do("tell_copyuid", True)


def test_a_mail_that_we_put_into_a_folder_that_is_read_does_not_come_in_again(any_box, copyuid):
    box = any_box
    for folder in ("Done", "Archive"):
        box.dovecot.create_folder(folder, box.user)
    box.read("INBOX", "Done", "Archive")
    box.want({"do": "copy", "folder": "Archive"}, {"do": "move", "folder": "Done"})
    assert not box.visit()
    assert not box.visit()
    box.get("fresh", folder="Done")
    assert not box.visit()
    assert box.subjects("Archive") == ["one", "three", "two"]
    assert box.subjects("Done") == ["fresh", "one", "three", "two"]
    assert [row["subject"] for row in box.rows()] == [*SUBJECTS, "fresh"]
    assert box.subjects() == []


def test_a_folder_that_gets_new_numbers_brings_them_as_copies(box):
    box.dovecot.create_folder("Done", box.user)
    box.read("INBOX", "Done")
    box.want({"do": "copy", "folder": "Done"}, subjects=["one"])
    box.visit()
    box.dovecot.delete_folder("Done", box.user)
    box.dovecot.create_folder("Done", box.user)
    assert not box.visit()
    assert len(box.rows()) == 3


# --- what cannot be done


def test_a_folder_that_is_gone_is_told_and_the_others_go_on(box):
    box.want({"do": "copy", "folder": "Gone", "rule": 999_999}, {"do": "delete"}, subjects=["one"])
    box.want(MOVE, subjects=["two"])
    box.want({"do": "copy", "folder": "INBOX", "rule": 999_999}, subjects=["three"])
    assert not box.visit()
    assert box.subjects() == ["three"]
    assert box.subjects("Done") == ["two"]
    assert box.traces()["one"][1:] == ["mailbox_folder_missing", "mailbox_deleted"]
    assert box.traces()["three"][1:] == ["mailbox_there_already"]
    assert not box.todo()


def test_a_refusal_is_told_and_not_tried_for_ever(box):
    # Dovecot takes no control characters in the names of folders
    bad = {"do": "move", "folder": "a\x07b", "create": True, "rule": 999_999}
    box.want(bad, {"do": "flag"}, subjects=["one", "two"])
    assert not box.visit()
    assert box.traces()["one"][1:] == ["mailbox_failed_move", "mailbox_flagged"]
    assert box.subjects() == ["one", "three", "two"]
    assert not box.todo()


def test_a_mail_that_somebody_removed_wants_nothing_more(box):
    box.dovecot.expunge(2, user=box.user)
    box.want(MOVE)
    assert not box.visit()
    assert box.subjects("Done") == ["one", "three"]
    assert box.traces()["two"][-1] == "mailbox_gone"
    assert not box.todo()


# --- what breaks


def check_done(box):
    """Each mail was copied and moved once, and came in once."""
    assert not box.todo()
    assert box.subjects() == []
    for folder in ("Done", "Archive/Größe"):
        assert Counter(box.subjects(folder)) == dict.fromkeys(SUBJECTS, 1)
    assert [row["subject"] for row in box.rows()] == SUBJECTS
    for codes in box.traces().values():
        assert codes.count("mailbox_copied") == codes.count("mailbox_moved") == 1
        assert "mailbox_gone" not in codes


@pytest.fixture
def read_box(any_box):
    """The folders that mails are put into are read as well."""
    for folder in ("Done", "Archive/Größe"):
        any_box.dovecot.create_folder(folder, any_box.user)
    any_box.read("INBOX", "Done", "Archive/Größe")
    return any_box


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_connection_that_breaks_doubles_nothing(read_box, copyuid, when, count):
    box = read_box
    box.want(COPY, MOVE)
    error = box.odoo.do("break_off", box.scanner, "_transfer", when, count)
    assert "closed the connection" in error
    for _visit in range(2):
        assert not box.visit()
    check_done(box)


@pytest.mark.parametrize("count", [1, 2])
def test_a_connection_that_breaks_before_the_source_is_removed(box_on, start_dovecot, count):
    box = box_on(start_dovecot(extra=f"imap_capability = {CAPABILITIES['UIDPLUS']}\n"))
    box.want(COPY, MOVE)
    when = "before" if count == 1 else "after"
    assert "closed the connection" in box.odoo.do("break_off", box.scanner, "delete", when)
    assert not box.visit()
    check_done(box)


@pytest.mark.timeout(600)
def test_killed_at_one_place_after_the_other(read_box, database):
    """Each process gets a little further than the one before."""
    box = read_box
    box.want(COPY, MOVE)
    places = itertools.cycle(
        [
            ("after commit", 1),
            ("before copying", 1),
            ("after copying", 1),
            ("before commit", 2),
            ("before removing", 1),
        ]
    )
    deaths = Counter()
    while box.todo():
        place, count = next(places)
        with Console(database, STEPS, log="killed") as console:
            console.begin("visit_and_die", box.scanner, place, count)
            with pytest.raises(OdooEnded):
                console.result()
        deaths[place] += 1
        assert deaths.total() < 30, box.todo()
    assert deaths["before commit"] and deaths["after copying"]
    assert not box.visit()
    check_done(box)


def test_a_message_at_which_the_server_hangs_up_holds_nobody_back(box):
    box.want(MOVE)
    for _visit in range(2):
        box.get("new")
        assert "closed the connection" in box.odoo.do("break_at", box.scanner, 2)
    assert box.subjects("Done") == ["one", "three"]
    assert list(box.todo()) == ["two"]
    assert [row["outcomes"] for row in box.rows()] == [["ticket"]] * 5
    assert not box.visit()
    assert box.subjects("Done") == ["one", "three", "two"]
    assert box.traces()["two"][-1] == "mailbox_moved"


# --- wanted by rules


@pytest.fixture
def rule(odoo):
    """Make a rule over mails with a word in their subject; off when the test ends."""
    made = []

    def make(word, *actions):
        domain = [("fact_subject", "ilike", word)]
        made.append(odoo.do("rule", domain, list(actions)))
        return made[-1]

    yield make
    for rule_id in made:
        odoo.do("delete", "helpdesk.scanner.rule", rule_id)


def test_a_rule_moves_a_mail_once_its_ticket_is_safe(box, rule):
    rule(
        "bill",
        {"kind": "flag"},
        {"kind": "unseen"},
        {"kind": "copy", "folder_name": "Archive", "create_folder": True},
        {"kind": "move", "folder_name": "Bills", "create_folder": True},
    )
    box.get("A bill", "four")
    assert not box.visit()
    assert box.subjects("Bills") == box.subjects("Archive") == ["A bill"]
    assert box.subjects() == ["four", "one", "three", "two"]
    [flags] = box.flags("Bills").values()
    assert r"\Flagged" in flags
    assert r"\Seen" not in flags
    assert {row["subject"]: row["outcomes"] for row in box.rows()}["A bill"] == ["ticket"]
    assert not box.todo()


def test_a_rule_that_ignores_and_deletes(box, rule):
    rule("lottery", {"kind": "ignore"}, {"kind": "delete"})
    box.get("You won the lottery", "four")
    assert not box.visit()
    assert box.subjects() == ["four", "one", "three", "two"]
    [row] = [row for row in box.rows() if "lottery" in row["subject"]]
    assert (row["state"], row["tickets"]) == ("ignored", [])
    assert row["trace"][-1] == "mailbox_deleted"


def test_a_rule_whose_folder_is_gone_is_flagged_and_its_ticket_made(box, rule):
    rule_id = rule("bill", {"kind": "move", "folder_name": "Gone"}, {"kind": "flag"})
    box.get("A bill")
    assert not box.visit()
    assert box.odoo.do("faults", rule_id) == ["mailbox_folder_missing"]
    assert {row["subject"]: row["outcomes"] for row in box.rows()}["A bill"] == ["ticket"]
    assert box.traces()["A bill"] == ["mailbox_flagged", "mailbox_seen", "mailbox_folder_missing"]
    assert box.subjects() == ["A bill", "one", "three", "two"]


def test_on_pop_a_rule_deletes_and_does_nothing_else(box_on, dovecot, rule):
    box = box_on(dovecot, server_type="pop", port=dovecot.pop_port)
    rule("bill", {"kind": "flag"}, {"kind": "delete"})
    box.get("A bill", "four")
    assert not box.visit()
    assert box.subjects() == ["four", "one", "three", "two"]
    assert box.traces()["A bill"] == ["mailbox_pop_only_deletes", "mailbox_deleted"]


def test_a_mail_that_is_left_alone_stays_unread(box, rule):
    box.odoo.do("change", "fetchmail.server", box.scanner, unmatched="leave")
    rule("bill", {"kind": "seen"})
    box.get("A bill", "four")
    assert not box.visit()
    flags = box.flags()
    assert [r"\Seen" in flags[uid] for uid in (4, 5)].count(True) == 1
    [left] = [row for row in box.rows() if row["subject"] == "four"]
    assert left["tickets"] == []
    assert not box.todo()


def test_a_folder_is_read_while_a_rule_looks_at_it(box, odoo):
    box.dovecot.create_folder("Shop", box.user)
    box.get("before", folder="Shop")
    odoo.do("look_up_folders", box.scanner)
    odoo.do("rule_on_folder", box.scanner, "Shop")
    assert not box.visit()
    box.get("an order", folder="Shop")
    assert not box.visit()
    rows = {row["subject"]: (row["folder"], row["outcomes"]) for row in box.rows()}
    assert rows["an order"] == ("Shop", ["ticket"])
    assert "before" not in rows


@pytest.mark.parametrize(
    "name", ["{}", "{3}", 'a"b', "a\\b", "Größe & 日本", "a b", "&", "~x", "(a)", "INBOX/../x", "%"]
)
def test_odd_folder_names(box, rule, name):
    """Whatever a folder is called: the mail is there, or where it was, and has its ticket."""
    rule("odd", {"kind": "move", "folder_name": name, "create_folder": True})
    box.get("odd one", "four")
    assert not box.visit()
    traces = box.traces()["odd one"]
    assert {row["subject"]: row["outcomes"] for row in box.rows()}["odd one"] == ["ticket"]
    moved = "odd one" not in box.subjects()
    assert moved == ("mailbox_moved" in traces), traces
    # what a file system takes for its own is refused by the server
    assert moved == (name not in ("INBOX/../x", "~x")), traces
    assert not box.todo()
    box.get("five")
    assert not box.visit()
    assert {row["subject"]: row["outcomes"] for row in box.rows()}["five"] == ["ticket"]
