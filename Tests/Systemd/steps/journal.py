"""What the journal says with which priority, and the alert for news alone."""

import json

from host import LEAK_PORT, STATE
from machine import within

ALERTS = "/run/alerts"


def run(host, checks):
    machine = host.machine
    machine("systemctl", "enable", "portreeve.service")
    machine.reboot()
    entries = priorities(machine, "portreeve.service")
    loaded = [priority for priority, text in entries if "loaded change" in text]
    checks(loaded == ["6"], f"a loaded boot is information: {entries}")

    machine("systemctl", "stop", "leak.service")
    machine.put("/etc/systemd/system/alert.service", f"[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo alert >> {ALERTS}'\n")
    machine.put("/etc/systemd/system/portreeve-verify.service.d/alert.conf", "[Unit]\nOnFailure=alert.service\n")
    machine.put("/etc/portreeve/policy.yaml", "version: 1\nservices:\n  ssh: {ports: 22, from: any, why: Administration}\n", 0o600)
    host.expect(0, "apply", "--yes")
    machine.sh(f"systemctl daemon-reload; rm -f {STATE}/verify.news; echo > {ALERTS}")
    checks(machine.property("portreeve-verify.service", "TimeoutStartUSec") == "2min", "the unit of verify has a time limit")
    checks(verified(machine) == 0, "a host in sync is no failure and no alert")

    # A listener that the ruleset shields: a warning, known from the second run on.
    machine("systemctl", "start", "leak.service")
    # The unit has started before its program listens.
    checks(within(9, lambda: f":{LEAK_PORT:04X} " in machine.sh("cat /proc/net/tcp").output), "the other program listens")
    checks(verified(machine) == 1, "a new finding is one alert")
    checks(verified(machine) == 1 and verified(machine) == 1, "a known one is none")
    machine.sh(f"nft add element inet portreeve services '{{ tcp . {LEAK_PORT} : accept }}'")
    checks(verified(machine) == 2, "drift is another alert")
    checks(verified(machine) == 2, "it is one alert")
    entries = priorities(machine, "portreeve-verify.service")
    for priority, identifier in [("4", "[undeclared-listener]"), ("3", "[ruleset-drift]")]:
        found = [entry for entry in entries if identifier in entry[1]]
        checks(found and found[0][0] == priority, f"{identifier} has priority {priority}: {entries}")

    machine.sh(f"cp {STATE}/change-*.confirmed /root/; for f in {STATE}/change-*; do echo mistake > $f; done")
    machine.reboot()
    failed = [priority for priority, text in priorities(machine, "portreeve.service") if "loaded the floor" in text]
    checks(failed == ["3"], "a boot that loads the floor is an error")
    machine.sh(f"rm {STATE}/change-*; cp /root/change-*.confirmed {STATE}/; rm -r /etc/systemd/system/portreeve-verify.service.d; systemctl daemon-reload")


def verified(machine):
    """Runs the unit of verify; the number of alerts so far."""
    machine("systemctl", "start", "portreeve-verify.service")
    # The alert is a job of its own, which is queued when the unit has failed.
    within(9, lambda: not machine.sh("systemctl list-jobs --no-legend").output.strip())
    machine("systemctl", "reset-failed", "portreeve-verify.service")
    return machine.sh(f"grep -c alert {ALERTS}").output.strip() and int(machine.sh(f"grep -c alert {ALERTS}").output)


def priorities(machine, unit):
    """The priority and the text of each line of the unit itself."""
    output = machine.sh(f"journalctl --boot --no-pager --output json --output-fields PRIORITY,MESSAGE,_COMM --unit {unit}").output
    lines = [json.loads(line) for line in output.splitlines()]
    return [(line["PRIORITY"], str(line["MESSAGE"])) for line in lines if line.get("_COMM") == "portreeve"]
