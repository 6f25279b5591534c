"""A boot with broken surroundings: the last confirmed table, or the floor with the known ports of SSH; never an open host."""

from host import LEAK_PORT, STATE
from machine import CLIENT

UNIT = "portreeve.service"
SSH_PORT = 2222
LIBRARIES = "/usr/lib/x86_64-linux-gnu"


def run(host, checks):
    machine = host.machine
    machine("systemctl", "enable", UNIT)
    # SSH on another port, too, before the change that records the floor.
    machine.put("/etc/ssh/sshd_config.d/port.conf", f"Port 22\nPort {SSH_PORT}\n")
    machine("systemctl", "restart", "ssh.service")
    host.reapply()
    checks(machine.reaches(22, CLIENT) and not machine.reaches(SSH_PORT, CLIENT), "the policy opens 22 alone")

    machine.reboot()
    confirmed(host, checks, "a good state")
    cases = [
        ("no state directory", f"rm -r {STATE}"),
        ("a state directory that is a file", f"rm -r {STATE}; touch {STATE}"),
        ("a dangling link", f"rm -r {STATE}; ln -s /nowhere {STATE}"),
        ("a state directory of another user", f"chown -R alice {STATE}"),
        ("an empty state", f"rm {STATE}/change-*"),
        ("a corrupt change", f"for f in {STATE}/change-*; do echo mistake > $f; done"),
        ("a mount that fails", "echo 'overlay /var/lib/portreeve overlay lowerdir=/none,nofail 0 0' >> /etc/fstab"),
        ("a missing library", f"mv {LIBRARIES}/libmnl.so.0* /root/away/"),
        ("a missing program", "mv /usr/local/bin/portreeve /root/away/"),
        ("a damaged program", "cp /usr/local/bin/portreeve /root/away/; truncate -s 100K /usr/local/bin/portreeve"),
        ("a time-out", f"mkdir /etc/systemd/system/{UNIT}.d; printf '[Service]\\nExecStartPre=/bin/sleep 9\\nTimeoutStartSec=1\\n' > /etc/systemd/system/{UNIT}.d/late.conf"),
    ]
    for name, damage in cases:
        machine.sh(f"rm -rf /root/away; mkdir /root/away; {damage}")
        machine.reboot()
        # The program that lists the table needs the library, too.
        machine.sh(f"cd /root/away; [ ! -e libmnl.so.0 ] || mv libmnl.so.0* {LIBRARIES}/; [ ! -e portreeve ] || mv portreeve /usr/local/bin/")
        floor(host, checks, name)
        machine.sh(f"sed -i /lowerdir=.none/d /etc/fstab; umount {STATE}; rm -rf {STATE} /etc/systemd/system/{UNIT}.d; cp -a /root/state {STATE}")
    machine.sh("rm /etc/ssh/sshd_config.d/port.conf; systemctl restart ssh.service")
    first(host, checks)


def confirmed(host, checks, name):
    checks(host.machine.property(UNIT, "ActiveState") == "active", f"{name}: the unit is active")
    checks(host.is_loaded("web"), f"{name}: the confirmed table is loaded")
    checks(not host.machine.reaches(LEAK_PORT), f"{name}: the other ports are closed")


def floor(host, checks, name):
    machine = host.machine
    state = machine.property(UNIT, "ActiveState")
    # A mount that fails is a failed dependency: the unit did not start.
    checks(state == "failed" or name == "a mount that fails" and state == "inactive", f"{name}: the unit failed: {state}")
    checks(host.has_table and not host.is_loaded("web"), f"{name}: the floor is loaded: {machine.journal(UNIT)} {machine.journal('portreeve-floor.service')}")
    checks(machine.reaches(22) and machine.reaches(SSH_PORT), f"{name}: SSH is open where it was known to listen")
    checks(not machine.reaches(LEAK_PORT), f"{name}: the other ports are closed")
    checks(machine.property("portreeve-floor.service", "Result") == "success", f"{name}: the unit of the floor succeeded")


def first(host, checks):
    """Before the first change nothing is loaded; an image has the state of a policy that was applied when it was built."""
    machine = host.machine
    machine.sh(f"portreeve remove --yes; systemctl disable --now {UNIT}; rm -r {STATE}; rm -f /etc/portreeve/floor /run/portreeve/loaded")
    result = machine("systemctl", "enable", "--now", UNIT)
    checks(result.status == 0 and not host.has_table, f"before the first change nothing is loaded: {result}")
    checks("nothing is loaded" in machine.journal(UNIT), "the journal says so")
    machine.reboot()
    checks(not host.has_table and machine.property(UNIT, "ActiveState") == "active", "nor does a boot load anything")

    result = machine.sh(f"unshare --net portreeve apply --yes --quiet --state-dir {STATE}")
    checks(result.status == 0 and not host.has_table, f"an image is prepared without a change of the live table: {result}")
    machine.reboot()
    confirmed(host, checks, "the first boot of an image")
    checks(machine.sh("test -s /etc/portreeve/floor").status == 0, "the first boot records the floor")
