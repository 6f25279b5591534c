"""`apply --confirm`: the undo is a unit of its own, and nothing that ends with a session ends it."""

import time

from host import POLICY, SECOND
from machine import within

APPLY = "portreeve apply --yes --quiet --force /root/second.yaml --confirm"
# The cgroup of the session that runs the command.
KILL_SESSION = "g=$(cut -d: -f3 /proc/self/cgroup); exec setsid sh -c \"cat /sys/fs/cgroup$g/cgroup.procs | xargs kill -9\""


def run(host, checks):
    machine = host.machine
    unit(host, checks)
    killed_session(host, checks)
    logind(host, checks)
    ended_unit(host, checks)
    killed_undo(host, checks)
    namespaces(host, checks)
    overdue(host, checks)
    reboots(host, checks)
    checks(machine("systemctl", "--failed", "--plain", "--no-legend").output == "", "no unit failed")


def unit(host, checks):
    """It is a unit, which `confirm` ends, and which undoes the change when it is stopped."""
    result = host.machine.ssh(f"{APPLY} 1h")
    checks(result.status == 0 and "warning" not in result.errors, f"a change that waits is made: {result}")
    checks(len(host.undo_units) == 1, f"its undo is a unit: {host.undo_units}")
    name = host.undo_units[0].split()[0]
    checks("Undo the change" in host.machine.property(name, "Description"), "systemctl says what the unit does")
    host.expect(0, "confirm")
    checks(within(3, lambda: not host.undo_units), f"after the confirmation the unit is gone: {host.undo_units}")
    checks(host.is_loaded("more"), "the confirmed change stays")
    host.reset()
    host.machine.ssh(f"{APPLY} 1h")
    host.machine.sh("systemctl stop 'portreeve-undo*'")
    checks(host.is_undone, "a stop of the unit undoes the change at once")


def killed_session(host, checks):
    """`kill -9` of everything in the cgroup of the session, the command itself among it."""
    host.machine.ssh(f"{APPLY} 4s; {KILL_SESSION}")
    host.undone(8, "kill -9 of the session")


def logind(host, checks):
    """KillUserProcesses=yes, and `loginctl terminate-session`."""
    host.machine.put("/etc/systemd/logind.conf.d/kill.conf", "[Login]\nKillUserProcesses=yes\nKillExcludeUsers=\n")
    host.machine("systemctl", "restart", "systemd-logind")
    host.machine.ssh(f"{APPLY} 4s")
    host.undone(8, "KillUserProcesses=yes")
    host.machine.ssh(f"{APPLY} 4s; loginctl terminate-session $XDG_SESSION_ID; sleep 5")
    host.undone(8, "loginctl terminate-session")
    host.machine.sh("rm /etc/systemd/logind.conf.d/kill.conf; systemctl restart systemd-logind")


def ended_unit(host, checks):
    """A unit that runs the command and ends, as those of CI and Ansible do."""
    result = host.machine("systemd-run", "--quiet", "--wait", "sh", "-c", f"{APPLY} 4s")
    checks(result.status == 0, f"a unit makes the change: {result}")
    host.undone(8, "a unit that ended")


def killed_undo(host, checks):
    """`kill -9` of the undo itself: systemd starts it again."""
    host.machine.ssh(f"{APPLY} 4s")
    for _ in range(7):
        host.machine.sh("systemctl kill --signal=KILL 'portreeve-undo*'")
        time.sleep(0.3)
    host.undone(8, "seven kills of the undo")


def namespaces(host, checks):
    """A network namespace with a name has its own undo."""
    machine = host.machine
    machine.sh("ip netns add other && portreeve apply --netns other --yes --quiet")
    result = machine.ssh(f"{APPLY} 4s --netns other")
    has_more = "nft list chain inet portreeve service-more"
    checks(machine("ip", "netns", "exec", "other", *has_more.split()).status == 0, f"the change is live in its namespace: {result}")
    checks(len(host.undo_units) == 1, f"its undo is a unit: {host.undo_units}")
    checks(within(8, lambda: machine("ip", "netns", "exec", "other", *has_more.split()).status != 0), "it is undone there")
    checks(not host.is_loaded("more") and host.has_table, "the table of the host is as before")
    machine.sh("ip netns delete other")


def abandon(host):
    """A change whose undo is overdue: systemd has lost the unit."""
    host.machine.ssh(f"{APPLY} 6s")
    host.machine.sh("u=$(systemctl list-units --plain --no-legend 'portreeve-undo*' | cut -d' ' -f1); systemctl set-property --runtime $u Delegate=no 2>/dev/null;"
                    "mkdir -p /run/systemd/system/$u.d; printf '[Service]\\nRestart=no\\n' > /run/systemd/system/$u.d/no.conf; systemctl daemon-reload;"
                    "systemctl kill --signal=KILL $u; rm -r /run/systemd/system/$u.d")
    time.sleep(6.2)


def overdue(host, checks):
    """The next command does an undo that is overdue, and then its own work."""
    undone = "was not confirmed in time, and was undone"
    abandon(host)
    checks(host.is_loaded("more"), "an undo that was killed for good is overdue")
    checks("overdue" in host.portreeve("status").output, "status says so")
    checks("overdue" in host.portreeve("history").output, "history says so")
    host.machine.put(POLICY, SECOND.replace("8080", "8081"), 0o600)
    result = host.expect(0, "apply", "--yes")
    checks(undone in result.errors and "8081" in result.output, f"apply undoes it, and applies: {result}")
    checks("another" not in result.errors, f"apply does not blame another process: {result}")
    host.reset()

    abandon(host)
    result = host.portreeve("verify", "--only", "ruleset")
    checks(result.status == 0 and undone in result.errors, f"verify undoes it, and finds the host in sync: {result}")
    abandon(host)
    host.machine("systemctl", "start", "portreeve-verify.service")
    journal = host.machine.journal("portreeve-verify.service")
    checks(host.is_undone and undone in journal, f"the unit of verify undoes it: {journal}")
    abandon(host)
    result = host.portreeve("grant", "web", "--from", "192.0.2.9", "--for", "1h", "--why", "trial")
    checks(result.status == 0 and undone in result.errors and host.is_undone, f"grant undoes it, and grants: {result}")
    host.portreeve("revoke", "web")
    abandon(host)
    result = host.portreeve("confirm")
    checks(result.status == 1 and undone in result.errors, f"confirm comes too late: {result}")


def reboots(host, checks):
    """A boot before the confirmation loads the confirmed state."""
    host.machine("systemctl", "enable", "portreeve.service")
    host.machine.ssh(f"{APPLY} 1h")
    host.machine.reboot()
    checks(host.is_undone and host.outcome == "undone", f"after a boot the confirmed table is loaded: {host.outcome}")
