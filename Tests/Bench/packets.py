"""The cost of one packet: UDP over a veth pair, on one core, where every packet is a new flow or all belong to one.

Frames go out through a packet socket, so that the sender's stack does nothing; the veth pair hands them to the receiver's
stack on the same core before the call returns. Every ruleset is loaded once in its own namespace, and all are measured in
turns, so that a busy moment slows all of them. The cost of connection tracking alone, which all of them need, is subtracted.
"""

import gc
import os
import shutil
import socket
import statistics
import struct
import time

import policies
import ufw
from namespaces import Network

SOURCE, DESTINATION = "10.0.0.1", "10.0.0.2"
HERS, MINE = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
REFUSED, CLIENT = 9_999, 4_000
COUNT, CHUNK, WARM = 10_000, 500, 100
# Microseconds below the noise: no ratio is computed from them.
NOISE = 0.2
KINDS = ("accepted", "refused", "established")
# Connection tracking and nothing else.
NONE = (
    "table inet plain { chain input { type filter hook input priority 0; "
    f"ct state invalid drop; udp dport {REFUSED} drop; }}; }}\n")


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def frame(port, source_port, source):
    """An Ethernet frame with an empty UDP datagram that has no checksum."""
    header = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(DESTINATION))
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return MINE + HERS + b"\x08\x00" + header + struct.pack(">HHHH", source_port, port, 8, 0)


def flows(port, source="10.16.0.1"):
    """The most new flows sent at once; the conntrack table is emptied before each time."""
    return [frame(port, 1_024 + index, source) for index in range(COUNT)]


class Lane:
    """A namespace with a ruleset, and another that sends to it over a veth pair."""

    def __init__(self, run, load):
        self.receiver, self.sender = Network(), Network()
        with self.receiver.entered():
            run(["ip", "link", "add", "bench0", "type", "veth", "peer", "name", "bench1", "netns", self.sender.path])
            run(["ip", "link", "set", "bench0", "address", "02:00:00:00:00:02", "up"])
            run(["ip", "address", "add", DESTINATION + "/8", "dev", "bench0"])
            self.connections = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
            load()
        with self.sender.entered():
            run(["ip", "link", "set", "bench1", "address", "02:00:00:00:00:01", "up"])
            run(["ip", "address", "add", SOURCE + "/8", "dev", "bench1"])
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.wire.bind(("bench1", 0))
            self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.client.bind((SOURCE, CLIENT))

    def close(self):
        for each in (self.connections, self.wire, self.client, self.receiver, self.sender):
            each.close()

    def forget(self):
        """Empties the namespace's conntrack table: IPCTNL_MSG_CT_DELETE of linux/netfilter/nfnetlink_conntrack.h."""
        self.connections.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 1 | 4, 1, 0, socket.AF_UNSPEC, 0, 0))
        answer = self.connections.recv(4_096)
        if struct.unpack_from("=i", answer, 16)[0] != 0:
            raise OSError("the table of connections could not be emptied")

    def establish(self, receiver):
        """Establishes the flow in both directions."""
        self.client.sendto(b"", receiver.getsockname())
        _, sender = receiver.recvfrom(16)
        receiver.sendto(b"", sender)

    def cost(self, frames, port, is_established=False):
        """Microseconds per packet: the median over several short periods."""
        with self.receiver.entered():
            # For accepted packets; when its buffer is full, the rest is dropped after the ruleset.
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with receiver:
            receiver.bind((DESTINATION, port))
            receiver.settimeout(5)
            if is_established:
                self.establish(receiver)
            try:
                return self.send(frames)
            finally:
                self.forget()

    def send(self, frames):
        send, whiles = self.wire.send, []
        for each in frames[:WARM]:
            send(each)
        for first in range(WARM, len(frames), CHUNK):
            some = frames[first : first + CHUNK]
            start = time.perf_counter()
            for each in some:
                send(each)
            whiles.append((time.perf_counter() - start) / len(some))
        return statistics.median(whiles) * 1e6


