"""Runs programs in turns, and keeps their times and memory as rows of a table."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HEAD = """| case | size | portreeve | other | ratio | MB | other |
| --- | ---: | ---: | ---: | ---: | ---: | --- |"""


class Result:
    """The time and memory of a run."""

    def __init__(self, seconds, memory, output):
        self.seconds, self.memory, self.output = seconds, memory, output


class Bench:
    """A temporary folder, the binary, and the measured rows."""

    def __init__(self, binary, folder, quick):
        self.binary, self.folder, self.quick = binary, folder, quick
        self.rows = []
        # The cases that were left out, and why.
        self.omitted = []
        starter = pathlib.Path(__file__).with_name("starter.py")
        self.starter = subprocess.Popen(
            [sys.executable, "-I", "-S", str(starter)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # A peak below this cannot be measured.
        self.least = self.time(["true"]).memory

    def close(self):
        self.starter.stdin.close()
        self.starter.wait()

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def portreeve(self, *arguments):
        return [self.binary, *arguments]

    def apply(self, policy, state="state"):
        return self.portreeve("apply", policy, "--yes", "--quiet", *self.options(state))

    def verify(self, policy, state="state"):
        return self.portreeve("verify", policy, "--only", "ruleset", "--quiet", *self.options(state))

    def options(self, state="state"):
        return "--allow-insecure-permissions", "--state-dir", str(self.folder / state)

    def ruleset(self, policy):
        """The ruleset of the policy as nft text that replaces the table."""
        path = self.folder / (pathlib.Path(policy).stem + ".nft")
        with path.open("wb") as file:
            command = self.portreeve("show", policy, "--allow-insecure-permissions")
            subprocess.run(command, stdout=file, check=True)
        return str(path)

    def must_agree(self, policy):
        """Ends the bench unless the live table agrees with the policy, without the cache."""
        run(self.verify(policy, "ruleset.nft/none"))

    def time(self, command, statuses=(0,)):
        """Runs a program to its end, with one of these exit statuses; returns its time and memory."""
        output, errors = self.folder / "output", self.folder / "errors"
        self.starter.stdin.write("\0".join([str(output), str(errors), *command]) + "\n")
        self.starter.stdin.flush()
        seconds, memory, status = self.starter.stdout.readline().split()
        must_succeed(command, int(status), statuses, errors)
        return Result(float(seconds), int(memory), None)

    def compare(
        self, case, size, turns, ours, theirs, prepare=lambda: None, check=lambda: None, their_prepare=None,
        their_check=None, known=None, statuses=(0,)
    ):
        """Runs both `turns` times, each after its `prepare`, and keeps a row.

        `check` runs after each of our runs, and after the first of theirs, which repeats the same work. Theirs does not run if
        its times are `known`. Ours may end with any of these exit statuses.
        """
        mine, others, ratios = [], list(known or []), []
        for turn in range(turns):
            prepare()
            mine.append(self.time(ours, statuses))
            check()
            if not known:
                (their_prepare or prepare)()
                others.append(self.time(theirs))
                if turn == 0:
                    (their_check or check)()
            ratios.append(mine[-1].seconds / others[min(turn, len(others) - 1)].seconds)
        self.keep(
            case, size, name(theirs), median(mine), median(others), statistics.median(ratios), self.peak(mine),
            self.peak(others))

    def peak(self, results):
        """The peak memory in KB; 0 when it is too small to measure."""
        most = max(result.memory for result in results)
        return most if most > self.least * 1.05 else 0

    def keep(self, case, size, other, mine, theirs, ratio, memory=None, their_memory=None, unit="s"):
        row = dict(
            case=case, size=size, against=other, portreeve=mine, other=theirs, ratio=ratio, unit=unit,
            memory_kb=memory, other_memory_kb=their_memory, least_memory_kb=self.least)
        self.rows.append(row)
        print(line(row), file=sys.stderr, flush=True)

    def print(self, as_json, footer):
        if as_json:
            processors, system = os.cpu_count(), os.uname().release
            print(json.dumps(
                dict(format_version=1, processors=processors, system=system, rows=self.rows, omitted=self.omitted),
                indent=1))
        else:
            print("\n".join([HEAD, *map(line, self.rows), "", footer, *self.omitted]))


def run(command, allowed=(0,)):
    """Runs a program to its end, untimed; returns its output."""
    with tempfile.TemporaryDirectory() as folder:
        errors = pathlib.Path(folder) / "errors"
        with errors.open("wb") as file:
            result = subprocess.run(command, stdout=subprocess.PIPE, stderr=file, stdin=subprocess.DEVNULL)
        must_succeed(command, result.returncode, allowed, errors)
    return result.stdout.decode()


def must_succeed(command, status, allowed, errors):
    if status not in allowed:
        sys.exit(f"{' '.join(command)}: status {status}\n{errors.read_text()[:2000]}")


def median(results):
    return statistics.median(result.seconds for result in results)


def name(command):
    """The command for a table: no paths, no options with values."""
    return " ".join(os.path.basename(word) if "/" in word else word for word in command if "=" not in word)[:40]


def figure(number, unit):
    return f"{number:.2f} µs" if unit == "us" else f"{number * 1e3:.1f} ms" if number < 1 else f"{number:.2f} s"


def megabytes(kilobytes, least):
    return f"{kilobytes / 1024:.0f}" if kilobytes else f"<{least / 1024 + 1:.0f}"


def ratio(number):
    return "–" if number is None else f"{number:.3f}" if number >= 0.01 else f"{number:.5f}"


def line(row):
    """A row of a Markdown table."""
    memory = ""
    if row["memory_kb"] is not None:
        memory = " / ".join(megabytes(row[key], row["least_memory_kb"]) for key in ("memory_kb", "other_memory_kb"))
    columns = (
        row["case"], f"{row['size']:,}", figure(row["portreeve"], row["unit"]), figure(row["other"], row["unit"]),
        ratio(row["ratio"]), memory, f"`{row['against']}`")
    return "| " + " | ".join(columns) + " |"
