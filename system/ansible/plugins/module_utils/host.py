# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules know of portreeve: its commands as JSON, and access in words."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json


class Portreeve:
    """Runs portreeve; an exit status that the caller does not expect fails the module."""

    def __init__(self, module):
        self.module = module
        # The package and "make install" have different folders, and sudo may drop the second.
        self.program = module.get_bin_path("portreeve", required=True, opt_dirs=["/usr/local/bin"])

    def run(self, *arguments, **options):
        """The exit status, the standard output and the messages."""
        return self.module.run_command([self.program] + list(arguments), **options)

    def json(self, *arguments, **options):
        """The result of a command as a value, and the exit status, which must be one of `expected`."""
        expected = options.get("expected", (0,))
        status, output, messages = self.run(*(list(arguments) + ["--format", "json"]))
        if status not in expected:
            self.module.fail_json(msg=without_prefix(messages) or "portreeve ended with exit status %d" % status,
                                  rc=status, reason=REASONS.get(status, "failed"), command=arguments[0], stderr=messages)
        try:
            return json.loads(output), status
        except ValueError:
            self.module.fail_json(msg="portreeve %s printed no JSON: %s" % (arguments[0], messages or output), rc=status)


# The exit statuses of portreeve(8).
REASONS = {1: "failed", 2: "difference", 3: "invalid-policy", 4: "refused", 5: "changed-underneath", 64: "usage"}


def without_prefix(messages):
    """The messages without the name of the program."""
    lines = [line[len("portreeve: "):] if line.startswith("portreeve: ") else line for line in messages.splitlines()]
    return "\n".join(line for line in lines if line)


def sentence(entry, verb):
    """One entry of `access` in words: who, what, which service."""
    port = entry.get("port")
    place = entry["protocol"] if port is None else "%s/%s" % (entry["protocol"], port)
    sources = ", ".join(entry.get("sources") or ["any"])
    service = " (%s)" % entry["service"] if entry.get("service") else ""
    return "%s %s reach %s%s, %s" % (sources, verb, place, service, entry["family"])


def access_difference(before_files, after_files, plan):
    """The difference for --diff: the lines of the files, then who gains and who loses access."""
    access = plan.get("access", {})
    lines = ["+ " + sentence(entry, "can") for entry in access.get("gained", [])]
    lines += ["- " + sentence(entry, "can no longer") for entry in access.get("lost", [])]
    lines += ["? " + sentence(entry, "may or may not") for entry in access.get("unknown", [])]
    differences = [{"prepared": "".join(line + "\n" for line in lines)}] if lines else []
    for name in sorted(set(before_files) | set(after_files)):
        before, after = before_files.get(name), after_files.get(name)
        if before != after:
            differences.append({"before_header": name, "after_header": name, "before": before or "", "after": after or ""})
    return differences
