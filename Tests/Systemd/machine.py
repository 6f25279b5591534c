"""A machine: a tree of Debian under its own systemd, in a container of namespaces, with a cable to the network namespace of this process."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

NAME = "reeve"
ADDRESS, CLIENT, STRANGER = "10.77.0.2", "10.77.0.1", "10.77.0.66"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# systemd-nspawn exits with this status where the container asks for a reboot.
REBOOT = 133
# Units that slow a boot down and have no part in it.
MASKED = ["systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service",
          "fstrim.timer", "dpkg-db-backup.timer", "console-getty.service", "systemd-logind-varlink.socket"]


class Result:
    """The exit status and the output of a program."""

    def __init__(self, done):
        self.status, self.output, self.errors = done.returncode, done.stdout, done.stderr

    def __str__(self):
        return f"exit status {self.status}\n{self.output[-1500:]}{self.errors[-1500:]}"


def run(*command, input=None, timeout=60):
    return Result(subprocess.run(command, input=input, capture_output=True, text=True, errors="replace", timeout=timeout))


def must(*command, **options):
    result = run(*command, **options)
    if result.status != 0:
        raise RuntimeError(f"{' '.join(command)}: {result}")
    return result.output.strip()


def within(seconds, holds):
    """Whether the condition becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return bool(holds())


def group():
    """A new cgroup for a machine: two machines in one would share their units."""
    mounts = [line.split() for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    root = next(pathlib.Path(fields[4]) for fields in mounts if "cgroup2" in fields[fields.index("-"):])
    own = next(line[3:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    path = pathlib.Path(tempfile.mkdtemp(prefix="portreeve-systemd.", dir=root / own.lstrip("/")))
    return path


class Machine:
    def __init__(self, binary, tree, folder):
        """A machine with a copy-on-write view of `tree`, for this program; `folder` takes its changes."""
        self.binary = binary
        self.folder, self.root, self.key = pathlib.Path(folder), pathlib.Path(folder) / "root", pathlib.Path(folder) / "key"
        must("mount", "-t", "tmpfs", "tmpfs", folder)
        for name in ["root", "upper", "work"]:
            (self.folder / name).mkdir()
        must("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={tree},upperdir={folder}/upper,workdir={folder}/work", self.root)
        # systemd-nspawn keeps files there, and wants a tmpfs.
        must("mount", "-t", "tmpfs", "tmpfs", "/run/systemd")
        self.group = group()
        self.nspawn = None

    # The tree, while the machine is off

    def write(self, path, text, mode=0o644):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def furnish(self):
        """Gives the tree a network, users, keys and a quick boot."""
        self.write("/etc/systemd/network/10-host0.network",
                   f"[Match]\nName=host0\n[Network]\nAddress={ADDRESS}/24\nAddress=fd77::2/64\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=no\n")
        for unit in MASKED:
            (self.root / "etc/systemd/system" / unit).symlink_to("/dev/null")
        must("chroot", self.root, "systemctl", "enable", "systemd-networkd.service")
        must("chroot", self.root, "systemctl", "disable", "nginx.service")
        must("chroot", self.root, "useradd", "--create-home", "--shell", "/bin/bash", "alice")
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        for home, user in [("/root", "root"), ("/home/alice", "alice")]:
            self.write(f"{home}/.ssh/authorized_keys", (self.folder / "key.pub").read_text(), 0o600)
            must("chroot", self.root, "chown", "-R", f"{user}:", f"{home}/.ssh")
        self.write("/etc/hostname", f"{NAME}\n")

    def install(self, prefix="/usr/local"):
        """Installs the program with its units; a debug build gets the libraries that it lacks in the tree."""
        must("make", "install", f"BINARY={self.binary}", f"DESTDIR={self.root}", f"PREFIX={prefix}", timeout=600)
        for line in run("ldd", self.binary).output.splitlines():
            found = re.match(r"\s*(\S+) => (/\S+)", line)
            if found and not any((self.root / folder / found[1]).exists() for folder in ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"]):
                shutil.copy(found[2], self.root / "usr/local/lib" / found[1])
        must("chroot", self.root, "ldconfig")

    def uninstall(self, prefix="/usr/local"):
        must("make", "uninstall", f"DESTDIR={self.root}", f"PREFIX={prefix}")

    # Power

    def start(self):
        environment = dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1")
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--boot", f"--directory={self.root}", f"--machine={NAME}", "--network-veth", "--register=no", "--keep-unit",
             "--capability=CAP_NET_ADMIN,CAP_SYS_PTRACE,CAP_SYSLOG", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=(self.folder / "console").open("ab"), stderr=subprocess.STDOUT, env=environment,
            preexec_fn=lambda: (self.group / "cgroup.procs").write_text("0"))
        self.first = None
        # Both again and again: at first the child is a helper of systemd-nspawn, and the cable that of the last boot.
        if not within(90, lambda: self._connected() and self._is_up()):
            raise RuntimeError(f"the machine did not boot: {(self.folder / 'console').read_text(errors='replace')[-3000:]}")

    def _connected(self):
        """The first process exists, and its cable has the addresses of the client."""
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        if not children or run("ip", "link", "set", f"ve-{NAME}", "up").status != 0:
            return False
        self.first = children[0]
        for address in [f"{CLIENT}/24", f"{STRANGER}/24", "fd77::1/64"]:
            run("ip", "address", "add", address, "dev", f"ve-{NAME}", *(["nodad"] if ":" in address else []))
        return True

    def _is_up(self):
        return self("systemctl", "is-system-running").output.strip() in ["running", "degraded"]

    def reboot(self, between=None):
        """Boots again; `between` is done while the machine is off."""
        self("systemctl", "reboot")
        if self.nspawn.wait(timeout=60) != REBOOT:
            raise RuntimeError("the machine did not go down for a reboot")
        if between:
            between()
        self.start()

    def stop(self):
        if self.nspawn and self.nspawn.poll() is None:
            self("systemctl", "poweroff", "--force", "--force")
            try:
                self.nspawn.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        for folder, _, _ in os.walk(self.group, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                pass

    # Life

    def __call__(self, *command, input=None, timeout=60):
        """Runs a command beside the machine's systemd, in no unit and no session of it."""
        entering = ["nsenter", "--target", self.first or "0", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        return run(*entering, "env", "-i", f"PATH={PATH}", "HOME=/root", "TERM=dumb", *command, input=input, timeout=timeout)

    def sh(self, script, timeout=60):
        return self("sh", "-c", script, timeout=timeout)

    def ssh(self, command, user="root", timeout=60):
        """Runs a command in a login session over SSH."""
        return run("ssh", "-q", "-F", "none", "-i", self.key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                   "-o", "ConnectTimeout=5", "-b", CLIENT, f"{user}@{ADDRESS}", command, timeout=timeout)

    def put(self, path, text, mode=0o644):
        """Writes a file of the running machine."""
        result = self("sh", "-c", f"mkdir -p $(dirname {path}) && cat > {path} && chmod {mode:o} {path}", input=text)
        if result.status != 0:
            raise RuntimeError(f"cannot write {path}: {result}")

    def reaches(self, port, source=STRANGER, timeout=1.0):
        """Whether a client connects to a port."""
        with socket.socket() as client:
            client.settimeout(timeout)
            client.bind((source, 0))
            try:
                client.connect((ADDRESS, port))
                return True
            except OSError:
                return False

    def property(self, unit, name):
        return self("systemctl", "show", "--property", name, "--value", unit).output.strip()

    def journal(self, unit, *options):
        return self("journalctl", "--boot", "--no-pager", "--output", "cat", "--unit", unit, *options).output
