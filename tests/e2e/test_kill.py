"""Killed anywhere and started again: the same tickets, none lost, none twice."""

import os
import queue
import random
from collections import Counter

import pytest
from e2e.builders import STEPS, mail, varied_mails
from servers.odoo_process import Console, OdooEnded

MAILS = 200
MOST_KILLS = 26
PLACES = (
    "fetched",
    "stored",
    "claimed",
    "contacts made",
    "tickets made",
    "messages made",
    "acted",
    "before commit",
    "after commit",
    "before marking",
    "after marking",
)


@pytest.fixture
def chance():
    """Seeded; the seed is shown when the test fails, and MAILFLOW_SEED sets it."""
    seed = int(os.environ.get("MAILFLOW_SEED") or random.SystemRandom().randrange(10**6))
    print(f"MAILFLOW_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def mailbox(odoo, dovecot, user, database):
    return Mailbox(odoo, dovecot, user, database)


class Mailbox:
    """A mailbox full of mails, its scanner, and what has to become of them."""

    def __init__(self, odoo, dovecot, user, database):
        self.odoo, self.dovecot, self.user, self.database = odoo, dovecot, user, database
        self.scanner = odoo.do("scanner", user=user, port=dovecot.imap_port)

    def fill(self, count, chance, prefix):
        self.mails = varied_mails(count, chance, prefix)
        for _message_id, raw, _root in self.mails:
            self.dovecot.deliver(raw, self.user)
        assert self.odoo.do("begin", self.scanner) == len(self.mails)
        self.tickets = count

    def share_done(self) -> float:
        """The share of the mails that are dealt with and marked."""
        [[done]] = self.database.sql(
            "SELECT count(*) FROM helpdesk_incoming_mail mail"
            " JOIN helpdesk_mail_folder folder ON folder.id = mail.folder_id"
            " WHERE folder.scanner_id = %s AND mail.state = 'done' AND mail.mailbox_todo IS NULL",
            self.scanner,
        )
        return done / len(self.mails)

    def is_done(self) -> bool:
        return self.share_done() == 1

    def states(self) -> dict[str, str]:
        """Committed states of the ledger by UID."""
        rows = self.database.sql(
            "SELECT mail.uid, mail.state FROM helpdesk_incoming_mail mail"
            " JOIN helpdesk_mail_folder folder ON folder.id = mail.folder_id"
            " WHERE folder.scanner_id = %s",
            self.scanner,
        )
        assert len(rows) == len(dict(rows)), "a UID stands twice in the ledger"
        return dict(rows)

    def check_marks(self):
        """What is read in the mailbox has its outcome committed."""
        seen = [
            str(uid) for uid, flags in self.dovecot.flags(self.user).items() if r"\Seen" in flags
        ]
        # the marks are read first: what is committed meanwhile only makes this easier
        states = self.states()
        too_early = {
            uid: states.get(uid) for uid in seen if states.get(uid) in (None, "new", "failed")
        }
        assert not too_early, f"read, but not dealt with: {too_early}"

    def check_end(self):
        """Every mail is one message: of a ticket of its own, or of the one it answers."""
        states = self.states()
        assert Counter(states.values()) == {"done": len(self.mails)}
        assert len(states) == len(self.mails)
        flags = self.dovecot.flags(self.user)
        assert len(flags) == len(self.mails)
        unread = [uid for uid, each in flags.items() if r"\Seen" not in each]
        assert not unread, f"not marked as read: {unread}"
        wanted = {message_id: root for message_id, _raw, root in self.mails}
        ticket_of = {}
        for ticket in self.odoo.do("tickets"):
            for message in ticket["messages"]:
                if message["message_id"] in wanted:
                    assert message["message_id"] not in ticket_of, "a mail became two messages"
                    ticket_of[message["message_id"]] = ticket["id"]
        assert ticket_of.keys() == wanted.keys()
        roots = [message_id for message_id, root in wanted.items() if root is None]
        assert len({ticket_of[root] for root in roots}) == len(roots) == self.tickets
        for message_id, root in wanted.items():
            assert ticket_of[message_id] == ticket_of[root or message_id]
        [[tickets]] = self.database.sql(
            "SELECT count(DISTINCT delivery.ticket_id)"
            " FROM helpdesk_incoming_mail_delivery delivery"
            " JOIN helpdesk_incoming_mail mail ON mail.id = delivery.mail_id"
            " JOIN helpdesk_mail_folder folder ON folder.id = mail.folder_id"
            " WHERE folder.scanner_id = %s",
            self.scanner,
        )
        assert tickets == self.tickets


@pytest.mark.timeout(900)
def test_killed_at_any_moment_the_same_tickets_come_out(mailbox, database, chance):
    mailbox.fill(MAILS, chance, "one")
    kills = Counter()
    places = list(PLACES)
    chance.shuffle(places)
    while not mailbox.is_done():
        with Console(database, STEPS, log="killed") as console:
            console.do("small_batches", chance.choice((5, 10, 25)))
            count = sum(kills.values())
            place = ()
            if places and count % 2:
                how, patience = places.pop(), 60.0
                place = (how, chance.choice((1, 1, 2, 3)))
            elif count < MOST_KILLS:
                # spread over the whole work: on a fast machine earlier, on a slow one later
                ahead = mailbox.share_done() > count / MOST_KILLS
                how = "any moment"
                patience = chance.uniform(0.01, 0.06) if ahead else chance.uniform(0.05, 0.5)
            else:
                how, patience = "", 120.0
            console.begin("scan_and_retry", *place)
            try:
                console.result(patience)
            except (queue.Empty, OdooEnded):
                console.kill()
                if not mailbox.is_done():
                    kills[how] += 1
        mailbox.check_marks()
    print(f"{sum(kills.values())} kills: {dict(kills)}")
    assert sum(kills.values()) >= 20, "the work was done before it was killed often enough"
    mailbox.check_end()


@pytest.mark.timeout(600)
def test_two_processes_on_one_mailbox_do_not_double_anything(mailbox, database, chance):
    mailbox.fill(80, chance, "two")
    with (
        Console(database, STEPS, log="first") as first,
        Console(database, STEPS, log="second") as second,
    ):
        for console in (first, second):
            console.do("small_batches", 10)
        for _round in range(40):
            first.begin("visit", mailbox.scanner)
            second.begin("scan_and_retry")
            first.result()
            second.result()
            if mailbox.is_done():
                break
    mailbox.check_marks()
    mailbox.check_end()


@pytest.mark.timeout(600)
def test_a_killed_process_is_followed_by_one_that_runs_already(mailbox, database, chance):
    """The one that is killed holds the mailbox; another one waits to read it."""
    mailbox.fill(40, chance, "three")
    with Console(database, STEPS, log="follower") as follower:
        for place in ("stored", "acted", "before marking"):
            with Console(database, STEPS, log="leader") as leader:
                leader.do("small_batches", 15)
                leader.begin("scan_and_retry", place)
                with pytest.raises(OdooEnded):
                    leader.result()
            mailbox.check_marks()
        for _round in range(20):
            follower.do("scan_and_retry")
            if mailbox.is_done():
                break
    mailbox.check_end()


@pytest.mark.timeout(600)
def test_a_mail_that_ends_processes_holds_nobody_back_and_is_held_in_the_end(
    odoo, dovecot, user, database
):
    scanner = odoo.do("scanner", user=user, port=dovecot.imap_port)
    odoo.do("begin", scanner, "next")
    names = ["one", "two", "poison", "three", "four"]
    for name in names:
        dovecot.deliver(mail(subject=name), user)
    deaths, history = 0, []
    for _process in range(12):
        with Console(database, STEPS, log="poisoned") as console:
            console.begin("scan_with_poison", "poison")
            try:
                console.result()
            except OdooEnded:
                deaths += 1
        rows = {row["subject"]: row["state"] for row in odoo.do("mails", scanner)}
        history.append(sum(state == "done" for state in rows.values()))
        if "held" in rows.values():
            break
    poison = [row for row in odoo.do("mails", scanner) if row["state"] == "held"]
    assert deaths == 6, history
    assert history[3] == 4, "after three deaths the others go on"
    assert len(poison) == 1
    assert "cut off 6 times" in poison[0]["why"]
    assert len([row for row in odoo.do("mails", scanner) if row["tickets"]]) == 4
