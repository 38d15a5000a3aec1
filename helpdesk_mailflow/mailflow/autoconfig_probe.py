"""Whether a mail server is there and encrypts, without logging in."""

from __future__ import annotations

import re

from .errors import EncryptionNotOffered
from .mailbox import MailServer
from .smtp import SmtpSettings
from .wire import Wire, open_encrypted, tls_port

#: How each protocol greets, is told to encrypt, and agrees to it (RFC 9051, RFC 2595, RFC 3207).
_GREETING = {"imap": rb"\* (OK|PREAUTH)\b", "pop": rb"\+OK\b", "smtp": rb"220\b"}
_UPGRADE = {"imap": b"a STARTTLS\r\n", "pop": b"STLS\r\n", "smtp": b"STARTTLS\r\n"}
_AGREES = {"imap": rb"a OK\b", "pop": rb"\+OK\b", "smtp": rb"220\b"}
# what may come before the answer, or be the answer of many lines
_MORE = {"imap": rb"\* ", "pop": rb"(?!)", "smtp": rb"\d\d\d-"}
_MAX_LINES = 100


def probe(
    protocol: str,
    host: str,
    port: int,
    encryption: str,
    *,
    timeout: float,
    ca_file: str | None = None,
) -> None:
    """Connect, encrypt and check the certificate.

    :param protocol: ``imap``, ``pop`` or ``smtp``
    :param encryption: ``tls`` or ``starttls``
    :raises MailboxError: see :mod:`.errors`
    """
    if protocol == "smtp":
        server = SmtpSettings(host, port, encryption, "", timeout=timeout, ca_file=ca_file)
    else:
        server = MailServer(
            protocol, host, port, encryption, "", "", timeout=timeout, ca_file=ca_file
        )
    open_encrypted(server, _Probe).wire.close()


class _Probe:
    """Connected, greeted and encrypted, with nobody logged in."""

    def __init__(self, server: MailServer | SmtpSettings, check_name: bool):
        self.server = server
        self.wire = Wire(server)
        try:
            if server.encryption == "tls":
                self.wire.begin("starting the encryption")
                self.wire.encrypt(check_name)
            self.wire.begin("waiting for the greeting")
            # the greeting of IMAP begins like what only tells something
            greeting = self.wire.read_line() if server.protocol == "imap" else self._line()
            if not re.match(_GREETING[server.protocol], greeting, re.IGNORECASE):
                raise self.wire.not_understood(greeting)
            if server.encryption == "starttls":
                self._upgrade(check_name)
        except BaseException:
            self.wire.close()
            raise

    def _upgrade(self, check_name: bool):
        self.wire.begin("starting the encryption")
        server = self.server
        if server.protocol == "smtp":
            self.wire.sendall(b"EHLO localhost\r\n")
            self._line()
        self.wire.sendall(_UPGRADE[server.protocol])
        answer = self._line()
        if not re.match(_AGREES[server.protocol], answer, re.IGNORECASE):
            raise EncryptionNotOffered(
                "encryption_not_offered_starttls",
                host=server.host,
                port=server.port,
                tls_port=tls_port(server),
            )
        self.wire.encrypt(check_name)

    def _line(self) -> bytes:
        """The line that decides, after those that only tell something."""
        for _line in range(_MAX_LINES):
            line = self.wire.read_line()
            if not re.match(_MORE[self.server.protocol], line):
                return line
        raise self.wire.not_understood(line)
