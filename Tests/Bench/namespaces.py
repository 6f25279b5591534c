"""Temporary network and process namespaces, which the calling thread enters and which end with their last process."""

import contextlib
import ctypes
import os
import pickle
import sys
import traceback

# linux/sched.h, sys/mount.h.
NEW_NETWORK, NEW_PROCESSES, NEW_MOUNTS = 0x40000000, 0x20000000, 0x00020000
RECURSIVE, PRIVATE = 16384, 1 << 18

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Network:
    """A network namespace; programs started and sockets opened while it is entered belong to it."""

    def __init__(self):
        self.outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        check(libc.unshare(NEW_NETWORK))
        self.inside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        check(libc.setns(self.outside, NEW_NETWORK))

    @property
    def path(self):
        """Its name for programs."""
        return f"/proc/{os.getpid()}/fd/{self.inside}"

    @contextlib.contextmanager
    def entered(self):
        check(libc.setns(self.inside, NEW_NETWORK))
        try:
            yield
        finally:
            check(libc.setns(self.outside, NEW_NETWORK))

    def close(self):
        os.close(self.inside)
        os.close(self.outside)


def among_own_processes(body):
    """The result of `body` in a process namespace with its own /proc; None if none can be created."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            status = first_process(body, writer)
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as results:
        data = results.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise SystemExit(os.waitstatus_to_exitcode(status))
    return pickle.loads(data) if data else None


def first_process(body, writer):
    """Forks the first process of a process namespace, which writes the result of `body`; returns its status."""
    try:
        check(libc.unshare(NEW_PROCESSES | NEW_MOUNTS))
    except OSError:
        return 0
    first = os.fork()
    if first == 0:
        status = 1
        try:
            try:
                check(libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None))
                check(libc.mount(b"proc", b"/proc", b"proc", 0, None))
            except OSError:
                os._exit(0)
            results = pickle.dumps(body())
            with os.fdopen(writer, "wb") as file:
                file.write(results)
            status = 0
        except SystemExit as exit:
            print(exit, file=sys.stderr, flush=True)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, status = os.waitpid(first, 0)
    return os.waitstatus_to_exitcode(status)
