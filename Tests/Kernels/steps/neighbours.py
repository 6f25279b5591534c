"""Programs of real hosts that need more than ports: keepalived, multicast queriers, DHCP, mDNS, NFS, a cluster's network.

Their packets pass as the policy says, and `verify` has no warning that the policy cannot answer.
"""

import contextlib
import functools
import itertools
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time

from machine import Host
from steps.packets import BRIEF, PATIENT

HERE = "10.20.1.1"
PEER = "10.20.1.5"


def run(options, checks):
    for part in (vrrp, queriers, dhcp, discovery, nfs, cluster):
        host, peer = Host(options.binary, checks), Host(options.binary, checks)
        host.joined(peer, [f"{HERE}/24", "fd00:20:1::1/64"], [f"{PEER}/24", "fd00:20:1::5/64"])
        part(host, peer, checks)


@contextlib.contextmanager
def program(host, *command):
    """A program in the host's namespace, which ends with the block."""
    with host.network.entered():
        log = open(host.folder / "log", "ab")
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def log(host):
    return (host.folder / "log").read_text(errors="replace")[-2000:]


def until(holds, seconds=40):
    """Whether `holds` becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def clean(host, policy, *expected):
    """Asserts that verify finds nothing but these notices."""
    result = host.expect(0, "verify", policy, "--format", "json")
    found = [finding["id"] for finding in result.json["findings"]] if result.status == 0 else result.output
    host.check(found == list(expected), f"verify finds {list(expected)}: {result}")


def found(host, policy):
    return [finding["id"] for finding in host.portreeve("verify", policy, "--format", "json").json["findings"]]


def reaches(host, client, address, port, patience=PATIENT, listening=None, source=""):
    """Whether the client connects to tcp/PORT of an address, where the host, or another, listens on all addresses."""
    owner, served = listening or (host, port)
    with owner.network.entered():
        server = socket.create_server(("", served))
    with client.network.entered():
        end = socket.socket()
    end.settimeout(patience)
    with server, end:
        end.bind((source, 0))
        try:
            end.connect((address, port))
            return True
        except OSError:
            return False


def vrrp(host, peer, checks):
    """Two keepalived share an address: one holds it where each hears the other, both where the policy silences VRRP."""
    closed = "version: 1\nservices: {}\n"
    policies = {end: end.write("vrrp.yaml", f"version: 1\nservices:\n  vrrp: {{protocols: vrrp, from: {other}, process: keepalived, why: Pair}}\n")
                for end, other in ((host, PEER), (peer, HERE))}
    for end, priority in ((host, 150), (peer, 100)):
        end.write("keepalived.conf", f"""global_defs {{\n vrrp_version 3\n}}\nvrrp_instance pair {{
 state BACKUP\n interface wire\n virtual_router_id 51\n priority {priority}\n advert_int 1
 virtual_ipaddress {{\n 10.20.1.100/24\n }}\n}}\n""")

    def holders():
        return [end is host for end in (host, peer) if "10.20.1.100" in end.run("ip", "-4", "address", "show", "dev", "wire").output]

    with contextlib.ExitStack() as running:
        for end in (host, peer):
            names = [f"--{name}={end.folder}/{name}" for name in ("pid", "vrrp_pid", "checkers_pid")]
            running.enter_context(program(end, "keepalived", "--dont-fork", "--log-console", "--no-syslog", "--vrrp", f"--use-file={end.folder}/keepalived.conf", *names))
        checks(until(lambda: holders() == [True]), f"without a policy one keepalived holds the address: {holders()} {log(host)}")
        planned = host.expect(0, "plan", host.write("closed.yaml", closed)).output
        checks("vrrp" in planned and "keepalived" in planned, f"plan names the raw socket: {planned}")
        proposed = host.portreeve("init", "-").output
        checks("protocols: 112" in proposed and "keepalived" in proposed, f"init proposes the protocol: {proposed}")
        for end in (host, peer):
            end.apply(end.write("closed.yaml", closed))
        checks(until(lambda: holders() == [True, False]), f"a policy without VRRP makes both hold it: {holders()}")
        checks("silenced-protocol" in found(host, host.write("closed.yaml", closed)), "verify says that VRRP is silenced")
        for end in (host, peer):
            end.apply(policies[end])
        checks(until(lambda: holders() == [True]), f"with VRRP one gives it up: {holders()}")
        time.sleep(6)
        # On a busy machine an advertisement may come too late once; without the policy's line both would hold it for good.
        checks(until(lambda: holders() == [True]), f"and stays without it: {holders()}")
        for end in (host, peer):
            clean(end, policies[end])


def queriers(host, peer, checks):
    """A bridge that asks for members hears the host's groups, though the policy denies its address."""
    peer.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "1", "mcast_querier", "1", "mcast_query_use_ifaddr", "1",
             "mcast_query_interval", "100", "mcast_startup_query_interval", "50", "mcast_membership_interval", "300",
             "mcast_query_response_interval", "20")
    peer.run("ip", "link", "set", "wire", "master", "br0")
    peer.run("ip", "address", "flush", "dev", "wire")
    peer.run("ip", "address", "add", f"{PEER}/24", "dev", "br0")
    peer.run("ip", "link", "set", "br0", "up")
    own = peer.run("ip", "-6", "-o", "address", "show", "dev", "br0", "scope", "link").output.split()
    address = next((word.split("/")[0] for word in own if word.startswith("fe80:")), "")
    checks(address != "", "the bridge has a link-local address")
    policy = host.write("policy.yaml", f"version: 1\nsources: {{bad: [{PEER}, \"{address}\"]}}\ndeny: bad\nservices: {{}}\n")
    host.apply(policy)
    with host.network.entered():
        raw = {kind: socket.socket(family, socket.SOCK_RAW, number)
               for kind, family, number in (("IGMP", socket.AF_INET, 2), ("MLD", socket.AF_INET6, 58))}
        member4, member6 = socket.socket(type=socket.SOCK_DGRAM), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        index = socket.if_nametoindex("wire")
    member4.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.2.3") + socket.inet_aton(HERE))
    member6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, "ff05::1:23") + struct.pack("@I", index))

    def queried(kind):
        raw[kind].settimeout(0.2)
        try:
            packet = raw[kind].recv(2048)
        except OSError:
            return False
        # A raw IPv4 socket receives the header, whose length is in its first byte.
        return packet[(packet[0] & 15) * 4] == 0x11 if kind == "IGMP" else packet[0] == 130

    def groups():
        return peer.run("bridge", "mdb", "show", "dev", "br0").output

    for kind in raw:
        checks(until(lambda: queried(kind)), f"a query of {kind} reaches the host")
    checks(until(lambda: "239.1.2.3" in groups() and "ff05::1:23" in groups()), f"the bridge knows the groups: {groups()}")
    # Without an answer the bridge forgets a member after three seconds.
    time.sleep(7)
    checks("239.1.2.3" in groups() and "ff05::1:23" in groups(), f"and knows them still: {groups()}")
    clean(host, policy)


