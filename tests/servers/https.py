"""A web server over HTTPS for tests, with files from a dictionary, and bad days.

Runs in threads of the test's process::

    with Https(authority, ("autoconfig.acorn.example",)) as web:
        web.files["autoconfig.acorn.example", "/mail/config-v1.1.xml"] = b"<clientConfig/>"
"""

from __future__ import annotations

import http.server
import ssl
import threading
import time

from .certificates import Authority


class Https:
    """A web server on a port of the loopback interface; a context manager.

    :param hosts: the names in its certificate
    :ivar files: (host, path) -> content; or the place to redirect to, as text
    :ivar seconds_per_byte: how slowly it answers
    :ivar asked: the URL of each request, in the order they came
    """

    def __init__(self, authority: Authority, hosts: tuple[str, ...]):
        self.files: dict[tuple[str, str], bytes | str] = {}
        self.seconds_per_byte = 0.0
        self.asked: list[str] = []
        certificate = authority.certificate(hosts=hosts)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.chain, certificate.key)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.web = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Https:
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    web: Https

    def finish_request(self, request, client_address):
        # the handshake in the thread of the request, so that a bad one holds nobody up
        try:
            with self.web._context.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)
        except OSError:
            return  # the client went away, or did not like the certificate


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self):
        web = self.server.web
        host = self.headers["Host"].partition(":")[0]
        web.asked.append(f"https://{host}{self.path}")
        found = web.files.get((host, self.path.partition("?")[0]))
        if isinstance(found, str):
            self.send_response(302)
            self.send_header("Location", found)
            self.end_headers()
        elif found is None:
            self.send_error(404)
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.end_headers()
            if not web.seconds_per_byte:
                self.wfile.write(found)
                return
            for octet in found:
                self.wfile.write(bytes([octet]))
                time.sleep(web.seconds_per_byte)

    def log_message(self, *_arguments):
        """Nothing to say."""
