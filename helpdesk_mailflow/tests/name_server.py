# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A name server for tests, over UDP: answers from a dictionary.

The one of the engine's tests does more, but is not installed with the addon.
"""

import socketserver
import threading

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class NameServer:
    """A name server on a port of the loopback interface; a context manager.

    :ivar zone: name -> type -> records as in a zone file; may be changed while it runs
    :ivar silent: names to which, and to what lies below them, it gives no answer
    """

    def __init__(self, zone):
        self.zone = zone
        self.silent = set()
        self.asked = []
        self._server = None
        self._thread = None

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.zone_keeper = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, wire):
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if any(name == each or name.endswith(f".{each}") for each in self.silent):
            return None
        response = dns.message.make_response(query)
        if name in self.zone:
            for text in self.zone[name].get(kind, ()):
                response.answer.append(
                    dns.rrset.from_text(question.name, 60, dns.rdataclass.IN, kind, text)
                )
        elif not any(each.endswith(f".{name}") for each in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        wire, sock = self.request
        answer = self.server.zone_keeper.answer(wire)
        if answer is not None:
            sock.sendto(answer, self.client_address)
