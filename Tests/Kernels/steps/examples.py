"""Every example policy: applied, verified, listed, applied again, tampered with, repaired."""

import random
import re

import listing
import tamperings
from machine import ROOT, Host

KINDS = [tamperings.inserted, tamperings.deleted, tamperings.element_added, tamperings.policy_changed, tamperings.set_flushed]


def run(options, checks):
    for policy in sorted((ROOT / "policies").glob("*.yaml")):
        host = Host(options.binary, checks)
        for name in sorted(interfaces(policy)):
            host.run("ip", "link", "add", name, "type", "veth")
        if "\nforward:" in policy.read_text():
            route(host)
        example(policy, host, random.Random(policy.name))


def route(host):
    """Makes a router of the host, with a way to the targets of its forwards."""
    host.run("ip", "link", "add", "inside", "type", "veth", "peer", "name", "beyond")
    for name in ["inside", "beyond"]:
        host.run("ip", "link", "set", name, "up")
    host.run("ip", "route", "add", "10.0.0.0/8", "dev", "inside")
    host.run("ip", "-6", "route", "add", "fd00::/8", "dev", "inside")
    for setting in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]:
        host.run("sh", "-c", f"echo 1 > /proc/sys/net/{setting}")


def interfaces(policy):
    """The interfaces that a policy names in full."""
    lists = re.findall(r"interfaces: (\[[^]]*\]|[\w.]+)", policy.read_text())
    return {name for found in lists for name in re.findall(r"[\w.]+(?![\w.*])", found)}


def example(policy, host, drawn):
    host.apply(policy)
    host.in_sync(policy)
    host.check(host.table.status == 0, f"nft lists {policy.name}: {host.table}")
    generation = host.generation
    again = host.apply(policy, "--format", "json")
    host.check(not again.json["changed"] and host.generation == generation, f"{policy.name} is written once: {again}")
    # All kinds on all examples would take a slow machine minutes more.
    for kind in drawn.sample(KINDS, 2):
        tampered(policy, host, kind, drawn)
    host.close()


def tampered(policy, host, kind, drawn):
    script = kind(listing.Listing(host.nft("-a", "list", "table", "inet", "portreeve").output), drawn)
    loaded = host.load(script)
    host.check(loaded.status == 0, f"nft loads {script}: {loaded}")
    host.drifted(policy, f"{policy.name}: {script}")
    host.apply(policy)
    host.in_sync(policy)
