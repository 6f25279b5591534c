"""An installation below /usr, as a package has it: every unit and what it starts have its paths."""

from machine import CLIENT, within

UNITS = ["portreeve.service", "portreeve-verify.service", "portreeve-floor.service", "portreeve-restore.service"]


def run(host, checks):
    machine = host.machine
    machine("systemctl", "disable", "portreeve.service", "portreeve-verify.timer")
    machine.uninstall()
    machine.install("/usr")
    machine("systemctl", "daemon-reload")
    try:
        checks(machine.sh("command -v portreeve").output == "/usr/bin/portreeve\n", "the program is below /usr")
        for unit in UNITS:
            text = machine("systemctl", "cat", unit).output
            checks("ExecStart=/usr/" in text and "/usr/local" not in text, f"{unit} has the paths: {text}")
        lives(host, checks)
    finally:
        machine("systemctl", "disable", "portreeve.service", "portreeve-verify.timer")
        machine.uninstall("/usr")
        machine.install()
        machine("systemctl", "daemon-reload")


def lives(host, checks):
    machine = host.machine
    machine("systemctl", "enable", "portreeve.service", "portreeve-verify.timer")
    machine.reboot()
    checks(host.has_table and machine.reaches(22, CLIENT), "a boot loads the table")
    checks(machine.property("portreeve.service", "Result") == "success", "by its unit")
    checks(within(5, lambda: machine.property("portreeve-verify.timer", "ActiveState") == "active"), "the timer of verify waits")
    machine("systemctl", "start", "portreeve-verify.service")
    checks(machine.property("portreeve-verify.service", "ExecMainStatus") in ["0", "2"], "verify runs in its unit")

    host.expect(0, "apply", "--yes", "/root/second.yaml", "--confirm", "3s")
    checks(host.undo_units != [], "the undo is a unit")
    host.undone(20, "below /usr")

    machine("systemctl", "restart", "nftables.service")
    checks(within(1, lambda: host.has_table), "after a restart of nftables.service the table is back within a second")
    machine("systemctl", "stop", "nftables.service")
    broken(host, checks)


def broken(host, checks):
    """The floor is loaded by the program below /usr where portreeve cannot run."""
    host.machine.sh("mv /usr/bin/portreeve /root/portreeve")
    host.machine.reboot()
    host.machine.sh("mv /root/portreeve /usr/bin/portreeve")
    host.check(host.has_table and not host.is_loaded("web"), "without the program a boot loads the floor")
    host.check(host.machine.reaches(22, CLIENT), "and SSH is open")
