#!/usr/bin/python3
"""Runs the collection of Ansible over SSH against hosts in namespaces: run.py PORTREEVE [HOSTS]

Each host has its own network, mounts, processes and name, and an sshd. Prints each failed assertion, the times, and
"N passed, N failed"; exits 0 if none failed. It needs root and namespaces of its own, which `make test-ansible` gives it.
"""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
CONTROLLER = "10.99.0.1"
# The folders that each host has for itself.
OWN = ["/etc/portreeve", "/var/lib/portreeve", "/run", "/root", "/tmp"]
SSH = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 -o ControlMaster=auto -o ControlPersist=60s"


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def __call__(self, holds, said):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        if not holds:
            print(f"FAILED: {said}", flush=True)


def must(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


class Fleet:
    """Hosts h1, h2, ... at 10.99.1.1, ..., behind one bridge."""

    def __init__(self, folder, count):
        self.folder, self.processes = pathlib.Path(folder), []
        self.names = [f"h{number + 1}" for number in range(count)]
        self.addresses = {name: f"10.99.1.{number + 1}" for number, name in enumerate(self.names)}
        must("ip", "link", "set", "lo", "up")
        must("ip", "link", "add", "br0", "type", "bridge")
        must("ip", "address", "add", f"{CONTROLLER}/16", "dev", "br0")
        must("ip", "link", "set", "br0", "up")
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "key")
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "host-key")
        shutil.copy(self.folder / "key.pub", self.folder / "authorized")
        for name in self.names:
            self.start(name)

    def start(self, name):
        script = f"""
            mount --make-rprivate /
            for folder in {' '.join(OWN)}; do mkdir -p $folder; mount -t tmpfs -o mode=0755 tmpfs $folder; done
            chmod 1777 /tmp; mkdir -p /run/sshd
            hostname {name}.example.org
            until ip link set eth0 up 2>/dev/null; do sleep 0.05; done
            ip link set lo up; ip address add {self.addresses[name]}/16 dev eth0
            mkdir -p /tmp/ssh; cp "$FOLDER"/ssh/* /tmp/ssh
            exec /usr/sbin/sshd -D -e -f /tmp/ssh/config
        """
        options = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(self.folder / f"{name}.log").open("w"))
        # /tmp is the host's own: what sshd needs is handed over through a descriptor of the folder.
        shared = self.folder / "ssh"
        if not shared.exists():
            shared.mkdir()
            for file in ["host-key", "authorized"]:
                shutil.copy(self.folder / file, shared / file)
            (shared / "config").write_text(
                "ListenAddress 0.0.0.0\nPort 22\nHostKey /tmp/ssh/host-key\nAuthorizedKeysFile /tmp/ssh/authorized\nPidFile none\n"
                "UsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\nMaxStartups 100\nSubsystem sftp internal-sftp\n")
        descriptor = os.open(self.folder, os.O_RDONLY)
        process = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc", "sh", "-ec",
             script.replace("$FOLDER", f"/proc/self/fd/{descriptor}")], pass_fds=[descriptor], **options)
        os.close(descriptor)
        self.processes.append(process)
        first = None
        while not first:
            first = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            time.sleep(0.02)
        must("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", first[0])
        must("ip", "link", "set", name, "master", "br0", "up")
        setattr(self, name, first[0])

    def inside(self, name, *command):
        """Runs a command on a host."""
        entering = ["nsenter", "--target", getattr(self, name), "--mount", "--net", "--pid", "--uts"]
        return subprocess.run([*entering, *command], capture_output=True, text=True)

    def facts(self, name):
        """The rules and the policy of a host."""
        return self.inside(name, "sh", "-c", "nft list ruleset; cat /etc/portreeve/policy.yaml; ls /etc/portreeve").stdout

    def answers(self, name):
        return subprocess.run(["ssh", "-q", "-i", self.folder / "key", *SSH.split(), "-o", "ControlPath=none", f"root@{self.addresses[name]}", "true"]).returncode == 0

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


