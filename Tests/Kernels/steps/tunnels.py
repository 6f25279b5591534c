"""Real tunnels, over IPv4 and IPv6: ESP, GRE and WireGuard pass where the policy has them, and nowhere else."""

import socket

from machine import Host
from steps.packets import APP, BRIEF, HERE, PATIENT, connected

POLICY = """
version: 1
sources:
  peer: [10.20.1.5, "fd00:20:1::5"]
services:
  web: {ports: 443, from: [peer, 10.99.0.0/24, "fd00:99::/64"], optional: true, why: Site}
"""
ESP = "  ipsec: {protocols: esp, from: peer, why: Site to site}\n"
GRE = "  gre: {protocols: gre, from: peer, why: Tunnel}\n"
WIREGUARD = "  wireguard: {ports: 51820/udp, from: peer, why: VPN}\n"
TRUSTED = "trusted:\n  vpn: {interfaces: \"wg*\", why: VPN clients}\n"
KEY = "0x" + "5a" * 20
INSIDE = {4: ("10.99.0.1", "10.99.0.2"), 6: ("fd00:99::1", "fd00:99::2")}


def run(options, checks):
    kinds = [kind for kind in (esp, gre, wireguard) if kind(options, checks)]
    if options.sets_clock:
        checks(len(kinds) == 3, f"the machine's kernel has every tunnel, not only {[kind.__name__ for kind in kinds]}")
    return "tried " + (", ".join(kind.__name__ for kind in kinds) or "none: the kernel has no tunnel")


def pair(options, checks):
    host, peer = Host(options.binary, checks), Host(options.binary, checks)
    host.joined(peer, ["10.20.1.1/24", "fd00:20:1::1/64"], ["10.20.1.5/24", "fd00:20:1::5/64"])
    return host, peer


def compare(host, peer, kind, without, policy, reaches):
    """Loads the policy without the tunnel, then with it: only with it `reaches(version, patience)` holds; then no warning is left."""
    host.apply(host.write("without.yaml", without))
    for version in (4, 6):
        host.check(not reaches(version, BRIEF), f"{kind} over IPv{version} does not pass without its line")
    path = host.write("with.yaml", policy)
    host.apply(path)
    for version in (4, 6):
        host.check(reaches(version, PATIENT), f"{kind} over IPv{version} passes")
    host.expect(0, "verify", path)


def esp(options, checks):
    host, peer = pair(options, checks)
    for version in (4, 6):
        here, there = HERE[version], APP[version]
        for end, out, back in [(host, (here, there), (there, here)), (peer, (there, here), (here, there))]:
            for source, target in (out, back):
                made = end.run("ip", "xfrm", "state", "add", "src", source, "dst", target, "proto", "esp", "spi", "0x100", "reqid", "1",
                               "mode", "transport", "aead", "rfc4106(gcm(aes))", KEY, "128")
                if made.status != 0:
                    return False
            for direction, (source, target) in (("out", out), ("in", back)):
                # IKE's own packets, and discovery, are not encrypted.
                end.run("ip", "xfrm", "policy", "add", "src", source, "dst", target, "proto", "tcp", "dir", direction, "tmpl", "src", source,
                        "dst", target, "proto", "esp", "reqid", "1", "mode", "transport")
    compare(host, peer, "ESP", POLICY, POLICY + ESP,
            lambda version, patience: connected(host, peer, "tcp", version, 443, APP[version], patience) is not None)
    counted = host.run("ip", "-s", "xfrm", "state").output
    checks("esp" in counted and "0(bytes), 0(packets)" not in counted, f"the connections were encrypted: {counted}")
    return True


def gre(options, checks):
    host, peer = pair(options, checks)
    for end, mine, other, place in [(host, HERE, APP, 0), (peer, APP, HERE, 1)]:
        for version, kind in ((4, "gre"), (6, "ip6gre")):
            made = end.run("ip", "link", "add", f"tunnel{version}", "type", kind, "local", mine[version], "remote", other[version])
            if made.status != 0:
                return False
            end.run("ip", "address", "add", INSIDE[version][place] + ("/24" if version == 4 else "/64"), "dev", f"tunnel{version}",
                    *(["nodad"] if version == 6 else []))
            end.run("ip", "link", "set", f"tunnel{version}", "up")
    compare(host, peer, "GRE", POLICY, POLICY + GRE, lambda version, patience: inside(host, peer, version, patience))
    return True


def wireguard(options, checks):
    host, peer = pair(options, checks)
    keys = []
    for end in (host, peer):
        if end.run("ip", "link", "add", "wg0", "type", "wireguard").status != 0:
            return False
        private = end.run("wg", "genkey").output
        keys.append(end.run("wg", "pubkey", input=private).output.strip())
        end.run("wg", "set", "wg0", "listen-port", "51820", "private-key", end.write("key", private))
    for end, key, endpoint, place in [(host, keys[1], "10.20.1.5", 0), (peer, keys[0], "10.20.1.1", 1)]:
        end.run("wg", "set", "wg0", "peer", key, "endpoint", f"{endpoint}:51820", "allowed-ips", "10.99.0.0/24,fd00:99::/64")
        for version in (4, 6):
            end.run("ip", "address", "add", INSIDE[version][place] + ("/24" if version == 4 else "/64"), "dev", "wg0",
                    *(["nodad"] if version == 6 else []))
        end.run("ip", "link", "set", "wg0", "up")
    compare(host, peer, "WireGuard", POLICY + TRUSTED, POLICY + WIREGUARD + TRUSTED,
            lambda version, patience: inside(host, peer, version, patience))
    return True


def inside(host, peer, version, patience):
    """Whether a connection to port 443 at the host's address in the tunnel is established."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    with host.network.entered():
        server = socket.create_server((INSIDE[version][0], 443), family=family)
    with peer.network.entered():
        client = socket.socket(family)
    client.settimeout(patience)
    with server, client:
        try:
            client.connect((INSIDE[version][0], 443))
            return True
        except OSError:
            return False
