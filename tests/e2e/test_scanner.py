"""A mail scanner on a real mailbox, as an administrator sets it up and uses it."""

import dataclasses
import itertools
import time

import pytest
from e2e.builders import mail
from servers.dovecot import Dovecot

DAY = 86_400
_numbers = itertools.count(1)


@dataclasses.dataclass
class Box:
    """A mailbox and its scanner."""

    odoo: object
    dovecot: Dovecot
    user: str
    scanner: int

    def get(self, *subjects, folder="INBOX", days_ago=None, seen=False):
        """Let mails arrive."""
        for subject in subjects:
            raw = mail(subject=subject)
            if days_ago is None:
                self.dovecot.deliver(raw, self.user, folder, seen=seen)
            else:
                self.dovecot.append(raw, self.user, folder, time.time() - days_ago * DAY)

    def visit(self):
        return self.odoo.do("visit", self.scanner)

    def begin(self, *args, **kwargs):
        return self.odoo.do("begin", self.scanner, *args, **kwargs)

    def state(self):
        return self.odoo.do("scanner_state", self.scanner)

    def folder(self, name="INBOX"):
        return self.state()["folders"][name]

    def rows(self):
        return self.odoo.do("mails", self.scanner)

    def subjects(self):
        """Of the mails that became tickets, in their order."""
        return [row["subject"] for row in self.rows() if row["outcomes"] == ["ticket"]]

    def change(self, **values):
        self.odoo.do("change", "fetchmail.server", self.scanner, **values)

    def unread(self, folder="INBOX"):
        flags = self.dovecot.flags(self.user, folder)
        return sum(r"\Seen" not in each for each in flags.values())


@pytest.fixture
def box_on(odoo):
    """Make a mailbox with a scanner on a Dovecot."""

    def make(dovecot, **values):
        user = f"scanned{next(_numbers)}@example.com"
        dovecot.add_user(user)
        values = {"user": user, "port": dovecot.imap_port, **values}
        return Box(odoo, dovecot, user, odoo.do("scanner", **values))

    return make


@pytest.fixture
def box(box_on, dovecot):
    return box_on(dovecot)


@pytest.fixture
def pop_box(box_on, dovecot):
    return box_on(dovecot, server_type="pop", port=dovecot.pop_port)


# --- where it begins


def test_it_does_nothing_until_it_is_activated(box):
    box.get("early")
    box.odoo.do("cron_scan")
    assert box.rows() == []
    assert box.state()["state"] == "off"
    assert not box.state()["begun"]
    action = box.odoo.do("press", box.scanner, "action_activate")
    assert action["res_model"] == "helpdesk.scanner.begin"
    assert box.state()["state"] == "off"


def test_it_begins_with_the_next_new_mail(box):
    box.get("before")
    assert box.begin("next") == 0
    assert box.visit() is None
    box.get("after")
    assert box.visit() is None
    assert box.subjects() == ["after"]
    assert box.unread() == 1, "what was there before stays as it was"


def test_it_takes_exactly_the_mails_of_the_last_days_that_it_counted(box):
    box.get("old", days_ago=9)
    box.get("eight days", days_ago=8)
    box.get("six days", days_ago=6)
    box.get("yesterday", days_ago=1)
    box.get("today", seen=True)
    assert box.begin("days", 7) == 3
    assert box.visit() is None
    assert box.subjects() == ["six days", "yesterday", "today"]
    assert box.visit() is None
    assert len(box.rows()) == 3
    assert box.unread() == 2


def test_the_same_by_pop(pop_box):
    for subject, days in (("nine days", 9), ("two days", 2)):
        received = time.strftime(
            "%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() - days * DAY)
        )
        raw = f"Received: from a by b; {received}\r\n".encode() + mail(subject=subject)
        pop_box.dovecot.deliver(raw, pop_box.user)
    assert pop_box.begin("days", 7) == 1
    assert pop_box.visit() is None
    assert pop_box.subjects() == ["two days"]


# --- what it takes


def test_only_unread_mails(box):
    box.change(scan_type="unread")
    box.get("read elsewhere", seen=True)
    box.get("unread")
    assert box.begin("days", 7) == 1
    assert box.visit() is None
    assert box.subjects() == ["unread"]
    box.get("later, read", seen=True)
    box.get("later, unread")
    box.visit()
    assert box.subjects() == ["unread", "later, unread"]


