#!/usr/bin/python3
"""Runs the collection of Ansible over SSH against hosts in namespaces: run.py PORTREEVE [HOSTS [STEP...]]

Prints a line for each step, each failed assertion, the times of many hosts, and "N passed, N failed"; exits 0 if none failed. It needs
root and namespaces of its own, which `make test-ansible` gives it.
"""

import shutil
import sys
import tempfile
import time
import traceback

from fleet import Fleet, must
from playbook import Playbook
from steps import modules, scale, site, undo

STEPS = [modules, undo, site, scale]


class Checks:
    """Counts assertions; a failed one is printed, and the step continues."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def __call__(self, holds, said):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        if not holds:
            print(f"FAILED: {said}"[:2000], flush=True)
        return holds


def main():
    binary, count, *names = sys.argv[1:]
    check, folder, start = Checks(), tempfile.mkdtemp(prefix="portreeve-ansible."), time.monotonic()
    must("mount", "-t", "tmpfs", "tmpfs", "/usr/local/bin")
    shutil.copy(binary, "/usr/local/bin/portreeve")
    # The hosts of the example inventory, and one more.
    hosts = ["web1", "web2", "web3", "web4", "db1"] + [f"web{number}" for number in range(5, int(count))]
    fleet = Fleet(folder, hosts)
    try:
        while not all(fleet.answers(name) for name in fleet.names):
            time.sleep(0.1)
        play = Playbook(fleet, folder)
        steps = {step.__name__.partition(".")[2]: step for step in STEPS}
        for name in names or steps:
            began, before = time.monotonic(), (check.passed, check.failed)
            try:
                steps[name].run(fleet, play, check)
            except Exception:
                check(False, f"{name} ended early: {traceback.format_exc()}")
            print(f"{name:<10} {check.passed - before[0]:3} passed {check.failed - before[1]:2} failed {time.monotonic() - began:6.1f} s", flush=True)
    finally:
        fleet.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{check.passed} passed, {check.failed} failed in {time.monotonic() - start:.0f} s", flush=True)
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
