"""Listening sockets: an undeclared one is reported with its process, and a declared one is fine."""

import os
import socket

from machine import Host

POLICY = """
version: 1
services:
  web: {ports: [8080, 8080/udp], from: any, why: Site}
"""


def run(options, checks):
    host = Host(options.binary, checks)
    policy = host.write("policy.yaml", POLICY)
    host.apply(policy)
    declared = [listening(host, socket.SOCK_STREAM, 8080), listening(host, socket.SOCK_DGRAM, 8080)]
    host.expect(0, "verify", policy, "--only", "listeners")
    for kind, protocol, port in [(socket.SOCK_STREAM, "tcp", 9999), (socket.SOCK_DGRAM, "udp", 9998)]:
        found(host, policy, kind, protocol, port)
    for end in declared:
        end.close()
    missing = host.portreeve("verify", policy, "--only", "listeners")
    checks(missing.status == 2 and "[missing-listener]" in missing.output, f"a service without a listener is found: {missing}")


def found(host, policy, kind, protocol, port):
    with listening(host, kind, port):
        result = host.expect(2, "verify", policy, "--only", "listeners", "--format", "json")
        named = [(finding["id"], finding["protocol"], finding["port"]) for finding in result.json["findings"]]
        host.check(named == [("undeclared-listener", protocol, port)], f"{protocol}/{port} alone is found: {named}")
        process = result.json["findings"][0].get("process") or {}
        host.check(process.get("pid") == os.getpid(), f"by its process id {os.getpid()}: {process}")
        host.check(process.get("name", "").startswith("python3"), f"and its name: {process}")
        text = host.portreeve("verify", policy, "--only", "listeners").output
        host.check(f"pid {os.getpid()}" in text and "python3" in text, f"in text output too: {text}")
    host.expect(0, "verify", policy, "--only", "listeners")


def listening(host, kind, port):
    with host.network.entered():
        end = socket.socket(socket.AF_INET6, kind)
    end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    end.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        end.listen()
    return end
