"""Connects from this network namespace: reads a list of attempts, prints their answers, both as JSON.

An attempt is [network, source, destination, interface, protocol, port, source port]. Its answer is the text of the server, or null if none came.
"""

import errno
import json
import selectors
import socket
import struct
import sys
import time

PATIENCE = 1.5


def begin(source, destination, protocol, port, source_port):
    is_ipv6 = ":" in destination
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    number = 0 if protocol != "ping" else socket.IPPROTO_ICMPV6 if is_ipv6 else socket.IPPROTO_ICMP
    sock = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, kind, number)
    sock.setblocking(False)
    sock.bind((source, source_port))
    error = sock.connect_ex((destination, port))
    if error not in (0, errno.EINPROGRESS):
        raise OSError(error, f"connecting from {source} to {destination}")
    if protocol == "udp":
        sock.send(b"hello")
    if protocol == "ping":
        # An echo request with sequence number 1: RFC 792, RFC 4443 4.1. The kernel writes identifier and checksum.
        sock.send(struct.pack("!BBHHH", 128 if is_ipv6 else 8, 0, 0, 0, 1) + b"hello")
    return sock


def main():
    attempts = json.load(sys.stdin)
    answers = [None] * len(attempts)
    selector = selectors.DefaultSelector()
    for number, attempt in enumerate(attempts):
        _, source, destination, _, protocol, port, source_port = attempt
        selector.register(begin(source, destination, protocol, port, source_port), selectors.EVENT_READ, number)
    end = time.monotonic() + PATIENCE
    while selector.get_map() and (left := end - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            try:
                answer = key.fileobj.recv(100)
                answers[key.data] = "ping" if attempts[key.data][4] == "ping" else answer.decode() or None
            except OSError:
                answers[key.data] = None
            selector.unregister(key.fileobj)
            key.fileobj.close()
    json.dump(answers, sys.stdout)


main()