def dhcp(host, peer, checks):
    """dnsmasq on a bridge gives addresses to a client, where its port is open to clients without an address."""
    host.run("ip", "link", "add", "br0", "type", "bridge")
    host.run("ip", "link", "set", "wire", "master", "br0")
    host.run("ip", "address", "flush", "dev", "wire")
    host.run("ip", "address", "add", "10.30.0.1/24", "dev", "br0")
    host.run("ip", "link", "set", "br0", "up")
    peer.run("ip", "address", "flush", "dev", "wire")
    lease = peer.folder / "lease"
    hook = peer.write("hook", f"#!/bin/sh\n[ \"$1\" = bound ] && echo \"$ip\" >{lease}\nexit 0\n")
    os.chmod(hook, 0o755)

    def leased(tries):
        lease.unlink(missing_ok=True)
        peer.run("busybox", "udhcpc", "-i", "wire", "-n", "-q", "-f", "-t", str(tries), "-T", "1", "-s", hook)
        return lease.exists() and lease.read_text().startswith("10.30.0.")

    closed = host.write("closed.yaml", "version: 1\nservices:\n  dhcp: {ports: 67/udp, from: 10.30.0.0/24, interfaces: br0, process: dnsmasq, why: Leases}\n")
    policy = host.write("open.yaml", "version: 1\nservices:\n  dhcp: {ports: 67/udp, from: [0.0.0.0, 10.30.0.0/24], interfaces: br0, process: dnsmasq, why: Leases}\n")
    client = peer.write("client.yaml", "version: 1\nservices: {}\n")
    peer.apply(client)
    with program(host, "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=br0", "--bind-interfaces", "--user=root",
                 "--dhcp-range=10.30.0.50,10.30.0.60,1h", "--dhcp-authoritative", "--no-ping", f"--dhcp-leasefile={host.folder}/leases", f"--pid-file={host.folder}/pid"):
        checks(until(lambda: "0.0.0.0:67" in host.run("cat", "/proc/net/udp").output or ":0043 " in host.run("cat", "/proc/net/udp").output), f"dnsmasq listens: {log(host)}")
        warned = host.expect(0, "check", closed)
        checks("0.0.0.0" in warned.output + warned.errors, f"check says that new clients come from 0.0.0.0: {warned}")
        host.apply(closed)
        checks(not leased(2), "a server that is closed to clients without an address leases none")
        host.apply(policy)
        checks(leased(10), f"and leases one where it is open to them: {log(host)}")
        clean(host, policy)
        clean(peer, client)


