#!/usr/bin/python3
"""Runs the built tests in as many processes as there are lanes: lanes.py BUNDLE [LANE...]

The tests of a lane run one after the other; tests that could disturb each other outside their network namespaces are in one lane. Prints
each line with its lane before it, then each failure again, and a table at the end. Exits 0 only if every lane ran tests and none of
them failed.

Tests with real programs wait for clocks, and the machines of CI are busy: up to three tests that failed run once more, without the
other lanes beside them, and are named as unstable if they pass then.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

# The targets of each lane, of about the same length; the last lane has every target that no other names.
TARGETS = {"programs": ["ProgramTests", "SystemTests"], "others": []}
# More failures than this are no matter of clocks.
RETRIED = 3
# A failure's message can have a terminal's control characters, which XML 1.0 has no way to write.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
COLORS = re.compile(r"\x1b\[[0-9;]*m")


class Lane:
    """A process with some of the tests."""

    def __init__(self, name, bundle, folder, options):
        self.name, self.tests, self.failed, self.seconds, self.cpu = name, 0, 0, 0.0, 0.0
        self.failures, self.is_failure = [], False
        self.report = f"{folder}/{name}.xml"
        self.process = subprocess.Popen(
            [bundle, "--testing-library", "swift-testing", "--no-parallel", "--xunit-output", self.report, *options],
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

    @property
    def failing(self):
        """The tests that failed, as Suite/function(labels:); None if the process did not come to its end."""
        if self.tests == 0 or not os.path.exists(self.report):
            return None
        with open(self.report, encoding="utf-8", errors="replace") as report:
            cases = xml.etree.ElementTree.fromstring(CONTROLS.sub("", report.read())).iter("testcase")
        return [f"{case.get('classname')}/{case.get('name')}" for case in cases if case.find("failure") is not None]


def choice(name):
    """The options that select the targets of a lane."""
    named = [target for targets in TARGETS.values() for target in targets]
    selected = TARGETS[name]
    return ["--filter", pattern(selected)] if selected else ["--skip", pattern(named)]


def pattern(targets):
    return f"^({'|'.join(targets)})\\."


def retried(lanes, bundle, folder):
    """Whether the few tests that failed pass alone."""
    failing = [lane.failing for lane in lanes if not lane.passed]
    names = [] if None in failing else sorted(name for names in failing for name in names)
    if not 0 < len(names) <= RETRIED:
        return False
    lane = Lane("again", bundle, folder, ["--filter", f"^({'|'.join(map(re.escape, names))})(/|$)"])
    lane.run()
    for name in names:
        print(f"{name} failed beside others and {'passed alone: it is unstable' if lane.passed else 'alone'}")
    return lane.passed and lane.tests == len(names)


def main():
    bundle, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        return run(bundle, names or TARGETS, folder)


def run(bundle, names, folder):
    lanes = [Lane(name, bundle, folder, choice(name)) for name in names]
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
    return 0 if all(lane.passed for lane in lanes) or retried(lanes, bundle, folder) else 1


if __name__ == "__main__":
    sys.exit(main())
