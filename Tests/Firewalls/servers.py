"""Answers connections and datagrams to ports of this network namespace with `NAME ADDRESS`, the client that it sees: servers.py NAME PORT ..."""

import selectors
import socket
import sys

name, ports = sys.argv[1], map(int, sys.argv[2:])
selector = selectors.DefaultSelector()
for port in ports:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            sock = socket.socket(family, kind)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address, port))
            if kind == socket.SOCK_STREAM:
                sock.listen(100)
            sock.setblocking(False)
            selector.register(sock, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        try:
            if key.fileobj.type == socket.SOCK_STREAM:
                connection, peer = key.fileobj.accept()
                connection.send(f"{name} {peer[0]}".encode())
                connection.close()
            else:
                _, peer = key.fileobj.recvfrom(100)
                key.fileobj.sendto(f"{name} {peer[0]}".encode(), peer)
        except OSError:
            continue  # The client is gone, or may not be answered.
