"""Providers of mailboxes, recognised by the domain of an address, by the hosts that take its mail
(MX), or by the servers that it is read from."""

from fnmatch import fnmatchcase

from .mailbox_provider import MailboxProvider
from .mailbox_provider_table import PROVIDERS

_BY_DOMAIN = {domain: provider for provider in PROVIDERS for domain in provider.domains}


def provider_of_domain(domain: str) -> MailboxProvider | None:
    """The provider that gave out an address with this domain.

    :param domain: in lower case, as the DNS has it
    """
    return _BY_DOMAIN.get(domain)


def provider_of_mx(host: str) -> MailboxProvider | None:
    """The provider that a host takes mail for.

    :param host: in lower case, without the final dot
    """
    for provider in PROVIDERS:
        if any(fnmatchcase(host, pattern) for pattern in provider.mx):
            return provider
    return None


def provider_of_server(host: str) -> MailboxProvider | None:
    """The provider whose mailboxes are on a server, such as ``imap.gmail.com``.

    :param host: in lower case, without the final dot
    """
    for provider in PROVIDERS:
        if host in [server[1] for server in provider.servers()]:
            return provider
    return None
