"""Two hundred tamperings and two hundred harmless changes, by tamper.py."""

import subprocess
import sys

from machine import HERE


def run(options, checks):
    done = subprocess.run([sys.executable, str(HERE / "tamper.py"), options.binary, "--rounds", str(options.rounds)],
                          capture_output=True, text=True, timeout=900)
    checks(done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:])
    checks.count += 2 * options.rounds - 1
