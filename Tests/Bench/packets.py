"""What one packet costs: UDP over a veth pair, on one core, made so that every packet is a new flow, or all are one.

Frames go out through a packet socket, so that the sender's stack does nothing; the veth pair hands them to the receiver's
stack on the same core before the call returns. What it takes without any ruleset is taken off.
"""

import os
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import time

SOURCE, DESTINATION = "10.0.0.1", "10.0.0.2"
HERS, MINE = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
REFUSED = 9_999
# Microseconds that say nothing: a ratio of them neither.
NOISE = 0.2
SHAPES = ("accepted", "refused", "established")
LINEAR, IPTABLES = "nft, one rule a service and source", "iptables-nft, one rule a service and source"


def rules(size):
    """One rule a service and source, as people write them, and as ufw and iptables users have them."""
    lines = "".join(
        f"add rule inet plain input udp dport {10_000 + index} ip saddr {source} counter accept\n"
        for index in range(size) for source in ("10.0.0.0/9", "172.16.0.0/12", "192.168.0.0/17"))
    return (
        "table inet plain { chain input { type filter hook input priority 0; policy drop;\n"
        "ct state established,related accept\niif lo accept\n}; }\n" + lines)


def iptables(size, policy="ACCEPT"):
    """The same for iptables-restore."""
    lines = "".join(
        f"-A INPUT -p udp --dport {10_000 + index} -s {source} -j ACCEPT\n"
        for index in range(size) for source in ("10.0.0.0/9", "172.16.0.0/12", "192.168.0.0/17"))
    return (
        f"*filter\n:INPUT {policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n" + lines + "COMMIT\n")


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


class Wire:
    """A veth pair to a namespace of its own, and what sends from there."""

    def __init__(self, run):
        self.run = run
        self.peer = subprocess.Popen(["unshare", "--net", "sleep", "600"], start_new_session=True)
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.peer.pid}/ns/net") == own:
            time.sleep(0.01)
        run(["ip", "link", "add", "bench0", "type", "veth", "peer", "name", "bench1", "netns", str(self.peer.pid)])
        run(["ip", "link", "set", "bench0", "address", "02:00:00:00:00:02", "up"])
        run(["ip", "address", "add", DESTINATION + "/8", "dev", "bench0"])
        self.inside("ip", "link", "set", "bench1", "address", "02:00:00:00:00:01", "up")
        self.inside("ip", "address", "add", SOURCE + "/8", "dev", "bench1")

    def inside(self, *command):
        return self.run(["nsenter", f"--net=/proc/{self.peer.pid}/ns/net", *command])

    def close(self):
        self.peer.send_signal(signal.SIGTERM)
        self.peer.wait()
        self.run(["ip", "link", "delete", "bench0"], (0, 1))

    def cost(self, port, kind, count):
        """Microseconds a packet; the sender is a process of its own in the other namespace, on one core."""
        script = os.path.abspath(__file__)
        return float(self.inside("taskset", "-c", "0", "python3", script, str(port), kind, str(count)).output)


def send(port, kind, count):
    """Sends `count` packets and prints what one took; every packet a new flow unless they are established."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("bench1", 0))
    address = 0x0A100000 + (int(time.time() * 1000) & 0xFFFFF)
    if kind == "established":
        frames = [frame(port, 4_000, SOURCE)] * count
    else:
        frames = [
            frame(port, 1_024 + index % 60_000, socket.inet_ntoa(struct.pack(">I", address + index // 60_000)))
            for index in range(count)]
    for each in frames[:50]:
        wire.send(each)
    start = time.perf_counter()
    for each in frames[50:]:
        wire.send(each)
    print((time.perf_counter() - start) * 1e6 / (count - 50))


def listener(port):
    """A socket for what is accepted; when it is full the rest is dropped behind the ruleset."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind((DESTINATION, port))
    receiver.settimeout(5)
    return receiver


def establish(wire, receiver):
    """Has the kernel know the flow in both directions."""
    wire.inside("python3", "-c", (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
        f"s.bind(('{SOURCE}', 4000)); s.sendto(b'', {receiver.getsockname()})"))
    _, sender = receiver.recvfrom(16)
    receiver.sendto(b"", sender)


def measure(bench, run, size, policy):
    """Rows for new flows accepted and refused and for an established one, to the service declared last."""
    port = 10_000 + size - 1
    plain = bench.write("plain.nft", rules(size))
    clear = lambda: run(["nft", "flush", "ruleset"])
    rulesets = {
        # Connection tracking is part of what any of them does, so it is not what is compared.
        "none": ["nft", (
            "table inet plain { chain input { type filter hook input priority 0; "
            f"ct state invalid drop; udp dport {REFUSED} drop; }}; }}")],
        "ours": bench.apply(policy),
        LINEAR: ["nft", "-f", plain],
    }
    if shutil.which("iptables-nft-restore"):
        rulesets[IPTABLES] = ["iptables-nft-restore", bench.write("plain.v4", iptables(size, policy="DROP"))]
    times = {(name, kind): [] for name in rulesets for kind in SHAPES}
    wire = Wire(run)
    # What was let in is forgotten soon, so that the table of connections does not fill up.
    with open("/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "w") as file:
        file.write("10")
    try:
        for _ in range(3 if bench.quick else 7):
            for name, command in rulesets.items():
                clear()
                run(command)
                if name == "ours":
                    bench.must_agree(policy)
                for kind in SHAPES:
                    # A socket of its own, so that what is read first is not left from the kind before.
                    with listener(port) as receiver:
                        if kind == "established":
                            establish(wire, receiver)
                        slow = name in (LINEAR, IPTABLES) and kind != "established" and size > 100
                        where = REFUSED if kind == "refused" else port
                        times[name, kind].append(wire.cost(where, kind, 1_000 if slow else 10_000))
    finally:
        clear()
        wire.close()
    rows = []
    cost = lambda name, kind: statistics.median(times[name, kind]) - statistics.median(times["none", kind])
    for kind in SHAPES:
        for name in (name for name in (LINEAR, IPTABLES) if name in rulesets):
            mine, others = cost("ours", kind), cost(name, kind)
            rows.append((f"packets: {kind}", size, name, mine, others, mine / others if others > NOISE else None))
    return rows


if __name__ == "__main__":
    import sys

    send(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
