#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: facts
short_description: Read what portreeve says of a host
description:
  - Reads the state, the ports and the findings of a host, and changes nothing.
version_added: "0.1.0"
author: The portreeve authors (@portreeve)
options:
  policy:
    description: Where the policy is on the host.
    type: path
    default: /etc/portreeve/policy.yaml
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
"""

EXAMPLES = r"""
- name: Read the findings
  portreeve.host.facts:

- name: Fail where a host has an error
  ansible.builtin.assert:
    that: portreeve.findings | selectattr('severity', 'equalto', 'error') | list | length == 0
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: success
  type: dict
  contains:
    portreeve:
      description: The version, the state, the generation, the pending change, the ports as of C(portreeve status), and the findings
        of C(portreeve verify).
      type: dict
      returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.portreeve.host.plugins.module_utils.host import Portreeve


def main():
    module = AnsibleModule(argument_spec=dict(policy=dict(type="path", default="/etc/portreeve/policy.yaml")),
                           supports_check_mode=True)
    portreeve = Portreeve(module)
    version = portreeve.run("--version", check_rc=True)[1].strip()
    status, rc = portreeve.json("status", module.params["policy"])
    verified, rc = portreeve.json("verify", module.params["policy"], expected=(0, 2))
    facts = dict((key, status.get(key)) for key in ("state", "generation", "pending", "grants", "bans", "ports"))
    facts.update(version=version, findings=verified["findings"], is_in_sync=rc == 0)
    module.exit_json(changed=False, ansible_facts=dict(portreeve=facts))


if __name__ == "__main__":
    main()