def test_everything_takes_what_somebody_has_read_already(box):
    box.begin("next")
    box.get("read", seen=True)
    box.get("unread")
    assert box.visit() is None
    assert sorted(box.subjects()) == ["read", "unread"]


@pytest.mark.parametrize("scan_type", ["everything", "unread"])
def test_without_marking_nothing_changes_in_the_mailbox(box, scan_type):
    box.change(mark_read=False, scan_type=scan_type)
    box.begin("next")
    box.get("one", "two")
    for _again in range(3):
        assert box.visit() is None
    assert box.subjects() == ["one", "two"]
    assert box.unread() == 2


def test_marked_as_read_once_it_is_a_ticket(box):
    box.begin("next")
    box.get("one", "two")
    assert box.visit() is None
    assert box.unread() == 0


def test_a_mail_that_is_moved_in_later_with_an_old_date_is_taken(box):
    box.begin("next")
    box.get("moved", days_ago=400)
    assert box.visit() is None
    assert box.subjects() == ["moved"]


# --- folders


def test_folders_are_found_and_chosen(box):
    for name in ("Anfragen/Österreich", "日本語 サポート", "R&D"):
        box.dovecot.create_folder(name, box.user)
    box.odoo.do("press", box.scanner, "action_look_up_folders")
    found = box.state()["folders"]
    assert {"INBOX", "Anfragen/Österreich", "日本語 サポート", "R&D", "Sent"} <= set(found)
    assert [name for name, folder in found.items() if folder["read"]] == ["INBOX"]
    box.odoo.do("choose_folders", box.scanner, "Anfragen/Österreich", "日本語 サポート", "R&D")
    box.begin("next")
    box.get("in INBOX")
    box.get("Wien", folder="Anfragen/Österreich")
    box.get("東京", folder="日本語 サポート")
    box.get("lab", folder="R&D")
    assert box.visit() is None
    assert sorted(box.subjects()) == ["Wien", "lab", "東京"]
    assert {row["folder"] for row in box.rows()} == {
        "Anfragen/Österreich",
        "日本語 サポート",
        "R&D",
    }
    assert box.unread("日本語 サポート") == 0


def test_a_missing_folder_is_told_and_the_others_go_on(box):
    for name in ("A", "B"):
        box.dovecot.create_folder(name, box.user)
    box.odoo.do("press", box.scanner, "action_look_up_folders")
    box.odoo.do("choose_folders", box.scanner, "A", "B", "INBOX")
    box.begin("next")
    box.dovecot.delete_folder("A", box.user)
    box.get("in B", folder="B")
    box.get("in INBOX")
    assert "“A”" in box.visit()
    assert sorted(box.subjects()) == ["in B", "in INBOX"]
    assert box.folder("A")["state"] == "error"
    assert "This folder is not there" in box.folder("A")["error"]
    assert box.folder("B")["state"] == box.folder("INBOX")["state"] == "ok"
    assert box.state()["state"] == "error"
    assert "“A”" in box.state()["error"]
    assert "A" in box.odoo.do("error_of", box.scanner, "button_confirm_login")
    box.dovecot.create_folder("A", box.user)
    assert box.visit() is None
    assert box.folder("A")["state"] == "ok"
    assert box.state()["state"] == "on"


def test_a_folder_that_was_made_anew(box):
    box.dovecot.create_folder("Queue", box.user)
    box.odoo.do("press", box.scanner, "action_look_up_folders")
    box.odoo.do("choose_folders", box.scanner, "Queue")
    box.begin("next")
    same = mail(subject="same")
    box.dovecot.deliver(same, box.user, "Queue")
    box.visit()
    box.dovecot.delete_folder("Queue", box.user)
    box.dovecot.create_folder("Queue", box.user)
    box.dovecot.deliver(same, box.user, "Queue")
    box.get("new", folder="Queue")
    assert box.visit() is None
    assert box.subjects() == ["same", "new"]
    assert box.unread("Queue") == 0
    assert [row["state"] for row in box.rows()] == ["done", "duplicate", "done"]


