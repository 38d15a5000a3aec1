"""A provider of mailboxes, as the table in :mod:`.mailbox_provider_table` describes it."""

import re
from dataclasses import dataclass

#: How a provider's mailbox is connected: by signing in, by an app password of Google, by host
#: and password, not at all but mail can be forwarded from it, or not even that.
ROADS = ("microsoft", "gmail", "provider", "forward", "provided")
#: What has to be done before a program can log in: make an app password; make one if 2-step
#: verification is on; allow IMAP in the mailbox's settings; set a password for mail programs.
NEEDS = ("app_password", "app_password_2fa", "switch_on", "own_password")

_SERVER = re.compile(r"(?P<host>[^:]+)(:(?P<port>\d+))?")
_TLS_PORTS = {"imap": 993, "pop": 995, "smtp": 465}


@dataclass(frozen=True)
class MailboxProvider:
    """A provider of mailboxes.

    :param key: the same for one provider's parts of the world
    :param domains: of the addresses that it gives to people
    :param mx: hosts that take mail for it and for the domains of its customers, with ``*`` for
        any part
    :param imap: host, with its port where that is not the one for TLS; ``{mx}`` is the host that
        takes the mail. Empty: cannot be read
    :param pop: the same by POP, where IMAP is not for everybody
    :param smtp: the same for sending; 587 is STARTTLS
    :param user: how the user is called: ``address`` or ``local`` (what is before the @)
    :param road: one of :data:`ROADS`
    :param needs: of :data:`NEEDS`
    :param help: where it tells its customers how
    """

    key: str
    name: str
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    imap: str = ""
    smtp: str = ""
    pop: str = ""
    user: str = "address"
    road: str = "provider"
    needs: tuple[str, ...] = ()
    help: str = ""

    def servers(self, mx: str = "") -> list[tuple[str, str, int, str]]:
        """(protocol, host, port, encryption) of each, the best first.

        :param mx: the host that takes the mail
        """
        found = []
        for protocol in ("imap", "pop", "smtp"):
            text = getattr(self, protocol)
            if not text or ("{mx}" in text and not mx):
                continue
            parts = _SERVER.fullmatch(text.replace("{mx}", mx))
            port = int(parts["port"] or _TLS_PORTS[protocol])
            encryption = "tls" if port == _TLS_PORTS[protocol] else "starttls"
            found.append((protocol, parts["host"], port, encryption))
        return found
