"""The host under trial: its root, its networks, its clients, and servers on every port that is tried."""

import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent

PORTS = [22, 25, 53, 68, 80, 443, 546, 631, 2049, 2222, 3306, 5353, 5432, 6005, 8000, 8050, 8080, 8443, 9090, 9999]
# A port that only a container has.
PUBLISHED = 8081

# What each client dials: its network namespace, its address, the address of the host, the interface by which that packet arrives.
ROUTES = [
    ("wan", "192.0.2.10", "192.0.2.1", "eth0"), ("wan", "192.0.2.66", "192.0.2.1", "eth0"), ("wan", "203.0.113.9", "192.0.2.1", "eth0"),
    ("wan", "2001:db8:1::10", "2001:db8:1::1", "eth0"), ("wan", "2001:db8:1::66", "2001:db8:1::1", "eth0"),
    ("lan", "10.1.0.10", "10.1.0.1", "eth1"), ("lan", "10.1.0.10", "192.0.2.1", "eth1"), ("lan", "2001:db8:2::10", "2001:db8:2::1", "eth1"),
]

# What clients dial through the host, by TCP and UDP: with the far end's answer comes the address that it saw.
THROUGH = [
    ("lan", "10.1.0.10", "192.0.2.10", "eth1"), ("lan", "10.1.0.20", "203.0.113.9", "eth1"), ("lan", "2001:db8:2::10", "2001:db8:1::10", "eth1"),
    ("wan", "192.0.2.66", "10.1.0.20", "eth0"), ("wan", "2001:db8:1::66", "2001:db8:2::10", "eth0"),
]
BEHIND = {destination for _, _, destination, _ in THROUGH}
THROUGH_PORTS = [80, 8443]


def run(*command, check=True, **options):
    """Runs a command; returns its result with its output as text."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=90, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done


def enter_root(programs, binary):
    """Makes a writable copy of this host's files the root, with unpacked packages and this portreeve among them.

    The upper layer is a tmpfs: what is written is gone with the mount namespace.
    """
    script = f"""
        mount --make-rprivate /
        mount -t tmpfs none /mnt
        mkdir /mnt/upper /mnt/work /mnt/root
        cp -a {programs}/. /mnt/upper
        for name in ufw firewalld; do cp -a {programs}/etc/$name /mnt/upper/etc/$name.package; done
        mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
        cd /mnt/root
        for folder in proc sys dev; do mount --rbind /$folder $folder; done
        mount -t sysfs none sys && mount --rbind /sys/fs/cgroup sys/fs/cgroup
        for folder in run tmp etc/ufw etc/firewalld etc/portreeve var/lib/portreeve; do mkdir -p $folder; mount -t tmpfs -o mode=0755 none $folder; done
        mount --make-rprivate / && mount --bind {HERE.parent} mnt
        : >usr/sbin/portreeve && mount --bind {binary} usr/sbin/portreeve
    """
    run("sh", "-ec", script)
    os.chroot("/mnt/root")
    os.chdir("/")
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"


NETWORKS = """
    ip link set lo up
    for key in net.ipv4.ip_forward net.ipv6.conf.all.forwarding; do sysctl -qw $key=1; done
    client() {
        ip netns add $1
        ip link add $2 type veth peer name eth0 netns $1
        ip link set $2 up
        ip -n $1 link set lo up
        ip -n $1 link set eth0 up
        ip netns exec $1 sysctl -qw 'net.ipv4.ping_group_range=0 2147483647'
    }
    client wan eth0
    client lan eth1
    ip addr add 192.0.2.1/24 dev eth0
    ip addr add 2001:db8:1::1/64 dev eth0 nodad
    ip addr add 10.1.0.1/24 dev eth1
    ip addr add 2001:db8:2::1/64 dev eth1 nodad
    for address in 192.0.2.10/24 192.0.2.66/24 203.0.113.9/32; do ip -n wan addr add $address dev eth0; done
    for address in 2001:db8:1::10/64 2001:db8:1::66/64; do ip -n wan addr add $address dev eth0 nodad; done
    for address in 10.1.0.10/24 10.1.0.20/24; do ip -n lan addr add $address dev eth0; done
    ip -n lan addr add 2001:db8:2::10/64 dev eth0 nodad
    ip route add 203.0.113.0/24 via 192.0.2.10
    ip -n wan route add default via 192.0.2.1
    ip -n lan route add default via 10.1.0.1
    ip -n wan route add default via 2001:db8:1::1
    ip -n lan route add default via 2001:db8:2::1
"""


def build_networks():
    """Two networks, each with a client that has several addresses, and servers on the host and in both networks."""
    run("sh", "-ec", NETWORKS)
    for name, prefix in (("host", []), ("wan", ["ip", "netns", "exec", "wan"]), ("lan", ["ip", "netns", "exec", "lan"])):
        ports = PORTS if name == "host" else [22, 80, 443, 8080, 8443]
        server = subprocess.Popen(
            prefix + [sys.executable, "-B", "/mnt/Firewalls/servers.py", name, *map(str, ports)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE)
        server.stdout.readline()


def attempts():
    """Every attempt, as [network, source, destination, interface, protocol, port, source port]; source port 0 is any of a client's."""
    found = []
    for network, source, destination, interface in ROUTES:
        found += [[network, source, destination, interface, protocol, port, 0] for protocol in ("tcp", "udp") for port in PORTS + [PUBLISHED]]
        found.append([network, source, destination, interface, "ping", 0, 0])
    # Servers of DHCP and DHCPv6 answer from their own ports.
    found += [["wan", "192.0.2.10", "192.0.2.1", "eth0", "udp", 68, 67], ["wan", "2001:db8:1::10", "2001:db8:1::1", "eth0", "udp", 546, 547]]
    return found + [[*through, protocol, port, 0] for through in THROUGH for protocol in ("tcp", "udp") for port in THROUGH_PORTS]


def answers(attempts):
    """The answers to attempts, in their order: `NAME ADDRESS`, the server and the source that it saw, or None."""
    found = [None] * len(attempts)
    for network in ("wan", "lan"):
        numbers = [number for number, attempt in enumerate(attempts) if attempt[0] == network]
        done = run("ip", "netns", "exec", network, sys.executable, "-B", "/mnt/Firewalls/clients.py",
                   input=json.dumps([attempts[number] for number in numbers]))
        for number, answer in zip(numbers, json.loads(done.stdout)):
            found[number] = answer
    return found


class Watcher:
    """A client that tries one port of the host all the time, and counts the tries and the connections."""

    def __init__(self, network, source, destination, port):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", network, sys.executable, "-B", "/mnt/Firewalls/watcher.py", source, destination, str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def stop(self):
        """The numbers of tries and of connections."""
        output, _ = self.process.communicate("", timeout=20)
        return tuple(map(int, output.split()))


def wait_until(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError("it took too long")
        time.sleep(0.1)
