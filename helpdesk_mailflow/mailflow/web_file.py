"""A small file from a web server that somebody else has named.

Whoever names it must not make us ask in our own network, nor keep us waiting or reading: only
HTTPS on its own port, only addresses that all the world can reach, a deadline for all of it, and
a largest size (OWASP: Server-Side Request Forgery Prevention).
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from .autoconfig_xml import is_host
from .domain import ascii_domain

_logger = logging.getLogger(__name__)

_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 3
# https://www.iana.org/assignments/ipv6-address-space
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


@dataclass(frozen=True)
class WebFiles:
    """How files are fetched.

    :param max_size: bytes; a larger file counts as none
    :param addresses: the IP addresses of a host; none by default, so that nothing is asked
    :param private: ask also at addresses of private networks
    :param port: 443, but for tests
    :param ca_file: PEM file of the authorities to trust instead of the system's
    """

    max_size: int
    addresses: Callable[[str], tuple[str, ...]] = lambda _host: ()
    private: bool = False
    port: int = 443
    ca_file: str | None = None

    def fetch(self, url: str, timeout: float) -> bytes | None:
        """The content of a file.

        :param timeout: seconds for all of it, look-ups in the DNS aside
        :return: ``None`` if there is none, or it cannot be had; why is in the log
        """
        deadline = time.monotonic() + timeout
        for _step in range(_MAX_REDIRECTS + 1):
            try:
                found = self._get(url, deadline)
                if not isinstance(found, str):
                    return found
                url = urljoin(url, found)
            except (OSError, http.client.HTTPException, ValueError) as error:
                _logger.info("No %s: %s", url, error)
                return None
        _logger.info("No %s: redirected too often", url)
        return None

    def _get(self, url: str, deadline: float) -> bytes | str | None:
        """The content, or the place that we are sent to.

        :raise ValueError: not a place where we ask
        """
        parts = urlsplit(url)
        host = ascii_domain(parts.hostname or "")
        # `port` raises ValueError for what is no number
        if parts.scheme != "https" or parts.username is not None or parts.port not in (None, 443):
            raise ValueError("only https on its own port is asked")
        if not is_host(host):
            raise ValueError("not the name of a host")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with self._connected(host, deadline) as connection:
            connection.request(
                "GET", path, headers={"Accept": "application/xml, text/xml", "Connection": "close"}
            )
            response = connection.getresponse()
            if response.status in _REDIRECTS:
                return response.headers.get("Location") or None
            if response.status != 200:
                return None
            content = response.read(self.max_size + 1)
            if len(content) > self.max_size:
                raise ValueError(f"more than {self.max_size} bytes")
            return content

    @contextlib.contextmanager
    def _connected(self, host: str, deadline: float):
        """A connection that is cut at the deadline, whatever trickles in until then."""
        connection = http.client.HTTPSConnection(host, self.port)
        connection.sock = self._dial(host, deadline)
        # the time-out of a socket is one for each read; a slow server could have very many
        cut = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, (connection.sock,))
        cut.daemon = True
        cut.start()
        try:
            yield connection
        finally:
            cut.cancel()
            connection.close()

    def _dial(self, host: str, deadline: float) -> ssl.SSLSocket:
        """Connect to an address that was looked at, so that the name cannot mean another one a
        moment later (DNS rebinding)."""
        addresses = [each for each in self.addresses(host) if self.private or is_public(each)]
        if not addresses:
            raise ValueError("no address that all the world can reach")
        context = ssl.create_default_context(cafile=self.ca_file)
        failure: OSError = TimeoutError("no time left")
        for position, address in enumerate(addresses):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                plain = socket.create_connection(
                    (address, self.port), left / (len(addresses) - position)
                )
            except OSError as error:
                failure = error
                continue
            try:
                plain.settimeout(max(0.1, deadline - time.monotonic()))
                return context.wrap_socket(plain, server_hostname=host)
            except BaseException:
                plain.close()
                raise
        raise failure


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended meanwhile
        # the socket's own: that of an SSL socket would make its reader go on in the open
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, and not to a network of somebody's own,
    this machine, or a group of machines; also where it is wrapped into an IPv6 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1]) or _nat64(ip)
        if inner and not is_public(str(inner)):
            return False
        if ip.ipv4_mapped or _nat64(ip):
            return True
        # all else is of no network that the world can reach, as site-local addresses and those of
        # a NAT64 of one's own (RFC 8215), or is old (RFC 4291, section 2.5.5.1)
        if ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """RFC 6052, section 2.1."""
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None