class Playbook:
    """Runs one task of the collection on hosts, and gives what Ansible says as values."""

    def __init__(self, fleet, folder):
        self.fleet, self.folder = fleet, pathlib.Path(folder)
        home = self.folder / "ansible_collections" / "portreeve"
        home.mkdir(parents=True)
        shutil.copytree(TOP / "system" / "ansible", home / "host")
        inventory = {name: {"ansible_host": address} for name, address in fleet.addresses.items()}
        variables = {"ansible_user": "root", "ansible_ssh_private_key_file": str(self.folder / "key"), "ansible_ssh_common_args": SSH,
                     "ansible_python_interpreter": "/usr/bin/python3"}
        (self.folder / "inventory.json").write_text(json.dumps({"all": {"hosts": inventory, "vars": variables}}))
        self.environment = dict(
            os.environ, ANSIBLE_COLLECTIONS_PATH=str(self.folder), ANSIBLE_STDOUT_CALLBACK="results",
            ANSIBLE_CALLBACK_PLUGINS=str(TOP / "Tests" / "Ansible"), ANSIBLE_FORKS="20",
            ANSIBLE_HOME=str(self.folder / "home"), ANSIBLE_PIPELINING="1", LC_ALL="C.UTF-8", ANSIBLE_RETRY_FILES_ENABLED="0",
            ANSIBLE_DEVEL_WARNING="0", ANSIBLE_SSH_CONTROL_PATH_DIR=str(self.folder / "cp"))

    def __call__(self, task, hosts, *options):
        play = [{"hosts": ",".join(hosts), "gather_facts": False, "tasks": [dict(task, name="task")]}]
        (self.folder / "play.json").write_text(json.dumps(play))
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(["ansible-playbook", "-i", self.folder / "inventory.json", self.folder / "play.json", *options],
                              capture_output=True, text=True, env=self.environment, timeout=300, cwd=self.folder)
        self.seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        # Of Ansible and its ssh alone: the hosts are children of another process.
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        try:
            return json.loads(done.stdout[done.stdout.index("{"):])
        except ValueError:
            raise RuntimeError(f"{done.stdout[-3000:]}{done.stderr[-3000:]}") from None

    def policy(self, text, hosts, *options, **arguments):
        return self({"portreeve.host.policy": dict(content=text, **arguments)}, hosts, *options)


FIRST = f"""version: 1
host: "h*.example.org"
services:
  ssh: {{ports: 22/tcp, from: {CONTROLLER}, why: Administration}}
  web: {{ports: 80/tcp, from: any, optional: true, why: Site}}
"""
SECOND = FIRST.replace("from: any", "from: [192.0.2.0/24, {}]".format(CONTROLLER))
LOCKOUT = FIRST.replace(CONTROLLER, "192.0.2.1")


def documented(play, check):
    """Ansible reads the documentation."""
    for module, option in [("policy", "confirm"), ("facts", "policy")]:
        shown = subprocess.run(["ansible-doc", "--json", f"portreeve.host.{module}"], capture_output=True, text=True, env=play.environment)
        check(shown.returncode == 0 and option in json.loads(shown.stdout)[f"portreeve.host.{module}"]["doc"]["options"],
              f"{module} is documented: {shown.stderr[-500:]}")


def folders(fleet, play, check):
    """A folder on the controller, with a file that the policy includes."""
    source = play.folder / "files" / "web"
    (source / "policy.d").mkdir(parents=True)
    (source / "policy.yaml").write_text("version: 1\ninclude: [policy.d/*.yaml]\n" + SECOND.partition("\n")[2])
    (source / "policy.d" / "shop.yaml").write_text("services:\n  shop: {ports: 8443/tcp, from: any, optional: true, why: Shop}\n")
    task = {"portreeve.host.policy": {"src": "web"}}
    made = play(task, ["h1"])["h1"]
    check(made.get("confirmed") and [entry["service"] for entry in made["access"]["gained"]] == ["shop", "shop"], f"a folder is applied: {made}")
    check(not play(task, ["h1"])["h1"]["changed"], "the second time nothing changes")
    before = fleet.facts("h1")
    strict = play({"portreeve.host.policy": {"src": "web", "strict": True}}, ["h1"])["h1"]
    check(strict.get("reason") == "invalid-policy" and "IPv6" in str(strict.get("diagnostics")), f"strict refuses a policy with warnings: {strict}")
    (source / "policy.d" / "shop.yaml").write_text("services:\n  shop: {ports: 8443/tcp, form: any}\n")
    check(play(task, ["h1"])["h1"].get("reason") == "invalid-policy" and fleet.facts("h1") == before, "a mistake in an included file changes nothing")


