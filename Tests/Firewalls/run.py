#!/usr/bin/python3
"""Takes hosts with a real ufw or firewalld over, and holds the proof of `import` against real packets: run.py PORTREEVE [NAME ...]

Each configuration is one that a user would type. It runs in network, mount and process namespaces of its own, with `/` as the lower
layer of an overlay: neither the ruleset nor a file of this host is touched. Prints a line for each configuration with the verdict and
the number of packets, and each failed assertion. Exits 0 if none failed. It needs root. NAME selects configurations.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

from configurations import CONFIGURATIONS

HERE = pathlib.Path(__file__).resolve().parent
FETCH = {"firewalls": HERE / "fetch", "docker": HERE.parent / "Containers" / "fetch", "fail2ban": HERE.parent / "Fail2ban" / "fetch"}


def fetched(name):
    done = subprocess.run(["sh", str(FETCH[name])], stdout=subprocess.PIPE, text=True, timeout=1200)
    if done.returncode != 0:
        raise SystemExit(f"cannot fetch {name}")
    return done.stdout.strip()


def trial(name, binary, folders):
    """Runs one configuration; returns the outcome that trial.py prints. All its processes end with the first one of the namespace."""
    begin = time.monotonic()
    done = subprocess.run(
        ["timeout", "--kill-after=10", "200", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
         sys.executable, "-B", str(HERE / "trial.py"), name, binary, json.dumps(folders)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        outcome = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        outcome = {"verdict": "-", "packets": 0, "different": 0, "count": 1, "failed": [f"{done.stdout[-500:]}{done.stderr[-2500:]}"]}
    return name, outcome, time.monotonic() - begin


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    chosen = [name for name in CONFIGURATIONS if not sys.argv[2:] or name in sys.argv[2:]]
    folders = {name: fetched(name) for name in FETCH}
    count, failed, verdicts = 0, 0, {}
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for name, outcome, seconds in pool.map(lambda name: trial(name, binary, folders), chosen):
            count, failed = count + outcome["count"], failed + len(outcome["failed"])
            verdicts[outcome["verdict"]] = verdicts.get(outcome["verdict"], 0) + 1
            print(f"{name:<26} {outcome['verdict']:<12} {outcome['packets']:4} packets, {outcome['different']:3} different, "
                  f"{outcome['count']:3} assertions {seconds:6.1f} s  {'FAILED' if outcome['failed'] else 'ok'}", flush=True)
            for message in outcome["failed"]:
                print(f"  failed: {message}", flush=True)
    print(", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items())))
    print(f"assertions: {count}, failed: {failed}", flush=True)
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
