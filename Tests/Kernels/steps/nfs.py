"""The kernel's own NFS server: no process holds its socket, and it is declared like any other service."""

import pathlib
import socket
import struct

from machine import Host
from steps.packets import APP, BRIEF, HERE, PATIENT

POLICY = """
version: 1
sources:
  peer: [10.20.1.5, "fd00:20:1::5"]
services:
  ssh: {ports: 22, from: peer, optional: true, why: Administration}
"""
NFS = "  nfs: {ports: 2049, from: peer, why: Home directories}\n"
OTHER = {4: "10.20.1.6", 6: "fd00:20:1::6"}
CONTROL = pathlib.Path("/proc/fs/nfsd")


def run(options, checks):
    host, peer = Host(options.binary, checks), Host(options.binary, checks)
    host.joined(peer, ["10.20.1.1/24", "fd00:20:1::1/64"], ["10.20.1.5/24", "fd00:20:1::5/64", "10.20.1.6/24", "fd00:20:1::6/64"])
    started = start(host)
    if options.sets_clock:
        checks(started, "the machine's kernel has an NFS server")
    if not started:
        return "not tried: the kernel has no NFS server"
    host.apply(host.write("without.yaml", POLICY))
    found = host.portreeve("verify", host.write("without.yaml", POLICY), "--only", "listeners", "--format", "json")
    named = [(finding["id"], finding.get("port"), finding.get("process")) for finding in found.json["findings"]]
    checks(named == [("undeclared-listener", 2049, None)], f"the server is found, without a process: {named}")
    policy = host.write("with.yaml", POLICY + NFS)
    answers(host, peer, [(APP, False), (OTHER, False)])
    host.apply(policy)
    answers(host, peer, [(APP, True), (OTHER, False)])
    host.expect(0, "verify", policy)
    control(host, "threads", "0\n")
    ended = host.portreeve("verify", policy)
    checks(ended.status == 2 and "[missing-listener]" in ended.output, f"a server that has ended is missing: {ended}")
    return None


def control(host, name, value):
    with host.network.entered():
        (CONTROL / name).write_text(value)


def start(host):
    """Starts a server of NFS 4 alone, which needs no rpcbind, on IPv4 and IPv6; `False` if the kernel has none."""
    if host.run("modprobe", "nfsd").status != 0 or host.run("mount", "-t", "nfsd", "nfsd", str(CONTROL)).status != 0:
        return False
    with host.network.entered():
        versions = (CONTROL / "versions").read_text().split()
        (CONTROL / "versions").write_text(" ".join("-" + version[1:] for version in versions if version[1:] in ("2", "3")) + "\n")
        server = socket.create_server(("::", 2049), family=socket.AF_INET6, dualstack_ipv6=True)
        with server:
            # nfsd(7): the socket is the kernel's from then on.
            (CONTROL / "portlist").write_text(f"{server.fileno()}\n")
        (CONTROL / "threads").write_text("1\n")
    return True


def answers(host, peer, expected):
    for sources, passes in expected:
        for version in (4, 6):
            said = null_call(peer, version, sources[version], PATIENT if passes else BRIEF)
            host.check(said == passes, f"a call from {sources[version]} is {'answered' if passes else 'not answered'}")


def null_call(peer, version, source, patience):
    """Whether procedure 0 of NFS 4 is answered, RFC 5531 9 and 11."""
    with peer.network.entered():
        client = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6)
    with client:
        client.settimeout(patience)
        client.bind((source, 0))
        try:
            client.connect((HERE[version], 2049))
            call = struct.pack(">10I", 7, 0, 2, 100003, 4, 0, 0, 0, 0, 0)
            client.sendall(struct.pack(">I", 1 << 31 | len(call)) + call)
            answer = client.recv(64)
        except OSError:
            return False
    # The mark, then the number of the call, REPLY and MSG_ACCEPTED.
    return len(answer) >= 16 and struct.unpack(">4I", answer[:16])[1:] == (7, 1, 0)
