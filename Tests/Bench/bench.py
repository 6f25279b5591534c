#!/usr/bin/env python3
"""Times portreeve against the tools that an admin would use instead: bench.py PORTREEVE [--quick] [--json] [--only CASES]

It works in temporary network namespaces, and neither reads nor writes the rules of the host. Programs take turns, so that a busy
moment slows all of them. A figure is the median of its runs, a ratio the median of the ratios within each turn. After each run
of portreeve, and after the first run of another tool, `portreeve verify` must find that the table agrees with the policy.

Run it as root. In a user namespace only small sizes work, since nft cannot send big ones: "Message too long".
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time

import connections
import directions
import listeners
import namespaces
import neighbours
import packets
import policies
import shapes
import ufw
from harness import Bench, run

CASES = ("start", "prefixes", "services", "neighbours", "listeners", "connections", "packets", "directions")
# These take some minutes, so they run on request only.
MORE = ("bans", "shapes")
TOOLS = ("nft", "iptables-restore", "iptables-nft", "ufw", "ss")
HERE = pathlib.Path(__file__).resolve()


def turns(bench, size):
    count = 9 if size <= 1_000 else 5 if size <= 10_000 else 3 if size <= 100_000 else 2
    return min(count, 3) if bench.quick else count


def loading(bench, kind, size, policy, times, changed=None):
    """Loads a table, loads it again, changes it, and checks it."""
    # Delete the cache of the last list, or the first run of the next case would read it.
    shutil.rmtree(bench.folder / "state", ignore_errors=True)
    text = bench.ruleset(policy)
    nft = ["nft", "-f", text]
    agree = lambda: bench.must_agree(policy)
    bench.compare(f"{kind}: apply", size, times, bench.apply(policy), nft, flush, agree)
    # Start from no table: listing half a million prefixes that nft loaded takes half a minute.
    ready = lambda: (flush(), run(bench.apply(policy)))
    # nft loads the same ruleset again, which was checked after the first run.
    bench.compare(
        f"{kind}: apply, nothing to do", size, times, bench.apply(policy), nft, ready, agree, their_prepare=lambda: None,
        their_check=lambda: None)
    if changed:
        changing(bench, kind, size, policy, changed, min(times, 5), ready)
    ready()
    listing = ["nft", "list", "table", "inet", "portreeve"]
    # nft needs most of a minute to list half a million prefixes: all rows use one run.
    theirs = [bench.time(listing)] if size > 100_000 else None
    verify = bench.verify(policy)
    bench.compare(f"{kind}: drift check", size, times, verify, listing, known=theirs)
    bench.compare(f"{kind}: drift check, others active", size, times, verify, listing, touch, known=theirs)
    if changed and shutil.which("taskset"):
        bench.compare(
            f"{kind}: drift check, others active, one processor", size, times, ["taskset", "-c", "0", *verify], listing, touch,
            known=theirs)
    if changed:
        prefix = policies.first(policy)
        name = "group-big-ipv6" if ":" in prefix else "group-big-ipv4"
        run(["nft", f"delete element inet portreeve {name} {{ {prefix} }}"])
        bench.compare(
            f"{kind}: drift check, one taken out", size, times, verify, listing, touch, known=theirs, statuses=(2,))
    flush()


def touch():
    """A commit of another program, as fail2ban makes with every ban."""
    run(["nft", "add table ip bench-stranger; delete table ip bench-stranger"])


def changing(bench, kind, size, policy, changed, times, ready):
    """Changes one prefix, by `apply` and by `refresh`, with and without commits of other programs."""
    nft, other = (["nft", "-f", bench.ruleset(each)] for each in (policy, changed))
    agree = lambda: bench.must_agree(changed)
    bench.compare(
        f"{kind}: one changed", size, times, bench.apply(changed), other, ready, agree, their_prepare=lambda: run(nft))
    theirs = lambda: (run(nft), touch())
    bench.compare(
        f"{kind}: one changed, others active", size, times, bench.apply(changed), other, lambda: (ready(), touch()), agree,
        their_prepare=theirs)
    with policies.exchanged(policy, changed) as exchange:
        bench.compare(
            f"{kind}: refresh, one changed, others active", size, times,
            bench.portreeve("refresh", "--quiet", *bench.options()), other,
            lambda: (exchange(False), ready(), exchange(True), touch()), lambda: bench.must_agree(policy),
            their_prepare=theirs)


def bench_start(bench):
    policy = bench.write("start.yaml", (
        "version: 1\nservices:\n  ssh: {ports: 22, from: 10.0.0.0/8, why: bench}\n"
        "  web: {ports: [80, 443], from: any, why: bench}\n  dns: {ports: 53/udp, from: any, why: bench}\n"))
    text = bench.ruleset(policy)
    times = 15 if bench.quick else 41
    check = bench.portreeve("check", policy, "--quiet", "--allow-insecure-permissions")
    bench.compare("start: check", 3, times, check, ["nft", "-c", "-f", text])
    bench.compare("start: version", 0, times, bench.portreeve("--version"), ["nft", "--version"])
    if ufw.version():
        bench.compare("start: version", 0, min(times, 15), bench.portreeve("--version"), ["ufw", "version"])
    run(bench.apply(policy))
    plan = bench.portreeve("plan", policy, "--quiet", *bench.options())
    bench.compare("start: plan, in sync", 3, times, plan, ["nft", "-c", "-f", text])
    if ufw.version():
        rules = ufw.Ufw(bench.folder / "ufw-start", 3)
        rules.enable()
        status = bench.portreeve("status", policy, *bench.options())
        bench.compare("start: status", 3, min(times, 15), status, rules.command("status"))
        flush()
    flush()


def bench_prefixes(bench):
    for family in ("IPv4", "IPv6"):
        for size in (1_000, 10_000) if bench.quick else (1_000, 10_000, 100_000, 500_000):
            # Big sizes take minutes, and the families hardly differ.
            times = turns(bench, size) if family == "IPv4" or size <= 10_000 else 2 if size <= 100_000 else 1
            plain, changed = policies.groups(bench, family, size)
            loading(bench, f"{family} prefixes", size, plain, times, changed)


def bench_services(bench):
    for size in (10, 1_000) if bench.quick else (10, 100, 1_000, 5_000):
        policy = policies.services(bench, size)
        times = turns(bench, size) if size < 1_000 else 3
        loading(bench, "services", size, policy, times)
        agree = lambda: bench.must_agree(policy)
        restore = shutil.which("iptables-restore")
        if restore:
            rules = bench.write("rules.v4", policies.iptables(size))
            bench.compare(
                "services: apply", size, times, bench.apply(policy), [restore, rules], flush, agree,
                their_check=lambda: policies.must_be_loaded(size, "INPUT"))
        if ufw.version():
            rules = ufw.Ufw(bench.folder / f"ufw-{size}", size)
            bench.compare(
                "services: apply", size, min(times, 5), bench.apply(policy),
                rules.command("--force", "enable"), flush, agree, their_check=rules.must_be_loaded)
        flush()


def bench_bans(bench):
    """One more ban, its end, and other commands, beside thousands of bans; nft adds an element with a timeout."""
    policy = bench.write("bans.yaml", "version: 1\nservices:\n  ssh: {ports: 22, from: any, optional: true, why: bench}\n")
    run(bench.apply(policy))
    run(["nft", "add table inet plain; add set inet plain banned { type ipv4_addr; flags timeout; }"])
    element = ["nft", "add element inet plain banned { 203.0.113.9 timeout 2h }"]
    here = bench.options()
    state = here[1:]
    ban = lambda address: bench.portreeve("ban", address, "--for", "2h", "--why", "bench", "--quiet", *state)
    unban = bench.portreeve("unban", "203.0.113.9", "--quiet", *state)
    size = 100 if bench.quick else 5_000
    for number in range(size):
        run(ban(f"198.18.{number // 250}.{1 + number % 250}"))
    times = turns(bench, 1_000)
    bench.compare("bans: one more", size, times, ban("203.0.113.9"), element, lambda: run(unban))
    bench.compare("bans: one less", size, times, unban, element, lambda: run(ban("203.0.113.9")))
    listing = ["nft", "list", "ruleset"]
    for command in ("status", "verify"):
        bench.compare(
            f"bans: {command}", size, times, bench.portreeve(command, policy, *here), listing, statuses=(0, 2))
    bench.compare("bans: apply beside them", size, times, bench.apply(policy), listing, touch)
    flush()


def flush():
    """Deletes every rule in the bench's namespace."""
    run(["nft", "flush", "ruleset"])