def test_new_numbers_for_the_same_mails(box, database, wait_for):
    """UIDVALIDITY changes when a server loses its index: nothing comes twice, and nothing of
    before the scanner's beginning comes in."""
    box.get("long before", days_ago=3)
    box.begin("next")
    box.get("one", "two")
    box.visit()
    [[old]] = database.sql(
        "SELECT uidvalidity FROM helpdesk_mail_folder WHERE scanner_id = %s", box.scanner
    )
    box.dovecot.kill()
    # the new ones are made of the time in seconds
    wait_for(lambda: time.time() >= int(old) + 1)
    for file in box.dovecot.maildir(box.user).glob("dovecot*"):
        file.unlink()
    box.dovecot.start()
    box.get("three")
    assert box.visit() is None
    assert sorted(box.subjects()) == ["one", "three", "two"]
    assert "long before" not in [row["subject"] for row in box.rows()]
    box.get("four")
    assert box.visit() is None
    assert sorted(box.subjects()) == ["four", "one", "three", "two"]


# --- buttons


def test_run_now_while_inactive_reads_once(box):
    box.begin("days", 7, then="run")
    assert box.state()["state"] == "off"
    box.get("one")
    box.odoo.do("cron_scan")
    assert box.rows() == []
    answer = box.odoo.do("press", box.scanner, "action_run_now")
    assert "1" in answer["params"]["message"]
    assert box.subjects() == ["one"]
    assert box.state()["state"] == "off"


def test_deactivated_it_rests_and_goes_on_where_it_stopped(box):
    box.begin("next")
    box.get("one")
    box.odoo.do("cron_scan")
    box.odoo.do("press", box.scanner, "action_deactivate")
    box.get("two")
    box.odoo.do("cron_scan")
    assert box.subjects() == ["one"]
    assert box.state()["state"] == "off"
    box.odoo.do("press", box.scanner, "action_activate")
    box.odoo.do("cron_scan")
    assert box.subjects() == ["one", "two"]


# --- POP


def test_pop_leaves_the_mails_on_the_server_and_takes_each_once(pop_box):
    pop_box.get("before")
    pop_box.begin("next")
    pop_box.get("one", "two")
    for _again in range(3):
        assert pop_box.visit() is None
    pop_box.get("three")
    assert pop_box.visit() is None
    assert pop_box.subjects() == ["one", "two", "three"]
    assert len(pop_box.dovecot.flags(pop_box.user)) == 4
    assert pop_box.state()["state"] == "on"


# --- copies


def test_copies_of_a_mail_in_two_mailboxes_are_one_ticket(box_on, dovecot):
    boxes = [box_on(dovecot), box_on(dovecot)]
    raw = mail(subject="to both")
    for box in boxes:
        box.begin("next")
        dovecot.deliver(raw, box.user)
    assert [box.visit() for box in boxes] == [None, None]
    assert [box.rows()[0]["state"] for box in boxes] == ["done", "duplicate"]
    assert [box.unread() for box in boxes] == [0, 0]


def test_copies_for_two_aliases_are_one_ticket_each(box_on, dovecot, odoo):
    odoo.do("alias", "billing")
    odoo.do("alias", "orders")
    boxes = [box_on(dovecot), box_on(dovecot)]
    raw = mail(subject="to both aliases", to="billing@example.com, orders@example.com")
    for box, alias in zip(boxes, ("billing", "orders"), strict=True):
        box.begin("next")
        dovecot.deliver(f"Delivered-To: {alias}@example.com\r\n".encode() + raw, box.user)
        assert box.visit() is None
    tickets = [t for t in odoo.do("tickets") if t["subject"] == "to both aliases"]
    assert sorted(ticket["alias"] for ticket in tickets) == ["Billing", "Orders"]


# --- what an administrator reads when it does not work


def _told(box, words):
    """The sentence is on the scanner, and in the test of the connection; its folder says what
    managers may know, who see no hosts."""
    error = box.visit()
    assert words in error
    assert box.state()["error"] == error
    assert box.state()["state"] == "error"
    assert box.folder()["state"] == "error"
    assert "mail server" in box.folder()["error"]
    assert "localhost" not in box.folder()["error"]
    assert words in box.odoo.do("error_of", box.scanner, "button_confirm_login")
    assert "secret" not in error


def _cleared(box):
    box.get("at last")
    assert box.visit() is None
    assert box.state()["state"] == "on"
    assert box.state()["error"] == box.folder()["error"] == ""
    assert box.subjects() == ["at last"]


