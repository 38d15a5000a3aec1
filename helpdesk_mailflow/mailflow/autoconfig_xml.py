"""Mail settings in the file format that Thunderbird made known (``clientConfig``, version 1.1):
https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat

The file comes from somebody else: it is read without entities, and whatever in it makes no sense
is left out.
"""

import re
from dataclasses import dataclass

from lxml import etree

from .domain import ascii_domain

#: Bytes; the largest published ones have a few thousand.
MAX_SIZE = 128 * 1024
#: Servers of each direction that are looked at.
MAX_SERVERS = 10

_PROTOCOLS = {
    ("incomingServer", "imap"): "imap",
    ("incomingServer", "pop3"): "pop",
    ("outgoingServer", "smtp"): "smtp",
}
# "plain" has no counterpart: a password is not sent in the open because of a file
_ENCRYPTIONS = {"ssl": "tls", "starttls": "starttls"}
# client-IP-address and none need no password; OAuth2 and the others take none
_PASSWORD = {"password-cleartext", "plain", "password-encrypted", "secure"}
_PLACEHOLDER = re.compile(r"%[A-Z0-9_]*%")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})+")


@dataclass(frozen=True)
class Server:
    """A server that the file names.

    :param protocol: ``imap``, ``pop`` or ``smtp``
    :param encryption: ``tls`` or ``starttls``
    :param user: with the placeholders filled in; empty if it is something that we do not know
    :param password: whether a password is taken; else it wants OAuth or the like
    """

    protocol: str
    host: str
    port: int
    encryption: str
    user: str
    password: bool


@dataclass(frozen=True)
class Settings:
    """What a file says; empty if it is none.

    :param name: how the provider calls itself
    :param servers: in the order of the file, which is by preference, encrypted ones only
    """

    name: str = ""
    servers: tuple[Server, ...] = ()


def parse(data: bytes, email: str) -> Settings:
    """Read a file for an address.

    :param email: what ``%EMAILADDRESS%`` and its like stand for
    :return: no servers where the file cannot be read
    """
    if len(data) > MAX_SIZE:
        return Settings()
    # no entities, no other files, no network
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return Settings()
    if root.getroottree().docinfo.internalDTD is not None or root.tag != "clientConfig":
        return Settings()
    provider = root.find("emailProvider")
    if provider is None:
        return Settings()
    servers: list[Server] = []
    for direction in ("incomingServer", "outgoingServer"):
        for element in provider.findall(direction)[:MAX_SERVERS]:
            server = _server(direction, element, email)
            if server and server not in servers:
                servers.append(server)
    return Settings(_text(provider, "displayName")[:100], tuple(servers))


def _server(direction: str, element: etree._Element, email: str) -> Server | None:
    protocol = _PROTOCOLS.get((direction, element.get("type", "").lower()))
    encryption = _ENCRYPTIONS.get(_text(element, "socketType").lower())
    host = ascii_domain(_filled(_text(element, "hostname"), email))
    port = _text(element, "port")
    if not protocol or not encryption or not is_host(host):
        return None
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        return None
    ways = {(each.text or "").strip().lower() for each in element.findall("authentication")}
    user = _filled(_text(element, "username"), email) or email
    if _PLACEHOLDER.search(user) or len(user) > 320 or not user.isprintable():
        user = ""
    return Server(
        protocol=protocol,
        host=host,
        port=int(port),
        encryption=encryption,
        user=user,
        # a file that says nothing about it means a password
        password=not ways or bool(ways & _PASSWORD),
    )


def is_host(name: str) -> bool:
    """Whether this can be the name of a host in the DNS: an IP address is none.

    :param name: as the DNS has it
    """
    return bool(_HOST.fullmatch(name)) and len(name) < 254 and not name.split(".")[-1].isdigit()


def _text(element: etree._Element, tag: str) -> str:
    return " ".join((element.findtext(tag) or "").split())


def _filled(text: str, email: str) -> str:
    local, _at, domain = email.rpartition("@")
    for placeholder, value in (
        ("%EMAILADDRESS%", email),
        ("%EMAILLOCALPART%", local),
        ("%EMAILDOMAIN%", domain),
    ):
        text = text.replace(placeholder, value)
    return text
