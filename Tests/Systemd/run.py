#!/usr/bin/python3
"""Boots a Debian under its own systemd in a container, installs portreeve there, and runs the steps: run.py PORTREEVE TREE [STEP...]

Prints one line per step, each failed assertion, and "N passed, N failed" at the end. Exits 0 if none failed. It needs root, and namespaces
of its own, which `make test-systemd` gives it: the tree stays as it is, and the host's network is not touched. PACKAGES in the environment
names two versions of the package of Debian, the older first.
"""

import sys
import tempfile
import time
import traceback

from host import Host
from machine import Machine
from steps import ansible, boot, flush, journal, package, prefix, processes, refresh, undo, watch

STEPS = [undo, flush, boot, processes, journal, watch, refresh, prefix, package, ansible]


class Checks:
    """Counts assertions; a failed one is printed, and the step continues."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def __call__(self, holds, said):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        if not holds:
            print(f"FAILED: {said}", flush=True)
        return holds


def main():
    binary, tree, *names = sys.argv[1:]
    steps = {step.__name__.split(".")[-1]: step for step in STEPS}
    checks, start = Checks(), time.monotonic()
    machine = Machine(binary, tree, tempfile.mkdtemp(prefix="portreeve-systemd."))
    try:
        machine.furnish()
        machine.install()
        machine.start()
        host = Host(machine, checks)
        print(f"booted, and applied a policy: {time.monotonic() - start:.1f} s", flush=True)
        for name in names or steps:
            began, before = time.monotonic(), (checks.passed, checks.failed)
            try:
                host.reset()
                steps[name].run(host, checks)
            except Exception:
                checks(False, f"{name} ended early: {traceback.format_exc()}")
            print(f"{name:<10} {checks.passed - before[0]:3} passed {checks.failed - before[1]:2} failed {time.monotonic() - began:6.1f} s", flush=True)
    finally:
        machine.stop()
    print(f"{checks.passed} passed, {checks.failed} failed in {time.monotonic() - start:.0f} s", flush=True)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