class Track:
    """Lanes by name, measured in turns on one core."""

    def __init__(self, run):
        self.run, self.lanes = run, {}
        self.times = {}

    def __enter__(self):
        self.processors = os.sched_getaffinity(0)
        return self

    def __exit__(self, *_):
        for lane in self.lanes.values():
            lane.close()

    def add(self, name, load):
        self.lanes[name] = Lane(self.run, load)

    def measure(self, name, kind, frames, port, is_established=False):
        os.sched_setaffinity(0, {min(self.processors)})
        gc.disable()
        try:
            took = self.lanes[name].cost(frames, port, is_established)
        finally:
            gc.enable()
            os.sched_setaffinity(0, self.processors)
        self.times.setdefault((name, kind), []).append(took)

    def whole(self, name, kind):
        """The median time of a packet, all told."""
        return statistics.median(self.times[name, kind])

    def cost(self, name, kind, without):
        """The median of the time over the lane `without`, turn by turn."""
        return statistics.median(
            mine - none for mine, none in zip(self.times[name, kind], self.times[without, kind]))


def shapes_of_users(bench, run, size):
    """The alternatives to portreeve by name: the text of a ruleset, or a function that loads it."""
    plain = bench.write(f"plain-{size}.nft", policies.rules(size))
    found = {"nft, one rule per service and source": lambda: run(["nft", "-f", plain])}
    if shutil.which("iptables-nft-restore"):
        rules = bench.write(f"plain-{size}.v4", policies.iptables(size, policy="DROP"))
        found["iptables-nft, one rule per service and source"] = lambda: run(["iptables-nft-restore", rules])
    if ufw.version():
        found["ufw, one rule per service and source"] = ufw.Ufw(bench.folder / f"packets-ufw-{size}", size).enable
    return found


def fast(track, names, sizes, turns):
    """Measures lanes that cost about the same, many times."""
    frames = {port: flows(port) for port in {REFUSED, *map(policies.last_port, sizes.values())}}
    for _ in range(turns):
        for name in names:
            port = policies.last_port(sizes[name])
            track.measure(name, "accepted", frames[port], port)
            track.measure(name, "refused", frames[REFUSED], port)
            track.measure(name, "established", [frame(port, CLIENT, SOURCE)] * COUNT, port, True)


def slow(track, names, size, turns):
    """Measures lanes where a packet may take a millisecond."""
    port, count = policies.last_port(size), COUNT if size <= 100 else WARM + CHUNK
    frames = {REFUSED: flows(REFUSED)[:count], port: flows(port)[:count]}
    for _ in range(turns):
        for name in names:
            track.measure(name, "accepted", frames[port], port)
            track.measure(name, "refused", frames[REFUSED], port)
            track.measure(name, "established", [frame(port, CLIENT, SOURCE)] * COUNT, port, True)


def measure(bench, run, sizes):
    """Keeps rows for new flows accepted and refused and for an established one, to the service declared last."""
    with Track(run) as track:
        policies_of = {size: policies.services(bench, size) for size in sizes}
        ours = {size: f"portreeve, {size:,} services" for size in sizes}
        nothing = bench.write("none.nft", NONE)
        track.add("none", lambda: run(["nft", "-f", nothing]))
        for size in sizes:
            state = f"state-{size}"
            track.add(ours[size], lambda: run(bench.apply(policies_of[size], state)))
        theirs = {size: shapes_of_users(bench, run, size) for size in sizes}
        for size in sizes:
            for name, load in theirs[size].items():
                track.add((name, size), load)
        few = min(sizes)
        sized = {"none": few, **{ours[size]: size for size in sizes}}
        fast(track, list(sized), sized, 5 if bench.quick else 41)
        for size in sizes:
            slow(track, [(name, size) for name in theirs[size]], size, 3 if bench.quick else 5)
        for size in sizes:
            with track.lanes[ours[size]].receiver.entered():
                bench.must_agree(policies_of[size])
        keep(bench, track, sizes, ours, theirs)


def keep(bench, track, sizes, ours, theirs):
    none = {kind: track.whole("none", kind) for kind in KINDS}
    few, many = min(sizes), max(sizes)
    for kind in KINDS:
        for size in sizes:
            mine = track.cost(ours[size], kind, "none")
            for name in theirs[size]:
                other = track.whole((name, size), kind) - none[kind]
                bench.keep(
                    f"packets: {kind}", size, name, mine, other, mine / other if other > NOISE else None, unit="us")
    for kind in KINDS:
        first, second = (track.cost(ours[size], kind, "none") for size in (many, few))
        bench.keep(
            f"packets: {kind}, over no firewall", many, ours[few], first, second,
            first / second if second > NOISE else None, unit="us")
        first, second = (track.whole(ours[size], kind) for size in (many, few))
        bench.keep(f"packets: {kind}, all told", many, ours[few], first, second, first / second, unit="us")
