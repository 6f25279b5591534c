"""The steps: a policy, a daemon with every form of published port, and what portreeve says of them."""

import json
import pathlib
import tempfile
import time

from machines import Docker, attempt, build_host, run

POLICY = """
version: 1
sources:
  office4: 198.51.100.10
  office6: "2001:db8:1::10"
services:
  web: {ports: 8080, from: [office4, office6], why: Every address}
  one: {ports: 8081, from: office4, why: One address}
  six: {ports: 8083, from: office6, why: One IPv6 address}
  two: {ports: 8084, from: office4, why: The second address}
  inside: {ports: 8085, from: office4, optional: true, why: An internal network}
  app: {ports: 8090, from: any, why: A network of its own}
  dns: {ports: 5353/udp, from: [office4, office6], why: Datagrams}
  range: {ports: 7000-7002, from: [office4, office6], why: A range}
"""

SERVE = "httpd -f -p 80"

CONTAINERS = {
    "web": (SERVE, "-p", "8080:80"),
    "one": (SERVE, "-p", "198.51.100.1:8081:80"),
    "loopback": (SERVE, "-p", "127.0.0.1:8082:80"),
    "six": (SERVE, "-p", "[2001:db8:1::1]:8083:80"),
    "two": (SERVE, "-p", "198.51.100.2:8084:80"),
    "inside": (SERVE, "--network", "inside", "-p", "8085:80"),
    "app": (SERVE, "--network", "app", "-p", "8090:80"),
    "dns": ("exec sleep 1000000", "-p", "5353:53/udp"),
    "range": ("httpd -p 7000; httpd -p 7001; exec httpd -f -p 7002", "-p", "7000-7002:7000-7002"),
}

PORTS = [("tcp", port) for port in (8080, 8081, 8082, 8083, 8084, 8085, 8086, 8090, 7000, 7001, 7002, 9999)] + [("udp", 5353)]


class Story:
    def __init__(self, binary, docker):
        self.binary, self.work = binary, tempfile.mkdtemp(prefix="portreeve-docker-")
        self.docker = Docker(docker, self.work)
        self.policy = pathlib.Path(self.work, "policy.yaml")
        self.policy.write_text(POLICY)
        self.count = self.failures = 0

    def run(self):
        build_host()
        self.portreeve("apply", str(self.policy), "--yes", "--quiet")
        self.docker.start()
        self.docker.make_image()
        run("docker", "network", "create", "--ipv6", "--subnet", "fd00:18::/64", "app")
        run("docker", "network", "create", "--internal", "inside")
        for name, (script, *options) in CONTAINERS.items():
            self.docker.container(name, script, *options)
        self.step("started", self.agrees)
        self.step("stopped", self.stopped)
        self.step("restarted", self.restarted)
        self.step("applied", self.applied)
        self.step("undeclared", self.undeclared)
        self.docker.stop()
        # The daemon may leave the namespaces of its last containers mounted.
        run("sh", "-c", f"grep -o '{self.work}[^ ]*' /proc/self/mounts | sort -r | xargs -r -n 1 umount --lazy")
        run("rm", "-rf", self.work)
        print(f"assertions: {self.count}, failed: {self.failures}", flush=True)
        return 1 if self.failures else 0

    def step(self, name, body):
        count, failures, start = self.count, self.failures, time.monotonic()
        body()
        seconds = time.monotonic() - start
        outcome = "ok" if self.failures == failures else f"{self.failures - failures} FAILED"
        print(f"{name:<12} {self.count - count:4} assertions {seconds:7.1f} s  {outcome}", flush=True)

    def check(self, passed, message):
        self.count += 1
        if not passed:
            self.failures += 1
            print(f"  failed: {message}", flush=True)

    def portreeve(self, command, *arguments, check=True):
        state = f"{self.work}/state"
        return run(self.binary, command, *arguments, "--state-dir", state, "--allow-insecure-permissions", check=check)

    # What is tried.

    def clients(self):
        """The sources, each with its namespace and the addresses of the host that it dials."""
        first, second = ["198.51.100.1", "198.51.100.2"], ["2001:db8:1::1"]
        office, far = "/run/netns/office", "/run/netns/far"
        clients = [("198.51.100.10", office, first), ("198.51.100.66", office, first), ("203.0.113.9", far, first + ["203.0.113.1"]),
                   ("2001:db8:1::10", office, second), ("2001:db8:1::66", office, second)]
        return clients + [(self.docker.address(name), self.docker.namespace(name), first) for name in ("loopback", "app")]

    def agrees(self, in_sync=True):
        """Every connection gets in or not as `explain` says, and `verify` finds no fault."""
        self.docker.answer("dns", 53)
        for source, namespace, destinations in self.clients():
            attempts = [[source, to, protocol, port] for to in destinations for protocol, port in PORTS]
            outcomes = dict(zip(map(tuple, attempts), attempt(namespace, attempts)))
            for (_, to, protocol, port), seen in outcomes.items():
                said = self.explain(source, protocol, port, "--address", to)
                expected = "refuse" if seen == "silent" else "accept"
                self.check(said == expected, f"{source} to {to} {protocol}/{port}: {seen}, but explain says {said}")
            for protocol, port in PORTS:
                seen = {outcomes[source, to, protocol, port] for to in destinations}
                said = self.explain(source, protocol, port)
                self.check(said == ("refuse" if seen == {"silent"} else "accept"), f"{source} to {protocol}/{port}: {seen}, {said}")
        if in_sync:
            done = self.portreeve("verify", str(self.policy), check=False)
            self.check(done.returncode == 0, f"verify: {done.stdout}{done.stderr}")

    def json(self, command, *arguments):
        return json.loads(self.portreeve(command, *arguments, str(self.policy), "--format", "json").stdout)

    def explain(self, source, protocol, port, *options):
        return self.json("explain", source, f"{port}/{protocol}", *options)["verdict"]

    # The steps.

    def stopped(self):
        run("docker", "stop", "--time", "1", "web")
        self.agrees(in_sync=False)
        run("docker", "start", "web")
        self.agrees()

    def restarted(self):
        self.docker.stop()
        self.docker.start()
        deadline = time.monotonic() + 60
        while len(run("docker", "ps", "--quiet").stdout.split()) < len(CONTAINERS) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.agrees()

    def applied(self):
        self.policy.write_text(POLICY.replace("office4: 198.51.100.10", "office4: [198.51.100.10, 203.0.113.0/24]"))
        self.portreeve("apply", str(self.policy), "--yes", "--quiet")
        self.agrees()

    def undeclared(self):
        self.docker.container("stranger", SERVE, "-p", "8086:80")
        self.agrees(in_sync=False)
        done = self.portreeve("verify", str(self.policy), "--format", "json", check=False)
        found = {(f["id"], f.get("port")): f for f in json.loads(done.stdout)["findings"] if f["severity"] != "notice"}
        self.check(all(port == 8086 for _, port in found), f"nothing else is found: {found}")
        container = {"id": self.docker.id("stranger"), "name": "stranger", "engine": "docker"}
        named = found.get(("undeclared-published-port", 8086), {})
        self.check(named.get("container") == container, f"the container of the published port is named: {named}")
        rows = {row["port"]: row for row in self.json("status")["ports"]}
        self.check(rows[8086]["containers"] == [container], f"status names it: {rows[8086]}")
        self.check([c["name"] for c in rows[8080]["containers"]] == ["web"], f"and a declared one: {rows[8080]}")
        said = self.json("explain", "198.51.100.10", "8080")
        self.check(said["container"]["name"] == "web", f"explain names it: {said}")
