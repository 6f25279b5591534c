"""Hosts as namespaces: each has its own network, mounts, processes and name, and an sshd."""

import os
import pathlib
import shutil
import subprocess
import time

CONTROLLER, SECOND_CONTROLLER = "10.8.0.1", "10.8.0.2"
# The folders that each host has for itself.
OWN = ["/etc/portreeve", "/etc/cron.d", "/var/lib", "/run", "/root", "/tmp"]
SSH = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 -o ControlMaster=auto -o ControlPersist=60s"
SSHD = """
ListenAddress 0.0.0.0
Port 22
HostKey /tmp/ssh/host-key
AuthorizedKeysFile /tmp/ssh/authorized
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
MaxStartups 100
Subsystem sftp internal-sftp
"""


def must(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


class Fleet:
    """Hosts at 10.8.1.1, 10.8.1.2, ... with the names of `names` below example.org, behind one bridge of the controller."""

    def __init__(self, folder, names):
        self.folder, self.names, self.processes, self.first = pathlib.Path(folder), names, [], {}
        self.addresses = {name: f"10.8.{1 + number // 250}.{1 + number % 250}" for number, name in enumerate(names)}
        for command in ["link set lo up", "link add br0 type bridge", f"address add {CONTROLLER}/16 dev br0",
                        f"address add {SECOND_CONTROLLER}/16 dev br0", "link set br0 up"]:
            must("ip", *command.split())
        self.shared = self.folder / "ssh"
        self.shared.mkdir()
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "key")
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.shared / "host-key")
        shutil.copy(self.folder / "key.pub", self.shared / "authorized")
        (self.shared / "config").write_text(SSHD)
        for name in names:
            self.start(name)

    def start(self, name):
        # /tmp is the host's own: what sshd needs is handed over through a descriptor of the folder.
        descriptor = os.open(self.shared, os.O_RDONLY)
        script = f"""
            mount --make-rprivate /
            for folder in {' '.join(OWN)}; do mkdir -p $folder; mount -t tmpfs -o mode=0755 tmpfs $folder; done
            chmod 1777 /tmp; mkdir -p /run/sshd
            hostname {name}.example.org
            until ip link set eth0 up 2>/dev/null; do sleep 0.05; done
            ip link set lo up; ip address add {self.addresses[name]}/16 dev eth0
            mkdir -p /tmp/ssh; cp /proc/self/fd/{descriptor}/* /tmp/ssh
            exec /usr/sbin/sshd -D -e -f /tmp/ssh/config
        """
        process = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", script],
            pass_fds=[descriptor], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(self.folder / f"{name}.log").open("w"))
        os.close(descriptor)
        self.processes.append(process)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not children.read_text():
            time.sleep(0.02)
        self.first[name] = children.read_text().split()[0]
        must("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", self.first[name])
        must("ip", "link", "set", name, "master", "br0", "up")

    def inside(self, name, *command):
        """Runs a command on a host."""
        entering = ["nsenter", "--target", self.first[name], "--mount", "--net", "--pid", "--uts"]
        return subprocess.run([*entering, *command], capture_output=True, text=True)

    def sh(self, name, script):
        return self.inside(name, "sh", "-c", script).stdout

    def facts(self, name):
        """The rules and the policy of a host."""
        return self.sh(name, "nft --stateless list ruleset; cd /etc/portreeve && tail -n +1 $(find . -name '*.yaml'); ls /etc/cron.d")

    def left(self, name):
        """The staged files that a host still has."""
        return self.sh(name, "find /root/.ansible/tmp /tmp -mindepth 1 ! -path '/tmp/ssh*'; find /etc/portreeve -name '.*' -type f")

    @property
    def cpu(self):
        """The seconds of a processor that the processes of all hosts have used."""
        processes, used = list(self.first.values()), 0
        while processes:
            process = pathlib.Path("/proc") / processes.pop()
            try:
                used += sum(int(field) for field in (process / "stat").read_text().rpartition(")")[2].split()[11:15])
                processes += (process / "task" / process.name / "children").read_text().split()
            except FileNotFoundError:
                pass
        return used / os.sysconf("SC_CLK_TCK")

    def answers(self, name):
        command = ["ssh", "-q", "-i", self.folder / "key", *SSH.split(), "-o", "ControlPath=none", f"root@{self.addresses[name]}", "true"]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    def dial(self, name, source):
        """New connections to this host come from another address of the controller."""
        must("ip", "route", "replace", self.addresses[name], "dev", "br0", "src", source)

    def sever(self, name):
        """No new connection is made to this host; those that are open live on."""
        must("nft", "add table inet severed; add chain inet severed output { type filter hook output priority 0; };"
             f"add rule inet severed output ip daddr {self.addresses[name]} tcp flags & (syn | ack) == syn drop")

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
