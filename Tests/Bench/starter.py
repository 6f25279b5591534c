"""Starts programs from a small process.

The kernel counts the memory of the starting process in the peak of the started one (`setmax_mm_hiwater_rss` in `exec_mmap`).
So this process imports next to nothing; the bench sends it command lines and receives their time and memory.
"""

import os
import sys
import time

NUL = "\0"


def start(words, output, errors):
    """Runs a program to its end: its time, its peak memory in KB, its exit status."""
    to_file = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, to_file, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, errors, to_file, 0o600),
    ]
    begin = time.perf_counter()
    child = os.posix_spawnp(words[0], words, os.environ, file_actions=files)
    _, status, usage = os.wait4(child, 0)
    return time.perf_counter() - begin, usage.ru_maxrss, os.waitstatus_to_exitcode(status)


def main():
    for line in sys.stdin:
        output, errors, *words = line.rstrip("\n").split(NUL)
        print(*start(words, output, errors), flush=True)


if __name__ == "__main__":
    main()
