"""`apply --confirm`: undone by itself, and kept by `confirm`."""

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
    checks(host.table.output != before, "the change is live at once")
    refused = host.expect(4, "apply", first, "--yes")
    checks("confirm" in refused.errors, f"another change waits: {refused}")
    pending = host.expect(0, "status", second, "--format", "json").json["pending"]
    checks(pending is not None, f"status names what waits: {pending}")
    checks(within(60, lambda: host.table.output == before), "the change undoes itself")
    host.in_sync(first)
    checks(within(20, lambda: outcomes(host)[0] == "undone"), f"the history says so: {outcomes(host)}")

    host.apply(second, "--confirm", "60s")
    host.expect(0, "confirm")
    checks(outcomes(host)[0] == "confirmed", f"what was confirmed is kept: {outcomes(host)}")
    host.expect(0, "verify", second, "--only", "ruleset")
    host.expect(0, "apply", second, "--yes")


def outcomes(host):
    """What became of the changes, the youngest first."""
    changes = host.portreeve("history", "--format", "json").json["changes"]
    return [change["outcome"] for change in sorted(changes, key=lambda change: -change["change"])]


def within(seconds, holds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.5)
    return False
