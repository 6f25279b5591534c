"""ufw with a configuration of its own: nothing of the host's is read but what the package ships, and nothing is written.

It takes `--datadir`, below which it looks for its rules and settings and keeps its locks; its templates in /usr/share/ufw are
what a fresh installation has. `sysctl.conf` is left out, which would set what is not all of the network namespace's.
"""

import functools
import os
import pathlib
import shutil
import subprocess

import policies

TEMPLATES = pathlib.Path("/usr/share/ufw")
DEFAULTS = """IPV6=yes
DEFAULT_INPUT_POLICY="DROP"
DEFAULT_OUTPUT_POLICY="ACCEPT"
DEFAULT_FORWARD_POLICY="DROP"
DEFAULT_APPLICATION_POLICY="SKIP"
MANAGE_BUILTINS=no
IPT_SYSCTL=
IPT_MODULES=""
"""
USER_RULES = """*filter
:ufw-user-input - [0:0]
:ufw-user-output - [0:0]
:ufw-user-forward - [0:0]
:ufw-user-limit - [0:0]
:ufw-user-limit-accept - [0:0]
### RULES ###

{rules}### END RULES ###
-A ufw-user-limit -m limit --limit 3/minute -j LOG --log-prefix "[UFW LIMIT BLOCK] "
-A ufw-user-limit -j REJECT
-A ufw-user-limit-accept -j ACCEPT
COMMIT
"""


@functools.cache
def version():
    """What it says it is; None where it is not installed, or does not take a configuration of its own."""
    if not shutil.which("ufw") or not (TEMPLATES / "before.rules").exists():
        return None
    result = subprocess.run(["ufw", "version"], capture_output=True, text=True)
    help = subprocess.run(["ufw", "--help"], capture_output=True, text=True)
    return result.stdout.split("\n")[0] if result.returncode == help.returncode == 0 else None


class Ufw:
    """A configuration with one rule per service and source, in the words in which `ufw allow` writes them."""

    def __init__(self, folder, size):
        self.folder, self.size = folder, size
        settings = folder / "etc/ufw"
        settings.mkdir(parents=True)
        (folder / "etc/default").mkdir()
        (folder / "lib/ufw").mkdir(parents=True)
        (folder / "etc/default/ufw").write_text(DEFAULTS)
        for template in TEMPLATES.glob("*.rules"):
            shutil.copy(template, settings)
        shutil.copy(TEMPLATES / "ufw.conf", settings)
        (settings / "applications.d").mkdir()
        (settings / "user.rules").write_text(USER_RULES.format(rules="".join(self.rules())))

    def rules(self):
        for index in range(self.size):
            port = policies.FIRST + index
            for source in policies.SOURCES:
                yield (
                    f"### tuple ### allow udp {port} 0.0.0.0/0 any {source} in\n"
                    f"-A ufw-user-input -p udp --dport {port} -s {source} -j ACCEPT\n\n")

    def command(self, *arguments):
        return ["ufw", "--rootdir=/", f"--datadir={self.folder}", *arguments]

    def must_be_loaded(self):
        """Ends the bench unless the kernel has a rule for every service and source."""
        policies.must_be_loaded(self.size, "ufw-user-input")

    def enable(self):
        subprocess.run(self.command("--force", "enable"), check=True, capture_output=True)
        self.must_be_loaded()
