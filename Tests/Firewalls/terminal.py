"""Commands on a terminal, with a person who agrees."""

import os
import pty
import subprocess


def answer_yes(command):
    """Runs a command on a terminal and answers yes to its question; returns its status and its output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(["sh", "-c", command], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    os.write(ours, b"yes\n")
    output = b""
    while True:
        try:
            part = os.read(ours, 10_000)
        except OSError:
            part = b""  # Linux reports the end of a terminal as an error.
        if not part:
            break
        output += part
        # The process that would undo the change holds no terminal.
    return process.wait(timeout=60), output.decode(errors="replace")