def bench_listeners(bench):
    # In its own process namespace, so that the other processes of the machine do not count.
    rows = namespaces.among_own_processes(lambda: listening(bench))
    if rows is None:
        bench.omitted.append("listeners: no process namespace could be had; all processes of the machine were looked at")
        rows = listening(bench)
    bench.rows += [row for row in rows if row not in bench.rows]


def listening(bench):
    policy = bench.write("listeners.yaml", (
        "version: 1\nservices:\n"
        f"  all: {{ports: {listeners.FIRST}-{listeners.FIRST + 9_999}/tcp, from: 0.0.0.0/0, why: bench}}\n"))
    verify = bench.portreeve("verify", policy, "--only", "listeners", "--quiet", *bench.options())
    own = Bench(bench.binary, bench.folder, bench.quick)
    run(bench.apply(policy))
    for in_units in (True, False):
        for size in (100, 1_000) if bench.quick else (100, 1_000, 10_000):
            with listeners.listening(size, in_units) as has_units:
                if has_units == in_units:
                    case = "listeners: verify" if in_units else "listeners: verify, no units"
                    own.compare(case, size, 2 * turns(bench, size), verify, ["ss", "-Hlntup"])
    flush()
    own.close()
    return own.rows


def bench_connections(bench):
    rows = namespaces.among_own_processes(lambda: connecting(bench))
    if rows is None:
        bench.omitted.append("connections: no process namespace could be had; all processes of the machine were looked at")
        rows = connecting(bench)
    bench.rows += [row for row in rows if row not in bench.rows]


