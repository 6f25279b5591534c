"""portreeve-refresh.service renews the addresses of a DNS name, within the bounds of its unit."""

from host import POLICY

NAME = "partner.example.net"
POLICY_OF_NAMES = f"""
version: 1
sources: {{partner: {{names: [{NAME}], keep: 1h}}}}
services:
  ssh: {{ports: 22, from: any, why: Administration}}
  web: {{ports: 80, from: partner, why: Site}}
"""


def run(host, checks):
    machine = host.machine
    machine.sh("cp /etc/hosts /root/hosts")
    answer(machine, 1)
    machine.put(POLICY, POLICY_OF_NAMES, 0o600)
    host.expect(0, "apply", "--yes", "--force")
    checks("203.0.113.1" in listing(machine), "apply looks a new name up")
    answer(machine, 2)
    started = machine("systemctl", "start", "portreeve-refresh.service")
    said = machine.journal("portreeve-refresh.service", "--lines=9")
    checks(started.status == 0, f"the unit runs: {said}")
    table = listing(machine)
    checks("203.0.113.1" in table and "203.0.113.2" in table, f"the new address is let in, and the old one for a while: {said}")
    host.expect(0, "verify", "--only", "ruleset")
    machine.sh("cp /root/hosts /etc/hosts")
    machine("systemctl", "start", "portreeve-refresh.service")
    checks("203.0.113.2" in listing(machine), "a name without an answer keeps its addresses")
    machine("systemctl", "reset-failed", "portreeve-refresh.service")


def answer(machine, number):
    """Gives the name one address of each family; both are asked for."""
    lines = "".join(f"{prefix}{number} {NAME}\\n" for prefix in ["203.0.113.", "2001:db8::"])
    machine.sh(f"cp /root/hosts /etc/hosts; printf '{lines}' >> /etc/hosts")


def listing(machine):
    return machine("nft", "list", "table", "inet", "portreeve").output
