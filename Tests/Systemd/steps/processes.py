"""Processes as `systemctl status` names them: users' units, instances, dynamic users, sockets that systemd holds, links, scripts."""

import json

from host import POLICY
from machine import within

LISTEN = """import socket, sys
listener = socket.create_server(("", int(sys.argv[1])))
while True: listener.accept()[0].close()
"""
PYTHON = "/usr/bin/python3"
SERVER = "/opt/server.py"


def service(port, *more):
    return "\n".join(["[Service]", f"ExecStart={PYTHON} {SERVER} {port}", *more, ""])


UNITS = {
    # An instance, and a dynamic user.
    "app@.service": service("%i"),
    "dynamic.service": service(7002, "DynamicUser=yes", "User=guest"),
    # A socket for one service, and one for a service for each connection.
    "lazy.socket": "[Socket]\nListenStream=7003\n",
    "lazy.service": service(7013, "User=www-data"),
    "each.socket": "[Socket]\nListenStream=7004\nAccept=yes\n",
    "each@.service": "[Service]\nExecStart=/usr/sbin/nginx\nStandardInput=socket\n",
    # Debian's alternatives: two links, the second one to the program.
    "java.service": "[Service]\nExecStart=/usr/bin/java /opt/server.py 7005\n",
}


def run(host, checks):
    machine = host.machine
    machine.put(SERVER, LISTEN)
    machine.sh("mkdir -p /usr/lib/jvm/bin; cp $(readlink -f /usr/bin/python3) /usr/lib/jvm/bin/runtime; ln -sf /usr/lib/jvm/bin/runtime /etc/alternatives/java;"
               "ln -sf /etc/alternatives/java /usr/bin/java")
    for name, text in UNITS.items():
        machine.put(f"/etc/systemd/system/{name}", text)
    machine.put("/home/alice/.config/systemd/user/mine.service", service(7006))
    machine.sh("chown -R alice: /home/alice/.config; loginctl enable-linger alice; systemctl daemon-reload; systemctl start user@$(id -u alice).service")
    result = machine.sh("systemctl start app@7001 dynamic lazy.socket each.socket java nginx && "
                        "systemd-run --quiet --wait --uid=alice --setenv=XDG_RUNTIME_DIR=/run/user/$(id -u alice) systemctl --user start mine")
    checks(result.status == 0, f"the listeners start: {result}")
    checks(within(5, lambda: machine.sh("ss -Hltn | grep -c ':700[1-6] '").output.strip() == "6"), machine.sh("ss -Hltnp").output)
    met(host, checks)
    missed(host, checks)
    init(host, checks)
    machine.sh("systemctl stop app@7001 dynamic lazy.socket each.socket java nginx; systemctl stop user@$(id -u alice).service; loginctl disable-linger alice")


def findings(host, *services):
    """The findings of verify about these services, by id and service."""
    text = "version: 1\nservices:\n  ssh: {ports: 22, from: any, why: Administration}\n"
    text += "".join(f"  {name}: {{ports: {port}, from: any, {expected}, why: Trial}}\n" for name, port, expected in services)
    host.machine.put(POLICY, text, 0o600)
    host.portreeve("apply", "--yes")
    found = json.loads(host.portreeve("verify", "--only", "listeners", "--format", "json").output)["findings"]
    return {(finding["id"], finding["service"]): finding for finding in found
            if finding.get("service") and finding["id"] in ["wrong-process", "wrong-unit", "wrong-user", "unknown"]}


def met(host, checks):
    """What the policy expects is what `systemctl status` shows."""
    found = findings(
        host, ("instance", 7001, "unit: app@.service, process: python3, user: root"),
        ("dynamic", 7002, "unit: dynamic.service, user: guest, process: /usr/bin/python3"),
        ("lazy", 7003, "unit: lazy.service, user: www-data, process: python3"),
        ("each", 7004, "unit: each@.service, user: root, process: nginx"),
        ("java", 7005, "process: /usr/bin/java, unit: java.service"),
        ("mine", 7006, "unit: mine.service, user: alice, process: /usr/bin/python3"))
    checks(not found, f"all expectations are met: {found}")


def missed(host, checks):
    """Other expectations are not."""
    found = findings(
        host, ("instance", 7001, "unit: other@.service"), ("dynamic", 7002, "user: root"),
        ("lazy", 7003, "unit: each.service, user: root, process: nginx"), ("each", 7004, "process: python3"),
        ("java", 7005, "process: /usr/bin/python3"), ("mine", 7006, "unit: mine.service"))
    expected = {("wrong-unit", "instance"), ("wrong-user", "dynamic"), ("wrong-unit", "lazy"), ("wrong-user", "lazy"), ("wrong-process", "lazy"),
                ("wrong-process", "each"), ("wrong-process", "java"), ("wrong-unit", "mine")}
    checks(set(found) == expected, f"these are found: {sorted(set(found) ^ expected)}")
    said = found.get(("wrong-unit", "mine"), {}).get("message", "")
    checks("mine.service of user@" in said and SERVER in said, f"a user's unit is named, and the script: {said}")
    said = found.get(("wrong-unit", "lazy"), {}).get("message", "")
    checks("systemd starts" in said, f"a unit that systemd starts is named as such: {said}")


def init(host, checks):
    """The first policy is met by the host."""
    text = host.machine.sh("rm -f /root/first.yaml; portreeve init /root/first.yaml --quiet; cat /root/first.yaml").output
    nginx = text.partition("  nginx:")[2].partition("\n  ")[0:1][0] + text.partition("  nginx:")[2].partition("why:")[0]
    checks("user: [root, www-data]" in nginx, f"nginx runs as root and serves as www-data: {nginx}")
    checks("unit: lazy.service" in text and "user: guest" in text, f"units that systemd starts and dynamic users are named: {text}")
    host.machine.sh("sed -i 's/from: nobody/from: any/' /root/first.yaml")
    host.expect(0, "apply", "/root/first.yaml", "--yes", "--force")
    found = host.portreeve("verify", "/root/first.yaml", "--only", "listeners").output
    checks(not any(f"[wrong-{kind}]" in found for kind in ["process", "unit", "user"]), f"the first policy is met: {found}")
