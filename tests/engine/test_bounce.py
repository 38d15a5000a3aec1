"""Reports of failed delivery: who, why, and whether for good."""

import json
import time
from email.message import EmailMessage

import pytest

from mailflow.bounce import Reason, read_bounce
from mailflow.bounce_reason import tell_reason, texts, usual_status
from mailflow.bounce_text import reply_code_of, statuses_of
from mailflow.kind import Kind, tell_kind
from mailflow.mail import read

#: What the project promises of the corpus.
RECOGNISED, HARD, STATUS = 0.97, 0.95, 0.95
#: Kinds of the reports that say something else than a failure.
KINDS = {
    "feedback": {Kind.FEEDBACK},
    "vacation": {Kind.AUTO_REPLY},
    "delivered": {Kind.RECEIPT, Kind.BOUNCE},
}


def report(
    text="", status="", original="", subject="Undelivered Mail Returned to Sender", **fields
):
    """Bytes of a report; `status` is the text of its machine-readable part."""
    mail = EmailMessage()
    mail["From"] = fields.get("sender", "MAILER-DAEMON@mx.example.com")
    mail["To"] = "support@example.org"
    mail["Subject"] = subject
    mail["Return-Path"] = "<>"
    for name, value in fields.get("headers", {}).items():
        mail[name] = value
    mail.set_content(text or "Your mail could not be delivered.")
    raw = mail.as_bytes()
    if not status:
        return raw
    head, _blank, body = raw.partition(b"\n\n")
    lines = [
        each for each in head.split(b"\n") if not each.lower().startswith((b"content-", b"mime-"))
    ]
    lines += [
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    ]
    parts = [b"Content-Type: text/plain; charset=utf-8\n\n" + body]
    parts.append(b"Content-Type: message/delivery-status\n\n" + status.encode())
    if original:
        parts.append(b"Content-Type: message/rfc822\n\n" + original.encode())
    return (
        b"\n".join(lines)
        + b"\n\n"
        + b"".join(b"--b\n" + each + b"\n" for each in parts)
        + b"--b--\n"
    )


def failed(raw):
    """The recipients of a report that was read."""
    return read_bounce(read(raw))


def only(raw):
    (recipient,) = failed(raw)
    return recipient


STATUS_PART = """Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822; {original}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; {diagnostic}
"""


def part(address="ada@example.net", original=None, action="failed", status="5.1.1", diagnostic=""):
    return STATUS_PART.format(
        address=address,
        original=original or address,
        action=action,
        status=status,
        diagnostic=diagnostic,
    )


# ------------------------------------------------------------ machine-readable


def test_a_recipient_who_does_not_exist():
    found = only(report(status=part(diagnostic="550 5.1.1 <ada@example.net>: User unknown")))
    assert (found.address, found.status, found.reply_code) == ("ada@example.net", "5.1.1", "550")
    assert (found.reason, found.hard, found.action) == (Reason.USER_UNKNOWN, True, "failed")
    assert "User unknown" in found.diagnostic


def test_a_full_mailbox_is_soft():
    found = only(report(status=part(status="5.2.2", diagnostic="552 5.2.2 Mailbox full")))
    assert (found.reason, found.hard) == (Reason.MAILBOX_FULL, False)


def test_a_delay_is_no_final_failure_whatever_its_cause():
    found = only(report(status=part(action="delayed", status="4.1.1", diagnostic="")))
    assert (found.action, found.failed, found.hard) == ("delayed", False, False)


def test_the_answer_of_the_other_server_counts_more_than_a_queue_that_gave_up():
    found = only(report(status=part(status="4.4.7", diagnostic="450 4.2.2 over quota")))
    assert (found.status, found.reason) == ("4.2.2", Reason.MAILBOX_FULL)


def test_a_general_status_gives_way_to_a_particular_one():
    found = only(report(status=part(status="5.0.0", diagnostic="550 5.7.1 Relay access denied")))
    assert (found.status, found.reason) == ("5.7.1", Reason.NO_RELAYING)


def test_of_several_recipients_each_has_its_own_reason():
    first = part("ada@example.net", diagnostic="550 5.1.1 User unknown")
    second = part("bob@example.net", status="5.2.2", diagnostic="552 5.2.2 Over quota")
    found = failed(report(status=first + "\n" + second.partition("\n\n")[2]))
    assert [(each.address, each.hard) for each in found] == [
        ("ada@example.net", True),
        ("bob@example.net", False),
    ]


def test_the_address_that_was_written_to_is_kept_beside_the_final_one():
    found = only(report(status=part("ada@mailbox.example.net", original="ada@example.net")))
    assert (found.address, found.original) == ("ada@mailbox.example.net", "ada@example.net")


def test_a_report_of_success_is_no_failure():
    found = only(report(status=part(action="delivered", status="2.0.0", diagnostic="250 OK")))
    assert (found.reason, found.failed, found.hard) == (Reason.DELIVERED, False, False)


