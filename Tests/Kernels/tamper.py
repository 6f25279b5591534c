#!/usr/bin/python3
"""Changes the live ruleset at random with nft, and checks the findings of `verify`.

usage: tamper.py PORTREEVE [--policy FILE] [--rounds 200] [--seed 1] [--verbose]

Each round makes one change that must be found and repaired, and one without an effect that must not be reported. NFT is the path of
another nft than the one in PATH. It works in its own network namespace; the same seed draws the same changes for the same listing.
Exits 0 if every change was judged correctly; else it prints the script and the verdict of each that was not.
"""

import argparse
import collections
import ctypes
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile

import frames
import harmless
import listing
import tamperings

NEW_NETWORK = 0x40000000  # linux/sched.h


def run(*command, input=None):
    return subprocess.run(command, input=input, capture_output=True, text=True, timeout=120)


class Tamperer:
    def __init__(self, binary, policy, seed, folder):
        self.binary, self.policy, self.state = binary, policy, folder + "/state"
        self.nft = shlex.split(os.environ.get("NFT", "nft"))
        self.random = random.Random(seed)
        self.wire = frames.Wire()
        self.faults, self.drawn = [], collections.Counter()
        self.port = 1024

    def portreeve(self, *arguments):
        return run(self.binary, *arguments, "--allow-insecure-permissions")

    def load(self, script):
        return run(*self.nft, "-f", "-", input=script)

    def list(self, *options):
        return run(*self.nft, *options, "list", "table", "inet", "portreeve").stdout

    def listing(self):
        return listing.Listing(self.list("-a"))

    def apply(self):
        done = self.portreeve("apply", self.policy, "--yes", "--quiet", "--state-dir", self.state)
        if done.returncode != 0:
            raise SystemExit(f"apply failed ({done.returncode}): {done.stderr}")

    def verify(self):
        """The exit status of verify, and whether it found drift."""
        done = self.portreeve("verify", self.policy, "--only", "ruleset", "--format", "json", "--state-dir", self.state)
        try:
            findings = json.loads(done.stdout)["findings"]
        except (ValueError, KeyError):
            raise SystemExit(f"verify failed ({done.returncode}): {done.stdout}{done.stderr}") from None
        return done.returncode, [found["message"] for found in findings if found["id"] == "ruleset-drift"]

    def loaded(self, weights):
        """A kind of change and a script for it that nft has accepted; nft refuses some, such as overlapping intervals."""
        now, refusal = self.listing(), ""
        for _ in range(100):
            kind = self.random.choices(list(weights), list(weights.values()))[0]
            script = kind(now, self.random)
            if not script:
                continue
            done = self.load(script)
            if done.returncode == 0:
                self.drawn[kind.__name__] += 1
                return now, kind.__name__, script
            refusal = done.stderr
        raise SystemExit(f"nft refuses every change, the last with: {refusal}")

    def tamper(self):
        while True:
            before, kind, script = self.loaded(tamperings.WEIGHTS)
            status, drift = self.verify()
            if status == 2 and drift:
                break
            # A change that is not in nft's listing either changed nothing.
            if not self.listing().means_the_same(before):
                self.faults.append(f"not found ({status}): {kind}\n{script}")
                break
        self.apply()

    def leave_alone(self):
        """A harmless change, and the findings of verify after it."""
        own = [self.packets, self.remembered, self.reloaded, self.listed_and_loaded, self.reset]
        kind = self.random.choices([*own, None], [6, 2, 2, 2, 1, 16])[0]
        name, script = kind() if kind else self.loaded(harmless.WEIGHTS)[1:]
        if kind:
            self.drawn[name] += 1
        status, drift = self.verify()
        if status != 0:
            self.faults.append(f"reported ({status}): {name}\n{script}\n" + "\n".join(drift))
            self.apply()

    def packets(self):
        """First packets of connections, which move counters and fill the sets of limits."""
        for _ in range(self.random.randint(1, 20)):
            source = self.random.choice(["203.0.113.9", "192.0.2.1", "10.1.2.3", "198.51.100.3", "2001:db8:aa::7", "fd00::9", "2001:db8:bad::1",
                                         tamperings.ipv4(self.random), tamperings.ipv6(self.random)])
            port = self.random.choice([22, 53, 443, 5432, 8080, 9005, self.random.randint(1, 65535)])
            self.port = self.port % 60000 + 1024
            self.wire.send(self.random.choice(["tcp", "udp"]), source, port, self.port)
        return "packets", ""

    def remembered(self):
        """An element of a limit, as a packet would add it."""
        rules = [text for *_, text in self.listing().rules if "update @" in text]
        if not rules:
            return "remembered", ""
        words = self.random.choice(rules).split(" }")[0].split()
        name, family, limit = words[1][1:], words[3], " ".join(words[5:])
        source = (tamperings.ipv4 if family == "ip" else tamperings.ipv6)(self.random)
        return "remembered", self.must_load(f"add element inet portreeve {name} {{ {source} {limit} }}")

    def reloaded(self):
        """The text of show, loaded by nft."""
        shown = self.portreeve("show", self.policy)
        return "reloaded", self.must_load(shown.stdout)

    def listed_and_loaded(self):
        """nft's listing, loaded in place of the table."""
        options = self.random.choice([[], ["-s"], ["-n"]])
        return f"listed_and_loaded {' '.join(options)}".strip(), self.must_load("delete table inet portreeve\n" + self.list(*options))

    def reset(self):
        run(*self.nft, "reset", "counters", "table", "inet", "portreeve")
        return "reset", ""

    def must_load(self, script):
        done = self.load(script)
        if done.returncode != 0:
            self.faults.append(f"nft does not load: {done.stderr}\n{script}")
        return script


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--policy", default=str(pathlib.Path(__file__).with_name("everything.yaml")))
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_NETWORK) != 0:
        raise SystemExit(f"cannot make a network namespace: {os.strerror(ctypes.get_errno())}")
    with tempfile.TemporaryDirectory() as folder:
        tamperer = Tamperer(os.path.realpath(options.binary), options.policy, options.seed, folder)
        tamperer.apply()
        for _ in range(options.rounds):
            tamperer.tamper()
            tamperer.leave_alone()
    if options.verbose:
        for kind, count in tamperer.drawn.most_common():
            print(f"{count:5} {kind}")
    for fault in tamperer.faults:
        print(fault)
    print(f"{options.rounds} tamperings and {options.rounds} harmless changes: {len(tamperer.faults)} judged wrongly")
    return 1 if tamperer.faults else 0


if __name__ == "__main__":
    sys.exit(main())
