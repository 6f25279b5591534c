#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: policy
short_description: Apply the port policy of a host
description:
  - Puts a policy and the files that it names on the host, and applies it with C(portreeve apply).
  - The files are staged first and the plan is made of the staged ones, so that an invalid policy, a policy for another host or a
    change that would lock out the SSH session of Ansible changes neither the files nor the ruleset.
  - Check mode makes the same plan and changes nothing. C(--diff) shows the plan in words, with who gains and who loses
    access, then the lines of the files.
  - With I(confirm) the change undoes itself unless a new connection confirms it. The connection is reset, and the new one confirms.
    Where no new connection is made in time, the task waits for the undo, puts the earlier policy back beside the earlier ruleset,
    and fails.
version_added: "0.1.0"
author: The portreeve authors (@portreeve)
options:
  src:
    description:
      - The policy on the controller, or a folder that has C(policy.yaml) and whatever it includes.
      - A relative path is searched as by M(ansible.builtin.copy).
    type: path
  content:
    description: The text of the policy.
    type: str
  files:
    description: Other files that the policy names, by their paths relative to it, as text.
    type: dict
    default: {}
  dest:
    description: Where the policy is on the host.
    type: path
    default: /etc/portreeve/policy.yaml
  confirm:
    description:
      - Undo the change after this time, such as C(2m), unless a new connection confirms it.
      - It must be longer than a connection takes. An empty text makes changes that need no confirmation.
    type: str
    default: 2m
  keep_lists:
    description: Use a list as it was applied where it is missing, invalid or out of its bounds.
    type: bool
    default: false
  strict:
    description: Refuse a policy for which C(portreeve check) has a warning.
    type: bool
    default: false
  pending:
    description: The change that the action of this name confirms. Not for playbooks.
    type: dict
attributes:
  check_mode:
    description: Plans, and changes nothing.
    support: full
  diff_mode:
    description: Shows who gains and who loses access.
    support: full
"""

EXAMPLES = r"""
- name: Apply the policy of the host's role
  portreeve.host.policy:
    src: "policies/{{ portreeve_role }}"

- name: Apply a policy in the playbook
  portreeve.host.policy:
    content: |
      version: 1
      services:
        ssh: {ports: 22/tcp, from: 10.8.0.0/16, why: Administration}
    confirm: 90s
"""

RETURN = r"""
access:
  description: Who gains and who loses access, as C(portreeve plan --format json) has it.
  returned: success
  type: dict
in_sync:
  description: Whether the live ruleset was the one of the policy before.
  returned: success
  type: bool
generation:
  description: The generation of the ruleset after the change.
  returned: when not in check mode
  type: int
confirmed:
  description: Whether a new connection confirmed the change.
  returned: when the ruleset was changed with I(confirm)
  type: bool
reason:
  description: Why it failed, such as C(refused), C(invalid-policy) or C(undone).
  returned: failure
  type: str
