"""What customers see of us, over real SMTP (TLS and log-in) and in real mailboxes.

Three queues answer via three From addresses, each with an SMTP server of its own that lets its
user send as that address only.
"""

import contextlib
import email
import email.policy
import re
from email.utils import getaddresses, parseaddr

import pytest
from e2e.builders import STEPS, mail
from servers.certificates import Authority
from servers.dovecot import Dovecot, DovecotMissing
from servers.odoo_process import Console, StepFailed
from servers.smtp import Smtp

ANN = "ann@customer.example"
BOB = "bob@customer.example"
CAROL = "carol@supplier.example"
FACES = {
    # queue: From address, its name, encryption, user
    "support": ("support@example.com", "Zylker Support", "starttls", "support"),
    "sales": ("sales@example.com", "Zylker Sales", "tls", "seller@hoster.example"),
    "brand": ("help@brand.example", "Brand", "starttls", "brand"),
}
CLEO = "cleo@example.com"
EVERYBODY = (ANN, BOB, CAROL, CLEO, *(face[0] for face in FACES.values()))
LINE = "write your reply above this line"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def dovecot():
    """The mailboxes of customers, of an agent and of our queues."""
    try:
        server = Dovecot(users=dict.fromkeys(EVERYBODY, "secret"))
    except DovecotMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    with server:
        yield server


@pytest.fixture(scope="module")
def boxes(dovecot):
    return Boxes(dovecot)


@pytest.fixture(scope="module")
def servers(authority, dovecot):
    """An SMTP server for each face; Odoo's own has no log-in."""
    started = {}
    for queue, (address, _name, encryption, user) in FACES.items():
        started[queue] = Smtp(
            users={user: "secret"},
            encryption=encryption,
            authority=authority,
            may_send_as={user: [address]},
            dovecot=dovecot,
        )
    started["odoo"] = Smtp(dovecot=dovecot)
    yield started
    for server in started.values():
        server.close()


@pytest.fixture(scope="module")
def odoo(database, authority):
    """An Odoo that trusts the authority of these tests."""
    steps = STEPS, STEPS.with_name("steps_face.py")
    trust = {"SSL_CERT_FILE": str(authority.file)}
    with Console(database, *steps, variables=trust) as console:
        console.do("settle")
        yield console


@pytest.fixture(scope="module")
def world(odoo, servers, boxes):
    """Queues, From addresses, an agent, and a scanner for each mailbox."""
    odoo.do("mail_server", servers["odoo"].port)
    world = odoo.do("face")
    for queue, (address, name, encryption, user) in FACES.items():
        made = odoo.do("own_smtp", address, name, servers[queue].port, encryption, user)
        assert (made["state"], made["proof"]) == ("verified", "login"), made
        assert made["said"] == (f"The connection works: localhost lets “{user}” send as {address}.")
        scanner = odoo.do("scanner", user=address, port=boxes.dovecot.imap_port)
        odoo.do("begin", scanner, "next")
        world["queues"][queue] |= {"from": made["id"], "scanner": scanner}
    return world


@pytest.fixture(autouse=True)
def clean(odoo, servers, boxes, world):
    """Servers that behave, company policies as they come, mailboxes that were looked into."""
    for server in servers.values():
        server.behave()
    odoo.do("send_waiting")
    for server in servers.values():
        server.take()
    odoo.do(
        "company",
        helpdesk_agent_name=True,
        helpdesk_auto_cc=False,
        helpdesk_private_answers=False,
    )
    boxes.look()


class Boxes:
    """What arrives in people's mailboxes."""

    def __init__(self, dovecot):
        self.dovecot = dovecot
        self._seen = {}

    def new(self, user):
        """The mails that arrived since the last time, parsed."""
        folder = self.dovecot.maildir(user)
        files = [*(folder / "new").iterdir(), *(folder / "cur").iterdir()]
        # the part before the flags is the name for good
        names = {file.name.partition(":")[0]: file for file in files}
        known = self._seen.setdefault(user, set())
        fresh = sorted(names.keys() - known)
        known.update(names)
        return [
            email.message_from_bytes(names[name].read_bytes(), policy=email.policy.default)
            for name in fresh
        ]

    def look(self):
        """Everything that is there now is no news any more."""
        for user in EVERYBODY:
            self.new(user)

    def only(self, user):
        """The one new mail."""
        found = self.new(user)
        assert len(found) == 1, [str(each["Subject"]) for each in found]
        return found[0]