# ------------------------------------------------------------------ in words

QMAIL = """Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.net>:
192.0.2.1 does not like recipient.
Remote host said: 550 No such user here
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

From: support@example.org
To: ada@example.net, eve@example.net
"""


def test_qmail_says_who_and_why():
    found = only(report(QMAIL, subject="failure notice"))
    assert (found.address, found.reply_code) == ("ada@example.net", "550")
    assert (found.reason, found.hard) == (Reason.USER_UNKNOWN, True)


def test_a_status_that_a_mail_does_not_give_is_made_up_from_the_reason():
    found = only(report(QMAIL, subject="failure notice"))
    assert found.status == usual_status(Reason.USER_UNKNOWN, False) == "5.0.911"
    assert not found.status_given


EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ada@example.net
    SMTP error from remote mail server after RCPT TO:<ada@example.net>:
    host mx.example.net [192.0.2.1]: 550 5.1.1 <ada@example.net>... User Unknown
  bob@example.net
    SMTP error from remote mail server after end of data:
    host mx.example.net [192.0.2.1]: 552 5.2.2 mailbox full

------ This is a copy of the message, including all the headers. ------

Return-path: <support@example.org>
To: ada@example.net
"""


def test_exim_lists_several():
    found = failed(report(EXIM, subject="Mail delivery failed: returning message to sender"))
    assert [(each.address, each.status, each.hard) for each in found] == [
        ("ada@example.net", "5.1.1", True),
        ("bob@example.net", "5.2.2", False),
    ]


SHARED = """This message was undeliverable due to the following reason:

Your message was not delivered because the destination computer was not
reachable within the allowed queue period.

The following recipients did not receive your message:

     <ada@example.net>

The following recipients did not receive your message:

     <bob@example.net>
