"""Connects from this network namespace to ports of the host: reads a list of attempts, prints their outcomes, both as JSON.

An attempt is [source, destination, protocol, port]. Its outcome is `open` if the connection was made or a datagram was answered,
`refused` if it was answered by an error, and `silent` if nothing came back in time.
"""

import errno
import json
import selectors
import socket
import sys
import time

PATIENCE = 1.5


def begin(source, destination, protocol, port):
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((source, 0))
    error = sock.connect_ex((destination, port))
    if error not in (0, errno.EINPROGRESS):
        raise OSError(error, f"connecting from {source} to {destination}")
    if protocol == "udp":
        sock.send(b"hello")
    return sock


def outcome(sock, protocol):
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error == 0 and protocol == "udp":
        try:
            sock.recv(100)
        except ConnectionRefusedError:
            return "refused"
    return "open" if error == 0 else "refused"


def main():
    attempts = json.load(sys.stdin)
    outcomes = ["silent"] * len(attempts)
    selector = selectors.DefaultSelector()
    for number, attempt in enumerate(attempts):
        sock = begin(*attempt)
        selector.register(sock, selectors.EVENT_WRITE if attempt[2] == "tcp" else selectors.EVENT_READ, number)
    end = time.monotonic() + PATIENCE
    while selector.get_map() and (left := end - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            outcomes[key.data] = outcome(key.fileobj, attempts[key.data][2])
            selector.unregister(key.fileobj)
            key.fileobj.close()
    json.dump(outcomes, sys.stdout)


main()
