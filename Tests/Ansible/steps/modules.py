"""The modules on two hosts: check mode, twice the same, a narrower policy, folders, refusals."""

import json
import subprocess

from fleet import CONTROLLER
from playbook import FIRST, LOCKOUT, SECOND, policy


def run(fleet, play, check):
    documented(play, check)
    pair(fleet, play, check)
    refusals(fleet, play, check)
    folders(fleet, play, check)


def documented(play, check):
    """Ansible reads the documentation."""
    for module, option in [("policy", "confirm"), ("facts", "policy")]:
        shown = subprocess.run(["ansible-doc", "--json", f"portreeve.host.{module}"], capture_output=True, text=True, env=play.environment)
        check(shown.returncode == 0 and option in json.loads(shown.stdout)[f"portreeve.host.{module}"]["doc"]["options"],
              f"{module} is documented: {shown.stderr[-500:]}")


def pair(fleet, play, check):
    hosts = ["web1", "web2"]
    before = [fleet.facts(name) for name in hosts]
    planned = play.policy(FIRST, hosts, "--check", "--diff")
    check([fleet.facts(name) for name in hosts] == before, "check mode changes nothing")
    check(all(planned[name]["changed"] for name in hosts), f"check mode says changed: {planned}")
    check(f"- anyone but {CONTROLLER} loses access to tcp/22 (ssh)\n" in said(planned["web1"]),
          f"--diff says who loses access: {planned['web1'].get('diff')}")

    made = play.tasks({"once": policy(FIRST), "again": policy(FIRST)}, hosts)
    for name in hosts:
        once, again = made[name]["once"], made[name]["again"]
        check(once.get("changed") and once.get("confirmed"), f"the policy is applied, and confirmed by a new connection: {once}")
        check("pending" not in once, f"what waited is not part of the result: {once}")
        check(once.get("access") == planned[name].get("access"), "check mode said what apply then did")
        check(fleet.sh(name, "cat /etc/portreeve/policy.yaml") == FIRST, "the policy is on the host")
        check(fleet.inside(name, "portreeve", "verify", "--only", "ruleset").returncode == 0, "the host is in sync")
        check(json.loads(fleet.sh(name, "portreeve status --format json"))["pending"] is None, "no change waits")
        check(fleet.left(name) == "", f"no staged file is left: {fleet.left(name)}")
        check(not again["changed"] and again["generation"] == once["generation"], f"the second time nothing changes: {again}")

    planned = play.policy(SECOND, hosts, "--check", "--diff")
    made = play.tasks({"policy": policy(SECOND), "facts": {"portreeve.host.facts": {}}}, hosts, "--diff")
    for name in hosts:
        result = made[name]["policy"]
        check(result["access"]["lost"] and result["access"] == planned[name]["access"], f"check mode said who loses access: {result}")
        check(result.get("diff") == planned[name].get("diff"), f"the differences are the same: {planned[name].get('diff')} {result.get('diff')}")
        check(f"- anyone but {CONTROLLER}, 192.0.2.0/24 loses access to tcp/80 (web)\n" in said(result), f"--diff says who loses access: {said(result)}")
        facts = made[name]["facts"].get("ansible_facts", {}).get("portreeve", {})
        check(facts.get("state") is not None, f"the facts have the state: {facts}")


def said(result):
    """The difference in terms of access."""
    return "".join(part.get("prepared", "") for part in result.get("diff", []))


def refusals(fleet, play, check):
    before = fleet.facts("web1")
    refused = {"a policy that locks out": (LOCKOUT, "refused"), "an invalid policy": (FIRST.replace("22/tcp", "22/tpc"), "invalid-policy"),
               "a policy for another host": (FIRST.replace("web*", "db*"), "invalid-policy")}
    for mode in [["--check"], []]:
        results = play.tasks({name: policy(text) for name, (text, reason) in refused.items()}, ["web1"], *mode)["web1"]
        for name, (text, reason) in refused.items():
            check(results[name].get("failed") and results[name].get("reason") == reason, f"{name} is refused {' '.join(mode)}: {results[name]}")
        check(fleet.left("web1") == "", f"no staged file is left {' '.join(mode)}: {fleet.left('web1')}")
    check(fleet.facts("web1") == before and fleet.answers("web1"), "the rules and the policy are as before, and the host answers")


def folders(fleet, play, check):
    """A folder on the controller, with a file that the policy includes."""
    source = play.folder / "files" / "web"
    (source / "policy.d").mkdir(parents=True)
    (source / "policy.yaml").write_text("version: 1\ninclude: [policy.d/*.yaml]\n" + SECOND.partition("\n")[2])
    (source / "policy.d" / "shop.yaml").write_text("services:\n  shop: {ports: 8443/tcp, from: any, optional: true, why: Shop}\n")
    task = {"portreeve.host.policy": {"src": "web"}}
    made = play.tasks({"once": task, "again": task, "strict": {"portreeve.host.policy": {"src": "web", "strict": True}}}, ["web1"])["web1"]
    once, strict = made["once"], made["strict"]
    check(once.get("confirmed") and [entry["service"] for entry in once["access"]["gained"]] == ["shop", "shop"], f"a folder is applied: {once}")
    check(not made["again"]["changed"], "the second time nothing changes")
    check(strict.get("reason") == "invalid-policy" and "IPv6" in str(strict.get("diagnostics")), f"strict refuses a policy with warnings: {strict}")
    before = fleet.facts("web1")
    (source / "policy.d" / "shop.yaml").write_text("services:\n  shop: {ports: 8443/tcp, form: any}\n")
    result = play.tasks({"mistake": task}, ["web1"])["web1"]["mistake"]
    check(result.get("reason") == "invalid-policy" and fleet.facts("web1") == before, f"a mistake in an included file changes nothing: {result}")
    check(fleet.left("web1") == "", f"no staged file is left: {fleet.left('web1')}")
