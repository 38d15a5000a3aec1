"""The guide *Connect a mailbox* with user and password: real Odoo, name server, IMAP and SMTP,
from the address to the ticket and the answer."""

import itertools
import os

import pytest
from e2e.builders import STEPS, mail
from servers.certificates import Authority
from servers.dns import Dns
from servers.dovecot import Dovecot, DovecotMissing
from servers.odoo_process import Console
from servers.smtp import Smtp

ANN = "ann@customer.example"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def customers():
    """Where customers and our mailboxes are."""
    try:
        server = Dovecot(users={ANN: "secret"})
    except DovecotMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    with server:
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def trusted(authority, customers, tmp_path_factory):
    """The file of both private authorities."""
    file = tmp_path_factory.mktemp("trusted") / "trusted.pem"
    with open(customers.ca_file, "rb") as theirs:
        file.write_bytes(authority.file.read_bytes() + theirs.read())
    return file


@pytest.fixture(scope="module")
def names():
    with Dns({"example.com": {"MX": ["10 mail.example.com."]}}) as dns:
        yield dns


@pytest.fixture(scope="module")
def odoo(database, trusted, names):
    steps = STEPS, STEPS.with_name("steps_connect.py")
    with Console(database, *steps, variables={"SSL_CERT_FILE": str(trusted)}) as console:
        console.do("settle")
        console.do("parameter", "dns_nameservers", names.address)
        yield console


@pytest.fixture
def email(customers):
    name = f"desk{next(_numbers)}@example.com"
    customers.add_user(name)
    return name


@pytest.fixture
def smtp(customers, authority, email):
    with Smtp(
        users={email: "secret"},
        encryption="tls",
        authority=authority,
        may_send_as={email: [email]},
        dovecot=customers,
    ) as server:
        yield server


def incoming(dovecot, **values):
    return {
        "in_host": "localhost",
        "in_port": dovecot.imaps_port,
        "in_encryption": "tls",
        "new_password": "secret",
        **values,
    }


def outgoing(smtp, **values):
    return {
        "out_host": "localhost",
        "out_port": smtp.port,
        "out_encryption": smtp.encryption,
        **values,
    }


def to_the_end(odoo, connection):
    """From the step after the log-ins to activation."""
    assert odoo.do("next_step", connection) == {"step": "test", "problem": False}
    assert odoo.do("next_step", connection) == {"step": "done", "problem": False}
    return odoo.do("set_up", connection)


def test_from_the_address_to_ticket_and_answer(odoo, customers, smtp, email):
    connection = odoo.do("connect", email, "provider", **incoming(customers), **outgoing(smtp))
    assert odoo.do("next_step", connection) == {"step": "place", "problem": False}
    before = odoo.do("set_up", connection)
    assert before["scanner_state"] == "off", "nothing runs before the last step"
    after = to_the_end(odoo, connection)
    assert after | {"scanner": 0, "alias": 0} == {
        "step": "done",
        "state": "active",
        "scanner": 0,
        "scanner_state": "on",
        "user": email,
        "folders": ["INBOX"],
        "from": email,
        "from_state": "verified",
        "proof": "login",
        "smtp_user": email,
        "from_filter": email,
        "draft": False,
        "alias": 0,
        "answers_via": email,
        "filtered": True,
    }
    customers.deliver(mail(subject="My printer", sender=ANN, to=email), email)
    odoo.do("visit", after["scanner"])
    [ticket] = [each for each in odoo.do("tickets") if each["subject"] == "My printer"]
    odoo.do("answer", ticket["id"], "Turn it off and on.")
    odoo.do("send_queue")
    [sent] = smtp.wait_for(1)
    assert (sent.recipients, sent.user, sent.encrypted) == ((ANN,), email, True)
    assert email in sent.message["From"]


def test_starttls_and_a_user_without_the_domain(odoo, customers, authority):
    email = f"local{next(_numbers)}@example.com"
    user = email.partition("@")[0]
    customers.add_user(user)
    with Smtp(users={user: "secret"}, encryption="starttls", authority=authority) as smtp:
        connection = odoo.do(
            "connect",
            email,
            "provider",
            **incoming(customers, in_port=customers.imap_port, in_encryption="starttls"),
            **outgoing(smtp),
        )
        assert odoo.do("next_step", connection) == {"step": "place", "problem": False}
    made = odoo.do("set_up", connection)
    assert (made["user"], made["smtp_user"], made["proof"]) == (user, user, "login")


def test_a_wrong_password_is_said_and_can_be_corrected(odoo, customers, smtp, email):
    wrong = "wrong-and-not-to-be-seen"
    connection = odoo.do(
        "connect", email, "provider", **incoming(customers, new_password=wrong), **outgoing(smtp)
    )
    refused = odoo.do("next_step", connection)
    assert refused["step"] == "connect"
    assert refused["problem"] == (
        f"localhost refused to log in “{email}” and said “[AUTHENTICATIONFAILED] Authentication"
        " failed.”. Check user and password; some providers want an app password here, or have to"
        " be told to allow this protocol."
    )
    corrected = odoo.do("next_step", connection, new_password="secret")
    assert corrected == {"step": "place", "problem": False}
    assert wrong not in odoo.log()


