"""A boot with the clock set back: a service that had expired by the newest time in the state stays closed. Only for a machine of its own."""

import contextlib
import datetime
import socket
import time

from machine import Host

HOUR, DAY = 3600, 24 * 3600
LAB, SITE, MORE = 8001, 8002, 8003


def run(options, checks):
    if not options.sets_clock:
        return "left out, since it sets the clock"
    host, peer = Host(options.binary, checks), Host(options.binary, checks)
    host.joined(peer, ["10.0.0.1/24"], ["10.0.0.2/24"])
    start = time.time()
    text = f"""
version: 1
services:
  lab: {{ports: {LAB}, from: any, expires: "{moment(start + HOUR)}", why: Over in an hour}}
  site: {{ports: {SITE}, from: any, expires: "{moment(start + 30 * DAY)}", why: Over in a month}}
"""
    first = host.write("first.yaml", text)
    second = host.write("second.yaml", text + f"  more: {{ports: {MORE}, from: any, why: Trial}}\n")
    host.apply(first)
    expect(host, peer, "before the end", {LAB: True, SITE: True, MORE: False})
    with clock(start + 2 * HOUR):
        expect(host, peer, "after the end", {LAB: False, SITE: True, MORE: False})
        # The state gets a time after the end.
        host.apply(second)
    with clock(start - DAY):
        booted(host)
        expect(host, peer, "after a boot with the clock of yesterday", {LAB: False, SITE: True, MORE: True})
        in_sync(host, second)
        said = host.expect(0, "explain", "10.0.0.2", str(LAB), second, "--format", "json").json
        checks(said["verdict"] == "refuse", f"explain knows that the port is closed: {said}")
    # The clock was set right after the boot, as by NTP.
    with clock(start + 3 * HOUR):
        expect(host, peer, "with the right clock again", {LAB: False, SITE: True, MORE: True})
        in_sync(host, second)
    with clock(start + 40 * DAY):
        expect(host, peer, "after the end of the other", {LAB: False, SITE: False, MORE: True})


def in_sync(host, policy):
    """Asserts that verify finds no difference; the dates of services are findings of their own."""
    found = host.portreeve("verify", policy, "--only", "ruleset", "--format", "json").json["findings"]
    differences = [finding for finding in found if finding["id"] not in ["expired", "expires-soon"]]
    host.check(differences == [], f"verify finds no difference: {differences}")


def booted(host):
    """A boot: no table, and the saved one is loaded."""
    host.nft("flush", "ruleset")
    host.expect(0, "apply", "--boot")


def expect(host, peer, when, ports):
    for port, is_open in ports.items():
        found = connects(host, peer, port, 5 if is_open else 0.7)
        host.check(found == is_open, f"{when}: {port} is {'open' if is_open else 'closed'}")


def connects(host, peer, port, patience):
    with host.network.entered():
        listener = socket.create_server(("10.0.0.1", port))
    with peer.network.entered():
        client = socket.socket()
    with listener, client:
        client.settimeout(patience)
        try:
            client.connect(("10.0.0.1", port))
        except OSError:
            return False
        return True


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextlib.contextmanager
def clock(seconds):
    """Sets the clock of the machine, and sets it right again at the end."""
    before, began = time.time(), time.monotonic()
    time.clock_settime(time.CLOCK_REALTIME, seconds)
    try:
        yield
    finally:
        time.clock_settime(time.CLOCK_REALTIME, before + time.monotonic() - began)
