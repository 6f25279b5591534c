"""Processes that hold sockets while a benchmark runs."""

import contextlib
import os
import resource
import signal


def hold(opening):
    """Forks a process that opens sockets by this function, and holds them until it is killed; returns its pid once they are open."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            sockets = opening()
            os.write(writer, b"." if sockets else b"")
            os.close(writer)
            signal.pause()
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as ready:
        if ready.read(1) != b".":
            raise OSError("a process could not open its sockets")
    return child


@contextlib.contextmanager
def holders():
    """A list of such processes, which are killed after the body; they may open as many files as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    children = []
    try:
        yield children
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