@pytest.fixture
def ask(odoo, world, boxes):
    """A customer writes to a queue, and the mail becomes a ticket: (its id, the mail)."""

    def ask(queue="support", subject="Printer on fire", sender=f"Ann Example <{ANN}>", **headers):
        raw = mail(
            subject=subject, sender=sender, to=FACES[queue][0], text="It burns.\n", **headers
        )
        row = deliver(odoo, world, boxes, queue, raw)
        assert row["outcomes"] == ["ticket"], row
        [ticket] = row["tickets"]
        return ticket, email.message_from_bytes(raw, policy=email.policy.default)

    return ask


@pytest.fixture
def come_in(odoo, world, boxes):
    """A mail comes into a queue's mailbox; returns its row of the ledger."""

    def come_in(queue, raw):
        return deliver(odoo, world, boxes, queue, raw)

    return come_in


def deliver(odoo, world, boxes, queue, raw):
    boxes.dovecot.deliver(raw, FACES[queue][0])
    return visit(odoo, world, queue)[-1]


def visit(odoo, world, queue):
    scanner = world["queues"][queue]["scanner"]
    assert odoo.do("visit_as_cron", scanner) is None
    return odoo.do("mails", scanner)


@pytest.fixture
def answer(odoo, world):
    """The agent answers; returns the message's id."""

    def answer(ticket, body="<p>Use the extinguisher.</p>", **values):
        return odoo.do("answer", world["agent"], ticket, body, **values)

    return answer


def addresses(message, header):
    """Pairs of name and address."""
    return getaddresses([str(each) for each in message.get_all(header, [])])


def reply_to(received, sender, text="It is out.\n", **headers):
    """A reply as mail programs write it."""
    to = str(received["Reply-To"] or received["From"])
    references = f"{received['References'] or ''} {received['Message-ID']}".strip()
    return mail(
        subject=f"Re: {received['Subject']}",
        sender=sender,
        to=to,
        text=text,
        In_Reply_To=received["Message-ID"],
        References=references,
        **headers,
    )


# --- three queues, three servers


