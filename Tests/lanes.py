#!/usr/bin/python3
"""Runs the built tests in as many processes as there are lanes: lanes.py BUNDLE [LANE...]

The tests of a lane run one after the other; tests that could disturb each other outside their network namespaces are in one lane. Prints
each line with its lane before it, then each failure again, and a table at the end. Exits 0 only if every lane ran tests and none of
them failed.
"""

import os
import re
import subprocess
import sys
import threading
import time

# The targets of each lane, of about the same length; the last lane has every target that no other names.
TARGETS = {"programs": ["ProgramTests", "SystemTests"], "others": []}
COLORS = re.compile(r"\x1b\[[0-9;]*m")


class Lane:
    """A process with some of the tests."""

    def __init__(self, name, bundle):
        self.name, self.tests, self.failed, self.seconds, self.cpu = name, 0, 0, 0.0, 0.0
        self.failures, self.is_failure = [], False
        self.process = subprocess.Popen(
            [bundle, "--testing-library", "swift-testing", "--no-parallel", *choice(name)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")

    def run(self):
        start = time.monotonic()
        for line in self.process.stdout:
            line = COLORS.sub("", line.rstrip())
            print(f"{self.name:<9}{line}", flush=True)
            if found := re.search(r"Test run with (\d+) tests?\b", line):
                self.tests = int(found[1])
            self.failed += re.match(r"\S+ Test (?!run |case ).* failed after ", line) is not None
            self.note(line)
        # With the processor that it and its programs used.
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds, self.cpu = time.monotonic() - start, usage.ru_utime + usage.ru_stime

    def note(self, line):
        """Keeps the lines of a failure: the first names test and place; those up to the next test's are its message."""
        self.is_failure = "recorded an issue" in line or self.is_failure and not re.match(r"[◇✔✘] ", line)
        if self.is_failure:
            self.failures.append(f"{self.name:<9}{line}"[:1000])

    @property
    def passed(self):
        return self.process.returncode == 0 and self.tests > 0


def choice(name):
    """The options that select the targets of a lane."""
    named = [target for targets in TARGETS.values() for target in targets]
    selected = TARGETS[name]
    return ["--filter", pattern(selected)] if selected else ["--skip", pattern(named)]


def pattern(targets):
    return f"^({'|'.join(targets)})\\."


def main():
    bundle, *names = sys.argv[1:]
    lanes = [Lane(name, bundle) for name in names or TARGETS]
    threads = [threading.Thread(target=lane.run) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in [line for lane in lanes for line in lane.failures]:
        print(failure)
    print(f"\n{'lane':<9} {'seconds':>7} {'cpu':>5} {'tests':>6}")
    for lane in lanes:
        print(f"{lane.name:<9} {lane.seconds:7.0f} {lane.cpu:5.0f} {lane.tests:6}  {'ok' if lane.passed else 'failed'}")
    print(f"\n{sum(lane.tests - lane.failed for lane in lanes)} passed, {sum(lane.failed for lane in lanes)} failed")
    return 0 if all(lane.passed for lane in lanes) else 1


if __name__ == "__main__":
    sys.exit(main())