def test_wrong_password(box):
    box.begin("next")
    box.change(password="wrong")
    _told(box, "refused to log in")
    box.change(password="secret")
    _cleared(box)


def test_connection_refused(box):
    box.begin("next")
    port = box.dovecot.imap_port
    box.change(port=9)
    _told(box, "does not accept connections on port 9")
    box.change(port=port)
    _cleared(box)


def test_wrong_host(box):
    box.begin("next")
    # another host is another mailbox: where to begin is asked again
    box.change(server="mail.invalid")
    assert not box.state()["begun"]
    assert "mail.invalid" in box.odoo.do("error_of", box.scanner, "button_confirm_login")
    assert "mail.invalid" in box.visit()
    assert "mail.invalid" in box.state()["error"]
    box.change(server="localhost")
    box.begin("next")
    _cleared(box)


def test_certificate_not_trusted(box):
    box.begin("next")
    plain = box.dovecot.imap_port
    box.change(encryption="tls", port=box.dovecot.imaps_port)
    _told(box, "is not trusted")
    box.change(verify_certificate=False)
    assert box.visit() is None, "the check is switched off"
    box.change(verify_certificate=True)
    _told(box, "is not trusted")
    box.change(encryption="none", port=plain)
    _cleared(box)


def test_a_broken_scanner_does_not_stop_the_others(box_on, dovecot):
    boxes = [box_on(dovecot) for _number in range(3)]
    for box in boxes:
        box.begin("next")
        box.get(f"for {box.user}")
    boxes[0].change(port=9)
    boxes[1].change(password="wrong")
    boxes[0].odoo.do("cron_scan")
    assert [len(box.rows()) for box in boxes] == [0, 0, 1]
    assert [box.state()["state"] for box in boxes] == ["error", "error", "on"]


def test_a_defect_in_one_visit_does_not_stop_the_others(box_on, dovecot, odoo):
    boxes = [box_on(dovecot), box_on(dovecot)]
    for box in boxes:
        box.begin("next")
        box.get(f"for {box.user}")
    odoo.do("scan_with_defect", boxes[0].scanner)
    assert [len(box.rows()) for box in boxes] == [0, 1]
    assert "the defect" in boxes[0].state()["error"]
    odoo.do("cron_scan")
    assert [len(box.rows()) for box in boxes] == [1, 1]
    assert boxes[0].state()["error"] == ""


# --- another mailbox


@pytest.mark.parametrize("protocol", ["imap", "pop"])
def test_a_scanner_that_is_moved_reads_the_other_mailbox_whole(box_on, dovecot, protocol):
    ports = {"imap": dovecot.imap_port, "pop": dovecot.pop_port}
    box = box_on(dovecot, server_type=protocol, port=ports[protocol])
    box.begin("next")
    box.get("first here", "second here")
    assert box.visit() is None
    other = f"moved{next(_numbers)}@example.com"
    dovecot.add_user(other)
    box.user = other
    box.get("first there", "second there", "third there")
    box.change(user=other)
    assert box.state()["state"] == "off", "where to begin is asked again"
    assert box.begin("days", 36500) == 3
    assert box.visit() is None
    here, there = ["first here", "second here"], ["first there", "second there", "third there"]
    assert box.subjects() == here + there
    assert box.visit() is None
    assert len(box.rows()) == 5


# --- which server reports about senders


def test_it_learns_which_server_reports_about_senders(box):
    server = (
        b"Received: from x.example by in.acorn.example id 1; Tue, 3 Mar 2026 09:30:00 +0000\r\n"
        b"Authentication-Results: mx.acorn.example; spf=pass smtp.mailfrom=customer.example\r\n"
    )
    for number in range(6):
        raw = server + mail(subject=f"report {number}", sender=f"a@customer{number}.example")
        box.dovecot.append(raw, box.user, "INBOX", time.time() - (number + 1) * 3600)
    assert box.begin() == 6
    assert box.visit() is None
    state = box.state()
    assert state["authserv_proposed"] == "mx.acorn.example"
    assert "mx.acorn.example" in state["authserv_told"]
    box.odoo.do("press", box.scanner, "action_confirm_authserv")
    assert box.state()["authserv_told"] == ""
