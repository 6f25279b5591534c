"""Real connections over a cable, of TCP and UDP, IPv4 and IPv6: allowed ones pass, and others do not."""

import socket

from machine import Host

POLICY = """
version: 1
sources:
  app: [10.20.1.0/24, "fd00:20:1::/64"]
  banned: [198.51.100.66, "2001:db8::66"]
deny: banned
services:
  db: {ports: [5432, 5353/udp], from: app, why: Database}
  web: {ports: [443, 443/udp, 8000-8010], from: any, why: Site}
  slow: {ports: 2200, from: any, limit: {rate: 1/hour, burst: 2}, why: Knocking}
  other: {ports: 7000, from: any, interfaces: eth9, why: Another interface}
  past: {ports: 7001, from: any, expires: 2020-01-01, why: Over}
"""
HERE = {4: "10.20.1.1", 6: "fd00:20:1::1"}
APP = {4: "10.20.1.5", 6: "fd00:20:1::5"}
STRANGER = {4: "198.51.100.7", 6: "2001:db8::7"}
BANNED = {4: "198.51.100.66", 6: "2001:db8::66"}
# Protocol, port, source, and whether the connection passes; for both families.
CASES = [
    ("tcp", 5432, APP, True), ("tcp", 5432, STRANGER, False), ("udp", 5353, APP, True), ("udp", 5353, STRANGER, False),
    ("tcp", 443, STRANGER, True), ("udp", 443, STRANGER, True), ("tcp", 443, BANNED, False), ("udp", 443, BANNED, False),
    ("tcp", 8005, STRANGER, True), ("tcp", 8011, APP, False), ("udp", 8005, APP, False), ("tcp", 7000, APP, False),
    ("tcp", 7001, APP, False), ("tcp", 2200, APP, True), ("tcp", 2200, APP, True), ("tcp", 2200, APP, False), ("tcp", 2200, STRANGER, True),
]
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
# The seconds to wait for a connection that should pass, and for one that should not.
PATIENT, BRIEF = 10, 0.7


def run(options, checks):
    host, peer = Host(options.binary, checks), Host(options.binary, checks)
    host.joined(peer, ["10.20.1.1/24", "fd00:20:1::1/64"], [
        "10.20.1.5/24", "fd00:20:1::5/64", "198.51.100.7/32", "198.51.100.66/32", "2001:db8::7/128", "2001:db8::66/128"])
    host.run("ip", "route", "add", "198.51.100.0/24", "dev", "wire")
    host.run("ip", "route", "add", "2001:db8::/64", "dev", "wire")
    policy = host.write("policy.yaml", POLICY)
    checks(connected(host, peer, "tcp", 4, 9000, STRANGER[4], PATIENT) is not None, "without a policy every connection passes")
    host.apply(host.write("wider.yaml", POLICY.replace("8000-8010", "8000-8011")))
    before = connected(host, peer, "tcp", 4, 8011, STRANGER[4], PATIENT)
    host.apply(policy)
    for protocol, port, source, passes in CASES:
        for version in (4, 6):
            passed = connected(host, peer, protocol, version, port, source[version], PATIENT if passes else BRIEF)
            said = f"{protocol}/{port} from {source[version]} {'passes' if passes else 'does not pass'}"
            checks((passed is not None) == passes, said)
    checks(before is not None and carries(*before), "an earlier connection continues")
    published(host, peer, policy)
    found = host.portreeve("verify", policy, "--only", "ruleset", "--format", "json").json["findings"]
    checks(sorted(finding["id"] for finding in found) == ["expired", "unknown-interface"], f"verify finds only the expired service and the missing interface: {found}")
    hits = host.expect(0, "status", policy, "--format", "json").json["ports"]
    checks(any(port["service"] == "web" and port["hits"] > 0 for port in hits), f"the hits of web are counted: {hits}")


def published(host, peer, policy):
    """The port before a redirection by another table counts."""
    loaded = host.load("table ip other { chain pre { type nat hook prerouting priority -100; tcp dport { 8001, 6000 } dnat to 10.20.2.9:443; }; }")
    host.check(loaded.status == 0, f"nft loads a redirection: {loaded}")
    inside = Host(host.binary, host.check)
    host.run("ip", "link", "add", "inner", "type", "veth", "peer", "name", "wire", "netns", inside.network.path)
    for owner, name, address in [(host, "inner", "10.20.2.1/24"), (inside, "wire", "10.20.2.9/24")]:
        owner.run("ip", "address", "add", address, "dev", name)
        owner.run("ip", "link", "set", name, "up")
    inside.run("ip", "route", "add", "default", "via", "10.20.2.1")
    with host.network.entered(), open("/proc/sys/net/ipv4/ip_forward", "w") as file:
        file.write("1")
    for port, passes in [(8001, True), (6000, False)]:
        passed = connected(host, peer, "tcp", 4, port, STRANGER[4], PATIENT if passes else BRIEF, (inside, "10.20.2.9", 443))
        host.check((passed is not None) == passes, f"published tcp/{port} {'passes' if passes else 'does not pass'}")


def connected(host, peer, protocol, version, port, source, patience, listening=None):
    """Both ends of a connection from the source to the port; None if it is not established."""
    owner, address, served = listening or (host, HERE[version], port)
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with owner.network.entered():
        server = socket.socket(FAMILIES[version], kind)
    with peer.network.entered():
        client = socket.socket(FAMILIES[version], kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, served))
    client.bind((source, 0))
    for end in (server, client):
        end.settimeout(patience)
    try:
        if protocol == "udp":
            client.connect((HERE[version], port))
            client.send(b"?")
            server.recv(1)
            return client, server
        server.listen()
        client.connect((HERE[version], port))
        return client, server.accept()[0]
    except OSError:
        return None
    finally:
        if protocol == "tcp":
            server.close()


def carries(client, server):
    """Whether a byte passes in both directions."""
    try:
        client.send(b"?")
        server.settimeout(PATIENT)
        server.send(server.recv(1))
        return client.recv(1) == b"?"
    except OSError:
        return False