@functools.cache
def fetched():
    """The folder with programs that are run without being installed."""
    script = pathlib.Path(__file__).resolve().parents[2] / "Neighbours" / "fetch"
    return pathlib.Path(subprocess.run(["sh", script], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


def from_cache(path, *arguments):
    """The command of a program that was fetched, with its libraries."""
    libraries = ":".join(str(fetched() / folder) for folder in ("usr/lib/ganesha", "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
    return ["env", f"LD_LIBRARY_PATH={libraries}", str(fetched() / path), *arguments]


MEMBER = """
import os, socket, sys
end = socket.socket(type=socket.SOCK_DGRAM)
end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
end.bind(("", 5353))
end.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.0.0.251") + socket.inet_aton(sys.argv[1]))
while True:
    os.write(1, f"heard {end.recvfrom(2048)[1][0]}\\n".encode())
"""
AVAHI = "[server]\nhost-name=printer\nallow-interfaces=wire\nenable-dbus=no\n[publish]\npublish-workstation=no\n"
# Avahi writes below /run, as a user that the host may not have.
OWN_RUN = """
mount -t tmpfs tmpfs /run
for line in passwd:avahi:x:64000:64000::/:/bin/false group:avahi:x:64000:; do
    file=${line%%:*}
    { cat "/etc/$file"; echo "${line#*:}"; } > "/run/$file"
    mount --bind "/run/$file" "/etc/$file"
done
exec "$@"
"""
# A question for the IPv4 address of printer.local, RFC 1035 4.1.
QUESTION = struct.pack(">6H", 7, 0, 1, 0, 0, 0) + b"\x07printer\x05local\x00" + struct.pack(">2H", 1, 1)


def discovery(host, peer, checks):
    """Avahi and another program hold the port of mDNS: both hear a question, Avahi answers it, and `process` lists both."""
    other = os.path.realpath(sys.executable)
    body = "version: 1\nservices:\n  mdns: {ports: 5353/udp, from: [10.20.1.0/24, \"fe80::/10\"], why: Names, process: "
    one = host.write("one.yaml", body + "avahi-daemon}\n")
    both = host.write("both.yaml", body + f"[avahi-daemon, {other}]}}\n")
    closed = host.write("closed.yaml", "version: 1\nservices: {}\n")
    daemon = from_cache("usr/sbin/avahi-daemon", "--file", host.write("avahi.conf", AVAHI), "--no-drop-root", "--no-chroot", "--no-proc-title")

    def answered(patience):
        with peer.network.entered():
            end = socket.socket(type=socket.SOCK_DGRAM)
        with end:
            end.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(PEER))
            end.settimeout(patience)
            end.sendto(QUESTION, ("224.0.0.251", 5353))
            try:
                return socket.inet_aton(HERE) in end.recv(2048)
            except OSError:
                return False

    with contextlib.ExitStack() as running:
        running.enter_context(program(host, "unshare", "--mount", "sh", "-c", OWN_RUN, "sh", *daemon))
        running.enter_context(program(host, other, "-c", MEMBER, HERE))
        checks(until(lambda: host.run("cat", "/proc/net/udp").output.count(":14E9 ") == 2), f"both hold the port: {log(host)}")
        checks(until(lambda: answered(1)), f"without a policy Avahi answers: {log(host)}")
        host.apply(closed)
        checks(not answered(BRIEF), "a policy without mDNS silences it")
        checks("undeclared-listener" in found(host, closed), "verify names the holders of a port that is in no service")
        host.apply(one)
        checks("shared-port" in found(host, one), "another holder than that of process is found")
        host.apply(both)
        heard = log(host).count(f"heard {PEER}")
        checks(answered(PATIENT), f"Avahi answers the network: {log(host)}")
        checks(until(lambda: log(host).count(f"heard {PEER}") > heard), f"the other holder hears the question, too: {log(host)}")
        clean(host, both)


GANESHA = """NFS_CORE_PARAM {{ Plugins_Dir = {plugins}; Protocols = 3, 4; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; }}
NFSv4 {{ RecoveryRoot = {folder}; RecoveryBackend = fs; Graceless = true; UseGetpwnam = true; DomainName = example.net; Only_Numeric_Owners = true; }}
EXPORT {{ Export_Id = 1; Path = /files; Pseudo = /files; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; FSAL {{ Name = MEM; }} }}
"""
SHARES = """version: 1
sources: {network: [10.20.1.0/24, "fd00:20:1::/64"]}
services:
  nfs: {ports: [2049, 2049/udp, 20048, 20048/udp], from: network, process: ganesha.nfsd, why: Files and mounts}
  rpcbind: {ports: [111, 111/udp], from: network, process: rpcbind, why: NFS version 3}
"""


def nfs(host, peer, checks):
    """NFS-Ganesha and rpcbind serve clients of NFS 3 and 4 on the network, over IPv4 and IPv6, and no others."""
    policy = host.write("nfs.yaml", SHARES)
    closed = host.write("closed.yaml", "version: 1\nservices: {}\n")
    peer.run("ip", "address", "add", "198.51.100.7/32", "dev", "wire")
    host.run("ip", "route", "add", "198.51.100.7/32", "dev", "wire")
    plugins = fetched() / "usr/lib/x86_64-linux-gnu/ganesha"
    configured = host.write("ganesha.conf", GANESHA.format(plugins=plugins, folder=host.folder))
    note, numbers = peer.write("note", "six..\n"), itertools.count()

    def copied(version, patience=5):
        """Whether the client writes a new file, and finds it."""
        name, words = f"note-{next(numbers)}", f"version={version}&uid=0&gid=0"
        done = peer.run("timeout", str(patience), *from_cache("usr/bin/nfs-cp", note, f"nfs://{HERE}/files/{name}?{words}"))
        return done.status == 0 and name in peer.run(*from_cache("usr/bin/nfs-ls", f"nfs://{HERE}/files?{words}")).output

    with program(host, "rpcbind", "-f"):
        checks(until(lambda: ":006F " in host.run("cat", "/proc/net/tcp").output), f"rpcbind listens: {log(host)}")
        with program(host, *from_cache("usr/bin/ganesha.nfsd", "-F", "-L", f"{host.folder}/log", "-f", configured, "-p", f"{host.folder}/pid")):
            checks(until(lambda: ":0801 " in host.run("cat", "/proc/net/tcp6").output), f"Ganesha listens: {log(host)}")
            checks(until(lambda: copied(4)), f"without a policy the client writes: {log(host)}")
            host.apply(closed)
            checks(not copied(4, 1), "a policy without NFS closes it")
            host.apply(policy)
            for version in (3, 4):
                checks(copied(version), f"the client writes with NFS {version}: {log(host)}")
            checks(called(peer), "NFS 4 answers over IPv6")
            clean(host, policy)
            peer.run("ip", "route", "add", f"{HERE}/32", "dev", "wire", "src", "198.51.100.7")
            for version in (3, 4):
                checks(not copied(version, 1), f"a client of another network has no NFS {version}")
            peer.run("ip", "route", "del", f"{HERE}/32")
            for source, passes in ((PEER, True), ("198.51.100.7", False)):
                checks(answers(peer, source, PATIENT if passes else BRIEF) == passes, f"rpcbind answers {source}: {passes}")


def called(peer):
    """Whether NFS 4 answers the null procedure over IPv6, RFC 5531; libnfs knows no addresses of IPv6."""
    with peer.network.entered():
        end = socket.socket(socket.AF_INET6)
    with end:
        end.settimeout(PATIENT)
        try:
            end.connect(("fd00:20:1::1", 2049))
            end.sendall(struct.pack(">11I", 0x80000000 | 40, 9, 0, 2, 100003, 4, 0, 0, 0, 0, 0))
            return end.recv(2048)[4:12] == struct.pack(">2I", 9, 1)
        except OSError:
            return False


def answers(peer, source, patience):
    """Whether rpcbind answers the null procedure over UDP, RFC 5531 and RFC 1833."""
    with peer.network.entered():
        end = socket.socket(type=socket.SOCK_DGRAM)
    with end:
        end.settimeout(patience)
        end.bind((source, 0))
        end.sendto(struct.pack(">10I", 7, 0, 2, 100000, 2, 0, 0, 0, 0, 0), (HERE, 111))
        try:
            return end.recv(2048)[:8] == struct.pack(">2I", 7, 1)
        except OSError:
            return False


TRANSLATION = """
table ip kube-proxy {
  chain services { ip daddr 10.43.0.1 tcp dport 443 dnat to 10.42.0.5:6443; fib daddr type local tcp dport 30080 dnat to 10.42.0.5:8080; }
  chain prerouting { type nat hook prerouting priority dstnat; jump services; }
  chain output { type nat hook output priority -100; jump services; }
  chain postrouting { type nat hook postrouting priority srcnat; ip saddr 10.42.0.0/16 ip daddr != 10.42.0.0/16 masquerade; ct status dnat ip saddr 10.42.0.0/24 masquerade; }
}
"""
CLUSTER = """version: 1
defaults: {routed: refuse}
trusted:
  pods: {interfaces: cni0, from: 10.42.0.0/16, why: Pods reach their node}
services:
  shop: {ports: 30080, from: 0.0.0.0/0, why: Node port of the shop}
  kubelet: {ports: 10250, from: 10.20.1.0/24, optional: true, why: Metrics}
"""


def cluster(host, peer, checks):
    """A node of a cluster: pods reach the node and services' addresses, others reach what the policy lists."""
    pods = [Host(host.binary, checks), Host(host.binary, checks)]
    host.run("ip", "link", "add", "cni0", "type", "bridge")
    host.run("ip", "address", "add", "10.42.0.1/24", "dev", "cni0")
    host.run("ip", "link", "set", "cni0", "up")
    for number, pod in enumerate(pods):
        name = f"veth{number}"
        host.run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", pod.network.path)
        host.run("ip", "link", "set", name, "master", "cni0", "up")
        host.run("ip", "link", "set", "dev", name, "type", "bridge_slave", "hairpin", "on")
        pod.run("ip", "address", "add", f"10.42.0.{5 + number}/24", "dev", "eth0")
        pod.run("ip", "link", "set", "eth0", "up")
        pod.run("ip", "route", "add", "default", "via", "10.42.0.1")
    with host.network.entered(), open("/proc/sys/net/ipv4/ip_forward", "w") as file:
        file.write("1")
    checks(host.load(TRANSLATION).status == 0, "nft loads the translation of a cluster")
    peer.run("ip", "address", "add", "198.51.100.7/32", "dev", "wire")
    host.run("ip", "route", "add", "198.51.100.7/32", "dev", "wire")
    peer.run("ip", "route", "add", "10.42.0.0/16", "via", HERE)
    host.run("ip", "route", "add", "default", "via", PEER)
    policy = host.write("cluster.yaml", CLUSTER)
    host.apply(policy)
    backend = pods[0]
    cases = [
        ("a pod reaches a service's address", pods[1], "10.43.0.1", 443, (backend, 6443), "", True),
        ("the node itself reaches it", host, "10.43.0.1", 443, (backend, 6443), "", True),
        ("a pod reaches the kubelet", pods[1], "10.42.0.1", 10250, (host, 10250), "", True),
        ("a pod reaches a port of the node in no service", pods[1], "10.42.0.1", 9100, (host, 9100), "", True),
        ("a pod reaches another pod", pods[1], "10.42.0.5", 8080, (backend, 8080), "", True),
        ("a stranger reaches the node port", peer, HERE, 30080, (backend, 8080), "198.51.100.7", True),
        ("a stranger does not reach the kubelet", peer, HERE, 10250, (host, 10250), "198.51.100.7", False),
        ("the network reaches the kubelet", peer, HERE, 10250, (host, 10250), PEER, True),
        ("a stranger does not reach a pod by its own address", peer, "10.42.0.5", 8080, (backend, 8080), PEER, False),
    ]
    for said, client, address, port, listening, source, passes in cases:
        checks(reaches(host, client, address, port, PATIENT if passes else BRIEF, listening, source) == passes, said)
    # What was dialled at another address than the host's own is left alone, and said.
    with backend.network.entered():
        served = [socket.create_server(("", port)) for port in (6443, 8080)]
    result = host.expect(0, "verify", policy, "--format", "json")
    serious = [finding for finding in result.json["findings"] if finding["severity"] != "notice"]
    checks(serious == [], f"verify has no warning: {serious}")
    for end in served:
        end.close()
    narrower = host.write("narrower.yaml", CLUSTER.replace("from: 0.0.0.0/0", "from: 192.0.2.0/24"))
    host.apply(narrower)
    checks(not reaches(host, peer, HERE, 30080, BRIEF, (backend, 8080), "198.51.100.7"), "and a narrower policy closes the node port")
