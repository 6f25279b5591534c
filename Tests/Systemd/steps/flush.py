"""nftables.service of Debian flushes every ruleset: portreeve's table comes back within a second, and `plan` and `apply` say so."""

import time

from host import POLICY, SECOND
from machine import within


def run(host, checks):
    machine = host.machine
    machine("systemctl", "enable", "--now", "portreeve.service")
    quiet = host.portreeve("plan")
    checks("nftables.service" not in quiet.errors, f"a service that is neither enabled nor active is not named: {quiet}")
    for order in ["start", "restart", "reload", "stop", "start"]:
        result = machine("systemctl", order, "nftables.service")
        checks(result.status == 0, f"systemctl {order} nftables.service: {result}")
        checks(within(1, lambda: host.has_table), f"after a {order} of nftables.service the table is back within a second")
    checks(host.expect(0, "verify", "--only", "ruleset").output.count("error") == 0, "it is the table of the policy")

    # Only active now, then enabled, too.
    for state in ["active", "enabled"]:
        result = host.portreeve("plan")
        checks(f"nftables.service is {state} and flushes every ruleset" in result.errors, f"plan names the service that is {state}: {result}")
        machine("systemctl", "enable", "nftables.service")
    machine.put(POLICY, SECOND, 0o600)
    result = host.expect(0, "apply", "--yes")
    checks("nftables.service is enabled and flushes every ruleset" in result.errors, f"apply names it: {result}")
    pending(host, checks)
    failing(host, checks)
    machine.reboot()
    checks(host.has_table, "a boot with both services loads the table")
    disabled(host, checks)
    machine("systemctl", "disable", "--now", "nftables.service")
    # The next step begins when no other process changes the ruleset any more.
    checks(within(3, lambda: host.has_table), "after the last stop the table is back, too")


def pending(host, checks):
    """A change that waits to be confirmed comes back, too, and is undone in its time."""
    host.machine.put("/root/third.yaml", SECOND.replace("8080", "8081"), 0o600)
    host.machine.ssh("portreeve apply --yes --quiet --force /root/third.yaml --confirm 6s")
    host.machine("systemctl", "restart", "nftables.service")
    ports = "nft list map inet portreeve services"
    checks(within(1, lambda: "8081" in host.machine.sh(ports).output),
           f"a change that waits to be confirmed comes back: {host.machine.journal('portreeve-restore.service', '--lines=9')}")
    checks(within(9, lambda: "8080" in host.machine.sh(ports).output), "it is undone in its time")


def failing(host, checks):
    """A rules file with a mistake."""
    host.machine.sh("cp /etc/nftables.conf /root/nftables.conf; echo mistake >> /etc/nftables.conf")
    host.machine("systemctl", "restart", "nftables.service")
    checks(within(1, lambda: host.has_table), "a restart that fails gives the table back")
    host.machine.sh("mv /root/nftables.conf /etc/nftables.conf; systemctl reset-failed nftables.service; systemctl start nftables.service")
    for _ in range(8):
        host.machine("systemctl", "restart", "--no-block", "nftables.service")
    checks(within(3, lambda: host.has_table), "eight restarts at once give the table back")
    host.machine("systemctl", "reset-failed", "nftables.service")


def disabled(host, checks):
    """A host that has disabled portreeve.service gets no table by a boot of nftables.service."""
    host.machine("systemctl", "disable", "portreeve.service")
    host.machine.reboot()
    checks(host.machine.property("nftables.service", "ActiveState") == "active" and not host.has_table, "where portreeve.service is disabled, a boot loads nothing")
    host.portreeve("apply", "--yes")
    host.machine("systemctl", "enable", "portreeve.service")
    time.sleep(0.1)
