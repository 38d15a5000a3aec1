"""Sending through Microsoft Graph, against a server that behaves like it."""

import base64
import email
import email.policy
import logging
import time
import traceback
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from servers.graph import Graph
from servers.hostile import Hostile
from servers.smtp import Smtp

from mailflow import errors, graph
from mailflow.graph import check_sender, send_mail, with_recipients

TOKEN = "opaque-token-of-anna-0123456789"
ANNA, SUPPORT, SALES = "anna@example.com", "support@example.com", "sales@example.com"
CUSTOMER = "customer@customer.example"
MIME = (
    b"From: =?utf-8?q?Anna_M=C3=BCller?= <anna@example.com>\r\n"
    b'To: "Customer, Carla" <customer@customer.example>\r\n'
    b"Cc: other@customer.example\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b"X-Folded: one\r\n\ttwo\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
    b"\r\n"
    b"Gr\xc3\xbc\xc3\x9fe\r\n\r\n.\r\nend\r\n"
)


@pytest.fixture(scope="module")
def server():
    with Graph(
        tokens={TOKEN: ANNA}, mailboxes=(SUPPORT, SALES), send_as={ANNA: {SUPPORT}}
    ) as started:
        yield started


@pytest.fixture(autouse=True)
def _empty(server):
    server.take()


def send(server, mime=MIME, sender=ANNA, recipients=(CUSTOMER,), token=TOKEN, **options):
    options = {"base": server.base, "ca_file": server.ca_file, "timeout": 5, **options}
    return send_mail(token, mime, sender, recipients, **options)


def refused(server, **options):
    with pytest.raises(errors.MailboxError) as caught:
        send(server, **options)
    return caught.value


# --- what works


def test_a_mail_is_sent_as_it_is(server):
    send(server, recipients=[CUSTOMER, "other@customer.example"])
    [mail] = server.take()
    assert mail.raw == MIME
    assert mail.recipients == (CUSTOMER, "other@customer.example")
    assert (mail.sender, mail.user) == (ANNA, ANNA)
    assert server.requests[-1] == "/v1.0/me/sendMail"


def test_the_recipients_are_those_of_the_envelope(server):
    send(server, recipients=["Customer@Customer.example", "hidden@customer.example"])
    [mail] = server.take()
    assert sorted(mail.recipients) == [CUSTOMER, "hidden@customer.example"]
    assert mail.message["To"] == '"Customer, Carla" <customer@customer.example>'
    assert mail.message["Cc"] is None
    assert b"hidden" not in mail.raw
    assert mail.raw.partition(b"\r\n\r\n")[2] == MIME.partition(b"\r\n\r\n")[2]


def test_as_a_shared_mailbox(server):
    mime = MIME.replace(b"<anna@example.com>", b"<support@example.com>")
    send(server, mime, SUPPORT)
    send(server, mime, SUPPORT, mailbox=SUPPORT)
    assert [mail.user for mail in server.take()] == [ANNA, SUPPORT]
    assert server.requests[-1] == "/v1.0/users/support@example.com/sendMail"


def test_by_the_app_itself():
    token = ".".join(
        ["e30", base64.urlsafe_b64encode(b'{"idtyp": "app"}').decode().rstrip("="), "x"]
    )
    with Graph(tokens={token: "app"}, mailboxes=(ANNA,)) as server:
        send(server, token=token)
        [mail] = server.take()
        assert mail.user == ANNA
        check_sender(token, ANNA, base=server.base, ca_file=server.ca_file)


