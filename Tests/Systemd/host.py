"""The machine as a host of portreeve: its policies, its saved state, and what is live."""

import json

from machine import CLIENT, within

POLICY = "/etc/portreeve/policy.yaml"
STATE = "/var/lib/portreeve"
# Port 22 for every client; 80 for the client with the key.
FIRST = f"""
version: 1
services:
  ssh: {{ports: 22, from: any, why: Administration}}
  web: {{ports: 80, from: {CLIENT}, why: Site}}
"""
# Port 8080 on top.
SECOND = FIRST + "  more: {ports: 8080, from: any, why: Trial}\n"
# A listener that no policy names: reachable only without a ruleset.
LEAK = """
[Service]
ExecStart=/usr/bin/python3 -c 'import socket; s = socket.create_server(("", 8443)); [c[0].close() for c in iter(s.accept, 0)]'
[Install]
WantedBy=multi-user.target
"""
LEAK_PORT = 8443


class Host:
    def __init__(self, machine, checks):
        self.machine, self.check = machine, checks
        machine.put("/etc/systemd/system/leak.service", LEAK)
        machine("systemctl", "enable", "--now", "leak.service")
        machine.put("/root/second.yaml", SECOND, 0o600)
        machine.put(POLICY, FIRST, 0o600)
        self.expect(0, "apply", "--yes")

    def reset(self):
        """The first policy applied, as after the installation."""
        self.machine.put(POLICY, FIRST, 0o600)
        self.machine.sh("portreeve rollback")
        self.expect(0, "apply", "--yes")

    def reapply(self):
        """Applies the first policy as if it had changed, and keeps a copy of the state."""
        self.expect(0, "remove", "--yes")
        self.expect(0, "apply", "--yes")
        self.machine.sh(f"rm -rf /root/state; cp -a {STATE} /root/state")

    def portreeve(self, *arguments):
        return self.machine("portreeve", *arguments)

    def expect(self, status, *arguments):
        """Runs portreeve, and asserts its exit status."""
        result = self.portreeve(*arguments)
        self.check(result.status == status, f"portreeve {' '.join(arguments)}: expected exit status {status}: {result}")
        return result

    def is_loaded(self, service):
        """Whether the live table has this service."""
        return self.machine("nft", "list", "chain", "inet", "portreeve", f"service-{service}").status == 0

    @property
    def has_table(self):
        return self.machine("nft", "list", "table", "inet", "portreeve").status == 0

    @property
    def is_undone(self):
        return self.has_table and not self.is_loaded("more")

    def undone(self, seconds, what):
        """Asserts that the second policy goes away again in time, and no sooner than a second before that."""
        self.check(self.is_loaded("more"), f"{what}: the change is live until then")
        self.check(within(seconds, lambda: self.is_undone), f"{what}: the change is undone")
        self.check(self.outcome == "undone", f"{what}: the history says so: {self.outcome}")

    @property
    def outcome(self):
        """The outcome of the last change."""
        changes = json.loads(self.portreeve("history", "--format", "json").output)["changes"]
        return max(changes, key=lambda change: change["change"])["outcome"]

    @property
    def undo_units(self):
        return self.machine("systemctl", "list-units", "--plain", "--no-legend", "--all", "portreeve-undo*").output.split("\n")[:-1]
