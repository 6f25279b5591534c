"""Runs ansible-playbook against the hosts, and gives what it says as values."""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import time

from fleet import CONTROLLER, SSH

TOP = pathlib.Path(__file__).resolve().parents[2]
FIRST = f"""version: 1
host: "web*.example.org"
services:
  ssh: {{ports: 22/tcp, from: {CONTROLLER}, why: Administration}}
  web: {{ports: 80/tcp, from: any, optional: true, why: Site}}
"""
SECOND = FIRST.replace("from: any", f"from: [192.0.2.0/24, {CONTROLLER}]")
LOCKOUT = FIRST.replace(CONTROLLER, "192.0.2.1")


class Playbook:
    def __init__(self, fleet, folder):
        self.fleet, self.folder = fleet, pathlib.Path(folder)
        shutil.copytree(TOP / "system/ansible", self.folder / "ansible_collections/portreeve/host")
        hosts = {f"{name}.example.org": {"ansible_host": address} for name, address in fleet.addresses.items()}
        variables = {"ansible_user": "root", "ansible_ssh_private_key_file": str(fleet.folder / "key"), "ansible_ssh_common_args": SSH,
                     "ansible_python_interpreter": "/usr/bin/python3"}
        (self.folder / "addresses.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
        self.environment = dict(
            os.environ, ANSIBLE_COLLECTIONS_PATH=str(self.folder), ANSIBLE_STDOUT_CALLBACK="results",
            ANSIBLE_CALLBACK_PLUGINS=str(TOP / "Tests/Ansible/callbacks"), ANSIBLE_FORKS="20", ANSIBLE_HOME=str(self.folder / "home"),
            ANSIBLE_PIPELINING="1", LC_ALL="C.UTF-8", ANSIBLE_RETRY_FILES_ENABLED="0", ANSIBLE_DEVEL_WARNING="0",
            ANSIBLE_SSH_CONTROL_PATH_DIR=str(self.folder / "cp"))

    def run(self, *arguments, cwd=None):
        """The results of each host, by the names of the tasks."""
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(["ansible-playbook", *arguments], capture_output=True, text=True, env=self.environment,
                              timeout=900, cwd=cwd or self.folder)
        self.seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        # Of Ansible and its ssh alone: the hosts are children of another process.
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        try:
            found = json.loads(done.stdout[done.stdout.index("{"):])
        except ValueError:
            raise RuntimeError(f"{done.stdout[-3000:]}{done.stderr[-3000:]}") from None
        return {name.partition(".")[0]: tasks for name, tasks in found.items()}

    def tasks(self, tasks, hosts, *options):
        """The results of each host, by the names of the tasks; one that fails does not end the play."""
        play = {"hosts": [f"{name}.example.org" for name in hosts], "gather_facts": False, "ignore_errors": True,
                "tasks": [dict(task, name=name) for name, task in tasks.items()]}
        (self.folder / "play.json").write_text(json.dumps([play]))
        return self.run("-i", "addresses.json", "play.json", *options)

    def policy(self, text, hosts, *options, **arguments):
        """The result of one policy, by the names of the hosts."""
        results = self.tasks({"policy": policy(text, **arguments)}, hosts, *options)
        return {name: tasks["policy"] for name, tasks in results.items()}


def policy(text, **arguments):
    """A task that applies a policy."""
    return {"portreeve.host.policy": dict(content=text, **arguments)}
