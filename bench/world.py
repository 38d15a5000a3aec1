"""The customers of the benchmark and their mails: invented, varied, the same at every run.

Plain Python: the process that seeds a database and the one that fills the mailbox make the same
world from the same numbers.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

SUPPORT = "support@helpdesk-bench.com"
DOMAIN = SUPPORT.partition("@")[2]
FREE_MAIL = ("gmail.com", "gmx.de", "outlook.com", "yahoo.com", "proton.me")
FIRST = ("Ana", "Bo", "Chen", "Dilara", "Emil", "Fatou", "Goran", "Hanna", "Jürgen", "Léa", "Olga")
LAST = ("Abels", "Brown", "Costa", "Dvořák", "Evans", "Fischer", "García", "Haas", "Ito", "Kaya")
TEXT = (
    "the printer in our office shows an error since the update and nobody can log in again please"
    " tell us when the delivery arrives because the invoice names another amount than the offer we"
    " agreed on last week our customers ask for the new version of the manual and the password"
    " reset link does not work for two colleagues who joined this month could you have a look"
)
WORDS = TEXT.split()
#: Tickets that are there already, and that some of the mails answer.
OPEN_TICKETS = 40
#: People of one account.
ACCOUNT_SIZE = 8
#: Of a hundred mails.
REPLIES, FOLLOW_UPS, WITH_HTML, WITH_ATTACHMENT, WITH_CC = 12, 2, 55, 20, 10


@dataclass(frozen=True)
class Person:
    """A customer; `account` is the number of the company they work for, None for a private one."""

    name: str
    email: str
    account: int | None


def account_name(number: int) -> str:
    """The name of an account."""
    return f"{LAST[number % len(LAST)]} {number} Ltd"


def account_domain(number: int) -> str:
    """The mail domain of an account."""
    return f"{LAST[number % len(LAST)].lower()}{number}.com".encode("idna").decode()


def person(number: int, accounts: int, known: bool) -> Person:
    """The customer with this number: four in five write from the domain of their account."""
    name = f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]} {number}"
    local_part = f"{'k' if known else 'n'}{number}"
    if number % 5 == 4:
        return Person(name, f"{local_part}@{FREE_MAIL[number % len(FREE_MAIL)]}", None)
    account = number % accounts
    return Person(name, f"{local_part}@{account_domain(account)}", account)


def known_people(contacts: int) -> list[Person]:
    """Everybody who is a contact before the first mail arrives."""
    accounts = account_count(contacts)
    return [person(number, accounts, True) for number in range(contacts)]


def account_count(contacts: int) -> int:
    """How many accounts so many contacts have."""
    return max(contacts // ACCOUNT_SIZE, 1)


def new_people(count: int, contacts: int) -> list[Person]:
    """People who never wrote before. Every second one works for a known account or uses free
    mail, the others' domains are unknown."""
    accounts = account_count(contacts)
    found = []
    for number in range(count):
        someone = person(number, accounts, False)
        if number % 2:
            someone = Person(someone.name, f"n{number}@stranger{number}.org", None)
        found.append(someone)
    return found


def ticket_message_id(number: int) -> str:
    """The Message-ID of the agent's answer in a ticket that is there already."""
    return f"<answer-{number}@{DOMAIN}>"


@dataclass(frozen=True)
class Mailbox:
    """What the benchmark delivers, and what must come of it.

    :param mails: raw messages in the order of delivery
    :param tickets: new tickets that they open
    :param new_contacts: senders whom no contact has the address of
    :param attachments: files that people attached
    """

    mails: list[bytes]
    tickets: int
    new_contacts: int
    attachments: int


