"""Named network namespaces: each has its own state, even if it gets the inode number of a deleted one."""

import os
import shutil
import subprocess

from machine import ROOT, Result

POLICY = str(ROOT / "policies" / "minimal.yaml")
FIRST, SECOND = f"first-{os.getpid()}", f"second-{os.getpid()}"


def run(options, checks):
    def portreeve(*arguments):
        return called(options.binary, *arguments)

    for name in (FIRST, SECOND):
        called("ip", "netns", "add", name)
        applied = portreeve("apply", POLICY, "--yes", "--netns", name)
        checks(applied.status == 0, f"apply in namespace {name}: {applied}")
        within = called("ip", "netns", "exec", name, options.binary, "history", "--format", "json")
        checks(len(within.json["changes"]) == 1, f"{name} has one change, seen from inside: {within}")
        outside = portreeve("history", "--netns", name, "--format", "json")
        checks(outside.json["changes"] == within.json["changes"], f"and the same from outside: {outside}")
        called("ip", "netns", "delete", name)
    for name in (FIRST, SECOND):
        shutil.rmtree(f"/var/lib/portreeve/netns/{name}", ignore_errors=True)


def called(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return Result(done.returncode, done.stdout, done.stderr)
