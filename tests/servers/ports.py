"""Ports of the loopback interface for servers of tests."""

import random
import socket

# Below the range that outgoing connections are given, so that nobody takes one meanwhile.
_PORTS = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.choice(_PORTS)
        if port in ports:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
    return ports
