#!/usr/bin/python3
"""Runs a real dockerd, and holds what portreeve says of its ports against real connections: run.py PORTREEVE

The daemon runs in its own network, mount and process namespaces, with its own directories: neither the ruleset of this host nor a
daemon of this host is touched. Prints one line per step with its assertions and seconds, and each failed assertion. Exits 0 if none
failed. It needs root.
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def main():
    if sys.argv[1] != "--inside":
        done = subprocess.run(["sh", str(HERE / "fetch")], stdout=subprocess.PIPE, text=True, timeout=1200)
        if done.returncode != 0:
            raise SystemExit("cannot fetch Docker")
        binary = str(pathlib.Path(sys.argv[1]).resolve())
        # The processes end with the first one of the namespace, the daemon and its containers too.
        os.execvp("timeout", [
            "timeout", "--foreground", "--kill-after=10", os.environ.get("BOUND", "600"), "unshare", "--net", "--mount", "--pid",
            "--fork", "--kill-child", "--mount-proc", sys.executable, "-B", __file__, "--inside", binary, done.stdout.strip() + "/root"])
    from story import Story
    return Story(binary=sys.argv[2], docker=sys.argv[3]).run()


if __name__ == "__main__":
    sys.exit(main())
