"""Mails for the end-to-end tests."""

import email.policy
import itertools
import random
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

#: What a :class:`~servers.odoo_process.Console` can be told to do.
STEPS = Path(__file__).with_name("steps.py")
_STARTED = datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc)
_SMTP = email.policy.SMTP
_numbers = itertools.count(1)


def mail(
    subject="Question",
    sender="Ann Example <ann@customer.example>",
    to="support@example.com",
    text="Hello, a question.\n",
    message_id=None,
    html=None,
    attachments=(),
    number=0,
    **headers,
) -> bytes:
    """A mail as bytes.

    :param attachments: pairs of name and content
    :param number: seconds of its Date, and a part of its Message-ID if none is given
    :param headers: more of them, ``_`` for ``-``
    """
    message = EmailMessage(policy=_SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(_STARTED + timedelta(seconds=number))
    message["Message-ID"] = message_id or f"<{next(_numbers)}.{number}@customer.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in attachments:
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()


def varied_mails(
    count: int, chance: random.Random, prefix: str = "kill"
) -> list[tuple[str, bytes, str | None]]:
    """Mails of people: plain, HTML, with attachments, in several scripts, of few senders, and
    after every fifth an answer of who wrote an earlier one.

    :param count: of those that open a ticket; the answers come on top
    :return: Message-ID, mail, and the Message-ID at the root of its thread (None: it is one)
    """
    subjects = [
        "Printer on fire",
        "Frage zur Rechnung",
        "ログインできません",
        "Не работает почта",
        "Ünïcode",
    ]
    senders = [
        "Ann Example <ann@customer.example>",
        "=?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <jm@customer.example>",
        "bob@other.example",
        "Carla <carla@freelance.example>",
    ]
    made, roots = [], {}
    for number in itertools.count():
        if len(roots) == count:
            return made
        message_id = f"<{prefix}-{number}@customer.example>"
        root, headers = None, {}
        if number % 6 == 5:
            root = chance.choice(list(roots))
            headers = {"In_Reply_To": root, "References": root}
        else:
            roots[message_id] = chance.choice(senders)
        attachments = [
            (f"file-{number}-{index}.bin", chance.randbytes(chance.choice((200, 5_000, 120_000))))
            for index in range(chance.choice((0, 0, 1, 2)))
        ]
        subject = f"{chance.choice(subjects)} {number}"
        raw = mail(
            subject=f"Re: {subject}" if root else subject,
            sender=roots[root or message_id],
            text=f"Mail number {number}.\n" * chance.choice((1, 5, 50)),
            html=f"<p>Mail <b>number {number}</b></p>" if chance.random() < 0.4 else None,
            message_id=message_id,
            attachments=attachments,
            number=number,
            **headers,
        )
        made.append((message_id, raw, root))