@pytest.mark.parametrize("queue", FACES)
def test_each_queue_answers_as_itself_through_its_own_server(
    odoo, servers, boxes, ask, answer, queue
):
    address, _name, _encryption, user = FACES[queue]
    ticket, question = ask(queue, subject=f"About {queue}")
    tag = f"[#{odoo.do('number', ticket)}]"
    message = answer(ticket)
    received = boxes.only(ANN)
    expected = {
        "From": [("Brad Lee", address)],
        "To": [("Ann Example", ANN)],
        "Cc": [],
    }
    assert {header: addresses(received, header) for header in expected} == expected
    assert addresses(received, "Reply-To")[0][1] == address, "the one address they know"
    assert received["Subject"] in (f"Re: {tag} About {queue}", f"Re: About {queue} {tag}")
    assert received["In-Reply-To"] == question["Message-ID"]
    assert received["References"].split()[-1] == question["Message-ID"]
    assert received["Message-ID"].endswith(f"@{address.partition('@')[2]}>")
    assert received["Auto-Submitted"] is None
    assert received["Bcc"] is None
    assert re.fullmatch(rf"answer; {ticket}; [0-9a-f]+", received["X-Helpdesk-Mailflow"])
    parts = [part.get_content_type() for part in received.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    for kind in ("plain", "html"):
        text = received.get_body((kind,)).get_content()
        assert "Use the extinguisher." in text
        assert "Brad of Zylker" in text, "the agent's signature"
        assert LINE in text
        assert text.index(LINE) < text.index("Use the extinguisher.")
    # and on the way: the right server, user and envelope
    [arrived] = servers[queue].take()
    assert (arrived.user, arrived.encrypted) == (user, True)
    assert (arrived.sender, arrived.recipients) == (address, (ANN,))
    others = [other for other in servers if other != queue]
    assert not any(servers[other].take() for other in others)
    became = odoo.do("what_became", message)
    assert (became["sender"], became["notes"]) == (address, [])


def test_a_conversation_threads_and_is_tagged_once(odoo, boxes, ask, answer, come_in):
    ticket, _question = ask(subject="Long talk")
    tag = f"[#{odoo.do('number', ticket)}]"
    for _round in range(3):
        answer(ticket)
        received = boxes.only(ANN)
        assert str(received["Subject"]).count(tag) == 1
        assert len(re.findall(r"Re:", received["Subject"])) == 1
        raw = reply_to(received, f"Ann Example <{ANN}>")
        row = come_in("support", raw)
        assert (row["outcomes"], row["tickets"]) == (["reply"], [ticket]), row
        last = email.message_from_bytes(raw, policy=email.policy.default)
    answer(ticket)
    received = boxes.only(ANN)
    assert received["In-Reply-To"] == last["Message-ID"]


# --- the name in From


def test_the_agent_s_name_can_be_left_out(odoo, boxes, ask, answer):
    ticket, _question = ask()
    answer(ticket)
    assert addresses(boxes.only(ANN), "From") == [("Brad Lee", "support@example.com")]
    odoo.do("company", helpdesk_agent_name=False)
    answer(ticket)
    assert addresses(boxes.only(ANN), "From") == [("Zylker Support", "support@example.com")]


# --- who gets it


def test_people_in_cc_take_part_and_people_in_bcc_are_not_seen(
    odoo, servers, boxes, ask, answer, come_in
):
    ticket, _question = ask()
    servers["support"].take()
    answer(ticket, helpdesk_cc=f"Bob <{BOB}>", helpdesk_bcc=CAROL)
    [arrived] = servers["support"].take()
    assert set(arrived.recipients) == {ANN, BOB, CAROL}, "one mail for all"
    for person in (ANN, BOB, CAROL):
        received = boxes.only(person)
        assert addresses(received, "To") == [("Ann Example", ANN)]
        assert addresses(received, "Cc") == [("Bob", BOB)]
        head = str(received).partition("Message-Id:")[2]
        assert CAROL not in head, "below what her own mail server wrote"
    row = come_in("support", reply_to(received, f"Bob <{BOB}>", "I have one, too.\n"))
    assert (row["outcomes"], row["tickets"]) == (["reply"], [ticket]), row


def test_colleagues_get_a_notification_of_their_own(odoo, world, boxes, ask, answer):
    ticket, _question = ask()
    odoo.do("follow", ticket, world["colleague"])
    answer(ticket)
    received = boxes.only(ANN)
    assert CLEO not in f"{received['To']} {received['Cc']} {received.get_body(('plain',))}"
    notified = boxes.only(CLEO)
    assert addresses(notified, "From") == [("Brad Lee", "support@example.com")]
    assert ANN not in str(notified["Cc"])
    assert notified["Message-ID"] == received["Message-ID"]


def test_a_copy_goes_to_the_queue_and_makes_no_ticket(odoo, world, servers, boxes, ask, answer):
    odoo.do("company", helpdesk_auto_cc=True)
    ticket, _question = ask()
    before = odoo.do("tickets")
    answer(ticket)
    received = boxes.only(ANN)
    assert [address for _name, address in addresses(received, "Cc")] == ["support@example.com"]
    [arrived] = servers["support"].take()
    assert sorted(arrived.recipients) == [ANN, "support@example.com"]
    _question, copy = boxes.new("support@example.com")
    assert copy["Message-ID"] == received["Message-ID"]
    row = visit(odoo, world, "support")[-1]
    assert row["message_id"] == received["Message-ID"], "it came back in"
    assert row["tickets"] in ([], [ticket]), row
    assert "ticket" not in row["outcomes"], row
    after = odoo.do("tickets")
    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert [len(each["messages"]) for each in after] == [len(each["messages"]) for each in before]
    assert boxes.new(ANN) == [], "the copy is not passed on"


def test_a_private_answer_is_not_for_the_requester(odoo, boxes, ask, answer, come_in):
    odoo.do("company", helpdesk_private_answers=True)
    ticket, _question = ask()
    answer(ticket, to=[f"Carol <{CAROL}>"], helpdesk_private=True)
    received = boxes.only(CAROL)
    assert boxes.new(ANN) == []
    assert ANN not in str(received["To"]) + str(received["Cc"])
    assert addresses(received, "From") == [("Brad Lee", "support@example.com")]
    row = come_in("support", reply_to(received, f"Carol <{CAROL}>", "Only for you.\n"))
    assert row["tickets"] == [ticket], row
    shown = odoo.do("internal", ticket)
    assert [parseaddr(sender)[1] for sender, _shown in shown] == [ANN, CAROL]
    assert [in_portal for _sender, in_portal in shown] == [True, False]
    assert boxes.new(ANN) == [], "the reply stays private, too"


# --- bad days


def test_a_disabled_sender_falls_back_and_says_so(odoo, world, servers, boxes, ask, answer):
    ticket, _question = ask("sales")
    sender = world["queues"]["sales"]["from"]
    odoo.do("change", "helpdesk.support.alias", world["queues"]["sales"]["alias"],
            answer_via_id=sender)  # fmt: skip
    odoo.do("change", "helpdesk.from.address", sender, enabled=False)
    try:
        message = answer(ticket)
    finally:
        odoo.do("change", "helpdesk.from.address", sender, enabled=True)
        odoo.do("change", "helpdesk.support.alias", world["queues"]["sales"]["alias"],
                answer_via_id=False)  # fmt: skip
    assert servers["sales"].take() == []
    received = boxes.only(ANN)
    became = odoo.do("what_became", message)
    [(_name, used)] = addresses(received, "From")
    assert used not in ("sales@example.com", "")
    assert used == became["sender"]
    assert any("sales@example.com" in note and used in note for note in became["notes"]), became
    reply = parseaddr(str(received["Reply-To"]))[1]
    assert reply == "sales@example.com", "answers come back into the queue all the same"


def test_an_answer_waits_while_its_server_is_down(odoo, servers, boxes, ask, answer):
    ticket, _question = ask()
    server = servers["support"]
    server.stop()
    try:
        message = answer(ticket)
        became = odoo.do("what_became", message)
        assert became["mails"] == ["outgoing"], "it is queued"
        assert len(became["notes"]) == 1, "and the agent sees it"
        assert "localhost" not in became["notes"][0], "hosts are not for agents"
        odoo.do("send_waiting")
        became = odoo.do("what_became", message)
        assert became["mails"] == ["outgoing"], "it goes on waiting"
        assert len(became["notes"]) == 1
        assert boxes.new(ANN) == []
    finally:
        server.start()
    odoo.do("send_waiting")
    received = boxes.only(ANN)
    assert received["Message-ID"] == became["message_id"]
    became = odoo.do("what_became", message)
    assert (became["mails"], became["notes"]) in ([[], []], ([], []), (["sent"], [])), became
    assert became["notifications"] == [[ANN, "sent"]]
    odoo.do("send_waiting")
    assert boxes.new(ANN) == [], "nothing is doubled"
    assert not any(servers[other].take() for other in servers if other != "support")


def test_mails_of_other_servers_go_out_meanwhile(odoo, servers, boxes, ask, answer):
    (here, _question), (there, _other) = ask("support"), ask("sales")
    for queue in ("support", "sales"):
        servers[queue].stop()
    try:
        messages = [answer(here), answer(there)]
        servers["sales"].start()
        odoo.do("send_waiting")
        assert addresses(boxes.only(ANN), "From") == [("Brad Lee", "sales@example.com")]
        became = [odoo.do("what_became", message) for message in messages]
        assert [bool(each["notes"]) for each in became] == [True, False]
    finally:
        for server in servers.values():
            server.stop()
            server.start()
    odoo.do("send_waiting")
    assert addresses(boxes.only(ANN), "From") == [("Brad Lee", "support@example.com")]


def test_a_sender_that_is_deleted_while_its_mail_waits(
    odoo, authority, dovecot, boxes, ask, answer
):
    ticket, _question = ask()
    owned = {"old": ["old@example.com"]}
    with Smtp(
        users={"old": "secret"}, encryption="tls", authority=authority, may_send_as=owned,
        dovecot=dovecot,
    ) as server:  # fmt: skip
        made = odoo.do("own_smtp", "old@example.com", "Old", server.port, "tls", "old")
    message = answer(ticket, helpdesk_from_address_id=made["id"])
    became = odoo.do("what_became", message)
    assert (became["sender"], became["mails"]) == ("old@example.com", ["outgoing"])
    odoo.do("delete", "helpdesk.from.address", made["id"])
    odoo.do("send_waiting")
    assert addresses(boxes.only(ANN), "From") == [("Brad Lee", "support@example.com")]
    assert odoo.do("what_became", message)["sender"] in ("", "support@example.com")


def test_a_certificate_that_is_no_longer_trusted(odoo, authority, dovecot, boxes, ask, answer):
    ticket, _question = ask()
    with Smtp(
        users={"new": "secret"}, encryption="starttls", certificate="expired",
        authority=authority, dovecot=dovecot,
    ) as server:  # fmt: skip
        # verified while nobody looked at the certificate
        made = odoo.do(
            "own_smtp", "new@example.com", "New", server.port, "starttls", "new",
            smtp_check_certificate=False,
        )  # fmt: skip
        said = odoo.do("test_connection", made["id"], smtp_check_certificate=True)
        assert said.startswith("The certificate of localhost is not trusted (expired)")
        odoo.do("change", "helpdesk.from.address", made["id"], smtp_check_certificate=True)
        message = answer(ticket, helpdesk_from_address_id=made["id"])
        became = odoo.do("what_became", message)
        assert became["mails"] == ["outgoing"]
        assert "does not encrypt or log in as it is set up" in became["notes"][0]
        assert boxes.new(ANN) == []
        odoo.do("change", "helpdesk.from.address", made["id"], smtp_check_certificate=False)
        odoo.do("send_waiting")
        assert addresses(boxes.only(ANN), "From") == [("Brad Lee", "new@example.com")]
        odoo.do("delete", "helpdesk.from.address", made["id"])


def test_the_queue_leaves_alone_what_is_being_sent(
    odoo, database, authority, world, servers, boxes, ask
):
    ticket, _question = ask()
    servers["support"].hold("DATA")
    steps = STEPS, STEPS.with_name("steps_face.py")
    trust = {"SSL_CERT_FILE": str(authority.file)}
    with Console(database, *steps, log="queue", variables=trust) as queue:
        odoo.begin("answer", world["agent"], ticket, "<p>Just now.</p>")
        servers["support"].wait_for_held()
        queue.begin("send_queue")
        [statement] = database.wait_for_blocked()
        assert "mail_" in statement, "the queue has come to the mail that is being sent"
        servers["support"].behave()
        message = odoo.result()
        with contextlib.suppress(StepFailed):
            queue.result()
    boxes.only(ANN)
    odoo.do("send_waiting")
    assert boxes.new(ANN) == [], "nothing is doubled"
    assert odoo.do("what_became", message)["notes"] == []


@pytest.mark.parametrize("place", ["CONNECT", "AUTH", "MAIL", "RCPT", "DATA"])
def test_an_answer_waits_while_its_server_is_not_in_the_mood(
    odoo, servers, boxes, ask, answer, place
):
    ticket, _question = ask()
    servers["support"].refuse(place, "451 4.3.0 try again later")
    message = answer(ticket)
    became = odoo.do("what_became", message)
    assert became["mails"] == ["outgoing"], became
    assert len(became["notes"]) == 1
    servers["support"].behave()
    odoo.do("send_waiting")
    boxes.only(ANN)
    odoo.do("send_waiting")
    assert boxes.new(ANN) == []


def test_an_answer_whose_receipt_was_lost_keeps_its_message_id(odoo, servers, boxes, ask, answer):
    # the server took it, but we cannot know: mail programs show one of two with the same id
    ticket, _question = ask()
    servers["support"].cut("TAKEN")
    message = answer(ticket)
    became = odoo.do("what_became", message)
    assert became["mails"] == ["outgoing"]
    assert [note.partition(".")[0] for note in became["notes"]] == [
        "The mail server of support@example"
    ]
    servers["support"].behave()
    odoo.do("send_waiting")
    received = boxes.new(ANN)
    assert len({each["Message-ID"] for each in received}) == 1
    odoo.do("send_waiting")
    assert boxes.new(ANN) == []


def test_a_recipient_that_is_refused_is_named_and_the_others_get_it(
    odoo, servers, boxes, ask, answer
):
    ticket, _question = ask()
    servers["support"].refuse("RCPT", "550 5.1.1 no such user", BOB)
    message = answer(ticket, helpdesk_cc=f"Bob <{BOB}>")
    boxes.only(ANN)
    assert boxes.new(BOB) == []
    became = odoo.do("what_became", message)
    assert any(BOB in note and "no such user" in note for note in became["notes"]), became
    odoo.do("send_waiting")
    assert boxes.new(ANN) == [], "nobody gets it twice"


def test_an_answer_that_is_refused_for_good_is_shown_as_failed(odoo, servers, boxes, ask, answer):
    ticket, _question = ask()
    servers["support"].refuse("RCPT", "550 5.1.1 no such user")
    message = answer(ticket)
    became = odoo.do("what_became", message)
    assert became["mails"] == ["exception"], became
    assert became["notifications"] == [[ANN, "exception"]]
    servers["support"].behave()
    odoo.do("send_waiting")
    assert boxes.new(ANN) == []


# --- the set-up itself


def test_the_connection_test_says_what_is_wrong(odoo, world, servers):
    sender = world["queues"]["brand"]["from"]
    port = servers["brand"].port
    said = odoo.do("test_connection", sender, new_smtp_password="wrong")
    assert said.startswith("localhost refused to log in “brand” and said “5.7.8 Authentication")
    said = odoo.do("test_connection", sender, smtp_encryption="none")
    assert said == (
        "localhost does not accept a password over an unencrypted connection. Choose STARTTLS or "
        "SSL/TLS."
    )
    said = odoo.do("test_connection", sender, smtp_encryption="tls")
    assert said.startswith(f"localhost does not speak TLS on port {port}")
    said = odoo.do("test_connection", sender, smtp_host="127.0.0.2")
    assert "127.0.0.2" in said


def test_a_test_mail_arrives_and_makes_no_ticket_where_it_is_ours(odoo, world, servers, boxes):
    sender = world["queues"]["support"]["from"]
    said = odoo.do("test_mail", sender, ANN)
    assert said.startswith(f"The mail server took the mail for {ANN} at "), said
    received = boxes.only(ANN)
    assert addresses(received, "From") == [("Zylker Support", "support@example.com")]
    assert received["X-Helpdesk-Mailflow"].startswith(f"test; {sender}; ")
    assert received["Auto-Submitted"] == "auto-generated"
    before = len(odoo.do("tickets"))
    assert odoo.do("test_mail", sender, "sales@example.com").startswith("The mail server took")
    row = visit(odoo, world, "sales")[-1]
    assert (row["tickets"], "own_test" in row["trace"]) == ([], True), row
    assert len(odoo.do("tickets")) == before
    servers["support"].refuse("RCPT", "550 5.1.1 no such user")
    assert odoo.do("test_mail", sender, ANN) == (
        f"The mail server does not take mail for {ANN} and said “550 5.1.1 no such user”."
    )
