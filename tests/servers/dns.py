"""A name server for tests, over UDP and TCP: answers from a dictionary, and has bad days.

Runs in threads of the test's process. Records are written as in a zone file::

    with Dns({"acorn.example": {"TXT": ['"v=spf1 -all"']}}) as dns:
        dns.trouble["slow.example"] = "silent"
        lookup = Lookup(nameservers=[dns.address])

Names that begin with ``*.`` are wildcards (RFC 4592). CNAMEs are followed within the zones, as a
resolver does it.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Mapping, Sequence

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

#: name -> type -> records as in a zone file
Zone = Mapping[str, Mapping[str, Sequence[str]]]
#: What can be wrong with a name and all below it: no answer at all, an answer that it cannot be
#: told (SERVFAIL), or is not told (REFUSED), nonsense; over UDP only: cut off (RFC 7766 section 5).
TROUBLE = ("silent", "servfail", "refused", "garbage", "truncate")
_TTL = 60
_CHAIN = 8


class Dns:
    """A name server on a port of the loopback interface; a context manager.

    :ivar zone: may be changed while it runs
    :ivar trouble: name -> one of :data:`TROUBLE`, for that name and what lies below it
    :ivar asked: (name, type, "udp" or "tcp") of each question, in the order they came
    """

    host = "127.0.0.1"

    def __init__(self, zone: Zone | None = None):
        self.zone = {name.lower(): dict(records) for name, records in (zone or {}).items()}
        self.trouble: dict[str, str] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.port = 0
        self._servers: list[socketserver.BaseServer] = []
        self._threads: list[threading.Thread] = []

    @property
    def address(self) -> str:
        """host:port, as the engine takes it."""
        return f"{self.host}:{self.port}"

    def __enter__(self) -> Dns:
        for _attempt in range(20):
            udp = _Udp((self.host, 0), _UdpHandler)
            try:
                tcp = _Tcp((self.host, udp.server_address[1]), _TcpHandler)
            except OSError:  # somebody else has the TCP port of that number
                udp.server_close()
                continue
            break
        else:
            raise RuntimeError("no port is free for both UDP and TCP")
        self.port = udp.server_address[1]
        self._servers = [udp, tcp]
        for server in self._servers:
            server.dns = self
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_exception) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join(5)
        self._servers, self._threads = [], []

    def count(self, name: str, type: str | None = None) -> int:
        """How often a name (of a type) was asked for."""
        return sum(each[0] == name and type in (None, each[1]) for each in self.asked)

    # ---- answers ----

    def answer(self, wire: bytes, by: str) -> bytes | None:
        """The answer to a question, or None for none."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        type_ = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, type_, by))
        trouble = self._trouble_of(name)
        if trouble == "silent":
            return None
        if trouble == "garbage":
            return wire[:2] + b"\x81\x80 this is no message"
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if trouble in ("servfail", "refused"):
            response.set_rcode(dns.rcode.from_text(trouble))
        elif trouble == "truncate" and by == "udp":
            response.flags |= dns.flags.TC
        else:
            self._fill(response, name, type_)
        data = response.to_wire(max_size=65535)
        if by == "udp" and len(data) > max(query.payload, 512):
            response.answer.clear()
            response.flags |= dns.flags.TC
            data = response.to_wire()
        return data

    def _trouble_of(self, name: str) -> str | None:
        for place, trouble in self.trouble.items():
            if trouble not in TROUBLE:
                raise ValueError(f"no such trouble: {trouble}")
            if name == place or name.endswith(f".{place}"):
                return trouble
        return None

    def _fill(self, response: dns.message.Message, name: str, type_: str) -> None:
        for _step in range(_CHAIN):
            records = self._records(name)
            if records is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
                return
            target = records.get("CNAME")
            kind = "CNAME" if target else type_
            if records.get(kind):
                response.answer.append(
                    dns.rrset.from_text_list(
                        dns.name.from_text(name), _TTL, dns.rdataclass.IN, kind, records[kind]
                    )
                )
            if not target or type_ == "CNAME":
                return
            name = target[0].rstrip(".").lower()

    def _records(self, name: str) -> Mapping[str, Sequence[str]] | None:
        """The records of a name: empty for one that only has names below it, None for none."""
        if name in self.zone:
            return self.zone[name]
        if any(other.endswith(f".{name}") for other in self.zone):
            return {}
        parent = name
        while "." in parent:
            parent = parent.partition(".")[2]
            if f"*.{parent}" in self.zone:
                return self.zone[f"*.{parent}"]
            if parent in self.zone:  # RFC 4592 section 4.2: the closest encloser decides
                return None
        return None


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    max_packet_size = 65535
    dns: Dns


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    dns: Dns


class _UdpHandler(socketserver.BaseRequestHandler):
    def handle(self):
        wire, sock = self.request
        answer = self.server.dns.answer(wire, "udp")
        if answer is not None:
            sock.sendto(answer, self.client_address)


class _TcpHandler(socketserver.StreamRequestHandler):
    timeout = 5

    def handle(self):
        with contextlib.suppress(socket.timeout, ConnectionError):
            while head := self.rfile.read(2):
                wire = self.rfile.read(struct.unpack("!H", head)[0])
                answer = self.server.dns.answer(wire, "tcp")
                if answer is None:
                    return
                self.wfile.write(struct.pack("!H", len(answer)) + answer)
