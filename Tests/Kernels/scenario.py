#!/usr/bin/python3
"""The behaviour of portreeve that must be the same on every kernel: scenario.py [--binary FILE] [--rounds N] [STEP...]

Prints one line per step with its assertions and seconds, and each failed assertion. Exits 0 if none failed. It works in its own network
namespaces, so that it can be run on a host too.
"""

import argparse
import sys
import time
import traceback

from machine import Checks
from steps import clock, commands, confirmation, connections, examples, listeners, namespaces, neighbours, nfs, packets, prefixes, refusals, tampering, tunnels

STEPS = [examples, packets, tunnels, nfs, neighbours, listeners, connections, refusals, confirmation, prefixes, commands, namespaces, clock, tampering]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="/usr/bin/portreeve")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--sets-clock", action="store_true", help="also run the step that sets the clock, for a machine of its own")
    parser.add_argument("steps", nargs="*")
    options = parser.parse_args()
    steps = {step.__name__.split(".")[-1]: step for step in STEPS}
    total = failures = 0
    for name in options.steps or steps:
        checks, start = Checks(), time.monotonic()
        remark = None
        try:
            remark = steps[name].run(options, checks)
        except Exception:
            checks(False, f"{name} ended early: {traceback.format_exc()}")
        outcome = f"{checks.failures} FAILED" if checks.failures else "ok"
        print(f"{name:<13} {checks.count:4} assertions {time.monotonic() - start:7.1f} s  {outcome}{f'; {remark}' if remark else ''}", flush=True)
        total, failures = total + checks.count, failures + checks.failures
    print(f"assertions: {total}, failed: {failures}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
