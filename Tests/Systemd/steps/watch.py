"""portreeve-watch.service logs a tampering, a listener and a published port within a second, and each once, also over a restart."""

import time

from host import LEAK_PORT, STATE
from machine import within
from steps.journal import priorities

UNIT = "portreeve-watch.service"
POLICY = "version: 1\nservices:\n  ssh: {ports: 22, from: any, optional: true, why: Administration}\n"


def run(host, checks):
    machine = host.machine
    machine.put("/etc/portreeve/policy.yaml", POLICY, 0o600)
    host.expect(0, "apply", "--yes")
    machine.sh(f"systemctl stop leak.service; rm -f {STATE}/watch.news")
    checks(machine.sh(f"systemctl is-enabled {UNIT}").output.strip() == "disabled", "the watch is not enabled by itself")
    checks(machine("systemctl", "start", UNIT).status == 0, "the watch starts")
    time.sleep(2)
    for identifier, priority, change in [
        ("[ruleset-drift]", "3", "nft insert rule inet portreeve input ip saddr 192.0.2.66 accept"),
        # The rule lets a client reach the listener.
        ("[undeclared-listener]", "3", "systemctl start leak.service"),
        ("[undeclared-published-port]", "4", "nft 'table ip nat { chain pre { type nat hook prerouting priority dstnat; tcp dport 9090 dnat to 172.17.0.2:80; }; }'"),
    ]:
        machine.sh(change)
        # The journal itself takes part of the second.
        checks(within(2, lambda: said(machine, identifier)), f"{identifier} is in the journal within a second or two")
        checks([entry for entry in said(machine, identifier)] == [priority], f"once, with its priority: {priorities(machine, UNIT)}")
    machine("systemctl", "restart", UNIT)
    time.sleep(2)
    checks(len(said(machine, "[ruleset-drift]")) == 1, "a restart does not log what is known")
    machine("systemctl", "stop", UNIT)
    checks(machine.property(UNIT, "Result") == "success", "a stop is no failure")
    machine.sh(f"nft delete table ip nat; systemctl stop leak.service; rm -f {STATE}/watch.news")
    host.expect(0, "apply", "--yes")


def said(machine, identifier):
    """The priorities of the lines of the watch with this finding."""
    return [priority for priority, text in priorities(machine, UNIT) if identifier in text]
