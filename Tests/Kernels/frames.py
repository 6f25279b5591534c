"""Packets with any source address, sent into this network namespace over a veth pair with both ends in it."""

import ipaddress
import socket
import struct
import subprocess

ETH_P_ALL = 3
# The hardware addresses of `out0` and `in0`.
FROM, TO = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
HERE = {4: "198.18.0.1", 6: "fd99::1"}


def total(data):
    """The internet checksum (RFC 1071)."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    value = sum(words)
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return ~value & 0xFFFF


class Wire:
    """Both ends of a cable: packets sent into `out0` arrive on `in0`, which has the addresses of HERE."""

    def __init__(self):
        for command in [f"link add out0 type veth peer name in0 address {TO.hex(':')}", "addr add 198.18.0.1/24 dev in0", "link set lo up", "link set out0 up",
                        "link set in0 up", "addr add fd99::1/64 dev in0 nodad"]:
            subprocess.run(["ip", *command.split()], check=True)
        for name in ["all", "in0"]:
            with open(f"/proc/sys/net/ipv4/conf/{name}/rp_filter", "w") as file:
                file.write("0")
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind(("out0", 0))

    def send(self, protocol, source, port, source_port):
        """The first packet of a connection to the port: a SYN for `tcp`, else a datagram."""
        source = ipaddress.ip_address(source)
        here = ipaddress.ip_address(HERE[source.version])
        number = socket.IPPROTO_TCP if protocol == "tcp" else socket.IPPROTO_UDP
        if protocol == "tcp":
            head, tail = struct.pack("!HHIIBBH", source_port, port, 1, 0, 5 << 4, 2, 64240), b"\0\0"
        else:
            head, tail = struct.pack("!HHH", source_port, port, 8), b""
        length = len(head) + 2 + len(tail)
        pseudo = source.packed + here.packed + struct.pack("!II", length, number)
        payload = head + struct.pack("!H", total(pseudo + head + b"\0\0" + tail) or 0xFFFF) + tail
        if source.version == 4:
            start, end = struct.pack("!BBHHHBB", 0x45, 0, 20 + length, 0, 0, 64, number), source.packed + here.packed
            packet = start + struct.pack("!H", total(start + b"\0\0" + end)) + end + payload
        else:
            packet = struct.pack("!IHBB", 6 << 28, length, number, 64) + source.packed + here.packed + payload
        kind = 0x0800 if source.version == 4 else 0x86DD
        self.socket.send(TO + FROM + struct.pack("!H", kind) + packet)