def test_another_password_for_sending(odoo, customers, authority, email):
    with Smtp(users={"sender": "other"}, encryption="tls", authority=authority) as smtp:
        connection = odoo.do(
            "connect",
            email,
            "provider",
            **incoming(customers),
            **outgoing(smtp, out_user="sender", same_password=False, new_smtp_password="secret"),
        )
        refused = odoo.do("next_step", connection)
        assert refused["step"] == "connect"
        assert "localhost refused to log in “sender”" in refused["problem"]
        assert odoo.do("set_up", connection)["from"] is False, "a failed try changes nothing"
        corrected = odoo.do("next_step", connection, new_smtp_password="other")
        assert corrected == {"step": "place", "problem": False}
    made = odoo.do("set_up", connection)
    assert (made["smtp_user"], made["proof"], made["draft"]) == ("sender", "login", False)


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        (
            "expired",
            "The certificate of localhost is not trusted (expired): its time is over. The operator"
            " of the mail server has to renew it.",
        ),
        (
            "unknown authority",
            "The certificate of localhost is not trusted (unknown authority): the authority that"
            " issued it is not among the trusted ones, or the mail server does not send the"
            " certificates in between.",
        ),
        (
            "wrong host name",
            "The certificate of localhost is not trusted (wrong host name): it is for"
            " mail.example.com. Use a name that is in the certificate.",
        ),
    ],
)
def test_a_certificate_that_is_not_trusted_is_said(
    odoo, authority, customers, email, certificate, sentence
):
    with Smtp(
        users={email: "secret"}, encryption="tls", authority=authority, certificate=certificate
    ) as smtp:
        connection = odoo.do("connect", email, "provider", **incoming(customers), **outgoing(smtp))
        assert odoo.do("next_step", connection) == {"step": "connect", "problem": sentence}


def test_incoming_only_by_pop(odoo, customers, email):
    connection = odoo.do(
        "connect",
        email,
        "provider",
        direction="in",
        **incoming(customers, in_protocol="pop", in_port=customers.pops_port),
    )
    assert odoo.do("next_step", connection) == {"step": "place", "problem": False}
    made = to_the_end(odoo, connection)
    assert made["from"] is False
    customers.deliver(mail(subject="By POP", sender=ANN, to=email), email)
    odoo.do("visit", made["scanner"])
    assert "By POP" in [each["subject"] for each in odoo.do("tickets")]


def test_outgoing_only(odoo, smtp, email):
    connection = odoo.do(
        "connect", email, "provider", direction="out", new_smtp_password="secret", **outgoing(smtp)
    )
    assert odoo.do("next_step", connection) == {"step": "place", "problem": False}
    made = to_the_end(odoo, connection)
    assert (made["scanner"], made["from_state"], made["answers_via"]) == (False, "verified", email)


def test_gmail_asks_for_the_app_password_only(odoo, customers, authority):
    email, password = f"gmail{next(_numbers)}@example.com", "abcdefghijklmnop"
    customers.add_user(email, password)
    with Smtp(users={email: password}, encryption="tls", authority=authority) as smtp:
        connection = odoo.do(
            "connect", email, "gmail", new_password="abcd efgh ijkl mnop", read_spam=True
        )
        there = {"server": "localhost", "port": customers.imaps_port}
        sends = {"smtp_host": "localhost", "smtp_port": smtp.port}
        gone = odoo.do("next_step_gmail", connection, there, sends)
        assert gone == {"step": "place", "problem": False}
    made = to_the_end(odoo, connection)
    assert made["folders"] == ["INBOX", "Junk"]
    assert (made["proof"], made["filtered"]) == ("login", True)


# --- what is found


def test_the_provider_of_a_company_s_own_domain_is_recognised(odoo, names):
    names.zone["acorn.example"] = {"MX": ["1 smtp.google.com."]}
    found = odoo.do("suggested", "support@acorn.example")
    assert (found["road"], found["said"]) == (
        "gmail",
        "Mail to acorn.example is taken in by smtp.google.com: that is Google Workspace.",
    )


def test_srv_records_lead_to_the_servers(odoo, names):
    names.zone["_imaps._tcp.beech.example"] = {"SRV": ["0 1 993 mail.beech.example."]}
    found = odoo.do("suggested", "support@beech.example")
    assert found["road"] == "provider"
    assert found["said"] == "Found in the DNS records of beech.example."
    assert [(each["host"], each["port"]) for each in found["incoming"]] == [
        ("mail.beech.example", 993)
    ]


def test_name_servers_that_are_silent_hold_nobody_up(odoo, names):
    names.trouble["cedar.example"] = "silent"
    found = odoo.do("suggested", "support@cedar.example")
    assert (found["road"], found["incoming"]) == (False, [])
    assert "Look again in a few minutes" in found["said"]


def test_no_password_is_written_down(odoo, database):
    assert os.path.getsize(database.configuration)
    for table in ("helpdesk_mailbox_connection", "ir_logging", "mail_message"):
        rows = database.sql(f"SELECT row_to_json(each)::text FROM {table} AS each")
        assert "abcdefghijklmnop" not in str(rows)
    assert "abcdefghijklmnop" not in odoo.log()
