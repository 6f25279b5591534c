"""Tries to connect until its input ends; prints the numbers of tries and of connections: watcher.py SOURCE DESTINATION PORT"""

import selectors
import socket
import sys

source, destination, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
tries = connections = 0
print("ready", flush=True)
selector = selectors.DefaultSelector()
selector.register(sys.stdin, selectors.EVENT_READ)
pending = []


def is_over():
    return any(key.fileobj is sys.stdin for key, _ in selector.select(0.0005))


def is_connected(sock):
    try:
        sock.getpeername()
        return True
    except OSError:
        return False


while not is_over():
    sock = socket.socket(socket.AF_INET6 if ":" in destination else socket.AF_INET)
    sock.setblocking(False)
    sock.bind((source, 0))
    sock.connect_ex((destination, port))
    tries += 1
    pending.append(sock)
    # A connection over two links takes far less than the age of the oldest of these.
    if len(pending) > 200:
        oldest = pending.pop(0)
        connections += is_connected(oldest)
        oldest.close()
print(tries, connections + sum(map(is_connected, pending)), flush=True)
