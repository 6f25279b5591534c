"""The other commands: their output and exit status."""

from machine import ROOT, Host


def run(options, checks):
    host = Host(options.binary, checks)
    policy = str(ROOT / "policies" / "database.yaml")
    host.expect(0, "--version")
    host.expect(0, "check", policy)
    host.expect(0, "check", policy, "--kernel")
    checks(host.table.status != 0, "check --kernel commits nothing")
    shown = host.expect(0, "show", policy)
    loaded = host.run("nft", "-c", "-f", "-", input=shown.output)
    checks(loaded.status == 0, f"nft loads the output of show: {loaded}")
    planning(host, policy)
    explaining(host, policy)
    granting(host, policy)
    going_back(host, policy)
    host.expect(64, "no-such-command")
    host.expect(3, "check", host.write("bad.yaml", "version: 1\nservices: {a: {ports: 99999}}\n"))
    host.expect(0, "remove", "--yes")
    checks(host.table.status != 0, "remove deletes the table")
    checks(host.expect(0, "status", policy, "--format", "json").json["ports"] is not None, "status works without a table")
    host.expect(2, "verify", policy, "--only", "ruleset")
    taking_over(host)


FIREWALL = """
table inet filter {
  set bad { type ipv4_addr; flags interval; elements = { 198.51.100.0/24 }; }
  chain input {
    type filter hook input priority 0; policy drop
    ip saddr @bad drop
    ct state established,related accept
    iif lo accept
    meta l4proto { icmp, ipv6-icmp } accept
    ip6 saddr fe80::/10 udp dport 546 accept
    tcp dport { 80, 443 } accept
    iifname "wire*" tcp dport 5432 accept
    tcp dport 22 limit rate 10/minute accept
  }
}
"""


def taking_over(host):
    host.run("nft", "-f", "-", input=FIREWALL)
    written = str(host.folder / "imported.yaml")
    imported = host.expect(0, "import", written, "--format", "json").json
    host.check(imported["verdict"] == "equal" and not imported["differences"], f"the policy lets in the same: {imported}")
    host.expect(0, "apply", written, "--yes")
    host.run("nft", "delete", "chain", "inet", "filter", "input")
    host.expect(0, "verify", written, "--only", "ruleset")
    host.expect(0, "remove", "--yes")
    host.run("nft", "delete", "table", "inet", "filter")


def planning(host, policy):
    planned = host.expect(2, "plan", policy, "--detailed-exitcode", "--format", "json").json
    host.check(not planned["in_sync"] and planned["changes"], f"the plan has changes: {planned['changes'][:1]}")
    reviewed = str(host.folder / "reviewed.plan")
    host.expect(0, "plan", policy, "--out", reviewed)
    host.expect(0, "apply", reviewed, "--yes")
    host.expect(0, "plan", policy, "--detailed-exitcode")
    host.expect(5, "apply", reviewed, "--yes")
    host.expect(0, "diff", policy, policy)
    host.expect(2, "diff", policy, str(ROOT / "policies" / "minimal.yaml"), "--detailed-exitcode")


def explaining(host, policy):
    for source, port, verdict in [("10.20.1.5", "5432/tcp", "accept"), ("198.51.100.7", "5432/tcp", "refuse"),
                                  ("fd00:20:1::5", "5432/tcp", "accept"), ("10.20.1.5", "22/tcp", "refuse")]:
        said = host.expect(0, "explain", source, port, policy, "--format", "json").json
        host.check(said["verdict"] == verdict, f"explain {source} {port}: {said['verdict']}, expected {verdict}")
    status = host.expect(0, "status", policy, "--format", "json").json
    loaded = {port["service"]: port["loaded"] for port in status["ports"]}
    host.check(loaded == {"db": "yes", "ssh": "yes", "migration": "yes"}, f"status has all as loaded: {loaded}")


def granting(host, policy):
    host.expect(0, "grant", "db", policy, "--from", "198.51.100.7", "--for", "1h", "--why", "incident")
    host.in_sync(policy)
    said = host.expect(0, "explain", "198.51.100.7", "5432/tcp", policy, "--format", "json").json
    host.check(said["verdict"] == "accept", f"a granted address is accepted: {said}")
    grants = host.expect(0, "status", policy, "--format", "json").json["grants"]
    host.check([grant["address"] for grant in grants] == ["198.51.100.7"], f"status names the grant: {grants}")
    host.expect(0, "revoke", "db", "--from", "198.51.100.7")
    said = host.expect(0, "explain", "198.51.100.7", "5432/tcp", policy, "--format", "json").json
    host.check(said["verdict"] == "refuse", f"and refused after revoke: {said}")
    host.in_sync(policy)


def going_back(host, policy):
    other = str(ROOT / "policies" / "minimal.yaml")
    before = host.table.output
    host.apply(other)
    host.check(host.table.output != before, "another policy is another table")
    changes = host.expect(0, "history", "--format", "json").json["changes"]
    host.check([change["kind"] for change in changes].count("apply") == 2, f"the history has both: {changes}")
    host.expect(0, "rollback", "--yes")
    host.in_sync(policy)
