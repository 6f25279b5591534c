"""Shared by the steps of the scenario: hosts that are network namespaces, and counted assertions."""

import contextlib
import io
import json
import os
import pathlib
import runpy
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "Bench"))

from namespaces import Network  # noqa: E402


# Commands that keep no state.
STATELESS = ["check", "diff", "probe", "show", "--version"]


class Checks:
    """Counts assertions; a failed one is printed, and the step continues."""

    def __init__(self):
        self.count, self.failures = 0, 0

    def __call__(self, holds, said):
        self.count += 1
        if not holds:
            self.failures += 1
            print(f"FAILED: {said}", flush=True)
        return holds


class Result:
    """The exit status and the output of a program."""

    def __init__(self, status, output, errors):
        self.status, self.output, self.errors = status, output, errors

    @property
    def json(self):
        return json.loads(self.output)

    def __str__(self):
        return f"exit status {self.status}\n{self.output[-2000:]}{self.errors[-2000:]}"


class Host:
    """A network namespace with loopback up, a folder, and its own state directory of portreeve."""

    def __init__(self, binary, checks):
        self.binary, self.check = binary, checks
        self.network = Network()
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command, input=None):
        with self.network.entered():
            done = subprocess.run(command, input=input, capture_output=True, text=True, timeout=300)
        return Result(done.returncode, done.stdout, done.stderr)

    def portreeve(self, *arguments):
        state = [] if arguments[0] in STATELESS else ["--state-dir", str(self.folder / "state")]
        return self.run(self.binary, *arguments, *state)

    def expect(self, status, *arguments):
        """Runs portreeve, and asserts its exit status."""
        result = self.portreeve(*arguments)
        self.check(result.status == status, f"portreeve {' '.join(arguments)}: expected exit status {status}: {result}")
        return result

    def apply(self, policy, *options):
        return self.expect(0, "apply", str(policy), "--yes", *options)

    def in_sync(self, policy):
        return self.expect(0, "verify", str(policy), "--only", "ruleset")

    def drifted(self, policy, what):
        """Asserts that verify finds drift; `what` names the change."""
        result = self.portreeve("verify", str(policy), "--only", "ruleset")
        self.check(result.status == 2 and "[ruleset-drift]" in result.output, f"{what} is drift: {result}")

    def nft(self, *arguments):
        return self.run("nft", *arguments)

    def load(self, script):
        return self.run("nft", "-f", "-", input=script)

    @property
    def table(self):
        return self.nft("list", "table", "inet", "portreeve")

    @property
    def generation(self):
        """The generation of the namespace's ruleset, from the kernel."""
        with self.network.entered(), contextlib.redirect_stdout(io.StringIO()) as written:
            runpy.run_path(str(HERE.parent / "Demo" / "generation"))
        return int(written.getvalue())

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def joined(self, other, here, there):
        """A cable to the other host: `wire` at both ends, with these addresses."""
        self.run("ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", other.network.path)
        for host, addresses in [(self, here), (other, there)]:
            for address in addresses:
                host.run("ip", "address", "add", address, "dev", "wire", *(["nodad"] if ":" in address else []))
            host.run("ip", "link", "set", "wire", "up")

    def close(self):
        self.network.close()
