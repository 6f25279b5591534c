"""One configuration, within its namespaces: trial.py NAME PORTREEVE FOLDERS. Prints the outcome as JSON.

The firewall is configured with its own commands, the answers that clients get are noted, the rules are imported, and the printed commands
of the hand-over are run to the letter, while a client tries a closed port. Then the answers of the policy are compared with the noted ones.
"""

import json
import sys

from configurations import CONFIGURATIONS
from firewalls import FIREWALLS
from proof import Proof
from terminal import answer_yes
from world import BEHIND, Watcher, answers, attempts, build_networks, enter_root, run

POLICY = "/etc/portreeve/policy.yaml"

# A port that no configuration opens.
CLOSED = ("wan", "192.0.2.66", "192.0.2.1", 9999)


class Trial:
    def __init__(self, configuration, folders):
        self.configuration, self.count, self.failed = configuration, 0, []
        self.firewall = FIREWALLS[configuration.firewall](folders)

    def check(self, passed, message):
        self.count += 1
        if not passed:
            self.failed.append(message)

    def run(self):
        self.firewall.start(self.configuration.commands)
        tried = attempts()
        before = answers(tried)
        imported = run("portreeve", "import", POLICY, "--format", "json", check=False)
        if not imported.stdout:
            raise RuntimeError(imported.stderr)
        report = json.loads(imported.stdout)
        proof = Proof(report, run("nft", "list", "ruleset").stdout)
        self.holds(report, proof)
        self.hand_over(report["steps"])
        after = self.answers_again(tried, before)
        different = [(attempt, old, new) for attempt, old, new in zip(tried, before, after) if old != new]
        if self.configuration.masquerades:
            for name, found in (("before", before), ("after", after)):
                seen = [answer for attempt, answer in zip(tried, found) if attempt[2] in BEHIND and answer and answer.endswith(" 192.0.2.1")]
                self.check(seen, f"no server sees the address of the host {name}")
        for attempt, old, new in zip(tried, before, after):
            if fault := proof.fault(attempt, old, new):
                self.check(False, f"{attempt}: {old} before, {new} after: {fault}")
        self.count += len(tried)
        self.outcome = {"verdict": report["verdict"], "packets": len(tried), "different": len(different),
                        "count": self.count, "failed": self.failed}

    def answers_again(self, tried, before):
        """The answers now; an answer that a busy machine may have lost is waited for once more."""
        after = answers(tried)
        lost = [number for number, (old, new) in enumerate(zip(before, after)) if old and not new]
        for number, answer in zip(lost, answers([tried[number] for number in lost])):
            after[number] = answer
        return after

    def holds(self, report, proof):
        """The verdict and the reasons are the expected ones, and the policy has the lines."""
        expected = self.configuration
        self.check(report["verdict"] == expected.verdict, f"the verdict is {report['verdict']}: {proof.reasons}")
        for reason in expected.reasons:
            self.check(any(reason in found for found in proof.reasons), f"no difference says {reason!r}: {proof.reasons}")
        unexpected = [found for found in proof.reasons if not any(reason in found for reason in expected.reasons)]
        self.check(not unexpected, f"differences that are not expected: {unexpected}")
        for line in expected.lines:
            self.check(line in report["policy"], f"no {line!r} in the policy:\n{report['policy']}")
        for text in expected.absent:
            self.check(text not in report["policy"], f"{text!r} in the policy:\n{report['policy']}")
        self.check(report["verdict"] != "equal" or not proof.reasons, "an equal policy has no differences")

    def hand_over(self, steps):
        """No client gets in meanwhile, and afterwards the policy alone decides, and nobody gains or loses."""
        watcher = Watcher(*CLOSED)
        for step in steps:
            if step.startswith("portreeve apply"):
                status, output = answer_yes(step)
            else:
                done = run("sh", "-c", step, check=False)
                status, output = done.returncode, done.stdout + done.stderr
            # What listens is no matter of the hand-over: `verify` may find programs that no service names.
            self.check(status == 0 or step.startswith("portreeve verify") and status == 2, f"{step}: {status}: {output}")
        tries, connections = watcher.stop()
        self.check(tries > 100 and connections == 0, f"a closed port: {connections} connections in {tries} tries")
        verified = json.loads(run("portreeve", "verify", "--only", "ruleset", "--format", "json", check=False).stdout)
        found = [finding["id"] for finding in verified["findings"]]
        self.check(found == self.configuration.findings, f"verify: {verified['findings']}")
        plan = json.loads(run("portreeve", "plan", "--format", "json").stdout)
        changes = {side: rows for side, rows in plan["access"].items() if rows}
        self.check(not changes, f"plan: {changes}")
        self.check(not self.firewall.is_left(), "the old firewall still decides")


def main():
    name, binary, folders = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    enter_root(folders["firewalls"], binary)
    build_networks()
    trial = Trial(CONFIGURATIONS[name], folders)
    trial.run()
    trial.firewall.stop()
    print(json.dumps(trial.outcome), flush=True)


main()
