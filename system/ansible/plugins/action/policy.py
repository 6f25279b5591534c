# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the files of the policy on the controller, and confirms the change by a new connection."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

MODULE = "portreeve.host.policy"
# How many seconds after the undo new connections are still tried.
PATIENCE = 30


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        arguments = dict(self._task.args)
        if "pending" in arguments:
            raise AnsibleActionFail("pending is not for playbooks")
        source = arguments.pop("src", None)
        if (source is None) == (arguments.get("content") is None):
            raise AnsibleActionFail("give one of src and content")
        if source is not None:
            arguments["content"], files = self.read(source)
            arguments["files"] = dict(files, **(arguments.get("files") or {}))
        result.update(self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars))
        pending = result.pop("pending", None)
        if pending:
            result.update(self.confirmed(pending, arguments, task_vars))
        return result

    def read(self, source):
        """The text of the policy, and those of the other files by their relative paths."""
        path = self._find_needle("files", source)
        if not os.path.isdir(path):
            return self.text(path), {}
        files = {}
        for folder, folders, names in os.walk(path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if not name.startswith("."):
                    file = os.path.join(folder, name)
                    files[os.path.relpath(file, path)] = self.text(file)
        if "policy.yaml" not in files:
            raise AnsibleActionFail("the folder %s has no policy.yaml" % source)
        return files.pop("policy.yaml"), files

    def text(self, path):
        with open(path, "rb") as file:
            return to_text(file.read(), errors="surrogate_or_strict")

    def confirmed(self, pending, arguments, task_vars):
        """Confirms the change from a connection that was made under the new rules; after the undo, under the old ones."""
        reset = getattr(self._connection, "reset", None)
        if reset is None:
            return dict(failed=True, confirmed=False, reason="failed",
                        msg="the connection cannot be reset, so no new one can confirm: the change will be undone")
        asked = dict((name, arguments[name]) for name in ["dest"] if name in arguments)
        asked["pending"] = pending
        last, end = "", time.time() + pending["seconds"] + PATIENCE
        while time.time() < end:
            try:
                reset()
                return self._execute_module(module_name=MODULE, module_args=asked, task_vars=task_vars)
            except AnsibleError as error:
                last = to_text(error)
                time.sleep(1)
        return dict(failed=True, unreachable=True, confirmed=False, reason="unreachable",
                    msg="no new connection reaches the host, also after the undo of the change: %s" % last)
