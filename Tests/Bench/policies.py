"""The policies of the bench: lists of sources, services open to three prefixes, and the same rules for other tools."""

import contextlib
import ipaddress
import pathlib
import random
import subprocess

SOURCES = ("10.0.0.0/9", "172.16.0.0/12", "192.168.0.0/17")
FIRST = 10_000


def last_port(size):
    """The port of the last service."""
    return FIRST + size - 1


def ipv4(count, seed=5):
    """Disjoint prefixes spread evenly over the address space, as in a block list."""
    numbers = random.Random(seed)
    low, high = 0x01000000, 0xDF000000
    longest = 26 if count > 200_000 else 24
    for address, length in scattered(numbers, count, 32, low, high, (32, 32, 32, 28, longest)):
        yield ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0)) + f"/{length}"


def ipv6(count, seed=6):
    """The same in 2000::/4."""
    numbers = random.Random(seed)
    for address, length in scattered(numbers, count, 128, 2 << 124, 3 << 124, (128, 64, 64, 56, 48)):
        yield f"{ipaddress.IPv6Address(address)}/{length}"


def scattered(numbers, count, width, low, high, lengths):
    part = (high - low) // count
    for index in range(count):
        length = numbers.choice(lengths)
        size = 1 << (width - length)
        start = -(-(low + index * part) // size) + numbers.randrange(max(1, part // size - 2))
        yield start * size, length


def groups(bench, family, count):
    """Two policies whose one service is open to `count` prefixes of a family; one of them differs."""
    labels = (f"{family}-{count}", f"{family}-{count}-changed")
    plain, changed = ((bench.folder / f"list-{label}.txt").open("w") for label in labels)
    # Outside the range of the others.
    stranger = "224.0.0.1" if family == "IPv4" else "3000::1"
    with plain, changed:
        for index, prefix in enumerate((ipv4 if family == "IPv4" else ipv6)(count)):
            plain.write(prefix + "\n")
            changed.write((stranger if index == count // 2 else prefix) + "\n")
    return [
        bench.write(
            f"{label}.yaml",
            f"version: 1\nsources:\n  big: {{file: list-{label}.txt}}\n"
            "services:\n  ssh: {ports: 22, from: big, why: bench}\n")
        for label in labels]


def first(policy):
    """The first prefix in the list of a policy."""
    return (pathlib.Path(policy).parent / f"list-{pathlib.Path(policy).stem}.txt").read_text().split("\n", 1)[0]


@contextlib.contextmanager
def exchanged(policy, changed):
    """A function that puts the list of the changed policy, or that of the policy, into the place of the policy's list."""
    place, other = (pathlib.Path(each).parent / f"list-{pathlib.Path(each).stem}.txt" for each in (policy, changed))
    lists = {False: place.read_bytes(), True: other.read_bytes()}
    try:
        yield lambda is_changed: place.write_bytes(lists[is_changed])
    finally:
        place.write_bytes(lists[False])


def services(bench, count):
    """A policy of `count` services, each open to three prefixes."""
    lines = "".join(
        f"  s{index}: {{ports: {FIRST + index}/udp, from: [{', '.join(SOURCES)}], why: bench}}\n"
        for index in range(count))
    return bench.write(f"services-{count}.yaml", "version: 1\nservices:\n" + lines)


def rules(size):
    """One rule per service and source, as people write them."""
    lines = "".join(
        f"add rule inet plain input udp dport {FIRST + index} ip saddr {source} counter accept\n"
        for index in range(size) for source in SOURCES)
    return (
        "table inet plain { chain input { type filter hook input priority 0; policy drop;\n"
        "ct state established,related accept\niif lo accept\n}; }\n" + lines)


def iptables(size, policy="ACCEPT"):
    """The same for iptables-restore."""
    lines = "".join(
        f"-A INPUT -p udp --dport {FIRST + index} -s {source} -j ACCEPT\n"
        for index in range(size) for source in SOURCES)
    return (
        f"*filter\n:INPUT {policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n" + lines + "COMMIT\n")


def must_be_loaded(size, chain):
    """Ends the bench unless iptables has a rule for every service and source."""
    listed = subprocess.run(["iptables", "-S", chain], capture_output=True, text=True, check=True).stdout
    found = sum(line.count(" --dport ") for line in listed.split("\n"))
    if found != size * len(SOURCES):
        raise SystemExit(f"chain {chain} has {found} rules for {size} services")
