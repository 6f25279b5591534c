"""The cost of one packet that is forwarded to another port, and of one that this host sends, at few and at many lines.

Forwarded packets come as those of `packets` do. Those that this host sends are empty datagrams of one socket to addresses that
differ, so that each begins a new flow; the other end of the veth pair drops them.
"""

import gc
import os
import socket
import statistics
import time

import packets
import policies

# The port of this host to which forwards lead.
TARGET = 9_000
# The lowest address of the destinations.
FAR = 0x0B000000
SENT = ("let out", "refused", "of one flow")
# Connection tracking and nothing else, in both directions.
NONE = packets.NONE.replace("}; }}", "} chain out { type filter hook output priority 0; ct state invalid drop; }; }")
REJECTED = "version: 1\ndefaults: {outbound: reject}\nservices: {}\noutbound:\n"


def forwards(bench, count):
    """A policy of `count` forwards to another port of this host, each open to three prefixes."""
    lines = "".join(
        f"  f{index}: {{ports: {policies.FIRST + index}/udp, to: ':{TARGET}', from: [{', '.join(policies.SOURCES)}], why: bench}}\n"
        for index in range(count))
    return bench.write(f"forwards-{count}.yaml", "version: 1\nservices: {}\nforward:\n" + lines)


def lines(bench, count):
    """A policy of `count` lines of outbound, each of one port and three prefixes."""
    text = "".join(
        f"  o{index}: {{ports: {policies.FIRST + index}/udp, to: [11.0.0.0/8, {', '.join(policies.SOURCES)}], why: bench}}\n"
        for index in range(count))
    return bench.write(f"outbound-{count}.yaml", REJECTED + text)


class Lane(packets.Lane):
    """A namespace with a ruleset that also sends, to any address."""

    def __init__(self, run, load):
        super().__init__(run, load)
        with self.receiver.entered():
            run(["ip", "neigh", "replace", packets.SOURCE, "lladdr", "02:00:00:00:00:01", "dev", "bench0"])
            run(["ip", "route", "add", "default", "via", packets.SOURCE])
            self.out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.out.bind((packets.DESTINATION, packets.CLIENT))

    def close(self):
        self.out.close()
        super().close()

    def leave(self, ends, count):
        """Microseconds per datagram to these ends in turn: the median over several short periods."""
        send, whiles = self.out.sendto, []
        try:
            for first in range(0, count, packets.CHUNK):
                some = ends[first : first + packets.CHUNK]
                start = time.perf_counter()
                for end in some:
                    try:
                        send(b"", end)
                    except PermissionError:
                        pass
                whiles.append((time.perf_counter() - start) / len(some))
            return statistics.median(whiles) * 1e6
        finally:
            self.forget()


class Track(packets.Track):
    def add(self, name, load):
        self.lanes[name] = Lane(self.run, load)

    def measure_sent(self, name, kind, ends):
        os.sched_setaffinity(0, {min(self.processors)})
        gc.disable()
        try:
            took = self.lanes[name].leave(ends, packets.COUNT)
        finally:
            gc.enable()
            os.sched_setaffinity(0, self.processors)
        self.times.setdefault((name, kind), []).append(took)


def ends(port, one=False):
    """The destinations of datagrams: each a new flow, or all of one."""
    return [(socket.inet_ntoa((FAR + (0 if one else index)).to_bytes(4, "big")), port) for index in range(packets.COUNT)]


def measure(bench, run, sizes):
    """Rows for each kind of packet: with few and with many lines, and with a policy that has none of them."""
    few, many = min(sizes), max(sizes)
    plain = {"nothing loaded": None, "neither": policies.services(bench, few)}
    for title, build, kinds in (("forward", forwards, ("forwarded", "refused")), ("outbound", lines, SENT)):
        policies_of = {**plain, **{f"{size:,} lines": build(bench, size) for size in sizes}}
        with Track(run) as track:
            nothing = bench.write("none.nft", NONE)
            for name, policy in policies_of.items():
                command = bench.apply(policy, f"state-{title}-{name.replace(' ', '-')}") if policy else ["nft", "-f", nothing]
                track.add(name, lambda: run([*command, "--force"] if policy else command))
            for _ in range(5 if bench.quick else 21):
                for name in policies_of:
                    port = policies.last_port(many if name.startswith(f"{many:,}") else few)
                    for kind in kinds:
                        sample(track, title, name, kind, port)
            for name, policy in policies_of.items():
                if policy:
                    with track.lanes[name].receiver.entered():
                        bench.must_agree(policy)
            keep(bench, track, title, kinds, few, many)


def sample(track, title, name, kind, port):
    if title == "forward":
        dialled = port if kind == "forwarded" else packets.REFUSED
        # Without a forward the port itself has the socket.
        listening = TARGET if name.endswith("lines") else dialled
        track.measure(name, kind, packets.flows(dialled), listening)
    else:
        track.measure_sent(name, kind, ends(packets.REFUSED if kind == "refused" else port, kind == "of one flow"))


def keep(bench, track, title, kinds, few, many):
    names = {size: f"{size:,} lines" for size in (few, many)}
    for kind in kinds:
        without = track.cost("neither", kind, "nothing loaded")
        for size, name in names.items():
            bench.keep(
                f"{title}: {kind}", size, f"portreeve, no {title}", track.cost(name, kind, "nothing loaded"), without, None,
                unit="us")
        first, second = (track.whole(names[size], kind) for size in (many, few))
        bench.keep(f"{title}: {kind}, all told", many, f"portreeve, {few} lines", first, second, first / second, unit="us")