"""


def test_what_is_said_once_holds_for_all_who_are_listed_below():
    found = failed(report(SHARED, subject="Mail delivery failed"))
    assert [(each.address, each.reason) for each in found] == [
        ("ada@example.net", Reason.EXPIRED),
        ("bob@example.net", Reason.EXPIRED),
    ]


def test_the_fields_of_the_mail_are_no_recipients_of_the_report():
    text = (
        "Your message\n\n  To:      list@example.com\n  Subject: Hello\n\n"
        "did not reach the following recipient(s):\n\n"
        "ada@example.net on Fri, 20 Jul 2001 11:08:59 -0700\n"
        "    The recipient name is not recognized\n"
    )
    found = only(report(text, subject="Undeliverable: Hello"))
    assert (found.address, found.reason) == ("ada@example.net", Reason.USER_UNKNOWN)


def test_where_an_address_came_from_is_no_second_recipient():
    text = (
        "   ----- The following addresses had permanent fatal errors -----\n"
        "ada@example.net\n    (expanded from: bob@example.net)\n\n"
        "   ----- Transcript of session follows -----\n"
        "554 Too many hops 26 (25 max)\n"
    )
    found = only(report(text, subject="Returned mail: User unknown"))
    assert (found.address, found.reason) == ("ada@example.net", Reason.NETWORK_ERROR)


def test_an_address_in_brackets_is_read_to_its_end():
    text = "The following could not be reached:\n\n\tRecipient: [SMTP:ada@example.net]\n\tFull\n"
    assert only(report(text)).address == "ada@example.net"


def test_the_reply_code_is_that_of_the_answer_that_counts():
    said = "554 4.4.7 Message expired: unable to deliver.<421 4.2.2 over quota>"
    found = only(report(status=part(status="4.4.7", diagnostic=said)))
    assert (found.status, found.reply_code) == ("4.2.2", "421")


def test_the_header_that_names_the_recipients_is_believed():
    text = "Please contact help@example.com.\n\nThe mailbox is full.\n"
    found = only(report(text, headers={"X-Failed-Recipients": "ada@example.net"}))
    assert (found.address, found.reason) == ("ada@example.net", Reason.MAILBOX_FULL)


def test_an_unknown_user_after_the_data_is_a_filter():
    """The server had taken the recipient before."""
    words = "550 User unknown (in reply to end of DATA command)"
    assert tell_reason(words, "", "550", "DATA") is Reason.FILTERED
    assert tell_reason(words, "", "550", "RCPT") is Reason.USER_UNKNOWN


def test_a_warning_in_words_is_a_delay():
    text = (
        "THIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipient has been"
        " delayed:\n\n"
        "     ada@example.net\n\nMessage will be retried for 2 more day(s)\n\n"
        "450 4.2.2 Mailbox full\n"
    )
    found = only(report(text, subject="Delivery Status Notification (Delay)"))
    assert (found.address, found.action, found.hard) == ("ada@example.net", "delayed", False)


def test_a_sending_service_notifies_in_json():
    told = {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [
                {
                    "emailAddress": "ada@example.net",
                    "status": "5.1.1",
                    "action": "failed",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
        },
    }
    found = only(report(json.dumps(told)))
    assert (found.address, found.status, found.hard) == ("ada@example.net", "5.1.1", True)


@pytest.mark.parametrize(
    "told",
    ["{", "{}", '{"notificationType": "Bounce", "bounce": []}', '{"Message": "["}', "[" * 99999],
)
def test_broken_json_is_read_as_words(told):
    assert all(not each.hard for each in failed(report(told)))


# ------------------------------------------------------------------- reasons


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("550 The email account that you tried to reach does not exist", Reason.USER_UNKNOWN),
        ("552 Requested mail action aborted: mailbox quota exceeded", Reason.MAILBOX_FULL),
        (
            "554 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            Reason.BLOCKED,
        ),
        ("550 Message rejected as spam by Content Filtering", Reason.SPAM_DETECTED),
        ("554 delivery error: This account has been disabled", Reason.SUSPEND),
        (
            "Host or domain name not found. Name service error for name=example.net",
            Reason.HOST_UNKNOWN,
        ),
        (
            "550 5.7.26 This mail has been blocked because the sender is unauthenticated",
            Reason.AUTH_FAILURE,
        ),
        ("Die Nachricht: unbekannter Empfänger", Reason.USER_UNKNOWN),
        ("something that nobody ever wrote", None),
    ],
)
def test_words(words, reason):
    assert next(texts(words), None) in (
        reason,
        Reason.BLOCKED if reason is Reason.AUTH_FAILURE else reason,
    )


def test_what_addresses_and_links_are_called_says_nothing():
    assert not list(texts("<mailbox-full@spam.example.com> https://example.com/user-unknown"))


def test_codes_stand_like_codes():
    assert reply_code_of("host mx[192.0.2.250] said: 450 try later") == "450"
    assert reply_code_of("born in 1550, 5500 people") == ""
    assert statuses_of("from 5.1.1.1 said 4.2.2 (#5.1.1)") == ["4.2.2", "5.1.1"]


# ------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "text",
    [
        "a" * 500_000,
        "<" * 300_000,
        "a@" * 200_000,
        "x@y." * 100_000,
        "550 " * 100_000,
        "ada@example.net:\n" * 50_000,
        "Final-Recipient: rfc822; a@b.example\nAction: failed\n\n" * 20_000,
        "to " * 150_000 + "a@b.example",
        "recipient " * 50_000 + "unknown",
        '"' * 300_000 + "@example.net",
        "\n" * 500_000 + "550",
        "delivered to " * 40_000,
        "{" * 200_000,
    ],
    ids=range(13),
)
def test_hostile_text_is_read_at_once(text):
    for raw in (report(text), report(status=text), report(status=part(diagnostic=text))):
        mail = read(raw)
        start = time.process_time()
        found = read_bounce(mail)
        assert time.process_time() - start < 2
        assert len(found) <= 100
        assert all(len(each.diagnostic) <= 1000 for each in found)


# -------------------------------------------------------------------- corpus


def test_corpus(corpus, capsys):
    """The figures are printed: `bin/test tests/engine/test_bounce.py -k corpus`."""
    files = sorted((corpus / "bounces").glob("*.eml"))
    if not files:
        pytest.skip("no bounces at ../shared/corpus/bounces")
    recognised = hard = status = code = reason = total = 0
    for file in files:
        mail = read(file.read_bytes())
        expected = json.loads(file.with_suffix(".json").read_text("utf-8"))
        kinds = KINDS.get(expected[0]["reason"] if expected else "", {Kind.BOUNCE})
        known = tell_kind(mail).kind in kinds
        recognised += known
        found = list(read_bounce(mail))
        for index, theirs in enumerate(expected):
            total += 1
            if theirs["reason"] in ("vacation", "feedback"):
                # they are no failures: that they are known as what they are is all there is
                for_good = same_status = same_code = same_reason = known
            elif index < len(found):
                ours = found[index]
                for_good = ours.hard == theirs["hard"]
                same_status = ours.status == theirs["status"]
                same_code = ours.reply_code == theirs["reply_code"]
                same_reason = ours.reason.value == theirs["reason"]
            else:
                for_good = same_status = same_code = same_reason = False
            hard += for_good
            status += same_status
            code += same_code
            reason += same_reason
    with capsys.disabled():
        print(
            f"\n{len(files)} reports: recognised {recognised / len(files):.1%}; "
            f"{total} recipients: "
            f"hard or soft {hard / total:.1%}, status {status / total:.1%}, "
            f"reply code {code / total:.1%}, reason {reason / total:.1%}"
        )
    assert recognised / len(files) >= RECOGNISED
    assert hard / total >= HARD
    assert status / total >= STATUS
