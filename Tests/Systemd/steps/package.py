"""The life of the package of Debian: installed, applied, upgraded, booted, removed, purged, installed again."""

import json
import os
import pathlib

from host import FIRST, LEAK_PORT, POLICY, SECOND, STATE
from machine import within

# Those that can be enabled.
UNITS = ["portreeve.service", "portreeve-verify.timer", "portreeve-refresh.timer"]
ADVICE = "nft delete table inet portreeve"


def run(host, checks):
    machine = host.machine
    first, second = [pathlib.Path(path) for path in os.environ["PACKAGES"].split()]
    for package in [first, second]:
        (machine.root / "root" / package.name).write_bytes(package.read_bytes())
    machine.sh(f"portreeve remove --yes; systemctl disable --now {' '.join(UNITS)}; rm -rf /etc/portreeve {STATE} /run/portreeve")
    machine.uninstall()
    machine("systemctl", "daemon-reload")
    # systemd remembers what failed in an earlier step.
    machine.sh("systemctl reset-failed")
    try:
        life(Package(host, checks), host, checks, first.name, second.name)
    finally:
        machine.sh("portreeve remove --yes; dpkg --purge portreeve; rm -rf /etc/portreeve")
        machine.install()
        machine("systemctl", "daemon-reload")


def life(package, host, checks, first, second):
    rules = host.machine("nft", "list", "ruleset").output
    package.install(first)
    inert(package, host, checks, "an installation")
    checks(host.machine("nft", "list", "ruleset").output == rules, "an installation leaves the rules of others alone")

    host.machine.put(POLICY, FIRST, 0o600)
    host.expect(0, "apply", "--yes")
    host.machine("systemctl", "enable", "--now", *UNITS[:2])
    upgraded(package, host, checks, second)
    host.machine.reboot()
    checks(host.is_loaded("web") and not host.machine.reaches(LEAK_PORT), "a boot after the upgrade loads the table")
    checks(package.states == ["enabled", "enabled", "disabled"], f"the same units are enabled: {package.states}")
    checks(within(5, lambda: host.machine.property(UNITS[1], "ActiveState") == "active"), "the timer waits")

    removed(package, host, checks)
    package.install(second)
    checks(package.states == ["enabled", "enabled", "disabled"], f"an installation after a removal finds the units enabled: {package.states}")
    checks(not host.has_table, "and loads nothing")
    host.expect(0, "apply", "--yes")
    purged(package, host, checks)

    package.install(first)
    inert(package, host, checks, "an installation after a purge")
    host.machine("systemctl", "enable", UNITS[0])
    host.machine.reboot()
    checks(not host.has_table and host.machine.property(UNITS[0], "Result") == "success", "a boot after a purge loads nothing before an apply")
    host.expect(0, "apply", "--yes")
    checks(host.is_loaded("web"), "the policy that stayed is applied")