def connecting(bench):
    """The sessions of a host whose conntrack knows each connection."""
    policy = bench.write("connections.yaml", "version: 1\nservices: {all: {ports: 20000-20999/tcp, from: any, why: bench}}\n")
    own = Bench(bench.binary, bench.folder, bench.quick)
    run(["ip", "link", "set", "lo", "up"])
    run(bench.apply(policy))
    sessions = bench.portreeve("sessions", policy, *bench.options())
    for size in (1_000, 10_000) if bench.quick else (1_000, 10_000, 50_000):
        with connections.connected(size):
            own.compare("connections: sessions", size, turns(bench, size), sessions, ["ss", "-Hntup"])
            lines = run(sessions).count("\n") - 2
            if lines != size:
                sys.exit(f"portreeve sessions lists {lines} of {size} connections")
    flush()
    own.close()
    return own.rows


def bench_neighbours(bench):
    """Commands that say who gets in, beside rules of other programs; listing them is the other program's work."""
    policy = bench.write("neighbours.yaml", neighbours.POLICY)
    wider = bench.write("neighbours-wider.yaml", neighbours.POLICY.replace("30000", "30001"))
    here = [*bench.options()]
    commands = dict(
        verify=[bench.portreeve("verify", policy, *here), (0, 2)], plan=[bench.portreeve("plan", wider, *here), (0,)],
        status=[bench.portreeve("status", policy, *here), (0,)],
        explain=[bench.portreeve("explain", neighbours.CLIENT, "22", policy, *here), (0, 2)])
    for shape, size, text in neighbours.rulesets(bench.quick):
        flush()
        run(bench.apply(policy))
        run(["nft", "-f", bench.write("neighbours.nft", text)])
        theirs = [bench.time(["nft", "list", "ruleset"]) for _ in range(3)]
        for name, (command, statuses) in commands.items():
            bench.compare(
                f"{name} beside {shape}", size, 3, command, ["nft", "list", "ruleset"], known=theirs, statuses=statuses)
    flush()


def bench_packets(bench):
    packets.measure(bench, run, (10, 1_000) if bench.quick else (10, 5_000))


def bench_directions(bench):
    directions.measure(bench, run, (10, 1_000) if bench.quick else (10, 5_000))


def bench_shapes(bench):
    shapes.measure(bench, run, (10, 1_000) if bench.quick else (10, 100, 1_000, 5_000))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--quick", action="store_true", help="small sizes, few turns: about a minute")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument(
        "--only", default=",".join(CASES), help="some of " + ", ".join(CASES) + "; or " + ", ".join(MORE))
    arguments = parser.parse_args()
    cases = arguments.only.split(",")
    for case in cases:
        if case not in CASES + MORE:
            parser.error(f"no such case: {case}")
    if os.environ.get("PORTREEVE_BENCH_UNSHARED") != "1":
        os.environ["PORTREEVE_BENCH_UNSHARED"] = "1"
        mapping = [] if os.geteuid() == 0 else ["--map-root-user"]
        os.execvp("unshare", ["unshare", *mapping, "--net", sys.executable, str(HERE), *sys.argv[1:]])
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    with tempfile.TemporaryDirectory(prefix="portreeve-bench-") as folder:
        bench = Bench(os.path.realpath(arguments.binary), pathlib.Path(folder), arguments.quick)
        start = time.monotonic()
        for case in cases:
            before = time.monotonic()
            globals()[f"bench_{case}"](bench)
            print(f"{case}: {time.monotonic() - before:.0f} s", file=sys.stderr, flush=True)
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        bench.print(arguments.json, (
            f"{time.monotonic() - start:.0f} s on {os.cpu_count()} processors, Linux {os.uname().release}"
            + "".join(f"; not installed: {tool}" for tool in missing)))
        bench.close()


if __name__ == "__main__":
    main()
