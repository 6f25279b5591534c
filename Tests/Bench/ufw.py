"""ufw with its own configuration: it reads only the files of the package, and writes nothing of the host's.

`--datadir` is where it looks for its rules and settings and keeps its locks; its templates in /usr/share/ufw are those of a
fresh installation. `sysctl.conf` is left out, since some of its settings apply to the whole host.
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
    """Its version; None if it is not installed or has no `--datadir`."""
    if not shutil.which("ufw") or not (TEMPLATES / "before.rules").exists():
        return None
    result = subprocess.run(["ufw", "version"], capture_output=True, text=True)
    help = subprocess.run(["ufw", "--help"], capture_output=True, text=True)
    return result.stdout.split("\n")[0] if result.returncode == help.returncode == 0 else None


class Ufw:
    """A configuration with one rule per service and source, as `ufw allow` writes them."""

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
