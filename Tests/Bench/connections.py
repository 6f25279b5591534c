"""Thousands of established connections of which both ends are in the current network namespace, a thousand sockets per process."""

import contextlib
import os
import resource
import signal
import socket

FIRST = 20_000
EACH = 1_000


def hold(port, count):
    """Forks a process with both ends of `count` connections to a port, until it is killed; returns its pid once they are there."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            server = socket.create_server(("127.0.0.1", port), backlog=count)
            held = [server]
            for _ in range(count):
                held.append(socket.create_connection(("127.0.0.1", port)))
                held.append(server.accept()[0])
            os.write(writer, b".")
            os.close(writer)
            signal.pause()
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as ready:
        if ready.read(1) != b".":
            raise OSError(f"could not connect to port {port}")
    return child


@contextlib.contextmanager
def connected(sockets):
    """Keeps so many connected sockets while the body runs."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    children = []
    try:
        for index in range(sockets // EACH):
            children.append(hold(FIRST + index, EACH // 2))
        yield
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
