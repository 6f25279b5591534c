#!/usr/bin/env python3
"""Times portreeve beside the tools that an operator would use instead: bench.py PORTREEVE [--quick] [--json] [--only CASES]

Everything happens in network namespaces that die with it; no ruleset of the host is read or written. Programs take turns, so
that a busy moment meets all of them. A figure is the median of its runs, a ratio the median of the ratios within each turn.
Whoever loaded a table, `portreeve verify` must find it to be what the policy says, or the run fails.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import listeners
import packets

CASES = ("start", "prefixes", "services", "listeners", "packets")
TOOLS = ("nft", "iptables-restore", "iptables-nft", "ufw", "ss")
HERE = pathlib.Path(__file__).resolve()


class Bench:
    """A folder to work in, a binary, and the rows that were measured."""

    def __init__(self, binary, folder, quick):
        self.binary, self.folder, self.quick = binary, folder, quick
        self.rows = []

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def portreeve(self, *arguments):
        return [self.binary, *arguments]

    def apply(self, policy):
        return self.portreeve("apply", policy, "--yes", "--quiet", *self.options())

    def verify(self, policy, state="state"):
        return self.portreeve("verify", policy, "--only", "ruleset", "--quiet", *self.options(state))

    def options(self, state="state"):
        return "--allow-insecure-permissions", "--state-dir", str(self.folder / state)

    def remove(self):
        run(self.portreeve("remove", "--yes", "--quiet"))

    def ruleset(self, policy):
        """The ruleset of the policy, as nft loads it in place of what is there."""
        path = self.folder / (pathlib.Path(policy).stem + ".nft")
        with path.open("wb") as file:
            command = self.portreeve("show", policy, "--allow-insecure-permissions")
            subprocess.run(command, stdout=file, check=True)
        return str(path)

    def must_agree(self, policy):
        """Ends the bench unless the live table is what the policy says; nothing is taken from memory."""
        run(self.verify(policy, "ruleset.nft/none"))

    def compare(self, case, size, turns, ours, theirs, prepare=lambda: None, check=lambda: None, known=None):
        """Runs both `turns` times, each after `prepare` and followed by `check`, and keeps a row.

        Theirs does not run again where it is `known` what it takes.
        """
        mine, others, ratios = [], list(known or []), []
        for _ in range(turns):
            for command, results in ((ours, mine), (theirs, others)):
                if known and results is others:
                    continue
                prepare()
                results.append(run(command))
                check()
            ratios.append(mine[-1].seconds / others[-1].seconds)
        self.keep(
            case, size, name(theirs), median(mine), median(others),
            statistics.median(ratios), peak(mine), peak(others))

    def keep(self, case, size, other, mine, theirs, ratio, memory=None, their_memory=None, unit="s"):
        row = dict(
            case=case, size=size, against=other, portreeve=mine, other=theirs, ratio=ratio, unit=unit,
            memory_kb=memory, other_memory_kb=their_memory)
        self.rows.append(row)
        print(line(row), file=sys.stderr, flush=True)


class Result:
    """What a program took."""

    def __init__(self, seconds, memory, output):
        self.seconds, self.memory, self.output = seconds, memory, output


def run(command, allowed=(0,)):
    """Runs a program to its end; its time, its peak memory in KB, its output."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode not in allowed:
            sys.exit(f"{' '.join(command)}: status {process.returncode}\n{errors.read().decode()[:2000]}")
        return Result(seconds, usage.ru_maxrss, output.read().decode())


def median(results):
    return statistics.median(result.seconds for result in results)


def peak(results):
    """The most memory in KB; None when it is not more than this process had, which its children inherit as theirs."""
    most = max(result.memory for result in results)
    return most if most > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss else None


def name(command):
    return " ".join(os.path.basename(word) if "/" in word else word for word in command if "=" not in word)[:40]


