"""Live connections are listed with both ends, bytes and verdict, and a probe from the peer sees what the policy says."""

import socket

from machine import Host

HERE, PEER = "10.20.1.1", "10.20.1.5"
POLICY = """
version: 1
services:
  ssh: {ports: 22, from: 10.20.1.0/24, why: Administration}
  database: {ports: 5432, from: 198.51.100.0/24, why: Data}
"""


def run(options, checks):
    host, peer = Host(options.binary, checks), Host(options.binary, checks)
    host.joined(peer, [f"{HERE}/24"], [f"{PEER}/24"])
    policy = host.write("policy.yaml", POLICY)
    with host.network.entered():
        servers = [socket.create_server(("", port)) for port in (22, 5432)]
    with peer.network.entered():
        clients = [socket.create_connection((HERE, port), 5) for port in (22, 5432)]
    accepted = [server.accept()[0] for server in servers]
    clients[0].sendall(bytes(100))
    checks(len(accepted[0].recv(200)) == 100, "the server receives what the client sends")
    host.apply(policy)
    listed(host, policy, clients, checks)
    probed(host, peer, policy, checks)
    for end in clients + accepted + servers:
        end.close()
    host.close()
    peer.close()


def listed(host, policy, clients, checks):
    """The connection that the policy lets in, and the one that is open from before."""
    rows = host.expect(0, "sessions", policy, "--format", "json").json["sessions"]
    found = [(row["direction"], row["local"]["port"], row["remote"], row["state"], row["service"], row["verdict"], row["reason"]) for row in rows]
    remotes = [{"address": PEER, "port": client.getsockname()[1]} for client in clients]
    wanted = [("in", 22, remotes[0], "established", "ssh", "accept", None), ("in", 5432, remotes[1], "established", "database", "refuse", "not-in-from")]
    checks(found == wanted, f"the connections are listed: {rows}")
    checks(rows and rows[0]["bytes"] == {"received": 100, "sent": 0}, f"with their bytes: {rows[:1]}")
    refused = host.expect(0, "sessions", policy, "--refused", "--format", "json").json["sessions"]
    checks([row["local"]["port"] for row in refused] == [5432], f"--refused lists the other one alone: {refused}")


def probed(host, peer, policy, checks):
    """As declared; then another table opens and closes."""
    wanted = {22: "as-declared", 5432: "as-declared"}
    checks(verdicts(peer, policy, 0) == wanted, "a probe finds the host as declared")
    changes = ["insert rule inet portreeve input tcp dport 5432 accept", "add table inet other",
               "add chain inet other in { type filter hook input priority -5; }", "add rule inet other in tcp flags syn tcp dport 22 drop"]
    loaded = host.load("\n".join(changes))
    checks(loaded.status == 0, f"another program changes the ruleset: {loaded}")
    wanted = {22: "closed-though-open", 5432: "open-though-closed"}
    checks(verdicts(peer, policy, 2) == wanted, "a probe finds what another program opens and closes")


def verdicts(peer, policy, status):
    results = peer.expect(status, "probe", HERE, policy, "--timeout", "2s", "--format", "json").json["results"]
    return {row["port"]: row["verdict"] for row in results if row["service"]}
