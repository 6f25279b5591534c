"""The role of the Ansible collection: it installs the package, applies the policy and enables the units, and the second time it changes nothing."""

import os
import pathlib
import sys
import types

from host import FIRST, LEAK_PORT, POLICY, STATE
from machine import ADDRESS, NAME, within

ANSIBLE = pathlib.Path(__file__).resolve().parents[2] / "Ansible"
UNITS = ["portreeve.service", "portreeve-verify.timer"]
ROLE = "portreeve.host.host : "


def run(host, checks):
    machine = host.machine
    machine.sh(f"portreeve remove --yes; systemctl disable --now {' '.join(UNITS)}; rm -rf /etc/portreeve {STATE} /run/portreeve")
    machine.uninstall()
    machine.sh("systemctl daemon-reload; systemctl reset-failed")
    try:
        deployed(Site(machine), host, checks)
    finally:
        machine.sh("portreeve remove --yes; dpkg --purge portreeve; rm -rf /etc/portreeve")
        machine.install()
        machine("systemctl", "daemon-reload")


class Site:
    """A playbook with the role, and the machine as its only host, which it reaches over SSH as root."""

    def __init__(self, machine):
        sys.path.append(str(ANSIBLE))
        from playbook import Playbook

        self.folder = machine.folder / "site"
        self.folder.mkdir()
        (self.folder / "policies").mkdir()
        (self.folder / "policies/policy.yaml").write_text(FIRST)
        self.play = Playbook(types.SimpleNamespace(addresses={NAME: ADDRESS}, folder=machine.folder), self.folder)
        (self.folder / "play.json").write_text('[{"hosts": "all", "gather_facts": false, "roles": ["portreeve.host.host"]}]')

    def run(self, package, *options, **variables):
        variables = {"portreeve_policy": "policies", "portreeve_package": package, "portreeve_confirm": "30s", **variables}
        words = [word for name, value in variables.items() for word in ["-e", f"{name}={value}"]]
        tasks = self.play.run("-i", "addresses.json", "play.json", *words, *options).get(NAME, {})
        return {name.removeprefix(ROLE): result for name, result in tasks.items()}


def deployed(site, host, checks):
    machine = host.machine
    first, second = [pathlib.Path(path).resolve() for path in os.environ["PACKAGES"].split()]
    made = site.run(first)
    checks(all_succeeded(made) and made["Apply the policy"].get("confirmed"), f"the role installs, applies and confirms: {made}")
    checks(version(machine) == first.name.split("_")[1], f"the package is installed: {version(machine)}")
    checks(machine.sh(f"cat {POLICY}").output == FIRST, "the policy is in place")
    checks(host.is_loaded("web") and not machine.reaches(LEAK_PORT), "it is in force")
    checks(states(machine) == ["enabled", "enabled"], f"it is loaded at boot and verified by the timer: {states(machine)}")
    checks(within(5, lambda: machine.property(UNITS[1], "ActiveState") == "active"), "the timer waits")
    host.expect(0, "verify", "--only", "ruleset")

    for options in [["--check"], []]:
        again = site.run(first, *options)
        checks(all_succeeded(again) and changed(again) == [], f"the second time nothing changes {' '.join(options)}: {changed(again)}")

    generation = machine.sh("portreeve status --format json").output
    upgraded = site.run(second)
    checks(changed(upgraded) == ["Copy the package", "Install it"], f"a newer package changes nothing else: {changed(upgraded)}")
    checks(version(machine) == second.name.split("_")[1], f"it is installed: {version(machine)}")
    checks(machine.sh("portreeve status --format json").output == generation, "and the table stays as it was")

    disabled = site.run(second, portreeve_boot="false", portreeve_verify="false")
    checks(all_succeeded(disabled) and states(machine) == ["disabled", "disabled"], f"units are disabled: {states(machine)}")
    checks(machine.property(UNITS[1], "ActiveState") == "inactive", "the timer is stopped")


def all_succeeded(tasks):
    return bool(tasks) and not any(result.get("failed") or result.get("unreachable") for result in tasks.values())


def changed(tasks):
    return [name for name, result in tasks.items() if result.get("changed")]


def version(machine):
    return machine("dpkg-query", "--show", "--showformat", "${Version}", "portreeve").output


def states(machine):
    return machine("systemctl", "is-enabled", *UNITS).output.split()
