"""`apply --confirm`: undone after its time, and kept by `confirm`."""

import time

from machine import Host

FIRST = """
version: 1
services:
  ssh: {ports: 22, from: 10.0.0.0/8, why: Administration}
"""
SECOND = FIRST + "  web: {ports: 443, from: any, why: Site}\n"


def run(options, checks):
    host = Host(options.binary, checks)
    first, second = host.write("first.yaml", FIRST), host.write("second.yaml", SECOND)
    host.apply(first)
    before = host.table.output
    host.apply(second, "--confirm", "5s")
    checks(within(60, lambda: outcomes(host)[0] == "undone"), f"the change undoes itself: {outcomes(host)}")
    checks(host.table.output == before, "the table is the one before the change")
    host.in_sync(first)

    # Long enough for a slow machine.
    host.apply(second, "--confirm", "10m")
    checks(host.table.output != before, "the change is live at once")
    refused = host.expect(4, "apply", first, "--yes")
    checks("confirm" in refused.errors, f"another change waits for confirmation: {refused}")
    pending = host.expect(0, "status", second, "--format", "json").json["pending"]
    checks(pending is not None, f"status has the pending change: {pending}")
    host.expect(0, "confirm")
    checks(outcomes(host)[0] == "confirmed", f"the change is kept: {outcomes(host)}")
    host.in_sync(second)
    host.expect(0, "apply", second, "--yes")


def outcomes(host):
    """The outcomes of the changes, the newest first."""
    changes = host.portreeve("history", "--format", "json").json["changes"]
    return [change["outcome"] for change in sorted(changes, key=lambda change: -change["change"])]


def within(seconds, holds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.5)
    return False