def mailbox(count: int, contacts: int, name: str) -> Mailbox:
    """Build `count` mails from `count / 2` senders, half of them known contacts.

    :param name: mailboxes of different names share no Message-ID and no new sender
    """
    chance = random.Random(f"{name} {count}")
    half = max(count // 4, 1)
    known = known_people(contacts)[:half]
    if len(known) < half:
        raise ValueError(f"{count} mails need at least {half} contacts.")
    strangers = [
        Person(f"{each.name} {name}", f"{name}-{each.email}", each.account)
        for each in new_people(half, contacts)
    ]
    senders = list(itertools.islice(itertools.cycle(known + strangers), count))
    chance.shuffle(senders)
    mails, tickets, wrote = [], 0, set()
    sent = datetime(2026, 3, 2, 8, 0, tzinfo=timezone.utc)
    for number, sender in enumerate(senders):
        dice = chance.randrange(100)
        answers = None
        if dice < REPLIES and sender in known:
            answers = ticket_message_id(known.index(sender) % OPEN_TICKETS)
        elif dice >= 100 - FOLLOW_UPS and number > 1:
            answers = f"<{name}-{number - 2}@mail.{DOMAIN}>"
            sender = senders[number - 2]
        tickets += answers is None
        wrote.add(sender)
        cc = chance.choice(known) if chance.randrange(100) < WITH_CC else None
        cc = cc if cc != sender else None
        sent += timedelta(seconds=chance.randrange(5, 300))
        message_id = f"<{name}-{number}@mail.{DOMAIN}>"
        mails.append(bytes(_mail(chance, sender, cc, message_id, answers, sent)))
    attachments = sum(b"Content-Disposition: attachment" in raw for raw in mails)
    return Mailbox(mails, tickets, len(wrote & set(strangers)), attachments)


def _mail(chance, sender, cc, message_id, answers, sent) -> EmailMessage:
    text = "\n\n".join(_paragraphs(chance))
    text += f"\n\nKind regards\n{sender.name}\n"
    mail = EmailMessage(policy=SMTP)
    _received(mail, chance, sender, sent)
    mail["From"] = f'"{sender.name}" <{sender.email}>'
    mail["To"] = f"Support <{SUPPORT}>"
    if cc:
        mail["Cc"] = f'"{cc.name}" <{cc.email}>'
    mail["Subject"] = ("Re: " if answers else "") + " ".join(chance.choices(WORDS, k=6))
    mail["Date"] = format_datetime(sent)
    mail["Message-ID"] = message_id
    if answers:
        mail["In-Reply-To"] = answers
        mail["References"] = answers
        text += "\nOn Monday Support wrote:\n> Thank you for your message.\n> We look into it.\n"
    mail.set_content(text)
    if chance.randrange(100) < WITH_HTML:
        mail.add_alternative(_html(text, chance), subtype="html")
    if chance.randrange(100) < WITH_ATTACHMENT:
        size = chance.randrange(2_000, 60_000)
        name = f"{chance.choice(('scan', 'invoice', 'Übersicht'))}-{chance.randrange(999)}.pdf"
        content = b"%PDF-1.4\n" + chance.randbytes(size)
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return mail


def _received(mail, chance, sender, sent):
    """The trace headers that a mail collects on a usual way."""
    host = sender.email.partition("@")[2]
    for hop in ("mx." + DOMAIN, "out." + host, "client." + host):
        mail["Received"] = (
            f"from {hop} by mx.{DOMAIN} with ESMTPS id {chance.getrandbits(64):x};"
            f" {format_datetime(sent)}"
        )
    mail["Authentication-Results"] = f"mx.{DOMAIN}; dkim=pass header.d={host}; spf=pass"
    signature = " ".join(f"{chance.getrandbits(240):x}" for _line in range(5))
    mail["DKIM-Signature"] = f"v=1; a=rsa-sha256; d={host}; s=s1; h=from:to:subject; b={signature}"
    mail["MIME-Version"] = "1.0"


def _paragraphs(chance) -> Iterator[str]:
    for _number in range(chance.randrange(1, 5)):
        sentence = " ".join(chance.choices(WORDS, k=chance.randrange(8, 60)))
        yield sentence.capitalize() + "."


def _html(text: str, chance) -> str:
    """The same as HTML, as mail programs write it: a style sheet, classes, inline styles."""
    paragraphs = "".join(
        f'<p class="MsoNormal" style="margin:0 0 {chance.randrange(4, 12)}pt">'
        f'<span style="font-size:11pt;font-family:Calibri,sans-serif">{each}</span></p>\n'
        for each in text.replace("<", "&lt;").split("\n\n")
    )
    cells = "".join(f"<tr><td>{each}</td><td><b>{each}</b></td></tr>" for each in WORDS[:4])
    return (
        '<html><head><meta charset="utf-8"><style>p.MsoNormal{margin:0} a:link{color:#0563c1}'
        f'</style></head><body lang="EN-GB"><div class="WordSection1">{paragraphs}'
        f'<table border="0">{cells}</table>'
        f'<p><a href="https://www.{DOMAIN}/help?id={chance.randrange(9999)}">Help</a></p>'
        "</div></body></html>"
    )
