"""The firewalls under trial, each started as its package would, and configured by its own commands."""

import pathlib
import subprocess
import sys

from world import PUBLISHED, run, wait_until


class Ufw:
    """ufw with the files of its package."""

    def __init__(self, folders):
        pass

    def start(self, commands):
        # What the package does when it is installed; applications are files of the packages of servers.
        run("sh", "-ec", f"cp /usr/share/ufw/iptables/*.rules /usr/share/ufw/ufw.conf /usr/share/ufw/*.init /etc/ufw; "
                         f"cp -r /etc/ufw.package/. /etc/ufw")
        for command in commands:
            run("sh", "-ec", command)
        run("ufw", "--force", "enable")

    def is_left(self):
        return "ufw-user-input" in run("iptables", "-S", "INPUT").stdout

    def stop(self):
        pass


JAIL = """[DEFAULT]
banaction = nftables
[sshd]
enabled = true
backend = polling
logpath = /var/log/auth.log
"""


class UfwBesideFail2ban(Ufw):
    """ufw with a fail2ban that bans a source by its action for nftables."""

    def __init__(self, folders):
        self.client = folders["fail2ban"]

    def start(self, commands):
        super().start(commands)
        run("cp", "-r", str(pathlib.Path(self.client).parent / "root/etc/fail2ban"), "/run/fail2ban.config")
        pathlib.Path("/run/fail2ban.config/jail.d/defaults-debian.conf").unlink(missing_ok=True)
        pathlib.Path("/run/fail2ban.config/jail.local").write_text(JAIL)
        pathlib.Path("/var/log/auth.log").write_text("")
        self.fail2ban("start")
        self.fail2ban("set", "sshd", "banip", "192.0.2.66")
        wait_until(lambda: "192.0.2.66" in run("nft", "list", "ruleset").stdout, 10)

    def fail2ban(self, *arguments):
        run(self.client, "-c", "/run/fail2ban.config", "-s", "/run/fail2ban.socket", "-p", "/run/fail2ban.pid", *arguments)

    def stop(self):
        self.fail2ban("stop")


class UfwBesideDocker(Ufw):
    """ufw with a Docker that publishes a port of a container, which ufw does not filter."""

    def __init__(self, folders):
        sys.path.append("/mnt/Containers")
        from machines import Docker
        self.work = "/run/docker.trial"
        pathlib.Path(self.work).mkdir()
        self.docker = Docker(folders["docker"] + "/root", self.work)

    def start(self, commands):
        super().start(commands)
        self.docker.start()
        self.docker.make_image()
        namespace = self.docker.container("web", "exec sleep 1000000", "-p", f"{PUBLISHED}:80")
        # The kernel answers for an address of IPv6 only when it has found that no other host has it.
        wait_until(lambda: not run("nsenter", f"--net={namespace}", "ip", "-6", "addr", "show", "tentative").stdout, 10)
        server = subprocess.Popen(
            ["nsenter", f"--net={namespace}", sys.executable, "-B", "/mnt/Firewalls/servers.py", "container", "80"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        server.stdout.readline()

    def stop(self):
        self.docker.stop()


BUS = """<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
"""

# The unit of firewalld is stopped by a signal, as systemd would.
SYSTEMCTL = """#!/bin/sh
[ "$*" = "disable --now firewalld" ] || exit 1
kill "$(cat /run/firewalld.pid)"
while [ -e /run/firewalld.pid ]; do sleep 0.05; done
"""


class Firewalld:
    """firewalld on a bus of its own; the commands are those of firewall-cmd with `--permanent`, in the form of firewall-offline-cmd."""

    def __init__(self, folders):
        self.process = None

    def start(self, commands):
        run("mkdir", "-p", "/run/dbus", "/etc/firewalld/zones")
        pathlib.Path("/run/bus.conf").write_text(BUS)
        pathlib.Path("/usr/bin/systemctl").unlink(missing_ok=True)
        pathlib.Path("/usr/bin/systemctl").write_text(SYSTEMCTL)
        pathlib.Path("/usr/bin/systemctl").chmod(0o755)
        run("dbus-daemon", "--config-file=/run/bus.conf", "--fork")
        run("cp", "-r", "/etc/firewalld.package/.", "/etc/firewalld")
        for command in commands:
            run("sh", "-ec", command)
        self.process = subprocess.Popen(["firewalld", "--nofork"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: run("firewall-cmd", "--state", check=False).returncode == 0, 30)

    def is_left(self):
        return "table inet firewalld" in run("nft", "list", "tables").stdout

    def stop(self):
        pass


FIREWALLS = {"ufw": Ufw, "ufw beside fail2ban": UfwBesideFail2ban, "ufw beside docker": UfwBesideDocker, "firewalld": Firewalld}
