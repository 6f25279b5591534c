"""A callback of Ansible that prints the results of each host as JSON; ansible-core has none."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: stdout
short_description: The results of each host as JSON
description: Prints one object with a member for each host, which has a member for each task.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "results"

    def __init__(self):
        super(CallbackModule, self).__init__()
        self.results = {}

    def keep(self, result, **options):
        self.results.setdefault(result._host.get_name(), {})[result._task.get_name()] = dict(result._result, **options)

    def v2_runner_on_ok(self, result):
        self.keep(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.keep(result, failed=True)

    def v2_runner_on_skipped(self, result):
        self.keep(result, skipped=True)

    def v2_runner_on_unreachable(self, result):
        self.keep(result, unreachable=True)

    def v2_playbook_on_stats(self, stats):
        print(json.dumps(self.results, default=str))