"""

import os
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible_collections.portreeve.host.plugins.module_utils.host import (
    REASONS, Portreeve, difference, without_prefix)


def read(path):
    """The text of a file; `None` if there is none."""
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return to_text(file.read(), errors="surrogate_or_strict")


def write(path, text):
    """Replaces a file atomically; only root may write it."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o755)
    descriptor, temporary = tempfile.mkstemp(prefix=".portreeve.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(to_bytes(text))
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def paths(module):
    """The text of each file by its path on the host."""
    dest = module.params["dest"]
    folder = os.path.dirname(dest)
    wanted = {dest: module.params["content"]}
    for name, text in module.params["files"].items():
        path = os.path.normpath(os.path.join(folder, name))
        if os.path.isabs(name) or not path.startswith(folder + os.sep):
            module.fail_json(msg='the file "%s" is not below %s' % (name, folder))
        wanted[path] = text
    return wanted


def staged(module, wanted):
    """Writes the files into a folder of root's own, beside those that the policy names on the host; the path of the policy."""
    folder = os.path.dirname(module.params["dest"])
    stage = tempfile.mkdtemp(prefix="portreeve.", dir=module.tmpdir)
    module.add_cleanup_file(stage)
    if os.path.isdir(folder):
        shutil.copytree(folder, os.path.join(stage, "files"), symlinks=True)
    for path, text in wanted.items():
        write(os.path.join(stage, "files", os.path.relpath(path, folder)), text)
    return os.path.join(stage, "files", os.path.basename(module.params["dest"]))


def restore(before):
    """Puts the files back as they were."""
    for path, text in before.items():
        if text is not None:
            write(path, text)
        elif os.path.exists(path):
            os.unlink(path)


def apply(module, portreeve):
    wanted = paths(module)
    before = dict((path, read(path)) for path in wanted)
    lists = ["--keep-lists"] if module.params["keep_lists"] else []
    stage = staged(module, wanted)
    portreeve.stage, portreeve.folder = os.path.dirname(stage), os.path.dirname(module.params["dest"])
    if module.params["strict"]:
        checked, status = portreeve.json("check", stage, "--strict", expected=(0, 3))
        if status:
            module.fail_json(msg="the policy has problems", reason="invalid-policy", rc=status, diagnostics=checked["diagnostics"])
    plan, status = portreeve.json("plan", stage, *lists)
    if plan.get("refused"):
        module.fail_json(msg=plan["refused"], reason="refused", rc=4, access=plan["access"])
    files_differ = any(before[path] != text for path, text in wanted.items())
    result = dict(changed=files_differ or not plan["in_sync"], access=plan["access"], in_sync=plan["in_sync"], confirmed=False)
    if module._diff:
        text = "" if plan["in_sync"] else portreeve.run("plan", stage, *lists)[1]
        result["diff"] = difference(before, wanted, text)
    if module.check_mode or not result["changed"]:
        result["generation"] = plan["generation"]
        module.exit_json(**result)

    if files_differ:
        for path, text in wanted.items():
            write(path, text)
    timer = ["--confirm", module.params["confirm"]] if module.params["confirm"] else []
    status, output, messages = portreeve.run("apply", module.params["dest"], "--yes", "--format", "json", *(timer + lists))
    if status != 0:
        restore(before)
    applied = finished(module, status, output, messages)
    result["generation"] = applied["generation"]
    if "confirm_within" in applied:
        # For the action, which confirms it.
        result["pending"] = dict(change=applied["change"], seconds=applied["confirm_within"], before=before)
    module.exit_json(**result)


def confirm(module, portreeve, change, before):
    """Keeps a change that waits. Where it was undone, the files become those of the ruleset again."""
    waiting = portreeve.json("status", module.params["dest"])[0]["pending"]
    messages = ""
    if waiting and waiting["change"] == change:
        status, output, messages = portreeve.run("confirm", "--format", "json")
        if status == 0:
            module.exit_json(changed=True, confirmed=True, generation=module.from_json(output)["generation"])
    found = [entry for entry in portreeve.json("history")[0]["changes"] if entry["change"] == change]
    outcome = found[0]["outcome"] if found else "unknown"
    if outcome == "confirmed":
        module.exit_json(changed=True, confirmed=True, generation=found[0]["generation"])
    if outcome == "undone":
        restore(before)
        module.fail_json(msg="no new connection confirmed the change in time, so it was undone; the policy on the host is the earlier one",
                         reason="undone", changed=False, confirmed=False)
    module.fail_json(msg="the change %s was not confirmed, and is %s now: %s" % (change, outcome, without_prefix(messages)),
                     reason="failed", confirmed=False)


def finished(module, status, output, messages):
    """The result of an `apply` that succeeded."""
    if status != 0:
        module.fail_json(msg=without_prefix(messages), rc=status, reason=REASONS.get(status, "failed"), stderr=messages)
    return module.from_json(output)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            src=dict(type="path"), content=dict(type="str"), files=dict(type="dict", default={}),
            dest=dict(type="path", default="/etc/portreeve/policy.yaml"), confirm=dict(type="str", default="2m"),
            keep_lists=dict(type="bool", default=False), strict=dict(type="bool", default=False),
            pending=dict(type="dict")),
        supports_check_mode=True)
    portreeve = Portreeve(module)
    if module.params["pending"]:
        confirm(module, portreeve, module.params["pending"]["change"], module.params["pending"]["before"])
    if module.params["content"] is None:
        module.fail_json(msg="the policy is missing: give src or content")
    apply(module, portreeve)


if __name__ == "__main__":
    main()
