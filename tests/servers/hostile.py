"""A mail server that follows a script: it hangs, lies, and drops connections.

A script is a function that talks to one client, until it returns::

    def greets_and_hangs(client):
        client.send(b"* OK hello\\r\\n")
        client.hang()
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Mapping

_ACCEPT_SECONDS = 30.0


class Client:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, stop: threading.Event):
        self._sock = sock
        self._stop = stop
        self._file = sock.makefile("rb")
        self.tag = b""

    def send(self, data: bytes):
        """Send as it is."""
        self._sock.sendall(data)

    def line(self) -> bytes:
        """Read a line without its ending; of an IMAP command, :attr:`tag` is remembered."""
        line = b"" if self._file.closed else self._file.readline()
        if not line:
            raise ConnectionResetError("the client is gone")
        line = line.rstrip(b"\r\n")
        self.tag = line.split(b" ")[0]
        return line

    def ok(self, text: bytes = b"done"):
        """The tagged OK of IMAP for the last command."""
        self.send(self.tag + b" OK " + text + b"\r\n")

    def hang(self):
        """Say nothing until the test is over."""
        self._stop.wait()

    def drip(self, data: bytes, seconds: float):
        """Send a byte every so many seconds until the client or the test ends."""
        for position in range(len(data)):
            if self._stop.wait(seconds):
                return
            self.send(data[position : position + 1])

    def reset(self):
        """Drop the connection with a TCP reset, as a crashed machine or a firewall does."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        """End the connection in the orderly way."""
        self._file.close()
        self._sock.close()


Script = Callable[[Client], None]


class Hostile:
    """Runs a script for each connection, in threads; a context manager."""

    host = "127.0.0.1"

    def __init__(self, script: Script):
        self._script = script
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.failures: list[BaseException] = []
        self._listener = socket.create_server((self.host, 0))
        self._listener.settimeout(_ACCEPT_SECONDS)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self):
        self._run(self._accept)
        return self

    def __exit__(self, exc_type, exc, traceback):
        self._stop.set()
        # Closing a listener does not wake `accept`; a connection does.
        with socket.socket() as waker:
            waker.settimeout(1)
            waker.connect_ex((self.host, self.port))
        for thread in list(self._threads):
            thread.join(5)
        self._listener.close()
        if self.failures and exc_type is None:
            raise self.failures[0]

    def _run(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self._stop.is_set():
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            if self._stop.is_set():
                sock.close()
                return
            sock.settimeout(_ACCEPT_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._run(self._serve, Client(sock, self._stop))

    def _serve(self, client: Client):
        try:
            self._script(client)
        except OSError:
            pass  # the client hung up, which is its right
        except BaseException as error:  # noqa: BLE001 -- raised by __exit__, in the test's thread
            self.failures.append(error)
        finally:
            client.close()


def imap_script(
    answers: Mapping[bytes, Callable[[Client, bytes], None]] | None = None,
    greeting: bytes = b"* OK hello\r\n",
    capabilities: bytes = b"IMAP4rev1 AUTH=PLAIN",
    messages: Mapping[int, bytes] | None = None,
) -> Script:
    """An IMAP server that behaves, but for the commands in `answers`.

    :param answers: by the command in upper case (``UID FETCH``, ``SEARCH`` …): called with
        the client and the command line; answers for itself, also the tagged line
    :param messages: by UID; what INBOX holds
    """
    messages = messages or {}
    special = dict(answers or {})

    def fetch(client: Client, line: bytes):
        uids = [int(uid) for uid in line.split(b" ")[3].split(b",")]
        for number, (uid, message) in enumerate(sorted(messages.items()), 1):
            if uid not in uids:
                continue
            if b"BODY.PEEK[]" in line:
                client.send(
                    b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n"
                    % (number, uid, len(message), message)
                )
            else:
                client.send(
                    b"* %d FETCH (UID %d RFC822.SIZE %d FLAGS () INTERNALDATE "
                    b'"01-Feb-2026 03:04:05 +0100")\r\n' % (number, uid, len(message))
                )
        client.ok()

    def script(client: Client):
        client.send(greeting)
        while True:
            line = client.line()
            words = line.upper().split(b" ")
            command = b" ".join(words[1:3]) if words[1:2] == [b"UID"] else words[1]
            if command in special:
                special[command](client, line)
            elif command == b"CAPABILITY":
                client.send(b"* CAPABILITY " + capabilities + b"\r\n")
                client.ok()
            elif command == b"SELECT":
                client.send(
                    b"* %d EXISTS\r\n* OK [UIDVALIDITY 4294967295] valid\r\n"
                    b"* OK [UIDNEXT 4294967295] next\r\n" % len(messages)
                )
                client.ok(b"[READ-WRITE] done")
            elif command == b"UID SEARCH":
                client.send(
                    b"* SEARCH" + b"".join(b" %d" % uid for uid in sorted(messages)) + b"\r\n"
                )
                client.ok()
            elif command == b"UID FETCH":
                fetch(client, line)
            elif command == b"LOGOUT":
                client.send(b"* BYE see you\r\n")
                client.ok()
                return
            else:
                client.ok()

    return script


def pop_script(
    answers: Mapping[bytes, Callable[[Client, bytes], None]] | None = None,
    greeting: bytes = b"+OK hello\r\n",
    capabilities: bytes = b"USER\r\nSASL PLAIN\r\nUIDL\r\nTOP\r\n",
    messages: Mapping[bytes, bytes] | None = None,
) -> Script:
    """A POP server that behaves, but for the commands in `answers`.

    :param messages: by UIDL; sent with CRLF and stuffed dots
    """
    listed = list((messages or {}).items())
    special = dict(answers or {})

    def multiline(client: Client, text: bytes):
        stuffed = re.sub(rb"(^|\r\n)\.", rb"\1..", text)
        client.send(b"+OK\r\n" + stuffed + b".\r\n")

    def script(client: Client):
        client.send(greeting)
        while True:
            line = client.line()
            words = line.upper().split(b" ")
            if words[0] in special:
                special[words[0]](client, line)
            elif words[0] == b"CAPA":
                multiline(client, capabilities)
            elif words[0] == b"UIDL":
                multiline(
                    client,
                    b"".join(b"%d %b\r\n" % (n, uid) for n, (uid, _m) in enumerate(listed, 1)),
                )
            elif words[0] == b"LIST":
                multiline(
                    client,
                    b"".join(b"%d %d\r\n" % (n, len(m)) for n, (_uid, m) in enumerate(listed, 1)),
                )
            elif words[0] in {b"RETR", b"TOP"}:
                multiline(client, listed[int(words[1]) - 1][1])
            else:
                client.send(b"+OK\r\n")
                if words[0] == b"QUIT":
                    return

    return script
