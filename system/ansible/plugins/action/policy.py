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
# How long new connections are tried. The undo comes later or earlier, as `confirm` says.
PATIENCE = 30


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        arguments = dict(self._task.args)
        if "phase" in arguments:
            raise AnsibleActionFail("phase is not for playbooks")
        source = arguments.pop("src", None)
        if (source is None) == (arguments.get("content") is None):
            raise AnsibleActionFail("give one of src and content")
        if source is not None:
            arguments["content"], files = self.read(source)
            arguments["files"] = dict(files, **(arguments.get("files") or {}))
        result.update(self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars))
        if result.get("failed") or not result.pop("waits", False):
            return result
        result.update(self.confirmed(task_vars))
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

    def confirmed(self, task_vars):
        """Confirms the change from a connection that was made under the new rules."""
        reset = getattr(self._connection, "reset", None)
        if reset is None:
            return dict(failed=True, msg="the connection cannot be reset, so no new one can confirm: the change will be undone")
        last, end = "", time.time() + PATIENCE
        while time.time() < end:
            try:
                reset()
                confirmed = self._execute_module(module_name=MODULE, module_args=dict(phase="confirm"), task_vars=task_vars)
            except AnsibleError as error:
                last = to_text(error)
                time.sleep(1)
                continue
            if confirmed.get("failed"):
                return dict(failed=True, confirmed=False, msg="the change was not confirmed: %s" % confirmed.get("msg"))
            return dict(confirmed=True, generation=confirmed["generation"])
        return dict(failed=True, unreachable=True, confirmed=False,
                    msg="no new connection reaches the host: the change will be undone by itself: %s" % last)
