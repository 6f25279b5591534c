"""Thousands of established connections of which both ends are in the current network namespace, a thousand sockets per process."""

import contextlib
import socket

from holders import hold, holders

FIRST = 20_000
EACH = 1_000


def both_ends(port, count):
    """Opens so many connections to a port, and returns both ends of each."""
    server = socket.create_server(("127.0.0.1", port), backlog=count)
    ends = [server]
    for _ in range(count):
        ends += [socket.create_connection(("127.0.0.1", port)), server.accept()[0]]
    return ends


@contextlib.contextmanager
def connected(sockets):
    """Keeps so many connected sockets while the body runs."""
    with holders() as children:
        for index in range(sockets // EACH):
            children.append(hold(lambda: both_ends(FIRST + index, EACH // 2)))
        yield
