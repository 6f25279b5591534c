# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules know of portreeve: its commands as values, and differences."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json


class Portreeve:
    """Runs portreeve; an exit status that the caller does not expect fails the module."""

    def __init__(self, module):
        self.module = module
        # The package and "make install" have different folders, and sudo may drop the second.
        self.program = module.get_bin_path("portreeve", required=True, opt_dirs=["/usr/local/bin"])
        # The folder of staged files, and the one that they are meant for, which messages name.
        self.stage, self.folder = None, None

    def run(self, *arguments, **options):
        """The exit status, the standard output and the messages."""
        status, output, messages = self.module.run_command([self.program] + list(arguments), **options)
        if self.stage:
            output, messages = output.replace(self.stage, self.folder), messages.replace(self.stage, self.folder)
        return status, output, messages

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


def difference(before_files, after_files, plan):
    """The difference for --diff: the plan in words, then the lines of the files."""
    differences = [{"prepared": plan}] if plan else []
    for name in sorted(set(before_files) | set(after_files)):
        before, after = before_files.get(name), after_files.get(name)
        if before != after:
            differences.append({"before_header": name, "after_header": name, "before": before or "", "after": after or ""})
    return differences