def pair(fleet, play, check):
    """Two hosts: check mode, twice the same, a narrower policy, refusals."""
    hosts = fleet.names[:2]
    before = [fleet.facts(name) for name in hosts]
    planned = play.policy(FIRST, hosts, "--check", "--diff")
    check([fleet.facts(name) for name in hosts] == before, "check mode changes nothing")
    check(all(planned[name]["changed"] for name in hosts), f"check mode says changed: {planned}")
    said = "".join(part.get("prepared", "") for part in planned["h1"].get("diff", []))
    check("can no longer reach" in said, f"--diff says who loses access: {planned['h1'].get('diff')}")

    made = play.policy(FIRST, hosts)
    for name in hosts:
        check(made[name].get("changed") and made[name].get("confirmed"), f"the policy is applied, and confirmed by a new connection: {made[name]}")
        check(made[name].get("access") == planned[name].get("access"), "check mode said what apply then did")
        check(fleet.inside(name, "cat", "/etc/portreeve/policy.yaml").stdout == FIRST, "the policy is on the host")
        check(fleet.inside(name, "portreeve", "verify", "--only", "ruleset").returncode == 0, "the host is in sync")
        check(json.loads(fleet.inside(name, "portreeve", "status", "--format", "json").stdout)["pending"] is None, "no change waits")
    again = play.policy(FIRST, hosts)
    for name in hosts:
        check(not again[name]["changed"] and again[name]["generation"] == made[name]["generation"], f"the second time nothing changes: {again[name]}")

    planned = play.policy(SECOND, hosts, "--check", "--diff")
    made = play.policy(SECOND, hosts, "--diff")
    check(all(made[name].get("access") == planned[name].get("access") and made[name].get("access", {}).get("lost") for name in hosts), f"check mode said who loses access: {made}")
    check(made["h1"].get("diff") == planned["h1"].get("diff"), "the differences are the same")
    facts = play({"portreeve.host.facts": {}}, hosts)
    check(facts["h1"].get("ansible_facts", {}).get("portreeve", {}).get("state") is not None, f"the facts have the state: {facts['h1']}")


def refusals(fleet, play, check):
    hosts, before = ["h1"], fleet.facts("h1")
    for name, text, reason in [("a policy that locks out", LOCKOUT, "refused"), ("a policy for another host", FIRST.replace("h*", "db*"), "invalid-policy"),
                               ("an invalid policy", FIRST.replace("22/tcp", "22/tpc"), "invalid-policy")]:
        for mode in [["--check"], []]:
            result = play.policy(text, hosts, *mode)["h1"]
            check(result.get("failed") and result.get("reason") == reason, f"{name} is refused {' '.join(mode)}: {result}")
    check(fleet.facts("h1") == before and fleet.answers("h1"), "the rules and the policy are as before, and the host answers")
    check(fleet.inside("h1", "sh", "-c", "ls -A /root/.ansible/tmp").stdout == "", "no staged file is left")


def main():
    binary, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
    check, folder = Checks(), tempfile.mkdtemp(prefix="portreeve-ansible.")
    must("mount", "-t", "tmpfs", "tmpfs", "/usr/local/bin")
    shutil.copy(binary, "/usr/local/bin/portreeve")
    fleet = Fleet(folder, count)
    try:
        while not all(fleet.answers(name) for name in fleet.names):
            time.sleep(0.1)
        play = Playbook(fleet, folder)
        documented(play, check)
        pair(fleet, play, check)
        refusals(fleet, play, check)
        folders(fleet, play, check)
        if count > 2:
            play.policy(FIRST, fleet.names)
            made = play.policy(SECOND, fleet.names)
            check(all(made[name].get("confirmed") for name in fleet.names), f"{count} hosts confirm their change: {made}")
            print(f"{count} hosts changed and confirmed: {play.seconds:.1f} s, {play.cpu / count:.2f} s of the controller's processor a host")
            made = play.policy(SECOND, fleet.names)
            check(not any(made[name]["changed"] for name in fleet.names), "nothing changes the second time")
            print(f"{count} hosts without a change: {play.seconds:.1f} s, {play.cpu / count:.2f} s of the controller's processor a host")
    finally:
        fleet.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