def test_the_largest_mail(server):
    room = graph.MAX_MIME - len(MIME)
    mime = MIME + (b"x" * 70 + b"\r\n") * (room // 72)
    send(server, mime, recipients=[CUSTOMER, "other@customer.example"])
    [mail] = server.take()
    assert mail.raw == mime


def test_a_sender_is_checked_without_sending(server):
    check_sender(TOKEN, ANNA, base=server.base, ca_file=server.ca_file)
    check_sender(TOKEN, SUPPORT, mailbox=SUPPORT, base=server.base, ca_file=server.ca_file)
    assert not server.take()


# --- the headers by themselves


@pytest.mark.parametrize(
    ("head", "recipients", "expected"),
    [
        (b"To: a@x.example, b@x.example\r\n", ["b@x.example"], b"To: b@x.example\r\n"),
        (b"Bcc: a@x.example\r\nTo: b@x.example\r\n", ["b@x.example"], b"To: b@x.example\r\n"),
        (
            b"To: =?utf-8?q?M=C3=BC?= <a@x.example>, b@x.example\r\n",
            ["a@x.example"],
            b"To: =?utf-8?q?M=C3=BC?= <a@x.example>\r\n",
        ),
        (b"to: a@x.example,\r\n b@x.example\r\nX: y\r\n", ["c@x.example"],
         b"X: y\r\nBcc: c@x.example\r\n"),
        (b"To: undisclosed-recipients:;\r\n", ["c@x.example"],
         b"To: undisclosed-recipients:;\r\nBcc: c@x.example\r\n"),
        (b"To: a@b\xc3\xbccher.example\r\n", ["a@xn--bcher-kva.example"],
         b"To: a@b\xc3\xbccher.example\r\n"),
        (b"Subject: x\n", ["a@b\xfccher.example"],
         b"Subject: x\r\nBcc: a@xn--bcher-kva.example\r\n"),
    ],
)  # fmt: skip
def test_headers_name_the_recipients(head, recipients, expected):
    assert with_recipients(head + b"\r\nbody", recipients) == expected + b"\r\nbody"


def test_many_recipients_make_lines_that_are_not_too_long():
    recipients = [f"person{number}@customer{number}.example" for number in range(300)]
    mime = with_recipients(b"From: anna@example.com\r\n\r\nbody", recipients)
    assert max(map(len, mime.split(b"\r\n"))) < 100
    parsed = email.message_from_bytes(mime, policy=email.policy.default)
    assert [each.addr_spec for each in parsed["Bcc"].addresses] == recipients


@pytest.mark.parametrize("address", ["a\r\nX-Evil: 1@x.example", "a@x.example\nX: y"])
def test_an_address_cannot_bring_headers_along(server, address):
    error = refused(server, recipients=[address])
    assert error.code == "mail_refused_recipients"
    assert not server.take()


# --- what does not work


def test_a_token_that_is_not_good(server):
    error = refused(server, token="gone-0123456789")
    assert type(error) is errors.TokenRefused
    assert "gone-0123" not in "".join(traceback.format_exception(error)) + repr(error.values)
    assert str(error) == (
        "localhost did not accept the sign-in for the mailbox “anna@example.com” and said "
        "“InvalidAuthenticationToken: Access token *** is not valid.”. Check the name of the "
        "mailbox, and that it may be used with other mail programs; if both are right, sign in "
        "again."
    )


def test_no_right_to_send_as_the_address(server):
    mime = MIME.replace(b"<anna@example.com>", b"<sales@example.com>")
    error = refused(server, mime=mime, sender=SALES)
    assert type(error) is errors.SenderRefused
    assert str(error) == (
        "The account that signed in has no right to send as sales@example.com. In the Exchange "
        "admin center open Recipients › Mailboxes › sales@example.com › Delegation, and add the "
        "account to “Send as”; it takes up to an hour to work."
    )


def test_no_right_on_the_mailbox(server):
    error = refused(server, sender=SALES, mailbox=SALES)
    assert type(error) is errors.SenderRefused
    assert str(error) == (
        "Microsoft Graph does not let us send as sales@example.com and said “ErrorAccessDenied: "
        "Access is denied. Check credentials and try again.”. Check that the app registration has "
        "the permission Mail.Send (for shared mailboxes Mail.Send.Shared, too) and that it was "
        "consented to, and give the account “Send as” on the mailbox (Exchange admin center › "
        "Mailboxes › Delegation)."
    )
    with pytest.raises(errors.SenderRefused):
        check_sender(TOKEN, SALES, mailbox=SALES, base=server.base, ca_file=server.ca_file)


def test_no_such_mailbox(server):
    error = refused(server, sender="nobody@example.com", mailbox="nobody@example.com")
    assert type(error) is errors.SenderMailboxMissing
    assert str(error) == (
        "Microsoft Graph knows no mailbox nobody@example.com and said “ErrorInvalidUser: The "
        "requested user 'nobody@example.com' is invalid.”. Check the address, and that the mailbox "
        "exists in Microsoft 365 and has a licence if it is a user's."
    )


@pytest.mark.parametrize("seconds", ["30", "date", "soon"])
def test_too_many_mails(server, seconds):
    told = seconds
    if seconds == "date":
        told = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=30), usegmt=True)
    server.slow_down(told)
    error = refused(server)
    assert type(error) is errors.SendingSlowed
    assert error.temporary
    expected = int(error.values["seconds"])
    assert expected == 60 if seconds == "soon" else 28 <= expected <= 30
    assert str(error) == (
        "localhost wants us to send more slowly and said “ApplicationThrottled: Application is "
        f"over its MailboxConcurrency limit.”. We go on in {expected} seconds."
    )


