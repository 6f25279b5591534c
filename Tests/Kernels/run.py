#!/usr/bin/python3
"""Boots each kernel in a virtual machine, without hardware acceleration, and runs the scenario there: run.py PORTREEVE KERNEL...

Prints the machines' lines with the kernel before each, and a table at the end. Exits 0 only if every machine ended by itself and no
assertion failed. It runs as many machines at once as there are processors, each with one. BOUND is the time limit of a machine in
seconds, ROUNDS the number of tamperings and harmless changes for each; STEPS selects steps of the scenario.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BOUND = os.environ.get("BOUND", "1500")
# The same addresses in every program: the emulator translates the code once, which makes it twice as fast.
PARAMETERS = "console=ttyS0 rdinit=/init panic=-1 oops=panic quiet loglevel=3 norandmaps mitigations=off"


class Outcome:
    """The result of a machine."""

    def __init__(self, kernel):
        self.kernel, self.version, self.seconds = kernel, "", 0.0
        self.assertions, self.failed, self.ended, self.said = 0, 0, False, "did not end by itself"

    def hear(self, line):
        if found := re.fullmatch(r"assertions: (\d+), failed: (\d+)", line):
            self.assertions, self.failed = int(found[1]), int(found[2])
        elif found := re.fullmatch(r"ended: (\d+)", line):
            self.ended, self.said = True, "ok" if found[1] == "0" else f"failed, exit status {found[1]}"


def fetched(kernel):
    """The folder of the kernel in the cache."""
    done = subprocess.run(["sh", str(HERE / "fetch"), kernel], stdout=subprocess.PIPE, text=True, timeout=1200)
    if done.returncode != 0:
        raise SystemExit(f"cannot fetch Linux {kernel}")
    return pathlib.Path(done.stdout.strip())


def machine(folder, image):
    """The command that runs the machine until it ends."""
    return [
        "timeout", "--foreground", "--kill-after=10", BOUND, "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "1G",
        "-nic", "none", "-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot",
        "-kernel", str(folder / "vmlinuz"), "-initrd", image, "-append", PARAMETERS]


def run(kernel, binary):
    outcome, start = Outcome(kernel), time.monotonic()
    folder = fetched(kernel)
    outcome.version = (folder / "version").read_text().strip()
    with tempfile.NamedTemporaryFile(dir=folder, prefix="image-") as image:
        arguments = ["--rounds", os.environ.get("ROUNDS", "200"), *os.environ.get("STEPS", "").split()]
        subprocess.run(["sh", str(HERE / "image"), str(folder), binary, image.name, *arguments], check=True, timeout=300)
        process = subprocess.Popen(machine(folder, image.name), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, errors="replace")
        for line in process.stdout:
            line = line.rstrip()
            outcome.hear(line)
            # Skips the kernel's last messages.
            if line and not outcome.ended:
                print(f"{kernel:<7} {line}", flush=True)
        process.wait()
    outcome.seconds = time.monotonic() - start
    return outcome


def main():
    binary, *kernels = sys.argv[1:]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda kernel: run(kernel, binary), kernels))
    print(f"\n{'kernel':<24} {'seconds':>7} {'assertions':>10} {'failed':>6}")
    for outcome in outcomes:
        print(f"{outcome.version:<24} {outcome.seconds:7.0f} {outcome.assertions:10} {outcome.failed:6}  {outcome.said}")
    return 0 if all(outcome.said == "ok" and outcome.failed == 0 and outcome.assertions > 0 for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
