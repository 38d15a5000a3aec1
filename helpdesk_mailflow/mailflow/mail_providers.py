"""Providers that send for the domains of others.

Their servers hand mails on to machines of other names, so that their host says nothing about
who delivers in the end: each tells its customers which domain to include in SPF, and under which
selectors its DKIM keys are. From what they publish for their customers (read in 2026).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Provider:
    """A provider that sends for the domains of others.

    :param hosts: names of servers that take mails for it, with ``*`` for any part
    :param include: domain whose SPF record lists its machines
    :param selectors: under which its customers' keys are found
    """

    name: str
    hosts: tuple[str, ...]
    include: str
    selectors: tuple[str, ...] = ()


MICROSOFT = Provider(
    "Microsoft 365",
    (
        "smtp.office365.com",
        "outlook.office365.com",
        "smtp-mail.outlook.com",
        "*.protection.outlook.com",
    ),
    "spf.protection.outlook.com",
    ("selector1", "selector2"),
)
GOOGLE = Provider(
    "Google",
    ("smtp.gmail.com", "smtp-relay.gmail.com", "*.l.google.com"),
    "_spf.google.com",
    ("google",),
)

PROVIDERS: Sequence[Provider] = (
    MICROSOFT,
    GOOGLE,
    Provider("Amazon SES", ("email-smtp*.*.amazonaws.com",), "amazonses.com"),
    Provider(
        "Brevo",
        ("smtp-relay.brevo.com", "smtp-relay.sendinblue.com"),
        "spf.brevo.com",
        ("brevo1", "brevo2", "mail"),
    ),
    Provider(
        "Fastmail",
        ("smtp.fastmail.com", "*.messagingengine.com"),
        "spf.messagingengine.com",
        ("fm1", "fm2", "fm3"),
    ),
    Provider("Gandi", ("mail.gandi.net",), "_mailcust.gandi.net", ("gm1", "gm2", "gm3")),
    Provider("iCloud", ("smtp.mail.me.com",), "icloud.com", ("sig1",)),
    Provider("Infomaniak", ("mail.infomaniak.com",), "spf.infomaniak.ch"),
    Provider("Mailbox.org", ("smtp.mailbox.org",), "mailbox.org", ("MBO0001", "MBO0002")),
    Provider("Mailgun", ("smtp*.mailgun.org",), "mailgun.org", ("k1", "mta", "smtp", "pic", "mx")),
    Provider("Mailjet", ("*.mailjet.com",), "spf.mailjet.com", ("mailjet",)),
    Provider("Mandrill", ("smtp*.mandrillapp.com",), "spf.mandrillapp.com", ("mte1", "mandrill")),
    Provider("Migadu", ("smtp.migadu.com",), "spf.migadu.com", ("key1", "key2", "key3")),
    Provider("OVHcloud", ("*.mail.ovh.net", "ssl0.ovh.net"), "mx.ovh.com"),
    Provider("Postmark", ("smtp*.postmarkapp.com",), "spf.mtasv.net", ("pm",)),
    Provider(
        "Proton",
        ("smtp.protonmail.ch",),
        "_spf.protonmail.ch",
        ("protonmail", "protonmail2", "protonmail3"),
    ),
    Provider("SendGrid", ("smtp.sendgrid.net",), "sendgrid.net", ("s1", "s2")),
    Provider("Yandex", ("smtp.yandex.com", "smtp.yandex.ru"), "_spf.yandex.net", ("mail",)),
)


def provider_of(host: str) -> Provider | None:
    """The provider that a server belongs to."""
    host = host.rstrip(".").lower()
    for provider in PROVIDERS:
        if any(fnmatchcase(host, pattern) for pattern in provider.hosts):
            return provider
    return None