@pytest.mark.parametrize("way", ["here", "there", "swallowed"])
def test_a_mail_that_is_too_large(server, monkeypatch, way):
    """Also one that Graph says is fine (200), and drops (202 is what it says when it is)."""
    if way != "here":
        monkeypatch.setattr(graph, "MAX_MIME", 10 * 1024 * 1024)
    monkeypatch.setattr(server, "swallows_large", way == "swallowed")
    mime = MIME + b"x" * (4 * 1024 * 1024)
    asked = len(server.requests)
    error = refused(server, mime=mime)
    assert type(error) is errors.MailTooLarge
    assert len(server.requests) == asked + (way != "here")
    limit = 3 if way == "here" else 10
    assert str(error) == (
        f"Microsoft Graph takes mails up to {limit} MB including their attachments, and this one "
        "has 4.0 MB. Send it by SMTP, or share large files by a link."
    )


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_graph_is_out_of_order(server, status):
    server.refuse_next(status, "InternalServerError", "Try again.")
    error = refused(server)
    assert type(error) is errors.ConnectionRefused
    assert error.temporary


def test_a_mail_that_is_not_taken(server):
    server.refuse_next(400, "ErrorMessageSubmissionBlocked", "Your account is blocked.")
    error = refused(server)
    assert type(error) is errors.MailRefused
    assert str(error) == (
        "localhost did not take the mail and said “ErrorMessageSubmissionBlocked: Your account is "
        "blocked.”."
    )


def test_nobody_to_send_to(server):
    error = refused(server, recipients=[])
    assert error.code == "mail_refused_recipients"


# --- the way there


def test_an_answer_that_does_not_come_leaves_open_whether_it_was_sent(server):
    server.cut_next()
    error = refused(server)
    assert type(error) is errors.ConnectionLost
    assert error.values["doing"] == graph.SENDING
    assert len(server.take()) == 1


def test_a_server_that_hangs():
    with Graph(tokens=lambda token: time.sleep(2) or "") as slow:
        error = refused(slow, timeout=0.5)
    assert type(error) is errors.ConnectionTimedOut
    assert error.values["doing"] == graph.SENDING


@pytest.mark.parametrize("certificate", ["expired", "self-signed", "wrong host name"])
def test_a_token_stays_here_if_the_certificate_does_not_pass(certificate):
    with Graph(tokens={TOKEN: ANNA}, certificate=certificate) as other:
        error = refused(other)
        assert not other.requests
    assert type(error) is errors.CertificateNotTrusted


def test_a_token_stays_here_without_encryption(server):
    with Hostile(lambda client: client.hang()) as other:
        error = refused(server, base=f"http://{other.host}:{other.port}/v1.0")
    assert type(error) is errors.TokenNotSent


@pytest.mark.parametrize("base", ["graph.microsoft.com/v1.0", "https://", "https://graph:x/v1.0"])
def test_an_address_of_graph_that_is_none_is_said(server, base):
    error = refused(server, base=base)
    assert str(error) == (
        f"“{base}” is no address of Microsoft Graph: it begins with https://. Correct or empty the"
        " system parameter helpdesk_mailflow.graph_url."
    )


def test_nobody_listens(server):
    error = refused(server, base="https://localhost:1/v1.0")
    assert type(error) is errors.ConnectionRefused


def test_something_that_is_no_graph(server):
    with Smtp(encryption="tls") as other:
        error = refused(server, base=f"https://localhost:{other.port}/v1.0", ca_file=other.ca_file)
    assert type(error) in (errors.UnexpectedAnswer, errors.ConnectionLost)
    assert TOKEN not in "".join(traceback.format_exception(error))


def test_no_token_in_the_log(server, caplog):
    with caplog.at_level(logging.DEBUG):
        send(server)
        refused(server, token=TOKEN + "x")
    assert TOKEN not in caplog.text
