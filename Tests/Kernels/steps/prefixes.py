"""Twenty thousand prefixes: applied, verified, one changed, verified, one replaced by nft."""

import time

from machine import Host

POLICY = """
version: 1
sources:
  feed: {file: feed.txt}
services:
  web: {ports: 443, from: feed, why: Partners}
"""


def feed(odd):
    """Ten thousand prefixes of each family, no two adjacent, and `odd`."""
    four = [f"{10 + (number >> 15)}.{number >> 7 & 255}.{number << 1 & 255}.0/24" for number in range(9999)]
    six = [f"2001:db8:{number * 2:x}::/48" for number in range(10000)]
    return "\n".join([*four, *six, odd]) + "\n"


def run(options, checks):
    host = Host(options.binary, checks)
    host.write("feed.txt", feed("192.0.2.0/24"))
    policy, times = host.write("policy.yaml", POLICY), []

    def timed(name, action, *arguments):
        start = time.monotonic()
        result = action(*arguments)
        times.append(f"{name} {time.monotonic() - start:.2f} s")
        return result

    timed("apply", host.apply, policy)
    timed("verify", host.in_sync, policy)
    host.write("feed.txt", feed("192.0.2.128/25"))
    edited = host.in_sync(policy)
    checks("[not-applied]" in edited.output, f"another prefix in the list is an edit that is not applied: {edited}")
    host.apply(policy)
    changed = host.nft("get", "element", "inet", "portreeve", "group-feed-ipv4", "{ 192.0.2.128/25 }")
    checks(changed.status == 0, f"the prefix is in the set: {changed}")
    host.load("table ip other { }")
    timed("after another commit", host.in_sync, policy)
    host.expect(0, "verify", policy, "--only", "ruleset", "--full")
    exchanged = host.load("delete element inet portreeve group-feed-ipv4 { 192.0.2.128/25 }\n"
                          "add element inet portreeve group-feed-ipv4 { 192.0.2.0/25 }")
    checks(exchanged.status == 0, f"nft replaces a prefix: {exchanged}")
    timed("drift", host.drifted, policy, "one prefix for another")
    timed("heal", host.apply, policy)
    added = host.load("add element inet portreeve group-feed-ipv6 { 2001:db8:ffff::/48 }")
    checks(added.status == 0, f"nft adds a prefix: {added}")
    host.drifted(policy, "one prefix more")
    host.apply(policy)
    host.in_sync(policy)
    return ", ".join(times)
