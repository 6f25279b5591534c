"""Listening sockets by the thousand, ten a process, in the network namespace that this runs in."""

import contextlib
import os
import resource
import signal
import socket

FIRST = 20_000
EACH = 10


def hold(ports):
    """Forks a process that listens on these ports until it is killed; returns its number when it does."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            sockets = [socket.create_server(("0.0.0.0", port)) for port in ports]
            os.write(writer, b"." if len(sockets) == len(ports) else b"")
            os.close(writer)
            signal.pause()
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as ready:
        if ready.read(1) != b".":
            raise OSError(f"could not listen on port {ports[0]} and those behind it")
    return child


@contextlib.contextmanager
def listening(count):
    """Has `count` sockets listen while the body runs."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    children = []
    try:
        for first in range(FIRST, FIRST + count, EACH):
            children.append(hold(range(first, min(first + EACH, FIRST + count))))
        yield
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