def prefixes(count, seed=5):
    """Disjoint prefixes, one in each of as many equal parts of the space, as a block list has them."""
    numbers = random.Random(seed)
    low, high = 0x01000000, 0xDF000000
    part = (high - low) // count
    longest = 26 if count > 200_000 else 24
    for index in range(count):
        length = numbers.choice((32, 32, 32, 28, longest))
        size = 1 << (32 - length)
        start = -(-(low + index * part) // size) + numbers.randrange(max(1, part // size - 2))
        yield start * size, length


def dotted(address):
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def group_policy(bench, count, changed=False):
    """A policy whose one service is open to `count` prefixes, every fifth of them IPv6."""
    label = f"{count}-changed" if changed else str(count)
    with (bench.folder / f"list-{label}.txt").open("w") as file:
        for index, (address, length) in enumerate(prefixes(count)):
            if changed and index == count // 2:
                file.write("224.0.0.1\n")
            elif index % 5 == 0:
                file.write(f"2001:db8:{index >> 16:x}:{index & 0xffff:x}::/64\n")
            else:
                file.write(f"{dotted(address)}/{length}\n")
    return bench.write(
        f"prefixes-{label}.yaml",
        f"version: 1\nsources:\n  big: {{file: list-{label}.txt}}\n"
        "services:\n  ssh: {ports: 22, from: big, why: bench}\n")


def service_policy(bench, count):
    """A policy of `count` services, each open to three prefixes."""
    services = "".join(
        f"  s{index}: {{ports: {10_000 + index}/udp, from: [10.0.0.0/9, 172.16.0.0/12, 192.168.0.0/17], why: bench}}\n"
        for index in range(count))
    return bench.write(f"services-{count}.yaml", "version: 1\nservices:\n" + services)


def turns(bench, size):
    count = 9 if size <= 1_000 else 7 if size <= 10_000 else 5 if size <= 100_000 else 2
    return min(count, 3) if bench.quick else count


def loading(bench, kind, size, policy, changed=None):
    """The cases of a table's life: loaded, loaded again, changed, checked."""
    times = turns(bench, size)
    text = bench.ruleset(policy)
    nft = ["nft", "-f", text]
    agree = lambda: bench.must_agree(policy)
    bench.compare(f"{kind}: apply", size, times, bench.apply(policy), nft, bench.remove, agree)
    ready = lambda: run(bench.apply(policy))
    bench.compare(f"{kind}: apply, nothing to do", size, times, bench.apply(policy), nft, ready, agree)
    if changed:
        other = bench.ruleset(changed)
        bench.compare(
            f"{kind}: one changed", size, min(times, 5), bench.apply(changed), ["nft", "-f", other],
            ready, lambda: bench.must_agree(changed))
    ready()
    touch = lambda: run(["nft", "add table ip bench-stranger; delete table ip bench-stranger"])
    listing = ["nft", "list", "table", "inet", "portreeve"]
    # To list half a million takes nft most of a minute: once is enough for both rows.
    theirs = [run(listing)] if size > 100_000 else None
    bench.compare(f"{kind}: drift check", size, times, bench.verify(policy), listing, known=theirs)
    bench.compare(f"{kind}: drift check, others active", size, times, bench.verify(policy), listing, touch, known=theirs)
    bench.remove()


def bench_start(bench):
    policy = bench.write("start.yaml", (
        "version: 1\nservices:\n  ssh: {ports: 22, from: 10.0.0.0/8, why: bench}\n"
        "  web: {ports: [80, 443], from: any, why: bench}\n  dns: {ports: 53/udp, from: any, why: bench}\n"))
    text = bench.ruleset(policy)
    times = 15 if bench.quick else 41
    bench.compare("start: check", 3, times, bench.portreeve("check", policy, "--quiet"), ["nft", "-c", "-f", text])
    bench.compare("start: version", 0, times, bench.portreeve("--version"), ["nft", "--version"])
    run(bench.apply(policy))
    plan = bench.portreeve("plan", policy, "--quiet", *bench.options())
    bench.compare("start: plan, in sync", 3, times, plan, ["nft", "-c", "-f", text])
    if shutil.which("ufw"):
        bench.compare("start: plan, in sync", 3, min(times, 15), plan, ["ufw", "version"])
    bench.remove()


def bench_prefixes(bench):
    for size in (1_000, 10_000) if bench.quick else (1_000, 10_000, 100_000, 500_000):
        loading(bench, "prefixes", size, group_policy(bench, size), group_policy(bench, size, changed=True))


def bench_services(bench):
    for size in (10, 1_000) if bench.quick else (10, 100, 1_000, 5_000):
        policy = service_policy(bench, size)
        loading(bench, "services", size, policy)
        restore = shutil.which("iptables-restore")
        if restore:
            rules = bench.write("rules.v4", packets.iptables(size))
            clean = lambda: (bench.remove(), run(["iptables", "-F"]))
            bench.compare("services: apply", size, turns(bench, size), bench.apply(policy), [restore, rules],
                clean)
            clean()


def bench_listeners(bench):
    policy = bench.write("listeners.yaml", (
        "version: 1\nservices:\n"
        f"  all: {{ports: {listeners.FIRST}-{listeners.FIRST + 9_999}/tcp, from: 0.0.0.0/0, why: bench}}\n"))
    run(bench.apply(policy))
    for size in (100, 1_000) if bench.quick else (100, 1_000, 10_000):
        with listeners.listening(size):
            verify = bench.portreeve("verify", policy, "--only", "listeners", "--quiet", *bench.options())
            bench.compare("listeners: verify", size, turns(bench, size), verify, ["ss", "-Hlntup"])
    bench.remove()


def bench_packets(bench):
    for size in (10, 1_000) if bench.quick else (10, 5_000):
        policy = service_policy(bench, size)
        for row in packets.measure(bench, run, size, policy):
            bench.keep(*row, unit="us")


def figure(number, unit):
    return f"{number:.2f} µs" if unit == "us" else f"{number * 1e3:.1f} ms" if number < 1 else f"{number:.2f} s"


def line(row):
    """A row of a Markdown table."""
    memory = " / ".join(
        f"{kilobytes / 1024:.0f}" if kilobytes else "–" for kilobytes in (row["memory_kb"], row["other_memory_kb"]))
    columns = (
        row["case"], f"{row['size']:,}", figure(row["portreeve"], row["unit"]), figure(row["other"], row["unit"]),
        f"{row['ratio']:.3f}" if row["ratio"] is not None else "–", "" if memory == "– / –" else memory, f"`{row['against']}`")
    return "| " + " | ".join(columns) + " |"


HEAD = """| case | size | portreeve | other | ratio | MB | other |
| --- | ---: | ---: | ---: | ---: | ---: | --- |"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--quick", action="store_true", help="small sizes, few turns: under a minute")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--only", default=",".join(CASES), help="some of " + ", ".join(CASES))
    arguments = parser.parse_args()
    if os.environ.get("PORTREEVE_BENCH_UNSHARED") != "1":
        os.environ["PORTREEVE_BENCH_UNSHARED"] = "1"
        mapping = [] if os.geteuid() == 0 else ["--map-root-user"]
        os.execvp("unshare", ["unshare", *mapping, "--net", sys.executable, str(HERE), *sys.argv[1:]])
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    with tempfile.TemporaryDirectory(prefix="portreeve-bench-") as folder:
        bench = Bench(os.path.realpath(arguments.binary), pathlib.Path(folder), arguments.quick)
        start = time.monotonic()
        for case in arguments.only.split(","):
            globals()[f"bench_{case}"](bench)
        if arguments.json:
            print(json.dumps(dict(format_version=1, processors=os.cpu_count(), rows=bench.rows), indent=1))
        else:
            print(HEAD)
            print("\n".join(map(line, bench.rows)))
            missing = [tool for tool in TOOLS if not shutil.which(tool)]
            print(
                f"\n{time.monotonic() - start:.0f} s on {os.cpu_count()} processors, Linux {os.uname().release}"
                + "".join(f"; not installed: {tool}" for tool in missing))


if __name__ == "__main__":
    main()