class Package:
    def __init__(self, host, checks):
        self.host, self.machine, self.check = host, host.machine, checks

    def dpkg(self, *arguments):
        result = self.machine("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *arguments)
        self.check(result.status == 0, f"dpkg {' '.join(arguments)}: {result}")
        return result

    def install(self, name):
        self.dpkg("--install", f"/root/{name}")
        version = self.machine("dpkg-query", "--show", "--showformat", "${Status} ${Version}", "portreeve").output
        self.check(version == f"install ok installed {name.split('_')[1]}", f"{name} is installed: {version}")

    @property
    def states(self):
        return self.machine("systemctl", "is-enabled", *UNITS).output.split()

    @property
    def links(self):
        return self.machine.sh("find /etc/systemd/system /var/lib/systemd/deb-systemd-helper-enabled -name 'portreeve*'").output

    @property
    def generation(self):
        return json.loads(self.host.portreeve("status", "--format", "json").output)["generation"]

    @property
    def facts(self):
        """What an upgrade leaves as it is."""
        files = self.machine.sh(f"cat {POLICY}; ls -l {STATE}/change-*").output
        return [self.generation, self.states, self.since("ActiveEnterTimestampMonotonic"), files]

    def since(self, property):
        return [self.machine.property(unit, property) for unit in UNITS]


def inert(package, host, checks, name):
    machine = host.machine
    checks(not host.has_table and machine.reaches(LEAK_PORT), f"{name} loads no ruleset")
    checks(package.states == ["disabled"] * 3, f"{name} enables no unit: {package.states}")
    checks(set(package.since("ActiveState")) == {"inactive"}, f"{name} starts no unit")
    checks(machine.sh(f"test -e {STATE}").status != 0, f"{name} makes no state")
    if name == "an installation":
        checks(machine.sh("test -e /etc/portreeve").status != 0, f"{name} writes no policy")
    shown = machine("systemctl", "cat", "portreeve.service").output
    checks("# /lib/systemd/system/portreeve.service" in shown or "# /usr/lib/systemd/system/portreeve.service" in shown, f"systemd knows the unit: {shown}")
    checks("ExecStart=/usr/bin/portreeve " in shown, "the unit starts the program of the package")
    checks(machine.property("portreeve.service", "NeedDaemonReload") == "no", "systemd has read the units")


def upgraded(package, host, checks, second):
    """Also while a change waits to be confirmed."""
    machine = host.machine
    before = package.facts
    package.install(second)
    checks(package.facts == before, f"an upgrade changes no generation, no unit, no policy and no state: {before} {package.facts}")
    checks(machine.property("portreeve.service", "NeedDaemonReload") == "no", "systemd has read the new units")
    checks(host.expect(0, "verify", "--only", "ruleset").output.count("error") == 0, "the host is in sync")

    machine.put("/root/second.yaml", SECOND, 0o600)
    machine.ssh("portreeve apply --yes --quiet --force /root/second.yaml --confirm 6s")
    package.install(second)
    host.undone(15, "an upgrade while a change waits")


def removed(package, host, checks):
    machine = host.machine
    machine.ssh("portreeve apply --yes --quiet --force /root/second.yaml --confirm 6s")
    result = package.dpkg("--remove", "portreeve")
    checks(machine.sh("command -v portreeve").status != 0, "a removal takes the program")
    checks("stays in the kernel" in result.errors and ADVICE in result.errors, f"it says that the table stays, and how to delete it: {result}")
    checks(host.has_table and not machine.reaches(LEAK_PORT), "the table stays")
    checks(host.is_loaded("more") and within(15, lambda: host.is_undone), "a change that waits is undone in its time")
    checks(machine.property(UNITS[1], "ActiveState") == "inactive", "the timer is stopped")
    checks(machine.property("portreeve.service", "LoadState") == "not-found", "systemd has forgotten the units")
    checks(machine.sh(f"test -s {POLICY} && test -d {STATE}").status == 0, "the policy and the state stay")
    machine("systemctl", "reset-failed")
    machine.sh("systemctl restart nftables.service; systemctl stop nftables.service")
    checks(machine("systemctl", "--failed", "--plain", "--no-legend").output == "", "nftables.service works without the package")
    machine.sh(f"nft list table inet portreeve >/dev/null 2>&1 && {ADVICE}")
    checks(not host.has_table and machine.reaches(LEAK_PORT), "what it says deletes the table")


def purged(package, host, checks):
    machine = host.machine
    result = package.dpkg("--purge", "portreeve")
    checks(ADVICE in result.errors and host.has_table, f"a purge says that the table stays: {result}")
    checks(machine.sh(f"test -e {STATE} || test -e /run/portreeve || test -e /etc/portreeve/floor").status != 0, "it takes the state")
    checks(machine.sh(f"cat {POLICY}").output == FIRST, "it leaves the policy")
    checks(package.links == "", f"no unit is enabled: {package.links}")
    checks(machine(*ADVICE.split()).status == 0 and machine.reaches(LEAK_PORT), "what it says deletes the table")
