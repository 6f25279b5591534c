"""The role with the example inventory, playbook and policies as they are shipped, on four hosts."""

import shutil

from playbook import TOP

HOSTS = ["web1", "web2", "web3", "db1"]
POLICY = "portreeve.host.host : Apply the policy"
METRICS = "/var/lib/prometheus"


def run(fleet, play, check):
    site = play.folder / "site"
    shutil.copytree(TOP / "system/ansible/examples", site)
    command = ["-i", "inventory.yml", "-i", str(play.folder / "addresses.json"), "playbook.yml", "-e", f"portreeve_metrics={METRICS}",
               "--limit", ",".join(f"{name}.example.org" for name in HOSTS)]
    for name in HOSTS:
        fleet.sh(name, f"mkdir {METRICS}; portreeve remove --yes; rm -rf /etc/portreeve/*")

    before = {name: fleet.facts(name) for name in HOSTS}
    planned = play.run(*command, "--check", "--diff", cwd=site)
    check(all(planned.get(name, {}).get(POLICY, {}).get("changed") for name in HOSTS), f"check mode says that each host is changed: {planned}")
    check({name: fleet.facts(name) for name in HOSTS} == before, "check mode changes nothing")
    made = play.run(*command, "--diff", cwd=site)
    for name in HOSTS:
        applied(fleet, name, planned[name][POLICY], made[name][POLICY], site, check)

    before = {name: fleet.facts(name) for name in HOSTS}
    again = play.run(*command, cwd=site)
    changed = [(name, task) for name, tasks in again.items() for task, result in tasks.items() if result.get("changed") or result.get("failed")]
    check(set(again) == set(HOSTS) and not changed, f"the second time nothing changes: {changed}")
    mistaken(fleet, play, check, command, site)
    stopped(fleet, play, check, command, site)
    check({name: fleet.facts(name) for name in HOSTS} == before, "what was refused changed no host")
    check(all(fleet.answers(name) for name in HOSTS), "the hosts answer")


def applied(fleet, name, planned, made, site, check):
    kind = "database" if name == "db1" else "web"
    text = (site / "files/policies" / kind / "policy.yaml").read_text()
    check(made.get("confirmed"), f"{name} has confirmed its policy: {made}")
    check(all(made.get(key) == planned.get(key) for key in ["changed", "access", "diff"]), f"check mode said what apply then did: {planned} {made}")
    check(fleet.sh(name, "cat /etc/portreeve/policy.yaml") == text, f"{name} has the policy of its group")
    check(fleet.inside(name, "portreeve", "verify", "--only", "ruleset").returncode == 0, f"{name} is in sync")
    check(fleet.left(name) == "", f"{name} has no staged file: {fleet.left(name)}")
    # What cron would run.
    fleet.sh(name, "sed -n 's/^.* root //p' /etc/cron.d/portreeve-metrics | sh")
    hash = fleet.sh(name, "sha256sum /etc/portreeve/policy.yaml").split()[0]
    check(f'portreeve_policy_info{{hash="{hash}"}} 1' in fleet.sh(name, f"cat {METRICS}/portreeve.prom"), f"{name} has metrics")


def mistaken(fleet, play, check, command, site):
    """The inventory gives the database the policy of the web servers: the host refuses it."""
    inventory = (site / "inventory.yml").read_text()
    (site / "inventory.yml").write_text(inventory.replace("policies/database", "policies/web"))
    for mode in [["--check"], []]:
        result = play.run(*command, "--limit", "db1.example.org", *mode, cwd=site)["db1"][POLICY]
        check(result.get("failed") and result.get("reason") == "invalid-policy", f"a policy for another host is refused {' '.join(mode)}: {result}")
        check("web*.example.org" in result["msg"] and "db1" in result["msg"], f"it says which host the policy is for: {result['msg']}")
    check(fleet.left("db1") == "", f"no staged file is left: {fleet.left('db1')}")
    (site / "inventory.yml").write_text(inventory)


def stopped(fleet, play, check, command, site):
    """A policy that would lock out stops the play at the first host."""
    policy = site / "files/policies/web/policy.yaml"
    policy.write_text(policy.read_text().replace("10.8.0.0/16", "192.0.2.0/24"))
    results = play.run(*command, cwd=site)
    result = results.get("web1", {}).get(POLICY, {})
    check(result.get("reason") == "refused", f"a policy that would lock out is refused: {result}")
    check('add 10.8.0.1 to "from" of service "ssh" (/etc/portreeve/policy.yaml:8)' in result.get("msg", ""), f"it says which line to change: {result}")
    check(list(results) == ["web1"], f"no other host is tried: {list(results)}")
    check(fleet.left("web1") == "", f"no staged file is left: {fleet.left('web1')}")
