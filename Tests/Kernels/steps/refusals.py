"""Refused packets are counted with their reasons: from a netlink group, and, on a machine of its own, from the kernel's log."""

import json
import pathlib
import socket
import subprocess
import time

from machine import Host

HERE, PEER = "10.20.2.1", "10.20.2.5"
HERE6, PEER6 = "fd00:20:2::1", "fd00:20:2::5"
LOG_ALL = pathlib.Path("/proc/sys/net/netfilter/nf_log_all_netns")
POLICY = """
version: 1
defaults: {{log: {log}, inbound: reject}}
services:
  ssh: {{ports: 22, from: 198.51.100.0/24, why: Administration}}
  site: {{ports: 80, from: any, why: Site}}
"""
# So fast that each packet has its line: the limit lets five through at once.
RATE = "1000000/second"
NETLINK, KERNEL = f"{{rate: {RATE}, to: netlink, group: 9}}", RATE
WANTED = {(PEER, "tcp", 22, "not-in-from"): 1, (PEER, "udp", 69, "no-service"): 2, (PEER6, "tcp", 23, "no-service"): 1}
# With the entry of conntrack the dialled port is known; neither the kernel's log nor a kernel without
# CONFIG_NETFILTER_NETLINK_GLUE_CT passes it.
DIALLED = {(PEER, "tcp", 8001, "no-service"): 1, (PEER, "tcp", 8002, "no-service"): 1}
UNKNOWN = {(PEER, "tcp", None, None): 2}


def run(options, checks):
    host, peer = Host(options.binary, checks), Host(options.binary, checks)
    host.joined(peer, [f"{HERE}/24", f"{HERE6}/64"], [f"{PEER}/24", f"{PEER6}/64"])
    policy = host.write("policy.yaml", POLICY.format(log=NETLINK))
    host.apply(policy)
    publish(host)
    watched(options, host, peer, policy, checks)
    host.write("policy.yaml", POLICY.format(log=KERNEL))
    host.apply(policy)
    if options.sets_clock:
        logged(host, peer, policy, checks)
    else:
        refused = host.expect(1, "refusals", policy)
        checks("to: netlink" in refused.errors, f"a namespace is told of netlink: {refused}")
    host.close()
    peer.close()
    return None if options.sets_clock else "without the kernel's log, which has the packets of the host alone"


def knock(peer):
    """One packet each: the host answers with a reset or an ICMP error."""
    with peer.network.entered():
        for family, address, port in [(socket.AF_INET, HERE, 22), (socket.AF_INET6, HERE6, 23)]:
            with socket.socket(family) as client:
                client.settimeout(5)
                try:
                    client.connect((address, port))
                except OSError:
                    pass
        for port in (8001, 8002):
            with socket.socket() as client:
                client.settimeout(5)
                try:
                    client.connect((HERE, port))
                except OSError:
                    pass
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for _ in range(2):
                client.sendto(b"x", (HERE, 69))


def publish(host):
    """Two ports of the host lead to one of a container: conntrack alone has the port that was dialled."""
    host.load("""
table ip nat {
    chain pre { type nat hook prerouting priority dstnat; tcp dport { 8001, 8002 } dnat to 10.20.3.2:80; }
}
""")
    host.run("sh", "-ec", "echo 1 > /proc/sys/net/ipv4/ip_forward; ip link add inner type veth peer name outer; ip link set inner up; ip link set outer up")
    host.run("ip", "address", "add", "10.20.3.1/24", "dev", "inner")


def counted(members):
    found = {}
    for row in members:
        key = (row["source"], row["protocol"], row["port"], row["reason"])
        found[key] = found.get(key, 0) + row["count"]
    return found


def watched(options, host, peer, policy, checks):
    with host.network.entered():
        command = [options.binary, "refusals", policy, "--watch", "--format", "json", "--state-dir", str(host.folder / "state")]
        told = host.folder / "refusals"
        watch = subprocess.Popen(command, stdout=told.open("w"))
    listeners = pathlib.Path(f"/proc/{watch.pid}/net/netfilter/nfnetlink_log")
    until = time.monotonic() + 60
    while not any(line.split()[:1] == ["9"] for line in listeners.read_text().splitlines()) and time.monotonic() < until:
        time.sleep(0.05)
    knock(peer)
    wanted = WANTED | (DIALLED if options.sets_clock else UNKNOWN)
    until = time.monotonic() + 60
    while sum(rows(told).values()) < sum(wanted.values()) and time.monotonic() < until:
        time.sleep(0.2)
    # A packet that was counted twice would still come.
    time.sleep(0.5)
    watch.terminate()
    watch.wait(60)
    found, output = rows(told), told.read_text()
    checks(watch.returncode == 0 and found == wanted, f"the netlink group has every refusal: {watch.returncode} {output}")


def rows(file):
    """The counts of the whole lines."""
    return counted(json.loads(line) for line in file.read_text().splitlines(keepends=True) if line.endswith("\n"))


def logged(host, peer, policy, checks):
    before = LOG_ALL.read_text()
    LOG_ALL.write_text("1")
    forged = "portreeve refused: IN=wire OUT= SRC=192.0.2.66 DST=10.20.2.1 LEN=40 TTL=64 PROTO=TCP SPT=1 DPT=22 SYN "
    pathlib.Path("/dev/kmsg").write_text(f"<4>{forged}\n")
    knock(peer)
    time.sleep(0.5)
    report = host.expect(0, "refusals", policy, "--since", "5m", "--format", "json").json
    checks(counted(report["refusals"]) == WANTED | UNKNOWN, f"the kernel's log has every refusal, and no forged one: {report}")
    checks(any("nf_log_all_netns" in doubt for doubt in report["unknown"]), f"other namespaces are mentioned: {report['unknown']}")
    LOG_ALL.write_text(before)
